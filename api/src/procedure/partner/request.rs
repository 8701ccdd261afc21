//! What administrations say of procedures.

use domain::{procedure::ProcedureOutcome, text::ExplanationText};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::http::{
    body::{Faults, Request},
    schema::{self, ProcedureOutcomeChoice, present},
};

/// What came of a procedure.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "outcome": "granted", "explanation": "Le numéro de TVA vous est envoyé par courrier." }))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CloseProcedureRequest {
    /// What came of it.
    outcome: ProcedureOutcomeChoice,
    /// Why, or what comes next; the space reads it.
    #[schema(value_type = Option<schema::ExplanationText>, nullable = false)]
    #[serde(default, deserialize_with = "present")]
    explanation: Option<String>,
}

impl Request for CloseProcedureRequest {
    type Value = (ProcedureOutcome, Option<ExplanationText>);
    fn check(self, faults: &mut Faults) -> Option<Self::Value> {
        let explanation = faults.take_text("/explanation", self.explanation, ExplanationText::parse)?;
        Some((self.outcome.0, explanation))
    }
}
