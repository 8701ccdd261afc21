//! Invitations as they are kept.

use std::collections::BTreeSet;

use chrono::NaiveDateTime;
use diesel::prelude::*;
use domain::{
    Coded, Instant,
    collaboration::{
        Acceptance, Invitation, InvitationChange, InvitationOutcome, InvitationStatus, Invitee, Offer,
        invitation::{COUNTED_WITHIN, Mails, Rivals},
    },
    id::{InvitationId, PersonId, SpaceId},
    identity::{Person, ProductStatus, Serial},
    space::Space,
    text::{EmailAddress, PersonName},
};

use super::is_living;
use crate::{
    error::StoreError,
    identity::PersonRow,
    recurring::{PURGED_AT_ONCE, is_full},
    row::{Row, stamp},
    schema::{invitations, memberships, persons, products, spaces},
    space::SpaceRow,
    transaction::{Reading, Transaction},
};

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = invitations, treat_none_as_default_value = false, treat_none_as_null = true)]
struct InvitationRow {
    id: String,
    space_id: String,
    inviter_id: String,
    given_name: String,
    family_name: String,
    email: String,
    serial: String,
    role: String,
    scope: String,
    membership_ends_at: Option<NaiveDateTime>,
    valid_days: i64,
    created_at: NaiveDateTime,
    expires_at: NaiveDateTime,
    mailed_at: NaiveDateTime,
    mails_counted_from: NaiveDateTime,
    mails_count: i64,
    remind_at: Option<NaiveDateTime>,
    mismatch_told: bool,
    outcome: Option<String>,
    ended_at: Option<NaiveDateTime>,
    membership_id: Option<String>,
}

impl From<&InvitationChange> for InvitationRow {
    fn from(change: &InvitationChange) -> Self {
        let invitation = change.invitation();
        let Invitation { invitee, offer, mails, ended, .. } = invitation;
        Self {
            id: invitation.id.to_string(),
            space_id: invitation.space.to_string(),
            inviter_id: invitation.inviter.to_string(),
            given_name: invitee.given_name.to_string(),
            family_name: invitee.family_name.to_string(),
            email: invitee.email.to_string(),
            serial: invitee.serial.as_str().to_owned(),
            role: offer.role.code().to_owned(),
            scope: offer.scope.code().to_owned(),
            membership_ends_at: offer.membership_ends_at.map(stamp),
            valid_days: invitation.valid_days.into(),
            created_at: stamp(invitation.created_at),
            expires_at: stamp(invitation.expires_at),
            mailed_at: stamp(mails.last_at),
            mails_counted_from: stamp(mails.counted_from),
            mails_count: mails.count.into(),
            remind_at: invitation.remind_at.map(stamp),
            mismatch_told: invitation.mismatch_told,
            outcome: ended.map(|(outcome, _)| outcome.code().to_owned()),
            ended_at: ended.map(|(_, at)| stamp(at)),
            membership_id: invitation.membership.map(|id| id.to_string()),
        }
    }
}

impl InvitationRow {
    fn read(self) -> Result<Invitation, StoreError> {
        let row = Row { table: "invitations", id: &self.id };
        let outcome: Option<InvitationOutcome> = self.outcome.as_deref().map(|code| row.code(code)).transpose()?;
        Ok(Invitation {
            id: row.id(&self.id)?,
            space: row.id(&self.space_id)?,
            inviter: row.id(&self.inviter_id)?,
            invitee: Invitee {
                given_name: row.value(PersonName::parse(&self.given_name))?,
                family_name: row.value(PersonName::parse(&self.family_name))?,
                email: row.value(EmailAddress::parse(&self.email))?,
                serial: row.value(Serial::parse(&self.serial))?,
            },
            offer: Offer {
                role: row.code(&self.role)?,
                scope: row.code(&self.scope)?,
                membership_ends_at: self.membership_ends_at.map(|at| at.and_utc()),
            },
            valid_days: row.number(self.valid_days)?,
            created_at: self.created_at.and_utc(),
            expires_at: self.expires_at.and_utc(),
            mails: Mails {
                last_at: self.mailed_at.and_utc(),
                counted_from: self.mails_counted_from.and_utc(),
                count: row.number(self.mails_count)?,
            },
            remind_at: self.remind_at.map(|at| at.and_utc()),
            mismatch_told: self.mismatch_told,
            ended: outcome.zip(self.ended_at.map(|at| at.and_utc())),
            membership: self.membership_id.as_deref().map(|id| row.id(id)).transpose()?,
        })
    }
}

