//! The HTTP room: what every route shares on its way in and out.

pub mod accept;
pub mod address;
pub mod answer;
pub mod body;
pub mod bulk;
pub mod caller;
pub mod connection;
pub mod cors;
pub mod door;
pub mod download;
pub mod export;
pub mod field;
pub mod idempotency;
pub mod language;
pub mod limits;
pub mod lines;
pub mod page;
pub mod path;
pub mod pieces;
pub mod problem;
pub mod query;
pub mod schema;
pub mod strength;
pub mod upload;
