//! Every statement of this crate, sent once on a database that has one row of each kind.
//!
//! Whoever adds a method to [`Reading`](crate::Reading) or [`Transaction`] adds its call here, once for each form that its
//! statement can take.

mod access_codes;

use std::{collections::BTreeSet, sync::Arc};

use chrono::TimeDelta;
use diesel::connection::SimpleConnection;
use domain::{
    Coded, Instant,
    audit::{Actor, AuditAct, Chain, Event},
    catalogue::{Capacity, Catalogue, SectorCode, Service},
    certification::{
        Application, BusinessNumber, Certification, CertificationStatus, CertificationWish, Grant, Principals,
        RequestsMade,
    },
    collaboration::{
        Acceptor, AccessScope, Admission, Asker, InvitationStatus, Invitee, JoinRequest, JoinRequestStatus, MemberEdit,
        Membership, MembershipStatus, Offer, Permission, RecoveryCase, RecoveryStatus, Role, SystemRights,
        SystemUserCounts, SystemUserStatus, SystemUserWish, invitation::Rivals,
    },
    helpdesk::{Agent, LimitRequest, LimitRequestStatus},
    id::{CertificationId, FileId, PersonId, SpaceId, VerificationId},
    identity::{
        AddressOwner, AddressesAsked, Assurance, AwaitingAddress, Identity, NoticeKind, Person, ProductKind,
        ProductStatus, Protected, Registration, Serial, Session, Terms,
    },
    partner::{FeedPosition, Partner, PartnerEdit, PartnerEvent, PartnerEventKind, PartnerScopes, PartnerStatus},
    procedure::{
        AttachedFile, AttachmentCode, Content, ContentDigest, Opener, Procedure, ProcedureState, ProcedureType,
        ReferenceNumber, SignatureKind, Submission, TypeWithForm, VerificationCode,
    },
    source::{
        Arrival, Discrepancy, DiscrepancyDecision, Finding, KnownRecord, Push, RecordContent, RecordKey, RecordVersion,
        SourceCode, VerificationStatus,
    },
    space::{Space, SpaceKind, SpaceState},
    store_room::{MediaType, ScanState, StoredFile},
    text::{EmailAddress, FileName, Language, PartnerName, PersonName, ReasonText, SystemUserName},
};
use uuid::Uuid;

use super::super::support::{
    Owner, catalogue_of, insert_owner, now, open_space, partner, procedure_type, service, source,
};
use crate::{
    Answered, AssertionPurpose, AuditFilter, CertificationFilter, Enclosed, InvitationFilter, JoinRequestFilter,
    MemberFilter, ProcedureFilter, ProcedureTypeFilter, Resealed, SEALED, SealedProfile, ServiceFilter, SpaceFilter,
    StoreError, SystemUserFilter, Transaction, VerificationFilter, connection::Db, store::Clock,
};

/// What the later parts of the census are about.
struct Known {
    owner: Owner,
    space: Space,
    membership: Membership,
}

/// Locks go up in one order within a transaction; each call here has one of its own, all within one of the database.
struct Census<'d> {
    db: &'d mut Db,
    clock: Clock,
}

impl Census<'_> {
    fn ask<T>(&mut self, work: impl FnOnce(&mut Transaction<'_>) -> Result<T, StoreError>) -> T {
        work(&mut Transaction::new(self.db, &self.clock)).unwrap()
    }
}

/// Sends every statement.
pub fn take(db: &mut Db) {
    let mut census = Census { db, clock: Arc::new(now) };
    let owner = census.ask(|tx| insert_owner(tx, 10));
    census.ask(|tx| {
        open_space(tx, &owner).unwrap();
        Ok(())
    });
    let mut opened = census.ask(|tx| tx.spaces_of(owner.person.id, owner.product, SpaceFilter::default(), 10));
    let found = census.ask(|tx| tx.space_of(opened.remove(0).id, owner.person.id, owner.product));
    let (space, membership) = found.unwrap();
    let known = Known { owner, space, membership };
    persons(&mut census, &known.owner);
    products(&mut census, &known.owner);
    registrations(&mut census);
    sessions(&mut census, &known);
    terms(&mut census, &known.owner);
    addresses(&mut census, &known);
    spaces(&mut census, &known);
    join_requests(&mut census, &known);
    helpdesk(&mut census, &known);
    audit(&mut census, known.space.id);
    idempotency(&mut census);
    installation(&mut census);
    outbox(&mut census);
    recurring(&mut census);
    sealed(&mut census, known.owner.person.id);
    members(&mut census, &known);
    invitations(&mut census, &known);
    recoveries(&mut census, &known);
    system_users(&mut census, &known);
    catalogue(&mut census);
    procedures(&mut census, &known);
    verifications(&mut census, &known);
    certifications(&mut census, &known);
    partners(&mut census);
    closed_spaces(&mut census, &known);
}

fn later() -> Instant {
    now() + TimeDelta::days(1000)
}

fn persons(census: &mut Census<'_>, owner: &Owner) {
    census.ask(|tx| tx.person(owner.person.id));
    census.ask(|tx| tx.lock_person(owner.person.id));
    census.ask(|tx| tx.save_person(&owner.person));
    census.ask(|tx| tx.person_with_number(&["one".into(), "two".into()]));
    census.ask(|tx| tx.lock_newcomers(&["one".into(), "two".into()]));
    census.ask(|tx| tx.save_notification_preference(owner.person.id, NoticeKind::JoinRequests, false));
    census.ask(|tx| tx.notification_preferences(owner.person.id));
    census.ask(|tx| tx.who_turned_off(NoticeKind::JoinRequests, &[owner.person.id, Uuid::from_u128(1).into()]));
    census.ask(|tx| tx.save_notification_preference(owner.person.id, NoticeKind::JoinRequests, true));
}

