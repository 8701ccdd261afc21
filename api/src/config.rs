//! The configuration: environment variables, one table of them, one typed struct.

use std::{collections::BTreeMap, fs, net::SocketAddr, ops::RangeInclusive, path::PathBuf, time::Duration};

use chrono::TimeDelta;
use persistence::DatabaseUrl;

use crate::{
    http::{
        address::{ForwardedHeader, Proxies},
        cors,
        limits::{Allowance, Allowances},
        strength::Levels,
    },
    keys::{development, secret::read_secret},
    mail::MailServer,
    tokens::issuer::IssuerSettings,
};

/// One environment variable.
pub struct Setting {
    /// Its name.
    pub name: &'static str,
    /// What is taken where it is not set, in words.
    pub default: &'static str,
    /// What it is for.
    pub about: &'static str,
}

/// Every setting; README.md shows this table, and a test compares.
pub const SETTINGS: &[Setting] = &[
    Setting { name: "ESPACE_PRO_MODE", default: "`production`", about: "`development` or `production`" },
    Setting { name: "ESPACE_PRO_LISTEN", default: "`127.0.0.1:8080`", about: "address and port of the API" },
    Setting {
        name: "ESPACE_PRO_METRICS_LISTEN",
        default: "none",
        about: "address and port of `/metrics` (OpenMetrics), apart from the API",
    },
    Setting {
        name: "ESPACE_PRO_PUBLIC_URL",
        default: "`http://` and the address listened on; required in production",
        about: "the address that clients use: issuer and audience of our tokens",
    },
    Setting {
        name: "ESPACE_PRO_DATA_DIR",
        default: "`./var`; in production `/var/lib/espace-pro`",
        about: "folder of the SQLite file, the files, the keys and the mail drop",
    },
    Setting {
        name: "ESPACE_PRO_STORE_ROOM",
        default: "`files` in the data folder",
        about: "folder of the files that people and administrations hand in, encrypted (docs/operations.md)",
    },
    Setting {
        name: "ESPACE_PRO_DATABASE_URL",
        default: "`sqlite:` and `espace-pro.db` in the data folder",
        about: "`sqlite:PATH` or `postgres://…`",
    },
    Setting {
        name: "ESPACE_PRO_DATABASE_CONNECTIONS",
        default: "`4`",
        about: "connections for reading; on PostgreSQL as many again for writing (1 to 64)",
    },
    Setting {
        name: "ESPACE_PRO_DATABASE_QUEUE",
        default: "`1024`",
        about: "transactions that may wait for a connection; one more is answered 503 at once (1 to 65536)",
    },
    Setting {
        name: "ESPACE_PRO_DATA_KEYS",
        default: "development makes one; required in production",
        about: "`id:base64,…`: keys of 32 bytes that protect personal data at rest, the current one first (`espace-pro key data new`)",
    },
    Setting {
        name: "ESPACE_PRO_DATA_KEYS_FILE",
        default: "none",
        about: "instead of `ESPACE_PRO_DATA_KEYS`: a file, mode 0600, that says the same",
    },
    Setting {
        name: "ESPACE_PRO_SIGNING_KEYS",
        default: "`keys/signing` in the data folder",
        about: "folder of the Ed25519 keys that sign our tokens, `*.pem`, mode 0600, each named after the moment from which it signs (`espace-pro key signing add`)",
    },
    Setting {
        name: "ESPACE_PRO_ISSUERS",
        default: "none",
        about: "JSON file of the trusted identity providers (docs/operations.md)",
    },
    Setting {
        name: "ESPACE_PRO_LEVELS",
        default: "the levels of `openapi.yaml` (`x-login`)",
        about: "`operationId=level` or `operationId=level/seconds`, with commas: the least level of login (`low`, `substantial`, `high`), and how long ago it may be; `operationId.administrator` for what some want as well against an administrator",
    },
    Setting {
        name: "ESPACE_PRO_SANDBOX",
        default: "`on` in development",
        about: "`on` or `off`: the built-in issuer with its test persons; `on` is refused in production",
    },
    Setting {
        name: "ESPACE_PRO_SANDBOX_EXPOSED",
        default: "`off`",
        about: "`on` or `off`: lets the sandbox be reached from other machines",
    },
    Setting {
        name: "ESPACE_PRO_LIMITS",
        default: "`on`",
        about: "`on` or `off`: the limits of requests that follow; `off`, for load tests, is refused in production",
    },
    Setting {
        name: "ESPACE_PRO_LIMIT_PERSON",
        default: "`1200/60`",
        about: "requests/seconds of one person, system user or partner, with whichever token",
    },
    Setting { name: "ESPACE_PRO_LIMIT_ADDRESS", default: "`6000/60`", about: "requests/seconds of one client address" },
    Setting {
        name: "ESPACE_PRO_LIMIT_REGISTRATIONS",
        default: "`600/600`",
        about: "requests/seconds of one client address to register and confirm products",
    },
    Setting {
        name: "ESPACE_PRO_LIMIT_TOKENS",
        default: "`600/60`",
        about: "requests/seconds of one client address to get tokens",
    },
    Setting {
        name: "ESPACE_PRO_LIMIT_VERIFICATIONS",
        default: "`120/60`",
        about: "requests/seconds of one client address to verify transmission slips",
    },
    Setting {
        name: "ESPACE_PRO_TRUSTED_PROXIES",
        default: "none",
        about: "addresses and networks (`10.0.0.0/8`) of our own proxies, with commas: what they say of a client's address is believed",
    },
    Setting {
        name: "ESPACE_PRO_FORWARDED_HEADER",
        default: "`x-forwarded-for`",
        about: "`x-forwarded-for` or `forwarded` (RFC 7239): where those proxies say it",
    },
    Setting {
        name: "ESPACE_PRO_CORS_ORIGINS",
        default: "none",
        about: "origins (`https://portal.example.lu`), with commas, whose pages may use the API",
    },
    Setting {
        name: "ESPACE_PRO_CONNECTIONS",
        default: "`1024`",
        about: "open connections; further ones wait in the backlog (1 to 100000)",
    },
    Setting {
        name: "ESPACE_PRO_BACKLOG",
        default: "`1024`",
        about: "connections that wait to be accepted (1 to 65535; the system's own bound holds too)",
    },
    Setting {
        name: "ESPACE_PRO_HEADER_SECONDS",
        default: "`10`",
        about: "how long a client may take to send a request's headers (1 to 600)",
    },
    Setting {
        name: "ESPACE_PRO_BODY_SECONDS",
        default: "`20`",
        about: "how long a client may take to send a request's body, or the next piece of a file (1 to 600)",
    },
    Setting {
        name: "ESPACE_PRO_UPLOAD_SECONDS",
        default: "`900`",
        about: "how long a client may take to send a file (1 to 86400)",
    },
    Setting {
        name: "ESPACE_PRO_KEEP_ALIVE_SECONDS",
        default: "`75`",
        about: "how long an idle connection is kept (1 to 3600); longer than the proxy keeps it",
    },
    Setting {
        name: "ESPACE_PRO_WORKER",
        default: "`on`",
        about: "`on` or `off`: whether `serve` also does the worker's jobs; where it is off, on PostgreSQL alone, `espace-pro worker` does them",
    },
    Setting {
        name: "ESPACE_PRO_MAIL_URL",
        default: "development drops mails into a folder; required in production",
        about: "the mail server: `smtps://user:password@host`, or `smtp://user:password@host?tls=required` for STARTTLS; plain `smtp://host` without a password, in production only on this machine",
    },
    Setting {
        name: "ESPACE_PRO_MAIL_FROM",
        default: "none; required with a mail server",
        about: "whom mails are from: an address, or `Name <address>`",
    },
    Setting {
        name: "ESPACE_PRO_EVENTS_DAYS",
        default: "`90`",
        about: "how long the feeds of administrations keep events (1 to 3650)",
    },
    Setting {
        name: "ESPACE_PRO_DRAIN_SECONDS",
        default: "`0`; in production `5`",
        about: "how long readiness fails before the server stops listening",
    },
    Setting { name: "ESPACE_PRO_LOG_FORMAT", default: "`pretty`; in production `json`", about: "`json` or `pretty`" },
    Setting { name: "ESPACE_PRO_LOG", default: "`info`", about: "what is logged, as `tracing` filters are written" },
];

