//! Members of a professional space: seen, edited, suspended, resumed, removed, and gone; and what each may do.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::{Actor, Database, Reply, Rival, World, eventually, text, wait_until};

crate::on_both_databases!(
    members_are_seen_by_their_readers_role,
    a_list_of_members_comes_in_pages_and_by_filters,
    a_member_is_edited_on_the_version_that_was_read,
    an_end_date_comes_true_by_itself,
    who_is_suspended_or_gone_gets_what_a_stranger_gets,
    whatever_is_done_is_recorded_once_and_mailed,
    what_is_sent_again_is_answered_again,
    nothing_takes_the_last_administrator,
    one_product_lets_in_alone,
    to_demote_or_remove_an_administrator_wants_a_recent_login,
    a_caller_is_told_what_he_may_and_why_not,
    a_private_space_has_no_members,
    nobody_decides_in_a_suspended_or_closed_space,
);

fn act(actor: &Actor, path: &str, act: &str) -> Reply {
    actor.post(&format!("{path}/{act}"), &json!({}))
}

fn remove(actor: &Actor, member: &str) -> Reply {
    actor.send("DELETE", member, &[("if-match", "*")], vec![])
}

/// The members that a list shows, by one field.
fn listed(actor: &Actor, space: &str, query: &str, field: &str) -> Vec<String> {
    let list = actor.get(&format!("{space}/members{query}")).expect(200);
    list["data"].as_array().expect("members").iter().map(|member| text(&member[field])).collect()
}

/// What is recorded of members in a space, oldest first: acts, with the fields that they changed.
fn recorded(actor: &Actor, space: &str) -> Vec<(String, Value)> {
    let log = actor.get(&format!("{space}/audit-events?limit=100")).expect(200);
    let mut events: Vec<_> = log["data"].as_array().expect("events").clone();
    events.reverse();
    let of_members = events.iter().filter(|event| text(&event["act"]).starts_with("member_"));
    of_members.map(|event| (text(&event["act"]), event["changed"].clone())).collect()
}

/// The mails to a person with this subject, newest first.
fn mails(actor: &Actor, subject: &str) -> Vec<String> {
    let mails = actor.get(&format!("/sandbox/mails?to={}", actor.email())).expect(200);
    let mails = mails["data"].as_array().expect("mails").iter().filter(|mail| mail["subject"] == subject);
    mails.map(|mail| text(&mail["text"])).collect()
}

/// Anna's space, Bert in it in a role, and his path as a member.
fn with_bert(world: &World, role: &str) -> (Actor, Actor, String, String) {
    let (anna, bert) = (world.founder(), world.person());
    let space = anna.open_space("Boulangerie").header("location");
    let member = anna.admit(&space, &bert, role);
    (anna, bert, space, member)
}

fn members_are_seen_by_their_readers_role(world: &World) {
    let (anna, bert, space, member) = with_bert(world, "reader");
    let seen = anna.get(&member).expect(200);
    let masked = format!("****************{}", &bert.products[0].serial[16..]);
    assert_eq!(
        (&seen["role"], &seen["status"], &seen["accessScope"], &seen["endsAt"], &seen["version"]),
        (&json!("reader"), &json!("active"), &json!("all_products"), &Value::Null, &json!(1))
    );
    assert_eq!((&seen["email"], &seen["maskedSerial"]), (&json!(bert.email()), &json!(masked)));
    assert_eq!((&seen["isMe"], text(&seen["spaceId"])), (&json!(false), space.rsplit('/').next().unwrap().to_owned()));
    let me = bert.get("/v1/me").expect(200);
    assert_eq!((&seen["givenName"], &seen["familyName"]), (&me["givenName"], &me["familyName"]));
    let list = anna.get(&format!("{space}/members")).expect(200);
    assert_eq!((list["data"].as_array().map(Vec::len), &list["data"][1]), (Some(2), &seen));
    assert_eq!(list["data"][0]["isMe"], true);

    let mut by_bert = seen.clone();
    by_bert["isMe"] = json!(true);
    for hidden in ["email", "maskedSerial"] {
        by_bert.as_object_mut().expect("an object").remove(hidden);
    }
    assert_eq!(bert.get(&member).expect(200), by_bert);
    let list = bert.get(&format!("{space}/members"));
    assert_eq!(list.expect(200)["data"][1], by_bert);
    for secret in [&anna.email(), &bert.email(), &bert.products[0].serial, &anna.products[0].serial[16..].to_owned()] {
        assert!(!list.text.contains(secret.as_str()), "{}", list.text);
    }
    let reply = anna.get(&member);
    let again = anna.send("GET", &member, &[("if-none-match", &reply.header("etag"))], vec![]);
    assert_eq!((again.status, again.text.as_str()), (304, ""));
}

