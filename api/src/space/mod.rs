//! `/v1/spaces`: spaces are opened, listed, shown and edited; [`life`] closes and restores them,
//! and [`profile`] is about their companies.

pub mod life;
pub mod notification_email;
pub mod profile;
pub mod request;
pub mod view;

use actix_web::{HttpRequest, get, patch, post, web::Path};
use domain::{
    Refusal,
    audit::{AuditAct, Chain, Event},
    collaboration::Permission,
    id::SpaceId,
    space::{EntityType, Founder, Opening, SpaceIdentifier, SpaceState, SpacesOpened},
};
use persistence::{SpaceFilter, Transaction};

use self::{
    request::{EditSpaceRequest, OpenSpace, OpenSpaceRequest},
    view::{SpacePage, SpaceSummary, SpaceView},
};
use crate::http::{
    answer::{self, Answer, IfMatch, Prepared},
    body::Body,
    caller::{Anyone, Person},
    idempotency::Once,
    page::Paging,
    path::PathId,
    problem::Problem,
    query::Query,
    schema::SpaceKindChoice,
};

/// Opens a space, private or professional, with the caller as its administrator.
#[utoipa::path(
    tag = "Spaces", operation_id = "openSpace", request_body = OpenSpace, security(("person" = [])),
    responses(
        (status = 201, description = "The space.", body = SpaceView,
            headers(("Location" = String, description = "Its address."), ("ETag" = String, description = "Its version."))),
        (status = 409, description = "`address_limit_reached` with `limit`, `closed_space_limit_reached` with `limit`, `private_space_exists`, `space_limit_reached` with `limit` and `used`, `terms_not_accepted`, `try_again`"),
    )
)]
#[post("/v1/spaces")]
pub async fn open(request: HttpRequest, person: Person, body: Body<OpenSpaceRequest>) -> Answer {
    let once = Once::of(&request, &body);
    let app = person.app();
    person
        .write_once(once, move |tx, caller| {
            let wish = body.open(caller.strong()?)?;
            let is_private = matches!(wish, Opening::Private { .. });
            // The one private space and the addresses that he asks for are decided under the person's lock, the quota under
            // the product's.
            let founder = tx.lock_person(caller.person)?;
            let product = tx.lock_product(caller.product)?;
            let founder = Founder {
                person: &founder,
                terms_accepted: tx.has_accepted_terms(founder.id)?,
                has_private_space: is_private && tx.has_private_space(founder.id)?,
                spaces: if is_private { SpacesOpened::default() } else { tx.spaces_opened(product.id)? },
                product: &product,
            };
            let identifier = free_identifier(tx, wish.entity_type())?;
            let opened = founder.open(wish, identifier, (tx.new_id(), tx.new_id()), tx.now())?;
            tx.insert_space(&opened)?;
            // No code waits for a space that is new.
            if !opened.space().notification_email_confirmed {
                notification_email::ask(tx, &app.data_keys, opened.space(), caller.person)?;
            }
            let space = opened.space().id;
            tx.record(Event::new(Chain::Space(space), AuditAct::SpaceOpened, caller.actor(), space));
            let view = SpaceView::to_member(opened.space(), opened.founding());
            let location = format!("/v1/spaces/{}", opened.space().id);
            Ok(Prepared::created(&view)?.at(location).versioned(opened.space().version))
        })
        .await
}

/// Draws identifiers until one is free: there are a thousand million of each kind.
fn free_identifier(tx: &mut Transaction<'_>, entity_type: EntityType) -> Result<SpaceIdentifier, Problem> {
    loop {
        let identifier = SpaceIdentifier::draw(entity_type, tx.random());
        if !tx.is_identifier_taken(&identifier)? {
            return Ok(identifier);
        }
    }
}

