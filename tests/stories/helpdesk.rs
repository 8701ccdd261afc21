//! The Helpdesk: staff who act for a reason, leave a trace, and decide no case of their own.

use serde_json::{Value, json};

use crate::support::{Actor, Database, Reply, World, crowd, text, unless_busy, wait_until};

crate::on_both_databases!(
    at_two_hundred_spaces_a_raise_is_asked_for_and_one_more_is_opened,
    what_is_found_is_found_exactly_and_leaves_a_trace,
    a_limit_below_the_use_only_blocks_new_spaces,
    a_request_is_made_for_more_and_one_at_a_time,
    a_refusal_changes_nothing_and_is_told_with_its_reason,
    requests_are_listed_in_their_order,
    no_agent_decides_a_case_of_his_own,
    a_suspended_space_is_read_and_nobody_acts,
    what_is_sent_again_is_done_once,
);

fn log(actor: &Actor, path: &str) -> Vec<Value> {
    actor.get(path).expect(200)["data"].as_array().expect("events").clone()
}

fn acts(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["act"].as_str().expect("an act")).collect()
}

const MINE: &str = "/v1/me/audit-events";

/// The newest entry of a log, without what varies.
fn last_act(actor: &Actor, path: &str) -> Value {
    let mut event = log(actor, path)[0].clone();
    for varies in ["at", "chain", "hash", "position", "previousHash"] {
        event.as_object_mut().expect("an event").remove(varies);
    }
    event
}

/// Who acts as the Helpdesk, as the audit log shows it: an id, and no name.
fn shown(agent: &Actor) -> Value {
    let own = last_act(agent, MINE);
    json!({ "kind": "helpdesk", "person": own["actor"]["person"], "product": own["actor"]["product"], "client": null })
}

fn requests_of(actor: &Actor) -> String {
    format!("/v1/me/authentication-products/{}/limit-requests", text(&actor.current_product()["id"]))
}

fn ask(actor: &Actor, limit: u32) -> Reply {
    actor.post(&requests_of(actor), &json!({ "limit": limit, "reason": "Une succursale de plus" }))
}

/// Asks for a higher limit; the address at which the Helpdesk decides.
fn asked(actor: &Actor, limit: u32) -> String {
    format!("/v1/helpdesk/limit-requests/{}", text(&ask(actor, limit).expect(201)["id"]))
}

fn limit_of(actor: &Actor) -> String {
    format!("/v1/helpdesk/products/{}/limit", text(&actor.current_product()["id"]))
}

fn find_product(agent: &Actor, serial: &str) -> Value {
    let wish = json!({ "serial": serial, "reason": "Un appel" });
    agent.post("/v1/helpdesk/products/search", &wish).expect(200)["data"].clone()
}

fn find_space(agent: &Actor, identifier: &Value) -> Value {
    let wish = json!({ "identifier": identifier, "reason": "Une lettre" });
    agent.post("/v1/helpdesk/spaces/search", &wish).expect(200)["data"].clone()
}

fn subjects(actor: &Actor) -> Vec<String> {
    let mails = actor.get(&format!("/sandbox/mails?to={}", actor.email())).expect(200);
    mails["data"].as_array().expect("mails").iter().map(|mail| text(&mail["subject"])).collect()
}

fn wait_for_mail(actor: &Actor, subject: &str, times: usize) {
    let count = || subjects(actor).iter().filter(|known| *known == subject).count();
    wait_until(subject, || count() >= times);
    assert_eq!(count(), times, "{subject}");
}

const LIMIT_CHANGED: &str = "The limit of one of your products was changed";

