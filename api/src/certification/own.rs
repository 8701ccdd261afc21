//! `/v1/spaces/{id}/certifications`: members list and show what their space holds and asks for; administrators ask, and give up.
//! `/v1/spaces/{id}/services/{code}/legal-persons`: for whom the space may use a service now.

use actix_web::{HttpRequest, get, post, web::Path};
use domain::{
    Refusal,
    catalogue::ServiceCode,
    certification::{CertificationWish, Gate, HeldCertification},
    collaboration::Permission,
    id::{CertificationId, SpaceId},
    identity::Strength,
};
use persistence::{CertificationFilter, Enclosed, Transaction};

use super::{
    administered, hashed, keep, record_of,
    request::{Asked, CertificationRequest},
    seen, tell,
    view::{
        CertificationInFullView, CertificationPage, CertificationView, LegalPersonView, LegalPersonsView, number_of,
    },
};
use crate::{
    app::App,
    http::{
        answer::{self, Answer, Prepared},
        body::{Body, EmptyRequest, NoBody},
        caller::{Caller, Person},
        idempotency::Once,
        language,
        page::Paging,
        path::PathId,
        problem::Problem,
        query::Query,
        schema::{self, CapacityChoice, CertificationStatusChoice},
    },
};

/// Lists the certifications of a space, oldest first.
#[utoipa::path(
    tag = "Certification", operation_id = "listCertifications", security(("person" = [])),
    params(
        ("id" = Uuid, Path, description = "The space's id.", example = "019d6c3e-8c00-7000-8000-000000000000"),
        ("service" = Option<schema::ServiceCode>, Query, description = "Only those for this service.", example = "alva.food-establishments"),
        ("status" = Option<CertificationStatusChoice>, Query, description = "Only those that stand so now.", example = "granted"),
        ("capacity" = Option<CapacityChoice>, Query, description = "Only those in this capacity.", example = "holder"),
        ("limit" = Option<u32>, Query, description = "How many to a page.", minimum = 1, maximum = 100, example = 25),
        ("cursor" = Option<String>, Query, description = "`page.next` of the page before; empty for the first.", example = ""),
    ),
    responses(
        (status = 200, description = "A page of certifications.", body = CertificationPage, headers(("Link" = String, description = "The next page."))),
        (status = 400, description = "`invalid_cursor`"),
        (status = 409, description = "`space_closed`"),
    )
)]
#[get("/v1/spaces/{id}/certifications")]
pub async fn list(request: HttpRequest, person: Person, id: Path<PathId>) -> Answer {
    let (language, app) = (language::preferred(request.headers()), person.app());
    let mut query = Query::of(&request);
    let filter = CertificationFilter {
        service: query.value("service", ServiceCode::parse),
        status: query.choice("status"),
        capacity: query.choice("capacity"),
        after: None,
    };
    let paging = Paging::of(&request, query, person.app());
    let listed = person.read(move |tx, caller| {
        let space = seen(tx, caller, id.of())?;
        paging.list::<CertificationPage>(caller, |after, most| {
            let now = tx.now();
            Permission::View.require_state(&space, now)?;
            let filter = CertificationFilter { after: after.map(CertificationId), ..filter };
            let rows = tx.certifications_of(space.id, &filter, most)?;
            let view = |held| Ok(CertificationView::new(&app.data_keys, &held, language, now)?);
            rows.into_iter().map(view).collect()
        })
    });
    listed.await?.answer()
}

/// Shows a certification, with its history.
#[utoipa::path(
    tag = "Certification", operation_id = "getCertification", security(("person" = [])),
    params(
        ("id" = Uuid, Path, description = "The space's id.", example = "019d6c3e-8c00-7000-8000-000000000000"),
        ("certificationId" = Uuid, Path, description = "The certification's id.", example = "019d6c3e-8c00-7000-8000-000000000001"),
    ),
    responses(
        (status = 200, description = "The certification.", body = CertificationInFullView, headers(("ETag" = String, description = "Its version."))),
        (status = 304, description = "It is what `If-None-Match` says."),
        (status = 409, description = "`space_closed`"),
    )
)]
#[get("/v1/spaces/{id}/certifications/{certificationId}")]
pub async fn get(request: HttpRequest, person: Person, path: Path<(PathId, PathId)>) -> Answer {
    let (id, certification) = path.into_inner();
    let (language, app) = (language::preferred(request.headers()), person.app());
    let (version, view) = person
        .read(move |tx, caller| {
            let space = seen(tx, caller, id.of())?;
            let held = tx.certification_of(certification.of(), space.id)?.ok_or(Refusal::NotFound)?;
            caller.strong()?;
            Permission::View.require_state(&space, tx.now())?;
            let record = record_of(tx, &app.data_keys, &held.certification)?;
            let view = CertificationView::new(&app.data_keys, &held, language, tx.now())?;
            Ok((held.certification.version, CertificationInFullView::new(view, record)))
        })
        .await?;
    answer::versioned(&request, version, &view)
}

