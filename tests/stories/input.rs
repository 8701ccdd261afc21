//! Bad input: every field of every request refuses what it can't keep, names the place, and nothing is written.

use serde_json::{Map, Value, json};

use crate::support::{Actor, COMPANY, Database, Key, Reply, World, as_holder, jwks, professional, text};

crate::on_both_databases!(
    no_field_takes_a_bad_value,
    texts_are_kept_as_they_are_read_again,
    texts_end_at_their_limits,
    no_other_id_finds_anything,
    no_other_id_finds_an_invitation,
    no_other_id_finds_software,
    no_other_id_finds_a_certification,
    a_cursor_serves_its_own_list_alone,
);

/// The address that waits for the founder's code.
const NEXT: &str = "next@example.lu";
const JSON: (&str, &str) = ("content-type", "application/json");

/// One founder with one space, a registration that waits for its code, and all that requests with a body need.
struct Scene {
    founder: Actor,
    newcomer: Actor,
    agent: Actor,
    /// A request of the founder's for a higher limit, as the Helpdesk finds it.
    limit_request: String,
    /// The product of somebody who has asked for nothing, and who he is.
    other: Actor,
    other_product: String,
    space: String,
    /// The path of the founder as a member of it.
    member: String,
    /// The path of an invitation to it, and the one that the other's is received at.
    invitation: String,
    received: String,
    /// The path of somebody's request to be let into it, and the path by which he sees it.
    join_request: String,
    own_join_request: String,
    /// The path of software that is in it.
    system_user: String,
    /// The path of a procedure in preparation.
    procedure: String,
    /// The path of a record of an authentic source.
    record: String,
    /// The path of a certification that the founder asked for.
    certification: String,
    /// The path of a certification that the founder's space holds, and of an access code that it handed out and of an agent of it.
    holder: String,
    access_code: String,
    agent_of_holder: String,
    /// The id of a recovery that names the founder.
    recovery: String,
    etag: String,
    registration: String,
    assertion: String,
    /// The path of the product that the founder logged in with.
    product: String,
}

/// What a field holds, which says how it refuses.
#[derive(Clone, Copy, PartialEq)]
enum Holds {
    /// Text of people.
    Text,
    /// One of a list.
    Choice,
    /// A text of a fixed form.
    Form,
    /// A text that only the sandbox's identity provider or its client knows: another one is refused by this code.
    Opaque(u16, &'static str),
    Flag,
    Choices,
    /// A whole number.
    Count,
    Object,
    /// An object with any fields.
    Fields,
    Objects,
    /// A list of texts of a fixed form.
    Forms,
}

/// A request with a body that would be taken, and what its fields hold.
struct Wish {
    method: &'static str,
    path: String,
    body: Value,
    fields: &'static [(&'static str, Holds)],
    required: &'static [&'static str],
}

impl Scene {
    fn in_world(world: &World) -> Self {
        let founder = world.founder();
        let opened = founder.post("/v1/spaces", &professional("Boulangerie"));
        // An address that waits for its code, as the space's does.
        founder.patch("/v1/me", "*", &json!({ "email": NEXT })).expect(200);
        let products = founder.get("/v1/me/authentication-products").expect(200);
        let mut newcomer = world.anonymous();
        newcomer.become_test_person(&json!({ "products": ["eid"] }));
        let registration = newcomer.begin_registration(0).expect(201);
        let assertion = newcomer.assertion(0);
        let id = |of: &Value| of["id"].as_str().expect("an id").to_owned();
        let wish = json!({ "limit": 300, "reason": "A new branch" });
        let request = founder.post(&format!("{}/limit-requests", product_of(&founder)), &wish).expect(201);
        let other = world.person();
        let other_product = id(&other.current_product());
        let space = format!("/v1/spaces/{}", id(&opened.expect(201)));
        let members = founder.get(&format!("{space}/members")).expect(200);
        let invited = id(&founder.invite(&space, &other, "reader").expect(201));
        other.accept_terms();
        let asked = other.post("/v1/join-requests", &json!({ "spaceIdentifier": opened.json["identifier"] }));
        let (of, member) = (space.trim_start_matches("/v1/spaces/"), id(&members["data"][0]));
        let recovery = founder.recovery(of, &member, &other_product);
        let holder = founder.certified(&space, "ccss.employer-data");
        let agent = other.become_agent(&founder.hand_out(&space, &holder)["accessCode"]);
        let code = id(&founder.hand_out(&space, &holder));
        let holder = format!("{space}/certifications/{holder}");
        Self {
            access_code: format!("{holder}/agent-access-codes/{code}"),
            agent_of_holder: format!("{holder}/agents/{}", id(&agent)),
            holder,
            certification: founder.ask_for_certification(&space, &as_holder("aed.vat-account")).header("location"),
            record: founder.sourced(&space),
            system_user: founder.approve(&space, &["read"], Key::strange()).path,
            procedure: format!("{space}/procedures/{}", id(&founder.begin_procedure(&space, "aed.vat-registration"))),
            invitation: format!("{space}/invitations/{invited}"),
            received: format!("/v1/me/invitations/{invited}"),
            recovery,
            member: format!("{space}/members/{}", id(&members["data"][0])),
            join_request: format!("{space}/join-requests/{}", id(&asked.expect(201))),
            own_join_request: asked.header("location"),
            space,
            registration: format!("/v1/registrations/{}", id(&registration)),
            limit_request: format!("/v1/helpdesk/limit-requests/{}", id(&request)),
            agent: world.agent(),
            other,
            other_product,
            product: format!("/v1/me/authentication-products/{}", id(&products["data"][0])),
            etag: opened.header("etag"),
            founder,
            newcomer,
            assertion,
        }
    }

