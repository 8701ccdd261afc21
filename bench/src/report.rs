//! The report: ratios of product to floor, and how the aims are met.

use std::fmt::{self, Write};

use crate::{
    load::Job,
    measurement::{Cell, Measurement, Subject, median},
    run::MOST_STEAL,
};

/// The floor is what somebody else's server could not do without: this share of it is enough.
const ENOUGH: f64 = 0.8;
/// How much worse it may be with the largest database than with the smallest.
const GROWTH: f64 = 1.3;
/// MiB, with a crowd.
const MOST_MEMORY: f64 = 100.0;

/// Everything that was measured, in Markdown.
pub fn write(all: &[Measurement]) -> Result<String, fmt::Error> {
    let mut report = String::new();
    ratios(&mut report, all)?;
    figures(&mut report, all)?;
    crowds(&mut report, all)?;
    pgbench(&mut report, all)?;
    growth(&mut report, all)?;
    Ok(report)
}

const RATIOS: &str = "Product to floor: more is better for throughput, less for all else. Steal is the worst of the job's cells.

| database | spaces | job | throughput | p50 | p99 | server CPU a request | PostgreSQL's CPU a request | peak memory | steal |
|---|---|---|---|---|---|---|---|---|---|
";

fn ratios(report: &mut String, all: &[Measurement]) -> fmt::Result {
    report.push_str(RATIOS);
    for (measured, job) in cells(all) {
        let ratio = |figure: fn(&Cell) -> f64| two_digits(measured.ratio(job, figure));
        let of_postgres = two_digits(measured.ratio(job, |cell| cell.database_cpu.unwrap_or(f64::NAN)));
        let steal = measured.cells.iter().filter(|cell| cell.job == job).map(|cell| cell.steal).fold(0.0, f64::max);
        let mark = if steal > MOST_STEAL { " (!)" } else { "" };
        writeln!(
            report,
            "| {} | {} | {} | {} | {} | {} | {} | {of_postgres} | {} | {steal:.1} %{mark} |",
            measured.database,
            measured.spaces,
            job.name(),
            judged(measured.ratio(job, |cell| cell.per_second), |ratio| ratio >= ENOUGH),
            ratio(|cell| cell.p50),
            ratio(|cell| cell.p99),
            ratio(|cell| cell.cpu),
            ratio(|cell| cell.memory),
        )?;
    }
    Ok(())
}

const FIGURES: &str = "
For scale, the medians themselves, product / floor:

| database | spaces | job | requests/s | p50, ms | p99, ms | server CPU a request, µs | peak memory, MiB |
|---|---|---|---|---|---|---|---|
";

fn figures(report: &mut String, all: &[Measurement]) -> fmt::Result {
    report.push_str(FIGURES);
    for (measured, job) in cells(all) {
        let both = |figure: fn(&Cell) -> f64, scale: f64, digits: usize| {
            let of = |subject| measured.median(subject, job, figure).unwrap_or(f64::NAN) / scale;
            format!("{:.digits$} / {:.digits$}", of(Subject::Product), of(Subject::Floor))
        };
        writeln!(
            report,
            "| {} | {} | {} | {} | {} | {} | {} | {} |",
            measured.database,
            measured.spaces,
            job.name(),
            both(|cell| cell.per_second, 1.0, 0),
            both(|cell| cell.p50, 1000.0, 2),
            both(|cell| cell.p99, 1000.0, 2),
            both(|cell| cell.cpu, 1.0, 0),
            both(|cell| cell.memory, 1024.0, 0),
        )?;
    }
    Ok(())
}

fn crowds(report: &mut String, all: &[Measurement]) -> fmt::Result {
    report.push_str("\nPeak memory with a crowd of connections that list their spaces, in MiB:\n\n");
    report.push_str("| database | spaces | product | floor |\n|---|---|---|---|\n");
    for measured in all {
        let of = |subject| {
            let cell = measured.crowd.iter().find(|cell| cell.subject == subject);
            cell.map(|cell| cell.memory / 1024.0)
        };
        let product = judged_as(of(Subject::Product), 0, |memory| memory < MOST_MEMORY);
        let floor = judged_as(of(Subject::Floor), 0, |_| true);
        writeln!(report, "| {} | {} | {product} | {floor} |", measured.database, measured.spaces)?;
    }
    Ok(())
}

