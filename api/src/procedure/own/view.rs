//! Procedures as their space sees them.

use chrono::{DateTime, Utc};
use domain::{
    Refusal,
    catalogue::LocalText,
    form::Prefilling,
    procedure::{AttachmentCode, Procedure, ProcedureType, Submission},
    text::Language,
};
use persistence::{KeptSignature, ProcedureStep, StepActor};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

use super::error::FormErrorView;
use crate::{
    http::{
        page::{PageView, page},
        schema::{
            self, AssuranceChoice, AttachmentFlawChoice, Choice, ProcedureActChoice, ProcedureOutcomeChoice,
            ProcedureStateChoice, ProductKindChoice,
        },
    },
    procedure::attachment::{Attachment, AttachmentView},
};

/// Of which type a procedure is, for good.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TypeOfProcedure)]
pub struct TypeOfProcedureView {
    /// Its code.
    #[schema(example = "aed.vat-registration")]
    code: String,
    /// Its version when the procedure was begun.
    #[schema(minimum = 1, example = 1)]
    version: u32,
    /// What it is called, in the caller's language, or in French.
    #[schema(example = "Immatriculation à la TVA")]
    title: String,
}

impl TypeOfProcedureView {
    /// The type of a procedure, which is called so.
    pub fn new(procedure: &Procedure, titles: &LocalText, language: Language) -> Self {
        Self {
            code: procedure.kind.to_string(),
            version: procedure.kind_version,
            title: titles.in_language(language).to_owned(),
        }
    }
}

/// A field that was filled in by itself, and is as it was.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Prefilling)]
pub struct PrefillingView {
    /// JSON Pointer into the content.
    #[schema(example = "/legalName")]
    pointer: String,
    /// Where it came from: a pointer into the company profile, or the space.
    #[schema(example = "/companyProfile/legalName")]
    source: String,
}

impl From<&Prefilling> for PrefillingView {
    fn from(field: &Prefilling) -> Self {
        Self { pointer: field.pointer.clone(), source: field.source.clone() }
    }
}

/// That somebody signed a procedure.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProcedureSignature)]
#[serde(rename_all = "camelCase")]
pub struct SignatureView {
    /// The given name of who signed.
    #[schema(example = "Anna")]
    given_name: String,
    /// His family name.
    #[schema(example = "Schmit")]
    family_name: String,
    /// With which kind of product he had logged in.
    product_kind: ProductKindChoice,
    /// How sure the identity provider was of him.
    assurance: AssuranceChoice,
    /// When he had proved who he is.
    authenticated_at: DateTime<Utc>,
    /// When he signed.
    signed_at: DateTime<Utc>,
}

impl From<&KeptSignature> for SignatureView {
    fn from(KeptSignature { signature, person, product }: &KeptSignature) -> Self {
        Self {
            given_name: person.given_name.to_string(),
            family_name: person.family_name.to_string(),
            product_kind: Choice(*product),
            assurance: Choice(signature.assurance),
            authenticated_at: signature.authenticated_at,
            signed_at: signature.at,
        }
    }
}

/// A procedure.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Procedure)]
#[serde(rename_all = "camelCase")]
pub struct ProcedureView {
    /// Its id.
    id: Uuid,
    /// Whose it is.
    space_id: Uuid,
    /// Its type.
    r#type: TypeOfProcedureView,
    /// Where it stands.
    state: ProcedureStateChoice,
    /// The member who looks after it, if one does.
    #[schema(nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    assignee_id: Option<Uuid>,
    /// When it was begun.
    created_at: DateTime<Utc>,
    /// When it was last changed.
    updated_at: DateTime<Utc>,
    /// Since when it is in the bin.
    #[schema(nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    binned_at: Option<DateTime<Utc>>,
    /// When it leaves the bin for good.
    #[schema(nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    purge_at: Option<DateTime<Utc>>,
    /// What it is called since it was sent.
    #[schema(nullable = false, value_type = Option<schema::ReferenceNumber>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    /// When it was sent.
    #[schema(nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    sent_at: Option<DateTime<Utc>>,
    /// What came of it, once it is closed.
    #[schema(nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<ProcedureOutcomeChoice>,
    /// What the administration says of that. Lists leave it out.
    #[schema(nullable = false, value_type = Option<schema::ExplanationText>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    explanation: Option<String>,
    /// The SHA-256 of what it says, which is signed and sent: of its id, its type, the space's identifier, what is filled in
    /// and what is attached, written canonically (RFC 8785). Lists leave it out.
    #[schema(nullable = false, value_type = Option<schema::ContentDigest>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    /// Who signed it as it is. Lists leave it out.
    #[schema(nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    signatures: Option<Vec<SignatureView>>,
    /// What is filled in. Lists leave it out.
    #[schema(nullable = false, value_type = Option<Object>, additional_properties, example = json!({ "legalName": "Boulangerie du Coin S.à r.l." }))]
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<Map<String, Value>>,
    /// What of it was filled in by itself, and nobody changed. Lists leave it out.
    #[schema(nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    prefilled: Option<Vec<PrefillingView>>,
    /// What is attached, oldest first. Lists leave it out.
    #[schema(nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    attachments: Option<Vec<AttachmentView>>,
    #[serde(skip)]
    language: Language,
}

