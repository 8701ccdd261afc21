//! Join requests: what who asks is told, which is the same whether there is such a space or not, and what administrators answer.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::{Actor, Reply, World, text, wait_until};

crate::on_both_databases!(
    a_request_is_told_of_approved_and_makes_a_member,
    who_is_not_let_in_does_not_learn_whether_there_is_a_space,
    an_identifier_that_no_open_space_has_is_answered_like_any_other,
    five_may_be_open_and_twenty_made_in_thirty_days,
    what_is_cancelled_or_over_is_not_answered,
    a_product_that_was_withdrawn_lets_nobody_in_alone,
    an_answer_is_given_once_by_an_administrator_of_an_open_space,
    who_was_a_member_asks_like_anybody_and_who_is_suspended_is_not_shown,
    requests_come_in_pages_and_by_status,
    whatever_became_of_it_a_request_is_forgotten_after_half_a_year,
    a_purged_space_leaves_to_the_asker_what_he_saw,
);

const NOBODYS: &str = "PM-ZZZZZ9";
const TOLD: &str = "A request to join a space";

fn ask(actor: &Actor, identifier: &str) -> Reply {
    actor.post("/v1/join-requests", &json!({ "spaceIdentifier": identifier }))
}

fn act(actor: &Actor, path: &str, act: &str) -> Reply {
    actor.post(&format!("{path}/{act}"), &json!({}))
}

fn approve(actor: &Actor, path: &str, role: &str) -> Reply {
    actor.post(&format!("{path}/approve"), &json!({ "role": role, "accessScope": "this_product" }))
}

/// A founder, his space's path and its identifier.
fn with_space(world: &World) -> (Actor, String, String) {
    let anna = world.founder();
    let opened = anna.open_space("Boulangerie");
    let identifier = text(&opened.expect(201)["identifier"]);
    (anna, opened.header("location"), identifier)
}

/// Begins new sessions, the old ones being over.
fn log_in(persons: &mut [Actor]) {
    for person in persons {
        person.log_in(0).expect(200);
    }
}

/// The path of a request for the space's administrators.
fn case(space: &str, asked: &Reply) -> String {
    format!("{space}/join-requests/{}", text(&asked.expect(201)["id"]))
}

fn mails(actor: &Actor, subject: &str) -> Vec<String> {
    let mails = actor.get(&format!("/sandbox/mails?to={}", actor.email())).expect(200);
    let mails = mails["data"].as_array().expect("mails").iter().filter(|mail| mail["subject"] == subject);
    mails.map(|mail| text(&mail["text"])).collect()
}

/// The acts in a log, newest first.
fn acts(actor: &Actor, log: &str) -> Vec<String> {
    let log = actor.get(&format!("{log}/audit-events")).expect(200);
    log["data"].as_array().expect("events").iter().map(|event| text(&event["act"])).collect()
}

/// The requests that a list shows, by one field.
fn listed(actor: &Actor, list: &str, field: &str) -> Vec<String> {
    let list = actor.get(list).expect(200);
    list["data"].as_array().expect("requests").iter().map(|request| text(&request[field])).collect()
}

