//! JSON Web Tokens as a story wants them: read, changed, signed with any key.

use std::{fs, path::Path};

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use jsonwebtoken::{Algorithm, EncodingKey, crypto, jwk::Jwk as PublicKey};
use serde_json::{Value, json};

use super::World;

/// A key that signs, and how.
pub struct Key {
    algorithm: Algorithm,
    key: EncodingKey,
}

impl Key {
    /// The key that signs access tokens.
    pub fn of_server(world: &World) -> Self {
        Self::in_file(&world.folder().join("keys/signing/0000-first.pem"))
    }

    /// The key of the sandbox's issuer.
    pub fn of_sandbox(world: &World) -> Self {
        Self::in_file(&world.folder().join("keys/sandbox.pem"))
    }

    fn in_file(file: &Path) -> Self {
        Self::ed25519(&fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display())))
    }

    /// An Ed25519 key that nobody trusts unless told to.
    pub fn strange() -> Self {
        Self::ed25519(ED25519)
    }

    /// A key for ES256.
    pub fn es256() -> Self {
        let key = EncodingKey::from_ec_pem(P256.as_bytes()).expect("a P-256 key");
        Self { algorithm: Algorithm::ES256, key }
    }

    /// A key for an algorithm of RSA.
    pub fn rsa(algorithm: Algorithm) -> Self {
        Self { algorithm, key: EncodingKey::from_rsa_pem(RSA.as_bytes()).expect("an RSA key") }
    }

    /// A shared secret.
    pub fn secret(secret: impl AsRef<[u8]>) -> Self {
        Self { algorithm: Algorithm::HS256, key: EncodingKey::from_secret(secret.as_ref()) }
    }

    fn ed25519(pem: &str) -> Self {
        Self { algorithm: Algorithm::EdDSA, key: EncodingKey::from_ed_pem(pem.as_bytes()).expect("an Ed25519 key") }
    }

    /// How it signs.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The public key as a JWK with an id.
    pub fn public(&self, id: &str) -> Value {
        let jwk = PublicKey::from_encoding_key(&self.key, self.algorithm).expect("a public key");
        let mut jwk = serde_json::to_value(jwk).expect("a JWK");
        jwk["kid"] = json!(id);
        jwk
    }

    /// The public Ed25519 key in every form in which it could be taken for a secret: bytes, base64url, PEM, JWK.
    pub fn public_as_secrets(&self) -> Vec<Vec<u8>> {
        const PREFIX: &[u8] = &[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
        let jwk = self.public("x");
        let x = jwk["x"].as_str().expect("a coordinate");
        let bytes = URL_SAFE_NO_PAD.decode(x).expect("base64url");
        let pem = STANDARD.encode([PREFIX, &bytes].concat());
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{pem}\n-----END PUBLIC KEY-----\n");
        vec![bytes, x.into(), pem.trim_end().into(), pem.into(), jwk.to_string().into()]
    }
}

/// A token's header and claims.
#[derive(Clone)]
pub struct Jwt {
    /// Its header.
    pub header: Value,
    /// Its claims.
    pub claims: Value,
}

impl Jwt {
    /// Reads a token.
    pub fn read(token: &str) -> Self {
        let part = |place| {
            let part = token.split('.').nth(place).expect("three parts");
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("base64url")).expect("JSON")
        };
        Self { header: part(0), claims: part(1) }
    }

    /// With this in its header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.header[name] = value.into();
        self
    }

    /// With this claim.
    #[must_use]
    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims[name] = value.into();
        self
    }

    /// Without this, in its header or its claims.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        for part in [&mut self.header, &mut self.claims] {
            part.as_object_mut().expect("an object").remove(name);
        }
        self
    }

    /// What is signed.
    pub fn unsigned(&self) -> String {
        [&self.header, &self.claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string())).join(".")
    }

    /// The token, signed with a key, whatever its header says.
    pub fn sign(&self, key: &Key) -> String {
        let unsigned = self.unsigned();
        let signature = crypto::sign(unsigned.as_bytes(), &key.key, key.algorithm).expect("a signature");
        format!("{unsigned}.{signature}")
    }
}

/// The same bytes in another spelling: the last character of a base64url text of 64 bytes has four bits to spare.
pub fn spelled_otherwise(token: &str) -> String {
    let (rest, last) = token.split_at(token.len() - 1);
    let other = match last {
        "A" => "B",
        "Q" => "R",
        "g" => "h",
        "w" => "x",
        last => panic!("{last} does not end 64 bytes"),
    };
    format!("{rest}{other}")
}

