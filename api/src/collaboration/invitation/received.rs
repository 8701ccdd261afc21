//! `/v1/me/invitations`: who was invited sees it with any of his products, and answers with the one that is named.

use std::slice;

use actix_web::{HttpRequest, get, post, web::Path};
use domain::{
    Refusal,
    audit::AuditAct,
    collaboration::{Acceptor, Invitation, Membership, MembershipStatus, Roster},
    id::{InvitationId, SpaceId},
    identity::{self, Product},
    space::Space,
};
use persistence::{Reading, Transaction};

use super::{
    letters, record,
    view::{ReceivedInvitationPage, ReceivedInvitationView},
};
use crate::{
    app::App,
    collaboration::view::MemberView,
    http::{
        answer::{self, Answer, Prepared},
        body::{EmptyRequest, NoBody},
        caller::{Caller, Person},
        idempotency::Once,
        page::Paging,
        path::PathId,
        problem::Problem,
        query::Query,
    },
    identity::product::registered,
    mail,
};

/// Lists the invitations of the caller's registered products that nobody has ended, newest first.
#[utoipa::path(
    tag = "Invitations", operation_id = "listReceivedInvitations", security(("person" = [])),
    params(
        ("limit" = Option<u32>, Query, description = "How many to a page.", minimum = 1, maximum = 100, example = 25),
        ("cursor" = Option<String>, Query, description = "`page.next` of the page before; empty for the first.", example = ""),
    ),
    responses(
        (status = 200, description = "A page of invitations.", body = ReceivedInvitationPage, headers(("Link" = String, description = "The next page."))),
        (status = 400, description = "`invalid_cursor`"),
    )
)]
#[get("/v1/me/invitations")]
pub async fn list(request: HttpRequest, person: Person) -> Answer {
    let paging = Paging::of(&request, Query::of(&request), person.app());
    let listed = person.read(move |tx, caller| {
        paging.list::<ReceivedInvitationPage>(caller, |before, most| {
            let products = registered(tx, caller.person)?;
            let serials: Vec<_> = products.iter().map(|product| product.serial.clone()).collect();
            let found = tx.invitations_for(&serials, before.map(InvitationId), most)?;
            let spaces: Vec<SpaceId> = found.iter().map(|(_, space, _)| space.id).collect();
            let (rosters, nobody) = (tx.rosters(&spaces)?, Roster::default());
            let used = products.iter().find(|product| product.id == caller.product);
            let view = |row: &(Invitation, Space, identity::Person)| {
                ReceivedInvitationView::new(row, rosters.get(&row.1.id).unwrap_or(&nobody), used, tx.now())
            };
            Ok(found.iter().map(view).collect())
        })
    });
    listed.await?.answer()
}

/// Shows an invitation of one of the caller's registered products, also one that ended.
#[utoipa::path(
    tag = "Invitations", operation_id = "getReceivedInvitation", security(("person" = [])),
    params(("id" = Uuid, Path, description = "The invitation's id.", example = "019d6c3e-8c00-7000-8000-000000000000")),
    responses((status = 200, description = "The invitation.", body = ReceivedInvitationView))
)]
#[get("/v1/me/invitations/{id}")]
pub async fn get(person: Person, id: Path<PathId>) -> Answer {
    let view = person
        .read(move |tx, caller| {
            let products = registered(tx, caller.person)?;
            let is_his =
                |invitation: &Invitation| products.iter().any(|product| product.serial == invitation.invitee.serial);
            let found = tx.invitation(id.of())?.filter(|(invitation, ..)| is_his(invitation));
            let found = found.ok_or(Refusal::NotFound)?;
            caller.strong()?;
            let used = products.iter().find(|product| product.id == caller.product);
            Ok(ReceivedInvitationView::new(&found, &tx.roster(found.1.id)?, used, tx.now()))
        })
        .await?;
    answer::ok(&view)
}

/// Accepts an invitation with the product that it names; the inviter is mailed.
///
/// Accepted once more, it is answered as long as the membership that came of it lives.
#[utoipa::path(
    tag = "Invitations", operation_id = "acceptInvitation", request_body = EmptyRequest, security(("person" = [])),
    params(("id" = Uuid, Path, description = "The invitation's id.", example = "019d6c3e-8c00-7000-8000-000000000000")),
    responses(
        (status = 200, description = "The membership.", body = MemberView, headers(("ETag" = String, description = "Its version."))),
        (status = 403, description = "`invitation_for_other_product` with `maskedSerial`"),
        (status = 409, description = "`already_member`, `invitation_name_mismatch`, of which the inviter is told, `terms_not_accepted`"),
        (status = 410, description = "`invitation_cancelled`, `invitation_expired`, `invitation_refused`, `invitation_used`, `invitation_void`"),
    )
)]
#[post("/v1/me/invitations/{id}/accept")]
pub async fn accept(request: HttpRequest, person: Person, id: Path<PathId>, body: NoBody) -> Answer {
    let id: InvitationId = id.of();
    // Who asks again under a key is told of nothing but his own accepting.
    let once = Once::of(&request, &body);
    let app = person.app();
    person
        .try_once(once, move |tx, caller| {
            Received::read(tx, caller, id)?;
            body.open(caller.strong()?)?;
            // A withdrawal of the product waits for the membership, or comes first.
            let holder = tx.lock_person(caller.person)?;
            let received = Received::lock(tx, caller, id)?;
            if let Some(membership) = received.came_of_it(tx)? {
                return Ok(Ok(shown(tx, &membership, &holder, &received.product)?));
            }
            let acceptor = Acceptor {
                person: &holder,
                product: &received.product,
                terms_accepted: tx.has_accepted_terms(holder.id)?,
            };
            let (Received { invitation, space, inviter, .. }, roster) = (&received, tx.roster(received.space.id)?);
            let accepted = match invitation.accept(tx.new_id(), space, &roster, acceptor, tx.now()) {
                Err(refusal @ Refusal::InvitationNameMismatch) => {
                    received.tell_mismatch(tx, &app)?;
                    return Ok(Err(refusal));
                }
                accepted => accepted?,
            };
            tx.save_acceptance(&accepted)?;
            record(tx, caller, AuditAct::InvitationAccepted, accepted.invitation());
            mail::tell(tx, &app.data_keys, slice::from_ref(inviter), &letters::accepted(space, invitation))?;
            Ok(Ok(shown(tx, accepted.membership(), &holder, &received.product)?))
        })
        .await
}