/// Lists the spaces that the caller sees with the product that he logged in with.
///
/// Those in use, unless `status` asks for others.
#[utoipa::path(
    tag = "Spaces", operation_id = "listSpaces", security(("person" = [])),
    params(
        ("kind" = Option<SpaceKindChoice>, Query, description = "Only spaces of this kind.", example = "professional"),
        ("status" = Option<String>, Query, description = "Only spaces in this state; `closed`: those that the caller may restore.",
            pattern = "^(open|suspended|closed)$", max_length = 9, example = "open"),
        ("limit" = Option<u32>, Query, description = "How many to a page.", minimum = 1, maximum = 100, example = 25),
        ("cursor" = Option<String>, Query, description = "`page.next` of the page before; empty for the first.", example = ""),
    ),
    responses(
        (status = 200, description = "A page of spaces.", body = SpacePage, headers(("Link" = String, description = "The next page."))),
        (status = 400, description = "`invalid_cursor`"),
    )
)]
#[get("/v1/spaces")]
pub async fn list(request: HttpRequest, person: Person) -> Answer {
    let mut query = Query::of(&request);
    let kind = query.choice("kind");
    let state = query.choice_of("status", &[SpaceState::Open, SpaceState::Suspended, SpaceState::Closed]);
    let paging = Paging::of(&request, query, person.app());
    let listed = person.glance(move |tx, caller| {
        paging.list::<SpacePage>(caller, |after, most| {
            let filter = SpaceFilter { kind, state, after: after.map(SpaceId) };
            let rows = tx.spaces_of(caller.person, caller.product, filter, most)?;
            Ok(rows.iter().map(SpaceSummary::from).collect())
        })
    });
    listed.await?.answer()
}

/// Shows a space to one of its members, and to software with the right `read`; a closed one to its administrators.
#[utoipa::path(
    tag = "Spaces", operation_id = "getSpace", security(("person" = []), ("systemUser" = [])),
    params(("id" = Uuid, Path, description = "The space's id.", example = "019d6c3e-8c00-7000-8000-000000000000")),
    responses(
        (status = 200, description = "The space.", body = SpaceView, headers(("ETag" = String, description = "Its version."))),
        (status = 304, description = "It is what `If-None-Match` says."),
        (status = 403, description = "`right_not_granted` with `right`"),
    )
)]
#[get("/v1/spaces/{id}")]
pub async fn get(request: HttpRequest, anyone: Anyone, id: Path<PathId>) -> Answer {
    let id: SpaceId = id.of();
    let found = anyone
        .glance(move |tx, caller| {
            let (space, standing) = caller.space(tx, id)?;
            standing.require(Permission::View)?;
            caller.strong()?;
            Ok((space, standing))
        })
        .await?;
    answer::versioned(&request, found.0.version, &SpaceView::new(&found.0, &found.1))
}

/// Edits a space's title, language or address of notices.
#[utoipa::path(
    tag = "Spaces", operation_id = "editSpace", security(("person" = [])),
    request_body(content = EditSpaceRequest, content_type = "application/merge-patch+json"),
    params(
        ("id" = Uuid, Path, description = "The space's id.", example = "019d6c3e-8c00-7000-8000-000000000000"),
        ("If-Match" = String, Header, description = "The `ETag` of the version that is edited.", example = "*"),
    ),
    responses(
        (status = 200, description = "The space as it is now.", body = SpaceView, headers(("ETag" = String, description = "Its version."))),
        (status = 403, description = "`administrator_required`"),
        (status = 409, description = "`address_limit_reached` with `limit`, `space_closed`, `space_suspended`"),
        (status = 412, description = "`version_changed`"),
        (status = 428, description = "`if_match_required`"),
    )
)]
#[patch("/v1/spaces/{id}")]
pub async fn edit(request: HttpRequest, person: Person, id: Path<PathId>, body: Body<EditSpaceRequest>) -> Answer {
    let if_match = IfMatch::of(&request);
    let app = person.app();
    let edited = person
        .write(move |tx, caller| {
            // The addresses that he asks for are counted under his lock.
            let editor = tx.lock_person(caller.person)?;
            let found = tx.lock_space_of(id.of(), caller.person, caller.product)?;
            let (space, membership) = found.ok_or(Refusal::NotFound)?;
            let administrator = membership.administrator(Permission::EditSpace)?;
            let edit = body.open(caller.strong()?)?;
            if_match.require(space.version)?;
            let names_address = edit.notification_email.is_some();
            let edited = administrator.edit(&space, edit, &editor, tx.now())?;
            tx.save_space(&edited)?;
            if names_address {
                notification_email::ask(tx, &app.data_keys, &edited, editor.id)?;
            }
            let changed = edited.changed_since(&space);
            if !changed.is_empty() {
                let event = Event::new(administrator.audit_log(), AuditAct::SpaceEdited, caller.actor(), space.id);
                tx.record(event.changing(&changed));
            }
            Ok((edited, membership))
        })
        .await?;
    Ok(Prepared::ok(&SpaceView::to_member(&edited.0, &edited.1))?.versioned(edited.0.version).send())
}
