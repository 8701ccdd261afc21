//! A source, as catalogues have it: whose it is, to whom it opens, and what a record of it says.

use std::ops::RangeInclusive;

use chrono::TimeDelta;

use crate::{
    Fault, Refusal,
    catalogue::{
        AdministrationCode, Entry, LocalText, SectorCode, ServiceCode, ServiceDomainCode, ServiceStatus,
        administration_in, codes,
    },
    form::Form,
    space::SpaceKind,
};

codes! {
    /// A source, behind its administration: `aed.vat-balance`.
    SourceCode(2, r"^[a-z][a-z0-9]*(-[a-z][a-z0-9]*)*\.[a-z][a-z0-9]*(-[a-z][a-z0-9]*)*$"),
}

impl SourceCode {
    /// Whose source it is: its first part says it.
    pub fn administration(&self) -> AdministrationCode {
        administration_in(&self.0)
    }

    /// That it is a source of this administration: no other sends records to it.
    ///
    /// # Errors
    /// [`Refusal::NotFound`].
    pub fn require_of(&self, administration: &AdministrationCode) -> Result<(), Refusal> {
        if self.administration() == *administration { Ok(()) } else { Err(Refusal::NotFound) }
    }
}

/// A source, but for the form of its records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthenticSource {
    /// Its code.
    pub code: SourceCode,
    /// Who holds the data.
    pub administration: AdministrationCode,
    /// Where it belongs: a sector of the catalogue.
    pub theme: SectorCode,
    /// To which kind of space it opens: to professional ones for the legal persons for whom they are certified, to private ones
    /// for their own person (C).
    pub audience: SpaceKind,
    /// What it is called.
    pub titles: LocalText,
    /// What it holds.
    pub descriptions: LocalText,
    /// The service for which a professional space must be certified; a private source has none.
    pub certification: Option<ServiceCode>,
    /// The domain of that service to which its records belong. Where there is none, they open to whom is certified for the whole
    /// service alone.
    pub domain: Option<ServiceDomainCode>,
    /// For how long after its moment a record counts as fresh.
    pub fresh_for: TimeDelta,
    /// Whether it is viewed, and takes records.
    pub status: ServiceStatus,
}

/// A source, with the form of its records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceWithForm {
    /// The source.
    pub source: AuthenticSource,
    /// What a record of it says.
    pub form: Form,
}

impl AuthenticSource {
    /// For how many days a record counts as fresh.
    pub const FRESH_DAYS: RangeInclusive<i64> = 1..=3653;

    /// What does not go together in it, by field.
    pub fn faults(&self) -> Vec<(&'static str, Fault)> {
        let certification = match (self.audience, &self.certification) {
            (SpaceKind::Professional, None) => Some(("certification", Fault::Missing)),
            (SpaceKind::Private, Some(_)) => Some(("certification", Fault::NotApplicable)),
            _ => None,
        };
        let is_loose = self.domain.is_some() && self.certification.is_none();
        certification.into_iter().chain(is_loose.then_some(("domain", Fault::NotApplicable))).collect()
    }
}

impl Entry for SourceWithForm {
    const KIND: &'static str = "authentic source";
    fn code(&self) -> &str {
        self.source.code.as_str()
    }
    fn is_retired(&self) -> bool {
        self.source.status == ServiceStatus::Retired
    }
    fn retired(mut self) -> Self {
        self.source.status = ServiceStatus::Retired;
        self
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::json;

    use super::*;
    use crate::text::Language;

    /// A source for which a certification is wanted, whose records have a title and maybe an amount.
    pub(crate) fn source(code: &str, service: &str) -> SourceWithForm {
        let code = SourceCode::parse(code).unwrap();
        let titles = LocalText::new([(Language::Fr, "Solde".to_owned())]).unwrap();
        let source = AuthenticSource {
            administration: code.administration(),
            code,
            theme: SectorCode::parse("taxes").unwrap(),
            audience: SpaceKind::Professional,
            descriptions: titles.clone(),
            titles,
            certification: ServiceCode::parse(service).ok(),
            domain: None,
            fresh_for: TimeDelta::days(30),
            status: ServiceStatus::Offered,
        };
        let form = json!({
            "type": "object", "additionalProperties": false, "required": ["title"],
            "properties": { "title": { "type": "string", "maxLength": 40 }, "amount": { "type": "integer" } },
        });
        SourceWithForm { source, form: Form::parse(form).unwrap() }
    }

    #[test]
    fn a_source_is_of_one_administration() {
        let code = SourceCode::parse("aed.vat-balance").unwrap();
        let of = |administration: &str| code.require_of(&AdministrationCode::parse(administration).unwrap());
        assert_eq!((of("aed"), of("acd")), (Ok(()), Err(Refusal::NotFound)));
    }

    #[test]
    fn a_professional_source_wants_a_certification_and_a_private_one_has_none() {
        let professional = source("aed.vat-balance", "aed.vat-account").source;
        let domain = ServiceDomainCode::parse("returns").ok();
        assert_eq!(AuthenticSource { domain: domain.clone(), ..professional.clone() }.faults(), []);
        let unguarded = AuthenticSource { certification: None, domain, ..professional.clone() };
        assert_eq!(unguarded.faults(), [("certification", Fault::Missing), ("domain", Fault::NotApplicable)]);
        let private = AuthenticSource { audience: SpaceKind::Private, ..professional };
        assert_eq!(private.faults(), [("certification", Fault::NotApplicable)]);
        assert_eq!(AuthenticSource { certification: None, ..private }.faults(), []);
    }
}
