//! `/v1/procedure-types`: what can be settled, found by theme and word.

use std::collections::BTreeSet;

use actix_web::{HttpRequest, get, web::Path};
use domain::{
    Refusal,
    catalogue::{AdministrationCode, Search, SectorCode},
    procedure::{ProcedureType, ProcedureTypeCode},
    text::{Language, SearchText},
};
use persistence::ProcedureTypeFilter;

use super::view::{ProcedureTypePage, ProcedureTypeView, Stall};
use crate::http::{
    answer::{self, Answer},
    caller::Person,
    language,
    page::Paging,
    query::Query,
    schema,
};

/// Which types a list is about, as its query says.
pub struct Wanted {
    filter: ProcedureTypeFilter,
    search: Option<Search>,
    language: Language,
}

impl Wanted {
    /// Reads the parameters of a query.
    pub fn of(query: &mut Query, language: Language) -> Self {
        Self {
            filter: ProcedureTypeFilter {
                administration: query.value("administration", AdministrationCode::parse),
                theme: query.value("theme", SectorCode::parse),
                audience: query.choice("audience"),
            },
            search: query.value("search", SearchText::parse).map(|text| Search::of(&text)),
            language,
        }
    }

    /// What the database finds by itself.
    pub fn filter(&self) -> &ProcedureTypeFilter {
        &self.filter
    }

    /// The rest: those after a code that have all the words, so many at most.
    pub fn page<'t>(&self, types: &'t [ProcedureType], after: Option<&str>, most: u32) -> Vec<&'t ProcedureType> {
        let is_after = |kind: &&ProcedureType| after.is_none_or(|after| kind.code.as_str() > after);
        let found = types.iter().filter(is_after).filter(|kind| self.finds(kind));
        found.take(most as usize).collect()
    }

    fn finds(&self, kind: &ProcedureType) -> bool {
        let keywords = kind.keywords.as_ref().map(|keywords| keywords.in_language(self.language));
        let texts = [kind.titles.in_language(self.language), kind.code.as_str()];
        self.search.as_ref().is_none_or(|search| search.finds(texts.into_iter().chain(keywords)))
    }
}

/// Lists the types of procedures, in the order of their codes; without their forms.
///
/// `search` looks for each of its words in titles and keywords, in the caller's language, and in codes, whatever their case,
/// accents and hyphens.
#[utoipa::path(
    tag = "Procedures", operation_id = "listProcedureTypes", security(("person" = [])),
    params(
        ("theme" = Option<schema::SectorCode>, Query, description = "Only those of this theme: a sector of the catalogue.", example = "taxes"),
        ("audience" = Option<schema::SpaceKindChoice>, Query, description = "Only those that run from such a space.", example = "professional"),
        ("administration" = Option<schema::AdministrationCode>, Query, description = "Only those of this administration.", example = "aed"),
        ("search" = Option<schema::SearchText>, Query, description = "Only those that have all these words.", example = "TVA"),
        ("limit" = Option<u32>, Query, description = "How many to a page.", minimum = 1, maximum = 100, example = 25),
        ("cursor" = Option<String>, Query, description = "`page.next` of the page before; empty for the first.", example = ""),
    ),
    responses(
        (status = 200, description = "A page of types.", body = ProcedureTypePage,
            headers(("Link" = String, description = "The next page."), ("Content-Language" = String, description = "The language of the texts."))),
        (status = 400, description = "`invalid_cursor`"),
    )
)]
#[get("/v1/procedure-types")]
pub async fn list(request: HttpRequest, person: Person) -> Answer {
    let language = language::preferred(request.headers());
    let mut query = Query::of(&request);
    let wanted = Wanted::of(&mut query, language);
    let paging = Paging::of(&request, query, person.app());
    let listed = person.read(move |tx, caller| {
        paging.list::<ProcedureTypePage>(caller, |after: Option<String>, most| {
            let types = tx.procedure_types(wanted.filter())?;
            let page = wanted.page(&types, after.as_deref(), most);
            let stall = Stall::of(tx, &page, language)?;
            Ok(page.into_iter().map(|kind| stall.show(kind, None)).collect())
        })
    });
    let listed = listed.await?;
    let languages: BTreeSet<Language> = listed.rows.iter().flat_map(ProcedureTypeView::languages).collect();
    Ok(language::spoken(listed.answer()?, languages))
}

/// Shows a type of procedure in its last version, with its form, also one that is not offered any more.
#[utoipa::path(
    tag = "Procedures", operation_id = "getProcedureType", security(("person" = [])),
    params(("code" = schema::ProcedureTypeCode, Path, description = "The type's code.", example = "aed.vat-registration")),
    responses((status = 200, description = "The type.", body = ProcedureTypeView,
        headers(("Content-Language" = String, description = "The language of the texts."))))
)]
#[get("/v1/procedure-types/{code}")]
pub async fn get(request: HttpRequest, person: Person, code: Path<String>) -> Answer {
    let language = language::preferred(request.headers());
    let code = ProcedureTypeCode::parse(&code).ok();
    let view = person.read(move |tx, caller| {
        let found = code.map(|code| tx.procedure_type(&code)).transpose()?.flatten();
        let found = found.ok_or(Refusal::NotFound)?;
        caller.strong()?;
        Ok(Stall::of(tx, &[&found.kind], language)?.show(&found.kind, Some(&found.form)))
    });
    let view = view.await?;
    Ok(language::spoken(answer::ok(&view)?, view.languages()))
}
