//! Which schemas are forms, and what they find wrong.

use std::time::{Duration, Instant};

use serde_json::{Map, json};

use super::*;
use crate::Coded;

fn form(properties: &Value) -> Form {
    Form::parse(json!({ "type": "object", "properties": properties, "additionalProperties": false })).unwrap()
}

fn faults(schema: Value) -> Vec<(String, FormFlaw)> {
    let faults = Form::parse(schema).unwrap_err();
    faults.into_iter().map(|fault| (fault.pointer, fault.flaw)).collect()
}

fn errors(form: &Form, content: &Value) -> Vec<(String, &'static str)> {
    form.check(content).into_iter().map(|error| (error.pointer, error.rule.code())).collect()
}

#[test]
fn every_error_is_told_with_its_place_and_rule() {
    let form = Form::parse(json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "required": ["name", "seat", "a/b"],
        "properties": {
            "name": { "type": "string", "maxLength": 3 },
            "a/b": true,
            "seat": { "$ref": "#/$defs/address" },
            "count": { "type": "integer", "minimum": 1 },
            "kind": { "enum": ["one", "two"] },
            "email": { "type": "string", "format": "email" },
            "code": { "type": "string", "pattern": "^[A-Z]\\d$" },
            "days": { "type": "array", "uniqueItems": true, "minItems": 3, "items": { "type": "string", "format": "date" } }
        },
        "additionalProperties": false,
        "$defs": { "address": { "type": "object", "required": ["street"], "properties": { "street": { "type": "string" } } } }
    }))
    .unwrap();
    let content = json!({
        "name": "long", "seat": {}, "count": 0, "kind": "three", "email": "nobody", "code": "A١",
        "days": ["2026-02-29", "2026-02-29"], "other~": 1
    });
    let expected = [
        ("/a~1b", "required"),
        ("/code", "pattern"),
        ("/count", "minimum"),
        ("/days", "min_items"),
        ("/days", "unique_items"),
        ("/days/0", "format"),
        ("/days/1", "format"),
        ("/email", "format"),
        ("/kind", "enum"),
        ("/name", "max_length"),
        ("/other~0", "unknown"),
        ("/seat/street", "required"),
    ];
    let mut found = errors(&form, &content);
    found.sort_unstable();
    let mut expected = expected.map(|(pointer, rule)| (pointer.to_owned(), rule));
    expected.sort_unstable();
    assert_eq!(found, expected);
    let limits = form.check(&content).into_iter().filter_map(|error| error.parameters.get("limit").cloned());
    assert_eq!(limits.collect::<Vec<_>>(), [json!(1), json!(3), json!(3)]);
    let right = json!({ "name": "abc", "seat": { "street": "Rue" }, "a/b": null, "code": "B7" });
    assert_eq!(form.check(&right), []);
    assert_eq!(errors(&form, &json!([])), [(String::new(), "type")]);
}

#[test]
fn what_depends_on_another_field_is_found_where_it_is() {
    let form = Form::parse(json!({
        "type": "object",
        "properties": { "isAgent": { "type": "boolean" }, "principal": { "type": "string" }, "never": false },
        "if": { "properties": { "isAgent": { "const": true } }, "required": ["isAgent"] },
        "then": { "required": ["principal"] },
        "dependentRequired": { "principal": ["isAgent"] },
        "anyOf": [{ "required": ["isAgent"] }, { "required": ["principal"] }]
    }))
    .unwrap();
    assert_eq!(errors(&form, &json!({ "isAgent": true })), [("/principal".to_owned(), "required")]);
    assert_eq!(errors(&form, &json!({ "principal": "a" })), [("/isAgent".to_owned(), "required")]);
    assert_eq!(errors(&form, &json!({})), [(String::new(), "any_of")]);
    assert_eq!(errors(&form, &json!({ "isAgent": false, "never": 1 })), [("/never".to_owned(), "not_allowed")]);
}

#[test]
fn every_format_is_known_and_asserted() {
    let right = [
        ("bic", "BCEELULL"),
        ("country", "LU"),
        ("currency", "EUR"),
        ("date", "2026-11-23"),
        ("date-time", "2026-11-23T10:00:00Z"),
        ("email", "info@example.lu"),
        ("iban", "LU280019400644750000"),
        ("legal-person-number", "19822200012"),
        ("nace-code", "10.71"),
        ("national-number", "1893120105732"),
        ("rcs-number", "B123456"),
        ("time", "10:00:00Z"),
        ("uri", "https://example.lu/"),
        ("uuid", "01933b6e-0000-7000-8000-000000000000"),
        ("vat-number", "LU26375245"),
    ];
    assert_eq!(right.map(|(format, _)| format), FORMATS);
    for (format, text) in right {
        let form = form(&json!({ "a": { "type": "string", "format": format } }));
        assert_eq!(form.check(&json!({ "a": text })), [], "{format}");
        let wrong = form.check(&json!({ "a": "!" }));
        let [error] = &wrong[..] else { panic!("{format}: {wrong:?}") };
        assert_eq!((error.rule, error.parameters.get("format")), (FormRule::Format, Some(&json!(format))));
    }
}

