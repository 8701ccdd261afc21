//! How sure the identity provider is of who logged in, and how sure an act wants it to be.

use chrono::TimeDelta;

use super::Session;
use crate::{Instant, Refusal, coded::coded};

coded! {
    /// Levels of assurance of eIDAS (Regulation 910/2014, article 8), weakest first; strong authentication means at
    /// least `substantial` (domain.md §1, C).
    Assurance {
        /// Low; also what an unknown level counts as.
        Low = "low",
        /// Substantial.
        Substantial = "substantial",
        /// High.
        High = "high",
    }
}

/// What an act wants of the login (domain.md §1, C).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Strength {
    /// The least level.
    pub level: Assurance,
    /// How long ago the person may have proved who he is, at most; `None` for any time in the session.
    pub max_age: Option<TimeDelta>,
}

impl Strength {
    /// At least this level, however long ago.
    pub const fn of(level: Assurance) -> Self {
        Self { level, max_age: None }
    }

    /// At least `substantial`, and a login of the last fifteen minutes (domain.md §1, C).
    pub const FRESH: Self = Self { level: Assurance::Substantial, max_age: Some(TimeDelta::minutes(15)) };

    /// Whether the login that a session began with is strong and fresh enough.
    ///
    /// # Errors
    /// [`Refusal::StepUpRequired`].
    pub fn require(self, session: &Session, now: Instant) -> Result<(), Refusal> {
        let is_fresh = self.max_age.is_none_or(|max_age| now - session.authenticated_at <= max_age);
        let is_met = session.assurance >= self.level && is_fresh;
        if is_met { Ok(()) } else { Err(Refusal::StepUpRequired { needed: self }) }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_login_must_be_strong_enough_and_fresh_enough() {
        let login = Instant::from_timestamp(1_800_000_000, 0).unwrap();
        let session = |assurance| Session {
            id: Uuid::nil().into(),
            person: Uuid::nil().into(),
            product: Uuid::nil().into(),
            assurance,
            authenticated_at: login,
            helpdesk: false,
            created_at: login,
            refreshed_at: login,
            ended: None,
        };
        let (low, substantial) = (session(Assurance::Low), session(Assurance::Substantial));
        let in_time = login + TimeDelta::minutes(15);
        let late = in_time + TimeDelta::microseconds(1);
        assert_eq!(Strength::of(Assurance::Low).require(&low, late), Ok(()));
        assert_eq!(Strength::of(Assurance::Substantial).require(&substantial, late), Ok(()));
        assert_eq!(Strength::FRESH.require(&substantial, in_time), Ok(()));
        let refused = Err(Refusal::StepUpRequired { needed: Strength::FRESH });
        assert_eq!(Strength::FRESH.require(&substantial, late), refused);
        assert_eq!(Strength::FRESH.require(&low, in_time), refused);
    }
}
