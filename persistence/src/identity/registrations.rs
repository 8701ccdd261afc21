//! Registrations as they are kept.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use domain::{
    Coded, Instant,
    id::RegistrationId,
    identity::{Confirmation, Identity, Protected, Registration, RegistrationStatus, Serial},
    text::{EmailAddress, PersonName},
};

use crate::{
    error::StoreError,
    recurring::{PURGED_AT_ONCE, is_full},
    row::{Row, stamp},
    schema::registrations,
    transaction::{Rank, Reading, Transaction},
};

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = registrations, treat_none_as_default_value = false)]
struct RegistrationRow {
    id: String,
    serial: String,
    kind: String,
    number_digest: String,
    number_sealed: String,
    given_name: String,
    family_name: String,
    assurance: String,
    email: String,
    language: String,
    status: String,
    code_digest: String,
    code_expires_at: NaiveDateTime,
    tries_left: i64,
    resends_left: i64,
    created_at: NaiveDateTime,
}

impl From<&Registration> for RegistrationRow {
    fn from(registration: &Registration) -> Self {
        let identity = &registration.identity;
        Self {
            id: registration.id.to_string(),
            serial: identity.serial.as_str().to_owned(),
            kind: identity.kind.code().to_owned(),
            number_digest: identity.number.digest.clone(),
            number_sealed: identity.number.sealed.clone(),
            given_name: identity.given_name.to_string(),
            family_name: identity.family_name.to_string(),
            assurance: identity.assurance.code().to_owned(),
            email: registration.email.to_string(),
            language: registration.language.code().to_owned(),
            status: registration.status.code().to_owned(),
            code_digest: registration.confirmation.digest.clone(),
            code_expires_at: stamp(registration.confirmation.expires_at),
            tries_left: registration.confirmation.tries_left.into(),
            resends_left: registration.confirmation.resends_left.into(),
            created_at: stamp(registration.created_at),
        }
    }
}

impl RegistrationRow {
    fn read(self) -> Result<Registration, StoreError> {
        let row = Row { table: "registrations", id: &self.id };
        Ok(Registration {
            id: row.id(&self.id)?,
            email: row.value(EmailAddress::parse(&self.email))?,
            language: row.code(&self.language)?,
            status: row.code(&self.status)?,
            confirmation: Confirmation {
                expires_at: self.code_expires_at.and_utc(),
                tries_left: row.number(self.tries_left)?,
                resends_left: row.number(self.resends_left)?,
                digest: self.code_digest,
            },
            created_at: self.created_at.and_utc(),
            identity: Identity {
                serial: row.value(Serial::parse(&self.serial))?,
                kind: row.code(&self.kind)?,
                given_name: row.value(PersonName::parse(&self.given_name))?,
                family_name: row.value(PersonName::parse(&self.family_name))?,
                assurance: row.code(&self.assurance)?,
                number: Protected { digest: self.number_digest, sealed: self.number_sealed },
            },
        })
    }
}

impl Reading<'_> {
    /// A registration by its id.
    pub fn registration(&mut self, id: RegistrationId) -> Result<Option<Registration>, StoreError> {
        let found: Option<RegistrationRow> = self.run(|db| {
            registrations::table.find(id.to_string()).select(RegistrationRow::as_select()).get_result(db).optional()
        })?;
        found.map(RegistrationRow::read).transpose()
    }

    /// Whether a product waits for its code to come back.
    pub fn is_awaiting_confirmation(&mut self, serial: &Serial) -> Result<bool, StoreError> {
        let waiting: i64 = self.run(|db| {
            registrations::table
                .filter(registrations::serial.eq(serial.as_str()))
                .filter(registrations::status.eq(RegistrationStatus::AwaitingConfirmation.code()))
                .count()
                .get_result(db)
        })?;
        Ok(waiting > 0)
    }
}

impl Transaction<'_> {
    /// Locks a registration: its tries and its end change under this lock.
    pub fn lock_registration(&mut self, id: RegistrationId) -> Result<Option<Registration>, StoreError> {
        self.climb(Rank::Object);
        let id = id.to_string();
        let found: Option<RegistrationRow> = self.run(|db| {
            diesel::update(registrations::table.find(&id))
                .set(registrations::lock_seq.eq(registrations::lock_seq + 1))
                .execute(db)?;
            registrations::table.find(&id).select(RegistrationRow::as_select()).get_result(db).optional()
        })?;
        found.map(RegistrationRow::read).transpose()
    }

    /// Keeps a new registration, which takes the place of an unconfirmed one of the same product.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if another one of the same product began at the same moment.
    pub fn insert_registration(&mut self, registration: &Registration) -> Result<(), StoreError> {
        self.supersede_registration(&registration.identity.serial)?;
        let row = RegistrationRow::from(registration);
        self.run(|db| diesel::insert_into(registrations::table).values(&row).execute(db))?;
        Ok(())
    }

    /// Ends the registration of a product that still waits for its code, if there is one.
    pub fn supersede_registration(&mut self, serial: &Serial) -> Result<(), StoreError> {
        let awaiting = registrations::table
            .filter(registrations::serial.eq(serial.as_str()))
            .filter(registrations::status.eq(RegistrationStatus::AwaitingConfirmation.code()));
        let superseded = registrations::status.eq(RegistrationStatus::Superseded.code());
        self.run(|db| diesel::update(awaiting).set(superseded).execute(db))?;
        Ok(())
    }

    /// Keeps what became of a locked registration.
    pub fn save_registration(&mut self, registration: &Registration) -> Result<(), StoreError> {
        let row = RegistrationRow::from(registration);
        self.run(|db| diesel::update(registrations::table.find(&row.id)).set(&row).execute(db))?;
        Ok(())
    }
    /// Forgets registrations whose code expired before a moment: what they led to is kept elsewhere. Says whether there may be more.
    pub fn purge_registrations(&mut self, before: Instant) -> Result<bool, StoreError> {
        let is_old = registrations::code_expires_at.lt(stamp(before));
        self.run(|db| {
            let old = registrations::table.filter(is_old).select(registrations::id);
            let old: Vec<String> = old.limit(PURGED_AT_ONCE).get_results(db)?;
            let ids = registrations::id.eq_any(&old);
            // Asked again: the code may have been sent anew since.
            diesel::delete(registrations::table.filter(ids).filter(is_old)).execute(db)?;
            Ok(is_full(&old))
        })
    }
}
