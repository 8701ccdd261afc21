//! The national number by which a business is known: a legal person's, or a self-employed person's own.

use crate::{Fault, identifiers::LegalPersonNumber, identity::NationalNumber};

/// The national number of a legal person, 11 digits, or of a self-employed person, 13 (domain.md §9). It has no `Display`,
/// and `Debug` hides it: a self-employed person's must not get into a log.
#[derive(Clone, PartialEq, Eq)]
pub enum BusinessNumber {
    /// A legal person's.
    LegalPerson(LegalPersonNumber),
    /// A self-employed person's.
    NaturalPerson(NationalNumber),
}

impl BusinessNumber {
    /// The form as a regular expression, for contracts.
    pub const PATTERN: &'static str = "^([0-9]{11}|[0-9]{13})$";

    /// Reads 11 or 13 digits. A wrong check digit of a legal person's is for [`BusinessNumber::has_usual_check_digit`] to tell.
    ///
    /// # Errors
    /// [`Fault::Malformed`]; [`Fault::CheckDigits`] for a mistyped number of a natural person.
    pub fn parse(raw: &str) -> Result<Self, Fault> {
        if raw.len() == 13 {
            NationalNumber::parse(raw).map(Self::NaturalPerson)
        } else {
            LegalPersonNumber::parse(raw).map(Self::LegalPerson)
        }
    }

    /// Whether its check digits are what they are by the rule that is published.
    pub fn has_usual_check_digit(&self) -> bool {
        match self {
            Self::LegalPerson(number) => number.has_usual_check_digit(),
            Self::NaturalPerson(_) => true,
        }
    }

    /// The last four digits behind as many stars as it has others.
    pub fn masked(&self) -> String {
        let digits = self.reveal();
        let hidden = digits.len() - 4;
        format!("{}{}", "*".repeat(hidden), &digits[hidden..])
    }

    /// The digits, for the one who protects them or shows them to whom they were sent.
    pub fn reveal(&self) -> &str {
        match self {
            Self::LegalPerson(number) => number.as_str(),
            Self::NaturalPerson(number) => number.reveal(),
        }
    }
}

impl std::fmt::Debug for BusinessNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BusinessNumber(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_business_is_a_legal_person_or_a_natural_one() {
        let company = BusinessNumber::parse("19822200012").unwrap();
        assert!(matches!(company, BusinessNumber::LegalPerson(_)) && company.has_usual_check_digit());
        assert!(!BusinessNumber::parse("19822200013").unwrap().has_usual_check_digit());
        let person = BusinessNumber::parse("1893120105732").unwrap();
        assert!(matches!(person, BusinessNumber::NaturalPerson(_)) && person.has_usual_check_digit());
        assert_eq!(BusinessNumber::parse("1893120105733"), Err(Fault::CheckDigits));
        for wrong in ["", "198222000123", "1982220001", "198222O0012", "18931201057322"] {
            assert_eq!(BusinessNumber::parse(wrong), Err(Fault::Malformed), "{wrong}");
        }
    }

    #[test]
    fn the_last_four_digits_show_and_a_log_shows_none() {
        let number = BusinessNumber::parse("19822200012").unwrap();
        assert_eq!((number.masked().as_str(), number.reveal()), ("*******0012", "19822200012"));
        assert_eq!(format!("{number:?}"), "BusinessNumber(…)");
    }
}
