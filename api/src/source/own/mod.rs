//! `/v1/spaces/{id}/authentic-sources`: which sources are open to a space, and their records. Whether one is open is asked each time.

pub mod request;
mod sight;
pub mod verifications;
pub mod view;

use std::collections::BTreeSet;

use actix_web::{HttpRequest, get, web::Path};
use domain::{
    Fault, Refusal,
    catalogue::ServiceCode,
    collaboration::Permission,
    id::{CertificationId, SourceRecordId},
    source::{AuthenticSource, SourceCode, SourceWithForm},
    space::Space,
    text::Language,
};
use persistence::{KeptRecord, Reading};

use self::{
    sight::{Seen, hindrances},
    view::{AuthenticSourcePage, AuthenticSourceView, Shelf, SourceRecordPage, SourceRecordView},
};
use crate::{
    http::{
        answer::{self, Answer},
        caller::{Caller, Person},
        language::{self, Speaker},
        page::Paging,
        path::PathId,
        problem::Problem,
        query::Query,
        schema,
    },
    keys::DataKeys,
};

/// A source in the path of a space.
type SourcePath = Path<(PathId, String)>;

/// Lists the authentic sources for spaces of this kind, in the order of their codes: which are open here now, and why the others are
/// not.
#[utoipa::path(
    tag = "Authentic sources", operation_id = "listAuthenticSources", security(("person" = [])),
    params(
        ("id" = Uuid, Path, description = "The space's id.", example = "019d6c3e-8c00-7000-8000-000000000000"),
        ("limit" = Option<u32>, Query, description = "How many to a page.", minimum = 1, maximum = 100, example = 25),
        ("cursor" = Option<String>, Query, description = "`page.next` of the page before; empty for the first.", example = ""),
    ),
    responses(
        (status = 200, description = "A page of sources.", body = AuthenticSourcePage,
            headers(("Link" = String, description = "The next page."), ("Content-Language" = String, description = "The language of the texts."))),
        (status = 400, description = "`invalid_cursor`"),
        (status = 409, description = "`space_closed`"),
    )
)]
#[get("/v1/spaces/{id}/authentic-sources")]
pub async fn list(request: HttpRequest, person: Person, id: Path<PathId>) -> Answer {
    let language = language::preferred(request.headers());
    let paging = Paging::of(&request, Query::of(&request), person.app());
    let listed = person.read(move |tx, caller| {
        let space = member_of(tx, caller, *id)?;
        paging.list::<AuthenticSourcePage>(caller, |after: Option<String>, most| {
            Permission::View.require_state(&space, tx.now())?;
            let mut sources = tx.authentic_sources(space.kind)?;
            sources.retain(|source| after.as_deref().is_none_or(|after| source.code.as_str() > after));
            sources.truncate(most as usize);
            let wanted: Vec<ServiceCode> = sources.iter().filter_map(|source| source.certification.clone()).collect();
            let services = tx.services(&wanted)?;
            let shelf = Shelf::of(tx, &sources, language)?;
            let view = |source: &AuthenticSource| {
                let service = services.iter().find(|service| Some(&service.code) == source.certification.as_ref());
                Ok(shelf.show(source, None, hindrances(tx, &space, source, service)?))
            };
            sources.iter().map(view).collect()
        })
    });
    let listed = listed.await?;
    let languages: BTreeSet<Language> = listed.rows.iter().flat_map(AuthenticSourceView::languages).collect();
    Ok(language::spoken(listed.answer()?, languages))
}

/// Shows a source, with the form of its records.
#[utoipa::path(
    tag = "Authentic sources", operation_id = "getAuthenticSource", security(("person" = [])),
    params(
        ("id" = Uuid, Path, description = "The space's id.", example = "019d6c3e-8c00-7000-8000-000000000000"),
        ("code" = schema::SourceCode, Path, description = "The source's code.", example = "aed.vat-balance"),
    ),
    responses(
        (status = 200, description = "The source.", body = AuthenticSourceView,
            headers(("Content-Language" = String, description = "The language of the texts."))),
        (status = 409, description = "`space_closed`"),
    )
)]
#[get("/v1/spaces/{id}/authentic-sources/{code}")]
pub async fn get(request: HttpRequest, person: Person, path: SourcePath) -> Answer {
    let language = language::preferred(request.headers());
    let (id, code) = path.into_inner();
    let view = person.read(move |tx, caller| {
        let space = member_of(tx, caller, id)?;
        caller.strong()?;
        let SourceWithForm { source, form } = source_for(tx, &space, &code)?;
        let service = source.certification.as_ref().map(|code| tx.service(code)).transpose()?.flatten();
        let hindrances = hindrances(tx, &space, &source, service.as_ref())?;
        Ok(Shelf::of(tx, std::slice::from_ref(&source), language)?.show(&source, Some(&form), hindrances))
    });
    let view = view.await?;
    Ok(language::spoken(answer::ok(&view)?, view.languages()))
}

