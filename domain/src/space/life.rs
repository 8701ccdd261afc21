//! The life of a space once it is open: an administrator closes it, may restore it for a while, and then it is purged
//! (domain.md §2, C).

use chrono::TimeDelta;

use super::{Space, SpaceKind, SpaceState};
use crate::{
    Instant, Refusal,
    identity::Product,
    text::{EmailAddress, Title},
};

/// How long a closed space can be restored (our choice).
pub const RESTORABLE: TimeDelta = TimeDelta::days(30);
/// How long before the purge the administrators are reminded at the latest (our choice).
pub const REMINDED: TimeDelta = TimeDelta::days(7);
/// From how long before it on they are, so that a reminder which is a little late moves no purge.
pub const REMINDING: TimeDelta = TimeDelta::days(8);

/// What a closed space has, and no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closure {
    /// When it was closed.
    pub closed_at: Instant,
    /// From when on it can't be restored, if its administrators were reminded in time.
    pub purge_at: Instant,
    /// When its administrators were reminded of that, if they were.
    pub reminded_at: Option<Instant>,
}

impl Closure {
    /// Nobody loses a space of which he was not reminded long enough before.
    fn is_over(&self, now: Instant) -> bool {
        self.purge_at <= now && self.reminded_at.is_some_and(|reminded| reminded + REMINDED <= now)
    }
}

impl Space {
    /// The space, closed; an administrator says so.
    pub(crate) fn closed(&self, now: Instant) -> Result<Self, Refusal> {
        self.require_open()?;
        let closure = Closure { closed_at: now, purge_at: now + RESTORABLE, reminded_at: None };
        Ok(self.turned(SpaceState::Closed, Some(closure), now))
    }

    /// A closed space whose time is not over.
    ///
    /// # Errors
    /// [`Refusal::SpaceNotClosed`], [`Refusal::SpacePurged`].
    pub fn require_restorable(&self, now: Instant) -> Result<(), Refusal> {
        let closure = self.closure.ok_or(Refusal::SpaceNotClosed)?;
        if closure.is_over(now) { Err(Refusal::SpacePurged) } else { Ok(()) }
    }

    /// The space, open again; an administrator says so. It takes a place of the product that opened it, whoever
    /// restores it.
    pub(crate) fn restored(&self, opener: &Product, spaces_used: u32, now: Instant) -> Result<Self, Refusal> {
        debug_assert_eq!(self.opened_with, opener.id);
        self.require_restorable(now)?;
        if self.kind == SpaceKind::Professional {
            opener.require_place(spaces_used)?;
        }
        Ok(self.turned(SpaceState::Open, None, now))
    }

    /// A closed space whose time is over. What its members called it and where its notices went is forgotten; neutral
    /// texts stand there, since a professional space without a title, or any without an address, is none. Its
    /// identifier, which is never drawn again, its dates and its product stay.
    pub fn purged(&self, now: Instant) -> Option<Self> {
        self.closure.filter(|closure| closure.is_over(now))?;
        Some(Self {
            title: self.title.as_ref().map(|_| Title::forgotten()),
            notification_email: EmailAddress::forgotten(),
            notification_email_confirmed: false,
            ..self.turned(SpaceState::Purged, None, now)
        })
    }

    /// A closed space of whose purge the administrators are to be reminded now, once. A reminder that is late puts the
    /// purge off.
    pub fn reminded(&self, now: Instant) -> Option<Self> {
        let is_due = |closure: &Closure| closure.reminded_at.is_none() && closure.purge_at <= now + REMINDING;
        let closure = self.closure.filter(is_due)?;
        let purge_at = closure.purge_at.max(now + REMINDED);
        let reminded = Self { closure: Some(Closure { purge_at, reminded_at: Some(now), ..closure }), ..self.clone() };
        Some(if purge_at == closure.purge_at { reminded } else { reminded.counted(now) })
    }

