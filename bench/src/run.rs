//! A run: product and floor in turn, the same jobs of the same persons on the same data.

use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::Command,
    thread::sleep,
    time::Duration,
};

use api::{
    clock,
    keys::DataKeys,
    tokens::{access::AccessTokens, signing},
};
use persistence::Clock;

use crate::{
    dataset::Dataset,
    load::{Job, Load, output, write_requests},
    machine::{Server, Ticks, cluster_cpu_seconds, cpu_seconds, on_core},
    measurement::{Cell, DatabaseKind, Measurement, Subject},
    seed::{Copy, Place},
};

/// Of how many per cent of stolen time a cell is measured again.
pub const MOST_STEAL: f64 = 5.0;
/// How often at most.
const REPEATS: usize = 3;
/// The clients of pgbench: as many as the product has connections for writing.
const PGBENCH_CLIENTS: &str = "4";

/// How everything is measured.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The program `espace-pro`.
    pub product: PathBuf,
    /// Where seeds, keys and results are kept.
    pub folder: PathBuf,
    pub rounds: usize,
    /// How long each cell lasts.
    pub seconds: u32,
    /// How long each server is asked before.
    pub warm_up: u32,
    pub connections: u32,
    /// How many connections the crowd has.
    pub crowd: u32,
    /// The cores of the server and of the client, where they have one each.
    pub cores: Option<(u32, u32)>,
}

struct Run<'p> {
    plan: &'p Plan,
    clock: Clock,
    dataset: Dataset,
    place: &'p Place,
    copy: Copy,
    postmaster: Option<u32>,
    tokens: AccessTokens,
    address: String,
}

impl Plan {
    fn keys(&self) -> PathBuf {
        self.folder.join("keys")
    }

    fn client_core(&self) -> Option<u32> {
        self.cores.map(|(_, client)| client)
    }

    /// Measures everything on one database at one size.
    ///
    /// # Errors
    /// A sentence for who measures.
    pub fn measure(&self, place: &Place, dataset: Dataset) -> Result<Measurement, String> {
        let clock = clock::system();
        let address = free_address()?;
        fs::create_dir_all(self.keys()).map_err(|error| error.to_string())?;
        signing::make_first_key(&self.keys())?;
        let run = Run {
            plan: self,
            dataset,
            place,
            copy: place.copy(&place.seed(dataset, clock().naive_utc())?)?,
            postmaster: place.postmaster()?,
            tokens: AccessTokens::load(&self.keys(), &format!("http://{address}"), clock())?,
            address,
            clock,
        };
        run.measure()
    }
}

/// An address that nobody listens on.
fn free_address() -> Result<String, String> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
    listener.local_addr().map(|address| address.to_string()).map_err(|error| error.to_string())
}

