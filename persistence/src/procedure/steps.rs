//! The timelines of procedures: one row a step, never edited.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use domain::{
    Coded, Instant,
    audit::Actor,
    id::ProcedureId,
    identity::Person,
    procedure::{ProcedureAct, ProcedureChange, draft::EDITS_WITHIN},
};

use crate::{
    error::StoreError,
    identity::PersonRow,
    row::{Row, stamp},
    schema::{persons, procedure_steps as steps},
    transaction::{Reading, Transaction},
};

/// Who took a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepActor {
    /// Somebody of the space.
    Person(Person),
    /// The administration.
    Administration,
    /// A rule of the portal.
    Portal,
}

/// Something that was done to a procedure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcedureStep {
    /// The version that it made.
    pub version: u32,
    /// What was done.
    pub act: ProcedureAct,
    /// By whom.
    pub actor: StepActor,
    /// When.
    pub at: Instant,
}

type StepRow = (i64, String, NaiveDateTime, Option<String>, Option<PersonRow>);

impl Reading<'_> {
    /// What was done to a procedure, in its order.
    pub fn steps_of(
        &mut self,
        procedure: ProcedureId,
        after: u32,
        most: u32,
    ) -> Result<Vec<ProcedureStep>, StoreError> {
        let procedure = procedure.to_string();
        let found: Vec<StepRow> = self.run(|db| {
            steps::table
                .left_join(persons::table)
                .filter(steps::procedure_id.eq(&procedure))
                .filter(steps::version.gt(i64::from(after)))
                .order(steps::version)
                .limit(most.into())
                .select((steps::version, steps::act, steps::at, steps::client_id, Option::<PersonRow>::as_select()))
                .get_results(db)
        })?;
        let row = Row { table: "procedure_steps", id: &procedure };
        let read = |(version, act, at, client, person): StepRow| {
            let actor = match (person, client) {
                (Some(person), _) => StepActor::Person(person.read()?),
                (None, Some(_)) => StepActor::Administration,
                (None, None) => StepActor::Portal,
            };
            Ok(ProcedureStep { version: row.number(version)?, act: row.code(&act)?, actor, at: at.and_utc() })
        };
        found.into_iter().map(read).collect()
    }
}

impl Transaction<'_> {
    /// Keeps a step, unless it goes on with the edit before it.
    pub(super) fn insert_step(&mut self, change: &ProcedureChange, by: &Actor) -> Result<(), StoreError> {
        let procedure = change.after().id.to_string();
        let person = by.person().map(|id| id.to_string());
        if change.act() == ProcedureAct::Edited && self.has_edited_lately(&procedure, person.as_deref())? {
            return Ok(());
        }
        let row = (
            steps::procedure_id.eq(procedure),
            steps::version.eq(i64::from(change.after().version)),
            steps::act.eq(change.act().code()),
            steps::person_id.eq(person),
            steps::client_id.eq(by.client().map(|id| id.to_string())),
            steps::at.eq(stamp(self.now())),
        );
        self.run(|db| diesel::insert_into(steps::table).values(row).execute(db))?;
        Ok(())
    }

    /// Whether the last step is an edit of the same person, not long ago.
    fn has_edited_lately(&mut self, procedure: &str, by: Option<&str>) -> Result<bool, StoreError> {
        let last: Option<(String, Option<String>, NaiveDateTime)> = self.run(|db| {
            let of_procedure = steps::table.filter(steps::procedure_id.eq(procedure));
            let last = of_procedure.order(steps::version.desc()).limit(1);
            last.select((steps::act, steps::person_id, steps::at)).get_result(db).optional()
        })?;
        let since = stamp(self.now() - EDITS_WITHIN);
        Ok(last.is_some_and(|(act, person, at)| {
            act == ProcedureAct::Edited.code() && person.as_deref() == by && at > since
        }))
    }
}
