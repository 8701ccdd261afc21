//! Recovery: where no administrator of a space can act any more, the Helpdesk appoints one (domain.md §3, C).
//!
//! Two agents, a week in which each of those who are said to be unable can stop it, and the roster's last word.

use std::collections::BTreeSet;

use chrono::TimeDelta;

use super::{AccessScope, Member, Membership, MembershipStatus, Role, Roster};
use crate::{
    Instant, Refusal,
    coded::coded,
    helpdesk::{Agent, require_others},
    id::{MembershipId, PersonId, ProductId, RecoveryId, SpaceId},
    identity::{Product, ProductStatus},
    space::Space,
    text::ReasonText,
};

/// How long those who are named can stop a recovery before it can be confirmed (our choice).
pub const WAIT: TimeDelta = TimeDelta::days(7);

coded! {
    /// Where a recovery stands.
    RecoveryStatus {
        /// It waits to be confirmed.
        Open = "open",
        /// The named memberships are over, and somebody is appointed.
        Confirmed = "confirmed",
        /// An agent withdrew it, or its space is purged.
        Withdrawn = "withdrawn",
        /// One of the named administrators stopped it.
        Stopped = "stopped",
    }
}

/// A case in which the Helpdesk appoints an administrator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovery {
    /// Which case this is.
    pub id: RecoveryId,
    /// Of which space.
    pub space: SpaceId,
    /// Who is to be appointed.
    pub appointee: PersonId,
    /// The product with which his membership would come.
    pub product: ProductId,
    /// The memberships of those who are said to be unable to act.
    pub unable: BTreeSet<MembershipId>,
    /// The agent who opened it.
    pub opened_by: PersonId,
    /// Why, in the agent's words.
    pub reason: ReasonText,
    /// When it was opened.
    pub created_at: Instant,
    /// From when on it can be confirmed.
    pub confirmable_at: Instant,
    /// Where it stands.
    pub status: RecoveryStatus,
    /// When it ceased to be open.
    pub ended_at: Option<Instant>,
}

/// What an agent's decision stands on, read under the locks.
#[derive(Debug)]
pub struct RecoveryCase<'a> {
    /// The space.
    pub space: &'a Space,
    /// Who is in it.
    pub roster: &'a Roster,
    /// The product of the person to appoint, with which his membership comes.
    pub product: &'a Product,
    /// Whether the agent who decides is in the space, or ever was: leaving it makes nobody impartial.
    pub is_of_own_space: bool,
}

/// A new recovery, which may be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenedRecovery(Recovery);

/// A recovery that ended with nothing done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndedRecovery(Recovery);

/// A recovery that took place, which the roster has judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfirmedRecovery {
    recovery: Recovery,
    ended: Vec<Membership>,
    appointed: Membership,
    is_newcomer: bool,
}

impl OpenedRecovery {
    /// The recovery.
    pub fn recovery(&self) -> &Recovery {
        &self.0
    }
}

impl EndedRecovery {
    /// The recovery as it is to be.
    pub fn recovery(&self) -> &Recovery {
        &self.0
    }
}

impl ConfirmedRecovery {
    /// The recovery as it is to be.
    pub fn recovery(&self) -> &Recovery {
        &self.recovery
    }
    /// The named memberships that were not over, as they are to be.
    pub fn ended(&self) -> &[Membership] {
        &self.ended
    }
    /// The membership of the one who is appointed.
    pub fn appointed(&self) -> &Membership {
        &self.appointed
    }
    /// Whether he comes into the space by it.
    pub fn is_newcomer(&self) -> bool {
        self.is_newcomer
    }
}

impl RecoveryCase<'_> {
    fn able(&self) -> BTreeSet<MembershipId> {
        let able = self.roster.0.iter().filter(|member| member.is_able_administrator());
        able.map(|member| member.membership.id).collect()
    }

    /// Nobody decides here who is or was in the space, or is to be appointed.
    fn require_others(&self, agent: Agent) -> Result<(), Refusal> {
        require_others(self.is_of_own_space || self.product.person == agent.person())
    }
}

