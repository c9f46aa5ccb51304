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
use crate::error::{AppError, Conflict};
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

/// The days of units whose numbers change when one entry takes the place of another.
pub(super) fn moved_by_change(
    (before, who): Listing<'_>,
    (after, now): Listing<'_>,
    others: &Others,
) -> Vec<(String, Span)> {
    let mut same = before.clone();
    same.name.clone_from(&after.name);
    if before.register == Register::StaffTrainings {
        // How many came is counted nowhere.
        same.number = after.number;
    }
    if same == *after && who == now {
        return Vec::new();
    }
    same.last_day = after.last_day;
    if same == *after && who == now && moves(before.register) != Moves::ItsDay {
        let (one, other) = (day_after(before.last_day), day_after(after.last_day));
        return vec![(before.unit_code.clone(), others.compared((one.min(other), one.max(other))))];
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
    /// Of participants, the activities they took part in: unit and day.
    attended: Attended,
}

impl Others {
    /// Reads where those stand who are listed in entries of a register.
    ///
    /// # Errors
    /// The engine's own.
    pub fn read(
        conn: &mut DbConnection,
        plans: &Arc<Plans>,
        register: Register,
        who: &BTreeSet<ParticipantId>,
    ) -> Result<Self, AppError> {
        let (mut staff, mut listed) = (HashMap::new(), HashMap::new());
        match register {
            Register::StaffTrainings => staff = units_of_staff(conn, who)?,
            Register::CommunicationActivities => listed = attended(conn, who)?,
            _ => {}
        }
        Ok(Self { plans: plans.clone(), register, units_of_staff: staff, attended: listed })
    }

    /// These days, and those of later figures that compare with them: at the most five years on.
    fn compared(&self, (from, to): Span) -> Span {
        let is_of =
            |source: &Source| source.of_register().is_some_and(|element| element.family() == self.register.family());
        let later = |months: u32| to.checked_add_months(Months::new(months)).unwrap_or(NaiveDate::MAX);
        match self.plans.compared_with(is_of, (from, to)) {
            Compared::Never => (from, to),
            Compared::NextPeriod => (from, later(60)),
            Compared::Ever => (from, NaiveDate::MAX),
        }
    }

    /// The days of units whose numbers an entry moves by being there.
    pub fn moved_by(&self, (entry, who): Listing<'_>) -> Vec<(String, Span)> {
        let Some(span) = span_of(entry).map(|span| self.compared(span)) else { return Vec::new() };
        let mut moved = vec![(entry.unit_code.clone(), span)];
        for who in who {
            moved.extend(self.units_of_staff.get(who).map(|unit| (unit.clone(), span)));
            // A person counts at the first activity of the year, so not at a later one.
            let attended = self.attended.get(who).map_or(&[][..], Vec::as_slice);
            let later = attended.iter().filter(|(unit, day)| {
                *unit == entry.unit_code && *day > entry.day && may_share_a_year(entry.day, *day)
            });
            moved.extend(later.map(|(unit, day)| (unit.clone(), (*day, *day))));
        }
        moved
    }
}

/// Whether two days may lie in one year, of either calendar: the closing one begins in December.
fn may_share_a_year(day: NaiveDate, later: NaiveDate) -> bool {
    day.year() == later.year() || (day.month() == 12 && later.year() == day.year() + 1)
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

type Attended = HashMap<ParticipantId, Vec<(String, NaiveDate)>>;

fn attended(conn: &mut DbConnection, who: &BTreeSet<ParticipantId>) -> Result<Attended, AppError> {
    let who: Vec<ParticipantId> = who.iter().copied().collect();
    let mut attended = Attended::new();
    for some in who.chunks(AT_ONCE) {
        let rows = register_participants::table
            .inner_join(register_entries::table.on(register_entries::id.eq(register_participants::entry_id)))
            .filter(register_participants::who.eq_any(some.to_vec()))
            .filter(register_entries::register.eq(Register::CommunicationActivities))
            .filter(register_entries::voided_at.is_null())
            .select((register_participants::who, register_entries::unit_code, register_entries::day));
        for (who, unit, day) in rows.load(conn)? {
            attended.entry(who).or_default().push((unit, day));
        }
    }
    Ok(attended)
}

/// Whether any of these days of units is closed.
pub fn any_closed(closed: &mut Closed<'_>, moved: &[(String, Span)]) -> bool {
    moved.iter().any(|(unit, span)| closed.touch(unit, *span))
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
    if any_closed(&mut closed, moved) { Err(AppError::Conflict(Conflict::PeriodClosed)) } else { Ok(()) }
}
