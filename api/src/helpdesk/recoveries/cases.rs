//! `/v1/helpdesk/recoveries`: agents open, list, show, confirm and withdraw them.

use std::collections::BTreeSet;

use actix_web::{HttpRequest, get, post, web::Path};
use domain::{
    Coded, Refusal,
    audit::{AuditAct, Chain},
    collaboration::{ConfirmedRecovery, OpenedRecovery, Recovery, RecoveryCase, Role, Roster},
    helpdesk::{Agent, Occasion},
    id::RecoveryId,
    identity::Product,
    space::Space,
    text::ReasonText,
};
use persistence::Transaction;

use super::{
    called, concerned, mail_to, named,
    request::OpenRecoveryRequest,
    tell_called_off, unable,
    view::{RecoveryPage, RecoveryView},
};
use crate::{
    app::App,
    helpdesk::request::ReasonRequest,
    http::{
        answer::{self, Answer, Prepared},
        body::Body,
        caller::Helpdesk,
        idempotency::Once,
        page::Paging,
        path::PathId,
        problem::Problem,
        query::Query,
        schema::RecoveryStatusChoice,
    },
    mail::Mail,
    space::life::day_and_hour,
};

/// Opens a recovery: the space is to get an administrator, since none of those who are able by what is recorded can act.
///
/// All members are mailed, and each of the named can stop it; after seven days another agent can confirm it.
#[utoipa::path(
    tag = "Helpdesk", operation_id = "openRecovery", request_body = OpenRecoveryRequest, security(("helpdesk" = [])),
    responses(
        (status = 201, description = "The recovery, which waits.", body = RecoveryView,
            headers(("Location" = String, description = "Its address."))),
        (status = 403, description = "`helpdesk_only`"),
        (status = 404, description = "`not_found`: there is no such professional space, or no such registered product."),
        (status = 409, description = "`own_case`, `recovery_incomplete` with `able`, `recovery_open` with `recovery`, its id, `space_closed`"),
    )
)]
#[post("/v1/helpdesk/recoveries")]
pub async fn open(request: HttpRequest, helpdesk: Helpdesk, body: Body<OpenRecoveryRequest>) -> Answer {
    let once = Once::of(&request, &body);
    let app = helpdesk.app();
    helpdesk
        .write_once(once, move |tx, caller, agent| {
            let wish = body.open(caller.strong()?)?;
            let product = tx.any_product(wish.product)?.ok_or(Refusal::NotFound)?;
            let space = tx.lock_any_space(wish.space)?.ok_or(Refusal::NotFound)?;
            let (roster, open) = (tx.roster(space.id)?, tx.open_recovery(space.id)?);
            let is_of_own_space = tx.was_member(agent.person(), space.id)?;
            let case = RecoveryCase { space: &space, roster: &roster, product: &product, is_of_own_space };
            let said = (wish.unable, wish.reason.clone());
            let opened = agent.open_recovery(&case, said, open, tx.new_id(), tx.now())?;
            tx.insert_recovery(&opened)?;
            let recovery = opened.recovery();
            record(tx, agent, AuditAct::RecoveryOpened, recovery, &wish.reason);
            tell_opened(tx, &app, &case, &opened)?;
            let location = format!("/v1/helpdesk/recoveries/{}", recovery.id);
            Ok(Prepared::created(&RecoveryView::from(recovery))?.at(location))
        })
        .await
}

/// Writes to all active members; to those who are named, that they can stop it.
fn tell_opened(
    tx: &mut Transaction<'_>,
    app: &App,
    case: &RecoveryCase<'_>,
    opened: &OpenedRecovery,
) -> Result<(), Problem> {
    let recovery = opened.recovery();
    let unable = unable(recovery, case.roster);
    let (appointee, from) = (named(&tx.person(recovery.appointee)?), day_and_hour(recovery.confirmable_at));
    for person in tx.active_members(recovery.space, Role::ALL)? {
        let ((identifier, title), appointee, from) = (called(case.space), appointee.clone(), from.clone());
        let mail = if unable.contains(&person.id) {
            Mail::RecoveryNamesYou { identifier, title, appointee, from }
        } else {
            Mail::RecoveryOpened { identifier, title, appointee, from }
        };
        mail_to(tx, app, &person, mail)?;
    }
    Ok(())
}

