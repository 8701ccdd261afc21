//! Certifications as a space sees them: it asks, waits, gives up, and may use a service for whom it is certified.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::{Actor, COMPANY, Key, World, as_holder, races, text, unless_busy, wait_until};

crate::on_both_databases!(
    a_request_is_kept_shown_and_told,
    a_space_has_one_holder_certification_for_a_service,
    the_same_is_asked_for_again_after_three_days,
    rivals_ask_for_the_same_company_and_are_answered_alike,
    a_service_says_what_it_takes,
    the_gate_opens_to_what_is_in_force,
    a_certification_ends_by_the_clock_and_its_space_is_warned,
    an_agent_depends_on_its_principal,
    what_a_purged_space_had_is_over,
    of_two_requests_at_once_one_is_taken,
    a_service_may_want_a_stronger_login,
);

const ALVA: &str = "alva.food-establishments";
const CCSS: &str = "ccss.employer-data";
const ACD: &str = "acd.tax-cards";

fn with_space(world: &World) -> (Actor, String) {
    let anna = world.founder();
    let space = anna.open_space("Boulangerie").header("location");
    (anna, space)
}

fn acts(shown: &Value) -> Vec<String> {
    shown["history"].as_array().expect("steps").iter().map(|step| text(&step["act"])).collect()
}

fn acts_in_log(actor: &Actor, space: &str, object: &Value) -> Vec<String> {
    let log = actor.get(&format!("{space}/audit-events")).expect(200);
    let events = log["data"].as_array().expect("events").iter().filter(|event| event["object"] == *object);
    events.map(|event| text(&event["act"])).collect()
}

/// The texts of the mails to somebody that are about a certification.
fn news(actor: &Actor) -> Vec<String> {
    let mails = actor.mails_to(&actor.email()).into_iter().map(|(_, text)| text);
    mails.filter(|text| text.contains("certification of the space")).collect()
}

fn companies(actor: &Actor, space: &str, service: &str) -> Value {
    actor.get(&format!("{space}/services/{service}/legal-persons")).expect(200)["data"].clone()
}

fn expect_closed(actor: &Actor, space: &str, service: &str) {
    let reply = actor.get(&format!("{space}/services/{service}/legal-persons"));
    assert_eq!(reply.expect_problem(403, "certification_required")["service"], service);
}

fn a_request_is_kept_shown_and_told(world: &World) {
    let (anna, space) = with_space(world);
    let reader = world.person();
    anna.admit(&space, &reader, "reader");
    let mut wish = as_holder(CCSS);
    wish["grounds"] = json!("Reprise de la boulangerie");
    wish["agents"] = json!([{ "spaceIdentifier": "PM-A1B2C3", "domains": ["affiliations"] }]);
    let asked = anna.ask_for_certification(&space, &wish);
    let shown = asked.expect(201);
    assert_eq!(
        (&shown["status"], &shown["capacity"], &shown["origin"], &shown["effective"]),
        (&json!("requested"), &json!("holder"), &json!("request"), &json!(false))
    );
    assert_eq!((&shown["maskedNationalNumber"], &shown["warnings"]), (&json!("*******0012"), &json!([])));
    assert!(!asked.text.contains(COMPANY), "a space's views mask the number");
    assert_eq!((&shown["grounds"], &shown["agents"][0]["domains"]), (&wish["grounds"], &json!(["affiliations"])));
    assert_eq!(acts(&shown), ["requested"]);
    assert_eq!((&shown["history"][0]["by"], &shown["history"][0]["reason"]), (&json!("space"), &Value::Null));

    let path = asked.header("location");
    assert_eq!(reader.get(&path).expect(200), shown, "every member sees it");
    let listed = reader.get(&format!("{space}/certifications?service={CCSS}&status=requested")).expect(200);
    assert_eq!(listed["data"][0]["id"], shown["id"]);
    for other in ["status=granted", "service=acd.tax-cards", "capacity=agent"] {
        assert_eq!(anna.get(&format!("{space}/certifications?{other}")).expect(200)["data"], json!([]), "{other}");
    }
    wait_until("what comes by the clock", || news(&anna).len() == 1);
    assert!(news(&reader).is_empty(), "administrators alone are written to");
    let kept = world.scratch().sql("SELECT legal_person_sealed || application_sealed FROM certifications");
    assert!(!kept.contains(COMPANY) && !kept.contains("Reprise") && !kept.contains("PM-A1B2C3"));

    let withdrawn = anna.post(&format!("{path}/withdraw"), &json!({})).expect(200);
    assert_eq!((&withdrawn["status"], acts(&withdrawn).len()), (&json!("withdrawn"), 2));
    let again = anna.post(&format!("{path}/withdraw"), &json!({})).expect_problem(409, "certification_state");
    assert_eq!(again["certificationStatus"], "withdrawn");
    assert_eq!(acts_in_log(&anna, &space, &shown["id"]), ["certification_withdrawn", "certification_requested"]);
}

