//! Authentication products: what a person logs in with.

use crate::{
    Fault, Instant, Refusal,
    coded::coded,
    id::{PersonId, ProductId},
};

coded! {
    /// Kinds of authentication product (domain.md §1, F).
    ProductKind {
        /// LuxTrust for private use.
        LuxtrustPrivate = "luxtrust_private",
        /// LuxTrust for professional use.
        LuxtrustProfessional = "luxtrust_professional",
        /// The Luxembourg electronic identity card.
        Eid = "eid",
        /// A means of another state of the European Union.
        Eidas = "eidas",
    }
}

coded! {
    /// Whether a product opens the portal.
    ProductStatus {
        /// It does.
        Registered = "registered",
        /// Its person gave it up. The row stays, with its limit and its use (domain.md §1, C).
        Withdrawn = "withdrawn",
    }
}

/// The subject serial number of a product: 20 digits (domain.md §1, F).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Serial(String);

impl Serial {
    /// The form as a regular expression, for contracts.
    pub const PATTERN: &'static str = "^[0-9]{20}$";

    /// Reads 20 digits.
    pub fn parse(raw: &str) -> Result<Self, Fault> {
        let is_serial = raw.len() == 20 && raw.bytes().all(|byte| byte.is_ascii_digit());
        if is_serial { Ok(Self(raw.to_owned())) } else { Err(Fault::Malformed) }
    }
    /// The 20 digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
    /// The last four digits behind sixteen stars: what lists and mails show.
    pub fn masked(&self) -> String {
        format!("{}{}", "*".repeat(16), &self.0[16..])
    }
}

/// A product that was confirmed at least once; it belongs to one person for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    /// Which product this is, for ever.
    pub id: ProductId,
    /// Whose it is.
    pub person: PersonId,
    /// Its number.
    pub serial: Serial,
    /// Its kind.
    pub kind: ProductKind,
    /// Whether it opens the portal.
    pub status: ProductStatus,
    /// How many professional spaces may be open that were opened with it; the Helpdesk can change it.
    pub space_limit: u32,
    /// When it was first confirmed.
    pub created_at: Instant,
}

impl Product {
    /// The names of the fields that the Helpdesk changed since `before`, as the API calls them.
    pub fn changed_since(&self, before: &Self) -> &'static [&'static str] {
        if self.space_limit == before.space_limit { &[] } else { &["spaceLimit"] }
    }

    /// The product once its person gave it up; its limit stays what it was.
    #[must_use]
    pub fn withdrawn(self) -> Self {
        Self { status: ProductStatus::Withdrawn, ..self }
    }

    /// A place for one more professional space, where so many are in use that were opened with the product: counted
    /// under its lock (domain.md §2).
    ///
    /// # Errors
    /// [`Refusal::SpaceLimitReached`].
    pub fn require_place(&self, spaces_used: u32) -> Result<(), Refusal> {
        let (limit, used) = (self.space_limit, spaces_used);
        if used < limit { Ok(()) } else { Err(Refusal::SpaceLimitReached { limit, used }) }
    }

    /// So few closed spaces which can be restored that one more may be opened: a closed one frees its place at once, and
    /// would otherwise make room for as many as one likes (domain.md §2, C).
    ///
    /// # Errors
    /// [`Refusal::ClosedSpaceLimitReached`].
    pub fn require_few_closed(&self, spaces_closed: u32) -> Result<(), Refusal> {
        let limit = self.space_limit.max(DEFAULT_SPACE_LIMIT);
        if spaces_closed < limit { Ok(()) } else { Err(Refusal::ClosedSpaceLimitReached { limit }) }
    }
}

/// How many professional spaces a product opens unless the Helpdesk raised it (domain.md §2, F).
pub const DEFAULT_SPACE_LIMIT: u32 = 200;

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn many_closed_spaces_keep_others_from_being_opened() {
        let with_limit = |space_limit| Product {
            id: Uuid::nil().into(),
            person: Uuid::nil().into(),
            serial: Serial::parse("00000000000000000001").unwrap(),
            kind: ProductKind::Eid,
            status: ProductStatus::Registered,
            space_limit,
            created_at: Instant::UNIX_EPOCH,
        };
        for (limit, most) in [(1, 200), (200, 200), (300, 300)] {
            let product = with_limit(limit);
            assert_eq!(product.require_few_closed(most - 1), Ok(()));
            assert_eq!(product.require_few_closed(most), Err(Refusal::ClosedSpaceLimitReached { limit: most }));
        }
    }
}
