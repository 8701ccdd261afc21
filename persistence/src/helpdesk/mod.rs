//! What the Helpdesk finds and locks, whosever it is, and the requests that persons make of it.

mod limit_requests;
mod products;
mod spaces;

pub use spaces::MembersCount;
