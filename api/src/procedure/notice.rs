//! What members of a space are written of its procedures: which one, and nothing of what it says or of what came of it.

use domain::{Coded, collaboration::Role};
use persistence::{KeptProcedure, StoreError, Transaction};

use crate::{
    app::App,
    mail::{Mail, tell_each},
};

/// Writes to the active members, each in his language, that an administration is done with a procedure of their space.
///
/// # Errors
/// The database can't be asked, or written.
pub fn closed(tx: &mut Transaction<'_>, app: &App, kept: &KeptProcedure) -> Result<(), StoreError> {
    let procedure = &kept.procedure;
    let gone = || StoreError::Corrupt(format!("procedures {}: its space is gone", procedure.id));
    let space = tx.any_space(procedure.space)?.ok_or_else(gone)?;
    let members = tx.active_members(space.id, Role::ALL)?;
    tell_each(tx, &app.data_keys, &members, |language| Mail::ProcedureClosed {
        identifier: space.identifier.to_string(),
        title: space.title.as_ref().map(ToString::to_string).unwrap_or_default(),
        procedure: kept.kind.kind.titles.in_language(language).to_owned(),
    })
}
