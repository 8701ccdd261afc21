//! `POST /v1/token`: token exchange (RFC 8693) to log in, refresh tokens to stay (RFC 6749, RFC 9700), and the credentials of
//! software, as [`client_credentials`] has them.

use std::{collections::BTreeMap, sync::Arc};

use actix_web::{HttpResponse, post, web::Data};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use domain::{
    audit::Actor,
    identity::{ProductStatus, Session, SessionEnd},
};
use persistence::AssertionPurpose;
use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use super::{
    assertion_of,
    client_credentials::{self, ClientCredentialsRequest, ClientTokenResponse},
    oauth::{Denied, TokenError, answer_form, denied, denied_because, fields_of},
    session::{close, sign_out},
    use_up,
};
use crate::{
    app::App,
    http::{
        answer::{self, Answer},
        body::Form,
        problem::{Code, Problem},
        schema,
    },
    tokens::{access::Bearer, issuer::Assertion},
};

const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ID_TOKEN: &str = "urn:ietf:params:oauth:token-type:id_token";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

/// The form of the token endpoint; parameters that are unknown are passed over (RFC 6749 §3.2).
#[derive(ToSchema)]
#[schema(example = json!({
    "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
    "subject_token": "eyJhbGciOiJFZERTQSJ9.e30.c2lnbmF0dXJl",
    "subject_token_type": "urn:ietf:params:oauth:token-type:id_token"
}))]
#[serde(untagged)]
pub enum TokenRequest {
    /// To log in.
    Exchange(TokenExchangeRequest),
    /// To stay.
    Refresh(RefreshRequest),
    /// For software.
    Client(ClientCredentialsRequest),
}

/// To log in (RFC 8693).
#[derive(ToSchema)]
#[expect(dead_code, reason = "the contract of a form that is read pair by pair")]
pub struct TokenExchangeRequest {
    /// `urn:ietf:params:oauth:grant-type:token-exchange`.
    #[schema(value_type = schema::TokenExchangeGrant)]
    grant_type: String,
    /// An ID token of a trusted issuer, issued at most five minutes ago; it serves once.
    #[schema(value_type = schema::Assertion)]
    subject_token: String,
    /// That it is an ID token.
    #[schema(value_type = schema::IdTokenType)]
    subject_token_type: String,
    #[serde(flatten)]
    unknown: BTreeMap<String, String>,
}

/// To stay (RFC 6749 §6).
#[derive(ToSchema)]
#[expect(dead_code, reason = "as above")]
pub struct RefreshRequest {
    /// `refresh_token`.
    #[schema(value_type = schema::RefreshGrant)]
    grant_type: String,
    /// The refresh token that came last.
    #[schema(value_type = schema::RefreshToken)]
    refresh_token: String,
    #[serde(flatten)]
    unknown: BTreeMap<String, String>,
}

/// What a grant gives.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum Granted {
    /// A session.
    ToPerson(TokenResponse),
    /// A while.
    ToClient(ClientTokenResponse),
}

/// A pair of tokens (RFC 6749 §5.1, RFC 8693 §2.2.1).
#[derive(Debug, Serialize, ToSchema)]
pub struct TokenResponse {
    /// For `Authorization: Bearer`.
    access_token: String,
    /// An access token.
    issued_token_type: &'static str,
    /// `Bearer`.
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// How many seconds the access token lives.
    #[schema(example = 600)]
    expires_in: i64,
    /// Serves once; a second use ends the session.
    refresh_token: String,
}

/// Gives an access token; to persons a refresh token too.
#[utoipa::path(
    tag = "Identity", operation_id = "getToken",
    request_body(content = TokenRequest, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "The tokens.", body = Granted),
        (status = 400, description = "`invalid_request`, `invalid_grant`, `invalid_scope`, `unsupported_grant_type`", body = TokenError),
        (status = 401, description = "`invalid_client`", body = TokenError),
    )
)]
#[post("/v1/token")]
pub async fn issue(app: Data<App>, form: Form) -> Answer {
    let granted = grant(&app, form).await;
    answer_form(granted.and_then(|tokens| Ok(answer::ok(&tokens)?)))
}

