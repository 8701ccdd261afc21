//! Loading a catalogue: what a file changes of what is loaded, and what no file may change (domain.md §4, C).

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Administration, AdministrationCode, CatalogueName, Entry, Owned, Sector, SectorCode, Service, ServiceCode,
    ServiceDomainCode,
};
use crate::{procedure::TypeWithForm, source::SourceWithForm};

/// The most services that are offered, of all catalogues together: lists of them are made in memory.
pub const MOST_SERVICES: usize = 500;
/// The most types of procedures that are offered, of all catalogues together.
pub const MOST_TYPES: usize = 500;
/// The most authentic sources that are offered, of all catalogues together.
pub const MOST_SOURCES: usize = 200;
/// The most administrations, and the most sectors, of one catalogue.
pub const MOST_ENTRIES: usize = 200;
/// The highest version.
pub const LAST_VERSION: u32 = 4_000_000_000;

/// A catalogue, as a file has it: nothing in it is retired, no code stands in it twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catalogue {
    /// What it is called.
    pub name: CatalogueName,
    /// Its version, at least 1; another content needs a higher one.
    pub version: u32,
    /// Its administrations.
    pub administrations: Vec<Administration>,
    /// Its sectors.
    pub sectors: Vec<Sector>,
    /// Its services, which may be of other catalogues' administrations and sectors.
    pub services: Vec<Service>,
    /// Its types of procedures, which may be of other catalogues' administrations and sectors, and want their services.
    pub procedure_types: Vec<TypeWithForm>,
    /// Its authentic sources, which may be of other catalogues' administrations and sectors, and want their services.
    pub sources: Vec<SourceWithForm>,
}

/// All that is loaded, of every catalogue, as it is under the lock of loading.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Loaded {
    /// The version of each catalogue.
    pub versions: BTreeMap<CatalogueName, u32>,
    /// Every administration.
    pub administrations: Vec<Owned<Administration>>,
    /// Every sector.
    pub sectors: Vec<Owned<Sector>>,
    /// Every service.
    pub services: Vec<Owned<Service>>,
    /// Every type of procedure, in its last version.
    pub procedure_types: Vec<Owned<TypeWithForm>>,
    /// Every authentic source.
    pub sources: Vec<Owned<SourceWithForm>>,
}

