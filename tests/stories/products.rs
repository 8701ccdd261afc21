//! Authentication products of a known person: added, withdrawn, revived, and never the last that administers a space.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::{Actor, Database, Jwt, Key, Reply, Rival, World, crowd, text, unless_busy};

crate::on_both_databases!(
    a_product_is_added_by_its_person,
    only_a_product_of_ones_own_is_added,
    an_added_product_takes_the_place_of_its_registration,
    a_product_that_was_added_is_answered_again,
    a_withdrawn_product_opens_nothing_even_when_it_comes_back,
    a_product_withdrawn_and_revived_keeps_its_200,
    no_space_loses_its_last_administrator,
    a_product_is_its_persons_alone,
);

const PRODUCTS: &str = "/v1/me/authentication-products";

fn add(actor: &Actor, assertion: &str) -> Reply {
    actor.post(PRODUCTS, &json!({ "assertion": assertion }))
}

fn withdraw(actor: &Actor, product: &str) -> Reply {
    actor.send("DELETE", product, &[], vec![])
}

/// The path of the product that the session began with.
fn current(actor: &Actor) -> String {
    let products = actor.get(PRODUCTS).expect(200)["data"].as_array().expect("products").clone();
    let current = products.iter().find(|product| product["isCurrent"] == true).expect("the current one");
    format!("{PRODUCTS}/{}", text(&current["id"]))
}

fn count(actor: &Actor) -> usize {
    actor.get(PRODUCTS).expect(200)["data"].as_array().expect("products").len()
}

fn acts(actor: &Actor) -> Vec<String> {
    let events = actor.get("/v1/me/audit-events").expect(200)["data"].as_array().expect("events").clone();
    events.iter().map(|event| text(&event["act"])).collect()
}

fn newest_mail(actor: &Actor) -> Value {
    actor.get(&format!("/sandbox/mails?to={}", actor.email())).expect(200)["data"][0].clone()
}

/// A person with two registered products, logged in with each.
fn with_two_products(anonymous: &Actor) -> (Actor, Actor) {
    let first = Actor::newcomer(anonymous, &["luxtrust_professional", "eid"]);
    first.accept_terms();
    add(&first, &first.assertion(1)).expect(201);
    let mut second = first.clone();
    second.log_in(1).expect(200);
    (first, second)
}

fn a_product_is_added_by_its_person(world: &World) {
    let mut anna = Actor::newcomer(&world.anonymous(), &["luxtrust_professional", "eid"]);
    let assertion = anna.assertion(1);
    let added = add(&anna, &assertion);
    let product = added.expect(201);
    let masked = format!("****************{}", &anna.products[1].serial[16..]);
    assert_eq!((&product["kind"], &product["maskedSerial"]), (&json!("eid"), &json!(masked)));
    assert_eq!(
        (&product["spaceLimit"], &product["spacesUsed"], &product["isCurrent"]),
        (&json!(200), &json!(0), &json!(false))
    );
    assert_eq!(anna.get(&added.header("location")).expect(200), product);
    let list = anna.get(PRODUCTS).expect(200)["data"].clone();
    assert_eq!((count(&anna), &list[1]), (2, &product));
    let mail = newest_mail(&anna);
    assert_eq!(mail["subject"], "An authentication product was added");
    assert!(text(&mail["text"]).contains(&masked), "{mail}");
    let event = anna.get("/v1/me/audit-events").expect(200)["data"][0].clone();
    assert_eq!((&event["act"], &event["object"]), (&json!("product_joined"), &product["id"]));
    assert_eq!(event["actor"]["product"], list[0]["id"], "it was added with the first");

    add(&anna, &anna.assertion(1)).expect_problem(409, "product_registered");
    add(&anna, "nonsense").expect_problem(400, "assertion_invalid");
    // It served to register; it still serves to log in.
    anna.exchange(&assertion).expect(200);
    anna.log_in(1).expect(200);
    assert_eq!(anna.get(&added.header("location")).expect(200)["isCurrent"], true);
    withdraw(&anna, &added.header("location")).expect(204);
    anna.log_in(0).expect(200);
    add(&anna, &assertion).expect_problem(409, "assertion_used");
}

