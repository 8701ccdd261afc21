//! From rows of a catalogue to what it holds, and back.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use diesel::prelude::*;
use domain::{
    Coded,
    catalogue::{
        Administration, AdministrationCode, CatalogueName, LocalText, Owned, Sector, SectorCode, Service, ServiceCode,
        ServiceDomain, ServiceDomainCode, ServiceStatus,
    },
    form::Form,
    text::Language,
};

use crate::{
    error::StoreError,
    row::Row,
    schema::{administrations, sectors, service_domains, services},
};

/// Declares the rows of what has nothing but a title.
macro_rules! titled_rows {
    ($($row:ident of $table:ident: $name:ident with $code:ident),+ $(,)?) => {$(
        #[derive(Queryable, Selectable, Insertable, AsChangeset)]
        #[diesel(table_name = $table, primary_key(code))]
        pub(super) struct $row {
            pub(super) code: String,
            catalogue: String,
            titles: String,
            is_retired: bool,
        }

        impl $row {
            pub(super) fn of(catalogue: &CatalogueName, entry: &$name) -> Self {
                Self {
                    code: entry.code.to_string(),
                    catalogue: catalogue.to_string(),
                    titles: written(&entry.titles),
                    is_retired: entry.is_retired,
                }
            }
            pub(super) fn read(self) -> Result<Owned<$name>, StoreError> {
                let row = Row { table: stringify!($table), id: &self.code };
                let entry = $name {
                    code: row.value($code::parse(&self.code))?,
                    titles: text(&row, &self.titles)?,
                    is_retired: self.is_retired,
                };
                Ok(Owned { catalogue: row.value(CatalogueName::parse(&self.catalogue))?, entry })
            }
        }
    )+};
}
titled_rows! {
    AdministrationRow of administrations: Administration with AdministrationCode,
    SectorRow of sectors: Sector with SectorCode,
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = services, treat_none_as_default_value = false, treat_none_as_null = true, primary_key(code))]
pub(super) struct ServiceRow {
    pub(super) code: String,
    catalogue: String,
    administration: String,
    sector: String,
    titles: String,
    descriptions: String,
    ways_in: String,
    applicants: String,
    reapply_after_hours: Option<i64>,
    has_security_code: bool,
    least_assurance: String,
    code_valid_days: i64,
    valid_days: Option<i64>,
    is_retired: bool,
}

impl ServiceRow {
    pub(super) fn of(catalogue: &CatalogueName, service: &Service) -> Self {
        Self {
            code: service.code.to_string(),
            catalogue: catalogue.to_string(),
            administration: service.administration.to_string(),
            sector: service.sector.to_string(),
            titles: written(&service.titles),
            descriptions: written(&service.descriptions),
            ways_in: joined(&service.ways_in),
            applicants: joined(&service.applicants),
            reapply_after_hours: service.reapply_after.map(|time| time.num_hours()),
            has_security_code: service.has_security_code,
            least_assurance: service.least_assurance.code().to_owned(),
            code_valid_days: service.code_valid_for.num_days(),
            valid_days: service.valid_for.map(|time| time.num_days()),
            is_retired: service.status == ServiceStatus::Retired,
        }
    }

    pub(super) fn code(&self) -> &str {
        &self.code
    }

    /// The service with its domains, which come in any order.
    pub(super) fn read(self, mut domains: Vec<ServiceDomain>) -> Result<Owned<Service>, StoreError> {
        let row = Row { table: "services", id: &self.code };
        domains.sort_by(|one, other| one.code.cmp(&other.code));
        let service = Service {
            code: row.value(ServiceCode::parse(&self.code))?,
            administration: row.value(AdministrationCode::parse(&self.administration))?,
            sector: row.value(SectorCode::parse(&self.sector))?,
            titles: text(&row, &self.titles)?,
            descriptions: text(&row, &self.descriptions)?,
            ways_in: codes(&row, &self.ways_in)?,
            applicants: codes(&row, &self.applicants)?,
            reapply_after: self.reapply_after_hours.map(TimeDelta::hours),
            has_security_code: self.has_security_code,
            least_assurance: row.code(&self.least_assurance)?,
            code_valid_for: TimeDelta::days(self.code_valid_days),
            valid_for: self.valid_days.map(TimeDelta::days),
            domains,
            status: status(self.is_retired),
        };
        Ok(Owned { catalogue: row.value(CatalogueName::parse(&self.catalogue))?, entry: service })
    }
}

/// What a service is called.
#[derive(Queryable, Selectable)]
#[diesel(table_name = services)]
pub(super) struct TitleRow {
    code: String,
    titles: String,
}

impl TitleRow {
    pub(super) fn read(self) -> Result<(ServiceCode, LocalText), StoreError> {
        let row = Row { table: "services", id: &self.code };
        Ok((row.value(ServiceCode::parse(&self.code))?, text(&row, &self.titles)?))
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = service_domains)]
pub(super) struct DomainRow {
    service: String,
    code: String,
    titles: String,
    is_retired: bool,
}

impl DomainRow {
    pub(super) fn of(service: &ServiceCode, domain: &ServiceDomain) -> Self {
        Self {
            service: service.to_string(),
            code: domain.code.to_string(),
            titles: written(&domain.titles),
            is_retired: domain.status == ServiceStatus::Retired,
        }
    }

    /// The code of the service, and its domain.
    pub(super) fn read(self) -> Result<(String, ServiceDomain), StoreError> {
        let row = Row { table: "service_domains", id: &self.service };
        let domain = ServiceDomain {
            code: row.value(ServiceDomainCode::parse(&self.code))?,
            titles: text(&row, &self.titles)?,
            status: status(self.is_retired),
        };
        Ok((self.service, domain))
    }
}

pub(crate) fn status(is_retired: bool) -> ServiceStatus {
    if is_retired { ServiceStatus::Retired } else { ServiceStatus::Offered }
}

/// A JSON object, a text a language.
pub(crate) fn written(text: &LocalText) -> String {
    let texts: BTreeMap<&str, &str> = text.iter().collect();
    serde_json::json!(texts).to_string()
}

pub(crate) fn text(row: &Row<'_>, column: &str) -> Result<LocalText, StoreError> {
    let texts: BTreeMap<String, String> = row.value(serde_json::from_str(column))?;
    let texts = texts.into_iter().map(|(language, text)| Ok((row.code::<Language>(&language)?, text)));
    row.value(LocalText::new(texts.collect::<Result<Vec<_>, StoreError>>()?))
}

/// A form as a row has it.
pub(crate) fn form(row: &Row<'_>, column: &str) -> Result<Form, StoreError> {
    let schema = row.value(serde_json::from_str(column))?;
    Form::parse(schema).map_err(|_| row.corrupt("its form is none"))
}

fn joined<T: Coded>(values: &BTreeSet<T>) -> String {
    values.iter().map(|value| value.code()).collect::<Vec<_>>().join(" ")
}

fn codes<T: Coded + Ord>(row: &Row<'_>, column: &str) -> Result<BTreeSet<T>, StoreError> {
    column.split_whitespace().map(|code| row.code(code)).collect()
}
