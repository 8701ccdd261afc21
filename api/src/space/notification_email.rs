//! `/v1/spaces/{id}/notification-email`: the code that confirms a space's address of notices.

use actix_web::{HttpRequest, post, web::Path};
use domain::{
    Refusal,
    audit::{AuditAct, Event},
    collaboration::Permission,
    id::{PersonId, SpaceId},
    identity::AddressOwner,
    space::Space,
};
use persistence::Transaction;

use super::view::SpaceView;
use crate::{
    http::{
        answer::{Answer, Prepared},
        body::{Body, EmptyRequest, NoBody},
        caller::Person,
        idempotency::Once,
        path::PathId,
        problem::Problem,
    },
    identity::confirmation::{self, AwaitingAddressView, ConfirmationRequest},
    keys::DataKeys,
};

/// Sends a code to the address of a space that a person, whose row is locked, has just set and that is not confirmed; where
/// it is, none waits any more.
///
/// # Errors
/// Too many addresses were asked for.
pub fn ask(tx: &mut Transaction<'_>, keys: &DataKeys, space: &Space, asked_by: PersonId) -> Result<(), Problem> {
    let owner = AddressOwner::Space(space.id);
    if space.notification_email_confirmed {
        tx.drop_awaiting_address(owner)?;
    } else {
        confirmation::ask(tx, keys, (owner, asked_by), &space.notification_email, space.language)?;
    }
    Ok(())
}

/// Confirms a space's address of notices with the code that went there.
#[utoipa::path(
    tag = "Spaces", operation_id = "confirmNotificationEmail", request_body = ConfirmationRequest, security(("person" = [])),
    params(("id" = Uuid, Path, description = "The space's id.", example = "019d6c3e-8c00-7000-8000-000000000000")),
    responses(
        (status = 200, description = "The space as it is now.", body = SpaceView, headers(("ETag" = String, description = "Its version."))),
        (status = 400, description = "`code_wrong`, with `triesLeft`"),
        (status = 403, description = "`administrator_required`"),
        (status = 409, description = "`code_expired`, `code_tries_used_up`, `nothing_to_confirm`, `space_closed`, `space_suspended`"),
    )
)]
#[post("/v1/spaces/{id}/notification-email/confirm")]
pub async fn confirm(
    request: HttpRequest,
    person: Person,
    id: Path<PathId>,
    body: Body<ConfirmationRequest>,
) -> Answer {
    let id: SpaceId = id.of();
    let once = Once::of(&request, &body).by_administrator_of(id, Permission::EditSpace);
    let app = person.app();
    person
        .try_once(once, move |tx, caller| {
            let found = tx.lock_space_of(id, caller.person, caller.product)?;
            let (space, membership) = found.ok_or(Refusal::NotFound)?;
            let administrator = membership.administrator(Permission::EditSpace)?;
            let code = body.open(caller.strong()?)?;
            space.require_open()?;
            let address = match confirmation::try_code(tx, &app.data_keys, AddressOwner::Space(id), &code)? {
                Ok(address) => address,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let confirmed = administrator.confirm_notification_email(&space, &address, tx.now())?;
            tx.save_space(&confirmed)?;
            let event = Event::new(administrator.audit_log(), AuditAct::SpaceEdited, caller.actor(), id);
            tx.record(event.changing(&confirmed.changed_since(&space)));
            Ok(Ok(Prepared::ok(&SpaceView::to_member(&confirmed, &membership))?.versioned(confirmed.version)))
        })
        .await
}

/// Sends another code to a space's address of notices; the old one is then refused.
#[utoipa::path(
    tag = "Spaces", operation_id = "resendNotificationEmailCode", request_body = EmptyRequest, security(("person" = [])),
    params(("id" = Uuid, Path, description = "The space's id.", example = "019d6c3e-8c00-7000-8000-000000000000")),
    responses(
        (status = 200, description = "Another code was sent.", body = AwaitingAddressView),
        (status = 403, description = "`administrator_required`"),
        (status = 409, description = "`code_resends_used_up`, `code_tries_used_up`, `nothing_to_confirm`, `space_closed`, `space_suspended`"),
    )
)]
#[post("/v1/spaces/{id}/notification-email/resend")]
pub async fn resend(request: HttpRequest, person: Person, id: Path<PathId>, body: NoBody) -> Answer {
    let id: SpaceId = id.of();
    let once = Once::of(&request, &body).by_administrator_of(id, Permission::EditSpace);
    let app = person.app();
    person
        .write_once(once, move |tx, caller| {
            let found = tx.lock_space_of(id, caller.person, caller.product)?;
            let (space, membership) = found.ok_or(Refusal::NotFound)?;
            membership.administrator(Permission::EditSpace)?;
            body.open(caller.strong()?)?;
            space.require_open()?;
            let awaiting = confirmation::resend(tx, &app.data_keys, AddressOwner::Space(id), space.language)?;
            Prepared::ok(&AwaitingAddressView::from(&awaiting))
        })
        .await
}
