//! Trusted issuers of the configuration: what each may assert, and where its keys come from.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    sync::{Arc, Mutex},
    thread,
};

use api::{app::App, clock, config::Config, server, tokens::issuer::Issuers};
use chrono::TimeDelta;
use jsonwebtoken::Algorithm;
use serde_json::{Value, json};

use crate::support::{Database, Jwt, Key, Reply, Scratch, World, other_es256_signature, wait_until};

const FILE_ISSUER: &str = "https://login.example.lu";

/// The settings of an issuer.
fn settings(issuer: &str, keys: &Value) -> Value {
    json!({
        "issuer": issuer,
        "audience": "espace-pro",
        "algorithms": ["ES256", "RS256", "EdDSA"],
        "keys": keys,
        "kinds": { "carte": "eid", "luxtrust": "luxtrust_professional" },
        "acr": { "urn:loa:2": "substantial" },
        "assertsNationalNumber": true,
    })
}

/// The settings of the issuer with these keys in a file, changed by a merge patch of one level.
fn with_keys_in_a_file(scratch: &Scratch, keys: &[Value], changes: &Value) -> Value {
    let file = scratch.path().join("keys.json");
    fs::write(&file, json!({ "keys": keys }).to_string()).expect("a file");
    let mut settings = settings(FILE_ISSUER, &json!({ "file": file }));
    let changes = changes.as_object().expect("an object").clone();
    settings.as_object_mut().expect("an object").extend(changes);
    settings
}

fn trusting(mut scratch: Scratch, settings: &[Value]) -> Scratch {
    let file = scratch.path().join("issuers.json");
    fs::write(&file, json!(settings).to_string()).expect("a file");
    scratch.set("ESPACE_PRO_ISSUERS", file.to_str().expect("a path"));
    scratch
}

/// A world that trusts the issuer with these keys in a file.
fn world_with(keys: &[Value], changes: &Value) -> World {
    let scratch = Scratch::new(Database::Sqlite);
    let settings = with_keys_in_a_file(&scratch, keys, changes);
    World::start_in(trusting(scratch, &[settings]))
}

/// What an issuer says of somebody who has numbers of his own.
fn said_by(issuer: &str, world: &World) -> Jwt {
    let mut somebody = world.anonymous();
    let person = somebody.become_test_person(&json!({ "products": ["eid"] }));
    let now = world.now().timestamp();
    Jwt {
        header: json!({}),
        claims: json!({
            "iss": issuer,
            "aud": "espace-pro",
            "sub": "anna",
            "iat": now,
            "exp": now + 60,
            "acr": "urn:loa:2",
            "serial_number": person["products"][0]["serial"],
            "product_kind": "carte",
            "national_number": person["nationalNumber"],
            "given_name": "Anna",
            "family_name": "Weber",
        }),
    }
}

/// Signed with a key that the issuer calls so.
fn signed(jwt: &Jwt, algorithm: &str, kid: &str, key: &Key) -> String {
    jwt.clone().header("alg", algorithm).header("kid", kid).sign(key)
}

fn register(world: &World, assertion: &str) -> Reply {
    let wish = json!({ "assertion": assertion, "email": "ada@example.lu", "language": "en" });
    world.anonymous().post("/v1/registrations", &wish)
}

fn refused(world: &World, assertion: &str) {
    register(world, assertion).expect_problem(400, "assertion_invalid");
}

fn public(key: &Key, id: &str, algorithm: &str) -> Value {
    let mut jwk = key.public(id);
    jwk["alg"] = json!(algorithm);
    jwk
}

#[test]
fn keys_in_a_file_open_registration_and_login() {
    let (es256, rs256) = (Key::es256(), Key::rsa(Algorithm::RS256));
    let keys = [public(&es256, "e", "ES256"), public(&rs256, "r", "RS256")];
    let world = world_with(&keys, &json!({}));
    for (key, kid, algorithm) in [(&es256, "e", "ES256"), (&rs256, "r", "RS256")] {
        let said = said_by(FILE_ISSUER, &world);
        let registration = register(&world, &signed(&said, algorithm, kid, key)).expect(201);
        assert_eq!(registration["kind"], "eid");
        let somebody = world.anonymous();
        let mails = somebody.get("/sandbox/mails?to=ada@example.lu").expect(200);
        let confirm = format!("/v1/registrations/{}/confirm", registration["id"].as_str().expect("an id"));
        somebody.post(&confirm, &json!({ "code": mails["data"][0]["code"] })).expect(200);
        let several = said.claim("aud", json!(["espace-pro", "https://other.example"])).claim("azp", "espace-pro");
        somebody.exchange(&signed(&several, algorithm, kid, key)).expect(200);
    }
}

