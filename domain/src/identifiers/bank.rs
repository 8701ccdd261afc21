//! Bank accounts (IBAN, ISO 13616) and banks (BIC, ISO 9362).

use iban::{IbanLike, ParseBaseIbanError, ParseIbanError};

use super::{Country, identifiers, is_plain};
use crate::Fault;

identifiers! {
    /// An account's number, in its electronic form: capital letters and digits, without spaces.
    Iban,
    /// A bank's code: 8 or 11 characters.
    Bic,
}

impl Iban {
    /// The form as a regular expression, for contracts; length and make-up are those of the country.
    pub const PATTERN: &'static str = "^[A-Z]{2}[0-9]{2}[A-Z0-9]{1,30}$";

    /// Reads a number. Of a country that is not in the registry of IBANs only the check digits are looked at.
    ///
    /// # Errors
    /// [`Fault::Malformed`], or [`Fault::CheckDigits`] for a typing error.
    pub fn parse(raw: &str) -> Result<Self, Fault> {
        if !is_plain(raw) {
            return Err(Fault::Malformed);
        }
        // By modulo alone, 00, 01 and 99 would be as good as 97, 98 and 02 (ISO 7064).
        if raw.get(2..4).is_some_and(|check| matches!(check, "00" | "01" | "99")) {
            return Err(Fault::CheckDigits);
        }
        match raw.parse::<iban::Iban>() {
            Ok(iban) => Ok(Self(iban.electronic_str().to_owned())),
            Err(ParseIbanError::UnknownCountry(iban)) => Ok(Self(iban.electronic_str().to_owned())),
            Err(ParseIbanError::InvalidBaseIban { source: ParseBaseIbanError::InvalidChecksum }) => {
                Err(Fault::CheckDigits)
            }
            Err(_) => Err(Fault::Malformed),
        }
    }
}

impl Bic {
    /// The form as a regular expression, for contracts.
    pub const PATTERN: &'static str = "^[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?$";

    /// Reads a bank's four characters, its country's two, two of the place and, for a branch, three more.
    ///
    /// # Errors
    /// [`Fault::Malformed`].
    pub fn parse(raw: &str) -> Result<Self, Fault> {
        let is_form = matches!(raw.len(), 8 | 11) && is_plain(raw);
        // Kosovo has a code in banking and none in ISO 3166.
        let is_bic = is_form && (Country::parse(&raw[4..6]).is_ok() || &raw[4..6] == "XK");
        if is_bic { Ok(Self(raw.to_owned())) } else { Err(Fault::Malformed) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn published_ibans_are_read() {
        // The samples of the registry of IBANs.
        for number in [
            "LU280019400644750000",
            "DE89370400440532013000",
            "BE68539007547034",
            "FR1420041010050500013M02606",
            "GB29NWBK60161331926819",
        ] {
            assert_eq!(Iban::parse(number).unwrap().as_str(), number);
        }
        let spaced = "LU28 0019 4006 4475 0000";
        for wrong in ["", "LU", "0019400644750000", spaced, "lu280019400644750000", "LU28001940064475000é"] {
            assert_eq!(Iban::parse(wrong), Err(Fault::Malformed), "{wrong}");
        }
        for mistyped in ["LU280019400644750001", "LU000019400644750000", "LU010019400644750000", "LU990019400644750000"]
        {
            assert_eq!(Iban::parse(mistyped), Err(Fault::CheckDigits), "{mistyped}");
        }
    }

    #[test]
    fn a_luxembourg_iban_has_twenty_characters() {
        let right = |bban: &str| {
            (2..=98)
                .map(|check| format!("LU{check:02}{bban}"))
                .find(|iban| Iban::parse(iban) != Err(Fault::CheckDigits))
        };
        // Whatever its check digits, a number of another length is none.
        for (bban, fits) in [("0019400644750000", true), ("001940064475000", false), ("00194006447500000", false)] {
            assert_eq!(right(bban).is_some_and(|iban| Iban::parse(&iban).is_ok()), fits, "{bban}");
        }
    }

    #[test]
    fn a_bic_names_a_country() {
        for code in ["BCEELULL", "BCEELULLXXX", "DEUTDEFF500"] {
            assert_eq!(Bic::parse(code).unwrap().as_str(), code);
        }
        for wrong in [
            "",
            "BCEE",
            "BCEELUL",
            "BCEELULLX",
            "BCEELULLXXXX",
            "BCEEZZLL",
            "BCEE12LL",
            "BCEELUÉ1",
            "BCEE-ULL",
            "bceelull",
        ] {
            assert_eq!(Bic::parse(wrong), Err(Fault::Malformed), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn every_single_slip_of_an_iban_shows(place in 4usize..20, slip in 1u8..10) {
            let mut mistyped = b"LU280019400644750000".to_vec();
            mistyped[place] = b'0' + (mistyped[place] - b'0' + slip) % 10;
            prop_assert_eq!(Iban::parse(std::str::from_utf8(&mistyped).unwrap()), Err(Fault::CheckDigits));
        }

        #[test]
        fn nothing_that_is_typed_harms(raw in "\\PC{0,40}") {
            if let Ok(iban) = Iban::parse(&raw) {
                prop_assert_eq!(Iban::parse(iban.as_str()), Ok(iban));
            }
            if let Ok(bic) = Bic::parse(&raw) {
                prop_assert_eq!(Bic::parse(bic.as_str()), Ok(bic));
            }
        }
    }
}
