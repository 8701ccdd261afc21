//! How Luxembourg numbers companies: the national number of a legal person, the VAT number, the trade register
//! (domain.md §9).

use super::{identifiers, is_digits};
use crate::Fault;

identifiers! {
    /// The national number (matricule) of a legal person: 11 digits.
    LegalPersonNumber,
    /// A VAT number of Luxembourg: `LU` and eight digits.
    VatNumber,
    /// A number of the trade and companies register (RCS): the letter of a section, and digits.
    RcsNumber,
}

impl LegalPersonNumber {
    /// The form as a regular expression, for contracts.
    pub const PATTERN: &'static str = "^[0-9]{11}$";

    /// Reads 11 digits. A wrong check digit is for [`LegalPersonNumber::has_usual_check_digit`] to tell.
    ///
    /// # Errors
    /// [`Fault::Malformed`].
    pub fn parse(raw: &str) -> Result<Self, Fault> {
        if raw.len() == 11 && is_digits(raw) { Ok(Self(raw.to_owned())) } else { Err(Fault::Malformed) }
    }

    /// Whether the last digit is the one that the first ten ask for: eleven less the rest that their sum, weighted,
    /// leaves by eleven; none for a rest of 1. Once all numbers of a series were given out another rule was used, so a
    /// number without it is not always wrong.
    pub fn has_usual_check_digit(&self) -> bool {
        const WEIGHTS: [u32; 10] = [5, 4, 3, 2, 7, 6, 5, 4, 3, 2];
        let digits: Vec<u32> = self.0.bytes().map(|byte| u32::from(byte - b'0')).collect();
        let sum: u32 = WEIGHTS.iter().zip(&digits).map(|(weight, digit)| weight * digit).sum();
        let expected = match sum % 11 {
            0 => Some(0),
            1 => None,
            rest => Some(11 - rest),
        };
        expected == digits.last().copied()
    }
}

impl VatNumber {
    /// The form as a regular expression, for contracts.
    pub const PATTERN: &'static str = "^LU[0-9]{8}$";

    /// Reads `LU` and eight digits.
    ///
    /// # Errors
    /// [`Fault::Malformed`]; [`Fault::CheckDigits`] unless the last two digits are what 89 leaves of the first six.
    pub fn parse(raw: &str) -> Result<Self, Fault> {
        let digits = raw.strip_prefix("LU").filter(|digits| digits.len() == 8 && is_digits(digits));
        let digits = digits.ok_or(Fault::Malformed)?;
        let (stem, check): (u32, u32) =
            (digits[..6].parse().map_err(|_| Fault::Malformed)?, digits[6..].parse().map_err(|_| Fault::Malformed)?);
        if stem % 89 == check { Ok(Self(raw.to_owned())) } else { Err(Fault::CheckDigits) }
    }
}

impl RcsNumber {
    /// The form as a regular expression, for contracts.
    pub const PATTERN: &'static str = "^[A-K][0-9]{1,7}$";
    /// The letters of the register's sections: A for traders who are natural persons, B for commercial companies, F for
    /// associations…
    const SECTIONS: &'static str = "ABCDEFGHIJK";

    /// Reads a section's letter and one to seven digits.
    ///
    /// # Errors
    /// [`Fault::Malformed`].
    pub fn parse(raw: &str) -> Result<Self, Fault> {
        let number = raw.strip_prefix(|letter| Self::SECTIONS.contains(letter)).ok_or(Fault::Malformed)?;
        let is_number = (1..=7).contains(&number.len()) && is_digits(number);
        if is_number { Ok(Self(raw.to_owned())) } else { Err(Fault::Malformed) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn published_vat_numbers_are_read() {
        // The samples of python-stdnum and of Perl's Algorithm::CheckDigits.
        for number in ["LU15027442", "LU13669580"] {
            assert_eq!(VatNumber::parse(number).unwrap().as_str(), number);
        }
        for wrong in [
            "",
            "LU",
            "15027442",
            "LU1502744",
            "LU150274420",
            "DE15027442",
            "LU1502744O",
            "LU١٥٠٢٧٤٤٢",
            "LU-15027442",
            "lu15027442",
            "LU 15027442",
        ] {
            assert_eq!(VatNumber::parse(wrong), Err(Fault::Malformed), "{wrong}");
        }
        assert_eq!(VatNumber::parse("LU15027443"), Err(Fault::CheckDigits));
    }

    #[test]
    fn a_register_number_has_a_section_and_up_to_seven_digits() {
        for number in ["B123456", "F1", "K1234567"] {
            assert_eq!(RcsNumber::parse(number).unwrap().as_str(), number);
        }
        for wrong in ["", "B", "123456", "B12345678", "BB1", "Z1", "b1", "B 1", "B-1", "ß1", "B1 a"] {
            assert_eq!(RcsNumber::parse(wrong), Err(Fault::Malformed), "{wrong}");
        }
    }

    #[test]
    fn a_national_number_has_eleven_digits_and_mostly_a_check_digit() {
        for wrong in ["", "1982220001", "198222000122", "1982220001a", "1982 220001", "١٩٨٢٢٢٠٠٠١٢"] {
            assert_eq!(LegalPersonNumber::parse(wrong), Err(Fault::Malformed), "{wrong}");
        }
        // By hand: 5·1+4·9+3·8+2·2+7·2+6·2+0+0+0+2·1 = 97, which leaves 9 by 11.
        let usual = |number: &str| LegalPersonNumber::parse(number).unwrap().has_usual_check_digit();
        assert!(usual("19822200012") && !usual("19822200013"));
        // A sum of 0 asks for 0; one of 12 leaves 1, for which there is none.
        assert!(usual("00000000000") && (0..10).all(|digit| !usual(&format!("0000000040{digit}"))));
    }

    proptest! {
        #[test]
        fn every_vat_number_parses_and_every_single_slip_shows(stem in 0u32..1_000_000, place in 2usize..10, slip in 1u8..10) {
            let number = format!("LU{stem:06}{:02}", stem % 89);
            prop_assert_eq!(VatNumber::parse(&number), Ok(VatNumber(number.clone())));
            let mut mistyped = number.into_bytes();
            mistyped[place] = b'0' + (mistyped[place] - b'0' + slip) % 10;
            prop_assert_eq!(VatNumber::parse(std::str::from_utf8(&mistyped).unwrap()), Err(Fault::CheckDigits));
        }

        #[test]
        fn a_national_number_has_at_most_one_usual_check_digit(stem in 0u64..10_000_000_000, place in 0usize..11, slip in 1u8..10) {
            let usual = |number: &str| LegalPersonNumber::parse(number).unwrap().has_usual_check_digit();
            let numbers: Vec<String> = (0..10).map(|digit| format!("{stem:010}{digit}")).collect();
            let right: Vec<&String> = numbers.iter().filter(|number| usual(number)).collect();
            prop_assert!(right.len() <= 1);
            if let Some(right) = right.first() {
                let mut mistyped = right.as_bytes().to_vec();
                mistyped[place] = b'0' + (mistyped[place] - b'0' + slip) % 10;
                prop_assert!(!usual(std::str::from_utf8(&mistyped).unwrap()));
            }
        }
    }
}
