//! Records of authentic sources on their way in: many in one request, each judged for itself, and the same again changes nothing.

use serde_json::{Value, json};

use crate::support::{Actor, COMPANY, Key, World, balance, own_balance, text};

crate::on_both_databases!(
    versions_go_up_and_the_same_again_changes_nothing,
    what_is_taken_back_is_gone_and_may_come_again,
    a_line_that_is_refused_stops_nothing,
    thousands_come_in_one_request,
    a_request_has_so_many_lines_and_no_more,
    an_administration_sends_to_its_own_sources,
    nothing_of_a_record_shows_in_the_database,
);

const VAT: &str = "aed.vat-balance";

/// What became of each line: its outcome, or why it was refused.
fn told(results: &[Value]) -> Vec<String> {
    results.iter().map(|result| text(result.get("outcome").unwrap_or(&result["refusal"]["code"]))).collect()
}

fn counted(actor: &Actor) -> usize {
    actor.backstage().sql("SELECT COUNT(*) FROM source_records").parse().expect("a number")
}

fn versions_go_up_and_the_same_again_changes_nothing(world: &World) {
    let aed = world.registry("aed");
    let first = aed.push_records(VAT, &[own_balance("a", 2, 100), own_balance("b", 1, 5)]);
    assert_eq!(told(&first), ["created", "created"]);
    assert_eq!((&first[0]["line"], &first[1]["line"], &first[0]["key"]), (&json!(1), &json!(2), &json!("a")));
    let again = aed.push_records(VAT, &[own_balance("a", 2, 100), own_balance("b", 1, 5)]);
    assert_eq!(told(&again), ["unchanged", "unchanged"]);
    assert_eq!((&again[0]["id"], &again[1]["id"]), (&first[0]["id"], &first[1]["id"]));
    let later = aed.push_records(
        VAT,
        &[
            own_balance("a", 2, 101),
            own_balance("a", 1, 100),
            own_balance("a", 4, 102),
            own_balance("a", 3, 102),
            own_balance("a", 4, 102),
            balance("a", 5, "19832200013", 1),
        ],
    );
    let expected = ["record_conflict", "record_stale", "replaced", "record_stale", "unchanged", "record_of_another"];
    assert_eq!(told(&later), expected);
    assert_eq!(later[2]["id"], first[0]["id"]);
    assert_eq!(later[1]["refusal"]["detail"], "The record is known in version 2, which is newer than this one.");
    assert_eq!(counted(&aed), 2);
}

fn what_is_taken_back_is_gone_and_may_come_again(world: &World) {
    let (aed, founder) = (world.registry("aed"), world.founder());
    let space = founder.open_space("Boulangerie").header("location");
    founder.certified(&space, "aed.vat-account");
    let gone = |version: i64| json!({ "key": "a", "version": version, "deleted": true });
    assert_eq!(told(&aed.push_records(VAT, &[gone(1), own_balance("a", 1, 1)])), ["not_found", "created"]);
    let id = founder.records(&space, VAT)[0]["id"].clone();
    let path = format!("{space}/authentic-sources/{VAT}/records/{}", text(&id));
    assert_eq!(told(&aed.push_records(VAT, &[gone(2), gone(2), gone(1)])), ["withdrawn", "unchanged", "record_stale"]);
    assert!(founder.records(&space, VAT).is_empty());
    founder.get(&path).expect_problem(404, "not_found");
    assert_eq!(founder.backstage().sql("SELECT COUNT(*) FROM source_records WHERE content_sealed IS NULL"), "1");
    assert_eq!(
        told(&aed.push_records(VAT, &[own_balance("a", 2, 9), own_balance("a", 3, 9)])),
        ["record_conflict", "replaced"]
    );
    assert_eq!(founder.get(&path).expect(200)["content"]["balance"], 9);
}

