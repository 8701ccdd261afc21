//! What is loaded of catalogues, as it is kept and read.

mod loading;
pub(crate) mod row;

use std::collections::HashMap;

use diesel::prelude::*;
use domain::catalogue::{
    Administration, AdministrationCode, LocalText, Sector, SectorCode, Service, ServiceCode, ServiceDomain,
};

use self::row::{AdministrationRow, DomainRow, SectorRow, ServiceRow, TitleRow};
use crate::{
    connection::each,
    error::StoreError,
    schema::{administrations, sectors, service_domains, services},
    transaction::Reading,
};

/// Which of the services that are offered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServiceFilter {
    /// Only those of this administration.
    pub administration: Option<AdministrationCode>,
    /// Only those of this sector.
    pub sector: Option<SectorCode>,
}

impl Reading<'_> {
    /// A service, also one that is retired.
    pub fn service(&mut self, code: &ServiceCode) -> Result<Option<Service>, StoreError> {
        let found: Option<ServiceRow> = self.run(|db| {
            each!(db => services::table.find(code.as_str()).select(ServiceRow::as_select()).get_result(db)).optional()
        })?;
        let Some(found) = found else { return Ok(None) };
        let domains: Vec<DomainRow> = self.run(|db| {
            each!(db => service_domains::table
                .filter(service_domains::service.eq(code.as_str()))
                .select(DomainRow::as_select())
                .get_results(db))
        })?;
        let domains = domains.into_iter().map(|domain| Ok(domain.read()?.1)).collect::<Result<_, StoreError>>()?;
        Ok(Some(found.read(domains)?.entry))
    }

    /// The codes and titles of the services that are offered, in the order of the codes: a few hundred at most.
    pub fn service_titles(&mut self, filter: &ServiceFilter) -> Result<Vec<(ServiceCode, LocalText)>, StoreError> {
        let mut wanted = services::table.filter(services::is_retired.eq(false)).into_boxed();
        if let Some(administration) = &filter.administration {
            wanted = wanted.filter(services::administration.eq(administration.as_str()));
        }
        if let Some(sector) = &filter.sector {
            wanted = wanted.filter(services::sector.eq(sector.as_str()));
        }
        let found: Vec<TitleRow> = self.run(|db| wanted.select(TitleRow::as_select()).get_results(db))?;
        let mut titles = found.into_iter().map(TitleRow::read).collect::<Result<Vec<_>, StoreError>>()?;
        // Whatever the database's collation is, in the order in which pages go on.
        titles.sort_by(|one, other| one.0.cmp(&other.0));
        Ok(titles)
    }

    /// These services, also those that are retired, in the order of their codes.
    pub fn services(&mut self, codes: &[ServiceCode]) -> Result<Vec<Service>, StoreError> {
        let codes: Vec<&str> = codes.iter().map(ServiceCode::as_str).collect();
        let found: Vec<ServiceRow> = self.run(|db| {
            let of_codes = services::table.filter(services::code.eq_any(&codes));
            of_codes.select(ServiceRow::as_select()).get_results(db)
        })?;
        let mut domains = self.domains_of(&codes)?;
        let read = |service: ServiceRow| {
            let of_service = domains.remove(service.code()).unwrap_or_default();
            Ok(service.read(of_service)?.entry)
        };
        let mut services = found.into_iter().map(read).collect::<Result<Vec<Service>, StoreError>>()?;
        services.sort_by(|one, other| one.code.cmp(&other.code));
        Ok(services)
    }

    /// The domains of so many services.
    fn domains_of(&mut self, services: &[&str]) -> Result<HashMap<String, Vec<ServiceDomain>>, StoreError> {
        let rows: Vec<DomainRow> = self.run(|db| {
            let of_services = service_domains::table.filter(service_domains::service.eq_any(services));
            of_services.select(DomainRow::as_select()).get_results(db)
        })?;
        by_service(rows)
    }

    /// An administration, also one that is retired.
    pub fn administration(&mut self, code: &AdministrationCode) -> Result<Option<Administration>, StoreError> {
        let found: Option<AdministrationRow> = self.run(|db| {
            let one = administrations::table.find(code.as_str());
            one.select(AdministrationRow::as_select()).get_result(db).optional()
        })?;
        found.map(|row| Ok(row.read()?.entry)).transpose()
    }

    /// The administrations of these codes, also those that are retired.
    pub fn administrations_of(&mut self, codes: &[&AdministrationCode]) -> Result<Vec<Administration>, StoreError> {
        let codes: Vec<&str> = codes.iter().map(|code| code.as_str()).collect();
        let rows: Vec<AdministrationRow> = self.run(|db| {
            let of_services = administrations::table.filter(administrations::code.eq_any(codes));
            of_services.select(AdministrationRow::as_select()).get_results(db)
        })?;
        rows.into_iter().map(|row| Ok(row.read()?.entry)).collect()
    }

    /// The sectors of these codes, also those that are retired.
    pub fn sectors_of(&mut self, codes: &[&SectorCode]) -> Result<Vec<Sector>, StoreError> {
        let codes: Vec<&str> = codes.iter().map(|code| code.as_str()).collect();
        let rows: Vec<SectorRow> = self.run(|db| {
            let of_services = sectors::table.filter(sectors::code.eq_any(codes));
            of_services.select(SectorRow::as_select()).get_results(db)
        })?;
        rows.into_iter().map(|row| Ok(row.read()?.entry)).collect()
    }

    /// Every administration, also those that are retired.
    pub fn administrations(&mut self) -> Result<Vec<Administration>, StoreError> {
        let rows = self.administration_rows()?;
        rows.into_iter().map(|row| Ok(row.read()?.entry)).collect()
    }

    fn administration_rows(&mut self) -> Result<Vec<AdministrationRow>, StoreError> {
        self.run(|db| {
            let all = administrations::table.order(administrations::code);
            all.select(AdministrationRow::as_select()).get_results(db)
        })
    }

    fn sector_rows(&mut self) -> Result<Vec<SectorRow>, StoreError> {
        self.run(|db| sectors::table.order(sectors::code).select(SectorRow::as_select()).get_results(db))
    }
}

/// The domains of each service.
fn by_service(rows: Vec<DomainRow>) -> Result<HashMap<String, Vec<ServiceDomain>>, StoreError> {
    let mut domains: HashMap<String, Vec<ServiceDomain>> = HashMap::new();
    for row in rows {
        let (service, domain) = row.read()?;
        domains.entry(service).or_default().push(domain);
    }
    Ok(domains)
}
