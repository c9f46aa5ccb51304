//! Which units' numbers an entry moves.

use std::collections::BTreeSet;

use diesel::prelude::*;

use crate::db::DbConnection;
use crate::db::schema::{register_entries, register_participants};
use crate::db::types::{ParticipantId, RegisterEntryId};
use crate::error::AppError;
use crate::programmes::registers::catalogue::Register;
use crate::programmes::registers::references::AT_ONCE;
use crate::programmes::sums;

/// Says which units are to be counted again when an entry of theirs was made, changed or voided: its own, before and
/// after, and those of whoever took part, before or after. A person counts at the first activity of the year,
/// wherever it was, so one activity moves the numbers of others; staff count in the unit of their own entry.
///
/// # Errors
/// The engine's own.
pub fn mark_units(
    conn: &mut DbConnection,
    register: Register,
    who: &BTreeSet<ParticipantId>,
    own: impl IntoIterator<Item = String>,
) -> Result<(), AppError> {
    let mut units = units_of_participants(conn, register, who)?;
    units.extend(own);
    sums::mark(conn, register.family(), units)
}

/// The units whose numbers depend on where these took part.
///
/// # Errors
/// The engine's own.
pub fn units_of_participants(
    conn: &mut DbConnection,
    register: Register,
    who: &BTreeSet<ParticipantId>,
) -> Result<BTreeSet<String>, AppError> {
    let who: Vec<ParticipantId> = who.iter().copied().collect();
    let mut units = BTreeSet::new();
    for some in who.chunks(AT_ONCE) {
        let found: Vec<String> = match register {
            Register::StaffTrainings => {
                let staff: Vec<RegisterEntryId> = some.iter().map(|who| RegisterEntryId(who.0)).collect();
                register_entries::table
                    .filter(register_entries::id.eq_any(staff))
                    .select(register_entries::unit_code)
                    .distinct()
                    .load(conn)?
            }
            _ => register_participants::table
                .inner_join(register_entries::table.on(register_entries::id.eq(register_participants::entry_id)))
                .filter(register_participants::who.eq_any(some.to_vec()))
                .filter(register_entries::register.eq(register))
                .filter(register_entries::voided_at.is_null())
                .select(register_entries::unit_code)
                .distinct()
                .load(conn)?,
        };
        units.extend(found);
    }
    Ok(units)
}
