//! Certifications as they are kept, each with the steps of its history. Requests and activations are decided on under the lock of
//! the space, what becomes of one later under its own.

mod access_codes;
mod agents;
mod due;
mod lists;

use std::collections::BTreeSet;

use chrono::NaiveDateTime;
use diesel::prelude::*;
use domain::{
    Coded, Instant,
    catalogue::{AdministrationCode, Capacity, ServiceCode, ServiceDomainCode, WayIn},
    certification::{
        Certification, CertificationAct, CertificationActor, CertificationChange, CertificationParty,
        CertificationStatus, CertificationStep, HeldCertification, PrincipalStanding, Principals, RequestsMade,
        request::COUNTED_WITHIN,
    },
    id::{CertificationId, PersonId, SpaceId},
    identity::Protected,
    space::SpaceState,
    text::ReasonText,
};

pub use access_codes::AccessCodeFilter;
pub use lists::CertificationFilter;

use crate::{
    error::StoreError,
    row::{Row, stamp},
    schema::{certification_steps, certifications, spaces},
    transaction::{Rank, Reading, Transaction},
};

diesel::alias!(certifications as holders: Holders, spaces as homes: Homes);

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = certifications, treat_none_as_default_value = false, treat_none_as_null = true)]
struct CertificationRow {
    id: String,
    space_id: String,
    service: String,
    administration: String,
    capacity: String,
    principal_id: Option<String>,
    legal_person_digest: String,
    legal_person_sealed: String,
    domains: String,
    origin: String,
    applicant_id: String,
    status: String,
    taken_up_at: Option<NaiveDateTime>,
    created_at: NaiveDateTime,
    decided_at: Option<NaiveDateTime>,
    ends_at: Option<NaiveDateTime>,
    warn_at: Option<NaiveDateTime>,
    is_principal_lapsed: bool,
    version: i64,
}

/// Domains as they are kept, with one space between them.
fn written(domains: &BTreeSet<ServiceDomainCode>) -> String {
    domains.iter().map(ServiceDomainCode::as_str).collect::<Vec<_>>().join(" ")
}

/// Reads what [`written`] wrote.
fn read_domains(row: &Row<'_>, kept: &str) -> Result<BTreeSet<ServiceDomainCode>, StoreError> {
    kept.split_whitespace().map(|code| row.value(ServiceDomainCode::parse(code))).collect()
}

impl From<&Certification> for CertificationRow {
    fn from(certification: &Certification) -> Self {
        Self {
            id: certification.id.to_string(),
            space_id: certification.space.to_string(),
            service: certification.service.to_string(),
            administration: certification.administration.to_string(),
            capacity: certification.capacity.code().to_owned(),
            principal_id: certification.principal.map(|id| id.to_string()),
            legal_person_digest: certification.legal_person.digest.clone(),
            legal_person_sealed: certification.legal_person.sealed.clone(),
            domains: written(&certification.domains),
            origin: certification.origin.code().to_owned(),
            applicant_id: certification.applicant.to_string(),
            status: certification.status.code().to_owned(),
            taken_up_at: certification.taken_up_at.map(stamp),
            created_at: stamp(certification.created_at),
            decided_at: certification.decided_at.map(stamp),
            ends_at: certification.ends_at.map(stamp),
            warn_at: certification.warn_at.map(stamp),
            is_principal_lapsed: certification.is_principal_lapsed,
            version: certification.version.into(),
        }
    }
}

impl CertificationRow {
    fn read(self) -> Result<Certification, StoreError> {
        let row = Row { table: "certifications", id: &self.id };
        Ok(Certification {
            id: row.id(&self.id)?,
            space: row.id(&self.space_id)?,
            service: row.value(ServiceCode::parse(&self.service))?,
            administration: row.value(AdministrationCode::parse(&self.administration))?,
            capacity: row.code(&self.capacity)?,
            principal: self.principal_id.as_deref().map(|id| row.id(id)).transpose()?,
            domains: read_domains(&row, &self.domains)?,
            origin: row.code(&self.origin)?,
            applicant: row.id(&self.applicant_id)?,
            status: row.code(&self.status)?,
            taken_up_at: self.taken_up_at.map(|at| at.and_utc()),
            created_at: self.created_at.and_utc(),
            decided_at: self.decided_at.map(|at| at.and_utc()),
            ends_at: self.ends_at.map(|at| at.and_utc()),
            warn_at: self.warn_at.map(|at| at.and_utc()),
            is_principal_lapsed: self.is_principal_lapsed,
            version: row.number(self.version)?,
            legal_person: Protected { digest: self.legal_person_digest, sealed: self.legal_person_sealed },
        })
    }
}

