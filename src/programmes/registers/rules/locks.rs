//! What was closed changes no more: which days of which units an entry speaks for.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use chrono::{Datelike as _, Months, NaiveDate};
use diesel::prelude::*;

use super::Books;
use crate::accounts::Actor;
use crate::db::DbConnection;
use crate::db::schema::{register_entries, register_participants};
use crate::db::types::{ParticipantId, RegisterEntryId};
use crate::error::AppError;
use crate::programmes::closing::locks::{Closed, Span};
use crate::programmes::elements::Source;
use crate::programmes::plans::{Compared, Plans};
use crate::programmes::registers::catalogue::Register;
use crate::programmes::registers::model::RegisterEntry;
use crate::programmes::registers::references::AT_ONCE;

/// How long an entry moves numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moves {
    /// On its day alone.
    ItsDay,
    /// Ever since: who was trained and what was inspected counts from then on, where a list begins the counts end, and
    /// of what stood once it is known that nothing stands.
    EverSince,
}

fn moves(register: Register) -> Moves {
    match register {
        Register::CommunicationActivities | Register::PressItems | Register::TipOffs | Register::NeedSurveys => {
            Moves::ItsDay
        }
        Register::LocalPlans
        | Register::PilotModels
        | Register::HealthyCommunes
        | Register::Staff
        | Register::StaffCounts
        | Register::StaffTrainings
        | Register::Establishments
        | Register::EstablishmentCounts
        | Register::Inspections => Moves::EverSince,
    }
}

/// The days whose numbers an entry moves by being there; none of a plan that is not carried out.
fn span_of(entry: &RegisterEntry) -> Option<Span> {
    let first = match entry.register {
        Register::LocalPlans => entry.step_one_on?.max(entry.day),
        _ => entry.day,
    };
    let last = match moves(entry.register) {
        Moves::ItsDay => first,
        Moves::EverSince => NaiveDate::MAX,
    };
    Some((first, last))
}

/// The first day on which it stands no more.
fn day_after(last_day: Option<NaiveDate>) -> NaiveDate {
    last_day.and_then(|last| last.succ_opt()).unwrap_or(NaiveDate::MAX)
}

/// An entry, and those it lists.
pub type Listing<'a> = (&'a RegisterEntry, &'a BTreeSet<ParticipantId>);

/// The days of units whose numbers change when one entry takes the place of another. A list that is given is taken for
/// another one: who is told that theirs is the same knows who took part. `hands_over` says that it stands in the list of
/// a unit that went into another.
pub(super) fn moved_by_change(
    (before, who): Listing<'_>,
    (after, now): Listing<'_>,
    (gives_list, hands_over): (bool, bool),
    others: &Others,
) -> Vec<(String, Span)> {
    if gives_list {
        return [others.moved_by((before, who)), others.moved_by((after, now))].concat();
    }
    let mut same = before.clone();
    same.name.clone_from(&after.name);
    if before.register == Register::StaffTrainings {
        // How many came is counted nowhere.
        same.number = after.number;
    }
    if same == *after && who == now {
        return Vec::new();
    }
    if before.register == Register::TipOffs {
        let steps_of = |entry: &RegisterEntry| [entry.step_one_on, entry.step_two_on, entry.step_three_on];
        let (then, steps) = (steps_of(before), steps_of(after));
        [same.step_one_on, same.step_two_on, same.step_three_on] = steps;
        if same == *after {
            // Terms run on after the period: a step is a fact of its own day (docs/decisions/0046).
            let moved = then.into_iter().zip(steps).filter(|(one, other)| one != other);
            let days = moved.flat_map(|(one, other)| [one, other]).flatten();
            return days.map(|day| (before.unit_code.clone(), (day, day))).collect();
        }
    }
    same.last_day = after.last_day;
    if same == *after && who == now && moves(before.register) != Moves::ItsDay {
        let (one, other) = (day_after(before.last_day), day_after(after.last_day));
        // While the list of a unit that ended goes on, what the one it went into counts does not count.
        let last = if hands_over { NaiveDate::MAX } else { one.max(other) };
        let spans = others.compared((one.min(other), last)).into_iter();
        return spans.map(|span| (before.unit_code.clone(), span)).collect();
    }
    [others.moved_by((before, who)), others.moved_by((after, now))].concat()
}

/// What else entries of a register move: numbers of those they list, and figures that compare with them.
#[derive(Debug)]
pub struct Others {
    plans: Arc<Plans>,
    register: Register,
    /// Of staff who were trained, the unit in whose list they stand.
    units_of_staff: HashMap<ParticipantId, String>,
    /// Of communication, the days of activities of these units that list who came, whoever that was.
    listed: HashMap<String, BTreeSet<NaiveDate>>,
}

impl Others {
    /// Reads where those stand who are listed in entries of a register, in these units.
    ///
    /// # Errors
    /// The engine's own.
    pub fn read(
        conn: &mut DbConnection,
        plans: &Arc<Plans>,
        register: Register,
        who: &BTreeSet<ParticipantId>,
        units: impl IntoIterator<Item = String>,
    ) -> Result<Self, AppError> {
        let (mut staff, mut listed) = (HashMap::new(), HashMap::new());
        match register {
            Register::StaffTrainings => staff = units_of_staff(conn, who)?,
            Register::CommunicationActivities if !who.is_empty() => listed = listed_days(conn, units)?,
            _ => {}
        }
        Ok(Self { plans: plans.clone(), register, units_of_staff: staff, listed })
    }

