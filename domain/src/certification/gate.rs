//! The gate before a service: for whom a space may use it now. It has the last word, and nothing is cascaded: an agent's
//! certification is effective only while its holder's is, which is asked each time.

use std::collections::BTreeSet;

use super::{Certification, CertificationAct, CertificationActor, CertificationChange, CertificationStatus, standing};
use crate::{
    Instant, Refusal,
    catalogue::{Service, ServiceDomainCode},
    space::Space,
};

/// How the certification of an agent's principal stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrincipalStanding {
    /// How it stands, but for its end.
    pub status: CertificationStatus,
    /// When it ends by itself, if it does.
    pub ends_at: Option<Instant>,
    /// The domains that it is for; empty for the whole service.
    pub domains: BTreeSet<ServiceDomainCode>,
    /// Whether its space is in use.
    pub is_space_in_use: bool,
}

/// A certification, with what it hangs on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldCertification {
    /// The certification.
    pub certification: Certification,
    /// Whether its space is in use.
    pub is_space_in_use: bool,
    /// How its principal's stands; an agent of a company without a space here has none.
    pub principal: Option<PrincipalStanding>,
}

impl PrincipalStanding {
    /// Whether it opens its service now.
    pub(super) fn is_effective(&self, now: Instant) -> bool {
        self.is_space_in_use && standing(self.status, self.ends_at, now) == CertificationStatus::Granted
    }
}

impl HeldCertification {
    /// Whether it opens its service now.
    pub fn is_effective(&self, now: Instant) -> bool {
        self.is_space_in_use
            && self.certification.status_at(now) == CertificationStatus::Granted
            && match (self.certification.principal, &self.principal) {
                (None, _) => true,
                (Some(_), Some(principal)) => principal.is_effective(now) && self.domains().is_some(),
                (Some(_), None) => false,
            }
    }

    /// The domains in which it is good, none of which its principal's lacks; empty for the whole service. `None` where they
    /// have none in common.
    pub fn domains(&self) -> Option<BTreeSet<ServiceDomainCode>> {
        let own = &self.certification.domains;
        match &self.principal {
            Some(PrincipalStanding { domains, .. }) if own.is_empty() => Some(domains.clone()),
            Some(PrincipalStanding { domains, .. }) if !domains.is_empty() => {
                Some(own & domains).filter(|common| !common.is_empty())
            }
            _ => Some(own.clone()),
        }
    }

    /// What its space is to be told of its principal, if that is another thing than it was told last.
    pub fn heed_principal(&self, now: Instant) -> Option<CertificationChange> {
        let is_lapsed = !self.principal.as_ref()?.is_effective(now);
        let certification = &self.certification;
        if is_lapsed == certification.is_principal_lapsed || !certification.is_living(now) {
            return None;
        }
        let act = if is_lapsed { CertificationAct::PrincipalLapsed } else { CertificationAct::PrincipalReturned };
        let told = Certification { is_principal_lapsed: is_lapsed, ..certification.clone() };
        Some(told.turned(act, CertificationActor::Portal, None, now))
    }
}

/// What stands between a space and a service.
#[derive(Debug, Clone, Copy)]
pub struct Gate<'a> {
    /// Who wants to use it.
    pub space: &'a Space,
    /// What.
    pub service: &'a Service,
}

impl Gate<'_> {
    /// Those of the space's certifications for the service that are effective now: each names a legal person, and the
    /// domains in which the space may use the service for him. What was granted stays so when the service is retired.
    ///
    /// # Errors
    /// [`Refusal::CertificationRequired`] if there is none; those of [`Space::require_in_use`].
    pub fn pass(&self, held: Vec<HeldCertification>, now: Instant) -> Result<Vec<Certification>, Refusal> {
        self.space.require_in_use()?;
        let is_ours = |held: &HeldCertification| {
            held.certification.space == self.space.id && held.certification.service == self.service.code
        };
        debug_assert!(held.iter().all(is_ours));
        let effective = held.into_iter().filter(|held| is_ours(held) && held.is_effective(now));
        let in_domains =
            |held: HeldCertification| Some(Certification { domains: held.domains()?, ..held.certification });
        let effective: Vec<_> = effective.filter_map(in_domains).collect();
        if effective.is_empty() {
            let (service, sector) = (self.service.code.clone(), self.service.sector.clone());
            return Err(Refusal::CertificationRequired { service, sector });
        }
        Ok(effective)
    }
}
