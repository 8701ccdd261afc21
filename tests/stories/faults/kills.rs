//! Servers and databases are killed while clients write: rounds of one installation, each checked against the ledgers.

use std::{
    fs,
    io::{Write, stderr},
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread::{scope, sleep},
    time::{Duration, Instant},
};

use rand::{RngExt, SeedableRng, rngs::StdRng};

use super::{
    CONTROL,
    cluster::{Cluster, kill_a_backend},
    integrity,
    ledger::Client,
    seed,
};
use crate::support::{Actor, Database, Process, Scratch, Signal, crowd, rounds, wait_until};

const CLIENTS: usize = 8;
/// An installation serves so many rounds; then another begins, so that its log stays short enough to be walked each time.
const ROUNDS_OF_ONE: usize = 20;
/// Fewer acknowledgements a second would say little of a server under load.
const LEAST_RATE: f64 = 50.0;

#[test]
fn a_killed_server_on_sqlite_loses_nothing_that_was_acknowledged() {
    holds("sqlite, server killed", Database::Sqlite, Fault::Server);
}

#[test]
fn a_killed_server_on_postgres_loses_nothing_that_was_acknowledged() {
    holds("postgres, server killed", Database::Postgres, Fault::Server);
}

#[test]
fn a_killed_postgres_loses_nothing_that_was_acknowledged() {
    holds("postgres killed", Database::Postgres, Fault::Database);
}

#[test]
fn a_server_on_sqlite_that_answers_before_the_commit_is_found_out() {
    is_found_out(Database::Sqlite);
}

#[test]
fn a_server_on_postgres_that_answers_before_the_commit_is_found_out() {
    is_found_out(Database::Postgres);
}

/// What is killed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fault {
    Server,
    Database,
}

#[derive(Default)]
struct Tally {
    rounds: usize,
    acknowledged: usize,
    unanswered: usize,
    writing: Duration,
    findings: Vec<String>,
}

impl Tally {
    #[expect(clippy::cast_precision_loss, reason = "nobody writes so often")]
    fn rate(&self) -> f64 {
        self.acknowledged as f64 / self.writing.as_secs_f64()
    }

    /// Past the capture of tests' outputs, for the figures are of interest above all when all is well.
    fn print(&self, what: &str, seed: u64) {
        let line = format!(
            "{what}: {} rounds, {} acknowledged ({:.0} a second), {} unanswered, {} findings; ESPACE_PRO_TEST_SEED={seed}",
            self.rounds,
            self.acknowledged,
            self.rate(),
            self.unanswered,
            self.findings.len(),
        );
        let _ = writeln!(stderr(), "{line}");
    }
}

fn holds(what: &str, database: Database, fault: Fault) {
    // A database that is killed recovers for a while each time.
    let (seed, rounds) = (seed(), if fault == Fault::Server { rounds(20) } else { rounds(20).div_ceil(2) });
    let mut tally = Tally::default();
    while tally.rounds < rounds && tally.findings.is_empty() {
        let seed = seed.wrapping_add(tally.rounds as u64);
        let mut installation = Installation::new(database, "espace-pro", seed);
        for _ in 0..ROUNDS_OF_ONE.min(rounds - tally.rounds) {
            installation.round(fault, &mut tally);
        }
        installation.conclude(&mut tally);
    }
    tally.print(what, seed);
    assert!(tally.findings.is_empty(), "ESPACE_PRO_TEST_SEED={seed}: {:#?}", tally.findings);
    assert!(tally.unanswered > 0 || fault == Fault::Database, "no kill came between a request and its answer");
    assert!(tally.rate() >= LEAST_RATE, "{:.1} acknowledgements a second are too few", tally.rate());
}

/// The same rounds, with a server that must not pass them.
fn is_found_out(database: Database) {
    let (seed, mut tally) = (seed(), Tally::default());
    let mut installation = Installation::new(database, CONTROL, seed);
    let is_lost = |tally: &Tally| tally.findings.iter().any(|finding| finding.contains("lost: "));
    while !is_lost(&tally) && tally.rounds < 5 {
        installation.round(Fault::Server, &mut tally);
    }
    let what = if database == Database::Sqlite { "sqlite, control" } else { "postgres, control" };
    tally.print(what, seed);
    assert!(is_lost(&tally), "a server that answers before the commit passes: {:#?}", tally.findings);
}

/// A server and its clients. The server goes before its database.
struct Installation {
    server: Process,
    clients: Vec<Client>,
    chance: StdRng,
    scratch: Scratch,
    _cluster: Option<Cluster>,
}

