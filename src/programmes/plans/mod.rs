//! Plans as data: files of `config/programmes/` and those imported later, each in every version it had.

mod check;
mod comparisons;
mod dates;
mod file;
pub mod model;
#[cfg(test)]
mod tests;
mod versions;

use std::collections::BTreeSet;
use std::sync::{Arc, RwLock};

use chrono::{NaiveDate, TimeDelta};

use super::elements::{Element, Source};
use super::periods::{PeriodKind, ReportPeriod};
use super::registers::catalogue::RegisterCatalogue;
use super::sums::Series;
use crate::admin_units::AdminUnits;
pub use comparisons::Compared;
pub use file::{MOST_BYTES, PlanFault, PlanFile};
use model::{Breakdown, Measured, ReportedElement};
pub use model::{CaseMeasure, Indicator, Measure, MeasureKind, Plan, ServiceSelection};
pub use versions::{Origin, RefreshError, StoredVersion, import, of_version, refresh, store_shipped, versions};

const SHIPPED: [(&str, &str); 6] = [
    ("vn-808-2021-2025.toml", include_str!("../../../config/programmes/vn-808-2021-2025.toml")),
    ("mb-2021-2025.toml", include_str!("../../../config/programmes/mb-2021-2025.toml")),
    ("thanh-hoa-2022.toml", include_str!("../../../config/programmes/thanh-hoa-2022.toml")),
    ("ha-nam-2016-2020.toml", include_str!("../../../config/programmes/ha-nam-2016-2020.toml")),
    ("models-2016-2020.toml", include_str!("../../../config/programmes/models-2016-2020.toml")),
    ("demo-2026.toml", include_str!("../../../config/programmes/demo-2026.toml")),
];

/// Days for a report where a plan does not say.
const REPORT_DAYS: u16 = 30;

/// What a plan is checked against.
#[derive(Debug, Clone, Copy)]
pub struct Books<'a> {
    /// Units.
    pub units: &'a AdminUnits,
    /// Registers.
    pub registers: &'a RegisterCatalogue,
}

impl Plan {
    /// The day from which on records of this year may no longer come in.
    pub fn closing(&self, year: i32) -> NaiveDate {
        let end = NaiveDate::from_ymd_opt(year, 12, 31).unwrap_or(NaiveDate::MAX);
        end.checked_add_signed(TimeDelta::days(i64::from(self.grace_days))).unwrap_or(NaiveDate::MAX)
    }

    /// Days after the end of a period in which its report is to be submitted. They are fewer than the days in which
    /// records may come in, so that whoever is above the unit has days of its own to check the report and to close.
    pub fn days_to_report(&self) -> u16 {
        self.report_days.unwrap_or_else(|| REPORT_DAYS.min(self.grace_days))
    }

    /// The periods that the plan asks to be reported, those of its own years.
    pub fn reported_periods(&self) -> impl Iterator<Item = ReportPeriod> {
        let of_year = |year: i32, kind: PeriodKind| match kind {
            PeriodKind::FiveYears => vec![ReportPeriod { year, kind, number: 1 }],
            kind => ReportPeriod::of_year(year).parts(kind),
        };
        let of_kind = move |kind: &PeriodKind| {
            let kind = *kind;
            let years = (self.first_year..=self.last_year).filter(move |year| self.asks_in(*year, kind));
            years.flat_map(move |year| of_year(year, kind))
        };
        self.reports.iter().flat_map(of_kind)
    }

