//! `/v1/spaces/{id}/procedures/{procedureId}`: one procedure, and what is done to a draft.

use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post, web::Path};
use domain::{
    Instant, Refusal,
    audit::{AuditAct, Chain, Event},
    collaboration::Permission,
    id::{ProcedureId, SpaceId},
    procedure::{Procedure, ProcedureChange},
    space::Space,
};
use persistence::{KeptProcedure, Transaction};

use super::{
    member,
    request::EditProcedureRequest,
    sealed::{self, Opened},
    shown,
    view::{CheckView, ProcedureView, StepView, TimelinePage},
};
use crate::http::{
    answer::{self, Answer, IfMatch, Prepared},
    body::{Body, EmptyRequest, NoBody},
    caller::{Caller, Person},
    idempotency::Once,
    language,
    page::Paging,
    path::PathId,
    problem::Problem,
    query::Query,
};

/// Shows a procedure with what is filled in.
#[utoipa::path(
    tag = "Procedures", operation_id = "getProcedure", security(("person" = [])),
    params(
        ("id" = Uuid, Path, description = "The space's id.", example = "019d6c3e-8c00-7000-8000-000000000000"),
        ("procedureId" = Uuid, Path, description = "The procedure's id.", example = "019d6c3e-8c00-7000-8000-000000000001"),
    ),
    responses(
        (status = 200, description = "The procedure.", body = ProcedureView, headers(("ETag" = String, description = "Its version."))),
        (status = 304, description = "It is what `If-None-Match` says."),
        (status = 409, description = "`space_closed`"),
    )
)]
#[get("/v1/spaces/{id}/procedures/{procedureId}")]
pub async fn get(request: HttpRequest, person: Person, path: Path<(PathId, PathId)>) -> Answer {
    let language = language::preferred(request.headers());
    let (id, procedure) = path.into_inner();
    let app = person.app();
    let (version, view) = person
        .read(move |tx, caller| {
            let (space, _) = member(tx, caller, id.of(), Permission::View)?;
            let kept = tx.procedure_of(procedure.of(), space.id)?.ok_or(Refusal::NotFound)?;
            caller.strong()?;
            Permission::View.require_state(&space, tx.now())?;
            Ok((kept.procedure.version, shown(tx, &app.data_keys, &space, &kept, language)?))
        })
        .await?;
    answer::versioned(&request, version, &view)
}

/// Changes what is filled in, right or not: `check` tells that. Who had signed it has not signed it any more.
#[utoipa::path(
    tag = "Procedures", operation_id = "editProcedure", security(("person" = [])),
    request_body(content = EditProcedureRequest, content_type = "application/merge-patch+json"),
    params(
        ("id" = Uuid, Path, description = "The space's id.", example = "019d6c3e-8c00-7000-8000-000000000000"),
        ("procedureId" = Uuid, Path, description = "The procedure's id.", example = "019d6c3e-8c00-7000-8000-000000000001"),
        ("If-Match" = String, Header, description = "The `ETag` of the version that is edited.", example = "*"),
    ),
    responses(
        (status = 200, description = "The procedure as it is now.", body = ProcedureView, headers(("ETag" = String, description = "Its version."))),
        (status = 403, description = "`role_insufficient`"),
        (status = 409, description = "`procedure_binned`, `procedure_state` with `procedureState`, `space_closed`, `space_suspended`"),
        (status = 412, description = "`version_changed`"),
        (status = 428, description = "`if_match_required`"),
    )
)]
#[patch("/v1/spaces/{id}/procedures/{procedureId}")]
pub async fn edit(
    request: HttpRequest,
    person: Person,
    path: Path<(PathId, PathId)>,
    body: Body<EditProcedureRequest>,
) -> Answer {
    let language = language::preferred(request.headers());
    let (id, procedure) = path.into_inner();
    let if_match = IfMatch::of(&request);
    let app = person.app();
    let (version, view) = person
        .write(move |tx, caller| {
            let (space, mut kept) = locked(tx, caller, (id.of(), procedure.of()), Permission::Draft)?;
            let wish = body.open(caller.strong()?)?;
            if_match.require(kept.procedure.version)?;
            Permission::Draft.require_state(&space, tx.now())?;
            let edited = kept.procedure.edited(tx.now())?;
            let before = sealed::open(&app.data_keys, &kept)?;
            let after = before.patched(&wish).map_err(|fault| Refusal::Field { field: "content", fault })?;
            if after != before {
                kept.sealed = sealed::seal(&app.data_keys, &after);
                kept.procedure = edited.after().clone();
                tx.save_procedure(&edited, &caller.actor(), Some(&kept.sealed))?;
            }
            Ok((kept.procedure.version, shown(tx, &app.data_keys, &space, &kept, language)?))
        })
        .await?;
    Ok(Prepared::ok(&view)?.versioned(version).send())
}

