//! `/v1/spaces/{id}/join-requests`: administrators see who asks to be let in, approve and refuse.

use actix_web::{HttpRequest, get, post, web::Path};
use domain::{
    Refusal,
    audit::{AuditAct, Chain, Event},
    collaboration::{JoinRequest, Membership, Permission},
    id::{JoinRequestId, SpaceId},
    identity::{Person as Asker, Product},
    space::Space,
};
use persistence::{JoinRequestFilter, Transaction};

use super::{
    request::ApproveJoinRequest,
    view::{JoinRequestPage, JoinRequestView},
};
use crate::{
    collaboration::{roles, view::MemberView},
    http::{
        answer::{Answer, Prepared},
        body::{Body, EmptyRequest, NoBody},
        caller::{Caller, Person},
        idempotency::Once,
        page::Paging,
        path::PathId,
        problem::Problem,
        query::Query,
        schema::JoinRequestStatusChoice,
    },
    mail::{Letter, Mail},
};

/// Lists the requests to be let into a space, oldest first.
#[utoipa::path(
    tag = "Members", operation_id = "listJoinRequests", security(("person" = [])),
    params(
        ("id" = Uuid, Path, description = "The space's id.", example = "019d6c3e-8c00-7000-8000-000000000000"),
        ("status" = Option<JoinRequestStatusChoice>, Query, description = "Only those that stand so.", example = "open"),
        ("limit" = Option<u32>, Query, description = "How many to a page.", minimum = 1, maximum = 100, example = 25),
        ("cursor" = Option<String>, Query, description = "`page.next` of the page before; empty for the first.", example = ""),
    ),
    responses(
        (status = 200, description = "A page of requests.", body = JoinRequestPage, headers(("Link" = String, description = "The next page."))),
        (status = 400, description = "`invalid_cursor`"),
        (status = 403, description = "`administrator_required`"),
        (status = 409, description = "`space_closed`"),
    )
)]
#[get("/v1/spaces/{id}/join-requests")]
pub async fn list(request: HttpRequest, person: Person, id: Path<PathId>) -> Answer {
    let id: SpaceId = id.of();
    let mut query = Query::of(&request);
    let status = query.choice("status");
    let paging = Paging::of(&request, query, person.app());
    let listed = person.read(move |tx, caller| {
        let (space, reader) = tx.space_of(id, caller.person, caller.product)?.ok_or(Refusal::NotFound)?;
        space.require_professional()?;
        reader.administrator(Permission::ManageMembers)?;
        paging.list::<JoinRequestPage>(caller, |after, most| {
            let now = tx.now();
            Permission::View.require_state(&space, now)?;
            let filter = JoinRequestFilter { status, after: after.map(JoinRequestId) };
            let rows = tx.join_requests_to(id, filter, most)?;
            let view = |(request, asker, product)| JoinRequestView::new(id.0, &request, &asker, &product, now);
            Ok(rows.into_iter().map(view).collect())
        })
    });
    listed.await?.answer()
}

/// What an answer stands on, read under the locks.
struct Case {
    space: Space,
    decider: Membership,
    request: JoinRequest,
    asker: Asker,
    product: Product,
}

/// Locks who asks, then the space: he may be about to cancel, or to withdraw a product.
fn lock_case(
    tx: &mut Transaction<'_>,
    caller: &Caller,
    (space, seen): (SpaceId, JoinRequest),
) -> Result<Case, Problem> {
    tx.lock_person(seen.person)?;
    let (space, decider) = tx.lock_space_of(space, caller.person, caller.product)?.ok_or(Refusal::NotFound)?;
    let (request, asker, product) = tx.join_request_to(seen.id, space.id)?.ok_or(Refusal::NotFound)?;
    Ok(Case { space, decider, request, asker, product })
}

/// The request that the caller may answer: nobody waits for a lock, or makes others wait, who may answer none.
fn answerable(
    tx: &mut Transaction<'_>,
    caller: &Caller,
    (space, request): (SpaceId, JoinRequestId),
) -> Result<JoinRequest, Problem> {
    let (space, reader) = tx.space_of(space, caller.person, caller.product)?.ok_or(Refusal::NotFound)?;
    space.require_professional()?;
    reader.administrator(Permission::ManageMembers)?;
    let (request, _, _) = tx.join_request_to(request, space.id)?.ok_or(Refusal::NotFound)?;
    Ok(request)
}

