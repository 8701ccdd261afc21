//! What a closure works with: reads, and in a write transaction the locks in their one order.

use std::ops::{Deref, DerefMut};

use chrono::{DurationRound, TimeDelta};
use diesel::QueryResult;
use domain::{
    Instant,
    audit::{Chain, Event},
};
use uuid::Uuid;

use crate::{
    connection::Db,
    error::{StoreError, is_local, is_lost},
    store::Clock,
};

/// A transaction in which things are read; every area adds its own methods.
pub struct Reading<'c> {
    db: &'c mut Db,
    clock: &'c Clock,
    /// The first statement that failed: after it none is sent, and the transaction is not kept.
    pub(crate) failed: Option<StoreError>,
    /// Whether that failure may have ended more than this transaction's own savepoint.
    pub(crate) is_fatal: bool,
    /// Whether the connection is gone.
    pub(crate) is_lost: bool,
}

/// A transaction in which things are locked, decided and kept.
pub struct Transaction<'c> {
    reading: Reading<'c>,
    rank: Rank,
    /// What was recorded; it is appended to the audit log just before the commit.
    pub(crate) events: Vec<Event>,
    /// The audit chains that nobody can have begun, as what they are about begins here too.
    pub(crate) begun: Vec<Chain>,
    /// Whether something was put into the outbox.
    pub(crate) has_posted: bool,
    /// When the last thing happened of which an administration is told.
    pub(crate) announced_at: Option<Instant>,
}

/// The one order in which locks are taken: skipping is allowed, going back is not.
///
/// A lock is an `UPDATE` of the row's `lock_seq`, which both databases know; what was read before, to find the
/// row, is read again under it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rank {
    Unlocked,
    /// An idempotency key: first, so that a repeated request waits before it holds anything.
    Key,
    /// A person, or the one place at which new persons come in.
    Person,
    Product,
    /// One space, or several by ascending id.
    Space,
    /// An access code that is tried, or taken back.
    AccessCode,
    /// One object of its own: a registration, a session.
    Object,
    /// The heads of audit chains, in the order of the chains: last, at the commit, for everybody wants them.
    AuditHead,
}

impl<'c> Reading<'c> {
    pub(crate) fn new(db: &'c mut Db, clock: &'c Clock) -> Self {
        Self { db, clock, failed: None, is_fatal: false, is_lost: false }
    }

    /// The one gate for statements.
    #[cfg_attr(test, track_caller)]
    pub(crate) fn run<T>(&mut self, statement: impl FnOnce(&mut Db) -> QueryResult<T>) -> Result<T, StoreError> {
        #[cfg(test)]
        crate::tests::plans::asked_for_at(std::panic::Location::caller());
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        statement(self.db).map_err(|error| {
            self.is_fatal |= !is_local(&error);
            self.is_lost |= is_lost(&error);
            let error = StoreError::from(error);
            self.failed = Some(error.clone());
            error
        })
    }

    /// The moment, in whole microseconds: the same precision in both databases, in JSON and in a comparison.
    pub fn now(&self) -> Instant {
        let now = (self.clock)();
        now.duration_trunc(TimeDelta::microseconds(1)).unwrap_or(now)
    }
}

impl<'c> Transaction<'c> {
    pub(crate) fn new(db: &'c mut Db, clock: &'c Clock) -> Self {
        Self {
            reading: Reading::new(db, clock),
            rank: Rank::Unlocked,
            events: vec![],
            begun: vec![],
            has_posted: false,
            announced_at: None,
        }
    }

    /// A new id, a `UUIDv7` of this moment.
    pub fn new_id<I: From<Uuid>>(&self) -> I {
        let millis = u64::try_from(self.now().timestamp_millis()).unwrap_or_default();
        uuid::Builder::from_unix_timestamp_millis(millis, &rand::random()).into_uuid().into()
    }

    /// A random number, for what is drawn and checked under a lock.
    pub fn random(&self) -> u64 {
        rand::random()
    }

    /// Says that locks of this rank are taken now.
    pub(crate) fn climb(&mut self, rank: Rank) {
        debug_assert!(rank > self.rank, "{rank:?} is locked after {:?}: see the order of Rank", self.rank);
        self.rank = rank;
    }
}

impl<'c> Deref for Transaction<'c> {
    type Target = Reading<'c>;
    fn deref(&self) -> &Reading<'c> {
        &self.reading
    }
}

impl DerefMut for Transaction<'_> {
    fn deref_mut(&mut self) -> &mut <Self as Deref>::Target {
        &mut self.reading
    }
}
