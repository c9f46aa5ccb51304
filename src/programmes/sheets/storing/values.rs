//! Reported values of a file.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use diesel::prelude::*;

use super::{Closed, Order, Provinces};
use crate::accounts::Actor;
use crate::app::App;
use crate::audit::{NewChains, Subject, SubjectKind, TrailAction, record_each};
use crate::db::DbConnection;
use crate::db::bulk::{BulkRow as _, ROWS_A_STATEMENT};
use crate::db::schema::reported_values;
use crate::db::types::ReportedValueId;
use crate::error::{AppError, FieldError, FitsWith, Rule};
use crate::grants::Action;
use crate::programmes::Plans;
use crate::programmes::periods::Calendar;
use crate::programmes::reported::model::ReportedValue;
use crate::programmes::reported::rules::{Books, NewValue, moves_closed, row_of};
use crate::programmes::sheets::jobs::Progress;
use crate::programmes::sheets::rows::Faults;

const AT_ONCE: usize = 500;

/// What tells one value from another, besides its element.
type Key = (String, Calendar, String, String);

/// A value that stands.
#[derive(Clone, Copy)]
struct Standing {
    id: ReportedValueId,
    first: ReportedValueId,
    revision: i32,
    value: Option<i64>,
}

/// Rows to store, and what they follow.
#[derive(Default)]
pub(super) struct Settled {
    rows: Vec<ReportedValue>,
    superseded: Vec<ReportedValueId>,
    revised: Vec<ReportedValueId>,
    created: Vec<ReportedValueId>,
}

pub(super) fn settle(
    conn: &mut DbConnection,
    actor: &Actor,
    (app, plans): (&App, &Plans),
    order: &Order,
    rows: &[(u32, NewValue)],
) -> Result<Result<Settled, Faults>, AppError> {
    let places = Books::of(app, plans).places(actor, Action::ReportedValueWrite)?;
    let standing = read_standing(conn, rows)?;
    let today = actor.now.civil_date();
    let mut closed = Closed::read(conn, &app.units, today)?;
    let mut provinces = Provinces { app, today, known: HashMap::new() };
    let (mut settled, mut faults, mut seen) = (Settled::default(), Faults::default(), BTreeSet::new());
    for ((line, new), id) in rows.iter().zip(&order.ids) {
        let province = provinces.of(&new.unit_code);
        let key = (new.element.as_str(), key_of(new));
        let before = standing.get(new.element.as_str()).and_then(|of| of.get(&key.1)).copied();
        let period = (new.period, new.calendar, app.closing_day);
        let fault = if !places.holds(&new.unit_code, &province) {
            Some(("unit_code", Rule::MustFit(FitsWith::PlacesOfOfficer)))
        } else if !is_told_again(new, before)
            && moves_closed(&mut closed, plans, (&new.element, &new.unit_code), period).is_some()
        {
            Some(("period", Rule::MustFit(FitsWith::OpenPeriod)))
        } else if !seen.insert(key) {
            Some(("element", Rule::MustFit(FitsWith::Once)))
        } else {
            broken(new, before)
        };
        match fault {
            None if is_told_again(new, before) => {}
            Some((field, rule)) => faults.add_all(*line, vec![FieldError::new(field, rule)]),
            None => settled.take(order, new, (ReportedValueId(*id), before), province, actor),
        }
    }
    Ok(if faults.is_empty() { Ok(settled) } else { Err(faults) })
}

/// Whether a file that knows no revisions tells what stands already.
fn is_told_again(new: &NewValue, before: Option<Standing>) -> bool {
    new.expected_revision.is_none() && before.is_some_and(|before| before.value == new.value)
}

