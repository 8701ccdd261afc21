//! The national identification number (matricule) of a natural person.

use chrono::{Datelike, NaiveDate};

use crate::Fault;

/// 13 digits: date of birth `YYYYMMDD`, three digits, a Luhn digit and a Verhoeff digit, both over the first eleven
/// (domain.md §9). It has no `Display`, and `Debug` hides it: it must not get into a log.
#[derive(Clone, PartialEq, Eq)]
pub struct NationalNumber(String);

impl NationalNumber {
    /// Reads 13 digits.
    ///
    /// # Errors
    /// [`Fault::Malformed`] for anything but 13 digits that begin with a date, [`Fault::CheckDigits`] for a typing error.
    pub fn parse(raw: &str) -> Result<Self, Fault> {
        let digits = digits(raw).filter(|digits| digits.len() == 13).ok_or(Fault::Malformed)?;
        let date = NaiveDate::parse_from_str(&raw[..8], "%Y%m%d").map_err(|_| Fault::Malformed)?;
        if date.year() < 1850 {
            return Err(Fault::Malformed);
        }
        if digits[11] != luhn(&digits[..11]) || digits[12] != verhoeff(&digits[..11]) {
            return Err(Fault::CheckDigits);
        }
        Ok(Self(raw.to_owned()))
    }

    /// The number of somebody born on `birth` who has this `rank` (0 to 999) among those born that day.
    pub fn compose(birth: NaiveDate, rank: u16) -> Self {
        let mut number = format!("{}{:03}", birth.format("%Y%m%d"), rank % 1000);
        let stem = digits(&number).unwrap_or_default();
        number.push(char::from(b'0' + luhn(&stem)));
        number.push(char::from(b'0' + verhoeff(&stem)));
        Self(number)
    }

    /// The last four digits behind nine stars: nothing of the date of birth.
    pub fn masked(&self) -> String {
        format!("{}{}", "*".repeat(9), &self.0[9..])
    }

    /// The 13 digits, for the one who protects them or shows them to their owner.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for NationalNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NationalNumber(…)")
    }
}

fn digits(raw: &str) -> Option<Vec<u8>> {
    raw.bytes().map(|byte| byte.is_ascii_digit().then(|| byte - b'0')).collect()
}

fn luhn(stem: &[u8]) -> u8 {
    let sum: u8 = stem
        .iter()
        .rev()
        .enumerate()
        .map(|(place, &digit)| match (place % 2 == 0, digit) {
            (true, 5..) => 2 * digit - 9,
            (true, _) => 2 * digit,
            (false, _) => digit,
        })
        .sum();
    (10 - sum % 10) % 10
}

fn verhoeff(stem: &[u8]) -> u8 {
    const PERMUTATION: [[u8; 10]; 8] = [
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
        [1, 5, 7, 6, 2, 8, 3, 0, 9, 4],
        [5, 8, 0, 3, 7, 9, 6, 1, 4, 2],
        [8, 9, 1, 6, 0, 4, 3, 5, 2, 7],
        [9, 4, 5, 3, 1, 2, 6, 8, 7, 0],
        [4, 2, 8, 6, 5, 7, 3, 9, 0, 1],
        [2, 7, 9, 3, 8, 0, 6, 4, 1, 5],
        [7, 0, 4, 6, 9, 1, 3, 2, 5, 8],
    ];
    const INVERSE: [u8; 10] = [0, 4, 3, 2, 1, 5, 6, 7, 8, 9];
    let check = stem
        .iter()
        .rev()
        .enumerate()
        .fold(0, |sum, (place, &digit)| dihedral(sum, PERMUTATION[(place + 1) % 8][usize::from(digit)]));
    INVERSE[usize::from(check)]
}

/// The product in the group of the symmetries of the pentagon: rotations 0 to 4, reflections 5 to 9.
fn dihedral(left: u8, right: u8) -> u8 {
    match (left < 5, right < 5) {
        (true, true) => (left + right) % 5,
        (true, false) => 5 + (left + right - 5) % 5,
        (false, true) => 5 + (left - 5 + 5 - right) % 5,
        (false, false) => (left + 5 - right) % 5,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn verhoeff_agrees_with_published_samples() {
        // 236 → 3 is the sample of Verhoeff's own description; 12345 → 1 that of most implementations.
        assert_eq!(verhoeff(&[2, 3, 6]), 3);
        assert_eq!(verhoeff(&[1, 2, 3, 4, 5]), 1);
    }

    #[test]
    fn luhn_agrees_with_a_published_sample() {
        assert_eq!(luhn(&[7, 9, 9, 2, 7, 3, 9, 8, 7, 1]), 3);
    }

    #[test]
    fn the_publicly_quoted_sample_number_is_valid() {
        assert!(NationalNumber::parse("1893120105732").is_ok());
    }

    #[test]
    fn a_masked_number_hides_the_birth_date() {
        assert_eq!(NationalNumber::parse("1893120105732").unwrap().masked(), "*********5732");
    }

    #[test]
    fn wrong_forms_are_told_from_typing_errors() {
        for wrong in ["", "189312010573", "18931201057322", "1893130105732", "18931201O5732", "0000120105732"] {
            assert_eq!(NationalNumber::parse(wrong).unwrap_err(), Fault::Malformed, "{wrong}");
        }
        assert_eq!(NationalNumber::parse("1893120105733").unwrap_err(), Fault::CheckDigits);
    }

    proptest! {
        #[test]
        fn every_composed_number_parses_and_every_single_slip_shows(days in 0u64..40_000, rank in 0u16..1000, place in 8usize..13, slip in 1u8..10) {
            let birth = NaiveDate::from_ymd_opt(1900, 1, 1).unwrap() + chrono::Days::new(days);
            let number = NationalNumber::compose(birth, rank);
            prop_assert_eq!(NationalNumber::parse(number.reveal()).unwrap(), number.clone());
            let mut mistyped = number.reveal().as_bytes().to_vec();
            mistyped[place] = b'0' + (mistyped[place] - b'0' + slip) % 10;
            prop_assert_eq!(NationalNumber::parse(std::str::from_utf8(&mistyped).unwrap()).unwrap_err(), Fault::CheckDigits);
        }
    }
}
