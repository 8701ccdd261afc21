//! `/v1/spaces/{id}/procedure-types`: which procedures a space can begin now, and what keeps it from the others.

use std::collections::{BTreeSet, HashMap};

use actix_web::{HttpRequest, get, web::Path};
use domain::{
    Instant, Refusal,
    catalogue::{Service, ServiceCode},
    collaboration::Permission,
    procedure::{Hindrance, Opener, ProcedureType},
    text::Language,
};
use persistence::{Reading, StoreError};

use super::{
    types::Wanted,
    view::{OpeningPage, OpeningView, Stall},
};
use crate::http::{
    answer::Answer, caller::Person, language, page::Paging, path::PathId, problem::Problem, query::Query, schema,
};

/// Lists the types of procedures as a space sees them: which can be begun here now, by who asks, and why the others can't.
///
/// It is found in as [`listProcedureTypes`](super::types::list) is.
#[utoipa::path(
    tag = "Procedures", operation_id = "listSpaceProcedureTypes", security(("person" = [])),
    params(
        ("id" = Uuid, Path, description = "The space's id.", example = "019d6c3e-8c00-7000-8000-000000000000"),
        ("theme" = Option<schema::SectorCode>, Query, description = "Only those of this theme: a sector of the catalogue.", example = "taxes"),
        ("audience" = Option<schema::SpaceKindChoice>, Query, description = "Only those that run from such a space.", example = "professional"),
        ("administration" = Option<schema::AdministrationCode>, Query, description = "Only those of this administration.", example = "aed"),
        ("search" = Option<schema::SearchText>, Query, description = "Only those that have all these words.", example = "TVA"),
        ("limit" = Option<u32>, Query, description = "How many to a page.", minimum = 1, maximum = 100, example = 25),
        ("cursor" = Option<String>, Query, description = "`page.next` of the page before; empty for the first.", example = ""),
    ),
    responses(
        (status = 200, description = "A page of types.", body = OpeningPage,
            headers(("Link" = String, description = "The next page."), ("Content-Language" = String, description = "The language of the texts."))),
        (status = 400, description = "`invalid_cursor`"),
        (status = 409, description = "`space_closed`"),
    )
)]
#[get("/v1/spaces/{id}/procedure-types")]
pub async fn list(request: HttpRequest, person: Person, id: Path<PathId>) -> Answer {
    let language = language::preferred(request.headers());
    let mut query = Query::of(&request);
    let wanted = Wanted::of(&mut query, language);
    let paging = Paging::of(&request, query, person.app());
    let listed = person.read(move |tx, caller| {
        let found = tx.space_of(id.of(), caller.person, caller.product)?;
        let (space, membership) = found.ok_or(Refusal::NotFound)?;
        Permission::View.require_role(membership.role)?;
        paging.list::<OpeningPage>(caller, |after: Option<String>, most| {
            let now = tx.now();
            Permission::View.require_state(&space, now)?;
            let types = tx.procedure_types(wanted.filter())?;
            let opener = Opener { space: &space, login: Some(caller.assurance) };
            let page = wanted.page(&types, after.as_deref(), most);
            let (stall, services) = (Stall::of(tx, &page, language)?, services(tx, &page)?);
            let view = |kind: &ProcedureType| {
                let hindrances = hindrances(tx, opener, kind, &services, now)?;
                Ok(OpeningView::new(stall.show(kind, None), hindrances))
            };
            page.into_iter().map(view).collect()
        })
    });
    let listed = listed.await?;
    let languages: BTreeSet<Language> = listed.rows.iter().flat_map(OpeningView::languages).collect();
    Ok(language::spoken(listed.answer()?, languages))
}

type Services = HashMap<String, Service>;

/// The services for which these types want a certification: the catalogue sees to it that they are offered.
fn services(tx: &mut Reading<'_>, types: &[&ProcedureType]) -> Result<Services, Problem> {
    let wanted: Vec<ServiceCode> = types.iter().filter_map(|kind| kind.certification.clone()).collect();
    let services = tx.services(&wanted)?;
    Ok(services.into_iter().map(|service| (service.code.to_string(), service)).collect())
}

fn hindrances(
    tx: &mut Reading<'_>,
    opener: Opener<'_>,
    kind: &ProcedureType,
    services: &Services,
    now: Instant,
) -> Result<Vec<Hindrance>, Problem> {
    let certified = match &kind.certification {
        Some(code) => {
            let missing = || StoreError::Corrupt(format!("procedure_types {}: its service is not offered", kind.code));
            let service = services.get(code.as_str()).ok_or_else(missing)?;
            Some((service, tx.certifications_for(opener.space.id, &service.code)?))
        }
        None => None,
    };
    Ok(opener.hindrances(kind, certified, now)?)
}
