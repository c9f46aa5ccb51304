//! What training aid comes to, without a database.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Deserialize;

use super::model::AidGroup;

/// Rates of training aid in force from a day on. Amounts in whole đồng.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tariff {
    /// First day on which courses begin that it covers.
    pub from: NaiveDate,
    /// Law it rests on.
    pub basis: String,
    /// For meals, a day of actual study.
    pub meal_dong: i64,
    /// For the way, once a course.
    pub travel: Travel,
    /// For the way, where it is harder.
    pub travel_hard: HardTravel,
    /// The fee is paid up to this, a course, by group.
    pub ceilings: BTreeMap<AidGroup, i64>,
}

/// A lump sum for the way.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Travel {
    /// Kilometres from home to the course from which on it is paid.
    pub from_km: u32,
    /// Amount.
    pub dong: i64,
}

/// A lump sum for the way of some groups, and of everyone who lives in a difficult area.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HardTravel {
    /// Kilometres from home to the course from which on it is paid.
    pub from_km: u32,
    /// Amount.
    pub dong: i64,
    /// Groups it is paid to wherever they live.
    pub groups: Vec<AidGroup>,
}

/// What the amount depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AidFacts {
    /// Group of the person.
    pub group: AidGroup,
    /// Fee of the course in đồng.
    pub fee_dong: i64,
    /// Days on which the person was present.
    pub study_days: i64,
    /// Kilometres from home to the course.
    pub distance_km: u32,
    /// Whether the person lives in a difficult or extremely difficult area.
    pub difficult_area: bool,
}

/// The parts of an aid in whole đồng.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AidAmount {
    /// Towards the fee.
    pub fee_dong: i64,
    /// For meals.
    pub meals_dong: i64,
    /// For the way.
    pub travel_dong: i64,
}

impl AidAmount {
    /// All of it.
    pub fn total(self) -> i64 {
        self.fee_dong.saturating_add(self.meals_dong).saturating_add(self.travel_dong)
    }
}

impl Tariff {
    /// What the configuration leaves out or has wrong.
    pub(super) fn fault(&self) -> Option<String> {
        let missing = AidGroup::ALL.iter().find(|group| self.ceilings.get(group).is_none_or(|ceiling| *ceiling < 0));
        let negative = self.meal_dong < 0 || self.travel.dong < 0 || self.travel_hard.dong < 0;
        missing
            .map(|group| format!("the ceiling of {group}"))
            .or(negative.then(|| format!("the amounts of {}", self.basis)))
    }

    /// What is due: the fee up to the ceiling, meals by day of study, the way once.
    pub fn amount(&self, facts: &AidFacts) -> AidAmount {
        let ceiling = self.ceilings.get(&facts.group).copied().unwrap_or(0);
        AidAmount {
            fee_dong: facts.fee_dong.clamp(0, ceiling),
            meals_dong: self.meal_dong.saturating_mul(facts.study_days.max(0)),
            travel_dong: self.travel_dong(facts),
        }
    }

    fn travel_dong(&self, facts: &AidFacts) -> i64 {
        let hard = facts.difficult_area || self.travel_hard.groups.contains(&facts.group);
        let usual = if facts.distance_km >= self.travel.from_km { self.travel.dong } else { 0 };
        if hard && facts.distance_km >= self.travel_hard.from_km { self.travel_hard.dong.max(usual) } else { usual }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::training::TrainingCatalogue;

    fn tariff() -> Tariff {
        let catalogue = TrainingCatalogue::shipped().expect("the catalogue");
        catalogue.tariff_on("2025-06-01".parse().expect("a day")).expect("a tariff").clone()
    }

    fn facts(group: AidGroup, distance_km: u32) -> AidFacts {
        AidFacts { group, fee_dong: 5_000_000, study_days: 40, distance_km, difficult_area: false }
    }

    #[test]
    fn the_fee_is_paid_up_to_the_ceiling_of_the_group() {
        let tariff = tariff();
        let fee = |group, fee_dong| tariff.amount(&AidFacts { fee_dong, ..facts(group, 0) }).fee_dong;
        assert_eq!(fee(AidGroup::Disabled, 5_000_000), 5_000_000);
        assert_eq!(fee(AidGroup::Disabled, 6_000_001), 6_000_000);
        assert_eq!(fee(AidGroup::PoorMinority, 5_000_000), 4_000_000);
        assert_eq!(fee(AidGroup::Poor, 5_000_000), 3_000_000);
        assert_eq!(fee(AidGroup::NearPoor, 5_000_000), 2_500_000);
        assert_eq!(fee(AidGroup::Woman, 1_999_999), 1_999_999);
        assert_eq!(fee(AidGroup::RuralWorker, 5_000_000), 2_000_000);
        assert_eq!(fee(AidGroup::RuralWorker, 0), 0);
    }

    #[test]
    fn meals_are_paid_by_day_of_study() {
        assert_eq!(tariff().amount(&facts(AidGroup::Woman, 0)).meals_dong, 1_200_000);
        let none = AidFacts { study_days: 0, ..facts(AidGroup::Woman, 0) };
        assert_eq!(tariff().amount(&none).meals_dong, 0);
    }

    #[test]
    fn the_way_is_paid_from_15_km_and_from_5_where_it_is_harder() {
        let tariff = tariff();
        let way = |facts: AidFacts| tariff.amount(&facts).travel_dong;
        assert_eq!(way(facts(AidGroup::Poor, 14)), 0);
        assert_eq!(way(facts(AidGroup::Poor, 15)), 200_000);
        assert_eq!(way(facts(AidGroup::Disabled, 4)), 0);
        assert_eq!(way(facts(AidGroup::Disabled, 5)), 300_000);
        assert_eq!(way(AidFacts { difficult_area: true, ..facts(AidGroup::Poor, 5) }), 300_000);
        assert_eq!(way(AidFacts { difficult_area: true, ..facts(AidGroup::Poor, 4) }), 0);
    }

    proptest! {
        #[test]
        fn no_part_is_negative_and_more_study_or_a_longer_way_never_pays_less(
            group in 0..AidGroup::ALL.len(), fee in 0..100_000_000_i64, days in 0..2_000_i64,
            distance in 0..1_000_u32, further in 0..1_000_u32, difficult_area: bool,
        ) {
            let tariff = tariff();
            let group = AidGroup::ALL[group];
            let facts = AidFacts { group, fee_dong: fee, study_days: days, distance_km: distance, difficult_area };
            let amount = tariff.amount(&facts);
            prop_assert!(amount.fee_dong >= 0 && amount.meals_dong >= 0 && amount.travel_dong >= 0);
            prop_assert!(amount.fee_dong <= fee && amount.fee_dong <= tariff.ceilings[&group]);
            prop_assert_eq!(amount.total(), amount.fee_dong + amount.meals_dong + amount.travel_dong);
            let more = AidFacts { study_days: days + 1, distance_km: distance + further, ..facts };
            prop_assert!(tariff.amount(&more).total() >= amount.total() + tariff.meal_dong);
        }
    }
}
