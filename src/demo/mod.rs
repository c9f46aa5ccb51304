//! The demo: a database of made-up people of six provinces, the same for the same seed.

mod batch;
mod cast;
mod dice;
mod groups;
mod imports;
mod load;
mod loans;
pub(crate) mod names;
mod outreach;
mod papers;
mod plans;
mod programme;
mod story;
mod training;
mod twice;

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use crate::app::App;
use crate::boot::{BootError, Purpose, Surroundings, boot};
use crate::config::{Config, ConfigError};
use crate::settings;

/// Setting that says with which options a demo was loaded to its end.
const LOADED: &str = "demo.loaded";

/// What `hoanhap demo` is asked for.
#[derive(Debug, Clone, Args)]
pub struct DemoOptions {
    /// Directory for the database, the keys and accounts.json.
    #[arg(long, default_value = "data/demo")]
    pub data_dir: PathBuf,
    /// Made-up persons.
    #[arg(long, default_value_t = 2000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub persons: u32,
    /// Seed; the same seed makes the same people on the same day.
    #[arg(long, default_value_t = 2026)]
    pub seed: u64,
    /// An empty PostgreSQL database (or another SQLite file) instead of hoanhap.db in the data directory.
    #[arg(long)]
    pub database_url: Option<String>,
    /// Port to listen on.
    #[arg(long, default_value_t = 8080)]
    pub port: u16,
    /// Make the data and stop.
    #[arg(long)]
    pub load_only: bool,
}

impl DemoOptions {
    /// The configuration of a demo: the defaults, the environment, and these options.
    ///
    /// # Errors
    /// When a setting cannot be.
    pub fn config(&self) -> Result<Config, ConfigError> {
        let mut config = Config::load(None)?;
        config.server.port = self.port;
        config.server.data_dir.clone_from(&self.data_dir);
        config.database.url = self.database_url.clone().unwrap_or_default();
        config.keys.url = String::new();
        config.keys.dir = PathBuf::new();
        config.validate()?;
        Ok(config)
    }

    fn summary(&self) -> String {
        format!("persons={} seed={}", self.persons, self.seed)
    }
}

/// An account of the demo, as written to accounts.json: who looks one up by its role takes the first.
#[derive(Debug, Clone, Serialize)]
pub struct DemoAccount {
    /// Role.
    pub role: &'static str,
    /// Login name.
    pub username: String,
    /// Password.
    pub password: String,
}

/// Opens the demo, making its data at the first call, which also writes accounts.json.
///
/// # Errors
/// When the directory or database holds anything but a demo, or another demo.
pub fn prepare(options: &DemoOptions, config: &Config, around: Surroundings) -> Result<App, BootError> {
    refuse_foreign_directory(&options.data_dir)?;
    let app = boot(config, Purpose::Demo, around)?;
    let loaded = app.db.read_now(|conn| settings::get(conn, LOADED))?;
    match loaded {
        Some(summary) if summary == options.summary() => {}
        Some(_) => {
            return Err(BootError::Demo(
                "this demo was made with other --persons or --seed; delete its directory or name another one",
            ));
        }
        None => {
            if app.db.read_now(cast::is_there)? {
                return Err(BootError::Demo("making this demo was interrupted; delete its directory and start again"));
            }
            let accounts = load::load(&app, options.persons, options.seed)?;
            write_accounts(&options.data_dir.join("accounts.json"), &accounts)?;
            let summary = options.summary();
            app.db.write_now(move |conn| settings::set(conn, LOADED, &summary))?;
        }
    }
    Ok(app)
}

/// A directory that holds files, but no key store of ours, is somebody's.
fn refuse_foreign_directory(dir: &Path) -> Result<(), BootError> {
    let Ok(mut entries) = std::fs::read_dir(dir) else { return Ok(()) };
    if entries.next().is_some() && !dir.join("keys.db").exists() {
        return Err(BootError::Demo("the data directory is not empty and holds no demo"));
    }
    Ok(())
}

fn write_accounts(path: &Path, accounts: &[DemoAccount]) -> Result<(), BootError> {
    let text = serde_json::to_string_pretty(accounts).map_err(std::io::Error::other)?;
    let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    writeln!(file, "{text}")?;
    file.sync_all()?;
    Ok(())
}
