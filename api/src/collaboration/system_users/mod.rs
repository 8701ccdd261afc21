//! System users: a company's own software, which an administrator lets into a professional space, as [`administration`] has it,
//! and suspends and resumes, as [`acts`] has it. How it gets tokens, `identity::client_credentials` says.

pub mod acts;
pub mod administration;
pub mod request;
pub mod view;

use domain::{
    Refusal,
    audit::{AuditAct, Chain, Event},
    collaboration::{Administrator, Membership, Permission, Role, SystemUser, SystemUserChange},
    id::{SpaceId, SystemUserId},
    identity::Person,
    space::Space,
};
use persistence::{Reading, StoreError, Transaction};

use self::view::SystemUserView;
use crate::{
    app::App,
    http::{caller::Caller, problem::Problem},
    mail::{Letter, Mail},
    tokens::client_keys::JwksDocument,
};

/// What a decision on a system user stands on, read under the lock of the space.
struct Case {
    space: Space,
    decider: Membership,
    user: SystemUser,
    jwks: JwksDocument,
}

impl Case {
    fn administrator(&self) -> Result<Administrator<'_>, Refusal> {
        self.decider.administrator(Permission::ApproveSystemUsers)
    }
}

/// A professional space of which the caller is an administrator: nobody waits for a lock, or makes others wait, who is none.
fn administered(tx: &mut Reading<'_>, caller: &Caller, space: SpaceId) -> Result<Space, Problem> {
    let (space, reader) = tx.space_of(space, caller.person, caller.product)?.ok_or(Refusal::NotFound)?;
    space.require_professional()?;
    reader.administrator(Permission::ApproveSystemUsers)?;
    Ok(space)
}

/// Locks the space of a system user for an administrator.
fn lock_case(
    tx: &mut Transaction<'_>,
    caller: &Caller,
    (space, user): (SpaceId, SystemUserId),
) -> Result<Case, Problem> {
    administered(tx, caller, space)?;
    let (space, decider) = tx.lock_space_of(space, caller.person, caller.product)?.ok_or(Refusal::NotFound)?;
    let (user, jwks, _) = tx.system_user_of(user, space.id)?.ok_or(Refusal::NotFound)?;
    let case = Case { space, decider, jwks: kept(&user, &jwks)?, user };
    case.administrator()?;
    Ok(case)
}

/// The keys of a system user, read.
fn kept(user: &SystemUser, jwks: &str) -> Result<JwksDocument, StoreError> {
    JwksDocument::kept(jwks).map_err(|error| StoreError::Corrupt(format!("clients {}: {error}", user.id)))
}

/// Records what was decided of a system user, and writes to the other administrators where it concerns them; then shows it.
fn tell(
    tx: &mut Transaction<'_>,
    app: &App,
    caller: &Caller,
    (space, change, jwks): (&Space, &SystemUserChange, JwksDocument),
) -> Result<SystemUserView, Problem> {
    let user = change.after();
    let administrators = tx.active_members(space.id, &[Role::Administrator])?;
    if change.is_any() {
        let event = Event::new(Chain::Space(space.id), change.act(), caller.actor(), user.id);
        tx.record(event.changing(change.changed()));
    }
    if change.concerns_all() {
        let by = tx.person(caller.person)?;
        let mail = mail(space, change, &by);
        for other in administrators.iter().filter(|person| person.id != by.id) {
            tx.send_mail(&Letter::new(&other.email, other.language, mail.clone()).seal(&app.data_keys))?;
        }
    }
    let approver = tx.person(user.approved_by)?;
    Ok(SystemUserView::new(user, jwks, &approver, &administrators, tx.now()))
}

fn mail(space: &Space, change: &SystemUserChange, by: &Person) -> Mail {
    let (identifier, title) = (space.identifier.to_string(), space.title.as_ref().map(ToString::to_string));
    let (title, software) = (title.unwrap_or_default(), change.after().name.to_string());
    let administrator = format!("{} {}", by.given_name, by.family_name);
    match change.act() {
        AuditAct::SystemUserApproved => Mail::SystemUserApproved { identifier, title, software, administrator },
        AuditAct::SystemUserResumed => Mail::SystemUserResumed { identifier, title, software, administrator },
        AuditAct::SystemUserEnded => Mail::SystemUserEnded { identifier, title, software, administrator },
        _ => Mail::SystemUserEdited { identifier, title, software, administrator },
    }
}
