//! The person: what is shown and edited of him, the change of his address, and the space that he works in.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::{Actor, Database, Reply, World, another, text};

crate::on_both_databases!(
    a_person_is_shown_to_himself_without_what_is_secret,
    a_language_acts_at_once,
    a_new_address_is_in_force_once_its_code_comes_back,
    the_address_in_force_calls_off_the_next,
    an_address_on_its_way_is_not_asked_for_twice,
    five_addresses_are_asked_for_in_a_day,
    an_old_code_is_refused_and_a_new_one_sent_three_times,
    a_key_remembers_what_was_confirmed_and_no_wrong_code,
    the_current_space_belongs_to_the_session,
);

const ME: &str = "/v1/me";

fn mails_to(actor: &Actor, address: &str) -> Vec<Value> {
    actor.get(&format!("/sandbox/mails?to={address}")).expect(200)["data"].as_array().expect("mails").clone()
}

fn code_to(actor: &Actor, address: &str) -> String {
    text(&mails_to(actor, address)[0]["code"])
}

fn next_address(actor: &Actor, address: &str) -> Reply {
    actor.patch(ME, "*", &json!({ "email": address }))
}

fn confirm(actor: &Actor, code: &str) -> Reply {
    actor.post("/v1/me/email/confirm", &json!({ "code": code }))
}

fn resend(actor: &Actor) -> Reply {
    actor.send("POST", "/v1/me/email/resend", &[], vec![])
}

fn newest_event(actor: &Actor) -> Value {
    actor.get("/v1/me/audit-events").expect(200)["data"][0].clone()
}

/// An address that nobody else writes to.
fn fresh(actor: &Actor, name: &str) -> String {
    format!("{name}-{}", actor.email())
}

fn a_person_is_shown_to_himself_without_what_is_secret(world: &World) {
    let mut anna = world.anonymous();
    let asserted = anna.become_test_person(&json!({ "products": ["eid"], "helpdesk": false }));
    // The test person's own address is made of the number.
    let wish = json!({ "assertion": anna.assertion(0), "email": "shown@example.lu", "language": "de" });
    let id = text(&anna.post("/v1/registrations", &wish).expect(201)["id"]);
    let code = code_to(&anna, "shown@example.lu");
    anna.post(&format!("/v1/registrations/{id}/confirm"), &json!({ "code": code })).expect(200);
    anna.log_in(0).expect(200);

    let seen = anna.get(ME);
    let me = seen.expect(200);
    for name in ["givenName", "familyName"] {
        assert_eq!(me[name], asserted[name]);
    }
    assert_eq!((&me["email"], &me["language"]), (&json!("shown@example.lu"), &json!("de")));
    assert!(me.get("pendingEmail").is_none() && me["createdAt"] == me["updatedAt"], "{me}");
    let number = text(&asserted["nationalNumber"]);
    assert_eq!(me["maskedNationalNumber"], format!("*********{}", &number[9..]));
    for secret in [&number, &number[..8].to_owned(), &anna.products[0].serial] {
        assert!(!seen.text.contains(secret.as_str()), "{}", seen.text);
    }
    let known = seen.header("etag");
    assert_eq!(anna.send("GET", ME, &[("if-none-match", &known)], vec![]).status, 304);
    let other = world.person().get(ME).expect(200);
    assert_ne!((&other["id"], &other["email"]), (&me["id"], &me["email"]));
}

