//! What a return comes to, computed in the write that closes the period, and nowhere else.

use diesel::prelude::*;

use super::catalogue::{Counted, ReturnCatalogue};
use super::chain;
use super::model::{OfficialReturn, ReleaseBeside, ReturnContent, ReturnStatus, ReturnedLine};
use crate::accounts::Actor;
use crate::admin_units::{AdminUnits, Level};
use crate::audit::{Subject, SubjectKind, TrailAction, TrailKey, record};
use crate::db::DbConnection;
use crate::db::schema::official_returns;
use crate::db::types::{Instant, OfficialReturnId};
use crate::error::AppError;
use crate::programmes::closing::model::{PeriodStatus, ReportingPeriod};
use crate::programmes::indicators::{Period, Standing};
use crate::programmes::periods::ReportPeriod;
use crate::programmes::plans::{CaseMeasure, Plans};
use crate::programmes::rules::outcomes_of_return_unscoped;
use crate::services::Services;
use crate::vault::ServerKey;

/// What a return is computed with.
#[derive(Debug, Clone, Copy)]
pub struct ClosingDesk<'a> {
    /// Units.
    pub units: &'a AdminUnits,
    /// Which service types are regimes.
    pub services: &'a Services,
    /// What a return holds.
    pub catalogue: &'a ReturnCatalogue,
    /// Plans, for the releases beside it.
    pub plans: &'a Plans,
    /// Vouches for it.
    pub key: &'a ServerKey,
    /// Key of the trail.
    pub trail: &'a TrailKey,
}

/// Whether a return is due with this step: of a province that was there on the last day, for a period of the
/// configuration, now closed.
pub fn falls_due(desk: ClosingDesk<'_>, row: &ReportingPeriod) -> bool {
    let is_province = desk.units.get(&row.unit_code).is_some_and(|unit| unit.level == Level::Province);
    let asked_for = |period: ReportPeriod| desk.catalogue.asks_for(row.calendar, period.kind);
    row.status == PeriodStatus::Closed
        && is_province
        && desk.units.is_valid_on(&row.unit_code, row.last_day)
        && row.period.parse().is_ok_and(asked_for)
}

/// Computes the return of a province for the period it closes, as the next of the chain; what there was is superseded.
///
/// # Errors
/// [`AppError::Internal`] when returns that were computed earlier are gone; the engine's own.
pub fn compute(
    conn: &mut DbConnection,
    actor: &Actor,
    desk: ClosingDesk<'_>,
    id: OfficialReturnId,
    (row, reason): (&ReportingPeriod, &str),
    anchored: Option<&(i64, Vec<u8>)>,
) -> Result<(), AppError> {
    chain::refuse_cut(conn, anchored)?;
    let content = content(conn, desk, row, actor.now)?;
    let (last, previous) = chain::last(conn)?.unwrap_or((0, Vec::new()));
    let mut made = OfficialReturn {
        id,
        number: last + 1,
        province_code: row.unit_code.clone(),
        calendar: row.calendar,
        period: row.period.clone(),
        first_day: row.first_day,
        last_day: row.last_day,
        revision: row.revision,
        nothing_to_report: content.lines.iter().all(|line| line.persons == 0),
        content: serde_json::to_string(&content).map_err(|error| AppError::internal(error.to_string()))?,
        computed_at: actor.now,
        reason: reason.to_owned(),
        chain_mac: Vec::new(),
        status: ReturnStatus::Computed,
        recipient: None,
        first_signed_by: None,
        first_signed_at: None,
        signature_mac: None,
        second_signed_by: None,
        second_signed_at: None,
        receipt: None,
        receipt_mac: None,
        version: 1,
    };
    made.chain_mac = chain::mac(desk.key, &made, &previous);
    supersede(conn, actor, desk.trail, row)?;
    diesel::insert_into(official_returns::table).values(&made).execute(conn)?;
    let subject = Subject::new(SubjectKind::OfficialReturn, id.0);
    record(conn, desk.trail, subject, Some(actor.account), TrailAction::Create, &["content"], actor.now)
}

