//! What fills a field in before anybody wrote anything, and where that came from (domain.md §5, F).

use serde_json::{Map, Value};

use super::Form;

/// What a field can be filled in with: pointers into what is known of the space. The names are those of the API.
pub const SOURCES: &[&str] = &[
    "/companyProfile/legalName",
    "/companyProfile/legalForm",
    "/companyProfile/nationalIdentifier",
    "/companyProfile/rcsNumber",
    "/companyProfile/vatNumber",
    "/companyProfile/activities/0/code",
    "/companyProfile/registeredOffice/street",
    "/companyProfile/registeredOffice/number",
    "/companyProfile/registeredOffice/postalCode",
    "/companyProfile/registeredOffice/locality",
    "/companyProfile/registeredOffice/country",
    "/companyProfile/bankAccounts/0/iban",
    "/companyProfile/bankAccounts/0/bic",
    "/companyProfile/keyDates/incorporatedOn",
    "/companyProfile/keyDates/activityStartedOn",
    "/companyProfile/figures/employees",
    "/space/identifier",
    "/space/title",
    "/space/notificationEmail",
];

pub(super) fn is_source(pointer: &str) -> bool {
    SOURCES.contains(&pointer)
}

/// A field that was filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prefilling {
    /// Which field, as a JSON Pointer into the content.
    pub pointer: String,
    /// What with: one of [`SOURCES`].
    pub source: String,
}

impl Form {
    /// The content that a draft begins with, and what of it was filled in. Fields within lists are left to people.
    pub fn prefilled(&self, known: &Value) -> (Map<String, Value>, Vec<Prefilling>) {
        let mut filled = Vec::new();
        let content = fields(self.schema(), known, "", &mut filled);
        (content, filled)
    }
}

fn fields(schema: &Value, known: &Value, pointer: &str, filled: &mut Vec<Prefilling>) -> Map<String, Value> {
    let mut content = Map::new();
    let properties = schema.get("properties").and_then(Value::as_object);
    for (name, field) in properties.into_iter().flatten() {
        let pointer = format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
        if let Some(source) = field.get("x-prefill").and_then(Value::as_str) {
            let value = known.pointer(source).filter(|value| !value.is_null());
            if let Some(value) = value {
                content.insert(name.clone(), value.clone());
                filled.push(Prefilling { pointer, source: source.to_owned() });
            }
        } else {
            let inner = fields(field, known, &pointer, filled);
            if !inner.is_empty() {
                content.insert(name.clone(), Value::Object(inner));
            }
        }
    }
    content
}
