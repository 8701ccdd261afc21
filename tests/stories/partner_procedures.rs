//! What administrations do with the procedures that were sent to them, and what the space sees of that.

use serde_json::{Value, json};

use crate::support::{Actor, Key, Reply, World, crowd, text, unless_busy};

crate::on_both_databases!(
    a_procedure_goes_from_an_empty_draft_to_its_end,
    an_administration_sees_what_was_sent_to_it_and_nothing_else,
    who_may_read_may_not_handle,
    of_closing_and_withdrawing_at_once_one_is_done,
    a_changed_byte_is_told,
    members_are_told_of_the_end_who_want_to_know,
);

const PROCEDURES: &str = "/v1/partner/procedures";

fn office(world: &World, administration: &str) -> Actor {
    world.partner(administration, "read_procedures,handle_procedures", Key::strange()).log_in()
}

/// The founder of a space, its path, and that of a procedure that was sent from it.
fn sent(world: &World) -> (Actor, String, String) {
    let founder = world.founder();
    let space = founder.open_space("Boulangerie").header("location");
    let path = founder.fill_in(&space);
    founder.submit(&path, "sign").expect(200);
    founder.submit(&path, "send").expect(200);
    (founder, space, path)
}

fn of_partner(path: &str) -> String {
    format!("{PROCEDURES}/{}", path.rsplit('/').next().expect("an id"))
}

fn handle(office: &Actor, path: &str, act: &str) -> Reply {
    let body = if act == "close" { json!({ "outcome": "granted", "explanation": "Bienvenue" }) } else { json!({}) };
    office.post(&format!("{}/{act}", of_partner(path)), &body)
}

fn listed(office: &Actor, query: &str) -> Vec<Value> {
    office.get(&format!("{PROCEDURES}{query}")).expect(200)["data"].as_array().expect("a list").clone()
}

fn a_procedure_goes_from_an_empty_draft_to_its_end(world: &World) {
    let (founder, space, path) = sent(world);
    let aed = office(world, "aed");
    let seen = founder.get(&path).expect(200);
    let shown = aed.get(&of_partner(&path)).expect(200);
    for field in ["id", "reference", "type", "digest", "sentAt", "content", "signatures", "attachments"] {
        assert_eq!(shown[field], seen[field], "{field}");
    }
    assert_eq!((&shown["spaceTitle"], &shown["isAsSent"]), (&json!("Boulangerie"), &json!(true)));
    assert_eq!(shown["spaceIdentifier"], founder.get(&space).expect(200)["identifier"]);

    for (act, state) in [("receive", "received"), ("start", "in_progress"), ("close", "closed")] {
        let handled = handle(&aed, &path, act);
        assert_eq!(
            (&handled.expect(200)["state"], &handled.header("etag")),
            (&json!(state), &aed.get(&of_partner(&path)).header("etag"))
        );
        assert_eq!(founder.get(&path).expect(200)["state"], state);
    }
    let closed = founder.get(&path).expect(200);
    assert_eq!((&closed["outcome"], &closed["explanation"]), (&json!("granted"), &json!("Bienvenue")));
    for act in ["receive", "start", "close"] {
        assert_eq!(handle(&aed, &path, act).expect_problem(409, "procedure_state")["procedureState"], "closed");
    }
    founder.post(&format!("{path}/withdraw"), &json!({})).expect_problem(409, "procedure_state");

    let steps = founder.get(&format!("{path}/timeline")).expect(200)["data"].as_array().expect("steps").clone();
    let acts: Vec<_> = steps.iter().map(|step| text(&step["act"])).collect();
    assert_eq!(acts, ["begun", "edited", "attached", "signed", "sent", "received", "started", "closed"]);
    assert!(steps[..5].iter().all(|step| step["by"] == "person" && step["familyName"].is_string()));
    assert!(steps[5..].iter().all(|step| step["by"] == "administration" && step.get("familyName").is_none()));
    let log = founder.get(&format!("{space}/audit-events?act=procedure_closed")).expect(200);
    assert_eq!(log["data"][0]["actor"]["kind"], "partner");
    let kept = founder.backstage().sql("SELECT explanation_sealed FROM procedures");
    assert!(!kept.contains("Bienvenue") && !kept.is_empty());
}

