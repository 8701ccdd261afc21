//! What may be asked of access codes.

use std::collections::BTreeSet;

use domain::{
    Fault, Instant,
    catalogue::{Capacity, ServiceCode, ServiceDomainCode},
    certification::{
        BusinessNumber,
        access_code::{AccessCodeTimes, AccessSecret, AgentCodeWish, SecurityCode},
    },
    id::CertificationId,
    space::SpaceIdentifier,
    text::ReasonText,
};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::super::request::domains;
use crate::http::{
    body::{Faults, Request},
    query::parse_instant,
    schema::{self, CapacityChoice, present},
};

/// A code, and what goes with it.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "accessCode": "7KQ2-M9XA-0C4T-HV8E-RB51-ZN6D-W3GP-YJFS", "securityCode": "Fiches-27" }))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ActivationRequest {
    /// The code, in either case, with blanks and hyphens or without.
    #[schema(value_type = schema::AccessCodeText)]
    access_code: String,
    /// The security code that was chosen with it, where there is one.
    #[schema(value_type = Option<schema::SecurityCode>, nullable = false)]
    #[serde(default, deserialize_with = "present")]
    security_code: Option<String>,
    /// The national number of the company for which it is, where its issuer wants that it be known.
    #[schema(value_type = Option<schema::BusinessNumber>, nullable = false)]
    #[serde(default, deserialize_with = "present")]
    national_number: Option<String>,
}

/// What is tried.
#[derive(Debug, Clone)]
pub struct Tried {
    /// The code.
    pub secret: AccessSecret,
    /// The security code.
    pub security_code: Option<SecurityCode>,
    /// The company's number.
    pub number: Option<BusinessNumber>,
}

impl Request for ActivationRequest {
    type Value = Tried;
    fn check(self, faults: &mut Faults) -> Option<Tried> {
        let secret = faults.take("/accessCode", AccessSecret::parse(&self.access_code));
        let security_code = faults.take_text("/securityCode", self.security_code, SecurityCode::parse);
        let number = faults.take_text("/nationalNumber", self.national_number, BusinessNumber::parse);
        Some(Tried { secret: secret?, security_code: security_code?, number: number? })
    }
}

/// A code for an agent.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "spaceIdentifier": "PM-A1B2C3" }))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AgentAccessCodeRequest {
    /// The one space that can activate it; absent for any.
    #[schema(value_type = Option<schema::Identifier>, nullable = false)]
    #[serde(default, deserialize_with = "present")]
    space_identifier: Option<String>,
    /// The domains of the service for which it is; absent for all that the holder has.
    #[schema(value_type = Option<Vec<schema::ServiceDomainCode>>, nullable = false, max_items = 50)]
    #[serde(default, deserialize_with = "present")]
    domains: Option<Vec<String>>,
    /// A security code that is asked for when it is activated; exactly where the service has them.
    #[schema(value_type = Option<schema::SecurityCode>, nullable = false)]
    #[serde(default, deserialize_with = "present")]
    security_code: Option<String>,
    /// Until when it can be activated, in 366 days at most; absent for what the service has.
    #[schema(value_type = Option<schema::Moment>, nullable = false)]
    #[serde(default, deserialize_with = "present")]
    expires_at: Option<String>,
    /// When the agent's certification ends by itself; absent for what the service has.
    #[schema(value_type = Option<schema::Moment>, nullable = false)]
    #[serde(default, deserialize_with = "present")]
    certification_ends_at: Option<String>,
}

impl Request for AgentAccessCodeRequest {
    type Value = (AgentCodeWish, Option<SecurityCode>);
    fn check(self, faults: &mut Faults) -> Option<Self::Value> {
        let space = faults.take_text("/spaceIdentifier", self.space_identifier, SpaceIdentifier::parse);
        let domains = domains("/domains", self.domains, faults);
        let security_code = faults.take_text("/securityCode", self.security_code, SecurityCode::parse);
        let times = times(self.expires_at, self.certification_ends_at, faults);
        let wish = AgentCodeWish { space: space?, domains: domains?, security_code: None, times: times? };
        Some((wish, security_code?))
    }
}

