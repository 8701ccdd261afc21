//! Whatever is done by whom, nothing is granted without a right to it, and no agent outlives its holder.

use chrono::TimeDelta;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::{
    Coded, Fault,
    catalogue::{LocalText, SectorCode, Service, ServiceDomain, ServiceStatus},
    collaboration::{Membership, Permission, member::tests::space as opened, roster::tests::member},
    id::PartnerId,
    identity::Assurance,
    partner::{Partner, PartnerScopes, PartnerStatus},
    space::{Space, SpaceIdentifier, SpaceKind, SpaceState},
    text::{Language, PartnerName, ReasonText},
};

pub(crate) fn now() -> Instant {
    Instant::from_timestamp(1_800_000_000, 0).unwrap()
}

pub(crate) fn why() -> ReasonText {
    ReasonText::parse("Dossier complet").unwrap()
}

fn text() -> LocalText {
    LocalText::new([(Language::Fr, "Texte".to_owned())]).unwrap()
}

fn domain(code: &str, status: ServiceStatus) -> ServiceDomain {
    ServiceDomain { code: domain_code(code), titles: text(), status }
}

pub(crate) fn domain_code(code: &str) -> ServiceDomainCode {
    ServiceDomainCode::parse(code).unwrap()
}

/// A service for which holders and agents ask, with one domain and one that is no longer offered.
pub(crate) fn service() -> Service {
    Service {
        code: ServiceCode::parse("ccss.employer-data").unwrap(),
        administration: AdministrationCode::parse("ccss").unwrap(),
        sector: SectorCode::parse("social-security").unwrap(),
        titles: text(),
        descriptions: text(),
        ways_in: WayIn::ALL.iter().copied().collect(),
        applicants: Capacity::ALL.iter().copied().collect(),
        reapply_after: Some(TimeDelta::hours(72)),
        has_security_code: false,
        least_assurance: Assurance::Substantial,
        code_valid_for: TimeDelta::days(30),
        valid_for: None,
        domains: vec![domain("affiliations", ServiceStatus::Offered), domain("old", ServiceStatus::Retired)],
        status: ServiceStatus::Offered,
    }
}

pub(crate) fn partner(of: &str) -> Partner {
    Partner {
        id: PartnerId(Uuid::from_u128(7)),
        administration: AdministrationCode::parse(of).unwrap(),
        name: PartnerName::parse("Back end").unwrap(),
        scopes: PartnerScopes::parse("decide_certifications").unwrap(),
        status: PartnerStatus::Active,
        created_at: now(),
    }
}

/// An open professional space, and its founder's membership.
pub(crate) fn space(of: u128) -> (Space, Membership) {
    let id = SpaceId(Uuid::from_u128(of));
    (Space { id, ..opened() }, Membership { space: id, ..member(of).membership })
}

pub(crate) fn wish(capacity: Capacity) -> CertificationWish {
    CertificationWish {
        capacity,
        legal_person: Protected { digest: "digest".into(), sealed: "sealed".into() },
        domains: BTreeSet::new(),
        application: Application::default(),
        has_security_code: false,
    }
}

fn ask(
    of: u128,
    service: &Service,
    wish: &CertificationWish,
    made: RequestsMade,
) -> Result<CertificationChange, Refusal> {
    let ((space, founder), id) = (space(of), Uuid::from_u128(of * 10).into());
    founder.administrator(Permission::ManageCertifications)?.request_certification(
        &space,
        service,
        (id, wish),
        made,
        now(),
    )
}

pub(crate) fn requested(of: u128, capacity: Capacity) -> Certification {
    ask(of, &service(), &wish(capacity), RequestsMade::default()).unwrap().after().clone()
}

fn grant_with(principal: Option<CertificationId>) -> Grant {
    Grant { ends_at: None, principal, reason: why() }
}

fn granted(of: &Certification, principals: &Principals) -> Certification {
    let grant = grant_with(principals.0.first().copied());
    partner("ccss").grant(of, (&service(), principals), grant, now()).unwrap().after().clone()
}

