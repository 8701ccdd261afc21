//! What an administration decides on certifications: it alone, once, and with effect on the next request.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::{Actor, COMPANY, Key, Reply, World, as_holder, crowd, races, text, unless_busy};

crate::on_both_databases!(
    a_request_is_taken_up_granted_suspended_resumed_and_revoked,
    a_request_is_refused_and_asked_for_again,
    an_administration_sees_who_competes_and_nothing_of_others,
    two_agents_are_named_in_two_domains,
    an_agents_request_is_granted_under_the_holder_who_is_here,
    of_two_officials_one_decides,
    what_is_withdrawn_is_not_granted,
    what_is_granted_is_revoked_once,
    the_feed_is_told_of_each_step,
);

const ALVA: &str = "alva.food-establishments";
const CCSS: &str = "ccss.employer-data";
const VAT: &str = "aed.vat-account";
const CERTIFICATIONS: &str = "/v1/partner/certifications";

fn with_space(world: &World) -> (Actor, String) {
    let anna = world.founder();
    let space = anna.open_space("Boulangerie").header("location");
    (anna, space)
}

fn office(world: &World, administration: &str) -> Actor {
    world.partner(administration, "read_certifications,decide_certifications", Key::strange()).log_in()
}

fn decide(office: &Actor, id: &Value, act: &str) -> Reply {
    let id = id.as_str().expect("an id");
    office.post(&format!("{CERTIFICATIONS}/{id}/{act}"), &json!({ "reason": "Dossier complet" }))
}

fn gate(actor: &Actor, space: &str, service: &str) -> u16 {
    actor.get(&format!("{space}/services/{service}/legal-persons")).status
}

fn a_request_is_taken_up_granted_suspended_resumed_and_revoked(world: &World) {
    let (anna, space) = with_space(world);
    let alva = office(world, "alva");
    let mut wish = as_holder(ALVA);
    wish["grounds"] = json!("Reprise de la boulangerie");
    let asked = anna.ask_for_certification(&space, &wish);
    let (id, path) = (asked.expect(201)["id"].clone(), asked.header("location"));

    let listed = alva.get(&format!("{CERTIFICATIONS}?status=requested&service={ALVA}")).expect(200);
    assert_eq!((&listed["data"][0]["id"], &listed["data"][0]["maskedNationalNumber"]), (&id, &json!("*******0012")));
    let seen = alva.get(&format!("{CERTIFICATIONS}/{}", text(&id))).expect(200);
    assert_eq!(
        (&seen["nationalNumber"], &seen["grounds"], &seen["applicantFamilyName"]),
        (&json!(COMPANY), &wish["grounds"], &json!(anna.family_name))
    );
    assert_eq!(seen["spaceIdentifier"], anna.get(&space).expect(200)["identifier"]);

    for (act, status, opens) in [
        ("take-up", "requested", 403),
        ("grant", "granted", 200),
        ("suspend", "suspended", 403),
        ("resume", "granted", 200),
        ("revoke", "revoked", 403),
    ] {
        let decided = decide(&alva, &id, act).expect(200);
        assert_eq!(decided["status"], status, "{act}");
        assert_eq!(gate(&anna, &space, ALVA), opens, "{act} has effect on the next request");
    }
    for act in ["take-up", "grant", "refuse", "suspend", "resume", "revoke"] {
        let refused = decide(&alva, &id, act).expect_problem(409, "certification_state");
        assert_eq!(refused["certificationStatus"], "revoked", "{act}");
    }
    let shown = anna.get(&path);
    let steps = shown.expect(200)["history"].as_array().expect("steps").clone();
    let told: Vec<_> = steps.iter().map(|step| (step["act"].clone(), step["by"].clone())).collect();
    let acts = ["requested", "taken_up", "granted", "suspended", "resumed", "revoked"];
    let by = |act: &str| if act == "requested" { "space" } else { "administration" };
    assert_eq!(told, acts.map(|act| (json!(act), json!(by(act)))));
    assert!(steps[1..].iter().all(|step| step["reason"] == "Dossier complet"), "the space reads why");
    let log = anna.get(&format!("{space}/audit-events")).expect(200);
    let of_partner = log["data"].as_array().expect("events").iter().filter(|event| event["actor"]["kind"] == "partner");
    assert_eq!(of_partner.count(), 5);
}

