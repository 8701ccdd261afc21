//! `/v1/spaces/{id}/certifications/activate`: a space is certified by a code that it was given.
//!
//! Whatever is wrong is answered alike, after the same statements and one try of a security code, as far as that can be.

use std::collections::BTreeSet;

use actix_web::{HttpRequest, post, web::Path};
use domain::{
    Instant, Refusal,
    catalogue::{Service, ServiceCode, ServiceDomainCode},
    certification::{
        BusinessNumber, Certification, PrincipalStanding,
        access_code::{AccessCode, Activation, Attempt, Presented, Rivals, Verdict, activation::FAILURES_AT_MOST},
    },
    collaboration::{Membership, Permission},
    id::{CertificationId, SpaceId},
    space::Space,
};
use persistence::{StoreError, Transaction};
use uuid::Uuid;

use super::{
    super::{
        administered, record_of, settle, tell, tell_of_locked,
        view::{CertificationInFullView, CertificationView},
    },
    request::{ActivationRequest, Tried},
};
use crate::{
    app::App,
    http::{
        answer::{Answer, Prepared},
        body::Body,
        caller::{Caller, Person},
        idempotency::Once,
        language,
        path::PathId,
        problem::Problem,
    },
    keys::DataKeys,
};

/// Certifies the space by an access code, which then serves no more; the administrators are mailed.
///
/// A wrong code, and one that is used, expired, withdrawn, locked, of another space or with a wrong security code or number, are
/// refused alike. Five wrong security codes lock an access code that is right.
#[utoipa::path(
    tag = "Certification", operation_id = "activateAccessCode", request_body = ActivationRequest, security(("person" = [])),
    params(("id" = Uuid, Path, description = "The space's id.", example = "019d6c3e-8c00-7000-8000-000000000000")),
    responses(
        (status = 200, description = "The certification, granted.", body = CertificationInFullView,
            headers(("Location" = String, description = "Its address."), ("ETag" = String, description = "Its version."))),
        (status = 403, description = "`administrator_required`"),
        (status = 409, description = "`access_code_invalid`, `activation_limit_reached` with `limit`, `certification_exists` with `certification`, its id, `space_closed`, `space_suspended`"),
    )
)]
#[post("/v1/spaces/{id}/certifications/activate")]
pub async fn activate(request: HttpRequest, person: Person, id: Path<PathId>, body: Body<ActivationRequest>) -> Answer {
    let id: SpaceId = id.of();
    let once = Once::of(&request, &body).guarded(move |tx, caller| administered(tx, caller, id).map(drop));
    let (language, app) = (language::preferred(request.headers()), person.app());
    let security_code_fits = fits(&person, id, &body).await?;
    person
        .try_once(once, move |tx, caller| {
            administered(tx, caller, id)?;
            tx.lock_person(caller.person)?;
            let found = tx.lock_space_of(id, caller.person, caller.product)?;
            let (space, membership) = found.ok_or(Refusal::NotFound)?;
            membership.administrator(Permission::ManageCertifications)?;
            let tried = body.open(caller.strong()?)?;
            let activation = match attempt(tx, &app, caller, (&space, &membership), (&tried, security_code_fits))? {
                Ok(activation) => activation,
                Err(refusal) => return Ok(Err(refusal)),
            };
            tx.save_activation(&activation)?;
            let change = activation.certification();
            tell(tx, &app, caller.actor(), change)?;
            let certification = change.after().id;
            let held = tx.certification_of(certification, id)?.ok_or(Refusal::NotFound)?;
            let record = record_of(tx, &app.data_keys, &held.certification)?;
            let view = CertificationView::new(&app.data_keys, &held, language, tx.now())?;
            let prepared = Prepared::ok(&CertificationInFullView::new(view, record))?;
            let location = format!("/v1/spaces/{id}/certifications/{certification}");
            Ok(Ok(prepared.at(location).versioned(change.after().version)))
        })
        .await
}

/// Whether the security code of a body is the one that goes with its access code: tried outside of the transaction, for it is slow,
/// and for nobody without a right to try. It goes with the access code for ever, so what is found here holds later.
async fn fits(person: &Person, space: SpaceId, body: &Body<ActivationRequest>) -> Result<bool, Problem> {
    let Some(Tried { secret, security_code, .. }) = body.says(Clone::clone) else { return Ok(false) };
    let kept = person.read(move |tx, caller| {
        administered(tx, caller, space)?;
        caller.strong()?;
        // Who has no try left is refused later, unless he asks again for what he was answered.
        let has_room = tx.activation_failures(caller.person, space)?.require_room().is_ok();
        Ok(if has_room { Some(tx.security_code_of(&secret.digest())?) } else { None })
    });
    match kept.await? {
        Some(kept) => person.app().security_codes.fits(security_code, kept).await,
        None => Ok(false),
    }
}

/// What is known of a code that is tried, and of what the space holds, under their locks.
struct Found {
    code: AccessCode,
    service: Service,
    principal: Option<(PrincipalStanding, SpaceId)>,
    is_holder_here: bool,
    revoked_at: Option<Instant>,
    request: Option<Certification>,
    /// The space's holder certification for the service, where it is not the request.
    holder: Option<Certification>,
    agencies: Vec<(CertificationId, BTreeSet<ServiceDomainCode>)>,
}

