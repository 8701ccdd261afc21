//! Certifications: what an administration, or a principal, confirms of a space, namely that it may use a service for a legal
//! person (domain.md §4).

pub mod access_code;
pub mod business_number;
pub mod change;
pub mod decision;
pub mod gate;
pub mod principal;
pub mod request;

use std::collections::BTreeSet;

pub use business_number::BusinessNumber;
pub use change::{CertificationAct, CertificationActor, CertificationChange, CertificationParty, CertificationStep};
pub use decision::Grant;
pub use gate::{Gate, HeldCertification, PrincipalStanding};
pub use principal::Principals;
pub use request::{Application, CertificationWish, NamedAgent, RequestsMade};

use chrono::TimeDelta;

use crate::{
    Instant, Refusal,
    catalogue::{AdministrationCode, Capacity, ServiceCode, ServiceDomainCode, WayIn},
    coded::coded,
    id::{CertificationId, PersonId, SpaceId},
    identity::Protected,
};

/// How long before its end the administrators of the space are warned, the longest time first (our choice).
pub const WARNED_BEFORE: [TimeDelta; 2] = [TimeDelta::days(30), TimeDelta::days(7)];

coded! {
    /// How a certification stands (domain.md §4, C).
    CertificationStatus {
        /// The space asks for it; the administration has not decided.
        Requested = "requested",
        /// The space may use the service, an agent's while its principal may.
        Granted = "granted",
        /// The administration did not confirm it.
        Refused = "refused",
        /// The administration suspended it.
        Suspended = "suspended",
        /// The administration, or the principal, ended it.
        Revoked = "revoked",
        /// Its end has come; computed until the worker keeps it.
        Expired = "expired",
        /// The space took its request back, or gave it up.
        Withdrawn = "withdrawn",
    }
}

/// Whether a space may use a service for a legal person, and how that came about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certification {
    /// Which certification this is.
    pub id: CertificationId,
    /// Whose it is: all members share it.
    pub space: SpaceId,
    /// For which service.
    pub service: ServiceCode,
    /// Whose service that is.
    pub administration: AdministrationCode,
    /// As what the space is certified.
    pub capacity: Capacity,
    /// The holder's certification on which an agent's hangs.
    pub principal: Option<CertificationId>,
    /// The national number of the legal person for whom it is.
    pub legal_person: Protected,
    /// The domains of the service that it is for; empty for the whole of it.
    pub domains: BTreeSet<ServiceDomainCode>,
    /// How the space came to it.
    pub origin: WayIn,
    /// Who asked for it, or activated the code.
    pub applicant: PersonId,
    /// How it stands, but for its end.
    pub status: CertificationStatus,
    /// When the administration began to look into the request.
    pub taken_up_at: Option<Instant>,
    /// When it was asked for, or activated.
    pub created_at: Instant,
    /// When it came to stand as it does, unless it never was decided on.
    pub decided_at: Option<Instant>,
    /// When it ends by itself, if it does.
    pub ends_at: Option<Instant>,
    /// When its administrators are to be warned of that next.
    pub warn_at: Option<Instant>,
    /// Whether the last that an agent's space was told is that its principal's is not effective.
    pub is_principal_lapsed: bool,
    /// Counts its changes, each of which is a step of its history.
    pub version: u32,
}

impl Certification {
    /// How it stands now.
    pub fn status_at(&self, now: Instant) -> CertificationStatus {
        standing(self.status, self.ends_at, now)
    }

    /// Whether it was granted and is not over: it is granted, or suspended.
    pub fn is_living(&self, now: Instant) -> bool {
        matches!(self.status_at(now), CertificationStatus::Granted | CertificationStatus::Suspended)
    }

    /// When the administrators are to be warned next, after `now`, of one that ends then.
    pub fn next_warning(ends_at: Option<Instant>, now: Instant) -> Option<Instant> {
        WARNED_BEFORE.into_iter().filter_map(|before| Some(ends_at? - before)).find(|at| *at > now)
    }

    /// One that stands so now.
    fn require_status(&self, wanted: &[CertificationStatus], now: Instant) -> Result<(), Refusal> {
        let status = self.status_at(now);
        if wanted.contains(&status) { Ok(()) } else { Err(Refusal::CertificationState { status }) }
    }
}

fn standing(kept: CertificationStatus, ends_at: Option<Instant>, now: Instant) -> CertificationStatus {
    match kept {
        CertificationStatus::Granted | CertificationStatus::Suspended if ends_at.is_some_and(|end| end <= now) => {
            CertificationStatus::Expired
        }
        kept => kept,
    }
}

#[cfg(test)]
pub(crate) mod tests;