#[test]
fn a_key_serves_its_one_algorithm_and_its_issuer() {
    let (es256, rs256, strange) = (Key::es256(), Key::rsa(Algorithm::RS256), Key::strange());
    let keys = [
        public(&es256, "e", "ES256"),
        public(&rs256, "r", "RS256"),
        json!({ "kty": "oct", "k": "c2VjcmV0", "kid": "s" }),
    ];
    let world = world_with(&keys, &json!({}));
    let said = said_by(FILE_ISSUER, &world);
    refused(&world, &signed(&said, "ES256", "r", &es256));
    refused(&world, &signed(&said, "RS256", "e", &rs256));
    refused(&world, &signed(&said, "PS256", "r", &Key::rsa(Algorithm::PS256)));
    refused(&world, &signed(&said, "RS512", "r", &Key::rsa(Algorithm::RS512)));
    refused(&world, &signed(&said, "EdDSA", "e", &strange));
    refused(&world, &signed(&said, "HS256", "s", &Key::secret("secret")));
    refused(&world, &signed(&said, "HS256", "r", &Key::secret(rs256.public("r")["n"].as_str().expect("a modulus"))));
    refused(&world, &signed(&said, "HS256", "e", &Key::secret(es256.public("e")["x"].as_str().expect("a number"))));

    let of_sandbox = said.clone().claim("iss", format!("{}/sandbox", world.url())).claim("aud", world.url());
    refused(&world, &signed(&of_sandbox, "ES256", "e", &es256));
    let sandbox = Key::of_sandbox(&world);
    refused(&world, &signed(&said, "EdDSA", "sandbox", &sandbox));
    refused(&world, &signed(&said.clone().claim("iss", "https://evil.example"), "ES256", "e", &es256));
    refused(&world, &signed(&said.clone().claim("aud", world.url()), "ES256", "e", &es256));
    let several = said.clone().claim("aud", json!(["espace-pro", "https://other.example"]));
    refused(&world, &signed(&several, "ES256", "e", &es256));
    for asked_by_another in [several, said.clone()] {
        refused(&world, &signed(&asked_by_another.claim("azp", "https://other.example"), "ES256", "e", &es256));
    }
    register(&world, &signed(&said, "ES256", "e", &es256)).expect(201);
}

#[test]
fn keys_that_are_not_for_signatures_serve_nothing() {
    let (es256, rs256) = (Key::es256(), Key::rsa(Algorithm::RS256));
    let mut for_encryption = public(&es256, "e", "ES256");
    for_encryption["use"] = json!("enc");
    let named_otherwise = public(&rs256, "r", "RS512");
    let mut without_id = public(&es256, "x", "ES256");
    without_id.as_object_mut().expect("an object").remove("kid");
    let world = world_with(&[for_encryption, named_otherwise, without_id], &json!({}));
    let said = said_by(FILE_ISSUER, &world);
    for (algorithm, kid, key) in
        [("ES256", "e", &es256), ("RS256", "r", &rs256), ("ES256", "x", &es256), ("ES256", "", &es256)]
    {
        refused(&world, &signed(&said, algorithm, kid, key));
    }
}

#[test]
fn a_signature_written_in_another_way_is_the_same_assertion() {
    let es256 = Key::es256();
    let world = world_with(&[public(&es256, "e", "ES256")], &json!({}));
    let assertion = signed(&said_by(FILE_ISSUER, &world), "ES256", "e", &es256);
    let other = other_es256_signature(&assertion);
    assert_ne!(other, assertion);
    // It is valid, so only what was signed can tell that it was used.
    register(&world, &other).expect(201);
    register(&world, &assertion).expect_problem(409, "assertion_used");
    register(&world, &other).expect_problem(409, "assertion_used");
}

