//! Signing and sending: what a procedure says is frozen under one digest, which is signed, sent once and kept (domain.md §5, C).

use std::fmt;

use chrono::Datelike;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{
    AttachedFile, Content, Procedure, ProcedureAct, ProcedureChange, ProcedureState, ProcedureTypeCode, Signatures,
    TypeWithForm, VerificationCode, procedure_type::SignatureKind,
};
use crate::{
    Coded, Fault, Instant, Refusal,
    catalogue::AdministrationCode,
    id::{PersonId, ProductId},
    identity::{Assurance, Session},
    space::SpaceIdentifier,
};

/// The SHA-256 of a content: of what a procedure says, written canonically (RFC 8785), or of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContentDigest([u8; 32]);

impl ContentDigest {
    /// The form as a regular expression, for contracts.
    pub const PATTERN: &'static str = "^[0-9a-f]{64}$";

    /// The digest of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// A digest that was computed.
    pub fn computed(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Reads a digest.
    pub fn parse(raw: &str) -> Result<Self, Fault> {
        let is_digit = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if raw.len() != 64 || !raw.as_bytes().iter().all(is_digit) {
            return Err(Fault::Malformed);
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip((0..64).step_by(2)) {
            *byte = u8::from_str_radix(&raw[pair..pair + 2], 16).map_err(|_| Fault::Malformed)?;
        }
        Ok(Self(bytes))
    }
}

impl fmt::Display for ContentDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// What an administration and a space call a procedure that was sent: the administration, the year, and eight characters
/// that tell nothing (our choice).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReferenceNumber(String);

impl ReferenceNumber {
    /// The form as a regular expression, for contracts.
    pub const PATTERN: &'static str = "^[A-Z][A-Z0-9]*(-[A-Z][A-Z0-9]*)*-[0-9]{4}-[A-NP-Z1-9]{8}$";
    /// The most characters.
    pub const MAX: usize = AdministrationCode::MAX + "-2027-7K3M9QX2".len();
    const ALPHABET: &'static [u8; 34] = b"ABCDEFGHIJKLMNPQRSTUVWXYZ123456789";

    /// The number that a random one stands for.
    pub fn draw(kind: &ProcedureTypeCode, now: Instant, random: u64) -> Self {
        let base = Self::ALPHABET.len() as u64;
        let drawn = (0..8).map(|place| {
            let digit = random / base.pow(place) % base;
            char::from(Self::ALPHABET[usize::try_from(digit).unwrap_or_default()])
        });
        let drawn: String = drawn.collect();
        let administration = kind.administration().as_str().to_ascii_uppercase();
        Self(format!("{administration}-{:04}-{drawn}", now.year()))
    }

    /// One that was kept.
    pub fn kept(number: String) -> Self {
        Self(number)
    }

    /// The number.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// How a procedure was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sending {
    /// What it is called from then on.
    pub reference: ReferenceNumber,
    /// By which anybody who has the slip finds it.
    pub verification: VerificationCode,
    /// What was sent.
    pub digest: ContentDigest,
    /// When.
    pub at: Instant,
}

/// That somebody signed a procedure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// Who.
    pub person: PersonId,
    /// With which product he had logged in.
    pub product: ProductId,
    /// How sure the identity provider was of him.
    pub assurance: Assurance,
    /// When he had proved who he is.
    pub authenticated_at: Instant,
    /// What he signed.
    pub digest: ContentDigest,
    /// When.
    pub at: Instant,
}

/// A procedure with all that is signed and sent of it.
#[derive(Debug, Clone, Copy)]
pub struct Submission<'a> {
    /// The procedure.
    pub procedure: &'a Procedure,
    /// Its type, in its version.
    pub kind: &'a TypeWithForm,
    /// What its space is called.
    pub space: &'a SpaceIdentifier,
    /// What is filled in.
    pub content: &'a Content,
    /// What is attached, in an order that stays.
    pub attachments: &'a [AttachedFile],
}

