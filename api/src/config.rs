//! The configuration: environment variables, one table of them, one typed struct.

use std::{collections::BTreeMap, fs, net::SocketAddr, path::PathBuf, time::Duration};

use persistence::DatabaseUrl;

use crate::tokens::issuer::IssuerSettings;

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
        about: "folder of the SQLite file, the keys and the mail drop",
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
        name: "ESPACE_PRO_DATA_KEYS",
        default: "development makes one; required in production",
        about: "`id:base64,…`: keys of 32 bytes that protect personal data at rest, the current one first (`openssl rand -base64 32`)",
    },
    Setting {
        name: "ESPACE_PRO_SIGNING_KEYS",
        default: "`keys/signing` in the data folder",
        about: "folder of the Ed25519 keys that sign our tokens, `*.pem`, mode 0600; the last by name signs (`openssl genpkey -algorithm ed25519`)",
    },
    Setting {
        name: "ESPACE_PRO_ISSUERS",
        default: "none",
        about: "JSON file of the trusted identity providers (docs/operations.md)",
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
        about: "`on` or `off`: limits of requests, of which none is enforced yet; `off`, for load tests, is refused in production",
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

/// The configuration, checked.
#[derive(Clone)]
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
    /// The database.
    pub database_url: DatabaseUrl,
    /// Its connections.
    pub database_connections: u32,
    /// The data keys, unless development is to make one.
    pub data_keys: Option<String>,
    /// Folder of the signing keys.
    pub signing_keys: PathBuf,
    /// Trusted issuers.
    pub issuers: Vec<IssuerSettings>,
    /// Whether the sandbox is on.
    pub sandbox: bool,
    /// Whether the sandbox answers other machines.
    pub sandbox_exposed: bool,
    /// Whether requests are limited.
    pub limits: bool,
    /// How long readiness fails before the server stops listening.
    pub drain: Duration,
    /// How logs are written.
    pub log_format: LogFormat,
    /// What is logged.
    pub log: String,
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
        let data_keys = self.get("ESPACE_PRO_DATA_KEYS");
        if is_production {
            self.require(!sandbox, "ESPACE_PRO_SANDBOX can't be on in production");
            self.require(limits, "ESPACE_PRO_LIMITS can't be off in production");
            self.require(data_keys.is_some(), "ESPACE_PRO_DATA_KEYS is required in production");
        }
        self.require(
            !sandbox || sandbox_exposed || listen.ip().is_loopback(),
            "the sandbox listens only on a loopback address, unless ESPACE_PRO_SANDBOX_EXPOSED is on",
        );
        let (public_url, database_url) = (self.public_url(is_production, listen), self.database_url(&data_dir));
        let connections = |text: &str| text.parse().ok().filter(|count| (1..=64).contains(count));
        let drain = self.parsed(
            "ESPACE_PRO_DRAIN_SECONDS",
            |text| text.parse().ok().filter(|seconds| *seconds <= 600),
            "0 to 600",
        );
        let formats = [("json", LogFormat::Json), ("pretty", LogFormat::Pretty)];
        Some(Config {
            database_connections: self.parsed("ESPACE_PRO_DATABASE_CONNECTIONS", connections, "1 to 64").unwrap_or(4),
            signing_keys: self.get("ESPACE_PRO_SIGNING_KEYS").map_or(data_dir.join("keys/signing"), PathBuf::from),
            issuers: self.issuers(),
            drain: Duration::from_secs(drain.unwrap_or(if is_production { 5 } else { 0 })),
            log_format: self.choice(
                "ESPACE_PRO_LOG_FORMAT",
                if is_production { LogFormat::Json } else { LogFormat::Pretty },
                &formats,
            ),
            log: self.get("ESPACE_PRO_LOG").unwrap_or("info".into()),
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
        for name in ["SANDBOX", "LIMITS", "LISTEN", "DATA_KEYS", "PUBLIC_URL"] {
            assert!(problems.iter().any(|problem| problem.contains(name)), "{name} is not named in {problems:?}");
        }
    }

    #[test]
    fn a_sandbox_is_not_opened_to_the_world_by_accident() {
        let open = [("ESPACE_PRO_MODE", "development"), ("ESPACE_PRO_LISTEN", "0.0.0.0:8080")];
        assert!(read(&open).is_err());
        assert!(read(&[open[0], open[1], ("ESPACE_PRO_SANDBOX_EXPOSED", "on")]).is_ok());
        assert!(read(&[open[0], open[1], ("ESPACE_PRO_SANDBOX", "off")]).is_ok());
    }
}
