//! Plan, indicator, target: three objects. A plan names indicators; an indicator says what is measured; a target says
//! how much of it is wanted, of whom and by when.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::dates::{day, optional_day};
use crate::admin_units::{CommuneKind, Level};
use crate::db::types::text_enum;
use crate::persons::ClientCategory;
use crate::programmes::elements::Source;
use crate::programmes::periods::{Calendar, PeriodKind};

text_enum! {
    /// How an indicator is measured. Each kind has one evaluator.
    MeasureKind {
        /// Units that meet a condition, of all such units.
        UnitShare = "unit_share",
        /// Distinct persons, of those it is about.
        PersonShare = "person_share",
        /// Items handled, of those received.
        ItemShare = "item_share",
        /// Establishments inspected in the year, of those open in it.
        EstablishmentShare = "establishment_share",
        /// Each at least once by a day: those that are open and were reached since the plan began, of those that are open.
        Cumulative = "cumulative",
        /// At least once in every month.
        Cadence = "cadence",
        /// Growth over the year before, in percent.
        Growth = "growth",
        /// Reduction against a baseline, in percent.
        Reduction = "reduction",
        /// A number.
        Count = "count",
        /// What was added in the year, of all, in percent.
        YearlyIncrement = "yearly_increment",
        /// The level is not below that of a year before.
        Hold = "hold",
        /// A share of units with a target of its own at each of several days.
        Stepped = "stepped",
    }
}

impl MeasureKind {
    /// Whether figures of this kind, and their targets, are percentages; else they are plain numbers.
    pub fn is_percent(self) -> bool {
        !matches!(self, Self::Count | Self::Hold)
    }
}

text_enum! {
    /// What a measure of persons from cases counts.
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

text_enum! {
    /// How a target is meant.
    Operator {
        /// At least so much.
        AtLeast = "at_least",
        /// So much; the plan does not say "at least". More is no failure.
        Equal = "equal",
        /// Between two values; more than the upper one is no failure.
        Range = "range",
        /// No less than before.
        Hold = "hold",
        /// No target: a fact.
        None = "none",
    }
}

/// A condition that a unit meets or does not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// What is looked at.
    pub source: Source,
    /// At least so many.
    #[serde(default = "one")]
    pub at_least: i64,
    /// In each period of this kind that has passed; in the whole period when absent.
    #[serde(default)]
    pub in_each: Option<PeriodKind>,
}

fn one() -> i64 {
    1
}

/// The units of a share of units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UnitMeasure {
    /// Level of the units.
    pub level: Level,
    /// Only communes of these kinds; all when empty.
    #[serde(default)]
    pub commune_kinds: BTreeSet<CommuneKind>,
    /// All must hold.
    pub all: Vec<Condition>,
    /// Element under which another body reports how many units meet the condition.
    #[serde(default)]
    pub reported_as: Option<String>,
}

/// Persons from cases. Their numbers leave through the statistics alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CaseMeasure {
    /// What is counted.
    pub measure: Measure,
    /// Persons it is about.
    pub category: ClientCategory,
    /// Service types it looks at.
    pub services: ServiceSelection,
    /// Whether closed years are released to supervisors.
    #[serde(default)]
    pub released: bool,
}

/// Where something must happen in every month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CadenceMeasure {
    /// What must happen.
    pub source: Source,
    /// In each unit of this level; in the whole unit asked for when absent.
    #[serde(default)]
    pub in_each: Option<Level>,
}

/// What the numbers of an indicator are taken from. Which of the fields there are depends on the kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Measured {
    /// Of shares: the numerator. Of growth, reduction, count and hold: what is compared or counted. Of yearly
    /// increments: what was added.
    #[serde(default)]
    pub numerator: Option<Source>,
    /// Of shares: the denominator.
    #[serde(default)]
    pub denominator: Option<Source>,
    /// Of shares of units and yearly increments: the units.
    #[serde(default)]
    pub units: Option<UnitMeasure>,
    /// Of persons from cases.
    #[serde(default)]
    pub cases: Option<CaseMeasure>,
    /// Of cadences.
    #[serde(default)]
    pub cadence: Vec<CadenceMeasure>,
    /// Of reductions: the year compared with; a plan may leave it open.
    #[serde(default)]
    pub baseline_year: Option<i32>,
}

/// A value wanted by a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Milestone {
    /// The day.
    #[serde(deserialize_with = "day")]
    pub by: NaiveDate,
    /// The value.
    pub value: u32,
}

/// A target of an indicator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// How it is meant.
    pub operator: Operator,
    /// The value, in percent or in the unit of a count; of a range the lower one.
    #[serde(default)]
    pub value: Option<u32>,
    /// The upper value of a range.
    #[serde(default)]
    pub max: Option<u32>,
    /// By when; each year when absent.
    #[serde(default, deserialize_with = "optional_day")]
    pub by: Option<NaiveDate>,
    /// Values on the way there.
    #[serde(default)]
    pub milestones: Vec<Milestone>,
    /// Whether values between milestones lie on a straight line; the plan must say so.
    #[serde(default)]
    pub interpolated: bool,
    /// Unit it binds; that of the plan when absent.
    #[serde(default)]
    pub unit: Option<String>,
}

