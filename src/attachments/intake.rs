//! The gate for new files: so many are received at once, one is looked through at a time, and those
//! who come when the queue is full are told to come again.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use zeroize::Zeroizing;

use super::content::{self, Clean, Limits};
use crate::config::FilesConfig;
use crate::error::AppError;

/// Seconds a client waits when the queue is full.
const RETRY_SECONDS: u32 = 10;
/// Whoever has not come through the queue by then is told to come again.
const PATIENCE: Duration = Duration::from_secs(20);

/// The gate. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Intake {
    admitted: Arc<Semaphore>,
    receiving: Arc<Semaphore>,
    looking: Arc<Semaphore>,
    /// Bytes of one file at the most, as it is sent.
    pub(super) max_bytes: usize,
    limits: Limits,
}

/// Leave to receive one file; given back when dropped.
#[derive(Debug)]
pub(super) struct Turn {
    _admitted: OwnedSemaphorePermit,
    _receiving: OwnedSemaphorePermit,
}

impl Intake {
    pub(super) fn new(config: &FilesConfig) -> Self {
        Self {
            admitted: Arc::new(Semaphore::new(config.uploads + config.queue)),
            receiving: Arc::new(Semaphore::new(config.uploads)),
            looking: Arc::new(Semaphore::new(1)),
            max_bytes: config.max_bytes,
            limits: Limits { max_pixels: config.max_pixels, max_bytes: config.max_bytes.saturating_mul(2) },
        }
    }

    /// Waits for leave to receive a file. Nothing of its body is read before.
    ///
    /// # Errors
    /// [`AppError::Busy`] when too many wait, or it takes too long.
    pub(super) async fn turn(&self) -> Result<Turn, AppError> {
        let busy = || AppError::Busy { retry_after_seconds: RETRY_SECONDS };
        let admitted = self.admitted.clone().try_acquire_owned().map_err(|_| busy())?;
        let receiving = tokio::time::timeout(PATIENCE, self.receiving.clone().acquire_owned())
            .await
            .map_err(|_| busy())?
            .map_err(|_| AppError::internal("the gate for files closed"))?;
        Ok(Turn { _admitted: admitted, _receiving: receiving })
    }

    /// Looks a file through and makes it anew, on a thread that may block.
    ///
    /// # Errors
    /// A field error that says what is wrong with the file.
    pub(super) async fn look_through(&self, sent: Arc<Zeroizing<Vec<u8>>>) -> Result<Clean, AppError> {
        let permit = self.looking.clone().acquire_owned().await;
        let permit = permit.map_err(|_| AppError::internal("the gate for files closed"))?;
        let this = self.clone();
        actix_web::web::block(move || {
            // Held by the work itself: a client that hangs up frees no memory early.
            let _permit = permit;
            this.look_through_now(&sent)
        })
        .await?
    }

    /// As [`Intake::look_through`] on the calling thread, out of turn.
    pub(super) fn look_through_now(&self, sent: &[u8]) -> Result<Clean, AppError> {
        content::clean(sent, self.limits).map_err(|fault| AppError::field("file", fault.rule(self.limits)))
    }
}
