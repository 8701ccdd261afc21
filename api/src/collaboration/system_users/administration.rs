//! `/v1/spaces/{id}/system-users`: administrators list, approve, show, edit and end system users.

use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post, web::Path};
use domain::{
    Refusal,
    collaboration::{Permission, Role, SystemUser},
    id::{SpaceId, SystemUserId},
    identity,
};
use persistence::SystemUserFilter;

use super::{
    administered, kept, lock_case,
    request::{ApproveSystemUserRequest, EditSystemUserRequest},
    tell,
    view::{SystemUserPage, SystemUserView},
};
use crate::{
    http::{
        answer::{self, Answer, IfMatch, Prepared},
        body::Body,
        caller::Person,
        idempotency::Once,
        page::Paging,
        path::PathId,
        problem::{Code, Problem},
        query::Query,
        schema::SystemUserStatusChoice,
    },
    tokens::client_keys::JwksDocument,
};

/// Lists the system users of a space, oldest first.
///
/// Those that are not over, unless `status` asks for others.
#[utoipa::path(
    tag = "System users", operation_id = "listSystemUsers", security(("person" = [])),
    params(
        ("id" = Uuid, Path, description = "The space's id.", example = "019d6c3e-8c00-7000-8000-000000000000"),
        ("status" = Option<SystemUserStatusChoice>, Query, description = "Only those that stand so.", example = "active"),
        ("limit" = Option<u32>, Query, description = "How many to a page.", minimum = 1, maximum = 100, example = 25),
        ("cursor" = Option<String>, Query, description = "`page.next` of the page before; empty for the first.", example = ""),
    ),
    responses(
        (status = 200, description = "A page of system users.", body = SystemUserPage, headers(("Link" = String, description = "The next page."))),
        (status = 400, description = "`invalid_cursor`"),
        (status = 403, description = "`administrator_required`"),
        (status = 409, description = "`space_closed`"),
    )
)]
#[get("/v1/spaces/{id}/system-users")]
pub async fn list(request: HttpRequest, person: Person, id: Path<PathId>) -> Answer {
    let mut query = Query::of(&request);
    let status = query.choice("status");
    let paging = Paging::of(&request, query, person.app());
    let listed = person.read(move |tx, caller| {
        let space = administered(tx, caller, id.of())?;
        paging.list::<SystemUserPage>(caller, |after, most| {
            let now = tx.now();
            Permission::View.require_state(&space, now)?;
            let filter = SystemUserFilter { status, after: after.map(SystemUserId) };
            let rows = tx.system_users_of(space.id, filter, most)?;
            let administrators = tx.active_members(space.id, &[Role::Administrator])?;
            let view = |(user, jwks, approver): (SystemUser, String, identity::Person)| {
                Ok(SystemUserView::new(&user, kept(&user, &jwks)?, &approver, &administrators, now))
            };
            rows.into_iter().map(view).collect()
        })
    });
    listed.await?.answer()
}

/// Lets a company's own software in; the other administrators are mailed.
#[utoipa::path(
    tag = "System users", operation_id = "approveSystemUser", request_body = ApproveSystemUserRequest, security(("person" = [])),
    params(("id" = Uuid, Path, description = "The space's id.", example = "019d6c3e-8c00-7000-8000-000000000000")),
    responses(
        (status = 201, description = "The system user.", body = SystemUserView,
            headers(("Location" = String, description = "Its address."), ("ETag" = String, description = "Its version."))),
        (status = 403, description = "`administrator_required`"),
        (status = 409, description = "`daily_system_user_limit_reached` with `limit`, `space_closed`, `space_suspended`, `system_user_limit_reached` with `limit`"),
    )
)]
#[post("/v1/spaces/{id}/system-users")]
pub async fn approve(
    request: HttpRequest,
    person: Person,
    id: Path<PathId>,
    body: Body<ApproveSystemUserRequest>,
) -> Answer {
    let id: SpaceId = id.of();
    let once = Once::of(&request, &body).guarded(move |tx, caller| administered(tx, caller, id).map(drop));
    let app = person.app();
    person
        .write_once(once, move |tx, caller| {
            administered(tx, caller, id)?;
            let found = tx.lock_space_of(id, caller.person, caller.product)?;
            let (space, membership) = found.ok_or(Refusal::NotFound)?;
            let administrator = membership.administrator(Permission::ApproveSystemUsers)?;
            let (wish, jwks) = body.open(caller.strong()?)?;
            let others = tx.system_user_counts(id)?;
            let approved = administrator.approve_system_user(&space, (tx.new_id(), wish), others, tx.now())?;
            tx.insert_system_user(&approved, &text(&jwks)?)?;
            let view = tell(tx, &app, caller, (&space, &approved, jwks))?;
            let location = format!("/v1/spaces/{id}/system-users/{}", approved.after().id);
            Ok(Prepared::created(&view)?.at(location).versioned(approved.after().version))
        })
        .await
}