#[test]
fn a_request_says_what_its_service_takes() {
    let none = RequestsMade::default();
    let refused = |field, fault| Err(Refusal::Field { field, fault });
    let holder = wish(Capacity::Holder);
    let change = ask(1, &service(), &holder, none).unwrap();
    assert!(change.is_first() && change.step().act == CertificationAct::Requested);
    assert_eq!((change.after().version, change.step().position), (1, 1));

    let retired = Service { status: ServiceStatus::Retired, ..service() };
    assert_eq!(ask(1, &retired, &holder, none), Err(Refusal::ServiceNotOffered));
    let by_code = Service { ways_in: [WayIn::AccessCode].into(), ..service() };
    assert_eq!(ask(1, &by_code, &holder, none), Err(Refusal::ServiceNotOffered));
    let holders = Service { applicants: [Capacity::Holder].into(), ..service() };
    assert_eq!(ask(1, &holders, &wish(Capacity::Agent), none), refused("capacity", Fault::NotApplicable));

    let secured = Service { has_security_code: true, ..service() };
    assert_eq!(ask(1, &secured, &holder, none), refused("securityCode", Fault::Missing));
    let with_code = CertificationWish { has_security_code: true, ..holder.clone() };
    assert_eq!(ask(1, &service(), &with_code, none), refused("securityCode", Fault::NotApplicable));
    assert!(ask(1, &secured, &with_code, none).is_ok());

    let in_domains = |code: &str| CertificationWish { domains: [domain_code(code)].into(), ..holder.clone() };
    assert!(ask(1, &service(), &in_domains("affiliations"), none).is_ok());
    for unknown in ["old", "other"] {
        assert_eq!(ask(1, &service(), &in_domains(unknown), none), refused("domains", Fault::NotApplicable));
    }
}

#[test]
fn a_holder_names_agents_and_an_agent_names_none() {
    let named = |code: &str| {
        let identifier = SpaceIdentifier::parse("PM-A1B2C3").unwrap();
        Application { grounds: None, agents: vec![NamedAgent { identifier, domains: [domain_code(code)].into() }] }
    };
    let asked = |capacity, code| {
        ask(1, &service(), &CertificationWish { application: named(code), ..wish(capacity) }, RequestsMade::default())
    };
    let refused = Err(Refusal::Field { field: "agents", fault: Fault::NotApplicable });
    assert!(asked(Capacity::Holder, "affiliations").is_ok());
    assert_eq!(asked(Capacity::Holder, "other"), refused);
    assert_eq!(asked(Capacity::Agent, "affiliations"), refused);
}

#[test]
fn the_same_is_asked_for_again_after_a_while() {
    let asked = |made, capacity| ask(1, &service(), &wish(capacity), made).err();
    let certification = CertificationId(Uuid::from_u128(5));
    let holding = RequestsMade { holder: Some(certification), ..Default::default() };
    assert_eq!(asked(holding, Capacity::Holder), Some(Refusal::CertificationExists { certification }));
    assert_eq!(asked(holding, Capacity::Agent), None);

    let before = |hours| RequestsMade { last_for_same: Some(now() - TimeDelta::hours(hours)), ..Default::default() };
    let too_soon = Some(Refusal::ReapplyTooSoon { until: now() + TimeDelta::hours(1) });
    assert_eq!((asked(before(71), Capacity::Agent), asked(before(72), Capacity::Agent)), (too_soon, None));
    let at_will = Service { reapply_after: None, ..service() };
    assert!(ask(1, &at_will, &wish(Capacity::Holder), before(0)).is_ok());

    let lately = |made_lately| RequestsMade { made_lately, ..Default::default() };
    let often = Refusal::DailyCertificationLimitReached { limit: request::REQUESTED_AT_MOST };
    assert_eq!(asked(lately(request::REQUESTED_AT_MOST), Capacity::Agent), Some(often));
    assert_eq!(asked(lately(request::REQUESTED_AT_MOST - 1), Capacity::Agent), None);
}

#[test]
fn only_administrators_of_an_open_professional_space_ask_and_give_up() {
    let asked = requested(1, Capacity::Holder);
    let (open, founder) = space(1);
    let administrator = founder.administrator(Permission::ManageCertifications).unwrap();
    let given_up = administrator.withdraw_certification(&open, &asked, now()).unwrap();
    assert_eq!(given_up.after().status, CertificationStatus::Withdrawn);
    let twice = administrator.withdraw_certification(&open, given_up.after(), now());
    assert_eq!(twice, Err(Refusal::CertificationState { status: CertificationStatus::Withdrawn }));
    let suspended = Space { state: SpaceState::Suspended, ..open.clone() };
    assert_eq!(administrator.withdraw_certification(&suspended, &asked, now()), Err(Refusal::SpaceSuspended));
    let private = Space { kind: SpaceKind::Private, title: None, ..open };
    let by_private = administrator.request_certification(
        &private,
        &service(),
        (asked.id, &wish(Capacity::Holder)),
        RequestsMade::default(),
        now(),
    );
    assert_eq!(by_private, Err(Refusal::NotFound));
}

