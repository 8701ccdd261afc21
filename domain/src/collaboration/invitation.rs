//! Invitations: an administrator names a product, and whoever logs in with it may come in. Nothing of an invitation is a
//! secret, for the product proves the right to accept (domain.md §3, F).

use chrono::TimeDelta;

use super::{AccessScope, Administrator, Membership, MembershipStatus, Permission, Role, Roster};
use crate::{
    Fault, Instant, Refusal,
    coded::coded,
    id::{InvitationId, MembershipId, PersonId, SpaceId},
    identity::{Person, Product, Serial},
    space::{Space, SpaceState},
    text::{EmailAddress, PersonName},
};

/// How many days an invitation is valid unless the inviter says otherwise (our choice).
pub const VALID_DAYS: u32 = 21;
/// The most days for which it can be.
pub const VALID_DAYS_AT_MOST: u32 = 90;
/// Reads for how many days an invitation is to be valid.
///
/// # Errors
/// The number is out of range.
pub fn parse_valid_days(days: i64) -> Result<u32, Fault> {
    let fault = Fault::OutOfRange { min: 1, max: VALID_DAYS_AT_MOST.into() };
    u32::try_from(days).ok().filter(|days| (1..=VALID_DAYS_AT_MOST).contains(days)).ok_or(fault)
}

/// How long an invitation rests between two of its mails.
pub const COOL_DOWN: TimeDelta = TimeDelta::minutes(10);
/// How many mails an invitation sends within [`COUNTED_WITHIN`].
pub const SENT_AT_MOST: u32 = 5;
/// The time in which its mails are counted.
pub const COUNTED_WITHIN: TimeDelta = TimeDelta::hours(24);
/// How many invitations to one space may be pending, expired ones included until they are cancelled or replaced.
pub const PENDING_AT_MOST: u32 = 100;
/// How many invitations one person makes within [`COUNTED_WITHIN`], to all spaces together, whatever becomes of them: each is
/// a mail to somebody who may be a stranger.
pub const MADE_AT_MOST: u32 = 200;
/// How long before its end the invitee is reminded.
pub const REMINDED_BEFORE: TimeDelta = TimeDelta::days(3);
/// How long an invitation is remembered after its end.
pub const REMEMBERED: TimeDelta = TimeDelta::days(180);

coded! {
    /// How an invitation ended, if somebody ended it.
    InvitationOutcome {
        /// The invitee is a member.
        Accepted = "accepted",
        /// The invitee doesn't want to be.
        Refused = "refused",
        /// An administrator took it back.
        Cancelled = "cancelled",
    }
}

coded! {
    /// How an invitation stands.
    InvitationStatus {
        /// It can be accepted.
        Pending = "pending",
        /// The invitee is a member, or was.
        Accepted = "accepted",
        /// The invitee doesn't want to be.
        Refused = "refused",
        /// An administrator took it back.
        Cancelled = "cancelled",
        /// Its date has passed: resending renews it.
        Expired = "expired",
        /// Its inviter is no able administrator any more, or the space is not open: another administrator's resending takes
        /// it over.
        Void = "void",
    }
}

/// Who is invited, as the inviter knows him.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitee {
    /// His given name.
    pub given_name: PersonName,
    /// His family name: another one than that of the product's holder keeps a mistyped number from opening the space.
    pub family_name: PersonName,
    /// Where he is told of the invitation; it proves nothing.
    pub email: EmailAddress,
    /// The number of the product that he is to log in with.
    pub serial: Serial,
}

/// What an invitation offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offer {
    /// As what.
    pub role: Role,
    /// With which of his products.
    pub scope: AccessScope,
    /// When the membership is going to end by itself, if it is.
    pub membership_ends_at: Option<Instant>,
}

impl Offer {
    /// Until when it can be accepted that is mailed now.
    fn expiry(&self, valid_days: u32, now: Instant) -> Instant {
        let expires_at = now + TimeDelta::days(valid_days.into());
        self.membership_ends_at.map_or(expires_at, |end| end.min(expires_at))
    }
}

