//! Authentic sources: data that administrations hold on companies and persons, which these view and verify (domain.md §7).

pub mod authentic_source;

pub use authentic_source::{AuthenticSource, SourceCode, SourceWithForm};
