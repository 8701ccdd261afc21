//! What spaces say of records. It is said under the lock of the space, and answered under its own.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use domain::{
    Coded,
    catalogue::AdministrationCode,
    id::{SourceRecordId, SpaceId, VerificationId},
    source::{
        RecordKey, RecordVersion, SourceCode, Verification, VerificationChange, VerificationStatus, VerificationsMade,
    },
};

use crate::{
    error::StoreError,
    row::{Row, stamp},
    schema::{source_records, source_verifications as verifications},
    transaction::{Rank, Reading, Transaction},
};

/// A verification as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptVerification {
    /// The verification.
    pub verification: Verification,
    /// By what the administration knows its record.
    pub key: RecordKey,
    /// What is not right, sealed; a confirmation has none.
    pub discrepancies: Option<String>,
    /// What the administration says to that, sealed.
    pub answer: Option<String>,
}

/// Which of the verifications of records of an administration.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VerificationFilter {
    /// Only those of this source.
    pub source: Option<SourceCode>,
    /// Only those that stand so.
    pub status: Option<VerificationStatus>,
    /// Only those after this one, in the order of their ids.
    pub after: Option<VerificationId>,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = verifications, treat_none_as_default_value = false)]
struct VerificationRow {
    id: String,
    record_id: String,
    source: String,
    administration: String,
    seen: i64,
    space_id: String,
    person_id: String,
    status: String,
    discrepancies_sealed: Option<String>,
    answer_sealed: Option<String>,
    made_at: NaiveDateTime,
    answered_at: Option<NaiveDateTime>,
}

impl VerificationRow {
    fn of(verification: &Verification, discrepancies: Option<String>) -> Self {
        Self {
            id: verification.id.to_string(),
            record_id: verification.record.to_string(),
            source: verification.source.to_string(),
            administration: verification.source.administration().to_string(),
            seen: verification.seen.get(),
            space_id: verification.space.to_string(),
            person_id: verification.person.to_string(),
            status: verification.status.code().to_owned(),
            discrepancies_sealed: discrepancies,
            answer_sealed: None,
            made_at: stamp(verification.made_at),
            answered_at: verification.answered_at.map(stamp),
        }
    }
}

fn read((kept, key): (VerificationRow, String)) -> Result<KeptVerification, StoreError> {
    let row = Row { table: "source_verifications", id: &kept.id };
    let verification = Verification {
        id: row.id(&kept.id)?,
        record: row.id(&kept.record_id)?,
        source: row.value(SourceCode::parse(&kept.source))?,
        seen: row.value(RecordVersion::new(kept.seen))?,
        space: row.id(&kept.space_id)?,
        person: row.id(&kept.person_id)?,
        status: row.code(&kept.status)?,
        made_at: kept.made_at.and_utc(),
        answered_at: kept.answered_at.map(|at| at.and_utc()),
    };
    let key = row.value(RecordKey::parse(&key))?;
    Ok(KeptVerification { verification, key, discrepancies: kept.discrepancies_sealed, answer: kept.answer_sealed })
}

/// Verifications with the keys of their records.
macro_rules! kept {
    () => {
        verifications::table
            .inner_join(source_records::table.on(verifications::record_id.eq(source_records::id)))
            .select((VerificationRow::as_select(), source_records::record_key))
    };
}

