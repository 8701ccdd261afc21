//! `/v1/spaces/{id}/authentic-sources/{code}/records/{recordId}/verifications`: a space says that a record is right, or where it is not.

use actix_web::{HttpRequest, get, post, web::Path};
use domain::{
    Fault, Refusal,
    audit::{AuditAct, Chain, Event},
    collaboration::Permission,
    id::{SpaceId, VerificationId},
    partner::{PartnerEvent, PartnerEventKind},
    source::{SourceWithForm, VerificationStatus},
};
use persistence::KeptVerification;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{member_of, record_for, request::VerifyRecordRequest};
use crate::{
    http::{
        answer::{Answer, Prepared},
        body::Body,
        caller::Person,
        field::FieldError,
        idempotency::Once,
        page::{PageView, Paging, page},
        path::PathId,
        problem::Problem,
        query::Query,
        schema,
    },
    keys::DataKeys,
    source::{
        sealed,
        verification::{VerificationFacts, seal_discrepancies},
    },
};

/// What a space said of a record.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Verification)]
#[serde(rename_all = "camelCase")]
pub struct VerificationView {
    #[serde(flatten)]
    facts: VerificationFacts,
    /// The space's id.
    space_id: Uuid,
    #[serde(skip)]
    id: Uuid,
}

impl VerificationView {
    fn new(keys: &DataKeys, kept: &KeptVerification) -> Result<Self, Problem> {
        let facts = VerificationFacts::new(keys, kept)?;
        Ok(Self { id: facts.id, facts, space_id: kept.verification.space.0 })
    }
}

/// What a space said of a record, oldest first.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = VerificationPage)]
pub struct VerificationPage {
    /// The verifications.
    data: Vec<VerificationView>,
    /// Where the list goes on.
    page: PageView,
}
page!(VerificationPage of VerificationView by id: Uuid);

type RecordPath = Path<(PathId, String, PathId)>;

/// Lists what the space said of a record, oldest first, with the answers of the administration.
#[utoipa::path(
    tag = "Authentic sources", operation_id = "listVerifications", security(("person" = [])),
    params(
        ("id" = Uuid, Path, description = "The space's id.", example = "019d6c3e-8c00-7000-8000-000000000000"),
        ("code" = schema::SourceCode, Path, description = "The source's code.", example = "aed.vat-balance"),
        ("recordId" = Uuid, Path, description = "The record's id.", example = "019d6c3e-8c00-7000-8000-000000000002"),
        ("limit" = Option<u32>, Query, description = "How many to a page.", minimum = 1, maximum = 100, example = 25),
        ("cursor" = Option<String>, Query, description = "`page.next` of the page before; empty for the first.", example = ""),
    ),
    responses(
        (status = 200, description = "A page of verifications.", body = VerificationPage,
            headers(("Link" = String, description = "The next page."))),
        (status = 400, description = "`invalid_cursor`"),
        (status = 403, description = "`certification_required` with `service` and `sector`"),
        (status = 409, description = "`space_closed`"),
    )
)]
#[get("/v1/spaces/{id}/authentic-sources/{code}/records/{recordId}/verifications")]
pub async fn list(request: HttpRequest, person: Person, path: RecordPath) -> Answer {
    let (id, code, record) = path.into_inner();
    let paging = Paging::of(&request, Query::of(&request), person.app());
    let app = person.app();
    let listed = person.read(move |tx, caller| {
        let space = member_of(tx, caller, id)?;
        paging.list::<VerificationPage>(caller, |after, most| {
            let (.., kept) = record_for(tx, &app.data_keys, (&space, caller), &code, record)?;
            let kept = tx.verifications_of(space.id, kept.record.id, after.map(VerificationId), most)?;
            kept.iter().map(|kept| VerificationView::new(&app.data_keys, kept)).collect()
        })
    });
    listed.await?.answer()
}

/// Says of a record as it was seen that it is right, or reports where it is not, which the administration answers.
///
/// A version is confirmed once; while a report of the space is not answered there is no other on the same record.
#[utoipa::path(
    tag = "Authentic sources", operation_id = "verifyRecord", request_body = VerifyRecordRequest, security(("person" = [])),
    params(
        ("id" = Uuid, Path, description = "The space's id.", example = "019d6c3e-8c00-7000-8000-000000000000"),
        ("code" = schema::SourceCode, Path, description = "The source's code.", example = "aed.vat-balance"),
        ("recordId" = Uuid, Path, description = "The record's id.", example = "019d6c3e-8c00-7000-8000-000000000002"),
    ),
    responses(
        (status = 201, description = "What was said.", body = VerificationView),
        (status = 403, description = "`certification_required` with `service` and `sector`, `role_insufficient`"),
        (status = 409, description = "`already_verified` with `verificationStatus`, `record_changed` with `version`, `space_closed`, `space_suspended`"),
    )
)]
#[post("/v1/spaces/{id}/authentic-sources/{code}/records/{recordId}/verifications")]
pub async fn verify(request: HttpRequest, person: Person, path: RecordPath, body: Body<VerifyRecordRequest>) -> Answer {
    let (id, code, record) = path.into_inner();
    let id: SpaceId = id.of();
    let once = Once::of(&request, &body).guarded(move |tx, caller| {
        let found = tx.space_of(id, caller.person, caller.product)?;
        let (_, membership) = found.ok_or(Refusal::NotFound)?;
        Ok(Permission::Sign.require_role(membership.role)?)
    });
    let app = person.app();
    person
        .write_once(once, move |tx, caller| {
            let found = tx.lock_space_of(id, caller.person, caller.product)?;
            let (space, membership) = found.ok_or(Refusal::NotFound)?;
            Permission::Sign.require_role(membership.role)?;
            let strong = caller.strong()?;
            let (SourceWithForm { form, .. }, _, kept) =
                record_for(tx, &app.data_keys, (&space, caller), &code, record)?;
            let finding = body.open(strong)?;
            Permission::Sign.require_state(&space, tx.now())?;
            let key = kept.record.key.clone();
            let known = sealed::open(&app.data_keys, kept)?;
            let unknown = known.unknown_fields(&form, &finding.discrepancies);
            if !unknown.is_empty() {
                let at = |place| FieldError::at(&format!("/fields/{place}/pointer"), Fault::NotApplicable.into());
                return Err(Problem::invalid(unknown.into_iter().map(at).collect()));
            }
            let made = tx.verifications_made(space.id, known.record.id, known.record.version)?;
            let verified = known.verified((tx.new_id(), space.id, caller.person), &finding, made, tx.now())?;
            let discrepancies = seal_discrepancies(&app.data_keys, &finding.discrepancies);
            tx.insert_verification(&verified, discrepancies.clone())?;
            let verification = verified.after().clone();
            let act = if verification.status == VerificationStatus::Reported {
                let administration = verification.source.administration();
                let kind = PartnerEventKind::DiscrepancyReported;
                tx.announce(&PartnerEvent::of_verification(administration, kind, verification.id))?;
                AuditAct::DiscrepancyReported
            } else {
                AuditAct::RecordConfirmed
            };
            tx.record(Event::new(Chain::Space(space.id), act, caller.actor(), verification.id));
            let kept = KeptVerification { verification, key, discrepancies, answer: None };
            Prepared::created(&VerificationView::new(&app.data_keys, &kept)?)
        })
        .await
}
