//! Catalogues: what operators load, and the services that persons find in them.

pub mod command;
pub mod document;
mod members;
