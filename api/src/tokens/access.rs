//! Access tokens (RFC 9068), signed with Ed25519, and the keys that sign them.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use chrono::TimeDelta;
use domain::{
    Coded, Instant,
    id::{PersonId, SessionId},
    identity::Session,
};
use ed25519_dalek::{
    SigningKey,
    pkcs8::{DecodePrivateKey, EncodePrivateKey, KeypairBytes, spki::der::pem::LineEnding},
};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header};
use quick_cache::sync::Cache;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{header, header_of_any_length, is_timely, verified};
use crate::keys::{read_secret, write_secret};

/// How long an access token lives (api.md: 10 minutes).
pub const LIFE: TimeDelta = TimeDelta::minutes(10);
const TYPE: &str = "at+jwt";
/// How many verified tokens are remembered.
const REMEMBERED: usize = 100_000;

/// Issues access tokens and verifies them.
pub struct AccessTokens {
    issuer: String,
    audience: String,
    /// By key id; the current one signs.
    keys: BTreeMap<String, DecodingKey>,
    published: Vec<Value>,
    current: (String, EncodingKey),
    /// A signature is checked once; then its token is known by its digest, until it expires.
    verified: Cache<[u8; 32], Verified>,
}

#[derive(Debug, Clone)]
struct Verified {
    key: String,
    session: SessionId,
    person: PersonId,
    expires_at: i64,
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
    sid: Uuid,
    acr: String,
    auth_time: i64,
    client_id: String,
}

impl AccessTokens {
    /// Reads the signing keys of a folder, `*.pem` in the order of their names; the last one signs, all are published.
    ///
    /// # Errors
    /// A sentence for the operator: there is none, or one can't be read or is readable by others.
    pub fn load(folder: &Path, issuer: &str) -> Result<Self, String> {
        let files = key_files(folder)?;
        let mut keys = BTreeMap::new();
        let mut published = Vec::new();
        let mut current = None;
        for path in &files {
            let pem = read_secret(path)?;
            let key = SigningKey::from_pkcs8_pem(&pem).map_err(|error| format!("{}: {error}", path.display()))?;
            let x = BASE64URL.encode(key.verifying_key().as_bytes());
            // RFC 7638, RFC 8037.
            let id = BASE64URL.encode(Sha256::digest(format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#)));
            let der = key.to_pkcs8_der().map_err(|error| error.to_string())?;
            published.push(json!({ "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": id, "x": x }));
            keys.insert(id.clone(), DecodingKey::from_ed_components(&x).map_err(|error| error.to_string())?);
            current = Some((id, EncodingKey::from_ed_der(der.as_bytes())));
        }
        let current =
            current.ok_or(format!("there is no signing key (*.pem, Ed25519, PKCS #8) in {}", folder.display()))?;
        let (issuer, audience) = (issuer.to_owned(), issuer.to_owned());
        Ok(Self { issuer, audience, keys, published, current, verified: Cache::new(REMEMBERED) })
    }

    /// Makes a first signing key where there is none; its name comes before any that an operator would give.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub fn make_first_key(folder: &Path) -> Result<(), String> {
        let has_one = key_files(folder).is_ok_and(|files| !files.is_empty());
        if has_one { Ok(()) } else { make_key(&folder.join("0000-first.pem")) }
    }

    /// A token of this session, and how many seconds it lives: never longer than the session may.
    ///
    /// # Errors
    /// Signing failed.
    pub fn issue(&self, session: &Session, now: Instant) -> Result<(String, i64), String> {
        let expires_at = (now + LIFE).min(session.expires_at());
        let claims = Claims {
            iss: self.issuer.clone(),
            sub: session.person.0,
            aud: self.audience.clone(),
            exp: expires_at.timestamp(),
            iat: now.timestamp(),
            nbf: None,
            jti: Uuid::from_bytes(rand::random()),
            sid: session.id.0,
            acr: session.assurance.code().to_owned(),
            auth_time: session.authenticated_at.timestamp(),
            client_id: "espace-pro".to_owned(),
        };
        Ok((self.sign(TYPE, &claims)?, claims.exp - claims.iat))
    }

    /// Signs a statement of ours with the current key; its type keeps it apart from tokens.
    ///
    /// # Errors
    /// Signing failed.
    pub fn sign(&self, typ: &str, statement: &impl Serialize) -> Result<String, String> {
        let (id, key) = &self.current;
        let header = Header { typ: Some(typ.to_owned()), kid: Some(id.clone()), ..Header::new(Algorithm::EdDSA) };
        jsonwebtoken::encode(&header, statement, key).map_err(|error| error.to_string())
    }

    /// Reads a statement of this type, of whatever length, that one of our keys signed.
    ///
    /// # Errors
    /// Why not, for the operator.
    pub fn signed<T: DeserializeOwned>(&self, typ: &str, statement: &str) -> Result<T, String> {
        let id = header_of_any_length(statement, &[typ])?.kid.ok_or("the signature names no key")?;
        let key = self.keys.get(&id).ok_or("the key of the signature is not among the signing keys")?;
        verified(statement, key, Algorithm::EdDSA)
    }

    /// The session that a token is of; whether that is alive is for its row to say.
    ///
    /// # Errors
    /// Why not, for the log.
    pub fn verify(&self, token: &str, now: Instant) -> Result<SessionId, String> {
        self.known(token, now).map(|token| token.session)
    }

    /// The person that a token was issued to, if it is one of ours.
    pub fn person(&self, token: &str, now: Instant) -> Option<PersonId> {
        self.known(token, now).ok().map(|token| token.person)
    }

    fn known(&self, token: &str, now: Instant) -> Result<Verified, String> {
        let digest: [u8; 32] = Sha256::digest(token).into();
        if let Some(known) = self.verified.get(&digest) {
            if now.timestamp() < known.expires_at && self.keys.contains_key(&known.key) {
                return Ok(known);
            }
            self.verified.remove(&digest);
        }
        let header = header(token, &[TYPE, "application/at+jwt"])?;
        let id = header.kid.ok_or("the token names no key")?;
        let key = self.keys.get(&id).ok_or("the token's key is unknown")?;
        let claims: Claims = verified(token, key, Algorithm::EdDSA)?;
        if claims.iss != self.issuer || claims.aud != self.audience {
            return Err("the token is of another issuer, or for another audience".into());
        }
        is_timely(now, claims.iat, claims.nbf, claims.exp)?;
        let (session, person) = (SessionId(claims.sid), PersonId(claims.sub));
        let known = Verified { key: id, session, person, expires_at: claims.exp };
        self.verified.insert(digest, known.clone());
        Ok(known)
    }

    /// The public keys (RFC 7517).
    pub fn jwks(&self) -> Value {
        json!({ "keys": self.published })
    }
}

/// The keys of a folder, in the order of their names.
fn key_files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut files: Vec<_> = paths.filter(|path| path.extension().is_some_and(|extension| extension == "pem")).collect();
    files.sort();
    Ok(files)
}

/// Writes a new Ed25519 key, as `openssl genpkey` would; another process that was faster wins.
///
/// # Errors
/// A sentence for the operator.
pub fn make_key(path: &Path) -> Result<(), String> {
    let pair = KeypairBytes { secret_key: rand::random(), public_key: None };
    let pem = pair.to_pkcs8_pem(LineEnding::LF).map_err(|error| error.to_string())?;
    write_secret(path, &pem)
}
