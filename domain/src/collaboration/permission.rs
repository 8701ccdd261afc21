//! What each role may do: the one table (domain.md §3), by which acts are allowed and clients are told of it.

use super::{Role, SystemRight};
use crate::{Instant, Refusal, coded::coded, space::Space};

coded! {
    /// What members may do in a space, by the least role that may.
    Permission {
        /// See the space, its members and its company profile.
        View = "view",
        /// Draft, edit and attach to procedures.
        Draft = "draft",
        /// Sign, send, withdraw, reply and confirm; verify records, and report discrepancies.
        Sign = "sign",
        /// Edit title, language, address of notices and company profile.
        EditSpace = "edit_space",
        /// Change, suspend, resume and remove members, and answer who asks to join.
        ManageMembers = "manage_members",
        /// Invite, resend and cancel invitations.
        Invite = "invite",
        /// Approve, change, suspend, resume and end system users.
        ApproveSystemUsers = "approve_system_users",
        /// Ask for, activate and give up certifications, hand out access codes to agents, and end what they do.
        ManageCertifications = "manage_certifications",
        /// Read and export the audit log.
        ReadAuditLog = "read_audit_log",
        /// Close the space.
        CloseSpace = "close_space",
        /// Restore the closed space.
        RestoreSpace = "restore_space",
    }
}

impl Permission {
    /// The least role that has it (view, draft, sign: our choice as far as contributor and reader go; the rest F).
    pub fn least_role(self) -> Role {
        match self {
            Self::View => Role::Reader,
            Self::Draft => Role::Contributor,
            Self::Sign => Role::Manager,
            Self::EditSpace
            | Self::ManageMembers
            | Self::Invite
            | Self::ApproveSystemUsers
            | Self::ManageCertifications
            | Self::ReadAuditLog
            | Self::CloseSpace
            | Self::RestoreSpace => Role::Administrator,
        }
    }

    /// The right by which software has it; most are for persons alone.
    pub fn system_right(self) -> Option<SystemRight> {
        match self {
            Self::View => Some(SystemRight::Read),
            Self::Draft => Some(SystemRight::Draft),
            Self::Sign
            | Self::EditSpace
            | Self::ManageMembers
            | Self::Invite
            | Self::ApproveSystemUsers
            | Self::ManageCertifications
            | Self::ReadAuditLog
            | Self::CloseSpace
            | Self::RestoreSpace => None,
        }
    }

    /// Whether a role has it.
    pub fn is_of(self, role: Role) -> bool {
        // Roles stand in the order of what they may, the greatest first.
        role <= self.least_role()
    }

    /// A role that has it.
    ///
    /// # Errors
    /// [`Refusal::AdministratorRequired`] where only administrators have it, otherwise [`Refusal::RoleInsufficient`].
    pub fn require_role(self, role: Role) -> Result<(), Refusal> {
        match self.least_role() {
            _ if self.is_of(role) => Ok(()),
            Role::Administrator => Err(Refusal::AdministratorRequired),
            _ => Err(Refusal::RoleInsufficient),
        }
    }

    /// A space in which it can be used now. Where a space is closed its log is still read, and it can be restored.
    ///
    /// # Errors
    /// Those of [`Space::require_in_use`] or [`Space::require_open`], those of restoring, and [`Refusal::NotFound`] for
    /// the members of a private space, which has none but its owner.
    pub fn require_state(self, space: &Space, now: Instant) -> Result<(), Refusal> {
        match self {
            Self::ReadAuditLog => Ok(()),
            Self::View => space.require_in_use(),
            Self::RestoreSpace => space.require_restorable(now),
            Self::ManageMembers | Self::Invite | Self::ApproveSystemUsers | Self::ManageCertifications => {
                space.require_professional()?;
                space.require_open()
            }
            Self::Draft | Self::Sign | Self::EditSpace | Self::CloseSpace => space.require_open(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Coded, collaboration::member::tests::space as founded, space::SpaceKind};

    #[test]
    fn each_role_may_all_that_the_next_one_may_and_more() {
        use Permission::{Draft, Sign, View};
        let of = |role| Permission::ALL.iter().copied().filter(|permission| permission.is_of(role)).collect::<Vec<_>>();
        assert_eq!(of(Role::Administrator), Permission::ALL);
        assert_eq!(of(Role::Manager), [View, Draft, Sign]);
        assert_eq!(of(Role::Contributor), [View, Draft]);
        assert_eq!(of(Role::Reader), [View]);
    }

    #[test]
    fn what_the_table_says_of_closing_and_restoring_is_what_happens() {
        let open = founded();
        let closed = open.closed(open.created_at).unwrap();
        for space in [&open, &closed] {
            let now = space.updated_at;
            assert_eq!(Permission::CloseSpace.require_state(space, now).err(), space.closed(now).err());
            let restored = Permission::RestoreSpace.require_state(space, now);
            assert_eq!(restored.is_ok(), space.closure.is_some());
        }
        assert_eq!(Permission::View.require_state(&closed, open.created_at), Err(Refusal::SpaceClosed));
        assert_eq!(Permission::ReadAuditLog.require_state(&closed, open.created_at), Ok(()));
        let private = Space { kind: SpaceKind::Private, title: None, ..open };
        assert_eq!(Permission::ManageMembers.require_state(&private, private.created_at), Err(Refusal::NotFound));
    }

    #[test]
    fn who_lacks_an_administrators_permission_is_told_so() {
        assert_eq!(Permission::Sign.require_role(Role::Manager), Ok(()));
        assert_eq!(Permission::Sign.require_role(Role::Contributor), Err(Refusal::RoleInsufficient));
        assert_eq!(Permission::EditSpace.require_role(Role::Manager), Err(Refusal::AdministratorRequired));
    }
}