    /// Whether periods of this length begin in a year and end with the plan: five years begin in 2016, 2021 and so on.
    fn asks_in(&self, year: i32, kind: PeriodKind) -> bool {
        kind != PeriodKind::FiveYears || ((year - 1).rem_euclid(5) == 0 && year + 4 <= self.last_year)
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

    /// Indicators about persons whose closed years are released.
    pub fn released(&self) -> impl Iterator<Item = (&Indicator, &CaseMeasure)> {
        let of_cases = |indicator: &'_ Indicator| indicator.measured.cases.as_ref().is_some_and(|cases| cases.released);
        let released = self.indicators.iter().filter(move |indicator| of_cases(indicator));
        released.filter_map(|indicator| Some((indicator, indicator.measured.cases.as_ref()?)))
    }

    /// Its first day.
    pub fn starts_on(&self) -> NaiveDate {
        NaiveDate::from_ymd_opt(self.first_year, 1, 1).unwrap_or(NaiveDate::MIN)
    }

    /// Whether an element is one that it declares to be coarse.
    pub fn is_coarse(&self, element: &str) -> bool {
        self.declared(element).is_some_and(|declared| declared.coarse)
    }

    /// Whether an indicator tells of few people where its units or periods are small.
    pub fn tells_of_few(&self, indicator: &Indicator) -> bool {
        let reported = indicator.measured.units.as_ref().and_then(|units| units.reported_as.as_deref());
        let elements = indicator.sources().into_iter().map(|source| source.element.as_str()).chain(reported);
        indicator.counts_persons() || elements.into_iter().any(|element| self.is_coarse(element))
    }

    /// Every series it looks at.
    pub fn series(&self) -> impl Iterator<Item = Series> {
        self.indicators
            .iter()
            .flat_map(|indicator| {
                let narrowed = indicator.told_apart().map(|(_, narrowed)| narrowed);
                let all = std::iter::once(indicator.clone()).chain(narrowed);
                all.flat_map(|indicator| indicator.sources().into_iter().cloned().collect::<Vec<_>>())
                    .collect::<Vec<_>>()
            })
            .flat_map(|source| Series::stored_for(&source, self.calendar, self.starts_on()))
    }

    /// The element of this code, where only other bodies give it.
    pub fn declared(&self, element: &str) -> Option<&ReportedElement> {
        self.elements.iter().find(|declared| declared.code == element)
    }
}

impl Indicator {
    /// Percent wanted in the end by its first target; nought where it wants none.
    pub fn percent_wanted(&self) -> u8 {
        self.targets.first().and_then(|target| target.value).and_then(|value| u8::try_from(value).ok()).unwrap_or(0)
    }

    /// Whether it takes a number of persons from registers.
    pub fn counts_persons(&self) -> bool {
        self.sources().into_iter().filter_map(Source::of_register).any(Element::counts_persons)
    }

    /// The indicator narrowed to each word that its numerator names, in the ways it may be broken down: the denominator
    /// where that has the same words.
    pub fn told_apart(&self) -> impl Iterator<Item = ((Breakdown, &str), Self)> {
        let of = |way: Breakdown| {
            let top = self.measured.numerator.iter().filter(move |_| self.breakdowns.contains(&way));
            let words = top.flat_map(move |top| if way == Breakdown::Kind { &top.kinds } else { &top.groups });
            words.map(move |word| ((way, word.as_str()), self.narrowed(way, word)))
        };
        of(Breakdown::Kind).chain(of(Breakdown::Group))
    }

    fn narrowed(&self, way: Breakdown, word: &str) -> Self {
        let mut own = self.clone();
        let Measured { numerator: Some(top), denominator, .. } = &mut own.measured else { return own };
        let place = |source: &Source| {
            let words = source.of_register().map(Element::words);
            words.and_then(|words| if way == Breakdown::Kind { words.kinds } else { words.groups })
        };
        let alike = denominator.as_mut().filter(|bottom| place(bottom) == place(top));
        for source in alike.into_iter().chain(std::iter::once(&mut *top)) {
            let words = if way == Breakdown::Kind { &mut source.kinds } else { &mut source.groups };
            *words = BTreeSet::from([word.to_owned()]);
        }
        own
    }

    /// Every element of which other bodies may report it a value.
    pub fn elements(&self) -> BTreeSet<String> {
        let units = self.measured.units.as_ref();
        let of_units = units.into_iter().flat_map(|units| {
            units.reported_as.iter().cloned().chain(std::iter::once(format!("units_{}", units.level)))
        });
        self.sources().into_iter().map(|source| source.element.clone()).chain(of_units).collect()
    }