/// An invitation to a space.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// Which invitation this is.
    pub id: InvitationId,
    /// Where to.
    pub space: SpaceId,
    /// Who answers for it.
    pub inviter: PersonId,
    /// Who is invited.
    pub invitee: Invitee,
    /// To be what.
    pub offer: Offer,
    /// For how many days each mail makes it valid.
    pub valid_days: u32,
    /// When it was made.
    pub created_at: Instant,
    /// Until when it can be accepted; nobody comes in whose membership would be over.
    pub expires_at: Instant,
    /// Its mails.
    pub mails: Mails,
    /// When the invitee is reminded, unless he was or the invitation ended.
    pub remind_at: Option<Instant>,
    /// Whether the inviter was told that somebody of another name holds the product.
    pub mismatch_told: bool,
    /// How and when it ended, if somebody ended it.
    pub ended: Option<(InvitationOutcome, Instant)>,
    /// What became of it, if it was accepted.
    pub membership: Option<MembershipId>,
}

/// How often an invitation was mailed of late.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mails {
    /// The last time.
    pub last_at: Instant,
    /// The first time of those that are counted.
    pub counted_from: Instant,
    /// How often since.
    pub count: u32,
}

impl Mails {
    fn first(now: Instant) -> Self {
        Self { last_at: now, counted_from: now, count: 1 }
    }

    /// One more.
    fn another(self, now: Instant) -> Result<Self, Refusal> {
        let counted_until = self.counted_from + COUNTED_WITHIN;
        let rested_until = self.last_at + COOL_DOWN;
        if counted_until <= now {
            return Ok(Self::first(now));
        }
        let until = if self.count >= SENT_AT_MOST { counted_until.max(rested_until) } else { rested_until };
        if now < until {
            return Err(Refusal::InvitationResendTooSoon { until });
        }
        Ok(Self { last_at: now, count: self.count + 1, ..self })
    }
}

/// What stands in the way of another invitation, read under the locks of the inviter and the space.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rivals {
    /// How many invitations to the space nobody ended.
    pub pending: u32,
    /// The one among them that names the same product.
    pub same: Option<Invitation>,
    /// Whether the product's holder, whoever he is, is a member, with whichever product.
    pub is_member: bool,
    /// How many invitations the inviter made of late, to whichever space.
    pub made_lately: u32,
}

/// Invitations that may be kept, each as it is to be. Only the acts below make one:
///
/// ```compile_fail,E0423
/// use domain::collaboration::invitation::{Invitation, InvitationChange};
///
/// fn forge(invitation: Invitation) -> InvitationChange {
///     InvitationChange(invitation)
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvitationChange(Invitation);

impl InvitationChange {
    /// The invitation as it is to be.
    pub fn invitation(&self) -> &Invitation {
        &self.0
    }
}

/// An invitation that was accepted, and the membership that comes of it; only [`Invitation::accept`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acceptance {
    invitation: InvitationChange,
    membership: Membership,
}

impl Acceptance {
    /// The invitation as it is to be.
    pub fn invitation(&self) -> &InvitationChange {
        &self.invitation
    }
    /// The new membership.
    pub fn membership(&self) -> &Membership {
        &self.membership
    }
}

