//! Sessions: a login, kept alive by refreshing.

use chrono::TimeDelta;

use super::Assurance;
use crate::{
    Instant,
    coded::coded,
    id::{PersonId, ProductId, SessionId},
};

/// How long a session lives without being refreshed (domain.md §1, C).
pub const IDLE: TimeDelta = TimeDelta::minutes(30);
/// How long a session lives at most (domain.md §1, C).
pub const WHOLE: TimeDelta = TimeDelta::hours(12);
/// How long an ended session is kept (domain.md §1, C).
pub const KEPT: TimeDelta = TimeDelta::days(30);

coded! {
    /// Why a session ended before its time.
    SessionEnd {
        /// A refresh token was used a second time: one of the two users stole it.
        RefreshReused = "refresh_reused",
        /// The person ended it, or withdrew the product that it began with, or a client of his gave its token back.
        SignedOut = "signed_out",
    }
}

/// What began when a person logged in with a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Which session this is.
    pub id: SessionId,
    /// Who logged in.
    pub person: PersonId,
    /// With what.
    pub product: ProductId,
    /// How strong the login was.
    pub assurance: Assurance,
    /// When the person proved who he is to the identity provider.
    pub authenticated_at: Instant,
    /// Whether the issuer, one that may, said that this is an agent of the Helpdesk.
    pub helpdesk: bool,
    /// When it began.
    pub created_at: Instant,
    /// When it was last refreshed.
    pub refreshed_at: Instant,
    /// Why it was ended, if it was.
    pub ended: Option<SessionEnd>,
}

impl Session {
    /// When it ends unless it is refreshed or ended before.
    pub fn expires_at(&self) -> Instant {
        (self.refreshed_at + IDLE).min(self.created_at + WHOLE)
    }
    /// Whether it still opens anything.
    pub fn is_live(&self, now: Instant) -> bool {
        self.ended.is_none() && now < self.expires_at()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_session_ends_when_idle_or_old_or_ended() {
        let start = Instant::from_timestamp(1_800_000_000, 0).unwrap();
        let mut session = Session {
            id: Uuid::nil().into(),
            person: Uuid::nil().into(),
            product: Uuid::nil().into(),
            assurance: Assurance::Low,
            authenticated_at: start,
            helpdesk: false,
            created_at: start,
            refreshed_at: start,
            ended: None,
        };
        let moment = TimeDelta::microseconds(1);
        assert!(session.is_live(start + IDLE - moment) && !session.is_live(start + IDLE));
        session.refreshed_at = start + WHOLE - TimeDelta::minutes(10);
        assert!(session.is_live(start + WHOLE - moment) && !session.is_live(start + WHOLE));
        session.ended = Some(SessionEnd::RefreshReused);
        assert!(!session.is_live(start));
    }
}
