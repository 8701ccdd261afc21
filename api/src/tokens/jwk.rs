//! Public keys that others give us (RFC 7517): which of them we use, and each with one algorithm alone (RFC 8725 §3.1).

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use jsonwebtoken::{
    Algorithm, DecodingKey,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, PublicKeyUse},
};

/// The algorithms that keys may be used with.
pub const ALGORITHMS: [Algorithm; 4] = [Algorithm::EdDSA, Algorithm::ES256, Algorithm::RS256, Algorithm::PS256];

/// Keys by their ids.
pub type Keys = BTreeMap<String, (Algorithm, DecodingKey)>;

/// The keys of a set that have an id, are for signatures and fit one of the algorithms: one algorithm for each.
pub fn usable(set: &JwkSet, algorithms: &[Algorithm]) -> Keys {
    set.keys.iter().filter_map(|jwk| Some((jwk.common.key_id.clone()?, usable_key(jwk, algorithms)?))).collect()
}

/// A key and its one algorithm.
pub fn usable_key(jwk: &Jwk, algorithms: &[Algorithm]) -> Option<(Algorithm, DecodingKey)> {
    let fitting: &[Algorithm] = match &jwk.algorithm {
        AlgorithmParameters::OctetKeyPair(key) if has_32_bytes(&key.x) => &[Algorithm::EdDSA],
        AlgorithmParameters::EllipticCurve(key)
            if key.curve == EllipticCurve::P256 && has_32_bytes(&key.x) && has_32_bytes(&key.y) =>
        {
            &[Algorithm::ES256]
        }
        AlgorithmParameters::RSA(key) if is_long(&key.n) => &[Algorithm::RS256, Algorithm::PS256],
        _ => &[],
    };
    let is_for_signatures = !matches!(jwk.common.public_key_use, Some(PublicKeyUse::Encryption));
    let named = jwk.common.key_algorithm.map(|algorithm| algorithm.to_string());
    let is_named = |algorithm: &&Algorithm| named.as_ref().is_none_or(|named| *named == format!("{algorithm:?}"));
    let algorithm = fitting.iter().filter(|algorithm| algorithms.contains(algorithm)).find(is_named)?;
    let key = DecodingKey::from_jwk(jwk).ok()?;
    is_for_signatures.then_some((*algorithm, key))
}

/// What a key of Ed25519 has (RFC 8032 §5.1.5), and a coordinate of P-256 (RFC 7518 §6.2.1.2). What verifies takes the first for
/// granted, and panics at less; the second it divides anew wherever together they are long enough.
fn has_32_bytes(text: &str) -> bool {
    BASE64URL.decode(text).is_ok_and(|bytes| bytes.len() == 32)
}

/// RFC 7518 §3.3: 2048 bits or more.
fn is_long(modulus: &str) -> bool {
    BASE64URL.decode(modulus).is_ok_and(|modulus| bits(&modulus) >= 2048)
}

/// How long a number is, the most significant byte coming first.
pub fn bits(number: &[u8]) -> usize {
    let place = number.iter().position(|byte| *byte != 0);
    place.map_or(0, |place| (number.len() - place) * 8 - number[place].leading_zeros() as usize)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn zeros_make_no_number_longer() {
        for (number, expected) in [(&[][..], 0), (&[0, 0], 0), (&[1], 1), (&[0, 0x80], 8), (&[1, 0], 9)] {
            assert_eq!(bits(number), expected, "{number:?}");
        }
        let long = |modulus: &[u8]| is_long(&BASE64URL.encode(modulus));
        assert!(long(&[0x80; 256]) && !long(&[0x7f; 256]) && !long(&[0; 300]));
    }

    #[test]
    fn a_key_of_ed25519_has_32_bytes() {
        for (bytes, is_used) in [(0, false), (1, false), (31, false), (32, true), (33, false)] {
            let x = BASE64URL.encode(vec![1; bytes]);
            let jwk = serde_json::from_value(json!({ "kty": "OKP", "crv": "Ed25519", "kid": "k", "x": x })).unwrap();
            assert_eq!(usable_key(&jwk, &ALGORITHMS).is_some(), is_used, "{bytes}");
        }
    }
}
