//! Access tokens and identity assertions: what is forged, stale, used up or meant for something else opens nothing.

use std::{sync::Barrier, thread};

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::{Actor, Database, Jwt, Key, Reply, World, spelled_otherwise};

crate::on_both_databases!(
    an_assertion_serves_once_for_a_registration_and_once_for_a_token,
    of_parallel_uses_of_an_assertion_one_succeeds,
    an_ended_session_refuses_its_tokens_at_once,
);

/// Variants of a genuine token, each wrong in one way; `key` is its true key.
fn forgeries(genuine: &str, key: &Key, now: i64) -> Vec<(String, String)> {
    let jwt = || Jwt::read(genuine);
    let strange = Key::strange();
    let (rest, _) = genuine.rsplit_once('.').expect("a signature");
    let (header, claims_and_signature) = genuine.split_once('.').expect("a header");
    let more = jwt().claim("sub", "019d6c3e-8c00-7000-8000-000000000000");
    let mut forged = vec![
        ("empty", String::new()),
        ("no token", "nonsense".into()),
        ("alg none", format!("{}.", jwt().header("alg", "none").unsigned())),
        ("alg None", format!("{}.", jwt().header("alg", "None").unsigned())),
        ("alg none, two parts", jwt().header("alg", "none").unsigned()),
        ("alg none, once signed", jwt().header("alg", "none").sign(key)),
        ("alg in small letters", jwt().header("alg", "eddsa").sign(key)),
        ("alg missing", jwt().without("alg").sign(key)),
        ("alg of another family", jwt().header("alg", "ES256").sign(&Key::es256())),
        ("another's signature", jwt().sign(&strange)),
        ("another's signature of other claims", more.sign(&strange)),
        ("the signature of other claims", format!("{}.{}", more.unsigned(), genuine.rsplit('.').next().expect("one"))),
        ("no signature", format!("{rest}.")),
        ("two parts", rest.to_owned()),
        ("four parts", format!("{genuine}.{header}")),
        ("cut", genuine[..genuine.len() - 1].to_owned()),
        ("longer", format!("{genuine}A")),
        ("padded", format!("{genuine}==")),
        ("spelled otherwise", spelled_otherwise(genuine)),
        ("a space within", format!("{header}. {claims_and_signature}")),
        ("a tab within", format!("{header}\t.{claims_and_signature}")),
        ("kid of nobody", jwt().header("kid", "nobody").sign(key)),
        ("kid missing", jwt().without("kid").sign(key)),
        ("kid null", jwt().header("kid", Value::Null).sign(key)),
        ("kid a path", jwt().header("kid", "../../../dev/null").sign(&Key::secret(""))),
        ("kid an injection", jwt().header("kid", "x' OR '1'='1").sign(key)),
        ("crit", jwt().header("crit", json!(["exp"])).sign(key)),
        ("crit of b64", jwt().header("crit", json!(["b64"])).header("b64", false).sign(key)),
        ("jwk of a stranger", jwt().header("jwk", strange.public("x")).sign(&strange)),
        ("jwk of a stranger, no kid", jwt().without("kid").header("jwk", strange.public("x")).sign(&strange)),
        ("jku of a stranger", jwt().header("jku", "http://127.0.0.1:9/keys").sign(&strange)),
        ("x5u of a stranger", jwt().header("x5u", "http://127.0.0.1:9/keys").sign(&strange)),
        ("iss of another", jwt().claim("iss", "https://evil.example").sign(key)),
        ("iss with a slash", jwt().claim("iss", format!("{}/", text(&jwt().claims["iss"]))).sign(key)),
        ("iss missing", jwt().without("iss").sign(key)),
        ("aud of another", jwt().claim("aud", "https://evil.example").sign(key)),
        ("aud of others", jwt().claim("aud", json!(["https://evil.example"])).sign(key)),
        ("aud of nobody", jwt().claim("aud", json!([])).sign(key)),
        ("aud missing", jwt().without("aud").sign(key)),
        ("exp five seconds ago", jwt().claim("exp", now - 5).sign(key)),
        ("exp as a text", jwt().claim("exp", "9999999999").sign(key)),
        ("exp with a fraction", jwt().claim("exp", 9_999_999_999.5).sign(key)),
        ("exp null", jwt().claim("exp", Value::Null).sign(key)),
        ("exp missing", jwt().without("exp").sign(key)),
        ("iat to come", jwt().claim("iat", now + 7).sign(key)),
        ("iat as a text", jwt().claim("iat", now.to_string()).sign(key)),
        ("iat missing", jwt().without("iat").sign(key)),
        ("nbf to come", jwt().claim("nbf", now + 7).sign(key)),
        ("claims that are no object", Jwt { claims: json!([1]), ..jwt() }.sign(key)),
        ("long", jwt().claim("filler", "x".repeat(20_000)).sign(key)),
    ];
    for typ in [json!("dpop+jwt"), json!("at+jws"), json!(7)] {
        forged.push(("typ of something else", jwt().header("typ", typ).sign(key)));
    }
    for secret in key.public_as_secrets() {
        forged.push(("the public key as a secret", jwt().header("alg", "HS256").sign(&Key::secret(secret))));
    }
    forged.into_iter().map(|(name, token)| (name.to_owned(), token)).collect()
}

