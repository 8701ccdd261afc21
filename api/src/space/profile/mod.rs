//! `/v1/spaces/{id}/company-profile`: what a professional space says of its company. Members read it, administrators
//! replace it.

pub mod document;
pub mod view;

use actix_web::{HttpRequest, get, put, web::Path};
use domain::{
    Instant, Refusal,
    audit::{AuditAct, Event},
    collaboration::Permission,
    id::SpaceId,
    space::CompanyProfile,
    text::Language,
};
use persistence::{Reading, SealedProfile, StoreError};

use self::{document::ProfileDocument, view::ProfileView};
use crate::{
    http::{
        answer::{self, Answer, IfMatch, Prepared},
        body::{Body, Faults, Request},
        caller::{Anyone, Person},
        field::FieldError,
        language,
        path::PathId,
    },
    keys::DataKeys,
};

const SEALED_FOR: &str = "company-profile";

/// A profile and its version: 0 where there never was one.
#[derive(Debug, Default)]
struct Versioned {
    stored: Stored,
    version: u32,
    updated_at: Option<Instant>,
}

/// A profile as it is kept.
#[derive(Debug, Default)]
struct Stored {
    document: ProfileDocument,
    /// The document, read; nothing where it breaks a rule of today, which may be younger than the document.
    profile: CompanyProfile,
    /// What looks wrong in it, or breaks a rule of today: it is shown all the same, so that it can be mended.
    warnings: Vec<FieldError>,
}

impl From<CompanyProfile> for Stored {
    fn from(profile: CompanyProfile) -> Self {
        let warnings = profile.warnings().into_iter();
        let warnings = warnings.map(|warning| FieldError::at(&warning.pointer, warning.fault.into())).collect();
        Self { document: ProfileDocument::from(&profile), profile, warnings }
    }
}

impl Versioned {
    fn view(self, language: Language) -> ProfileView {
        ProfileView::new(self.stored.document, &self.stored.warnings, self.updated_at, language)
    }
}

/// Shows the company profile of a professional space to its members, and to software with the right `read`; it is empty until it is first edited.
#[utoipa::path(
    tag = "Spaces", operation_id = "getCompanyProfile", security(("person" = []), ("systemUser" = [])),
    params(("id" = Uuid, Path, description = "The space's id.", example = "019d6c3e-8c00-7000-8000-000000000000")),
    responses(
        (status = 200, description = "The profile.", body = ProfileView, headers(("ETag" = String, description = "Its version."))),
        (status = 304, description = "It is what `If-None-Match` says."),
        (status = 403, description = "`right_not_granted` with `right`"),
        (status = 409, description = "`space_closed`"),
    )
)]
#[get("/v1/spaces/{id}/company-profile")]
pub async fn get(request: HttpRequest, anyone: Anyone, id: Path<PathId>) -> Answer {
    let app = anyone.app();
    let found = anyone
        .read(move |tx, caller| {
            let (space, standing) = caller.space(tx, id.of())?;
            space.require_professional()?;
            standing.require(Permission::View)?;
            caller.strong()?;
            space.require_in_use()?;
            Ok(read(tx, &app.data_keys, space.id)?)
        })
        .await?;
    answer::versioned(&request, found.version, &found.view(language::preferred(request.headers())))
}

/// Replaces the company profile of a professional space.
#[utoipa::path(
    tag = "Spaces", operation_id = "replaceCompanyProfile", request_body = ProfileDocument, security(("person" = [])),
    params(
        ("id" = Uuid, Path, description = "The space's id.", example = "019d6c3e-8c00-7000-8000-000000000000"),
        ("If-Match" = String, Header, description = "The `ETag` of the version that is replaced.", example = "*"),
    ),
    responses(
        (status = 200, description = "The profile as it is now.", body = ProfileView, headers(("ETag" = String, description = "Its version."))),
        (status = 403, description = "`administrator_required`"),
        (status = 409, description = "`space_closed`, `space_suspended`"),
        (status = 412, description = "`version_changed`"),
        (status = 428, description = "`if_match_required`"),
    )
)]
#[put("/v1/spaces/{id}/company-profile")]
pub async fn replace(request: HttpRequest, person: Person, id: Path<PathId>, body: Body<ProfileDocument>) -> Answer {
    let if_match = IfMatch::of(&request);
    let app = person.app();
    let kept = person
        .write(move |tx, caller| {
            let found = tx.lock_space_of(id.of(), caller.person, caller.product)?;
            let (space, membership) = found.ok_or(Refusal::NotFound)?;
            space.require_professional()?;
            let administrator = membership.administrator(Permission::EditSpace)?;
            let profile = body.open(caller.strong()?)?;
            let before = read(tx, &app.data_keys, space.id)?;
            if_match.require(before.version)?;
            let changed = administrator.replace_profile(&space, &before.stored.profile, &profile)?;
            if changed.is_empty() {
                return Ok(before);
            }
            let (version, now) = (before.version + 1, tx.now());
            let sealed = seal(&app.data_keys, &profile);
            tx.save_company_profile(space.id, &SealedProfile { sealed, updated_at: now, version })?;
            let event = Event::new(administrator.audit_log(), AuditAct::CompanyProfileEdited, caller.actor(), space.id);
            tx.record(event.changing(&changed));
            Ok(Versioned { stored: profile.into(), version, updated_at: Some(now) })
        })
        .await?;
    let version = kept.version;
    Ok(Prepared::ok(&kept.view(language::preferred(request.headers())))?.versioned(version).send())
}

