//! Addresses that wait for their codes as they are kept; those that are over are kept without the address, to be counted.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use domain::{
    Instant,
    id::PersonId,
    identity::{AddressOwner, AddressesAsked, AwaitingAddress, Confirmation, address::ASKED_WITHIN},
    text::EmailAddress,
};

use crate::{
    error::StoreError,
    kept::Kept,
    recurring::{PURGED_AT_ONCE, is_full},
    row::{Row, stamp},
    schema::awaiting_addresses,
    transaction::{Reading, Transaction},
};

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = awaiting_addresses, treat_none_as_default_value = false)]
struct AddressRow {
    id: String,
    owner: String,
    asked_by: String,
    email: Option<String>,
    code_digest: String,
    code_expires_at: NaiveDateTime,
    tries_left: i64,
    resends_left: i64,
    created_at: NaiveDateTime,
}

impl From<&AwaitingAddress> for AddressRow {
    fn from(awaiting: &AwaitingAddress) -> Self {
        Self {
            id: awaiting.id.to_string(),
            owner: awaiting.owner.to_string(),
            asked_by: awaiting.asked_by.to_string(),
            email: Some(awaiting.email.to_string()),
            code_digest: awaiting.confirmation.digest.clone(),
            code_expires_at: stamp(awaiting.confirmation.expires_at),
            tries_left: awaiting.confirmation.tries_left.into(),
            resends_left: awaiting.confirmation.resends_left.into(),
            created_at: stamp(awaiting.created_at),
        }
    }
}

impl AddressRow {
    fn read(self, owner: AddressOwner) -> Result<AwaitingAddress, StoreError> {
        let row = Row { table: "awaiting_addresses", id: &self.id };
        Ok(AwaitingAddress {
            id: row.id(&self.id)?,
            owner,
            asked_by: row.id(&self.asked_by)?,
            email: row.value(EmailAddress::parse(self.email.as_deref().unwrap_or_default()))?,
            confirmation: Confirmation {
                digest: self.code_digest,
                expires_at: self.code_expires_at.and_utc(),
                tries_left: row.number(self.tries_left)?,
                resends_left: row.number(self.resends_left)?,
            },
            created_at: self.created_at.and_utc(),
        })
    }
}

impl Reading<'_> {
    /// The address that waits for its code, if one does and is not forgotten.
    pub fn awaiting_address(&mut self, owner: AddressOwner) -> Result<Option<AwaitingAddress>, StoreError> {
        let forgotten = stamp(self.now() - ASKED_WITHIN);
        let found: Option<AddressRow> = self.run(|db| {
            awaiting_addresses::table
                .filter(awaiting_addresses::owner.eq(owner.to_string()))
                .filter(awaiting_addresses::email.is_not_null())
                .filter(awaiting_addresses::code_expires_at.gt(forgotten))
                .select(AddressRow::as_select())
                .get_result(db)
                .optional()
        })?;
        found.map(|row| row.read(owner)).transpose()
    }

    /// How many addresses were asked for of late, for this owner and by this person; believed only under the locks of both.
    pub fn addresses_asked(&mut self, owner: AddressOwner, person: PersonId) -> Result<AddressesAsked, StoreError> {
        let (owner, person) = (owner.to_string(), person.to_string());
        let lately = awaiting_addresses::created_at.gt(stamp(self.now() - ASKED_WITHIN));
        let (for_owner, by_person): (i64, i64) = self.run(|db| {
            let asked = awaiting_addresses::table.filter(lately);
            Ok((
                asked.filter(awaiting_addresses::owner.eq(&owner)).count().get_result(db)?,
                asked.filter(awaiting_addresses::asked_by.eq(&person)).count().get_result(db)?,
            ))
        })?;
        let row = Row { table: "awaiting_addresses of", id: &owner };
        Ok(AddressesAsked { for_owner: row.number(for_owner)?, by_person: row.number(by_person)? })
    }
}

impl Transaction<'_> {
    /// Keeps an address that was asked for, under the locks of its owner and of who asked; it takes the place of the one that waited.
    pub fn insert_awaiting_address(&mut self, awaiting: &AwaitingAddress) -> Result<(), StoreError> {
        self.drop_awaiting_address(awaiting.owner)?;
        let row = AddressRow::from(awaiting);
        self.run(|db| diesel::insert_into(awaiting_addresses::table).values(&row).execute(db))?;
        Ok(())
    }

    /// Keeps what became of the code of an address whose owner is locked.
    pub fn save_awaiting_address(&mut self, awaiting: &AwaitingAddress) -> Result<(), StoreError> {
        let row = AddressRow::from(awaiting);
        self.run(|db| diesel::update(awaiting_addresses::table.find(&row.id)).set(&row).execute(db))?;
        Ok(())
    }

    /// Nothing waits any more for the owner, whose row is locked. Says whether something did.
    pub fn drop_awaiting_address(&mut self, owner: AddressOwner) -> Result<bool, StoreError> {
        let awaiting = awaiting_addresses::table
            .filter(awaiting_addresses::owner.eq(owner.to_string()))
            .filter(awaiting_addresses::email.is_not_null());
        let nowhere = awaiting_addresses::email.eq(None::<String>);
        let dropped = self.run(|db| Kept(diesel::update(awaiting).set(nowhere)).execute(db))?;
        Ok(dropped > 0)
    }

    /// Forgets addresses whose last code expired before a moment. Says whether there may be more.
    pub fn purge_addresses(&mut self, before: Instant) -> Result<bool, StoreError> {
        let is_old = awaiting_addresses::code_expires_at.le(stamp(before));
        self.run(|db| {
            let old = awaiting_addresses::table.filter(is_old).select(awaiting_addresses::id);
            let old: Vec<String> = old.limit(PURGED_AT_ONCE).get_results(db)?;
            let ids = awaiting_addresses::id.eq_any(&old);
            // Asked again: the code may have been sent anew since.
            diesel::delete(awaiting_addresses::table.filter(ids).filter(is_old)).execute(db)?;
            Ok(is_full(&old))
        })
    }
}
