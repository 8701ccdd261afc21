//! Types of procedures: each version of one is written once, and read for as long as a draft keeps it.

use std::collections::BTreeMap;

use diesel::prelude::*;
use domain::{
    Coded,
    catalogue::{AdministrationCode, CatalogueName, Change, Owned, SectorCode, ServiceCode},
    procedure::{AttachmentCode, AttachmentSlot, ProcedureType, ProcedureTypeCode, TypeWithForm},
    space::SpaceKind,
    store_room::MediaType,
};
use serde_json::{Value, json};

use crate::{
    catalogue::row::{self, status, text, written},
    error::StoreError,
    row::Row,
    schema::{procedure_type_versions as versions, procedure_types as types},
    transaction::{Reading, Transaction},
};

/// Which of the types that are offered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProcedureTypeFilter {
    /// Only those of this administration.
    pub administration: Option<AdministrationCode>,
    /// Only those that belong here.
    pub theme: Option<SectorCode>,
    /// Only those that run from this kind of space.
    pub audience: Option<SpaceKind>,
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = types, primary_key(code))]
struct TypeRow {
    code: String,
    catalogue: String,
    version: i64,
    is_retired: bool,
}

/// All that a version says but its form.
#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = versions)]
pub(super) struct VersionRow {
    code: String,
    version: i64,
    administration: String,
    theme: String,
    audience: String,
    titles: String,
    descriptions: String,
    keywords: Option<String>,
    certification: Option<String>,
    least_assurance: String,
    attachments: String,
    signature: String,
    replies_allowed: bool,
}

impl VersionRow {
    fn of(kind: &ProcedureType) -> Self {
        Self {
            code: kind.code.to_string(),
            version: kind.version.into(),
            administration: kind.administration.to_string(),
            theme: kind.theme.to_string(),
            audience: kind.audience.code().to_owned(),
            titles: written(&kind.titles),
            descriptions: written(&kind.descriptions),
            keywords: kind.keywords.as_ref().map(written),
            certification: kind.certification.as_ref().map(ToString::to_string),
            least_assurance: kind.least_assurance.code().to_owned(),
            attachments: kind.attachments.iter().map(slot).collect::<Value>().to_string(),
            signature: kind.signature.code().to_owned(),
            replies_allowed: kind.replies_allowed,
        }
    }

    pub(super) fn read(self, is_retired: bool) -> Result<ProcedureType, StoreError> {
        let row = Row { table: "procedure_type_versions", id: &self.code };
        let slots: Vec<Value> = row.value(serde_json::from_str(&self.attachments))?;
        Ok(ProcedureType {
            code: row.value(ProcedureTypeCode::parse(&self.code))?,
            version: row.number(self.version)?,
            administration: row.value(AdministrationCode::parse(&self.administration))?,
            theme: row.value(SectorCode::parse(&self.theme))?,
            audience: row.code(&self.audience)?,
            titles: text(&row, &self.titles)?,
            descriptions: text(&row, &self.descriptions)?,
            keywords: self.keywords.as_deref().map(|keywords| text(&row, keywords)).transpose()?,
            certification: self.certification.as_deref().map(|code| row.value(ServiceCode::parse(code))).transpose()?,
            least_assurance: row.code(&self.least_assurance)?,
            attachments: slots.iter().map(|slot| read_slot(&row, slot)).collect::<Result<_, _>>()?,
            signature: row.code(&self.signature)?,
            replies_allowed: self.replies_allowed,
            status: status(is_retired),
        })
    }
}

fn slot(slot: &AttachmentSlot) -> Value {
    let titles: BTreeMap<&str, &str> = slot.titles.iter().collect();
    let media_types: Vec<&str> = slot.media_types.iter().map(|media_type| media_type.code()).collect();
    json!({
        "code": slot.code.as_str(), "titles": titles, "isRequired": slot.is_required, "mediaTypes": media_types,
        "maxMegabytes": slot.max_megabytes, "maxFiles": slot.max_files,
    })
}

fn read_slot(row: &Row<'_>, slot: &Value) -> Result<AttachmentSlot, StoreError> {
    let wrong = || row.corrupt("an attachment has no such member");
    let code = slot["code"].as_str().ok_or_else(wrong)?;
    let media_type = |code: &Value| row.code::<MediaType>(code.as_str().ok_or_else(wrong)?);
    Ok(AttachmentSlot {
        code: row.value(AttachmentCode::parse(code))?,
        titles: text(row, &slot["titles"].to_string())?,
        is_required: slot["isRequired"].as_bool().ok_or_else(wrong)?,
        media_types: slot["mediaTypes"]
            .as_array()
            .ok_or_else(wrong)?
            .iter()
            .map(media_type)
            .collect::<Result<_, _>>()?,
        max_megabytes: row.number(slot["maxMegabytes"].as_i64().ok_or_else(wrong)?)?,
        // Types that were loaded before slots said so have one file in each.
        max_files: row.number(slot["maxFiles"].as_i64().unwrap_or(1))?,
    })
}

