//! Procedures: begun, filled in, signed and sent.

use serde_json::{Value, json};

use super::{Actor, Reply, text};

/// A picture of nothing.
pub const PNG: &[u8] = b"\x89PNG\r\n\x1a\nnothing";

impl Actor {
    /// A procedure of this type, begun in the space at this path.
    pub fn begin_procedure(&self, space: &str, code: &str) -> Value {
        self.post(&format!("{space}/procedures"), &json!({ "type": code })).expect(201)
    }

    /// Attaches a file to the procedure at this path.
    pub fn attach(&self, path: &str, slot: &str, name: &str, file: &[u8]) -> Reply {
        let query = serde_urlencoded::to_string([("slot", slot), ("name", name)]).expect("a query");
        let media_type = if file.starts_with(b"%PDF-") { "application/pdf" } else { "image/png" };
        self.send("POST", &format!("{path}/attachments?{query}"), &[("content-type", media_type)], file.to_vec())
    }

    /// The path of a registration for VAT, begun in the space at this path, with all that its form wants and what must be attached.
    pub fn fill_in(&self, space: &str) -> String {
        let path = format!("{space}/procedures/{}", text(&self.begin_procedure(space, "aed.vat-registration")["id"]));
        let content = json!({
            "legalName": "Boulangerie S.à r.l.",
            "registeredOffice": { "street": "Grand-Rue", "postalCode": "L-1661", "locality": "Luxembourg", "country": "LU" },
            "activityStartedOn": "2026-12-01", "activityDescription": "Pain", "expectedTurnover": 90_000,
            "filingPeriod": "yearly", "contactName": "Anna", "contactEmail": "anna@example.lu",
        });
        self.patch(&path, "*", &json!({ "content": content })).expect(200);
        self.attach(&path, "identity-document", "carte.png", PNG).expect(201);
        path
    }

    /// Signs or sends the procedure at this path as it is.
    pub fn submit(&self, path: &str, act: &str) -> Reply {
        let digest = &self.get(path).expect(200)["digest"];
        self.post(&format!("{path}/{act}"), &json!({ "digest": digest }))
    }
}
