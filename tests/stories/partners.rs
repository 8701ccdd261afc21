//! Back ends of administrations: how operators let them in, and what then holds of their tokens.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::{Database, Key, Reply, Scratch, Software, World, jwks, text};

crate::on_both_databases!(
    a_partner_is_told_who_it_is_and_what_its_token_is_for,
    who_is_suspended_is_refused_at_once_until_he_is_resumed,
    keys_are_changed_without_a_pause,
    what_an_operator_takes_is_taken_from_tokens_too,
    test_partners_act_for_each_administration,
);

const BOTH: &str = "read_certifications,read_events";

fn a_partner_is_told_who_it_is_and_what_its_token_is_for(world: &World) {
    let partner = world.partner("acd", BOTH, Key::strange());
    let granted = partner.ask(&partner.assertion_at(world.now().timestamp()));
    assert_eq!(granted.expect(200)["scope"], "read_certifications read_events");
    let told = |reply: &Reply| {
        let shown = reply.expect(200);
        assert_eq!((&shown["id"], &shown["name"]), (&json!(partner.id), &json!("Office")));
        assert_eq!((&shown["administration"]["code"], &shown["status"]), (&json!("acd"), &json!("active")));
        assert_eq!(shown["scopes"], json!(["read_certifications", "read_events"]));
        shown["tokenScopes"].clone()
    };
    let all = partner.log_in();
    assert_eq!(told(&all.get(&partner.path)), json!(["read_certifications", "read_events"]));
    let few = partner.log_in_at(world.now().timestamp(), Some("read_events"));
    assert_eq!(told(&few.get(&partner.path)), json!(["read_events"]));
    let titles = ["de", "fr"].map(|language| {
        let reply = all.send("GET", &partner.path, &[("accept-language", language)], vec![]);
        text(&reply.expect(200)["administration"]["title"])
    });
    assert_ne!(titles[0], titles[1]);

    for scope in ["decide_certifications", "read", "read_events decide_certifications", "nonsense"] {
        let assertion = partner.assertion_at(world.now().timestamp()).sign(&partner.key);
        let refused = world.anonymous().exchange_client_assertion(&assertion, Some(scope));
        assert_eq!((refused.status, &refused.json["error"]), (400, &json!("invalid_scope")), "{scope}");
    }
    all.get(&format!("{}?x=1", partner.path)).expect_problem(400, "invalid_input");
    // A token of a partner's is not given back; ten minutes later it is over.
    let given_back = all.post_form("/v1/token/revoke", &[("token", all.token.as_deref().expect("a token"))]);
    assert_eq!(given_back.json["error"], "unsupported_token_type");
    world.wait(TimeDelta::minutes(11));
    all.get(&partner.path).expect_problem(401, "token_invalid");
}