    /// These days, and those of later figures that compare with them: of the next year, and of the next five years.
    fn compared(&self, (from, to): Span) -> Vec<Span> {
        let is_of =
            |source: &Source| source.of_register().is_some_and(|element| element.family() == self.register.family());
        let later = |day: NaiveDate, months: u32| day.checked_add_months(Months::new(months)).unwrap_or(NaiveDate::MAX);
        match self.plans.compared_with(|_| true, is_of, (from, to)) {
            Compared::Never => vec![(from, to)],
            Compared::NextPeriod => vec![(from, later(to, 12)), (later(from, 60), later(to, 60))],
            Compared::Ever => vec![(from, NaiveDate::MAX)],
        }
    }

    /// The days of units whose numbers an entry moves by being there.
    pub fn moved_by(&self, (entry, who): Listing<'_>) -> Vec<(String, Span)> {
        let Some(spans) = span_of(entry).map(|span| self.compared(span)) else { return Vec::new() };
        let staff: BTreeSet<&String> = who.iter().filter_map(|who| self.units_of_staff.get(who)).collect();
        let units = std::iter::once(&entry.unit_code).chain(staff);
        let of_unit = |unit: &String| spans.iter().map(|span| (unit.clone(), *span)).collect::<Vec<_>>();
        let mut moved: Vec<(String, Span)> = units.flat_map(of_unit).collect();
        // A person counts at the first activity of the year, so perhaps not at a later one. Whether these persons were at
        // one of those is told to nobody: the numbers of all that list anybody are taken to move.
        if !who.is_empty() {
            let days = self.listed.get(&entry.unit_code).into_iter().flatten();
            let later = days.filter(|day| **day > entry.day && may_share_a_year(entry.day, **day));
            let spans = later.flat_map(|day| self.compared((*day, *day)));
            moved.extend(spans.map(|span| (entry.unit_code.clone(), span)));
        }
        moved
    }
}

/// Whether two days may lie in one year, of either calendar: the closing one begins in December.
fn may_share_a_year(day: NaiveDate, later: NaiveDate) -> bool {
    day.year() == later.year() || (day.month() == 12 && later.year() == day.year() + 1)
}

/// Days on which activities of units were that list who came.
fn listed_days(
    conn: &mut DbConnection,
    units: impl IntoIterator<Item = String>,
) -> Result<HashMap<String, BTreeSet<NaiveDate>>, AppError> {
    let units: BTreeSet<String> = units.into_iter().collect();
    let units: Vec<String> = units.into_iter().collect();
    let mut days: HashMap<String, BTreeSet<NaiveDate>> = HashMap::new();
    for some in units.chunks(AT_ONCE) {
        let listed = register_participants::table.filter(register_participants::entry_id.eq(register_entries::id));
        let rows = register_entries::table
            .filter(register_entries::register.eq(Register::CommunicationActivities))
            .filter(register_entries::unit_code.eq_any(some.to_vec()))
            .filter(register_entries::voided_at.is_null())
            .filter(diesel::dsl::exists(listed))
            .select((register_entries::unit_code, register_entries::day))
            .distinct();
        for (unit, day) in rows.load::<(String, NaiveDate)>(conn)? {
            days.entry(unit).or_default().insert(day);
        }
    }
    Ok(days)
}

/// The units in whose lists staff stand.
pub(super) fn units_of_staff(
    conn: &mut DbConnection,
    who: &BTreeSet<ParticipantId>,
) -> Result<HashMap<ParticipantId, String>, AppError> {
    let ids: Vec<RegisterEntryId> = who.iter().map(|who| RegisterEntryId(who.0)).collect();
    let mut units = HashMap::new();
    for some in ids.chunks(AT_ONCE) {
        let staff = register_entries::table.filter(register_entries::id.eq_any(some.to_vec()));
        let rows: Vec<(RegisterEntryId, String)> =
            staff.select((register_entries::id, register_entries::unit_code)).load(conn)?;
        units.extend(rows.into_iter().map(|(id, unit)| (ParticipantId(id.0), unit)));
    }
    Ok(units)
}

/// A closed period that holds any of these days of units.
pub fn any_closed(closed: &mut Closed<'_>, moved: &[(String, Span)]) -> Option<Span> {
    moved.iter().find_map(|(unit, span)| closed.touch(unit, *span))
}

/// Refuses what would move numbers of a closed period.
pub(super) fn refuse_locked(
    conn: &mut DbConnection,
    actor: &Actor,
    books: Books<'_>,
    moved: &[(String, Span)],
) -> Result<(), AppError> {
    let units = moved.iter().map(|(unit, _)| unit);
    let mut closed = Closed::read_for(conn, books.units, actor.now.civil_date(), units)?;
    any_closed(&mut closed, moved).map_or(Ok(()), |period| Err(AppError::closed(period)))
}
