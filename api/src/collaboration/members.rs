//! `/v1/spaces/{id}/members`: members are listed, exported, shown, edited and removed.

use actix_web::{HttpRequest, HttpResponse, delete, get, patch, web::Path};
use domain::{
    Refusal,
    collaboration::{MemberEdit, Membership, MembershipStatus, Permission, Role},
    id::{MembershipId, SpaceId},
    space::Space,
};
use persistence::{MemberFilter, Reading};

use super::{
    Outcome, keep, lock_case,
    request::EditMemberRequest,
    view::{self, MemberPage, MemberView},
};
use crate::http::{
    answer::{self, Answer, IfMatch, Prepared},
    body::Body,
    caller::{Caller, Person},
    export,
    page::Paging,
    path::PathId,
    problem::Problem,
    query::Query,
    schema::{MembershipStatusChoice, RoleChoice},
};

/// Lists the members of a professional space, in the order in which they came, or exports all of them.
///
/// Those who are in it, unless `status` asks for others; suspended and former members are shown to administrators alone.
#[utoipa::path(
    tag = "Members", operation_id = "listMembers", security(("person" = [])),
    params(
        ("id" = Uuid, Path, description = "The space's id.", example = "019d6c3e-8c00-7000-8000-000000000000"),
        ("role" = Option<RoleChoice>, Query, description = "Only members in this role.", example = "administrator"),
        ("status" = Option<MembershipStatusChoice>, Query, description = "Only those who stand so; `ended`: those who were members.", example = "active"),
        ("format" = Option<String>, Query, description = "`json` for a page, `csv` or `ndjson` for an export of all that the filters let through; without it, `Accept` says.", pattern = "^(json|csv|ndjson)$", max_length = 6, example = "json"),
        ("limit" = Option<u32>, Query, description = "How many to a page; an export has no pages.", minimum = 1, maximum = 100, example = 25),
        ("cursor" = Option<String>, Query, description = "`page.next` of the page before; empty for the first. An export begins there as well.", example = ""),
    ),
    responses(
        (status = 200, description = "A page of members, or all of them.", headers(("Link" = String, description = "The next page.")),
            content((MemberPage = "application/json"), (String = "text/csv", example = json!(view::CSV_SAMPLE)), (String = "application/x-ndjson", example = json!(view::NDJSON_SAMPLE)))),
        (status = 400, description = "`invalid_cursor`"),
        (status = 403, description = "`administrator_required`"),
        (status = 409, description = "`space_closed`"),
    )
)]
#[get("/v1/spaces/{id}/members")]
pub async fn list(request: HttpRequest, person: Person, id: Path<PathId>) -> Answer {
    let id: SpaceId = id.of();
    let mut query = Query::of(&request);
    let role = query.choice("role");
    let status = query.choice::<MembershipStatus>("status");
    let read = move |tx: &mut Reading<'_>, caller: &Caller, paging: Paging| {
        let (space, reader) = reader(tx, caller, id)?;
        if status.is_some_and(|status| status != MembershipStatus::Active) {
            reader.administrator(Permission::ManageMembers)?;
        }
        paging.list::<MemberPage>(caller, |after, most| {
            let now = tx.now();
            Permission::View.require_state(&space, now)?;
            let sees_all = Permission::ManageMembers.is_of(reader.role);
            let status = if sees_all { status } else { Some(MembershipStatus::Active) };
            let found = tx.members_of(space.id, MemberFilter { role, status, after: after.map(MembershipId) }, most)?;
            let view = |(membership, person, product)| MemberView::new(&reader, &membership, &person, &product, now);
            Ok(found.into_iter().map(view).collect())
        })
    };
    export::answer(&request, person, query, read).await
}

/// Shows a member; suspended and former ones to administrators alone.
#[utoipa::path(
    tag = "Members", operation_id = "getMember", security(("person" = [])),
    params(
        ("id" = Uuid, Path, description = "The space's id.", example = "019d6c3e-8c00-7000-8000-000000000000"),
        ("memberId" = Uuid, Path, description = "The membership's id.", example = "019d6c3e-8c00-7000-8000-000000000001"),
    ),
    responses(
        (status = 200, description = "The member.", body = MemberView, headers(("ETag" = String, description = "Its version."))),
        (status = 304, description = "It is what `If-None-Match` says."),
        (status = 409, description = "`space_closed`"),
    )
)]
#[get("/v1/spaces/{id}/members/{memberId}")]
pub async fn get(request: HttpRequest, person: Person, path: Path<(PathId, PathId)>) -> Answer {
    let (id, member) = path.into_inner();
    let (version, view) = person
        .read(move |tx, caller| {
            let (space, reader) = reader(tx, caller, id.of())?;
            let (membership, person, product) = tx.member_of(member.of(), space.id)?.ok_or(Refusal::NotFound)?;
            let is_active = membership.status_at(tx.now()) == MembershipStatus::Active;
            if !is_active && !Permission::ManageMembers.is_of(reader.role) {
                return Err(Refusal::NotFound.into());
            }
            caller.strong()?;
            Permission::View.require_state(&space, tx.now())?;
            Ok((membership.version, MemberView::new(&reader, &membership, &person, &product, tx.now())))
        })
        .await?;
    answer::versioned(&request, version, &view)
}

