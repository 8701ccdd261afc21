//! What an access code is made of, and the security code that may go with it (domain.md §4). Neither gets into a log: they have no
//! `Display`, and `Debug` hides them.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::Fault;

/// Digits and capital letters without I, L, O and U, as Crockford chose them: what is read aloud or off a letter is not mistaken.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const BITS: usize = 160;
/// Five bits to a letter.
const LETTERS: usize = BITS / 5;
/// How many letters stand together on paper.
const GROUP: usize = 4;

/// An access code: 160 random bits, which is shown once and kept as its digest.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessSecret(String);

impl AccessSecret {
    /// The form as a regular expression, for contracts.
    pub const PATTERN: &'static str = "^[ -]*([0-9A-TV-Za-tv-z][ -]*){32}$";
    /// The most characters in which it is written: people may put a blank or a hyphen behind every letter.
    pub const MAX: usize = 2 * LETTERS;

    /// The code that random bytes stand for.
    pub fn new(random: [u8; BITS / 8]) -> Self {
        let bit = |place: usize| usize::from(random[place / 8] >> (7 - place % 8) & 1);
        let letter = |nth: usize| ALPHABET[(5 * nth..5 * nth + 5).fold(0, |value, place| 2 * value + bit(place))];
        Self((0..LETTERS).map(|nth| char::from(letter(nth))).collect())
    }

    /// Reads a code as people write it: in either case, with blanks and hyphens or without, with I or L for 1 and O for 0.
    ///
    /// # Errors
    /// [`Fault::Malformed`].
    pub fn parse(raw: &str) -> Result<Self, Fault> {
        if raw.len() > Self::MAX {
            return Err(Fault::Malformed);
        }
        let written = raw.chars().filter(|letter| !matches!(letter, ' ' | '-'));
        let letters: String = written.map(as_meant).collect::<Option<_>>().ok_or(Fault::Malformed)?;
        if letters.len() == LETTERS { Ok(Self(letters)) } else { Err(Fault::Malformed) }
    }

    /// The code as it is handed out, in groups.
    pub fn reveal(&self) -> String {
        let groups = self.0.as_bytes().chunks(GROUP).map(String::from_utf8_lossy);
        groups.collect::<Vec<_>>().join("-")
    }

    /// SHA-256, in hexadecimal: by it the code is found. It needs no key, for nobody goes through 160 bits; so it outlives the keys
    /// that change meanwhile.
    pub fn digest(&self) -> String {
        Sha256::digest(&self.0).iter().fold(String::new(), |digest, byte| digest + &format!("{byte:02x}"))
    }
}

impl fmt::Debug for AccessSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessSecret(…)")
    }
}

/// What is chosen with a request, or by whoever issues a code, and asked for again when the code is activated: 6 to 10 letters, digits
/// and signs of ASCII (their number and kind are our choice).
#[derive(Clone, PartialEq, Eq)]
pub struct SecurityCode(String);

impl SecurityCode {
    /// The form as a regular expression, for contracts.
    pub const PATTERN: &'static str = "^[!-~]{6,10}$";
    /// The most characters that it has.
    pub const MAX: usize = 10;

    /// Reads a code, which is what it is: case counts.
    ///
    /// # Errors
    /// [`Fault::Malformed`].
    pub fn parse(raw: &str) -> Result<Self, Fault> {
        let is_code = (6..=Self::MAX).contains(&raw.len()) && raw.bytes().all(|byte| byte.is_ascii_graphic());
        if is_code { Ok(Self(raw.to_owned())) } else { Err(Fault::Malformed) }
    }

    /// The code, for the one who hashes it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecurityCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecurityCode(…)")
    }
}

fn as_meant(letter: char) -> Option<char> {
    let meant = match letter.to_ascii_uppercase() {
        'I' | 'L' => '1',
        'O' => '0',
        letter => letter,
    };
    ALPHABET.iter().any(|known| char::from(*known) == meant).then_some(meant)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_code_is_read_as_it_is_handed_out(random: [u8; 20]) {
            let code = AccessSecret::new(random);
            let shown = code.reveal();
            prop_assert_eq!(shown.len(), 39);
            prop_assert_eq!(&AccessSecret::parse(&shown).unwrap(), &code);
            prop_assert_eq!(AccessSecret::parse(&shown.to_lowercase().replace('-', " ")).unwrap().digest(), code.digest());
        }

        #[test]
        fn two_codes_are_the_same_only_if_their_bits_are(one: [u8; 20], other: [u8; 20]) {
            prop_assert_eq!(AccessSecret::new(one) == AccessSecret::new(other), one == other);
        }
    }

    #[test]
    fn all_bits_are_written_in_their_order() {
        assert_eq!(AccessSecret::new([0; 20]).reveal(), ["0000"; 8].join("-"));
        assert_eq!(AccessSecret::new([255; 20]).reveal(), ["ZZZZ"; 8].join("-"));
        let mut bits = [0; 20];
        (bits[0], bits[19]) = (0b0000_1000, 1);
        assert_eq!(AccessSecret::new(bits).reveal(), "1000-0000-0000-0000-0000-0000-0000-0001");
    }

    #[test]
    fn letters_that_look_alike_are_the_digits() {
        let ones = AccessSecret::parse(&"1".repeat(32)).unwrap();
        assert_eq!(AccessSecret::parse(&"iIlL".repeat(8)).unwrap(), ones);
        assert_eq!(AccessSecret::parse(&"oO0".repeat(11)[..32]).unwrap(), AccessSecret::new([0; 20]));
    }

    #[test]
    fn a_security_code_is_short_and_visible() {
        for code in ["secret", "Ab3$-~!xyz"] {
            assert_eq!(SecurityCode::parse(code).unwrap().reveal(), code);
        }
        for wrong in ["", "short", "elevenlongx", "two words", "sécret", "secret\n"] {
            assert_eq!(SecurityCode::parse(wrong), Err(Fault::Malformed), "{wrong:?}");
        }
        assert_eq!(format!("{:?}", SecurityCode::parse("secret").unwrap()), "SecurityCode(…)");
    }

    #[test]
    fn what_is_no_code_is_refused_and_none_is_shown_by_accident() {
        for wrong in [String::new(), "0".repeat(31), "0".repeat(33), "U".repeat(32), "é".repeat(32)] {
            assert_eq!(AccessSecret::parse(&wrong), Err(Fault::Malformed), "{wrong}");
        }
        assert!(AccessSecret::parse(&"0 ".repeat(32)).is_ok());
        assert_eq!(AccessSecret::parse(&format!(" {}", "0 ".repeat(32))), Err(Fault::Malformed));
        assert_eq!(format!("{:?}", AccessSecret::new([7; 20])), "AccessSecret(…)");
    }
}
