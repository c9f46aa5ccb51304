//! What a phone hears.

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::db::types::{Instant, OperationId, text_enum};
use crate::error::{FieldError, Language, ProblemField};
use crate::outreach::conflicts::model::ConflictView;
use crate::outreach::parcels::opening::OpenedParcel;
use crate::outreach::sessions::views::{ContactChangeView, SessionChangeView};

text_enum! {
    /// What became of an operation. After the first three the phone may forget it.
    OperationStatus {
        /// Done.
        Applied = "applied",
        /// It had been done before; nothing more was done.
        AlreadyApplied = "already_applied",
        /// Somebody else had changed the same meanwhile: what could be done was done, and the rest stands in the inbox of conflicts.
        Conflict = "conflict",
        /// Not done, and not to be sent again as it is: `errors` say why.
        Refused = "refused",
        /// Not done, for what it is about has not arrived yet: send it again.
        Waiting = "waiting",
    }
}

/// What became of one operation.
#[derive(Debug, Serialize, ToSchema)]
pub struct OperationResult {
    /// Its number; none where that could not be read.
    pub operation: Option<OperationId>,
    /// What became of it.
    pub status: OperationStatus,
    /// The session or contact it made, changed or took away.
    pub record: Option<Uuid>,
    /// Version of that record now.
    pub version: Option<i32>,
    /// What it met that somebody else had changed, with both values.
    pub conflicts: Vec<ConflictView>,
    /// Whether it met such a thing, also when it comes again.
    pub conflicted: bool,
    /// Why it was refused.
    pub errors: Vec<ProblemField>,
}

/// What became of one operation, before it is put into words.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Place in the batch.
    pub position: usize,
    /// Its number.
    pub operation: Option<OperationId>,
    /// What became of it.
    pub status: OperationStatus,
    /// The record.
    pub record: Option<Uuid>,
    /// Its version.
    pub version: Option<i32>,
    /// Conflicts it made.
    pub conflicts: Vec<ConflictView>,
    /// Whether it met one, now or when it first came.
    pub conflicted: bool,
    /// Why it was refused.
    pub errors: Vec<FieldError>,
}

impl Outcome {
    /// Refused.
    pub fn refused(position: usize, operation: Option<OperationId>, errors: Vec<FieldError>) -> Self {
        let status = OperationStatus::Refused;
        Self { position, operation, status, record: None, version: None, conflicts: vec![], conflicted: false, errors }
    }

    /// In the words of the phone's language.
    pub fn said(self, language: Language) -> OperationResult {
        OperationResult {
            operation: self.operation,
            status: self.status,
            record: self.record,
            version: self.version,
            conflicts: self.conflicts,
            conflicted: self.conflicted,
            errors: self.errors.iter().map(|error| error.said(language)).collect(),
        }
    }
}

/// The clock of the phone, against the server's.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct PhoneClock {
    /// Seconds by which it is ahead; below nought it is behind.
    pub ahead_seconds: i64,
    /// Whether it is wrong by more than two minutes.
    pub wrong: bool,
}

impl PhoneClock {
    /// Seconds that a clock may be wrong without being told so.
    const TOLERANCE: i64 = 120;

    /// As told at a moment.
    pub fn told(device_time: Instant, now: Instant) -> Self {
        let ahead_seconds = device_time.0.signed_duration_since(now.0).num_seconds();
        Self { ahead_seconds, wrong: ahead_seconds.abs() > Self::TOLERANCE }
    }
}

/// The answer to a batch.
#[derive(Debug, Serialize, ToSchema)]
pub struct SyncReply {
    /// What became of each operation, in the order in which they were sent; those of parcels come last.
    pub results: Vec<OperationResult>,
    /// What was found in each parcel, in the order in which they were sent.
    pub parcels: Vec<OpenedParcel>,
    /// Sessions that changed since the cursor, by any hand; what was taken away says so.
    pub sessions: Vec<SessionChangeView>,
    /// Contacts that changed since the cursor.
    pub contacts: Vec<ContactChangeView>,
    /// Send it with the next request.
    pub cursor: String,
    /// Whether the cursor was none of this group as it stands now (the records were restored from a backup): what follows
    /// is told from the beginning, and takes the place of all the phone had read.
    pub anew: bool,
    /// Whether more has changed: ask again, with no operations.
    pub more: bool,
    /// Conflicts of the group that wait for a decision.
    pub open_conflicts: i64,
    /// Contacts of sessions held up to this day that had arrived by then were reduced to numbers, and the notes of such
    /// sessions are gone: forget them. None where none was.
    pub reduced_until: Option<NaiveDate>,
    /// The phone's clock.
    pub clock: PhoneClock,
}
