//! The `hoanhap` command.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "commands speak to people on the console")]

mod commands {
    pub mod programmes;
}

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use hoanhap::accounts;
use hoanhap::app::App;
use hoanhap::boot::{self, BootError, Purpose, Surroundings};
use hoanhap::clock::{Clock, Random};
use hoanhap::config::{Config, LogFormat};
use hoanhap::db::DatabaseOptions;
use hoanhap::demo;
use hoanhap::error::Language;
use hoanhap::outreach::reduction::{self, Reduction};
use hoanhap::programmes::{standings, sums};
use hoanhap::server;
use secrecy::{ExposeSecret, SecretString};

use self::commands::programmes;

/// Case management for victim support and reintegration services.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Cli {
    /// Configuration file; without it the defaults and the environment apply.
    #[arg(long, global = true, env = "HOANHAP_CONFIG")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start the server.
    Serve,
    /// Make a database of made-up people and start the server on it.
    Demo(demo::DemoOptions),
    /// Bring the database to this program's schema.
    Migrate,
    /// Manage accounts from the console.
    User {
        #[command(subcommand)]
        command: UserCommand,
    },
    /// Print the API description (OpenAPI 3.1).
    Openapi,
    /// Look after the trail.
    Audit {
        #[command(subcommand)]
        command: AuditCommand,
    },
    /// Look after the records of outreach.
    Outreach {
        #[command(subcommand)]
        command: OutreachCommand,
    },
    /// Look after programme plans.
    Programme {
        #[command(subcommand)]
        command: programmes::ProgrammeCommand,
    },
    /// Look after what figures are read from.
    Statistics {
        #[command(subcommand)]
        command: StatisticsCommand,
    },
    /// Check the configuration and print what is wrong with it.
    CheckConfig,
}

#[derive(Debug, Subcommand)]
enum UserCommand {
    /// Make the first administrator; the password is read from standard input.
    CreateAdmin {
        /// Login name.
        username: String,
    },
}

#[derive(Debug, Subcommand)]
enum AuditCommand {
    /// Check every chain, checkpoint, release and anchor; exit code 1 when something does not fit.
    Verify,
}

#[derive(Debug, Subcommand)]
enum OutreachCommand {
    /// Reduce contacts older than is kept to numbers; without --apply say what would be reduced, and change nothing.
    Reduce {
        /// Do it. What is reduced does not come back.
        #[arg(long)]
        apply: bool,
    },
}

#[derive(Debug, Subcommand)]
enum StatisticsCommand {
    /// Count anew, from the registers, what they come to; with --check compare only, and change nothing.
    Rebuild {
        /// Compare what is kept with a full recount; exit code 1 when something differs.
        #[arg(long)]
        check: bool,
    },
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("hoanhap: {error}");
            if let BootError::App(refused) = &error {
                let problem = refused.problem(Language::En, "");
                eprintln!("{}", problem.title);
                problem.errors.iter().for_each(|field| eprintln!("{}: {}", field.field, field.message));
            }
            ExitCode::from(error.exit_code())
        }
    }
}

