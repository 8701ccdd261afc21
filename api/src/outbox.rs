//! `espace-pro outbox`: what an operator does with dead letters.

use std::fmt::Write;

use chrono::TimeDelta;
use clap::Subcommand;
use persistence::{DatabaseUrl, DeadLetter, Store, StoreError};
use uuid::Uuid;

use crate::command::{beside, told};

/// A command about dead letters.
#[derive(Debug, Clone, Subcommand)]
pub enum OutboxCommand {
    /// Lists the messages that were given up, and why.
    ListDead,
    /// Has a dead letter, or `all` of them, tried anew.
    Repeat {
        /// The id that `list-dead` shows, or `all`.
        #[arg(value_name = "ID|all")]
        which: Which,
    },
    /// Forgets a dead letter, or those that were given up long ago.
    Discard {
        /// The id that `list-dead` shows.
        #[arg(required_unless_present = "older_than", conflicts_with = "older_than")]
        id: Option<Uuid>,
        /// Forgets all that were given up more than so many days ago.
        #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(0..=36_500))]
        older_than: Option<u32>,
    },
}

/// One dead letter, or all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// All.
    All,
    /// The one with this id.
    One(Uuid),
}

impl std::str::FromStr for Which {
    type Err = uuid::Error;
    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        if text == "all" { Ok(Self::All) } else { text.parse().map(Self::One) }
    }
}

const AT_ONCE: i64 = 100;

/// Does what the operator says, beside a server that may be running, and gives what is to be printed.
///
/// # Errors
/// A sentence for the operator.
pub async fn run(database: DatabaseUrl, command: OutboxCommand) -> Result<String, String> {
    let store = beside(database)?;
    let unknown = |id: Uuid| format!("no dead letter has the id {id}");
    match command {
        OutboxCommand::ListDead => list(&store).await.map_err(told),
        OutboxCommand::Repeat { which: Which::All } => {
            repeat_all(&store).await.map(|count| format!("{count} are tried anew\n")).map_err(told)
        }
        OutboxCommand::Repeat { which: Which::One(id) } => {
            let repeated = store.write(move |tx| tx.repeat_dead_letter(id)).await.map_err(told)?;
            repeated.then(|| format!("{id} is tried anew\n")).ok_or_else(|| unknown(id))
        }
        OutboxCommand::Discard { older_than: Some(days), .. } => discard_old(&store, TimeDelta::days(days.into()))
            .await
            .map(|count| format!("{count} are forgotten\n"))
            .map_err(told),
        OutboxCommand::Discard { id, .. } => {
            let id = id.unwrap_or_default();
            let discarded = store.write(move |tx| tx.discard_dead_letter(id)).await.map_err(told)?;
            discarded.then(|| format!("{id} is forgotten\n")).ok_or_else(|| unknown(id))
        }
    }
}

async fn list(store: &Store) -> Result<String, StoreError> {
    let mut text = "id\tkind\tcreated\tgiven up\ttries\treason\n".to_owned();
    let mut after = None;
    loop {
        let page = next(store, after).await?;
        for letter in &page {
            let DeadLetter { id, kind, created_at, dead_at, tries, reason } = letter;
            let (created, dead) = (created_at.format("%FT%TZ"), dead_at.format("%FT%TZ"));
            let _ = writeln!(text, "{id}\t{kind}\t{created}\t{dead}\t{tries}\t{reason}");
        }
        after = page.last().map(|letter| letter.id);
        if after.is_none() {
            return Ok(text);
        }
    }
}

/// Each once, though one may die again meanwhile.
async fn repeat_all(store: &Store) -> Result<usize, StoreError> {
    let (mut count, mut after) = (0, None);
    loop {
        let page: Vec<Uuid> = next(store, after).await?.iter().map(|letter| letter.id).collect();
        after = page.last().copied();
        if after.is_none() {
            return Ok(count);
        }
        count += store
            .write(move |tx| {
                let mut repeated = 0;
                for id in page {
                    repeated += usize::from(tx.repeat_dead_letter(id)?);
                }
                Ok::<_, StoreError>(repeated)
            })
            .await?;
    }
}

async fn discard_old(store: &Store, age: TimeDelta) -> Result<usize, StoreError> {
    let mut count = 0;
    loop {
        match store.write(move |tx| tx.discard_dead_letters(tx.now() - age)).await? {
            0 => return Ok(count),
            more => count += more,
        }
    }
}

async fn next(store: &Store, after: Option<Uuid>) -> Result<Vec<DeadLetter>, StoreError> {
    store.read(move |tx| tx.dead_letters(after, AT_ONCE)).await
}
