//! Configuration: defaults < file < environment (`HOANHAP_…`), then checked.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use figment::Figment;
use figment::providers::{Env, Format, Toml};
use serde::Deserialize;

use crate::db::{DatabaseUrl, connection::UnknownScheme};

/// The defaults shipped with the program.
pub const DEFAULTS: &str = include_str!("../config/default.toml");

/// All settings.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where the server listens.
    pub server: ServerConfig,
    /// Where the records are.
    pub database: DatabaseConfig,
    /// Where the keys are.
    pub keys: KeysConfig,
    /// Where files are, and what they may cost.
    pub files: FilesConfig,
    /// What a password hash costs.
    pub passwords: PasswordCost,
    /// What is kept of outreach.
    pub outreach: OutreachConfig,
    /// How programmes report.
    pub programmes: ProgrammesConfig,
    /// What is logged.
    pub log: LogConfig,
}

/// How programmes report.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProgrammesConfig {
    /// Day of the month on which state reports close, 1 to 27.
    pub closing_day: u32,
    /// Directory of the files that map figures to other systems; `exchange` in the data directory when empty.
    pub mappings_dir: PathBuf,
}

/// What is kept of outreach.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutreachConfig {
    /// Months for which contacts are kept before they are reduced to numbers; 18 at the least.
    pub contact_months: u32,
}

/// Where the server listens.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerConfig {
    /// Address.
    pub address: IpAddr,
    /// Port.
    pub port: u16,
    /// Threads that take requests in and send replies out. Each has others for the work itself: its
    /// share of the connections, and two more. 0 means one for every two cores.
    pub workers: usize,
    /// Says that a reverse proxy on a trusted network ends TLS before this server.
    pub behind_tls_proxy: bool,
    /// Directory for SQLite files and keys when their own settings name none.
    pub data_dir: PathBuf,
}

impl ServerConfig {
    /// Worker threads to start.
    pub fn workers(&self) -> usize {
        match self.workers {
            0 => std::thread::available_parallelism().map_or(1, |cores| (cores.get() / 2).max(1)),
            set => set,
        }
    }
}

/// Where the records are.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseConfig {
    /// `sqlite:PATH`, `postgres://…` or empty for `hoanhap.db` in the data directory.
    pub url: String,
    /// Connections kept open.
    pub connections: u32,
}

/// Where the keys are.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeysConfig {
    /// Database of wrapped keys; empty for `keys.db` in the data directory.
    pub url: String,
    /// Directory of the key files; empty for `keys` in the data directory.
    pub dir: PathBuf,
}

/// Where files are, and what they may cost.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FilesConfig {
    /// Directory of the sealed files; empty for `files` in the data directory. All nodes need the same one.
    pub dir: PathBuf,
    /// Bytes of one file at the most, as it is sent.
    pub max_bytes: usize,
    /// Pixels of one picture at the most; four times as many bytes are what it may take in the open.
    pub max_pixels: u32,
    /// Files received at once; times `max_bytes` is the memory they take.
    pub uploads: usize,
    /// Files that may wait to be received; further ones get 503.
    pub queue: usize,
}

/// What a password hash costs.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasswordCost {
    /// Memory of one hash in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub passes: u32,
    /// Hashes computed at once; times the memory is what logins can take.
    pub parallel: usize,
    /// Hashes that may wait; further logins get 503.
    pub queue: usize,
}

/// What is logged.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogConfig {
    /// Filter, as `tracing` reads it: `info`, `hoanhap=debug`.
    pub filter: String,
    /// `text` or `json`.
    pub format: LogFormat,
}

/// Form of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// A setting is missing, unknown or cannot be.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file or environment does not have the described form.
    #[error("configuration: {0}")]
    Form(#[from] Box<figment::Error>),
    /// The file that was named is not there.
    #[error("configuration file {0} does not exist")]
    NoFile(PathBuf),
    /// A database URL has no known scheme.
    #[error("{0}: {1}")]
    Url(&'static str, UnknownScheme),
    /// Passwords would travel in the open.
    #[error(
        "server.address is not a loopback address: set server.behind_tls_proxy = true once a proxy ends TLS before this server"
    )]
    OpenToTheNetwork,
    /// A number is out of range.
    #[error("{name} must lie between {min} and {max}")]
    Range {
        /// Setting.
        name: &'static str,
        /// Smallest.
        min: u64,
        /// Largest.
        max: u64,
    },
}

