//! A full recount: all rows are read as they stand, and every unit's facts are picked from them here.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use hoanhap::admin_units::AdminUnits;
use hoanhap::db::DbConnection;
use hoanhap::db::schema::{register_entries, register_participants};
use hoanhap::db::types::{ParticipantId, RegisterEntryId};
use hoanhap::error::AppError;
use hoanhap::programmes::elements::Family;
use hoanhap::programmes::periods::{HALVES, HalfMonth};
use hoanhap::programmes::registers::Register;
use hoanhap::programmes::registers::model::{Participant, RegisterEntry};
use hoanhap::programmes::sums::{
    self, Area, Asked, Counter, EntryFact, Fresh, Numbers, Series, Succession, TakingPart, Tellings, UnitFacts,
    YearSum, province_of,
};

use crate::support::TestApp;
use crate::support::world::PROVINCE;

/// Years that are asked for.
const YEARS: (i32, i32) = (2020, 2026);

/// Sums by unit and class.
type UnitYears = BTreeMap<(String, String), Vec<YearSum>>;

/// All entries that are not void, and who took part in them.
struct Rows {
    entries: Vec<RegisterEntry>,
    participants: Vec<Participant>,
}

impl Rows {
    fn read(conn: &mut DbConnection) -> QueryResult<Self> {
        let mut entries: Vec<RegisterEntry> = register_entries::table.select(RegisterEntry::as_select()).load(conn)?;
        entries.retain(|entry| entry.voided_at.is_none());
        let participants = register_participants::table.select(Participant::as_select()).load(conn)?;
        Ok(Self { entries, participants })
    }

    fn units(&self, family: Family) -> BTreeSet<&str> {
        let own = self.entries.iter().filter(|entry| entry.register.family() == family);
        own.map(|entry| entry.unit_code.as_str()).collect()
    }

    fn listed(&self, entry: RegisterEntryId) -> impl Iterator<Item = ParticipantId> {
        self.participants.iter().filter(move |row| row.entry_id == entry).map(|row| row.who)
    }

    /// What every unit told in lists and in numbers.
    fn tellings(&self, family: Family) -> Tellings {
        let mut tellings = Tellings::new();
        for entry in self.entries.iter().filter(|entry| entry.register.family() == family) {
            let telling = tellings.entry(entry.unit_code.clone()).or_default();
            match entry.register {
                Register::Staff | Register::Establishments => {
                    telling.listed.insert(entry.day);
                    telling.listed_until = telling.listed_until.max(entry.last_day.or(Some(chrono::NaiveDate::MAX)));
                }
                Register::StaffCounts | Register::EstablishmentCounts => telling.counts.push(fact(entry)),
                _ => {}
            }
        }
        tellings
    }

    fn facts(&self, units: &AdminUnits, family: Family, unit: &str) -> UnitFacts {
        let own = || self.entries.iter().filter(|entry| entry.register.family() == family && entry.unit_code == unit);
        let staff = own().filter(|entry| entry.register == Register::Staff);
        let staff: BTreeSet<ParticipantId> = staff.map(|entry| ParticipantId(entry.id.0)).collect();
        let succession = Succession::of(units, family, unit, &self.tellings(family));
        let trainings = own().filter(|entry| entry.register == Register::StaffTrainings);
        let with_list = trainings.map(|entry| entry.id).filter(|id| self.listed(*id).next().is_some()).collect();
        let mut facts =
            UnitFacts { entries: own().map(fact).collect(), taking_part: Vec::new(), with_list, succession };
        for entry in &self.entries {
            let counts = |one: &ParticipantId| match entry.register {
                Register::CommunicationActivities => family == Family::Communication && entry.unit_code == unit,
                _ => staff.contains(one),
            };
            let parts = self.listed(entry.id).filter(counts);
            facts.taking_part.extend(parts.map(|who| part(entry, who)));
        }
        facts
    }
}

fn fact(entry: &RegisterEntry) -> EntryFact {
    EntryFact {
        id: entry.id,
        register: entry.register,
        recorded_at: entry.created_at,
        day: entry.day,
        last_day: entry.last_day,
        kind: entry.kind.clone(),
        facet: entry.facet.clone(),
        number: entry.number,
        second_number: entry.second_number,
        about: entry.about_id,
        steps: [entry.step_one_on, entry.step_two_on, entry.step_three_on],
    }
}

fn part(entry: &RegisterEntry, who: ParticipantId) -> TakingPart {
    TakingPart { day: entry.day, entry: entry.id, who, kind: entry.kind.clone(), facet: entry.facet.clone() }
}

