//! `/v1/spaces/{id}/invitations`: the administrators of a professional space invite, resend, cancel, look after it, and export.

use actix_web::{HttpRequest, get, post, web::Path};
use domain::{
    Instant, Refusal,
    audit::AuditAct,
    collaboration::{Administrator, Invitation, InvitationChange, Permission, Roster},
    id::{InvitationId, PersonId, SpaceId},
    identity,
    space::{Space, SpaceState},
};
use persistence::{InvitationFilter, Reading};

use super::{
    Host, keep_new, letters, record,
    request::InviteRequest,
    view::{self, InvitationPage, InvitationView},
};
use crate::{
    http::{
        answer::{self, Answer, Prepared},
        body::{Body, EmptyRequest, NoBody},
        caller::{Caller, Person},
        export,
        idempotency::Once,
        page::Paging,
        path::PathId,
        problem::Problem,
        query::Query,
        schema::InvitationStatusChoice,
    },
    mail::Letter,
};

/// Lists the invitations to a professional space, newest first, or exports all of them.
#[utoipa::path(
    tag = "Invitations", operation_id = "listInvitations", security(("person" = [])),
    params(
        ("id" = Uuid, Path, description = "The space's id.", example = "019d6c3e-8c00-7000-8000-000000000000"),
        ("status" = Option<InvitationStatusChoice>, Query, description = "Only those that stand so.", example = "pending"),
        ("format" = Option<String>, Query, description = "`json` for a page, `csv` or `ndjson` for an export of all that the filter lets through; without it, `Accept` says.", pattern = "^(json|csv|ndjson)$", max_length = 6, example = "json"),
        ("limit" = Option<u32>, Query, description = "How many to a page; an export has no pages.", minimum = 1, maximum = 100, example = 25),
        ("cursor" = Option<String>, Query, description = "`page.next` of the page before; empty for the first. An export begins there as well.", example = ""),
    ),
    responses(
        (status = 200, description = "A page of invitations, or all of them.", headers(("Link" = String, description = "The next page.")),
            content((InvitationPage = "application/json"), (String = "text/csv", example = json!(view::CSV_SAMPLE)), (String = "application/x-ndjson", example = json!(view::NDJSON_SAMPLE)))),
        (status = 400, description = "`invalid_cursor`"),
        (status = 403, description = "`administrator_required`"),
        (status = 409, description = "`space_closed`"),
    )
)]
#[get("/v1/spaces/{id}/invitations")]
pub async fn list(request: HttpRequest, person: Person, id: Path<PathId>) -> Answer {
    let id: SpaceId = id.of();
    let mut query = Query::of(&request);
    let status = query.choice("status");
    let read = move |tx: &mut Reading<'_>, caller: &Caller, paging: Paging| {
        let space = shown(tx, caller, id)?;
        paging.list::<InvitationPage>(caller, |before, most| {
            let now = tx.now();
            Permission::View.require_state(&space, now)?;
            let roster = tx.roster(space.id)?;
            let able = if space.state == SpaceState::Open { able(&roster) } else { vec![] };
            let filter = InvitationFilter { status, able, before: before.map(InvitationId) };
            let found = tx.invitations_to(space.id, &filter, most)?;
            let view = |(invitation, inviter)| InvitationView::new(&invitation, &inviter, &space, &roster, now);
            Ok(found.into_iter().map(view).collect())
        })
    };
    export::answer(&request, person, query, read).await
}

