//! Many are invited at once: each row is answered in its place, and none stands in another's way.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::{Actor, Reply, World, invitation, text};

crate::on_both_databases!(
    each_row_is_answered_in_its_place,
    a_dry_run_keeps_nothing_and_tells_all,
    a_space_has_a_hundred_unanswered_invitations_at_most,
    a_person_invites_two_hundred_a_day_at_most,
    what_is_no_list_of_invitations_is_refused_as_a_whole,
    a_key_stands_for_the_request_with_its_query,
);

fn host(world: &World) -> (Actor, String) {
    let owner = world.founder();
    let space = owner.open_space("Boulangerie").header("location");
    (owner, space)
}

/// Somebody whom nobody knows.
fn row(number: u32) -> Value {
    json!({
        "givenName": "Marc", "familyName": "Schmit", "email": format!("marc-{number}@example.lu"),
        "subjectSerialNumber": format!("2{number:019}"), "accessScope": "this_product", "role": "reader",
    })
}

fn invite_many(owner: &Actor, space: &str, query: &str, rows: &[Value]) -> Reply {
    owner.post(&format!("{space}/invitations/bulk{query}"), &json!({ "invitations": rows }))
}

/// What became of each row: the outcome, or the code of the refusal.
fn outcomes(reply: &Reply) -> Vec<String> {
    let results = reply.expect(200)["results"].as_array().expect("results").clone();
    let outcome = |result: &Value| match result["outcome"].as_str() {
        Some("refused") => text(&result["refusal"]["code"]),
        _ => text(&result["outcome"]),
    };
    results.iter().map(outcome).collect()
}

/// A good one, a bad one, the good one's twin, a member, one whose membership would be over, and another good one.
fn rows(world: &World, owner: &Actor) -> Vec<Value> {
    let (mut bad, mut late) = (row(2), row(3));
    (bad["email"], bad["subjectSerialNumber"]) = (json!("marc"), json!("2"));
    late["membershipEndsAt"] = json!(world.now());
    vec![row(1), bad, row(1), invitation(owner, "reader"), late, row(4)]
}

fn each_row_is_answered_in_its_place(world: &World) {
    let (anna, space) = host(world);
    let reply = invite_many(&anna, &space, "", &rows(world, &anna));
    let told = ["created", "invalid_input", "invitation_pending", "already_member", "invalid_input", "created"];
    assert_eq!(outcomes(&reply), told);
    let results = &reply.json["results"];
    let faults = results[1]["refusal"]["errors"].as_array().expect("faults").iter();
    let faults: Vec<_> = faults.map(|fault| (text(&fault["pointer"]), text(&fault["code"]))).collect();
    let expected = [("/email", "malformed"), ("/subjectSerialNumber", "malformed")];
    assert_eq!(faults, expected.map(|(pointer, code)| (pointer.to_owned(), code.to_owned())));
    assert_eq!(results[2]["refusal"]["title"], "Invitation pending");
    assert!(text(&results[2]["refusal"]["detail"]).contains(&text(&results[0]["invitation"]["id"])));
    assert_eq!(results[4]["refusal"]["errors"][0]["pointer"], "/membershipEndsAt");
    let kept = anna.get(&format!("{space}/invitations")).expect(200)["data"].clone();
    let kept: Vec<&Value> = kept.as_array().expect("invitations").iter().collect();
    assert_eq!(kept.len(), 2);
    for created in [&results[0], &results[5]] {
        assert!(kept.contains(&&created["invitation"]), "{created}");
    }
    let log = anna.get(&format!("{space}/audit-events?act=invitation_sent")).expect(200);
    assert_eq!(log["data"].as_array().map(Vec::len), Some(2));
}

fn a_dry_run_keeps_nothing_and_tells_all(world: &World) {
    let (anna, space) = host(world);
    let before = ["invitations", "audit-events"].map(|list| anna.get(&format!("{space}/{list}")).expect(200));
    let rows = rows(world, &anna);
    let tried = outcomes(&invite_many(&anna, &space, "?dryRun=true", &rows));
    let after = ["invitations", "audit-events"].map(|list| anna.get(&format!("{space}/{list}")).expect(200));
    assert_eq!(after, before);
    let done = outcomes(&invite_many(&anna, &space, "?dryRun=false", &rows));
    let as_if_tried: Vec<_> = done.iter().map(|outcome| outcome.replace("created", "valid")).collect();
    assert_eq!(tried, as_if_tried);
    assert_eq!(anna.mails_to("marc-1@example.lu").len() + anna.mails_to("marc-4@example.lu").len(), 2);
}

