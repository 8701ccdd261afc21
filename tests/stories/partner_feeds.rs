//! The feed of an administration: each event once, in one order that no reader passes.

use std::{thread::sleep, time::Duration};

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::{Actor, Database, Key, Rival, World, eventually, text};

crate::on_both_databases!(
    each_administration_reads_its_own_events_in_their_order,
    events_that_are_old_are_gone_and_the_reader_is_told,
    a_position_is_one_that_the_feed_can_have,
);

const READ: &str = "read_events";

/// What is written of an event in the transaction of what it tells of; `n` tells it from others.
fn event(administration: &str, n: u32, at: &str) -> String {
    format!(
        "INSERT INTO partner_events (id, administration, kind, subject, happened_at) VALUES \
         ('01ffffff-ffff-7000-8000-{n:012x}', '{administration}', 'certification.requested', \
         '01ffffff-ffff-7000-9000-{n:012x}', '{at}')"
    )
}

fn announce(world: &World, administration: &str, n: u32) {
    world.anonymous().backstage().sql(&event(administration, n, "2027-01-15 08:00:00"));
}

fn events(reader: &Actor, query: &str) -> (Vec<Value>, Value) {
    let read = reader.get(&format!("/v1/partner/events{query}")).expect(200).clone();
    (read["data"].as_array().expect("a list").clone(), read["page"].clone())
}

/// Waits until so many events are there.
fn told(reader: &Actor, count: usize) -> Vec<Value> {
    eventually("what is told", || Some(events(reader, "").0).filter(|events| events.len() == count))
}

fn each_administration_reads_its_own_events_in_their_order(world: &World) {
    let [ours, theirs] = ["acd", "ccss"].map(|code| world.partner(code, READ, Key::strange()).log_in());
    assert_eq!(events(&ours, ""), (vec![], json!({ "next": 0, "hasMore": false })));
    for n in 1..=3 {
        announce(world, "acd", n);
    }
    announce(world, "ccss", 4);
    let all = told(&ours, 3);
    let subject = |event: &Value| text(&event["subject"]);
    assert_eq!(subject(&told(&theirs, 1)[0]), "01ffffff-ffff-7000-9000-000000000004");
    let positions: Vec<&Value> = all.iter().map(|event| &event["position"]).collect();
    assert_eq!(positions, [&json!(1), &json!(2), &json!(3)]);
    assert_eq!(
        all[0],
        json!({
            "specversion": "1.0", "id": "01ffffff-ffff-7000-8000-000000000001", "source": world.url(),
            "type": "org.espace-pro.certification.requested.v1", "subject": "01ffffff-ffff-7000-9000-000000000001",
            "time": "2027-01-15T08:00:00Z", "datacontenttype": "application/json", "position": 1,
            "data": { "certificationId": "01ffffff-ffff-7000-9000-000000000001" },
        })
    );
    assert_eq!(events(&ours, "?limit=2"), (all[..2].to_vec(), json!({ "next": 2, "hasMore": true })));
    assert_eq!(events(&ours, "?limit=2&after=2"), (all[2..].to_vec(), json!({ "next": 3, "hasMore": false })));
    assert_eq!(events(&ours, "?after=3"), (vec![], json!({ "next": 3, "hasMore": false })));
}

fn events_that_are_old_are_gone_and_the_reader_is_told(world: &World) {
    let reader = world.partner("acd", READ, Key::strange());
    let reads = reader.log_in();
    announce(world, "acd", 1);
    told(&reads, 1);
    world.wait(TimeDelta::days(60));
    let now = world.now().format("%F %T").to_string();
    reads.backstage().sql(&event("acd", 2, &now));
    let reads = reader.log_in_at(world.now().timestamp(), None);
    told(&reads, 2);
    world.wait(TimeDelta::days(31));
    let reads = reader.log_in_at(world.now().timestamp(), None);
    let left = told(&reads, 1);
    assert_eq!(left[0]["position"], 2);
    let gone = reads.get("/v1/partner/events?after=0").expect_problem(410, "events_gone").clone();
    assert_eq!(gone["oldest"], 1);
    assert_eq!(events(&reads, "?after=1").0, left);
    world.wait(TimeDelta::days(60));
    let reads = reader.log_in_at(world.now().timestamp(), None);
    told(&reads, 0);
    reads.get("/v1/partner/events?after=1").expect_problem(410, "events_gone");
    assert_eq!(events(&reads, ""), (vec![], json!({ "next": 2, "hasMore": false })));
    // The places of those that are gone are not given again.
    let now = world.now().format("%F %T").to_string();
    reads.backstage().sql(&event("acd", 3, &now));
    assert_eq!(told(&reads, 1)[0]["position"], 3);
}

fn a_position_is_one_that_the_feed_can_have(world: &World) {
    let reads = world.partner("acd", READ, Key::strange()).log_in();
    for (query, code) in [
        ("after=1", "out_of_range"),
        ("after=9007199254740991", "out_of_range"),
        ("after=9007199254740992", "malformed"),
        ("after=-1", "malformed"),
        ("after=%2B1", "malformed"),
        ("after=x", "malformed"),
        ("limit=0", "out_of_range"),
        ("limit=501", "out_of_range"),
        ("status=x", "unknown"),
    ] {
        let problem = reads.get(&format!("/v1/partner/events?{query}")).expect_problem(400, "invalid_input").clone();
        assert_eq!(problem["errors"][0]["code"], code, "{query}: {problem}");
    }
}

/// What was written first and kept last is told after what was kept before it, and is not passed.
#[test]
fn no_reader_passes_an_event_that_is_kept_late() {
    let world = World::start(Database::Postgres);
    let reads = world.partner("acd", READ, Key::strange()).log_in();
    let late = Rival::hold(&world, &event("acd", 1, "2027-01-15 07:00:00"));
    for n in 2..=4 {
        announce(&world, "acd", n);
    }
    let before = told(&reads, 3);
    // The worker comes round in the meantime, and gives nobody's place away.
    sleep(Duration::from_millis(1500));
    assert_eq!(events(&reads, "?after=3"), (vec![], json!({ "next": 3, "hasMore": false })));
    late.release();
    let all = told(&reads, 4);
    assert_eq!(all[..3], before);
    assert_eq!((&all[3]["subject"], &all[3]["position"]), (&json!("01ffffff-ffff-7000-9000-000000000001"), &json!(4)));
    assert_eq!(events(&reads, "?after=3").0, all[3..]);
}