fn a_list_of_members_comes_in_pages_and_by_filters(world: &World) {
    let (anna, bert, space, of_bert) = with_bert(world, "manager");
    let others: Vec<_> = ["contributor", "reader", "reader"]
        .map(|role| {
            let other = world.person();
            let member = anna.admit(&space, &other, role);
            (other, member)
        })
        .into();
    let id = |member: &str| member.rsplit('/').next().expect("an id").to_owned();
    let all = listed(&anna, &space, "", "id");
    assert_eq!(all[1..], [&of_bert, &others[0].1, &others[1].1, &others[2].1].map(|member| id(member)));
    let mut paged = vec![];
    let mut next = format!("{space}/members?limit=2");
    loop {
        let page = anna.get(&next).expect(200);
        paged.extend(page["data"].as_array().expect("members").iter().map(|member| text(&member["id"])));
        let Some(cursor) = page["page"]["next"].as_str() else { break };
        bert.get(&format!("{space}/members?limit=2&cursor={cursor}")).expect_problem(400, "invalid_cursor");
        anna.get(&format!("{space}/members?role=reader&cursor={cursor}")).expect_problem(400, "invalid_cursor");
        next = format!("{space}/members?limit=2&cursor={cursor}");
    }
    assert_eq!(paged, all);
    assert_eq!(listed(&anna, &space, "?role=reader", "id"), [id(&others[1].1), id(&others[2].1)]);

    act(&anna, &others[1].1, "suspend").expect(200);
    remove(&anna, &others[2].1).expect(204);
    assert_eq!(listed(&anna, &space, "", "status"), ["active", "active", "active", "suspended"]);
    assert_eq!(listed(&anna, &space, "?status=suspended", "id"), [id(&others[1].1)]);
    assert_eq!(listed(&anna, &space, "?status=ended", "id"), [id(&others[2].1)]);
    assert_eq!(listed(&anna, &space, "?status=active&role=reader", "id"), [""; 0]);
    // To all others who is not active is not there.
    assert_eq!(listed(&bert, &space, "", "id"), all[..3]);
    assert_eq!(listed(&bert, &space, "?status=active", "id"), all[..3]);
    for hidden in ["suspended", "ended"] {
        bert.get(&format!("{space}/members?status={hidden}")).expect_problem(403, "administrator_required");
    }
    for (_, member) in &others[1..] {
        bert.get(member).expect_problem(404, "not_found");
        anna.get(member).expect(200);
    }
    for wrong in ["role=owner", "status=closed", "limit=0", "name=Bert", "role=reader&role=reader"] {
        anna.get(&format!("{space}/members?{wrong}")).expect_problem(400, "invalid_input");
    }
}