fn text(value: &Value) -> String {
    value.as_str().expect("text").to_owned()
}

fn landing(world: &World, authorizations: &[&str]) -> Reply {
    let headers: Vec<_> = authorizations.iter().map(|value| ("authorization", *value)).collect();
    world.anonymous().send("GET", "/v1/me/landing", &headers, vec![])
}

fn register(somebody: &Actor, assertion: &str) -> Reply {
    somebody.post("/v1/registrations", &json!({ "assertion": assertion, "email": "ada@example.lu", "language": "en" }))
}

#[track_caller]
fn assert_token_refused(what: &str, reply: &Reply) {
    assert_eq!((reply.status, &reply.json["code"]), (401, &json!("token_invalid")), "{what}: {}", reply.text);
    assert_eq!(reply.header("www-authenticate"), r#"Bearer error="invalid_token""#, "{what}");
}

#[track_caller]
fn assert_no_token(what: &str, reply: &Reply) {
    assert_eq!((reply.status, &reply.json["code"]), (401, &json!("token_invalid")), "{what}: {}", reply.text);
    assert_eq!(reply.header("www-authenticate"), "Bearer", "{what}");
}

#[test]
fn a_forged_access_token_opens_nothing() {
    let world = World::start(Database::Sqlite);
    let anna = world.person();
    let genuine = anna.token.clone().expect("a token");
    let (key, jwt) = (Key::of_server(&world), || Jwt::read(&genuine));
    landing(&world, &[&format!("Bearer {}", jwt().claim("client_id", "by hand").sign(&key))]).expect(200);

    let mut forged = forgeries(&genuine, &key, world.now().timestamp());
    let mut add = |name: &str, token: String| forged.push((name.to_owned(), token));
    for typ in ["JWT", "", "jwt"] {
        add(&format!("typ {typ}"), jwt().header("typ", typ).sign(&key));
    }
    add("typ missing", jwt().without("typ").sign(&key));
    add("kid of the sandbox", jwt().header("kid", "sandbox").sign(&key));
    add("the sandbox's signature", jwt().sign(&Key::of_sandbox(&world)));
    add("aud among others", jwt().claim("aud", json!([jwt().claims["aud"], "https://evil.example"])).sign(&key));
    for name in ["sub", "jti", "sid", "acr", "auth_time", "client_id"] {
        add(&format!("{name} missing"), jwt().without(name).sign(&key));
    }
    add("sid of no session", jwt().claim("sid", "019d6c3e-8c00-7000-8000-000000000000").sign(&key));
    add("an ID token", anna.assertion(0));
    add("an ID token of type at+jwt", Jwt::read(&anna.assertion(0)).header("typ", "at+jwt").sign(&key));
    add("a refresh token", anna.refresh_token.clone().expect("a token"));
    for (name, token) in forged.iter().filter(|(_, token)| !token.is_empty()) {
        assert_token_refused(name, &landing(&world, &[&format!("Bearer {token}")]));
    }
    landing(&world, &[&format!("Bearer {genuine}")]).expect(200);
}

#[test]
fn one_bearer_token_in_one_header_or_none() {
    let world = World::start(Database::Sqlite);
    let genuine = world.person().token.expect("a token");
    let bearer = format!("Bearer {genuine}");
    landing(&world, &[&bearer]).expect(200);
    landing(&world, &[&format!("bEARER   {genuine}")]).expect(200);

    assert_no_token("none", &landing(&world, &[]));
    assert_no_token("twice the same", &landing(&world, &[&bearer, &bearer]));
    assert_no_token("another after it", &landing(&world, &[&bearer, "Basic YTpi"]));
    assert_no_token("another before it", &landing(&world, &["Basic YTpi", &bearer]));
    for other in [
        &format!("Basic {genuine}"),
        "Basic YTpi",
        "Bearer",
        &format!("DPoP {genuine}"),
        &genuine,
        &format!("Bearer\t{genuine}"),
    ] {
        assert_no_token(other, &landing(&world, &[other]));
    }
    for wrong in [format!("{bearer}, {bearer}"), format!("Bearer \t{genuine}"), format!("{bearer} {genuine}")] {
        assert_token_refused(&wrong, &landing(&world, &[&wrong]));
    }
    let in_query = world.get(&format!("/v1/me/landing?access_token={genuine}"));
    assert_eq!(in_query.status, 401, "{}", in_query.text);
}

#[test]
fn a_token_that_was_verified_is_refused_once_it_expires() {
    let world = World::start(Database::Sqlite);
    let anna = world.person();
    anna.get("/v1/me/landing").expect(200);
    world.wait(TimeDelta::seconds(590));
    anna.get("/v1/me/landing").expect(200);
    world.wait(TimeDelta::seconds(15));
    assert_token_refused("expired", &anna.get("/v1/me/landing"));
}

fn an_ended_session_refuses_its_tokens_at_once(world: &World) {
    let mut anna = world.person();
    let spent = anna.refresh_token.clone().expect("a token");
    let first = anna.clone();
    anna.refresh().expect(200);
    for session in [&first, &anna] {
        session.get("/v1/me/landing").expect(200);
    }
    anna.refresh_with(&spent).expect_grant_refused();
    for session in [&first, &anna] {
        assert_token_refused("ended", &session.get("/v1/me/landing"));
    }
    anna.log_in(0).expect(200);
    anna.get("/v1/me/landing").expect(200);
    assert_token_refused("ended", &first.get("/v1/me/landing"));
}

#[test]
fn a_forged_assertion_is_believed_nowhere() {
    let world = World::start(Database::Sqlite);
    let anna = world.person();
    let genuine = anna.assertion(0);
    let (key, jwt, now) = (Key::of_sandbox(&world), || Jwt::read(&genuine), world.now().timestamp());

    let mut forged = forgeries(&genuine, &key, now);
    let mut add = |name: &str, token: String| forged.push((name.to_owned(), token));
    add("a space before", format!(" {genuine}"));
    add("a line's end after", format!("{genuine}\n"));
    add("typ at+jwt", jwt().header("typ", "at+jwt").sign(&key));
    add("an access token", anna.token.clone().expect("a token"));
    add("an access token, signed by the issuer", Jwt::read(anna.token.as_ref().expect("a token")).sign(&key));
    add("the server's signature", jwt().sign(&Key::of_server(&world)));
    add("the server as issuer", jwt().claim("iss", world.url()).sign(&Key::of_server(&world)));
    add("older than five minutes", jwt().claim("iat", now - 302).claim("exp", now + 3600).sign(&key));
    add("a time beyond time", jwt().claim("auth_time", i64::MAX).sign(&key));
    for (claim, wrong) in [
        ("product_kind", json!("passport")),
        ("product_kind", json!("")),
        ("product_kind", json!(["eid"])),
        ("serial_number", json!("1000000000000000001")),
        ("serial_number", json!("١٠٠٠٠٠٠٠٠٠")),
        ("serial_number", json!(10_000_000_000_000_000_011_u64)),
        ("national_number", json!("1893120105733")),
        ("national_number", json!("189312010573")),
        ("national_number", json!(1_893_120_105_732_u64)),
        ("national_number", json!("")),
        ("given_name", json!("")),
        ("given_name", json!("A\u{0}")),
        ("family_name", json!("x".repeat(1000))),
    ] {
        add(&format!("{claim} {wrong}"), jwt().claim(claim, wrong).sign(&key));
    }
    for claim in ["product_kind", "serial_number", "given_name", "family_name"] {
        add(&format!("{claim} missing"), jwt().without(claim).sign(&key));
    }
    for (name, token) in &forged {
        let reply = register(&anna, token);
        assert_eq!((reply.status, &reply.json["code"]), (400, &json!("assertion_invalid")), "{name}: {}", reply.text);
        let (reply, wanted) =
            (anna.exchange(token), if token.is_empty() { "invalid_request" } else { "invalid_grant" });
        assert_eq!((reply.status, &reply.json["error"]), (400, &json!(wanted)), "{name}: {}", reply.text);
        let wanted = if token.is_empty() { "subject_token is missing" } else { "the assertion is not valid" };
        assert_eq!(reply.json["error_description"], wanted, "{name}");
    }

    let by_hand = jwt().claim("jti", "by hand").sign(&key);
    register(&anna, &by_hand).expect_problem(409, "product_registered");
    anna.exchange(&by_hand).expect(200);
    anna.exchange(&genuine).expect(200);
}

fn an_assertion_serves_once_for_a_registration_and_once_for_a_token(world: &World) {
    let mut anna = world.anonymous();
    anna.become_test_person(&json!({ "products": ["eid"], "helpdesk": false }));
    let assertion = anna.assertion(0);
    assert_eq!(anna.exchange(&assertion).expect_grant_refused(), "the product is not registered");
    let wish = json!({ "assertion": assertion, "email": anna.email(), "language": "en" });
    let id = text(&anna.post("/v1/registrations", &wish).expect(201)["id"]);
    anna.post("/v1/registrations", &wish).expect_problem(409, "assertion_used");
    assert_eq!(anna.exchange(&assertion).expect_grant_refused(), "the product's registration is not confirmed");
    let confirm = format!("/v1/registrations/{id}/confirm");
    anna.post(&confirm, &json!({ "code": anna.mailed_code() })).expect(200);
    anna.exchange(&assertion).expect(200);
    assert_eq!(anna.exchange(&assertion).expect_grant_refused(), "the assertion was used before");
    let respelled = spelled_otherwise(&assertion);
    assert_eq!(anna.exchange(&respelled).expect_grant_refused(), "the assertion is not valid");
    register(&anna, &respelled).expect_problem(400, "assertion_invalid");
}

fn of_parallel_uses_of_an_assertion_one_succeeds(world: &World) {
    let mut anna = world.anonymous();
    anna.become_test_person(&json!({ "products": ["eid"], "helpdesk": false }));
    let assertion = anna.assertion(0);
    let begun = ten_at_once(|| register(&anna, &assertion));
    assert_eq!(begun.iter().filter(|reply| reply.status == 201).count(), 1);
    for refused in begun.iter().filter(|reply| reply.status != 201) {
        let code = refused.json["code"].as_str();
        assert!(refused.status == 409 && matches!(code, Some("assertion_used" | "try_again")), "{}", refused.text);
    }
    let claims = Jwt::read(&assertion).claims;
    assert_eq!(claims["serial_number"], anna.products[0].serial);

    anna.register_product(0).expect(200);
    let exchanged = ten_at_once(|| anna.exchange(&assertion));
    assert_eq!(exchanged.iter().filter(|reply| reply.status == 200).count(), 1);
    for refused in exchanged.iter().filter(|reply| reply.status != 200) {
        assert_eq!(refused.expect_grant_refused(), "the assertion was used before");
    }
}

fn ten_at_once(act: impl Fn() -> Reply + Sync) -> Vec<Reply> {
    let ready = Barrier::new(10);
    let one = || {
        ready.wait();
        act()
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..10).map(|_| scope.spawn(one)).collect();
        threads.into_iter().map(|thread| thread.join().expect("an answer")).collect()
    })
}

