//! The assertions of software: what is forged, stale, used up, another's or meant for another server opens nothing.

use jsonwebtoken::Algorithm;
use serde_json::{Value, json};

use crate::support::{Actor, Database, Jwt, Key, Software, World, jwks, spelled_otherwise, text};

crate::on_both_databases!(an_assertion_serves_once, whatever_is_wrong_with_an_assertion_is_told_alike);

fn with_software(world: &World, key: Key) -> (Actor, String, Software) {
    let anna = world.founder();
    let space = anna.open_space("Boulangerie").header("location");
    let software = anna.approve(&space, &["read"], key);
    (anna, space, software)
}

fn an_assertion_serves_once(world: &World) {
    let (anna, space, payroll) = with_software(world, Key::strange());
    let other = anna.approve(&space, &["read"], Key::es256());
    let assertion = payroll.assertion();
    payroll.ask(&assertion).expect(200);
    payroll.ask(&assertion).expect_unknown_client();
    // The id counts, whatever else the assertion says; that of another client is another one.
    payroll.ask(&assertion.clone().claim("exp", payroll.since + 60)).expect_unknown_client();
    let of_other = other.assertion().claim("jti", assertion.claims["jti"].clone());
    other.ask(&of_other).expect(200);
    // What is refused for its scope is not used up.
    let narrow = payroll.assertion();
    let refused = anna.logged_out().exchange_client_assertion(&narrow.sign(&payroll.key), Some("draft"));
    assert_eq!((refused.status, &refused.json["error"]), (400, &json!("invalid_scope")));
    payroll.ask(&narrow).expect(200);
    // An id of any characters is one.
    for id in ["\0", "é'\"\\", &"x".repeat(255)] {
        payroll.ask(&payroll.assertion().claim("jti", id)).expect(200);
        payroll.ask(&payroll.assertion().claim("jti", id)).expect_unknown_client();
    }
}

fn whatever_is_wrong_with_an_assertion_is_told_alike(world: &World) {
    let (anna, space, payroll) = with_software(world, Key::strange());
    let other = anna.approve(&space, &["read"], Key::es256());
    let (good, key, now) = (|| payroll.assertion(), &payroll.key, world.now().timestamp());
    let unsigned = |jwt: &Jwt| format!("{}.", jwt.unsigned());
    let mut wrong = vec![
        ("nonsense", "nonsense".to_owned()),
        ("alg none", unsigned(&good().header("alg", "none"))),
        ("alg none, once signed", good().header("alg", "none").sign(key)),
        ("alg of another key", good().header("alg", "ES256").sign(&Key::es256())),
        ("key of another client", good().header("alg", "ES256").sign(&other.key)),
        ("kid of nobody", good().header("kid", "nobody").sign(key)),
        ("kid missing", good().without("kid").sign(key)),
        ("a key with it", good().header("kid", "x").header("jwk", Key::es256().public("x")).sign(&Key::es256())),
        ("the server's own key", good().sign(&Key::of_server(world))),
        ("typ of an access token", good().header("typ", "at+jwt").sign(key)),
        ("crit", good().header("crit", json!(["exp"])).sign(key)),
        ("aud of another", good().claim("aud", "https://evil.example").sign(key)),
        ("aud a list of us", good().claim("aud", json!([payroll.issuer])).sign(key)),
        ("aud of us and another", good().claim("aud", json!([payroll.issuer, "https://evil.example"])).sign(key)),
        ("aud the endpoint", good().claim("aud", format!("{}/v1/token", payroll.issuer)).sign(key)),
        ("aud missing", good().without("aud").sign(key)),
        ("iss of another", good().claim("iss", other.id.as_str()).sign(key)),
        ("iss missing", good().without("iss").sign(key)),
        ("sub of another", good().claim("sub", other.id.as_str()).claim("iss", other.id.as_str()).sign(key)),
        ("sub of nobody", good().claim("sub", NOBODYS).claim("iss", NOBODYS).sign(key)),
        (
            "sub in capitals",
            good().claim("sub", payroll.id.to_uppercase()).claim("iss", payroll.id.to_uppercase()).sign(key),
        ),
        ("sub no id", good().claim("sub", "' OR '1'='1").sign(key)),
        ("exp passed", good().claim("iat", now - 200).claim("exp", now - 6).sign(key)),
        ("exp too late", good().without("iat").claim("exp", now + 307).sign(key)),
        ("exp far too late", good().without("iat").claim("exp", i64::MAX).sign(key)),
        ("a long life", good().claim("iat", now - 100).claim("exp", now + 201).sign(key)),
        ("exp missing", good().without("exp").sign(key)),
        ("exp as a text", good().claim("exp", (now + 60).to_string()).sign(key)),
        ("iat to come", good().claim("iat", now + 8).sign(key)),
        ("nbf to come", good().claim("nbf", now + 8).sign(key)),
        ("jti missing", good().without("jti").sign(key)),
        ("jti empty", good().claim("jti", "").sign(key)),
        ("jti long", good().claim("jti", "x".repeat(256)).sign(key)),
        ("jti a number", good().claim("jti", 7).sign(key)),
        ("spelled otherwise", spelled_otherwise(&good().sign(key))),
        ("long", good().claim("filler", "x".repeat(20_000)).sign(key)),
    ];
    for secret in key.public_as_secrets() {
        wrong.push(("the public key as a secret", good().header("alg", "HS256").sign(&Key::secret(secret))));
    }
    let nobody = anna.logged_out();
    for (name, assertion) in wrong {
        println!("{name}");
        nobody.exchange_client_assertion(&assertion, None).expect_unknown_client();
    }
    assert_eq!(anna.backstage().sql("SELECT count(*) FROM client_assertions"), "0", "nothing is used up");
    for good in [
        good(),
        good().header("typ", "JWT"),
        good().header("typ", "client-authentication+jwt"),
        good().without("iat"),
        good().claim("iat", now + 3).claim("exp", now + 302),
        good().claim("nbf", now),
        good().claim("exp", now - 3),
    ] {
        payroll.ask(&good).expect(200);
    }
}

