//! What is filled in and what is said of the outcome, as they are kept: nobody reads them without the data keys.

use domain::{
    form::Prefilling,
    procedure::{AttachedFile, Content, Submission},
    space::SpaceIdentifier,
    text::ExplanationText,
};
use persistence::{KeptProcedure, Reading, StoreError};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    keys::DataKeys,
    procedure::attachment::{self, Attachment},
};

const SEALED_FOR: &str = "procedure-content";
const EXPLAINED: &str = "procedure-explanation";

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

/// All that a procedure says: what is filled in, and what is attached.
#[derive(Debug)]
pub struct Opened {
    /// What is filled in.
    pub content: Content,
    /// What is attached.
    pub attachments: Vec<Attachment>,
    files: Vec<AttachedFile>,
}

impl Opened {
    /// Opens a procedure.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] if a key that sealed it is missing, or its content is none.
    pub fn of(tx: &mut Reading<'_>, keys: &DataKeys, kept: &KeptProcedure) -> Result<Self, StoreError> {
        let attachments = attachment::attachments(tx, keys, kept.procedure.id)?;
        let files = attachments.iter().map(|attachment| attachment.file.clone()).collect();
        Ok(Self { content: open(keys, kept)?, attachments, files })
    }

    /// All that is signed and sent of it.
    pub fn submission<'a>(&'a self, space: &'a SpaceIdentifier, kept: &'a KeptProcedure) -> Submission<'a> {
        let Self { content, files, .. } = self;
        Submission { procedure: &kept.procedure, kind: &kept.kind, space, content, attachments: files }
    }
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

/// What an administration says of an outcome, as it is kept.
pub fn seal_explanation(keys: &DataKeys, explanation: &ExplanationText) -> String {
    keys.seal(EXPLAINED, explanation.as_str())
}

/// What the administration says of the outcome.
///
/// # Errors
/// [`StoreError::Corrupt`] if the key that sealed it is missing.
pub fn explanation(keys: &DataKeys, kept: &KeptProcedure) -> Result<Option<String>, StoreError> {
    let corrupt =
        || StoreError::Corrupt(format!("procedures {}: no data key opens its explanation", kept.procedure.id));
    let open = |sealed: &String| keys.open(EXPLAINED, sealed).ok_or_else(corrupt);
    kept.explanation.as_ref().map(open).transpose()
}