fn a_request_is_told_of_approved_and_makes_a_member(world: &World) {
    let (anna, space, identifier) = with_space(world);
    let bert = world.person();
    ask(&bert, &identifier).expect_problem(409, "terms_not_accepted");
    bert.accept_terms();
    let asked = ask(&bert, &identifier);
    let request = asked.expect(201);
    assert_eq!(asked.header("location"), format!("/v1/me/join-requests/{}", text(&request["id"])));
    assert_eq!((&request["status"], &request["spaceIdentifier"]), (&json!("open"), &json!(identifier)));
    let moment = |name: &str| text(&request[name]).parse::<chrono::DateTime<chrono::Utc>>().expect("a moment");
    assert_eq!(moment("endsAt") - moment("createdAt"), TimeDelta::days(21));
    assert_eq!(bert.get(&asked.header("location")).expect(200), request);
    anna.get(&asked.header("location")).expect_problem(404, "not_found");

    world.wait(TimeDelta::minutes(2));
    wait_until("a mail", || mails(&anna, TOLD).len() == 1);
    let me = bert.get("/v1/me").expect(200);
    let name = format!("{} {}", text(&me["givenName"]), text(&me["familyName"]));
    let told = mails(&anna, TOLD).remove(0);
    assert!(told.contains(&name) && told.contains(&identifier) && told.contains("Boulangerie"), "{told}");
    let seen = anna.get(&format!("{space}/join-requests?status=open")).expect(200)["data"][0].clone();
    let masked = format!("****************{}", &bert.products[0].serial[16..]);
    assert_eq!((&seen["givenName"], &seen["maskedSerial"]), (&me["givenName"], &json!(masked)));

    let path = case(&space, &asked);
    let wish = json!({ "role": "manager", "accessScope": "this_product", "membershipEndsAt": "2027-03-01T12:00:00Z" });
    let past = json!({ "role": "manager", "accessScope": "this_product", "membershipEndsAt": "2027-01-15T08:00:00Z" });
    let fault = anna.post(&format!("{path}/approve"), &past).expect_problem(400, "invalid_input");
    assert_eq!(fault["errors"][0]["pointer"], "/membershipEndsAt");
    let approved = anna.post(&format!("{path}/approve"), &wish);
    let member = approved.expect(200);
    assert_eq!(
        (&member["role"], &member["accessScope"], &member["endsAt"], &member["maskedSerial"]),
        (&json!("manager"), &json!("this_product"), &wish["membershipEndsAt"], &json!(masked))
    );
    let address = format!("{space}/members/{}", text(&member["id"]));
    assert_eq!((anna.get(&address).expect(200), anna.get(&address).header("etag")), (member, approved.header("etag")));
    assert_eq!(bert.get(&space).expect(200)["identifier"], identifier);
    assert_eq!(bert.get(&asked.header("location")).expect(200)["status"], "approved");
    let mailed = mails(&bert, "Your request to join was approved");
    assert!(mailed.len() == 1 && mailed[0].contains("manager") && mailed[0].contains(&identifier), "{mailed:?}");
    assert_eq!(acts(&anna, &space)[0], "join_request_approved");
    assert_eq!(acts(&bert, "/v1/me")[0], "join_requested");
    ask(&bert, &identifier).expect_problem(409, "already_member");
    world.wait(TimeDelta::minutes(2));
    wait_until("nothing more to tell", || mails(&anna, TOLD).len() == 1);
}

/// An answer without what is the request's own: its id, the identifier and the times.
fn comparable(reply: &Reply) -> (u16, Vec<String>, Value) {
    let mut body = reply.json.clone();
    for own in ["id", "spaceIdentifier", "createdAt", "endsAt", "requestId", "instance", "joinRequest", "detail"] {
        body.as_object_mut().expect("an object").remove(own);
    }
    let mut headers: Vec<String> = reply.headers.keys().map(ToString::to_string).collect();
    headers.sort();
    (reply.status, headers, body)
}

/// Asserts that two answers say the same, and gives the first.
#[track_caller]
fn alike([known, unknown]: [Reply; 2]) -> Reply {
    assert_eq!(comparable(&known), comparable(&unknown));
    known
}

