//! Access codes: an administration, or a holder, hands one out; a space that knows it is certified by it, once.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::{
    metrics::Watched,
    support::{Actor, COMPANY, Database, Key, Reply, Scratch, World, as_holder, races, text, unless_busy, wait_until},
};

crate::on_both_databases!(
    a_code_by_letter_certifies_a_space_for_social_elections,
    an_employer_and_its_fiduciary_come_to_the_tax_cards,
    agents_of_two_domains_see_each_their_own,
    whatever_is_wrong_with_a_code_is_answered_alike,
    five_wrong_security_codes_lock_a_code,
    twenty_codes_in_vain_are_enough_for_a_day,
    a_code_is_shown_once,
    an_administration_sees_and_withdraws_what_it_issued,
    a_holder_hands_out_a_hundred_codes_at_most,
    one_code_activated_twice_at_once_certifies_one_space,
    codes_are_forgotten_when_their_time_is_long_over,
    a_space_is_an_agent_once_a_principal_and_no_old_code_undoes_its_end,
    a_holder_hears_that_its_code_was_locked,
);

const ITM: &str = "itm.social-elections";
const ACD: &str = "acd.tax-cards";
const CCSS: &str = "ccss.employer-data";

const SECRET: &str = "Fiches-27";
const ISSUE: &str = "issue_access_codes";

/// Somebody with a professional space, whose path this is.
fn with_space(world: &World, title: &str) -> (Actor, String) {
    let founder = world.founder();
    let space = founder.open_space(title).header("location");
    (founder, space)
}

/// The back end of an administration, with a token to issue codes.
fn office(world: &World, administration: &str) -> Actor {
    world.partner(administration, ISSUE, Key::strange()).log_in()
}

fn issue(office: &Actor, wish: &Value) -> Value {
    office.post("/v1/partner/access-codes", wish).expect(201)
}

fn for_company(service: &str, capacity: &str) -> Value {
    json!({ "service": service, "capacity": capacity, "nationalNumber": COMPANY })
}

fn activate(actor: &Actor, space: &str, what: &Value) -> Reply {
    actor.post(&format!("{space}/certifications/activate"), what)
}

fn with_code(code: &Value) -> Value {
    json!({ "accessCode": code["accessCode"] })
}

fn hand_out(actor: &Actor, holder: &str, wish: &Value) -> Reply {
    actor.post(&format!("{holder}/agent-access-codes"), wish)
}

fn companies(actor: &Actor, space: &str, service: &str) -> Reply {
    actor.get(&format!("{space}/services/{service}/legal-persons"))
}

fn subjects(actor: &Actor) -> Vec<String> {
    actor.mails_to(&actor.email()).into_iter().map(|(subject, _)| subject).collect()
}

/// The path of the holder certification that the space has by a code of the administration.
fn holder_by_code(world: &World, actor: &Actor, space: &str, service: &str) -> String {
    let administration = service.split('.').next().expect("a code");
    let code = issue(&office(world, administration), &for_company(service, "holder"));
    activate(actor, space, &with_code(&code)).header("location")
}

