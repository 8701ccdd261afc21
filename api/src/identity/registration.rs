//! `/v1/registrations`: an authentication product becomes known.

use std::sync::Arc;

use actix_web::{
    get, post,
    web::{Data, Path},
};
use chrono::{DateTime, Utc};
use domain::{
    Refusal,
    audit::{Actor, AuditAct, Chain, Event},
    id::RegistrationId,
    identity::{CodeTry, Identity, Person, Product, Registration},
    text::{EmailAddress, Language},
};
use persistence::{AssertionPurpose, Transaction};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    Asserted, assertion_invalid, assertion_of,
    confirmation::{ConfirmationRequest, code_digests, new_code},
    use_up,
};
use crate::{
    app::App,
    http::{
        answer::{self, Answer},
        body::{Body, EmptyRequest, Faults, NoBody, Request},
        path::PathId,
        problem::{Code, Problem},
        schema::{self, Choice, LanguageChoice, ProductKindChoice, RegistrationStatusChoice},
    },
    keys::DataKeys,
    mail::{Letter, Mail},
};

/// A registration to begin.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "assertion": "eyJhbGciOiJFZERTQSJ9.e30.c2lnbmF0dXJl", "email": "office@example.lu", "language": "fr" }))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RegistrationRequest {
    /// ID token of a trusted issuer, issued at most five minutes ago; it serves once.
    #[schema(value_type = schema::Assertion)]
    assertion: String,
    /// Where the code goes; the person's address if this is his first product.
    #[schema(value_type = schema::EmailAddress)]
    email: String,
    /// The language of mails.
    language: LanguageChoice,
}

/// A registration request, understood.
#[derive(Debug)]
pub struct Wish {
    assertion: String,
    email: EmailAddress,
    language: Language,
}

impl Request for RegistrationRequest {
    type Value = Wish;
    fn check(self, faults: &mut Faults) -> Option<Wish> {
        let email = faults.take("/email", EmailAddress::parse(&self.email))?;
        Some(Wish { assertion: self.assertion, email, language: self.language.0 })
    }
}

/// A registration.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Registration)]
#[serde(rename_all = "camelCase")]
pub struct RegistrationView {
    /// Its id; it is known to nobody but the one who began it.
    id: Uuid,
    /// Where it stands.
    status: RegistrationStatusChoice,
    /// The product's kind.
    kind: ProductKindChoice,
    /// The last four digits of the product's serial number.
    #[schema(example = "****************0001")]
    masked_serial: String,
    /// Where the code went.
    #[schema(value_type = schema::EmailAddress)]
    email: String,
    /// The language of mails.
    language: LanguageChoice,
    /// From when on the code is refused.
    code_expires_at: DateTime<Utc>,
    /// Wrong codes that it still stands.
    #[schema(minimum = 0, maximum = 5, example = 5)]
    tries_left: u32,
    /// How often the code can still be sent again.
    #[schema(minimum = 0, maximum = 3, example = 3)]
    resends_left: u32,
    /// When it began.
    created_at: DateTime<Utc>,
}

impl From<&Registration> for RegistrationView {
    fn from(registration: &Registration) -> Self {
        Self {
            id: registration.id.0,
            status: Choice(registration.status),
            kind: Choice(registration.identity.kind),
            masked_serial: registration.identity.serial.masked(),
            email: registration.email.to_string(),
            language: Choice(registration.language),
            code_expires_at: registration.confirmation.expires_at,
            tries_left: registration.confirmation.tries_left,
            resends_left: registration.confirmation.resends_left,
            created_at: registration.created_at,
        }
    }
}

/// Registers an authentication product: a code goes to the e-mail address.
#[utoipa::path(
    tag = "Identity", operation_id = "register", request_body = RegistrationRequest,
    responses(
        (status = 201, description = "A code was sent.", body = RegistrationView,
            headers(("Location" = String, description = "Its address."))),
        (status = 400, description = "`assertion_invalid`"),
        (status = 409, description = "`assertion_used`, `assurance_too_low`, `national_number_required`, `product_belongs_to_another`, `product_registered`, `try_again`"),
    )
)]
#[post("/v1/registrations")]
pub async fn register(app: Data<App>, body: Body<RegistrationRequest>) -> Answer {
    let wish = body.open_to_anybody()?;
    let assertion = assertion_of(&app, wish.assertion).await?.map_err(assertion_invalid)?;
    let Asserted { assertion, identity, number_digests } = Asserted::read(&app.data_keys, assertion)?;
    let (code_digest, letter) = new_code(&app.data_keys, &wish.email, wish.language);
    let registration = app
        .store
        .write(move |tx| {
            let owner = tx.person_with_number(&number_digests)?;
            let known = tx.product_with_serial(&identity.serial)?;
            identity.may_register(owner, known.as_ref())?;
            let registration =
                Registration::begin(tx.new_id(), identity, wish.email, wish.language, code_digest, tx.now());
            tx.insert_registration(&registration)?;
            tx.send_mail(&letter)?;
            use_up(tx, &assertion, AssertionPurpose::Registration)?;
            Ok::<_, Problem>(registration)
        })
        .await?;
    answer::created(format!("/v1/registrations/{}", registration.id), &RegistrationView::from(&registration))
}

/// Shows a registration to the one who began it.
#[utoipa::path(
    tag = "Identity", operation_id = "getRegistration", params(("id" = Uuid, Path, description = "The registration's id.", example = "019d6c3e-8c00-7000-8000-000000000000")),
    responses((status = 200, description = "The registration.", body = RegistrationView))
)]
#[get("/v1/registrations/{id}")]
pub async fn get(app: Data<App>, id: Path<PathId>) -> Answer {
    let found = app.store.glance(move |tx| tx.registration(id.of()).map_err(Problem::from)).await?;
    answer::ok(&RegistrationView::from(&found.ok_or(Refusal::NotFound)?))
}