#[test]
fn a_grant_ends_when_it_is_said_or_as_its_service_has_it() {
    let (asked, nobody) = (requested(1, Capacity::Holder), Principals::default());
    let yearly = Service { valid_for: Some(TimeDelta::days(365)), ..service() };
    let grant = |service: &Service, ends_at| {
        let grant = Grant { ends_at, ..grant_with(None) };
        let change = partner("ccss").grant(&asked, (service, &nobody), grant, now())?;
        Ok((change.after().ends_at, change.after().warn_at))
    };
    let refused = |fault| Err(Refusal::Field { field: "endsAt", fault });
    assert_eq!(grant(&service(), None), Ok((None, None)));
    let day = |days| now() + TimeDelta::days(days);
    assert_eq!(grant(&yearly, None), Ok((Some(day(365)), Some(day(335)))));
    assert_eq!(grant(&yearly, Some(day(20))), Ok((Some(day(20)), Some(day(13)))));
    assert_eq!(grant(&yearly, Some(day(7))), Ok((Some(day(7)), None)));
    assert_eq!(grant(&service(), Some(now())), refused(Fault::NotInFuture));
    assert_eq!(grant(&service(), Some(now() + decision::LONGEST + TimeDelta::seconds(1))), refused(Fault::TooFar));
}

#[test]
fn a_request_is_taken_up_once() {
    let asked = requested(1, Capacity::Holder);
    let taken_up = partner("ccss").take_up(&asked, why(), now()).unwrap();
    assert_eq!(taken_up.after().status, CertificationStatus::Requested);
    assert_eq!(partner("ccss").take_up(taken_up.after(), why(), now()), Err(Refusal::CertificationTakenUp));
    assert!(taken_up.event().is_none() && !taken_up.concerns_agents());
    let refused = partner("ccss").refuse(taken_up.after(), why(), now()).unwrap();
    let state = Refusal::CertificationState { status: CertificationStatus::Refused };
    assert_eq!(partner("ccss").take_up(refused.after(), why(), now()), Err(state));
}

fn backing(of: &Certification, is_space_in_use: bool) -> PrincipalStanding {
    PrincipalStanding { status: of.status, ends_at: of.ends_at, domains: of.domains.clone(), is_space_in_use }
}

#[test]
fn the_gate_opens_to_what_is_effective_and_names_what_is_missing() {
    let (office, _) = space(2);
    let holder = granted(&requested(1, Capacity::Holder), &Principals::default());
    let agent = granted(&requested(2, Capacity::Agent), &Principals(vec![holder.id]));
    let service = Service { status: ServiceStatus::Retired, ..service() };
    let pass = |space: &Space, principal| {
        let held = HeldCertification { certification: agent.clone(), is_space_in_use: true, principal };
        Gate { space, service: &service }.pass(vec![held], now())
    };
    let closed = Err(Refusal::CertificationRequired { service: service.code.clone(), sector: service.sector.clone() });
    assert_eq!(pass(&office, None), closed, "whose agent it is was not asked");
    assert_eq!(pass(&office, Some(backing(&holder, true))), Ok(vec![agent.clone()]));
    assert_eq!(pass(&office, Some(backing(&holder, false))), closed);
    let suspended = partner("ccss").suspend(&holder, why(), now()).unwrap();
    assert_eq!(pass(&office, Some(backing(suspended.after(), true))), closed);
    let over = Certification { ends_at: Some(now()), ..holder };
    assert_eq!(pass(&office, Some(backing(&over, true))), closed);
    let nowhere = Space { state: SpaceState::Closed, ..office.clone() };
    assert_eq!(pass(&nowhere, None), Err(Refusal::SpaceClosed));
    assert_eq!(Gate { space: &office, service: &service }.pass(vec![], now()), closed);
}

