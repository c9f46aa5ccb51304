//! Frozen releases: one protected table per measure, area and closed year.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::chain;
use super::hiding::Thresholds;
use super::protection::{
    PartCount, ProtectedRow, ProtectedTable, Split, Table, Target, TargetStatus, UnitCount, protect,
};
use crate::accounts::Actor;
use crate::admin_units::{AdminUnits, COUNTRY, Level};
use crate::app::App;
use crate::db::schema::statistical_releases;
use crate::db::types::{Instant, text_enum};
use crate::db::{Database, DbConnection};
use crate::error::AppError;
use crate::grants::Action;
use crate::programmes::standings::{self, Tally};
use crate::programmes::{CaseMeasure, Indicator, Measure, Plan};
use crate::settings;
use crate::vault::ServerKey;

text_enum! {
    /// Whether a target was met.
    ReleasedStatus {
        /// Met.
        Met = "met",
        /// Not met.
        NotMet = "not_met",
    }
}

/// One row of a release. What is not shown is hidden; hidden does not mean small.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReleasedRow {
    /// Unit.
    pub unit_code: String,
    /// Distinct persons in need and eligible, or identified.
    pub denominator: Option<u64>,
    /// Of them, those served.
    pub numerator: Option<u64>,
    /// Of them, those not served.
    pub complement: Option<u64>,
    /// Whole percent.
    pub percent: Option<u8>,
    /// Whether the target was met, where that tells of nobody.
    pub status: Option<ReleasedStatus>,
}

/// A group of hidden rows, of which only the sum is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HiddenRows {
    /// How many units.
    pub units: u64,
    /// Their sum.
    pub denominator: u64,
}

/// A frozen table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReleaseContent {
    /// Plan.
    pub programme: String,
    /// Indicator.
    pub indicator: String,
    /// What is measured.
    pub measure: Measure,
    /// Year.
    pub year: i32,
    /// Day whose map of units is used.
    pub map_of: NaiveDate,
    /// Target: at least so many percent.
    pub at_least_percent: u8,
    /// A group is shown from so many persons on.
    pub shown_from: u64,
    /// At least so many units are hidden together.
    pub hidden_together: u64,
    /// The whole area.
    pub total: ReleasedRow,
    /// Units directly below it that take part.
    pub units: Vec<ReleasedRow>,
    /// Hidden units together.
    pub hidden: Option<HiddenRows>,
    /// How to read it, for people.
    pub note_vi: String,
    /// How to read it, in English.
    pub note_en: String,
}

const NOTE_VI: &str = "Chỉ hiện nhóm từ 17 người. Nhóm nhỏ được gộp ít nhất ba đơn vị. Số đã công bố không sửa. \
    Số hiện ra là số đúng. Không hiện không có nghĩa là ít.";
const NOTE_EN: &str = "Only groups of 17 or more are shown. Small groups are hidden together, at least three units. \
    What is published is never changed. Every number shown is exact. Hidden does not mean small.";

/// A release as stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = statistical_releases, treat_none_as_default_value = false)]
pub(super) struct Release {
    pub(super) measure: Measure,
    pub(super) scope_unit_code: String,
    pub(super) year: i32,
    pub(super) number: i64,
    pub(super) plan_code: String,
    pub(super) indicator_code: String,
    pub(super) released_at: Instant,
    pub(super) content: String,
    pub(super) chain_mac: Vec<u8>,
}

