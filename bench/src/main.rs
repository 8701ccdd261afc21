//! `bench`: measures the product against a floor that does the same with the least that anybody could do. It ships nothing.

mod dataset;
mod floor;
#[path = "../../persistence/src/kept.rs"]
mod kept;
mod load;
mod machine;
mod measurement;
mod report;
mod rows;
mod run;
// persistence shows its tables to nobody; they are the same here without a second list of them.
#[path = "../../persistence/src/schema.rs"]
mod schema;
mod seed;

use std::{fs, net::SocketAddr, path::PathBuf, process::ExitCode};

use api::{clock, server::block_on};
use clap::{Args, Parser, Subcommand};

use crate::{
    dataset::{Dataset, MEMBERS},
    measurement::{DatabaseKind, Measurement},
    run::Plan,
    seed::Place,
};

/// Measures espace-pro against a floor.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Makes the databases that are measured, where they are not there yet.
    Seed(Data),
    /// Measures product and floor in turn, and keeps what was measured.
    Run(Measure),
    /// Prints a report of all that was measured.
    Report {
        /// Where it was kept.
        #[arg(long, default_value = "target/bench")]
        folder: PathBuf,
    },
    /// Serves the floor.
    Floor {
        #[arg(long)]
        listen: SocketAddr,
        #[arg(long)]
        database: String,
        /// The folder of the keys that sign tokens.
        #[arg(long)]
        keys: PathBuf,
        /// The tokens' issuer.
        #[arg(long)]
        public_url: String,
    },
}

#[derive(Args)]
struct Data {
    /// Which databases; PostgreSQL's cluster is that of scripts/with-postgres.
    #[arg(long, value_delimiter = ',', default_value = "sqlite,postgres")]
    databases: Vec<DatabaseKind>,
    /// How many spaces, of ten members each.
    #[arg(long, value_delimiter = ',', default_value = "1000,1000000", value_parser = clap::value_parser!(u64).range(MEMBERS * MEMBERS..))]
    spaces: Vec<u64>,
    /// Where seeds, keys and results are kept.
    #[arg(long, default_value = "target/bench")]
    folder: PathBuf,
}

#[derive(Args)]
struct Measure {
    #[command(flatten)]
    data: Data,
    /// The program to measure.
    #[arg(long, default_value = "target/release/espace-pro")]
    product: PathBuf,
    /// How often each cell is measured.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// How long a cell lasts.
    #[arg(long, default_value_t = 6)]
    seconds: u32,
    /// How many seconds each server is asked before.
    #[arg(long, default_value_t = 2)]
    warm_up: u32,
    /// How many connections ask at once.
    #[arg(long, default_value_t = 32)]
    connections: u32,
    /// How many connections the crowd has whose memory is measured.
    #[arg(long, default_value_t = 1000)]
    crowd: u32,
    /// A core for the server and one for the client, `0,1`; without, both run wherever there is room.
    #[arg(long, value_parser = cores)]
    cores: Option<(u32, u32)>,
}

fn cores(text: &str) -> Result<(u32, u32), String> {
    let pair = text.split_once(',').and_then(|(server, client)| Some((server.parse().ok()?, client.parse().ok()?)));
    pair.ok_or_else(|| "two numbers with a comma".into())
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Seed(data) => data.each(|place, dataset| place.seed(dataset, clock::system()().naive_utc()).map(drop)),
        Command::Run(measure) => measure.run(),
        Command::Report { folder } => report_of(&folder.join("results")).map(|text| print!("{text}")),
        Command::Floor { listen, database, keys, public_url } => {
            block_on(floor::serve(listen, &database, &keys, &public_url))
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("bench: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn report_of(results: &std::path::Path) -> Result<String, String> {
    report::write(&Measurement::all(results)?).map_err(|error| error.to_string())
}

impl Data {
    fn each(&self, work: impl Fn(&Place, Dataset) -> Result<(), String>) -> Result<(), String> {
        for database in &self.databases {
            let place = self.place(*database)?;
            for spaces in &self.spaces {
                work(&place, Dataset { spaces: *spaces })?;
            }
        }
        Ok(())
    }

    fn place(&self, database: DatabaseKind) -> Result<Place, String> {
        match database {
            DatabaseKind::Sqlite => Ok(Place::Sqlite(self.folder.join("sqlite"))),
            DatabaseKind::Postgres => {
                #[expect(clippy::disallowed_methods, reason = "scripts/with-postgres says there where its cluster is")]
                let cluster = std::env::var("ESPACE_PRO_TEST_POSTGRES_URL");
                let cluster = cluster.map_err(|_| "run this by scripts/with-postgres, which starts a PostgreSQL")?;
                Ok(Place::Postgres(cluster))
            }
        }
    }
}

impl Measure {
    fn run(self) -> Result<(), String> {
        let Self { data, product, rounds, seconds, warm_up, connections, crowd, cores } = self;
        let plan = Plan { product, folder: data.folder.clone(), rounds, seconds, warm_up, connections, crowd, cores };
        let results = data.folder.join("results");
        fs::create_dir_all(&results).map_err(|error| format!("{}: {error}", results.display()))?;
        data.each(|place, dataset| plan.measure(place, dataset)?.keep(&results))
    }
}
