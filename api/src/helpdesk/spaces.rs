//! Spaces as the Helpdesk finds, suspends and resumes them.

use actix_web::{HttpRequest, post, web::Path};
use domain::{
    Coded, Refusal,
    audit::{AuditAct, Chain},
    collaboration::Role,
    helpdesk::{Agent, Occasion},
    id::SpaceId,
    space::{Space, SpaceState},
    text::ReasonText,
};
use persistence::Transaction;

use super::{
    request::{FindSpaceRequest, ReasonRequest},
    view::{FoundSpaces, SpaceView},
};
use crate::{
    http::{
        answer::{Answer, Prepared},
        body::Body,
        caller::Helpdesk,
        idempotency::Once,
        path::PathId,
        problem::Problem,
    },
    keys::DataKeys,
    mail::{Letter, Mail},
};

/// Finds a space by its identifier; what is found is recorded in its log, with the reason.
#[utoipa::path(
    tag = "Helpdesk", operation_id = "findSpace", request_body = FindSpaceRequest, security(("helpdesk" = [])),
    responses(
        (status = 200, description = "The space, or none.", body = FoundSpaces),
        (status = 403, description = "`helpdesk_only`"),
    )
)]
#[post("/v1/helpdesk/spaces/search")]
pub async fn find(request: HttpRequest, helpdesk: Helpdesk, body: Body<FindSpaceRequest>) -> Answer {
    let once = Once::of(&request, &body);
    helpdesk
        .write_once(once, move |tx, caller, agent| {
            let (identifier, reason) = body.open(caller.strong()?)?;
            let Some(space) = tx.space_with_identifier(&identifier)? else {
                return Prepared::ok(&FoundSpaces { data: vec![] });
            };
            let (act, chain) = (AuditAct::HelpdeskLookedUp, Chain::Space(space.id));
            tx.record(agent.did(act, chain, space.id, Occasion::OwnMotion, &reason));
            Prepared::ok(&FoundSpaces { data: vec![SpaceView::new(&space, tx.members_count(space.id)?)] })
        })
        .await
}

/// Suspends a space: its members read, nobody acts. It still counts against its product's limit.
#[utoipa::path(
    tag = "Helpdesk", operation_id = "suspendSpace", request_body = ReasonRequest, security(("helpdesk" = [])),
    params(("id" = Uuid, Path, description = "The space's id.", example = "019d6c3e-8c00-7000-8000-000000000000")),
    responses(
        (status = 200, description = "The space as it is now.", body = SpaceView),
        (status = 403, description = "`helpdesk_only`"),
        (status = 409, description = "`own_case`, `space_closed`, `space_suspended`"),
    )
)]
#[post("/v1/helpdesk/spaces/{id}/suspend")]
pub async fn suspend(request: HttpRequest, helpdesk: Helpdesk, id: Path<PathId>, body: Body<ReasonRequest>) -> Answer {
    let once = Once::of(&request, &body);
    change(&helpdesk, once, id.of(), body, |agent, space, is_own, reason, tx| {
        agent.suspend(space, is_own, reason, tx.now())
    })
    .await
}

/// Lets the members of a suspended space act again.
#[utoipa::path(
    tag = "Helpdesk", operation_id = "resumeSpace", request_body = ReasonRequest, security(("helpdesk" = [])),
    params(("id" = Uuid, Path, description = "The space's id.", example = "019d6c3e-8c00-7000-8000-000000000000")),
    responses(
        (status = 200, description = "The space as it is now.", body = SpaceView),
        (status = 403, description = "`helpdesk_only`"),
        (status = 409, description = "`own_case`, `space_not_suspended`"),
    )
)]
#[post("/v1/helpdesk/spaces/{id}/resume")]
pub async fn resume(request: HttpRequest, helpdesk: Helpdesk, id: Path<PathId>, body: Body<ReasonRequest>) -> Answer {
    let once = Once::of(&request, &body);
    change(&helpdesk, once, id.of(), body, |agent, space, is_own, _, tx| agent.resume(space, is_own, tx.now())).await
}

type Decision = fn(Agent, &Space, bool, ReasonText, &Transaction<'_>) -> Result<Space, Refusal>;

/// Decides on a space under its lock, records it, and writes to the members.
async fn change(helpdesk: &Helpdesk, once: Once, id: SpaceId, body: Body<ReasonRequest>, decide: Decision) -> Answer {
    let app = helpdesk.app();
    helpdesk
        .write_once(once, move |tx, caller, agent| {
            let space = tx.lock_any_space(id)?.ok_or(Refusal::NotFound)?;
            let reason = body.open(caller.strong()?)?;
            let is_own = tx.was_member(agent.person(), id)?;
            let changed = decide(agent, &space, is_own, reason.clone(), tx)?;
            tx.save_space(&changed)?;
            let act =
                if changed.state == SpaceState::Suspended { AuditAct::SpaceSuspended } else { AuditAct::SpaceResumed };
            tx.record(agent.did(act, Chain::Space(id), id, Occasion::OwnMotion, &reason));
            tell_members(tx, &app.data_keys, &changed)?;
            Prepared::ok(&SpaceView::new(&changed, tx.members_count(id)?))
        })
        .await
}

/// Writes to the active members how their space stands.
fn tell_members(tx: &mut Transaction<'_>, keys: &DataKeys, space: &Space) -> Result<(), Problem> {
    let identifier = space.identifier.to_string();
    let mail = match space.state {
        SpaceState::Suspended => Mail::SpaceSuspended { identifier },
        _ => Mail::SpaceResumed { identifier },
    };
    for member in tx.active_members(space.id, Role::ALL)? {
        tx.send_mail(&Letter::new(&member.email, member.language, mail.clone()).seal(keys))?;
    }
    Ok(())
}
