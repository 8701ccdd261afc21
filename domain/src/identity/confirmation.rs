//! The code that is sent to an e-mail address and has to come back: one rule, whatever it confirms.

use chrono::TimeDelta;

use crate::{Instant, Refusal};

/// How long a code is good for (domain.md §1, C).
pub const CODE_LIFE: TimeDelta = TimeDelta::minutes(15);
/// Wrong codes that one confirmation stands, however often the code is sent again (domain.md §1, C).
pub const CODE_TRIES: u32 = 5;
/// How often the code of one confirmation is sent again (domain.md §1, C).
pub const CODE_RESENDS: u32 = 3;

/// A code that was sent and has not come back yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirmation {
    /// The code's HMAC.
    pub digest: String,
    /// From when on the code is refused.
    pub expires_at: Instant,
    /// Wrong codes that it still stands.
    pub tries_left: u32,
    /// How often the code can still be sent again.
    pub resends_left: u32,
}

/// What came of trying a code: a wrong one must be kept, so it is an outcome and no error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeTry {
    /// It is the one that was sent.
    Right,
    /// A try is used up.
    Wrong {
        /// Wrong codes that the confirmation still stands.
        tries_left: u32,
    },
}

impl Confirmation {
    /// Begins with the first code.
    pub fn begin(digest: String, now: Instant) -> Self {
        Self { digest, expires_at: now + CODE_LIFE, tries_left: CODE_TRIES, resends_left: CODE_RESENDS }
    }

    /// Tries a code, given by its digests under every data key that may have made the kept one.
    ///
    /// # Errors
    /// The tries are used up, or the code has expired: no try is counted then.
    pub fn try_code(&mut self, digests: &[String], now: Instant) -> Result<CodeTry, Refusal> {
        if self.tries_left == 0 {
            return Err(Refusal::CodeTriesUsedUp);
        }
        if now >= self.expires_at {
            return Err(Refusal::CodeExpired);
        }
        if digests.contains(&self.digest) {
            return Ok(CodeTry::Right);
        }
        self.tries_left -= 1;
        Ok(CodeTry::Wrong { tries_left: self.tries_left })
    }

    /// Sends another code; the tries used up stay used up.
    ///
    /// # Errors
    /// The tries or the resends are used up.
    pub fn resend(&mut self, digest: String, now: Instant) -> Result<(), Refusal> {
        if self.tries_left == 0 {
            return Err(Refusal::CodeTriesUsedUp);
        }
        self.resends_left = self.resends_left.checked_sub(1).ok_or(Refusal::CodeResendsUsedUp)?;
        self.digest = digest;
        self.expires_at = now + CODE_LIFE;
        Ok(())
    }

    /// Whether nothing can confirm it any more, neither the code that was sent nor another.
    pub fn is_spent(&self, now: Instant) -> bool {
        self.tries_left == 0 || (self.resends_left == 0 && now >= self.expires_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Instant {
        Instant::from_timestamp(1_800_000_000, 0).unwrap()
    }
    fn confirmation() -> Confirmation {
        Confirmation::begin("right".into(), now())
    }
    fn digests(code: &str) -> Vec<String> {
        vec!["under an older key".into(), code.into()]
    }

    #[test]
    fn five_wrong_codes_and_not_one_more_are_taken_over_all_resends() {
        let mut confirmation = confirmation();
        for left in [4, 3] {
            assert_eq!(confirmation.try_code(&digests("wrong"), now()), Ok(CodeTry::Wrong { tries_left: left }));
        }
        confirmation.resend("right".into(), now()).unwrap();
        for left in [2, 1, 0] {
            assert_eq!(confirmation.try_code(&digests("wrong"), now()), Ok(CodeTry::Wrong { tries_left: left }));
        }
        assert_eq!(confirmation.try_code(&digests("right"), now()), Err(Refusal::CodeTriesUsedUp));
        assert_eq!(confirmation.resend("right".into(), now()), Err(Refusal::CodeTriesUsedUp));
    }

    #[test]
    fn a_code_dies_after_fifteen_minutes_and_costs_no_try() {
        let mut confirmation = confirmation();
        assert_eq!(confirmation.try_code(&digests("right"), now() + CODE_LIFE), Err(Refusal::CodeExpired));
        assert_eq!(confirmation.tries_left, CODE_TRIES);
        confirmation.resend("newer".into(), now() + CODE_LIFE).unwrap();
        assert_eq!(confirmation.try_code(&digests("newer"), now() + CODE_LIFE), Ok(CodeTry::Right));
    }

    #[test]
    fn a_code_is_sent_again_three_times() {
        let mut confirmation = confirmation();
        for _ in 0..CODE_RESENDS {
            confirmation.resend("newer".into(), now()).unwrap();
        }
        assert_eq!(confirmation.resend("newest".into(), now()), Err(Refusal::CodeResendsUsedUp));
    }

    #[test]
    fn it_is_spent_when_neither_this_code_nor_another_can_confirm_it() {
        let mut confirmation = confirmation();
        assert!(!confirmation.is_spent(now() + CODE_LIFE), "another code can be sent");
        confirmation.resends_left = 0;
        assert!(!confirmation.is_spent(now()) && confirmation.is_spent(now() + CODE_LIFE));
        confirmation.tries_left = 0;
        assert!(confirmation.is_spent(now()));
    }
}
