//! Entries of the audit log as the API shows and exports them.

use domain::{
    Coded,
    audit::{self, Actor, Entry, Reason},
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::{
    export::Row,
    page::{PageView, page},
    schema::{AuditActChoice, AuditActorKindChoice, Choice},
};

/// What was done, by whom, to what. It names no person, and shows no value of a field.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditEvent)]
#[serde(rename_all = "camelCase")]
pub struct EventView {
    /// Where it stands in its chain, from 1, without a gap.
    #[schema(minimum = 1, example = 2)]
    position: u32,
    /// When it was recorded, to the microsecond.
    #[schema(value_type = DateTime<Utc>, example = "2027-01-15T08:00:00.123456Z")]
    at: String,
    /// The chain: a person's or a space's.
    #[schema(example = "space:019d6c3e-8c00-7000-8000-000000000000")]
    chain: String,
    /// What was done.
    act: AuditActChoice,
    /// By whom.
    actor: ActorView,
    /// To what: an id, or the name of a version of the terms.
    #[schema(example = "019d6c3e-8c00-7000-8000-000000000000")]
    object: String,
    /// The fields that were changed.
    #[schema(example = json!(["title"]))]
    changed: Vec<String>,
    /// Why, where the act alone does not say it.
    #[schema(required = true)]
    reason: Option<ReasonView>,
    /// The hash of the entry before; 64 zeros in the first.
    #[schema(pattern = "^[0-9a-f]{64}$", example = "0000000000000000000000000000000000000000000000000000000000000000")]
    previous_hash: String,
    /// Its own hash.
    #[schema(pattern = "^[0-9a-f]{64}$", example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    hash: String,
}

/// Who acted.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditActor)]
pub struct ActorView {
    /// Of which kind.
    kind: AuditActorKindChoice,
    /// The person's id; of software, the id of who answers for it.
    #[schema(required = true)]
    person: Option<Uuid>,
    /// The id of the product that he had logged in with.
    #[schema(required = true)]
    product: Option<Uuid>,
    /// The system user's id, where software acted.
    #[schema(required = true)]
    client: Option<Uuid>,
}

/// Why something was done.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditReason)]
pub struct ReasonView {
    /// A code.
    #[schema(example = "refresh_reused")]
    code: String,
    /// What the Helpdesk wrote.
    #[schema(required = true)]
    text: Option<String>,
}

impl From<&Actor> for ActorView {
    fn from(actor: &Actor) -> Self {
        Self {
            kind: Choice(actor.kind()),
            person: actor.person().map(|id| id.0),
            product: actor.product().map(|id| id.0),
            client: actor.client().map(|id| id.0),
        }
    }
}

impl From<&Reason> for ReasonView {
    fn from(reason: &Reason) -> Self {
        Self { code: reason.code.to_string(), text: reason.text.clone() }
    }
}

impl From<&Entry> for EventView {
    fn from(entry: &Entry) -> Self {
        let event = &entry.event;
        Self {
            position: entry.position,
            at: audit::written(entry.at),
            chain: event.chain.to_string(),
            act: Choice(event.act),
            actor: (&event.actor).into(),
            object: event.object.as_str().to_owned(),
            changed: event.changed.iter().map(ToString::to_string).collect(),
            reason: event.reason.as_ref().map(ReasonView::from),
            previous_hash: entry.previous.to_string(),
            hash: entry.hash.to_string(),
        }
    }
}

/// A page of the audit log.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditEventPage)]
pub struct EventPage {
    /// The events, newest first.
    pub data: Vec<EventView>,
    /// Where the list goes on.
    pub page: PageView,
}

page!(EventPage of EventView by position: u32);

impl Row for EventView {
    const FILE: &'static str = "audit-events";
    const COLUMNS: &'static [&'static str] = &[
        "position",
        "at",
        "chain",
        "act",
        "actorKind",
        "person",
        "product",
        "client",
        "object",
        "changed",
        "reasonCode",
        "reasonText",
        "previousHash",
        "hash",
    ];

    fn cells(&self) -> Vec<String> {
        let id = |id: Option<Uuid>| id.map(|id| id.to_string()).unwrap_or_default();
        let reason = self.reason.as_ref();
        vec![
            self.position.to_string(),
            self.at.clone(),
            self.chain.clone(),
            self.act.0.code().to_owned(),
            self.actor.kind.0.code().to_owned(),
            id(self.actor.person),
            id(self.actor.product),
            id(self.actor.client),
            self.object.clone(),
            self.changed.join(" "),
            reason.map(|reason| reason.code.clone()).unwrap_or_default(),
            reason.and_then(|reason| reason.text.clone()).unwrap_or_default(),
            self.previous_hash.clone(),
            self.hash.clone(),
        ]
    }
}

/// For the contract.
pub const CSV_SAMPLE: &str = "position,at,chain,act,actorKind,person,product,client,object,changed,reasonCode,reasonText,previousHash,hash\r\n1,2027-01-15T08:00:00.123456Z,person:019d6c3e-8c00-7000-8000-000000000001,session_ended,system,,,,019d6c3e-8c00-7000-8000-000000000002,,refresh_reused,,0000000000000000000000000000000000000000000000000000000000000000,9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\r\n";
/// For the contract.
pub const NDJSON_SAMPLE: &str = "{\"position\":1,\"at\":\"2027-01-15T08:00:00.123456Z\",\"chain\":\"person:019d6c3e-8c00-7000-8000-000000000001\",\"act\":\"session_ended\",\"actor\":{\"kind\":\"system\",\"person\":null,\"product\":null,\"client\":null},\"object\":\"019d6c3e-8c00-7000-8000-000000000002\",\"changed\":[],\"reason\":{\"code\":\"refresh_reused\",\"text\":null},\"previousHash\":\"0000000000000000000000000000000000000000000000000000000000000000\",\"hash\":\"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\"}\n";
