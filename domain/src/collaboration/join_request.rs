//! Join requests: a person who knows the identifier of a space asks to be let in (domain.md §3, C).
//!
//! Until an administrator lets him in, nothing that he is told hangs on whether there is such a space.

use chrono::TimeDelta;

use super::{AccessScope, Administrator, Membership, MembershipStatus, Permission, Role, Roster};
use crate::{
    Fault, Instant, Refusal,
    coded::coded,
    id::{JoinRequestId, MembershipId, PersonId, ProductId, SpaceId},
    identity::ProductStatus,
    space::{Space, SpaceIdentifier, SpaceKind},
};

/// How long a request can be answered (our choice).
pub const LIFE: TimeDelta = TimeDelta::days(21);
/// For how long a request counts against [`MOST_ASKED`] (our choice).
pub const COUNTED: TimeDelta = TimeDelta::days(30);
/// How long a request is kept (our choice).
pub const KEPT: TimeDelta = TimeDelta::days(180);
/// How many requests of one person may be open (our choice).
pub const MOST_OPEN: u32 = 5;
/// How many he may make within [`COUNTED`], whatever became of them (our choice).
pub const MOST_ASKED: u32 = 20;

coded! {
    /// What an administrator answers.
    JoinDecision {
        /// The asker is let in.
        Approved = "approved",
        /// He is not, and is not told.
        Refused = "refused",
    }
}

coded! {
    /// Where a request stands for the administrators.
    JoinRequestStatus {
        /// It waits for an answer.
        Open = "open",
        /// The asker was let in.
        Approved = "approved",
        /// He was not.
        Refused = "refused",
        /// Its time was over, or the asker cancelled it, before anybody answered.
        Ended = "ended",
    }
}

coded! {
    /// Where a request stands for the asker, who can't tell a refused one, or one to a space that is none, from one that waits.
    OwnJoinRequestStatus {
        /// Nobody let him in so far.
        Open = "open",
        /// He was let in.
        Approved = "approved",
        /// Its time is over, or he cancelled it.
        Ended = "ended",
    }
}

/// A request to be let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoinRequest {
    /// Which request this is.
    pub id: JoinRequestId,
    /// Who asks.
    pub person: PersonId,
    /// The product that he asked with, with which the membership would come.
    pub product: ProductId,
    /// What he calls the space.
    pub identifier: SpaceIdentifier,
    /// Whose administrators answer; nobody's, where there is no such space or he may not know of it.
    pub space: Option<SpaceId>,
    /// When he asked.
    pub created_at: Instant,
    /// Until when it can be answered.
    pub ends_at: Instant,
    /// When he cancelled it.
    pub cancelled_at: Option<Instant>,
    /// What was answered, and when.
    pub decision: Option<(JoinDecision, Instant)>,
}

/// Who asks, with all that decides whether he may: read under the person's lock.
#[derive(Debug)]
pub struct Asker<'a> {
    /// The person.
    pub person: PersonId,
    /// The product that he logged in with.
    pub product: ProductId,
    /// Whether he accepted the terms in force.
    pub terms_accepted: bool,
    /// His requests within [`COUNTED`].
    pub recent: &'a [JoinRequest],
}

/// A new request, which may be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FiledJoinRequest(JoinRequest);

/// What became of a request without anybody being let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoinRequestChange(JoinRequest);

/// As what somebody is let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Admission {
    /// In which role.
    pub role: Role,
    /// With which products.
    pub scope: AccessScope,
    /// When the membership is to end by itself, if it is.
    pub ends_at: Option<Instant>,
}

/// A request that was approved, and the membership that came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoinApproval {
    request: JoinRequest,
    membership: Membership,
}

impl FiledJoinRequest {
    /// The request.
    pub fn request(&self) -> &JoinRequest {
        &self.0
    }
}

impl JoinRequestChange {
    /// The request as it is to be.
    pub fn request(&self) -> &JoinRequest {
        &self.0
    }
}

impl JoinApproval {
    /// The request, approved.
    pub fn request(&self) -> &JoinRequest {
        &self.request
    }
    /// The new membership.
    pub fn membership(&self) -> &Membership {
        &self.membership
    }
}

/// The space whose administrators answer: a professional one in use, and not one whose member the asker is, were he suspended.
pub fn addressee(space: Option<&Space>, is_member: bool) -> Option<SpaceId> {
    let answers = |space: &&Space| space.kind == SpaceKind::Professional && space.is_in_use() && !is_member;
    space.filter(answers).map(|space| space.id)
}

