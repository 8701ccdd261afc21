//! Persons, products, registrations, sessions and terms as they are kept.

mod assertions;
mod persons;
mod products;
mod registrations;
mod sessions;
mod terms;

pub use assertions::AssertionPurpose;
pub(crate) use products::ProductRow;
pub use sessions::RefreshToken;
