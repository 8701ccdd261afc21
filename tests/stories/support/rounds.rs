//! Rounds: how often is told what chance decides, and what a soak says in the environment.

use std::str::FromStr;

/// How many rounds of a fault are told, unless a soak wants more of them.
pub fn rounds(usual: usize) -> usize {
    setting("ESPACE_PRO_TEST_ROUNDS").unwrap_or(usual)
}

/// How many rounds of a race are told, unless a soak wants more of them.
pub fn races() -> usize {
    rounds(10)
}

/// A number of a soak, if it is given.
#[expect(clippy::disallowed_methods, reason = "the numbers of a soak are given in the environment")]
pub fn setting<T: FromStr>(name: &str) -> Option<T> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}
