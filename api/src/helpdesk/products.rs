//! Products as the Helpdesk finds them, and the limits that it sets.

use actix_web::{HttpRequest, post, web::Path};
use domain::{
    Refusal,
    audit::{AuditAct, Chain},
    helpdesk::Occasion,
    identity::Product,
};
use persistence::Transaction;

use super::{
    request::{FindProductRequest, LimitWishRequest},
    view::{FoundProduct, FoundProducts, ProductView},
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

/// Finds a product by its serial number; what is found is recorded in its person's log, with the reason.
#[utoipa::path(
    tag = "Helpdesk", operation_id = "findProduct", request_body = FindProductRequest, security(("helpdesk" = [])),
    responses(
        (status = 200, description = "The product, or none.", body = FoundProducts),
        (status = 403, description = "`helpdesk_only`"),
    )
)]
#[post("/v1/helpdesk/products/search")]
pub async fn find(request: HttpRequest, helpdesk: Helpdesk, body: Body<FindProductRequest>) -> Answer {
    let once = Once::of(&request, &body);
    helpdesk
        .write_once(once, move |tx, caller, agent| {
            let (serial, reason) = body.open(caller.strong()?)?;
            let Some(product) = tx.product_with_serial(&serial)? else {
                return Prepared::ok(&FoundProducts { data: vec![] });
            };
            let chain = Chain::Person(product.person);
            tx.record(agent.did(AuditAct::HelpdeskLookedUp, chain, product.id, Occasion::OwnMotion, &reason));
            let (person, open) = (tx.person(product.person)?, tx.open_limit_request(product.id)?);
            let view = ProductView::new(&product, tx.spaces_used(product.id)?);
            Prepared::ok(&FoundProducts { data: vec![FoundProduct::new(view, &person, open.as_ref())] })
        })
        .await
}

/// Sets how many professional spaces may be open that were opened with a product, on the Helpdesk's own motion; a limit
/// below the use only blocks new ones.
#[utoipa::path(
    tag = "Helpdesk", operation_id = "setProductLimit", request_body = LimitWishRequest, security(("helpdesk" = [])),
    params(("id" = Uuid, Path, description = "The product's id.", example = "019d6c3e-8c00-7000-8000-000000000000")),
    responses(
        (status = 200, description = "The product as it is now.", body = ProductView),
        (status = 403, description = "`helpdesk_only`"),
        (status = 409, description = "`own_case`"),
    )
)]
#[post("/v1/helpdesk/products/{id}/limit")]
pub async fn set_limit(
    request: HttpRequest,
    helpdesk: Helpdesk,
    id: Path<PathId>,
    body: Body<LimitWishRequest>,
) -> Answer {
    let once = Once::of(&request, &body);
    let app = helpdesk.app();
    helpdesk
        .write_once(once, move |tx, caller, agent| {
            let product = tx.lock_any_product(id.of())?.ok_or(Refusal::NotFound)?;
            let (limit, reason) = body.open(caller.strong()?)?;
            let limited = agent.limit(&product, limit)?;
            tx.save_product(&limited)?;
            let (act, chain) = (AuditAct::SpaceLimitChanged, Chain::Person(product.person));
            let event = agent.did(act, chain, product.id, Occasion::OwnMotion, &reason);
            tx.record(event.changing(limited.changed_since(&product)));
            if limited.space_limit != product.space_limit {
                tell_limit(tx, &app.data_keys, &limited)?;
            }
            Prepared::ok(&ProductView::new(&limited, tx.spaces_used(product.id)?))
        })
        .await
}

/// Writes to a product's person how many spaces it may have open now.
pub fn tell_limit(tx: &mut Transaction<'_>, keys: &DataKeys, product: &Product) -> Result<(), Problem> {
    let mail = Mail::SpaceLimitChanged { masked_serial: product.serial.masked(), limit: product.space_limit };
    tell(tx, keys, product, mail)
}

/// Writes to a product's person.
pub fn tell(tx: &mut Transaction<'_>, keys: &DataKeys, product: &Product, mail: Mail) -> Result<(), Problem> {
    let person = tx.person(product.person)?;
    tx.send_mail(&Letter::new(&person.email, person.language, mail).seal(keys))?;
    Ok(())
}
