//! Access codes: a space activates one, as [`activation`] has it; a holder hands them out to its agents, as [`handed_out`] has it, and
//! sees and ends what these do, as [`agents`] has it; an administration issues them, as [`issued`] has it.
//!
//! A code is shown by the answer that it came with, and never again.

pub mod activation;
pub mod agents;
pub mod handed_out;
pub mod issued;
pub mod request;
pub mod view;

use domain::{
    Refusal,
    catalogue::Service,
    certification::{
        Certification,
        access_code::{AccessSecret, NewAccessCode},
    },
    id::{CertificationId, SpaceId},
    space::Space,
};
use persistence::{Reading, StoreError, Transaction};

use super::{administered, seen};
use crate::http::{caller::Caller, problem::Problem};

/// A new code: what is shown once, and what is kept.
fn drawn(tx: &Transaction<'_>) -> (AccessSecret, NewAccessCode) {
    let secret = AccessSecret::new(rand::random());
    let digest = secret.digest();
    (secret, NewAccessCode { id: tx.new_id(), digest })
}

/// A holder's certification that a member sees, with its space.
fn seen_holder(
    tx: &mut Reading<'_>,
    caller: &Caller,
    (space, certification): (SpaceId, CertificationId),
) -> Result<(Space, Certification), Problem> {
    let space = seen(tx, caller, space)?;
    let holder = tx.certification_of(certification, space.id)?.ok_or(Refusal::NotFound)?.certification;
    holder.require_holder()?;
    Ok((space, holder))
}

/// The same for an administrator: nobody waits for a lock, or makes others wait, who is none.
fn administered_holder(
    tx: &mut Reading<'_>,
    caller: &Caller,
    (space, certification): (SpaceId, CertificationId),
) -> Result<(Space, Certification), Problem> {
    administered(tx, caller, space)?;
    seen_holder(tx, caller, (space, certification))
}

/// A service that something kept names.
fn service_of(tx: &mut Reading<'_>, certification: &Certification) -> Result<Service, StoreError> {
    let gone = || StoreError::Corrupt(format!("certifications {}: its service is gone", certification.id));
    tx.service(&certification.service)?.ok_or_else(gone)
}
