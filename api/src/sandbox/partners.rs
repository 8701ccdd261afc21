//! Test partners: one back end for each administration of the catalogue, all with the sandbox's own key.

use actix_web::{get, post};
use domain::{
    Fault, Instant, Refusal,
    catalogue::AdministrationCode,
    id::PartnerId,
    partner::{Partner, PartnerScopes, PartnerStatus},
    text::PartnerName,
};
use jsonwebtoken::{Algorithm, Header};
use persistence::{StoreError, Transaction};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{KEY_ID, LIFE, Sandbox, Tester};
use crate::http::{
    answer::{self, Answer},
    body::{Body, Faults, Request},
    path::PathId,
    problem::{Code, Problem},
    schema::{Choice, PartnerScopeChoice},
};

/// A test partner.
#[derive(Debug, Serialize, ToSchema)]
pub struct SandboxPartner {
    /// Its `client_id`.
    id: Uuid,
    /// The code of the administration for which it acts.
    #[schema(example = "acd")]
    administration: String,
    /// What it may do.
    scopes: Vec<PartnerScopeChoice>,
}

/// Test partners.
#[derive(Debug, Serialize, ToSchema)]
pub struct SandboxPartnerList {
    data: Vec<SandboxPartner>,
}

/// Lists the test partners, one for each administration that is not retired; those that are missing are made.
#[utoipa::path(
    tag = "Sandbox", operation_id = "listSandboxPartners",
    responses((status = 200, description = "The test partners.", body = SandboxPartnerList))
)]
#[get("/sandbox/partners")]
pub async fn list(tester: Tester) -> Answer {
    let jwks = tester.sandbox()?.jwks.clone();
    let partners = tester.app.store.write(move |tx| test_partners(tx, &jwks).map_err(Problem::from)).await?;
    let view = |partner: Partner| SandboxPartner {
        id: partner.id.0,
        administration: partner.administration.to_string(),
        scopes: partner.scopes.iter().map(Choice).collect(),
    };
    answer::ok(&SandboxPartnerList { data: partners.into_iter().map(view).collect() })
}

/// A login of a partner to assert.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "partner": "019d6c3e-8c00-7000-8000-000000000000" }))]
#[serde(deny_unknown_fields)]
pub struct ClientAssertionRequest {
    /// The id of a test partner.
    #[schema(value_type = Uuid)]
    partner: String,
}

impl Request for ClientAssertionRequest {
    type Value = PartnerId;
    fn check(self, faults: &mut Faults) -> Option<PartnerId> {
        let id = PathId::parse(&self.partner).ok_or(Fault::Malformed);
        faults.take("/partner", id).map(PathId::of)
    }
}

/// A partner's assertion of who it is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SandboxClientAssertion {
    /// For `client_assertion` at `POST /v1/token`: good for five minutes, once.
    client_assertion: String,
}

/// Signs an assertion as a test partner would.
#[utoipa::path(
    tag = "Sandbox", operation_id = "assertSandboxPartner", request_body = ClientAssertionRequest,
    responses(
        (status = 200, description = "The assertion.", body = SandboxClientAssertion),
        (status = 404, description = "There is no such test partner."),
    )
)]
#[post("/sandbox/client-assertions")]
pub async fn assert(tester: Tester, body: Body<ClientAssertionRequest>) -> Answer {
    let id = body.open_to_anybody()?;
    let sandbox = tester.sandbox()?;
    let kept = tester.app.store.read(move |tx| tx.client_keys(id.into()).map_err(Problem::from)).await?;
    kept.filter(|kept| *kept == sandbox.jwks).ok_or(Refusal::NotFound)?;
    let client_assertion = sandbox.sign_as(id, &tester.app.config.public_url, (tester.app.clock)())?;
    answer::ok(&SandboxClientAssertion { client_assertion })
}

impl Sandbox {
    fn sign_as(&self, partner: PartnerId, audience: &str, now: Instant) -> Result<String, Problem> {
        let claims = json!({
            "iss": partner.0,
            "sub": partner.0,
            "aud": audience,
            "iat": now.timestamp(),
            "exp": (now + LIFE).timestamp(),
            "jti": Uuid::from_bytes(rand::random()),
        });
        let header = Header { kid: Some(KEY_ID.to_owned()), ..Header::new(Algorithm::EdDSA) };
        jsonwebtoken::encode(&header, &claims, &self.key).map_err(|error| Problem::from(Code::Internal).because(error))
    }
}

/// Each has the sandbox's key, also where another sandbox made it.
fn test_partners(tx: &mut Transaction<'_>, jwks: &str) -> Result<Vec<Partner>, StoreError> {
    tx.lock_catalogues()?;
    let administrations = tx.administrations()?.into_iter().filter(|administration| !administration.is_retired);
    administrations.map(|administration| test_partner(tx, administration.code, jwks)).collect()
}

fn test_partner(tx: &mut Transaction<'_>, code: AdministrationCode, jwks: &str) -> Result<Partner, StoreError> {
    let id = id_of(&code);
    if let Some(partner) = tx.partner(id)? {
        if tx.client_keys(id.into())?.as_deref() != Some(jwks) {
            tx.save_client_keys(id.into(), jwks)?;
        }
        return Ok(partner);
    }
    let name = PartnerName::parse("Sandbox").map_err(|fault| StoreError::Failed(fault.to_string()))?;
    let scopes = PartnerScopes::all();
    let (status, created_at) = (PartnerStatus::Active, tx.now());
    let partner = Partner { id, administration: code, name, scopes, status, created_at };
    tx.insert_partner(&partner, jwks)?;
    Ok(partner)
}

/// The same for an administration in every sandbox.
fn id_of(code: &AdministrationCode) -> PartnerId {
    let digest: [u8; 32] = Sha256::digest(format!("sandbox partner {code}")).into();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid().into()
}