impl Administrator<'_> {
    /// Invites somebody. An expired invitation of the same product makes room, and is given back cancelled.
    ///
    /// # Errors
    /// The space is private or not open, the end date has passed, he is a member, an invitation of the product is pending,
    /// too many are, or the inviter made too many of late.
    pub fn invite(
        &self,
        id: InvitationId,
        space: &Space,
        (invitee, offer, valid_days): (Invitee, Offer, u32),
        rivals: Rivals,
        now: Instant,
    ) -> Result<(InvitationChange, Option<InvitationChange>), Refusal> {
        self.require_inviting(space, now)?;
        if offer.membership_ends_at.is_some_and(|end| end <= now) {
            return Err(Refusal::Field { field: "membershipEndsAt", fault: Fault::NotInFuture });
        }
        if rivals.is_member {
            return Err(Refusal::AlreadyMember);
        }
        let replaced = match rivals.same {
            Some(same) if now < same.expires_at => return Err(Refusal::InvitationPending { invitation: same.id }),
            Some(same) => Some(InvitationChange(same.end(InvitationOutcome::Cancelled, now))),
            None => None,
        };
        if replaced.is_none() && rivals.pending >= PENDING_AT_MOST {
            return Err(Refusal::InvitationLimitReached { limit: PENDING_AT_MOST });
        }
        if rivals.made_lately >= MADE_AT_MOST {
            return Err(Refusal::DailyInvitationLimitReached { limit: MADE_AT_MOST });
        }
        let expires_at = offer.expiry(valid_days, now);
        let invitation = Invitation {
            id,
            space: space.id,
            inviter: self.membership().person,
            invitee,
            offer,
            valid_days,
            created_at: now,
            expires_at,
            mails: Mails::first(now),
            remind_at: reminding(now, expires_at),
            mismatch_told: false,
            ended: None,
            membership: None,
        };
        Ok((InvitationChange(invitation), replaced))
    }

    /// Mails an invitation once more: its date is renewed, and this administrator answers for it from now on.
    ///
    /// # Errors
    /// The space is not open, the invitation ended, the membership would be over, or it was mailed too often of late.
    pub fn resend_invitation(
        &self,
        space: &Space,
        invitation: &Invitation,
        now: Instant,
    ) -> Result<InvitationChange, Refusal> {
        self.require_inviting(space, now)?;
        invitation.require_not_ended()?;
        if invitation.offer.membership_ends_at.is_some_and(|end| end <= now) {
            return Err(Refusal::InvitationExpired);
        }
        let expires_at = invitation.offer.expiry(invitation.valid_days, now);
        Ok(InvitationChange(Invitation {
            inviter: self.membership().person,
            expires_at,
            mails: invitation.mails.another(now)?,
            remind_at: reminding(now, expires_at),
            mismatch_told: false,
            ..invitation.clone()
        }))
    }

    /// Takes an invitation back.
    ///
    /// # Errors
    /// The space is not open, or the invitation ended.
    pub fn cancel_invitation(
        &self,
        space: &Space,
        invitation: &Invitation,
        now: Instant,
    ) -> Result<InvitationChange, Refusal> {
        self.require_inviting(space, now)?;
        invitation.require_not_ended()?;
        Ok(InvitationChange(invitation.clone().end(InvitationOutcome::Cancelled, now)))
    }

    fn require_inviting(&self, space: &Space, now: Instant) -> Result<(), Refusal> {
        debug_assert_eq!(self.membership().space, space.id);
        Permission::Invite.require_state(space, now)
    }
}

/// Who accepts, with which product; read under the person's lock.
#[derive(Debug, Clone, Copy)]
pub struct Acceptor<'a> {
    /// The person.
    pub person: &'a Person,
    /// The product that he is logged in with.
    pub product: &'a Product,
    /// Whether he accepted the terms in force.
    pub terms_accepted: bool,
}

impl Invitation {
    /// How it stands: the roster and the space decide with it.
    pub fn status(&self, space: SpaceState, inviter_is_able: bool, now: Instant) -> InvitationStatus {
        match self.ended {
            Some((InvitationOutcome::Accepted, _)) => InvitationStatus::Accepted,
            Some((InvitationOutcome::Refused, _)) => InvitationStatus::Refused,
            Some((InvitationOutcome::Cancelled, _)) => InvitationStatus::Cancelled,
            None if self.expires_at <= now => InvitationStatus::Expired,
            None if space != SpaceState::Open || !inviter_is_able => InvitationStatus::Void,
            None => InvitationStatus::Pending,
        }
    }

    /// Only the product named answers, of all that the person has.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for anybody else's, [`Refusal::InvitationForOtherProduct`] for another one of the same person.
    pub fn require_product(&self, used: &Product, of_the_person: &[Product]) -> Result<(), Refusal> {
        if used.serial == self.invitee.serial {
            return Ok(());
        }
        let is_his = of_the_person.iter().any(|product| product.serial == self.invitee.serial);
        if is_his {
            return Err(Refusal::InvitationForOtherProduct { serial: self.invitee.serial.clone() });
        }
        Err(Refusal::NotFound)
    }

    /// Comes in, as what the invitation offers. Everything is judged now, whatever it was when the invitation was made.
    ///
    /// # Errors
    /// The invitation ended, expired or is void, the product's holder has another family name, he is a member, or has not
    /// accepted the terms.
    pub fn accept(
        &self,
        membership: MembershipId,
        space: &Space,
        roster: &Roster,
        acceptor: Acceptor<'_>,
        now: Instant,
    ) -> Result<Acceptance, Refusal> {
        debug_assert_eq!(acceptor.product.serial, self.invitee.serial);
        self.require_status(space, roster, now)?;
        if !acceptor.terms_accepted {
            return Err(Refusal::TermsNotAccepted);
        }
        if roster.0.iter().any(|member| member.membership.person == acceptor.person.id) {
            return Err(Refusal::AlreadyMember);
        }
        if !self.invitee.family_name.is_same_name(&acceptor.person.family_name) {
            return Err(Refusal::InvitationNameMismatch);
        }
        let membership = Membership {
            id: membership,
            space: self.space,
            person: acceptor.person.id,
            role: self.offer.role,
            scope: self.offer.scope,
            product: acceptor.product.id,
            status: MembershipStatus::Active,
            ends_at: self.offer.membership_ends_at,
            created_at: now,
            version: 1,
        };
        let accepted = self.clone().end(InvitationOutcome::Accepted, now);
        let invitation = InvitationChange(Self { membership: Some(membership.id), ..accepted });
        Ok(Acceptance { invitation, membership })
    }