fn products(census: &mut Census<'_>, owner: &Owner) {
    let product = census.ask(|tx| tx.lock_product(owner.product));
    census.ask(|tx| tx.product_of(owner.product, owner.person.id));
    census.ask(|tx| tx.products_of(owner.person.id));
    census.ask(|tx| tx.lock_product_with(&product.serial));
    census.ask(|tx| tx.save_product(&product));
    census.ask(|tx| tx.use_assertion("digest", AssertionPurpose::Token, now()));
    census.ask(|tx| tx.purge_assertions(later()));
}

fn registrations(census: &mut Census<'_>) {
    let identity = Identity {
        serial: Serial::parse("10000000000000000011").unwrap(),
        kind: ProductKind::Eid,
        number: Protected { digest: "digest".into(), sealed: "sealed".into() },
        given_name: PersonName::parse("Marc").unwrap(),
        family_name: PersonName::parse("Muller").unwrap(),
        assurance: Assurance::Substantial,
    };
    let email = EmailAddress::parse("marc@example.lu").unwrap();
    let begun = Registration::begin(Uuid::from_u128(1).into(), identity, email, Language::De, "code".into(), now());
    census.ask(|tx| tx.insert_registration(&begun));
    census.ask(|tx| tx.registration(begun.id));
    census.ask(|tx| tx.is_awaiting_confirmation(&begun.identity.serial));
    census.ask(|tx| tx.lock_registration(begun.id));
    census.ask(|tx| tx.save_registration(&begun));
    census.ask(|tx| tx.purge_registrations(later()));
}

fn session(of: &Owner) -> Session {
    Session {
        id: Uuid::from_u128(1).into(),
        person: of.person.id,
        product: of.product,
        assurance: Assurance::High,
        authenticated_at: now(),
        helpdesk: false,
        created_at: now(),
        refreshed_at: now(),
        ended: None,
    }
}

fn sessions(census: &mut Census<'_>, Known { owner, space, .. }: &Known) {
    let session = session(owner);
    census.ask(|tx| tx.insert_session(&session));
    census.ask(|tx| tx.insert_refresh_token("digest", session.id));
    census.ask(|tx| tx.refresh_token("digest"));
    census.ask(|tx| tx.spend_refresh_token("digest"));
    census.ask(|tx| tx.live_session(session.id));
    census.ask(|tx| tx.live_sessions_of(owner.person.id));
    census.ask(|tx| tx.lock_live_session(session.id));
    census.ask(|tx| tx.lock_sessions_with(owner.product));
    census.ask(|tx| tx.save_session(&session));
    census.ask(|tx| tx.save_current_space(session.id, Some(space.id)));
    for _ in ["its refresh token", "the session"] {
        census.ask(|tx| tx.purge_sessions(later()));
    }
}

fn terms(census: &mut Census<'_>, owner: &Owner) {
    let terms = Terms { version: "1".into(), published_at: now() };
    census.ask(|tx| tx.publish_terms(&terms, &[(Language::Fr, "texte")]));
    census.ask(|tx| tx.terms_texts("1"));
    census.ask(|tx| tx.accept_terms(owner.person.id, owner.product, "1"));
    census.ask(|tx| tx.has_accepted_terms(owner.person.id));
    census.ask(|tx| tx.terms_in_force());
    census.ask(|tx| tx.terms_accepted_at(owner.person.id, "1"));
}

fn addresses(census: &mut Census<'_>, Known { owner, .. }: &Known) {
    let of = AddressOwner::Person(owner.person.id);
    let (id, email) = (Uuid::from_u128(1).into(), owner.person.email.clone());
    let (asked, by) = (AddressesAsked::default(), (of, owner.person.id));
    let awaiting = AwaitingAddress::begin(id, by, email, asked, "code".into(), now()).unwrap();
    census.ask(|tx| tx.insert_awaiting_address(&awaiting));
    census.ask(|tx| tx.save_awaiting_address(&awaiting));
    census.ask(|tx| tx.awaiting_address(of));
    census.ask(|tx| tx.addresses_asked(of, owner.person.id));
    census.ask(|tx| tx.purge_addresses(later()));
}

fn spaces(census: &mut Census<'_>, Known { owner, space, .. }: &Known) {
    let (person, product) = (owner.person.id, owner.product);
    let filter = SpaceFilter { kind: Some(SpaceKind::Private), state: Some(SpaceState::Closed), after: Some(space.id) };
    census.ask(|tx| tx.spaces_of(person, product, filter, 10));
    census.ask(|tx| tx.lock_space_of(space.id, person, product));
    census.ask(|tx| tx.lock_spaces(&BTreeSet::from([space.id])));
    census.ask(|tx| tx.spaces_administered_by(person));
    census.ask(|tx| tx.has_private_space(person));
    census.ask(|tx| tx.is_identifier_taken(&space.identifier));
    let profile = SealedProfile { sealed: "sealed".into(), updated_at: now(), version: 1 };
    census.ask(|tx| tx.save_company_profile(space.id, &profile));
    census.ask(|tx| tx.company_profile(space.id));
    census.ask(|tx| tx.lock_space_and_opener(space.id, person, product));
}

