//! Procedures. One changes under its own lock, and is begun under that of its space.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use domain::{
    Coded,
    audit::Actor,
    id::{MembershipId, ProcedureId, SpaceId},
    procedure::{
        ContentDigest, Procedure, ProcedureChange, ProcedureState, ProcedureType, ProcedureTypeCode, ReferenceNumber,
        Sending, TypeWithForm, VerificationCode, draft::IN_BIN,
    },
};

use super::types::{VersionRow, read_form};
use crate::{
    error::StoreError,
    kept::Kept,
    recurring::{PURGED_AT_ONCE, is_full},
    row::{Row, stamp},
    schema::{procedure_steps as steps, procedure_type_versions as versions, procedure_types as types, procedures},
    transaction::{Rank, Reading, Transaction},
};

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = procedures, treat_none_as_default_value = false, treat_none_as_null = true)]
pub(super) struct ProcedureRow {
    id: String,
    space_id: String,
    type_code: String,
    type_version: i64,
    state: String,
    assignee_id: Option<String>,
    reference: Option<String>,
    digest: Option<String>,
    verification: Option<String>,
    sent_at: Option<NaiveDateTime>,
    administration: Option<String>,
    outcome: Option<String>,
    binned_at: Option<NaiveDateTime>,
    created_at: NaiveDateTime,
    updated_at: NaiveDateTime,
    version: i64,
}

impl From<&Procedure> for ProcedureRow {
    fn from(procedure: &Procedure) -> Self {
        let sending = procedure.sending.as_ref();
        Self {
            id: procedure.id.to_string(),
            space_id: procedure.space.to_string(),
            type_code: procedure.kind.to_string(),
            type_version: procedure.kind_version.into(),
            state: procedure.state.code().to_owned(),
            assignee_id: procedure.assignee.map(|id| id.to_string()),
            reference: sending.map(|sending| sending.reference.as_str().to_owned()),
            digest: sending.map(|sending| sending.digest.to_string()),
            verification: sending.map(|sending| sending.verification.as_str().to_owned()),
            sent_at: sending.map(|sending| stamp(sending.at)),
            administration: sending.map(|_| procedure.kind.administration().to_string()),
            outcome: procedure.outcome.map(|outcome| outcome.code().to_owned()),
            binned_at: procedure.binned_at.map(stamp),
            created_at: stamp(procedure.created_at),
            updated_at: stamp(procedure.updated_at),
            version: procedure.version.into(),
        }
    }
}

impl ProcedureRow {
    pub(super) fn read(self) -> Result<Procedure, StoreError> {
        let row = Row { table: "procedures", id: &self.id };
        let sending = match (self.reference, self.verification, self.digest, self.sent_at) {
            (Some(reference), Some(verification), Some(digest), Some(at)) => Some(Sending {
                reference: ReferenceNumber::kept(reference),
                verification: row.value(VerificationCode::parse(&verification))?,
                digest: row.value(ContentDigest::parse(&digest))?,
                at: at.and_utc(),
            }),
            (None, None, None, None) => None,
            _ => return Err(row.corrupt("it was half sent")),
        };
        Ok(Procedure {
            sending,
            outcome: self.outcome.as_deref().map(|outcome| row.code(outcome)).transpose()?,
            id: row.id(&self.id)?,
            space: row.id(&self.space_id)?,
            kind: row.value(ProcedureTypeCode::parse(&self.type_code))?,
            kind_version: row.number(self.type_version)?,
            state: row.code(&self.state)?,
            assignee: self.assignee_id.as_deref().map(|id| row.id(id)).transpose()?,
            binned_at: self.binned_at.map(|at| at.and_utc()),
            created_at: self.created_at.and_utc(),
            updated_at: self.updated_at.and_utc(),
            version: row.number(self.version)?,
        })
    }
}

/// A procedure with what it is of, and what is filled in, as it is sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptProcedure {
    /// The procedure.
    pub procedure: Procedure,
    /// Its type, in its version, with the form.
    pub kind: TypeWithForm,
    /// What is filled in.
    pub sealed: String,
    /// What the administration says of what came of it.
    pub explanation: Option<String>,
}