impl ProcedureView {
    /// In which language the title of its type is.
    pub fn language(&self) -> Language {
        self.language
    }
    /// A procedure in a list.
    pub fn in_brief(procedure: &Procedure, kind: &ProcedureType, language: Language) -> Self {
        Self::new(procedure, &kind.titles, language)
    }
    /// A procedure with what is filled in and attached, and who signed it.
    ///
    /// # Errors
    /// Those of [`Submission::digest`].
    pub fn whole(
        (of, attachments): (&Submission<'_>, &[Attachment]),
        signatures: &[KeptSignature],
        language: Language,
    ) -> Result<Self, Refusal> {
        let sent = of.procedure.sending.as_ref().map(|sending| sending.digest);
        Ok(Self {
            digest: Some(sent.map_or_else(|| of.digest(), Ok)?.to_string()),
            signatures: Some(signatures.iter().map(Into::into).collect()),
            content: Some(of.content.fields().clone()),
            prefilled: Some(of.content.prefilled().iter().map(Into::into).collect()),
            attachments: Some(attachments.iter().map(Into::into).collect()),
            ..Self::new(of.procedure, &of.kind.kind.titles, language)
        })
    }

    /// It with what the administration says of the outcome.
    #[must_use]
    pub fn explained(self, explanation: Option<String>) -> Self {
        Self { explanation, ..self }
    }

    fn new(procedure: &Procedure, titles: &LocalText, language: Language) -> Self {
        let sending = procedure.sending.as_ref();
        Self {
            id: procedure.id.0,
            space_id: procedure.space.0,
            r#type: TypeOfProcedureView::new(procedure, titles, language),
            state: Choice(procedure.state),
            assignee_id: procedure.assignee.map(|id| id.0),
            created_at: procedure.created_at,
            updated_at: procedure.updated_at,
            binned_at: procedure.binned_at,
            purge_at: procedure.purge_at(),
            reference: sending.map(|sending| sending.reference.as_str().to_owned()),
            sent_at: sending.map(|sending| sending.at),
            outcome: procedure.outcome.map(Choice),
            explanation: None,
            digest: None,
            signatures: None,
            content: None,
            prefilled: None,
            attachments: None,
            language: titles.spoken(language),
        }
    }
}

/// A list of procedures.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProcedurePage)]
pub struct ProcedurePage {
    /// The procedures, oldest first.
    data: Vec<ProcedureView>,
    /// Where the list goes on.
    page: PageView,
}
page!(ProcedurePage of ProcedureView by id: Uuid);

/// What is wrong with the attachments of a slot.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AttachmentError)]
#[serde(rename_all = "camelCase")]
pub struct AttachmentErrorView {
    /// Which.
    #[schema(value_type = schema::AttachmentCode)]
    slot: String,
    /// What is wrong.
    code: AttachmentFlawChoice,
}

/// Whether what is filled in and attached can be signed and sent as it is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProcedureCheck)]
#[serde(rename_all = "camelCase")]
pub struct CheckView {
    /// Whether nothing is wrong with it.
    is_valid: bool,
    /// All that is, in the order of the places.
    errors: Vec<FormErrorView>,
    /// What is wrong with what is attached, slot by slot.
    attachments: Vec<AttachmentErrorView>,
}

impl CheckView {
    /// What a check finds.
    pub fn new(of: &Submission<'_>, language: Language) -> Self {
        let errors = of.kind.form.check(&of.content.whole());
        let errors: Vec<_> = errors.into_iter().map(|error| FormErrorView::new(error, language)).collect();
        let flaws = of.kind.kind.flaws(of.attachments).into_iter();
        let flaw =
            |(slot, flaw): (&AttachmentCode, _)| AttachmentErrorView { slot: slot.to_string(), code: Choice(flaw) };
        let attachments: Vec<_> = flaws.map(flaw).collect();
        Self { is_valid: errors.is_empty() && attachments.is_empty(), errors, attachments }
    }
}

/// Something that was done to a procedure.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProcedureStep)]
#[serde(rename_all = "camelCase")]
pub struct StepView {
    /// The version that it made.
    #[schema(minimum = 1, example = 1)]
    version: u32,
    /// What was done; edits by one person within an hour, with nothing between, are one step.
    act: ProcedureActChoice,
    /// When; of several edits, when the first was.
    at: DateTime<Utc>,
    /// Who did it.
    by: StepBy,
    /// The given name of the person who did it.
    #[schema(nullable = false, example = "Anna")]
    #[serde(skip_serializing_if = "Option::is_none")]
    given_name: Option<String>,
    /// His family name.
    #[schema(nullable = false, example = "Schmit")]
    #[serde(skip_serializing_if = "Option::is_none")]
    family_name: Option<String>,
}

/// Who does something to a procedure.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[schema(as = ProcedureStepBy)]
#[serde(rename_all = "snake_case")]
pub enum StepBy {
    /// Somebody of the space.
    Person,
    /// The administration.
    Administration,
    /// The portal, by a rule of its own.
    Portal,
}

impl From<ProcedureStep> for StepView {
    fn from(step: ProcedureStep) -> Self {
        let (by, person) = match step.actor {
            StepActor::Person(person) => (StepBy::Person, Some(person)),
            StepActor::Administration => (StepBy::Administration, None),
            StepActor::Portal => (StepBy::Portal, None),
        };
        Self {
            version: step.version,
            act: Choice(step.act),
            at: step.at,
            by,
            given_name: person.as_ref().map(|person| person.given_name.to_string()),
            family_name: person.as_ref().map(|person| person.family_name.to_string()),
        }
    }
}

/// What was done to a procedure.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProcedureTimelinePage)]
pub struct TimelinePage {
    /// The steps, in their order.
    data: Vec<StepView>,
    /// Where the list goes on.
    page: PageView,
}
page!(TimelinePage of StepView by version: u32);