fn members(census: &mut Census<'_>, Known { space, membership, .. }: &Known) {
    let role = Some(Role::Administrator);
    for status in
        [None, Some(MembershipStatus::Active), Some(MembershipStatus::Suspended), Some(MembershipStatus::Ended)]
    {
        for role in [None, role] {
            census.ask(|tx| tx.members_of(space.id, MemberFilter { role, status, after: None }, 10));
        }
    }
    census.ask(|tx| tx.member_of(membership.id, space.id));
    census.ask(|tx| tx.active_members(space.id, &[Role::Administrator]));
    let roster = census.ask(|tx| tx.roster(space.id));
    let administrator = membership.administrator(Permission::ManageMembers).unwrap();
    let change = administrator.edit_member(space, &roster, membership.id, MemberEdit::default(), now()).unwrap();
    census.ask(|tx| tx.save_member(&change));
}

fn join_requests(census: &mut Census<'_>, Known { owner, space, membership }: &Known) {
    let person = owner.person.id;
    let asker = Asker { person, product: owner.product, terms_accepted: true, recent: &[] };
    let filed = asker.ask(Uuid::from_u128(1).into(), space.identifier.clone(), Some(space.id), now()).unwrap();
    let request = filed.request();
    census.ask(|tx| tx.insert_join_request(&filed));
    census.ask(|tx| tx.join_request_of(request.id, person));
    census.ask(|tx| tx.join_requests_since(person, now()));
    for before in [None, Some(request.id)] {
        census.ask(|tx| tx.join_requests_of(person, before, 10));
    }
    census.ask(|tx| tx.join_request_to(request.id, space.id));
    for status in [None].into_iter().chain(JoinRequestStatus::ALL.iter().copied().map(Some)) {
        census.ask(|tx| tx.join_requests_to(space.id, JoinRequestFilter { status, after: None }, 10));
    }
    census.ask(|tx| Ok(tx.take_join_requests_to_tell()?.0));
    census.ask(|tx| tx.save_join_request(&request.cancel(now()).unwrap()));
    // Of somebody else, for whoever opened the space is in it.
    let newcomer = census.ask(|tx| insert_owner(tx, 10));
    let of_newcomer = JoinRequest { person: newcomer.person.id, product: newcomer.product, ..request.clone() };
    let administrator = membership.administrator(Permission::ManageMembers).unwrap();
    let admission = Admission { role: Role::Reader, scope: AccessScope::AllProducts, ends_at: None };
    let (roster, id) = (census.ask(|tx| tx.roster(space.id)), Uuid::from_u128(2).into());
    let of = (&of_newcomer, ProductStatus::Registered);
    let approval = administrator.approve_join_request((space, &roster), of, admission, id, now()).unwrap();
    census.ask(|tx| tx.save_join_approval(&approval));
    census.ask(|tx| tx.purge_join_requests(later()));
}

fn recoveries(census: &mut Census<'_>, Known { owner, space, membership }: &Known) {
    let [opening, confirming, appointee] = [(); 3].map(|()| census.ask(|tx| insert_owner(tx, 10)));
    let agent = |of: &Owner| Agent::of(&Session { helpdesk: true, ..session(of) }).unwrap();
    let product = census.ask(|tx| tx.lock_product(appointee.product));
    let roster = census.ask(|tx| tx.roster(space.id));
    let case = RecoveryCase { space, roster: &roster, product: &product, is_of_own_space: false };
    let named = (BTreeSet::from([membership.id]), ReasonText::parse("Un décès").unwrap());
    let opened = agent(&opening).open_recovery(&case, named, None, Uuid::from_u128(1).into(), now()).unwrap();
    let recovery = opened.recovery();
    census.ask(|tx| tx.insert_recovery(&opened));
    census.ask(|tx| tx.open_recovery(space.id));
    census.ask(|tx| tx.recoveries(None, None, 10));
    census.ask(|tx| tx.recoveries(Some(RecoveryStatus::Open), None, 10));
    census.ask(|tx| tx.recoveries_naming(owner.person.id, None, 10));
    census.ask(|tx| tx.was_member(owner.person.id, space.id));
    census.ask(|tx| tx.is_named(recovery.id, owner.person.id));
    census.ask(|tx| tx.lock_recovery(recovery.id));
    census.ask(|tx| tx.save_ended_recovery(&recovery.stop(now()).unwrap()));
    let id = Uuid::from_u128(3).into();
    let confirmed = agent(&confirming).confirm_recovery(&case, recovery, id, later()).unwrap();
    census.ask(|tx| tx.save_confirmed_recovery(&confirmed));
}

fn helpdesk(census: &mut Census<'_>, Known { owner, space, .. }: &Known) {
    census.ask(|tx| tx.lock_any_product(owner.product));
    census.ask(|tx| tx.lock_any_space(space.id));
    census.ask(|tx| tx.any_space(space.id));
    census.ask(|tx| tx.space_with_identifier(&space.identifier));
    census.ask(|tx| tx.members_count(space.id));
    census.ask(|tx| tx.is_member(owner.person.id, space.id));
    let reason = ReasonText::parse("Beaucoup d'établissements").unwrap();
    let request = LimitRequest {
        id: Uuid::from_u128(1).into(),
        product: owner.product,
        limit: 300,
        reason,
        created_at: now(),
        decision: None,
    };
    census.ask(|tx| tx.insert_limit_request(&request));
    census.ask(|tx| tx.save_limit_request(&request));
    census.ask(|tx| tx.lock_limit_request(request.id));
    census.ask(|tx| tx.open_limit_request(owner.product));
    for before in [None, Some(request.id)] {
        census.ask(|tx| tx.limit_requests_of(owner.product, before, 10));
    }
    for status in [None, Some(LimitRequestStatus::Open)] {
        census.ask(|tx| tx.limit_requests(status, None, 10));
    }
}

