//! Forms: what an operator wants of a content, written as a JSON Schema (2020-12), and the check of a content by it.
//!
//! A form rests on nothing but itself: it refers to nothing outside, does not repeat itself, and its patterns take time in
//! proportion to the text. It says what people read by keywords of its own:
//!
//! - `x-titles` and `x-descriptions`: what a field is called and wants, a text a language, French always among them;
//! - `x-choices`: the titles of the values of an `enum`, by value;
//! - `x-prefill`: what fills the field in, as a pointer of [`prefill::SOURCES`].

pub mod error;
pub mod prefill;
pub(crate) mod schema;

use std::{fmt, sync::Arc};

use jsonschema::{PatternOptions, Validator};
use serde_json::Value;

pub use error::{FormError, FormRule};
pub use prefill::Prefilling;
pub use schema::{FormFault, FormFlaw};

use crate::{
    identifiers::{Bic, Country, Currency, Iban, LegalPersonNumber, NaceCode, RcsNumber, VatNumber},
    identity::NationalNumber,
};

/// The most bytes of a form, written as JSON (our choice).
pub const MOST_BYTES: usize = 128 * 1024;
/// How deep a form is nested at most (our choice).
pub const MOST_LEVELS: usize = 24;
/// The most schemas in a form, each counted as often as it is referred to (our choice).
pub const MOST_SCHEMAS: u64 = 2000;
/// The most bytes of a compiled pattern (our choice).
const MOST_PATTERN_BYTES: usize = 256 * 1024;

/// The formats that a form may ask for: those of JSON Schema that our forms need, and those of this domain.
pub const FORMATS: &[&str] = &[
    "bic",
    "country",
    "currency",
    "date",
    "date-time",
    "email",
    "iban",
    "legal-person-number",
    "nace-code",
    "national-number",
    "rcs-number",
    "time",
    "uri",
    "uuid",
    "vat-number",
];

/// A form that was found to be one.
#[derive(Clone)]
pub struct Form {
    schema: Arc<Value>,
    validator: Arc<Validator>,
}

impl Form {
    /// Takes a JSON Schema for a form.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn parse(schema: Value) -> Result<Self, Vec<FormFault>> {
        schema::check(&schema)?;
        let validator = compiled(&schema).map_err(|fault| vec![fault])?;
        Ok(Self { schema: Arc::new(schema), validator: Arc::new(validator) })
    }

    /// The JSON Schema, as it was taken.
    pub fn schema(&self) -> &Value {
        &self.schema
    }

    /// Whether a content may have a field there: a JSON Pointer through properties and items.
    pub fn has_field(&self, pointer: &str) -> bool {
        let definition = |schema: &Value| {
            let name = schema.get("$ref").and_then(Value::as_str).and_then(|name| name.strip_prefix('#'));
            name.and_then(|name| self.schema.pointer(name))
        };
        let within = |schema: &Value, name: &str| {
            let is_place = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
            let named = schema.get("properties").and_then(|fields| fields.get(name));
            named.or_else(|| schema.get("items").filter(|_| is_place)).cloned()
        };
        let Some(names) = pointer.strip_prefix('/') else { return pointer.is_empty() };
        let mut schema = Value::clone(&self.schema);
        names.split('/').all(|name| {
            while let Some(meant) = definition(&schema) {
                schema = meant.clone();
            }
            let found = within(&schema, &name.replace("~1", "/").replace("~0", "~"));
            found.map(|found| schema = found).is_some()
        })
    }

    /// All that is wrong with a content, in the order of the places where it is.
    pub fn check(&self, content: &Value) -> Vec<FormError> {
        let mut errors: Vec<_> = self.validator.iter_errors(content).flat_map(|error| FormError::of(&error)).collect();
        errors.sort_by(|one, other| (&one.pointer, one.rule).cmp(&(&other.pointer, other.rule)));
        errors.dedup();
        errors
    }
}

impl PartialEq for Form {
    fn eq(&self, other: &Self) -> bool {
        self.schema == other.schema
    }
}
impl Eq for Form {}

impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Form").field(&self.schema).finish()
    }
}

/// Reads a schema for the check, with patterns whose time is in proportion to the text.
fn compiled(schema: &Value) -> Result<Validator, FormFault> {
    let patterns = PatternOptions::regex().size_limit(MOST_PATTERN_BYTES).dfa_size_limit(MOST_PATTERN_BYTES);
    let options = jsonschema::draft202012::options().offline().with_pattern_options(patterns);
    let options = options.should_validate_formats(true).should_ignore_unknown_formats(false);
    let options = options
        .with_format("bic", |text: &str| Bic::parse(text).is_ok())
        .with_format("country", |text: &str| Country::parse(text).is_ok())
        .with_format("currency", |text: &str| Currency::parse(text).is_ok())
        .with_format("iban", |text: &str| Iban::parse(text).is_ok())
        .with_format("legal-person-number", |text: &str| LegalPersonNumber::parse(text).is_ok())
        .with_format("nace-code", |text: &str| NaceCode::parse(text).is_ok())
        .with_format("national-number", |text: &str| NationalNumber::parse(text).is_ok())
        .with_format("rcs-number", |text: &str| RcsNumber::parse(text).is_ok())
        .with_format("vat-number", |text: &str| VatNumber::parse(text).is_ok());
    options.build(schema).map_err(|error| FormFault::at(error.schema_path().as_str(), FormFlaw::Invalid))
}

#[cfg(test)]
mod tests;
