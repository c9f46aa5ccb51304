//! DHIS2's data value sets in JSON, as its Web API takes and gives them at `/api/dataValueSets`.

mod reading;
mod writing;

pub use reading::read;
pub use writing::write;

/// Media type.
pub const MEDIA_TYPE: &str = "application/json";