/// The other valid signature of the same signed part: ECDSA takes `s` and `n - s` alike.
pub fn other_es256_signature(token: &str) -> String {
    const ORDER: [u8; 32] = [
        0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6,
        0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
    ];
    let (signed, signature) = token.rsplit_once('.').expect("a signature");
    let mut signature = URL_SAFE_NO_PAD.decode(signature).expect("base64url");
    let mut borrow = 0;
    for (digit, order) in signature[32..].iter_mut().zip(ORDER).rev() {
        let difference = 256 + i32::from(order) - i32::from(*digit) - borrow;
        *digit = u8::try_from(difference % 256).expect("a byte");
        borrow = i32::from(difference < 256);
    }
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

// Made for these stories; they open nothing else.
const ED25519: &str = "\
-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJrhTq3/NugiQ1Z0X6wB55M/UwEIdTQV7kVe7lUe9wj0
-----END PRIVATE KEY-----
";
const P256: &str = "\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgrVnYJvsXjt2/v+PG
BvzQW/IH9gQAZ5sJKu4CD/altvmhRANCAAQI967LwxxlIPdPJHij6jy4YukTxSCc
57wB0Ci5OxCI6XAzuQPmDEhXbO884Bx5FF6XwWtkd6K6yLmTyiwJ8UYT
-----END PRIVATE KEY-----
";
const RSA: &str = "\
-----BEGIN PRIVATE KEY-----
MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQCy2goN9Nsb7jja
7D6cK02qw546rdtP1+hk5XxfLJ3GsZ18+ZpWbP7SYv+KkrrSfvNExWwO1/4bZQEO
twfQ8NCx+Ye6T3O1PaE42X3G+wV5B/whdQpYABnzZAdn68REEgbUtoiVjKKOeEF+
plGdLjCK8HVnt0CN3LEsM3uXfAkLnLmkmIDll9kfrL6BqNTK8Y7fkwxFnbVb+06T
9eNenUh5IM9UFH/Vem0lsXQpLT8i9QA9OfR1ksmodSyc2/zGwnheT+5xoeieCHGu
eI6DPdgKKm2lPWfHn+yLa7uQJJTVBhJD+fSoIvJJwuRvTY9nFuHjwq4QCe9/kscj
5zbCdm0RAgMBAAECggEAKOazMPDjoNYQW4R2ZwmCKAC3cUzsICzMoTJYCH3wEQ3y
aa+9S3F+rwdj0EFxBw1wPbR2W0iq/IHTRZW27GH+IA1kLEfaOsL+2TznxjcGz+Bz
GQWmmWxgguhHx0zEJBsJQ+EAiE7SqAk5VSjc9jincka+WrsuQKMNQ4H8jC6Z9PT+
TMvAtR7CWx0ihYvvg+YloXepjWGdsp/bHMdiTXydgqC0/GySbAXOiVZuqHQrjzj7
uamGCwomCKi4oYEOA1uG/x9gEW9r63fFgLKmS5LpXHH2hwy2cq0ZoHqvvfiNap0D
ppntx+fRSiOiw89sS965Lc8IvV7kxEItBW0vCtdJVwKBgQDz189xywnlkzM05UqB
Er0cMmxJ1Fll5251vdv1okkul5ANt2GqsLUIhVjoQERZNvQjbhlvNKTEP1HHaBtp
Rv2u25wRpnFfELZmgDfBGndb0k1pSrRwiwXPfku32+LgluL6aruwudq0FAZtZ1oT
N6ScKZS6I4MhbdfUJgNGs0BSkwKBgQC7xL1IGthu26C4BDrH1p1ZjGTOOj8S365A
0pL6x3VH4mYRtfOhscC+/YoxNlCWZ1F1rBBxophXkrek4TtlZjTZUP2mEdp8eE7F
72se1IJz/weXdENnYh6P6RIJ2+45HLpfyphRYFRmuf6wcw2+wv2pBJsbhOLM41ka
4eiKpCJUSwKBgQCpQRk60UYzVjNq+eT3JryhP9augHj1JOklTP3KyDSn5IgXHTzr
r/BY08Zcn49RpbVcimWZLR9ZIOJw2TB9qMsZflIcZj23UPBqwYDxxp8m2xjkhvgs
TjNgTTfdjQE0B0fRrhhNmRPXfzbe5ag+Qpc91hboBRJWN9ph5WjMwEtbhQKBgQCN
5g1BS4BarsGTryaY1RiOjumzbBM0eTPfqwMGX+vCylZmdgHLJWDLNSHVNP3L3AKU
kdbPeZf1PlxoTworBAVWYb1+XimmPOkS7m8emmyHqqibDXLO0zjTesh2CO3L3Wj/
cUSQ4uKFy3Os9xXhHszBiUiKkG8xdXJmPWkWNRn4ZwKBgDsoeyIEEkZdeAbhEdRT
pQINpQ0OKqPa8Skl3W9AXYvtKwZkewBq6WG9NF/bpF3oCSMONyAuQ2uqY3B5hwh3
NuZxgIdlmPS2KoIsIAXnPpDgCC0qSSOwP490FuONWLHRCcjoEapgj0upl4qjgQ5s
Sv+4qI9ohCovPj54WlylBsoV
-----END PRIVATE KEY-----
";