text_enum! {
    /// Records that feed an indicator.
    Feed {
        /// Cases.
        CaseData = "case_data",
        /// Outreach.
        Outreach = "outreach",
        /// Registers of activities.
        ActivityRegister = "activity_register",
        /// The register of inspections.
        InspectionRegister = "inspection_register",
        /// Values reported by other bodies.
        ReportedValue = "reported_value",
        /// Lists or numbers of staff.
        StaffList = "staff_list",
    }
}

/// An indicator of a plan, with its targets.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Indicator {
    /// Code in the plan.
    pub code: String,
    /// How it is measured.
    pub kind: MeasureKind,
    /// Name in Vietnamese.
    pub name_vi: String,
    /// Name in English.
    pub name_en: String,
    /// The words of the plan.
    pub source_text: String,
    /// How we read them: what counts, in Vietnamese.
    pub definition_vi: String,
    /// How we read them: what counts, in English.
    pub definition_en: String,
    /// What the numbers are taken from.
    pub measured: Measured,
    /// Ways to break it down: `province`, `district`, `commune`, `commune_kind`, `month`, `class`, `kind`, `group`.
    #[serde(default)]
    pub breakdowns: Vec<Breakdown>,
    /// Records that feed it.
    pub feeds: Vec<Feed>,
    /// Targets.
    pub targets: Vec<Target>,
}

text_enum! {
    /// A way to break a figure down.
    Breakdown {
        /// By province.
        Province = "province",
        /// By district; there are none since 01/07/2025.
        District = "district",
        /// By commune.
        Commune = "commune",
        /// By kind of commune: commune, ward, township, special zone.
        CommuneKind = "commune_kind",
        /// By month.
        Month = "month",
        /// By the words of the element: form, audience, type, agency and so on; of cadences by what is asked for.
        Class = "class",
        /// By each kind that the numerator names, as levels of staff.
        Kind = "kind",
        /// By each group that the numerator names, as topics of trainings.
        Group = "group",
    }
}

text_enum! {
    /// How a reported element behaves over time.
    ReportedNature {
        /// Events: numbers of shorter periods add up.
        Flow = "flow",
        /// A level, or distinct persons: numbers of shorter periods do not add up; the last one stands.
        Level = "level",
    }
}

/// An element that only other bodies can give.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportedElement {
    /// Code.
    pub code: String,
    /// Name in Vietnamese.
    pub vi: String,
    /// Name in English.
    pub en: String,
    /// How it behaves over time.
    pub nature: ReportedNature,
    /// Words it may also be reported of one by one, as audiences; whoever reports all of them need not report the whole.
    #[serde(default)]
    pub classes: BTreeSet<String>,
    /// Whether it tells of few people, or of places where they are met: it is then reported by province and whole year
    /// alone, and read so by all but those who keep registers.
    #[serde(default)]
    pub coarse: bool,
}

/// A value that the plan or its source tells itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KnownValue {
    /// Element.
    pub element: String,
    /// Unit.
    pub unit: String,
    /// Period.
    pub period: String,
    /// The value.
    pub value: i64,
    /// Where it is told.
    pub source: String,
}

fn yearly() -> Vec<PeriodKind> {
    vec![PeriodKind::Year]
}

/// A programme plan.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Code.
    pub code: String,
    /// Title.
    pub title_vi: String,
    /// Title in English.
    pub title_en: String,
    /// Number of the document.
    pub document: String,
    /// Day of the document.
    #[serde(default, deserialize_with = "optional_day")]
    pub issued_on: Option<NaiveDate>,
    /// Unit the plan is for.
    pub scope_unit: String,
    /// Level of that unit.
    pub level: Level,
    /// First year.
    pub first_year: i32,
    /// Last year.
    pub last_year: i32,
    /// Code of the plan that follows it.
    #[serde(default)]
    pub successor: Option<String>,
    /// Calendar of its periods.
    pub calendar: Calendar,
    /// Level of the units that report.
    pub reported_by: Level,
    /// Lengths of the periods that are to be reported: years when absent, none when empty.
    #[serde(default = "yearly")]
    pub reports: Vec<PeriodKind>,
    /// Days after the end of a period in which its report is to be submitted; when absent 30, or the days of grace
    /// where they are fewer.
    #[serde(default)]
    pub report_days: Option<u16>,
    /// Whether plan and data are made up.
    #[serde(default)]
    pub made_up: bool,
    /// Days after the end of a year in which its records may still come in.
    pub grace_days: u16,
    /// Provinces that take part; all when absent. A public fact, fixed before the period.
    #[serde(default)]
    pub participants: Option<Vec<String>>,
    /// Elements that only other bodies can give.
    #[serde(default)]
    pub elements: Vec<ReportedElement>,
    /// Values that the plan or its source tells.
    #[serde(default)]
    pub values: Vec<KnownValue>,
    /// Indicators.
    pub indicators: Vec<Indicator>,
}
