//! The eSpace identifier: what people and letters call a space.

use std::fmt;

use super::EntityType;
use crate::Fault;

/// Capital letters and digits without the letter O and the digit 0 (domain.md §2, F).
const ALPHABET: &[u8; 34] = b"ABCDEFGHIJKLMNPQRSTUVWXYZ123456789";
const LENGTH: u32 = 6;

/// `PP-` or `PM-` and six characters; case-sensitive, never used again (domain.md §2).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SpaceIdentifier(String);

impl SpaceIdentifier {
    /// The form as a regular expression, for contracts.
    pub const PATTERN: &'static str = "^(PP|PM)-[A-NP-Z1-9]{6}$";

    /// Reads an identifier.
    pub fn parse(raw: &str) -> Result<Self, Fault> {
        let drawn = raw.strip_prefix("PP-").or_else(|| raw.strip_prefix("PM-")).ok_or(Fault::Malformed)?;
        let is_drawn = drawn.len() == LENGTH as usize && drawn.bytes().all(|byte| ALPHABET.contains(&byte));
        if is_drawn { Ok(Self(raw.to_owned())) } else { Err(Fault::Malformed) }
    }

    /// The identifier that a random number stands for.
    pub fn draw(entity_type: EntityType, random: u64) -> Self {
        let prefix = match entity_type {
            EntityType::LegalPerson => "PM-",
            EntityType::NaturalPerson => "PP-",
        };
        let base = ALPHABET.len() as u64;
        let drawn = (0..LENGTH).map(|place| {
            let digit = random / base.pow(place) % base;
            char::from(ALPHABET[usize::try_from(digit).unwrap_or_default()])
        });
        Self(prefix.chars().chain(drawn).collect())
    }

    /// The nine characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SpaceIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn look_alikes_and_small_letters_are_no_identifier() {
        assert!(SpaceIdentifier::parse("PM-A1B2C3").is_ok());
        for wrong in
            ["PM-A1B2CO", "PM-A1B2C0", "pm-A1B2C3", "PM-a1b2c3", "PM-A1B2C", "PM-A1B2C3D", "PX-A1B2C3", "PMA1B2C3"]
        {
            assert_eq!(SpaceIdentifier::parse(wrong), Err(Fault::Malformed), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_drawn_parses(random: u64, legal: bool) {
            let entity_type = if legal { EntityType::LegalPerson } else { EntityType::NaturalPerson };
            let drawn = SpaceIdentifier::draw(entity_type, random);
            prop_assert_eq!(SpaceIdentifier::parse(drawn.as_str()), Ok(drawn.clone()));
            prop_assert_eq!(drawn.as_str().starts_with("PM-"), legal);
        }
    }
}
