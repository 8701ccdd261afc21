//! When each recurring job is due, and who does it now.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use domain::Instant;
use uuid::Uuid;

use crate::{
    error::StoreError,
    row::stamp,
    schema::recurring_jobs,
    transaction::{Reading, Transaction},
};

/// How many rows a purge takes at most in one transaction; it takes fewer only when no more are old.
pub(crate) const PURGED_AT_ONCE: i64 = 100;

/// The right to do a recurring job until a moment, which its holder may move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    job: &'static str,
    lease: String,
}

/// Whether a purge took as many rows as it may, so that there may be more.
pub(crate) fn is_full<T>(rows: &[T]) -> bool {
    i64::try_from(rows.len()) == Ok(PURGED_AT_ONCE)
}

impl Reading<'_> {
    /// Which of these jobs are due: their time has come, or nobody ever did them.
    pub fn due_jobs(&mut self, jobs: &[&'static str]) -> Result<Vec<&'static str>, StoreError> {
        let now = stamp(self.now());
        let resting: Vec<String> = self.run(|db| {
            recurring_jobs::table.filter(recurring_jobs::due_at.gt(now)).select(recurring_jobs::name).get_results(db)
        })?;
        Ok(jobs.iter().copied().filter(|job| !resting.iter().any(|resting| resting == job)).collect())
    }
}

impl Transaction<'_> {
    /// Takes a due job, which is due again at `until` unless its holder says otherwise before.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if a rival took it at the same moment, as nobody ever had before.
    pub fn take_job(&mut self, job: &'static str, until: Instant) -> Result<Option<Lease>, StoreError> {
        let now = stamp(self.now());
        let lease = self.new_id::<Uuid>().to_string();
        let times = (recurring_jobs::due_at.eq(stamp(until)), recurring_jobs::lease.eq(Some(&lease)));
        let due = recurring_jobs::table.find(job).filter(recurring_jobs::due_at.le(now));
        let mut taken = self.run(|db| diesel::update(due).set(times).execute(db))?;
        if taken == 0 {
            let known: i64 = self.run(|db| recurring_jobs::table.find(job).count().get_result(db))?;
            if known == 0 {
                let row = (recurring_jobs::name.eq(job), times.0, times.1);
                taken = self.run(|db| diesel::insert_into(recurring_jobs::table).values(row).execute(db))?;
            }
        }
        Ok((taken == 1).then_some(Lease { job, lease }))
    }

    /// Holds a job until a later moment, in the transaction that does a part of it. Says whether it still was held: who
    /// lost it leaves it to his rival.
    pub fn hold_job(&mut self, lease: &Lease, until: Instant) -> Result<bool, StoreError> {
        self.end_or_hold(lease, stamp(until), Some(&lease.lease))
    }

    /// Ends a job until it is due again. Says whether it still was held.
    pub fn end_job(&mut self, lease: &Lease, again: Instant) -> Result<bool, StoreError> {
        self.end_or_hold(lease, stamp(again), None)
    }

    fn end_or_hold(&mut self, lease: &Lease, due: NaiveDateTime, next: Option<&str>) -> Result<bool, StoreError> {
        let held = recurring_jobs::table.find(lease.job).filter(recurring_jobs::lease.eq(&lease.lease));
        let changes = (recurring_jobs::due_at.eq(due), recurring_jobs::lease.eq(next));
        let held = self.run(|db| diesel::update(held).set(changes).execute(db))?;
        Ok(held == 1)
    }
}