#[test]
fn an_agent_has_no_domain_that_its_holder_lacks() {
    let holder = granted(&requested(1, Capacity::Holder), &Principals::default());
    let agent = granted(&requested(2, Capacity::Agent), &Principals(vec![holder.id]));
    let of = |codes: &[&str]| codes.iter().map(|code| ServiceDomainCode::parse(code).unwrap()).collect::<BTreeSet<_>>();
    for (of_agent, of_holder, common) in [
        (of(&[]), of(&[]), Some(of(&[]))),
        (of(&[]), of(&["one"]), Some(of(&["one"]))),
        (of(&["one"]), of(&[]), Some(of(&["one"]))),
        (of(&["one", "two"]), of(&["two", "three"]), Some(of(&["two"]))),
        (of(&["one"]), of(&["two"]), None),
    ] {
        let principal = PrincipalStanding { domains: of_holder, ..backing(&holder, true) };
        let certification = Certification { domains: of_agent, ..agent.clone() };
        let held = HeldCertification { certification, is_space_in_use: true, principal: Some(principal) };
        assert_eq!((held.domains(), held.is_effective(now())), (common.clone(), common.is_some()));
    }
}

#[test]
fn an_agents_space_is_told_once_that_its_principal_lapsed_and_once_that_it_returned() {
    let holder = granted(&requested(1, Capacity::Holder), &Principals::default());
    let agent = granted(&requested(2, Capacity::Agent), &Principals(vec![holder.id]));
    let heed = |agent: &Certification, is_space_in_use| {
        let principal = Some(backing(&holder, is_space_in_use));
        HeldCertification { certification: agent.clone(), is_space_in_use: true, principal }.heed_principal(now())
    };
    assert_eq!(heed(&agent, true), None);
    let lapsed = heed(&agent, false).unwrap();
    assert_eq!(lapsed.step().act, CertificationAct::PrincipalLapsed);
    assert_eq!((lapsed.after().status, lapsed.event()), (CertificationStatus::Granted, None));
    assert_eq!(heed(lapsed.after(), false), None);
    assert_eq!(heed(lapsed.after(), true).unwrap().step().act, CertificationAct::PrincipalReturned);
    let over = agent.purged(now()).unwrap();
    assert_eq!(heed(over.after(), false), None);
}

#[derive(Debug, Clone, Copy)]
enum Act {
    Ask,
    TakeUp,
    Grant,
    Refuse,
    Suspend,
    Resume,
    Revoke,
    Withdraw,
    EndAgent,
    Expire,
    Purge,
    Wait,
    TurnSpace,
}

const ACTS: &[Act] = &[
    Act::Ask,
    Act::Ask,
    Act::TakeUp,
    Act::Grant,
    Act::Grant,
    Act::Grant,
    Act::Refuse,
    Act::Suspend,
    Act::Resume,
    Act::Resume,
    Act::Revoke,
    Act::Withdraw,
    Act::EndAgent,
    Act::Expire,
    Act::Purge,
    Act::Wait,
    Act::TurnSpace,
];

fn is_over(status: CertificationStatus) -> bool {
    use CertificationStatus::{Granted, Requested, Suspended};
    !matches!(status, Requested | Granted | Suspended)
}

/// A holder and an agent who hangs on it, with the histories that made them what they are.
struct World {
    now: Instant,
    of: [Option<Certification>; 2],
    history: [Vec<CertificationStep>; 2],
    is_holders_space_in_use: bool,
}

impl World {
    fn keep(&mut self, which: usize, change: Result<CertificationChange, Refusal>) {
        let Ok(change) = change else { return };
        assert_eq!(change.after().version, change.step().position);
        if change.is_first() {
            self.history[which].clear();
        }
        self.history[which].push(change.step().clone());
        self.of[which] = Some(change.after().clone());
    }

    fn holder(&self) -> Option<&Certification> {
        self.of[0].as_ref()
    }

    fn held(&self) -> Option<HeldCertification> {
        let certification = self.of[1].clone()?;
        let holder = self.holder().filter(|holder| certification.principal == Some(holder.id));
        let principal = holder.map(|holder| backing(holder, self.is_holders_space_in_use));
        Some(HeldCertification { certification, is_space_in_use: true, principal })
    }

