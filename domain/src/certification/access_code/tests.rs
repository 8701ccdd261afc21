//! Whoever tries a code with whatever, it certifies one space at most, and only the one that it is for.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::{
    Fault,
    catalogue::{Service, ServiceStatus, WayIn},
    certification::{
        Certification, CertificationStatus, PrincipalStanding, Principals,
        tests::{domain_code, now, partner, requested, service, space},
    },
    collaboration::Permission,
    id::SpaceId,
    identity::Protected,
    space::{Space, SpaceState},
};

const NUMBER: &str = "digest";

fn new_code() -> NewAccessCode {
    let secret = AccessSecret::new([1; 20]);
    NewAccessCode { id: Uuid::from_u128(3).into(), digest: secret.digest() }
}

fn wish(capacity: Capacity) -> AccessCodeWish {
    AccessCodeWish::new(capacity, Protected { digest: NUMBER.into(), sealed: "sealed".into() })
}

fn issue_with(
    service: &Service,
    basis: impl Into<AccessCodeBasis>,
    principals: &Principals,
    named: Option<CertificationId>,
) -> Result<AccessCode, Refusal> {
    let times = AccessCodeTimes::default();
    let issued =
        partner("ccss").issue_access_code(service, new_code(), (basis.into(), principals, named), times, now());
    issued.map(|issued| issued.code().clone())
}

fn issue(basis: impl Into<AccessCodeBasis>) -> AccessCode {
    issue_with(&service(), basis, &Principals::default(), None).unwrap()
}

fn granted(of: u128) -> Certification {
    Certification { status: CertificationStatus::Granted, ..requested(of, Capacity::Holder) }
}

/// A code of the holder in space 1 for an agent.
fn agent_code(wish: AgentCodeWish) -> Result<AccessCode, Refusal> {
    issue_for_agent(&granted(1), &service(), wish, 0)
}

fn issue_for_agent(
    holder: &Certification,
    service: &Service,
    wish: AgentCodeWish,
    living: u32,
) -> Result<AccessCode, Refusal> {
    let (own, founder) = space(1);
    let administrator = founder.administrator(Permission::ManageCertifications)?;
    let issued = administrator.issue_agent_access_code((&own, service, holder), new_code(), wish, living, now());
    issued.map(|issued| issued.code().clone())
}

fn in_domains(code: &str) -> AgentCodeWish {
    AgentCodeWish { domains: [domain_code(code)].into(), ..AgentCodeWish::default() }
}

fn refused<T>(field: &'static str, fault: Fault) -> Result<T, Refusal> {
    Err(Refusal::Field { field, fault })
}

fn secured() -> Service {
    Service { has_security_code: true, ..service() }
}

fn attempt(space: &Space) -> Attempt<'_> {
    Attempt { space, legal_person: None, security_code_fits: false }
}

fn present<'a>(code: &'a AccessCode, service: &'a Service) -> Presented<'a> {
    Presented { code, service, principal: None, is_holder_here: false, revoked_at: None, request: None }
}

/// The one on whom an agent hangs, in this space.
fn backed(status: CertificationStatus, is_space_in_use: bool, of: u128) -> (PrincipalStanding, SpaceId) {
    (
        PrincipalStanding { status, ends_at: None, domains: BTreeSet::new(), is_space_in_use },
        SpaceId(Uuid::from_u128(of)),
    )
}

fn activate(of: u128, verdict: &Verdict<'_>, holder: Option<CertificationId>) -> Result<Activation, Option<Refusal>> {
    let Verdict::Proved(proved) = verdict else { return Err(None) };
    let (_, founder) = space(of);
    let administrator = founder.administrator(Permission::ManageCertifications).unwrap();
    let rivals = Rivals { holder, agents: vec![] };
    administrator.activate(proved, (Uuid::from_u128(100).into(), &rivals), now()).map_err(Some)
}

