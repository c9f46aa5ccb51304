//! Kinh names: family name, middle word, given name.

use rand::rngs::StdRng;

use super::{Naming, Region, join};
use crate::demo::dice::{chance, pick, weighted};

/// Family names of the north and of the north of the centre, per thousand.
const FAMILIES_NORTH: &[(u32, &str)] = &[
    (384, "Nguyễn"),
    (121, "Trần"),
    (98, "Lê"),
    (76, "Phạm"),
    (52, "Hoàng"),
    (52, "Vũ"),
    (30, "Bùi"),
    (29, "Đỗ"),
    (24, "Đặng"),
    (20, "Phan"),
    (17, "Ngô"),
    (15, "Dương"),
    (14, "Đinh"),
    (12, "Đào"),
    (11, "Trịnh"),
    (10, "Hà"),
    (9, "Lưu"),
    (8, "Cao"),
    (7, "Mai"),
    (6, "Lương"),
    (5, "Tạ"),
];

/// Family names of the coast of the centre and of the south, per thousand.
const FAMILIES_SOUTH: &[(u32, &str)] = &[
    (384, "Nguyễn"),
    (122, "Trần"),
    (95, "Lê"),
    (68, "Phạm"),
    (54, "Huỳnh"),
    (52, "Võ"),
    (48, "Phan"),
    (25, "Đặng"),
    (20, "Bùi"),
    (18, "Trương"),
    (17, "Hồ"),
    (15, "Dương"),
    (14, "Ngô"),
    (13, "Đoàn"),
    (11, "Lâm"),
    (10, "Đỗ"),
    (9, "Cao"),
    (8, "Châu"),
    (7, "Lý"),
    (6, "Mai"),
    (4, "Hoàng"),
];

/// A mother's family name, which the young often carry after the father's.
const MATERNAL: &[(u32, &str)] = &[(4, "Trần"), (3, "Lê"), (2, "Phạm"), (1, "Đỗ")];

const MIDDLES_FEMALE: &[&str] = &[
    "Ngọc", "Thu", "Thanh", "Kim", "Bích", "Hồng", "Minh", "Phương", "Diệu", "Mỹ", "Thùy", "Thuỳ", "Khánh", "Bảo",
    "Hoài", "Như", "Tường", "Quỳnh", "Hải", "Tú",
];

const MIDDLES_MALE: &[&str] = &[
    "Đức", "Hữu", "Quang", "Minh", "Thanh", "Ngọc", "Công", "Xuân", "Đình", "Quốc", "Trọng", "Anh", "Hoàng", "Gia",
    "Thế", "Mạnh", "Tuấn", "Bá",
];

const GIVEN_FEMALE_OLD: &[&str] = &[
    "Hoa",
    "Lan",
    "Hồng",
    "Nga",
    "Hương",
    "Tuyết",
    "Liên",
    "Thu",
    "Loan",
    "Mai",
    "Cúc",
    "Đào",
    "Hiền",
    "Hòa",
    "Hoà",
    "Lý",
    "Mùi",
    "Nhàn",
    "Oanh",
    "Phượng",
    "Thơm",
    "Tâm",
    "Thoa",
    "Xuân",
    "Yến",
    "Lệ",
    "Bé",
    "Út",
];

const GIVEN_FEMALE_MID: &[&str] = &[
    "Hà", "Hằng", "Hạnh", "Huyền", "Thủy", "Thuỷ", "Trang", "Thảo", "Hương", "Dung", "Thúy", "Thuý", "Vân", "Nhung",
    "Giang", "Hoa", "Lan", "Hiền", "Yến", "Phương", "Nguyệt", "Hường", "Tuyền", "Diễm", "Linh", "Duyên", "Sương",
];

const GIVEN_FEMALE_NEW: &[&str] = &[
    "Linh", "Trang", "Phương", "Ngọc", "Thảo", "Quỳnh", "Anh", "Nhi", "Vy", "Như", "Trâm", "Hân", "Thư", "Ly", "My",
    "Uyên", "Ánh", "Châu", "Mai", "Trinh", "Hậu", "Tiên", "Ngân", "Huyền", "Duyên", "Khuê", "Dương", "Yến",
];

const GIVEN_MALE_OLD: &[&str] = &[
    "Hùng", "Sơn", "Thành", "Hải", "Bình", "Minh", "Tâm", "Hòa", "Hoà", "Long", "Tiến", "Thắng", "Toàn", "Lợi", "Phú",
    "Quý", "Tài", "Khanh", "Thọ", "Bảy", "Hiếu",
];

