//! `/v1/spaces/{id}/procedures/{procedureId}/attachments`: files are attached to a draft, given out and taken away.

use actix_web::{HttpRequest, HttpResponse, delete, get, post, rt::spawn, web::Path};
use domain::{
    Refusal,
    collaboration::Permission,
    id::{FileId, ProcedureId, SpaceId},
    procedure::{AttachedFile, AttachmentCode, AttachmentSlot},
    store_room::{MediaType, ScanState, StoredFile},
    text::FileName,
};

use super::{member, one::locked};
use crate::{
    app::App,
    http::{
        answer::{Answer, Prepared},
        caller::Person,
        download,
        path::PathId,
        problem::{Code, Problem},
        query::Query,
        schema,
        upload::{self, Incoming, Turn, Upload},
    },
    procedure::attachment::{self, Attachment, AttachmentView},
    store_room::{StoreRoomError, Writing, sealing::FileKey},
};

/// Attaches a file to a procedure, as it is: no form around it, and no encoding. Who had signed the procedure has not signed it any more.
///
/// The same file under the same name in the same slot is attached once, however often it is sent.
#[utoipa::path(
    tag = "Procedures", operation_id = "attachFile", security(("person" = [])),
    request_body(content((schema::File = "application/pdf"), (schema::File = "image/jpeg"), (schema::File = "image/png"))),
    params(
        ("id" = Uuid, Path, description = "The space's id.", example = "019d6c3e-8c00-7000-8000-000000000000"),
        ("procedureId" = Uuid, Path, description = "The procedure's id.", example = "019d6c3e-8c00-7000-8000-000000000001"),
        ("slot" = schema::AttachmentCode, Query, description = "Where it is attached: the code of a slot of the procedure's type.", example = "identity-document"),
        ("name" = schema::FileName, Query, description = "What it is called.", example = "carte-identite.pdf"),
    ),
    responses(
        (status = 200, description = "It was attached before.", body = AttachmentView),
        (status = 201, description = "It is attached.", body = AttachmentView,
            headers(("Location" = String, description = "Where it is given out."))),
        (status = 403, description = "`role_insufficient`"),
        (status = 408, description = "`request_timeout`"),
        (status = 409, description = "`attachment_limit_reached` with `limit`, `procedure_binned`, `procedure_state` with `procedureState`, `space_closed`, `space_suspended`"),
        (status = 413, description = "`body_too_large` with `limit`"),
        (status = 415, description = "`attachment_media_type` with `mediaTypes`"),
    )
)]
#[post("/v1/spaces/{id}/procedures/{procedureId}/attachments")]
pub async fn attach(request: HttpRequest, person: Person, path: Path<(PathId, PathId)>, upload: Upload) -> Answer {
    let mut query = Query::of(&request);
    let (slot, name) = (query.required("slot", AttachmentCode::parse), query.required("name", FileName::parse));
    let wanted = query.end().and_then(|()| slot.zip(name).ok_or_else(|| Code::InvalidInput.into()));
    let at = At { person, space: path.0.of(), procedure: path.1.of() };
    // A client that goes away ends its request, but not this: what it began is given up in order.
    let attached = spawn(async move {
        let draft = at.begin(wanted, &upload).await?;
        let attached = match draft.receive(&at.person.app(), upload).await {
            Ok(file) => at.keep(&draft, file).await,
            Err(problem) => Err(problem),
        };
        if attached.is_err() {
            at.give_up(&draft).await;
        }
        attached
    });
    let prepared = attached.await.map_err(|error| Problem::from(Code::Internal).because(error))?;
    Ok(prepared?.send())
}