#[test]
fn an_administration_issues_codes_for_what_is_its_own_and_offered() {
    let nobody = Principals::default();
    let issued = |service: &Service, basis: AccessCodeWish| {
        issue_with(service, basis, &nobody, None).map(|code| code.issuer.party())
    };
    assert_eq!(issued(&service(), wish(Capacity::Holder)), Ok(AccessCodeParty::Administration));
    let of_another = Service { administration: AdministrationCode::parse("acd").unwrap(), ..service() };
    let retired = Service { status: ServiceStatus::Retired, ..service() };
    let by_request = Service { ways_in: [WayIn::Request].into(), ..service() };
    for closed in [of_another, retired, by_request] {
        assert_eq!(issued(&closed, wish(Capacity::Holder)), Err(Refusal::ServiceNotOffered));
    }
    let with_code = AccessCodeWish { security_code: Some("hash".into()), ..wish(Capacity::Holder) };
    assert_eq!(issued(&service(), with_code.clone()), refused("securityCode", Fault::NotApplicable));
    assert_eq!(issued(&secured(), wish(Capacity::Holder)), refused("securityCode", Fault::Missing));
    assert!(issued(&secured(), with_code).is_ok());
    let in_old = AccessCodeWish { domains: [domain_code("old")].into(), ..wish(Capacity::Agent) };
    assert_eq!(issued(&service(), in_old), refused("domains", Fault::NotApplicable));
    let here = Principals(vec![granted(1).id]);
    let wanted = Refusal::PrincipalRequired { principals: here.0.clone() };
    assert_eq!(issue_with(&service(), wish(Capacity::Agent), &here, None), Err(wanted));
    let code = issue_with(&service(), wish(Capacity::Agent), &here, Some(here.0[0])).unwrap();
    assert_eq!(code.principal, Some(here.0[0]));
}

#[test]
fn a_code_lasts_as_its_issuer_or_its_service_says_and_never_longer_than_what_it_grants() {
    let ends = |times| {
        let (nobody, basis) = (Principals::default(), wish(Capacity::Holder).into());
        let issued = partner("ccss").issue_access_code(&service(), new_code(), (basis, &nobody, None), times, now());
        issued.map(|issued| (issued.code().expires_at, issued.code().certification_ends_at))
    };
    let (day, times) = (|days| now() + TimeDelta::days(days), AccessCodeTimes::default());
    assert_eq!(ends(times), Ok((day(30), None)));
    assert_eq!(ends(AccessCodeTimes { expires_at: Some(day(366)), ..times }), Ok((day(366), None)));
    let short = AccessCodeTimes { certification_ends_at: Some(day(10)), ..times };
    assert_eq!(ends(short), Ok((day(10), Some(day(10)))));
    let wrong = AccessCodeTimes { expires_at: Some(now()), ..times };
    assert_eq!(ends(wrong), refused("expiresAt", Fault::NotInFuture));
    assert_eq!(ends(AccessCodeTimes { expires_at: Some(day(367)), ..times }), refused("expiresAt", Fault::TooFar));
    let over = AccessCodeTimes { certification_ends_at: Some(now()), ..times };
    assert_eq!(ends(over), refused("certificationEndsAt", Fault::NotInFuture));
}

#[test]
fn a_code_that_answers_a_request_is_for_what_was_asked_where_it_was_asked() {
    let (asked, (own, _)) = (requested(1, Capacity::Holder), space(1));
    let basis = AccessCodeBasis::answering(&asked, own.identifier.clone(), None).unwrap();
    let code = issue(basis);
    assert_eq!((code.request, &code.space), (Some(asked.id), &Some(own.identifier.clone())));
    let taken_back = Certification { status: CertificationStatus::Withdrawn, ..asked };
    let state = Refusal::CertificationState { status: CertificationStatus::Withdrawn };
    assert_eq!(AccessCodeBasis::answering(&taken_back, own.identifier, None), Err(state));
}

