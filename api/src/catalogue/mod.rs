//! Catalogues: what operators load, and `/v1/certifiable-services`, where persons find it.

pub mod command;
pub mod document;
mod members;
mod procedure_types;
mod sources;
pub mod view;

use std::collections::BTreeSet;

use actix_web::{HttpRequest, get, web::Path};
use domain::{
    Refusal,
    catalogue::{AdministrationCode, LocalText, Search, SectorCode, ServiceCode},
    text::{Language, SearchText},
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
/// `search` looks for each of its words in titles, in the caller's language, and in codes, whatever their case, accents, hyphens
/// and apostrophes.
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
            headers(("Link" = String, description = "The next page."), ("Content-Language" = String, description = "The languages of the texts: the one that was asked for, and French where a text lacks that."))),
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
            let is_found = |code: &ServiceCode, titles: &LocalText| {
                search.as_ref().is_none_or(|search| search.finds([titles.in_language(language), code.as_str()]))
            };
            let is_after = |code: &ServiceCode| after.as_deref().is_none_or(|after| code.as_str() > after);
            let titles = tx.service_titles(&filter)?.into_iter();
            let found = titles.filter(|(code, titles)| is_after(code) && is_found(code, titles)).map(|(code, _)| code);
            let services = tx.services(&found.take(most as usize).collect::<Vec<_>>())?;
            let showcase =
                Showcase::of(tx, services.iter().map(|service| (&service.administration, &service.sector)), language)?;
            Ok(services.iter().map(|service| showcase.show(service)).collect())
        })
    });
    let listed = listed.await?;
    let languages: BTreeSet<Language> = listed.rows.iter().flat_map(ServiceView::languages).collect();
    Ok(language::spoken(listed.answer()?, languages))
}

/// Shows a service, also one that is not offered any more.
#[utoipa::path(
    tag = "Certification", operation_id = "getCertifiableService", security(("person" = [])),
    params(("code" = schema::ServiceCode, Path, description = "The service's code.", example = "acd.tax-cards")),
    responses((status = 200, description = "The service.", body = ServiceView,
        headers(("Content-Language" = String, description = "The languages of the texts: the one that was asked for, and French where a text lacks that."))))
)]
#[get("/v1/certifiable-services/{code}")]
pub async fn get(request: HttpRequest, person: Person, code: Path<String>) -> Answer {
    let language = language::preferred(request.headers());
    let code = ServiceCode::parse(&code).ok();
    let view = person.read(move |tx, caller| {
        let found = code.map(|code| tx.service(&code)).transpose()?.flatten();
        let service = found.ok_or(Refusal::NotFound)?;
        caller.strong()?;
        Ok(Showcase::of(tx, [(&service.administration, &service.sector)], language)?.show(&service))
    });
    let view = view.await?;
    Ok(language::spoken(answer::ok(&view)?, view.languages()))
}