#[test]
fn an_issuer_asserts_what_it_may_and_no_more() {
    let es256 = Key::es256();
    let world = world_with(&[public(&es256, "e", "ES256")], &json!({ "assertsNationalNumber": false }));
    let said = said_by(FILE_ISSUER, &world);
    let by = |jwt: Jwt| signed(&jwt, "ES256", "e", &es256);
    register(&world, &by(said.clone())).expect_problem(409, "national_number_required");
    for kind in ["eid", "luxtrust_private", "eidas", "Carte", ""] {
        refused(&world, &by(said.clone().claim("product_kind", kind)));
    }
}

#[test]
fn an_issuer_has_its_own_words() {
    let es256 = Key::es256();
    let claims = json!({ "serial": "numSerie", "kind": "produit", "nationalNumber": "matricule", "givenName": "prenom", "familyName": "nom" });
    let world = world_with(&[public(&es256, "e", "ES256")], &json!({ "claims": claims }));
    let mut said = said_by(FILE_ISSUER, &world);
    refused(&world, &signed(&said, "ES256", "e", &es256));
    for (ours, its) in [
        ("serial_number", "numSerie"),
        ("product_kind", "produit"),
        ("national_number", "matricule"),
        ("given_name", "prenom"),
        ("family_name", "nom"),
    ] {
        let value = said.claims[ours].clone();
        said = said.without(ours).claim(its, value);
    }
    register(&world, &signed(&said, "ES256", "e", &es256)).expect(201);
}

#[test]
fn a_level_counts_only_by_the_issuers_own_map() {
    let es256 = Key::es256();
    let world = world_with(&[public(&es256, "e", "ES256")], &json!({}));
    let anna = world.person();
    let number = Jwt::read(&anna.assertion(0)).claims["national_number"].clone();
    let said = said_by(FILE_ISSUER, &world).claim("national_number", number);
    for acr in ["substantial", "high", "urn:loa:9"] {
        let assertion = signed(&said.clone().claim("acr", acr), "ES256", "e", &es256);
        register(&world, &assertion).expect_problem(409, "assurance_too_low");
    }
    register(&world, &signed(&said, "ES256", "e", &es256)).expect(201);
}

#[test]
fn only_an_issuer_of_staff_names_agents_of_the_helpdesk() {
    let es256 = Key::es256();
    let world = World::start(Database::Sqlite);
    for (staff, claim, is_agent) in
        [(true, json!(true), true), (false, json!(true), false), (true, json!("true"), false), (true, json!(1), false)]
    {
        let keys = json!({ "inline": { "keys": [public(&es256, "e", "ES256")] } });
        let mut settings = settings(FILE_ISSUER, &keys);
        settings["staff"] = json!(staff);
        let issuers = serde_json::from_value(json!([settings])).map(Issuers::prepare).expect("settings");
        let said = said_by(FILE_ISSUER, &world).claim("helpdesk", claim.clone());
        let assertion = issuers.expect("issuers").verify(&signed(&said, "ES256", "e", &es256), world.now());
        assert_eq!(assertion.expect("an assertion").helpdesk, is_agent, "staff {staff}, helpdesk {claim}");
    }
}

#[test]
fn unsafe_settings_are_refused_at_start() {
    let rejected = |changes: &Value| {
        let scratch = Scratch::new(Database::Sqlite);
        let settings = with_keys_in_a_file(&scratch, &[public(&Key::es256(), "e", "ES256")], changes);
        let scratch = trusting(scratch, &[settings]);
        match Config::read(scratch.settings().clone()) {
            Err(problems) => problems.join("; "),
            Ok(config) => server::block_on(App::open(config, clock::system())).err().expect("a refusal"),
        }
    };
    for (changes, named) in [
        (json!({ "algorithms": ["HS256"] }), "algorithms are some of EdDSA, ES256, RS256, PS256"),
        (json!({ "algorithms": ["ES256", "HS512"] }), "algorithms are some of EdDSA, ES256, RS256, PS256"),
        (json!({ "algorithms": [] }), "algorithms are some of EdDSA, ES256, RS256, PS256"),
        (json!({ "algorithms": ["none"] }), "unknown variant `none`"),
        (json!({ "kinds": { "carte": "passport" } }), "passport is no kind of product"),
        (json!({ "acr": { "1": "very high" } }), "very high is no level of assurance"),
        (json!({ "keys": { "file": "/nowhere/keys.json" } }), "/nowhere/keys.json"),
        (json!({ "keys": "discovery", "issuer": "http://login.example.lu" }), "is not https"),
        (json!({ "stuff": true }), "unknown field `stuff`"),
    ] {
        let told = rejected(&changes);
        assert!(told.contains(named), "{changes}: {told}");
    }
    let twice = settings(FILE_ISSUER, &json!({ "inline": { "keys": [] } }));
    let scratch = trusting(Scratch::new(Database::Sqlite), &[twice.clone(), twice]);
    let config = Config::read(scratch.settings().clone()).expect("a configuration");
    let told = server::block_on(App::open(config, clock::system())).err().expect("a refusal");
    assert!(told.contains("is configured twice"), "{told}");
}

