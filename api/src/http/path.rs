//! Ids in paths.

use serde::{Deserialize, Deserializer};
use uuid::Uuid;

/// An id as a path names it. What is no id is the id of nothing, so that it is answered like any that does not exist.
#[derive(Debug, Clone, Copy)]
pub struct PathId(Uuid);

impl PathId {
    /// The id.
    pub fn of<I: From<Uuid>>(self) -> I {
        self.0.into()
    }
}

impl<'de> Deserialize<'de> for PathId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = String::deserialize(deserializer)?;
        // Only the canonical form: an id has one address.
        let id = raw.parse::<Uuid>().ok().filter(|id| id.to_string() == raw);
        Ok(Self(id.unwrap_or_default()))
    }
}