/// Lets the asker in; he is mailed.
#[utoipa::path(
    tag = "Members", operation_id = "approveJoinRequest", request_body = ApproveJoinRequest, security(("person" = [])),
    params(
        ("id" = Uuid, Path, description = "The space's id.", example = "019d6c3e-8c00-7000-8000-000000000000"),
        ("requestId" = Uuid, Path, description = "The request's id.", example = "019d6c3e-8c00-7000-8000-000000000001"),
    ),
    responses(
        (status = 200, description = "The new member.", body = MemberView, headers(("ETag" = String, description = "Its version."))),
        (status = 403, description = "`administrator_required`"),
        (status = 409, description = "`already_member`, `join_request_decided`, `space_closed`, `space_suspended`"),
        (status = 410, description = "`join_request_ended`"),
    )
)]
#[post("/v1/spaces/{id}/join-requests/{requestId}/approve")]
pub async fn approve(
    request: HttpRequest,
    person: Person,
    path: Path<(PathId, PathId)>,
    body: Body<ApproveJoinRequest>,
) -> Answer {
    let (id, join_request): (SpaceId, JoinRequestId) = (path.0.of(), path.1.of());
    let once = Once::of(&request, &body).by_administrator_of(id, Permission::ManageMembers);
    let app = person.app();
    person
        .write_once(once, move |tx, caller| {
            let seen = answerable(tx, caller, (id, join_request))?;
            let admission = body.open(caller.strong()?)?;
            let Case { space, decider, request, asker, product } = lock_case(tx, caller, (id, seen))?;
            let (administrator, roster) = (decider.administrator(Permission::ManageMembers)?, tx.roster(id)?);
            let (of, asked) = ((&space, &roster), (&request, product.status));
            let approval = administrator.approve_join_request(of, asked, admission, tx.new_id(), tx.now())?;
            tx.save_join_approval(&approval)?;
            let member = approval.membership();
            tx.record(Event::new(Chain::Space(id), AuditAct::JoinRequestApproved, caller.actor(), member.id));
            let mail = Mail::JoinRequestApproved {
                identifier: space.identifier.to_string(),
                title: space.title.as_ref().map(ToString::to_string).unwrap_or_default(),
                role: roles::name(member.role).in_language(asker.language).to_owned(),
            };
            tx.send_mail(&Letter::new(&asker.email, asker.language, mail).seal(&app.data_keys))?;
            let view = MemberView::new(&decider, member, &asker, &product, tx.now());
            Ok(Prepared::ok(&view)?.versioned(member.version))
        })
        .await
}

/// Refuses a request. The asker is not told: to him it stays open until its time is over.
#[utoipa::path(
    tag = "Members", operation_id = "refuseJoinRequest", request_body = EmptyRequest, security(("person" = [])),
    params(
        ("id" = Uuid, Path, description = "The space's id.", example = "019d6c3e-8c00-7000-8000-000000000000"),
        ("requestId" = Uuid, Path, description = "The request's id.", example = "019d6c3e-8c00-7000-8000-000000000001"),
    ),
    responses(
        (status = 200, description = "The request, refused.", body = JoinRequestView),
        (status = 403, description = "`administrator_required`"),
        (status = 409, description = "`join_request_decided`, `space_closed`, `space_suspended`"),
        (status = 410, description = "`join_request_ended`"),
    )
)]
#[post("/v1/spaces/{id}/join-requests/{requestId}/refuse")]
pub async fn refuse(request: HttpRequest, person: Person, path: Path<(PathId, PathId)>, body: NoBody) -> Answer {
    let (id, join_request): (SpaceId, JoinRequestId) = (path.0.of(), path.1.of());
    let once = Once::of(&request, &body).by_administrator_of(id, Permission::ManageMembers);
    person
        .write_once(once, move |tx, caller| {
            let seen = answerable(tx, caller, (id, join_request))?;
            body.open(caller.strong()?)?;
            let Case { space, decider, request, asker, product } = lock_case(tx, caller, (id, seen))?;
            let administrator = decider.administrator(Permission::ManageMembers)?;
            let refused = administrator.refuse_join_request(&space, &request, tx.now())?;
            tx.save_join_request(&refused)?;
            tx.record(Event::new(Chain::Space(id), AuditAct::JoinRequestRefused, caller.actor(), request.id));
            Prepared::ok(&JoinRequestView::new(id.0, refused.request(), &asker, &product, tx.now()))
        })
        .await
}
