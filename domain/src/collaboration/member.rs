//! What becomes of a membership: an administrator decides on it, or its person leaves. The roster has the last word.

use super::{AccessScope, Administrator, Membership, MembershipStatus, Permission, Role, Roster};
use crate::{Fault, Instant, Refusal, audit::AuditAct, id::MembershipId, space::Space};

/// What an edit of a membership sets; `None` leaves a field as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MemberEdit {
    /// Another role.
    pub role: Option<Role>,
    /// Another scope; the one product is the one that the membership came with.
    pub scope: Option<AccessScope>,
    /// Another end date, or none.
    pub ends_at: Option<Option<Instant>>,
}

impl MemberEdit {
    /// Whether it takes from an administrator what makes him able for good: his role, or that he has no end date.
    pub fn demotes(&self) -> bool {
        self.role.is_some_and(|role| role != Role::Administrator) || self.ends_at.is_some_and(|end| end.is_some())
    }
}

/// A change of one membership that may be kept. Only the acts below make one, so that none is kept which no roster
/// judged:
///
/// ```compile_fail,E0451
/// use domain::{audit::AuditAct, collaboration::{MemberChange, Membership}};
///
/// fn forge(before: Membership, after: Membership) -> MemberChange {
///     MemberChange { before, after, act: AuditAct::MemberRemoved }
/// }
/// ```
///
/// An administrator makes one:
///
/// ```
/// use domain::{collaboration::{MemberChange, Membership, Permission, Roster}, id::MembershipId, space::Space, Instant, Refusal};
///
/// fn remove(caller: &Membership, space: &Space, roster: &Roster, whom: MembershipId, now: Instant) -> Result<MemberChange, Refusal> {
///     caller.administrator(Permission::ManageMembers)?.remove_member(space, roster, whom, now)
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberChange {
    before: Membership,
    after: Membership,
    act: AuditAct,
}

impl MemberChange {
    /// The membership as it was.
    pub fn before(&self) -> &Membership {
        &self.before
    }
    /// The membership as it is to be.
    pub fn after(&self) -> &Membership {
        &self.after
    }
    /// What was done.
    pub fn act(&self) -> AuditAct {
        self.act
    }
    /// Whether anything is another way than before.
    pub fn is_any(&self) -> bool {
        self.after != self.before
    }
    /// The names of the fields that an edit changed, as the API calls them.
    pub fn changed(&self) -> Vec<&'static str> {
        let (before, after) = (&self.before, &self.after);
        let fields = [
            ("role", after.role != before.role),
            ("accessScope", after.scope != before.scope),
            ("endsAt", after.ends_at != before.ends_at),
        ];
        let is_edit = self.act == AuditAct::MemberEdited;
        fields.into_iter().filter(|(_, is_changed)| is_edit && *is_changed).map(|(name, _)| name).collect()
    }
}