/// A certification, how its space stands, how its principal's stands and ends and for which domains it is, and how that one's space
/// stands.
type HeldColumns = (CertificationRow, String, Option<PrincipalColumns>, Option<String>);
type PrincipalColumns = (String, Option<NaiveDateTime>, String);

fn read_held((certification, own_state, principal, state): HeldColumns) -> Result<HeldCertification, StoreError> {
    let certification = certification.read()?;
    let id = certification.id.to_string();
    let row = Row { table: "certifications", id: &id };
    let standing = |((status, ends_at, domains), state): (PrincipalColumns, String)| -> Result<_, StoreError> {
        Ok(PrincipalStanding {
            status: row.code(&status)?,
            ends_at: ends_at.map(|at| at.and_utc()),
            domains: read_domains(&row, &domains)?,
            is_space_in_use: row.code::<SpaceState>(&state)?.is_in_use(),
        })
    };
    let principal = principal.zip(state).map(standing).transpose()?;
    let is_space_in_use = row.code::<SpaceState>(&own_state)?.is_in_use();
    Ok(HeldCertification { certification, is_space_in_use, principal })
}

/// Certifications with what they hang on: the one statement by which it is known what is effective.
macro_rules! held {
    () => {
        certifications::table
            .inner_join(spaces::table.on(certifications::space_id.eq(spaces::id)))
            .left_join(holders.on(certifications::principal_id.eq(holders.field(certifications::id).nullable())))
            .left_join(homes.on(holders.field(certifications::space_id).eq(homes.field(spaces::id))))
            .select((
                CertificationRow::as_select(),
                spaces::state,
                holders.fields((certifications::status, certifications::ends_at, certifications::domains)).nullable(),
                homes.field(spaces::state).nullable(),
            ))
    };
}
use held;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = certification_steps, treat_none_as_default_value = false)]
struct StepRow {
    certification_id: String,
    position: i64,
    act: String,
    at: NaiveDateTime,
    party: String,
    person_id: Option<String>,
    partner_id: Option<String>,
    reason: Option<String>,
    ends_at: Option<NaiveDateTime>,
}

impl StepRow {
    fn new(of: CertificationId, step: &CertificationStep) -> Self {
        let (person, partner) = match step.by {
            CertificationActor::Space(person) | CertificationActor::Principal(person) => (Some(person), None),
            CertificationActor::Administration(partner) => (None, Some(partner)),
            CertificationActor::Portal => (None, None),
        };
        Self {
            certification_id: of.to_string(),
            position: step.position.into(),
            act: step.act.code().to_owned(),
            at: stamp(step.at),
            party: step.by.party().code().to_owned(),
            person_id: person.map(|id| id.to_string()),
            partner_id: partner.map(|id| id.to_string()),
            reason: step.reason.as_ref().map(ToString::to_string),
            ends_at: step.ends_at.map(stamp),
        }
    }

    fn read(self) -> Result<CertificationStep, StoreError> {
        let row = Row { table: "certification_steps", id: &self.certification_id };
        let nobody = || row.corrupt("a step has no actor");
        let person = || self.person_id.as_deref().ok_or_else(nobody).and_then(|id| row.id(id));
        let by = match row.code(&self.party)? {
            CertificationParty::Space => CertificationActor::Space(person()?),
            CertificationParty::Principal => CertificationActor::Principal(person()?),
            CertificationParty::Administration => {
                let partner = self.partner_id.as_deref().ok_or_else(nobody)?;
                CertificationActor::Administration(row.id(partner)?)
            }
            CertificationParty::Portal => CertificationActor::Portal,
        };
        Ok(CertificationStep {
            position: row.number(self.position)?,
            act: row.code(&self.act)?,
            at: self.at.and_utc(),
            by,
            reason: self.reason.as_deref().map(|reason| row.value(ReasonText::parse(reason))).transpose()?,
            ends_at: self.ends_at.map(|at| at.and_utc()),
        })
    }
}

