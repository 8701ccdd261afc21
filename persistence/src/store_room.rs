//! What is known of the files in the store room. The files themselves lie outside the database.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use domain::{
    Coded, Instant,
    id::FileId,
    procedure::ContentDigest,
    store_room::{ScanState, StoredFile},
};

use crate::{
    error::StoreError,
    recurring::{PURGED_AT_ONCE, is_full},
    row::{Row, stamp},
    schema::stored_files as files,
    transaction::{Reading, Transaction},
};

/// How a file stands.
mod state {
    pub(super) const WRITING: &str = "writing";
    pub(super) const KEPT: &str = "kept";
    pub(super) const DOOMED: &str = "doomed";
}

/// A file that is whole, with the key that opens it, sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptFile {
    /// Which.
    pub id: FileId,
    /// Its own key.
    pub key_sealed: String,
    /// What is known of it.
    pub file: StoredFile,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = files)]
pub(crate) struct FileRow {
    id: String,
    key_sealed: String,
    media_type: Option<String>,
    size: Option<i64>,
    digest: Option<String>,
    scan: Option<String>,
}

impl FileRow {
    pub(crate) fn read(self) -> Result<KeptFile, StoreError> {
        let row = Row { table: "stored_files", id: &self.id };
        let (Some(media_type), Some(size), Some(digest), Some(scan)) =
            (self.media_type, self.size, self.digest, self.scan)
        else {
            return Err(row.corrupt("it is not whole"));
        };
        let file = StoredFile {
            media_type: row.code(&media_type)?,
            size: row.value(u64::try_from(size))?,
            digest: row.value(ContentDigest::parse(&digest))?,
            scan: row.code(&scan)?,
        };
        Ok(KeptFile { id: row.id(&self.id)?, key_sealed: self.key_sealed, file })
    }
}

impl Reading<'_> {
    /// Files, at most a hundred, that nothing stands for any more, and that are to be deleted from the store room.
    pub fn doomed_files(&mut self) -> Result<Vec<FileId>, StoreError> {
        let ids: Vec<String> = self.run(|db| {
            let doomed = files::table.filter(files::state.eq(state::DOOMED)).order(files::since);
            doomed.limit(PURGED_AT_ONCE).select(files::id).get_results(db)
        })?;
        ids.iter().map(|id| Row { table: "stored_files", id }.id(id)).collect()
    }

    /// Whether a file waits for the scanner.
    pub fn scan_is_due(&mut self) -> Result<bool, StoreError> {
        let due = files::table.filter(files::scan_due_at.le(stamp(self.now())));
        self.run(|db| diesel::select(diesel::dsl::exists(due)).get_result(db))
    }
}

impl Transaction<'_> {
    /// Notes that a file is about to be written, under a key of its own, sealed.
    pub fn begin_file(&mut self, id: FileId, key_sealed: &str) -> Result<(), StoreError> {
        let row = (
            files::id.eq(id.to_string()),
            files::state.eq(state::WRITING),
            files::since.eq(stamp(self.now())),
            files::key_sealed.eq(key_sealed),
        );
        self.run(|db| diesel::insert_into(files::table).values(row).execute(db))?;
        Ok(())
    }

    /// Notes that a file is written whole, and from when on it is to be scanned, if it is. Says whether it is still wanted.
    pub fn keep_file(&mut self, id: FileId, file: &StoredFile) -> Result<bool, StoreError> {
        let size = Row { table: "stored_files", id: &id.to_string() }.value(i64::try_from(file.size))?;
        let kept = (
            files::state.eq(state::KEPT),
            files::since.eq(stamp(self.now())),
            files::media_type.eq(file.media_type.code()),
            files::size.eq(size),
            files::digest.eq(file.digest.to_string()),
            files::scan.eq(file.scan.code()),
            files::scan_due_at.eq((file.scan == ScanState::Pending).then(|| stamp(self.now()))),
        );
        let written = files::table.find(id.to_string()).filter(files::state.eq(state::WRITING));
        let count = self.run(|db| diesel::update(written).set(kept).execute(db))?;
        Ok(count == 1)
    }

    /// Notes that a file whose writing failed is to be deleted; one that is kept stays.
    pub fn give_up_file(&mut self, id: FileId) -> Result<(), StoreError> {
        let doomed = self.doomed();
        let written = files::table.find(id.to_string()).filter(files::state.eq(state::WRITING));
        self.run(|db| diesel::update(written).set(doomed).execute(db))?;
        Ok(())
    }

    /// The same for files, at most a hundred, whose writing began before a moment. Says whether there may be more.
    pub fn give_up_files(&mut self, before: Instant) -> Result<bool, StoreError> {
        let ids: Vec<String> = self.run(|db| {
            let stale = files::table.filter(files::state.eq(state::WRITING)).filter(files::since.lt(stamp(before)));
            stale.order(files::since).limit(PURGED_AT_ONCE).select(files::id).get_results(db)
        })?;
        let doomed = self.doomed();
        let stale = files::table.filter(files::id.eq_any(&ids)).filter(files::state.eq(state::WRITING));
        self.run(|db| diesel::update(stale).set(doomed).execute(db))?;
        Ok(is_full(&ids))
    }

    /// Notes that files are to be deleted for which nothing stands any more.
    pub(crate) fn doom_files(&mut self, ids: &[String]) -> Result<(), StoreError> {
        let doomed = self.doomed();
        self.run(|db| diesel::update(files::table.filter(files::id.eq_any(ids))).set(doomed).execute(db))?;
        Ok(())
    }

    /// Forgets files that were deleted.
    pub fn forget_files(&mut self, ids: &[FileId]) -> Result<(), StoreError> {
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        let gone = files::table.filter(files::id.eq_any(ids)).filter(files::state.eq(state::DOOMED));
        self.run(|db| diesel::delete(gone).execute(db))?;
        Ok(())
    }

    /// Takes a file that waits for the scanner; it waits again at `again` unless its taker says before what was found.
    pub fn take_file_to_scan(&mut self, again: Instant) -> Result<Option<KeptFile>, StoreError> {
        let now = stamp(self.now());
        let due = files::table.filter(files::scan_due_at.le(now)).order(files::scan_due_at).select(files::id);
        let Some(id): Option<String> = self.run(|db| due.first(db).optional())? else { return Ok(None) };
        // A rival that took it meanwhile has moved its time on.
        let row: Option<FileRow> = self.run(|db| {
            diesel::update(files::table.find(&id).filter(files::scan_due_at.le(now)))
                .set(files::scan_due_at.eq(stamp(again)))
                .returning(crate::row::columns::<FileRow>())
                .get_result(db)
                .optional()
        })?;
        row.map(FileRow::read).transpose()
    }

    /// Keeps what the scanner says of a file. Says whether it waited for that.
    pub fn save_scan(&mut self, id: FileId, scan: ScanState) -> Result<bool, StoreError> {
        let waiting = files::table.find(id.to_string()).filter(files::scan_due_at.is_not_null());
        let said = (files::scan.eq(scan.code()), files::scan_due_at.eq(None::<NaiveDateTime>));
        let count = self.run(|db| diesel::update(waiting).set(said).execute(db))?;
        Ok(count == 1)
    }

    fn doomed(&self) -> Doomed {
        Doomed { state: state::DOOMED, since: stamp(self.now()), scan_due_at: None }
    }
}

#[derive(AsChangeset)]
#[diesel(table_name = files, treat_none_as_null = true)]
struct Doomed {
    state: &'static str,
    since: NaiveDateTime,
    scan_due_at: Option<NaiveDateTime>,
}
