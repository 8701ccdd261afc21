//! Many at once: what is decided together is decided once, whichever server is asked.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::{Actor, Database, Process, Reply, Scratch, World, crowd, text, unless_busy};

/// Tells each story on SQLite, on PostgreSQL, and on PostgreSQL with two servers; it is given somebody without a token
/// at each server.
macro_rules! however_served {
    ($($story:ident),+ $(,)?) => {
        mod on_sqlite {
            $(#[test] fn $story() { super::$story(&[super::World::start(super::Database::Sqlite).anonymous()]); })+
        }
        mod on_postgres {
            $(#[test] fn $story() { super::$story(&[super::World::start(super::Database::Postgres).anonymous()]); })+
        }
        mod on_two_servers {
            $(#[test] fn $story() {
                let (_scratch, one, other) = super::two_servers();
                super::$story(&[one.anonymous(), other.anonymous()]);
            })+
        }
    };
}

however_served!(
    of_400_creations_by_64_clients_200_succeed,
    of_400_creations_by_400_clients_200_succeed,
    of_64_creations_for_the_last_place_one_succeeds,
    of_50_first_private_spaces_one_is_opened,
    a_place_that_is_freed_while_50_create_is_given_once,
    of_50_restorings_and_50_creations_one_takes_the_last_place,
    a_space_that_many_close_and_restore_is_one_or_the_other,
    of_50_uses_of_an_assertion_one_logs_in,
    of_50_uses_of_a_refresh_token_one_succeeds_and_the_session_ends,
    of_50_wrong_codes_five_are_tries,
    a_session_that_one_server_ends_is_ended_on_every_server,
    fifty_acceptances_of_the_terms_are_one,
    thirty_persons_register_at_once,
    two_products_confirmed_at_once_are_of_one_person,
);

/// Two servers of one installation: one database, one folder, one public address.
fn two_servers() -> (Scratch, Process, Process) {
    let mut scratch = Scratch::new(Database::Postgres);
    scratch.set("ESPACE_PRO_PUBLIC_URL", "http://espace-pro.test");
    let (one, other) = (Process::serve(&mut scratch), Process::serve(&mut scratch));
    (scratch, one, other)
}

fn of_400_creations_by_64_clients_200_succeed(servers: &[Actor]) {
    of_400_creations_200_succeed(servers, 64);
}

fn of_400_creations_by_400_clients_200_succeed(servers: &[Actor]) {
    of_400_creations_200_succeed(servers, 400);
}

fn of_400_creations_200_succeed(servers: &[Actor], clients: usize) {
    let founder = newcomers(servers, &["luxtrust_professional"]);
    let replies = crowd(400, clients, |job| unless_busy(|| at(&founder, job).open_space("Boulangerie")));

    let (opened, refused): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == 201);
    assert_eq!((opened.len(), refused.len()), (200, 200));
    for refusal in refused {
        let problem = refusal.expect_problem(409, "space_limit_reached");
        assert_eq!((&problem["used"], &problem["limit"]), (&json!(200), &json!(200)));
    }
    let acknowledged: BTreeSet<String> = opened.iter().map(|reply| text(&reply.json["id"])).collect();
    let identifiers: BTreeSet<String> = opened.iter().map(|reply| text(&reply.json["identifier"])).collect();
    assert_eq!((acknowledged.len(), identifiers.len()), (200, 200));
    for founder in &founder {
        assert_eq!(founder.spaces(), acknowledged);
        let products = founder.get("/v1/me/authentication-products").expect(200);
        assert_eq!(products["data"][0]["spacesUsed"], 200);
    }
}

fn of_64_creations_for_the_last_place_one_succeeds(servers: &[Actor]) {
    let founder = newcomers(servers, &["luxtrust_professional"]);
    let first = crowd(199, 4, |job| unless_busy(|| at(&founder, job).open_space("Boulangerie")).status);
    assert_eq!(first, [201; 199]);

    let replies = crowd(64, 64, |job| unless_busy(|| at(&founder, job).open_space("Boulangerie")));
    assert_one(&replies, 201, |other| _ = other.expect_problem(409, "space_limit_reached"));
    assert_eq!(founder[0].spaces().len(), 200);
}

fn of_50_first_private_spaces_one_is_opened(servers: &[Actor]) {
    let owner = newcomers(servers, &["eid"]);
    let replies = crowd(50, 50, |job| unless_busy(|| at(&owner, job).open_private_space()));
    assert_one(&replies, 201, |other| _ = other.expect_problem(409, "private_space_exists"));
    assert_eq!(owner[0].spaces().len(), 1);
}

