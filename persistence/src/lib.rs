//! What is kept, and how: one unit of work over SQLite and PostgreSQL. diesel lives here and nowhere else.

mod audit;
mod catalogue;
mod certification;
mod collaboration;
mod connection;
mod error;
mod figures;
mod helpdesk;
mod idempotency;
mod identity;
mod installation;
mod kept;
mod outbox;
mod partner;
mod pool;
mod procedure;
mod recurring;
mod row;
mod schema;
mod sealed;
mod source;
mod space;
mod store;
mod store_room;
#[cfg(test)]
mod tests;
mod transaction;

pub use audit::AuditFilter;
pub use catalogue::ServiceFilter;
pub use certification::{AccessCodeFilter, CertificationFilter, Enclosed};
pub use collaboration::{InvitationFilter, JoinRequestFilter, MemberFilter, SystemUserFilter};
pub use connection::DatabaseUrl;
pub use error::StoreError;
pub use figures::{Batches, Connections, Fate, Figures, Lane};
pub use helpdesk::MembersCount;
pub use idempotency::Answered;
pub use identity::{AssertionPurpose, RefreshToken};
pub use outbox::{DeadLetter, Message, OutboxFigures};
pub use procedure::{
    KeptAttachment, KeptProcedure, KeptSignature, ProcedureFilter, ProcedureStep, ProcedureTypeFilter, StepActor,
};
pub use recurring::Lease;
pub use sealed::{Resealed, SEALED, SealedColumn, SealedValue};
pub use source::{KeptRecord, KeptVerification, VerificationFilter};
pub use space::{SealedProfile, SpaceFilter, SpaceInBrief};
pub use store::{Clock, Settings, Store};
pub use store_room::KeptFile;
pub use transaction::{Reading, Transaction};
