//! What comes to an invitation by the clock: its invitee is reminded before it expires.

use domain::{collaboration::Roster, id::SpaceId};
use persistence::{StoreError, Transaction};

use super::letters;
use crate::app::App;

/// Reminds the invitees of invitations that expire soon; one that nobody answers for any more reminds nobody.
pub fn remind(app: &App, tx: &mut Transaction<'_>) -> Result<bool, StoreError> {
    let (due, is_more) = tx.lock_invitations_to_remind()?;
    let spaces: Vec<SpaceId> = due.iter().map(|(_, space)| space.id).collect();
    let rosters = tx.rosters(&spaces)?;
    let nobody = Roster::default();
    for (invitation, space) in due {
        let roster = rosters.get(&space.id).unwrap_or(&nobody);
        let (reminded, is_pending) = invitation.reminded(&space, roster, tx.now());
        tx.save_invitation(&reminded)?;
        if is_pending {
            tx.send_mail(&letters::reminder(&space, &invitation).seal(&app.data_keys))?;
        }
    }
    Ok(is_more)
}
