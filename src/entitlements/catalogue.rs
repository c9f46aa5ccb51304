//! The statutory regimes with their dated limits, as configured in `config/entitlements.toml`.

use std::collections::BTreeSet;

use chrono::{Datelike as _, Months, NaiveDate, TimeDelta};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::db::types::text_enum;
use crate::services::{ServiceType, Services};

text_enum! {
    /// Groups the law tells apart (Law 53/2024/QH15, Art. 37).
    Group {
        /// Vietnamese, or without nationality and resident in Vietnam, identified as a victim.
        ResidentVictim = "resident_victim",
        /// A minor who came with a victim.
        AccompanyingMinor = "accompanying_minor",
        /// A person being identified, in Vietnam.
        BeingIdentifiedAtHome = "being_identified_at_home",
        /// A person being identified while abroad.
        BeingIdentifiedAbroad = "being_identified_abroad",
        /// A national of another country, identified as a victim.
        ForeignVictim = "foreign_victim",
    }
}

text_enum! {
    /// Who may extend a limit of days (Decree 162/2025/NĐ-CP, Art. 17).
    Extender {
        /// The director of the facility.
        FacilityDirector = "facility_director",
        /// The provincial health department.
        HealthDepartment = "health_department",
    }
}

text_enum! {
    /// What a clock of months is for.
    ClockKind {
        /// The application has to be made in time; support given later is refused.
        Application = "application",
        /// Health insurance is paid for so long; care itself has no end.
        HealthInsurance = "health_insurance",
    }
}

/// Months that begin on the day of identification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClockRule {
    /// So many months.
    pub months: u32,
    /// For what.
    pub of: ClockKind,
}

impl ClockRule {
    /// The last day of the clock that begins on this day.
    pub fn last_day(self, begins: NaiveDate) -> NaiveDate {
        begins.checked_add_months(Months::new(self.months)).unwrap_or(NaiveDate::MAX)
    }
}

/// A regime as the law had it for some time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Version {
    /// First day; none for the oldest.
    #[serde(default)]
    pub from: Option<NaiveDate>,
    /// Last day; none while it holds.
    #[serde(default)]
    pub to: Option<NaiveDate>,
    /// Legal basis, in Vietnamese.
    pub basis_vi: String,
    /// Legal basis, in English.
    pub basis_en: String,
    /// Who is entitled.
    pub groups: BTreeSet<Group>,
    /// Calendar days at the most, extensions apart.
    #[serde(default)]
    pub days: Option<u32>,
    /// Who may extend the days.
    #[serde(default)]
    pub extendable_by: BTreeSet<Extender>,
    /// Whether a person receives it once in a lifetime.
    #[serde(default)]
    pub once: bool,
    /// Months from the day of identification.
    #[serde(default)]
    pub clock: Option<ClockRule>,
    /// School years, beginning with that of the first support.
    #[serde(default)]
    pub school_years: Option<u32>,
    /// Only for persons below this age, in years, when it begins.
    #[serde(default)]
    pub under_age: Option<u32>,
    /// A further condition that only people can judge, in Vietnamese.
    #[serde(default)]
    pub condition_vi: Option<String>,
    /// The same in English.
    #[serde(default)]
    pub condition_en: Option<String>,
    /// Whether the text was seen; `false` is still to be confirmed.
    #[serde(default = "yes")]
    pub confirmed: bool,
}

const fn yes() -> bool {
    true
}

impl Version {
    /// Whether it holds for an event of this day.
    pub fn holds_on(&self, day: NaiveDate) -> bool {
        self.from.is_none_or(|first| first <= day) && self.to.is_none_or(|last| day <= last)
    }
}

/// One letter of the law and one service type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Regime {
    /// Letter of Law 53/2024/QH15, Art. 37.
    pub letter: String,
    /// Service type.
    pub service: ServiceType,
    /// Name in Vietnamese.
    pub name_vi: String,
    /// Name in English.
    pub name_en: String,
    /// Whether it is given also to those who have no status, and only marked.
    #[serde(default)]
    pub never_refused_for_status: bool,
    /// Versions, oldest first.
    pub versions: Vec<Version>,
}

impl Regime {
    /// The version for an event of this day.
    pub fn on(&self, day: NaiveDate) -> Option<&Version> {
        self.versions.iter().find(|version| version.holds_on(day))
    }
}

/// All regimes.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalogue {
    /// Nationalities that count as resident.
    pub resident_nationalities: Vec<String>,
    /// Days for which an override lasts at the most.
    pub override_days: u32,
    /// Month in which a school year begins.
    pub school_year_first_month: u32,
    /// In the order of the law's letters.
    pub regimes: Vec<Regime>,
}

/// `config/entitlements.toml` cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum EntitlementsError {
    /// It is not of the described form.
    #[error("config/entitlements.toml: {0}")]
    Form(#[from] toml::de::Error),
    /// Versions overlap, leave a gap, or contradict themselves.
    #[error("config/entitlements.toml: the versions of letter {0} do not follow one another")]
    Versions(String),
    /// A service type is a regime in one file and none in the other.
    #[error("config/entitlements.toml and config/services.toml disagree about {0}")]
    Services(ServiceType),
    /// The month is none.
    #[error("config/entitlements.toml: school_year_first_month is no month")]
    Month,
}

