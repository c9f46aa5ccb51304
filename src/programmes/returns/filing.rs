//! Which provinces have filed for a period: by names and steps, never by numbers.

use std::collections::BTreeMap;

use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use super::catalogue::ReturnCatalogue;
use super::model::ReturnStatus;
use crate::accounts::Actor;
use crate::admin_units::{AdminUnits, COUNTRY, Level};
use crate::db::DbConnection;
use crate::db::schema::official_returns;
use crate::error::{AppError, PlainForm, Rule};
use crate::grants::Action;
use crate::programmes::periods::{Calendar, ReportPeriod};

/// A province that has not filed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MissingReturn {
    /// The province on the map of the period's last day.
    pub province_code: String,
    /// Its name then.
    pub province_vi: String,
    /// How far its return is; none while the period is not closed.
    pub status: Option<ReturnStatus>,
    /// Revision that waits for signatures.
    pub revision: Option<i32>,
    /// The earlier revision that was filed last.
    pub filed_revision: Option<i32>,
}

/// Who has filed for a period, and who has not.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Filing {
    /// Calendar.
    pub calendar: Calendar,
    /// Period.
    pub period: String,
    /// Provinces that are to file.
    pub expected: usize,
    /// Of them, those that did.
    pub filed: usize,
    /// The others.
    pub missing: Vec<MissingReturn>,
}

type Row = (String, i32, ReturnStatus, bool);

/// Lists the provinces of the country that have not filed. For an officer of the whole country.
///
/// # Errors
/// [`AppError::Forbidden`] for others; a field error for a period of which there are no returns.
pub fn filing(
    conn: &mut DbConnection,
    actor: &Actor,
    (units, catalogue, closing_day): (&AdminUnits, &ReturnCatalogue, u32),
    calendar: Calendar,
    period: ReportPeriod,
) -> Result<Filing, AppError> {
    let scope = actor.scope(Action::OfficialReturnRead)?;
    let is_country = |code: &String| units.get(code).is_some_and(|unit| unit.level == Level::Country);
    if !scope.admin_units.iter().any(is_country) {
        return Err(AppError::Forbidden);
    }
    if !catalogue.asks_for(calendar, period.kind) {
        return Err(AppError::field("period", Rule::Format(PlainForm::ReturnPeriod.into())));
    }
    let rows: Vec<Row> = official_returns::table
        .filter(official_returns::calendar.eq(calendar))
        .filter(official_returns::period.eq(period.to_string()))
        .order((official_returns::province_code, official_returns::revision))
        .select((
            official_returns::province_code,
            official_returns::revision,
            official_returns::status,
            official_returns::second_signed_at.is_not_null(),
        ))
        .load(conn)?;
    let mut of_provinces: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    for row in rows {
        of_provinces.entry(row.0.clone()).or_default().push(row);
    }
    let (_, last_day) = period.days(calendar, closing_day);
    let expected = units.units_on(Level::Province, COUNTRY, last_day);
    let mut missing = Vec::new();
    for province in &expected {
        let own = of_provinces.get(&province.code).map_or(&[][..], Vec::as_slice);
        let name = units.name_on(&province.code, last_day).unwrap_or(&province.name_vi);
        missing.extend(unfiled(&province.code, name, own));
    }
    let filed = expected.len() - missing.len();
    Ok(Filing { calendar, period: period.to_string(), expected: expected.len(), filed, missing })
}

/// What is missing of a province, by its revisions, the last one last.
fn unfiled(code: &str, name: &str, own: &[Row]) -> Option<MissingReturn> {
    let last = own.last();
    if last.is_some_and(|(.., status, _)| *status == ReturnStatus::Filed) {
        return None;
    }
    let filed = own.iter().rev().find(|(.., filed)| *filed);
    Some(MissingReturn {
        province_code: code.to_owned(),
        province_vi: name.to_owned(),
        status: last.map(|(.., status, _)| *status),
        revision: last.map(|(_, revision, ..)| *revision),
        filed_revision: filed.map(|(_, revision, ..)| *revision),
    })
}
