//! What may be asked of the Helpdesk, and what its agents say.

use domain::{helpdesk::SpaceLimit, identity::Serial, space::SpaceIdentifier, text::ReasonText};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::http::{
    body::{Faults, Request, Whole},
    schema,
};

/// A limit, and why: wished by a person, or set by an agent.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "limit": 250, "reason": "More lines of business than places" }))]
#[serde(deny_unknown_fields)]
pub struct LimitWishRequest {
    /// How many professional spaces may be open that were opened with the product.
    #[schema(value_type = schema::SpaceLimit)]
    limit: Whole,
    /// Why; it is about the limit, and names nobody.
    #[schema(value_type = schema::ReasonText)]
    reason: String,
}

impl Request for LimitWishRequest {
    type Value = (SpaceLimit, ReasonText);
    fn check(self, faults: &mut Faults) -> Option<Self::Value> {
        let limit = faults.take("/limit", SpaceLimit::parse(self.limit.0));
        let reason = faults.take("/reason", ReasonText::parse(&self.reason));
        Some((limit?, reason?))
    }
}

/// Why an agent does something.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "reason": "The company's liquidator asked for it" }))]
#[serde(deny_unknown_fields)]
pub struct ReasonRequest {
    /// Why; it is about the act, names nobody, and stands in the audit log.
    #[schema(value_type = schema::ReasonText)]
    reason: String,
}

impl Request for ReasonRequest {
    type Value = ReasonText;
    fn check(self, faults: &mut Faults) -> Option<ReasonText> {
        faults.take("/reason", ReasonText::parse(&self.reason))
    }
}

/// A product to find.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "serial": "10000000000000000011", "reason": "A call about the limit" }))]
#[serde(deny_unknown_fields)]
pub struct FindProductRequest {
    /// Its serial number, all of it.
    #[schema(value_type = schema::SerialNumber)]
    serial: String,
    /// Why it is looked up; it names nobody, and stands in the audit log.
    #[schema(value_type = schema::ReasonText)]
    reason: String,
}

impl Request for FindProductRequest {
    type Value = (Serial, ReasonText);
    fn check(self, faults: &mut Faults) -> Option<Self::Value> {
        let serial = faults.take("/serial", Serial::parse(&self.serial));
        let reason = faults.take("/reason", ReasonText::parse(&self.reason));
        Some((serial?, reason?))
    }
}

/// A space to find.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "identifier": "PM-A1B2C3", "reason": "A letter of the bailiff" }))]
#[serde(deny_unknown_fields)]
pub struct FindSpaceRequest {
    /// Its identifier, all of it.
    #[schema(value_type = schema::Identifier)]
    identifier: String,
    /// Why it is looked up; it names nobody, and stands in the audit log.
    #[schema(value_type = schema::ReasonText)]
    reason: String,
}

impl Request for FindSpaceRequest {
    type Value = (SpaceIdentifier, ReasonText);
    fn check(self, faults: &mut Faults) -> Option<Self::Value> {
        let identifier = faults.take("/identifier", SpaceIdentifier::parse(&self.identifier));
        let reason = faults.take("/reason", ReasonText::parse(&self.reason));
        Some((identifier?, reason?))
    }
}
