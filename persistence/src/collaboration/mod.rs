//! Memberships as they are kept.

mod invitations;
mod join_requests;
mod members;
mod recoveries;
mod system_users;

pub use invitations::InvitationFilter;
pub use join_requests::JoinRequestFilter;
pub use members::MemberFilter;
pub use system_users::SystemUserFilter;

use std::collections::BTreeMap;

use chrono::NaiveDateTime;
use diesel::prelude::*;
use domain::{
    Coded,
    collaboration::{AccessScope, Member, Membership, MembershipStatus, Role, Roster},
    id::{ProductId, SpaceId},
    identity::{Person, ProductStatus},
};

use crate::{
    error::StoreError,
    identity::PersonRow,
    row::{NAMED_AT_ONCE, Row, stamp},
    schema::{memberships, persons, products},
    transaction::Reading,
};

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = memberships, treat_none_as_default_value = false, treat_none_as_null = true)]
pub(crate) struct MembershipRow {
    id: String,
    space_id: String,
    person_id: String,
    role: String,
    scope: String,
    product_id: String,
    status: String,
    ends_at: Option<NaiveDateTime>,
    created_at: NaiveDateTime,
    version: i64,
}

impl From<&Membership> for MembershipRow {
    fn from(membership: &Membership) -> Self {
        Self {
            id: membership.id.to_string(),
            space_id: membership.space.to_string(),
            person_id: membership.person.to_string(),
            role: membership.role.code().to_owned(),
            scope: membership.scope.code().to_owned(),
            product_id: membership.product.to_string(),
            status: membership.status.code().to_owned(),
            ends_at: membership.ends_at.map(stamp),
            created_at: stamp(membership.created_at),
            version: membership.version.into(),
        }
    }
}

impl MembershipRow {
    pub(crate) fn read(self) -> Result<Membership, StoreError> {
        let row = Row { table: "memberships", id: &self.id };
        Ok(Membership {
            id: row.id(&self.id)?,
            space: row.id(&self.space_id)?,
            person: row.id(&self.person_id)?,
            role: row.code(&self.role)?,
            scope: row.code(&self.scope)?,
            product: row.id(&self.product_id)?,
            status: row.code(&self.status)?,
            ends_at: self.ends_at.map(|at| at.and_utc()),
            created_at: self.created_at.and_utc(),
            version: row.number(self.version)?,
        })
    }
}

/// The memberships that are not over now, suspended ones too: nobody ended them, and their end date has not come (domain.md
/// §3, C).
#[diesel::dsl::auto_type]
pub(crate) fn is_living(now: NaiveDateTime) -> _ {
    let ended: &'static str = MembershipStatus::Ended.code();
    memberships::status.ne(ended).and(memberships::ends_at.is_null().or(memberships::ends_at.assume_not_null().gt(now)))
}

/// Those of them that are active.
#[diesel::dsl::auto_type]
fn is_active(now: NaiveDateTime) -> _ {
    let active: &'static str = MembershipStatus::Active.code();
    let living: is_living = is_living(now);
    living.and(memberships::status.eq(active))
}

/// The memberships that let a person in with a product now: the one place where SQL says so (domain.md §3).
#[diesel::dsl::auto_type(no_type_alias)]
pub(crate) fn lets_in<'a>(person: &'a str, product: &'a str, now: NaiveDateTime) -> _ {
    let every: &'static str = AccessScope::AllProducts.code();
    let active: is_active = is_active(now);
    memberships::person_id
        .eq(person)
        .and(active)
        .and(memberships::scope.eq(every).or(memberships::product_id.eq(product)))
}

/// The memberships of a space that are active now.
#[diesel::dsl::auto_type(no_type_alias)]
pub(crate) fn active_in<'a>(space: &'a str, now: NaiveDateTime) -> _ {
    let active: is_active = is_active(now);
    memberships::space_id.eq(space).and(active)
}

impl Reading<'_> {
    /// The persons whose memberships of a space are active, in one of these roles; the oldest membership comes first.
    pub fn active_members(&mut self, space: SpaceId, roles: &[Role]) -> Result<Vec<Person>, StoreError> {
        let (space, now) = (space.to_string(), stamp(self.now()));
        let roles: Vec<&str> = roles.iter().copied().map(Coded::code).collect();
        let rows: Vec<PersonRow> = self.run(|db| {
            memberships::table
                .inner_join(persons::table)
                .filter(active_in(&space, now))
                .filter(memberships::role.eq_any(roles))
                .order(memberships::id)
                .select(PersonRow::as_select())
                .get_results(db)
        })?;
        rows.into_iter().map(PersonRow::read).collect()
    }

    /// Who is in a space; believed only under its lock.
    pub fn roster(&mut self, space: SpaceId) -> Result<Roster, StoreError> {
        Ok(self.rosters(&[space])?.remove(&space).unwrap_or_default())
    }

    /// Who is in each of these spaces, in one look at a thousand; believed only under their locks.
    pub fn rosters(&mut self, of: &[SpaceId]) -> Result<BTreeMap<SpaceId, Roster>, StoreError> {
        let mut rosters: BTreeMap<SpaceId, Roster> = BTreeMap::new();
        for some in of.chunks(NAMED_AT_ONCE) {
            for (membership, product) in self.members_with_products(some)? {
                let membership = membership.read()?;
                let product: Option<ProductId> =
                    product.map(|id| Row { table: "products", id: &id }.id(&id)).transpose()?;
                let members = &mut rosters.entry(membership.space).or_default().0;
                match members.last_mut().filter(|member| member.membership.id == membership.id) {
                    Some(member) => member.products.extend(product),
                    None => members.push(Member { membership, products: product.into_iter().collect() }),
                }
            }
        }
        Ok(rosters)
    }

    /// The memberships of spaces that are not over, oldest first, each as often as its person has registered products:
    /// once with each of them, or once without.
    fn members_with_products(&mut self, of: &[SpaceId]) -> Result<Vec<(MembershipRow, Option<String>)>, StoreError> {
        let (spaces, now): (Vec<String>, _) = (of.iter().map(ToString::to_string).collect(), stamp(self.now()));
        let registered =
            products::person_id.eq(memberships::person_id).and(products::status.eq(ProductStatus::Registered.code()));
        self.run(|db| {
            memberships::table
                .left_join(products::table.on(registered))
                .filter(memberships::space_id.eq_any(&spaces))
                .filter(is_living(now))
                .order((memberships::id, products::id))
                .select((MembershipRow::as_select(), products::id.nullable()))
                .get_results(db)
        })
    }
}
