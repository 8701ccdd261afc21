//! The audit log: what leaves an entry, who reads it, and what is seen of those who tamper with it.

use std::{
    fs,
    process::{Command, Output},
    thread,
};

use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::{Actor, Database, Process, Reply, Scratch, Signal, World, professional, text};

crate::on_both_databases!(
    each_act_leaves_its_entry_and_nothing_personal,
    what_is_refused_or_repeated_leaves_no_entry,
    a_log_is_filtered_and_paged,
    sixty_four_writers_leave_one_chain_that_anybody_can_recompute,
    an_operator_walks_the_log_while_it_is_served,
);

const MINE: &str = "/v1/me/audit-events";

fn log_of(space: &Value) -> String {
    format!("/v1/spaces/{}/audit-events", space["id"].as_str().expect("an id"))
}

fn events(actor: &Actor, path: &str) -> Vec<Value> {
    actor.get(path).expect(200)["data"].as_array().expect("events").clone()
}

fn acts(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["act"].as_str().expect("an act")).collect()
}

fn retitle(actor: &Actor, space: &Value, title: &str) -> Reply {
    let path = format!("/v1/spaces/{}", space["id"].as_str().expect("an id"));
    actor.patch(&path, "*", &json!({ "title": title }))
}

fn each_act_leaves_its_entry_and_nothing_personal(world: &World) {
    let mut anna = world.anonymous();
    let person = anna.become_test_person(&json!({ "products": ["luxtrust_professional", "eid"], "helpdesk": false }));
    anna.register_product(0).expect(200);
    anna.log_in(0).expect(200);
    anna.accept_terms();
    anna.register_product(1).expect(200);
    let space = anna.post("/v1/spaces", &professional("Boulangerie")).expect(201);
    let path = format!("/v1/spaces/{}", space["id"].as_str().expect("an id"));
    let edit = json!({ "title": "Konditorei", "notificationEmail": "till@example.lu", "language": "fr" });
    anna.patch(&path, "*", &edit).expect(200);
    let spent = anna.refresh_token.clone().expect("a token");
    anna.refresh().expect(200);
    anna.refresh_with(&spent).expect_grant_refused();
    anna.log_in(0).expect(200);

    let mine = events(&anna, MINE);
    assert_eq!(acts(&mine), ["session_ended", "product_joined", "terms_accepted", "product_registered"]);
    assert_eq!(mine[0]["actor"], json!({ "kind": "system", "person": null, "product": null, "client": null }));
    assert_eq!(mine[0]["reason"], json!({ "code": "refresh_reused", "text": null }));
    assert_eq!((&mine[2]["object"], &mine[2]["reason"]), (&json!("2026-01"), &Value::Null));
    assert_eq!(mine[2]["actor"]["product"], mine[3]["object"], "accepted with the product that was registered first");
    let log = log_of(&space);
    let of_space = events(&anna, &log);
    assert_eq!(acts(&of_space), ["space_edited", "space_opened"]);
    assert_eq!(of_space[0]["changed"], json!(["title", "notificationEmail"]), "the language stayed what it was");
    assert_eq!((&of_space[1]["object"], &of_space[1]["position"]), (&space["id"], &json!(1)));
    assert_eq!(of_space[0]["actor"], mine[2]["actor"]);

    let mut secrets: Vec<String> = anna.products.iter().map(|product| product.serial.clone()).collect();
    secrets.extend(["Boulangerie", "Konditorei", "office@example.lu", "till@example.lu", "@"].map(str::to_owned));
    secrets.extend([anna.email(), spent]);
    for name in ["givenName", "familyName"] {
        secrets.push(person[name].as_str().unwrap_or_else(|| panic!("no {name} in {person}")).to_owned());
    }
    for path in [MINE, &log] {
        for format in ["json", "csv", "ndjson"] {
            let text = anna.get(&format!("{path}?format={format}")).text;
            assert!(text.contains("product") && !secrets.iter().any(|secret| text.contains(secret)), "{text}");
        }
    }
}

