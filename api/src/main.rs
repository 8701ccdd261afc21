//! `espace-pro`: reads the configuration and does what the command line says.

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use api::{
    app::App,
    audit,
    catalogue::command::{self as catalogue, CatalogueCommand},
    clock, command,
    config::{self, Config, KeySettings, Mode},
    docs,
    http::strength::Levels,
    keys::command::{self as keys, KeyCommand},
    openapi, outbox,
    partner::command::{self as partner, PartnerCommand},
    server, telemetry, worker,
};
use clap::{Parser, Subcommand};
use domain::text::Language;
use persistence::DatabaseUrl;
use rustix::process::{Resource, Rlimit, Signal, getrlimit, setrlimit};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
};

/// The professional space of a government portal, as a back end.
#[derive(Parser)]
#[command(name = "espace-pro", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serves the API, with its worker unless `ESPACE_PRO_WORKER` is off.
    Serve,
    /// Does the worker's jobs without serving the API; several may run beside each other on PostgreSQL.
    Worker,
    /// Lists, repeats or discards messages that were given up.
    #[command(subcommand)]
    Outbox(outbox::OutboxCommand),
    /// Changes keys without a pause.
    #[command(subcommand)]
    Key(KeyCommand),
    /// Brings the database's schema up to date.
    Migrate,
    /// Publishes a version of the terms of use, in force from now on.
    Terms {
        /// What the version is called, say 2026-01.
        version: String,
        /// File of the French text.
        #[arg(long)]
        fr: PathBuf,
        /// File of the German text.
        #[arg(long)]
        de: Option<PathBuf>,
        /// File of the English text.
        #[arg(long)]
        en: Option<PathBuf>,
        /// File of the Luxembourgish text.
        #[arg(long)]
        lb: Option<PathBuf>,
    },
    /// Loads the catalogue of administrations and services that comes with this program.
    Seed,
    /// Looks after catalogues of one's own.
    #[command(subcommand)]
    Catalogue(CatalogueCommand),
    /// Lets back ends of administrations in, changes their keys, and locks them out.
    #[command(subcommand)]
    Partner(PartnerCommand),
    /// Prints openapi.yaml.
    Openapi,
    /// Prints docs/errors.md.
    Errors,
    /// Looks after the audit log.
    #[command(subcommand)]
    Audit(Audit),
}

#[derive(Subcommand)]
enum Audit {
    /// Prints the heads of all chains, signed: to be kept where nobody who can write to the database can write.
    Heads,
    /// Walks every chain, and tells what was changed, taken out or reordered since it was recorded.
    Verify {
        /// What `audit heads` printed: tells also what was cut off since, or written anew.
        #[arg(long, value_name = "FILE")]
        against: Option<PathBuf>,
    },
}

#[actix_web::main]
async fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Serve => serve().await,
        Command::Worker => work().await,
        Command::Outbox(command) => act_on_outbox(command).await,
        Command::Key(command) => act_on_keys(command).await,
        Command::Migrate => database().and_then(|database| command::migrate(&database)),
        Command::Terms { version, fr, de, en, lb } => {
            let files = [(Language::Fr, Some(fr)), (Language::De, de), (Language::En, en), (Language::Lb, lb)];
            match database() {
                Ok(database) => command::publish_terms(database, version, files).await,
                Err(problem) => Err(problem),
            }
        }
        Command::Seed => seed().await,
        Command::Catalogue(command) => catalogue::run(command, database).await.map(|text| print!("{text}")),
        Command::Partner(command) => act_on_partners(command).await,
        Command::Openapi => openapi::contract(true, &Levels::default())
            .to_yaml()
            .map(|yaml| print!("{yaml}"))
            .map_err(|error| error.to_string()),
        Command::Errors => {
            print!("{}", docs::errors_page());
            Ok(())
        }
        Command::Audit(Audit::Heads) => heads().await,
        Command::Audit(Audit::Verify { against }) => verify(against.as_deref()).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("espace-pro: {problem}");
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place where the environment is read")]
fn environment() -> impl Iterator<Item = (String, String)> {
    // What is no Unicode is none of ours, or will be told to be wrong.
    let text = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
    std::env::vars_os().map(move |(name, value)| (text(name), text(value)))
}

/// Where the database is: who works on it alone needs no keys.
fn database() -> Result<DatabaseUrl, String> {
    config::database(environment()).map_err(|problems| in_words(&problems))
}

fn in_words(problems: &[String]) -> String {
    format!("the configuration is wrong:\n  {}", problems.join("\n  "))
}

