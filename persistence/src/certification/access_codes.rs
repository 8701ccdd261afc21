//! Access codes as they are kept: what each says is known by its digest alone.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use domain::{
    Coded, Instant,
    catalogue::{AdministrationCode, ServiceCode},
    certification::access_code::{
        AccessCode, AccessCodeChange, AccessCodeIssuer, AccessCodeStatus, Activation, ActivationFailures,
        IssuedAccessCode, activation::FAILURES_WITHIN,
    },
    id::{AccessCodeId, CertificationId, PersonId, SpaceId},
    identity::Protected,
    space::SpaceIdentifier,
};
use uuid::Uuid;

use super::{Enclosed, read_domains, written};
use crate::{
    error::StoreError,
    kept::Kept,
    recurring::{PURGED_AT_ONCE, is_full},
    row::{Row, columns, stamp},
    schema::{access_codes, activation_failures, certifications, spaces},
    transaction::{Rank, Reading, Transaction},
};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = access_codes, treat_none_as_default_value = false)]
struct AccessCodeRow {
    id: String,
    digest: String,
    administration: String,
    service: String,
    capacity: String,
    principal_id: Option<String>,
    request_id: Option<String>,
    legal_person_digest: String,
    legal_person_sealed: String,
    legal_number_wanted: bool,
    space_identifier: Option<String>,
    domains: String,
    security_code: Option<String>,
    wrong_tries: i64,
    issued_by_partner: Option<String>,
    issued_by_person: Option<String>,
    issued_at: NaiveDateTime,
    expires_at: NaiveDateTime,
    certification_ends_at: Option<NaiveDateTime>,
    status: String,
    certification_id: Option<String>,
    used_at: Option<NaiveDateTime>,
}

impl From<&AccessCode> for AccessCodeRow {
    fn from(code: &AccessCode) -> Self {
        let (partner, person) = match code.issuer {
            AccessCodeIssuer::Administration(partner) => (Some(partner.to_string()), None),
            AccessCodeIssuer::Holder(person) => (None, Some(person.to_string())),
        };
        Self {
            id: code.id.to_string(),
            digest: code.digest.clone(),
            administration: code.administration.to_string(),
            service: code.service.to_string(),
            capacity: code.capacity.code().to_owned(),
            principal_id: code.principal.map(|id| id.to_string()),
            request_id: code.request.map(|id| id.to_string()),
            legal_person_digest: code.legal_person.digest.clone(),
            legal_person_sealed: code.legal_person.sealed.clone(),
            legal_number_wanted: code.is_number_wanted,
            space_identifier: code.space.as_ref().map(ToString::to_string),
            domains: written(&code.domains),
            security_code: code.security_code.clone(),
            wrong_tries: code.wrong_tries.into(),
            issued_by_partner: partner,
            issued_by_person: person,
            issued_at: stamp(code.issued_at),
            expires_at: stamp(code.expires_at),
            certification_ends_at: code.certification_ends_at.map(stamp),
            status: code.status.code().to_owned(),
            certification_id: code.used.map(|(certification, _)| certification.to_string()),
            used_at: code.used.map(|(_, at)| stamp(at)),
        }
    }
}

impl AccessCodeRow {
    fn read(self) -> Result<AccessCode, StoreError> {
        let row = Row { table: "access_codes", id: &self.id };
        let issuer = match (&self.issued_by_partner, &self.issued_by_person) {
            (Some(partner), None) => AccessCodeIssuer::Administration(row.id(partner)?),
            (None, Some(person)) => AccessCodeIssuer::Holder(row.id(person)?),
            _ => return Err(row.corrupt("it has no issuer, or two")),
        };
        let certification = self.certification_id.as_deref().map(|id| row.id(id)).transpose()?;
        let space = self.space_identifier.as_deref().map(|space| row.value(SpaceIdentifier::parse(space)));
        Ok(AccessCode {
            id: row.id(&self.id)?,
            digest: self.digest,
            administration: row.value(AdministrationCode::parse(&self.administration))?,
            service: row.value(ServiceCode::parse(&self.service))?,
            capacity: row.code(&self.capacity)?,
            principal: self.principal_id.as_deref().map(|id| row.id(id)).transpose()?,
            request: self.request_id.as_deref().map(|id| row.id(id)).transpose()?,
            legal_person: Protected { digest: self.legal_person_digest, sealed: self.legal_person_sealed },
            is_number_wanted: self.legal_number_wanted,
            space: space.transpose()?,
            domains: read_domains(&row, &self.domains)?,
            security_code: self.security_code,
            wrong_tries: row.number(self.wrong_tries)?,
            issuer,
            issued_at: self.issued_at.and_utc(),
            expires_at: self.expires_at.and_utc(),
            certification_ends_at: self.certification_ends_at.map(|at| at.and_utc()),
            status: row.code(&self.status)?,
            used: certification.zip(self.used_at.map(|at| at.and_utc())),
        })
    }
}

