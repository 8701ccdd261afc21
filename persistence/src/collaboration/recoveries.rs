//! Recoveries as they are kept, each with the memberships that it names.

use std::collections::BTreeSet;

use chrono::NaiveDateTime;
use diesel::prelude::*;
use domain::{
    Coded,
    collaboration::{ConfirmedRecovery, EndedRecovery, OpenedRecovery, Recovery, RecoveryStatus},
    id::{MembershipId, PersonId, RecoveryId, SpaceId},
    text::ReasonText,
};

use super::MembershipRow;
use crate::{
    error::StoreError,
    row::{Row, stamp},
    schema::{memberships, recoveries, recovery_memberships},
    transaction::{Rank, Reading, Transaction},
};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = recoveries, treat_none_as_default_value = false)]
struct RecoveryRow {
    id: String,
    space_id: String,
    appointee_id: String,
    product_id: String,
    opened_by: String,
    reason: String,
    created_at: NaiveDateTime,
    confirmable_at: NaiveDateTime,
    status: String,
    ended_at: Option<NaiveDateTime>,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = recovery_memberships)]
struct NamedRow {
    recovery_id: String,
    membership_id: String,
}

impl From<&Recovery> for RecoveryRow {
    fn from(recovery: &Recovery) -> Self {
        Self {
            id: recovery.id.to_string(),
            space_id: recovery.space.to_string(),
            appointee_id: recovery.appointee.to_string(),
            product_id: recovery.product.to_string(),
            opened_by: recovery.opened_by.to_string(),
            reason: recovery.reason.to_string(),
            created_at: stamp(recovery.created_at),
            confirmable_at: stamp(recovery.confirmable_at),
            status: recovery.status.code().to_owned(),
            ended_at: recovery.ended_at.map(stamp),
        }
    }
}

impl RecoveryRow {
    fn read(self, unable: BTreeSet<MembershipId>) -> Result<Recovery, StoreError> {
        let row = Row { table: "recoveries", id: &self.id };
        Ok(Recovery {
            id: row.id(&self.id)?,
            space: row.id(&self.space_id)?,
            appointee: row.id(&self.appointee_id)?,
            product: row.id(&self.product_id)?,
            unable,
            opened_by: row.id(&self.opened_by)?,
            reason: row.value(ReasonText::parse(&self.reason))?,
            created_at: self.created_at.and_utc(),
            confirmable_at: self.confirmable_at.and_utc(),
            status: row.code(&self.status)?,
            ended_at: self.ended_at.map(|at| at.and_utc()),
        })
    }
}

impl Reading<'_> {
    /// A recovery.
    pub fn recovery(&mut self, id: RecoveryId) -> Result<Option<Recovery>, StoreError> {
        let found: Option<RecoveryRow> = self.run(|db| {
            recoveries::table.find(id.to_string()).select(RecoveryRow::as_select()).get_result(db).optional()
        })?;
        Ok(self.with_named(found.into_iter().collect())?.pop())
    }

    /// The recovery that is open for a space; believed only under the space's lock.
    pub fn open_recovery(&mut self, space: SpaceId) -> Result<Option<RecoveryId>, StoreError> {
        let found: Option<String> = self.run(|db| {
            recoveries::table
                .filter(recoveries::space_id.eq(space.to_string()))
                .filter(recoveries::status.eq(RecoveryStatus::Open.code()))
                .select(recoveries::id)
                .get_result(db)
                .optional()
        })?;
        found.map(|id| Row { table: "recoveries", id: &id }.id(&id)).transpose()
    }

    /// The recoveries after this one, oldest first; only those that stand so, or all.
    pub fn recoveries(
        &mut self,
        status: Option<RecoveryStatus>,
        after: Option<RecoveryId>,
        most: u32,
    ) -> Result<Vec<Recovery>, StoreError> {
        let statuses = status.map_or(RecoveryStatus::ALL.to_vec(), |status| vec![status]).into_iter().map(Coded::code);
        // No id is smaller than the empty text.
        let after = after.map(|id| id.to_string()).unwrap_or_default();
        let rows: Vec<RecoveryRow> = self.run(|db| {
            recoveries::table
                .filter(recoveries::status.eq_any(statuses.collect::<Vec<_>>()))
                .filter(recoveries::id.gt(after))
                .order(recoveries::id)
                .limit(most.into())
                .select(RecoveryRow::as_select())
                .get_results(db)
        })?;
        self.with_named(rows)
    }

    /// The recoveries after this one that name a membership of a person, oldest first.
    pub fn recoveries_naming(
        &mut self,
        person: PersonId,
        after: Option<RecoveryId>,
        most: u32,
    ) -> Result<Vec<Recovery>, StoreError> {
        let after = after.map(|id| id.to_string()).unwrap_or_default();
        let rows: Vec<RecoveryRow> = self.run(|db| {
            memberships::table
                .inner_join(recovery_memberships::table.inner_join(recoveries::table))
                .filter(memberships::person_id.eq(person.to_string()))
                .filter(recoveries::id.gt(after))
                .order(recoveries::id)
                .limit(most.into())
                .select(RecoveryRow::as_select())
                .get_results(db)
        })?;
        self.with_named(rows)
    }

    /// Whether a recovery names a membership of this person.
    pub fn is_named(&mut self, recovery: RecoveryId, person: PersonId) -> Result<bool, StoreError> {
        let found: i64 = self.run(|db| {
            recovery_memberships::table
                .inner_join(memberships::table)
                .filter(recovery_memberships::recovery_id.eq(recovery.to_string()))
                .filter(memberships::person_id.eq(person.to_string()))
                .count()
                .get_result(db)
        })?;
        Ok(found > 0)
    }

    /// The recoveries with whom they name.
    fn with_named(&mut self, rows: Vec<RecoveryRow>) -> Result<Vec<Recovery>, StoreError> {
        let ids: Vec<String> = rows.iter().map(|row| row.id.clone()).collect();
        let named: Vec<NamedRow> = self.run(|db| {
            recovery_memberships::table
                .filter(recovery_memberships::recovery_id.eq_any(&ids))
                .select(NamedRow::as_select())
                .get_results(db)
        })?;
        rows.into_iter()
            .map(|row| {
                let of = named.iter().filter(|named| named.recovery_id == row.id);
                let known = |named: &NamedRow| Row { table: "recoveries", id: &row.id }.id(&named.membership_id);
                let unable = of.map(known).collect::<Result<_, _>>()?;
                row.read(unable)
            })
            .collect()
    }
}

