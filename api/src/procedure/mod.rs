//! Procedures: their types, which persons find, what keeps a space from beginning one, and those in preparation.

pub mod drafts;
pub mod opening;
pub mod types;
pub mod view;
