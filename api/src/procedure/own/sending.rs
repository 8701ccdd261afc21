//! `/v1/spaces/{id}/procedures/{procedureId}/sign`, `/send` and `/withdraw`: what a draft says is frozen, signed and sent once. Who
//! signs or sends names the digest of what he has seen.

use std::sync::Arc;

use actix_web::{HttpRequest, post, web::Path};
use domain::{
    audit::{AuditAct, Chain, Event},
    collaboration::Permission,
    id::{ProcedureId, SpaceId},
    partner::{PartnerEvent, PartnerEventKind},
    procedure::{Opener, Procedure, ProcedureChange, ReferenceNumber, VerificationCode},
    space::Space,
    text::Language,
};
use persistence::{KeptProcedure, Transaction};

use super::{
    certification_wanted, member, one::locked, request::SubmitProcedureRequest, sealed::Opened, shown,
    view::ProcedureView,
};
use crate::{
    app::App,
    http::{
        answer::{Answer, Prepared},
        body::{Body, EmptyRequest, NoBody, Request},
        caller::{Caller, Person},
        idempotency::Once,
        language,
        path::PathId,
        problem::Problem,
    },
};

/// Signs a procedure as it was seen, where its type wants that; an edit makes the signature void.
#[utoipa::path(
    tag = "Procedures", operation_id = "signProcedure", request_body = SubmitProcedureRequest, security(("person" = [])),
    params(
        ("id" = Uuid, Path, description = "The space's id.", example = "019d6c3e-8c00-7000-8000-000000000000"),
        ("procedureId" = Uuid, Path, description = "The procedure's id.", example = "019d6c3e-8c00-7000-8000-000000000001"),
    ),
    responses(
        (status = 200, description = "The procedure, signed.", body = ProcedureView, headers(("ETag" = String, description = "Its version."))),
        (status = 403, description = "`certification_required` with `service` and `sector`, `role_insufficient`"),
        (status = 409, description = "`attachments_incomplete` with `slots`, `digest_changed`, `procedure_binned`, `procedure_invalid`, `procedure_state` with `procedureState`, `signature_not_wanted`, `space_closed`, `space_suspended`"),
    )
)]
#[post("/v1/spaces/{id}/procedures/{procedureId}/sign")]
pub async fn sign(
    request: HttpRequest,
    person: Person,
    path: Path<(PathId, PathId)>,
    body: Body<SubmitProcedureRequest>,
) -> Answer {
    let at = At::of(&request, &person, &path);
    let once = at.once(&request, &body);
    person
        .write_once(once, move |tx, caller| {
            let (space, kept) = locked(tx, caller, (at.space, at.procedure), Permission::Sign)?;
            let seen = body.open(caller.strong()?)?;
            require_unhindered(tx, caller, &space, &kept)?;
            let opened = Opened::of(tx, &at.app.data_keys, &kept)?;
            let signed = opened.submission(&space.identifier, &kept).signed(caller, seen, tx.now())?;
            at.keep(tx, caller, (&space, kept), &signed, AuditAct::ProcedureSigned)
        })
        .await
}

/// Sends a procedure to its administration, once and as it was seen, with the signatures that its type wants.
#[utoipa::path(
    tag = "Procedures", operation_id = "sendProcedure", request_body = SubmitProcedureRequest, security(("person" = [])),
    params(
        ("id" = Uuid, Path, description = "The space's id.", example = "019d6c3e-8c00-7000-8000-000000000000"),
        ("procedureId" = Uuid, Path, description = "The procedure's id.", example = "019d6c3e-8c00-7000-8000-000000000001"),
    ),
    responses(
        (status = 200, description = "The procedure, sent.", body = ProcedureView, headers(("ETag" = String, description = "Its version."))),
        (status = 403, description = "`certification_required` with `service` and `sector`, `role_insufficient`"),
        (status = 409, description = "`attachments_incomplete` with `slots`, `digest_changed`, `procedure_binned`, `procedure_invalid`, `procedure_state` with `procedureState`, `signature_missing`, `space_closed`, `space_suspended`"),
    )
)]
#[post("/v1/spaces/{id}/procedures/{procedureId}/send")]
pub async fn send(
    request: HttpRequest,
    person: Person,
    path: Path<(PathId, PathId)>,
    body: Body<SubmitProcedureRequest>,
) -> Answer {
    let at = At::of(&request, &person, &path);
    let once = at.once(&request, &body);
    person
        .write_once(once, move |tx, caller| {
            let (space, kept) = locked(tx, caller, (at.space, at.procedure), Permission::Sign)?;
            let seen = body.open(caller.strong()?)?;
            require_unhindered(tx, caller, &space, &kept)?;
            let opened = Opened::of(tx, &at.app.data_keys, &kept)?;
            let signatures: Vec<_> = tx.signatures_of(at.procedure)?.into_iter().map(|kept| kept.signature).collect();
            let reference = free_reference(tx, &kept.procedure)?;
            let submission = opened.submission(&space.identifier, &kept);
            let code = VerificationCode::draw([tx.random(), tx.random()]);
            let sent = submission.sent(&signatures, seen, (reference, code), tx.now())?;
            announce(tx, &kept.procedure, PartnerEventKind::ProcedureSent)?;
            at.keep(tx, caller, (&space, kept), &sent, AuditAct::ProcedureSent)
        })
        .await
}

