//! `/.well-known/…`: what clients have to know of our tokens.

use actix_web::{get, web::Data};
use domain::{Coded, collaboration::SystemRight, partner::PartnerScope};
use jsonwebtoken::Algorithm;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    app::App,
    http::answer::{self, Answer},
    tokens::jwk,
};

/// The public keys of our tokens (RFC 7517).
#[utoipa::path(
    tag = "Identity", operation_id = "getJwks",
    responses((status = 200, description = "A JWK Set.", body = Value, example = json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "kid": "…", "x": "…" }] })))
)]
#[get("/.well-known/jwks.json")]
pub async fn jwks(app: Data<App>) -> Answer {
    answer::ok(&app.access.jwks((app.clock)()))
}

/// What clients of the token endpoint want to know (RFC 8414).
#[derive(Debug, Serialize, ToSchema)]
pub struct ServerMetadata {
    /// Who issues.
    #[schema(example = "https://espace-pro.example.lu")]
    issuer: String,
    /// Where tokens are got.
    token_endpoint: String,
    /// Where tokens are given back.
    revocation_endpoint: String,
    /// Where the public keys are.
    jwks_uri: String,
    /// The grants.
    grant_types_supported: [&'static str; 3],
    /// Persons' clients are public; software signs assertions.
    token_endpoint_auth_methods_supported: [&'static str; 2],
    /// With what it may sign them.
    #[schema(value_type = Vec<String>, example = json!(["EdDSA", "ES256", "RS256", "PS256"]))]
    token_endpoint_auth_signing_alg_values_supported: [Algorithm; 4],
    /// What its tokens may be for.
    #[schema(example = json!(["read", "read_certifications"]))]
    scopes_supported: Vec<&'static str>,
    /// Where the API is described.
    service_documentation: String,
}

/// Metadata of the authorization server (RFC 8414).
#[utoipa::path(
    tag = "Identity", operation_id = "getServerMetadata",
    responses((status = 200, description = "The metadata.", body = ServerMetadata))
)]
#[get("/.well-known/oauth-authorization-server")]
pub async fn metadata(app: Data<App>) -> Answer {
    let issuer = &app.config.public_url;
    answer::ok(&ServerMetadata {
        issuer: issuer.clone(),
        token_endpoint: format!("{issuer}/v1/token"),
        revocation_endpoint: format!("{issuer}/v1/token/revoke"),
        jwks_uri: format!("{issuer}/.well-known/jwks.json"),
        grant_types_supported: [
            "urn:ietf:params:oauth:grant-type:token-exchange",
            "refresh_token",
            "client_credentials",
        ],
        token_endpoint_auth_methods_supported: ["none", "private_key_jwt"],
        token_endpoint_auth_signing_alg_values_supported: jwk::ALGORITHMS,
        scopes_supported: codes::<SystemRight>().chain(codes::<PartnerScope>()).collect(),
        service_documentation: format!("{issuer}/docs/"),
    })
}

fn codes<T: Coded>() -> impl Iterator<Item = &'static str> {
    T::ALL.iter().copied().map(Coded::code)
}
