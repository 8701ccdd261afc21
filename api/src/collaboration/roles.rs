//! `/v1/roles`, and what the caller may do in a space: told from the table by which acts are allowed.

use actix_web::{HttpRequest, get, web::Path};
use domain::{
    Coded,
    collaboration::{Permission, Role, Standing},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::{
    answer::{self, Answer},
    caller::{Anyone, Person},
    language::{self, Text},
    page::PageView,
    path::PathId,
    problem::Problem,
    schema::{Choice, PermissionChoice, RoleChoice, SystemRightChoice},
};

/// What people call a role.
pub fn name(role: Role) -> Text {
    match role {
        Role::Administrator => {
            Text { fr: "administrateur", de: "Administrator", en: "administrator", lb: "Administrateur" }
        }
        Role::Manager => Text { fr: "gestionnaire", de: "Verwalter", en: "manager", lb: "Gestionnaire" },
        Role::Contributor => Text { fr: "contributeur", de: "Mitwirkender", en: "contributor", lb: "Mataarbechter" },
        Role::Reader => Text { fr: "lecteur", de: "Leser", en: "reader", lb: "Lieser" },
    }
}

/// A role, and what it may do.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RolePermissions)]
pub struct RoleView {
    /// The role.
    role: RoleChoice,
    /// What people call it, in the caller's language.
    #[schema(example = "administrateur")]
    name: &'static str,
    /// What it may do.
    permissions: Vec<PermissionChoice>,
}

/// A list of roles.
#[derive(Debug, Serialize, ToSchema)]
pub struct RolePage {
    /// The roles; the first may most.
    data: Vec<RoleView>,
    /// All of them are on one page.
    page: PageView,
}

/// Lists the roles that members have, and what each may do.
#[utoipa::path(
    tag = "Members", operation_id = "listRoles", security(("person" = [])),
    responses((status = 200, description = "The roles.", body = RolePage))
)]
#[get("/v1/roles")]
pub async fn list(request: HttpRequest, person: Person) -> Answer {
    person.read(|_, caller| caller.strong()).await?;
    let language = language::preferred(request.headers());
    let view = |role: &Role| {
        let permissions = Permission::ALL.iter().filter(|permission| permission.is_of(*role));
        RoleView {
            role: Choice(*role),
            name: name(*role).in_language(language),
            permissions: permissions.copied().map(Choice).collect(),
        }
    };
    answer::ok(&RolePage { data: Role::ALL.iter().map(view).collect(), page: PageView::whole() })
}

/// Whether the caller may do something.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Permitted)]
pub struct PermittedView {
    /// What.
    permission: PermissionChoice,
    /// Whether he may, now and with this login.
    allowed: bool,
    /// Why not: the codes of the problems that the act would be refused with.
    #[schema(example = json!(["administrator_required"]))]
    reasons: Vec<&'static str>,
}

/// What the caller may do in a space.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Permissions)]
pub struct PermissionsView {
    /// His role; absent for software.
    #[schema(nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<RoleChoice>,
    /// The rights of software that it has now and its token is for; absent for persons.
    #[schema(nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    rights: Option<Vec<SystemRightChoice>>,
    /// Everything that members may do.
    permissions: Vec<PermittedView>,
}

/// Tells what the caller may do in a space, and why not the rest.
#[utoipa::path(
    tag = "Members", operation_id = "getPermissions", security(("person" = []), ("systemUser" = [])),
    params(("id" = Uuid, Path, description = "The space's id.", example = "019d6c3e-8c00-7000-8000-000000000000")),
    responses((status = 200, description = "What he may do.", body = PermissionsView))
)]
#[get("/v1/spaces/{id}/permissions")]
pub async fn of_space(anyone: Anyone, id: Path<PathId>) -> Answer {
    let app = anyone.app();
    let permissions = anyone
        .read(move |tx, caller| {
            let (space, standing) = caller.space(tx, id.of())?;
            caller.strong()?;
            let now = tx.now();
            let permitted = |permission: &Permission| {
                let login = operation(*permission).and_then(|id| app.config.levels.always(id));
                let hindrances = [
                    standing.require(*permission),
                    login.map_or(Ok(()), |strength| caller.require_login(strength, now)),
                    permission.require_state(&space, now),
                ];
                let hindrances = hindrances.into_iter().filter_map(Result::err);
                let reasons: Vec<_> = hindrances.map(|refusal| Problem::from(refusal).code.code()).collect();
                PermittedView { permission: Choice(*permission), allowed: reasons.is_empty(), reasons }
            };
            let permissions = Permission::ALL.iter().map(permitted).collect();
            let (role, rights) = match &standing {
                Standing::Member(membership) => (Some(Choice(membership.role)), None),
                Standing::SystemUser(rights) => (None, Some(rights.iter().map(Choice).collect())),
            };
            Ok(PermissionsView { role, rights, permissions })
        })
        .await?;
    answer::ok(&permissions)
}

/// The operation whose login a permission wants, where there is one.
fn operation(permission: Permission) -> Option<&'static str> {
    match permission {
        Permission::View => Some("getSpace"),
        Permission::EditSpace => Some("editSpace"),
        Permission::ManageMembers => Some("editMember"),
        Permission::Invite => Some("invite"),
        Permission::ApproveSystemUsers => Some("approveSystemUser"),
        Permission::ManageCertifications => Some("requestCertification"),
        Permission::ReadAuditLog => Some("listSpaceAuditEvents"),
        Permission::CloseSpace => Some("closeSpace"),
        Permission::RestoreSpace => Some("restoreSpace"),
        Permission::Draft | Permission::Sign => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::strength::Levels;

    #[test]
    fn the_operation_of_a_permission_is_one() {
        for permission in Permission::ALL {
            let is_known = operation(*permission).is_none_or(|id| Levels::default().always(id).is_some());
            assert!(is_known, "{permission:?}");
        }
    }
}