/// The table of settings, as README.md shows it.
pub fn table() -> String {
    let rows =
        SETTINGS.iter().map(|setting| format!("| `{}` | {} | {} |\n", setting.name, setting.default, setting.about));
    format!("| variable | default | what it is for |\n|---|---|---|\n{}", rows.collect::<String>())
}

/// Where the program runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// On somebody's own machine: makes what it lacks.
    Development,
    /// For real persons: what it lacks is an error.
    Production,
}

/// How logs are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For eyes.
    Pretty,
}

/// What is logged, and how.
#[derive(Debug, Clone)]
pub struct Logging {
    /// How it is written.
    pub format: LogFormat,
    /// What, as `tracing` filters are written.
    pub filter: String,
}

/// How long a client may take.
#[derive(Debug, Clone, Copy)]
pub struct Deadlines {
    /// To send its headers.
    pub headers: Duration,
    /// To send a body, or the next piece of a file.
    pub body: Duration,
    /// To send a file.
    pub upload: Duration,
    /// To send another request.
    pub idle: Duration,
}

/// How many clients there may be.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// On open connections.
    pub connections: usize,
    /// Waiting for one.
    pub backlog: i32,
}

/// The configuration, checked.
#[derive(Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the operator's own")]
pub struct Config {
    /// Where the program runs.
    pub mode: Mode,
    /// Where the API listens.
    pub listen: SocketAddr,
    /// Where `/metrics` listens, if anywhere.
    pub metrics_listen: Option<SocketAddr>,
    /// The address that clients use, without a slash at its end.
    pub public_url: String,
    /// Folder of files.
    pub data_dir: PathBuf,
    /// Folder of the store room.
    pub store_room: PathBuf,
    /// The database.
    pub database_url: DatabaseUrl,
    /// Its connections.
    pub database_connections: u32,
    /// How many transactions may wait for one.
    pub database_queue: usize,
    /// The data keys, unless development is to make one.
    pub data_keys: Option<String>,
    /// Folder of the signing keys.
    pub signing_keys: PathBuf,
    /// Trusted issuers.
    pub issuers: Vec<IssuerSettings>,
    /// How strong a login each operation wants.
    pub levels: Levels,
    /// Whether the sandbox is on.
    pub sandbox: bool,
    /// Whether the sandbox answers other machines.
    pub sandbox_exposed: bool,
    /// Whether requests are limited.
    pub limits: bool,
    /// To how many.
    pub allowances: Allowances,
    /// Who is believed about a client's address.
    pub proxies: Proxies,
    /// Whose pages may use the API.
    pub cors_origins: Vec<String>,
    /// How many connections there may be.
    pub bounds: Bounds,
    /// How long clients may take.
    pub deadlines: Deadlines,
    /// Whether the server also does the worker's jobs.
    pub worker: bool,
    /// Where mails go, unless development drops them into a folder.
    pub mail_server: Option<MailServer>,
    /// How long the feeds of administrations keep events.
    pub events_kept: TimeDelta,
    /// How long readiness fails before the server stops listening.
    pub drain: Duration,
    /// What is logged, and how.
    pub logging: Logging,
}