/// An identity provider on this machine, which publishes its metadata and keys, and counts who asks.
struct Provider {
    url: String,
    state: Arc<Mutex<Published>>,
    /// Who holds this keeps the provider from answering.
    gate: Arc<Mutex<()>>,
}

/// What a provider answers; nothing while it is down.
#[derive(Clone, Default)]
struct Published {
    metadata: Value,
    keys: Value,
    is_down: bool,
    asked: usize,
}

impl Provider {
    fn start(keys: &[Value]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("its address"));
        let metadata = json!({ "issuer": url, "jwks_uri": format!("{url}/keys") });
        let state = Published { metadata, keys: json!({ "keys": keys }), ..Published::default() };
        let provider = Self { url, state: Arc::new(Mutex::new(state)), gate: Arc::default() };
        let (state, gate) = (Arc::clone(&provider.state), Arc::clone(&provider.gate));
        // It ends with the program.
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let mut lines = BufReader::new(&stream).lines().map_while(Result::ok);
                let asked_for = lines.next().unwrap_or_default();
                lines.by_ref().take_while(|line| !line.is_empty()).for_each(drop);
                let answer = state.lock().expect("a state").answer(&asked_for);
                drop(gate.lock());
                let _ = stream.write_all(answer.as_bytes());
            }
        });
        provider
    }

    fn settings(&self) -> Value {
        settings(&self.url, &json!("discovery"))
    }

    fn world(&self) -> World {
        World::start_in(trusting(Scratch::new(Database::Sqlite), &[self.settings()]))
    }

    fn change(&self, change: impl FnOnce(&mut Published)) {
        change(&mut self.state.lock().expect("a state"));
    }

    /// How often the metadata were asked for.
    fn asked(&self) -> usize {
        self.state.lock().expect("a state").asked
    }
}

impl Published {
    fn answer(&mut self, asked_for: &str) -> String {
        let is_metadata = asked_for.starts_with("GET /.well-known/openid-configuration ");
        self.asked += usize::from(is_metadata);
        let (status, body) = if self.is_down {
            ("503 Service Unavailable", Value::Null)
        } else if is_metadata {
            ("200 OK", self.metadata.clone())
        } else if asked_for.starts_with("GET /keys ") {
            ("200 OK", self.keys.clone())
        } else {
            ("404 Not Found", Value::Null)
        };
        let body = body.to_string();
        let head = format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}", body.len());
        format!("{head}\r\nconnection: close\r\n\r\n{body}")
    }
}

#[test]
fn discovered_keys_are_asked_for_when_first_needed_and_after_an_hour() {
    let es256 = Key::es256();
    let provider = Provider::start(&[public(&es256, "e", "ES256")]);
    let world = provider.world();
    let by = |kid: &str| signed(&said_by(&provider.url, &world), "ES256", kid, &es256);
    assert_eq!(provider.asked(), 0);
    for _ in 0..3 {
        register(&world, &by("e")).expect(201);
    }
    assert_eq!(provider.asked(), 1);

    // A key that is published no more serves an hour at most.
    provider.change(|published| published.keys = json!({ "keys": [] }));
    world.wait(TimeDelta::minutes(59));
    register(&world, &by("e")).expect(201);
    world.wait(TimeDelta::minutes(1));
    refused(&world, &by("e"));
    assert_eq!(provider.asked(), 2);
}

