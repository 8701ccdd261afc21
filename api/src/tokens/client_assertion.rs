//! Clients say who they are by assertions that they sign: `private_key_jwt` (RFC 7523 §2.2 and §3). What a client stands for
//! is not known here.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use chrono::TimeDelta;
use domain::{Instant, id::ClientId};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{LEEWAY, header, is_timely, jwk::Keys, verified};

/// What `client_assertion_type` says of one.
pub const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// How long one may live (api.md: 5 minutes).
const LONGEST_LIFE: TimeDelta = TimeDelta::minutes(5);
/// The most bytes of the id that a client gives it.
const LONGEST_ID: usize = 255;

/// An assertion of which nothing is believed yet.
#[derive(Debug)]
pub struct ClientAssertion {
    token: String,
    key: String,
    claims: Claims,
    client: ClientId,
}

/// A client that has proved who it is.
#[derive(Debug, Clone)]
pub struct Proof {
    /// Which.
    pub client: ClientId,
    /// What the assertion is known by among those of the client: it serves once.
    pub digest: String,
    /// From when on it is refused anyway.
    pub expires_at: Instant,
}

#[derive(Debug, Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    /// One text: an assertion that another server takes too could be used here by that one (RFC 7523bis).
    aud: String,
    exp: i64,
    iat: Option<i64>,
    nbf: Option<i64>,
    jti: String,
}

impl ClientAssertion {
    /// Reads which client an assertion says that it is of.
    ///
    /// # Errors
    /// Why not, for the log.
    pub fn read(token: String) -> Result<Self, String> {
        let key = header(&token, &["", "JWT", "client-authentication+jwt"])?.kid.ok_or("the assertion names no key")?;
        let claims: Claims =
            jsonwebtoken::dangerous::insecure_decode_claims(&token).map_err(|error| error.to_string())?;
        let client = claims.sub.parse::<Uuid>().ok().filter(|id| id.to_string() == claims.sub);
        let client = client.ok_or("the assertion names no client")?.into();
        Ok(Self { token, key, claims, client })
    }

    /// The client that it names.
    pub fn client(&self) -> ClientId {
        self.client
    }

    /// Judges it by the keys of the client that it names, for the server that is called `us`.
    ///
    /// # Errors
    /// Why not, for the log.
    pub fn verify(&self, keys: &Keys, us: &str, now: Instant) -> Result<Proof, String> {
        let (algorithm, key) = keys.get(&self.key).ok_or("the client has no such key")?;
        let Claims { iss, sub, aud, exp, iat, nbf, jti } = verified(&self.token, key, *algorithm)?;
        if iss != sub || sub != self.claims.sub {
            return Err("the assertion is another's than its subject's".into());
        }
        if aud != us {
            return Err("the assertion is for another audience".into());
        }
        is_timely(now, iat.unwrap_or(now.timestamp()), nbf, exp)?;
        // A client whose clock is fast may give it a little more.
        let latest = now + LONGEST_LIFE + TimeDelta::seconds(LEEWAY);
        let life = iat.map_or(0, |iat| exp.saturating_sub(iat));
        if exp > latest.timestamp() || life > LONGEST_LIFE.num_seconds() {
            return Err("the assertion lives longer than five minutes".into());
        }
        if !(1..=LONGEST_ID).contains(&jti.len()) {
            return Err("the id of the assertion is empty or too long".into());
        }
        let expires_at = Instant::from_timestamp(exp + LEEWAY, 0).ok_or("a time of the assertion is out of range")?;
        Ok(Proof { client: self.client, digest: BASE64URL.encode(Sha256::digest(jti)), expires_at })
    }
}
