//! What is attached to procedures.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use domain::{
    Instant,
    id::{FileId, PersonId, ProcedureId},
    procedure::AttachmentCode,
};

use super::procedures::KeptProcedure;
use crate::{
    error::StoreError,
    row::{Row, stamp},
    schema::{attachments, stored_files},
    store_room::{FileRow, KeptFile},
    transaction::{Reading, Transaction},
};

/// A file of a procedure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptAttachment {
    /// The file.
    pub file: KeptFile,
    /// Where it is attached.
    pub slot: AttachmentCode,
    /// What it is called, sealed.
    pub name_sealed: String,
    /// When it was attached.
    pub at: Instant,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = attachments)]
struct AttachmentRow {
    file_id: String,
    slot: String,
    name_sealed: String,
    at: NaiveDateTime,
}

impl AttachmentRow {
    fn read(self, file: FileRow) -> Result<KeptAttachment, StoreError> {
        let row = Row { table: "attachments", id: &self.file_id };
        let slot = row.value(AttachmentCode::parse(&self.slot))?;
        Ok(KeptAttachment { file: file.read()?, slot, name_sealed: self.name_sealed, at: self.at.and_utc() })
    }
}

impl Reading<'_> {
    /// What is attached to a procedure, oldest first: a few dozen files at most.
    pub fn attachments_of(&mut self, procedure: ProcedureId) -> Result<Vec<KeptAttachment>, StoreError> {
        let found: Vec<(AttachmentRow, FileRow)> = self.run(|db| {
            attachments::table
                .inner_join(stored_files::table)
                .filter(attachments::procedure_id.eq(procedure.to_string()))
                .order(attachments::file_id)
                .select((AttachmentRow::as_select(), FileRow::as_select()))
                .get_results(db)
        })?;
        found.into_iter().map(|(row, file)| row.read(file)).collect()
    }
}

impl Transaction<'_> {
    /// Attaches a file that is kept to a locked procedure.
    pub fn insert_attachment(
        &mut self,
        procedure: ProcedureId,
        (file, slot, name_sealed): (FileId, &AttachmentCode, &str),
        (by, at): (PersonId, Instant),
    ) -> Result<(), StoreError> {
        let row = (
            attachments::file_id.eq(file.to_string()),
            attachments::procedure_id.eq(procedure.to_string()),
            attachments::slot.eq(slot.as_str()),
            attachments::name_sealed.eq(name_sealed),
            attachments::person_id.eq(by.to_string()),
            attachments::at.eq(stamp(at)),
        );
        self.run(|db| diesel::insert_into(attachments::table).values(row).execute(db))?;
        Ok(())
    }

    /// Takes a file away from a locked procedure.
    pub fn delete_attachment(&mut self, file: FileId) -> Result<(), StoreError> {
        let file = file.to_string();
        self.run(|db| diesel::delete(attachments::table.find(&file)).execute(db))?;
        self.doom_files(&[file])
    }

    /// Locks the procedure to which a file is attached, if it is to any.
    pub fn lock_procedure_with(&mut self, file: FileId) -> Result<Option<KeptProcedure>, StoreError> {
        let attached = attachments::table.find(file.to_string()).select(attachments::procedure_id);
        let Some(id): Option<String> = self.run(|db| attached.get_result(db).optional())? else { return Ok(None) };
        self.lock_procedure(Row { table: "attachments", id: &id }.id(&id)?)
    }

    /// Takes all files away from procedures, which are deleted.
    pub(super) fn delete_attachments(&mut self, procedures: &[String]) -> Result<(), StoreError> {
        let of_these = attachments::table.filter(attachments::procedure_id.eq_any(procedures));
        let files: Vec<String> = self.run(|db| of_these.select(attachments::file_id).get_results(db))?;
        for some in files.chunks(crate::row::NAMED_AT_ONCE) {
            self.run(|db| diesel::delete(attachments::table.filter(attachments::file_id.eq_any(some))).execute(db))?;
            self.doom_files(some)?;
        }
        Ok(())
    }
}