/// Asks an administration for a certification; the other administrators are mailed.
///
/// Whether another space asks for the same company, or has what is asked for, changes nothing.
#[utoipa::path(
    tag = "Certification", operation_id = "requestCertification", request_body = CertificationRequest, security(("person" = [])),
    params(("id" = Uuid, Path, description = "The space's id.", example = "019d6c3e-8c00-7000-8000-000000000000")),
    responses(
        (status = 201, description = "The certification, requested.", body = CertificationInFullView,
            headers(("Location" = String, description = "Its address."), ("ETag" = String, description = "Its version."))),
        (status = 403, description = "`administrator_required`"),
        (status = 409, description = "`certification_exists` with `certification`, its id, `daily_certification_limit_reached` with `limit`, `reapply_too_soon` with `until`, `service_not_offered`, `space_closed`, `space_suspended`"),
    )
)]
#[post("/v1/spaces/{id}/certifications")]
pub async fn ask(request: HttpRequest, person: Person, id: Path<PathId>, body: Body<CertificationRequest>) -> Answer {
    let id: SpaceId = id.of();
    let once = Once::of(&request, &body).guarded(move |tx, caller| administered(tx, caller, id).map(drop));
    let (language, app) = (language::preferred(request.headers()), person.app());
    let security_code = hashed(&person, id, body.says(|asked| asked.security_code.clone()).flatten()).await?;
    person
        .write_once(once, move |tx, caller| {
            administered(tx, caller, id)?;
            tx.lock_person(caller.person)?;
            let found = tx.lock_space_of(id, caller.person, caller.product)?;
            let (space, membership) = found.ok_or(Refusal::NotFound)?;
            let administrator = membership.administrator(Permission::ManageCertifications)?;
            let asked = body.open(caller.strong()?)?;
            let service = tx.service(&asked.service)?.ok_or(Refusal::ServiceNotOffered)?;
            Strength::of(service.least_assurance).require(caller, tx.now())?;
            settle_holder(tx, &app, id, &service.code)?;
            let digests = app.data_keys.business_digests(&asked.number);
            let made = tx.requests_made((caller.person, id), &service.code, &digests)?;
            let (wish, enclosed) = kept(&app, asked, security_code);
            let change = administrator.request_certification(&space, &service, (tx.new_id(), &wish), made, tx.now())?;
            tx.insert_certification(&change, &enclosed)?;
            tell(tx, &app, caller.actor(), &change)?;
            let certification = change.after().clone();
            let record = record_of(tx, &app.data_keys, &certification)?;
            let held = HeldCertification { certification, is_space_in_use: space.is_in_use(), principal: None };
            let view = CertificationView::new(&app.data_keys, &held, language, tx.now())?;
            let location = format!("/v1/spaces/{id}/certifications/{}", change.after().id);
            let prepared = Prepared::created(&CertificationInFullView::new(view, record))?;
            Ok(prepared.at(location).versioned(change.after().version))
        })
        .await
}

/// What was asked for, as it is kept.
fn kept(app: &App, asked: Asked, security_code: Option<String>) -> (CertificationWish, Enclosed) {
    let application = Some(app.data_keys.seal_application(&asked.application));
    let wish = CertificationWish {
        capacity: asked.capacity,
        legal_person: app.data_keys.protect_business(&asked.number),
        domains: asked.domains,
        application: asked.application,
        has_security_code: security_code.is_some(),
    };
    (wish, Enclosed { application, security_code })
}

/// Keeps that a space's holder certification for a service is over if its end has come, so that it keeps no other from coming; the
/// space is locked.
fn settle_holder(tx: &mut Transaction<'_>, app: &App, space: SpaceId, service: &ServiceCode) -> Result<(), Problem> {
    let Some(id) = tx.holder_certification(space, service)? else { return Ok(()) };
    let is_over = tx.certification_of(id, space)?.is_some_and(|held| held.certification.expired(tx.now()).is_some());
    if is_over {
        let held = tx.lock_certification(id)?.ok_or(Refusal::NotFound)?;
        super::settle(tx, app, &held.certification)?;
    }
    Ok(())
}

