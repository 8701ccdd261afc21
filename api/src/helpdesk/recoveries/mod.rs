//! Recoveries: where no administrator of a space can act any more, agents appoint one, as [`cases`] has it; whom they say to be
//! unable to act may stop them, as [`own`] has it.

pub mod cases;
pub mod own;
pub mod request;
pub mod view;

use std::collections::BTreeSet;

use domain::{
    Coded, Refusal,
    collaboration::{Recovery, Role, Roster},
    id::PersonId,
    identity::Person,
    space::Space,
};
use persistence::{Reading, Transaction};

use crate::{
    app::App,
    http::problem::Problem,
    mail::{Letter, Mail},
};

/// The space of a recovery, however it stands.
fn space_of(tx: &mut Reading<'_>, recovery: &Recovery) -> Result<Space, Problem> {
    Ok(tx.any_space(recovery.space)?.ok_or(Refusal::NotFound)?)
}

/// Whom a recovery concerns: the active members, and those named, who may have been suspended meanwhile.
fn concerned(tx: &mut Reading<'_>, recovery: &Recovery, roster: &Roster) -> Result<Vec<Person>, Problem> {
    let mut concerned = tx.active_members(recovery.space, Role::ALL)?;
    for id in unable(recovery, roster) {
        if concerned.iter().all(|person| person.id != id) {
            concerned.push(tx.person(id)?);
        }
    }
    Ok(concerned)
}

/// Whom a recovery says to be unable to act.
fn unable(recovery: &Recovery, roster: &Roster) -> BTreeSet<PersonId> {
    let members = recovery.unable.iter().filter_map(|id| roster.member(*id));
    members.map(|member| member.membership.person).collect()
}

/// Tells whom it concerns that a recovery ended with nothing done.
fn tell_called_off(
    tx: &mut Transaction<'_>,
    app: &App,
    (space, roster): (&Space, &Roster),
    recovery: &Recovery,
) -> Result<(), Problem> {
    for person in concerned(tx, recovery, roster)? {
        let (identifier, title) = called(space);
        mail_to(tx, app, &person, Mail::RecoveryCalledOff { identifier, title })?;
    }
    Ok(())
}

fn mail_to(tx: &mut Transaction<'_>, app: &App, person: &Person, mail: Mail) -> Result<(), Problem> {
    Ok(tx.send_mail(&Letter::new(&person.email, person.language, mail).seal(&app.data_keys))?)
}

/// What people, and its members, call a space.
fn called(space: &Space) -> (String, String) {
    (space.identifier.to_string(), space.title.as_ref().map(ToString::to_string).unwrap_or_default())
}

fn named(person: &Person) -> String {
    format!("{} {}", person.given_name, person.family_name)
}
