//! Texts that people type, and the languages in which the portal speaks.

use std::fmt;

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};
use validator::{ValidateEmail, ValidateLength};

use crate::coded::coded;

/// Why a value is not what its field wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Nothing is left once the outer white space is gone.
    #[error("is empty")]
    Empty,
    /// More characters (Unicode scalar values) than the limit.
    #[error("is longer than {max} characters")]
    TooLong {
        /// The most characters that the field takes.
        max: usize,
    },
    /// More items than the limit.
    #[error("has more than {max} items")]
    TooMany {
        /// The most items that the field takes.
        max: usize,
    },
    /// An object that is too large as a whole, or nested too deeply.
    #[error("is too large, or nested too deeply")]
    TooLarge,
    /// A control, format (bidi, zero width), private, unassigned or separator character.
    #[error("holds a character that is not allowed")]
    BarredCharacter,
    /// More combining marks in a row than any script needs.
    #[error("stacks too many combining marks")]
    CombiningMarks,
    /// Not in the form that the field wants.
    #[error("does not have the right form")]
    Malformed,
    /// The right form, but its check digits say that it was mistyped.
    #[error("has wrong check digits")]
    CheckDigits,
    /// A field that must be there in this case.
    #[error("is missing")]
    Missing,
    /// A field that must not be there in this case.
    #[error("does not apply here")]
    NotApplicable,
    /// A moment that is not in the future.
    #[error("is not in the future")]
    NotInFuture,
    /// A moment that is further away than the field takes.
    #[error("is too far in the future")]
    TooFar,
    /// A number outside its range.
    #[error("is not between {min} and {max}")]
    OutOfRange {
        /// The smallest number taken.
        min: i64,
        /// The largest number taken.
        max: i64,
    },
}

const MARKS_IN_A_ROW: usize = 4;

/// Normalises to NFC and trims; refuses what could hide, reorder or flood (our choice). What comes out goes in again.
fn clean(raw: &str, max: usize) -> Result<String, Fault> {
    // A flood is refused before it is normalised: NFC sorts runs of marks, which costs more than their length.
    if !raw.validate_length(None, Some(4 * max as u64), None) {
        return Err(Fault::TooLong { max });
    }
    let text = if raw.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        // Nothing of these is barred, or another thing in NFC.
        raw.trim().to_owned()
    } else {
        check_characters(raw)?;
        let text: String = raw.trim().nfc().collect();
        // NFC makes two characters of some, marks among them.
        check_characters(&text)?;
        text
    };
    if text.is_empty() {
        return Err(Fault::Empty);
    }
    if !text.validate_length(None, Some(max as u64), None) {
        return Err(Fault::TooLong { max });
    }
    Ok(text)
}

fn check_characters(text: &str) -> Result<(), Fault> {
    let mut marks = 0;
    for character in text.chars() {
        marks = if is_combining_mark(character) { marks + 1 } else { 0 };
        if marks > MARKS_IN_A_ROW {
            return Err(Fault::CombiningMarks);
        }
        if is_barred(character) {
            return Err(Fault::BarredCharacter);
        }
    }
    Ok(())
}

/// Categories Cc, Cf, Cn, Co, Cs, the separators of lines and paragraphs (Zl, Zp), and the letters that show nothing
/// (the fillers of Hangul).
fn is_barred(character: char) -> bool {
    character.general_category_group() == GeneralCategoryGroup::Other
        || matches!(character, '\u{2028}' | '\u{2029}' | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}')
}

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident($max:literal)),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name(String);

        impl $name {
            /// The most characters (Unicode scalar values) that it holds.
            pub const MAX: usize = $max;

            /// One line of text in NFC, without outer white space.
            pub fn parse(raw: &str) -> Result<Self, Fault> {
                clean(raw, Self::MAX).map(Self)
            }
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )+};
}