fn a_code_by_letter_certifies_a_space_for_social_elections(world: &World) {
    let (anna, space) = with_space(world, "Boulangerie");
    let itm = office(world, "itm");
    let mut wish = for_company(ITM, "holder");
    wish["nationalNumberWanted"] = json!(true);
    let code = issue(&itm, &wish);
    assert_eq!((&code["status"], &code["maskedNationalNumber"]), (&json!("issued"), &json!("*******0012")));
    companies(&anna, &space, ITM).expect_problem(403, "certification_required");

    // As people write it who read it off a letter.
    let written = text(&code["accessCode"]).to_lowercase().replace('-', " ");
    let reply = activate(&anna, &space, &json!({ "accessCode": written, "nationalNumber": COMPANY }));
    let granted = reply.expect(200);
    assert_eq!((&granted["status"], &granted["origin"]), (&json!("granted"), &json!("access_code")));
    assert_eq!((&granted["effective"], &granted["history"][0]["by"]), (&json!(true), &json!("space")));
    assert_eq!(anna.get(&reply.header("location")).expect(200), granted);
    assert_eq!(companies(&anna, &space, ITM).expect(200)["data"][0]["certificationId"], granted["id"]);
    wait_until("a mail of the certification", || subjects(&anna).len() >= 2);

    let seen = itm.get(&format!("/v1/partner/access-codes/{}", text(&code["id"]))).expect(200);
    let identifier = anna.get(&space).expect(200)["identifier"].clone();
    assert_eq!((&seen["status"], &seen["activatedBy"]["spaceIdentifier"]), (&json!("used"), &identifier));
    assert_eq!(seen["activatedBy"]["certificationId"], granted["id"]);
    let acts = anna.get(&format!("{space}/audit-events?act=certification_granted")).expect(200);
    assert_eq!(acts["data"][0]["object"], granted["id"]);
    let kept = world.scratch().sql("SELECT count(*) FROM partner_events WHERE kind = 'certification.granted'");
    assert_eq!(kept, "1");
    activate(&anna, &space, &json!({ "accessCode": code["accessCode"], "nationalNumber": COMPANY }))
        .expect_problem(409, "access_code_invalid");
}

fn an_employer_and_its_fiduciary_come_to_the_tax_cards(world: &World) {
    let (anna, space) = with_space(world, "Boulangerie");
    let (bert, bureau) = with_space(world, "Fiduciaire");
    let mut wish = as_holder(ACD);
    wish["securityCode"] = json!(SECRET);
    let asked = anna.ask_for_certification(&space, &wish).expect(201);
    let acd = office(world, "acd");
    let code = issue(&acd, &json!({ "request": asked["id"] }));
    assert_eq!((&code["request"], &code["hasSecurityCode"]), (&asked["id"], &json!(true)));
    let mut known = with_code(&code);
    known["securityCode"] = json!(SECRET);
    // Only where it was asked for.
    activate(&bert, &bureau, &known).expect_problem(409, "access_code_invalid");
    let granted = activate(&anna, &space, &known);
    assert_eq!((&granted.expect(200)["id"], &granted.json["status"]), (&asked["id"], &json!("granted")));
    let holder = granted.header("location");

    let identifier = bert.get(&bureau).expect(200)["identifier"].clone();
    let wish = json!({ "spaceIdentifier": identifier, "securityCode": "agent-1" });
    let code = hand_out(&anna, &holder, &wish).expect(201);
    let certified = activate(&bert, &bureau, &json!({ "accessCode": code["accessCode"], "securityCode": "agent-1" }));
    assert_eq!((&certified.expect(200)["capacity"], &certified.json["effective"]), (&json!("agent"), &json!(true)));
    let agent = text(&certified.json["id"]);
    let seen = anna.get(&format!("{holder}/agents")).expect(200)["data"][0].clone();
    assert_eq!((&seen["id"], &seen["spaceIdentifier"]), (&certified.json["id"], &identifier));
    let handed = anna.get(&format!("{holder}/agent-access-codes")).expect(200)["data"][0].clone();
    assert_eq!((&handed["status"], &handed["activatedBy"]["spaceIdentifier"]), (&json!("used"), &identifier));
    wait_until("a mail of the agent", || subjects(&anna).contains(&"News of an agent".to_owned()));

    // The gate joins: nobody tells the agent's certification that the holder's was suspended.
    let suspended =
        |status| format!("UPDATE certifications SET status = '{status}' WHERE id = '{}'", text(&asked["id"]));
    world.scratch().sql(&suspended("suspended"));
    companies(&bert, &bureau, ACD).expect_problem(403, "certification_required");
    assert_eq!(anna.get(&format!("{holder}/agents")).expect(200)["data"][0]["effective"], false);
    hand_out(&anna, &holder, &wish).expect_problem(409, "certification_state");
    world.scratch().sql(&suspended("granted"));
    companies(&bert, &bureau, ACD).expect(200);

    let end = format!("{holder}/agents/{agent}/end");
    let ended = anna.post(&end, &json!({ "reason": "The mandate has ended" })).expect(200);
    assert_eq!((&ended["status"], &ended["effective"]), (&json!("revoked"), &json!(false)));
    companies(&bert, &bureau, ACD).expect_problem(403, "certification_required");
    anna.post(&end, &json!({ "reason": "Once more" })).expect_problem(409, "certification_state");
    let told = bert.get(&format!("{bureau}/certifications/{agent}")).expect(200)["history"][1].clone();
    assert_eq!((&told["by"], &told["reason"]), (&json!("principal"), &json!("The mandate has ended")));
    for (who, own) in [(&anna, &space), (&bert, &bureau)] {
        let log = who.get(&format!("{own}/audit-events?act=certification_revoked")).expect(200);
        assert_eq!(log["data"][0]["object"], agent, "both spaces' logs have it");
    }
}

