//! What spaces say of records that they see, and what administrations answer.

use serde_json::{Value, json};

use crate::support::{Actor, EMPLOYER, Key, Reply, World, balance, crowd, own_balance, text, unless_busy, wait_until};

crate::on_both_databases!(
    a_record_is_confirmed_once_for_each_version,
    a_discrepancy_goes_to_the_administration_and_comes_back_answered,
    a_report_names_fields_that_there_are,
    who_may_sign_may_verify_what_the_space_sees,
    an_administration_answers_its_own_and_once,
    of_reports_at_once_one_is_kept,
    the_answer_is_mailed_to_who_asked_or_to_the_administrators,
    nothing_that_is_said_shows_in_the_database,
);

const VAT: &str = "aed.vat-balance";
const SERVICE: &str = "aed.vat-account";
const VERIFICATIONS: &str = "/v1/partner/verifications";

fn office(world: &World, administration: &str) -> Actor {
    world.partner(administration, "push_records,answer_verifications,read_events", Key::strange()).log_in()
}

/// A founder, the back end, the space's path, and the path of a record that it sees in version 1.
fn scene(world: &World) -> (Actor, Actor, String, String) {
    let (founder, aed) = (world.founder(), office(world, "aed"));
    let space = founder.open_space("Boulangerie").header("location");
    founder.certified(&space, SERVICE);
    aed.push_records(VAT, &[own_balance("a", 1, 100)]);
    let record = format!("{space}/authentic-sources/{VAT}/records/{}", text(&founder.records(&space, VAT)[0]["id"]));
    (founder, aed, space, record)
}

fn confirm(actor: &Actor, record: &str, version: i64) -> Reply {
    actor.post(&format!("{record}/verifications"), &json!({ "recordVersion": version, "finding": "confirmed" }))
}

fn report(actor: &Actor, record: &str, version: i64, pointers: &[&str]) -> Reply {
    let fields: Vec<Value> =
        pointers.iter().map(|pointer| json!({ "pointer": pointer, "reason": "Paiement du 5 janvier" })).collect();
    let body = json!({ "recordVersion": version, "finding": "discrepancy", "fields": fields });
    actor.post(&format!("{record}/verifications"), &body)
}

fn answer(office: &Actor, id: &Value, decision: &str) -> Reply {
    let body = json!({ "decision": decision, "explanation": "Le compte est à jour" });
    office.post(&format!("{VERIFICATIONS}/{}/answer", text(id)), &body)
}

/// What the administration was told of discrepancies.
fn told(office: &Actor) -> Vec<Value> {
    let mut events = listed(office, "/v1/partner/events");
    events.retain(|event| event["type"] == "org.espace-pro.source.discrepancy_reported.v1");
    events
}

fn listed(actor: &Actor, path: &str) -> Vec<Value> {
    actor.get(path).expect(200)["data"].as_array().expect("a list").clone()
}

fn a_record_is_confirmed_once_for_each_version(world: &World) {
    let (founder, aed, space, record) = scene(world);
    let confirmed = confirm(&founder, &record, 1).expect(201);
    assert_eq!(
        (&confirmed["status"], &confirmed["recordVersion"], &confirmed["fields"]),
        (&json!("confirmed"), &json!(1), &json!([]))
    );
    let again = confirm(&founder, &record, 1).expect_problem(409, "already_verified");
    assert_eq!(again["verificationStatus"], "confirmed");
    assert_eq!(confirm(&founder, &record, 2).expect_problem(409, "record_changed")["version"], 1);
    aed.push_records(VAT, &[own_balance("a", 5, 200)]);
    assert_eq!(confirm(&founder, &record, 1).expect_problem(409, "record_changed")["version"], 5);
    confirm(&founder, &record, 5).expect(201);
    let history = listed(&founder, &format!("{record}/verifications"));
    let versions: Vec<_> = history.iter().map(|one| one["recordVersion"].as_i64().expect("a number")).collect();
    assert_eq!((versions, &history[0]), (vec![1, 5], &confirmed));
    let log = founder.get(&format!("{space}/audit-events?act=record_confirmed")).expect(200);
    assert_eq!((log["data"].as_array().map(Vec::len), &log["data"][1]["object"]), (Some(2), &confirmed["id"]));
    // A confirmation is read, and not answered.
    assert_eq!(listed(&aed, VERIFICATIONS).len(), 2);
    assert_eq!(
        answer(&aed, &confirmed["id"], "accepted").expect_problem(409, "verification_state")["verificationStatus"],
        "confirmed"
    );
    // Once what comes later is told, what came before is.
    let later = report(&founder, &record, 5, &["/balance"]).expect(201)["id"].clone();
    wait_until("the feed tells of it", || !told(&aed).is_empty());
    assert_eq!(told(&aed).iter().map(|event| &event["subject"]).collect::<Vec<_>>(), [&later]);
}