fn what_is_refused_or_repeated_leaves_no_entry(world: &World) {
    let anna = world.person();
    anna.open_space("Boulangerie").expect_problem(409, "terms_not_accepted");
    anna.accept_terms();
    anna.post("/v1/me/terms-acceptances", &json!({ "version": "2026-01" })).expect(200);
    assert_eq!(acts(&events(&anna, MINE)), ["terms_accepted", "product_registered"]);
    let headers = [("content-type", "application/json"), ("idempotency-key", "order-1")];
    let open = || anna.send("POST", "/v1/spaces", &headers, professional("Boulangerie").to_string().into_bytes());
    let space = open().expect(201);
    assert_eq!(open().expect(201), space);
    let path = format!("/v1/spaces/{}", space["id"].as_str().expect("an id"));
    anna.patch(&path, "\"7-x\"", &json!({ "title": "Trop tard" })).expect_problem(412, "version_changed");
    retitle(&anna, &space, "Boulangerie").expect(200);
    assert_eq!(acts(&events(&anna, &log_of(&space))), ["space_opened"]);
    let marc = world.founder();
    retitle(&marc, &space, "À moi").expect_problem(404, "not_found");
    marc.get(&log_of(&space)).expect_problem(404, "not_found");
    assert_eq!(acts(&events(&anna, &log_of(&space))), ["space_opened"]);
}

fn a_log_is_filtered_and_paged(world: &World) {
    let anna = world.founder();
    let space = anna.open_space("0").expect(201);
    for title in 1..=5 {
        retitle(&anna, &space, &title.to_string()).expect(200);
    }
    let log = log_of(&space);
    let all = events(&anna, &log);
    assert_eq!(all.iter().map(|event| &event["position"]).collect::<Vec<_>>(), [6, 5, 4, 3, 2, 1]);

    let mut paged = Vec::new();
    let mut path = format!("{log}?act=space_edited&limit=2");
    loop {
        let page = anna.get(&path);
        paged.extend(page.expect(200)["data"].as_array().expect("events").clone());
        let link = page.header("link");
        let Some((next, _)) = link.split_once('>') else { break };
        next.trim_start_matches('<').clone_into(&mut path);
        // What is recorded meanwhile moves no page.
        retitle(&anna, &space, &format!("after {}", paged.len())).expect(200);
    }
    assert_eq!(paged, all[..5]);

    let cursor = anna.get(&format!("{log}?limit=1")).expect(200)["page"]["next"].as_str().expect("a cursor").to_owned();
    anna.get(&format!("{log}?act=space_edited&cursor={cursor}")).expect_problem(400, "invalid_cursor");
    anna.get(&format!("{MINE}?cursor={cursor}")).expect_problem(400, "invalid_cursor");

    let at = |event: &Value| event["at"].as_str().expect("a moment").to_owned();
    let some = events(&anna, &format!("{log}?from={}&to={}", at(&all[3]), at(&all[1])));
    assert_eq!(some, all[2..=3], "from is let through, to is not");
    let anna_id = all[0]["actor"]["person"].as_str().expect("an id");
    assert_eq!(events(&anna, &format!("{log}?actor={anna_id}&to={}", at(&all[4]))), all[5..]);
    assert!(events(&anna, &format!("{log}?actor={}", space["id"].as_str().expect("an id"))).is_empty());
    for wrong in ["act=login", "actor=anna", "from=yesterday", "to=2027-01-15", "format=pdf", "order=asc"] {
        let problem = anna.get(&format!("{log}?{wrong}")).expect_problem(400, "invalid_input");
        assert_eq!(problem["errors"][0]["parameter"].as_str(), wrong.split('=').next(), "{problem}");
    }
}

fn sixty_four_writers_leave_one_chain_that_anybody_can_recompute(world: &World) {
    const WRITERS: usize = 64;
    // Together more than an export reads at once.
    const EDITS: usize = 8;
    let anna = world.founder();
    let space = anna.open_space("Boulangerie").expect(201);
    thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (anna, space) = (&anna, &space);
            scope.spawn(move || {
                for edit in 0..EDITS {
                    retitle(anna, space, &format!("{writer} {edit}")).expect(200);
                }
            });
        }
    });
    let log = log_of(&space);
    let accept = |media_type: &str| anna.send("GET", &log, &[("accept", media_type)], vec![]);
    let ndjson = accept("application/x-ndjson");
    ndjson.expect(200);
    assert_eq!(ndjson.header("content-type"), "application/x-ndjson; charset=utf-8");
    let mut events: Vec<Value> =
        ndjson.text.lines().map(|line| serde_json::from_str(line).expect("an event")).collect();
    events.reverse();
    assert_eq!(events.len(), 1 + WRITERS * EDITS);
    let mut previous = "0".repeat(64);
    for (place, event) in events.iter().enumerate() {
        assert_eq!((&event["position"], &event["previousHash"]), (&json!(place + 1), &json!(previous)));
        previous = recomputed(event);
        assert_eq!(event["hash"], previous.as_str(), "{event}");
    }
    let csv = accept("text/csv");
    assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8");
    assert!(csv.header("content-disposition").contains("audit-events.csv"));
    assert!(csv.text.starts_with("position,at,chain,act,") && csv.text.ends_with("\r\n"));
    assert_eq!(csv.text.matches("\r\n").count(), events.len() + 1);
    assert!(csv.text.contains(&previous));
    assert_eq!(anna.get(&format!("{log}?format=ndjson&act=space_opened")).text.lines().count(), 1);
    assert_eq!(anna.get(&format!("{log}?format=ndjson&act=terms_accepted")).text, "");
    // An export begins where a page would.
    let next = text(&anna.get(&format!("{log}?limit=1")).expect(200)["page"]["next"]);
    let rest = anna.get(&format!("{log}?format=ndjson&cursor={next}"));
    assert_eq!(rest.text.lines().count(), events.len() - 1);
    anna.get(&format!("{log}?format=csv&cursor=forged")).expect_problem(400, "invalid_cursor");
}