    fn do_it(&mut self, act: Act, which: usize, is_own_administration: bool, ends_in: Option<i64>) {
        let administration = partner(if is_own_administration { "ccss" } else { "acd" });
        let now = self.now;
        let (own, founder) = space(which as u128 + 1);
        let administrator = founder.administrator(Permission::ManageCertifications).unwrap();
        match (act, self.of[which].clone()) {
            (Act::Wait, _) => self.now += TimeDelta::days(ends_in.unwrap_or(1)),
            (Act::TurnSpace, _) => self.is_holders_space_in_use ^= true,
            (Act::Ask, before) => {
                if before.is_none_or(|before| is_over(before.status_at(now))) {
                    let id = Uuid::from_u128(u128::from(now.timestamp().unsigned_abs()) * 2 + which as u128).into();
                    let wish = (id, &wish(Capacity::ALL[which]));
                    let made = RequestsMade::default();
                    self.keep(which, administrator.request_certification(&own, &service(), wish, made, now));
                }
            }
            (_, None) => (),
            (Act::TakeUp, Some(it)) => self.keep(which, administration.take_up(&it, why(), now)),
            (Act::Grant, Some(it)) => {
                let living = self.holder().filter(|holder| which == 1 && holder.is_living(now));
                let principals = Principals(living.map(|holder| holder.id).into_iter().collect());
                let ends_at = ends_in.map(|days| now + TimeDelta::days(days));
                let grant = Grant { ends_at, ..grant_with(principals.0.first().copied()) };
                self.keep(which, administration.grant(&it, (&service(), &principals), grant, now));
            }
            (Act::Refuse, Some(it)) => self.keep(which, administration.refuse(&it, why(), now)),
            (Act::Suspend, Some(it)) => self.keep(which, administration.suspend(&it, why(), now)),
            (Act::Resume, Some(it)) => self.keep(which, administration.resume(&it, why(), now)),
            (Act::Revoke, Some(it)) => self.keep(which, administration.revoke(&it, why(), now)),
            (Act::Withdraw, Some(it)) => self.keep(which, administrator.withdraw_certification(&own, &it, now)),
            (Act::EndAgent, Some(_)) => self.end_agent(),
            (Act::Expire, Some(it)) => self.keep(which, it.expired(now).ok_or(Refusal::NotFound)),
            (Act::Purge, Some(it)) => self.keep(which, it.purged(now).ok_or(Refusal::NotFound)),
        }
    }

    fn end_agent(&mut self) {
        let (holders, founder) = space(1);
        let (Some(holder), Some(agent)) = (self.of[0].clone(), self.of[1].clone()) else { return };
        let administrator = founder.administrator(Permission::ManageCertifications).unwrap();
        self.keep(1, administrator.end_agent((&holders, &holder), &agent, why(), self.now));
    }

    /// Nothing is granted without a decision of the service's own administration; what is over stays over; no agent is effective
    /// beyond its holder.
    fn check(&self, strangers_decided: bool) {
        for (certification, history) in self.of.iter().zip(&self.history) {
            let Some(certification) = certification else { continue };
            assert!(history.iter().zip(1..).all(|(step, position)| step.position == position));
            let decided = history.iter().any(|step| {
                step.act == CertificationAct::Granted && matches!(step.by, CertificationActor::Administration(_))
            });
            assert!(!certification.is_living(self.now) || decided);
            assert!(!strangers_decided || !decided, "an administration decided on another's");
            let over = |step: &CertificationStep| {
                use CertificationAct::{Expired, Refused, Revoked, Withdrawn};
                matches!(step.act, Expired | Refused | Revoked | Withdrawn)
            };
            assert!(history.iter().rev().skip(1).all(|step| !over(step)), "something came after the end");
        }
        let Some(agent) = self.held() else { return };
        if let (true, Some(principal)) = (agent.is_effective(self.now), agent.certification.principal) {
            let holder = self.holder().filter(|holder| holder.id == principal);
            if let Some(holder) = holder {
                assert_eq!(holder.status_at(self.now), CertificationStatus::Granted);
                assert!(self.is_holders_space_in_use);
            }
        }
    }
}

proptest! {
    #[test]
    fn nothing_is_granted_without_a_right_to_it_and_no_agent_outlives_its_holder(
        is_own_administration in prop::bool::weighted(0.9),
        acts in prop::collection::vec((prop::sample::select(ACTS), 0usize..2, prop::option::of(1i64..60)), 1..60),
    ) {
        let mut world = World { now: now(), of: [None, None], history: [vec![], vec![]], is_holders_space_in_use: true };
        for (act, which, ends_in) in acts {
            world.do_it(act, which, is_own_administration, ends_in);
            world.check(!is_own_administration);
        }
    }
}
