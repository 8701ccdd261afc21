//! Lists of certifications: a space's own, those of an administration, and those that compete with one.

use diesel::prelude::*;
use domain::{
    Coded,
    catalogue::{AdministrationCode, Capacity, ServiceCode},
    certification::{Certification, CertificationStatus, HeldCertification},
    id::{CertificationId, SpaceId},
    space::SpaceIdentifier,
};

use super::{CertificationRow, HeldColumns, counting, goes_on, held, holders, homes, living, read_held};
use crate::{
    error::StoreError,
    row::{Row, stamp},
    schema::{certifications, spaces},
    transaction::Reading,
};

/// How many certifications that compete with one are shown.
const COMPETING_AT_MOST: i64 = 100;

/// Which of the certifications of a list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CertificationFilter {
    /// Only those for this service.
    pub service: Option<ServiceCode>,
    /// Only those that stand so now.
    pub status: Option<CertificationStatus>,
    /// Only those in this capacity.
    pub capacity: Option<Capacity>,
    /// Only those after this one, in the order of their ids.
    pub after: Option<CertificationId>,
}

/// Those of a boxed query that the filter lets through, in order.
macro_rules! filtered {
    ($query:expr, $filter:expr, $now:expr, $most:expr) => {{
        // No id is smaller than the empty text.
        let after = $filter.after.map(|id| id.to_string()).unwrap_or_default();
        let query = $query.filter(certifications::id.gt(after)).order(certifications::id).limit($most.into());
        let query = match &$filter.service {
            Some(service) => query.filter(certifications::service.eq(service.as_str())),
            None => query,
        };
        let query = match $filter.capacity {
            Some(capacity) => query.filter(certifications::capacity.eq(capacity.code())),
            None => query,
        };
        match $filter.status {
            None => query,
            Some(CertificationStatus::Expired) => {
                let kept = certifications::status.eq(CertificationStatus::Expired.code());
                let computed = certifications::status.eq_any(living()).and(certifications::ends_at.le($now));
                query.filter(kept.or(computed.assume_not_null()))
            }
            Some(status @ (CertificationStatus::Granted | CertificationStatus::Suspended)) => {
                query.filter(certifications::status.eq(status.code())).filter(goes_on($now))
            }
            Some(status) => query.filter(certifications::status.eq(status.code())),
        }
    }};
}

type WithIdentifier = (CertificationRow, String);

fn read((certification, identifier): WithIdentifier) -> Result<(Certification, SpaceIdentifier), StoreError> {
    let row = Row { table: "spaces", id: &certification.space_id };
    let identifier = row.value(SpaceIdentifier::parse(&identifier))?;
    Ok((certification.read()?, identifier))
}

impl Reading<'_> {
    /// The certifications of a space, oldest first, with what they hang on.
    pub fn certifications_of(
        &mut self,
        space: SpaceId,
        filter: &CertificationFilter,
        most: u32,
    ) -> Result<Vec<HeldCertification>, StoreError> {
        let now = stamp(self.now());
        let found: Vec<HeldColumns> = self.run(|db| {
            let query = held!().filter(certifications::space_id.eq(space.to_string())).into_boxed();
            filtered!(query, filter, now, most).get_results(db)
        })?;
        found.into_iter().map(read_held).collect()
    }

    /// The certifications for services of an administration, oldest first, with the identifiers of their spaces.
    pub fn certifications_to(
        &mut self,
        administration: &AdministrationCode,
        filter: &CertificationFilter,
        most: u32,
    ) -> Result<Vec<(Certification, SpaceIdentifier)>, StoreError> {
        let now = stamp(self.now());
        let found: Vec<WithIdentifier> = self.run(|db| {
            let query = certifications::table
                .inner_join(spaces::table)
                .filter(certifications::administration.eq(administration.as_str()))
                .select((CertificationRow::as_select(), spaces::identifier))
                .into_boxed();
            filtered!(query, filter, now, most).get_results(db)
        })?;
        found.into_iter().map(read).collect()
    }

    /// The certifications of other spaces for the same service and legal person, known by these digests, that are not over,
    /// oldest first; at most a hundred.
    pub fn competing_certifications(
        &mut self,
        with: &Certification,
        digests: &[String],
    ) -> Result<Vec<(Certification, SpaceIdentifier)>, StoreError> {
        let now = stamp(self.now());
        let found: Vec<WithIdentifier> = self.run(|db| {
            certifications::table
                .inner_join(spaces::table)
                .filter(certifications::legal_person_digest.eq_any(digests))
                .filter(certifications::service.eq(with.service.as_str()))
                .filter(certifications::space_id.ne(with.space.to_string()))
                .filter(certifications::status.eq_any(counting()))
                .filter(goes_on(now))
                .order(certifications::id)
                .limit(COMPETING_AT_MOST)
                .select((CertificationRow::as_select(), spaces::identifier))
                .get_results(db)
        })?;
        found.into_iter().map(read).collect()
    }
}
