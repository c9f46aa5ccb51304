//! Reading standings; who is due is counted from the records meanwhile.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::dsl::count_star;
use diesel::prelude::*;

use super::due::{self, Dues};
use super::keeper::{KeyYear, MeasureKey};
use super::rows::{Stand, StandRow, is_kept, of_everybody, of_these};
use crate::db::DbConnection;
use crate::db::schema::person_standings;
use crate::error::AppError;
use crate::programmes::facts::Merged;
use crate::programmes::indicators::{Period, Standing};
use crate::programmes::plans::CaseMeasure;
use crate::services::Services;

/// When more are due, all are counted from the records: that is then faster.
const MOST_DUE: i64 = 2_000;
/// Ids of one statement.
const AT_ONCE: usize = 1_000;

/// How many stand where.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// In the denominator and the numerator.
    pub served: u64,
    /// In the denominator only.
    pub not_served: u64,
    /// Everything still due was refused.
    pub refused: u64,
    /// Not found in need and eligible.
    pub not_in_need: u64,
    /// Never assessed.
    pub not_assessed: u64,
    /// Of all of them, those who were assessed.
    pub assessed: u64,
}

impl Tally {
    fn add(&mut self, standing: Standing, assessed: bool, many: u64) {
        let place = match standing {
            Standing::Served => &mut self.served,
            Standing::NotServed => &mut self.not_served,
            Standing::Refused => &mut self.refused,
            Standing::NotInNeed => &mut self.not_in_need,
            Standing::NotAssessed => &mut self.not_assessed,
        };
        *place += many;
        self.assessed += if assessed { many } else { 0 };
    }

    /// Everybody the measure is about.
    pub fn clients(&self) -> u64 {
        self.served + self.not_served + self.refused + self.not_in_need + self.not_assessed
    }
}

/// What a question is answered from.
enum Source {
    /// All from the records.
    Records(Vec<Stand>),
    /// What is kept, but for those who are due; they were counted.
    Kept(Dues, Vec<Stand>),
}

fn source(conn: &mut DbConnection, services: &Services, about: KeyYear, today: NaiveDate) -> Result<Source, AppError> {
    let few = if is_kept(conn, services, about)? { due::everybody(conn, MOST_DUE)? } else { None };
    let Some(few) = few else { return Ok(Source::Records(of_everybody(conn, services, about, today)?)) };
    if few.is_empty() {
        return Ok(Source::Kept(Dues::default(), Vec::new()));
    }
    let merged = Merged::read(conn)?;
    let dues = Dues::of(&merged, few);
    let fresh = of_these(conn, services, about, today, &merged, &dues.roots)?;
    Ok(Source::Kept(dues, fresh))
}

fn begun(indicator: &CaseMeasure, year: i32, today: NaiveDate) -> Option<KeyYear> {
    Period::of_year(year, today).map(|_| (MeasureKey::of(indicator), year))
}

/// Where everybody stands in a measure in a year, cut off today while it runs: exactly what
/// [`outcomes_of_country_unscoped`](crate::programmes::outcomes_of_country_unscoped) says, person by person. Nobody in a
/// year that has not begun. Not for eyes: statistics protect what they make of it.
///
/// # Errors
/// The engine's own.
pub fn read(
    conn: &mut DbConnection,
    services: &Services,
    indicator: &CaseMeasure,
    year: i32,
    today: NaiveDate,
) -> Result<Vec<Stand>, AppError> {
    let Some(about) = begun(indicator, year, today) else { return Ok(Vec::new()) };
    let (dues, mut stands) = match source(conn, services, about, today)? {
        Source::Records(stands) => return Ok(stands),
        Source::Kept(dues, fresh) => (dues, fresh),
    };
    let kept = kept_rows(conn, about)?.into_iter().map(Stand::from);
    stands.extend(kept.filter(|stand| !dues.named.contains(&stand.person)));
    stands.sort();
    Ok(stands)
}

/// How many stand where, by the unit they count in, from the index of the kept rows alone.
///
/// # Errors
/// The engine's own.
pub fn tally(
    conn: &mut DbConnection,
    services: &Services,
    indicator: &CaseMeasure,
    year: i32,
    today: NaiveDate,
) -> Result<BTreeMap<String, Tally>, AppError> {
    let Some(about) = begun(indicator, year, today) else { return Ok(BTreeMap::new()) };
    let mut counts = Counts::default();
    let fresh = match source(conn, services, about, today)? {
        Source::Records(stands) => stands,
        Source::Kept(dues, fresh) => {
            counts = kept_counts(conn, about)?;
            for row in kept_rows_of(conn, about, &dues)? {
                counts.add(Stand::from(row), -1);
            }
            fresh
        }
    };
    for stand in fresh {
        counts.add(stand, 1);
    }
    counts.tallies()
}

#[derive(Default)]
struct Counts(BTreeMap<(String, Standing, bool), i64>);

impl Counts {
    fn add(&mut self, stand: Stand, many: i64) {
        *self.0.entry((stand.unit, stand.standing, stand.assessed)).or_default() += many;
    }

    fn tallies(self) -> Result<BTreeMap<String, Tally>, AppError> {
        let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
        for ((unit, standing, assessed), many) in self.0.into_iter().filter(|(_, many)| *many != 0) {
            let many = u64::try_from(many).map_err(|_| AppError::internal("standings are damaged; rebuild them"))?;
            tallies.entry(unit).or_default().add(standing, assessed, many);
        }
        Ok(tallies)
    }
}

fn kept_counts(conn: &mut DbConnection, (key, year): KeyYear) -> Result<Counts, AppError> {
    let rows: Vec<(String, Standing, bool, i64)> = person_standings::table
        .filter(person_standings::measure_key.eq(key.to_string()))
        .filter(person_standings::year.eq(year))
        .group_by((person_standings::unit_code, person_standings::standing, person_standings::assessed))
        .select((person_standings::unit_code, person_standings::standing, person_standings::assessed, count_star()))
        .load(conn)?;
    Ok(Counts(rows.into_iter().map(|(unit, standing, assessed, many)| ((unit, standing, assessed), many)).collect()))
}

/// Every kept row of a year of a measure.
pub(super) fn kept_rows(conn: &mut DbConnection, (key, year): KeyYear) -> Result<Vec<StandRow>, AppError> {
    Ok(person_standings::table
        .filter(person_standings::measure_key.eq(key.to_string()))
        .filter(person_standings::year.eq(year))
        .select(StandRow::as_select())
        .load(conn)?)
}

/// Those of some.
fn kept_rows_of(conn: &mut DbConnection, (key, year): KeyYear, dues: &Dues) -> Result<Vec<StandRow>, AppError> {
    let named: Vec<_> = dues.named.iter().copied().collect();
    let mut rows = Vec::new();
    for some in named.chunks(AT_ONCE) {
        let own = person_standings::table
            .filter(person_standings::person_id.eq_any(some.to_vec()))
            .filter(person_standings::measure_key.eq(key.to_string()))
            .filter(person_standings::year.eq(year));
        rows.extend(own.select(StandRow::as_select()).load(conn)?);
    }
    Ok(rows)
}
