//! System users: a company's own software, which an administrator lets into the space with rights out of a closed list
//! (domain.md §3, C).

use std::{collections::BTreeSet, fmt};

use chrono::TimeDelta;

use super::{Administrator, Permission};
use crate::{
    Coded, Fault, Instant, Refusal,
    audit::{Actor, AuditAct},
    coded::coded,
    id::{PersonId, SpaceId, SystemUserId},
    space::Space,
    text::SystemUserName,
};

/// How long one may be let in at most: two years, with a leap day.
pub const LONGEST: TimeDelta = TimeDelta::days(731);
/// How many of a space may not be over.
pub const MOST: u32 = 20;
/// How many of a space are approved within [`COUNTED_WITHIN`], whatever becomes of them: each is mailed to the other
/// administrators, and remembered.
pub const APPROVED_AT_MOST: u32 = 50;
/// The time within which approvals are counted.
pub const COUNTED_WITHIN: TimeDelta = TimeDelta::hours(24);
/// How long one that is over is remembered.
pub const KEPT: TimeDelta = TimeDelta::days(180);

coded! {
    /// What software may be let do. It never signs, sends or confirms, nor has to do with members, other software or the
    /// space as such.
    SystemRight {
        /// See the space and its company profile.
        Read = "read",
        /// Draft and edit procedures.
        Draft = "draft",
        /// Attach to procedures.
        Attach = "attach",
        /// Fetch documents.
        FetchDocuments = "fetch_documents",
    }
}

coded! {
    /// How a system user stands.
    SystemUserStatus {
        /// It gets tokens.
        Active = "active",
        /// An administrator suspended it.
        Suspended = "suspended",
        /// Its end date has come: computed, never kept.
        Expired = "expired",
        /// An administrator ended it.
        Ended = "ended",
    }
}

/// Rights of a system user, or those of them that a token is for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SystemRights(BTreeSet<SystemRight>);

impl SystemRights {
    /// Reads what `to_string` writes, the codes with one space between them, in any order: a `scope` of OAuth.
    pub fn parse(scope: &str) -> Option<Self> {
        scope.split(' ').map(SystemRight::from_code).collect::<Option<_>>().map(Self)
    }

    /// Each of them, in the order of the list.
    pub fn iter(&self) -> impl Iterator<Item = SystemRight> {
        self.0.iter().copied()
    }

    /// Whether all of them are among others.
    pub fn are_among(&self, others: &Self) -> bool {
        self.0.is_subset(&others.0)
    }

    /// Those that are among others too.
    #[must_use]
    pub fn common(&self, others: &Self) -> Self {
        Self(&self.0 & &others.0)
    }

    /// One of them.
    ///
    /// # Errors
    /// [`Refusal::RightNotGranted`].
    pub fn require(&self, right: SystemRight) -> Result<(), Refusal> {
        if self.0.contains(&right) { Ok(()) } else { Err(Refusal::RightNotGranted { right }) }
    }
}

impl FromIterator<SystemRight> for SystemRights {
    fn from_iter<I: IntoIterator<Item = SystemRight>>(rights: I) -> Self {
        Self(rights.into_iter().collect())
    }
}

impl fmt::Display for SystemRights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let codes: Vec<&str> = self.iter().map(Coded::code).collect();
        f.write_str(&codes.join(" "))
    }
}

/// A company's own software in one space. Its keys are those of the client of the same id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SystemUser {
    /// Which system user, and which client of OAuth, this is.
    pub id: SystemUserId,
    /// Where.
    pub space: SpaceId,
    /// What administrators call it.
    pub name: SystemUserName,
    /// What it may do.
    pub rights: SystemRights,
    /// When it ends by itself; of one that was ended, when that was.
    pub ends_at: Instant,
    /// Who answers for it: the administrator who last decided what it may, with which keys and until when.
    pub approved_by: PersonId,
    /// How it stands, but for its end date.
    pub status: SystemUserStatus,
    /// Since when.
    pub created_at: Instant,
    /// Counts its changes: what `If-Match` is compared with.
    pub version: u32,
}

impl SystemUser {
    /// How it stands now.
    pub fn status_at(&self, now: Instant) -> SystemUserStatus {
        match self.status {
            SystemUserStatus::Ended => SystemUserStatus::Ended,
            _ if self.ends_at <= now => SystemUserStatus::Expired,
            status => status,
        }
    }