fn at_two_hundred_spaces_a_raise_is_asked_for_and_one_more_is_opened(world: &World) {
    let (mut anna, agent) = (world.anonymous(), world.agent());
    let person = anna.become_test_person(&json!({ "products": ["luxtrust_professional"], "helpdesk": false }));
    anna.register_product(0).expect(200);
    anna.log_in(0).expect(200);
    anna.accept_terms();
    let opened = crowd(200, 8, |_| unless_busy(|| anna.open_space("Boulangerie")).status);
    assert_eq!(opened, [201; 200]);
    let full = anna.open_space("De trop").expect_problem(409, "space_limit_reached");
    assert_eq!((&full["used"], &full["limit"]), (&json!(200), &json!(200)));

    let made = ask(&anna, 250);
    let request = made.expect(201);
    let location = format!("{}/{}", requests_of(&anna), text(&request["id"]));
    assert_eq!(made.header("location"), location);
    assert_eq!(
        (&request["status"], &request["limit"], &request["decidedAt"]),
        (&json!("open"), &json!(250), &Value::Null)
    );

    let found = find_product(&agent, &anna.products[0].serial);
    let product = anna.current_product();
    for same in ["id", "kind", "maskedSerial", "spaceLimit", "spacesUsed", "createdAt"] {
        assert_eq!(found[0][same], product[same], "{same}");
    }
    for same in ["givenName", "familyName"] {
        assert_eq!(found[0][same], person[same], "{same}");
    }
    assert_eq!((&found[0]["status"], &found[0]["spacesUsed"]), (&json!("registered"), &json!(200)));
    assert_eq!(found[0]["openLimitRequest"], request);
    assert!(!found.to_string().contains(&anna.products[0].serial), "{found}");

    let case = format!("/v1/helpdesk/limit-requests/{}", text(&found[0]["openLimitRequest"]["id"]));
    assert_eq!(agent.get(&case).expect(200)["request"], request);
    let grant = json!({ "limit": 201, "reason": "Une place suffit" });
    let granted = agent.post(&format!("{case}/grant"), &grant).expect(200);
    assert_eq!((&granted["product"]["spaceLimit"], &granted["request"]["status"]), (&json!(201), &json!("granted")));
    let decided = anna.get(&location).expect(200);
    assert_eq!(decided, granted["request"]);
    assert_eq!((&decided["grantedLimit"], &decided["decisionReason"]), (&json!(201), &grant["reason"]));
    assert!(decided["decidedAt"].is_string(), "{decided}");

    anna.open_space("Une de plus").expect(201);
    let full = anna.open_space("De trop").expect_problem(409, "space_limit_reached");
    assert_eq!((&full["used"], &full["limit"]), (&json!(201), &json!(201)));

    wait_for_mail(&anna, LIMIT_CHANGED, 1);
    let mail = anna.get(&format!("/sandbox/mails?to={}", anna.email())).expect(200)["data"][0].clone();
    let said = text(&mail["text"]);
    assert!(said.contains("Limit: 201.") && said.contains(&text(&product["maskedSerial"])), "{said}");
    assert_eq!(subjects(&agent).len(), 1, "the agent got his code, and nothing else");

    let mine = log(&anna, MINE);
    let expected =
        ["space_limit_changed", "helpdesk_looked_up", "limit_requested", "terms_accepted", "product_registered"];
    assert_eq!(acts(&mine), expected);
    let act = json!({
        "act": "space_limit_changed", "actor": shown(&agent), "object": product["id"], "changed": ["spaceLimit"],
        "reason": { "code": "on_request", "text": "Une place suffit" },
    });
    assert_eq!(last_act(&anna, MINE), act);
    assert_eq!((&mine[2]["object"], &mine[2]["reason"]), (&request["id"], &Value::Null), "not in the person's words");
    assert_eq!(acts(&log(&agent, MINE)), ["product_registered"], "what an agent does to others is in their logs");
    let everything = anna.get(&format!("{MINE}?format=csv")).text;
    assert!(everything.contains(",helpdesk,") && everything.contains("Une place suffit"), "{everything}");
    assert!(world.operate(&["audit", "verify"]).contains("findings: 0"));
}