/// When a code, and what it grants, are to end.
pub fn times(
    expires_at: Option<String>,
    certification_ends_at: Option<String>,
    faults: &mut Faults,
) -> Option<AccessCodeTimes> {
    let expires_at = faults.take_text("/expiresAt", expires_at, moment);
    let certification_ends_at = faults.take_text("/certificationEndsAt", certification_ends_at, moment);
    Some(AccessCodeTimes { expires_at: expires_at?, certification_ends_at: certification_ends_at? })
}

fn moment(text: &str) -> Result<Instant, Fault> {
    parse_instant(text).ok_or(Fault::Malformed)
}

/// Why a holder ends what an agent does.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "reason": "The mandate has ended" }))]
#[serde(deny_unknown_fields)]
pub struct EndAgentRequest {
    /// Why; the agent's space reads it.
    #[schema(value_type = schema::ReasonText)]
    reason: String,
}

impl Request for EndAgentRequest {
    type Value = ReasonText;
    fn check(self, faults: &mut Faults) -> Option<ReasonText> {
        faults.take("/reason", ReasonText::parse(&self.reason))
    }
}

/// A code of an administration.
#[derive(ToSchema)]
#[schema(as = AccessCodeRequest, example = json!({
    "service": "itm.social-elections", "capacity": "holder", "nationalNumber": "19822200012", "nationalNumberWanted": true,
}))]
#[serde(untagged)]
pub enum IssueAccessCode {
    /// Unasked.
    Unasked(IssueUnaskedAccessCode),
    /// For a request.
    Answering(IssueAnsweringAccessCode),
}

/// A code that nobody asked for.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "the contract of an `AccessCodeRequest`: read as such, a fault would lose its pointer")]
pub struct IssueUnaskedAccessCode {
    /// For which service.
    #[schema(value_type = schema::ServiceCode)]
    service: String,
    /// As what it certifies a space.
    capacity: CapacityChoice,
    /// The national number of the company for which it is.
    #[schema(value_type = schema::BusinessNumber)]
    national_number: String,
    /// Whether that number must be known to activate it; absent for no.
    #[schema(value_type = Option<bool>, nullable = false)]
    national_number_wanted: Option<bool>,
    /// The one space that can activate it; absent for any.
    #[schema(value_type = Option<schema::Identifier>, nullable = false)]
    space_identifier: Option<String>,
    /// The domains of the service for which it is; absent for the whole of it.
    #[schema(value_type = Option<Vec<schema::ServiceDomainCode>>, nullable = false, max_items = 50)]
    domains: Option<Vec<String>>,
    /// A security code that is asked for when it is activated; exactly where the service has them.
    #[schema(value_type = Option<schema::SecurityCode>, nullable = false)]
    security_code: Option<String>,
    /// The certification of the holder whose agent the space becomes: one for the same service and company must be named where
    /// there is one.
    #[schema(value_type = Option<Uuid>, nullable = false)]
    principal: Option<Uuid>,
    /// Until when it can be activated, in 366 days at most; absent for what the service has.
    #[schema(value_type = Option<schema::Moment>, nullable = false)]
    expires_at: Option<String>,
    /// When the certification ends by itself; absent for what the service has.
    #[schema(value_type = Option<schema::Moment>, nullable = false)]
    certification_ends_at: Option<String>,
}

/// A code that answers a request: for what was asked, in the space that asked, with the security code that it chose.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "as above")]
pub struct IssueAnsweringAccessCode {
    /// The id of the request.
    request: Uuid,
    /// The certification of the holder whose agent the space becomes, as above.
    #[schema(value_type = Option<Uuid>, nullable = false)]
    principal: Option<Uuid>,
    /// Until when it can be activated, as above.
    #[schema(value_type = Option<schema::Moment>, nullable = false)]
    expires_at: Option<String>,
    /// When the certification ends by itself, as above.
    #[schema(value_type = Option<schema::Moment>, nullable = false)]
    certification_ends_at: Option<String>,
}