impl Administrator<'_> {
    /// Changes a member's role, scope or end date.
    ///
    /// # Errors
    /// The space is not open, the membership is over, the end date has passed, or nobody able would be left.
    pub fn edit_member(
        &self,
        space: &Space,
        roster: &Roster,
        whom: MembershipId,
        edit: MemberEdit,
        now: Instant,
    ) -> Result<MemberChange, Refusal> {
        let member = self.member(space, roster, whom, now)?;
        if edit.ends_at.flatten().is_some_and(|end| end <= now) {
            return Err(Refusal::Field { field: "endsAt", fault: Fault::NotInFuture });
        }
        let after = Membership {
            role: edit.role.unwrap_or(member.role),
            scope: edit.scope.unwrap_or(member.scope),
            ends_at: edit.ends_at.unwrap_or(member.ends_at),
            ..member.clone()
        };
        roster.change(space, member, after, AuditAct::MemberEdited)
    }

    /// Suspends a member: the membership gives nothing until it is resumed.
    ///
    /// # Errors
    /// The space is not open, the membership is over or suspended, or nobody able would be left.
    pub fn suspend_member(
        &self,
        space: &Space,
        roster: &Roster,
        whom: MembershipId,
        now: Instant,
    ) -> Result<MemberChange, Refusal> {
        let member = self.member(space, roster, whom, now)?;
        if member.status == MembershipStatus::Suspended {
            return Err(Refusal::MemberSuspended);
        }
        let after = Membership { status: MembershipStatus::Suspended, ..member.clone() };
        roster.change(space, member, after, AuditAct::MemberSuspended)
    }

    /// Lets a suspended member in again.
    ///
    /// # Errors
    /// The space is not open, or the membership is over or not suspended.
    pub fn resume_member(
        &self,
        space: &Space,
        roster: &Roster,
        whom: MembershipId,
        now: Instant,
    ) -> Result<MemberChange, Refusal> {
        let member = self.member(space, roster, whom, now)?;
        if member.status != MembershipStatus::Suspended {
            return Err(Refusal::MemberNotSuspended);
        }
        let after = Membership { status: MembershipStatus::Active, ..member.clone() };
        roster.change(space, member, after, AuditAct::MemberResumed)
    }

    /// Ends a membership; one's own too, which is to leave.
    ///
    /// # Errors
    /// The space is not open, the membership is over, or nobody able would be left.
    pub fn remove_member(
        &self,
        space: &Space,
        roster: &Roster,
        whom: MembershipId,
        now: Instant,
    ) -> Result<MemberChange, Refusal> {
        let member = self.member(space, roster, whom, now)?;
        let act = if member.id == self.membership().id { AuditAct::MemberLeft } else { AuditAct::MemberRemoved };
        roster.change(space, member, member.ended(now), act)
    }

    /// A membership that this administrator may decide on.
    fn member<'r>(
        &self,
        space: &Space,
        roster: &'r Roster,
        whom: MembershipId,
        now: Instant,
    ) -> Result<&'r Membership, Refusal> {
        debug_assert_eq!(self.membership().space, space.id);
        Permission::ManageMembers.require_state(space, now)?;
        Ok(&roster.member(whom).ok_or(Refusal::MemberEnded)?.membership)
    }
}

impl Membership {
    /// Leaves the space.
    ///
    /// # Errors
    /// The space is private or not open, or nobody able would be left.
    pub fn leave(&self, space: &Space, roster: &Roster, now: Instant) -> Result<MemberChange, Refusal> {
        debug_assert_eq!(self.space, space.id);
        space.require_professional()?;
        space.require_open()?;
        roster.change(space, self, self.ended(now), AuditAct::MemberLeft)
    }

    /// Over for good, from now on.
    pub(super) fn ended(&self, now: Instant) -> Self {
        Self { status: MembershipStatus::Ended, ends_at: Some(now), ..self.clone() }
    }
}