#[test]
fn an_unknown_key_is_asked_for_at_most_once_a_minute() {
    let (es256, new) = (Key::es256(), Key::strange());
    let provider = Provider::start(&[public(&es256, "e", "ES256")]);
    let world = provider.world();
    let by = |algorithm: &str, kid: &str, key: &Key| signed(&said_by(&provider.url, &world), algorithm, kid, key);
    for _ in 0..5 {
        refused(&world, &by("EdDSA", "new", &new));
    }
    assert_eq!(provider.asked(), 1);
    register(&world, &by("ES256", "e", &es256)).expect(201);

    provider.change(|published| {
        published.keys = json!({ "keys": [public(&es256, "e", "ES256"), public(&new, "new", "EdDSA")] });
    });
    world.wait(TimeDelta::seconds(55));
    refused(&world, &by("EdDSA", "new", &new));
    assert_eq!(provider.asked(), 1);
    world.wait(TimeDelta::seconds(5));
    register(&world, &by("EdDSA", "new", &new)).expect(201);
    for kid in ["newer", "newest"] {
        refused(&world, &by("EdDSA", kid, &new));
    }
    assert_eq!(provider.asked(), 2);

    // Nobody makes us ask by naming an issuer that we don't trust.
    let untrusted = Provider::start(&[public(&new, "new", "EdDSA")]);
    refused(&world, &signed(&said_by(&untrusted.url, &world), "EdDSA", "new", &new));
    assert_eq!(untrusted.asked(), 0);
}

#[test]
fn an_issuer_that_is_down_opens_no_door_and_closes_none() {
    let (es256, strange) = (Key::es256(), Key::strange());
    let provider = Provider::start(&[public(&es256, "e", "ES256")]);
    let world = provider.world();
    let by = |kid: &str, key: &Key, algorithm: &str| signed(&said_by(&provider.url, &world), algorithm, kid, key);
    provider.change(|published| published.is_down = true);
    refused(&world, &by("e", &es256, "ES256"));
    provider.change(|published| published.is_down = false);
    refused(&world, &by("e", &es256, "ES256"));
    world.wait(TimeDelta::minutes(1));
    register(&world, &by("e", &es256, "ES256")).expect(201);

    provider.change(|published| published.is_down = true);
    world.wait(TimeDelta::hours(2));
    register(&world, &by("e", &es256, "ES256")).expect(201);
    refused(&world, &by("e", &strange, "ES256"));
    refused(&world, &by("new", &strange, "EdDSA"));
    world.person();
}

#[test]
fn an_issuer_that_is_slow_keeps_nobody_waiting_whose_key_is_known() {
    let (es256, new) = (Key::es256(), Key::strange());
    let provider = Provider::start(&[public(&es256, "e", "ES256")]);
    let world = provider.world();
    let known = || signed(&said_by(&provider.url, &world), "ES256", "e", &es256);
    register(&world, &known()).expect(201);
    world.wait(TimeDelta::minutes(1));

    let known = known();
    let unknown = signed(&said_by(&provider.url, &world), "EdDSA", "new", &new);
    let closed = provider.gate.lock().expect("a gate");
    thread::scope(|scope| {
        let asking = scope.spawn(|| refused(&world, &unknown));
        wait_until("the issuer is asked again", || provider.asked() == 2);
        register(&world, &known).expect(201);
        assert!(!asking.is_finished(), "the other one waited for the issuer");
        drop(closed);
    });
}

#[test]
fn metadata_that_are_not_the_issuers_own_are_not_believed() {
    let es256 = Key::es256();
    let elsewhere = Provider::start(&[public(&es256, "e", "ES256")]);
    for metadata in [
        json!({ "issuer": elsewhere.url, "jwks_uri": format!("{}/keys", elsewhere.url) }),
        json!({ "issuer": "https://evil.example", "jwks_uri": format!("{}/keys", elsewhere.url) }),
        json!({ "jwks_uri": format!("{}/keys", elsewhere.url) }),
        json!([]),
        Value::Null,
    ] {
        let provider = Provider::start(&[public(&es256, "e", "ES256")]);
        provider.change(|published| published.metadata = metadata);
        let world = provider.world();
        refused(&world, &signed(&said_by(&provider.url, &world), "ES256", "e", &es256));
        assert_eq!(provider.asked(), 1);
    }
    let provider = Provider::start(&[public(&es256, "e", "ES256")]);
    provider.change(|published| published.metadata["jwks_uri"] = json!("http://keys.example.lu/keys"));
    let world = provider.world();
    refused(&world, &signed(&said_by(&provider.url, &world), "ES256", "e", &es256));
}
