//! Authentic sources: administrations send records of them, and spaces see those that are about them.

pub mod own;
pub mod partner;
pub mod sealed;
