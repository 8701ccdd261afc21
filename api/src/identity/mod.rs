//! Registration, login, the person, terms of use.

pub mod discovery;
pub mod person;
pub mod registration;
pub mod session;
pub mod terms;
pub mod token;

use std::{sync::Arc, time::Duration};

use domain::Refusal;
use persistence::{AssertionPurpose, StoreError, Transaction};
use tokio::{task::spawn_blocking, time::timeout};

use crate::{
    app::App,
    http::problem::{Code, Problem},
    tokens::issuer::Assertion,
};

/// How long an assertion waits for its turn.
const PATIENCE: Duration = Duration::from_secs(5);

/// Verifies an identity assertion: off the async threads, for the issuer may have to be asked for its keys, and few at a
/// time, so that an issuer that is slow holds up nothing but logins.
///
/// # Errors
/// Why it is refused, for the log; 503 if its turn does not come.
async fn assertion_of(app: &Arc<App>, token: String) -> Result<Result<Assertion, String>, Problem> {
    let turn = timeout(PATIENCE, app.assertion_turns.acquire()).await;
    let Ok(Ok(_turn)) = turn else {
        return Err(Problem::from(Code::Busy).because("too many assertions wait for an issuer"));
    };
    let worker = Arc::clone(app);
    let verified = spawn_blocking(move || worker.issuers.verify(&token, (worker.clock)())).await;
    verified.map_err(|error| Problem::from(Code::Internal).because(error))
}

/// Uses an assertion up for a purpose that it has not served before.
fn use_up(tx: &mut Transaction<'_>, assertion: &Assertion, purpose: AssertionPurpose) -> Result<(), Problem> {
    tx.use_assertion(&assertion.digest, purpose, assertion.expires_at).map_err(|error| match error {
        StoreError::Conflict(_) => Refusal::AssertionUsed.into(),
        error => error.into(),
    })
}

fn assertion_invalid(reason: String) -> Problem {
    Problem::from(Code::AssertionInvalid).because(reason)
}