fn a_language_acts_at_once(world: &World) {
    let anna = Actor::newcomer(&world.anonymous(), &["eid", "luxtrust_private"]);
    let before = anna.get(ME);
    let edited = anna.patch(ME, &before.header("etag"), &json!({ "language": "lb" }));
    let me = edited.expect(200);
    assert_eq!((&before.json["language"], &me["language"]), (&json!("en"), &json!("lb")));
    assert!(text(&me["updatedAt"]) > text(&before.json["updatedAt"]));
    assert_eq!((anna.get(ME).json, anna.get(ME).header("etag")), (me, edited.header("etag")));
    let event = newest_event(&anna);
    assert_eq!((&event["act"], &event["changed"]), (&json!("person_edited"), &json!(["language"])));

    anna.patch(ME, &before.header("etag"), &json!({ "language": "fr" })).expect_problem(412, "version_changed");
    let headers = [("content-type", "application/merge-patch+json")];
    anna.send("PATCH", ME, &headers, b"{}".to_vec()).expect_problem(428, "if_match_required");
    let unchanged = anna.patch(ME, &edited.header("etag"), &json!({ "language": "lb" }));
    assert_eq!((unchanged.expect(200), unchanged.header("etag")), (edited.json.clone(), edited.header("etag")));
    assert_eq!(newest_event(&anna), event, "an edit that changes nothing leaves no entry");

    anna.register_product(1).expect(200);
    assert_eq!(mails_to(&anna, &anna.email())[0]["subject"], "En Authentifikatiounsprodukt gouf derbäigesat");
}

fn a_new_address_is_in_force_once_its_code_comes_back(world: &World) {
    let anna = world.person();
    let (old, new) = (anna.email(), fresh(&anna, "new"));
    let edited = next_address(&anna, &new);
    let me = edited.expect(200);
    assert_eq!((&me["email"], &me["pendingEmail"]["email"]), (&json!(old), &json!(new)));
    assert_eq!((&me["pendingEmail"]["triesLeft"], &me["pendingEmail"]["resendsLeft"]), (&json!(5), &json!(3)));
    let event = newest_event(&anna);
    assert_eq!((&event["act"], &event["changed"]), (&json!("person_edited"), &json!(["pendingEmail"])));
    let told = mails_to(&anna, &old).len();
    assert_eq!(mails_to(&anna, &new).len(), 1, "it gets a code");

    let code = code_to(&anna, &new);
    let left = confirm(&anna, &another(&code)).expect_problem(400, "code_wrong");
    assert_eq!(left["triesLeft"], 4);
    assert_eq!(anna.get(ME).expect(200)["pendingEmail"]["triesLeft"], 4);
    let confirmed = confirm(&anna, &code);
    let me = confirmed.expect(200);
    assert_eq!((&me["email"], me.get("pendingEmail")), (&json!(new), None));
    assert_eq!((anna.get(ME).json, anna.get(ME).header("etag")), (me.clone(), confirmed.header("etag")));
    let stale = anna.patch(ME, &edited.header("etag"), &json!({ "language": "fr" }));
    stale.expect_problem(412, "version_changed");

    let of_old = mails_to(&anna, &old);
    assert_eq!((of_old.len(), &of_old[0]["subject"]), (told + 1, &json!("Your e-mail address was changed")));
    assert!(!text(&of_old[0]["text"]).contains(&new), "{}", of_old[0]);
    assert_eq!(mails_to(&anna, &new).len(), 1, "it got a code and nothing else");
    let event = newest_event(&anna);
    assert_eq!((&event["act"], &event["changed"]), (&json!("email_changed"), &json!(["email"])));
    assert_eq!((&event["object"], &event["actor"]["person"]), (&me["id"], &me["id"]));
    for again in [&code, &another(&code)] {
        confirm(&anna, again).expect_problem(409, "nothing_to_confirm");
    }
    resend(&anna).expect_problem(409, "nothing_to_confirm");

    // From now on it is the person's own: a space's notices may go there, and not to the one before.
    anna.accept_terms();
    let with = |address: &str| {
        let mut wish = crate::support::professional("Boulangerie");
        wish["notificationEmail"] = json!(address);
        anna.post("/v1/spaces", &wish).expect(201)["notificationEmailConfirmed"].clone()
    };
    assert_eq!((with(&new), with(&old)), (json!(true), json!(false)));
}