/// Shows an invitation.
#[utoipa::path(
    tag = "Invitations", operation_id = "getInvitation", security(("person" = [])),
    params(
        ("id" = Uuid, Path, description = "The space's id.", example = "019d6c3e-8c00-7000-8000-000000000000"),
        ("invitationId" = Uuid, Path, description = "The invitation's id.", example = "019d6c3e-8c00-7000-8000-000000000001"),
    ),
    responses(
        (status = 200, description = "The invitation.", body = InvitationView),
        (status = 403, description = "`administrator_required`"),
        (status = 409, description = "`space_closed`"),
    )
)]
#[get("/v1/spaces/{id}/invitations/{invitationId}")]
pub async fn get(person: Person, path: Path<(PathId, PathId)>) -> Answer {
    let (id, invitation) = path.into_inner();
    let view = person
        .read(move |tx, caller| {
            let space = shown(tx, caller, id.of())?;
            let (invitation, inviter) = of_space(tx, invitation.of(), space.id)?;
            caller.strong()?;
            Permission::View.require_state(&space, tx.now())?;
            Ok(InvitationView::new(&invitation, &inviter, &space, &tx.roster(space.id)?, tx.now()))
        })
        .await?;
    answer::ok(&view)
}

/// Invites somebody: he is mailed, logs in with the product that is named, and accepts or refuses.
///
/// The mail holds nothing secret: the product proves the right to accept. Whether it is registered, nobody is told. An
/// expired invitation of the same product gives way.
#[utoipa::path(
    tag = "Invitations", operation_id = "invite", request_body = InviteRequest, security(("person" = [])),
    params(("id" = Uuid, Path, description = "The space's id.", example = "019d6c3e-8c00-7000-8000-000000000000")),
    responses(
        (status = 201, description = "The invitation.", body = InvitationView,
            headers(("Location" = String, description = "Its address."))),
        (status = 403, description = "`administrator_required`"),
        (status = 409, description = "`already_member`, `daily_invitation_limit_reached` with `limit`, `invitation_limit_reached` with `limit`, `invitation_pending` with `invitation`, `space_closed`, `space_suspended`"),
    )
)]
#[post("/v1/spaces/{id}/invitations")]
pub async fn invite(request: HttpRequest, person: Person, id: Path<PathId>, body: Body<InviteRequest>) -> Answer {
    let id: SpaceId = id.of();
    let once = Once::of(&request, &body).by_administrator_of(id, Permission::Invite);
    let app = person.app();
    person
        .write_once(once, move |tx, caller| {
            let host = Host::lock(tx, caller, id)?;
            let wish = body.open(caller.strong()?)?;
            let rivals = tx.rivals_of(caller.person, id, &wish.0.serial)?;
            let invited = host.administrator()?.invite(tx.new_id(), &host.space, wish, rivals, tx.now())?;
            keep_new(tx, &app, (&host, caller), &invited)?;
            let invitation = invited.0.invitation();
            let view = InvitationView::new(invitation, &host.person, &host.space, &tx.roster(id)?, tx.now());
            Ok(Prepared::created(&view)?.at(format!("/v1/spaces/{id}/invitations/{}", invitation.id)))
        })
        .await
}

/// Mails an invitation again and renews it, also an expired one; whoever resends it answers for it.
///
/// It rests ten minutes between two mails, and is mailed at most five times in 24 hours.
#[utoipa::path(
    tag = "Invitations", operation_id = "resendInvitation", request_body = EmptyRequest, security(("person" = [])),
    params(
        ("id" = Uuid, Path, description = "The space's id.", example = "019d6c3e-8c00-7000-8000-000000000000"),
        ("invitationId" = Uuid, Path, description = "The invitation's id.", example = "019d6c3e-8c00-7000-8000-000000000001"),
    ),
    responses(
        (status = 200, description = "The invitation, renewed.", body = InvitationView),
        (status = 403, description = "`administrator_required`"),
        (status = 409, description = "`invitation_resend_too_soon` with `until`, `space_closed`, `space_suspended`"),
        (status = 410, description = "`invitation_cancelled`, `invitation_expired` where the membership would be over, `invitation_refused`, `invitation_used`"),
    )
)]
#[post("/v1/spaces/{id}/invitations/{invitationId}/resend")]
pub async fn resend(request: HttpRequest, person: Person, path: Path<(PathId, PathId)>, body: NoBody) -> Answer {
    let act = Act {
        decide: |administrator, space, invitation, now| administrator.resend_invitation(space, invitation, now),
        record: AuditAct::InvitationResent,
        letter: |host, invitation| letters::invitation(&host.space, &host.person, invitation),
    };
    act.on(&request, &person, &path, body).await
}