impl Config {
    /// Reads the defaults, then `file`, then the environment.
    ///
    /// # Errors
    /// When a setting is unknown, has the wrong type, or cannot be.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        let mut figment = Figment::from(Toml::string(DEFAULTS));
        if let Some(file) = file {
            if !file.exists() {
                return Err(ConfigError::NoFile(file.to_owned()));
            }
            figment = figment.merge(Toml::file_exact(file));
        }
        // Names without a section, such as HOANHAP_CONFIG, are not settings.
        let sections = Env::prefixed("HOANHAP_").filter(|name| name.as_str().contains("__")).split("__");
        let config: Self = figment.merge(sections).extract().map_err(Box::new)?;
        config.validate()?;
        Ok(config)
    }

    /// Checks what types cannot.
    ///
    /// # Errors
    /// The first setting that cannot be.
    pub fn validate(&self) -> Result<(), ConfigError> {
        self.database_url()?;
        self.keys_url()?;
        if !self.server.address.is_loopback() && !self.server.behind_tls_proxy {
            return Err(ConfigError::OpenToTheNetwork);
        }
        within("server.workers", count(self.server.workers), 0, 256)?;
        within("database.connections", u64::from(self.database.connections), 1, 200)?;
        within("files.max_bytes", count(self.files.max_bytes), 1 << 10, 100 << 20)?;
        within("files.max_pixels", u64::from(self.files.max_pixels), 1, 100_000_000)?;
        within("files.uploads", count(self.files.uploads), 1, 64)?;
        within("files.queue", count(self.files.queue), 0, 1024)?;
        within("passwords.memory_kib", u64::from(self.passwords.memory_kib), 8, 1 << 20)?;
        within("passwords.passes", u64::from(self.passwords.passes), 1, 20)?;
        within("passwords.parallel", count(self.passwords.parallel), 1, 64)?;
        let months = u64::from(crate::outreach::reduction::FEWEST_MONTHS);
        within("programmes.closing_day", u64::from(self.programmes.closing_day), 1, 27)?;
        within("outreach.contact_months", u64::from(self.outreach.contact_months), months, 600)?;
        within("passwords.queue", count(self.passwords.queue), 1, 1024)
    }

    /// URL of the records.
    ///
    /// # Errors
    /// When its scheme is unknown.
    pub fn database_url(&self) -> Result<DatabaseUrl, ConfigError> {
        self.url_or("database.url", &self.database.url, "hoanhap.db")
    }

    /// URL of the key store.
    ///
    /// # Errors
    /// When its scheme is unknown.
    pub fn keys_url(&self) -> Result<DatabaseUrl, ConfigError> {
        self.url_or("keys.url", &self.keys.url, "keys.db")
    }

    /// Directory of the key files.
    pub fn keys_dir(&self) -> PathBuf {
        if self.keys.dir.as_os_str().is_empty() { self.server.data_dir.join("keys") } else { self.keys.dir.clone() }
    }

    /// Directory of the sealed files.
    pub fn files_dir(&self) -> PathBuf {
        if self.files.dir.as_os_str().is_empty() { self.server.data_dir.join("files") } else { self.files.dir.clone() }
    }

    /// Directory of the mapping files.
    pub fn mappings_dir(&self) -> PathBuf {
        let set = &self.programmes.mappings_dir;
        if set.as_os_str().is_empty() { self.server.data_dir.join("exchange") } else { set.clone() }
    }

    fn url_or(&self, name: &'static str, url: &str, file: &str) -> Result<DatabaseUrl, ConfigError> {
        if url.is_empty() {
            return Ok(DatabaseUrl::sqlite(&self.server.data_dir.join(file)));
        }
        url.parse().map_err(|error| ConfigError::Url(name, error))
    }
}

fn within(name: &'static str, value: u64, min: u64, max: u64) -> Result<(), ConfigError> {
    if (min..=max).contains(&value) { Ok(()) } else { Err(ConfigError::Range { name, min, max }) }
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
