//! The audit log: `/v1/spaces/{id}/audit-events` for a space's administrators, `/v1/me/audit-events` for each person.

pub mod heads;
pub mod view;

use actix_web::{HttpRequest, get, web::Path};
use chrono::{DateTime, Utc};
use domain::{Refusal, audit::Chain, collaboration::Permission, id::SpaceId};
use persistence::{AuditFilter, Reading};
use utoipa::IntoParams;
use uuid::Uuid;

use self::view::{EventPage, EventView};
use crate::http::{
    answer::Answer,
    caller::{Caller, Person},
    export,
    page::Paging,
    path::PathId,
    problem::Problem,
    query::Query,
    schema::AuditActChoice,
};

/// What both lists are asked, for the contract; [`list`] reads it.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only the contract is made of it")]
struct EventQuery {
    /// Only this act.
    #[param(example = "space_edited")]
    act: Option<AuditActChoice>,
    /// Only what this person did, and software for which he answers, or this software, or this partner.
    #[param(example = "019d6c3e-8c00-7000-8000-000000000001")]
    actor: Option<Uuid>,
    /// Only from this moment on.
    #[param(example = "2026-01-01T00:00:00Z")]
    from: Option<DateTime<Utc>>,
    /// Only before this moment.
    #[param(example = "2030-01-01T00:00:00Z")]
    to: Option<DateTime<Utc>>,
    /// `json` for a page, `csv` or `ndjson` for an export of all that the filters let through; without it, `Accept` says.
    #[param(pattern = "^(json|csv|ndjson)$", max_length = 6, example = "json")]
    format: Option<String>,
    /// How many to a page; an export has no pages.
    #[param(minimum = 1, maximum = 100, example = 25)]
    limit: Option<u32>,
    /// `page.next` of the page before; empty for the first. An export begins there as well.
    #[param(example = "")]
    cursor: Option<String>,
}

/// Lists what was done in a space, newest first, or exports all of it; only for its administrators.
#[utoipa::path(
    tag = "Spaces", operation_id = "listSpaceAuditEvents", security(("person" = [])),
    params(
        ("id" = Uuid, Path, description = "The space's id.", example = "019d6c3e-8c00-7000-8000-000000000000"),
        EventQuery,
    ),
    responses(
        (status = 200, description = "A page of events, or all of them.", headers(("Link" = String, description = "The next page.")),
            content((EventPage = "application/json"), (String = "text/csv", example = json!(view::CSV_SAMPLE)), (String = "application/x-ndjson", example = json!(view::NDJSON_SAMPLE)))),
        (status = 400, description = "`invalid_cursor`"),
        (status = 403, description = "`administrator_required`"),
    )
)]
#[get("/v1/spaces/{id}/audit-events")]
pub async fn of_space(request: HttpRequest, person: Person, id: Path<PathId>) -> Answer {
    list(&request, person, Whose::Space(id.of())).await
}

/// Lists what was done to the caller's products, sessions and terms, newest first, or exports all of it.
#[utoipa::path(
    tag = "Person", operation_id = "listAuditEvents", security(("person" = [])),
    params(EventQuery),
    responses(
        (status = 200, description = "A page of events, or all of them.", headers(("Link" = String, description = "The next page.")),
            content((EventPage = "application/json"), (String = "text/csv", example = json!(view::CSV_SAMPLE)), (String = "application/x-ndjson", example = json!(view::NDJSON_SAMPLE)))),
        (status = 400, description = "`invalid_cursor`"),
    )
)]
#[get("/v1/me/audit-events")]
pub async fn of_person(request: HttpRequest, person: Person) -> Answer {
    list(&request, person, Whose::Caller).await
}

async fn list(request: &HttpRequest, person: Person, whose: Whose) -> Answer {
    let mut query = Query::of(request);
    let filter = AuditFilter {
        act: query.choice("act"),
        actor: query.id("actor"),
        from: query.instant("from"),
        to: query.instant("to"),
    };
    let read = move |tx: &mut Reading<'_>, caller: &Caller, paging: Paging| {
        let chain = readable(tx, caller, whose)?;
        paging.list::<EventPage>(caller, |before, most| {
            let entries = tx.audit_entries(chain, filter, before, most)?;
            Ok(entries.iter().map(EventView::from).collect())
        })
    };
    export::answer(request, person, query, read).await
}

/// Whose log it is.
#[derive(Debug, Clone, Copy)]
enum Whose {
    Caller,
    Space(SpaceId),
}

/// The chain, if the caller may read it.
fn readable(tx: &mut Reading<'_>, caller: &Caller, whose: Whose) -> Result<Chain, Problem> {
    let Whose::Space(id) = whose else { return Ok(Chain::Person(caller.person)) };
    let (_, membership) = tx.space_of(id, caller.person, caller.product)?.ok_or(Refusal::NotFound)?;
    Ok(membership.administrator(Permission::ReadAuditLog)?.audit_log())
}