/// Bert asks for a space that there is, and Carl for one that there is not; one is refused, and the other is not.
fn who_is_not_let_in_does_not_learn_whether_there_is_a_space(world: &World) {
    let (mut anna, space, identifier) = with_space(world);
    let mut askers = [world.founder(), world.founder()];
    let identifiers = [identifier.as_str(), NOBODYS];
    let each = |askers: &[Actor; 2], work: &dyn Fn(&Actor, usize) -> Reply| [0, 1].map(|n| work(&askers[n], n));
    let asked = each(&askers, &|asker, n| ask(asker, identifiers[n]));
    let path = case(&space, &asked[0]);
    let locations = asked.each_ref().map(|reply| reply.header("location"));
    let status = |askers: &[Actor; 2]| alike(each(askers, &|asker, n| asker.get(&locations[n]))).json["status"].clone();
    alike(asked).expect(201);
    alike(each(&askers, &|asker, n| ask(asker, identifiers[n]))).expect_problem(409, "join_request_open");
    world.wait(TimeDelta::minutes(2));
    wait_until("a mail", || mails(&anna, TOLD).len() == 1);
    assert_eq!(act(&anna, &path, "refuse").expect(200)["status"], "refused");

    for when in ["at once", "on the last day"] {
        assert_eq!(status(&askers), "open", "{when}");
        alike(each(&askers, &|asker, n| ask(asker, identifiers[n]))).expect_problem(409, "join_request_open");
        if when == "at once" {
            // It counts among the five.
            let more = |number: usize| alike(each(&askers, &|asker, _| ask(asker, &format!("PM-AAAAA{number}"))));
            (1..5).for_each(|number| drop(more(number).expect(201)));
            assert_eq!(more(5).expect_problem(409, "join_request_limit_reached")["limit"], 5);
        }
        for (asker, identifier) in askers.iter().zip(identifiers) {
            let subjects = mails(asker, "Your request to join was approved");
            assert!(subjects.is_empty(), "{subjects:?}");
            assert_eq!(acts(asker, "/v1/me")[0], "join_requested");
            assert!(listed(asker, "/v1/me/join-requests", "spaceIdentifier").contains(&identifier.to_owned()));
        }
        world.wait(TimeDelta::days(20) + TimeDelta::hours(23) * i32::from(when == "at once"));
        anna.log_in(0).expect(200);
        log_in(&mut askers);
    }
    assert_eq!(status(&askers), "ended");
    let cancelled = each(&askers, &|asker, n| act(asker, &locations[n], "cancel"));
    alike(cancelled).expect_problem(410, "join_request_ended");
    // To the administrators it is what it was.
    assert_eq!(listed(&anna, &format!("{space}/join-requests"), "status"), ["refused"]);
    alike(each(&askers, &|asker, n| ask(asker, identifiers[n]))).expect(201);
    let again = each(&askers, &|asker, n| act(asker, &listed_first(asker, identifiers[n]), "cancel"));
    assert_eq!(alike(again).expect(200)["status"], "ended");
}

/// The path of the newest of an asker's requests, which is for this identifier.
fn listed_first(asker: &Actor, identifier: &str) -> String {
    let first = asker.get("/v1/me/join-requests").expect(200)["data"][0].clone();
    assert_eq!(first["spaceIdentifier"], identifier);
    format!("/v1/me/join-requests/{}", text(&first["id"]))
}

fn an_identifier_that_no_open_space_has_is_answered_like_any_other(world: &World) {
    let (anna, space, closed) = with_space(world);
    act(&anna, &space, "close").expect(200);
    let private = text(&anna.open_private_space().expect(201)["identifier"]);
    for identifier in [&closed, &private] {
        let bert = world.founder();
        alike([ask(&bert, identifier), ask(&bert, NOBODYS)]).expect(201);
        let kept = |column: &str| {
            let of = format!("identifier = '{identifier}' OR identifier = '{NOBODYS}'");
            world.scratch().sql(&format!("SELECT count(*) FROM join_requests WHERE ({of}) AND {column} IS NOT NULL"))
        };
        assert_eq!(kept("space_id"), "0");
    }
    // Who sees it is told.
    for own in [&closed, &private] {
        ask(&anna, own).expect_problem(409, "already_member");
    }
    act(&anna, &space, "restore").expect(200);
    assert_eq!(listed(&anna, &format!("{space}/join-requests"), "id"), [""; 0]);
    // The identifier stands for itself alone.
    for wrong in [closed.to_lowercase(), format!("{closed} "), "PM-A1B2C0".to_owned()] {
        let fault = ask(&anna, &wrong).expect_problem(400, "invalid_input");
        assert_eq!(fault["errors"][0]["code"], "malformed");
    }
}