fn supersede(conn: &mut DbConnection, actor: &Actor, trail: &TrailKey, row: &ReportingPeriod) -> Result<(), AppError> {
    let earlier: Vec<(OfficialReturnId, i32)> = official_returns::table
        .filter(official_returns::province_code.eq(&row.unit_code))
        .filter(official_returns::calendar.eq(row.calendar))
        .filter(official_returns::period.eq(&row.period))
        .filter(official_returns::status.ne(ReturnStatus::Superseded))
        .select((official_returns::id, official_returns::version))
        .load(conn)?;
    for (id, version) in earlier {
        let values = (official_returns::status.eq(ReturnStatus::Superseded), official_returns::version.eq(version + 1));
        let stored = official_returns::table.find(id).filter(official_returns::version.eq(version));
        crate::db::met_one_row(diesel::update(stored).set(values).execute(conn)?)?;
        let subject = Subject::new(SubjectKind::OfficialReturn, id.0);
        record(conn, trail, subject, Some(actor.account), TrailAction::Transition, &["status"], actor.now)?;
    }
    Ok(())
}

fn content(
    conn: &mut DbConnection,
    desk: ClosingDesk<'_>,
    row: &ReportingPeriod,
    now: Instant,
) -> Result<ReturnContent, AppError> {
    let lines = lines(conn, desk, row)?;
    let releases = releases(desk, row);
    let notes = Notes { desk, row, releases: &releases, now };
    let unit = desk.units.get(&row.unit_code);
    let name = desk.units.name_on(&row.unit_code, row.last_day).unwrap_or(&row.unit_code);
    Ok(ReturnContent {
        province_vi: name.to_owned(),
        province_en: unit.map_or_else(String::new, |unit| unit.name_en.clone()),
        note_vi: notes.vi(),
        note_en: notes.en(),
        lines,
        releases,
    })
}

fn lines(conn: &mut DbConnection, desk: ClosingDesk<'_>, row: &ReportingPeriod) -> Result<Vec<ReturnedLine>, AppError> {
    let mut answers: Vec<(CaseMeasure, Vec<Standing>)> = Vec::new();
    for line in &desk.catalogue.lines {
        let question = line.question();
        if answers.iter().all(|(asked, _)| *asked != question) {
            let own = standings(conn, desk, row, &question)?;
            answers.push((question, own));
        }
    }
    let persons = |question: &CaseMeasure, counted: Counted| {
        let of_question = answers.iter().filter(|(asked, _)| asked == question);
        let counts = of_question.flat_map(|(_, own)| own).filter(|standing| counted.holds(**standing)).count();
        u64::try_from(counts).unwrap_or(u64::MAX)
    };
    let total = |line: &super::catalogue::Line| ReturnedLine {
        code: line.code.clone(),
        of: line.of.clone(),
        vi: line.vi.clone(),
        en: line.en.clone(),
        legal_basis: line.legal_basis.clone(),
        persons: persons(&line.question(), line.counted),
    };
    Ok(desk.catalogue.lines.iter().map(total).collect())
}

/// Where each person stands who counts in the province, on the map of the last day of the period.
fn standings(
    conn: &mut DbConnection,
    desk: ClosingDesk<'_>,
    row: &ReportingPeriod,
    question: &CaseMeasure,
) -> Result<Vec<Standing>, AppError> {
    let period = Period { start: row.first_day, end: row.last_day };
    let all = outcomes_of_return_unscoped(conn, desk.services, question, period)?;
    let is_own = |unit: &str| {
        let province = desk.units.province_on(unit, row.last_day);
        province.is_some_and(|province| province.code == row.unit_code)
    };
    Ok(all.iter().filter(|outcome| is_own(&outcome.unit)).map(|outcome| outcome.standing).collect())
}

/// Releases about the same persons whose year has days of the period.
fn releases(desk: ClosingDesk<'_>, row: &ReportingPeriod) -> Vec<ReleaseBeside> {
    use chrono::Datelike as _;
    let years = row.first_day.year()..=row.last_day.year();
    let asked = |cases: &CaseMeasure| desk.catalogue.lines.iter().any(|line| line.measure == cases.measure);
    let mut beside = Vec::new();
    for plan in desk.plans.all() {
        for (indicator, _) in plan.released().filter(|(_, cases)| asked(cases)) {
            let of_plan = years.clone().filter(|year| (plan.first_year..=plan.last_year).contains(year));
            beside.extend(of_plan.map(|year| ReleaseBeside {
                programme: plan.code.clone(),
                indicator: indicator.code.clone(),
                year,
                records_until: plan.closing(year),
            }));
        }
    }
    beside
}