fn audit(census: &mut Census<'_>, space: SpaceId) {
    let chain = Chain::Space(space);
    for _ in ["the first entry of a chain", "another"] {
        census.ask(|tx| {
            tx.record(Event::new(chain, AuditAct::SpaceOpened, Actor::System, space));
            tx.append_recorded()
        });
    }
    let actor = Uuid::from_u128(1);
    let filter = |bits: u32| AuditFilter {
        act: (bits & 1 > 0).then_some(AuditAct::SpaceOpened),
        actor: (bits & 2 > 0).then_some(actor),
        from: (bits & 4 > 0).then(now),
        to: (bits & 8 > 0).then(later),
    };
    for bits in 0..16 {
        census.ask(|tx| tx.audit_entries(chain, filter(bits), None, 10));
        census.ask(|tx| tx.audit_entries(chain, filter(bits), Some(9), 10));
    }
    census.ask(|tx| tx.audit_heads("", 10));
    census.ask(|tx| tx.audit_chain(chain, 0, 10));
}

fn idempotency(census: &mut Census<'_>) {
    let answered = Answered {
        fingerprint: "fingerprint".into(),
        status: 201,
        location: None,
        etag: None,
        sealed: "sealed".into(),
    };
    census.ask(|tx| tx.take_key("scope", "fingerprint", now()));
    census.ask(|tx| tx.keep_answer("scope", &answered));
    census.ask(|tx| tx.answered("scope", now()));
    census.ask(|tx| tx.purge_keys(later()));
    census.ask(|tx| tx.free_key("scope"));
}

fn installation(census: &mut Census<'_>) {
    census.ask(|tx| tx.ping());
    census.ask(|tx| tx.set_installation_fact("name", "value"));
    census.ask(|tx| tx.installation_fact("name"));
    census.ask(|tx| tx.lock_installation_fact("lock"));
}

fn outbox(census: &mut Census<'_>) {
    census.ask(|tx| tx.send_mail("sealed"));
    census.ask(|tx| tx.outbox_figures());
    census.ask(|tx| tx.outbox_is_empty());
    census.ask(|tx| tx.outbox_is_due());
    let taken = census.ask(|tx| tx.take_messages(10, now()));
    census.ask(|tx| tx.postpone_message(&taken[0], now()));
    census.ask(|tx| tx.bury_message(&taken[0], "reason"));
    census.ask(|tx| tx.dead_letters(None, 10));
    census.ask(|tx| tx.repeat_dead_letter(taken[0].id));
    census.ask(|tx| tx.discard_dead_letter(taken[0].id));
    let taken = census.ask(|tx| tx.take_messages(10, now()));
    census.ask(|tx| tx.bury_message(&taken[0], "reason"));
    census.ask(|tx| tx.discard_dead_letters(later()));
    census.ask(|tx| tx.finish_message(&taken[0]));
}

fn recurring(census: &mut Census<'_>) {
    census.ask(|tx| tx.due_jobs(&["job"]));
    let lease = census.ask(|tx| tx.take_job("job", now())).unwrap();
    census.ask(|tx| tx.hold_job(&lease, now()));
    census.ask(|tx| tx.end_job(&lease, now()));
}

fn sealed(census: &mut Census<'_>, person: PersonId) {
    for column in SEALED {
        census.ask(|tx| tx.count_sealed(column, Some("k1")));
        let found = census.ask(|tx| tx.sealed_otherwise(column, "k1", "", 10));
        let digest = person.to_string();
        let values =
            found.into_iter().take(1).map(|was| Resealed { was, sealed: "k1:a".into(), digest: digest.clone() });
        let values: Vec<_> = values.collect();
        census.ask(|tx| tx.reseal(column, &values));
    }
}

fn invitations(census: &mut Census<'_>, Known { space, membership, .. }: &Known) {
    let guest = census.ask(|tx| insert_owner(tx, 11));
    let product = census.ask(|tx| tx.product_of(guest.product, guest.person.id)).unwrap();
    let Person { given_name, family_name, email, .. } = guest.person.clone();
    let invitee = Invitee { given_name, family_name, email, serial: product.serial.clone() };
    let offer = Offer { role: Role::Reader, scope: AccessScope::ThisProduct, membership_ends_at: None };
    let administrator = membership.administrator(Permission::Invite).unwrap();
    let id = Uuid::from_u128(1).into();
    let begun = now() - TimeDelta::days(20);
    let (change, _) = administrator.invite(id, space, (invitee, offer, 21), Rivals::default(), begun).unwrap();
    census.ask(|tx| tx.insert_invitation(&change));
    census.ask(|tx| tx.save_invitation(&change));
    census.ask(|tx| tx.rivals_of(membership.person, space.id, &product.serial));
    census.ask(|tx| tx.invitation(id));
    for before in [None, Some(id)] {
        census.ask(|tx| tx.invitations_for(std::slice::from_ref(&product.serial), before, 10));
        for status in std::iter::once(None).chain(InvitationStatus::ALL.iter().copied().map(Some)) {
            let filter = InvitationFilter { status, able: vec![membership.person], before };
            census.ask(|tx| tx.invitations_to(space.id, &filter, 10));
        }
    }
    census.ask(|tx| Ok(tx.lock_invitations_to_remind()?.0));
    let acceptor = Acceptor { person: &guest.person, product: &product, terms_accepted: true };
    let roster = census.ask(|tx| tx.roster(space.id));
    let accepted = change.invitation().accept(Uuid::from_u128(4).into(), space, &roster, acceptor, now()).unwrap();
    census.ask(|tx| tx.save_acceptance(&accepted));
    census.ask(|tx| tx.purge_invitations(later()));
}

