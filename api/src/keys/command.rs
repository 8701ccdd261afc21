//! `espace-pro key`: how an operator changes keys.

use std::fmt::Write;

use chrono::TimeDelta;
use clap::Subcommand;
use domain::Instant;
use persistence::{Clock, SEALED, SealedColumn, Store, StoreError};

use super::{DataKeys, development, rewrap, secret::remove_old_drafts};
use crate::{
    command::{beside, told},
    config::{DataKeySource, KeySettings},
    tokens::signing,
};

/// A command about keys.
#[derive(Debug, Clone, Subcommand)]
pub enum KeyCommand {
    /// Keys that sign our tokens, and exports of the audit log.
    #[command(subcommand)]
    Signing(SigningCommand),
    /// Keys that protect what is kept.
    #[command(subcommand)]
    Data(DataCommand),
}

/// A command about signing keys.
#[derive(Debug, Clone, Subcommand)]
pub enum SigningCommand {
    /// Adds a key, which every server publishes at once and signs with later; a first one signs at once.
    Add {
        /// In how many seconds it signs; without it, in 15 minutes.
        #[arg(long = "in", value_name = "SECONDS")]
        after: Option<u32>,
    },
    /// Lists the keys, and where each stands.
    List,
    /// Removes the keys whose tokens are all dead; their public halves stay, for exports of the audit log.
    Prune,
}

/// A command about data keys.
#[derive(Debug, Clone, Subcommand)]
pub enum DataCommand {
    /// Makes a key, and says how it is rolled out.
    New,
    /// Lists how much each key protects, and which one may go.
    List,
    /// Protects everything with the current key, beside servers that go on.
    Rewrap,
}

/// Does what the operator says, and gives what is to be printed.
///
/// # Errors
/// A sentence for the operator.
pub async fn run(settings: KeySettings, clock: &Clock, command: KeyCommand) -> Result<String, String> {
    match command {
        KeyCommand::Signing(SigningCommand::Add { after }) => add(&settings, after, clock()),
        KeyCommand::Signing(SigningCommand::List) => list_signing(&settings, clock()),
        KeyCommand::Signing(SigningCommand::Prune) => {
            remove_old_drafts(&settings.signing_keys, clock())?;
            let pruned = signing::prune(&settings.signing_keys, clock())?;
            let mut text = String::new();
            for id in &pruned {
                let _ = writeln!(text, "{id} is removed");
            }
            Ok(format!("{text}{} keys were removed\n", pruned.len()))
        }
        KeyCommand::Data(DataCommand::New) => new(&settings, clock()),
        KeyCommand::Data(DataCommand::List) => {
            let (keys, store) = (keys(&settings)?, beside(settings.database_url)?);
            list_data(&store, &keys).await.map_err(told)
        }
        KeyCommand::Data(DataCommand::Rewrap) => {
            let (keys, store) = (keys(&settings)?, beside(settings.database_url)?);
            rewrap_all(&store, &keys).await
        }
    }
}

fn written(moment: Instant) -> impl std::fmt::Display {
    moment.format("%FT%TZ")
}

fn add(settings: &KeySettings, after: Option<u32>, now: Instant) -> Result<String, String> {
    let folder = &settings.signing_keys;
    remove_old_drafts(folder, now)?;
    // Nothing waits for the first one.
    let is_first = !folder.exists() || signing::Ring::read(folder)?.states(now).next().is_none();
    let notice = match after {
        Some(seconds) => TimeDelta::seconds(seconds.into()),
        None if is_first => TimeDelta::zero(),
        None => signing::NOTICE,
    };
    let key = signing::add(folder, now + notice)?;
    let since = key.since.unwrap_or(now);
    Ok(format!("{} signs from {}: {}\n", key.id, written(since), key.path.display()))
}

fn list_signing(settings: &KeySettings, now: Instant) -> Result<String, String> {
    let ring = signing::Ring::read(&settings.signing_keys)?;
    let mut text = "id\tsigns from\tstate\tfile\n".to_owned();
    for (key, state) in ring.states(now) {
        let since = key.since.map_or("ever".to_owned(), |since| written(since).to_string());
        let _ = writeln!(text, "{}\t{since}\t{state}\t{}", key.id, key.path.display());
    }
    for id in ring.retired() {
        let _ = writeln!(text, "{id}\t-\tpublic half only\t-");
    }
    Ok(text)
}

