//! Logs: structured events on standard error, JSON or for eyes.

use std::io::stderr;

use tracing_subscriber::{EnvFilter, fmt};

use crate::config::{LogFormat, Logging};

/// Starts logging.
///
/// # Errors
/// The filter can't be read.
pub fn start(logging: &Logging) -> Result<(), String> {
    let filter = EnvFilter::try_new(&logging.filter).map_err(|error| format!("ESPACE_PRO_LOG: {error}"))?;
    let builder = fmt().with_env_filter(filter).with_writer(stderr).with_target(false);
    match logging.format {
        LogFormat::Json => builder.json().flatten_event(true).init(),
        LogFormat::Pretty => builder.init(),
    }
    Ok(())
}