/// Releases every closed year that is not released yet. Runs every minute,
/// never because somebody asked, so that the moment of a release tells nothing.
///
/// # Errors
/// The engine's own.
pub fn release_closed_years(app: &App, now: Instant) -> Result<u32, AppError> {
    let App { db, units, plans, services, .. } = app;
    let key = &app.ring.server;
    chain::refuse_cut(db, &app.vault)?;
    let today = now.civil_date();
    let installed_on = db.read_now(|conn| settings::get(conn, settings::INSTALLED_ON))?;
    let installed_on = installed_on.and_then(|day| day.parse().ok()).unwrap_or(today);
    let mut released = 0;
    for plan in plans.now().all() {
        for (indicator, cases) in plan.released() {
            for year in plan.closed_years(installed_on, today) {
                if db.read_now(|conn| find(conn, cases.measure, &plan.scope_unit, year))?.is_some() {
                    continue;
                }
                let tallies = db.read_now(|conn| standings::tally(conn, services, cases, year, today))?;
                let content = content(units, plan, (indicator, cases), year, today, &tallies);
                let text = serde_json::to_string(&content).map_err(|e| AppError::internal(e.to_string()))?;
                released += store(db, key, plan, (indicator, cases), year, text, now)?;
            }
        }
    }
    // In every round: a node that stopped between release and anchor is made up for.
    chain::anchor(db, &app.vault, now)?;
    Ok(released)
}

fn store(
    db: &Database,
    key: &ServerKey,
    plan: &Plan,
    (indicator, cases): (&Indicator, &CaseMeasure),
    year: i32,
    content: String,
    now: Instant,
) -> Result<u32, AppError> {
    let (key, measure, scope) = (key.clone(), cases.measure, plan.scope_unit.clone());
    let (plan_code, indicator_code) = (plan.code.clone(), indicator.code.clone());
    db.write_now(move |conn| {
        // Another node may have been faster; what is frozen stays.
        if find(conn, measure, &scope, year)?.is_some() {
            return Ok(0);
        }
        let (last, previous) = chain::last(conn)?.unwrap_or((0, Vec::new()));
        let mut release = Release {
            measure,
            scope_unit_code: scope.clone(),
            year,
            number: last + 1,
            plan_code: plan_code.clone(),
            indicator_code: indicator_code.clone(),
            released_at: now,
            content: content.clone(),
            chain_mac: Vec::new(),
        };
        release.chain_mac = chain::mac(&key, &release, &previous);
        diesel::insert_into(statistical_releases::table).values(&release).execute(conn)?;
        Ok(1)
    })
}

fn find(conn: &mut DbConnection, measure: Measure, scope: &str, year: i32) -> Result<Option<Release>, AppError> {
    let query = statistical_releases::table.find((measure, scope, year)).select(Release::as_select());
    Ok(query.first(conn).optional()?)
}

/// The protected table of persons, each counted in the province that its unit lies in on
/// the map of the day of release; provinces were only ever merged whole.
fn content(
    units: &AdminUnits,
    plan: &Plan,
    (indicator, cases): (&Indicator, &CaseMeasure),
    year: i32,
    today: NaiveDate,
    tallies: &BTreeMap<String, Tally>,
) -> ReleaseContent {
    let participants = participants(units, plan, today);
    let mut counts: BTreeMap<&str, Vec<PartCount>> =
        participants.iter().map(|code| (code.as_str(), Vec::new())).collect();
    for (unit, tally) in tallies {
        let province = units.province_on(unit, today).map(|unit| unit.code.as_str());
        let Some(parts) = province.and_then(|code| counts.get_mut(code)) else { continue };
        parts.push(PartCount { served: tally.served, not_served: tally.not_served });
    }
    let table = Table {
        units: counts
            .into_iter()
            .map(|(code, parts)| UnitCount {
                unit: code.to_owned(),
                public_rank: public_rank(units, code, today),
                served: parts.iter().map(|part| part.served).sum(),
                not_served: parts.iter().map(|part| part.not_served).sum(),
                parts,
            })
            .collect(),
    };
    let thresholds = Thresholds::LEAST;
    let protected = protect(&table, Target::at_least(indicator.percent_wanted()), &thresholds);
    describe(plan, (indicator, cases), year, today, &thresholds, &protected)
}