fn a_space_has_a_hundred_unanswered_invitations_at_most(world: &World) {
    let (anna, space) = host(world);
    let fifty = |from: u32| (from..from + 50).map(row).collect::<Vec<_>>();
    assert_eq!(outcomes(&invite_many(&anna, &space, "", &fifty(0))), ["created"; 50]);
    let mut last = fifty(50);
    last.truncate(49);
    assert_eq!(outcomes(&invite_many(&anna, &space, "", &last)), ["created"; 49]);
    for (query, outcome) in [("?dryRun=true", "valid"), ("", "created")] {
        let full = invite_many(&anna, &space, query, &[row(200), row(201)]);
        assert_eq!(outcomes(&full), [outcome, "invitation_limit_reached"]);
    }
    let refused = anna.post(&format!("{space}/invitations"), &row(202));
    assert_eq!(refused.expect_problem(409, "invitation_limit_reached")["limit"], 100);
    let first = text(&anna.get(&format!("{space}/invitations?limit=1")).expect(200)["data"][0]["id"]);
    anna.post(&format!("{space}/invitations/{first}/cancel"), &json!({})).expect(200);
    anna.post(&format!("{space}/invitations"), &row(202)).expect(201);
}

fn a_person_invites_two_hundred_a_day_at_most(world: &World) {
    let (mut anna, first) = host(world);
    let second = anna.open_space("Café").header("location");
    let fifty = |from: u32| (from..from + 50).map(row).collect::<Vec<_>>();
    for (space, from) in [(&first, 0), (&first, 50), (&second, 0), (&second, 50)] {
        assert_eq!(outcomes(&invite_many(&anna, space, "", &fifty(from))), ["created"; 50]);
    }
    // Nor does it help to take one back.
    let kept = text(&anna.get(&format!("{first}/invitations?limit=1")).expect(200)["data"][0]["id"]);
    anna.post(&format!("{first}/invitations/{kept}/cancel"), &json!({})).expect(200);
    let third = anna.open_space("Kiosque").header("location");
    let refused = anna.post(&format!("{third}/invitations"), &row(1));
    assert_eq!(refused.expect_problem(409, "daily_invitation_limit_reached")["limit"], 200);
    assert_eq!(outcomes(&invite_many(&anna, &third, "?dryRun=true", &[row(1)])), ["daily_invitation_limit_reached"]);
    world.wait(TimeDelta::days(1));
    anna.log_in(0).expect(200);
    anna.post(&format!("{third}/invitations"), &row(1)).expect(201);
}

fn what_is_no_list_of_invitations_is_refused_as_a_whole(world: &World) {
    let (anna, space) = host(world);
    let mut strange = row(2);
    strange["status"] = json!("accepted");
    let many: Vec<Value> = (0..51).map(row).collect();
    for (rows, pointer, code) in [
        (vec![], "/invitations", "out_of_range"),
        (many, "/invitations", "out_of_range"),
        (vec![row(1), strange], "/invitations/1/status", "unknown"),
        (vec![row(1), json!([])], "/invitations/1", "wrong_type"),
        (vec![row(1), json!({})], "/invitations/1/givenName", "missing"),
    ] {
        let problem = invite_many(&anna, &space, "", &rows).expect_problem(400, "invalid_input");
        let fault = &problem["errors"][0];
        assert_eq!((&fault["pointer"], &fault["code"]), (&json!(pointer), &json!(code)));
    }
    for (query, parameter) in [("?dryRun=yes", "dryRun"), ("?dryRun=true&dryRun=true", "dryRun"), ("?dry=true", "dry")]
    {
        let problem = invite_many(&anna, &space, query, &[row(1)]).expect_problem(400, "invalid_input");
        assert_eq!(problem["errors"][0]["parameter"], parameter);
    }
    anna.post(&format!("{space}/close"), &json!({})).expect(200);
    invite_many(&anna, &space, "", &[row(1)]).expect_problem(409, "space_closed");
    anna.post(&format!("{space}/restore"), &json!({})).expect(200);
    assert_eq!(anna.get(&format!("{space}/invitations")).expect(200)["data"], json!([]));
}

fn a_key_stands_for_the_request_with_its_query(world: &World) {
    let (anna, space) = host(world);
    let body = json!({ "invitations": [row(1)] }).to_string().into_bytes();
    let send = |query: &str| {
        let headers = [("content-type", "application/json"), ("idempotency-key", "order-1")];
        anna.send("POST", &format!("{space}/invitations/bulk{query}"), &headers, body.clone())
    };
    assert_eq!(outcomes(&send("?dryRun=true")), ["valid"]);
    let done = send("?dryRun=false");
    assert_eq!(outcomes(&done), ["created"]);
    let again = send("?dryRun=false");
    assert_eq!((again.text.as_str(), again.header("idempotency-replayed")), (done.text.as_str(), "true".to_owned()));
}
