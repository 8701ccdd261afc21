//! Spaces, whoever is in them, and those who are.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use domain::{
    Coded,
    collaboration::{MembershipStatus, Role},
    id::{MembershipId, PersonId, SpaceId},
    space::{Space, SpaceIdentifier},
    text::{EmailAddress, Language},
};

use crate::{
    error::StoreError,
    row::Row,
    row::stamp,
    schema::{memberships, persons, spaces},
    space::{SpaceRow, in_use},
    transaction::{Rank, Reading, Transaction},
};

/// How many persons may act in a space now, with one of their products at least.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MembersCount {
    /// All of them.
    pub members: u32,
    /// The administrators among them.
    pub administrators: u32,
}

/// The memberships of a space that are active now.
#[diesel::dsl::auto_type(no_type_alias)]
fn active_in<'a>(space: &'a str, now: NaiveDateTime) -> _ {
    let active: &'static str = MembershipStatus::Active.code();
    memberships::space_id
        .eq(space)
        .and(memberships::status.eq(active))
        .and(memberships::ends_at.is_null().or(memberships::ends_at.assume_not_null().gt(now)))
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

    /// Whether a person has a membership of a space that has not ended; believed only under the space's lock.
    pub fn is_member(&mut self, person: PersonId, space: SpaceId) -> Result<bool, StoreError> {
        let found: i64 = self.run(|db| {
            memberships::table
                .filter(memberships::person_id.eq(person.to_string()))
                .filter(memberships::space_id.eq(space.to_string()))
                .filter(memberships::status.ne(MembershipStatus::Ended.code()))
                .count()
                .get_result(db)
        })?;
        Ok(found > 0)
    }

    /// Where to write to the active members of a space after this one, in the order of the memberships' ids.
    pub fn addresses_of_members(
        &mut self,
        space: SpaceId,
        after: Option<MembershipId>,
        most: u32,
    ) -> Result<Vec<(MembershipId, EmailAddress, Language)>, StoreError> {
        let (space, now) = (space.to_string(), stamp(self.now()));
        // No id is smaller than the empty text.
        let after = after.map(|id| id.to_string()).unwrap_or_default();
        let rows: Vec<(String, String, String)> = self.run(|db| {
            memberships::table
                .inner_join(persons::table)
                .filter(active_in(&space, now))
                .filter(memberships::id.gt(after))
                .order(memberships::id)
                .limit(most.into())
                .select((memberships::id, persons::email, persons::language))
                .get_results(db)
        })?;
        let read = |(id, email, language): (String, String, String)| {
            let row = Row { table: "the person of memberships", id: &id };
            Ok((row.id(&id)?, row.value(EmailAddress::parse(&email))?, row.code(&language)?))
        };
        rows.into_iter().map(read).collect()
    }
}

impl Transaction<'_> {
    /// Locks any space in use, if there is one with this id.
    pub fn lock_any_space(&mut self, id: SpaceId) -> Result<Option<Space>, StoreError> {
        self.climb(Rank::Space);
        let id = id.to_string();
        let found: Option<SpaceRow> = self.run(|db| {
            diesel::update(spaces::table.find(&id)).set(spaces::lock_seq.eq(spaces::lock_seq + 1)).execute(db)?;
            spaces::table
                .find(&id)
                .filter(spaces::state.eq_any(in_use()))
                .select(SpaceRow::as_select())
                .get_result(db)
                .optional()
        })?;
        found.map(SpaceRow::read).transpose()
    }
}
