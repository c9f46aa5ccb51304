//! `hoanhap programme`: plans, and figures that travel.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Subcommand;
use hoanhap::admin_units::AdminUnits;
use hoanhap::app::App;
use hoanhap::boot::{BootError, Purpose};
use hoanhap::config::Config;
use hoanhap::programmes::exchange::{self, ExchangeFormat};
use hoanhap::programmes::figures::routes::Words;
use hoanhap::programmes::plans::{self, Books, MOST_BYTES, PlanFault, PlanFile, RefreshError};
use hoanhap::programmes::registers::RegisterCatalogue;

use crate::{boot_for, boot_quietly};

/// Commands about plans.
#[derive(Debug, Subcommand)]
pub enum ProgrammeCommand {
    /// Check a plan file and print what is wrong with it; needs no database.
    Check {
        /// The file.
        file: PathBuf,
    },
    /// Store a plan file as the newest version of its plan; every node follows within a minute.
    Import {
        /// The file.
        file: PathBuf,
    },
    /// List the versions of a plan.
    Versions {
        /// Code of the plan.
        code: String,
    },
    /// Figures to and from other systems.
    Exchange {
        #[command(subcommand)]
        command: ExchangeCommand,
    },
}

/// Commands about figures of other systems.
#[derive(Debug, Subcommand)]
pub enum ExchangeCommand {
    /// Check a mapping file and print what is wrong with it; needs no database.
    Check {
        /// The mapping file.
        mapping: PathBuf,
    },
    /// Check a file of figures against a mapping and say what it holds; needs no database, stores nothing.
    Read {
        /// The file of figures.
        file: PathBuf,
        /// The mapping file.
        #[arg(long)]
        mapping: PathBuf,
        /// `dhis2` or `adx`.
        #[arg(long)]
        format: ExchangeFormat,
    },
    /// Write the figures of a plan that a mapping names to standard output.
    Write {
        /// Code of the plan.
        code: String,
        /// The mapping file.
        #[arg(long)]
        mapping: PathBuf,
        /// `dhis2` or `adx`.
        #[arg(long)]
        format: ExchangeFormat,
        /// Unit; that of the plan when absent.
        #[arg(long)]
        unit: Option<String>,
        /// Period, such as 2025 or 2025-Q1; the newest year of the plan that has begun when absent.
        #[arg(long)]
        period: Option<String>,
        /// Ways to break figures down, with commas between them, such as province,class.
        #[arg(long)]
        breakdown: Option<String>,
        /// Map that units are shown on: period, today, or a day.
        #[arg(long)]
        map: Option<String>,
    },
}

/// A plan file says what cannot be (`EX_DATAERR` of sysexits.h).
const FAULTY: u8 = 65;
/// There is no such file (`EX_NOINPUT`).
const NO_INPUT: u8 = 66;

/// Carries a command out.
pub fn run(config: Option<&Path>, command: ProgrammeCommand) -> Result<ExitCode, BootError> {
    match command {
        ProgrammeCommand::Check { file } => match read_plan(&file)? {
            Ok((_, PlanFile { plan })) => {
                let targets: usize = plan.indicators.iter().map(|indicator| indicator.targets.len()).sum();
                println!("{}: {} indicators, {targets} targets", plan.code, plan.indicators.len());
                Ok(ExitCode::SUCCESS)
            }
            Err(refused) => Ok(refused),
        },
        ProgrammeCommand::Import { file } => match read_plan(&file)? {
            Ok((text, _)) => import_plan(&boot_quietly(&Config::load(config)?)?, &file, &text),
            Err(refused) => Ok(refused),
        },
        ProgrammeCommand::Versions { code } => {
            list_versions(&boot_for(&Config::load(config)?, Purpose::Inspection)?, &code)
        }
        ProgrammeCommand::Exchange { command } => exchange_figures(config, &command),
    }
}

