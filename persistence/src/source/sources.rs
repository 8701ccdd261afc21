//! Sources, as catalogues have them.

use chrono::TimeDelta;
use diesel::prelude::*;
use domain::{
    Coded,
    catalogue::{AdministrationCode, CatalogueName, Change, Entry, Owned, SectorCode, ServiceCode, ServiceDomainCode},
    source::{AuthenticSource, SourceCode, SourceWithForm},
    space::SpaceKind,
};

use crate::{
    catalogue::row::{self, status, text, written},
    error::StoreError,
    row::Row,
    schema::authentic_sources,
    transaction::{Reading, Transaction},
};

/// All that a source says but its form.
#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = authentic_sources, treat_none_as_default_value = false, treat_none_as_null = true, primary_key(code))]
pub(super) struct SourceRow {
    code: String,
    catalogue: String,
    administration: String,
    theme: String,
    audience: String,
    titles: String,
    descriptions: String,
    certification: Option<String>,
    domain: Option<String>,
    fresh_days: i64,
    is_retired: bool,
}

impl SourceRow {
    fn of(catalogue: &CatalogueName, loaded: &SourceWithForm) -> Self {
        let source = &loaded.source;
        Self {
            code: source.code.to_string(),
            catalogue: catalogue.to_string(),
            administration: source.administration.to_string(),
            theme: source.theme.to_string(),
            audience: source.audience.code().to_owned(),
            titles: written(&source.titles),
            descriptions: written(&source.descriptions),
            certification: source.certification.as_ref().map(ToString::to_string),
            domain: source.domain.as_ref().map(ToString::to_string),
            fresh_days: source.fresh_for.num_days(),
            is_retired: loaded.is_retired(),
        }
    }

    fn read(self) -> Result<Owned<AuthenticSource>, StoreError> {
        let row = Row { table: "authentic_sources", id: &self.code };
        let source = AuthenticSource {
            code: row.value(SourceCode::parse(&self.code))?,
            administration: row.value(AdministrationCode::parse(&self.administration))?,
            theme: row.value(SectorCode::parse(&self.theme))?,
            audience: row.code(&self.audience)?,
            titles: text(&row, &self.titles)?,
            descriptions: text(&row, &self.descriptions)?,
            certification: self.certification.as_deref().map(|code| row.value(ServiceCode::parse(code))).transpose()?,
            domain: self.domain.as_deref().map(|code| row.value(ServiceDomainCode::parse(code))).transpose()?,
            fresh_for: TimeDelta::days(row.number(self.fresh_days)?.into()),
            status: status(self.is_retired),
        };
        Ok(Owned { catalogue: row.value(CatalogueName::parse(&self.catalogue))?, entry: source })
    }

    fn with_form(self, form: &str) -> Result<Owned<SourceWithForm>, StoreError> {
        let Owned { catalogue, entry: source } = self.read()?;
        let row = Row { table: "authentic_sources", id: source.code.as_str() };
        let form = row::form(&row, form)?;
        Ok(Owned { catalogue, entry: SourceWithForm { source, form } })
    }
}

impl Reading<'_> {
    /// The sources that open to this kind of space, in the order of their codes: a few hundred at most.
    pub fn authentic_sources(&mut self, audience: SpaceKind) -> Result<Vec<AuthenticSource>, StoreError> {
        let found: Vec<SourceRow> = self.run(|db| {
            authentic_sources::table
                .filter(authentic_sources::is_retired.eq(false))
                .filter(authentic_sources::audience.eq(audience.code()))
                .select(SourceRow::as_select())
                .get_results(db)
        })?;
        let mut found = found.into_iter().map(|row| Ok(row.read()?.entry)).collect::<Result<Vec<_>, StoreError>>()?;
        // Whatever the database's collation is, in the order in which pages go on.
        found.sort_by(|one, other| one.code.cmp(&other.code));
        Ok(found)
    }

    /// A source that is offered, with the form of its records.
    pub fn authentic_source(&mut self, code: &SourceCode) -> Result<Option<SourceWithForm>, StoreError> {
        let found: Option<(SourceRow, String)> = self.run(|db| {
            authentic_sources::table
                .find(code.as_str())
                .filter(authentic_sources::is_retired.eq(false))
                .select((SourceRow::as_select(), authentic_sources::form))
                .get_result(db)
                .optional()
        })?;
        found.map(|(row, form)| Ok(row.with_form(&form)?.entry)).transpose()
    }

    /// Every source.
    pub(crate) fn loaded_authentic_sources(&mut self) -> Result<Vec<Owned<SourceWithForm>>, StoreError> {
        let found: Vec<(SourceRow, String)> = self.run(|db| {
            authentic_sources::table.select((SourceRow::as_select(), authentic_sources::form)).get_results(db)
        })?;
        found.into_iter().map(|(row, form)| row.with_form(&form)).collect()
    }
}

impl Transaction<'_> {
    /// Keeps what loading a catalogue makes of a source.
    pub(crate) fn save_authentic_source(
        &mut self,
        catalogue: &CatalogueName,
        change: Change,
        loaded: &SourceWithForm,
    ) -> Result<(), StoreError> {
        let row = (SourceRow::of(catalogue, loaded), authentic_sources::form.eq(loaded.form.schema().to_string()));
        let kept = authentic_sources::table.find(loaded.code());
        self.run(|db| match change {
            Change::Added => diesel::insert_into(authentic_sources::table).values(row).execute(db),
            _ => diesel::update(kept).set(row).execute(db),
        })?;
        Ok(())
    }
}
