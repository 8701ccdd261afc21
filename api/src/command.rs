//! What an operator does from the command line, beside a server that may run.

use std::{fs, path::PathBuf};

use domain::{identity::Terms, text::Language};
use persistence::{DatabaseUrl, Settings, Store, StoreError};

use crate::clock;

/// Brings the database's schema up to date.
///
/// # Errors
/// A sentence for the operator.
pub fn migrate(database: &DatabaseUrl) -> Result<(), String> {
    let run = database.migrate().map_err(|error| error.to_string())?;
    println!("{} migrations were run", run.len());
    Ok(())
}

/// Publishes a version of the terms of use, in force from now on.
///
/// # Errors
/// A sentence for the operator: the version exists, a file can't be read, or the database can't be written.
pub async fn publish_terms(
    database: DatabaseUrl,
    version: String,
    files: [(Language, Option<PathBuf>); 4],
) -> Result<(), String> {
    let version = Terms::parse_version(&version).map_err(|fault| format!("the version's name {fault}"))?;
    let mut texts = Vec::new();
    for (language, path) in files {
        if let Some(path) = path {
            texts.push((language, fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?));
        }
    }
    let store = beside(database)?;
    let published = version.clone();
    let kept = store.write(move |tx| {
        let terms = Terms { version, published_at: tx.now() };
        tx.publish_terms(&terms, &texts)
    });
    match kept.await {
        Ok(()) => {
            println!("version {published} of the terms of use is in force");
            Ok(())
        }
        Err(StoreError::Conflict(_)) => Err(format!("version {published} exists: a new text needs a new version")),
        Err(error) => Err(error.to_string()),
    }
}

/// The database, beside a server that may serve it.
///
/// # Errors
/// A sentence for the operator.
pub fn beside(database: DatabaseUrl) -> Result<Store, String> {
    let settings = Settings { serves: false, connections: 1, ..Settings::new(database, clock::system()) };
    Store::open(&settings).map_err(told)
}

/// What an operator is told of the database.
#[expect(clippy::needless_pass_by_value, reason = "an error is mapped")]
pub fn told(error: StoreError) -> String {
    format!("database: {error}")
}
