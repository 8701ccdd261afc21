//! The only file that knows that there are two databases: how each is addressed, opened, migrated and begun.

use std::{fs::File, path::PathBuf, time::Duration};

use diesel::migration::MigrationSource;
use diesel::{
    connection::{AnsiTransactionManager, SimpleConnection, TransactionManager},
    prelude::*,
    r2d2::{Error as OpenError, R2D2Connection},
};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::error::StoreError;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../migrations");
/// Any number, the same on every node: who migrates holds PostgreSQL's advisory lock of this number.
const MIGRATION_LOCK: i64 = 0x0065_7370_6163_6521;

/// How long a migration waits for a rival's lock.
const MIGRATION_PATIENCE: Duration = Duration::from_secs(5);

/// A connection to either database; what is asked of it is written once.
#[derive(diesel::MultiConnection)]
pub(crate) enum Db {
    /// PostgreSQL 13 or newer.
    Postgres(PgConnection),
    /// The bundled SQLite.
    Sqlite(SqliteConnection),
}

/// Asks a hot query of the database itself. Through [`Db`] its text is written anew each time it is asked; compiled for each
/// database, it is known by its type (docs/adr/0012).
macro_rules! each {
    ($db:ident => $query:expr) => {
        match $db {
            $crate::connection::Db::Postgres($db) => $query,
            $crate::connection::Db::Sqlite($db) => $query,
        }
    };
}
pub(crate) use each;

/// Where the data are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// `postgres://…` or `postgresql://…`, as libpq reads it.
    Postgres(String),
    /// `sqlite:PATH`.
    Sqlite(PathBuf),
}

impl DatabaseUrl {
    /// Reads a URL by its scheme: what has none is refused, not taken for a file's name.
    ///
    /// # Errors
    /// A sentence for the operator, without the URL, which may hold a password.
    pub fn parse(url: &str) -> Result<Self, String> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(Self::Postgres(url.to_owned()));
        }
        match url.strip_prefix("sqlite:").map(|path| path.strip_prefix("//").unwrap_or(path)) {
            Some("" | ":memory:") => Err("an SQLite database is a file: sqlite:PATH".into()),
            Some(path) if path.contains('?') => Err("an SQLite address takes no parameters: sqlite:PATH".into()),
            Some(path) => Ok(Self::Sqlite(path.into())),
            None => Err("the address begins with postgres:// or sqlite:".into()),
        }
    }

    /// Whether all writes go through one connection, which then takes many transactions into one commit.
    pub(crate) fn has_one_writer(&self) -> bool {
        matches!(self, Self::Sqlite(_))
    }

    /// Takes the database for this process, where only one may serve it; the lock lasts as long as the file is held.
    ///
    /// # Errors
    /// Another process has it, or the lock file can't be made.
    pub(crate) fn claim(&self) -> Result<Option<File>, StoreError> {
        let Self::Sqlite(path) = self else { return Ok(None) };
        let file = lock_file(path, "lock")?;
        file.try_lock()
            .map_err(|error| StoreError::Busy(format!("{} is served by another process: {error}", path.display())))?;
        Ok(Some(file))
    }

    /// Brings the schema up to date; of several that do so at once, one works and the others wait.
    ///
    /// # Errors
    /// The database can't be opened, or a migration failed and was undone.
    pub fn migrate(&self) -> Result<Vec<String>, StoreError> {
        match self {
            Self::Postgres(url) => {
                let mut db = PgConnection::establish(url).map_err(|error| StoreError::Busy(error.to_string()))?;
                diesel::sql_query("SELECT pg_advisory_lock($1)")
                    .bind::<diesel::sql_types::BigInt, _>(MIGRATION_LOCK)
                    .execute(&mut db)?;
                // The lock goes with the connection.
                run_pending(&mut db)
            }
            Self::Sqlite(path) => {
                let waiting = lock_file(path, "migration")?;
                waiting.lock().map_err(|error| StoreError::Failed(error.to_string()))?;
                let mut db = sqlite(path, Access::Write, MIGRATION_PATIENCE)
                    .map_err(|error| StoreError::Failed(error.to_string()))?;
                run_pending(&mut db)
            }
        }
    }

    /// Makes sure that the schema is the one that this program knows; a server on SQLite migrates it.
    ///
    /// # Errors
    /// The schema is older, or can't be asked or migrated.
    pub(crate) fn require_schema(&self, serves: bool) -> Result<(), StoreError> {
        if serves && matches!(self, Self::Sqlite(_)) {
            self.migrate()?;
        } else if self.needs_migration()? {
            return Err(StoreError::Failed(
                "its schema is older than this program: run `espace-pro migrate` first".into(),
            ));
        }
        Ok(())
    }

    /// Whether the schema lacks a migration that this program knows. It only reads, for a server's role need not be able to more.
    ///
    /// # Errors
    /// The database can't be asked.
    pub fn needs_migration(&self) -> Result<bool, StoreError> {
        #[derive(QueryableByName)]
        struct Applied {
            #[diesel(sql_type = diesel::sql_types::Text)]
            version: String,
        }
        let mut db =
            self.connect(Access::Write, MIGRATION_PATIENCE).map_err(|error| StoreError::Busy(error.to_string()))?;
        let applied = match diesel::sql_query("SELECT version FROM __diesel_schema_migrations").load::<Applied>(&mut db)
        {
            Ok(applied) => applied,
            // There is no such table before the first migration.
            Err(diesel::result::Error::DatabaseError(..)) => return Ok(true),
            Err(error) => return Err(error.into()),
        };
        let known = MigrationSource::<diesel::pg::Pg>::migrations(&MIGRATIONS)
            .map_err(|error| StoreError::Failed(error.to_string()))?;
        let is_applied = |version: &str| applied.iter().any(|applied| applied.version == version);
        Ok(known.iter().any(|migration| !is_applied(&migration.name().version().to_string())))
    }

    /// Opens a connection that waits for a rival's lock at most `patience`.
    pub(crate) fn connect(&self, access: Access, patience: Duration) -> Result<Db, OpenError> {
        match self {
            Self::Postgres(url) => postgres(url, access, patience).map(Db::Postgres),
            Self::Sqlite(path) => sqlite(path, access, patience).map(Db::Sqlite),
        }
    }
}

