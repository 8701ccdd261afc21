//! What comes to certifications by the clock, and to those of agents with what they hang on.

use std::collections::BTreeSet;

use domain::{
    audit::Actor,
    certification::CertificationChange,
    id::{CertificationId, SpaceId},
};
use persistence::{StoreError, Transaction};

use super::{keep, notice::Said, write_to_administrators};
use crate::app::App;

/// Keeps that certifications are over whose end has come.
pub fn expire(app: &App, tx: &mut Transaction<'_>) -> Result<bool, StoreError> {
    let (over, is_more) = tx.lock_certifications_to_expire()?;
    let mut is_any = false;
    for certification in over {
        let Some(change) = certification.expired(tx.now()) else { continue };
        turn(app, tx, &change)?;
        is_any = true;
    }
    Ok(is_more && is_any)
}

/// Warns the administrators of spaces whose certifications end soon.
pub fn warn(app: &App, tx: &mut Transaction<'_>) -> Result<bool, StoreError> {
    let (ending, is_more) = tx.take_certifications_to_warn()?;
    for certification in ending {
        let Some(end) = certification.ends_at else { continue };
        or_told(certification.id, write_to_administrators(tx, app, &certification, Said::Ends(end)))?;
    }
    Ok(is_more)
}

/// Tells the spaces of agents what became of their principals' certifications.
pub fn heed_principals(app: &App, tx: &mut Transaction<'_>) -> Result<bool, StoreError> {
    let (agents, is_more) = tx.take_agents_to_tell()?;
    for agent in agents {
        let Some(change) = agent.heed_principal(tx.now()) else { continue };
        turn(app, tx, &change)?;
    }
    Ok(is_more)
}

/// Withdraws the certifications of spaces that are purged; their history stays.
pub fn end_with_spaces(app: &App, tx: &mut Transaction<'_>, spaces: &BTreeSet<SpaceId>) -> Result<(), StoreError> {
    for certification in tx.lock_certifications_of(spaces)? {
        let Some(change) = certification.purged(tx.now()) else { continue };
        turn(app, tx, &change)?;
    }
    Ok(())
}

/// Keeps a change that nobody made.
fn turn(app: &App, tx: &mut Transaction<'_>, change: &CertificationChange) -> Result<(), StoreError> {
    or_told(change.after().id, keep(tx, app, Actor::System, change))
}

/// What can't be read of one certification keeps no other from its turn; an operator is told.
fn or_told(id: CertificationId, told: Result<(), StoreError>) -> Result<(), StoreError> {
    match told {
        Err(StoreError::Corrupt(error)) => {
            tracing::error!(error, certification_id = %id, "a space can't be told of its certification");
            Ok(())
        }
        told => told,
    }
}
