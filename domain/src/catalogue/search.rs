//! Looking for words in what people read.

use crate::text::{SearchText, letters};

/// Words that somebody looks for, whatever their case, accents, hyphens and apostrophes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search(Vec<String>);

impl Search {
    /// The words of a text, and of words that are joined the parts, for what is looked for may be written in one or in several
    /// words. A text without letters and digits has none, and finds everything.
    pub fn of(text: &SearchText) -> Self {
        let words = text.as_str().split_whitespace().flat_map(parts).map(letters);
        Self(words.filter(|word| !word.is_empty()).collect())
    }

    /// Whether each word, or what begins or ends with it, is in one of the texts.
    pub fn finds<'t>(&self, texts: impl IntoIterator<Item = &'t str>) -> bool {
        let there: Vec<_> = texts.into_iter().flat_map(str::split_whitespace).map(letters).collect();
        self.0.iter().all(|word| there.iter().any(|known| known.contains(word.as_str())))
    }
}

/// What a word is made of: `sous-traitance`, `itm.elections`. Of `l'élection` the article is no part.
fn parts(word: &str) -> impl Iterator<Item = &str> {
    let article =
        word.split_once(['\'', '’']).filter(|(article, noun)| article.chars().count() <= 2 && !noun.is_empty());
    let rest = article.map_or(word, |(_, noun)| noun);
    rest.split(|letter: char| letter.is_ascii_punctuation() || "’‐‑–".contains(letter))
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
        for missing in ["élections fiscales", "impôt", "elections2", "ionssoc", "social-impôt"] {
            assert!(!finds(missing), "{missing}");
        }
        for nothing in ["...", "' - '"] {
            assert!(finds(nothing), "{nothing} looks for nothing");
        }
    }

    #[test]
    fn joined_words_are_found_by_their_parts_and_as_a_whole_and_find_words_that_are_not_joined() {
        let finds = |wanted: &str, text: &str| Search::of(&SearchText::parse(wanted).unwrap()).finds([text]);
        for wanted in ["sous-traitance", "sous traitance", "soustraitance", "sous‑traitance", "traitance", "sous"] {
            for text in ["La sous-traitance", "La sous\u{2011}traitance"] {
                assert!(finds(wanted, text), "{wanted} in {text}");
            }
        }
        assert!(finds("sous-traitance", "Sous traitance") && finds("sous-traitance", "Soustraitance"));
        for wanted in ["l'élection", "l’élection", "élection", "L'ELECTION", "d'élection", "qu'élection", "lelection"]
        {
            assert!(finds(wanted, "Pour l'élection") && finds(wanted, "Pour l’élection"), "{wanted}");
        }
        assert!(finds("l'élection", "Élections") && finds("d'impôt", "Impôt") && finds("d'impôt", "Fiches d'impôt"));
        assert!(finds("aujourd'hui", "Aujourd'hui") && finds("hui", "Aujourd'hui"));
        assert!(!finds("sous-impôt", "La sous-traitance") && !finds("l'impôt", "Pour l'élection"));
    }
}