/// Takes a procedure back that was sent; for good.
#[utoipa::path(
    tag = "Procedures", operation_id = "withdrawProcedure", request_body = EmptyRequest, security(("person" = [])),
    params(
        ("id" = Uuid, Path, description = "The space's id.", example = "019d6c3e-8c00-7000-8000-000000000000"),
        ("procedureId" = Uuid, Path, description = "The procedure's id.", example = "019d6c3e-8c00-7000-8000-000000000001"),
    ),
    responses(
        (status = 200, description = "The procedure, withdrawn.", body = ProcedureView, headers(("ETag" = String, description = "Its version."))),
        (status = 403, description = "`role_insufficient`"),
        (status = 409, description = "`procedure_state` with `procedureState`, `space_closed`, `space_suspended`"),
    )
)]
#[post("/v1/spaces/{id}/procedures/{procedureId}/withdraw")]
pub async fn withdraw(request: HttpRequest, person: Person, path: Path<(PathId, PathId)>, body: NoBody) -> Answer {
    let at = At::of(&request, &person, &path);
    let once = at.once(&request, &body);
    person
        .write_once(once, move |tx, caller| {
            let (space, kept) = locked(tx, caller, (at.space, at.procedure), Permission::Sign)?;
            body.open(caller.strong()?)?;
            Permission::Sign.require_state(&space, tx.now())?;
            let withdrawn = kept.procedure.withdrawn(tx.now())?;
            announce(tx, &kept.procedure, PartnerEventKind::ProcedureWithdrawn)?;
            at.keep(tx, caller, (&space, kept), &withdrawn, AuditAct::ProcedureWithdrawn)
        })
        .await
}

/// Where something is asked for.
struct At {
    app: Arc<App>,
    space: SpaceId,
    procedure: ProcedureId,
    language: Language,
}

impl At {
    fn of(request: &HttpRequest, person: &Person, path: &(PathId, PathId)) -> Self {
        let language = language::preferred(request.headers());
        Self { app: person.app(), space: path.0.of(), procedure: path.1.of(), language }
    }

    fn once<R: Request>(&self, request: &HttpRequest, body: &Body<R>) -> Once {
        let space = self.space;
        Once::of(request, body).guarded(move |tx, caller| member(tx, caller, space, Permission::Sign).map(drop))
    }

    fn keep(
        &self,
        tx: &mut Transaction<'_>,
        caller: &Caller,
        (space, kept): (&Space, KeptProcedure),
        change: &ProcedureChange,
        act: AuditAct,
    ) -> Result<Prepared, Problem> {
        tx.save_procedure(change, &caller.actor(), None)?;
        tx.record(Event::new(Chain::Space(space.id), act, caller.actor(), self.procedure));
        let kept = KeptProcedure { procedure: change.after().clone(), ..kept };
        let view = shown(tx, &self.app.data_keys, space, &kept, self.language)?;
        Ok(Prepared::ok(&view)?.versioned(kept.procedure.version))
    }
}

/// What keeps a procedure from being begun keeps it from being signed and sent too.
fn require_unhindered(
    tx: &mut Transaction<'_>,
    caller: &Caller,
    space: &Space,
    kept: &KeptProcedure,
) -> Result<(), Problem> {
    Permission::Sign.require_state(space, tx.now())?;
    let kind = &kept.kind.kind;
    let (service, held) = certification_wanted(tx, space.id, kind)?.unzip();
    let certified = service.as_ref().zip(held);
    Ok(Opener { space, login: Some(caller.assurance) }.require_unhindered(kind, certified, tx.now())?)
}

/// Draws numbers until one is free: there are more than a million million for each administration and year.
fn free_reference(tx: &mut Transaction<'_>, procedure: &Procedure) -> Result<ReferenceNumber, Problem> {
    loop {
        let reference = ReferenceNumber::draw(&procedure.kind, tx.now(), tx.random());
        if !tx.is_reference_taken(&reference)? {
            return Ok(reference);
        }
    }
}

/// Tells the administration that something happened to a procedure of one of its types.
fn announce(tx: &mut Transaction<'_>, procedure: &Procedure, kind: PartnerEventKind) -> Result<(), Problem> {
    let administration = procedure.kind.administration();
    Ok(tx.announce(&PartnerEvent::of_procedure(administration, kind, procedure.id))?)
}
