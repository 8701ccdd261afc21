//! Persons, their addresses, products, registrations, sessions and terms as they are kept.

mod addresses;
mod assertions;
mod clients;
mod notifications;
mod persons;
mod products;
mod registrations;
mod sessions;
mod terms;

pub use assertions::AssertionPurpose;
pub(crate) use persons::PersonRow;
pub(crate) use products::ProductRow;
pub use sessions::RefreshToken;
