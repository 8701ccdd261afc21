//! Company profiles: shown to members, replaced by administrators, kept sealed.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::{Actor, Database, World, text, wait_until};

crate::on_both_databases!(
    a_profile_is_empty_until_it_is_replaced,
    of_two_replacements_of_one_version_one_is_kept,
    every_fault_is_named_at_its_place,
    numbers_that_look_wrong_are_warned_of,
    a_private_space_has_no_profile,
    a_profile_is_closed_and_restored_with_its_space,
);

fn opened(actor: &Actor) -> (String, String) {
    let space = actor.open_space("Boulangerie").header("location");
    let profile = format!("{space}/company-profile");
    (space, profile)
}

fn whole() -> Value {
    json!({
        "legalName": "Boulangerie du Coin S.à r.l.", "legalForm": "S.à r.l.",
        "nationalIdentifier": "19822200012", "rcsNumber": "B123456", "vatNumber": "LU15027442",
        "activities": [{ "code": "10.71", "revision": "2.1" }, { "code": "47.24", "revision": "2" }],
        "registeredOffice": {
            "street": "Grand-Rue", "number": "12A", "postalCode": "L-1661", "locality": "Luxembourg", "country": "LU"
        },
        "bankAccounts": [
            { "iban": "LU280019400644750000", "bic": "BCEELULL" },
            { "iban": "DE89370400440532013000", "holder": "Café du Coin GmbH" },
        ],
        "associatedBodies": [{ "name": "Fiduciaire du Nord", "role": "comptable", "nationalIdentifier": "19822200012" }],
        "keyDates": { "incorporatedOn": "1982-05-17", "activityStartedOn": "1982-06-01", "financialYearEndsOn": "--12-31" },
        "figures": {
            "employees": 12, "shareCapital": { "amount": "12500.00", "currency": "EUR" },
            "turnover": { "amount": "1000000", "currency": "EUR" }, "balanceSheetTotal": { "amount": "0", "currency": "CHF" },
        },
    })
}

/// What is shown of a profile without what only the server says.
fn said(shown: &Value) -> Value {
    let mut said = shown.clone();
    for of_the_server in ["warnings", "updatedAt"] {
        said.as_object_mut().expect("a profile").remove(of_the_server);
    }
    said
}

fn empty() -> Value {
    json!({ "activities": [], "bankAccounts": [], "associatedBodies": [] })
}

fn edits(actor: &Actor, space: &str) -> Vec<Value> {
    let log = actor.get(&format!("{space}/audit-events?act=company_profile_edited")).expect(200);
    log["data"].as_array().expect("events").iter().map(|event| event["changed"].clone()).collect()
}

fn a_profile_is_empty_until_it_is_replaced(world: &World) {
    let anna = world.founder();
    let (space, path) = opened(&anna);
    let first = anna.get(&path);
    assert_eq!(
        first.expect(200),
        json!({ "activities": [], "bankAccounts": [], "associatedBodies": [], "warnings": [] })
    );
    assert!(first.header("etag").starts_with("\"0-"), "{}", first.header("etag"));
    anna.send("PUT", &path, &[("content-type", "application/json")], b"{}".to_vec())
        .expect_problem(428, "if_match_required");
    anna.put(&path, "\"1-x\"", &whole()).expect_problem(412, "version_changed");

    let put = anna.put(&path, &first.header("etag"), &whole());
    assert_eq!((said(&put.expect(200)), &put.json["warnings"]), (whole(), &json!([])));
    let seen = anna.get(&path);
    assert_eq!((seen.expect(200), seen.header("etag")), (put.json.clone(), put.header("etag")));
    let not_changed = anna.send("GET", &path, &[("if-none-match", &put.header("etag"))], vec![]);
    assert_eq!((not_changed.status, not_changed.text.as_str()), (304, ""));
    anna.put(&path, &first.header("etag"), &whole()).expect_problem(412, "version_changed");

    // The same again changes nothing, nor does another way of writing it; and what is shown can be sent.
    let mut otherwise = whole();
    otherwise["legalForm"] = json!(" S.a\u{300} r.l. ");
    for same in [whole(), otherwise, said(&put.json)] {
        let again = anna.put(&path, "*", &same);
        assert_eq!((again.expect(200), again.header("etag")), (put.json.clone(), put.header("etag")));
    }

    // What is absent is not set any more.
    let mut less = whole();
    for field in ["legalForm", "registeredOffice", "figures"] {
        less.as_object_mut().expect("an object").remove(field);
    }
    less["keyDates"] = json!({});
    let replaced = anna.put(&path, &put.header("etag"), &less);
    less.as_object_mut().expect("an object").remove("keyDates");
    assert_eq!(said(&replaced.expect(200)), less);
    assert_ne!(replaced.json["updatedAt"], put.json["updatedAt"]);
    assert_eq!(said(&anna.put(&path, &replaced.header("etag"), &json!({})).expect(200)), empty());

    let log = edits(&anna, &space);
    assert_eq!(log.len(), 3);
    assert_eq!(log[1], json!(["legalForm", "registeredOffice", "keyDates", "figures"]));
    assert_eq!(log[2].as_array().map(Vec::len), Some(11));
    let exported = anna.get(&format!("{space}/audit-events?format=ndjson")).text;
    assert!(!exported.contains("LU28") && !exported.contains("Grand-Rue") && !exported.contains("1982"), "{exported}");
    assert_eq!(anna.get(&space).expect(200)["title"], "Boulangerie", "the legal name is not the title");
}

