//! Records as they are kept: nobody reads whom they are about, or what they say, without the data keys.

use domain::{
    certification::BusinessNumber,
    source::{KnownRecord, RecordContent},
};
use persistence::{KeptRecord, StoreError};
use serde_json::{Map, Value};

use crate::keys::DataKeys;

const SEALED_FOR: &str = "source-record";

/// What a record says, as it is kept.
pub fn seal(keys: &DataKeys, fields: &Map<String, Value>) -> String {
    keys.seal(SEALED_FOR, &serde_json::to_string(fields).unwrap_or_default())
}

/// Whom a record is about, and what it says.
///
/// # Errors
/// [`StoreError::Corrupt`] if the key that sealed it is missing, or it is no record.
pub fn open(keys: &DataKeys, kept: KeptRecord) -> Result<KnownRecord, StoreError> {
    let KeptRecord { record, sealed } = kept;
    let corrupt = || StoreError::Corrupt(format!("source_records {}: no data key opens it", record.id));
    let subject = keys.business_number(&record.subject).ok_or_else(corrupt)?;
    let content = sealed.map(|sealed| opened(keys, &sealed).ok_or_else(corrupt)).transpose()?;
    let content = content.map(|fields| RecordContent { subject: subject.clone(), as_of: record.as_of, fields });
    Ok(KnownRecord { record, subject, content })
}

fn opened(keys: &DataKeys, sealed: &str) -> Option<Map<String, Value>> {
    serde_json::from_str(&keys.open(SEALED_FOR, sealed)?).ok()
}

/// The number by which a person's own records are known: that of a company that is a person.
pub fn of_person(keys: &DataKeys, person: &domain::identity::Person) -> Result<BusinessNumber, StoreError> {
    let unopened = || StoreError::Corrupt(format!("persons {}: no data key opens its number", person.id));
    keys.national_number(&person.number).map(BusinessNumber::NaturalPerson).ok_or_else(unopened)
}