#[test]
fn a_holder_hands_out_codes_for_what_it_has() {
    let whole = AgentCodeWish::default;
    let code = agent_code(whole()).unwrap();
    assert_eq!((code.capacity, code.principal, code.domains.len()), (Capacity::Agent, Some(granted(1).id), 0));
    assert!(agent_code(in_domains("affiliations")).is_ok());
    assert_eq!(agent_code(in_domains("old")), refused("domains", Fault::NotApplicable));
    let limited = Certification { domains: [domain_code("affiliations")].into(), ..granted(1) };
    let inherited = issue_for_agent(&limited, &service(), whole(), 0).unwrap();
    assert_eq!(inherited.domains, limited.domains);
    let others = Certification { domains: [domain_code("old")].into(), ..granted(1) };
    let beyond = issue_for_agent(&others, &service(), in_domains("affiliations"), 0);
    assert_eq!(beyond, refused("domains", Fault::NotApplicable));

    for status in [CertificationStatus::Suspended, CertificationStatus::Requested, CertificationStatus::Revoked] {
        let holder = Certification { status, ..granted(1) };
        assert_eq!(issue_for_agent(&holder, &service(), whole(), 0), Err(Refusal::CertificationState { status }));
    }
    let agent = Certification { capacity: Capacity::Agent, ..granted(1) };
    assert_eq!(issue_for_agent(&agent, &service(), whole(), 0), Err(Refusal::NotFound));
    let full = Refusal::AccessCodeLimitReached { limit: issue::LIVING_AT_MOST };
    assert_eq!(issue_for_agent(&granted(1), &service(), whole(), issue::LIVING_AT_MOST), Err(full));
    assert_eq!(issue_for_agent(&granted(1), &secured(), whole(), 0), refused("securityCode", Fault::Missing));
}

#[test]
fn whoever_issued_a_code_takes_it_back_while_nobody_has_used_it() {
    let (of_administration, of_holder) = (issue(wish(Capacity::Agent)), agent_code(AgentCodeWish::default()).unwrap());
    let (own, founder) = space(1);
    let administrator = founder.administrator(Permission::ManageCertifications).unwrap();
    let by_holder = |code, now| administrator.withdraw_agent_access_code((&own, &granted(1)), code, now);
    let withdrawn = partner("ccss").withdraw_access_code(&of_administration, now()).unwrap();
    assert_eq!(withdrawn.after().status, AccessCodeStatus::Withdrawn);
    assert_eq!(withdrawn.event(), None);
    assert_eq!(partner("acd").withdraw_access_code(&of_administration, now()), Err(Refusal::NotFound));
    assert_eq!(partner("ccss").withdraw_access_code(&of_holder, now()), Err(Refusal::NotFound));
    assert_eq!(by_holder(&of_administration, now()), Err(Refusal::NotFound));
    let of_another = AccessCode { principal: Some(Uuid::from_u128(9).into()), ..of_holder.clone() };
    assert_eq!(by_holder(&of_another, now()), Err(Refusal::NotFound));
    assert!(by_holder(&of_holder, now()).is_ok());
    let state = |status| Err(Refusal::AccessCodeState { status });
    assert_eq!(by_holder(&of_holder, of_holder.expires_at), state(AccessCodeStatus::Expired));
    let again = partner("ccss").withdraw_access_code(withdrawn.after(), now());
    assert_eq!(again, state(AccessCodeStatus::Withdrawn));
}

#[test]
fn a_code_certifies_the_space_that_activates_it() {
    let (service, code, (own, _)) = (service(), issue(wish(Capacity::Holder)), space(1));
    let activation = activate(1, &present(&code, &service).judge(attempt(&own), now()), None).unwrap();
    let certification = activation.certification().after();
    assert_eq!((certification.space, certification.origin), (own.id, WayIn::AccessCode));
    assert_eq!((certification.status, certification.version), (CertificationStatus::Granted, 1));
    let used = activation.code().after();
    assert_eq!((used.status, used.used), (AccessCodeStatus::Used, Some((certification.id, now()))));
    assert!(matches!(present(used, &service).judge(attempt(&own), now()), Verdict::Invalid));
}

#[test]
fn a_code_for_a_request_grants_what_was_asked() {
    let (asked, (own, _), service) = (requested(1, Capacity::Holder), space(1), service());
    let code = issue(AccessCodeBasis::answering(&asked, own.identifier.clone(), None).unwrap());
    let judge = |request| Presented { request, ..present(&code, &service) }.judge(attempt(&own), now());
    let activation = activate(1, &judge(Some(&asked)), Some(asked.id)).unwrap();
    let granted = activation.certification().after();
    assert_eq!((granted.id, granted.status, granted.version), (asked.id, CertificationStatus::Granted, 2));
    let refused = Certification { status: CertificationStatus::Refused, ..asked.clone() };
    let elsewhere = Certification { space: Uuid::from_u128(2).into(), ..asked.clone() };
    for request in [None, Some(&refused), Some(&elsewhere)] {
        assert!(matches!(judge(request), Verdict::Invalid), "{request:?}");
    }
}

