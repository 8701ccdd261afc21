//! Authentic sources as they are kept: what catalogues say of them, and their records.

mod records;
mod sources;

pub use records::KeptRecord;
