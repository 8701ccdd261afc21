//! What is done to a membership as a whole: an administrator suspends and resumes it, and its person leaves.

use actix_web::{HttpRequest, post, web::Path};
use domain::{
    Instant, Refusal,
    collaboration::{MemberChange, Permission},
    id::{MembershipId, SpaceId},
};

use super::{Case, Outcome, keep, lock_case, view::MemberView};
use crate::http::{
    answer::{Answer, Prepared},
    body::{EmptyRequest, NoBody},
    caller::Person,
    idempotency::Once,
    path::PathId,
};

/// Suspends a member: he gets what a stranger gets, until he is resumed.
#[utoipa::path(
    tag = "Members", operation_id = "suspendMember", request_body = EmptyRequest, security(("person" = [])),
    params(
        ("id" = Uuid, Path, description = "The space's id.", example = "019d6c3e-8c00-7000-8000-000000000000"),
        ("memberId" = Uuid, Path, description = "The membership's id.", example = "019d6c3e-8c00-7000-8000-000000000001"),
    ),
    responses(
        (status = 200, description = "The member, suspended.", body = MemberView, headers(("ETag" = String, description = "Its version."))),
        (status = 403, description = "`administrator_required`"),
        (status = 409, description = "`last_administrator` with `spaces`, `member_ended`, `member_suspended`, `space_closed`, `space_suspended`"),
    )
)]
#[post("/v1/spaces/{id}/members/{memberId}/suspend")]
pub async fn suspend(request: HttpRequest, person: Person, path: Path<(PathId, PathId)>, body: NoBody) -> Answer {
    decide(&request, &person, &path, body, Outcome::IsNotAble, |case, now| {
        case.administrator()?.suspend_member(&case.space, &case.roster, case.member.id, now)
    })
    .await
}

/// Lets a suspended member in again, in his role.
#[utoipa::path(
    tag = "Members", operation_id = "resumeMember", request_body = EmptyRequest, security(("person" = [])),
    params(
        ("id" = Uuid, Path, description = "The space's id.", example = "019d6c3e-8c00-7000-8000-000000000000"),
        ("memberId" = Uuid, Path, description = "The membership's id.", example = "019d6c3e-8c00-7000-8000-000000000001"),
    ),
    responses(
        (status = 200, description = "The member, active again.", body = MemberView, headers(("ETag" = String, description = "Its version."))),
        (status = 403, description = "`administrator_required`"),
        (status = 409, description = "`member_ended`, `member_not_suspended`, `space_closed`, `space_suspended`"),
    )
)]
#[post("/v1/spaces/{id}/members/{memberId}/resume")]
pub async fn resume(request: HttpRequest, person: Person, path: Path<(PathId, PathId)>, body: NoBody) -> Answer {
    decide(&request, &person, &path, body, Outcome::MayBeAble, |case, now| {
        case.administrator()?.resume_member(&case.space, &case.roster, case.member.id, now)
    })
    .await
}

type Decision = fn(&Case, Instant) -> Result<MemberChange, Refusal>;

async fn decide(
    request: &HttpRequest,
    person: &Person,
    path: &(PathId, PathId),
    body: NoBody,
    outcome: Outcome,
    decision: Decision,
) -> Answer {
    let (id, member): (SpaceId, MembershipId) = (path.0.of(), path.1.of());
    let once = Once::of(request, &body).by_administrator_of(id, Permission::ManageMembers);
    let app = person.app();
    person
        .write_once(once, move |tx, caller| {
            let case = lock_case(tx, caller, (id, member), outcome)?;
            body.open(caller.strong()?)?;
            let change = decision(&case, tx.now())?;
            keep(tx, &app, caller, (&case.space, &case.person), &change)?;
            let view = MemberView::new(&case.decider, change.after(), &case.person, &case.product, tx.now());
            Ok(Prepared::ok(&view)?.versioned(change.after().version))
        })
        .await
}

/// Leaves a professional space; its administrators are mailed.
#[utoipa::path(
    tag = "Members", operation_id = "leaveSpace", request_body = EmptyRequest, security(("person" = [])),
    params(("id" = Uuid, Path, description = "The space's id.", example = "019d6c3e-8c00-7000-8000-000000000000")),
    responses(
        (status = 200, description = "The membership, which is over.", body = MemberView, headers(("ETag" = String, description = "Its version."))),
        (status = 409, description = "`last_administrator` with `spaces`, `space_closed`, `space_suspended`"),
    )
)]
#[post("/v1/spaces/{id}/leave")]
pub async fn leave(request: HttpRequest, person: Person, id: Path<PathId>, body: NoBody) -> Answer {
    let id: SpaceId = id.of();
    // Who asks again is no member any more, and is told of nothing but his own leaving.
    let once = Once::of(&request, &body);
    let app = person.app();
    person
        .write_once(once, move |tx, caller| {
            let found = tx.lock_space_of(id, caller.person, caller.product)?;
            let (space, membership) = found.ok_or(Refusal::NotFound)?;
            space.require_professional()?;
            body.open(caller.strong()?)?;
            let change = membership.leave(&space, &tx.roster(id)?, tx.now())?;
            let (_, person, product) = tx.member_of(membership.id, id)?.ok_or(Refusal::NotFound)?;
            keep(tx, &app, caller, (&space, &person), &change)?;
            let view = MemberView::new(&membership, change.after(), &person, &product, tx.now());
            Ok(Prepared::ok(&view)?.versioned(change.after().version))
        })
        .await
}
