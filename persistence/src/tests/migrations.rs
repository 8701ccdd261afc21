//! Who may open a database, and how its schema comes and goes.

use std::thread;

use diesel::connection::SimpleConnection;
use diesel::{pg::Pg, prelude::*};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use uuid::Uuid;

use super::support::{Database, Failure, catalogue_of, mark, marks, now, open_space, partner, register};
use crate::{DatabaseUrl, Store, StoreError, connection::Db, schema};

pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../migrations");

/// Undoes the last migration that is not undone yet.
pub fn revert_last(db: &mut Db) {
    let reverted = match db {
        Db::Postgres(db) => db.revert_last_migration(MIGRATIONS).map(|_| ()),
        Db::Sqlite(db) => db.revert_last_migration(MIGRATIONS).map(|_| ()),
    };
    reverted.unwrap();
}

on_both! {
    of_two_who_migrate_one_works_and_one_waits,
    the_schema_goes_up_and_down_and_up_again,
    partners_take_their_clients_with_them,
}

async fn of_two_who_migrate_one_works_and_one_waits(database: Database) {
    assert_eq!(database.url.needs_migration(), Ok(true));
    let ran = thread::scope(|scope| {
        let migrating = [(); 2].map(|()| scope.spawn(|| database.url.migrate().unwrap()));
        migrating.map(|migrating| migrating.join().unwrap().len())
    });
    assert!(ran.contains(&0) && ran.iter().sum::<usize>() >= 1, "{ran:?}");
    assert_eq!(database.url.needs_migration(), Ok(false));
    assert_schema_is_complete(&mut database.rival());
}

async fn the_schema_goes_up_and_down_and_up_again(database: Database) {
    let ran = database.url.migrate().unwrap();
    let mut db = database.rival();
    let reverted = match &mut db {
        Db::Postgres(db) => db.revert_all_migrations(MIGRATIONS).unwrap().len(),
        Db::Sqlite(db) => db.revert_all_migrations(MIGRATIONS).unwrap().len(),
    };
    assert_eq!(reverted, ran.len());
    assert_eq!(tables(&mut db), Vec::<String>::new());
    assert_eq!(database.url.needs_migration(), Ok(true));

    assert_eq!(database.url.migrate().unwrap(), ran);
    assert_schema_is_complete(&mut db);
    let store = Store::open(&database.settings()).unwrap();
    store.write(|tx| mark(tx, "a")).await.unwrap();
    assert_eq!(marks(&store).await, ["a"]);
}

/// A client that stood for nothing would keep its keys, and its id from the next who has it.
async fn partners_take_their_clients_with_them(database: Database) {
    let store = database.open();
    let (owner, client) = (register(&store, 1).await, Uuid::from_u128(7));
    let kept = store.write(move |tx| {
        open_space(tx, &owner)?;
        let loading = tx.lock_catalogues()?.load(catalogue_of(1, vec![])).unwrap();
        tx.save_loading(&loading)?;
        tx.insert_partner(&partner(client.into()), "{}")?;
        tx.use_client_assertion(client.into(), "d", now())?;
        Ok::<_, Failure>(())
    });
    kept.await.unwrap();
    drop(store);
    let mut db = database.rival();
    let software = "INSERT INTO clients VALUES ('software', '{}');
        INSERT INTO client_assertions VALUES ('software', 'd', '2027-01-15 08:00:00');
        INSERT INTO system_users
        SELECT 'software', spaces.id, 'Payroll', 'read', '2027-01-15 08:00:00', persons.id, 'active', '2027-01-01 08:00:00', 1
        FROM spaces, persons";
    db.batch_execute(software).unwrap();
    while db.batch_execute("SELECT * FROM partners").is_ok() {
        revert_last(&mut db);
    }
    assert_eq!(schema::clients::table.select(schema::clients::id).load::<String>(&mut db), Ok(vec!["software".into()]));
    let used = schema::client_assertions::table.select(schema::client_assertions::client_id);
    assert_eq!(used.load::<String>(&mut db), Ok(vec!["software".into()]));
}

#[test]
fn an_sqlite_file_is_served_by_one_process() {
    let database = Database::sqlite();
    let first = database.open();
    let DatabaseUrl::Sqlite(path) = &database.url else { unreachable!() };
    let Err(StoreError::Busy(told)) = Store::open(&database.settings()) else { panic!("two serve one file") };
    assert!(told.contains(&path.display().to_string()), "{told}");
    let clone = first.clone();
    drop(first);
    assert!(Store::open(&database.settings()).is_err());
    drop(clone);
    assert!(Store::open(&database.settings()).is_ok());
}

