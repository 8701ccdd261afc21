//! `/v1/partner/procedures`: an administration's back end reads the procedures that were sent to it, takes them in, works on them and
//! closes them. One of another administration, or that was not sent, is to it what a random id is.

pub mod request;
pub mod view;

use std::{collections::BTreeSet, sync::Arc};

use actix_web::{HttpRequest, get, post, web::Path};
use domain::{
    Instant, Refusal,
    audit::{AuditAct, Chain, Event},
    id::ProcedureId,
    partner::PartnerScope,
    procedure::{Procedure, ProcedureChange, ProcedureTypeCode},
    text::{ExplanationText, Language},
};
use persistence::{KeptProcedure, ProcedureFilter, Reading, StoreError, Transaction};

use self::{
    request::CloseProcedureRequest,
    view::{PartnerProcedurePage, PartnerProcedureView},
};
use super::{
    attachment, notice,
    own::sealed::{self, Opened},
};
use crate::{
    app::App,
    http::{
        answer::{self, Answer, Prepared},
        body::{Body, EmptyRequest, NoBody},
        caller::{Partner, PartnerCaller},
        download,
        idempotency::Once,
        language,
        page::Paging,
        path::PathId,
        problem::Problem,
        query::Query,
        schema::{self, ProcedureStateChoice},
    },
};

/// Lists the procedures that were sent to the administration, oldest first.
#[utoipa::path(
    tag = "Partner", operation_id = "listPartnerProcedures", security(("partner" = ["read_procedures"])),
    params(
        ("type" = Option<schema::ProcedureTypeCode>, Query, description = "Only those of this type.", example = "aed.vat-registration"),
        ("state" = Option<ProcedureStateChoice>, Query, description = "Only those that stand so.", example = "sent"),
        ("limit" = Option<u32>, Query, description = "How many to a page.", minimum = 1, maximum = 100, example = 25),
        ("cursor" = Option<String>, Query, description = "`page.next` of the page before; empty for the first.", example = ""),
    ),
    responses(
        (status = 200, description = "A page of procedures.", body = PartnerProcedurePage,
            headers(("Link" = String, description = "The next page."), ("Content-Language" = String, description = "The language of the texts."))),
        (status = 400, description = "`invalid_cursor`"),
        (status = 403, description = "`scope_not_granted` with `scope`"),
    )
)]
#[get("/v1/partner/procedures")]
pub async fn list(request: HttpRequest, partner: Partner) -> Answer {
    let language = language::preferred(request.headers());
    let mut query = Query::of(&request);
    let kind = query.value("type", ProcedureTypeCode::parse);
    let state = query.choice("state");
    let paging = Paging::of(&request, query, partner.app());
    let listed = partner.read(PartnerScope::ReadProcedures, move |tx, partner| {
        paging.list::<PartnerProcedurePage>(partner, |after, most| {
            let after = after.map(ProcedureId);
            let filter = ProcedureFilter { kind, state, after, ..ProcedureFilter::default() };
            let rows = tx.procedures_to(&partner.administration, &filter, most)?;
            let views = rows
                .iter()
                .map(|(procedure, kind, space)| PartnerProcedureView::in_brief(procedure, kind, space, language));
            Ok(views.collect())
        })
    });
    let listed = listed.await?;
    let languages: BTreeSet<Language> = listed.rows.iter().map(PartnerProcedureView::language).collect();
    Ok(language::spoken(listed.answer()?, languages))
}

/// Shows a procedure: what is filled in, who signed it, and the digest of what was sent.
#[utoipa::path(
    tag = "Partner", operation_id = "getPartnerProcedure", security(("partner" = ["read_procedures"])),
    params(("id" = Uuid, Path, description = "The procedure's id.", example = "019d6c3e-8c00-7000-8000-000000000001")),
    responses(
        (status = 200, description = "The procedure.", body = PartnerProcedureView, headers(("ETag" = String, description = "Its version."))),
        (status = 304, description = "It is what `If-None-Match` says."),
        (status = 403, description = "`scope_not_granted` with `scope`"),
    )
)]
#[get("/v1/partner/procedures/{id}")]
pub async fn get(request: HttpRequest, partner: Partner, id: Path<PathId>) -> Answer {
    let id: ProcedureId = id.of();
    let (language, app) = (language::preferred(request.headers()), partner.app());
    let (version, view) = partner
        .read(PartnerScope::ReadProcedures, move |tx, partner| {
            let kept = tx.procedure_to(id, &partner.administration)?.ok_or(Refusal::NotFound)?;
            Ok((kept.procedure.version, shown(tx, &app, &kept, language)?))
        })
        .await?;
    answer::versioned(&request, version, &view)
}

