//! Services as persons see them, in their language.

use std::collections::{BTreeSet, HashMap};

use domain::{
    catalogue::{AdministrationCode, LocalText, SectorCode, Service, ServiceDomain},
    text::Language,
};
use persistence::{Reading, StoreError};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::{
    language::Speaker,
    page::{PageView, page},
    schema::{AssuranceChoice, CapacityChoice, Choice, ServiceStatusChoice, WayInChoice},
};

/// Something of a catalogue that has a code and a title.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Titled)]
pub struct TitledView {
    /// Its code.
    #[schema(example = "acd")]
    code: String,
    /// What it is called.
    #[schema(example = "Administration des contributions directes")]
    title: String,
}

impl TitledView {
    /// It, as a speaker says it.
    pub fn new(code: &str, titles: &LocalText, speaker: &mut Speaker) -> Self {
        Self { code: code.to_owned(), title: speaker.say(titles) }
    }

    /// It, as a speaker says it, or, where it was not found, its code alone.
    pub fn found(code: &str, titles: Option<&LocalText>, speaker: &mut Speaker) -> Self {
        match titles {
            Some(titles) => Self::new(code, titles, speaker),
            None => Self { code: code.to_owned(), title: code.to_owned() },
        }
    }
}

/// A part of a service, for which an agent may be certified alone.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ServiceDomain)]
pub struct DomainView {
    /// Its code, within the service.
    #[schema(example = "affiliations")]
    code: String,
    /// What it is called.
    #[schema(example = "Affiliations")]
    title: String,
    /// Whether a new certification may name it.
    status: ServiceStatusChoice,
}

impl DomainView {
    fn new(domain: &ServiceDomain, speaker: &mut Speaker) -> Self {
        Self { code: domain.code.to_string(), title: speaker.say(&domain.titles), status: Choice(domain.status) }
    }
}

/// A service that opens only to a space whose rights its administration, or a principal, has confirmed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CertifiableService)]
#[serde(rename_all = "camelCase")]
pub struct ServiceView {
    /// Its code.
    #[schema(example = "acd.tax-cards")]
    code: String,
    /// Whether spaces can be certified for it anew.
    status: ServiceStatusChoice,
    /// What it is called, in the caller's language, or in French.
    #[schema(example = "Fiches de retenue d'impôt")]
    title: String,
    /// What it is for.
    #[schema(example = "Consulter et télécharger les fiches de retenue d'impôt électroniques.")]
    description: String,
    /// Whose service it is.
    administration: TitledView,
    /// Where it belongs.
    sector: TitledView,
    /// How a space comes to a certification.
    ways_in: Vec<WayInChoice>,
    /// As what it is asked for; empty where it is not asked for.
    applicants: Vec<CapacityChoice>,
    /// For how many hours after a request the same person, or space, does not ask for the same legal person again.
    #[schema(nullable = false, minimum = 1, example = 72)]
    #[serde(skip_serializing_if = "Option::is_none")]
    reapply_after_hours: Option<i64>,
    /// Whether a security code goes with an access code.
    #[schema(example = true)]
    has_security_code: bool,
    /// The login that asking for it and activating a code want at least.
    least_assurance: AssuranceChoice,
    /// For how many days an access code can be activated, unless its issuer says so.
    #[schema(minimum = 1, example = 30)]
    code_valid_days: i64,
    /// For how many days a certification lasts, unless it is said when it is granted; absent where it has no end.
    #[schema(nullable = false, minimum = 1, example = 365)]
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_days: Option<i64>,
    /// Its parts.
    domains: Vec<DomainView>,
    #[serde(skip)]
    languages: BTreeSet<Language>,
}

impl ServiceView {
    /// In which languages its texts are.
    pub fn languages(&self) -> impl Iterator<Item = Language> {
        self.languages.iter().copied()
    }
}

/// A list of services.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CertifiableServicePage)]
pub struct ServicePage {
    /// The services, in the order of their codes.
    data: Vec<ServiceView>,
    /// Where the list goes on.
    page: PageView,
}
page!(ServicePage of ServiceView by code: String);

/// What entries of catalogues are shown with: the titles of their administrations and sectors, and the language of who looks.
pub struct Showcase {
    administrations: HashMap<AdministrationCode, LocalText>,
    sectors: HashMap<SectorCode, LocalText>,
    /// In which language entries are shown.
    pub language: Language,
}

impl Showcase {
    /// Reads what entries of these administrations and sectors are shown with.
    ///
    /// # Errors
    /// The database can't be asked.
    pub fn of<'e>(
        tx: &mut Reading<'_>,
        named: impl IntoIterator<Item = (&'e AdministrationCode, &'e SectorCode)>,
        language: Language,
    ) -> Result<Self, StoreError> {
        let (administrations, sectors): (Vec<_>, Vec<_>) = named.into_iter().unzip();
        let (administrations, sectors) = (tx.administrations_of(&administrations)?, tx.sectors_of(&sectors)?);
        Ok(Self {
            administrations: administrations.into_iter().map(|one| (one.code, one.titles)).collect(),
            sectors: sectors.into_iter().map(|one| (one.code, one.titles)).collect(),
            language,
        })
    }

    /// The administration of an entry. Every entry has one that is there, which the database sees to.
    pub fn administration(&self, code: &AdministrationCode, speaker: &mut Speaker) -> TitledView {
        TitledView::found(code.as_str(), self.administrations.get(code), speaker)
    }

    /// The sector of an entry, of which the same is true.
    pub fn sector(&self, code: &SectorCode, speaker: &mut Speaker) -> TitledView {
        TitledView::found(code.as_str(), self.sectors.get(code), speaker)
    }

    /// A service, with the titles of its administration and sector.
    pub fn show(&self, service: &Service) -> ServiceView {
        let mut speaker = Speaker::new(self.language);
        ServiceView {
            code: service.code.to_string(),
            status: Choice(service.status),
            title: speaker.say(&service.titles),
            description: speaker.say(&service.descriptions),
            administration: self.administration(&service.administration, &mut speaker),
            sector: self.sector(&service.sector, &mut speaker),
            ways_in: service.ways_in.iter().copied().map(Choice).collect(),
            applicants: service.applicants.iter().copied().map(Choice).collect(),
            reapply_after_hours: service.reapply_after.map(|time| time.num_hours()),
            has_security_code: service.has_security_code,
            least_assurance: Choice(service.least_assurance),
            code_valid_days: service.code_valid_for.num_days(),
            valid_days: service.valid_for.map(|time| time.num_days()),
            domains: service.domains.iter().map(|domain| DomainView::new(domain, &mut speaker)).collect(),
            languages: speaker.spoken(),
        }
    }
}