/// What is said beside the totals.
struct Notes<'a> {
    desk: ClosingDesk<'a>,
    row: &'a ReportingPeriod,
    releases: &'a [ReleaseBeside],
    now: Instant,
}

impl Notes<'_> {
    fn vi(&self) -> String {
        let day = |day: chrono::NaiveDate| day.format("%d/%m/%Y").to_string();
        let (first, last) = (day(self.row.first_day), day(self.row.last_day));
        let mut said = vec![format!(
            "Tính theo ngày xảy ra sự việc, từ {first} đến {last}, theo những gì đã ghi nhận khi khóa kỳ ngày {}. Mỗi người \
             tính một lần, tại tỉnh nơi được tính, theo bản đồ hành chính ngày {last}. Những gì ghi nhận sau chỉ vào báo cáo \
             bằng một bản sửa đổi có đánh số, sau khi kỳ được mở lại có nêu lý do.",
            day(self.now.civil_date()),
        )];
        if let Some(today) = self.today() {
            said.push(format!("Tỉnh này nay thuộc {}, nơi ký và nộp báo cáo.", today.name_vi));
        }
        let merged: Vec<&str> = self.merged().iter().map(|unit| unit.name_vi.as_str()).collect();
        if !merged.is_empty() {
            said.push(format!("Gồm cả những gì đã ghi nhận trong kỳ tại {}.", merged.join(", ")));
        }
        let beside = |ReleaseBeside { programme, indicator, year, records_until }: &ReleaseBeside| {
            format!("{indicator} năm {year} ({programme}, nhận ghi nhận đến hết ngày {})", day(*records_until))
        };
        if !self.releases.is_empty() {
            let all: Vec<String> = self.releases.iter().map(beside).collect();
            said.push(format!(
                "Bản công bố thống kê {} tính năm dương lịch, chỉ hiện nhóm từ 17 người và không sửa; vì vậy số liệu khác \
                 báo cáo này, và không bên nào sửa bên nào.",
                all.join("; "),
            ));
        }
        said.join(" ")
    }

    fn en(&self) -> String {
        let (first, last) = (self.row.first_day, self.row.last_day);
        let mut said = vec![format!(
            "Counted by the day of the event, from {first} to {last}, as recorded when the period was closed on {}. Each \
             person counts once, in the province where they count, on the map of {last}. What is recorded later comes in \
             by a numbered revision alone, after the period was opened again with a reason.",
            self.now.civil_date(),
        )];
        if let Some(today) = self.today() {
            said.push(format!("The province is part of {} now, which signs and files.", today.name_en));
        }
        let merged: Vec<&str> = self.merged().iter().map(|unit| unit.name_en.as_str()).collect();
        if !merged.is_empty() {
            said.push(format!("What was recorded in the period in {} is included.", merged.join(", ")));
        }
        let beside = |ReleaseBeside { programme, indicator, year, records_until }: &ReleaseBeside| {
            format!("{indicator} of {year} ({programme}, taking in what is recorded until {records_until})")
        };
        if !self.releases.is_empty() {
            let all: Vec<String> = self.releases.iter().map(beside).collect();
            said.push(format!(
                "Statistical releases count the calendar year, show only groups of 17 or more and are never changed: {}. So \
                 their figures differ from these, and neither corrects the other.",
                all.join("; "),
            ));
        }
        said.join(" ")
    }

    /// The province of today, where it is another one; not where it only has another code.
    fn today(&self) -> Option<&crate::admin_units::AdminUnit> {
        let today = self.desk.units.province_on(&self.row.unit_code, self.now.civil_date())?;
        let merged = today.code != self.row.unit_code && self.desk.units.predecessors(&today.code).count() > 1;
        merged.then_some(today)
    }

    /// Provinces that were merged into this one within the period.
    fn merged(&self) -> Vec<&crate::admin_units::AdminUnit> {
        let within = self.row.first_day..self.row.last_day;
        let ended = |unit: &&crate::admin_units::AdminUnit| unit.valid_to.is_some_and(|last| within.contains(&last));
        let before: Vec<_> = self.desk.units.predecessors(&self.row.unit_code).filter(ended).collect();
        if before.len() > 1 { before } else { Vec::new() }
    }
}
