//! Certifications as members of the space see them, and as the administration does.

use chrono::{DateTime, Utc};
use domain::{
    Fault, Instant,
    certification::{Application, BusinessNumber, Certification, CertificationStep, HeldCertification, NamedAgent},
    identity::Person,
    space::{Space, SpaceIdentifier},
    text::Language,
};
use persistence::StoreError;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    http::{
        field::{FieldError, FieldErrorView},
        page::{PageView, page},
        schema::{
            self, CapacityChoice, CertificationActChoice, CertificationPartyChoice, CertificationStatusChoice, Choice,
            WayInChoice,
        },
    },
    keys::DataKeys,
};

/// What is common to all that sees a certification.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CertificationFacts {
    /// Its id.
    id: Uuid,
    /// For which service.
    #[schema(value_type = schema::ServiceCode)]
    service: String,
    /// As what the space is certified.
    capacity: CapacityChoice,
    /// How it stands.
    status: CertificationStatusChoice,
    /// The domains of the service that it is for; empty for the whole of it.
    #[schema(value_type = Vec<schema::ServiceDomainCode>, max_items = 50)]
    domains: Vec<String>,
    /// How the space came to it.
    origin: WayInChoice,
    /// The last four digits of the national number of the company for whom it is, behind stars.
    #[schema(example = "*******0012", max_length = 13)]
    masked_national_number: String,
    /// When the administration began to look into the request.
    #[schema(required = true)]
    taken_up_at: Option<DateTime<Utc>>,
    /// When it was asked for, or its code activated.
    created_at: DateTime<Utc>,
    /// When it came to stand as it does.
    #[schema(required = true)]
    decided_at: Option<DateTime<Utc>>,
    /// When it ends by itself.
    #[schema(required = true)]
    ends_at: Option<DateTime<Utc>>,
    /// Counts its changes; with it the `ETag` begins.
    #[schema(minimum = 1, example = 1)]
    version: u32,
}

impl CertificationFacts {
    fn new(certification: &Certification, number: &BusinessNumber, now: Instant) -> Self {
        Self {
            id: certification.id.0,
            service: certification.service.to_string(),
            capacity: Choice(certification.capacity),
            status: Choice(certification.status_at(now)),
            domains: certification.domains.iter().map(ToString::to_string).collect(),
            origin: Choice(certification.origin),
            masked_national_number: number.masked(),
            taken_up_at: certification.taken_up_at,
            created_at: certification.created_at,
            decided_at: certification.decided_at,
            ends_at: certification.ends_at,
            version: certification.version,
        }
    }
}

/// The national number of the company for whom a certification is.
///
/// # Errors
/// No data key opens it.
pub fn number_of(keys: &DataKeys, certification: &Certification) -> Result<BusinessNumber, StoreError> {
    let unopened = || StoreError::Corrupt(format!("certifications {}: no data key opens it", certification.id));
    keys.business_number(&certification.legal_person).ok_or_else(unopened)
}

/// A certification of a space.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Certification)]
#[serde(rename_all = "camelCase")]
pub struct CertificationView {
    #[serde(flatten)]
    facts: CertificationFacts,
    /// The space's id.
    space_id: Uuid,
    /// Whether it opens the service now: it is `granted` and its space in use, and so are those of the principal on which an
    /// agent's hangs.
    effective: bool,
    /// What was taken though it looks wrong.
    warnings: Vec<FieldErrorView>,
}

impl CertificationView {
    /// A certification as members see it.
    ///
    /// # Errors
    /// No data key opens it.
    pub fn new(
        keys: &DataKeys,
        held: &HeldCertification,
        language: Language,
        now: Instant,
    ) -> Result<Self, StoreError> {
        let number = number_of(keys, &held.certification)?;
        Ok(Self {
            facts: CertificationFacts::new(&held.certification, &number, now),
            space_id: held.certification.space.0,
            effective: held.is_effective(now),
            warnings: warnings(&number, language),
        })
    }

    /// Its id.
    pub fn id(&self) -> Uuid {
        self.facts.id
    }
}

fn warnings(number: &BusinessNumber, language: Language) -> Vec<FieldErrorView> {
    let unusual =
        (!number.has_usual_check_digit()).then(|| FieldError::at("/nationalNumber", Fault::CheckDigits.into()));
    unusual.iter().map(|warning| warning.view(language)).collect()
}

