//! What an administration is told of through its feed: that something happened to a thing of its own, which the partner then
//! reads where it stands.

use uuid::Uuid;

use crate::{
    catalogue::AdministrationCode,
    coded::coded,
    id::{AccessCodeId, CertificationId, ProcedureId, VerificationId},
};

coded! {
    /// What happened.
    PartnerEventKind {
        /// A space asks for a certification.
        CertificationRequested = "certification.requested",
        /// It took the request back, or gave the certification up.
        CertificationWithdrawn = "certification.withdrawn",
        /// One was granted: by a decision, or by a code that was activated.
        CertificationGranted = "certification.granted",
        /// A request was refused.
        CertificationRefused = "certification.refused",
        /// One was suspended.
        CertificationSuspended = "certification.suspended",
        /// A suspended one is effective again.
        CertificationResumed = "certification.resumed",
        /// One was ended, by the administration or by the principal.
        CertificationRevoked = "certification.revoked",
        /// The end of one came.
        CertificationExpired = "certification.expired",
        /// Wrong security codes locked an access code that the administration had issued.
        AccessCodeLocked = "access_code.locked",
        /// A procedure was sent.
        ProcedureSent = "procedure.sent",
        /// A space took back what it had sent.
        ProcedureWithdrawn = "procedure.withdrawn",
        /// A space reported a discrepancy in a record.
        DiscrepancyReported = "source.discrepancy_reported",
    }
}

/// What an event is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventSubject {
    /// A certification.
    Certification,
    /// An access code.
    AccessCode,
    /// A procedure.
    Procedure,
    /// What a space said of a record.
    Verification,
}

impl PartnerEventKind {
    /// Of which kind the thing is to which it happened.
    pub fn subject(self) -> EventSubject {
        match self {
            Self::CertificationRequested
            | Self::CertificationWithdrawn
            | Self::CertificationGranted
            | Self::CertificationRefused
            | Self::CertificationSuspended
            | Self::CertificationResumed
            | Self::CertificationRevoked
            | Self::CertificationExpired => EventSubject::Certification,
            Self::AccessCodeLocked => EventSubject::AccessCode,
            Self::ProcedureSent | Self::ProcedureWithdrawn => EventSubject::Procedure,
            Self::DiscrepancyReported => EventSubject::Verification,
        }
    }
}

/// Something that an administration is to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartnerEvent {
    /// Who is told.
    pub administration: AdministrationCode,
    /// What happened.
    pub kind: PartnerEventKind,
    /// To which thing.
    pub subject: Uuid,
}

impl PartnerEvent {
    /// Something that happened to a certification.
    pub fn of_certification(administration: AdministrationCode, kind: PartnerEventKind, id: CertificationId) -> Self {
        Self { administration, kind, subject: id.0 }
    }
    /// Something that happened to an access code.
    pub fn of_access_code(administration: AdministrationCode, kind: PartnerEventKind, id: AccessCodeId) -> Self {
        Self { administration, kind, subject: id.0 }
    }
    /// Something that happened to a verification.
    pub fn of_verification(administration: AdministrationCode, kind: PartnerEventKind, id: VerificationId) -> Self {
        Self { administration, kind, subject: id.0 }
    }
    /// Something that happened to a procedure.
    pub fn of_procedure(administration: AdministrationCode, kind: PartnerEventKind, id: ProcedureId) -> Self {
        Self { administration, kind, subject: id.0 }
    }
}
