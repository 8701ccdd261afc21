//! Keys change while servers serve: nobody is refused, and what an old key protected is read without it.

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Output,
    sync::atomic::{AtomicBool, Ordering},
    thread::{scope, sleep},
    time::Duration,
};

use api::{keys::DataKeys, tokens::signing};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::support::{Actor, Database, Jwt, Key, Process, Rival, Scratch, Signal, World, crowd, text, wait_until};

crate::on_both_databases!(tokens_of_a_superseded_key_serve_until_they_die);

fn kid(actor: &Actor) -> String {
    text(&Jwt::read(actor.token.as_deref().expect("a token")).header["kid"])
}

fn published(anybody: &Actor) -> BTreeSet<String> {
    let jwks = anybody.get("/.well-known/jwks.json").expect(200);
    jwks["keys"].as_array().expect("keys").iter().map(|key| text(&key["kid"])).collect()
}

fn landing_with(actor: &Actor, token: Option<String>) -> u16 {
    let mut actor = actor.clone();
    actor.token = token;
    actor.get("/v1/me/landing").status
}

fn tokens_of_a_superseded_key_serve_until_they_die(world: &World) {
    let folder = world.folder().join("keys/signing");
    let mut anna = world.person();
    let (old_token, old) = (anna.token.clone(), kid(&anna));
    let new = add_signing_key(&folder, world.now() + TimeDelta::minutes(5)).id;
    assert_eq!(published(&anna), BTreeSet::from([old.clone()]));
    world.wait(TimeDelta::seconds(30));
    // It is published, and does not sign yet.
    assert_eq!(published(&anna), BTreeSet::from([old.clone(), new.clone()]));
    anna.refresh().expect(200);
    assert_eq!(kid(&anna), old);

    world.wait(TimeDelta::minutes(5));
    anna.refresh().expect(200);
    assert_eq!(kid(&anna), new);
    assert_eq!((landing_with(&anna, anna.token.clone()), landing_with(&anna, old_token.clone())), (200, 200));
    assert_eq!(signing::prune(&folder, world.now()), Ok(vec![]));
    world.wait(TimeDelta::minutes(4));
    assert_eq!(landing_with(&anna, old_token.clone()), 200);
    world.wait(TimeDelta::minutes(1));
    assert_eq!(landing_with(&anna, old_token), 401);

    world.wait(TimeDelta::minutes(10));
    // It is dead, and so published no more, whether or not somebody removes it.
    assert_eq!(published(&anna), BTreeSet::from([new.clone()]));
    assert_eq!(signing::prune(&folder, world.now()), Ok(vec![old]));
    world.wait(TimeDelta::seconds(30));
    assert_eq!(published(&anna), BTreeSet::from([new]));
    anna.refresh().expect(200);
    anna.get("/v1/me/landing").expect(200);
}

