//! Procedures: their types, which persons find, what keeps a space from beginning one, a space's own, what
//! administrations do with those that were sent to them, and how anybody verifies that one was sent.

pub mod attachment;
pub mod notice;
pub mod opening;
pub mod own;
pub mod partner;
pub mod types;
pub mod verify;
pub mod view;
