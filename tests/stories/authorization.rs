//! Who may do what, measured against the contract: an operation that is not in this table fails.

use api::http::strength::Levels;
use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::{Database, World, text};

/// Whom an operation serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Serves {
    /// Anybody.
    Anybody,
    /// Anybody who knows the id of what he began.
    WhoBeganIt,
    /// A person who is logged in, about himself.
    Person,
    /// A member of the space in the path.
    Member,
}

/// Every operation of the contract, by its id.
const OPERATIONS: &[(&str, Serves)] = &[
    ("getLiveness", Serves::Anybody),
    ("getReadiness", Serves::Anybody),
    ("getJwks", Serves::Anybody),
    ("getServerMetadata", Serves::Anybody),
    ("register", Serves::Anybody),
    ("getRegistration", Serves::WhoBeganIt),
    ("confirmRegistration", Serves::WhoBeganIt),
    ("resendRegistrationCode", Serves::WhoBeganIt),
    ("getToken", Serves::Anybody),
    ("revokeToken", Serves::Anybody),
    ("getTerms", Serves::Anybody),
    ("acceptTerms", Serves::Person),
    ("getLanding", Serves::Person),
    ("listAuthenticationProducts", Serves::Person),
    ("listSessions", Serves::Person),
    ("endSession", Serves::Person),
    ("listAuditEvents", Serves::Person),
    ("openSpace", Serves::Person),
    ("listSpaces", Serves::Person),
    ("getSpace", Serves::Member),
    ("editSpace", Serves::Member),
    ("closeSpace", Serves::Member),
    ("restoreSpace", Serves::Member),
    ("getCompanyProfile", Serves::Member),
    ("replaceCompanyProfile", Serves::Member),
    ("listSpaceAuditEvents", Serves::Member),
    ("listSandboxPersons", Serves::Anybody),
    ("addSandboxPerson", Serves::Anybody),
    ("assertSandboxPerson", Serves::Anybody),
    ("listSandboxMails", Serves::Anybody),
];

struct Operation {
    id: String,
    method: String,
    path: String,
    is_secured: bool,
    /// `x-login`: how strong a login it wants.
    login: Value,
    body: Option<(String, Value)>,
}

fn operations() -> Vec<Operation> {
    let contract = serde_json::to_value(api::openapi::contract(true, &Levels::default())).expect("a document");
    let paths = contract["paths"].as_object().expect("paths");
    let mut found = Vec::new();
    for (path, item) in paths {
        for (method, operation) in item.as_object().expect("an item") {
            let body = operation["requestBody"]["content"].as_object().and_then(|content| content.iter().next()).map(
                |(media_type, body)| {
                    let schema = body["schema"]["$ref"].as_str().expect("a named schema").trim_start_matches('#');
                    (media_type.clone(), contract.pointer(schema).expect("the schema")["example"].clone())
                },
            );
            found.push(Operation {
                id: operation["operationId"].as_str().expect("an id").to_owned(),
                method: method.to_uppercase(),
                path: path.clone(),
                is_secured: operation.get("security").is_some(),
                login: operation["x-login"].clone(),
                body,
            });
        }
    }
    found
}

fn serves(operation: &Operation) -> Serves {
    let known = OPERATIONS.iter().find(|(id, _)| *id == operation.id);
    known.unwrap_or_else(|| panic!("say in OPERATIONS whom {} serves", operation.id)).1
}

impl Operation {
    /// Sends the contract's own example as this actor, with this id in the path.
    fn ask(&self, actor: &crate::support::Actor, id: &str) -> crate::support::Reply {
        let path = self.path.replace("{id}", id);
        let (media_type, body) = self.body.clone().unwrap_or(("application/json".to_owned(), Value::Null));
        let bytes = if body.is_null() { vec![] } else { body.to_string().into_bytes() };
        actor.send(&self.method, &path, &[("content-type", &media_type), ("if-match", "*")], bytes)
    }
}

impl Operation {
    /// The id of a thing that is the actor's, of the kind that the path is about.
    fn thing(&self, actor: &crate::support::Actor, space: &str) -> String {
        let of_current = |list: &str| {
            let things = actor.get(list).expect(200)["data"].as_array().expect("a list").clone();
            text(&things.iter().find(|thing| thing["isCurrent"] == true).expect("the current one")["id"])
        };
        match self.path.split("/{id}").next().filter(|_| self.path.contains("{id}")) {
            None | Some("/v1/spaces") => space.to_owned(),
            Some("/v1/me/sessions") => of_current("/v1/me/sessions"),
            Some(other) => panic!("say how to find a thing of the actor's in {other}"),
        }
    }

