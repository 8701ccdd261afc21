//! Who is written to about an invitation: the invitee at the address where he was invited, in the space's language; who
//! answers for it at his own, in his.

use domain::{
    collaboration::{Invitation, Invitee},
    identity::Person,
    space::Space,
};

use crate::{
    collaboration::roles,
    mail::{Letter, Mail},
    space::life::day_and_hour,
};

/// To the invitee: he is invited. It says with which product he answers, and holds nothing that proves anything.
pub fn invitation(space: &Space, inviter: &Person, invitation: &Invitation) -> Letter {
    let mail = Mail::Invitation {
        identifier: space.identifier.to_string(),
        title: title(space),
        inviter: format!("{} {}", inviter.given_name, inviter.family_name),
        role: roles::name(invitation.offer.role).in_language(space.language).to_owned(),
        masked_serial: invitation.invitee.serial.masked(),
        until: day_and_hour(invitation.expires_at),
    };
    to_invitee(space, invitation, mail)
}

/// To the invitee: he has not answered yet.
pub fn reminder(space: &Space, invitation: &Invitation) -> Letter {
    let mail = Mail::InvitationReminder {
        identifier: space.identifier.to_string(),
        title: title(space),
        masked_serial: invitation.invitee.serial.masked(),
        until: day_and_hour(invitation.expires_at),
    };
    to_invitee(space, invitation, mail)
}

/// To the invitee: the invitation was taken back.
pub fn cancelled(space: &Space, invitation: &Invitation) -> Letter {
    let mail = Mail::InvitationCancelled { identifier: space.identifier.to_string(), title: title(space) };
    to_invitee(space, invitation, mail)
}

/// To who answers for it: it was accepted.
pub fn accepted(space: &Space, invitation: &Invitation) -> Mail {
    Mail::InvitationAccepted {
        identifier: space.identifier.to_string(),
        title: title(space),
        invitee: name(&invitation.invitee),
    }
}

/// To who answers for it: it was refused.
pub fn refused(space: &Space, invitation: &Invitation) -> Mail {
    Mail::InvitationRefused {
        identifier: space.identifier.to_string(),
        title: title(space),
        invitee: name(&invitation.invitee),
    }
}

/// To who answers for it: somebody of another name holds the product; who, it does not say.
pub fn name_mismatch(space: &Space, inviter: &Person, invitation: &Invitation) -> Letter {
    let mail = Mail::InvitationNameMismatch {
        identifier: space.identifier.to_string(),
        title: title(space),
        invitee: name(&invitation.invitee),
        masked_serial: invitation.invitee.serial.masked(),
    };
    Letter::new(&inviter.email, inviter.language, mail)
}

fn to_invitee(space: &Space, invitation: &Invitation, mail: Mail) -> Letter {
    Letter::new(&invitation.invitee.email, space.language, mail)
}

/// Only professional spaces invite, and each of these has a title.
fn title(space: &Space) -> String {
    space.title.as_ref().map(ToString::to_string).unwrap_or_default()
}

fn name(Invitee { given_name, family_name, .. }: &Invitee) -> String {
    format!("{given_name} {family_name}")
}
