//! Issuing access codes, and taking them back.

use std::collections::BTreeSet;

use chrono::TimeDelta;

use super::{AccessCode, AccessCodeChange, AccessCodeIssuer, AccessCodeStatus};
use crate::{
    Fault, Instant, Refusal,
    catalogue::{Capacity, Service, ServiceDomainCode, WayIn},
    certification::{Certification, CertificationStatus, Principals, decision::LONGEST},
    collaboration::{Administrator, Permission},
    id::{AccessCodeId, CertificationId},
    identity::Protected,
    partner::Partner,
    space::{Space, SpaceIdentifier},
};

/// How long a code can be activated at most, as the catalogue has it (our choice).
pub const LONGEST_LIFE: TimeDelta = TimeDelta::days(366);
/// How many codes for the agents of one holder may be issued and not be over (our choice).
pub const LIVING_AT_MOST: u32 = 100;

/// A code that was drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAccessCode {
    /// Which code this is to be.
    pub id: AccessCodeId,
    /// [`AccessSecret::digest`](super::AccessSecret::digest).
    pub digest: String,
}

/// For whom and what a code is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessCodeWish {
    /// As what it certifies a space.
    pub capacity: Capacity,
    /// The national number of the legal person for whom it is.
    pub legal_person: Protected,
    /// Whether that number must be known to activate it.
    pub is_number_wanted: bool,
    /// The one space that can activate it.
    pub space: Option<SpaceIdentifier>,
    /// The domains that it is for; none for the whole service.
    pub domains: BTreeSet<ServiceDomainCode>,
    /// The security code that goes with it, hashed.
    pub security_code: Option<String>,
}

/// What an administration's code is: what the administration says, or what the request says that it answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessCodeBasis {
    wish: AccessCodeWish,
    request: Option<CertificationId>,
}

/// How long a code and what it grants last; what is not said is as the service has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AccessCodeTimes {
    /// Until when the code can be activated.
    pub expires_at: Option<Instant>,
    /// When the certification ends by itself.
    pub certification_ends_at: Option<Instant>,
}

/// What a holder's code for an agent is to be.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AgentCodeWish {
    /// The one space that can activate it.
    pub space: Option<SpaceIdentifier>,
    /// The domains that it is for; none for all that the holder has.
    pub domains: BTreeSet<ServiceDomainCode>,
    /// The security code that goes with it, hashed.
    pub security_code: Option<String>,
    /// How long it lasts.
    pub times: AccessCodeTimes,
}

/// A code that may be kept: nobody has used it so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuedAccessCode(AccessCode);

impl IssuedAccessCode {
    /// The code.
    pub fn code(&self) -> &AccessCode {
        &self.0
    }
}

impl AccessCodeWish {
    /// For a legal person, whichever space activates it, and the whole service.
    pub fn new(capacity: Capacity, legal_person: Protected) -> Self {
        let (is_number_wanted, space, domains, security_code) = (false, None, BTreeSet::new(), None);
        Self { capacity, legal_person, is_number_wanted, space, domains, security_code }
    }
}

impl From<AccessCodeWish> for AccessCodeBasis {
    fn from(wish: AccessCodeWish) -> Self {
        Self { wish, request: None }
    }
}

impl AccessCodeBasis {
    /// The answer to a request, with the security code that was chosen with it: only the space that asked can activate it.
    ///
    /// # Errors
    /// [`Refusal::CertificationState`] unless it waits for an answer.
    pub fn answering(
        request: &Certification,
        space: SpaceIdentifier,
        security_code: Option<String>,
    ) -> Result<Self, Refusal> {
        let (space, domains) = (Some(space), request.domains.clone());
        let wish = AccessCodeWish::new(request.capacity, request.legal_person.clone());
        match request.status {
            CertificationStatus::Requested => {
                Ok(Self { wish: AccessCodeWish { space, domains, security_code, ..wish }, request: Some(request.id) })
            }
            status => Err(Refusal::CertificationState { status }),
        }
    }
}

impl AccessCodeTimes {
    /// The two ends, once they are found good: a code is worth nothing beyond the end of what it grants.
    fn ends(self, service: &Service, now: Instant) -> Result<(Instant, Option<Instant>), Refusal> {
        check_end("expiresAt", self.expires_at, LONGEST_LIFE, now)?;
        check_end("certificationEndsAt", self.certification_ends_at, LONGEST, now)?;
        let expires_at = self.expires_at.unwrap_or(now + service.code_valid_for);
        Ok((self.certification_ends_at.map_or(expires_at, |end| end.min(expires_at)), self.certification_ends_at))
    }
}

fn check_end(field: &'static str, end: Option<Instant>, longest: TimeDelta, now: Instant) -> Result<(), Refusal> {
    match end {
        Some(end) if end <= now => Err(Refusal::Field { field, fault: Fault::NotInFuture }),
        Some(end) if end > now + longest => Err(Refusal::Field { field, fault: Fault::TooFar }),
        _ => Ok(()),
    }
}

/// A security code goes with every code of a service that has them, and with no other.
fn check_security_code(service: &Service, security_code: Option<&String>) -> Result<(), Refusal> {
    let refused = |fault| Err(Refusal::Field { field: "securityCode", fault });
    match (service.has_security_code, security_code.is_some()) {
        (true, false) => refused(Fault::Missing),
        (false, true) => refused(Fault::NotApplicable),
        _ => Ok(()),
    }
}

