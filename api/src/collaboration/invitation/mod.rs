//! Invitations: [`administration`] makes and ends them, [`bulk`] makes many at once, and [`received`] is how the invitee
//! answers; [`letters`] says who is written to, and [`reminder`] does so before an invitation expires.

pub mod administration;
pub mod bulk;
pub mod letters;
pub mod received;
pub mod reminder;
pub mod request;
pub mod view;

use domain::{
    Refusal,
    audit::{AuditAct, Chain, Event},
    collaboration::{Administrator, InvitationChange, Membership, Permission},
    id::SpaceId,
    identity::Person,
    space::Space,
};
use persistence::Transaction;

use crate::{
    app::App,
    http::{caller::Caller, problem::Problem},
};

/// A space that invites, and the administrator who speaks for it, under the locks of both.
struct Host {
    space: Space,
    membership: Membership,
    person: Person,
}

impl Host {
    /// Locks the person and the space; nobody waits for it who has no right to invite.
    fn lock(tx: &mut Transaction<'_>, caller: &Caller, space: SpaceId) -> Result<Self, Problem> {
        let (seen, membership) = tx.space_of(space, caller.person, caller.product)?.ok_or(Refusal::NotFound)?;
        seen.require_professional()?;
        membership.administrator(Permission::Invite)?;
        let person = tx.lock_person(caller.person)?;
        let (space, membership) = tx.lock_space_of(space, caller.person, caller.product)?.ok_or(Refusal::NotFound)?;
        membership.administrator(Permission::Invite)?;
        Ok(Self { space, membership, person })
    }

    fn administrator(&self) -> Result<Administrator<'_>, Refusal> {
        self.membership.administrator(Permission::Invite)
    }
}

/// Keeps and records a new invitation, and mails it. The expired one that it replaces ends without a word.
fn keep_new(
    tx: &mut Transaction<'_>,
    app: &App,
    (host, caller): (&Host, &Caller),
    (invited, replaced): &(InvitationChange, Option<InvitationChange>),
) -> Result<(), Problem> {
    if let Some(replaced) = replaced {
        tx.save_invitation(replaced)?;
        record(tx, caller, AuditAct::InvitationCancelled, replaced);
    }
    tx.insert_invitation(invited)?;
    record(tx, caller, AuditAct::InvitationSent, invited);
    let letter = letters::invitation(&host.space, &host.person, invited.invitation());
    tx.send_mail(&letter.seal(&app.data_keys))?;
    Ok(())
}

/// Records what was done to an invitation in the log of its space.
fn record(tx: &mut Transaction<'_>, caller: &Caller, act: AuditAct, change: &InvitationChange) {
    let invitation = change.invitation();
    tx.record(Event::new(Chain::Space(invitation.space), act, caller.actor(), invitation.id));
}
