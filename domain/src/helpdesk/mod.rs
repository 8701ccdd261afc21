//! The Helpdesk: staff of the portal, who act for a reason, leave a trace, and never decide a case of their own.

pub mod limit;

pub use limit::{LimitDecision, LimitRequest, LimitRequestStatus, SpaceLimit};

use crate::{
    Coded, Instant, Refusal,
    audit::{Actor, AuditAct, Chain, Event, Object, Reason},
    coded::coded,
    id::{PersonId, ProductId},
    identity::{Product, Session},
    space::{Space, SpaceState, Suspension},
    text::ReasonText,
};

coded! {
    /// What an act of the Helpdesk came of.
    Occasion {
        /// A call, a letter, or what an agent saw himself.
        OwnMotion = "own_motion",
        /// A request that was made through the API.
        OnRequest = "on_request",
    }
}

/// An agent of the Helpdesk, for as long as his session lasts: the right to what stands below.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Agent {
    person: PersonId,
    product: ProductId,
}

impl Agent {
    /// The agent who is logged in: only an issuer of staff says who is one (domain.md §8, C).
    ///
    /// # Errors
    /// [`Refusal::HelpdeskOnly`] for anybody else.
    pub fn of(session: &Session) -> Result<Self, Refusal> {
        if session.helpdesk {
            Ok(Self { person: session.person, product: session.product })
        } else {
            Err(Refusal::HelpdeskOnly)
        }
    }

    /// Who he is.
    pub fn person(self) -> PersonId {
        self.person
    }

    /// What he did, with his reason.
    pub fn did(
        self,
        act: AuditAct,
        chain: Chain,
        object: impl Into<Object>,
        occasion: Occasion,
        reason: &ReasonText,
    ) -> Event {
        let actor = Actor::Helpdesk { person: self.person, product: self.product };
        let reason = Reason { code: occasion.code().into(), text: Some(reason.to_string()) };
        Event::new(chain, act, actor, object).because(reason)
    }

    /// Gives a locked product another limit; one below its use only blocks new spaces (domain.md §2, C).
    ///
    /// # Errors
    /// [`Refusal::OwnCase`].
    pub fn limit(self, product: &Product, limit: SpaceLimit) -> Result<Product, Refusal> {
        require_others(product.person == self.person)?;
        Ok(Product { space_limit: limit.get(), ..product.clone() })
    }

    /// Grants a locked request, with the limit asked for or another one.
    ///
    /// # Errors
    /// [`Refusal::OwnCase`], [`Refusal::LimitRequestDecided`].
    pub fn grant(
        self,
        request: &LimitRequest,
        product: &Product,
        limit: SpaceLimit,
        reason: ReasonText,
        now: Instant,
    ) -> Result<(LimitRequest, Product), Refusal> {
        let product = self.limit(product, limit)?;
        let decided = request.decide(LimitDecision { at: now, granted: Some(limit.get()), reason })?;
        Ok((decided, product))
    }

    /// Refuses a locked request.
    ///
    /// # Errors
    /// [`Refusal::OwnCase`], [`Refusal::LimitRequestDecided`].
    pub fn refuse(
        self,
        request: &LimitRequest,
        product: &Product,
        reason: ReasonText,
        now: Instant,
    ) -> Result<LimitRequest, Refusal> {
        require_others(product.person == self.person)?;
        request.decide(LimitDecision { at: now, granted: None, reason })
    }

    /// Suspends a locked space: its members read, nobody acts (domain.md §2, C). It is the agent's own if he is or was in it.
    ///
    /// # Errors
    /// [`Refusal::OwnCase`], or those of [`Space::require_open`].
    pub fn suspend(self, space: &Space, is_own: bool, reason: ReasonText, now: Instant) -> Result<Space, Refusal> {
        require_others(is_own)?;
        space.require_open()?;
        let suspension = Some(Suspension { at: now, reason });
        Ok(Space { state: SpaceState::Suspended, suspension, ..space.clone() }.counted(now))
    }

    /// Lets the members of a locked space act again.
    ///
    /// # Errors
    /// [`Refusal::OwnCase`]; [`Refusal::SpaceNotSuspended`].
    pub fn resume(self, space: &Space, is_own: bool, now: Instant) -> Result<Space, Refusal> {
        require_others(is_own)?;
        if space.state != SpaceState::Suspended {
            return Err(Refusal::SpaceNotSuspended);
        }
        Ok(Space { state: SpaceState::Open, suspension: None, ..space.clone() }.counted(now))
    }
}

