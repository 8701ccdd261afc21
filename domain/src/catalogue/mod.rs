//! What operators load: administrations, sectors, and the services that administrations open to certified spaces
//! (domain.md §4).

pub mod entry;
pub mod loading;
pub mod search;
pub mod service;

use std::collections::BTreeMap;

pub use entry::{Entry, Owned};
pub use loading::{Catalogue, Change, Loaded, Loading, LoadingFault};
pub use search::Search;
pub use service::{Capacity, Service, ServiceDomain, ServiceStatus, WayIn};

use crate::{Coded, Fault, text::Language};

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident($parts:literal, $pattern:literal)),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The most characters that it has.
            pub const MAX: usize = 80;
            /// Its form, for contracts.
            pub const PATTERN: &'static str = $pattern;

            /// Reads words of small letters and digits, which begin with a letter, joined by hyphens, in as many parts, joined by
            /// dots, as the code has.
            ///
            /// # Errors
            /// [`Fault::TooLong`](crate::Fault), [`Fault::Malformed`](crate::Fault).
            pub fn parse(raw: &str) -> Result<Self, $crate::Fault> {
                $crate::catalogue::code(raw, $parts, Self::MAX).map(|()| Self(raw.to_owned()))
            }
            /// The code.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl std::str::FromStr for $name {
            type Err = $crate::Fault;
            fn from_str(raw: &str) -> Result<Self, $crate::Fault> {
                Self::parse(raw)
            }
        }
    )+};
}
pub(crate) use codes;

codes! {
    /// What a catalogue is called: `luxembourg`.
    CatalogueName(1, r"^[a-z][a-z0-9]*(-[a-z][a-z0-9]*)*$"),
    /// An administration: `acd`.
    AdministrationCode(1, r"^[a-z][a-z0-9]*(-[a-z][a-z0-9]*)*$"),
    /// A sector: `food-safety`.
    SectorCode(1, r"^[a-z][a-z0-9]*(-[a-z][a-z0-9]*)*$"),
    /// A service, behind its administration: `acd.tax-cards`.
    ServiceCode(2, r"^[a-z][a-z0-9]*(-[a-z][a-z0-9]*)*\.[a-z][a-z0-9]*(-[a-z][a-z0-9]*)*$"),
    /// A domain of a service: `affiliations`.
    ServiceDomainCode(1, r"^[a-z][a-z0-9]*(-[a-z][a-z0-9]*)*$"),
}

pub(crate) fn code(raw: &str, parts: usize, max: usize) -> Result<(), Fault> {
    if raw.len() > max {
        return Err(Fault::TooLong { max });
    }
    let is_word = |word: &str| {
        word.starts_with(|first: char| first.is_ascii_lowercase())
            && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    let is_part = |part: &str| part.split('-').all(is_word);
    let is_code = raw.split('.').count() == parts && raw.split('.').all(is_part);
    if is_code { Ok(()) } else { Err(Fault::Malformed) }
}

impl ServiceCode {
    /// Whose service it is: its first part says it, so that no service ever goes to another administration.
    pub fn administration(&self) -> AdministrationCode {
        administration_in(&self.0)
    }
}

/// The administration whose code a code begins with.
pub(crate) fn administration_in(code: &str) -> AdministrationCode {
    AdministrationCode(code.split('.').next().unwrap_or_default().to_owned())
}

/// A text in the languages in which there is one; French is always among them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalText(BTreeMap<&'static str, String>);

impl LocalText {
    /// Takes the texts, one a language.
    ///
    /// # Errors
    /// [`Fault::Missing`] without a French one.
    pub fn new(texts: impl IntoIterator<Item = (Language, String)>) -> Result<Self, Fault> {
        let texts: BTreeMap<_, _> = texts.into_iter().map(|(language, text)| (language.code(), text)).collect();
        if texts.contains_key(Language::Fr.code()) { Ok(Self(texts)) } else { Err(Fault::Missing) }
    }

    /// The language that is spoken to who asks for this one: it, or French.
    pub fn spoken(&self, asked: Language) -> Language {
        if self.0.contains_key(asked.code()) { asked } else { Language::Fr }
    }

    /// The text in a language, or in French.
    pub fn in_language(&self, language: Language) -> &str {
        self.0.get(self.spoken(language).code()).map(String::as_str).unwrap_or_default()
    }

    /// Each language that there is a text in, by its code, with the text.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().map(|(language, text)| (*language, text.as_str()))
    }
}

/// An authority that certifies spaces for services of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Administration {
    /// Its code.
    pub code: AdministrationCode,
    /// What it is called.
    pub titles: LocalText,
    /// Whether a newer version of its catalogue leaves it out.
    pub is_retired: bool,
}

/// A sector, to which services belong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sector {
    /// Its code.
    pub code: SectorCode,
    /// What it is called.
    pub titles: LocalText,
    /// Whether a newer version of its catalogue leaves it out.
    pub is_retired: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_small_words_in_so_many_parts() {
        for code in ["acd.tax-cards", "itm.social-elections", "a1.b2-c3"] {
            assert_eq!(ServiceCode::parse(code).unwrap().as_str(), code);
        }
        for wrong in
            ["", "acd", "acd.", ".tax", "acd.tax.cards", "ACD.tax", "acd.tax--cards", "acd.1tax", "acd.é", "acd.-t"]
        {
            assert_eq!(ServiceCode::parse(wrong), Err(Fault::Malformed), "{wrong}");
        }
        assert_eq!(SectorCode::parse(&"a".repeat(81)), Err(Fault::TooLong { max: 80 }));
        let administration = ServiceCode::parse("a-c-d.tax-cards").unwrap().administration();
        assert_eq!(AdministrationCode::parse("a-c-d"), Ok(administration));
    }

    #[test]
    fn a_text_falls_back_to_french() {
        let text = LocalText::new([(Language::Fr, "Fiches".to_owned()), (Language::De, "Karten".to_owned())]).unwrap();
        assert_eq!((text.in_language(Language::De), text.in_language(Language::Lb)), ("Karten", "Fiches"));
        assert_eq!((text.spoken(Language::De), text.spoken(Language::Lb)), (Language::De, Language::Fr));
        assert_eq!(LocalText::new([(Language::De, "Karten".to_owned())]), Err(Fault::Missing));
    }
}