/// The form of the revocation endpoint.
#[derive(ToSchema)]
#[schema(example = json!({ "token": "4kXl1oYc8mAqVbUuC2nZr0QhWd7s5tJf9gPeKiLxMyE" }))]
pub struct RevocationRequest {
    /// A refresh token or an access token: either ends the session of both.
    #[schema(value_type = schema::AnyToken)]
    #[expect(dead_code, reason = "the contract of a form that is read pair by pair")]
    token: String,
    #[serde(flatten)]
    #[expect(dead_code, reason = "as above")]
    unknown: BTreeMap<String, String>,
}

/// Gives a token back: its session ends, and with it all its tokens (RFC 7009).
///
/// A token that is unknown, or whose session has ended, is answered alike.
#[utoipa::path(
    tag = "Identity", operation_id = "revokeToken",
    request_body(content = RevocationRequest, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "The token is good for nothing any more."),
        (status = 400, description = "`invalid_request`, `unsupported_token_type`", body = TokenError),
    )
)]
#[post("/v1/token/revoke")]
pub async fn revoke(app: Data<App>, form: Form) -> Answer {
    answer_form(give_back(&app, form).await.map(|()| HttpResponse::Ok().finish()))
}

async fn give_back(app: &Arc<App>, form: Form) -> Result<(), Denied> {
    let token = fields_of(form)?.require("token")?;
    let of_access_token = match app.access.verify(&token, (app.clock)()) {
        Ok(Bearer::Person { session, .. }) => Some(session),
        // It can't be taken back alone: an administrator suspends or ends the software, an operator the partner.
        Ok(Bearer::SystemUser { .. } | Bearer::Partner { .. }) => {
            return Err(denied("unsupported_token_type", "tokens of software are not given back"));
        }
        Err(_) => None,
    };
    let digest = digest_of(&token);
    app.store
        .write(move |tx| {
            let of_refresh_token = tx.refresh_token(&digest)?.map(|token| token.session);
            let Some(session) = of_access_token.or(of_refresh_token) else { return Ok(()) };
            match tx.live_session(session)? {
                Some(session) => sign_out(tx, session.id, &session).map_err(Denied::from),
                None => Ok(()),
            }
        })
        .await
}

async fn grant(app: &Arc<App>, form: Form) -> Result<Granted, Denied> {
    let mut fields = fields_of(form)?;
    // Parameters of RFC 8693.
    fields.refuse(&["actor_token", "audience", "resource"])?;
    // Nothing is used up for a token that can't be signed.
    if !app.access.can_sign((app.clock)()) {
        return Err(Problem::from(Code::Busy).because("no key signs now").into());
    }
    match fields.require("grant_type")?.as_str() {
        TOKEN_EXCHANGE => {
            fields.refuse(&["scope"])?;
            if fields.require("subject_token_type")? != ID_TOKEN {
                return Err(denied("invalid_request", "subject_token_type must be that of an ID token"));
            }
            log_in(app, fields.require("subject_token")?).await.map(Granted::ToPerson)
        }
        "refresh_token" => {
            fields.refuse(&["scope"])?;
            refresh(app, &fields.require("refresh_token")?).await.map(Granted::ToPerson)
        }
        "client_credentials" => client_credentials::grant(app, fields).await.map(Granted::ToClient),
        _ => {
            Err(denied("unsupported_grant_type", "the grants are token exchange, refresh_token and client_credentials"))
        }
    }
}

