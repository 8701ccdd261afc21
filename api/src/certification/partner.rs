//! `/v1/partner/certifications`: an administration's back end lists and shows the certifications for its services, and decides on
//! them. One of another administration is to it what a random id is.

use actix_web::{HttpRequest, get, post, web::Path};
use domain::{
    Instant, Refusal,
    catalogue::{AdministrationCode, ServiceCode},
    certification::{Certification, CertificationChange, HeldCertification},
    id::CertificationId,
    partner::PartnerScope,
    text::{Language, ReasonText},
};
use persistence::{CertificationFilter, Reading, StoreError, Transaction};

use super::{
    keep, record_of,
    request::{DecisionRequest, GrantRequest},
    view::{
        CompetingView, Dossier, PartnerCertificationInFullView, PartnerCertificationPage, PartnerCertificationView,
        number_of,
    },
};
use crate::{
    app::App,
    http::{
        answer::{self, Answer, Prepared},
        body::{Body, Request},
        caller::{Partner, PartnerCaller},
        idempotency::Once,
        language,
        page::Paging,
        path::PathId,
        problem::Problem,
        query::Query,
        schema::{self, CapacityChoice, CertificationStatusChoice},
    },
};

/// Lists the certifications for services of the administration, oldest first.
#[utoipa::path(
    tag = "Partner", operation_id = "listPartnerCertifications", security(("partner" = ["read_certifications"])),
    params(
        ("service" = Option<schema::ServiceCode>, Query, description = "Only those for this service.", example = "alva.food-establishments"),
        ("status" = Option<CertificationStatusChoice>, Query, description = "Only those that stand so now.", example = "requested"),
        ("capacity" = Option<CapacityChoice>, Query, description = "Only those in this capacity.", example = "holder"),
        ("limit" = Option<u32>, Query, description = "How many to a page.", minimum = 1, maximum = 100, example = 25),
        ("cursor" = Option<String>, Query, description = "`page.next` of the page before; empty for the first.", example = ""),
    ),
    responses(
        (status = 200, description = "A page of certifications.", body = PartnerCertificationPage, headers(("Link" = String, description = "The next page."))),
        (status = 400, description = "`invalid_cursor`"),
        (status = 403, description = "`scope_not_granted` with `scope`"),
    )
)]
#[get("/v1/partner/certifications")]
pub async fn list(request: HttpRequest, partner: Partner) -> Answer {
    let mut query = Query::of(&request);
    let filter = CertificationFilter {
        service: query.value("service", ServiceCode::parse),
        status: query.choice("status"),
        capacity: query.choice("capacity"),
        after: None,
    };
    let (app, paging) = (partner.app(), Paging::of(&request, query, partner.app()));
    let listed = partner.read(PartnerScope::ReadCertifications, move |tx, partner| {
        paging.list::<PartnerCertificationPage>(partner, |after, most| {
            let filter = CertificationFilter { after: after.map(CertificationId), ..filter };
            let rows = tx.certifications_to(&partner.administration, &filter, most)?;
            let now = tx.now();
            let view = |(certification, space)| {
                Ok(PartnerCertificationView::new(&app.data_keys, &certification, &space, now)?)
            };
            rows.into_iter().map(view).collect()
        })
    });
    listed.await?.answer()
}

/// Shows a certification: what was sent with the request, its history, and which others compete with it.
#[utoipa::path(
    tag = "Partner", operation_id = "getPartnerCertification", security(("partner" = ["read_certifications"])),
    params(("id" = Uuid, Path, description = "The certification's id.", example = "019d6c3e-8c00-7000-8000-000000000000")),
    responses(
        (status = 200, description = "The certification.", body = PartnerCertificationInFullView, headers(("ETag" = String, description = "Its version."))),
        (status = 304, description = "It is what `If-None-Match` says."),
        (status = 403, description = "`scope_not_granted` with `scope`"),
    )
)]
#[get("/v1/partner/certifications/{id}")]
pub async fn get(request: HttpRequest, partner: Partner, id: Path<PathId>) -> Answer {
    let id: CertificationId = id.of();
    let (language, app) = (language::preferred(request.headers()), partner.app());
    let (version, view) = partner
        .read(PartnerScope::ReadCertifications, move |tx, partner| {
            let held = own(tx, id, &partner.administration)?;
            Ok((held.certification.version, shown(tx, &app, &held, language)?))
        })
        .await?;
    answer::versioned(&request, version, &view)
}

