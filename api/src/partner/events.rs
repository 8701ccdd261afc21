//! `/v1/partner/events`: what an administration is told, as `CloudEvents` that name things and say nothing of them.

use std::borrow::Cow;

use actix_web::{HttpRequest, get};
use chrono::{DateTime, Utc};
use domain::{
    Coded,
    partner::{EventSubject, FeedPosition, PartnerEventKind, PartnerScope, ToldEvent},
};
use serde::{Serialize, Serializer};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        ObjectBuilder, RefOr, Schema,
        schema::{SchemaType, Type},
    },
};
use uuid::Uuid;

use crate::http::{
    answer::{self, Answer},
    caller::Partner,
    query::Query,
};

const DEFAULT_LIMIT: u32 = 100;
const MAX_LIMIT: u32 = 500;

/// Under which name the types of events stand: that of the product, which says what they mean, and not of the portal, which
/// `source` names. So it is the same everywhere, and who reads several portals knows them all by it.
const TYPE_PREFIX: &str = "org.espace-pro";

/// What happened, as the `type` of `CloudEvents`: a reverse domain name before it, the version of its `data` behind it.
#[derive(Debug, Clone, Copy)]
pub struct EventType(PartnerEventKind);

impl EventType {
    fn written(self) -> String {
        format!("{TYPE_PREFIX}.{}.v1", self.0.code())
    }
}

impl Serialize for EventType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.written())
    }
}

impl PartialSchema for EventType {
    fn schema() -> RefOr<Schema> {
        let types: Vec<String> = PartnerEventKind::ALL.iter().map(|kind| Self(*kind).written()).collect();
        let example = types.first().cloned().unwrap_or_default();
        let schema = ObjectBuilder::new().schema_type(SchemaType::Type(Type::String));
        schema.enum_values(Some(types)).examples([example]).into()
    }
}
impl ToSchema for EventType {
    fn name() -> Cow<'static, str> {
        "PartnerEventType".into()
    }
}

/// Something that happened to a thing of the administration's (`CloudEvents` 1.0, in JSON). The same `id` is the same event.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PartnerEvent)]
pub struct EventView {
    /// The version of `CloudEvents`.
    #[schema(example = "1.0")]
    specversion: &'static str,
    /// Which event this is.
    id: Uuid,
    /// The portal at which it happened.
    #[schema(example = "https://espace-pro.example.lu")]
    source: String,
    /// What happened.
    r#type: EventType,
    /// The id of the thing to which it happened.
    subject: Uuid,
    /// When.
    time: DateTime<Utc>,
    /// Of what type `data` is.
    #[schema(example = "application/json")]
    datacontenttype: &'static str,
    /// Its place in the feed; who has done with it goes on after it.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64, example = 1)]
    position: i64,
    /// Which thing it is, by the name that ids of its kind have.
    data: EventDataView,
}

/// The id of the thing to which something happened; how it stands is to be read where it is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PartnerEventData)]
#[serde(untagged)]
pub enum EventDataView {
    /// A certification.
    #[serde(rename_all = "camelCase")]
    Certification {
        /// Its id.
        certification_id: Uuid,
    },
    /// An access code.
    #[serde(rename_all = "camelCase")]
    AccessCode {
        /// Its id.
        access_code_id: Uuid,
    },
    /// A procedure.
    #[serde(rename_all = "camelCase")]
    Procedure {
        /// Its id.
        procedure_id: Uuid,
    },
    /// What a space said of a record.
    #[serde(rename_all = "camelCase")]
    Verification {
        /// Its id.
        verification_id: Uuid,
    },
}

impl EventView {
    fn new(told: &ToldEvent, source: &str) -> Self {
        let subject = told.event.subject;
        Self {
            specversion: "1.0",
            id: told.id.0,
            source: source.to_owned(),
            r#type: EventType(told.event.kind),
            subject,
            time: told.happened_at,
            datacontenttype: "application/json",
            position: told.position.get(),
            data: match told.event.kind.subject() {
                EventSubject::Certification => EventDataView::Certification { certification_id: subject },
                EventSubject::AccessCode => EventDataView::AccessCode { access_code_id: subject },
                EventSubject::Procedure => EventDataView::Procedure { procedure_id: subject },
                EventSubject::Verification => EventDataView::Verification { verification_id: subject },
            },
        }
    }
}

/// Where a feed goes on.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FeedPlace {
    /// What to send as `after` next time; also where nothing is new.
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64, example = 1)]
    next: i64,
    /// Whether more is there already.
    has_more: bool,
}

/// A part of a feed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PartnerEventPage)]
pub struct EventPage {
    /// The events, in the order of their places.
    data: Vec<EventView>,
    /// Where the feed goes on.
    page: FeedPlace,
}

/// Lists what happened to things of the administration's, in the order in which it is told of it.
///
/// No event comes later at a place before one that was read. Each is there for a while, 90 days unless the operator says
/// otherwise. It may be seen again after a fault of the reader's: its `id` tells.
#[utoipa::path(
    tag = "Partner", operation_id = "listPartnerEvents", security(("partner" = ["read_events"])),
    params(
        ("after" = Option<i64>, Query, description = "`page.next` of the last answer, or the `position` of the last event that was dealt with; from the oldest event on without it.", minimum = 0, maximum = 9_007_199_254_740_991_i64, example = 0),
        ("limit" = Option<u32>, Query, description = "How many at most; 100 unless it is given.", minimum = 1, maximum = 500, example = 100),
    ),
    responses(
        (status = 200, description = "Events.", body = EventPage),
        (status = 403, description = "`scope_not_granted` with `scope`"),
        (status = 410, description = "`events_gone` with `oldest`, the position after which all events are there"),
    )
)]
#[get("/v1/partner/events")]
pub async fn list(request: HttpRequest, partner: Partner) -> Answer {
    let mut query = Query::of(&request);
    let limit = query.number("limit", 1, MAX_LIMIT).unwrap_or(DEFAULT_LIMIT);
    let after = query.parsed("after", parse_position);
    let app = partner.app();
    let page = partner
        .read(PartnerScope::ReadEvents, move |tx, partner| {
            let feed = tx.feed(&partner.administration)?;
            if let Some(Err(fault)) = after.map(|after| feed.require_reached(after)) {
                query.fault("after", fault);
            }
            query.end()?;
            let after = feed.resume(after)?;
            let mut told = tx.events_of(&partner.administration, after, limit + 1)?;
            let has_more = told.len() > limit as usize;
            told.truncate(limit as usize);
            let next = told.last().map_or(after, |last| last.position).get();
            let data = told.iter().map(|told| EventView::new(told, &app.config.public_url)).collect();
            Ok(EventPage { data, page: FeedPlace { next, has_more } })
        })
        .await?;
    answer::ok(&page)
}

fn parse_position(text: &str) -> Option<FeedPosition> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    FeedPosition::new(text.parse().ok().filter(|_| is_number)?)
}
