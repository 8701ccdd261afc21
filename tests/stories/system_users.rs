//! System users: an administrator lets a company's own software in, and what it may do there ends as soon as he says so.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::{Actor, Jwt, Key, Reply, World, jwks, text, wait_until};

crate::on_both_databases!(
    software_is_let_in_gets_a_token_and_reads,
    what_an_administrator_takes_is_gone_on_the_next_request,
    a_right_that_is_not_granted_is_told,
    an_end_date_comes,
    software_is_let_into_open_spaces_alone,
    who_let_it_in_leaves_and_another_answers_for_it,
    another_space_is_what_nobodys_is,
    a_space_has_twenty_at_most,
    a_space_approves_fifty_in_a_day_at_most,
    system_users_are_listed_by_how_they_stand,
    a_name_is_no_matter_of_the_others,
    a_purge_forgets_them_and_so_does_time,
);

fn with_space(world: &World) -> (Actor, String) {
    let anna = world.founder();
    let space = anna.open_space("Boulangerie").header("location");
    (anna, space)
}

fn act(actor: &Actor, path: &str, act: &str) -> Reply {
    actor.post(&format!("{path}/{act}"), &json!({}))
}

fn end(actor: &Actor, path: &str) -> Reply {
    actor.send("DELETE", path, &[("if-match", "*")], vec![])
}

/// The entries of a space's log about one thing, newest first.
fn events_about(actor: &Actor, space: &str, object: &str) -> Vec<Value> {
    let log = actor.get(&format!("{space}/audit-events")).expect(200);
    let events = log["data"].as_array().expect("events").iter().filter(|event| event["object"] == object);
    events.cloned().collect()
}

fn names(actor: &Actor, list: &str) -> Vec<String> {
    let list = actor.get(list).expect(200);
    list["data"].as_array().expect("system users").iter().map(|user| text(&user["name"])).collect()
}

fn software_is_let_in_gets_a_token_and_reads(world: &World) {
    let (anna, space) = with_space(world);
    let bert = world.person();
    anna.admit(&space, &bert, "administrator");
    let payroll = anna.approve(&space, &["draft", "read"], Key::strange());
    let shown = anna.get(&payroll.path);
    let (of, shown) = (shown.header("etag"), shown.expect(200));
    assert_eq!((&shown["rights"], &shown["status"]), (&json!(["read", "draft"]), &json!("active")));
    assert_eq!(shown["jwks"], jwks(&[("k", &payroll.key)]));
    assert_eq!(
        (&shown["approvedBy"]["givenName"], &shown["approvedBy"]["isAdministrator"]),
        (&json!(anna.given_name), &json!(true))
    );
    assert_eq!(anna.send("GET", &payroll.path, &[("if-none-match", &of)], vec![]).status, 304);

    let granted = payroll.ask(&payroll.assertion()).expect(200);
    assert_eq!((&granted["token_type"], &granted["scope"]), (&json!("Bearer"), &json!("read draft")));
    assert!(granted["expires_in"] == 600 && granted.get("refresh_token").is_none(), "{granted}");
    let token = Jwt::read(&text(&granted["access_token"]));
    assert_eq!((&token.header["typ"], &token.claims["scope"]), (&json!("at+jwt"), &json!("read draft")));
    for name in ["sub", "client_id"] {
        assert_eq!(token.claims[name], json!(payroll.id), "{name}");
    }
    assert_eq!(token.claims["space"], json!(space.rsplit('/').next()));

    let software = payroll.log_in();
    let (seen, by_anna) = (software.get(&space).expect(200), anna.get(&space).expect(200));
    assert!(seen.get("role").is_none() && seen["title"] == by_anna["title"]);
    let profile = format!("{space}/company-profile");
    assert_eq!(software.get(&profile).expect(200), anna.get(&profile).expect(200));
    let permissions = software.get(&format!("{space}/permissions")).expect(200);
    assert_eq!(permissions["rights"], json!(["read", "draft"]));
    for permitted in permissions["permissions"].as_array().expect("permissions") {
        let may = ["view", "draft"].contains(&permitted["permission"].as_str().expect("a code"));
        let reasons = if may { json!([]) } else { permitted["reasons"].clone() };
        assert_eq!((&permitted["allowed"], &permitted["reasons"]), (&json!(may), &reasons));
        assert!(may || reasons[0] == "not_for_system_users", "{permitted}");
    }
    let event = &events_about(&anna, &space, &payroll.id)[0];
    assert_eq!((&event["act"], &event["actor"]["kind"]), (&json!("system_user_approved"), &json!("person")));
    let told = &bert.mails_to(&bert.email())[0];
    assert_eq!(told.0, "Software was let into a space");
    assert!(told.1.contains("Payroll") && told.1.contains(&anna.given_name), "{}", told.1);
    assert!(anna.mails_to(&anna.email()).iter().all(|(subject, _)| *subject != told.0), "she knows");
    // Its token is not taken back alone, and it opens nothing of persons.
    let revoked = software.post_form("/v1/token/revoke", &[("token", software.token.as_deref().expect("a token"))]);
    assert_eq!((revoked.status, &revoked.json["error"]), (400, &json!("unsupported_token_type")));
    software.get("/v1/me").expect_problem(403, "not_for_system_users");
    software.get(&space).expect(200);
}

