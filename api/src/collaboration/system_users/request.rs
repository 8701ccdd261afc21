//! What may be asked of system users.

use domain::{
    Fault, Instant,
    collaboration::{SystemRights, SystemUserEdit, SystemUserWish},
    text::SystemUserName,
};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    http::{
        body::{Faults, MERGE_PATCH, Object, Request},
        field::Flaw,
        query::parse_instant,
        schema::{self, SystemRightChoice, present},
    },
    tokens::client_keys::JwksDocument,
};

/// A company's own software to let in.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({
    "name": "Payroll", "rights": ["read", "draft"], "endsAt": "2027-12-31T23:59:59Z",
    "jwks": { "keys": [{
        "kty": "OKP", "crv": "Ed25519", "kid": "2027", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
    }] },
}))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ApproveSystemUserRequest {
    /// What administrators will call it.
    #[schema(value_type = schema::SystemUserName)]
    name: String,
    /// What it may do.
    #[schema(value_type = schema::Rights)]
    rights: Vec<SystemRightChoice>,
    /// When it ends by itself, in two years at most.
    #[schema(value_type = schema::Moment)]
    ends_at: String,
    /// Its public keys: by one of them it says who it is.
    #[schema(value_type = JwksDocument)]
    jwks: Object<JwksDocument>,
}

impl Request for ApproveSystemUserRequest {
    type Value = (SystemUserWish, JwksDocument);
    fn check(self, faults: &mut Faults) -> Option<Self::Value> {
        let name = faults.take("/name", SystemUserName::parse(&self.name));
        let rights = rights(&self.rights, faults);
        let ends_at = faults.take("/endsAt", moment(&self.ends_at));
        let jwks = self.jwks.0.check("/jwks", faults);
        Some((SystemUserWish { name: name?, rights: rights?, ends_at: ends_at? }, jwks?))
    }
}

/// What to change of a system user (RFC 7396); what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "name": "Payroll and absences", "rights": ["read"] }))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EditSystemUserRequest {
    /// Its new name.
    #[schema(value_type = Option<schema::SystemUserName>, nullable = false)]
    #[serde(default, deserialize_with = "present")]
    name: Option<String>,
    /// All that it may do from now on.
    #[schema(value_type = Option<schema::Rights>, nullable = false)]
    #[serde(default, deserialize_with = "present")]
    rights: Option<Vec<SystemRightChoice>>,
    /// When it is to end by itself, in two years at most.
    #[schema(value_type = Option<schema::Moment>, nullable = false)]
    #[serde(default, deserialize_with = "present")]
    ends_at: Option<String>,
    /// All its public keys from now on.
    #[schema(value_type = Option<JwksDocument>, nullable = false)]
    #[serde(default, deserialize_with = "present")]
    jwks: Option<Object<JwksDocument>>,
}

impl Request for EditSystemUserRequest {
    const MEDIA_TYPES: &'static [&'static str] = MERGE_PATCH;
    type Value = (SystemUserEdit, Option<JwksDocument>);
    fn check(self, faults: &mut Faults) -> Option<Self::Value> {
        let name = faults.take_text("/name", self.name, SystemUserName::parse);
        let rights = self.rights.map_or(Some(None), |given| rights(&given, faults).map(Some));
        let ends_at = faults.take_optional("/endsAt", self.ends_at.as_deref().map(moment));
        let jwks = self.jwks.map_or(Some(None), |Object(jwks)| jwks.check("/jwks", faults).map(Some));
        let edit = SystemUserEdit { name: name?, rights: rights?, ends_at: ends_at?, replaces_keys: false };
        Some((edit, jwks?))
    }
}

/// At least one right, each once.
fn rights(given: &[SystemRightChoice], faults: &mut Faults) -> Option<SystemRights> {
    let place_of_second = (1..given.len()).find(|place| given[..*place].contains(&given[*place]));
    match place_of_second {
        Some(place) => faults.take(&format!("/rights/{place}"), Err(Flaw::Duplicate)),
        None if given.is_empty() => faults.take("/rights", Err(Fault::Empty)),
        None => Some(given.iter().map(|right| right.0).collect()),
    }
}

fn moment(text: &str) -> Result<Instant, Fault> {
    parse_instant(text).ok_or(Fault::Malformed)
}