fn who_is_suspended_is_refused_at_once_until_he_is_resumed(world: &World) {
    let partner = world.partner("acd", BOTH, Key::strange());
    let colleague = world.partner("acd", BOTH, Key::es256());
    let (works, others) = (partner.log_in(), colleague.log_in());
    works.get(&partner.path).expect(200);
    let suspended = world.operate(&["partner", "suspend", &partner.id]);
    assert!(suspended.starts_with(&partner.id) && suspended.contains("\tsuspended\t"), "{suspended}");
    for path in [&partner.path, "/v1/partner/events"] {
        let refused = works.get(path);
        refused.expect_problem(401, "token_invalid");
        assert_eq!(refused.header("www-authenticate"), r#"Bearer error="invalid_token""#);
    }
    let assertion = partner.assertion_at(world.now().timestamp());
    partner.ask(&assertion).expect_unknown_client();
    others.get(&partner.path).expect(200);
    world.operate(&["partner", "resume", &partner.id]);
    works.get(&partner.path).expect(200);
    // What was refused was not used up.
    partner.ask(&assertion).expect(200);
}

fn keys_are_changed_without_a_pause(world: &World) {
    let partner = world.partner("acd", BOTH, Key::strange());
    let next = Key::es256();
    let assertion = |id: &str| {
        let now = world.now().timestamp();
        partner.assertion_at(now).header("kid", id)
    };
    let of_old = || assertion("k").sign(&partner.key);
    let of_new = || assertion("n").header("alg", "ES256").sign(&next);
    let ask = |assertion: String| world.anonymous().exchange_client_assertion(&assertion, None);
    let replace = |keys: &[(&str, &Key)]| {
        let file = world.file(&jwks(keys));
        world.operate(&["partner", "keys", &partner.id, "--jwks", file.to_str().expect("a path")]);
    };
    ask(of_new()).expect_unknown_client();
    let before = world.anonymous().with_token(&ask(of_old()));
    replace(&[("k", &partner.key), ("n", &next)]);
    ask(of_old()).expect(200);
    ask(of_new()).expect(200);
    replace(&[("n", &next)]);
    ask(of_old()).expect_unknown_client();
    ask(of_new()).expect(200);
    // A token that was given for a key that is replaced lives on.
    before.get(&partner.path).expect(200);
}

fn what_an_operator_takes_is_taken_from_tokens_too(world: &World) {
    let partner = world.partner("acd", BOTH, Key::strange());
    let works = partner.log_in();
    works.get("/v1/partner/events").expect(200);
    world.operate(&["partner", "edit", &partner.id, "--scopes", "read_certifications", "--name", "Tax card office"]);
    works.get("/v1/partner/events").expect_problem(403, "scope_not_granted");
    let shown = works.get(&partner.path).expect(200).clone();
    assert_eq!((&shown["name"], &shown["tokenScopes"]), (&json!("Tax card office"), &json!(["read_certifications"])));
    // What it is given anew, an old token has again only as far as it was for that.
    world.operate(&["partner", "edit", &partner.id, "--scopes", "read_events,decide_certifications"]);
    assert_eq!(works.get(&partner.path).expect(200)["tokenScopes"], json!(["read_events"]));
}

fn test_partners_act_for_each_administration(world: &World) {
    let nobody = world.anonymous();
    let partners = nobody.get("/sandbox/partners").expect(200)["data"].clone();
    assert_eq!(nobody.get("/sandbox/partners").expect(200)["data"], partners, "they are made once");
    let codes: Vec<&Value> = partners.as_array().expect("a list").iter().map(|one| &one["administration"]).collect();
    assert!(codes.len() > 1 && codes.contains(&&json!("acd")), "{codes:?}");
    for partner in partners.as_array().expect("a list") {
        let wish = json!({ "partner": partner["id"] });
        let assertion = text(&nobody.post("/sandbox/client-assertions", &wish).expect(200)["clientAssertion"]);
        let granted = nobody.exchange_client_assertion(&assertion, None);
        let shown = nobody.with_token(&granted).get("/v1/partner/client").expect(200).clone();
        assert_eq!(
            (&shown["administration"]["code"], &shown["scopes"]),
            (&partner["administration"], &partner["scopes"])
        );
        nobody.exchange_client_assertion(&assertion, None).expect_unknown_client();
    }
    let other = world.partner("acd", BOTH, Key::strange());
    let of_other = nobody.post("/sandbox/client-assertions", &json!({ "partner": other.id }));
    of_other.expect_problem(404, "not_found");
}

#[test]
fn an_operator_is_told_what_is_wrong() {
    let world = World::start(Database::Sqlite);
    let good = world.file(&jwks(&[("k", &Key::strange())]));
    let good = good.to_str().expect("a path");
    let refused = |arguments: &[&str], told: &str| {
        let done = world.operator(&[&["partner"], arguments].concat());
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(!done.status.success() && said.contains(told), "{arguments:?}: {said}");
    };
    let add = |administration: &str, name: &str, jwks: &str, scopes: &str, told: &str| {
        let of = ["--administration", administration, "--name", name, "--jwks", jwks, "--scopes", scopes];
        refused(&[&["add"], &of[..]].concat(), told);
    };
    add("nobody", "Office", good, BOTH, "no catalogue has an administration nobody");
    add("ACD", "Office", good, BOTH, "the code does not have the right form");
    add("acd", " ", good, BOTH, "the name is empty");
    add("acd", "Office", good, "read", "the scopes are read_certifications, decide_certifications");
    refused(&["edit", "019d6c3e-8c00-7000-8000-000000000000", "--scopes", ""], "the list is empty; the scopes are");
    add("acd", "Office", good, "", "the list is empty; the scopes are read_certifications");
    add("acd", "Office", "/nowhere/keys.json", BOTH, "/nowhere/keys.json: ");
    let mut key = Key::strange().public("k");
    key["d"] = json!("A".repeat(43));
    for (keys, told) in [
        (json!({ "keys": [key] }), "/keys/0/d: "),
        (json!({ "keys": [] }), "/keys: "),
        (json!({}), "/keys: "),
        (json!([]), ": "),
        (jwks(&[("k", &Key::strange()), ("k", &Key::es256())]), "/keys/1/kid: "),
    ] {
        let file = world.file(&keys);
        add("acd", "Office", file.to_str().expect("a path"), BOTH, told);
    }
    assert_eq!(world.operate(&["partner", "list"]).lines().count(), 1, "a heading and nobody");
    let nobody = "019d6c3e-8c00-7000-8000-000000000000";
    for arguments in [
        &["suspend", nobody][..],
        &["resume", nobody],
        &["edit", nobody, "--name", "x"],
        &["keys", nobody, "--jwks", good],
    ] {
        refused(arguments, &format!("no partner has the id {nobody}"));
    }
    refused(&["edit", nobody], "required");

    let partner: Software = world.partner("acd", BOTH, Key::strange());
    let listed = world.operate(&["partner", "list"]);
    let line = listed.lines().nth(1).expect("a line");
    assert!(line.starts_with(&format!("{}\tacd\tOffice\t{BOTH}\tactive\t", partner.id)), "{line}");
}

#[test]
fn what_an_operator_does_is_logged_and_what_he_only_tries_or_reads_is_not() {
    let mut scratch = Scratch::new(Database::Sqlite);
    scratch.set("ESPACE_PRO_LOG_FORMAT", "json");
    let world = World::start_in(scratch);
    let keys = world.file(&jwks(&[("k", &Key::strange())]));
    let keys = keys.to_str().expect("a path");
    let logged = |arguments: &[&str]| {
        let done = world.operator(&[&["partner"], arguments].concat());
        let said = String::from_utf8(done.stderr).expect("a text");
        let events = said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()).collect::<Vec<_>>();
        (events, String::from_utf8(done.stdout).expect("a text").trim_end().to_owned())
    };
    let of = ["--administration", "acd", "--name", "Tax card office", "--jwks", keys, "--scopes", BOTH];
    let (added, id) = logged(&[&["add"], &of[..]].concat());
    let event = |act: &str, scopes: &str, status: &str| {
        json!({
            "level": "INFO", "message": "an operator acted on a partner", "act": act, "partner_id": id,
            "administration": "acd", "scopes": scopes, "status": status,
        })
    };
    let one = |mut events: Vec<Value>| {
        assert_eq!(events.len(), 1, "{events:?}");
        events[0].as_object_mut().expect("an object").remove("timestamp").expect("a moment");
        events.remove(0)
    };
    let both = BOTH.replace(',', " ");
    assert_eq!(one(added), event("partner_added", &both, "active"));
    for (arguments, expected) in [
        (&["keys", &id, "--jwks", keys][..], event("partner_keys_replaced", &both, "active")),
        (&["edit", &id, "--scopes", "read_events"], event("partner_edited", "read_events", "active")),
        (&["suspend", &id], event("partner_suspended", "read_events", "suspended")),
        (&["resume", &id], event("partner_resumed", "read_events", "active")),
    ] {
        assert_eq!(one(logged(arguments).0), expected);
    }
    for nothing in [&["list"][..], &["suspend", "019d6c3e-8c00-7000-8000-000000000000"]] {
        assert_eq!(logged(nothing).0, [] as [Value; 0], "{nothing:?}");
    }
}
