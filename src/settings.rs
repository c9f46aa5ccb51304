//! Facts about this installation that are kept in its database.

use diesel::prelude::*;

use crate::db::DbConnection;
use crate::db::schema::settings;
use crate::error::AppError;

/// Fingerprint of the keys the database was made with, all but the programme key.
pub const KEY_FINGERPRINT: &str = "keys.fingerprint";
/// Fingerprint of the programme key, under which contact codes are kept.
pub const PROGRAMME_KEY_FINGERPRINT: &str = "keys.programme_fingerprint";
/// Names this installation; the key store holds the same name, so that neither is used with another's.
pub const INSTALLATION: &str = "installation.id";
/// Day of the first start. Years that were closed before it are not released: their records are not here.
pub const INSTALLED_ON: &str = "installation.day";
/// Present in databases of made-up data only.
pub const DEMO: &str = "demo";

/// Reads a setting.
///
/// # Errors
/// The engine's own.
pub fn get(conn: &mut DbConnection, name: &str) -> Result<Option<String>, AppError> {
    Ok(settings::table.find(name).select(settings::value).first(conn).optional()?)
}

/// Writes a setting.
///
/// # Errors
/// The engine's own.
pub fn set(conn: &mut DbConnection, name: &str, value: &str) -> Result<(), AppError> {
    let changed = diesel::update(settings::table.find(name)).set(settings::value.eq(value)).execute(conn)?;
    if changed == 0 {
        diesel::insert_into(settings::table)
            .values((settings::name.eq(name), settings::value.eq(value)))
            .execute(conn)?;
    }
    Ok(())
}
