//! What is closed changes no more: the days of closed periods, of provinces and of the country.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;
use diesel::prelude::*;

use super::model::PeriodStatus;
use crate::admin_units::{AdminUnits, COUNTRY};
use crate::db::DbConnection;
use crate::db::schema::reporting_periods;
use crate::error::AppError;
use crate::programmes::periods::Calendar;
use crate::programmes::sums::province_of;

/// Days from one to another, both counted.
pub type Span = (NaiveDate, NaiveDate);

/// Days of closed periods, and by unit those above it whose periods lock it.
#[derive(Debug)]
pub struct Closed<'a> {
    units: &'a AdminUnits,
    today: NaiveDate,
    periods: HashMap<String, Vec<(Calendar, Span)>>,
    above: HashMap<String, Vec<String>>,
    /// Whose calendar is looked at; both when none.
    calendar: Option<Calendar>,
}

impl<'a> Closed<'a> {
    /// Those of the whole country.
    ///
    /// # Errors
    /// The engine's own.
    pub fn read(conn: &mut DbConnection, units: &'a AdminUnits, today: NaiveDate) -> Result<Self, AppError> {
        Self::load(conn, (units, today), None)
    }

    /// Those that lock any of these units.
    ///
    /// # Errors
    /// The engine's own.
    pub fn read_for<'u>(
        conn: &mut DbConnection,
        units: &'a AdminUnits,
        today: NaiveDate,
        own: impl IntoIterator<Item = &'u String>,
    ) -> Result<Self, AppError> {
        let above: BTreeSet<String> = own.into_iter().flat_map(|unit| locked_by(units, unit, today)).collect();
        Self::load(conn, (units, today), Some(above))
    }

    fn load(
        conn: &mut DbConnection,
        (units, today): (&'a AdminUnits, NaiveDate),
        above: Option<BTreeSet<String>>,
    ) -> Result<Self, AppError> {
        let mut locked = reporting_periods::table
            .filter(reporting_periods::status.eq_any([PeriodStatus::Closed, PeriodStatus::Published]))
            .select((
                reporting_periods::unit_code,
                reporting_periods::calendar,
                reporting_periods::first_day,
                reporting_periods::last_day,
            ))
            .into_boxed();
        if let Some(above) = above {
            locked = locked.filter(reporting_periods::unit_code.eq_any(above));
        }
        let mut periods: HashMap<String, Vec<(Calendar, Span)>> = HashMap::new();
        for (unit, calendar, first, last) in locked.load::<(String, Calendar, NaiveDate, NaiveDate)>(conn)? {
            periods.entry(unit).or_default().push((calendar, (first, last)));
        }
        Ok(Self { units, today, periods, above: HashMap::new(), calendar: None })
    }

    /// Looks at periods of one calendar from now on: what is told of its periods counts in plans of that calendar alone.
    pub fn look_at(&mut self, calendar: Calendar) {
        self.calendar = Some(calendar);
    }

    fn of(&self, unit: &str) -> impl Iterator<Item = Span> {
        let is_meant = |calendar: &Calendar| self.calendar.is_none_or(|only| only == *calendar);
        let periods = self.periods.get(unit).into_iter().flatten();
        periods.filter(move |(calendar, _)| is_meant(calendar)).map(|(_, span)| *span)
    }

    /// Whether nothing is closed.
    pub fn is_empty(&self) -> bool {
        self.periods.is_empty()
    }

    /// A closed period that holds any of these days of a unit: one of its province, on the map of the unit or of today,
    /// or of the country.
    pub fn touch(&mut self, unit: &str, (from, to): Span) -> Option<Span> {
        self.any(unit, |(first, last)| *first <= to && from <= *last)
    }

    /// A closed period that holds a whole period of a unit.
    pub fn cover(&mut self, unit: &str, (from, to): Span) -> Option<Span> {
        self.any(unit, |(first, last)| *first <= from && to <= *last)
    }

    /// A closed period of several years that holds these days: it compares with the years before it.
    pub fn cover_by_long(&mut self, unit: &str, (from, to): Span) -> Option<Span> {
        let is_long = |(first, last): &Span| (*last - *first).num_days() > 2 * 366;
        self.any(unit, |span| is_long(span) && span.0 <= from && to <= span.1)
    }

    /// A closed period that a province sends no report into any more: a longer one of its own, or one of the country.
    pub fn cover_part(&self, unit: &str, (from, to): Span) -> Option<Span> {
        let own = self.of(unit).filter(|span| *span != (from, to));
        own.chain(self.of(COUNTRY).filter(|_| unit != COUNTRY)).find(|(first, last)| *first <= from && to <= *last)
    }

    fn any(&mut self, unit: &str, is_meant: impl Fn(&Span) -> bool) -> Option<Span> {
        if self.periods.is_empty() {
            return None;
        }
        if !self.above.contains_key(unit) {
            self.above.insert(unit.to_owned(), locked_by(self.units, unit, self.today));
        }
        let above = self.above.get(unit).into_iter().flatten();
        above.flat_map(|above| self.of(above)).find(is_meant)
    }
}

/// The units whose closed periods lock what happened in a unit.
fn locked_by(units: &AdminUnits, unit: &str, today: NaiveDate) -> Vec<String> {
    let own = units.get(unit).and_then(|unit| unit.province.clone());
    [Some(COUNTRY.to_owned()), own, Some(province_of(units, unit, today))].into_iter().flatten().collect()
}