fn system_users(census: &mut Census<'_>, Known { space, membership, .. }: &Known) {
    let administrator = membership.administrator(Permission::ApproveSystemUsers).unwrap();
    let wish = SystemUserWish {
        name: SystemUserName::parse("Payroll").unwrap(),
        rights: SystemRights::parse("read").unwrap(),
        ends_at: now() + TimeDelta::days(1),
    };
    for id in [Uuid::from_u128(1), Uuid::from_u128(2)] {
        let approved = administrator
            .approve_system_user(space, (id.into(), wish.clone()), SystemUserCounts::default(), now())
            .unwrap();
        census.ask(|tx| tx.insert_system_user(&approved, "{}"));
        census.ask(|tx| tx.save_system_user(&approved));
        census.ask(|tx| tx.client_keys(id.into()));
        census.ask(|tx| tx.save_client_keys(id.into(), "{}"));
        census.ask(|tx| tx.use_client_assertion(id.into(), "digest", now()));
        census.ask(|tx| tx.live_system_user(id.into()));
        census.ask(|tx| tx.system_user_of(id.into(), space.id));
        census.ask(|tx| tx.system_user_counts(space.id));
        for status in std::iter::once(None).chain(SystemUserStatus::ALL.iter().copied().map(Some)) {
            let filter = SystemUserFilter { status, after: Some(Uuid::nil().into()) };
            census.ask(|tx| tx.system_users_of(space.id, filter, 10));
        }
        // The one is forgotten by its age, the other with its space.
        if id == Uuid::from_u128(1) {
            census.ask(|tx| tx.purge_client_assertions(later()));
            census.ask(|tx| tx.purge_system_users(later()));
        }
    }
}

fn catalogue(census: &mut Census<'_>) {
    let (service, sector) = (service("acd.tax-cards", &["payslips"]), SectorCode::parse("taxes").unwrap());
    let versions = [vec![service.clone()], vec![], vec![service.clone()]];
    for (version, services) in std::iter::zip(1.., versions) {
        let loading = census.ask(|tx| Ok(tx.lock_catalogues()?.load(catalogue_of(version, services)).unwrap()));
        census.ask(|tx| tx.save_loading(&loading));
    }
    let nothing = Catalogue { administrations: vec![], sectors: vec![], ..catalogue_of(4, vec![]) };
    let loading = census.ask(|tx| Ok(tx.lock_catalogues()?.load(nothing).unwrap()));
    census.ask(|tx| tx.save_loading(&loading));
    census.ask(|tx| tx.service(&service.code));
    for administration in [None, Some(service.administration.clone())] {
        for sector in [None, Some(sector.clone())] {
            census.ask(|tx| tx.service_titles(&ServiceFilter { administration: administration.clone(), sector }));
        }
    }
    census.ask(|tx| tx.administration(&service.administration));
    procedure_types(census, &service);
    sources(census, &service);
    census.ask(|tx| tx.administrations());
    let services = census.ask(|tx| tx.services(std::slice::from_ref(&service.code)));
    census.ask(|tx| tx.administrations_of(&[&services[0].administration]));
    census.ask(|tx| tx.sectors_of(&[&services[0].sector]));
}

fn procedure_types(census: &mut Census<'_>, service: &Service) {
    let kind = procedure_type("acd.request", Some(service));
    for (version, types) in [(5, vec![kind.clone()]), (6, vec![]), (7, vec![kind.clone()])] {
        let catalogue = Catalogue { procedure_types: types, ..catalogue_of(version, vec![service.clone()]) };
        let loading = census.ask(|tx| Ok(tx.lock_catalogues()?.load(catalogue).unwrap()));
        census.ask(|tx| tx.save_loading(&loading));
    }
    census.ask(|tx| tx.procedure_type(&kind.kind.code));
    let all = ProcedureTypeFilter {
        administration: Some(service.administration.clone()),
        theme: Some(service.sector.clone()),
        audience: Some(SpaceKind::Professional),
    };
    for filter in [ProcedureTypeFilter::default(), all] {
        census.ask(|tx| tx.procedure_types(&filter));
    }
}

fn sources(census: &mut Census<'_>, service: &Service) {
    let source = source("acd.cards", service);
    for (version, sources) in [(8, vec![source.clone()]), (9, vec![]), (10, vec![source.clone()])] {
        let catalogue = Catalogue { sources, ..catalogue_of(version, vec![service.clone()]) };
        let loading = census.ask(|tx| Ok(tx.lock_catalogues()?.load(catalogue).unwrap()));
        census.ask(|tx| tx.save_loading(&loading));
    }
    census.ask(|tx| tx.authentic_source(&source.source.code));
    census.ask(|tx| tx.authentic_sources(SpaceKind::Professional));
    source_records(census, &source.source.code);
}