/// The hash of an event as docs/domain.md says that it is made.
fn recomputed(event: &Value) -> String {
    let netstring = |text: &str| format!("{}:{text},", text.len());
    let field = |value: &Value| value.as_str().map_or("-".to_owned(), netstring);
    let changed = event["changed"].as_array().expect("a list").iter().map(field).collect::<String>();
    let canonical = [
        netstring("espace-pro audit 1"),
        field(&event["chain"]),
        field(&event["previousHash"]),
        field(&event["at"]),
        field(&event["act"]),
        field(&event["actor"]["kind"]),
        field(&event["actor"]["person"]),
        field(&event["actor"]["product"]),
        field(&event["object"]),
        netstring(&changed),
        field(&event["reason"]["code"]),
        field(&event["reason"]["text"]),
    ];
    Sha256::digest(canonical.concat()).iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}

/// `espace-pro audit …`: its exit status, and what it printed.
fn audit(scratch: &Scratch, arguments: &[&str]) -> (Option<i32>, String) {
    let Output { status, stdout, stderr } =
        Process::command(scratch, "audit").args(arguments).output().expect("the program");
    (status.code(), String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned())
}

/// Exports the heads into a file, and gives its path.
fn exported(scratch: &Scratch) -> String {
    let (status, heads) = audit(scratch, &["heads"]);
    assert_eq!(status, Some(0), "{heads}");
    let path = scratch.path().join("heads.jws").display().to_string();
    fs::write(&path, heads).expect("a file");
    path
}

fn an_operator_walks_the_log_while_it_is_served(world: &World) {
    let scratch = world.scratch();
    let anna = world.founder();
    let space = anna.open_space("Boulangerie").expect(201);
    let heads = exported(scratch);
    retitle(&anna, &space, "Konditorei").expect(200);
    let (status, told) = audit(scratch, &["verify", "--against", &heads]);
    assert_eq!(status, Some(0), "{told}");
    assert!(told.contains("chains: 2, entries: 4, exported heads: 2 of 20"), "{told}");
    let (status, told) = audit(scratch, &["verify"]);
    assert!(status == Some(0) && told.contains("exported heads: none"), "{told}");

    let signed = fs::read_to_string(&heads).expect("the file");
    let jwks = world.get("/.well-known/jwks.json").expect(200);
    let key = DecodingKey::from_ed_components(jwks["keys"][0]["x"].as_str().expect("a key")).expect("a key");
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.required_spec_claims.clear();
    let statement = jsonwebtoken::decode::<Value>(signed.trim(), &key, &validation).expect("our signature").claims;
    assert_eq!(statement["iss"], world.url());
    let of_space = statement["heads"].as_array().expect("heads").iter().find(|head| head["entries"] == 1);
    let opened = &events(&anna, &log_of(&space))[1];
    assert_eq!(of_space.expect("the space's head")["hash"], opened["hash"]);
    let mut impostor = anna.clone();
    impostor.token = Some(signed.trim().to_owned());
    impostor.get("/v1/me/landing").expect_problem(401, "token_invalid");

    let forged = signed.replacen('.', ".e", 1);
    fs::write(&heads, forged).expect("a file");
    let (status, told) = audit(scratch, &["verify", "--against", &heads]);
    assert!(status == Some(1) && told.contains("heads.jws"), "{told}");
}

#[test]
fn an_operator_walks_the_log_of_a_server_that_stopped() {
    let mut scratch = Scratch::new(Database::Sqlite);
    let mut server = Process::serve(&mut scratch);
    Actor::newcomer(&server.anonymous(), &["eid"]).accept_terms();
    server.signal(Signal::TERM);
    assert!(server.ended().success());
    let heads = exported(&scratch);
    let (status, told) = audit(&scratch, &["verify", "--against", &heads]);
    assert!(status == Some(0) && told.contains("chains: 1, entries: 2, exported heads: 1 of"), "{told}");
}

