//! The audit log: `/v1/spaces/{id}/audit-events` for a space's administrators, `/v1/me/audit-events` for each person.

pub mod export;
pub mod heads;
pub mod view;

use actix_web::{HttpRequest, get, web::Path};
use chrono::{DateTime, Utc};
use domain::{
    Coded, Refusal,
    audit::{AuditAct, Chain, Entry},
    collaboration::Permission,
    id::SpaceId,
};
use persistence::{AuditFilter, Reading};
use utoipa::IntoParams;
use uuid::Uuid;

use self::{
    export::Format,
    view::{EventPage, EventView},
};
use crate::http::{
    answer::Answer,
    caller::{Caller, Person},
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
    /// Only what this person did.
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
    let id: SpaceId = id.of();
    let log = move |tx: &mut Reading<'_>, caller: &Caller| {
        let (_, membership) = tx.space_of(id, caller.person, caller.product)?.ok_or(Refusal::NotFound)?;
        let administrator = membership.administrator(Permission::ReadAuditLog)?;
        caller.strong()?;
        Ok(administrator.audit_log())
    };
    list(&request, person, log).await
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
    let log = |_: &mut Reading<'_>, caller: &Caller| {
        caller.strong()?;
        Ok(Chain::Person(caller.person))
    };
    list(&request, person, log).await
}

/// Answers with the log that `log` lets the caller read: asked anew for each page, so that nobody reads on who may not
/// any more.
async fn list<L>(request: &HttpRequest, person: Person, log: L) -> Answer
where
    L: Fn(&mut Reading<'_>, &Caller) -> Result<Chain, Problem> + Clone + Send + 'static,
{
    let mut query = Query::of(request);
    let format = Format::wanted(request, &mut query);
    let filter = AuditFilter {
        act: query.choice::<AuditAct>("act"),
        actor: query.id("actor"),
        from: query.instant("from"),
        to: query.instant("to"),
    };
    let paging = Paging::take(request, &mut query, &text(filter));
    if format == Format::Json {
        let app = person.app();
        let (caller, paging, entries) = person
            .read(move |tx, caller| {
                let chain = log(tx, caller)?;
                query.end()?;
                let before = paging.after(&app.data_keys, caller)?;
                let entries = tx.audit_entries(chain, filter, before, paging.rows())?;
                Ok((caller.clone(), paging, entries))
            })
            .await?;
        let (entries, page) = paging.cut(&person.app().data_keys, &caller, entries, |entry| entry.position);
        return paging.answer(&EventPage { data: entries.iter().map(EventView::from).collect(), page });
    }
    let (app, first_log) = (person.app(), log.clone());
    let first = person
        .read(move |tx, caller| {
            let chain = first_log(tx, caller)?;
            query.end()?;
            let before = paging.after(&app.data_keys, caller)?;
            Ok(tx.audit_entries(chain, filter, before, export::PAGE)?)
        })
        .await?;
    Ok(export::stream(format, first, async move |before| {
        let log = log.clone();
        let next = person.read(move |tx, caller| {
            let chain = log(tx, caller)?;
            Ok::<Vec<Entry>, Problem>(tx.audit_entries(chain, filter, Some(before), export::PAGE)?)
        });
        next.await
    }))
}

/// The filter as a query, for cursors and links.
fn text(filter: AuditFilter) -> String {
    let parameters = [
        ("act", filter.act.map(|act| act.code().to_owned())),
        ("actor", filter.actor.map(|id| id.to_string())),
        ("from", filter.from.map(domain::audit::written)),
        ("to", filter.to.map(domain::audit::written)),
    ];
    let given = parameters.into_iter().filter_map(|(name, value)| Some(format!("{name}={}", value?)));
    given.collect::<Vec<_>>().join("&")
}
