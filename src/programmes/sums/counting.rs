//! Reading the entries that the numbers of one unit come from.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use diesel::prelude::*;

use super::flows::{EntryFact, TakingPart, UnitFacts};
use super::successions::{Succession, Tellings, list_and_counts, related};
use crate::admin_units::AdminUnits;
use crate::db::DbConnection;
use crate::db::schema::{register_entries, register_participants};
use crate::db::types::{Instant, ParticipantId, RegisterEntryId};
use crate::error::AppError;
use crate::programmes::elements::Family;
use crate::programmes::registers::catalogue::Register;

/// Ids of one statement.
const AT_ONCE: usize = 500;

#[derive(Queryable)]
struct Row {
    id: RegisterEntryId,
    register: Register,
    recorded_at: Instant,
    day: NaiveDate,
    last_day: Option<NaiveDate>,
    kind: String,
    facet: String,
    number: Option<i64>,
    second_number: Option<i64>,
    about: Option<RegisterEntryId>,
    step_one: Option<NaiveDate>,
    step_two: Option<NaiveDate>,
    step_three: Option<NaiveDate>,
}

/// Reads everything that the numbers of a unit come from.
pub(super) fn facts(
    conn: &mut DbConnection,
    units: &AdminUnits,
    family: Family,
    unit: &str,
) -> Result<UnitFacts, AppError> {
    let registers: Vec<Register> = Register::ALL.iter().copied().filter(|of| of.family() == family).collect();
    let mut entries = Vec::new();
    for register in registers {
        let own = standing(register).filter(register_entries::unit_code.eq(unit));
        let rows: Vec<Row> = own.order((register_entries::day, register_entries::id)).select(columns()).load(conn)?;
        entries.extend(rows.into_iter().map(EntryFact::from));
    }
    let taking_part = match family {
        Family::Communication => taking_part_in_activities(conn, unit)?,
        Family::Staff => trainings_of(conn, &entries)?,
        _ => Vec::new(),
    };
    let with_list = if family == Family::Staff { with_list(conn, unit)? } else { BTreeSet::new() };
    let succession = succession(conn, units, family, unit)?;
    Ok(UnitFacts { entries, taking_part, with_list, succession })
}

/// Entries of a register that are not void.
#[diesel::dsl::auto_type]
fn standing(register: Register) -> _ {
    register_entries::table
        .filter(register_entries::register.eq(register))
        .filter(register_entries::voided_at.is_null())
}

#[diesel::dsl::auto_type]
fn columns() -> _ {
    (
        register_entries::id,
        register_entries::register,
        register_entries::created_at,
        register_entries::day,
        register_entries::last_day,
        register_entries::kind,
        register_entries::facet,
        register_entries::number,
        register_entries::second_number,
        register_entries::about_id,
        register_entries::step_one_on,
        register_entries::step_two_on,
        register_entries::step_three_on,
    )
}

/// What the units before and after one told in lists and numbers.
fn succession(conn: &mut DbConnection, units: &AdminUnits, family: Family, unit: &str) -> Result<Succession, AppError> {
    let related: Vec<String> = related(units, unit).into_iter().collect();
    let registers = list_and_counts(family).filter(|_| !related.is_empty());
    let Some((list, counts)) = registers else { return Ok(Succession::default()) };
    let mut tellings = Tellings::new();
    for some in related.chunks(AT_ONCE) {
        let listed = standing(list).filter(register_entries::unit_code.eq_any(some.to_vec()));
        let days = (register_entries::unit_code, register_entries::day, register_entries::last_day);
        for (unit, day, last) in listed.select(days).distinct().load::<(String, NaiveDate, Option<NaiveDate>)>(conn)? {
            let telling = tellings.entry(unit).or_default();
            telling.listed.insert(day);
            telling.listed_until = telling.listed_until.max(last.or(Some(NaiveDate::MAX)));
        }
        let counted = standing(counts).filter(register_entries::unit_code.eq_any(some.to_vec()));
        let counted = counted.select((register_entries::unit_code, columns()));
        for (unit, row) in counted.load::<(String, Row)>(conn)? {
            tellings.entry(unit).or_default().counts.push(row.into());
        }
    }
    Ok(Succession::of(units, family, unit, &tellings))
}

impl From<Row> for EntryFact {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            register: row.register,
            recorded_at: row.recorded_at,
            day: row.day,
            last_day: row.last_day,
            kind: row.kind,
            facet: row.facet,
            number: row.number,
            second_number: row.second_number,
            about: row.about,
            steps: [row.step_one, row.step_two, row.step_three],
        }
    }
}

type PartRow = (NaiveDate, RegisterEntryId, ParticipantId, String, String);

impl From<PartRow> for TakingPart {
    fn from((day, entry, who, kind, facet): PartRow) -> Self {
        Self { day, entry, who, kind, facet }
    }
}

/// Who took part in what of a register.
#[diesel::dsl::auto_type]
fn parts_of(register: Register) -> _ {
    register_participants::table
        .inner_join(register_entries::table.on(register_entries::id.eq(register_participants::entry_id)))
        .filter(register_entries::register.eq(register))
        .filter(register_entries::voided_at.is_null())
        .select((
            register_entries::day,
            register_entries::id,
            register_participants::who,
            register_entries::kind,
            register_entries::facet,
        ))
}

fn taking_part_in_activities(conn: &mut DbConnection, unit: &str) -> Result<Vec<TakingPart>, AppError> {
    let own = parts_of(Register::CommunicationActivities).filter(register_entries::unit_code.eq(unit));
    let rows: Vec<PartRow> = own.load(conn)?;
    Ok(rows.into_iter().map(TakingPart::from).collect())
}

/// What each of the staff was trained in, wherever.
fn trainings_of(conn: &mut DbConnection, entries: &[EntryFact]) -> Result<Vec<TakingPart>, AppError> {
    let staff = entries.iter().filter(|entry| entry.register == Register::Staff);
    let who: Vec<ParticipantId> = staff.map(|entry| ParticipantId(entry.id.0)).collect();
    let mut parts = Vec::new();
    for some in who.chunks(AT_ONCE) {
        let trainings = parts_of(Register::StaffTrainings).filter(register_participants::who.eq_any(some.to_vec()));
        let rows: Vec<PartRow> = trainings.load(conn)?;
        parts.extend(rows.into_iter().map(TakingPart::from));
    }
    Ok(parts)
}

/// Trainings of a unit that list who came.
fn with_list(conn: &mut DbConnection, unit: &str) -> Result<BTreeSet<RegisterEntryId>, AppError> {
    let own = standing(Register::StaffTrainings).filter(register_entries::unit_code.eq(unit));
    let listed = register_participants::table.filter(register_participants::entry_id.eq(register_entries::id));
    let ids: Vec<RegisterEntryId> = own.filter(diesel::dsl::exists(listed)).select(register_entries::id).load(conn)?;
    Ok(ids.into_iter().collect())
}

/// Units that have entries of a family.
pub(super) fn units_of(conn: &mut DbConnection, family: Family) -> Result<BTreeSet<String>, AppError> {
    let registers: Vec<Register> = Register::ALL.iter().copied().filter(|of| of.family() == family).collect();
    let units: Vec<String> = register_entries::table
        .filter(register_entries::register.eq_any(registers))
        .select(register_entries::unit_code)
        .distinct()
        .load(conn)?;
    Ok(units.into_iter().collect())
}