fn a_place_that_is_freed_while_50_create_is_given_once(servers: &[Actor]) {
    let founder = newcomers(servers, &["luxtrust_professional"]);
    let opened =
        crowd(200, 4, |job| text(&unless_busy(|| at(&founder, job).open_space("Boulangerie")).expect(201)["id"]));

    let replies = crowd(51, 51, |job| match job {
        25 => unless_busy(|| turn(at(&founder, job), &opened[0], "close")),
        _ => unless_busy(|| at(&founder, job).open_space("Boulangerie")),
    });
    assert_one(&replies, 200, |creation| {
        if creation.status != 201 {
            assert_eq!(creation.expect_problem(409, "space_limit_reached")["used"], 200);
        }
    });
    let created = replies.iter().filter(|reply| reply.status == 201).count();
    assert!(created <= 1, "{created} took the one place");
    assert_eq!(used(&founder[0]), 199 + created as u64);
    assert_eq!(founder[0].spaces().len(), 199 + created);
}

fn of_50_restorings_and_50_creations_one_takes_the_last_place(servers: &[Actor]) {
    let founder = newcomers(servers, &["luxtrust_professional"]);
    let open = |job| text(&unless_busy(|| at(&founder, job).open_space("Boulangerie")).expect(201)["id"]);
    let closed = crowd(200, 4, open).split_off(150);
    crowd(50, 4, |job| unless_busy(|| turn(at(&founder, job), &closed[job], "close")).expect(200));
    crowd(49, 4, open);
    assert_eq!(used(&founder[0]), 199);

    let replies = crowd(100, 100, |job| {
        let founder = at(&founder, job / 2);
        match closed.get(job / 2).filter(|_| job % 2 == 0) {
            Some(closed) => unless_busy(|| turn(founder, closed, "restore")),
            None => unless_busy(|| founder.open_space("Boulangerie")),
        }
    });
    let (won, refused): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status < 300);
    assert_eq!(won.len(), 1);
    for refusal in refused {
        let problem = refusal.expect_problem(409, "space_limit_reached");
        assert_eq!((&problem["used"], &problem["limit"]), (&json!(200), &json!(200)));
    }
    assert_eq!((used(&founder[0]), founder[0].spaces().len()), (200, 200));
}

fn a_space_that_many_close_and_restore_is_one_or_the_other(servers: &[Actor]) {
    let founder = newcomers(servers, &["luxtrust_professional"]);
    let id = text(&founder[0].open_space("Boulangerie").expect(201)["id"]);
    let replies = crowd(64, 64, |job| {
        let (action, too_late) = [("close", "space_closed"), ("restore", "space_not_closed")][job % 2];
        let reply = unless_busy(|| turn(at(&founder, job / 2), &id, action));
        if reply.status != 200 {
            reply.expect_problem(409, too_late);
        }
        reply.status
    });
    let turns = replies.iter().filter(|status| **status == 200).count();
    assert!(turns >= 1);
    let log = founder[0].get(&format!("/v1/spaces/{id}/audit-events?limit=100")).expect(200);
    let mut acts: Vec<String> =
        log["data"].as_array().expect("events").iter().map(|event| text(&event["act"])).collect();
    acts.reverse();
    let expected: Vec<&str> = ["space_closed", "space_restored"].into_iter().cycle().take(turns).collect();
    assert_eq!(acts[1..], expected);
    let state = &founder[0].get(&format!("/v1/spaces/{id}")).expect(200)["state"];
    let is_open = turns % 2 == 0;
    assert_eq!((state, used(&founder[0])), (&json!(if is_open { "open" } else { "closed" }), u64::from(is_open)));
}

fn of_50_uses_of_an_assertion_one_logs_in(servers: &[Actor]) {
    let anna = newcomers(servers, &["eid"]);
    let assertion = anna[0].assertion(0);
    let replies = crowd(50, 50, |job| unless_busy(|| at(&anna, job).exchange(&assertion)));
    assert_one(&replies, 200, |other| assert_eq!(other.expect_grant_refused(), "the assertion was used before"));
}

fn of_50_uses_of_a_refresh_token_one_succeeds_and_the_session_ends(servers: &[Actor]) {
    let anna = newcomers(servers, &["eid"]);
    let token = anna[0].refresh_token.clone().expect("a refresh token");
    let replies = crowd(50, 50, |job| unless_busy(|| at(&anna, job).refresh_with(&token)));
    assert_one(&replies, 200, |other| _ = other.expect_grant_refused());
    for anna in &anna {
        anna.get("/v1/me/landing").expect_problem(401, "token_invalid");
    }
}

fn of_50_wrong_codes_five_are_tries(servers: &[Actor]) {
    let mut anna = servers[0].clone();
    anna.become_test_person(&json!({ "products": ["eid"] }));
    let registration = anna.begin_registration(0).expect(201);
    let confirm = format!("/v1/registrations/{}/confirm", text(&registration["id"]));
    let (right, wrong) = (anna.mailed_code(), json!({ "code": another(&anna.mailed_code()) }));

    let replies = crowd(50, 50, |job| unless_busy(|| anna.at(&servers[job % servers.len()]).post(&confirm, &wrong)));
    let (tries, refused): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == 400);
    let left: BTreeSet<u64> =
        tries.iter().filter_map(|reply| reply.expect_problem(400, "code_wrong")["triesLeft"].as_u64()).collect();
    assert_eq!((tries.len(), left), (5, BTreeSet::from([0, 1, 2, 3, 4])));
    for refusal in refused {
        refusal.expect_problem(409, "code_tries_used_up");
    }
    anna.post(&confirm, &json!({ "code": right })).expect_problem(409, "code_tries_used_up");
}

