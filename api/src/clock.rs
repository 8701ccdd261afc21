//! The one place where the machine's clock is read.

use std::sync::Arc;

use persistence::Clock;

/// The machine's clock.
#[expect(clippy::disallowed_methods, reason = "everything else asks this clock, so that tests can stop it")]
pub fn system() -> Clock {
    Arc::new(chrono::Utc::now)
}
