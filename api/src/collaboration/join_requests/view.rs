//! Join requests as the one who asks sees them, and as those who answer do.

use chrono::{DateTime, Utc};
use domain::{
    Instant,
    collaboration::JoinRequest,
    identity::{Person, Product},
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::{
    page::{PageView, page},
    schema::{self, Choice, JoinRequestStatusChoice, OwnJoinRequestStatusChoice},
};

/// A request of the caller's to be let into a space.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JoinRequest)]
#[serde(rename_all = "camelCase")]
pub struct OwnJoinRequestView {
    /// Its id.
    id: Uuid,
    /// What the caller called the space.
    #[schema(value_type = schema::Identifier)]
    space_identifier: String,
    /// Where it stands; whoever is not let in sees it open until its time is over.
    status: OwnJoinRequestStatusChoice,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// Until when it can be answered.
    ends_at: DateTime<Utc>,
}

impl OwnJoinRequestView {
    /// As it stands now.
    pub fn new(request: &JoinRequest, now: Instant) -> Self {
        Self {
            id: request.id.0,
            space_identifier: request.identifier.to_string(),
            status: Choice(request.status_for_asker(now)),
            created_at: request.created_at,
            ends_at: request.ends_at,
        }
    }
}

/// A page of the caller's requests to be let in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JoinRequestPage)]
pub struct OwnJoinRequestPage {
    /// The requests, newest first.
    pub data: Vec<OwnJoinRequestView>,
    /// Where the list goes on.
    pub page: PageView,
}

page!(OwnJoinRequestPage of OwnJoinRequestView by id: Uuid);

/// A request to be let into a space, as its administrators see it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SpaceJoinRequest)]
#[serde(rename_all = "camelCase")]
pub struct JoinRequestView {
    /// Its id.
    id: Uuid,
    /// The space's id.
    space_id: Uuid,
    /// The given name of the person who asks.
    #[schema(example = "Anna")]
    given_name: String,
    /// His family name.
    #[schema(example = "Weber")]
    family_name: String,
    /// The last four digits of the serial number of the product that he asked with.
    #[schema(example = "****************0001")]
    masked_serial: String,
    /// Where it stands.
    status: JoinRequestStatusChoice,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// Until when it can be answered.
    ends_at: DateTime<Utc>,
    /// When it was approved or refused.
    #[schema(required = true)]
    decided_at: Option<DateTime<Utc>>,
}

impl JoinRequestView {
    /// A request of this person's, made with this product, as it stands now; it is to this space.
    pub fn new(space: Uuid, request: &JoinRequest, person: &Person, product: &Product, now: Instant) -> Self {
        Self {
            id: request.id.0,
            space_id: space,
            given_name: person.given_name.to_string(),
            family_name: person.family_name.to_string(),
            masked_serial: product.serial.masked(),
            status: Choice(request.status(now)),
            created_at: request.created_at,
            ends_at: request.ends_at,
            decided_at: request.decision.map(|(_, at)| at),
        }
    }
}

/// A page of requests to be let into a space.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SpaceJoinRequestPage)]
pub struct JoinRequestPage {
    /// The requests, oldest first.
    pub data: Vec<JoinRequestView>,
    /// Where the list goes on.
    pub page: PageView,
}

page!(JoinRequestPage of JoinRequestView by id: Uuid);