fn agents_of_two_domains_see_each_their_own(world: &World) {
    let (anna, space) = with_space(world, "Boulangerie");
    let holder = holder_by_code(world, &anna, &space, CCSS);
    let service = anna.get(&format!("/v1/certifiable-services/{CCSS}")).expect(200);
    let domains: Vec<_> = service["domains"].as_array().expect("domains").iter().take(2).collect();
    for domain in &domains {
        let (office, bureau) = with_space(world, "Fiduciaire");
        let code = hand_out(&anna, &holder, &json!({ "domains": [domain["code"]] })).expect(201);
        activate(&office, &bureau, &with_code(&code)).expect(200);
        let open = companies(&office, &bureau, CCSS).expect(200);
        assert_eq!(open["data"][0]["domains"], json!([domain["code"]]));
        office
            .post(
                &format!("{bureau}/certifications/{}/withdraw", text(&open["data"][0]["certificationId"])),
                &json!({}),
            )
            .expect(200);
    }
    assert_eq!(domains.len(), 2);
    let unknown = hand_out(&anna, &holder, &json!({ "domains": ["horses"] })).expect_problem(400, "invalid_input");
    assert_eq!(unknown["errors"][0]["pointer"], "/domains");
    let agents = anna.get(&format!("{holder}/agents")).expect(200)["data"].clone();
    let stand: Vec<_> = agents.as_array().expect("agents").iter().map(|agent| text(&agent["status"])).collect();
    assert_eq!(stand, ["withdrawn", "withdrawn"]);
    let news = || subjects(&anna).iter().filter(|subject| *subject == "News of an agent").count();
    wait_until("mails of agents that came and gave up", || news() == 4);
}

/// A problem as it came, but for what is of the one request.
fn answered(reply: &Reply) -> (u16, Value, Vec<String>) {
    let mut problem = reply.json.clone();
    for own in ["requestId", "instance"] {
        problem.as_object_mut().expect("a problem").remove(own);
    }
    let mut headers: Vec<_> = reply.headers.keys().map(ToString::to_string).collect();
    headers.sort_unstable();
    (reply.status, problem, headers)
}

fn whatever_is_wrong_with_a_code_is_answered_alike(world: &World) {
    let (anna, space) = with_space(world, "Boulangerie");
    let (bert, bureau) = with_space(world, "Fiduciaire");
    let (itm, acd) = (office(world, "itm"), office(world, "acd"));
    let letter = |wish: &Value| issue(&itm, wish);
    let elsewhere = bert.get(&bureau).expect(200)["identifier"].clone();
    let plain = for_company(ITM, "holder");

    let used = letter(&plain);
    activate(&bert, &bureau, &with_code(&used)).expect(200);
    let withdrawn = letter(&plain);
    itm.post(&format!("/v1/partner/access-codes/{}/withdraw", text(&withdrawn["id"])), &json!({})).expect(200);
    let with = |name: &str, value: Value| {
        let mut wish = plain.clone();
        wish[name] = value;
        letter(&wish)
    };
    let expired = with("expiresAt", json!(world.now() + TimeDelta::minutes(1)));
    let of_another_space = with("spaceIdentifier", elsewhere);
    let bound = with("nationalNumberWanted", json!(true));
    let mut secured_wish = for_company(ACD, "holder");
    secured_wish["securityCode"] = json!(SECRET);
    let secured = issue(&acd, &secured_wish);
    let holder = holder_by_code(world, &anna, &space, CCSS);
    let own = hand_out(&anna, &holder, &json!({})).expect(201);
    world.wait(TimeDelta::minutes(2));

    let unknown = json!({ "accessCode": "0".repeat(32) });
    let mut wrong_number = with_code(&bound);
    wrong_number["nationalNumber"] = json!("19822200013");
    let mut wrong_secret = with_code(&secured);
    wrong_secret["securityCode"] = json!("Fiches-28");
    let first = activate(&anna, &space, &unknown);
    first.expect_problem(409, "access_code_invalid");
    let wrong = [
        with_code(&used),
        with_code(&withdrawn),
        with_code(&expired),
        with_code(&of_another_space),
        with_code(&bound),
        wrong_number,
        wrong_secret,
        with_code(&secured),
        with_code(&own),
    ];
    for wrong in &wrong {
        assert_eq!(answered(&activate(&anna, &space, wrong)), answered(&first), "{wrong}");
    }
    assert_eq!(world.scratch().sql("SELECT max(wrong_tries) FROM access_codes"), "2", "of the one that is right");
}

