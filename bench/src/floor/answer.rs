//! What the floor answers: the product's JSON, straight from the columns.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use crate::schema::{memberships, spaces};

#[derive(Queryable, Selectable, Serialize)]
#[diesel(table_name = spaces)]
pub struct Summary {
    id: String,
    identifier: String,
    kind: String,
    title: Option<String>,
    state: String,
    #[diesel(select_expression = memberships::role)]
    role: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Landing {
    pub page: &'static str,
    pub spaces: Vec<Summary>,
    pub has_more: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_space: Option<String>,
}

#[derive(Serialize)]
pub struct SpacePage {
    pub data: Vec<Summary>,
    pub page: Page,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Page {
    pub has_more: bool,
}

#[derive(Queryable, Selectable, Serialize)]
#[diesel(table_name = spaces)]
#[serde(rename_all = "camelCase")]
pub struct SpaceAnswer {
    pub id: String,
    pub identifier: String,
    pub kind: String,
    pub entity_type: String,
    pub title: Option<String>,
    pub state: String,
    #[diesel(select_expression = memberships::role)]
    pub role: String,
    pub language: String,
    pub notification_email: String,
    pub notification_email_confirmed: bool,
    #[serde(serialize_with = "in_utc")]
    pub created_at: NaiveDateTime,
    #[serde(serialize_with = "in_utc")]
    pub updated_at: NaiveDateTime,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OpenSpace {
    pub title: String,
    pub notification_email: String,
}

fn in_utc<S: serde::Serializer>(instant: &NaiveDateTime, serializer: S) -> Result<S::Ok, S::Error> {
    DateTime::<Utc>::serialize(&instant.and_utc(), serializer)
}
