//! `/v1/me/authentication-products`: what the person logs in with.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, delete, get, post, web::Path};
use chrono::{DateTime, Utc};
use domain::{
    Refusal,
    audit::{AuditAct, Chain, Event},
    collaboration::{Member, Membership},
    id::{PersonId, ProductId, SpaceId},
    identity::{Product, ProductStatus, SessionEnd},
    space::Space,
};
use persistence::{AssertionPurpose, Reading};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Asserted, assertion_invalid, assertion_of, registration::join, session::close, use_up};
use crate::{
    http::{
        answer::{self, Answer, Prepared},
        body::{Body, Faults, Request},
        caller::{Caller, Person},
        idempotency::Once,
        page::PageView,
        path::PathId,
        problem::Problem,
        schema::{self, Choice, ProductKindChoice},
    },
    mail::{Letter, Mail},
};

/// An authentication product of the caller.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuthenticationProduct)]
#[serde(rename_all = "camelCase")]
pub struct ProductView {
    /// Its id.
    id: Uuid,
    /// Its kind.
    kind: ProductKindChoice,
    /// The last four digits of its serial number.
    #[schema(example = "****************0001")]
    masked_serial: String,
    /// How many professional spaces may be open that were opened with it.
    #[schema(minimum = 0, example = 200)]
    space_limit: u32,
    /// How many are.
    #[schema(minimum = 0, example = 1)]
    spaces_used: u32,
    /// Whether this session began with it.
    is_current: bool,
    /// When it was first registered.
    created_at: DateTime<Utc>,
}

impl ProductView {
    fn read(tx: &mut Reading<'_>, product: &Product, caller: &Caller) -> Result<Self, Problem> {
        Ok(Self {
            id: product.id.0,
            kind: Choice(product.kind),
            masked_serial: product.serial.masked(),
            space_limit: product.space_limit,
            spaces_used: tx.spaces_used(product.id)?,
            is_current: product.id == caller.product,
            created_at: product.created_at,
        })
    }
}

/// A list of authentication products.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuthenticationProductPage)]
pub struct ProductPage {
    /// The products, oldest first.
    data: Vec<ProductView>,
    /// All of them are on one page.
    page: PageView,
}

/// Lists the caller's registered authentication products.
#[utoipa::path(
    tag = "Person", operation_id = "listAuthenticationProducts", security(("person" = [])),
    responses((status = 200, description = "The products.", body = ProductPage))
)]
#[get("/v1/me/authentication-products")]
pub async fn list(person: Person) -> Answer {
    let data = person
        .read(|tx, caller| {
            caller.strong()?;
            let registered = registered(tx, caller.person)?;
            registered.iter().map(|product| ProductView::read(tx, product, caller)).collect::<Result<Vec<_>, _>>()
        })
        .await?;
    answer::ok(&ProductPage { data, page: PageView::whole() })
}

/// How many spaces a refusal names.
const NAMED_AT_MOST: usize = 20;

/// The products that open the portal to a person, oldest first.
pub fn registered(tx: &mut Reading<'_>, person: PersonId) -> Result<Vec<Product>, Problem> {
    let mut products = tx.products_of(person)?;
    products.retain(|product| product.status == ProductStatus::Registered);
    Ok(products)
}

/// Shows a registered authentication product of the caller.
#[utoipa::path(
    tag = "Person", operation_id = "getAuthenticationProduct", security(("person" = [])),
    params(("id" = Uuid, Path, description = "The product's id.", example = "019d6c3e-8c00-7000-8000-000000000000")),
    responses((status = 200, description = "The product.", body = ProductView))
)]
#[get("/v1/me/authentication-products/{id}")]
pub async fn get(person: Person, id: Path<PathId>) -> Answer {
    let view = person
        .read(move |tx, caller| {
            let product = tx.product_of(id.of(), caller.person)?.ok_or(Refusal::NotFound)?;
            caller.strong()?;
            ProductView::read(tx, &product, caller)
        })
        .await?;
    answer::ok(&view)
}

/// A product to add.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "assertion": "eyJhbGciOiJFZERTQSJ9.e30.c2lnbmF0dXJl" }))]
#[serde(deny_unknown_fields)]
pub struct AddProductRequest {
    /// ID token of a trusted issuer for a login with the product, issued at most five minutes ago; it serves once.
    #[schema(value_type = schema::Assertion)]
    assertion: String,
}

impl Request for AddProductRequest {
    type Value = String;
    fn check(self, _: &mut Faults) -> Option<String> {
        Some(self.assertion)
    }
}

