//! The figures by which operators see how the server does.

use std::{net::TcpListener, thread::scope};

use serde_json::json;

use crate::support::{Actor, Database, MailServer, Process, Rival, Scratch, client, wait_until};

/// A server whose figures are told.
pub(crate) struct Watched {
    pub(crate) server: Process,
    metrics: Actor,
}

impl Watched {
    pub(crate) fn serve(scratch: &mut Scratch) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let address = listener.expect("a free port").to_string();
        scratch.set("ESPACE_PRO_METRICS_LISTEN", &address);
        let server = Process::serve(scratch);
        Self { server, metrics: Actor::new(&format!("http://{address}"), client()) }
    }

    fn text(&self) -> String {
        let reply = self.metrics.get("/metrics");
        reply.expect(200);
        assert!(reply.text.ends_with("# EOF\n") && reply.text.matches("# EOF").count() == 1, "{}", reply.text);
        reply.text
    }

    /// A figure by its name, without the prefix of all, and its labels.
    #[track_caller]
    pub(crate) fn figure(&self, name: &str) -> u64 {
        let text = self.text();
        let line = text.lines().find_map(|line| line.strip_prefix(&format!("espace_pro_{name} ")));
        line.unwrap_or_else(|| panic!("{name} is not in {text}")).parse().expect("a number")
    }

    fn transactions(&self, access: &str, outcome: &str) -> u64 {
        self.figure(&format!(r#"database_transactions_total{{access="{access}",outcome="{outcome}"}}"#))
    }
}

fn figures_move_as_requests_are_made(database: Database) {
    let mut scratch = Scratch::new(database);
    let watched = Watched::serve(&mut scratch);
    let anna = Actor::newcomer(&watched.server.anonymous(), &["eid"]);
    anna.accept_terms();
    // The worker writes too, of its own accord.
    wait_until("the first purges", || watched.text().contains(r#"jobs_total{job="purge_sessions",outcome="done"} 1"#));
    assert!(watched.figure(r#"job_done_timestamp_seconds{job="purge_sessions"}"#) > 1_700_000_000);

    let before = ["kept", "refused", "failed", "outcome_unknown"].map(|outcome| watched.transactions("write", outcome));
    let reads = watched.transactions("read", "kept");
    anna.open_private_space().expect(201);
    anna.open_private_space().expect_problem(409, "private_space_exists");
    for _ in 0..5 {
        anna.get("/v1/spaces").expect(200);
    }
    let after = ["kept", "refused", "failed", "outcome_unknown"].map(|outcome| watched.transactions("write", outcome));
    assert!(after[0] > before[0] && after[1] > before[1], "{before:?} {after:?}");
    assert_eq!((after[2], after[3]), (0, 0));
    assert!(watched.transactions("read", "kept") >= reads + 5);
    let most = watched.figure(r#"database_connections_most{access="read"}"#);
    assert_eq!(most, 4);
    assert!(watched.figure(r#"database_connections_idle{access="read"}"#) <= most);
    assert_eq!(watched.figure(r#"database_places{access="write"}"#), 1024);
    wait_until("the outbox is empty", || watched.figure("outbox_waiting") == 0);
    assert_eq!((watched.figure("outbox_dead"), watched.figure("outbox_overdue_seconds")), (0, 0));
    if database == Database::Sqlite {
        let batches = watched.figure("database_batches_total");
        assert!((1..=watched.figure("database_batched_transactions_total")).contains(&batches));
        assert_eq!((watched.figure("database_batches_broken_total"), watched.figure("database_writable")), (0, 1));
    } else {
        assert_eq!(watched.figure(r#"database_connections_most{access="write"}"#), 4);
    }
}

#[test]
fn figures_move_as_requests_are_made_on_sqlite() {
    figures_move_as_requests_are_made(Database::Sqlite);
}

#[test]
fn figures_move_as_requests_are_made_on_postgres() {
    figures_move_as_requests_are_made(Database::Postgres);
}

#[test]
fn a_dead_letter_shows_and_so_does_a_mail_that_waits() {
    let mails = MailServer::plain();
    mails.answer_next(&["550 5.1.1 unknown", "451 4.7.1 Later"]);
    let mut scratch = Scratch::new(Database::Sqlite);
    scratch.set("ESPACE_PRO_MAIL_URL", &format!("smtp://{}", mails.address()));
    scratch.set("ESPACE_PRO_MAIL_FROM", "Espace Pro <no-reply@portal.example>");
    let watched = Watched::serve(&mut scratch);
    for (dead, waiting) in [(1, 0), (1, 1)] {
        let mut anna = watched.server.anonymous();
        anna.become_test_person(&json!({ "products": ["eid"] }));
        anna.begin_registration(0).expect(201);
        wait_until("the mail's fate", || {
            (watched.figure("outbox_dead"), watched.figure("outbox_waiting")) == (dead, waiting)
        });
    }
    wait_until("it was tried in vain", || mails.answers_left() == 0);

    let discard = |days: &str| {
        let command = Process::command(&scratch, "outbox").args(["discard", "--older-than", days]).output();
        String::from_utf8_lossy(&command.expect("the program").stdout).into_owned()
    };
    assert_eq!((discard("1").as_str(), discard("36501").as_str()), ("0 are forgotten\n", ""));
    assert_eq!((discard("0").as_str(), watched.figure("outbox_dead")), ("1 are forgotten\n", 0));
    assert_eq!(watched.figure("outbox_waiting"), 1);
}

#[test]
fn a_full_queue_shows() {
    let mut scratch = Scratch::new(Database::Postgres);
    scratch.set("ESPACE_PRO_DATABASE_CONNECTIONS", "1");
    scratch.set("ESPACE_PRO_DATABASE_QUEUE", "1");
    scratch.set("ESPACE_PRO_WORKER", "off");
    let watched = Watched::serve(&mut scratch);
    // A worker of its own, without figures, brings the code that she registers with.
    scratch.set("ESPACE_PRO_METRICS_LISTEN", "");
    let worker = Process::work(&scratch);
    let anna = Actor::newcomer(&watched.server.anonymous(), &["eid"]);
    drop(worker);
    anna.accept_terms();
    assert_eq!(watched.figure(r#"database_turned_away_total{access="write"}"#), 0);

    let rival = Rival::hold_in(&scratch, "UPDATE persons SET lock_seq = lock_seq");
    scope(|scope| {
        let opening: Vec<_> = (0..2).map(|_| scope.spawn(|| anna.open_private_space().status)).collect();
        wait_until("one works and one waits", || {
            let busy = watched.figure(r#"database_connections_busy{access="write"}"#);
            (busy, watched.figure(r#"database_waiting{access="write"}"#)) == (1, 1)
        });
        let busy = watched.transactions("write", "busy");
        anna.open_private_space().expect_problem(503, "busy");
        assert_eq!(watched.figure(r#"database_turned_away_total{access="write"}"#), 1);
        assert_eq!(watched.transactions("write", "busy"), busy + 1);
        rival.release();
        let mut ended: Vec<_> = opening.into_iter().map(|reply| reply.join().expect("an answer")).collect();
        ended.sort_unstable();
        assert_eq!(ended, [201, 409]);
    });
    assert_eq!(watched.figure(r#"database_waiting{access="write"}"#), 0);
}
