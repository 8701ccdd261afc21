//! Administrations' back ends as they are kept. What operators change of them is one statement each: no lock is needed.

mod feed;

use chrono::NaiveDateTime;
use diesel::prelude::*;
use domain::{
    Coded,
    catalogue::AdministrationCode,
    id::PartnerId,
    partner::{Partner, PartnerEdit, PartnerScopes},
    text::PartnerName,
};

use crate::{
    connection::each,
    error::StoreError,
    row::{Row, columns, stamp},
    schema::partners,
    transaction::{Reading, Transaction},
};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = partners)]
struct PartnerRow {
    id: String,
    administration: String,
    name: String,
    scopes: String,
    status: String,
    created_at: NaiveDateTime,
}

#[derive(AsChangeset)]
#[diesel(table_name = partners)]
struct PartnerChanges {
    name: Option<String>,
    scopes: Option<String>,
    status: Option<&'static str>,
}

impl PartnerRow {
    fn read(self) -> Result<Partner, StoreError> {
        let row = Row { table: "partners", id: &self.id };
        Ok(Partner {
            id: row.id(&self.id)?,
            administration: row.value(AdministrationCode::parse(&self.administration))?,
            name: row.value(PartnerName::parse(&self.name))?,
            scopes: row.value(PartnerScopes::parse(&self.scopes))?,
            status: row.code(&self.status)?,
            created_at: self.created_at.and_utc(),
        })
    }
}

impl Reading<'_> {
    /// A partner, also one that is suspended.
    pub fn partner(&mut self, id: PartnerId) -> Result<Option<Partner>, StoreError> {
        let found: Option<PartnerRow> = self.run(|db| {
            each!(db => partners::table
                .filter(partners::id.eq(id.to_string()))
                .select(PartnerRow::as_select())
                .get_result(db))
            .optional()
        })?;
        found.map(PartnerRow::read).transpose()
    }

    /// A partner that gets in now.
    pub fn live_partner(&mut self, id: PartnerId) -> Result<Option<Partner>, StoreError> {
        Ok(self.partner(id)?.filter(Partner::gets_in))
    }

    /// Partners, suspended ones too, in the order of their ids, after this one.
    pub fn partners(&mut self, after: Option<PartnerId>, most: i64) -> Result<Vec<Partner>, StoreError> {
        // No id is smaller than the empty text.
        let after = after.map(|id| id.to_string()).unwrap_or_default();
        let found: Vec<PartnerRow> = self.run(|db| {
            partners::table
                .filter(partners::id.gt(after))
                .order(partners::id)
                .limit(most)
                .select(PartnerRow::as_select())
                .get_results(db)
        })?;
        found.into_iter().map(PartnerRow::read).collect()
    }
}

impl Transaction<'_> {
    /// Keeps a new partner and its client.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if there is one with its id.
    pub fn insert_partner(&mut self, partner: &Partner, jwks: &str) -> Result<(), StoreError> {
        self.insert_client(partner.id.into(), jwks)?;
        let row = PartnerRow {
            id: partner.id.to_string(),
            administration: partner.administration.to_string(),
            name: partner.name.to_string(),
            scopes: partner.scopes.to_string(),
            status: partner.status.code().to_owned(),
            created_at: stamp(partner.created_at),
        };
        self.run(|db| diesel::insert_into(partners::table).values(row).execute(db))?;
        Ok(())
    }

    /// Changes a partner, and gives it as it is then; none has the id, then nothing. At least one thing is changed.
    pub fn edit_partner(&mut self, id: PartnerId, edit: &PartnerEdit) -> Result<Option<Partner>, StoreError> {
        let changes = PartnerChanges {
            name: edit.name.as_ref().map(ToString::to_string),
            scopes: edit.scopes.as_ref().map(ToString::to_string),
            status: edit.status.map(Coded::code),
        };
        let edited: Option<PartnerRow> = self.run(|db| {
            let edited = diesel::update(partners::table.find(id.to_string())).set(changes);
            edited.returning(columns::<PartnerRow>()).get_result(db).optional()
        })?;
        edited.map(PartnerRow::read).transpose()
    }
}
