//! Certifications: asked for over HTTP, and granted as an administration would.

use serde_json::{Value, json};

use super::{Actor, Reply, text};

/// The national number of a company.
pub const COMPANY: &str = "19822200012";

/// A holder's request for a service, for that company.
pub fn as_holder(service: &str) -> Value {
    json!({ "service": service, "capacity": "holder", "nationalNumber": COMPANY })
}

impl Actor {
    /// Asks for a certification of the space at this path.
    pub fn ask_for_certification(&self, space: &str, wish: &Value) -> Reply {
        self.post(&format!("{space}/certifications"), wish)
    }

    /// The id of a granted holder certification of the space at this path, which is asked for unless there is one. The decision of
    /// the administration is put into the database.
    pub fn certified(&self, space: &str, service: &str) -> String {
        let asked = self.ask_for_certification(space, &as_holder(service)).json;
        let id = text(asked.get("certification").or(asked.get("id")).expect("a certification"));
        let granted = "UPDATE certifications SET status = 'granted', decided_at = created_at";
        self.backstage().sql(&format!("{granted} WHERE id = '{id}' AND status = 'requested'"));
        id
    }

    /// A code for an agent that the holder in the space at this path hands out.
    pub fn hand_out(&self, space: &str, holder: &str) -> Value {
        self.post(&format!("{space}/certifications/{holder}/agent-access-codes"), &json!({})).expect(201)
    }

    /// The certification of a new space of somebody who activates an access code.
    pub fn become_agent(&self, access_code: &Value) -> Value {
        let office = self.open_space("Fiduciaire").header("location");
        let wish = json!({ "accessCode": access_code });
        self.post(&format!("{office}/certifications/activate"), &wish).expect(200)
    }
}
