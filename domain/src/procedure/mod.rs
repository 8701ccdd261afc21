//! Procedures (démarches): what a space has to settle with an administration, by types that operators load (domain.md §5).

pub mod procedure_type;

pub use procedure_type::{
    AttachmentCode, AttachmentSlot, Hindrance, MediaType, Opener, ProcedureType, ProcedureTypeCode, SignatureKind,
    TypeWithForm,
};