/// Confirms a registration with the code that came by mail.
#[utoipa::path(
    tag = "Identity", operation_id = "confirmRegistration", request_body = ConfirmationRequest,
    params(("id" = Uuid, Path, description = "The registration's id.", example = "019d6c3e-8c00-7000-8000-000000000000")),
    responses(
        (status = 200, description = "The product is registered.", body = RegistrationView),
        (status = 400, description = "`code_wrong`, with `triesLeft`"),
        (status = 409, description = "`assurance_too_low`, `code_expired`, `code_tries_used_up`, `product_belongs_to_another`, `product_registered`, `registration_confirmed`, `try_again`"),
        (status = 410, description = "`registration_superseded`"),
    )
)]
#[post("/v1/registrations/{id}/confirm")]
pub async fn confirm(app: Data<App>, id: Path<PathId>, body: Body<ConfirmationRequest>) -> Answer {
    let id: RegistrationId = id.of();
    let seen =
        app.store.glance(move |tx| tx.registration(id).map_err(Problem::from)).await?.ok_or(Refusal::NotFound)?;
    let code_digests = code_digests(&app.data_keys, &body.open_to_anybody()?);
    let number_digests = app.data_keys.digests_of(&seen.identity.number);
    let number_digests =
        number_digests.ok_or_else(|| Problem::from(Code::Internal).because("a data key is missing"))?;
    let worker = Arc::clone(&app);
    let outcome = app
        .store
        .write(move |tx| {
            let owner = match tx.person_with_number(&number_digests)? {
                Some(owner) => Some(tx.lock_person(owner)?),
                None => tx.lock_newcomers(&number_digests).map(|()| None)?,
            };
            let known = tx.lock_product_with(&seen.identity.serial)?;
            let mut registration = tx.lock_registration(id)?.ok_or(Refusal::NotFound)?;
            if let CodeTry::Wrong { tries_left } = registration.try_code(&code_digests, tx.now())? {
                tx.save_registration(&registration)?;
                return Ok(Err(Refusal::CodeWrong { tries_left }));
            }
            let owner_id = owner.as_ref().map(|owner| owner.id);
            registration.identity.may_register(owner_id, known.as_ref())?;
            if let Some(owner) = owner {
                join(tx, &worker.data_keys, &registration.identity, &owner, known, None)?;
            } else {
                let person = registration.new_person(tx.new_id(), tx.now());
                tx.insert_person(&person)?;
                keep_product(tx, &registration.identity, &person, None, Identity::act(None, None), None)?;
            }
            tx.save_registration(&registration)?;
            Ok::<_, Problem>(Ok(registration))
        })
        .await?;
    answer::ok(&RegistrationView::from(&outcome?))
}

/// Registers a further product of a locked person, and tells him; `by` acts, or the person with that very product.
pub fn join(
    tx: &mut Transaction<'_>,
    keys: &DataKeys,
    identity: &Identity,
    owner: &Person,
    known: Option<Product>,
    by: Option<Actor>,
) -> Result<Product, Problem> {
    let added = Mail::ProductAdded { masked_serial: identity.serial.masked() };
    tx.send_mail(&Letter::new(&owner.email, owner.language, added).seal(keys))?;
    let act = Identity::act(Some(owner.id), known.as_ref());
    keep_product(tx, identity, owner, known, act, by)
}

/// Keeps a product and records how it came.
fn keep_product(
    tx: &mut Transaction<'_>,
    identity: &Identity,
    person: &Person,
    known: Option<Product>,
    act: AuditAct,
    by: Option<Actor>,
) -> Result<Product, Problem> {
    let product = identity.registered(tx.new_id(), person.id, known, tx.now());
    tx.save_product(&product)?;
    let actor = by.unwrap_or(Actor::Person { person: person.id, product: product.id });
    tx.record(Event::new(Chain::Person(person.id), act, actor, product.id));
    Ok(product)
}

/// Sends another code; the old one is then refused.
#[utoipa::path(
    tag = "Identity", operation_id = "resendRegistrationCode", request_body = EmptyRequest,
    params(("id" = Uuid, Path, description = "The registration's id.", example = "019d6c3e-8c00-7000-8000-000000000000")),
    responses(
        (status = 200, description = "Another code was sent.", body = RegistrationView),
        (status = 409, description = "`code_resends_used_up`, `code_tries_used_up`, `registration_confirmed`"),
        (status = 410, description = "`registration_superseded`"),
    )
)]
#[post("/v1/registrations/{id}/resend")]
pub async fn resend(app: Data<App>, id: Path<PathId>, body: NoBody) -> Answer {
    let id: RegistrationId = id.of();
    let seen =
        app.store.glance(move |tx| tx.registration(id).map_err(Problem::from)).await?.ok_or(Refusal::NotFound)?;
    body.open_to_anybody()?;
    let (code_digest, letter) = new_code(&app.data_keys, &seen.email, seen.language);
    let registration = app
        .store
        .write(move |tx| {
            let mut registration = tx.lock_registration(id)?.ok_or(Refusal::NotFound)?;
            registration.resend(code_digest, tx.now())?;
            tx.save_registration(&registration)?;
            tx.send_mail(&letter)?;
            Ok::<_, Problem>(registration)
        })
        .await?;
    answer::ok(&RegistrationView::from(&registration))
}
