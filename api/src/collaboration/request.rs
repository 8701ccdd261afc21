//! What may be asked of members.

use domain::{Fault, collaboration::MemberEdit};
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

use crate::http::{
    body::{Faults, MERGE_PATCH, Request},
    query::parse_instant,
    schema::{self, AccessScopeChoice, RoleChoice, present},
};

/// What to change of a member (RFC 7396); what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "role": "manager", "accessScope": "all_products" }))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EditMemberRequest {
    /// The new role.
    #[schema(nullable = false)]
    #[serde(default, deserialize_with = "present")]
    role: Option<RoleChoice>,
    /// The new access scope; `this_product` is the product that the membership came with.
    #[schema(nullable = false)]
    #[serde(default, deserialize_with = "present")]
    access_scope: Option<AccessScopeChoice>,
    /// When the membership is to end by itself, in the future; null for never.
    #[schema(value_type = Option<schema::Moment>)]
    #[serde(default, deserialize_with = "given")]
    #[expect(clippy::option_option, reason = "absent, cleared and set are three things")]
    ends_at: Option<Option<String>>,
}

/// For a field of a merge patch that `null` clears: absent, or what was given.
#[expect(clippy::option_option, reason = "as above")]
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

impl Request for EditMemberRequest {
    const MEDIA_TYPES: &'static [&'static str] = MERGE_PATCH;
    type Value = MemberEdit;
    fn check(self, faults: &mut Faults) -> Option<MemberEdit> {
        let ends_at = self.ends_at.map(|end| match end {
            Some(end) => parse_instant(&end).map(Some).ok_or(Fault::Malformed),
            None => Ok(None),
        });
        let ends_at = faults.take_optional("/endsAt", ends_at)?;
        let (role, scope) = (self.role.map(|role| role.0), self.access_scope.map(|scope| scope.0));
        Some(MemberEdit { role, scope, ends_at })
    }
}