fn of_two_replacements_of_one_version_one_is_kept(world: &World) {
    let anna = world.founder();
    let (space, path) = opened(&anna);
    let mut etag = anna.get(&path).header("etag");
    for round in 0..8 {
        let replies = crate::support::crowd(4, 4, |rival| {
            anna.put(&path, &etag, &json!({ "legalName": format!("{round} {rival}") }))
        });
        let (won, lost): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == 200);
        assert_eq!((won.len(), lost.len()), (1, 3));
        for lost in lost {
            lost.expect_problem(412, "version_changed");
        }
        let now = anna.get(&path);
        assert_eq!((now.expect(200), now.header("etag")), (won[0].json.clone(), won[0].header("etag")));
        etag = now.header("etag");
    }
    assert_eq!(edits(&anna, &space).len(), 8);
}

fn every_fault_is_named_at_its_place(world: &World) {
    let anna = world.founder();
    let (space, path) = opened(&anna);
    let faults = |body: &Value| {
        let problem = anna.put(&path, "*", body).expect_problem(400, "invalid_input");
        let faults = problem["errors"].as_array().expect("faults").iter();
        faults.map(|fault| format!("{} {}", text(&fault["pointer"]), text(&fault["code"]))).collect::<Vec<_>>()
    };
    let money = |amount: &str, currency: &str| json!({ "amount": amount, "currency": currency });
    assert_eq!(
        faults(&json!({
            "legalName": "x".repeat(251), "legalForm": "\u{200b}", "nationalIdentifier": "1893120105732",
            "rcsNumber": "Z1", "vatNumber": "LU15027443",
            "activities": [{ "code": "10.71", "revision": "2" }, { "code": "1071", "revision": "2" }],
            "registeredOffice": {
                "street": " ", "number": "x".repeat(21), "postalCode": "x".repeat(13), "locality": "\n", "country": "lu"
            },
            "bankAccounts": [
                { "iban": "LU280019400644750001", "bic": "BCEE", "holder": "" }, { "iban": "LU28-0019-4006-4475-0000" },
            ],
            "associatedBodies": [{ "name": "", "role": "", "nationalIdentifier": "x" }],
            "keyDates": { "incorporatedOn": "17.05.1982", "activityStartedOn": "2023-02-29", "financialYearEndsOn": "12-31" },
            "figures": {
                "employees": -1, "shareCapital": money("12,5", "EUR"), "turnover": money("1", "eur"),
                "balanceSheetTotal": money("-1", "XXX"),
            },
        })),
        [
            "/legalName too_long",
            "/legalForm barred_character",
            "/nationalIdentifier malformed",
            "/rcsNumber malformed",
            "/vatNumber check_digits",
            "/activities/1/code malformed",
            "/registeredOffice/street empty",
            "/registeredOffice/number too_long",
            "/registeredOffice/postalCode too_long",
            "/registeredOffice/locality barred_character",
            "/registeredOffice/country malformed",
            "/bankAccounts/0/iban check_digits",
            "/bankAccounts/0/bic malformed",
            "/bankAccounts/0/holder empty",
            "/bankAccounts/1/iban malformed",
            "/associatedBodies/0/name empty",
            "/associatedBodies/0/role empty",
            "/associatedBodies/0/nationalIdentifier malformed",
            "/keyDates/incorporatedOn malformed",
            "/keyDates/activityStartedOn malformed",
            "/keyDates/financialYearEndsOn malformed",
            "/figures/employees out_of_range",
            "/figures/shareCapital/amount malformed",
            "/figures/turnover/currency malformed",
            "/figures/balanceSheetTotal/amount malformed",
            "/figures/balanceSheetTotal/currency malformed",
        ]
    );
    for (body, fault) in [
        (json!({ "activities": [["10.71", "2"]] }), "/activities/0 wrong_type"),
        (json!({ "activities": [{ "code": "10.71" }] }), "/activities/0/revision missing"),
        (json!({ "activities": [{ "code": "10.71", "revision": "3" }] }), "/activities/0/revision wrong_value"),
        (json!({ "activities": [{ "code": "10.71", "revision": 2 }] }), "/activities/0/revision wrong_type"),
        (json!({ "activities": [null] }), "/activities/0 wrong_type"),
        (
            json!({ "registeredOffice": ["Grand-Rue", "1", "L-1661", "Luxembourg", "LU"] }),
            "/registeredOffice wrong_type",
        ),
        (json!({ "registeredOffice": { "street": "Grand-Rue" } }), "/registeredOffice/postalCode missing"),
        (json!({ "registeredOffice": { "line1": "Grand-Rue" } }), "/registeredOffice/line1 unknown"),
        (
            json!({ "bankAccounts": [{ "iban": "LU280019400644750000", "bic": null }] }),
            "/bankAccounts/0/bic wrong_type",
        ),
        (json!({ "bankAccounts": { "0": {} } }), "/bankAccounts wrong_type"),
        (json!({ "associatedBodies": [{ "name": "A", "role": "b", "id": "1" }] }), "/associatedBodies/0/id unknown"),
        (json!({ "keyDates": { "incorporatedOn": 1982 } }), "/keyDates/incorporatedOn wrong_type"),
        (json!({ "figures": { "employees": 1.5 } }), "/figures/employees wrong_type"),
        (json!({ "figures": { "employees": 10_000_001 } }), "/figures/employees out_of_range"),
        (json!({ "figures": { "employees": u64::MAX } }), "/figures/employees out_of_range"),
        (
            json!({ "figures": { "turnover": { "amount": 12.5, "currency": "EUR" } } }),
            "/figures/turnover/amount wrong_type",
        ),
        (json!({ "figures": { "turnover": ["1", "EUR"] } }), "/figures/turnover wrong_type"),
        (json!({ "warnings": [] }), "/warnings unknown"),
    ] {
        assert_eq!(faults(&body), [fault], "{body}");
    }
    for (field, item) in [
        ("activities", json!({ "code": "10.71", "revision": "2" })),
        ("bankAccounts", json!({ "iban": "LU280019400644750000" })),
        ("associatedBodies", json!({ "name": "A", "role": "b" })),
    ] {
        assert_eq!(faults(&json!({ field: vec![item.clone(); 21] })), [format!("/{field} out_of_range")]);
    }
    assert_eq!(said(&anna.get(&path).expect(200)), empty());
    assert!(edits(&anna, &space).is_empty());

    let longest = json!({ "associatedBodies": vec![json!({ "name": "é".repeat(250), "role": "ù".repeat(100) }); 20] });
    assert_eq!(anna.put(&path, "*", &longest).expect(200)["associatedBodies"], longest["associatedBodies"]);
}

