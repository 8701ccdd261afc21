//! The program as an operator meets it: how it starts, what it refuses, what it logs, and how it dies.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Mutex,
};

use api::{keys::DataKeys, tokens::signing};
use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::{Actor, Database, Process, Reply, Scratch, Signal, World, client, crowd, eventually, text};

#[test]
fn an_sqlite_file_is_served_once() {
    let mut scratch = Scratch::new(Database::Sqlite);
    let first = Process::serve(&mut scratch);
    // Who holds this lock may change the schema: whoever is refused the file does not even ask for it.
    let schema = fs::File::create(scratch.path().join("espace-pro.db.migration")).expect("a file");
    schema.lock().expect("the lock");
    let told = refusal(&mut scratch);
    assert!(told.contains("espace-pro.db is served by another process"), "{told}");
    Actor::newcomer(&first.anonymous(), &["eid"]);
}

#[test]
fn sqlite_is_migrated_at_start() {
    let mut scratch = Scratch::new(Database::Sqlite);
    let process = Process::serve(&mut scratch);
    Actor::newcomer(&process.anonymous(), &["eid"]);
    let mut migrate = Process::start(&scratch, "migrate");
    assert!(migrate.ended().success());
    assert_eq!(migrate.log(), "0 migrations were run\n");
}

#[test]
fn postgres_is_migrated_by_its_own_command() {
    let mut scratch = Scratch::unmigrated(Database::Postgres);
    let told = refusal(&mut scratch);
    assert!(told.contains("run `espace-pro migrate` first"), "{told}");

    let mut rivals = [Process::start(&scratch, "migrate"), Process::start(&scratch, "migrate")];
    assert!(rivals.iter_mut().all(|rival| rival.ended().success()));
    let told = rivals.map(|rival| rival.log());
    assert!(told.contains(&"0 migrations were run\n".to_owned()), "one worked and the other waited: {told:?}");
    Actor::newcomer(&Process::serve(&mut scratch).anonymous(), &["eid"]);
}

#[test]
fn production_says_at_once_all_that_it_lacks_or_refuses() {
    let mut scratch = Scratch::new(Database::Sqlite);
    scratch.set("ESPACE_PRO_MODE", "production");
    scratch.set("ESPACE_PRO_SANDBOX", "on");
    scratch.set("ESPACE_PRO_LIMITS", "off");
    let told = refusal(&mut scratch);
    for problem in [
        "ESPACE_PRO_DATA_KEYS is required in production",
        "ESPACE_PRO_PUBLIC_URL is required in production",
        "ESPACE_PRO_MAIL_URL is required in production",
        "ESPACE_PRO_SANDBOX can't be on in production",
        "ESPACE_PRO_LIMITS can't be off in production",
    ] {
        assert!(told.contains(problem), "{problem} is not in {told}");
    }
    assert_eq!(files(&scratch.path().join("keys")), [] as [PathBuf; 0], "production made a key");
}

#[test]
fn production_wants_a_signing_key_that_nobody_else_can_read() {
    let mut scratch = production();
    let key = files(&scratch.path().join("keys/signing")).pop().expect("a key");
    fs::set_permissions(&key, Permissions::from_mode(0o644)).expect("a mode");
    let told = refusal(&mut scratch);
    assert!(told.contains(".pem can be read by others (mode 644): make it 0600"), "{told}");

    fs::remove_file(&key).expect("a file");
    let told = refusal(&mut scratch);
    assert!(told.contains("there is no signing key"), "{told}");
}

#[test]
fn production_refuses_what_a_sandbox_wrote() {
    let mut scratch = production();
    scratch.set("ESPACE_PRO_MODE", "development");
    drop(Process::serve(&mut scratch));
    scratch.set("ESPACE_PRO_MODE", "production");
    let told = refusal(&mut scratch);
    assert!(told.contains("a sandbox wrote to this database: production does not serve it"), "{told}");
}

#[test]
fn production_has_no_sandbox() {
    let mut scratch = production();
    let process = Process::serve(&mut scratch);
    let anonymous = process.anonymous();
    anonymous.get("/sandbox/persons").expect_problem(404, "not_found");
    anonymous.get("/sandbox/mails?to=a@example.lu").expect_problem(404, "not_found");
    anonymous.post("/sandbox/persons", &json!({ "products": ["eid"] })).expect_problem(404, "not_found");
    anonymous.post("/sandbox/assertions", &json!({})).expect_problem(404, "not_found");
    let contract = anonymous.get("/v1/openapi.json").expect(200);
    assert!(contract["paths"].get("/v1/spaces").is_some());
    assert!(!contract.to_string().to_lowercase().contains("sandbox"));
}

