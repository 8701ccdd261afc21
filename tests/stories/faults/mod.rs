//! What the server stands on fails, or the server itself: nothing that was acknowledged is lost, nothing is half done, and
//! work goes on when the fault is gone. `make faults` runs these stories, `make soak` the same with larger numbers.

mod cluster;
mod drain;
mod integrity;
mod kills;
mod ledger;
mod outages;
mod sync;
mod trace;

use crate::support::setting;

/// The build that `tests/stories/faults/control` makes: it answers before the commit, and must be found out.
const CONTROL: &str = "espace-pro-answers-before-commit";

/// What chance begins with: a round is told again by naming the seed that it printed.
fn seed() -> u64 {
    setting("ESPACE_PRO_TEST_SEED").unwrap_or_else(rand::random)
}
