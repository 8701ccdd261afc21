//! Registration: who may register what, the code, and what is kept of it.

use std::{fs, sync::Barrier, thread};

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::{Actor, Database, Jwt, Key, Process, Reply, Rival, Scratch, World, another};

crate::on_both_databases!(
    an_unconfirmed_registration_starts_anew,
    a_wrong_code_counts_down_until_even_the_right_one_is_refused,
    fifty_parallel_wrong_codes_use_up_five_tries,
    two_parallel_first_registrations_make_one_person,
    a_product_that_joins_its_person_is_mailed_to_him,
    a_product_belongs_to_one_person,
);

/// A new test person without a registered product.
fn stranger(world: &World, products: &[&str]) -> Actor {
    let mut stranger = world.anonymous();
    stranger.become_test_person(&json!({ "products": products, "helpdesk": false }));
    stranger
}

/// A registration that has begun: its address.
fn begun(somebody: &Actor, product: usize) -> String {
    path_of(&somebody.begin_registration(product).expect(201))
}

fn path_of(registration: &Value) -> String {
    format!("/v1/registrations/{}", registration["id"].as_str().expect("an id"))
}

fn confirm(somebody: &Actor, registration: &str, code: &str) -> Reply {
    somebody.post(&format!("{registration}/confirm"), &json!({ "code": code }))
}

fn resend(somebody: &Actor, registration: &str) -> Reply {
    somebody.send("POST", &format!("{registration}/resend"), &[], vec![])
}

fn mails_to(somebody: &Actor, address: &str) -> Vec<Value> {
    let mails = somebody.get(&format!("/sandbox/mails?to={address}")).expect(200);
    mails["data"].as_array().expect("mails").clone()
}

#[test]
fn a_registered_product_is_not_registered_again() {
    let world = World::start(Database::Sqlite);
    let anna = stranger(&world, &["eid"]);
    let registration = begun(&anna, 0);
    let code = anna.mailed_code();
    assert_eq!(confirm(&anna, &registration, &code).expect(200)["status"], "confirmed");
    anna.begin_registration(0).expect_problem(409, "product_registered");
    for again in [&code, &another(&code)] {
        confirm(&anna, &registration, again).expect_problem(409, "registration_confirmed");
    }
    resend(&anna, &registration).expect_problem(409, "registration_confirmed");
    assert_eq!(anna.get(&registration).expect(200)["status"], "confirmed");
}

fn a_product_belongs_to_one_person(world: &World) {
    let (anna, bert) = (world.person(), stranger(world, &["eid"]));
    let key = Key::of_sandbox(world);
    let serial = anna.products[0].serial.as_str();
    let forged = Jwt::read(&bert.assertion(0)).claim("serial_number", serial).sign(&key);
    let wish = json!({ "assertion": forged, "email": bert.email(), "language": "en" });
    bert.post("/v1/registrations", &wish).expect_problem(409, "product_belongs_to_another");
    assert_eq!(bert.exchange(&forged).expect_grant_refused(), "the product is registered as another one");

    // Begun before the other person's is confirmed, it is refused when it is confirmed.
    let clara = stranger(world, &["luxtrust_private"]);
    let of_clara = begun(&clara, 0);
    let code = clara.mailed_code();
    let serial = clara.products[0].serial.as_str();
    let forged = Jwt::read(&bert.assertion(0)).claim("serial_number", serial).sign(&key);
    let wish = json!({ "assertion": forged, "email": bert.email(), "language": "en" });
    let of_bert = path_of(&bert.post("/v1/registrations", &wish).expect(201));
    confirm(&clara, &of_clara, &code).expect_problem(410, "registration_superseded");
    confirm(&bert, &of_bert, &bert.mailed_code()).expect(200);
    clara.begin_registration(0).expect_problem(409, "product_belongs_to_another");
}

#[test]
fn without_a_national_number_nothing_is_registered() {
    let world = World::start(Database::Sqlite);
    let mut joao = world.anonymous();
    joao.become_test_person(&json!({ "products": ["eidas"], "withNationalNumber": false }));
    joao.begin_registration(0).expect_problem(409, "national_number_required");
}

