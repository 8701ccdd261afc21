//! `/v1/me/authentication-products/{id}/limit-requests`: a person asks for a higher limit of a product of his.

use actix_web::{HttpRequest, get, post, web::Path};
use domain::{
    Refusal,
    audit::{AuditAct, Chain, Event},
    helpdesk::LimitRequest,
    id::{LimitRequestId, ProductId},
    identity::Product,
};
use persistence::Reading;

use super::{
    request::LimitWishRequest,
    view::{LimitRequestPage, LimitRequestView},
};
use crate::http::{
    answer::{self, Answer, Prepared},
    body::Body,
    caller::{Caller, Person},
    idempotency::Once,
    page::Paging,
    path::PathId,
    problem::Problem,
    query::Query,
};

/// A registered product of the caller; one of somebody else is like one that does not exist.
fn own(tx: &mut Reading<'_>, caller: &Caller, id: ProductId) -> Result<Product, Problem> {
    Ok(tx.product_of(id, caller.person)?.ok_or(Refusal::NotFound)?)
}

/// Asks the Helpdesk for a higher limit of a product of the caller's; one request at a time.
#[utoipa::path(
    tag = "Person", operation_id = "requestLimit", request_body = LimitWishRequest, security(("person" = [])),
    params(("id" = Uuid, Path, description = "The product's id.", example = "019d6c3e-8c00-7000-8000-000000000000")),
    responses(
        (status = 201, description = "The request, which waits for a decision.", body = LimitRequestView,
            headers(("Location" = String, description = "Its address."))),
        (status = 409, description = "`limit_request_open` with `limitRequest`, its id"),
    )
)]
#[post("/v1/me/authentication-products/{id}/limit-requests")]
pub async fn ask(request: HttpRequest, person: Person, id: Path<PathId>, body: Body<LimitWishRequest>) -> Answer {
    let id: ProductId = id.of();
    let once = Once::of(&request, &body).guarded(move |tx, caller| own(tx, caller, id).map(drop));
    person
        .write_once(once, move |tx, caller| {
            let own = own(tx, caller, id)?;
            let wish = body.open(caller.strong()?)?;
            let product = tx.lock_product(own.id)?;
            let open = tx.open_limit_request(product.id)?.map(|open| open.id);
            let filed = LimitRequest::file(tx.new_id(), caller.person, &product, wish, open, tx.now())?;
            tx.insert_limit_request(&filed)?;
            let chain = Chain::Person(caller.person);
            tx.record(Event::new(chain, AuditAct::LimitRequested, caller.actor(), filed.id));
            let location = format!("/v1/me/authentication-products/{}/limit-requests/{}", product.id, filed.id);
            Ok(Prepared::created(&LimitRequestView::from(&filed))?.at(location))
        })
        .await
}

/// Lists what was asked for a product of the caller's, newest first.
#[utoipa::path(
    tag = "Person", operation_id = "listLimitRequests", security(("person" = [])),
    params(
        ("id" = Uuid, Path, description = "The product's id.", example = "019d6c3e-8c00-7000-8000-000000000000"),
        ("limit" = Option<u32>, Query, description = "How many to a page.", minimum = 1, maximum = 100, example = 25),
        ("cursor" = Option<String>, Query, description = "`page.next` of the page before; empty for the first.", example = ""),
    ),
    responses(
        (status = 200, description = "A page of requests.", body = LimitRequestPage, headers(("Link" = String, description = "The next page."))),
        (status = 400, description = "`invalid_cursor`"),
    )
)]
#[get("/v1/me/authentication-products/{id}/limit-requests")]
pub async fn list(request: HttpRequest, person: Person, id: Path<PathId>) -> Answer {
    let paging = Paging::of(&request, Query::of(&request), person.app());
    let listed = person.read(move |tx, caller| {
        let own = own(tx, caller, id.of())?;
        paging.list::<LimitRequestPage>(caller, |before, most| {
            let rows = tx.limit_requests_of(own.id, before.map(LimitRequestId), most)?;
            Ok(rows.iter().map(LimitRequestView::from).collect())
        })
    });
    listed.await?.answer()
}

/// Shows what was asked for a product of the caller's, and what became of it.
#[utoipa::path(
    tag = "Person", operation_id = "getLimitRequest", security(("person" = [])),
    params(
        ("id" = Uuid, Path, description = "The product's id.", example = "019d6c3e-8c00-7000-8000-000000000000"),
        ("requestId" = Uuid, Path, description = "The request's id.", example = "019d6c3e-8c00-7000-8000-000000000001"),
    ),
    responses((status = 200, description = "The request.", body = LimitRequestView))
)]
#[get("/v1/me/authentication-products/{id}/limit-requests/{requestId}")]
pub async fn get(person: Person, path: Path<(PathId, PathId)>) -> Answer {
    let (id, request) = path.into_inner();
    let found = person
        .read(move |tx, caller| {
            let own = own(tx, caller, id.of())?;
            caller.strong()?;
            let found = tx.limit_request(request.of())?.filter(|request| request.product == own.id);
            Ok(found.ok_or(Refusal::NotFound)?)
        })
        .await?;
    answer::ok(&LimitRequestView::from(&found))
}
