//! Spaces, whoever is in them, and those who are.

use diesel::prelude::*;
use domain::{
    Coded,
    collaboration::Role,
    id::{PersonId, SpaceId},
    space::{Space, SpaceIdentifier, SpaceState},
};

use crate::{
    collaboration::{active_in, is_living},
    error::StoreError,
    row::Row,
    row::stamp,
    schema::{memberships, spaces},
    space::SpaceRow,
    transaction::{Rank, Reading, Transaction},
};

/// How many memberships of a space are active now, whatever became of their persons' products.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MembersCount {
    /// All of them.
    pub members: u32,
    /// The administrators among them.
    pub administrators: u32,
}

impl Reading<'_> {
    /// The space that has this identifier, however it stands.
    pub fn space_with_identifier(&mut self, identifier: &SpaceIdentifier) -> Result<Option<Space>, StoreError> {
        let found: Option<SpaceRow> = self.run(|db| {
            spaces::table
                .filter(spaces::identifier.eq(identifier.as_str()))
                .select(SpaceRow::as_select())
                .get_result(db)
                .optional()
        })?;
        found.map(SpaceRow::read).transpose()
    }

    /// Any space, however it stands.
    pub fn any_space(&mut self, id: SpaceId) -> Result<Option<Space>, StoreError> {
        let found: Option<SpaceRow> =
            self.run(|db| spaces::table.find(id.to_string()).select(SpaceRow::as_select()).get_result(db).optional())?;
        found.map(SpaceRow::read).transpose()
    }

    /// How many are in a space.
    pub fn members_count(&mut self, space: SpaceId) -> Result<MembersCount, StoreError> {
        let (space, now) = (space.to_string(), stamp(self.now()));
        let (members, administrators): (i64, i64) = self.run(|db| {
            let active = memberships::table.filter(active_in(&space, now));
            let administrators = active.filter(memberships::role.eq(Role::Administrator.code()));
            Ok((active.count().get_result(db)?, administrators.count().get_result(db)?))
        })?;
        let row = Row { table: "memberships of", id: &space };
        Ok(MembersCount { members: row.number(members)?, administrators: row.number(administrators)? })
    }

    /// Whether a person has a membership of a space that is not over; believed only under the space's lock.
    pub fn is_member(&mut self, person: PersonId, space: SpaceId) -> Result<bool, StoreError> {
        let now = stamp(self.now());
        let found: i64 = self.run(|db| {
            memberships::table
                .filter(memberships::person_id.eq(person.to_string()))
                .filter(memberships::space_id.eq(space.to_string()))
                .filter(is_living(now))
                .count()
                .get_result(db)
        })?;
        Ok(found > 0)
    }

    /// Whether a person has a membership of a space, over or not; believed only under the space's lock.
    pub fn was_member(&mut self, person: PersonId, space: SpaceId) -> Result<bool, StoreError> {
        let of_his = memberships::table
            .filter(memberships::person_id.eq(person.to_string()))
            .filter(memberships::space_id.eq(space.to_string()));
        let found: i64 = self.run(|db| of_his.count().get_result(db))?;
        Ok(found > 0)
    }
}

impl Transaction<'_> {
    /// Locks any space that is not purged, if there is one with this id.
    pub fn lock_any_space(&mut self, id: SpaceId) -> Result<Option<Space>, StoreError> {
        self.climb(Rank::Space);
        let id = id.to_string();
        let found: Option<SpaceRow> = self.run(|db| {
            diesel::update(spaces::table.find(&id)).set(spaces::lock_seq.eq(spaces::lock_seq + 1)).execute(db)?;
            spaces::table
                .find(&id)
                .filter(spaces::state.ne(SpaceState::Purged.code()))
                .select(SpaceRow::as_select())
                .get_result(db)
                .optional()
        })?;
        found.map(SpaceRow::read).transpose()
    }
}
