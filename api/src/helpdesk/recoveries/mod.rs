//! Recoveries: where no administrator of a space can act any more, agents appoint one, as [`cases`] has it; whom they say to be
//! unable to act may stop them, as [`own`] has it.

pub mod cases;
pub mod own;
pub mod request;
pub mod view;

use domain::{
    Coded, Refusal,
    collaboration::{Recovery, Role, Roster},
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
fn concerned(tx: &mut Reading<'_>, recovery: &Recovery) -> Result<Vec<Person>, Problem> {
    let mut concerned = tx.active_members(recovery.space, Role::ALL)?;
    let Roster(members) = tx.roster(recovery.space)?;
    for named in members.iter().map(|member| &member.membership).filter(|member| recovery.unable.contains(&member.id)) {
        if concerned.iter().all(|person| person.id != named.person) {
            concerned.push(tx.person(named.person)?);
        }
    }
    Ok(concerned)
}

/// Tells whom it concerns that a recovery ended with nothing done.
fn tell_called_off(tx: &mut Transaction<'_>, app: &App, space: &Space, recovery: &Recovery) -> Result<(), Problem> {
    for person in concerned(tx, recovery)? {
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
