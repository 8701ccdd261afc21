//! What is read by people: the pages of problems, the contract, and Swagger UI; none of it is part of the contract.

use std::fmt::Write;

use actix_web::{
    HttpRequest, HttpResponse, get,
    http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CONTENT_TYPE, LOCATION},
    web::{Data, Path},
};
use domain::Coded;
use utoipa::openapi::OpenApi;

use crate::http::{
    answer::Answer,
    language,
    problem::{Code, Problem},
};

/// The contract as this server serves it, printed once.
pub struct Contract {
    /// What it says.
    pub document: OpenApi,
    json: String,
    yaml: String,
}

impl Contract {
    /// Prints a contract.
    ///
    /// # Errors
    /// It can't be printed.
    pub fn print(document: OpenApi) -> Result<Self, String> {
        let json = document.to_pretty_json().map_err(|error| error.to_string())?;
        let yaml = document.to_yaml().map_err(|error| error.to_string())?;
        Ok(Self { document, json, yaml })
    }
}

/// The contract as JSON, for any origin.
#[get("/v1/openapi.json")]
pub async fn openapi_json(contract: Data<Contract>) -> HttpResponse {
    open_to_all("application/json", contract.json.clone())
}

/// The contract as YAML, for any origin.
#[get("/v1/openapi.yaml")]
pub async fn openapi_yaml(contract: Data<Contract>) -> HttpResponse {
    // RFC 9512.
    open_to_all("application/yaml", contract.yaml.clone())
}

fn open_to_all(media_type: &str, body: String) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
        .insert_header((CONTENT_TYPE, media_type))
        .body(body)
}

/// To Swagger UI.
#[get("/docs")]
pub async fn swagger() -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header((LOCATION, "/docs/")).finish()
}

/// The page that a problem's `type` names.
#[get("/problems/{code}")]
pub async fn problem(request: HttpRequest, code: Path<String>) -> Answer {
    let code = Code::ALL.iter().find(|known| known.code() == *code).ok_or_else(|| Problem::from(Code::NotFound))?;
    let language = language::preferred(request.headers());
    let (title, detail) = (code.title().in_language(language), code.detail().in_language(language));
    let page = format!(
        "<!doctype html><html lang=\"{}\"><meta charset=\"utf-8\"><title>{title}</title><h1>{title}</h1><p>{detail}</p><p><code>{}</code> · HTTP {}</p></html>",
        language.code(),
        code.code(),
        code.status().as_u16()
    );
    Ok(HttpResponse::Ok().insert_header((CONTENT_TYPE, "text/html; charset=utf-8")).body(page))
}

/// docs/errors.md, from the one table of codes.
pub fn errors_page() -> String {
    let mut page = String::from(
        "# Problems\n\n\
         Every error is an RFC 9457 problem (`application/problem+json`). `code` is stable and never translated; `type` is\n\
         `/problems/{code}`, a page that the server shows. `{names}` stand for further members of the problem.\n\
         `make errors` prints this page from `api/src/http/problem.rs`.\n\n\
         | code | status | title | detail |\n|---|---|---|---|\n",
    );
    for code in Code::ALL {
        let (title, detail) = (code.title().en, code.detail().en);
        let _ = writeln!(page, "| `{}` | {} | {title} | {detail} |", code.code(), code.status().as_u16());
    }
    page
}