/// Tells the space that its request is looked into.
#[utoipa::path(
    tag = "Partner", operation_id = "takeUpCertification", request_body = DecisionRequest, security(("partner" = ["decide_certifications"])),
    params(("id" = Uuid, Path, description = "The certification's id.", example = "019d6c3e-8c00-7000-8000-000000000000")),
    responses(
        (status = 200, description = "The certification, taken up.", body = PartnerCertificationInFullView, headers(("ETag" = String, description = "Its version."))),
        (status = 403, description = "`scope_not_granted` with `scope`"),
        (status = 409, description = "`certification_state` with `certificationStatus`, `certification_taken_up`"),
    )
)]
#[post("/v1/partner/certifications/{id}/take-up")]
pub async fn take_up(request: HttpRequest, partner: Partner, id: Path<PathId>, body: Body<DecisionRequest>) -> Answer {
    decide(&request, partner, &id, body, reasoned(domain::partner::Partner::take_up)).await
}

/// Grants a request: the space may use the service.
#[utoipa::path(
    tag = "Partner", operation_id = "grantCertification", request_body = GrantRequest, security(("partner" = ["decide_certifications"])),
    params(("id" = Uuid, Path, description = "The certification's id.", example = "019d6c3e-8c00-7000-8000-000000000000")),
    responses(
        (status = 200, description = "The certification, granted.", body = PartnerCertificationInFullView, headers(("ETag" = String, description = "Its version."))),
        (status = 403, description = "`scope_not_granted` with `scope`"),
        (status = 409, description = "`certification_state` with `certificationStatus`, `principal_required` with `principals`, their ids"),
    )
)]
#[post("/v1/partner/certifications/{id}/grant")]
pub async fn grant(request: HttpRequest, partner: Partner, id: Path<PathId>, body: Body<GrantRequest>) -> Answer {
    let app = partner.app();
    decide(&request, partner, &id, body, move |tx, partner, certification, grant| {
        let service = tx.service(&certification.service)?.ok_or(Refusal::NotFound)?;
        let digests = app.data_keys.business_digests(&number_of(&app.data_keys, certification)?);
        let principals = tx.principals(&service.code, &digests, Some(certification.space))?;
        Ok(partner.grant(certification, (&service, &principals), grant, tx.now())?)
    })
    .await
}

/// Refuses a request.
#[utoipa::path(
    tag = "Partner", operation_id = "refuseCertification", request_body = DecisionRequest, security(("partner" = ["decide_certifications"])),
    params(("id" = Uuid, Path, description = "The certification's id.", example = "019d6c3e-8c00-7000-8000-000000000000")),
    responses(
        (status = 200, description = "The certification, refused.", body = PartnerCertificationInFullView, headers(("ETag" = String, description = "Its version."))),
        (status = 403, description = "`scope_not_granted` with `scope`"),
        (status = 409, description = "`certification_state` with `certificationStatus`"),
    )
)]
#[post("/v1/partner/certifications/{id}/refuse")]
pub async fn refuse(request: HttpRequest, partner: Partner, id: Path<PathId>, body: Body<DecisionRequest>) -> Answer {
    decide(&request, partner, &id, body, reasoned(domain::partner::Partner::refuse)).await
}

/// Suspends what was granted: the service is closed to the space, and to the holder's agents, until it is resumed.
#[utoipa::path(
    tag = "Partner", operation_id = "suspendCertification", request_body = DecisionRequest, security(("partner" = ["decide_certifications"])),
    params(("id" = Uuid, Path, description = "The certification's id.", example = "019d6c3e-8c00-7000-8000-000000000000")),
    responses(
        (status = 200, description = "The certification, suspended.", body = PartnerCertificationInFullView, headers(("ETag" = String, description = "Its version."))),
        (status = 403, description = "`scope_not_granted` with `scope`"),
        (status = 409, description = "`certification_state` with `certificationStatus`"),
    )
)]
#[post("/v1/partner/certifications/{id}/suspend")]
pub async fn suspend(request: HttpRequest, partner: Partner, id: Path<PathId>, body: Body<DecisionRequest>) -> Answer {
    decide(&request, partner, &id, body, reasoned(domain::partner::Partner::suspend)).await
}