#[test]
fn a_weak_product_is_a_first_one_or_none() {
    let world = World::start(Database::Sqlite);
    let mut paul = world.anonymous();
    let kinds = ["luxtrust_private", "luxtrust_private", "eid"];
    paul.become_test_person(&json!({ "products": kinds, "assurance": "low" }));
    let second = begun(&paul, 1);
    let code = paul.mailed_code();
    paul.register_product(0).expect(200);
    // It was begun as a first one, and is judged again when it is confirmed.
    let problem = confirm(&paul, &second, &code).expect_problem(409, "assurance_too_low");
    assert_eq!(problem["needed"], "substantial");
    assert_eq!(paul.get(&second).expect(200)["status"], "awaiting_confirmation");
    assert_eq!(paul.begin_registration(2).expect_problem(409, "assurance_too_low")["needed"], "substantial");

    let key = Key::of_sandbox(&world);
    let strong = Jwt::read(&paul.assertion(2)).claim("acr", "substantial").sign(&key);
    let wish = json!({ "assertion": strong, "email": paul.email(), "language": "en" });
    let third = path_of(&paul.post("/v1/registrations", &wish).expect(201));
    confirm(&paul, &third, &paul.mailed_code()).expect(200);
}

fn an_unconfirmed_registration_starts_anew(world: &World) {
    let anna = stranger(world, &["eid"]);
    let old = begun(&anna, 0);
    let old_code = anna.mailed_code();
    confirm(&anna, &old, &another(&old_code)).expect_problem(400, "code_wrong");
    let new = anna.begin_registration(0).expect(201);
    assert_eq!((&new["triesLeft"], &new["resendsLeft"]), (&json!(5), &json!(3)));

    assert_eq!(anna.get(&old).expect(200)["status"], "superseded");
    confirm(&anna, &old, &old_code).expect_problem(410, "registration_superseded");
    resend(&anna, &old).expect_problem(410, "registration_superseded");
    confirm(&anna, &path_of(&new), &anna.mailed_code()).expect(200);
}

fn a_wrong_code_counts_down_until_even_the_right_one_is_refused(world: &World) {
    let anna = stranger(world, &["eid"]);
    let registration = begun(&anna, 0);
    let code = anna.mailed_code();
    for left in [4, 3, 2] {
        let problem = confirm(&anna, &registration, &another(&code)).expect_problem(400, "code_wrong");
        assert_eq!(problem["triesLeft"], left);
        assert_eq!(anna.get(&registration).expect(200)["triesLeft"], left);
    }
    let resent = resend(&anna, &registration).expect(200);
    assert_eq!((&resent["triesLeft"], &resent["resendsLeft"]), (&json!(2), &json!(2)));
    let code = anna.mailed_code();
    for left in [1, 0] {
        let problem = confirm(&anna, &registration, &another(&code)).expect_problem(400, "code_wrong");
        assert_eq!(problem["triesLeft"], left);
    }
    confirm(&anna, &registration, &code).expect_problem(409, "code_tries_used_up");
    resend(&anna, &registration).expect_problem(409, "code_tries_used_up");
    let refused = anna.exchange(&anna.assertion(0)).expect_grant_refused();
    assert_eq!(refused, "the product's registration is not confirmed");
}

#[test]
fn used_up_tries_survive_a_restart() {
    for database in [Database::Sqlite, Database::Postgres] {
        let world = World::start(database);
        let anna = stranger(&world, &["eid"]);
        let registration = begun(&anna, 0);
        let code = anna.mailed_code();
        for left in [4, 3] {
            let problem = confirm(&anna, &registration, &another(&code)).expect_problem(400, "code_wrong");
            assert_eq!(problem["triesLeft"], left);
        }
        let world = world.restart();
        let problem = confirm(&world.anonymous(), &registration, &another(&code)).expect_problem(400, "code_wrong");
        assert_eq!(problem["triesLeft"], 2);
        confirm(&world.anonymous(), &registration, &code).expect(200);
    }
}

fn fifty_parallel_wrong_codes_use_up_five_tries(world: &World) {
    let anna = stranger(world, &["eid"]);
    let registration = begun(&anna, 0);
    let code = anna.mailed_code();
    let wrong = another(&code);
    let replies = at_once(50, |_| confirm(&anna, &registration, &wrong));
    let mut left: Vec<_> = replies
        .iter()
        .filter(|reply| reply.status == 400)
        .map(|reply| reply.expect_problem(400, "code_wrong")["triesLeft"].as_u64())
        .collect();
    left.sort_unstable();
    assert_eq!(left, [Some(0), Some(1), Some(2), Some(3), Some(4)]);
    let refused: Vec<_> = replies.iter().filter(|reply| reply.status != 400).collect();
    assert_eq!(refused.len(), 45);
    for reply in refused {
        reply.expect_problem(409, "code_tries_used_up");
    }
    confirm(&anna, &registration, &code).expect_problem(409, "code_tries_used_up");
}

