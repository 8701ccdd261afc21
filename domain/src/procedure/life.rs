//! A procedure, and how far it has come: in preparation, signed, sent, dealt with, or withdrawn (domain.md §5, C).

use super::{ProcedureTypeCode, Sending, Signature};
use crate::{
    Instant, Refusal,
    coded::coded,
    id::{MembershipId, ProcedureId, SpaceId},
};

coded! {
    /// Where a procedure stands.
    ProcedureState {
        /// It is filled in, and nobody but the space knows of it.
        InPreparation = "in_preparation",
        /// Somebody of the space signed it as it is.
        Signed = "signed",
        /// The administration can read it, and did not yet.
        Sent = "sent",
        /// The administration has taken it in.
        Received = "received",
        /// The administration works on it.
        InProgress = "in_progress",
        /// The administration is done with it.
        Closed = "closed",
        /// The space took it back.
        Withdrawn = "withdrawn",
    }
}

coded! {
    /// What came of a procedure.
    ProcedureOutcome {
        /// What was asked for is granted.
        Granted = "granted",
        /// It is refused.
        Refused = "refused",
        /// There was nothing to grant or refuse, or not any more.
        WithoutEffect = "without_effect",
    }
}

coded! {
    /// What is done to a procedure, as its timeline tells it.
    ProcedureAct {
        /// It was begun.
        Begun = "begun",
        /// What is filled in was changed; once an hour and person.
        Edited = "edited",
        /// It was put into the bin.
        Binned = "binned",
        /// It was taken out of the bin.
        Restored = "restored",
        /// Somebody of the space was to look after it.
        Assigned = "assigned",
        /// Nobody was to any more.
        Unassigned = "unassigned",
        /// A file was attached.
        Attached = "attached",
        /// A file was taken away.
        Detached = "detached",
        /// The scanner found that a file is infected.
        AttachmentInfected = "attachment_infected",
        /// It was signed.
        Signed = "signed",
        /// It was sent to the administration.
        Sent = "sent",
        /// It was taken back.
        Withdrawn = "withdrawn",
        /// The administration took it in.
        Received = "received",
        /// The administration began to work on it.
        Started = "started",
        /// The administration closed it.
        Closed = "closed",
    }
}

/// A procedure, but for what is filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Procedure {
    /// Which.
    pub id: ProcedureId,
    /// Whose.
    pub space: SpaceId,
    /// Of which type.
    pub kind: ProcedureTypeCode,
    /// In which version of it, for good.
    pub kind_version: u32,
    /// Where it stands.
    pub state: ProcedureState,
    /// Who of the space looks after it.
    pub assignee: Option<MembershipId>,
    /// How it was sent, if it was.
    pub sending: Option<Sending>,
    /// What came of it, once it is closed.
    pub outcome: Option<ProcedureOutcome>,
    /// Since when it is in the bin, if it is.
    pub binned_at: Option<Instant>,
    /// When it was begun.
    pub created_at: Instant,
    /// When it was last changed.
    pub updated_at: Instant,
    /// Counts its changes: what `If-Match` is compared with.
    pub version: u32,
}

/// What becomes of the signatures of a procedure that changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signatures {
    /// They stay.
    Kept,
    /// One is given.
    Given(Signature),
    /// They are of something that is no more.
    Void,
}

/// A procedure that was begun or changed by the rules; nothing else is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcedureChange {
    pub(super) after: Procedure,
    pub(super) act: ProcedureAct,
    pub(super) signatures: Signatures,
}

impl ProcedureChange {
    /// The procedure as it is to be.
    pub fn after(&self) -> &Procedure {
        &self.after
    }
    /// What was done.
    pub fn act(&self) -> ProcedureAct {
        self.act
    }
    /// What becomes of its signatures.
    pub fn signatures(&self) -> &Signatures {
        &self.signatures
    }
    pub(super) fn with(self, signatures: Signatures) -> Self {
        Self { signatures, ..self }
    }
}

impl ProcedureState {
    /// Those of procedures that nobody but the space knows of: drafts, signed or not.
    pub const UNSENT: [Self; 2] = [Self::InPreparation, Self::Signed];
}

impl Procedure {
    pub(super) fn require_out_of_bin(&self) -> Result<(), Refusal> {
        if self.binned_at.is_some() { Err(Refusal::ProcedureBinned) } else { Ok(()) }
    }

    pub(super) fn require_state(&self, states: &[ProcedureState]) -> Result<(), Refusal> {
        if states.contains(&self.state) { Ok(()) } else { Err(Refusal::ProcedureState { state: self.state }) }
    }

    pub(super) fn require_unsent(&self) -> Result<(), Refusal> {
        self.require_state(&ProcedureState::UNSENT)
    }

    /// What it says can be changed.
    ///
    /// # Errors
    /// [`Refusal::ProcedureBinned`]; [`Refusal::ProcedureState`] once it was sent.
    pub fn require_editable(&self) -> Result<(), Refusal> {
        self.require_out_of_bin()?;
        self.require_unsent()
    }

    /// It in a state, one version on.
    pub(super) fn turned(self, state: ProcedureState, act: ProcedureAct, now: Instant) -> ProcedureChange {
        let after = Self { state, updated_at: now, version: self.version + 1, ..self };
        ProcedureChange { after, act, signatures: Signatures::Kept }
    }
}