/// A code, and the space that activated it.
type Known = (AccessCodeRow, Option<String>);

fn read((code, space): Known) -> Result<(AccessCode, Option<SpaceIdentifier>), StoreError> {
    let code = code.read()?;
    let id = code.id.to_string();
    let row = Row { table: "access_codes", id: &id };
    let space = space.map(|space| row.value(SpaceIdentifier::parse(&space))).transpose()?;
    Ok((code, space))
}

/// Codes with the spaces that activated them.
#[diesel::dsl::auto_type(no_type_alias)]
fn known() -> _ {
    let certification = access_codes::certification_id.eq(certifications::id.nullable());
    let space = certifications::space_id.eq(spaces::id);
    access_codes::table.left_join(certifications::table.on(certification)).left_join(spaces::table.on(space))
}

/// Which of the codes that an administration issued.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AccessCodeFilter {
    /// Only those for this service.
    pub service: Option<ServiceCode>,
    /// Only those that stand so now.
    pub status: Option<AccessCodeStatus>,
    /// Only those after this one, in the order of their ids.
    pub after: Option<AccessCodeId>,
}

/// Those that wait to be activated, and whose time has not come.
#[diesel::dsl::auto_type(no_type_alias)]
fn is_living(now: NaiveDateTime) -> _ {
    let issued: &'static str = AccessCodeStatus::Issued.code();
    access_codes::status.eq(issued).and(access_codes::expires_at.gt(now))
}

