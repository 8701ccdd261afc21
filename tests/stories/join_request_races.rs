//! Many ask, cancel and answer at once: caps hold, and one answer is given, whichever server is asked.

use serde_json::{Value, json};

use crate::support::{Actor, Reply, crowd, races, text, unless_busy};

crate::however_served!(
    of_thirty_requests_at_four_open_one_more_is_taken,
    of_many_requests_for_one_identifier_one_is_taken,
    what_is_approved_is_not_cancelled,
    what_is_approved_is_not_refused,
    of_two_who_approve_one_lets_in,
);

fn ask(actor: &Actor, identifier: &str) -> Reply {
    unless_busy(|| actor.post("/v1/join-requests", &json!({ "spaceIdentifier": identifier })))
}

fn founder(server: &Actor) -> Actor {
    let person = Actor::newcomer(server, &["eid"]);
    person.accept_terms();
    person
}

/// How often which status and code came.
fn counted(replies: &[Reply], status: u16, code: &Value) -> usize {
    replies.iter().filter(|reply| reply.status == status && reply.json["code"] == *code).count()
}

fn of_thirty_requests_at_four_open_one_more_is_taken(servers: &[Actor]) {
    let bert = founder(&servers[0]);
    for number in 1..=4 {
        ask(&bert, &format!("PM-AAAAA{number}")).expect(201);
    }
    let replies = crowd(30, 15, |job| {
        let identifier = format!("PM-BBB{}{}{}", job / 9 + 1, job % 9 + 1, 1);
        ask(&bert.at(&servers[job % servers.len()]), &identifier)
    });
    let taken = counted(&replies, 201, &Value::Null);
    assert_eq!((taken, counted(&replies, 409, &json!("join_request_limit_reached"))), (1, 29));
    assert_eq!(bert.get("/v1/me/join-requests").expect(200)["data"].as_array().map(Vec::len), Some(5));
}

fn of_many_requests_for_one_identifier_one_is_taken(servers: &[Actor]) {
    let bert = founder(&servers[0]);
    let replies = crowd(16, 8, |job| ask(&bert.at(&servers[job % servers.len()]), "PM-AAAAA1"));
    let taken = counted(&replies, 201, &Value::Null);
    assert_eq!((taken, counted(&replies, 409, &json!("join_request_open"))), (1, 15));
}

/// An administrator at the first server, who asks at the last one, and both paths of his request.
fn asked(servers: &[Actor]) -> (Actor, Actor, String, [String; 2]) {
    let (anna, bert) = (founder(&servers[0]), founder(&servers[0]));
    let opened = anna.open_space("Boulangerie");
    let space = opened.header("location");
    let own = ask(&bert, &text(&opened.json["identifier"])).header("location");
    let case = format!("{space}/join-requests/{}", own.rsplit('/').next().expect("an id"));
    (anna, bert.at(&servers[servers.len() - 1]), space, [case, own])
}

/// Both at the same moment, in their order.
fn at_once(part: impl Fn(usize) -> Reply + Sync) -> [Reply; 2] {
    let mut replies = crowd(2, 2, |job| (job, unless_busy(|| part(job))));
    replies.sort_by_key(|(job, _)| *job);
    <[(usize, Reply); 2]>::try_from(replies).expect("two answers").map(|(_, reply)| reply)
}

fn approve(actor: &Actor, case: &str) -> Reply {
    actor.post(&format!("{case}/approve"), &json!({ "role": "reader", "accessScope": "all_products" }))
}

fn what_is_approved_is_not_cancelled(servers: &[Actor]) {
    for _ in 0..races() {
        let (anna, bert, space, [case, own]) = asked(servers);
        let [approved, cancelled] = at_once(|job| match job {
            0 => approve(&anna, &case),
            _ => bert.post(&format!("{own}/cancel"), &json!({})),
        });
        let (status, seen) = if approved.status == 200 {
            cancelled.expect_problem(409, "join_request_decided");
            ("approved", 200)
        } else {
            approved.expect_problem(410, "join_request_ended");
            cancelled.expect(200);
            ("ended", 404)
        };
        assert_eq!(bert.get(&own).expect(200)["status"], status);
        assert_eq!(bert.get(&space).status, seen);
    }
}

fn what_is_approved_is_not_refused(servers: &[Actor]) {
    for _ in 0..races() {
        let (anna, bert, space, [case, _]) = asked(servers);
        let replies = at_once(|job| match job {
            0 => approve(&anna, &case),
            _ => anna.at(&servers[servers.len() - 1]).post(&format!("{case}/refuse"), &json!({})),
        });
        let late = replies.iter().find(|reply| reply.status != 200).expect("one that came too late");
        late.expect_problem(409, "join_request_decided");
        let is_in = replies[0].status == 200;
        assert_eq!(replies[1].status == 200, !is_in);
        assert_eq!(bert.get(&space).status, if is_in { 200 } else { 404 });
        let acts = anna.get(&format!("{space}/audit-events")).expect(200);
        let answers = acts["data"].as_array().expect("events").iter();
        assert_eq!(answers.filter(|event| text(&event["act"]).starts_with("join_request_")).count(), 1);
    }
}

fn of_two_who_approve_one_lets_in(servers: &[Actor]) {
    for _ in 0..races() {
        let (anna, _, space, [case, _]) = asked(servers);
        let replies = at_once(|job| approve(&anna.at(&servers[job % servers.len()]), &case));
        assert_eq!(
            (counted(&replies, 200, &Value::Null), counted(&replies, 409, &json!("join_request_decided"))),
            (1, 1)
        );
        let members = anna.get(&format!("{space}/members")).expect(200);
        assert_eq!(members["data"].as_array().map(Vec::len), Some(2));
    }
}