/// Tells all that is wrong with what is filled in and attached; nothing is changed.
#[utoipa::path(
    tag = "Procedures", operation_id = "checkProcedure", request_body = EmptyRequest, security(("person" = [])),
    params(
        ("id" = Uuid, Path, description = "The space's id.", example = "019d6c3e-8c00-7000-8000-000000000000"),
        ("procedureId" = Uuid, Path, description = "The procedure's id.", example = "019d6c3e-8c00-7000-8000-000000000001"),
    ),
    responses(
        (status = 200, description = "What is wrong.", body = CheckView),
        (status = 403, description = "`role_insufficient`"),
        (status = 409, description = "`space_closed`, `space_suspended`"),
    )
)]
#[post("/v1/spaces/{id}/procedures/{procedureId}/check")]
pub async fn check(request: HttpRequest, person: Person, path: Path<(PathId, PathId)>, body: NoBody) -> Answer {
    let language = language::preferred(request.headers());
    let (id, procedure): (SpaceId, ProcedureId) = (path.0.of(), path.1.of());
    let once = Once::of(&request, &body).guarded(move |tx, caller| member(tx, caller, id, Permission::Draft).map(drop));
    let app = person.app();
    person
        .write_once(once, move |tx, caller| {
            let (space, _) = member(tx, caller, id, Permission::Draft)?;
            let kept = tx.procedure_of(procedure, id)?.ok_or(Refusal::NotFound)?;
            body.open(caller.strong()?)?;
            Permission::Draft.require_state(&space, tx.now())?;
            let opened = Opened::of(tx, &app.data_keys, &kept)?;
            let submission = opened.submission(&space.identifier, &kept);
            Prepared::ok(&CheckView::new(&submission, language))
        })
        .await
}