    /// Whether it gets in: nobody suspended or ended it, its date has not come, and the space is open. What software gets
    /// elsewhere stands on this: it is asked on every request.
    pub fn gets_in(&self, space: &Space, now: Instant) -> bool {
        debug_assert_eq!(self.space, space.id);
        self.status_at(now) == SystemUserStatus::Active && space.require_open().is_ok()
    }

    /// As who it acts: its acts name whoever answers for it, too.
    pub fn actor(&self) -> Actor {
        Actor::SystemUser { client: self.id, approver: self.approved_by }
    }

    /// One that may still be decided on.
    fn require_living(&self, now: Instant) -> Result<(), Refusal> {
        match self.status_at(now) {
            SystemUserStatus::Active | SystemUserStatus::Suspended => Ok(()),
            SystemUserStatus::Expired | SystemUserStatus::Ended => Err(Refusal::SystemUserEnded),
        }
    }
}

/// The system users of a space that count when another one is approved, read under its lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SystemUserCounts {
    /// Those that are not over.
    pub living: u32,
    /// Those approved within [`COUNTED_WITHIN`], over or not.
    pub approved_lately: u32,
}

/// What a system user is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SystemUserWish {
    /// What administrators call it.
    pub name: SystemUserName,
    /// What it may do.
    pub rights: SystemRights,
    /// When it ends by itself.
    pub ends_at: Instant,
}

/// What an edit of a system user sets; `None` leaves a field as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SystemUserEdit {
    /// Another name.
    pub name: Option<SystemUserName>,
    /// Other rights.
    pub rights: Option<SystemRights>,
    /// Another end date.
    pub ends_at: Option<Instant>,
    /// Whether its client gets other keys.
    pub replaces_keys: bool,
}

/// A change of a system user that may be kept. Only an administrator's acts make one:
///
/// ```compile_fail,E0451
/// use domain::{audit::AuditAct, collaboration::{SystemUser, SystemUserChange}};
///
/// fn forge(after: SystemUser) -> SystemUserChange {
///     SystemUserChange { after, act: AuditAct::SystemUserResumed, changed: vec![] }
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SystemUserChange {
    after: SystemUser,
    act: AuditAct,
    changed: Vec<&'static str>,
}

impl SystemUserChange {
    /// The system user as it is to be.
    pub fn after(&self) -> &SystemUser {
        &self.after
    }
    /// What was done.
    pub fn act(&self) -> AuditAct {
        self.act
    }
    /// The names of the fields that an edit changed, as the API calls them.
    pub fn changed(&self) -> &[&'static str] {
        &self.changed
    }
    /// Whether anything is another way than before.
    pub fn is_any(&self) -> bool {
        self.act != AuditAct::SystemUserEdited || !self.changed.is_empty()
    }
    /// Whether the other administrators are to know: it is let in, may be another or do another thing, or is over.
    pub fn concerns_all(&self) -> bool {
        match self.act {
            AuditAct::SystemUserApproved | AuditAct::SystemUserResumed | AuditAct::SystemUserEnded => true,
            _ => self.changed.iter().any(|field| *field != "name"),
        }
    }
}

