//! Records of sources, each in its last version. They are taken under the lock of their source.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use domain::{
    id::SourceRecordId,
    identity::Protected,
    source::{AuthenticSource, RecordChange, RecordKey, RecordVersion, SourceCode, SourceRecord},
};

use crate::{
    error::StoreError,
    row::{NAMED_AT_ONCE, Row, stamp},
    schema::{authentic_sources, source_records},
    transaction::{Rank, Reading, Transaction},
};

/// A record as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptRecord {
    /// The record.
    pub record: SourceRecord,
    /// What it says, sealed; one that was taken back says nothing.
    pub sealed: Option<String>,
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = source_records, treat_none_as_default_value = false, treat_none_as_null = true)]
struct RecordRow {
    id: String,
    source: String,
    record_key: String,
    version: i64,
    subject_digest: String,
    subject_sealed: String,
    content_sealed: Option<String>,
    as_of: NaiveDateTime,
    received_at: NaiveDateTime,
}

impl RecordRow {
    fn of(record: &SourceRecord, sealed: Option<String>) -> Self {
        Self {
            id: record.id.to_string(),
            source: record.source.to_string(),
            record_key: record.key.to_string(),
            version: record.version.get(),
            subject_digest: record.subject.digest.clone(),
            subject_sealed: record.subject.sealed.clone(),
            content_sealed: sealed,
            as_of: stamp(record.as_of),
            received_at: stamp(record.received_at),
        }
    }

    fn read(self) -> Result<KeptRecord, StoreError> {
        let row = Row { table: "source_records", id: &self.id };
        let record = SourceRecord {
            id: row.id(&self.id)?,
            source: row.value(SourceCode::parse(&self.source))?,
            key: row.value(RecordKey::parse(&self.record_key))?,
            version: row.value(RecordVersion::new(self.version))?,
            as_of: self.as_of.and_utc(),
            received_at: self.received_at.and_utc(),
            is_withdrawn: self.content_sealed.is_none(),
            subject: Protected { digest: self.subject_digest, sealed: self.subject_sealed },
        };
        Ok(KeptRecord { record, sealed: self.content_sealed })
    }
}

impl Reading<'_> {
    /// The records of a source that say something of anybody whose number has one of these digests: those after one, in the order of
    /// their ids.
    pub fn source_records(
        &mut self,
        source: &SourceCode,
        digests: &[String],
        after: Option<SourceRecordId>,
        most: u32,
    ) -> Result<Vec<KeptRecord>, StoreError> {
        // No id is smaller than the empty text.
        let after = after.map(|id| id.to_string()).unwrap_or_default();
        let mut found: Vec<RecordRow> = vec![];
        for digests in digests.chunks(NAMED_AT_ONCE) {
            found.extend(self.run(|db| {
                source_records::table
                    .filter(source_records::source.eq(source.as_str()))
                    .filter(source_records::subject_digest.eq_any(digests))
                    .filter(source_records::content_sealed.is_not_null())
                    .filter(source_records::id.gt(&after))
                    .order(source_records::id)
                    .limit(most.into())
                    .select(RecordRow::as_select())
                    .get_results::<RecordRow>(db)
            })?);
        }
        found.sort_by(|one, other| one.id.cmp(&other.id));
        found.truncate(most as usize);
        found.into_iter().map(RecordRow::read).collect()
    }

    /// A record of a source, unless it was taken back.
    pub fn source_record(&mut self, id: SourceRecordId, source: &SourceCode) -> Result<Option<KeptRecord>, StoreError> {
        let found: Option<RecordRow> = self.run(|db| {
            source_records::table
                .find(id.to_string())
                .filter(source_records::source.eq(source.as_str()))
                .filter(source_records::content_sealed.is_not_null())
                .select(RecordRow::as_select())
                .get_result(db)
                .optional()
        })?;
        found.map(RecordRow::read).transpose()
    }
}

impl Transaction<'_> {
    /// Locks a source that is offered: its records are taken one batch after the other.
    pub fn lock_authentic_source(&mut self, code: &SourceCode) -> Result<Option<AuthenticSource>, StoreError> {
        self.climb(Rank::Object);
        let source = authentic_sources::table.find(code.as_str());
        let lock = authentic_sources::lock_seq.eq(authentic_sources::lock_seq + 1);
        self.run(|db| diesel::update(source).set(lock).execute(db))?;
        Ok(self.authentic_source(code)?.map(|found| found.source))
    }

    /// The records of a locked source that have these keys, also those that were taken back.
    pub fn source_records_with(
        &mut self,
        source: &SourceCode,
        keys: &[&RecordKey],
    ) -> Result<Vec<KeptRecord>, StoreError> {
        let keys: Vec<&str> = keys.iter().map(|key| key.as_str()).collect();
        let found: Vec<RecordRow> = self.run(|db| {
            source_records::table
                .filter(source_records::source.eq(source.as_str()))
                .filter(source_records::record_key.eq_any(keys))
                .select(RecordRow::as_select())
                .get_results(db)
        })?;
        found.into_iter().map(RecordRow::read).collect()
    }

    /// Keeps what becomes of a record of a locked source, with what it says, sealed.
    pub fn save_source_record(&mut self, change: &RecordChange, sealed: Option<String>) -> Result<(), StoreError> {
        let row = RecordRow::of(change.record(), sealed);
        self.run(|db| {
            if change.is_new() {
                diesel::insert_into(source_records::table).values(&row).execute(db)
            } else {
                diesel::update(source_records::table.find(&row.id)).set(&row).execute(db)
            }
        })?;
        Ok(())
    }
}