fn a_space_has_one_holder_certification_for_a_service(world: &World) {
    let (anna, space) = with_space(world);
    let first = anna.ask_for_certification(&space, &as_holder(ALVA));
    let refused = anna.ask_for_certification(&space, &as_holder(ALVA)).expect_problem(409, "certification_exists");
    assert_eq!(refused["certification"], first.expect(201)["id"]);
    anna.ask_for_certification(&space, &as_holder("aed.vat-account")).expect(201);
    anna.post(&format!("{}/withdraw", first.header("location")), &json!({})).expect(200);
    anna.ask_for_certification(&space, &as_holder(ALVA)).expect(201);

    // One whose end has come keeps no other from being asked for, even before the worker has seen it.
    let other = anna.open_space("Pâtisserie").header("location");
    let old = anna.certified(&other, ALVA);
    world.scratch().sql(&format!("UPDATE certifications SET ends_at = created_at WHERE id = '{old}'"));
    anna.ask_for_certification(&other, &as_holder(ALVA)).expect(201);
    let old = anna.get(&format!("{other}/certifications/{old}")).expect(200);
    assert_eq!((&old["status"], acts(&old).last().map(String::as_str)), (&json!("expired"), Some("expired")));
}

fn the_same_is_asked_for_again_after_three_days(world: &World) {
    let (anna, space) = with_space(world);
    let colleague = world.founder();
    anna.admit(&space, &colleague, "administrator");
    let others = anna.open_space("Pâtisserie").header("location");
    let mut wish = as_holder(ACD);
    wish["securityCode"] = json!("Fiches-27");
    let first = anna.ask_for_certification(&space, &wish);
    first.expect(201);
    let hash = world.scratch().sql("SELECT security_code FROM certifications");
    assert!(hash.starts_with("$argon2id$") && !hash.contains("Fiches-27"));
    anna.post(&format!("{}/withdraw", first.header("location")), &json!({})).expect(200);
    assert_eq!(world.scratch().sql("SELECT count(*) FROM certifications WHERE security_code IS NOT NULL"), "0");

    let asked = |actor: &Actor, space: &str, number: &str| {
        let mut wish = wish.clone();
        wish["nationalNumber"] = json!(number);
        actor.ask_for_certification(space, &wish)
    };
    asked(&anna, &others, COMPANY).expect_problem(409, "reapply_too_soon");
    asked(&colleague, &space, COMPANY).expect_problem(409, "reapply_too_soon");
    asked(&colleague, &space, "19822200013").expect(201);
    let own = colleague.open_space("Fiduciaire").header("location");
    asked(&colleague, &own, COMPANY).expect(201);

    world.wait(TimeDelta::hours(72) - TimeDelta::seconds(60));
    let mut anna = anna;
    anna.log_in(0).expect(200);
    asked(&anna, &others, COMPANY).expect_problem(409, "reapply_too_soon");
    world.wait(TimeDelta::seconds(60));
    asked(&anna, &others, COMPANY).expect(201);
}

fn rivals_ask_for_the_same_company_and_are_answered_alike(world: &World) {
    let ((anna, space), (carl, rivals)) = (with_space(world), with_space(world));
    let mut wish = as_holder(ALVA);
    wish["nationalNumber"] = json!("19822200013");
    let [one, other] = [(&anna, &space), (&carl, &rivals)].map(|(actor, space)| {
        let mut shown = actor.ask_for_certification(space, &wish).expect(201);
        let warned = json!({ "pointer": "/nationalNumber", "code": "check_digits" });
        for (name, value) in warned.as_object().expect("members") {
            assert_eq!(shown["warnings"][0][name], *value, "an unusual check digit is taken, and warned of");
        }
        for of_this_one in ["id", "spaceId", "createdAt", "history"] {
            shown.as_object_mut().expect("a view").remove(of_this_one);
        }
        shown
    });
    assert_eq!(one, other);
}

