//! What may be asked of certifications, and what administrations say when they decide.

use std::collections::BTreeSet;

use domain::{
    Fault,
    catalogue::{Capacity, ServiceCode, ServiceDomainCode},
    certification::{
        Application, BusinessNumber, Grant, NamedAgent, access_code::SecurityCode, request::AGENTS_AT_MOST,
    },
    id::CertificationId,
    space::SpaceIdentifier,
    text::{GroundsText, ReasonText},
};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::{
    body::{Faults, Object, Request},
    field::Flaw,
    query::parse_instant,
    schema::{self, CapacityChoice, present},
};

/// How many domains a request names at most: no service has more.
const DOMAINS_AT_MOST: usize = domain::catalogue::Service::MOST_DOMAINS;

/// A space that a holder wants as its agent.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "spaceIdentifier": "PM-A1B2C3", "domains": ["affiliations"] }))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NamedAgentDocument {
    /// Its identifier.
    #[schema(value_type = schema::Identifier)]
    space_identifier: String,
    /// The domains for which; absent for the whole service.
    #[schema(value_type = Option<Vec<schema::ServiceDomainCode>>, nullable = false, max_items = 50)]
    #[serde(default, deserialize_with = "present")]
    domains: Option<Vec<String>>,
}

/// A request for a certification.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({
    "service": "alva.food-establishments", "capacity": "holder", "nationalNumber": "19822200012",
    "grounds": "We took the establishment over",
}))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CertificationRequest {
    /// For which service.
    #[schema(value_type = schema::ServiceCode)]
    service: String,
    /// As what the space is to be certified.
    capacity: CapacityChoice,
    /// The national number of the company for which it is: of an agent, its principal's.
    #[schema(value_type = schema::BusinessNumber)]
    national_number: String,
    /// The domains of the service; absent for the whole of it.
    #[schema(value_type = Option<Vec<schema::ServiceDomainCode>>, nullable = false, max_items = 50)]
    #[serde(default, deserialize_with = "present")]
    domains: Option<Vec<String>>,
    /// The spaces that a holder wants as its agents.
    #[schema(value_type = Option<Vec<NamedAgentDocument>>, nullable = false, max_items = 20)]
    #[serde(default, deserialize_with = "present")]
    agents: Option<Vec<Object<NamedAgentDocument>>>,
    /// Why, as the administration reads it.
    #[schema(value_type = Option<schema::GroundsText>, nullable = false)]
    #[serde(default, deserialize_with = "present")]
    grounds: Option<String>,
    /// A code that will be asked for when the access code is activated; exactly where the service says so.
    #[schema(value_type = Option<schema::SecurityCode>, nullable = false)]
    #[serde(default, deserialize_with = "present")]
    security_code: Option<String>,
}

/// What is asked for, as it came.
#[derive(Debug, Clone)]
pub struct Asked {
    /// For which service.
    pub service: ServiceCode,
    /// As what.
    pub capacity: Capacity,
    /// For whom.
    pub number: BusinessNumber,
    /// For which of its domains.
    pub domains: BTreeSet<ServiceDomainCode>,
    /// What the administration reads besides.
    pub application: Application,
    /// The code that was chosen.
    pub security_code: Option<SecurityCode>,
}

impl Request for CertificationRequest {
    type Value = Asked;
    fn check(self, faults: &mut Faults) -> Option<Asked> {
        let service = faults.take("/service", ServiceCode::parse(&self.service).map_err(|_| Fault::Malformed));
        let number = faults.take("/nationalNumber", BusinessNumber::parse(&self.national_number));
        let domains = domains("/domains", self.domains, faults);
        let agents = agents(self.agents.unwrap_or_default(), faults);
        let grounds = faults.take_text("/grounds", self.grounds, GroundsText::parse);
        let security_code = faults.take_text("/securityCode", self.security_code, SecurityCode::parse);
        Some(Asked {
            service: service?,
            capacity: self.capacity.0,
            number: number?,
            domains: domains?,
            application: Application { grounds: grounds?, agents: agents? },
            security_code: security_code?,
        })
    }
}

/// Domains, each once.
pub(super) fn domains(
    pointer: &str,
    given: Option<Vec<String>>,
    faults: &mut Faults,
) -> Option<BTreeSet<ServiceDomainCode>> {
    let given = given.unwrap_or_default();
    if given.len() > DOMAINS_AT_MOST {
        return faults.take(pointer, Err(Fault::TooMany { max: DOMAINS_AT_MOST }));
    }
    let codes = given.iter().enumerate().map(|(place, code)| {
        let flaw = given[..place].contains(code).then_some(Flaw::Duplicate);
        let code = flaw.map_or_else(|| ServiceDomainCode::parse(code).map_err(|_| Fault::Malformed.into()), Err);
        faults.take(&format!("{pointer}/{place}"), code)
    });
    // All of them, so that all that is wrong is told.
    let codes: Vec<_> = codes.collect();
    codes.into_iter().collect()
}

fn agents(given: Vec<Object<NamedAgentDocument>>, faults: &mut Faults) -> Option<Vec<NamedAgent>> {
    if given.len() > AGENTS_AT_MOST {
        return faults.take("/agents", Err(Fault::TooMany { max: AGENTS_AT_MOST }));
    }
    let agent = |(place, Object(agent)): (usize, Object<NamedAgentDocument>)| {
        let at = format!("/agents/{place}");
        let identifier = faults.take(&format!("{at}/spaceIdentifier"), SpaceIdentifier::parse(&agent.space_identifier));
        let domains = domains(&format!("{at}/domains"), agent.domains, faults);
        Some(NamedAgent { identifier: identifier?, domains: domains? })
    };
    // All of them, so that all that is wrong is told.
    let agents: Vec<_> = given.into_iter().enumerate().map(agent).collect();
    agents.into_iter().collect()
}

/// A decision that grants a request.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "reason": "The establishment is registered", "endsAt": "2027-12-31T23:59:59Z" }))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GrantRequest {
    /// Why; the space reads it.
    #[schema(value_type = schema::ReasonText)]
    reason: String,
    /// When the certification ends by itself; absent for what the service has.
    #[schema(value_type = Option<schema::Moment>, nullable = false)]
    #[serde(default, deserialize_with = "present")]
    ends_at: Option<String>,
    /// The certification of the holder whose agent the space becomes: one for the same service and company must be named where
    /// there is one.
    #[schema(nullable = false)]
    #[serde(default, deserialize_with = "present")]
    principal: Option<Uuid>,
}

impl Request for GrantRequest {
    type Value = Grant;
    fn check(self, faults: &mut Faults) -> Option<Grant> {
        let reason = faults.take("/reason", ReasonText::parse(&self.reason));
        let moment = |text: &str| parse_instant(text).ok_or(Fault::Malformed);
        let ends_at = faults.take_text("/endsAt", self.ends_at, moment);
        Some(Grant { reason: reason?, ends_at: ends_at?, principal: self.principal.map(CertificationId) })
    }
}

/// Why an administration decides so.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "reason": "The establishment was closed" }))]
#[serde(deny_unknown_fields)]
pub struct DecisionRequest {
    /// Why; the space reads it.
    #[schema(value_type = schema::ReasonText)]
    reason: String,
}

impl Request for DecisionRequest {
    type Value = ReasonText;
    fn check(self, faults: &mut Faults) -> Option<ReasonText> {
        faults.take("/reason", ReasonText::parse(&self.reason))
    }
}