/// A step in the history of a certification.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CertificationStep)]
#[serde(rename_all = "camelCase")]
pub struct StepView {
    /// What was done.
    act: CertificationActChoice,
    /// When.
    at: DateTime<Utc>,
    /// On whose side whoever did it is.
    by: CertificationPartyChoice,
    /// Why.
    #[schema(value_type = Option<schema::ReasonText>, required = true)]
    reason: Option<String>,
    /// When the certification ends by itself since then.
    #[schema(required = true)]
    ends_at: Option<DateTime<Utc>>,
}

impl From<&CertificationStep> for StepView {
    fn from(step: &CertificationStep) -> Self {
        Self {
            act: Choice(step.act),
            at: step.at,
            by: Choice(step.by.party()),
            reason: step.reason.as_ref().map(ToString::to_string),
            ends_at: step.ends_at,
        }
    }
}

/// A space that a holder wants as its agent.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NamedAgent)]
#[serde(rename_all = "camelCase")]
pub struct NamedAgentView {
    /// Its identifier, as the request has it.
    #[schema(value_type = schema::Identifier)]
    space_identifier: String,
    /// The domains for which; empty for the whole service.
    #[schema(value_type = Vec<schema::ServiceDomainCode>, max_items = 50)]
    domains: Vec<String>,
}

impl From<&NamedAgent> for NamedAgentView {
    fn from(agent: &NamedAgent) -> Self {
        Self {
            space_identifier: agent.identifier.to_string(),
            domains: agent.domains.iter().map(ToString::to_string).collect(),
        }
    }
}

/// What a request says besides, and how its certification came to stand as it does.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CertificationRecord {
    /// Why the space asks.
    #[schema(value_type = Option<schema::GroundsText>, required = true)]
    grounds: Option<String>,
    /// The spaces that the holder wants as its agents.
    #[schema(max_items = 20)]
    agents: Vec<NamedAgentView>,
    /// Its history, oldest step first.
    #[schema(max_items = 1000)]
    history: Vec<StepView>,
}

impl CertificationRecord {
    /// What was written in a request, and each step since.
    pub fn new(application: &Application, steps: &[CertificationStep]) -> Self {
        Self {
            grounds: application.grounds.as_ref().map(ToString::to_string),
            agents: application.agents.iter().map(NamedAgentView::from).collect(),
            history: steps.iter().map(StepView::from).collect(),
        }
    }
}

/// A certification of a space, with its history.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CertificationInFull)]
pub struct CertificationInFullView {
    #[serde(flatten)]
    certification: CertificationView,
    #[serde(flatten)]
    record: CertificationRecord,
}

impl CertificationInFullView {
    /// What members see of one.
    pub fn new(certification: CertificationView, record: CertificationRecord) -> Self {
        Self { certification, record }
    }

    /// Its id.
    pub fn id(&self) -> Uuid {
        self.certification.id()
    }
}

/// A page of a space's certifications.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CertificationPage)]
pub struct CertificationPage {
    /// The certifications, oldest first.
    pub data: Vec<CertificationView>,
    /// Where the list goes on.
    pub page: PageView,
}
page!(CertificationPage of CertificationView by facts.id: Uuid);

/// A company for whom a space may use a service now.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LegalPerson)]
#[serde(rename_all = "camelCase")]
pub struct LegalPersonView {
    /// The id of the certification by which it may.
    certification_id: Uuid,
    /// As what.
    capacity: CapacityChoice,
    /// The last four digits of the company's national number, behind stars.
    #[schema(example = "*******0012", max_length = 13)]
    masked_national_number: String,
    /// In which domains of the service; empty for the whole of it.
    #[schema(value_type = Vec<schema::ServiceDomainCode>, max_items = 50)]
    domains: Vec<String>,
}

impl LegalPersonView {
    /// For whom a certification lets a space use its service.
    pub fn new(certification: &Certification, number: &BusinessNumber) -> Self {
        Self {
            certification_id: certification.id.0,
            capacity: Choice(certification.capacity),
            masked_national_number: number.masked(),
            domains: certification.domains.iter().map(ToString::to_string).collect(),
        }
    }
}

/// The companies for whom a space may use a service now.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LegalPersons)]
pub struct LegalPersonsView {
    /// Each of them, by the certification that says so.
    #[schema(min_items = 1, max_items = 10000)]
    pub data: Vec<LegalPersonView>,
}