/// Which of the procedures of a space.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProcedureFilter {
    /// Only those of this type.
    pub kind: Option<ProcedureTypeCode>,
    /// Only those that stand so.
    pub state: Option<ProcedureState>,
    /// Only those that this member looks after.
    pub assignee: Option<MembershipId>,
    /// Those in the bin, in the place of those that are not.
    pub in_bin: bool,
    /// Only those after this one, in the order of their ids.
    pub after: Option<ProcedureId>,
}

/// Procedures with their types, each in its version.
macro_rules! with_types {
    () => {
        procedures::table
            .inner_join(
                versions::table
                    .on(versions::code.eq(procedures::type_code).and(versions::version.eq(procedures::type_version))),
            )
            .inner_join(types::table.on(types::code.eq(procedures::type_code)))
    };
}
pub(super) use with_types;

impl Reading<'_> {
    /// A procedure of a space that is not gone.
    pub fn procedure_of(&mut self, id: ProcedureId, space: SpaceId) -> Result<Option<KeptProcedure>, StoreError> {
        Ok(self.procedure(id)?.filter(|kept| kept.procedure.space == space))
    }

    /// A procedure that is not gone.
    pub(super) fn procedure(&mut self, id: ProcedureId) -> Result<Option<KeptProcedure>, StoreError> {
        type Found = (ProcedureRow, VersionRow, String, bool, String, Option<String>);
        let found: Option<Found> = self.run(|db| {
            with_types!()
                .filter(procedures::id.eq(id.to_string()))
                .select((
                    ProcedureRow::as_select(),
                    VersionRow::as_select(),
                    versions::form,
                    types::is_retired,
                    procedures::content_sealed,
                    procedures::explanation_sealed,
                ))
                .get_result(db)
                .optional()
        })?;
        let Some((row, version, form, is_retired, sealed, explanation)) = found else { return Ok(None) };
        let procedure = row.read()?;
        if procedure.is_gone(self.now()) {
            return Ok(None);
        }
        let kind = read_form(version.read(is_retired)?, &form)?;
        Ok(Some(KeptProcedure { procedure, kind, sealed, explanation }))
    }

    /// The procedures of a space with their types, oldest first; none that is gone.
    pub fn procedures_of(
        &mut self,
        space: SpaceId,
        filter: &ProcedureFilter,
        most: u32,
    ) -> Result<Vec<(Procedure, ProcedureType)>, StoreError> {
        // No id is smaller than the empty text.
        let after = filter.after.map(|id| id.to_string()).unwrap_or_default();
        let binned_since = stamp(self.now() - IN_BIN);
        let found: Vec<(ProcedureRow, VersionRow, bool)> = self.run(|db| {
            let mut wanted = with_types!()
                .filter(procedures::space_id.eq(space.to_string()))
                .filter(procedures::id.gt(after))
                .order(procedures::id)
                .limit(most.into())
                .select((ProcedureRow::as_select(), VersionRow::as_select(), types::is_retired))
                .into_boxed();
            if let Some(kind) = &filter.kind {
                wanted = wanted.filter(procedures::type_code.eq(kind.as_str()));
            }
            if let Some(state) = filter.state {
                wanted = wanted.filter(procedures::state.eq(state.code()));
            }
            if let Some(assignee) = filter.assignee {
                wanted = wanted.filter(procedures::assignee_id.eq(assignee.to_string()));
            }
            if filter.in_bin {
                wanted.filter(procedures::binned_at.gt(binned_since)).get_results(db)
            } else {
                wanted.filter(procedures::binned_at.is_null()).get_results(db)
            }
        })?;
        let read =
            |(row, version, is_retired): (ProcedureRow, VersionRow, bool)| Ok((row.read()?, version.read(is_retired)?));
        found.into_iter().map(read).collect()
    }

    /// How many procedures of a space were not sent; believed only under its lock.
    pub fn count_drafts(&mut self, space: SpaceId) -> Result<u32, StoreError> {
        let space = space.to_string();
        let drafts =
            procedures::table.filter(procedures::space_id.eq(&space)).filter(procedures::state.eq_any(unsent()));
        let count: i64 = self.run(|db| drafts.count().get_result(db))?;
        Row { table: "procedures of", id: &space }.number(count)
    }

    /// The procedure that was sent with this code.
    pub fn procedure_verified_by(&mut self, code: &VerificationCode) -> Result<Option<KeptProcedure>, StoreError> {
        let by_code = procedures::table.filter(procedures::verification.eq(code.as_str()));
        let found: Option<String> = self.run(|db| by_code.select(procedures::id).get_result(db).optional())?;
        let Some(id) = found else { return Ok(None) };
        self.procedure(Row { table: "procedures", id: &id }.id(&id)?)
    }

    /// Whether a procedure was sent under this number.
    pub fn is_reference_taken(&mut self, reference: &ReferenceNumber) -> Result<bool, StoreError> {
        let taken = procedures::table.filter(procedures::reference.eq(reference.as_str()));
        self.run(|db| diesel::select(diesel::dsl::exists(taken)).get_result(db))
    }
}