fn a_discrepancy_goes_to_the_administration_and_comes_back_answered(world: &World) {
    let (founder, aed, space, record) = scene(world);
    let reported = report(&founder, &record, 1, &["/balance", "/dueOn"]).expect(201);
    let fields = json!([
        { "pointer": "/balance", "reason": "Paiement du 5 janvier" },
        { "pointer": "/dueOn", "reason": "Paiement du 5 janvier" },
    ]);
    assert_eq!(
        (&reported["status"], &reported["fields"], reported.get("answeredAt")),
        (&json!("reported"), &fields, None)
    );
    report(&founder, &record, 1, &["/balance"]).expect_problem(409, "already_verified");
    wait_until("the feed tells of it", || !told(&aed).is_empty());
    assert_eq!(told(&aed)[0]["data"], json!({ "verificationId": reported["id"] }));
    let seen = aed.get(&format!("{VERIFICATIONS}/{}", text(&reported["id"]))).expect(200);
    for (field, expected) in [
        ("id", &reported["id"]),
        ("fields", &fields),
        ("recordKey", &json!("a")),
        ("source", &json!(VAT)),
        ("spaceIdentifier", &founder.get(&space).expect(200)["identifier"]),
    ] {
        assert_eq!(seen[field], *expected, "{field}");
    }
    assert_eq!(listed(&aed, &format!("{VERIFICATIONS}?status=reported&source={VAT}")), [seen]);

    let answered = answer(&aed, &reported["id"], "accepted").expect(200);
    assert_eq!((&answered["status"], &answered["explanation"]), (&json!("accepted"), &json!("Le compte est à jour")));
    let history = listed(&founder, &format!("{record}/verifications"));
    for field in ["status", "explanation", "answeredAt", "fields"] {
        assert_eq!(history[0][field], answered[field], "{field}");
    }
    assert!(listed(&aed, &format!("{VERIFICATIONS}?status=reported")).is_empty());
    let acts = ["discrepancy_reported", "discrepancy_answered"].map(|act| {
        let log = founder.get(&format!("{space}/audit-events?act={act}")).expect(200);
        (log["data"].as_array().map(Vec::len), log["data"][0]["actor"]["kind"].clone())
    });
    assert_eq!(acts, [(Some(1), json!("person")), (Some(1), json!("partner"))]);
    // What was answered may be reported anew.
    report(&founder, &record, 1, &["/balance"]).expect(201);
}