#[test]
fn codes_that_meet_on_postgres_are_counted_one_by_one() {
    let world = World::start(Database::Postgres);
    let anna = stranger(&world, &["eid"]);
    let registration = begun(&anna, 0);
    let wrong = another(&anna.mailed_code());
    let rival = Rival::hold(&world, "UPDATE registrations SET lock_seq = lock_seq");
    let mut left: Vec<_> = thread::scope(|scope| {
        let one = || confirm(&anna, &registration, &wrong).expect_problem(400, "code_wrong")["triesLeft"].as_u64();
        let tries: Vec<_> = (0..4).map(|_| scope.spawn(one)).collect();
        rival.wait_for(4);
        rival.release();
        tries.into_iter().map(|one| one.join().expect("an answer")).collect()
    });
    left.sort_unstable();
    assert_eq!(left, [Some(1), Some(2), Some(3), Some(4)]);
}

fn at_once(count: usize, act: impl Fn(usize) -> Reply + Sync) -> Vec<Reply> {
    let ready = Barrier::new(count);
    let one = |place| {
        ready.wait();
        act(place)
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..count).map(|place| scope.spawn(move || one(place))).collect();
        threads.into_iter().map(|thread| thread.join().expect("an answer")).collect()
    })
}

#[test]
fn a_code_expires_after_fifteen_minutes() {
    let world = World::start(Database::Sqlite);
    let (anna, bert) = (stranger(&world, &["eid"]), stranger(&world, &["eid"]));
    let registrations = [&anna, &bert].map(|person| begun(person, 0));
    let codes = [&anna, &bert].map(Actor::mailed_code);
    world.wait(TimeDelta::seconds(14 * 60 + 50));
    confirm(&anna, &registrations[0], &codes[0]).expect(200);
    world.wait(TimeDelta::seconds(10));
    for code in [&codes[1], &another(&codes[1])] {
        confirm(&bert, &registrations[1], code).expect_problem(409, "code_expired");
    }
    assert_eq!(bert.get(&registrations[1]).expect(200)["triesLeft"], 5);
    resend(&bert, &registrations[1]).expect(200);
    confirm(&bert, &registrations[1], &bert.mailed_code()).expect(200);
}

#[test]
fn a_code_is_sent_again_three_times_and_the_last_one_counts() {
    let world = World::start(Database::Sqlite);
    let anna = stranger(&world, &["eid"]);
    let registration = begun(&anna, 0);
    let mut codes = vec![anna.mailed_code()];
    for left in [2, 1, 0] {
        assert_eq!(resend(&anna, &registration).expect(200)["resendsLeft"], left);
        codes.push(anna.mailed_code());
    }
    resend(&anna, &registration).expect_problem(409, "code_resends_used_up");
    assert_eq!(mails_to(&anna, &anna.email()).len(), 4);
    let last = codes.pop().expect("four codes");
    // One code in a million is drawn twice.
    for old in codes.iter().filter(|old| **old != last) {
        confirm(&anna, &registration, old).expect_problem(400, "code_wrong");
    }
    confirm(&anna, &registration, &last).expect(200);
}

