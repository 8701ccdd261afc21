//! A PostgreSQL cluster of a story's own, which waits for its disk and may be killed.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::Scratch;

/// A cluster with fsync on; it ends with this.
pub struct Cluster {
    script: Child,
    /// The cluster's command reads it: its end is the cluster's.
    life: Option<ChildStdin>,
    url: String,
}

impl Cluster {
    /// Makes and starts one.
    pub fn start() -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/with-postgres");
        let mut command = Command::new(script);
        command.args(["sh", "-c", "echo $ESPACE_PRO_TEST_POSTGRES_URL; exec cat"]);
        command.env("ESPACE_PRO_TEST_POSTGRES_FSYNC", "on").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut script = command.spawn().expect("scripts/with-postgres");
        let mut url = String::new();
        BufReader::new(script.stdout.as_mut().expect("an output")).read_line(&mut url).expect("an address");
        assert!(url.starts_with("postgres://"), "no cluster: {url}");
        Self { life: script.stdin.take(), script, url: url.trim().to_owned() }
    }

    /// An empty, migrated database on it.
    pub fn scratch(&self) -> Scratch {
        Scratch::on_cluster(&self.url)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.life.take());
        let _ = self.script.wait();
    }
}

/// Kills one of the processes that serve this database's connections: PostgreSQL then ends all the others, and recovers as
/// after a crash of the machine.
pub fn kill_a_backend(scratch: &Scratch) {
    let backends = scratch.psql(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() \
         ORDER BY state = 'active' DESC LIMIT 1",
    );
    kill_process(pid(&backends), Signal::KILL).expect("a backend");
}

/// A process's id as PostgreSQL writes it.
pub fn pid(text: &str) -> Pid {
    text.trim().parse().ok().and_then(Pid::from_raw).unwrap_or_else(|| panic!("no process: {text}"))
}
