//! No statement reads through a table that grows: each one that this crate can send is put to both databases' planners.
//!
//! `census` sends them. A statement that it does not send is found by its place in the source, and fails the test too.

mod census;
mod sites;

use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
    panic::Location,
    sync::{Arc, Mutex},
};

use diesel::{
    connection::{InstrumentationEvent, SimpleConnection},
    prelude::*,
    sql_query,
    sql_types::Text,
};

use super::support::Database;
use crate::connection::{self, Access, Db};

thread_local! {
    /// Where the statement that runs now was asked for.
    static SITE: Cell<Option<&'static Location<'static>>> = const { Cell::new(None) };
}

/// Says that the statements that follow were asked for there; [`crate::Reading::run`] does.
pub fn asked_for_at(site: &'static Location<'static>) {
    SITE.set(Some(site));
}

/// Tables of which a database holds a handful of rows, however many people use it.
const SMALL: &[&str] = &[
    "administrations",
    "authentic_sources",
    "catalogues",
    "installation",
    "procedure_type_versions",
    "procedure_types",
    "recurring_jobs",
    "sectors",
    "service_domains",
    "services",
    "terms",
    "terms_texts",
];

/// How the statements begin, without quotes, that may walk through a table or an index from one end to the other.
const WALKS: &[&str] = &[
    // An operator asks which keys are still needed.
    "SELECT COUNT(*) AS count FROM ",
    // Of all messages an index has those alone that wait, or that were given up.
    "SELECT COUNT(*) FROM outbox WHERE (outbox.dead_at IS ",
    "SELECT outbox.id FROM outbox WHERE (outbox.dead_at ",
    // Of all events an index has those alone that are not told yet.
    "SELECT DISTINCT partner_events.administration FROM partner_events WHERE (partner_events.position IS NULL)",
];

/// The texts of statements, by the place in which they were asked for.
type Statements = BTreeMap<sites::Site, BTreeSet<String>>;

/// Takes the census on an empty database, and says what was sent.
fn take_census(database: &Database) -> (Db, Statements) {
    database.url.migrate().unwrap();
    let mut db = database.rival();
    let statements = Arc::new(Mutex::new(Statements::new()));
    let seen = Arc::clone(&statements);
    db.set_instrumentation(move |event: InstrumentationEvent<'_>| {
        let InstrumentationEvent::StartQuery { query, .. } = event else { return };
        let Some(site) = SITE.get() else { return };
        let sent = query.to_string();
        let (text, _values) = sent.split_once(" -- binds").unwrap_or((&sent, ""));
        seen.lock().unwrap().entry(site.into()).or_default().insert(text.to_owned());
    });
    connection::begin(&mut db, Access::Write).unwrap();
    census::take(&mut db);
    SITE.set(None);
    connection::undo(&mut db).unwrap();
    let statements = std::mem::take(&mut *statements.lock().unwrap());
    (db, statements)
}

#[derive(QueryableByName)]
struct SqliteStep {
    #[diesel(sql_type = Text)]
    detail: String,
}

#[derive(QueryableByName)]
struct PostgresLine {
    #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
    text: String,
}

/// The steps of a statement's plan that read through a table or an index from one end to the other. The plan is made without a
/// look at the statement's values, for neither database makes another plan for each value.
fn walks(db: &mut Db, statement: &str) -> Vec<String> {
    match db {
        Db::Sqlite(db) => {
            let steps: Vec<SqliteStep> = sql_query(format!("EXPLAIN QUERY PLAN {statement}")).load(db).unwrap();
            steps.into_iter().map(|step| step.detail).filter(|step| step.starts_with("SCAN ")).collect()
        }
        Db::Postgres(db) => db.test_transaction::<_, diesel::result::Error, _>(|db| Ok(postgres_walks(db, statement))),
    }
}

/// On the empty tables of a test one index is as good as another. One that is walked through is therefore taken away, until the
/// planner finds one that says where to look, or none.
fn postgres_walks(db: &mut PgConnection, statement: &str) -> Vec<String> {
    let values: Vec<_> = statement.match_indices('$').map(|_| "NULL").collect();
    let call = if values.is_empty() { "census".into() } else { format!("census({})", values.join(", ")) };
    loop {
        db.batch_execute(&format!("PREPARE census AS {statement}")).unwrap();
        let plan: Vec<PostgresLine> = sql_query(format!("EXPLAIN (COSTS OFF) EXECUTE {call}")).load(db).unwrap();
        db.batch_execute("DEALLOCATE census").unwrap();
        let plan: Vec<_> = plan.iter().map(|line| line.text.trim_start_matches([' ', '-', '>'])).collect();
        let using = |step: &str| Some(step.split_once(" using ")?.1.split(' ').next().unwrap().to_owned());
        let steps = plan.iter().enumerate().filter_map(|(n, step)| Some((using(step)?, plan.get(n + 1))));
        let walked: Vec<_> = steps.filter(|(index, condition)| !is_bounded(db, index, *condition)).collect();
        if walked.is_empty() {
            return plan.into_iter().filter(|step| step.starts_with("Seq Scan on ")).map(str::to_owned).collect();
        }
        for (index, _) in walked {
            let take_away = "UPDATE pg_index SET indisvalid = false WHERE indexrelid = $1::regclass";
            sql_query(take_away).bind::<Text, _>(index).execute(db).unwrap();
        }
    }
}

/// Whether a condition, which follows in the plan, says where in the index to look: it has the index's first column.
fn is_bounded(db: &mut PgConnection, index: &str, condition: Option<&&str>) -> bool {
    let first = "SELECT attname::text AS \"QUERY PLAN\" FROM pg_attribute WHERE attnum = 1 AND attrelid = $1::regclass";
    let first: PostgresLine = sql_query(first).bind::<Text, _>(index).get_result(db).unwrap();
    let condition = condition.and_then(|line| line.strip_prefix("Index Cond: ")).unwrap_or_default();
    condition.split(['(', ')', ' ']).any(|word| word == first.text)
}

/// Whether a step reads a table of a handful of rows, or none.
fn is_small(step: &str) -> bool {
    step == "SCAN CONSTANT ROW" || step.split(' ').any(|word| SMALL.contains(&word))
}

/// Of the census of one database, each walk through what grows.
fn judge(database: &Database) -> Vec<String> {
    let (mut db, statements) = take_census(database);
    let may_walk = |statement: &str| {
        let statement = statement.replace(['"', '`'], "");
        WALKS.iter().any(|walk| statement.starts_with(walk))
    };
    if let Db::Postgres(db) = &mut db {
        // On the empty tables of a test reading everything is the best plan, unless it is forbidden.
        let forbidden = "SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off";
        db.batch_execute(&format!("{forbidden}; SET plan_cache_mode = force_generic_plan")).unwrap();
    }
    let mut found = sites::missing(&statements);
    for (site, statements) in &statements {
        for statement in statements.iter().filter(|statement| !may_walk(statement)) {
            let walks = walks(&mut db, statement).into_iter().filter(|walk| !is_small(walk));
            found.extend(walks.map(|walk| format!("{site}: {walk}\n    {statement}")));
        }
    }
    found
}

#[test]
fn no_statement_reads_through_a_table_that_grows_on_sqlite() {
    let found = judge(&Database::sqlite());
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn no_statement_reads_through_a_table_that_grows_on_postgres() {
    let found = judge(&Database::postgres());
    assert!(found.is_empty(), "{}", found.join("\n"));
}
