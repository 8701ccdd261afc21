//! Procedures in preparation as their space sees them.

use chrono::{DateTime, Utc};
use domain::{
    catalogue::LocalText,
    form::Prefilling,
    procedure::{Content, Procedure, ProcedureType},
    text::Language,
};
use persistence::ProcedureStep;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

use super::error::FormErrorView;
use crate::http::{
    page::{PageView, page},
    schema::{Choice, ProcedureActChoice, ProcedureStateChoice},
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
    /// What is filled in. Lists leave it out.
    #[schema(nullable = false, value_type = Option<Object>, additional_properties, example = json!({ "legalName": "Boulangerie du Coin S.à r.l." }))]
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<Map<String, Value>>,
    /// What of it was filled in by itself, and nobody changed. Lists leave it out.
    #[schema(nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    prefilled: Option<Vec<PrefillingView>>,
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
        Self::new(procedure, &kind.titles, None, language)
    }
    /// A procedure with what is filled in.
    pub fn whole(procedure: &Procedure, kind: &ProcedureType, content: &Content, language: Language) -> Self {
        Self::new(procedure, &kind.titles, Some(content), language)
    }

    fn new(procedure: &Procedure, titles: &LocalText, content: Option<&Content>, language: Language) -> Self {
        Self {
            id: procedure.id.0,
            space_id: procedure.space.0,
            r#type: TypeOfProcedureView {
                code: procedure.kind.to_string(),
                version: procedure.kind_version,
                title: titles.in_language(language).to_owned(),
            },
            state: Choice(procedure.state),
            assignee_id: procedure.assignee.map(|id| id.0),
            created_at: procedure.created_at,
            updated_at: procedure.updated_at,
            binned_at: procedure.binned_at,
            purge_at: procedure.purge_at(),
            content: content.map(|content| content.fields().clone()),
            prefilled: content.map(|content| content.prefilled().iter().map(Into::into).collect()),
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

/// Whether what is filled in can be signed and sent as it is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProcedureCheck)]
#[serde(rename_all = "camelCase")]
pub struct CheckView {
    /// Whether nothing is wrong with it.
    is_valid: bool,
    /// All that is, in the order of the places.
    errors: Vec<FormErrorView>,
}

impl CheckView {
    /// What a check found.
    pub fn new(errors: Vec<FormErrorView>) -> Self {
        Self { is_valid: errors.is_empty(), errors }
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
    /// The given name of who did it.
    #[schema(example = "Anna")]
    given_name: String,
    /// His family name.
    #[schema(example = "Schmit")]
    family_name: String,
}

impl From<ProcedureStep> for StepView {
    fn from(step: ProcedureStep) -> Self {
        Self {
            version: step.version,
            act: Choice(step.act),
            at: step.at,
            given_name: step.person.given_name.to_string(),
            family_name: step.person.family_name.to_string(),
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
