//! Seeds: databases of a size, written in bulk once, kept under `target/bench`, and copied for each measurement.

use std::{
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

use chrono::NaiveDateTime;
use diesel::{connection::SimpleConnection, define_sql_function, prelude::*};
use indicatif::{ProgressBar, ProgressStyle};
use persistence::DatabaseUrl;
use sha2::{Digest, Sha256};

use crate::{
    dataset::{Dataset, TERMS},
    machine::parent_of,
    schema::{memberships, persons, products, sessions, spaces, terms, terms_acceptances, terms_texts},
};

define_sql_function! {
    /// The process that serves this connection.
    fn pg_backend_pid() -> diesel::sql_types::Integer;
}

/// Raised when what is seeded changes; a change of the schema is seen by itself.
const VERSION: u32 = 1;
/// How many rows go into one statement: SQLite allows 32 766 values.
const ROWS_AT_ONCE: u64 = 2000;

/// One of the two databases, and where they are.
#[derive(Debug, Clone)]
pub enum Place {
    /// In files of this folder.
    Sqlite(PathBuf),
    /// In the cluster of this address, which names its database `postgres`.
    Postgres(String),
}

/// A database that may be written to, and is dropped in the end.
pub struct Copy {
    place: Place,
    name: String,
}

enum Db {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

/// Runs the same statement on the inner connection of either kind.
macro_rules! on {
    ($connection:expr, $db:ident => $statement:expr) => {
        match $connection {
            Db::Sqlite($db) => $statement,
            Db::Postgres($db) => $statement,
        }
    };
}

/// Writes rows, by the fastest way that each database has.
macro_rules! load {
    ($connection:expr, $table:ident, $rows:expr) => {{
        let rows: Vec<_> = $rows.collect();
        match $connection {
            Db::Sqlite(db) => diesel::insert_into($table::table).values(&rows).execute(db),
            Db::Postgres(db) => diesel::copy_from($table::table).from_insertable(&rows).execute(db),
        }
    }};
}

fn told(error: impl std::fmt::Display) -> String {
    error.to_string()
}

impl Place {
    /// The address of a database here.
    pub fn url(&self, name: &str) -> String {
        match self {
            Self::Sqlite(folder) => format!("sqlite:{}", folder.join(name).with_extension("db").display()),
            Self::Postgres(admin) => match admin.rsplit_once('/') {
                Some((cluster, _)) => format!("{cluster}/{name}"),
                None => admin.clone(),
            },
        }
    }

    fn file(&self, name: &str) -> Option<PathBuf> {
        match self {
            Self::Sqlite(folder) => Some(folder.join(name).with_extension("db")),
            Self::Postgres(_) => None,
        }
    }

    fn connect(&self, name: &str) -> Result<Db, String> {
        match self {
            Self::Sqlite(_) => {
                let path = self.file(name).unwrap_or_default();
                SqliteConnection::establish(&path.display().to_string()).map(Db::Sqlite).map_err(told)
            }
            Self::Postgres(_) => PgConnection::establish(&self.url(name)).map(Db::Postgres).map_err(told),
        }
    }

    fn administer(&self, statement: &str) -> Result<(), String> {
        let Self::Postgres(admin) = self else { return Ok(()) };
        PgConnection::establish(admin).map_err(told)?.batch_execute(statement).map_err(told)
    }

    fn has(&self, name: &str) -> Result<bool, String> {
        match self {
            Self::Sqlite(_) => Ok(self.file(name).is_some_and(|file| file.exists())),
            Self::Postgres(admin) => {
                let mut db = PgConnection::establish(admin).map_err(told)?;
                let found = diesel::sql_query("SELECT 1 FROM pg_database WHERE datname = $1")
                    .bind::<diesel::sql_types::Text, _>(name)
                    .execute(&mut db);
                found.map(|found| found > 0).map_err(told)
            }
        }
    }

    /// Makes an empty database in a cluster; says whether it was not there.
    pub fn create(&self, name: &str) -> Result<bool, String> {
        let is_new = !self.has(name)?;
        if is_new {
            self.administer(&format!("CREATE DATABASE {name}"))?;
        }
        Ok(is_new)
    }

    /// The process that started PostgreSQL's others, if it is PostgreSQL.
    pub fn postmaster(&self) -> Result<Option<u32>, String> {
        let Self::Postgres(admin) = self else { return Ok(None) };
        let mut db = PgConnection::establish(admin).map_err(told)?;
        let backend: i32 = diesel::select(pg_backend_pid()).get_result(&mut db).map_err(told)?;
        parent_of(backend.cast_unsigned()).map(Some)
    }

    fn drop(&self, name: &str) -> Result<(), String> {
        if let Some(file) = self.file(name) {
            for suffix in ["", "-wal", "-shm", ".lock", ".migration"] {
                let mut path = file.clone().into_os_string();
                path.push(suffix);
                if Path::new(&path).exists() {
                    fs::remove_file(&path).map_err(told)?;
                }
            }
        }
        self.administer(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
    }

    /// The seed of this size, made now unless it is there.
    pub fn seed(&self, dataset: Dataset, now: NaiveDateTime) -> Result<String, String> {
        let name = format!("seed_{}_{}", dataset.spaces, fingerprint()?);
        if self.has(&name)? {
            return Ok(name);
        }
        let unfinished = format!("unfinished_{}", dataset.spaces);
        self.drop(&unfinished)?;
        if let Self::Sqlite(folder) = self {
            fs::create_dir_all(folder).map_err(told)?;
        }
        self.create(&unfinished)?;
        DatabaseUrl::parse(&self.url(&unfinished))?.migrate().map_err(told)?;
        let mut connection = self.connect(&unfinished)?;
        fill(&mut connection, dataset, now)?;
        drop(connection);
        if let (Some(from), Some(to)) = (self.file(&unfinished), self.file(&name)) {
            fs::rename(from, to).map_err(told)?;
        }
        self.administer(&format!("ALTER DATABASE {unfinished} RENAME TO {name}"))?;
        self.drop(&unfinished)?;
        Ok(name)
    }

    /// A copy of a seed.
    pub fn copy(&self, seed: &str) -> Result<Copy, String> {
        let name = format!("copy_of_{seed}");
        self.drop(&name)?;
        if let (Some(from), Some(to)) = (self.file(seed), self.file(&name)) {
            fs::copy(from, to).map_err(told)?;
        }
        self.administer(&format!("CREATE DATABASE {name} TEMPLATE {seed}"))?;
        Ok(Copy { place: self.clone(), name })
    }
}

impl Copy {
    pub fn url(&self) -> String {
        self.place.url(&self.name)
    }

    /// Lets all sessions begin now, and writes to disk what is due, so that no measurement pays for what came before.
    pub fn refresh(&self, now: NaiveDateTime) -> Result<(), String> {
        let mut connection = self.place.connect(&self.name)?;
        let begun = (sessions::authenticated_at.eq(now), sessions::created_at.eq(now), sessions::refreshed_at.eq(now));
        on!(&mut connection, db => diesel::update(sessions::table).set(begun).execute(db)).map_err(told)?;
        match &mut connection {
            Db::Sqlite(db) => db.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)"),
            // Neither works among other statements.
            Db::Postgres(db) => db.batch_execute("VACUUM sessions").and_then(|()| db.batch_execute("CHECKPOINT")),
        }
        .map_err(told)
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        if let Err(problem) = self.place.drop(&self.name) {
            eprintln!("bench: {} stays: {problem}", self.name);
        }
    }
}

/// Of all that shapes a seed besides its size: the migrations, and [`VERSION`].
fn fingerprint() -> Result<String, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations");
    let entries = fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut texts: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path().join("up.sql"))).collect();
    texts.sort();
    let mut digest = Sha256::new_with_prefix(VERSION.to_be_bytes());
    for text in texts.iter().filter(|text| text.exists()) {
        digest.update(fs::read(text).map_err(told)?);
    }
    let mut name = String::new();
    digest.finalize().iter().take(6).try_for_each(|byte| write!(name, "{byte:02x}")).map_err(told)?;
    Ok(name)
}