impl Agent {
    /// Opens a recovery, which names all able administrators and no others.
    ///
    /// # Errors
    /// The space is private or not in use, the product is not registered, the case is the agent's own, another one is open, or
    /// the named are not the able administrators; who is appointed can't be one of them.
    pub fn open_recovery(
        self,
        case: &RecoveryCase<'_>,
        (unable, reason): (BTreeSet<MembershipId>, ReasonText),
        open: Option<RecoveryId>,
        id: RecoveryId,
        now: Instant,
    ) -> Result<OpenedRecovery, Refusal> {
        case.space.require_professional()?;
        if case.product.status != ProductStatus::Registered {
            return Err(Refusal::NotFound);
        }
        case.require_others(self)?;
        case.space.require_in_use()?;
        if let Some(recovery) = open {
            return Err(Refusal::RecoveryOpen { recovery });
        }
        let able = case.able();
        let is_appointee = |member: &Member| member.membership.person == case.product.person;
        let names_appointee =
            case.roster.0.iter().any(|member| is_appointee(member) && able.contains(&member.membership.id));
        if unable != able || names_appointee {
            return Err(Refusal::RecoveryIncomplete { able });
        }
        Ok(OpenedRecovery(Recovery {
            id,
            space: case.space.id,
            appointee: case.product.person,
            product: case.product.id,
            unable,
            opened_by: self.person(),
            reason,
            created_at: now,
            confirmable_at: now + WAIT,
            status: RecoveryStatus::Open,
            ended_at: None,
        }))
    }

    /// Ends the named memberships, and appoints.
    ///
    /// # Errors
    /// It is not open, the agent opened it, or it is his own case, it is too early, the space is not in use, an able
    /// administrator is not among the named, or the one to appoint would not be able.
    pub fn confirm_recovery(
        self,
        case: &RecoveryCase<'_>,
        recovery: &Recovery,
        id: MembershipId,
        now: Instant,
    ) -> Result<ConfirmedRecovery, Refusal> {
        debug_assert_eq!((recovery.space, recovery.product), (case.space.id, case.product.id));
        case.require_others(self)?;
        recovery.require_open()?;
        if self.person() == recovery.opened_by {
            return Err(Refusal::RecoverySameAgent);
        }
        if now < recovery.confirmable_at {
            return Err(Refusal::RecoveryTooEarly { confirmable_at: recovery.confirmable_at });
        }
        case.space.require_in_use()?;
        let able = case.able();
        if !able.is_subset(&recovery.unable) {
            return Err(Refusal::RecoveryIncomplete { able });
        }
        case.roster.recovered(case, recovery, id, now)
    }

    /// Withdraws an open recovery.
    ///
    /// # Errors
    /// It is not open, or the case is the agent's own.
    pub fn withdraw_recovery(
        self,
        case: &RecoveryCase<'_>,
        recovery: &Recovery,
        now: Instant,
    ) -> Result<EndedRecovery, Refusal> {
        case.require_others(self)?;
        recovery.ended(RecoveryStatus::Withdrawn, now).map(EndedRecovery)
    }
}

impl Recovery {
    /// Stops it, at the wish of somebody whom it names.
    ///
    /// # Errors
    /// It is not open.
    pub fn stop(&self, now: Instant) -> Result<EndedRecovery, Refusal> {
        self.ended(RecoveryStatus::Stopped, now).map(EndedRecovery)
    }

    fn require_open(&self) -> Result<(), Refusal> {
        match self.status {
            RecoveryStatus::Open => Ok(()),
            RecoveryStatus::Stopped => Err(Refusal::RecoveryStopped),
            RecoveryStatus::Confirmed | RecoveryStatus::Withdrawn => Err(Refusal::RecoveryDecided),
        }
    }

    fn ended(&self, status: RecoveryStatus, now: Instant) -> Result<Self, Refusal> {
        self.require_open()?;
        Ok(Self { status, ended_at: Some(now), ..self.clone() })
    }
}