fn a_service_says_what_it_takes(world: &World) {
    let (anna, space) = with_space(world);
    for service in ["itm.social-elections", "alva.none"] {
        anna.ask_for_certification(&space, &as_holder(service)).expect_problem(409, "service_not_offered");
    }
    let refused = |changes: Value, service: &str, pointer: &str, code: &str| {
        let mut wish = as_holder(service);
        wish.as_object_mut().expect("a wish").extend(changes.as_object().expect("changes").clone());
        let problem = anna.ask_for_certification(&space, &wish).expect_problem(400, "invalid_input");
        let fault = &problem["errors"][0];
        assert_eq!((&fault["pointer"], &fault["code"]), (&json!(pointer), &json!(code)), "{changes}");
    };
    refused(json!({ "capacity": "agent" }), CCSS, "/capacity", "not_applicable");
    refused(json!({ "domains": ["salaries"] }), CCSS, "/domains", "not_applicable");
    refused(json!({ "domains": ["affiliations", "affiliations"] }), CCSS, "/domains/1", "duplicate");
    refused(json!({}), ACD, "/securityCode", "missing");
    refused(json!({ "securityCode": "Fiches-27" }), CCSS, "/securityCode", "not_applicable");
    refused(json!({ "securityCode": "short" }), ACD, "/securityCode", "malformed");
    refused(json!({ "nationalNumber": "1893120105733" }), CCSS, "/nationalNumber", "check_digits");
    let agents: Vec<Value> = (0..21).map(|_| json!({ "spaceIdentifier": "PM-A1B2C3" })).collect();
    refused(json!({ "agents": agents }), CCSS, "/agents", "too_many");
    refused(json!({ "agents": [{ "spaceIdentifier": "PM" }] }), CCSS, "/agents/0/spaceIdentifier", "malformed");
    assert_eq!(anna.get(&format!("{space}/certifications")).expect(200)["data"], json!([]));
}

fn the_gate_opens_to_what_is_in_force(world: &World) {
    let (anna, space) = with_space(world);
    let reader = world.person();
    anna.admit(&space, &reader, "reader");
    anna.ask_for_certification(&space, &as_holder(ALVA)).expect(201);
    expect_closed(&reader, &space, ALVA);
    let id = anna.certified(&space, ALVA);
    let open = json!([{
        "certificationId": id, "capacity": "holder", "maskedNationalNumber": "*******0012", "domains": [],
    }]);
    assert_eq!(companies(&reader, &space, ALVA), open, "all members share it");
    expect_closed(&reader, &space, CCSS);
    decide(world, &id, "suspend", &json!({ "reason": "Dossier incomplet" }));
    expect_closed(&reader, &space, ALVA);
    decide(world, &id, "resume", &json!({ "reason": "Dossier complet" }));
    assert_eq!(companies(&reader, &space, ALVA), open);
    // Before the worker has seen it.
    world.scratch().sql(&format!("UPDATE certifications SET ends_at = created_at WHERE id = '{id}'"));
    expect_closed(&reader, &space, ALVA);
    assert_eq!(anna.get(&format!("{space}/certifications/{id}")).expect(200)["status"], "expired");
    anna.get(&format!("{space}/services/alva.none/legal-persons")).expect_problem(404, "not_found");
    world.founder().get(&format!("{space}/services/{ALVA}/legal-persons")).expect_problem(404, "not_found");
}

/// What ALVA decides on a certification for a service of its own.
fn decide(world: &World, id: &str, act: &str, decision: &Value) {
    let office = world.partner("alva", "decide_certifications", Key::strange()).log_in();
    office.post(&format!("/v1/partner/certifications/{id}/{act}"), decision).expect(200);
}

fn a_certification_ends_by_the_clock_and_its_space_is_warned(world: &World) {
    let (mut anna, space) = with_space(world);
    let id = text(&anna.ask_for_certification(&space, &as_holder(ALVA)).expect(201)["id"]);
    let end = (world.now() + TimeDelta::days(40)).format("%FT%TZ").to_string();
    decide(world, &id, "grant", &json!({ "reason": "Dossier complet", "endsAt": end }));
    let soon = |anna: &Actor| news(anna).iter().filter(|text| text.contains(" ends on ")).count();
    for (days, warned) in [(9, 0), (2, 1), (21, 1), (2, 2)] {
        world.wait(TimeDelta::days(days));
        anna.log_in(0).expect(200);
        wait_until("what comes by the clock", || soon(&anna) >= warned);
        assert_eq!(soon(&anna), warned);
    }
    world.wait(TimeDelta::days(7));
    anna.log_in(0).expect(200);
    expect_closed(&anna, &space, ALVA);
    let shown = || anna.get(&format!("{space}/certifications/{id}")).expect(200);
    wait_until("what comes by the clock", || acts(&shown()).last().map(String::as_str) == Some("expired"));
    assert_eq!((&shown()["status"], &shown()["history"][2]["by"]), (&json!("expired"), &json!("portal")));
    wait_until("what comes by the clock", || news(&anna).iter().any(|text| text.contains("has expired")));
    let acts = ["certification_expired", "certification_granted", "certification_requested"];
    assert_eq!(acts_in_log(&anna, &space, &shown()["id"]), acts);
}