fn only_a_product_of_ones_own_is_added(world: &World) {
    let (anna, bert) = (world.person(), world.person());
    let mut stranger = world.anonymous();
    stranger.become_test_person(&json!({ "products": ["eid"], "helpdesk": false }));
    // Neither one that nobody registered, nor one that somebody did.
    for other in [&stranger, &bert] {
        add(&anna, &other.assertion(0)).expect_problem(409, "assertion_of_another_person");
    }
    let mut joao = world.anonymous();
    joao.become_test_person(&json!({ "products": ["eidas"], "withNationalNumber": false }));
    add(&anna, &joao.assertion(0)).expect_problem(409, "national_number_required");

    let key = Key::of_sandbox(world);
    let forged = Jwt::read(&anna.assertion(0)).claim("serial_number", &*bert.products[0].serial).sign(&key);
    add(&anna, &forged).expect_problem(409, "product_belongs_to_another");
    let serial = &*stranger.products[0].serial;
    let weak = Jwt::read(&anna.assertion(0)).claim("serial_number", serial).claim("acr", "low").sign(&key);
    assert_eq!(add(&anna, &weak).expect_problem(409, "assurance_too_low")["needed"], "substantial");
    assert_eq!((count(&anna), acts(&anna)), (1, vec!["product_registered".to_owned()]));
    assert_eq!(newest_mail(&anna)["subject"], "Your confirmation code");

    // A login that is too weak does not even have the assertion looked at.
    let mut weak = anna.clone();
    weak.log_in_at(0, "low").expect(200);
    add(&weak, "nonsense").expect_problem(401, "insufficient_user_authentication");
    add(&world.anonymous(), "nonsense").expect_problem(401, "token_invalid");
}

fn an_added_product_takes_the_place_of_its_registration(world: &World) {
    let anna = Actor::newcomer(&world.anonymous(), &["luxtrust_professional", "eid"]);
    let registration = format!("/v1/registrations/{}", text(&anna.begin_registration(1).expect(201)["id"]));
    let code = anna.mailed_code();
    add(&anna, &anna.assertion(1)).expect(201);
    assert_eq!(anna.get(&registration).expect(200)["status"], "superseded");
    let confirm = format!("{registration}/confirm");
    anna.post(&confirm, &json!({ "code": code })).expect_problem(410, "registration_superseded");
    assert_eq!(count(&anna), 2);
}

fn a_product_that_was_added_is_answered_again(world: &World) {
    let anna = Actor::newcomer(&world.anonymous(), &["luxtrust_professional", "eid"]);
    let body = json!({ "assertion": anna.assertion(1) }).to_string().into_bytes();
    let headers = [("content-type", "application/json"), ("idempotency-key", "add-1")];
    let add = || anna.send("POST", PRODUCTS, &headers, body.clone());
    let first = add();
    first.expect(201);
    // The assertion is too old to be verified by now.
    world.wait(TimeDelta::minutes(6));
    let again = add();
    assert_eq!((again.status, &again.text, again.header("location")), (201, &first.text, first.header("location")));
    assert_eq!(again.header("idempotency-replayed"), "true");
    anna.post(PRODUCTS, &serde_json::from_slice(&body).expect("JSON")).expect_problem(400, "assertion_invalid");
    assert_eq!(acts(&anna), ["product_joined", "product_registered"]);
}

fn a_withdrawn_product_opens_nothing_even_when_it_comes_back(world: &World) {
    let (anna, mut by_eid) = with_two_products(&world.anonymous());
    let mut second_session = by_eid.clone();
    second_session.log_in(1).expect(200);
    let product = current(&by_eid);
    withdraw(&anna, &product).expect(204);

    let refused = |session: &mut Actor| {
        session.get("/v1/me").expect_problem(401, "token_invalid");
        let told = session.refresh().expect_grant_refused();
        assert_eq!(told, "the refresh token is unknown or its session has ended");
    };
    refused(&mut by_eid);
    refused(&mut second_session);
    let told = by_eid.exchange(&by_eid.assertion(1)).expect_grant_refused();
    assert_eq!(told, "the product is not registered");
    assert_eq!((count(&anna), anna.get(&product).status), (1, 404));
    withdraw(&anna, &product).expect_problem(404, "not_found");
    let mail = newest_mail(&anna);
    assert_eq!(mail["subject"], "An authentication product was withdrawn");
    let masked = format!("****************{}", &anna.products[1].serial[16..]);
    assert!(text(&mail["text"]).contains(&masked) && !text(&mail["text"]).contains(&anna.products[1].serial), "{mail}");
    assert_eq!(acts(&anna)[..3], ["product_withdrawn", "session_ended", "session_ended"]);

    // Revived by either way, it is the same product, and none of its old sessions wakes.
    for by_registration in [false, true] {
        if by_registration {
            withdraw(&anna, &product).expect(204);
            anna.register_product(1).expect(200);
        } else {
            assert_eq!(add(&anna, &anna.assertion(1)).expect(201)["id"], product.rsplit('/').next().expect("an id"));
        }
        assert_eq!((&*acts(&anna)[0], anna.get(&product).status), ("product_revived", 200));
        refused(&mut by_eid);
        refused(&mut second_session);
        let mut anew = by_eid.clone();
        anew.log_in(1).expect(200);
        anew.get("/v1/me").expect(200);
    }
}

