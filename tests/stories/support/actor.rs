//! Actors: clients with or without a token, who say what they do in the words of the domain.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use ureq::{
    Agent, Body,
    http::{HeaderMap, Request, Response},
};

use super::{Backstage, eventually};

/// An authentication product of a test person, as the sandbox shows it.
#[derive(Debug, Clone)]
pub struct Product {
    /// Its serial number.
    pub serial: String,
    /// Its kind.
    pub kind: String,
}

/// A client.
#[derive(Clone)]
pub struct Actor {
    base: String,
    agent: Agent,
    backstage: Option<Backstage>,
    /// The access token, if there is one.
    pub token: Option<String>,
    /// The refresh token that came last.
    pub refresh_token: Option<String>,
    /// The test person's id in the sandbox.
    pub sandbox_id: String,
    /// The test person's given name.
    pub given_name: String,
    /// The test person's family name.
    pub family_name: String,
    /// The test person's products; the first is the one that he logged in with.
    pub products: Vec<Product>,
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Reply {
    /// Its status.
    pub status: u16,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body as it came.
    pub bytes: Vec<u8>,
    /// Its body as text.
    pub text: String,
    /// Its body as JSON; `null` if it is none.
    pub json: Value,
}

impl Reply {
    fn of(mut response: Response<Body>) -> Option<Self> {
        let bytes = response.body_mut().read_to_vec().ok()?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let json = serde_json::from_str(&text).unwrap_or(Value::Null);
        Some(Self { status: response.status().as_u16(), headers: response.headers().clone(), bytes, text, json })
    }

    /// Asserts the status, and gives the body.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        self.json.clone()
    }

    /// Asserts a problem of this status and code, and gives it.
    #[track_caller]
    pub fn expect_problem(&self, status: u16, code: &str) -> Value {
        assert_eq!((self.status, &self.json["code"]), (status, &json!(code)), "{}", self.text);
        assert_eq!(self.header("content-type"), "application/problem+json");
        self.json.clone()
    }

    /// Asserts a refusal of the token endpoint, and gives its description.
    #[track_caller]
    pub fn expect_grant_refused(&self) -> String {
        assert_eq!((self.status, &self.json["error"]), (400, &json!("invalid_grant")), "{}", self.text);
        self.json["error_description"].as_str().expect("a description").to_owned()
    }

    /// A header, or nothing.
    pub fn header(&self, name: &str) -> String {
        self.headers.get(name).map(|value| value.to_str().expect("text").to_owned()).unwrap_or_default()
    }
}

impl Actor {
    /// Somebody without a token.
    pub fn new(base: &str, agent: Agent) -> Self {
        Self {
            base: base.to_owned(),
            agent,
            backstage: None,
            token: None,
            refresh_token: None,
            sandbox_id: String::new(),
            given_name: String::new(),
            family_name: String::new(),
            products: vec![],
        }
    }

    /// Somebody who also knows what stands behind the server.
    #[must_use]
    pub fn knowing(self, backstage: Backstage) -> Self {
        Self { backstage: Some(backstage), ..self }
    }

    /// What stands behind the server.
    pub fn backstage(&self) -> &Backstage {
        self.backstage.as_ref().expect("a server whose database is known")
    }

    /// A new test person with these kinds of product, registered and logged in with the first.
    pub fn newcomer(anonymous: &Self, kinds: &[&str]) -> Self {
        Self::registered(anonymous, &json!({ "products": kinds, "helpdesk": false }))
    }

    /// A new test person who is an agent of the Helpdesk, registered and logged in.
    pub fn agent(anonymous: &Self) -> Self {
        Self::registered(anonymous, &json!({ "products": ["luxtrust_professional"], "helpdesk": true }))
    }

    fn registered(anonymous: &Self, wish: &Value) -> Self {
        let mut actor = anonymous.clone();
        actor.become_test_person(wish);
        actor.register_product(0).expect(200);
        actor.log_in(0).expect(200);
        actor
    }

    /// Turns to another server on the same data.
    pub fn move_to(&mut self, other: &Self) {
        self.base.clone_from(&other.base);
    }