#[test]
fn a_key_that_is_removed_or_returns_is_seen_though_its_tokens_are_remembered() {
    let world = World::start(Database::Sqlite);
    let mut anna = world.person();
    let token = anna.token.clone();
    assert_eq!(landing_with(&anna, token.clone()), 200);
    let folder = world.folder().join("keys/signing");
    add_signing_key(&folder, world.now());
    // Another file that is wrong doesn't keep it alive.
    fs::write(folder.join("wrong.pem"), "no key").expect("a file");
    fs::rename(folder.join("0000-first.pem"), folder.join("leaked")).expect("a file");
    world.wait(TimeDelta::seconds(30));
    assert_eq!(landing_with(&anna, token.clone()), 401);
    // An unknown key has the folder read once a second at most.
    fs::rename(folder.join("leaked"), folder.join("0000-first.pem")).expect("a file");
    assert_eq!(landing_with(&anna, token.clone()), 401);
    world.wait(TimeDelta::seconds(1));
    assert_eq!(landing_with(&anna, token.clone()), 200);

    let away = world.folder().join("away");
    fs::rename(&folder, &away).expect("a folder");
    world.wait(TimeDelta::seconds(30));
    assert_eq!((landing_with(&anna, token.clone()), published(&anna).len()), (200, 2));

    // Where none is left nobody is believed, and nobody's refresh token is used up.
    fs::rename(&away, &folder).expect("a folder");
    let keys = fs::read_dir(&folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let keys: Vec<PathBuf> = keys.filter(|path| path.extension().is_some_and(|extension| extension == "pem")).collect();
    for key in &keys {
        fs::rename(key, key.with_extension("away")).expect("a file");
    }
    world.wait(TimeDelta::seconds(30));
    assert_eq!(landing_with(&anna, token), 401);
    anna.refresh().expect_problem(503, "busy");
    for key in &keys {
        fs::rename(key.with_extension("away"), key).expect("a file");
    }
    world.wait(TimeDelta::seconds(30));
    anna.refresh().expect(200);
}

/// Adds a signing key whose file was there when it began to sign, whatever the clock of the machine says.
fn add_signing_key(folder: &Path, since: DateTime<Utc>) -> signing::SigningKey {
    let key = signing::add(folder, since).expect("a key");
    fs::File::open(&key.path).and_then(|file| file.set_modified(since.into())).expect("a time");
    key
}

/// `espace-pro key …`: whether it succeeded, what it printed, and what it said besides.
fn key(scratch: &Scratch, arguments: &[&str]) -> (bool, String, String) {
    let Output { status, stdout, stderr } =
        Process::command(scratch, "key").args(arguments).output().expect("the program");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (status.success(), text(&stdout), text(&stderr))
}

#[track_caller]
fn keyed(scratch: &Scratch, arguments: &[&str]) -> String {
    let (done, told, problem) = key(scratch, arguments);
    assert!(done, "{arguments:?}: {problem}");
    told
}

fn state_of(list: &str, id: &str) -> String {
    let line = list.lines().find(|line| line.starts_with(&format!("{id}\t"))).unwrap_or_else(|| panic!("{id}: {list}"));
    line.split('\t').nth(2).expect("a state").to_owned()
}

/// Shows a server tokens of a key that nobody knows until it has looked for it, and found these keys instead.
fn have_it_look(server: &Process, token: &str, keys: &[&String]) {
    let keys = keys.iter().map(|key| (*key).clone()).collect();
    wait_until("the server looks", || {
        have_a_look(server, token);
        published(&server.anonymous()) == keys
    });
}

fn have_a_look(server: &Process, token: &str) {
    let mut stranger = server.anonymous();
    stranger.token = Some(Jwt::read(token).header("kid", "nobody").sign(&Key::strange()));
    stranger.get("/v1/me/landing").expect_problem(401, "token_invalid");
}

#[test]
fn a_signing_key_changes_on_two_servers_and_nobody_is_refused() {
    let mut scratch = Scratch::new(Database::Postgres);
    scratch.set("ESPACE_PRO_PUBLIC_URL", "https://espace-pro.example.lu");
    let servers = [Process::serve(&mut scratch), Process::serve(&mut scratch)];
    let anna = Actor::newcomer(&servers[0].anonymous(), &["eid"]);
    let (old_token, old) = (anna.token.clone().expect("a token"), kid(&anna));
    assert_eq!(state_of(&keyed(&scratch, &["signing", "list"]), &old), "signing");

    let told = keyed(&scratch, &["signing", "add", "--in", "4"]);
    let new = told.split(' ').next().expect("an id").to_owned();
    let list = keyed(&scratch, &["signing", "list"]);
    assert_eq!((state_of(&list, &old), state_of(&list, &new)), ("signing".into(), "waiting".into()));
    for server in &servers {
        have_it_look(server, &old_token, &[&old, &new]);
    }

    let both = servers.each_ref().map(Process::anonymous);
    let seen = scope(|scope| {
        let clients: Vec<_> = (0..4)
            .map(|place| {
                let mut client = Actor::newcomer(&both[place % 2], &["eid"]);
                let (both, old_token, new) = (&both, &old_token, &new);
                scope.spawn(move || {
                    let mut seen = vec![kid(&client)];
                    for round in 0..400 {
                        client = client.at(&both[round % 2]);
                        client.refresh().expect(200);
                        seen.push(kid(&client));
                        for server in both {
                            let at_server = client.at(server);
                            let (its_own, first) = (client.token.clone(), Some(old_token.clone()));
                            assert_eq!(
                                (landing_with(&at_server, its_own), landing_with(&at_server, first)),
                                (200, 200)
                            );
                        }
                        if seen.iter().filter(|kid| *kid == new).count() == 5 {
                            return seen;
                        }
                        sleep(Duration::from_millis(50));
                    }
                    panic!("the new key does not sign");
                })
            })
            .collect();
        clients.into_iter().map(|client| client.join().expect("a client")).collect::<Vec<_>>()
    });
    for seen in seen {
        assert!(seen.is_sorted_by_key(|kid| *kid == new) && seen[0] == old, "{seen:?}");
    }
    let list = keyed(&scratch, &["signing", "list"]);
    assert_eq!((state_of(&list, &old), state_of(&list, &new)), ("retiring".into(), "signing".into()));
    assert_eq!(keyed(&scratch, &["signing", "prune"]), "0 keys were removed\n");
}

#[test]
fn an_export_is_verified_when_the_private_half_of_its_key_is_gone() {
    let mut scratch = Scratch::new(Database::Sqlite);
    let server = Process::serve(&mut scratch);
    let mut anna = Actor::newcomer(&server.anonymous(), &["eid"]);
    let audit = |arguments: &[&str]| {
        let done = Process::command(&scratch, "audit").args(arguments).output().expect("the program");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8_lossy(&done.stdout).into_owned()
    };
    let heads = scratch.path().join("heads.jws");
    fs::write(&heads, audit(&["heads"])).expect("a file");

    let old = kid(&anna);
    let hours_ago = DateTime::<Utc>::from_timestamp(1_790_000_000, 0).expect("a time");
    let folder = scratch.path().join("keys/signing");
    let new = add_signing_key(&folder, hours_ago);
    assert_eq!(state_of(&keyed(&scratch, &["signing", "list"]), &old), "dead");
    let told = keyed(&scratch, &["signing", "prune"]);
    assert_eq!(told, format!("{old} is removed\n1 keys were removed\n"));
    assert!(audit(&["verify", "--against", heads.to_str().expect("a path")]).contains("findings: 0"));
    assert_eq!(state_of(&keyed(&scratch, &["signing", "list"]), &old), "public half only");

    have_it_look(&server, anna.token.as_deref().expect("a token"), &[&new.id]);
    anna.get("/v1/me/landing").expect_problem(401, "token_invalid");
    anna.refresh().expect(200);
    anna.get("/v1/me/landing").expect(200);

    // A folder that is wrong is told once, and what was known stays in use.
    fs::set_permissions(&new.path, fs::Permissions::from_mode(0o644)).expect("a mode");
    let token = anna.token.clone().expect("a token");
    let told = || server.log().matches("the signing keys can't be read").count();
    wait_until("the server says so", || {
        have_a_look(&server, &token);
        told() == 1
    });
    sleep(Duration::from_millis(1100));
    have_a_look(&server, &token);
    assert_eq!(told(), 1);
    anna.get("/v1/me/landing").expect(200);
    fs::set_permissions(&new.path, fs::Permissions::from_mode(0o600)).expect("a mode");
    wait_until("the server says so", || {
        have_a_look(&server, &token);
        server.log().contains("the signing keys can be read again")
    });

    let files = fs::read_dir(&folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    for file in files {
        assert_eq!(fs::metadata(&file).expect("a file").permissions().mode() & 0o777, 0o600, "{}", file.display());
    }
}

/// What `espace-pro key data list` counts for a key: registrations, persons, messages, company profiles; and what it says.
fn counted(scratch: &Scratch, id: &str) -> (Vec<u64>, String) {
    let list = keyed(scratch, &["data", "list"]);
    let head: Vec<_> = list.lines().next().expect("a head").split('\t').collect();
    let counted = ["registrations.number_sealed", "persons.number_sealed", "outbox.sealed", "company_profiles.sealed"];
    let place = |column: &str| head.iter().position(|known| *known == column).unwrap_or_else(|| panic!("{column}"));
    let line = list.lines().find(|line| line.starts_with(&format!("{id}\t"))).unwrap_or_else(|| panic!("{id}: {list}"));
    let parts: Vec<_> = line.split('\t').collect();
    (
        counted.iter().map(|column| parts[place(column)].parse().expect("a number")).collect(),
        parts[place("state")].to_owned(),
    )
}

fn restart(server: Process, scratch: &mut Scratch, keys: &[&String]) -> Process {
    server.signal(Signal::TERM);
    let mut server = server;
    assert!(server.ended().success(), "{}", server.log());
    drop(server);
    scratch.set("ESPACE_PRO_DATA_KEYS", &keys.iter().map(|key| key.as_str()).collect::<Vec<_>>().join(","));
    Process::serve(scratch)
}

fn mails(person: &Actor) -> usize {
    person.get(&format!("/sandbox/mails?to={}", person.email())).expect(200)["data"].as_array().expect("mails").len()
}

/// Registers a further product with the code of its own mail.
fn register_another_product(person: &Actor, product: usize) {
    let sent = mails(person);
    let registration = text(&person.begin_registration(product).expect(201)["id"]);
    wait_until("the code", || mails(person) == sent + 1);
    let confirmation = json!({ "code": person.mailed_code() });
    person.post(&format!("/v1/registrations/{registration}/confirm"), &confirmation).expect(200);
}

fn a_data_key_changes(database: Database) {
    let mut scratch = Scratch::new(database);
    let (k1, k2) = (DataKeys::generate(), DataKeys::generate_as("k2"));
    scratch.set("ESPACE_PRO_DATA_KEYS", &k1);
    let server = Process::serve(&mut scratch);
    let mut anna = server.anonymous();
    anna.become_test_person(&json!({ "products": ["eid", "luxtrust_private"] }));
    anna.register_product(0).expect(200);
    anna.log_in(0).expect(200);
    anna.accept_terms();
    let profile = format!("/v1/spaces/{}/company-profile", text(&anna.open_space("Boulangerie").expect(201)["id"]));
    anna.put(&profile, "*", &json!({ "legalName": "Boulangerie du Coin S.à r.l." })).expect(200);
    let mut marc = server.anonymous();
    marc.become_test_person(&json!({ "products": ["eid"] }));
    let registration = format!("/v1/registrations/{}", text(&marc.begin_registration(0).expect(201)["id"]));
    wait_until("his first mail", || mails(&marc) == 1);
    // A second mail waits in the outbox: where the folder of his mails was, there is a file.
    let mailed: Vec<PathBuf> = fs::read_dir(scratch.path().join("mails"))
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    for folder in &mailed {
        fs::rename(folder, folder.with_extension("away")).and_then(|()| fs::write(folder, "")).expect("a file");
    }
    marc.post(&format!("{registration}/resend"), &json!({})).expect(200);

    let server = restart(server, &mut scratch, &[&k1, &k2]);
    assert_eq!(counted(&scratch, "k1"), (vec![2, 1, 1, 1], "current".into()));
    let server = restart(server, &mut scratch, &[&k2, &k1]);
    let lea = Actor::newcomer(&server.anonymous(), &["eid"]);
    assert_eq!(counted(&scratch, "k1"), (vec![2, 1, 1, 1], "in use".into()));
    assert_eq!(counted(&scratch, "k2"), (vec![1, 1, 0, 0], "current".into()));
    // Beside the server.
    let told = keyed(&scratch, &["data", "rewrap"]);
    assert!(told.contains("registrations.number_sealed: 2 are under k2 now\n"), "{told}");
    assert_eq!(counted(&scratch, "k1").0, [0, 0, 0, 0]);
    assert!(counted(&scratch, "k1").1.starts_with("may be removed"));
    assert_eq!(counted(&scratch, "k2").0, [3, 2, 1, 1]);
    let again = keyed(&scratch, &["data", "rewrap"]);
    assert_eq!(again.matches(": 0 are under k2 now\n").count(), 16, "{again}");

    let server = restart(server, &mut scratch, &[&k2]);
    for folder in &mailed {
        fs::remove_file(folder).and_then(|()| fs::rename(folder.with_extension("away"), folder)).expect("a folder");
    }
    let somebody = server.anonymous();
    let mut anna = anna.at(&somebody);
    anna.log_in(0).expect(200);
    register_another_product(&anna, 1);
    anna.log_in(1).expect(200);
    let products = anna.get("/v1/me/authentication-products").expect(200);
    assert_eq!(products["data"].as_array().map(Vec::len), Some(2), "she is another person now: {products}");
    assert_eq!(anna.get(&profile).expect(200)["legalName"], "Boulangerie du Coin S.à r.l.");
    lea.at(&somebody).log_in(0).expect(200);
    let mut marc = marc.at(&somebody);
    wait_until("the mail that waited", || mails(&marc) == 2);
    marc.post(&format!("{registration}/resend"), &json!({})).expect(200);
    wait_until("his last mail", || mails(&marc) == 3);
    marc.post(&format!("{registration}/confirm"), &json!({ "code": marc.mailed_code() })).expect(200);
    marc.log_in(0).expect(200);
}

#[test]
fn a_data_key_changes_on_sqlite() {
    a_data_key_changes(Database::Sqlite);
}

#[test]
fn a_data_key_changes_on_postgres() {
    a_data_key_changes(Database::Postgres);
}

#[test]
fn development_changes_its_data_key_in_its_file() {
    let mut scratch = Scratch::new(Database::Sqlite);
    let mut server = Process::serve(&mut scratch);
    let anna = Actor::newcomer(&server.anonymous(), &["eid"]);
    let told = keyed(&scratch, &["data", "new"]);
    let id = told.split(' ').next().expect("an id").to_owned();
    let file = scratch.path().join("keys/data");
    assert_eq!(fs::metadata(&file).expect("a file").permissions().mode() & 0o777, 0o600);
    assert!(!told.contains(fs::read_to_string(&file).expect("keys").split(&[':', ','][..]).nth(1).expect("a key")));
    assert_eq!(counted(&scratch, &id), (vec![0, 0, 0, 0], "current".into()));

    server.signal(Signal::TERM);
    server.ended();
    let server = Process::serve(&mut scratch);
    assert!(keyed(&scratch, &["data", "rewrap"]).contains(&format!("persons.number_sealed: 1 are under {id} now")));
    assert!(counted(&scratch, "k1").1.starts_with("may be removed"));
    anna.at(&server.anonymous()).log_in(0).expect(200);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).expect("a mode");
    let (done, _, told) = key(&scratch, &["data", "list"]);
    assert!(!done && told.contains("make it 0600"), "{told}");
}

#[test]
fn production_is_given_its_first_keys_before_it_has_any() {
    let mut scratch = Scratch::new(Database::Sqlite);
    scratch.set("ESPACE_PRO_MODE", "production");
    let file = scratch.path().join("data-keys");
    scratch.set("ESPACE_PRO_DATA_KEYS_FILE", file.to_str().expect("a path"));
    let (done, _, told) = key(&scratch, &["data", "list"]);
    assert!(!done && told.contains("ESPACE_PRO_DATA_KEYS_FILE"), "{told}");
    let (done, entry, guide) = key(&scratch, &["data", "new"]);
    assert!(done && DataKeys::parse(&entry).is_ok() && guide.contains("at the END"), "{guide}");
    assert!(!scratch.path().join("keys").exists());
    let told = keyed(&scratch, &["signing", "add"]);
    assert!(told.contains(".pem"), "{told}");
    assert!(keyed(&scratch, &["signing", "list"]).contains("\tsigning\t"));
    keyed(&scratch, &["signing", "add"]);
    assert!(keyed(&scratch, &["signing", "list"]).contains("\twaiting\t"));
    scratch.set("ESPACE_PRO_DATA_KEYS_FILE", "");
    let (done, _, told) = key(&scratch, &["data", "list"]);
    assert!(!done && told.contains("ESPACE_PRO_DATA_KEYS is not set"), "{told}");

    fs::write(&file, &entry)
        .and_then(|()| fs::set_permissions(&file, fs::Permissions::from_mode(0o600)))
        .expect("a file");
    scratch.set("ESPACE_PRO_DATA_KEYS_FILE", file.to_str().expect("a path"));
    scratch.set("ESPACE_PRO_PUBLIC_URL", "https://espace-pro.example.lu");
    scratch.set("ESPACE_PRO_LIMITS", "on");
    scratch.set("ESPACE_PRO_MAIL_URL", "smtp://127.0.0.1:25");
    scratch.set("ESPACE_PRO_MAIL_FROM", "Espace Pro <noreply@example.lu>");
    let server = Process::serve(&mut scratch);
    assert_eq!(published(&server.anonymous()).len(), 2);
    assert!(counted(&scratch, entry.split(':').next().expect("an id")).1 == "current");
    scratch.set("ESPACE_PRO_DATA_KEYS", &entry);
    let (done, _, told) = key(&scratch, &["data", "list"]);
    assert!(!done && told.contains("can't both be set"), "{told}");
}

/// Two servers in the middle of a change of data keys: each protects what is new with a key of its own.
#[test]
fn a_person_comes_in_once_though_servers_protect_his_number_with_different_keys() {
    let mut scratch = Scratch::new(Database::Postgres);
    scratch.set("ESPACE_PRO_PUBLIC_URL", "https://espace-pro.example.lu");
    let (k1, k2) = (DataKeys::generate(), DataKeys::generate_as("k2"));
    scratch.set("ESPACE_PRO_DATA_KEYS", &format!("{k1},{k2}"));
    let first = Process::serve(&mut scratch);
    scratch.set("ESPACE_PRO_DATA_KEYS", &format!("{k2},{k1}"));
    let second = Process::serve(&mut scratch);
    // Whoever comes in first makes what the others wait for.
    Actor::newcomer(&first.anonymous(), &["eid"]);

    let mut anna = first.anonymous();
    anna.become_test_person(&json!({ "products": ["eid", "luxtrust_private"] }));
    let servers = [first.anonymous(), second.anonymous()];
    let begun: Vec<(Actor, String, String)> = servers
        .iter()
        .enumerate()
        .map(|(product, server)| {
            let anna = anna.at(server);
            let path =
                format!("/v1/registrations/{}/confirm", text(&anna.begin_registration(product).expect(201)["id"]));
            wait_until("her mail", || mails(&anna) == product + 1);
            let code = anna.mailed_code();
            (anna, path, code)
        })
        .collect();
    let rival = Rival::hold_in(&scratch, "UPDATE installation SET value = value WHERE name = 'newcomers'");
    let replies: Vec<(u16, Value)> = scope(|scope| {
        let confirming: Vec<_> = begun
            .iter()
            .map(|(anna, path, code)| scope.spawn(move || anna.post(path, &json!({ "code": code }))))
            .collect();
        rival.wait_for(2);
        rival.release();
        let replies = confirming.into_iter().map(|reply| reply.join().expect("an answer"));
        replies.map(|reply| (reply.status, reply.json["code"].clone())).collect()
    });
    let refused = replies.iter().position(|(status, code)| (*status, code) == (409, &json!("try_again")));
    let refused = refused.unwrap_or_else(|| panic!("{replies:?}"));
    assert_eq!(replies[1 - refused].0, 200, "{replies:?}");
    assert_eq!(scratch.psql("SELECT count(*) FROM persons"), "2");

    let (anna, path, code) = &begun[refused];
    anna.post(path, &json!({ "code": code })).expect(200);
    assert_eq!(scratch.psql("SELECT count(*) FROM persons"), "2");
    assert_eq!(scratch.psql("SELECT count(*) FROM products"), "3");
}

/// The middle of a change of data keys, with everything at once: newcomers at both servers, and rewrapping beside them.
#[test]
fn what_is_rewrapped_while_persons_come_in_is_lost_to_nobody() {
    let mut scratch = Scratch::new(Database::Postgres);
    scratch.set("ESPACE_PRO_PUBLIC_URL", "https://espace-pro.example.lu");
    let (k1, k2) = (DataKeys::generate(), DataKeys::generate_as("k2"));
    scratch.set("ESPACE_PRO_DATA_KEYS", &format!("{k1},{k2}"));
    let first = Process::serve(&mut scratch);
    scratch.set("ESPACE_PRO_DATA_KEYS", &format!("{k2},{k1}"));
    let second = Process::serve(&mut scratch);
    let (at_first, at_second) = (first.anonymous(), second.anonymous());

    let is_over = AtomicBool::new(false);
    let persons: Vec<Actor> = scope(|scope| {
        let rewrapping = scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                keyed(&scratch, &["data", "rewrap"]);
            }
        });
        let persons = crowd(12, 4, |_| {
            let mut person = at_first.clone();
            person.become_test_person(&json!({ "products": ["eid", "luxtrust_private"] }));
            person.register_product(0).expect(200);
            person = person.at(&at_second);
            register_another_product(&person, 1);
            person
        });
        is_over.store(true, Ordering::Relaxed);
        rewrapping.join().expect("a rewrapping");
        persons
    });
    assert_eq!(scratch.psql("SELECT count(*) FROM persons"), "12");
    wait_until("all mails are out", || scratch.psql("SELECT count(*) FROM outbox") == "0");
    keyed(&scratch, &["data", "rewrap"]);
    assert_eq!((counted(&scratch, "k1").0, counted(&scratch, "k2").0), (vec![0, 0, 0, 0], vec![24, 12, 0, 0]));
    for mut person in persons {
        person.log_in(1).expect(200);
        let products = person.get("/v1/me/authentication-products").expect(200);
        assert_eq!(products["data"].as_array().map(Vec::len), Some(2));
    }
}