fn a_product_withdrawn_and_revived_keeps_its_200(world: &World) {
    let (mut by_first, by_second) = with_two_products(&world.anonymous());
    let opened = crowd(200, 8, |_| unless_busy(|| by_first.open_space("Boulangerie")).status);
    assert_eq!(opened, [201; 200]);
    let first = current(&by_first);
    withdraw(&by_second, &first).expect(204);
    by_first.open_space("Encore").expect_problem(401, "token_invalid");

    let revived = add(&by_second, &by_second.assertion(0)).expect(201);
    assert_eq!((&revived["spacesUsed"], &revived["spaceLimit"]), (&json!(200), &json!(200)));
    by_first.log_in(0).expect(200);
    let problem = by_first.open_space("Encore").expect_problem(409, "space_limit_reached");
    assert_eq!((&problem["used"], &problem["limit"]), (&json!(200), &json!(200)));
    assert_eq!(by_first.spaces().len(), 200, "what it opened stayed its person's");
    by_second.open_space("Autre").expect(201);
}

fn no_space_loses_its_last_administrator(world: &World) {
    let mut anna = Actor::newcomer(&world.anonymous(), &["luxtrust_professional", "eid"]);
    anna.accept_terms();
    let product = current(&anna);
    let space = anna.open_space("Boulangerie").expect(201);
    let other = anna.open_space("Pâtisserie").expect(201);
    anna.open_private_space().expect(201);
    let problem = withdraw(&anna, &product).expect_problem(409, "last_administrator");
    let named = |space: &Value| json!({ "id": space["id"], "identifier": space["identifier"] });
    assert_eq!(problem["spaces"], json!([named(&space), named(&other)]), "a private space hangs on nobody");
    assert_eq!((anna.get("/v1/me").status, anna.get(&product).status), (200, 200));
    assert!(!acts(&anna).contains(&"product_withdrawn".to_owned()));

    // With a further product he stays able.
    add(&anna, &anna.assertion(1)).expect(201);
    withdraw(&anna, &product).expect(204);
    anna.get("/v1/me").expect_problem(401, "token_invalid");
    anna.log_in(1).expect(200);
    assert_eq!(anna.spaces().len(), 3);
    withdraw(&anna, &current(&anna)).expect_problem(409, "last_administrator");

    // Where nothing hangs on it, the only product may go; it comes back by registering.
    let mut bert = world.founder();
    bert.open_private_space().expect(201);
    withdraw(&bert, &current(&bert)).expect(204);
    bert.get("/v1/me").expect_problem(401, "token_invalid");
    bert.register_product(0).expect(200);
    bert.log_in(0).expect(200);
    assert_eq!(bert.spaces().len(), 1);
}

fn a_product_is_its_persons_alone(world: &World) {
    let (anna, bert) = (world.person(), world.person());
    let product = current(&anna);
    bert.get(&product).expect_problem(404, "not_found");
    withdraw(&bert, &product).expect_problem(404, "not_found");
    anna.get(&product).expect(200);
}

#[test]
fn only_spaces_that_the_session_sees_are_named() {
    let world = World::start(Database::Postgres);
    let (by_first, by_second) = with_two_products(&world.anonymous());
    by_first.open_space("Boulangerie").expect(201);
    let [first, second] = [current(&by_first), current(&by_second)];
    world.scratch().psql("UPDATE memberships SET scope = 'this_product'");
    // The founding product is the only one that gets in: the session of the other sees nothing, and is told nothing.
    let hidden = withdraw(&by_second, &first).expect_problem(409, "last_administrator");
    assert_eq!(hidden["spaces"], json!([]));
    let seen = withdraw(&by_first, &first).expect_problem(409, "last_administrator");
    assert_eq!(seen["spaces"].as_array().map(Vec::len), Some(1));
    withdraw(&by_second, &second).expect(204);
}

#[test]
fn of_two_administrators_who_withdraw_at_once_one_stays() {
    let world = World::start(Database::Postgres);
    for _ in 0..5 {
        let (anna, bert) = (world.founder(), world.founder());
        let space = text(&anna.open_space("Boulangerie").expect(201)["id"]);
        let [of_anna, of_bert] = [current(&anna), current(&bert)];
        anna.admit(&space, &bert, "administrator");
        assert_eq!(bert.spaces().len(), 1);
        let replies = crowd(2, 2, |job| {
            let (actor, product) = if job == 0 { (&anna, &of_anna) } else { (&bert, &of_bert) };
            unless_busy(|| withdraw(actor, product))
        });
        let (done, refused): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == 204);
        assert_eq!(done.len(), 1);
        refused[0].expect_problem(409, "last_administrator");
    }
}

