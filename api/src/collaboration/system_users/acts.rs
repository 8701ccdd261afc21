//! What is done to a system user for a while: it is suspended and resumed.

use actix_web::{HttpRequest, post, web::Path};
use domain::{
    Instant, Refusal,
    collaboration::SystemUserChange,
    id::{SpaceId, SystemUserId},
};

use super::{Case, administered, lock_case, tell, view::SystemUserView};
use crate::http::{
    answer::{Answer, Prepared},
    body::{EmptyRequest, NoBody},
    caller::Person,
    idempotency::Once,
    path::PathId,
};

/// Suspends a system user: its tokens open nothing, and it gets no others, until it is resumed.
#[utoipa::path(
    tag = "System users", operation_id = "suspendSystemUser", request_body = EmptyRequest, security(("person" = [])),
    params(
        ("id" = Uuid, Path, description = "The space's id.", example = "019d6c3e-8c00-7000-8000-000000000000"),
        ("systemUserId" = Uuid, Path, description = "The system user's id.", example = "019d6c3e-8c00-7000-8000-000000000001"),
    ),
    responses(
        (status = 200, description = "The system user, suspended.", body = SystemUserView, headers(("ETag" = String, description = "Its version."))),
        (status = 403, description = "`administrator_required`"),
        (status = 409, description = "`space_closed`, `space_suspended`, `system_user_ended`, `system_user_suspended`"),
    )
)]
#[post("/v1/spaces/{id}/system-users/{systemUserId}/suspend")]
pub async fn suspend(request: HttpRequest, person: Person, path: Path<(PathId, PathId)>, body: NoBody) -> Answer {
    decide(&request, &person, &path, body, |case, now| {
        case.administrator()?.suspend_system_user(&case.space, &case.user, now)
    })
    .await
}

/// Lets a suspended system user in again; who does it answers for it.
#[utoipa::path(
    tag = "System users", operation_id = "resumeSystemUser", request_body = EmptyRequest, security(("person" = [])),
    params(
        ("id" = Uuid, Path, description = "The space's id.", example = "019d6c3e-8c00-7000-8000-000000000000"),
        ("systemUserId" = Uuid, Path, description = "The system user's id.", example = "019d6c3e-8c00-7000-8000-000000000001"),
    ),
    responses(
        (status = 200, description = "The system user, active again.", body = SystemUserView, headers(("ETag" = String, description = "Its version."))),
        (status = 403, description = "`administrator_required`"),
        (status = 409, description = "`space_closed`, `space_suspended`, `system_user_ended`, `system_user_not_suspended`"),
    )
)]
#[post("/v1/spaces/{id}/system-users/{systemUserId}/resume")]
pub async fn resume(request: HttpRequest, person: Person, path: Path<(PathId, PathId)>, body: NoBody) -> Answer {
    decide(&request, &person, &path, body, |case, now| {
        case.administrator()?.resume_system_user(&case.space, &case.user, now)
    })
    .await
}

type Decision = fn(&Case, Instant) -> Result<SystemUserChange, Refusal>;

async fn decide(
    request: &HttpRequest,
    person: &Person,
    path: &(PathId, PathId),
    body: NoBody,
    decision: Decision,
) -> Answer {
    let (id, user): (SpaceId, SystemUserId) = (path.0.of(), path.1.of());
    let once = Once::of(request, &body).guarded(move |tx, caller| administered(tx, caller, id).map(drop));
    let app = person.app();
    person
        .write_once(once, move |tx, caller| {
            let case = lock_case(tx, caller, (id, user))?;
            body.open(caller.strong()?)?;
            let change = decision(&case, tx.now())?;
            tx.save_system_user(&change)?;
            let view = tell(tx, &app, caller, (&case.space, &change, case.jwks))?;
            Ok(Prepared::ok(&view)?.versioned(change.after().version))
        })
        .await
}