fn lock_file(database: &std::path::Path, suffix: &str) -> Result<File, StoreError> {
    let mut path = database.as_os_str().to_owned();
    path.push(".");
    path.push(suffix);
    File::create(&path).map_err(|error| StoreError::Failed(format!("{}: {error}", path.display())))
}

fn run_pending<C, B>(db: &mut C) -> Result<Vec<String>, StoreError>
where
    C: MigrationHarness<B>,
    B: diesel::backend::Backend,
{
    let run = db.run_pending_migrations(MIGRATIONS).map_err(|error| StoreError::Failed(error.to_string()))?;
    Ok(run.iter().map(ToString::to_string).collect())
}

/// What a connection, or a transaction, may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
}

fn postgres(url: &str, access: Access, patience: Duration) -> Result<PgConnection, OpenError> {
    let mut db = PgConnection::establish(url).map_err(OpenError::ConnectionError)?;
    let settings = format!(
        "SET lock_timeout = {}; SET statement_timeout = 10000; SET idle_in_transaction_session_timeout = 15000; SET TIME ZONE 'UTC'",
        patience.as_millis()
    );
    db.batch_execute(&settings).map_err(OpenError::QueryError)?;
    if access == Access::Read {
        db.batch_execute("SET default_transaction_read_only = on").map_err(OpenError::QueryError)?;
    }
    Ok(db)
}

fn sqlite(path: &std::path::Path, access: Access, patience: Duration) -> Result<SqliteConnection, OpenError> {
    // In a URI these three would end the path, or stand for another character.
    let path = path.display().to_string().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    let address = match access {
        Access::Read => format!("file:{path}?mode=ro"),
        Access::Write => format!("file:{path}"),
    };
    let mut db = SqliteConnection::establish(&address).map_err(OpenError::ConnectionError)?;
    // What savepoints may have to restore stays in memory: it would go to files in a folder for all, and slow down batches.
    let settings = format!(
        "PRAGMA busy_timeout = {}; PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY;",
        patience.as_millis()
    );
    db.batch_execute(&settings).map_err(OpenError::QueryError)?;
    if access == Access::Write {
        db.batch_execute("PRAGMA journal_mode = WAL;").map_err(OpenError::QueryError)?;
    }
    Ok(db)
}

