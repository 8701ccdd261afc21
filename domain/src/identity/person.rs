//! The natural person behind one or several authentication products.

use crate::{
    Instant,
    id::PersonId,
    text::{EmailAddress, Language, PersonName},
};

/// A national number as it is kept: nobody can read it without the data keys (domain.md §9).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Protected {
    /// HMAC-SHA-256 under the current data key, for equality.
    pub digest: String,
    /// AES-256-GCM under the current data key, for display to its owner.
    pub sealed: String,
}

/// A person whom an identity provider vouched for and who confirmed an e-mail address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Who this is, for ever.
    pub id: PersonId,
    /// The protected national number: two persons never share one (domain.md §1, C).
    pub number: Protected,
    /// As asserted when the first product was registered.
    pub given_name: PersonName,
    /// As asserted when the first product was registered.
    pub family_name: PersonName,
    /// Confirmed by a code that was sent to it.
    pub email: EmailAddress,
    /// The language of mails to the person.
    pub language: Language,
    /// When the first product was confirmed.
    pub created_at: Instant,
}