impl Installation {
    fn new(database: Database, program: &'static str, seed: u64) -> Self {
        let cluster = (database == Database::Postgres).then(Cluster::start);
        let mut scratch = cluster.as_ref().map_or_else(|| Scratch::new(database), Cluster::scratch);
        // Each server has another port, and must be the same issuer.
        scratch.set("ESPACE_PRO_PUBLIC_URL", "http://espace-pro.test");
        let server = Process::serve(&mut scratch);
        let clients = crowd(CLIENTS, CLIENTS, |name| {
            let actor = Actor::newcomer(&server.anonymous(), &["luxtrust_professional"]);
            actor.accept_terms();
            Client::new(actor, name, seed)
        });
        drop(server);
        // However fast a server is, nobody comes to the limit of what may be open or closed.
        scratch.sql("UPDATE products SET space_limit = 100000");
        scratch.serve_by(program);
        let server = Process::serve(&mut scratch);
        Self { server, clients, chance: StdRng::seed_from_u64(seed), scratch, _cluster: cluster }
    }

    /// All write, at some moment something is killed, and what is found afterwards is compared with what was told.
    fn round(&mut self, fault: Fault, tally: &mut Tally) {
        self.meet_server();
        let moment = Duration::from_millis(self.chance.random_range(300..1300));
        let (is_over, acknowledged) = (AtomicBool::new(false), AtomicUsize::new(0));
        let (clients, server, scratch) = (&mut self.clients, &self.server, &self.scratch);
        let told = scope(|scope| {
            let write = |client: &mut Client| client.write(&is_over, &acknowledged);
            let writers: Vec<_> = clients.iter_mut().map(|client| scope.spawn(move || write(client))).collect();
            let begun = Instant::now();
            sleep(moment);
            match fault {
                Fault::Server => server.signal(Signal::KILL),
                Fault::Database => kill_a_backend(scratch),
            }
            tally.writing += begun.elapsed();
            tally.acknowledged += acknowledged.load(Ordering::Relaxed);
            if fault == Fault::Database {
                let until = acknowledged.load(Ordering::Relaxed) + CLIENTS;
                wait_until("writes go on", || acknowledged.load(Ordering::Relaxed) > until);
            }
            is_over.store(true, Ordering::Relaxed);
            writers.into_iter().flat_map(|writer| writer.join().expect("a client")).collect::<Vec<_>>()
        });
        tally.rounds += 1;
        tally.unanswered += self.clients.iter().map(Client::unanswered).sum::<usize>();
        if !told.is_empty() {
            let causes = self.server.log();
            tally.findings.extend(causes.lines().filter(|line| line.contains("\"internal\"")).map(str::to_owned));
        }
        tally.findings.extend(told);
        if fault == Fault::Server {
            self.server.ended();
            self.server = Process::serve(&mut self.scratch);
            self.meet_server();
        }
        let checked = each(&mut self.clients, Client::check);
        tally.findings.extend(checked);
        tally.findings.extend(integrity::findings(&self.scratch));
        let waiting: usize = self.scratch.sql("SELECT count(*) FROM outbox").parse().expect("a number");
        let missing = self.missing_mails();
        if missing.len() > waiting {
            tally.findings.push(format!("lost: mails of {missing:?}, and {waiting} wait"));
        }
    }

    /// What was acknowledged in any round is still there, and every mail that was promised arrives.
    fn conclude(&mut self, tally: &mut Tally) {
        self.meet_server();
        tally.findings.extend(each(&mut self.clients, Client::check_all));
        // Whoever was killed held leases; they need not be waited for.
        self.scratch.sql("UPDATE outbox SET due_at = created_at");
        wait_until("all mails go out", || self.scratch.sql("SELECT count(*) FROM outbox") == "0");
        tally.findings.extend(self.missing_mails().into_iter().map(|identifier| format!("lost: mail of {identifier}")));
    }

    /// Everybody logs in, for his token may have expired, at the server that there is.
    fn meet_server(&mut self) {
        let server = self.server.anonymous();
        each(&mut self.clients, |client| {
            client.actor.move_to(&server);
            client.actor.log_in(0).expect(200);
            // Where answers come before the commit, the session does too.
            wait_until("a session", || client.actor.get("/v1/me/landing").status == 200);
            vec![]
        });
    }

    /// Which closed spaces no mail in the drop names.
    fn missing_mails(&self) -> Vec<String> {
        let entries = |folder| fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
        let files = entries(self.scratch.path().join("mails")).flat_map(entries);
        let mails: Vec<String> = files.filter_map(|file| fs::read_to_string(file).ok()).collect();
        let closed = self.clients.iter().flat_map(Client::closed);
        closed.filter(|identifier| !mails.iter().any(|mail| mail.contains(identifier))).collect()
    }
}

/// Lets all clients do something at once; gives what they found.
fn each(clients: &mut [Client], work: impl Fn(&mut Client) -> Vec<String> + Sync) -> Vec<String> {
    scope(|scope| {
        let work = &work;
        let threads: Vec<_> = clients.iter_mut().map(|client| scope.spawn(move || work(client))).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("a client")).collect()
    })
}
