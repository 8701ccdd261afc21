//! `/v1/spaces/{id}/certifications/{certificationId}/agent-access-codes`: administrators of a holder's space hand out codes to its
//! agents, see what became of them, and take them back.

use actix_web::{HttpRequest, get, post, web::Path};
use domain::{
    Refusal,
    audit::{AuditAct, Chain, Event},
    collaboration::Permission,
    id::{AccessCodeId, CertificationId, SpaceId},
    identity::Strength,
};

use super::{
    super::hashed,
    administered_holder, drawn,
    request::AgentAccessCodeRequest,
    service_of,
    view::{AccessCodePage, AccessCodeView, IssuedAccessCodeView},
};
use crate::http::{
    answer::{Answer, Prepared},
    body::{Body, EmptyRequest, NoBody},
    caller::Person,
    idempotency::Once,
    page::Paging,
    path::PathId,
    query::Query,
};

/// Lists the codes that the holder handed out for agents, oldest first, with who activated them.
#[utoipa::path(
    tag = "Certification", operation_id = "listAgentAccessCodes", security(("person" = [])),
    params(
        ("id" = Uuid, Path, description = "The space's id.", example = "019d6c3e-8c00-7000-8000-000000000000"),
        ("certificationId" = Uuid, Path, description = "The id of the holder's certification.", example = "019d6c3e-8c00-7000-8000-000000000001"),
        ("limit" = Option<u32>, Query, description = "How many to a page.", minimum = 1, maximum = 100, example = 25),
        ("cursor" = Option<String>, Query, description = "`page.next` of the page before; empty for the first.", example = ""),
    ),
    responses(
        (status = 200, description = "A page of codes.", body = AccessCodePage, headers(("Link" = String, description = "The next page."))),
        (status = 400, description = "`invalid_cursor`"),
        (status = 403, description = "`administrator_required`"),
        (status = 409, description = "`space_closed`"),
    )
)]
#[get("/v1/spaces/{id}/certifications/{certificationId}/agent-access-codes")]
pub async fn list(request: HttpRequest, person: Person, path: Path<(PathId, PathId)>) -> Answer {
    let path = (path.0.of(), path.1.of());
    let paging = Paging::of(&request, Query::of(&request), person.app());
    let app = person.app();
    let listed = person.read(move |tx, caller| {
        let (space, holder) = administered_holder(tx, caller, path)?;
        paging.list::<AccessCodePage>(caller, |after, most| {
            let now = tx.now();
            Permission::View.require_state(&space, now)?;
            let rows = tx.access_codes_of_holder(holder.id, after.map(AccessCodeId), most)?;
            let view = |(code, space)| Ok(AccessCodeView::new(&app.data_keys, (&code, Option::as_ref(&space)), now)?);
            rows.into_iter().map(view).collect()
        })
    });
    listed.await?.answer()
}

