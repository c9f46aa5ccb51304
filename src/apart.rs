//! A thread of its own for what takes much memory, so that this is kept once and not by every thread that ever did it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Sender, channel};
use std::thread;

use tokio::sync::oneshot;

use crate::error::AppError;

type Job = Box<dyn FnOnce() + Send>;

/// A thread that does one thing after the other.
///
/// What a thread frees mostly stays with it for what it needs next; large reports that were made by whichever thread was
/// free left hundreds of megabytes with each.
#[derive(Debug, Clone)]
pub struct Apart(Sender<Job>);

impl Apart {
    /// Begins the thread. It ends with the last of these.
    ///
    /// # Errors
    /// The system's own.
    pub fn new(name: &str) -> std::io::Result<Self> {
        let (jobs, given) = channel::<Job>();
        thread::Builder::new().name(name.to_owned()).spawn(move || {
            for job in given {
                // Whoever waits is told by the reply that never comes.
                drop(catch_unwind(AssertUnwindSafe(job)));
            }
        })?;
        Ok(Self(jobs))
    }

    /// Does something there.
    ///
    /// # Errors
    /// What it returns; [`AppError::Internal`] when it panicked.
    pub async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> Result<T, AppError> + Send + 'static,
    ) -> Result<T, AppError> {
        let (reply, answer) = oneshot::channel();
        let lost = |_| AppError::internal("what was done apart was lost");
        self.0.send(Box::new(move || drop(reply.send(job())))).map_err(|_| AppError::internal("the thread is gone"))?;
        answer.await.map_err(lost)?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[actix_web::test]
    async fn a_panic_is_an_error_of_its_own_job_alone() {
        let apart = Apart::new("test").expect("a thread");
        let lost: Result<(), AppError> = apart.run(|| panic!("made up")).await;
        assert!(matches!(lost, Err(AppError::Internal(_))), "{lost:?}");
        assert_eq!(
            apart.run(|| Ok(thread::current().name().map(str::to_owned))).await.expect("done").as_deref(),
            Some("test")
        );
    }
}
