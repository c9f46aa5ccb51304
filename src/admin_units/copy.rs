//! The copy of the list in the database, which records refer to.

use diesel::prelude::*;
use sha2::{Digest as _, Sha256};

use super::catalogue::{AdminUnit, AdminUnits};
use crate::db::DbConnection;
use crate::db::schema::{admin_unit_successors, admin_units};
use crate::error::AppError;
use crate::settings;
use crate::text::hex;

const VERSION: &str = "admin_units.version";

/// Copies the list unless this very list is there. Units are added and updated,
/// never removed: records may refer to them.
///
/// # Errors
/// The engine's own.
pub fn copy_into(conn: &mut DbConnection, units: &AdminUnits) -> Result<(), AppError> {
    let version = version_of(units);
    if settings::get(conn, VERSION)?.as_deref() == Some(version.as_str()) {
        return Ok(());
    }
    let known: std::collections::HashSet<String> =
        admin_units::table.select(admin_units::code).load::<String>(conn)?.into_iter().collect();
    // New generations first: an old unit refers to its successor.
    let (old, new): (Vec<&AdminUnit>, Vec<&AdminUnit>) = units.all().iter().partition(|u| u.code.starts_with("G63-"));
    for unit in new.into_iter().chain(old) {
        let values = (
            admin_units::level.eq(unit.level),
            admin_units::name_vi.eq(&unit.name_vi),
            admin_units::name_en.eq(&unit.name_en),
            admin_units::name_folded.eq(&unit.name_folded),
            admin_units::parent_code.eq(&unit.parent),
            admin_units::province_code.eq(&unit.province),
            admin_units::valid_from.eq(unit.valid_from),
            admin_units::valid_to.eq(unit.valid_to),
            admin_units::successor_code.eq(&unit.successor),
        );
        if known.contains(&unit.code) {
            diesel::update(admin_units::table.find(&unit.code)).set(values).execute(conn)?;
        } else {
            diesel::insert_into(admin_units::table).values((admin_units::code.eq(&unit.code), values)).execute(conn)?;
        }
    }
    diesel::delete(admin_unit_successors::table).execute(conn)?;
    for step in units.all_successors() {
        diesel::insert_into(admin_unit_successors::table)
            .values((
                admin_unit_successors::code.eq(&step.code),
                admin_unit_successors::successor_code.eq(&step.successor),
                admin_unit_successors::is_default.eq(step.is_default),
                admin_unit_successors::is_whole.eq(step.is_whole),
            ))
            .execute(conn)?;
    }
    settings::set(conn, VERSION, &version)
}

fn version_of(units: &AdminUnits) -> String {
    let mut digest = Sha256::new();
    for unit in units.all() {
        digest.update(format!("{unit:?}\n"));
    }
    for step in units.all_successors() {
        digest.update(format!("{step:?}\n"));
    }
    let digest: [u8; 32] = digest.finalize().into();
    hex(&digest)
}
