//! The grant of software (RFC 6749 §4.4), companies' and administrations': a client that has proved by its key who it is gets a
//! token for what it may.

use std::{collections::BTreeMap, sync::Arc};

use domain::{
    Instant,
    collaboration::{SystemRights, SystemUser},
    id::ClientId,
    partner::{Partner, PartnerScopes},
};
use persistence::{StoreError, Transaction};
use serde::Serialize;
use utoipa::ToSchema;

use super::oauth::{Denied, Fields, INVALID_CLIENT, denied, denied_because};
use crate::{
    app::App,
    http::{
        problem::{Code, Problem},
        schema,
    },
    tokens::{
        client_assertion::{self, ClientAssertion, Proof},
        client_keys::JwksDocument,
    },
};

/// For software (RFC 6749 §4.4, RFC 7523 §2.2).
#[derive(ToSchema)]
#[expect(dead_code, reason = "the contract of a form that is read pair by pair")]
pub struct ClientCredentialsRequest {
    /// `client_credentials`.
    #[schema(value_type = schema::ClientCredentialsGrant)]
    grant_type: String,
    /// That the client signs an assertion.
    #[schema(value_type = schema::ClientAssertionType)]
    client_assertion_type: String,
    /// A JWT that the client signed: `iss` and `sub` its id, `aud` our issuer alone, `exp` in five minutes at most, a `jti` of its
    /// own. It serves once.
    #[schema(value_type = schema::Assertion)]
    client_assertion: String,
    /// The client's id, which the assertion says.
    #[schema(value_type = Option<Uuid>, nullable = false)]
    client_id: Option<String>,
    /// Some of its rights, or of a partner's scopes, with one space between them; all of them unless it is given.
    #[schema(value_type = Option<schema::Scope>, nullable = false)]
    scope: Option<String>,
    #[serde(flatten)]
    unknown: BTreeMap<String, String>,
}

/// A token of software (RFC 6749 §5.1): there is another one for another assertion.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClientTokenResponse {
    /// For `Authorization: Bearer`.
    access_token: String,
    /// `Bearer`.
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// How many seconds it lives.
    #[schema(example = 600)]
    expires_in: i64,
    /// What it is for.
    #[schema(value_type = schema::Scope)]
    scope: String,
}

/// Whatever is wrong with a client or its assertion, it is told alike; the log knows more.
fn unknown(cause: impl Into<String>) -> Denied {
    denied_because(INVALID_CLIENT, "the client is unknown, or its assertion is not valid", cause.into())
}

/// What a client stands for, and what its token is for.
enum Granted {
    SystemUser(SystemUser, SystemRights),
    Partner(Partner, PartnerScopes),
}

/// Gives a token to a client that gets in.
///
/// # Errors
/// `invalid_client`, or `invalid_scope` where it asks for what it does not have.
pub async fn grant(app: &Arc<App>, mut fields: Fields) -> Result<ClientTokenResponse, Denied> {
    let (proof, keys) = authenticate(app, &mut fields).await?;
    let scope = fields.take("scope");
    let (granted, now) = app
        .store
        .write(move |tx| {
            // Whoever replaces the keys of a client ends what they were good for.
            if tx.client_keys(proof.client)?.as_ref() != Some(&keys) {
                return Err(unknown("its keys were replaced meanwhile"));
            }
            // A refusal undoes it: what is refused for its scope may be sent again.
            use_up(tx, &proof)?;
            let granted = granted(tx, proof.client, scope.as_deref())?;
            Ok((granted.ok_or_else(|| unknown("what it stands for does not get in now"))?, tx.now()))
        })
        .await?;
    respond(app, &granted, now)
}

fn respond(app: &App, granted: &Granted, now: Instant) -> Result<ClientTokenResponse, Denied> {
    let (issued, scope) = match granted {
        Granted::SystemUser(user, rights) => (app.access.issue_to_software(user, rights, now), rights.to_string()),
        Granted::Partner(partner, scopes) => (app.access.issue_to_partner(partner, scopes, now), scopes.to_string()),
    };
    let (access_token, expires_in) = issued.map_err(|error| Problem::from(Code::Internal).because(error))?;
    Ok(ClientTokenResponse { access_token, token_type: "Bearer", expires_in, scope })
}

/// Which client it is, by the keys that it has now, as they are kept; the signature is judged outside of any transaction.
async fn authenticate(app: &Arc<App>, fields: &mut Fields) -> Result<(Proof, String), Denied> {
    if fields.take("client_assertion_type").as_deref() != Some(client_assertion::TYPE) {
        return Err(denied(INVALID_CLIENT, "client_assertion_type must be that of a JWT"));
    }
    let given = fields.take("client_assertion").ok_or_else(|| denied(INVALID_CLIENT, "client_assertion is missing"))?;
    let assertion = ClientAssertion::read(given).map_err(unknown)?;
    let client = assertion.client();
    if fields.take("client_id").is_some_and(|id| id != client.to_string()) {
        return Err(unknown("client_id is another's"));
    }
    let kept = app.store.glance(move |tx| tx.client_keys(client).map_err(Denied::from)).await?;
    let kept = kept.ok_or_else(|| unknown("there is no such client"))?;
    let keys = JwksDocument::kept(&kept).and_then(|jwks| jwks.keys());
    let keys = keys.map_err(|error| Problem::from(Code::Internal).because(format!("clients {client}: {error}")))?;
    let proof = assertion.verify(&keys, &app.config.public_url, (app.clock)()).map_err(unknown)?;
    Ok((proof, kept))
}

/// An assertion serves once, on whichever server.
fn use_up(tx: &mut Transaction<'_>, proof: &Proof) -> Result<(), Denied> {
    tx.use_client_assertion(proof.client, &proof.digest, proof.expires_at).map_err(|error| match error {
        StoreError::Conflict(_) => unknown("the assertion was used before"),
        error => error.into(),
    })
}

/// What a client may that has proved who it is, if what it stands for gets in now.
fn granted(tx: &mut Transaction<'_>, client: ClientId, scope: Option<&str>) -> Result<Option<Granted>, Denied> {
    if let Some((user, _)) = tx.live_system_user(client.into())? {
        let rights = asked(&user.rights, scope, SystemRights::parse, SystemRights::are_among)?;
        return Ok(Some(Granted::SystemUser(user, rights)));
    }
    let Some(partner) = tx.live_partner(client.into())? else { return Ok(None) };
    let scopes = asked(&partner.scopes, scope, |scope| PartnerScopes::parse(scope).ok(), PartnerScopes::are_among)?;
    Ok(Some(Granted::Partner(partner, scopes)))
}

/// What a token is asked for: all that the client has, or some of it.
fn asked<S: Clone>(
    own: &S,
    scope: Option<&str>,
    parse: fn(&str) -> Option<S>,
    are_among: fn(&S, &S) -> bool,
) -> Result<S, Denied> {
    let Some(scope) = scope else { return Ok(own.clone()) };
    let asked = parse(scope).filter(|asked| are_among(asked, own));
    asked.ok_or_else(|| denied("invalid_scope", "scope names what the client does not have"))
}
