//! Who is in a space, and what his role lets him do.

pub mod membership;
pub mod roster;

pub use membership::{AccessScope, Administrator, Membership, MembershipStatus, Role};
pub use roster::{Member, Roster};
