//! The folder in which development drops its mails.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use chrono::{DateTime, Utc};
use domain::Instant;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::Written;

/// A mail in the drop.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = DroppedMail)]
#[serde(rename_all = "camelCase")]
pub struct DroppedMail {
    /// The mail's id.
    id: String,
    /// To whom it went.
    to: String,
    /// Its subject.
    subject: String,
    /// Its text.
    text: String,
    /// The code that it holds, if it holds one.
    #[schema(nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    /// When it went out.
    sent_at: DateTime<Utc>,
}

/// The folder into which mails are dropped: one folder an address, one file a mail.
pub struct Drop(PathBuf);

impl Drop {
    /// A drop in a folder that need not exist.
    pub fn new(folder: PathBuf) -> Self {
        Self(folder)
    }

    /// Drops a mail; the same message again is the same file again.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn deliver(&self, id: Uuid, mail: Written, now: Instant) -> io::Result<()> {
        let folder = self.folder_of(&mail.to);
        let Written { to, subject, text, code } = mail;
        let mail = DroppedMail { id: id.to_string(), to, subject, text, code, sent_at: now };
        fs::create_dir_all(&folder)?;
        let draft = folder.join(format!("{id}.draft"));
        fs::write(&draft, serde_json::to_vec_pretty(&mail)?)?;
        fs::rename(draft, folder.join(format!("{id}.json")))
    }

    /// The mails to an address, newest first.
    ///
    /// # Errors
    /// The folder can't be read.
    pub fn mails_to(&self, address: &str) -> io::Result<Vec<DroppedMail>> {
        let mut files = match fs::read_dir(self.folder_of(address)) {
            Ok(entries) => entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => vec![],
            Err(error) => return Err(error),
        };
        files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
        // The names are ids, which grow with time.
        files.sort();
        files.iter().rev().map(|path| read(path)).collect()
    }

    fn folder_of(&self, address: &str) -> PathBuf {
        self.0.join(BASE64URL.encode(&Sha256::digest(address.to_ascii_lowercase())[..18]))
    }
}

fn read(path: &Path) -> io::Result<DroppedMail> {
    Ok(serde_json::from_slice(&fs::read(path)?)?)
}
