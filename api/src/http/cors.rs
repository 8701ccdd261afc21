//! CORS: which pages of the web may use the API from a browser. No cookie is ever used, so none is allowed.

use actix_web::{
    HttpResponse,
    dev::ServiceRequest,
    http::{
        Method,
        header::{
            ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
            ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, HeaderMap,
            HeaderValue, ORIGIN, VARY,
        },
    },
};

/// What a page may send.
const ALLOWED: &str =
    "authorization, content-type, if-match, if-none-match, idempotency-key, accept-language, x-request-id";
/// What a page may read.
const EXPOSED: &str = "allow, content-disposition, etag, location, link, ratelimit, ratelimit-policy, retry-after, www-authenticate, x-request-id, \
                       idempotency-replayed, api-version";
const METHODS: &str = "GET, POST, PUT, PATCH, DELETE";
/// How many seconds a browser need not ask again.
const REMEMBERED: &str = "600";

/// Whether a text is an origin as browsers write it: scheme, host, perhaps a port.
pub fn is_origin(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).unwrap_or_default();
    !host.is_empty()
        && host.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b':' | b'[' | b']'))
}

/// How the answer to one request may be shared.
pub enum Sharing {
    /// As its handler says; the sandbox is for nobody's page, and the contract for everybody's.
    Left,
    /// With pages of no origin but this, if it is one of ours.
    With(Option<HeaderValue>),
}

impl Sharing {
    /// With whom, where pages of these origins are welcome.
    pub fn of(request: &ServiceRequest, origins: &[String]) -> Self {
        // The path as the router reads it.
        let path = request.match_info().as_str();
        let is_apart = path.starts_with("/sandbox/") || path.starts_with("/v1/openapi.");
        if origins.is_empty() || is_apart {
            return Self::Left;
        }
        let origin = request.headers().get(ORIGIN);
        Self::With(origin.filter(|origin| origins.iter().any(|known| *known == **origin)).cloned())
    }

    /// The answer to a browser that asks before it sends for a page of ours.
    pub fn preflight(&self, request: &ServiceRequest) -> Option<HttpResponse> {
        let Self::With(Some(_)) = self else { return None };
        let asks = request.method() == Method::OPTIONS && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD);
        asks.then(|| {
            HttpResponse::NoContent()
                .insert_header((ACCESS_CONTROL_ALLOW_METHODS, METHODS))
                .insert_header((ACCESS_CONTROL_ALLOW_HEADERS, ALLOWED))
                .insert_header((ACCESS_CONTROL_MAX_AGE, REMEMBERED))
                .finish()
        })
    }

    /// Writes it onto an answer, whatever that says.
    pub fn write(&self, headers: &mut HeaderMap) {
        let Self::With(origin) = self else { return };
        headers.append(VARY, HeaderValue::from(ORIGIN));
        if let Some(origin) = origin {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_as_browsers_write_it() {
        for origin in ["https://portal.example.lu", "http://localhost:5173", "https://[2001:db8::1]:8443"] {
            assert!(is_origin(origin), "{origin}");
        }
        for wrong in ["*", "null", "portal.example.lu", "https://", "https://portal.example.lu/", "https://Portal.lu"] {
            assert!(!is_origin(wrong), "{wrong}");
        }
    }
}
