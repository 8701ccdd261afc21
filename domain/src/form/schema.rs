//! Which JSON Schemas are forms: every keyword is known, nothing refers to the outside, and checking has an end.

use std::collections::{BTreeMap, btree_map::Entry};

use serde_json::{Map, Value, json};

use super::{FORMATS, MOST_BYTES, MOST_LEVELS, MOST_SCHEMAS, compiled, error::FormError, prefill};
use crate::{
    Coded,
    text::{CatalogueDescription, CatalogueTitle, Language},
};

/// Something that keeps a JSON Schema from being a form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{pointer}: {flaw}")]
pub struct FormFault {
    /// Where, as a JSON Pointer (RFC 6901) into the schema.
    pub pointer: String,
    /// Why.
    pub flaw: FormFlaw,
}

/// Why a JSON Schema is no form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FormFlaw {
    /// A form is of an object.
    #[error("is not of type object")]
    NotOfObject,
    /// It is no JSON Schema of 2020-12.
    #[error("is not valid in JSON Schema 2020-12")]
    Invalid,
    /// A keyword that forms don't have.
    #[error("is not a keyword of forms")]
    Keyword,
    /// A reference to anything but a definition of this form.
    #[error("does not refer to a definition of this form")]
    Reference,
    /// A definition that comes to itself.
    #[error("comes back to itself")]
    Recursive,
    /// A format that is none of [`FORMATS`].
    #[error("is not a format that is checked")]
    Format,
    /// A pattern that can't be matched in time in proportion to the text, or that is too large.
    #[error("is not a pattern that can be matched in linear time")]
    Pattern,
    /// What people read is no text in French, and maybe other languages.
    #[error("is not a text by language, with French")]
    Texts,
    /// Nothing is known under this pointer.
    #[error("is not a source of prefilling")]
    Source,
    /// It is too large, or nested too deeply.
    #[error("is too large")]
    TooLarge,
}

impl FormFault {
    pub(super) fn at(pointer: &str, flaw: FormFlaw) -> Self {
        Self { pointer: pointer.to_owned(), flaw }
    }
}

/// What stands under a keyword.
enum Holds {
    /// A schema.
    One,
    /// A list of schemas.
    List,
    /// Schemas by name.
    Named,
    /// No schema.
    Plain,
}

fn holds(keyword: &str) -> Option<Holds> {
    Some(match keyword {
        "additionalProperties"
        | "contains"
        | "else"
        | "if"
        | "items"
        | "not"
        | "propertyNames"
        | "then"
        | "unevaluatedItems"
        | "unevaluatedProperties" => Holds::One,
        "allOf" | "anyOf" | "oneOf" | "prefixItems" => Holds::List,
        "$defs" | "dependentSchemas" | "patternProperties" | "properties" => Holds::Named,
        "$comment" | "$ref" | "$schema" | "const" | "default" | "dependentRequired" | "deprecated" | "description"
        | "enum" | "examples" | "exclusiveMaximum" | "exclusiveMinimum" | "format" | "maxContains" | "maxItems"
        | "maxLength" | "maxProperties" | "maximum" | "minContains" | "minItems" | "minLength" | "minProperties"
        | "minimum" | "multipleOf" | "pattern" | "readOnly" | "required" | "title" | "type" | "uniqueItems"
        | "x-choices" | "x-descriptions" | "x-prefill" | "x-titles" => Holds::Plain,
        _ => return None,
    })
}

/// Whether a schema is a form.
pub(super) fn check(schema: &Value) -> Result<(), Vec<FormFault>> {
    let whole = |flaw| Err(vec![FormFault::at("", flaw)]);
    if !is_shallow(schema, MOST_LEVELS) || schema.to_string().len() > MOST_BYTES {
        return whole(FormFlaw::TooLarge);
    }
    if schema.get("type").and_then(Value::as_str) != Some("object") {
        return whole(FormFlaw::NotOfObject);
    }
    let mut walk = Walk { whole: schema, faults: Vec::new(), sizes: BTreeMap::new() };
    walk.schema(schema, "");
    let size = walk.size(schema);
    if walk.faults.is_empty() && size.is_none_or(|size| size > MOST_SCHEMAS) {
        walk.faults.push(FormFault::at("", if size.is_none() { FormFlaw::Recursive } else { FormFlaw::TooLarge }));
    }
    let invalid = jsonschema::draft202012::meta::validator();
    let invalid = invalid.iter_errors(schema).flat_map(|failure| FormError::of(&failure));
    for error in invalid {
        // What a fault of ours tells already, and more exactly, is not told twice.
        if walk.faults.iter().all(|fault| fault.pointer != error.pointer) {
            walk.faults.push(FormFault { pointer: error.pointer, flaw: FormFlaw::Invalid });
        }
    }
    if walk.faults.is_empty() { Ok(()) } else { Err(walk.faults) }
}

/// Whether a value is nested at most so deeply.
pub(crate) fn is_shallow(value: &Value, levels: usize) -> bool {
    match value {
        Value::Array(items) => levels > 0 && items.iter().all(|item| is_shallow(item, levels - 1)),
        Value::Object(fields) => levels > 0 && fields.values().all(|field| is_shallow(field, levels - 1)),
        _ => true,
    }
}

struct Walk<'s> {
    whole: &'s Value,
    faults: Vec<FormFault>,
    /// How many schemas each definition is, with those that it refers to; `None` while that is being counted.
    sizes: BTreeMap<&'s str, Option<u64>>,
}

