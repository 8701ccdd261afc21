//! What stands behind a server: its database, asked beside the program for what no request does.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicU64, Ordering},
};

use super::Actor;

/// The database of a server, on this machine.
#[derive(Debug, Clone)]
pub enum Backstage {
    /// A file.
    Sqlite(PathBuf),
    /// An address.
    Postgres(String),
}

/// Runs a statement on a file, which the server may be writing to, and prints what `psql -qAt` would.
const PYTHON: &str = "import sqlite3, sys
db = sqlite3.connect(sys.argv[1], timeout=30, isolation_level=None)
for row in db.execute(sys.argv[2]): print(*row, sep='|')";

impl Backstage {
    /// That of a server with these settings.
    pub fn of(settings: &BTreeMap<String, String>) -> Self {
        match settings.get("ESPACE_PRO_DATABASE_URL") {
            Some(url) => Self::Postgres(url.clone()),
            None => Self::Sqlite(Path::new(&settings["ESPACE_PRO_DATA_DIR"]).join("espace-pro.db")),
        }
    }

    /// What a statement that both databases understand answers.
    pub fn sql(&self, statement: &str) -> String {
        let mut command = match self {
            Self::Sqlite(_) => Command::new("python3"),
            Self::Postgres(_) => Command::new("psql"),
        };
        match self {
            Self::Sqlite(file) => command.args(["-c", PYTHON]).arg(file).arg(statement),
            Self::Postgres(url) => command.args([url.as_str(), "-qAtc", statement]),
        };
        let done = command.output().expect("a client of the database");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8_lossy(&done.stdout).trim().to_owned()
    }
}

impl Actor {
    /// Opens, for the space of this id, a recovery that names this member of it, is by another agent than anybody and can be confirmed
    /// at once; whoever has this product is to be appointed. It stands in for a week of waiting.
    pub fn recovery(&self, space: &str, member: &str, product: &str) -> String {
        let id = format!("01ffffff-ffff-7000-9000-{:012x}", RECOVERIES.fetch_add(1, Ordering::Relaxed));
        self.backstage().sql(&format!(
            "INSERT INTO recoveries (id, space_id, appointee_id, product_id, opened_by, reason, created_at, confirmable_at, status) \
             SELECT '{id}', '{space}', person_id, id, person_id, 'A letter', created_at, created_at, 'open' \
             FROM products WHERE id = '{product}'"
        ));
        self.backstage().sql(&format!("INSERT INTO recovery_memberships VALUES ('{id}', '{member}')"));
        id
    }
}

/// Recoveries that were opened so.
static RECOVERIES: AtomicU64 = AtomicU64::new(1);
