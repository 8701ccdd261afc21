//! `/v1/helpdesk`: what agents of the Helpdesk do, and what persons ask of them.

pub mod decisions;
pub mod products;
pub mod recoveries;
pub mod request;
pub mod requests;
pub mod spaces;
pub mod view;
