//! JSON Web Tokens: those that we issue, those of trusted issuers, and those by which clients say who they are.

pub mod access;
pub mod client_assertion;
pub mod client_keys;
pub mod issuer;
pub mod jwk;
pub mod signing;

use domain::Instant;
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation};
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

/// How far clocks may be apart.
const LEEWAY: i64 = 5;
/// Longer ones are not read at all.
const LONGEST: usize = 16 * 1024;

/// Checks the signature by the one algorithm of its key, and reads the claims; what they say is judged by the caller, by
/// our clock (RFC 8725).
fn verified<T: DeserializeOwned>(token: &str, key: &DecodingKey, algorithm: Algorithm) -> Result<T, String> {
    let mut validation = Validation::new(algorithm);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    jsonwebtoken::decode(token, key, &validation).map(|data| data.claims).map_err(|error| error.to_string())
}

/// The header of a token whose type is one of these; a header that wants something of us that we don't know is refused.
fn header(token: &str, types: &[&str]) -> Result<Header, String> {
    if token.len() > LONGEST {
        return Err("the token is too long".into());
    }
    header_of_any_length(token, types)
}

fn header_of_any_length(token: &str, types: &[&str]) -> Result<Header, String> {
    let header = jsonwebtoken::decode_header(token).map_err(|error| error.to_string())?;
    if header.crit.is_some() {
        return Err("the token has critical extensions".into());
    }
    match &header.typ {
        Some(typ) if types.iter().any(|known| known.eq_ignore_ascii_case(typ)) => Ok(header),
        None if types.contains(&"") => Ok(header),
        typ => Err(format!("a token of type {typ:?} is not taken here")),
    }
}

/// Whether a token is within its time.
fn is_timely(now: Instant, issued_at: i64, not_before: Option<i64>, expires_at: i64) -> Result<(), String> {
    let now = now.timestamp();
    if now >= expires_at.saturating_add(LEEWAY) {
        return Err("the token has expired".into());
    }
    if issued_at.max(not_before.unwrap_or(issued_at)) > now.saturating_add(LEEWAY) {
        return Err("the token is not valid yet".into());
    }
    Ok(())
}

/// What a token is known by: a digest of what was signed, for a signature can be written in several ways.
fn digest_of_signed(token: &str) -> [u8; 32] {
    let signed = token.rsplit_once('.').map_or(token, |(signed, _)| signed);
    Sha256::digest(signed).into()
}
