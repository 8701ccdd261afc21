//! Authentic sources: records that an administration sends, line by line.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use serde_json::{Value, json};

use super::{Actor, COMPANY, Key, Reply, World, text};

/// A source, and the service of the same name that opens it.
pub const EMPLOYER: &str = "ccss.employer-data";

impl World {
    /// The back end of an administration that sends records.
    pub fn registry(&self, administration: &str) -> Actor {
        self.partner(administration, "push_records", Key::strange()).log_in()
    }
}

/// A line with the balance of a VAT account of a company.
pub fn balance(key: &str, version: i64, number: &str, balance: i64) -> Value {
    json!({
        "key": key, "version": version, "nationalNumber": number, "asOf": "2027-01-14T22:00:00Z",
        "content": { "vatNumber": "LU15027442", "balance": balance, "currency": "EUR" },
    })
}

impl Actor {
    /// Sends a body of lines to a source.
    pub fn push_lines(&self, source: &str, lines: &str) -> Reply {
        let path = format!("/v1/partner/authentic-sources/{source}/records");
        self.send("POST", &path, &[("content-type", "application/x-ndjson")], lines.into())
    }

    /// Sends records to a source: what became of each.
    pub fn push_records(&self, source: &str, records: &[Value]) -> Vec<Value> {
        let lines: Vec<String> = records.iter().map(ToString::to_string).collect();
        self.push_lines(source, &lines.join("\n")).expect(200)["results"].as_array().expect("results").clone()
    }

    /// The id of a certification of the space at this path as a holder for another company than the usual one. The decision of the
    /// administration is put into the database.
    pub fn certified_for(&self, space: &str, service: &str, number: &str) -> String {
        let wish = json!({ "service": service, "capacity": "holder", "nationalNumber": number });
        let id = text(&self.ask_for_certification(space, &wish).expect(201)["id"]);
        let granted = "UPDATE certifications SET status = 'granted', decided_at = created_at";
        self.backstage().sql(&format!("{granted} WHERE id = '{id}'"));
        id
    }

    /// The national number of a test person, as the sandbox asserts it.
    pub fn national_number(&self) -> String {
        let assertion = self.assertion(0);
        let claims = assertion.split('.').nth(1).expect("claims");
        let claims = BASE64URL.decode(claims).expect("base64url");
        text(&serde_json::from_slice::<Value>(&claims).expect("JSON")["national_number"])
    }

    /// Somebody who acts for an administration as the sandbox's back end of it.
    pub fn sandbox_partner(&self, administration: &str) -> Self {
        let partners = self.get("/sandbox/partners").expect(200)["data"].as_array().expect("partners").clone();
        let partner = partners.iter().find(|partner| partner["administration"] == administration).expect("a partner");
        let signed = self.post("/sandbox/client-assertions", &json!({ "partner": partner["id"] })).expect(200);
        self.with_token(&self.exchange_client_assertion(&text(&signed["clientAssertion"]), None))
    }

    /// The path of a record of an employer that the space at this path sees, which is certified for it by now.
    pub fn sourced(&self, space: &str) -> String {
        self.certified(space, EMPLOYER);
        let line = json!({
            "key": "sourced", "version": 1, "nationalNumber": COMPANY, "asOf": "2027-01-14T22:00:00Z",
            "content": { "employerNumber": COMPANY, "legalName": "Boulangerie", "registeredSince": "2020-01-01", "employees": 4 },
        });
        self.sandbox_partner("ccss").push_records(EMPLOYER, &[line]);
        format!("{space}/authentic-sources/{EMPLOYER}/records/{}", text(&self.records(space, EMPLOYER)[0]["id"]))
    }

    /// The records of a source that the space at this path sees.
    pub fn records(&self, space: &str, source: &str) -> Vec<Value> {
        let path = format!("{space}/authentic-sources/{source}/records");
        self.get(&path).expect(200)["data"].as_array().expect("records").clone()
    }
}

/// A line with the balance of the usual company.
pub fn own_balance(key: &str, version: i64, amount: i64) -> Value {
    balance(key, version, COMPANY, amount)
}
