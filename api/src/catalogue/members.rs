//! Reading a file member by member, so that all that is wrong with it is told at once.

use std::{collections::BTreeSet, ops::RangeInclusive};

use domain::{Coded, Fault};
use serde_json::{Map, Value};

use crate::http::{
    body::{Faults, escape},
    field::Flaw,
};

/// A value, and where it stands.
pub struct Place {
    pointer: String,
    value: Value,
}

/// An object's members; each is taken out by the one who reads it.
pub struct Members {
    pointer: String,
    left: Map<String, Value>,
}

impl Place {
    /// The whole file.
    pub fn whole(value: Value) -> Self {
        Self { pointer: String::new(), value }
    }

    /// Where it stands, as a JSON Pointer (RFC 6901).
    pub fn pointer(&self) -> &str {
        &self.pointer
    }

    /// The value as it is.
    pub fn value(self) -> Value {
        self.value
    }

    /// The members of an object.
    pub fn object(self, faults: &mut Faults) -> Option<Members> {
        let Value::Object(left) = self.value else { return wrong_type(&self.pointer, faults) };
        Some(Members { pointer: self.pointer, left })
    }

    /// A text, parsed.
    pub fn text<T>(self, parse: impl Fn(&str) -> Result<T, Fault>, faults: &mut Faults) -> Option<T> {
        let Value::String(text) = self.value else { return wrong_type(&self.pointer, faults) };
        faults.take(&self.pointer, parse(&text))
    }

    /// A whole number in a range.
    pub fn number(self, range: RangeInclusive<i64>, faults: &mut Faults) -> Option<i64> {
        let Some(number) = self.value.as_i64() else { return wrong_type(&self.pointer, faults) };
        let fault = Fault::OutOfRange { min: *range.start(), max: *range.end() };
        faults.take(&self.pointer, Some(number).filter(|number| range.contains(number)).ok_or(fault))
    }

    /// `true` or `false`.
    pub fn flag(self, faults: &mut Faults) -> Option<bool> {
        let Value::Bool(flag) = self.value else { return wrong_type(&self.pointer, faults) };
        Some(flag)
    }

    /// A value of a closed list.
    pub fn choice<T: Coded>(self, faults: &mut Faults) -> Option<T> {
        let Value::String(code) = self.value else { return wrong_type(&self.pointer, faults) };
        faults.take(&self.pointer, T::from_code(&code).ok_or(Flaw::WrongValue))
    }

    /// Values of a closed list, each once.
    pub fn choices<T: Coded + Ord>(self, faults: &mut Faults) -> Option<BTreeSet<T>> {
        let Value::Array(values) = self.value else { return wrong_type(&self.pointer, faults) };
        let count = values.len();
        let mut choices = BTreeSet::new();
        for (index, value) in values.into_iter().enumerate() {
            let place = Self { pointer: format!("{}/{index}", self.pointer), value };
            let pointer = place.pointer.clone();
            let Some(choice) = place.choice(faults) else { continue };
            if !choices.insert(choice) {
                faults.take::<(), _>(&pointer, Err(Flaw::Duplicate));
            }
        }
        Some(choices).filter(|choices| choices.len() == count)
    }
}

impl Members {
    /// Takes a member out that may be absent, or null.
    pub fn take(&mut self, name: &str) -> Option<Place> {
        let value = self.left.remove(name).filter(|value| !value.is_null())?;
        Some(Place { pointer: self.pointer_to(name), value })
    }

    /// Whether a member is there, and is not null.
    pub fn has(&self, name: &str) -> bool {
        self.left.get(name).is_some_and(|value| !value.is_null())
    }

    /// Takes a member out that must be there.
    pub fn need(&mut self, name: &str, faults: &mut Faults) -> Option<Place> {
        let place = self.take(name);
        if place.is_none() {
            faults.take::<(), _>(&self.pointer_to(name), Err(Flaw::Missing));
        }
        place
    }

    /// All members, at most so many, each under its name.
    pub fn each(self, most: usize, faults: &mut Faults) -> Vec<(String, Place)> {
        if self.left.len() > most {
            let max = i64::try_from(most).unwrap_or(i64::MAX);
            faults.take::<(), _>(&self.pointer, Err(Fault::OutOfRange { min: 0, max }));
        }
        let Self { pointer, left } = self;
        let at = |name: &str| format!("{pointer}/{}", escape(name));
        left.into_iter().map(|(name, value)| (name.clone(), Place { pointer: at(&name), value })).collect()
    }

    /// All that should be there was taken.
    pub fn end(self, faults: &mut Faults) {
        for name in self.left.keys() {
            faults.take::<(), _>(&self.pointer_to(name), Err(Flaw::Unknown));
        }
    }

    fn pointer_to(&self, name: &str) -> String {
        format!("{}/{}", self.pointer, escape(name))
    }
}

fn wrong_type<T>(pointer: &str, faults: &mut Faults) -> Option<T> {
    faults.take(pointer, Err(Flaw::WrongType))
}
