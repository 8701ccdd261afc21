//! Back ends of administrations: who they are to us. How they get tokens, `identity::client_credentials` says; whom a request
//! is of, `http::caller`.

pub mod client;
