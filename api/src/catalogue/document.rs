//! A catalogue as operators write it: a file in YAML, or JSON, which is YAML too.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use domain::{
    Coded, Fault,
    catalogue::{
        Administration, AdministrationCode, Catalogue, CatalogueName, LocalText, Sector, SectorCode, Service,
        ServiceCode, ServiceDomain, ServiceDomainCode, ServiceStatus,
        loading::{LAST_VERSION, MOST_ENTRIES, MOST_SERVICES, MOST_SOURCES, MOST_TYPES},
    },
    identity::Assurance,
    text::{CatalogueDescription, CatalogueTitle, Language},
};
use serde_json::Value;

use super::{
    members::{Members, Place},
    procedure_types::procedure_type,
    sources::source,
};
use crate::http::{
    body::Faults,
    field::{FieldError, Flaw},
};

/// The catalogue that comes with the program.
pub const SHIPPED: &str = include_str!("../../catalogues/luxembourg.yaml");

/// The most bytes of a file.
pub const LIMIT: u64 = 1024 * 1024;

/// Why a file is no catalogue.
#[derive(Debug)]
pub enum Wrong {
    /// It is no YAML.
    Syntax(String),
    /// These fields are wrong.
    Fields(Vec<FieldError>),
}

/// Reads a catalogue.
///
/// # Errors
/// All that is wrong with the file.
pub fn read(text: &str) -> Result<Catalogue, Wrong> {
    // YAML's own value knows when a key is there twice, which JSON's would pass over.
    let value: yaml_serde::Value = yaml_serde::from_str(text).map_err(|error| Wrong::Syntax(error.to_string()))?;
    let value: Value = serde_json::to_value(value).map_err(|error| Wrong::Syntax(error.to_string()))?;
    let mut faults = Faults::default();
    let catalogue = Place::whole(value).object(&mut faults).and_then(|file| catalogue(file, &mut faults));
    match (catalogue, faults.into_errors()) {
        (Some(catalogue), faults) if faults.is_empty() => Ok(catalogue),
        (_, faults) => Err(Wrong::Fields(faults)),
    }
}

fn catalogue(mut file: Members, faults: &mut Faults) -> Option<Catalogue> {
    let name = file.need("name", faults).and_then(|name| name.text(CatalogueName::parse, faults));
    let version = file.need("version", faults).and_then(|place| place.number(1..=LAST_VERSION.into(), faults));
    let administrations = each(&mut file, "administrations", MOST_ENTRIES, faults, administration);
    let sectors = each(&mut file, "sectors", MOST_ENTRIES, faults, sector);
    let services = each(&mut file, "services", MOST_SERVICES, faults, service);
    let procedure_types = each(&mut file, "procedureTypes", MOST_TYPES, faults, procedure_type);
    let sources = each(&mut file, "authenticSources", MOST_SOURCES, faults, source);
    file.end(faults);
    let version = u32::try_from(version?).ok()?;
    Some(Catalogue { name: name?, version, administrations, sectors, services, procedure_types, sources })
}

/// The entries of a member that may be absent, each under its code; those that are wrong are not among them.
pub(super) fn each<T>(
    members: &mut Members,
    name: &str,
    most: usize,
    faults: &mut Faults,
    read: impl Fn(&str, Place, &mut Faults) -> Option<T>,
) -> Vec<T> {
    let entries = members.take(name).and_then(|place| place.object(faults)).map(|entries| entries.each(most, faults));
    entries.into_iter().flatten().filter_map(|(code, place)| read(&code, place, faults)).collect()
}

fn administration(code: &str, place: Place, faults: &mut Faults) -> Option<Administration> {
    let (code, titles) = titled(AdministrationCode::parse(code), place, faults)?;
    Some(Administration { code, titles, is_retired: false })
}

fn sector(code: &str, place: Place, faults: &mut Faults) -> Option<Sector> {
    let (code, titles) = titled(SectorCode::parse(code), place, faults)?;
    Some(Sector { code, titles, is_retired: false })
}

fn service_domain(code: &str, place: Place, faults: &mut Faults) -> Option<ServiceDomain> {
    let (code, titles) = titled(ServiceDomainCode::parse(code), place, faults)?;
    Some(ServiceDomain { code, titles, status: ServiceStatus::Offered })
}