/// Whatever is wrong, one security code is tried, so that the time tells nothing; none for who may try no more.
fn every_try_takes_one_hash(database: Database) {
    let mut scratch = Scratch::new(database);
    let watched = Watched::serve(&mut scratch);
    let somebody = || {
        let founder = Actor::newcomer(&watched.server.anonymous(), &["eid"]);
        founder.accept_terms();
        let space = founder.open_space("Boulangerie").header("location");
        (founder, space)
    };
    let ((anna, space), (bert, bureau)) = (somebody(), somebody());
    let mut wish = as_holder(ACD);
    wish["securityCode"] = json!(SECRET);
    let tax_cards = anna.ask_for_certification(&space, &wish).header("location");
    let data = anna.certified(&space, CCSS);
    anna.backstage().sql("UPDATE certifications SET status = 'granted'");
    let plain = hand_out(&anna, &format!("{space}/certifications/{data}"), &json!({})).expect(201);
    let secured = hand_out(&anna, &tax_cards, &json!({ "securityCode": SECRET })).expect(201);
    let wrong = json!({ "accessCode": secured["accessCode"], "securityCode": "Fiches-28" });
    let tried = || watched.figure("security_codes_tried_total");
    for (who, own, known, status) in [
        (&bert, &bureau, json!({ "accessCode": "0".repeat(32) }), 409),
        (&anna, &space, with_code(&plain), 409),
        (&bert, &bureau, with_code(&secured), 409),
        (&bert, &bureau, wrong, 409),
        (&bert, &bureau, with_code(&plain), 200),
        (&bert, &bureau, with_code(&plain), 409),
    ] {
        let before = tried();
        assert_eq!(activate(who, own, &known).status, status, "{known}");
        assert_eq!(tried(), before + 1, "{known}");
    }
    let unknown = json!({ "accessCode": "0".repeat(32) });
    let answers = (0..20).map(|_| activate(&bert, &bureau, &unknown));
    let refused = answers.filter(|reply| reply.json["code"] == "activation_limit_reached").count();
    assert_eq!((refused, tried()), (4, 6 + 16));
}

#[test]
fn every_try_takes_one_hash_on_sqlite() {
    every_try_takes_one_hash(Database::Sqlite);
}

#[test]
fn every_try_takes_one_hash_on_postgres() {
    every_try_takes_one_hash(Database::Postgres);
}

fn five_wrong_security_codes_lock_a_code(world: &World) {
    let (anna, space) = with_space(world, "Boulangerie");
    let acd = office(world, "acd");
    let mut wish = for_company(ACD, "holder");
    wish["securityCode"] = json!(SECRET);
    let code = issue(&acd, &wish);
    let try_it = |secret: &str| {
        let mut known = with_code(&code);
        known["securityCode"] = json!(secret);
        activate(&anna, &space, &known)
    };
    let locked = || world.scratch().sql("SELECT count(*) FROM partner_events WHERE kind = 'access_code.locked'");
    for _ in 0..4 {
        try_it("Fiches-28").expect_problem(409, "access_code_invalid");
    }
    assert_eq!(locked(), "0");
    try_it("Fiches-28").expect_problem(409, "access_code_invalid");
    assert_eq!(locked(), "1");
    try_it(SECRET).expect_problem(409, "access_code_invalid");
    let seen = acd.get(&format!("/v1/partner/access-codes/{}", text(&code["id"]))).expect(200);
    assert_eq!((&seen["status"], &seen["wrongTries"]), (&json!("locked"), &json!(5)));
    assert_eq!(locked(), "1");
    let next = issue(&acd, &wish);
    activate(&anna, &space, &json!({ "accessCode": next["accessCode"], "securityCode": SECRET })).expect(200);
}