/// Takes a request back, or gives a certification up.
#[utoipa::path(
    tag = "Certification", operation_id = "withdrawCertification", request_body = EmptyRequest, security(("person" = [])),
    params(
        ("id" = Uuid, Path, description = "The space's id.", example = "019d6c3e-8c00-7000-8000-000000000000"),
        ("certificationId" = Uuid, Path, description = "The certification's id.", example = "019d6c3e-8c00-7000-8000-000000000001"),
    ),
    responses(
        (status = 200, description = "The certification, withdrawn.", body = CertificationInFullView, headers(("ETag" = String, description = "Its version."))),
        (status = 403, description = "`administrator_required`"),
        (status = 409, description = "`certification_state` with `certificationStatus`, `space_closed`, `space_suspended`"),
    )
)]
#[post("/v1/spaces/{id}/certifications/{certificationId}/withdraw")]
pub async fn withdraw(request: HttpRequest, person: Person, path: Path<(PathId, PathId)>, body: NoBody) -> Answer {
    let (id, certification): (SpaceId, CertificationId) = (path.0.of(), path.1.of());
    let once = Once::of(&request, &body).guarded(move |tx, caller| administered(tx, caller, id).map(drop));
    let (language, app) = (language::preferred(request.headers()), person.app());
    person
        .write_once(once, move |tx, caller| {
            let change = withdrawn(tx, caller, (id, certification), body)?;
            keep(tx, &app, caller.actor(), &change)?;
            let held = tx.certification_of(certification, id)?.ok_or(Refusal::NotFound)?;
            let record = record_of(tx, &app.data_keys, &held.certification)?;
            let view = CertificationView::new(&app.data_keys, &held, language, tx.now())?;
            let prepared = Prepared::ok(&CertificationInFullView::new(view, record))?;
            Ok(prepared.versioned(change.after().version))
        })
        .await
}

/// What is decided under the locks of the space and of the certification.
fn withdrawn(
    tx: &mut Transaction<'_>,
    caller: &Caller,
    (id, certification): (SpaceId, CertificationId),
    body: NoBody,
) -> Result<domain::certification::CertificationChange, Problem> {
    administered(tx, caller, id)?;
    tx.certification_of(certification, id)?.ok_or(Refusal::NotFound)?;
    let found = tx.lock_space_of(id, caller.person, caller.product)?;
    let (space, membership) = found.ok_or(Refusal::NotFound)?;
    let administrator = membership.administrator(Permission::ManageCertifications)?;
    body.open(caller.strong()?)?;
    let held = tx.lock_certification(certification)?.ok_or(Refusal::NotFound)?;
    Ok(administrator.withdraw_certification(&space, &held.certification, tx.now())?)
}

/// Says for which companies the space may use a service now, and in which of its domains.
#[utoipa::path(
    tag = "Certification", operation_id = "listLegalPersons", security(("person" = [])),
    params(
        ("id" = Uuid, Path, description = "The space's id.", example = "019d6c3e-8c00-7000-8000-000000000000"),
        ("code" = schema::ServiceCode, Path, description = "The service's code.", example = "alva.food-establishments"),
    ),
    responses(
        (status = 200, description = "The companies.", body = LegalPersonsView),
        (status = 403, description = "`certification_required` with `service` and `sector`"),
        (status = 409, description = "`space_closed`"),
    )
)]
#[get("/v1/spaces/{id}/services/{code}/legal-persons")]
pub async fn legal_persons(person: Person, path: Path<(PathId, String)>) -> Answer {
    let (id, code) = path.into_inner();
    let app = person.app();
    let view = person
        .read(move |tx, caller| {
            let space = seen(tx, caller, id.of())?;
            let code = ServiceCode::parse(&code).map_err(|_| Refusal::NotFound)?;
            let service = tx.service(&code)?.ok_or(Refusal::NotFound)?;
            caller.strong()?;
            let held = tx.certifications_for(space.id, &service.code)?;
            let effective = Gate { space: &space, service: &service }.pass(held, tx.now())?;
            let view = |certification| {
                let number = number_of(&app.data_keys, certification)?;
                Ok(LegalPersonView::new(certification, &number))
            };
            let data: Result<_, Problem> = effective.iter().map(view).collect();
            Ok(LegalPersonsView { data: data? })
        })
        .await?;
    answer::ok(&view)
}