/// Looks for a code. One that nobody has takes the same statements, by ids and a code that nothing has.
fn find(tx: &mut Transaction<'_>, keys: &DataKeys, (space, tried): (&Space, &Tried)) -> Result<Option<Found>, Problem> {
    let code = tx.lock_access_code_with(&tried.secret.digest())?;
    let nobodys = || ServiceCode::parse("nobodys.service").map_err(|fault| StoreError::Corrupt(fault.to_string()));
    let service = code.as_ref().map_or_else(nobodys, |code| Ok(code.service.clone()))?;
    let principal = code.as_ref().and_then(|code| code.principal).unwrap_or(Uuid::nil().into());
    let principal = tx.principal_standing(principal)?;
    let code = code.map(|code| under_current_key(keys, code)).transpose()?;
    let digests = code.as_ref().map_or_else(Vec::new, |(_, number)| keys.business_digests(number));
    let is_holder_here = !tx.principals(&service, &digests, None)?.0.is_empty();
    let agencies = tx.agencies((space.id, &service), &digests)?;
    let revoked_at = tx.last_revocation((space.id, &service), &digests)?;
    let code = code.map(|(code, _)| code);
    let holder = tx.holder_certification(space.id, &service)?;
    let request = code.as_ref().and_then(|code| code.request);
    let locked = tx.lock_certification(request.or(holder).unwrap_or(Uuid::nil().into()))?;
    let (Some(service), Some(code)) = (tx.service(&service)?, code) else { return Ok(None) };
    let locked = locked.map(|held| held.certification);
    let (request, holder) = if code.request.is_some() { (locked, None) } else { (None, locked) };
    Ok(Some(Found { code, service, principal, is_holder_here, revoked_at, request, holder, agencies }))
}

/// The code as the current data key protects it, since what it grants may begin after its table has changed keys; and the number of
/// the company for which it is.
fn under_current_key(keys: &DataKeys, code: AccessCode) -> Result<(AccessCode, BusinessNumber), StoreError> {
    let unopened = || StoreError::Corrupt(format!("access_codes {}: no data key opens it", code.id));
    let number = keys.business_number(&code.legal_person).ok_or_else(unopened)?;
    Ok((AccessCode { legal_person: keys.protect_business(&number), ..code }, number))
}

/// Tries a code for a space; what is tried in vain is counted, and is refused without undoing that.
fn attempt(
    tx: &mut Transaction<'_>,
    app: &App,
    caller: &Caller,
    (space, membership): (&Space, &Membership),
    (tried, security_code_fits): (&Tried, bool),
) -> Result<Result<Activation, Refusal>, Problem> {
    let now = tx.now();
    Permission::ManageCertifications.require_state(space, now)?;
    tx.activation_failures(caller.person, space.id)?.require_room()?;
    let found = find(tx, &app.data_keys, (space, tried))?;
    let number = tried.number.as_ref().map(|number| app.data_keys.business_digests(number));
    let attempt = Attempt { space, legal_person: number.as_deref(), security_code_fits };
    let Some(Found { code, service, principal, is_holder_here, revoked_at, request, holder, agencies }) = found else {
        return in_vain(tx, app, (caller, space), &Verdict::Invalid).map(Err);
    };
    let (code, service, request) = (&code, &service, request.as_ref());
    let presented = Presented { code, service, principal, is_holder_here, revoked_at, request };
    let proved = match presented.judge(attempt, now) {
        Verdict::Proved(proved) => proved,
        wrong => return in_vain(tx, app, (caller, space), &wrong).map(Err),
    };
    proved.wanted_login().require(caller, now)?;
    let holder = match holder {
        Some(holder) if !settle(tx, app, &holder)? => Some(holder.id),
        _ => None,
    };
    let administrator = membership.administrator(Permission::ManageCertifications)?;
    Ok(Ok(administrator.activate(&proved, (tx.new_id(), &Rivals { holder, agents: agencies }), now)?))
}

/// Counts what was tried in vain; whoever watches the log sees who goes on trying.
fn in_vain(
    tx: &mut Transaction<'_>,
    app: &App,
    (caller, space): (&Caller, &Space),
    verdict: &Verdict<'_>,
) -> Result<Refusal, Problem> {
    if let Verdict::WrongSecurityCode(change) = verdict {
        tx.save_access_code(change)?;
        if let Some(event) = change.event() {
            tx.announce(&event)?;
        }
        if let Some(holder) = change.holder() {
            tell_of_locked(tx, app, (holder, change.after()))?;
        }
    }
    tx.count_activation_failure(caller.person, space.id)?;
    let failures = tx.activation_failures(caller.person, space.id)?;
    if failures.require_room().is_err() {
        tracing::warn!(person_id = %caller.person, space_id = %space.id, "{FAILURES_AT_MOST} access codes were tried in vain");
    }
    Ok(Refusal::AccessCodeInvalid)
}
