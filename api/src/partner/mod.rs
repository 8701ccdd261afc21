//! Back ends of administrations: who they are to us, and what they are told. How they get tokens, `identity::client_credentials` says; whom a request
//! is of, `http::caller`.

pub mod client;
pub mod command;
pub mod events;
