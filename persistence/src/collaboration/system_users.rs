//! System users as they are kept. They change under the lock of their space.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use domain::{
    Coded, Instant,
    collaboration::{
        SystemRights, SystemUser, SystemUserChange, SystemUserCounts, SystemUserStatus, system_user::COUNTED_WITHIN,
    },
    id::{SpaceId, SystemUserId},
    identity::Person,
    space::Space,
    text::SystemUserName,
};

use super::NAMED_AT_ONCE;
use crate::{
    connection::each,
    error::StoreError,
    identity::PersonRow,
    recurring::{PURGED_AT_ONCE, is_full},
    row::{Row, stamp},
    schema::{clients, persons, spaces, system_users},
    space::SpaceRow,
    transaction::{Reading, Transaction},
};

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = system_users, treat_none_as_default_value = false)]
struct SystemUserRow {
    id: String,
    space_id: String,
    name: String,
    rights: String,
    ends_at: NaiveDateTime,
    approved_by: String,
    status: String,
    created_at: NaiveDateTime,
    version: i64,
}

impl From<&SystemUser> for SystemUserRow {
    fn from(user: &SystemUser) -> Self {
        Self {
            id: user.id.to_string(),
            space_id: user.space.to_string(),
            name: user.name.to_string(),
            rights: user.rights.to_string(),
            ends_at: stamp(user.ends_at),
            approved_by: user.approved_by.to_string(),
            status: user.status.code().to_owned(),
            created_at: stamp(user.created_at),
            version: user.version.into(),
        }
    }
}

impl SystemUserRow {
    fn read(self) -> Result<SystemUser, StoreError> {
        let row = Row { table: "system_users", id: &self.id };
        Ok(SystemUser {
            id: row.id(&self.id)?,
            space: row.id(&self.space_id)?,
            name: row.value(SystemUserName::parse(&self.name))?,
            rights: SystemRights::parse(&self.rights).ok_or_else(|| row.corrupt("such a right does not exist"))?,
            ends_at: self.ends_at.and_utc(),
            approved_by: row.id(&self.approved_by)?,
            status: row.code(&self.status)?,
            created_at: self.created_at.and_utc(),
            version: row.number(self.version)?,
        })
    }
}

/// Which of the system users of a space.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SystemUserFilter {
    /// Only those that stand so now; all that are not over where none is named.
    pub status: Option<SystemUserStatus>,
    /// Only those after this one, in the order of their ids.
    pub after: Option<SystemUserId>,
}

/// A system user, the public keys of its client, and who answers for it.
type Known = (SystemUserRow, String, PersonRow);

fn read((user, jwks, approver): Known) -> Result<(SystemUser, String, Person), StoreError> {
    Ok((user.read()?, jwks, approver.read()?))
}

/// Those that are not over now: nobody ended them, and their end date has not come.
#[diesel::dsl::auto_type]
fn is_living(now: NaiveDateTime) -> _ {
    let ended: &'static str = SystemUserStatus::Ended.code();
    system_users::status.ne(ended).and(system_users::ends_at.gt(now))
}