    /// Every request that has a JSON body.
    #[expect(clippy::too_many_lines, reason = "a table")]
    fn wishes(&self) -> Vec<Wish> {
        use Holds::{Choice, Choices, Count, Fields, Flag, Form, Forms, Object, Objects, Opaque, Text};
        let wish =
            |method, path: &str, body, fields, required| Wish { method, path: path.to_owned(), body, fields, required };
        vec![
            wish(
                "POST",
                "/v1/registrations",
                json!({ "assertion": self.assertion, "email": "new@example.lu", "language": "fr" }),
                &[("assertion", Opaque(400, "assertion_invalid")), ("email", Text), ("language", Choice)],
                &["assertion", "email", "language"],
            ),
            wish(
                "POST",
                &format!("{}/confirm", self.registration),
                json!({ "code": "123456" }),
                &[("code", Form)],
                &["code"],
            ),
            wish("POST", &format!("{}/resend", self.registration), json!({}), &[], &[]),
            wish(
                "POST",
                "/v1/me/terms-acceptances",
                json!({ "version": "2026-01" }),
                &[("version", Form)],
                &["version"],
            ),
            wish(
                "PATCH",
                "/v1/me",
                json!({ "email": "new@example.lu", "language": "lb" }),
                &[("email", Text), ("language", Choice)],
                &[],
            ),
            wish(
                "PATCH",
                "/v1/me/notification-preferences",
                json!({ "invitationAnswers": false, "joinRequests": true, "memberDepartures": false, "procedures": true }),
                &[
                    ("invitationAnswers", Flag),
                    ("joinRequests", Flag),
                    ("memberDepartures", Flag),
                    ("procedures", Flag),
                ],
                &[],
            ),
            wish("POST", "/v1/me/email/confirm", json!({ "code": "123456" }), &[("code", Form)], &["code"]),
            wish("POST", "/v1/me/email/resend", json!({}), &[], &[]),
            wish(
                "PUT",
                "/v1/me/current-space",
                json!({ "spaceId": self.space.rsplit('/').next() }),
                &[("spaceId", Form)],
                &["spaceId"],
            ),
            wish(
                "POST",
                "/v1/me/authentication-products",
                json!({ "assertion": self.assertion }),
                &[("assertion", Opaque(400, "assertion_invalid"))],
                &["assertion"],
            ),
            wish(
                "POST",
                &format!("{}/notification-email/confirm", self.space),
                json!({ "code": "123456" }),
                &[("code", Form)],
                &["code"],
            ),
            wish("POST", &format!("{}/notification-email/resend", self.space), json!({}), &[], &[]),
            wish(
                "POST",
                "/v1/spaces",
                professional("Boulangerie"),
                &[
                    ("kind", Choice),
                    ("title", Text),
                    ("entityType", Choice),
                    ("notificationEmail", Text),
                    ("language", Choice),
                ],
                &["kind", "title", "entityType", "notificationEmail", "language"],
            ),
            wish(
                "PATCH",
                &self.space,
                json!({ "title": "Pâtisserie", "language": "en", "notificationEmail": "new@example.lu" }),
                &[("title", Text), ("language", Choice), ("notificationEmail", Text)],
                &[],
            ),
            wish(
                "PATCH",
                &self.member,
                json!({ "role": "reader", "accessScope": "all_products", "endsAt": "2100-01-01T00:00:00Z" }),
                &[("role", Choice), ("accessScope", Choice), ("endsAt", Form)],
                &[],
            ),
            wish("POST", &format!("{}/suspend", self.member), json!({}), &[], &[]),
            wish("POST", &format!("{}/resume", self.member), json!({}), &[], &[]),
            wish("POST", &format!("{}/leave", self.space), json!({}), &[], &[]),
            wish(
                "POST",
                &format!("{}/invitations", self.space),
                json!({
                    "givenName": "Marc", "familyName": "Schmit", "email": "marc@example.lu",
                    "subjectSerialNumber": "10000000000000000021", "accessScope": "this_product", "role": "reader",
                    "membershipEndsAt": "2100-01-01T00:00:00Z", "validDays": 21,
                }),
                &[
                    ("givenName", Text),
                    ("familyName", Text),
                    ("email", Text),
                    ("subjectSerialNumber", Form),
                    ("accessScope", Choice),
                    ("role", Choice),
                    ("membershipEndsAt", Form),
                    ("validDays", Count),
                ],
                &["givenName", "familyName", "email", "subjectSerialNumber", "accessScope", "role"],
            ),
            wish(
                "POST",
                &format!("{}/invitations/bulk?dryRun=false", self.space),
                json!({ "invitations": [] }),
                &[("invitations", Objects)],
                &["invitations"],
            ),
            wish("POST", &format!("{}/resend", self.invitation), json!({}), &[], &[]),
            wish("POST", &format!("{}/cancel", self.invitation), json!({}), &[], &[]),
            wish("POST", &format!("{}/accept", self.received), json!({}), &[], &[]),
            wish("POST", &format!("{}/refuse", self.received), json!({}), &[], &[]),
            wish(
                "POST",
                "/v1/join-requests",
                json!({ "spaceIdentifier": "PM-A1B2C3" }),
                &[("spaceIdentifier", Form)],
                &["spaceIdentifier"],
            ),
            wish("POST", &format!("{}/cancel", self.own_join_request), json!({}), &[], &[]),
            wish(
                "POST",
                &format!("{}/approve", self.join_request),
                json!({ "role": "reader", "accessScope": "all_products", "membershipEndsAt": "2100-01-01T00:00:00Z" }),
                &[("role", Choice), ("accessScope", Choice), ("membershipEndsAt", Form)],
                &["role", "accessScope"],
            ),
            wish("POST", &format!("{}/refuse", self.join_request), json!({}), &[], &[]),
            wish(
                "POST",
                &format!("{}/system-users", self.space),
                json!({
                    "name": "Payroll", "rights": ["read"], "endsAt": "2027-12-31T00:00:00Z",
                    "jwks": jwks(&[("k", &Key::strange())]),
                }),
                &[("name", Text), ("rights", Choices), ("endsAt", Form), ("jwks", Object)],
                &["name", "rights", "endsAt", "jwks"],
            ),
            wish(
                "PATCH",
                &self.system_user,
                json!({
                    "name": "Wages", "rights": ["draft"], "endsAt": "2027-12-31T00:00:00Z",
                    "jwks": jwks(&[("other", &Key::strange())]),
                }),
                &[("name", Text), ("rights", Choices), ("endsAt", Form), ("jwks", Object)],
                &[],
            ),
            wish("POST", &format!("{}/suspend", self.system_user), json!({}), &[], &[]),
            wish("POST", &format!("{}/resume", self.system_user), json!({}), &[], &[]),
            wish(
                "POST",
                &format!("{}/certifications", self.space),
                json!({
                    "service": "alva.food-establishments", "capacity": "holder", "nationalNumber": COMPANY,
                    "grounds": "Reprise", "agents": [], "securityCode": "Fiches-27",
                }),
                &[
                    ("service", Form),
                    ("capacity", Choice),
                    ("nationalNumber", Form),
                    ("grounds", Text),
                    ("agents", Objects),
                    ("securityCode", Form),
                ],
                &["service", "capacity", "nationalNumber"],
            ),
            wish("POST", &format!("{}/withdraw", self.certification), json!({}), &[], &[]),
            wish(
                "POST",
                &format!("{}/procedures", self.space),
                json!({ "type": "aed.vat-registration" }),
                &[("type", Form)],
                &["type"],
            ),
            wish(
                "PATCH",
                &self.procedure,
                json!({ "content": { "legalName": "Boulangerie" } }),
                &[("content", Fields)],
                &["content"],
            ),
            wish(
                "PUT",
                &format!("{}/assignee", self.procedure),
                json!({ "memberId": "019d6c3e-8c00-7000-8000-000000000002" }),
                &[("memberId", Form)],
                &["memberId"],
            ),
            wish("POST", &format!("{}/check", self.procedure), json!({}), &[], &[]),
            wish(
                "POST",
                &format!("{}/verifications", self.record),
                json!({
                    "recordVersion": 1, "finding": "discrepancy", "fields": [{ "pointer": "/employees", "reason": "Five" }],
                }),
                &[("recordVersion", Count), ("finding", Choice), ("fields", Objects)],
                &["recordVersion", "finding"],
            ),
            wish(
                "POST",
                &format!("{}/sign", self.procedure),
                json!({ "digest": "0".repeat(64) }),
                &[("digest", Form)],
                &["digest"],
            ),
            wish(
                "POST",
                &format!("{}/send", self.procedure),
                json!({ "digest": "0".repeat(64) }),
                &[("digest", Form)],
                &["digest"],
            ),
            wish("POST", &format!("{}/withdraw", self.procedure), json!({}), &[], &[]),
            wish("POST", &format!("{}/restore", self.procedure), json!({}), &[], &[]),
            wish(
                "POST",
                &format!("{}/certifications/activate", self.space),
                json!({ "accessCode": "0".repeat(32), "securityCode": "Fiches-27", "nationalNumber": COMPANY }),
                &[("accessCode", Form), ("securityCode", Form), ("nationalNumber", Form)],
                &["accessCode"],
            ),
            wish(
                "POST",
                &format!("{}/agent-access-codes", self.holder),
                json!({
                    "spaceIdentifier": "PM-A1B2C3", "securityCode": "Fiches-27",
                    "expiresAt": "2027-12-31T00:00:00Z", "certificationEndsAt": "2027-12-31T00:00:00Z",
                }),
                &[
                    ("spaceIdentifier", Form),
                    ("securityCode", Form),
                    ("expiresAt", Form),
                    ("certificationEndsAt", Form),
                ],
                &[],
            ),
            wish("POST", &format!("{}/withdraw", self.access_code), json!({}), &[], &[]),
            wish(
                "POST",
                &format!("{}/end", self.agent_of_holder),
                json!({ "reason": "The mandate has ended" }),
                &[("reason", Text)],
                &["reason"],
            ),
            wish("POST", &format!("{}/close", self.space), json!({}), &[], &[]),
            wish("POST", &format!("{}/restore", self.space), json!({}), &[], &[]),
            wish(
                "PUT",
                &format!("{}/company-profile", self.space),
                json!({
                    "legalName": "Boulangerie", "legalForm": "S.à r.l.", "nationalIdentifier": "19822200012",
                    "rcsNumber": "B123456", "vatNumber": "LU15027442", "activities": [], "registeredOffice": {
                        "street": "Grand-Rue", "postalCode": "L-1661", "locality": "Luxembourg", "country": "LU"
                    },
                    "bankAccounts": [], "associatedBodies": [], "keyDates": {}, "figures": {},
                }),
                &[
                    ("legalName", Text),
                    ("legalForm", Text),
                    ("nationalIdentifier", Form),
                    ("rcsNumber", Form),
                    ("vatNumber", Form),
                    ("activities", Objects),
                    ("registeredOffice", Object),
                    ("bankAccounts", Objects),
                    ("associatedBodies", Objects),
                    ("keyDates", Object),
                    ("figures", Object),
                ],
                &[],
            ),
            wish(
                "POST",
                &format!("{}/limit-requests", product_of(&self.other)),
                json!({ "limit": 250, "reason": "A new branch" }),
                &[("limit", Count), ("reason", Text)],
                &["limit", "reason"],
            ),
            wish(
                "POST",
                "/v1/helpdesk/products/search",
                json!({ "serial": self.founder.products[0].serial, "reason": "A call" }),
                &[("serial", Form), ("reason", Text)],
                &["serial", "reason"],
            ),
            wish(
                "POST",
                &format!("/v1/helpdesk/products/{}/limit", self.other_product),
                json!({ "limit": 250, "reason": "A call" }),
                &[("limit", Count), ("reason", Text)],
                &["limit", "reason"],
            ),
            wish(
                "POST",
                &format!("{}/grant", self.limit_request),
                json!({ "limit": 250, "reason": "A call" }),
                &[("limit", Count), ("reason", Text)],
                &["limit", "reason"],
            ),
            wish(
                "POST",
                &format!("{}/refuse", self.limit_request),
                json!({ "reason": "A call" }),
                &[("reason", Text)],
                &["reason"],
            ),
            wish(
                "POST",
                "/v1/helpdesk/spaces/search",
                json!({ "identifier": "PM-A1B2C3", "reason": "A letter" }),
                &[("identifier", Form), ("reason", Text)],
                &["identifier", "reason"],
            ),
            wish(
                "POST",
                &format!("/v1/helpdesk{}/suspend", self.space.trim_start_matches("/v1")),
                json!({ "reason": "A letter" }),
                &[("reason", Text)],
                &["reason"],
            ),
            wish(
                "POST",
                &format!("/v1/helpdesk{}/resume", self.space.trim_start_matches("/v1")),
                json!({ "reason": "A letter" }),
                &[("reason", Text)],
                &["reason"],
            ),
            wish(
                "POST",
                "/v1/helpdesk/recoveries",
                json!({
                    "spaceId": self.space.rsplit('/').next(), "productId": self.other_product,
                    "unable": [self.member.rsplit('/').next()], "reason": "A letter",
                }),
                &[("spaceId", Form), ("productId", Form), ("unable", Forms), ("reason", Text)],
                &["spaceId", "productId", "unable", "reason"],
            ),
            wish(
                "POST",
                &format!("/v1/helpdesk/recoveries/{}/confirm", self.recovery),
                json!({ "reason": "A letter" }),
                &[("reason", Text)],
                &["reason"],
            ),
            wish(
                "POST",
                &format!("/v1/helpdesk/recoveries/{}/withdraw", self.recovery),
                json!({ "reason": "A letter" }),
                &[("reason", Text)],
                &["reason"],
            ),
            wish("POST", &format!("/v1/me/recoveries/{}/stop", self.recovery), json!({}), &[], &[]),
            wish(
                "POST",
                "/sandbox/persons",
                json!({ "products": ["eid"], "helpdesk": false, "assurance": "high", "withNationalNumber": true }),
                &[("products", Choices), ("helpdesk", Flag), ("assurance", Choice), ("withNationalNumber", Flag)],
                &["products"],
            ),
            wish(
                "POST",
                "/sandbox/assertions",
                json!({
                    "person": self.newcomer.sandbox_id, "product": self.newcomer.products[0].serial,
                    "assurance": "substantial",
                }),
                &[("person", Opaque(404, "not_found")), ("product", Opaque(404, "not_found")), ("assurance", Choice)],
                &["person", "product"],
            ),
            wish(
                "POST",
                "/sandbox/client-assertions",
                json!({ "partner": self.founder.get("/sandbox/partners").expect(200)["data"][0]["id"] }),
                &[("partner", Form)],
                &["partner"],
            ),
        ]
    }