fn what_is_found_is_found_exactly_and_leaves_a_trace(world: &World) {
    let (anna, agent) = (world.founder(), world.agent());
    let professional = anna.open_space("Boulangerie").expect(201);
    let private = anna.open_private_space().expect(201);
    let before = log(&anna, MINE).len();

    let serial = anna.products[0].serial.clone();
    let wrong = format!("{}{}", &serial[..19], u8::from(serial.ends_with('0')));
    assert_eq!(find_product(&agent, &wrong), json!([]));
    assert_eq!(find_space(&agent, &json!("PM-999999")), json!([]));
    assert_eq!(log(&anna, MINE).len(), before, "nothing was found");

    assert_eq!(find_product(&agent, &serial)[0]["openLimitRequest"], Value::Null);
    let looked_up = json!({
        "act": "helpdesk_looked_up", "actor": shown(&agent), "object": anna.current_product()["id"], "changed": [],
        "reason": { "code": "own_motion", "text": "Un appel" },
    });
    assert_eq!(last_act(&anna, MINE), looked_up);

    for (space, kind) in [(&professional, "professional"), (&private, "private")] {
        let found = find_space(&agent, &space["identifier"]);
        assert_eq!(found.as_array().map(Vec::len), Some(1));
        for same in ["id", "identifier", "kind", "entityType", "title", "state"] {
            assert_eq!(found[0][same], space[same], "{same} of a {kind} space");
        }
        let counted = (&found[0]["members"], &found[0]["administrators"], &found[0]["openedAt"]);
        assert_eq!(counted, (&json!(1), &json!(1), &space["createdAt"]));
        assert_eq!(found[0]["openedWith"], anna.current_product()["id"]);
        for of_members_alone in ["notificationEmail", "language", "role", "suspendedAt", "suspensionReason"] {
            assert_eq!(found[0].get(of_members_alone), None, "{of_members_alone}");
        }
        let trace = last_act(&anna, &format!("/v1/spaces/{}/audit-events", text(&space["id"])));
        assert_eq!((&trace["act"], &trace["object"]), (&json!("helpdesk_looked_up"), &space["id"]));
        assert_eq!((&trace["actor"], &trace["reason"]["text"]), (&shown(&agent), &json!("Une lettre")));
    }
}

fn a_limit_below_the_use_only_blocks_new_spaces(world: &World) {
    let (anna, agent) = (world.founder(), world.agent());
    for title in ["Un", "Deux", "Trois"] {
        anna.open_space(title).expect(201);
    }
    let set = |limit: i64| agent.post(&limit_of(&anna), &json!({ "limit": limit, "reason": "Une lettre" }));
    let limited = set(1).expect(200);
    assert_eq!((&limited["spaceLimit"], &limited["spacesUsed"]), (&json!(1), &json!(3)));
    let full = anna.open_space("Quatre").expect_problem(409, "space_limit_reached");
    assert_eq!((&full["used"], &full["limit"]), (&json!(3), &json!(1)));
    anna.open_private_space().expect(201);
    assert_eq!(anna.spaces().len(), 4, "what is open stays open");
    let path = format!("/v1/spaces/{}", anna.spaces().first().expect("a space"));
    anna.patch(&path, "*", &json!({ "language": "de" })).expect(200);

    for (edge, fits) in [(0, true), (-1, false), (100_001, false), (100_000, true)] {
        if fits {
            assert_eq!(set(edge).expect(200)["spaceLimit"], edge);
        } else {
            let problem = set(edge).expect_problem(400, "invalid_input");
            assert_eq!(
                (&problem["errors"][0]["pointer"], &problem["errors"][0]["code"]),
                (&json!("/limit"), &json!("out_of_range"))
            );
            let detail = text(&problem["errors"][0]["detail"]);
            assert_eq!(detail, "Must be between 0 and 100000.");
        }
    }
    anna.open_space("Quatre").expect(201);
    assert_eq!(set(100_000).expect(200)["spaceLimit"], 100_000);
    // Setting it again to what it was changed nothing.
    wait_for_mail(&anna, LIMIT_CHANGED, 3);
    let mine = log(&anna, &format!("{MINE}?act=space_limit_changed"));
    let changed: Vec<&Value> = mine.iter().map(|event| &event["changed"]).collect();
    let limit = json!(["spaceLimit"]);
    assert_eq!(changed, [&json!([]), &limit, &limit, &limit], "each act is recorded, also one that changes nothing");
    assert_eq!(mine[0]["reason"], json!({ "code": "own_motion", "text": "Une lettre" }));
}

