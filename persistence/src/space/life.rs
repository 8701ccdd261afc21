//! Spaces that are closed, restored and purged: what is locked for it, and who is told.

use std::collections::BTreeSet;

use diesel::prelude::*;
use domain::{
    Coded, Instant,
    collaboration::{Membership, MembershipStatus},
    id::{PersonId, ProductId, SpaceId},
    identity::Product,
    space::{
        Space, SpaceState,
        life::{REMINDED, REMINDING},
    },
};

use super::SpaceRow;
use crate::{
    error::StoreError,
    recurring::{PURGED_AT_ONCE, is_full},
    row::{Row, stamp},
    schema::{company_profiles, invitations, memberships, spaces},
    transaction::Transaction,
};

/// What was read; an operator is told of what can't be.
fn or_told<T>(read: Result<T, StoreError>) -> Option<T> {
    read.inspect_err(|error| tracing::error!(%error, "a closed space can't be read; it is passed over")).ok()
}

impl Transaction<'_> {
    /// Locks a space that this person sees with this product, after the product that opened it: whether the space takes
    /// a place of that product is decided under both locks.
    pub fn lock_space_and_opener(
        &mut self,
        id: SpaceId,
        person: PersonId,
        product: ProductId,
    ) -> Result<Option<(Product, Space, Membership)>, StoreError> {
        let Some((space, _)) = self.space_of(id, person, product)? else { return Ok(None) };
        let opener = self.lock_product(space.opened_with)?;
        let found = self.lock_space_of(id, person, product)?;
        Ok(found.map(|(space, membership)| (opener, space, membership)))
    }

    /// Locks closed spaces, at most a hundred, that can't be restored any more. Says whether there may be more.
    pub fn lock_spaces_to_purge(&mut self) -> Result<(Vec<Space>, bool), StoreError> {
        self.lock_closed(self.now(), Some(self.now() - REMINDED))
    }

    /// Locks closed spaces, at most a hundred, of whose coming purge nobody was reminded. Says whether there may be
    /// more.
    pub fn lock_spaces_to_remind(&mut self) -> Result<(Vec<Space>, bool), StoreError> {
        self.lock_closed(self.now() + REMINDING, None)
    }

    /// A restoring that comes first leaves nothing to lock; one that comes later finds what was made of the space. A row
    /// that holds what no rule lets in is passed over, for the others' sake.
    fn lock_closed(
        &mut self,
        until: Instant,
        reminded_until: Option<Instant>,
    ) -> Result<(Vec<Space>, bool), StoreError> {
        let closed = || {
            let closed = spaces::table.filter(spaces::state.eq(SpaceState::Closed.code())).into_boxed();
            let closed = closed.filter(spaces::purge_at.le(stamp(until)));
            match reminded_until {
                Some(before) => closed.filter(spaces::purge_reminded_at.le(stamp(before))),
                None => closed.filter(spaces::purge_reminded_at.is_null()),
            }
        };
        let ids: Vec<String> =
            self.run(|db| closed().order(spaces::purge_at).limit(PURGED_AT_ONCE).select(spaces::id).get_results(db))?;
        let locked = ids.iter().map(|id| Row { table: "spaces", id }.id::<SpaceId>(id));
        let locked: BTreeSet<_> = locked.filter_map(or_told).collect();
        self.lock_spaces(&locked)?;
        let rows: Vec<SpaceRow> =
            self.run(|db| closed().filter(spaces::id.eq_any(&ids)).select(SpaceRow::as_select()).get_results(db))?;
        let spaces: Vec<_> = rows.into_iter().map(SpaceRow::read).filter_map(or_told).collect();
        // Where all of them are passed over, the next ones would be the same.
        let is_more = is_full(&ids) && !spaces.is_empty();
        Ok((spaces, is_more))
    }

    /// Keeps a locked space that was purged: nobody is in it or invited any more, no software is, it has no drafts, and nothing is said of its company.
    pub fn save_purged_space(&mut self, space: &Space) -> Result<(), StoreError> {
        self.save_space(space)?;
        let left = memberships::table.filter(memberships::space_id.eq(space.id.to_string()));
        let ended = memberships::status.eq(MembershipStatus::Ended.code());
        let profile = company_profiles::table.find(space.id.to_string());
        let invited = invitations::table.filter(invitations::space_id.eq(space.id.to_string()));
        self.run(|db| {
            diesel::update(left).set(ended).execute(db)?;
            diesel::delete(invited).execute(db)?;
            diesel::delete(profile).execute(db)
        })?;
        self.delete_system_users_of(space.id)?;
        self.delete_drafts_of(space.id)?;
        self.withdraw_recovery_of(space.id)?;
        self.forget_applications_of(space.id)?;
        self.forget_join_requests_to(space.id)
    }
}