#[test]
fn whatever_is_wrong_with_a_code_is_judged_alike_and_counts_for_nothing() {
    let (own, _) = space(1);
    let invalid = |code: &AccessCode, service: &Service, attempt: Attempt<'_>, at| {
        matches!(present(code, service).judge(attempt, at), Verdict::Invalid)
    };
    let good = issue(wish(Capacity::Holder));
    assert!(!invalid(&good, &service(), attempt(&own), now()));
    assert!(invalid(&good, &service(), attempt(&own), good.expires_at));
    for status in [AccessCodeStatus::Used, AccessCodeStatus::Locked, AccessCodeStatus::Withdrawn] {
        assert!(invalid(&AccessCode { status, ..good.clone() }, &service(), attempt(&own), now()), "{status:?}");
    }
    let retired = Service { status: ServiceStatus::Retired, ..service() };
    assert!(invalid(&good, &retired, attempt(&own), now()));
    let elsewhere = SpaceIdentifier::parse("PM-ZZZZZZ").unwrap();
    assert!(invalid(&AccessCode { space: Some(elsewhere), ..good.clone() }, &service(), attempt(&own), now()));

    let knowing = |digest: &str| [digest.to_owned(), "under another key".to_owned()];
    let (right, wrong) = (knowing(NUMBER), knowing("other"));
    let with = |digests| Attempt { legal_person: Some(digests), ..attempt(&own) };
    let bound = AccessCode { is_number_wanted: true, ..good.clone() };
    assert!(invalid(&bound, &service(), attempt(&own), now()));
    assert!(!invalid(&bound, &service(), with(&right), now()));
    for code in [&bound, &good] {
        assert!(invalid(code, &service(), with(&wrong), now()));
    }
    // A wrong security code counts only where all else is right.
    let locked_out = AccessCode { security_code: Some("hash".into()), ..bound };
    assert!(invalid(&locked_out, &service(), with(&wrong), now()));
    assert!(matches!(
        present(&locked_out, &service()).judge(with(&right), now()),
        Verdict::WrongSecurityCode(change) if change.after().wrong_tries == 1
    ));
}

#[test]
fn an_agents_code_is_worth_what_its_principal_is() {
    let (service, code, (office, _)) = (service(), agent_code(AgentCodeWish::default()).unwrap(), space(2));
    let judge = |principal| Presented { principal, ..present(&code, &service) }.judge(attempt(&office), now());
    let activation = activate(2, &judge(Some(backed(CertificationStatus::Granted, true, 1))), None).unwrap();
    assert_eq!(activation.certification().after().principal, code.principal);
    for principal in [
        None,
        Some(backed(CertificationStatus::Suspended, true, 1)),
        Some(backed(CertificationStatus::Revoked, true, 1)),
        Some(backed(CertificationStatus::Granted, false, 1)),
        Some(backed(CertificationStatus::Granted, true, 2)),
    ] {
        assert!(matches!(judge(principal.clone()), Verdict::Invalid), "{principal:?}");
    }
}

#[test]
fn an_agents_code_of_before_is_void_once_its_company_is_here() {
    let (service, code, (office, _)) = (service(), agent_code(AgentCodeWish::default()).unwrap(), space(2));
    let before = AccessCode { principal: None, ..code };
    let judge =
        |is_holder_here| Presented { is_holder_here, ..present(&before, &service) }.judge(attempt(&office), now());
    assert!(matches!(judge(false), Verdict::Proved(_)));
    assert!(matches!(judge(true), Verdict::Invalid));
}

#[test]
fn a_space_is_an_agent_once_a_principal_in_each_domain() {
    let (service, (office, founder)) = (service(), space(2));
    let domains = |codes: &[&str]| codes.iter().map(|code| domain_code(code)).collect::<BTreeSet<_>>();
    let code = AccessCode { domains: domains(&["a", "b"]), ..issue(wish(Capacity::Agent)) };
    let (id, administrator) =
        (CertificationId(Uuid::from_u128(7)), founder.administrator(Permission::ManageCertifications).unwrap());
    let activate = |held: BTreeSet<_>| {
        let Verdict::Proved(proved) = present(&code, &service).judge(attempt(&office), now()) else {
            panic!("a good code")
        };
        let rivals = Rivals { holder: None, agents: vec![(id, held)] };
        administrator.activate(&proved, (Uuid::from_u128(100).into(), &rivals), now()).err()
    };
    let exists = Some(Refusal::CertificationExists { certification: id });
    for overlapping in [domains(&["b", "c"]), BTreeSet::new()] {
        assert_eq!(activate(overlapping), exists);
    }
    assert_eq!(activate(domains(&["c"])), None);
}

