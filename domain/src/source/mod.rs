//! Authentic sources: data that administrations hold on companies and persons, which these view and verify (domain.md §7).

pub mod authentic_source;
pub mod record;
pub mod sight;
pub mod verification;

pub use authentic_source::{AuthenticSource, SourceCode, SourceWithForm};
pub use record::{
    Arrival, KnownRecord, Push, PushOutcome, RecordChange, RecordContent, RecordKey, RecordVersion, SourceRecord,
};
pub use sight::Sight;
pub use verification::{
    Discrepancy, DiscrepancyDecision, Finding, FindingKind, Verification, VerificationChange, VerificationStatus,
    VerificationsMade,
};