pub(super) fn read_form(kind: ProcedureType, form: &str) -> Result<TypeWithForm, StoreError> {
    let row = Row { table: "procedure_type_versions", id: kind.code.as_str() };
    let form = row::form(&row, form)?;
    Ok(TypeWithForm { kind, form })
}

/// Each type in its last version.
macro_rules! current {
    () => {
        types::table
            .inner_join(versions::table.on(versions::code.eq(types::code).and(versions::version.eq(types::version))))
    };
}

impl Reading<'_> {
    /// The types that are offered, in the order of their codes: a few hundred at most.
    pub fn procedure_types(&mut self, filter: &ProcedureTypeFilter) -> Result<Vec<ProcedureType>, StoreError> {
        let found: Vec<VersionRow> = self.run(|db| {
            let mut wanted = current!().filter(types::is_retired.eq(false)).into_boxed();
            if let Some(administration) = &filter.administration {
                wanted = wanted.filter(versions::administration.eq(administration.as_str()));
            }
            if let Some(theme) = &filter.theme {
                wanted = wanted.filter(versions::theme.eq(theme.as_str()));
            }
            if let Some(audience) = filter.audience {
                wanted = wanted.filter(versions::audience.eq(audience.code()));
            }
            wanted.select(VersionRow::as_select()).get_results(db)
        })?;
        let mut found = found.into_iter().map(|row| row.read(false)).collect::<Result<Vec<_>, _>>()?;
        // Whatever the database's collation is, in the order in which pages go on.
        found.sort_by(|one, other| one.code.cmp(&other.code));
        Ok(found)
    }

    /// A type in its last version, also one that is retired, with its form.
    pub fn procedure_type(&mut self, code: &ProcedureTypeCode) -> Result<Option<TypeWithForm>, StoreError> {
        let found: Option<(VersionRow, String, bool)> = self.run(|db| {
            current!()
                .filter(types::code.eq(code.as_str()))
                .select((VersionRow::as_select(), versions::form, types::is_retired))
                .get_result(db)
                .optional()
        })?;
        found.map(|(row, form, is_retired)| read_form(row.read(is_retired)?, &form)).transpose()
    }

    /// Every type in its last version.
    pub(crate) fn loaded_procedure_types(&mut self) -> Result<Vec<Owned<TypeWithForm>>, StoreError> {
        let found: Vec<(TypeRow, VersionRow, String)> = self.run(|db| {
            current!().select((TypeRow::as_select(), VersionRow::as_select(), versions::form)).get_results(db)
        })?;
        let read = |(kind, version, form): (TypeRow, VersionRow, String)| {
            let row = Row { table: "procedure_types", id: &kind.code };
            let catalogue = row.value(CatalogueName::parse(&kind.catalogue))?;
            Ok(Owned { catalogue, entry: read_form(version.read(kind.is_retired)?, &form)? })
        };
        found.into_iter().map(read).collect()
    }
}

impl Transaction<'_> {
    /// Keeps what loading a catalogue makes of a type: another version of it, or only that it is offered or not.
    pub(crate) fn save_procedure_type(
        &mut self,
        catalogue: &CatalogueName,
        change: Change,
        loaded: &TypeWithForm,
    ) -> Result<(), StoreError> {
        let row = TypeRow {
            code: loaded.kind.code.to_string(),
            catalogue: catalogue.to_string(),
            version: loaded.kind.version.into(),
            is_retired: domain::catalogue::Entry::is_retired(loaded),
        };
        self.run(|db| match change {
            Change::Added => diesel::insert_into(types::table).values(&row).execute(db),
            _ => diesel::update(types::table.find(&row.code)).set(&row).execute(db),
        })?;
        let (version, form) = (VersionRow::of(&loaded.kind), versions::form.eq(loaded.form.schema().to_string()));
        self.run(|db| {
            let known = versions::table.find((&row.code, row.version)).count().get_result::<i64>(db)?;
            if known == 0 { diesel::insert_into(versions::table).values((version, form)).execute(db) } else { Ok(0) }
        })?;
        Ok(())
    }
}
