//! Facts about this database as a whole.

use diesel::{connection::SimpleConnection, prelude::*};

use crate::{
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
}
