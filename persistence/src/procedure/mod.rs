//! Procedures and their types, as they are kept.

mod drafts;
pub(crate) mod types;

pub use drafts::{KeptProcedure, ProcedureFilter, ProcedureStep};
pub use types::ProcedureTypeFilter;