fn what_an_administrator_takes_is_gone_on_the_next_request(world: &World) {
    let (anna, space) = with_space(world);
    let payroll = anna.approve(&space, &["read", "draft"], Key::es256());
    let software = payroll.log_in();
    let expect_out = || {
        let refused = software.get(&space);
        refused.expect_problem(401, "token_invalid");
        assert_eq!(refused.header("www-authenticate"), r#"Bearer error="invalid_token""#);
        software.get("/v1/me").expect_problem(401, "token_invalid");
        payroll.ask(&payroll.assertion()).expect_unknown_client();
    };
    act(&anna, &payroll.path, "suspend").expect(200);
    act(&anna, &payroll.path, "suspend").expect_problem(409, "system_user_suspended");
    expect_out();
    assert_eq!(act(&anna, &payroll.path, "resume").expect(200)["status"], "active");
    act(&anna, &payroll.path, "resume").expect_problem(409, "system_user_not_suspended");
    software.get(&space).expect(200);
    payroll.ask(&payroll.assertion()).expect(200);

    anna.patch(&payroll.path, "\"1-x\"", &json!({ "rights": ["draft"] })).expect_problem(412, "version_changed");
    anna.patch(&payroll.path, "*", &json!({ "rights": ["draft"] })).expect(200);
    software.get(&space).expect_problem(403, "right_not_granted");
    anna.patch(&payroll.path, "*", &json!({ "rights": ["read"] })).expect(200);
    software.get(&space).expect(200);

    // Who has the old key gets no other tokens.
    anna.patch(&payroll.path, "*", &json!({ "jwks": jwks(&[("k", &Key::strange())]) })).expect(200);
    payroll.ask(&payroll.assertion()).expect_unknown_client();
    anna.patch(&payroll.path, "*", &json!({ "jwks": jwks(&[("other", &Key::strange()), ("k", &payroll.key)]) }))
        .expect(200);
    payroll.ask(&payroll.assertion()).expect(200);

    anna.send("DELETE", &payroll.path, &[], vec![]).expect_problem(428, "if_match_required");
    end(&anna, &payroll.path).expect(204);
    expect_out();
    end(&anna, &payroll.path).expect_problem(409, "system_user_ended");
    act(&anna, &payroll.path, "suspend").expect_problem(409, "system_user_ended");
    anna.patch(&payroll.path, "*", &json!({ "name": "Wages" })).expect_problem(409, "system_user_ended");
    assert_eq!(anna.get(&payroll.path).expect(200)["status"], "ended");
    let acts: Vec<_> = events_about(&anna, &space, &payroll.id).iter().map(|event| text(&event["act"])).collect();
    let edited = "system_user_edited";
    let expected = ["system_user_ended", edited, edited, edited, edited];
    assert_eq!(acts[..5], expected);
    assert_eq!(acts[5..], ["system_user_resumed", "system_user_suspended", "system_user_approved"]);
}

fn a_right_that_is_not_granted_is_told(world: &World) {
    let (anna, space) = with_space(world);
    let payroll = anna.approve(&space, &["read", "attach"], Key::strange());
    let narrow = payroll.log_in_at(payroll.since, Some("attach"));
    for path in [space.clone(), format!("{space}/company-profile")] {
        let refused = narrow.get(&path);
        assert_eq!(refused.expect_problem(403, "right_not_granted")["right"], "read");
        assert_eq!(refused.header("www-authenticate"), r#"Bearer error="insufficient_scope", scope="read""#);
    }
    assert_eq!(narrow.get(&format!("{space}/permissions")).expect(200)["rights"], json!(["attach"]));
    for scope in ["draft", "read draft", "sign", "read  attach", "READ", "read,attach"] {
        let assertion = payroll.assertion().sign(&payroll.key);
        let refused = anna.logged_out().exchange_client_assertion(&assertion, Some(scope));
        assert_eq!((refused.status, &refused.json["error"]), (400, &json!("invalid_scope")), "{scope}");
    }
}

fn an_end_date_comes(world: &World) {
    let (mut anna, space) = with_space(world);
    let payroll = anna.approve(&space, &["read"], Key::strange());
    for (ends_at, code) in [(world.now(), "not_in_future"), (world.now() + TimeDelta::days(732), "too_far")] {
        let refused =
            anna.patch(&payroll.path, "*", &json!({ "endsAt": ends_at })).expect_problem(400, "invalid_input");
        assert_eq!(
            (&refused["errors"][0]["pointer"], &refused["errors"][0]["code"]),
            (&json!("/endsAt"), &json!(code))
        );
    }
    anna.patch(&payroll.path, "*", &json!({ "endsAt": world.now() + TimeDelta::minutes(3) })).expect(200);
    let granted = payroll.ask(&payroll.assertion()).expect(200);
    assert!(granted["expires_in"].as_i64().expect("seconds") <= 180, "it lives no longer than it is let in: {granted}");
    let software = payroll.log_in();
    world.wait(TimeDelta::minutes(3));
    software.get(&space).expect_problem(401, "token_invalid");
    payroll.ask(&payroll.assertion_at(world.now().timestamp())).expect_unknown_client();
    anna.log_in(0).expect(200);
    assert_eq!(anna.get(&payroll.path).expect(200)["status"], "expired");
    let later = json!({ "endsAt": world.now() + TimeDelta::days(1) });
    anna.patch(&payroll.path, "*", &later).expect_problem(409, "system_user_ended");
}

fn software_is_let_into_open_spaces_alone(world: &World) {
    let (anna, space) = with_space(world);
    let payroll = anna.approve(&space, &["read"], Key::strange());
    let software = payroll.log_in();
    let agent = world.agent();
    let helpdesk = format!("/v1/helpdesk{}", space.trim_start_matches("/v1"));
    let wish = anna.software(&space, &["read"], &jwks(&[("k", &payroll.key)]));
    let expect_out = || {
        software.get(&space).expect_problem(401, "token_invalid");
        payroll.ask(&payroll.assertion()).expect_unknown_client();
    };
    agent.post(&format!("{helpdesk}/suspend"), &json!({ "reason": "A letter" })).expect(200);
    expect_out();
    anna.post(&format!("{space}/system-users"), &wish).expect_problem(409, "space_suspended");
    end(&anna, &payroll.path).expect_problem(409, "space_suspended");
    assert_eq!(names(&anna, &format!("{space}/system-users")), ["Payroll"], "it is still read");
    agent.post(&format!("{helpdesk}/resume"), &json!({ "reason": "A letter" })).expect(200);
    software.get(&space).expect(200);
    act(&anna, &space, "close").expect(200);
    expect_out();
    anna.get(&payroll.path).expect_problem(409, "space_closed");
    act(&anna, &space, "restore").expect(200);
    software.get(&space).expect(200);

    let private = text(&anna.open_private_space().expect(201)["id"]);
    let into_it = format!("/v1/spaces/{private}/system-users");
    anna.post(&into_it, &wish).expect_problem(404, "not_found");
    anna.get(&into_it).expect_problem(404, "not_found");
}

fn who_let_it_in_leaves_and_another_answers_for_it(world: &World) {
    let (anna, space) = with_space(world);
    let bert = world.person();
    anna.admit(&space, &bert, "administrator");
    let payroll = bert.approve(&space, &["read"], Key::strange());
    let software = payroll.log_in();
    act(&bert, &space, "leave").expect(200);
    software.get(&space).expect(200);
    let shown = anna.get(&payroll.path).expect(200);
    let approver = &shown["approvedBy"];
    assert_eq!((&approver["familyName"], &approver["isAdministrator"]), (&json!(bert.family_name), &json!(false)));
    assert_eq!(anna.get(&format!("{space}/system-users")).expect(200)["data"][0], shown);
    let event = events_about(&anna, &space, &payroll.id).remove(0);
    assert_eq!(event["actor"]["person"], approver["id"]);
    // Another end date is another approval.
    let ends_at = json!({ "endsAt": world.now() + TimeDelta::days(30) });
    let edited = anna.patch(&payroll.path, "*", &ends_at).expect(200);
    assert_eq!(
        (&edited["approvedBy"]["familyName"], &edited["approvedBy"]["isAdministrator"]),
        (&json!(anna.family_name), &json!(true))
    );
    bert.get(&payroll.path).expect_problem(404, "not_found");
}

fn another_space_is_what_nobodys_is(world: &World) {
    let (anna, space) = with_space(world);
    let software = anna.approve(&space, &["read"], Key::strange()).log_in();
    let other = world.founder().open_space("Fiduciaire").header("location");
    let of_same_owner = anna.open_space("Boulangerie de la Gare").header("location");
    let nobodys = "/v1/spaces/019d6c3e-8c00-7000-8000-000000000000";
    for rest in ["", "/company-profile", "/permissions"] {
        let of_nobody = software.get(&format!("{nobodys}{rest}")).expect_problem(404, "not_found");
        for space in [&other, &of_same_owner] {
            let mut of_others = software.get(&format!("{space}{rest}")).expect_problem(404, "not_found");
            for of_this_request in ["instance", "requestId"] {
                of_others[of_this_request] = of_nobody[of_this_request].clone();
            }
            assert_eq!(of_others, of_nobody);
        }
    }
}

fn a_space_has_twenty_at_most(world: &World) {
    let (anna, space) = with_space(world);
    let list = format!("{space}/system-users");
    let wish = anna.software(&space, &["read"], &jwks(&[("k", &Key::strange())]));
    let first = anna.post(&list, &wish).header("location");
    for _ in 1..20 {
        anna.post(&list, &wish).expect(201);
    }
    assert_eq!(anna.post(&list, &wish).expect_problem(409, "system_user_limit_reached")["limit"], 20);
    end(&anna, &first).expect(204);
    let key = [("content-type", "application/json"), ("idempotency-key", "one-more")];
    let once = anna.send("POST", &list, &key, wish.to_string().into_bytes());
    let again = anna.send("POST", &list, &key, wish.to_string().into_bytes());
    assert_eq!((once.expect(201), again.header("idempotency-replayed")), (again.expect(201), "true".into()));
    anna.post(&list, &wish).expect_problem(409, "system_user_limit_reached");
}

fn a_space_approves_fifty_in_a_day_at_most(world: &World) {
    let (mut anna, space) = with_space(world);
    let list = format!("{space}/system-users");
    let wish = anna.software(&space, &["read"], &jwks(&[("k", &Key::strange())]));
    for _ in 0..50 {
        end(&anna, &anna.post(&list, &wish).header("location")).expect(204);
    }
    assert_eq!(anna.post(&list, &wish).expect_problem(409, "daily_system_user_limit_reached")["limit"], 50);
    world.wait(TimeDelta::days(1));
    anna.log_in(0).expect(200);
    anna.post(&list, &wish).expect(201);
}

fn system_users_are_listed_by_how_they_stand(world: &World) {
    let (mut anna, space) = with_space(world);
    let list = format!("{space}/system-users");
    let add = |name: &str| {
        let mut wish = anna.software(&space, &["read"], &jwks(&[("k", &Key::strange())]));
        wish["name"] = json!(name);
        anna.post(&list, &wish).header("location")
    };
    let [_, suspended, ended, expiring] = ["active", "suspended", "ended", "expired"].map(add);
    act(&anna, &suspended, "suspend").expect(200);
    end(&anna, &ended).expect(204);
    anna.patch(&expiring, "*", &json!({ "endsAt": world.now() + TimeDelta::minutes(1) })).expect(200);
    world.wait(TimeDelta::minutes(1));
    anna.log_in(0).expect(200);
    assert_eq!(names(&anna, &list), ["active", "suspended"]);
    for status in ["active", "suspended", "ended", "expired"] {
        assert_eq!(names(&anna, &format!("{list}?status={status}")), [status]);
    }
    let page = anna.get(&format!("{list}?limit=1"));
    let next = page.header("link");
    let next = next.trim_start_matches('<').split('>').next().expect("an address");
    assert_eq!(
        (&page.expect(200)["data"][0]["name"], names(&anna, next)),
        (&json!("active"), vec!["suspended".into()])
    );
    let reader = world.person();
    anna.admit(&space, &reader, "reader");
    reader.get(&list).expect_problem(403, "administrator_required");
}

fn a_name_is_no_matter_of_the_others(world: &World) {
    let (anna, space) = with_space(world);
    let bert = world.person();
    anna.admit(&space, &bert, "administrator");
    let payroll = anna.approve(&space, &["read"], Key::strange());
    let mailed = || bert.mails_to(&bert.email()).into_iter().map(|(subject, _)| subject).collect::<Vec<_>>();
    let before = mailed();
    anna.patch(&payroll.path, "*", &json!({ "name": "Wages" })).expect(200);
    assert_eq!(events_about(&anna, &space, &payroll.id)[0]["changed"], json!(["name"]));
    let same =
        anna.patch(&payroll.path, "*", &json!({ "name": "Wages", "jwks": jwks(&[("k", &payroll.key)]) })).expect(200);
    assert_eq!((&same["version"], events_about(&anna, &space, &payroll.id).len()), (&json!(2), 2));
    assert_eq!(mailed(), before);
    anna.patch(&payroll.path, "*", &json!({ "jwks": jwks(&[("k", &Key::es256())]) })).expect(200);
    assert_eq!(events_about(&anna, &space, &payroll.id)[0]["changed"], json!(["jwks"]));
    wait_until("a mail", || mailed()[0] == "The access of software to a space was changed");
    act(&anna, &payroll.path, "suspend").expect(200);
    act(&anna, &payroll.path, "resume").expect(200);
    wait_until("a mail", || mailed()[0] == "Software has access to a space again");
    end(&anna, &payroll.path).expect(204);
    wait_until("a mail", || mailed()[0] == "The access of software to a space is over");
}

fn a_purge_forgets_them_and_so_does_time(world: &World) {
    let (mut anna, space) = with_space(world);
    let gone = anna.open_space("Pâtisserie").header("location");
    let (old, of_gone) =
        (anna.approve(&space, &["read"], Key::strange()), anna.approve(&gone, &["read"], Key::strange()));
    for software in [&old, &of_gone] {
        software.ask(&software.assertion()).expect(200);
    }
    end(&anna, &old.path).expect(204);
    act(&anna, &gone, "close").expect(200);
    let backstage = anna.backstage().clone();
    let count = |table: &str| backstage.sql(&format!("SELECT count(*) FROM {table}"));
    assert_eq!(["system_users", "clients", "client_assertions"].map(count), ["2", "2", "2"]);
    world.wait(TimeDelta::hours(2));
    wait_until("assertions to be forgotten", || count("client_assertions") == "0");
    world.wait(TimeDelta::days(24));
    anna.log_in(0).expect(200);
    let reminded = "SELECT count(*) FROM spaces WHERE purge_reminded_at IS NOT NULL";
    wait_until("a reminder", || backstage.sql(reminded) == "1");
    world.wait(TimeDelta::days(8));
    wait_until("a purge", || count("system_users") == "1");
    assert_eq!(count("clients"), "1");
    of_gone.ask(&of_gone.assertion_at(world.now().timestamp())).expect_unknown_client();
    world.wait(TimeDelta::days(150));
    wait_until("the other one to be forgotten", || count("system_users") == "0" && count("clients") == "0");
}