impl Reading<'_> {
    /// What a space said of a record, oldest first: what comes after one.
    pub fn verifications_of(
        &mut self,
        space: SpaceId,
        record: SourceRecordId,
        after: Option<VerificationId>,
        most: u32,
    ) -> Result<Vec<KeptVerification>, StoreError> {
        // No id is smaller than the empty text.
        let after = after.map(|id| id.to_string()).unwrap_or_default();
        let found: Vec<(VerificationRow, String)> = self.run(|db| {
            kept!()
                .filter(verifications::space_id.eq(space.to_string()))
                .filter(verifications::record_id.eq(record.to_string()))
                .filter(verifications::id.gt(after))
                .order(verifications::id)
                .limit(most.into())
                .get_results(db)
        })?;
        found.into_iter().map(read).collect()
    }

    /// What a space said already of a record that it sees in this version; believed only under the lock of the space.
    pub fn verifications_made(
        &mut self,
        space: SpaceId,
        record: SourceRecordId,
        version: RecordVersion,
    ) -> Result<VerificationsMade, StoreError> {
        let [confirmed, reported] =
            [VerificationStatus::Confirmed, VerificationStatus::Reported].map(domain::Coded::code);
        let same_version = verifications::status.eq(confirmed).and(verifications::seen.eq(version.get()));
        let found: Vec<String> = self.run(|db| {
            verifications::table
                .filter(verifications::space_id.eq(space.to_string()))
                .filter(verifications::record_id.eq(record.to_string()))
                .filter(same_version.or(verifications::status.eq(reported)))
                .select(verifications::status)
                .get_results(db)
        })?;
        let has = |status: &str| found.iter().any(|found| found == status);
        Ok(VerificationsMade { is_confirmed: has(confirmed), is_reported: has(reported) })
    }

    /// What spaces said of records of an administration, oldest first.
    pub fn verifications_to(
        &mut self,
        administration: &AdministrationCode,
        filter: &VerificationFilter,
        most: u32,
    ) -> Result<Vec<KeptVerification>, StoreError> {
        let after = filter.after.map(|id| id.to_string()).unwrap_or_default();
        let found: Vec<(VerificationRow, String)> = self.run(|db| {
            let mut wanted = kept!().filter(verifications::administration.eq(administration.as_str())).into_boxed();
            if let Some(source) = &filter.source {
                wanted = wanted.filter(verifications::source.eq(source.as_str()));
            }
            if let Some(status) = filter.status {
                wanted = wanted.filter(verifications::status.eq(status.code()));
            }
            let wanted = wanted.filter(verifications::id.gt(after)).order(verifications::id);
            wanted.limit(most.into()).get_results(db)
        })?;
        found.into_iter().map(read).collect()
    }

    /// A verification of a record of an administration.
    pub fn verification_to(
        &mut self,
        id: VerificationId,
        administration: &AdministrationCode,
    ) -> Result<Option<KeptVerification>, StoreError> {
        let found: Option<(VerificationRow, String)> = self.run(|db| {
            kept!()
                .filter(verifications::id.eq(id.to_string()))
                .filter(verifications::administration.eq(administration.as_str()))
                .get_result(db)
                .optional()
        })?;
        found.map(read).transpose()
    }
}

impl Transaction<'_> {
    /// Keeps what a locked space says of a record, with what is not right, sealed.
    pub fn insert_verification(
        &mut self,
        change: &VerificationChange,
        discrepancies: Option<String>,
    ) -> Result<(), StoreError> {
        let row = VerificationRow::of(change.after(), discrepancies);
        self.run(|db| diesel::insert_into(verifications::table).values(row).execute(db))?;
        Ok(())
    }

    /// Locks a verification of a record of an administration.
    pub fn lock_verification_to(
        &mut self,
        id: VerificationId,
        administration: &AdministrationCode,
    ) -> Result<Option<KeptVerification>, StoreError> {
        if self.verification_to(id, administration)?.is_none() {
            return Ok(None);
        }
        self.climb(Rank::Object);
        let lock = verifications::lock_seq.eq(verifications::lock_seq + 1);
        self.run(|db| diesel::update(verifications::table.find(id.to_string())).set(lock).execute(db))?;
        self.verification_to(id, administration)
    }

    /// Keeps the answer to a locked verification, with what is said to it, sealed.
    pub fn save_answer_to_verification(&mut self, change: &VerificationChange, answer: &str) -> Result<(), StoreError> {
        let Verification { id, status, answered_at, .. } = change.after();
        let answered = (
            verifications::status.eq(status.code()),
            verifications::answered_at.eq(answered_at.map(stamp)),
            verifications::answer_sealed.eq(answer),
        );
        self.run(|db| diesel::update(verifications::table.find(id.to_string())).set(answered).execute(db))?;
        Ok(())
    }
}
