//! ADX, the profile *Aggregate Data Exchange* of IHE QRPH, as DHIS2 takes and gives it too.

mod attributes;
mod reading;
mod writing;

pub use reading::read;
pub use writing::write;

/// Media type that DHIS2 gives it.
pub const MEDIA_TYPE: &str = "application/adx+xml";
/// Namespace of its elements.
const NAMESPACE: &str = "urn:ihe:qrph:adx:2015";

/// Attributes that have a meaning of their own or are passed over, so that no dimension has their names.
const NO_DIMENSION: [&str; 16] = [
    "orgUnit",
    "period",
    "dataSet",
    "dataElement",
    "value",
    "categoryOptionCombo",
    "attributeOptionCombo",
    "comment",
    "completeDate",
    "deleted",
    "storedBy",
    "created",
    "lastUpdated",
    "followup",
    "exported",
    "isNull",
];

/// Whether a dimension may be called so: by the letters of XML names that DHIS2 advises.
pub(super) fn is_dimension(name: &str) -> bool {
    let begins = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'));
    let reserved = name.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("xml"));
    begins && plain && name.len() <= 64 && !reserved && !NO_DIMENSION.contains(&name) && !is_scheme(name)
}

/// Which property of DHIS2's objects the ids are; the mapping holds ids as they are written.
fn is_scheme(name: &str) -> bool {
    name == "idScheme" || name.ends_with("IdScheme")
}
