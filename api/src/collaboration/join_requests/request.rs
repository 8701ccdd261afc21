//! What may be asked of a space, and answered.

use domain::{Fault, collaboration::Admission, space::SpaceIdentifier};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::http::{
    body::{Faults, Request},
    query::parse_instant,
    schema::{self, AccessScopeChoice, RoleChoice, present},
};

/// A space to be let into.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "spaceIdentifier": "PM-A1B2C3" }))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct JoinSpaceRequest {
    /// Its identifier, all of it.
    #[schema(value_type = schema::Identifier)]
    space_identifier: String,
}

impl Request for JoinSpaceRequest {
    type Value = SpaceIdentifier;
    fn check(self, faults: &mut Faults) -> Option<SpaceIdentifier> {
        faults.take("/spaceIdentifier", SpaceIdentifier::parse(&self.space_identifier))
    }
}

/// As what the asker is let in.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "role": "contributor", "accessScope": "this_product" }))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ApproveJoinRequest {
    /// His role.
    role: RoleChoice,
    /// With which of his products he gets in; `this_product` is the one that he asked with.
    access_scope: AccessScopeChoice,
    /// When the membership is to end by itself, in the future; absent for never.
    #[schema(value_type = Option<schema::Moment>, nullable = false)]
    #[serde(default, deserialize_with = "present")]
    membership_ends_at: Option<String>,
}

impl Request for ApproveJoinRequest {
    type Value = Admission;
    fn check(self, faults: &mut Faults) -> Option<Admission> {
        let ends_at = self.membership_ends_at.map(|end| parse_instant(&end).ok_or(Fault::Malformed));
        let ends_at = faults.take_optional("/membershipEndsAt", ends_at)?;
        Some(Admission { role: self.role.0, scope: self.access_scope.0, ends_at })
    }
}