fn run(cli: Cli) -> Result<ExitCode, BootError> {
    let file = cli.config.as_deref();
    match cli.command {
        Command::Openapi => {
            let text = server::description().to_pretty_json().map_err(std::io::Error::other)?;
            println!("{text}");
        }
        Command::CheckConfig => {
            Config::load(file)?;
            println!("The configuration can be used.");
        }
        Command::Migrate => {
            boot_quietly(&Config::load(file)?)?;
            println!("The database has this program's schema.");
        }
        Command::User { command: UserCommand::CreateAdmin { username } } => {
            create_admin(&boot_quietly(&Config::load(file)?)?, &username)?;
        }
        Command::Audit { command: AuditCommand::Verify } => {
            return verify_trail(&boot_for(&Config::load(file)?, Purpose::Inspection)?);
        }
        Command::Outreach { command: OutreachCommand::Reduce { apply } } => reduce(&Config::load(file)?, apply)?,
        Command::Programme { command } => return programmes::run(file, command),
        Command::Statistics { command: StatisticsCommand::Rebuild { check } } => {
            return rebuild_sums(&boot_for(&Config::load(file)?, Purpose::Inspection)?, check);
        }
        Command::Serve => serve(&Config::load(file)?)?,
        Command::Demo(options) => run_demo(&options)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn surroundings(config: &Config, with_metrics: bool) -> Surroundings {
    let metrics =
        with_metrics.then(|| metrics_exporter_prometheus::PrometheusBuilder::new().install_recorder().ok()).flatten();
    Surroundings {
        clock: Clock::system(),
        random: Random::system(),
        database: DatabaseOptions { connections: config.database.connections, abort_first_attempt: false },
        metrics,
    }
}

fn boot_quietly(config: &Config) -> Result<App, BootError> {
    boot_for(config, Purpose::Work)
}

fn boot_for(config: &Config, purpose: Purpose) -> Result<App, BootError> {
    start_log(config);
    boot::boot(config, purpose, surroundings(config, false))
}

fn start_log(config: &Config) {
    let filter = tracing_subscriber::EnvFilter::try_new(&config.log.filter)
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A subscriber that is set already (by a test) stays.
    let _already_set = match config.log.format {
        LogFormat::Text => builder.try_init(),
        LogFormat::Json => builder.json().try_init(),
    };
}

fn serve(config: &Config) -> Result<(), BootError> {
    start_log(config);
    let listener = boot::take_port(config)?;
    let app = boot::boot(config, Purpose::Work, surroundings(config, true))?;
    let set_up = app.db.read_now(accounts::rules::has_administrator)?;
    if !set_up {
        let code = app.setup.issue(&app.clock, &app.random);
        println!(
            "No administrator yet. Setup code, good for {} minutes: {}",
            accounts::setup::GOOD_MINUTES,
            code.expose_secret()
        );
    }
    listen(config, listener, app)
}

fn run_demo(options: &demo::DemoOptions) -> Result<(), BootError> {
    let config = options.config()?;
    start_log(&config);
    let listener = if options.load_only { None } else { Some(boot::take_port(&config)?) };
    let app = demo::prepare(options, &config, surroundings(&config, !options.load_only))?;
    let accounts = options.data_dir.join("accounts.json");
    let (data, listed) = (options.data_dir.display(), accounts.display());
    println!("Made-up data in {data}; an account of every role, and two of a second centre, in {listed}:");
    print!("{}", std::fs::read_to_string(accounts)?);
    match listener {
        Some(listener) => listen(&config, listener, app),
        None => Ok(()),
    }
}

fn listen(config: &Config, listener: TcpListener, app: App) -> Result<(), BootError> {
    actix_web::rt::System::new().block_on(async {
        let (rounds, app_at_end) = (app.clone(), app.clone());
        let place = listener.local_addr()?;
        let running = server::on(app, listener, config.server.workers())?;
        app_at_end.names.start(app_at_end.db.clone(), app_at_end.vault.clone())?;
        println!("Listening on http://{place}");
        std::thread::Builder::new().name("housekeeping".into()).spawn(move || keep_house(&rounds))?;
        running.await?;
        // So that a copy of the files alone is whole, unless something still writes.
        for database in [&app_at_end.db, app_at_end.vault.store()] {
            if let Err(error) = database.settle_now() {
                tracing::warn!(cause = %error, "the log was not emptied; it stays beside its database");
            }
        }
        Ok(())
    })
}

const TICK: std::time::Duration = std::time::Duration::from_secs(5);
const TICKS_A_ROUND: u64 = 12;

/// One round a minute, the first one at once; a failed round is logged and tried again.
fn keep_house(app: &App) {
    if let Err(error) = boot::sweep_orphan_keys(app) {
        tracing::error!(cause = %error, "orphaned keys were not swept");
    }
    for tick in 0_u64.. {
        if tick.is_multiple_of(TICKS_A_ROUND)
            && let Err(error) = boot::housekeeping(app)
        {
            tracing::error!(cause = %error, "housekeeping failed");
        }
        // Without it the samples of histograms pile up until somebody reads the metrics.
        if let Some(metrics) = &app.metrics {
            metrics.run_upkeep();
        }
        std::thread::sleep(TICK);
    }
}

fn create_admin(app: &App, username: &str) -> Result<(), BootError> {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    let password = SecretString::from(line.trim_end_matches(['\r', '\n']).to_owned());
    accounts::create_admin_now(app, username, &password)?;
    println!("The administrator can log in.");
    Ok(())
}

fn reduce(config: &Config, apply: bool) -> Result<(), BootError> {
    let app = boot_quietly(config)?;
    let before = reduction::kept_from(app.clock.today(), config.outreach.contact_months);
    let done = if apply {
        reduction::apply(&app.db, &app.trail, before, app.clock.now())?
    } else {
        reduction::dry_run(&app.db, before)?
    };
    let Reduction { contacts, removed_contacts, session_notes, conflicts } = done;
    println!("Contacts of sessions before {before}: {contacts}, and {removed_contacts} that had been taken away.");
    println!("Notes of sessions: {session_notes}. Conflicts: {conflicts}.");
    println!("{}", if apply { "All of it is reduced to numbers." } else { "Nothing was changed; --apply reduces it." });
    Ok(())
}

fn verify_trail(app: &App) -> Result<ExitCode, BootError> {
    let trail = hoanhap::audit::verify(&app.db, &app.vault, &app.trail)?;
    let releases = hoanhap::statistics::verify_releases(&app.db, &app.vault, &app.ring.server)?;
    let returns = hoanhap::programmes::returns::verify_returns(&app.db, &app.vault, &app.ring.server)?;
    let mut findings: Vec<String> = trail.iter().map(ToString::to_string).collect();
    findings.extend(releases.iter().map(ToString::to_string));
    findings.extend(returns.iter().map(ToString::to_string));
    for finding in &findings {
        println!("{finding}");
    }
    if findings.is_empty() {
        println!("Every chain, checkpoint, release and official return fits.");
        return Ok(ExitCode::SUCCESS);
    }
    Ok(ExitCode::from(1))
}

fn rebuild_sums(app: &App, check: bool) -> Result<ExitCode, BootError> {
    let counter = app.counter();
    if !check {
        sums::rebuild(&app.db, &counter, app.clock.now())?;
        standings::rebuild(&app.db, &app.keeper(), app.clock.now())?;
        println!("Everything was counted anew.");
        return Ok(ExitCode::SUCCESS);
    }
    let compared = sums::compared(&app.db, &counter)?;
    for differs in &compared.differences {
        println!("{} {}", differs.unit_code, differs.series);
    }
    let standings = standings::compare(&app.db, &app.keeper(), app.clock.now())?;
    if !standings.is_empty() {
        println!("standings of persons: {} differ", standings.len());
    }
    if !compared.differences.is_empty() || !standings.is_empty() {
        return Ok(ExitCode::from(1));
    }
    println!("equal: {} units compared, {} are due and were left out", compared.units.len(), compared.due.len());
    Ok(ExitCode::SUCCESS)
}