fn an_administration_sees_what_was_sent_to_it_and_nothing_else(world: &World) {
    let (founder, space, path) = sent(world);
    let (aed, meco) = (office(world, "aed"), office(world, "meco"));
    let draft = founder.fill_in(&space);
    founder.submit(&draft, "sign").expect(200);
    for act in ["", "/receive", "/start", "/close"] {
        let ask = |office: &Actor, path: &str| match act {
            "" => office.get(&of_partner(path)),
            _ => handle(office, path, &act[1..]),
        };
        ask(&aed, &draft).expect_problem(404, "not_found");
        ask(&meco, &path).expect_problem(404, "not_found");
    }
    assert_eq!((listed(&aed, "").len(), listed(&meco, "").len()), (1, 0));
    let one = &listed(&aed, "?state=sent&type=aed.vat-registration")[0];
    assert_eq!((one.get("content"), one.get("signatures"), &one["state"]), (None, None, &json!("sent")));
    handle(&aed, &path, "start").expect(200);
    assert_eq!((listed(&aed, "?state=sent").len(), listed(&aed, "?state=in_progress").len()), (0, 1));
    founder.post(&format!("{path}/withdraw"), &json!({})).expect(200);
    assert_eq!(listed(&aed, "?state=withdrawn").len(), 1);
    handle(&aed, &path, "close").expect_problem(409, "procedure_state");
}

fn who_may_read_may_not_handle(world: &World) {
    let (founder, _, path) = sent(world);
    let reads = world.partner("aed", "read_procedures", Key::strange()).log_in();
    reads.get(&of_partner(&path)).expect(200);
    for act in ["receive", "start", "close"] {
        let refused = handle(&reads, &path, act).expect_problem(403, "scope_not_granted");
        assert_eq!(refused["scope"], "handle_procedures");
    }
    assert_eq!(founder.get(&path).expect(200)["state"], "sent");
    let aed = office(world, "aed");
    for (body, pointer) in [
        (json!({}), "/outcome"),
        (json!({ "outcome": "perhaps" }), "/outcome"),
        (json!({ "outcome": "refused", "explanation": " " }), "/explanation"),
        (json!({ "outcome": "refused", "explanation": "a".repeat(4001) }), "/explanation"),
    ] {
        let problem = aed.post(&format!("{}/close", of_partner(&path)), &body).expect_problem(400, "invalid_input");
        assert_eq!(problem["errors"][0]["pointer"], pointer);
    }
    let refused = aed.post(&format!("{}/close", of_partner(&path)), &json!({ "outcome": "refused" })).expect(200);
    assert_eq!((&refused["outcome"], refused.get("explanation")), (&json!("refused"), None));
}

fn of_closing_and_withdrawing_at_once_one_is_done(world: &World) {
    let aed = office(world, "aed");
    for _ in 0..3 {
        let (founder, _, path) = sent(world);
        let replies = crowd(8, 8, |job| {
            if job % 2 == 0 {
                unless_busy(|| handle(&aed, &path, "close"))
            } else {
                unless_busy(|| founder.post(&format!("{path}/withdraw"), &json!({})))
            }
        });
        let (done, refused): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == 200);
        assert_eq!((done.len(), refused.len()), (1, 7));
        for refusal in refused {
            refusal.expect_problem(409, "procedure_state");
        }
        assert_eq!(founder.get(&path).expect(200)["state"], done[0].json["state"]);
    }
}

fn a_changed_byte_is_told(world: &World) {
    let (founder, space, path) = sent(world);
    let aed = office(world, "aed");
    let other = founder.fill_in(&space);
    founder.patch(&other, "*", &json!({ "content": { "contactName": "Anne" } })).expect(200);
    let id = |path: &str| path.rsplit('/').next().expect("an id").to_owned();
    assert_eq!(aed.get(&of_partner(&path)).expect(200)["isAsSent"], true);
    founder.backstage().sql(&format!(
        "UPDATE procedures SET content_sealed = (SELECT content_sealed FROM procedures WHERE id = '{}') WHERE id = '{}'",
        id(&other),
        id(&path)
    ));
    assert_eq!(aed.get(&of_partner(&path)).expect(200)["isAsSent"], false);
}

fn members_are_told_of_the_end_who_want_to_know(world: &World) {
    let (founder, space, path) = sent(world);
    let (reader, deaf) = (world.person(), world.person());
    for member in [&reader, &deaf] {
        founder.admit(&space, member, "reader");
    }
    let off = json!({ "procedures": false });
    deaf.patch("/v1/me/notification-preferences", "*", &off).expect(200);
    handle(&office(world, "aed"), &path, "close").expect(200);
    let told = |actor: &Actor| {
        let mails = actor.mails_to(&actor.email());
        mails
            .into_iter()
            .filter(|(subject, _)| subject == "A procedure is closed")
            .map(|(_, text)| text)
            .collect::<Vec<_>>()
    };
    for member in [&founder, &reader] {
        let mails = told(member);
        assert_eq!(mails.len(), 1);
        assert!(mails[0].contains("VAT registration") && mails[0].contains("Boulangerie"), "{}", mails[0]);
        assert!(!mails[0].contains("Bienvenue") && !mails[0].contains("granted"));
    }
    assert!(told(&deaf).is_empty());
}
