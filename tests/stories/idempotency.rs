//! `Idempotency-Key`: sent again, a request is answered again and not done again.

use std::thread;

use serde_json::{Value, json};

use crate::support::{Actor, Database, Process, Reply, Scratch, Signal, World, professional};

crate::on_both_databases!(
    a_repeat_gets_the_same_answer_and_has_no_effect,
    a_key_belongs_to_its_caller_route_and_body,
    a_refused_request_leaves_its_key_free,
    sixty_four_equal_requests_have_one_effect,
    a_key_is_forgotten_after_a_day,
);

fn open_with_key(actor: &Actor, key: &str, body: &Value) -> Reply {
    let headers = [("content-type", "application/json"), ("idempotency-key", key)];
    actor.send("POST", "/v1/spaces", &headers, body.to_string().into_bytes())
}

fn spaces_of(actor: &Actor) -> usize {
    actor.get("/v1/spaces?limit=100").expect(200)["data"].as_array().expect("spaces").len()
}

fn a_repeat_gets_the_same_answer_and_has_no_effect(world: &World) {
    let anna = world.founder();
    let body = professional("Boulangerie");
    let first = open_with_key(&anna, "\"order-1\"", &body);
    first.expect(201);
    assert_eq!(first.header("idempotency-replayed"), "");
    for bare_or_quoted in ["order-1", "\"order-1\""] {
        let again = open_with_key(&anna, bare_or_quoted, &body);
        assert_eq!((again.status, &again.text), (201, &first.text));
        for header in ["location", "etag", "content-type"] {
            assert_eq!(again.header(header), first.header(header));
        }
        assert_eq!(again.header("idempotency-replayed"), "true");
    }
    assert_eq!(spaces_of(&anna), 1);
}

fn a_key_belongs_to_its_caller_route_and_body(world: &World) {
    let (anna, marc) = (world.founder(), world.founder());
    open_with_key(&anna, "order-1", &professional("Boulangerie")).expect(201);
    open_with_key(&anna, "order-1", &professional("Café")).expect_problem(422, "idempotency_key_reused");
    open_with_key(&marc, "order-1", &professional("Café")).expect(201);
    let terms = json!({ "version": "2026-01" }).to_string().into_bytes();
    let headers = [("content-type", "application/json"), ("idempotency-key", "order-1")];
    anna.send("POST", "/v1/me/terms-acceptances", &headers, terms).expect(200);
    assert_eq!((spaces_of(&anna), spaces_of(&marc)), (1, 1));
}

fn a_refused_request_leaves_its_key_free(world: &World) {
    let anna = world.person();
    open_with_key(&anna, "order-1", &professional("Boulangerie")).expect_problem(409, "terms_not_accepted");
    anna.accept_terms();
    open_with_key(&anna, "order-1", &professional("Boulangerie")).expect(201);
    for malformed in ["", "\"\"", "with space", &"x".repeat(256)] {
        let problem =
            open_with_key(&anna, malformed, &professional("Boulangerie")).expect_problem(400, "invalid_input");
        assert_eq!(problem["errors"][0]["header"], "Idempotency-Key", "{malformed:?}");
    }
    let mut stranger = anna.clone();
    stranger.token = None;
    open_with_key(&stranger, "order-1", &professional("Boulangerie")).expect_problem(401, "token_invalid");
}

fn sixty_four_equal_requests_have_one_effect(world: &World) {
    let anna = world.founder();
    let replies: Vec<Reply> = thread::scope(|scope| {
        let requests: Vec<_> =
            (0..64).map(|_| scope.spawn(|| open_with_key(&anna, "order-1", &professional("Boulangerie")))).collect();
        requests.into_iter().map(|request| request.join().expect("an answer")).collect()
    });
    let first =
        replies.iter().find(|reply| reply.header("idempotency-replayed").is_empty()).expect("one that was done");
    for reply in &replies {
        assert_eq!((reply.status, &reply.text), (201, &first.text));
    }
    assert_eq!(replies.iter().filter(|reply| reply.header("idempotency-replayed").is_empty()).count(), 1);
    assert_eq!(spaces_of(&anna), 1);
}

fn a_key_is_forgotten_after_a_day(world: &World) {
    let mut anna = world.founder();
    open_with_key(&anna, "order-1", &professional("Boulangerie")).expect(201);
    world.wait(chrono::TimeDelta::hours(25));
    anna.log_in(0).expect(200);
    open_with_key(&anna, "order-1", &professional("Café")).expect(201);
    assert_eq!(spaces_of(&anna), 2);
}

#[test]
fn a_server_that_dies_between_the_commit_and_the_answer_does_nothing_twice() {
    const ORDERS: usize = 60;
    let mut scratch = Scratch::new(Database::Sqlite);
    // The second server has another port, and must be the same issuer.
    scratch.set("ESPACE_PRO_PUBLIC_URL", "http://espace-pro.test");
    let mut server = Process::serve(&mut scratch);
    let mut anna = Actor::newcomer(&server.anonymous(), &["luxtrust_professional"]);
    anna.accept_terms();
    let order = |actor: &Actor, number: usize| {
        let headers = [("content-type", "application/json"), ("idempotency-key", &format!("order-{number}"))];
        let headers = headers.map(|(name, value)| (name, value as &str));
        actor.try_send("POST", "/v1/spaces", &headers, actor.own_professional("Boulangerie").to_string().into_bytes())
    };
    thread::scope(|scope| {
        for part in 0..6 {
            let (anna, order) = (&anna, &order);
            scope.spawn(move || (part..ORDERS).step_by(6).for_each(|number| drop(order(anna, number))));
        }
        // Kept, but perhaps not answered, is what counts: the server dies while orders come in.
        while spaces_of_or_none(&anna).is_some_and(|spaces| spaces < ORDERS / 4) {}
        server.signal(Signal::KILL);
    });
    server.ended();
    let server = Process::serve(&mut scratch);
    anna.move_to(&server.anonymous());
    for number in 0..ORDERS {
        assert_eq!(order(&anna, number).expect("an answer").status, 201);
    }
    assert_eq!(spaces_of(&anna), ORDERS);
}

fn spaces_of_or_none(actor: &Actor) -> Option<usize> {
    let reply = actor.try_send("GET", "/v1/spaces?limit=100", &[], vec![])?;
    reply.json["data"].as_array().map(Vec::len)
}
