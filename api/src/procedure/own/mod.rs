//! `/v1/spaces/{id}/procedures`: a space's own procedures. Who may draft begins, edits and bins them, managers sign and send them,
//! every member reads them.

pub mod assignee;
pub mod attachments;
pub mod error;
pub mod one;
pub mod request;
pub mod sealed;
pub mod sending;
pub mod slip;
pub mod view;

use std::collections::BTreeSet;

use actix_web::{HttpRequest, get, post, web::Path};
use domain::{
    Fault, Refusal,
    audit::{AuditAct, Chain, Event},
    catalogue::Service,
    certification::HeldCertification,
    collaboration::{Membership, Permission},
    id::{MembershipId, ProcedureId, SpaceId},
    procedure::{Content, Opener, Procedure, ProcedureType, ProcedureTypeCode},
    space::Space,
    text::Language,
};
use persistence::{KeptProcedure, ProcedureFilter, Reading, StoreError};
use serde_json::{Value, json};

use self::{
    request::BeginProcedureRequest,
    sealed::Opened,
    view::{ProcedurePage, ProcedureView},
};
use crate::{
    http::{
        answer::{Answer, Prepared},
        body::Body,
        caller::{Caller, Person},
        idempotency::Once,
        language,
        page::Paging,
        path::PathId,
        problem::Problem,
        query::Query,
        schema::{self, ProcedureStateChoice},
    },
    keys::DataKeys,
    space::profile,
};

/// Lists the procedures of a space, oldest first.
///
/// Those that are not in the bin, unless `bin` asks for these.
#[utoipa::path(
    tag = "Procedures", operation_id = "listProcedures", security(("person" = [])),
    params(
        ("id" = Uuid, Path, description = "The space's id.", example = "019d6c3e-8c00-7000-8000-000000000000"),
        ("type" = Option<schema::ProcedureTypeCode>, Query, description = "Only those of this type.", example = "aed.vat-registration"),
        ("state" = Option<ProcedureStateChoice>, Query, description = "Only those that stand so.", example = "in_preparation"),
        ("assignee" = Option<Uuid>, Query, description = "Only those that this member looks after.", example = "019d6c3e-8c00-7000-8000-000000000002"),
        ("bin" = Option<bool>, Query, description = "Those in the bin, in the place of the others.", example = false),
        ("limit" = Option<u32>, Query, description = "How many to a page.", minimum = 1, maximum = 100, example = 25),
        ("cursor" = Option<String>, Query, description = "`page.next` of the page before; empty for the first.", example = ""),
    ),
    responses(
        (status = 200, description = "A page of procedures.", body = ProcedurePage,
            headers(("Link" = String, description = "The next page."), ("Content-Language" = String, description = "The language of the texts."))),
        (status = 400, description = "`invalid_cursor`"),
        (status = 409, description = "`space_closed`"),
    )
)]
#[get("/v1/spaces/{id}/procedures")]
pub async fn list(request: HttpRequest, person: Person, id: Path<PathId>) -> Answer {
    let language = language::preferred(request.headers());
    let mut query = Query::of(&request);
    let kind = query.value("type", ProcedureTypeCode::parse);
    let state = query.choice("state");
    let assignee =
        query.value("assignee", |id| PathId::parse(id).map(PathId::of::<MembershipId>).ok_or(Fault::Malformed));
    let in_bin = query.flag("bin").unwrap_or_default();
    let paging = Paging::of(&request, query, person.app());
    let listed = person.read(move |tx, caller| {
        let (space, _) = member(tx, caller, id.of(), Permission::View)?;
        paging.list::<ProcedurePage>(caller, |after, most| {
            Permission::View.require_state(&space, tx.now())?;
            let filter = ProcedureFilter { kind, state, assignee, in_bin, after: after.map(ProcedureId) };
            let rows = tx.procedures_of(space.id, &filter, most)?;
            let view =
                |(procedure, kind): &(Procedure, ProcedureType)| ProcedureView::in_brief(procedure, kind, language);
            Ok(rows.iter().map(view).collect())
        })
    });
    let listed = listed.await?;
    let languages: BTreeSet<Language> = listed.rows.iter().map(ProcedureView::language).collect();
    Ok(language::spoken(listed.answer()?, languages))
}

