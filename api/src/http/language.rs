//! In which language an answer speaks.

use std::collections::BTreeSet;

use actix_web::{
    HttpResponse,
    http::header::{ACCEPT_LANGUAGE, CONTENT_LANGUAGE, HeaderMap, HeaderValue, VARY},
};
use domain::{Coded, catalogue::LocalText, text::Language};

use super::accept;

/// A text in every language that the portal speaks: one that is missing does not compile.
#[derive(Debug, Clone, Copy)]
pub struct Text {
    /// French, the default.
    pub fr: &'static str,
    /// German.
    pub de: &'static str,
    /// English.
    pub en: &'static str,
    /// Luxembourgish.
    pub lb: &'static str,
}

impl Text {
    /// The text in a language.
    pub fn in_language(self, language: Language) -> &'static str {
        match language {
            Language::Fr => self.fr,
            Language::De => self.de,
            Language::En => self.en,
            Language::Lb => self.lb,
        }
    }
}

/// The language that `Accept-Language` likes best (RFC 9110 §12.5.4); French where it names none of ours.
pub fn preferred(headers: &HeaderMap) -> Language {
    let header = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let primary = |range: &str| Language::from_code(&range.split('-').next()?.to_ascii_lowercase());
    accept::preferred(header, primary).unwrap_or(Language::Fr)
}

/// Says texts in the language that somebody likes best or, of what lacks it, in French, and knows in which it has spoken.
#[derive(Debug)]
pub struct Speaker {
    preferred: Language,
    spoken: BTreeSet<Language>,
}

impl Speaker {
    /// One that has said nothing yet.
    pub fn new(preferred: Language) -> Self {
        Self { preferred, spoken: BTreeSet::new() }
    }

    /// Says a text.
    pub fn say(&mut self, text: &LocalText) -> String {
        self.spoken.insert(text.spoken(self.preferred));
        text.in_language(self.preferred).to_owned()
    }

    /// Each language in which it has spoken.
    pub fn spoken(self) -> BTreeSet<Language> {
        self.spoken
    }
}

/// An answer that says in which languages its texts are, all of them (RFC 9110 §8.5), and that others would be asked for by
/// `Accept-Language`. One without texts is in none.
pub fn spoken(mut response: HttpResponse, languages: impl IntoIterator<Item = Language>) -> HttpResponse {
    let codes: Vec<&str> = languages.into_iter().map(Coded::code).collect();
    let headers = response.headers_mut();
    if let Some(list) = HeaderValue::from_str(&codes.join(", ")).ok().filter(|list| !list.is_empty()) {
        headers.insert(CONTENT_LANGUAGE, list);
    }
    headers.append(VARY, HeaderValue::from(ACCEPT_LANGUAGE));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_heaviest_known_language_wins() {
        for (header, expected) in [
            ("en", Language::En),
            ("de-LU, fr;q=0.8", Language::De),
            ("pt, en;q=0.5, fr;q=0.7", Language::Fr),
            ("en;q=0, lb;q=0.1", Language::Lb),
            ("pt", Language::Fr),
            ("*", Language::Fr),
            (";;;q=x,,", Language::Fr),
        ] {
            let headers = HeaderMap::from_iter([(ACCEPT_LANGUAGE, HeaderValue::from_static(header))]);
            assert_eq!(preferred(&headers), expected, "{header}");
        }
        assert_eq!(preferred(&HeaderMap::new()), Language::Fr);
    }
}
