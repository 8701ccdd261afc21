//! Answers to many wishes in one request, each of which is told for itself.

use domain::text::Language;
use serde::Serialize;
use utoipa::ToSchema;

use super::{field::FieldErrorView, problem::Problem};

/// How many errors of one wish are told at most, where there are thousands of wishes.
pub const ERRORS_TOLD: usize = 5;

/// Why a row was refused: what the problem of a single one says.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BulkRefusal)]
pub struct BulkRefusalView {
    /// Stable code, never translated.
    #[schema(example = "invitation_pending")]
    code: &'static str,
    /// A few words, in the caller's language.
    #[schema(example = "Invitation en attente")]
    title: &'static str,
    /// A sentence or two, in the caller's language.
    detail: String,
    /// Which fields are wrong; a pointer begins at the row.
    errors: Vec<FieldErrorView>,
}

impl BulkRefusalView {
    /// A problem in a language.
    pub fn new(problem: &Problem, language: Language) -> Self {
        Self {
            code: problem.code.code(),
            title: problem.code.title().in_language(language),
            detail: problem.detail(language),
            errors: problem.errors.iter().map(|error| error.view(language)).collect(),
        }
    }
}
