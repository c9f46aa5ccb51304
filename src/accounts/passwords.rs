//! Password hashes: Argon2id behind a bounded queue, so that a storm of logins
//! can take neither all memory nor all processors.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use argon2::{Algorithm, Argon2, Params, PasswordHash, PasswordHasher, PasswordVerifier, Version};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;

use crate::clock::Random;
use crate::config::PasswordCost;
use crate::error::AppError;

/// Shortest password allowed (OWASP ASVS 6.2.1 asks for 8, recommends 15).
pub const MIN_LENGTH: usize = 15;
/// Longest password allowed, in characters.
pub const MAX_LENGTH: usize = 128;
/// Seconds a client waits when the queue is full.
const RETRY_SECONDS: u32 = 2;

/// Hashes and checks passwords.
#[derive(Debug, Clone)]
pub struct Passwords {
    params: Params,
    running: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
    queue: usize,
    dummy: Arc<str>,
    random: Random,
}

impl Passwords {
    /// With the given cost.
    ///
    /// # Errors
    /// When Argon2 does not take the cost.
    pub fn new(cost: &PasswordCost, random: Random) -> Result<Self, AppError> {
        let params = Params::new(cost.memory_kib, cost.passes, 1, None)
            .map_err(|_| AppError::internal("Argon2 does not take this cost"))?;
        let mut this = Self {
            params,
            running: Arc::new(Semaphore::new(cost.parallel)),
            waiting: Arc::new(AtomicUsize::new(0)),
            queue: cost.queue,
            dummy: "".into(),
            random,
        };
        this.dummy = this.hash_now(&SecretString::from("no account has this password")).map(Into::into)?;
        Ok(this)
    }

    /// Hashes a password that [`check_strength`] passed.
    ///
    /// # Errors
    /// [`AppError::Busy`] when too many hashes wait.
    pub async fn hash(&self, password: SecretString) -> Result<String, AppError> {
        let this = self.clone();
        self.queued(move || this.hash_now(&password)).await
    }

    /// As [`Passwords::hash`] on the calling thread, for commands.
    ///
    /// # Errors
    /// When hashing fails.
    pub fn hash_now(&self, password: &SecretString) -> Result<String, AppError> {
        let salt: [u8; 16] = self.random.bytes();
        self.argon2()
            .hash_password_with_salt(password.expose_secret().as_bytes(), &salt)
            .map(|hash: PasswordHash| hash.to_string())
            .map_err(|_| AppError::internal("a password could not be hashed"))
    }

    /// Whether the password is that of the hash. Without a hash the same work is
    /// done against a dummy, so that time does not tell whether an account exists.
    ///
    /// # Errors
    /// [`AppError::Busy`] when too many hashes wait.
    pub async fn verify(&self, password: SecretString, hash: Option<String>) -> Result<bool, AppError> {
        let this = self.clone();
        self.queued(move || {
            let known = hash.is_some();
            let hash = hash.unwrap_or_else(|| this.dummy.to_string());
            let parsed = PasswordHash::new(&hash).map_err(|_| AppError::internal("a stored hash is malformed"))?;
            let right = this.argon2().verify_password(password.expose_secret().as_bytes(), &parsed).is_ok();
            Ok(right && known)
        })
        .await
    }

    fn argon2(&self) -> Argon2<'static> {
        Argon2::new(Algorithm::Argon2id, Version::V0x13, self.params.clone())
    }

    async fn queued<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, AppError> + Send + 'static,
    ) -> Result<T, AppError> {
        let busy = AppError::Busy { retry_after_seconds: RETRY_SECONDS };
        let place = Place::take(&self.waiting, self.queue + self.running.available_permits()).ok_or(busy)?;
        let permit =
            self.running.clone().acquire_owned().await.map_err(|_| AppError::internal("password queue closed"))?;
        drop(place);
        actix_web::web::block(move || {
            // Held by the work itself: a client that hangs up frees no slot early.
            let _permit = permit;
            work()
        })
        .await?
    }
}

/// A place in the queue, given back when dropped.
struct Place(Arc<AtomicUsize>);

impl Place {
    fn take(waiting: &Arc<AtomicUsize>, most: usize) -> Option<Self> {
        let before = waiting.fetch_add(1, Ordering::SeqCst);
        let place = Self(waiting.clone());
        (before < most).then_some(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Whether a password may be used: long enough and hard to guess, the login name taken into account.
pub fn check_strength(password: &SecretString, username: &str) -> bool {
    let text = password.expose_secret();
    let length = text.chars().count();
    let guess = zxcvbn::zxcvbn(text, &[username, "hoanhap", "hoa nhap"]);
    (MIN_LENGTH..=MAX_LENGTH).contains(&length) && guess.score() >= zxcvbn::Score::Three
}
