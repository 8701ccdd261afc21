//! What is attached to procedures, as both sides see it.

use chrono::{DateTime, Utc};
use domain::{
    Instant, Refusal,
    id::{FileId, ProcedureId},
    procedure::AttachedFile,
    text::FileName,
};
use persistence::{KeptAttachment, Reading, StoreError};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    http::{
        download::Download,
        problem::Problem,
        schema::{self, Choice, MediaTypeChoice, ScanStateChoice},
    },
    keys::DataKeys,
};

/// For what names of files are sealed.
const SEALED_FOR: &str = "file-name";

/// A name as it is kept.
pub fn seal_name(keys: &DataKeys, name: &FileName) -> String {
    keys.seal(SEALED_FOR, name.as_str())
}

/// A file of a procedure, with its name opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// As it is kept.
    pub kept: KeptAttachment,
    /// As it is signed and sent.
    pub file: AttachedFile,
}

impl Attachment {
    /// Opens the name of a file.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] if the key that sealed it is missing.
    pub fn open(keys: &DataKeys, kept: KeptAttachment) -> Result<Self, StoreError> {
        let corrupt = || StoreError::Corrupt(format!("attachments {}: no data key opens its name", kept.file.id));
        let name = keys.open(SEALED_FOR, &kept.name_sealed).ok_or_else(corrupt)?;
        let name = FileName::parse(&name).map_err(|_| corrupt())?;
        let file = AttachedFile { slot: kept.slot.clone(), name, file: kept.file.file.clone() };
        Ok(Self { kept, file })
    }
}

/// What is attached to a procedure, oldest first.
///
/// # Errors
/// Those of [`Attachment::open`].
pub fn attachments(
    tx: &mut Reading<'_>,
    keys: &DataKeys,
    procedure: ProcedureId,
) -> Result<Vec<Attachment>, StoreError> {
    tx.attachments_of(procedure)?.into_iter().map(|kept| Attachment::open(keys, kept)).collect()
}

/// A file of a procedure, to be given out to somebody who may read the procedure.
///
/// # Errors
/// There is no such file.
pub fn download(
    tx: &mut Reading<'_>,
    keys: &DataKeys,
    (procedure, file): (ProcedureId, FileId),
) -> Result<Download, Problem> {
    let kept = tx.attachments_of(procedure)?.into_iter().find(|kept| kept.file.id == file);
    let Attachment { kept, file } = Attachment::open(keys, kept.ok_or(Refusal::NotFound)?)?;
    Ok(Download { kept: kept.file, name: file.name })
}

/// A file of a procedure.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Attachment)]
#[serde(rename_all = "camelCase")]
pub struct AttachmentView {
    /// Its id.
    id: Uuid,
    /// Where it is attached: the code of a slot of the procedure's type.
    #[schema(value_type = schema::AttachmentCode)]
    slot: String,
    /// What it is called.
    #[schema(value_type = schema::FileName)]
    name: String,
    /// What it is.
    media_type: MediaTypeChoice,
    /// How many bytes it has.
    #[schema(minimum = 1, maximum = 52_428_800, example = 48_213)]
    size: u64,
    /// The SHA-256 of its bytes.
    #[schema(value_type = schema::ContentDigest)]
    sha256: String,
    /// What a scanner for malware says of it. It is given out, and can be sent, where that is `clean`, or `not_scanned` because there is no
    /// scanner.
    scan: ScanStateChoice,
    /// When it was attached.
    attached_at: DateTime<Utc>,
}

impl From<&Attachment> for AttachmentView {
    fn from(Attachment { kept, file }: &Attachment) -> Self {
        Self::new(kept.file.id, file, kept.at)
    }
}

impl AttachmentView {
    /// A file that was attached then.
    pub fn new(id: FileId, file: &AttachedFile, attached_at: Instant) -> Self {
        Self {
            id: id.0,
            slot: file.slot.to_string(),
            name: file.name.as_str().to_owned(),
            media_type: Choice(file.file.media_type),
            size: file.file.size,
            sha256: file.file.digest.to_string(),
            scan: Choice(file.file.scan),
            attached_at,
        }
    }
}
