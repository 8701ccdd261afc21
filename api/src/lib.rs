//! What is said: HTTP in, HTTP out. The binary `espace-pro` is a thin shell around this.

pub mod app;
pub mod audit;
pub mod catalogue;
pub mod certification;
pub mod clock;
pub mod collaboration;
pub mod command;
pub mod config;
pub mod docs;
pub mod helpdesk;
pub mod http;
pub mod identity;
pub mod keys;
pub mod mail;
pub mod metrics;
pub mod openapi;
pub mod operation;
pub mod outbox;
pub mod partner;
pub mod routes;
pub mod sandbox;
pub mod server;
pub mod space;
pub mod telemetry;
pub mod tokens;
pub mod worker;
