//! Plans as configured in `config/programmes/`. A plan refers to a measure and
//! sets a target for it; measure and target are separate things.

use chrono::{NaiveDate, TimeDelta};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::admin_units::{AdminUnits, Level};
use crate::db::types::text_enum;
use crate::persons::ClientCategory;

const SHIPPED: [&str; 3] = [
    include_str!("../../config/programmes/vn-808-2021-2025.toml"),
    include_str!("../../config/programmes/mb-2021-2025.toml"),
    include_str!("../../config/programmes/demo-2026.toml"),
];

text_enum! {
    /// What an indicator measures.
    Measure {
        /// Distinct persons in need and eligible; of them, those who used a service they were found in need of and eligible for.
        SupportUsed = "support_used_by_those_in_need_and_eligible",
        /// Distinct persons identified as victims; of them, those who received every regime due to them.
        RegimesReceived = "identified_victims_with_all_regimes_due",
    }
}

text_enum! {
    /// Which service types a measure looks at.
    ServiceSelection {
        /// All.
        All = "all",
        /// Those that are regimes due to identified victims by law.
        Regimes = "regimes",
    }
}

/// An indicator of a plan, with its target.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Indicator {
    /// Code in the plan.
    pub code: String,
    /// What is measured.
    pub measure: Measure,
    /// Persons it is about.
    pub category: ClientCategory,
    /// Name, verbatim from the plan.
    pub name_vi: String,
    /// Name in English.
    pub name_en: String,
    /// Target: at least so many percent.
    pub at_least_percent: u8,
    /// Service types it looks at.
    pub services: ServiceSelection,
    /// Whether closed years are released to supervisors.
    pub released: bool,
}

/// A programme plan.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Code.
    pub code: String,
    /// Title.
    pub title_vi: String,
    /// Title in English.
    pub title_en: String,
    /// Unit the plan is for.
    pub scope_unit: String,
    /// First year.
    pub first_year: i32,
    /// Last year.
    pub last_year: i32,
    /// Whether plan and data are made up.
    pub made_up: bool,
    /// Days after the end of a year in which its records may still come in.
    pub grace_days: u16,
    /// Provinces that take part; all when absent. A public fact, fixed before the period.
    #[serde(default)]
    pub participants: Option<Vec<String>>,
    /// Indicators.
    pub indicators: Vec<Indicator>,
}

impl Plan {
    /// The day from which on records of this year may no longer come in.
    fn closing(&self, year: i32) -> NaiveDate {
        let end = NaiveDate::from_ymd_opt(year, 12, 31).unwrap_or(NaiveDate::MAX);
        end.checked_add_signed(TimeDelta::days(i64::from(self.grace_days))).unwrap_or(NaiveDate::MAX)
    }

    /// Years of the plan that closed between the day of installation and `today`.
    pub fn closed_years(&self, installed_on: NaiveDate, today: NaiveDate) -> impl Iterator<Item = i32> {
        let closed = move |year: &i32| (installed_on..today).contains(&self.closing(*year));
        (self.first_year..=self.last_year).filter(closed)
    }

    /// The indicator of this code.
    pub fn indicator(&self, code: &str) -> Option<&Indicator> {
        self.indicators.iter().find(|indicator| indicator.code == code)
    }
}

/// All plans of this installation.
#[derive(Debug, Clone)]
pub struct Plans(Vec<Plan>);

/// A plan file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PlansError {
    /// Not of the described form.
    #[error("config/programmes: {0}")]
    Form(#[from] toml::de::Error),
    /// A unit is unknown, or a participant is no province.
    #[error("config/programmes: plan {0} names a unit that cannot be")]
    Unit(String),
    /// Two plans would release the same measure of the same year and area: their difference would tell of persons.
    #[error("config/programmes: plans {0} and {1} release the same measure of the same year")]
    ReleasedTwice(String, String),
    /// A target is out of range, or years are in the wrong order.
    #[error("config/programmes: plan {0} has a target or years that cannot be")]
    Target(String),
}

impl Plans {
    /// Reads the plans shipped with the program: the made-up ones in a demo, the others elsewhere.
    /// Plans of the other kind are kept for reading, but nothing is released under them.
    ///
    /// # Errors
    /// When a plan file cannot be used.
    pub fn shipped(units: &AdminUnits, demo: bool) -> Result<Self, PlansError> {
        let mut plans = Vec::new();
        for text in SHIPPED {
            let mut plan: Plan = toml::from_str(text)?;
            if plan.made_up && !demo {
                continue;
            }
            if plan.made_up != demo {
                plan.indicators.iter_mut().for_each(|indicator| indicator.released = false);
            }
            plans.push(plan);
        }
        check(&plans, units)?;
        Ok(Self(plans))
    }

    /// All plans.
    pub fn all(&self) -> &[Plan] {
        &self.0
    }

    /// The plan of this code.
    pub fn get(&self, code: &str) -> Option<&Plan> {
        self.0.iter().find(|plan| plan.code == code)
    }
}

fn check(plans: &[Plan], units: &AdminUnits) -> Result<(), PlansError> {
    for (position, plan) in plans.iter().enumerate() {
        let is_province = |code: &String| units.get(code).is_some_and(|unit| unit.level == Level::Province);
        if units.get(&plan.scope_unit).is_none() || !plan.participants.iter().flatten().all(is_province) {
            return Err(PlansError::Unit(plan.code.clone()));
        }
        let targets = plan.indicators.iter().all(|indicator| (1..=100).contains(&indicator.at_least_percent));
        if !targets || plan.first_year > plan.last_year {
            return Err(PlansError::Target(plan.code.clone()));
        }
        if let Some(other) = plans.iter().take(position).find(|other| release_alike(plan, other)) {
            return Err(PlansError::ReleasedTwice(other.code.clone(), plan.code.clone()));
        }
    }
    Ok(())
}

fn release_alike(a: &Plan, b: &Plan) -> bool {
    let same_years = a.first_year <= b.last_year && b.first_year <= a.last_year;
    let released = |plan: &Plan| -> Vec<Measure> {
        plan.indicators.iter().filter(|indicator| indicator.released).map(|indicator| indicator.measure).collect()
    };
    same_years && released(a).iter().any(|measure| released(b).contains(measure))
}
