//! What was measured, as it is kept between a run and its report.

use std::{fmt, fs, path::Path};

use serde::{Deserialize, Serialize};

use crate::load::Job;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum DatabaseKind {
    Sqlite,
    Postgres,
}

impl fmt::Display for DatabaseKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        })
    }
}

/// Which of the two servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    Product,
    Floor,
}

impl Subject {
    pub const BOTH: [Self; 2] = [Self::Product, Self::Floor];
}

/// One job, asked of one server for a while.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    pub subject: Subject,
    pub job: Job,
    pub per_second: f64,
    /// Microseconds.
    pub p50: f64,
    /// Microseconds.
    pub p99: f64,
    /// The server's processor time for a request, in microseconds.
    pub cpu: f64,
    /// The same of PostgreSQL.
    pub database_cpu: Option<f64>,
    /// KiB.
    pub memory: f64,
    /// Per cent.
    pub steal: f64,
}

/// All cells of one database at one size.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measurement {
    pub database: DatabaseKind,
    pub spaces: u64,
    pub rounds: usize,
    pub cells: Vec<Cell>,
    /// With many connections.
    pub crowd: Vec<Cell>,
    /// Transactions a second of `pgbench -N`, a round each.
    pub pgbench: Vec<f64>,
}

impl Measurement {
    /// Keeps it for the report.
    ///
    /// # Errors
    /// It can't be written.
    pub fn keep(&self, folder: &Path) -> Result<(), String> {
        let name = format!("{:?}-{:07}.json", self.database, self.spaces).to_lowercase();
        let text = serde_json::to_string_pretty(self).map_err(|error| error.to_string())?;
        fs::write(folder.join(&name), text).map_err(|error| format!("{name}: {error}"))
    }

    /// All that are kept, in the order of databases and sizes.
    ///
    /// # Errors
    /// One can't be read.
    pub fn all(folder: &Path) -> Result<Vec<Self>, String> {
        let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let mut all = Vec::new();
        for path in entries.flatten().map(|entry| entry.path()) {
            let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            let one: Self = serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
            all.push(one);
        }
        all.sort_by_key(|one| (one.database, one.spaces));
        Ok(all)
    }

    /// The median over the rounds of one figure of a job.
    pub fn median(&self, subject: Subject, job: Job, figure: impl Fn(&Cell) -> f64) -> Option<f64> {
        median(self.cells.iter().filter(|cell| cell.subject == subject && cell.job == job).map(figure).collect())
    }

    /// Product to floor.
    pub fn ratio(&self, job: Job, figure: impl Fn(&Cell) -> f64) -> Option<f64> {
        Some(self.median(Subject::Product, job, &figure)? / self.median(Subject::Floor, job, &figure)?)
    }

    /// Whether every job was asked of both servers in each round.
    ///
    /// # Errors
    /// Which cell is missing.
    pub fn require_complete(&self) -> Result<(), String> {
        for (subject, job) in Subject::BOTH.into_iter().flat_map(|subject| Job::ALL.map(|job| (subject, job))) {
            let cells = self.cells.iter().filter(|cell| cell.subject == subject && cell.job == job).count();
            if cells != self.rounds {
                return Err(format!("{cells} cells of {} for {subject:?}: {}", self.rounds, job.name()));
            }
        }
        Ok(())
    }
}

/// The middle one; of an even number, the mean of the two in the middle.
pub fn median(mut figures: Vec<f64>) -> Option<f64> {
    figures.sort_by(f64::total_cmp);
    let middle = figures.len() / 2;
    match figures.len() {
        0 => None,
        odd if odd % 2 == 1 => Some(figures[middle]),
        _ => Some(f64::midpoint(figures[middle - 1], figures[middle])),
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    pub fn cell(subject: Subject, job: Job, per_second: f64) -> Cell {
        let micros = 1e6 / per_second;
        let (p50, p99, cpu) = (micros * 30.0, micros * 60.0, micros);
        Cell { subject, job, per_second, p50, p99, cpu, database_cpu: None, memory: 20_480.0, steal: 0.5 }
    }

    /// The product does `product` requests a second of each job, the floor 1000.
    pub fn measurement(database: DatabaseKind, spaces: u64, product: f64) -> Measurement {
        let of = |job| [cell(Subject::Product, job, product), cell(Subject::Floor, job, 1000.0)];
        let cells = Job::ALL.into_iter().flat_map(of).collect();
        let crowd = vec![cell(Subject::Product, Job::List, product)];
        Measurement { database, spaces, rounds: 1, cells, crowd, pgbench: vec![] }
    }

    #[test]
    fn a_median_is_the_one_in_the_middle() {
        assert_eq!(median(vec![]), None);
        assert_eq!(median(vec![9.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(vec![4.0, 1.0, 2.0, 9.0]), Some(3.0));
    }

    #[test]
    fn a_ratio_is_of_medians() {
        let mut measured = measurement(DatabaseKind::Sqlite, 1000, 800.0);
        for (product, floor) in [(100.0, 1000.0), (900.0, 5000.0)] {
            measured.cells.push(cell(Subject::Product, Job::Get, product));
            measured.cells.push(cell(Subject::Floor, Job::Get, floor));
        }
        let ratio = measured.ratio(Job::Get, |cell| cell.per_second).expect("a ratio");
        assert!((ratio - 0.8).abs() < 1e-9, "{ratio}");
    }

    #[test]
    fn a_missing_cell_is_told() {
        let mut measured = measurement(DatabaseKind::Sqlite, 1000, 800.0);
        assert_eq!(measured.require_complete(), Ok(()));
        measured.cells.pop();
        let told = measured.require_complete().expect_err("the floor's last cell is missing");
        assert!(told.contains("open a space") && told.contains("Floor"), "{told}");
    }
}