fn a_request_is_made_for_more_and_one_at_a_time(world: &World) {
    let (anna, agent, stranger) = (world.person(), world.agent(), world.person());
    for too_low in [0, 199, 200] {
        let problem = ask(&anna, too_low).expect_problem(400, "invalid_input");
        assert_eq!(problem["errors"][0]["pointer"], "/limit");
        assert_eq!(problem["errors"][0]["detail"], "Must be between 201 and 100000.");
    }
    let mut weak = anna.clone();
    weak.log_in_at(0, "low").expect(200);
    let first = ask(&weak, 201).expect(201);
    let open = ask(&anna, 202).expect_problem(409, "limit_request_open");
    assert_eq!(open["limitRequest"], first["id"]);
    let (requests, wish) = (requests_of(&anna), json!({ "limit": 300, "reason": "À moi" }));
    stranger.post(&requests, &wish).expect_problem(404, "not_found");
    stranger.get(&requests).expect_problem(404, "not_found");
    let address = format!("{requests}/{}", text(&first["id"]));
    stranger.get(&address).expect_problem(404, "not_found");
    stranger.get(&format!("{}/{}", requests_of(&stranger), text(&first["id"]))).expect_problem(404, "not_found");
    assert_eq!(anna.get(&address).expect(200), first);

    // A limit that is set meanwhile decides no request.
    agent.post(&limit_of(&anna), &json!({ "limit": 500, "reason": "Un appel" })).expect(200);
    assert_eq!(anna.get(&address).expect(200)["status"], "open");
    let case = format!("/v1/helpdesk/limit-requests/{}", text(&first["id"]));
    let grant = json!({ "limit": 600, "reason": "Un appel" });
    agent.post(&format!("{case}/grant"), &grant).expect(200);
    for again in [format!("{case}/grant"), format!("{case}/refuse")] {
        let body = if again.ends_with("refuse") { json!({ "reason": "Trop tard" }) } else { grant.clone() };
        agent.post(&again, &body).expect_problem(409, "limit_request_decided");
    }
    assert_eq!(anna.current_product()["spaceLimit"], 600);
    ask(&anna, 600).expect_problem(400, "invalid_input");
    ask(&anna, 601).expect(201);
}

fn a_refusal_changes_nothing_and_is_told_with_its_reason(world: &World) {
    let (anna, agent) = (world.person(), world.agent());
    let case = asked(&anna, 100_000);
    let refused = agent.post(&format!("{case}/refuse"), &json!({ "reason": "Sans besoin établi" })).expect(200);
    let request = &refused["request"];
    assert_eq!((&request["status"], &request["grantedLimit"]), (&json!("refused"), &Value::Null));
    assert_eq!(request["decisionReason"], "Sans besoin établi");
    assert_eq!(refused["product"]["spaceLimit"], 200);
    assert_eq!(anna.get(&requests_of(&anna)).expect(200)["data"], json!([request]));
    wait_for_mail(&anna, "Your request for a higher limit was refused", 1);
    let act = json!({
        "act": "limit_refused", "actor": shown(&agent), "object": request["id"], "changed": [],
        "reason": { "code": "on_request", "text": "Sans besoin établi" },
    });
    assert_eq!(last_act(&anna, MINE), act);
    asked(&anna, 201);
}

