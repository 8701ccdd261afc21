//! Mails to persons, each of whom may have turned some kinds off.

use domain::{
    id::PersonId,
    identity::{NoticeKind, Person},
    text::Language,
};
use persistence::{StoreError, Transaction};

use super::{Letter, Mail};
use crate::keys::DataKeys;

impl Mail {
    /// The kind of notice that this is to a person, who may turn it off; none of what concerns his own security and rights,
    /// or what he asked for (domain.md §1, C).
    pub fn notice(&self) -> Option<NoticeKind> {
        match self {
            Self::InvitationAccepted { .. } | Self::InvitationRefused { .. } => Some(NoticeKind::InvitationAnswers),
            Self::JoinRequested { .. } => Some(NoticeKind::JoinRequests),
            Self::MemberLeft { .. } => Some(NoticeKind::MemberDepartures),
            Self::ProcedureClosed { .. } => Some(NoticeKind::Procedures),
            Self::Confirmation { .. }
            | Self::EmailChanged
            | Self::ProductAdded { .. }
            | Self::ProductWithdrawn { .. }
            | Self::SpaceLimitChanged { .. }
            | Self::LimitRequestRefused { .. }
            | Self::SpaceSuspended { .. }
            | Self::SpaceResumed { .. }
            | Self::SpaceClosed { .. }
            | Self::SpaceRestored { .. }
            | Self::SpacePurgeSoon { .. }
            | Self::MemberRoleChanged { .. }
            | Self::MemberSuspended { .. }
            | Self::MemberResumed { .. }
            | Self::MemberRemoved { .. }
            | Self::Invitation { .. }
            | Self::InvitationReminder { .. }
            | Self::InvitationCancelled { .. }
            | Self::InvitationNameMismatch { .. }
            | Self::JoinRequestApproved { .. }
            | Self::CertificationChanged { .. }
            | Self::CertificationEndsSoon { .. }
            | Self::AgentChanged { .. }
            | Self::AccessCodeLocked { .. }
            | Self::DiscrepancyAnswered { .. }
            | Self::RecoveryOpened { .. }
            | Self::RecoveryNamesYou { .. }
            | Self::RecoveryConfirmed { .. }
            | Self::RecoveryCalledOff { .. }
            | Self::SystemUserApproved { .. }
            | Self::SystemUserEdited { .. }
            | Self::SystemUserResumed { .. }
            | Self::SystemUserEnded { .. } => None,
        }
    }
}

/// Puts a mail to each of these persons into the outbox, at the address that he confirmed and in his language, unless he
/// turned such mails off.
///
/// # Errors
/// The outbox can't be written.
pub fn tell(tx: &mut Transaction<'_>, keys: &DataKeys, persons: &[Person], mail: &Mail) -> Result<(), StoreError> {
    tell_each(tx, keys, persons, |_| mail.clone())
}

/// The same with a mail, of one kind for all, that says something of its own in each language.
///
/// # Errors
/// Those of [`tell`].
pub fn tell_each(
    tx: &mut Transaction<'_>,
    keys: &DataKeys,
    persons: &[Person],
    mail: impl Fn(Language) -> Mail,
) -> Result<(), StoreError> {
    let Some(first) = persons.first() else { return Ok(()) };
    let ids: Vec<PersonId> = persons.iter().map(|person| person.id).collect();
    let deaf = match mail(first.language).notice() {
        Some(kind) => tx.who_turned_off(kind, &ids)?,
        None => [].into(),
    };
    for person in persons.iter().filter(|person| !deaf.contains(&person.id)) {
        tx.send_mail(&Letter::addressed(&person.email, person.language, mail(person.language)).seal(keys))?;
    }
    Ok(())
}