fn a_member_is_edited_on_the_version_that_was_read(world: &World) {
    let (anna, bert, space, member) = with_bert(world, "manager");
    let first = anna.get(&member).header("etag");
    let edit = json!({ "role": "contributor" });
    let without = anna.send("PATCH", &member, &[("content-type", "application/json")], edit.to_string().into_bytes());
    without.expect_problem(428, "if_match_required");
    let edited = anna.patch(&member, &first, &edit);
    assert_eq!((&edited.expect(200)["role"], &edited.json["version"]), (&json!("contributor"), &json!(2)));
    anna.patch(&member, &first, &edit).expect_problem(412, "version_changed");
    assert_eq!(
        (anna.get(&member).expect(200), anna.get(&member).header("etag")),
        (edited.json.clone(), edited.header("etag"))
    );
    // What changes nothing is no new version, and nothing is recorded or mailed.
    assert_eq!(anna.patch(&member, "*", &edit).expect(200), edited.json);
    assert_eq!(anna.patch(&member, "*", &json!({})).expect(200), edited.json);

    let end = json!("2027-03-01T12:00:00Z");
    let all = json!({ "role": "manager", "accessScope": "this_product", "endsAt": end });
    let edited = anna.patch(&member, &edited.header("etag"), &all).expect(200);
    assert_eq!((&edited["accessScope"], &edited["endsAt"]), (&json!("this_product"), &end));
    assert_eq!(bert.get(&member).expect(200)["endsAt"], end);
    let cleared = anna.patch(&member, "*", &json!({ "endsAt": null })).expect(200);
    assert_eq!((&cleared["endsAt"], &cleared["version"]), (&Value::Null, &json!(4)));
    for past in [json!("2027-01-15T08:00:00Z"), json!("0001-01-01T00:00:00Z")] {
        let fault = anna.patch(&member, "*", &json!({ "endsAt": past })).expect_problem(400, "invalid_input");
        let fault = &fault["errors"][0];
        assert_eq!((&fault["pointer"], &fault["code"]), (&json!("/endsAt"), &json!("not_in_future")));
    }
    assert_eq!(
        recorded(&anna, &space),
        [json!(["role"]), json!(["role", "accessScope", "endsAt"]), json!(["endsAt"])]
            .map(|changed| ("member_edited".to_owned(), changed))
    );
    let removed = anna.send("DELETE", &member, &[("if-match", &first)], vec![]);
    removed.expect_problem(412, "version_changed");
    anna.send("DELETE", &member, &[], vec![]).expect_problem(428, "if_match_required");
    bert.get(&space).expect(200);
}

fn an_end_date_comes_true_by_itself(world: &World) {
    let (mut anna, mut bert, space, member) = with_bert(world, "administrator");
    let end = world.now() + TimeDelta::hours(2);
    anna.patch(&member, "*", &json!({ "endsAt": end })).expect(200);
    bert.patch(&space, "*", &json!({ "title": "Café" })).expect(200);
    world.wait(TimeDelta::hours(2));
    anna.log_in(0).expect(200);
    bert.log_in(0).expect(200);
    bert.get(&space).expect_problem(404, "not_found");
    assert_eq!(bert.get("/v1/spaces").expect(200)["data"], json!([]));
    assert_eq!(listed(&anna, &space, "", "role"), ["administrator"]);
    assert_eq!(listed(&anna, &space, "?status=ended", "status"), ["ended"]);
    // It is over for good.
    anna.patch(&member, "*", &json!({ "endsAt": null })).expect_problem(409, "member_ended");
    remove(&anna, &member).expect_problem(409, "member_ended");
    for again in ["suspend", "resume"] {
        act(&anna, &member, again).expect_problem(409, "member_ended");
    }
    act(&anna, &space, "leave").expect_problem(409, "last_administrator");
}

fn who_is_suspended_or_gone_gets_what_a_stranger_gets(world: &World) {
    let agent = world.agent();
    for end in ["suspend", "remove", "leave"] {
        let (anna, bert, space, member) = with_bert(world, "administrator");
        let id = space.rsplit('/').next().expect("an id");
        let keyed = |path: &str| {
            let headers = [("idempotency-key", "order-1"), ("content-type", "application/json")];
            bert.send("POST", path, &headers, b"{}".to_vec())
        };
        let of_anna = format!("{space}/members/{}", listed(&anna, &space, "", "id")[0]);
        let carl = anna.admit(&space, &world.person(), "reader");
        keyed(&format!("{carl}/suspend")).expect(200);
        let current = json!({ "spaceId": id });
        bert.put("/v1/me/current-space", "*", &current).expect(204);
        let identifier = anna.get(&space).expect(200)["identifier"].clone();
        let count = || {
            let search = json!({ "identifier": identifier, "reason": "Un appel" });
            let found = agent.post("/v1/helpdesk/spaces/search", &search).expect(200)["data"][0].clone();
            (found["members"].clone(), found["administrators"].clone())
        };
        assert_eq!(count(), (json!(2), json!(2)));
        match end {
            "suspend" => drop(act(&anna, &member, "suspend").expect(200)),
            "remove" => drop(remove(&anna, &member).expect(204)),
            _ => drop(act(&bert, &space, "leave").expect(200)),
        }
        for reply in [
            bert.get(&space),
            bert.patch(&space, "*", &json!({ "title": "x" })),
            bert.get(&format!("{space}/members")),
            bert.get(&member),
            bert.patch(&of_anna, "*", &json!({ "role": "reader" })),
            remove(&bert, &of_anna),
            act(&bert, &of_anna, "suspend"),
            act(&bert, &member, "resume"),
            act(&bert, &space, "leave"),
            act(&bert, &space, "close"),
            bert.get(&format!("{space}/permissions")),
            bert.get(&format!("{space}/company-profile")),
            bert.get(&format!("{space}/audit-events")),
            bert.put("/v1/me/current-space", "*", &current),
            keyed(&format!("{carl}/suspend")),
        ] {
            reply.expect_problem(404, "not_found");
        }
        assert_eq!(bert.get("/v1/spaces").expect(200)["data"], json!([]), "{end}");
        let landing = bert.get("/v1/me/landing").expect(200);
        assert_eq!((&landing["page"], &landing["currentSpace"]), (&json!("manage_spaces"), &Value::Null), "{end}");
        assert_eq!(count(), (json!(1), json!(1)), "{end}");
        if end == "suspend" {
            act(&anna, &member, "resume").expect(200);
            assert_eq!(bert.get("/v1/me/landing").expect(200)["page"], "space_home");
            bert.patch(&space, "*", &json!({ "title": "Café" })).expect(200);
        }
    }
}