/// Opens the service again to a space whose certification was suspended.
#[utoipa::path(
    tag = "Partner", operation_id = "resumeCertification", request_body = DecisionRequest, security(("partner" = ["decide_certifications"])),
    params(("id" = Uuid, Path, description = "The certification's id.", example = "019d6c3e-8c00-7000-8000-000000000000")),
    responses(
        (status = 200, description = "The certification, granted again.", body = PartnerCertificationInFullView, headers(("ETag" = String, description = "Its version."))),
        (status = 403, description = "`scope_not_granted` with `scope`"),
        (status = 409, description = "`certification_state` with `certificationStatus`"),
    )
)]
#[post("/v1/partner/certifications/{id}/resume")]
pub async fn resume(request: HttpRequest, partner: Partner, id: Path<PathId>, body: Body<DecisionRequest>) -> Answer {
    decide(&request, partner, &id, body, reasoned(domain::partner::Partner::resume)).await
}

/// Ends what was granted, for good.
#[utoipa::path(
    tag = "Partner", operation_id = "revokeCertification", request_body = DecisionRequest, security(("partner" = ["decide_certifications"])),
    params(("id" = Uuid, Path, description = "The certification's id.", example = "019d6c3e-8c00-7000-8000-000000000000")),
    responses(
        (status = 200, description = "The certification, revoked.", body = PartnerCertificationInFullView, headers(("ETag" = String, description = "Its version."))),
        (status = 403, description = "`scope_not_granted` with `scope`"),
        (status = 409, description = "`certification_state` with `certificationStatus`"),
    )
)]
#[post("/v1/partner/certifications/{id}/revoke")]
pub async fn revoke(request: HttpRequest, partner: Partner, id: Path<PathId>, body: Body<DecisionRequest>) -> Answer {
    decide(&request, partner, &id, body, reasoned(domain::partner::Partner::revoke)).await
}

/// A rule that wants nothing but a reason.
type Rule = fn(&domain::partner::Partner, &Certification, ReasonText, Instant) -> Result<CertificationChange, Refusal>;

/// A decision by such a rule.
fn reasoned(
    rule: Rule,
) -> impl FnOnce(&mut Transaction<'_>, &PartnerCaller, &Certification, ReasonText) -> Result<CertificationChange, Problem>
+ Send
+ 'static {
    move |tx, partner, certification, reason| Ok(rule(partner, certification, reason, tx.now())?)
}

/// Decides on a locked certification of the administration, and tells all whom it concerns.
async fn decide<R: Request + 'static>(
    request: &HttpRequest,
    partner: Partner,
    id: &PathId,
    body: Body<R>,
    decision: impl FnOnce(
        &mut Transaction<'_>,
        &PartnerCaller,
        &Certification,
        R::Value,
    ) -> Result<CertificationChange, Problem>
    + Send
    + 'static,
) -> Answer {
    let id: CertificationId = id.of();
    let once = Once::of(request, &body);
    let (language, app) = (language::preferred(request.headers()), partner.app());
    partner
        .write_once(PartnerScope::DecideCertifications, once, move |tx, partner| {
            own(tx, id, &partner.administration)?;
            let said = body.open(partner.strong())?;
            let held = tx.lock_certification(id)?.ok_or(Refusal::NotFound)?;
            let change = decision(tx, partner, &held.certification, said)?;
            keep(tx, &app, partner.actor(), &change)?;
            let held = own(tx, id, &partner.administration)?;
            let view = shown(tx, &app, &held, language)?;
            Ok(Prepared::ok(&view)?.versioned(change.after().version))
        })
        .await
}

/// A certification for a service of the administration: of any other it does not know.
fn own(
    tx: &mut Reading<'_>,
    id: CertificationId,
    administration: &AdministrationCode,
) -> Result<HeldCertification, Problem> {
    Ok(tx.certification_to(id, administration)?.ok_or(Refusal::NotFound)?)
}

/// A certification with all that its administration sees of it.
fn shown(
    tx: &mut Reading<'_>,
    app: &App,
    held: &HeldCertification,
    language: Language,
) -> Result<PartnerCertificationInFullView, StoreError> {
    let (certification, now) = (&held.certification, tx.now());
    let gone = || StoreError::Corrupt(format!("certifications {}: its space is gone", certification.id));
    let digests = app.data_keys.business_digests(&number_of(&app.data_keys, certification)?);
    let competing = tx.competing_certifications(certification, &digests)?;
    let dossier = Dossier {
        space: tx.any_space(certification.space)?.ok_or_else(gone)?,
        applicant: tx.person(certification.applicant)?,
        record: record_of(tx, &app.data_keys, certification)?,
        competing: competing.iter().map(|(other, space)| CompetingView::new(other, space, now)).collect(),
    };
    PartnerCertificationInFullView::new(&app.data_keys, held, dossier, language, now)
}