/// Lists the records of a source, oldest first: those of each legal person for whom the space is certified, be it as a holder or as an
/// agent; in a private space those of its person.
#[utoipa::path(
    tag = "Authentic sources", operation_id = "listSourceRecords", security(("person" = [])),
    params(
        ("id" = Uuid, Path, description = "The space's id.", example = "019d6c3e-8c00-7000-8000-000000000000"),
        ("code" = schema::SourceCode, Path, description = "The source's code.", example = "aed.vat-balance"),
        ("certification" = Option<Uuid>, Query, description = "Only those of the legal person of this certification.", example = "019d6c3e-8c00-7000-8000-000000000001"),
        ("limit" = Option<u32>, Query, description = "How many to a page.", minimum = 1, maximum = 100, example = 25),
        ("cursor" = Option<String>, Query, description = "`page.next` of the page before; empty for the first.", example = ""),
    ),
    responses(
        (status = 200, description = "A page of records.", body = SourceRecordPage,
            headers(("Link" = String, description = "The next page."), ("Content-Language" = String, description = "The language of the texts."))),
        (status = 400, description = "`invalid_cursor`"),
        (status = 403, description = "`certification_required` with `service` and `sector`"),
        (status = 409, description = "`space_closed`"),
    )
)]
#[get("/v1/spaces/{id}/authentic-sources/{code}/records")]
pub async fn records(request: HttpRequest, person: Person, path: SourcePath) -> Answer {
    let (id, code) = path.into_inner();
    let mut query = Query::of(&request);
    let only = query.value("certification", |raw| PathId::parse(raw).map(PathId::of).ok_or(Fault::Malformed));
    let only: Option<CertificationId> = only;
    let mut speaker = Speaker::new(language::preferred(request.headers()));
    let (paging, app) = (Paging::of(&request, query, person.app()), person.app());
    let (listed, languages) = person
        .read(move |tx, caller| {
            let space = member_of(tx, caller, id)?;
            let listed = paging.list::<SourceRecordPage>(caller, |after, most| {
                let source = source_for(tx, &space, &code)?.source;
                let seen = Seen::of(tx, &app.data_keys, (&space, caller), &source, only)?;
                let kept = tx.source_records(&source.code, &seen.digests(), after.map(SourceRecordId), most)?;
                let administration = tx.administration(&source.administration)?;
                let view = |kept| {
                    let administration = (&source, administration.as_ref());
                    SourceRecordView::new(&app.data_keys, administration, &seen, kept, &mut speaker, tx.now())
                };
                Ok(kept.into_iter().map(view).collect::<Result<_, _>>()?)
            });
            Ok((listed?, speaker.spoken()))
        })
        .await?;
    Ok(language::spoken(listed.answer()?, languages))
}

/// Shows a record of a source.
#[utoipa::path(
    tag = "Authentic sources", operation_id = "getSourceRecord", security(("person" = [])),
    params(
        ("id" = Uuid, Path, description = "The space's id.", example = "019d6c3e-8c00-7000-8000-000000000000"),
        ("code" = schema::SourceCode, Path, description = "The source's code.", example = "aed.vat-balance"),
        ("recordId" = Uuid, Path, description = "The record's id.", example = "019d6c3e-8c00-7000-8000-000000000002"),
    ),
    responses(
        (status = 200, description = "The record.", body = SourceRecordView,
            headers(("Content-Language" = String, description = "The language of the texts."))),
        (status = 403, description = "`certification_required` with `service` and `sector`"),
        (status = 409, description = "`space_closed`"),
    )
)]
#[get("/v1/spaces/{id}/authentic-sources/{code}/records/{recordId}")]
pub async fn record(request: HttpRequest, person: Person, path: Path<(PathId, String, PathId)>) -> Answer {
    let (id, code, record) = path.into_inner();
    let mut speaker = Speaker::new(language::preferred(request.headers()));
    let app = person.app();
    let (view, languages) = person
        .read(move |tx, caller| {
            let space = member_of(tx, caller, id)?;
            caller.strong()?;
            let (SourceWithForm { source, .. }, seen, kept) =
                record_for(tx, &app.data_keys, (&space, caller), &code, record)?;
            let administration = tx.administration(&source.administration)?;
            let of = (&source, administration.as_ref());
            let view = SourceRecordView::new(&app.data_keys, of, &seen, kept, &mut speaker, tx.now())?;
            Ok((view, speaker.spoken()))
        })
        .await?;
    Ok(language::spoken(answer::ok(&view)?, languages))
}

/// A record that a space sees now, with its source, and by what it sees it.
fn record_for(
    tx: &mut Reading<'_>,
    keys: &DataKeys,
    (space, caller): (&Space, &Caller),
    code: &str,
    id: PathId,
) -> Result<(SourceWithForm, Seen, KeptRecord), Problem> {
    let found = source_for(tx, space, code)?;
    let seen = Seen::of(tx, keys, (space, caller), &found.source, None)?;
    let kept = tx.source_record(id.of(), &found.source.code)?.filter(|kept| seen.shows(&kept.record));
    Ok((found, seen, kept.ok_or(Refusal::NotFound)?))
}

/// A space that the caller is a member of.
fn member_of(tx: &mut Reading<'_>, caller: &Caller, id: PathId) -> Result<Space, Problem> {
    let (space, membership) = tx.space_of(id.of(), caller.person, caller.product)?.ok_or(Refusal::NotFound)?;
    Permission::View.require_role(membership.role)?;
    Ok(space)
}

/// A source for spaces of this kind.
fn source_for(tx: &mut Reading<'_>, space: &Space, code: &str) -> Result<SourceWithForm, Problem> {
    Permission::View.require_state(space, tx.now())?;
    let code = SourceCode::parse(code).map_err(|_| Refusal::NotFound)?;
    let found = tx.authentic_source(&code)?.filter(|found| found.source.audience == space.kind);
    Ok(found.ok_or(Refusal::NotFound)?)
}
