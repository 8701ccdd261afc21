//! `/v1/partner/client`: what a partner's developer calls first.

use actix_web::{HttpRequest, get};
use chrono::{DateTime, Utc};
use domain::{Refusal, catalogue::Administration};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    catalogue::view::TitledView,
    http::{
        answer::{self, Answer},
        caller::{Partner, PartnerCaller},
        language::{self, Speaker},
        query::Query,
        schema::{Choice, PartnerScopeChoice, PartnerStatusChoice},
    },
};

/// An administration's back end, as it is known here.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PartnerClient)]
#[serde(rename_all = "camelCase")]
pub struct ClientView {
    /// Its `client_id`.
    id: Uuid,
    /// For whom it acts.
    administration: TitledView,
    /// What operators call it.
    #[schema(example = "Tax card office")]
    name: String,
    /// What it may do.
    scopes: Vec<PartnerScopeChoice>,
    /// What it may do with the token that it sent.
    token_scopes: Vec<PartnerScopeChoice>,
    /// How it stands; one that is suspended is not answered.
    status: PartnerStatusChoice,
    /// Since when it is known.
    created_at: DateTime<Utc>,
}

impl ClientView {
    fn new(partner: &PartnerCaller, administration: &Administration, speaker: &mut Speaker) -> Self {
        Self {
            id: partner.id.0,
            administration: TitledView::new(administration.code.as_str(), &administration.titles, speaker),
            name: partner.name.to_string(),
            scopes: partner.scopes.iter().map(Choice).collect(),
            token_scopes: partner.effective_scopes().iter().map(Choice).collect(),
            status: Choice(partner.status),
            created_at: partner.created_at,
        }
    }
}

/// Shows the partner that calls: for whom it acts, what it may do, and what its token is for.
#[utoipa::path(
    tag = "Partner", operation_id = "getPartnerClient", security(("partner" = [])),
    responses((status = 200, description = "The partner.", body = ClientView,
        headers(("Content-Language" = String, description = "The language of the texts: French where there is none in the one that was asked for."))))
)]
#[get("/v1/partner/client")]
pub async fn get(request: HttpRequest, partner: Partner) -> Answer {
    let query = Query::of(&request);
    let mut speaker = Speaker::new(language::preferred(request.headers()));
    let (view, languages) = partner
        .read(None, move |tx, partner| {
            query.end()?;
            let administration = tx.administration(&partner.administration)?.ok_or(Refusal::NotFound)?;
            let view = ClientView::new(partner, &administration, &mut speaker);
            Ok((view, speaker.spoken()))
        })
        .await?;
    Ok(language::spoken(answer::ok(&view)?, languages))
}