fn five_may_be_open_and_twenty_made_in_thirty_days(world: &World) {
    let mut bert = world.founder();
    let made: Vec<_> = (1..=5).map(|number| ask(&bert, &format!("PM-AAAAA{number}")).header("location")).collect();
    assert_eq!(ask(&bert, NOBODYS).expect_problem(409, "join_request_limit_reached")["limit"], 5);
    act(&bert, &made[0], "cancel").expect(200);
    for number in 6..=20 {
        let asked = ask(&bert, &format!("PM-BBBB{}{}", number / 9 + 1, number % 9 + 1));
        asked.expect(201);
        act(&bert, &asked.header("location"), "cancel").expect(200);
    }
    assert_eq!(ask(&bert, NOBODYS).expect_problem(409, "join_request_limit_reached")["limit"], 20);
    world.wait(TimeDelta::days(29));
    bert.log_in(0).expect(200);
    assert_eq!(ask(&bert, NOBODYS).expect_problem(409, "join_request_limit_reached")["limit"], 20);
    world.wait(TimeDelta::days(1));
    bert.log_in(0).expect(200);
    ask(&bert, NOBODYS).expect(201);
}

fn what_is_cancelled_or_over_is_not_answered(world: &World) {
    let (mut anna, space, identifier) = with_space(world);
    let mut bert = world.founder();
    let first = ask(&bert, &identifier);
    let cancelled = act(&bert, &first.header("location"), "cancel").expect(200);
    assert_eq!((&cancelled["status"], &cancelled["id"]), (&json!("ended"), &first.json["id"]));
    act(&bert, &first.header("location"), "cancel").expect_problem(410, "join_request_ended");
    assert_eq!(acts(&bert, "/v1/me")[..2], ["join_request_cancelled", "join_requested"]);
    let second = ask(&bert, &identifier);
    let cases = [case(&space, &first), case(&space, &second)];
    world.wait(TimeDelta::days(21));
    anna.log_in(0).expect(200);
    bert.log_in(0).expect(200);
    for path in &cases {
        approve(&anna, path, "reader").expect_problem(410, "join_request_ended");
        act(&anna, path, "refuse").expect_problem(410, "join_request_ended");
    }
    assert_eq!(listed(&anna, &format!("{space}/join-requests"), "status"), ["ended", "ended"]);
    assert_eq!(listed(&bert, "/v1/me/join-requests", "status"), ["ended", "ended"]);
    assert_eq!(acts(&anna, &space), ["space_opened"]);
    bert.get(&space).expect_problem(404, "not_found");
}

fn a_product_that_was_withdrawn_lets_nobody_in_alone(world: &World) {
    let (anna, space, identifier) = with_space(world);
    let mut bert = Actor::newcomer(&world.anonymous(), &["eid", "luxtrust_private"]);
    bert.register_product(1).expect(200);
    bert.accept_terms();
    let path = case(&space, &ask(&bert, &identifier));
    let asked_with = text(&bert.current_product()["id"]);
    bert.log_in(1).expect(200);
    bert.send("DELETE", &format!("/v1/me/authentication-products/{asked_with}"), &[], vec![]).expect(204);
    approve(&anna, &path, "reader").expect_problem(410, "join_request_ended");
    bert.get(&space).expect_problem(404, "not_found");
    let with_all = json!({ "role": "reader", "accessScope": "all_products" });
    anna.post(&format!("{path}/approve"), &with_all).expect(200);
    bert.get(&space).expect(200);
}

