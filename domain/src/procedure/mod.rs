//! Procedures (démarches): what a space has to settle with an administration, by types that operators load (domain.md §5).

pub mod attachment;
pub mod content;
pub mod draft;
pub mod handling;
pub mod life;
pub mod procedure_type;
pub mod submission;
pub mod verification;

pub use attachment::{AttachedFile, AttachmentFlaw};
pub use content::Content;
pub use life::{Procedure, ProcedureAct, ProcedureChange, ProcedureOutcome, ProcedureState, Signatures};
pub use procedure_type::{
    AttachmentCode, AttachmentSlot, Hindrance, Opener, ProcedureType, ProcedureTypeCode, SignatureKind, TypeWithForm,
};
pub use submission::{ContentDigest, ReferenceNumber, Sending, Signature, Submission};
pub use verification::VerificationCode;
