//! Effects outside the database, kept in the transaction that decides them and done by a worker after its commit.

use diesel::prelude::*;
use domain::Instant;
use uuid::Uuid;

use crate::{
    error::StoreError,
    row::{Row, stamp},
    schema::outbox,
    transaction::{Reading, Transaction},
};

/// A message that waits to go out. Its content is sealed: it may hold a code, and addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Which message this is: a repeat of the same is harmless to its receiver.
    pub id: Uuid,
    /// What goes out.
    pub sealed: String,
    /// How often it was tried, this time included.
    pub tries: u32,
}

impl Reading<'_> {
    /// Whether anything is due to go out, or being sent.
    pub fn outbox_is_empty(&mut self) -> Result<bool, StoreError> {
        let waiting: i64 = self.run(|db| outbox::table.count().get_result(db))?;
        Ok(waiting == 0)
    }
}

impl Transaction<'_> {
    /// Puts a mail into the outbox.
    pub fn send_mail(&mut self, sealed: &str) -> Result<(), StoreError> {
        let id: Uuid = self.new_id();
        let now = stamp(self.now());
        let row = (
            outbox::id.eq(id.to_string()),
            outbox::kind.eq("mail"),
            outbox::sealed.eq(sealed),
            outbox::created_at.eq(now),
            outbox::due_at.eq(now),
            outbox::tries.eq(0),
        );
        self.run(|db| diesel::insert_into(outbox::table).values(row).execute(db))?;
        Ok(())
    }

    /// Takes up to `most` due messages, which are due again at `again` unless they are done before.
    pub fn take_messages(&mut self, most: i64, again: Instant) -> Result<Vec<Message>, StoreError> {
        let now = stamp(self.now());
        let due: Vec<String> = self.run(|db| {
            outbox::table
                .filter(outbox::due_at.le(now))
                .order((outbox::due_at, outbox::id))
                .limit(most)
                .select(outbox::id)
                .get_results(db)
        })?;
        let mut taken = Vec::with_capacity(due.len());
        for id in due {
            // A rival that took it meanwhile has moved its time on, so it isn't found due again.
            let row: Option<(String, i64)> = self.run(|db| {
                diesel::update(outbox::table.find(&id).filter(outbox::due_at.le(now)))
                    .set((outbox::due_at.eq(stamp(again)), outbox::tries.eq(outbox::tries + 1)))
                    .returning((outbox::sealed, outbox::tries))
                    .get_result(db)
                    .optional()
            })?;
            if let Some((sealed, tries)) = row {
                let row = Row { table: "outbox", id: &id };
                taken.push(Message { id: row.id(&id)?, tries: row.number(tries)?, sealed });
            }
        }
        Ok(taken)
    }

    /// Forgets messages that went out.
    pub fn finish_messages(&mut self, done: &[Uuid]) -> Result<(), StoreError> {
        let ids: Vec<String> = done.iter().map(ToString::to_string).collect();
        self.run(|db| diesel::delete(outbox::table.filter(outbox::id.eq_any(&ids))).execute(db))?;
        Ok(())
    }
}
