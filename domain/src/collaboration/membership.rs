//! Memberships, and the capabilities that a role gives.

use super::{Permission, Roster};
use crate::{
    Fault, Instant, Refusal,
    audit::Chain,
    coded::coded,
    id::{MembershipId, PersonId, ProductId, SpaceId},
    identity::{Person, Product},
    space::{CompanyProfile, Space, SpaceEdit, SpaceKind},
    text::EmailAddress,
};

coded! {
    /// Roles in a space (administrator, manager: F; contributor, reader: our choice; domain.md §3).
    Role {
        /// Grants and revokes access, and edits the space.
        Administrator = "administrator",
        /// Signs and sends.
        Manager = "manager",
        /// Drafts.
        Contributor = "contributor",
        /// Reads.
        Reader = "reader",
    }
}

coded! {
    /// With which of his products a member gets in (domain.md §3, F).
    AccessScope {
        /// Only with the one named.
        ThisProduct = "this_product",
        /// With every one.
        AllProducts = "all_products",
    }
}

coded! {
    /// Whether a membership gives anything.
    MembershipStatus {
        /// It does.
        Active = "active",
        /// An administrator suspended it.
        Suspended = "suspended",
        /// It is over.
        Ended = "ended",
    }
}

/// One person in one space.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// Which membership this is.
    pub id: MembershipId,
    /// Where.
    pub space: SpaceId,
    /// Who.
    pub person: PersonId,
    /// As what.
    pub role: Role,
    /// With which products.
    pub scope: AccessScope,
    /// The product that it came with: the only one that gets in where the scope is [`AccessScope::ThisProduct`].
    pub product: ProductId,
    /// Whether it gives anything.
    pub status: MembershipStatus,
    /// When it ends by itself, if it does.
    pub ends_at: Option<Instant>,
    /// Since when.
    pub created_at: Instant,
    /// Counts its changes: what `If-Match` is compared with.
    pub version: u32,
}

/// The right to do what administrators do, for as long as the membership is at hand.
#[derive(Debug)]
pub struct Administrator<'a>(&'a Membership);

impl Membership {
    /// Whether its scope lets this product in, one of the person's.
    pub fn admits(&self, product: ProductId) -> bool {
        match self.scope {
            AccessScope::AllProducts => true,
            AccessScope::ThisProduct => self.product == product,
        }
    }

    /// Whether it gives anything now: one whose end date has come is over, whatever its row says.
    pub fn status_at(&self, now: Instant) -> MembershipStatus {
        if self.ends_at.is_some_and(|end| end <= now) { MembershipStatus::Ended } else { self.status }
    }

    /// The membership as an administrator's, for an act that takes one.
    ///
    /// # Errors
    /// [`Refusal::AdministratorRequired`] for any other role.
    pub fn administrator(&self, act: Permission) -> Result<Administrator<'_>, Refusal> {
        debug_assert_eq!(act.least_role(), Role::Administrator);
        act.require_role(self.role)?;
        Ok(Administrator(self))
    }
}

impl Administrator<'_> {
    pub(crate) fn membership(&self) -> &Membership {
        self.0
    }

    /// The space's audit log, which no other role reads (domain.md §3, C).
    pub fn audit_log(&self) -> Chain {
        Chain::Space(self.0.space)
    }

    /// Edits title, language and address of notices; a new address is confirmed only if it is the editor's own.
    ///
    /// # Errors
    /// The space is not open, or a title is given to a private one.
    pub fn edit(&self, space: &Space, edit: SpaceEdit, editor: &Person, now: Instant) -> Result<Space, Refusal> {
        debug_assert_eq!((self.0.space, self.0.person), (space.id, editor.id));
        Permission::EditSpace.require_state(space, now)?;
        if edit.title.is_some() && space.kind == SpaceKind::Private {
            return Err(Refusal::Field { field: "title", fault: Fault::NotApplicable });
        }
        let mut edited = space.clone();
        edited.title = edit.title.or(edited.title);
        edited.language = edit.language.unwrap_or(edited.language);
        if let Some(address) = edit.notification_email {
            let confirmed_before =
                edited.notification_email_confirmed && address.is_same_mailbox(&edited.notification_email);
            edited.notification_email_confirmed = confirmed_before || address.is_same_mailbox(&editor.email);
            edited.notification_email = address;
        }
        if edited != *space {
            edited = edited.counted(now);
        }
        Ok(edited)
    }

    /// The space once the code that was sent to `address` came back.
    ///
    /// # Errors
    /// The space is not open, or its notices go to another address by now.
    pub fn confirm_notification_email(
        &self,
        space: &Space,
        address: &EmailAddress,
        now: Instant,
    ) -> Result<Space, Refusal> {
        debug_assert_eq!(self.0.space, space.id);
        Permission::EditSpace.require_state(space, now)?;
        if !address.is_same_mailbox(&space.notification_email) {
            return Err(Refusal::NothingToConfirm);
        }
        Ok(Space { notification_email_confirmed: true, ..space.clone() }.counted(now))
    }

    /// Replaces the company profile, and names the fields that change.
    ///
    /// # Errors
    /// The space is private, or not open.
    pub fn replace_profile(
        &self,
        space: &Space,
        before: &CompanyProfile,
        after: &CompanyProfile,
    ) -> Result<Vec<&'static str>, Refusal> {
        debug_assert_eq!(self.0.space, space.id);
        space.require_professional()?;
        space.require_open()?;
        Ok(after.changed_since(before))
    }

    /// Closes the space, which frees its place at once.
    ///
    /// # Errors
    /// The space is not open.
    pub fn close(&self, space: &Space, now: Instant) -> Result<Space, Refusal> {
        debug_assert_eq!(self.0.space, space.id);
        space.closed(now)
    }

    /// Restores the closed space, if the product that opened it has a place, and somebody is able to administer it: the
    /// roster is read under the space's lock.
    ///
    /// # Errors
    /// The space is not closed, its time is over, the limit of the product is reached, or nobody is able.
    pub fn restore(
        &self,
        space: &Space,
        roster: &Roster,
        opener: &Product,
        spaces_used: u32,
        now: Instant,
    ) -> Result<Space, Refusal> {
        debug_assert_eq!(self.0.space, space.id);
        let restored = space.restored(opener, spaces_used, now)?;
        roster.require_able_administrator(space)?;
        Ok(restored)
    }
}
