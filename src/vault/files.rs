//! Key files beside the key store: made at first start, mode 0600, never in the database.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::clock::Random;
use crate::text::hex;

const LENGTH: usize = 32;

/// A key file is missing, unreadable or wrong.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// The file is not there although the database was made with one.
    #[error(
        "key file {0} is missing; without it what is on record cannot be read or recognised. Restore it from its backup"
    )]
    Missing(PathBuf),
    /// The file does not hold a key.
    #[error("key file {0} does not hold a key of 64 hexadecimal digits")]
    Malformed(PathBuf),
    /// Others may read the file.
    #[error("key file {0} may be read by others; its mode must be 0600")]
    Exposed(PathBuf),
    /// The file is a key, but not the one the database was made with.
    #[error("the keys in {0} are not those this database was made with")]
    Foreign(PathBuf),
    /// The system refused.
    #[error("key file {0}: {1}")]
    Io(PathBuf, std::io::Error),
}

/// A secret of the server from which keys for single purposes are derived.
#[derive(Clone)]
pub struct ServerKey(Zeroizing<[u8; LENGTH]>);

impl std::fmt::Debug for ServerKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ServerKey(…)")
    }
}

impl ServerKey {
    /// A key from its bytes.
    pub fn new(bytes: [u8; LENGTH]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// HMAC-SHA-256 over `parts`, each with its length before it, for one purpose.
    pub fn mac(&self, purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
        // HMAC takes a key of any length, so this cannot fail.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.0.as_slice()) else { return [0; 32] };
        for part in std::iter::once(&purpose.as_bytes()).chain(parts) {
            mac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    /// A key for one purpose, derived by HKDF-SHA-256.
    pub fn derive(&self, purpose: &str) -> Zeroizing<[u8; LENGTH]> {
        let mut derived = Zeroizing::new([0; LENGTH]);
        let hkdf = hkdf::Hkdf::<Sha256>::new(None, self.0.as_slice());
        // 32 bytes are always within what HKDF gives.
        let _always_fits = hkdf.expand(purpose.as_bytes(), derived.as_mut_slice());
        derived
    }
}

/// The keys of this installation, each in a file of its own.
#[derive(Debug, Clone)]
pub struct KeyRing {
    /// Wraps the data keys of persons.
    pub wrapping: ServerKey,
    /// Names the wrapping key, so that rotation can tell old from new.
    pub wrapping_id: String,
    /// Chains the trail.
    pub trail: ServerKey,
    /// Signs access tokens.
    pub tokens: ServerKey,
    /// Refresh tokens, idempotency, throttling.
    pub server: ServerKey,
    /// Contact codes; the same in installations that are to recognise each other's.
    pub programme: ServerKey,
}

const FILES: [&str; 4] = ["wrapping.key", "trail.key", "tokens.key", "server.key"];
/// Younger than the others, so that an installation may be without it, and the one that two may share.
const PROGRAMME_FILE: &str = "programme.key";

/// Fingerprints of the keys a database was made with; none of one it knows nothing of yet, which may be made.
#[derive(Debug, Clone, Copy, Default)]
pub struct KnownKeys<'a> {
    /// Of all but the programme key.
    pub keys: Option<&'a str>,
    /// Of the programme key.
    pub programme: Option<&'a str>,
}

impl KeyRing {
    /// Reads the keys in `dir`; makes them when none is there and none is known. The programme key is looked at by
    /// itself: it may have been put there before the others, or be missing where they are older than it.
    ///
    /// # Errors
    /// When a file is missing, malformed, open to others, or not the one that is known.
    pub fn load(dir: &Path, random: &Random, known: KnownKeys<'_>) -> Result<Self, KeyFileError> {
        let none_there = FILES.iter().all(|name| !dir.join(name).exists());
        if none_there && known.keys.is_none() {
            create_dir(dir)?;
            for name in FILES {
                create_file(&dir.join(name), &random.bytes())?;
            }
        }
        let [wrapping, trail, tokens, server] = FILES.map(|name| read_file(&dir.join(name)));
        let (wrapping, trail, tokens, server) = (wrapping?, trail?, tokens?, server?);
        if known.keys.is_some_and(|known| known != fingerprint_of([&wrapping, &trail, &tokens, &server])) {
            return Err(KeyFileError::Foreign(dir.to_owned()));
        }
        // Last, so that it is not made beside keys of another installation.
        let programme = programme_key(&dir.join(PROGRAMME_FILE), random, known.programme)?;
        let wrapping_id = hex(&wrapping.mac("wrapping key id", &[])[..8]);
        Ok(Self { wrapping, wrapping_id, trail, tokens, server, programme })
    }

    /// Tells these keys, all but the programme key, from others without showing them; kept in the database to
    /// notice a wrong key directory.
    pub fn fingerprint(&self) -> String {
        fingerprint_of([&self.wrapping, &self.trail, &self.tokens, &self.server])
    }

    /// Tells the programme key from another without showing it; kept in the database as the other fingerprint is.
    pub fn programme_fingerprint(&self) -> String {
        fingerprint_of_programme(&self.programme)
    }
}

fn fingerprint_of(keys: [&ServerKey; 4]) -> String {
    let [.., server] = keys;
    let macs = keys.map(|key| key.mac("fingerprint", &[]));
    hex(&server.mac("fingerprint of all", &macs.each_ref().map(<[u8; 32]>::as_slice))[..16])
}

fn fingerprint_of_programme(key: &ServerKey) -> String {
    hex(&key.mac("fingerprint", &[])[..16])
}

/// The programme key, made when it is missing and none is known.
fn programme_key(path: &Path, random: &Random, known: Option<&str>) -> Result<ServerKey, KeyFileError> {
    if known.is_none() {
        match create_file(path, &random.bytes()) {
            // There already, or another node was faster: what the file holds stands.
            Err(KeyFileError::Io(_, e)) if e.kind() == std::io::ErrorKind::AlreadyExists => wait_until_written(path),
            made => made?,
        }
    }
    let key = read_file(path)?;
    if known.is_some_and(|known| known != fingerprint_of_programme(&key)) {
        return Err(KeyFileError::Foreign(path.to_owned()));
    }
    Ok(key)
}

/// Waits a second at the most while a file is empty: the node that makes it has not written the key yet.
fn wait_until_written(path: &Path) {
    for _ in 0..20 {
        if fs::metadata(path).map_or(true, |file| file.len() > 0) {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn create_dir(dir: &Path) -> Result<(), KeyFileError> {
    fs::create_dir_all(dir)
        .and_then(|()| fs::set_permissions(dir, fs::Permissions::from_mode(0o700)))
        .map_err(|e| KeyFileError::Io(dir.to_owned(), e))
}

fn create_file(path: &Path, key: &[u8; LENGTH]) -> Result<(), KeyFileError> {
    let io = |e| KeyFileError::Io(path.to_owned(), e);
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(io)?;
    writeln!(file, "{}", hex(key)).and_then(|()| file.sync_all()).map_err(io)
}

fn read_file(path: &Path) -> Result<ServerKey, KeyFileError> {
    let io = |e: std::io::Error| match e.kind() {
        std::io::ErrorKind::NotFound => KeyFileError::Missing(path.to_owned()),
        _ => KeyFileError::Io(path.to_owned(), e),
    };
    let mode = fs::metadata(path).map_err(io)?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(KeyFileError::Exposed(path.to_owned()));
    }
    let text = Zeroizing::new(fs::read_to_string(path).map_err(io)?);
    unhex(text.trim()).map(ServerKey::new).ok_or_else(|| KeyFileError::Malformed(path.to_owned()))
}

fn unhex(text: &str) -> Option<[u8; LENGTH]> {
    let mut key = [0; LENGTH];
    if text.len() != 2 * LENGTH || !text.is_ascii() {
        return None;
    }
    for (byte, pair) in key.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(key)
}
