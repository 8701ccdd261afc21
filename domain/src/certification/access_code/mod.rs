//! Access codes: what an administration, or a holder for its agents, hands out, so that a space is certified that knows one
//! (domain.md §4). A code serves once, whatever becomes of what it granted.

pub mod activation;
pub mod issue;
pub mod secret;

use std::collections::BTreeSet;

use chrono::TimeDelta;

pub use activation::{Activation, ActivationFailures, Attempt, Presented, ProvedAccessCode, Rivals, Verdict};
pub use issue::{AccessCodeBasis, AccessCodeTimes, AccessCodeWish, AgentCodeWish, IssuedAccessCode, NewAccessCode};
pub use secret::{AccessSecret, SecurityCode};

use crate::{
    Instant, Refusal,
    catalogue::{AdministrationCode, Capacity, ServiceCode, ServiceDomainCode},
    coded::coded,
    id::{AccessCodeId, CertificationId, PartnerId, PersonId},
    identity::Protected,
    partner::{PartnerEvent, PartnerEventKind},
    space::SpaceIdentifier,
};

/// How long a code is remembered once its time has come (our choice).
pub const KEPT: TimeDelta = TimeDelta::days(180);
/// Wrong security codes that an access code stands; the last of them locks it (domain.md §4, C).
pub const TRIES: u32 = 5;

coded! {
    /// How an access code stands.
    AccessCodeStatus {
        /// It can be activated.
        Issued = "issued",
        /// A space activated it.
        Used = "used",
        /// Wrong security codes locked it.
        Locked = "locked",
        /// Whoever issued it took it back.
        Withdrawn = "withdrawn",
        /// Its time has come: computed, never kept.
        Expired = "expired",
    }
}

coded! {
    /// On whose side an access code was issued.
    AccessCodeParty {
        /// The administration's.
        Administration = "administration",
        /// The holder's, for an agent.
        Holder = "holder",
    }
}

/// Who issued an access code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccessCodeIssuer {
    /// A back end of the administration.
    Administration(PartnerId),
    /// An administrator of the holder's space.
    Holder(PersonId),
}

impl AccessCodeIssuer {
    /// On whose side he is.
    pub fn party(self) -> AccessCodeParty {
        match self {
            Self::Administration(_) => AccessCodeParty::Administration,
            Self::Holder(_) => AccessCodeParty::Holder,
        }
    }
}

/// An access code, without what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessCode {
    /// Which code this is.
    pub id: AccessCodeId,
    /// [`AccessSecret::digest`].
    pub digest: String,
    /// For which service.
    pub service: ServiceCode,
    /// Whose service that is.
    pub administration: AdministrationCode,
    /// As what it certifies a space.
    pub capacity: Capacity,
    /// The holder's certification on which an agent's will hang.
    pub principal: Option<CertificationId>,
    /// What was asked for, and is granted by it.
    pub request: Option<CertificationId>,
    /// The national number of the legal person for whom it is.
    pub legal_person: Protected,
    /// Whether that number must be known to activate it.
    pub is_number_wanted: bool,
    /// The one space that can activate it, if it is bound to one.
    pub space: Option<SpaceIdentifier>,
    /// The domains of the service that it is for; empty for the whole of it.
    pub domains: BTreeSet<ServiceDomainCode>,
    /// The security code that goes with it, hashed; forgotten once it serves no more.
    pub security_code: Option<String>,
    /// How often the security code was wrong and all else right.
    pub wrong_tries: u32,
    /// Who issued it.
    pub issuer: AccessCodeIssuer,
    /// When.
    pub issued_at: Instant,
    /// Until when it can be activated.
    pub expires_at: Instant,
    /// When the certification ends by itself; where it is not said, as its service has it.
    pub certification_ends_at: Option<Instant>,
    /// How it stands, but for its time.
    pub status: AccessCodeStatus,
    /// What it granted, and when it was activated.
    pub used: Option<(CertificationId, Instant)>,
}

/// What became of an access code, and may be kept. Only the rules of this area make one, so that none is activated twice:
///
/// ```compile_fail,E0423
/// use domain::certification::access_code::{AccessCode, AccessCodeChange};
///
/// fn forge(after: AccessCode) -> AccessCodeChange {
///     AccessCodeChange(after)
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessCodeChange(AccessCode);

impl AccessCodeChange {
    /// The holder's certification whose space is told of it, if one is: who issued a code hears that it was locked.
    pub fn holder(&self) -> Option<CertificationId> {
        let AccessCode { status, issuer, principal, .. } = &self.0;
        let is_told = *status == AccessCodeStatus::Locked && issuer.party() == AccessCodeParty::Holder;
        principal.filter(|_| is_told)
    }
    /// The code as it is to be.
    pub fn after(&self) -> &AccessCode {
        &self.0
    }
    /// What the administration that issued it is told of it, if it is.
    pub fn event(&self) -> Option<PartnerEvent> {
        let AccessCode { status, issuer, .. } = &self.0;
        let is_told = *status == AccessCodeStatus::Locked && issuer.party() == AccessCodeParty::Administration;
        let locked = PartnerEventKind::AccessCodeLocked;
        is_told.then(|| PartnerEvent::of_access_code(self.0.administration.clone(), locked, self.0.id))
    }
}

impl AccessCode {
    /// How it stands now.
    pub fn status_at(&self, now: Instant) -> AccessCodeStatus {
        if self.status == AccessCodeStatus::Issued && self.expires_at <= now {
            AccessCodeStatus::Expired
        } else {
            self.status
        }
    }

    /// A code that serves no more needs no security code.
    fn over(&self, status: AccessCodeStatus) -> Self {
        Self { status, security_code: None, ..self.clone() }
    }

    fn withdrawn(&self, now: Instant) -> Result<AccessCodeChange, Refusal> {
        match self.status_at(now) {
            AccessCodeStatus::Issued => Ok(AccessCodeChange(self.over(AccessCodeStatus::Withdrawn))),
            status => Err(Refusal::AccessCodeState { status }),
        }
    }
}

#[cfg(test)]
mod tests;
