//! The application: what every request finds ready, and how it is made ready.

use std::{
    fs,
    os::unix::fs::DirBuilderExt,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64},
    },
};

use domain::{identity::Terms, text::Language};
use governor::clock::MonotonicClock;
use persistence::{Clock, Settings, Store, StoreError};
use tokio::sync::Semaphore;

use crate::{
    catalogue::command as catalogue,
    config::{Config, Mode},
    http::{limits::Limits, upload::Turns},
    keys::{DataKeys, development, security_code::SecurityCodes},
    mail::Drop,
    metrics::Metrics,
    sandbox::Sandbox,
    store_room::StoreRoom,
    tokens::{access::AccessTokens, issuer::Issuers, signing},
};

/// The fact that a sandbox wrote to a database: production never serves it.
const SANDBOX_MARK: &str = "sandbox";

/// What every request finds ready.
pub struct App {
    /// The configuration.
    pub config: Config,
    /// The clock.
    pub clock: Clock,
    /// The database.
    pub store: Store,
    /// Where files are kept.
    pub store_room: StoreRoom,
    /// Who sends files now.
    pub uploads: Turns,
    /// What protects data at rest.
    pub data_keys: DataKeys,
    /// What hashes security codes and tries them.
    pub security_codes: SecurityCodes,
    /// Our tokens.
    pub access: AccessTokens,
    /// Whose assertions are believed.
    pub issuers: Issuers,
    /// The test persons, in development.
    pub sandbox: Option<Sandbox>,
    /// Where mails go.
    pub mail_drop: Drop,
    /// How many assertions are verified at a time.
    pub assertion_turns: Semaphore,
    /// Whether the server is about to stop: readiness fails.
    pub is_draining: AtomicBool,
    /// In which second the database was last seen to answer a probe.
    pub answered_at: AtomicI64,
    /// What is counted.
    pub metrics: Metrics,
    /// How much one caller may ask, unless load tests are run.
    pub limits: Option<Limits>,
}

impl App {
    /// Makes everything ready: folders, keys, database, issuers; in development what is missing is made.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub async fn open(config: Config, clock: Clock) -> Result<Arc<Self>, String> {
        make_private_folder(&config.data_dir)?;
        let is_development = config.mode == Mode::Development;
        if is_development {
            signing::make_first_key(&config.signing_keys)?;
        }
        let data_keys = match &config.data_keys {
            Some(keys) => DataKeys::parse(keys)?,
            None => DataKeys::parse(&development::keys_or_first(&config.data_dir)?)?,
        };
        let metrics = Metrics::default();
        let security_codes = SecurityCodes::new(metrics.security_codes.clone())?;
        let access = AccessTokens::load(&config.signing_keys, &config.public_url, clock())?;
        let sandbox = config.sandbox.then(|| Sandbox::open(&config)).transpose()?;
        let trusted = config.issuers.iter().cloned().chain(sandbox.iter().map(Sandbox::issuer)).collect();
        let issuers = Issuers::prepare(trusted)?;

        let settings = Settings::new(config.database_url.clone(), clock.clone());
        let (connections, queue) = (config.database_connections, config.database_queue);
        let store = Store::open(&Settings { connections, queue, ..settings });
        let store = store.map_err(|error| format!("database: {error}"))?;
        prepare(&store, &config).await?;
        if sandbox.is_some() {
            // Whoever tries the API finds services to be certified for. A newer version that somebody loaded is as good.
            let _ = catalogue::seed(&store).await.inspect_err(|problem| tracing::warn!(problem, "nothing was seeded"));
        }

        make_private_folder(&config.store_room)?;
        let store_room = StoreRoom::in_folder(config.store_room.clone())?;
        let mail_drop = Drop::new(config.data_dir.join("mails"));
        let limits = config.limits.then(|| Limits::new(&config.allowances, &MonotonicClock));
        let is_draining = AtomicBool::new(false);
        Ok(Arc::new(Self {
            config,
            clock,
            store,
            store_room,
            uploads: Turns::default(),
            data_keys,
            security_codes,
            access,
            issuers,
            sandbox,
            mail_drop,
            assertion_turns: Semaphore::new(4),
            is_draining,
            answered_at: AtomicI64::new(0),
            metrics,
            limits,
        }))
    }
}

/// Makes a folder that nobody else looks into: codes, addresses and keys lie in it.
fn make_private_folder(path: &Path) -> Result<(), String> {
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|error| format!("{}: {error}", path.display()))
}

/// Marks a database that a sandbox writes to, refuses such a one in production, and gives development terms of use.
async fn prepare(store: &Store, config: &Config) -> Result<(), String> {
    let (mode, has_sandbox) = (config.mode, config.sandbox);
    let prepared = store.write(move |tx| {
        if has_sandbox {
            tx.set_installation_fact(SANDBOX_MARK, "on")?;
        }
        if mode == Mode::Development && tx.terms_in_force()?.is_none() {
            let terms = Terms { version: "2026-01".into(), published_at: tx.now() };
            tx.publish_terms(&terms, &[(Language::Fr, SAMPLE_TERMS_FR), (Language::En, SAMPLE_TERMS_EN)])?;
        }
        tx.installation_fact(SANDBOX_MARK)
    });
    let mark = match prepared.await {
        // Two servers that start at once prepare the same.
        Err(StoreError::Conflict(_)) => None,
        prepared => prepared.map_err(|error| format!("database: {error}"))?,
    };
    if mode == Mode::Production && mark.is_some() {
        return Err("a sandbox wrote to this database: production does not serve it".into());
    }
    Ok(())
}

const SAMPLE_TERMS_FR: &str = "Conditions générales d'utilisation : exemple pour le développement.";
const SAMPLE_TERMS_EN: &str = "Terms of use: a sample for development.";
