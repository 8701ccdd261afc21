//! A rival of the server on PostgreSQL, so that a race is had and not hoped for.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, Command, Stdio},
    thread::sleep,
    time::Duration,
};

use super::{Scratch, World};

/// A transaction that holds what its statement locked.
pub struct Rival {
    psql: Child,
    url: String,
}

impl Rival {
    /// Runs the statement in a transaction, which stays open.
    pub fn hold(world: &World, statement: &str) -> Self {
        Self::hold_at(world.setting("ESPACE_PRO_DATABASE_URL"), statement)
    }

    /// The same in the database of servers that are processes.
    pub fn hold_in(scratch: &Scratch, statement: &str) -> Self {
        Self::hold_at(scratch.settings()["ESPACE_PRO_DATABASE_URL"].clone(), statement)
    }

    fn hold_at(url: String, statement: &str) -> Self {
        let mut command = Command::new("psql");
        command.args([url.as_str(), "-qAt"]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut rival = Self { psql: command.spawn().expect("psql"), url };
        rival.say(&format!("BEGIN; {statement}; SELECT 'held';"));
        let mut lines = BufReader::new(rival.psql.stdout.as_mut().expect("an output")).lines();
        assert_eq!(lines.next().expect("an answer").expect("an answer"), "held");
        rival
    }

    /// Waits until so many transactions of the server wait for a lock.
    pub fn wait_for(&self, count: usize) {
        const WAITING: &str = "SELECT count(*) FROM pg_stat_activity \
                               WHERE datname = current_database() AND wait_event_type = 'Lock'";
        for _ in 0..400 {
            let asked = Command::new("psql").args([&self.url, "-qAtc", WAITING]).output().expect("psql");
            if String::from_utf8_lossy(&asked.stdout).trim() == count.to_string() {
                return;
            }
            sleep(Duration::from_millis(10));
        }
        panic!("there are not {count} that wait");
    }

    /// Keeps the transaction. Those that waited for a row of it begin again, in any order.
    pub fn release(self) {
        self.end("COMMIT;");
    }

    /// Undoes the transaction. Those that waited go on in the order in which they came, for no row has changed.
    pub fn give_up(self) {
        self.end("ROLLBACK;");
    }

    fn end(mut self, statement: &str) {
        self.say(statement);
        drop(self.psql.stdin.take());
        assert!(self.psql.wait().expect("psql").success());
    }

    fn say(&mut self, line: &str) {
        writeln!(self.psql.stdin.as_mut().expect("an input"), "{line}").expect("psql");
    }
}