/// What has nothing but a title under its code.
fn titled<C>(code: Result<C, Fault>, place: Place, faults: &mut Faults) -> Option<(C, LocalText)> {
    let code = faults.take(place.pointer(), code);
    let mut members = place.object(faults)?;
    let titles = title(&mut members, faults);
    members.end(faults);
    code.zip(titles)
}

fn service(code: &str, place: Place, faults: &mut Faults) -> Option<Service> {
    let pointer = place.pointer().to_owned();
    let code = faults.take(&pointer, ServiceCode::parse(code));
    let mut members = place.object(faults)?;
    let sector = members.need("sector", faults).and_then(|sector| sector.text(SectorCode::parse, faults));
    let (titles, descriptions) = (title(&mut members, faults), description(&mut members, faults));
    let ways_in = members.need("waysIn", faults).and_then(|ways| ways.choices(faults));
    let applicants = given_or(&mut members, "applicants", BTreeSet::new(), |place| place.choices(faults));
    let has_security_code = given_or(&mut members, "hasSecurityCode", false, |place| place.flag(faults));
    let least_assurance =
        given_or(&mut members, "leastAssurance", Assurance::Substantial, |place| place.choice(faults));
    let mut number = |name, default: Option<i64>, range| {
        given_or(&mut members, name, default, |place| place.number(range, faults).map(Some))
    };
    let reapply_hours = number("reapplyAfterHours", None, Service::REAPPLY_HOURS);
    let code_days = number("codeValidDays", Some(Service::DEFAULT_CODE_DAYS), Service::CODE_DAYS);
    let valid_days = number("validDays", None, Service::VALID_DAYS);
    let domains = each(&mut members, "domains", Service::MOST_DOMAINS, faults, service_domain);
    members.end(faults);
    let code = code?;
    let service = Service {
        administration: code.administration(),
        code,
        sector: sector?,
        titles: titles?,
        descriptions: descriptions?,
        ways_in: ways_in?,
        applicants: applicants?,
        reapply_after: reapply_hours?.map(TimeDelta::hours),
        has_security_code: has_security_code?,
        least_assurance: least_assurance?,
        code_valid_for: code_days?.map(TimeDelta::days)?,
        valid_for: valid_days?.map(TimeDelta::days),
        domains,
        status: ServiceStatus::Offered,
    };
    for (field, fault) in service.faults() {
        faults.take::<(), _>(&format!("{pointer}/{field}"), Err(fault));
    }
    Some(service)
}

/// What a member says, or what holds where it is absent; `None` if it is there and wrong.
pub(super) fn given_or<T>(
    members: &mut Members,
    name: &str,
    default: T,
    read: impl FnOnce(Place) -> Option<T>,
) -> Option<T> {
    members.take(name).map_or(Some(default), read)
}

pub(super) fn title(members: &mut Members, faults: &mut Faults) -> Option<LocalText> {
    local(members, "title", faults, |text| CatalogueTitle::parse(text).map(|title| title.to_string()))
}

pub(super) fn description(members: &mut Members, faults: &mut Faults) -> Option<LocalText> {
    local(members, "description", faults, |text| CatalogueDescription::parse(text).map(|text| text.to_string()))
}

/// A text in French, and in as many other languages as there are.
pub(super) fn local(
    members: &mut Members,
    name: &str,
    faults: &mut Faults,
    parse: impl Fn(&str) -> Result<String, Fault>,
) -> Option<LocalText> {
    let place = members.need(name, faults)?;
    let pointer = format!("{}/{}", place.pointer(), Language::Fr.code());
    let mut texts = place.object(faults)?;
    let mut read = Vec::new();
    for language in Language::ALL {
        if let Some(place) = texts.take(language.code()) {
            read.push(place.text(&parse, faults).map(|text| (*language, text)));
        } else if *language == Language::Fr {
            faults.take::<(), _>(&pointer, Err(Flaw::Missing));
        }
    }
    texts.end(faults);
    LocalText::new(read.into_iter().collect::<Option<Vec<_>>>()?).ok()
}

#[cfg(test)]
mod tests {
    use domain::{
        catalogue::{Loaded, WayIn},
        procedure::{ProcedureType, TypeWithForm},
        source::SourceWithForm,
    };

    use super::*;

