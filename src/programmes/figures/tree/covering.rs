//! Of which units of the level of reporting a report for a unit above that level speaks.

use std::collections::{BTreeMap, BTreeSet};

use super::Map;
use super::settling::Settling;
use crate::admin_units::{AdminUnit, Level, PlacedNo, UnitNo};

impl Settling<'_> {
    /// Notes which units of the level of reporting reports for a unit above that level speak of, in these spans.
    pub(super) fn cover(
        &self,
        (unit, number): (&AdminUnit, UnitNo),
        spans: impl Iterator<Item = usize>,
        covered: &mut BTreeMap<UnitNo, Vec<(usize, Level)>>,
    ) {
        if unit.level >= self.map.reported_by {
            return;
        }
        // Most often the units within are the same from span to span.
        let (mut last, mut places) = (Vec::new(), BTreeMap::new());
        for span in spans {
            let within = self.within(unit, span);
            if within != last {
                places = self.places_of(number, &within);
                last = within;
            }
            for (place, level) in &places {
                covered.entry(*place).or_default().push((span, *level));
            }
        }
    }

    /// The units of the level of reporting that lay in one in a span.
    fn within(&self, unit: &AdminUnit, span: usize) -> Vec<UnitNo> {
        let Map { units, ground, reported_by, .. } = self.map;
        let Some((_, last)) = self.days.get(span) else { return Vec::new() };
        let day = unit.valid_to.map_or(*last, |to| to.min(*last));
        let day = unit.valid_from.map_or(day, |from| from.max(day));
        // An island that was a district of its own is a commune since.
        let is_island = |district: &&AdminUnit| {
            let at = units.number(&district.code).and_then(|number| ground.placed(number));
            matches!(at, Some(PlacedNo::At(at)) if self.unit(*at).is_some_and(|unit| unit.level == reported_by))
        };
        let islands = units.units_on(Level::District, &unit.code, day).into_iter().filter(is_island);
        let within = units.units_on(reported_by, &unit.code, day).into_iter().chain(islands);
        within.filter_map(|unit| units.number(&unit.code)).collect()
    }

    /// Where these units of a teller lie on the map, each with the level of the lowest unit of the map that holds both.
    fn places_of(&self, number: UnitNo, within: &[UnitNo]) -> BTreeMap<UnitNo, Level> {
        let Map { units, ground, day: map_day, .. } = self.map;
        let places = |unit: &UnitNo| -> Vec<UnitNo> {
            if let Some(PlacedNo::At(at)) = ground.placed(*unit) {
                return vec![*at];
            }
            // All that went into it, or that it went into.
            let parts = self.unit(*unit).map(|unit| units.sharing(&unit.code, map_day));
            parts.into_iter().flatten().filter_map(|part| units.number(&part.code)).collect()
        };
        let on_map = |unit: UnitNo| std::iter::successors(Some(unit), |unit| ground.parent(*unit));
        let own: BTreeSet<UnitNo> = match ground.placed(number) {
            Some(PlacedNo::At(at) | PlacedNo::Above { unit: at, .. }) => on_map(*at).collect(),
            Some(PlacedNo::Split(_)) | None => BTreeSet::new(),
        };
        let both = |place: UnitNo| on_map(place).find(|above| own.contains(above)).and_then(|above| self.unit(above));
        let places = within.iter().flat_map(places);
        places.map(|place| (place, both(place).map_or(Level::Country, |above| above.level))).collect()
    }
}