/// An invitation, where to, and who answers for it.
type Known = (InvitationRow, SpaceRow, PersonRow);

fn read((invitation, space, inviter): Known) -> Result<(Invitation, Space, Person), StoreError> {
    Ok((invitation.read()?, space.read()?, inviter.read()?))
}

/// Which of the invitations to a space.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct InvitationFilter {
    /// Only those that stand so now.
    pub status: Option<InvitationStatus>,
    /// The inviters who are able to answer for their invitations, if the space is open; it tells the void from the pending.
    pub able: Vec<PersonId>,
    /// Only those before this one, in the order of their ids.
    pub before: Option<InvitationId>,
}

impl Reading<'_> {
    /// The invitations to a space, each with who answers for it, newest first.
    pub fn invitations_to(
        &mut self,
        space: SpaceId,
        filter: &InvitationFilter,
        most: u32,
    ) -> Result<Vec<(Invitation, Person)>, StoreError> {
        let now = stamp(self.now());
        let able: Vec<String> = filter.able.iter().map(ToString::to_string).collect();
        let rows: Vec<(InvitationRow, PersonRow)> = self.run(|db| {
            let mut found = invitations::table
                .inner_join(persons::table)
                .filter(invitations::space_id.eq(space.to_string()))
                .order(invitations::id.desc())
                .limit(most.into())
                .select((InvitationRow::as_select(), PersonRow::as_select()))
                .into_boxed();
            if let Some(before) = filter.before {
                found = found.filter(invitations::id.lt(before.to_string()));
            }
            let is_open = invitations::outcome.is_null();
            let is_valid = invitations::expires_at.gt(now);
            found = match filter.status {
                None => found,
                Some(InvitationStatus::Expired) => found.filter(is_open).filter(invitations::expires_at.le(now)),
                Some(InvitationStatus::Pending) => {
                    found.filter(is_open).filter(is_valid).filter(invitations::inviter_id.eq_any(able))
                }
                Some(InvitationStatus::Void) => {
                    found.filter(is_open).filter(is_valid).filter(invitations::inviter_id.ne_all(able))
                }
                Some(ended) => found.filter(invitations::outcome.eq(Some(ended.code()))),
            };
            found.get_results(db)
        })?;
        rows.into_iter().map(|(invitation, inviter)| Ok((invitation.read()?, inviter.read()?))).collect()
    }

    /// The invitations that nobody ended and that name one of these products, newest first.
    pub fn invitations_for(
        &mut self,
        serials: &[Serial],
        before: Option<InvitationId>,
        most: u32,
    ) -> Result<Vec<(Invitation, Space, Person)>, StoreError> {
        let serials: Vec<&str> = serials.iter().map(Serial::as_str).collect();
        let found: Vec<Known> = self.run(|db| {
            let mut found = invitations::table
                .inner_join(spaces::table)
                .inner_join(persons::table)
                .filter(invitations::serial.eq_any(serials))
                .filter(invitations::outcome.is_null())
                .order(invitations::id.desc())
                .limit(most.into())
                .select((InvitationRow::as_select(), SpaceRow::as_select(), PersonRow::as_select()))
                .into_boxed();
            if let Some(before) = before {
                found = found.filter(invitations::id.lt(before.to_string()));
            }
            found.get_results(db)
        })?;
        found.into_iter().map(read).collect()
    }

    /// An invitation with its space and with who answers for it, whoever asks.
    pub fn invitation(&mut self, id: InvitationId) -> Result<Option<(Invitation, Space, Person)>, StoreError> {
        let found: Option<Known> = self.run(|db| {
            invitations::table
                .inner_join(spaces::table)
                .inner_join(persons::table)
                .filter(invitations::id.eq(id.to_string()))
                .select((InvitationRow::as_select(), SpaceRow::as_select(), PersonRow::as_select()))
                .get_result(db)
                .optional()
        })?;
        found.map(read).transpose()
    }

    /// What stands in the way of this person's inviting a product's holder; believed only under the locks of the inviter and
    /// the space. It takes the same work
    /// whether the product is registered or not.
    pub fn rivals_of(&mut self, inviter: PersonId, space: SpaceId, serial: &Serial) -> Result<Rivals, StoreError> {
        let (now, since, space) = (stamp(self.now()), stamp(self.now() - COUNTED_WITHIN), space.to_string());
        let to_space =
            || invitations::table.filter(invitations::space_id.eq(&space)).filter(invitations::outcome.is_null());
        let (pending, same, members, made): (i64, Option<InvitationRow>, i64, i64) = self.run(|db| {
            let same = to_space().filter(invitations::serial.eq(serial.as_str()));
            let members = memberships::table
                .inner_join(products::table.on(products::person_id.eq(memberships::person_id)))
                .filter(products::serial.eq(serial.as_str()))
                .filter(products::status.eq(ProductStatus::Registered.code()))
                .filter(memberships::space_id.eq(&space))
                .filter(is_living(now));
            let made = invitations::table
                .filter(invitations::inviter_id.eq(inviter.to_string()))
                .filter(invitations::created_at.gt(since));
            Ok((
                to_space().count().get_result(db)?,
                same.select(InvitationRow::as_select()).get_result(db).optional()?,
                members.count().get_result(db)?,
                made.count().get_result(db)?,
            ))
        })?;
        let pending = Row { table: "invitations to", id: &space }.number(pending)?;
        let made_lately = Row { table: "invitations by", id: &inviter.to_string() }.number(made)?;
        Ok(Rivals { pending, same: same.map(InvitationRow::read).transpose()?, is_member: members > 0, made_lately })
    }
}

