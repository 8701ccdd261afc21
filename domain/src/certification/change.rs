//! What becomes of a certification, and the step that this is in its history.

use super::{Certification, CertificationStatus};
use crate::{
    Instant,
    audit::{AuditAct, Chain},
    coded::coded,
    id::{PartnerId, PersonId},
    partner::{PartnerEvent, PartnerEventKind},
    text::ReasonText,
};

coded! {
    /// What is done to a certification: the steps of its history.
    CertificationAct {
        /// The space asked for it.
        Requested = "requested",
        /// The administration began to look into the request.
        TakenUp = "taken_up",
        /// The administration confirmed it, or an access code did that was activated.
        Granted = "granted",
        /// The administration did not confirm it.
        Refused = "refused",
        /// The administration suspended it.
        Suspended = "suspended",
        /// Suspended, it is granted again.
        Resumed = "resumed",
        /// The administration, or the principal, ended it.
        Revoked = "revoked",
        /// Its end came.
        Expired = "expired",
        /// The space took the request back or gave the certification up, or the space is no more.
        Withdrawn = "withdrawn",
        /// The principal's ceased to be effective, and with it this one.
        PrincipalLapsed = "principal_lapsed",
        /// The principal's is effective again.
        PrincipalReturned = "principal_returned",
    }
}

coded! {
    /// On whose side somebody is who does something to a certification.
    CertificationParty {
        /// The certified space's.
        Space = "space",
        /// The administration's.
        Administration = "administration",
        /// The principal's, the space of which the holder is.
        Principal = "principal",
        /// Nobody's: a rule of the portal itself.
        Portal = "portal",
    }
}

/// Who did something to a certification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertificationActor {
    /// An administrator of the certified space.
    Space(PersonId),
    /// A back end of the administration.
    Administration(PartnerId),
    /// An administrator of the principal's space.
    Principal(PersonId),
    /// A rule of the portal itself.
    Portal,
}

impl CertificationActor {
    /// On whose side he is.
    pub fn party(self) -> CertificationParty {
        match self {
            Self::Space(_) => CertificationParty::Space,
            Self::Administration(_) => CertificationParty::Administration,
            Self::Principal(_) => CertificationParty::Principal,
            Self::Portal => CertificationParty::Portal,
        }
    }
}

impl CertificationAct {
    /// The certification's status once it is done, where it changes that.
    fn outcome(self) -> Option<CertificationStatus> {
        match self {
            Self::Requested => Some(CertificationStatus::Requested),
            Self::Granted | Self::Resumed => Some(CertificationStatus::Granted),
            Self::Refused => Some(CertificationStatus::Refused),
            Self::Suspended => Some(CertificationStatus::Suspended),
            Self::Revoked => Some(CertificationStatus::Revoked),
            Self::Expired => Some(CertificationStatus::Expired),
            Self::Withdrawn => Some(CertificationStatus::Withdrawn),
            Self::TakenUp | Self::PrincipalLapsed | Self::PrincipalReturned => None,
        }
    }

    /// What the audit log of the space calls it; that of the agent's tells only what is done to its own.
    pub fn audit_act(self) -> Option<AuditAct> {
        match self {
            Self::Requested => Some(AuditAct::CertificationRequested),
            Self::TakenUp => Some(AuditAct::CertificationTakenUp),
            Self::Granted => Some(AuditAct::CertificationGranted),
            Self::Refused => Some(AuditAct::CertificationRefused),
            Self::Suspended => Some(AuditAct::CertificationSuspended),
            Self::Resumed => Some(AuditAct::CertificationResumed),
            Self::Revoked => Some(AuditAct::CertificationRevoked),
            Self::Expired => Some(AuditAct::CertificationExpired),
            Self::Withdrawn => Some(AuditAct::CertificationWithdrawn),
            Self::PrincipalLapsed | Self::PrincipalReturned => None,
        }
    }