/// The variables, read one by one; what is wrong with them is gathered.
struct Reader {
    variables: BTreeMap<String, String>,
    problems: Vec<String>,
}

impl Config {
    /// Reads the configuration from environment variables; an empty one counts as not set.
    ///
    /// # Errors
    /// Every problem, a sentence each, none of which shows a secret.
    pub fn read(variables: impl IntoIterator<Item = (String, String)>) -> Result<Self, Vec<String>> {
        let mut reader = Reader::of(variables);
        let config = reader.config();
        match config {
            Some(config) if reader.problems.is_empty() => Ok(config),
            _ => Err(reader.problems),
        }
    }
}

/// Only where the database is: who migrates it needs no keys.
///
/// # Errors
/// Every problem, a sentence each.
pub fn database(variables: impl IntoIterator<Item = (String, String)>) -> Result<DatabaseUrl, Vec<String>> {
    let mut reader = Reader::of(variables);
    let is_production = reader.mode() == Mode::Production;
    let data_dir = reader.data_dir(is_production);
    let url = reader.database_url(&data_dir);
    url.ok_or(reader.problems)
}

/// Only what is logged, and how: for acts of operators.
///
/// # Errors
/// Every problem, a sentence each.
pub fn logging(variables: impl IntoIterator<Item = (String, String)>) -> Result<Logging, Vec<String>> {
    let mut reader = Reader::of(variables);
    let is_production = reader.mode() == Mode::Production;
    let logging = reader.logging(is_production);
    if reader.problems.is_empty() { Ok(logging) } else { Err(reader.problems) }
}

