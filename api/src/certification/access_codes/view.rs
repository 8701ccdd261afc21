//! Access codes, as whoever issued them sees them, and agents, as their holders do.

use chrono::{DateTime, Utc};
use domain::{
    Instant,
    certification::{
        HeldCertification,
        access_code::{AccessCode, AccessSecret},
    },
    space::SpaceIdentifier,
};
use persistence::StoreError;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    http::{
        page::{PageView, page},
        schema::{self, AccessCodeStatusChoice, CapacityChoice, CertificationStatusChoice, Choice},
    },
    keys::DataKeys,
};

/// Who activated a code.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AccessCodeUse)]
#[serde(rename_all = "camelCase")]
pub struct UseView {
    /// What people call the space.
    #[schema(value_type = schema::Identifier)]
    space_identifier: String,
    /// The id of the certification that it has by it.
    certification_id: Uuid,
    /// When.
    at: DateTime<Utc>,
}

/// An access code, but for what it says.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AccessCode)]
#[serde(rename_all = "camelCase")]
pub struct AccessCodeView {
    /// Its id.
    pub id: Uuid,
    /// For which service.
    #[schema(value_type = schema::ServiceCode)]
    service: String,
    /// As what it certifies a space.
    capacity: CapacityChoice,
    /// How it stands.
    status: AccessCodeStatusChoice,
    /// The domains of the service that it is for; empty for the whole of it.
    #[schema(value_type = Vec<schema::ServiceDomainCode>, max_items = 50)]
    domains: Vec<String>,
    /// The last four digits of the national number of the company for which it is, behind stars.
    #[schema(example = "*******0012", max_length = 13)]
    masked_national_number: String,
    /// Whether that number must be known to activate it.
    national_number_wanted: bool,
    /// Whether a security code is wanted with it; never once it is over.
    has_security_code: bool,
    /// How often the security code was wrong and all else right; the fifth time locks it.
    #[schema(minimum = 0, maximum = 5, example = 0)]
    wrong_tries: u32,
    /// The one space that can activate it.
    #[schema(value_type = Option<schema::Identifier>, required = true)]
    space_identifier: Option<String>,
    /// The id of the request that it answers.
    #[schema(required = true)]
    request: Option<Uuid>,
    /// The id of the holder's certification on which an agent's will hang.
    #[schema(required = true)]
    principal: Option<Uuid>,
    /// When it was issued.
    issued_at: DateTime<Utc>,
    /// Until when it can be activated.
    expires_at: DateTime<Utc>,
    /// When the certification ends by itself; none for what the service has.
    #[schema(required = true)]
    certification_ends_at: Option<DateTime<Utc>>,
    /// Who activated it.
    #[schema(required = true)]
    activated_by: Option<UseView>,
}

impl AccessCodeView {
    /// A code, with the space that activated it.
    ///
    /// # Errors
    /// No data key opens it.
    pub fn new(
        keys: &DataKeys,
        (code, space): (&AccessCode, Option<&SpaceIdentifier>),
        now: Instant,
    ) -> Result<Self, StoreError> {
        let unopened = || StoreError::Corrupt(format!("access_codes {}: no data key opens it", code.id));
        let number = keys.business_number(&code.legal_person).ok_or_else(unopened)?;
        let used = code.used.zip(space).map(|((certification, at), space)| UseView {
            space_identifier: space.to_string(),
            certification_id: certification.0,
            at,
        });
        Ok(Self {
            id: code.id.0,
            service: code.service.to_string(),
            capacity: Choice(code.capacity),
            status: Choice(code.status_at(now)),
            domains: code.domains.iter().map(ToString::to_string).collect(),
            masked_national_number: number.masked(),
            national_number_wanted: code.is_number_wanted,
            has_security_code: code.security_code.is_some(),
            wrong_tries: code.wrong_tries,
            space_identifier: code.space.as_ref().map(ToString::to_string),
            request: code.request.map(|id| id.0),
            principal: code.principal.map(|id| id.0),
            issued_at: code.issued_at,
            expires_at: code.expires_at,
            certification_ends_at: code.certification_ends_at,
            activated_by: used,
        })
    }
}

/// An access code that was issued a moment ago, with what it says: it is shown this once.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = IssuedAccessCode)]
#[serde(rename_all = "camelCase")]
pub struct IssuedAccessCodeView {
    /// The code.
    #[schema(value_type = schema::AccessCodeText)]
    access_code: String,
    #[serde(flatten)]
    facts: AccessCodeView,
}

impl IssuedAccessCodeView {
    /// A new code.
    pub fn new(secret: &AccessSecret, facts: AccessCodeView) -> Self {
        Self { access_code: secret.reveal(), facts }
    }
}

/// A page of access codes.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccessCodePage {
    /// The codes, oldest first.
    pub data: Vec<AccessCodeView>,
    /// Where the list goes on.
    pub page: PageView,
}
page!(AccessCodePage of AccessCodeView by id: Uuid);

/// A space that is certified as an agent of the holder.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Agent)]
#[serde(rename_all = "camelCase")]
pub struct AgentView {
    /// The id of its certification.
    pub id: Uuid,
    /// What people call the space.
    #[schema(value_type = schema::Identifier)]
    space_identifier: String,
    /// How the certification stands.
    status: CertificationStatusChoice,
    /// Whether it opens the service now: it and the holder's are granted, and both spaces in use.
    effective: bool,
    /// The domains of the service that it is for; empty for the whole of it.
    #[schema(value_type = Vec<schema::ServiceDomainCode>, max_items = 50)]
    domains: Vec<String>,
    /// When it was asked for, or its code activated.
    created_at: DateTime<Utc>,
    /// When it ends by itself.
    #[schema(required = true)]
    ends_at: Option<DateTime<Utc>>,
}

impl AgentView {
    /// An agent, as the holder sees him.
    pub fn new(agent: &HeldCertification, space: &SpaceIdentifier, now: Instant) -> Self {
        let certification = &agent.certification;
        Self {
            id: certification.id.0,
            space_identifier: space.to_string(),
            status: Choice(certification.status_at(now)),
            effective: agent.is_effective(now),
            domains: certification.domains.iter().map(ToString::to_string).collect(),
            created_at: certification.created_at,
            ends_at: certification.ends_at,
        }
    }
}

/// A page of agents.
#[derive(Debug, Serialize, ToSchema)]
pub struct AgentPage {
    /// The agents, oldest first.
    pub data: Vec<AgentView>,
    /// Where the list goes on.
    pub page: PageView,
}
page!(AgentPage of AgentView by id: Uuid);