impl Administrator<'_> {
    /// Lets software in.
    ///
    /// # Errors
    /// The space is private or not open, it has as many as it may, as many were approved in a day, there is no right, or the
    /// end date is none.
    pub fn approve_system_user(
        &self,
        space: &Space,
        (id, wish): (SystemUserId, SystemUserWish),
        others: SystemUserCounts,
        now: Instant,
    ) -> Result<SystemUserChange, Refusal> {
        debug_assert_eq!(self.membership().space, space.id);
        Permission::ApproveSystemUsers.require_state(space, now)?;
        if others.living >= MOST {
            return Err(Refusal::SystemUserLimitReached { limit: MOST });
        }
        if others.approved_lately >= APPROVED_AT_MOST {
            return Err(Refusal::DailySystemUserLimitReached { limit: APPROVED_AT_MOST });
        }
        require_some(&wish.rights)?;
        require_end(wish.ends_at, now)?;
        let after = SystemUser {
            id,
            space: space.id,
            name: wish.name,
            rights: wish.rights,
            ends_at: wish.ends_at,
            approved_by: self.membership().person,
            status: SystemUserStatus::Active,
            created_at: now,
            version: 1,
        };
        Ok(SystemUserChange { after, act: AuditAct::SystemUserApproved, changed: vec![] })
    }

    /// Changes a system user's name, rights, end date or keys; but for the name, whoever does it answers for it from now on.
    ///
    /// # Errors
    /// The space is not open, the system user is over, no right would be left, or the end date is none.
    pub fn edit_system_user(
        &self,
        space: &Space,
        user: &SystemUser,
        edit: SystemUserEdit,
        now: Instant,
    ) -> Result<SystemUserChange, Refusal> {
        self.require_decidable(space, user, now)?;
        edit.rights.as_ref().map_or(Ok(()), require_some)?;
        edit.ends_at.map_or(Ok(()), |ends_at| require_end(ends_at, now))?;
        let mut after = user.clone();
        after.name = edit.name.unwrap_or(after.name);
        after.rights = edit.rights.unwrap_or(after.rights);
        after.ends_at = edit.ends_at.unwrap_or(after.ends_at);
        let fields = [
            ("name", after.name != user.name),
            ("rights", after.rights != user.rights),
            ("endsAt", after.ends_at != user.ends_at),
            ("jwks", edit.replaces_keys),
        ];
        let changed: Vec<_> = fields.into_iter().filter(|(_, is_changed)| *is_changed).map(|(name, _)| name).collect();
        let mut change = SystemUserChange { after, act: AuditAct::SystemUserEdited, changed };
        change.after.version += u32::from(change.is_any());
        if change.concerns_all() {
            change.after.approved_by = self.membership().person;
        }
        Ok(change)
    }

    /// Suspends a system user: it gets in nowhere until it is resumed.
    ///
    /// # Errors
    /// The space is not open, or the system user is over or suspended.
    pub fn suspend_system_user(
        &self,
        space: &Space,
        user: &SystemUser,
        now: Instant,
    ) -> Result<SystemUserChange, Refusal> {
        self.require_decidable(space, user, now)?;
        if user.status == SystemUserStatus::Suspended {
            return Err(Refusal::SystemUserSuspended);
        }
        let after = SystemUser { status: SystemUserStatus::Suspended, ..user.clone() };
        Ok(turned(after, AuditAct::SystemUserSuspended))
    }

    /// Lets a suspended system user in again, and answers for it from now on.
    ///
    /// # Errors
    /// The space is not open, or the system user is over or not suspended.
    pub fn resume_system_user(
        &self,
        space: &Space,
        user: &SystemUser,
        now: Instant,
    ) -> Result<SystemUserChange, Refusal> {
        self.require_decidable(space, user, now)?;
        if user.status != SystemUserStatus::Suspended {
            return Err(Refusal::SystemUserNotSuspended);
        }
        let approved_by = self.membership().person;
        let after = SystemUser { status: SystemUserStatus::Active, approved_by, ..user.clone() };
        Ok(turned(after, AuditAct::SystemUserResumed))
    }

    /// Ends a system user for good.
    ///
    /// # Errors
    /// The space is not open, or the system user is over.
    pub fn end_system_user(&self, space: &Space, user: &SystemUser, now: Instant) -> Result<SystemUserChange, Refusal> {
        self.require_decidable(space, user, now)?;
        let after = SystemUser { status: SystemUserStatus::Ended, ends_at: now, ..user.clone() };
        Ok(turned(after, AuditAct::SystemUserEnded))
    }

    fn require_decidable(&self, space: &Space, user: &SystemUser, now: Instant) -> Result<(), Refusal> {
        debug_assert_eq!((self.membership().space, user.space), (space.id, space.id));
        Permission::ApproveSystemUsers.require_state(space, now)?;
        user.require_living(now)
    }
}

fn turned(mut after: SystemUser, act: AuditAct) -> SystemUserChange {
    after.version += 1;
    SystemUserChange { after, act, changed: vec![] }
}

fn require_some(rights: &SystemRights) -> Result<(), Refusal> {
    if rights.0.is_empty() { Err(Refusal::Field { field: "rights", fault: Fault::Empty }) } else { Ok(()) }
}

