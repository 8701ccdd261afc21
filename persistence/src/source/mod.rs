//! Authentic sources as they are kept: what catalogues say of them, their records, and what spaces say of these.

mod records;
mod sources;
mod verifications;

pub use records::KeptRecord;
pub use verifications::{KeptVerification, VerificationFilter};
