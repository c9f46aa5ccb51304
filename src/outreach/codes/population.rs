//! A made-up population that codes are measured on: who they are, and how much of it they say.
//!
//! Given names of women born from 1988 on have the frequencies of 117,000 women of Đắk Lắk born 1991 to 2002
//! (hoten.org, sample DKL01) or, for a harder population, of 116,000 women and girls of Hồ Chí Minh City (SG01), of
//! whom 41 in 100 bear one of ten names. No such count of older women was found: theirs are assumed, as unevenly
//! spread as those of the city. Men, other peoples and family names are the demo's, with four in ten named Nguyễn.
//! Ages, families and how much is said are assumed.

use chrono::{Datelike as _, NaiveDate};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use super::{LETTERS, SaidCode};
use crate::demo::names::{Ethnicity, Naming, Region, full_name};
use crate::text::fold;

/// The year in which the population is met.
pub(super) const THIS_YEAR: i32 = 2026;

/// Where the names of the young come from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Population {
    /// The country: nine in ten are women, and one in eight is of another people than the Kinh.
    Country,
    /// Kinh women of a large city, all of them with the names that are in fashion there.
    City,
}

/// Given names of women in Hồ Chí Minh City, per ten thousand; those of `GIVEN_NAMES` fill what is left.
const CITY_NAMES: &[(u32, &str)] = &[
    (710, "Anh"),
    (570, "Vy"),
    (430, "Ngọc"),
    (420, "Nhi"),
    (410, "Hân"),
    (410, "Thư"),
    (350, "Linh"),
    (310, "Như"),
    (300, "Ngân"),
    (210, "Phương"),
    (210, "Thảo"),
    (210, "My"),
    (180, "Trân"),
    (180, "Quỳnh"),
    (170, "Nghi"),
    (170, "Trang"),
    (160, "Trâm"),
    (160, "An"),
    (150, "Thy"),
    (150, "Châu"),
    (150, "Trúc"),
    (140, "Uyên"),
    (140, "Yến"),
    (120, "Ý"),
    (110, "Tiên"),
    (110, "Mai"),
    (100, "Hà"),
    (100, "Vân"),
    (93, "Nguyên"),
    (89, "Hương"),
    (78, "Quyên"),
    (77, "Duyên"),
    (76, "Kim"),
    (75, "Trinh"),
    (75, "Thanh"),
    (72, "Tuyền"),
    (72, "Hằng"),
    (68, "Dương"),
    (64, "Chi"),
    (63, "Giang"),
    (62, "Tâm"),
    (61, "Lam"),
    (56, "Vi"),
    (55, "Ánh"),
    (55, "Hiền"),
    (2549, ""),
];

/// Given names of women in Đắk Lắk, in thousandths of a percent.
const GIVEN_NAMES: &[(u32, &str)] = &[
    (4193, "Trang"),
    (3518, "Thảo"),
    (3023, "Linh"),
    (2462, "Anh"),
    (2197, "Phương"),
    (2139, "Hằng"),
    (2106, "Huyền"),
    (2071, "Hà"),
    (2030, "Hiền"),
    (1719, "Hương"),
    (1717, "Ngọc"),
    (1697, "Dung"),
    (1685, "Nhung"),
    (1648, "Thủy"),
    (1622, "Nhi"),
    (1554, "Duyên"),
    (1495, "Vân"),
    (1494, "Quỳnh"),
    (1487, "Nga"),
    (1477, "Yến"),
    (1464, "Trinh"),
    (1340, "Thương"),
    (1336, "Uyên"),
    (1305, "Hạnh"),
    (1217, "Ngân"),
    (1192, "Oanh"),
    (1162, "Trâm"),
    (1156, "Ly"),
    (1146, "Mai"),
    (1086, "Phượng"),
    (1080, "Thúy"),
    (1021, "Hoa"),
    (1018, "Vy"),
    (993, "Hồng"),
    (961, "Tâm"),
    (943, "Thu"),
    (942, "My"),
    (928, "Giang"),
    (919, "Loan"),
    (884, "Thanh"),
    (838, "Ánh"),
    (836, "Vi"),
    (835, "Lan"),
    (796, "Quyên"),
    (795, "Chi"),
    (744, "Thư"),
    (727, "Tiên"),
    (688, "Thùy"),
    (687, "Huệ"),
    (674, "Nguyệt"),
    (665, "Như"),
    (663, "Nguyên"),
    (635, "Tuyết"),
    (619, "Diễm"),
    (598, "Liên"),
    (562, "Hòa"),
    (557, "Hường"),
    (532, "Hoài"),
    (514, "Kiều"),
    (506, "Lệ"),
    (468, "Xuân"),
    (468, "Tuyền"),
    (464, "Thắm"),
    (399, "Diệu"),
    (394, "Dương"),
    (383, "Sương"),
    (377, "An"),
    (366, "Bình"),
    (344, "Bích"),
    (342, "Châu"),
    (338, "Thi"),
    (323, "Hậu"),
    (314, "Mỹ"),
    (313, "Nhàn"),
    (312, "Minh"),
    (309, "Hiếu"),
    (290, "Trúc"),
    (286, "Hân"),
    (285, "Na"),
    (276, "Đào"),
    (274, "Hải"),
    (266, "Ý"),
    (253, "Hảo"),
    (248, "Cúc"),
    (239, "Trân"),
    (237, "Thoa"),
    (219, "Phúc"),
    (204, "Liễu"),
    (201, "Thơm"),
    (196, "Trà"),
    (178, "Thuận"),
    (176, "Thơ"),
    (174, "Phụng"),
    (173, "Lành"),
    (162, "Quý"),
    (152, "Hạ"),
    (149, "Diệp"),
    (143, "Tươi"),
];

