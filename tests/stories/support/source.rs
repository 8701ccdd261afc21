//! Authentic sources: records that an administration sends, line by line.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use serde_json::{Value, json};

use super::{Actor, COMPANY, Key, Reply, World, text};

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

    /// The id of a record that the space at this path, which is certified for it by now, sees of the usual source; the sandbox's back
    /// end sends it.
    pub fn sourced(&self, space: &str) -> String {
        self.certified(space, "aed.vat-account");
        let partners = self.get("/sandbox/partners").expect(200)["data"].as_array().expect("partners").clone();
        let aed = partners.iter().find(|partner| partner["administration"] == "aed").expect("a partner");
        let signed = self.post("/sandbox/client-assertions", &json!({ "partner": aed["id"] })).expect(200);
        let granted = self.exchange_client_assertion(&text(&signed["clientAssertion"]), None);
        self.with_token(&granted).push_records("aed.vat-balance", &[own_balance("sourced", 1, 1)]);
        text(&self.records(space, "aed.vat-balance")[0]["id"])
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
