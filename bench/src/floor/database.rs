//! How the floor reaches its database: a pool for reads; for writes SQLite's one thread with group commit, or PostgreSQL's pool.

use std::{
    sync::mpsc::{self, Receiver, Sender},
    thread,
};

use api::clock;
use chrono::{NaiveDateTime, TimeDelta};
use diesel::{
    connection::{AnsiTransactionManager, SimpleConnection, TransactionManager},
    prelude::*,
    r2d2::{ConnectionManager, CustomizeConnection, Error as PoolError, Pool},
};
use domain::identity::session::IDLE;
use tokio::sync::oneshot;

use super::{
    answer::{SpaceAnswer, Summary},
    statements::{self, Caller, Opened},
};

/// As many connections as the product has by default.
pub const CONNECTIONS: u32 = 4;
/// As many transactions in one commit as the product takes at most.
const BATCH: usize = 64;

type Told<T> = Result<T, String>;

#[derive(Clone)]
pub enum Database {
    Sqlite { readers: Pool<ConnectionManager<SqliteConnection>>, writer: Sender<Waiting> },
    Postgres { readers: Pool<ConnectionManager<PgConnection>>, writers: Pool<ConnectionManager<PgConnection>> },
}

/// Somebody who opens a space.
pub struct Waiting {
    session: String,
    prepare: Prepare,
    answer: oneshot::Sender<Told<()>>,
}

/// Makes the rows once it is known who the caller is.
pub type Prepare = Box<dyn FnOnce(&Caller, NaiveDateTime) -> Opened + Send>;

#[derive(Debug)]
struct ReadOnly;

impl CustomizeConnection<SqliteConnection, PoolError> for ReadOnly {
    fn on_acquire(&self, db: &mut SqliteConnection) -> Result<(), PoolError> {
        db.batch_execute("PRAGMA busy_timeout = 5000; PRAGMA query_only = ON").map_err(PoolError::QueryError)
    }
}

fn told(error: impl std::fmt::Display) -> String {
    error.to_string()
}

fn now() -> (NaiveDateTime, NaiveDateTime) {
    let now = clock::system()().naive_utc();
    (now, now - IDLE.min(TimeDelta::hours(12)))
}

impl Database {
    pub fn open(url: &str) -> Told<Self> {
        if let Some(path) = url.strip_prefix("sqlite:") {
            let readers = Pool::builder().max_size(CONNECTIONS).test_on_check_out(false);
            let readers = readers.connection_customizer(Box::new(ReadOnly)).build(ConnectionManager::new(path));
            return Ok(Self::Sqlite { readers: readers.map_err(told)?, writer: start_writer(path)? });
        }
        // As many again for writing: more connections than are needed cost PostgreSQL dear.
        let pool = || Pool::builder().max_size(CONNECTIONS).test_on_check_out(false).build(ConnectionManager::new(url));
        Ok(Self::Postgres { readers: pool().map_err(told)?, writers: pool().map_err(told)? })
    }

    /// The caller's spaces, and the one in which he works.
    pub fn spaces(&self, session: &str) -> Told<(Vec<Summary>, Option<String>)> {
        let (now, idle) = now();
        match self {
            Self::Sqlite { readers, .. } => {
                let db = &mut *readers.get().map_err(told)?;
                let caller = statements::sqlite::caller(db, session, idle).map_err(told)?;
                Ok((statements::sqlite::spaces(db, &caller, now).map_err(told)?, caller.current_space))
            }
            Self::Postgres { readers, .. } => {
                let db = &mut *readers.get().map_err(told)?;
                let caller = statements::postgres::caller(db, session, idle).map_err(told)?;
                Ok((statements::postgres::spaces(db, &caller, now).map_err(told)?, caller.current_space))
            }
        }
    }

    /// One of the caller's spaces.
    pub fn space(&self, session: &str, id: &str) -> Told<SpaceAnswer> {
        let (now, idle) = now();
        match self {
            Self::Sqlite { readers, .. } => {
                let db = &mut *readers.get().map_err(told)?;
                let caller = statements::sqlite::caller(db, session, idle).map_err(told)?;
                statements::sqlite::space(db, id, &caller, now).map_err(told)
            }
            Self::Postgres { readers, .. } => {
                let db = &mut *readers.get().map_err(told)?;
                let caller = statements::postgres::caller(db, session, idle).map_err(told)?;
                statements::postgres::space(db, id, &caller, now).map_err(told)
            }
        }
    }

    /// Opens a space, and answers once that is durable.
    pub async fn open_space(&self, session: String, prepare: Prepare) -> Told<()> {
        match self {
            Self::Sqlite { writer, .. } => {
                let (answer, answered) = oneshot::channel();
                writer.send(Waiting { session, prepare, answer }).map_err(told)?;
                answered.await.map_err(told)?
            }
            Self::Postgres { writers, .. } => {
                let pool = writers.clone();
                let opened =
                    actix_web::web::block(move || open_alone(&mut *pool.get().map_err(told)?, &session, prepare));
                opened.await.map_err(told)?
            }
        }
    }
}

fn open_alone(db: &mut PgConnection, session: &str, prepare: Prepare) -> Told<()> {
    let (now, idle) = now();
    AnsiTransactionManager::begin_transaction(db).map_err(told)?;
    let opened = statements::postgres::caller(db, session, idle)
        .and_then(|caller| statements::postgres::open(db, &caller, &prepare(&caller, now)));
    match opened {
        Ok(()) => AnsiTransactionManager::commit_transaction(db).map_err(told),
        Err(error) => AnsiTransactionManager::rollback_transaction(db).and(Err(error)).map_err(told),
    }
}

fn start_writer(path: &str) -> Told<Sender<Waiting>> {
    let mut db = SqliteConnection::establish(path).map_err(told)?;
    db.batch_execute(
        "PRAGMA busy_timeout = 5000; PRAGMA foreign_keys = ON; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL",
    )
    .map_err(told)?;
    let (sender, queue) = mpsc::channel();
    thread::Builder::new().name("writer".into()).spawn(move || serve(&mut db, &queue)).map_err(told)?;
    Ok(sender)
}

/// All that wait go into one transaction, and are answered after its commit.
fn serve(db: &mut SqliteConnection, queue: &Receiver<Waiting>) {
    while let Ok(first) = queue.recv() {
        let batch: Vec<Waiting> = std::iter::once(first).chain(queue.try_iter().take(BATCH - 1)).collect();
        let mut answers = Vec::with_capacity(batch.len());
        let kept = commit_together(db, batch, &mut answers);
        if kept.is_err() {
            let _ = AnsiTransactionManager::rollback_transaction(db);
        }
        for answer in answers {
            let _ = answer.send(kept.clone());
        }
    }
}

fn commit_together(
    db: &mut SqliteConnection,
    batch: Vec<Waiting>,
    answers: &mut Vec<oneshot::Sender<Told<()>>>,
) -> Told<()> {
    let (now, idle) = now();
    AnsiTransactionManager::begin_transaction_sql(db, "BEGIN IMMEDIATE").map_err(told)?;
    for Waiting { session, prepare, answer } in batch {
        answers.push(answer);
        let caller = statements::sqlite::caller(db, &session, idle).map_err(told)?;
        statements::sqlite::open(db, &caller, &prepare(&caller, now)).map_err(told)?;
    }
    AnsiTransactionManager::commit_transaction(db).map_err(told)
}