const NOBODYS: &str = "019d6c3e-8c00-7000-8000-000000000000";

#[test]
fn each_kind_of_key_signs_by_its_one_algorithm() {
    let world = World::start(Database::Sqlite);
    let anna = world.founder();
    let space = anna.open_space("Boulangerie").header("location");
    for key in [Key::es256, || Key::rsa(Algorithm::RS256), || Key::rsa(Algorithm::PS256)] {
        let software = anna.approve(&space, &["read"], key());
        software.ask(&software.assertion()).expect(200);
    }
    let software = anna.approve(&space, &["read"], Key::rsa(Algorithm::RS256));
    let confused = software.assertion().header("alg", "PS256").sign(&Key::rsa(Algorithm::PS256));
    anna.logged_out().exchange_client_assertion(&confused, None).expect_unknown_client();
}

#[test]
fn a_client_that_does_not_say_how_it_proves_itself_is_unknown() {
    let world = World::start(Database::Sqlite);
    let (anna, _, payroll) = with_software(&world, Key::strange());
    let assertion = || payroll.assertion().sign(&payroll.key);
    let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    let ask = |fields: &[(&str, &str)]| {
        let grant = [("grant_type", "client_credentials")];
        let reply = anna.logged_out().post_form("/v1/token", &[&grant, fields].concat());
        (reply.status, text(&reply.json.get("error").unwrap_or(&json!("none")).clone()))
    };
    let unknown = || (401, "invalid_client".to_owned());
    let saml = "urn:ietf:params:oauth:client-assertion-type:saml2-bearer";
    assert_eq!(ask(&[]), unknown());
    assert_eq!(ask(&[("client_assertion_type", kind)]), unknown());
    assert_eq!(ask(&[("client_assertion", &assertion())]), unknown());
    assert_eq!(ask(&[("client_assertion_type", saml), ("client_assertion", &assertion())]), unknown());
    assert_eq!(ask(&[("client_id", &payroll.id), ("client_secret", "x")]), unknown());
    let with_id =
        |id: &str| ask(&[("client_assertion_type", kind), ("client_assertion", &assertion()), ("client_id", id)]);
    assert_eq!((with_id(NOBODYS), with_id(&payroll.id).0), (unknown(), 200));
    let for_another = ask(&[("client_assertion_type", kind), ("client_assertion", &assertion()), ("audience", "x")]);
    assert_eq!(for_another, (400, "invalid_request".into()));
}

