//! Procedures: their types, which persons find, what keeps a space from beginning one, and a space's own.

pub mod opening;
pub mod own;
pub mod types;
pub mod view;
