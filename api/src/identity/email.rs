//! `/v1/me/email`: the code that puts the person's next address in force.

use actix_web::{HttpRequest, post};
use domain::{
    audit::{AuditAct, Chain, Event},
    identity::AddressOwner,
};

use super::{
    confirmation::{self, AwaitingAddressView, ConfirmationRequest},
    person::PersonView,
};
use crate::{
    http::{
        answer::{Answer, Prepared},
        body::{Body, EmptyRequest, NoBody},
        caller::Person,
        idempotency::Once,
    },
    mail::{Letter, Mail},
};

/// Confirms the person's next address with the code that went there: from now on mails go to it.
///
/// The address before is told that it was changed.
#[utoipa::path(
    tag = "Person", operation_id = "confirmEmail", request_body = ConfirmationRequest, security(("person" = [])),
    responses(
        (status = 200, description = "The address is in force.", body = PersonView, headers(("ETag" = String, description = "The person's version."))),
        (status = 400, description = "`code_wrong`, with `triesLeft`"),
        (status = 409, description = "`code_expired`, `code_tries_used_up`, `nothing_to_confirm`"),
    )
)]
#[post("/v1/me/email/confirm")]
pub async fn confirm(request: HttpRequest, person: Person, body: Body<ConfirmationRequest>) -> Answer {
    let once = Once::of(&request, &body);
    let app = person.app();
    person
        .try_once(once, move |tx, caller| {
            let code = body.open(caller.strong()?)?;
            let before = tx.lock_person(caller.person)?;
            let email = match confirmation::try_code(tx, &app.data_keys, AddressOwner::Person(before.id), &code)? {
                Ok(email) => email,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let changed = before.with_email(email, tx.now());
            tx.save_person(&changed)?;
            tx.send_mail(&Letter::new(&before.email, before.language, Mail::EmailChanged).seal(&app.data_keys))?;
            let event = Event::new(Chain::Person(before.id), AuditAct::EmailChanged, caller.actor(), before.id);
            tx.record(event.changing(&changed.changed_since(&before)));
            let view = PersonView::new(&changed, None, &app.data_keys)?;
            Ok(Ok(Prepared::ok(&view)?.versioned(changed.version)))
        })
        .await
}

/// Sends another code to the person's next address; the old one is then refused.
#[utoipa::path(
    tag = "Person", operation_id = "resendEmailCode", request_body = EmptyRequest, security(("person" = [])),
    responses(
        (status = 200, description = "Another code was sent.", body = AwaitingAddressView),
        (status = 409, description = "`code_resends_used_up`, `code_tries_used_up`, `nothing_to_confirm`"),
    )
)]
#[post("/v1/me/email/resend")]
pub async fn resend(request: HttpRequest, person: Person, body: NoBody) -> Answer {
    let once = Once::of(&request, &body);
    let app = person.app();
    person
        .write_once(once, move |tx, caller| {
            body.open(caller.strong()?)?;
            let owner = tx.lock_person(caller.person)?;
            let awaiting = confirmation::resend(tx, &app.data_keys, AddressOwner::Person(owner.id), owner.language)?;
            Prepared::ok(&AwaitingAddressView::from(&awaiting))
        })
        .await
}
