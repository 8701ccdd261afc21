//! Procedures are signed as they were seen, sent once, and taken back.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::{Actor, Key, Reply, World, crowd, eventually, text, unless_busy, wait_until};

crate::on_both_databases!(
    a_procedure_is_signed_sent_and_withdrawn,
    what_is_signed_is_what_was_seen,
    an_edit_makes_a_signature_void,
    each_role_signs_or_does_not,
    of_50_sendings_at_once_one_is_it,
    of_a_sending_and_edits_at_once_what_is_sent_is_what_was_signed,
    what_is_sent_outlives_its_space,
    who_has_the_slip_verifies_it,
);

fn opened(world: &World) -> (Actor, String) {
    let founder = world.founder();
    let space = founder.open_space("Boulangerie").header("location");
    (founder, space)
}

fn withdraw(actor: &Actor, path: &str) -> Reply {
    actor.post(&format!("{path}/withdraw"), &json!({}))
}

fn edit(actor: &Actor, path: &str, name: &str) -> Reply {
    actor.patch(path, "*", &json!({ "content": { "contactName": name } }))
}

fn state(actor: &Actor, path: &str) -> String {
    text(&actor.get(path).expect(200)["state"])
}

fn acts(actor: &Actor, path: &str) -> Vec<String> {
    let steps = actor.get(&format!("{path}/timeline")).expect(200);
    steps["data"].as_array().expect("steps").iter().map(|step| text(&step["act"])).collect()
}

fn ids(actor: &Actor, list: &str) -> BTreeSet<String> {
    let listed = actor.get(list).expect(200);
    listed["data"].as_array().expect("a list").iter().map(|one| text(&one["id"])).collect()
}

fn a_procedure_is_signed_sent_and_withdrawn(world: &World) {
    let (founder, space) = opened(world);
    let office = world.partner("aed", "read_events", Key::strange()).log_in();
    let path = founder.fill_in(&space);
    let id = path.rsplit('/').next().expect("an id").to_owned();
    founder.submit(&path, "send").expect_problem(409, "signature_missing");
    withdraw(&founder, &path).expect_problem(409, "procedure_state");

    let signed = founder.submit(&path, "sign").expect(200);
    let signature = &signed["signatures"][0];
    assert_eq!((&signed["state"], &signature["assurance"]), (&json!("signed"), &json!("substantial")));
    let me = founder.get("/v1/me").expect(200);
    assert_eq!((&signature["givenName"], &signature["familyName"]), (&me["givenName"], &me["familyName"]));
    assert_eq!(signature["productKind"], founder.current_product()["kind"]);
    let again = founder.submit(&path, "sign").expect_problem(409, "procedure_state");
    assert_eq!(again["procedureState"], "signed");

    let (before, reply) = (founder.get(&path).expect(200), founder.submit(&path, "send"));
    let sent = reply.expect(200);
    assert_eq!((&sent["state"], &sent["digest"]), (&json!("sent"), &before["digest"]));
    assert_eq!((&sent["content"], &sent["signatures"]), (&before["content"], &before["signatures"]));
    let reference = text(&sent["reference"]);
    assert!(reference.starts_with(&format!("AED-{}-", world.now().format("%Y"))), "{reference}");
    assert!(sent["sentAt"].is_string() && founder.get(&path).header("etag") == reply.header("etag"));
    edit(&founder, &path, "Emma").expect_problem(409, "procedure_state");
    founder.send("DELETE", &path, &[("if-match", "*")], vec![]).expect_problem(409, "procedure_state");
    founder.submit(&path, "sign").expect_problem(409, "procedure_state");
    founder.submit(&path, "send").expect_problem(409, "procedure_state");

    let draft = text(&founder.begin_procedure(&space, "aed.vat-registration")["id"]);
    let list = |state: &str| ids(&founder, &format!("{space}/procedures?state={state}"));
    assert_eq!((list("sent"), list("in_preparation")), ([id.clone()].into(), [draft].into()));
    let withdrawn = withdraw(&founder, &path).expect(200);
    assert_eq!((&withdrawn["state"], &withdrawn["reference"]), (&json!("withdrawn"), &json!(reference)));
    withdraw(&founder, &path).expect_problem(409, "procedure_state");
    assert_eq!(acts(&founder, &path), ["begun", "edited", "attached", "signed", "sent", "withdrawn"]);
    let log = founder.get(&format!("{space}/audit-events")).expect(200);
    let audited: BTreeSet<_> = log["data"].as_array().expect("a list").iter().map(|of| text(&of["act"])).collect();
    assert!(["procedure_signed", "procedure_sent", "procedure_withdrawn"].iter().all(|act| audited.contains(*act)));

    let told = eventually("what the administration is told", || {
        let told = office.get("/v1/partner/events").expect(200)["data"].as_array().expect("a list").clone();
        Some(told).filter(|told| told.len() == 2)
    });
    let types: Vec<_> = told.iter().map(|event| text(&event["type"])).collect();
    assert_eq!(types, ["sent", "withdrawn"].map(|act| format!("org.espace-pro.procedure.{act}.v1")));
    assert!(told.iter().all(|event| event["data"] == json!({ "procedureId": id })));
}