    const SMALLEST: &str = "
name: one
version: 1
administrations: { acd: { title: { fr: ACD } } }
sectors: { taxes: { title: { fr: Impôts } } }
services:
  acd.files: { sector: taxes, title: { fr: Fiches }, description: { fr: Des fiches }, waysIn: [access_code] }
";

    fn faults(text: &str) -> Vec<(String, String)> {
        let Err(Wrong::Fields(errors)) = read(text) else { panic!("no field is wrong") };
        let line =
            |error: &FieldError| error.in_words(Language::En).split_once(": ").map(|(a, b)| (a.into(), b.into()));
        errors.iter().map(|error| line(error).expect("a place")).collect()
    }

    #[test]
    fn the_shipped_catalogue_is_one_and_in_every_language() {
        let catalogue = read(SHIPPED).unwrap();
        assert!(Loaded::default().load(catalogue.clone()).is_ok(), "it rests on nothing else");
        let texts = catalogue.administrations.iter().map(|one| &one.titles);
        let texts = texts.chain(catalogue.sectors.iter().map(|one| &one.titles));
        let of_services = |service: &'_ Service| {
            let domains = service.domains.iter().map(|domain| domain.titles.clone());
            domains.chain([service.titles.clone(), service.descriptions.clone()]).collect::<Vec<_>>()
        };
        let of_types = |of: &'_ TypeWithForm| {
            let ProcedureType { titles, descriptions, keywords, attachments, .. } = &of.kind;
            let attached = attachments.iter().map(|slot| slot.titles.clone());
            let told = [titles.clone(), descriptions.clone()].into_iter().chain(keywords.clone());
            told.chain(attached).collect::<Vec<_>>()
        };
        let texts = texts.cloned().chain(catalogue.services.iter().flat_map(of_services));
        let texts = texts.chain(catalogue.procedure_types.iter().flat_map(of_types));
        let of_sources = |of: &'_ SourceWithForm| [of.source.titles.clone(), of.source.descriptions.clone()];
        let texts = texts.chain(catalogue.sources.iter().flat_map(of_sources));
        for text in texts {
            assert_eq!(text.iter().count(), Language::ALL.len(), "{text:?}");
        }
        let ways: Vec<_> =
            catalogue.services.iter().map(|service| (service.code.as_str(), service.ways_in.len())).collect();
        let expected = [
            ("acd.tax-cards", 2),
            ("aed.vat-account", 2),
            ("alva.food-establishments", 1),
            ("ccss.employer-data", 2),
            ("itm.social-elections", 1),
        ];
        assert_eq!(ways, expected);
    }

    /// Whether every field of a schema says what it is called in every language.
    fn is_titled(schema: &Value) -> bool {
        let fields = schema["properties"].as_object().into_iter().flatten();
        fields.clone().all(|(_, field)| {
            let choices = field["enum"].as_array().map_or(0, Vec::len);
            let titled = field["x-choices"].as_object().map_or(0, serde_json::Map::len);
            let all = |texts: &Value| texts.as_object().is_some_and(|texts| texts.len() == Language::ALL.len());
            all(&field["x-titles"]) && choices == titled && is_titled(field) && is_titled(&field["items"])
        })
    }

    #[test]
    fn the_shipped_types_have_forms_of_their_own_size_in_every_language() {
        let types = read(SHIPPED).unwrap().procedure_types;
        let fields = |of: &TypeWithForm| of.form.schema()["properties"].as_object().map_or(0, serde_json::Map::len);
        let told: Vec<_> = types.iter().map(|of| (of.kind.code.as_str(), of.kind.certification.is_some())).collect();
        let expected = [
            ("aed.vat-registration", false),
            ("alva.food-establishment-registration", true),
            ("ccss.certification-request", false),
            ("itm.social-elections-result", true),
            ("meco.business-permit", false),
        ];
        assert_eq!(told, expected);
        for of in &types {
            assert!((10..=25).contains(&fields(of)) && is_titled(of.form.schema()), "{}", of.kind.code);
        }
    }

    #[test]
    fn the_shipped_sources_have_records_in_every_language() {
        let sources = read(SHIPPED).unwrap().sources;
        let told = |of: &SourceWithForm| {
            let certification = of.source.certification.as_ref().map(ToString::to_string);
            (of.source.code.to_string(), certification.unwrap_or_default(), of.source.fresh_for.num_days())
        };
        let expected = [
            ("acd.tax-cards", "acd.tax-cards", 31),
            ("aed.vat-balance", "aed.vat-account", 7),
            ("ccss.employer-data", "ccss.employer-data", 31),
            ("ctie.population-register", "", 31),
        ];
        let expected = expected.map(|(code, service, days)| (code.to_owned(), service.to_owned(), days));
        assert_eq!(sources.iter().map(told).collect::<Vec<_>>(), expected);
        assert!(sources.iter().all(|of| is_titled(of.form.schema())));
    }

    #[test]
    fn what_is_wrong_with_a_source_is_told_at_its_place() {
        let wrong = format!(
            "{SMALLEST}authenticSources:
  acd.cards:
    theme: taxes
    audience: private
    title: {{ fr: Fiches }}
    description: {{ fr: Des fiches }}
    certification: acd.files
    freshForDays: 31
    record: {{ type: object }}
  acd:
    theme: Taxes
    audience: professional
    title: {{ de: Karten }}
    description: {{ fr: Des fiches }}
    domain: A
    freshForDays: 0
    form: {{ type: object }}
"
        );
        let told: Vec<_> = faults(&wrong).into_iter().map(|(place, _)| place).collect();
        let places =
            ["/acd", "/acd/theme", "/acd/title/fr", "/acd/domain", "/acd/freshForDays", "/acd/record", "/acd/form"];
        let mut expected: Vec<_> = places.map(|place| format!("/authenticSources{place}")).to_vec();
        let loose = "/authenticSources/acd.cards/certification".to_owned();
        assert!(told.contains(&loose));
        expected.push(loose);
        assert_eq!(told.iter().collect::<BTreeSet<_>>(), expected.iter().collect());
    }

    #[test]
    fn what_is_wrong_with_a_type_is_told_at_its_place() {
        let wrong = format!(
            "{SMALLEST}procedureTypes:
  acd.request:
    theme: Taxes
    audience: everybody
    title: {{ fr: Demande }}
    description: {{ de: Antrag }}
    keywords: {{ fr: '' }}
    certification: acd
    attachments: {{ plan: {{ title: {{ fr: Plan }}, mediaTypes: [], maxMegabytes: 51 }} }}
    form: {{ type: object, properties: {{ name: {{ typ: string, format: hostname }} }} }}
"
        );
        let at = "/procedureTypes/acd.request";
        let told: Vec<_> = faults(&wrong).into_iter().map(|(place, _)| place).collect();
        let places = [
            "/theme",
            "/audience",
            "/description/fr",
            "/keywords/fr",
            "/certification",
            "/attachments/plan/mediaTypes",
            "/attachments/plan/maxMegabytes",
            "/form/properties/name/format",
            "/form/properties/name/typ",
        ];
        assert_eq!(told, places.map(|place| format!("{at}{place}")));
    }

    #[test]
    fn what_is_not_said_is_what_the_documentation_says() {
        let Catalogue { services, .. } = read(SMALLEST).unwrap();
        let [service] = &services[..] else { panic!("{services:?}") };
        assert_eq!((service.administration.as_str(), service.least_assurance), ("acd", Assurance::Substantial));
        assert_eq!((service.code_valid_for, service.valid_for), (TimeDelta::days(60), None));
        assert_eq!(service.ways_in, [WayIn::AccessCode].into());
        assert!(service.applicants.is_empty() && !service.has_security_code && service.domains.is_empty());
        let json: Value = yaml_serde::from_str(SMALLEST).unwrap();
        assert_eq!(read(&json.to_string()).unwrap(), read(SMALLEST).unwrap(), "JSON does as well");
    }

    #[test]
    fn the_example_for_operators_is_a_catalogue_that_says_what_its_comments_say() {
        let page = include_str!("../../../docs/operations.md");
        let lines = page.lines().skip_while(|line| !line.starts_with("    name: cadastre"));
        let example: Vec<_> = lines.take_while(|line| line.starts_with("    ")).collect();
        let Catalogue { services, administrations, .. } = read(&example.join("\n")).unwrap();
        assert_eq!((services.len(), administrations.len()), (1, 1));
        assert_eq!((services[0].ways_in.len(), services[0].domains.len()), (2, 1));
        assert_eq!((CatalogueName::MAX, CatalogueTitle::MAX, CatalogueDescription::MAX), (80, 160, 1000));
        assert_eq!((Service::DEFAULT_CODE_DAYS, LIMIT), (60, 1 << 20));
    }

    #[test]
    fn every_wrong_field_is_told_at_once() {
        let wrong = "
name: One
version: 0
extra: 1
administrations: { ACD: { title: { de: Steuern, xx: y } } }
sectors: [taxes]
services:
  acd:
    sector: 1
    title: { fr: '' }
    waysIn: [request, letter, request]
    applicants: holder
    reapplyAfterHours: 0
    hasSecurityCode: yes please
    leastAssurance: strong
    codeValidDays: 1.5
    domains: { a/b: { title: { fr: A }, code: a } }
    administration: acd
";
        let missing = "Is required.";
        let unknown = "Is unknown here.";
        let malformed = "Does not have the expected format.";
        let (value, kind) = ("Is not an allowed value.", "Is of the wrong JSON type.");
        let expected = [
            ("/name", malformed),
            ("/version", "Must be between 1 and 4000000000."),
            ("/administrations/ACD", malformed),
            ("/administrations/ACD/title/fr", missing),
            ("/administrations/ACD/title/xx", unknown),
            ("/sectors", kind),
            ("/services/acd", malformed),
            ("/services/acd/sector", kind),
            ("/services/acd/title/fr", "Must not be empty."),
            ("/services/acd/description", missing),
            ("/services/acd/waysIn/1", value),
            ("/services/acd/waysIn/2", "Is given more than once."),
            ("/services/acd/applicants", kind),
            ("/services/acd/hasSecurityCode", kind),
            ("/services/acd/leastAssurance", value),
            ("/services/acd/reapplyAfterHours", "Must be between 1 and 8784."),
            ("/services/acd/codeValidDays", kind),
            ("/services/acd/domains/a~1b", malformed),
            ("/services/acd/domains/a~1b/code", unknown),
            ("/services/acd/administration", unknown),
            ("/extra", unknown),
        ];
        let expected = expected.map(|(place, detail)| (place.to_owned(), detail.to_owned()));
        assert_eq!(faults(wrong), expected);
    }

    #[test]
    fn what_does_not_go_together_is_told() {
        let with = |more: &str| faults(&SMALLEST.replace("waysIn: [access_code]", more));
        let only = |more: &str| {
            with(more).into_iter().map(|(place, _)| place.replace("/services/acd.files/", "")).collect::<Vec<_>>()
        };
        assert_eq!(only("waysIn: []"), ["waysIn"]);
        assert_eq!(only("waysIn: [request]"), ["applicants"]);
        assert_eq!(only("waysIn: [request], applicants: [holder], hasSecurityCode: true"), ["hasSecurityCode"]);
        assert_eq!(
            only("waysIn: [access_code], applicants: [agent], reapplyAfterHours: 72, leastAssurance: low"),
            ["applicants", "reapplyAfterHours", "leastAssurance"]
        );
    }

    #[test]
    fn texts_and_lists_have_a_longest_form() {
        let long = SMALLEST.replace("fr: Fiches", &format!("fr: {}", "é".repeat(161)));
        assert_eq!(faults(&long), [("/services/acd.files/title/fr".into(), "At most 160 characters.".into())]);
        let domains: Vec<_> = (0..51).map(|n| format!("d{n}: {{ title: {{ fr: A }} }}")).collect();
        let many = SMALLEST.replace("waysIn", &format!("domains: {{ {} }}, waysIn", domains.join(", ")));
        assert_eq!(faults(&many), [("/services/acd.files/domains".into(), "Must be between 0 and 50.".into())]);
    }

    #[test]
    fn what_is_no_yaml_or_says_a_thing_twice_is_told_with_its_line() {
        for (text, told) in [("a: [", "line"), ("name: a\nname: b", "duplicate"), ("\t", "")] {
            let Err(Wrong::Syntax(error)) = read(text) else { panic!("{text} is read") };
            assert!(error.contains(told), "{error}");
        }
        for text in ["", "[]", "a", "null"] {
            assert_eq!(faults(text), [(String::new(), "Is of the wrong JSON type.".to_owned())], "{text}");
        }
    }
}