/// Gives out a file of a procedure, or the part of it that is asked for.
#[utoipa::path(
    tag = "Procedures", operation_id = "getAttachment", security(("person" = [])),
    params(
        ("id" = Uuid, Path, description = "The space's id.", example = "019d6c3e-8c00-7000-8000-000000000000"),
        ("procedureId" = Uuid, Path, description = "The procedure's id.", example = "019d6c3e-8c00-7000-8000-000000000001"),
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
        (status = 409, description = "`file_withheld` with `scan`, `space_closed`"),
        (status = 416, description = "`range_not_satisfiable`"),
    )
)]
#[get("/v1/spaces/{id}/procedures/{procedureId}/attachments/{attachmentId}")]
pub async fn get(request: HttpRequest, person: Person, path: Path<(PathId, PathId, PathId)>) -> Answer {
    let (id, procedure, file) = path.into_inner();
    let app = person.app();
    let download = person.read(move |tx, caller| {
        let (space, _) = member(tx, caller, id.of(), Permission::View)?;
        let kept = tx.procedure_of(procedure.of(), space.id)?.ok_or(Refusal::NotFound)?;
        let download = attachment::download(tx, &app.data_keys, (kept.procedure.id, file.of()))?;
        caller.strong()?;
        Permission::View.require_state(&space, tx.now())?;
        Ok(download)
    });
    let download = download.await?;
    download::answer(&request, &person.app(), download).await
}