/// Why a catalogue is not loaded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the sentence says it")]
pub enum LoadingFault {
    #[error("version {version} is older than version {loaded}, which is loaded")]
    VersionTooLow { version: u32, loaded: u32 },
    #[error("version {version} is loaded with another content: give this one a higher version")]
    VersionUsed { version: u32 },
    #[error("{kind} {code} is of catalogue {catalogue}")]
    Taken { kind: &'static str, code: String, catalogue: CatalogueName },
    #[error("{kind} {code} is of administration {administration}, which no catalogue would have")]
    NoAdministration { kind: &'static str, code: String, administration: AdministrationCode },
    #[error("{kind} {code} is of sector {sector}, which no catalogue would have")]
    NoSector { kind: &'static str, code: String, sector: SectorCode },
    #[error("{kind} {code} wants a certification for {service}, which no catalogue would offer")]
    NoService { kind: &'static str, code: String, service: ServiceCode },
    #[error("{kind} {code} is of domain {domain}, which {service} would not have")]
    NoDomain { kind: &'static str, code: String, service: ServiceCode, domain: ServiceDomainCode },
    #[error("{services} services would be offered, more than {MOST_SERVICES}")]
    TooManyServices { services: usize },
    #[error("{types} procedure types would be offered, more than {MOST_TYPES}")]
    TooManyTypes { types: usize },
    #[error("{sources} authentic sources would be offered, more than {MOST_SOURCES}")]
    TooManySources { sources: usize },
}

/// What becomes of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It is new.
    Added,
    /// It is another than before, or back again.
    Changed,
    /// It is left out.
    Retired,
}

/// What loading a catalogue changes, as the rule allows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loading {
    name: CatalogueName,
    version: u32,
    is_new_version: bool,
    administrations: Vec<(Change, Administration)>,
    sectors: Vec<(Change, Sector)>,
    services: Vec<(Change, Service)>,
    procedure_types: Vec<(Change, TypeWithForm)>,
    sources: Vec<(Change, SourceWithForm)>,
}

impl Loading {
    /// What the catalogue is called.
    pub fn name(&self) -> &CatalogueName {
        &self.name
    }
    /// Its version.
    pub fn version(&self) -> u32 {
        self.version
    }
    /// Whether this very version was loaded before.
    pub fn is_done(&self) -> bool {
        !self.is_new_version
    }
    /// What becomes of administrations.
    pub fn administrations(&self) -> &[(Change, Administration)] {
        &self.administrations
    }
    /// What becomes of sectors.
    pub fn sectors(&self) -> &[(Change, Sector)] {
        &self.sectors
    }
    /// What becomes of services.
    pub fn services(&self) -> &[(Change, Service)] {
        &self.services
    }
    /// What becomes of types of procedures.
    pub fn procedure_types(&self) -> &[(Change, TypeWithForm)] {
        &self.procedure_types
    }
    /// What becomes of authentic sources.
    pub fn sources(&self) -> &[(Change, SourceWithForm)] {
        &self.sources
    }

    /// Each entry that changes: what it is, its code, and what becomes of it.
    pub fn changes(&self) -> impl Iterator<Item = (&'static str, &str, Change)> {
        fn told<E: Entry>(changes: &[(Change, E)]) -> impl Iterator<Item = (&'static str, &str, Change)> {
            changes.iter().map(|(change, entry)| (E::KIND, entry.code(), *change))
        }
        let administrations = told(&self.administrations).chain(told(&self.sectors));
        administrations.chain(told(&self.services)).chain(told(&self.procedure_types)).chain(told(&self.sources))
    }
}

impl Loaded {
    /// What loading a catalogue changes. A version that is loaded changes nothing; a higher one takes its place, and what it
    /// leaves out is retired.
    ///
    /// # Errors
    /// All that keeps it from being loaded.
    pub fn load(&self, catalogue: Catalogue) -> Result<Loading, Vec<LoadingFault>> {
        let (version, before) = (catalogue.version, self.versions.get(&catalogue.name).copied());
        if let Some(loaded) = before.filter(|loaded| version < *loaded) {
            return Err(vec![LoadingFault::VersionTooLow { version, loaded }]);
        }
        let mut faults = self.reference_faults(&catalogue);
        let name = catalogue.name;
        let loading = Loading {
            administrations: changes(&self.administrations, catalogue.administrations, &name, &mut faults),
            sectors: changes(&self.sectors, catalogue.sectors, &name, &mut faults),
            services: changes(&self.services, catalogue.services, &name, &mut faults),
            procedure_types: changes(&self.procedure_types, catalogue.procedure_types, &name, &mut faults),
            sources: changes(&self.sources, catalogue.sources, &name, &mut faults),
            is_new_version: before != Some(version),
            name,
            version,
        };
        if faults.is_empty() && loading.is_done() && loading.changes().next().is_some() {
            faults.push(LoadingFault::VersionUsed { version });
        }
        if faults.is_empty() { Ok(loading) } else { Err(faults) }
    }

    /// What the entries that would be offered lack, be they of this catalogue or of another that rests on it.
    fn reference_faults(&self, catalogue: &Catalogue) -> Vec<LoadingFault> {
        let administrations = codes(&self.administrations, &catalogue.administrations, &catalogue.name);
        let sectors = codes(&self.sectors, &catalogue.sectors, &catalogue.name);
        let services: Vec<_> = offered(&self.services, &catalogue.services, &catalogue.name).collect();
        let types: Vec<_> = offered(&self.procedure_types, &catalogue.procedure_types, &catalogue.name).collect();
        let sources: Vec<_> = offered(&self.sources, &catalogue.sources, &catalogue.name).collect();
        let of_services = services.iter().copied().map(Needs::of_service);
        let of_types = types.iter().copied().map(Needs::of_type);
        let needs = of_services.chain(of_types).chain(sources.iter().copied().map(Needs::of_source));
        let mut faults = Vec::new();
        for Needs { kind, code, administration, sector, certification, domain } in needs {
            let code = code.to_owned();
            if !administrations.contains(administration.as_str()) {
                let (code, administration) = (code.clone(), administration.clone());
                faults.push(LoadingFault::NoAdministration { kind, code, administration });
            }
            if !sectors.contains(sector.as_str()) {
                faults.push(LoadingFault::NoSector { kind, code: code.clone(), sector: sector.clone() });
            }
            let Some(wanted) = certification else { continue };
            let service = wanted.clone();
            match services.iter().find(|service| service.code == *wanted) {
                None => faults.push(LoadingFault::NoService { kind, code, service }),
                Some(found) => {
                    let missing = domain.filter(|domain| !found.offers(domain)).cloned();
                    faults.extend(missing.map(|domain| LoadingFault::NoDomain { kind, code, service, domain }));
                }
            }
        }
        if services.len() > MOST_SERVICES {
            faults.push(LoadingFault::TooManyServices { services: services.len() });
        }
        if types.len() > MOST_TYPES {
            faults.push(LoadingFault::TooManyTypes { types: types.len() });
        }
        if sources.len() > MOST_SOURCES {
            faults.push(LoadingFault::TooManySources { sources: sources.len() });
        }
        faults
    }
}

/// What an entry rests on.
struct Needs<'e> {
    kind: &'static str,
    code: &'e str,
    administration: &'e AdministrationCode,
    sector: &'e SectorCode,
    certification: Option<&'e ServiceCode>,
    domain: Option<&'e ServiceDomainCode>,
}

impl<'e> Needs<'e> {
    fn of<E: Entry>(entry: &'e E, administration: &'e AdministrationCode, sector: &'e SectorCode) -> Self {
        Self { kind: E::KIND, code: entry.code(), administration, sector, certification: None, domain: None }
    }
    fn of_service(service: &'e Service) -> Self {
        Self::of(service, &service.administration, &service.sector)
    }
    fn of_type(of: &'e TypeWithForm) -> Self {
        let needs = Self::of(of, &of.kind.administration, &of.kind.theme);
        Self { certification: of.kind.certification.as_ref(), ..needs }
    }
    fn of_source(of: &'e SourceWithForm) -> Self {
        let needs = Self::of(of, &of.source.administration, &of.source.theme);
        Self { certification: of.source.certification.as_ref(), domain: of.source.domain.as_ref(), ..needs }
    }
}

/// What is there once the new entries of a catalogue have taken the place of those that it has.
fn offered<'e, E: Entry>(loaded: &'e [Owned<E>], new: &'e [E], name: &'e CatalogueName) -> impl Iterator<Item = &'e E> {
    let others = loaded.iter().filter(move |owned| owned.catalogue != *name && !owned.entry.is_retired());
    others.map(|owned| &owned.entry).chain(new)
}