const GIVEN_MALE_NEW: &[&str] = &[
    "Tuấn", "Nam", "Huy", "Đạt", "Dũng", "Khoa", "Phong", "Quân", "Duy", "Hiếu", "Long", "Nhật", "Tùng", "Việt",
    "Khang", "Bảo", "Thịnh", "Trung", "Vũ", "Tân", "Lộc", "Kiên", "An", "Khôi",
];

/// Nicknames of either sex: birth order as the south counts it, and household names.
pub(super) const NICKNAMES: &[&str] =
    &["Tí", "Bi", "Bon", "Ken", "Hai", "Ba", "Tư", "Năm", "Út", "Cà Phê", "Nhím", "Sóc"];
/// Nicknames of women.
pub(super) const NICKNAMES_FEMALE: &[&str] =
    &["Na", "Bống", "Mận", "Bé Ba", "Mít", "Miu", "Su Su", "Bông", "Thỏ", "Hai Lan", "Tư Hồng", "Ly Ly", "Chanh"];
/// Nicknames of men.
pub(super) const NICKNAMES_MALE: &[&str] = &["Tèo", "Cu Tí", "Bo", "Tôm", "Ba Long", "Tư Hải", "Bin", "Cò", "Gấu"];

/// How often "Thị" or "Văn" stood between the names of people born then.
fn plain_middle_share(female: bool, birth_year: i32) -> f64 {
    match (female, birth_year) {
        (true, ..=1969) => 0.90,
        (true, ..=1979) => 0.80,
        (true, ..=1989) => 0.65,
        (true, ..=1999) | (false, 1980..=1989) => 0.45,
        (true, ..=2009) => 0.25,
        (false, ..=1979) => 0.58,
        (false, ..=1999) => 0.28,
        (_, _) => 0.12,
    }
}

/// A given name of the fashion of `birth_year`.
pub(super) fn given(rng: &mut StdRng, female: bool, birth_year: i32) -> &'static str {
    let (older, newer) = match (female, birth_year) {
        (true, ..=1979) => (GIVEN_FEMALE_OLD, GIVEN_FEMALE_MID),
        (true, ..=1992) => (GIVEN_FEMALE_MID, GIVEN_FEMALE_OLD),
        (true, ..=1999) => (GIVEN_FEMALE_MID, GIVEN_FEMALE_NEW),
        (true, _) => (GIVEN_FEMALE_NEW, GIVEN_FEMALE_MID),
        (false, ..=1984) => (GIVEN_MALE_OLD, GIVEN_MALE_NEW),
        (false, _) => (GIVEN_MALE_NEW, GIVEN_MALE_OLD),
    };
    let list = if chance(rng, 0.8) { older } else { newer };
    pick(rng, list)
}

/// The words between family and given name.
fn middle(rng: &mut StdRng, naming: Naming, given: &str) -> (&'static str, &'static str) {
    let (plain, list) = if naming.female { ("Thị", MIDDLES_FEMALE) } else { ("Văn", MIDDLES_MALE) };
    let mut chosen = pick(rng, list);
    if chosen == given {
        chosen = plain;
    }
    if chance(rng, plain_middle_share(naming.female, naming.birth_year)) {
        let doubled = if naming.female { 0.22 } else { 0.03 };
        let second = if chance(rng, doubled) && chosen != plain { chosen } else { "" };
        return (plain, second);
    }
    (chosen, "")
}

/// A whole Kinh name.
pub(super) fn name(rng: &mut StdRng, naming: Naming) -> String {
    let given = given(rng, naming.female, naming.birth_year);
    if chance(rng, 0.015) {
        return given.to_owned();
    }
    let southern = matches!(naming.region, Region::South | Region::CentralCoast);
    let family = weighted(rng, if southern { FAMILIES_SOUTH } else { FAMILIES_NORTH });
    if chance(rng, 0.025) {
        return join(&[family, given]);
    }
    let (first, second) = middle(rng, naming, given);
    let modern = naming.birth_year >= 1995 && !matches!(first, "Thị" | "Văn");
    let maternal = if modern && chance(rng, 0.08) { weighted(rng, MATERNAL) } else { "" };
    let maternal = if maternal == family { "" } else { maternal };
    join(&[family, maternal, first, second, given])
}
