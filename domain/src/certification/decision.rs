//! What the administration decides on a certification, what the principal does, and what comes by itself.

use chrono::TimeDelta;

use super::{
    Certification, CertificationAct as Act, CertificationActor, CertificationChange, CertificationStatus as Status,
    Principals,
};
use crate::{
    Fault, Instant, Refusal,
    catalogue::Service,
    collaboration::{Administrator, Permission},
    id::CertificationId,
    partner::Partner,
    space::Space,
    text::ReasonText,
};

/// How long a certification lasts at most that has an end: a hundred years, as the catalogue has it (our choice).
pub const LONGEST: TimeDelta = TimeDelta::days(36_600);

/// What an administration says when it grants a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// When the certification ends by itself; where it is not said, as its service has it.
    pub ends_at: Option<Instant>,
    /// Whose agent the space becomes.
    pub principal: Option<CertificationId>,
    /// Why, as the space reads it.
    pub reason: ReasonText,
}

/// When a certification that is granted now ends by itself.
///
/// # Errors
/// [`Refusal::Field`] for what was said and is none.
pub(super) fn end_of(said: Option<Instant>, service: &Service, now: Instant) -> Result<Option<Instant>, Refusal> {
    let refused = |fault| Err(Refusal::Field { field: "endsAt", fault });
    match said {
        Some(end) if end <= now => refused(Fault::NotInFuture),
        Some(end) if end > now + LONGEST => refused(Fault::TooFar),
        Some(end) => Ok(Some(end)),
        None => Ok(service.valid_for.map(|valid| now + valid)),
    }
}

impl Partner {
    /// Tells the space that its request is looked into, once.
    ///
    /// # Errors
    /// It is another administration's, not requested, or was taken up before.
    pub fn take_up(
        &self,
        certification: &Certification,
        reason: ReasonText,
        now: Instant,
    ) -> Result<CertificationChange, Refusal> {
        self.require_own(certification)?;
        certification.require_status(&[Status::Requested], now)?;
        if certification.taken_up_at.is_some() {
            return Err(Refusal::CertificationTakenUp);
        }
        let taken_up = Certification { taken_up_at: Some(now), ..certification.clone() };
        Ok(taken_up.turned(Act::TakenUp, self.decider(), Some(reason), now))
    }

    /// Grants a request. An agent's hangs on the holder who is named, one of those who are here.
    ///
    /// # Errors
    /// It is another administration's or not requested; the service, or a domain that it is for, takes nobody new; its end, or its
    /// principal, is none.
    pub fn grant(
        &self,
        certification: &Certification,
        (service, principals): (&Service, &Principals),
        grant: Grant,
        now: Instant,
    ) -> Result<CertificationChange, Refusal> {
        debug_assert_eq!(certification.service, service.code);
        self.require_own(certification)?;
        certification.require_status(&[Status::Requested], now)?;
        service.require_offered()?;
        service.require_domains(&certification.domains, "domains")?;
        let ends_at = end_of(grant.ends_at, service, now)?;
        let principal = principals.choose(certification.capacity, grant.principal)?;
        let granted = Certification { principal, ends_at, ..certification.clone() };
        Ok(granted.turned(Act::Granted, self.decider(), Some(grant.reason), now))
    }

    /// Refuses a request.
    ///
    /// # Errors
    /// It is another administration's, or not requested.
    pub fn refuse(
        &self,
        certification: &Certification,
        reason: ReasonText,
        now: Instant,
    ) -> Result<CertificationChange, Refusal> {
        self.decide(certification, &[Status::Requested], Act::Refused, reason, now)
    }

    /// Suspends what was granted.
    ///
    /// # Errors
    /// It is another administration's, or not granted.
    pub fn suspend(
        &self,
        certification: &Certification,
        reason: ReasonText,
        now: Instant,
    ) -> Result<CertificationChange, Refusal> {
        self.decide(certification, &[Status::Granted], Act::Suspended, reason, now)
    }

    /// Makes a suspended one effective again.
    ///
    /// # Errors
    /// It is another administration's, or not suspended.
    pub fn resume(
        &self,
        certification: &Certification,
        reason: ReasonText,
        now: Instant,
    ) -> Result<CertificationChange, Refusal> {
        self.decide(certification, &[Status::Suspended], Act::Resumed, reason, now)
    }

    /// Ends what was granted, for good.
    ///
    /// # Errors
    /// It is another administration's, or neither granted nor suspended.
    pub fn revoke(
        &self,
        certification: &Certification,
        reason: ReasonText,
        now: Instant,
    ) -> Result<CertificationChange, Refusal> {
        self.decide(certification, &[Status::Granted, Status::Suspended], Act::Revoked, reason, now)
    }

    fn decide(
        &self,
        certification: &Certification,
        from: &[Status],
        act: Act,
        reason: ReasonText,
        now: Instant,
    ) -> Result<CertificationChange, Refusal> {
        self.require_own(certification)?;
        certification.require_status(from, now)?;
        Ok(certification.turned(act, self.decider(), Some(reason), now))
    }

    /// A certification for a service of its own administration: of any other it does not know.
    fn require_own(&self, certification: &Certification) -> Result<(), Refusal> {
        if certification.administration == self.administration { Ok(()) } else { Err(Refusal::NotFound) }
    }

    fn decider(&self) -> CertificationActor {
        CertificationActor::Administration(self.id)
    }
}

impl Administrator<'_> {
    /// Ends what an agent does for the holder, whose space this is.
    ///
    /// # Errors
    /// The space is not open; the agent is none of this holder's, or over.
    pub fn end_agent(
        &self,
        (space, holder): (&Space, &Certification),
        agent: &Certification,
        reason: ReasonText,
        now: Instant,
    ) -> Result<CertificationChange, Refusal> {
        debug_assert_eq!((self.membership().space, holder.space), (space.id, space.id));
        Permission::ManageCertifications.require_state(space, now)?;
        if agent.principal != Some(holder.id) {
            return Err(Refusal::NotFound);
        }
        agent.require_status(&[Status::Granted, Status::Suspended], now)?;
        let by = CertificationActor::Principal(self.membership().person);
        Ok(agent.turned(Act::Revoked, by, Some(reason), now))
    }
}

impl Certification {
    /// One whose end has come is over, of which nobody was told so far.
    pub fn expired(&self, now: Instant) -> Option<CertificationChange> {
        let is_due = self.status != Status::Expired && self.status_at(now) == Status::Expired;
        is_due.then(|| self.turned(Act::Expired, CertificationActor::Portal, None, now))
    }

    /// One that is not over ends with its space, which is purged.
    pub fn purged(&self, now: Instant) -> Option<CertificationChange> {
        let is_over = !matches!(self.status, Status::Requested | Status::Granted | Status::Suspended);
        (!is_over).then(|| self.turned(Act::Withdrawn, CertificationActor::Portal, None, now))
    }
}
