//! What an operator does with catalogues from the command line.

use std::{
    fmt::Write,
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use clap::Subcommand;
use domain::{
    catalogue::{Catalogue, Change, Loading, LoadingFault},
    text::Language,
};
use persistence::{DatabaseUrl, Store, StoreError};

use super::document::{self, Wrong};
use crate::command::{beside, told};

/// What is done.
#[derive(Subcommand)]
pub enum CatalogueCommand {
    /// Loads a catalogue, or a newer version of one: what that leaves out is retired.
    Load {
        /// The file, in YAML or JSON.
        file: PathBuf,
    },
    /// Says all that is wrong with a file; needs no database.
    Check {
        /// The file, in YAML or JSON.
        file: PathBuf,
    },
}

/// Does it, and says what was done.
///
/// # Errors
/// Sentences for the operator: all that is wrong.
pub async fn run(
    command: CatalogueCommand,
    database: impl FnOnce() -> Result<DatabaseUrl, String>,
) -> Result<String, String> {
    match command {
        CatalogueCommand::Load { file } => {
            let catalogue = of_file(&file)?;
            load(&beside(database()?)?, catalogue).await
        }
        CatalogueCommand::Check { file } => {
            let Catalogue { name, version, services, procedure_types, sources, .. } = of_file(&file)?;
            let mut words = format!("{name} {version} is a catalogue of these services:\n");
            list(&mut words, "", services.iter().map(|service| service.code.as_str()));
            list(&mut words, "types of procedures", procedure_types.iter().map(|of| of.kind.code.as_str()));
            list(&mut words, "authentic sources", sources.iter().map(|of| of.source.code.as_str()));
            Ok(words)
        }
    }
}

/// Adds codes, one a line, under what they are of where that is not told yet.
fn list<'c>(words: &mut String, of: &str, codes: impl Iterator<Item = &'c str>) {
    for (place, code) in codes.enumerate() {
        if place == 0 && !of.is_empty() {
            let _ = writeln!(words, "and of these {of}:");
        }
        let _ = writeln!(words, "  {code}");
    }
}

/// Loads the catalogue that comes with the program.
///
/// # Errors
/// Sentences for the operator.
pub async fn seed(store: &Store) -> Result<String, String> {
    load(store, read(document::SHIPPED, "the shipped catalogue")?).await
}

async fn load(store: &Store, catalogue: Catalogue) -> Result<String, String> {
    let title = format!("{} {}", catalogue.name, catalogue.version);
    let loaded = store.write(move |tx| {
        let loading = tx.lock_catalogues()?.load(catalogue)?;
        tx.save_loading(&loading)?;
        Ok(loading)
    });
    match loaded.await {
        Ok(loading) => Ok(in_words(&title, &loading)),
        Err(Hindrance::Faults(faults)) => Err(listed(&format!("{title} is not loaded"), faults)),
        Err(Hindrance::Store(error)) => Err(told(error)),
    }
}

fn in_words(title: &str, loading: &Loading) -> String {
    if loading.is_done() {
        return format!("{title} was loaded before: nothing to do\n");
    }
    let mut words = format!("{title} is loaded\n");
    for (kind, code, change) in loading.changes() {
        let change = match change {
            Change::Added => "added",
            Change::Changed => "changed",
            Change::Retired => "retired",
        };
        let _ = writeln!(words, "  {kind} {code}: {change}");
    }
    words
}

/// Why nothing was loaded.
enum Hindrance {
    Faults(Vec<LoadingFault>),
    Store(StoreError),
}

impl From<Vec<LoadingFault>> for Hindrance {
    fn from(faults: Vec<LoadingFault>) -> Self {
        Self::Faults(faults)
    }
}
impl From<StoreError> for Hindrance {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

fn of_file(path: &Path) -> Result<Catalogue, String> {
    let in_file = |error: std::io::Error| format!("{}: {error}", path.display());
    let mut text = String::new();
    let mut file = File::open(path).map_err(in_file)?.take(document::LIMIT + 1);
    let length = file.read_to_string(&mut text).map_err(in_file)?;
    if length as u64 > document::LIMIT {
        return Err(format!("{}: larger than {} bytes", path.display(), document::LIMIT));
    }
    read(&text, &path.display().to_string())
}

fn read(text: &str, name: &str) -> Result<Catalogue, String> {
    document::read(text).map_err(|wrong| match wrong {
        Wrong::Syntax(error) => format!("{name}: {error}"),
        Wrong::Fields(faults) => {
            listed(&format!("{name} is no catalogue"), faults.iter().map(|fault| fault.in_words(Language::En)))
        }
    })
}

fn listed(title: &str, lines: impl IntoIterator<Item = impl std::fmt::Display>) -> String {
    lines.into_iter().fold(format!("{title}:"), |mut words, line| {
        let _ = write!(words, "\n  {line}");
        words
    })
}
