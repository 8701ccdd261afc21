//! Recoveries as agents see them, and as those do whom they name.

use chrono::{DateTime, Utc};
use domain::{collaboration::Recovery, identity::Person, space::Space};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::{
    page::{PageView, page},
    schema::{self, Choice, RecoveryStatusChoice},
};

/// A case in which the Helpdesk appoints an administrator.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HelpdeskRecovery)]
#[serde(rename_all = "camelCase")]
pub struct RecoveryView {
    /// Its id.
    id: Uuid,
    /// The space's id.
    space_id: Uuid,
    /// The id of the product of the person to appoint.
    product_id: Uuid,
    /// The ids, as members, of those who are said to be unable to act.
    #[schema(max_items = 1000)]
    unable: Vec<Uuid>,
    /// Why it was opened.
    #[schema(value_type = schema::ReasonText)]
    reason: String,
    /// Where it stands.
    status: RecoveryStatusChoice,
    /// When it was opened.
    created_at: DateTime<Utc>,
    /// From when on another agent can confirm it.
    confirmable_at: DateTime<Utc>,
    /// When it ceased to be open.
    #[schema(required = true)]
    ended_at: Option<DateTime<Utc>>,
}

impl From<&Recovery> for RecoveryView {
    fn from(recovery: &Recovery) -> Self {
        Self {
            id: recovery.id.0,
            space_id: recovery.space.0,
            product_id: recovery.product.0,
            unable: recovery.unable.iter().map(|id| id.0).collect(),
            reason: recovery.reason.to_string(),
            status: Choice(recovery.status),
            created_at: recovery.created_at,
            confirmable_at: recovery.confirmable_at,
            ended_at: recovery.ended_at,
        }
    }
}

/// A page of recoveries.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HelpdeskRecoveryPage)]
pub struct RecoveryPage {
    /// The recoveries, oldest first.
    pub data: Vec<RecoveryView>,
    /// Where the list goes on.
    pub page: PageView,
}

page!(RecoveryPage of RecoveryView by id: Uuid);

/// A recovery that says the caller to be unable to act as administrator.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Recovery)]
#[serde(rename_all = "camelCase")]
pub struct OwnRecoveryView {
    /// Its id.
    id: Uuid,
    /// What people call the space.
    #[schema(value_type = schema::Identifier)]
    space_identifier: String,
    /// The given name of the person to appoint.
    #[schema(example = "Anna")]
    given_name: String,
    /// His family name.
    #[schema(example = "Weber")]
    family_name: String,
    /// Where it stands.
    status: RecoveryStatusChoice,
    /// When it was opened.
    created_at: DateTime<Utc>,
    /// Until when the caller can stop it for sure: from then on it can be confirmed.
    confirmable_at: DateTime<Utc>,
    /// When it ceased to be open.
    #[schema(required = true)]
    ended_at: Option<DateTime<Utc>>,
}

impl OwnRecoveryView {
    /// A recovery of this space, by which this person is to be appointed.
    pub fn new(recovery: &Recovery, space: &Space, appointee: &Person) -> Self {
        Self {
            id: recovery.id.0,
            space_identifier: space.identifier.to_string(),
            given_name: appointee.given_name.to_string(),
            family_name: appointee.family_name.to_string(),
            status: Choice(recovery.status),
            created_at: recovery.created_at,
            confirmable_at: recovery.confirmable_at,
            ended_at: recovery.ended_at,
        }
    }
}

/// A page of recoveries that name the caller.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RecoveryPage)]
pub struct OwnRecoveryPage {
    /// The recoveries, oldest first.
    pub data: Vec<OwnRecoveryView>,
    /// Where the list goes on.
    pub page: PageView,
}

page!(OwnRecoveryPage of OwnRecoveryView by id: Uuid);