    /// Counted as an edit is: what was read before is not edited after.
    fn turned(&self, state: SpaceState, closure: Option<Closure>, now: Instant) -> Self {
        Self { state, closure, ..self.clone() }.counted(now)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::{
        identity::{ProductKind, ProductStatus, Serial},
        space::{EntityType, SpaceIdentifier},
        text::Language,
    };

    fn start() -> Instant {
        Instant::from_timestamp(1_800_000_000, 0).unwrap()
    }

    fn product() -> Product {
        Product {
            id: Uuid::nil().into(),
            person: Uuid::nil().into(),
            serial: Serial::parse("00000000000000000001").unwrap(),
            kind: ProductKind::Eid,
            status: ProductStatus::Registered,
            space_limit: 200,
            created_at: start(),
        }
    }

    fn space(kind: SpaceKind) -> Space {
        Space {
            id: Uuid::nil().into(),
            identifier: SpaceIdentifier::parse("PM-A1B2C3").unwrap(),
            kind,
            entity_type: EntityType::LegalPerson,
            title: (kind == SpaceKind::Professional).then(|| Title::parse("Boulangerie").unwrap()),
            language: Language::Fr,
            notification_email: EmailAddress::parse("office@example.lu").unwrap(),
            notification_email_confirmed: true,
            state: SpaceState::Open,
            closure: None,
            suspension: None,
            opened_with: product().id,
            created_at: start(),
            updated_at: start(),
            version: 1,
        }
    }

    #[test]
    fn only_an_open_space_is_closed_and_only_a_closed_one_restored() {
        let open = space(SpaceKind::Professional);
        assert_eq!(open.restored(&product(), 0, start()), Err(Refusal::SpaceNotClosed));
        let closed = open.closed(start()).unwrap();
        assert_eq!((closed.state, closed.closure.unwrap().purge_at), (SpaceState::Closed, start() + RESTORABLE));
        assert_eq!(closed.closed(start()), Err(Refusal::SpaceClosed));
        let suspended = Space { state: SpaceState::Suspended, ..open.clone() };
        assert_eq!(suspended.closed(start()), Err(Refusal::SpaceSuspended));
        assert_eq!(suspended.restored(&product(), 0, start()), Err(Refusal::SpaceNotClosed));
        let restored = closed.restored(&product(), 199, start()).unwrap();
        assert_eq!(restored, Space { version: 3, ..open });
    }

    #[test]
    fn a_place_is_wanted_for_a_professional_space_alone() {
        let closed = space(SpaceKind::Professional).closed(start()).unwrap();
        let full = Refusal::SpaceLimitReached { limit: 200, used: 200 };
        assert_eq!(closed.restored(&product(), 200, start()), Err(full));
        let private = space(SpaceKind::Private).closed(start()).unwrap();
        assert!(private.restored(&product(), 200, start()).is_ok());
    }

    #[test]
    fn a_space_is_restorable_until_it_may_be_purged() {
        let closed = space(SpaceKind::Professional).closed(start()).unwrap().reminded(start() + RESTORABLE - REMINDED);
        let closed = closed.unwrap();
        let (over, moment) = (start() + RESTORABLE, TimeDelta::microseconds(1));
        assert!(closed.restored(&product(), 0, over - moment).is_ok() && closed.purged(over - moment).is_none());
        assert_eq!(closed.restored(&product(), 0, over), Err(Refusal::SpacePurged));
        let purged = closed.purged(over).unwrap();
        assert_eq!((purged.state, purged.closure), (SpaceState::Purged, None));
        assert_eq!((&purged.identifier, purged.title.is_some()), (&closed.identifier, true));
        assert!(purged.title != closed.title && purged.notification_email != closed.notification_email);
        assert!(purged.purged(over).is_none() && space(SpaceKind::Private).purged(over).is_none());
        let private = space(SpaceKind::Private).closed(start()).unwrap().reminded(over - REMINDED).unwrap();
        assert_eq!(private.purged(over).unwrap().title, None);
    }

    #[test]
    fn a_reminder_comes_once_in_the_last_week() {
        let closed = space(SpaceKind::Professional).closed(start()).unwrap();
        let (due, moment) = (start() + RESTORABLE - REMINDING, TimeDelta::microseconds(1));
        assert!(closed.reminded(due - moment).is_none());
        let reminded = closed.reminded(due).unwrap();
        assert_eq!((reminded.version, reminded.state), (closed.version, SpaceState::Closed));
        assert_eq!(reminded.closure.unwrap().purge_at, start() + RESTORABLE);
        assert!(reminded.reminded(due).is_none());
        let again = reminded.restored(&product(), 0, due).unwrap().closed(due).unwrap();
        assert!(again.reminded(due + RESTORABLE - REMINDING).is_some());
    }

    #[test]
    fn a_reminder_that_is_late_puts_the_purge_off() {
        let closed = space(SpaceKind::Professional).closed(start()).unwrap();
        let over = start() + RESTORABLE;
        let late = over + TimeDelta::days(1);
        assert!(closed.purged(late).is_none() && closed.restored(&product(), 0, late).is_ok());
        let reminded = closed.reminded(late).unwrap();
        let moved = reminded.closure.unwrap().purge_at;
        assert_eq!((moved, reminded.version), (late + REMINDED, closed.version + 1));
        assert!(reminded.purged(moved - TimeDelta::microseconds(1)).is_none() && reminded.purged(moved).is_some());
        let little = over - REMINDED + TimeDelta::hours(1);
        assert_eq!(closed.reminded(little).unwrap().closure.unwrap().purge_at, over + TimeDelta::hours(1));
    }
}
