//! The mapping files of this installation, `NAME.toml` in one directory. They are read when they are asked for, so that a
//! file put there, or mended, counts at once.

use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use super::{Faults, MOST_BYTES, Mapping, text};
use crate::error::{AppError, FieldError, Rule};

/// Files that are listed.
const MOST_LISTED: usize = 200;
const LONGEST_NAME: usize = 60;

/// The mapping files.
#[derive(Debug, Clone)]
pub struct MappingShelf(PathBuf);

impl MappingShelf {
    /// Those of a directory, which need not exist.
    pub fn new(directory: PathBuf) -> Self {
        Self(directory)
    }

    /// The names of the files, in order.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub fn names(&self) -> Result<Vec<String>, AppError> {
        let files = match std::fs::read_dir(&self.0) {
            Ok(files) => files,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(AppError::internal(format!("the directory of mappings: {error}"))),
        };
        let name = |file: std::fs::DirEntry| {
            let is_file = file.path().is_file();
            file.file_name().to_str().filter(|_| is_file)?.strip_suffix(".toml").map(str::to_owned)
        };
        let mut names: Vec<String> = files.flatten().filter_map(name).filter(|name| is_name(name)).collect();
        names.sort_unstable();
        names.truncate(MOST_LISTED);
        Ok(names)
    }

    /// Reads a mapping by its name.
    ///
    /// # Errors
    /// A field error of `mapping` when there is none of this name; everything that is wrong with the file.
    pub fn read(&self, name: &str) -> Result<Mapping, AppError> {
        let none = || AppError::field("mapping", Rule::NoSuchReference);
        if !is_name(name) {
            return Err(none());
        }
        let path = self.0.join(format!("{name}.toml"));
        // A pipe would be waited for.
        if !path.is_file() {
            return Err(none());
        }
        let found = match read_mapping(&path) {
            Ok(found) => found,
            Err(error) if error.kind() == ErrorKind::NotFound => return Err(none()),
            Err(error) => return Err(AppError::internal(format!("a mapping file: {error}"))),
        };
        found.map_err(|faults| {
            let named = |fault: &FieldError| FieldError::new(format!("mapping.{}", fault.field), fault.rule.clone());
            AppError::Invalid(faults.all().iter().map(named).collect())
        })
    }
}

/// Reads a mapping file.
///
/// # Errors
/// When it cannot be read; within, everything that is wrong with it.
pub fn read_mapping(path: &Path) -> std::io::Result<Result<Mapping, Faults>> {
    let bytes = read_bounded(path)?;
    Ok(text::of_file(&bytes).and_then(Mapping::parse))
}

/// Reads a file of which no more is wanted than can be taken; one byte more tells a file that is too long.
///
/// # Errors
/// When it cannot be read.
pub fn read_bounded(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let most = u64::try_from(MOST_BYTES).unwrap_or(u64::MAX);
    File::open(path)?.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Whether a file may be called so: no path leads out of the directory.
fn is_name(name: &str) -> bool {
    (1..=LONGEST_NAME).contains(&name.len())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
}