/// Where an operator says the data keys; they are read when they are wanted, for a file may be made later.
pub enum DataKeySource {
    /// In `ESPACE_PRO_DATA_KEYS`, which says this.
    Variable(String),
    /// In the file that `ESPACE_PRO_DATA_KEYS_FILE` names.
    File(PathBuf),
    /// In the file that development makes for itself.
    Development(PathBuf),
}

impl DataKeySource {
    /// What they are.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub fn read(&self) -> Result<String, String> {
        match self {
            Self::Variable(keys) => Ok(keys.clone()),
            Self::File(path) => read_secret(path).map_err(|problem| format!("ESPACE_PRO_DATA_KEYS_FILE: {problem}")),
            Self::Development(path) => read_secret(path),
        }
    }
}

/// Only where keys are, and what they protect: who makes a server's first ones has no others yet.
pub struct KeySettings {
    /// Folder of files.
    pub data_dir: PathBuf,
    /// The database.
    pub database_url: DatabaseUrl,
    /// Where the data keys are said, if anywhere.
    pub data_keys: Option<DataKeySource>,
    /// Folder of the signing keys.
    pub signing_keys: PathBuf,
}

impl KeySettings {
    /// Reads them from environment variables.
    ///
    /// # Errors
    /// Every problem, a sentence each, none of which shows a secret.
    pub fn read(variables: impl IntoIterator<Item = (String, String)>) -> Result<Self, Vec<String>> {
        let mut reader = Reader::of(variables);
        let is_production = reader.mode() == Mode::Production;
        let data_dir = reader.data_dir(is_production);
        let signing_keys = reader.signing_keys(&data_dir);
        let development = || (!is_production).then(|| DataKeySource::Development(development::file(&data_dir)));
        let data_keys = reader.data_key_source().or_else(development);
        match reader.database_url(&data_dir) {
            Some(database_url) if reader.problems.is_empty() => {
                Ok(Self { data_dir, database_url, data_keys, signing_keys })
            }
            _ => Err(reader.problems),
        }
    }
}

impl Reader {
    fn of(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        Self { variables: variables.into_iter().filter(|(_, value)| !value.is_empty()).collect(), problems: vec![] }
    }

    fn mode(&mut self) -> Mode {
        let modes = [("development", Mode::Development), ("production", Mode::Production)];
        self.choice("ESPACE_PRO_MODE", Mode::Production, &modes)
    }

    fn data_dir(&self, is_production: bool) -> PathBuf {
        let default = if is_production { "/var/lib/espace-pro" } else { "./var" };
        self.get("ESPACE_PRO_DATA_DIR").unwrap_or(default.into()).into()
    }

    fn signing_keys(&self, data_dir: &std::path::Path) -> PathBuf {
        self.get("ESPACE_PRO_SIGNING_KEYS").map_or(data_dir.join("keys/signing"), PathBuf::from)
    }

