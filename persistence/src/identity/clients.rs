//! Clients of OAuth that prove by a key who they are, whatever they stand for: their public keys, and which of their
//! assertions have served.

use diesel::prelude::*;
use domain::{Instant, id::ClientId};

use crate::{
    error::StoreError,
    recurring::{PURGED_AT_ONCE, is_full},
    row::stamp,
    schema::{client_assertions, clients},
    transaction::{Reading, Transaction},
};

impl Reading<'_> {
    /// The public keys of a client, a JWK Set.
    pub fn client_keys(&mut self, id: ClientId) -> Result<Option<String>, StoreError> {
        self.run(|db| clients::table.find(id.to_string()).select(clients::jwks).get_result(db).optional())
    }
}

impl Transaction<'_> {
    /// Keeps a new client with its keys.
    pub fn insert_client(&mut self, id: ClientId, jwks: &str) -> Result<(), StoreError> {
        let row = (clients::id.eq(id.to_string()), clients::jwks.eq(jwks));
        self.run(|db| diesel::insert_into(clients::table).values(row).execute(db))?;
        Ok(())
    }

    /// Keeps other keys of a client in the place of those that it has.
    pub fn save_client_keys(&mut self, id: ClientId, jwks: &str) -> Result<(), StoreError> {
        self.run(|db| diesel::update(clients::table.find(id.to_string())).set(clients::jwks.eq(jwks)).execute(db))?;
        Ok(())
    }

    /// Uses an assertion of a client up, known by a digest of the id that the client gave it.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if it was used before; the transaction is then not kept.
    pub fn use_client_assertion(
        &mut self,
        client: ClientId,
        digest: &str,
        expires_at: Instant,
    ) -> Result<(), StoreError> {
        let row = (
            client_assertions::client_id.eq(client.to_string()),
            client_assertions::digest.eq(digest),
            client_assertions::expires_at.eq(stamp(expires_at)),
        );
        self.run(|db| diesel::insert_into(client_assertions::table).values(row).execute(db))?;
        Ok(())
    }

    /// Forgets assertions that expired before a moment. Says whether there may be more.
    pub fn purge_client_assertions(&mut self, before: Instant) -> Result<bool, StoreError> {
        let is_old = client_assertions::expires_at.lt(stamp(before));
        self.run(|db| {
            let old = client_assertions::table.filter(is_old);
            let old = old.select((client_assertions::client_id, client_assertions::digest));
            let old: Vec<(String, String)> = old.limit(PURGED_AT_ONCE).get_results(db)?;
            for key in &old {
                diesel::delete(client_assertions::table.find((&key.0, &key.1))).execute(db)?;
            }
            Ok(is_full(&old))
        })
    }

    /// Forgets clients, and which of their assertions have served.
    pub(crate) fn delete_clients(&mut self, ids: &[String]) -> Result<(), StoreError> {
        self.run(|db| {
            let used = client_assertions::table.filter(client_assertions::client_id.eq_any(ids));
            diesel::delete(used).execute(db)?;
            diesel::delete(clients::table.filter(clients::id.eq_any(ids))).execute(db)
        })?;
        Ok(())
    }
}
