//! Spaces as the API shows them.

use chrono::{DateTime, Utc};
use domain::{
    collaboration::{Membership, Role, Standing},
    space::Space,
};
use persistence::SpaceInBrief;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::{
    page::{PageView, page},
    schema::{self, Choice, EntityTypeChoice, LanguageChoice, RoleChoice, SpaceKindChoice, SpaceStateChoice},
};

/// A space as one of its members, or its company's own software, sees it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Space)]
#[serde(rename_all = "camelCase")]
pub struct SpaceView {
    /// Its id.
    id: Uuid,
    /// What people and letters call it.
    #[schema(value_type = schema::Identifier)]
    identifier: String,
    /// Private or professional.
    kind: SpaceKindChoice,
    /// What it stands for.
    entity_type: EntityTypeChoice,
    /// What its members call it; a private space has no title.
    #[schema(value_type = Option<schema::Title>, required = true)]
    title: Option<String>,
    /// Whether it is in use.
    state: SpaceStateChoice,
    /// Since when it is suspended; absent unless it is.
    #[schema(nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    suspended_at: Option<DateTime<Utc>>,
    /// Why the Helpdesk suspended it; absent unless it did.
    #[schema(value_type = Option<schema::ReasonText>, nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    suspension_reason: Option<String>,
    /// The caller's role; absent for software.
    #[schema(nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<RoleChoice>,
    /// The language of notices.
    language: LanguageChoice,
    /// Where notices go.
    #[schema(value_type = schema::EmailAddress)]
    notification_email: String,
    /// Whether that address is confirmed: until then nothing but a code goes there.
    notification_email_confirmed: bool,
    /// When it was opened.
    created_at: DateTime<Utc>,
    /// When it was last edited, closed or restored.
    updated_at: DateTime<Utc>,
    /// When it was closed, if it is.
    #[schema(nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    closed_at: Option<DateTime<Utc>>,
    /// Until when a closed space can be restored.
    #[schema(nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    purge_at: Option<DateTime<Utc>>,
}

impl SpaceView {
    /// A space as this member sees it.
    pub fn to_member(space: &Space, membership: &Membership) -> Self {
        Self::to(space, Some(membership.role))
    }

    /// A space as whoever stands so in it sees it.
    pub fn new(space: &Space, standing: &Standing) -> Self {
        match standing {
            Standing::Member(membership) => Self::to_member(space, membership),
            Standing::SystemUser(_) => Self::to(space, None),
        }
    }

    fn to(space: &Space, role: Option<Role>) -> Self {
        Self {
            id: space.id.0,
            identifier: space.identifier.to_string(),
            kind: Choice(space.kind),
            entity_type: Choice(space.entity_type),
            title: space.title.as_ref().map(ToString::to_string),
            state: Choice(space.state),
            suspended_at: space.suspension.as_ref().map(|suspension| suspension.at),
            suspension_reason: space.suspension.as_ref().map(|suspension| suspension.reason.to_string()),
            role: role.map(Choice),
            language: Choice(space.language),
            notification_email: space.notification_email.to_string(),
            notification_email_confirmed: space.notification_email_confirmed,
            created_at: space.created_at,
            updated_at: space.updated_at,
            closed_at: space.closure.map(|closure| closure.closed_at),
            purge_at: space.closure.map(|closure| closure.purge_at),
        }
    }
}

/// What a list shows of a space.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SpaceSummary {
    /// Its id.
    id: Uuid,
    /// What people and letters call it.
    #[schema(value_type = schema::Identifier)]
    identifier: String,
    /// Private or professional.
    kind: SpaceKindChoice,
    /// What its members call it; a private space has no title.
    #[schema(value_type = Option<schema::Title>, required = true)]
    title: Option<String>,
    /// Whether it is in use.
    state: SpaceStateChoice,
    /// The caller's role.
    role: RoleChoice,
}

impl From<&SpaceInBrief> for SpaceSummary {
    fn from(space: &SpaceInBrief) -> Self {
        Self {
            id: space.id.0,
            identifier: space.identifier.to_string(),
            kind: Choice(space.kind),
            title: space.title.as_ref().map(ToString::to_string),
            state: Choice(space.state),
            role: Choice(space.role),
        }
    }
}

/// A page of spaces.
#[derive(Debug, Serialize, ToSchema)]
pub struct SpacePage {
    /// The spaces, oldest first.
    pub data: Vec<SpaceSummary>,
    /// Where the list goes on.
    pub page: PageView,
}

page!(SpacePage of SpaceSummary by id: Uuid);
