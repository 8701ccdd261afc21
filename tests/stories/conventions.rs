//! The conventions of HTTP: problems, methods, headers, languages, preconditions, and the order of refusals.

use std::collections::BTreeSet;

use api::http::problem::Code;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header, jwk::JwkSet};
use serde_json::{Value, json};

use crate::support::{Actor, Database, World, professional};

const NOBODYS: &str = "019d6c3e-8c00-7000-8000-000000000000";
const JSON: (&str, &str) = ("content-type", "application/json");

fn strings<'a>(texts: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    texts.into_iter().map(str::to_owned).collect()
}

#[test]
fn every_problem_says_what_where_and_in_which_language() {
    let world = World::start(Database::Sqlite);
    let reply = world.anonymous().send("GET", "/v1/nothing?x=1", &[("accept-language", "fr")], vec![]);
    let problem = reply.expect_problem(404, "not_found");
    let members = problem.as_object().expect("a problem").keys().map(String::as_str);
    assert_eq!(strings(members), strings(["type", "title", "status", "detail", "instance", "code", "requestId"]));
    assert_eq!(problem["type"], "/problems/not_found");
    assert_eq!(problem["title"], "Introuvable");
    assert_eq!(problem["status"], 404);
    assert_eq!(problem["detail"], "Rien ne se trouve à cette adresse, ou rien qui vous soit accessible.");
    assert_eq!(problem["instance"], "/v1/nothing");
    assert_eq!(problem["requestId"], reply.header("x-request-id"));
    assert_eq!(reply.header("content-language"), "fr");
    assert_eq!(reply.header("vary"), "accept-language");
}

#[test]
fn problems_speak_the_language_that_is_liked_best_and_french_if_none_is_known() {
    let world = World::start(Database::Sqlite);
    let (fr, de) = (("fr", "Introuvable"), ("de", "Nicht gefunden"));
    let (en, lb) = (("en", "Not found"), ("lb", "Net fonnt"));
    for (accepted, (language, title)) in [
        ("", fr),
        ("*", fr),
        ("pt", fr),
        ("de", de),
        ("lb", lb),
        ("en", en),
        ("en-GB", en),
        ("EN-us", en),
        ("de-LU, fr;q=0.8", de),
        ("fr;q=0.7, en;q=0.8", en),
        ("en;q=0.7, fr;q=0.8", fr),
        ("en;q=0.5,pt", en),
        ("en, fr", en),
        ("fr, en", fr),
        ("en;q=0", fr),
        ("en;q=0, lb;q=0.1", lb),
        ("en;q=x", fr),
        ("en;q=NaN", fr),
        (";;;,,q=1", fr),
    ] {
        let reply = world.anonymous().send("GET", "/v1/nothing", &[("accept-language", accepted)], vec![]);
        let problem = reply.expect_problem(404, "not_found");
        assert_eq!((&*reply.header("content-language"), &problem["title"]), (language, &json!(title)), "{accepted}");
    }
    let without = world.send_raw("GET /v1/nothing", &[], b"");
    assert_eq!(without.expect_problem(404, "not_found")["title"], "Introuvable");
    let faults = world.founder().send("POST", "/v1/spaces", &[JSON, ("accept-language", "fr")], b"{".to_vec());
    assert_eq!(faults.json["errors"][0]["detail"], "N'est pas du JSON valide.");
}

#[test]
fn every_code_has_a_page_in_every_language() {
    let world = World::start(Database::Sqlite);
    let page = |code: &str, language| {
        world.anonymous().send("GET", &format!("/problems/{code}"), &[("accept-language", language)], vec![])
    };
    assert!(Code::ALL.len() > 20);
    for code in Code::ALL {
        let title = code.title();
        for (language, title) in [("fr", title.fr), ("de", title.de), ("en", title.en), ("lb", title.lb)] {
            let page = page(code.code(), language);
            page.expect(200);
            assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
            assert!(page.text.contains(&format!("<h1>{title}</h1>")), "{}", page.text);
            assert!(page.text.contains(&format!("HTTP {}", code.status().as_u16())), "{}", page.text);
        }
    }
    for unknown in ["nothing", "NOT_FOUND", "not_found%00", "%ff", "%3Cscript%3E", "not_found/"] {
        page(unknown, "en").expect_problem(404, "not_found");
    }
}

