//! Registration, login, the person, terms of use, and the tokens of software.

pub mod client_credentials;
pub mod confirmation;
pub mod discovery;
pub mod email;
pub mod landing;
pub mod notifications;
pub mod oauth;
pub mod person;
pub mod product;
pub mod registration;
pub mod session;
pub mod terms;
pub mod token;

use std::{sync::Arc, time::Duration};

use domain::{Refusal, identity::Identity};
use persistence::{AssertionPurpose, StoreError, Transaction};
use tokio::{task::spawn_blocking, time::timeout};

use crate::{
    app::App,
    http::problem::{Code, Problem},
    keys::DataKeys,
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

/// An assertion as a registration needs it: with the person's national number.
struct Asserted {
    assertion: Assertion,
    identity: Identity,
    /// What the kept number of its person can be equal to.
    number_digests: Vec<String>,
}

impl Asserted {
    /// Protects what is kept of an assertion.
    ///
    /// # Errors
    /// The issuer asserts no national number.
    fn read(keys: &DataKeys, assertion: Assertion) -> Result<Self, Refusal> {
        let number = assertion.number.as_ref().ok_or(Refusal::NationalNumberRequired)?;
        let number_digests = keys.number_digests(number);
        let identity = Identity {
            serial: assertion.serial.clone(),
            kind: assertion.kind,
            number: keys.protect(number),
            given_name: assertion.given_name.clone(),
            family_name: assertion.family_name.clone(),
            assurance: assertion.assurance,
        };
        Ok(Self { assertion, identity, number_digests })
    }
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
