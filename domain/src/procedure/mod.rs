//! Procedures (démarches): what a space has to settle with an administration, by types that operators load (domain.md §5).

pub mod content;
pub mod draft;
pub mod procedure_type;

pub use content::Content;
pub use draft::{Procedure, ProcedureAct, ProcedureChange, ProcedureState};
pub use procedure_type::{
    AttachmentCode, AttachmentSlot, Hindrance, MediaType, Opener, ProcedureType, ProcedureTypeCode, SignatureKind,
    TypeWithForm,
};