/// Refuses an invitation with the product that it names; the inviter is mailed.
#[utoipa::path(
    tag = "Invitations", operation_id = "refuseInvitation", request_body = EmptyRequest, security(("person" = [])),
    params(("id" = Uuid, Path, description = "The invitation's id.", example = "019d6c3e-8c00-7000-8000-000000000000")),
    responses(
        (status = 200, description = "The invitation, refused.", body = ReceivedInvitationView),
        (status = 403, description = "`invitation_for_other_product` with `maskedSerial`"),
        (status = 410, description = "`invitation_cancelled`, `invitation_expired`, `invitation_refused`, `invitation_used`"),
    )
)]
#[post("/v1/me/invitations/{id}/refuse")]
pub async fn refuse(request: HttpRequest, person: Person, id: Path<PathId>, body: NoBody) -> Answer {
    let id: InvitationId = id.of();
    let once = Once::of(&request, &body);
    let app = person.app();
    person
        .write_once(once, move |tx, caller| {
            Received::read(tx, caller, id)?;
            body.open(caller.strong()?)?;
            let Received { invitation, space, inviter, product } = Received::lock(tx, caller, id)?;
            let refused = invitation.refuse(tx.now())?;
            tx.save_invitation(&refused)?;
            record(tx, caller, AuditAct::InvitationRefused, &refused);
            mail::tell(tx, &app.data_keys, slice::from_ref(&inviter), &letters::refused(&space, &invitation))?;
            let (row, roster) = ((refused.invitation().clone(), space, inviter), tx.roster(invitation.space)?);
            Prepared::ok(&ReceivedInvitationView::new(&row, &roster, Some(&product), tx.now()))
        })
        .await
}

/// An invitation of the product that the caller is logged in with.
struct Received {
    invitation: Invitation,
    space: Space,
    inviter: identity::Person,
    product: Product,
}

impl Received {
    fn read(tx: &mut Reading<'_>, caller: &Caller, id: InvitationId) -> Result<Self, Problem> {
        let (invitation, space, inviter) = tx.invitation(id)?.ok_or(Refusal::NotFound)?;
        let products = registered(tx, caller.person)?;
        let used = products.iter().find(|product| product.id == caller.product).ok_or(Refusal::NotFound)?;
        invitation.require_product(used, &products)?;
        Ok(Self { invitation, space, inviter, product: used.clone() })
    }

    /// The same under the lock of its space.
    fn lock(tx: &mut Transaction<'_>, caller: &Caller, id: InvitationId) -> Result<Self, Problem> {
        let space = Self::read(tx, caller, id)?.invitation.space;
        tx.lock_any_space(space)?.ok_or(Refusal::NotFound)?;
        Self::read(tx, caller, id)
    }

    /// The membership that came of it, while it lives.
    fn came_of_it(&self, tx: &mut Reading<'_>) -> Result<Option<Membership>, Problem> {
        let Some(id) = self.invitation.membership else { return Ok(None) };
        let membership = tx.member_of(id, self.space.id)?.map(|(membership, ..)| membership);
        Ok(membership.filter(|membership| membership.status_at(tx.now()) != MembershipStatus::Ended))
    }

    /// Tells who answers for it, once for each mailing, that somebody of another name holds the product.
    fn tell_mismatch(&self, tx: &mut Transaction<'_>, app: &App) -> Result<(), Problem> {
        let Some(told) = self.invitation.tell_mismatch() else { return Ok(()) };
        tx.save_invitation(&told)?;
        let letter = letters::name_mismatch(&self.space, &self.inviter, &self.invitation);
        Ok(tx.send_mail(&letter.seal(&app.data_keys))?)
    }
}

/// A membership as its own person sees it.
fn shown(
    tx: &Reading<'_>,
    membership: &Membership,
    person: &identity::Person,
    product: &Product,
) -> Result<Prepared, Problem> {
    let view = MemberView::new(membership, membership, person, product, tx.now());
    Ok(Prepared::ok(&view)?.versioned(membership.version))
}