fn whatever_is_done_is_recorded_once_and_mailed(world: &World) {
    let (anna, bert, space, member) = with_bert(world, "manager");
    let identifier = text(&anna.get(&space).expect(200)["identifier"]);
    anna.patch(&member, "*", &json!({ "role": "reader" })).expect(200);
    anna.patch(&member, "*", &json!({ "accessScope": "this_product" })).expect(200);
    act(&anna, &member, "resume").expect_problem(409, "member_not_suspended");
    assert_eq!(act(&anna, &member, "suspend").expect(200)["status"], "suspended");
    act(&anna, &member, "suspend").expect_problem(409, "member_suspended");
    // One who is suspended is still edited.
    anna.patch(&member, "*", &json!({ "role": "contributor" })).expect(200);
    assert_eq!(act(&anna, &member, "resume").expect(200)["status"], "active");
    remove(&anna, &member).expect(204);
    let carl = world.person();
    anna.admit(&space, &carl, "reader");
    let left = act(&carl, &space, "leave").expect(200);
    assert_eq!((&left["status"], &left["isMe"]), (&json!("ended"), &json!(true)));
    assert!(left["endsAt"].is_string() && left.get("email").is_none());
    let acts: Vec<String> = recorded(&anna, &space).into_iter().map(|(act, _)| act).collect();
    assert_eq!(
        acts,
        [
            "member_edited",
            "member_edited",
            "member_suspended",
            "member_edited",
            "member_resumed",
            "member_removed",
            "member_left"
        ]
    );
    let newest = anna.get(&format!("{space}/audit-events?limit=1")).expect(200)["data"][0].clone();
    assert_eq!((&newest["object"], &newest["changed"]), (&left["id"], &json!([])));

    for (to, subject, count, words) in [
        (&bert, "Your role in a space was changed", 2, "contributor"),
        (&bert, "Your access to a space was suspended", 1, "suspended"),
        (&bert, "Your access to a space was resumed", 1, "resumed"),
        (&bert, "You are no longer a member of a space", 1, "ended your access"),
        (&anna, "A member left a space", 1, "left the space"),
        (&carl, "A member left a space", 0, ""),
        (&anna, "You are no longer a member of a space", 0, ""),
    ] {
        wait_until(subject, || mails(to, subject).len() >= count);
        let texts = mails(to, subject);
        assert_eq!(texts.len(), count, "{subject}: {texts:?}");
        if let Some(told) = texts.first() {
            assert!([&*identifier, "Boulangerie", words].iter().all(|word| told.contains(word)), "{told}");
        }
    }
    let me = carl.get("/v1/me").expect(200);
    let told = eventually("a mail", || mails(&anna, "A member left a space").pop());
    assert!(told.contains(&format!("{} {}", text(&me["givenName"]), text(&me["familyName"]))), "{told}");
    world.operate(&["audit", "verify"]);
}

