//! An e-mail address that is asked for and not confirmed yet: a person's next one, or a space's for notices.

use std::fmt;

use chrono::TimeDelta;

use super::Confirmation;
use crate::{
    Instant, Refusal,
    id::{AddressId, PersonId, SpaceId},
    text::EmailAddress,
};

/// How many addresses one person, or one space, may ask to be confirmed in [`ASKED_WITHIN`]: each is a mail to somebody
/// who may be a stranger (domain.md §1, C).
pub const ASKED_AT_MOST: u32 = 5;
/// How many addresses one person may ask to be confirmed in [`ASKED_WITHIN`] for himself and for all spaces together, those
/// that he closed since included (domain.md §1, C).
pub const ASKED_BY_ONE_AT_MOST: u32 = 20;
/// The time in which they are counted; an address is forgotten so long after its last code expired.
pub const ASKED_WITHIN: TimeDelta = TimeDelta::hours(24);

/// Whose address it is going to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressOwner {
    /// A person's own; it changes under the person's lock.
    Person(PersonId),
    /// A space's, for notices; it changes under the space's lock.
    Space(SpaceId),
}

impl fmt::Display for AddressOwner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person(id) => write!(f, "person:{id}"),
            Self::Space(id) => write!(f, "space:{id}"),
        }
    }
}

/// An address that gets nothing but a code until that comes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwaitingAddress {
    /// Which request this is.
    pub id: AddressId,
    /// Whose it is going to be.
    pub owner: AddressOwner,
    /// Who asked.
    pub asked_by: PersonId,
    /// The address.
    pub email: EmailAddress,
    /// Its code.
    pub confirmation: Confirmation,
    /// When it was asked for.
    pub created_at: Instant,
}

/// How many addresses were asked for in [`ASKED_WITHIN`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AddressesAsked {
    /// For one owner, whoever asked.
    pub for_owner: u32,
    /// By one person, whoever's they were going to be.
    pub by_person: u32,
}

impl AwaitingAddress {
    /// Asks for an address, where so many were asked for before.
    ///
    /// # Errors
    /// [`Refusal::AddressLimitReached`].
    pub fn begin(
        id: AddressId,
        (owner, asked_by): (AddressOwner, PersonId),
        email: EmailAddress,
        asked: AddressesAsked,
        code_digest: String,
        now: Instant,
    ) -> Result<Self, Refusal> {
        for (asked, limit) in [(asked.for_owner, ASKED_AT_MOST), (asked.by_person, ASKED_BY_ONE_AT_MOST)] {
            if asked >= limit {
                return Err(Refusal::AddressLimitReached { limit });
            }
        }
        Ok(Self { id, owner, asked_by, email, confirmation: Confirmation::begin(code_digest, now), created_at: now })
    }

    /// Whether asking for this address again would change nothing: its code is on its way.
    pub fn serves(&self, email: &EmailAddress, now: Instant) -> bool {
        self.email.is_same_mailbox(email) && !self.confirmation.is_spent(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn begin(for_owner: u32, by_person: u32, now: Instant) -> Result<AwaitingAddress, Refusal> {
        let email = EmailAddress::parse("ada@example.lu").unwrap();
        let owner = AddressOwner::Space(Uuid::nil().into());
        let asked = AddressesAsked { for_owner, by_person };
        AwaitingAddress::begin(Uuid::nil().into(), (owner, Uuid::nil().into()), email, asked, "code".into(), now)
    }

    #[test]
    fn five_addresses_are_asked_for_and_no_sixth() {
        let now = Instant::from_timestamp(1_800_000_000, 0).unwrap();
        assert!(begin(4, 4, now).is_ok());
        assert_eq!(begin(5, 5, now), Err(Refusal::AddressLimitReached { limit: 5 }));
    }

    #[test]
    fn twenty_addresses_are_asked_for_by_one_person() {
        let now = Instant::from_timestamp(1_800_000_000, 0).unwrap();
        assert!(begin(0, 19, now).is_ok());
        assert_eq!(begin(0, 20, now), Err(Refusal::AddressLimitReached { limit: 20 }));
    }

    #[test]
    fn an_address_is_asked_for_again_once_no_code_can_confirm_it() {
        let now = Instant::from_timestamp(1_800_000_000, 0).unwrap();
        let mut awaiting = begin(0, 0, now).unwrap();
        let [same, other] = ["ADA@example.lu", "bea@example.lu"].map(|text| EmailAddress::parse(text).unwrap());
        assert!(awaiting.serves(&same, now) && !awaiting.serves(&other, now));
        awaiting.confirmation.tries_left = 0;
        assert!(!awaiting.serves(&same, now));
    }
}
