//! Access tokens (RFC 9068), signed with Ed25519.

use std::path::Path;

use chrono::TimeDelta;
use domain::{
    Coded, Instant,
    collaboration::{SystemRights, SystemUser},
    id::{PartnerId, PersonId, SessionId, SystemUserId},
    identity::Session,
    partner::{Partner, PartnerScopes},
};
use jsonwebtoken::{Algorithm, Header};
use quick_cache::sync::Cache;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{header, header_of_any_length, is_timely, signing::SigningKeys, verified};

/// How long an access token lives (api.md: 10 minutes).
pub const LIFE: TimeDelta = TimeDelta::minutes(10);
const TYPE: &str = "at+jwt";
/// How many verified tokens are remembered.
const REMEMBERED: usize = 100_000;

/// Issues access tokens and verifies them.
pub struct AccessTokens {
    issuer: String,
    audience: String,
    keys: SigningKeys,
    /// A signature is checked once; then its token is known by its digest, until it expires.
    verified: Cache<[u8; 32], Verified>,
}

#[derive(Debug, Clone)]
struct Verified {
    key: String,
    bearer: Bearer,
    expires_at: i64,
}

/// Whom a token is of; whether it still opens anything is for their row to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bearer {
    /// A person, by a session.
    Person {
        /// Which session.
        session: SessionId,
        /// Who.
        person: PersonId,
    },
    /// A company's own software, which proved by a key who it is.
    SystemUser {
        /// Which.
        user: SystemUserId,
        /// What the token is for (RFC 6749 §3.3).
        scope: String,
    },
    /// An administration's back end, which did so too.
    Partner {
        /// Which.
        partner: PartnerId,
        /// What the token is for.
        scope: String,
    },
}

impl Bearer {
    /// The id of the person or client.
    pub fn subject(&self) -> Uuid {
        match self {
            Self::Person { person, .. } => person.0,
            Self::SystemUser { user, .. } => user.0,
            Self::Partner { partner, .. } => partner.0,
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    sub: Uuid,
    aud: String,
    exp: i64,
    iat: i64,
    /// We set none; where there is one, it holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nbf: Option<i64>,
    jti: Uuid,
    client_id: String,
    #[serde(flatten)]
    of: Of,
}

/// What tells the tokens of persons from those of clients.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum Of {
    Session { sid: Uuid, acr: String, auth_time: i64 },
    SystemUser { space: Uuid, scope: String },
    Partner { administration: String, scope: String },
}

impl AccessTokens {
    /// Makes ready to issue and verify with the keys of a folder.
    ///
    /// # Errors
    /// A sentence for the operator: none signs, or one can't be read or is readable by others.
    pub fn load(folder: &Path, issuer: &str, now: Instant) -> Result<Self, String> {
        let keys = SigningKeys::load(folder, now)?;
        let (issuer, audience) = (issuer.to_owned(), issuer.to_owned());
        Ok(Self { issuer, audience, keys, verified: Cache::new(REMEMBERED) })
    }

    /// A token of this session, and how many seconds it lives: never longer than the session may.
    ///
    /// # Errors
    /// Signing failed.
    pub fn issue(&self, session: &Session, now: Instant) -> Result<(String, i64), String> {
        let of = Of::Session {
            sid: session.id.0,
            acr: session.assurance.code().to_owned(),
            auth_time: session.authenticated_at.timestamp(),
        };
        self.issue_to(session.person.0, "espace-pro".to_owned(), of, (now, session.expires_at()))
    }

    /// A token of this system user for some of its rights, and how many seconds it lives: never longer than it is let in.
    ///
    /// # Errors
    /// Signing failed.
    pub fn issue_to_software(
        &self,
        user: &SystemUser,
        rights: &SystemRights,
        now: Instant,
    ) -> Result<(String, i64), String> {
        let of = Of::SystemUser { space: user.space.0, scope: rights.to_string() };
        self.issue_to(user.id.0, user.id.to_string(), of, (now, user.ends_at))
    }

