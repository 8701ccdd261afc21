//! A world: the real application on a port of its own, a database of its own, and a clock that obeys.

use std::{
    collections::BTreeMap,
    net::TcpListener,
    path::PathBuf,
    process::{Command, Output},
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
        mpsc,
    },
    thread::JoinHandle,
    time::Duration,
};

use api::{app::App, config::Config, server};
use chrono::{DateTime, TimeDelta, Utc};
use tempfile::TempDir;

use super::{Actor, Backstage, Process, Reply};

/// Which database a world stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Database {
    /// A file.
    Sqlite,
    /// A database of its own on the cluster that `scripts/with-postgres` started.
    Postgres,
}

/// A folder, and the settings of a server in development that keeps everything there, or in a database of its own.
pub struct Scratch {
    folder: TempDir,
    settings: BTreeMap<String, String>,
    program: &'static str,
}

/// Prints what a statement answers, as `psql -qAt` does.
const ASK_SQLITE: &str = "import sqlite3, sys
database = sqlite3.connect(sys.argv[1], timeout=30, isolation_level=None)
for row in database.execute(sys.argv[2]): print('|'.join(map(str, row)))";

impl Scratch {
    /// An empty folder, and an empty, migrated database.
    pub fn new(database: Database) -> Self {
        Self::unmigrated(database).migrated()
    }

    /// The same on a PostgreSQL cluster of the story's own.
    pub fn on_cluster(cluster: &str) -> Self {
        let mut scratch = Self::unmigrated(Database::Sqlite);
        scratch.set("ESPACE_PRO_DATABASE_URL", &new_postgres_database(cluster));
        scratch.migrated()
    }

    fn migrated(self) -> Self {
        if let Some(url) = self.settings.get("ESPACE_PRO_DATABASE_URL") {
            persistence::DatabaseUrl::parse(url).expect("an address").migrate().expect("a migrated database");
        }
        self
    }

    /// An empty folder, and a database with nothing in it.
    pub fn unmigrated(database: Database) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let data = folder.path().display().to_string();
        let mut settings = BTreeMap::from([
            ("ESPACE_PRO_MODE".to_owned(), "development".to_owned()),
            ("ESPACE_PRO_DATA_DIR".to_owned(), data),
            // Stories ask more of one person than any person would; those of limits turn them on.
            ("ESPACE_PRO_LIMITS".to_owned(), "off".to_owned()),
        ]);
        if database == Database::Postgres {
            settings.insert("ESPACE_PRO_DATABASE_URL".to_owned(), new_postgres_database(&common_cluster()));
        }
        Self { folder, settings, program: "espace-pro" }
    }

    /// The file of the program that serves here.
    pub fn program(&self) -> &'static str {
        self.program
    }

    /// Lets another build of the program serve here.
    pub fn serve_by(&mut self, program: &'static str) {
        self.program = program;
    }

    /// Changes a setting.
    pub fn set(&mut self, name: &str, value: &str) {
        self.settings.insert(name.to_owned(), value.to_owned());
    }

    /// The settings.
    pub fn settings(&self) -> &BTreeMap<String, String> {
        &self.settings
    }

    /// What a statement, sent beside the program to its PostgreSQL database, answers.
    pub fn psql(&self, statement: &str) -> String {
        let url = &self.settings["ESPACE_PRO_DATABASE_URL"];
        let done = Command::new("psql").args([url.as_str(), "-qAtc", statement]).output().expect("psql");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8_lossy(&done.stdout).trim().to_owned()
    }

    /// The same to whichever database it is; the server may run meanwhile.
    pub fn sql(&self, statement: &str) -> String {
        if self.settings.contains_key("ESPACE_PRO_DATABASE_URL") {
            return self.psql(statement);
        }
        let file = self.path().join("espace-pro.db").display().to_string();
        let done = Command::new("python3").args(["-c", ASK_SQLITE, &file, statement]).output().expect("python3");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8_lossy(&done.stdout).trim().to_owned()
    }

    /// The folder of all files.
    pub fn path(&self) -> PathBuf {
        self.folder.path().to_owned()
    }
}

#[expect(clippy::disallowed_methods, reason = "scripts/with-postgres says in the environment where its cluster is")]
fn common_cluster() -> String {
    std::env::var("ESPACE_PRO_TEST_POSTGRES_URL")
        .expect("run the tests under scripts/with-postgres, as `make test` does")
}

fn new_postgres_database(cluster: &str) -> String {
    let name = format!("story_{:016x}", rand::random::<u64>());
    let created =
        Command::new("psql").args([cluster, "-qc", &format!("CREATE DATABASE {name}")]).status().expect("psql");
    assert!(created.success());
    let (server, _) = cluster.rsplit_once('/').expect("an address that ends with a database");
    format!("{server}/{name}")
}

/// A running server.
pub struct World {
    address: String,
    clock: Arc<AtomicI64>,
    scratch: Scratch,
    stop: mpsc::Sender<()>,
    server: Option<JoinHandle<()>>,
    agent: ureq::Agent,
}