fn what_is_signed_is_what_was_seen(world: &World) {
    let (founder, space) = opened(world);
    let path = founder.fill_in(&space);
    let seen = founder.get(&path).expect(200)["digest"].clone();
    edit(&founder, &path, "Emma").expect(200);
    let sign = |digest: &Value| founder.post(&format!("{path}/sign"), &json!({ "digest": digest }));
    sign(&seen).expect_problem(409, "digest_changed");
    edit(&founder, &path, "Anna").expect(200);
    sign(&seen).expect(200);
    let problem = founder.post(&format!("{path}/send"), &json!({ "digest": "0".repeat(64) }));
    problem.expect_problem(409, "digest_changed");

    let empty = format!("{space}/procedures/{}", text(&founder.begin_procedure(&space, "aed.vat-registration")["id"]));
    founder.submit(&empty, "sign").expect_problem(409, "procedure_invalid");
    founder.send("DELETE", &empty, &[("if-match", "*")], vec![]).expect(204);
    founder.submit(&empty, "sign").expect_problem(409, "procedure_binned");
    // Two contents that some readers of JSON would take for one are not kept at all.
    let large = json!({ "content": { "expectedTurnover": 9_007_199_254_740_993_u64 } });
    let other = founder.fill_in(&space);
    let problem = founder.patch(&other, "*", &large).expect_problem(400, "invalid_input");
    assert_eq!(problem["errors"][0]["code"], "too_large");
}

fn an_edit_makes_a_signature_void(world: &World) {
    let (founder, space) = opened(world);
    let path = founder.fill_in(&space);
    founder.submit(&path, "sign").expect(200);
    edit(&founder, &path, "Anna").expect(200);
    assert_eq!(state(&founder, &path), "signed", "nothing was changed");
    let edited = edit(&founder, &path, "Emma").expect(200);
    assert_eq!((&edited["state"], &edited["signatures"]), (&json!("in_preparation"), &json!([])));
    founder.submit(&path, "send").expect_problem(409, "signature_missing");
    founder.submit(&path, "sign").expect(200);
    founder.send("DELETE", &path, &[("if-match", "*")], vec![]).expect(204);
    let restored = founder.post(&format!("{path}/restore"), &json!({})).expect(200);
    assert_eq!((&restored["state"], &restored["signatures"]), (&json!("in_preparation"), &json!([])));
    assert_eq!(
        acts(&founder, &path),
        ["begun", "edited", "attached", "signed", "edited", "signed", "binned", "restored"]
    );
}

fn each_role_signs_or_does_not(world: &World) {
    let (founder, space) = opened(world);
    let path = founder.fill_in(&space);
    for role in ["contributor", "reader"] {
        let member = world.person();
        founder.admit(&space, &member, role);
        for act in ["sign", "send"] {
            member.submit(&path, act).expect_problem(403, "role_insufficient");
        }
        withdraw(&member, &path).expect_problem(403, "role_insufficient");
    }
    let mut manager = world.person();
    founder.admit(&space, &manager, "manager");
    manager.submit(&path, "sign").expect(200);
    founder.submit(&path, "send").expect(200);
    assert_eq!(manager.get(&path).expect(200)["signatures"].as_array().map(Vec::len), Some(1));
    manager.log_in_at(0, "low").expect(200);
    withdraw(&manager, &path).expect_problem(401, "insufficient_user_authentication");
    manager.log_in(0).expect(200);
    withdraw(&manager, &path).expect(200);
}

fn of_50_sendings_at_once_one_is_it(world: &World) {
    let (founder, space) = opened(world);
    let path = founder.fill_in(&space);
    let digest = founder.submit(&path, "sign").expect(200)["digest"].clone();
    let body = json!({ "digest": digest });
    let replies = crowd(50, 25, |_| unless_busy(|| founder.post(&format!("{path}/send"), &body)));
    let (sent, refused): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == 200);
    assert_eq!((sent.len(), refused.len()), (1, 49));
    for refusal in refused {
        refusal.expect_problem(409, "procedure_state");
    }
    assert_eq!(sent[0].json["reference"], founder.get(&path).expect(200)["reference"]);
    assert_eq!(acts(&founder, &path), ["begun", "edited", "attached", "signed", "sent"]);
}