fn exchange_figures(config: Option<&Path>, command: &ExchangeCommand) -> Result<ExitCode, BootError> {
    let (ExchangeCommand::Check { mapping: path }
    | ExchangeCommand::Read { mapping: path, .. }
    | ExchangeCommand::Write { mapping: path, .. }) = command;
    let mapping = match exchange::read_mapping(path) {
        Err(error) => return Ok(no_input(path, &error)),
        Ok(Err(faults)) => return Ok(faulty(path, &faults)),
        Ok(Ok(mapping)) => mapping,
    };
    match command {
        ExchangeCommand::Check { .. } => {
            let (elements, units) = (mapping.elements().count(), mapping.units().count());
            println!("{}: {elements} elements and classes, {units} units", mapping.code());
        }
        ExchangeCommand::Read { file, format, .. } => {
            let bytes = match exchange::read_bounded(file) {
                Err(error) => return Ok(no_input(file, &error)),
                Ok(bytes) => bytes,
            };
            match format.read(&bytes, &mapping) {
                Err(faults) => return Ok(faulty(file, &faults)),
                Ok(set) => println!("{}: {} figures", set.code, set.values.len()),
            }
        }
        ExchangeCommand::Write { code, format, unit, period, breakdown, map, .. } => {
            let app = boot_for(&Config::load(config)?, Purpose::Inspection)?;
            let words = Words {
                unit: unit.as_deref(),
                period: period.as_deref(),
                breakdown: breakdown.as_deref(),
                map: map.as_deref(),
            };
            match exchange::written_now(&app, code, words, &mapping, *format)? {
                Err(faults) => return Ok(faulty(path, &faults)),
                Ok(file) => print!("{file}"),
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn no_input(file: &Path, error: &std::io::Error) -> ExitCode {
    eprintln!("{}: {error}", file.display());
    ExitCode::from(NO_INPUT)
}

fn faulty(file: &Path, faults: &exchange::Faults) -> ExitCode {
    for line in faults.to_string().lines() {
        eprintln!("{}: {line}", file.display());
    }
    ExitCode::from(FAULTY)
}

/// Reads and checks a plan file; what is wrong with it is printed.
fn read_plan(file: &Path) -> Result<Result<(String, PlanFile), ExitCode>, BootError> {
    let mut bytes = Vec::new();
    let most = u64::try_from(MOST_BYTES).unwrap_or(u64::MAX);
    // One byte more tells a file that is too long.
    let read = std::fs::File::open(file).and_then(|open| open.take(most.saturating_add(1)).read_to_end(&mut bytes));
    if let Err(error) = read {
        eprintln!("{}: {error}", file.display());
        return Ok(Err(ExitCode::from(NO_INPUT)));
    }
    let (units, registers) = (AdminUnits::shipped()?, RegisterCatalogue::shipped()?);
    match PlanFile::read_bytes(&bytes, Books { units: &units, registers: &registers }) {
        Ok(plan) => Ok(Ok((String::from_utf8_lossy(&bytes).into_owned(), plan))),
        Err(faults) => {
            for fault in &faults {
                print_fault(file, fault);
            }
            Ok(Err(ExitCode::from(FAULTY)))
        }
    }
}

fn print_fault(file: &Path, fault: &PlanFault) {
    let PlanFault { line, field, message } = fault;
    let field = if field.is_empty() { String::new() } else { format!("{field}: ") };
    eprintln!("{}:{line}: {field}{message}", file.display());
}

fn import_plan(app: &App, file: &Path, text: &str) -> Result<ExitCode, BootError> {
    match plans::import(app, app.demo, text) {
        Ok((code, version)) => {
            println!("{code}: version {version}");
            Ok(ExitCode::SUCCESS)
        }
        Err(RefreshError::Plans(refused)) => {
            eprintln!("{}: {refused}", file.display());
            Ok(ExitCode::from(FAULTY))
        }
        Err(RefreshError::App(error)) => Err(error.into()),
    }
}

fn list_versions(app: &App, code: &str) -> Result<ExitCode, BootError> {
    let versions = plans::versions(&app.db, code)?;
    for one in &versions {
        println!("{} {} {}", one.version, one.stored_at.0.format("%Y-%m-%dT%H:%M:%SZ"), one.origin);
    }
    if versions.is_empty() {
        eprintln!("no plan has the code {code}");
        return Ok(ExitCode::from(1));
    }
    Ok(ExitCode::SUCCESS)
}