impl<'s> Walk<'s> {
    fn schema(&mut self, schema: &'s Value, pointer: &str) {
        let Value::Object(keywords) = schema else { return };
        for (keyword, value) in keywords {
            let pointer = within(pointer, keyword);
            match (holds(keyword), value) {
                (None, _) => self.faults.push(FormFault::at(&pointer, FormFlaw::Keyword)),
                (Some(Holds::One), schema) => self.schema(schema, &pointer),
                (Some(Holds::List), Value::Array(schemas)) => {
                    for (index, schema) in schemas.iter().enumerate() {
                        self.schema(schema, &format!("{pointer}/{index}"));
                    }
                }
                (Some(Holds::Named), Value::Object(schemas)) => {
                    for (name, schema) in schemas {
                        let pointer = within(&pointer, name);
                        self.require(keyword != "patternProperties" || is_pattern(name), &pointer, FormFlaw::Pattern);
                        self.schema(schema, &pointer);
                    }
                }
                (Some(_), value) => self.plain(keywords, keyword, value, &pointer),
            }
        }
    }

    /// A keyword that holds no schema.
    fn plain(&mut self, keywords: &Map<String, Value>, keyword: &str, value: &'s Value, pointer: &str) {
        let text = value.as_str();
        match keyword {
            "$schema" => {
                let is_ours = text.is_some_and(|uri| uri.trim_end_matches('#') == SCHEMA);
                self.require(is_ours && pointer == "/$schema", pointer, FormFlaw::Invalid);
            }
            "$ref" => self.require(self.definition(value).is_some(), pointer, FormFlaw::Reference),
            "format" => self.require(text.is_some_and(|format| FORMATS.contains(&format)), pointer, FormFlaw::Format),
            "pattern" => self.require(text.is_some_and(is_pattern), pointer, FormFlaw::Pattern),
            "x-titles" => self.require(is_text(value, is_title), pointer, FormFlaw::Texts),
            "x-descriptions" => self.require(is_text(value, is_description), pointer, FormFlaw::Texts),
            "x-choices" => self.require(are_choices(value, keywords.get("enum")), pointer, FormFlaw::Texts),
            "x-prefill" => self.require(text.is_some_and(prefill::is_source), pointer, FormFlaw::Source),
            _ => {}
        }
    }

    fn require(&mut self, holds: bool, pointer: &str, flaw: FormFlaw) {
        if !holds {
            self.faults.push(FormFault::at(pointer, flaw));
        }
    }

    /// The definition that a reference names.
    fn definition(&self, reference: &'s Value) -> Option<(&'s str, &'s Value)> {
        let name = reference.as_str()?.strip_prefix("#/$defs/")?;
        let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        self.whole.get("$defs")?.get(name).filter(|_| is_plain).map(|definition| (name, definition))
    }

    /// How many schemas one is, with those that it refers to; `None` if that has no end.
    fn size(&mut self, schema: &'s Value) -> Option<u64> {
        let Value::Object(keywords) = schema else { return Some(1) };
        let mut size = 1_u64;
        if let Some((name, definition)) = keywords.get("$ref").and_then(|reference| self.definition(reference)) {
            size = size.saturating_add(self.size_of_definition(name, definition)?);
        }
        for (keyword, value) in keywords {
            let schemas: Vec<&Value> = match (holds(keyword), value) {
                // A definition counts where it is referred to.
                (Some(Holds::Named), Value::Object(schemas)) if keyword != "$defs" => schemas.values().collect(),
                (Some(Holds::List), Value::Array(schemas)) => schemas.iter().collect(),
                (Some(Holds::One), schema) => vec![schema],
                _ => continue,
            };
            for schema in schemas {
                size = size.saturating_add(self.size(schema)?);
            }
        }
        Some(size)
    }

    fn size_of_definition(&mut self, name: &'s str, definition: &'s Value) -> Option<u64> {
        match self.sizes.entry(name) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(unknown) => {
                unknown.insert(None);
                let size = self.size(definition)?;
                self.sizes.insert(name, Some(size));
                Some(size)
            }
        }
    }
}

const SCHEMA: &str = "https://json-schema.org/draft/2020-12/schema";

fn within(pointer: &str, name: &str) -> String {
    format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"))
}

fn is_pattern(pattern: &str) -> bool {
    compiled(&json!({ "pattern": pattern })).is_ok()
}

fn is_title(text: &str) -> bool {
    CatalogueTitle::parse(text).is_ok_and(|title| title.as_str() == text)
}

fn is_description(text: &str) -> bool {
    CatalogueDescription::parse(text).is_ok_and(|description| description.as_str() == text)
}

fn is_text(value: &Value, is_one: fn(&str) -> bool) -> bool {
    let Value::Object(texts) = value else { return false };
    let is_text = |(language, text): (&String, &Value)| {
        Language::from_code(language).is_some() && text.as_str().is_some_and(is_one)
    };
    texts.contains_key(Language::Fr.code()) && texts.iter().all(is_text)
}

/// Whether each value of an `enum` that has a title is in it.
fn are_choices(value: &Value, choices: Option<&Value>) -> bool {
    let (Value::Object(titles), Some(Value::Array(choices))) = (value, choices) else { return false };
    let is_choice = |(choice, title): (&String, &Value)| {
        choices.iter().any(|known| known.as_str() == Some(choice.as_str())) && is_text(title, is_title)
    };
    titles.iter().all(is_choice)
}