fn the_address_in_force_calls_off_the_next(world: &World) {
    let anna = world.person();
    let (old, new) = (anna.email(), fresh(&anna, "new"));
    let before = next_address(&anna, &new);
    let code = code_to(&anna, &new);
    let called_off = next_address(&anna, &old);
    assert_eq!(called_off.expect(200).get("pendingEmail"), None);
    assert_ne!(called_off.header("etag").split('-').next(), before.header("etag").split('-').next());
    assert_eq!(newest_event(&anna)["changed"], json!(["pendingEmail"]));
    confirm(&anna, &code).expect_problem(409, "nothing_to_confirm");
    // Another spelling of the same mailbox needs no code.
    let respelled = next_address(&anna, &old.to_uppercase()).expect(200);
    assert_eq!((&respelled["email"], respelled.get("pendingEmail")), (&json!(old.to_uppercase()), None));
    assert_eq!(newest_event(&anna)["changed"], json!(["email"]));

    // A newer address takes the place of the one that waits.
    next_address(&anna, &new).expect(200);
    let code = code_to(&anna, &new);
    let newer = fresh(&anna, "newer");
    assert_eq!(next_address(&anna, &newer).expect(200)["pendingEmail"]["email"], json!(newer));
    if code != code_to(&anna, &newer) {
        confirm(&anna, &code).expect_problem(400, "code_wrong");
    }
    assert_eq!(confirm(&anna, &code_to(&anna, &newer)).expect(200)["email"], json!(newer));
}

fn an_address_on_its_way_is_not_asked_for_twice(world: &World) {
    let anna = world.person();
    let new = fresh(&anna, "new");
    let asked = next_address(&anna, &new);
    let again = next_address(&anna, &new.to_uppercase());
    assert_eq!((again.expect(200), again.header("etag")), (asked.json.clone(), asked.header("etag")));
    assert_eq!(mails_to(&anna, &new).len(), 1);

    let code = code_to(&anna, &new);
    for left in [4, 3, 2, 1, 0] {
        assert_eq!(confirm(&anna, &another(&code)).expect_problem(400, "code_wrong")["triesLeft"], left);
    }
    confirm(&anna, &code).expect_problem(409, "code_tries_used_up");
    resend(&anna).expect_problem(409, "code_tries_used_up");
    assert_eq!(next_address(&anna, &new).expect(200)["pendingEmail"]["triesLeft"], 5, "it begins anew");
    assert_eq!(mails_to(&anna, &new).len(), 2);
    confirm(&anna, &code_to(&anna, &new)).expect(200);
}

fn five_addresses_are_asked_for_in_a_day(world: &World) {
    let (mut anna, other) = (world.person(), world.person());
    let address = |number: usize| fresh(&anna, &format!("next-{number}"));
    let addresses: Vec<String> = (0..7).map(address).collect();
    for asked in &addresses[..5] {
        next_address(&anna, asked).expect(200);
        // Called off, it was asked for all the same.
        next_address(&anna, &anna.email()).expect(200);
    }
    let before = anna.get(ME).json;
    let both = json!({ "email": addresses[5], "language": "lb" });
    let refused = anna.patch(ME, "*", &both).expect_problem(409, "address_limit_reached");
    assert_eq!(refused["limit"], 5);
    assert_eq!((anna.get(ME).json, mails_to(&anna, &addresses[5]).len()), (before, 0));
    next_address(&other, &addresses[5]).expect(200);

    world.wait(TimeDelta::hours(24));
    anna.log_in(0).expect(200);
    next_address(&anna, &addresses[6]).expect(200);
    confirm(&anna, &code_to(&anna, &addresses[6])).expect(200);
}

fn an_old_code_is_refused_and_a_new_one_sent_three_times(world: &World) {
    let mut anna = world.person();
    let new = fresh(&anna, "new");
    next_address(&anna, &new).expect(200);
    let first = code_to(&anna, &new);
    world.wait(TimeDelta::minutes(15));
    anna.refresh().expect(200);
    confirm(&anna, &first).expect_problem(409, "code_expired");
    for left in [2, 1, 0] {
        assert_eq!(resend(&anna).expect(200)["resendsLeft"], left);
    }
    resend(&anna).expect_problem(409, "code_resends_used_up");
    let last = code_to(&anna, &new);
    assert_eq!(mails_to(&anna, &new).len(), 4);
    assert_eq!(confirm(&anna, &last).expect(200)["email"], json!(new));

    // What nobody confirmed is forgotten a day after its code expired.
    let never = fresh(&anna, "never");
    next_address(&anna, &never).expect(200);
    world.wait(TimeDelta::hours(24));
    anna.log_in(0).expect(200);
    assert_eq!(anna.get(ME).expect(200)["pendingEmail"]["email"], json!(never));
    world.wait(TimeDelta::minutes(15));
    anna.refresh().expect(200);
    assert_eq!(anna.get(ME).expect(200).get("pendingEmail"), None);
    resend(&anna).expect_problem(409, "nothing_to_confirm");
}