fn pgbench(report: &mut String, all: &[Measurement]) -> fmt::Result {
    for measured in all {
        let opened = measured.median(Subject::Product, Job::Open, |cell| cell.per_second);
        let ratio = opened.zip(median(measured.pgbench.clone())).map(|(opened, pgbench)| opened / pgbench);
        if ratio.is_some() {
            let ratio = judged(ratio, |ratio| ratio >= ENOUGH);
            write!(report, "\nSpaces opened to transactions of `pgbench -N`, {} spaces: {ratio}.\n", measured.spaces)?;
        }
    }
    Ok(())
}

/// The largest size of each database to its smallest.
fn growth(report: &mut String, all: &[Measurement]) -> fmt::Result {
    let pairs = all.iter().filter_map(|small| {
        let same = all.iter().filter(|other| other.database == small.database);
        let is_smallest = same.clone().all(|other| other.spaces >= small.spaces);
        same.max_by_key(|other| other.spaces)
            .filter(|large| is_smallest && large.spaces > small.spaces)
            .map(|large| (small, large))
    });
    for (small, large) in pairs {
        write!(report, "\n{}, {} spaces to {}, product's throughput:", small.database, large.spaces, small.spaces)?;
        for job in Job::ALL {
            let of = |measured: &Measurement| measured.median(Subject::Product, job, |cell| cell.per_second);
            let ratio = of(large).zip(of(small)).map(|(large, small)| large / small);
            let end = if job == Job::Open { "." } else { "," };
            write!(report, " {} {}{end}", job.name(), judged(ratio, |ratio| ratio * GROWTH >= 1.0))?;
        }
        report.push('\n');
    }
    Ok(())
}

fn cells(all: &[Measurement]) -> impl Iterator<Item = (&Measurement, Job)> {
    all.iter().flat_map(|measured| Job::ALL.map(|job| (measured, job)))
}

fn two_digits(figure: Option<f64>) -> String {
    judged(figure, |_| true)
}

fn judged(figure: Option<f64>, is_met: impl FnOnce(f64) -> bool) -> String {
    judged_as(figure, 2, is_met)
}

/// A figure; in bold where it misses its aim.
fn judged_as(figure: Option<f64>, digits: usize, is_met: impl FnOnce(f64) -> bool) -> String {
    match figure.filter(|figure| figure.is_finite()) {
        None => "–".into(),
        Some(figure) if is_met(figure) => format!("{figure:.digits$}"),
        Some(figure) => format!("**{figure:.digits$}**"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measurement::{DatabaseKind, tests::measurement};

    #[test]
    fn what_misses_its_aim_is_bold() {
        let report = write(&[
            measurement(DatabaseKind::Sqlite, 1000, 900.0),
            measurement(DatabaseKind::Sqlite, 1_000_000, 500.0),
        ])
        .expect("a report");
        assert!(
            report.contains("| SQLite | 1000 | landing | 0.90 | 1.11 | 1.11 | 1.11 | – | 1.00 | 0.5 % |"),
            "{report}"
        );
        assert!(report.contains("| SQLite | 1000000 | get a space | **0.50** |"), "{report}");
        assert!(report.contains("SQLite, 1000000 spaces to 1000, product's throughput: landing **0.56**,"), "{report}");
    }

    #[test]
    fn pgbench_and_stolen_time_are_told() {
        let mut measured = measurement(DatabaseKind::Postgres, 1000, 900.0);
        measured.pgbench = vec![1000.0, 3000.0, 2000.0];
        measured.cells[0].steal = 7.5;
        let report = write(&[measured]).expect("a report");
        assert!(report.contains("`pgbench -N`, 1000 spaces: **0.45**."), "{report}");
        assert!(report.contains("| 7.5 % (!) |") && !report.contains("product's throughput"), "{report}");
    }
}
