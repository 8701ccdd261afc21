//! What every story stands on: a world with a real server and a real database, and actors who speak HTTP to it.

mod actor;
mod crowd;
mod jwt;
mod mail_server;
mod process;
mod raw;
mod rival;
mod world;

pub use actor::{Actor, Reply, another, professional, text};
pub use crowd::{crowd, eventually, unless_busy, wait_until};
pub use jwt::{Jwt, Key, other_es256_signature, spelled_otherwise};
pub use mail_server::MailServer;
pub use process::Process;
pub use rival::Rival;
pub use rustix::process::Signal;
pub use world::{Database, Scratch, World, client};

/// Tells each of these stories twice: on SQLite and on PostgreSQL.
#[macro_export]
macro_rules! on_both_databases {
    ($($story:ident),+ $(,)?) => {
        mod on_sqlite {
            $(#[test] fn $story() { super::$story(&$crate::support::World::start($crate::support::Database::Sqlite)); })+
        }
        mod on_postgres {
            $(#[test] fn $story() { super::$story(&$crate::support::World::start($crate::support::Database::Postgres)); })+
        }
    };
}