/// Takes an invitation back; the invitee is mailed.
#[utoipa::path(
    tag = "Invitations", operation_id = "cancelInvitation", request_body = EmptyRequest, security(("person" = [])),
    params(
        ("id" = Uuid, Path, description = "The space's id.", example = "019d6c3e-8c00-7000-8000-000000000000"),
        ("invitationId" = Uuid, Path, description = "The invitation's id.", example = "019d6c3e-8c00-7000-8000-000000000001"),
    ),
    responses(
        (status = 200, description = "The invitation, cancelled.", body = InvitationView),
        (status = 403, description = "`administrator_required`"),
        (status = 409, description = "`space_closed`, `space_suspended`"),
        (status = 410, description = "`invitation_cancelled`, `invitation_refused`, `invitation_used`"),
    )
)]
#[post("/v1/spaces/{id}/invitations/{invitationId}/cancel")]
pub async fn cancel(request: HttpRequest, person: Person, path: Path<(PathId, PathId)>, body: NoBody) -> Answer {
    let act = Act {
        decide: |administrator, space, invitation, now| administrator.cancel_invitation(space, invitation, now),
        record: AuditAct::InvitationCancelled,
        letter: |host, invitation| letters::cancelled(&host.space, invitation),
    };
    act.on(&request, &person, &path, body).await
}

/// What an administrator does to an invitation.
struct Act {
    decide: fn(&Administrator<'_>, &Space, &Invitation, Instant) -> Result<InvitationChange, Refusal>,
    record: AuditAct,
    /// What the invitee is told.
    letter: fn(&Host, &Invitation) -> Letter,
}

impl Act {
    async fn on(self, request: &HttpRequest, person: &Person, path: &(PathId, PathId), body: NoBody) -> Answer {
        let (id, invitation): (SpaceId, InvitationId) = (path.0.of(), path.1.of());
        let once = Once::of(request, &body).by_administrator_of(id, Permission::Invite);
        let app = person.app();
        person
            .write_once(once, move |tx, caller| {
                let host = Host::lock(tx, caller, id)?;
                let (invitation, _) = of_space(tx, invitation, id)?;
                body.open(caller.strong()?)?;
                let change = (self.decide)(&host.administrator()?, &host.space, &invitation, tx.now())?;
                tx.save_invitation(&change)?;
                record(tx, caller, self.record, &change);
                let letter = (self.letter)(&host, change.invitation());
                tx.send_mail(&letter.seal(&app.data_keys))?;
                let (invitation, inviter) = of_space(tx, invitation.id, id)?;
                let view = InvitationView::new(&invitation, &inviter, &host.space, &tx.roster(id)?, tx.now());
                Prepared::ok(&view)
            })
            .await
    }
}

/// The professional space, for one of its administrators.
fn shown(tx: &mut Reading<'_>, caller: &Caller, space: SpaceId) -> Result<Space, Problem> {
    let (space, membership) = tx.space_of(space, caller.person, caller.product)?.ok_or(Refusal::NotFound)?;
    space.require_professional()?;
    membership.administrator(Permission::Invite)?;
    Ok(space)
}

/// An invitation to this space, and who answers for it.
fn of_space(tx: &mut Reading<'_>, id: InvitationId, space: SpaceId) -> Result<(Invitation, identity::Person), Problem> {
    let found = tx.invitation(id)?.filter(|(invitation, ..)| invitation.space == space);
    let (invitation, _, inviter) = found.ok_or(Refusal::NotFound)?;
    Ok((invitation, inviter))
}

/// Those who are able to answer for an invitation.
fn able(roster: &Roster) -> Vec<PersonId> {
    let able = roster.0.iter().filter(|member| member.is_able_administrator());
    able.map(|member| member.membership.person).collect()
}