fn numbers_that_look_wrong_are_warned_of(world: &World) {
    let anna = world.founder();
    let (_, path) = opened(&anna);
    let profile = json!({
        "nationalIdentifier": "19822200013",
        "associatedBodies": [{ "name": "A", "role": "b" }, { "name": "C", "role": "d", "nationalIdentifier": "19822200014" }],
    });
    let put = anna.put(&path, "*", &profile).expect(200);
    let warnings = json!([
        { "pointer": "/nationalIdentifier", "code": "check_digits", "detail": "The check digits are wrong." },
        { "pointer": "/associatedBodies/1/nationalIdentifier", "code": "check_digits", "detail": "The check digits are wrong." },
    ]);
    assert_eq!((&put["nationalIdentifier"], &put["warnings"]), (&json!("19822200013"), &warnings));
    assert_eq!(anna.get(&path).expect(200), put);
    let german = anna.send("GET", &path, &[("accept-language", "de")], vec![]).expect(200);
    assert_eq!(german["warnings"][0]["detail"], "Die Prüfziffern sind falsch.");
}

fn a_private_space_has_no_profile(world: &World) {
    let anna = world.founder();
    let path = format!("{}/company-profile", anna.open_private_space().header("location"));
    anna.get(&path).expect_problem(404, "not_found");
    anna.put(&path, "*", &whole()).expect_problem(404, "not_found");
    anna.put(&path, "*", &json!({ "x": 1 })).expect_problem(404, "not_found");
}

