//! In which language an answer speaks.

use actix_web::http::header::{ACCEPT_LANGUAGE, HeaderMap};
use domain::{Coded, text::Language};

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
    let Some(header) = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()) else { return Language::Fr };
    header
        .split(',')
        .filter_map(|range| {
            let mut parts = range.split(';').map(str::trim);
            let primary = parts.next()?.split('-').next()?.to_ascii_lowercase();
            let weight = parts
                .find_map(|part| part.strip_prefix("q="))
                .map_or(Some(1.0), |weight| weight.parse::<f32>().ok())?;
            Some((Language::from_code(&primary)?, weight))
        })
        .filter(|(_, weight)| *weight > 0.0)
        // The first of those that are liked equally.
        .reduce(|best, next| if next.1 > best.1 { next } else { best })
        .map_or(Language::Fr, |(language, _)| language)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::HeaderValue;

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
