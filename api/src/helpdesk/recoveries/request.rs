//! What an agent says who opens a recovery.

use std::collections::BTreeSet;

use domain::{
    Fault,
    id::{MembershipId, ProductId, SpaceId},
    text::ReasonText,
};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::{
    body::{Faults, Request},
    path::PathId,
    schema,
};

/// How many administrators a recovery can name.
const MOST_NAMED: usize = 1000;

/// An administrator to appoint, and why nobody else can act.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({
    "spaceId": "019d6c3e-8c00-7000-8000-000000000000",
    "productId": "019d6c3e-8c00-7000-8000-000000000001",
    "unable": ["019d6c3e-8c00-7000-8000-000000000002"],
    "reason": "The only administrator has died; the certificate of inheritance was seen",
}))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OpenRecoveryRequest {
    /// The space's id.
    #[schema(value_type = Uuid)]
    space_id: String,
    /// The id of a registered product of the person to appoint.
    #[schema(value_type = Uuid)]
    product_id: String,
    /// The ids, as members, of all administrators who would be able to act by what is recorded of them.
    #[schema(value_type = Vec<Uuid>, max_items = 1000)]
    unable: Vec<String>,
    /// Why; it is about the act, names nobody, and stands in the audit log.
    #[schema(value_type = schema::ReasonText)]
    reason: String,
}

/// A recovery to open.
#[derive(Debug)]
pub struct RecoveryWish {
    /// Of which space.
    pub space: SpaceId,
    /// With which product he comes who is to be appointed.
    pub product: ProductId,
    /// Who is said to be unable to act.
    pub unable: BTreeSet<MembershipId>,
    /// Why.
    pub reason: ReasonText,
}

impl Request for OpenRecoveryRequest {
    type Value = RecoveryWish;
    fn check(self, faults: &mut Faults) -> Option<RecoveryWish> {
        fn id<I: From<Uuid>>(text: &str) -> Result<I, Fault> {
            PathId::parse(text).map(PathId::of).ok_or(Fault::Malformed)
        }
        let space = faults.take("/spaceId", id(&self.space_id));
        let product = faults.take("/productId", id(&self.product_id));
        let reason = faults.take("/reason", ReasonText::parse(&self.reason));
        if self.unable.len() > MOST_NAMED {
            return faults.take("/unable", Err(Fault::OutOfRange { min: 0, max: 1000 }));
        }
        let named = self.unable.iter().enumerate();
        let unable: Vec<Option<MembershipId>> =
            named.map(|(place, text)| faults.take(&format!("/unable/{place}"), id(text))).collect();
        let unable = unable.into_iter().collect::<Option<_>>()?;
        Some(RecoveryWish { space: space?, product: product?, unable, reason: reason? })
    }
}
