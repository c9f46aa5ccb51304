//! Those who are met: by their keyed code, and by what a group knows it again.

use chrono::NaiveDate;

use super::codes::ContactCode;
use crate::db::types::OrganisationId;
use crate::error::FieldError;
use crate::text::hex;
use crate::vault::ServerKey;

/// Hexadecimal digits of a handle: among ten thousand clients of a group two are alike once in 20,000 groups.
const HANDLE_DIGITS: usize = 10;

/// The keyed code, in hexadecimal, as it is compared and stored.
///
/// # Errors
/// The rules that the code breaks.
pub fn keyed_code(code: &ContactCode, key: &ServerKey, today: NaiveDate) -> Result<String, Vec<FieldError>> {
    let broken =
        |rules: super::codes::Broken| rules.into_iter().map(|(field, rule)| FieldError::new(field, rule)).collect();
    code.keyed(key, today).map(|mac| mac.hex()).map_err(broken)
}

/// By what a group knows a code again: nothing can be looked up by it, and in another group the same code has another.
pub fn client_handle(key: &ServerKey, group: OrganisationId, keyed_code: &str) -> String {
    let mac = key.mac("client of a group", &[group.0.as_bytes(), keyed_code.as_bytes()]);
    let mut handle = hex(&mac);
    handle.truncate(HANDLE_DIGITS);
    handle
}