    /// Everything it takes from registers or reports.
    pub fn sources(&self) -> Vec<&Source> {
        let measured = &self.measured;
        let conditions = measured.units.iter().flat_map(|units| units.all.iter().map(|condition| &condition.source));
        let cadence = measured.cadence.iter().map(|cadence| &cadence.source);
        measured.numerator.iter().chain(&measured.denominator).chain(conditions).chain(cadence).collect()
    }
}

/// A plan in one of its versions.
#[derive(Debug, Clone)]
pub struct VersionedPlan {
    /// The plan.
    pub plan: Plan,
    /// Its version, from 1.
    pub version: i32,
}

/// The newest version of every plan of this installation.
#[derive(Debug, Clone, Default)]
pub struct Plans(Vec<VersionedPlan>);

/// A plan file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PlansError {
    /// Lines that cannot be.
    #[error("{file}:\n{}", .faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Faults {
        /// Name of the file.
        file: String,
        /// What is wrong.
        faults: Vec<PlanFault>,
    },
    /// Two plans would release the same measure of the same year and area: their difference would tell of persons.
    #[error("plans {0} and {1} release the same measure of the same year")]
    ReleasedTwice(String, String),
    /// Made-up plans are for demos.
    #[error("plan {0} is made up; such plans exist in demos only")]
    MadeUp(String),
}

impl Plans {
    /// Reads the plans shipped with the program: the made-up ones in a demo, the others elsewhere. Plans of the other
    /// kind are kept for reading, but nothing is released under them.
    ///
    /// # Errors
    /// When a plan file cannot be used.
    pub fn shipped(books: Books<'_>, demo: bool) -> Result<Self, PlansError> {
        let mut plans = Self::default();
        for (name, text) in SHIPPED {
            let plan =
                PlanFile::read(text, books).map_err(|faults| PlansError::Faults { file: name.into(), faults })?;
            plans.take(VersionedPlan { plan: plan.plan, version: 1 }, demo);
        }
        plans.check_releases()?;
        Ok(plans)
    }

    /// Takes a plan in, in the place of an older version of it.
    fn take(&mut self, mut taken: VersionedPlan, demo: bool) {
        if taken.plan.made_up && !demo {
            return;
        }
        if taken.plan.made_up != demo {
            let cases = taken.plan.indicators.iter_mut().filter_map(|indicator| indicator.measured.cases.as_mut());
            cases.for_each(|cases| cases.released = false);
        }
        self.0.retain(|other| other.plan.code != taken.plan.code);
        self.0.push(taken);
        self.0.sort_by(|a, b| a.plan.code.cmp(&b.plan.code));
    }

    fn check_releases(&self) -> Result<(), PlansError> {
        for (place, plan) in self.all().enumerate() {
            if let Some(other) = self.all().take(place).find(|other| release_alike(plan, other)) {
                return Err(PlansError::ReleasedTwice(other.code.clone(), plan.code.clone()));
            }
        }
        Ok(())
    }

    /// All plans, by code.
    pub fn all(&self) -> impl Iterator<Item = &Plan> {
        self.0.iter().map(|plan| &plan.plan)
    }

    /// The plan of this code, in its newest version.
    pub fn get(&self, code: &str) -> Option<&Plan> {
        self.versioned(code).map(|plan| &plan.plan)
    }

    /// As [`Plans::get`], with the version.
    pub fn versioned(&self, code: &str) -> Option<&VersionedPlan> {
        self.0.iter().find(|plan| plan.plan.code == code)
    }

    /// All plans with their versions, by code.
    pub fn versioned_all(&self) -> impl Iterator<Item = &VersionedPlan> {
        self.0.iter()
    }

    /// Every series that any plan looks at.
    pub fn series(&self) -> BTreeSet<Series> {
        self.all().flat_map(Plan::series).collect()
    }
}

fn release_alike(a: &Plan, b: &Plan) -> bool {
    let same_years = a.first_year <= b.last_year && b.first_year <= a.last_year;
    let released = |plan: &Plan| -> Vec<Measure> {
        let cases = plan.indicators.iter().filter_map(|indicator| indicator.measured.cases.as_ref());
        cases.filter(|cases| cases.released).map(|cases| cases.measure).collect()
    };
    same_years && released(a).iter().any(|measure| released(b).contains(measure))
}

/// The plans as this node knows them. A plan that is imported is known on every node within a minute.
#[derive(Debug, Clone, Default)]
pub struct PlanShelf(Arc<RwLock<Arc<Plans>>>);

impl PlanShelf {
    /// With these plans.
    pub fn new(plans: Plans) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(plans))))
    }

    /// The plans now.
    pub fn now(&self) -> Arc<Plans> {
        self.0.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    fn replace(&self, plans: Plans) {
        *self.0.write().unwrap_or_else(std::sync::PoisonError::into_inner) = Arc::new(plans);
    }
}
