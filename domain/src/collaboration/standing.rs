//! As what a caller is in a space: a person by a membership, software by the rights of its token.

use super::{Membership, Permission, SystemRights};
use crate::Refusal;

/// As what a caller is in a space.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// A member.
    Member(Membership),
    /// A company's own software, with these rights.
    SystemUser(SystemRights),
}

impl Standing {
    /// A permission, whoever asks: a member has it by his role, software by a right, and most of them never.
    ///
    /// # Errors
    /// Those of [`Permission::require_role`]; of software [`Refusal::NotForSystemUsers`] or [`Refusal::RightNotGranted`].
    pub fn require(&self, act: Permission) -> Result<(), Refusal> {
        match self {
            Self::Member(membership) => act.require_role(membership.role),
            Self::SystemUser(rights) => rights.require(act.system_right().ok_or(Refusal::NotForSystemUsers)?),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Coded,
        collaboration::{Role, SystemRight, roster::tests::member},
    };

    #[test]
    fn software_has_what_its_rights_say_and_never_what_is_for_persons() {
        let all = Standing::SystemUser(SystemRight::ALL.iter().copied().collect());
        let may = |permission: &&Permission| all.require(**permission).is_ok();
        assert_eq!(Permission::ALL.iter().filter(may).collect::<Vec<_>>(), [&Permission::View, &Permission::Draft]);
        assert_eq!(all.require(Permission::Sign), Err(Refusal::NotForSystemUsers));
        let none = Standing::SystemUser(SystemRights::default());
        let missing = Refusal::RightNotGranted { right: SystemRight::Read };
        assert_eq!(none.require(Permission::View), Err(missing));
        assert_eq!(none.require(Permission::CloseSpace), Err(Refusal::NotForSystemUsers));
    }

    #[test]
    fn a_member_has_what_his_role_says() {
        let mut membership = member(1).membership;
        membership.role = Role::Reader;
        let reader = Standing::Member(membership);
        assert_eq!(reader.require(Permission::View), Ok(()));
        assert_eq!(reader.require(Permission::Draft), Err(Refusal::RoleInsufficient));
    }
}