/// Puts a procedure into the bin, from which it is deleted after 14 days.
#[utoipa::path(
    tag = "Procedures", operation_id = "binProcedure", security(("person" = [])),
    params(
        ("id" = Uuid, Path, description = "The space's id.", example = "019d6c3e-8c00-7000-8000-000000000000"),
        ("procedureId" = Uuid, Path, description = "The procedure's id.", example = "019d6c3e-8c00-7000-8000-000000000001"),
        ("If-Match" = String, Header, description = "The `ETag` of the version that is put there.", example = "*"),
    ),
    responses(
        (status = 204, description = "The procedure is in the bin."),
        (status = 403, description = "`role_insufficient`"),
        (status = 409, description = "`procedure_binned`, `procedure_state` with `procedureState`, `space_closed`, `space_suspended`"),
        (status = 412, description = "`version_changed`"),
        (status = 428, description = "`if_match_required`"),
    )
)]
#[delete("/v1/spaces/{id}/procedures/{procedureId}")]
pub async fn bin(request: HttpRequest, person: Person, path: Path<(PathId, PathId)>) -> Answer {
    let (id, procedure) = path.into_inner();
    let if_match = IfMatch::of(&request);
    person
        .write(move |tx, caller| {
            let (space, kept) = locked(tx, caller, (id.of(), procedure.of()), Permission::Draft)?;
            caller.strong()?;
            if_match.require(kept.procedure.version)?;
            turn(tx, caller, (&space, &kept), AuditAct::ProcedureBinned, Procedure::binned).map(drop)
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Takes a procedure out of the bin, as it was.
#[utoipa::path(
    tag = "Procedures", operation_id = "restoreProcedure", request_body = EmptyRequest, security(("person" = [])),
    params(
        ("id" = Uuid, Path, description = "The space's id.", example = "019d6c3e-8c00-7000-8000-000000000000"),
        ("procedureId" = Uuid, Path, description = "The procedure's id.", example = "019d6c3e-8c00-7000-8000-000000000001"),
    ),
    responses(
        (status = 200, description = "The procedure.", body = ProcedureView, headers(("ETag" = String, description = "Its version."))),
        (status = 403, description = "`role_insufficient`"),
        (status = 409, description = "`procedure_not_binned`, `space_closed`, `space_suspended`"),
    )
)]
#[post("/v1/spaces/{id}/procedures/{procedureId}/restore")]
pub async fn restore(request: HttpRequest, person: Person, path: Path<(PathId, PathId)>, body: NoBody) -> Answer {
    let language = language::preferred(request.headers());
    let (id, procedure): (SpaceId, ProcedureId) = (path.0.of(), path.1.of());
    let once = Once::of(&request, &body).guarded(move |tx, caller| member(tx, caller, id, Permission::Draft).map(drop));
    let app = person.app();
    person
        .write_once(once, move |tx, caller| {
            let (space, mut kept) = locked(tx, caller, (id, procedure), Permission::Draft)?;
            body.open(caller.strong()?)?;
            let act = AuditAct::ProcedureRestored;
            let restored = turn(tx, caller, (&space, &kept), act, Procedure::restored)?;
            kept.procedure = restored.after().clone();
            let view = shown(tx, &app.data_keys, &space, &kept, language)?;
            Ok(Prepared::ok(&view)?.versioned(kept.procedure.version))
        })
        .await
}

/// Tells what was done to a procedure, in its order.
#[utoipa::path(
    tag = "Procedures", operation_id = "getProcedureTimeline", security(("person" = [])),
    params(
        ("id" = Uuid, Path, description = "The space's id.", example = "019d6c3e-8c00-7000-8000-000000000000"),
        ("procedureId" = Uuid, Path, description = "The procedure's id.", example = "019d6c3e-8c00-7000-8000-000000000001"),
        ("limit" = Option<u32>, Query, description = "How many to a page.", minimum = 1, maximum = 100, example = 25),
        ("cursor" = Option<String>, Query, description = "`page.next` of the page before; empty for the first.", example = ""),
    ),
    responses(
        (status = 200, description = "A page of steps.", body = TimelinePage, headers(("Link" = String, description = "The next page."))),
        (status = 400, description = "`invalid_cursor`"),
        (status = 409, description = "`space_closed`"),
    )
)]
#[get("/v1/spaces/{id}/procedures/{procedureId}/timeline")]
pub async fn timeline(request: HttpRequest, person: Person, path: Path<(PathId, PathId)>) -> Answer {
    let (id, procedure) = path.into_inner();
    let paging = Paging::of(&request, Query::of(&request), person.app());
    let listed = person.read(move |tx, caller| {
        let (space, _) = member(tx, caller, id.of(), Permission::View)?;
        let kept = tx.procedure_of(procedure.of(), space.id)?.ok_or(Refusal::NotFound)?;
        paging.list::<TimelinePage>(caller, |after: Option<u32>, most| {
            Permission::View.require_state(&space, tx.now())?;
            let steps = tx.steps_of(kept.procedure.id, after.unwrap_or_default(), most)?;
            Ok(steps.into_iter().map(StepView::from).collect())
        })
    });
    listed.await?.answer()
}

/// The space, and the procedure under its lock, for somebody who may do this there.
pub(super) fn locked(
    tx: &mut Transaction<'_>,
    caller: &Caller,
    (id, procedure): (SpaceId, ProcedureId),
    act: Permission,
) -> Result<(Space, KeptProcedure), Problem> {
    let (space, _) = member(tx, caller, id, act)?;
    let kept = tx.lock_procedure_of(procedure, id)?.ok_or(Refusal::NotFound)?;
    Ok((space, kept))
}

type Turn = fn(&Procedure, Instant) -> Result<ProcedureChange, Refusal>;

/// Does what changes nothing of what is filled in.
fn turn(
    tx: &mut Transaction<'_>,
    caller: &Caller,
    (space, kept): (&Space, &KeptProcedure),
    act: AuditAct,
    turn: Turn,
) -> Result<ProcedureChange, Problem> {
    let now = tx.now();
    Permission::Draft.require_state(space, now)?;
    let turned = turn(&kept.procedure, now)?;
    tx.save_procedure(&turned, &caller.actor(), None)?;
    tx.record(Event::new(Chain::Space(space.id), act, caller.actor(), kept.procedure.id));
    Ok(turned)
}
