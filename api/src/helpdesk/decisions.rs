//! `/v1/helpdesk/limit-requests`: agents list, grant and refuse what persons ask for.

use actix_web::{HttpRequest, get, post, web::Path};
use domain::{
    Refusal,
    audit::{AuditAct, Chain},
    helpdesk::{LimitRequest, Occasion},
    id::LimitRequestId,
    identity::Product,
};
use persistence::{Reading, Transaction};

use super::{
    products::{tell, tell_limit},
    request::{LimitWishRequest, ReasonRequest},
    view::{CaseView, LimitRequestPage, LimitRequestView, ProductView},
};
use crate::{
    http::{
        answer::{self, Answer, Prepared},
        body::Body,
        caller::Helpdesk,
        idempotency::Once,
        page::Paging,
        path::PathId,
        problem::Problem,
        query::Query,
        schema::LimitRequestStatusChoice,
    },
    mail::Mail,
};

/// Lists requests for a higher limit, oldest first.
#[utoipa::path(
    tag = "Helpdesk", operation_id = "listHelpdeskLimitRequests", security(("helpdesk" = [])),
    params(
        ("status" = Option<LimitRequestStatusChoice>, Query, description = "Only those that stand so.", example = "open"),
        ("limit" = Option<u32>, Query, description = "How many to a page.", minimum = 1, maximum = 100, example = 25),
        ("cursor" = Option<String>, Query, description = "`page.next` of the page before; empty for the first.", example = ""),
    ),
    responses(
        (status = 200, description = "A page of requests.", body = LimitRequestPage, headers(("Link" = String, description = "The next page."))),
        (status = 400, description = "`invalid_cursor`"),
        (status = 403, description = "`helpdesk_only`"),
    )
)]
#[get("/v1/helpdesk/limit-requests")]
pub async fn list(request: HttpRequest, helpdesk: Helpdesk) -> Answer {
    let mut query = Query::of(&request);
    let status = query.choice("status");
    let paging = Paging::of(&request, query, helpdesk.app());
    let listed = helpdesk.read(move |tx, caller, _| {
        paging.list::<LimitRequestPage>(caller, |after, most| {
            let rows = tx.limit_requests(status, after.map(LimitRequestId), most)?;
            Ok(rows.iter().map(LimitRequestView::from).collect())
        })
    });
    listed.await?.answer()
}

/// Shows a request, and the product that it is about.
#[utoipa::path(
    tag = "Helpdesk", operation_id = "getHelpdeskLimitRequest", security(("helpdesk" = [])),
    params(("id" = Uuid, Path, description = "The request's id.", example = "019d6c3e-8c00-7000-8000-000000000000")),
    responses(
        (status = 200, description = "The request.", body = CaseView),
        (status = 403, description = "`helpdesk_only`"),
    )
)]
#[get("/v1/helpdesk/limit-requests/{id}")]
pub async fn get(helpdesk: Helpdesk, id: Path<PathId>) -> Answer {
    let case = helpdesk
        .read(move |tx, caller, _| {
            let request = tx.limit_request(id.of())?.ok_or(Refusal::NotFound)?;
            caller.strong()?;
            let product = tx.any_product(request.product)?.ok_or(Refusal::NotFound)?;
            case(tx, &request, &product)
        })
        .await?;
    answer::ok(&case)
}

fn case(tx: &mut Reading<'_>, request: &LimitRequest, product: &Product) -> Result<CaseView, Problem> {
    Ok(CaseView { request: request.into(), product: ProductView::new(product, tx.spaces_used(product.id)?) })
}

/// The request and its product, in the order of their locks.
fn lock_case(tx: &mut Transaction<'_>, id: LimitRequestId) -> Result<(LimitRequest, Product), Problem> {
    let seen = tx.limit_request(id)?.ok_or(Refusal::NotFound)?;
    let product = tx.lock_product(seen.product)?;
    let request = tx.lock_limit_request(id)?.ok_or(Refusal::NotFound)?;
    Ok((request, product))
}

/// Grants a request: the product gets the limit that is given here, which may be another one than was asked for.
#[utoipa::path(
    tag = "Helpdesk", operation_id = "grantLimitRequest", request_body = LimitWishRequest, security(("helpdesk" = [])),
    params(("id" = Uuid, Path, description = "The request's id.", example = "019d6c3e-8c00-7000-8000-000000000000")),
    responses(
        (status = 200, description = "It is granted.", body = CaseView),
        (status = 403, description = "`helpdesk_only`"),
        (status = 409, description = "`own_case`, `limit_request_decided`"),
    )
)]
#[post("/v1/helpdesk/limit-requests/{id}/grant")]
pub async fn grant(request: HttpRequest, helpdesk: Helpdesk, id: Path<PathId>, body: Body<LimitWishRequest>) -> Answer {
    let once = Once::of(&request, &body);
    let app = helpdesk.app();
    helpdesk
        .write_once(once, move |tx, caller, agent| {
            let (request, product) = lock_case(tx, id.of())?;
            let (limit, reason) = body.open(caller.strong()?)?;
            let (granted, limited) = agent.grant(&request, &product, limit, reason.clone(), tx.now())?;
            tx.save_limit_request(&granted)?;
            tx.save_product(&limited)?;
            let (act, chain) = (AuditAct::SpaceLimitChanged, Chain::Person(product.person));
            let event = agent.did(act, chain, product.id, Occasion::OnRequest, &reason);
            tx.record(event.changing(limited.changed_since(&product)));
            tell_limit(tx, &app.data_keys, &limited)?;
            Prepared::ok(&case(tx, &granted, &limited)?)
        })
        .await
}

/// Refuses a request: the limit stays what it is.
#[utoipa::path(
    tag = "Helpdesk", operation_id = "refuseLimitRequest", request_body = ReasonRequest, security(("helpdesk" = [])),
    params(("id" = Uuid, Path, description = "The request's id.", example = "019d6c3e-8c00-7000-8000-000000000000")),
    responses(
        (status = 200, description = "It is refused.", body = CaseView),
        (status = 403, description = "`helpdesk_only`"),
        (status = 409, description = "`own_case`, `limit_request_decided`"),
    )
)]
#[post("/v1/helpdesk/limit-requests/{id}/refuse")]
pub async fn refuse(request: HttpRequest, helpdesk: Helpdesk, id: Path<PathId>, body: Body<ReasonRequest>) -> Answer {
    let once = Once::of(&request, &body);
    let app = helpdesk.app();
    helpdesk
        .write_once(once, move |tx, caller, agent| {
            let (request, product) = lock_case(tx, id.of())?;
            let reason = body.open(caller.strong()?)?;
            let refused = agent.refuse(&request, &product, reason.clone(), tx.now())?;
            tx.save_limit_request(&refused)?;
            let (act, chain) = (AuditAct::LimitRefused, Chain::Person(product.person));
            tx.record(agent.did(act, chain, request.id, Occasion::OnRequest, &reason));
            let mail = Mail::LimitRequestRefused { masked_serial: product.serial.masked() };
            tell(tx, &app.data_keys, &product, mail)?;
            Prepared::ok(&case(tx, &refused, &product)?)
        })
        .await
}