fn a_profile_is_closed_and_restored_with_its_space(world: &World) {
    let (anna, stranger) = (world.founder(), world.founder());
    let (space, path) = opened(&anna);
    let put = anna.put(&path, "*", &whole()).expect(200);
    stranger.get(&path).expect_problem(404, "not_found");
    stranger.put(&path, "*", &json!({})).expect_problem(404, "not_found");
    anna.post(&format!("{space}/close"), &json!({})).expect(200);
    anna.get(&path).expect_problem(409, "space_closed");
    anna.put(&path, "*", &json!({})).expect_problem(409, "space_closed");
    stranger.get(&path).expect_problem(404, "not_found");
    anna.post(&format!("{space}/restore"), &json!({})).expect(200);
    assert_eq!(anna.get(&path).expect(200), put);
}

#[test]
fn members_read_what_administrators_replace() {
    let world = World::start(Database::Postgres);
    let mut anna = world.founder();
    let (_, path) = opened(&anna);
    let put = anna.put(&path, "*", &whole()).expect(200);
    let psql = |statement: &str| world.scratch().psql(statement);
    for role in ["manager", "contributor", "reader"] {
        psql(&format!("UPDATE memberships SET role = '{role}'"));
        anna.log_in_at(0, "low").expect(200);
        assert_eq!(anna.get(&path).expect(200), put);
        anna.put(&path, "*", &json!({ "x": 1 })).expect_problem(403, "administrator_required");
    }
    psql("UPDATE memberships SET role = 'administrator'");
    anna.put(&path, "*", &json!({})).expect_problem(401, "insufficient_user_authentication");
    anna.log_in(0).expect(200);
    psql("UPDATE spaces SET state = 'suspended'");
    assert_eq!(anna.get(&path).expect(200), put);
    anna.put(&path, "*", &json!({})).expect_problem(409, "space_suspended");
}

#[test]
fn a_profile_is_sealed_in_the_database_and_purged_with_its_space() {
    let world = World::start(Database::Postgres);
    let anna = world.founder();
    let (space, path) = opened(&anna);
    anna.put(&path, "*", &whole()).expect(200);
    let psql = |statement: &str| world.scratch().psql(statement);
    let row = psql("SELECT * FROM company_profiles");
    assert!(row.contains("|k1:") && !row.contains("LU28") && !row.contains("Boulangerie"), "{row}");

    psql("UPDATE company_profiles SET sealed = 'k1:' || sealed");
    let told = anna.get(&path);
    told.expect_problem(500, "internal");
    psql("UPDATE company_profiles SET sealed = substr(sealed, 4)");
    anna.get(&path).expect(200);

    anna.post(&format!("{space}/close"), &json!({})).expect(200);
    world.wait(TimeDelta::days(22));
    wait_until("a reminder", || psql("SELECT count(*) FROM spaces WHERE purge_reminded_at IS NOT NULL") == "1");
    world.wait(TimeDelta::days(8));
    wait_until("a purge", || psql("SELECT count(*) FROM company_profiles") == "0");
    assert_eq!(psql("SELECT state FROM spaces"), "purged");
}
