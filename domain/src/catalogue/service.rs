//! A service that opens only to a space whose rights its administration, or a principal, has confirmed.

use std::{collections::BTreeSet, ops::RangeInclusive};

use chrono::TimeDelta;

use super::{AdministrationCode, LocalText, SectorCode, ServiceCode, ServiceDomainCode};
use crate::{Fault, coded::coded, identity::Assurance};

coded! {
    /// How a space comes to a certification (domain.md §4, F).
    WayIn {
        /// By a code that the administration or a principal hands out.
        AccessCode = "access_code",
        /// By asking the administration.
        Request = "request",
    }
}

coded! {
    /// As what a space is certified (domain.md §4, F).
    Capacity {
        /// For its own legal person (titulaire).
        Holder = "holder",
        /// For another's, its principal (mandataire).
        Agent = "agent",
    }
}

coded! {
    /// Whether a service takes new requests and codes.
    ServiceStatus {
        /// It does.
        Offered = "offered",
        /// A newer version of its catalogue leaves it out: what was granted stays, nothing is added.
        Retired = "retired",
    }
}

/// A service, as its catalogue has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Its code.
    pub code: ServiceCode,
    /// Whose it is.
    pub administration: AdministrationCode,
    /// Where it belongs.
    pub sector: SectorCode,
    /// What it is called.
    pub titles: LocalText,
    /// What it is for.
    pub descriptions: LocalText,
    /// How a space comes in; at least one way.
    pub ways_in: BTreeSet<WayIn>,
    /// Who may ask for it; at least one of the two where that is a way in.
    pub applicants: BTreeSet<Capacity>,
    /// After a request, how long the same person, and the same space, ask for the same legal person no more.
    pub reapply_after: Option<TimeDelta>,
    /// Whether an access code goes with a security code, which is chosen with the request or by the code's issuer.
    pub has_security_code: bool,
    /// The login that asking for it and activating a code want at least.
    pub least_assurance: Assurance,
    /// How long an access code can be activated, unless its issuer says so.
    pub code_valid_for: TimeDelta,
    /// How long a certification lasts, unless it is said when it is granted; for ever where there is none.
    pub valid_for: Option<TimeDelta>,
    /// What an agent may be certified for alone, in the order of the codes.
    pub domains: Vec<ServiceDomain>,
    /// Whether it takes new ones.
    pub status: ServiceStatus,
}

/// A part of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceDomain {
    /// Its code, within the service.
    pub code: ServiceDomainCode,
    /// What it is called.
    pub titles: LocalText,
    /// Whether new ones may name it.
    pub status: ServiceStatus,
}

impl Service {
    /// For how many hours nobody asks anew.
    pub const REAPPLY_HOURS: RangeInclusive<i64> = 1..=8784;
    /// For how many days an access code can be activated.
    pub const CODE_DAYS: RangeInclusive<i64> = 1..=366;
    /// The days where the catalogue does not say how many (our choice).
    pub const DEFAULT_CODE_DAYS: i64 = 60;
    /// For how many days a certification lasts.
    pub const VALID_DAYS: RangeInclusive<i64> = 1..=36_600;
    /// The most domains that it has.
    pub const MOST_DOMAINS: usize = 50;

    /// Whether new ones may name this domain.
    pub fn offers(&self, domain: &ServiceDomainCode) -> bool {
        self.domains.iter().any(|known| known.code == *domain && known.status == ServiceStatus::Offered)
    }

    /// What of it does not go together, by the names of its fields in files and in the API.
    pub fn faults(&self) -> Vec<(&'static str, Fault)> {
        let (asked, by_code) = (self.ways_in.contains(&WayIn::Request), self.ways_in.contains(&WayIn::AccessCode));
        let faults = [
            (self.ways_in.is_empty(), "waysIn", Fault::Empty),
            (asked && self.applicants.is_empty(), "applicants", Fault::Empty),
            (!asked && !self.applicants.is_empty(), "applicants", Fault::NotApplicable),
            (!asked && self.reapply_after.is_some(), "reapplyAfterHours", Fault::NotApplicable),
            (!by_code && self.has_security_code, "hasSecurityCode", Fault::NotApplicable),
            (self.least_assurance == Assurance::Low, "leastAssurance", Fault::Malformed),
        ];
        faults.into_iter().filter(|(applies, ..)| *applies).map(|(_, field, fault)| (field, fault)).collect()
    }
}