fn twenty_codes_in_vain_are_enough_for_a_day(world: &World) {
    let (mut anna, space) = with_space(world, "Boulangerie");
    let colleague = world.founder();
    anna.admit(&space, &colleague, "administrator");
    let itm = office(world, "itm");
    let unknown = json!({ "accessCode": "0".repeat(32) });
    for _ in 0..20 {
        activate(&anna, &space, &unknown).expect_problem(409, "access_code_invalid");
    }
    let code = with_code(&issue(&itm, &for_company(ITM, "holder")));
    let refused = activate(&anna, &space, &code).expect_problem(409, "activation_limit_reached");
    assert_eq!(refused["limit"], 20);
    let others = anna.open_space("Café").header("location");
    activate(&anna, &others, &code).expect_problem(409, "activation_limit_reached");
    activate(&colleague, &space, &code).expect_problem(409, "activation_limit_reached");
    let own = colleague.open_space("Atelier").header("location");
    activate(&colleague, &own, &unknown).expect_problem(409, "access_code_invalid");
    world.wait(TimeDelta::hours(24));
    anna.log_in(0).expect(200);
    let headers = [("content-type", "application/json"), ("idempotency-key", "letter-1")];
    let path = format!("{space}/certifications/activate");
    let again = || anna.send("POST", &path, &headers, code.to_string().into_bytes()).expect(200);
    let granted = again();
    for _ in 0..20 {
        activate(&anna, &space, &unknown).expect_problem(409, "access_code_invalid");
    }
    assert_eq!(again(), granted, "what was answered is answered again, however often one guessed since");
    world.wait(TimeDelta::hours(24));
    wait_until("old tries are forgotten", || world.scratch().sql("SELECT count(*) FROM activation_failures") == "0");
}

fn a_space_is_an_agent_once_a_principal_and_no_old_code_undoes_its_end(world: &World) {
    let (anna, space) = with_space(world, "Boulangerie");
    let (mut bert, bureau) = with_space(world, "Fiduciaire");
    let holder = holder_by_code(world, &anna, &space, CCSS);
    let code = || with_code(&hand_out(&anna, &holder, &json!({})).expect(201));
    let (first, second) = (code(), code());
    let agent = activate(&bert, &bureau, &first).expect(200)["id"].clone();
    let exists = activate(&bert, &bureau, &second).expect_problem(409, "certification_exists");
    assert_eq!(exists["certification"], agent);

    let is_effective = || anna.get(&format!("{holder}/agents")).expect(200)["data"][0]["effective"].clone();
    assert_eq!(is_effective(), true);
    bert.post(&format!("{bureau}/close"), &json!({})).expect(200);
    assert_eq!(is_effective(), false, "its space is closed");
    bert.log_in(0).expect(200);
    bert.post(&format!("{bureau}/restore"), &json!({})).expect(200);
    assert_eq!(is_effective(), true);

    let end = format!("{holder}/agents/{}/end", text(&agent));
    anna.post(&end, &json!({ "reason": "The mandate has ended" })).expect(200);
    activate(&bert, &bureau, &second).expect_problem(409, "access_code_invalid");
    activate(&bert, &bureau, &code()).expect(200);
}