fn requests_are_listed_in_their_order(world: &World) {
    let (anna, agent) = (world.person(), world.agent());
    let decide = |case: &str, act: &str, body: &Value| agent.post(&format!("{case}/{act}"), body).expect(200);
    let refused = decide(&asked(&anna, 300), "refuse", &json!({ "reason": "Un" }))["request"].clone();
    let granted = decide(&asked(&anna, 300), "grant", &json!({ "limit": 250, "reason": "Deux" }))["request"].clone();
    let open = ask(&anna, 300).expect(201);
    let others: Vec<Value> = (0..3).map(|_| ask(&world.person(), 201).expect(201)).collect();

    let newest_first = [&open, &granted, &refused];
    let page = anna.get(&requests_of(&anna)).expect(200);
    assert_eq!(page, json!({ "data": newest_first, "page": { "hasMore": false } }));
    let first = anna.get(&format!("{}?limit=2", requests_of(&anna)));
    assert_eq!(first.expect(200)["data"], json!([open, granted]));
    let cursor = text(&first.json["page"]["next"]);
    let rest = anna.get(&format!("{}?limit=2&cursor={cursor}", requests_of(&anna))).expect(200);
    assert_eq!(rest["data"], json!([refused]));

    let listed = |query: &str| agent.get(&format!("/v1/helpdesk/limit-requests{query}"));
    let waiting = [&open, &others[0], &others[1], &others[2]];
    assert_eq!(listed("?status=open").expect(200)["data"], json!(waiting));
    assert_eq!(listed("?status=granted").expect(200)["data"], json!([granted]));
    assert_eq!(listed("?status=refused").expect(200)["data"], json!([refused]));
    assert_eq!(listed("").expect(200)["data"].as_array().map(Vec::len), Some(6));
    let first = listed("?status=open&limit=3").expect(200);
    let cursor = text(&first["page"]["next"]);
    assert_eq!(listed(&format!("?status=open&limit=3&cursor={cursor}")).expect(200)["data"], json!([others[2]]));
    listed(&format!("?status=refused&limit=3&cursor={cursor}")).expect_problem(400, "invalid_cursor");
    listed("?status=closed").expect_problem(400, "invalid_input");
    anna.get("/v1/helpdesk/limit-requests?status=closed").expect_problem(403, "helpdesk_only");
}

fn no_agent_decides_a_case_of_his_own(world: &World) {
    let (agent, colleague) = (world.agent(), world.agent());
    agent.accept_terms();
    let space = agent.open_space("À côté").expect(201);
    let private = agent.open_private_space().expect(201);
    let case = asked(&agent, 300);
    let (limit, reason) = (json!({ "limit": 300, "reason": "Pour moi" }), json!({ "reason": "Pour moi" }));
    agent.post(&limit_of(&agent), &limit).expect_problem(409, "own_case");
    agent.post(&format!("{case}/grant"), &limit).expect_problem(409, "own_case");
    agent.post(&format!("{case}/refuse"), &reason).expect_problem(409, "own_case");
    let acts_on = |space: &Value, act: &str| format!("/v1/helpdesk/spaces/{}/{act}", text(&space["id"]));
    for space in [&space, &private] {
        agent.post(&acts_on(space, "suspend"), &reason).expect_problem(409, "own_case");
        colleague.post(&acts_on(space, "suspend"), &reason).expect(200);
        agent.post(&acts_on(space, "resume"), &reason).expect_problem(409, "own_case");
    }
    // Nor does it help to leave.
    let founder = world.founder();
    let left = founder.open_space("Quitté");
    let path: String = left.header("location");
    founder.admit(&path, &agent, "reader");
    agent.post(&format!("{path}/leave"), &json!({})).expect(200);
    agent.post(&acts_on(&left.expect(201), "suspend"), &reason).expect_problem(409, "own_case");
    assert_eq!(agent.current_product()["spaceLimit"], 200);
    let states: Vec<String> = ["identifier"; 2]
        .iter()
        .zip([&space, &private])
        .map(|(name, space)| text(&find_space(&colleague, &space[*name])[0]["state"]))
        .collect();
    assert_eq!(states, ["suspended", "suspended"]);
    colleague.post(&format!("{case}/grant"), &limit).expect(200);
    assert_eq!(agent.current_product()["spaceLimit"], 300);
}

