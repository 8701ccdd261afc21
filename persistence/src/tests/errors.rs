//! The table of errors, each provoked for real: how `error.rs` tells it, and whether a savepoint undoes it.

use std::thread;

use diesel::{connection::SimpleConnection, result::Error};

use super::support::{Database, end_the_others};
use crate::{
    StoreError,
    connection::{self, Access, Db},
    error::{is_local, is_lost},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    Statement,
    Transaction,
    Connection,
}
use Reach::{Connection, Statement, Transaction};

const ROW: &str = "INSERT INTO assertion_uses VALUES ('a', 'token', '2027-01-01 00:00:00')";
const ROW_WITH_WRONG_CODE: &str = "INSERT INTO assertion_uses VALUES ('b', 'abuse', '2027-01-01 00:00:00')";
const ROW_WITHOUT_CODE: &str = "INSERT INTO assertion_uses VALUES ('c', NULL, '2027-01-01 00:00:00')";
const ROW_OF_NOBODY: &str = "INSERT INTO refresh_tokens VALUES ('d', 'nobody', '2027-01-01 00:00:00', NULL)";
const LOCK: &str = "UPDATE installation SET value = value || '!' WHERE name = 'a'";
const LOCK_B: &str = "UPDATE installation SET value = value || '!' WHERE name = 'b'";

#[test]
fn what_sqlite_says() {
    let database = Database::sqlite();
    let (mut db, mut rival) = two_connections(&database);
    let db = &mut db;
    check(db, ROW, "conflict: UNIQUE constraint failed: assertion_uses.digest, assertion_uses.purpose", Statement);
    check(db, ROW_WITH_WRONG_CODE, "failed: CHECK constraint failed: purpose IN ('registration', 'token')", Statement);
    check(db, ROW_WITHOUT_CODE, "failed: NOT NULL constraint failed: assertion_uses.purpose", Statement);
    check(db, ROW_OF_NOBODY, "failed: FOREIGN KEY constraint failed", Statement);
    check(db, "SELECT * FROM nowhere", "failed: no such table: nowhere", Transaction);
    check(db, "RELEASE gone", "failed: no such savepoint: gone", Transaction);

    run(db, "PRAGMA busy_timeout = 0");
    run(&mut rival, "BEGIN IMMEDIATE");
    check(db, "BEGIN IMMEDIATE", "busy: database is locked", Transaction);
    check(db, LOCK, "busy: database is locked", Transaction);
    run(&mut rival, "COMMIT");
    // A transaction that has read can't write once another has written.
    run(db, "BEGIN; SELECT * FROM installation");
    run(&mut rival, LOCK);
    check(db, LOCK, "busy: database is locked", Transaction);
    run(db, "ROLLBACK");

    run(db, "PRAGMA max_page_count = 1");
    check(
        db,
        "INSERT INTO installation VALUES ('big', hex(zeroblob(100000)))",
        "busy: database or disk is full",
        Transaction,
    );
    let mut reader = database.url.connect(Access::Read, database.settings().patience).unwrap();
    check(&mut reader, ROW, "busy: attempt to write a readonly database", Transaction);
}