fn require_end(ends_at: Instant, now: Instant) -> Result<(), Refusal> {
    let refused = |fault| Err(Refusal::Field { field: "endsAt", fault });
    match ends_at {
        _ if ends_at <= now => refused(Fault::NotInFuture),
        _ if ends_at > now + LONGEST => refused(Fault::TooFar),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::{
        collaboration::{Membership, Role, member::tests::space, roster::tests::member},
        space::{SpaceKind, SpaceState},
    };

    fn now() -> Instant {
        Instant::from_timestamp(1_800_000_000, 0).unwrap()
    }

    fn administrator(of: u128) -> Membership {
        member(of).membership
    }

    fn wish() -> SystemUserWish {
        SystemUserWish {
            name: SystemUserName::parse("Payroll").unwrap(),
            rights: SystemRights::parse("read draft").unwrap(),
            ends_at: now() + TimeDelta::days(30),
        }
    }

    fn approve(wish: SystemUserWish, others: SystemUserCounts) -> Result<SystemUserChange, Refusal> {
        let (founder, id) = (administrator(1), Uuid::from_u128(9).into());
        founder.administrator(Permission::ApproveSystemUsers)?.approve_system_user(&space(), (id, wish), others, now())
    }

    fn approved() -> SystemUser {
        approve(wish(), SystemUserCounts::default()).unwrap().after().clone()
    }

    fn edit(by: u128, user: &SystemUser, edit: SystemUserEdit) -> Result<SystemUserChange, Refusal> {
        let colleague = administrator(by);
        colleague.administrator(Permission::ApproveSystemUsers)?.edit_system_user(&space(), user, edit, now())
    }

    #[test]
    fn rights_are_a_scope_and_a_closed_list() {
        let rights = SystemRights::parse("draft read").unwrap();
        assert_eq!((rights.to_string(), SystemRights::parse("read draft draft")), ("read draft".into(), Some(rights)));
        for wrong in ["", " ", "read ", "read  draft", "Read", "sign", "read,draft", "members"] {
            assert_eq!(SystemRights::parse(wrong), None, "{wrong:?}");
        }
        let all: SystemRights = SystemRight::ALL.iter().copied().collect();
        assert_eq!(all.to_string(), "read draft attach fetch_documents");
    }

    #[test]
    fn software_is_let_in_for_two_years_at_most_with_some_right() {
        let none = SystemUserCounts::default();
        let until = |ends_at| approve(SystemUserWish { ends_at, ..wish() }, none).err();
        let refused = |fault| Some(Refusal::Field { field: "endsAt", fault });
        let moment = TimeDelta::microseconds(1);
        assert_eq!(until(now()), refused(Fault::NotInFuture));
        assert_eq!((until(now() + moment), until(now() + LONGEST)), (None, None));
        assert_eq!(until(now() + LONGEST + moment), refused(Fault::TooFar));
        let nothing = approve(SystemUserWish { rights: SystemRights::default(), ..wish() }, none);
        assert_eq!(nothing, Err(Refusal::Field { field: "rights", fault: Fault::Empty }));
        let others = |living, approved_lately| approve(wish(), SystemUserCounts { living, approved_lately }).err();
        assert_eq!(others(MOST - 1, APPROVED_AT_MOST - 1), None);
        assert_eq!(others(MOST, 0), Some(Refusal::SystemUserLimitReached { limit: MOST }));
        let often = Refusal::DailySystemUserLimitReached { limit: APPROVED_AT_MOST };
        assert_eq!(others(0, APPROVED_AT_MOST), Some(often));
    }

    #[test]
    fn it_gets_in_while_it_is_active_its_date_has_not_come_and_the_space_is_open() {
        let (user, open) = (approved(), space());
        assert!(user.gets_in(&open, now()) && user.gets_in(&open, user.ends_at - TimeDelta::microseconds(1)));
        assert!(!user.gets_in(&open, user.ends_at));
        assert_eq!(user.status_at(user.ends_at), SystemUserStatus::Expired);
        for state in [SpaceState::Suspended, SpaceState::Closed, SpaceState::Purged] {
            assert!(!user.gets_in(&crate::space::Space { state, ..space() }, now()), "{state:?}");
        }
        for status in [SystemUserStatus::Suspended, SystemUserStatus::Ended] {
            let user = SystemUser { status, ..approved() };
            assert!(!user.gets_in(&open, now()) && user.status_at(now()) == status);
        }
    }

    #[test]
    fn who_changes_more_than_the_name_answers_for_it() {
        let user = approved();
        let renamed = SystemUserEdit { name: Some(SystemUserName::parse("Wages").unwrap()), ..Default::default() };
        let renamed = edit(2, &user, renamed).unwrap();
        assert_eq!((renamed.changed(), renamed.concerns_all(), renamed.after().version), (&["name"][..], false, 2));
        assert_eq!(renamed.after().approved_by, user.approved_by);
        let wider = SystemUserEdit { rights: SystemRights::parse("read attach"), ..Default::default() };
        let wider = edit(2, &user, wider).unwrap();
        assert_eq!((wider.changed(), wider.concerns_all()), (&["rights"][..], true));
        let acts_as = Actor::SystemUser { client: user.id, approver: administrator(2).person };
        assert_eq!(wider.after().actor(), acts_as);
        let keys = edit(2, &user, SystemUserEdit { replaces_keys: true, ..Default::default() }).unwrap();
        assert_eq!((keys.changed(), keys.after().version), (&["jwks"][..], 2));
        let same =
            SystemUserEdit { ends_at: Some(user.ends_at), rights: Some(user.rights.clone()), ..Default::default() };
        let same = edit(2, &user, same).unwrap();
        assert!(!same.is_any() && *same.after() == user);
        let none = SystemUserEdit { rights: Some(SystemRights::default()), ..Default::default() };
        assert_eq!(edit(2, &user, none), Err(Refusal::Field { field: "rights", fault: Fault::Empty }));
    }

    #[test]
    fn only_administrators_of_an_open_professional_space_decide() {
        let manager = Membership { role: Role::Manager, ..administrator(2) };
        let refused = manager.administrator(Permission::ApproveSystemUsers).map(drop);
        assert_eq!(refused, Err(Refusal::AdministratorRequired));
        let (founder, user) = (administrator(1), approved());
        let founder = founder.administrator(Permission::ApproveSystemUsers).unwrap();
        let suspended = crate::space::Space { state: SpaceState::Suspended, ..space() };
        assert_eq!(founder.end_system_user(&suspended, &user, now()), Err(Refusal::SpaceSuspended));
        let private = crate::space::Space { kind: SpaceKind::Private, title: None, ..space() };
        assert_eq!(founder.suspend_system_user(&private, &user, now()), Err(Refusal::NotFound));
    }

    #[derive(Debug, Clone)]
    enum Act {
        Edit(SystemUserEdit),
        Suspend,
        Resume,
        End,
        Wait(i64),
    }

    fn any_act() -> impl Strategy<Value = Act> {
        let rights = prop::option::of(prop::collection::vec(prop::sample::select(SystemRight::ALL), 0..4));
        let ends_at = prop::option::of((-1i64..800).prop_map(|days| now() + TimeDelta::days(days)));
        let edit = (rights, ends_at, any::<bool>()).prop_map(|(rights, ends_at, replaces_keys)| {
            let rights = rights.map(|rights| rights.into_iter().collect());
            Act::Edit(SystemUserEdit { name: None, rights, ends_at, replaces_keys })
        });
        prop_oneof![
            3 => edit,
            1 => Just(Act::Suspend),
            1 => Just(Act::Resume),
            1 => Just(Act::End),
            1 => (0i64..40).prop_map(Act::Wait),
        ]
    }

    proptest! {
        #[test]
        fn whatever_is_decided_it_keeps_a_right_and_an_end_and_never_comes_back(
            acts in prop::collection::vec((1u128..4, any_act()), 1..30),
        ) {
            let (mut user, mut now) = (approved(), now());
            for (by, act) in acts {
                let colleague = administrator(by);
                let deciding = colleague.administrator(Permission::ApproveSystemUsers).unwrap();
                let was = user.status_at(now);
                let is_over = matches!(was, SystemUserStatus::Ended | SystemUserStatus::Expired);
                let decided = match act {
                    Act::Wait(days) => {
                        now += TimeDelta::days(days);
                        continue;
                    }
                    Act::Edit(edit) => deciding.edit_system_user(&space(), &user, edit, now),
                    Act::Suspend => deciding.suspend_system_user(&space(), &user, now),
                    Act::Resume => deciding.resume_system_user(&space(), &user, now),
                    Act::End => deciding.end_system_user(&space(), &user, now),
                };
                if is_over {
                    prop_assert_eq!(&decided, &Err(Refusal::SystemUserEnded));
                }
                if let Ok(change) = decided {
                    prop_assert_eq!(change.after().version, user.version + u32::from(change.is_any()));
                    user = change.after().clone();
                }
                prop_assert!(user.rights.iter().count() > 0 && user.ends_at <= now + LONGEST);
                prop_assert!(!is_over || !user.gets_in(&space(), now));
            }
        }
    }
}
