//! Procedures: their types, which persons find, and what keeps a space from beginning one.

pub mod opening;
pub mod types;
pub mod view;