/// Takes a file away from a procedure, for good. Who had signed the procedure has not signed it any more.
#[utoipa::path(
    tag = "Procedures", operation_id = "detachFile", security(("person" = [])),
    params(
        ("id" = Uuid, Path, description = "The space's id.", example = "019d6c3e-8c00-7000-8000-000000000000"),
        ("procedureId" = Uuid, Path, description = "The procedure's id.", example = "019d6c3e-8c00-7000-8000-000000000001"),
        ("attachmentId" = Uuid, Path, description = "The file's id.", example = "019d6c3e-8c00-7000-8000-000000000003"),
    ),
    responses(
        (status = 204, description = "It is gone."),
        (status = 403, description = "`role_insufficient`"),
        (status = 409, description = "`procedure_binned`, `procedure_state` with `procedureState`, `space_closed`, `space_suspended`"),
    )
)]
#[delete("/v1/spaces/{id}/procedures/{procedureId}/attachments/{attachmentId}")]
pub async fn detach(person: Person, path: Path<(PathId, PathId, PathId)>) -> Answer {
    let (id, procedure, file) = path.into_inner();
    let file: FileId = file.of();
    let detached = person.write(move |tx, caller| {
        let (space, kept) = locked(tx, caller, (id.of(), procedure.of()), Permission::Draft)?;
        let is_attached = tx.attachments_of(kept.procedure.id)?.iter().any(|kept| kept.file.id == file);
        is_attached.then_some(()).ok_or(Refusal::NotFound)?;
        caller.strong()?;
        Permission::Draft.require_state(&space, tx.now())?;
        let detached = kept.procedure.detached(tx.now())?;
        tx.delete_attachment(file)?;
        Ok(tx.save_procedure(&detached, &caller.actor(), None)?)
    });
    detached.await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Where a file is to be attached.
struct At {
    person: Person,
    space: SpaceId,
    procedure: ProcedureId,
}

/// A file on its way, of which the database knows.
struct Draft {
    id: FileId,
    key: FileKey,
    slot: AttachmentSlot,
    name: FileName,
    said: MediaType,
    _turn: Turn,
}

impl At {
    /// Finds out whether the file is wanted before any of it is taken, and notes that it comes.
    async fn begin(
        &self,
        wanted: Result<(AttachmentCode, FileName), Problem>,
        upload: &Upload,
    ) -> Result<Draft, Problem> {
        let (space, procedure) = (self.space, self.procedure);
        let (said, declared) = (upload.said, upload.declared);
        let app = self.person.app();
        let begun = self.person.write(move |tx, caller| {
            let (space, _) = member(tx, caller, space, Permission::Draft)?;
            let kept = tx.procedure_of(procedure, space.id)?.ok_or(Refusal::NotFound)?;
            caller.strong()?;
            let (slot, name) = wanted?;
            let slot = kept.kind.kind.slot(&slot).cloned()?;
            let said = slot.require_media_type(said)?;
            upload::require_at_most(slot.most_bytes(), declared)?;
            Permission::Draft.require_state(&space, tx.now())?;
            kept.procedure.require_editable()?;
            let turn = app.uploads.take(caller.person)?;
            let (id, key) = (tx.new_id(), FileKey::generate());
            tx.begin_file(id, &key.seal(&app.data_keys))?;
            Ok(Draft { id, key, slot, name, said, _turn: turn })
        });
        begun.await
    }

    /// Attaches a file that is whole, if that is still allowed.
    async fn keep(&self, draft: &Draft, file: StoredFile) -> Result<Prepared, Problem> {
        let (space, procedure) = (self.space, self.procedure);
        let Draft { id, slot, name, .. } = draft;
        let (id, slot, name, app) = (*id, slot.clone(), name.clone(), self.person.app());
        let kept = self.person.write(move |tx, caller| {
            let (space, kept) = locked(tx, caller, (space, procedure), Permission::Draft)?;
            caller.strong()?;
            Permission::Draft.require_state(&space, tx.now())?;
            let others = attachment::attachments(tx, &app.data_keys, procedure)?;
            let in_slot: Vec<&Attachment> = others.iter().filter(|other| other.file.slot == slot.code).collect();
            let is_twin = |other: &&&Attachment| other.file.name == name && other.file.file.digest == file.digest;
            if let Some(twin) = in_slot.iter().find(is_twin) {
                kept.procedure.require_editable()?;
                tx.give_up_file(id)?;
                return Prepared::ok(&AttachmentView::from(*twin));
            }
            let count = u32::try_from(in_slot.len()).unwrap_or(u32::MAX);
            let attached = kept.procedure.attached(&slot, count, tx.now())?;
            if !tx.keep_file(id, &file)? {
                return Err(Code::RequestTimeout.into());
            }
            let at = tx.now();
            let sealed = attachment::seal_name(&app.data_keys, &name);
            tx.insert_attachment(procedure, (id, &slot.code, &sealed), (caller.person, at))?;
            tx.save_procedure(&attached, &caller.actor(), None)?;
            let view = AttachmentView::new(id, &AttachedFile { slot: slot.code, name, file }, at);
            let location = format!("/v1/spaces/{}/procedures/{procedure}/attachments/{id}", space.id);
            Ok(Prepared::created(&view)?.at(location))
        });
        kept.await
    }

    /// Notes that a file will not be whole, or is not wanted any more. Where that can't be noted, its age tells it.
    async fn give_up(&self, draft: &Draft) {
        let id = draft.id;
        if let Err(error) = self.person.app().store.write(move |tx| tx.give_up_file(id)).await {
            tracing::warn!(%error, file = %id, "a file could not be given up now");
        }
    }
}

impl Draft {
    /// Writes the file as it comes in.
    async fn receive(&self, app: &App, upload: Upload) -> Result<StoredFile, Problem> {
        let mut incoming = upload.take(self.slot.most_bytes(), &app.config.deadlines);
        let mut writing = app.store_room.write(self.id, &self.key);
        if let Err(problem) = self.copy(&mut incoming, &mut writing).await {
            if let Err(error) = writing.abort().await {
                tracing::warn!(%error, file = %self.id, "what was written of a file could not be taken back now");
            }
            return Err(problem);
        }
        let (size, digest) = writing.finish().await.map_err(failed)?;
        Ok(StoredFile { media_type: self.said, size, digest, scan: ScanState::NotScanned })
    }

    /// What the file is, it is asked as soon as its first bytes can tell.
    async fn copy(&self, incoming: &mut Incoming, writing: &mut Writing) -> Result<(), Problem> {
        let mut beginning = vec![];
        while let Some(piece) = incoming.next().await? {
            if beginning.len() < MediaType::TOLD_BY {
                beginning.extend_from_slice(&piece[..piece.len().min(MediaType::TOLD_BY)]);
                if beginning.len() >= MediaType::TOLD_BY {
                    self.slot.require_is(self.said, &beginning)?;
                }
            }
            writing.put(&piece).await.map_err(failed)?;
        }
        Ok(self.slot.require_is(self.said, &beginning)?)
    }
}

fn failed(error: StoreRoomError) -> Problem {
    Problem::from(Code::Internal).because(error)
}
