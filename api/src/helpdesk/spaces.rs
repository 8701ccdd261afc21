//! Spaces as the Helpdesk finds, suspends and resumes them.

use std::sync::{Arc, OnceLock};

use actix_web::{HttpRequest, post, web::Path};
use domain::{
    Refusal,
    audit::{AuditAct, Chain},
    helpdesk::{Agent, Occasion},
    id::{MembershipId, SpaceId},
    space::{Space, SpaceState},
    text::ReasonText,
};
use persistence::Transaction;

use super::{
    request::{FindSpaceRequest, ReasonRequest},
    view::{FoundSpaces, SpaceView},
};
use crate::{
    app::App,
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
        (status = 409, description = "`own_case`, `space_suspended`"),
    )
)]
#[post("/v1/helpdesk/spaces/{id}/suspend")]
pub async fn suspend(request: HttpRequest, helpdesk: Helpdesk, id: Path<PathId>, body: Body<ReasonRequest>) -> Answer {
    let once = Once::of(&request, &body);
    change(&helpdesk, once, id.of(), body, |agent, space, is_member, reason, tx| {
        agent.suspend(space, is_member, reason, tx.now())
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
    change(&helpdesk, once, id.of(), body, |agent, space, is_member, _, _| agent.resume(space, is_member)).await
}

type Decision = fn(Agent, &Space, bool, ReasonText, &Transaction<'_>) -> Result<Space, Refusal>;

/// Decides on a space under its lock, records it, and writes to the members.
async fn change(helpdesk: &Helpdesk, once: Once, id: SpaceId, body: Body<ReasonRequest>, decide: Decision) -> Answer {
    let app = helpdesk.app();
    let rest = Arc::new(OnceLock::new());
    let (worker, further) = (Arc::clone(&app), Arc::clone(&rest));
    let changed = helpdesk
        .write_once(once, move |tx, caller, agent| {
            let space = tx.lock_any_space(id)?.ok_or(Refusal::NotFound)?;
            let reason = body.open(caller.strong()?)?;
            let is_member = tx.is_member(agent.person(), id)?;
            let changed = decide(agent, &space, is_member, reason.clone(), tx)?;
            tx.save_space(&changed)?;
            let act =
                if changed.state == SpaceState::Suspended { AuditAct::SpaceSuspended } else { AuditAct::SpaceResumed };
            tx.record(agent.did(act, Chain::Space(id), id, Occasion::OwnMotion, &reason));
            if let Some(last) = tell_members(tx, &worker.data_keys, &changed, None)? {
                let _ = further.set((changed.clone(), last));
            }
            Prepared::ok(&SpaceView::new(&changed, tx.members_count(id)?))
        })
        .await?;
    if let Some((space, last)) = rest.get() {
        tell_rest(&app, space, *last).await;
    }
    app.outbox_bell.notify_one();
    Ok(changed)
}

/// How many members one transaction writes to.
const AT_ONCE: u32 = 100;

/// Writes to the active members after this one how a space stands; says where to go on, if there are more.
fn tell_members(
    tx: &mut Transaction<'_>,
    keys: &DataKeys,
    space: &Space,
    after: Option<MembershipId>,
) -> Result<Option<MembershipId>, Problem> {
    let identifier = space.identifier.to_string();
    let mail = match space.state {
        SpaceState::Suspended => Mail::SpaceSuspended { identifier },
        _ => Mail::SpaceResumed { identifier },
    };
    let members = tx.addresses_of_members(space.id, after, AT_ONCE)?;
    for (_, address, language) in &members {
        tx.send_mail(&Letter::new(address, *language, mail.clone()).seal(keys))?;
    }
    let is_full = members.len() == AT_ONCE as usize;
    Ok(members.last().filter(|_| is_full).map(|(membership, ..)| *membership))
}

/// The members of a large space are written to in transactions of their own, so that no rival waits for all of them. What
/// was decided is kept by then, so a failure is the operator's to see and not the agent's.
async fn tell_rest(app: &Arc<App>, space: &Space, last: MembershipId) {
    let mut next = Some(last);
    while let Some(last) = next {
        let (worker, space) = (Arc::clone(app), space.clone());
        let told = app.store.write(move |tx| tell_members(tx, &worker.data_keys, &space, Some(last))).await;
        next = told.unwrap_or_else(|problem| {
            let cause = problem.cause.unwrap_or_default();
            tracing::error!(code = problem.code.code(), cause, "not all members of a space were written to");
            None
        });
    }
}