#[test]
fn a_sandbox_is_not_opened_to_the_world_by_accident() {
    let mut scratch = Scratch::new(Database::Sqlite);
    scratch.set("ESPACE_PRO_LISTEN", "0.0.0.0:0");
    let mut process = Process::start(&scratch, "serve");
    assert_eq!(process.ended().code(), Some(1));
    assert!(process.log().contains("unless ESPACE_PRO_SANDBOX_EXPOSED is on"), "{}", process.log());
}

#[test]
fn nobody_else_can_read_the_keys_that_it_makes() {
    let mut scratch = Scratch::new(Database::Sqlite);
    drop(Process::serve(&mut scratch));
    let folder = scratch.path().join("keys");
    let modes: BTreeMap<PathBuf, u32> = files(&folder)
        .into_iter()
        .map(|path| {
            let mode = fs::metadata(&path).expect("a file").permissions().mode() & 0o777;
            (path.strip_prefix(&folder).expect("a part").to_owned(), mode)
        })
        .collect();
    let expected = ["data", "sandbox.pem", "signing/0000-first.pem"].map(|path| (PathBuf::from(path), 0o600));
    assert_eq!(modes, BTreeMap::from(expected));
}

#[test]
fn the_log_has_one_event_a_request_and_nothing_of_a_person() {
    let mut scratch = Scratch::new(Database::Sqlite);
    scratch.set("ESPACE_PRO_LOG_FORMAT", "json");
    let process = Process::serve(&mut scratch);
    let mut anna = process.anonymous();
    let person = anna.become_test_person(&json!({ "products": ["luxtrust_professional", "eid"] }));
    let secrets = a_full_walk(&mut anna, &person);
    let last = anna.get("/health/live").header("x-request-id");

    eventually("the last request is logged", || process.log().contains(&last).then_some(()));
    let log = process.log();
    // Development says three sentences before it serves.
    let (events, sentences): (Vec<&str>, Vec<&str>) = log.lines().partition(|line| line.starts_with('{'));
    assert_eq!(sentences.len(), 3, "{sentences:?}");
    let events: Vec<Value> = events.into_iter().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let requests: Vec<&Value> = events.iter().filter(|event| event["message"] == "request").collect();
    let ids: BTreeSet<&str> = requests.iter().filter_map(|event| event["id"].as_str()).collect();
    assert_eq!(ids.len(), requests.len(), "an event too many");
    let contract = anna.get("/v1/openapi.json").expect(200);
    for event in &requests {
        let route = event["route"].as_str().expect("a route");
        assert!(route == "-" || contract["paths"].get(route).is_some(), "no route: {event}");
        assert!(event["status"].is_u64() && event["method"].is_string(), "{event}");
    }
    for (id, route, status) in [("walk-space", "/v1/spaces/{id}", 200), ("walk-nowhere", "-", 404)] {
        let found: Vec<_> = requests.iter().filter(|event| event["id"] == id).collect();
        assert_eq!(found.len(), 1);
        assert_eq!((&found[0]["route"], &found[0]["status"]), (&json!(route), &json!(status)));
    }
    // Times and ids are digits enough to look like a code.
    let said: Vec<String> = events.iter().map(|event| without(event, &["timestamp", "micros", "id"])).collect();
    for (what, secret) in secrets {
        assert!(!secret.is_empty());
        let told = said.iter().find(|event| event.contains(&secret));
        assert!(told.is_none(), "{what} is logged: {told:?}");
    }
}