impl Reading<'_> {
    /// The security code that goes with an access code, hashed; none where there is no such code either.
    pub fn security_code_of(&mut self, digest: &str) -> Result<Option<String>, StoreError> {
        let kept = access_codes::table.filter(access_codes::digest.eq(digest)).select(access_codes::security_code);
        Ok(self.run(|db| kept.get_result::<Option<String>>(db).optional())?.flatten())
    }

    /// A code that a holder issued for an agent.
    pub fn access_code_of_holder(
        &mut self,
        id: AccessCodeId,
        holder: CertificationId,
    ) -> Result<Option<AccessCode>, StoreError> {
        let found: Option<AccessCodeRow> = self.run(|db| {
            access_codes::table
                .find(id.to_string())
                .filter(access_codes::principal_id.eq(holder.to_string()))
                .filter(access_codes::issued_by_person.is_not_null())
                .select(AccessCodeRow::as_select())
                .get_result(db)
                .optional()
        })?;
        found.map(AccessCodeRow::read).transpose()
    }

    /// The codes that a holder issued for agents, oldest first, each with the space that activated it.
    pub fn access_codes_of_holder(
        &mut self,
        holder: CertificationId,
        after: Option<AccessCodeId>,
        most: u32,
    ) -> Result<Vec<(AccessCode, Option<SpaceIdentifier>)>, StoreError> {
        // No id is smaller than the empty text.
        let after = after.map(|id| id.to_string()).unwrap_or_default();
        let found: Vec<Known> = self.run(|db| {
            known()
                .filter(access_codes::principal_id.eq(holder.to_string()))
                .filter(access_codes::issued_by_person.is_not_null())
                .filter(access_codes::id.gt(after))
                .order(access_codes::id)
                .limit(most.into())
                .select((AccessCodeRow::as_select(), spaces::identifier.nullable()))
                .get_results(db)
        })?;
        found.into_iter().map(read).collect()
    }

    /// How many codes that a holder issued wait to be activated; believed only under the lock of its space.
    pub fn living_access_codes_of(&mut self, holder: CertificationId) -> Result<u32, StoreError> {
        let (holder, now) = (holder.to_string(), stamp(self.now()));
        let living: i64 = self.run(|db| {
            access_codes::table
                .filter(access_codes::principal_id.eq(&holder))
                .filter(access_codes::issued_by_person.is_not_null())
                .filter(is_living(now))
                .count()
                .get_result(db)
        })?;
        Row { table: "access_codes of", id: &holder }.number(living)
    }

    /// A code that an administration issued, with the space that activated it.
    pub fn access_code_of_administration(
        &mut self,
        id: AccessCodeId,
        administration: &AdministrationCode,
    ) -> Result<Option<(AccessCode, Option<SpaceIdentifier>)>, StoreError> {
        let found: Option<Known> = self.run(|db| {
            known()
                .filter(access_codes::id.eq(id.to_string()))
                .filter(access_codes::administration.eq(administration.as_str()))
                .filter(access_codes::issued_by_partner.is_not_null())
                .select((AccessCodeRow::as_select(), spaces::identifier.nullable()))
                .get_result(db)
                .optional()
        })?;
        found.map(read).transpose()
    }

    /// The codes that an administration issued, oldest first, each with the space that activated it.
    pub fn access_codes_of_administration(
        &mut self,
        administration: &AdministrationCode,
        filter: &AccessCodeFilter,
        most: u32,
    ) -> Result<Vec<(AccessCode, Option<SpaceIdentifier>)>, StoreError> {
        let now = stamp(self.now());
        // No id is smaller than the empty text.
        let after = filter.after.map(|id| id.to_string()).unwrap_or_default();
        let found: Vec<Known> = self.run(|db| {
            let mut codes = known()
                .filter(access_codes::issued_by_partner.is_not_null())
                .filter(access_codes::administration.eq(administration.as_str()))
                .filter(access_codes::id.gt(after))
                .order(access_codes::id)
                .limit(most.into())
                .select((AccessCodeRow::as_select(), spaces::identifier.nullable()))
                .into_boxed();
            if let Some(service) = &filter.service {
                codes = codes.filter(access_codes::service.eq(service.as_str()));
            }
            codes = match filter.status {
                None => codes,
                Some(AccessCodeStatus::Issued) => codes.filter(is_living(now)),
                Some(AccessCodeStatus::Expired) => {
                    let issued = access_codes::status.eq(AccessCodeStatus::Issued.code());
                    codes.filter(issued).filter(access_codes::expires_at.le(now))
                }
                Some(status) => codes.filter(access_codes::status.eq(status.code())),
            };
            codes.get_results(db)
        })?;
        found.into_iter().map(read).collect()
    }

    /// The wrong tries that count when a person makes another one for a space; believed only under the locks of both.
    pub fn activation_failures(&mut self, person: PersonId, space: SpaceId) -> Result<ActivationFailures, StoreError> {
        let since = stamp(self.now() - FAILURES_WITHIN);
        let (person, space) = (person.to_string(), space.to_string());
        let lately = || activation_failures::table.filter(activation_failures::failed_at.gt(since));
        let (of_person, of_space): (i64, i64) = self.run(|db| {
            let of_person = lately().filter(activation_failures::person_id.eq(&person)).count().get_result(db)?;
            Ok((of_person, lately().filter(activation_failures::space_id.eq(&space)).count().get_result(db)?))
        })?;
        let row = Row { table: "activation_failures of", id: &person };
        Ok(ActivationFailures { of_person: row.number(of_person)?, of_space: row.number(of_space)? })
    }
}

