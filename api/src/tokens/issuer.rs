//! Trusted identity providers: what each may assert, and how its ID tokens become an identity.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use chrono::TimeDelta;
use domain::{
    Coded, Instant,
    identity::{Assurance, NationalNumber, ProductKind, Serial, session},
    text::PersonName,
};
use jsonwebtoken::{Algorithm, DecodingKey, jwk::JwkSet};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use ureq::http::Uri;

use super::{
    digest_of_signed, header, is_timely,
    jwk::{self, usable},
    verified,
};

/// An assertion serves for so long after it was issued (api.md).
const FRESH: TimeDelta = TimeDelta::minutes(5);
/// Unknown keys make us ask the issuer again at most so often.
const REFETCH: TimeDelta = TimeDelta::minutes(1);
/// Known keys are asked for again after so long: an issuer withdraws a key by publishing it no more.
const STALE: TimeDelta = TimeDelta::hours(1);
const FETCH_TIMEOUT: Duration = Duration::from_secs(5);
const LARGEST_ANSWER: u64 = 512 * 1024;

/// One trusted issuer, as the configuration says it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IssuerSettings {
    /// Its `iss`.
    pub issuer: String,
    /// Who we are to it: its `aud`.
    pub audience: String,
    /// The algorithms that its keys may be used with: `EdDSA`, `ES256`, `RS256`, `PS256`.
    pub algorithms: Vec<Algorithm>,
    /// Where its keys are.
    pub keys: KeySource,
    /// How its claims are called.
    #[serde(default)]
    pub claims: ClaimNames,
    /// The kinds of product that it may assert, by its own words for them.
    pub kinds: BTreeMap<String, String>,
    /// Its `acr` values and the levels that they stand for; any other is `low`.
    #[serde(default)]
    pub acr: BTreeMap<String, String>,
    /// Whether it is believed about national numbers.
    #[serde(default)]
    pub asserts_national_number: bool,
    /// Whether it is believed about who is an agent of the Helpdesk.
    #[serde(default)]
    pub staff: bool,
}

/// Where an issuer's public keys are.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum KeySource {
    /// `{issuer}/.well-known/openid-configuration` says where.
    Discovery,
    /// A JWK Set in a file.
    File(PathBuf),
    /// A JWK Set given here.
    Inline(JwkSet),
}

/// The names of the claims that matter.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ClaimNames {
    serial: String,
    kind: String,
    national_number: String,
    given_name: String,
    family_name: String,
    helpdesk: String,
}

impl Default for ClaimNames {
    fn default() -> Self {
        Self {
            serial: "serial_number".into(),
            kind: "product_kind".into(),
            national_number: "national_number".into(),
            given_name: "given_name".into(),
            family_name: "family_name".into(),
            helpdesk: "helpdesk".into(),
        }
    }
}

/// What a valid assertion says.
#[derive(Debug, Clone)]
pub struct Assertion {
    /// Known by this; used up by this.
    pub digest: String,
    /// From when on it is refused anyway.
    pub expires_at: Instant,
    /// The product's number.
    pub serial: Serial,
    /// The product's kind.
    pub kind: ProductKind,
    /// The national number, where the issuer is believed about it.
    pub number: Option<NationalNumber>,
    /// The person's given name.
    pub given_name: PersonName,
    /// The person's family name.
    pub family_name: PersonName,
    /// How sure the issuer is.
    pub assurance: Assurance,
    /// When the person proved who he is.
    pub authenticated_at: Instant,
    /// Whether this is an agent of the Helpdesk, where the issuer is believed about it.
    pub helpdesk: bool,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: Audience,
    azp: Option<String>,
    exp: i64,
    iat: i64,
    nbf: Option<i64>,
    auth_time: Option<i64>,
    acr: Option<String>,
    #[serde(flatten)]
    others: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

/// The trusted issuers.
pub struct Issuers(Vec<Issuer>);

struct Issuer {
    settings: IssuerSettings,
    kinds: BTreeMap<String, ProductKind>,
    levels: BTreeMap<String, Assurance>,
    keys: Mutex<Keys>,
    fetching: Mutex<()>,
}

#[derive(Default)]
struct Keys {
    by_id: jwk::Keys,
    asked_at: Option<Instant>,
}

impl Issuers {
    /// Prepares the issuers; keys in files are read now, keys to be discovered when first needed.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub fn prepare(settings: Vec<IssuerSettings>) -> Result<Self, String> {
        let mut names = BTreeSet::new();
        let issuers: Vec<Issuer> = settings.into_iter().map(Issuer::prepare).collect::<Result<_, _>>()?;
        for issuer in &issuers {
            if !names.insert(&issuer.settings.issuer) {
                return Err(format!("the issuer {} is configured twice", issuer.settings.issuer));
            }
        }
        Ok(Self(issuers))
    }