/// What is kept of a request beside the certification.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Enclosed {
    /// What the administration reads besides, sealed.
    pub application: Option<String>,
    /// What the security code is known by, while the request waits.
    pub security_code: Option<String>,
}

/// The states in which a certification counts.
fn counting() -> [&'static str; 3] {
    [CertificationStatus::Requested, CertificationStatus::Granted, CertificationStatus::Suspended].map(Coded::code)
}

/// The states of one that was granted and is not over.
fn living() -> [&'static str; 2] {
    [CertificationStatus::Granted, CertificationStatus::Suspended].map(Coded::code)
}

/// The end has not come.
#[diesel::dsl::auto_type(no_type_alias)]
fn goes_on(now: NaiveDateTime) -> _ {
    let end: certifications::ends_at = certifications::ends_at;
    end.is_null().or(end.gt(now))
}

impl Reading<'_> {
    /// A certification of a space, with what it hangs on.
    pub fn certification_of(
        &mut self,
        id: CertificationId,
        space: SpaceId,
    ) -> Result<Option<HeldCertification>, StoreError> {
        let found: Option<HeldColumns> = self.run(|db| {
            held!()
                .filter(certifications::id.eq(id.to_string()))
                .filter(certifications::space_id.eq(space.to_string()))
                .get_result(db)
                .optional()
        })?;
        found.map(read_held).transpose()
    }

    /// A certification for a service of an administration, with what it hangs on.
    pub fn certification_to(
        &mut self,
        id: CertificationId,
        administration: &AdministrationCode,
    ) -> Result<Option<HeldCertification>, StoreError> {
        let found: Option<HeldColumns> = self.run(|db| {
            held!()
                .filter(certifications::id.eq(id.to_string()))
                .filter(certifications::administration.eq(administration.as_str()))
                .get_result(db)
                .optional()
        })?;
        found.map(read_held).transpose()
    }

    /// The certifications of a space for a service that are kept as granted, with what they hang on, by ascending id: whether their
    /// ends have come, the gate judges.
    pub fn certifications_for(
        &mut self,
        space: SpaceId,
        service: &ServiceCode,
    ) -> Result<Vec<HeldCertification>, StoreError> {
        let found: Vec<HeldColumns> = self.run(|db| {
            held!()
                .filter(certifications::space_id.eq(space.to_string()))
                .filter(certifications::service.eq(service.as_str()))
                .filter(certifications::status.eq(CertificationStatus::Granted.code()))
                .order(certifications::id)
                .get_results(db)
        })?;
        found.into_iter().map(read_held).collect()
    }

    /// The history of a certification, oldest step first.
    pub fn certification_steps(&mut self, of: CertificationId) -> Result<Vec<CertificationStep>, StoreError> {
        let rows: Vec<StepRow> = self.run(|db| {
            certification_steps::table
                .filter(certification_steps::certification_id.eq(of.to_string()))
                .order(certification_steps::position)
                .select(StepRow::as_select())
                .get_results(db)
        })?;
        rows.into_iter().map(StepRow::read).collect()
    }

    /// What is kept of a request beside the certification.
    pub fn enclosed_with(&mut self, certification: CertificationId) -> Result<Enclosed, StoreError> {
        let found: (Option<String>, Option<String>) = self.run(|db| {
            certifications::table
                .find(certification.to_string())
                .select((certifications::application_sealed, certifications::security_code))
                .get_result(db)
        })?;
        Ok(Enclosed { application: found.0, security_code: found.1 })
    }

    /// What decides whether a person may ask for a service for a legal person, known by these digests; believed only under the
    /// locks of the person and the space.
    pub fn requests_made(
        &mut self,
        (person, space): (PersonId, SpaceId),
        service: &ServiceCode,
        digests: &[String],
    ) -> Result<RequestsMade, StoreError> {
        let since = stamp(self.now() - COUNTED_WITHIN);
        let by_request = certifications::origin.eq(WayIn::Request.code());
        let (person, id) = (person.to_string(), space.to_string());
        let last: Option<NaiveDateTime> = self.run(|db| {
            certifications::table
                .filter(certifications::legal_person_digest.eq_any(digests))
                .filter(certifications::service.eq(service.as_str()))
                .filter(by_request)
                .filter(certifications::applicant_id.eq(&person).or(certifications::space_id.eq(&id)))
                .order(certifications::created_at.desc())
                .select(certifications::created_at)
                .first(db)
                .optional()
        })?;
        let made: i64 = self.run(|db| {
            certifications::table
                .filter(certifications::applicant_id.eq(&person))
                .filter(certifications::created_at.gt(since))
                .filter(by_request)
                .count()
                .get_result(db)
        })?;
        let row = Row { table: "certifications of", id: &id };
        Ok(RequestsMade {
            holder: self.holder_certification(space, service)?,
            last_for_same: last.map(|at| at.and_utc()),
            made_lately: row.number(made)?,
        })
    }

    /// The holder certification of a space for a service that is requested, granted or suspended; believed only under the space's
    /// lock. One whose end has come keeps another from being kept until that was settled.
    pub fn holder_certification(
        &mut self,
        space: SpaceId,
        service: &ServiceCode,
    ) -> Result<Option<CertificationId>, StoreError> {
        let found: Option<String> = self.run(|db| {
            certifications::table
                .filter(certifications::space_id.eq(space.to_string()))
                .filter(certifications::service.eq(service.as_str()))
                .filter(certifications::capacity.eq(Capacity::Holder.code()))
                .filter(certifications::status.eq_any(counting()))
                .select(certifications::id)
                .get_result(db)
                .optional()
        })?;
        found.map(|id| Row { table: "certifications", id: &id }.id(&id)).transpose()
    }

    /// The certifications of a space for a service that make it an agent for a legal person, known by these digests, and are not
    /// over, with their domains; believed only under the space's lock.
    pub fn agencies(
        &mut self,
        (space, service): (SpaceId, &ServiceCode),
        digests: &[String],
    ) -> Result<Vec<(CertificationId, BTreeSet<ServiceDomainCode>)>, StoreError> {
        let now = stamp(self.now());
        let found: Vec<(String, String)> = self.run(|db| {
            certifications::table
                .filter(certifications::space_id.eq(space.to_string()))
                .filter(certifications::service.eq(service.as_str()))
                .filter(certifications::legal_person_digest.eq_any(digests))
                .filter(certifications::capacity.eq(Capacity::Agent.code()))
                .filter(certifications::status.eq_any(living()))
                .filter(goes_on(now))
                .order(certifications::id)
                .select((certifications::id, certifications::domains))
                .get_results(db)
        })?;
        let read = |(id, domains): (String, String)| {
            let row = Row { table: "certifications", id: &id };
            Ok((row.id(&id)?, read_domains(&row, &domains)?))
        };
        found.into_iter().map(read).collect()
    }

    /// When a certification of a space for a service and a legal person, known by these digests, was last revoked; believed only
    /// under the space's lock and that of what the administration decides on.
    pub fn last_revocation(
        &mut self,
        (space, service): (SpaceId, &ServiceCode),
        digests: &[String],
    ) -> Result<Option<Instant>, StoreError> {
        let last: Option<NaiveDateTime> = self.run(|db| {
            certifications::table
                .filter(certifications::space_id.eq(space.to_string()))
                .filter(certifications::service.eq(service.as_str()))
                .filter(certifications::legal_person_digest.eq_any(digests))
                .filter(certifications::status.eq(CertificationStatus::Revoked.code()))
                .select(diesel::dsl::max(certifications::decided_at))
                .get_result(db)
        })?;
        Ok(last.map(|at| at.and_utc()))
    }

    /// The certifications of holders for a service and a legal person, known by these digests, on one of which an agent's hangs;
    /// none is of the agent's own space, where that is known.
    pub fn principals(
        &mut self,
        service: &ServiceCode,
        digests: &[String],
        agent: Option<SpaceId>,
    ) -> Result<Principals, StoreError> {
        let now = stamp(self.now());
        // No space has the empty id.
        let agent = agent.map(|agent| agent.to_string()).unwrap_or_default();
        let found: Vec<String> = self.run(|db| {
            certifications::table
                .filter(certifications::legal_person_digest.eq_any(digests))
                .filter(certifications::space_id.ne(agent))
                .filter(certifications::service.eq(service.as_str()))
                .filter(certifications::capacity.eq(Capacity::Holder.code()))
                .filter(certifications::status.eq_any(living()))
                .filter(goes_on(now))
                .order(certifications::id)
                .select(certifications::id)
                .get_results(db)
        })?;
        let ids = found.iter().map(|id| Row { table: "certifications", id }.id(id));
        Ok(Principals(ids.collect::<Result<_, _>>()?))
    }
}

