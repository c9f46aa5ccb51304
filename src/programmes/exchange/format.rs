//! The formats in which figures travel.

use super::{DataSet, Faults, Mapping, adx, dhis2};
use crate::db::types::{Instant, text_enum};

text_enum! {
    /// Format in which figures travel.
    ExchangeFormat {
        /// DHIS2's data value set, JSON.
        Dhis2 = "dhis2",
        /// ADX, XML.
        Adx = "adx",
    }
}

impl ExchangeFormat {
    /// Writes figures.
    ///
    /// # Errors
    /// What has no counterpart, or no name in the format.
    pub fn write(self, set: &DataSet, mapping: &Mapping, now: Instant) -> Result<String, Faults> {
        match self {
            Self::Dhis2 => dhis2::write(set, mapping),
            Self::Adx => adx::write(set, mapping, now),
        }
    }

    /// Reads figures.
    ///
    /// # Errors
    /// Everything that is wrong with them, by place.
    pub fn read(self, bytes: &[u8], mapping: &Mapping) -> Result<DataSet, Faults> {
        match self {
            Self::Dhis2 => dhis2::read(bytes, mapping),
            Self::Adx => adx::read(bytes, mapping),
        }
    }

    /// Media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Dhis2 => dhis2::MEDIA_TYPE,
            Self::Adx => adx::MEDIA_TYPE,
        }
    }

    /// How files of it end.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Dhis2 => "json",
            Self::Adx => "xml",
        }
    }
}