#[test]
fn no_code_of_before_undoes_a_revocation() {
    let (service, (own, _)) = (service(), space(1));
    let code = issue(wish(Capacity::Holder));
    let judge =
        |revoked_at| Presented { revoked_at: Some(revoked_at), ..present(&code, &service) }.judge(attempt(&own), now());
    assert!(matches!(judge(code.issued_at), Verdict::Invalid));
    assert!(matches!(judge(code.issued_at - TimeDelta::seconds(1)), Verdict::Proved(_)));
}

#[test]
fn a_space_with_a_holder_is_told_so_once_the_code_proved_right_and_keeps_the_code() {
    let (service, (own, _)) = (service(), space(1));
    let holder = granted(1).id;
    let exists = Some(Refusal::CertificationExists { certification: holder });
    let code = issue(wish(Capacity::Holder));
    let verdict = present(&code, &service).judge(attempt(&own), now());
    assert_eq!(activate(1, &verdict, Some(holder)).err(), Some(exists));
    let for_agent = issue(wish(Capacity::Agent));
    assert!(activate(1, &present(&for_agent, &service).judge(attempt(&own), now()), Some(holder)).is_ok());
    let closed = Space { state: SpaceState::Suspended, ..own };
    let in_vain = present(&code, &service).judge(attempt(&closed), now());
    assert_eq!(activate(1, &in_vain, None).err(), Some(Some(Refusal::SpaceSuspended)));
}

#[test]
fn a_day_has_twenty_wrong_tries_of_a_person_and_of_a_space() {
    let room = |of_person, of_space| ActivationFailures { of_person, of_space }.require_room();
    let full = Err(Refusal::ActivationLimitReached { limit: 20 });
    assert_eq!((room(19, 19), room(20, 0), room(0, 20)), (Ok(()), full.clone(), full));
}

proptest! {
    #[test]
    fn a_code_certifies_once_and_never_after_five_wrong_security_codes(
        tries in prop::collection::vec((any::<bool>(), 1_u128..4, any::<bool>(), 0_i64..4), 1..40),
    ) {
        let service = secured();
        let bound = AccessCodeWish { security_code: Some("hash".into()), is_number_wanted: true, ..wish(Capacity::Holder) };
        let mut code = issue_with(&service, bound, &Principals::default(), None).unwrap();
        let (mut at, mut wrong, mut certified) = (now(), 0, 0);
        for (security_code_fits, of, knows_number, days) in tries {
            at += TimeDelta::days(days);
            let (own, founder) = space(of);
            let number = [if knows_number { NUMBER } else { "other" }.to_owned()];
            let attempt = Attempt { space: &own, legal_person: Some(&number), security_code_fits };
            let before = code.clone();
            match present(&before, &service).judge(attempt, at) {
                Verdict::Invalid => prop_assert!(!knows_number || before.status_at(at) != AccessCodeStatus::Issued),
                Verdict::WrongSecurityCode(change) => {
                    prop_assert!(knows_number && !security_code_fits);
                    wrong += 1;
                    let is_last = wrong == TRIES;
                    prop_assert_eq!(change.after().status == AccessCodeStatus::Locked, is_last);
                    prop_assert_eq!(change.event().is_some(), is_last);
                    code = change.after().clone();
                }
                Verdict::Proved(proved) => {
                    prop_assert!(security_code_fits && knows_number && wrong < TRIES);
                    let administrator = founder.administrator(Permission::ManageCertifications).unwrap();
                    let activation = administrator.activate(&proved, (Uuid::from_u128(of).into(), &Rivals::default()), at).unwrap();
                    certified += 1;
                    code = activation.code().after().clone();
                }
            }
        }
        prop_assert!(certified <= 1 && wrong <= TRIES);
    }
}
