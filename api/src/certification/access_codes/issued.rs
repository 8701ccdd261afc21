//! `/v1/partner/access-codes`: an administration issues codes for its services, sees who activated them, and takes them back.

use actix_web::{HttpRequest, get, post, web::Path};
use domain::{
    Refusal,
    audit::{AuditAct, Chain, Event},
    catalogue::{Service, ServiceCode},
    certification::{
        Principals,
        access_code::{AccessCodeBasis, AccessCodeWish},
    },
    id::{AccessCodeId, CertificationId},
    partner::PartnerScope,
};
use persistence::{AccessCodeFilter, Reading};

use super::{
    super::view::number_of,
    drawn,
    request::{AccessCodeRequest, IssueAccessCode, Purpose, ToIssue, Unasked},
    service_of,
    view::{AccessCodePage, AccessCodeView, IssuedAccessCodeView},
};
use crate::{
    app::App,
    http::{
        answer::{self, Answer, Prepared},
        body::{Body, EmptyRequest, NoBody},
        caller::{Partner, PartnerCaller},
        idempotency::Once,
        page::Paging,
        path::PathId,
        problem::Problem,
        query::Query,
        schema::{self, AccessCodeStatusChoice},
    },
};

const SCOPE: PartnerScope = PartnerScope::IssueAccessCodes;

/// Lists the codes that the administration issued, oldest first, with who activated them.
#[utoipa::path(
    tag = "Partner", operation_id = "listAccessCodes", security(("partner" = ["issue_access_codes"])),
    params(
        ("service" = Option<schema::ServiceCode>, Query, description = "Only those for this service.", example = "itm.social-elections"),
        ("status" = Option<AccessCodeStatusChoice>, Query, description = "Only those that stand so now.", example = "issued"),
        ("limit" = Option<u32>, Query, description = "How many to a page.", minimum = 1, maximum = 100, example = 25),
        ("cursor" = Option<String>, Query, description = "`page.next` of the page before; empty for the first.", example = ""),
    ),
    responses(
        (status = 200, description = "A page of codes.", body = AccessCodePage, headers(("Link" = String, description = "The next page."))),
        (status = 400, description = "`invalid_cursor`"),
        (status = 403, description = "`scope_not_granted`"),
    )
)]
#[get("/v1/partner/access-codes")]
pub async fn list(request: HttpRequest, partner: Partner) -> Answer {
    let mut query = Query::of(&request);
    let (service, status) = (query.value("service", ServiceCode::parse), query.choice("status"));
    let (paging, app) = (Paging::of(&request, query, partner.app()), partner.app());
    let listed = partner.read(SCOPE, move |tx, partner| {
        paging.list::<AccessCodePage>(partner, |after, most| {
            let now = tx.now();
            let filter = AccessCodeFilter { service, status, after: after.map(AccessCodeId) };
            let rows = tx.access_codes_of_administration(&partner.administration, &filter, most)?;
            let view = |(code, space)| Ok(AccessCodeView::new(&app.data_keys, (&code, Option::as_ref(&space)), now)?);
            rows.into_iter().map(view).collect()
        })
    });
    listed.await?.answer()
}

/// Shows a code that the administration issued, but for what it says.
#[utoipa::path(
    tag = "Partner", operation_id = "getAccessCode", security(("partner" = ["issue_access_codes"])),
    params(("id" = Uuid, Path, description = "The code's id.", example = "019d6c3e-8c00-7000-8000-000000000000")),
    responses(
        (status = 200, description = "The code.", body = AccessCodeView),
        (status = 403, description = "`scope_not_granted`"),
    )
)]
#[get("/v1/partner/access-codes/{id}")]
pub async fn get(partner: Partner, id: Path<PathId>) -> Answer {
    let app = partner.app();
    let view = partner
        .read(SCOPE, move |tx, partner| {
            let found = tx.access_code_of_administration(id.of(), &partner.administration)?;
            let (code, space) = found.ok_or(Refusal::NotFound)?;
            Ok(AccessCodeView::new(&app.data_keys, (&code, space.as_ref()), tx.now())?)
        })
        .await?;
    answer::ok(&view)
}

