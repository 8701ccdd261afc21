//! The one door through which every answer leaves: problems in the caller's language, headers, and one log event.

use std::time::Instant;

use actix_web::{
    Error, HttpMessage, HttpResponse,
    body::{BodySize, BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        ConnectionType, Method, StatusCode,
        header::{
            CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue, REFERRER_POLICY,
            STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
        },
    },
    middleware::Next,
    web::Data,
};
use domain::text::Language;
use uuid::Uuid;

use super::{
    connection::Watch,
    cors::Sharing,
    language,
    limits::Standings,
    problem::{Code, Problem},
};
use crate::{app::App, openapi};

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const API_VERSION: HeaderName = HeaderName::from_static("api-version");
/// Put into an answer's extensions: what the log is told of a refusal that is no problem document.
pub struct Refused {
    /// Its code.
    pub code: &'static str,
    /// Its cause.
    pub cause: String,
}

/// What is known of a request before it is answered.
struct Asked {
    id: String,
    path: String,
    method: String,
    language: Language,
    sharing: Sharing,
    began: Instant,
}

/// The middleware around everything.
pub async fn door<B: MessageBody + 'static>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let watch = Watch::over(request.request());
    watch.iter().for_each(Watch::work);
    let config = request.app_data::<Data<App>>().map(|app| &app.config);
    let asked = Asked {
        id: request_id(&request),
        path: request.path().to_owned(),
        method: request.method().to_string(),
        language: language::preferred(request.headers()),
        sharing: Sharing::of(&request, config.map_or(&[], |config| &config.cors_origins)),
        began: Instant::now(),
    };
    let behind_tls = config.is_some_and(|config| config.public_url.starts_with("https:"));

    // What answers GET answers HEAD (RFC 9110 §9.1); the server leaves the body out.
    if request.method() == Method::HEAD {
        request.head_mut().method = Method::GET;
    }
    let response = match asked.sharing.preflight(&request) {
        Some(answer) => request.into_response(answer),
        None => next.call(request).await?.map_into_boxed_body(),
    };
    let problem = problem_of(&response);
    let mut response = match &problem {
        Some(problem) => response.into_response(asked.write(problem)),
        None => response,
    };
    asked.add_headers(&mut response, behind_tls);
    asked.record(&response, problem.as_ref());
    Ok(watched(response, watch))
}

/// From here on the client is waited for; one that did not send his body in time is told to go.
fn watched(mut response: ServiceResponse<BoxBody>, watch: Option<Watch>) -> ServiceResponse<BoxBody> {
    let is_late = response.status() == StatusCode::REQUEST_TIMEOUT;
    if is_late {
        response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    }
    let Some(watch) = watch else { return response };
    watch.wait();
    if is_late {
        watch.dismiss();
    }
    response.map_body(|_, body| watch.over_body(body))
}

fn request_id(request: &ServiceRequest) -> String {
    let given = request.headers().get(X_REQUEST_ID).and_then(|id| id.to_str().ok());
    let is_good =
        |id: &&str| (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    given.filter(is_good).map_or_else(|| Uuid::from_bytes(rand::random()).to_string(), str::to_owned)
}

/// Our own problems, and actix's failures as if they were: what has a body of its own is left as it is.
fn problem_of(response: &ServiceResponse<BoxBody>) -> Option<Problem> {
    let error = response.response().error();
    if let Some(problem) = error.and_then(|error| error.as_error::<Problem>()) {
        return Some(problem.clone());
    }
    let status = response.status();
    let is_bare = error.is_some() || matches!(response.response().body().size(), BodySize::None | BodySize::Sized(0));
    if !is_bare || !(status.is_client_error() || status.is_server_error()) {
        return None;
    }
    let code = match status {
        StatusCode::NOT_FOUND => Code::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => Code::MethodNotAllowed,
        StatusCode::REQUEST_TIMEOUT => Code::RequestTimeout,
        StatusCode::PAYLOAD_TOO_LARGE => Code::BodyTooLarge,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Code::UnsupportedMediaType,
        status if status.is_client_error() => Code::BadRequest,
        _ => Code::Internal,
    };
    Some(Problem::from(code).because(error.map(ToString::to_string).unwrap_or_default()))
}

impl Asked {
    fn write(&self, problem: &Problem) -> HttpResponse {
        let mut response = HttpResponse::build(problem.code.status());
        response.insert_header((CONTENT_TYPE, "application/problem+json"));
        for (name, value) in &problem.headers {
            response.insert_header((name.clone(), value.clone()));
        }
        let view = problem.view(self.language, &self.path, &self.id);
        language::spoken(response.body(serde_json::to_vec(&view).unwrap_or_default()), [self.language])
    }

    fn add_headers(&self, response: &mut ServiceResponse<BoxBody>, behind_tls: bool) {
        let is_docs = self.path.starts_with("/docs/");
        let policy = if is_docs {
            "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'"
        } else {
            "default-src 'none'; frame-ancestors 'none'"
        };
        let standing = response.request().extensions().get::<Standings>().and_then(Standings::headers);
        let headers = response.headers_mut();
        self.sharing.write(headers);
        standing.into_iter().flatten().for_each(|(name, value)| drop(headers.insert(name, value)));
        let mut set = |name: HeaderName, value: &'static str| headers.insert(name, HeaderValue::from_static(value));
        set(API_VERSION, openapi::VERSION);
        set(CONTENT_SECURITY_POLICY, policy);
        set(X_CONTENT_TYPE_OPTIONS, "nosniff");
        set(REFERRER_POLICY, "no-referrer");
        set(CACHE_CONTROL, if is_docs { "no-cache" } else { "no-store" });
        if behind_tls {
            set(STRICT_TRANSPORT_SECURITY, "max-age=31536000; includeSubDomains");
        }
        if let Ok(id) = HeaderValue::from_str(&self.id) {
            headers.insert(X_REQUEST_ID, id);
        }
    }

    /// One event and one count a request: the route's template, never the path, which may name somebody's things.
    fn record(&self, response: &ServiceResponse<BoxBody>, problem: Option<&Problem>) {
        let request = response.request();
        let (route, status) = (request.match_pattern(), response.status().as_u16());
        let (route, method) = (route.as_deref().unwrap_or("-"), self.method.as_str());
        let elapsed = self.began.elapsed();
        if let Some(app) = request.app_data::<Data<App>>() {
            let known = if matches!(method, "GET" | "POST" | "PUT" | "PATCH" | "DELETE") { method } else { "other" };
            app.metrics.count(route, known, status, elapsed.as_secs_f64());
        }
        let micros = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
        let extensions = response.response().extensions();
        let (code, cause) = match (problem, extensions.get::<Refused>()) {
            (Some(problem), _) => (problem.code.code(), problem.cause.as_deref().unwrap_or_default()),
            (None, Some(refused)) => (refused.code, refused.cause.as_str()),
            (None, None) => ("", ""),
        };
        // What a client wrote may stand in a cause, so it is cut.
        let cause: String = cause.chars().take(300).collect();
        if status >= 500 {
            tracing::error!(id = self.id, method, route, status, micros, code, cause, "request");
        } else {
            tracing::info!(id = self.id, method, route, status, micros, code, cause, "request");
        }
    }
}