fn record(tx: &mut Transaction<'_>, agent: Agent, act: AuditAct, recovery: &Recovery, reason: &ReasonText) {
    tx.record(agent.did(act, Chain::Space(recovery.space), recovery.id, Occasion::OwnMotion, reason));
}

/// Lists recoveries, oldest first.
#[utoipa::path(
    tag = "Helpdesk", operation_id = "listRecoveries", security(("helpdesk" = [])),
    params(
        ("status" = Option<RecoveryStatusChoice>, Query, description = "Only those that stand so.", example = "open"),
        ("limit" = Option<u32>, Query, description = "How many to a page.", minimum = 1, maximum = 100, example = 25),
        ("cursor" = Option<String>, Query, description = "`page.next` of the page before; empty for the first.", example = ""),
    ),
    responses(
        (status = 200, description = "A page of recoveries.", body = RecoveryPage, headers(("Link" = String, description = "The next page."))),
        (status = 400, description = "`invalid_cursor`"),
        (status = 403, description = "`helpdesk_only`"),
    )
)]
#[get("/v1/helpdesk/recoveries")]
pub async fn list(request: HttpRequest, helpdesk: Helpdesk) -> Answer {
    let mut query = Query::of(&request);
    let status = query.choice("status");
    let paging = Paging::of(&request, query, helpdesk.app());
    let listed = helpdesk.read(move |tx, caller, _| {
        paging.list::<RecoveryPage>(caller, |after, most| {
            let rows = tx.recoveries(status, after.map(RecoveryId), most)?;
            Ok(rows.iter().map(RecoveryView::from).collect())
        })
    });
    listed.await?.answer()
}

/// Shows a recovery.
#[utoipa::path(
    tag = "Helpdesk", operation_id = "getRecovery", security(("helpdesk" = [])),
    params(("id" = Uuid, Path, description = "The recovery's id.", example = "019d6c3e-8c00-7000-8000-000000000000")),
    responses(
        (status = 200, description = "The recovery.", body = RecoveryView),
        (status = 403, description = "`helpdesk_only`"),
    )
)]
#[get("/v1/helpdesk/recoveries/{id}")]
pub async fn get(helpdesk: Helpdesk, id: Path<PathId>) -> Answer {
    let id: RecoveryId = id.of();
    let recovery = helpdesk
        .read(move |tx, caller, _| {
            let recovery = tx.recovery(id)?.ok_or(Refusal::NotFound)?;
            caller.strong()?;
            Ok(recovery)
        })
        .await?;
    answer::ok(&RecoveryView::from(&recovery))
}

/// What an agent's decision stands on, read under the locks of whom the recovery appoints, of its space and its own.
fn lock_case(tx: &mut Transaction<'_>, id: RecoveryId) -> Result<(Space, Roster, Product, Recovery), Problem> {
    let seen = tx.recovery(id)?.ok_or(Refusal::NotFound)?;
    tx.lock_person(seen.appointee)?;
    let product = tx.any_product(seen.product)?.ok_or(Refusal::NotFound)?;
    tx.lock_spaces(&BTreeSet::from([seen.space]))?;
    let space = super::space_of(tx, &seen)?;
    let roster = tx.roster(space.id)?;
    let recovery = tx.lock_recovery(id)?.ok_or(Refusal::NotFound)?;
    Ok((space, roster, product, recovery))
}

