//! Procedures as the administrations see them to whom they were sent.

use chrono::{DateTime, Utc};
use domain::{
    Refusal,
    procedure::{Procedure, ProcedureType, Submission},
    space::{Space, SpaceIdentifier},
    text::{Language, Title},
};
use persistence::KeptSignature;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    http::{
        page::{PageView, page},
        schema::{self, Choice, ProcedureOutcomeChoice, ProcedureStateChoice},
    },
    procedure::{
        attachment::{Attachment, AttachmentView},
        own::view::{SignatureView, TypeOfProcedureView},
    },
};

/// A procedure that was sent to the administration.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PartnerProcedure)]
#[serde(rename_all = "camelCase")]
pub struct PartnerProcedureView {
    /// Its id.
    id: Uuid,
    /// What it is called.
    #[schema(value_type = schema::ReferenceNumber)]
    reference: String,
    /// Its type.
    r#type: TypeOfProcedureView,
    /// Where it stands.
    state: ProcedureStateChoice,
    /// The identifier of the space that sent it.
    #[schema(value_type = schema::Identifier)]
    space_identifier: String,
    /// What the members of the space call it, unless it is a private one. Lists leave it out.
    #[schema(nullable = false, value_type = Option<schema::Title>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    space_title: Option<String>,
    /// When it was sent.
    sent_at: DateTime<Utc>,
    /// When it was last changed.
    updated_at: DateTime<Utc>,
    /// What came of it, once it is closed.
    #[schema(nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<ProcedureOutcomeChoice>,
    /// What the administration said of that. Lists leave it out.
    #[schema(nullable = false, value_type = Option<schema::ExplanationText>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    explanation: Option<String>,
    /// The SHA-256 of what was sent.
    #[schema(value_type = schema::ContentDigest)]
    digest: String,
    /// Whether what is kept still has that digest. Lists leave it out.
    #[schema(nullable = false, example = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    is_as_sent: Option<bool>,
    /// Who signed it. Lists leave it out.
    #[schema(nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    signatures: Option<Vec<SignatureView>>,
    /// What is filled in. Lists leave it out.
    #[schema(nullable = false, value_type = Option<Object>, additional_properties, example = json!({ "legalName": "Boulangerie du Coin S.à r.l." }))]
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<Map<String, Value>>,
    /// What is attached, oldest first. Lists leave it out.
    #[schema(nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    attachments: Option<Vec<AttachmentView>>,
    #[serde(skip)]
    language: Language,
}

impl PartnerProcedureView {
    /// In which language the title of its type is.
    pub fn language(&self) -> Language {
        self.language
    }

    /// A procedure in a list.
    pub fn in_brief(procedure: &Procedure, kind: &ProcedureType, space: &SpaceIdentifier, language: Language) -> Self {
        let sending = procedure.sending.as_ref();
        Self {
            id: procedure.id.0,
            reference: sending.map(|sending| sending.reference.as_str().to_owned()).unwrap_or_default(),
            r#type: TypeOfProcedureView::new(procedure, &kind.titles, language),
            state: Choice(procedure.state),
            space_identifier: space.to_string(),
            space_title: None,
            sent_at: sending.map_or(procedure.updated_at, |sending| sending.at),
            updated_at: procedure.updated_at,
            outcome: procedure.outcome.map(Choice),
            explanation: None,
            digest: sending.map(|sending| sending.digest.to_string()).unwrap_or_default(),
            is_as_sent: None,
            signatures: None,
            content: None,
            attachments: None,
            language: kind.titles.spoken(language),
        }
    }

    /// A procedure with what was sent.
    ///
    /// # Errors
    /// Those of [`Submission::digest`].
    pub fn whole(
        (of, attachments): (&Submission<'_>, &[Attachment]),
        space: &Space,
        signatures: &[KeptSignature],
        language: Language,
    ) -> Result<Self, Refusal> {
        let digest = of.digest()?;
        Ok(Self {
            space_title: space.title.as_ref().map(Title::to_string),
            is_as_sent: Some(of.procedure.sending.as_ref().is_some_and(|sending| sending.digest == digest)),
            signatures: Some(signatures.iter().map(Into::into).collect()),
            content: Some(of.content.fields().clone()),
            attachments: Some(attachments.iter().map(Into::into).collect()),
            ..Self::in_brief(of.procedure, &of.kind.kind, &space.identifier, language)
        })
    }

    /// It with what the administration said of the outcome.
    #[must_use]
    pub fn explained(self, explanation: Option<String>) -> Self {
        Self { explanation, ..self }
    }
}

/// A list of procedures that were sent to the administration.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PartnerProcedurePage)]
pub struct PartnerProcedurePage {
    /// The procedures, oldest first.
    data: Vec<PartnerProcedureView>,
    /// Where the list goes on.
    page: PageView,
}
page!(PartnerProcedurePage of PartnerProcedureView by id: Uuid);
