//! Each answer to a write stands behind a write to the disk. A kill can't show that, for the kernel keeps what a killed process
//! wrote; what the processes asked of the kernel does.

use std::{thread::sleep, time::Duration};

use super::{
    CONTROL,
    cluster::{Cluster, pid},
    trace::{Call, Strace},
};
use crate::support::{Actor, Database, Process, Scratch, crowd};

/// Writes one after the other, each with a rest after it, so that no other's commit is taken for its own.
const ALONE: usize = 12;
const REST: Duration = Duration::from_millis(80);
/// Writes at once, which on SQLite share commits.
const TOGETHER: usize = 32;

#[test]
fn no_answer_on_sqlite_comes_before_its_fsync() {
    let scratch = Scratch::new(Database::Sqlite);
    assert_eq!(early(scratch, "espace-pro", "-wal>"), [] as [String; 0]);
}

#[test]
fn no_answer_on_postgres_comes_before_its_fsync() {
    let cluster = Cluster::start();
    assert_eq!(early(cluster.scratch(), "espace-pro", "/pg_wal/"), [] as [String; 0]);
}

#[test]
fn answers_on_sqlite_before_the_commit_are_seen() {
    let early = early(Scratch::new(Database::Sqlite), CONTROL, "-wal>");
    assert!(early.len() >= ALONE, "{early:#?}");
}

#[test]
fn answers_on_postgres_before_the_commit_are_seen() {
    let cluster = Cluster::start();
    let early = early(cluster.scratch(), CONTROL, "/pg_wal/");
    assert!(early.len() >= ALONE, "{early:#?}");
}

/// The acknowledgements that went out before a log of the database, known by this part of its path, was synced after their
/// requests had come in.
fn early(mut scratch: Scratch, program: &'static str, log: &str) -> Vec<String> {
    let server = Process::serve(&mut scratch);
    let anna = Actor::newcomer(&server.anonymous(), &["luxtrust_professional"]);
    anna.accept_terms();
    drop(server);
    scratch.set("ESPACE_PRO_PUBLIC_URL", "http://espace-pro.test");
    scratch.serve_by(program);
    let server = Process::serve(&mut scratch);
    let mut anna = anna.at(&server.anonymous());
    anna.log_in(0).expect(200);

    let mut processes = vec![server.id()];
    if scratch.settings().contains_key("ESPACE_PRO_DATABASE_URL") {
        assert_eq!(scratch.psql("SHOW fsync"), "on");
        // Whoever syncs the log syncs it for all: every process of the cluster is looked at.
        let own = "SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1) \
                   UNION ALL SELECT pid::text FROM pg_stat_activity WHERE pid <> pg_backend_pid()";
        processes.extend(scratch.psql(own).lines().map(pid));
    }
    let strace = Strace::attach(&scratch, &processes);
    for number in 0..ALONE {
        open(&anna, number);
        sleep(REST);
    }
    crowd(TOGETHER, 8, |number| open(&anna, ALONE + number));
    let calls = strace.calls();

    let acknowledged = acknowledgements(&calls);
    assert_eq!(acknowledged.len(), ALONE + TOGETHER, "not each write was seen");
    let syncs: Vec<&Call> = calls.iter().filter(|call| is_sync(call, log)).collect();
    let is_backed = |(arrived, answered): &(&Call, &Call)| {
        syncs.iter().any(|sync| sync.begun > arrived.ended && sync.ended < answered.begun)
    };
    acknowledged.into_iter().filter(|pair| !is_backed(pair)).map(|(_, answered)| answered.text.clone()).collect()
}

fn open(actor: &Actor, number: usize) {
    let body = actor.own_professional(&format!("Atelier {number}")).to_string().into_bytes();
    actor.send("POST", "/v1/spaces", &[("content-type", "application/json")], body).expect(201);
}

fn is_sync(call: &Call, log: &str) -> bool {
    let is_sync = call.text.starts_with("fsync(") || call.text.starts_with("fdatasync(");
    is_sync && call.text.contains(log) && call.text.ends_with("= 0")
}

/// Each arrival of a request to open a space, with the sending of its 201 on the same connection.
fn acknowledgements(calls: &[Call]) -> Vec<(&Call, &Call)> {
    let arrivals = calls.iter().enumerate().filter(|(_, call)| call.text.contains("\"POST /v1/spaces "));
    let answer = |(place, arrived): (usize, &'_ Call)| {
        let connection = socket(arrived)?;
        let mut later = calls[place..].iter().filter(|call| call.begun > arrived.ended);
        later.find(|call| call.text.contains("\"HTTP/1.1 201") && socket(call) == Some(connection))
    };
    arrivals.filter_map(|arrival| Some((arrival.1, answer(arrival)?))).collect()
}

/// `12<TCP:[127.0.0.1:8080->127.0.0.1:40000]>`, as it stands in a call.
fn socket(call: &Call) -> Option<&str> {
    let (_, rest) = call.text.split_once('(')?;
    rest.split_once(',').map(|(socket, _)| socket)
}