fn source_records(census: &mut Census<'_>, source: &SourceCode) {
    let id = Uuid::from_u128(77).into();
    let subject = Protected { digest: "legal person".into(), sealed: "k:sealed".into() };
    let push = |version, is_withdrawn: bool| Push {
        key: RecordKey::parse("2027-01").unwrap(),
        version: RecordVersion::new(version).unwrap(),
        content: (!is_withdrawn).then(|| RecordContent {
            subject: BusinessNumber::parse("19822200012").unwrap(),
            as_of: now(),
            fields: serde_json::Map::new(),
        }),
    };
    let said = push(1, false);
    let arrival = || Arrival { source, id, subject: Some(subject.clone()), now: now() };
    let (_, change) = said.judge(None, arrival()).unwrap();
    let change = change.unwrap();
    census.ask(|tx| {
        tx.lock_authentic_source(source)?;
        tx.save_source_record(&change, Some("k:content".into()))
    });
    let known = census.ask(|tx| tx.source_records_with(source, &[&said.key])).remove(0);
    assert_eq!((&known.record, known.sealed.as_deref()), (change.record(), Some("k:content")));
    for after in [None, Some(Uuid::nil().into())] {
        assert_eq!(census.ask(|tx| tx.source_records(source, &["legal person".into()], after, 10)).len(), 1);
    }
    assert_eq!(census.ask(|tx| tx.source_record(id, source)), Some(known.clone()));
    let subject = BusinessNumber::parse("19822200012").unwrap();
    let known = KnownRecord { record: known.record, subject, content: said.content.clone() };
    let (_, change) = push(2, true).judge(Some(&known), arrival()).unwrap();
    census.ask(|tx| tx.save_source_record(&change.unwrap(), None));
    assert_eq!(census.ask(|tx| tx.source_record(id, source)), None);
    assert!(census.ask(|tx| tx.source_records(source, &["legal person".into()], None, 10)).is_empty());
}

fn verifications(census: &mut Census<'_>, Known { owner, space, .. }: &Known) {
    let (source, id) = (SourceCode::parse("acd.cards").unwrap(), VerificationId(Uuid::from_u128(78)));
    let administration = source.administration();
    let mut known = census.ask(|tx| tx.source_records_with(&source, &[&RecordKey::parse("2027-01").unwrap()]));
    let record = known.remove(0).record;
    let (key, seen) = (record.key.clone(), record.version);
    let subject = BusinessNumber::parse("19822200012").unwrap();
    let known = KnownRecord { record, subject, content: None };
    let wrong = Discrepancy { pointer: "/name".into(), reason: ReasonText::parse("Mariée").unwrap() };
    let finding = Finding { seen, discrepancies: vec![wrong] };
    let of_record = known.record.id;
    let made = census.ask(|tx| tx.verifications_made(space.id, of_record, seen));
    let reported = known.verified((id, space.id, owner.person.id), &finding, made, now()).unwrap();
    census.ask(|tx| tx.insert_verification(&reported, Some("k:discrepancies".into())));
    let made = census.ask(|tx| tx.verifications_made(space.id, of_record, seen));
    assert_eq!((made.is_confirmed, made.is_reported), (false, true));
    let kept = census.ask(|tx| tx.lock_verification_to(id, &administration)).unwrap();
    assert_eq!((&kept.verification, kept.key), (reported.after(), key));
    assert_eq!((kept.discrepancies.as_deref(), kept.answer), (Some("k:discrepancies"), None));
    let all = VerificationFilter {
        source: Some(source),
        status: Some(VerificationStatus::Reported),
        after: Some(Uuid::nil().into()),
    };
    for filter in [VerificationFilter::default(), all] {
        assert_eq!(census.ask(|tx| tx.verifications_to(&administration, &filter, 10)).len(), 1);
    }
    for after in [None, Some(Uuid::nil().into())] {
        assert_eq!(census.ask(|tx| tx.verifications_of(space.id, of_record, after, 10)).len(), 1);
    }
    let answered = reported.after().answered(DiscrepancyDecision::Accepted, now()).unwrap();
    census.ask(|tx| tx.save_answer_to_verification(&answered, "k:answer"));
    let kept = census.ask(|tx| tx.verification_to(id, &administration)).unwrap();
    assert_eq!((&kept.verification, kept.answer.as_deref()), (answered.after(), Some("k:answer")));
    let made = census.ask(|tx| tx.verifications_made(space.id, of_record, seen));
    assert_eq!((made.is_confirmed, made.is_reported), (false, false));
}

/// A partner, as an operator makes one.
const PARTNER: &str = "
    INSERT INTO clients (id, jwks) VALUES ('00000000-0000-0000-0000-000000000007', '{}');
    INSERT INTO partners (id, administration, name, scopes, status, created_at)
        VALUES ('00000000-0000-0000-0000-000000000007', 'acd', 'Back end', 'decide_certifications', 'active', '2027-01-15 08:00:00');
";

fn procedures(census: &mut Census<'_>, known: &Known) {
    let (Known { owner, space, .. }, kind) = (known, procedure_type("acd.request", None));
    let opener = Opener { space, login: Some(Assurance::High) };
    let begun = opener.begin((Uuid::from_u128(1).into(), &kind.kind), None, 0, now()).unwrap();
    let (id, by) = (begun.after().id, &Actor::Person { person: owner.person.id, product: owner.product });
    census.ask(|tx| tx.insert_procedure(&begun, by, "sealed"));
    census.ask(|tx| tx.count_drafts(space.id));
    census.ask(|tx| tx.procedure_of(id, space.id));
    for in_bin in [false, true] {
        for kind in [None, Some(kind.kind.code.clone())] {
            for assignee in [None, Some(Uuid::from_u128(1).into())] {
                for state in [None, Some(ProcedureState::Sent)] {
                    let filter = ProcedureFilter { kind: kind.clone(), state, assignee, in_bin, after: Some(id) };
                    census.ask(|tx| tx.procedures_of(space.id, &filter, 10));
                }
            }
        }
    }
    census.ask(|tx| tx.lock_procedure_of(id, space.id));
    let edited = begun.after().edited(now()).unwrap();
    census.ask(|tx| tx.save_procedure(&edited, by, Some("sealed")));
    census.ask(|tx| tx.steps_of(id, 0, 10));
    let (content, attachments) = (Content::default(), &[attached(census, edited.after(), owner)]);
    let submission =
        Submission { procedure: edited.after(), kind: &kind, space: &space.identifier, content: &content, attachments };
    let signed = submission.signed(&session(owner), submission.digest().unwrap(), now()).unwrap();
    census.ask(|tx| tx.save_procedure(&signed, by, None));
    census.ask(|tx| tx.signatures_of(id));
    let binned = signed.after().binned(now() - TimeDelta::days(15)).unwrap();
    census.ask(|tx| tx.save_procedure(&binned, by, None));
    census.ask(|tx| tx.purge_procedures().map(drop));
    assert_eq!(census.ask(|tx| tx.doomed_files()), [attached_file()]);
    census.ask(|tx| tx.forget_files(&[attached_file()]));
    sent_procedures(census, known, kind, by);
}

