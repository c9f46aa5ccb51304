use std::collections::BTreeSet;

use rand::SeedableRng;

use super::*;

const REGIONS: &[Region] =
    &[Region::RedRiver, Region::NorthernMountains, Region::NorthCentral, Region::CentralCoast, Region::South];

/// Lower-case letters of Vietnamese in composed form, beyond ASCII.
const COMPOSED: &str = "àáảãạăằắẳẵặâầấẩẫậèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵđ";

/// Names of people in public life that random words must not put together.
const PUBLIC_FIGURES: &[&str] = &[
    "Nguyễn Phú Trọng",
    "Phạm Minh Chính",
    "Võ Văn Thưởng",
    "Trần Thanh Mẫn",
    "Nguyễn Xuân Phúc",
    "Nguyễn Tấn Dũng",
    "Nguyễn Thị Kim Ngân",
    "Nông Đức Mạnh",
    "Võ Thị Ánh Xuân",
    "Trần Đại Quang",
    "Nguyễn Minh Triết",
    "Trần Đức Lương",
    "Võ Thị Sáu",
    "Hồ Chí Minh",
    "Nguyễn Thị Bình",
    "Nguyễn Văn Linh",
    "Lê Minh Hưng",
    "Nguyễn Hòa Bình",
    "Nguyễn Hoà Bình",
    "Nguyễn Thị Doan",
    "Tô Lâm",
    "Lương Cường",
    "Lê Duẩn",
];

/// Composed text of these letters has one form only, so membership of the alphabet is NFC.
fn is_composed(text: &str) -> bool {
    text.chars().all(|letter| letter.is_ascii() || letter.to_lowercase().all(|low| COMPOSED.contains(low)))
}

fn naming(rng: &mut StdRng) -> (Ethnicity, Naming) {
    let region = pick(rng, REGIONS);
    let birth_year = rng.random_range(1960..=2012);
    (Ethnicity::draw(rng, region), Naming { female: chance(rng, 0.8), birth_year, region })
}

fn many(seed: u64, count: usize) -> Vec<(Ethnicity, String)> {
    let mut rng = StdRng::seed_from_u64(seed);
    (0..count)
        .map(|_| {
            let (people, naming) = naming(&mut rng);
            (people, full_name(&mut rng, people, naming))
        })
        .collect()
}

#[test]
fn names_are_repeatable_composed_and_clean() {
    let names = many(3, 20_000);
    assert_eq!(names, many(3, 20_000));
    for (_, name) in &names {
        assert!(is_composed(name), "{name:?}");
        assert_eq!(name.trim(), name);
        assert!(!name.is_empty() && !name.contains("  "), "{name:?}");
        assert!(!PUBLIC_FIGURES.contains(&name.as_str()), "{name}");
    }
}

#[test]
fn the_alphabet_of_the_check_is_itself_composed() {
    assert_eq!(COMPOSED.chars().collect::<BTreeSet<_>>().len(), 67);
    assert!(COMPOSED.chars().all(char::is_alphabetic));
    assert!(is_composed("Nguyễn Thị Mỷ"));
    assert!(!is_composed("Nguye\u{302}\u{303}n"));
}

#[test]
fn family_names_have_their_frequencies() {
    let kinh: Vec<String> =
        many(4, 30_000).into_iter().filter(|(people, _)| *people == Ethnicity::Kinh).map(|(_, name)| name).collect();
    let share = |family: &str| {
        let bearers = kinh.iter().filter(|name| name.starts_with(family)).count();
        f64::from(u32::try_from(bearers).unwrap_or(0)) / f64::from(u32::try_from(kinh.len()).unwrap_or(1))
    };
    assert!((0.36..0.40).contains(&share("Nguyễn ")), "{}", share("Nguyễn "));
    assert!(share("Trần ") > share("Lê ") && share("Lê ") > share("Phạm ") && share("Phạm ") > share("Đặng "));
}

#[test]
fn names_have_one_to_four_words() {
    let names = many(5, 20_000);
    let with = |words: usize| names.iter().filter(|(_, name)| name.split(' ').count() == words).count();
    assert!((200..900).contains(&with(1)), "{}", with(1));
    assert!((300..2_000).contains(&with(2)), "{}", with(2));
    assert!(with(3) > 12_000, "{}", with(3));
    assert!((1_000..4_500).contains(&with(4)), "{}", with(4));
    assert_eq!(with(1) + with(2) + with(3) + with(4), names.len());
}

#[test]
fn each_people_follows_its_custom() {
    let mut rng = StdRng::seed_from_u64(6);
    let man = Naming { female: false, birth_year: 1990, region: Region::NorthernMountains };
    let hmong: Vec<String> = (0..200).map(|_| full_name(&mut rng, Ethnicity::Hmong, man)).collect();
    assert!(hmong.iter().filter(|name| name.contains(" A ")).count() > 130);
    let woman = Naming { female: true, region: Region::CentralCoast, ..man };
    let bru: Vec<String> = (0..200).map(|_| full_name(&mut rng, Ethnicity::BruVanKieu, woman)).collect();
    assert!(bru.iter().filter(|name| name.starts_with("Hồ ")).count() > 180);
    for nationality in ["LA", "KH", "CN", "PH", "MM"] {
        assert!(is_composed(&foreign_name(&mut rng, nationality, true)));
    }
}

#[test]
fn contact_details_reach_nobody() {
    let phones: BTreeSet<String> = (0..50_000).map(phone).collect();
    assert_eq!(phones.len(), 50_000);
    assert!(phones.iter().all(|phone| phone.starts_with("0000 ") && phone.len() == 12));
    let ids: BTreeSet<String> = (0..50_000).map(|number| national_id(number, true, 1993)).collect();
    assert_eq!(ids.len(), 50_000);
    assert!(ids.iter().all(|id| id.starts_with("000193") && id.len() == 12));
    assert_eq!(phone(u32::MAX).len(), 12);
}

#[test]
fn notes_and_places_are_composed() {
    let mut rng = StdRng::seed_from_u64(7);
    for _ in 0..2_000 {
        let region = pick(&mut rng, REGIONS);
        let own = chance(&mut rng, 0.5);
        for text in [address(&mut rng, region), safe_contact(&mut rng, own), alias(&mut rng, own)] {
            assert!(is_composed(&text) && text.chars().count() > 1, "{text:?}");
        }
    }
}