fn codes<'e, E: Entry>(loaded: &'e [Owned<E>], new: &'e [E], name: &'e CatalogueName) -> BTreeSet<&'e str> {
    offered(loaded, new, name).map(Entry::code).collect()
}

fn changes<E: Entry>(
    loaded: &[Owned<E>],
    new: Vec<E>,
    name: &CatalogueName,
    faults: &mut Vec<LoadingFault>,
) -> Vec<(Change, E)> {
    let mut left: BTreeMap<&str, &Owned<E>> = loaded.iter().map(|owned| (owned.entry.code(), owned)).collect();
    let mut changes = Vec::new();
    for entry in new {
        match left.remove(entry.code()) {
            None => changes.push((Change::Added, entry)),
            Some(Owned { catalogue, .. }) if catalogue != name => {
                let (kind, code) = (E::KIND, entry.code().to_owned());
                faults.push(LoadingFault::Taken { kind, code, catalogue: catalogue.clone() });
            }
            Some(Owned { entry: before, .. }) => {
                let entry = entry.succeeding(before);
                if entry != *before {
                    changes.push((Change::Changed, entry));
                }
            }
        }
    }
    let left_out = left.into_values().filter(|owned| owned.catalogue == *name && !owned.entry.is_retired());
    changes.extend(left_out.map(|owned| (Change::Retired, owned.entry.clone().retired())));
    changes
}

#[cfg(test)]
mod tests {
    use std::iter;

    use chrono::TimeDelta;
    use proptest::{collection::btree_map, prelude::*};

    use super::{super::*, *};
    use crate::{
        identity::Assurance, procedure::procedure_type::tests::procedure_type, source::authentic_source::tests::source,
        text::Language,
    };