impl Reading<'_> {
    /// A system user that gets in now, and its space.
    pub fn live_system_user(&mut self, id: SystemUserId) -> Result<Option<(SystemUser, Space)>, StoreError> {
        let found: Option<(SystemUserRow, SpaceRow)> = self.run(|db| {
            each!(db => system_users::table
                .inner_join(spaces::table)
                .filter(system_users::id.eq(id.to_string()))
                .select((SystemUserRow::as_select(), SpaceRow::as_select()))
                .get_result(db))
            .optional()
        })?;
        let Some((user, space)) = found else { return Ok(None) };
        let (user, space) = (user.read()?, space.read()?);
        let gets_in = user.gets_in(&space, self.now());
        Ok(gets_in.then_some((user, space)))
    }

    /// A system user of a space, over or not, with the public keys of its client and who answers for it.
    pub fn system_user_of(
        &mut self,
        id: SystemUserId,
        space: SpaceId,
    ) -> Result<Option<(SystemUser, String, Person)>, StoreError> {
        let found: Option<Known> = self.run(|db| {
            system_users::table
                .inner_join(clients::table)
                .inner_join(persons::table)
                .filter(system_users::id.eq(id.to_string()))
                .filter(system_users::space_id.eq(space.to_string()))
                .select((SystemUserRow::as_select(), clients::jwks, PersonRow::as_select()))
                .get_result(db)
                .optional()
        })?;
        found.map(read).transpose()
    }

    /// The system users of a space, oldest first.
    pub fn system_users_of(
        &mut self,
        space: SpaceId,
        filter: SystemUserFilter,
        most: u32,
    ) -> Result<Vec<(SystemUser, String, Person)>, StoreError> {
        let now = stamp(self.now());
        // No id is smaller than the empty text.
        let after = filter.after.map(|id| id.to_string()).unwrap_or_default();
        let kept_as = |status: SystemUserStatus| system_users::status.eq(status.code());
        let found: Vec<Known> = self.run(|db| {
            let users = system_users::table
                .inner_join(clients::table)
                .inner_join(persons::table)
                .filter(system_users::space_id.eq(space.to_string()))
                .filter(system_users::id.gt(after))
                .order(system_users::id)
                .limit(most.into())
                .select((SystemUserRow::as_select(), clients::jwks, PersonRow::as_select()))
                .into_boxed();
            let users = match filter.status {
                None => users.filter(is_living(now)),
                Some(status @ (SystemUserStatus::Active | SystemUserStatus::Suspended)) => {
                    users.filter(is_living(now)).filter(kept_as(status))
                }
                Some(SystemUserStatus::Expired) => {
                    let ended = kept_as(SystemUserStatus::Ended);
                    users.filter(system_users::ends_at.le(now)).filter(diesel::dsl::not(ended))
                }
                Some(SystemUserStatus::Ended) => users.filter(kept_as(SystemUserStatus::Ended)),
            };
            users.get_results(db)
        })?;
        found.into_iter().map(read).collect()
    }

    /// How many system users of a space count when another is approved; believed only under its lock.
    pub fn system_user_counts(&mut self, space: SpaceId) -> Result<SystemUserCounts, StoreError> {
        let (now, since, space) = (stamp(self.now()), stamp(self.now() - COUNTED_WITHIN), space.to_string());
        let of_space = || system_users::table.filter(system_users::space_id.eq(&space));
        let (living, approved): (i64, i64) = self.run(|db| {
            let living = of_space().filter(is_living(now)).count().get_result(db)?;
            Ok((living, of_space().filter(system_users::created_at.gt(since)).count().get_result(db)?))
        })?;
        let row = Row { table: "system_users of", id: &space };
        Ok(SystemUserCounts { living: row.number(living)?, approved_lately: row.number(approved)? })
    }
}

impl Transaction<'_> {
    /// Keeps a new system user and its client, under the lock of the space.
    pub fn insert_system_user(&mut self, approved: &SystemUserChange, jwks: &str) -> Result<(), StoreError> {
        self.insert_client(approved.after().id.into(), jwks)?;
        let row = SystemUserRow::from(approved.after());
        self.run(|db| diesel::insert_into(system_users::table).values(row).execute(db))?;
        Ok(())
    }

    /// Keeps what was decided of a system user, under the lock of the space.
    pub fn save_system_user(&mut self, change: &SystemUserChange) -> Result<(), StoreError> {
        let row = SystemUserRow::from(change.after());
        self.run(|db| diesel::update(system_users::table.find(&row.id)).set(&row).execute(db))?;
        Ok(())
    }

    /// Forgets system users that were over before a moment, at most a hundred. Says whether there may be more.
    pub fn purge_system_users(&mut self, before: Instant) -> Result<bool, StoreError> {
        let is_old = system_users::ends_at.lt(stamp(before));
        let old: Vec<String> = self.run(|db| {
            let old = system_users::table.filter(is_old).select(system_users::id);
            let old: Vec<String> = old.limit(PURGED_AT_ONCE).get_results(db)?;
            diesel::delete(system_users::table.filter(system_users::id.eq_any(&old))).execute(db)?;
            Ok(old)
        })?;
        self.delete_clients(&old)?;
        Ok(is_full(&old))
    }

    /// Forgets the system users of a space, which is purged.
    pub(crate) fn delete_system_users_of(&mut self, space: SpaceId) -> Result<(), StoreError> {
        let of_space = system_users::space_id.eq(space.to_string());
        let ids: Vec<String> = self.run(|db| {
            let ids = system_users::table.filter(of_space.clone()).select(system_users::id).get_results(db)?;
            diesel::delete(system_users::table.filter(of_space)).execute(db)?;
            Ok(ids)
        })?;
        ids.chunks(NAMED_AT_ONCE).try_for_each(|some| self.delete_clients(some))
    }
}
