//! Memberships as they are kept.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use domain::{
    Coded,
    collaboration::{AccessScope, Member, Membership, MembershipStatus, Role, Roster},
    id::SpaceId,
    identity::{Person, ProductStatus},
};

use crate::{
    error::StoreError,
    identity::PersonRow,
    row::{Row, stamp},
    schema::{memberships, persons, products},
    transaction::Reading,
};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = memberships, treat_none_as_default_value = false)]
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
        })
    }
}

/// The memberships that let a person in with a product now: the one place where SQL says so (domain.md §3).
#[diesel::dsl::auto_type(no_type_alias)]
pub(crate) fn lets_in<'a>(person: &'a str, product: &'a str, now: NaiveDateTime) -> _ {
    let active: &'static str = MembershipStatus::Active.code();
    let every: &'static str = AccessScope::AllProducts.code();
    memberships::person_id
        .eq(person)
        .and(memberships::status.eq(active))
        .and(memberships::scope.eq(every).or(memberships::product_id.eq(product)))
        .and(memberships::ends_at.is_null().or(memberships::ends_at.assume_not_null().gt(now)))
}

/// The memberships of a space that are active now.
#[diesel::dsl::auto_type(no_type_alias)]
pub(crate) fn active_in<'a>(space: &'a str, now: NaiveDateTime) -> _ {
    let active: &'static str = MembershipStatus::Active.code();
    memberships::space_id
        .eq(space)
        .and(memberships::status.eq(active))
        .and(memberships::ends_at.is_null().or(memberships::ends_at.assume_not_null().gt(now)))
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
        let rows: Vec<MembershipRow> = self.run(|db| {
            memberships::table
                .filter(memberships::space_id.eq(space.to_string()))
                .filter(memberships::status.ne(MembershipStatus::Ended.code()))
                .order(memberships::id)
                .select(MembershipRow::as_select())
                .get_results(db)
        })?;
        let registered: Vec<(String, String)> = self.run(|db| {
            let persons: Vec<&str> = rows.iter().map(|row| row.person_id.as_str()).collect();
            products::table
                .filter(products::person_id.eq_any(persons))
                .filter(products::status.eq(ProductStatus::Registered.code()))
                .order(products::id)
                .select((products::person_id, products::id))
                .get_results(db)
        })?;
        let members = rows.into_iter().map(|row| {
            let of_person = registered.iter().filter(|(person, _)| *person == row.person_id);
            let products = of_person.map(|(_, id)| Row { table: "products", id }.id(id)).collect::<Result<_, _>>()?;
            Ok(Member { membership: row.read()?, products })
        });
        Ok(Roster(members.collect::<Result<_, StoreError>>()?))
    }
}
