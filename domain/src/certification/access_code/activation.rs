//! Activating an access code. Whatever is wrong with a code, or with who tries it, is told alike: nobody learns that there is such a
//! code, for whom it is, or whether another space has used it (domain.md §4, C).

use std::collections::BTreeSet;

use chrono::TimeDelta;

use super::{AccessCode, AccessCodeChange, AccessCodeStatus, TRIES};
use crate::{
    Instant, Refusal,
    catalogue::{Capacity, Service, ServiceDomainCode, WayIn},
    certification::{
        Certification, CertificationAct, CertificationActor, CertificationChange, CertificationStatus,
        PrincipalStanding, decision::end_of,
    },
    collaboration::{Administrator, Permission},
    id::{CertificationId, PersonId, SpaceId},
    identity::Strength,
    space::Space,
};

/// How many wrong tries within [`FAILURES_WITHIN`] one person makes, in all spaces, and one space sees, by all persons (our
/// choice).
pub const FAILURES_AT_MOST: u32 = 20;
/// The time within which wrong tries are counted.
pub const FAILURES_WITHIN: TimeDelta = TimeDelta::hours(24);

/// Wrong tries that count when another one is made, read under the locks of the person and the space.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ActivationFailures {
    /// The person's.
    pub of_person: u32,
    /// The space's.
    pub of_space: u32,
}

impl ActivationFailures {
    /// Room for another try.
    ///
    /// # Errors
    /// [`Refusal::ActivationLimitReached`].
    pub fn require_room(self) -> Result<(), Refusal> {
        let is_room = self.of_person.max(self.of_space) < FAILURES_AT_MOST;
        if is_room { Ok(()) } else { Err(Refusal::ActivationLimitReached { limit: FAILURES_AT_MOST }) }
    }
}

/// Who tries a code, and what he knows beside it.
#[derive(Debug, Clone, Copy)]
pub struct Attempt<'a> {
    /// The space that is to be certified.
    pub space: &'a Space,
    /// What the national number that he gave may be kept as, if he gave one.
    pub legal_person: Option<&'a [String]>,
    /// Whether the security code is the one that goes with the code.
    pub security_code_fits: bool,
}

/// A code that is known, with what decides whether it is good for anything, read under its lock.
#[derive(Debug, Clone)]
pub struct Presented<'a> {
    /// The code.
    pub code: &'a AccessCode,
    /// Its service.
    pub service: &'a Service,
    /// How the certification of its principal stands, and in which space.
    pub principal: Option<(PrincipalStanding, SpaceId)>,
    /// Whether the company is here by now as a holder: an agent's code that was issued before hangs on nobody's.
    pub is_holder_here: bool,
    /// When the space last lost a certification for the service and the company by a revocation: what was issued before does not
    /// undo that.
    pub revoked_at: Option<Instant>,
    /// The request that it answers.
    pub request: Option<&'a Certification>,
}

/// What a space has of a service that is not over, read under its lock, beside the request that a code answers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rivals {
    /// Its holder certification.
    pub holder: Option<CertificationId>,
    /// Those that make it an agent for the company of the code, with their domains.
    pub agents: Vec<(CertificationId, BTreeSet<ServiceDomainCode>)>,
}

impl Rivals {
    /// The one that leaves no place for what a code grants: a space is a service's holder once, and an agent once a principal in
    /// each domain (domain.md §4, F).
    fn of(&self, code: &AccessCode) -> Option<CertificationId> {
        let is_same = |domains: &BTreeSet<_>| {
            domains.is_empty() || code.domains.is_empty() || !domains.is_disjoint(&code.domains)
        };
        let rival = match code.capacity {
            Capacity::Holder => self.holder,
            Capacity::Agent => self.agents.iter().find(|(_, domains)| is_same(domains)).map(|(id, _)| *id),
        };
        rival.filter(|rival| Some(*rival) != code.request)
    }
}

/// What a try of a code comes to. What is wrong is kept, so it is an outcome and no error; the one who tries is told
/// [`Refusal::AccessCodeInvalid`] of either.
#[derive(Debug, Clone)]
pub enum Verdict<'a> {
    /// The code is good for nothing here.
    Invalid,
    /// All is right but the security code: a try is used up.
    WrongSecurityCode(Box<AccessCodeChange>),
    /// The code is good.
    Proved(ProvedAccessCode<'a>),
}

/// A code that proved good for a space.
#[derive(Debug, Clone)]
pub struct ProvedAccessCode<'a> {
    space: &'a Space,
    code: &'a AccessCode,
    service: &'a Service,
    request: Option<&'a Certification>,
}

/// A certification that a code granted, and the code, which is used up; both may be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activation {
    code: AccessCodeChange,
    certification: CertificationChange,
}