fn attached_file() -> FileId {
    Uuid::from_u128(1).into()
}

/// A file that is written, scanned and attached to a procedure; another that is given up.
fn attached(census: &mut Census<'_>, procedure: &Procedure, owner: &Owner) -> AttachedFile {
    let (id, slot) = (attached_file(), AttachmentCode::parse("statutes").unwrap());
    let (media_type, digest) = (MediaType::Pdf, ContentDigest::of(b"%PDF-"));
    let file = StoredFile { media_type, size: 5, digest, scan: ScanState::Pending };
    census.ask(|tx| tx.begin_file(id, "sealed"));
    assert!(census.ask(|tx| tx.keep_file(id, &file)));
    census.ask(|tx| tx.insert_attachment(procedure.id, (id, &slot, "sealed"), (owner.person.id, now())));
    assert_eq!(census.ask(|tx| tx.attachments_of(procedure.id)).len(), 1);
    assert!(census.ask(|tx| tx.scan_is_due()));
    assert!(census.ask(|tx| tx.take_file_to_scan(now())).is_some());
    census.ask(|tx| tx.lock_procedure_with(id));
    assert!(census.ask(|tx| tx.save_scan(id, ScanState::Clean)));
    for other in [2, 3, 4].map(|other| Uuid::from_u128(other).into()) {
        census.ask(|tx| tx.begin_file(other, "sealed"));
    }
    census.ask(|tx| tx.give_up_file(Uuid::from_u128(2).into()));
    census.ask(|tx| tx.give_up_files(now() + TimeDelta::days(1)).map(drop));
    census.ask(|tx| tx.delete_attachment(Uuid::from_u128(3).into()));
    let gone = census.ask(|tx| tx.doomed_files());
    census.ask(|tx| tx.forget_files(&gone));
    let name = FileName::parse("statuts.pdf").unwrap();
    AttachedFile { slot, name, file: StoredFile { scan: ScanState::Clean, ..file } }
}

fn sent_procedures(census: &mut Census<'_>, Known { space, .. }: &Known, kind: TypeWithForm, by: &Actor) {
    let TypeWithForm { kind, form } = kind;
    let kind = ProcedureType { signature: SignatureKind::None, attachments: vec![], ..kind };
    let kind = TypeWithForm { kind, form };
    let opener = Opener { space, login: Some(Assurance::High) };
    let begun = opener.begin((Uuid::from_u128(2).into(), &kind.kind), None, 0, now()).unwrap();
    let (id, content) = (begun.after().id, Content::default());
    census.ask(|tx| tx.insert_procedure(&begun, by, "sealed"));
    let (procedure, space) = (begun.after(), &space.identifier);
    let submission = Submission { procedure, kind: &kind, space, content: &content, attachments: &[] };
    let reference = ReferenceNumber::draw(&kind.kind.code, now(), 1);
    census.ask(|tx| tx.is_reference_taken(&reference));
    let code = VerificationCode::draw([1, 2]);
    let sent = submission.sent(&[], submission.digest().unwrap(), (reference, code.clone()), now()).unwrap();
    census.ask(|tx| tx.save_procedure(&sent, by, None));
    let administration = kind.kind.code.administration();
    for state in [None, Some(ProcedureState::Sent)] {
        for kind in [None, Some(kind.kind.code.clone())] {
            let filter = ProcedureFilter { kind, state, after: Some(Uuid::nil().into()), ..ProcedureFilter::default() };
            assert_eq!(census.ask(|tx| tx.procedures_to(&administration, &filter, 10)).len(), 1);
        }
    }
    census.ask(|tx| tx.procedure_to(id, &administration));
    assert!(census.ask(|tx| tx.procedure_verified_by(&code)).is_some());
    census.ask(|tx| tx.lock_procedure_to(id, &administration));
    census.ask(|tx| tx.save_explanation(id, "sealed"));
}

