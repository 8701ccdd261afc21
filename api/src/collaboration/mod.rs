//! `/v1/spaces/{id}/members`: who is in a professional space, as [`members`] shows and changes them and [`acts`] suspends and
//! lets them go; [`roles`] says what each may do, by [`invitation`] they come in, and [`join_requests`] tells who asks to be let in.
//! A company's own software comes in by [`system_users`].

pub mod acts;
pub mod invitation;
pub mod join_requests;
pub mod members;
pub mod request;
pub mod roles;
pub mod system_users;
pub mod view;

use domain::{
    Refusal,
    audit::{AuditAct, Chain, Event},
    collaboration::{Administrator, MemberChange, Membership, Permission, Role, Roster},
    id::{MembershipId, SpaceId},
    identity::{Person, Product},
    space::Space,
};
use persistence::Transaction;

use crate::{
    app::App,
    http::{caller::Caller, problem::Problem},
    mail::{self, Mail},
};

/// What a decision on a member stands on, read under the locks.
struct Case {
    space: Space,
    /// The one who decides.
    decider: Membership,
    roster: Roster,
    member: Membership,
    person: Person,
    product: Product,
}

impl Case {
    fn administrator(&self) -> Result<Administrator<'_>, Refusal> {
        self.decider.administrator(Permission::ManageMembers)
    }
}

/// Whether a member may come to administer the space by what is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// He may: his person is locked too, for he may be about to withdraw a product, and does not know of this space yet.
    MayBeAble,
    /// He may not.
    IsNotAble,
}

/// Locks the space of a member for an administrator.
fn lock_case(
    tx: &mut Transaction<'_>,
    caller: &Caller,
    (space, member): (SpaceId, MembershipId),
    outcome: Outcome,
) -> Result<Case, Problem> {
    // Nobody waits for a lock, or makes others wait, who has no right to decide.
    let (seen, decider) = tx.space_of(space, caller.person, caller.product)?.ok_or(Refusal::NotFound)?;
    seen.require_professional()?;
    decider.administrator(Permission::ManageMembers)?;
    let (_, person, _) = tx.member_of(member, space)?.ok_or(Refusal::NotFound)?;
    if outcome == Outcome::MayBeAble {
        tx.lock_person(person.id)?;
    }
    let (space, decider) = tx.lock_space_of(space, caller.person, caller.product)?.ok_or(Refusal::NotFound)?;
    let roster = tx.roster(space.id)?;
    let (member, person, product) = tx.member_of(member, space.id)?.ok_or(Refusal::NotFound)?;
    let case = Case { space, decider, roster, member, person, product };
    case.administrator()?;
    Ok(case)
}

/// Keeps and records what was decided of a member, and writes to those whom it concerns; what changes nothing leaves no
/// trace.
fn keep(
    tx: &mut Transaction<'_>,
    app: &App,
    caller: &Caller,
    (space, person): (&Space, &Person),
    change: &MemberChange,
) -> Result<(), Problem> {
    if !change.is_any() {
        return Ok(());
    }
    tx.save_member(change)?;
    let event = Event::new(Chain::Space(space.id), change.act(), caller.actor(), change.after().id);
    tx.record(event.changing(&change.changed()));
    let (identifier, title) = (space.identifier.to_string(), space.title.as_ref().map(ToString::to_string));
    let title = title.unwrap_or_default();
    let (to, mail) = match change.act() {
        AuditAct::MemberSuspended => (vec![person.clone()], Mail::MemberSuspended { identifier, title }),
        AuditAct::MemberResumed => (vec![person.clone()], Mail::MemberResumed { identifier, title }),
        AuditAct::MemberRemoved => (vec![person.clone()], Mail::MemberRemoved { identifier, title }),
        AuditAct::MemberLeft => {
            let member = format!("{} {}", person.given_name, person.family_name);
            (tx.active_members(space.id, &[Role::Administrator])?, Mail::MemberLeft { identifier, title, member })
        }
        _ if change.before().role == change.after().role => return Ok(()),
        _ => {
            let role = roles::name(change.after().role).in_language(person.language).to_owned();
            (vec![person.clone()], Mail::MemberRoleChanged { identifier, title, role })
        }
    };
    Ok(mail::tell(tx, &app.data_keys, &to, &mail)?)
}