impl Asker<'_> {
    /// Asks to be let in.
    ///
    /// # Errors
    /// The terms are not accepted, a request for this identifier is open, or there are too many; whether there is such a
    /// space makes no difference.
    pub fn ask(
        &self,
        id: JoinRequestId,
        identifier: SpaceIdentifier,
        space: Option<SpaceId>,
        now: Instant,
    ) -> Result<FiledJoinRequest, Refusal> {
        if !self.terms_accepted {
            return Err(Refusal::TermsNotAccepted);
        }
        let is_open = |request: &&JoinRequest| request.status_for_asker(now) == OwnJoinRequestStatus::Open;
        let open: Vec<_> = self.recent.iter().filter(is_open).collect();
        if let Some(request) = open.iter().find(|request| request.identifier == identifier) {
            return Err(Refusal::JoinRequestOpen { request: request.id });
        }
        for (count, limit) in [(open.len(), MOST_OPEN), (self.recent.len(), MOST_ASKED)] {
            if count >= limit as usize {
                return Err(Refusal::JoinRequestLimitReached { limit });
            }
        }
        Ok(FiledJoinRequest(JoinRequest {
            id,
            person: self.person,
            product: self.product,
            identifier,
            space,
            created_at: now,
            ends_at: now + LIFE,
            cancelled_at: None,
            decision: None,
        }))
    }
}

impl JoinRequest {
    /// Where it stands for the administrators.
    pub fn status(&self, now: Instant) -> JoinRequestStatus {
        match self.decision {
            Some((JoinDecision::Approved, _)) => JoinRequestStatus::Approved,
            Some((JoinDecision::Refused, _)) => JoinRequestStatus::Refused,
            None if self.is_over(now) => JoinRequestStatus::Ended,
            None => JoinRequestStatus::Open,
        }
    }

    /// Where it stands for the asker.
    pub fn status_for_asker(&self, now: Instant) -> OwnJoinRequestStatus {
        match self.decision {
            Some((JoinDecision::Approved, _)) => OwnJoinRequestStatus::Approved,
            _ if self.is_over(now) => OwnJoinRequestStatus::Ended,
            _ => OwnJoinRequestStatus::Open,
        }
    }

    fn is_over(&self, now: Instant) -> bool {
        self.cancelled_at.is_some() || self.ends_at <= now
    }

    /// Cancels it, at the asker's wish.
    ///
    /// # Errors
    /// [`Refusal::JoinRequestDecided`] if he was let in, [`Refusal::JoinRequestEnded`].
    pub fn cancel(&self, now: Instant) -> Result<JoinRequestChange, Refusal> {
        match self.status_for_asker(now) {
            OwnJoinRequestStatus::Open => Ok(JoinRequestChange(Self { cancelled_at: Some(now), ..self.clone() })),
            OwnJoinRequestStatus::Approved => Err(Refusal::JoinRequestDecided),
            OwnJoinRequestStatus::Ended => Err(Refusal::JoinRequestEnded),
        }
    }

    fn decided(&self, decision: JoinDecision, now: Instant) -> Result<Self, Refusal> {
        match self.status(now) {
            JoinRequestStatus::Open => Ok(Self { decision: Some((decision, now)), ..self.clone() }),
            JoinRequestStatus::Approved | JoinRequestStatus::Refused => Err(Refusal::JoinRequestDecided),
            JoinRequestStatus::Ended => Err(Refusal::JoinRequestEnded),
        }
    }
}