/// Gives out a file of a procedure, or the part of it that is asked for.
#[utoipa::path(
    tag = "Partner", operation_id = "getPartnerAttachment", security(("partner" = ["read_procedures"])),
    params(
        ("id" = Uuid, Path, description = "The procedure's id.", example = "019d6c3e-8c00-7000-8000-000000000001"),
        ("attachmentId" = Uuid, Path, description = "The file's id.", example = "019d6c3e-8c00-7000-8000-000000000003"),
    ),
    responses(
        (status = 200, description = "The file.",
            content((schema::File = "application/pdf"), (schema::File = "image/jpeg"), (schema::File = "image/png")),
            headers(("ETag" = String, description = "Its SHA-256."), ("Content-Disposition" = String, description = "What it is called."))),
        (status = 206, description = "The part of it that `Range` asks for: one, in bytes.",
            content((schema::File = "application/pdf"), (schema::File = "image/jpeg"), (schema::File = "image/png")),
            headers(("Content-Range" = String, description = "Which part."))),
        (status = 304, description = "It is what `If-None-Match` says."),
        (status = 403, description = "`scope_not_granted` with `scope`"),
        (status = 409, description = "`file_withheld` with `scan`"),
        (status = 416, description = "`range_not_satisfiable`"),
    )
)]
#[get("/v1/partner/procedures/{id}/attachments/{attachmentId}")]
pub async fn get_attachment(request: HttpRequest, partner: Partner, path: Path<(PathId, PathId)>) -> Answer {
    let (id, file) = path.into_inner();
    let (id, app) = (id.of::<ProcedureId>(), partner.app());
    let download = partner.read(PartnerScope::ReadProcedures, move |tx, partner| {
        let kept = tx.procedure_to(id, &partner.administration)?.ok_or(Refusal::NotFound)?;
        attachment::download(tx, &app.data_keys, (kept.procedure.id, file.of()))
    });
    let download = download.await?;
    download::answer(&request, &partner.app(), download).await
}

/// Takes a procedure in: the space sees that it has come.
#[utoipa::path(
    tag = "Partner", operation_id = "receiveProcedure", request_body = EmptyRequest, security(("partner" = ["handle_procedures"])),
    params(("id" = Uuid, Path, description = "The procedure's id.", example = "019d6c3e-8c00-7000-8000-000000000001")),
    responses(
        (status = 200, description = "The procedure, received.", body = PartnerProcedureView, headers(("ETag" = String, description = "Its version."))),
        (status = 403, description = "`scope_not_granted` with `scope`"),
        (status = 409, description = "`procedure_state` with `procedureState`"),
    )
)]
#[post("/v1/partner/procedures/{id}/receive")]
pub async fn receive(request: HttpRequest, partner: Partner, id: Path<PathId>, body: NoBody) -> Answer {
    turn(&request, partner, &id, body, AuditAct::ProcedureReceived, Procedure::received).await
}

/// Says that the administration works on a procedure; it is thereby taken in.
#[utoipa::path(
    tag = "Partner", operation_id = "startProcedure", request_body = EmptyRequest, security(("partner" = ["handle_procedures"])),
    params(("id" = Uuid, Path, description = "The procedure's id.", example = "019d6c3e-8c00-7000-8000-000000000001")),
    responses(
        (status = 200, description = "The procedure, in progress.", body = PartnerProcedureView, headers(("ETag" = String, description = "Its version."))),
        (status = 403, description = "`scope_not_granted` with `scope`"),
        (status = 409, description = "`procedure_state` with `procedureState`"),
    )
)]
#[post("/v1/partner/procedures/{id}/start")]
pub async fn start(request: HttpRequest, partner: Partner, id: Path<PathId>, body: NoBody) -> Answer {
    turn(&request, partner, &id, body, AuditAct::ProcedureStarted, Procedure::started).await
}