fn a_request_is_refused_and_asked_for_again(world: &World) {
    let (anna, space) = with_space(world);
    let alva = office(world, "alva");
    let id = anna.ask_for_certification(&space, &as_holder(ALVA)).expect(201)["id"].clone();
    decide(&alva, &id, "take-up").expect(200);
    decide(&alva, &id, "take-up").expect_problem(409, "certification_taken_up");
    assert_eq!(decide(&alva, &id, "refuse").expect(200)["status"], "refused");
    assert_eq!(gate(&anna, &space, ALVA), 403);
    let again = anna.ask_for_certification(&space, &as_holder(ALVA)).expect(201)["id"].clone();
    let body = json!({ "reason": "Dossier complet", "endsAt": world.now() });
    let grant = format!("{CERTIFICATIONS}/{}/grant", text(&again));
    let refused = alva.post(&grant, &body).expect_problem(400, "invalid_input");
    assert_eq!(refused["errors"][0]["code"], "not_in_future");
    let ends_at = world.now() + chrono::TimeDelta::days(10);
    let granted = alva.post(&grant, &json!({ "reason": "Dossier complet", "endsAt": ends_at })).expect(200);
    assert_eq!((&granted["status"], &granted["effective"]), (&json!("granted"), &json!(true)));
}

fn an_administration_sees_who_competes_and_nothing_of_others(world: &World) {
    let ((anna, space), (carl, rivals)) = (with_space(world), with_space(world));
    let (alva, acd) = (office(world, "alva"), office(world, "acd"));
    let one = anna.ask_for_certification(&space, &as_holder(ALVA)).expect(201)["id"].clone();
    let other = carl.ask_for_certification(&rivals, &as_holder(ALVA)).expect(201)["id"].clone();
    let seen = alva.get(&format!("{CERTIFICATIONS}/{}", text(&one))).expect(200);
    assert_eq!((&seen["competing"][0]["id"], seen["competing"].as_array().map(Vec::len)), (&other, Some(1)));
    decide(&alva, &one, "grant").expect(200);
    decide(&alva, &other, "grant").expect(200);

    assert_eq!(acd.get(CERTIFICATIONS).expect(200)["data"], json!([]));
    let nobodys = json!("019d6c3e-8c00-7000-8000-000000000000");
    for act in ["take-up", "grant", "refuse", "suspend", "resume", "revoke"] {
        for id in [&one, &nobodys] {
            decide(&acd, id, act).expect_problem(404, "not_found");
        }
    }
    acd.get(&format!("{CERTIFICATIONS}/{}", text(&one))).expect_problem(404, "not_found");
    let reader = world.partner("alva", "read_certifications", Key::es256()).log_in();
    reader.get(CERTIFICATIONS).expect(200);
    assert_eq!(
        decide(&reader, &one, "revoke").expect_problem(403, "scope_not_granted")["scope"],
        "decide_certifications"
    );
    anna.get(CERTIFICATIONS).expect_problem(403, "partners_only");
    assert_eq!(gate(&anna, &space, ALVA), 200, "nothing was done");
}

fn two_agents_are_named_in_two_domains(world: &World) {
    let (anna, space) = with_space(world);
    let ccss = office(world, "ccss");
    let mut wish = as_holder(CCSS);
    wish["agents"] = json!([
        { "spaceIdentifier": "PM-A1B2C3", "domains": ["affiliations"] },
        { "spaceIdentifier": "PM-D4E5F6", "domains": ["remunerations"] },
    ]);
    let id = anna.ask_for_certification(&space, &wish).expect(201)["id"].clone();
    let seen = decide(&ccss, &id, "grant").expect(200);
    assert_eq!(seen["agents"], wish["agents"]);
    assert_eq!(gate(&anna, &space, CCSS), 200);
}

fn an_agents_request_is_granted_under_the_holder_who_is_here(world: &World) {
    let ((mut anna, space), (fiduciary, desk)) = (with_space(world), with_space(world));
    let aed = office(world, "aed");
    let holder = anna.ask_for_certification(&space, &as_holder(VAT)).expect(201)["id"].clone();
    decide(&aed, &holder, "grant").expect(200);
    let mut wish = as_holder(VAT);
    wish["capacity"] = json!("agent");
    let agent = fiduciary.ask_for_certification(&desk, &wish).expect(201)["id"].clone();
    let wanted = decide(&aed, &agent, "grant").expect_problem(409, "principal_required");
    assert_eq!(wanted["principals"], json!([holder]));
    let grant = |principal: &Value| {
        let body = json!({ "reason": "Mandat reçu", "principal": principal });
        aed.post(&format!("{CERTIFICATIONS}/{}/grant", text(&agent)), &body)
    };
    let refused = grant(&agent).expect_problem(400, "invalid_input");
    assert_eq!(refused["errors"][0]["pointer"], "/principal");
    assert_eq!(grant(&holder).expect(200)["principal"], holder);
    assert_eq!(gate(&fiduciary, &desk, VAT), 200);
    decide(&aed, &holder, "suspend").expect(200);
    assert_eq!(gate(&fiduciary, &desk, VAT), 403, "without any job");
    let shown = fiduciary.get(&format!("{desk}/certifications/{}", text(&agent))).expect(200);
    assert_eq!((&shown["status"], &shown["effective"]), (&json!("granted"), &json!(false)));
    decide(&aed, &holder, "resume").expect(200);
    assert_eq!(gate(&fiduciary, &desk, VAT), 200);

    world.wait(TimeDelta::days(30));
    anna.log_in(0).expect(200);
    let own = anna.ask_for_certification(&space, &wish).expect(201)["id"].clone();
    let body = json!({ "reason": "Mandat reçu", "principal": holder });
    let path = format!("{CERTIFICATIONS}/{}/grant", text(&own));
    let refused = office(world, "aed").post(&path, &body).expect_problem(400, "invalid_input");
    assert_eq!(refused["errors"][0]["pointer"], "/principal", "nobody is his own agent");
}