/// Nobody decides a case of his own (domain.md §8, C).
pub(crate) fn require_others(is_own: bool) -> Result<(), Refusal> {
    if is_own { Err(Refusal::OwnCase) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::{
        Fault,
        id::LimitRequestId,
        identity::{Assurance, ProductKind, ProductStatus, Serial},
        space::{EntityType, SpaceIdentifier, SpaceKind},
        text::{EmailAddress, Language, Title},
    };

    const AGENT: PersonId = PersonId(Uuid::from_u128(1));
    const PERSON: PersonId = PersonId(Uuid::from_u128(2));

    fn now() -> Instant {
        Instant::from_timestamp(1_800_000_000, 0).unwrap()
    }
    fn session(helpdesk: bool) -> Session {
        Session {
            id: Uuid::nil().into(),
            person: AGENT,
            product: Uuid::nil().into(),
            assurance: Assurance::High,
            authenticated_at: now(),
            helpdesk,
            created_at: now(),
            refreshed_at: now(),
            ended: None,
        }
    }
    fn agent() -> Agent {
        Agent::of(&session(true)).unwrap()
    }
    fn product(person: PersonId) -> Product {
        Product {
            id: Uuid::from_u128(3).into(),
            person,
            serial: Serial::parse("12345678901234567890").unwrap(),
            kind: ProductKind::Eid,
            status: ProductStatus::Registered,
            space_limit: 200,
            created_at: now(),
        }
    }
    fn space() -> Space {
        Space {
            id: Uuid::from_u128(4).into(),
            identifier: SpaceIdentifier::draw(EntityType::LegalPerson, 0),
            kind: SpaceKind::Professional,
            entity_type: EntityType::LegalPerson,
            title: Some(Title::parse("Boulangerie").unwrap()),
            language: Language::Fr,
            notification_email: EmailAddress::parse("office@example.lu").unwrap(),
            notification_email_confirmed: false,
            state: SpaceState::Open,
            suspension: None,
            closure: None,
            opened_with: Uuid::from_u128(3).into(),
            created_at: now(),
            updated_at: now(),
            version: 7,
        }
    }
    fn reason() -> ReasonText {
        ReasonText::parse("A call").unwrap()
    }
    fn limit(number: i64) -> SpaceLimit {
        SpaceLimit::parse(number).unwrap()
    }
    fn request(product: &Product) -> LimitRequest {
        let id = Uuid::from_u128(5).into();
        LimitRequest::file(id, product.person, product, (limit(201), reason()), None, now()).unwrap()
    }

    #[test]
    fn only_staff_is_an_agent() {
        assert_eq!(Agent::of(&session(false)), Err(Refusal::HelpdeskOnly));
        assert_eq!(agent().person(), AGENT);
    }

    #[test]
    fn an_agent_decides_no_case_of_his_own() {
        let own = product(AGENT);
        assert_eq!(agent().limit(&own, limit(300)), Err(Refusal::OwnCase));
        assert_eq!(agent().grant(&request(&own), &own, limit(201), reason(), now()), Err(Refusal::OwnCase));
        assert_eq!(agent().refuse(&request(&own), &own, reason(), now()), Err(Refusal::OwnCase));
        assert_eq!(agent().suspend(&space(), true, reason(), now()), Err(Refusal::OwnCase));
        assert_eq!(agent().resume(&space(), true, now()), Err(Refusal::OwnCase));
    }

    #[test]
    fn a_limit_ends_at_its_edges_and_may_be_below_the_use() {
        for number in [0, 1, 100_000] {
            let changed = agent().limit(&product(PERSON), limit(number)).unwrap();
            assert_eq!(i64::from(changed.space_limit), number);
        }
        for wrong in [-1, 100_001, i64::MIN, i64::MAX, 1 << 32] {
            assert_eq!(SpaceLimit::parse(wrong), Err(Fault::OutOfRange { min: 0, max: 100_000 }), "{wrong}");
        }
    }

    #[test]
    fn one_asks_for_more_than_one_has_once_and_for_a_product_of_ones_own() {
        let file = |product: &Product, number, open| {
            let wish = (limit(number), reason());
            LimitRequest::file(Uuid::nil().into(), PERSON, product, wish, open, now()).map(|request| request.status())
        };
        let mine = product(PERSON);
        assert_eq!(file(&mine, 201, None), Ok(LimitRequestStatus::Open));
        let too_low = Refusal::Field { field: "limit", fault: Fault::OutOfRange { min: 201, max: 100_000 } };
        assert_eq!(file(&mine, 200, None), Err(too_low));
        let open = LimitRequestId(Uuid::from_u128(6));
        assert_eq!(file(&mine, 201, Some(open)), Err(Refusal::LimitRequestOpen { request: open }));
        assert_eq!(file(&product(AGENT), 201, None), Err(Refusal::NotFound));
        assert_eq!(file(&Product { status: ProductStatus::Withdrawn, ..mine }, 201, None), Err(Refusal::NotFound));
    }

    #[test]
    fn a_request_is_decided_once() {
        let request = request(&product(PERSON));
        let product = Product { status: ProductStatus::Withdrawn, ..product(PERSON) };
        let (granted, raised) = agent().grant(&request, &product, limit(250), reason(), now()).unwrap();
        assert_eq!((granted.status(), raised.space_limit), (LimitRequestStatus::Granted, 250));
        assert_eq!(agent().refuse(&granted, &raised, reason(), now()), Err(Refusal::LimitRequestDecided));
        let refused = agent().refuse(&request, &product, reason(), now()).unwrap();
        assert_eq!(refused.status(), LimitRequestStatus::Refused);
        let again = agent().grant(&refused, &product, limit(250), reason(), now());
        assert_eq!(again, Err(Refusal::LimitRequestDecided));
    }

    #[test]
    fn a_space_is_suspended_and_resumed_in_turn() {
        let suspended = agent().suspend(&space(), false, reason(), now()).unwrap();
        assert_eq!((suspended.require_open(), suspended.version), (Err(Refusal::SpaceSuspended), 8));
        assert_eq!(agent().suspend(&suspended, false, reason(), now()), Err(Refusal::SpaceSuspended));
        let resumed = agent().resume(&suspended, false, now()).unwrap();
        assert_eq!(resumed, Space { version: 9, ..space() });
        assert_eq!(agent().resume(&resumed, false, now()), Err(Refusal::SpaceNotSuspended));
        let closed = Space { state: SpaceState::Closed, ..space() };
        assert_eq!(agent().suspend(&closed, false, reason(), now()), Err(Refusal::SpaceClosed));
    }
}