/// Closes a procedure with what came of it; members are mailed, who may have turned that off.
#[utoipa::path(
    tag = "Partner", operation_id = "closeProcedure", request_body = CloseProcedureRequest, security(("partner" = ["handle_procedures"])),
    params(("id" = Uuid, Path, description = "The procedure's id.", example = "019d6c3e-8c00-7000-8000-000000000001")),
    responses(
        (status = 200, description = "The procedure, closed.", body = PartnerProcedureView, headers(("ETag" = String, description = "Its version."))),
        (status = 403, description = "`scope_not_granted` with `scope`"),
        (status = 409, description = "`procedure_state` with `procedureState`"),
    )
)]
#[post("/v1/partner/procedures/{id}/close")]
pub async fn close(
    request: HttpRequest,
    partner: Partner,
    id: Path<PathId>,
    body: Body<CloseProcedureRequest>,
) -> Answer {
    let handling = Handling::of(&request, &partner, &id);
    let once = Once::of(&request, &body);
    partner
        .write_once(PartnerScope::HandleProcedures, once, move |tx, partner| {
            let kept = handling.locked(tx, partner)?;
            let (outcome, explanation) = body.open(partner.strong())?;
            let closed = kept.procedure.closed(outcome, tx.now())?;
            notice::closed(tx, &handling.app, &kept)?;
            handling.keep(tx, partner, kept, (&closed, AuditAct::ProcedureClosed), explanation.as_ref())
        })
        .await
}

type Turn = fn(&Procedure, Instant) -> Result<ProcedureChange, Refusal>;

/// Does what takes no words.
async fn turn(
    request: &HttpRequest,
    partner: Partner,
    id: &PathId,
    body: Body<EmptyRequest>,
    act: AuditAct,
    turn: Turn,
) -> Answer {
    let handling = Handling::of(request, &partner, id);
    let once = Once::of(request, &body);
    partner
        .write_once(PartnerScope::HandleProcedures, once, move |tx, partner| {
            let kept = handling.locked(tx, partner)?;
            body.open(partner.strong())?;
            let turned = turn(&kept.procedure, tx.now())?;
            handling.keep(tx, partner, kept, (&turned, act), None)
        })
        .await
}

/// What is handled, and in which language that is answered.
struct Handling {
    app: Arc<App>,
    id: ProcedureId,
    language: Language,
}

impl Handling {
    fn of(request: &HttpRequest, partner: &Partner, id: &PathId) -> Self {
        Self { app: partner.app(), id: id.of(), language: language::preferred(request.headers()) }
    }

    fn locked(&self, tx: &mut Transaction<'_>, partner: &PartnerCaller) -> Result<KeptProcedure, Problem> {
        Ok(tx.lock_procedure_to(self.id, &partner.administration)?.ok_or(Refusal::NotFound)?)
    }

    /// Keeps what became of a locked procedure, and records it in the log of its space.
    fn keep(
        &self,
        tx: &mut Transaction<'_>,
        partner: &PartnerCaller,
        kept: KeptProcedure,
        (change, act): (&ProcedureChange, AuditAct),
        explanation: Option<&ExplanationText>,
    ) -> Result<Prepared, Problem> {
        tx.save_procedure(change, &partner.actor(), None)?;
        let explanation = explanation.map(|text| sealed::seal_explanation(&self.app.data_keys, text));
        if let Some(sealed) = &explanation {
            tx.save_explanation(self.id, sealed)?;
        }
        tx.record(Event::new(Chain::Space(kept.procedure.space), act, partner.actor(), self.id));
        let kept = KeptProcedure { procedure: change.after().clone(), explanation, ..kept };
        let view = shown(tx, &self.app, &kept, self.language)?;
        Ok(Prepared::ok(&view)?.versioned(kept.procedure.version))
    }
}

/// A procedure with all that its administration sees of it.
fn shown(
    tx: &mut Reading<'_>,
    app: &App,
    kept: &KeptProcedure,
    language: Language,
) -> Result<PartnerProcedureView, Problem> {
    let gone = || StoreError::Corrupt(format!("procedures {}: its space is gone", kept.procedure.id));
    let space = tx.any_space(kept.procedure.space)?.ok_or_else(gone)?;
    let opened = Opened::of(tx, &app.data_keys, kept)?;
    let signatures = tx.signatures_of(kept.procedure.id)?;
    let whole = (&opened.submission(&space.identifier, kept), &opened.attachments[..]);
    let explanation = sealed::explanation(&app.data_keys, kept)?;
    Ok(PartnerProcedureView::whole(whole, &space, &signatures, language)?.explained(explanation))
}