#[test]
fn an_assertion_is_stale_after_five_minutes() {
    let world = World::start(Database::Sqlite);
    let anna = world.person();
    let (in_time, too_late) = (anna.assertion(0), anna.assertion(0));
    world.wait(TimeDelta::seconds(295));
    anna.exchange(&in_time).expect(200);
    world.wait(TimeDelta::seconds(10));
    assert_eq!(anna.exchange(&too_late).expect_grant_refused(), "the assertion is not valid");
    register(&anna, &too_late).expect_problem(400, "assertion_invalid");
}

#[test]
fn an_unknown_level_of_assurance_is_low() {
    let world = World::start(Database::Sqlite);
    let anna = Actor::newcomer(&world.anonymous(), &["eid", "luxtrust_private"]);
    let (jwt, key) = (Jwt::read(&anna.assertion(1)), Key::of_sandbox(&world));
    for acr in [json!("unheard-of"), json!("HIGH"), json!(""), Value::Null] {
        let assertion = jwt.clone().claim("acr", acr).sign(&key);
        let problem = register(&anna, &assertion).expect_problem(409, "assurance_too_low");
        assert_eq!(problem["needed"], "substantial");
    }
    register(&anna, &jwt.clone().without("acr").sign(&key)).expect_problem(409, "assurance_too_low");
    register(&anna, &jwt.sign(&key)).expect(201);
    let logged_in = anna.exchange(&Jwt::read(&anna.assertion(0)).claim("acr", "unheard-of").sign(&key)).expect(200);
    assert_eq!(Jwt::read(&text(&logged_in["access_token"])).claims["acr"], "low");
}

#[test]
fn an_assertion_must_name_the_product_as_it_was_registered() {
    let world = World::start(Database::Sqlite);
    let (anna, bert) = (world.person(), world.person());
    let (jwt, key) = (Jwt::read(&anna.assertion(0)), Key::of_sandbox(&world));
    let as_another = "the product is registered as another one";
    let other_kind = jwt.clone().claim("product_kind", "eid").sign(&key);
    assert_eq!(anna.exchange(&other_kind).expect_grant_refused(), as_another);
    let other_person = Jwt::read(&bert.assertion(0)).claims["national_number"].clone();
    let other_number = jwt.claim("national_number", other_person).sign(&key);
    assert_eq!(anna.exchange(&other_number).expect_grant_refused(), as_another);
}