fn unsent() -> [&'static str; 2] {
    ProcedureState::UNSENT.map(Coded::code)
}

impl Transaction<'_> {
    /// Locks a procedure of a space that is not gone.
    pub fn lock_procedure_of(&mut self, id: ProcedureId, space: SpaceId) -> Result<Option<KeptProcedure>, StoreError> {
        if self.procedure_of(id, space)?.is_none() {
            return Ok(None);
        }
        self.lock_procedure(id)
    }

    pub(super) fn lock_procedure(&mut self, id: ProcedureId) -> Result<Option<KeptProcedure>, StoreError> {
        self.climb(Rank::Object);
        let lock = procedures::lock_seq.eq(procedures::lock_seq + 1);
        self.run(|db| Kept(diesel::update(procedures::table.find(id.to_string())).set(lock)).execute(db))?;
        self.procedure(id)
    }

    /// Keeps a procedure that was begun, under the lock of its space.
    pub fn insert_procedure(&mut self, begun: &ProcedureChange, by: &Actor, sealed: &str) -> Result<(), StoreError> {
        let row = ProcedureRow::from(begun.after());
        let values = (row, procedures::content_sealed.eq(sealed));
        self.run(|db| diesel::insert_into(procedures::table).values(values).execute(db))?;
        self.insert_step(begun, by)
    }

    /// Keeps what became of a locked procedure; of what is filled in, if that was changed.
    pub fn save_procedure(
        &mut self,
        change: &ProcedureChange,
        by: &Actor,
        sealed: Option<&str>,
    ) -> Result<(), StoreError> {
        let row = ProcedureRow::from(change.after());
        self.run(|db| diesel::update(procedures::table.find(&row.id)).set(&row).execute(db))?;
        if let Some(sealed) = sealed {
            let content = procedures::content_sealed.eq(sealed);
            self.run(|db| diesel::update(procedures::table.find(&row.id)).set(content).execute(db))?;
        }
        self.save_signatures(change.after().id, change.signatures())?;
        self.insert_step(change, by)
    }

    /// Deletes procedures, at most a hundred, whose time in the bin is over. Says whether there may be more.
    pub fn purge_procedures(&mut self) -> Result<bool, StoreError> {
        let over = procedures::binned_at.le(stamp(self.now() - IN_BIN));
        let ids: Vec<String> = self.run(|db| {
            let over = procedures::table.filter(over).order(procedures::binned_at).select(procedures::id);
            over.limit(PURGED_AT_ONCE).get_results(db)
        })?;
        self.delete_procedures(&ids)?;
        Ok(is_full(&ids))
    }

    /// Deletes the drafts of a space, which is purged. What was sent is the administration's too, and stays.
    pub(crate) fn delete_drafts_of(&mut self, space: SpaceId) -> Result<(), StoreError> {
        let of_space = procedures::table.filter(procedures::space_id.eq(space.to_string()));
        let of_space = of_space.filter(procedures::state.eq_any(unsent()));
        let ids: Vec<String> = self.run(|db| of_space.select(procedures::id).get_results(db))?;
        ids.chunks(crate::row::NAMED_AT_ONCE).try_for_each(|some| self.delete_procedures(some))
    }

    fn delete_procedures(&mut self, ids: &[String]) -> Result<(), StoreError> {
        if ids.is_empty() {
            return Ok(());
        }
        self.delete_signatures(ids)?;
        self.delete_attachments(ids)?;
        self.run(|db| {
            diesel::delete(steps::table.filter(steps::procedure_id.eq_any(ids))).execute(db)?;
            diesel::delete(procedures::table.filter(procedures::id.eq_any(ids))).execute(db)
        })?;
        Ok(())
    }
}