#[test]
fn keys_are_public_few_and_told_apart() {
    let world = World::start(Database::Sqlite);
    let anna = world.founder();
    let space = anna.open_space("Boulangerie").header("location");
    let (ed, ec) = (Key::strange().public("a"), Key::es256().public("b"));
    let changed = |key: &Value, name: &str, value: Value| {
        let mut key = key.clone();
        key[name] = value;
        key
    };
    let without = |key: &Value, name: &str| {
        let mut key = key.clone();
        key.as_object_mut().expect("an object").remove(name);
        key
    };
    let rsa = Key::rsa(Algorithm::RS256).public("c");
    let x = "A".repeat(43);
    for (keys, pointer, code) in [
        (json!([]), "", "out_of_range"),
        (
            json!([
                ed,
                ec,
                rsa,
                changed(&ed, "kid", json!("d")),
                changed(&ed, "kid", json!("e")),
                changed(&ed, "kid", json!("f"))
            ]),
            "",
            "out_of_range",
        ),
        (json!([ed, changed(&ec, "kid", json!("a"))]), "/1/kid", "duplicate"),
        (json!([without(&ed, "kid")]), "/0/kid", "missing"),
        (json!([changed(&ed, "kid", json!(""))]), "/0/kid", "malformed"),
        (json!([changed(&ed, "kid", json!("a b"))]), "/0/kid", "malformed"),
        (json!([changed(&ed, "d", json!(x))]), "/0/d", "unknown"),
        (json!([changed(&rsa, "p", json!(x))]), "/0/p", "unknown"),
        (json!([changed(&rsa, "dp", json!(x))]), "/0/dp", "unknown"),
        (json!([{ "kty": "oct", "kid": "a" }]), "/0/kty", "wrong_value"),
        (json!([{ "kty": "oct", "kid": "a", "k": x }]), "/0/k", "unknown"),
        (json!([changed(&ed, "x5u", json!("http://127.0.0.1:9/key"))]), "/0/x5u", "unknown"),
        (json!([changed(&ed, "jku", json!("http://127.0.0.1:9/keys"))]), "/0/jku", "unknown"),
        (json!([changed(&ed, "x5c", json!([x]))]), "/0/x5c", "unknown"),
        (json!([changed(&ed, "use", json!("enc"))]), "/0/use", "wrong_value"),
        (json!([changed(&ed, "alg", json!("HS256"))]), "/0/alg", "wrong_value"),
        (json!([changed(&ed, "alg", json!("ES256"))]), "/0/alg", "not_applicable"),
        (json!([changed(&ed, "crv", json!("Ed448"))]), "/0/crv", "wrong_value"),
        (json!([changed(&ed, "crv", json!("P-256"))]), "/0/crv", "not_applicable"),
        (json!([changed(&ec, "crv", json!("Ed25519"))]), "/0/crv", "not_applicable"),
        (json!([changed(&ed, "y", json!(x))]), "/0/y", "not_applicable"),
        (json!([without(&ec, "y")]), "/0/y", "missing"),
        (json!([changed(&ed, "x", json!("AA"))]), "/0/x", "malformed"),
        (json!([changed(&ed, "x", json!("A".repeat(10_000)))]), "/0/x", "malformed"),
        (json!([changed(&ed, "x", json!("=".repeat(43)))]), "/0/x", "malformed"),
        (json!([changed(&ec, "x", json!(x))]), "/0/x", "malformed"),
        (json!([changed(&rsa, "n", json!("A".repeat(342)))]), "/0/n", "malformed"),
        (json!([changed(&rsa, "n", json!(text(&rsa["n"])[..300]))]), "/0/n", "malformed"),
        (json!([changed(&rsa, "e", json!("AA"))]), "/0/e", "malformed"),
        (json!([changed(&rsa, "e", json!("Ag"))]), "/0/e", "malformed"),
        (json!([changed(&rsa, "e", json!("AQ"))]), "/0/e", "malformed"),
        (json!([changed(&rsa, "e", json!("AAAAAQAB"))]), "/0/e", "malformed"),
        (json!([changed(&rsa, "n", json!(format!("AAAA{}", text(&rsa["n"]))))]), "/0/n", "malformed"),
        (json!([changed(&rsa, "n", json!(format!("{}{}", "_".repeat(700), text(&rsa["n"]))))]), "/0/n", "malformed"),
    ] {
        let what = keys.to_string();
        let wish = anna.software(&space, &["read"], &json!({ "keys": keys }));
        let refused = anna.post(&format!("{space}/system-users"), &wish);
        let fault = &refused.expect_problem(400, "invalid_input")["errors"][0];
        let expected = (json!(format!("/jwks/keys{pointer}")), json!(code));
        assert_eq!((fault["pointer"].clone(), fault["code"].clone()), expected, "{what}: {}", refused.text);
    }
    assert_eq!(anna.get(&format!("{space}/system-users")).expect(200)["data"], json!([]));
    let five = json!({ "keys": [ed, ec, rsa, changed(&rsa, "kid", json!("d")), changed(&changed(&ed, "kid", json!("e")), "use", json!("sig"))] });
    let wish = anna.software(&space, &["read"], &five);
    let shown = anna.post(&format!("{space}/system-users"), &wish).expect(201);
    assert_eq!(shown["jwks"], five);
    assert_eq!(shown["jwks"], jwks_of(&anna, &shown));
}

fn jwks_of(actor: &Actor, shown: &Value) -> Value {
    let (space, id) = (text(&shown["spaceId"]), text(&shown["id"]));
    actor.get(&format!("/v1/spaces/{space}/system-users/{id}")).expect(200)["jwks"].clone()
}

#[test]
fn a_right_is_named_once() {
    let world = World::start(Database::Sqlite);
    let anna = world.founder();
    let space = anna.open_space("Boulangerie").header("location");
    for (rights, pointer, code) in [
        (json!([]), "/rights", "empty"),
        (json!(["read", "draft", "read"]), "/rights/2", "duplicate"),
        (json!(["sign"]), "/rights/0", "wrong_value"),
    ] {
        let mut wish = anna.software(&space, &["read"], &jwks(&[("k", &Key::strange())]));
        wish["rights"] = rights;
        let refused = anna.post(&format!("{space}/system-users"), &wish).expect_problem(400, "invalid_input");
        assert_eq!((&refused["errors"][0]["pointer"], &refused["errors"][0]["code"]), (&json!(pointer), &json!(code)));
    }
}