/// Registers a further authentication product of the caller, whose address is confirmed already.
///
/// One that he withdrew comes back with its limit and its use.
#[utoipa::path(
    tag = "Person", operation_id = "addAuthenticationProduct", request_body = AddProductRequest, security(("person" = [])),
    responses(
        (status = 201, description = "The product.", body = ProductView,
            headers(("Location" = String, description = "Its address."))),
        (status = 400, description = "`assertion_invalid`"),
        (status = 409, description = "`assertion_of_another_person`, `assertion_used`, `assurance_too_low`, `national_number_required`, `product_belongs_to_another`, `product_registered`, `try_again`"),
    )
)]
#[post("/v1/me/authentication-products")]
pub async fn add(request: HttpRequest, person: Person, body: Body<AddProductRequest>) -> Answer {
    let once = Once::of(&request, &body);
    let app = person.app();
    // Nobody but a person who may add products has an issuer asked for its keys.
    let token = person.read(|_, caller| body.open(caller.strong()?)).await?;
    let verified = assertion_of(&app, token).await?.map_err(assertion_invalid);
    let asserted = verified.and_then(|assertion| Ok(Asserted::read(&app.data_keys, assertion)?));
    person
        .write_once(once, move |tx, caller| {
            caller.strong()?;
            // Judged here, so that what was answered before is answered again, though the assertion is too old by now.
            let Asserted { assertion, identity, number_digests } = asserted?;
            let owner = tx.lock_person(caller.person)?;
            let known = tx.lock_product_with(&identity.serial)?;
            if !number_digests.contains(&owner.number.digest) {
                return Err(Refusal::AssertionOfAnotherPerson.into());
            }
            identity.may_register(Some(owner.id), known.as_ref())?;
            let product = join(tx, &app.data_keys, &identity, &owner, known, Some(caller.actor()))?;
            tx.supersede_registration(&identity.serial)?;
            use_up(tx, &assertion, AssertionPurpose::Registration)?;
            let location = format!("/v1/me/authentication-products/{}", product.id);
            Ok(Prepared::created(&ProductView::read(tx, &product, caller)?)?.at(location))
        })
        .await
}

/// Withdraws an authentication product of the caller: it opens nothing any more, and its sessions end.
///
/// What it opened stays, and counts against it when it comes back.
#[utoipa::path(
    tag = "Person", operation_id = "withdrawAuthenticationProduct", security(("person" = [])),
    params(("id" = Uuid, Path, description = "The product's id.", example = "019d6c3e-8c00-7000-8000-000000000000")),
    responses(
        (status = 204, description = "It is withdrawn."),
        (status = 409, description = "`last_administrator`, with `spaces`, which names at most 20; `try_again`"),
    )
)]
#[delete("/v1/me/authentication-products/{id}")]
pub async fn withdraw(person: Person, id: Path<PathId>) -> Answer {
    let id: ProductId = id.of();
    let app = person.app();
    // Judged first without a lock, since there may be many spaces: a refusal that is out of date costs no more than a repeat.
    person
        .read(move |tx, caller| {
            tx.product_of(id, caller.person)?.ok_or(Refusal::NotFound)?;
            caller.strong()?;
            let at_stake = at_stake(tx, caller.person, id)?;
            require_others(tx, &at_stake, caller, id)
        })
        .await?;
    person
        .write(move |tx, caller| {
            caller.strong()?;
            let owner = tx.lock_person(caller.person)?;
            let product = tx.lock_product(id)?;
            if (product.person, product.status) != (owner.id, ProductStatus::Registered) {
                return Err(Refusal::NotFound.into());
            }
            // Closed ones too, which may be restored meanwhile.
            let locked = at_stake(tx, owner.id, id)?.into_keys().collect();
            tx.lock_spaces(&locked)?;
            let at_stake = at_stake(tx, owner.id, id)?;
            if at_stake.keys().any(|space| !locked.contains(space)) {
                return Err(Refusal::TryAgain.into());
            }
            require_others(tx, &at_stake, caller, id)?;
            let product = product.withdrawn();
            tx.save_product(&product)?;
            for mut session in tx.lock_sessions_with(id)? {
                close(tx, &mut session, SessionEnd::SignedOut, caller.actor())?;
            }
            let withdrawn = Mail::ProductWithdrawn { masked_serial: product.serial.masked() };
            tx.send_mail(&Letter::new(&owner.email, owner.language, withdrawn).seal(&app.data_keys))?;
            tx.record(Event::new(Chain::Person(owner.id), AuditAct::ProductWithdrawn, caller.actor(), id));
            Ok(())
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// What may hang on a product of a person: the professional spaces, in use or closed, that he ably administers only as
/// long as he has it.
fn at_stake(
    tx: &mut Reading<'_>,
    person: PersonId,
    product: ProductId,
) -> Result<BTreeMap<SpaceId, (Space, Membership)>, Problem> {
    let products: Vec<ProductId> = registered(tx, person)?.iter().map(|product| product.id).collect();
    let mut at_stake = BTreeMap::new();
    for (space, membership) in tx.spaces_administered_by(person)? {
        let member = Member { membership, products: products.clone() };
        if member.is_able_by(product) {
            at_stake.insert(space.id, (space, member.membership));
        }
    }
    Ok(at_stake)
}

/// Refuses to withdraw a product from spaces in use that would lose their last able administrator with it (domain.md §3, C).
fn require_others(
    tx: &mut Reading<'_>,
    at_stake: &BTreeMap<SpaceId, (Space, Membership)>,
    caller: &Caller,
    product: ProductId,
) -> Result<(), Problem> {
    let in_use = at_stake.values().filter(|(space, _)| space.is_in_use());
    let rosters = tx.rosters(&in_use.clone().map(|(space, _)| space.id).collect::<Vec<_>>())?;
    let is_lost = |space: &Space| rosters.get(&space.id).is_some_and(|roster| roster.hangs_on(product));
    let mut lost = in_use.filter(|(space, _)| is_lost(space)).peekable();
    if lost.peek().is_none() {
        return Ok(());
    }
    let seen = lost.filter(|(_, membership)| membership.admits(caller.product));
    let spaces = seen.take(NAMED_AT_MOST).map(|(space, _)| (space.id, space.identifier.clone())).collect();
    Err(Refusal::LastAdministrator { spaces }.into())
}
