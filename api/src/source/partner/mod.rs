//! `/v1/partner/authentic-sources/{code}/records`: an administration's back end sends records of its sources, thousands in one request.

mod batch;
pub mod request;
pub mod verifications;
pub mod view;

use actix_web::{
    HttpRequest, post,
    web::{Path, Payload},
};
use domain::{Refusal, partner::PartnerScope, source::SourceCode};

use self::{batch::Intake, request::SourceRecordLine, view::SourceRecordResults};
use crate::http::{
    answer::{self, Answer},
    caller::Partner,
    language,
    lines::{self, Lines},
    query::Query,
    schema,
};

/// Sends records of a source: one JSON object a line, up to 10 000 lines of 64 KiB at most, each judged for itself.
///
/// The body is `application/x-ndjson`, and is dealt with while it comes. A record is known by its `key`: a higher `version` takes the place
/// of a lower one, the same again changes nothing, so that a request that was broken off is sent again as it was. A line that is refused
/// keeps no other from being kept; what was kept stays kept if the request ends with a problem.
#[utoipa::path(
    tag = "Partner", operation_id = "pushSourceRecords", security(("partner" = ["push_records"])),
    request_body(content = SourceRecordLine, content_type = "application/x-ndjson", description = "A line; there may be many."),
    params(("code" = schema::SourceCode, Path, description = "The source's code.", example = "aed.vat-balance")),
    responses(
        (status = 200, description = "What became of each line.", body = SourceRecordResults),
        (status = 403, description = "`scope_not_granted` with `scope`"),
        (status = 408, description = "`request_timeout`"),
        (status = 413, description = "`too_many_lines` with `limit`"),
    )
)]
#[post("/v1/partner/authentic-sources/{code}/records")]
pub async fn push(request: HttpRequest, partner: Partner, code: Path<String>, body: Payload) -> Answer {
    let query = Query::of(&request);
    let mut lines = Lines::of(&request, body);
    // Like any body it is there before its sender is known, as far as it is never held anyway.
    let mut batch = lines.batch().await?;
    let code = SourceCode::parse(&code).ok();
    let source = partner
        .read(PartnerScope::PushRecords, move |tx, partner| {
            let code = code.ok_or(Refusal::NotFound)?;
            code.require_of(&partner.administration)?;
            let source = tx.authentic_source(&code)?.ok_or(Refusal::NotFound)?;
            query.end()?;
            Ok(source)
        })
        .await?;
    lines::require(&request)?;
    let mut intake = Intake::new(partner, source, language::preferred(request.headers()));
    while !batch.is_empty() {
        intake.take(batch).await?;
        batch = lines.batch().await?;
    }
    answer::ok(&intake.results())
}