fn an_agent_depends_on_its_principal(world: &World) {
    let ((anna, space), (fiduciary, office)) = (with_space(world), with_space(world));
    let holder = anna.certified(&space, CCSS);
    let handed_out = json!({ "accessCode": anna.hand_out(&space, &holder)["accessCode"] });
    let agent = fiduciary.post(&format!("{office}/certifications/activate"), &handed_out).expect(200);
    let agent = text(&agent["id"]);
    let shown = || fiduciary.get(&format!("{office}/certifications/{agent}")).expect(200);
    assert_eq!(
        (&shown()["effective"], companies(&fiduciary, &office, CCSS).as_array().map(Vec::len)),
        (&json!(true), Some(1))
    );

    anna.post(&format!("{space}/close"), &json!({})).expect(200);
    expect_closed(&fiduciary, &office, CCSS);
    assert_eq!((&shown()["status"], &shown()["effective"]), (&json!("granted"), &json!(false)));
    world.wait(TimeDelta::minutes(2));
    wait_until("what comes by the clock", || acts(&shown()).last().map(String::as_str) == Some("principal_lapsed"));
    wait_until("what comes by the clock", || news(&fiduciary).iter().any(|text| text.contains("has no effect")));

    anna.post(&format!("{space}/restore"), &json!({})).expect(200);
    assert_eq!(companies(&fiduciary, &office, CCSS)[0]["certificationId"], agent.as_str(), "at once, without any job");
    world.wait(TimeDelta::minutes(2));
    wait_until("what comes by the clock", || acts(&shown()).last().map(String::as_str) == Some("principal_returned"));

    anna.post(&format!("{space}/certifications/{holder}/withdraw"), &json!({})).expect(200);
    expect_closed(&fiduciary, &office, CCSS);
    world.wait(TimeDelta::minutes(2));
    wait_until("what comes by the clock", || {
        acts(&shown()).iter().filter(|act| *act == "principal_lapsed").count() == 2
    });
}

fn what_a_purged_space_had_is_over(world: &World) {
    let (anna, space) = with_space(world);
    anna.ask_for_certification(&space, &as_holder(ALVA)).expect(201);
    let id = anna.certified(&space, "aed.vat-account");
    anna.post(&format!("{space}/close"), &json!({})).expect(200);
    world.scratch().sql(
        "UPDATE spaces SET purge_at = created_at, purge_reminded_at = '2020-01-01 00:00:00' WHERE state = 'closed'",
    );
    world.wait(TimeDelta::hours(2));
    wait_until("what comes by the clock", || {
        world.scratch().sql("SELECT count(*) FROM spaces WHERE state = 'purged'") == "1"
    });
    let withdrawn = "SELECT count(*) FROM certifications WHERE status = 'withdrawn' AND application_sealed IS NULL";
    assert_eq!(world.scratch().sql(withdrawn), "2");
    let last = format!(
        "SELECT act || ' ' || party FROM certification_steps WHERE certification_id = '{id}' ORDER BY position DESC LIMIT 1"
    );
    assert_eq!(world.scratch().sql(&last), "withdrawn portal", "its history is kept");
}

fn of_two_requests_at_once_one_is_taken(world: &World) {
    for _ in 0..races() {
        let (anna, space) = with_space(world);
        let colleague = world.founder();
        anna.admit(&space, &colleague, "administrator");
        let askers = [&anna, &colleague];
        let replies = crate::support::crowd(2, 2, |job| {
            unless_busy(|| askers[job].ask_for_certification(&space, &as_holder(ALVA)))
        });
        let mut statuses: Vec<u16> = replies.iter().map(|reply| reply.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409]);
        let listed = anna.get(&format!("{space}/certifications")).expect(200);
        assert_eq!(listed["data"].as_array().map(Vec::len), Some(1));
    }
}

fn a_service_may_want_a_stronger_login(world: &World) {
    let (anna, space) = with_space(world);
    world.scratch().sql(&format!("UPDATE services SET least_assurance = 'high' WHERE code = '{ALVA}'"));
    let mut weak = anna.clone();
    weak.log_in_at(0, "substantial").expect(200);
    let refused = weak.ask_for_certification(&space, &as_holder(ALVA));
    assert_eq!(refused.expect_problem(401, "insufficient_user_authentication")["acrValues"], "high");
    weak.log_in_at(0, "high").expect(200);
    weak.ask_for_certification(&space, &as_holder(ALVA)).expect(201);
}