impl Catalogue {
    /// Reads the configuration shipped with the program.
    ///
    /// # Errors
    /// When it is not of the described form, contradicts itself or `config/services.toml`.
    pub fn shipped(services: &Services) -> Result<Self, EntitlementsError> {
        Self::parse(include_str!("../../config/entitlements.toml"), services)
    }

    fn parse(text: &str, services: &Services) -> Result<Self, EntitlementsError> {
        let catalogue: Self = toml::from_str(text)?;
        if !(1..=12).contains(&catalogue.school_year_first_month) {
            return Err(EntitlementsError::Month);
        }
        if let Some(regime) = catalogue.regimes.iter().find(|regime| !follow(&regime.versions)) {
            return Err(EntitlementsError::Versions(regime.letter.clone()));
        }
        let statutory = services.regimes();
        let differs = |service: &&ServiceType| catalogue.is_statutory(**service) != statutory.contains(service);
        match ServiceType::ALL.iter().find(differs) {
            Some(service) => Err(EntitlementsError::Services(*service)),
            None => Ok(catalogue),
        }
    }

    /// Whether this service is one of the law's regimes.
    pub fn is_statutory(&self, service: ServiceType) -> bool {
        self.of(service).next().is_some()
    }

    /// The regimes of this service.
    pub fn of(&self, service: ServiceType) -> impl Iterator<Item = &Regime> {
        self.regimes.iter().filter(move |regime| regime.service == service)
    }

    /// First and last day of the school year in which this day lies.
    pub fn school_year(&self, day: NaiveDate) -> (NaiveDate, NaiveDate) {
        let year = if day.month() >= self.school_year_first_month { day.year() } else { day.year() - 1 };
        let first = NaiveDate::from_ymd_opt(year, self.school_year_first_month, 1).unwrap_or(day);
        (first, first.checked_add_months(Months::new(12)).map_or(day, |next| next - TimeDelta::days(1)))
    }
}

/// One after the other without gap; only the first may begin at no day, only the last end at none.
fn follow(versions: &[Version]) -> bool {
    let mut pairs = versions.iter().zip(versions.iter().skip(1));
    let touching = pairs.all(|(before, after)| match (before.to, after.from) {
        (Some(last), Some(first)) => last.succ_opt() == Some(first),
        _ => false,
    });
    let forward = versions.iter().all(|v| v.from.zip(v.to).is_none_or(|(first, last)| first <= last));
    touching && forward && versions.last().is_some_and(|last| last.to.is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shipped() -> (Services, Catalogue) {
        let services = Services::shipped().unwrap();
        let catalogue = Catalogue::shipped(&services).unwrap();
        (services, catalogue)
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn letters(catalogue: &Catalogue, group: Group, on: &str) -> Vec<String> {
        let holds = |regime: &&Regime| regime.on(day(on)).is_some_and(|version| version.groups.contains(&group));
        let mut letters: Vec<String> =
            catalogue.regimes.iter().filter(holds).map(|regime| regime.letter.clone()).collect();
        letters.dedup();
        letters
    }

    #[test]
    fn each_group_has_the_letters_of_article_37() {
        let (_, catalogue) = shipped();
        let expected = [
            (Group::ResidentVictim, "a b c d đ e g h i k"),
            (Group::AccompanyingMinor, "a b c d đ e g h"),
            (Group::BeingIdentifiedAtHome, "a b c d đ e g"),
            (Group::BeingIdentifiedAbroad, "a b c d"),
            (Group::ForeignVictim, "a b c d đ g"),
        ];
        for (group, wanted) in expected {
            assert_eq!(letters(&catalogue, group, "2025-07-01").join(" "), wanted, "{group}");
        }
    }

    #[test]
    fn essential_needs_are_sixty_days_until_the_thirtieth_of_june_2025_and_a_hundred_and_twenty_from_then_on() {
        let (_, catalogue) = shipped();
        let days = |on| catalogue.of(ServiceType::EssentialNeeds).next().unwrap().on(day(on)).unwrap().days;
        assert_eq!((days("2025-06-30"), days("2025-07-01")), (Some(60), Some(120)));
    }

    #[test]
    fn interpreting_is_due_since_the_first_of_july_2025_only() {
        let (_, catalogue) = shipped();
        assert!(!letters(&catalogue, Group::ResidentVictim, "2025-06-30").contains(&"c".to_owned()));
    }

    #[test]
    fn versions_that_overlap_or_leave_a_gap_are_refused() {
        let (services, _) = shipped();
        let text = include_str!("../../config/entitlements.toml");
        for wrong in ["to = \"2025-07-01\"", "to = \"2025-06-29\""] {
            let text = text.replacen("to = \"2025-06-30\"", wrong, 1);
            assert!(matches!(Catalogue::parse(&text, &services), Err(EntitlementsError::Versions(_))), "{wrong}");
        }
    }

    #[test]
    fn a_school_year_runs_from_september_to_august() {
        let (_, catalogue) = shipped();
        assert_eq!(catalogue.school_year(day("2026-08-31")), (day("2025-09-01"), day("2026-08-31")));
        assert_eq!(catalogue.school_year(day("2026-09-01")).0, day("2026-09-01"));
    }
}
