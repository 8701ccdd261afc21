//! `/v1/spaces/{id}/invitations/bulk`: many are invited at once, each for himself.

use actix_web::{HttpRequest, post, web::Path};
use domain::{
    collaboration::{Invitation, InvitationChange, Permission, Roster, invitation::Rivals},
    id::SpaceId,
    text::Language,
};
use persistence::Transaction;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Host, keep_new,
    request::{InviteManyRequest, Wish},
    view::InvitationView,
};
use crate::http::{
    answer::{Answer, Prepared},
    body::Body,
    bulk::BulkRefusalView,
    caller::Person,
    idempotency::Once,
    language,
    path::PathId,
    problem::Problem,
    query::Query,
};

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = "created")]
#[serde(rename_all = "snake_case")]
pub enum BulkOutcome {
    /// Somebody is invited.
    Created,
    /// Somebody would be, if this were no dry run.
    Valid,
    /// Nobody is; `refusal` says why.
    Refused,
}

/// What became of a row.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BulkResult)]
pub struct BulkResultView {
    /// What.
    outcome: BulkOutcome,
    /// The invitation, if one was created.
    #[schema(nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    invitation: Option<InvitationView>,
    /// Why not, if it was refused.
    #[schema(nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<BulkRefusalView>,
}

/// What became of all rows.
#[derive(Debug, Serialize, ToSchema)]
pub struct BulkResults {
    /// One for each row, in their order.
    results: Vec<BulkResultView>,
}

/// Invites up to 50 persons at once, each for himself: a row that is refused keeps no other from being kept.
///
/// What is no invitation by its form refuses the request; a row whose values are wrong, or that the rules refuse, is
/// answered in its place. Of two rows with the same product the second is refused. A dry run keeps nothing and mails
/// nobody. An `Idempotency-Key` stands for the request with its query.
#[utoipa::path(
    tag = "Invitations", operation_id = "inviteMany", request_body = InviteManyRequest, security(("person" = [])),
    params(
        ("id" = Uuid, Path, description = "The space's id.", example = "019d6c3e-8c00-7000-8000-000000000000"),
        ("dryRun" = Option<bool>, Query, description = "Whether to say only what would become of each row.", example = false),
    ),
    responses(
        (status = 200, description = "What became of each row.", body = BulkResults),
        (status = 403, description = "`administrator_required`"),
        (status = 409, description = "`space_closed`, `space_suspended`"),
    )
)]
#[post("/v1/spaces/{id}/invitations/bulk")]
pub async fn invite_many(
    request: HttpRequest,
    person: Person,
    id: Path<PathId>,
    body: Body<InviteManyRequest>,
) -> Answer {
    let id: SpaceId = id.of();
    let language = language::preferred(request.headers());
    let mut query = Query::of(&request);
    let is_dry_run = query.flag("dryRun").unwrap_or(false);
    let once = Once::of(&request, &body).by_administrator_of(id, Permission::Invite);
    let app = person.app();
    person
        .write_once(once, move |tx, caller| {
            let host = Host::lock(tx, caller, id)?;
            let strong = caller.strong()?;
            query.end()?;
            let rows = body.open(strong)?;
            Permission::Invite.require_state(&host.space, tx.now())?;
            let roster = tx.roster(id)?;
            let mut tried = vec![];
            let mut results = vec![];
            for row in rows {
                let invited = row.and_then(|wish| decide(tx, &host, wish, &tried));
                results.push(match invited {
                    Ok(invited) if is_dry_run => {
                        tried.push(invited);
                        BulkResultView::of(BulkOutcome::Valid)
                    }
                    Ok(invited) => {
                        keep_new(tx, &app, (&host, caller), &invited)?;
                        BulkResultView::created(&host, invited.0.invitation(), &roster, tx)
                    }
                    Err(problem) if problem.code.status().is_client_error() => {
                        BulkResultView::refused(&problem, language)
                    }
                    Err(problem) => return Err(problem),
                });
            }
            Prepared::ok(&BulkResults { results })
        })
        .await
}

/// Decides on a row after those that were only tried: they are not in the database.
fn decide(
    tx: &mut Transaction<'_>,
    host: &Host,
    wish: Wish,
    tried: &[(InvitationChange, Option<InvitationChange>)],
) -> Result<(InvitationChange, Option<InvitationChange>), Problem> {
    let kept = tx.rivals_of(host.person.id, host.space.id, &wish.0.serial)?;
    let twin =
        tried.iter().map(|(invited, _)| invited.invitation()).find(|tried| tried.invitee.serial == wish.0.serial);
    let made = u32::try_from(tried.len()).unwrap_or(u32::MAX);
    let added = tried.iter().filter(|(_, replaced)| replaced.is_none()).count();
    let rivals = Rivals {
        pending: kept.pending.saturating_add(u32::try_from(added).unwrap_or(u32::MAX)),
        same: twin.cloned().or(kept.same),
        is_member: kept.is_member,
        made_lately: kept.made_lately.saturating_add(made),
    };
    Ok(host.administrator()?.invite(tx.new_id(), &host.space, wish, rivals, tx.now())?)
}

impl BulkResultView {
    fn of(outcome: BulkOutcome) -> Self {
        Self { outcome, invitation: None, refusal: None }
    }

    fn created(host: &Host, invitation: &Invitation, roster: &Roster, tx: &Transaction<'_>) -> Self {
        let view = InvitationView::new(invitation, &host.person, &host.space, roster, tx.now());
        Self { invitation: Some(view), ..Self::of(BulkOutcome::Created) }
    }

    fn refused(problem: &Problem, language: Language) -> Self {
        Self { refusal: Some(BulkRefusalView::new(problem, language)), ..Self::of(BulkOutcome::Refused) }
    }
}
