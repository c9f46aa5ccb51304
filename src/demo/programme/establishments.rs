//! Establishments, what was told to those who work there, and inspections.

use chrono::TimeDelta;
use rand::RngExt as _;
use rand::rngs::StdRng;

use super::activities::pick_unit;
use super::{Kept, Scribe, day, decided, within};
use crate::demo::dice::{chance, weighted};
use crate::programmes::registers::Register;
use crate::programmes::registers::model::RegisterEntry;

const ESTABLISHMENTS: usize = 240;
const TYPES: [(u32, &str); 6] =
    [(30, "lodging"), (25, "karaoke"), (18, "massage"), (8, "bar"), (12, "cafe"), (7, "hairdresser")];
const RESULTS: [(u32, &str); 3] = [(80, "no_violation"), (17, "violation"), (3, "disguised_prostitution")];
/// Share of the establishments that is inspected in a year.
const INSPECTED: f64 = 0.4;
/// Share whose workers are told in a year.
const TOLD: f64 = 0.78;

impl Scribe<'_> {
    pub(super) fn establishments(&self, rng: &mut StdRng, kept: &mut Kept) {
        let places: Vec<RegisterEntry> = (1..=ESTABLISHMENTS).map(|number| self.establishment(rng, number)).collect();
        for place in &places {
            self.keep(kept, place.clone(), []);
        }
        for (place, year) in places.iter().flat_map(|place| self.years.map(|year| (place, year))) {
            self.year_of(rng, kept, place, year);
        }
    }

    fn establishment(&self, rng: &mut StdRng, number: usize) -> RegisterEntry {
        let unit = pick_unit(rng, &self.centre.old_communes);
        let [first, last] = self.years;
        let mut entry = self.entry(Register::Establishments, &unit, within(rng, day(first - 5, 1, 1), 365 * 6));
        entry.kind = weighted(rng, &TYPES).into();
        entry.name = format!("Cơ sở minh họa số {number}");
        entry.number = Some(rng.random_range(3..=25));
        // What opened before the program came was written down when it came.
        entry.created_at = entry.created_at.max(decided(day(first - 1, 1, 5)));
        entry.updated_at = entry.created_at;
        entry.last_day = chance(rng, 0.1).then(|| within(rng, day(last, 1, 1), 360));
        entry
    }

    /// What a year brought to an establishment that was open through it.
    fn year_of(&self, rng: &mut StdRng, kept: &mut Kept, place: &RegisterEntry, year: i32) {
        let (from, until) = (day(year, 1, 1), day(year, 12, 31));
        if place.day > from || place.last_day.is_some_and(|last| last < until) {
            return;
        }
        if chance(rng, INSPECTED) {
            let mut entry = self.entry(Register::Inspections, &place.unit_code, within(rng, from, 350));
            entry.about_id = Some(place.id);
            entry.kind = weighted(rng, &RESULTS).into();
            self.keep(kept, entry, []);
        }
        if chance(rng, TOLD) {
            // In the first half, when every unit of the list was there.
            let held = within(rng, from + TimeDelta::days(10), 160);
            let mut entry = self.entry(Register::CommunicationActivities, &place.unit_code, held);
            (entry.kind, entry.facet) = ("face_to_face".to_owned(), "establishment_workers".to_owned());
            (entry.number, entry.second_number) = (place.number, place.number);
            self.keep(kept, entry, []);
        }
    }
}
