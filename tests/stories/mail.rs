//! Mails on their way to a real mail server: each arrives, in its language, whatever fails on the way.

use std::{
    collections::HashSet,
    thread::sleep,
    time::{Duration, Instant},
};

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::{Actor, Database, MailServer, Process, Scratch, Signal, World, wait_until};

const FROM: &str = "Espace Été <no-reply@portal.example>";
/// Longer than the worker rests when nobody rings.
const A_ROUND: Duration = Duration::from_millis(2500);

fn scratch(database: Database, url: &str) -> Scratch {
    let mut scratch = Scratch::new(database);
    scratch.set("ESPACE_PRO_MAIL_URL", url);
    scratch.set("ESPACE_PRO_MAIL_FROM", FROM);
    scratch
}

fn world(database: Database, server: &MailServer) -> World {
    World::start_in(scratch(database, &format!("smtp://{}", server.address())))
}

fn newcomer(anonymous: &Actor) -> Actor {
    let mut actor = anonymous.clone();
    actor.become_test_person(&json!({ "products": ["eid"], "helpdesk": false }));
    actor
}

fn register(actor: &Actor, email: &str, language: &str) {
    let wish = json!({ "assertion": actor.assertion(0), "email": email, "language": language });
    actor.post("/v1/registrations", &wish).expect(201);
}

/// Whether the one mail was tried so often, and waits again.
fn tried_in_vain(world: &World, tries: usize) -> bool {
    world.scratch().sql("SELECT tries FROM outbox WHERE lease IS NULL") == tries.to_string()
}