    /// Verifies an ID token. May ask the issuer for its keys: not for the async threads.
    ///
    /// # Errors
    /// Why not, for the log.
    pub fn verify(&self, token: &str, now: Instant) -> Result<Assertion, String> {
        let header = header(token, &["", "JWT"])?;
        let id = header.kid.as_deref().ok_or("the assertion names no key")?;
        let named: Claims =
            jsonwebtoken::dangerous::insecure_decode_claims(token).map_err(|error| error.to_string())?;
        let issuer =
            self.0.iter().find(|issuer| issuer.settings.issuer == named.iss).ok_or("the issuer is not trusted")?;
        let (algorithm, key) = issuer.key(id, now)?;
        if header.alg != algorithm {
            return Err("the algorithm is not the key's".into());
        }
        issuer.judge(token, &verified(token, &key, algorithm)?, now)
    }
}

impl Issuer {
    fn prepare(settings: IssuerSettings) -> Result<Self, String> {
        let named = |what: &str| format!("issuer {}: {what}", settings.issuer);
        let is_good = |algorithm: &Algorithm| jwk::ALGORITHMS.contains(algorithm);
        if settings.algorithms.is_empty() || !settings.algorithms.iter().all(is_good) {
            return Err(named("algorithms are some of EdDSA, ES256, RS256, PS256"));
        }
        let kinds = settings.kinds.iter().map(|(word, kind)| {
            ProductKind::from_code(kind)
                .map(|kind| (word.clone(), kind))
                .ok_or_else(|| named(&format!("{kind} is no kind of product")))
        });
        let levels = settings.acr.iter().map(|(word, level)| {
            Assurance::from_code(level)
                .map(|level| (word.clone(), level))
                .ok_or_else(|| named(&format!("{level} is no level of assurance")))
        });
        let (kinds, levels) = (kinds.collect::<Result<_, _>>()?, levels.collect::<Result<_, _>>()?);
        let mut keys = Keys::default();
        match &settings.keys {
            KeySource::Discovery => require_safe(&settings.issuer).map_err(|reason| named(&reason))?,
            KeySource::Inline(set) => keys.by_id = usable(set, &settings.algorithms),
            KeySource::File(path) => {
                let text = fs::read_to_string(path).map_err(|error| named(&format!("{}: {error}", path.display())))?;
                let set =
                    serde_json::from_str(&text).map_err(|error| named(&format!("{}: {error}", path.display())))?;
                keys.by_id = usable(&set, &settings.algorithms);
            }
        }
        Ok(Self { settings, kinds, levels, keys: Mutex::new(keys), fetching: Mutex::new(()) })
    }

    /// The key of this id; an issuer that is down opens no door, and closes none that its known keys open.
    fn key(&self, id: &str, now: Instant) -> Result<(Algorithm, DecodingKey), String> {
        if self.is_to_be_asked(id, now) {
            // Not under the lock of the keys: whose key is known need not wait for an issuer that is slow.
            let _fetching = self.fetching.lock().unwrap_or_else(PoisonError::into_inner);
            match discover(&self.settings.issuer) {
                Ok(set) => self.keys().by_id = usable(&set, &self.settings.algorithms),
                Err(error) => {
                    tracing::warn!(issuer = self.settings.issuer, error, "the keys of an issuer could not be fetched");
                }
            }
        }
        if self.keys().by_id.is_empty() {
            // The first fetch may be under way.
            drop(self.fetching.lock());
        }
        self.keys().by_id.get(id).cloned().ok_or_else(|| "the assertion's key is unknown".into())
    }

    /// Whether this caller is the one to fetch the keys; whoever else wants to finds that it was done just now.
    fn is_to_be_asked(&self, id: &str, now: Instant) -> bool {
        let mut keys = self.keys();
        let patience = if keys.by_id.contains_key(id) { STALE } else { REFETCH };
        let is_due = matches!(self.settings.keys, KeySource::Discovery)
            && keys.asked_at.is_none_or(|asked_at| now - asked_at >= patience);
        if is_due {
            keys.asked_at = Some(now);
        }
        is_due
    }

