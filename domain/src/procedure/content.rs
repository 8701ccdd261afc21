//! What is filled in: a JSON object, bounded, which edits patch (RFC 7396).

use serde_json::{Map, Value};

use crate::{
    Fault,
    form::{Prefilling, schema::is_shallow},
};

/// What is filled in, and what of it nobody typed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Content {
    fields: Map<String, Value>,
    prefilled: Vec<Prefilling>,
}

impl Content {
    /// The most bytes, written as JSON (our choice).
    pub const MOST_BYTES: usize = 256 * 1024;
    /// The largest whole number, up or down: one that JSON means exactly everywhere (RFC 7493, section 2.2), so that no two
    /// contents have one digest.
    pub const LARGEST_WHOLE: u64 = (1 << 53) - 1;
    /// How deep it is nested at most (our choice).
    pub const MOST_LEVELS: usize = 16;
    /// The most values in it (our choice): as many errors as a check can tell.
    pub const MOST_VALUES: usize = 5000;

    /// Takes what is within the bounds, with what was filled in and still is there.
    ///
    /// # Errors
    /// [`Fault::TooLarge`] for one that is out of them.
    pub fn new(fields: Map<String, Value>, prefilled: Vec<Prefilling>) -> Result<Self, Fault> {
        let content = Self { fields, prefilled };
        if content.is_bounded() { Ok(content) } else { Err(Fault::TooLarge) }
    }

    /// The fields.
    pub fn fields(&self) -> &Map<String, Value> {
        &self.fields
    }

    /// The fields that are as they were filled in, and where that came from.
    pub fn prefilled(&self) -> &[Prefilling] {
        &self.prefilled
    }

    /// The fields as one JSON value.
    pub fn whole(&self) -> Value {
        Value::Object(self.fields.clone())
    }

    fn is_bounded(&self) -> bool {
        let whole = self.whole();
        is_shallow(&whole, Self::MOST_LEVELS)
            && count(&whole) <= Self::MOST_VALUES
            && is_exact(&whole)
            && whole.to_string().len() <= Self::MOST_BYTES
    }

    /// What an edit makes of it: members of the patch take the place of its own, null takes one away, and what people
    /// changed is not prefilled any more.
    ///
    /// # Errors
    /// Those of [`Content::new`].
    pub fn patched(&self, patch: &Map<String, Value>) -> Result<Self, Fault> {
        let mut fields = self.fields.clone();
        merge(&mut fields, patch);
        let (before, after) = (self.whole(), Value::Object(fields.clone()));
        let is_kept = |field: &&Prefilling| after.pointer(&field.pointer) == before.pointer(&field.pointer);
        let prefilled = self.prefilled.iter().filter(is_kept).cloned().collect();
        Self::new(fields, prefilled)
    }
}

/// RFC 7396 §2, where the patch is an object.
fn merge(fields: &mut Map<String, Value>, patch: &Map<String, Value>) {
    for (name, value) in patch {
        match value {
            Value::Null => drop(fields.remove(name)),
            Value::Object(patch) => {
                let mut inner = match fields.remove(name) {
                    Some(Value::Object(inner)) => inner,
                    _ => Map::new(),
                };
                merge(&mut inner, patch);
                fields.insert(name.clone(), Value::Object(inner));
            }
            other => drop(fields.insert(name.clone(), other.clone())),
        }
    }
}

fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(fields) => fields.values().map(count).sum::<usize>(),
        _ => 0,
    }
}

/// Whether every whole number in it is within [`Content::LARGEST_WHOLE`].
fn is_exact(value: &Value) -> bool {
    match value {
        Value::Number(number) => {
            let whole = number.as_u64().or_else(|| number.as_i64().map(i64::unsigned_abs));
            whole.is_none_or(|whole| whole <= Content::LARGEST_WHOLE)
        }
        Value::Array(items) => items.iter().all(is_exact),
        Value::Object(fields) => fields.values().all(is_exact),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(value: Value) -> Map<String, Value> {
        let Value::Object(fields) = value else { panic!("no object") };
        fields
    }

    /// The examples of RFC 7396, appendix A, that are of objects.
    #[test]
    fn a_patch_does_what_the_standard_says() {
        for (before, patch, after) in [
            (json!({ "a": "b" }), json!({ "a": "c" }), json!({ "a": "c" })),
            (json!({ "a": "b" }), json!({ "b": "c" }), json!({ "a": "b", "b": "c" })),
            (json!({ "a": "b" }), json!({ "a": null }), json!({})),
            (json!({ "a": ["b"] }), json!({ "a": "c" }), json!({ "a": "c" })),
            (json!({ "a": "c" }), json!({ "a": ["b"] }), json!({ "a": ["b"] })),
            (json!({ "a": { "b": "c" } }), json!({ "a": { "b": "d", "c": null } }), json!({ "a": { "b": "d" } })),
            (json!({ "a": [{ "b": "c" }] }), json!({ "a": [1] }), json!({ "a": [1] })),
            (json!({ "e": null }), json!({ "a": 1 }), json!({ "e": null, "a": 1 })),
            (json!({}), json!({ "a": { "bb": { "ccc": null } } }), json!({ "a": { "bb": {} } })),
        ] {
            let content = Content::new(object(before), vec![]).unwrap();
            assert_eq!(content.patched(&object(patch)).unwrap().fields, object(after));
        }
    }

    #[test]
    fn what_people_change_is_not_prefilled_any_more() {
        let of = |pointer: &str| Prefilling { pointer: pointer.into(), source: "/space/title".into() };
        let fields = object(json!({ "a": 1, "b": { "c": 2 } }));
        let content = Content::new(fields, vec![of("/a"), of("/b/c")]).unwrap();
        let after = content.patched(&object(json!({ "a": 1, "b": { "c": 3 }, "d": 4 }))).unwrap();
        assert_eq!(after.prefilled, [of("/a")]);
        assert_eq!(after.patched(&object(json!({ "a": null }))).unwrap().prefilled, []);
    }

    #[test]
    fn bounds_hold_at_their_edge() {
        let nested = |levels: usize| (1..levels).fold(json!({}), |inner, _| json!({ "a": inner }));
        let too_large = Err(Fault::TooLarge);
        assert!(Content::new(object(nested(Content::MOST_LEVELS)), vec![]).is_ok());
        assert_eq!(Content::new(object(nested(Content::MOST_LEVELS + 1)), vec![]), too_large);
        let many = |values: usize| object(json!({ "a": vec![0; values - 2] }));
        assert!(Content::new(many(Content::MOST_VALUES), vec![]).is_ok());
        assert_eq!(Content::new(many(Content::MOST_VALUES + 1), vec![]), too_large);
        let long = |bytes: usize| object(json!({ "a": "b".repeat(bytes - 8) }));
        assert!(Content::new(long(Content::MOST_BYTES), vec![]).is_ok());
        assert_eq!(Content::new(long(Content::MOST_BYTES + 1), vec![]), too_large);
        let whole = |number: i64| Content::new(object(json!({ "a": [number] })), vec![]);
        let largest = i64::try_from(Content::LARGEST_WHOLE).unwrap();
        assert!(whole(largest).is_ok() && whole(-largest).is_ok());
        assert_eq!((whole(largest + 1), whole(-largest - 1)), (too_large.clone(), too_large.clone()));
        assert_eq!(Content::new(object(json!({ "a": u64::MAX })), vec![]), too_large);
    }
}
