//! `/v1/me/landing` and `/v1/me/current-space`: where the person goes after login, and where he is.

use actix_web::{HttpResponse, delete, get, put};
use domain::{Fault, Refusal, id::SpaceId};
use persistence::SpaceFilter;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    http::{
        answer::{self, Answer},
        body::{Body, Faults, Request},
        caller::Person,
        path::PathId,
    },
    space::view::SpaceSummary,
};

/// Where to go after login.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Landing)]
#[serde(rename_all = "camelCase")]
pub struct LandingView {
    /// Which page.
    page: LandingPage,
    /// The spaces that this session's product can see, oldest first, at most 100.
    spaces: Vec<SpaceSummary>,
    /// Whether there are more: `GET /v1/spaces` lists all.
    has_more: bool,
    /// The id of the space in which this session works; absent if there is none, or none that it still sees.
    #[schema(nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    current_space: Option<Uuid>,
}

/// Pages after login.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LandingPage {
    /// No space: the page that manages spaces.
    ManageSpaces,
    /// Exactly one: its home page.
    SpaceHome,
    /// Several: the page that selects one.
    SelectSpace,
}

const SHOWN: u32 = 100;

/// Says where to go after login.
#[utoipa::path(
    tag = "Person", operation_id = "getLanding", security(("person" = [])),
    responses((status = 200, description = "The page, and the spaces.", body = LandingView))
)]
#[get("/v1/me/landing")]
pub async fn get(person: Person) -> Answer {
    let (mut spaces, current_space) = person
        .glance(|tx, caller| {
            caller.strong()?;
            let spaces = tx.spaces_of(caller.person, caller.product, SpaceFilter::default(), SHOWN + 1)?;
            let is_shown = |id: &SpaceId| spaces.iter().any(|space| space.id == *id);
            let current = match caller.current_space().filter(|id| !is_shown(id)) {
                Some(id) if spaces.len() > SHOWN as usize => tx
                    .space_of(id, caller.person, caller.product)?
                    .filter(|(space, _)| space.is_in_use())
                    .map(|(space, _)| space.id),
                _ => caller.current_space().filter(is_shown),
            };
            Ok((spaces, current))
        })
        .await?;
    let page = match spaces.len() {
        0 => LandingPage::ManageSpaces,
        1 => LandingPage::SpaceHome,
        _ => LandingPage::SelectSpace,
    };
    let has_more = spaces.len() > SHOWN as usize;
    spaces.truncate(SHOWN as usize);
    let current_space = current_space.map(|id| id.0);
    answer::ok(&LandingView { page, spaces: spaces.iter().map(SpaceSummary::from).collect(), has_more, current_space })
}

/// The space to work in.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "spaceId": "019d6c3e-8c00-7000-8000-000000000000" }))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CurrentSpaceRequest {
    /// The id of a space that the caller sees.
    #[schema(value_type = Uuid)]
    space_id: String,
}

impl Request for CurrentSpaceRequest {
    type Value = SpaceId;
    fn check(self, faults: &mut Faults) -> Option<SpaceId> {
        faults.take("/spaceId", PathId::parse(&self.space_id).map(PathId::of).ok_or(Fault::Malformed))
    }
}

/// Says in which space this session works; it changes nothing but what the landing page shows.
#[utoipa::path(
    tag = "Person", operation_id = "setCurrentSpace", request_body = CurrentSpaceRequest, security(("person" = [])),
    responses(
        (status = 204, description = "It is the current space."),
        (status = 404, description = "`not_found`: there is no such space, or the caller does not see it."),
        (status = 409, description = "`space_closed`"),
    )
)]
#[put("/v1/me/current-space")]
pub async fn set_current_space(person: Person, body: Body<CurrentSpaceRequest>) -> Answer {
    person
        .write(|tx, caller| {
            let space = body.open(caller.strong()?)?;
            let (space, _) = tx.space_of(space, caller.person, caller.product)?.ok_or(Refusal::NotFound)?;
            space.require_in_use()?;
            Ok(tx.save_current_space(caller.id, Some(space.id))?)
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Says that this session works in no space.
#[utoipa::path(
    tag = "Person", operation_id = "clearCurrentSpace", security(("person" = [])),
    responses((status = 204, description = "There is no current space."))
)]
#[delete("/v1/me/current-space")]
pub async fn clear_current_space(person: Person) -> Answer {
    person
        .write(|tx, caller| {
            caller.strong()?;
            Ok(tx.save_current_space(caller.id, None)?)
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