    fn titles(text: &str) -> LocalText {
        LocalText::new([(Language::Fr, text.to_owned())]).unwrap()
    }

    fn service(code: &str, title: &str) -> Service {
        let code = ServiceCode::parse(code).unwrap();
        Service {
            administration: code.administration(),
            code,
            sector: SectorCode::parse("taxes").unwrap(),
            titles: titles(title),
            descriptions: titles("—"),
            ways_in: [WayIn::AccessCode].into(),
            applicants: [].into(),
            reapply_after: None,
            has_security_code: false,
            least_assurance: Assurance::Substantial,
            code_valid_for: TimeDelta::days(60),
            valid_for: None,
            domains: vec![],
            status: ServiceStatus::Offered,
        }
    }

    fn with_domains(codes: &[&str]) -> Service {
        let domain = |code: &&str| ServiceDomain {
            code: ServiceDomainCode::parse(code).unwrap(),
            titles: titles(code),
            status: ServiceStatus::Offered,
        };
        Service { domains: codes.iter().map(domain).collect(), ..service("acd.tax-cards", "Fiches") }
    }

    fn catalogue(name: &str, version: u32, services: Vec<Service>) -> Catalogue {
        let acd = AdministrationCode::parse("acd").unwrap();
        let taxes = SectorCode::parse("taxes").unwrap();
        Catalogue {
            name: CatalogueName::parse(name).unwrap(),
            version,
            administrations: vec![Administration { code: acd, titles: titles("ACD"), is_retired: false }],
            sectors: vec![Sector { code: taxes, titles: titles("Impôts"), is_retired: false }],
            services,
            procedure_types: vec![],
            sources: vec![],
        }
    }

    /// One that has nothing of its own to rest on.
    fn guest(version: u32, services: Vec<Service>) -> Catalogue {
        Catalogue { administrations: vec![], sectors: vec![], ..catalogue("guest", version, services) }
    }

    fn keep<E: Entry>(kept: &mut Vec<Owned<E>>, changes: &[(Change, E)], catalogue: &CatalogueName) {
        for (_, entry) in changes {
            kept.retain(|owned| owned.entry.code() != entry.code());
            kept.push(Owned { catalogue: catalogue.clone(), entry: entry.clone() });
        }
    }

    /// Loads as the database does.
    fn load(loaded: &mut Loaded, catalogue: Catalogue) -> Result<Vec<(Change, String)>, Vec<LoadingFault>> {
        let loading = loaded.load(catalogue)?;
        loaded.versions.insert(loading.name().clone(), loading.version());
        keep(&mut loaded.administrations, loading.administrations(), loading.name());
        keep(&mut loaded.sectors, loading.sectors(), loading.name());
        keep(&mut loaded.services, loading.services(), loading.name());
        keep(&mut loaded.procedure_types, loading.procedure_types(), loading.name());
        keep(&mut loaded.sources, loading.sources(), loading.name());
        Ok(loading.changes().map(|(_, code, change)| (change, code.to_owned())).collect())
    }

    #[test]
    fn a_version_is_loaded_once_and_with_one_content() {
        let (mut loaded, first) = (Loaded::default(), catalogue("one", 2, vec![service("acd.tax-cards", "Fiches")]));
        assert_eq!(load(&mut loaded, first.clone()).unwrap().len(), 3);
        assert!(loaded.load(first.clone()).unwrap().is_done());
        assert_eq!(load(&mut loaded, first.clone()), Ok(vec![]));

        let other = catalogue("one", 2, vec![service("acd.tax-cards", "Cartes")]);
        assert_eq!(loaded.load(other.clone()), Err(vec![LoadingFault::VersionUsed { version: 2 }]));
        let older = Catalogue { version: 1, ..first.clone() };
        assert_eq!(loaded.load(older), Err(vec![LoadingFault::VersionTooLow { version: 1, loaded: 2 }]));
        let newer = Catalogue { version: 3, ..other };
        assert_eq!(load(&mut loaded, newer), Ok(vec![(Change::Changed, "acd.tax-cards".into())]));
        let same = Catalogue { version: 4, ..catalogue("one", 3, vec![service("acd.tax-cards", "Cartes")]) };
        assert!(!loaded.load(same.clone()).unwrap().is_done(), "its version is kept");
        assert_eq!(load(&mut loaded, same), Ok(vec![]));
    }