fn a_suspended_space_is_read_and_nobody_acts(world: &World) {
    let (anna, agent) = (world.founder(), world.agent());
    let opened = anna.open_space("Boulangerie");
    let (space, path) = (opened.expect(201), opened.header("location"));
    let act = |name: &str, reason: &str| {
        agent.post(&format!("/v1/helpdesk{}/{name}", path.trim_start_matches("/v1")), &json!({ "reason": reason }))
    };
    assert_eq!((space.get("suspendedAt"), space.get("suspensionReason")), (None, None));
    act("resume", "Rien").expect_problem(409, "space_not_suspended");
    let suspended = act("suspend", "Usage contraire aux conditions").expect(200);
    assert_eq!((&suspended["state"], &suspended["members"]), (&json!("suspended"), &json!(1)));
    act("suspend", "Encore").expect_problem(409, "space_suspended");

    let seen = anna.get(&path);
    let view = seen.expect(200);
    assert_eq!(
        (&view["state"], &view["suspensionReason"]),
        (&json!("suspended"), &json!("Usage contraire aux conditions"))
    );
    assert_eq!((&view["suspendedAt"], &view["updatedAt"]), (&suspended["suspendedAt"], &suspended["suspendedAt"]));
    assert!(seen.header("etag").starts_with("\"2-"), "{}", seen.header("etag"));
    let edit = json!({ "title": "Trop tard" });
    anna.patch(&path, &opened.header("etag"), &edit).expect_problem(412, "version_changed");
    anna.patch(&path, &seen.header("etag"), &edit).expect_problem(409, "space_suspended");
    assert_eq!(anna.get("/v1/me/landing").expect(200)["page"], "space_home");
    assert_eq!(anna.get("/v1/spaces").expect(200)["data"][0]["state"], "suspended");
    assert_eq!(anna.current_product()["spacesUsed"], 1, "it still counts");
    wait_for_mail(&anna, "A space was suspended", 1);

    let log_path = format!("{path}/audit-events");
    let recorded = json!({
        "act": "space_suspended", "actor": shown(&agent), "object": space["id"], "changed": [],
        "reason": { "code": "own_motion", "text": "Usage contraire aux conditions" },
    });
    assert_eq!(last_act(&anna, &log_path), recorded);

    let resumed = act("resume", "Usage corrigé").expect(200);
    assert_eq!((&resumed["state"], resumed.get("suspendedAt")), (&json!("open"), None));
    let mut view = anna.get(&path);
    let mut as_before = space.clone();
    as_before["updatedAt"] = view.json["updatedAt"].clone();
    assert_eq!(view.expect(200), as_before);
    assert!(view.json["updatedAt"].as_str() > suspended["suspendedAt"].as_str());
    assert!(view.header("etag").starts_with("\"3-"), "{}", view.header("etag"));
    view = anna.patch(&path, &view.header("etag"), &json!({ "title": "Pâtisserie" }));
    assert_eq!(view.expect(200)["title"], "Pâtisserie");
    wait_for_mail(&anna, "A space is no longer suspended", 1);
    assert_eq!(acts(&log(&anna, &log_path)), ["space_edited", "space_resumed", "space_suspended", "space_opened"]);
    assert!(world.operate(&["audit", "verify"]).contains("findings: 0"));
}

fn what_is_sent_again_is_done_once(world: &World) {
    let (anna, agent) = (world.person(), world.agent());
    let send = |actor: &Actor, path: &str, body: &Value| {
        let headers = [("content-type", "application/json"), ("idempotency-key", "act-1")];
        actor.send("POST", path, &headers, body.to_string().into_bytes())
    };
    let wish = json!({ "limit": 300, "reason": "Une succursale de plus" });
    let first = send(&anna, &requests_of(&anna), &wish);
    let again = send(&anna, &requests_of(&anna), &wish);
    assert_eq!((first.expect(201), first.header("location")), (again.expect(201), again.header("location")));
    let grant = format!("/v1/helpdesk/limit-requests/{}/grant", text(&first.json["id"]));
    let granted = send(&agent, &grant, &wish);
    assert_eq!(granted.header("idempotency-replayed"), "");
    let again = send(&agent, &grant, &wish);
    assert_eq!((again.expect(200), again.header("idempotency-replayed")), (granted.expect(200), "true".to_owned()));
    send(&agent, &grant, &json!({ "limit": 400, "reason": "x" })).expect_problem(422, "idempotency_key_reused");
    assert_eq!(log(&anna, &format!("{MINE}?act=space_limit_changed")).len(), 1);
    wait_for_mail(&anna, LIMIT_CHANGED, 1);
}