/// What a series comes to, unit by unit.
fn recounted(rows: &Rows, counter: &Counter, series: &Series) -> UnitYears {
    let family = series.element.family();
    let mut all = UnitYears::new();
    for unit in rows.units(family) {
        let flows = sums::flows(series, &rows.facts(&counter.units, family, unit), counter.measures);
        let of_unit = sums::rows(&flows, series.element.nature());
        all.extend(of_unit.into_iter().map(|(class, years)| ((unit.to_owned(), class), years)));
    }
    all
}

/// Spans that are asked for: every half month of some years, and the years.
fn spans() -> Vec<(HalfMonth, HalfMonth)> {
    let halves = (YEARS.0 * HALVES..(YEARS.1 + 1) * HALVES).map(|half| (HalfMonth(half), HalfMonth(half)));
    let years = (YEARS.0..=YEARS.1).map(|year| (HalfMonth(year * HALVES), HalfMonth(year * HALVES + HALVES - 1)));
    halves.chain(years).collect()
}

/// What a reader is to be told of a series.
fn expected(counter: &Counter, all: &UnitYears, asked: Asked<'_>, within: impl Fn(&str) -> bool) -> Numbers {
    let mut numbers = Numbers::new();
    for ((unit, class), years) in all {
        let mut years = years.clone();
        years.retain(|sum| sum.year <= YEARS.1 && sum.until_year >= YEARS.0 - 1);
        if within(unit) && class.is_empty() != asked.by_class && !years.is_empty() {
            let nature = asked.series.element.nature();
            let of_spans = asked.spans.iter().map(|span| sums::number(&years, nature, *span, asked.before));
            let of_spans: Vec<Option<i64>> = of_spans.collect();
            if of_spans.iter().all(Option::is_none) {
                continue;
            }
            let unit = counter.units.number(unit).expect("a unit");
            numbers.entry(class.clone()).or_default().push((unit, of_spans));
        }
    }
    numbers.values_mut().for_each(|units| units.sort_unstable());
    numbers
}

/// Asserts that readers see what a recount says, whatever is due: of all series everywhere, or of some in the country.
#[track_caller]
pub fn assert_read(app: &TestApp, only: Option<usize>, told: &str) {
    let (state, today) = (app.state(), app.today());
    let counter = state.counter();
    let areas = [Area::Country, Area::Province(PROVINCE.to_owned())];
    let wrong = state.db.read_now(|conn| {
        let rows = Rows::read(conn)?;
        let chosen = counter.series.iter().enumerate().filter(|(nth, _)| only.is_none_or(|only| nth % 4 == only % 4));
        for (_, series) in chosen {
            let all = recounted(&rows, &counter, series);
            for area in areas.iter().take(if only.is_some() { 1 } else { 2 }) {
                if let Some(wrong) = differing(conn, &counter, today, series, area, &all)? {
                    return Ok(Some(wrong));
                }
            }
        }
        Ok(None)
    });
    assert_eq!(wrong.expect("sums are read"), None, "{told}");
}

fn differing(
    conn: &mut DbConnection,
    counter: &Counter,
    today: chrono::NaiveDate,
    series: &Series,
    area: &Area,
    all: &UnitYears,
) -> Result<Option<String>, AppError> {
    let within = |unit: &str| match area {
        Area::Country => true,
        Area::Province(province) => province_of(&counter.units, unit, today) == *province,
    };
    let (spans, fresh) = (spans(), Fresh::default());
    for (by_class, before) in [(false, false), (true, false), (false, true)] {
        let asked = Asked { series, spans: &spans, before, by_class };
        let mut read = sums::numbers(conn, counter, (area, today), &fresh, asked)?;
        read.retain(|_, units| !units.is_empty());
        if read != expected(counter, all, asked, within) {
            return Ok(Some(format!("{} of {area:?}, by class {by_class}, before {before}", series.code())));
        }
    }
    Ok(None)
}

/// Asserts that nothing differs once all that is due was counted.
#[track_caller]
pub fn assert_settled(app: &TestApp, told: &str) {
    assert_eq!(app.wrong_sums(), [].into(), "{told}");
    assert_eq!(app.number("select count(*) as n from sums_due"), 0, "{told}");
    let built = app.number("select count(*) as n from register_series");
    assert_eq!(usize::try_from(built).ok(), Some(app.state().counter().series.len()), "{told}");
}