texts! {
    /// The title (intitulé) of a space, apart from the legal name (domain.md §2, F). Its length is our choice.
    Title(120),
    /// Why something is asked for or done: about the thing alone, it names nobody. Its length is our choice.
    ReasonText(500),
    /// Why a space asks for a certification, as its administration reads it. Its length is our choice.
    GroundsText(2000),
    /// Why a procedure was closed as it was, as its space reads it. Its length is our choice.
    ExplanationText(4000),
    /// A given or family name, as an identity provider asserts it.
    PersonName(100),
    /// What administrators call a company's own software. Its length is our choice.
    SystemUserName(120),
    /// What operators call an administration's back end. Its length is our choice.
    PartnerName(120),
    /// What administrations, sectors and services are called. Its length is our choice.
    CatalogueTitle(160),
    /// What a service is for. Its length is our choice.
    CatalogueDescription(1000),
    /// Other words by which people look for a type of procedure. Its length is our choice.
    CatalogueKeywords(500),
    /// What somebody looks for. Its length is our choice.
    SearchText(100),
    /// The legal name of a company, or the name of somebody who holds an account or is associated with one.
    LegalName(250),
    /// A legal form, in the words or letters of its country: `S.à r.l.`
    LegalForm(100),
    /// The name of a street or place.
    Street(150),
    /// What tells a building in a street.
    HouseNumber(20),
    /// A postal code, of any country.
    PostalCode(12),
    /// A town or village.
    Locality(100),
    /// What an associated body is to a company: a shareholder, an auditor…
    BodyRole(100),
}

impl PersonName {
    /// Whether two names are the same to a reader who heeds neither case, nor accents, nor what joins the parts of a name.
    pub fn is_same_name(&self, other: &Self) -> bool {
        letters(&self.0) == letters(&other.0)
    }
}

/// The letters and digits of a text, small and without accents.
pub(crate) fn letters(text: &str) -> String {
    let lower = text.to_lowercase().replace('ß', "ss").replace('œ', "oe").replace('æ', "ae");
    lower.nfkd().filter(|letter| letter.is_alphanumeric()).collect()
}

impl Title {
    /// What stands in the place of a title that is forgotten.
    pub fn forgotten() -> Self {
        Self("—".to_owned())
    }
}

/// An e-mail address: one mailbox, without a display name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmailAddress(String);

impl EmailAddress {
    /// The most characters that an address has (RFC 5321 §4.5.3.1.3, less the angle brackets).
    pub const MAX: usize = 254;

