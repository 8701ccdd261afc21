//! `/v1/me/recoveries`: whoever is said to be unable to act as administrator sees it, and can stop it.

use actix_web::{HttpRequest, get, post, web::Path};
use domain::{
    Refusal,
    audit::{AuditAct, Chain, Event},
    collaboration::Recovery,
    id::RecoveryId,
};
use persistence::Reading;

use super::{
    space_of, tell_called_off,
    view::{OwnRecoveryPage, OwnRecoveryView},
};
use crate::http::{
    answer::{Answer, Prepared},
    body::{EmptyRequest, NoBody},
    caller::{Caller, Person},
    idempotency::Once,
    page::Paging,
    path::PathId,
    problem::Problem,
    query::Query,
};

/// Lists the recoveries that say the caller to be unable to act as administrator, oldest first.
#[utoipa::path(
    tag = "Members", operation_id = "listOwnRecoveries", security(("person" = [])),
    params(
        ("limit" = Option<u32>, Query, description = "How many to a page.", minimum = 1, maximum = 100, example = 25),
        ("cursor" = Option<String>, Query, description = "`page.next` of the page before; empty for the first.", example = ""),
    ),
    responses(
        (status = 200, description = "A page of recoveries.", body = OwnRecoveryPage, headers(("Link" = String, description = "The next page."))),
        (status = 400, description = "`invalid_cursor`"),
    )
)]
#[get("/v1/me/recoveries")]
pub async fn list(request: HttpRequest, person: Person) -> Answer {
    let paging = Paging::of(&request, Query::of(&request), person.app());
    let listed = person.read(move |tx, caller| {
        paging.list::<OwnRecoveryPage>(caller, |after, most| {
            let rows = tx.recoveries_naming(caller.person, after.map(RecoveryId), most)?;
            rows.iter().map(|recovery| view(tx, recovery)).collect()
        })
    });
    listed.await?.answer()
}

fn view(tx: &mut Reading<'_>, recovery: &Recovery) -> Result<OwnRecoveryView, Problem> {
    let (space, appointee) = (space_of(tx, recovery)?, tx.person(recovery.appointee)?);
    Ok(OwnRecoveryView::new(recovery, &space, &appointee))
}

/// To whom a recovery does not name it is like one that does not exist.
fn require_named(tx: &mut Reading<'_>, caller: &Caller, id: RecoveryId) -> Result<(), Problem> {
    if tx.is_named(id, caller.person)? { Ok(()) } else { Err(Refusal::NotFound.into()) }
}

/// Stops a recovery that says the caller to be unable to act; the members are mailed.
#[utoipa::path(
    tag = "Members", operation_id = "stopRecovery", request_body = EmptyRequest, security(("person" = [])),
    params(("id" = Uuid, Path, description = "The recovery's id.", example = "019d6c3e-8c00-7000-8000-000000000000")),
    responses(
        (status = 200, description = "The recovery, stopped.", body = OwnRecoveryView),
        (status = 409, description = "`recovery_decided`, `recovery_stopped`"),
    )
)]
#[post("/v1/me/recoveries/{id}/stop")]
pub async fn stop(request: HttpRequest, person: Person, id: Path<PathId>, body: NoBody) -> Answer {
    let id: RecoveryId = id.of();
    let once = Once::of(&request, &body).guarded(move |tx, caller| require_named(tx, caller, id));
    let app = person.app();
    person
        .write_once(once, move |tx, caller| {
            require_named(tx, caller, id)?;
            body.open(caller.strong()?)?;
            let stopped = tx.lock_recovery(id)?.ok_or(Refusal::NotFound)?.stop(tx.now())?;
            tx.save_ended_recovery(&stopped)?;
            let recovery = stopped.recovery();
            let space = space_of(tx, recovery)?;
            tx.record(Event::new(Chain::Space(space.id), AuditAct::RecoveryStopped, caller.actor(), id));
            let roster = tx.roster(space.id)?;
            tell_called_off(tx, &app, (&space, &roster), recovery)?;
            Prepared::ok(&view(tx, recovery)?)
        })
        .await
}
