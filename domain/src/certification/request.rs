//! Asking an administration for a certification, and giving up what was asked for or granted.

use std::collections::BTreeSet;

use chrono::TimeDelta;

use super::{Certification, CertificationAct, CertificationActor, CertificationChange, CertificationStatus as Status};
use crate::{
    Fault, Instant, Refusal,
    catalogue::{Capacity, Service, ServiceDomainCode, ServiceStatus, WayIn},
    collaboration::{Administrator, Permission},
    id::CertificationId,
    identity::Protected,
    space::{Space, SpaceIdentifier},
    text::GroundsText,
};

/// How many requests one person makes within [`COUNTED_WITHIN`] for all spaces together, whatever becomes of them (our
/// choice): each is work for an administration.
pub const REQUESTED_AT_MOST: u32 = 200;
/// The time within which requests are counted.
pub const COUNTED_WITHIN: TimeDelta = TimeDelta::hours(24);
/// How many agents a request names at most (our choice).
pub const AGENTS_AT_MOST: usize = 20;

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificationWish {
    /// As what the space is to be certified.
    pub capacity: Capacity,
    /// The national number of the legal person for whom it is.
    pub legal_person: Protected,
    /// The domains that it is to be for; none for the whole service.
    pub domains: BTreeSet<ServiceDomainCode>,
    /// What the administration reads besides.
    pub application: Application,
    /// Whether a security code was chosen, which is asked for again when the access code is activated.
    pub has_security_code: bool,
}

/// What the administration reads of a request beside what the certification is for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Application {
    /// Why the space asks.
    pub grounds: Option<GroundsText>,
    /// The spaces that a holder wants as its agents, each for its domains, or for the whole service.
    pub agents: Vec<NamedAgent>,
}

/// A space that a holder wants as its agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedAgent {
    /// Which space.
    pub identifier: SpaceIdentifier,
    /// The domains for which; none for the whole service.
    pub domains: BTreeSet<ServiceDomainCode>,
}

/// What was asked for before, and decides whether more may be; read under the locks of the person and the space.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RequestsMade {
    /// The space's holder certification for the service, which is requested, granted or suspended.
    pub holder: Option<CertificationId>,
    /// When the person, for any space, or anybody for this one, last asked for the service and the legal person.
    pub last_for_same: Option<Instant>,
    /// How many requests the person made within [`COUNTED_WITHIN`].
    pub made_lately: u32,
}

impl Service {
    /// Those of its domains that are named, all of which it must offer.
    ///
    /// # Errors
    /// [`Refusal::Field`].
    pub(super) fn require_domains(
        &self,
        named: &BTreeSet<ServiceDomainCode>,
        field: &'static str,
    ) -> Result<(), Refusal> {
        let is_offered = |code: &ServiceDomainCode| {
            self.domains.iter().any(|domain| domain.code == *code && domain.status == ServiceStatus::Offered)
        };
        if named.iter().all(is_offered) { Ok(()) } else { not_applicable(field) }
    }

    /// A service that takes new ones.
    ///
    /// # Errors
    /// [`Refusal::ServiceNotOffered`].
    pub(super) fn require_offered(&self) -> Result<(), Refusal> {
        if self.status == ServiceStatus::Offered { Ok(()) } else { Err(Refusal::ServiceNotOffered) }
    }

    /// A service that takes new ones by this way.
    ///
    /// # Errors
    /// [`Refusal::ServiceNotOffered`].
    pub(super) fn require_way_in(&self, way: WayIn) -> Result<(), Refusal> {
        self.require_offered()?;
        if self.ways_in.contains(&way) { Ok(()) } else { Err(Refusal::ServiceNotOffered) }
    }

    /// What the service takes of a wish.
    fn require_wish(&self, wish: &CertificationWish) -> Result<(), Refusal> {
        self.require_way_in(WayIn::Request)?;
        if !self.applicants.contains(&wish.capacity) {
            return not_applicable("capacity");
        }
        match (self.has_security_code, wish.has_security_code) {
            (true, false) => return Err(Refusal::Field { field: "securityCode", fault: Fault::Missing }),
            (false, true) => return not_applicable("securityCode"),
            _ => (),
        }
        self.require_domains(&wish.domains, "domains")?;
        if wish.capacity == Capacity::Agent && !wish.application.agents.is_empty() {
            return not_applicable("agents");
        }
        wish.application.agents.iter().try_for_each(|agent| self.require_domains(&agent.domains, "agents"))
    }
}

fn not_applicable(field: &'static str) -> Result<(), Refusal> {
    Err(Refusal::Field { field, fault: Fault::NotApplicable })
}

impl Administrator<'_> {
    /// Asks the administration of a service for a certification. Whether another space asks for the same, or has it, changes
    /// nothing: nobody blocks a rival, or learns that he asked (domain.md §4, C).
    ///
    /// # Errors
    /// The space is private or not open; the service takes no such request; the space has a holder certification; the person,
    /// or the space, asked a short while ago, or too often.
    pub fn request_certification(
        &self,
        space: &Space,
        service: &Service,
        (id, wish): (CertificationId, &CertificationWish),
        made: RequestsMade,
        now: Instant,
    ) -> Result<CertificationChange, Refusal> {
        debug_assert_eq!(self.membership().space, space.id);
        Permission::ManageCertifications.require_state(space, now)?;
        service.require_wish(wish)?;
        if let Some(certification) = made.holder.filter(|_| wish.capacity == Capacity::Holder) {
            return Err(Refusal::CertificationExists { certification });
        }
        let until = made.last_for_same.zip(service.reapply_after).map(|(last, wait)| last + wait);
        if let Some(until) = until.filter(|until| *until > now) {
            return Err(Refusal::ReapplyTooSoon { until });
        }
        if made.made_lately >= REQUESTED_AT_MOST {
            return Err(Refusal::DailyCertificationLimitReached { limit: REQUESTED_AT_MOST });
        }
        let applicant = self.membership().person;
        let requested = Certification {
            id,
            space: space.id,
            service: service.code.clone(),
            administration: service.administration.clone(),
            capacity: wish.capacity,
            principal: None,
            legal_person: wish.legal_person.clone(),
            domains: wish.domains.clone(),
            origin: WayIn::Request,
            applicant,
            status: Status::Requested,
            taken_up_at: None,
            created_at: now,
            decided_at: None,
            ends_at: None,
            warn_at: None,
            is_principal_lapsed: false,
            version: 0,
        };
        let by = CertificationActor::Space(applicant);
        Ok(CertificationChange::beginning(requested, CertificationAct::Requested, by))
    }

    /// Takes a request back, or gives up what was granted. What is suspended waits for the administration: given up, it could be
    /// got back by another code.
    ///
    /// # Errors
    /// The space is not open, or the certification is suspended or over.
    pub fn withdraw_certification(
        &self,
        space: &Space,
        certification: &Certification,
        now: Instant,
    ) -> Result<CertificationChange, Refusal> {
        debug_assert_eq!((self.membership().space, certification.space), (space.id, space.id));
        Permission::ManageCertifications.require_state(space, now)?;
        certification.require_status(&[Status::Requested, Status::Granted], now)?;
        let by = CertificationActor::Space(self.membership().person);
        Ok(certification.turned(CertificationAct::Withdrawn, by, None, now))
    }
}
