//! What is filled in, as it is kept: nobody reads it without the data keys.

use domain::{form::Prefilling, procedure::Content};
use persistence::{KeptProcedure, StoreError};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::keys::DataKeys;

const SEALED_FOR: &str = "procedure-content";

/// A content as it is written down.
#[derive(Serialize, Deserialize)]
struct Written {
    fields: Map<String, Value>,
    prefilled: Vec<(String, String)>,
}

/// A content as it is kept.
pub fn seal(keys: &DataKeys, content: &Content) -> String {
    let prefilled = content.prefilled().iter().map(|field| (field.pointer.clone(), field.source.clone())).collect();
    let written = Written { fields: content.fields().clone(), prefilled };
    keys.seal(SEALED_FOR, &serde_json::to_string(&written).unwrap_or_default())
}

/// What is filled in.
///
/// # Errors
/// [`StoreError::Corrupt`] if the key that sealed it is missing, or it is no content.
pub fn open(keys: &DataKeys, kept: &KeptProcedure) -> Result<Content, StoreError> {
    let corrupt = |what: &str| StoreError::Corrupt(format!("procedures {}: {what}", kept.procedure.id));
    let text = keys.open(SEALED_FOR, &kept.sealed).ok_or_else(|| corrupt("no data key opens it"))?;
    let written: Written = serde_json::from_str(&text).map_err(|_| corrupt("it is no content"))?;
    let prefilled = written.prefilled.into_iter().map(|(pointer, source)| Prefilling { pointer, source }).collect();
    Content::new(written.fields, prefilled).map_err(|_| corrupt("its content is out of bounds"))
}