/// The company profile of a space, empty where there is none.
///
/// # Errors
/// The database can't be asked, or what it holds can't be read.
pub fn document_of(tx: &mut Reading<'_>, keys: &DataKeys, space: SpaceId) -> Result<ProfileDocument, StoreError> {
    Ok(read(tx, keys, space)?.stored.document)
}

fn read(tx: &mut Reading<'_>, keys: &DataKeys, space: SpaceId) -> Result<Versioned, StoreError> {
    let Some(SealedProfile { sealed, updated_at, version }) = tx.company_profile(space)? else {
        return Ok(Versioned::default());
    };
    let corrupt = |what: &str| StoreError::Corrupt(format!("company_profiles {space}: {what}"));
    let stored = open(keys, &sealed).map_err(corrupt)?;
    Ok(Versioned { stored, version, updated_at: Some(updated_at) })
}

fn seal(keys: &DataKeys, profile: &CompanyProfile) -> String {
    let document = ProfileDocument::from(profile);
    keys.seal(SEALED_FOR, &serde_json::to_string(&document).unwrap_or_default())
}

/// Opens what was sealed; what is wrong is said without a word of it.
fn open(keys: &DataKeys, sealed: &str) -> Result<Stored, &'static str> {
    let text = keys.open(SEALED_FOR, sealed).ok_or("no data key opens it")?;
    let read = || serde_json::from_str::<ProfileDocument>(&text).map_err(|_| "it is no document");
    let mut faults = Faults::default();
    Ok(match read()?.check(&mut faults) {
        Some(profile) => profile.into(),
        None => Stored { document: read()?, profile: CompanyProfile::default(), warnings: faults.into_errors() },
    })
}

#[cfg(test)]
mod tests {
    use domain::space::profile::{Figures, MOST_ITEMS};
    use serde_json::json;
    use utoipa::PartialSchema;

    use super::{document::FiguresDocument, *};

    #[test]
    fn what_was_sealed_is_opened_as_it_was_and_shows_nothing_sealed() {
        let keys = DataKeys::parse(&DataKeys::generate()).unwrap();
        let whole = json!({
            "legalName": "Boulangerie", "legalForm": "S.à r.l.", "nationalIdentifier": "19822200012",
            "rcsNumber": "B123456", "vatNumber": "LU15027442", "activities": [{ "code": "10.71", "revision": "2" }],
            "registeredOffice": { "street": "Grand-Rue", "number": "1", "postalCode": "L-1661", "locality": "Lëtzebuerg", "country": "LU" },
            "bankAccounts": [{ "iban": "LU280019400644750000", "bic": "BCEELULL", "holder": "Anna" }],
            "associatedBodies": [{ "name": "Fiduciaire", "role": "auditor", "nationalIdentifier": "19822200013" }],
            "keyDates": { "incorporatedOn": "1982-05-17", "activityStartedOn": "1982-06-01", "financialYearEndsOn": "--12-31" },
            "figures": {
                "employees": 0, "shareCapital": { "amount": "12500.00", "currency": "EUR" },
                "turnover": { "amount": "1", "currency": "EUR" }, "balanceSheetTotal": { "amount": "0.5", "currency": "CHF" },
            },
        });
        for document in [json!({}), whole] {
            let document: ProfileDocument = serde_json::from_value(document).unwrap();
            let profile = document.check(&mut Faults::default()).unwrap();
            let sealed = seal(&keys, &profile);
            assert_eq!(open(&keys, &sealed).unwrap().profile, profile);
            assert!(!sealed.contains("Boulangerie") && !sealed.contains("LU28"));
        }
    }

    /// The contract's generator takes no constants.
    #[test]
    fn the_contract_tells_the_limits_of_the_domain() {
        let schema = serde_json::to_value(ProfileDocument::schema()).unwrap();
        for list in ["activities", "bankAccounts", "associatedBodies"] {
            assert_eq!(schema["properties"][list]["maxItems"], MOST_ITEMS, "{list}");
        }
        let schema = serde_json::to_value(FiguresDocument::schema()).unwrap();
        assert_eq!(schema["properties"]["employees"]["maximum"], Figures::MOST_EMPLOYEES);
    }

    #[test]
    fn what_can_not_be_opened_is_told_without_its_content() {
        let keys = DataKeys::parse(&DataKeys::generate()).unwrap();
        let told = |text: &str| open(&keys, &keys.seal(SEALED_FOR, text)).unwrap_err();
        assert_eq!(open(&keys, "k1:").unwrap_err(), "no data key opens it");
        assert_eq!(told(r#"{"legalName":1}"#), "it is no document");
    }

    #[test]
    fn what_breaks_a_younger_rule_is_shown_with_a_warning() {
        let keys = DataKeys::parse(&DataKeys::generate()).unwrap();
        let kept = r#"{"legalName":"Boulangerie","vatNumber":"LU15027443"}"#;
        let stored = open(&keys, &keys.seal(SEALED_FOR, kept)).unwrap();
        assert_eq!(stored.document.vat_number.as_deref(), Some("LU15027443"));
        assert_eq!((stored.profile, stored.warnings.len()), (CompanyProfile::default(), 1));
    }
}
