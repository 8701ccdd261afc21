//! Procedures and their types, as they are kept.

pub(crate) mod types;

pub use types::ProcedureTypeFilter;