fn certifications(census: &mut Census<'_>, known: &Known) {
    super::SITE.set(None);
    census.db.batch_execute(PARTNER).unwrap();
    let (Known { space, membership, .. }, service) = (known, service("acd.tax-cards", &[]));
    let asked = |capacity: Capacity, id: u128| {
        let number = Protected { digest: "digest".into(), sealed: "sealed".into() };
        let wish = CertificationWish {
            capacity,
            legal_person: number,
            domains: BTreeSet::new(),
            application: Application::default(),
            has_security_code: true,
        };
        let (id, made) = (Uuid::from_u128(id).into(), RequestsMade::default());
        let administrator = membership.administrator(Permission::ManageCertifications).unwrap();
        administrator.request_certification(space, &service, (id, &wish), made, now()).unwrap()
    };
    let (of_holder, of_agent) = (asked(Capacity::Holder, 1), asked(Capacity::Agent, 2));
    let enclosed = Enclosed { application: Some("sealed".into()), security_code: Some("hash".into()) };
    for asked in [&of_holder, &of_agent] {
        census.ask(|tx| tx.insert_certification(asked, &enclosed));
    }
    let partner = Partner {
        id: Uuid::from_u128(7).into(),
        administration: service.administration.clone(),
        name: PartnerName::parse("Back end").unwrap(),
        scopes: PartnerScopes::all(),
        status: PartnerStatus::Active,
        created_at: now(),
    };
    let (holder, agent) = (of_holder.after(), of_agent.after());
    let (reason, ends_at) = (ReasonText::parse("Dossier complet").unwrap(), Some(now() + TimeDelta::days(40)));
    let grant = |of: &Certification, principal: Option<CertificationId>| {
        let principals = Principals(principal.into_iter().collect());
        let grant = Grant { ends_at, principal, reason: reason.clone() };
        partner.grant(of, (&service, &principals), grant, now()).unwrap()
    };
    census.ask(|tx| tx.save_certification(&grant(holder, None)));
    census.ask(|tx| tx.save_certification(&grant(agent, Some(holder.id))));
    let suspended = partner.suspend(grant(holder, None).after(), reason.clone(), now()).unwrap();
    census.ask(|tx| tx.save_certification(&suspended));
    certifications_found(census, known, &service, holder);
    access_codes::take(census, known, (&service, &partner), suspended.after());
    census.ask(|tx| tx.make_agents_of_space_heed(space.id));
    for told in [1, 0] {
        assert_eq!(census.ask(|tx| Ok(tx.take_agents_to_tell()?.0)).len(), told, "the agent, and then its holder's");
    }
    census.clock = Arc::new(later);
    assert_eq!(census.ask(|tx| Ok(tx.take_certifications_to_warn()?.0)), []);
    census.ask(|tx| Ok(tx.lock_certifications_to_expire()?.0));
    census.clock = Arc::new(now);
    census.ask(|tx| tx.lock_certifications_of(&BTreeSet::from([space.id])));
}

fn certifications_found(census: &mut Census<'_>, known: &Known, service: &Service, holder: &Certification) {
    let (Known { owner, space, .. }, digests) = (known, ["digest".to_owned(), "other".to_owned()]);
    census.ask(|tx| tx.certification_of(holder.id, space.id));
    census.ask(|tx| tx.certification_to(holder.id, &service.administration));
    census.ask(|tx| tx.certifications_for(space.id, &service.code));
    census.ask(|tx| tx.certification_steps(holder.id));
    census.ask(|tx| tx.enclosed_with(holder.id));
    census.ask(|tx| tx.requests_made((owner.person.id, space.id), &service.code, &digests));
    census.ask(|tx| tx.principals(&service.code, &digests, Some(space.id)));
    census.ask(|tx| tx.agencies((space.id, &service.code), &digests));
    census.ask(|tx| tx.last_revocation((space.id, &service.code), &digests));
    census.ask(|tx| tx.lock_certification(holder.id));
    census.ask(|tx| tx.competing_certifications(holder, &digests));
    let administration = &service.administration;
    for status in std::iter::once(None).chain(CertificationStatus::ALL.iter().copied().map(Some)) {
        for (service, capacity) in [(None, None), (Some(service.code.clone()), Some(Capacity::Holder))] {
            let filter = CertificationFilter { service, status, capacity, after: None };
            census.ask(|tx| tx.certifications_of(space.id, &filter, 10));
            census.ask(|tx| tx.certifications_to(administration, &filter, 10));
        }
    }
}

fn partners(census: &mut Census<'_>) {
    let partner = partner(Uuid::from_u128(3).into());
    let administration = &partner.administration;
    census.ask(|tx| tx.insert_partner(&partner, "{}"));
    census.ask(|tx| tx.live_partner(partner.id));
    census.ask(|tx| tx.partners(None, 10));
    let edit = PartnerEdit { status: Some(PartnerStatus::Suspended), ..PartnerEdit::default() };
    census.ask(|tx| tx.edit_partner(partner.id, &edit));
    let id = Uuid::from_u128(5).into();
    let event = PartnerEvent::of_certification(administration.clone(), PartnerEventKind::CertificationRequested, id);
    census.ask(|tx| tx.announce(&event));
    census.ask(|tx| tx.untold_administrations());
    census.ask(|tx| tx.number_events(administration));
    census.ask(|tx| tx.feed(administration));
    census.ask(|tx| tx.events_of(administration, FeedPosition::default(), 10));
    census.ask(|tx| tx.purge_events(later()));
}

fn closed_spaces(census: &mut Census<'_>, Known { space, membership, .. }: &Known) {
    let closed =
        membership.administrator(Permission::CloseSpace).unwrap().close(space, now() - TimeDelta::days(60)).unwrap();
    census.ask(|tx| tx.save_space(&closed));
    census.ask(|tx| Ok(tx.lock_spaces_to_remind()?.0));
    census.ask(|tx| tx.save_space(&closed.reminded(now() - TimeDelta::days(30)).unwrap()));
    census.ask(|tx| Ok(tx.lock_spaces_to_purge()?.0));
    census.ask(|tx| tx.save_purged_space(space));
}