/// Does everything once and wrongly once; gives all that must stay out of the log.
fn a_full_walk(anna: &mut Actor, person: &Value) -> Vec<(&'static str, String)> {
    let mut secrets = vec![
        ("an e-mail address", anna.email()),
        ("a part of an e-mail address", anna.sandbox_id.clone()),
        ("a given name", text(&person["givenName"])),
        ("a family name", text(&person["familyName"])),
        ("a national number", text(&person["nationalNumber"])),
        ("a serial number", anna.products[0].serial.clone()),
        ("another serial number", anna.products[1].serial.clone()),
        ("a title", "Boulangerie".to_owned()),
        ("an address of notices", "office@example.lu".to_owned()),
    ];
    for product in 0..2 {
        let registration = anna.begin_registration(product).expect(201);
        let path = format!("/v1/registrations/{}", text(&registration["id"]));
        anna.get(&path).expect(200);
        secrets.push(("a superseded code", anna.mailed_code()));
        anna.post(&format!("{path}/resend"), &json!({})).expect(200);
        let code = anna.mailed_code();
        anna.post(&format!("{path}/confirm"), &json!({ "code": anna.email() })).expect(400);
        let wrong = if code == "123456" { "654321" } else { "123456" };
        anna.post(&format!("{path}/confirm"), &json!({ "code": wrong })).expect(400);
        anna.post(&format!("{path}/confirm"), &json!({ "code": code })).expect(200);
        secrets.push(("a code", code));
    }
    let assertion = anna.assertion(0);
    anna.exchange(&assertion).expect(200);
    anna.exchange(&assertion).expect_grant_refused();
    anna.exchange(&format!("{assertion}x")).expect_grant_refused();
    anna.exchange(&anna.email()).expect_grant_refused();
    anna.log_in(0).expect(200);
    let spent = anna.refresh_token.clone().unwrap_or_default();
    anna.refresh().expect(200);
    secrets.extend([("an assertion", assertion), ("a spent refresh token", spent.clone())]);

    anna.accept_terms();
    let space = text(&anna.open_space("Boulangerie").expect(201)["id"]);
    anna.open_private_space().expect(201);
    anna.get("/v1/me/landing").expect(200);
    anna.get("/v1/me/authentication-products").expect(200);
    let path = format!("/v1/spaces/{space}");
    let seen = anna.send("GET", &path, &[("x-request-id", "walk-space")], vec![]);
    anna.patch(&path, &seen.header("etag"), &json!({ "notificationEmail": anna.email() })).expect(200);

    // What a client gets wrong may hold what he should have kept to himself.
    let (email, number) = (anna.email(), text(&person["nationalNumber"]));
    anna.send("GET", &format!("/{email}/{number}"), &[("x-request-id", "walk-nowhere")], vec![]).expect(404);
    anna.get(&format!("/v1/spaces/{email}")).expect(404);
    anna.get(&format!("/v1/spaces?{email}={number}")).expect(400);
    anna.get(&format!("/v1/spaces?cursor={number}")).expect(400);
    anna.post("/v1/spaces", &json!({ email.clone(): number.clone() })).expect(400);
    anna.post("/v1/spaces", &json!({ "kind": email })).expect(400);
    anna.post("/v1/me/terms-acceptances", &json!({ "version": email })).expect(409);
    anna.post("/v1/registrations", &json!({ "assertion": number, "email": email, "language": "en" })).expect(400);
    let mut stranger = anna.clone();
    stranger.token = Some(email);
    stranger.get("/v1/me/landing").expect(401);
    stranger.token = anna.token.clone().map(|token| token + "x");
    stranger.get("/v1/me/landing").expect(401);
    anna.refresh_with(&spent).expect_grant_refused();
    anna.get("/v1/me/landing").expect(401);
    secrets.push(("an access token", anna.token.clone().unwrap_or_default()));
    secrets.push(("a refresh token", anna.refresh_token.clone().unwrap_or_default()));
    secrets
}