fn a_session_that_one_server_ends_is_ended_on_every_server(servers: &[Actor]) {
    let (first, last) = (&servers[0], &servers[servers.len() - 1]);
    let mut anna = Actor::newcomer(first, &["eid"]);
    let spent = anna.refresh_token.clone().expect("a refresh token");
    anna = anna.at(last);
    anna.refresh().expect(200);
    anna.get("/v1/me/landing").expect(200);

    let reused = anna.at(first).refresh_with(&spent).expect_grant_refused();
    assert_eq!(reused, "the refresh token was used before; the session is ended");
    anna.get("/v1/me/landing").expect_problem(401, "token_invalid");
    anna.open_private_space().expect_problem(401, "token_invalid");
    anna.refresh().expect_grant_refused();
}

fn fifty_acceptances_of_the_terms_are_one(servers: &[Actor]) {
    let anna = Actor::newcomer(&servers[0], &["eid"]);
    let version = json!({ "version": anna.get("/v1/terms").expect(200)["version"] });
    let accept =
        |job: usize| unless_busy(|| anna.at(&servers[job % servers.len()]).post("/v1/me/terms-acceptances", &version));
    let replies = crowd(50, 50, accept);
    assert_one(&replies, 201, |again| _ = again.expect(200));
    let answers: BTreeSet<&String> = replies.iter().map(|reply| &reply.text).collect();
    assert_eq!(answers, BTreeSet::from([&accept(0).text]));
}

fn thirty_persons_register_at_once(servers: &[Actor]) {
    let persons = crowd(30, 30, |job| Actor::newcomer(&servers[job % servers.len()], &["luxtrust_private"]));
    let serials: BTreeSet<&String> = persons.iter().map(|person| &person.products[0].serial).collect();
    assert_eq!(serials.len(), 30);
    for person in &persons {
        assert_eq!(person.get("/v1/me/landing").expect(200)["page"], "manage_spaces");
        let products = person.get("/v1/me/authentication-products").expect(200);
        assert_eq!(products["data"].as_array().map(Vec::len), Some(1));
        assert_eq!(
            (&products["data"][0]["kind"], &*person.products[0].kind),
            (&json!("luxtrust_private"), "luxtrust_private")
        );
    }
}

fn two_products_confirmed_at_once_are_of_one_person(servers: &[Actor]) {
    for _ in 0..5 {
        let mut anna = servers[0].clone();
        anna.become_test_person(&json!({ "products": ["luxtrust_professional", "eid"] }));
        let confirmations: Vec<(String, Value)> = (0..2)
            .map(|product| {
                let id = text(&anna.begin_registration(product).expect(201)["id"]);
                (format!("/v1/registrations/{id}/confirm"), json!({ "code": anna.mailed_code() }))
            })
            .collect();
        crowd(2, 2, |job| {
            let (confirm, code) = &confirmations[job];
            let post = || unless_busy(|| anna.at(&servers[job % servers.len()]).post(confirm, code));
            let first = post();
            if first.status != 200 {
                first.expect_problem(409, "try_again");
                assert_eq!(post().expect(200)["status"], "confirmed");
            }
        });
        for product in 0..2 {
            anna.log_in(product).expect(200);
            let products = anna.get("/v1/me/authentication-products").expect(200);
            let kinds: BTreeSet<String> =
                products["data"].as_array().expect("products").iter().map(|product| text(&product["kind"])).collect();
            assert_eq!(kinds, BTreeSet::from(["eid".to_owned(), "luxtrust_professional".to_owned()]));
        }
    }
}

/// A new person who may open spaces, at each server.
fn newcomers(servers: &[Actor], kinds: &[&str]) -> Vec<Actor> {
    let newcomer = Actor::newcomer(&servers[0], kinds);
    newcomer.accept_terms();
    servers.iter().map(|server| newcomer.at(server)).collect()
}

/// The one who does this job: the servers take turns.
fn at(person: &[Actor], job: usize) -> &Actor {
    &person[job % person.len()]
}

/// Closes or restores a space.
fn turn(administrator: &Actor, id: &str, action: &str) -> Reply {
    administrator.post(&format!("/v1/spaces/{id}/{action}"), &json!({}))
}

/// How many spaces count against the person's one product.
fn used(person: &Actor) -> u64 {
    let products = person.get("/v1/me/authentication-products").expect(200);
    products["data"][0]["spacesUsed"].as_u64().expect("a number")
}

/// Exactly one reply has the status; the others are looked at.
#[track_caller]
fn assert_one(replies: &[Reply], status: u16, check: impl Fn(&Reply)) {
    let (wanted, others): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == status);
    others.into_iter().for_each(check);
    assert_eq!(wanted.len(), 1);
}

/// Any other code.
fn another(code: &str) -> String {
    let number: u32 = code.parse().expect("six digits");
    format!("{:06}", (number + 1) % 1_000_000)
}
