//! What became of lines.

use domain::{form::FormError, source::PushOutcome, text::Language};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    http::{
        bulk::{BulkRefusalView, ERRORS_TOLD},
        problem::Problem,
        schema::{self, Choice, PushOutcomeChoice},
    },
    procedure::own::error::FormErrorView,
};

/// What became of a line.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SourceRecordResult)]
#[serde(rename_all = "camelCase")]
pub struct SourceRecordResult {
    /// Its number, from 1; blank lines count, and are not answered.
    #[schema(minimum = 1, maximum = 10_000, format = Int32, example = 1)]
    line: usize,
    /// The record's key, where the line could be read.
    #[schema(value_type = Option<schema::RecordKey>, nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    /// What became of it; absent if it was refused.
    #[schema(nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<PushOutcomeChoice>,
    /// The record's id here, if it was not refused.
    #[schema(nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<Uuid>,
    /// Why it was refused.
    #[schema(nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<Box<BulkRefusalView>>,
    /// What is wrong with its content by the form of the source: the first five errors.
    #[schema(max_items = 5)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    content_errors: Vec<FormErrorView>,
}

/// What became of all lines.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SourceRecordResults)]
pub struct SourceRecordResults {
    /// One for each line that is not blank, in their order.
    #[schema(max_items = 10_000)]
    pub results: Vec<SourceRecordResult>,
}

impl SourceRecordResult {
    fn of(line: usize) -> Self {
        Self { line, key: None, outcome: None, id: None, refusal: None, content_errors: vec![] }
    }

    /// A line whose record is kept as it says.
    pub fn done(line: usize, key: String, outcome: PushOutcome, id: Uuid) -> Self {
        Self { key: Some(key), outcome: Some(Choice(outcome)), id: Some(id), ..Self::of(line) }
    }

    /// A line that is refused.
    pub fn refused(line: usize, key: Option<String>, mut problem: Problem, language: Language) -> Self {
        problem.errors.truncate(ERRORS_TOLD);
        Self { key, refusal: Some(Box::new(BulkRefusalView::new(&problem, language))), ..Self::of(line) }
    }

    /// With what is wrong with its content.
    #[must_use]
    pub fn with_content_errors(self, errors: Vec<FormError>, language: Language) -> Self {
        let told = errors.into_iter().take(ERRORS_TOLD).map(|error| FormErrorView::new(error, language));
        Self { content_errors: told.collect(), ..self }
    }
}
