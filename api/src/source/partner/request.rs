//! A line by which a record is sent or taken back.

use domain::{
    Fault,
    certification::BusinessNumber,
    procedure::Content,
    source::{Push, RecordContent, RecordKey, RecordVersion},
};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::http::{
    body::{Faults, Request, Whole},
    field::Flaw,
    query::parse_instant,
    schema::{self, present},
};

/// A version of a record, or, with `deleted`, that it is taken back.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({
    "key": "LU15027442", "version": 1, "nationalNumber": "19822200012", "asOf": "2026-11-23T22:00:00Z",
    "content": { "vatNumber": "LU15027442", "balance": -125_000, "currency": "EUR" },
}))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SourceRecordLine {
    /// By what the administration knows the record, within the source; it names nobody.
    #[schema(value_type = schema::RecordKey)]
    key: String,
    /// The version, which goes up: a count, or a moment in milliseconds, say.
    #[schema(value_type = i64, minimum = 1, maximum = 9_007_199_254_740_991_i64)]
    version: Whole,
    /// Whom it is about.
    #[schema(value_type = Option<schema::BusinessNumber>, nullable = false)]
    #[serde(default, deserialize_with = "present")]
    national_number: Option<String>,
    /// Of which moment the data is; not of one to come.
    #[schema(value_type = Option<schema::Moment>, nullable = false)]
    #[serde(default, deserialize_with = "present")]
    as_of: Option<String>,
    /// What it says, in the form of the source.
    #[schema(value_type = Option<Object>, additional_properties, nullable = false)]
    #[serde(default, deserialize_with = "present")]
    content: Option<Map<String, Value>>,
    /// Whether it is taken back: then there is nothing but its key and version.
    #[schema(nullable = false)]
    #[serde(default, deserialize_with = "present")]
    deleted: Option<bool>,
}

impl Request for SourceRecordLine {
    type Value = Push;

    fn check(self, faults: &mut Faults) -> Option<Push> {
        let key = faults.take("/key", RecordKey::parse(&self.key));
        let version = faults.take("/version", RecordVersion::new(self.version.0));
        let content = if self.deleted == Some(true) {
            let absent = |is_there: bool| if is_there { Err(Fault::NotApplicable) } else { Ok(()) };
            let number = faults.take("/nationalNumber", absent(self.national_number.is_some()));
            let as_of = faults.take("/asOf", absent(self.as_of.is_some()));
            let content = faults.take("/content", absent(self.content.is_some()));
            number.and(as_of).and(content).map(|()| None)
        } else {
            let number = faults.take("/nationalNumber", self.national_number.ok_or(Flaw::Missing));
            let number = number.and_then(|number| faults.take("/nationalNumber", BusinessNumber::parse(&number)));
            let as_of = faults.take("/asOf", self.as_of.ok_or(Flaw::Missing));
            let as_of = as_of.and_then(|as_of| faults.take("/asOf", parse_instant(&as_of).ok_or(Fault::Malformed)));
            let fields = faults.take("/content", self.content.ok_or(Flaw::Missing));
            let fields = fields.and_then(|fields| faults.take("/content", Content::new(fields, vec![])));
            let said = number.zip(as_of).zip(fields);
            said.map(|((subject, as_of), content)| {
                Some(RecordContent { subject, as_of, fields: content.fields().clone() })
            })
        };
        Some(Push { key: key?, version: version?, content: content? })
    }
}
