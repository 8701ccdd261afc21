//! `/v1/me/sessions`: where the person is logged in, and how he logs out.

use actix_web::{HttpResponse, delete, get, web::Path};
use chrono::{DateTime, Utc};
use domain::{
    Refusal,
    audit::{Actor, AuditAct, Chain, Event},
    id::SessionId,
    identity::{Product, Session, SessionEnd},
};
use persistence::Transaction;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::{
    answer::{self, Answer},
    caller::Person,
    page::PageView,
    path::PathId,
    problem::Problem,
    schema::{AssuranceChoice, Choice, ProductKindChoice},
};

/// A session of the caller.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Session)]
#[serde(rename_all = "camelCase")]
pub struct SessionView {
    /// Its id.
    id: Uuid,
    /// The kind of the product that it began with.
    product_kind: ProductKindChoice,
    /// The last four digits of that product's serial number.
    #[schema(example = "****************0001")]
    masked_serial: String,
    /// How strong the login was.
    assurance: AssuranceChoice,
    /// Whether it is the session that asks.
    is_current: bool,
    /// When it began.
    created_at: DateTime<Utc>,
    /// When it was last refreshed.
    refreshed_at: DateTime<Utc>,
    /// When it ends unless it is refreshed before.
    expires_at: DateTime<Utc>,
}

impl SessionView {
    fn new(session: &Session, product: &Product, current: SessionId) -> Self {
        Self {
            id: session.id.0,
            product_kind: Choice(product.kind),
            masked_serial: product.serial.masked(),
            assurance: Choice(session.assurance),
            is_current: session.id == current,
            created_at: session.created_at,
            refreshed_at: session.refreshed_at,
            expires_at: session.expires_at(),
        }
    }
}

/// A list of sessions.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionPage {
    /// The sessions, oldest first.
    data: Vec<SessionView>,
    /// All of them are on one page.
    page: PageView,
}

/// Lists where the caller is logged in.
#[utoipa::path(
    tag = "Person", operation_id = "listSessions", security(("person" = [])),
    responses((status = 200, description = "The live sessions.", body = SessionPage))
)]
#[get("/v1/me/sessions")]
pub async fn list(person: Person) -> Answer {
    let data = person
        .glance(|tx, caller| {
            caller.strong()?;
            let sessions = tx.live_sessions_of(caller.person)?;
            Ok(sessions.iter().map(|(session, product)| SessionView::new(session, product, caller.id)).collect())
        })
        .await?;
    answer::ok(&SessionPage { data, page: PageView::whole() })
}

/// Ends a session of the caller, this one or another: its tokens are refused from now on.
#[utoipa::path(
    tag = "Person", operation_id = "endSession", security(("person" = [])),
    params(("id" = Uuid, Path, description = "The session's id.", example = "019d6c3e-8c00-7000-8000-000000000000")),
    responses((status = 204, description = "It is ended."))
)]
#[delete("/v1/me/sessions/{id}")]
pub async fn end(person: Person, id: Path<PathId>) -> Answer {
    person
        .write(move |tx, caller| {
            let seen = tx.live_session(id.of())?.filter(|session| session.person == caller.person);
            let seen = seen.ok_or(Refusal::NotFound)?;
            caller.strong()?;
            sign_out(tx, seen.id, caller)
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Ends a session for its person, who acts in the session `by`; one that has ended stays as it is.
pub fn sign_out(tx: &mut Transaction<'_>, session: SessionId, by: &Session) -> Result<(), Problem> {
    match tx.lock_live_session(session)? {
        Some(mut session) => close(tx, &mut session, SessionEnd::SignedOut, by.into()),
        None => Ok(()),
    }
}

/// Ends a locked session, and records it.
pub fn close(tx: &mut Transaction<'_>, session: &mut Session, why: SessionEnd, by: Actor) -> Result<(), Problem> {
    session.ended = Some(why);
    tx.save_session(session)?;
    tx.record(Event::new(Chain::Person(session.person), AuditAct::SessionEnded, by, session.id).because(why));
    Ok(())
}