#[test]
fn what_postgres_says() {
    let database = Database::postgres();
    let (mut db, mut rival) = two_connections(&database);
    let db = &mut db;
    let unique = "conflict: duplicate key value violates unique constraint \"assertion_uses_pkey\"";
    check(db, ROW, unique, Statement);
    let wrong_code =
        "failed: new row for relation \"assertion_uses\" violates check constraint \"assertion_uses_purpose_check\"";
    check(db, ROW_WITH_WRONG_CODE, wrong_code, Statement);
    let no_code =
        "failed: null value in column \"purpose\" of relation \"assertion_uses\" violates not-null constraint";
    check(db, ROW_WITHOUT_CODE, no_code, Statement);
    let nobody = "failed: insert or update on table \"refresh_tokens\" violates foreign key constraint \"refresh_tokens_session_id_fkey\"";
    check(db, ROW_OF_NOBODY, nobody, Statement);
    check(db, "SELECT * FROM nowhere", "failed: relation \"nowhere\" does not exist", Transaction);

    run(&mut rival, &format!("BEGIN; {LOCK}"));
    run(db, "SET lock_timeout = 20");
    check(db, LOCK, "busy: canceling statement due to lock timeout", Transaction);
    run(db, "SET lock_timeout = 0; SET statement_timeout = 20");
    check(db, LOCK, "busy: canceling statement due to statement timeout", Transaction);
    run(db, "SET statement_timeout = 0");
    run(&mut rival, "COMMIT");

    run(db, "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT * FROM installation");
    run(&mut rival, LOCK);
    check(db, LOCK, "busy: could not serialize access due to concurrent update", Transaction);
    let aborted = "failed: current transaction is aborted, commands ignored until end of transaction block";
    check(db, "SELECT 1", aborted, Transaction);
    run(db, "ROLLBACK");

    run(db, "BEGIN READ ONLY");
    check(db, "DELETE FROM installation", "busy: cannot execute DELETE in a read-only transaction", Transaction);
    run(db, "ROLLBACK");

    // Each holds what the other wants: the server ends one of the two.
    run(db, &format!("SET deadlock_timeout = 20; BEGIN; {LOCK}"));
    run(&mut rival, &format!("SET deadlock_timeout = 20; BEGIN; {LOCK_B}"));
    let told = thread::scope(|scope| {
        let theirs =
            scope.spawn(|| rival.batch_execute(LOCK).or_else(|error| rival.batch_execute("ROLLBACK").and(Err(error))));
        let ours = db.batch_execute(LOCK_B).or_else(|error| db.batch_execute("ROLLBACK").and(Err(error)));
        ours.and(theirs.join().unwrap())
    });
    assert_eq!(tell(told.unwrap_err()), ("busy: deadlock detected".into(), Transaction));
    let _ = (db.batch_execute("ROLLBACK"), rival.batch_execute("ROLLBACK"));

    end_the_others(&mut rival);
    check_lost(db);
    check_lost(db);
}

#[test]
fn what_postgres_says_to_who_lost_his_connection_in_a_transaction() {
    let database = Database::postgres();
    let (mut db, mut rival) = two_connections(&database);
    let db = &mut db;
    connection::begin(db, Access::Write).unwrap();
    end_the_others(&mut rival);
    check_lost(db);
    let told = tell(connection::keep(db).unwrap_err());
    assert_eq!(told, ("busy: The transaction manager is broken".into(), Connection));
}

fn two_connections(database: &Database) -> (Db, Db) {
    database.url.migrate().unwrap();
    let mut db = database.rival();
    run(&mut db, ROW);
    run(&mut db, "INSERT INTO installation VALUES ('a', ''), ('b', '')");
    (db, database.rival())
}

fn run(db: &mut Db, sql: &str) {
    db.batch_execute(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
}

/// A statement fails, is told so, and reaches so far.
fn check(db: &mut Db, sql: &str, told: &str, reach: Reach) {
    assert_eq!(tell(db.batch_execute(sql).expect_err(sql)), (told.to_owned(), reach), "{sql}");
}

/// A statement fails because the connection is gone, which libpq says in several ways.
fn check_lost(db: &mut Db) {
    let (told, reach) = tell(db.batch_execute("SELECT 1").unwrap_err());
    assert!(told.starts_with("busy: ") && reach == Connection, "{told}");
}

fn tell(error: Error) -> (String, Reach) {
    let reach = match (is_local(&error), is_lost(&error)) {
        (true, false) => Statement,
        (false, false) => Transaction,
        (false, true) => Connection,
        (true, true) => panic!("{error} is local though the connection is lost"),
    };
    (StoreError::from(error).to_string(), reach)
}