async fn log_in(app: &Arc<App>, subject_token: String) -> Result<TokenResponse, Denied> {
    let assertion = assertion_of(app, subject_token).await?;
    let assertion =
        assertion.map_err(|reason| denied_because("invalid_grant", "the assertion is not valid", reason))?;
    let number_digests = assertion.number.as_ref().map(|number| app.data_keys.number_digests(number));
    let (refresh_token, digest) = new_refresh_token();
    let session = app
        .store
        .write(move |tx| {
            // Who withdraws the product ends the sessions that began with it: none begins while he does.
            let Some(product) =
                tx.lock_product_with(&assertion.serial)?.filter(|product| product.status == ProductStatus::Registered)
            else {
                let is_awaiting = tx.is_awaiting_confirmation(&assertion.serial)?;
                let description = if is_awaiting {
                    "the product's registration is not confirmed"
                } else {
                    "the product is not registered"
                };
                return Err(denied("invalid_grant", description));
            };
            let person = tx.person(product.person)?;
            let is_his = number_digests.is_none_or(|digests| digests.contains(&person.number.digest));
            if product.kind != assertion.kind || !is_his {
                return Err(denied("invalid_grant", "the product is registered as another one"));
            }
            let session = new_session(tx.new_id(), &product, &assertion, tx.now());
            tx.insert_session(&session)?;
            tx.insert_refresh_token(&digest, session.id)?;
            use_up(tx, &assertion, AssertionPurpose::Token).map_err(|problem| match problem.code {
                Code::AssertionUsed => denied("invalid_grant", "the assertion was used before"),
                _ => problem.into(),
            })?;
            Ok(session)
        })
        .await?;
    respond(app, &session, refresh_token)
}

fn new_session(
    id: domain::id::SessionId,
    product: &domain::identity::Product,
    assertion: &Assertion,
    now: domain::Instant,
) -> Session {
    Session {
        id,
        person: product.person,
        product: product.id,
        assurance: assertion.assurance,
        authenticated_at: assertion.authenticated_at,
        helpdesk: assertion.helpdesk,
        created_at: now,
        refreshed_at: now,
        ended: None,
    }
}

/// What a used refresh token means is kept, so it is an outcome and no error.
enum Refreshed {
    Rotated(Session),
    Reused(Session),
}

async fn refresh(app: &Arc<App>, given: &str) -> Result<TokenResponse, Denied> {
    let unknown = || denied("invalid_grant", "the refresh token is unknown or its session has ended");
    let given = digest_of(given);
    let (refresh_token, digest) = new_refresh_token();
    let refreshed = app
        .store
        .write(move |tx| {
            let seen = tx.refresh_token(&given)?.ok_or_else(unknown)?;
            let mut session = tx.lock_live_session(seen.session)?.ok_or_else(unknown)?;
            let is_spent = tx.refresh_token(&given)?.ok_or_else(unknown)?.is_spent;
            if is_spent {
                // Which of the two users stole it, nobody can tell.
                close(tx, &mut session, SessionEnd::RefreshReused, Actor::System)?;
                return Ok(Refreshed::Reused(session));
            }
            session.refreshed_at = tx.now();
            tx.save_session(&session)?;
            tx.spend_refresh_token(&given)?;
            tx.insert_refresh_token(&digest, session.id)?;
            Ok::<_, Denied>(Refreshed::Rotated(session))
        })
        .await?;
    match refreshed {
        Refreshed::Rotated(session) => respond(app, &session, refresh_token),
        Refreshed::Reused(session) => {
            let description = "the refresh token was used before; the session is ended";
            Err(denied_because("invalid_grant", description, format!("{description}: {}", session.id)))
        }
    }
}

fn respond(app: &App, session: &Session, refresh_token: String) -> Result<TokenResponse, Denied> {
    let issued = app.access.issue(session, session.refreshed_at);
    let (access_token, expires_in) = issued.map_err(|error| Problem::from(Code::Internal).because(error))?;
    Ok(TokenResponse { access_token, issued_token_type: ACCESS_TOKEN, token_type: "Bearer", expires_in, refresh_token })
}

/// 256 random bits, and the digest by which they are kept.
fn new_refresh_token() -> (String, String) {
    let token = BASE64URL.encode(rand::random::<[u8; 32]>());
    let digest = digest_of(&token);
    (token, digest)
}

fn digest_of(token: &str) -> String {
    BASE64URL.encode(Sha256::digest(token))
}