/// A certification for a service of the administration.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PartnerCertification)]
#[serde(rename_all = "camelCase")]
pub struct PartnerCertificationView {
    #[serde(flatten)]
    facts: CertificationFacts,
    /// What people call the space.
    #[schema(value_type = schema::Identifier)]
    space_identifier: String,
}

impl PartnerCertificationView {
    /// A certification as lists of its administration show it.
    ///
    /// # Errors
    /// No data key opens it.
    pub fn new(
        keys: &DataKeys,
        certification: &Certification,
        space: &SpaceIdentifier,
        now: Instant,
    ) -> Result<Self, StoreError> {
        let facts = CertificationFacts::new(certification, &number_of(keys, certification)?, now);
        Ok(Self { facts, space_identifier: space.to_string() })
    }
}

/// A page of an administration's certifications.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PartnerCertificationPage)]
pub struct PartnerCertificationPage {
    /// The certifications, oldest first.
    pub data: Vec<PartnerCertificationView>,
    /// Where the list goes on.
    pub page: PageView,
}
page!(PartnerCertificationPage of PartnerCertificationView by facts.id: Uuid);

/// A certification of another space for the same service and company, which is not over.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CompetingCertification)]
#[serde(rename_all = "camelCase")]
pub struct CompetingView {
    /// Its id.
    id: Uuid,
    /// What people call the space.
    #[schema(value_type = schema::Identifier)]
    space_identifier: String,
    /// As what the space is, or wants to be, certified.
    capacity: CapacityChoice,
    /// How it stands.
    status: CertificationStatusChoice,
    /// When it was asked for, or its code activated.
    created_at: DateTime<Utc>,
}

impl CompetingView {
    /// One that competes.
    pub fn new(certification: &Certification, space: &SpaceIdentifier, now: Instant) -> Self {
        Self {
            id: certification.id.0,
            space_identifier: space.to_string(),
            capacity: Choice(certification.capacity),
            status: Choice(certification.status_at(now)),
            created_at: certification.created_at,
        }
    }
}

/// A certification for a service of the administration: what was sent to it, and its history.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PartnerCertificationInFull)]
#[serde(rename_all = "camelCase")]
pub struct PartnerCertificationInFullView {
    #[serde(flatten)]
    certification: PartnerCertificationView,
    /// The national number of the company for whom it is.
    #[schema(value_type = schema::BusinessNumber)]
    national_number: String,
    /// What was taken though it looks wrong.
    warnings: Vec<FieldErrorView>,
    /// Whether it opens the service now.
    effective: bool,
    /// The holder's certification on which it hangs.
    #[schema(required = true)]
    principal: Option<Uuid>,
    /// The given name of who asked for it, or activated the code.
    #[schema(example = "Anna")]
    applicant_given_name: String,
    /// His family name.
    #[schema(example = "Weber")]
    applicant_family_name: String,
    #[serde(flatten)]
    record: CertificationRecord,
    /// Those of other spaces for the same service and company that are not over; at most a hundred.
    #[schema(max_items = 100)]
    competing: Vec<CompetingView>,
}

/// Whom and what a certification shows its administration beside itself.
pub struct Dossier {
    /// Whose it is.
    pub space: Space,
    /// Who asked for it.
    pub applicant: Person,
    /// What was written in the request, and what was done since.
    pub record: CertificationRecord,
    /// What competes with it.
    pub competing: Vec<CompetingView>,
}

impl PartnerCertificationInFullView {
    /// A certification as its administration sees it.
    ///
    /// # Errors
    /// No data key opens it.
    pub fn new(
        keys: &DataKeys,
        held: &HeldCertification,
        dossier: Dossier,
        language: Language,
        now: Instant,
    ) -> Result<Self, StoreError> {
        let number = number_of(keys, &held.certification)?;
        Ok(Self {
            certification: PartnerCertificationView::new(keys, &held.certification, &dossier.space.identifier, now)?,
            national_number: number.reveal().to_owned(),
            warnings: warnings(&number, language),
            effective: held.is_effective(now),
            principal: held.certification.principal.map(|id| id.0),
            applicant_given_name: dossier.applicant.given_name.to_string(),
            applicant_family_name: dossier.applicant.family_name.to_string(),
            record: dossier.record,
            competing: dossier.competing,
        })
    }
}