    #[test]
    fn what_is_left_out_is_retired_and_may_come_back() {
        let mut loaded = Loaded::default();
        load(&mut loaded, catalogue("one", 1, vec![with_domains(&["a", "b"])])).unwrap();
        load(&mut loaded, catalogue("one", 2, vec![with_domains(&["b", "c"])])).unwrap();
        let statuses = |loaded: &Loaded| {
            let Owned { entry, .. } = &loaded.services[0];
            let domains = entry.domains.iter().map(|domain| (domain.code.to_string(), domain.status));
            (entry.status, domains.collect::<Vec<_>>())
        };
        let (offered, retired) = (ServiceStatus::Offered, ServiceStatus::Retired);
        let domains = vec![("a".to_owned(), retired), ("b".to_owned(), offered), ("c".to_owned(), offered)];
        assert_eq!(statuses(&loaded), (offered, domains.clone()));
        let gone = load(&mut loaded, catalogue("one", 3, vec![]));
        assert_eq!(gone, Ok(vec![(Change::Retired, "acd.tax-cards".into())]));
        assert_eq!(statuses(&loaded), (retired, domains));
        assert_eq!(load(&mut loaded, catalogue("one", 4, vec![])), Ok(vec![]), "once");
        load(&mut loaded, catalogue("one", 5, vec![with_domains(&["a"])])).unwrap();
        assert_eq!(statuses(&loaded).1[0], ("a".to_owned(), offered));
    }

    #[test]
    fn a_catalogue_takes_nothing_over_and_rests_on_what_is_there() {
        let mut loaded = Loaded::default();
        let (acd, taxes) = (AdministrationCode::parse("acd").unwrap(), SectorCode::parse("taxes").unwrap());
        let code = ServiceCode::parse("acd.vat").unwrap();
        let unfounded = vec![
            LoadingFault::NoAdministration { kind: "service", code: code.to_string(), administration: acd },
            LoadingFault::NoSector { kind: "service", code: code.to_string(), sector: taxes },
        ];
        let resting = guest(1, vec![service("acd.vat", "TVA")]);
        assert_eq!(loaded.load(resting.clone()), Err(unfounded.clone()));
        load(&mut loaded, catalogue("one", 1, vec![service("acd.tax-cards", "Fiches")])).unwrap();
        load(&mut loaded, resting).unwrap();

        let taken = loaded.load(catalogue("guest", 2, vec![service("acd.tax-cards", "Fiches")])).unwrap_err();
        let of_one = |kind, code: &str| LoadingFault::Taken {
            kind,
            code: code.into(),
            catalogue: CatalogueName::parse("one").unwrap(),
        };
        let codes = [("administration", "acd"), ("sector", "taxes"), ("service", "acd.tax-cards")];
        assert_eq!(taken, codes.map(|(kind, code)| of_one(kind, code)));
        let emptied = Catalogue { name: CatalogueName::parse("one").unwrap(), ..guest(2, vec![]) };
        assert_eq!(loaded.load(emptied.clone()), Err(unfounded), "another catalogue rests on it");
        load(&mut loaded, guest(2, vec![])).unwrap();
        assert_eq!(load(&mut loaded, emptied).unwrap().len(), 3);
    }

    #[test]
    fn so_many_services_are_offered_and_no_more() {
        let many = |count| (0..count).map(|n| service(&format!("acd.s{n}"), "Service")).collect();
        assert!(Loaded::default().load(catalogue("one", 1, many(MOST_SERVICES))).is_ok());
        let refused = Loaded::default().load(catalogue("one", 1, many(MOST_SERVICES + 1)));
        assert_eq!(refused, Err(vec![LoadingFault::TooManyServices { services: MOST_SERVICES + 1 }]));
    }

