//! What is sealed gets under the current data key, so that an older one can go.

use std::time::Duration;

use persistence::{Resealed, SEALED, SealedColumn, SealedValue, Store, StoreError};
use tokio::time::sleep;

use super::DataKeys;

/// How many rows are written in one transaction.
const AT_ONCE: u32 = 100;
/// How often a transaction is begun anew where the database is busy.
const TRIES: u32 = 10;
const WAIT: Duration = Duration::from_millis(500);

/// What became of a column's values that another key than the current one had sealed, when nothing was left to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rewrapped {
    /// The column.
    pub column: &'static SealedColumn,
    /// How many are under the current key now.
    pub done: usize,
    /// How many no key here opens.
    pub unopened: usize,
    /// How many have the same digest under the current key as another row.
    pub twins: usize,
}

/// Seals every value anew that another key than the current one sealed, beside servers that go on.
///
/// Nothing is locked: a value is replaced if it still is what was read, so that nobody's change is lost. All columns are gone
/// through again until there was nothing to do in any: what one of them held may have been copied to another meanwhile.
///
/// # Errors
/// The database can't be read or written; what was done is kept.
pub async fn rewrap(store: &Store, keys: &DataKeys) -> Result<Vec<Rewrapped>, StoreError> {
    let mut all: Vec<_> = SEALED.iter().map(|column| Rewrapped { column, done: 0, unopened: 0, twins: 0 }).collect();
    loop {
        let mut is_more = false;
        for rewrapped in &mut all {
            let (pass, changed) = rewrap_column(store, keys, rewrapped.column).await?;
            is_more |= pass.done + changed > 0;
            *rewrapped = Rewrapped { done: rewrapped.done + pass.done, ..pass };
        }
        if !is_more {
            return Ok(all);
        }
    }
}

/// Goes through a column once. Says also how many values were changed by others meanwhile.
async fn rewrap_column(
    store: &Store,
    keys: &DataKeys,
    column: &'static SealedColumn,
) -> Result<(Rewrapped, usize), StoreError> {
    let mut changed = 0;
    let mut rewrapped = Rewrapped { column, done: 0, unopened: 0, twins: 0 };
    let mut after = String::new();
    loop {
        let current = keys.current().to_owned();
        let page = store.read(move |tx| tx.sealed_otherwise(column, &current, &after, AT_ONCE)).await?;
        let Some(last) = page.last() else { return Ok((rewrapped, changed)) };
        after = last.id.clone();
        let count = page.len();
        let values: Vec<_> = page.into_iter().filter_map(|value| sealed_anew(keys, column, value)).collect();
        rewrapped.unopened += count - values.len();
        changed += values.len();
        let before = rewrapped.done + rewrapped.twins;
        match keep(store, column, values.clone()).await {
            Err(StoreError::Conflict(_)) => {
                for value in values {
                    match keep(store, column, vec![value]).await {
                        Err(StoreError::Conflict(_)) => rewrapped.twins += 1,
                        done => rewrapped.done += done?,
                    }
                }
            }
            done => rewrapped.done += done?,
        }
        changed -= rewrapped.done + rewrapped.twins - before;
    }
}

fn sealed_anew(keys: &DataKeys, column: &SealedColumn, was: SealedValue) -> Option<Resealed> {
    let protected = keys.protect_anew(column.purpose, &was.sealed)?;
    Some(Resealed { was, sealed: protected.sealed, digest: protected.digest })
}

/// Whether or not a try was kept whose outcome nobody knows, the next one does no harm.
async fn keep(store: &Store, column: &'static SealedColumn, values: Vec<Resealed>) -> Result<usize, StoreError> {
    let mut tries = 0;
    loop {
        let again = values.clone();
        tries += 1;
        match store.write(move |tx| tx.reseal(column, &again)).await {
            Err(StoreError::Busy(_) | StoreError::OutcomeUnknown(_)) if tries < TRIES => sleep(WAIT).await,
            done => return done,
        }
    }
}
