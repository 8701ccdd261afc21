//! `/v1/join-requests` and `/v1/me/join-requests`: a person asks to be let into a space, looks how it stands, and may cancel.

use actix_web::{HttpRequest, get, post, web::Path};
use domain::{
    Refusal,
    audit::{AuditAct, Chain, Event},
    collaboration::{
        Asker, JoinRequest,
        join_request::{COUNTED, addressee},
    },
    id::{JoinRequestId, SpaceId},
    space::SpaceIdentifier,
};
use persistence::{Reading, Transaction};
use uuid::Uuid;

use super::{
    request::JoinSpaceRequest,
    view::{OwnJoinRequestPage, OwnJoinRequestView},
};
use crate::http::{
    answer::{self, Answer, Prepared},
    body::{Body, EmptyRequest, NoBody},
    caller::{Caller, Person},
    idempotency::Once,
    page::Paging,
    path::PathId,
    problem::Problem,
    query::Query,
};

/// Asks the administrators of a space to be let in.
///
/// Whether there is such a space, the answer doesn't say.
#[utoipa::path(
    tag = "Members", operation_id = "askToJoin", request_body = JoinSpaceRequest, security(("person" = [])),
    responses(
        (status = 201, description = "The request, which waits for an answer.", body = OwnJoinRequestView,
            headers(("Location" = String, description = "Its address."))),
        (status = 409, description = "`already_member`, `join_request_limit_reached` with `limit`, `join_request_open` with `joinRequest`, its id, `terms_not_accepted`"),
    )
)]
#[post("/v1/join-requests")]
pub async fn ask(request: HttpRequest, person: Person, body: Body<JoinSpaceRequest>) -> Answer {
    let once = Once::of(&request, &body);
    person
        .write_once(once, move |tx, caller| {
            let identifier = body.open(caller.strong()?)?;
            tx.lock_person(caller.person)?;
            let terms_accepted = tx.has_accepted_terms(caller.person)?;
            let since = tx.now() - COUNTED;
            let recent = tx.join_requests_since(caller.person, since)?;
            let asker = Asker { person: caller.person, product: caller.product, terms_accepted, recent: &recent };
            let space = asked(tx, caller, &identifier)?;
            let filed = asker.ask(tx.new_id(), identifier, space, tx.now())?;
            tx.insert_join_request(&filed)?;
            let request = filed.request();
            let chain = Chain::Person(caller.person);
            tx.record(Event::new(chain, AuditAct::JoinRequested, caller.actor(), request.id));
            let location = format!("/v1/me/join-requests/{}", request.id);
            Ok(Prepared::created(&OwnJoinRequestView::new(request, tx.now()))?.at(location))
        })
        .await
}

/// The space whose administrators are to answer, if there is one. An identifier that nothing has takes the same statements.
fn asked(tx: &mut Transaction<'_>, caller: &Caller, identifier: &SpaceIdentifier) -> Result<Option<SpaceId>, Problem> {
    let space = tx.space_with_identifier(identifier)?;
    let id = space.as_ref().map_or(Uuid::nil().into(), |space| space.id);
    let is_seen = tx.space_of(id, caller.person, caller.product)?.is_some();
    let is_member = tx.is_member(caller.person, id)?;
    if is_seen { Err(Refusal::AlreadyMember.into()) } else { Ok(addressee(space.as_ref(), is_member)) }
}

/// A request of the caller's; one of somebody else is like one that does not exist.
fn own(tx: &mut Reading<'_>, caller: &Caller, id: JoinRequestId) -> Result<JoinRequest, Problem> {
    Ok(tx.join_request_of(id, caller.person)?.ok_or(Refusal::NotFound)?)
}

/// Lists the caller's requests to be let in, newest first.
#[utoipa::path(
    tag = "Members", operation_id = "listOwnJoinRequests", security(("person" = [])),
    params(
        ("limit" = Option<u32>, Query, description = "How many to a page.", minimum = 1, maximum = 100, example = 25),
        ("cursor" = Option<String>, Query, description = "`page.next` of the page before; empty for the first.", example = ""),
    ),
    responses(
        (status = 200, description = "A page of requests.", body = OwnJoinRequestPage, headers(("Link" = String, description = "The next page."))),
        (status = 400, description = "`invalid_cursor`"),
    )
)]
#[get("/v1/me/join-requests")]
pub async fn list(request: HttpRequest, person: Person) -> Answer {
    let paging = Paging::of(&request, Query::of(&request), person.app());
    let listed = person.glance(move |tx, caller| {
        paging.list::<OwnJoinRequestPage>(caller, |before, most| {
            let (rows, now) = (tx.join_requests_of(caller.person, before.map(JoinRequestId), most)?, tx.now());
            Ok(rows.iter().map(|request| OwnJoinRequestView::new(request, now)).collect())
        })
    });
    listed.await?.answer()
}

/// Shows a request of the caller's to be let in.
#[utoipa::path(
    tag = "Members", operation_id = "getOwnJoinRequest", security(("person" = [])),
    params(("id" = Uuid, Path, description = "The request's id.", example = "019d6c3e-8c00-7000-8000-000000000000")),
    responses((status = 200, description = "The request.", body = OwnJoinRequestView))
)]
#[get("/v1/me/join-requests/{id}")]
pub async fn get(person: Person, id: Path<PathId>) -> Answer {
    let id: JoinRequestId = id.of();
    let view = person
        .glance(move |tx, caller| {
            let request = own(tx, caller, id)?;
            caller.strong()?;
            Ok(OwnJoinRequestView::new(&request, tx.now()))
        })
        .await?;
    answer::ok(&view)
}

/// Cancels a request of the caller's: it is over at once.
#[utoipa::path(
    tag = "Members", operation_id = "cancelJoinRequest", request_body = EmptyRequest, security(("person" = [])),
    params(("id" = Uuid, Path, description = "The request's id.", example = "019d6c3e-8c00-7000-8000-000000000000")),
    responses(
        (status = 200, description = "The request, which is over.", body = OwnJoinRequestView),
        (status = 409, description = "`join_request_decided`"),
        (status = 410, description = "`join_request_ended`"),
    )
)]
#[post("/v1/me/join-requests/{id}/cancel")]
pub async fn cancel(request: HttpRequest, person: Person, id: Path<PathId>, body: NoBody) -> Answer {
    let id: JoinRequestId = id.of();
    let once = Once::of(&request, &body).guarded(move |tx, caller| own(tx, caller, id).map(drop));
    person
        .write_once(once, move |tx, caller| {
            own(tx, caller, id)?;
            body.open(caller.strong()?)?;
            tx.lock_person(caller.person)?;
            let cancelled = own(tx, caller, id)?.cancel(tx.now())?;
            tx.save_join_request(&cancelled)?;
            let chain = Chain::Person(caller.person);
            tx.record(Event::new(chain, AuditAct::JoinRequestCancelled, caller.actor(), id));
            Prepared::ok(&OwnJoinRequestView::new(cancelled.request(), tx.now()))
        })
        .await
}