/// Issues a code for a service of the administration: unasked, or in answer to a request. This answer shows it, and no other does.
///
/// Sent again under its key it is not answered again: `already_done` names the code.
#[utoipa::path(
    tag = "Partner", operation_id = "issueAccessCode", request_body = IssueAccessCode, security(("partner" = ["issue_access_codes"])),
    responses(
        (status = 201, description = "The code.", body = IssuedAccessCodeView, headers(("Location" = String, description = "Its address."))),
        (status = 403, description = "`scope_not_granted`"),
        (status = 404, description = "`not_found`: there is no such request, or principal, of a service of its administration."),
        (status = 409, description = "`already_done` with `made`, `certification_state` with `certificationStatus`, `principal_required` with `principals`, `service_not_offered`"),
    )
)]
#[post("/v1/partner/access-codes")]
pub async fn issue(request: HttpRequest, partner: Partner, body: Body<AccessCodeRequest>) -> Answer {
    let once = Once::of(&request, &body);
    let app = partner.app();
    let security_code = hashed(&partner, &body).await?;
    partner
        .write_once(SCOPE, once, move |tx, partner| {
            let ToIssue { purpose, principal, times } = body.open(partner.strong())?;
            let (terms, asking) = match purpose {
                Purpose::Unasked(unasked) => (said(tx, &app, *unasked, security_code)?, None),
                Purpose::Answering(request) => {
                    let held = tx.certification_to(request, &partner.administration)?.ok_or(Refusal::NotFound)?;
                    // No code answers what is decided meanwhile.
                    tx.lock_certification(request)?;
                    (asked(tx, &app, partner, request)?, Some(held.certification.space))
                }
            };
            let (service, basis, principals) = terms;
            let (secret, new) = drawn(tx);
            let issued = partner.issue_access_code(&service, new, (basis, &principals, principal), times, tx.now())?;
            tx.insert_access_code(&issued)?;
            let code = issued.code();
            if let Some(space) = asking {
                tx.record(Event::new(Chain::Space(space), AuditAct::AccessCodeIssued, partner.actor(), code.id));
            }
            let facts = AccessCodeView::new(&app.data_keys, (code, None), tx.now())?;
            let prepared = Prepared::created(&IssuedAccessCodeView::new(&secret, facts))?;
            let location = format!("/v1/partner/access-codes/{}", code.id);
            Ok(prepared.at(location).showing_secret_of(code.id.0))
        })
        .await
}

/// The security code as it is kept, hashed outside of the transaction, for it is slow, and for no partner without the scope.
async fn hashed(partner: &Partner, body: &Body<AccessCodeRequest>) -> Result<Option<String>, Problem> {
    let said = body.says(|to_issue| match &to_issue.purpose {
        Purpose::Unasked(unasked) => unasked.security_code.clone(),
        Purpose::Answering(_) => None,
    });
    let Some(code) = said.flatten() else { return Ok(None) };
    partner.read(SCOPE, |_, _| Ok(())).await?;
    partner.app().security_codes.hash(code).await.map(Some)
}

/// What a code is for: the service, what is said of it, and on whom an agent may hang.
type Terms = (Service, AccessCodeBasis, Principals);

/// What the administration says.
fn said(tx: &mut Reading<'_>, app: &App, unasked: Unasked, security_code: Option<String>) -> Result<Terms, Problem> {
    let service = tx.service(&unasked.service)?.ok_or(Refusal::ServiceNotOffered)?;
    let principals = tx.principals(&service.code, &app.data_keys.business_digests(&unasked.number), None)?;
    let wish = AccessCodeWish {
        is_number_wanted: unasked.is_number_wanted,
        space: unasked.space,
        domains: unasked.domains,
        security_code,
        ..AccessCodeWish::new(unasked.capacity, app.data_keys.protect_business(&unasked.number))
    };
    Ok((service, wish.into(), principals))
}

/// What a request says, which is locked.
fn asked(tx: &mut Reading<'_>, app: &App, partner: &PartnerCaller, request: CertificationId) -> Result<Terms, Problem> {
    let held = tx.certification_to(request, &partner.administration)?.ok_or(Refusal::NotFound)?;
    let (request, service) = (&held.certification, service_of(tx, &held.certification)?);
    let number = number_of(&app.data_keys, request)?;
    let space = tx.any_space(request.space)?.ok_or(Refusal::NotFound)?;
    let security_code = tx.enclosed_with(request.id)?.security_code;
    let basis = AccessCodeBasis::answering(request, space.identifier, security_code)?;
    let digests = app.data_keys.business_digests(&number);
    let principals = tx.principals(&service.code, &digests, Some(request.space))?;
    Ok((service, basis, principals))
}

/// Takes a code back that nobody has activated.
#[utoipa::path(
    tag = "Partner", operation_id = "withdrawAccessCode", request_body = EmptyRequest, security(("partner" = ["issue_access_codes"])),
    params(("id" = Uuid, Path, description = "The code's id.", example = "019d6c3e-8c00-7000-8000-000000000000")),
    responses(
        (status = 200, description = "The code, withdrawn.", body = AccessCodeView),
        (status = 403, description = "`scope_not_granted`"),
        (status = 409, description = "`access_code_state` with `accessCodeStatus`"),
    )
)]
#[post("/v1/partner/access-codes/{id}/withdraw")]
pub async fn withdraw(request: HttpRequest, partner: Partner, id: Path<PathId>, body: NoBody) -> Answer {
    let id: AccessCodeId = id.of();
    let once = Once::of(&request, &body);
    let app = partner.app();
    partner
        .write_once(SCOPE, once, move |tx, partner| {
            let administration = &partner.administration;
            tx.access_code_of_administration(id, administration)?.ok_or(Refusal::NotFound)?;
            body.open(partner.strong())?;
            tx.lock_access_code(id)?;
            let (code, _) = tx.access_code_of_administration(id, administration)?.ok_or(Refusal::NotFound)?;
            let change = partner.withdraw_access_code(&code, tx.now())?;
            tx.save_access_code(&change)?;
            Prepared::ok(&AccessCodeView::new(&app.data_keys, (change.after(), None), tx.now())?)
        })
        .await
}
