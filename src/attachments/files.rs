//! The directory of sealed files: random names, two levels of directories, mode 0700 and 0600. A file
//! is written whole under a passing name, made durable and renamed before any row names it.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, BufWriter, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, SystemTime};

use super::intake::Intake;
use crate::clock::Random;
use crate::config::FilesConfig;
use crate::text::hex;

/// What a file is called until it is whole.
const PASSING: &str = "part-";

/// The directory of sealed files cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// Others may read or change it.
    #[error("the directory of files {0} may be entered by others; its mode must be 0700")]
    Exposed(PathBuf),
    /// The system refused.
    #[error("directory of files {0}: {1}")]
    Io(PathBuf, io::Error),
}

/// Name of a sealed file: 32 hexadecimal digits drawn at random, related to nothing.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FileName(String);

impl FileName {
    /// A new name.
    pub fn draw(random: &Random) -> Self {
        Self(hex(&random.bytes::<16>()))
    }

    /// The name in a row or directory; none when it is no name of ours, so that no row leads elsewhere.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        (text.len() == 32 && text.bytes().all(digits)).then(|| Self(text.to_owned()))
    }

    /// As stored in a row.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The sealed files, and the gate for new ones. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Files {
    dir: Arc<Path>,
    /// The gate.
    pub(super) intake: Intake,
    next_shelf: Arc<AtomicU8>,
}

/// A file found in the directory.
#[derive(Debug, Clone)]
pub(super) struct Found {
    /// Where.
    pub(super) path: PathBuf,
    /// Its name; none while it was being written.
    pub(super) name: Option<FileName>,
    /// When it was last written.
    pub(super) written: SystemTime,
}

impl Files {
    /// Opens the directory, and makes it when it is not there.
    ///
    /// # Errors
    /// When it cannot be made, or others may enter it.
    pub fn open(dir: PathBuf, config: &FilesConfig) -> Result<Self, FilesError> {
        let failed = |error| FilesError::Io(dir.clone(), error);
        DirBuilder::new().recursive(true).mode(0o700).create(&dir).map_err(failed)?;
        if fs::metadata(&dir).map_err(failed)?.permissions().mode() & 0o077 != 0 {
            return Err(FilesError::Exposed(dir));
        }
        Ok(Self { dir: dir.into(), intake: Intake::new(config), next_shelf: Arc::new(AtomicU8::new(0)) })
    }

    /// Stores a new file: durable under its name when this returns.
    ///
    /// # Errors
    /// The system's own; nothing stands under the name then.
    pub fn store(&self, name: &FileName, write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> io::Result<()> {
        let (outer, home) = self.place(name);
        for dir in [&outer, &home] {
            make_dir(dir)?;
        }
        let passing = home.join(format!("{PASSING}{}", name.0));
        let written = write_whole(&passing, write).and_then(|()| {
            fs::rename(&passing, home.join(&name.0))?;
            sync_dir(&home)
        });
        if written.is_err() {
            // What is left is swept later.
            let _maybe_never_made = fs::remove_file(&passing);
        }
        written
    }

    /// Opens a stored file.
    ///
    /// # Errors
    /// The system's own.
    pub fn read(&self, name: &FileName) -> io::Result<File> {
        File::open(self.place(name).1.join(&name.0))
    }

    /// Removes a file that no row names.
    ///
    /// # Errors
    /// The system's own.
    pub fn remove(&self, name: &FileName) -> io::Result<()> {
        fs::remove_file(self.place(name).1.join(&name.0))
    }

    /// The files of one of the 256 shelves.
    pub(super) fn shelf(&self, number: u8) -> Vec<Found> {
        let homes = fs::read_dir(self.dir.join(hex(&[number]))).into_iter().flatten().flatten();
        let files = homes.flat_map(|home| fs::read_dir(home.path()).into_iter().flatten().flatten());
        // What goes or cannot be read meanwhile is left for the next time.
        files.filter_map(|entry| found(&entry)).collect()
    }

    /// The shelf whose turn it is.
    pub(super) fn next_shelf(&self) -> u8 {
        self.next_shelf.fetch_add(1, Ordering::Relaxed)
    }

    fn place(&self, name: &FileName) -> (PathBuf, PathBuf) {
        let outer = self.dir.join(name.0.get(..2).unwrap_or_default());
        let home = outer.join(name.0.get(2..4).unwrap_or_default());
        (outer, home)
    }
}

fn found(entry: &fs::DirEntry) -> Option<Found> {
    let metadata = entry.metadata().ok()?;
    let name = entry.file_name().into_string().ok()?;
    let ours = FileName::parse(&name);
    (metadata.is_file() && (ours.is_some() || name.starts_with(PASSING)))
        .then(|| metadata.modified().ok())
        .flatten()
        .map(|written| Found { path: entry.path(), name: ours, written })
}

/// Makes a directory whose name is durable in its own; one that is there already is good.
fn make_dir(dir: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(dir) {
        Ok(()) => dir.parent().map_or(Ok(()), sync_dir),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

fn write_whole(path: &Path, write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> io::Result<()> {
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    let mut buffered = BufWriter::new(file);
    write(&mut buffered)?;
    buffered.flush()?;
    buffered.get_ref().sync_all()
}

fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

impl Found {
    /// Whether it was written so long before `now`.
    pub(super) fn is_older(&self, now: SystemTime, age: Duration) -> bool {
        now.duration_since(self.written).is_ok_and(|since| since > age)
    }
}
