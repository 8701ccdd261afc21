//! What a space sees of authentic sources: what is about those for whom it is certified, as long as it is; a person what is his own.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::{Actor, COMPANY, Key, World, balance, own_balance, text};

crate::on_both_databases!(
    a_source_is_open_to_a_space_that_is_certified,
    a_holder_sees_its_own_records_and_how_fresh_they_are,
    an_agent_sees_those_of_each_principal,
    what_is_lost_closes_at_once,
    an_agent_of_a_domain_sees_the_sources_of_that_domain,
    a_person_sees_his_own_in_his_private_space,
    lists_go_on_page_by_page,
    strangers_find_nothing,
);

const VAT: &str = "aed.vat-balance";
const SERVICE: &str = "aed.vat-account";
const OTHER_COMPANY: &str = "19832200013";

fn professional_space(founder: &Actor) -> String {
    founder.open_space("Boulangerie").header("location")
}

fn sources(actor: &Actor, space: &str) -> Vec<Value> {
    actor.get(&format!("{space}/authentic-sources")).expect(200)["data"].as_array().expect("sources").clone()
}

fn balances(records: &[Value]) -> Vec<i64> {
    records.iter().map(|record| record["content"]["balance"].as_i64().expect("a number")).collect()
}

fn closed(actor: &Actor, space: &str, source: &str) -> Value {
    let path = format!("{space}/authentic-sources/{source}/records");
    actor.get(&path).expect_problem(403, "certification_required")
}

fn a_source_is_open_to_a_space_that_is_certified(world: &World) {
    let founder = world.founder();
    let space = professional_space(&founder);
    let codes = |sources: &[Value]| {
        sources.iter().map(|source| (text(&source["code"]), source["isOpen"] == true)).collect::<Vec<_>>()
    };
    let expected = |open: bool| {
        [("acd.tax-cards", false), (VAT, open), ("ccss.employer-data", false)]
            .map(|(code, open)| (code.to_owned(), open))
    };
    assert_eq!(codes(&sources(&founder, &space)), expected(false));
    let vat = &sources(&founder, &space)[1];
    let hindrance = json!([{ "code": "certification_required", "service": SERVICE, "sector": "taxes" }]);
    assert_eq!(
        (&vat["hindrances"], &vat["title"], vat.get("record")),
        (&hindrance, &json!("VAT account balance"), None)
    );
    assert_eq!((&vat["administration"]["code"], &vat["freshForDays"]), (&json!("aed"), &json!(7)));
    assert_eq!(closed(&founder, &space, VAT)["service"], SERVICE);

    founder.certified(&space, SERVICE);
    assert_eq!(codes(&sources(&founder, &space)), expected(true));
    let path = format!("{space}/authentic-sources/{VAT}");
    let shown = founder.send("GET", &path, &[("accept-language", "de")], vec![]);
    assert_eq!(shown.header("content-language"), "de");
    let shown = shown.expect(200);
    assert_eq!((&shown["isOpen"], &shown["hindrances"]), (&json!(true), &json!([])));
    assert_eq!(shown["record"]["properties"]["balance"]["x-titles"]["en"], "Balance, in cents");
    assert!(founder.records(&space, VAT).is_empty());
    for nothing in ["nothing", "aed.nothing", "ctie.population-register"] {
        for path in [nothing.to_owned(), format!("{nothing}/records")] {
            founder.get(&format!("{space}/authentic-sources/{path}")).expect_problem(404, "not_found");
        }
    }
}

fn a_holder_sees_its_own_records_and_how_fresh_they_are(world: &World) {
    let (mut founder, aed) = (world.founder(), world.registry("aed"));
    let space = professional_space(&founder);
    let certification = founder.certified(&space, SERVICE);
    aed.push_records(VAT, &[own_balance("a", 7, 100), balance("b", 1, OTHER_COMPANY, 200)]);
    let seen = founder.records(&space, VAT);
    assert_eq!(balances(&seen), [100]);
    let record = &seen[0];
    for (field, expected) in [
        ("source", json!(VAT)),
        ("version", json!(7)),
        ("fresh", json!(true)),
        ("asOf", json!("2027-01-14T22:00:00Z")),
        ("certification", json!(certification)),
        ("maskedNationalNumber", json!("*******0012")),
        ("content", json!({ "vatNumber": "LU15027442", "balance": 100, "currency": "EUR" })),
    ] {
        assert_eq!(record[field], expected, "{field}");
    }
    assert_eq!(record["administration"]["code"], "aed");
    let path = format!("{space}/authentic-sources/{VAT}/records/{}", text(&record["id"]));
    assert_eq!(founder.get(&path).expect(200), *record);
    let reader = world.person();
    founder.admit(&space, &reader, "reader");
    assert_eq!(reader.get(&path).expect(200), *record);

    world.wait(TimeDelta::days(7));
    founder.log_in(0).expect(200);
    assert_eq!(founder.get(&path).expect(200)["fresh"], false);
    let mut newer = own_balance("a", 8, 101);
    newer["asOf"] = json!("2027-01-22T07:00:00Z");
    world.registry("aed").push_records(VAT, &[newer]);
    let seen = founder.get(&path).expect(200);
    assert_eq!((&seen["fresh"], &seen["version"], &seen["content"]["balance"]), (&json!(true), &json!(8), &json!(101)));
    assert!(text(&seen["receivedAt"]) > text(&record["receivedAt"]));
}