/// Shows a system user.
#[utoipa::path(
    tag = "System users", operation_id = "getSystemUser", security(("person" = [])),
    params(
        ("id" = Uuid, Path, description = "The space's id.", example = "019d6c3e-8c00-7000-8000-000000000000"),
        ("systemUserId" = Uuid, Path, description = "The system user's id.", example = "019d6c3e-8c00-7000-8000-000000000001"),
    ),
    responses(
        (status = 200, description = "The system user.", body = SystemUserView, headers(("ETag" = String, description = "Its version."))),
        (status = 304, description = "It is what `If-None-Match` says."),
        (status = 403, description = "`administrator_required`"),
        (status = 409, description = "`space_closed`"),
    )
)]
#[get("/v1/spaces/{id}/system-users/{systemUserId}")]
pub async fn get(request: HttpRequest, person: Person, path: Path<(PathId, PathId)>) -> Answer {
    let (id, user) = path.into_inner();
    let (version, view) = person
        .read(move |tx, caller| {
            let space = administered(tx, caller, id.of())?;
            let (user, jwks, approver) = tx.system_user_of(user.of(), space.id)?.ok_or(Refusal::NotFound)?;
            caller.strong()?;
            Permission::View.require_state(&space, tx.now())?;
            let administrators = tx.active_members(space.id, &[Role::Administrator])?;
            let jwks = kept(&user, &jwks)?;
            Ok((user.version, SystemUserView::new(&user, jwks, &approver, &administrators, tx.now())))
        })
        .await?;
    answer::versioned(&request, version, &view)
}

/// Changes a system user's name, rights, end date or keys; but for the name, the other administrators are mailed, and who
/// changes it answers for it.
#[utoipa::path(
    tag = "System users", operation_id = "editSystemUser", security(("person" = [])),
    request_body(content = EditSystemUserRequest, content_type = "application/merge-patch+json"),
    params(
        ("id" = Uuid, Path, description = "The space's id.", example = "019d6c3e-8c00-7000-8000-000000000000"),
        ("systemUserId" = Uuid, Path, description = "The system user's id.", example = "019d6c3e-8c00-7000-8000-000000000001"),
        ("If-Match" = String, Header, description = "The `ETag` of the version that is edited.", example = "*"),
    ),
    responses(
        (status = 200, description = "The system user as it is now.", body = SystemUserView, headers(("ETag" = String, description = "Its version."))),
        (status = 403, description = "`administrator_required`"),
        (status = 409, description = "`space_closed`, `space_suspended`, `system_user_ended`"),
        (status = 412, description = "`version_changed`"),
        (status = 428, description = "`if_match_required`"),
    )
)]
#[patch("/v1/spaces/{id}/system-users/{systemUserId}")]
pub async fn edit(
    request: HttpRequest,
    person: Person,
    path: Path<(PathId, PathId)>,
    body: Body<EditSystemUserRequest>,
) -> Answer {
    let (id, user) = path.into_inner();
    let if_match = IfMatch::of(&request);
    let app = person.app();
    let (version, view) = person
        .write(move |tx, caller| {
            let case = lock_case(tx, caller, (id.of(), user.of()))?;
            let (mut edit, jwks) = body.open(caller.strong()?)?;
            if_match.require(case.user.version)?;
            let replaced = jwks.filter(|jwks| *jwks != case.jwks);
            edit.replaces_keys = replaced.is_some();
            let change = case.administrator()?.edit_system_user(&case.space, &case.user, edit, tx.now())?;
            tx.save_system_user(&change)?;
            if let Some(jwks) = &replaced {
                tx.save_client_keys(case.user.id.into(), &text(jwks)?)?;
            }
            let view = tell(tx, &app, caller, (&case.space, &change, replaced.unwrap_or(case.jwks)))?;
            Ok((change.after().version, view))
        })
        .await?;
    Ok(Prepared::ok(&view)?.versioned(version).send())
}

/// Ends a system user for good; the other administrators are mailed.
#[utoipa::path(
    tag = "System users", operation_id = "endSystemUser", security(("person" = [])),
    params(
        ("id" = Uuid, Path, description = "The space's id.", example = "019d6c3e-8c00-7000-8000-000000000000"),
        ("systemUserId" = Uuid, Path, description = "The system user's id.", example = "019d6c3e-8c00-7000-8000-000000000001"),
        ("If-Match" = String, Header, description = "The `ETag` of the version that is ended.", example = "*"),
    ),
    responses(
        (status = 204, description = "The system user is over."),
        (status = 403, description = "`administrator_required`"),
        (status = 409, description = "`space_closed`, `space_suspended`, `system_user_ended`"),
        (status = 412, description = "`version_changed`"),
        (status = 428, description = "`if_match_required`"),
    )
)]
#[delete("/v1/spaces/{id}/system-users/{systemUserId}")]
pub async fn end(request: HttpRequest, person: Person, path: Path<(PathId, PathId)>) -> Answer {
    let (id, user) = path.into_inner();
    let if_match = IfMatch::of(&request);
    let app = person.app();
    person
        .write(move |tx, caller| {
            let case = lock_case(tx, caller, (id.of(), user.of()))?;
            caller.strong()?;
            if_match.require(case.user.version)?;
            let ended = case.administrator()?.end_system_user(&case.space, &case.user, tx.now())?;
            tx.save_system_user(&ended)?;
            tell(tx, &app, caller, (&case.space, &ended, case.jwks)).map(drop)
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Keys as they are kept.
fn text(jwks: &JwksDocument) -> Result<String, Problem> {
    jwks.to_text().map_err(|error| Problem::from(Code::Internal).because(error))
}
