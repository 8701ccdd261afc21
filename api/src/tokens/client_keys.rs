//! The public keys of a client, given inline as a JWK Set: a closed list of members, so that no private key, no secret and no
//! address of keys is taken by mistake.

use std::{collections::BTreeSet, ops::RangeInclusive};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use domain::Fault;
use jsonwebtoken::{
    crypto,
    jwk::{Jwk, JwkSet},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::jwk::{ALGORITHMS, Keys, bits, usable, usable_key};
use crate::http::{
    body::{Faults, Object},
    field::Flaw,
    schema::{self, present},
};

/// How many keys a client may have: enough to change them one after the other.
pub const MOST: i64 = 5;

/// The public keys of a client (RFC 7517).
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = JwkSet)]
#[serde(deny_unknown_fields)]
pub struct JwksDocument {
    /// Each with an id of its own.
    #[schema(value_type = Vec<PublicKey>, min_items = 1, max_items = 5)]
    keys: Vec<Object<JwkDocument>>,
}

/// A public key.
#[derive(ToSchema)]
#[serde(untagged)]
pub enum PublicKey {
    /// For `EdDSA`.
    Ed25519(Ed25519Key),
    /// For `ES256`.
    P256(P256Key),
    /// For `RS256` or `PS256`.
    Rsa(RsaKey),
}

/// A key of Ed25519 (RFC 8037).
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "the contract of a `JwkDocument`: read as such, a fault would lose its pointer")]
pub struct Ed25519Key {
    /// `OKP`.
    #[schema(value_type = schema::KeyTypeOkp)]
    kty: String,
    /// `Ed25519`.
    #[schema(value_type = schema::CurveEd25519)]
    crv: String,
    /// The key.
    #[schema(value_type = schema::Coordinate)]
    x: String,
    /// Its id.
    #[schema(value_type = schema::KeyId)]
    kid: String,
    /// `EdDSA`.
    #[schema(value_type = Option<schema::AlgorithmEdDsa>, nullable = false)]
    alg: Option<String>,
    /// `sig`.
    #[serde(rename = "use")]
    #[schema(value_type = Option<schema::ForSignatures>, nullable = false)]
    public_key_use: Option<String>,
}

/// A key of P-256 (RFC 7518 §6.2).
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "as above")]
pub struct P256Key {
    /// `EC`.
    #[schema(value_type = schema::KeyTypeEc)]
    kty: String,
    /// `P-256`.
    #[schema(value_type = schema::CurveP256)]
    crv: String,
    /// One coordinate.
    #[schema(value_type = schema::Coordinate)]
    x: String,
    /// The other one.
    #[schema(value_type = schema::Coordinate)]
    y: String,
    /// Its id.
    #[schema(value_type = schema::KeyId)]
    kid: String,
    /// `ES256`.
    #[schema(value_type = Option<schema::AlgorithmEs256>, nullable = false)]
    alg: Option<String>,
    /// `sig`.
    #[serde(rename = "use")]
    #[schema(value_type = Option<schema::ForSignatures>, nullable = false)]
    public_key_use: Option<String>,
}

/// A key of RSA with 2048 to 4096 bits (RFC 7518 §6.3).
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "as above")]
pub struct RsaKey {
    /// `RSA`.
    #[schema(value_type = schema::KeyTypeRsa)]
    kty: String,
    /// The modulus.
    #[schema(value_type = schema::Modulus)]
    n: String,
    /// The exponent.
    #[schema(value_type = schema::Exponent)]
    e: String,
    /// Its id.
    #[schema(value_type = schema::KeyId)]
    kid: String,
    /// `RS256`, unless `PS256` is given.
    #[schema(value_type = Option<schema::AlgorithmsOfRsa>, nullable = false)]
    alg: Option<String>,
    /// `sig`.
    #[serde(rename = "use")]
    #[schema(value_type = Option<schema::ForSignatures>, nullable = false)]
    public_key_use: Option<String>,
}

