//! What stands for years: staff and their training, plans of the locality, models, recognised communes.

use rand::RngExt as _;
use rand::rngs::StdRng;
use uuid::Uuid;

use super::activities::pick_unit;
use super::{Kept, Scribe, day, within};
use crate::demo::dice::{chance, pick};
use crate::programmes::registers::Register;

const AGENCIES: [&str; 5] = ["social_affairs", "health", "police", "justice", "mass_organisation"];
const TOPICS: [&str; 4] = ["prevention", "harm_reduction", "gender_based_violence", "reintegration"];
const PROGRAMMES: [&str; 6] =
    ["own_plan", "socio_economic", "social_assistance", "drug_prevention", "hiv_aids", "employment"];
const MODELS: [&str; 4] = ["prevention", "harm_reduction", "workers_rights", "support_services"];
/// Staff of the province, and of its communes.
const STAFF: [(&str, usize); 2] = [("province", 14), ("commune", 90)];

impl Scribe<'_> {
    pub(super) fn standing(&self, rng: &mut StdRng, kept: &mut Kept) {
        let [of_province, of_communes] = STAFF.map(|(level, many)| self.staff(rng, kept, level, many));
        let [first, last] = self.years;
        // Who was trained counts from the first time on: most of the province, few of the communes.
        let part = |staff: &[Uuid], from: usize, to: usize| staff.iter().skip(from).take(to - from).copied().collect();
        for (year, staff) in [
            (first, part(&of_province, 0, 7)),
            (last, part(&of_province, 5, 11)),
            (first, part(&of_communes, 0, 16)),
            (last, part(&of_communes, 10, 30)),
        ] {
            self.training(rng, kept, year, staff);
        }
        self.plans(rng, kept);
        self.models(rng, kept);
        self.recognised(rng, kept);
    }

    fn staff(&self, rng: &mut StdRng, kept: &mut Kept, level: &str, many: usize) -> Vec<Uuid> {
        let from = day(self.years[0], 1, 5);
        let mut staff = Vec::new();
        for number in 1..=many {
            let of_communes = level == "commune";
            let unit = if of_communes { pick_unit(rng, self.centre.communes_on(from)) } else { self.province_on(from) };
            let mut entry = self.entry(Register::Staff, &unit, from);
            entry.name = format!("{}-{number:03}", if of_communes { "CX" } else { "CT" });
            (entry.kind, entry.facet) = (level.to_owned(), pick(rng, &AGENCIES).to_owned());
            entry.number = Some(i64::from(chance(rng, 0.6)));
            staff.push(entry.id.0);
            self.keep(kept, entry, []);
        }
        staff
    }

    fn training(&self, rng: &mut StdRng, kept: &mut Kept, year: i32, staff: Vec<Uuid>) {
        let held = within(rng, day(year, 4, 1), 60);
        let mut entry = self.entry(Register::StaffTrainings, &self.province_on(held), held);
        entry.kind = pick(rng, &TOPICS).into();
        self.keep(kept, entry, staff);
    }

    fn plans(&self, rng: &mut StdRng, kept: &mut Kept) {
        for year in self.years {
            for (number, programme) in (11_u32..).zip(PROGRAMMES) {
                let adopted = within(rng, day(year, 1, 10), 30);
                let mut entry = self.entry(Register::LocalPlans, &self.province_on(adopted), adopted);
                (entry.kind, entry.name) = (programme.to_owned(), format!("{number}/KH-UBND (minh họa)"));
                entry.step_one_on = Some(within(rng, day(year, 2, 15), 30));
                entry.last_day = Some(day(year, 12, 31));
                self.keep(kept, entry, []);
            }
        }
    }

    fn models(&self, rng: &mut StdRng, kept: &mut Kept) {
        for content in MODELS {
            let from = within(rng, day(self.years[0], 1, 15), 300);
            let unit = pick_unit(rng, self.centre.communes_on(from));
            let mut entry = self.entry(Register::PilotModels, &unit, from);
            (entry.kind, entry.name) = (content.to_owned(), "Mô hình minh họa".to_owned());
            entry.last_day = chance(rng, 0.2).then(|| day(self.years[1], 12, 31));
            self.keep(kept, entry, []);
        }
    }

    fn recognised(&self, rng: &mut StdRng, kept: &mut Kept) {
        let [first, last] = self.years;
        for (position, unit) in self.centre.old_communes.iter().enumerate().filter(|(at, _)| at.is_multiple_of(9)) {
            let year = if position.is_multiple_of(2) { first } else { last };
            let mut entry = self.entry(Register::HealthyCommunes, unit, within(rng, day(year, 3, 1), 100));
            entry.kind = pick(rng, &["prostitution_free", "drug_and_prostitution_free"]).into();
            entry.name = format!("{}/QĐ-UBND (minh họa)", rng.random_range(100..=900));
            self.keep(kept, entry, []);
        }
    }
}
