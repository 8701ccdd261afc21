//! `/v1/me`: what the portal knows of the person, and what he may edit of it.

use actix_web::{HttpRequest, get, patch};
use chrono::{DateTime, Utc};
use domain::{
    audit::{AuditAct, Chain, Event},
    identity::{self, AddressOwner, AwaitingAddress, NextAddress, PersonEdit},
    text::EmailAddress,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::confirmation::{self, AwaitingAddressView};
use crate::{
    http::{
        answer::{self, Answer, IfMatch, Prepared},
        body::{Body, Faults, MERGE_PATCH, Request},
        caller::Person,
        problem::{Code, Problem},
        schema::{self, Choice, LanguageChoice, present},
    },
    keys::DataKeys,
};

/// The person who is logged in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Person)]
#[serde(rename_all = "camelCase")]
pub struct PersonView {
    /// The person's id.
    id: Uuid,
    /// As asserted when the first product was registered.
    #[schema(example = "Anna")]
    given_name: String,
    /// As asserted when the first product was registered.
    #[schema(example = "Weber")]
    family_name: String,
    /// The last four digits of the national number.
    #[schema(example = "*********5732")]
    masked_national_number: String,
    /// Where mails go.
    #[schema(value_type = schema::EmailAddress)]
    email: String,
    /// The next address: it gets nothing but a code, and is in force once that comes back. Absent if none waits.
    #[schema(nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pending_email: Option<AwaitingAddressView>,
    /// The language of mails.
    language: LanguageChoice,
    /// When the first product was confirmed.
    created_at: DateTime<Utc>,
    /// When the person was last edited.
    updated_at: DateTime<Utc>,
}

impl PersonView {
    /// A person with the address that waits for its code.
    ///
    /// # Errors
    /// The key of the national number is missing: an operator's fault.
    pub fn new(
        person: &identity::Person,
        awaiting: Option<&AwaitingAddress>,
        keys: &DataKeys,
    ) -> Result<Self, Problem> {
        let number = keys.national_number(&person.number);
        let number = number.ok_or_else(|| Problem::from(Code::Internal).because("a data key is missing"))?;
        Ok(Self {
            id: person.id.0,
            given_name: person.given_name.to_string(),
            family_name: person.family_name.to_string(),
            masked_national_number: number.masked(),
            email: person.email.to_string(),
            pending_email: awaiting.map(AwaitingAddressView::from),
            language: Choice(person.language),
            created_at: person.created_at,
            updated_at: person.updated_at,
        })
    }
}

/// What to change of oneself (RFC 7396); what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "email": "anna@example.lu", "language": "lb" }))]
#[serde(deny_unknown_fields)]
pub struct EditPersonRequest {
    /// The next address, which gets a code; the one in force, to want no other any more.
    #[schema(value_type = Option<schema::EmailAddress>, nullable = false)]
    #[serde(default, deserialize_with = "present")]
    email: Option<String>,
    /// The new language of mails.
    #[schema(nullable = false)]
    #[serde(default, deserialize_with = "present")]
    language: Option<LanguageChoice>,
}

impl Request for EditPersonRequest {
    const MEDIA_TYPES: &'static [&'static str] = MERGE_PATCH;
    type Value = PersonEdit;
    fn check(self, faults: &mut Faults) -> Option<PersonEdit> {
        let email = faults.take_optional("/email", self.email.map(|address| EmailAddress::parse(&address)))?;
        Some(PersonEdit { email, language: self.language.map(|language| language.0) })
    }
}

/// Shows the person who is logged in.
#[utoipa::path(
    tag = "Person", operation_id = "getMe", security(("person" = [])),
    responses(
        (status = 200, description = "The person.", body = PersonView, headers(("ETag" = String, description = "The person's version."))),
        (status = 304, description = "It is what `If-None-Match` says."),
    )
)]
#[get("/v1/me")]
pub async fn get(request: HttpRequest, person: Person) -> Answer {
    let (found, awaiting) = person
        .read(|tx, caller| {
            caller.strong()?;
            Ok((tx.person(caller.person)?, tx.awaiting_address(AddressOwner::Person(caller.person))?))
        })
        .await?;
    let view = PersonView::new(&found, awaiting.as_ref(), &person.app().data_keys)?;
    answer::versioned(&request, found.version, &view)
}

/// Edits the language and the address of mails.
///
/// The language acts at once. A new address gets a code; the old one stays in force until `POST /v1/me/email/confirm`
/// brings the code back. To set the address in force again calls off the one that waits.
#[utoipa::path(
    tag = "Person", operation_id = "editMe", security(("person" = [])),
    request_body(content = EditPersonRequest, content_type = "application/merge-patch+json"),
    params(("If-Match" = String, Header, description = "The `ETag` of the version that is edited.", example = "*")),
    responses(
        (status = 200, description = "The person as he is now.", body = PersonView, headers(("ETag" = String, description = "The person's version."))),
        (status = 409, description = "`address_limit_reached`, with `limit`"),
        (status = 412, description = "`version_changed`"),
        (status = 428, description = "`if_match_required`"),
    )
)]
#[patch("/v1/me")]
pub async fn edit(request: HttpRequest, person: Person, body: Body<EditPersonRequest>) -> Answer {
    let if_match = IfMatch::of(&request);
    let app = person.app();
    let (edited, awaiting) = person
        .write(move |tx, caller| {
            let edit = body.open(caller.strong()?)?;
            let before = tx.lock_person(caller.person)?;
            if_match.require(before.version)?;
            let owner = AddressOwner::Person(before.id);
            let (mut edited, next) = before.edit(edit);
            let mut changed = edited.changed_since(&before);
            let is_next_changed = match next {
                NextAddress::Unchanged => false,
                NextAddress::Unwanted => tx.drop_awaiting_address(owner)?,
                NextAddress::Wanted(email) => {
                    confirmation::ask(tx, &app.data_keys, (owner, before.id), &email, edited.language)?
                }
            };
            if is_next_changed {
                changed.push("pendingEmail");
            }
            if !changed.is_empty() {
                edited = edited.counted(tx.now());
                tx.save_person(&edited)?;
                let event = Event::new(Chain::Person(edited.id), AuditAct::PersonEdited, caller.actor(), edited.id);
                tx.record(event.changing(&changed));
            }
            Ok((edited, tx.awaiting_address(owner)?))
        })
        .await?;
    let view = PersonView::new(&edited, awaiting.as_ref(), &person.app().data_keys)?;
    Ok(Prepared::ok(&view)?.versioned(edited.version).send())
}