fn what_is_sent_again_is_answered_again(world: &World) {
    let (anna, bert, space, member) = with_bert(world, "reader");
    let keyed = |actor: &Actor, path: &str| actor.send("POST", path, &[("idempotency-key", "order-1")], vec![]);
    for (actor, path) in
        [(&anna, format!("{member}/suspend")), (&anna, format!("{member}/resume")), (&bert, format!("{space}/leave"))]
    {
        let (first, again) = (keyed(actor, &path), keyed(actor, &path));
        first.expect(200);
        assert_eq!(
            (again.status, &again.text, again.header("idempotency-replayed")),
            (200, &first.text, "true".into())
        );
    }
    assert_eq!(recorded(&anna, &space).len(), 3);
    act(&bert, &space, "leave").expect_problem(404, "not_found");
}

fn nothing_takes_the_last_administrator(world: &World) {
    let (anna, bert, space, of_bert) = with_bert(world, "manager");
    let of_anna = format!("{space}/members/{}", listed(&anna, &space, "", "id")[0]);
    let soon = json!(world.now() + TimeDelta::days(1));
    let opened = anna.get(&space).expect(200);
    let named = json!([{ "id": opened["id"], "identifier": opened["identifier"] }]);
    let refused = |actor: &Actor| {
        for reply in [
            actor.patch(&of_anna, "*", &json!({ "role": "manager" })),
            actor.patch(&of_anna, "*", &json!({ "endsAt": soon })),
            act(actor, &of_anna, "suspend"),
            remove(actor, &of_anna),
        ] {
            assert_eq!(reply.expect_problem(409, "last_administrator")["spaces"], named);
        }
    };
    refused(&anna);
    assert_eq!(act(&anna, &space, "leave").expect_problem(409, "last_administrator")["spaces"], named);
    // An administrator who is there for a time only does not do.
    anna.patch(&of_bert, "*", &json!({ "role": "administrator", "endsAt": soon })).expect(200);
    refused(&bert);
    // Nor one who is suspended.
    anna.patch(&of_bert, "*", &json!({ "endsAt": null })).expect(200);
    act(&anna, &of_bert, "suspend").expect(200);
    refused(&anna);
    act(&anna, &of_bert, "resume").expect(200);
    assert!(recorded(&anna, &space).iter().all(|(_, changed)| changed != &json!(["role"])), "nothing was kept");
    // Now either may go, but not both.
    act(&anna, &space, "leave").expect(200);
    act(&bert, &space, "leave").expect_problem(409, "last_administrator");
    assert_eq!(listed(&bert, &space, "?role=administrator", "status"), ["active"]);
}

fn one_product_lets_in_alone(world: &World) {
    let anna = world.founder();
    let by_first = Actor::newcomer(&world.anonymous(), &["luxtrust_professional", "eid"]);
    by_first.post("/v1/me/authentication-products", &json!({ "assertion": by_first.assertion(1) })).expect(201);
    let mut by_second = by_first.clone();
    by_second.log_in(1).expect(200);
    let space = anna.open_space("Boulangerie").header("location");
    let member = anna.admit(&space, &by_first, "administrator");
    by_first.get(&space).expect(200);
    by_second.get(&space).expect(200);
    anna.patch(&member, "*", &json!({ "accessScope": "this_product" })).expect(200);
    by_first.get(&space).expect(200);
    by_second.get(&space).expect_problem(404, "not_found");
    act(&by_second, &space, "leave").expect_problem(404, "not_found");
    // As soon as he is the only one, his product is not withdrawn.
    act(&anna, &space, "leave").expect(200);
    let product = format!("/v1/me/authentication-products/{}", text(&by_first.current_product()["id"]));
    let refused = by_first.send("DELETE", &product, &[], vec![]).expect_problem(409, "last_administrator");
    assert_eq!(refused["spaces"].as_array().map(Vec::len), Some(1));
    by_first.patch(&member, "*", &json!({ "accessScope": "all_products" })).expect(200);
    by_second.get(&space).expect(200);
    by_first.send("DELETE", &product, &[], vec![]).expect(204);
    // The product that he came with is gone: with it alone nobody would be able.
    let narrow = json!({ "accessScope": "this_product" });
    by_second.patch(&member, "*", &narrow).expect_problem(409, "last_administrator");
}