    /// The invitee doesn't want to come.
    ///
    /// # Errors
    /// The invitation ended, or expired.
    pub fn refuse(&self, now: Instant) -> Result<InvitationChange, Refusal> {
        self.require_not_ended()?;
        if self.expires_at <= now {
            return Err(Refusal::InvitationExpired);
        }
        Ok(InvitationChange(self.clone().end(InvitationOutcome::Refused, now)))
    }

    /// The invitation once its inviter is told that the product's holder has another name, unless he was.
    pub fn tell_mismatch(&self) -> Option<InvitationChange> {
        (!self.mismatch_told).then(|| InvitationChange(Self { mismatch_told: true, ..self.clone() }))
    }

    /// The invitation once its invitee is reminded, if it is time; one that is void by then reminds nobody.
    pub fn reminded(&self, space: &Space, roster: &Roster, now: Instant) -> (InvitationChange, bool) {
        let is_pending = self.status(space.state, self.inviter_is_able(roster), now) == InvitationStatus::Pending;
        (InvitationChange(Self { remind_at: None, ..self.clone() }), is_pending)
    }

    /// Whether who answers for it still may.
    pub fn inviter_is_able(&self, roster: &Roster) -> bool {
        roster.0.iter().any(|member| member.membership.person == self.inviter && member.is_able_administrator())
    }

    fn require_status(&self, space: &Space, roster: &Roster, now: Instant) -> Result<(), Refusal> {
        match self.status(space.state, self.inviter_is_able(roster), now) {
            InvitationStatus::Pending => Ok(()),
            InvitationStatus::Expired => Err(Refusal::InvitationExpired),
            InvitationStatus::Void => Err(Refusal::InvitationVoid),
            InvitationStatus::Accepted | InvitationStatus::Refused | InvitationStatus::Cancelled => {
                self.require_not_ended()
            }
        }
    }

    fn require_not_ended(&self) -> Result<(), Refusal> {
        match self.ended {
            None => Ok(()),
            Some((InvitationOutcome::Accepted, _)) => Err(Refusal::InvitationUsed),
            Some((InvitationOutcome::Refused, _)) => Err(Refusal::InvitationRefused),
            Some((InvitationOutcome::Cancelled, _)) => Err(Refusal::InvitationCancelled),
        }
    }

    fn end(self, how: InvitationOutcome, now: Instant) -> Self {
        Self { ended: Some((how, now)), remind_at: None, ..self }
    }
}