impl Transaction<'_> {
    /// Locks a code by what it says, if there is one: whether it is good for anything changes under this lock.
    pub fn lock_access_code_with(&mut self, digest: &str) -> Result<Option<AccessCode>, StoreError> {
        self.climb(Rank::AccessCode);
        let lock = access_codes::lock_seq.eq(access_codes::lock_seq + 1);
        let one = access_codes::table.filter(access_codes::digest.eq(digest));
        let locked = diesel::update(one).set(lock).returning(columns::<AccessCodeRow>());
        let found = self.run(|db| Kept(locked).get_result::<AccessCodeRow>(db).optional())?;
        found.map(AccessCodeRow::read).transpose()
    }

    /// Locks a code that was found before.
    pub fn lock_access_code(&mut self, id: AccessCodeId) -> Result<(), StoreError> {
        self.climb(Rank::AccessCode);
        let lock = access_codes::lock_seq.eq(access_codes::lock_seq + 1);
        self.run(|db| Kept(diesel::update(access_codes::table.find(id.to_string())).set(lock)).execute(db))?;
        Ok(())
    }

    /// Keeps a new code.
    pub fn insert_access_code(&mut self, issued: &IssuedAccessCode) -> Result<(), StoreError> {
        let row = AccessCodeRow::from(issued.code());
        self.run(|db| diesel::insert_into(access_codes::table).values(row).execute(db))?;
        Ok(())
    }

    /// Keeps what became of a locked code.
    pub fn save_access_code(&mut self, change: &AccessCodeChange) -> Result<(), StoreError> {
        let row = AccessCodeRow::from(change.after());
        let changes = (
            access_codes::wrong_tries.eq(row.wrong_tries),
            access_codes::status.eq(row.status),
            access_codes::security_code.eq(row.security_code),
            access_codes::certification_id.eq(row.certification_id),
            access_codes::used_at.eq(row.used_at),
        );
        self.run(|db| diesel::update(access_codes::table.find(row.id)).set(changes).execute(db))?;
        Ok(())
    }

    /// Keeps what a code granted, and that it served, under the locks of the space, the code and the request.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if the space has a holder's for the service.
    pub fn save_activation(&mut self, activation: &Activation) -> Result<(), StoreError> {
        let certification = activation.certification();
        if certification.is_first() {
            self.insert_certification(certification, &Enclosed::default())?;
        } else {
            self.save_certification(certification)?;
        }
        self.save_access_code(activation.code())
    }

    /// Counts a code that was tried in vain, under the locks of the person and the space.
    pub fn count_activation_failure(&mut self, person: PersonId, space: SpaceId) -> Result<(), StoreError> {
        let id: Uuid = self.new_id();
        let failure = (
            activation_failures::id.eq(id.to_string()),
            activation_failures::person_id.eq(person.to_string()),
            activation_failures::space_id.eq(space.to_string()),
            activation_failures::failed_at.eq(stamp(self.now())),
        );
        self.run(|db| diesel::insert_into(activation_failures::table).values(failure).execute(db))?;
        Ok(())
    }

    /// Forgets wrong tries before a moment, at most a hundred. Says whether there may be more.
    pub fn purge_activation_failures(&mut self, before: Instant) -> Result<bool, StoreError> {
        let is_old = activation_failures::failed_at.lt(stamp(before));
        self.run(|db| {
            let old = activation_failures::table.filter(is_old).select(activation_failures::id);
            let old: Vec<String> = old.limit(PURGED_AT_ONCE).get_results(db)?;
            diesel::delete(activation_failures::table.filter(activation_failures::id.eq_any(&old))).execute(db)?;
            Ok(is_full(&old))
        })
    }

    /// Forgets codes whose time came before a moment, used or not, at most a hundred. Says whether there may be more.
    pub fn purge_access_codes(&mut self, before: Instant) -> Result<bool, StoreError> {
        let is_old = access_codes::expires_at.lt(stamp(before));
        self.run(|db| {
            let old = access_codes::table.filter(is_old).select(access_codes::id);
            let old: Vec<String> = old.limit(PURGED_AT_ONCE).get_results(db)?;
            diesel::delete(access_codes::table.filter(access_codes::id.eq_any(&old))).execute(db)?;
            Ok(is_full(&old))
        })
    }
}
