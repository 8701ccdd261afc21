//! Loading a catalogue: one at a time, under one lock for all.

use diesel::prelude::*;
use domain::catalogue::{CatalogueName, Change, Loaded, Loading, Service};

use super::row::{AdministrationRow, DomainRow, SectorRow, ServiceRow};
use crate::{
    error::StoreError,
    row::{Row, stamp},
    schema::{administrations, catalogues, sectors, service_domains, services},
    transaction::{Rank, Reading, Transaction},
};

/// The row of `installation` that whoever loads a catalogue locks: one may rest on another.
const LOCK: &str = "catalogues";

impl Transaction<'_> {
    /// Takes the lock of loading, and gives all that is loaded.
    pub fn lock_catalogues(&mut self) -> Result<Loaded, StoreError> {
        self.climb(Rank::Object);
        self.lock_installation_fact(LOCK)?;
        self.loaded()
    }

    /// Keeps what loading a catalogue changes.
    pub fn save_loading(&mut self, loading: &Loading) -> Result<(), StoreError> {
        if loading.is_done() {
            return Ok(());
        }
        self.save_catalogue(loading)?;
        for (change, administration) in loading.administrations() {
            self.save_administration(*change, &AdministrationRow::of(loading.name(), administration))?;
        }
        for (change, sector) in loading.sectors() {
            self.save_sector(*change, &SectorRow::of(loading.name(), sector))?;
        }
        for (change, service) in loading.services() {
            self.save_service(*change, &ServiceRow::of(loading.name(), service))?;
            self.save_domains(service)?;
        }
        for (change, kind) in loading.procedure_types() {
            self.save_procedure_type(loading.name(), *change, kind)?;
        }
        for (change, source) in loading.sources() {
            self.save_authentic_source(loading.name(), *change, source)?;
        }
        Ok(())
    }

    fn save_catalogue(&mut self, loading: &Loading) -> Result<(), StoreError> {
        let now = self.now();
        let row = (
            catalogues::name.eq(loading.name().as_str()),
            catalogues::version.eq(i64::from(loading.version())),
            catalogues::loaded_at.eq(stamp(now)),
        );
        self.run(|db| {
            let updated = diesel::update(catalogues::table.find(loading.name().as_str())).set(row).execute(db)?;
            if updated == 0 { diesel::insert_into(catalogues::table).values(row).execute(db) } else { Ok(updated) }
        })?;
        Ok(())
    }

    fn save_administration(&mut self, change: Change, row: &AdministrationRow) -> Result<(), StoreError> {
        self.run(|db| match change {
            Change::Added => diesel::insert_into(administrations::table).values(row).execute(db),
            _ => diesel::update(administrations::table.find(&row.code)).set(row).execute(db),
        })?;
        Ok(())
    }

    fn save_sector(&mut self, change: Change, row: &SectorRow) -> Result<(), StoreError> {
        self.run(|db| match change {
            Change::Added => diesel::insert_into(sectors::table).values(row).execute(db),
            _ => diesel::update(sectors::table.find(&row.code)).set(row).execute(db),
        })?;
        Ok(())
    }

    fn save_service(&mut self, change: Change, row: &ServiceRow) -> Result<(), StoreError> {
        self.run(|db| match change {
            Change::Added => diesel::insert_into(services::table).values(row).execute(db),
            _ => diesel::update(services::table.find(&row.code)).set(row).execute(db),
        })?;
        Ok(())
    }

    fn save_domains(&mut self, service: &Service) -> Result<(), StoreError> {
        let of_service = service_domains::service.eq(service.code.as_str());
        self.run(|db| diesel::delete(service_domains::table.filter(of_service)).execute(db))?;
        for domain in &service.domains {
            let row = DomainRow::of(&service.code, domain);
            self.run(|db| diesel::insert_into(service_domains::table).values(row).execute(db))?;
        }
        Ok(())
    }
}

impl Reading<'_> {
    fn loaded(&mut self) -> Result<Loaded, StoreError> {
        let versions: Vec<(String, i64)> =
            self.run(|db| catalogues::table.select((catalogues::name, catalogues::version)).get_results(db))?;
        let version = |(name, version): (String, i64)| {
            let row = Row { table: "catalogues", id: &name };
            Ok((row.value(CatalogueName::parse(&name))?, row.number(version)?))
        };
        let rows: Vec<ServiceRow> = self.run(|db| services::table.select(ServiceRow::as_select()).get_results(db))?;
        let domain_rows: Vec<DomainRow> =
            self.run(|db| service_domains::table.select(DomainRow::as_select()).get_results(db))?;
        let mut domains = super::by_service(domain_rows)?;
        let service = |row: ServiceRow| {
            let of_service = domains.remove(row.code()).unwrap_or_default();
            row.read(of_service)
        };
        Ok(Loaded {
            versions: versions.into_iter().map(version).collect::<Result<_, StoreError>>()?,
            administrations: read(self.administration_rows()?, AdministrationRow::read)?,
            sectors: read(self.sector_rows()?, SectorRow::read)?,
            services: read(rows, service)?,
            procedure_types: self.loaded_procedure_types()?,
            sources: self.loaded_authentic_sources()?,
        })
    }
}

fn read<R, E>(rows: Vec<R>, read: impl FnMut(R) -> Result<E, StoreError>) -> Result<Vec<E>, StoreError> {
    rows.into_iter().map(read).collect()
}