fn an_agent_sees_those_of_each_principal(world: &World) {
    let (one, other, agent, aed) = (world.founder(), world.founder(), world.founder(), world.registry("aed"));
    let office = agent.open_space("Fiduciaire").header("location");
    let (first, second) = (professional_space(&one), professional_space(&other));
    let holders = [one.certified(&first, SERVICE), other.certified_for(&second, SERVICE, OTHER_COMPANY)];
    let become_agent = |code: &Value| {
        let wish = json!({ "accessCode": code["accessCode"] });
        text(&agent.post(&format!("{office}/certifications/activate"), &wish).expect(200)["id"])
    };
    let own = become_agent(&one.hand_out(&first, &holders[0]));
    aed.push_records(VAT, &[own_balance("a", 1, 1), balance("b", 1, OTHER_COMPANY, 2), own_balance("c", 1, 3)]);
    assert_eq!(balances(&agent.records(&office, VAT)), [1, 3]);
    let also = become_agent(&other.hand_out(&second, &holders[1]));
    assert_eq!(balances(&agent.records(&office, VAT)), [1, 2, 3]);
    let by = |certification: &str| {
        let path = format!("{office}/authentic-sources/{VAT}/records?certification={certification}");
        balances(agent.get(&path).expect(200)["data"].as_array().expect("records"))
    };
    assert_eq!((by(&own), by(&also), by(&holders[0])), (vec![1, 3], vec![2], vec![]));
    assert_eq!((balances(&one.records(&first, VAT)), balances(&other.records(&second, VAT))), (vec![1, 3], vec![2]));

    // An agent does not outlive its holder.
    one.post(&format!("{first}/certifications/{}/withdraw", holders[0]), &json!({})).expect(200);
    assert_eq!(balances(&agent.records(&office, VAT)), [2]);
    let lost = one.backstage().sql("SELECT id FROM source_records WHERE record_key = 'a'");
    let lost = agent.get(&format!("{office}/authentic-sources/{VAT}/records/{lost}"));
    lost.expect_problem(404, "not_found");
}

fn what_is_lost_closes_at_once(world: &World) {
    let (founder, aed) = (world.founder(), world.registry("aed"));
    let space = professional_space(&founder);
    let id = founder.certified(&space, SERVICE);
    aed.push_records(VAT, &[own_balance("a", 1, 1)]);
    let record = text(&founder.records(&space, VAT)[0]["id"]);
    let office = world.partner("aed", "decide_certifications", Key::strange()).log_in();
    let decide = |act: &str| {
        office.post(&format!("/v1/partner/certifications/{id}/{act}"), &json!({ "reason": "Contrôle" })).expect(200)
    };
    let path = format!("{space}/authentic-sources/{VAT}/records/{record}");
    for (act, is_open) in [("suspend", false), ("resume", true), ("revoke", false)] {
        decide(act);
        if is_open {
            founder.get(&path).expect(200);
        } else {
            founder.get(&path).expect_problem(403, "certification_required");
            closed(&founder, &space, VAT);
            assert_eq!(sources(&founder, &space)[1]["isOpen"], false);
        }
    }
}

