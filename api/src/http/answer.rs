//! Answers: JSON with the headers that the conventions want.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{
        Method, StatusCode,
        header::{CONTENT_TYPE, ETAG, HeaderMap, HeaderName, IF_MATCH, IF_NONE_MATCH, LOCATION},
    },
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use serde::Serialize;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::problem::{Code, Problem};

/// What a handler returns.
pub type Answer = Result<HttpResponse, Problem>;

/// An answer that is ready before its transaction is committed, so that it can be kept with it.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// The status, 2xx.
    pub status: StatusCode,
    /// `Location`.
    pub location: Option<String>,
    /// `ETag`.
    pub etag: Option<String>,
    /// JSON.
    pub body: Vec<u8>,
    /// What was made, where the body shows a secret: such an answer is given once.
    pub secret_of: Option<Uuid>,
}

impl Prepared {
    /// 200 with a body.
    ///
    /// # Errors
    /// None that a caller can cause.
    pub fn ok(body: &impl Serialize) -> Result<Self, Problem> {
        Ok(Self { status: StatusCode::OK, location: None, etag: None, body: bytes(body)?, secret_of: None })
    }
    /// 201 with a body.
    ///
    /// # Errors
    /// None that a caller can cause.
    pub fn created(body: &impl Serialize) -> Result<Self, Problem> {
        Ok(Self { status: StatusCode::CREATED, ..Self::ok(body)? })
    }
    /// With the address of what was made.
    #[must_use]
    pub fn at(self, location: String) -> Self {
        Self { location: Some(location), ..self }
    }
    /// As one that shows a secret of what was made: it is not kept, and not given again.
    #[must_use]
    pub fn showing_secret_of(self, made: Uuid) -> Self {
        Self { secret_of: Some(made), ..self }
    }
    /// With the `ETag` of this version.
    #[must_use]
    pub fn versioned(self, version: u32) -> Self {
        Self { etag: Some(etag(version, &self.body)), ..self }
    }

    /// As it goes out.
    pub fn send(self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status);
        response.insert_header((CONTENT_TYPE, JSON));
        for (name, value) in [(LOCATION, self.location), (ETAG, self.etag)] {
            if let Some(value) = value {
                response.insert_header((name, value));
            }
        }
        response.body(self.body)
    }
}

/// 200 with a body.
pub fn ok(body: &impl Serialize) -> Answer {
    json(StatusCode::OK, body)
}

/// 201 with a body and the address of what was made.
pub fn created(location: String, body: &impl Serialize) -> Answer {
    Ok(Prepared::created(body)?.at(location).send())
}

/// 200 with a body and its `ETag`; 304 without, where the `If-None-Match` of a GET has that very `ETag`.
pub fn versioned(request: &HttpRequest, version: u32, body: &impl Serialize) -> Answer {
    let bytes = bytes(body)?;
    let etag = etag(version, &bytes);
    let is_known = request.method() == Method::GET && is_known(request, &etag);
    let mut response = if is_known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response.insert_header((ETAG, etag));
    if is_known { Ok(response.finish()) } else { Ok(response.insert_header((CONTENT_TYPE, JSON)).body(bytes)) }
}

/// Whether `If-None-Match` has this `ETag`.
pub fn is_known(request: &HttpRequest, etag: &str) -> bool {
    header(request.headers(), &IF_NONE_MATCH).is_some_and(|known| {
        known.trim() == "*" || known.split(',').any(|known| known.trim().trim_start_matches("W/") == etag)
    })
}

/// JSON with a status.
pub fn json(status: StatusCode, body: &impl Serialize) -> Answer {
    Ok(HttpResponse::build(status).insert_header((CONTENT_TYPE, JSON)).body(bytes(body)?))
}

const JSON: &str = "application/json";

fn bytes(body: &impl Serialize) -> Result<Vec<u8>, Problem> {
    serde_json::to_vec(body).map_err(|error| Problem::from(Code::Internal).because(error))
}

/// `"<version>-<hash of the body>"`: an edit compares the version, a cache the whole.
fn etag(version: u32, body: &[u8]) -> String {
    let hash = BASE64URL.encode(&Sha256::digest(body)[..9]);
    format!("\"{version}-{hash}\"")
}

/// The version that an edit was made on, from `If-Match`.
#[derive(Debug, Clone)]
pub struct IfMatch(Option<String>);

impl IfMatch {
    /// Reads the header, which is judged only by [`IfMatch::require`].
    pub fn of(request: &HttpRequest) -> Self {
        Self(header(request.headers(), &IF_MATCH))
    }

    /// Compares with the version as it is, under the lock.
    ///
    /// # Errors
    /// 428 without the header, 412 for another version.
    pub fn require(&self, version: u32) -> Result<(), Problem> {
        let wanted = self.0.as_deref().ok_or(Code::IfMatchRequired)?;
        let is_met = wanted.trim() == "*"
            || wanted.split(',').any(|etag| {
                let parts = etag
                    .trim()
                    .strip_prefix('"')
                    .and_then(|etag| etag.strip_suffix('"'))
                    .and_then(|etag| etag.split_once('-'));
                parts.is_some_and(|(wanted, _)| wanted == version.to_string())
            });
        if is_met { Ok(()) } else { Err(domain::Refusal::VersionChanged.into()) }
    }
}

/// All values of a header as one list (RFC 9110 §5.3); what is no text is nobody's `ETag`.
fn header(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let values = headers.get_all(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    values.reduce(|list, next| list + "," + &next)
}
