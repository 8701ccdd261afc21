//! Who is in a space, and what his role lets him do.

pub mod membership;

pub use membership::{AccessScope, Administrator, Membership, MembershipStatus, Role};