#[test]
fn an_unknown_address_is_a_problem_whatever_the_method() {
    let world = World::start(Database::Sqlite);
    for path in [
        "/",
        "/v1",
        "/v1/",
        "/v2/spaces",
        "/v1/spaces/",
        "//v1/spaces",
        "/v1//spaces",
        "/V1/spaces",
        "/v1/../v1/x",
        "/sandbox",
        "/health",
        "/.env",
    ] {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"] {
            let reply = world.anonymous().send(method, path, &[], vec![]);
            reply.expect_problem(404, "not_found");
            assert_eq!(reply.header("allow"), "", "{method} {path}");
        }
    }
}

#[test]
fn a_wrong_method_is_answered_with_the_right_ones() {
    let world = World::start(Database::Sqlite);
    let person = world.person();
    let contract = world.get("/v1/openapi.json").expect(200);
    let paths = contract["paths"].as_object().expect("paths");
    assert!(paths.len() >= 15);
    for (template, item) in paths {
        let path = template.replace("{id}", NOBODYS).replace("{requestId}", NOBODYS);
        let operations = item.as_object().expect("operations").keys().map(|method| method.to_uppercase());
        let mut allowed: BTreeSet<String> = operations.collect();
        if allowed.contains("GET") {
            allowed.insert("HEAD".to_owned());
        }
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "get", "QUERY"] {
            // `bulk` could be an invitation's id, and `activate` a certification's, as far as a GET knows.
            let is_like_id =
                ["/invitations/bulk", "/certifications/activate"].iter().any(|end| template.ends_with(end));
            let is_read = is_like_id && ["GET", "HEAD"].contains(&method);
            if allowed.contains(method) || is_read {
                continue;
            }
            let reply = person.send(method, &path, &[], vec![]);
            reply.expect_problem(405, "method_not_allowed");
            assert_eq!(strings(reply.header("allow").split(", ")), allowed, "{method} {path}");
        }
    }
    person.send("DELETE", "/v1/%73paces", &[], vec![]).expect_problem(405, "method_not_allowed");
}

#[test]
fn no_method_makes_a_fault_of_ours() {
    let world = World::start(Database::Sqlite);
    for path in ["/v1/terms", "/v1/spaces", "/v1/token", "/v1/nothing", "/docs/", "/v1/openapi.json", "/health/live"] {
        let head = world.send_raw(&format!("HEAD {path}"), &[], b"");
        assert_eq!(head.status, world.get(path).status, "HEAD is GET without the body: {path}");
        assert_eq!(head.body, "", "{path}");
    }
    for line in [
        "OPTIONS *",
        "CONNECT example.lu:443",
        "CONNECT /v1/spaces",
        "GET http://127.0.0.1/v1/nothing",
        "TRACE /v1/spaces",
        "BREW /v1/spaces",
        "G\u{c9}T /v1/spaces",
        "GET spaces",
        "GET ?x",
        "PRI *",
    ] {
        let reply = world.send_raw(line, &[], b"");
        assert!(reply.status == 0 || (400..500).contains(&reply.status), "{line}: {}", reply.head);
    }
    world.get("/health/ready").expect(200);
}

#[test]
fn a_good_request_id_is_kept_and_any_other_replaced() {
    let world = World::start(Database::Sqlite);
    let good = "a".repeat(64);
    for id in [good.as_str(), "0", "a-B-9", "019d6c3e-8c00-7000-8000-000000000000"] {
        let reply = world.anonymous().send("GET", "/v1/nothing", &[("x-request-id", id)], vec![]);
        assert_eq!((reply.header("x-request-id").as_str(), &reply.json["requestId"]), (id, &json!(id)));
    }
    let long = "a".repeat(65);
    let mut seen = BTreeSet::new();
    for id in ["", " ", &long, "a b", "a_b", "a;b", "a,b", "\"a\"", "{{7*7}}", "\u{e9}", "\u{1f950}", "a\tb"] {
        let reply = world.send_raw("GET /v1/nothing", &[&format!("X-Request-Id: {id}")], b"");
        let given = reply.expect_problem(404, "not_found")["requestId"].clone();
        assert_eq!(given, reply.header("x-request-id"));
        assert!(given.as_str().is_some_and(|given| given.len() == 36 && given != id), "{id}: {given}");
        assert!(seen.insert(given.to_string()), "{id}: the same twice");
    }
}