/// An HTTP client that takes every answer for what it is, and never sends into a connection that the server, which keeps
/// idle ones for five seconds, may be closing.
pub fn client() -> ureq::Agent {
    let config =
        ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).allow_non_standard_methods(true);
    let config = config.max_idle_connections(512).max_idle_connections_per_host(512);
    config.max_idle_age(Duration::from_secs(2)).build().into()
}

/// When every world begins: 2027-01-15, 08:00.
const BEGINNING: i64 = 1_800_000_000_000_000;
/// Each look at the clock moves it on, so that what comes later is later.
const TICK: i64 = 1_000;

impl World {
    /// Starts a server on an empty database.
    pub fn start(database: Database) -> Self {
        Self::start_in(Scratch::new(database))
    }

    /// Starts a server with these settings.
    pub fn start_in(mut scratch: Scratch) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("its address").to_string();
        scratch.set("ESPACE_PRO_LISTEN", &address);
        let config = Config::read(scratch.settings().clone()).unwrap_or_else(|problems| panic!("{problems:?}"));

        let clock = Arc::new(AtomicI64::new(BEGINNING));
        let (stop, stopped) = mpsc::channel();
        let (started, is_started) = mpsc::channel();
        let hands = Arc::clone(&clock);
        let server = std::thread::spawn(move || {
            server::block_on(async move {
                let now = move || {
                    DateTime::<Utc>::from_timestamp_micros(hands.fetch_add(TICK, Ordering::Relaxed)).expect("a time")
                };
                let app = App::open(config, Arc::new(now)).await.unwrap_or_else(|problem| panic!("{problem}"));
                let serving = server::serve(app, listener, move |stop| {
                    started.send(()).expect("somebody waits");
                    // Whoever drops the world stops its server.
                    std::thread::spawn(move || {
                        let _ = stopped.recv();
                        server::block_on(async move { stop.drain().await });
                    });
                });
                serving.await.expect("a server");
            });
        });
        is_started.recv().expect("the server did not start");
        let agent = client();
        Self { address, clock, scratch, stop, server: Some(server), agent }
    }

    /// Stops the server, and starts another on the same data.
    #[must_use]
    pub fn restart(mut self) -> Self {
        self.halt();
        let scratch = std::mem::replace(
            &mut self.scratch,
            Scratch { folder: TempDir::new().expect("a folder"), settings: BTreeMap::new(), program: "" },
        );
        let time = self.clock.load(Ordering::Relaxed);
        let next = Self::start_in(scratch);
        next.clock.store(time, Ordering::Relaxed);
        next
    }

    /// Moves the clock on.
    pub fn wait(&self, time: TimeDelta) {
        self.clock.fetch_add(time.num_microseconds().expect("a short time"), Ordering::Relaxed);
    }

    /// What time it is there.
    pub fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.clock.load(Ordering::Relaxed)).expect("a time")
    }

    /// `http://127.0.0.1:…`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The settings of the server, and where they point.
    pub fn scratch(&self) -> &Scratch {
        &self.scratch
    }

    /// Where the server keeps its files.
    pub fn folder(&self) -> PathBuf {
        self.scratch.path()
    }

    /// A setting of the server.
    pub fn setting(&self, name: &str) -> String {
        self.scratch.settings()[name].clone()
    }

    /// What comes of a command that an operator gives beside the server.
    pub fn operator(&self, arguments: &[&str]) -> Output {
        let (subcommand, rest) = arguments.split_first().expect("a subcommand");
        Process::command(&self.scratch, subcommand).args(rest).output().expect("the program")
    }

    /// The same, where it must succeed: what it printed.
    #[track_caller]
    pub fn operate(&self, arguments: &[&str]) -> String {
        let done = self.operator(arguments);
        assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8_lossy(&done.stdout).into_owned()
    }

    /// Somebody without a token.
    pub fn anonymous(&self) -> Actor {
        Actor::new(&self.url(), self.agent.clone()).knowing(Backstage::of(self.scratch.settings()))
    }

    /// A new test person with one product, registered and logged in.
    pub fn person(&self) -> Actor {
        self.person_with("luxtrust_professional")
    }

    /// The same with a product of this kind.
    pub fn person_with(&self, kind: &str) -> Actor {
        Actor::newcomer(&self.anonymous(), &[kind])
    }

    /// A person who has accepted the terms of use, so who may open spaces.
    pub fn founder(&self) -> Actor {
        let founder = self.person();
        founder.accept_terms();
        founder
    }

    /// An agent of the Helpdesk.
    pub fn agent(&self) -> Actor {
        Actor::agent(&self.anonymous())
    }

    /// Shorthand for a request without a token.
    pub fn get(&self, path: &str) -> Reply {
        self.anonymous().get(path)
    }

    fn halt(&mut self) {
        let _ = self.stop.send(());
        if let Some(server) = self.server.take() {
            let ended = server.join();
            assert!(ended.is_ok() || std::thread::panicking(), "the server did not end well");
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.halt();
    }
}
