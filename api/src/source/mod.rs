//! Authentic sources: administrations send records of them, and spaces see those that are about them, and say whether they are right.

mod notice;
pub mod own;
pub mod partner;
pub mod sealed;
pub mod verification;