#[test]
fn what_is_no_schema_of_an_object_is_refused_at_its_place() {
    for none in [json!(true), json!({}), json!([]), json!({ "type": "string" }), json!({ "type": ["object"] })] {
        assert_eq!(faults(none), [(String::new(), FormFlaw::NotOfObject)]);
    }
    let of = |field: Value| faults(json!({ "type": "object", "properties": { "a": field } }));
    let at = |keyword: &str, flaw| vec![(format!("/properties/a{keyword}"), flaw)];
    assert_eq!(of(json!({ "type": "text" })), at("/type", FormFlaw::Invalid));
    assert_eq!(of(json!({ "maxLength": -1 })), at("/maxLength", FormFlaw::Invalid));
    assert_eq!(of(json!({ "requird": [] })), at("/requird", FormFlaw::Keyword));
    assert_eq!(of(json!({ "$id": "https://example.lu/a" })), at("/$id", FormFlaw::Keyword));
    assert_eq!(of(json!({ "$dynamicRef": "#a" })), at("/$dynamicRef", FormFlaw::Keyword));
    assert_eq!(
        of(json!({ "$schema": "https://json-schema.org/draft/2020-12/schema" })),
        at("/$schema", FormFlaw::Invalid)
    );
    assert_eq!(of(json!({ "format": "hostname" })), at("/format", FormFlaw::Format));
    assert_eq!(of(json!({ "x-titles": { "de": "Name" } })), at("/x-titles", FormFlaw::Texts));
    assert_eq!(of(json!({ "x-titles": { "fr": "Nom", "xx": "?" } })), at("/x-titles", FormFlaw::Texts));
    assert_eq!(of(json!({ "enum": ["a"], "x-choices": { "b": { "fr": "B" } } })), at("/x-choices", FormFlaw::Texts));
    assert_eq!(of(json!({ "x-prefill": "/companyProfile/secret" })), at("/x-prefill", FormFlaw::Source));
}

#[test]
fn a_form_refers_to_nothing_but_its_own_definitions() {
    for remote in [
        "https://example.lu/schema.json",
        "file:///etc/passwd",
        "#",
        "#/properties/b",
        "#/$defs/none",
        "#/$defs/%61",
        "other.json#/$defs/a",
        "https://json-schema.org/draft/2020-12/schema",
    ] {
        let schema = json!({
            "type": "object", "properties": { "a": { "$ref": remote }, "b": true }, "$defs": { "a": true }
        });
        assert_eq!(faults(schema), [("/properties/a/$ref".to_owned(), FormFlaw::Reference)], "{remote}");
    }
}

#[test]
fn checking_has_an_end() {
    let recursive = json!({
        "type": "object", "properties": { "a": { "$ref": "#/$defs/a" } },
        "$defs": { "a": { "items": { "$ref": "#/$defs/b" } }, "b": { "not": { "$ref": "#/$defs/a" } } }
    });
    assert_eq!(faults(recursive), [(String::new(), FormFlaw::Recursive)]);
    let doubled = |level: usize| json!({ "allOf": vec![json!({ "$ref": format!("#/$defs/d{}", level + 1) }); 2] });
    let mut definitions: Map<_, _> = (0..60).map(|level| (format!("d{level}"), doubled(level))).collect();
    definitions.insert("d60".to_owned(), json!(true));
    let bomb = json!({ "type": "object", "properties": { "a": { "$ref": "#/$defs/d0" } }, "$defs": definitions });
    assert_eq!(faults(bomb), [(String::new(), FormFlaw::TooLarge)]);
    let deep = (0..MOST_LEVELS).fold(json!(true), |inner, _| json!({ "not": inner }));
    assert_eq!(faults(json!({ "type": "object", "not": deep })), [(String::new(), FormFlaw::TooLarge)]);
    let long = json!({ "type": "object", "$comment": "a".repeat(MOST_BYTES) });
    assert_eq!(faults(long), [(String::new(), FormFlaw::TooLarge)]);
}

#[test]
fn no_pattern_runs_for_ever() {
    for refused in ["(?=a)b", "(a)\\1", "(", "((a{1000}){1000}){1000}"] {
        let schema = json!({ "type": "object", "properties": { "a": { "pattern": refused } } });
        assert_eq!(faults(schema), [("/properties/a/pattern".to_owned(), FormFlaw::Pattern)], "{refused}");
        let schema = json!({ "type": "object", "patternProperties": { refused: true } });
        assert_eq!(faults(schema), [(format!("/patternProperties/{refused}"), FormFlaw::Pattern)], "{refused}");
    }
    // Backtracking would take longer than the sun will shine.
    let form = form(&json!({ "a": { "type": "string", "pattern": "^(a+)+$" } }));
    let begun = Instant::now();
    assert_eq!(errors(&form, &json!({ "a": format!("{}!", "a".repeat(200_000)) })), [("/a".to_owned(), "pattern")]);
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[test]
fn fields_are_filled_in_with_what_is_known() {
    let form = form(&json!({
        "name": { "type": "string", "x-prefill": "/companyProfile/legalName" },
        "vat": { "type": "string", "x-prefill": "/companyProfile/vatNumber" },
        "seat": { "type": "object", "properties": {
            "town/village": { "type": "string", "x-prefill": "/companyProfile/registeredOffice/locality" },
            "street": { "type": "string" }
        } },
        "other": { "type": "object", "properties": { "a": { "type": "string" } } }
    }));
    let known = json!({ "companyProfile": {
        "legalName": "Bäckerei", "vatNumber": null, "registeredOffice": { "locality": "Wiltz", "street": "Rue" }
    } });
    let (content, filled) = form.prefilled(&known);
    assert_eq!(Value::Object(content), json!({ "name": "Bäckerei", "seat": { "town/village": "Wiltz" } }));
    let filled: Vec<_> = filled.iter().map(|field| (field.pointer.as_str(), field.source.as_str())).collect();
    let expected =
        [("/name", "/companyProfile/legalName"), ("/seat/town~1village", "/companyProfile/registeredOffice/locality")];
    assert_eq!(filled, expected);
    assert_eq!(form.prefilled(&json!({})), (Map::new(), Vec::new()));
}
