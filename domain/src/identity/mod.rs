//! Persons, the authentication products with which they log in, and their sessions.

pub mod assurance;
pub mod national_number;
pub mod person;
pub mod product;
pub mod registration;
pub mod session;
pub mod terms;

pub use assurance::{Assurance, Strength};
pub use national_number::NationalNumber;
pub use person::{Person, Protected};
pub use product::{Product, ProductKind, ProductStatus, Serial};
pub use registration::{Identity, Registration, RegistrationStatus};
pub use session::{Session, SessionEnd};
pub use terms::Terms;
