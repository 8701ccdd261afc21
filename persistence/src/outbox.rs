//! Effects outside the database, kept in the transaction that decides them and done by a worker after its commit.

use chrono::{NaiveDateTime, TimeDelta};
use diesel::{dsl::min, prelude::*};
use domain::Instant;
use uuid::Uuid;

use crate::{
    error::StoreError,
    recurring::PURGED_AT_ONCE,
    row::{Row, stamp},
    schema::outbox,
    transaction::{Reading, Transaction},
};

/// A message that a worker took. Its content is sealed: it may hold a code, and addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Which message this is: a repeat of the same is harmless to its receiver.
    pub id: Uuid,
    /// What goes out.
    pub sealed: String,
    /// When it was put into the outbox.
    pub created_at: Instant,
    /// How often it was tried, this time included.
    pub tries: u32,
    /// Which take this is: only the last one says what became of the message.
    lease: String,
}

/// A message that is tried no more until an operator says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// Which message this is.
    pub id: Uuid,
    /// What kind of message.
    pub kind: String,
    /// When it was put into the outbox.
    pub created_at: Instant,
    /// When it was given up.
    pub dead_at: Instant,
    /// How often it was tried.
    pub tries: u32,
    /// Why it was given up; names no person.
    pub reason: String,
}

/// How the outbox stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutboxFigures {
    /// How many messages wait to go out, or are being sent.
    pub waiting: u64,
    /// How many were given up.
    pub dead: u64,
    /// How long the oldest that is due has been so; none is due, then no time.
    pub overdue: TimeDelta,
}

