//! The statements of access codes, and of what hangs on a holder.

use domain::{
    Coded,
    catalogue::{Capacity, Service},
    certification::{
        Certification, CertificationStatus, Principals,
        access_code::{
            AccessCodeBasis, AccessCodeStatus, AccessCodeTimes, AccessCodeWish, AgentCodeWish, Attempt, NewAccessCode,
            Presented, Rivals, Verdict,
        },
    },
    collaboration::{Administrator, Permission},
    partner::Partner,
};
use uuid::Uuid;

use super::{super::super::support::now, Census, Known, later};
use crate::AccessCodeFilter;

fn new(id: u128) -> NewAccessCode {
    NewAccessCode { id: Uuid::from_u128(id).into(), digest: format!("code {id}") }
}

/// Takes those that are sent while a holder's certification is there.
pub fn take(
    census: &mut Census<'_>,
    known: &Known,
    (service, partner): (&Service, &Partner),
    certification: &Certification,
) {
    let holder = Certification { status: CertificationStatus::Granted, ends_at: None, ..certification.clone() };
    let service = Service { has_security_code: false, ..service.clone() };
    let wish = AccessCodeWish::new(Capacity::Agent, holder.legal_person.clone());
    let (here, times) = (Principals(vec![holder.id]), AccessCodeTimes::default());
    let by_partner = partner.issue_access_code(&service, new(1), (wish.into(), &here, Some(holder.id)), times, now());
    let administrator = known.membership.administrator(Permission::ManageCertifications).unwrap();
    let spot = (&known.space, &service, &holder);
    let by_holder = administrator.issue_agent_access_code(spot, new(2), AgentCodeWish::default(), 0, now());
    for issued in [by_partner, by_holder] {
        census.ask(|tx| tx.insert_access_code(&issued.clone().unwrap()));
    }
    codes(census, &holder);
    census.ask(|tx| tx.agents_of(holder.id, None, 10));
    census.ask(|tx| tx.agent_of(Uuid::from_u128(2).into(), holder.id));
    census.ask(|tx| tx.principal_standing(holder.id));
    tries(census, known);
    for id in [3, 4] {
        activate(census, known, (&service, partner, &administrator), (certification, id));
    }
    census.ask(|tx| tx.purge_access_codes(later()));
}

fn codes(census: &mut Census<'_>, holder: &Certification) {
    let (one, other) = (Uuid::from_u128(1).into(), Uuid::from_u128(2).into());
    census.ask(|tx| tx.security_code_of("code 1"));
    census.ask(|tx| tx.access_code_of_holder(other, holder.id));
    census.ask(|tx| tx.access_codes_of_holder(holder.id, None, 10));
    census.ask(|tx| tx.living_access_codes_of(holder.id));
    census.ask(|tx| tx.access_code_of_administration(one, &holder.administration));
    for service in [None, Some(holder.service.clone())] {
        for status in std::iter::once(None).chain(AccessCodeStatus::ALL.iter().copied().map(Some)) {
            let filter = AccessCodeFilter { service: service.clone(), status, after: None };
            census.ask(|tx| tx.access_codes_of_administration(&holder.administration, &filter, 10));
        }
    }
    census.ask(|tx| tx.lock_access_code(one));
    census.ask(|tx| tx.lock_access_code_with("code 1"));
}

fn tries(census: &mut Census<'_>, known: &Known) {
    let (person, space) = (known.owner.person.id, known.space.id);
    census.ask(|tx| tx.count_activation_failure(person, space));
    census.ask(|tx| tx.activation_failures(person, space));
    census.ask(|tx| tx.purge_activation_failures(later()));
}

/// Activates a code for an agent: with a certification that begins, and with one that was asked for.
fn activate(
    census: &mut Census<'_>,
    known: &Known,
    (service, partner, administrator): (&Service, &Partner, &Administrator<'_>),
    (asked, id): (&Certification, u128),
) {
    let request = Certification { status: CertificationStatus::Requested, ..asked.clone() };
    let is_asked = id == 4;
    let basis: AccessCodeBasis = if is_asked {
        AccessCodeBasis::answering(&request, known.space.identifier.clone(), None).unwrap()
    } else {
        AccessCodeWish::new(Capacity::Agent, asked.legal_person.clone()).into()
    };
    let (nobody, times) = (Principals::default(), AccessCodeTimes::default());
    let issued = partner.issue_access_code(service, new(id), (basis, &nobody, None), times, now()).unwrap();
    census.ask(|tx| tx.insert_access_code(&issued));
    let code = issued.code();
    let attempt = Attempt { space: &known.space, legal_person: None, security_code_fits: false };
    let presented = Presented {
        code,
        service,
        principal: None,
        is_holder_here: false,
        revoked_at: None,
        request: is_asked.then_some(&request),
    };
    let Verdict::Proved(proved) = presented.judge(attempt, now()) else { panic!("the code is good") };
    let activation = administrator.activate(&proved, (Uuid::from_u128(30).into(), &Rivals::default()), now()).unwrap();
    census.ask(|tx| tx.save_activation(&activation));
}
