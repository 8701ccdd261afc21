//! System users as the API shows them to administrators.

use chrono::{DateTime, Utc};
use domain::{Instant, collaboration::SystemUser, identity::Person};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    http::{
        page::{PageView, page},
        schema::{self, Choice, SystemRightChoice, SystemUserStatusChoice},
    },
    tokens::client_keys::JwksDocument,
};

/// A company's own software in a space.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SystemUser)]
#[serde(rename_all = "camelCase")]
pub struct SystemUserView {
    /// Its id; at `POST /v1/token` its `client_id`.
    id: Uuid,
    /// The space's id.
    space_id: Uuid,
    /// What administrators call it.
    #[schema(value_type = schema::SystemUserName)]
    name: String,
    /// What it may do.
    #[schema(value_type = schema::Rights)]
    rights: Vec<SystemRightChoice>,
    /// How it stands; it gets in while it is `active` and the space is open.
    status: SystemUserStatusChoice,
    /// When it ends by itself; of one that was ended, when that was.
    ends_at: DateTime<Utc>,
    /// Its public keys.
    jwks: JwksDocument,
    /// Who answers for it.
    approved_by: ApproverView,
    /// Since when.
    created_at: DateTime<Utc>,
    /// Counts its changes; with it the `ETag` begins.
    #[schema(minimum = 1, example = 1)]
    version: u32,
}

/// Who last decided what a system user may do, with which keys and until when.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Approver)]
#[serde(rename_all = "camelCase")]
pub struct ApproverView {
    /// The person's id, by which the audit log names him.
    id: Uuid,
    /// His given name.
    #[schema(example = "Anna")]
    given_name: String,
    /// His family name.
    #[schema(example = "Weber")]
    family_name: String,
    /// Whether he is an active administrator of the space still.
    is_administrator: bool,
}

impl SystemUserView {
    /// A system user, with the active administrators of its space.
    pub fn new(
        user: &SystemUser,
        jwks: JwksDocument,
        approver: &Person,
        administrators: &[Person],
        now: Instant,
    ) -> Self {
        Self {
            id: user.id.0,
            space_id: user.space.0,
            name: user.name.to_string(),
            rights: user.rights.iter().map(Choice).collect(),
            status: Choice(user.status_at(now)),
            ends_at: user.ends_at,
            jwks,
            approved_by: ApproverView {
                id: approver.id.0,
                given_name: approver.given_name.to_string(),
                family_name: approver.family_name.to_string(),
                is_administrator: administrators.iter().any(|person| person.id == approver.id),
            },
            created_at: user.created_at,
            version: user.version,
        }
    }
}

/// A page of system users.
#[derive(Debug, Serialize, ToSchema)]
pub struct SystemUserPage {
    /// The system users, oldest first.
    pub data: Vec<SystemUserView>,
    /// Where the list goes on.
    pub page: PageView,
}

page!(SystemUserPage of SystemUserView by id: Uuid);
