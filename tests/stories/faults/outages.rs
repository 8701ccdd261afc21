//! What the server stands on fails: nothing that was acknowledged is lost, and work goes on when the fault is gone.

use std::{
    collections::BTreeSet,
    fs,
    process::Command,
    sync::atomic::{AtomicBool, Ordering},
    thread::scope,
};

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::{Actor, Database, Process, Reply, Scratch, World, crowd, eventually, text};

crate::on_both_databases!(a_mail_that_can_not_be_dropped_is_tried_again);

fn a_mail_that_can_not_be_dropped_is_tried_again(world: &World) {
    let (mut anna, mut marc) = (world.anonymous(), world.anonymous());
    anna.become_test_person(&json!({ "products": ["eid"] }));
    marc.become_test_person(&json!({ "products": ["eid"] }));
    let registration = format!("/v1/registrations/{}", text(&anna.begin_registration(0).expect(201)["id"]));
    assert_eq!(mails(&anna).len(), 1);
    let drop = world.folder().join("mails");
    let annas = fs::read_dir(&drop).expect("a folder").next().expect("one folder").expect("an entry").path();
    fs::remove_dir_all(&annas).and_then(|()| fs::write(&annas, "")).expect("a file where the folder was");

    anna.post(&format!("{registration}/resend"), &json!({})).expect(200);
    marc.begin_registration(0).expect(201);
    // Mails are sent in the order of their writing: when his has come, hers was tried in vain, and waits for a minute.
    eventually("his mail arrives", || mails(&marc).first().cloned());
    fs::remove_file(&annas).expect("the file");
    assert_eq!(mails(&anna), [] as [Value; 0]);

    world.wait(TimeDelta::minutes(1));
    let mail = eventually("her mail arrives", || mails(&anna).first().cloned());
    let confirmed = anna.post(&format!("{registration}/confirm"), &json!({ "code": mail["code"] })).expect(200);
    assert_eq!(confirmed["status"], "confirmed");
}

fn mails(person: &Actor) -> Vec<Value> {
    let list = person.get(&format!("/sandbox/mails?to={}", person.email())).expect(200);
    list["data"].as_array().expect("mails").clone()
}

#[test]
fn terminated_backends_lose_nothing_that_was_acknowledged() {
    let scratch = Scratch::new(Database::Postgres);
    let url = scratch.settings()["ESPACE_PRO_DATABASE_URL"].clone();
    let world = World::start_in(scratch);
    let founders: Vec<Actor> = (0..4).map(|_| world.founder()).collect();

    let is_over = AtomicBool::new(false);
    let (replies, terminated) = scope(|scope| {
        let killer = scope.spawn(|| {
            let mut terminated = 0;
            while !is_over.load(Ordering::Relaxed) {
                terminated += terminate_backends(&url);
            }
            terminated
        });
        let open = |job: usize| (job % founders.len(), founders[job % founders.len()].open_space("Atelier"));
        let replies: Vec<(usize, Reply)> = crowd(400, 16, open);
        is_over.store(true, Ordering::Relaxed);
        (replies, killer.join().expect("a killer"))
    });
    assert!(terminated > 0);

    for (place, founder) in founders.iter().enumerate() {
        let (mut acknowledged, mut unknown) = (BTreeSet::new(), 0);
        for (_, reply) in replies.iter().filter(|(owner, _)| *owner == place) {
            match (reply.status, reply.json["code"].as_str()) {
                (201, _) => _ = acknowledged.insert(text(&reply.json["id"])),
                (503, Some("outcome_unknown")) => unknown += 1,
                _ => _ = reply.expect_problem(503, "busy"),
            }
        }
        let kept = founder.spaces();
        assert!(acknowledged.is_subset(&kept), "lost: {:?}", acknowledged.difference(&kept));
        assert!(kept.len() <= acknowledged.len() + unknown, "kept, and told otherwise: {}", kept.len());
        founder.open_space("Atelier").expect(201);
    }
}

/// As after a restart of the database: nobody who only reads is told of it.
#[test]
fn connections_that_end_while_idle_are_noticed_by_nobody_who_reads() {
    let scratch = Scratch::new(Database::Postgres);
    let url = scratch.settings()["ESPACE_PRO_DATABASE_URL"].clone();
    let world = World::start_in(scratch);
    let founder = world.founder();
    let space = text(&founder.open_space("Atelier").expect(201)["id"]);
    for _ in 0..3 {
        for path in ["/v1/me/landing", "/v1/spaces", &format!("/v1/spaces/{space}"), "/v1/me"] {
            assert!(terminate_backends(&url) > 0);
            founder.get(path).expect(200);
        }
    }
}

/// Ends every other connection to a database; gives how many.
fn terminate_backends(url: &str) -> usize {
    let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
               WHERE datname = current_database() AND pid <> pg_backend_pid()";
    let ended = Command::new("psql").args([url, "-qtAc", sql]).output().expect("psql");
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    String::from_utf8_lossy(&ended.stdout).lines().filter(|line| *line == "t").count()
}

/// As on a full disk: the file may grow no further than it has.
#[test]
fn a_database_that_can_not_grow_is_read_and_takes_writes_again_when_it_can() {
    let mut scratch = Scratch::new(Database::Sqlite);
    scratch.set("ESPACE_PRO_PUBLIC_URL", "https://espace-pro.example.lu");
    let server = Process::serve(&mut scratch);
    let anna = Actor::newcomer(&server.anonymous(), &["eid"]);
    anna.accept_terms();
    let mut acknowledged = BTreeSet::from([text(&anna.open_space("Atelier").expect(201)["id"])]);
    let faults = || server.log().matches("a batch of writes was not kept").count();

    for round in 1..=2 {
        let log = fs::metadata(scratch.path().join("espace-pro.db-wal")).expect("the database's log");
        server.limit_files(Some(log.len()));
        let replies: Vec<Reply> = (0..6).map(|_| anna.open_space("Atelier")).collect();
        // The first COMMIT that fails leaves its outcome open; from then on nothing is begun.
        for (place, reply) in replies.iter().enumerate() {
            let code = if place == 0 && reply.json["code"] == "outcome_unknown" { "outcome_unknown" } else { "busy" };
            reply.expect_problem(503, code);
            assert!(reply.header("retry-after").parse::<u32>().is_ok(), "{:?}", reply.headers);
        }
        assert_eq!(faults(), round, "{}", server.log());
        assert_eq!(anna.spaces(), acknowledged);
        // Reads go on, and no other server has this file.
        anna.get("/health/ready").expect(200);
        anna.get("/health/live").expect(200);

        server.limit_files(None);
        acknowledged.insert(text(&anna.open_space("Atelier").expect(201)["id"]));
        assert_eq!(anna.spaces(), acknowledged);
        assert_eq!(server.log().matches("the database takes writes again").count(), round);
    }
    // It is killed: what is read is what a recovery finds.
    drop(server);
    let restarted = Process::serve(&mut scratch);
    assert_eq!(anna.at(&restarted.anonymous()).spaces(), acknowledged);
}