    fn send(&self, wish: &Wish, body: impl Into<Vec<u8>>) -> Reply {
        self.asker(wish).send(wish.method, &wish.path, &[JSON, ("if-match", &self.etag)], body.into())
    }

    /// Who may ask for it.
    fn asker(&self, wish: &Wish) -> &Actor {
        match &wish.path {
            path if path.starts_with("/v1/helpdesk/") => &self.agent,
            path if path.contains(&self.other_product)
                || path.contains(&self.received)
                || path.starts_with(&self.own_join_request) =>
            {
                &self.other
            }
            _ => &self.founder,
        }
    }

    /// The header that says so.
    fn authorization(&self, wish: &Wish) -> String {
        format!("Authorization: Bearer {}", self.asker(wish).token.clone().expect("a token"))
    }

    /// All that a refused request might have changed.
    fn kept(&self) -> Vec<Value> {
        let mails = |to: &str| self.founder.get(&format!("/sandbox/mails?to={to}")).expect(200);
        vec![
            self.founder.get("/v1/spaces").expect(200),
            self.founder.get(&self.space).expect(200),
            self.founder.get(&format!("{}/company-profile", self.space)).expect(200),
            self.founder.get(&format!("{}/members", self.space)).expect(200),
            self.founder.get(&format!("{}/invitations", self.space)).expect(200),
            self.founder.get(&format!("{}/join-requests", self.space)).expect(200),
            self.founder.get("/v1/me/notification-preferences").expect(200),
            self.founder.get(&format!("{}/system-users", self.space)).expect(200),
            self.founder.get(&format!("{}/certifications", self.space)).expect(200),
            self.founder.get(&format!("{}/agent-access-codes", self.holder)).expect(200),
            self.founder.get(&format!("{}/agents", self.holder)).expect(200),
            self.founder.get("/v1/me/join-requests").expect(200),
            self.other.get(&self.own_join_request).expect(200),
            self.founder.get(&self.registration).expect(200),
            self.founder.get("/sandbox/persons").expect(200),
            self.founder.get("/v1/me/audit-events").expect(200),
            self.other.get("/v1/me/audit-events").expect(200),
            self.other.get("/v1/me/authentication-products").expect(200),
            self.agent.get("/v1/helpdesk/limit-requests").expect(200),
            self.agent.get("/v1/helpdesk/recoveries").expect(200),
            self.founder.get("/v1/me").expect(200),
            self.founder.get("/v1/me/landing").expect(200),
            self.founder.get("/v1/me/authentication-products").expect(200),
            mails(&self.newcomer.email()),
            mails(NEXT),
            mails("office@example.lu"),
        ]
    }
}

/// The address of the product that somebody logged in with.
fn product_of(actor: &Actor) -> String {
    format!("/v1/me/authentication-products/{}", text(&actor.current_product()["id"]))
}

/// Asserts 400 `invalid_input` with this one fault in the body.
#[track_caller]
fn expect_fault(reply: &Reply, pointer: &str, code: &str, what: &str) {
    expect_fault_at(reply, "pointer", pointer, code, what);
}

#[track_caller]
fn expect_fault_at(reply: &Reply, kind_of_place: &str, place: &str, code: &str, what: &str) {
    let fault = &reply.json["errors"][0];
    assert_eq!(
        (reply.status, reply.json["code"].as_str(), fault[kind_of_place].as_str(), fault["code"].as_str()),
        (400, Some("invalid_input"), Some(place), Some(code)),
        "{what}: {}",
        reply.text
    );
    assert_eq!(reply.json["errors"].as_array().map(Vec::len), Some(1), "{what}: {}", reply.text);
}