fn an_answer_is_given_once_by_an_administrator_of_an_open_space(world: &World) {
    let (anna, space, identifier) = with_space(world);
    let (bert, carl, agent) = (world.founder(), world.founder(), world.agent());
    let paths = [&bert, &carl].map(|asker| case(&space, &ask(asker, &identifier)));
    let manager = world.person();
    anna.admit(&space, &manager, "manager");
    let other = world.founder();
    let elsewhere = other.open_space("Café").header("location");
    for path in &paths {
        approve(&manager, path, "reader").expect_problem(403, "administrator_required");
        act(&manager, path, "refuse").expect_problem(403, "administrator_required");
        approve(&bert, path, "administrator").expect_problem(404, "not_found");
        approve(&other, &path.replace(&space, &elsewhere), "reader").expect_problem(404, "not_found");
    }
    manager.get(&format!("{space}/join-requests")).expect_problem(403, "administrator_required");
    bert.get(&format!("{space}/join-requests")).expect_problem(404, "not_found");

    let suspend = format!("/v1/helpdesk{}", space.trim_start_matches("/v1"));
    agent.post(&format!("{suspend}/suspend"), &json!({ "reason": "A letter" })).expect(200);
    approve(&anna, &paths[0], "reader").expect_problem(409, "space_suspended");
    act(&anna, &paths[0], "refuse").expect_problem(409, "space_suspended");
    agent.post(&format!("{suspend}/resume"), &json!({ "reason": "A letter" })).expect(200);

    let keyed = |path: &str, body: &Value| {
        let headers = [("idempotency-key", "order-1"), ("content-type", "application/json")];
        anna.send("POST", path, &headers, body.to_string().into_bytes())
    };
    let reader = json!({ "role": "reader", "accessScope": "all_products" });
    let approved = keyed(&format!("{}/approve", paths[0]), &reader).expect(200);
    assert_eq!(keyed(&format!("{}/approve", paths[0]), &reader).expect(200), approved);
    act(&anna, &paths[1], "refuse").expect(200);
    for path in &paths {
        approve(&anna, path, "reader").expect_problem(409, "join_request_decided");
        act(&anna, path, "refuse").expect_problem(409, "join_request_decided");
    }
    let own = |asker: &Actor| listed_first(asker, &identifier);
    act(&bert, &own(&bert), "cancel").expect_problem(409, "join_request_decided");
    // A refused one is cancelled as any other that nobody answered.
    assert_eq!(act(&carl, &own(&carl), "cancel").expect(200)["status"], "ended");
    assert_eq!(acts(&anna, &space)[0..2], ["join_request_refused", "join_request_approved"]);
    assert!(mails(&carl, "Your request to join was approved").is_empty());
    let mut roles = listed(&anna, &format!("{space}/members"), "role");
    roles.sort_unstable();
    assert_eq!(roles, ["administrator", "manager", "reader"]);
}

fn who_was_a_member_asks_like_anybody_and_who_is_suspended_is_not_shown(world: &World) {
    let (anna, space, identifier) = with_space(world);
    let [suspended, removed, ended, present] = [(); 4].map(|()| {
        let person = world.founder();
        (anna.admit(&space, &person, "reader"), person)
    });
    act(&anna, &suspended.0, "suspend").expect(200);
    anna.send("DELETE", &removed.0, &[("if-match", "*")], vec![]).expect(204);
    anna.patch(&ended.0, "*", &json!({ "endsAt": world.now() + TimeDelta::minutes(1) })).expect(200);
    world.wait(TimeDelta::minutes(1));
    ask(&present.1, &identifier).expect_problem(409, "already_member");
    let asked = [&suspended.1, &removed.1, &ended.1].map(|asker| ask(asker, &identifier));
    let stranger = ask(&world.founder(), NOBODYS);
    for reply in &asked {
        assert_eq!(comparable(reply), comparable(&stranger));
    }
    let id = |reply: &Reply| text(&reply.json["id"]);
    assert_eq!(listed(&anna, &format!("{space}/join-requests"), "id"), [id(&asked[1]), id(&asked[2])]);
    // Who came in another way meanwhile is not let in twice.
    anna.admit(&space, &removed.1, "reader");
    approve(&anna, &case(&space, &asked[1]), "reader").expect_problem(409, "already_member");
    // A membership that ended by its date makes room for the next one.
    let again = approve(&anna, &case(&space, &asked[2]), "contributor").expect(200);
    assert_ne!(text(&again["id"]), ended.0.rsplit('/').next().expect("an id"));
    assert_eq!(ended.1.get(&space).expect(200)["role"], "contributor");
}

