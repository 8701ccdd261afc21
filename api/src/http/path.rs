//! Ids in paths.

use serde::{Deserialize, Deserializer};
use uuid::Uuid;

/// An id as a path names it. What is no id is the id of nothing, so that it is answered like any that does not exist.
#[derive(Debug, Clone, Copy)]
pub struct PathId(Uuid);

impl PathId {
    /// Reads an id in its canonical form, the only one: an id has one address.
    pub fn parse(raw: &str) -> Option<Self> {
        raw.parse::<Uuid>().ok().filter(|id| id.to_string() == raw).map(Self)
    }
    /// The id.
    pub fn of<I: From<Uuid>>(self) -> I {
        self.0.into()
    }
}

impl<'de> Deserialize<'de> for PathId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = String::deserialize(deserializer)?;
        Ok(Self::parse(&raw).unwrap_or(Self(Uuid::nil())))
    }
}