fn to_demote_or_remove_an_administrator_wants_a_recent_login(world: &World) {
    let (mut anna, _, space, member) = with_bert(world, "administrator");
    let (carl, dora) = (world.person(), world.person());
    let [of_carl, of_dora] = [&carl, &dora].map(|other| anna.admit(&space, other, "manager"));
    world.wait(TimeDelta::minutes(16));
    anna.refresh().expect(200);
    let challenge = |reply: Reply| {
        let problem = reply.expect_problem(401, "insufficient_user_authentication");
        assert_eq!((&problem["acrValues"], &problem["maxAge"]), (&json!("substantial"), &json!(900)));
    };
    let soon = world.now() + TimeDelta::days(1);
    challenge(anna.patch(&member, "*", &json!({ "role": "manager" })));
    challenge(anna.patch(&member, "*", &json!({ "endsAt": soon })));
    challenge(remove(&anna, &member));
    // It comes before what is wrong with the version, and after what is wrong with the body is not told.
    challenge(anna.patch(&member, "\"9-x\"", &json!({ "role": "manager" })));
    challenge(anna.send("DELETE", &member, &[], vec![]));
    let wrong = json!({ "role": "manager", "accessScope": 1 });
    anna.patch(&member, "*", &wrong).expect_problem(400, "invalid_input");
    assert!(recorded(&anna, &space).is_empty());
    // All else is done with any session that is strong enough.
    anna.patch(&member, "*", &json!({ "role": "administrator", "accessScope": "this_product" })).expect(200);
    act(&anna, &member, "suspend").expect(200);
    act(&anna, &member, "resume").expect(200);
    anna.patch(&of_carl, "*", &json!({ "role": "administrator" })).expect(200);
    anna.patch(&of_dora, "*", &json!({ "role": "reader", "endsAt": soon })).expect(200);
    remove(&anna, &of_dora).expect(204);
    anna.log_in(0).expect(200);
    anna.patch(&of_carl, "*", &json!({ "role": "manager" })).expect(200);
    remove(&anna, &member).expect(204);
}

fn a_caller_is_told_what_he_may_and_why_not(world: &World) {
    let (mut anna, mut bert, space, member) = with_bert(world, "administrator");
    let reasons = |actor: &Actor| {
        let told = actor.get(&format!("{space}/permissions")).expect(200);
        let permissions = told["permissions"].as_array().expect("permissions").clone();
        assert!(permissions.iter().all(|each| each["allowed"] == json!(each["reasons"] == json!([]))), "{told}");
        let of = move |name: &str| {
            permissions.iter().find(|each| each["permission"] == name).expect("a permission")["reasons"].clone()
        };
        (text(&told["role"]), of)
    };
    let roles = anna.get("/v1/roles").expect(200)["data"].clone();
    let all = roles[0]["permissions"].as_array().expect("permissions").len();
    assert_eq!((&roles[0]["role"], &roles[1]["name"], all), (&json!("administrator"), &json!("manager"), 11));
    let french = anna.send("GET", "/v1/roles", &[("accept-language", "fr")], vec![]).expect(200);
    assert_eq!(french["data"][1]["name"], "gestionnaire");
    // Both are told from one table.
    for of_role in roles.as_array().expect("roles") {
        anna.patch(&member, "*", &json!({ "role": of_role["role"] })).expect(200);
        let (role, of) = reasons(&bert);
        assert_eq!(json!(role), of_role["role"]);
        for permission in roles[0]["permissions"].as_array().expect("permissions") {
            let has = of_role["permissions"].as_array().expect("permissions").contains(permission);
            let told = of(permission.as_str().expect("a name"));
            let refused = [json!("administrator_required"), json!("role_insufficient")];
            assert_eq!(
                told.as_array().expect("codes").iter().any(|code| refused.contains(code)),
                !has,
                "{role}: {told}"
            );
        }
    }
    let (_, of) = reasons(&bert);
    assert_eq!((of("view"), of("sign")), (json!([]), json!(["role_insufficient"])));
    assert_eq!(of("restore_space"), json!(["administrator_required", "space_not_closed"]));
    anna.patch(&member, "*", &json!({ "role": "administrator" })).expect(200);
    assert_eq!(reasons(&bert).1("close_space"), json!([]));
    world.wait(TimeDelta::minutes(16));
    bert.refresh().expect(200);
    assert_eq!(reasons(&bert).1("close_space"), json!(["insufficient_user_authentication"]));
    assert_eq!(reasons(&bert).1("manage_members"), json!([]));
    bert.log_in_at(0, "low").expect(200);
    let weak = json!(["insufficient_user_authentication"]);
    assert_eq!((reasons(&bert).1("manage_members"), reasons(&bert).1("view")), (weak, json!([])));
    anna.log_in(0).expect(200);
    let suspend = format!("/v1/helpdesk{}/suspend", space.trim_start_matches("/v1"));
    world.agent().post(&suspend, &json!({ "reason": "Une lettre" })).expect(200);
    let (_, of) = reasons(&anna);
    assert_eq!(
        (of("view"), of("edit_space"), of("read_audit_log")),
        (json!([]), json!(["space_suspended"]), json!([]))
    );
}

