//! Who comes to a centre.

use chrono::{Datelike, NaiveDate};
use rand::RngExt;
use rand::rngs::StdRng;

use super::{Person, calendar};
use crate::demo::dice::{chance, weighted};
use crate::demo::names::{self, Ethnicity, Naming, Region};

/// What brings the person to the centre.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Kind {
    #[default]
    SellingSex,
    Trafficking,
    Establishment,
    AtRisk,
}

impl Kind {
    pub(super) fn draw(rng: &mut StdRng) -> Self {
        weighted(rng, &[(43, Self::SellingSex), (31, Self::Trafficking), (12, Self::Establishment), (14, Self::AtRisk)])
    }
}

/// What is true of the person, whether or not the record says so.
#[expect(clippy::struct_excessive_bools, reason = "independent facts about one person")]
#[derive(Debug, Clone)]
pub(super) struct Profile {
    pub kind: Kind,
    pub region: Region,
    pub sex: &'static str,
    /// Whether the name on the papers is a woman's.
    pub named_female: bool,
    pub born: NaiveDate,
    pub nationality: &'static str,
    pub ethnicity: Ethnicity,
    pub anonymous: bool,
    /// Whether the person agrees to being verified as a victim.
    pub seeks_verification: bool,
    /// A trafficked person who sells sex today.
    pub also_selling: bool,
    pub poor: bool,
    /// Lives in one place, as lenders ask.
    pub settled: bool,
    /// Has had training at public cost, which is given once.
    pub trained_before: bool,
}

impl Profile {
    pub(super) fn draw(rng: &mut StdRng, kind: Kind, region: Region, received_on: NaiveDate) -> Self {
        let years = age_at_intake(rng, kind);
        let sex = draw_sex(rng, kind);
        let seeks_verification = kind == Kind::Trafficking && chance(rng, 0.86);
        let foreign = kind == Kind::Trafficking && chance(rng, 0.05);
        let nationality =
            if foreign { weighted(rng, &[(5, "LA"), (4, "KH"), (2, "MM"), (1, "PH"), (1, "CN")]) } else { "VN" };
        let anonymous_share = match kind {
            Kind::SellingSex => 0.14,
            Kind::Establishment => 0.09,
            Kind::AtRisk => 0.05,
            Kind::Trafficking if seeks_verification => 0.0,
            Kind::Trafficking => 0.18,
        };
        let named_female = match sex {
            "male" => false,
            "other" => chance(rng, 0.25),
            "unknown" => chance(rng, 0.6),
            _ => true,
        };
        Self {
            kind,
            region,
            sex,
            named_female,
            born: calendar::birth(rng, received_on, years),
            nationality,
            ethnicity: Ethnicity::draw(rng, region),
            anonymous: chance(rng, anonymous_share),
            seeks_verification,
            also_selling: kind == Kind::Trafficking && years >= 18 && chance(rng, 0.07),
            poor: chance(rng, if kind == Kind::Trafficking { 0.55 } else { 0.35 }),
            settled: chance(rng, 0.6),
            trained_before: chance(rng, 0.1),
        }
    }

    /// Whether the person is a national of another country.
    pub(super) fn is_foreign(&self) -> bool {
        self.nationality != "VN"
    }

    /// What the record says of the person; the categories follow when the case is known.
    pub(super) fn write_down(&self, rng: &mut StdRng, number: u32) -> Person {
        let birth_year = self.born.year();
        let (birth_precision, birth_date, birth_year_known) = self.birth_on_record(rng);
        let has_phone = chance(rng, if self.anonymous { 0.35 } else { 0.78 });
        let mut person = Person {
            sex: self.sex,
            birth_precision,
            birth_date,
            birth_year: birth_year_known,
            nationality: (!self.anonymous || chance(rng, 0.7)).then_some(self.nationality),
            ethnicity: None,
            anonymous: self.anonymous,
            name: None,
            aliases: Vec::new(),
            phone: has_phone.then(|| names::phone(number)),
            national_id: None,
            address: None,
            safe_contact: chance(rng, 0.55).then(|| names::safe_contact(rng, has_phone)),
            categories: Vec::new(),
        };
        if !self.is_foreign() && chance(rng, if self.anonymous { 0.4 } else { 0.96 }) {
            person.ethnicity = Some(self.ethnicity.code());
        }
        if !self.anonymous {
            person.name = Some(self.name(rng));
            let has_papers = !self.is_foreign() && chance(rng, 0.48);
            person.national_id = has_papers.then(|| names::national_id(number, self.named_female, birth_year));
        }
        if chance(rng, if self.anonymous { 0.05 } else { 0.75 }) {
            person.address = Some(names::address(rng, self.region));
        }
        self.add_aliases(rng, &mut person);
        person
    }

    fn name(&self, rng: &mut StdRng) -> String {
        if self.is_foreign() {
            return names::foreign_name(rng, self.nationality, self.named_female);
        }
        let naming = Naming { female: self.named_female, birth_year: self.born.year(), region: self.region };
        names::full_name(rng, self.ethnicity, naming)
    }

    fn add_aliases(&self, rng: &mut StdRng, person: &mut Person) {
        let share = match (self.anonymous, self.sex, self.kind) {
            (true, _, _) => 0.85,
            (false, "other", _) => 0.9,
            (false, _, Kind::SellingSex | Kind::Establishment) => 0.4,
            (false, _, _) => 0.12,
        };
        if chance(rng, share) {
            // People who live in another sex than their papers say go by a name of that sex.
            let female = if self.sex == "other" { !self.named_female } else { self.named_female };
            person.aliases.push(names::alias(rng, female));
        }
    }

    fn birth_on_record(&self, rng: &mut StdRng) -> (&'static str, Option<NaiveDate>, Option<i32>) {
        let precision = if self.anonymous {
            weighted(rng, &[(8, "exact"), (52, "year"), (40, "unknown")])
        } else {
            weighted(rng, &[(79, "exact"), (17, "year"), (4, "unknown")])
        };
        match precision {
            "exact" if chance(rng, 0.05) => ("exact", Some(calendar::new_year_of(self.born)), None),
            "exact" => ("exact", Some(self.born), None),
            "year" => ("year", None, Some(self.born.year())),
            _ => ("unknown", None, None),
        }
    }
}

fn draw_sex(rng: &mut StdRng, kind: Kind) -> &'static str {
    let (female, male, other, unknown) = match kind {
        Kind::SellingSex => (87, 7, 5, 1),
        Kind::Trafficking => (70, 27, 2, 1),
        Kind::Establishment => (85, 12, 2, 1),
        Kind::AtRisk => (82, 14, 3, 1),
    };
    weighted(rng, &[(female, "female"), (male, "male"), (other, "other"), (unknown, "unknown")])
}

/// Completed years on the day of intake. A child in prostitution is a possible victim, never a seller.
fn age_at_intake(rng: &mut StdRng, kind: Kind) -> u64 {
    let (minors, wide, narrow) = match kind {
        Kind::SellingSex => (0.0, 16, 13),
        Kind::Trafficking => (0.15, 15, 11),
        Kind::Establishment => (0.0, 12, 9),
        Kind::AtRisk => (0.09, 20, 14),
    };
    if chance(rng, minors) {
        return weighted(rng, &[(1, 12), (2, 13), (4, 14), (6, 15), (7, 16), (7, 17)]);
    }
    18 + rng.random_range(0..=wide) + rng.random_range(0..=narrow)
}
