//! Procedures and their types, as they are kept.

mod attachments;
mod of_administrations;
mod procedures;
mod signatures;
mod steps;
pub(crate) mod types;

pub use attachments::KeptAttachment;
pub use procedures::{KeptProcedure, ProcedureFilter};
pub use signatures::KeptSignature;
pub use steps::{ProcedureStep, StepActor};
pub use types::ProcedureTypeFilter;