#[test]
fn killed_at_work_it_loses_nothing_that_was_acknowledged() {
    let mut scratch = Scratch::new(Database::Sqlite);
    scratch.set("ESPACE_PRO_PUBLIC_URL", "http://espace-pro.test");
    let mut process = Process::serve(&mut scratch);
    let mut founders: Vec<Actor> = (0..4).map(|_| Actor::newcomer(&process.anonymous(), &["eid"])).collect();
    founders.iter().for_each(Actor::accept_terms);
    // Nothing can be dropped there, so mails are in the outbox when the program dies.
    let (drop, away) = (scratch.path().join("mails"), scratch.path().join("mails.away"));
    fs::rename(&drop, &away).and_then(|()| fs::write(&drop, "")).expect("no folder of mails");
    let mut newcomer = process.anonymous();
    newcomer.become_test_person(&json!({ "products": ["eid"] }));
    newcomer.begin_registration(0).expect(201);
    eventually("the mail is tried", || process.log().contains("it is tried again").then_some(()));

    let acknowledged: Mutex<Vec<(usize, String)>> = Mutex::default();
    crowd(16, 16, |job| {
        let founder = job % founders.len();
        while let Some(reply) = try_open_space(&founders[founder]) {
            let mut acknowledged = acknowledged.lock().expect("nobody panicked");
            acknowledged.push((founder, text(&reply.expect(201)["id"])));
            if acknowledged.len() == 200 {
                process.signal(Signal::KILL);
            }
        }
    });
    assert!(!process.ended().success());
    fs::remove_file(&drop).and_then(|()| fs::rename(&away, &drop)).expect("the folder of mails");

    let restarted = Process::serve(&mut scratch);
    let acknowledged = acknowledged.into_inner().expect("nobody panicked");
    assert!(acknowledged.len() >= 200);
    for (place, founder) in founders.iter_mut().enumerate() {
        *founder = founder.at(&restarted.anonymous());
        let (spaces, products) = (founder.spaces(), founder.get("/v1/me/authentication-products").expect(200));
        assert_eq!(products["data"][0]["spacesUsed"], spaces.len(), "a space has lost its administrator");
        let lost: Vec<_> =
            acknowledged.iter().filter(|(owner, space)| *owner == place && !spaces.contains(space)).collect();
        assert_eq!(lost, [] as [&(usize, String); 0]);
        founder.open_private_space().expect(201);
    }
    std::mem::drop(restarted);

    // The mail is the dead program's own for a minute; no clock of the world can be as late as this one.
    let world = World::start_in(scratch);
    world.wait(TimeDelta::days(36_500));
    let newcomer = newcomer.at(&world.anonymous());
    assert_eq!(newcomer.mailed_code().len(), 6);
}

fn try_open_space(founder: &Actor) -> Option<Reply> {
    let body = founder.own_professional("Boulangerie").to_string().into_bytes();
    founder.try_send("POST", "/v1/spaces", &[("content-type", "application/json")], body)
}

/// What `serve` says when it refuses to start.
#[track_caller]
fn refusal(scratch: &mut Scratch) -> String {
    scratch.set("ESPACE_PRO_LISTEN", "127.0.0.1:0");
    let mut process = Process::start(scratch, "serve");
    assert_eq!(process.ended().code(), Some(1), "{}", process.log());
    process.log()
}

/// The settings of production, with all that it needs.
fn production() -> Scratch {
    let mut scratch = Scratch::new(Database::Sqlite);
    signing::make_first_key(&scratch.path().join("keys/signing")).expect("a key");
    scratch.set("ESPACE_PRO_MODE", "production");
    scratch.set("ESPACE_PRO_LIMITS", "on");
    scratch.set("ESPACE_PRO_PUBLIC_URL", "https://espace-pro.example.lu");
    scratch.set("ESPACE_PRO_DATA_KEYS", &DataKeys::generate());
    scratch.set("ESPACE_PRO_MAIL_URL", "smtp://127.0.0.1:25");
    scratch.set("ESPACE_PRO_MAIL_FROM", "Espace Pro <noreply@example.lu>");
    scratch.set("ESPACE_PRO_DRAIN_SECONDS", "0");
    scratch
}

/// Every file of a folder and its folders; none where there is no folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().map(|entry| entry.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// An event without some of its fields.
fn without(event: &Value, fields: &[&str]) -> String {
    let mut event = event.clone();
    for field in fields {
        event.as_object_mut().expect("an event").remove(*field);
    }
    event.to_string()
}

#[test]
fn metrics_are_told_on_a_listener_of_their_own_by_route_and_not_by_path() {
    let mut scratch = Scratch::new(Database::Sqlite);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    let address = listener.expect("a free port").to_string();
    scratch.set("ESPACE_PRO_METRICS_LISTEN", &address);
    let server = Process::serve(&mut scratch);
    let someone = server.anonymous();
    someone.get("/v1/registrations/019d6c3e-8c00-7000-8000-000000000000").expect_problem(404, "not_found");
    someone.get("/metrics").expect_problem(404, "not_found");

    let metrics = Actor::new(&format!("http://{address}"), client()).get("/metrics");
    assert!(metrics.header("content-type").starts_with("application/openmetrics-text"));
    let counted = r#"espace_pro_requests_total{route="/v1/registrations/{id}",method="GET",status="404"} 1"#;
    assert!(metrics.text.contains(counted), "{}", metrics.text);
    assert!(metrics.text.contains("espace_pro_request_duration_seconds_bucket{"));
    assert!(!metrics.text.contains("019d6c3e"));
}