impl Submission<'_> {
    /// The digest of what it says: of its type, its space and itself, of what is filled in and what is attached.
    ///
    /// # Errors
    /// [`Refusal::ProcedureInvalid`] for what can't be written canonically; the bounds of [`Content`] let nothing such in.
    pub fn digest(&self) -> Result<ContentDigest, Refusal> {
        let canonical = serde_json_canonicalizer::to_vec(&self.written()).map_err(|_| Refusal::ProcedureInvalid)?;
        Ok(ContentDigest::of(&canonical))
    }

    fn written(&self) -> Value {
        json!({
            "procedure": self.procedure.id.to_string(),
            "type": { "code": self.procedure.kind.as_str(), "version": self.procedure.kind_version },
            "space": self.space.as_str(),
            "content": self.content.fields(),
            "attachments": self.attachments.iter().map(attached).collect::<Value>(),
        })
    }

    /// It signed by who is logged in, who has seen what is signed.
    ///
    /// # Errors
    /// [`Refusal::ProcedureBinned`], [`Refusal::ProcedureState`], [`Refusal::SignatureNotWanted`],
    /// [`Refusal::DigestChanged`], [`Refusal::ProcedureInvalid`], [`Refusal::AttachmentsIncomplete`].
    pub fn signed(&self, by: &Session, seen: ContentDigest, now: Instant) -> Result<ProcedureChange, Refusal> {
        self.procedure.require_out_of_bin()?;
        self.procedure.require_state(&[ProcedureState::InPreparation])?;
        if self.kind.kind.signature == SignatureKind::None {
            return Err(Refusal::SignatureNotWanted);
        }
        let digest = self.frozen(seen)?;
        let signature = Signature {
            person: by.person,
            product: by.product,
            assurance: by.assurance,
            authenticated_at: by.authenticated_at,
            digest,
            at: now,
        };
        let signed = self.procedure.clone().turned(ProcedureState::Signed, ProcedureAct::Signed, now);
        Ok(signed.with(Signatures::Given(signature)))
    }

    /// It sent under a number and a code that are free, by somebody who has seen what is sent, with all signatures that its type wants.
    ///
    /// # Errors
    /// [`Refusal::ProcedureBinned`], [`Refusal::ProcedureState`], [`Refusal::SignatureMissing`],
    /// [`Refusal::DigestChanged`], [`Refusal::ProcedureInvalid`], [`Refusal::AttachmentsIncomplete`].
    pub fn sent(
        &self,
        signatures: &[Signature],
        seen: ContentDigest,
        (reference, verification): (ReferenceNumber, VerificationCode),
        now: Instant,
    ) -> Result<ProcedureChange, Refusal> {
        self.procedure.require_out_of_bin()?;
        self.procedure.require_unsent()?;
        let wanted = match self.kind.kind.signature {
            SignatureKind::None => 0,
            SignatureKind::Single => 1,
            SignatureKind::Double => 2,
        };
        if signatures.len() < wanted {
            return Err(Refusal::SignatureMissing);
        }
        let digest = self.frozen(seen)?;
        if signatures.iter().any(|signature| signature.digest != digest) {
            return Err(Refusal::DigestChanged);
        }
        let sending = Some(Sending { reference, verification, digest, at: now });
        let sent = Procedure { sending, ..self.procedure.clone() };
        Ok(sent.turned(ProcedureState::Sent, ProcedureAct::Sent, now))
    }

    /// The digest, if it is of what was seen, and that is as the form and the slots want it.
    fn frozen(&self, seen: ContentDigest) -> Result<ContentDigest, Refusal> {
        let digest = self.digest()?;
        if digest != seen {
            return Err(Refusal::DigestChanged);
        }
        if !self.kind.form.check(&self.content.whole()).is_empty() {
            return Err(Refusal::ProcedureInvalid);
        }
        let flaws = self.kind.kind.flaws(self.attachments);
        if flaws.is_empty() {
            return Ok(digest);
        }
        Err(Refusal::AttachmentsIncomplete { slots: flaws.into_iter().map(|(slot, _)| slot.clone()).collect() })
    }
}

/// What the digest holds of an attachment.
fn attached(AttachedFile { slot, name, file }: &AttachedFile) -> Value {
    json!({
        "slot": slot.as_str(),
        "name": name.as_str(),
        "mediaType": file.media_type.code(),
        "size": file.size,
        "sha256": file.digest.to_string(),
    })
}

#[cfg(test)]
mod tests;
