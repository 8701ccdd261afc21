//! Which identity assertions have served, so that none serves twice for the same purpose.

use diesel::prelude::*;
use domain::Instant;

use crate::{
    error::StoreError,
    recurring::{PURGED_AT_ONCE, is_full},
    row::stamp,
    schema::assertion_uses,
    transaction::Transaction,
};

/// What an assertion is used for; it serves once for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AssertionPurpose {
    /// To register a product.
    Registration,
    /// To log in.
    Token,
}

impl Transaction<'_> {
    /// Uses an assertion up, known by a digest of what was signed.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if it served this purpose before; the transaction is then not kept.
    pub fn use_assertion(
        &mut self,
        digest: &str,
        purpose: AssertionPurpose,
        expires_at: Instant,
    ) -> Result<(), StoreError> {
        let purpose = match purpose {
            AssertionPurpose::Registration => "registration",
            AssertionPurpose::Token => "token",
        };
        let row = (
            assertion_uses::digest.eq(digest),
            assertion_uses::purpose.eq(purpose),
            assertion_uses::expires_at.eq(stamp(expires_at)),
        );
        self.run(|db| diesel::insert_into(assertion_uses::table).values(row).execute(db))?;
        Ok(())
    }
    /// Forgets assertions that expired before a moment. Says whether there may be more.
    pub fn purge_assertions(&mut self, before: Instant) -> Result<bool, StoreError> {
        let is_old = assertion_uses::expires_at.lt(stamp(before));
        self.run(|db| {
            let old = assertion_uses::table.filter(is_old).select((assertion_uses::digest, assertion_uses::purpose));
            let old: Vec<(String, String)> = old.limit(PURGED_AT_ONCE).get_results(db)?;
            for key in &old {
                diesel::delete(assertion_uses::table.find((&key.0, &key.1))).execute(db)?;
            }
            Ok(is_full(&old))
        })
    }
}
