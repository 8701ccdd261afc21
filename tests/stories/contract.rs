//! All that the outside sees is committed, and compared here with what the code says.

use std::{collections::BTreeSet, fs, path::PathBuf};

use api::http::strength::Levels;
use serde_json::Value;

fn committed(path: &str) -> String {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    fs::read_to_string(root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn contract() -> Value {
    serde_json::to_value(api::openapi::contract(true, &Levels::default())).expect("a document")
}

/// Every operation with its path and method.
fn operations(contract: &Value) -> Vec<(String, String, Value)> {
    let paths = contract["paths"].as_object().expect("paths");
    let operations = paths.iter().flat_map(|(path, item)| {
        let item = item.as_object().expect("an item").clone();
        item.into_iter().map(|(method, operation)| (path.clone(), method, operation))
    });
    operations.collect()
}

#[test]
fn the_committed_contract_is_what_the_code_says() {
    let printed = api::openapi::contract(true, &Levels::default()).to_yaml().expect("YAML");
    assert!(
        committed("openapi.yaml") == printed,
        "openapi.yaml is not what the code says: run `make openapi` and look at the difference"
    );
}

#[test]
fn the_committed_page_of_problems_is_what_the_code_says() {
    assert!(
        committed("docs/errors.md") == api::docs::errors_page(),
        "docs/errors.md is not what the code says: run `make errors`"
    );
}

#[test]
fn the_readme_shows_every_setting() {
    let table = api::config::table();
    assert!(committed("README.md").contains(&table), "the table of settings in README.md should be:\n{table}");
}

#[test]
fn every_operation_is_named_summarised_and_sorted() {
    let contract = contract();
    let mut ids = BTreeSet::new();
    for (path, method, operation) in operations(&contract) {
        let id = operation["operationId"].as_str().unwrap_or_else(|| panic!("{method} {path} has no operationId"));
        assert!(ids.insert(id.to_owned()), "{id} is the name of two operations");
        assert!(operation["summary"].as_str().is_some_and(|summary| !summary.is_empty()), "{id} has no summary");
        assert_eq!(operation["tags"].as_array().map(Vec::len), Some(1), "{id} has not exactly one tag");
        for (status, response) in operation["responses"].as_object().expect("responses") {
            assert!(
                response["description"].as_str().is_some_and(|text| !text.is_empty()),
                "{id} does not describe {status}"
            );
        }
    }
}

#[test]
fn every_parameter_and_every_body_has_an_example() {
    let contract = contract();
    for (path, method, operation) in operations(&contract) {
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            assert!(parameter.get("example").is_some(), "{method} {path}: no example of {}", parameter["name"]);
        }
        for (media_type, body) in operation["requestBody"]["content"].as_object().into_iter().flatten() {
            let schema = body["schema"]["$ref"].as_str().expect("a named schema");
            let schema = contract.pointer(schema.trim_start_matches('#')).expect("the schema");
            assert!(schema.get("example").is_some(), "{method} {path}: no example of the {media_type} body");
        }
    }
}

#[test]
fn every_reference_leads_somewhere_and_requests_take_no_unknown_field() {
    fn references(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(members) => {
                found.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
                members.values().for_each(|member| references(member, found));
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }
    let contract = contract();
    let mut found = BTreeSet::new();
    references(&contract, &mut found);
    for reference in &found {
        assert!(contract.pointer(reference.trim_start_matches('#')).is_some(), "{reference} leads nowhere");
    }
    for (path, method, operation) in operations(&contract) {
        let bodies = operation["requestBody"]["content"].as_object().into_iter().flatten();
        for (media_type, body) in bodies.filter(|(media_type, _)| media_type.ends_with("json")) {
            let named = |schema: &Value| {
                let name = schema["$ref"].as_str().expect("a named schema").trim_start_matches('#');
                contract.pointer(name).expect("the schema").clone()
            };
            let schema = named(&body["schema"]);
            let forms =
                schema["oneOf"].as_array().map_or(vec![schema.clone()], |forms| forms.iter().map(named).collect());
            for form in forms {
                assert_eq!(form["additionalProperties"], false, "{method} {path} takes unknown fields as {media_type}");
            }
        }
    }
}

#[test]
fn a_server_without_a_sandbox_does_not_mention_it() {
    let contract = serde_json::to_string(&api::openapi::contract(false, &Levels::default())).expect("a document");
    assert!(!contract.contains("/sandbox/"));
}