/// Confirms a recovery that another agent opened: the named memberships end, and the person is appointed.
///
/// He becomes administrator with all his products and without an end date, as a new member or as the one that he is.
#[utoipa::path(
    tag = "Helpdesk", operation_id = "confirmRecovery", request_body = ReasonRequest, security(("helpdesk" = [])),
    params(("id" = Uuid, Path, description = "The recovery's id.", example = "019d6c3e-8c00-7000-8000-000000000000")),
    responses(
        (status = 200, description = "It is confirmed.", body = RecoveryView),
        (status = 403, description = "`helpdesk_only`"),
        (status = 409, description = "`last_administrator` with `spaces`, `own_case`, `recovery_decided`, `recovery_incomplete` with `able`, `recovery_same_agent`, `recovery_stopped`, `recovery_too_early` with `confirmableAt`, `space_closed`"),
    )
)]
#[post("/v1/helpdesk/recoveries/{id}/confirm")]
pub async fn confirm(request: HttpRequest, helpdesk: Helpdesk, id: Path<PathId>, body: Body<ReasonRequest>) -> Answer {
    let id: RecoveryId = id.of();
    let once = Once::of(&request, &body);
    let app = helpdesk.app();
    helpdesk
        .write_once(once, move |tx, caller, agent| {
            tx.recovery(id)?.ok_or(Refusal::NotFound)?;
            let reason = body.open(caller.strong()?)?;
            let (space, roster, product, recovery) = lock_case(tx, id)?;
            let is_of_own_space = tx.was_member(agent.person(), space.id)?;
            let case = RecoveryCase { space: &space, roster: &roster, product: &product, is_of_own_space };
            let confirmed = agent.confirm_recovery(&case, &recovery, tx.new_id(), tx.now())?;
            let told = concerned(tx, &recovery, &roster)?;
            tx.save_confirmed_recovery(&confirmed)?;
            record_confirmed(tx, agent, &confirmed, &reason);
            let appointee = tx.person(recovery.appointee)?;
            let is_told = told.iter().any(|person| person.id == appointee.id);
            for person in told.iter().chain((!is_told).then_some(&appointee)) {
                let ((identifier, title), appointee) = (called(&space), named(&appointee));
                mail_to(tx, &app, person, Mail::RecoveryConfirmed { identifier, title, appointee })?;
            }
            Prepared::ok(&RecoveryView::from(confirmed.recovery()))
        })
        .await
}

fn record_confirmed(tx: &mut Transaction<'_>, agent: Agent, confirmed: &ConfirmedRecovery, reason: &ReasonText) {
    let chain = Chain::Space(confirmed.recovery().space);
    record(tx, agent, AuditAct::RecoveryConfirmed, confirmed.recovery(), reason);
    let ended = confirmed.ended().iter().map(|member| (AuditAct::MemberRemoved, member.id));
    for (act, member) in ended.chain([(AuditAct::MemberAppointed, confirmed.appointed().id)]) {
        tx.record(agent.did(act, chain, member, Occasion::OwnMotion, reason));
    }
}

/// Withdraws an open recovery; the members are mailed.
#[utoipa::path(
    tag = "Helpdesk", operation_id = "withdrawRecovery", request_body = ReasonRequest, security(("helpdesk" = [])),
    params(("id" = Uuid, Path, description = "The recovery's id.", example = "019d6c3e-8c00-7000-8000-000000000000")),
    responses(
        (status = 200, description = "It is withdrawn.", body = RecoveryView),
        (status = 403, description = "`helpdesk_only`"),
        (status = 409, description = "`own_case`, `recovery_decided`, `recovery_stopped`"),
    )
)]
#[post("/v1/helpdesk/recoveries/{id}/withdraw")]
pub async fn withdraw(request: HttpRequest, helpdesk: Helpdesk, id: Path<PathId>, body: Body<ReasonRequest>) -> Answer {
    let id: RecoveryId = id.of();
    let once = Once::of(&request, &body);
    let app = helpdesk.app();
    helpdesk
        .write_once(once, move |tx, caller, agent| {
            tx.recovery(id)?.ok_or(Refusal::NotFound)?;
            let reason = body.open(caller.strong()?)?;
            let (space, roster, product, recovery) = lock_case(tx, id)?;
            let is_of_own_space = tx.was_member(agent.person(), space.id)?;
            let case = RecoveryCase { space: &space, roster: &roster, product: &product, is_of_own_space };
            let withdrawn = agent.withdraw_recovery(&case, &recovery, tx.now())?;
            tx.save_ended_recovery(&withdrawn)?;
            record(tx, agent, AuditAct::RecoveryWithdrawn, withdrawn.recovery(), &reason);
            tell_called_off(tx, &app, (&space, &roster), withdrawn.recovery())?;
            Prepared::ok(&RecoveryView::from(withdrawn.recovery()))
        })
        .await
}
