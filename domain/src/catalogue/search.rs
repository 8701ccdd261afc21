//! Looking for words in what people read.

use crate::text::{SearchText, letters};

/// Words that somebody looks for, whatever their case, accents and hyphens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search(Vec<String>);

impl Search {
    /// The words of a text. One without letters and digits has none, and finds everything.
    pub fn of(text: &SearchText) -> Self {
        let words = text.as_str().split_whitespace().map(letters);
        Self(words.filter(|word| !word.is_empty()).collect())
    }

    /// Whether each word, or what begins or ends with it, is in one of the texts.
    pub fn finds<'t>(&self, texts: impl IntoIterator<Item = &'t str>) -> bool {
        let there: Vec<_> = texts.into_iter().flat_map(str::split_whitespace).map(letters).collect();
        self.0.iter().all(|word| there.iter().any(|known| known.contains(word.as_str())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_found_whatever_its_accents() {
        let finds = |wanted: &str| {
            let search = Search::of(&SearchText::parse(wanted).unwrap());
            search.finds(["Élections sociales", "itm.social-elections"])
        };
        for there in
            ["elections", "ÉLECTIONS", "e\u{301}lec", "sociales élections", "social-elections", "ITM.", "- soc"]
        {
            assert!(finds(there), "{there}");
        }
        for missing in ["élections fiscales", "impôt", "elections2", "ionssoc"] {
            assert!(!finds(missing), "{missing}");
        }
        assert!(finds("..."), "it looks for nothing");
    }
}
