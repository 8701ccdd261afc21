//! What becomes of certifications by the clock, with their spaces, and with those on which they hang. A row that holds what no rule
//! lets in is passed over, for the others' sake.

use std::collections::BTreeSet;

use chrono::NaiveDateTime;
use diesel::prelude::*;
use domain::{
    Coded,
    catalogue::Capacity,
    certification::{Certification, HeldCertification},
    id::SpaceId,
};

use super::{CertificationRow, HeldColumns, counting, held, holders, homes, living, read_held};
use crate::{
    error::StoreError,
    recurring::{PURGED_AT_ONCE, is_full},
    row::{NAMED_AT_ONCE, stamp},
    schema::{certifications, spaces},
    transaction::{Rank, Transaction},
};

/// What was read; an operator is told of what can't be.
fn or_told<T>(read: Result<T, StoreError>) -> Option<T> {
    read.inspect_err(|error| tracing::error!(%error, "a certification can't be read; it is passed over")).ok()
}

impl Transaction<'_> {
    /// Locks certifications, at most a hundred, whose end has come. Says whether there may be more.
    pub fn lock_certifications_to_expire(&mut self) -> Result<(Vec<Certification>, bool), StoreError> {
        let now = stamp(self.now());
        let ids: Vec<String> = self.run(|db| {
            certifications::table
                .filter(certifications::status.eq_any(living()))
                .filter(certifications::ends_at.le(now))
                .order(certifications::ends_at)
                .limit(PURGED_AT_ONCE)
                .select(certifications::id)
                .get_results(db)
        })?;
        let locked = self.lock_due(ids)?;
        // Where all of them are passed over, the next ones would be the same.
        let is_more = locked.1 && !locked.0.is_empty();
        Ok((locked.0, is_more))
    }

    /// Takes certifications, at most a hundred, of whose coming end their spaces are to be warned; each is warned of again when its
    /// next warning is due. Says whether there may be more.
    pub fn take_certifications_to_warn(&mut self) -> Result<(Vec<Certification>, bool), StoreError> {
        let now = self.now();
        let ids: Vec<String> = self.run(|db| {
            certifications::table
                .filter(certifications::warn_at.le(stamp(now)))
                .order(certifications::warn_at)
                .limit(PURGED_AT_ONCE)
                .select(certifications::id)
                .get_results(db)
        })?;
        let (due, is_more) = self.lock_due(ids.clone())?;
        let never: Option<NaiveDateTime> = None;
        self.run(|db| {
            let taken = certifications::table.filter(certifications::id.eq_any(&ids));
            diesel::update(taken).set(certifications::warn_at.eq(never)).execute(db)
        })?;
        for certification in &due {
            let next = Certification::next_warning(certification.ends_at, now).map(stamp);
            let row = certifications::table.find(certification.id.to_string());
            self.run(|db| diesel::update(row).set(certifications::warn_at.eq(next)).execute(db))?;
        }
        // Another worker may have warned of it before the lock.
        let is_due = |of: &Certification| of.is_living(now) && of.warn_at.is_some_and(|at| at <= now);
        Ok((due.into_iter().filter(is_due).collect(), is_more))
    }

    fn lock_due(&mut self, mut ids: Vec<String>) -> Result<(Vec<Certification>, bool), StoreError> {
        let is_more = is_full(&ids);
        self.climb(Rank::Object);
        ids.sort_unstable();
        self.lock_certifications(&ids)?;
        let rows: Vec<CertificationRow> = self.run(|db| {
            let due = certifications::table.filter(certifications::id.eq_any(&ids));
            due.order(certifications::id).select(CertificationRow::as_select()).get_results(db)
        })?;
        Ok((rows.into_iter().map(CertificationRow::read).filter_map(or_told).collect(), is_more))
    }

    /// Takes certifications of agents, at most a hundred, whose spaces are to be told how their principals' stand; or else finds a
    /// holder's agents, whose turn then comes. Says whether there may be more.
    pub fn take_agents_to_tell(&mut self) -> Result<(Vec<HeldCertification>, bool), StoreError> {
        let agents = self.heeding(Capacity::Agent, PURGED_AT_ONCE)?;
        if agents.is_empty() {
            return Ok((vec![], self.hand_on_to_agents()?));
        }
        self.climb(Rank::Object);
        self.lock_certifications(&agents)?;
        self.heed(&agents, None)?;
        let found: Vec<HeldColumns> = self
            .run(|db| held!().filter(certifications::id.eq_any(&agents)).order(certifications::id).get_results(db))?;
        Ok((found.into_iter().map(read_held).filter_map(or_told).collect(), true))
    }

    /// Says of the living agents of one holder, of which something may have become, that they are to be told. All are locked
    /// together, in their order. Says whether there was such a holder.
    fn hand_on_to_agents(&mut self) -> Result<bool, StoreError> {
        let Some(holder) = self.heeding(Capacity::Holder, 1)?.pop() else { return Ok(false) };
        let agents: Vec<String> = self.run(|db| {
            let agents = certifications::table.filter(certifications::principal_id.eq(&holder));
            agents.filter(certifications::status.eq_any(living())).select(certifications::id).get_results(db)
        })?;
        let mut locked: Vec<String> = agents.iter().chain([&holder]).cloned().collect();
        locked.sort_unstable();
        self.climb(Rank::Object);
        self.lock_certifications(&locked)?;
        self.heed(std::slice::from_ref(&holder), None)?;
        self.heed(&agents, Some(stamp(self.now())))?;
        Ok(true)
    }

    /// Which of these are to be heeded, by ascending id.
    fn heeding(&mut self, of: Capacity, most: i64) -> Result<Vec<String>, StoreError> {
        let due = certifications::heed_at.le(stamp(self.now()));
        let mut ids: Vec<String> = self.run(|db| {
            let due = certifications::table.filter(due).filter(certifications::capacity.eq(of.code()));
            due.order(certifications::heed_at).limit(most).select(certifications::id).get_results(db)
        })?;
        ids.sort_unstable();
        Ok(ids)
    }

    /// Says of locked certifications when they are to be heeded.
    pub(super) fn heed(&mut self, ids: &[String], at: Option<NaiveDateTime>) -> Result<(), StoreError> {
        for some in ids.chunks(NAMED_AT_ONCE) {
            self.run(|db| {
                let row = certifications::table.filter(certifications::id.eq_any(some));
                diesel::update(row).set(certifications::heed_at.eq(at)).execute(db)
            })?;
        }
        Ok(())
    }

    /// Says of all holders' in a space, which is closed or restored, under its lock, that their agents are to be told.
    pub fn make_agents_of_space_heed(&mut self, space: SpaceId) -> Result<(), StoreError> {
        let of_holders: Vec<String> = self.run(|db| {
            certifications::table
                .filter(certifications::space_id.eq(space.to_string()))
                .filter(certifications::capacity.eq(Capacity::Holder.code()))
                .filter(certifications::status.eq_any(living()))
                .order(certifications::id)
                .select(certifications::id)
                .get_results(db)
        })?;
        self.climb(Rank::Object);
        self.lock_certifications(&of_holders)?;
        self.heed(&of_holders, Some(stamp(self.now())))
    }

    /// Locks the certifications of spaces that are to be purged, as far as they are not over.
    pub fn lock_certifications_of(&mut self, spaces: &BTreeSet<SpaceId>) -> Result<Vec<Certification>, StoreError> {
        let spaces: Vec<String> = spaces.iter().map(ToString::to_string).collect();
        let ids: Vec<String> = self.run(|db| {
            certifications::table
                .filter(certifications::space_id.eq_any(&spaces))
                .filter(certifications::status.eq_any(counting()))
                .select(certifications::id)
                .get_results(db)
        })?;
        Ok(self.lock_due(ids)?.0)
    }

    /// Forgets what was written in the requests of a space, which is purged; what became of them stays.
    pub(crate) fn forget_applications_of(&mut self, space: SpaceId) -> Result<(), StoreError> {
        let nothing: Option<String> = None;
        let forgotten = (certifications::application_sealed.eq(&nothing), certifications::security_code.eq(&nothing));
        let of_space = certifications::table.filter(certifications::space_id.eq(space.to_string()));
        self.run(|db| diesel::update(of_space).set(forgotten).execute(db))?;
        Ok(())
    }
}