/// Both at the same moment: their statuses, in order.
fn at_once(parts: [&(dyn Fn() -> Reply + Sync); 2]) -> [u16; 2] {
    let mut statuses: Vec<u16> = crowd(2, 2, |job| unless_busy(parts[job])).iter().map(|reply| reply.status).collect();
    statuses.sort_unstable();
    statuses.try_into().expect("two answers")
}

/// The acts of a certification's history.
fn acts(actor: &Actor, path: &str) -> Vec<String> {
    let steps = actor.get(path).expect(200)["history"].clone();
    steps.as_array().expect("steps").iter().map(|step| text(&step["act"])).collect()
}

fn of_two_officials_one_decides(world: &World) {
    let (one, other) = (office(world, "alva"), office(world, "alva"));
    for _ in 0..races() {
        let (anna, space) = with_space(world);
        let asked = anna.ask_for_certification(&space, &as_holder(ALVA));
        let id = asked.expect(201)["id"].clone();
        assert_eq!(at_once([&|| decide(&one, &id, "grant"), &|| decide(&other, &id, "refuse")]), [200, 409]);
        assert_eq!(acts(&anna, &asked.header("location")).len(), 2);
    }
}

fn what_is_withdrawn_is_not_granted(world: &World) {
    let alva = office(world, "alva");
    for _ in 0..races() {
        let (anna, space) = with_space(world);
        let asked = anna.ask_for_certification(&space, &as_holder(ALVA));
        let (id, path) = (asked.expect(201)["id"].clone(), asked.header("location"));
        let withdraw = || anna.post(&format!("{path}/withdraw"), &json!({}));
        let statuses = at_once([&withdraw, &|| decide(&alva, &id, "grant")]);
        // What was granted first is then given up.
        let acts = acts(&anna, &path);
        assert_eq!(acts.last().map(String::as_str), Some("withdrawn"));
        assert_eq!((statuses, gate(&anna, &space, ALVA)), ([200, if acts.len() == 3 { 200 } else { 409 }], 403));
    }
}

fn what_is_granted_is_revoked_once(world: &World) {
    let (one, other) = (office(world, "alva"), office(world, "alva"));
    for _ in 0..races() {
        let (anna, space) = with_space(world);
        let asked = anna.ask_for_certification(&space, &as_holder(ALVA));
        let (id, path) = (asked.expect(201)["id"].clone(), asked.header("location"));
        decide(&one, &id, "grant").expect(200);
        let statuses = at_once([&|| decide(&one, &id, "revoke"), &|| decide(&other, &id, "suspend")]);
        let acts = acts(&anna, &path);
        assert_eq!(acts.iter().filter(|act| *act == "revoked").count(), 1);
        assert_eq!(
            (statuses, acts.last().map(String::as_str)),
            ([200, if acts.len() == 4 { 200 } else { 409 }], Some("revoked"))
        );
        assert_eq!(gate(&anna, &space, ALVA), 403);
    }
}

fn the_feed_is_told_of_each_step(world: &World) {
    let (anna, space) = with_space(world);
    let alva = office(world, "alva");
    let asked = anna.ask_for_certification(&space, &as_holder(ALVA));
    let id = asked.expect(201)["id"].clone();
    for act in ["take-up", "grant", "suspend", "resume"] {
        decide(&alva, &id, act).expect(200);
    }
    anna.post(&format!("{}/withdraw", asked.header("location")), &json!({})).expect(200);
    let told = format!(
        "SELECT kind FROM partner_events WHERE subject = {id} AND administration = 'alva' ORDER BY happened_at"
    );
    let told = world.scratch().sql(&told.replace('"', "'"));
    let kinds =
        ["requested", "granted", "suspended", "resumed", "withdrawn"].map(|kind| format!("certification.{kind}"));
    assert_eq!(told.lines().collect::<Vec<_>>(), kinds);
}
