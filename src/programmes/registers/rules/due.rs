//! Which units' numbers an entry moves.

use std::collections::BTreeSet;

use super::locks::units_of_staff;
use crate::db::DbConnection;
use crate::db::types::ParticipantId;
use crate::error::AppError;
use crate::programmes::registers::catalogue::Register;
use crate::programmes::sums;

/// Says which units are to be counted again when an entry of theirs was made, changed or voided: its own, before and
/// after, and those of the staff it says were trained, before or after, for staff count in the unit of their own entry.
///
/// # Errors
/// The engine's own.
pub fn mark_units(
    conn: &mut DbConnection,
    register: Register,
    who: &BTreeSet<ParticipantId>,
    own: impl IntoIterator<Item = String>,
) -> Result<(), AppError> {
    let mut units: BTreeSet<String> = own.into_iter().collect();
    if register == Register::StaffTrainings {
        units.extend(units_of_staff(conn, who)?.into_values());
    }
    sums::mark(conn, register.family(), units)
}
