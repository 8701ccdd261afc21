//! What the Helpdesk sees of products, spaces and requests, and what persons see of their requests.

use chrono::{DateTime, Utc};
use domain::{
    helpdesk::LimitRequest,
    identity::{Person, Product},
    space::Space,
};
use persistence::MembersCount;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::{
    page::{PageView, page},
    schema::{
        self, Choice, EntityTypeChoice, LimitRequestStatusChoice, ProductKindChoice, ProductStatusChoice,
        SpaceKindChoice, SpaceStateChoice,
    },
};

/// A request for a higher limit of a product.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LimitRequest)]
#[serde(rename_all = "camelCase")]
pub struct LimitRequestView {
    /// Its id.
    id: Uuid,
    /// The product's id.
    product: Uuid,
    /// The limit that is asked for.
    #[schema(value_type = schema::SpaceLimit)]
    limit: u32,
    /// Why, in the person's words.
    #[schema(value_type = schema::ReasonText)]
    reason: String,
    /// Where it stands.
    status: LimitRequestStatusChoice,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// When it was decided.
    #[schema(required = true)]
    decided_at: Option<DateTime<Utc>>,
    /// The limit that was granted, which may be another one.
    #[schema(value_type = Option<schema::SpaceLimit>, required = true)]
    granted_limit: Option<u32>,
    /// Why it was decided so.
    #[schema(value_type = Option<schema::ReasonText>, required = true)]
    decision_reason: Option<String>,
}

impl From<&LimitRequest> for LimitRequestView {
    fn from(request: &LimitRequest) -> Self {
        let decision = request.decision.as_ref();
        Self {
            id: request.id.0,
            product: request.product.0,
            limit: request.limit,
            reason: request.reason.to_string(),
            status: Choice(request.status()),
            created_at: request.created_at,
            decided_at: decision.map(|decision| decision.at),
            granted_limit: decision.and_then(|decision| decision.granted),
            decision_reason: decision.map(|decision| decision.reason.to_string()),
        }
    }
}

/// A page of requests for a higher limit.
#[derive(Debug, Serialize, ToSchema)]
pub struct LimitRequestPage {
    /// The requests.
    pub data: Vec<LimitRequestView>,
    /// Where the list goes on.
    pub page: PageView,
}

page!(LimitRequestPage of LimitRequestView by id: Uuid);

/// An authentication product as the Helpdesk sees it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HelpdeskProduct)]
#[serde(rename_all = "camelCase")]
pub struct ProductView {
    /// Its id.
    id: Uuid,
    /// Its kind.
    kind: ProductKindChoice,
    /// The last four digits of its serial number.
    #[schema(example = "****************0001")]
    masked_serial: String,
    /// Whether it opens the portal.
    status: ProductStatusChoice,
    /// How many professional spaces may be open that were opened with it.
    #[schema(minimum = 0, example = 200)]
    space_limit: u32,
    /// How many are.
    #[schema(minimum = 0, example = 1)]
    spaces_used: u32,
    /// When it was first registered.
    created_at: DateTime<Utc>,
}

impl ProductView {
    /// A product, with so many spaces that count against it.
    pub fn new(product: &Product, spaces_used: u32) -> Self {
        Self {
            id: product.id.0,
            kind: Choice(product.kind),
            masked_serial: product.serial.masked(),
            status: Choice(product.status),
            space_limit: product.space_limit,
            spaces_used,
            created_at: product.created_at,
        }
    }
}

/// A product that was found, with what an agent must know of the person to whom he speaks.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FoundProduct {
    /// The product.
    #[serde(flatten)]
    product: ProductView,
    /// The person's given name.
    #[schema(example = "Anna")]
    given_name: String,
    /// The person's family name.
    #[schema(example = "Weber")]
    family_name: String,
    /// The request for a higher limit that waits for a decision, if there is one.
    #[schema(required = true)]
    open_limit_request: Option<LimitRequestView>,
}

impl FoundProduct {
    /// A product of this person.
    pub fn new(product: ProductView, person: &Person, open: Option<&LimitRequest>) -> Self {
        Self {
            product,
            given_name: person.given_name.to_string(),
            family_name: person.family_name.to_string(),
            open_limit_request: open.map(LimitRequestView::from),
        }
    }
}

/// The product that was looked for, or none.
#[derive(Debug, Serialize, ToSchema)]
pub struct FoundProducts {
    /// One product, or none.
    #[schema(max_items = 1)]
    pub data: Vec<FoundProduct>,
}

/// A request with the product that it is about.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HelpdeskLimitRequest)]
#[serde(rename_all = "camelCase")]
pub struct CaseView {
    /// The request.
    pub request: LimitRequestView,
    /// The product as it is now.
    pub product: ProductView,
}

/// A space as the Helpdesk sees it: nothing of what is done in it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HelpdeskSpace)]
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
    /// Why it was suspended; absent unless it is.
    #[schema(value_type = Option<schema::ReasonText>, nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    suspension_reason: Option<String>,
    /// The id of the product that it was opened with, and counts against.
    opened_with: Uuid,
    /// How many active members it has.
    #[schema(minimum = 0, example = 3)]
    members: u32,
    /// How many of them are administrators.
    #[schema(minimum = 0, example = 1)]
    administrators: u32,
    /// When it was opened.
    opened_at: DateTime<Utc>,
}

impl SpaceView {
    /// A space in which so many are.
    pub fn new(space: &Space, count: MembersCount) -> Self {
        Self {
            id: space.id.0,
            identifier: space.identifier.to_string(),
            kind: Choice(space.kind),
            entity_type: Choice(space.entity_type),
            title: space.title.as_ref().map(ToString::to_string),
            state: Choice(space.state),
            suspended_at: space.suspension.as_ref().map(|suspension| suspension.at),
            suspension_reason: space.suspension.as_ref().map(|suspension| suspension.reason.to_string()),
            opened_with: space.opened_with.0,
            members: count.members,
            administrators: count.administrators,
            opened_at: space.created_at,
        }
    }
}

/// The space that was looked for, or none.
#[derive(Debug, Serialize, ToSchema)]
pub struct FoundSpaces {
    /// One space, or none.
    #[schema(max_items = 1)]
    pub data: Vec<SpaceView>,
}