    /// The same person, at another server on the same data.
    #[must_use]
    pub fn at(&self, server: &Self) -> Self {
        Self { base: server.base.clone(), ..self.clone() }
    }

    /// Becomes a new test person of the sandbox, unregistered.
    pub fn become_test_person(&mut self, wish: &Value) -> Value {
        let person = self.post("/sandbox/persons", wish).expect(201);
        self.sandbox_id = text(&person["id"]);
        (self.given_name, self.family_name) = (text(&person["givenName"]), text(&person["familyName"]));
        let products = person["products"].as_array().expect("products").iter();
        self.products = products
            .map(|product| Product { serial: text(&product["serial"]), kind: text(&product["kind"]) })
            .collect();
        person
    }

    /// The address to which this person's mails go.
    pub fn email(&self) -> String {
        format!("{}@example.lu", self.sandbox_id)
    }

    /// An identity assertion of the sandbox for one of the person's products.
    pub fn assertion(&self, product: usize) -> String {
        let wish = json!({ "person": self.sandbox_id, "product": self.products[product].serial });
        let reply = self.post("/sandbox/assertions", &wish).expect(200);
        reply["idToken"].as_str().expect("a token").to_owned()
    }

    /// Begins the registration of a product.
    pub fn begin_registration(&self, product: usize) -> Reply {
        let wish = json!({ "assertion": self.assertion(product), "email": self.email(), "language": "en" });
        self.post("/v1/registrations", &wish)
    }

    /// The newest mail's code, once there is one.
    pub fn mailed_code(&self) -> String {
        eventually("a mail with a code", || {
            let mails = self.get(&format!("/sandbox/mails?to={}", self.email())).expect(200);
            mails["data"][0]["code"].as_str().map(str::to_owned)
        })
    }

    /// Registers a product and confirms it.
    pub fn register_product(&self, product: usize) -> Reply {
        let registration = self.begin_registration(product).expect(201);
        let id = registration["id"].as_str().expect("an id");
        self.post(&format!("/v1/registrations/{id}/confirm"), &json!({ "code": self.mailed_code() }))
    }

    /// Logs in with one of the person's products.
    pub fn log_in(&mut self, product: usize) -> Reply {
        let reply = self.exchange(&self.assertion(product));
        self.keep_tokens(&reply);
        reply
    }

    /// The same with a login of this level.
    pub fn log_in_at(&mut self, product: usize, assurance: &str) -> Reply {
        let serial = &self.products[product].serial;
        let wish = json!({ "person": self.sandbox_id, "product": serial, "assurance": assurance });
        let assertion = text(&self.post("/sandbox/assertions", &wish).expect(200)["idToken"]);
        let reply = self.exchange(&assertion);
        self.keep_tokens(&reply);
        reply
    }

    /// Exchanges an assertion for tokens, which are not kept.
    pub fn exchange(&self, assertion: &str) -> Reply {
        self.post_form(
            "/v1/token",
            &[
                ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
                ("subject_token", assertion),
                ("subject_token_type", "urn:ietf:params:oauth:token-type:id_token"),
            ],
        )
    }

    /// Uses a refresh token, and keeps what comes.
    pub fn refresh(&mut self) -> Reply {
        let reply = self.refresh_with(&self.refresh_token.clone().expect("a refresh token"));
        self.keep_tokens(&reply);
        reply
    }

    /// Uses a refresh token; what comes is not kept.
    pub fn refresh_with(&self, token: &str) -> Reply {
        self.post_form("/v1/token", &[("grant_type", "refresh_token"), ("refresh_token", token)])
    }

    fn keep_tokens(&mut self, reply: &Reply) {
        self.token = reply.json["access_token"].as_str().map(str::to_owned).or(self.token.take());
        self.refresh_token = reply.json["refresh_token"].as_str().map(str::to_owned).or(self.refresh_token.take());
    }

    /// Accepts the terms of use in force.
    pub fn accept_terms(&self) {
        let terms = self.get("/v1/terms").expect(200);
        self.post("/v1/me/terms-acceptances", &json!({ "version": terms["version"] })).expect(201);
    }