fn requests_come_in_pages_and_by_status(world: &World) {
    let (anna, space, identifier) = with_space(world);
    let askers: Vec<_> = (0..4).map(|_| world.founder()).collect();
    let asked: Vec<_> = askers.iter().map(|asker| ask(asker, &identifier)).collect();
    let id = |number: usize| text(&asked[number].json["id"]);
    act(&askers[0], &asked[0].header("location"), "cancel").expect(200);
    approve(&anna, &case(&space, &asked[1]), "reader").expect(200);
    act(&anna, &case(&space, &asked[2]), "refuse").expect(200);
    let list = format!("{space}/join-requests");
    for (number, status) in ["ended", "approved", "refused", "open"].into_iter().enumerate() {
        assert_eq!(listed(&anna, &format!("{list}?status={status}"), "id"), [id(number)]);
    }
    let (mut paged, mut next) = (vec![], format!("{list}?limit=3"));
    loop {
        let page = anna.get(&next).expect(200);
        paged.extend(page["data"].as_array().expect("requests").iter().map(|request| text(&request["id"])));
        let Some(cursor) = page["page"]["next"].as_str() else { break };
        anna.get(&format!("{list}?limit=3&status=open&cursor={cursor}")).expect_problem(400, "invalid_cursor");
        next = format!("{list}?limit=3&cursor={cursor}");
    }
    assert_eq!(paged, [id(0), id(1), id(2), id(3)]);

    let carl = &askers[3];
    for number in 1..=3 {
        ask(carl, &format!("PM-AAAAA{number}")).expect(201);
    }
    let own = "/v1/me/join-requests";
    let all = listed(carl, own, "spaceIdentifier");
    assert_eq!(all, ["PM-AAAAA3", "PM-AAAAA2", "PM-AAAAA1", identifier.as_str()]);
    let page = carl.get(&format!("{own}?limit=3")).expect(200);
    let rest = format!("{own}?limit=3&cursor={}", text(&page["page"]["next"]));
    assert_eq!(listed(carl, &rest, "spaceIdentifier"), all[3..]);
    askers[2].get(&rest).expect_problem(400, "invalid_cursor");
    anna.get(&format!("{list}?status=cancelled")).expect_problem(400, "invalid_input");
    carl.get(&format!("{own}?status=open")).expect_problem(400, "invalid_input");
}

fn whatever_became_of_it_a_request_is_forgotten_after_half_a_year(world: &World) {
    let (anna, space, identifier) = with_space(world);
    let mut askers = [world.founder(), world.founder(), world.founder()];
    let asked = askers.each_ref().map(|asker| ask(asker, &identifier));
    ask(&askers[1], NOBODYS).expect(201);
    approve(&anna, &case(&space, &asked[0]), "reader").expect(200);
    act(&anna, &case(&space, &asked[1]), "refuse").expect(200);
    world.wait(TimeDelta::days(179));
    log_in(&mut askers);
    let counts = |askers: &[Actor; 3]| askers.each_ref().map(|asker| listed(asker, "/v1/me/join-requests", "id").len());
    assert_eq!(counts(&askers), [1, 2, 1]);
    world.wait(TimeDelta::days(1) + TimeDelta::hours(2));
    log_in(&mut askers);
    wait_until("a purge", || counts(&askers) == [0, 0, 0]);
    askers[0].get(&space).expect(200);
}

fn a_purged_space_leaves_to_the_asker_what_he_saw(world: &World) {
    let (mut anna, space, identifier) = with_space(world);
    let mut bert = world.founder();
    let asked = ask(&bert, &identifier);
    act(&anna, &case(&space, &asked), "refuse").expect(200);
    act(&anna, &space, "close").expect(200);
    anna.get(&format!("{space}/join-requests")).expect_problem(409, "space_closed");
    world.wait(TimeDelta::days(22));
    anna.log_in(0).expect(200);
    let count = |which: &str| world.scratch().sql(&format!("SELECT count(*) FROM {which}"));
    wait_until("a reminder", || count("spaces WHERE purge_reminded_at IS NOT NULL") == "1");
    world.wait(TimeDelta::days(9));
    wait_until("a purge", || count("spaces WHERE state = 'purged'") == "1");
    bert.log_in(0).expect(200);
    assert_eq!(bert.get(&asked.header("location")).expect(200)["status"], "ended");
    assert_eq!(count("join_requests WHERE space_id IS NOT NULL"), "0");
}
