//! Persons as they are kept.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use domain::{
    Coded,
    id::PersonId,
    identity::{Person, Protected},
    text::{EmailAddress, PersonName},
};

use crate::{
    connection::each,
    error::StoreError,
    kept::Kept,
    row::{Row, columns, stamp},
    schema::persons,
    transaction::{Rank, Reading, Transaction},
};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = persons, treat_none_as_default_value = false)]
pub(crate) struct PersonRow {
    id: String,
    number_digest: String,
    number_sealed: String,
    given_name: String,
    family_name: String,
    email: String,
    language: String,
    created_at: NaiveDateTime,
    updated_at: Option<NaiveDateTime>,
    version: i64,
}

impl From<&Person> for PersonRow {
    fn from(person: &Person) -> Self {
        Self {
            id: person.id.to_string(),
            number_digest: person.number.digest.clone(),
            number_sealed: person.number.sealed.clone(),
            given_name: person.given_name.to_string(),
            family_name: person.family_name.to_string(),
            email: person.email.to_string(),
            language: person.language.code().to_owned(),
            created_at: stamp(person.created_at),
            updated_at: Some(stamp(person.updated_at)),
            version: person.version.into(),
        }
    }
}

impl PersonRow {
    pub(crate) fn read(self) -> Result<Person, StoreError> {
        let row = Row { table: "persons", id: &self.id };
        Ok(Person {
            id: row.id(&self.id)?,
            number: Protected { digest: self.number_digest, sealed: self.number_sealed },
            given_name: row.value(PersonName::parse(&self.given_name))?,
            family_name: row.value(PersonName::parse(&self.family_name))?,
            email: row.value(EmailAddress::parse(&self.email))?,
            language: row.code(&self.language)?,
            created_at: self.created_at.and_utc(),
            updated_at: self.updated_at.unwrap_or(self.created_at).and_utc(),
            version: row.number(self.version)?,
        })
    }
}

impl Reading<'_> {
    /// A person who has logged in, so who exists.
    pub fn person(&mut self, person: PersonId) -> Result<Person, StoreError> {
        self.run(|db| persons::table.find(person.to_string()).select(PersonRow::as_select()).get_result(db))?.read()
    }

    /// Who has a national number, given by its digests under every data key.
    pub fn person_with_number(&mut self, digests: &[String]) -> Result<Option<PersonId>, StoreError> {
        let found: Option<String> = self.run(|db| {
            persons::table.filter(persons::number_digest.eq_any(digests)).select(persons::id).get_result(db).optional()
        })?;
        found.map(|id| Row { table: "persons", id: &id }.id(&id)).transpose()
    }
}

impl Transaction<'_> {
    /// Locks a person: his products, his private space and his memberships change under this lock.
    pub fn lock_person(&mut self, person: PersonId) -> Result<Person, StoreError> {
        self.climb(Rank::Person);
        let id = person.to_string();
        let lock = persons::lock_seq.eq(persons::lock_seq + 1);
        let locked = diesel::update(persons::table.find(&id)).set(lock).returning(columns::<PersonRow>());
        self.run(|db| each!(db => Kept(locked).get_result::<PersonRow>(db)))?.read()
    }

    /// Waits for the only place at which a new person comes in, instead of locking a known one.
    ///
    /// Two servers whose data keys are not in the same order keep a national number under two digests, which no unique
    /// constraint compares; under this lock each finds what the other kept.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if somebody with this number came in meanwhile.
    pub fn lock_newcomers(&mut self, digests: &[String]) -> Result<(), StoreError> {
        self.climb(Rank::Person);
        self.lock_installation_fact("newcomers")?;
        match self.person_with_number(digests)? {
            Some(_) => Err(StoreError::Conflict("a person with the same national number came in".into())),
            None => Ok(()),
        }
    }

    /// Keeps a new person.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if somebody has the national number.
    pub fn insert_person(&mut self, person: &Person) -> Result<(), StoreError> {
        self.run(|db| diesel::insert_into(persons::table).values(PersonRow::from(person)).execute(db))?;
        Ok(())
    }

    /// Keeps what a locked person was edited to.
    pub fn save_person(&mut self, person: &Person) -> Result<(), StoreError> {
        let changes = (
            persons::email.eq(person.email.as_str()),
            persons::language.eq(person.language.code()),
            persons::updated_at.eq(stamp(person.updated_at)),
            persons::version.eq(i64::from(person.version)),
        );
        self.run(|db| diesel::update(persons::table.find(person.id.to_string())).set(changes).execute(db))?;
        Ok(())
    }
}