/// A value as it is written in JSON, and by which code a text of people refuses it.
fn bad_values() -> Vec<(&'static str, String, &'static str)> {
    let marks = |count: usize| format!("\"q{}\"", "\u{301}".repeat(count));
    vec![
        ("NUL", r#""a\u0000b""#.to_owned(), "barred_character"),
        ("a lone surrogate", r#""a\ud800b""#.to_owned(), "syntax"),
        ("a lone low surrogate", r#""a\udc00""#.to_owned(), "syntax"),
        ("a line break", r#""a\nb""#.to_owned(), "barred_character"),
        ("a raw control character", "\"a\u{1}b\"".to_owned(), "syntax"),
        ("a bidi override", "\"a\u{202e}b\"".to_owned(), "barred_character"),
        ("a bidi isolate", "\"a\u{2066}b\"".to_owned(), "barred_character"),
        ("zero width", "\"a\u{200b}b\"".to_owned(), "barred_character"),
        ("a byte order mark", "\"\u{feff}ab\"".to_owned(), "barred_character"),
        ("private use", "\"a\u{e000}b\"".to_owned(), "barred_character"),
        ("a noncharacter", "\"a\u{ffff}b\"".to_owned(), "barred_character"),
        ("a line separator", "\"a\u{2028}b\"".to_owned(), "barred_character"),
        ("five marks in a row", marks(5), "combining_marks"),
        ("ten thousand marks", marks(10_000), "too_long"),
        ("a tab", r#""a\tb""#.to_owned(), "barred_character"),
        ("spaces", "\" \u{a0}\u{3000} \"".to_owned(), "empty"),
        ("nothing", "\"\"".to_owned(), "empty"),
        ("a number", "1".to_owned(), "wrong_type"),
        ("a negative number", "-1".to_owned(), "wrong_type"),
        ("a fraction", "1.5".to_owned(), "wrong_type"),
        ("a number of thirty digits", "1".repeat(30), "wrong_type"),
        ("a number out of range", "1e400".to_owned(), "syntax"),
        ("no number", "NaN".to_owned(), "syntax"),
        ("null", "null".to_owned(), "wrong_type"),
        ("a boolean", "true".to_owned(), "wrong_type"),
        ("a list", r#"["fr"]"#.to_owned(), "wrong_type"),
        ("an object", r#"{"fr":1}"#.to_owned(), "wrong_type"),
        ("ten thousand lists", "[".repeat(10_000), "wrong_type"),
    ]
}

fn no_field_takes_a_bad_value(world: &World) {
    let scene = Scene::in_world(world);
    let before = scene.kept();
    for wish in scene.wishes() {
        for (field, holds) in wish.fields {
            for (name, value, refused_as_text) in bad_values() {
                // By the contract, `assurance` may be null.
                if (*field, value.as_str(), wish.path.as_str()) == ("assurance", "null", "/sandbox/persons")
                    || (*holds, value.as_str()) == (Holds::Flag, "true")
                    // What it clears.
                    || (wish.method, *field, value.as_str()) == ("PATCH", "endsAt", "null")
                    // A limit that an agent may set, and days for which an invitation may be valid.
                    || (*holds, value.as_str()) == (Holds::Count, "1")
                {
                    continue;
                }
                let mut body = wish.body.as_object().expect("an object").clone();
                body.remove(*field);
                let others = Value::Object(body).to_string();
                let separator = if others == "{}" { "" } else { "," };
                let reply =
                    scene.send(&wish, format!("{}{separator}\"{field}\":{value}}}", &others[..others.len() - 1]));

                let what = format!("{} {} {field}: {name}", wish.method, wish.path);
                let pointer = format!("/{field}");
                let is_shape = matches!(refused_as_text, "syntax" | "wrong_type");
                match holds {
                    _ if refused_as_text == "syntax" => expect_fault(&reply, &pointer, "syntax", &what),
                    Holds::Choices if value.starts_with('[') => {
                        let code = if value.starts_with("[[") { "wrong_type" } else { "wrong_value" };
                        expect_fault(&reply, &format!("{pointer}/0"), code, &what);
                    }
                    Holds::Forms if value.starts_with('[') => {
                        let code = if value.starts_with("[[") { "wrong_type" } else { "malformed" };
                        expect_fault(&reply, &format!("{pointer}/0"), code, &what);
                    }
                    Holds::Count if value == "-1" || value.starts_with("11") => {
                        expect_fault(&reply, &pointer, "out_of_range", &what);
                    }
                    Holds::Objects if value.starts_with('[') => {
                        expect_fault(&reply, &format!("{pointer}/0"), "wrong_type", &what);
                    }
                    Holds::Fields if value.starts_with('{') => drop(reply.expect(200)),
                    Holds::Object if value.starts_with('{') => {
                        expect_fault(&reply, &format!("{pointer}/fr"), "unknown", &what);
                    }
                    Holds::Flag
                    | Holds::Choices
                    | Holds::Count
                    | Holds::Object
                    | Holds::Fields
                    | Holds::Objects
                    | Holds::Forms => {
                        expect_fault(&reply, &pointer, "wrong_type", &what);
                    }
                    _ if is_shape => expect_fault(&reply, &pointer, "wrong_type", &what),
                    Holds::Text => expect_fault(&reply, &pointer, refused_as_text, &what),
                    Holds::Choice => expect_fault(&reply, &pointer, "wrong_value", &what),
                    Holds::Form => expect_fault(&reply, &pointer, "malformed", &what),
                    Holds::Opaque(status, code) => {
                        assert_eq!(
                            (reply.status, reply.json["code"].as_str()),
                            (*status, Some(*code)),
                            "{what}: {}",
                            reply.text
                        );
                    }
                }
            }
        }
    }
    assert_eq!(scene.kept(), before);
}

#[test]
fn a_body_is_one_object_with_known_fields_once() {
    let world = World::start(Database::Sqlite);
    let scene = Scene::in_world(&world);
    let before = scene.kept();
    for wish in scene.wishes() {
        let good = wish.body.to_string();
        let many = |opening: &str| opening.repeat(10_000).into_bytes();
        let bodies: Vec<(&str, Vec<u8>, &str, &str)> = vec![
            ("nothing", vec![], "", "syntax"),
            ("white space", b" \n".to_vec(), "", "syntax"),
            ("no JSON", b"title=x".to_vec(), "", "syntax"),
            ("half an object", b"{".to_vec(), "", "syntax"),
            ("half a word", b"nul".to_vec(), "", "syntax"),
            ("a comment", b"/* */ {}".to_vec(), "", "syntax"),
            ("a byte order mark", format!("\u{feff}{good}").into_bytes(), "", "syntax"),
            ("invalid UTF-8", b"{\"\xff\":1}".to_vec(), "", "syntax"),
            ("UTF-16", good.encode_utf16().flat_map(u16::to_le_bytes).collect(), "", "syntax"),
            ("trailing garbage", format!("{good}x").into_bytes(), "", "syntax"),
            ("two objects", format!("{good}{good}").into_bytes(), "", "syntax"),
            ("a lone surrogate as a name", br#"{"\ud800":1}"#.to_vec(), "", "syntax"),
            ("null", b"null".to_vec(), "", "wrong_type"),
            ("a number", b"1".to_vec(), "", "wrong_type"),
            ("a text", b"\"{}\"".to_vec(), "", "wrong_type"),
            ("a boolean", b"true".to_vec(), "", "wrong_type"),
            ("an empty list", b"[]".to_vec(), "", "wrong_type"),
            ("a list of the values", values_of(&wish).into_bytes(), "", "wrong_type"),
            ("a list of the object", format!("[{good}]").into_bytes(), "", "wrong_type"),
            ("deep lists", many("["), "", "wrong_type"),
            ("deep objects", many("{\"x\":"), "/x", "unknown"),
        ];
        for (name, body, pointer, code) in bodies {
            // An action needs no body.
            if name == "nothing" && wish.fields.is_empty() {
                continue;
            }
            expect_fault(&scene.send(&wish, body), pointer, code, &format!("{} {}: {name}", wish.method, wish.path));
        }
        for (unknown, pointer) in [
            ("role", "/role"),
            ("id", "/id"),
            ("certified", "/certified"),
            ("__proto__", "/__proto__"),
            ("constructor", "/constructor"),
            ("a~b/c", "/a~0b~1c"),
            ("~1", "/~01"),
            ("a`b", "/a`b"),
            ("", "/"),
            ("Title", "/Title"),
            ("notification_email", "/notification_email"),
        ] {
            if wish.fields.iter().any(|(field, _)| *field == unknown) {
                continue;
            }
            for value in [json!(1), json!({ "role": "administrator" })] {
                let mut body = wish.body.clone();
                body[unknown] = value;
                expect_fault(
                    &scene.send(&wish, body.to_string()),
                    pointer,
                    "unknown",
                    &format!("{} {}: {unknown}", wish.method, wish.path),
                );
            }
        }
        for (field, _) in wish.fields {
            let what = format!("{} {}: {field}", wish.method, wish.path);
            let value = &wish.body[*field];
            let twice = format!("{},\"{field}\":{value}}}", &good[..good.len() - 1]);
            expect_fault(&scene.send(&wish, twice), &format!("/{field}"), "duplicate", &what);
        }
        for field in wish.required {
            let what = format!("{} {}: {field}", wish.method, wish.path);
            let without: Map<String, Value> = wish
                .body
                .as_object()
                .expect("an object")
                .clone()
                .into_iter()
                .filter(|(name, _)| name != field)
                .collect();
            expect_fault(
                &scene.send(&wish, Value::Object(without).to_string()),
                &format!("/{field}"),
                "missing",
                &what,
            );
        }
    }
    assert_eq!(scene.kept(), before);
}

/// The values of a body in the order of its fields, as a list.
fn values_of(wish: &Wish) -> String {
    let values = wish.fields.iter().map(|(field, _)| wish.body[*field].clone());
    Value::Array(values.collect()).to_string()
}

#[test]
fn faults_of_values_are_answered_all_at_once() {
    let world = World::start(Database::Sqlite);
    let founder = world.founder();
    let faults = |body: Value| {
        let problem = founder.post("/v1/spaces", &body).expect_problem(400, "invalid_input");
        let faults = problem["errors"].as_array().expect("faults").iter();
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        faults.map(|fault| (text(&fault["pointer"]), text(&fault["code"]))).collect::<Vec<_>>()
    };
    let pairs =
        |pairs: &[(&str, &str)]| pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect::<Vec<_>>();
    assert_eq!(
        faults(json!({ "kind": "professional", "title": "\u{200b}", "notificationEmail": "nobody", "language": "fr" })),
        pairs(&[("/notificationEmail", "malformed"), ("/title", "barred_character"), ("/entityType", "missing")])
    );
    assert_eq!(
        faults(
            json!({ "kind": "private", "title": "x", "entityType": "natural_person", "notificationEmail": " ", "language": "fr" })
        ),
        pairs(&[("/notificationEmail", "empty"), ("/title", "not_applicable"), ("/entityType", "not_applicable")])
    );
    for wrong in ["Private", "PRIVATE", " private", "private\u{0}", "closed"] {
        assert_eq!(
            faults(json!({ "kind": wrong, "notificationEmail": "a@b.lu", "language": "fr" })),
            pairs(&[("/kind", "wrong_value")])
        );
    }
    for wrong in [
        "a",
        "a@",
        "@b.lu",
        "a b@c.lu",
        "Name <a@b.lu>",
        "a@b.lu,c@d.lu",
        "a@b.lu;c@d.lu",
        "mailto:a@b.lu",
        "a@b@c.lu",
        "a@-b.lu",
    ] {
        let mut body = professional("x");
        body["notificationEmail"] = json!(wrong);
        assert_eq!(faults(body), pairs(&[("/notificationEmail", "malformed")]), "{wrong}");
    }
    assert_eq!(founder.get("/v1/spaces").expect(200)["data"], json!([]));
}

#[test]
fn a_test_person_has_one_to_ten_products() {
    let world = World::start(Database::Sqlite);
    let anonymous = world.anonymous();
    for (count, fits) in [(0, false), (1, true), (10, true), (11, false), (1000, false)] {
        let reply = anonymous.post("/sandbox/persons", &json!({ "products": vec!["eid"; count] }));
        if fits {
            reply.expect(201);
        } else {
            expect_fault(&reply, "/products", "out_of_range", &count.to_string());
        }
    }
}

fn texts_are_kept_as_they_are_read_again(world: &World) {
    let founder = world.founder();
    for (typed, kept) in [
        ("  Cafe\u{301} du Coin ", "Café du Coin"),
        ("O'Brien & Söhne; DROP TABLE spaces;--", "O'Brien & Söhne; DROP TABLE spaces;--"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("=1+1 \\ \"quoted\" %00 {title}", "=1+1 \\ \"quoted\" %00 {title}"),
        ("株式会社 Ελλάδα Қазақ עברית عربي", "株式会社 Ελλάδα Қазақ עברית عربي"),
        ("🥐 boulangerie", "🥐 boulangerie"),
        ("null", "null"),
        // Four marks, as many as there may be.
        ("q\u{301}\u{301}\u{301}\u{301}", "q\u{301}\u{301}\u{301}\u{301}"),
    ] {
        let opened = founder.open_space(typed);
        assert_eq!(opened.expect(201)["title"], kept);
        assert_eq!(founder.get(&opened.header("location")).expect(200)["title"], kept, "{typed}");
    }
    let before = founder.get("/v1/spaces").expect(200);
    // Composed, each of these marks becomes two, and the letter brings marks of its own.
    for grows in ["x\u{344}\u{344}\u{344}\u{344}", "\u{fb2c}\u{301}\u{301}\u{301}\u{301}"] {
        expect_fault(&founder.open_space(grows), "/title", "combining_marks", grows);
    }
    assert_eq!(founder.get("/v1/spaces").expect(200), before);
}

fn texts_end_at_their_limits(world: &World) {
    let founder = world.founder();
    for character in ["x", "é", "𝔸", "\u{1f950}"] {
        let longest = character.repeat(120);
        let opened = founder.open_space(&longest);
        assert_eq!(opened.expect(201)["title"], longest);
        assert_eq!(founder.get(&opened.header("location")).expect(200)["title"], longest);
        let path = opened.header("location");
        expect_fault(&founder.open_space(&character.repeat(121)), "/title", "too_long", character);
        let edit = json!({ "title": character.repeat(121) });
        expect_fault(&founder.patch(&path, &opened.header("etag"), &edit), "/title", "too_long", character);
    }
    // White space around it does not count, nor does it add up without end.
    founder.open_space(&format!("{}x{}", " ".repeat(60), " ".repeat(60))).expect(201);
    expect_fault(&founder.open_space(&format!("x{}", " ".repeat(480))), "/title", "too_long", "white space");

    let address = |length: usize| {
        let domain = format!("{}.{}.{}.lu", "b".repeat(60), "c".repeat(60), "d".repeat(length - 190));
        format!("{}@{domain}", "a".repeat(64))
    };
    assert_eq!((address(252).len(), address(253).len()), (252, 253));
    let with = |address: &str| {
        let mut body = professional("x");
        body["notificationEmail"] = json!(address);
        founder.post("/v1/spaces", &body)
    };
    let longest = format!("{}@{}.{}.{}.lu", "a".repeat(62), "b".repeat(62), "c".repeat(62), "d".repeat(62));
    assert_eq!(longest.len(), 254);
    let opened = with(&longest);
    assert_eq!(opened.expect(201)["notificationEmail"], longest);
    assert_eq!(founder.get(&opened.header("location")).expect(200)["notificationEmail"], longest);
    expect_fault(&with(&format!("a{longest}")), "/notificationEmail", "too_long", "255 characters");
    expect_fault(&with(&format!("{}@b.lu", "a".repeat(65))), "/notificationEmail", "malformed", "a local part of 65");
}

/// Ids that are nobody's, made of the one that ends a path.
fn other_ids(path: &str) -> Vec<String> {
    let id = path.rsplit('/').next().expect("an id").to_owned();
    vec![
        "019d6c3e-8c00-7000-8000-000000000000".to_owned(),
        "00000000-0000-0000-0000-000000000000".to_owned(),
        "ffffffff-ffff-ffff-ffff-ffffffffffff".to_owned(),
        id.to_uppercase(),
        id.replace('-', ""),
        format!("%7B{id}%7D"),
        format!("urn:uuid:{id}"),
        format!("{id}%00"),
        format!("%00{id}"),
        format!("{id}%20"),
        format!("{id}%0d%0aX-Injected:1"),
        format!("{id}%ff"),
        format!("{id}%2f"),
        format!("..%2f{id}"),
        format!("{id}'"),
        format!("{id};x=1"),
        "%ff".to_owned(),
        "%00".to_owned(),
        "%".to_owned(),
        "%zz".to_owned(),
        "not-an-id".to_owned(),
        "-1".to_owned(),
        "%F0%9F%A5%90".to_owned(),
        "x".repeat(8_000),
        "x".repeat(60_000),
    ]
}

fn no_other_id_finds_anything(world: &World) {
    let scene = Scene::in_world(world);
    let before = scene.kept();
    let patch = json!({ "title": "x" });
    let mut asked = vec![];
    for id in other_ids(&scene.space) {
        asked.push((id.clone(), scene.founder.get(&format!("/v1/spaces/{id}"))));
        asked.push((id.clone(), scene.founder.patch(&format!("/v1/spaces/{id}"), &scene.etag, &patch)));
        let address = format!("/v1/spaces/{id}/notification-email");
        let code = json!({ "code": "123456" });
        asked.push((id.clone(), scene.founder.post(&format!("{address}/confirm"), &code)));
        asked.push((id.clone(), scene.founder.post(&format!("{address}/resend"), &json!({}))));
    }
    for id in other_ids(&scene.product) {
        let product = format!("/v1/me/authentication-products/{id}");
        asked.push((id.clone(), scene.founder.get(&product)));
        asked.push((id.clone(), scene.founder.send("DELETE", &product, &[], vec![])));
    }
    let edit = json!({ "role": "reader" });
    for (id, member) in other_ids(&scene.space).into_iter().zip(other_ids(&scene.member)) {
        let of_space = |id: &str| format!("/v1/spaces/{id}");
        asked.push((id.clone(), scene.founder.get(&format!("{}/members", of_space(&id)))));
        asked.push((id.clone(), scene.founder.get(&format!("{}/permissions", of_space(&id)))));
        asked.push((id.clone(), scene.founder.post(&format!("{}/leave", of_space(&id)), &json!({}))));
        let own_member = scene.member.rsplit('/').next().expect("an id").to_owned();
        for (id, member) in [(of_space(&id), own_member), (scene.space.clone(), member)] {
            let address = format!("{id}/members/{member}");
            asked.push((address.clone(), scene.founder.get(&address)));
            asked.push((address.clone(), scene.founder.patch(&address, "*", &edit)));
            asked.push((address.clone(), scene.founder.send("DELETE", &address, &[("if-match", "*")], vec![])));
            asked.push((address.clone(), scene.founder.post(&format!("{address}/suspend"), &json!({}))));
            asked.push((address.clone(), scene.founder.post(&format!("{address}/resume"), &json!({}))));
        }
    }
    let admission = json!({ "role": "reader", "accessScope": "all_products" });
    for id in other_ids(&scene.join_request) {
        let own = format!("/v1/me/join-requests/{id}");
        asked.push((id.clone(), scene.other.get(&own)));
        asked.push((id.clone(), scene.other.post(&format!("{own}/cancel"), &json!({}))));
        let answer = format!("{}/join-requests/{id}", scene.space);
        asked.push((id.clone(), scene.founder.post(&format!("{answer}/approve"), &admission)));
        asked.push((id.clone(), scene.founder.post(&format!("{answer}/refuse"), &json!({}))));
    }
    for id in other_ids(&scene.registration) {
        asked.push((id.clone(), scene.founder.get(&format!("/v1/registrations/{id}"))));
        let confirm = format!("/v1/registrations/{id}/confirm");
        asked.push((id.clone(), scene.founder.post(&confirm, &json!({ "code": "123456" }))));
        asked.push((id.clone(), scene.founder.post(&format!("/v1/registrations/{id}/resend"), &json!({}))));
    }
    let (limit, reason) = (json!({ "limit": 250, "reason": "Un appel" }), json!({ "reason": "Un appel" }));
    for id in other_ids(&scene.other_product) {
        let requests = format!("/v1/me/authentication-products/{id}/limit-requests");
        asked.push((id.clone(), scene.other.get(&requests)));
        asked.push((id.clone(), scene.other.post(&requests, &limit)));
        asked.push((id.clone(), scene.agent.post(&format!("/v1/helpdesk/products/{id}/limit"), &limit)));
    }
    for id in other_ids(&scene.limit_request) {
        asked.push((id.clone(), scene.founder.get(&format!("{}/limit-requests/{id}", product_of(&scene.founder)))));
        let case = format!("/v1/helpdesk/limit-requests/{id}");
        asked.push((id.clone(), scene.agent.get(&case)));
        asked.push((id.clone(), scene.agent.post(&format!("{case}/grant"), &limit)));
        asked.push((id.clone(), scene.agent.post(&format!("{case}/refuse"), &reason)));
    }
    for id in other_ids(&format!("/v1/helpdesk/recoveries/{}", scene.recovery)) {
        let case = format!("/v1/helpdesk/recoveries/{id}");
        asked.push((id.clone(), scene.agent.get(&case)));
        asked.push((id.clone(), scene.agent.post(&format!("{case}/confirm"), &reason)));
        asked.push((id.clone(), scene.agent.post(&format!("{case}/withdraw"), &reason)));
        asked.push((id.clone(), scene.founder.post(&format!("/v1/me/recoveries/{id}/stop"), &json!({}))));
    }
    for id in other_ids(&scene.space) {
        asked.push((id.clone(), scene.agent.post(&format!("/v1/helpdesk/spaces/{id}/suspend"), &reason)));
        asked.push((id.clone(), scene.agent.post(&format!("/v1/helpdesk/spaces/{id}/resume"), &reason)));
    }
    for (id, reply) in asked {
        assert_eq!((reply.status, reply.json["code"].as_str()), (404, Some("not_found")), "{id}: {}", reply.text);
    }
    assert_eq!(scene.kept(), before);
}

fn no_other_id_finds_an_invitation(world: &World) {
    let scene = Scene::in_world(world);
    let before = scene.kept();
    let mut asked = vec![];
    for (id, invitation) in other_ids(&scene.space).into_iter().zip(other_ids(&scene.invitation)) {
        let invitations = format!("/v1/spaces/{id}/invitations");
        asked.push((id.clone(), scene.founder.get(&invitations)));
        asked.push((id.clone(), scene.founder.post(&invitations, &json!({}))));
        asked.push((id.clone(), scene.founder.post(&format!("{invitations}/bulk"), &json!({}))));
        let own_invitation = scene.invitation.rsplit('/').next().expect("an id").to_owned();
        for address in [format!("{invitations}/{own_invitation}"), format!("{}/invitations/{invitation}", scene.space)]
        {
            asked.push((address.clone(), scene.founder.get(&address)));
            asked.push((address.clone(), scene.founder.post(&format!("{address}/resend"), &json!({}))));
            asked.push((address.clone(), scene.founder.post(&format!("{address}/cancel"), &json!({}))));
        }
        let received = format!("/v1/me/invitations/{invitation}");
        asked.push((received.clone(), scene.other.get(&received)));
        asked.push((received.clone(), scene.other.post(&format!("{received}/accept"), &json!({}))));
        asked.push((received.clone(), scene.other.post(&format!("{received}/refuse"), &json!({}))));
    }
    for (id, reply) in asked {
        assert_eq!((reply.status, reply.json["code"].as_str()), (404, Some("not_found")), "{id}: {}", reply.text);
    }
    assert_eq!(scene.kept(), before);
}

fn no_other_id_finds_software(world: &World) {
    let scene = Scene::in_world(world);
    let before = scene.kept();
    let mut asked = vec![];
    for (id, user) in other_ids(&scene.space).into_iter().zip(other_ids(&scene.system_user)) {
        let list = format!("/v1/spaces/{id}/system-users");
        asked.push((id.clone(), scene.founder.get(&list)));
        asked.push((id.clone(), scene.founder.post(&list, &json!({}))));
        let own = scene.system_user.rsplit('/').next().expect("an id").to_owned();
        for address in [format!("{list}/{own}"), format!("{}/system-users/{user}", scene.space)] {
            asked.push((address.clone(), scene.founder.get(&address)));
            asked.push((address.clone(), scene.founder.patch(&address, "*", &json!({ "name": "x" }))));
            asked.push((address.clone(), scene.founder.send("DELETE", &address, &[("if-match", "*")], vec![])));
            asked.push((address.clone(), scene.founder.post(&format!("{address}/suspend"), &json!({}))));
            asked.push((address.clone(), scene.founder.post(&format!("{address}/resume"), &json!({}))));
        }
    }
    for (id, reply) in asked {
        assert_eq!((reply.status, reply.json["code"].as_str()), (404, Some("not_found")), "{id}: {}", reply.text);
    }
    assert_eq!(scene.kept(), before);
}

fn no_other_id_finds_a_certification(world: &World) {
    let scene = Scene::in_world(world);
    let before = scene.kept();
    let mut asked = vec![];
    for (id, certification) in other_ids(&scene.space).into_iter().zip(other_ids(&scene.certification)) {
        let list = format!("/v1/spaces/{id}/certifications");
        asked.push((id.clone(), scene.founder.get(&list)));
        asked.push((id.clone(), scene.founder.post(&list, &json!({}))));
        let own = scene.certification.rsplit('/').next().expect("an id").to_owned();
        for address in [format!("{list}/{own}"), format!("{}/certifications/{certification}", scene.space)] {
            asked.push((address.clone(), scene.founder.get(&address)));
            asked.push((address.clone(), scene.founder.post(&format!("{address}/withdraw"), &json!({}))));
        }
    }
    for service in ["alva", "alva.none", "ALVA.food-establishments", "%2e"] {
        let address = format!("{}/services/{service}/legal-persons", scene.space);
        asked.push((address.clone(), scene.founder.get(&address)));
    }
    for (id, reply) in asked {
        assert_eq!((reply.status, reply.json["code"].as_str()), (404, Some("not_found")), "{id}: {}", reply.text);
    }
    assert_eq!(scene.kept(), before);
}

#[test]
fn query_parameters_are_known_valid_and_given_once() {
    let world = World::start(Database::Sqlite);
    let founder = world.founder();
    for title in ["Un", "Deux"] {
        founder.open_space(title).expect(201);
    }
    for (good, shown) in [
        ("", 2),
        ("?limit=1", 1),
        ("?limit=100", 2),
        ("?kind=professional", 2),
        ("?kind=private&limit=5", 0),
        ("?status=open", 2),
        ("?status=closed", 0),
    ] {
        let page = founder.get(&format!("/v1/spaces{good}")).expect(200);
        assert_eq!(page["data"].as_array().map(Vec::len), Some(shown), "{good}");
    }
    for (query, parameter, code) in [
        ("limit=0", "limit", "out_of_range"),
        ("limit=101", "limit", "out_of_range"),
        ("limit=-1", "limit", "out_of_range"),
        ("limit=%2B1", "limit", "out_of_range"),
        ("limit=1.0", "limit", "out_of_range"),
        ("limit=1e1", "limit", "out_of_range"),
        ("limit=0x10", "limit", "out_of_range"),
        ("limit=4294967297", "limit", "out_of_range"),
        ("limit=99999999999999999999999", "limit", "out_of_range"),
        ("limit=%D9%A1", "limit", "out_of_range"),
        ("limit=abc", "limit", "out_of_range"),
        ("limit=", "limit", "out_of_range"),
        ("limit", "limit", "out_of_range"),
        ("limit=1%00", "limit", "out_of_range"),
        ("limit=%ff", "limit", "out_of_range"),
        ("limit=1&limit=1", "limit", "duplicate"),
        ("limit=1&limit=2&limit=3", "limit", "duplicate"),
        ("kind=Private", "kind", "wrong_value"),
        ("kind=", "kind", "wrong_value"),
        ("kind=private%00", "kind", "wrong_value"),
        ("kind=%ff", "kind", "wrong_value"),
        ("kind=private&kind=professional", "kind", "duplicate"),
        ("status=purged", "status", "wrong_value"),
        ("status=Closed", "status", "wrong_value"),
        ("status=", "status", "wrong_value"),
        ("status=open&status=closed", "status", "duplicate"),
        ("cursor=x&cursor=x", "cursor", "duplicate"),
        ("unknown=1", "unknown", "unknown"),
        ("Limit=1", "Limit", "unknown"),
        ("limit[]=1", "limit[]", "unknown"),
        ("__proto__=1", "__proto__", "unknown"),
        ("=1", "", "unknown"),
        ("%00=1", "\0", "unknown"),
        ("%ff=1", "\u{fffd}", "unknown"),
        ("offset=1", "offset", "unknown"),
    ] {
        expect_fault_at(&founder.get(&format!("/v1/spaces?{query}")), "parameter", parameter, code, query);
    }
    let all = founder.get("/v1/spaces?limit=0&kind=x&unknown=1").expect_problem(400, "invalid_input");
    let named: Vec<_> = all["errors"].as_array().expect("faults").iter().map(|fault| &fault["parameter"]).collect();
    assert_eq!(named, ["kind", "limit", "unknown"]);

    for (query, parameter, code) in
        [("", "to", "missing"), ("?to=a@b.lu&to=a@b.lu", "to", "duplicate"), ("?to=a@b.lu&from=x", "from", "unknown")]
    {
        expect_fault_at(&founder.get(&format!("/sandbox/mails{query}")), "parameter", parameter, code, query);
    }
    let long = "x".repeat(8_000);
    for nobody in ["", "%00", "%ff", "..%2f..%2fkeys", "%F0%9F%A5%90", &long] {
        let reply = founder.get(&format!("/sandbox/mails?to={nobody}"));
        assert_eq!(reply.expect_problem(400, "invalid_input")["errors"][0]["parameter"], "to", "{nobody}");
    }
    assert_eq!(founder.get("/sandbox/mails?to=nobody@example.lu").expect(200)["data"], json!([]));
}

fn a_cursor_serves_its_own_list_alone(world: &World) {
    let mut founder = Actor::newcomer(&world.anonymous(), &["luxtrust_professional", "eid"]);
    founder.accept_terms();
    for title in ["Un", "Deux", "Trois"] {
        founder.open_space(title).expect(201);
    }
    let page = founder.get("/v1/spaces?limit=1").expect(200);
    let cursor = page["page"]["next"].as_str().expect("a cursor").to_owned();
    let next = founder.get(&format!("/v1/spaces?limit=2&cursor={cursor}")).expect(200);
    assert_eq!(next["data"].as_array().map(Vec::len), Some(2));

    let (id, seal) = cursor.split_once('.').expect("an id and a seal");
    let other_id = next["data"][0]["id"].as_str().expect("an id").replace('-', "");
    let flipped = |text: &str, place: usize| {
        let digit = if &text[place..=place] == "0" { "1" } else { "0" };
        format!("{}{digit}{}", &text[..place], &text[place + 1..])
    };
    let mut forged = vec![
        ".".into(),
        "x".into(),
        "x.y".into(),
        id.into(),
        format!("{id}."),
        format!(".{seal}"),
        format!("{other_id}.{seal}"),
        format!("{id}.{}", &seal[1..]),
        format!("{id}.{seal}0"),
        format!("{id}.{seal}."),
        format!("{id}.{}", seal.to_uppercase().replace(char::is_numeric, "A")),
        format!("{}.{seal}", id.to_uppercase().replace(char::is_numeric, "A")),
        format!("%7B{id}%7D.{seal}"),
        format!("{cursor}%00"),
        format!("%20{cursor}"),
        "%00".into(),
        "%ff.%ff".into(),
        "%C3%A9.%C3%A9".into(),
        format!("{id}.{}", "%C3%A9".repeat(16)),
        format!("{}.{seal}", "0".repeat(8_000)),
    ];
    forged.extend((0..seal.len()).map(|place| format!("{id}.{}", flipped(seal, place))));
    forged.extend((0..id.len()).map(|place| format!("{}.{seal}", flipped(id, place))));
    for cursor in &forged {
        let reply = founder.get(&format!("/v1/spaces?limit=1&cursor={cursor}"));
        assert_eq!(
            (reply.status, reply.json["code"].as_str()),
            (400, Some("invalid_cursor")),
            "{cursor}: {}",
            reply.text
        );
    }
    assert_eq!(founder.get("/v1/spaces?limit=1&cursor=").expect(200), page, "an empty one is none");
    let of_another_filter = format!("/v1/spaces?limit=1&kind=professional&cursor={cursor}");
    founder.get(&of_another_filter).expect_problem(400, "invalid_cursor");
    let same_list = format!("/v1/spaces?limit=1&cursor={cursor}");
    world.founder().get(&same_list).expect_problem(400, "invalid_cursor");
    founder.register_product(1).expect(200);
    founder.log_in(1).expect(200);
    founder.get(&same_list).expect_problem(400, "invalid_cursor");
    founder.log_in(0).expect(200);
    founder.get(&same_list).expect(200);
}

#[test]
fn a_body_is_json_in_utf_8_as_it_is() {
    let world = World::start(Database::Sqlite);
    let scene = Scene::in_world(&world);
    let refused: [&[(&str, &str)]; 16] = [
        &[],
        &[("content-type", "")],
        &[("content-type", "text/plain")],
        &[("content-type", "application/x-www-form-urlencoded")],
        &[("content-type", "multipart/form-data; boundary=x")],
        &[("content-type", "application/jsonx")],
        &[("content-type", "application/problem+json")],
        &[("content-type", "application/json, text/plain")],
        &[("content-type", "application/json; charset=latin1")],
        &[("content-type", "application/json; charset=utf-16")],
        &[("content-type", "application/json; charset=utf-8; charset=latin1")],
        &[("content-type", "application/json;charset=")],
        &[JSON, ("content-encoding", "gzip")],
        &[JSON, ("content-encoding", "deflate, gzip")],
        &[JSON, ("content-encoding", "br")],
        &[JSON, ("content-encoding", "identity"), ("content-encoding", "gzip")],
    ];
    let before = scene.kept();
    for wish in scene.wishes() {
        let (body, authorization) = (wish.body.to_string(), scene.authorization(&wish));
        for headers in refused {
            let lines = headers.iter().map(|(name, value)| format!("{name}: {value}"));
            let length = format!("Content-Length: {}", body.len());
            let lines: Vec<String> = lines.chain([length, authorization.clone()]).collect();
            let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
            let line = format!("{} {}", wish.method, wish.path);
            world.send_raw(&line, &lines, body.as_bytes()).expect_problem(415, "unsupported_media_type");
        }
    }
    assert_eq!(scene.kept(), before);
    let founder = &scene.founder;
    let open = |headers: &[_]| founder.send("POST", "/v1/spaces", headers, professional("x").to_string().into_bytes());
    for headers in [
        &[("content-type", "application/json; charset=UTF-8")][..],
        &[("content-type", "Application/JSON;charset=\"utf-8\"")],
        &[("content-type", "application/json; version=1")],
        &[JSON, ("content-encoding", "identity")],
    ] {
        open(headers).expect(201);
    }
    // A merge patch is an edit, and nothing else is.
    let merge_patch = ("content-type", "application/merge-patch+json");
    open(&[merge_patch]).expect_problem(415, "unsupported_media_type");
    for media_type in [merge_patch, JSON] {
        let headers = [media_type, ("if-match", "*")];
        founder.send("PATCH", &scene.space, &headers, b"{}".to_vec()).expect(200);
    }
}

#[test]
fn a_body_has_at_most_256_kibibytes() {
    let world = World::start(Database::Sqlite);
    let scene = Scene::in_world(&world);
    let mut largest = professional("x").to_string().into_bytes();
    largest.resize(262_144, b' ');
    scene.founder.send("POST", "/v1/spaces", &[JSON], largest).expect(201);
    let before = scene.kept();

    let authorization = format!("Authorization: Bearer {}", scene.founder.token.clone().expect("a token"));
    let json = "Content-Type: application/json";
    let chunk = [b"10000\r\n", &b" ".repeat(0x10000)[..], b"\r\n"].concat();
    let chunks = [chunk.repeat(4), b"1\r\n \r\n".to_vec()].concat();
    let endpoints = scene.wishes().into_iter().map(|wish| format!("{} {}", wish.method, wish.path));
    for line in endpoints.chain(["POST /v1/token".to_owned()]) {
        // The server answers before it has read what it will not take, so it need not be sent.
        let declared = world.send_raw(&line, &[json, &authorization, "Content-Length: 262145"], b"");
        assert_eq!(declared.expect_problem(413, "body_too_large")["limit"], 262_144, "{line}");
        let chunked = world.send_raw(&line, &[json, &authorization, "Transfer-Encoding: chunked"], &chunks);
        assert_eq!(chunked.expect_problem(413, "body_too_large")["limit"], 262_144, "{line}");
    }
    assert_eq!(scene.kept(), before);

    let space = professional("en morceaux").to_string();
    let begun = format!("{:x}\r\n{space}\r\n", space.len());
    let headers = [json, &authorization, "Transfer-Encoding: chunked"];
    let with_padding = [begun.as_bytes(), &chunks].concat();
    world.send_raw("POST /v1/spaces", &headers, &with_padding).expect_problem(413, "body_too_large");
    let ended = begun + "0\r\n\r\n";
    assert_eq!(world.send_raw("POST /v1/spaces", &headers, ended.as_bytes()).status, 201);
}

#[test]
fn the_token_endpoint_refuses_bad_forms_in_the_words_of_oauth() {
    let world = World::start(Database::Sqlite);
    let anonymous = world.anonymous();
    let form = ("content-type", "application/x-www-form-urlencoded");
    let exchange = "grant_type=urn:ietf:params:oauth:grant-type:token-exchange";
    let id_token = "subject_token_type=urn:ietf:params:oauth:token-type:id_token";
    let marks = "%CC%81".repeat(10_000);
    let cases: Vec<(String, &str)> = vec![
        (String::new(), "invalid_request"),
        ("grant_type".into(), "invalid_request"),
        ("grant_type=".into(), "invalid_request"),
        ("grant_type=password".into(), "unsupported_grant_type"),
        ("grant_type=%00".into(), "unsupported_grant_type"),
        ("grant_type=%ff".into(), "unsupported_grant_type"),
        (format!("grant_type={marks}"), "unsupported_grant_type"),
        ("grant_type=refresh_token&grant_type=refresh_token".into(), "invalid_request"),
        ("grant_type=refresh_token".into(), "invalid_request"),
        ("grant_type=refresh_token&refresh_token=".into(), "invalid_request"),
        ("grant_type=refresh_token&refresh_token=x&refresh_token=x".into(), "invalid_request"),
        ("grant_type=refresh_token&refresh_token=%00".into(), "invalid_grant"),
        ("grant_type=refresh_token&refresh_token=%ff".into(), "invalid_grant"),
        (format!("grant_type=refresh_token&refresh_token={marks}"), "invalid_grant"),
        (exchange.into(), "invalid_request"),
        (format!("{exchange}&{id_token}"), "invalid_request"),
        (format!("{exchange}&subject_token=x"), "invalid_request"),
        (format!("{exchange}&subject_token_type=%00&subject_token=x"), "invalid_request"),
        (format!("{exchange}&{id_token}&subject_token="), "invalid_request"),
        (format!("{exchange}&{id_token}&subject_token=%00"), "invalid_grant"),
        (format!("{exchange}&{id_token}&subject_token=%ff.%ff.%ff"), "invalid_grant"),
        (format!("{exchange}&{id_token}&subject_token=.."), "invalid_grant"),
        (format!("{exchange}&{id_token}&subject_token={marks}"), "invalid_grant"),
        ("%ff=%ff&%00".into(), "invalid_request"),
        ("{\"grant_type\":\"refresh_token\"}".into(), "invalid_request"),
    ];
    for (body, error) in cases {
        let reply = anonymous.send("POST", "/v1/token", &[form], body.clone().into_bytes());
        assert_eq!((reply.status, reply.json["error"].as_str()), (400, Some(error)), "{body}: {}", reply.text);
    }
    let good = format!("{exchange}&{id_token}&subject_token=x");
    for headers in [
        &[][..],
        &[JSON],
        &[("content-type", "application/x-www-form-urlencoded; charset=latin1")],
        &[form, ("content-encoding", "gzip")],
    ] {
        let reply = anonymous.send("POST", "/v1/token", headers, good.clone().into_bytes());
        assert_eq!((reply.status, reply.json["error"].as_str()), (400, Some("invalid_request")), "{headers:?}");
    }
}

#[test]
fn what_is_no_http_is_refused_without_a_fault_of_ours() {
    let world = World::start(Database::Sqlite);
    let requests: [&[u8]; 12] = [
        b"\r\n\r\nnonsense\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET /v1/terms HTTP/9.9\r\n\r\n",
        b"GET /v1/spaces/\xff HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /v1/terms HTTP/1.1\r\nHost: localhost\r\nBad Header: x\r\n\r\n",
        b"GET /v1/terms HTTP/1.1\r\nHost: localhost\r\nX: a\0b\r\n\r\n",
        b"POST /v1/spaces HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        b"POST /v1/spaces HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999999\r\n\r\n",
        b"POST /v1/spaces HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}x",
        b"POST /v1/spaces HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /v1/registrations HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
        b"POST /v1/spaces HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
    ];
    for request in requests {
        let text = String::from_utf8_lossy(request).into_owned();
        let closing = text.replacen("Host: localhost\r\n", "Host: localhost\r\nConnection: close\r\n", 1);
        let request = if request.is_ascii() { closing.into_bytes() } else { request.to_vec() };
        let reply = world.send_bytes(&request);
        assert!(reply.status == 0 || (400..500).contains(&reply.status), "{text}: {}", reply.head);
    }
    let line = format!("GET /v1/spaces/{}", "x".repeat(200_000));
    let reply = world.send_raw(&line, &[], b"");
    assert!(reply.status == 0 || (400..500).contains(&reply.status), "{}", reply.head);
    world.get("/health/ready").expect(200);
}
