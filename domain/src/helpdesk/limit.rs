//! How many professional spaces a product may have open, and the requests for more.

use crate::{
    Fault, Instant, Refusal,
    coded::coded,
    id::{LimitRequestId, PersonId, ProductId},
    identity::{Product, ProductStatus},
    text::ReasonText,
};

/// A limit that the Helpdesk may set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpaceLimit(u32);

impl SpaceLimit {
    /// The largest (our choice); the smallest, 0, lets nothing more be opened.
    pub const MAX: u32 = 100_000;

    /// Reads a limit.
    ///
    /// # Errors
    /// [`Fault::OutOfRange`].
    pub fn parse(number: i64) -> Result<Self, Fault> {
        let limit = u32::try_from(number).ok().filter(|limit| *limit <= Self::MAX);
        limit.map(Self).ok_or(Fault::OutOfRange { min: 0, max: Self::MAX.into() })
    }
    /// How many spaces.
    pub fn get(self) -> u32 {
        self.0
    }
}

coded! {
    /// Where a request for a higher limit stands.
    LimitRequestStatus {
        /// It waits for the Helpdesk.
        Open = "open",
        /// The product has another limit.
        Granted = "granted",
        /// The limit stayed what it was.
        Refused = "refused",
    }
}

/// A person's request for a higher limit of one of his products (domain.md §2, C).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitRequest {
    /// Which request this is.
    pub id: LimitRequestId,
    /// For which product.
    pub product: ProductId,
    /// The limit that is asked for.
    pub limit: u32,
    /// Why, in the person's words.
    pub reason: ReasonText,
    /// When it was made.
    pub created_at: Instant,
    /// What became of it.
    pub decision: Option<LimitDecision>,
}

/// What the Helpdesk decided on a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitDecision {
    /// When.
    pub at: Instant,
    /// The new limit, if it was granted.
    pub granted: Option<u32>,
    /// Why.
    pub reason: ReasonText,
}

impl LimitRequest {
    /// Asks for a higher limit of a locked product.
    ///
    /// # Errors
    /// The product is not the person's or not registered, the limit is not above the present one, or a request for the
    /// product is open.
    pub fn file(
        id: LimitRequestId,
        person: PersonId,
        product: &Product,
        (limit, reason): (SpaceLimit, ReasonText),
        open: Option<LimitRequestId>,
        now: Instant,
    ) -> Result<Self, Refusal> {
        if product.person != person || product.status != ProductStatus::Registered {
            return Err(Refusal::NotFound);
        }
        if limit.get() <= product.space_limit {
            let fault = Fault::OutOfRange { min: i64::from(product.space_limit) + 1, max: SpaceLimit::MAX.into() };
            return Err(Refusal::Field { field: "limit", fault });
        }
        if let Some(request) = open {
            return Err(Refusal::LimitRequestOpen { request });
        }
        Ok(Self { id, product: product.id, limit: limit.get(), reason, created_at: now, decision: None })
    }

    /// Where it stands.
    pub fn status(&self) -> LimitRequestStatus {
        match &self.decision {
            None => LimitRequestStatus::Open,
            Some(LimitDecision { granted: Some(_), .. }) => LimitRequestStatus::Granted,
            Some(LimitDecision { granted: None, .. }) => LimitRequestStatus::Refused,
        }
    }

    pub(super) fn decide(&self, decision: LimitDecision) -> Result<Self, Refusal> {
        if self.decision.is_some() {
            return Err(Refusal::LimitRequestDecided);
        }
        Ok(Self { decision: Some(decision), ..self.clone() })
    }
}