fn a_report_names_fields_that_there_are(world: &World) {
    let (founder, _, _, record) = scene(world);
    let reply = report(&founder, &record, 1, &["/balance", "/colour", "/content/balance", "balance"]);
    let errors = reply.expect_problem(400, "invalid_input")["errors"].clone();
    let told: Vec<_> = errors.as_array().expect("errors").iter().map(|error| text(&error["pointer"])).collect();
    assert_eq!(told, ["/fields/1/pointer", "/fields/2/pointer", "/fields/3/pointer"]);
    let field = |pointer: &str| json!({ "pointer": pointer, "reason": "Payé" });
    let long = format!("/{}", "a".repeat(300));
    let many: Vec<Value> = (0..51).map(|n| field(&format!("/{n}"))).collect();
    for (body, pointer) in [
        (json!({ "recordVersion": 1, "finding": "discrepancy" }), "/fields"),
        (json!({ "recordVersion": 1, "finding": "discrepancy", "fields": [] }), "/fields"),
        (json!({ "recordVersion": 1, "finding": "discrepancy", "fields": many }), "/fields"),
        (json!({ "recordVersion": 1, "finding": "confirmed", "fields": [field("/balance")] }), "/fields"),
        (json!({ "recordVersion": 0, "finding": "confirmed" }), "/recordVersion"),
        (json!({ "recordVersion": 1, "finding": "perhaps" }), "/finding"),
        (
            json!({ "recordVersion": 1, "finding": "discrepancy", "fields": [field("/balance"), field("/balance")] }),
            "/fields/1/pointer",
        ),
        (json!({ "recordVersion": 1, "finding": "discrepancy", "fields": [field(&long)] }), "/fields/0/pointer"),
        (
            json!({ "recordVersion": 1, "finding": "discrepancy", "fields": [{ "pointer": "/balance", "reason": " " }] }),
            "/fields/0/reason",
        ),
    ] {
        let reply = founder.post(&format!("{record}/verifications"), &body);
        assert_eq!(reply.expect_problem(400, "invalid_input")["errors"][0]["pointer"], pointer, "{body}");
    }
    assert!(listed(&founder, &format!("{record}/verifications")).is_empty());
}

fn who_may_sign_may_verify_what_the_space_sees(world: &World) {
    let (founder, aed, space, record) = scene(world);
    let admit = |role: &str| {
        let member = world.person();
        founder.admit(&space, &member, role);
        member
    };
    for role in ["reader", "contributor"] {
        let member = admit(role);
        confirm(&member, &record, 1).expect_problem(403, "role_insufficient");
        assert!(listed(&member, &format!("{record}/verifications")).is_empty());
    }
    confirm(&admit("manager"), &record, 1).expect(201);
    let stranger = world.founder();
    let other = stranger.open_space("Fiduciaire").header("location");
    let theirs = record.replace(&space, &other);
    for path in [&record, &theirs] {
        let refused = [stranger.get(&format!("{path}/verifications")), confirm(&stranger, path, 1)];
        let status = if *path == theirs { (403, "certification_required") } else { (404, "not_found") };
        for reply in refused {
            reply.expect_problem(status.0, status.1);
        }
    }
    // One who is certified for another company finds nothing, and what this space said is not his.
    stranger.certified_for(&other, SERVICE, "19832200013");
    confirm(&stranger, &theirs, 1).expect_problem(404, "not_found");
    aed.push_records(VAT, &[balance("b", 1, "19832200013", 5)]);
    let own = format!("{other}/authentic-sources/{VAT}/records/{}", text(&stranger.records(&other, VAT)[0]["id"]));
    confirm(&stranger, &own, 1).expect(201);
    // What is lost closes the history too.
    founder.backstage().sql("UPDATE certifications SET status = 'suspended'");
    for reply in [founder.get(&format!("{record}/verifications")), confirm(&founder, &record, 1)] {
        reply.expect_problem(403, "certification_required");
    }
    // A record that was taken back is there for nobody.
    founder.backstage().sql("UPDATE certifications SET status = 'granted'");
    aed.push_records(VAT, &[json!({ "key": "a", "version": 2, "deleted": true })]);
    confirm(&founder, &record, 2).expect_problem(404, "not_found");
}