/// Whoever confirms while rewrapping goes on becomes a person under the key of his registration.
#[test]
fn who_is_confirmed_while_all_is_rewrapped_is_rewrapped_too() {
    let mut scratch = Scratch::new(Database::Postgres);
    scratch.set("ESPACE_PRO_PUBLIC_URL", "https://espace-pro.example.lu");
    let (k1, k2) = (DataKeys::generate(), DataKeys::generate_as("k2"));
    scratch.set("ESPACE_PRO_DATA_KEYS", &k1);
    let server = Process::serve(&mut scratch);
    let begin = || {
        let mut person = server.anonymous();
        person.become_test_person(&json!({ "products": ["eid"] }));
        let id = text(&person.begin_registration(0).expect(201)["id"]);
        wait_until("the mail", || mails(&person) == 1);
        (person, id)
    };
    let (first, marc) = (begin(), begin());
    let server = restart(server, &mut scratch, &[&k2, &k1]);
    let rival = Rival::hold_in(&scratch, &format!("UPDATE registrations SET id = id WHERE id = '{}'", first.1));
    let told = scope(|scope| {
        let rewrapping = scope.spawn(|| keyed(&scratch, &["data", "rewrap"]));
        rival.wait_for(1);
        let (marc, id) = (marc.0.at(&server.anonymous()), &marc.1);
        marc.post(&format!("/v1/registrations/{id}/confirm"), &json!({ "code": marc.mailed_code() })).expect(200);
        rival.release();
        rewrapping.join().expect("a rewrapping")
    });
    assert!(told.contains("persons.number_sealed: 1 are under k2 now"), "{told}");
    assert_eq!((counted(&scratch, "k1").0, counted(&scratch, "k2").0), (vec![0; 4], vec![2, 1, 0, 0]));
}
