//! Which identity assertions have served, so that none serves twice for the same purpose.

use diesel::prelude::*;
use domain::Instant;

use crate::{error::StoreError, row::stamp, schema::assertion_uses, transaction::Transaction};

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
}