/// A [`PublicKey`], read.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JwkDocument {
    kty: KeyType,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    crv: Option<Curve>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    x: Option<String>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    y: Option<String>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    n: Option<String>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    e: Option<String>,
    kid: String,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    alg: Option<Alg>,
    #[serde(rename = "use", default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    public_key_use: Option<Use>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum KeyType {
    Okp,
    Ec,
    Rsa,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Curve {
    Ed25519,
    #[serde(rename = "P-256")]
    P256,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Alg {
    EdDSA,
    ES256,
    RS256,
    PS256,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Use {
    #[serde(rename = "sig")]
    Signatures,
}

impl JwksDocument {
    /// Checks every key; what is wrong goes into `faults`, below this pointer.
    pub fn check(self, pointer: &str, faults: &mut Faults) -> Option<Self> {
        let has_right_count = i64::try_from(self.keys.len()).is_ok_and(|count| (1..=MOST).contains(&count));
        let counted = if has_right_count { Ok(()) } else { Err(Fault::OutOfRange { min: 1, max: MOST }) };
        faults.take(&format!("{pointer}/keys"), counted)?;
        let mut ids = BTreeSet::new();
        let checked = self.keys.iter().enumerate().map(|(place, Object(key))| {
            let place = format!("{pointer}/keys/{place}");
            let is_new = if ids.insert(&key.kid) { Ok(()) } else { Err(Flaw::Duplicate) };
            let (is_new, key) = (faults.take(&format!("{place}/kid"), is_new), key.check(&place, faults));
            is_new.and(key)
        });
        let is_fine = checked.collect::<Vec<_>>().into_iter().all(|key| key.is_some());
        is_fine.then_some(self)
    }

    /// Reads what was kept.
    ///
    /// # Errors
    /// It is no document.
    pub fn kept(text: &str) -> Result<Self, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    /// As it is kept.
    ///
    /// # Errors
    /// None that a caller can cause.
    pub fn to_text(&self) -> Result<String, String> {
        serde_json::to_string(self).map_err(|error| error.to_string())
    }

    /// The keys, ready to verify.
    ///
    /// # Errors
    /// It holds what no rule lets in.
    pub fn keys(&self) -> Result<Keys, String> {
        let keys = self.keys.iter().map(|Object(key)| key.jwk()).collect::<Result<_, _>>()?;
        Ok(usable(&JwkSet { keys }, &ALGORITHMS))
    }
}

impl JwkDocument {
    fn check(&self, place: &str, faults: &mut Faults) -> Option<()> {
        let is_id = (1..=128).contains(&self.kid.len()) && self.kid.bytes().all(|byte| byte.is_ascii_graphic());
        let id = faults.take(&format!("{place}/kid"), if is_id { Ok(()) } else { Err(Fault::Malformed) });
        let (curve, algorithms): (Option<Curve>, &[Alg]) = match self.kty {
            KeyType::Okp => (Some(Curve::Ed25519), &[Alg::EdDSA]),
            KeyType::Ec => (Some(Curve::P256), &[Alg::ES256]),
            KeyType::Rsa => (None, &[Alg::RS256, Alg::PS256]),
        };
        let (is_of_curve, is_of_rsa) = (curve.is_some(), self.kty == KeyType::Rsa);
        let members = [
            ("crv", self.crv.is_some(), is_of_curve),
            ("x", self.x.is_some(), is_of_curve),
            ("y", self.y.is_some(), self.kty == KeyType::Ec),
            ("n", self.n.is_some(), is_of_rsa),
            ("e", self.e.is_some(), is_of_rsa),
        ];
        for (name, is_there, is_wanted) in members {
            let fault = if is_wanted { Fault::Missing } else { Fault::NotApplicable };
            faults.take(&format!("{place}/{name}"), if is_there == is_wanted { Ok(()) } else { Err(fault) })?;
        }
        let is_curve = if self.crv == curve { Ok(()) } else { Err(Fault::NotApplicable) };
        faults.take(&format!("{place}/crv"), is_curve)?;
        let fits = self.alg.is_none_or(|named| algorithms.contains(&named));
        faults.take(&format!("{place}/alg"), if fits { Ok(()) } else { Err(Fault::NotApplicable) })?;
        let well_formed = |is_so: bool| if is_so { Ok(()) } else { Err(Fault::Malformed) };
        if is_of_rsa {
            faults.take(&format!("{place}/e"), well_formed(is_sound(self.e.as_deref(), 2..=32)))?;
            faults.take(
                &format!("{place}/n"),
                well_formed(is_sound(self.n.as_deref(), 2048..=4096) && self.verifies()),
            )?;
        } else {
            faults.take(&format!("{place}/x"), well_formed(self.verifies()))?;
        }
        id
    }

    /// Whether signatures can be verified by it: one that is none is then found wrong, and is no error.
    fn verifies(&self) -> bool {
        let key = self.jwk().ok().and_then(|jwk| usable_key(&jwk, &ALGORITHMS));
        key.is_some_and(|(algorithm, key)| crypto::verify("AA", b"", &key, algorithm).is_ok_and(|is_signed| !is_signed))
    }

    fn jwk(&self) -> Result<Jwk, String> {
        let json = serde_json::to_value(self).map_err(|error| error.to_string())?;
        serde_json::from_value(json).map_err(|error| error.to_string())
    }
}

/// Whether a text is an odd number of so many bits, in as few bytes as it takes (RFC 7518 §2), as the modulus and the exponent
/// of RSA are. What verifies is silent on others: it takes them, and finds every signature wrong.
fn is_sound(number: Option<&str>, length: RangeInclusive<usize>) -> bool {
    BASE64URL.decode(number.unwrap_or_default()).is_ok_and(|number| {
        let is_odd = number.last().is_some_and(|last| last % 2 == 1);
        is_odd && number[0] != 0 && length.contains(&bits(&number))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use utoipa::PartialSchema;

    use super::*;

    /// The contract's generator takes no constants.
    #[test]
    fn the_contract_tells_how_many_keys_there_may_be() {
        let schema = serde_json::to_value(JwksDocument::schema()).unwrap();
        assert_eq!(schema["properties"]["keys"]["maxItems"], MOST);
    }

    #[test]
    fn what_is_kept_is_read_as_it_was() {
        let key =
            json!({ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "kid": "k" });
        let document: JwksDocument = serde_json::from_value(json!({ "keys": [key] })).unwrap();
        let document = document.check("/jwks", &mut Faults::default()).unwrap();
        assert_eq!(JwksDocument::kept(&document.to_text().unwrap()), Ok(document));
        assert!(JwksDocument::kept(r#"{"keys":1}"#).is_err());
    }
}
