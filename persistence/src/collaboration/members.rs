//! The members of a space with their names, as they are listed and changed.

use diesel::prelude::*;
use domain::{
    Coded,
    collaboration::{MemberChange, Membership, MembershipStatus, Role},
    id::{MembershipId, SpaceId},
    identity::{Person, Product},
};

use super::{MembershipRow, is_active, is_living};
use crate::{
    error::StoreError,
    identity::{PersonRow, ProductRow},
    row::stamp,
    schema::{memberships, persons, products},
    transaction::{Reading, Transaction},
};

/// Which of the members of a space.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MemberFilter {
    /// Only those in this role.
    pub role: Option<Role>,
    /// Only those who stand so now; all whose membership is not over where none is named.
    pub status: Option<MembershipStatus>,
    /// Only those after this one, in the order of their ids.
    pub after: Option<MembershipId>,
}

/// A membership, its person, and the product that it came with.
type Known = (MembershipRow, PersonRow, ProductRow);

fn read((membership, person, product): Known) -> Result<(Membership, Person, Product), StoreError> {
    Ok((membership.read()?, person.read()?, product.read()?))
}

impl Reading<'_> {
    /// The members of a space, each with the product that the membership came with; the oldest membership comes first.
    pub fn members_of(
        &mut self,
        space: SpaceId,
        filter: MemberFilter,
        most: u32,
    ) -> Result<Vec<(Membership, Person, Product)>, StoreError> {
        let now = stamp(self.now());
        let roles = filter.role.map_or(Role::ALL.to_vec(), |role| vec![role]).into_iter().map(Coded::code);
        // No id is smaller than the empty text.
        let after = filter.after.map(|id| id.to_string()).unwrap_or_default();
        let suspended = memberships::status.eq(MembershipStatus::Suspended.code());
        let found: Vec<Known> = self.run(|db| {
            let members = memberships::table
                .inner_join(persons::table)
                .inner_join(products::table)
                .filter(memberships::space_id.eq(space.to_string()))
                .filter(memberships::role.eq_any(roles.collect::<Vec<_>>()))
                .filter(memberships::id.gt(after))
                .order(memberships::id)
                .limit(most.into())
                .select((MembershipRow::as_select(), PersonRow::as_select(), ProductRow::as_select()))
                .into_boxed();
            let members = match filter.status {
                None => members.filter(is_living(now)),
                Some(MembershipStatus::Active) => members.filter(is_active(now)),
                Some(MembershipStatus::Suspended) => members.filter(is_living(now)).filter(suspended),
                Some(MembershipStatus::Ended) => members.filter(diesel::dsl::not(is_living(now))),
            };
            members.get_results(db)
        })?;
        found.into_iter().map(read).collect()
    }

    /// One membership of a space, over or not.
    pub fn member_of(
        &mut self,
        id: MembershipId,
        space: SpaceId,
    ) -> Result<Option<(Membership, Person, Product)>, StoreError> {
        let found: Option<Known> = self.run(|db| {
            memberships::table
                .inner_join(persons::table)
                .inner_join(products::table)
                .filter(memberships::id.eq(id.to_string()))
                .filter(memberships::space_id.eq(space.to_string()))
                .select((MembershipRow::as_select(), PersonRow::as_select(), ProductRow::as_select()))
                .get_result(db)
                .optional()
        })?;
        found.map(read).transpose()
    }
}

impl Transaction<'_> {
    /// Keeps a new membership. One of the same person's that ended by its date is marked so: of the others there is one.
    pub(super) fn insert_newcomer(&mut self, membership: &Membership) -> Result<(), StoreError> {
        let (row, now) = (MembershipRow::from(membership), stamp(self.now()));
        self.run(|db| {
            let over = memberships::table
                .filter(memberships::space_id.eq(&row.space_id))
                .filter(memberships::person_id.eq(&row.person_id))
                .filter(diesel::dsl::not(is_living(now)));
            diesel::update(over).set(memberships::status.eq(MembershipStatus::Ended.code())).execute(db)?;
            diesel::insert_into(memberships::table).values(&row).execute(db)
        })?;
        Ok(())
    }

    /// Keeps what was decided of a member, under the lock of the space. Who is made able to administer it, or more able, is
    /// locked before: a product of his may be on its way out.
    pub fn save_member(&mut self, change: &MemberChange) -> Result<(), StoreError> {
        let row = MembershipRow::from(change.after());
        self.run(|db| diesel::update(memberships::table.find(&row.id)).set(&row).execute(db))?;
        Ok(())
    }
}
