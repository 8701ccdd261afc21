//! Procedures as the administrations have them to whom they were sent.

use diesel::prelude::*;
use domain::{
    Coded,
    catalogue::AdministrationCode,
    id::ProcedureId,
    procedure::{Procedure, ProcedureType},
    space::SpaceIdentifier,
};

use super::{
    procedures::{KeptProcedure, ProcedureFilter, ProcedureRow, with_types},
    types::VersionRow,
};
use crate::{
    error::StoreError,
    row::Row,
    schema::{procedure_type_versions as versions, procedure_types as types, procedures, spaces},
    transaction::{Reading, Transaction},
};

impl Reading<'_> {
    /// A procedure that was sent to an administration.
    pub fn procedure_to(
        &mut self,
        id: ProcedureId,
        administration: &AdministrationCode,
    ) -> Result<Option<KeptProcedure>, StoreError> {
        Ok(self.procedure(id)?.filter(|kept| is_of(&kept.procedure, administration)))
    }

    /// The procedures that were sent to an administration with their types and what their spaces are called, oldest first. Who looks
    /// after them is the space's affair, and so is the bin.
    pub fn procedures_to(
        &mut self,
        administration: &AdministrationCode,
        filter: &ProcedureFilter,
        most: u32,
    ) -> Result<Vec<(Procedure, ProcedureType, SpaceIdentifier)>, StoreError> {
        let after = filter.after.map(|id| id.to_string()).unwrap_or_default();
        let found: Vec<(ProcedureRow, VersionRow, bool, String)> = self.run(|db| {
            let mut wanted = with_types!()
                .inner_join(spaces::table.on(spaces::id.eq(procedures::space_id)))
                .filter(procedures::administration.eq(administration.as_str()))
                .filter(procedures::id.gt(after))
                .order(procedures::id)
                .limit(most.into())
                .select((ProcedureRow::as_select(), VersionRow::as_select(), types::is_retired, spaces::identifier))
                .into_boxed();
            if let Some(kind) = &filter.kind {
                wanted = wanted.filter(procedures::type_code.eq(kind.as_str()));
            }
            if let Some(state) = filter.state {
                wanted = wanted.filter(procedures::state.eq(state.code()));
            }
            wanted.get_results(db)
        })?;
        let read = |(row, version, is_retired, space): (ProcedureRow, VersionRow, bool, String)| {
            let identifier = SpaceIdentifier::parse(&space);
            let identifier = Row { table: "spaces", id: &space }.value(identifier)?;
            Ok((row.read()?, version.read(is_retired)?, identifier))
        };
        found.into_iter().map(read).collect()
    }
}

fn is_of(procedure: &Procedure, administration: &AdministrationCode) -> bool {
    procedure.sending.is_some() && procedure.kind.administration() == *administration
}

impl Transaction<'_> {
    /// Locks a procedure that was sent to an administration.
    pub fn lock_procedure_to(
        &mut self,
        id: ProcedureId,
        administration: &AdministrationCode,
    ) -> Result<Option<KeptProcedure>, StoreError> {
        if self.procedure_to(id, administration)?.is_none() {
            return Ok(None);
        }
        self.lock_procedure(id)
    }

    /// Keeps what the administration says of what came of a locked procedure, sealed.
    pub fn save_explanation(&mut self, id: ProcedureId, sealed: &str) -> Result<(), StoreError> {
        let said = procedures::explanation_sealed.eq(sealed);
        self.run(|db| diesel::update(procedures::table.find(id.to_string())).set(said).execute(db))?;
        Ok(())
    }
}