#[test]
fn a_space_that_comes_to_hang_on_a_product_meanwhile_is_not_passed_over() {
    let world = World::start(Database::Postgres);
    let (by_first, _) = with_two_products(&world.anonymous());
    let [one, other] = ["Un", "Deux"].map(|title| text(&by_first.open_space(title).expect(201)["id"]));
    // The one has another administrator as well, so that the withdrawal comes as far as its lock.
    by_first.admit(&one, &world.founder(), "administrator");
    let scope = |space: &str| format!("UPDATE memberships SET scope = 'this_product' WHERE space_id = '{space}'");
    world.scratch().psql(&scope(&one));
    let first = current(&by_first);
    // While the withdrawal waits for the one space, the other's membership is narrowed to the same product.
    let lock = format!("UPDATE spaces SET lock_seq = lock_seq WHERE id = '{one}'");
    let rival = Rival::hold(&world, &format!("{lock}; {}", scope(&other)));
    let reply = std::thread::scope(|scope| {
        let withdrawal = scope.spawn(|| withdraw(&by_first, &first));
        rival.wait_for(1);
        rival.release();
        withdrawal.join().expect("an answer")
    });
    reply.expect_problem(409, "try_again");
    let problem = withdraw(&by_first, &first).expect_problem(409, "last_administrator");
    assert_eq!((problem["spaces"].as_array().map(Vec::len), &problem["spaces"][0]["id"]), (Some(1), &json!(other)));
}

#[test]
fn a_withdrawal_that_spaces_forbid_waits_for_nobody() {
    let world = World::start(Database::Postgres);
    let anna = world.founder();
    let opened: Vec<Value> = (0..21).map(|_| anna.open_space("Boulangerie").expect(201)).collect();
    let product = current(&anna);
    let everything = "UPDATE persons SET lock_seq = lock_seq; UPDATE products SET lock_seq = lock_seq; \
                      UPDATE spaces SET lock_seq = lock_seq";
    let rival = Rival::hold(&world, everything);
    let problem = withdraw(&anna, &product).expect_problem(409, "last_administrator");
    rival.release();
    let first: Vec<&Value> = opened[..20].iter().map(|space| &space["id"]).collect();
    let named = problem["spaces"].as_array().expect("spaces").iter().map(|space| &space["id"]);
    assert_eq!(named.collect::<Vec<_>>(), first, "no more than twenty are named");
}

#[test]
fn a_session_that_is_refreshed_while_its_product_is_withdrawn_ends_for_good() {
    let world = World::start(Database::Postgres);
    let (mut by_first, mut by_second) = with_two_products(&world.anonymous());
    let first = current(&by_first);
    world.wait(TimeDelta::minutes(31));
    by_second.log_in(1).expect(200);
    // A refresh that began in the session's last moment, and is not committed yet.
    let refresh = format!(
        "UPDATE sessions SET refreshed_at = refreshed_at + interval '31 minutes' WHERE product_id = '{}'",
        first.rsplit('/').next().expect("an id")
    );
    let rival = Rival::hold(&world, &refresh);
    std::thread::scope(|scope| {
        let withdrawal = scope.spawn(|| withdraw(&by_second, &first));
        rival.wait_for(1);
        rival.release();
        withdrawal.join().expect("an answer").expect(204);
    });
    add(&by_second, &by_second.assertion(0)).expect(201);
    by_first.refresh().expect_grant_refused();
    assert_eq!(by_second.get("/v1/me/sessions").expect(200)["data"].as_array().map(Vec::len), Some(1));
}

#[test]
fn nothing_begins_with_a_product_while_it_is_withdrawn() {
    let world = World::start(Database::Postgres);
    let anna = world.founder();
    let assertion = anna.assertion(0);
    let rival = Rival::hold(&world, "UPDATE products SET status = 'withdrawn'");
    let (login, opened) = std::thread::scope(|scope| {
        let login = scope.spawn(|| anna.exchange(&assertion));
        let opened = scope.spawn(|| anna.open_space("Boulangerie"));
        rival.wait_for(2);
        rival.release();
        (login.join().expect("an answer"), opened.join().expect("an answer"))
    });
    assert_eq!(login.expect_grant_refused(), "the product is not registered");
    opened.expect_problem(409, "try_again");
    assert_eq!(world.scratch().psql("SELECT count(*) FROM spaces"), "0");
}
