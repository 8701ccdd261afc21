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
    /// When the person was last edited.
    pub updated_at: Instant,
    /// Counts the edits: what `If-Match` is compared with.
    pub version: u32,
}

/// What an edit sets; `None` leaves a field as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PersonEdit {
    /// Another address; one of another mailbox waits for its code.
    pub email: Option<EmailAddress>,
    /// Another language of mails.
    pub language: Option<Language>,
}

/// What becomes of a person's next address when he is edited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NextAddress {
    /// Nothing was said about it.
    Unchanged,
    /// The address in force was set again: whichever waited is not wanted any more.
    Unwanted,
    /// Another mailbox was named: it gets a code.
    Wanted(EmailAddress),
}

impl Person {
    /// Edits what acts at once, and says what becomes of the next address. Another spelling of the same mailbox needs no
    /// code. The version counts an edit only once it is [`counted`](Self::counted).
    pub fn edit(&self, edit: PersonEdit) -> (Self, NextAddress) {
        let mut edited = self.clone();
        edited.language = edit.language.unwrap_or(edited.language);
        let next = match edit.email {
            None => NextAddress::Unchanged,
            Some(email) if email.is_same_mailbox(&self.email) => {
                edited.email = email;
                NextAddress::Unwanted
            }
            Some(email) => NextAddress::Wanted(email),
        };
        (edited, next)
    }

    /// The names of the fields that an edit of `before` changed, as the API calls them.
    pub fn changed_since(&self, before: &Self) -> Vec<&'static str> {
        let fields = [("email", self.email != before.email), ("language", self.language != before.language)];
        fields.into_iter().filter(|(_, is_changed)| *is_changed).map(|(name, _)| name).collect()
    }

    /// The person with an address whose code came back.
    #[must_use]
    pub fn with_email(&self, email: EmailAddress, now: Instant) -> Self {
        Self { email, ..self.clone() }.counted(now)
    }

    /// The next version.
    #[must_use]
    pub fn counted(self, now: Instant) -> Self {
        Self { updated_at: now, version: self.version + 1, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn address(text: &str) -> EmailAddress {
        EmailAddress::parse(text).unwrap()
    }

    #[test]
    fn a_language_acts_at_once_and_another_mailbox_waits() {
        let born = Instant::from_timestamp(1_800_000_000, 0).unwrap();
        let ada = Person {
            id: Uuid::nil().into(),
            number: Protected { digest: "digest".into(), sealed: "sealed".into() },
            given_name: PersonName::parse("Ada").unwrap(),
            family_name: PersonName::parse("Weis").unwrap(),
            email: address("ada@example.lu"),
            language: Language::Fr,
            created_at: born,
            updated_at: born,
            version: 1,
        };
        let (edited, next) =
            ada.edit(PersonEdit { email: Some(address("bea@example.lu")), language: Some(Language::Lb) });
        assert_eq!((&edited.email, edited.language), (&ada.email, Language::Lb));
        assert_eq!(next, NextAddress::Wanted(address("bea@example.lu")));
        assert_eq!(edited.changed_since(&ada), ["language"]);
        let (edited, next) = ada.edit(PersonEdit { email: Some(address("Ada@Example.lu")), language: None });
        assert_eq!((edited.email.as_str(), next), ("Ada@Example.lu", NextAddress::Unwanted));
        assert_eq!(ada.edit(PersonEdit::default()), (ada.clone(), NextAddress::Unchanged));
        let later = born + chrono::TimeDelta::days(1);
        let moved = ada.with_email(address("bea@example.lu"), later);
        assert_eq!((moved.email.as_str(), moved.version, moved.updated_at), ("bea@example.lu", 2, later));
        assert_eq!(moved.changed_since(&ada), ["email"]);
    }
}
