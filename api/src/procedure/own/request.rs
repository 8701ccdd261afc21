//! What is asked of procedures.

use domain::{
    Fault,
    id::MembershipId,
    procedure::{ContentDigest, ProcedureTypeCode},
};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::http::{
    body::{Faults, MERGE_PATCH, Request},
    path::PathId,
    schema,
};

/// Of which type a procedure is begun.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "type": "aed.vat-registration" }))]
#[serde(deny_unknown_fields)]
pub struct BeginProcedureRequest {
    /// The code of the type.
    #[schema(value_type = schema::ProcedureTypeCode)]
    r#type: String,
}

impl Request for BeginProcedureRequest {
    type Value = ProcedureTypeCode;
    fn check(self, faults: &mut Faults) -> Option<ProcedureTypeCode> {
        faults.take("/type", ProcedureTypeCode::parse(&self.r#type).map_err(|_| Fault::Malformed))
    }
}

/// Who is to look after a procedure.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "memberId": "019d6c3e-8c00-7000-8000-000000000002" }))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AssignProcedureRequest {
    /// A member of the space who may draft: an id of its list of members.
    #[schema(value_type = Uuid)]
    member_id: String,
}

impl Request for AssignProcedureRequest {
    type Value = MembershipId;
    fn check(self, faults: &mut Faults) -> Option<MembershipId> {
        faults.take("/memberId", PathId::parse(&self.member_id).map(PathId::of).ok_or(Fault::Malformed))
    }
}

/// What is signed or sent, as it was seen.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "digest": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" }))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SubmitProcedureRequest {
    /// The procedure's `digest`, as it was shown.
    #[schema(value_type = schema::ContentDigest)]
    digest: String,
}

impl Request for SubmitProcedureRequest {
    type Value = ContentDigest;
    fn check(self, faults: &mut Faults) -> Option<ContentDigest> {
        faults.take("/digest", ContentDigest::parse(&self.digest))
    }
}

/// What is changed of what is filled in.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "content": { "activityDescription": "Boulangerie", "iban": null } }))]
#[serde(deny_unknown_fields)]
pub struct EditProcedureRequest {
    /// The fields to set, as a merge patch (RFC 7396): null takes one away. What comes out has at most 256 KiB, 16 levels and 5000
    /// values; whether it is right, `check` says.
    #[schema(value_type = Object, additional_properties)]
    content: Map<String, Value>,
}

impl Request for EditProcedureRequest {
    const MEDIA_TYPES: &'static [&'static str] = MERGE_PATCH;
    type Value = Map<String, Value>;
    fn check(self, _: &mut Faults) -> Option<Map<String, Value>> {
        Some(self.content)
    }
}
