//! `/v1/verify/{code}`: anybody who has a transmission slip finds out what was sent, when and to whom; nothing of who sent it.

use actix_web::{
    HttpRequest, get,
    web::{Data, Path},
};
use chrono::{DateTime, Utc};
use domain::{
    Refusal,
    procedure::{ContentDigest, VerificationCode},
};
use persistence::StoreError;
use serde::Serialize;
use utoipa::ToSchema;

use super::own::{sealed::Opened, view::TypeOfProcedureView};
use crate::{
    app::App,
    catalogue::view::TitledView,
    http::{
        answer::{self, Answer},
        language::{self, Speaker},
        problem::Problem,
        query::Query,
        schema,
    },
};

/// That something was sent.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProofOfSending)]
#[serde(rename_all = "camelCase")]
pub struct ProofView {
    /// What the procedure is called.
    #[schema(value_type = schema::ReferenceNumber)]
    reference: String,
    /// When it was sent.
    sent_at: DateTime<Utc>,
    /// To whom.
    administration: TitledView,
    /// What it is.
    r#type: TypeOfProcedureView,
    /// The SHA-256 of what was sent.
    #[schema(value_type = schema::ContentDigest)]
    digest: String,
    /// Whether what is kept still has it.
    #[schema(example = true)]
    is_as_sent: bool,
    /// Whether it is the digest that was asked about, if one was.
    #[schema(nullable = false, example = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    is_as_asked: Option<bool>,
}

/// Tells what was sent, when and to whom, and whether it is as it was sent.
#[utoipa::path(
    tag = "Procedures", operation_id = "verifySending",
    params(
        ("code" = schema::VerificationCode, Path, description = "The code of a transmission slip.", example = "0f8e7d6c5b4a39281706f5e4d3c2b1a0"),
        ("digest" = Option<schema::ContentDigest>, Query, description = "A digest to compare with the one of what was sent.",
            example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"),
    ),
    responses(
        (status = 200, description = "It was sent.", body = ProofView,
            headers(("Content-Language" = String, description = "The language of the texts."))),
        (status = 404, description = "No slip has this code."),
    )
)]
#[get("/v1/verify/{code}")]
pub async fn verify(app: Data<App>, request: HttpRequest, code: Path<String>) -> Answer {
    let language = language::preferred(request.headers());
    let mut query = Query::of(&request);
    let asked = query.value("digest", ContentDigest::parse);
    query.end()?;
    let code = VerificationCode::parse(&code).map_err(|_| Refusal::NotFound)?;
    let keys = app.clone();
    let (view, languages) = app
        .store
        .read(move |tx| {
            let kept = tx.procedure_verified_by(&code)?.ok_or(Refusal::NotFound)?;
            let (procedure, kind) = (&kept.procedure, &kept.kind.kind);
            let gone = |what: &str| StoreError::Corrupt(format!("procedures {}: its {what} is gone", procedure.id));
            let sending = procedure.require_sent()?;
            let space = tx.any_space(procedure.space)?.ok_or_else(|| gone("space"))?;
            let administration = tx.administration(&kind.administration)?.ok_or_else(|| gone("administration"))?;
            let opened = Opened::of(tx, &keys.data_keys, &kept)?;
            let digest = opened.submission(&space.identifier, &kept).digest()?;
            let mut speaker = Speaker::new(language);
            speaker.say(&kind.titles);
            let view = ProofView {
                reference: sending.reference.as_str().to_owned(),
                sent_at: sending.at,
                administration: TitledView::new(administration.code.as_str(), &administration.titles, &mut speaker),
                r#type: TypeOfProcedureView::new(procedure, &kind.titles, language),
                digest: sending.digest.to_string(),
                is_as_sent: digest == sending.digest,
                is_as_asked: asked.map(|asked| asked == sending.digest),
            };
            Ok::<_, Problem>((view, speaker.spoken()))
        })
        .await?;
    Ok(language::spoken(answer::ok(&view)?, languages))
}