impl Reading<'_> {
    /// How the outbox stands.
    pub fn outbox_figures(&mut self) -> Result<OutboxFigures, StoreError> {
        let now = self.now();
        let (waiting, dead, oldest): (i64, i64, Option<NaiveDateTime>) = self.run(|db| {
            let waiting = outbox::table.filter(outbox::dead_at.is_null());
            let dead = outbox::table.filter(outbox::dead_at.is_not_null()).count().get_result(db)?;
            let oldest = waiting.select(min(outbox::due_at)).get_result(db)?;
            Ok((waiting.count().get_result(db)?, dead, oldest))
        })?;
        let overdue = oldest.map_or(TimeDelta::zero(), |due| (now - due.and_utc()).max(TimeDelta::zero()));
        Ok(OutboxFigures { waiting: waiting.unsigned_abs(), dead: dead.unsigned_abs(), overdue })
    }

    /// Whether nothing waits to go out or is being sent; dead letters don't wait.
    pub fn outbox_is_empty(&mut self) -> Result<bool, StoreError> {
        let waiting: Vec<String> =
            self.run(|db| outbox::table.filter(outbox::dead_at.is_null()).select(outbox::id).limit(1).get_results(db))?;
        Ok(waiting.is_empty())
    }

    /// Whether a message is due to go out.
    pub fn outbox_is_due(&mut self) -> Result<bool, StoreError> {
        Ok(!self.due_messages(1)?.is_empty())
    }

    /// The dead letters after this one, oldest first.
    pub fn dead_letters(&mut self, after: Option<Uuid>, most: i64) -> Result<Vec<DeadLetter>, StoreError> {
        type Columns = (String, String, NaiveDateTime, Option<NaiveDateTime>, i64, Option<String>);
        let after = after.map(|id| id.to_string()).unwrap_or_default();
        let rows: Vec<Columns> = self.run(|db| {
            outbox::table
                .filter(outbox::dead_at.is_not_null())
                .filter(outbox::id.gt(after))
                .order(outbox::id)
                .limit(most)
                .select((outbox::id, outbox::kind, outbox::created_at, outbox::dead_at, outbox::tries, outbox::reason))
                .get_results(db)
        })?;
        let read = |(id, kind, created_at, dead_at, tries, reason): Columns| {
            let row = Row { table: "outbox", id: &id };
            Ok(DeadLetter {
                id: row.id(&id)?,
                kind,
                created_at: created_at.and_utc(),
                dead_at: dead_at.unwrap_or(created_at).and_utc(),
                tries: row.number(tries)?,
                reason: reason.unwrap_or_default(),
            })
        };
        rows.into_iter().map(read).collect()
    }

    fn due_messages(&mut self, most: i64) -> Result<Vec<String>, StoreError> {
        let now = stamp(self.now());
        self.run(|db| {
            outbox::table
                .filter(outbox::dead_at.is_null())
                .filter(outbox::due_at.le(now))
                .order((outbox::due_at, outbox::id))
                .limit(most)
                .select(outbox::id)
                .get_results(db)
        })
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
        self.has_posted = true;
        Ok(())
    }

    /// Takes up to `most` due messages, which are due again at `again` unless their taker says before what became of them.
    pub fn take_messages(&mut self, most: i64, again: Instant) -> Result<Vec<Message>, StoreError> {
        let now = stamp(self.now());
        let lease = self.new_id::<Uuid>().to_string();
        let mut due = self.due_messages(most)?;
        // Rivals wait for one another's rows in one order.
        due.sort_unstable();
        let mut taken = Vec::with_capacity(due.len());
        for id in due {
            // A rival that took it meanwhile has moved its time on, so it isn't found due again.
            let row: Option<(String, NaiveDateTime, i64)> = self.run(|db| {
                let due = outbox::table.find(&id).filter(outbox::dead_at.is_null()).filter(outbox::due_at.le(now));
                diesel::update(due)
                    .set((
                        outbox::due_at.eq(stamp(again)),
                        outbox::tries.eq(outbox::tries + 1),
                        outbox::lease.eq(&lease),
                    ))
                    .returning((outbox::sealed, outbox::created_at, outbox::tries))
                    .get_result(db)
                    .optional()
            })?;
            if let Some((sealed, created_at, tries)) = row {
                let row = Row { table: "outbox", id: &id };
                let (id, tries, created_at) = (row.id(&id)?, row.number(tries)?, created_at.and_utc());
                taken.push(Message { id, sealed, created_at, tries, lease: lease.clone() });
            }
        }
        Ok(taken)
    }

    /// Forgets a message that went out. Says whether its taker still had it.
    pub fn finish_message(&mut self, message: &Message) -> Result<bool, StoreError> {
        let (id, lease) = (message.id.to_string(), &message.lease);
        let gone = self.run(|db| diesel::delete(outbox::table.find(id).filter(outbox::lease.eq(lease))).execute(db))?;
        Ok(gone == 1)
    }

    /// Puts a message back until `again`. Says whether its taker still had it.
    pub fn postpone_message(&mut self, message: &Message, again: Instant) -> Result<bool, StoreError> {
        let (id, lease) = (message.id.to_string(), &message.lease);
        let changes = (outbox::due_at.eq(stamp(again)), outbox::lease.eq(None::<String>));
        let held = self.run(|db| {
            diesel::update(outbox::table.find(id).filter(outbox::lease.eq(lease))).set(changes).execute(db)
        })?;
        Ok(held == 1)
    }

    /// Gives a message up: it is a dead letter, for a reason that names no person. Says whether its taker still had it.
    pub fn bury_message(&mut self, message: &Message, reason: &str) -> Result<bool, StoreError> {
        let (id, lease) = (message.id.to_string(), &message.lease);
        let changes = (
            outbox::dead_at.eq(Some(stamp(self.now()))),
            outbox::reason.eq(Some(reason)),
            outbox::lease.eq(None::<String>),
        );
        let held = self.run(|db| {
            diesel::update(outbox::table.find(id).filter(outbox::lease.eq(lease))).set(changes).execute(db)
        })?;
        Ok(held == 1)
    }

    /// Has a dead letter tried anew, from its first try on. Says whether there is such a one.
    pub fn repeat_dead_letter(&mut self, id: Uuid) -> Result<bool, StoreError> {
        let changes = (
            outbox::dead_at.eq(None::<NaiveDateTime>),
            outbox::reason.eq(None::<String>),
            outbox::due_at.eq(stamp(self.now())),
            outbox::tries.eq(0),
        );
        let dead = outbox::table.find(id.to_string()).filter(outbox::dead_at.is_not_null());
        let repeated = self.run(|db| diesel::update(dead).set(changes).execute(db))?;
        Ok(repeated == 1)
    }

    /// Forgets a dead letter. Says whether there was such a one.
    pub fn discard_dead_letter(&mut self, id: Uuid) -> Result<bool, StoreError> {
        let dead = outbox::table.find(id.to_string()).filter(outbox::dead_at.is_not_null());
        let gone = self.run(|db| diesel::delete(dead).execute(db))?;
        Ok(gone == 1)
    }

    /// Forgets dead letters that were given up before a moment, a hundred at most. Says how many.
    pub fn discard_dead_letters(&mut self, before: Instant) -> Result<usize, StoreError> {
        let is_old = outbox::dead_at.lt(Some(stamp(before)));
        self.run(|db| {
            let old = outbox::table.filter(is_old).select(outbox::id);
            let old: Vec<String> = old.limit(PURGED_AT_ONCE).get_results(db)?;
            // Asked again: one may have been repeated since.
            diesel::delete(outbox::table.filter(outbox::id.eq_any(&old)).filter(is_old)).execute(db)
        })
    }
}
