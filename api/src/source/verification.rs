//! What spaces say of records, as it is kept and as both sides see it.

use chrono::{DateTime, Utc};
use domain::{
    source::{Discrepancy, Verification},
    text::{ExplanationText, ReasonText},
};
use persistence::{KeptVerification, StoreError};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    http::schema::{self, Choice, VerificationStatusChoice},
    keys::DataKeys,
};

const DISCREPANCIES: &str = "discrepancies";
const ANSWER: &str = "discrepancy-answer";

/// A field that is not right.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Discrepancy)]
pub struct DiscrepancyView {
    /// Which, as a JSON Pointer into the record's content.
    #[schema(example = "/balance", max_length = 300)]
    pointer: String,
    /// Why.
    #[schema(value_type = schema::ReasonText)]
    reason: String,
}

/// What is common to all that sees a verification.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct VerificationFacts {
    /// Its id.
    pub id: Uuid,
    /// The record's id.
    record_id: Uuid,
    /// Of which source that is.
    #[schema(value_type = schema::SourceCode)]
    source: String,
    /// The version of the record that was seen.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64, example = 1)]
    record_version: i64,
    /// How it stands.
    status: VerificationStatusChoice,
    /// What is not right; empty where the record was confirmed.
    #[schema(max_items = 50)]
    fields: Vec<DiscrepancyView>,
    /// When it was made.
    made_at: DateTime<Utc>,
    /// When the administration answered.
    #[schema(nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    answered_at: Option<DateTime<Utc>>,
    /// What it says to that.
    #[schema(value_type = Option<schema::ExplanationText>, nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    explanation: Option<String>,
}

impl VerificationFacts {
    /// A verification, opened.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] if the key that sealed it is missing, or it holds no such thing.
    pub fn new(keys: &DataKeys, kept: &KeptVerification) -> Result<Self, StoreError> {
        let Verification { id, record, source, seen, status, made_at, answered_at, .. } = &kept.verification;
        let corrupt = || StoreError::Corrupt(format!("source_verifications {id}: no data key opens it"));
        let open = |purpose, sealed: &Option<String>| {
            sealed.as_ref().map(|sealed| keys.open(purpose, sealed).ok_or_else(corrupt)).transpose()
        };
        let written = open(DISCREPANCIES, &kept.discrepancies)?;
        let written = written.map(|text| serde_json::from_str(&text).map_err(|_| corrupt())).transpose()?;
        let written: Vec<Written> = written.unwrap_or_default();
        Ok(Self {
            id: id.0,
            record_id: record.0,
            source: source.to_string(),
            record_version: seen.get(),
            status: Choice(*status),
            fields: written.into_iter().map(|Written(pointer, reason)| DiscrepancyView { pointer, reason }).collect(),
            made_at: *made_at,
            answered_at: *answered_at,
            explanation: open(ANSWER, &kept.answer)?,
        })
    }
}

/// A discrepancy as it is written down: its pointer and its reason.
#[derive(Serialize, Deserialize)]
struct Written(String, String);

/// What is not right, as it is kept; of a confirmation nothing is.
pub fn seal_discrepancies(keys: &DataKeys, found: &[Discrepancy]) -> Option<String> {
    let write = |Discrepancy { pointer, reason }: &Discrepancy| Written(pointer.clone(), reason.to_string());
    let written: Vec<Written> = found.iter().map(write).collect();
    (!written.is_empty()).then(|| keys.seal(DISCREPANCIES, &serde_json::to_string(&written).unwrap_or_default()))
}

/// What the administration says to it, as it is kept.
pub fn seal_answer(keys: &DataKeys, answer: &ExplanationText) -> String {
    keys.seal(ANSWER, answer.as_str())
}

/// What is asked of a field that is not right.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = DiscrepancyDocument)]
#[serde(deny_unknown_fields)]
pub struct DiscrepancyDocument {
    /// Which, as a JSON Pointer (RFC 6901) into the record's content; one that is missing, where it should be.
    #[schema(example = "/balance", max_length = 300)]
    pub pointer: String,
    /// Why it is not right.
    #[schema(value_type = schema::ReasonText)]
    pub reason: String,
}

impl DiscrepancyDocument {
    /// The discrepancy, or what is wrong with it at this place.
    pub fn check(self, at: &str, faults: &mut crate::http::body::Faults) -> Option<Discrepancy> {
        let max = Discrepancy::LONGEST_POINTER;
        let is_short = self.pointer.chars().count() <= max;
        let pointer = is_short.then_some(self.pointer).ok_or(domain::Fault::TooLong { max });
        let pointer = faults.take(&format!("{at}/pointer"), pointer);
        let reason = faults.take(&format!("{at}/reason"), ReasonText::parse(&self.reason));
        Some(Discrepancy { pointer: pointer?, reason: reason? })
    }
}
