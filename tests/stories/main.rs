//! Stories over HTTP; most are told on both databases. They run under `scripts/with-postgres`, as `make test` does.

mod support;

mod audit;
mod authorization;
mod concurrency;
mod contract;
mod conventions;
mod faults;
mod helpdesk;
mod idempotency;
mod input;
mod invitations;
mod invitations_at_once;
mod invitations_by_the_clock;
mod invitations_in_bulk;
mod issuers;
mod keys;
mod life;
mod limits;
mod mail;
mod members;
mod metrics;
mod notices;
mod person;
mod processes;
mod products;
mod profiles;
mod readme;
mod registration;
mod rosters;
mod sessions;
mod spaces;
mod tokens;
mod walk;
mod worker;