    /// The body that opens a professional space whose notices go to the person's own address, so that no code is sent.
    pub fn own_professional(&self, title: &str) -> Value {
        let mut wish = professional(title);
        wish["notificationEmail"] = json!(self.email());
        wish
    }

    /// Opens a professional space whose notices go to the person's own address.
    pub fn open_space(&self, title: &str) -> Reply {
        self.post("/v1/spaces", &self.own_professional(title))
    }

    /// Opens the private space.
    pub fn open_private_space(&self) -> Reply {
        self.post("/v1/spaces", &json!({ "kind": "private", "notificationEmail": "me@example.lu", "language": "fr" }))
    }

    /// The authentication product that the person logged in with, as he sees it.
    pub fn current_product(&self) -> Value {
        let products = self.get("/v1/me/authentication-products").expect(200)["data"].clone();
        let mut products = products.as_array().expect("products").iter();
        products.find(|product| product["isCurrent"] == true).expect("the current one").clone()
    }

    /// The ids of all spaces that the person sees, page by page; he administers each.
    pub fn spaces(&self) -> BTreeSet<String> {
        let mut seen = BTreeSet::new();
        let mut cursor = String::new();
        loop {
            let list = self.get(&format!("/v1/spaces?limit=100&cursor={cursor}")).expect(200);
            for space in list["data"].as_array().expect("spaces") {
                assert_eq!(space["role"], "administrator");
                assert!(seen.insert(text(&space["id"])), "shown twice: {space}");
            }
            match list["page"]["next"].as_str() {
                Some(next) => next.clone_into(&mut cursor),
                None => return seen,
            }
        }
    }

    /// GET.
    pub fn get(&self, path: &str) -> Reply {
        self.send("GET", path, &[], vec![])
    }

    /// POST of JSON.
    pub fn post(&self, path: &str, body: &Value) -> Reply {
        self.send("POST", path, &[("content-type", "application/json")], body.to_string().into_bytes())
    }

    /// POST of a form.
    pub fn post_form(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let body = serde_urlencoded::to_string(fields).expect("a form");
        self.send("POST", path, &[("content-type", "application/x-www-form-urlencoded")], body.into_bytes())
    }

    /// PATCH of a merge patch on the version that `If-Match` names.
    pub fn patch(&self, path: &str, etag: &str, body: &Value) -> Reply {
        let headers = [("content-type", "application/merge-patch+json"), ("if-match", etag)];
        self.send("PATCH", path, &headers, body.to_string().into_bytes())
    }

    /// PUT in the place of the version that `If-Match` names.
    pub fn put(&self, path: &str, etag: &str, body: &Value) -> Reply {
        let headers = [("content-type", "application/json"), ("if-match", etag)];
        self.send("PUT", path, &headers, body.to_string().into_bytes())
    }

    /// Any request; the actor's token goes with it, and answers are asked for in English unless a header says otherwise.
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Reply {
        self.try_send(method, path, headers, body).unwrap_or_else(|| panic!("{method} {path}: no answer"))
    }

    /// The same to a server that may be gone.
    pub fn try_send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Option<Reply> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        if !headers.iter().any(|(name, _)| *name == "accept-language") {
            request = request.header("accept-language", "en");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let sent = if body.is_empty() {
            self.agent.run(request.body(()).expect("a request"))
        } else {
            self.agent.run(request.body(body).expect("a request"))
        };
        sent.ok().and_then(Reply::of)
    }
}

/// A text in JSON.
#[track_caller]
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

/// Any other code.
pub fn another(code: &str) -> String {
    let number: u32 = code.parse().expect("six digits");
    format!("{:06}", (number + 1) % 1_000_000)
}

/// The body that opens a professional space whose notices go to an address that nobody confirmed.
pub fn professional(title: &str) -> Value {
    json!({
        "kind": "professional",
        "title": title,
        "entityType": "legal_person",
        "notificationEmail": "office@example.lu",
        "language": "fr",
    })
}