impl Administrator<'_> {
    /// Lets the asker in. The one product of a narrow scope is the one that he asked with.
    ///
    /// # Errors
    /// The space is not open, the request is decided or over, the asker is a member, the one product that would let him in is
    /// withdrawn, or the end date has passed.
    pub fn approve_join_request(
        &self,
        (space, roster): (&Space, &Roster),
        (request, asked_with): (&JoinRequest, ProductStatus),
        admission: Admission,
        id: MembershipId,
        now: Instant,
    ) -> Result<JoinApproval, Refusal> {
        self.require_own(space, request, now)?;
        let approved = request.decided(JoinDecision::Approved, now)?;
        if roster.0.iter().any(|member| member.membership.person == request.person) {
            return Err(Refusal::AlreadyMember);
        }
        if admission.scope == AccessScope::ThisProduct && asked_with != ProductStatus::Registered {
            return Err(Refusal::JoinRequestEnded);
        }
        if admission.ends_at.is_some_and(|end| end <= now) {
            return Err(Refusal::Field { field: "membershipEndsAt", fault: Fault::NotInFuture });
        }
        let membership = Membership {
            id,
            space: space.id,
            person: request.person,
            role: admission.role,
            scope: admission.scope,
            product: request.product,
            status: MembershipStatus::Active,
            ends_at: admission.ends_at,
            created_at: now,
            version: 1,
        };
        Ok(JoinApproval { request: approved, membership })
    }

    /// Refuses a request; the asker is not told.
    ///
    /// # Errors
    /// The space is not open, or the request is decided or over.
    pub fn refuse_join_request(
        &self,
        space: &Space,
        request: &JoinRequest,
        now: Instant,
    ) -> Result<JoinRequestChange, Refusal> {
        self.require_own(space, request, now)?;
        request.decided(JoinDecision::Refused, now).map(JoinRequestChange)
    }

    /// A request to this administrator's own space, in which he may act.
    fn require_own(&self, space: &Space, request: &JoinRequest, now: Instant) -> Result<(), Refusal> {
        debug_assert_eq!(self.membership().space, space.id);
        Permission::ManageMembers.require_state(space, now)?;
        if request.space == Some(space.id) { Ok(()) } else { Err(Refusal::NotFound) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::{
        collaboration::{member::tests::space, roster::tests::member},
        space::SpaceState,
    };

    const ASKER: PersonId = PersonId(Uuid::from_u128(9));

    fn start() -> Instant {
        Instant::from_timestamp(1_800_000_000, 0).unwrap()
    }

    fn identifier(number: u64) -> SpaceIdentifier {
        SpaceIdentifier::draw(crate::space::EntityType::LegalPerson, number)
    }

    fn ask(
        recent: &[JoinRequest],
        number: u64,
        space: Option<SpaceId>,
        now: Instant,
    ) -> Result<FiledJoinRequest, Refusal> {
        let recent: Vec<_> = recent.iter().filter(|request| request.created_at > now - COUNTED).cloned().collect();
        let asker = Asker { person: ASKER, product: Uuid::nil().into(), terms_accepted: true, recent: &recent };
        let id = Uuid::from_u128(recent.len() as u128).into();
        asker.ask(id, identifier(number), space, now)
    }

    fn asked() -> JoinRequest {
        ask(&[], 1, Some(space().id), start()).unwrap().request().clone()
    }

    fn as_reader() -> Admission {
        Admission { role: Role::Reader, scope: AccessScope::ThisProduct, ends_at: None }
    }

    fn approve(request: &JoinRequest, admission: Admission, now: Instant) -> Result<JoinApproval, Refusal> {
        approve_with(ProductStatus::Registered, request, admission, now)
    }

    fn approve_with(
        product: ProductStatus,
        request: &JoinRequest,
        admission: Admission,
        now: Instant,
    ) -> Result<JoinApproval, Refusal> {
        let (roster, id) = (Roster(vec![member(1)]), Uuid::from_u128(7).into());
        let administrator = roster.0[0].membership.administrator(Permission::ManageMembers)?;
        administrator.approve_join_request((&space(), &roster), (request, product), admission, id, now)
    }

    #[test]
    fn a_withdrawn_product_alone_lets_nobody_in() {
        let approve = |admission| approve_with(ProductStatus::Withdrawn, &asked(), admission, start()).err();
        assert_eq!(approve(as_reader()), Some(Refusal::JoinRequestEnded));
        assert_eq!(approve(Admission { scope: AccessScope::AllProducts, ..as_reader() }), None);
    }

    fn refuse(request: &JoinRequest, now: Instant) -> Result<JoinRequestChange, Refusal> {
        member(1).membership.administrator(Permission::ManageMembers)?.refuse_join_request(&space(), request, now)
    }

    #[test]
    fn only_a_space_that_the_asker_may_join_answers() {
        let open = space();
        assert_eq!(addressee(Some(&open), false), Some(open.id));
        let suspended = Space { state: SpaceState::Suspended, ..open.clone() };
        assert_eq!(addressee(Some(&suspended), false), Some(open.id));
        for other in [
            Space { kind: SpaceKind::Private, title: None, ..open.clone() },
            Space { state: SpaceState::Closed, ..open.clone() },
            Space { state: SpaceState::Purged, ..open.clone() },
        ] {
            assert_eq!(addressee(Some(&other), false), None);
        }
        assert_eq!((addressee(Some(&open), true), addressee(None, false)), (None, None));
    }

    #[test]
    fn an_approved_request_is_a_membership_with_the_product_it_came_with() {
        let now = start() + LIFE - TimeDelta::microseconds(1);
        let approval = approve(&asked(), as_reader(), now).unwrap();
        let membership = approval.membership();
        assert_eq!(
            (membership.person, membership.product, membership.role, membership.status),
            (ASKER, asked().product, Role::Reader, MembershipStatus::Active)
        );
        let approved = approval.request();
        assert_eq!(approved.status_for_asker(now + LIFE), OwnJoinRequestStatus::Approved);
        for again in [approve(approved, as_reader(), now).err(), refuse(approved, now).err()] {
            assert_eq!(again, Some(Refusal::JoinRequestDecided));
        }
        assert_eq!(approved.cancel(now), Err(Refusal::JoinRequestDecided));
        let past = Admission { ends_at: Some(now), ..as_reader() };
        let fault = Refusal::Field { field: "membershipEndsAt", fault: Fault::NotInFuture };
        assert_eq!(approve(&asked(), past, now), Err(fault));
        let of_member = JoinRequest { person: member(1).membership.person, ..asked() };
        assert_eq!(approve(&of_member, as_reader(), now), Err(Refusal::AlreadyMember));
        let elsewhere = JoinRequest { space: Some(Uuid::from_u128(5).into()), ..asked() };
        assert_eq!(approve(&elsewhere, as_reader(), now), Err(Refusal::NotFound));
    }

    #[test]
    fn what_is_over_is_not_answered() {
        let cancelled = asked().cancel(start()).unwrap();
        for (over, now) in [(&asked(), start() + LIFE), (cancelled.request(), start())] {
            assert_eq!(over.status(now), JoinRequestStatus::Ended);
            assert_eq!(approve(over, as_reader(), now).err(), Some(Refusal::JoinRequestEnded));
            assert_eq!(refuse(over, now).err(), Some(Refusal::JoinRequestEnded));
            assert_eq!(over.cancel(now).err(), Some(Refusal::JoinRequestEnded));
        }
        let refused = refuse(&asked(), start()).unwrap();
        assert_eq!(refused.request().cancel(start()).unwrap().request().status(start()), JoinRequestStatus::Refused);
    }

    #[test]
    fn five_may_be_open_and_twenty_made_in_thirty_days() {
        let mut made: Vec<JoinRequest> = vec![];
        for number in 0..20 {
            if number >= 5 {
                let full = ask(&made, number, None, start());
                assert_eq!(full, Err(Refusal::JoinRequestLimitReached { limit: 5 }));
                let last = made.len() - 5;
                made[last] = made[last].cancel(start()).unwrap().request().clone();
            }
            made.push(ask(&made, number, None, start()).unwrap().request().clone());
        }
        made[19] = made[19].cancel(start()).unwrap().request().clone();
        let moment = TimeDelta::microseconds(1);
        let many = Err(Refusal::JoinRequestLimitReached { limit: 20 });
        assert_eq!(ask(&made, 99, None, start()), many);
        assert_eq!(ask(&made, 99, None, start() + COUNTED - moment), many);
        assert!(ask(&made, 99, None, start() + COUNTED).is_ok());
        let asker = Asker { person: ASKER, product: Uuid::nil().into(), terms_accepted: false, recent: &[] };
        let refused = asker.ask(Uuid::nil().into(), identifier(1), None, start());
        assert_eq!(refused, Err(Refusal::TermsNotAccepted));
    }

    /// What happens to the requests of one person.
    #[derive(Debug, Clone, Copy)]
    enum Happening {
        Ask(u64),
        Cancel(usize),
        Refuse(usize),
        Days(i64),
    }

    fn any_happening() -> impl Strategy<Value = Happening> {
        prop_oneof![
            3 => (0u64..8).prop_map(Happening::Ask),
            1 => (0usize..20).prop_map(Happening::Cancel),
            2 => (0usize..20).prop_map(Happening::Refuse),
            1 => (1i64..12).prop_map(Happening::Days),
        ]
    }

    /// What the asker of it all is told, where the spaces are there and where they are not.
    fn told(happenings: &[Happening], space: Option<SpaceId>) -> Vec<String> {
        let (mut made, mut now, mut told): (Vec<JoinRequest>, _, _) = (vec![], start(), vec![]);
        for happening in happenings {
            match *happening {
                Happening::Ask(number) => {
                    let asked = ask(&made, number, space, now);
                    made.extend(asked.as_ref().ok().map(|filed| filed.request().clone()));
                    told.push(format!("{:?}", asked.map(|filed| filed.request().ends_at)));
                }
                Happening::Cancel(which) if which < made.len() => {
                    let cancelled = made[which].cancel(now);
                    told.push(format!("{:?}", cancelled.as_ref().err()));
                    made[which] = cancelled.map_or(made[which].clone(), |change| change.request().clone());
                }
                Happening::Refuse(which) if which < made.len() => {
                    made[which] =
                        refuse(&made[which], now).map_or(made[which].clone(), |change| change.request().clone());
                }
                Happening::Days(days) => now += TimeDelta::days(days),
                Happening::Cancel(_) | Happening::Refuse(_) => (),
            }
            told.push(format!("{:?}", made.iter().map(|made| made.status_for_asker(now)).collect::<Vec<_>>()));
        }
        told
    }

    proptest! {
        #[test]
        fn who_is_not_let_in_does_not_learn_whether_there_is_a_space(
            happenings in prop::collection::vec(any_happening(), 0..60),
        ) {
            prop_assert_eq!(told(&happenings, Some(space().id)), told(&happenings, None));
        }
    }
}
