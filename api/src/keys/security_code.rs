//! Security codes: short enough to be guessed from a plain hash, so they are kept as Argon2id makes them.

use std::time::Duration;

use argon2::{Argon2, PasswordHash, PasswordHasher, PasswordVerifier};
use domain::certification::access_code::SecurityCode;
use prometheus_client::metrics::counter::Counter;
use tokio::{sync::Semaphore, task::spawn_blocking, time::timeout};

use crate::http::problem::{Code, Problem};

/// How many are hashed or tried at a time: each takes 19 MiB, and a processor for a while.
const TURNS: usize = 4;
/// How long one waits for its turn.
const PATIENCE: Duration = Duration::from_secs(5);

/// Hashes security codes and tries them: off the async threads, and few at a time.
pub struct SecurityCodes {
    turns: Semaphore,
    /// A hash that no code fits: it is tried where there is none.
    nobodys: String,
    tried: Counter,
}

impl SecurityCodes {
    /// Makes ready to hash; counts every try.
    ///
    /// # Errors
    /// A sentence for the operator: there is no memory for it.
    pub fn new(tried: Counter) -> Result<Self, String> {
        let nobodys = hash(&rand::random::<[u8; 32]>())?;
        Ok(Self { turns: Semaphore::new(TURNS), nobodys, tried })
    }

    /// A code as it is kept.
    ///
    /// # Errors
    /// 503 if its turn does not come.
    pub async fn hash(&self, code: SecurityCode) -> Result<String, Problem> {
        self.in_turn(move || hash(code.reveal().as_bytes())).await?.map_err(|error| internal(&error))
    }

    /// Whether a code fits the hash that is kept; none fits where none is kept. A try takes as long in any case: whether there is
    /// such an access code, or one with a security code, the time must not tell either.
    ///
    /// # Errors
    /// 503 if its turn does not come.
    pub async fn fits(&self, code: Option<SecurityCode>, kept: Option<String>) -> Result<bool, Problem> {
        let is_meant = code.is_some() && kept.is_some();
        let kept = kept.unwrap_or_else(|| self.nobodys.clone());
        self.tried.inc();
        let fits = self.in_turn(move || fits(code.as_ref().map_or("", SecurityCode::reveal), &kept)).await?;
        Ok(fits.map_err(|error| internal(&error))? && is_meant)
    }

    async fn in_turn<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
        let Ok(Ok(_turn)) = timeout(PATIENCE, self.turns.acquire()).await else {
            return Err(Problem::from(Code::Busy).because("too many security codes wait for their turn"));
        };
        spawn_blocking(work).await.map_err(|error| internal(&error))
    }
}

fn internal(error: &impl ToString) -> Problem {
    Problem::from(Code::Internal).because(error.to_string())
}

/// Argon2id as the crate sets it, which is the least that OWASP asks for: 19 MiB, two passes, one lane, a salt of 128 bits.
fn hash(code: &[u8]) -> Result<String, String> {
    Argon2::default().hash_password(code).map(|hash| hash.to_string()).map_err(|error| error.to_string())
}

/// The salt and the parameters are those that the kept hash names.
fn fits(code: &str, kept: &str) -> Result<bool, String> {
    let kept = PasswordHash::new(kept).map_err(|error| format!("a security code is kept wrong: {error}"))?;
    match Argon2::default().verify_password(code.as_bytes(), &kept) {
        Ok(()) => Ok(true),
        Err(argon2::password_hash::Error::PasswordInvalid) => Ok(false),
        Err(error) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> SecurityCode {
        SecurityCode::parse(text).unwrap()
    }

    #[test]
    fn a_code_fits_its_own_hash_alone_and_every_try_is_one() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let codes = SecurityCodes::new(Counter::default()).unwrap();
            let kept = codes.hash(code("secret")).await.unwrap();
            assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
            assert_ne!(kept, codes.hash(code("secret")).await.unwrap(), "each has a salt of its own");
            for (given, kept, expected) in [
                (Some(code("secret")), Some(kept.clone()), true),
                (Some(code("Secret")), Some(kept.clone()), false),
                (None, Some(kept), false),
                (Some(code("secret")), None, false),
                (None, None, false),
            ] {
                let before = codes.tried.get();
                assert_eq!(codes.fits(given.clone(), kept).await.unwrap(), expected, "{given:?}");
                assert_eq!(codes.tried.get(), before + 1);
            }
        });
    }
}
