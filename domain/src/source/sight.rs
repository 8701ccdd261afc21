//! Who sees the records of a source: asked each time, so that what is lost closes at once.

use super::AuthenticSource;
use crate::{
    Instant, Refusal,
    catalogue::Service,
    certification::{Certification, Gate, HeldCertification},
    space::{Space, SpaceKind},
};

/// Whose records a space sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sight {
    /// Those of the person whose space it is.
    Own,
    /// Those of each legal person for whom it is certified; one at least.
    Certified(Vec<Certification>),
}

impl AuthenticSource {
    /// Whose records a space sees now. The service is the one that the source wants, with the certifications that the space holds for
    /// it (domain.md §7, C).
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for a source for spaces of the other kind, [`Refusal::CertificationRequired`]; those of
    /// [`Space::require_in_use`].
    pub fn sight(
        &self,
        space: &Space,
        certified: Option<(&Service, Vec<HeldCertification>)>,
        now: Instant,
    ) -> Result<Sight, Refusal> {
        space.require_in_use()?;
        if self.audience != space.kind {
            return Err(Refusal::NotFound);
        }
        if self.audience == SpaceKind::Private {
            return Ok(Sight::Own);
        }
        let (service, held) = certified.ok_or(Refusal::NotFound)?;
        let effective = Gate { space, service }.pass(held, now)?;
        let covering: Vec<_> =
            effective.into_iter().filter(|certification| self.is_covered_by(certification)).collect();
        if covering.is_empty() {
            let (service, sector) = (service.code.clone(), service.sector.clone());
            return Err(Refusal::CertificationRequired { service, sector });
        }
        Ok(Sight::Certified(covering))
    }

    fn is_covered_by(&self, certification: &Certification) -> bool {
        let domains = &certification.domains;
        domains.is_empty() || self.domain.as_ref().is_some_and(|domain| domains.contains(domain))
    }

    /// Whether a record whose data is of a moment counts as fresh.
    pub fn is_fresh(&self, as_of: Instant, now: Instant) -> bool {
        now < as_of + self.fresh_for
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::{
        catalogue::Capacity,
        certification::{
            CertificationStatus,
            tests::{domain_code, now, requested, service, space},
        },
        source::authentic_source::tests::source,
        space::SpaceState,
    };

    fn held(domains: &[&str], status: CertificationStatus) -> HeldCertification {
        let domains = domains.iter().map(|code| domain_code(code)).collect();
        let certification = Certification { domains, status, ..requested(1, Capacity::Holder) };
        HeldCertification { certification, is_space_in_use: true, principal: None }
    }

    fn seen(of: &AuthenticSource, held: Vec<HeldCertification>) -> Result<usize, Refusal> {
        let (service, (space, _)) = (service(), space(1));
        of.sight(&space, Some((&service, held)), now()).map(|sight| match sight {
            Sight::Certified(certifications) => certifications.len(),
            Sight::Own => 0,
        })
    }

    #[test]
    fn a_professional_space_sees_those_for_whom_it_is_certified_in_the_domain() {
        use CertificationStatus::{Granted, Suspended};
        let whole = source("ccss.employer-data", "ccss.employer-data").source;
        let of_domain = AuthenticSource { domain: Some(domain_code("affiliations")), ..whole.clone() };
        let (service, sector) = (service().code, service().sector);
        let required = Err(Refusal::CertificationRequired { service, sector });
        for (certified, of_whole, of_part) in [
            (vec![], required.clone(), required.clone()),
            (vec![held(&[], Suspended)], required.clone(), required.clone()),
            (vec![held(&[], Granted), held(&[], Suspended)], Ok(1), Ok(1)),
            (vec![held(&["affiliations"], Granted)], required.clone(), Ok(1)),
            (vec![held(&["old"], Granted)], required.clone(), required.clone()),
            (vec![held(&["old"], Granted), held(&["affiliations"], Granted), held(&[], Granted)], Ok(1), Ok(2)),
        ] {
            assert_eq!(seen(&whole, certified.clone()), of_whole, "{certified:?}");
            assert_eq!(seen(&of_domain, certified.clone()), of_part, "{certified:?}");
        }
    }

    #[test]
    fn a_private_source_is_of_the_own_person_and_each_kind_of_space_has_its_sources() {
        let professional = source("ccss.employer-data", "ccss.employer-data").source;
        let (open, _) = space(1);
        let private = AuthenticSource { audience: SpaceKind::Private, certification: None, ..professional.clone() };
        let own = Space { kind: SpaceKind::Private, ..open.clone() };
        assert_eq!(private.sight(&own, None, now()), Ok(Sight::Own));
        assert_eq!(private.sight(&open, None, now()), Err(Refusal::NotFound));
        assert_eq!(professional.sight(&own, None, now()), Err(Refusal::NotFound));
        let closed = Space { state: SpaceState::Closed, ..own };
        assert!(private.sight(&closed, None, now()).is_err());
    }

    #[test]
    fn a_record_is_fresh_for_so_long_as_its_source_says() {
        let of = source("ccss.employer-data", "ccss.employer-data").source;
        let fresh = |age: TimeDelta| of.is_fresh(now() - age, now());
        let (days, moment) = (TimeDelta::days(30), TimeDelta::microseconds(1));
        assert_eq!((fresh(TimeDelta::zero()), fresh(days - moment), fresh(days)), (true, true, false));
    }
}