fn a_holder_hears_that_its_code_was_locked(world: &World) {
    let (anna, space) = with_space(world, "Boulangerie");
    let (bert, bureau) = with_space(world, "Fiduciaire");
    let acd = office(world, "acd");
    let mut wish = for_company(ACD, "holder");
    wish["securityCode"] = json!(SECRET);
    let mut known = with_code(&issue(&acd, &wish));
    known["securityCode"] = json!(SECRET);
    let holder = activate(&anna, &space, &known).header("location");
    let code = hand_out(&anna, &holder, &json!({ "securityCode": "agent-1" })).expect(201);
    let known = json!({ "accessCode": code["accessCode"], "securityCode": "agent-2" });
    for _ in 0..5 {
        activate(&bert, &bureau, &known).expect_problem(409, "access_code_invalid");
    }
    let log = anna.get(&format!("{space}/audit-events?act=access_code_locked")).expect(200);
    assert_eq!((&log["data"][0]["object"], log["data"].as_array().expect("events").len()), (&code["id"], 1));
    wait_until("a mail of it", || subjects(&anna).contains(&"An access code is locked".to_owned()));
    let kept =
        world.scratch().sql("SELECT count(*) FROM access_codes WHERE status <> 'issued' AND security_code IS NOT NULL");
    assert_eq!(kept, "0", "what is over needs no security code");
    let told = world.scratch().sql("SELECT count(*) FROM partner_events WHERE kind = 'access_code.locked'");
    assert_eq!(told, "0", "the administration has nothing to do with it");
}

fn a_code_is_shown_once(world: &World) {
    let (anna, space) = with_space(world, "Boulangerie");
    let (itm, holder) = (office(world, "itm"), holder_by_code(world, &anna, &space, CCSS));
    let send = |who: &Actor, path: &str, wish: &Value, key: &str| {
        let headers = [("content-type", "application/json"), ("idempotency-key", key)];
        who.send("POST", path, &headers, wish.to_string().into_bytes())
    };
    let handed_out = format!("{holder}/agent-access-codes");
    for (who, path, wish) in
        [(&itm, "/v1/partner/access-codes", for_company(ITM, "holder")), (&anna, handed_out.as_str(), json!({}))]
    {
        let shown = send(who, path, &wish, "letter-1").expect(201);
        let again = send(who, path, &wish, "letter-1").expect_problem(409, "already_done");
        assert_eq!(again["made"], shown["id"]);
        let other = json!({ "expiresAt": "2027-01-20T08:00:00Z" });
        send(who, path, &other, "letter-1").expect_problem(422, "idempotency_key_reused");
        let listed = who.get(path).expect(200);
        assert_eq!(listed["data"].as_array().expect("codes").len(), 1, "nothing was done twice");
        let secret = text(&shown["accessCode"]);
        assert!(!listed.to_string().contains(&secret) && listed["data"][0].get("accessCode").is_none());
        let bare = secret.replace('-', "");
        let kept = world.scratch().sql("SELECT digest FROM access_codes");
        assert!(!kept.contains(&secret) && !kept.contains(&bare));
    }
}

fn an_administration_sees_and_withdraws_what_it_issued(world: &World) {
    let (anna, space) = with_space(world, "Boulangerie");
    let (itm, acd) = (office(world, "itm"), office(world, "acd"));
    let code = issue(&itm, &for_company(ITM, "holder"));
    let path = format!("/v1/partner/access-codes/{}", text(&code["id"]));
    let nobodys = acd.get("/v1/partner/access-codes/019d6c3e-8c00-7000-8000-000000000000");
    for reply in [acd.get(&path), acd.post(&format!("{path}/withdraw"), &json!({}))] {
        assert_eq!((reply.status, &reply.json["code"]), (404, &nobodys.json["code"]));
    }
    acd.post("/v1/partner/access-codes", &for_company(ITM, "holder")).expect_problem(409, "service_not_offered");
    assert_eq!(acd.get("/v1/partner/access-codes").expect(200)["data"], json!([]));
    for (filter, count) in [("status=issued", 1), ("status=used", 0), ("service=itm.social-elections", 1)] {
        let listed = itm.get(&format!("/v1/partner/access-codes?{filter}")).expect(200);
        assert_eq!(listed["data"].as_array().expect("codes").len(), count, "{filter}");
    }
    let withdrawn = itm.post(&format!("{path}/withdraw"), &json!({})).expect(200);
    assert_eq!(withdrawn["status"], "withdrawn");
    let again = itm.post(&format!("{path}/withdraw"), &json!({})).expect_problem(409, "access_code_state");
    assert_eq!(again["accessCodeStatus"], "withdrawn");
    activate(&anna, &space, &with_code(&code)).expect_problem(409, "access_code_invalid");
    let reader = world.partner("itm", "read_events", Key::strange()).log_in();
    reader.get(&path).expect_problem(403, "scope_not_granted");
    anna.get(&path).expect_problem(403, "partners_only");

    // Where the company is here, an agent's code says whose agent the space becomes.
    let ccss = office(world, "ccss");
    let holder = holder_by_code(world, &anna, &space, CCSS);
    let mut wish = for_company(CCSS, "agent");
    let wanted = ccss.post("/v1/partner/access-codes", &wish).expect_problem(409, "principal_required");
    assert!(holder.ends_with(wanted["principals"][0].as_str().expect("an id")), "{wanted}");
    wish["principal"] = wanted["principals"][0].clone();
    assert_eq!(issue(&ccss, &wish)["principal"], wish["principal"]);
}

