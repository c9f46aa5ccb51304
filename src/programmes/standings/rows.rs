//! Standings as they are stored, and counting them from the records.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use diesel::prelude::*;

use super::keeper::{KeyYear, MeasureKey, counted_as, period};
use crate::db::DbConnection;
use crate::db::bulk::bulk_rows;
use crate::db::schema::{person_standings, standings_kept};
use crate::db::types::PersonId;
use crate::error::AppError;
use crate::programmes::facts::Merged;
use crate::programmes::indicators::{PersonOutcome, Standing};
use crate::programmes::rules::{outcomes_of_country_unscoped, outcomes_of_these_unscoped};
use crate::services::Services;

/// Where a person stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stand {
    /// Person, or contact code as an id.
    pub person: PersonId,
    /// Unit the person counts in.
    pub unit: String,
    /// Where the person stands.
    pub standing: Standing,
    /// Whether needs were assessed at all.
    pub assessed: bool,
}

impl From<PersonOutcome> for Stand {
    fn from(outcome: PersonOutcome) -> Self {
        let PersonOutcome { person, unit, standing, assessed, .. } = outcome;
        Self { person, unit, standing, assessed }
    }
}

/// As it is stored.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Insertable, Queryable, Selectable)]
#[diesel(table_name = person_standings, treat_none_as_default_value = false)]
pub(super) struct StandRow {
    pub(super) person_id: PersonId,
    pub(super) measure_key: String,
    pub(super) year: i32,
    pub(super) unit_code: String,
    pub(super) standing: Standing,
    pub(super) assessed: bool,
}

bulk_rows! { StandRow => person_standings }

impl StandRow {
    pub(super) fn of((key, year): KeyYear, stand: Stand) -> Self {
        Self {
            person_id: stand.person,
            measure_key: key.to_string(),
            year,
            unit_code: stand.unit,
            standing: stand.standing,
            assessed: stand.assessed,
        }
    }
}

impl From<StandRow> for Stand {
    fn from(row: StandRow) -> Self {
        Self { person: row.person_id, unit: row.unit_code, standing: row.standing, assessed: row.assessed }
    }
}

/// Counts everybody from the records.
pub(super) fn of_everybody(
    conn: &mut DbConnection,
    services: &Services,
    (key, year): KeyYear,
    today: NaiveDate,
) -> Result<Vec<Stand>, AppError> {
    let Some(period) = period(year, today) else { return Ok(Vec::new()) };
    let outcomes = outcomes_of_country_unscoped(conn, services, &key.indicator(), period)?;
    Ok(outcomes.into_iter().map(Stand::from).collect())
}

/// Counts these from the records, each of them as persons are counted.
pub(super) fn of_these(
    conn: &mut DbConnection,
    services: &Services,
    (key, year): KeyYear,
    today: NaiveDate,
    merged: &Merged,
    these: &BTreeSet<PersonId>,
) -> Result<Vec<Stand>, AppError> {
    let Some(period) = period(year, today) else { return Ok(Vec::new()) };
    let outcomes = outcomes_of_these_unscoped(conn, services, &key.indicator(), period, merged, these)?;
    Ok(outcomes.into_iter().map(Stand::from).collect())
}

/// A year of a measure that the database says is kept whole.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Queryable, Selectable)]
#[diesel(table_name = standings_kept)]
pub(super) struct KeptRow {
    pub(super) measure_key: String,
    pub(super) year: i32,
    pub(super) counted_as: String,
}

impl KeptRow {
    /// What it is of, where this version of the program counts it so.
    pub(super) fn understood(&self, services: &Services) -> Option<KeyYear> {
        let key: MeasureKey = self.measure_key.parse().ok()?;
        (counted_as(services, key) == self.counted_as).then_some((key, self.year))
    }
}

/// Everything that is kept whole.
pub(super) fn kept(conn: &mut DbConnection) -> Result<Vec<KeptRow>, AppError> {
    let all = standings_kept::table.order((standings_kept::measure_key, standings_kept::year));
    Ok(all.select(KeptRow::as_select()).load(conn)?)
}

/// Whether a year of a measure is kept whole, as this version of the program counts it.
pub(super) fn is_kept(conn: &mut DbConnection, services: &Services, (key, year): KeyYear) -> Result<bool, AppError> {
    let row = standings_kept::table.find((key.to_string(), year)).select(KeptRow::as_select());
    let row: Option<KeptRow> = row.first(conn).optional()?;
    Ok(row.is_some_and(|row| row.counted_as == counted_as(services, key)))
}