#[test]
fn every_answer_has_the_headers_of_security() {
    let world = World::start(Database::Sqlite);
    let founder = world.founder();
    let opened = founder.open_space("Boulangerie");
    let path = opened.header("location");
    let unchanged = founder.send("GET", &path, &[("if-none-match", &opened.header("etag"))], vec![]);
    let evil = world.send_raw("GET /sandbox/persons", &["Host: evil.example"], b"");
    let version = world.get("/v1/openapi.json").json["info"]["version"].as_str().expect("a version").to_owned();
    assert!(version.starts_with("1."), "{version}");
    let strict = "default-src 'none'; frame-ancestors 'none'";
    for (name, reply, status) in [
        ("200", founder.get(&path), 200),
        ("201", opened, 201),
        ("304", unchanged, 304),
        ("308", world.get("/docs"), 308),
        ("400", founder.post("/v1/spaces", &json!({})), 400),
        ("400 of OAuth", world.anonymous().post("/v1/token", &json!({})), 400),
        ("401", world.get("/v1/spaces"), 401),
        ("404", world.get("/v1/nothing"), 404),
        ("405", world.get("/v1/token"), 405),
        ("409", founder.post("/v1/me/terms-acceptances", &json!({ "version": "1" })), 409),
        ("412", founder.patch(&path, "\"9-0\"", &json!({})), 412),
        ("contract", world.get("/v1/openapi.json"), 200),
        ("problem page", world.get("/problems/not_found"), 200),
    ] {
        assert_eq!(reply.status, status, "{name}: {}", reply.text);
        for (header, value) in [
            ("content-security-policy", strict),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cache-control", "no-store"),
            ("api-version", &version),
            ("strict-transport-security", ""),
        ] {
            assert_eq!(reply.header(header), value, "{name}: {header}");
        }
        assert_eq!(reply.header("x-request-id").len(), 36, "{name}");
        if reply.status != 200 || name != "contract" {
            assert_eq!(reply.header("access-control-allow-origin"), "", "{name}");
        }
    }
    assert_eq!((evil.status, evil.header("content-security-policy")), (404, strict));
    let challenge = world.get("/v1/spaces").header("www-authenticate");
    assert_eq!(challenge, "Bearer");
    let mut liar = founder.clone();
    liar.token = Some("x".into());
    let refused = liar.get("/v1/spaces");
    refused.expect_problem(401, "token_invalid");
    assert_eq!(refused.header("www-authenticate"), r#"Bearer error="invalid_token""#);
}

#[test]
fn the_contract_is_open_to_all_and_the_same_in_both_forms() {
    let world = World::start(Database::Sqlite);
    let (json, yaml) = (world.get("/v1/openapi.json"), world.get("/v1/openapi.yaml"));
    for (reply, media_type) in [(&json, "application/json"), (&yaml, "application/yaml")] {
        assert_eq!(reply.status, 200);
        assert_eq!(reply.header("content-type"), media_type);
        assert_eq!(reply.header("access-control-allow-origin"), "*");
    }
    let of_yaml: Value = yaml_serde::from_str(&yaml.text).expect("YAML");
    assert_eq!(json.json, of_yaml);
    assert_eq!(json.json["openapi"].as_str().map(|version| &version[..3]), Some("3.1"));
    assert_eq!(json.json["info"]["version"], json.header("api-version"));
}

#[test]
fn swagger_ui_is_served_from_here() {
    let world = World::start(Database::Sqlite);
    let redirect = world.get("/docs");
    assert_eq!((redirect.status, redirect.header("location").as_str()), (308, "/docs/"));
    let html = world.get("/docs/");
    html.expect(200);
    assert!(html.header("content-type").starts_with("text/html"));
    let policy = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'";
    let kind = |text: &str| text.rsplit_once('.').map(|(_, kind)| kind.to_owned()).unwrap_or_default();
    let links = html.text.split(['"', '\'']).filter(|text| ["js", "css"].contains(&&*kind(text)));
    let links: BTreeSet<&str> = links.map(|link| link.trim_start_matches("./")).collect();
    assert!(links.len() >= 3, "{links:?}");
    for link in &links {
        assert!(!link.contains("://") && !link.starts_with("//"), "{link} is not of this server");
        let reply = world.get(&format!("/docs/{link}"));
        reply.expect(200);
        let expected = if kind(link) == "css" { "text/css" } else { "text/javascript" };
        assert!(reply.header("content-type").starts_with(expected), "{link}: {}", reply.header("content-type"));
        assert_eq!(reply.header("content-security-policy"), policy);
        assert_eq!(reply.header("x-content-type-options"), "nosniff");
        assert!(reply.text.len() > 100, "{link}");
    }
    let settings = world.get("/docs/swagger-initializer.js").text;
    assert!(settings.contains("/v1/openapi.json"), "{settings}");
    for nothing in ["/docs/nothing.js", "/docs/..%2fv1%2fterms", "/docs/%00", "/docs/%ff"] {
        world.get(nothing).expect_problem(404, "not_found");
    }
}

#[test]
fn published_keys_verify_our_tokens() {
    let world = World::start(Database::Sqlite);
    let token = world.person().token.expect("a token");
    let reply = world.get("/.well-known/jwks.json");
    let keys: JwkSet = serde_json::from_value(reply.expect(200)).expect("a JWK Set");
    for key in reply.json["keys"].as_array().expect("keys") {
        let members = key.as_object().expect("a key").keys().map(String::as_str);
        assert_eq!(strings(members), strings(["kty", "crv", "alg", "use", "kid", "x"]), "no private member");
    }
    let header = decode_header(&token).expect("a header");
    assert_eq!((header.alg, header.typ.as_deref()), (Algorithm::EdDSA, Some("at+jwt")));
    let key = keys.find(&header.kid.expect("a key id")).expect("its key is published");
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.validate_exp = false;
    validation.set_audience(&[world.url()]);
    validation.set_issuer(&[world.url()]);
    let key = DecodingKey::from_jwk(key).expect("a key");
    let claims = decode::<Value>(&token, &key, &validation).expect("our token").claims;
    for claim in ["iss", "sub", "aud", "exp", "iat", "jti", "sid", "acr", "auth_time", "client_id"] {
        assert!(!claims[claim].is_null(), "{claim}");
    }
    let lifetime = claims["exp"].as_i64().zip(claims["iat"].as_i64()).map(|(exp, iat)| exp - iat);
    assert_eq!(lifetime, Some(600));

    let issuer = world.url();
    assert_eq!(
        world.get("/.well-known/oauth-authorization-server").expect(200),
        json!({
            "issuer": issuer,
            "token_endpoint": format!("{issuer}/v1/token"),
            "revocation_endpoint": format!("{issuer}/v1/token/revoke"),
            "jwks_uri": format!("{issuer}/.well-known/jwks.json"),
            "grant_types_supported":
                ["urn:ietf:params:oauth:grant-type:token-exchange", "refresh_token", "client_credentials"],
            "token_endpoint_auth_methods_supported": ["none", "private_key_jwt"],
            "token_endpoint_auth_signing_alg_values_supported": ["EdDSA", "ES256", "RS256", "PS256"],
            "scopes_supported": [
                "read", "draft", "attach", "fetch_documents",
                "read_certifications", "decide_certifications", "issue_access_codes",
                "read_procedures", "handle_procedures", "push_records", "answer_verifications", "read_events",
            ],
            "service_documentation": format!("{issuer}/docs/"),
        })
    );
    for path in ["/health/live", "/health/ready"] {
        assert_eq!(world.get(path).expect(200), json!({ "status": "ok" }));
    }
}

#[test]
fn the_sandbox_answers_loopback_names_alone_and_no_other_origin() {
    let world = World::start(Database::Sqlite);
    let port = world.url().rsplit(':').next().expect("a port").to_owned();
    for host in ["127.0.0.1", "localhost", "[::1]", "localhost:80", &format!("127.0.0.1:{port}")] {
        let reply =
            world.send_raw("GET /sandbox/persons", &[&format!("Host: {host}"), "Origin: https://evil.example"], b"");
        assert_eq!(reply.status, 200, "{host}");
        assert!(!reply.head.to_ascii_lowercase().contains("access-control-"), "{}", reply.head);
    }
    let addresses = [
        "/sandbox/persons",
        "/sandbox/mails?to=a@b.lu",
        "/%73andbox/persons",
        "/sandbo%78/persons",
        "/%73%61%6e%64%62%6f%78/mails?to=a@b.lu",
    ];
    for host in [
        "evil.example",
        "evil.example:8080",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "127.0.0.1@evil.example",
        "0.0.0.0",
        "",
    ] {
        for address in addresses {
            let reply = world.send_raw(&format!("GET {address}"), &[&format!("Host: {host}")], b"");
            reply.expect_problem(404, "not_found");
            assert_eq!(reply.header("content-type"), "application/problem+json");
        }
        let reply = world.send_raw("POST /sandbox/persons", &[&format!("Host: {host}"), "Content-Length: 0"], b"");
        reply.expect_problem(404, "not_found");
    }
    let forwarded = ["Host: evil.example", "X-Forwarded-Host: localhost", "Forwarded: host=localhost"];
    world.send_raw("GET /sandbox/persons", &forwarded, b"").expect_problem(404, "not_found");
    // Elsewhere the name does not matter.
    assert_eq!(world.send_raw("GET /v1/terms", &["Host: evil.example"], b"").status, 200);
}

#[test]
fn if_none_match_spares_the_body_of_what_is_known() {
    let world = World::start(Database::Sqlite);
    let founder = world.founder();
    let opened = founder.open_space("Boulangerie");
    let (path, etag) = (opened.header("location"), opened.header("etag"));
    let asked = |known: &[(&str, &str)]| founder.send("GET", &path, known, vec![]);
    let weak = format!("W/{etag}");
    let list = format!("\"x\", {weak} ,\"y\"");
    for known in [etag.as_str(), &weak, &list, "*"] {
        let reply = asked(&[("if-none-match", known)]);
        assert_eq!((reply.status, reply.text.as_str(), reply.header("etag")), (304, "", etag.clone()), "{known}");
    }
    assert_eq!(asked(&[("if-none-match", "\"x\""), ("if-none-match", &etag)]).status, 304);
    let unquoted = etag.trim_matches('"');
    for unknown in ["", "\"1\"", "\"1-0000000000000000\"", unquoted, "x", "\u{e9}"] {
        assert_eq!(asked(&[("if-none-match", unknown)]).expect(200), opened.json, "{unknown}");
    }
    // Authorization comes first, and an edit is no question.
    let stranger = world.person();
    stranger.send("GET", &path, &[("if-none-match", "*")], vec![]).expect_problem(404, "not_found");
    world.anonymous().send("GET", &path, &[("if-none-match", "*")], vec![]).expect_problem(401, "token_invalid");
    let headers = [("content-type", "application/merge-patch+json"), ("if-match", &*etag), ("if-none-match", "*")];
    assert_eq!(founder.send("PATCH", &path, &headers, b"{}".to_vec()).expect(200), opened.json);
}

#[test]
fn an_edit_names_the_version_that_it_edits() {
    let world = World::start(Database::Sqlite);
    let founder = world.founder();
    let opened = founder.open_space("Boulangerie");
    let (path, etag) = (opened.header("location"), opened.header("etag"));
    let edit = |headers: &[(&str, &str)]| founder.send("PATCH", &path, &[&[JSON], headers].concat(), b"{}".to_vec());
    edit(&[]).expect_problem(428, "if_match_required");
    let weak = format!("W/{etag}");
    let unquoted = etag.trim_matches('"').to_owned();
    for wrong in [
        "",
        "\"2-0000000000000000\"",
        "\"01-0\"",
        "\"+1-0\"",
        "\"-1-0\"",
        "\"99999999999999999999-0\"",
        "\"1\"",
        "1",
        "\"\"",
        "\"",
        ",",
        "x",
        &weak,
        &unquoted,
        "\u{e9}",
        "\"1-\u{e9}",
    ] {
        edit(&[("if-match", wrong)]).expect_problem(412, "version_changed");
    }
    let list = format!("\"7-0\", {etag}");
    for right in [etag.as_str(), "*", " * ", &list] {
        assert_eq!(edit(&[("if-match", right)]).expect(200), opened.json, "{right}");
    }
    edit(&[("if-match", "\"7-0\""), ("if-match", &etag)]).expect(200);
    edit(&[("if-match", "\"7-0\""), ("if-match", "\"8-0\"")]).expect_problem(412, "version_changed");
}

/// Status and code of the answer to a request.
fn told(actor: &Actor, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> String {
    let reply = actor.send(method, path, headers, body.as_bytes().to_vec());
    format!("{} {}", reply.status, reply.json["code"].as_str().unwrap_or_default())
}

const TEXT: (&str, &str) = ("content-type", "text/plain");
const OLD: (&str, &str) = ("if-match", "\"9-0\"");
const GOOD: &str = r#"{"title":"x"}"#;
const BAD: &str = r#"{"title":""}"#;

#[test]
fn of_two_faults_the_first_in_the_order_of_refusals_is_told() {
    let world = World::start(Database::Sqlite);
    let (anonymous, stranger, founder, newcomer) = (world.anonymous(), world.person(), world.founder(), world.person());
    let space = founder.open_space("Boulangerie").header("location");
    let private = founder.open_private_space().header("location");
    let huge = " ".repeat(262_145);
    let wish = professional("x").to_string();
    let open = |who, headers, body| told(who, "POST", "/v1/spaces", headers, body);
    let edit = |who, headers, body| told(who, "PATCH", &space, headers, body);
    let edit_private = |headers| told(&founder, "PATCH", &private, headers, GOOD);
    let list = |who, query| told(who, "GET", &format!("/v1/spaces?{query}"), &[], "");
    for (faults, told, first) in [
        ("size, token", open(&anonymous, &[JSON], &huge), "413 body_too_large"),
        ("size, membership", edit(&stranger, &[JSON], &huge), "413 body_too_large"),
        ("size, content type", open(&founder, &[TEXT], &huge), "413 body_too_large"),
        ("token, membership", edit(&anonymous, &[JSON, OLD], GOOD), "401 token_invalid"),
        ("token, content type", open(&anonymous, &[TEXT], &wish), "401 token_invalid"),
        ("token, body", open(&anonymous, &[JSON], "{"), "401 token_invalid"),
        ("token, query", list(&anonymous, "limit=0"), "401 token_invalid"),
        ("membership, content type", edit(&stranger, &[TEXT], GOOD), "404 not_found"),
        ("membership, body", edit(&stranger, &[JSON], "{"), "404 not_found"),
        ("membership, no If-Match", edit(&stranger, &[JSON], GOOD), "404 not_found"),
        ("membership, old If-Match", edit(&stranger, &[JSON, OLD], GOOD), "404 not_found"),
        ("content type, body", open(&founder, &[TEXT], "{"), "415 unsupported_media_type"),
        ("content type, no If-Match", edit(&founder, &[TEXT], GOOD), "415 unsupported_media_type"),
        ("content type, old If-Match", edit(&founder, &[TEXT, OLD], GOOD), "415 unsupported_media_type"),
        ("body, no If-Match", edit(&founder, &[JSON], BAD), "400 invalid_input"),
        ("body, old If-Match", edit(&founder, &[JSON, OLD], BAD), "400 invalid_input"),
        ("query, cursor", list(&founder, "limit=0&cursor=x"), "400 invalid_input"),
        ("no If-Match, state", edit_private(&[JSON]), "428 if_match_required"),
        ("old If-Match, state", edit_private(&[JSON, OLD]), "412 version_changed"),
        ("content type, state", open(&newcomer, &[TEXT], &wish), "415 unsupported_media_type"),
        ("body, state", open(&newcomer, &[JSON], BAD), "400 invalid_input"),
        ("state", open(&newcomer, &[JSON], &wish), "409 terms_not_accepted"),
    ] {
        assert_eq!(told, first, "{faults}");
    }
}

#[test]
fn the_helpdesk_refuses_in_the_same_order() {
    let world = World::start(Database::Sqlite);
    let (anonymous, person, agent) = (world.anonymous(), world.founder(), world.agent());
    let mut weak = agent.clone();
    weak.log_in_at(0, "low").expect(200);
    let space = person.open_space("Boulangerie").header("location");
    let resume = |who, headers, body| told(who, "POST", &format!("{}/resume", helpdesks(&space)), headers, body);
    let nobodys =
        |who, headers, body| told(who, "POST", &helpdesks(&format!("/v1/spaces/{NOBODYS}/resume")), headers, body);
    let list = |who| told(who, "GET", "/v1/helpdesk/limit-requests?limit=0", &[], "");
    let huge = " ".repeat(262_145);
    let (good, bad) = (r#"{"reason":"x"}"#, r#"{"reason":""}"#);
    for (faults, told, first) in [
        ("size, token", resume(&anonymous, &[JSON], &huge), "413 body_too_large"),
        ("token, body", resume(&anonymous, &[JSON], "{"), "401 token_invalid"),
        ("role, nobody's", nobodys(&person, &[JSON], good), "403 helpdesk_only"),
        ("role, body", resume(&person, &[JSON], bad), "403 helpdesk_only"),
        ("role, query", list(&person), "403 helpdesk_only"),
        ("nobody's, strength", nobodys(&weak, &[JSON], good), "404 not_found"),
        ("nobody's, content type", nobodys(&agent, &[TEXT], good), "404 not_found"),
        ("nobody's, body", nobodys(&agent, &[JSON], bad), "404 not_found"),
        ("strength, content type", resume(&weak, &[TEXT], good), "401 insufficient_user_authentication"),
        ("strength, state", resume(&weak, &[JSON], good), "401 insufficient_user_authentication"),
        ("strength, query", list(&weak), "401 insufficient_user_authentication"),
        ("content type, body", resume(&agent, &[TEXT], bad), "415 unsupported_media_type"),
        ("body, state", resume(&agent, &[JSON], bad), "400 invalid_input"),
        ("state", resume(&agent, &[JSON], good), "409 space_not_suspended"),
    ] {
        assert_eq!(told, first, "{faults}");
    }
}

/// The address at which the Helpdesk acts on what members find here.
fn helpdesks(path: &str) -> String {
    path.replacen("/v1/", "/v1/helpdesk/", 1)
}

#[test]
fn a_registration_refuses_in_the_same_order() {
    let world = World::start(Database::Sqlite);
    let anonymous = world.anonymous();
    let mut person = world.anonymous();
    person.become_test_person(&json!({ "products": ["eid"] }));
    let superseded = person.begin_registration(0).header("location");
    person.register_product(0).expect(200);
    let nobodys = format!("/v1/registrations/{NOBODYS}");
    let huge = " ".repeat(262_145);
    let (good, bad) = (r#"{"code":"123456"}"#, r#"{"code":"1"}"#);
    let confirm = |at: &str, headers, body| told(&anonymous, "POST", &format!("{at}/confirm"), headers, body);
    let resend = |at: &str, headers, body| told(&anonymous, "POST", &format!("{at}/resend"), headers, body);
    for (faults, told, first) in [
        ("size, nobody's", confirm(&nobodys, &[JSON], &huge), "413 body_too_large"),
        ("size, nobody's", resend(&nobodys, &[JSON], &huge), "413 body_too_large"),
        ("nobody's, content type", confirm(&nobodys, &[TEXT], good), "404 not_found"),
        ("nobody's, content type", resend(&nobodys, &[TEXT], "{}"), "404 not_found"),
        ("nobody's, body", confirm(&nobodys, &[JSON], "{"), "404 not_found"),
        ("nobody's, body", resend(&nobodys, &[JSON], "{"), "404 not_found"),
        ("content type, state", confirm(&superseded, &[TEXT], good), "415 unsupported_media_type"),
        ("content type, state", resend(&superseded, &[TEXT], "{}"), "415 unsupported_media_type"),
        ("body, state", confirm(&superseded, &[JSON], bad), "400 invalid_input"),
        ("body, state", resend(&superseded, &[JSON], bad), "400 invalid_input"),
        ("state", confirm(&superseded, &[JSON], good), "410 registration_superseded"),
        ("state", resend(&superseded, &[JSON], "{}"), "410 registration_superseded"),
    ] {
        assert_eq!(told, first, "{faults}");
    }
}