    /// An address in the form that HTML's `<input type=email>` takes, in ASCII, as every mail server does.
    pub fn parse(raw: &str) -> Result<Self, Fault> {
        let text = clean(raw, Self::MAX)?;
        if text.is_ascii() && text.validate_email() { Ok(Self(text)) } else { Err(Fault::Malformed) }
    }
    /// What stands in the place of an address that is forgotten: nobody's, by RFC 2606.
    pub fn forgotten() -> Self {
        Self("nobody@forgotten.invalid".to_owned())
    }
    /// The address as it was typed.
    pub fn as_str(&self) -> &str {
        &self.0
    }
    /// Whether mail to either lands in the same mailbox, as far as anybody but its server can tell.
    pub fn is_same_mailbox(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a file is called, by whoever handed it in: it is data, and never names a file of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileName(String);

impl FileName {
    /// The most characters (our choice).
    pub const MAX: usize = 200;
    /// What no name holds (domain.md §5, F).
    pub const BARRED: [char; 9] = ['\\', '/', ':', '*', '?', '"', '<', '>', '|'];

    /// One line of text, without what is barred.
    ///
    /// # Errors
    /// Those of any text; [`Fault::Malformed`] for one of dots alone.
    pub fn parse(raw: &str) -> Result<Self, Fault> {
        let name = clean(raw, Self::MAX)?;
        if name.contains(Self::BARRED) {
            return Err(Fault::BarredCharacter);
        }
        if name.bytes().all(|byte| byte == b'.') { Err(Fault::Malformed) } else { Ok(Self(name)) }
    }
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

coded! {
    /// The language in which a person, or a space, is written to (fr, de, en: F; lb: our choice).
    Language {
        /// French, which is also what is spoken where nothing else was asked for.
        Fr = "fr",
        /// German.
        De = "de",
        /// English.
        En = "en",
        /// Luxembourgish.
        Lb = "lb",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_was_taken_is_taken_again_as_it_is(raw in "[\\PC\u{300}-\u{36f}\u{344}\u{fb2c}]{0,40}") {
            if let Ok(title) = Title::parse(&raw) {
                prop_assert_eq!(Title::parse(title.as_str()), Ok(title));
            }
        }
    }

    #[test]
    fn marks_are_counted_as_they_are_kept() {
        // One character that NFC makes two of.
        assert_eq!(Title::parse(&format!("a{}", "\u{344}".repeat(4))), Err(Fault::CombiningMarks));
    }

    #[test]
    fn a_title_is_trimmed_and_composed() {
        assert_eq!(Title::parse("  Cafe\u{301} du Coin ").unwrap().as_str(), "Café du Coin");
    }

    #[test]
    fn what_hides_or_floods_is_refused() {
        for barred in [
            "a\0b",
            "a\nb",
            "a\u{202e}b",
            "a\u{2066}b",
            "a\u{200b}b",
            "a\u{feff}b",
            "a\u{e000}b",
            "a\u{2028}b",
            "a\u{ffff}b",
            "\u{3164}",
        ] {
            assert_eq!(Title::parse(barred), Err(Fault::BarredCharacter), "{barred:?}");
        }
        assert_eq!(Title::parse(&format!("a{}", "\u{301}".repeat(5))), Err(Fault::CombiningMarks));
        assert_eq!(Title::parse(&format!("a{}", "\u{301}".repeat(10_000))), Err(Fault::TooLong { max: 120 }));
        assert_eq!(Title::parse(" \u{a0} "), Err(Fault::Empty));
    }

    #[test]
    fn what_stands_for_forgotten_texts_is_read_like_any() {
        assert_eq!(Title::parse(Title::forgotten().as_str()), Ok(Title::forgotten()));
        assert_eq!(EmailAddress::parse(EmailAddress::forgotten().as_str()), Ok(EmailAddress::forgotten()));
    }

    #[test]
    fn limits_hold_at_their_edge() {
        assert!(Title::parse(&"é".repeat(120)).is_ok());
        assert_eq!(Title::parse(&"é".repeat(121)), Err(Fault::TooLong { max: 120 }));
        let local = "a".repeat(64);
        let domain = format!("{}.{}.{}.lu", "b".repeat(60), "c".repeat(60), "d".repeat(62));
        let longest = format!("{local}@{domain}");
        assert_eq!(longest.len(), 64 + 1 + 187);
        assert!(EmailAddress::parse(&longest).is_ok());
    }

    #[test]
    fn a_file_name_holds_nothing_that_is_barred() {
        for barred in FileName::BARRED {
            assert_eq!(FileName::parse(&format!("a{barred}b.pdf")), Err(Fault::BarredCharacter), "{barred}");
        }
        for name in ["a\0.pdf", "a\u{202e}fdp.exe"] {
            assert_eq!(FileName::parse(name), Err(Fault::BarredCharacter), "{name:?}");
        }
        assert_eq!((FileName::parse("."), FileName::parse("..")), (Err(Fault::Malformed), Err(Fault::Malformed)));
        assert_eq!(FileName::parse(" Statuts é.pdf ").unwrap().as_str(), "Statuts é.pdf");
        let too_long = "a".repeat(FileName::MAX + 1);
        assert_eq!(FileName::parse(&too_long), Err(Fault::TooLong { max: FileName::MAX }));
    }

    #[test]
    fn an_address_is_one_mailbox() {
        for wrong in ["", "a", "a@", "@b.lu", "a b@c.lu", "Name <a@b.lu>", "a@b.lu, c@d.lu", "a@b.lu\r\nBcc: c@d.lu"] {
            assert!(EmailAddress::parse(wrong).is_err(), "{wrong:?}");
        }
        let address = EmailAddress::parse("Info@Example.lu").unwrap();
        assert!(address.is_same_mailbox(&EmailAddress::parse("info@example.LU").unwrap()));
    }
}
