//! Catalogues: what operators load, and `/v1/certifiable-services`, where persons find it.

pub mod command;
pub mod document;
mod members;
mod procedure_types;
pub mod view;

use actix_web::{HttpRequest, get, web::Path};
use domain::{
    Refusal,
    catalogue::{AdministrationCode, Search, SectorCode, Service, ServiceCode},
    text::SearchText,
};
use persistence::ServiceFilter;

use self::view::{ServicePage, ServiceView, Showcase};
use crate::http::{
    answer::{self, Answer},
    caller::Person,
    language,
    page::Paging,
    query::Query,
    schema,
};

/// Lists the services for which spaces can be certified, in the order of their codes.
///
/// `search` looks for each of its words in titles, in the caller's language, and in codes, whatever their case and accents.
#[utoipa::path(
    tag = "Certification", operation_id = "listCertifiableServices", security(("person" = [])),
    params(
        ("sector" = Option<schema::SectorCode>, Query, description = "Only those of this sector.", example = "taxes"),
        ("administration" = Option<schema::AdministrationCode>, Query, description = "Only those of this administration.", example = "acd"),
        ("search" = Option<schema::SearchText>, Query, description = "Only those that have all these words.", example = "impôt"),
        ("limit" = Option<u32>, Query, description = "How many to a page.", minimum = 1, maximum = 100, example = 25),
        ("cursor" = Option<String>, Query, description = "`page.next` of the page before; empty for the first.", example = ""),
    ),
    responses(
        (status = 200, description = "A page of services.", body = ServicePage,
            headers(("Link" = String, description = "The next page."), ("Content-Language" = String, description = "The language of the texts."))),
        (status = 400, description = "`invalid_cursor`"),
    )
)]
#[get("/v1/certifiable-services")]
pub async fn list(request: HttpRequest, person: Person) -> Answer {
    let language = language::preferred(request.headers());
    let mut query = Query::of(&request);
    let filter = ServiceFilter {
        administration: query.value("administration", AdministrationCode::parse),
        sector: query.value("sector", SectorCode::parse),
    };
    let search = query.value("search", SearchText::parse).map(|text| Search::of(&text));
    let paging = Paging::of(&request, query, person.app());
    let listed = person.read(move |tx, caller| {
        paging.list::<ServicePage>(caller, |after: Option<String>, most| {
            let is_found = |service: &Service| {
                let texts = [service.titles.in_language(language), service.code.as_str()];
                search.as_ref().is_none_or(|search| search.finds(texts))
            };
            let is_after = |service: &Service| after.as_deref().is_none_or(|after| service.code.as_str() > after);
            let services = tx.services(&filter)?;
            let rows = services.iter().filter(|service| is_after(service) && is_found(service)).take(most as usize);
            let showcase = Showcase::read(tx, language)?;
            Ok(rows.map(|service| showcase.show(service)).collect())
        })
    });
    Ok(language::spoken(listed.await?.answer()?, language))
}

/// Shows a service, also one that is not offered any more.
#[utoipa::path(
    tag = "Certification", operation_id = "getCertifiableService", security(("person" = [])),
    params(("code" = schema::ServiceCode, Path, description = "The service's code.", example = "acd.tax-cards")),
    responses((status = 200, description = "The service.", body = ServiceView,
        headers(("Content-Language" = String, description = "The language of the texts."))))
)]
#[get("/v1/certifiable-services/{code}")]
pub async fn get(request: HttpRequest, person: Person, code: Path<String>) -> Answer {
    let language = language::preferred(request.headers());
    let code = ServiceCode::parse(&code).ok();
    let view = person.read(move |tx, caller| {
        let found = code.map(|code| tx.service(&code)).transpose()?.flatten();
        let service = found.ok_or(Refusal::NotFound)?;
        caller.strong()?;
        Ok(Showcase::read(tx, language)?.show(&service))
    });
    Ok(language::spoken(answer::ok(&view.await?)?, language))
}
