//! Access codes, by which a space is certified (domain.md §4).

pub mod secret;

pub use secret::{AccessSecret, SecurityCode};