fn fill(connection: &mut Db, dataset: Dataset, now: NaiveDateTime) -> Result<(), String> {
    // Nobody depends on a seed that is not finished; its foreign keys hold by construction.
    match connection {
        Db::Sqlite(db) => db.batch_execute(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF; \
             PRAGMA cache_size = -2000000; BEGIN",
        ),
        Db::Postgres(db) => db.batch_execute("SET session_replication_role = replica; BEGIN"),
    }
    .map_err(told)?;
    load_all(connection, dataset, now).map_err(told)?;
    match connection {
        Db::Sqlite(db) => db.batch_execute("COMMIT; PRAGMA journal_mode = WAL"),
        Db::Postgres(db) => db.batch_execute("COMMIT").and_then(|()| db.batch_execute("VACUUM (ANALYZE)")),
    }
    .map_err(told)
}

fn load_all(connection: &mut Db, dataset: Dataset, now: NaiveDateTime) -> QueryResult<()> {
    let bar = ProgressBar::new(dataset.persons() * 3 + dataset.spaces + dataset.memberships());
    if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {human_pos} of {human_len} rows, {eta} to go") {
        bar.set_style(style);
    }
    bar.set_message(format!("{} spaces", dataset.spaces));
    let version = (terms::version.eq(TERMS), terms::published_at.eq(NaiveDateTime::default()));
    on!(connection, db => diesel::insert_into(terms::table).values(version).execute(db))?;
    let text = (terms_texts::version.eq(TERMS), terms_texts::language.eq("fr"), terms_texts::body.eq("…"));
    on!(connection, db => diesel::insert_into(terms_texts::table).values(text).execute(db))?;
    for some in chunks(dataset.persons()) {
        load!(connection, persons, some.clone().map(Dataset::person))?;
        load!(connection, products, some.clone().map(Dataset::product))?;
        load!(connection, terms_acceptances, some.clone().map(Dataset::acceptance))?;
        bar.inc(3 * (some.end - some.start));
    }
    for some in chunks(dataset.spaces) {
        bar.inc(some.end - some.start);
        load!(connection, spaces, some.map(|number| dataset.space(number)))?;
    }
    for some in chunks(dataset.memberships()) {
        bar.inc(some.end - some.start);
        load!(connection, memberships, some.map(|number| dataset.membership(number)))?;
    }
    let callers: Vec<u64> = dataset.readers().chain(dataset.openers()).collect();
    for some in callers.chunks(1000) {
        load!(connection, sessions, some.iter().map(|caller| Dataset::session(*caller, now)))?;
    }
    bar.finish();
    Ok(())
}

fn chunks(rows: u64) -> impl Iterator<Item = std::ops::Range<u64>> {
    (0..rows.div_ceil(ROWS_AT_ONCE)).map(move |chunk| chunk * ROWS_AT_ONCE..rows.min((chunk + 1) * ROWS_AT_ONCE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_cover_every_row_once() {
        let covered: Vec<u64> = chunks(4100).flatten().collect();
        assert_eq!(covered, (0..4100).collect::<Vec<u64>>());
        assert_eq!(chunks(0).count(), 0);
    }

    #[test]
    fn a_database_has_an_address_of_its_own() {
        let cluster = Place::Postgres("postgres://postgres@%2Ftmp:5432/postgres".into());
        assert_eq!(cluster.url("seed_7"), "postgres://postgres@%2Ftmp:5432/seed_7");
        assert_eq!(Place::Sqlite("target/bench".into()).url("seed_7"), "sqlite:target/bench/seed_7.db");
    }
}
