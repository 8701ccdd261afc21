//! Whose records a space sees, by the digests of their numbers.

use std::collections::HashMap;

use domain::{
    Refusal,
    catalogue::Service,
    id::CertificationId,
    procedure::Hindrance,
    source::{AuthenticSource, Sight, SourceRecord},
    space::Space,
};
use persistence::Reading;

use crate::{
    certification::view::number_of,
    http::{caller::Caller, problem::Problem},
    keys::DataKeys,
    source::sealed,
};

/// What a space sees of a source: by the digest of a number, the certification by which it does; none for the own person's.
pub struct Seen {
    /// Which space sees it.
    pub space: Space,
    subjects: HashMap<String, Option<CertificationId>>,
}

impl Seen {
    /// What a space sees of a source now, or only what it sees by one certification.
    ///
    /// # Errors
    /// Those of [`AuthenticSource::sight`].
    pub fn of(
        tx: &mut Reading<'_>,
        keys: &DataKeys,
        (space, caller): (&Space, &Caller),
        source: &AuthenticSource,
        only: Option<CertificationId>,
    ) -> Result<Self, Problem> {
        let service = source.certification.as_ref().map(|code| tx.service(code)).transpose()?.flatten();
        let mut subjects = HashMap::new();
        match sight(tx, space, source, service.as_ref())?? {
            Sight::Own => {
                let number = sealed::of_person(keys, &tx.person(caller.person)?)?;
                subjects.extend(keys.business_digests(&number).into_iter().map(|digest| (digest, None)));
                subjects.retain(|_, _| only.is_none());
            }
            Sight::Certified(certifications) => {
                let wanted = certifications.iter().filter(|one| only.is_none_or(|only| one.id == only));
                for certification in wanted {
                    let digests = keys.business_digests(&number_of(keys, certification)?);
                    subjects.extend(digests.into_iter().map(|digest| (digest, Some(certification.id))));
                }
            }
        }
        Ok(Self { space: space.clone(), subjects })
    }

    /// The digests of the numbers whose records are seen.
    pub fn digests(&self) -> Vec<String> {
        self.subjects.keys().cloned().collect()
    }

    /// Whether a record is seen.
    pub fn shows(&self, record: &SourceRecord) -> bool {
        self.subjects.contains_key(&record.subject.digest)
    }

    /// The certification by which a record is seen.
    pub fn by(&self, record: &SourceRecord) -> Option<CertificationId> {
        self.subjects.get(&record.subject.digest).copied().flatten()
    }
}

/// What keeps a source closed to a space now.
///
/// # Errors
/// Those of [`AuthenticSource::sight`] that no certification would mend.
pub fn hindrances(
    tx: &mut Reading<'_>,
    space: &Space,
    source: &AuthenticSource,
    service: Option<&Service>,
) -> Result<Vec<Hindrance>, Problem> {
    match sight(tx, space, source, service)? {
        Ok(_) => Ok(vec![]),
        Err(Refusal::CertificationRequired { service, sector }) => {
            Ok(vec![Hindrance::CertificationRequired { service, sector }])
        }
        Err(other) => Err(other.into()),
    }
}

/// Asks the gate.
fn sight(
    tx: &mut Reading<'_>,
    space: &Space,
    source: &AuthenticSource,
    service: Option<&Service>,
) -> Result<Result<Sight, Refusal>, Problem> {
    let held = service.map(|service| tx.certifications_for(space.id, &service.code)).transpose()?;
    Ok(source.sight(space, service.zip(held), tx.now()))
}
