//! What the store promises, proved on real databases. PostgreSQL comes from `scripts/with-postgres`.

/// Makes a test on SQLite and one on PostgreSQL of each of these functions.
macro_rules! on_both {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(crate::tests::support::Database::sqlite()).await;
            })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(crate::tests::support::Database::postgres()).await;
            })+
        }
    };
}

mod addresses;
mod audit;
mod batch;
mod catalogue;
mod errors;
mod faults;
mod locks;
mod migrations;
mod outbox;
mod partner_feeds;
pub(crate) mod plans;
mod reads;
mod sealed;
mod support;
