//! Which units' numbers an entry moves.

use std::collections::BTreeSet;

use super::locks::units_of_staff;
use crate::admin_units::AdminUnits;
use crate::db::DbConnection;
use crate::db::types::ParticipantId;
use crate::error::AppError;
use crate::programmes::registers::catalogue::Register;
use crate::programmes::sums;

/// Says which units are to be counted again when an entry of theirs was made, changed or voided: its own, before and
/// after; those of the staff it says were trained, before or after, for staff count in the unit of their own entry; and
/// of staff and establishments the units before and after it, whose counts end where it tells its own.
///
/// # Errors
/// The engine's own.
pub fn mark_units(
    conn: &mut DbConnection,
    admin_units: &AdminUnits,
    register: Register,
    who: &BTreeSet<ParticipantId>,
    own: impl IntoIterator<Item = String>,
) -> Result<(), AppError> {
    let mut units: BTreeSet<String> = own.into_iter().collect();
    if register == Register::StaffTrainings {
        units.extend(units_of_staff(conn, who)?.into_values());
    } else if sums::hands_over(register) {
        let related: Vec<String> = units.iter().flat_map(|unit| sums::related(admin_units, unit)).collect();
        units.extend(related);
    }
    sums::mark(conn, register.family(), units)
}