impl Roster {
    /// The change, if the space does not lose its last able administrator by it: the one place where that is decided of
    /// members (domain.md §3, C).
    fn change(
        &self,
        space: &Space,
        before: &Membership,
        mut after: Membership,
        act: AuditAct,
    ) -> Result<MemberChange, Refusal> {
        if self.has_able_administrator() {
            self.with(&after).require_able_administrator(space)?;
        }
        after.version += u32::from(after != *before);
        Ok(MemberChange { before: before.clone(), after, act })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use chrono::TimeDelta;
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::{
        collaboration::{
            Member,
            roster::tests::{any_member, member},
        },
        space::{EntityType, SpaceIdentifier, SpaceKind, SpaceState},
        text::{EmailAddress, Language, Title},
    };

    fn now() -> Instant {
        Instant::from_timestamp(1_800_000_000, 0).unwrap()
    }

    pub(crate) fn space() -> Space {
        Space {
            id: Uuid::nil().into(),
            identifier: SpaceIdentifier::parse("PM-A1B2C3").unwrap(),
            kind: SpaceKind::Professional,
            entity_type: EntityType::LegalPerson,
            title: Some(Title::parse("Boulangerie").unwrap()),
            language: Language::Fr,
            notification_email: EmailAddress::parse("office@example.lu").unwrap(),
            notification_email_confirmed: true,
            state: SpaceState::Open,
            closure: None,
            suspension: None,
            opened_with: Uuid::nil().into(),
            created_at: now(),
            updated_at: now(),
            version: 1,
        }
    }

    pub(crate) fn of_role(of: u128, role: Role) -> Member {
        let mut member = member(of);
        member.membership.role = role;
        member
    }

    fn id(of: u128) -> MembershipId {
        Uuid::from_u128(of).into()
    }

    fn last() -> Refusal {
        Refusal::LastAdministrator { spaces: vec![(space().id, space().identifier)] }
    }

    fn decide(roster: &Roster, by: u128, act: &Act, whom: u128) -> Result<MemberChange, Refusal> {
        let (space, caller) = (space(), &roster.member(id(by)).unwrap().membership);
        if *act == Act::Leave {
            return caller.leave(&space, roster, now());
        }
        let administrator = caller.administrator(Permission::ManageMembers)?;
        match act {
            Act::Edit(edit) => administrator.edit_member(&space, roster, id(whom), *edit, now()),
            Act::Suspend => administrator.suspend_member(&space, roster, id(whom), now()),
            Act::Resume => administrator.resume_member(&space, roster, id(whom), now()),
            Act::Remove | Act::Leave => administrator.remove_member(&space, roster, id(whom), now()),
        }
    }

    #[derive(Debug, Clone, PartialEq)]
    enum Act {
        Edit(MemberEdit),
        Suspend,
        Resume,
        Remove,
        Leave,
    }

    fn demotion(role: Role) -> Act {
        Act::Edit(MemberEdit { role: Some(role), ..MemberEdit::default() })
    }

    #[test]
    fn nothing_takes_the_last_able_administrator() {
        let roster = Roster(vec![member(1), of_role(2, Role::Manager)]);
        let until = Act::Edit(MemberEdit { ends_at: Some(Some(now() + TimeDelta::days(1))), ..MemberEdit::default() });
        for act in [demotion(Role::Manager), until, Act::Suspend, Act::Remove, Act::Leave] {
            assert_eq!(decide(&roster, 1, &act, 1), Err(last()), "{act:?}");
        }
        // The product that he came with is gone: only the others let him in.
        let mut scoped = member(1);
        scoped.products.remove(0);
        let narrow = Act::Edit(MemberEdit { scope: Some(AccessScope::ThisProduct), ..MemberEdit::default() });
        assert_eq!(decide(&Roster(vec![scoped]), 1, &narrow, 1), Err(last()));
        let both = Roster(vec![member(1), member(2)]);
        for act in [demotion(Role::Reader), Act::Suspend, Act::Remove, Act::Leave] {
            assert!(decide(&both, 1, &act, 1).is_ok(), "{act:?}");
        }
    }

    #[test]
    fn only_administrators_decide_and_anybody_leaves() {
        let roster = Roster(vec![member(1), of_role(2, Role::Manager), of_role(3, Role::Reader)]);
        for act in [demotion(Role::Administrator), Act::Suspend, Act::Resume, Act::Remove] {
            assert_eq!(decide(&roster, 2, &act, 3), Err(Refusal::AdministratorRequired), "{act:?}");
        }
        let left = decide(&roster, 3, &Act::Leave, 3).unwrap();
        assert_eq!(
            (left.act(), left.after().status, left.after().ends_at),
            (AuditAct::MemberLeft, MembershipStatus::Ended, Some(now()))
        );
        assert_eq!(decide(&roster, 1, &Act::Remove, 3).unwrap().act(), AuditAct::MemberRemoved);
        assert_eq!(
            decide(&Roster(vec![member(1), member(2)]), 1, &Act::Remove, 1).unwrap().act(),
            AuditAct::MemberLeft
        );
    }

    #[test]
    fn a_member_is_suspended_and_resumed_in_turn() {
        let mut roster = Roster(vec![member(1), of_role(2, Role::Manager)]);
        assert_eq!(decide(&roster, 1, &Act::Resume, 2), Err(Refusal::MemberNotSuspended));
        let suspended = decide(&roster, 1, &Act::Suspend, 2).unwrap();
        assert_eq!((suspended.after().version, suspended.changed()), (2, vec![]));
        roster = roster.with(suspended.after());
        assert_eq!(decide(&roster, 1, &Act::Suspend, 2), Err(Refusal::MemberSuspended));
        assert_eq!(decide(&roster, 1, &Act::Resume, 2).unwrap().after().status, MembershipStatus::Active);
        assert_eq!(decide(&roster, 1, &Act::Remove, 3), Err(Refusal::MemberEnded));
    }

    #[test]
    fn an_edit_names_what_it_changes_and_counts_only_then() {
        let roster = Roster(vec![member(1), of_role(2, Role::Manager)]);
        let same = decide(&roster, 1, &demotion(Role::Manager), 2).unwrap();
        assert!(!same.is_any() && same.changed().is_empty() && same.after().version == 1);
        let edit = MemberEdit { ends_at: Some(Some(now())), ..MemberEdit::default() };
        let refused = Refusal::Field { field: "endsAt", fault: Fault::NotInFuture };
        assert_eq!(decide(&roster, 1, &Act::Edit(edit), 2), Err(refused));
        let edit = MemberEdit {
            role: Some(Role::Reader),
            scope: Some(AccessScope::ThisProduct),
            ends_at: Some(Some(now() + TimeDelta::microseconds(1))),
        };
        let edited = decide(&roster, 1, &Act::Edit(edit), 2).unwrap();
        assert_eq!(edited.changed(), ["role", "accessScope", "endsAt"]);
        assert_eq!((edited.before().version, edited.after().version), (1, 2));
        assert_eq!(edited.after().status_at(now() + TimeDelta::microseconds(1)), MembershipStatus::Ended);
    }

    #[test]
    fn who_would_lose_more_than_his_scope_is_demoted() {
        let edit = |role, ends_at| MemberEdit { role, scope: Some(AccessScope::ThisProduct), ends_at };
        assert!(!edit(None, None).demotes() && !edit(Some(Role::Administrator), Some(None)).demotes());
        assert!(edit(Some(Role::Manager), None).demotes() && edit(None, Some(Some(now()))).demotes());
    }

    #[test]
    fn nobody_decides_where_a_space_is_not_open() {
        let roster = Roster(vec![member(1), member(2)]);
        let administrator = roster.0[0].membership.administrator(Permission::ManageMembers).unwrap();
        let suspended = Space { state: SpaceState::Suspended, ..space() };
        assert_eq!(administrator.remove_member(&suspended, &roster, id(2), now()), Err(Refusal::SpaceSuspended));
        assert_eq!(roster.0[0].membership.leave(&suspended, &roster, now()), Err(Refusal::SpaceSuspended));
        let private = Space { kind: SpaceKind::Private, title: None, ..space() };
        assert_eq!(administrator.suspend_member(&private, &roster, id(2), now()), Err(Refusal::NotFound));
        assert_eq!(roster.0[0].membership.leave(&private, &roster, now()), Err(Refusal::NotFound));
    }

    fn any_act() -> impl Strategy<Value = Act> {
        use crate::Coded;
        let role = prop::option::of(prop::sample::select(Role::ALL));
        let scope = prop::option::of(prop::sample::select(AccessScope::ALL));
        let ends_at = prop::option::of(prop::option::of(Just(now() + TimeDelta::days(1))));
        prop_oneof![
            3 => (role, scope, ends_at).prop_map(|(role, scope, ends_at)| Act::Edit(MemberEdit { role, scope, ends_at })),
            1 => Just(Act::Suspend),
            1 => Just(Act::Resume),
            2 => Just(Act::Remove),
            1 => Just(Act::Leave),
        ]
    }

    proptest! {
        #[test]
        fn whatever_is_decided_somebody_able_stays_and_nobody_is_in_twice(
            others in (any_member(2), any_member(3), any_member(4)),
            acts in prop::collection::vec((1u128..5, any_act(), 1u128..5), 1..40),
        ) {
            let mut roster = Roster(vec![member(1), others.0, others.1, others.2]);
            for (by, act, whom) in acts {
                let may = roster.member(id(by)).is_some_and(|caller| caller.membership.status == MembershipStatus::Active);
                if !may {
                    continue;
                }
                let whom = if act == Act::Leave { by } else { whom };
                match decide(&roster, by, &act, whom) {
                    Ok(change) => roster = roster.with(change.after()),
                    Err(refusal) => {
                        let able: Vec<_> = roster.0.iter().filter(|member| member.is_able_administrator()).collect();
                        let is_last = able.len() == 1 && able[0].membership.id == id(whom);
                        prop_assert!(refusal != last() || is_last, "refused {act:?} though others are able");
                    }
                }
                prop_assert!(roster.has_able_administrator());
                let mut persons: Vec<_> = roster.0.iter().map(|member| member.membership.person).collect();
                persons.dedup();
                prop_assert_eq!(persons.len(), roster.0.len());
                prop_assert!(roster.0.iter().all(|member| member.membership.status != MembershipStatus::Ended));
            }
        }
    }
}