impl Activation {
    /// What became of the code.
    pub fn code(&self) -> &AccessCodeChange {
        &self.code
    }
    /// What it granted.
    pub fn certification(&self) -> &CertificationChange {
        &self.certification
    }
}

impl<'a> Presented<'a> {
    /// Judges a try. Only one that is right but for the security code counts against the code: who has it from elsewhere, or
    /// tries it in another space, locks it for nobody.
    pub fn judge(self, attempt: Attempt<'a>, now: Instant) -> Verdict<'a> {
        if !self.is_good(attempt, now) {
            return Verdict::Invalid;
        }
        let Self { code, service, request, .. } = self;
        if code.security_code.is_some() && !attempt.security_code_fits {
            return Verdict::WrongSecurityCode(Box::new(code.wrongly_tried()));
        }
        Verdict::Proved(ProvedAccessCode { space: attempt.space, code, service, request })
    }

    fn is_good(&self, Attempt { space, legal_person, .. }: Attempt<'_>, now: Instant) -> bool {
        let code = self.code;
        let is_this_space = code.space.as_ref().is_none_or(|bound| *bound == space.identifier);
        let is_this_number = match legal_person {
            Some(digests) => digests.contains(&code.legal_person.digest),
            None => !code.is_number_wanted,
        };
        let is_backed = match (code.principal, &self.principal) {
            (None, _) => code.capacity == Capacity::Holder || !self.is_holder_here,
            // Nobody is his own agent.
            (Some(_), Some((principal, of))) => principal.is_effective(now) && *of != space.id,
            (Some(_), None) => false,
        };
        let is_awaited = match (code.request, self.request) {
            (None, _) => true,
            (Some(id), Some(request)) => {
                (request.id, request.space, request.status) == (id, space.id, CertificationStatus::Requested)
            }
            (Some(_), None) => false,
        };
        code.status_at(now) == AccessCodeStatus::Issued
            && self.service.require_way_in(WayIn::AccessCode).is_ok()
            && is_this_space
            && is_this_number
            && is_backed
            && is_awaited
            && self.revoked_at.is_none_or(|revoked| revoked < code.issued_at)
    }
}

impl AccessCode {
    fn wrongly_tried(&self) -> AccessCodeChange {
        let wrong_tries = self.wrong_tries + 1;
        let tried = if wrong_tries < TRIES { self.clone() } else { self.over(AccessCodeStatus::Locked) };
        AccessCodeChange(AccessCode { wrong_tries, ..tried })
    }
}

impl ProvedAccessCode<'_> {
    /// The login that activating it wants.
    pub fn wanted_login(&self) -> Strength {
        Strength::of(self.service.least_assurance)
    }

    /// What it grants, as it begins.
    fn begun(&self, id: CertificationId, applicant: PersonId, now: Instant) -> Certification {
        Certification {
            id,
            space: self.space.id,
            service: self.code.service.clone(),
            administration: self.code.administration.clone(),
            capacity: self.code.capacity,
            principal: None,
            legal_person: self.code.legal_person.clone(),
            domains: self.code.domains.clone(),
            origin: WayIn::AccessCode,
            applicant,
            status: CertificationStatus::Granted,
            taken_up_at: None,
            created_at: now,
            decided_at: None,
            ends_at: None,
            warn_at: None,
            is_principal_lapsed: false,
            version: 0,
        }
    }
}

impl Administrator<'_> {
    /// Certifies the space by a code, which serves no more: what was requested is granted, or a certification begins so.
    ///
    /// # Errors
    /// The space is private or not open; or it has what the code would give it, and the code stays good.
    pub fn activate(
        &self,
        proved: &ProvedAccessCode<'_>,
        (id, rivals): (CertificationId, &Rivals),
        now: Instant,
    ) -> Result<Activation, Refusal> {
        let ProvedAccessCode { space, code, service, request } = *proved;
        debug_assert_eq!(self.membership().space, space.id);
        Permission::ManageCertifications.require_state(space, now)?;
        if let Some(certification) = rivals.of(code) {
            return Err(Refusal::CertificationExists { certification });
        }
        let by = CertificationActor::Space(self.membership().person);
        let ends_at = end_of(code.certification_ends_at, service, now)?;
        let terms = |of| Certification { principal: code.principal, ends_at, ..of };
        let certification = if let Some(request) = request {
            terms(request.clone()).turned(CertificationAct::Granted, by, None, now)
        } else {
            let begun = terms(proved.begun(id, self.membership().person, now));
            CertificationChange::beginning(begun, CertificationAct::Granted, by)
        };
        let used = Some((certification.after().id, now));
        let used = AccessCode { used, ..code.over(AccessCodeStatus::Used) };
        Ok(Activation { code: AccessCodeChange(used), certification })
    }
}
