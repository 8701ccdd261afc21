//! What every story stands on: a world with a real server and a real database, and actors who speak HTTP to it.

mod actor;
mod backstage;
mod certification;
mod crowd;
mod invitation;
mod jwt;
mod mail_server;
mod partner;
mod procedure;
mod process;
mod raw;
mod rival;
mod rounds;
mod software;
mod source;
mod world;

pub use actor::{Actor, Reply, another, professional, text};
pub use backstage::Backstage;
pub use certification::{COMPANY, as_holder};
pub use crowd::{crowd, eventually, unless_busy, wait_until};
pub use invitation::invitation;
pub use jwt::{Jwt, Key, other_es256_signature, spelled_otherwise};
pub use mail_server::MailServer;
pub use procedure::PNG;
pub use process::Process;
pub use rival::Rival;
pub use rounds::{races, rounds, setting};
pub use rustix::process::Signal;
pub use software::{Software, jwks};
pub use source::{EMPLOYER, balance, own_balance};
pub use world::{Database, Scratch, World, client};

/// Two servers of one installation: one database, one folder, one public address.
pub fn two_servers() -> (Scratch, Process, Process) {
    let mut scratch = Scratch::new(Database::Postgres);
    scratch.set("ESPACE_PRO_PUBLIC_URL", "http://espace-pro.test");
    let (one, other) = (Process::serve(&mut scratch), Process::serve(&mut scratch));
    (scratch, one, other)
}

/// Tells each story on SQLite, on PostgreSQL, and on PostgreSQL with two servers; it is given somebody without a token
/// at each server.
#[macro_export]
macro_rules! however_served {
    ($($story:ident),+ $(,)?) => {
        mod on_sqlite {
            $(#[test] fn $story() {
                super::$story(&[$crate::support::World::start($crate::support::Database::Sqlite).anonymous()]);
            })+
        }
        mod on_postgres {
            $(#[test] fn $story() {
                super::$story(&[$crate::support::World::start($crate::support::Database::Postgres).anonymous()]);
            })+
        }
        mod on_two_servers {
            $(#[test] fn $story() {
                let (_scratch, one, other) = $crate::support::two_servers();
                super::$story(&[one.anonymous(), other.anonymous()]);
            })+
        }
    };
}

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