/// Begins a procedure; what is known of the company and the space is filled in.
#[utoipa::path(
    tag = "Procedures", operation_id = "beginProcedure", request_body = BeginProcedureRequest, security(("person" = [])),
    params(("id" = Uuid, Path, description = "The space's id.", example = "019d6c3e-8c00-7000-8000-000000000000")),
    responses(
        (status = 201, description = "The procedure.", body = ProcedureView,
            headers(("Location" = String, description = "Its address."), ("ETag" = String, description = "Its version."))),
        (status = 403, description = "`certification_required` with `service` and `sector`, `role_insufficient`"),
        (status = 409, description = "`draft_limit_reached` with `limit`, `procedure_audience`, `procedure_type_not_offered`, `space_closed`, `space_suspended`"),
    )
)]
#[post("/v1/spaces/{id}/procedures")]
pub async fn begin(
    request: HttpRequest,
    person: Person,
    id: Path<PathId>,
    body: Body<BeginProcedureRequest>,
) -> Answer {
    let language = language::preferred(request.headers());
    let id: SpaceId = id.of();
    let once = Once::of(&request, &body).guarded(move |tx, caller| member(tx, caller, id, Permission::Draft).map(drop));
    let app = person.app();
    person
        .write_once(once, move |tx, caller| {
            let found = tx.lock_space_of(id, caller.person, caller.product)?;
            let (space, membership) = found.ok_or(Refusal::NotFound)?;
            Permission::Draft.require_role(membership.role)?;
            let code = body.open(caller.strong()?)?;
            Permission::Draft.require_state(&space, tx.now())?;
            let kind = tx.procedure_type(&code)?.ok_or(Refusal::ProcedureTypeNotOffered)?;
            let (service, held) = certification_wanted(tx, id, &kind.kind)?.unzip();
            let opener = Opener { space: &space, login: Some(caller.assurance) };
            let others = tx.count_drafts(id)?;
            let begun = opener.begin((tx.new_id(), &kind.kind), service.as_ref().zip(held), others, tx.now())?;
            let (fields, prefilled) = kind.form.prefilled(&known(tx, &app.data_keys, &space)?);
            let content = Content::new(fields, prefilled).map_err(|fault| Refusal::Field { field: "type", fault })?;
            let sealed = sealed::seal(&app.data_keys, &content);
            tx.insert_procedure(&begun, &caller.actor(), &sealed)?;
            let procedure = begun.after().clone();
            tx.record(Event::new(Chain::Space(id), AuditAct::ProcedureBegun, caller.actor(), procedure.id));
            let kept = KeptProcedure { procedure, kind, sealed, explanation: None };
            let view = shown(tx, &app.data_keys, &space, &kept, language)?;
            let location = format!("/v1/spaces/{id}/procedures/{}", kept.procedure.id);
            Ok(Prepared::created(&view)?.at(location).versioned(kept.procedure.version))
        })
        .await
}

/// The space, and the caller's membership of it, by which he may do something there.
fn member(
    tx: &mut Reading<'_>,
    caller: &Caller,
    space: SpaceId,
    act: Permission,
) -> Result<(Space, Membership), Problem> {
    let found = tx.space_of(space, caller.person, caller.product)?.ok_or(Refusal::NotFound)?;
    act.require_role(found.1.role)?;
    Ok(found)
}

/// The service for which a type wants a certification, with those that a space has for it.
fn certification_wanted(
    tx: &mut Reading<'_>,
    space: SpaceId,
    kind: &ProcedureType,
) -> Result<Option<(Service, Vec<HeldCertification>)>, Problem> {
    let Some(service) = kind.certification.as_ref().map(|code| tx.service(code)).transpose()?.flatten() else {
        return Ok(None);
    };
    let held = tx.certifications_for(space, &service.code)?;
    Ok(Some((service, held)))
}

/// A procedure with all that there is of it, as its space sees it.
fn shown(
    tx: &mut Reading<'_>,
    keys: &DataKeys,
    space: &Space,
    kept: &KeptProcedure,
    language: Language,
) -> Result<ProcedureView, Problem> {
    let opened = Opened::of(tx, keys, kept)?;
    let signatures = tx.signatures_of(kept.procedure.id)?;
    let whole = (&opened.submission(&space.identifier, kept), &opened.attachments[..]);
    let explanation = sealed::explanation(keys, kept)?;
    Ok(ProcedureView::whole(whole, &signatures, language)?.explained(explanation))
}

/// What fields are filled in with.
fn known(tx: &mut Reading<'_>, keys: &DataKeys, space: &Space) -> Result<Value, StoreError> {
    Ok(json!({
        "companyProfile": profile::document_of(tx, keys, space.id)?,
        "space": {
            "identifier": space.identifier.as_str(),
            "title": space.title.as_ref().map(domain::text::Title::as_str),
            "notificationEmail": space.notification_email.as_str(),
        },
    }))
}

#[cfg(test)]
mod tests {
    use domain::form::prefill::SOURCES;

    use super::*;
    use crate::space::profile::document::ProfileDocument;

    #[test]
    fn every_source_is_there_in_a_profile_or_a_space() {
        let profile = json!({
            "legalName": "Boulangerie", "legalForm": "S.à r.l.", "nationalIdentifier": "19822200012",
            "rcsNumber": "B123456", "vatNumber": "LU15027442", "activities": [{ "code": "10.71", "revision": "2" }],
            "registeredOffice": {
                "street": "Grand-Rue", "number": "1", "postalCode": "L-1661", "locality": "Luxembourg", "country": "LU"
            },
            "bankAccounts": [{ "iban": "LU280019400644750000", "bic": "BCEELULL" }],
            "keyDates": { "incorporatedOn": "1982-05-17", "activityStartedOn": "1982-06-01" },
            "figures": { "employees": 12 },
        });
        let document: ProfileDocument = serde_json::from_value(profile).unwrap();
        let known =
            json!({ "companyProfile": document, "space": { "identifier": 1, "title": 1, "notificationEmail": 1 } });
        for source in SOURCES {
            assert!(known.pointer(source).is_some_and(|value| !value.is_null()), "{source}");
        }
    }
}
