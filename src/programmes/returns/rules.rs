//! Who reads which return.

use diesel::prelude::*;

use super::model::OfficialReturn;
use crate::accounts::Actor;
use crate::admin_units::{AdminUnits, Level};
use crate::db::DbConnection;
use crate::db::schema::official_returns;
use crate::db::types::OfficialReturnId;
use crate::error::AppError;
use crate::grants::{Action, Scope};

/// The officer's own provinces: those of today that the account was given, and those that went into them. An officer
/// of the whole country reads no province's totals.
fn own_provinces(units: &AdminUnits, scope: &Scope, today: chrono::NaiveDate) -> Vec<String> {
    let of_today = |code: &str| units.province_on(code, today).map(|province| province.code.as_str());
    let is_province = |code: &&String| units.get(code).is_some_and(|unit| unit.level == Level::Province);
    let own: Vec<&str> = scope.admin_units.iter().filter(is_province).filter_map(|code| of_today(code)).collect();
    let provinces = units.all().iter().filter(|unit| unit.level == Level::Province);
    let reached = provinces.filter(|unit| of_today(&unit.code).is_some_and(|today| own.contains(&today)));
    reached.map(|unit| unit.code.clone()).collect()
}

/// Reads a page of returns, those computed last first, one more than `limit`.
///
/// # Errors
/// [`AppError::Forbidden`] without the right.
pub fn list(
    conn: &mut DbConnection,
    actor: &Actor,
    units: &AdminUnits,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<OfficialReturn>, AppError> {
    let scope = actor.scope(Action::OfficialReturnRead)?;
    let own = own_provinces(units, &scope, actor.now.civil_date());
    let mut query = official_returns::table
        .filter(official_returns::province_code.eq_any(own))
        .order(official_returns::number.desc())
        .select(OfficialReturn::as_select())
        .limit(limit + 1)
        .into_boxed();
    if let Some(before) = before {
        query = query.filter(official_returns::number.lt(before));
    }
    Ok(query.load(conn)?)
}

/// Reads a return within the reach of an action.
///
/// # Errors
/// [`AppError::NotFound`] out of reach; [`AppError::Forbidden`] without the right.
pub fn find(
    conn: &mut DbConnection,
    actor: &Actor,
    units: &AdminUnits,
    action: Action,
    id: OfficialReturnId,
) -> Result<OfficialReturn, AppError> {
    let scope = actor.scope(action)?;
    let own = own_provinces(units, &scope, actor.now.civil_date());
    let found = official_returns::table.find(id).filter(official_returns::province_code.eq_any(own));
    Ok(found.select(OfficialReturn::as_select()).first(conn)?)
}