impl Roster {
    /// What a recovery makes of who is in the space, if somebody able administers it then.
    fn recovered(
        &self,
        case: &RecoveryCase<'_>,
        recovery: &Recovery,
        id: MembershipId,
        now: Instant,
    ) -> Result<ConfirmedRecovery, Refusal> {
        let is_named = |member: &&Member| recovery.unable.contains(&member.membership.id);
        let counted = |membership: Membership| Membership { version: membership.version + 1, ..membership };
        let ended: Vec<_> =
            self.0.iter().filter(is_named).map(|member| counted(member.membership.ended(now))).collect();
        let present = self.0.iter().find(|member| member.membership.person == recovery.appointee);
        let appointed = match present {
            Some(member) => counted(member.membership.clone()),
            None => Membership {
                id,
                space: recovery.space,
                person: recovery.appointee,
                role: Role::Administrator,
                scope: AccessScope::AllProducts,
                product: recovery.product,
                status: MembershipStatus::Active,
                ends_at: None,
                created_at: now,
                version: 1,
            },
        };
        let (role, scope, status) = (Role::Administrator, AccessScope::AllProducts, MembershipStatus::Active);
        let appointed = Membership { role, scope, status, ends_at: None, ..appointed };
        // What is known of his products: those on the roster if he is on it, otherwise the one that the case is about.
        let is_registered = case.product.status == ProductStatus::Registered;
        let products = present.map_or_else(
            || Some(case.product.id).filter(|_| is_registered).into_iter().collect(),
            |member| member.products.clone(),
        );
        let others = ended.iter().fold(self.clone(), |roster, membership| roster.with(membership));
        let mut members = others.0;
        members.retain(|member| member.membership.id != appointed.id);
        members.push(Member { membership: appointed.clone(), products });
        Self(members).require_able_administrator(case.space)?;
        Ok(ConfirmedRecovery {
            recovery: recovery.ended(RecoveryStatus::Confirmed, now)?,
            ended,
            appointed,
            is_newcomer: present.is_none(),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::{
        collaboration::{
            member::tests::space,
            roster::tests::{any_member, member},
        },
        identity::{Assurance, ProductKind, Serial, Session},
        space::{SpaceKind, SpaceState},
    };

    fn now() -> Instant {
        Instant::from_timestamp(1_800_000_000, 0).unwrap()
    }

    fn agent(of: u128) -> Agent {
        let session = Session {
            id: Uuid::nil().into(),
            person: Uuid::from_u128(of).into(),
            product: Uuid::nil().into(),
            assurance: Assurance::High,
            authenticated_at: now(),
            helpdesk: true,
            created_at: now(),
            refreshed_at: now(),
            ended: None,
        };
        Agent::of(&session).unwrap()
    }

    /// A registered product of this person's.
    fn product(of: u128) -> Product {
        Product {
            id: Uuid::from_u128(of * 100).into(),
            person: Uuid::from_u128(of).into(),
            serial: Serial::parse("00000000000000000001").unwrap(),
            kind: ProductKind::Eid,
            status: ProductStatus::Registered,
            space_limit: 200,
            created_at: now(),
        }
    }

    fn unable(of: &[u128]) -> BTreeSet<MembershipId> {
        of.iter().map(|of| Uuid::from_u128(*of).into()).collect()
    }

    fn open_as(by: u128, roster: &Roster, appointee: u128, named: &[u128]) -> Result<Recovery, Refusal> {
        let (space, product) = (space(), product(appointee));
        let case = RecoveryCase { space: &space, roster, product: &product, is_of_own_space: false };
        let said = (unable(named), ReasonText::parse("Un décès").unwrap());
        agent(by).open_recovery(&case, said, None, Uuid::nil().into(), now()).map(|opened| opened.recovery().clone())
    }

    fn confirm_as(
        by: u128,
        roster: &Roster,
        recovery: &Recovery,
        product: &Product,
        at: Instant,
    ) -> Result<ConfirmedRecovery, Refusal> {
        let space = space();
        let case = RecoveryCase { space: &space, roster, product, is_of_own_space: false };
        agent(by).confirm_recovery(&case, recovery, Uuid::from_u128(77).into(), at)
    }

    #[test]
    fn a_recovery_names_the_able_administrators_and_no_others() {
        let mut reader = member(3);
        reader.membership.role = Role::Reader;
        let roster = Roster(vec![member(1), member(2), reader]);
        let opened = open_as(9, &roster, 5, &[1, 2]).unwrap();
        assert_eq!((opened.confirmable_at, opened.status), (now() + WAIT, RecoveryStatus::Open));
        assert!(open_as(9, &roster, 3, &[1, 2]).is_ok(), "a member may be appointed");
        let incomplete = Refusal::RecoveryIncomplete { able: unable(&[1, 2]) };
        for named in [&[][..], &[1], &[1, 2, 3], &[1, 4]] {
            assert_eq!(open_as(9, &roster, 5, named), Err(incomplete.clone()));
        }
        assert_eq!(open_as(9, &roster, 1, &[1, 2]), Err(incomplete));
    }

    #[test]
    fn no_agent_decides_on_himself_or_a_space_of_his() {
        let (space, roster) = (space(), Roster(vec![member(1)]));
        let opened = open_as(9, &roster, 5, &[1]).unwrap();
        for (by, is_of_own_space) in [(8, true), (5, false)] {
            let case = RecoveryCase { space: &space, roster: &roster, product: &product(5), is_of_own_space };
            let (said, id) = ((unable(&[1]), opened.reason.clone()), Uuid::from_u128(77).into());
            let due = now() + WAIT;
            assert_eq!(agent(by).open_recovery(&case, said, None, opened.id, now()), Err(Refusal::OwnCase));
            assert_eq!(agent(by).confirm_recovery(&case, &opened, id, due), Err(Refusal::OwnCase));
            assert_eq!(agent(by).withdraw_recovery(&case, &opened, due), Err(Refusal::OwnCase));
        }
    }

    #[test]
    fn a_recovery_is_of_a_professional_space_in_use_and_of_a_registered_product() {
        let roster = Roster(vec![member(1)]);
        let open = |space: &Space, product: &Product, open: Option<RecoveryId>| {
            let said = (unable(&[1]), ReasonText::parse("Un décès").unwrap());
            let case = RecoveryCase { space, roster: &roster, product, is_of_own_space: false };
            agent(9).open_recovery(&case, said, open, Uuid::nil().into(), now()).err()
        };
        let suspended = Space { state: SpaceState::Suspended, ..space() };
        assert_eq!(open(&suspended, &product(5), None), None);
        let closed = Space { state: SpaceState::Closed, ..space() };
        assert_eq!(open(&closed, &product(5), None), Some(Refusal::SpaceClosed));
        let private = Space { kind: SpaceKind::Private, title: None, ..space() };
        assert_eq!(open(&private, &product(5), None), Some(Refusal::NotFound));
        let withdrawn = Product { status: ProductStatus::Withdrawn, ..product(5) };
        assert_eq!(open(&space(), &withdrawn, None), Some(Refusal::NotFound));
        let recovery = Uuid::from_u128(8).into();
        assert_eq!(open(&space(), &product(5), Some(recovery)), Some(Refusal::RecoveryOpen { recovery }));
    }

    #[test]
    fn another_agent_confirms_after_a_week() {
        let roster = Roster(vec![member(1), member(2)]);
        let opened = open_as(9, &roster, 5, &[1, 2]).unwrap();
        let (due, product) = (now() + WAIT, product(5));
        assert_eq!(confirm_as(9, &roster, &opened, &product, due), Err(Refusal::RecoverySameAgent));
        assert_eq!(confirm_as(5, &roster, &opened, &product, due), Err(Refusal::OwnCase));
        let early = confirm_as(8, &roster, &opened, &product, due - TimeDelta::microseconds(1));
        assert_eq!(early, Err(Refusal::RecoveryTooEarly { confirmable_at: due }));
        let confirmed = confirm_as(8, &roster, &opened, &product, due).unwrap();
        assert_eq!(confirmed.ended().iter().map(|ended| ended.id).collect::<BTreeSet<_>>(), opened.unable);
        assert!(confirmed.ended().iter().all(|ended| (ended.status, ended.version) == (MembershipStatus::Ended, 2)));
        assert!(confirmed.is_newcomer() && confirmed.appointed().role == Role::Administrator);
        let done = confirmed.recovery();
        assert_eq!(confirm_as(8, &roster, done, &product, due), Err(Refusal::RecoveryDecided));
        assert_eq!(done.stop(due), Err(Refusal::RecoveryDecided));
        let stopped = opened.stop(due).unwrap();
        assert_eq!(confirm_as(8, &roster, stopped.recovery(), &product, due), Err(Refusal::RecoveryStopped));
    }

    #[test]
    fn whoever_became_able_meanwhile_hinders_it() {
        let opened = open_as(9, &Roster(vec![member(1)]), 5, &[1]).unwrap();
        let roster = Roster(vec![member(1), member(2)]);
        let incomplete = Refusal::RecoveryIncomplete { able: unable(&[1, 2]) };
        assert_eq!(confirm_as(8, &roster, &opened, &product(5), now() + WAIT), Err(incomplete));
        let withdrawn = Product { status: ProductStatus::Withdrawn, ..product(5) };
        let nobody = confirm_as(8, &Roster(vec![member(1)]), &opened, &withdrawn, now() + WAIT);
        assert!(matches!(nobody, Err(Refusal::LastAdministrator { .. })), "{nobody:?}");
    }

    #[test]
    fn a_member_who_is_appointed_becomes_able() {
        let mut reader = member(3);
        reader.membership = Membership {
            role: Role::Reader,
            scope: AccessScope::ThisProduct,
            status: MembershipStatus::Suspended,
            ends_at: Some(now() + TimeDelta::days(99)),
            ..reader.membership
        };
        let roster = Roster(vec![member(1), reader.clone()]);
        let opened = open_as(9, &roster, 3, &[1]).unwrap();
        let confirmed = confirm_as(8, &roster, &opened, &product(3), now() + WAIT).unwrap();
        let appointed = Member { membership: confirmed.appointed().clone(), products: reader.products };
        assert!(!confirmed.is_newcomer() && appointed.is_able_administrator());
        assert_eq!((appointed.membership.id, appointed.membership.version), (reader.membership.id, 2));
    }

    proptest! {
        #[test]
        fn whoever_is_there_a_recovery_leaves_somebody_able_and_none_of_the_named(
            members in (any_member(1), any_member(2), any_member(3)),
            later in (any_member(1), any_member(2), any_member(3)),
            appointee in 1u128..6,
        ) {
            let roster = Roster(vec![members.0, members.1, members.2]);
            let able: Vec<u128> =
                roster.0.iter().filter(|member| member.is_able_administrator()).map(|member| member.membership.id.0.as_u128()).collect();
            let opened = open_as(9, &roster, appointee, &able);
            prop_assert_eq!(opened.is_err(), able.contains(&appointee));
            let Ok(opened) = opened else { return Ok(()) };
            let later = Roster(vec![later.0, later.1, later.2]);
            let Ok(confirmed) = confirm_as(8, &later, &opened, &product(appointee), now() + WAIT) else { return Ok(()) };
            let mut left = confirmed.ended().iter().fold(later.clone(), |roster, ended| roster.with(ended)).with(confirmed.appointed());
            if confirmed.is_newcomer() {
                left.0.push(Member { membership: confirmed.appointed().clone(), products: vec![opened.product] });
            }
            prop_assert!(left.has_able_administrator());
            let named_left = left.0.iter().any(|member| opened.unable.contains(&member.membership.id));
            prop_assert!(!named_left);
            // Whoever is able was appointed: all others who were are gone.
            let others = left.0.iter().filter(|member| member.membership.id != confirmed.appointed().id);
            prop_assert!(others.into_iter().all(|member| !member.is_able_administrator()));
        }
    }
}