    fn keys(&self) -> MutexGuard<'_, Keys> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn judge(&self, token: &str, claims: &Claims, now: Instant) -> Result<Assertion, String> {
        // Of several audiences, the token is for the one that asked for it (OpenID Connect Core §3.1.3.7).
        let us = &self.settings.audience;
        let for_us = match &claims.aud {
            Audience::One(audience) => audience == us && claims.azp.as_ref().is_none_or(|azp| azp == us),
            Audience::Several(audiences) => audiences.contains(us) && claims.azp.as_ref() == Some(us),
        };
        if claims.iss != self.settings.issuer || !for_us {
            return Err("the assertion is of another issuer, or for another audience".into());
        }
        is_timely(now, claims.iat, claims.nbf, claims.exp)?;
        let instant =
            |seconds: i64| Instant::from_timestamp(seconds, 0).ok_or("a time of the assertion is out of range");
        let issued_at = instant(claims.iat)?;
        if now - issued_at > FRESH {
            return Err("the assertion is older than five minutes".into());
        }
        let names = &self.settings.claims;
        let text =
            |name: &str| claims.others.get(name).and_then(Value::as_str).ok_or(format!("the claim {name} is missing"));
        let fault = |name: &str, fault: domain::Fault| format!("the claim {name} {fault}");
        let number = match claims.others.get(&names.national_number).filter(|_| self.settings.asserts_national_number) {
            None | Some(Value::Null) => None,
            Some(number) => {
                let number = number.as_str().ok_or("the national number is no text")?;
                Some(NationalNumber::parse(number).map_err(|reason| fault(&names.national_number, reason))?)
            }
        };
        Ok(Assertion {
            digest: BASE64URL.encode(digest_of_signed(token)),
            expires_at: issued_at + FRESH + TimeDelta::minutes(1),
            serial: Serial::parse(text(&names.serial)?).map_err(|reason| fault(&names.serial, reason))?,
            kind: *self.kinds.get(text(&names.kind)?).ok_or("the issuer may not assert this kind of product")?,
            number,
            given_name: PersonName::parse(text(&names.given_name)?)
                .map_err(|reason| fault(&names.given_name, reason))?,
            family_name: PersonName::parse(text(&names.family_name)?)
                .map_err(|reason| fault(&names.family_name, reason))?,
            assurance: claims.acr.as_ref().and_then(|acr| self.levels.get(acr)).copied().unwrap_or(Assurance::Low),
            authenticated_at: match claims.auth_time {
                Some(auth_time) => instant(auth_time)?.min(now),
                // An issuer that does not say when may have asked nobody now: as long ago as a session may last.
                None => instant(claims.iat)?.min(now) - session::WHOLE,
            },
            helpdesk: self.settings.staff && claims.others.get(&names.helpdesk) == Some(&Value::Bool(true)),
        })
    }
}

fn discover(issuer: &str) -> Result<JwkSet, String> {
    #[derive(Deserialize)]
    struct Metadata {
        issuer: String,
        jwks_uri: String,
    }
    let metadata: Metadata = fetch(&format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/')))?;
    if metadata.issuer != issuer {
        return Err("the metadata are of another issuer".into());
    }
    require_safe(&metadata.jwks_uri)?;
    fetch(&metadata.jwks_uri)
}

fn fetch<T: DeserializeOwned>(address: &str) -> Result<T, String> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_global(Some(FETCH_TIMEOUT))
        .max_redirects(0)
        .tls_config(ureq::tls::TlsConfig::builder().provider(ureq::tls::TlsProvider::NativeTls).build())
        .build()
        .into();
    let mut response = agent.get(address).call().map_err(|error| error.to_string())?;
    response.body_mut().with_config().limit(LARGEST_ANSWER).read_json().map_err(|error| error.to_string())
}

/// Keys come over TLS, or from this machine.
fn require_safe(address: &str) -> Result<(), String> {
    let parsed = address.parse::<Uri>().ok();
    let scheme_and_host = parsed.as_ref().and_then(|address| Some((address.scheme_str()?, address.host()?)));
    match scheme_and_host {
        Some(("https", _) | ("http", "127.0.0.1" | "localhost" | "[::1]")) => Ok(()),
        _ => Err(format!("{address} is not https")),
    }
}