/// A name that means something else inside a `file:` URI is still one and the same file for all connections.
#[tokio::test]
async fn an_sqlite_file_may_have_any_name() {
    for name in ["a b.db", "a#b.db", "a%41.db", "a?b.db", "é.db"] {
        let database = Database::sqlite_named(name);
        let store = database.open();
        store.write(|tx| mark(tx, "a")).await.unwrap();
        assert_eq!(marks(&store).await, ["a"], "{name}");
        assert_eq!(database.url.needs_migration(), Ok(false), "{name}");
    }
}

#[test]
fn a_database_that_can_not_be_opened_is_an_error() {
    let nowhere = Database::sqlite_named("no-folder/test.db");
    let garbage = Database::sqlite();
    let DatabaseUrl::Sqlite(path) = &garbage.url else { unreachable!() };
    std::fs::write(path, "long enough for the header of a database ".repeat(20)).unwrap();
    for database in [nowhere, garbage] {
        assert!(database.url.migrate().is_err());
        assert!(database.url.needs_migration().is_err());
        assert!(Store::open(&database.settings()).is_err());
    }
}

/// Every table of `schema.rs` is there with every column, and no other table.
fn assert_schema_is_complete(db: &mut Db) {
    macro_rules! selects {
        ($($table:ident),+ $(,)?) => {
            [$((stringify!($table), diesel::debug_query::<Pg, _>(&schema::$table::table.limit(0)).to_string())),+]
        };
    }
    let selects = selects![
        access_codes,
        activation_failures,
        administrations,
        assertion_uses,
        attachments,
        audit_chains,
        audit_entries,
        authentic_sources,
        awaiting_addresses,
        catalogues,
        certification_steps,
        certifications,
        client_assertions,
        clients,
        company_profiles,
        idempotency_keys,
        installation,
        invitations,
        join_requests,
        limit_requests,
        memberships,
        notification_preferences,
        outbox,
        partner_events,
        partner_feeds,
        partners,
        persons,
        procedure_signatures,
        procedure_steps,
        procedure_type_versions,
        procedure_types,
        procedures,
        products,
        recoveries,
        recovery_memberships,
        recurring_jobs,
        refresh_tokens,
        registrations,
        sectors,
        service_domains,
        services,
        sessions,
        source_records,
        source_verifications,
        spaces,
        stored_files,
        system_users,
        terms,
        terms_acceptances,
        terms_texts,
    ];
    assert_eq!(tables(db), selects.each_ref().map(|(table, _)| *table));
    for (_, select) in selects {
        // Its one bind is the limit.
        let (select, _) = select.split_once(" LIMIT ").unwrap();
        db.batch_execute(select).unwrap_or_else(|error| panic!("{select}: {error}"));
    }
}

fn tables(db: &mut Db) -> Vec<String> {
    #[derive(QueryableByName)]
    struct Table {
        #[diesel(sql_type = diesel::sql_types::Text)]
        name: String,
    }
    let catalogue = match db {
        Db::Postgres(_) => "SELECT tablename::text AS name FROM pg_tables WHERE schemaname = 'public'",
        Db::Sqlite(_) => "SELECT name FROM sqlite_master WHERE type = 'table'",
    };
    let tables: Vec<Table> = diesel::sql_query(catalogue).load(db).unwrap();
    let mut names: Vec<_> = tables
        .into_iter()
        .map(|table| table.name)
        .filter(|name| !name.starts_with("__diesel") && !name.starts_with("sqlite_"))
        .collect();
    names.sort_unstable();
    names
}

/// The index must know what the purge asks for: all registrations, whatever became of them.
#[test]
fn old_registrations_are_found_by_an_index() {
    #[derive(QueryableByName)]
    struct Step {
        #[diesel(sql_type = diesel::sql_types::Text)]
        detail: String,
    }
    let database = Database::sqlite();
    database.url.migrate().unwrap();
    let purge = schema::registrations::table
        .filter(schema::registrations::code_expires_at.lt(now().naive_utc()))
        .select(schema::registrations::id);
    let purge = diesel::debug_query::<diesel::sqlite::Sqlite, _>(&purge).to_string();
    let (purge, _) = purge.split_once(" -- ").unwrap();
    let plan: Vec<Step> = diesel::sql_query(format!("EXPLAIN QUERY PLAN {purge}")).load(&mut database.rival()).unwrap();
    assert!(plan.iter().any(|step| step.detail.contains("registrations_by_expiry")), "{}", plan[0].detail);
}
