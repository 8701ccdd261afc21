//! What is true of persons, authentication products and spaces: the rules, without I/O, clock or database.
//!
//! A rule says no with a [`Refusal`]; a value that can't be one says why with a [`Fault`]. Time, ids and random numbers
//! come in as arguments.

pub mod audit;
pub mod catalogue;
pub mod certification;
pub mod coded;
pub mod collaboration;
pub mod form;
pub mod helpdesk;
pub mod id;
pub mod identifiers;
pub mod identity;
pub mod partner;
pub mod procedure;
pub mod refusal;
pub mod source;
pub mod space;
pub mod store_room;
pub mod text;

pub use coded::Coded;
pub use refusal::Refusal;
pub use text::Fault;

/// An instant, in UTC and whole microseconds: what both databases keep.
pub type Instant = chrono::DateTime<chrono::Utc>;
