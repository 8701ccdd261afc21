//! Facts about this database as a whole.

use diesel::{connection::SimpleConnection, prelude::*, sql_types::Text};

use crate::{
    connection::Db,
    error::StoreError,
    schema::installation,
    transaction::{Reading, Transaction},
};

impl Reading<'_> {
    /// Asks the database for nothing but an answer.
    pub fn ping(&mut self) -> Result<(), StoreError> {
        self.run(|db| db.batch_execute("SELECT 1"))
    }

    /// A fact by its name.
    pub fn installation_fact(&mut self, name: &str) -> Result<Option<String>, StoreError> {
        self.run(|db| installation::table.find(name).select(installation::value).get_result(db).optional())
    }
}

impl Transaction<'_> {
    /// Sets a fact for good; one that is set stays as it is.
    pub fn set_installation_fact(&mut self, name: &str, value: &str) -> Result<(), StoreError> {
        if self.installation_fact(name)?.is_none() {
            let row = (installation::name.eq(name), installation::value.eq(value));
            self.run(|db| diesel::insert_into(installation::table).values(row).execute(db))?;
        }
        Ok(())
    }

    /// Locks a fact that is there to be locked, and makes it where it is missing.
    pub(crate) fn lock_installation_fact(&mut self, name: &str) -> Result<(), StoreError> {
        let fact = || installation::table.find(name);
        let lock = |db: &mut Db| diesel::update(fact()).set(installation::value.eq(installation::value)).execute(db);
        if self.run(lock)? == 0 {
            // Of two that make it at once one waits for the other, and then locks what he made.
            let make = "INSERT INTO installation (name, value) VALUES ($1, 'lock') ON CONFLICT DO NOTHING";
            self.run(|db| diesel::sql_query(make).bind::<Text, _>(name).execute(db))?;
            self.run(lock)?;
        }
        Ok(())
    }
}
