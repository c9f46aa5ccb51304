//! What every route shares: extractors, paging, versions, idempotency, the last word on replies.

mod expected;
pub mod extract;
pub mod finish;
pub mod idempotency;
pub mod listing;
pub mod methods;
mod missing;
pub mod reply;

pub use extract::{IfMatch, IfMatchOrFirst, Path, Query, Valid};
pub use idempotency::IdempotencyKey;
pub use listing::{Cursor, Page};
pub use reply::{Created, Versioned, style_policy};
