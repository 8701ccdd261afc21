//! Join requests: a person asks to be let into a space whose identifier he knows, as [`own`] has it, and its administrators
//! answer, as [`answers`] has it.
//!
//! What asking does is the same for an identifier that nothing has: the administrators are told later, by a job.

pub mod answers;
pub mod own;
pub mod request;
pub mod view;

use domain::{
    collaboration::{JoinRequest, JoinRequestStatus, Role},
    space::Space,
};
use persistence::{StoreError, Transaction};

use crate::{
    app::App,
    mail::{self, Mail},
};

/// Tells the administrators of spaces who asked to be let in.
pub fn tell(app: &App, tx: &mut Transaction<'_>) -> Result<bool, StoreError> {
    let (requests, is_more) = tx.take_join_requests_to_tell()?;
    let now = tx.now();
    for request in requests.iter().filter(|request| request.status(now) == JoinRequestStatus::Open) {
        match tell_of(app, tx, request) {
            Err(StoreError::Corrupt(error)) => {
                tracing::error!(error, request_id = %request.id, "nobody can be told of a join request");
            }
            told => told?,
        }
    }
    Ok(is_more)
}

/// The space that is asked, while it is in use.
fn addressee(tx: &mut Transaction<'_>, request: &JoinRequest) -> Result<Option<Space>, StoreError> {
    let Some(id) = request.space else { return Ok(None) };
    let found = tx.space_with_identifier(&request.identifier)?;
    Ok(found.filter(|space| space.id == id && space.is_in_use()))
}

fn tell_of(app: &App, tx: &mut Transaction<'_>, request: &JoinRequest) -> Result<(), StoreError> {
    let Some(space) = addressee(tx, request)? else { return Ok(()) };
    let asker = tx.person(request.person)?;
    let mail = Mail::JoinRequested {
        identifier: space.identifier.to_string(),
        title: space.title.as_ref().map(ToString::to_string).unwrap_or_default(),
        asker: format!("{} {}", asker.given_name, asker.family_name),
    };
    let administrators = tx.active_members(space.id, &[Role::Administrator])?;
    mail::tell(tx, &app.data_keys, &administrators, &mail)
}