/// Each story on both databases, with a world and its mail server.
macro_rules! on_both {
    ($($story:ident),+ $(,)?) => {
        mod on_sqlite {
            $(#[test] fn $story() { super::$story(super::Database::Sqlite); })+
        }
        mod on_postgres {
            $(#[test] fn $story() { super::$story(super::Database::Postgres); })+
        }
    };
}
on_both!(
    a_mail_arrives_in_its_language,
    mails_wait_for_a_server_that_is_down,
    a_mail_that_is_refused_for_now_goes_out_later,
    a_mail_that_is_refused_for_good_waits_for_the_operator,
);

fn a_mail_arrives_in_its_language(database: Database) {
    let server = MailServer::plain();
    let world = world(database, &server);
    let anna = newcomer(&world.anonymous());
    for (place, (language, subject, greeting)) in [
        ("fr", "Votre code de confirmation", "Bonjour,"),
        ("de", "Ihr Bestätigungscode", "Guten Tag,"),
        ("en", "Your confirmation code", "Hello,"),
        ("lb", "Äre Confirmatiounscode", "Moien,"),
    ]
    .into_iter()
    .enumerate()
    {
        register(&anna, "anna@example.lu", language);
        let mails = server.wait_for(place + 1);
        let mail = &mails[place];
        assert_eq!(mail["headers"]["subject"], subject);
        assert!(mail["text"].as_str().is_some_and(|text| text.starts_with(greeting)), "{mail}");
        assert_eq!(mail["sender"], "no-reply@portal.example");
        assert_eq!(mail["recipients"], json!(["anna@example.lu"]));
        assert_eq!(mail["headers"]["from"], FROM);
        assert_eq!(mail["headers"]["to"], "anna@example.lu");
        assert_eq!(mail["headers"]["content-type"], "text/plain; charset=\"utf-8\"");
        assert!(
            mail["headers"]["date"].as_str().is_some_and(|date| date.starts_with("Fri, 15 Jan 2027 08:")),
            "{mail}"
        );
    }
    assert_eq!(ids(&server.mails()).len(), 4);
}

fn ids(mails: &[Value]) -> HashSet<String> {
    mails.iter().map(|mail| mail["headers"]["message-id"].to_string()).collect()
}

fn mails_wait_for_a_server_that_is_down(database: Database) {
    let mut server = MailServer::down();
    let world = world(database, &server);
    register(&newcomer(&world.anonymous()), "anna@example.lu", "fr");
    wait_until("a try in vain", || tried_in_vain(&world, 1));
    server.start("plain", Duration::ZERO);
    sleep(A_ROUND);
    assert_eq!(server.mails().len(), 0, "its wait was not kept");
    world.wait(TimeDelta::seconds(10));
    server.wait_for(1);
}

fn a_mail_that_is_refused_for_now_goes_out_later(database: Database) {
    let server = MailServer::plain();
    server.answer_next(&["451 4.7.1 Later", "421 4.3.0 Later"]);
    let world = world(database, &server);
    register(&newcomer(&world.anonymous()), "anna@example.lu", "fr");
    for (left, wait) in [(1, 10), (0, 20)] {
        wait_until("a try in vain", || tried_in_vain(&world, 2 - left));
        sleep(A_ROUND);
        assert_eq!((server.answers_left(), server.mails().len()), (left, 0));
        world.wait(TimeDelta::seconds(wait));
    }
    server.wait_for(1);
    assert_eq!(world.operate(&["outbox", "list-dead"]).lines().count(), 1);
}

fn a_mail_that_is_refused_for_good_waits_for_the_operator(database: Database) {
    let server = MailServer::plain();
    server.answer_next(&["550 5.1.1 <anna@example.lu> is unknown"; 3]);
    let world = world(database, &server);
    let anna = newcomer(&world.anonymous());
    for _ in 0..3 {
        register(&anna, "anna@example.lu", "fr");
    }
    let dead = || -> Vec<String> {
        let list = world.operate(&["outbox", "list-dead"]);
        list.lines().skip(1).map(str::to_owned).collect()
    };
    wait_until("three dead letters", || dead().len() == 3);
    world.wait(TimeDelta::days(1));
    sleep(A_ROUND);
    let letters = dead();
    for letter in &letters {
        let fields: Vec<&str> = letter.split('\t').collect();
        assert_eq!((fields[1], fields[4], fields[5]), ("mail", "1", "the mail server answered 550"));
    }
    assert_eq!((letters.len(), server.mails().len()), (3, 0));

    let id = |letter: &String| letter.split('\t').next().expect("an id").to_owned();
    assert!(world.operate(&["outbox", "repeat", &id(&letters[0])]).contains("tried anew"));
    let mails = server.wait_for(1);
    assert!(mails[0]["headers"]["message-id"].as_str().is_some_and(|found| found.contains(&id(&letters[0]))));
    assert!(world.operate(&["outbox", "discard", &id(&letters[1])]).contains("forgotten"));
    assert!(world.operate(&["outbox", "repeat", "all"]).contains("1 are tried anew"));
    server.wait_for(2);
    assert_eq!(dead().len(), 0);
    let unknown = world.operator(&["outbox", "discard", &id(&letters[1])]);
    assert!(!unknown.status.success() && String::from_utf8_lossy(&unknown.stderr).contains("no dead letter"));
}

#[test]
fn mails_go_over_tls_to_a_server_that_proves_who_it_is() {
    for (security, scheme, query) in [("starttls", "smtp", "?tls=required"), ("wrapped", "smtps", "")] {
        let server = MailServer::running(security, Duration::ZERO);
        let url = format!("{scheme}://portal:hush@{}{query}", server.address());
        let mut scratch = scratch(Database::Sqlite, &url);

        let untrusting = Process::serve(&mut scratch);
        let anna = newcomer(&untrusting.anonymous());
        register(&anna, "anna@example.lu", "lb");
        wait_until("a refusal", || untrusting.log().contains("it is tried again"));
        assert_eq!(server.mails().len(), 0);
        assert!(!untrusting.log().contains("hush") && !untrusting.log().contains("anna@"), "{}", untrusting.log());
        drop(untrusting);

        scratch.set("SSL_CERT_FILE", &server.certificate().display().to_string());
        let trusting = Process::serve(&mut scratch);
        let anna = newcomer(&trusting.anonymous());
        register(&anna, "anna@example.lu", "lb");
        let mails = server.wait_for(1);
        assert_eq!(
            (&mails[0]["isProtected"], &mails[0]["headers"]["subject"]),
            (&json!(true), &json!("Äre Confirmatiounscode"))
        );
        drop(trusting);

        // A wrong password is our fault, not the mail's.
        scratch.set("ESPACE_PRO_MAIL_URL", &url.replace("hush", "wrong"));
        let mistaken = Process::serve(&mut scratch);
        register(&newcomer(&mistaken.anonymous()), "anna@example.lu", "lb");
        wait_until("a refusal", || mistaken.log().contains("it is tried again"));
        assert!(mistaken.log().contains("answered 535"), "{}", mistaken.log());
        assert!(!mistaken.log().contains("given up"), "{}", mistaken.log());
    }
}

#[test]
fn a_worker_that_is_killed_loses_no_mail() {
    const COUNT: usize = 50;
    let server = MailServer::running("plain", Duration::from_millis(300));
    let mut scratch = scratch(Database::Postgres, &format!("smtp://{}", server.address()));
    scratch.set("ESPACE_PRO_WORKER", "off");
    let serving = Process::serve(&mut scratch);
    let anna = newcomer(&serving.anonymous());
    for n in 0..COUNT {
        register(&anna, &format!("{n}@example.lu"), "fr");
    }
    sleep(A_ROUND);
    assert_eq!(server.mails().len(), 0, "`serve` sent mails, though its worker is off");

    let (mut first, mut second) = (Process::work(&scratch), Process::work(&scratch));
    server.wait_for(COUNT / 5);
    first.signal(Signal::KILL);
    first.ended();
    let recipients = || -> HashSet<String> {
        server.mails().iter().map(|mail| mail["recipients"][0].as_str().expect("an address").to_owned()).collect()
    };
    // What the dead one had taken is due again once its lease has ended.
    let begun = Instant::now();
    while recipients().len() < COUNT {
        assert!(begun.elapsed() < Duration::from_mins(1), "only {} mails came", recipients().len());
        scratch.psql("UPDATE outbox SET due_at = due_at - interval '10 seconds'");
        sleep(A_ROUND);
    }
    wait_until("an empty outbox", || scratch.psql("SELECT count(*) FROM outbox") == "0");
    assert_eq!(ids(&server.mails()).len(), COUNT, "a repeat is known by its id");

    second.signal(Signal::TERM);
    assert!(second.ended().success(), "{}", second.log());
    assert!(second.log().contains("stopping"));
}

#[test]
fn a_worker_finishes_what_it_has_begun() {
    let server = MailServer::running("plain", Duration::from_secs(2));
    let mut scratch = scratch(Database::Postgres, &format!("smtp://{}", server.address()));
    scratch.set("ESPACE_PRO_WORKER", "off");
    let serving = Process::serve(&mut scratch);
    register(&newcomer(&serving.anonymous()), "anna@example.lu", "fr");
    let mut worker = Process::work(&scratch);
    wait_until("a taken mail", || scratch.psql("SELECT count(*) FROM outbox WHERE lease IS NOT NULL") == "1");
    worker.signal(Signal::INT);
    assert!(worker.ended().success(), "{}", worker.log());
    assert_eq!((server.mails().len(), scratch.psql("SELECT count(*) FROM outbox").as_str()), (1, "0"));
}
