//! `/v1/partner/verifications`: what spaces say of an administration's records, and what it answers.

use actix_web::{HttpRequest, get, post, web::Path};
use domain::{
    Refusal,
    audit::{AuditAct, Chain, Event},
    id::VerificationId,
    partner::PartnerScope,
    source::{DiscrepancyDecision, SourceCode},
    space::Space,
    text::ExplanationText,
};
use persistence::{KeptVerification, Reading, StoreError, VerificationFilter};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    http::{
        answer::{self, Answer, Prepared},
        body::{Body, Faults, Request},
        caller::Partner,
        idempotency::Once,
        page::{PageView, Paging, page},
        path::PathId,
        problem::Problem,
        query::Query,
        schema::{self, DiscrepancyDecisionChoice, VerificationStatusChoice},
    },
    keys::DataKeys,
    source::{
        notice,
        verification::{VerificationFacts, seal_answer},
    },
};

/// What a space said of a record, as the administration sees it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PartnerVerification)]
#[serde(rename_all = "camelCase")]
pub struct PartnerVerificationView {
    #[serde(flatten)]
    facts: VerificationFacts,
    /// By what the administration knows the record.
    #[schema(value_type = schema::RecordKey)]
    record_key: String,
    /// What people call the space.
    #[schema(value_type = schema::Identifier)]
    space_identifier: String,
    #[serde(skip)]
    id: Uuid,
}

/// A list of them.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PartnerVerificationPage)]
pub struct PartnerVerificationPage {
    /// The verifications, oldest first.
    data: Vec<PartnerVerificationView>,
    /// Where the list goes on.
    page: PageView,
}
page!(PartnerVerificationPage of PartnerVerificationView by id: Uuid);

/// What an administration answers.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "decision": "accepted", "explanation": "Le paiement du 5 janvier est maintenant inscrit au compte." }))]
#[serde(deny_unknown_fields)]
pub struct AnswerDiscrepancyRequest {
    /// Whether it agrees.
    decision: DiscrepancyDecisionChoice,
    /// Why, or what comes of it; the space reads it.
    #[schema(value_type = schema::ExplanationText)]
    explanation: String,
}

impl Request for AnswerDiscrepancyRequest {
    type Value = (DiscrepancyDecision, ExplanationText);
    fn check(self, faults: &mut Faults) -> Option<Self::Value> {
        Some((self.decision.0, faults.take("/explanation", ExplanationText::parse(&self.explanation))?))
    }
}

/// Lists what spaces said of records of the administration, oldest first.
#[utoipa::path(
    tag = "Partner", operation_id = "listPartnerVerifications", security(("partner" = ["answer_verifications"])),
    params(
        ("source" = Option<schema::SourceCode>, Query, description = "Only those of records of this source.", example = "aed.vat-balance"),
        ("status" = Option<VerificationStatusChoice>, Query, description = "Only those that stand so.", example = "reported"),
        ("limit" = Option<u32>, Query, description = "How many to a page.", minimum = 1, maximum = 100, example = 25),
        ("cursor" = Option<String>, Query, description = "`page.next` of the page before; empty for the first.", example = ""),
    ),
    responses(
        (status = 200, description = "A page of verifications.", body = PartnerVerificationPage,
            headers(("Link" = String, description = "The next page."))),
        (status = 400, description = "`invalid_cursor`"),
        (status = 403, description = "`scope_not_granted` with `scope`"),
    )
)]
#[get("/v1/partner/verifications")]
pub async fn list(request: HttpRequest, partner: Partner) -> Answer {
    let mut query = Query::of(&request);
    let source = query.value("source", SourceCode::parse);
    let status = query.choice("status");
    let paging = Paging::of(&request, query, partner.app());
    let app = partner.app();
    let listed = partner.read(PartnerScope::AnswerVerifications, move |tx, partner| {
        paging.list::<PartnerVerificationPage>(partner, |after, most| {
            let filter = VerificationFilter { source, status, after: after.map(VerificationId) };
            let kept = tx.verifications_to(&partner.administration, &filter, most)?;
            kept.iter().map(|kept| shown(tx, &app.data_keys, kept).map(|(_, view)| view)).collect()
        })
    });
    listed.await?.answer()
}

/// Shows what a space said of a record.
#[utoipa::path(
    tag = "Partner", operation_id = "getPartnerVerification", security(("partner" = ["answer_verifications"])),
    params(("id" = Uuid, Path, description = "The verification's id.", example = "019d6c3e-8c00-7000-8000-000000000003")),
    responses(
        (status = 200, description = "The verification.", body = PartnerVerificationView),
        (status = 403, description = "`scope_not_granted` with `scope`"),
    )
)]
#[get("/v1/partner/verifications/{id}")]
pub async fn get(partner: Partner, id: Path<PathId>) -> Answer {
    let app = partner.app();
    let view = partner.read(PartnerScope::AnswerVerifications, move |tx, partner| {
        let kept = tx.verification_to(id.of(), &partner.administration)?.ok_or(Refusal::NotFound)?;
        Ok(shown(tx, &app.data_keys, &kept)?.1)
    });
    answer::ok(&view.await?)
}

/// Answers a discrepancy, once; who reported it is mailed, or where he left the administrators of the space.
#[utoipa::path(
    tag = "Partner", operation_id = "answerDiscrepancy", request_body = AnswerDiscrepancyRequest, security(("partner" = ["answer_verifications"])),
    params(("id" = Uuid, Path, description = "The verification's id.", example = "019d6c3e-8c00-7000-8000-000000000003")),
    responses(
        (status = 200, description = "The verification, answered.", body = PartnerVerificationView),
        (status = 403, description = "`scope_not_granted` with `scope`"),
        (status = 409, description = "`verification_state` with `verificationStatus`"),
    )
)]
#[post("/v1/partner/verifications/{id}/answer")]
pub async fn reply(
    request: HttpRequest,
    partner: Partner,
    id: Path<PathId>,
    body: Body<AnswerDiscrepancyRequest>,
) -> Answer {
    let (app, once) = (partner.app(), Once::of(&request, &body));
    partner
        .write_once(PartnerScope::AnswerVerifications, once, move |tx, partner| {
            let kept = tx.lock_verification_to(id.of(), &partner.administration)?.ok_or(Refusal::NotFound)?;
            let (decision, explanation) = body.open(partner.strong())?;
            let answered = kept.verification.answered(decision, tx.now())?;
            let sealed = seal_answer(&app.data_keys, &explanation);
            tx.save_answer_to_verification(&answered, &sealed)?;
            let verification = answered.after().clone();
            let log = Chain::Space(verification.space);
            tx.record(Event::new(log, AuditAct::DiscrepancyAnswered, partner.actor(), verification.id));
            let kept = KeptVerification { verification, answer: Some(sealed), ..kept };
            let (space, view) = shown(tx, &app.data_keys, &kept)?;
            notice::answered(tx, &app, &space, &kept.verification)?;
            Prepared::ok(&view)
        })
        .await
}

/// A verification with the space that made it.
fn shown(
    tx: &mut Reading<'_>,
    keys: &DataKeys,
    kept: &KeptVerification,
) -> Result<(Space, PartnerVerificationView), Problem> {
    let id = kept.verification.id;
    let gone = || StoreError::Corrupt(format!("source_verifications {id}: its space is gone"));
    let space = tx.any_space(kept.verification.space)?.ok_or_else(gone)?;
    let view = PartnerVerificationView {
        facts: VerificationFacts::new(keys, kept)?,
        record_key: kept.key.to_string(),
        space_identifier: space.identifier.to_string(),
        id: id.0,
    };
    Ok((space, view))
}
