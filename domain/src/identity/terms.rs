//! Terms of use, accepted before the first space and again when a new version comes (domain.md §1, F and C).

use crate::{Fault, Instant, Refusal};

/// One published version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// What the version is called, say `2026-01`.
    pub version: String,
    /// Since when it is in force.
    pub published_at: Instant,
}

impl Terms {
    /// The most characters of a version's name.
    pub const LONGEST_VERSION: usize = 40;
    /// The form of a version's name, for contracts.
    pub const VERSION_PATTERN: &'static str = "^[!-~]{1,40}$";

    /// Reads the name of a version: visible ASCII characters.
    ///
    /// # Errors
    /// [`Fault::Malformed`].
    pub fn parse_version(raw: &str) -> Result<String, Fault> {
        let is_name =
            (1..=Self::LONGEST_VERSION).contains(&raw.len()) && raw.bytes().all(|byte| byte.is_ascii_graphic());
        if is_name { Ok(raw.to_owned()) } else { Err(Fault::Malformed) }
    }

    /// Only the version in force can be accepted.
    ///
    /// # Errors
    /// [`Refusal::TermsOutdated`] that names the version in force.
    pub fn accept(&self, version: &str) -> Result<(), Refusal> {
        if self.version == version { Ok(()) } else { Err(Refusal::TermsOutdated { current: self.version.clone() }) }
    }
}
