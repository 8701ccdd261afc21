//! The longest text of each format, for readers that want to know it of every text.

use utoipa::openapi::{
    KnownFormat, RefOr, Schema, SchemaFormat,
    schema::{AdditionalProperties, ArrayItems},
};

use crate::http::{body, query::LONGEST_INSTANT};

/// Adds to a schema, and to all within it, what its formats say of lengths.
pub fn complete(schema: &mut RefOr<Schema>) {
    let RefOr::T(schema) = schema else { return };
    match schema {
        Schema::Object(object) => {
            if object.max_length.is_none() {
                object.max_length = object.format.as_ref().and_then(longest);
            }
            object.properties.values_mut().for_each(complete);
            if let Some(AdditionalProperties::RefOr(RefOr::T(Schema::Object(unknown)))) =
                object.additional_properties.as_deref_mut()
            {
                // What is passed over is bounded by its body.
                unknown.max_length.get_or_insert(body::LIMIT);
            }
        }
        Schema::Array(array) => {
            if let ArrayItems::RefOrSchema(items) = &mut array.items {
                complete(items);
            }
        }
        Schema::OneOf(one_of) => one_of.items.iter_mut().for_each(complete),
        Schema::AllOf(all_of) => all_of.items.iter_mut().for_each(complete),
        Schema::AnyOf(any_of) => any_of.items.iter_mut().for_each(complete),
        _ => {}
    }
}

/// Adds to a parameter that is the same everywhere how long it may be.
pub fn of_convention(name: &str, schema: &mut RefOr<Schema>) {
    let longest = match name {
        "cursor" => 256,
        "If-Match" => 1024,
        _ => return,
    };
    if let RefOr::T(Schema::Object(object)) = schema {
        object.max_length = Some(longest);
    }
}

fn longest(format: &SchemaFormat) -> Option<usize> {
    match format {
        SchemaFormat::KnownFormat(KnownFormat::Uuid) => Some(36),
        SchemaFormat::KnownFormat(KnownFormat::DateTime) => Some(LONGEST_INSTANT),
        SchemaFormat::KnownFormat(KnownFormat::Date) => Some(10),
        _ => None,
    }
}