/// An [`IssueAccessCode`], read: what a request says is not said again.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AccessCodeRequest {
    #[serde(default, deserialize_with = "present")]
    request: Option<Uuid>,
    #[serde(default, deserialize_with = "present")]
    service: Option<String>,
    #[serde(default, deserialize_with = "present")]
    capacity: Option<CapacityChoice>,
    #[serde(default, deserialize_with = "present")]
    national_number: Option<String>,
    #[serde(default, deserialize_with = "present")]
    national_number_wanted: Option<bool>,
    #[serde(default, deserialize_with = "present")]
    space_identifier: Option<String>,
    #[serde(default, deserialize_with = "present")]
    domains: Option<Vec<String>>,
    #[serde(default, deserialize_with = "present")]
    security_code: Option<String>,
    #[serde(default, deserialize_with = "present")]
    principal: Option<Uuid>,
    #[serde(default, deserialize_with = "present")]
    expires_at: Option<String>,
    #[serde(default, deserialize_with = "present")]
    certification_ends_at: Option<String>,
}

/// What a code is to be for.
#[derive(Debug, Clone)]
pub enum Purpose {
    /// What the administration says.
    Unasked(Box<Unasked>),
    /// What this request says.
    Answering(CertificationId),
}

/// What an administration says of a code that nobody asked for.
#[derive(Debug, Clone)]
pub struct Unasked {
    /// For which service.
    pub service: ServiceCode,
    /// As what it certifies a space.
    pub capacity: Capacity,
    /// For which company.
    pub number: BusinessNumber,
    /// Whether its number must be known.
    pub is_number_wanted: bool,
    /// The one space that can activate it.
    pub space: Option<SpaceIdentifier>,
    /// In which domains.
    pub domains: BTreeSet<ServiceDomainCode>,
    /// The security code.
    pub security_code: Option<SecurityCode>,
}

/// A code to issue.
#[derive(Debug, Clone)]
pub struct ToIssue {
    /// What it is for.
    pub purpose: Purpose,
    /// Whose agent the space becomes.
    pub principal: Option<CertificationId>,
    /// How long it lasts.
    pub times: AccessCodeTimes,
}

impl Request for AccessCodeRequest {
    type Value = ToIssue;
    fn check(mut self, faults: &mut Faults) -> Option<ToIssue> {
        let times = times(self.expires_at.take(), self.certification_ends_at.take(), faults);
        let principal = self.principal.map(CertificationId);
        let purpose = match self.request {
            Some(request) => self.says_nothing_else(faults).map(|()| Purpose::Answering(request.into())),
            None => self.unasked(faults).map(|unasked| Purpose::Unasked(Box::new(unasked))),
        };
        Some(ToIssue { purpose: purpose?, principal, times: times? })
    }
}

impl AccessCodeRequest {
    fn says_nothing_else(&self, faults: &mut Faults) -> Option<()> {
        let others = [
            ("/service", self.service.is_some()),
            ("/capacity", self.capacity.is_some()),
            ("/nationalNumber", self.national_number.is_some()),
            ("/nationalNumberWanted", self.national_number_wanted.is_some()),
            ("/spaceIdentifier", self.space_identifier.is_some()),
            ("/domains", self.domains.is_some()),
            ("/securityCode", self.security_code.is_some()),
        ];
        let told = others
            .map(|(pointer, is_said)| faults.take(pointer, if is_said { Err(Fault::NotApplicable) } else { Ok(()) }));
        told.into_iter().collect()
    }

    fn unasked(self, faults: &mut Faults) -> Option<Unasked> {
        let text = |given: Option<String>| given.ok_or(Fault::Missing);
        let service = faults.take("/service", text(self.service).and_then(|code| ServiceCode::parse(&code)));
        let capacity = faults.take("/capacity", self.capacity.ok_or(Fault::Missing));
        let number = text(self.national_number).and_then(|number| BusinessNumber::parse(&number));
        let number = faults.take("/nationalNumber", number);
        let space = faults.take_text("/spaceIdentifier", self.space_identifier, SpaceIdentifier::parse);
        let domains = domains("/domains", self.domains, faults);
        let security_code = faults.take_text("/securityCode", self.security_code, SecurityCode::parse);
        Some(Unasked {
            service: service?,
            capacity: capacity?.0,
            number: number?,
            is_number_wanted: self.national_number_wanted.unwrap_or_default(),
            space: space?,
            domains: domains?,
            security_code: security_code?,
        })
    }
}