impl Transaction<'_> {
    /// Keeps a new invitation.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if another one of the product is pending.
    pub fn insert_invitation(&mut self, invitation: &InvitationChange) -> Result<(), StoreError> {
        let row = InvitationRow::from(invitation);
        self.run(|db| diesel::insert_into(invitations::table).values(&row).execute(db))?;
        Ok(())
    }

    /// Keeps what became of an invitation whose space is locked.
    pub fn save_invitation(&mut self, invitation: &InvitationChange) -> Result<(), StoreError> {
        let row = InvitationRow::from(invitation);
        self.run(|db| diesel::update(invitations::table.find(&row.id)).set(&row).execute(db))?;
        Ok(())
    }

    /// Keeps a new member under the locks of the person and the space.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if the person is a member.
    pub fn save_acceptance(&mut self, acceptance: &Acceptance) -> Result<(), StoreError> {
        self.insert_newcomer(acceptance.membership())?;
        self.save_invitation(acceptance.invitation())
    }

    /// Invitations, at most a hundred, whose invitees are to be reminded, under the locks of their spaces. Says whether
    /// there may be more. A row that holds what no rule lets in is passed over, for the others' sake.
    pub fn lock_invitations_to_remind(&mut self) -> Result<(Vec<(Invitation, Space)>, bool), StoreError> {
        let now = stamp(self.now());
        let due = || invitations::table.filter(invitations::remind_at.le(now));
        let found: Vec<(String, String)> = self.run(|db| {
            let found = due().order(invitations::remind_at).limit(PURGED_AT_ONCE);
            found.select((invitations::id, invitations::space_id)).get_results(db)
        })?;
        let is_more = is_full(&found);
        let (ids, places): (Vec<String>, BTreeSet<String>) = found.into_iter().unzip();
        let places = places.iter().map(|id| Row { table: "spaces", id }.id(id)).collect::<Result<_, _>>()?;
        self.lock_spaces(&places)?;
        let rows: Vec<(InvitationRow, SpaceRow)> = self.run(|db| {
            due()
                .inner_join(spaces::table)
                .filter(invitations::id.eq_any(&ids))
                .order(invitations::id)
                .select((InvitationRow::as_select(), SpaceRow::as_select()))
                .get_results(db)
        })?;
        let read =
            |(invitation, space): (InvitationRow, SpaceRow)| Ok::<_, StoreError>((invitation.read()?, space.read()?));
        let told = |error: &StoreError| tracing::error!(%error, "an invitation can't be read; it is passed over");
        let due: Vec<_> = rows.into_iter().filter_map(|row| read(row).inspect_err(told).ok()).collect();
        // Where all of them are passed over, the next ones would be the same.
        let is_more = is_more && !due.is_empty();
        Ok((due, is_more))
    }

    /// Forgets invitations that expired before a moment, however they ended. Says whether there may be more.
    pub fn purge_invitations(&mut self, before: Instant) -> Result<bool, StoreError> {
        let is_old = invitations::expires_at.lt(stamp(before));
        self.run(|db| {
            let old = invitations::table.filter(is_old).select(invitations::id);
            let old: Vec<String> = old.limit(PURGED_AT_ONCE).get_results(db)?;
            // Asked again: one may have been mailed anew since.
            diesel::delete(invitations::table.filter(invitations::id.eq_any(&old)).filter(is_old)).execute(db)?;
            Ok(is_full(&old))
        })
    }
}
