//! Codes by mail, and the addresses that they confirm: a person's next one, and a space's for notices.

use chrono::{DateTime, Utc};
use domain::{
    Fault, Refusal,
    id::PersonId,
    identity::{AddressOwner, AwaitingAddress, CodeTry},
    text::{EmailAddress, Language},
};
use persistence::Transaction;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    http::{
        body::{Faults, Request},
        problem::Problem,
        schema,
    },
    keys::DataKeys,
    mail::{Letter, Mail},
};

/// The code that came by mail.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "code": "123456" }))]
#[serde(deny_unknown_fields)]
pub struct ConfirmationRequest {
    /// Six digits.
    #[schema(value_type = schema::ConfirmationCode)]
    code: String,
}

impl Request for ConfirmationRequest {
    type Value = String;
    fn check(self, faults: &mut Faults) -> Option<String> {
        let is_code = self.code.len() == 6 && self.code.bytes().all(|byte| byte.is_ascii_digit());
        faults.take("/code", if is_code { Ok(self.code) } else { Err(Fault::Malformed) })
    }
}

/// An address that waits for its code.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AwaitingAddress)]
#[serde(rename_all = "camelCase")]
pub struct AwaitingAddressView {
    /// Where the code went.
    #[schema(value_type = schema::EmailAddress)]
    email: String,
    /// From when on the code is refused.
    code_expires_at: DateTime<Utc>,
    /// Wrong codes that it still stands.
    #[schema(minimum = 0, maximum = 5, example = 5)]
    tries_left: u32,
    /// How often the code can still be sent again.
    #[schema(minimum = 0, maximum = 3, example = 3)]
    resends_left: u32,
}

impl From<&AwaitingAddress> for AwaitingAddressView {
    fn from(awaiting: &AwaitingAddress) -> Self {
        Self {
            email: awaiting.email.to_string(),
            code_expires_at: awaiting.confirmation.expires_at,
            tries_left: awaiting.confirmation.tries_left,
            resends_left: awaiting.confirmation.resends_left,
        }
    }
}

const CODE: &str = "confirmation-code";

/// A new code: its digest to keep, and the letter that carries it.
pub fn new_code(keys: &DataKeys, to: &EmailAddress, language: Language) -> (String, String) {
    let code = format!("{:06}", rand::random_range(0..1_000_000));
    let digest = keys.digest(CODE, &code);
    (digest, Letter::new(to, language, Mail::Confirmation { code }).seal(keys))
}

/// What the kept digest of a code can be equal to.
pub fn code_digests(keys: &DataKeys, code: &str) -> Vec<String> {
    keys.digests(CODE, code)
}

/// Sends a code to an address that a person asked for, unless one is on its way there; his row is locked, and that of the
/// owner whose address it is going to be. Says whether it was sent.
///
/// # Errors
/// Too many were asked for.
pub fn ask(
    tx: &mut Transaction<'_>,
    keys: &DataKeys,
    (owner, asked_by): (AddressOwner, PersonId),
    email: &EmailAddress,
    language: Language,
) -> Result<bool, Problem> {
    let now = tx.now();
    if tx.awaiting_address(owner)?.is_some_and(|awaiting| awaiting.serves(email, now)) {
        return Ok(false);
    }
    let asked = tx.addresses_asked(owner, asked_by)?;
    let (digest, letter) = new_code(keys, email, language);
    let awaiting = AwaitingAddress::begin(tx.new_id(), (owner, asked_by), email.clone(), asked, digest, now)?;
    tx.insert_awaiting_address(&awaiting)?;
    tx.send_mail(&letter)?;
    Ok(true)
}

/// Tries the code of the address that waits for an owner, whose row is locked: the address, once confirmed; a wrong code
/// is counted.
///
/// # Errors
/// Nothing waits, or the code can't be tried.
pub fn try_code(
    tx: &mut Transaction<'_>,
    keys: &DataKeys,
    owner: AddressOwner,
    code: &str,
) -> Result<Result<EmailAddress, Refusal>, Problem> {
    let mut awaiting = tx.awaiting_address(owner)?.ok_or(Refusal::NothingToConfirm)?;
    match awaiting.confirmation.try_code(&code_digests(keys, code), tx.now())? {
        CodeTry::Wrong { tries_left } => {
            tx.save_awaiting_address(&awaiting)?;
            Ok(Err(Refusal::CodeWrong { tries_left }))
        }
        CodeTry::Right => {
            tx.drop_awaiting_address(owner)?;
            Ok(Ok(awaiting.email))
        }
    }
}

/// Sends another code to the address that waits for an owner, whose row is locked; the old code is then refused.
///
/// # Errors
/// Nothing waits, or no code can be sent any more.
pub fn resend(
    tx: &mut Transaction<'_>,
    keys: &DataKeys,
    owner: AddressOwner,
    language: Language,
) -> Result<AwaitingAddress, Problem> {
    let mut awaiting = tx.awaiting_address(owner)?.ok_or(Refusal::NothingToConfirm)?;
    let (digest, letter) = new_code(keys, &awaiting.email, language);
    awaiting.confirmation.resend(digest, tx.now())?;
    tx.save_awaiting_address(&awaiting)?;
    tx.send_mail(&letter)?;
    Ok(awaiting)
}