    /// The challenge of RFC 9470, in the header and in the problem.
    fn expect_challenge(&self, reply: &crate::support::Reply) {
        let problem = reply.expect_problem(401, "insufficient_user_authentication");
        assert_eq!(
            (&problem["acrValues"], problem.get("maxAge")),
            (&self.login["level"], self.login.get("maxAge")),
            "{}",
            self.id
        );
        let max_age = self.login.get("maxAge").map(|seconds| format!(r#", max_age="{seconds}""#)).unwrap_or_default();
        let level = &self.login["level"];
        let challenge = format!(r#"Bearer error="insufficient_user_authentication", acr_values={level}{max_age}"#);
        assert_eq!(reply.header("www-authenticate"), challenge);
    }
}

const NOBODYS: &str = "019d6c3e-8c00-7000-8000-000000000000";

#[test]
fn every_operation_is_known_and_says_whether_it_wants_a_token() {
    for operation in operations() {
        let wants_token = matches!(serves(&operation), Serves::Person | Serves::Member);
        assert_eq!(operation.is_secured, wants_token, "the contract of {}", operation.id);
    }
    let known: Vec<String> = operations().into_iter().map(|operation| operation.id).collect();
    for (id, _) in OPERATIONS {
        assert!(known.iter().any(|known| known == id), "{id} is not in the contract any more");
    }
}

#[test]
fn without_a_token_nothing_that_wants_one_is_answered() {
    let world = World::start(Database::Sqlite);
    for operation in operations() {
        let reply = operation.ask(&world.anonymous(), NOBODYS);
        match serves(&operation) {
            Serves::Anybody => assert_ne!(reply.status, 401, "{}", operation.id),
            Serves::WhoBeganIt => drop(reply.expect_problem(404, "not_found")),
            Serves::Person | Serves::Member => {
                reply.expect_problem(401, "token_invalid");
                assert!(reply.header("www-authenticate").starts_with("Bearer"), "{}", operation.id);
            }
        }
    }
}

crate::on_both_databases!(
    a_stranger_gets_what_a_random_id_gets,
    what_belongs_to_nobody_is_not_found,
    a_login_too_weak_or_too_old_is_told_which_one_would_do,
);

fn a_stranger_gets_what_a_random_id_gets(world: &World) {
    let (owner, stranger) = (world.founder(), world.founder());
    for operation in operations().iter().filter(|operation| serves(operation) == Serves::Member) {
        let id = &text(&owner.open_space("Boulangerie").expect(201)["id"]);
        let path = format!("/v1/spaces/{id}");
        if operation.id == "restoreSpace" {
            owner.post(&format!("{path}/close"), &json!({})).expect(200);
        }
        let before = owner.get(&path).expect(200);
        let (of_theirs, of_nobodys) = (operation.ask(&stranger, id), operation.ask(&stranger, NOBODYS));
        assert_eq!(comparable(&of_theirs), comparable(&of_nobodys), "{}", operation.id);
        of_theirs.expect_problem(404, "not_found");
        assert_eq!(owner.get(&path).expect(200), before, "{} as a stranger", operation.id);
        assert_eq!(operation.ask(&owner, id).status, 200, "{} as its member", operation.id);
    }
    assert_eq!(stranger.get("/v1/spaces").expect(200)["data"], json!([]));
}

fn a_login_too_weak_or_too_old_is_told_which_one_would_do(world: &World) {
    let mut strong = world.founder();
    let space = text(&strong.open_space("Boulangerie").expect(201)["id"]);

    let secured: Vec<Operation> = operations().into_iter().filter(|operation| operation.is_secured).collect();
    for operation in &secured {
        // Some of them end the session.
        let mut weak = strong.clone();
        weak.log_in_at(0, "low").expect(200);
        let reply = operation.ask(&weak, &operation.thing(&weak, &space));
        if operation.login["level"] == "low" {
            assert_ne!(reply.json["code"], "insufficient_user_authentication", "{}", operation.id);
        } else {
            operation.expect_challenge(&reply);
        }
    }
    world.wait(TimeDelta::minutes(16));
    strong.refresh().expect(200);
    for operation in secured.iter().filter(|operation| operation.login.get("maxAge").is_some()) {
        operation.expect_challenge(&operation.ask(&strong, &operation.thing(&strong, &space)));
    }
    assert_eq!(strong.get(&format!("/v1/spaces/{space}")).expect(200)["title"], "Boulangerie", "nothing was done");
}

/// An answer without what names the request: the rest must not tell a space of others from none.
fn comparable(reply: &crate::support::Reply) -> (u16, Vec<String>, Value) {
    let mut body = reply.json.clone();
    for of_this_request in ["requestId", "instance"] {
        body.as_object_mut().expect("a problem").remove(of_this_request);
    }
    let mut headers: Vec<String> = reply.headers.keys().map(ToString::to_string).collect();
    headers.sort();
    (reply.status, headers, body)
}

fn what_belongs_to_nobody_is_not_found(world: &World) {
    let person = world.founder();
    let with_ids = operations().into_iter().filter(|operation| operation.path.contains("{id}"));
    for operation in with_ids {
        for id in [NOBODYS, "not-an-id", "00000000-0000-0000-0000-000000000000", "019D6C3E-8C00-7000-8000-000000000000"]
        {
            operation.ask(&person, id).expect_problem(404, "not_found");
        }
    }
}