#[test]
fn who_is_no_agent_any_more_is_not_answered_again() {
    let world = World::start(Database::Postgres);
    let (anna, agent) = (world.person(), world.agent());
    let headers = [("content-type", "application/json"), ("idempotency-key", "\"look-1\"")];
    let body = json!({ "serial": anna.products[0].serial, "reason": "Un appel" }).to_string();
    let find = || agent.send("POST", "/v1/helpdesk/products/search", &headers, body.clone().into_bytes());
    assert_eq!((find().status, find().header("idempotency-replayed")), (200, "true".to_owned()));
    world.scratch().psql("UPDATE sessions SET helpdesk = false");
    find().expect_problem(403, "helpdesk_only");
}

#[test]
fn a_product_that_was_withdrawn_keeps_its_limit_and_its_request() {
    let world = World::start(Database::Postgres);
    let (mut anna, agent) = (world.person(), world.agent());
    let (case, limit) = (asked(&anna, 300), limit_of(&anna));
    world
        .scratch()
        .psql(&format!("UPDATE products SET status = 'withdrawn' WHERE serial = '{}'", anna.products[0].serial));
    let found = find_product(&agent, &anna.products[0].serial);
    assert_eq!((&found[0]["status"], &found[0]["openLimitRequest"]["limit"]), (&json!("withdrawn"), &json!(300)));
    agent.post(&limit, &json!({ "limit": 250, "reason": "Un appel" })).expect(200);
    agent.post(&format!("{case}/grant"), &json!({ "limit": 300, "reason": "Un appel" })).expect(200);
    anna.register_product(0).expect(200);
    anna.log_in(0).expect(200);
    assert_eq!(anna.current_product()["spaceLimit"], 300);
}

/// More members than one transaction writes to.
#[test]
fn all_active_members_of_a_large_space_are_written_to_once() {
    let world = World::start(Database::Postgres);
    let (anna, agent) = (world.founder(), world.agent());
    let space = anna.open_space("Boulangerie").expect(201);
    world.scratch().psql(&format!(
        "INSERT INTO persons (id, number_digest, number_sealed, given_name, family_name, email, language, created_at)
         SELECT '00000000-0000-7000-8000-' || lpad(n::text, 12, '0'), 'digest ' || n, 'sealed', 'Max', 'Muster',
                'member' || n || '@example.lu', 'lb', now() FROM generate_series(1, 252) n;
         INSERT INTO memberships (id, space_id, person_id, role, scope, product_id, status, ends_at, created_at)
         SELECT id, '{}', id, 'reader', 'all_products', '{}',
                CASE WHEN email LIKE 'member251@%' THEN 'suspended' ELSE 'active' END,
                CASE WHEN email LIKE 'member252@%' THEN timestamp '2020-01-01' END, now()
         FROM persons WHERE email LIKE 'member%'",
        text(&space["id"]),
        text(&anna.current_product()["id"]),
    ));
    let suspended = format!("/v1/helpdesk/spaces/{}/suspend", text(&space["id"]));
    let counted = agent.post(&suspended, &json!({ "reason": "Une lettre" })).expect(200);
    assert_eq!((&counted["members"], &counted["administrators"]), (&json!(251), &json!(1)));

    wait_until("an empty outbox", || world.scratch().psql("SELECT count(*) FROM outbox") == "0");
    let mails_to = |address: &str| anna.get(&format!("/sandbox/mails?to={address}")).expect(200)["data"].clone();
    for member in 1..=252 {
        let mails = mails_to(&format!("member{member}@example.lu"));
        let subjects: Vec<String> =
            mails.as_array().expect("mails").iter().map(|mail| text(&mail["subject"])).collect();
        let expected: &[&str] = if member <= 250 { &["En Espace gouf suspendéiert"] } else { &[] };
        assert_eq!(subjects, expected, "member {member}");
    }
    wait_for_mail(&anna, "A space was suspended", 1);
}