fn an_administration_answers_its_own_and_once(world: &World) {
    let (founder, aed, _, record) = scene(world);
    let id = report(&founder, &record, 1, &["/balance"]).expect(201)["id"].clone();
    let acd = office(world, "acd");
    let path = format!("{VERIFICATIONS}/{}", text(&id));
    acd.get(&path).expect_problem(404, "not_found");
    answer(&acd, &id, "accepted").expect_problem(404, "not_found");
    assert!(listed(&acd, VERIFICATIONS).is_empty());
    let pushes = world.registry("aed");
    for reply in [pushes.get(&path), pushes.get(VERIFICATIONS), answer(&pushes, &id, "accepted")] {
        assert_eq!(reply.expect_problem(403, "scope_not_granted")["scope"], "answer_verifications");
    }
    for (body, pointer) in [
        (json!({ "decision": "accepted" }), "/explanation"),
        (json!({ "decision": "perhaps", "explanation": "a" }), "/decision"),
        (json!({ "decision": "rejected", "explanation": "a".repeat(4001) }), "/explanation"),
    ] {
        let reply = aed.post(&format!("{path}/answer"), &body);
        assert_eq!(reply.expect_problem(400, "invalid_input")["errors"][0]["pointer"], pointer);
    }
    let replies =
        crowd(6, 6, |job| unless_busy(|| answer(&aed, &id, if job % 2 == 0 { "accepted" } else { "rejected" })));
    let (done, refused): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == 200);
    assert_eq!((done.len(), refused.len()), (1, 5));
    for reply in refused {
        assert_eq!(reply.expect_problem(409, "verification_state")["verificationStatus"], done[0].json["status"]);
    }
}

fn of_reports_at_once_one_is_kept(world: &World) {
    let (founder, aed, _, record) = scene(world);
    let replies = crowd(8, 8, |_| unless_busy(|| report(&founder, &record, 1, &["/balance"])));
    let (made, refused): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == 201);
    assert_eq!((made.len(), refused.len()), (1, 7));
    for reply in refused {
        reply.expect_problem(409, "already_verified");
    }
    assert_eq!(listed(&aed, VERIFICATIONS).len(), 1);
}

fn the_answer_is_mailed_to_who_asked_or_to_the_administrators(world: &World) {
    let (founder, aed, space, record) = scene(world);
    let (manager, other) = (world.person(), world.person());
    let member = founder.admit(&space, &manager, "manager");
    founder.admit(&space, &other, "manager");
    let mailed = |actor: &Actor| {
        let mails = actor.mails_to(&actor.email()).into_iter();
        mails.filter(|(subject, _)| subject == "An answer to your report").map(|(_, text)| text).collect::<Vec<_>>()
    };
    let first = report(&manager, &record, 1, &["/balance"]).expect(201);
    answer(&aed, &first["id"], "rejected").expect(200);
    let mails = mailed(&manager);
    assert!(
        mails.len() == 1 && mails[0].contains("VAT account balance") && mails[0].contains("Boulangerie"),
        "{mails:?}"
    );
    assert!(!mails[0].contains("janvier") && !mails[0].contains("jour"));
    assert_eq!((mailed(&founder).len(), mailed(&other).len()), (0, 0));
    let second = report(&manager, &record, 1, &["/balance"]).expect(201);
    founder.send("DELETE", &member, &[("if-match", "*")], vec![]).expect(204);
    answer(&aed, &second["id"], "accepted").expect(200);
    assert_eq!((mailed(&manager).len(), mailed(&founder).len(), mailed(&other).len()), (1, 1, 0));
}

fn nothing_that_is_said_shows_in_the_database(world: &World) {
    let founder = world.founder();
    let space = founder.open_space("Boulangerie").header("location");
    let record = founder.sourced(&space);
    assert!(record.contains(EMPLOYER));
    let id = report(&founder, &record, 1, &["/employees"]).expect(201)["id"].clone();
    answer(&founder.sandbox_partner("ccss"), &id, "accepted").expect(200);
    let kept = founder.backstage().sql("SELECT discrepancies_sealed, answer_sealed FROM source_verifications");
    assert!(kept.len() > 80 && !kept.contains("janvier") && !kept.contains("employees") && !kept.contains("compte"));
}