fn a_line_that_is_refused_stops_nothing(world: &World) {
    let aed = world.registry("aed");
    let with = |change: &dyn Fn(&mut Value)| {
        let mut line = own_balance("x", 1, 1);
        change(&mut line);
        line.to_string()
    };
    let long = format!("{{\"key\":\"{}\"}}", "a".repeat(70_000));
    let lines = [
        own_balance("a", 1, 1).to_string(),
        "{".to_owned(),
        "[1]".to_owned(),
        String::new(),
        long,
        with(&|line| line["extra"] = json!(1)),
        with(&|line| line["version"] = json!(0)),
        with(&|line| line["nationalNumber"] = json!("123")),
        with(&|line| line["asOf"] = json!("2030-01-01T00:00:00Z")),
        with(&|line| drop(line.as_object_mut().expect("an object").remove("content"))),
        with(&|line| line["content"] = json!({ "balance": "much", "colour": 1 })),
        with(&|line| line["deleted"] = json!(true)),
        with(&|line| line["key"] = json!("é")),
        own_balance("b", 1, 1).to_string(),
    ];
    let reply = aed.push_lines(VAT, &lines.join("\n"));
    let results = reply.expect(200)["results"].as_array().expect("results").clone();
    let told: Vec<(i64, String, String)> = results
        .iter()
        .map(|result| {
            let pointer = result["refusal"]["errors"][0]["pointer"].as_str().unwrap_or_default().to_owned();
            let told = result.get("outcome").unwrap_or(&result["refusal"]["code"]);
            (result["line"].as_i64().expect("a number"), text(told), pointer)
        })
        .collect();
    let expected = [
        (1, "created", ""),
        (2, "invalid_input", ""),
        (3, "invalid_input", ""),
        (5, "invalid_input", ""),
        (6, "invalid_input", "/extra"),
        (7, "invalid_input", "/version"),
        (8, "invalid_input", "/nationalNumber"),
        (9, "invalid_input", "/asOf"),
        (10, "invalid_input", "/content"),
        (11, "record_invalid", ""),
        (12, "invalid_input", "/nationalNumber"),
        (13, "invalid_input", "/key"),
        (14, "created", ""),
    ];
    assert_eq!(told, expected.map(|(line, told, pointer)| (line, told.to_owned(), pointer.to_owned())));
    let errors = results[9]["contentErrors"].as_array().expect("errors");
    let broken: Vec<_> = errors.iter().map(|error| (text(&error["pointer"]), text(&error["code"]))).collect();
    let expected =
        [("/balance", "type"), ("/colour", "unknown"), ("/currency", "required"), ("/vatNumber", "required")];
    assert_eq!(broken, expected.map(|(pointer, code)| (pointer.to_owned(), code.to_owned())));
    assert_eq!(counted(&aed), 2);
    // A private source is of persons alone.
    let of_company = json!({
        "key": "a", "version": 1, "nationalNumber": COMPANY, "asOf": "2027-01-14T22:00:00Z",
        "content": { "familyName": "Weber", "givenNames": "Anna", "bornOn": "1980-01-01", "nationalities": ["LU"] },
    });
    let refused = world.registry("ctie").push_records("ctie.population-register", &[of_company]);
    assert_eq!(refused[0]["refusal"]["errors"][0]["pointer"], "/nationalNumber");
}

fn thousands_come_in_one_request(world: &World) {
    let aed = world.registry("aed");
    let records: Vec<Value> = (0..5000).map(|n| own_balance(&format!("r{n}"), 1, n)).collect();
    let all = |outcome: &str, results: &[Value]| {
        assert_eq!(results.len(), 5000);
        let lines = results.iter().zip(1..).filter(|(result, line)| result["line"] == *line);
        assert_eq!(lines.filter(|(result, _)| result["outcome"] == outcome).count(), 5000);
    };
    all("created", &aed.push_records(VAT, &records));
    all("unchanged", &aed.push_records(VAT, &records));
    assert_eq!(counted(&aed), 5000);
    let newer: Vec<Value> = (0..5000).map(|n| own_balance(&format!("r{n}"), 2, n + 1)).collect();
    all("replaced", &aed.push_records(VAT, &newer));
    assert_eq!(counted(&aed), 5000);
}

fn a_request_has_so_many_lines_and_no_more(world: &World) {
    let aed = world.registry("aed");
    let gone = "{\"key\":\"a\",\"version\":1,\"deleted\":true}\n";
    let most = aed.push_lines(VAT, &gone.repeat(10_000));
    assert_eq!(most.expect(200)["results"].as_array().expect("results").len(), 10_000);
    let more = format!("{}{}", own_balance("b", 1, 1), "\n".repeat(10_000)) + gone;
    assert_eq!(aed.push_lines(VAT, &more).expect_problem(413, "too_many_lines")["limit"], 10_000);
    assert_eq!(aed.push_lines(VAT, "").expect(200), json!({ "results": [] }));
}

fn an_administration_sends_to_its_own_sources(world: &World) {
    let (aed, acd, founder) = (world.registry("aed"), world.registry("acd"), world.founder());
    let line = own_balance("a", 1, 1).to_string();
    for source in [VAT, "acd.nothing", "nothing", "a%20b"] {
        acd.push_lines(source, &line).expect_problem(404, "not_found");
    }
    let reads = world.partner("aed", "read_events", Key::strange()).log_in();
    assert_eq!(reads.push_lines(VAT, &line).expect_problem(403, "scope_not_granted")["scope"], "push_records");
    founder.push_lines(VAT, &line).expect_problem(403, "partners_only");
    world.anonymous().push_lines(VAT, &line).expect_problem(401, "token_invalid");
    let path = format!("/v1/partner/authentic-sources/{VAT}/records");
    for media_type in ["application/json", "text/plain", "application/x-ndjson; charset=latin1"] {
        let reply = aed.send("POST", &path, &[("content-type", media_type)], line.clone().into());
        assert_eq!(reply.expect_problem(415, "unsupported_media_type")["mediaType"], "application/x-ndjson");
    }
    let query = format!("{path}?dryRun=true");
    let reply = aed.send("POST", &query, &[("content-type", "application/x-ndjson")], line.clone().into());
    assert_eq!(reply.expect_problem(400, "invalid_input")["errors"][0]["parameter"], "dryRun");
    assert_eq!(counted(&aed), 0);
    aed.push_lines(VAT, &line).expect(200);
}

fn nothing_of_a_record_shows_in_the_database(world: &World) {
    let aed = world.registry("aed");
    aed.push_records(VAT, &[own_balance("a", 1, 123_456_789)]);
    let columns = "subject_digest, subject_sealed, content_sealed";
    let kept = aed.backstage().sql(&format!("SELECT {columns} FROM source_records"));
    for secret in [COMPANY, "123456789", "LU15027442"] {
        assert!(!kept.contains(secret) && kept.len() > 100, "{kept}");
    }
}