fn issued(
    service: &Service,
    NewAccessCode { id, digest }: NewAccessCode,
    (issuer, basis, principal): (AccessCodeIssuer, AccessCodeBasis, Option<CertificationId>),
    times: AccessCodeTimes,
    now: Instant,
) -> Result<IssuedAccessCode, Refusal> {
    let AccessCodeBasis { wish, request } = basis;
    check_security_code(service, wish.security_code.as_ref())?;
    let (expires_at, certification_ends_at) = times.ends(service, now)?;
    Ok(IssuedAccessCode(AccessCode {
        id,
        digest,
        service: service.code.clone(),
        administration: service.administration.clone(),
        capacity: wish.capacity,
        principal,
        request,
        legal_person: wish.legal_person,
        is_number_wanted: wish.is_number_wanted,
        space: wish.space,
        domains: wish.domains,
        security_code: wish.security_code,
        wrong_tries: 0,
        issuer,
        issued_at: now,
        expires_at,
        certification_ends_at,
        status: AccessCodeStatus::Issued,
        used: None,
    }))
}

impl Partner {
    /// Issues a code for a service of its own administration. An agent's hangs on the holder who is named, one of those who are
    /// here.
    ///
    /// # Errors
    /// The service is another administration's or takes no codes; a domain, the principal, the security code or an end is none.
    pub fn issue_access_code(
        &self,
        service: &Service,
        new: NewAccessCode,
        (basis, principals, named): (AccessCodeBasis, &Principals, Option<CertificationId>),
        times: AccessCodeTimes,
        now: Instant,
    ) -> Result<IssuedAccessCode, Refusal> {
        if service.administration != self.administration {
            return Err(Refusal::ServiceNotOffered);
        }
        service.require_way_in(WayIn::AccessCode)?;
        service.require_domains(&basis.wish.domains, "domains")?;
        let principal = principals.choose(basis.wish.capacity, named)?;
        issued(service, new, (AccessCodeIssuer::Administration(self.id), basis, principal), times, now)
    }

    /// Takes a code back that its administration issued and nobody has used.
    ///
    /// # Errors
    /// It is another administration's, a holder issued it, or it is over.
    pub fn withdraw_access_code(&self, code: &AccessCode, now: Instant) -> Result<AccessCodeChange, Refusal> {
        let is_own =
            code.administration == self.administration && matches!(code.issuer, AccessCodeIssuer::Administration(_));
        if is_own { code.withdrawn(now) } else { Err(Refusal::NotFound) }
    }
}

impl Administrator<'_> {
    /// Issues a code for an agent of the space, which holds the certification, in domains of its own.
    ///
    /// # Errors
    /// The space is not open; its certification is none of a holder's, or not effective; the service takes no codes; a domain, the
    /// security code or an end is none; as many codes are issued as may be.
    pub fn issue_agent_access_code(
        &self,
        (space, service, holder): (&Space, &Service, &Certification),
        new: NewAccessCode,
        wish: AgentCodeWish,
        living: u32,
        now: Instant,
    ) -> Result<IssuedAccessCode, Refusal> {
        debug_assert_eq!((self.membership().space, holder.space), (space.id, space.id));
        debug_assert_eq!(holder.service, service.code);
        Permission::ManageCertifications.require_state(space, now)?;
        holder.require_holder()?;
        holder.require_status(&[CertificationStatus::Granted], now)?;
        service.require_way_in(WayIn::AccessCode)?;
        if living >= LIVING_AT_MOST {
            return Err(Refusal::AccessCodeLimitReached { limit: LIVING_AT_MOST });
        }
        let domains = if wish.domains.is_empty() { holder.domains.clone() } else { wish.domains };
        if !holder.domains.is_empty() && !domains.is_subset(&holder.domains) {
            return Err(Refusal::Field { field: "domains", fault: Fault::NotApplicable });
        }
        service.require_domains(&domains, "domains")?;
        let basis = AccessCodeWish {
            space: wish.space,
            domains,
            security_code: wish.security_code,
            ..AccessCodeWish::new(Capacity::Agent, holder.legal_person.clone())
        };
        let issuer = AccessCodeIssuer::Holder(self.membership().person);
        issued(service, new, (issuer, basis.into(), Some(holder.id)), wish.times, now)
    }

    /// Takes a code back that the holder issued for an agent and nobody has used.
    ///
    /// # Errors
    /// The space is not open; the code is none of this holder's, or over.
    pub fn withdraw_agent_access_code(
        &self,
        (space, holder): (&Space, &Certification),
        code: &AccessCode,
        now: Instant,
    ) -> Result<AccessCodeChange, Refusal> {
        debug_assert_eq!((self.membership().space, holder.space), (space.id, space.id));
        Permission::ManageCertifications.require_state(space, now)?;
        let is_own = code.principal == Some(holder.id) && matches!(code.issuer, AccessCodeIssuer::Holder(_));
        if is_own { code.withdrawn(now) } else { Err(Refusal::NotFound) }
    }
}

impl Certification {
    /// A holder's, who has agents; those of an agent are not.
    ///
    /// # Errors
    /// [`Refusal::NotFound`].
    pub fn require_holder(&self) -> Result<(), Refusal> {
        if self.capacity == Capacity::Holder { Ok(()) } else { Err(Refusal::NotFound) }
    }
}
