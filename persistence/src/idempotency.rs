//! What was done under which `Idempotency-Key`, kept in the transaction that did it.

use diesel::prelude::*;
use domain::Instant;

use crate::{
    error::StoreError,
    recurring::{PURGED_AT_ONCE, is_full},
    row::{Row, stamp},
    schema::idempotency_keys,
    transaction::{Rank, Reading, Transaction},
};

/// An answer that can be given again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// What was asked, as an HMAC: the same key for anything else is a mistake.
    pub fingerprint: String,
    /// The status.
    pub status: u32,
    /// `Location`.
    pub location: Option<String>,
    /// `ETag`.
    pub etag: Option<String>,
    /// The body, sealed.
    pub sealed: String,
}

impl Reading<'_> {
    /// What was answered under a key since `since`.
    pub fn answered(&mut self, scope: &str, since: Instant) -> Result<Option<Answered>, StoreError> {
        type Columns = (String, i64, Option<String>, Option<String>, Option<String>);
        let found: Option<Columns> = self.run(|db| {
            idempotency_keys::table
                .find(scope)
                .filter(idempotency_keys::created_at.gt(stamp(since)))
                .select((
                    idempotency_keys::fingerprint,
                    idempotency_keys::status,
                    idempotency_keys::location,
                    idempotency_keys::etag,
                    idempotency_keys::sealed,
                ))
                .get_result(db)
                .optional()
        })?;
        found
            .map(|(fingerprint, status, location, etag, sealed)| {
                let row = Row { table: "idempotency_keys", id: scope };
                let sealed = sealed.ok_or_else(|| row.corrupt("a key without an answer"))?;
                Ok(Answered { fingerprint, status: row.number(status)?, location, etag, sealed })
            })
            .transpose()
    }
}

impl Transaction<'_> {
    /// Takes a key for this transaction's work; a rival waits here until it is known what became of that.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if a rival's work was kept meanwhile.
    pub fn take_key(&mut self, scope: &str, fingerprint: &str, expired: Instant) -> Result<(), StoreError> {
        self.climb(Rank::Key);
        let now = stamp(self.now());
        let row = (
            idempotency_keys::scope.eq(scope),
            idempotency_keys::fingerprint.eq(fingerprint),
            idempotency_keys::status.eq(0),
            idempotency_keys::created_at.eq(now),
        );
        self.run(|db| {
            let old = idempotency_keys::table.find(scope).filter(idempotency_keys::created_at.le(stamp(expired)));
            diesel::delete(old).execute(db)?;
            diesel::insert_into(idempotency_keys::table).values(row).execute(db)
        })?;
        Ok(())
    }

    /// Keeps what is answered under a key that this transaction took.
    pub fn keep_answer(&mut self, scope: &str, answered: &Answered) -> Result<(), StoreError> {
        let changes = (
            idempotency_keys::status.eq(i64::from(answered.status)),
            idempotency_keys::location.eq(&answered.location),
            idempotency_keys::etag.eq(&answered.etag),
            idempotency_keys::sealed.eq(&answered.sealed),
        );
        self.run(|db| diesel::update(idempotency_keys::table.find(scope)).set(changes).execute(db))?;
        Ok(())
    }

    /// Gives back a key that this transaction took: what it did is no answer to be remembered.
    pub fn free_key(&mut self, scope: &str) -> Result<(), StoreError> {
        self.run(|db| diesel::delete(idempotency_keys::table.find(scope)).execute(db))?;
        Ok(())
    }

    /// Forgets keys that were taken before a moment. Says whether there may be more.
    pub fn purge_keys(&mut self, before: Instant) -> Result<bool, StoreError> {
        let is_old = idempotency_keys::created_at.le(stamp(before));
        self.run(|db| {
            let old = idempotency_keys::table.filter(is_old).select(idempotency_keys::scope).limit(PURGED_AT_ONCE);
            let old: Vec<String> = old.get_results(db)?;
            // Asked again: a key may have been taken anew since.
            let keys = idempotency_keys::table.filter(idempotency_keys::scope.eq_any(&old)).filter(is_old);
            diesel::delete(keys).execute(db)?;
            Ok(is_full(&old))
        })
    }
}