fn a_key_remembers_what_was_confirmed_and_no_wrong_code(world: &World) {
    let anna = world.person();
    let new = fresh(&anna, "new");
    next_address(&anna, &new).expect(200);
    let code = code_to(&anna, &new);
    let with_key = |path: &str, body: Value| {
        let headers = [("content-type", "application/json"), ("idempotency-key", "confirm-1")];
        anna.send("POST", path, &headers, body.to_string().into_bytes())
    };
    for left in [4, 3] {
        let wrong = with_key("/v1/me/email/confirm", json!({ "code": another(&code) }));
        assert_eq!(wrong.expect_problem(400, "code_wrong")["triesLeft"], left);
    }
    let done = with_key("/v1/me/email/confirm", json!({ "code": code }));
    let again = with_key("/v1/me/email/confirm", json!({ "code": code }));
    assert_eq!((done.expect(200), done.header("etag")), (again.expect(200), again.header("etag")));
    assert_eq!((done.header("idempotency-replayed"), &*again.header("idempotency-replayed")), (String::new(), "true"));
    let changed = mails_to(&anna, &anna.email());
    assert_eq!(changed.iter().filter(|mail| mail["subject"] == "Your e-mail address was changed").count(), 1);
}

fn the_current_space_belongs_to_the_session(world: &World) {
    let (anna, stranger) = (world.founder(), world.founder());
    let mut elsewhere = anna.clone();
    elsewhere.log_in(0).expect(200);
    let [one, other] = ["Un", "Deux"].map(|title| anna.open_space(title).expect(201)["id"].clone());
    let theirs = stranger.open_space("À eux").expect(201)["id"].clone();
    let put = |actor: &Actor, space: &Value| {
        let body = json!({ "spaceId": space }).to_string().into_bytes();
        actor.send("PUT", "/v1/me/current-space", &[("content-type", "application/json")], body)
    };
    let landing = |actor: &Actor| actor.get("/v1/me/landing").expect(200);
    assert_eq!(landing(&anna).get("currentSpace"), None);
    for space in [&one, &other, &one] {
        assert_eq!(put(&anna, space).expect(204), Value::Null);
        assert_eq!((&landing(&anna)["currentSpace"], &landing(&anna)["page"]), (space, &json!("select_space")));
    }
    assert_eq!(landing(&elsewhere).get("currentSpace"), None, "another session works elsewhere");
    for unseen in [&theirs, &json!("019d6c3e-8c00-7000-8000-000000000000")] {
        put(&anna, unseen).expect_problem(404, "not_found");
        assert_eq!(landing(&anna)["currentSpace"], one);
    }
    for malformed in ["", "1", &text(&one).to_uppercase()] {
        let problem = put(&anna, &json!(malformed)).expect_problem(400, "invalid_input");
        assert_eq!(problem["errors"][0]["pointer"], "/spaceId");
    }
    for _ in 0..2 {
        anna.send("DELETE", "/v1/me/current-space", &[], vec![]).expect(204);
        assert_eq!(landing(&anna).get("currentSpace"), None);
    }
}

#[test]
fn a_current_space_that_is_not_seen_any_more_is_not_shown() {
    let world = World::start(Database::Postgres);
    let anna = world.founder();
    let space = anna.open_space("Boulangerie").expect(201)["id"].clone();
    let body = json!({ "spaceId": space }).to_string().into_bytes();
    anna.send("PUT", "/v1/me/current-space", &[("content-type", "application/json")], body).expect(204);
    let current = || anna.get("/v1/me/landing").expect(200).get("currentSpace").cloned();
    for (status, shown) in [("suspended", None), ("active", Some(space.clone()))] {
        world.scratch().psql(&format!("UPDATE memberships SET status = '{status}'"));
        assert_eq!(current(), shown, "{status}");
    }
}
