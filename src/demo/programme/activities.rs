//! Communication, the press, tip-offs and surveys.

use std::collections::BTreeSet;

use chrono::{NaiveDate, TimeDelta};
use rand::RngExt as _;
use rand::rngs::StdRng;

use super::{Kept, Scribe, day, within};
use crate::demo::dice::{chance, pick, weighted};
use crate::programmes::registers::Register;
use crate::programmes::registers::participants::participant_of;

/// How reliably a commune holds an activity in each quarter.
const DILIGENCE: [(u32, f64); 3] = [(80, 1.0), (14, 0.6), (6, 0.0)];
const FORMS: [&str; 6] = ["face_to_face", "group_discussion", "meeting", "loudspeaker", "drama", "club"];
const AUDIENCES: [(u32, &str); 7] = [
    (45, "residents"),
    (12, "upper_secondary_students"),
    (9, "higher_education_students"),
    (8, "vocational_students"),
    (10, "migrants"),
    (8, "high_risk"),
    (8, "officials"),
];
const PLACES: [&str; 4] = ["Nhà văn hóa", "Hội trường", "Trường học", "Trạm y tế"];
const TIP_OFFS: [(u32, &str); 4] = [(3, "denunciation"), (4, "crime_report"), (2, "complaint"), (2, "reflection")];

impl Scribe<'_> {
    /// Makes what happened; returns the units that held nothing, who say so in their reports.
    pub(super) fn activities(&self, rng: &mut StdRng, kept: &mut Kept) -> BTreeSet<String> {
        let quarters: Vec<NaiveDate> =
            self.years.iter().flat_map(|year| [1, 4, 7, 10].map(|month| day(*year, month, 1))).collect();
        let mut quiet = BTreeSet::new();
        for communes in [&self.centre.old_communes, &self.centre.communes] {
            for unit in communes {
                let diligence = weighted(rng, &DILIGENCE);
                if diligence < f64::EPSILON {
                    quiet.insert(unit.clone());
                }
                let there = quarters.iter().filter(|start| self.centre.communes_on(**start).contains(unit));
                for start in there.copied() {
                    if chance(rng, diligence) {
                        self.activity(rng, kept, unit, start);
                    }
                }
            }
        }
        for year in self.years {
            self.press(rng, kept, year);
            self.tip_offs(rng, kept, year);
            self.surveys(rng, kept, year);
        }
        quiet
    }

    fn activity(&self, rng: &mut StdRng, kept: &mut Kept, unit: &str, quarter: NaiveDate) {
        let mut entry = self.entry(Register::CommunicationActivities, unit, within(rng, quarter, 88));
        entry.kind = pick(rng, &FORMS).into();
        entry.facet = weighted(rng, &AUDIENCES).into();
        entry.name = pick(rng, &PLACES).into();
        let came = rng.random_range(25..=150);
        entry.number = Some(came);
        let mut who = BTreeSet::new();
        if entry.kind == "club" && chance(rng, 0.3) {
            // Members of a club come again and again: each counts once a year.
            let members = rng.random_range(8..=16);
            entry.number = Some(members);
            who = (0..members).map(|_| format!("CLB-{:04}", rng.random_range(1..=400))).collect();
        } else {
            entry.second_number = Some(came * rng.random_range(30..=80) / 100);
        }
        let key = &self.app.ring.programme;
        self.keep(kept, entry, who.iter().map(|number| participant_of(key, number).0));
    }

    fn press(&self, rng: &mut StdRng, kept: &mut Kept, year: i32) {
        for month in 1..=12 {
            let published = within(rng, day(year, month, 1), 27);
            // In one month of the second year nothing was printed.
            let levels: &[&str] =
                if (year, month) == (self.years[1], 8) { &["central"] } else { &["central", "provincial"] };
            for level in levels {
                let mut entry = self.entry(Register::PressItems, &self.province_on(published), published);
                entry.kind = (*level).into();
                entry.facet = pick(rng, &["article", "column", "broadcast", "reportage"]).into();
                entry.name = format!("Báo minh họa {}", rng.random_range(1..=3));
                self.keep(kept, entry, []);
            }
        }
    }

    fn tip_offs(&self, rng: &mut StdRng, kept: &mut Kept, year: i32) {
        for month in 1..=12 {
            for _ in 0..rng.random_range(3..=6) {
                let received = within(rng, day(year, month, 1), 27);
                let unit = pick_unit(rng, self.centre.communes_on(received));
                let mut entry = self.entry(Register::TipOffs, &unit, received);
                entry.kind = weighted(rng, &TIP_OFFS).into();
                let after = |days: i64| Some(received + TimeDelta::days(days));
                let (verified, classified, handled) =
                    (rng.random_range(2..=8), rng.random_range(8..=15), rng.random_range(16..=30));
                (entry.step_one_on, entry.step_two_on) = (after(verified), after(classified));
                // In the second year some took longer than the law gives.
                let is_late = year == self.years[1] && chance(rng, 0.1);
                entry.step_three_on = after(if is_late { 75 } else { handled });
                let today = self.app.clock.today();
                entry.step_three_on = entry.step_three_on.filter(|day| *day <= today);
                self.keep(kept, entry, []);
            }
        }
    }

    fn surveys(&self, rng: &mut StdRng, kept: &mut Kept, year: i32) {
        for month in [3, 9] {
            for _ in 0..4 {
                let from = within(rng, day(year, month, 1), 20);
                let unit = pick_unit(rng, self.centre.communes_on(from));
                let mut entry = self.entry(Register::NeedSurveys, &unit, from);
                entry.last_day = Some(from + TimeDelta::days(7));
                entry.kind = "high_risk".into();
                let asked = rng.random_range(30..=60);
                (entry.number, entry.second_number) = (Some(asked), Some(asked * rng.random_range(35..=70) / 100));
                self.keep(kept, entry, []);
            }
        }
    }
}

/// One of the units, each as likely as the next.
pub(super) fn pick_unit(rng: &mut StdRng, units: &[String]) -> String {
    units.get(rng.random_range(0..units.len().max(1))).cloned().unwrap_or_else(|| "VN".to_owned())
}