/// Issues a code for an agent of the holder, in domains of its own. This answer shows it, and no other does.
///
/// Sent again under its key it is not answered again: `already_done` names the code.
#[utoipa::path(
    tag = "Certification", operation_id = "issueAgentAccessCode", request_body = AgentAccessCodeRequest, security(("person" = [])),
    params(
        ("id" = Uuid, Path, description = "The space's id.", example = "019d6c3e-8c00-7000-8000-000000000000"),
        ("certificationId" = Uuid, Path, description = "The id of the holder's certification.", example = "019d6c3e-8c00-7000-8000-000000000001"),
    ),
    responses(
        (status = 201, description = "The code.", body = IssuedAccessCodeView),
        (status = 403, description = "`administrator_required`"),
        (status = 409, description = "`access_code_limit_reached` with `limit`, `already_done` with `made`, `certification_state` with `certificationStatus`, `service_not_offered`, `space_closed`, `space_suspended`"),
    )
)]
#[post("/v1/spaces/{id}/certifications/{certificationId}/agent-access-codes")]
pub async fn issue(
    request: HttpRequest,
    person: Person,
    path: Path<(PathId, PathId)>,
    body: Body<AgentAccessCodeRequest>,
) -> Answer {
    let path: (SpaceId, CertificationId) = (path.0.of(), path.1.of());
    let once = Once::of(&request, &body).guarded(move |tx, caller| administered_holder(tx, caller, path).map(drop));
    let app = person.app();
    let security_code = hashed(&person, path.0, body.says(|(_, code)| code.clone()).flatten()).await?;
    person
        .write_once(once, move |tx, caller| {
            administered_holder(tx, caller, path)?;
            let found = tx.lock_space_of(path.0, caller.person, caller.product)?;
            let (space, membership) = found.ok_or(Refusal::NotFound)?;
            let administrator = membership.administrator(Permission::ManageCertifications)?;
            let (mut wish, _) = body.open(caller.strong()?)?;
            wish.security_code = security_code;
            let (_, holder) = administered_holder(tx, caller, path)?;
            let service = service_of(tx, &holder)?;
            Strength::of(service.least_assurance).require(caller, tx.now())?;
            let living = tx.living_access_codes_of(holder.id)?;
            let ((secret, new), spot) = (drawn(tx), (&space, &service, &holder));
            let issued = administrator.issue_agent_access_code(spot, new, wish, living, tx.now())?;
            tx.insert_access_code(&issued)?;
            let code = issued.code();
            tx.record(Event::new(Chain::Space(space.id), AuditAct::AccessCodeIssued, caller.actor(), code.id));
            let facts = AccessCodeView::new(&app.data_keys, (code, None), tx.now())?;
            Ok(Prepared::created(&IssuedAccessCodeView::new(&secret, facts))?.showing_secret_of(code.id.0))
        })
        .await
}

/// Takes a code back that nobody has activated.
#[utoipa::path(
    tag = "Certification", operation_id = "withdrawAgentAccessCode", request_body = EmptyRequest, security(("person" = [])),
    params(
        ("id" = Uuid, Path, description = "The space's id.", example = "019d6c3e-8c00-7000-8000-000000000000"),
        ("certificationId" = Uuid, Path, description = "The id of the holder's certification.", example = "019d6c3e-8c00-7000-8000-000000000001"),
        ("codeId" = Uuid, Path, description = "The code's id.", example = "019d6c3e-8c00-7000-8000-000000000002"),
    ),
    responses(
        (status = 200, description = "The code, withdrawn.", body = AccessCodeView),
        (status = 403, description = "`administrator_required`"),
        (status = 409, description = "`access_code_state` with `accessCodeStatus`, `space_closed`, `space_suspended`"),
    )
)]
#[post("/v1/spaces/{id}/certifications/{certificationId}/agent-access-codes/{codeId}/withdraw")]
pub async fn withdraw(
    request: HttpRequest,
    person: Person,
    path: Path<(PathId, PathId, PathId)>,
    body: NoBody,
) -> Answer {
    let (path, code): ((SpaceId, CertificationId), AccessCodeId) = ((path.0.of(), path.1.of()), path.2.of());
    let once = Once::of(&request, &body).guarded(move |tx, caller| administered_holder(tx, caller, path).map(drop));
    let app = person.app();
    person
        .write_once(once, move |tx, caller| {
            let (_, holder) = administered_holder(tx, caller, path)?;
            tx.access_code_of_holder(code, holder.id)?.ok_or(Refusal::NotFound)?;
            let found = tx.lock_space_of(path.0, caller.person, caller.product)?;
            let (space, membership) = found.ok_or(Refusal::NotFound)?;
            let administrator = membership.administrator(Permission::ManageCertifications)?;
            body.open(caller.strong()?)?;
            tx.lock_access_code(code)?;
            let code = tx.access_code_of_holder(code, holder.id)?.ok_or(Refusal::NotFound)?;
            let change = administrator.withdraw_agent_access_code((&space, &holder), &code, tx.now())?;
            tx.save_access_code(&change)?;
            tx.record(Event::new(Chain::Space(space.id), AuditAct::AccessCodeWithdrawn, caller.actor(), code.id));
            Prepared::ok(&AccessCodeView::new(&app.data_keys, (change.after(), None), tx.now())?)
        })
        .await
}