fn psql(scratch: &Scratch, sql: &str) {
    let url = &scratch.settings()["ESPACE_PRO_DATABASE_URL"];
    assert!(Command::new("psql").args([url, "-qc", sql]).status().expect("psql").success(), "{sql}");
}

#[test]
fn the_program_finds_what_was_done_to_the_database() {
    let world = World::start(Database::Postgres);
    let scratch = world.scratch();
    let anna = world.founder();
    let spaces: Vec<Value> = (0..4).map(|number| anna.open_space(&number.to_string()).expect(201)).collect();
    for space in &spaces {
        for title in ["a", "b", "c", "d"] {
            retitle(&anna, space, title).expect(200);
        }
    }
    let heads = exported(scratch);
    let [changed, missing, swapped, cut] = [0, 1, 2, 3].map(|n| format!("space:{}", spaces[n]["id"].as_str().unwrap()));
    psql(scratch, &format!("UPDATE audit_entries SET changed = 'language' WHERE chain = '{changed}' AND position = 2"));
    psql(scratch, &format!("DELETE FROM audit_entries WHERE chain = '{missing}' AND position = 3"));
    for (from, to) in [(2, 99), (4, 2), (99, 4)] {
        psql(
            scratch,
            &format!("UPDATE audit_entries SET position = {to} WHERE chain = '{swapped}' AND position = {from}"),
        );
    }
    psql(
        scratch,
        &format!(
            "DELETE FROM audit_entries WHERE chain = '{cut}' AND position > 3;
             UPDATE audit_chains SET entries = 3, hash = (SELECT hash FROM audit_entries WHERE chain = '{cut}' AND position = 3)
             WHERE chain = '{cut}'"
        ),
    );
    let found = [
        format!("{changed}: entry 2 was changed\n"),
        format!("{missing}: what stood before entry 4 is missing\n"),
        format!("{swapped}: entry 2 was recorded at another position\n"),
        format!("{swapped}: entry 4 was recorded at another position\n"),
    ];
    let cut_off = format!("{cut}: cut: of 5 entries 3 are left\n");
    let (status, told) = audit(scratch, &["verify"]);
    assert_eq!(status, Some(1), "{told}");
    assert!(found.iter().all(|line| told.contains(line)) && !told.contains(&cut), "{told}");
    let (status, told) = audit(scratch, &["verify", "--against", &heads]);
    assert_eq!(status, Some(1), "{told}");
    assert!(found.iter().all(|line| told.contains(line)) && told.contains(&cut_off), "{told}");
    assert!(told.contains("chains: 5, entries: "), "{told}");

    psql(
        scratch,
        &format!("DELETE FROM audit_entries WHERE chain = '{cut}'; DELETE FROM audit_chains WHERE chain = '{cut}'"),
    );
    let (_, told) = audit(scratch, &["verify", "--against", &heads]);
    assert!(told.contains(&format!("{cut}: cut: of 5 entries 0 are left\n")), "{told}");

    psql(scratch, &format!("UPDATE audit_chains SET hash = 'nonsense' WHERE chain = '{missing}'"));
    psql(scratch, "INSERT INTO audit_chains (chain, entries, hash) VALUES ('nobody', 0, '')");
    let (status, told) = audit(scratch, &["verify"]);
    assert_eq!(status, Some(1), "{told}");
    for line in [format!("{missing}: its head was changed\n"), "nobody: its head was changed\n".to_owned()] {
        assert!(told.contains(&line), "{told}");
    }
    assert!(found.iter().all(|line| told.contains(line)) && told.contains("findings: "), "{told}");
    let (status, told) = audit(scratch, &["heads"]);
    assert!(status == Some(1) && told.contains("was changed: see `espace-pro audit verify`"), "{told}");
}

#[test]
fn only_administrators_read_a_spaces_log() {
    let world = World::start(Database::Postgres);
    let anna = world.founder();
    let space = anna.open_space("Boulangerie").expect(201);
    for role in ["manager", "contributor", "reader"] {
        psql(world.scratch(), &format!("UPDATE memberships SET role = '{role}'"));
        for of in ["", "?format=csv", "?format=nonsense"] {
            anna.get(&format!("{}{of}", log_of(&space))).expect_problem(403, "administrator_required");
        }
    }
    psql(world.scratch(), "UPDATE memberships SET role = 'administrator', status = 'suspended'");
    anna.get(&log_of(&space)).expect_problem(404, "not_found");
}