/// The professional space and the membership that shows it to the caller.
fn reader(tx: &mut Reading<'_>, caller: &Caller, space: SpaceId) -> Result<(Space, Membership), Problem> {
    let (space, reader) = tx.space_of(space, caller.person, caller.product)?.ok_or(Refusal::NotFound)?;
    space.require_professional()?;
    Ok((space, reader))
}

/// Changes a member's role, access scope or end date.
///
/// To take an administrator's role, or to give him an end date, wants a recent login.
#[utoipa::path(
    tag = "Members", operation_id = "editMember", security(("person" = [])),
    request_body(content = EditMemberRequest, content_type = "application/merge-patch+json"),
    params(
        ("id" = Uuid, Path, description = "The space's id.", example = "019d6c3e-8c00-7000-8000-000000000000"),
        ("memberId" = Uuid, Path, description = "The membership's id.", example = "019d6c3e-8c00-7000-8000-000000000001"),
        ("If-Match" = String, Header, description = "The `ETag` of the version that is edited.", example = "*"),
    ),
    responses(
        (status = 200, description = "The member as he is now.", body = MemberView, headers(("ETag" = String, description = "Its version."))),
        (status = 403, description = "`administrator_required`"),
        (status = 409, description = "`last_administrator` with `spaces`, `member_ended`, `space_closed`, `space_suspended`"),
        (status = 412, description = "`version_changed`"),
        (status = 428, description = "`if_match_required`"),
    )
)]
#[patch("/v1/spaces/{id}/members/{memberId}")]
pub async fn edit(
    request: HttpRequest,
    person: Person,
    path: Path<(PathId, PathId)>,
    body: Body<EditMemberRequest>,
) -> Answer {
    let (id, member) = path.into_inner();
    let if_match = IfMatch::of(&request);
    let app = person.app();
    let (version, view) = person
        .write(move |tx, caller| {
            let case = lock_case(tx, caller, (id.of(), member.of()), Outcome::MayBeAble)?;
            let demotes = case.member.role == Role::Administrator && body.wants(MemberEdit::demotes);
            let edit = body.open(caller.strong_where(demotes)?)?;
            if_match.require(case.member.version)?;
            let change =
                case.administrator()?.edit_member(&case.space, &case.roster, case.member.id, edit, tx.now())?;
            keep(tx, &app, caller, (&case.space, &case.person), &change)?;
            let view = MemberView::new(&case.decider, change.after(), &case.person, &case.product, tx.now());
            Ok((change.after().version, view))
        })
        .await?;
    Ok(Prepared::ok(&view)?.versioned(version).send())
}

/// Ends a membership for good; one's own too, which is to leave.
///
/// To remove an administrator wants a recent login.
#[utoipa::path(
    tag = "Members", operation_id = "removeMember", security(("person" = [])),
    params(
        ("id" = Uuid, Path, description = "The space's id.", example = "019d6c3e-8c00-7000-8000-000000000000"),
        ("memberId" = Uuid, Path, description = "The membership's id.", example = "019d6c3e-8c00-7000-8000-000000000001"),
        ("If-Match" = String, Header, description = "The `ETag` of the version that is removed.", example = "*"),
    ),
    responses(
        (status = 204, description = "The membership is over."),
        (status = 403, description = "`administrator_required`"),
        (status = 409, description = "`last_administrator` with `spaces`, `member_ended`, `space_closed`, `space_suspended`"),
        (status = 412, description = "`version_changed`"),
        (status = 428, description = "`if_match_required`"),
    )
)]
#[delete("/v1/spaces/{id}/members/{memberId}")]
pub async fn remove(request: HttpRequest, person: Person, path: Path<(PathId, PathId)>) -> Answer {
    let (id, member) = path.into_inner();
    let if_match = IfMatch::of(&request);
    let app = person.app();
    person
        .write(move |tx, caller| {
            let case = lock_case(tx, caller, (id.of(), member.of()), Outcome::IsNotAble)?;
            caller.strong_where(case.member.role == Role::Administrator)?;
            if_match.require(case.member.version)?;
            let change = case.administrator()?.remove_member(&case.space, &case.roster, case.member.id, tx.now())?;
            keep(tx, &app, caller, (&case.space, &case.person), &change)
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