/// When the invitee of an invitation that is valid until then is reminded; one of a few days reminds nobody.
fn reminding(now: Instant, expires_at: Instant) -> Option<Instant> {
    Some(expires_at - REMINDED_BEFORE).filter(|at| *at > now + REMINDED_BEFORE)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::{
        collaboration::{
            Member,
            member::tests::space,
            roster::tests::{any_member, member},
        },
        id::ProductId,
        identity::{ProductKind, ProductStatus, Protected},
        text::Language,
    };

    const OFFER: Offer = Offer { role: Role::Manager, scope: AccessScope::ThisProduct, membership_ends_at: None };
    const MINUTE: TimeDelta = TimeDelta::minutes(1);
    const DAY: TimeDelta = TimeDelta::days(1);

    fn now() -> Instant {
        Instant::from_timestamp(1_800_000_000, 0).unwrap()
    }

    fn roster() -> Roster {
        Roster(vec![member(1)])
    }

    fn invitee() -> Invitee {
        Invitee {
            given_name: PersonName::parse("Zoé").unwrap(),
            family_name: PersonName::parse("Müller-Weiß").unwrap(),
            email: EmailAddress::parse("zoe@example.lu").unwrap(),
            serial: Serial::parse("10000000000000000099").unwrap(),
        }
    }

    fn invite_with(
        by: &Member,
        offer: Offer,
        rivals: Rivals,
    ) -> Result<(InvitationChange, Option<InvitationChange>), Refusal> {
        let administrator = by.membership.administrator(Permission::Invite)?;
        administrator.invite(Uuid::from_u128(7).into(), &space(), (invitee(), offer, VALID_DAYS), rivals, now())
    }

    fn invitation() -> Invitation {
        invite_with(&member(1), OFFER, Rivals::default()).unwrap().0.0
    }

    fn holder(family_name: &str) -> (Person, Product) {
        let person = Person {
            id: Uuid::from_u128(9).into(),
            number: Protected { digest: "digest".into(), sealed: "sealed".into() },
            given_name: PersonName::parse("Zoe").unwrap(),
            family_name: PersonName::parse(family_name).unwrap(),
            email: EmailAddress::parse("z@example.lu").unwrap(),
            language: Language::De,
            created_at: now(),
            updated_at: now(),
            version: 1,
        };
        let product = Product {
            id: ProductId::from(Uuid::from_u128(900)),
            person: person.id,
            serial: invitee().serial,
            kind: ProductKind::LuxtrustProfessional,
            status: ProductStatus::Registered,
            space_limit: 200,
            created_at: now(),
        };
        (person, product)
    }

    fn accept_as(invitation: &Invitation, name: &str, roster: &Roster, at: Instant) -> Result<Acceptance, Refusal> {
        let (person, product) = holder(name);
        let acceptor = Acceptor { person: &person, product: &product, terms_accepted: true };
        invitation.accept(Uuid::from_u128(90).into(), &space(), roster, acceptor, at)
    }

    #[test]
    fn who_accepts_is_what_the_invitation_offers() {
        let accepted = accept_as(&invitation(), "muller weiss", &roster(), now() + DAY).unwrap();
        let Membership { person, role, scope, product, status, ends_at, .. } = accepted.membership().clone();
        assert_eq!((person, product), (Uuid::from_u128(9).into(), Uuid::from_u128(900).into()));
        assert_eq!((role, scope, status, ends_at), (OFFER.role, OFFER.scope, MembershipStatus::Active, None));
        let after = accepted.invitation().invitation();
        assert_eq!(after.ended, Some((InvitationOutcome::Accepted, now() + DAY)));
        assert_eq!((after.membership, after.remind_at), (Some(accepted.membership().id), None));
    }

    #[test]
    fn a_mistyped_number_opens_the_space_to_nobody() {
        let found = accept_as(&invitation(), "Muller", &roster(), now());
        assert_eq!(found, Err(Refusal::InvitationNameMismatch));
        let told = invitation().tell_mismatch().unwrap();
        assert_eq!(told.invitation().tell_mismatch(), None, "the inviter is told once");
    }

    #[test]
    fn only_the_product_named_answers() {
        let (_, named) = holder("x");
        let other = Product { serial: Serial::parse("10000000000000000098").unwrap(), ..named.clone() };
        let require = |used: &Product, all: &[Product]| invitation().require_product(used, all);
        assert_eq!(require(&named, std::slice::from_ref(&named)), Ok(()));
        let refused = Refusal::InvitationForOtherProduct { serial: named.serial.clone() };
        assert_eq!(require(&other, &[other.clone(), named]), Err(refused));
        assert_eq!(require(&other, std::slice::from_ref(&other)), Err(Refusal::NotFound));
    }

    #[test]
    fn everything_is_judged_when_it_is_accepted() {
        let accept = |roster: &Roster, at| accept_as(&invitation(), "Müller-Weiß", roster, at).map(|_| ());
        let end = invitation().expires_at;
        assert_eq!(end, now() + TimeDelta::days(21));
        assert_eq!(accept(&roster(), end - MINUTE), Ok(()));
        assert_eq!(accept(&roster(), end), Err(Refusal::InvitationExpired));
        let mut demoted = member(1);
        demoted.membership.role = Role::Manager;
        assert_eq!(accept(&Roster(vec![demoted, member(2)]), now()), Err(Refusal::InvitationVoid));
        assert_eq!(accept(&Roster(vec![member(1), member(9)]), now()), Err(Refusal::AlreadyMember));
        let ended = |how| Invitation { ended: Some((how, now())), ..invitation() };
        let accept = |how| accept_as(&ended(how), "Müller-Weiß", &roster(), now()).map(|_| ());
        assert_eq!(accept(InvitationOutcome::Accepted), Err(Refusal::InvitationUsed));
        assert_eq!(accept(InvitationOutcome::Refused), Err(Refusal::InvitationRefused));
        assert_eq!(accept(InvitationOutcome::Cancelled), Err(Refusal::InvitationCancelled));
    }

    #[test]
    fn a_membership_that_would_be_over_is_offered_to_nobody() {
        let until = |end| Offer { membership_ends_at: Some(end), ..OFFER };
        let field = Refusal::Field { field: "membershipEndsAt", fault: Fault::NotInFuture };
        assert_eq!(invite_with(&member(1), until(now()), Rivals::default()), Err(field));
        let short = invite_with(&member(1), until(now() + DAY), Rivals::default()).unwrap().0.0;
        let late = accept_as(&short, "Müller-Weiß", &roster(), now() + DAY);
        assert_eq!(late, Err(Refusal::InvitationExpired));
        let resent = member(1).membership.administrator(Permission::Invite).unwrap().resend_invitation(
            &space(),
            &short,
            now() + DAY,
        );
        assert_eq!(resent, Err(Refusal::InvitationExpired));
    }

    #[test]
    fn one_invitation_of_a_product_is_pending() {
        let invite = |rivals| invite_with(&member(1), OFFER, rivals);
        let pending = Rivals { same: Some(invitation()), pending: 1, ..Rivals::default() };
        assert_eq!(invite(pending.clone()), Err(Refusal::InvitationPending { invitation: invitation().id }));
        let expired = Invitation { expires_at: now(), ..invitation() };
        let (_, replaced) = invite(Rivals { same: Some(expired), pending: PENDING_AT_MOST, ..pending }).unwrap();
        assert_eq!(replaced.unwrap().0.ended, Some((InvitationOutcome::Cancelled, now())));
        let many = Rivals { pending: PENDING_AT_MOST, ..Rivals::default() };
        assert_eq!(invite(many), Err(Refusal::InvitationLimitReached { limit: PENDING_AT_MOST }));
        let often = Rivals { made_lately: MADE_AT_MOST, ..Rivals::default() };
        assert_eq!(invite(often), Err(Refusal::DailyInvitationLimitReached { limit: MADE_AT_MOST }));
        assert_eq!(invite(Rivals { is_member: true, ..Rivals::default() }), Err(Refusal::AlreadyMember));
        let mut manager = member(2);
        manager.membership.role = Role::Manager;
        assert_eq!(invite_with(&manager, OFFER, Rivals::default()), Err(Refusal::AdministratorRequired));
    }

    #[test]
    fn a_resending_renews_rests_and_takes_over() {
        let other = member(2);
        let administrator = other.membership.administrator(Permission::Invite).unwrap();
        let resend = |invitation: &Invitation, at| administrator.resend_invitation(&space(), invitation, at);
        let too_soon = |until| Err(Refusal::InvitationResendTooSoon { until });
        assert_eq!(resend(&invitation(), now() + COOL_DOWN - MINUTE), too_soon(now() + COOL_DOWN));
        let late = invitation().expires_at + DAY;
        let renewed = resend(&invitation(), late).unwrap().0;
        assert_eq!((renewed.expires_at, renewed.inviter), (late + TimeDelta::days(21), other.membership.person));
        assert_eq!(renewed.status(SpaceState::Open, true, late), InvitationStatus::Pending);

        let mut often = invitation();
        for n in 1..i32::try_from(SENT_AT_MOST).unwrap() {
            often = resend(&often, now() + COOL_DOWN * n).unwrap().0;
        }
        let next = now() + COOL_DOWN * i32::try_from(SENT_AT_MOST).unwrap();
        assert_eq!(resend(&often, next), too_soon(now() + COUNTED_WITHIN));
        assert_eq!(resend(&often, now() + COUNTED_WITHIN).unwrap().0.mails.count, 1);
    }

    proptest! {
        /// Whoever is in the space and whatever was offered: who accepts is in it once, and nobody else is moved.
        #[test]
        fn an_acceptance_adds_one_member_once(
            members in (any_member(1), any_member(2), any_member(9)),
            came_before in any::<bool>(),
        ) {
            let mut roster = Roster(vec![members.0, members.1]);
            if came_before {
                roster.0.push(members.2);
            }
            let outcome = accept_as(&invitation(), "Müller-Weiß", &roster, now());
            let inviter_is_able = invitation().inviter_is_able(&roster);
            prop_assert_eq!(outcome.is_ok(), inviter_is_able && !came_before);
            if let Ok(accepted) = outcome {
                let again = accepted.invitation().invitation().clone();
                prop_assert_eq!(accept_as(&again, "Müller-Weiß", &roster, now()), Err(Refusal::InvitationUsed));
            }
        }
    }
}
