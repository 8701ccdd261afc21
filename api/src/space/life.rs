//! `/v1/spaces/{id}/close` and `/restore`, and what comes to a closed space by the clock: a reminder, and the purge.

use actix_web::{HttpRequest, post, web::Path};
use domain::{
    Instant, Refusal,
    audit::{Actor, AuditAct, Chain, Event},
    collaboration::{Permission, Role},
    id::SpaceId,
    space::Space,
};
use persistence::{StoreError, Transaction};

use super::view::SpaceView;
use crate::{
    app::App,
    certification,
    http::{
        answer::{Answer, Prepared},
        body::{EmptyRequest, NoBody},
        caller::Person,
        idempotency::Once,
        path::PathId,
    },
    mail::{Letter, Mail},
};

/// Closes a space: its place is free at once, and for a while it can be restored.
#[utoipa::path(
    tag = "Spaces", operation_id = "closeSpace", request_body = EmptyRequest, security(("person" = [])),
    params(("id" = Uuid, Path, description = "The space's id.", example = "019d6c3e-8c00-7000-8000-000000000000")),
    responses(
        (status = 200, description = "The space, closed.", body = SpaceView, headers(("ETag" = String, description = "Its version."))),
        (status = 403, description = "`administrator_required`"),
        (status = 409, description = "`space_closed`, `space_suspended`"),
    )
)]
#[post("/v1/spaces/{id}/close")]
pub async fn close(request: HttpRequest, person: Person, id: Path<PathId>, body: NoBody) -> Answer {
    let id: SpaceId = id.of();
    let once = Once::of(&request, &body).by_administrator_of(id, Permission::CloseSpace);
    let app = person.app();
    person
        .write_once(once, move |tx, caller| {
            let found = tx.lock_space_and_opener(id, caller.person, caller.product)?;
            let (_, space, membership) = found.ok_or(Refusal::NotFound)?;
            let administrator = membership.administrator(Permission::CloseSpace)?;
            body.open(caller.strong()?)?;
            let closed = administrator.close(&space, tx.now())?;
            tx.save_space(&closed)?;
            tx.make_agents_of_space_heed(id)?;
            tx.record(Event::new(administrator.audit_log(), AuditAct::SpaceClosed, caller.actor(), id));
            tell_administrators(&app, tx, &closed, |identifier, until| Mail::SpaceClosed { identifier, until })?;
            Ok(Prepared::ok(&SpaceView::to_member(&closed, &membership))?.versioned(closed.version))
        })
        .await
}

/// Restores a closed space; it counts against the product that opened it, whoever restores it.
#[utoipa::path(
    tag = "Spaces", operation_id = "restoreSpace", request_body = EmptyRequest, security(("person" = [])),
    params(("id" = Uuid, Path, description = "The space's id.", example = "019d6c3e-8c00-7000-8000-000000000000")),
    responses(
        (status = 200, description = "The space, open again.", body = SpaceView, headers(("ETag" = String, description = "Its version."))),
        (status = 403, description = "`administrator_required`"),
        (status = 409, description = "`last_administrator` with `spaces`, `space_limit_reached` with `limit` and `used`, `space_not_closed`"),
        (status = 410, description = "`space_purged`"),
    )
)]
#[post("/v1/spaces/{id}/restore")]
pub async fn restore(request: HttpRequest, person: Person, id: Path<PathId>, body: NoBody) -> Answer {
    let id: SpaceId = id.of();
    let once = Once::of(&request, &body).by_administrator_of(id, Permission::RestoreSpace);
    let app = person.app();
    person
        .write_once(once, move |tx, caller| {
            let found = tx.lock_space_and_opener(id, caller.person, caller.product)?;
            let (opener, space, membership) = found.ok_or(Refusal::NotFound)?;
            let administrator = membership.administrator(Permission::RestoreSpace)?;
            body.open(caller.strong()?)?;
            let spaces_used = tx.spaces_used(opener.id)?;
            let restored = administrator.restore(&space, &tx.roster(id)?, &opener, spaces_used, tx.now())?;
            tx.save_space(&restored)?;
            tx.make_agents_of_space_heed(id)?;
            tx.record(Event::new(administrator.audit_log(), AuditAct::SpaceRestored, caller.actor(), id));
            tell_administrators(&app, tx, &restored, |identifier, _| Mail::SpaceRestored { identifier })?;
            Ok(Prepared::ok(&SpaceView::to_member(&restored, &membership))?.versioned(restored.version))
        })
        .await
}

/// Reminds the administrators of closed spaces that these are purged soon. A space whose members can't be read waits until
/// they can.
pub fn remind(app: &App, tx: &mut Transaction<'_>) -> Result<bool, StoreError> {
    let (closed, is_more) = tx.lock_spaces_to_remind()?;
    let mut is_any = false;
    for space in closed {
        let Some(reminded) = space.reminded(tx.now()) else { continue };
        match tell_administrators(app, tx, &reminded, |identifier, until| Mail::SpacePurgeSoon { identifier, until }) {
            Err(StoreError::Corrupt(error)) => {
                tracing::error!(error, space_id = %space.id, "nobody can be reminded of a purge, which waits");
                continue;
            }
            told => told?,
        }
        tx.save_space(&reminded)?;
        is_any = true;
    }
    Ok(is_more && is_any)
}

/// Purges closed spaces that can't be restored any more.
pub fn purge(app: &App, tx: &mut Transaction<'_>) -> Result<bool, StoreError> {
    let (closed, is_more) = tx.lock_spaces_to_purge()?;
    let purged: Vec<Space> = closed.iter().filter_map(|space| space.purged(tx.now())).collect();
    certification::due::end_with_spaces(app, tx, &purged.iter().map(|space| space.id).collect())?;
    for space in &purged {
        tx.save_purged_space(space)?;
        tx.record(Event::new(Chain::Space(space.id), AuditAct::SpacePurged, Actor::System, space.id));
    }
    Ok(is_more && !purged.is_empty())
}

/// Mails the administrators of a space, each in his language, at the address that he confirmed. The mail is given the
/// space's identifier and, of a closed one, until when it can be restored.
fn tell_administrators(
    app: &App,
    tx: &mut Transaction<'_>,
    space: &Space,
    mail: impl Fn(String, String) -> Mail,
) -> Result<(), StoreError> {
    let until = space.closure.map(|closure| day_and_hour(closure.purge_at)).unwrap_or_default();
    for person in tx.active_members(space.id, &[Role::Administrator])? {
        let mail = mail(space.identifier.to_string(), until.clone());
        tx.send_mail(&Letter::new(&person.email, person.language, mail).seal(&app.data_keys))?;
    }
    Ok(())
}

/// A moment as mails in every language write it.
pub fn day_and_hour(moment: Instant) -> String {
    moment.format("%d.%m.%Y %H:%M UTC").to_string()
}