/// Given names of older women, assumed.
const OLDER_NAMES: &[(u32, &str)] = &[
    (60, "Hoa"),
    (55, "Lan"),
    (45, "Hồng"),
    (45, "Hương"),
    (32, "Nga"),
    (32, "Thu"),
    (30, "Mai"),
    (30, "Liên"),
    (28, "Tuyết"),
    (26, "Loan"),
    (26, "Thủy"),
    (26, "Hiền"),
    (26, "Hạnh"),
    (24, "Hà"),
    (24, "Vân"),
    (22, "Hằng"),
    (22, "Dung"),
    (22, "Phương"),
    (20, "Cúc"),
    (18, "Đào"),
    (18, "Hòa"),
    (18, "Lý"),
    (16, "Nhàn"),
    (16, "Oanh"),
    (16, "Phượng"),
    (14, "Thơm"),
    (18, "Tâm"),
    (14, "Thoa"),
    (18, "Xuân"),
    (18, "Yến"),
    (16, "Lệ"),
    (14, "Bé"),
    (12, "Út"),
    (12, "Mùi"),
    (16, "Minh"),
    (20, "Thanh"),
    (16, "Bình"),
    (16, "Nguyệt"),
    (18, "Huệ"),
    (14, "Nhung"),
    (8, "Châu"),
    (8, "Thắm"),
    (8, "Lài"),
    (8, "Tình"),
    (6, "Sáu"),
    (6, "Bảy"),
    (6, "Năm"),
    (6, "Tư"),
    (6, "Chín"),
    (12, "Ngọc"),
    (8, "Bích"),
    (6, "Kim"),
    (6, "Vinh"),
    (6, "Thìn"),
    (5, "Dậu"),
    (5, "Gái"),
    (5, "Luyến"),
    (6, "Quý"),
    (5, "Chiến"),
    (5, "Sen"),
    (6, "Hải"),
];

/// Ages, from and to, with the share of each in a hundred.
const AGES: &[(u32, (i32, i32))] =
    &[(4, (16, 17)), (32, (18, 24)), (24, (25, 29)), (17, (30, 34)), (12, (35, 39)), (8, (40, 45)), (3, (46, 55))];

/// Children of a mother, with the share of persons who grew up among so many; of the born before 1985, before 1995
/// and since.
const FAMILIES: [&[(u32, u8)]; 3] = [
    &[(3, 1), (12, 2), (18, 3), (19, 4), (17, 5), (13, 6), (9, 7), (6, 8), (3, 9)],
    &[(6, 1), (26, 2), (26, 3), (18, 4), (11, 5), (7, 6), (4, 7), (2, 8)],
    &[(14, 1), (48, 2), (24, 3), (9, 4), (3, 5), (2, 6)],
];

/// A made-up person, and what is said of that.
pub(super) struct Person {
    pub(super) family: String,
    pub(super) own: String,
    pub(super) mother: String,
    pub(super) birth: NaiveDate,
    said: SaidCode,
}

impl Person {
    /// What the person says to the worker.
    pub(super) fn code(&self) -> SaidCode {
        self.said.clone()
    }
}

/// The first letters of a name without spaces, as a phone takes them.
pub(super) fn first(name: &str, letters: usize) -> String {
    name.chars().filter(|letter| letter.is_alphabetic()).take(letters).collect()
}

/// So many persons, the same for the same seed.
pub(super) fn population(kind: Population, seed: u64, count: usize) -> Vec<Person> {
    let mut rng = StdRng::seed_from_u64(seed);
    (0..count).map(|_| person(&mut rng, kind)).collect()
}