impl Transaction<'_> {
    /// Locks a certification: what becomes of it is decided under this lock.
    pub fn lock_certification(&mut self, id: CertificationId) -> Result<Option<HeldCertification>, StoreError> {
        self.climb(Rank::Object);
        let id = id.to_string();
        self.lock_certifications(std::slice::from_ref(&id))?;
        let found: Option<HeldColumns> =
            self.run(|db| held!().filter(certifications::id.eq(&id)).get_result(db).optional())?;
        found.map(read_held).transpose()
    }

    fn lock_certifications(&mut self, ids: &[String]) -> Result<(), StoreError> {
        for id in ids {
            let lock = certifications::lock_seq.eq(certifications::lock_seq + 1);
            self.run(|db| diesel::update(certifications::table.find(id)).set(lock).execute(db))?;
        }
        Ok(())
    }

    /// Keeps a new certification with what came with it, under the lock of its space.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if the space has a holder's for the service.
    pub fn insert_certification(
        &mut self,
        change: &CertificationChange,
        enclosed: &Enclosed,
    ) -> Result<(), StoreError> {
        debug_assert!(change.is_first());
        let row = CertificationRow::from(change.after());
        let enclosed = (
            certifications::application_sealed.eq(enclosed.application.as_deref()),
            certifications::security_code.eq(enclosed.security_code.as_deref()),
        );
        self.run(|db| diesel::insert_into(certifications::table).values((row, enclosed)).execute(db))?;
        self.add_step(change)
    }

    /// Keeps what became of a locked certification. A security code is forgotten once nobody waits for it, and the spaces of agents
    /// whom it concerns are to be told.
    pub fn save_certification(&mut self, change: &CertificationChange) -> Result<(), StoreError> {
        let certification = change.after();
        let row = CertificationRow::from(certification);
        self.run(|db| diesel::update(certifications::table.find(&row.id)).set(&row).execute(db))?;
        if certification.status != CertificationStatus::Requested {
            let nothing: Option<String> = None;
            let forgotten = certifications::security_code.eq(nothing);
            self.run(|db| diesel::update(certifications::table.find(&row.id)).set(forgotten).execute(db))?;
        }
        self.add_step(change)?;
        if certification.capacity == Capacity::Holder && change.concerns_agents() {
            self.heed(std::slice::from_ref(&row.id), Some(stamp(self.now())))?;
        }
        Ok(())
    }

    fn add_step(&mut self, change: &CertificationChange) -> Result<(), StoreError> {
        let step = StepRow::new(change.after().id, change.step());
        self.run(|db| diesel::insert_into(certification_steps::table).values(step).execute(db))?;
        let of_principal = change.after().principal.filter(|_| change.step().act == CertificationAct::Granted);
        if of_principal.is_some() {
            // The principal's may have lapsed while this one was decided on.
            self.heed(&[change.after().id.to_string()], Some(stamp(self.now())))?;
        }
        Ok(())
    }
}