impl Run<'_> {
    fn measure(&self) -> Result<Measurement, String> {
        let database = match self.place {
            Place::Sqlite(_) => DatabaseKind::Sqlite,
            Place::Postgres(_) => DatabaseKind::Postgres,
        };
        let (spaces, rounds) = (self.dataset.spaces, self.plan.rounds);
        let mut measured = Measurement { database, spaces, rounds, cells: vec![], crowd: vec![], pgbench: vec![] };
        // A crowd only reads, as most do most of the time.
        for subject in Subject::BOTH {
            measured.crowd.push(self.quiet_cell(subject, Job::List, self.plan.crowd)?);
        }
        for job in Job::ALL {
            for round in 0..rounds {
                for subject in in_turn(round) {
                    measured.cells.push(self.quiet_cell(subject, job, self.plan.connections)?);
                }
                if job == Job::Open && database == DatabaseKind::Postgres {
                    measured.pgbench.push(self.pgbench()?);
                }
            }
        }
        measured.require_complete()?;
        Ok(measured)
    }

    /// A cell in which little time was stolen, or the best of several.
    fn quiet_cell(&self, subject: Subject, job: Job, connections: u32) -> Result<Cell, String> {
        let mut best = self.cell(subject, job, connections)?;
        for _ in 0..REPEATS {
            if best.steal <= MOST_STEAL {
                break;
            }
            let again = self.cell(subject, job, connections)?;
            if again.steal < best.steal {
                best = again;
            }
        }
        let database = self.copy.url();
        let database = database.split(':').next().unwrap_or_default();
        let (job, spaces) = (job.name(), self.dataset.spaces);
        eprintln!(
            "bench: {database}, {spaces} spaces, {job}, {connections} connections, {subject:?}: {:.0}/s, {:.0} µs of \
             processor, steal {:.1} %",
            best.per_second, best.cpu, best.steal
        );
        Ok(best)
    }

    fn cell(&self, subject: Subject, job: Job, connections: u32) -> Result<Cell, String> {
        let now = (self.clock)();
        self.copy.refresh(now.naive_utc())?;
        let requests = write_requests(&self.plan.folder, job, &job.requests(self.dataset, &self.tokens, now)?)?;
        let url = format!("http://{}", self.address);
        let log = self.plan.folder.join(format!("{subject:?}.log").to_lowercase());
        let server = Server::start(self.command(subject)?, &url, &log)?;
        let core = self.plan.client_core();
        // Every token is verified, every statement prepared and what is asked for cached before anything is counted.
        if self.plan.warm_up > 0 {
            Load { connections, seconds: self.plan.warm_up, core }.send(&url, &requests)?;
            // What was still asked for when the time was up has been answered by then, to nobody.
            sleep(Duration::from_millis(500));
        }
        let (steal, cpu) = (Ticks::now()?, self.cpu(&server)?);
        let outcome = Load { connections, seconds: self.plan.seconds, core }.send(&url, &requests)?;
        let (stolen, used) = (Ticks::now()?.stolen_since(steal), self.cpu(&server)?);
        let micros = |(after, before): (f64, f64)| (after - before) * 1e6 / outcome.requests;
        Ok(Cell {
            subject,
            job,
            per_second: outcome.per_second(),
            p50: outcome.p50,
            p99: outcome.p99,
            cpu: micros((used.0, cpu.0)),
            database_cpu: used.1.zip(cpu.1).map(micros),
            memory: server.peak_memory()?,
            steal: stolen,
        })
    }

    /// Seconds of processor time, of the server and of PostgreSQL.
    fn cpu(&self, server: &Server) -> Result<(f64, Option<f64>), String> {
        Ok((cpu_seconds(server.pid())?, self.postmaster.map(cluster_cpu_seconds).transpose()?))
    }

    fn command(&self, subject: Subject) -> Result<Command, String> {
        let core = self.plan.cores.map(|(server, _)| server);
        let (keys, public_url) = (self.plan.keys(), format!("http://{}", self.address));
        let this = std::env::current_exe().map_err(|error| error.to_string())?;
        let mut command = match subject {
            Subject::Product => on_core(core, &self.plan.product),
            Subject::Floor => on_core(core, &this),
        };
        match subject {
            // As in production, but for the limits: one client stands here for all of them.
            Subject::Product => command.arg("serve").env_clear().envs([
                ("PATH", "/usr/bin:/bin"),
                ("ESPACE_PRO_MODE", "development"),
                ("ESPACE_PRO_SANDBOX", "off"),
                ("ESPACE_PRO_LIMITS", "off"),
                ("ESPACE_PRO_LOG_FORMAT", "json"),
                ("ESPACE_PRO_CONNECTIONS", "2048"),
                ("ESPACE_PRO_LISTEN", &self.address),
                ("ESPACE_PRO_PUBLIC_URL", &public_url),
                ("ESPACE_PRO_SIGNING_KEYS", &keys.display().to_string()),
                ("ESPACE_PRO_DATA_DIR", &self.plan.folder.join("data").display().to_string()),
                ("ESPACE_PRO_DATA_KEYS", &DataKeys::generate()),
                ("ESPACE_PRO_DATABASE_URL", &self.copy.url()),
            ]),
            Subject::Floor => command
                .arg("floor")
                .args(["--listen", &self.address, "--public-url", &public_url, "--database", &self.copy.url()])
                .arg("--keys")
                .arg(&keys),
        };
        Ok(command)
    }

    /// Transactions a second of `pgbench -N` in the same cluster: an update, a read and an insert in one commit.
    fn pgbench(&self) -> Result<f64, String> {
        let run = |arguments: &[&str]| {
            let mut pgbench = on_core(self.plan.client_core(), Path::new("pgbench"));
            output(pgbench.args(arguments).arg(self.place.url(PGBENCH)))
        };
        if self.place.create(PGBENCH)? {
            run(&["--initialize", "--quiet", "--scale", "10"])?;
        }
        let seconds = self.plan.seconds.to_string();
        let printed = run(&[
            "--skip-some-updates",
            "--no-vacuum",
            "--protocol",
            "prepared",
            "--client",
            PGBENCH_CLIENTS,
            "--time",
            &seconds,
        ])?;
        transactions_a_second(&printed).ok_or_else(|| format!("pgbench told no rate: {printed}"))
    }
}

const PGBENCH: &str = "pgbench";

fn transactions_a_second(printed: &str) -> Option<f64> {
    printed.lines().find_map(|line| line.strip_prefix("tps = "))?.split_whitespace().next()?.parse().ok()
}

/// Who is second in one round is first in the next.
fn in_turn(round: usize) -> [Subject; 2] {
    let [first, second] = Subject::BOTH;
    if round.is_multiple_of(2) { [first, second] } else { [second, first] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_of_pgbench_is_read() {
        let printed = "latency average = 1.4 ms\ninitial connection time = 4 ms\ntps = 2820.12 (without initial connection time)\n";
        assert_eq!(transactions_a_second(printed), Some(2820.12));
        assert_eq!(transactions_a_second("pgbench: error: no connection"), None);
    }
}