fn an_agent_of_a_domain_sees_the_sources_of_that_domain(world: &World) {
    let (founder, agent, ccss) = (world.founder(), world.founder(), world.registry("ccss"));
    let space = professional_space(&founder);
    let office = agent.open_space("Fiduciaire").header("location");
    let holder = founder.certified(&space, "ccss.employer-data");
    let line = json!({
        "key": "a", "version": 1, "nationalNumber": COMPANY, "asOf": "2027-01-14T22:00:00Z",
        "content": { "employerNumber": COMPANY, "legalName": "Boulangerie", "registeredSince": "2020-01-01", "employees": 4 },
    });
    ccss.push_records("ccss.employer-data", &[line]);
    let become_agent = |domains: Value| {
        let path = format!("{space}/certifications/{holder}/agent-access-codes");
        let code = founder.post(&path, &json!({ "domains": domains })).expect(201);
        let wish = json!({ "accessCode": code["accessCode"] });
        text(&agent.post(&format!("{office}/certifications/activate"), &wish).expect(200)["id"])
    };
    let elsewhere = become_agent(json!(["remunerations"]));
    closed(&agent, &office, "ccss.employer-data");
    agent.post(&format!("{office}/certifications/{elsewhere}/withdraw"), &json!({})).expect(200);
    become_agent(json!(["affiliations"]));
    assert_eq!(agent.records(&office, "ccss.employer-data").len(), 1);
    assert_eq!(founder.records(&space, "ccss.employer-data").len(), 1);
}

fn a_person_sees_his_own_in_his_private_space(world: &World) {
    let (anna, paul, ctie) = (world.founder(), world.founder(), world.registry("ctie"));
    let own = anna.open_private_space().header("location");
    let his = paul.open_private_space().header("location");
    let register = "ctie.population-register";
    let line = |key: &str, person: &Actor| {
        json!({
            "key": key, "version": 1, "nationalNumber": person.national_number(), "asOf": "2027-01-14T22:00:00Z",
            "content": { "familyName": key, "givenNames": "A", "bornOn": "1980-01-01", "nationalities": ["LU"] },
        })
    };
    ctie.push_records(register, &[line("Weber", &anna), line("Schmit", &paul)]);
    assert_eq!(sources(&anna, &own).len(), 1);
    assert_eq!(sources(&anna, &own)[0]["isOpen"], true);
    for (person, space, name) in [(&anna, &own, "Weber"), (&paul, &his, "Schmit")] {
        let seen = person.records(space, register);
        assert_eq!((seen.len(), &seen[0]["content"]["familyName"]), (1, &json!(name)));
        assert_eq!(seen[0].get("certification"), None);
    }
    let of_paul = text(&paul.records(&his, register)[0]["id"]);
    anna.get(&format!("{own}/authentic-sources/{register}/records/{of_paul}")).expect_problem(404, "not_found");
    anna.get(&format!("{own}/authentic-sources/{VAT}/records")).expect_problem(404, "not_found");
}

fn lists_go_on_page_by_page(world: &World) {
    let (founder, aed) = (world.founder(), world.registry("aed"));
    let space = professional_space(&founder);
    founder.certified(&space, SERVICE);
    aed.push_records(VAT, &(0..7).map(|n| own_balance(&format!("r{n}"), 1, n)).collect::<Vec<_>>());
    let mut seen = vec![];
    let mut cursor = String::new();
    loop {
        let path = format!("{space}/authentic-sources/{VAT}/records?limit=3&cursor={cursor}");
        let page = founder.get(&path).expect(200);
        seen.extend(balances(page["data"].as_array().expect("records")));
        match page["page"].get("next") {
            Some(next) => cursor = text(next),
            None => break,
        }
    }
    seen.sort_unstable();
    assert_eq!(seen, (0..7).collect::<Vec<_>>());
    let first = founder.get(&format!("{space}/authentic-sources?limit=2")).expect(200);
    let next = format!("{space}/authentic-sources?limit=2&cursor={}", text(&first["page"]["next"]));
    assert_eq!(founder.get(&next).expect(200)["data"][0]["code"], "ccss.employer-data");
}

fn strangers_find_nothing(world: &World) {
    let (founder, stranger, aed) = (world.founder(), world.founder(), world.registry("aed"));
    let (space, other) = (professional_space(&founder), professional_space(&stranger));
    founder.certified(&space, SERVICE);
    stranger.certified_for(&other, SERVICE, OTHER_COMPANY);
    aed.push_records(VAT, &[own_balance("a", 1, 1)]);
    let record = text(&founder.records(&space, VAT)[0]["id"]);
    for path in ["", "/aed.vat-balance", "/aed.vat-balance/records", &format!("/aed.vat-balance/records/{record}")] {
        stranger.get(&format!("{space}/authentic-sources{path}")).expect_problem(404, "not_found");
    }
    assert!(stranger.records(&other, VAT).is_empty());
    stranger.get(&format!("{other}/authentic-sources/{VAT}/records/{record}")).expect_problem(404, "not_found");
}