/// Begins a transaction. diesel's own says plain `BEGIN`, on which SQLite can't upgrade a read to a write.
pub(crate) fn begin(db: &mut Db, access: Access) -> QueryResult<()> {
    match (db, access) {
        (Db::Postgres(db), Access::Write) => {
            AnsiTransactionManager::begin_transaction_sql(db, "BEGIN ISOLATION LEVEL READ COMMITTED")
        }
        (Db::Postgres(db), Access::Read) => {
            AnsiTransactionManager::begin_transaction_sql(db, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        }
        (Db::Sqlite(db), Access::Write) => AnsiTransactionManager::begin_transaction_sql(db, "BEGIN IMMEDIATE"),
        (Db::Sqlite(db), Access::Read) => AnsiTransactionManager::begin_transaction_sql(db, "BEGIN DEFERRED"),
    }
}

/// Begins what need not see one moment: on PostgreSQL nothing, for that takes a round trip; on SQLite a transaction, which costs
/// less than to lock the file for each statement anew.
pub(crate) fn begin_glance(db: &mut Db) -> QueryResult<()> {
    if matches!(db, Db::Sqlite(_)) { begin(db, Access::Read) } else { Ok(()) }
}
/// Ends what [`begin_glance`] began.
pub(crate) fn end_glance(db: &mut Db) -> QueryResult<()> {
    if matches!(db, Db::Sqlite(_)) { undo(db) } else { Ok(()) }
}

/// Sets how long a connection to SQLite waits for a rival's lock.
pub(crate) fn wait_at_most(db: &mut Db, patience: Duration) -> QueryResult<()> {
    db.batch_execute(&format!("PRAGMA busy_timeout = {}", patience.as_millis()))
}

/// Whether SQLite could not begin since another connection writes.
pub(crate) fn is_locked(error: &diesel::result::Error) -> bool {
    matches!(error, diesel::result::Error::DatabaseError(_, info) if info.message() == "database is locked")
}

type Manager = <Db as Connection>::TransactionManager;

/// Begins a savepoint inside a transaction.
pub(crate) fn savepoint(db: &mut Db) -> QueryResult<()> {
    Manager::begin_transaction(db)
}
/// Keeps the innermost savepoint, or the transaction.
pub(crate) fn keep(db: &mut Db) -> QueryResult<()> {
    Manager::commit_transaction(db)
}
/// Undoes the innermost savepoint, or the transaction.
pub(crate) fn undo(db: &mut Db) -> QueryResult<()> {
    Manager::rollback_transaction(db)
}
/// How many transactions and savepoints are open, or `None` when diesel has lost count.
pub(crate) fn depth(db: &mut Db) -> Option<u32> {
    let status = Manager::transaction_manager_status_mut(db);
    status.transaction_depth().ok().map(|depth| depth.map_or(0, std::num::NonZero::get))
}

/// Keeps something, to see whether that is possible. The value is another one each time: what stays as it was is not written.
pub(crate) fn probe(db: &mut Db) -> QueryResult<()> {
    begin(db, Access::Write)?;
    db.batch_execute(
        "INSERT INTO installation (name, value) VALUES ('probe', hex(randomblob(8))) \
         ON CONFLICT (name) DO UPDATE SET value = excluded.value",
    )?;
    keep(db)
}

/// A connection of a pool, which knows whether it was seen dead.
pub(crate) struct Pooled {
    pub(crate) db: Db,
    pub(crate) dead: bool,
}

/// Makes connections for a pool. Broken ones are found by their errors, not by asking before each use.
#[derive(Debug)]
pub(crate) struct Opener {
    pub(crate) url: DatabaseUrl,
    pub(crate) access: Access,
    pub(crate) patience: Duration,
}

impl r2d2::ManageConnection for Opener {
    type Connection = Pooled;
    type Error = OpenError;

    fn connect(&self) -> Result<Pooled, OpenError> {
        self.url.connect(self.access, self.patience).map(|db| Pooled { db, dead: false })
    }
    fn is_valid(&self, pooled: &mut Pooled) -> Result<(), OpenError> {
        pooled.db.ping().map_err(OpenError::QueryError)
    }
    fn has_broken(&self, pooled: &mut Pooled) -> bool {
        pooled.dead || std::thread::panicking() || pooled.db.is_broken()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Older ones can lose what was committed, when two connections write and checkpoint at once.
    #[test]
    fn the_bundled_sqlite_keeps_what_it_acknowledged() {
        const { assert!(libsqlite3_sys::SQLITE_VERSION_NUMBER >= 3_051_003) };
    }

    #[test]
    fn an_address_says_which_database_it_means() {
        assert_eq!(DatabaseUrl::parse("sqlite:var/x.db"), Ok(DatabaseUrl::Sqlite("var/x.db".into())));
        assert_eq!(DatabaseUrl::parse("sqlite:///var/x.db"), Ok(DatabaseUrl::Sqlite("/var/x.db".into())));
        assert!(matches!(DatabaseUrl::parse("postgres://h/d"), Ok(DatabaseUrl::Postgres(_))));
        for wrong in ["", "x.db", "mysql://h/d", "sqlite:", "sqlite::memory:", "sqlite:x.db?mode=ro", "POSTGRES://h/d"]
        {
            assert!(DatabaseUrl::parse(wrong).is_err(), "{wrong}");
        }
    }
}