fn participants(units: &AdminUnits, plan: &Plan, day: NaiveDate) -> Vec<String> {
    match &plan.participants {
        Some(listed) => listed.clone(),
        None => units
            .children(&plan.scope_unit)
            .filter(|unit| unit.level == Level::Province && unit.is_valid_on(day))
            .map(|unit| unit.code.clone())
            .collect(),
    }
}

/// The number of communes of a province: a public fact that no case changes.
fn public_rank(units: &AdminUnits, province: &str, day: NaiveDate) -> u32 {
    let within = |unit: &&crate::admin_units::AdminUnit| {
        unit.level == Level::Commune && unit.is_valid_on(day) && unit.province.as_deref() == Some(province)
    };
    u32::try_from(units.all().iter().filter(within).count()).unwrap_or(u32::MAX)
}

fn describe(
    plan: &Plan,
    (indicator, cases): (&Indicator, &CaseMeasure),
    year: i32,
    today: NaiveDate,
    thresholds: &Thresholds,
    protected: &ProtectedTable,
) -> ReleaseContent {
    ReleaseContent {
        programme: plan.code.clone(),
        indicator: indicator.code.clone(),
        measure: cases.measure,
        year,
        map_of: today,
        at_least_percent: indicator.percent_wanted(),
        shown_from: thresholds.above.into(),
        hidden_together: u64::try_from(thresholds.hidden_units).unwrap_or(u64::MAX),
        total: row(&plan.scope_unit, &protected.total),
        units: protected.units.iter().map(|unit| row(&unit.unit, &unit.row)).collect(),
        hidden: protected.hidden.as_ref().map(|group| HiddenRows {
            units: u64::try_from(group.units).unwrap_or(u64::MAX),
            denominator: group.denominator,
        }),
        note_vi: NOTE_VI.to_owned(),
        note_en: NOTE_EN.to_owned(),
    }
}

fn row(unit: &str, protected: &ProtectedRow) -> ReleasedRow {
    let split = protected.shown.split();
    ReleasedRow {
        unit_code: unit.to_owned(),
        denominator: protected.shown.denominator(),
        numerator: split.map(|split| split.numerator),
        complement: split.map(|split| split.complement),
        percent: split.and_then(Split::whole_percent),
        status: protected.status.map(|status| match status {
            TargetStatus::Met => ReleasedStatus::Met,
            TargetStatus::NotMet => ReleasedStatus::NotMet,
        }),
    }
}

/// Numbers of the releases for a year of an area, by what they measure; where it has none, of those of the country.
///
/// # Errors
/// The engine's own.
pub fn numbers_for(conn: &mut DbConnection, scope: &str, year: i32) -> Result<BTreeMap<Measure, i64>, AppError> {
    let of_area = |area: &str| {
        statistical_releases::table
            .filter(statistical_releases::scope_unit_code.eq(area.to_owned()))
            .filter(statistical_releases::year.eq(year))
            .select((statistical_releases::measure, statistical_releases::number))
    };
    let mut numbers: BTreeMap<Measure, i64> = of_area(COUNTRY).load(conn)?.into_iter().collect();
    numbers.extend(of_area(scope).load::<(Measure, i64)>(conn)?);
    Ok(numbers)
}

/// Releases of areas that touch the reader's own: every reader of one reads the same bytes.
///
/// # Errors
/// [`AppError::Forbidden`] without the right.
pub(super) fn list(conn: &mut DbConnection, actor: &Actor, units: &AdminUnits) -> Result<Vec<Release>, AppError> {
    let scope = actor.scope(Action::ReleaseRead)?;
    let all: Vec<Release> = statistical_releases::table
        .order(statistical_releases::number)
        .select(Release::as_select())
        .limit(1000)
        .load(conn)?;
    let touches = |release: &Release| {
        let area = release.scope_unit_code.as_str();
        scope.admin_units.iter().any(|own| units.is_within(own, area) || units.is_within(area, own))
    };
    Ok(all.into_iter().filter(touches).collect())
}
