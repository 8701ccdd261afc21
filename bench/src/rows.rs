//! Rows as the product writes them; the floor and the seeder write the same ones.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use crate::schema::{audit_chains, audit_entries, memberships, persons, products, sessions, spaces, terms_acceptances};

#[derive(Insertable)]
#[diesel(table_name = persons, treat_none_as_default_value = false)]
pub struct PersonRow {
    pub id: String,
    pub number_digest: String,
    pub number_sealed: String,
    pub given_name: String,
    pub family_name: String,
    pub email: String,
    pub language: &'static str,
    pub created_at: NaiveDateTime,
    pub updated_at: Option<NaiveDateTime>,
    pub version: i64,
}

#[derive(Insertable)]
#[diesel(table_name = products, treat_none_as_default_value = false)]
pub struct ProductRow {
    pub id: String,
    pub person_id: String,
    pub serial: String,
    pub kind: &'static str,
    pub status: &'static str,
    pub space_limit: i64,
    pub created_at: NaiveDateTime,
}

#[derive(Insertable)]
#[diesel(table_name = terms_acceptances, treat_none_as_default_value = false)]
pub struct AcceptanceRow {
    pub person_id: String,
    pub version: &'static str,
    pub product_id: String,
    pub accepted_at: NaiveDateTime,
}

#[derive(Insertable)]
#[diesel(table_name = sessions, treat_none_as_default_value = false)]
pub struct SessionRow {
    pub id: String,
    pub person_id: String,
    pub product_id: String,
    pub assurance: &'static str,
    pub authenticated_at: NaiveDateTime,
    pub helpdesk: bool,
    pub created_at: NaiveDateTime,
    pub refreshed_at: NaiveDateTime,
    pub ended: Option<String>,
}

#[derive(Insertable)]
#[diesel(table_name = spaces, treat_none_as_default_value = false)]
pub struct SpaceRow {
    pub id: String,
    pub identifier: String,
    pub kind: &'static str,
    pub entity_type: &'static str,
    pub title: Option<String>,
    pub language: &'static str,
    pub notification_email: String,
    pub notification_email_confirmed: bool,
    pub state: &'static str,
    pub opened_with: String,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
    pub version: i64,
}

#[derive(Insertable)]
#[diesel(table_name = memberships, treat_none_as_default_value = false)]
pub struct MembershipRow {
    pub id: String,
    pub space_id: String,
    pub person_id: String,
    pub role: &'static str,
    pub scope: &'static str,
    pub product_id: String,
    pub status: &'static str,
    pub ends_at: Option<NaiveDateTime>,
    pub created_at: NaiveDateTime,
}

#[derive(Insertable)]
#[diesel(table_name = audit_chains, treat_none_as_default_value = false)]
pub struct ChainRow {
    pub chain: String,
    pub entries: i64,
    pub hash: String,
    pub appended_at: Option<NaiveDateTime>,
}

#[derive(Insertable)]
#[diesel(table_name = audit_entries, treat_none_as_default_value = false)]
pub struct EntryRow {
    pub chain: String,
    pub position: i64,
    pub recorded_at: NaiveDateTime,
    pub act: &'static str,
    pub actor_kind: &'static str,
    pub actor_id: Option<String>,
    pub actor_product: Option<String>,
    pub object: String,
    pub changed: &'static str,
    pub reason_code: Option<String>,
    pub reason_text: Option<String>,
    pub previous_hash: String,
    pub hash: String,
}