#[test]
fn a_resend_takes_an_empty_body_or_an_empty_object() {
    let world = World::start(Database::Sqlite);
    let anna = stranger(&world, &["eid"]);
    let path = format!("{}/resend", begun(&anna, 0));
    let field = |pointer: &str, code: &str| (pointer.to_owned(), code.to_owned());
    for (body, (pointer, code)) in [
        (r#"{"code":"123456"}"#, field("/code", "unknown")),
        ("[]", field("", "wrong_type")),
        ("null", field("", "wrong_type")),
        ("{", field("", "syntax")),
        ("{}{}", field("", "syntax")),
        (" ", field("", "syntax")),
    ] {
        let headers = [("content-type", "application/json")];
        let reply = anna.send("POST", &path, &headers, body.as_bytes().to_vec());
        let problem = reply.expect_problem(400, "invalid_input");
        assert_eq!(
            (&problem["errors"][0]["pointer"], &problem["errors"][0]["code"]),
            (&json!(pointer), &json!(code)),
            "{body}"
        );
    }
    anna.send("POST", &path, &[("content-type", "text/plain")], b"{}".to_vec())
        .expect_problem(415, "unsupported_media_type");
    assert_eq!(anna.post(&path, &json!({})).expect(200)["resendsLeft"], 2);
    assert_eq!(anna.send("POST", &path, &[], vec![]).expect(200)["resendsLeft"], 1);
}

#[test]
fn a_wrong_field_is_named() {
    let world = World::start(Database::Sqlite);
    let anna = stranger(&world, &["eid"]);
    let registration = begun(&anna, 0);
    let named = |reply: Reply| reply.expect_problem(400, "invalid_input")["errors"][0]["pointer"].clone();
    for wrong in ["", "12345", "1234567", "12345a", "１２３４５６", " 123456", "-12345", "+12345"] {
        assert_eq!(named(confirm(&anna, &registration, wrong)), "/code", "{wrong}");
    }
    assert_eq!(named(anna.post(&format!("{registration}/confirm"), &json!({ "code": 123_456 }))), "/code");
    assert_eq!(named(anna.post(&format!("{registration}/confirm"), &json!({}))), "/code");
    assert_eq!(anna.get(&registration).expect(200)["triesLeft"], 5);

    let good = json!({ "assertion": anna.assertion(0), "email": "ada@example.lu", "language": "en" });
    for (field, wrong) in [
        ("assertion", json!(7)),
        ("email", json!("ada")),
        ("email", json!("ada@example.lu\r\nbcc: eve@example.lu")),
        ("language", json!("it")),
        ("nationalNumber", json!("1893120105732")),
    ] {
        let mut wish = good.clone();
        wish[field] = wrong;
        assert_eq!(named(anna.post("/v1/registrations", &wish)), format!("/{field}"));
    }
    for field in ["assertion", "email", "language"] {
        let mut wish = good.clone();
        wish.as_object_mut().expect("an object").remove(field);
        assert_eq!(named(anna.post("/v1/registrations", &wish)), format!("/{field}"));
    }
    let listed = json!([good["assertion"], good["email"], good["language"]]);
    assert_eq!(named(anna.post("/v1/registrations", &listed)), "");
    anna.post("/v1/registrations", &good).expect(201);
}

#[test]
fn a_registration_is_known_by_its_id_alone() {
    let world = World::start(Database::Sqlite);
    for id in ["019d6c3e-8c00-7000-8000-000000000000", "1", "00000000-0000-0000-0000-000000000000"] {
        let path = format!("/v1/registrations/{id}");
        world.get(&path).expect_problem(404, "not_found");
        confirm(&world.anonymous(), &path, "123456").expect_problem(404, "not_found");
        resend(&world.anonymous(), &path).expect_problem(404, "not_found");
    }
}

fn two_parallel_first_registrations_make_one_person(world: &World) {
    for _ in 0..4 {
        let mut anna = stranger(world, &["eid", "luxtrust_private"]);
        let begun = [0, 1].map(|product| (begun(&anna, product), anna.mailed_code()));
        let confirmed = at_once(2, |product| {
            let (registration, code) = &begun[product];
            let reply = confirm(&anna, registration, code);
            if reply.json["code"] == "try_again" { confirm(&anna, registration, code) } else { reply }
        });
        for reply in &confirmed {
            assert_eq!(reply.expect(200)["status"], "confirmed");
        }
        for product in [0, 1] {
            anna.log_in(product).expect(200);
            let products = anna.get("/v1/me/authentication-products").expect(200);
            assert_eq!(products["data"].as_array().map(Vec::len), Some(2));
        }
        let mails = mails_to(&anna, &anna.email());
        let joined = mails.iter().filter(|mail| mail["subject"] == "An authentication product was added");
        assert_eq!((joined.count(), mails.len()), (1, 3));
    }
}

fn a_product_that_joins_its_person_is_mailed_to_him(world: &World) {
    let anna = stranger(world, &["eid", "luxtrust_private"]);
    anna.register_product(0).expect(200);
    let elsewhere = format!("elsewhere-{}", anna.email());
    let wish = json!({ "assertion": anna.assertion(1), "email": elsewhere, "language": "fr" });
    let registration = path_of(&anna.post("/v1/registrations", &wish).expect(201));
    assert_eq!(mails_to(&anna, &anna.email()).len(), 1);
    let code = mails_to(&anna, &elsewhere)[0]["code"].as_str().expect("a code").to_owned();
    confirm(&anna, &registration, &code).expect(200);

    let mails = mails_to(&anna, &anna.email());
    assert_eq!((mails.len(), &mails[0]["subject"]), (2, &json!("An authentication product was added")));
    let masked = format!("****************{}", &anna.products[1].serial[16..]);
    let words = mails[0]["text"].as_str().expect("text");
    assert!(words.contains(&masked) && !words.contains(&anna.products[1].serial), "{words}");
    // The address given with a further product gets a code and nothing else.
    assert_eq!(mails_to(&anna, &elsewhere).len(), 1);
}

#[test]
fn neither_code_nor_national_number_is_kept_or_answered() {
    let world = World::start(Database::Sqlite);
    let mut anna = world.anonymous();
    let person = anna.become_test_person(&json!({ "products": ["eid"] }));
    let number = person["nationalNumber"].as_str().expect("a number");
    // The test person's own address is made of the number.
    let email = "neither-code-nor-number@example.lu";
    let code_of = || mails_to(&anna, email)[0]["code"].as_str().expect("a code").to_owned();

    let wish = json!({ "assertion": anna.assertion(0), "email": email, "language": "en" });
    let begun = anna.post("/v1/registrations", &wish);
    let registration = path_of(&begun.expect(201));
    let first = code_of();
    let wrong = confirm(&anna, &registration, &another(&first));
    wrong.expect_problem(400, "code_wrong");
    let resent = resend(&anna, &registration);
    resent.expect(200);
    let second = code_of();
    let before = kept(&world);
    let confirmed = confirm(&anna, &registration, &second);
    confirmed.expect(200);
    let seen = anna.get(&registration);
    anna.log_in(0).expect(200);
    let (landing, products) = (anna.get("/v1/me/landing"), anna.get("/v1/me/authentication-products"));

    for (what, bytes) in [("before", before), ("after", kept(&world))] {
        assert!(contains(&bytes, email), "{what}: these are not the bytes of the database");
        for secret in [number, &first, &second] {
            assert!(!contains(&bytes, secret), "{what}: {secret} is kept as it is");
        }
    }
    for reply in [begun, wrong, resent, confirmed, seen, landing, products] {
        for secret in [number, &anna.products[0].serial, &first, &second] {
            assert!(!reply.text.contains(secret), "{secret} is answered: {}", reply.text);
        }
    }
}

#[test]
fn neither_codes_nor_numbers_nor_tokens_are_logged() {
    let mut scratch = Scratch::new(Database::Sqlite);
    scratch.set("ESPACE_PRO_LOG", "info");
    let process = Process::serve(&mut scratch);
    let mut anna = process.anonymous();
    let person = anna.become_test_person(&json!({ "products": ["eid"] }));
    let registration = begun(&anna, 0);
    let code = anna.mailed_code();
    confirm(&anna, &registration, &another(&code)).expect_problem(400, "code_wrong");
    confirm(&anna, &registration, &code).expect(200);
    let assertion = anna.assertion(0);
    anna.exchange(&assertion).expect(200);
    anna.exchange(&assertion).expect_grant_refused();
    anna.log_in(0).expect(200);
    let (token, refresh_token) = (anna.token.clone().expect("a token"), anna.refresh_token.clone().expect("a token"));
    anna.get("/v1/me/landing").expect(200);
    let cut = token[..token.len() - 1].to_owned();
    anna.token = Some(cut.clone());
    anna.get("/v1/me/landing").expect_problem(401, "token_invalid");
    anna.refresh_with(&refresh_token).expect(200);
    anna.refresh_with(&refresh_token).expect_grant_refused();

    let log = process.log();
    assert!(log.contains("/v1/registrations/{id}/confirm"), "this is not the log: {log}");
    let number = person["nationalNumber"].as_str().expect("a number");
    let id = registration.rsplit('/').next().expect("an id");
    for secret in [number, id, &anna.products[0].serial, &assertion, &cut, &refresh_token] {
        assert!(!log.contains(secret), "{secret} is in the log: {log}");
    }
    assert!(log.split(|letter: char| !letter.is_ascii_digit()).all(|digits| digits != code), "{code}: {log}");
}

/// All bytes of the database, with what waits to be written into it.
fn kept(world: &World) -> Vec<u8> {
    let files = ["espace-pro.db", "espace-pro.db-wal"].map(|name| world.folder().join(name));
    files.iter().flat_map(|file| fs::read(file).expect("a file of the database")).collect()
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}