fn configuration() -> Result<Config, String> {
    Config::read(environment()).map_err(|problems| in_words(&problems))
}

async fn heads() -> Result<(), String> {
    println!("{}", audit::heads::export(&configuration()?, &clock::system()).await?);
    Ok(())
}

async fn verify(against: Option<&Path>) -> Result<(), String> {
    let found = |chain: &str, finding| println!("{chain}: {finding}");
    let walked = audit::heads::verify(&configuration()?, &clock::system(), against, found).await?;
    println!("{walked}");
    if walked.findings == 0 { Ok(()) } else { Err("the audit log is not what was recorded".into()) }
}

/// Files beside those of connections: the database, its log, listeners.
const OTHER_FILES: u64 = 512;

/// Sees to it that each connection that the configuration allows finds its two file descriptors.
fn allow_files(config: &Config) -> Result<(), String> {
    let needed = 2 * config.bounds.connections as u64 + OTHER_FILES;
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current.is_none_or(|current| current >= needed) {
        return Ok(());
    }
    setrlimit(Resource::Nofile, Rlimit { current: Some(needed), maximum }).map_err(|_| {
        format!("ESPACE_PRO_CONNECTIONS needs {needed} open files (ulimit -n), and the system allows fewer")
    })
}

async fn serve() -> Result<(), String> {
    let config = configuration()?;
    allow_files(&config)?;
    telemetry::start(&config.logging)?;
    let listener = TcpListener::bind(config.listen).map_err(|error| format!("{}: {error}", config.listen))?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let app = open(config).await?;
    if app.config.mode == Mode::Development {
        println!("Espace Pro serves http://{address}, with its data in {}.", app.config.data_dir.display());
        println!("Swagger UI: http://{address}/docs/");
        println!("First line: curl http://{address}/sandbox/persons");
    }
    let told = told_to_stop()?;
    server::serve(app, listener, |stop| {
        actix_web::rt::spawn(async move {
            told.await;
            stop.drain().await;
        });
    })
    .await
}

/// Makes everything ready, and serves `/metrics` if that is wanted.
async fn open(config: Config) -> Result<Arc<App>, String> {
    outlive_file_limits()?;
    let metrics =
        config.metrics_listen.map(|address| TcpListener::bind(address).map_err(|error| format!("{address}: {error}")));
    let metrics = metrics.transpose()?;
    let app = App::open(config, clock::system()).await?;
    if let Some(listener) = metrics {
        server::serve_metrics(Arc::clone(&app), listener)?;
    }
    Ok(app)
}

/// Where a file may grow no more (`ulimit -f`), the system sends SIGXFSZ, which ends a process that does not catch it. Once it
/// is caught, what the file's writer gets is an error, as on a full disk, and the database can deal with that.
fn outlive_file_limits() -> Result<(), String> {
    signal(SignalKind::from_raw(Signal::XFSZ.as_raw())).map(drop).map_err(|error| error.to_string())
}

async fn work() -> Result<(), String> {
    let config = configuration()?;
    telemetry::start(&config.logging)?;
    let app = open(config).await?;
    let told = told_to_stop()?;
    let (stop, is_stopped) = watch::channel(false);
    let worker = actix_web::rt::spawn(worker::watched(app, is_stopped));
    tracing::info!("working");
    told.await;
    stop.send_replace(true);
    worker.await.map_err(|error| error.to_string())
}

async fn act_on_outbox(command: outbox::OutboxCommand) -> Result<(), String> {
    outbox::run(database()?, command).await.map(|text| print!("{text}"))
}

async fn seed() -> Result<(), String> {
    let store = command::beside(database()?)?;
    catalogue::seed(&store).await.map(|text| print!("{text}"))
}

async fn act_on_partners(command: PartnerCommand) -> Result<(), String> {
    telemetry::start(&config::logging(environment()).map_err(|problems| in_words(&problems))?)?;
    partner::run(database()?, command).await.map(|text| print!("{text}"))
}

async fn act_on_keys(command: KeyCommand) -> Result<(), String> {
    let settings = KeySettings::read(environment()).map_err(|problems| in_words(&problems))?;
    keys::run(settings, &clock::system(), command).await.map(|text| print!("{text}"))
}

/// SIGTERM and SIGINT are caught from now on; the future ends with the first of them.
fn told_to_stop() -> Result<impl Future<Output = ()>, String> {
    let caught = |kind| signal(kind).map_err(|error| error.to_string());
    let (mut terminate, mut interrupt) = (caught(SignalKind::terminate())?, caught(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        tracing::info!("stopping");
    })
}
