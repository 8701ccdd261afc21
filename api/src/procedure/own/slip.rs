//! `/v1/spaces/{id}/procedures/{procedureId}/transmission-slip`: what proves to a space that it sent a procedure.

use actix_web::{HttpRequest, get, web::Path};
use chrono::{DateTime, Utc};
use domain::{Refusal, collaboration::Permission, procedure::Sending, space::Space, text::Title};
use persistence::{KeptSignature, StoreError};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    member,
    view::{SignatureView, TypeOfProcedureView},
};
use crate::{
    catalogue::view::TitledView,
    http::{
        answer::{self, Answer},
        caller::Person,
        language::{self, Speaker},
        path::PathId,
        schema,
    },
};

/// What proves that a procedure was sent.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TransmissionSlip)]
#[serde(rename_all = "camelCase")]
pub struct SlipView {
    /// What the procedure is called.
    #[schema(value_type = schema::ReferenceNumber)]
    reference: String,
    /// When it was sent.
    sent_at: DateTime<Utc>,
    /// To whom.
    administration: TitledView,
    /// Its type.
    r#type: TypeOfProcedureView,
    /// The identifier of the space that sent it.
    #[schema(value_type = schema::Identifier)]
    space_identifier: String,
    /// What its members call it, unless it is a private one.
    #[schema(nullable = false, value_type = Option<schema::Title>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    space_title: Option<String>,
    /// The SHA-256 of what was sent.
    #[schema(value_type = schema::ContentDigest)]
    digest: String,
    /// Who signed it.
    signatures: Vec<SignatureView>,
    /// By which anybody who has the slip can verify it.
    #[schema(value_type = schema::VerificationCode)]
    verification_code: String,
    /// The address at which he can.
    #[schema(example = "https://espace-pro.example.lu/v1/verify/0f8e7d6c5b4a39281706f5e4d3c2b1a0")]
    verify_at: String,
}

impl SlipView {
    fn new(
        sending: &Sending,
        space: &Space,
        signatures: &[KeptSignature],
        (administration, r#type): (TitledView, TypeOfProcedureView),
        portal: &str,
    ) -> Self {
        Self {
            reference: sending.reference.as_str().to_owned(),
            sent_at: sending.at,
            administration,
            r#type,
            space_identifier: space.identifier.to_string(),
            space_title: space.title.as_ref().map(Title::to_string),
            digest: sending.digest.to_string(),
            signatures: signatures.iter().map(Into::into).collect(),
            verification_code: sending.verification.to_string(),
            verify_at: format!("{portal}/v1/verify/{}", sending.verification),
        }
    }
}

/// Shows the transmission slip of a procedure that was sent.
#[utoipa::path(
    tag = "Procedures", operation_id = "getTransmissionSlip", security(("person" = [])),
    params(
        ("id" = Uuid, Path, description = "The space's id.", example = "019d6c3e-8c00-7000-8000-000000000000"),
        ("procedureId" = Uuid, Path, description = "The procedure's id.", example = "019d6c3e-8c00-7000-8000-000000000001"),
    ),
    responses(
        (status = 200, description = "The slip.", body = SlipView,
            headers(("Content-Language" = String, description = "The language of the texts."))),
        (status = 409, description = "`procedure_state` with `procedureState`, `space_closed`"),
    )
)]
#[get("/v1/spaces/{id}/procedures/{procedureId}/transmission-slip")]
pub async fn get(request: HttpRequest, person: Person, path: Path<(PathId, PathId)>) -> Answer {
    let language = language::preferred(request.headers());
    let (id, procedure) = path.into_inner();
    let app = person.app();
    let (view, languages) = person
        .read(move |tx, caller| {
            let (space, _) = member(tx, caller, id.of(), Permission::View)?;
            let kept = tx.procedure_of(procedure.of(), space.id)?.ok_or(Refusal::NotFound)?;
            caller.strong()?;
            Permission::View.require_state(&space, tx.now())?;
            let (procedure, kind) = (&kept.procedure, &kept.kind.kind);
            let sending = procedure.require_sent()?;
            let gone = || StoreError::Corrupt(format!("procedures {}: its administration is gone", procedure.id));
            let administration = tx.administration(&kind.administration)?.ok_or_else(gone)?;
            let signatures = tx.signatures_of(procedure.id)?;
            let mut speaker = Speaker::new(language);
            let r#type = TypeOfProcedureView::new(procedure, &kind.titles, language);
            speaker.say(&kind.titles);
            let titled = TitledView::new(administration.code.as_str(), &administration.titles, &mut speaker);
            let portal = &app.config.public_url;
            let view = SlipView::new(sending, &space, &signatures, (titled, r#type), portal);
            Ok((view, speaker.spoken()))
        })
        .await?;
    Ok(language::spoken(answer::ok(&view)?, languages))
}