/// What a value breaks of what stands.
fn broken(new: &NewValue, before: Option<Standing>) -> Option<(&'static str, Rule)> {
    if is_told_again(new, before) {
        return None;
    }
    let revision = before.map_or(0, |before| before.revision);
    if new.expected_revision.is_some_and(|expected| expected != revision) {
        return Some(("expected_revision", Rule::MustFit(FitsWith::StandingRevision)));
    }
    if new.value.is_none() && before.is_none_or(|before| before.value.is_none()) {
        return Some(("value", Rule::Required));
    }
    (before.is_some() && new.reason.is_empty()).then_some(("reason", Rule::Required))
}

fn key_of(new: &NewValue) -> Key {
    (new.unit_code.clone(), new.calendar, new.period.to_string(), new.class.clone())
}

impl Settled {
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    fn take(
        &mut self,
        order: &Order,
        new: &NewValue,
        (id, before): (ReportedValueId, Option<Standing>),
        province: String,
        actor: &Actor,
    ) {
        let mut row = row_of(new, (id, before.map_or(0, |before| before.revision) + 1), province, actor);
        row.import_id = Some(order.id);
        self.rows.push(row);
        match before {
            None => self.created.push(id),
            Some(before) => {
                self.superseded.push(before.id);
                self.revised.push(before.first);
            }
        }
    }
}

type StandingRow = (ReportedValueId, String, Calendar, String, String, i32, Option<i64>);

/// The values that stand where these rows belong, by element.
fn read_standing(
    conn: &mut DbConnection,
    rows: &[(u32, NewValue)],
) -> Result<BTreeMap<String, HashMap<Key, Standing>>, AppError> {
    let mut units: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (_, new) in rows {
        units.entry(&new.element).or_default().insert(&new.unit_code);
    }
    let mut standing = BTreeMap::new();
    for (element, units) in units {
        let units: Vec<&str> = units.into_iter().collect();
        let mut of_element: HashMap<Key, Standing> = HashMap::new();
        for some in units.chunks(AT_ONCE) {
            let found: Vec<StandingRow> = reported_values::table
                .filter(reported_values::element.eq(element))
                .filter(reported_values::unit_code.eq_any(some.to_vec()))
                .order(reported_values::revision)
                .select((
                    reported_values::id,
                    reported_values::unit_code,
                    reported_values::calendar,
                    reported_values::period,
                    reported_values::class,
                    reported_values::revision,
                    reported_values::value,
                ))
                .load(conn)?;
            for (id, unit, calendar, period, class, revision, value) in found {
                let key = (unit, calendar, period, class);
                let first = of_element.get(&key).map_or(id, |before| before.first);
                of_element.insert(key, Standing { id, first, revision, value });
            }
        }
        standing.insert(element.to_owned(), of_element);
    }
    Ok(standing)
}

pub(super) fn store(
    conn: &mut DbConnection,
    actor: &Actor,
    app: &App,
    order: &Order,
    settled: &Settled,
    progress: &Progress,
) -> Result<(), AppError> {
    for some in settled.superseded.chunks(AT_ONCE) {
        let before = reported_values::table.filter(reported_values::id.eq_any(some.to_vec()));
        diesel::update(before).set(reported_values::is_current.eq(false)).execute(conn)?;
    }
    let mut written = 0;
    for some in settled.rows.chunks(ROWS_A_STATEMENT) {
        ReportedValue::insert_all(conn, some)?;
        written += some.len();
        progress.set(order.id, written);
    }
    let columns: Vec<&str> = order.columns.iter().map(String::as_str).collect();
    let subject = |id: &ReportedValueId| Subject::new(SubjectKind::ReportedValue, id.0);
    for some in settled.created.chunks(10 * ROWS_A_STATEMENT) {
        let mut chains = NewChains::new(app.trail.clone());
        for id in some {
            chains.record(subject(id), Some(actor.account), TrailAction::Create, &columns, actor.now);
        }
        chains.store(conn)?;
    }
    let revised: Vec<Subject> = settled.revised.iter().map(subject).collect();
    record_each(conn, &app.trail, &revised, Some(actor.account), TrailAction::Update, &columns, actor.now)
}
