//! What is wrong with a content, by the form that it is of.

use std::collections::BTreeMap;

use jsonschema::{
    JsonType,
    error::{TypeKind, ValidationError, ValidationErrorKind as Kind},
};
use serde_json::{Value, json};

use crate::coded::coded;

coded! {
    /// The rule of a form that a content breaks: the keywords of JSON Schema, stable for ever.
    FormRule {
        /// A field that must be there.
        Required = "required",
        /// A field that the form does not have.
        Unknown = "unknown",
        /// A value of another JSON type than `expected`.
        Type = "type",
        /// A text that is not in the `format`.
        Format = "format",
        /// A text that is not in the form of the field.
        Pattern = "pattern",
        /// A value that is none of the list.
        Enum = "enum",
        /// A value other than the only one.
        Const = "const",
        /// A number below the `limit`.
        Minimum = "minimum",
        /// A number above the `limit`.
        Maximum = "maximum",
        /// A number that is not above the `limit`.
        ExclusiveMinimum = "exclusive_minimum",
        /// A number that is not below the `limit`.
        ExclusiveMaximum = "exclusive_maximum",
        /// A number that is no multiple of the `limit`.
        MultipleOf = "multiple_of",
        /// A text of fewer characters than the `limit`.
        MinLength = "min_length",
        /// A text of more characters than the `limit`.
        MaxLength = "max_length",
        /// A list of fewer items than the `limit`.
        MinItems = "min_items",
        /// A list of more items than the `limit`.
        MaxItems = "max_items",
        /// A list in which something stands twice.
        UniqueItems = "unique_items",
        /// A list without the items that it must have.
        Contains = "contains",
        /// An object of fewer fields than the `limit`.
        MinProperties = "min_properties",
        /// An object of more fields than the `limit`.
        MaxProperties = "max_properties",
        /// The name of a field that is not in the form of such names.
        PropertyNames = "property_names",
        /// None of the kinds of content that may stand here.
        AnyOf = "any_of",
        /// Not exactly one of the kinds of content that may stand here.
        OneOf = "one_of",
        /// What must not be here, as the rest of the content is.
        NotAllowed = "not_allowed",
    }
}

/// Something that is wrong with a content. It repeats nothing of it but the names of fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormError {
    /// Where, as a JSON Pointer (RFC 6901) into the content; of a field that is missing, where it should be.
    pub pointer: String,
    /// What.
    pub rule: FormRule,
    /// What the rule wants, by the names that [`FormRule`] tells.
    pub parameters: BTreeMap<&'static str, Value>,
}

impl FormError {
    /// The errors of one failure: as many as there are unknown fields, else one.
    pub(super) fn of(failure: &ValidationError<'_>) -> Vec<Self> {
        let place = failure.instance_path().as_str();
        let within = |field: &str| format!("{place}/{}", field.replace('~', "~0").replace('/', "~1"));
        let plain = |pointer: String, rule| Self { pointer, rule, parameters: BTreeMap::new() };
        match failure.kind() {
            Kind::Required { property } => {
                vec![plain(within(property.as_str().unwrap_or_default()), FormRule::Required)]
            }
            Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
                unexpected.iter().map(|field| plain(within(field), FormRule::Unknown)).collect()
            }
            kind => {
                let (rule, parameter) = rule(kind);
                vec![Self { pointer: place.to_owned(), rule, parameters: parameter.into_iter().collect() }]
            }
        }
    }
}

/// Which rule a failure is of, and what it wants.
fn rule(kind: &Kind) -> (FormRule, Option<(&'static str, Value)>) {
    let limit = |limit: Value| Some(("limit", limit));
    match kind {
        Kind::Required { .. } => (FormRule::Required, None),
        Kind::AdditionalProperties { .. } | Kind::UnevaluatedProperties { .. } => (FormRule::Unknown, None),
        Kind::Type { kind } => (FormRule::Type, Some(("expected", expected(kind)))),
        Kind::Format { format } => (FormRule::Format, Some(("format", json!(format)))),
        // An engine that gives up has not found the text to be in the form.
        Kind::Pattern { .. } | Kind::BacktrackLimitExceeded { .. } | Kind::RegexEngineFailure { .. } => {
            (FormRule::Pattern, None)
        }
        Kind::Enum { .. } => (FormRule::Enum, None),
        Kind::Constant { .. } => (FormRule::Const, None),
        Kind::Minimum { limit: least } => (FormRule::Minimum, limit(least.clone())),
        Kind::Maximum { limit: most } => (FormRule::Maximum, limit(most.clone())),
        Kind::ExclusiveMinimum { limit: least } => (FormRule::ExclusiveMinimum, limit(least.clone())),
        Kind::ExclusiveMaximum { limit: most } => (FormRule::ExclusiveMaximum, limit(most.clone())),
        Kind::MultipleOf { multiple_of } => (FormRule::MultipleOf, limit(json!(multiple_of))),
        Kind::MinLength { limit: least } => (FormRule::MinLength, limit(json!(least))),
        Kind::MaxLength { limit: most } => (FormRule::MaxLength, limit(json!(most))),
        Kind::MinItems { limit: least } => (FormRule::MinItems, limit(json!(least))),
        Kind::MaxItems { limit: most } => (FormRule::MaxItems, limit(json!(most))),
        Kind::AdditionalItems { limit: most } => (FormRule::MaxItems, limit(json!(most))),
        Kind::UniqueItems => (FormRule::UniqueItems, None),
        Kind::Contains => (FormRule::Contains, None),
        Kind::MinProperties { limit: least } => (FormRule::MinProperties, limit(json!(least))),
        Kind::MaxProperties { limit: most } => (FormRule::MaxProperties, limit(json!(most))),
        Kind::PropertyNames { .. } => (FormRule::PropertyNames, None),
        Kind::AnyOf { .. } => (FormRule::AnyOf, None),
        Kind::OneOfMultipleValid { .. } | Kind::OneOfNotValid { .. } => (FormRule::OneOf, None),
        // `false`, `not`, `unevaluatedItems`; a form is refused that has any of the others.
        Kind::FalseSchema
        | Kind::Not { .. }
        | Kind::UnevaluatedItems { .. }
        | Kind::ContentEncoding { .. }
        | Kind::ContentMediaType { .. }
        | Kind::Custom { .. }
        | Kind::FromUtf8 { .. }
        | Kind::Referencing(_) => (FormRule::NotAllowed, None),
    }
}

fn expected(kind: &TypeKind) -> Value {
    match kind {
        TypeKind::Single(one) => json!([one.as_str()]),
        TypeKind::Multiple(several) => several.iter().map(JsonType::as_str).collect(),
    }
}
