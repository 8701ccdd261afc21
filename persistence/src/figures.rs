//! What a store counts of itself: plain numbers, for whoever watches it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use crate::{connection::Access, error::StoreError};

/// What became of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Kept, or read to its end.
    Kept,
    /// Its closure refused.
    Refused,
    /// The database could not take it.
    Busy,
    /// Another one kept the same thing first.
    Conflict,
    /// A fault of ours or of the machine.
    Failed,
    /// COMMIT left open whether it was kept.
    OutcomeUnknown,
}

impl Fate {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Kept, Self::Refused, Self::Busy, Self::Conflict, Self::Failed, Self::OutcomeUnknown];

    pub(crate) fn of(error: &StoreError) -> Self {
        match error {
            StoreError::Busy(_) => Self::Busy,
            StoreError::Conflict(_) => Self::Conflict,
            StoreError::OutcomeUnknown(_) => Self::OutcomeUnknown,
            StoreError::Corrupt(_) | StoreError::Failed(_) => Self::Failed,
        }
    }
}

/// What is known of a store at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figures {
    /// Of its reads.
    pub reads: Lane,
    /// Of its writes.
    pub writes: Lane,
    /// Of shared commits, where writes share them.
    pub batches: Option<Batches>,
}

/// Transactions of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lane {
    /// Their connections, where there is a pool of them.
    pub connections: Option<Connections>,
    /// How many wait to begin.
    pub waiting: u64,
    /// How many may.
    pub places: u64,
    /// How many were refused because so many waited.
    pub turned_away: u64,
    /// How many ended how, in the order of [`Fate::ALL`].
    pub fates: [u64; 6],
}

/// A pool of connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connections {
    /// At work.
    pub busy: u64,
    /// Open and at rest.
    pub idle: u64,
    /// How many there may be.
    pub most: u64,
}

/// Commits that several transactions share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Batches {
    /// How many were kept.
    pub kept: u64,
    /// How many transactions those had, refused ones included.
    pub transactions: u64,
    /// How many were not kept.
    pub broken: u64,
    /// Whether the last one was kept, or the database was seen to take writes again.
    pub is_writable: bool,
}

/// The counters of a store.
pub(crate) struct Counts {
    reads: LaneCounts,
    writes: LaneCounts,
    batches: AtomicU64,
    batched: AtomicU64,
    broken: AtomicU64,
    is_writable: AtomicBool,
}

#[derive(Default)]
struct LaneCounts {
    turned_away: AtomicU64,
    fates: [AtomicU64; 6],
}

impl Counts {
    pub(crate) fn new() -> Self {
        let none = AtomicU64::default;
        let (reads, writes) = (LaneCounts::default(), LaneCounts::default());
        Self { reads, writes, batches: none(), batched: none(), broken: none(), is_writable: AtomicBool::new(true) }
    }

    fn lane(&self, access: Access) -> &LaneCounts {
        match access {
            Access::Read => &self.reads,
            Access::Write => &self.writes,
        }
    }

    /// Counts a transaction that ended.
    pub(crate) fn ended(&self, access: Access, fate: Fate) {
        self.lane(access).fates[fate as usize].fetch_add(1, Relaxed);
    }

    /// Counts one that found all places taken.
    pub(crate) fn turned_away(&self, access: Access) {
        self.lane(access).turned_away.fetch_add(1, Relaxed);
    }

    /// Counts a shared commit.
    pub(crate) fn batch_kept(&self, transactions: usize) {
        self.batches.fetch_add(1, Relaxed);
        self.batched.fetch_add(transactions as u64, Relaxed);
    }

    /// Counts one that failed. Says whether the one before was kept.
    pub(crate) fn batch_broke(&self) -> bool {
        self.broken.fetch_add(1, Relaxed);
        self.is_writable.swap(false, Relaxed)
    }

    /// Whether nothing says that the database takes no writes.
    pub(crate) fn is_writable(&self) -> bool {
        self.is_writable.load(Relaxed)
    }

    /// The database was seen to take writes again.
    pub(crate) fn can_write_again(&self) {
        self.is_writable.store(true, Relaxed);
    }

    pub(crate) fn read_lane(
        &self,
        access: Access,
        connections: Option<Connections>,
        waiting: u64,
        places: u64,
    ) -> Lane {
        let LaneCounts { turned_away, fates } = self.lane(access);
        let fates = fates.each_ref().map(|count| count.load(Relaxed));
        Lane { connections, waiting, places, turned_away: turned_away.load(Relaxed), fates }
    }

    pub(crate) fn read_batches(&self) -> Batches {
        Batches {
            kept: self.batches.load(Relaxed),
            transactions: self.batched.load(Relaxed),
            broken: self.broken.load(Relaxed),
            is_writable: self.is_writable(),
        }
    }
}