fn of_a_sending_and_edits_at_once_what_is_sent_is_what_was_signed(world: &World) {
    let (founder, space) = opened(world);
    for round in 0..5 {
        let path = founder.fill_in(&space);
        let signed = founder.submit(&path, "sign").expect(200);
        let body = json!({ "digest": signed["digest"] });
        let replies = crowd(4, 4, |job| match job {
            0 => (true, unless_busy(|| founder.post(&format!("{path}/send"), &body))),
            1 => (true, unless_busy(|| founder.post(&format!("{path}/sign"), &body))),
            _ => (false, unless_busy(|| edit(&founder, &path, &format!("Emma {round} {job}")))),
        });
        let after = founder.get(&path).expect(200);
        let is_sent = replies.iter().any(|(_, reply)| reply.json["state"] == "sent");
        if is_sent {
            assert_eq!((&after["state"], &after["content"]), (&json!("sent"), &signed["content"]));
        } else {
            assert_eq!((&after["state"], &after["signatures"]), (&json!("in_preparation"), &json!([])));
        }
        for (_, reply) in replies.iter().filter(|(_, reply)| reply.status != 200) {
            let code = text(&reply.json["code"]);
            assert!(["procedure_state", "digest_changed", "signature_missing"].contains(&code.as_str()), "{code}");
        }
    }
}

fn what_is_sent_outlives_its_space(world: &World) {
    let (founder, space) = opened(world);
    let [sent, _draft] = [(); 2].map(|()| founder.fill_in(&space));
    founder.submit(&sent, "sign").expect(200);
    founder.submit(&sent, "send").expect(200);
    founder.post(&format!("{space}/close"), &json!({})).expect(200);
    let sql = |query: &str| founder.backstage().sql(query);
    world.wait(TimeDelta::days(23));
    wait_until("a reminder", || sql("SELECT COUNT(*) FROM spaces WHERE purge_reminded_at IS NULL") == "0");
    assert_eq!(sql("SELECT COUNT(*) FROM procedures"), "2");
    world.wait(TimeDelta::days(7));
    wait_until("a purge", || sql("SELECT COUNT(*) FROM procedures") == "1");
    assert_eq!(sql("SELECT state FROM procedures"), "sent");
    assert_eq!(sql("SELECT COUNT(*) FROM procedure_signatures"), "1");
}

fn who_has_the_slip_verifies_it(world: &World) {
    let (founder, space) = opened(world);
    let [path, other] = [(); 2].map(|()| founder.fill_in(&space));
    let slip_of = |actor: &Actor, path: &str| actor.get(&format!("{path}/transmission-slip"));
    slip_of(&founder, &path).expect_problem(409, "procedure_state");
    founder.submit(&path, "sign").expect(200);
    let sent = founder.submit(&path, "send").expect(200);
    let reader = world.person();
    founder.admit(&space, &reader, "reader");
    let slip = slip_of(&reader, &path).expect(200);
    for field in ["reference", "sentAt", "type", "digest", "signatures"] {
        assert_eq!(slip[field], sent[field], "{field}");
    }
    assert_eq!((&slip["administration"]["code"], &slip["spaceTitle"]), (&json!("aed"), &json!("Boulangerie")));
    let address = text(&slip["verifyAt"]);
    let address = address.strip_prefix(&world.url()).expect("an address of the portal");
    assert!(address.ends_with(&text(&slip["verificationCode"])));
    slip_of(&world.founder(), &path).expect_problem(404, "not_found");

    let anybody = world.anonymous();
    let proof = anybody.get(address).expect(200);
    for field in ["reference", "sentAt", "administration", "digest"] {
        assert_eq!(proof[field], slip[field], "{field}");
    }
    assert_eq!((&proof["isAsSent"], proof.get("isAsAsked")), (&json!(true), None));
    let members: BTreeSet<_> = proof.as_object().expect("an object").keys().map(String::as_str).collect();
    assert_eq!(members, ["administration", "digest", "isAsSent", "reference", "sentAt", "type"].into());
    let asked = |digest: &str| anybody.get(&format!("{address}?digest={digest}")).expect(200)["isAsAsked"].clone();
    assert_eq!((asked(&text(&slip["digest"])), asked(&"0".repeat(64))), (json!(true), json!(false)));
    anybody.get(&format!("{address}?digest=x")).expect_problem(400, "invalid_input");
    for nobodys in ["0".repeat(32), address.to_uppercase().split_off(11), text(&slip["reference"]), "x".to_owned()] {
        anybody.get(&format!("/v1/verify/{nobodys}")).expect_problem(404, "not_found");
    }

    withdraw(&founder, &path).expect(200);
    assert_eq!(anybody.get(address).expect(200)["isAsSent"], true, "it was sent");
    edit(&founder, &other, "Emma").expect(200);
    let id = |path: &str| path.rsplit('/').next().expect("an id").to_owned();
    founder.backstage().sql(&format!(
        "UPDATE procedures SET content_sealed = (SELECT content_sealed FROM procedures WHERE id = '{}') WHERE id = '{}'",
        id(&other),
        id(&path)
    ));
    assert_eq!(anybody.get(address).expect(200)["isAsSent"], false, "a byte was changed");
}
