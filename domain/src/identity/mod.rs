//! Persons, the authentication products with which they log in, and their sessions.

pub mod address;
pub mod assurance;
pub mod confirmation;
pub mod national_number;
pub mod notification;
pub mod person;
pub mod product;
pub mod registration;
pub mod session;
pub mod terms;

pub use address::{AddressOwner, AddressesAsked, AwaitingAddress};
pub use assurance::{Assurance, Strength};
pub use confirmation::{CodeTry, Confirmation};
pub use national_number::NationalNumber;
pub use notification::{NoticeKind, NotificationPreferences};
pub use person::{NextAddress, Person, PersonEdit, Protected};
pub use product::{Product, ProductKind, ProductStatus, Serial};
pub use registration::{Identity, Registration, RegistrationStatus};
pub use session::{Session, SessionEnd};
pub use terms::Terms;
