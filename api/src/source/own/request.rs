//! What is said of a record.

use domain::{
    Fault,
    source::{Discrepancy, Finding, FindingKind, RecordVersion},
};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    http::{
        body::{Faults, Object, Request, Whole},
        field::Flaw,
        schema::{FindingKindChoice, present},
    },
    source::verification::DiscrepancyDocument,
};

/// That a record is right, or where it is not.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "recordVersion": 1, "finding": "discrepancy", "fields": [{ "pointer": "/balance", "reason": "The payment of 5 January is missing" }] }))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VerifyRecordRequest {
    /// The record's `version`, as it was shown.
    #[schema(value_type = i64, minimum = 1, maximum = 9_007_199_254_740_991_i64)]
    record_version: Whole,
    /// What is found.
    finding: FindingKindChoice,
    /// What is not right, where that is found: at least one field, each once.
    #[schema(value_type = Option<Vec<DiscrepancyDocument>>, min_items = 1, max_items = 50, nullable = false)]
    #[serde(default, deserialize_with = "present")]
    fields: Option<Vec<Object<DiscrepancyDocument>>>,
}

impl Request for VerifyRecordRequest {
    type Value = Finding;

    fn check(self, faults: &mut Faults) -> Option<Finding> {
        let seen = faults.take("/recordVersion", RecordVersion::new(self.record_version.0));
        let discrepancies = match (self.finding.0, self.fields) {
            (FindingKind::Confirmed, None) => Some(vec![]),
            (FindingKind::Confirmed, Some(_)) => faults.take("/fields", Err(Fault::NotApplicable)),
            (FindingKind::Discrepancy, None) => faults.take("/fields", Err(Flaw::Missing)),
            (FindingKind::Discrepancy, Some(fields)) => discrepancies(fields, faults),
        };
        Some(Finding { seen: seen?, discrepancies: discrepancies? })
    }
}

fn discrepancies(fields: Vec<Object<DiscrepancyDocument>>, faults: &mut Faults) -> Option<Vec<Discrepancy>> {
    let counted = match fields.len() {
        0 => Err(Fault::Empty),
        many if many > Discrepancy::MOST => Err(Fault::TooMany { max: Discrepancy::MOST }),
        _ => Ok(()),
    };
    faults.take("/fields", counted)?;
    let mut found: Vec<Option<Discrepancy>> = vec![];
    for (place, Object(field)) in fields.into_iter().enumerate() {
        let at = format!("/fields/{place}");
        let field = field.check(&at, faults);
        let named = |known: &Option<Discrepancy>| {
            known.as_ref().zip(field.as_ref()).is_some_and(|(known, field)| known.pointer == field.pointer)
        };
        if found.iter().any(named) {
            faults.take::<(), _>(&format!("{at}/pointer"), Err(Flaw::Duplicate));
        }
        found.push(field);
    }
    found.into_iter().collect()
}
