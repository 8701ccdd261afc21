//! Certifications: what a space asks for and holds, as [`own`] has it; what its administration decides, as [`partner`] has it;
//! what comes by the clock, as [`due`] has it. Whoever changes one does so by [`keep`], or tells all whom it concerns by [`tell`].

pub mod access_codes;
pub mod due;
pub mod notice;
pub mod own;
pub mod partner;
pub mod request;
pub mod sealed;
pub mod view;

use domain::{
    Refusal,
    audit::{Actor, AuditAct, Chain, Event},
    certification::{
        Application, Certification, CertificationChange,
        access_code::{AccessCode, SecurityCode},
    },
    collaboration::{Permission, Role},
    id::{CertificationId, SpaceId},
    space::Space,
    text::Language,
};
use persistence::{Reading, StoreError, Transaction};

use self::view::CertificationRecord;
use crate::{
    app::App,
    http::{
        caller::{Caller, Person},
        problem::Problem,
    },
    keys::DataKeys,
    mail::{Letter, Mail},
};

/// Keeps what became of a locked certification, and tells all whom it concerns.
///
/// # Errors
/// The database can't be asked, or written.
pub fn keep(tx: &mut Transaction<'_>, app: &App, actor: Actor, change: &CertificationChange) -> Result<(), StoreError> {
    tx.save_certification(change)?;
    tell(tx, app, actor, change)
}

/// Keeps that a locked certification is over whose end has come, so that it keeps no other from coming. Says whether it is.
fn settle(tx: &mut Transaction<'_>, app: &App, certification: &Certification) -> Result<bool, StoreError> {
    let Some(over) = certification.expired(tx.now()) else { return Ok(false) };
    keep(tx, app, Actor::System, &over)?;
    Ok(true)
}

/// Records what became of a certification, tells the administration, and writes to the administrators of the space.
///
/// # Errors
/// The database can't be asked, or written.
fn tell(tx: &mut Transaction<'_>, app: &App, actor: Actor, change: &CertificationChange) -> Result<(), StoreError> {
    if let Some(act) = change.step().act.audit_act() {
        tx.record(Event::new(change.chain(), act, actor, change.after().id));
    }
    if let Some(event) = change.event() {
        tx.announce(&event)?;
    }
    write_to_administrators(tx, app, change.after(), notice::Said::Changed(change.step().act))?;
    write_to_principal(tx, app, change)
}

/// Writes to the administrators of the holder on whose certification another hangs, each in his language, where he is told of what
/// became of that.
fn write_to_principal(tx: &mut Transaction<'_>, app: &App, change: &CertificationChange) -> Result<(), StoreError> {
    let (agent, act) = (change.after(), change.step().act);
    let Some(holder) = agent.principal else { return Ok(()) };
    let gone = || StoreError::Corrupt(format!("certifications {}: what it hangs on is gone", agent.id));
    let (_, holder) = tx.principal_standing(holder)?.ok_or_else(gone)?;
    let (holder, office) = (tx.any_space(holder)?.ok_or_else(gone)?, tx.any_space(agent.space)?.ok_or_else(gone)?);
    let service = tx.service(&agent.service)?.ok_or_else(gone)?;
    mail_administrators(tx, app, holder.id, |language| notice::of_agent((&holder, &service), (&office, act), language))
}

/// Records that a holder's code for an agent was locked, and writes to the holder's administrators: they issue another one, or
/// know that somebody guesses.
fn tell_of_locked(
    tx: &mut Transaction<'_>,
    app: &App,
    (holder, code): (CertificationId, &AccessCode),
) -> Result<(), StoreError> {
    let gone = |what: &str| StoreError::Corrupt(format!("access_codes {}: its {what} is gone", code.id));
    let (_, space) = tx.principal_standing(holder)?.ok_or_else(|| gone("principal"))?;
    tx.record(Event::new(Chain::Space(space), AuditAct::AccessCodeLocked, Actor::System, code.id));
    let space = tx.any_space(space)?.ok_or_else(|| gone("space"))?;
    let service = tx.service(&code.service)?.ok_or_else(|| gone("service"))?;
    mail_administrators(tx, app, space.id, |language| Some(notice::of_locked_code(&space, &service, language)))
}

/// Writes to the administrators of a certification's space, each in his language.
fn write_to_administrators(
    tx: &mut Transaction<'_>,
    app: &App,
    certification: &Certification,
    said: notice::Said,
) -> Result<(), StoreError> {
    let gone = |what: &str| StoreError::Corrupt(format!("certifications {}: its {what} is gone", certification.id));
    let space = tx.any_space(certification.space)?.ok_or_else(|| gone("space"))?;
    let service = tx.service(&certification.service)?.ok_or_else(|| gone("service"))?;
    mail_administrators(tx, app, space.id, |language| Some(notice::mail(&space, &service, said, language)))
}

/// Puts what there is to say, each in his language, into the outbox for the administrators of a space.
fn mail_administrators(
    tx: &mut Transaction<'_>,
    app: &App,
    space: SpaceId,
    mail: impl Fn(Language) -> Option<Mail>,
) -> Result<(), StoreError> {
    for person in tx.active_members(space, &[Role::Administrator])? {
        if let Some(mail) = mail(person.language) {
            tx.send_mail(&Letter::new(&person.email, person.language, mail).seal(&app.data_keys))?;
        }
    }
    Ok(())
}

/// A professional space that the caller sees, of which certifications are shown: every member may.
fn seen(tx: &mut Reading<'_>, caller: &Caller, space: SpaceId) -> Result<Space, Problem> {
    let (space, reader) = tx.space_of(space, caller.person, caller.product)?.ok_or(Refusal::NotFound)?;
    space.require_professional()?;
    Permission::View.require_role(reader.role)?;
    Ok(space)
}

/// A professional space of which the caller is an administrator: nobody waits for a lock, or makes others wait, who is none.
pub(crate) fn administered(tx: &mut Reading<'_>, caller: &Caller, space: SpaceId) -> Result<Space, Problem> {
    let (space, reader) = tx.space_of(space, caller.person, caller.product)?.ok_or(Refusal::NotFound)?;
    space.require_professional()?;
    reader.administrator(Permission::ManageCertifications)?;
    Ok(space)
}

/// A security code as it is kept, where an administrator of the space gave one: hashed outside of the transaction, for it is slow,
/// and for nobody without a right to it.
async fn hashed(person: &Person, space: SpaceId, code: Option<SecurityCode>) -> Result<Option<String>, Problem> {
    let Some(code) = code else { return Ok(None) };
    let is_let = person.read(move |tx, caller| {
        administered(tx, caller, space)?;
        caller.strong().map(drop)
    });
    is_let.await?;
    person.app().security_codes.hash(code).await.map(Some)
}

/// What was written in a request, and how its certification came to stand as it does.
fn record_of(
    tx: &mut Reading<'_>,
    keys: &DataKeys,
    certification: &Certification,
) -> Result<CertificationRecord, StoreError> {
    let application = match tx.enclosed_with(certification.id)?.application {
        Some(sealed) => keys.application(&sealed).ok_or_else(|| {
            StoreError::Corrupt(format!("certifications {}: no data key opens its application", certification.id))
        })?,
        None => Application::default(),
    };
    Ok(CertificationRecord::new(&application, &tx.certification_steps(certification.id)?))
}