/// The data keys as a server with these settings has them.
fn keys(settings: &KeySettings) -> Result<DataKeys, String> {
    DataKeys::parse(&settings.data_keys.as_ref().ok_or("ESPACE_PRO_DATA_KEYS is not set")?.read()?)
}

const ROLL_OUT: &str = "\
This is the new key. Give it to every server:
1. Add it at the END of ESPACE_PRO_DATA_KEYS, or of its file, on every server, and restart each: now all of them can read what it seals.
2. Move it to the FRONT on every server, and restart each: now all of them seal with it.
3. Run `espace-pro key data rewrap` with the same ESPACE_PRO_DATA_KEYS, until it has no more to do.
4. When 15 minutes have passed since step 2, and `espace-pro key data list` says so, remove the old key everywhere, and restart.
";

fn new(settings: &KeySettings, now: Instant) -> Result<String, String> {
    // Two that are made in one second are two.
    let id = format!("{}-{:08x}", now.format("k%Y%m%dT%H%M%SZ"), rand::random::<u32>());
    let entry = DataKeys::generate_as(&id);
    let Some(DataKeySource::Development(path)) = &settings.data_keys else {
        eprint!("{ROLL_OUT}");
        return Ok(format!("{entry}\n"));
    };
    path.parent().map_or(Ok(()), |folder| remove_old_drafts(folder, now))?;
    let path = development::put_first(&settings.data_dir, &entry)?;
    let path = path.display();
    Ok(format!("{id} is the current key in {path}: restart the server, then run `espace-pro key data rewrap`\n"))
}

fn name(column: &SealedColumn) -> String {
    format!("{}.{}", column.table, column.column)
}

async fn list_data(store: &Store, keys: &DataKeys) -> Result<String, StoreError> {
    let ids: Vec<String> = keys.ids().map(str::to_owned).collect();
    let listed = ids.clone();
    let rows = store.read(move |tx| {
        let of_key = |key: Option<&str>, tx: &mut persistence::Reading<'_>| {
            SEALED.iter().map(|column| tx.count_sealed(column, key)).collect::<Result<Vec<u64>, _>>()
        };
        let known = ids.iter().map(|id| of_key(Some(id), tx)).collect::<Result<Vec<_>, _>>()?;
        Ok::<_, StoreError>((known, of_key(None, tx)?))
    });
    let (known, total) = rows.await?;
    let columns: Vec<String> = SEALED.iter().map(name).collect();
    let mut text = format!("key\t{}\tstate\n", columns.join("\t"));
    let mut line = |id: &str, counts: &[u64], state: &str| {
        let counts: Vec<String> = counts.iter().map(u64::to_string).collect();
        let _ = writeln!(text, "{id}\t{}\t{state}", counts.join("\t"));
    };
    for (place, (id, counts)) in listed.iter().zip(&known).enumerate() {
        let is_empty = counts.iter().all(|count| *count == 0);
        let state = match (place, is_empty) {
            (0, _) => "current",
            (_, true) => "may be removed, 15 minutes after it was the current one on any server",
            (_, false) => "in use",
        };
        line(id, counts, state);
    }
    let missing: Vec<u64> = total
        .iter()
        .enumerate()
        .map(|(place, total)| total - known.iter().map(|counts| counts[place]).sum::<u64>())
        .collect();
    if missing.iter().any(|count| *count > 0) {
        line("?", &missing, "of keys that are not here: nothing can read this");
    }
    Ok(text)
}

async fn rewrap_all(store: &Store, keys: &DataKeys) -> Result<String, String> {
    let all = rewrap::rewrap(store, keys).await.map_err(told)?;
    let mut text = String::new();
    let mut left = 0;
    for rewrapped in &all {
        let rewrap::Rewrapped { column, done, unopened, twins } = rewrapped;
        left += unopened + twins;
        let _ = write!(text, "{}: {done} are under {} now", name(column), keys.current());
        if *unopened > 0 {
            let _ = write!(text, ", {unopened} are of keys that are not here");
        }
        if *twins > 0 {
            let _ = write!(text, ", {twins} have the same content as another row");
        }
        text.push('\n');
    }
    if left == 0 { Ok(text) } else { Err(format!("{left} rows can't be rewrapped:\n{text}")) }
}