    #[test]
    fn a_type_rests_on_what_is_offered_and_is_counted_by_its_contents() {
        let typed =
            |version, services, types| Catalogue { procedure_types: types, ..catalogue("one", version, services) };
        let wanting = |title: &str| {
            let mut wanting = procedure_type("acd.cards", title);
            wanting.kind.certification = ServiceCode::parse("acd.tax-cards").ok();
            wanting
        };
        let service = || vec![service("acd.tax-cards", "Fiches")];
        let mut loaded = Loaded::default();
        let kind = "procedure type";
        let missing = LoadingFault::NoService { kind, code: "acd.cards".into(), service: service()[0].code.clone() };
        assert_eq!(loaded.load(typed(1, vec![], vec![wanting("a")])), Err(vec![missing.clone()]));
        for (version, title, expected) in [(1, "a", 1), (2, "a", 1), (3, "b", 2)] {
            load(&mut loaded, typed(version, service(), vec![wanting(title)])).unwrap();
            assert_eq!(loaded.procedure_types[0].entry.kind.version, expected, "{version}");
        }
        assert_eq!(loaded.load(typed(4, vec![], vec![wanting("b")])), Err(vec![missing]));
        let homeless = Catalogue { procedure_types: vec![procedure_type("ccss.cards", "a")], ..guest(1, vec![]) };
        let ccss = AdministrationCode::parse("ccss").unwrap();
        let fault = LoadingFault::NoAdministration { kind, code: "ccss.cards".into(), administration: ccss };
        assert_eq!(loaded.load(homeless), Err(vec![fault]));
        assert_eq!(load(&mut loaded, typed(4, service(), vec![])), Ok(vec![(Change::Retired, "acd.cards".into())]));
        load(&mut loaded, typed(5, service(), vec![wanting("b")])).unwrap();
        assert_eq!(loaded.procedure_types[0].entry.kind.version, 2, "it came back as it was");
    }

    #[test]
    fn a_source_rests_on_a_service_and_its_domain() {
        let sourced = |version, services, sources| Catalogue { sources, ..catalogue("one", version, services) };
        let mut of_domain = source("acd.cards", "acd.tax-cards");
        of_domain.source.domain = ServiceDomainCode::parse("b").ok();
        let (kind, code) = ("authentic source", "acd.cards".to_owned());
        let (domain, service) = (ServiceDomainCode::parse("b").unwrap(), with_domains(&["b"]).code);
        let mut loaded = Loaded::default();
        let unfounded = loaded.load(sourced(1, vec![], vec![of_domain.clone()]));
        let missing = LoadingFault::NoService { kind, code: code.clone(), service: service.clone() };
        assert_eq!(unfounded, Err(vec![missing]));
        load(&mut loaded, sourced(1, vec![with_domains(&["a", "b"])], vec![of_domain.clone()])).unwrap();
        let gone = loaded.load(sourced(2, vec![with_domains(&["a"])], vec![of_domain.clone()]));
        assert_eq!(gone, Err(vec![LoadingFault::NoDomain { kind, code: code.clone(), service, domain }]));
        let left_out = load(&mut loaded, sourced(2, vec![with_domains(&["a"])], vec![]));
        assert!(left_out.unwrap().contains(&(Change::Retired, code)));
        let many = (0..=MOST_SOURCES).map(|n| source(&format!("acd.s{n}"), "acd.tax-cards")).collect();
        let refused = loaded.load(sourced(3, vec![with_domains(&["a"])], many));
        assert_eq!(refused, Err(vec![LoadingFault::TooManySources { sources: MOST_SOURCES + 1 }]));
    }

    proptest! {
        #[test]
        fn whatever_was_loaded_before_what_is_offered_is_the_last_file(
            files in proptest::collection::vec(btree_map("[a-e]", "[x-z]", 0..5), 1..6)
        ) {
            let mut loaded = Loaded::default();
            for (version, file) in iter::zip(1.., &files) {
                let services = file.iter().map(|(code, title)| service(&format!("acd.{code}"), title)).collect();
                load(&mut loaded, catalogue("one", version, services)).unwrap();
                let offered = loaded.services.iter().filter(|owned| !owned.entry.is_retired());
                let offered: BTreeMap<_, _> = offered
                    .map(|Owned { entry, .. }| {
                        let title = entry.titles.in_language(Language::Fr).to_owned();
                        (entry.code.as_str()["acd.".len()..].to_owned(), title)
                    })
                    .collect();
                prop_assert_eq!(&offered, file);
            }
            let known: BTreeSet<_> = files.iter().flat_map(|file| file.keys()).collect();
            prop_assert_eq!(loaded.services.len(), known.len(), "nothing is deleted");
        }
    }
}
