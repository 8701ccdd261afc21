//! A company's own software: let in by an administrator, it signs assertions and gets tokens for them.

use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::Algorithm;
use serde_json::{Value, json};

use super::{Actor, Jwt, Key, Reply, text};

/// What a client says that it signs.
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A system user with its key.
pub struct Software {
    /// Its id, which is that of its client.
    pub id: String,
    /// Where administrators find it.
    pub path: String,
    /// What it signs with; `kid` is `k`.
    pub key: Key,
    /// What its server calls itself.
    pub issuer: String,
    /// When it was let in, in seconds.
    pub since: i64,
    pub(super) nobody: Actor,
}

/// A JWK Set of these keys with these ids.
pub fn jwks(keys: &[(&str, &Key)]) -> Value {
    json!({ "keys": keys.iter().map(|(id, key)| key.public(id)).collect::<Vec<_>>() })
}

impl Actor {
    /// The body that lets software with these keys into the space at this path, for three hundred days.
    pub fn software(&self, space: &str, rights: &[&str], jwks: &Value) -> Value {
        let opened: DateTime<Utc> = text(&self.get(space).expect(200)["createdAt"]).parse().expect("a moment");
        json!({ "name": "Payroll", "rights": rights, "endsAt": opened + TimeDelta::days(300), "jwks": jwks })
    }

    /// Lets software into the space at this path.
    pub fn approve(&self, space: &str, rights: &[&str], key: Key) -> Software {
        let wish = self.software(space, rights, &jwks(&[("k", &key)]));
        let approved = self.post(&format!("{space}/system-users"), &wish);
        let since: DateTime<Utc> = text(&approved.expect(201)["createdAt"]).parse().expect("a moment");
        let issuer = self.get("/.well-known/oauth-authorization-server").expect(200)["issuer"].clone();
        Software {
            id: text(&approved.json["id"]),
            path: approved.header("location"),
            key,
            issuer: text(&issuer),
            since: since.timestamp(),
            nobody: self.logged_out(),
        }
    }

    /// Somebody who sends the access token that was granted.
    #[must_use]
    pub fn with_token(&self, granted: &Reply) -> Self {
        let mut somebody = self.logged_out();
        somebody.token = Some(text(&granted.expect(200)["access_token"]));
        somebody
    }

    /// Asks for a token with a client's assertion, for this scope if there is one.
    pub fn exchange_client_assertion(&self, assertion: &str, scope: Option<&str>) -> Reply {
        let mut form = vec![
            ("grant_type", "client_credentials"),
            ("client_assertion_type", JWT_BEARER),
            ("client_assertion", assertion),
        ];
        form.extend(scope.map(|scope| ("scope", scope)));
        self.post_form("/v1/token", &form)
    }
}

impl Reply {
    /// Asserts that the token endpoint does not know the client, whatever the reason.
    #[track_caller]
    pub fn expect_unknown_client(&self) {
        let told = "the client is unknown, or its assertion is not valid";
        let expected = json!({ "error": "invalid_client", "error_description": told });
        assert_eq!((self.status, &self.json), (401, &expected), "{}", self.text);
        assert_eq!(self.header("www-authenticate"), "Bearer");
    }
}

impl Software {
    /// An assertion of this moment, with an id of its own.
    pub fn assertion_at(&self, now: i64) -> Jwt {
        let algorithm = match self.key.algorithm() {
            Algorithm::EdDSA => "EdDSA",
            Algorithm::ES256 => "ES256",
            Algorithm::PS256 => "PS256",
            _ => "RS256",
        };
        Jwt {
            header: json!({ "alg": algorithm, "kid": "k" }),
            claims: json!({
                "iss": self.id, "sub": self.id, "aud": self.issuer, "iat": now, "exp": now + 240,
                "jti": format!("{:032x}", rand::random::<u128>()),
            }),
        }
    }

    /// An assertion of the moment in which it was let in.
    pub fn assertion(&self) -> Jwt {
        self.assertion_at(self.since)
    }

    /// Asks for a token with this assertion, signed with its key.
    pub fn ask(&self, assertion: &Jwt) -> Reply {
        self.nobody.exchange_client_assertion(&assertion.sign(&self.key), None)
    }

    /// It, with a token for all its rights.
    pub fn log_in(&self) -> Actor {
        self.log_in_at(self.since, None)
    }

    /// The same at another moment, or for some rights.
    pub fn log_in_at(&self, now: i64, scope: Option<&str>) -> Actor {
        let reply = self.nobody.exchange_client_assertion(&self.assertion_at(now).sign(&self.key), scope);
        self.nobody.with_token(&reply)
    }
}
