//! `/v1/spaces/{id}/certifications/{certificationId}/agents`: members of a holder's space see who is certified as its agent, and
//! administrators end what one does for it.

use actix_web::{HttpRequest, get, post, web::Path};
use domain::{
    Refusal,
    audit::{Actor, AuditAct, Chain, Event},
    collaboration::Permission,
    id::{CertificationId, SpaceId},
};

use super::{
    super::keep,
    administered_holder,
    request::EndAgentRequest,
    seen_holder,
    view::{AgentPage, AgentView},
};
use crate::http::{
    answer::{Answer, Prepared},
    body::Body,
    caller::Person,
    idempotency::Once,
    page::Paging,
    path::PathId,
    query::Query,
};

/// Lists the agents of a holder, over or not, oldest first.
#[utoipa::path(
    tag = "Certification", operation_id = "listAgents", security(("person" = [])),
    params(
        ("id" = Uuid, Path, description = "The space's id.", example = "019d6c3e-8c00-7000-8000-000000000000"),
        ("certificationId" = Uuid, Path, description = "The id of the holder's certification.", example = "019d6c3e-8c00-7000-8000-000000000001"),
        ("limit" = Option<u32>, Query, description = "How many to a page.", minimum = 1, maximum = 100, example = 25),
        ("cursor" = Option<String>, Query, description = "`page.next` of the page before; empty for the first.", example = ""),
    ),
    responses(
        (status = 200, description = "A page of agents.", body = AgentPage, headers(("Link" = String, description = "The next page."))),
        (status = 400, description = "`invalid_cursor`"),
        (status = 409, description = "`space_closed`"),
    )
)]
#[get("/v1/spaces/{id}/certifications/{certificationId}/agents")]
pub async fn list(request: HttpRequest, person: Person, path: Path<(PathId, PathId)>) -> Answer {
    let path = (path.0.of(), path.1.of());
    let paging = Paging::of(&request, Query::of(&request), person.app());
    let listed = person.read(move |tx, caller| {
        let (space, holder) = seen_holder(tx, caller, path)?;
        paging.list::<AgentPage>(caller, |after, most| {
            let now = tx.now();
            Permission::View.require_state(&space, now)?;
            let rows = tx.agents_of(holder.id, after.map(CertificationId), most)?;
            Ok(rows.iter().map(|(agent, space)| AgentView::new(agent, space, now)).collect())
        })
    });
    listed.await?.answer()
}

/// Ends what an agent does for the holder, for good; the administrators of his space are mailed.
#[utoipa::path(
    tag = "Certification", operation_id = "endAgent", request_body = EndAgentRequest, security(("person" = [])),
    params(
        ("id" = Uuid, Path, description = "The space's id.", example = "019d6c3e-8c00-7000-8000-000000000000"),
        ("certificationId" = Uuid, Path, description = "The id of the holder's certification.", example = "019d6c3e-8c00-7000-8000-000000000001"),
        ("agentId" = Uuid, Path, description = "The id of the agent's certification.", example = "019d6c3e-8c00-7000-8000-000000000002"),
    ),
    responses(
        (status = 200, description = "The agent, whose certification is revoked.", body = AgentView),
        (status = 403, description = "`administrator_required`"),
        (status = 409, description = "`certification_state` with `certificationStatus`, `space_closed`, `space_suspended`"),
    )
)]
#[post("/v1/spaces/{id}/certifications/{certificationId}/agents/{agentId}/end")]
pub async fn end(
    request: HttpRequest,
    person: Person,
    path: Path<(PathId, PathId, PathId)>,
    body: Body<EndAgentRequest>,
) -> Answer {
    let (path, agent): ((SpaceId, CertificationId), CertificationId) = ((path.0.of(), path.1.of()), path.2.of());
    let once = Once::of(&request, &body).guarded(move |tx, caller| administered_holder(tx, caller, path).map(drop));
    let app = person.app();
    person
        .write_once(once, move |tx, caller| {
            let (_, holder) = administered_holder(tx, caller, path)?;
            tx.agent_of(agent, holder.id)?.ok_or(Refusal::NotFound)?;
            let found = tx.lock_space_of(path.0, caller.person, caller.product)?;
            let (space, membership) = found.ok_or(Refusal::NotFound)?;
            let administrator = membership.administrator(Permission::ManageCertifications)?;
            let reason = body.open(caller.strong()?)?;
            let locked = tx.lock_certification(agent)?.ok_or(Refusal::NotFound)?.certification;
            let ended = administrator.end_agent((&space, &holder), &locked, reason, tx.now())?;
            // The agent's log names nobody of the holder's; the holder's does.
            keep(tx, &app, Actor::System, &ended)?;
            tx.record(Event::new(Chain::Space(space.id), AuditAct::CertificationRevoked, caller.actor(), agent));
            let (agent, identifier) = tx.agent_of(agent, holder.id)?.ok_or(Refusal::NotFound)?;
            Prepared::ok(&AgentView::new(&agent, &identifier, tx.now()))
        })
        .await
}