impl Transaction<'_> {
    /// Locks a recovery: what becomes of it is decided under this lock.
    pub fn lock_recovery(&mut self, id: RecoveryId) -> Result<Option<Recovery>, StoreError> {
        self.climb(Rank::Object);
        self.run(|db| {
            diesel::update(recoveries::table.find(id.to_string()))
                .set(recoveries::lock_seq.eq(recoveries::lock_seq + 1))
                .execute(db)
        })?;
        self.recovery(id)
    }

    /// Keeps a new recovery, under the lock of its space.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if one is open for the space.
    pub fn insert_recovery(&mut self, opened: &OpenedRecovery) -> Result<(), StoreError> {
        let recovery = opened.recovery();
        let row = RecoveryRow::from(recovery);
        let recovery_id = &row.id;
        let named: Vec<NamedRow> = recovery
            .unable
            .iter()
            .map(|id| NamedRow { recovery_id: recovery_id.clone(), membership_id: id.to_string() })
            .collect();
        self.run(|db| diesel::insert_into(recoveries::table).values(&row).execute(db))?;
        for named in named {
            self.run(|db| diesel::insert_into(recovery_memberships::table).values(named).execute(db))?;
        }
        Ok(())
    }

    /// Keeps how a locked recovery ended.
    pub fn save_ended_recovery(&mut self, ended: &EndedRecovery) -> Result<(), StoreError> {
        self.update_recovery(ended.recovery())
    }

    /// Keeps what a locked recovery made of its space, under the locks of whom it appoints and of the space.
    pub fn save_confirmed_recovery(&mut self, confirmed: &ConfirmedRecovery) -> Result<(), StoreError> {
        self.update_recovery(confirmed.recovery())?;
        let appointed = (!confirmed.is_newcomer()).then_some(confirmed.appointed());
        for membership in confirmed.ended().iter().chain(appointed) {
            let row = MembershipRow::from(membership);
            self.run(|db| diesel::update(memberships::table.find(&row.id)).set(&row).execute(db))?;
        }
        if confirmed.is_newcomer() { self.insert_newcomer(confirmed.appointed()) } else { Ok(()) }
    }

    fn update_recovery(&mut self, recovery: &Recovery) -> Result<(), StoreError> {
        let row = RecoveryRow::from(recovery);
        let changes = (recoveries::status.eq(row.status), recoveries::ended_at.eq(row.ended_at));
        self.run(|db| diesel::update(recoveries::table.find(row.id)).set(changes).execute(db))?;
        Ok(())
    }

    /// Withdraws the recovery that is open for a space, which is purged.
    pub(crate) fn withdraw_recovery_of(&mut self, space: SpaceId) -> Result<(), StoreError> {
        let ended =
            (recoveries::status.eq(RecoveryStatus::Withdrawn.code()), recoveries::ended_at.eq(Some(stamp(self.now()))));
        let open = recoveries::space_id.eq(space.to_string()).and(recoveries::status.eq(RecoveryStatus::Open.code()));
        self.run(|db| diesel::update(recoveries::table.filter(open)).set(ended).execute(db))?;
        Ok(())
    }
}
