//! Terms of use: `/v1/terms` and their acceptance.

use actix_web::{HttpRequest, get, post, web::Data};
use chrono::{DateTime, Utc};
use domain::{
    Coded, Refusal,
    audit::{AuditAct, Chain, Event},
    identity::Terms,
    text::Language,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    app::App,
    http::{
        answer::{self, Answer, Prepared},
        body::{Body, Faults, Request},
        caller::Person,
        idempotency::Once,
        language,
        problem::Problem,
        schema::{self, Choice, LanguageChoice},
    },
};

/// Terms of use in force.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Terms)]
#[serde(rename_all = "camelCase")]
pub struct TermsView {
    /// What the version is called.
    #[schema(example = "2026-01")]
    version: String,
    /// Since when it is in force.
    published_at: DateTime<Utc>,
    /// The language of the text.
    language: LanguageChoice,
    /// The text.
    text: String,
}

/// Shows the terms of use in force, in the language asked for where there is such a text.
#[utoipa::path(
    tag = "Identity", operation_id = "getTerms",
    responses((status = 200, description = "The terms.", body = TermsView), (status = 404, description = "No terms are in force."))
)]
#[get("/v1/terms")]
pub async fn get(app: Data<App>, request: HttpRequest) -> Answer {
    let wanted = language::preferred(request.headers());
    let found = app
        .store
        .read(|tx| {
            let terms = tx.terms_in_force()?.ok_or(Refusal::NotFound)?;
            let texts = tx.terms_texts(&terms.version)?;
            Ok::<_, Problem>((terms, texts))
        })
        .await?;
    let (terms, texts) = found;
    let (language, text) = text_in(wanted, texts).ok_or(Refusal::NotFound)?;
    answer::ok(&TermsView {
        version: terms.version,
        published_at: terms.published_at,
        language: Choice(language),
        text,
    })
}

/// The text of a language among several, or the French one, or any.
fn text_in(language: Language, mut texts: Vec<(Language, String)>) -> Option<(Language, String)> {
    texts.sort_by_key(|(known, _)| (*known != language, *known != Language::Fr, known.code()));
    texts.into_iter().next()
}

/// An acceptance of the terms of use.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "version": "2026-01" }))]
#[serde(deny_unknown_fields)]
pub struct AcceptanceRequest {
    /// The version in force.
    #[schema(value_type = schema::TermsVersion)]
    version: String,
}

impl Request for AcceptanceRequest {
    type Value = String;
    fn check(self, faults: &mut Faults) -> Option<String> {
        faults.take("/version", Terms::parse_version(&self.version))
    }
}

/// Terms that a person accepted.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TermsAcceptance)]
#[serde(rename_all = "camelCase")]
pub struct AcceptanceView {
    /// The version.
    #[schema(example = "2026-01")]
    version: String,
    /// When; for a second acceptance of the same version, the first time.
    accepted_at: DateTime<Utc>,
}

/// Accepts the terms of use in force.
#[utoipa::path(
    tag = "Identity", operation_id = "acceptTerms", request_body = AcceptanceRequest, security(("person" = [])),
    responses(
        (status = 200, description = "They were accepted before.", body = AcceptanceView),
        (status = 201, description = "They are accepted.", body = AcceptanceView),
        (status = 404, description = "No terms are in force."),
        (status = 409, description = "`terms_outdated`, with `current`"),
    )
)]
#[post("/v1/me/terms-acceptances")]
pub async fn accept(request: HttpRequest, person: Person, body: Body<AcceptanceRequest>) -> Answer {
    let once = Once::of(&request, &body);
    person
        .write_once(once, move |tx, caller| {
            let version = body.open(caller.strong()?)?;
            tx.lock_person(caller.person)?;
            let terms = tx.terms_in_force()?.ok_or(Refusal::NotFound)?;
            terms.accept(&version)?;
            if let Some(accepted_at) = tx.terms_accepted_at(caller.person, &version)? {
                return Prepared::ok(&AcceptanceView { version, accepted_at });
            }
            let accepted_at = tx.accept_terms(caller.person, caller.product, &version)?;
            tx.record(Event::new(Chain::Person(caller.person), AuditAct::TermsAccepted, caller.actor(), &terms));
            Prepared::created(&AcceptanceView { version, accepted_at })
        })
        .await
}
