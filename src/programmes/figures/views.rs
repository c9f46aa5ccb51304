//! Figures as they are read: every one explains itself.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use super::measures::NoFigure;
use super::targets::{Status, TargetView};
use crate::admin_units::NotTold;
use crate::db::types::Instant;
use crate::error::Language;
use crate::programmes::closing::model::PeriodStatus;
use crate::programmes::closing::publishing::PublishedView;
use crate::programmes::plans::MeasureKind;
use crate::programmes::plans::model::{Breakdown, Feed};
use crate::programmes::registers::Register;
use crate::text::Words;

/// Where a number comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct PartsView {
    /// Of it, what registers told.
    pub register: i64,
    /// Of it, what other bodies reported.
    pub reported: i64,
}

/// How many of the units that report have told something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct CoverageView {
    /// Units with data.
    pub units: usize,
    /// All.
    pub of: usize,
}

/// A figure of an indicator.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PlanFigure {
    /// Unit.
    pub unit_code: String,
    /// Period.
    pub period: String,
    /// First day of the period.
    pub first_day: NaiveDate,
    /// Last day of the period.
    pub last_day: NaiveDate,
    /// Records up to and with this day are counted.
    pub as_of: NaiveDate,
    /// Class, where it is broken down by one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// The numerator; of growth, reduction and levels what stands now; of counts the count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub numerator: Option<i64>,
    /// The denominator; of growth, reduction and levels what stood before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub denominator: Option<i64>,
    /// Where the numerator comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub numerator_parts: Option<PartsView>,
    /// Where the denominator comes from; absent where it is a number of units or months.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub denominator_parts: Option<PartsView>,
    /// Units that told something, of two numbers of the one that fewer told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coverage: Option<CoverageView>,
    /// The figure in percent, to a tenth, rounded down.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub percent: Option<f64>,
    /// The figure, where it is a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<i64>,
    /// The target for the unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<TargetView>,
    /// Where it stands.
    pub status: Status,
    /// Why there is no figure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<NoFigure>,
    /// What was published of it last, and what has changed since.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published: Option<PublishedView>,
}

/// A value that another body reported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReportView {
    /// Element.
    pub element: String,
    /// Its name, where the plan declares it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub element_name: Option<Words>,
    /// Kinds and groups it is of; empty: of all.
    pub class: String,
    /// Unit.
    pub unit_code: String,
    /// Period.
    pub period: String,
    /// The value.
    pub value: i64,
    /// Who reported it.
    pub source_agency: String,
    /// In which document.
    pub source_document: String,
    /// Of which day; none of a value that the plan tells itself.
    pub source_on: Option<NaiveDate>,
}

/// A note about how units were shown on the map.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct UnitNote {
    /// The unit that told the numbers.
    pub unit_code: String,
    /// Its name with those above it, and what it is now.
    pub unit_name: String,
    /// The unit they were left at; none where they were divided by declared shares.
    pub left_at: Option<String>,
    /// Why they were left there.
    pub why: Option<NotTold>,
}

/// An indicator with its figures.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct IndicatorFigures {
    /// Code in the plan.
    pub indicator: String,
    /// How it is measured.
    pub kind: MeasureKind,
    /// Name in Vietnamese.
    pub name_vi: String,
    /// Name in English.
    pub name_en: String,
    /// The words of the plan.
    pub source_text: String,
    /// What counts, in Vietnamese.
    pub definition_vi: String,
    /// What counts, in English.
    pub definition_en: String,
    /// Records that feed it.
    pub feeds: Vec<Feed>,
    /// Registers its numbers are counted from.
    pub registers: BTreeSet<Register>,
    /// What other bodies reported of its elements in the unit and the period, for those who keep its registers: the first
    /// hundred, by unit. Some may not be counted: where a register tells the same, or a report for more.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reports: Vec<ReportView>,
    /// Whether there are more of them.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub more_reports: bool,
    /// Ways it may be broken down.
    pub breakdowns: Vec<Breakdown>,
    /// Of a figure about persons from cases: the number of the statistical release that tells it for the year asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub released_as: Option<i64>,
    /// The figures: of the unit first, then of those it is broken down into.
    pub figures: Vec<PlanFigure>,
    /// How units were shown on the map, where it is not plain; the first hundred.
    pub unit_notes: Vec<UnitNote>,
    /// How many such notes there are.
    pub unit_notes_total: usize,
}

/// The figures of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PlanFigures {
    /// Code of the plan.
    pub programme: String,
    /// Title of the plan.
    pub title_vi: String,
    /// Title of the plan in English.
    pub title_en: String,
    /// Version of its definitions.
    pub definition_version: i32,
    /// Unit asked for.
    pub unit_code: String,
    /// Its name with those above it.
    pub unit_name: String,
    /// Period.
    pub period: String,
    /// How far the report of the unit for the period is; absent while nobody has touched it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub period_status: Option<PeriodStatus>,
    /// Day of the map that units are shown on.
    pub map_of: NaiveDate,
    /// When it was computed.
    pub computed_at: Instant,
    /// Names of the units by code.
    pub unit_names: BTreeMap<String, String>,
    /// Names of the classes by code, where figures are broken down by them.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub class_names: BTreeMap<String, Words>,
    /// Indicators.
    pub indicators: Vec<IndicatorFigures>,
}

impl PlanFigures {
    /// The name of a class; its code where it has none.
    pub fn class_name<'a>(&'a self, class: &'a str, language: Language) -> &'a str {
        let named = self.class_names.get(class);
        named.map_or(class, |words| if language == Language::Vi { &words.vi } else { &words.en })
    }
}