fn person(rng: &mut StdRng, kind: Population) -> Person {
    let (youngest, oldest) = weighted(rng, AGES);
    let year = THIS_YEAR - rng.random_range(youngest..=oldest);
    let region = weighted(
        rng,
        &[
            (28, Region::RedRiver),
            (10, Region::NorthernMountains),
            (12, Region::NorthCentral),
            (15, Region::CentralCoast),
            (35, Region::South),
        ],
    );
    let city = kind == Population::City;
    let people = if city { Ethnicity::Kinh } else { Ethnicity::draw(rng, region) };
    let female = city || rng.random_bool(0.9);
    let name = full_name(rng, people, Naming { female, birth_year: year, region });
    let own = match weighted(rng, CITY_NAMES) {
        of_city if city && !of_city.is_empty() => of_city.to_owned(),
        _ if people == Ethnicity::Kinh && female => given_to_a_girl(rng, year).to_owned(),
        _ => given(&name),
    };
    let mothers_year = year - rng.random_range(19..=36);
    let mother = match people {
        Ethnicity::Kinh => given_to_a_girl(rng, mothers_year).to_owned(),
        _ => given(&full_name(rng, people, Naming { female: true, birth_year: mothers_year, region })),
    };
    let generation = usize::from(year >= 1985) + usize::from(year >= 1995);
    let children = weighted(rng, FAMILIES[generation]);
    let place = rng.random_range(1..=children);
    let birth = birth(rng, year);
    let said = said(rng, &own, &mother, birth, place);
    Person { family: family(rng, kind, &name), own, mother, birth, said }
}

/// A given name of a Kinh woman born in that year.
fn given_to_a_girl(rng: &mut StdRng, year: i32) -> &'static str {
    let newer = match year {
        1988.. => 1.0,
        1975.. => 0.5,
        _ => 0.0,
    };
    let names = if rng.random_bool(newer) { GIVEN_NAMES } else { OLDER_NAMES };
    weighted(rng, names)
}

/// The family name, made Nguyễn a little oftener than in the demo, so that four in ten bear it.
fn family(rng: &mut StdRng, kind: Population, name: &str) -> String {
    let more = if kind == Population::City { 0.03 } else { 0.11 };
    let own = name.split(' ').next().unwrap_or_default();
    match own {
        "Nguyễn" => own,
        _ if rng.random_bool(more) => "Nguyễn",
        _ => own,
    }
    .to_owned()
}

/// A day of that year; 3 in 100 papers say 1 January where nobody wrote the day down.
fn birth(rng: &mut StdRng, year: i32) -> NaiveDate {
    let day = if rng.random_bool(0.03) { 1 } else { rng.random_range(1..=365) };
    NaiveDate::from_yo_opt(year, day).expect("a day")
}

/// Most say all; 12 in 100 know or say little, so that about 4 in 100 say the year of birth alone.
fn said(rng: &mut StdRng, own: &str, mother: &str, birth: NaiveDate, place: u8) -> SaidCode {
    let little = rng.random_bool(0.12);
    let mut says = |mostly, seldom| rng.random_bool(if little { seldom } else { mostly });
    let (mother_said, day_said, place_said) = (says(0.97, 0.75), says(0.99, 0.5), says(0.98, 0.75));
    let month_said = day_said || says(0.4, 0.4);
    let small = |number: u32| u8::try_from(number).expect("a small number");
    SaidCode {
        own_letters: first(own, LETTERS),
        mother_letters: mother_said.then(|| first(mother, LETTERS)),
        day: day_said.then(|| small(birth.day())),
        month: month_said.then(|| small(birth.month())),
        year: Some(u16::try_from(birth.year()).expect("a year")),
        place: place_said.then_some(place),
        tie: None,
    }
}

/// The last word of a name, which is the given one; two of Khmer names.
fn given(name: &str) -> String {
    let words: Vec<&str> = name.split(' ').collect();
    let khmer = ["sa", "pha", "so", "na", "chanh", "cha", "phi", "ra", "bu"];
    match words.as_slice() {
        [.., before, last] if khmer.contains(&fold(before).as_str()) => format!("{before}{last}"),
        [.., last] => (*last).to_owned(),
        [] => String::new(),
    }
}

fn weighted<T: Copy>(rng: &mut StdRng, table: &[(u32, T)]) -> T {
    let mut left = rng.random_range(0..table.iter().map(|(weight, _)| weight).sum::<u32>());
    for (weight, value) in table {
        if left < *weight {
            return *value;
        }
        left -= weight;
    }
    table[0].1
}
