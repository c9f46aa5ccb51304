//! Time and randomness, injected so that tests decide both.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::db::types::Instant;

/// Tells the time; in tests it stands where it is put.
#[derive(Debug, Clone)]
pub struct Clock(Arc<Hands>);

#[derive(Debug)]
enum Hands {
    System,
    Set(AtomicI64),
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self(Arc::new(Hands::System))
    }

    /// A clock that stands at `at` until it is moved.
    pub fn standing_at(at: DateTime<Utc>) -> Self {
        Self(Arc::new(Hands::Set(AtomicI64::new(at.timestamp_micros()))))
    }

    /// The present moment.
    pub fn now(&self) -> Instant {
        match self.0.as_ref() {
            #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
            Hands::System => Instant::new(Utc::now()),
            Hands::Set(at) => {
                Instant::new(DateTime::from_timestamp_micros(at.load(Ordering::SeqCst)).unwrap_or_default())
            }
        }
    }

    /// Today in Vietnam.
    pub fn today(&self) -> NaiveDate {
        self.now().civil_date()
    }

    /// Moves a standing clock forward; a system clock does not move.
    pub fn advance(&self, span: TimeDelta) {
        if let Hands::Set(at) = self.0.as_ref() {
            at.fetch_add(span.num_microseconds().unwrap_or(0), Ordering::SeqCst);
        }
    }
}

/// Where ids, keys and nonces come from.
#[derive(Debug, Clone)]
pub struct Random(Arc<Source>);

#[derive(Debug)]
enum Source {
    System,
    Seeded(Box<Mutex<StdRng>>),
}

impl Random {
    /// The operating system's generator.
    pub fn system() -> Self {
        Self(Arc::new(Source::System))
    }

    /// A repeatable sequence, for made-up data and tests; never for secrets of real people.
    pub fn seeded(seed: u64) -> Self {
        Self(Arc::new(Source::Seeded(Box::new(Mutex::new(StdRng::seed_from_u64(seed))))))
    }

    /// Fills `bytes`.
    pub fn fill(&self, bytes: &mut [u8]) {
        match self.0.as_ref() {
            Source::System => {
                #[expect(clippy::disallowed_methods, reason = "the one place that draws on ambient randomness")]
                rand::rng().fill_bytes(bytes);
            }
            Source::Seeded(rng) => {
                rng.lock().unwrap_or_else(std::sync::PoisonError::into_inner).fill_bytes(bytes);
            }
        }
    }

    /// `N` random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    /// A random (version 4) UUID: it shows neither order nor time of creation.
    pub fn uuid(&self) -> uuid::Uuid {
        uuid::Builder::from_random_bytes(self.bytes()).into_uuid()
    }
}