fn a_private_space_has_no_members(world: &World) {
    let anna = world.founder();
    let space = anna.open_private_space().header("location");
    for reply in [
        anna.get(&format!("{space}/members")),
        anna.get(&format!("{space}/members/019d6c3e-8c00-7000-8000-000000000000")),
        act(&anna, &space, "leave"),
    ] {
        reply.expect_problem(404, "not_found");
    }
    let told = anna.get(&format!("{space}/permissions")).expect(200)["permissions"].clone();
    let manage = told.as_array().expect("permissions").iter().find(|each| each["permission"] == "manage_members");
    assert_eq!(manage.expect("a permission")["reasons"], json!(["not_found"]));
}

fn nobody_decides_in_a_suspended_or_closed_space(world: &World) {
    let (anna, bert, space, member) = with_bert(world, "administrator");
    let all = |code: &str| {
        for reply in [
            anna.patch(&member, "*", &json!({ "role": "reader" })),
            remove(&anna, &member),
            act(&anna, &member, "suspend"),
            act(&anna, &member, "resume"),
            act(&bert, &space, "leave"),
        ] {
            reply.expect_problem(409, code);
        }
    };
    let by_helpdesk = |turn: &str| {
        let path = format!("/v1/helpdesk{}/{turn}", space.trim_start_matches("/v1"));
        world.agent().post(&path, &json!({ "reason": "Une lettre" })).expect(200)
    };
    by_helpdesk("suspend");
    all("space_suspended");
    assert_eq!(listed(&bert, &space, "", "role").len(), 2, "members read");
    by_helpdesk("resume");
    act(&anna, &space, "close").expect(200);
    all("space_closed");
    anna.get(&format!("{space}/members")).expect_problem(409, "space_closed");
    anna.get(&member).expect_problem(409, "space_closed");
    act(&anna, &space, "restore").expect(200);
    assert!(recorded(&anna, &space).is_empty());
}

/// Bert, a manager, withdraws his only product: that he is made an administrator waits for it, for the withdrawal can't know of
/// the space yet.
#[test]
fn who_is_made_an_administrator_is_waited_for() {
    let world = World::start(Database::Postgres);
    let (anna, bert, space, member) = with_bert(&world, "manager");
    act(&anna, &member, "suspend").expect(200);
    let serial = &bert.products[0].serial;
    let withdrawal = format!(
        "UPDATE persons SET lock_seq = lock_seq WHERE id = (SELECT person_id FROM products WHERE serial = '{serial}'); \
         UPDATE products SET status = 'withdrawn' WHERE serial = '{serial}'"
    );
    let rival = Rival::hold(&world, &withdrawal);
    let [promoted, resumed] = std::thread::scope(|scope| {
        let promote = scope.spawn(|| anna.patch(&member, "*", &json!({ "role": "administrator" })));
        rival.wait_for(1);
        let resume = scope.spawn(|| act(&anna, &member, "resume"));
        rival.wait_for(2);
        rival.release();
        [promote, resume].map(|request| request.join().expect("an answer"))
    });
    promoted.expect(200);
    resumed.expect(200);
    act(&anna, &space, "leave").expect_problem(409, "last_administrator");
}