    /// A token of this partner for some of its scopes, and how many seconds it lives.
    ///
    /// # Errors
    /// Signing failed.
    pub fn issue_to_partner(
        &self,
        partner: &Partner,
        scopes: &PartnerScopes,
        now: Instant,
    ) -> Result<(String, i64), String> {
        let of = Of::Partner { administration: partner.administration.to_string(), scope: scopes.to_string() };
        self.issue_to(partner.id.0, partner.id.to_string(), of, (now, now + LIFE))
    }

    fn issue_to(
        &self,
        subject: Uuid,
        client_id: String,
        of: Of,
        (now, until): (Instant, Instant),
    ) -> Result<(String, i64), String> {
        let claims = Claims {
            iss: self.issuer.clone(),
            sub: subject,
            aud: self.audience.clone(),
            exp: (now + LIFE).min(until).timestamp(),
            iat: now.timestamp(),
            nbf: None,
            jti: Uuid::from_bytes(rand::random()),
            client_id,
            of,
        };
        Ok((self.sign(TYPE, &claims, now)?, claims.exp - claims.iat))
    }

    /// Whether a key signs now.
    pub fn can_sign(&self, now: Instant) -> bool {
        self.keys.ring(now).signer(now).is_some()
    }

    /// Signs a statement of ours with the current key; its type keeps it apart from tokens.
    ///
    /// # Errors
    /// Signing failed.
    pub fn sign(&self, typ: &str, statement: &impl Serialize, now: Instant) -> Result<String, String> {
        let ring = self.keys.ring(now);
        let key = ring.signer(now).ok_or("no key signs now")?;
        let header = Header { typ: Some(typ.to_owned()), kid: Some(key.id.clone()), ..Header::new(Algorithm::EdDSA) };
        jsonwebtoken::encode(&header, statement, key.signing()).map_err(|error| error.to_string())
    }

    /// Reads a statement of this type, of whatever length, that one of our keys signed; its private half may be gone.
    ///
    /// # Errors
    /// Why not, for the operator.
    pub fn signed<T: DeserializeOwned>(&self, typ: &str, statement: &str, now: Instant) -> Result<T, String> {
        let id = header_of_any_length(statement, &[typ])?.kid.ok_or("the signature names no key")?;
        let ring = self.keys.ring(now);
        let key = ring.verifies_statements(&id).ok_or("the key of the signature is not among the signing keys")?;
        verified(statement, key, Algorithm::EdDSA)
    }

    /// Whom a token is of.
    ///
    /// # Errors
    /// Why not, for the log.
    pub fn verify(&self, token: &str, now: Instant) -> Result<Bearer, String> {
        self.known(token, now).map(|token| token.bearer)
    }

    fn known(&self, token: &str, now: Instant) -> Result<Verified, String> {
        let digest: [u8; 32] = Sha256::digest(token).into();
        if let Some(known) = self.verified.get(&digest) {
            if now.timestamp() < known.expires_at && self.keys.ring(now).key(&known.key, now).is_some() {
                return Ok(known);
            }
            self.verified.remove(&digest);
        }
        let header = header(token, &[TYPE, "application/at+jwt"])?;
        let id = header.kid.ok_or("the token names no key")?;
        let ring = self.keys.ring_with(&id, now);
        let key = ring.key(&id, now).ok_or("the token's key is unknown")?;
        let claims: Claims = verified(token, key.verifying(), Algorithm::EdDSA)?;
        if claims.iss != self.issuer || claims.aud != self.audience {
            return Err("the token is of another issuer, or for another audience".into());
        }
        is_timely(now, claims.iat, claims.nbf, claims.exp)?;
        let bearer = match claims.of {
            Of::Session { sid, .. } => Bearer::Person { session: SessionId(sid), person: PersonId(claims.sub) },
            Of::SystemUser { scope, .. } => Bearer::SystemUser { user: SystemUserId(claims.sub), scope },
            Of::Partner { scope, .. } => Bearer::Partner { partner: PartnerId(claims.sub), scope },
        };
        let known = Verified { key: id, bearer, expires_at: claims.exp };
        self.verified.insert(digest, known.clone());
        Ok(known)
    }

    /// The public keys (RFC 7517).
    pub fn jwks(&self, now: Instant) -> Value {
        self.keys.ring(now).jwks(now)
    }
}
