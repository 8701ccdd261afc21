//! What is written of answers: to which source, and nothing of what was reported or answered.

use domain::{Coded, collaboration::Role, source::Verification, space::Space};
use persistence::{StoreError, Transaction};

use crate::{
    app::App,
    mail::{Mail, tell_each},
};

/// Writes to who reported a discrepancy that it was answered; where he is no active member any more, to the administrators, each in his
/// language.
///
/// # Errors
/// The database can't be asked, or written.
pub fn answered(
    tx: &mut Transaction<'_>,
    app: &App,
    space: &Space,
    verification: &Verification,
) -> Result<(), StoreError> {
    let mut readers = tx.active_members(space.id, Role::ALL)?;
    readers.retain(|member| member.id == verification.person);
    if readers.is_empty() {
        readers = tx.active_members(space.id, &[Role::Administrator])?;
    }
    let source = tx.authentic_source(&verification.source)?;
    tell_each(tx, &app.data_keys, &readers, |language| {
        let called = source.as_ref().map(|found| found.source.titles.in_language(language).to_owned());
        Mail::DiscrepancyAnswered {
            identifier: space.identifier.to_string(),
            title: space.title.as_ref().map(ToString::to_string).unwrap_or_default(),
            // One that is not offered any more is called by its code.
            source: called.unwrap_or_else(|| verification.source.to_string()),
        }
    })
}
