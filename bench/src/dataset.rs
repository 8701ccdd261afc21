//! The data that everything is measured on: what each row holds follows from its number, so nothing need be looked up.

use chrono::{DateTime, NaiveDateTime, TimeDelta};
use domain::space::{EntityType, SpaceIdentifier};
use uuid::{Builder, Uuid};

use crate::rows::{AcceptanceRow, MembershipRow, PersonRow, ProductRow, SessionRow, SpaceRow};

/// How many are in a space, and in how many spaces a person is.
pub const MEMBERS: u64 = 10;
/// How many persons log in to read, and how many others, who are in no space, to open spaces.
pub const CALLERS: u64 = 5000;
/// The version of the terms of use that everybody accepted.
pub const TERMS: &str = "2025-01";
/// So high that none of the openers meets it.
const SPACE_LIMIT: i64 = 100_000;

/// So many spaces, as many persons in them, and the openers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dataset {
    pub spaces: u64,
}

#[derive(Debug, Clone, Copy)]
pub enum Kind {
    Person,
    Product,
    Session,
    Space,
    Membership,
}

/// A `UUIDv7`: later numbers have later ids, and what follows the time looks random.
pub fn id(kind: Kind, number: u64) -> Uuid {
    // SplitMix64: neighbours have nothing in common.
    let mix = |seed: u64| {
        let mut mixed = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    };
    let seed = (number << 3) | kind as u64;
    let mut random = [0; 10];
    random[..2].copy_from_slice(&mix(seed).to_be_bytes()[6..]);
    random[2..].copy_from_slice(&mix(!seed).to_be_bytes());
    let millis = u64::try_from(moment(number).and_utc().timestamp_millis()).unwrap_or_default();
    Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}

/// One row a second from the beginning of 2025 on.
fn moment(number: u64) -> NaiveDateTime {
    let begin = DateTime::from_timestamp(1_735_689_600, 0).unwrap_or_default();
    begin.naive_utc() + TimeDelta::seconds(number.cast_signed())
}

pub fn email(person: u64) -> String {
    format!("person-{person}@example.lu")
}

impl Dataset {
    pub fn persons(self) -> u64 {
        self.spaces + CALLERS
    }

    pub fn memberships(self) -> u64 {
        self.spaces * MEMBERS
    }

    /// Far enough apart that a person is in no space twice.
    fn stride(self) -> u64 {
        self.spaces / MEMBERS + 1
    }

    /// The member of a space at a place; the one at place 0 opened it.
    fn member(self, space: u64, place: u64) -> u64 {
        (space + place * self.stride()) % self.spaces
    }

    /// The space in which a person is the member at a place.
    pub fn space_of(self, person: u64, place: u64) -> u64 {
        (person + MEMBERS * self.spaces - place * self.stride()) % self.spaces
    }

    /// Who reads: persons who are in ten spaces each, spread over all of them.
    pub fn readers(self) -> impl Iterator<Item = u64> {
        let readers = CALLERS.min(self.spaces);
        (0..readers).map(move |reader| reader * (self.spaces / readers))
    }

    /// Who opens spaces.
    pub fn openers(self) -> impl Iterator<Item = u64> {
        self.spaces..self.persons()
    }

    pub fn person(number: u64) -> PersonRow {
        PersonRow {
            id: id(Kind::Person, number).to_string(),
            number_digest: format!("{number:043}"),
            number_sealed: format!("k1:{number:056}"),
            given_name: "Anna".into(),
            family_name: format!("Weber {number}"),
            email: email(number),
            language: "fr",
            created_at: moment(number),
            updated_at: Some(moment(number)),
            version: 1,
        }
    }

    pub fn product(number: u64) -> ProductRow {
        ProductRow {
            id: id(Kind::Product, number).to_string(),
            person_id: id(Kind::Person, number).to_string(),
            serial: format!("{number:020}"),
            kind: "luxtrust_private",
            status: "registered",
            space_limit: SPACE_LIMIT,
            created_at: moment(number),
        }
    }

    pub fn acceptance(number: u64) -> AcceptanceRow {
        AcceptanceRow {
            person_id: id(Kind::Person, number).to_string(),
            version: TERMS,
            product_id: id(Kind::Product, number).to_string(),
            accepted_at: moment(number),
        }
    }

    pub fn session(number: u64, now: NaiveDateTime) -> SessionRow {
        SessionRow {
            id: id(Kind::Session, number).to_string(),
            person_id: id(Kind::Person, number).to_string(),
            product_id: id(Kind::Product, number).to_string(),
            assurance: "high",
            authenticated_at: now,
            helpdesk: false,
            created_at: now,
            refreshed_at: now,
            ended: None,
        }
    }

    pub fn space(self, number: u64) -> SpaceRow {
        let founder = self.member(number, 0);
        SpaceRow {
            id: id(Kind::Space, number).to_string(),
            // Odd and no multiple of 17, so it takes all 34⁶ identifiers in turn, neighbours far apart.
            identifier: SpaceIdentifier::draw(EntityType::LegalPerson, number.wrapping_mul(1_111_111_111)).to_string(),
            kind: "professional",
            entity_type: "legal_person",
            title: Some(format!("Boulangerie {number}")),
            language: "fr",
            notification_email: email(founder),
            notification_email_confirmed: true,
            state: "open",
            opened_with: id(Kind::Product, founder).to_string(),
            created_at: moment(number),
            updated_at: moment(number),
            version: 1,
        }
    }

    pub fn membership(self, number: u64) -> MembershipRow {
        let (space, place) = (number / MEMBERS, number % MEMBERS);
        let person = self.member(space, place);
        MembershipRow {
            id: id(Kind::Membership, number).to_string(),
            space_id: id(Kind::Space, space).to_string(),
            person_id: id(Kind::Person, person).to_string(),
            role: if place == 0 { "administrator" } else { "contributor" },
            scope: "all_products",
            product_id: id(Kind::Product, person).to_string(),
            status: "active",
            ends_at: None,
            created_at: moment(number),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_person_is_in_ten_spaces_and_every_space_has_ten_members() {
        let dataset = Dataset { spaces: 1000 };
        for person in 0..dataset.spaces {
            let spaces: BTreeSet<u64> = (0..MEMBERS).map(|place| dataset.space_of(person, place)).collect();
            assert_eq!(spaces.len(), 10, "of {person}");
            for place in 0..MEMBERS {
                assert_eq!(dataset.member(dataset.space_of(person, place), place), person);
            }
        }
        for space in 0..dataset.spaces {
            let members: BTreeSet<u64> = (0..MEMBERS).map(|place| dataset.member(space, place)).collect();
            assert_eq!(members.len(), 10, "in {space}");
        }
    }

    #[test]
    fn ids_are_uuids_of_version_7_that_go_up_and_never_repeat() {
        let ids: Vec<Uuid> = (0..1000).map(|number| id(Kind::Space, number)).collect();
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(ids.iter().all(|id| id.get_version_num() == 7));
        assert_ne!(id(Kind::Space, 7), id(Kind::Membership, 7));
    }

    #[test]
    fn no_identifier_is_given_twice() {
        let dataset = Dataset { spaces: 100_000 };
        let identifiers: BTreeSet<String> =
            (0..dataset.spaces).map(|number| dataset.space(number).identifier).collect();
        assert_eq!(identifiers.len(), 100_000);
    }
}
