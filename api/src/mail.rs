//! Mails: what they say, how they wait in the outbox, and the folder in which development drops them.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use chrono::{DateTime, Utc};
use domain::{
    Coded, Instant,
    text::{EmailAddress, Language},
};
use persistence::Message;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{http::language::Text, keys::DataKeys};

/// What a mail is about.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "about", rename_all = "snake_case")]
pub enum Mail {
    /// The code that confirms an address.
    Confirmation {
        /// Six digits.
        code: String,
    },
    /// A further product can now log in as this person.
    ProductAdded {
        /// Its serial number, masked.
        masked_serial: String,
    },
}

/// A mail with its address, as it waits in the outbox: sealed, for it may hold a code.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Letter {
    to: String,
    language: String,
    mail: Mail,
}

const SEALED_FOR: &str = "mail";

impl Letter {
    /// Addresses a mail.
    pub fn new(to: &EmailAddress, language: Language, mail: Mail) -> Self {
        Self { to: to.to_string(), language: language.code().to_owned(), mail }
    }

    /// As it is put into the outbox.
    pub fn seal(&self, keys: &DataKeys) -> String {
        keys.seal(SEALED_FOR, &serde_json::to_string(self).unwrap_or_default())
    }

    fn open(keys: &DataKeys, message: &Message) -> Option<Self> {
        serde_json::from_str(&keys.open(SEALED_FOR, &message.sealed)?).ok()
    }

    fn render(&self) -> (String, String) {
        let language = Language::from_code(&self.language).unwrap_or(Language::Fr);
        let (subject, text, variable) = match &self.mail {
            Mail::Confirmation { code } => (
                Text {
                    fr: "Votre code de confirmation",
                    de: "Ihr Bestätigungscode",
                    en: "Your confirmation code",
                    lb: "Äre Confirmatiounscode",
                },
                Text {
                    fr: "Bonjour,\n\nvotre code de confirmation est {}. Il est valable 15 minutes.\n\n\
                         Si vous n'avez rien demandé, ignorez ce message.\n",
                    de: "Guten Tag,\n\nIhr Bestätigungscode ist {}. Er gilt 15 Minuten.\n\n\
                         Wenn Sie nichts angefordert haben, beachten Sie diese Nachricht nicht.\n",
                    en: "Hello,\n\nyour confirmation code is {}. It is valid for 15 minutes.\n\n\
                         If you did not ask for it, ignore this message.\n",
                    lb: "Moien,\n\nÄre Confirmatiounscode ass {}. E gëllt 15 Minutten.\n\n\
                         Wann Dir näischt gefrot hutt, ignoréiert dëse Message.\n",
                },
                code,
            ),
            Mail::ProductAdded { masked_serial } => (
                Text {
                    fr: "Un produit d'authentification a été ajouté",
                    de: "Ein Authentifizierungsprodukt wurde hinzugefügt",
                    en: "An authentication product was added",
                    lb: "En Authentifikatiounsprodukt gouf derbäigesat",
                },
                Text {
                    fr: "Bonjour,\n\nle produit d'authentification {} a été enregistré à votre nom.\n\n\
                         Si ce n'était pas vous, adressez-vous au Helpdesk.\n",
                    de: "Guten Tag,\n\ndas Authentifizierungsprodukt {} wurde auf Ihren Namen registriert.\n\n\
                         Wenn Sie das nicht waren, wenden Sie sich an den Helpdesk.\n",
                    en: "Hello,\n\nthe authentication product {} was registered in your name.\n\n\
                         If this was not you, call the Helpdesk.\n",
                    lb: "Moien,\n\nden Authentifikatiounsprodukt {} gouf op Ären Numm registréiert.\n\n\
                         Wann Dir dat net waart, went Iech un den Helpdesk.\n",
                },
                masked_serial,
            ),
        };
        (subject.in_language(language).to_owned(), text.in_language(language).replace("{}", variable))
    }

    fn code(&self) -> Option<&str> {
        match &self.mail {
            Mail::Confirmation { code } => Some(code),
            Mail::ProductAdded { .. } => None,
        }
    }
}

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
    /// The message can't be opened, or the file can't be written.
    pub fn deliver(&self, keys: &DataKeys, message: &Message, now: Instant) -> io::Result<()> {
        let letter = Letter::open(keys, message).ok_or_else(|| io::Error::other("no data key opens this message"))?;
        let (subject, text) = letter.render();
        let code = letter.code().map(str::to_owned);
        let mail = DroppedMail { id: message.id.to_string(), to: letter.to.clone(), subject, text, code, sent_at: now };
        let folder = self.folder_of(&letter.to);
        fs::create_dir_all(&folder)?;
        let draft = folder.join(format!("{}.draft", message.id));
        fs::write(&draft, serde_json::to_vec_pretty(&mail)?)?;
        fs::rename(draft, folder.join(format!("{}.json", message.id)))
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