    /// As what the administration is told of it, if it is.
    fn event(self) -> Option<PartnerEventKind> {
        match self {
            Self::Requested => Some(PartnerEventKind::CertificationRequested),
            Self::Granted => Some(PartnerEventKind::CertificationGranted),
            Self::Refused => Some(PartnerEventKind::CertificationRefused),
            Self::Suspended => Some(PartnerEventKind::CertificationSuspended),
            Self::Resumed => Some(PartnerEventKind::CertificationResumed),
            Self::Revoked => Some(PartnerEventKind::CertificationRevoked),
            Self::Expired => Some(PartnerEventKind::CertificationExpired),
            Self::Withdrawn => Some(PartnerEventKind::CertificationWithdrawn),
            Self::TakenUp | Self::PrincipalLapsed | Self::PrincipalReturned => None,
        }
    }
}

/// A step in the history of a certification; steps are never changed or deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificationStep {
    /// The version of the certification that came of it: steps are numbered from 1 without a gap.
    pub position: u32,
    /// What was done.
    pub act: CertificationAct,
    /// When.
    pub at: Instant,
    /// By whom.
    pub by: CertificationActor,
    /// Why, as the space reads it.
    pub reason: Option<ReasonText>,
    /// When the certification ends by itself since then.
    pub ends_at: Option<Instant>,
}

/// A change of a certification that may be kept. Only the rules of this area make one, so that nothing is granted which nobody
/// with a right to it granted:
///
/// ```compile_fail,E0451
/// use domain::certification::{Certification, CertificationChange, CertificationStep};
///
/// fn forge(after: Certification, step: CertificationStep) -> CertificationChange {
///     CertificationChange { after, step }
/// }
/// ```
///
/// The administration makes one:
///
/// ```
/// use domain::{certification::{Certification, CertificationChange}, partner::Partner, text::ReasonText, Instant, Refusal};
///
/// fn suspend(partner: &Partner, of: &Certification, why: ReasonText, now: Instant) -> Result<CertificationChange, Refusal> {
///     partner.suspend(of, why, now)
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificationChange {
    after: Certification,
    step: CertificationStep,
}

impl CertificationChange {
    /// The certification as it is to be.
    pub fn after(&self) -> &Certification {
        &self.after
    }
    /// What was done.
    pub fn step(&self) -> &CertificationStep {
        &self.step
    }
    /// Whether the certification begins with it.
    pub fn is_first(&self) -> bool {
        self.step.position == 1
    }
    /// Whether agents may have lost by it what they do for the holder, or got it back.
    pub fn concerns_agents(&self) -> bool {
        !self.is_first() && self.step.act.outcome().is_some()
    }
    /// In which log it is recorded.
    pub fn chain(&self) -> Chain {
        Chain::Space(self.after.space)
    }
    /// What the administration is told of it, if it is.
    pub fn event(&self) -> Option<PartnerEvent> {
        let (administration, id) = (self.after.administration.clone(), self.after.id);
        self.step.act.event().map(|kind| PartnerEvent::of_certification(administration, kind, id))
    }

    /// A certification that begins with an act.
    pub(super) fn beginning(certification: Certification, act: CertificationAct, by: CertificationActor) -> Self {
        let at = certification.created_at;
        Certification { version: 0, ..certification }.turned(act, by, None, at)
    }
}

impl Certification {
    /// The certification once something was done to it; whether that may be, its rule has said.
    pub(super) fn turned(
        &self,
        act: CertificationAct,
        by: CertificationActor,
        reason: Option<ReasonText>,
        now: Instant,
    ) -> CertificationChange {
        let mut after = Self { version: self.version + 1, ..self.clone() };
        if let Some(status) = act.outcome() {
            after.status = status;
            after.decided_at = (act != CertificationAct::Requested).then_some(now);
        }
        after.warn_at = match self.warn_at {
            _ if !after.is_living(now) => None,
            // A warning that is due and was not sent yet still is to be.
            Some(due) if self.is_living(now) => Some(due),
            _ => Self::next_warning(after.ends_at, now),
        };
        let step = CertificationStep { position: after.version, act, at: now, by, reason, ends_at: after.ends_at };
        CertificationChange { after, step }
    }
}
