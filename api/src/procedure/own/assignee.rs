//! `/v1/spaces/{id}/procedures/{procedureId}/assignee`: who of the space looks after a procedure.

use actix_web::{HttpRequest, HttpResponse, delete, put, web::Path};
use domain::{
    audit::{AuditAct, Chain, Event},
    collaboration::Permission,
    procedure::ProcedureChange,
    space::Space,
};
use persistence::Transaction;

use super::{one::locked, request::AssignProcedureRequest, shown, view::ProcedureView};
use crate::http::{
    answer::{Answer, Prepared},
    body::Body,
    caller::{Caller, Person},
    language,
    path::PathId,
    problem::Problem,
};

/// Says who looks after a procedure.
///
/// Any active member who may draft; it gives him no right that he had not.
#[utoipa::path(
    tag = "Procedures", operation_id = "assignProcedure", request_body = AssignProcedureRequest, security(("person" = [])),
    params(
        ("id" = Uuid, Path, description = "The space's id.", example = "019d6c3e-8c00-7000-8000-000000000000"),
        ("procedureId" = Uuid, Path, description = "The procedure's id.", example = "019d6c3e-8c00-7000-8000-000000000001"),
    ),
    responses(
        (status = 200, description = "The procedure.", body = ProcedureView, headers(("ETag" = String, description = "Its version."))),
        (status = 403, description = "`role_insufficient`"),
        (status = 409, description = "`assignee_may_not_draft`, `procedure_binned`, `space_closed`, `space_suspended`"),
    )
)]
#[put("/v1/spaces/{id}/procedures/{procedureId}/assignee")]
pub async fn assign(
    request: HttpRequest,
    person: Person,
    path: Path<(PathId, PathId)>,
    body: Body<AssignProcedureRequest>,
) -> Answer {
    let language = language::preferred(request.headers());
    let (id, procedure) = path.into_inner();
    let app = person.app();
    let (version, view) = person
        .write(move |tx, caller| {
            let (space, mut kept) = locked(tx, caller, (id.of(), procedure.of()), Permission::Draft)?;
            let wanted = body.open(caller.strong()?)?;
            Permission::Draft.require_state(&space, tx.now())?;
            let member = tx.member_of(wanted, space.id)?.map(|(member, ..)| member);
            let assigned = kept.procedure.assigned(member.as_ref(), tx.now())?;
            keep(tx, caller, &space, assigned.as_ref())?;
            if let Some(assigned) = assigned {
                kept.procedure = assigned.after().clone();
            }
            Ok((kept.procedure.version, shown(tx, &app.data_keys, &space, &kept, language)?))
        })
        .await?;
    Ok(Prepared::ok(&view)?.versioned(version).send())
}

/// Says that nobody looks after a procedure any more.
#[utoipa::path(
    tag = "Procedures", operation_id = "unassignProcedure", security(("person" = [])),
    params(
        ("id" = Uuid, Path, description = "The space's id.", example = "019d6c3e-8c00-7000-8000-000000000000"),
        ("procedureId" = Uuid, Path, description = "The procedure's id.", example = "019d6c3e-8c00-7000-8000-000000000001"),
    ),
    responses(
        (status = 204, description = "Nobody looks after it."),
        (status = 403, description = "`role_insufficient`"),
        (status = 409, description = "`procedure_binned`, `space_closed`, `space_suspended`"),
    )
)]
#[delete("/v1/spaces/{id}/procedures/{procedureId}/assignee")]
pub async fn unassign(person: Person, path: Path<(PathId, PathId)>) -> Answer {
    let (id, procedure) = path.into_inner();
    person
        .write(move |tx, caller| {
            let (space, kept) = locked(tx, caller, (id.of(), procedure.of()), Permission::Draft)?;
            caller.strong()?;
            Permission::Draft.require_state(&space, tx.now())?;
            let unassigned = kept.procedure.unassigned(tx.now())?;
            keep(tx, caller, &space, unassigned.as_ref())
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

fn keep(
    tx: &mut Transaction<'_>,
    caller: &Caller,
    space: &Space,
    change: Option<&ProcedureChange>,
) -> Result<(), Problem> {
    let Some(change) = change else { return Ok(()) };
    tx.save_procedure(change, &caller.actor(), None)?;
    let procedure = change.after().id;
    tx.record(Event::new(Chain::Space(space.id), AuditAct::ProcedureAssigned, caller.actor(), procedure));
    Ok(())
}