    fn data_key_source(&mut self) -> Option<DataKeySource> {
        let (keys, file) = (self.get("ESPACE_PRO_DATA_KEYS"), self.get("ESPACE_PRO_DATA_KEYS_FILE"));
        self.require(
            keys.is_none() || file.is_none(),
            "ESPACE_PRO_DATA_KEYS and ESPACE_PRO_DATA_KEYS_FILE can't both be set",
        );
        keys.map(DataKeySource::Variable).or_else(|| Some(DataKeySource::File(file?.into())))
    }

    fn config(&mut self) -> Option<Config> {
        let mode = self.mode();
        let is_production = mode == Mode::Production;
        let switch = [("on", true), ("off", false)];
        let listen = self.parsed("ESPACE_PRO_LISTEN", |text| text.parse::<SocketAddr>().ok(), "an address and a port");
        let listen = listen.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8080)));
        let metrics_listen =
            self.parsed("ESPACE_PRO_METRICS_LISTEN", |text| text.parse().ok(), "an address and a port");
        let data_dir = self.data_dir(is_production);
        let sandbox = self.choice("ESPACE_PRO_SANDBOX", !is_production, &switch);
        let sandbox_exposed = self.choice("ESPACE_PRO_SANDBOX_EXPOSED", false, &switch);
        let limits = self.choice("ESPACE_PRO_LIMITS", true, &switch);
        let source = self.data_key_source();
        let data_keys =
            source.as_ref().and_then(|source| source.read().map_err(|problem| self.problems.push(problem)).ok());
        if is_production {
            self.require(!sandbox, "ESPACE_PRO_SANDBOX can't be on in production");
            self.require(limits, "ESPACE_PRO_LIMITS can't be off in production");
            self.require(source.is_some(), "ESPACE_PRO_DATA_KEYS is required in production");
        }
        self.require(
            !sandbox || sandbox_exposed || listen.ip().is_loopback(),
            "the sandbox listens only on a loopback address, unless ESPACE_PRO_SANDBOX_EXPOSED is on",
        );
        let worker = self.choice("ESPACE_PRO_WORKER", true, &switch);
        let (public_url, database_url) = (self.public_url(is_production, listen), self.database_url(&data_dir));
        self.require(
            worker || !matches!(database_url, Some(DatabaseUrl::Sqlite(_))),
            "ESPACE_PRO_WORKER can't be off on SQLite, which one process has to itself",
        );
        Some(Config {
            database_connections: self.number("ESPACE_PRO_DATABASE_CONNECTIONS", 1..=64, 4),
            database_queue: self.number("ESPACE_PRO_DATABASE_QUEUE", 1..=65_536, 1024) as usize,
            store_room: self.get("ESPACE_PRO_STORE_ROOM").map_or(data_dir.join("files"), PathBuf::from),
            signing_keys: self.signing_keys(&data_dir),
            issuers: self.issuers(),
            levels: self.levels(),
            allowances: self.allowances(),
            proxies: self.proxies(),
            cors_origins: self.list(
                "ESPACE_PRO_CORS_ORIGINS",
                |text| cors::is_origin(text).then(|| text.to_owned()),
                "origins such as https://portal.example.lu, with commas",
            ),
            bounds: self.bounds(),
            deadlines: self.deadlines(),
            events_kept: TimeDelta::days(self.number("ESPACE_PRO_EVENTS_DAYS", 1..=3650, 90).into()),
            drain: self.seconds("ESPACE_PRO_DRAIN_SECONDS", 0..=600, if is_production { 5 } else { 0 }),
            worker,
            mail_server: self.mail_server(is_production),
            logging: self.logging(is_production),
            public_url: public_url?,
            database_url: database_url?,
            mode,
            listen,
            metrics_listen,
            data_dir,
            data_keys,
            sandbox,
            sandbox_exposed,
            limits,
        })
    }

    fn get(&self, name: &str) -> Option<String> {
        debug_assert!(SETTINGS.iter().any(|setting| setting.name == name), "{name} is not in the table");
        self.variables.get(name).cloned()
    }

    fn require(&mut self, holds: bool, problem: &str) {
        if !holds {
            self.problems.push(problem.to_owned());
        }
    }

    fn parsed<T>(&mut self, name: &str, parse: impl Fn(&str) -> Option<T>, form: &str) -> Option<T> {
        let value = parse(&self.get(name)?);
        self.require(value.is_some(), &format!("{name} must be {form}"));
        value
    }

    fn number(&mut self, name: &str, range: RangeInclusive<u32>, default: u32) -> u32 {
        let form = format!("{} to {}", range.start(), range.end());
        self.parsed(name, |text| text.parse().ok().filter(|number| range.contains(number)), &form).unwrap_or(default)
    }

    fn seconds(&mut self, name: &str, range: RangeInclusive<u32>, default: u32) -> Duration {
        Duration::from_secs(self.number(name, range, default).into())
    }

    fn list<T>(&mut self, name: &str, parse: impl Fn(&str) -> Option<T>, form: &str) -> Vec<T> {
        self.parsed(name, |text| text.split(',').map(|item| parse(item.trim())).collect(), form).unwrap_or_default()
    }

    fn allowances(&mut self) -> Allowances {
        let mut allowance = |name: &str, requests: u32, seconds: u32| {
            let form = "requests/seconds, such as 600/60, up to 1000000/86400";
            self.parsed(name, Allowance::parse, form).unwrap_or(Allowance::new(requests, seconds))
        };
        Allowances {
            person: allowance("ESPACE_PRO_LIMIT_PERSON", 1200, 60),
            address: allowance("ESPACE_PRO_LIMIT_ADDRESS", 6000, 60),
            registrations: allowance("ESPACE_PRO_LIMIT_REGISTRATIONS", 600, 600),
            tokens: allowance("ESPACE_PRO_LIMIT_TOKENS", 600, 60),
            verifications: allowance("ESPACE_PRO_LIMIT_VERIFICATIONS", 120, 60),
        }
    }

    fn proxies(&mut self) -> Proxies {
        let headers = [("x-forwarded-for", ForwardedHeader::XForwardedFor), ("forwarded", ForwardedHeader::Forwarded)];
        Proxies {
            trusted: self.list("ESPACE_PRO_TRUSTED_PROXIES", Proxies::network, "addresses and networks, with commas"),
            header: self.choice("ESPACE_PRO_FORWARDED_HEADER", ForwardedHeader::XForwardedFor, &headers),
        }
    }

    fn bounds(&mut self) -> Bounds {
        Bounds {
            connections: self.number("ESPACE_PRO_CONNECTIONS", 1..=100_000, 1024) as usize,
            backlog: self.number("ESPACE_PRO_BACKLOG", 1..=65_535, 1024).cast_signed(),
        }
    }

    fn deadlines(&mut self) -> Deadlines {
        Deadlines {
            headers: self.seconds("ESPACE_PRO_HEADER_SECONDS", 1..=600, 10),
            body: self.seconds("ESPACE_PRO_BODY_SECONDS", 1..=600, 20),
            upload: self.seconds("ESPACE_PRO_UPLOAD_SECONDS", 1..=86_400, 900),
            idle: self.seconds("ESPACE_PRO_KEEP_ALIVE_SECONDS", 1..=3600, 75),
        }
    }

    fn logging(&mut self, is_production: bool) -> Logging {
        let formats = [("json", LogFormat::Json), ("pretty", LogFormat::Pretty)];
        let usual = if is_production { LogFormat::Json } else { LogFormat::Pretty };
        Logging {
            format: self.choice("ESPACE_PRO_LOG_FORMAT", usual, &formats),
            filter: self.get("ESPACE_PRO_LOG").unwrap_or("info".into()),
        }
    }

    fn choice<T: Copy>(&mut self, name: &str, default: T, choices: &[(&str, T)]) -> T {
        let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
        let choose = |text: &str| choices.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        self.parsed(name, choose, &words.join(" or ")).unwrap_or(default)
    }

    fn public_url(&mut self, is_production: bool, listen: SocketAddr) -> Option<String> {
        let Some(url) = self.get("ESPACE_PRO_PUBLIC_URL") else {
            self.require(!is_production, "ESPACE_PRO_PUBLIC_URL is required in production");
            return Some(format!("http://{listen}"));
        };
        let authority = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        let is_url =
            authority.is_some_and(|authority| !authority.is_empty() && !authority.contains(['/', '?', '#', ' ', '@']));
        self.require(is_url, "ESPACE_PRO_PUBLIC_URL must be http(s)://, a host and perhaps a port");
        is_url.then_some(url)
    }

    fn database_url(&mut self, data_dir: &std::path::Path) -> Option<DatabaseUrl> {
        let url = self
            .get("ESPACE_PRO_DATABASE_URL")
            .unwrap_or_else(|| format!("sqlite:{}", data_dir.join("espace-pro.db").display()));
        DatabaseUrl::parse(&url)
            .map_err(|problem| self.problems.push(format!("ESPACE_PRO_DATABASE_URL: {problem}")))
            .ok()
    }

    fn mail_server(&mut self, is_production: bool) -> Option<MailServer> {
        let Some(url) = self.get("ESPACE_PRO_MAIL_URL") else {
            self.require(!is_production, "ESPACE_PRO_MAIL_URL is required in production");
            return None;
        };
        let from = self.get("ESPACE_PRO_MAIL_FROM");
        self.require(from.is_some(), "ESPACE_PRO_MAIL_FROM is required with ESPACE_PRO_MAIL_URL");
        MailServer::parse(&url, &from?, is_production).map_err(|problem| self.problems.push(problem)).ok()
    }

    fn levels(&mut self) -> Levels {
        let levels = self.get("ESPACE_PRO_LEVELS").map_or_else(|| Ok(Levels::default()), |text| Levels::parse(&text));
        levels.unwrap_or_else(|problem| {
            self.problems.push(format!("ESPACE_PRO_LEVELS: {problem}"));
            Levels::default()
        })
    }

    fn issuers(&mut self) -> Vec<IssuerSettings> {
        let Some(path) = self.get("ESPACE_PRO_ISSUERS") else { return vec![] };
        let read = fs::read_to_string(&path).map_err(|error| error.to_string());
        let parsed = read.and_then(|text| serde_json::from_str(&text).map_err(|error| error.to_string()));
        parsed.map_err(|error| self.problems.push(format!("ESPACE_PRO_ISSUERS: {path}: {error}"))).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Config, Vec<String>> {
        Config::read(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    #[test]
    fn development_needs_nothing() {
        let config = read(&[("ESPACE_PRO_MODE", "development")]).unwrap_or_else(|problems| panic!("{problems:?}"));
        assert!(config.sandbox && config.limits);
        assert_eq!(config.public_url, "http://127.0.0.1:8080");
        assert_eq!(config.database_url, DatabaseUrl::Sqlite("./var/espace-pro.db".into()));
    }

    #[test]
    fn production_names_all_that_is_missing_or_forbidden_at_once() {
        let problems =
            read(&[("ESPACE_PRO_SANDBOX", "on"), ("ESPACE_PRO_LIMITS", "off"), ("ESPACE_PRO_LISTEN", "nowhere")])
                .err()
                .unwrap();
        for name in ["SANDBOX", "LIMITS", "LISTEN", "DATA_KEYS", "PUBLIC_URL", "MAIL_URL"] {
            assert!(problems.iter().any(|problem| problem.contains(name)), "{name} is not named in {problems:?}");
        }
    }

    #[test]
    fn every_wrong_value_is_named_at_once() {
        let wrong = [
            ("ESPACE_PRO_DATABASE_QUEUE", "0"),
            ("ESPACE_PRO_LIMIT_PERSON", "600"),
            ("ESPACE_PRO_LIMIT_ADDRESS", "0/60"),
            ("ESPACE_PRO_LIMIT_REGISTRATIONS", "-1/60"),
            ("ESPACE_PRO_LIMIT_TOKENS", "many"),
            ("ESPACE_PRO_LIMIT_VERIFICATIONS", "0/60"),
            ("ESPACE_PRO_TRUSTED_PROXIES", "10.0.0.0/8, proxy"),
            ("ESPACE_PRO_FORWARDED_HEADER", "x-real-ip"),
            ("ESPACE_PRO_CORS_ORIGINS", "https://portal.example.lu,*"),
            ("ESPACE_PRO_CONNECTIONS", "0"),
            ("ESPACE_PRO_BACKLOG", "70000"),
            ("ESPACE_PRO_HEADER_SECONDS", "0"),
            ("ESPACE_PRO_BODY_SECONDS", "601"),
            ("ESPACE_PRO_KEEP_ALIVE_SECONDS", "soon"),
            ("ESPACE_PRO_EVENTS_DAYS", "0"),
            ("ESPACE_PRO_DRAIN_SECONDS", "601"),
        ];
        let development = [("ESPACE_PRO_MODE", "development")];
        let problems = read(&[&development[..], &wrong].concat()).err().unwrap();
        assert_eq!(problems.len(), wrong.len(), "{problems:?}");
        for (problem, (name, _)) in problems.iter().zip(wrong) {
            assert!(
                problems.iter().any(|problem| problem.starts_with(&format!("{name} must be"))),
                "{name}: {problem}"
            );
        }
    }

    #[test]
    fn lists_are_read_with_or_without_spaces() {
        let config = read(&[
            ("ESPACE_PRO_MODE", "development"),
            ("ESPACE_PRO_CORS_ORIGINS", "https://a.lu,http://localhost:5173"),
            ("ESPACE_PRO_TRUSTED_PROXIES", "10.0.0.0/8, 192.0.2.1, 2001:db8::/32"),
        ]);
        let config = config.unwrap_or_else(|problems| panic!("{problems:?}"));
        assert_eq!(config.cors_origins, ["https://a.lu", "http://localhost:5173"]);
        assert_eq!(config.proxies.trusted.len(), 3);
    }

    #[test]
    fn a_sandbox_is_not_opened_to_the_world_by_accident() {
        let open = [("ESPACE_PRO_MODE", "development"), ("ESPACE_PRO_LISTEN", "0.0.0.0:8080")];
        assert!(read(&open).is_err());
        assert!(read(&[open[0], open[1], ("ESPACE_PRO_SANDBOX_EXPOSED", "on")]).is_ok());
        assert!(read(&[open[0], open[1], ("ESPACE_PRO_SANDBOX", "off")]).is_ok());
    }
    #[test]
    fn a_mail_server_is_reached_safely_and_its_password_never_shown() {
        let mailing = |mode: &str, url: &str, from: &str| {
            let variables = [
                ("ESPACE_PRO_MODE", mode),
                ("ESPACE_PRO_PUBLIC_URL", "https://example.lu"),
                ("ESPACE_PRO_DATA_KEYS", "k:AAAA"),
                ("ESPACE_PRO_MAIL_URL", url),
                ("ESPACE_PRO_MAIL_FROM", from),
            ];
            read(&variables).map(|config| config.mail_server.is_some())
        };
        let from = "Espace Pro <no-reply@example.lu>";
        for url in ["smtps://me:hush@mx.example", "smtp://me:hush@mx.example:2525?tls=required", "smtp://127.0.0.1:25"]
        {
            assert_eq!(mailing("production", url, from), Ok(true), "{url}");
        }
        assert_eq!(mailing("development", "smtp://mx.example", "no-reply@example.lu"), Ok(true));
        for (mode, url, from) in [
            ("production", "smtp://mx.example", from),
            ("development", "smtp://me:hush@mx.example", from),
            ("development", "smtp://me:hush@mx.example?tls=opportunistic", from),
            ("development", "smtp://me:hush@mx.example?ssl=true", from),
            ("development", "http://me:hush@mx.example", from),
            ("development", "me:hush@mx.example", from),
            ("development", "smtps://me:hush@", from),
            ("development", "smtps://me:hush@mx.example", "nobody"),
            ("development", "smtps://me:hush@mx.example", ""),
        ] {
            let told = mailing(mode, url, from).err().unwrap_or_else(|| panic!("{url} was taken"));
            assert!(told.len() == 1 && told[0].contains("ESPACE_PRO_MAIL") && !told[0].contains("hush"), "{told:?}");
        }
    }
}