fn a_holder_hands_out_a_hundred_codes_at_most(world: &World) {
    let (anna, space) = with_space(world, "Boulangerie");
    let reader = world.person();
    anna.admit(&space, &reader, "reader");
    let holder = holder_by_code(world, &anna, &space, CCSS);
    let first = hand_out(&anna, &holder, &json!({})).expect(201);
    for _ in 1..100 {
        hand_out(&anna, &holder, &json!({})).expect(201);
    }
    let full = hand_out(&anna, &holder, &json!({})).expect_problem(409, "access_code_limit_reached");
    assert_eq!(full["limit"], 100);
    let withdraw = format!("{holder}/agent-access-codes/{}/withdraw", text(&first["id"]));
    assert_eq!(anna.post(&withdraw, &json!({})).expect(200)["status"], "withdrawn");
    anna.post(&withdraw, &json!({})).expect_problem(409, "access_code_state");
    hand_out(&anna, &holder, &json!({})).expect(201);

    let log = anna.get(&format!("{space}/audit-events?act=access_code_withdrawn")).expect(200);
    assert_eq!(log["data"][0]["object"], first["id"]);
    reader.get(&format!("{holder}/agents")).expect(200);
    for refused in [reader.get(&format!("{holder}/agent-access-codes")), hand_out(&reader, &holder, &json!({}))] {
        refused.expect_problem(403, "administrator_required");
    }
}

fn one_code_activated_twice_at_once_certifies_one_space(world: &World) {
    let itm = office(world, "itm");
    for _ in 0..races() {
        let spaces = [with_space(world, "Boulangerie"), with_space(world, "Pâtisserie")];
        let code = with_code(&issue(&itm, &for_company(ITM, "holder")));
        let statuses = std::thread::scope(|scope| {
            let tries: Vec<_> = spaces
                .iter()
                .map(|(who, space)| scope.spawn(|| unless_busy(|| activate(who, space, &code)).status))
                .collect();
            tries.into_iter().map(|tried| tried.join().expect("an answer")).collect::<Vec<_>>()
        });
        let (mut won, mut lost) = (0, 0);
        for status in statuses {
            if status == 200 { won += 1 } else { lost += 1 }
        }
        assert_eq!((won, lost), (1, 1));
        let open = spaces.iter().filter(|(who, space)| companies(who, space, ITM).status == 200).count();
        assert_eq!(open, 1);
    }
}

fn codes_are_forgotten_when_their_time_is_long_over(world: &World) {
    let (anna, space) = with_space(world, "Boulangerie");
    let itm = office(world, "itm");
    activate(&anna, &space, &with_code(&issue(&itm, &for_company(ITM, "holder")))).expect(200);
    issue(&itm, &for_company(ITM, "holder"));
    world.wait(TimeDelta::days(366 + 180));
    wait_until("old codes are forgotten", || world.scratch().sql("SELECT count(*) FROM access_codes") == "0");
    assert_eq!(world.scratch().sql("SELECT count(*) FROM certifications"), "1");
}
