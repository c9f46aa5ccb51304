//! Names of the Tày, Nùng, Thái, Mường, Mông, Dao, Khmer and Bru - Vân Kiều.

use rand::rngs::StdRng;

use super::{Ethnicity, Naming, join, kinh};
use crate::demo::dice::{chance, pick, weighted};

type Weighted = &'static [(u32, &'static str)];

/// How one people builds its names; where a given list is empty, Kinh given names are in use.
struct Custom {
    families: Weighted,
    middles_female: Weighted,
    middles_male: Weighted,
    given_female: &'static [&'static str],
    given_male: &'static [&'static str],
    kinh_given: f64,
}

const TAY: Custom = Custom {
    families: &[
        (24, "Nông"),
        (22, "Hoàng"),
        (10, "Triệu"),
        (9, "Ma"),
        (8, "Lương"),
        (8, "Hà"),
        (6, "Đàm"),
        (5, "Bế"),
        (4, "La"),
        (4, "Vi"),
    ],
    middles_female: &[(75, "Thị"), (10, "Thu"), (8, "Bích"), (7, "Hồng")],
    middles_male: &[(70, "Văn"), (15, "Quang"), (15, "Thế")],
    given_female: &["Nhình", "Phảy", "Nọi", "Slao", "Hom", "Đảm", "Coóng"],
    given_male: &["Slầm", "Thim", "Pảo", "Khằm", "Voòng", "Ích"],
    kinh_given: 0.85,
};

const NUNG: Custom = Custom {
    families: &[
        (25, "Nông"),
        (18, "Hoàng"),
        (12, "Triệu"),
        (11, "Lục"),
        (8, "Long"),
        (8, "Vi"),
        (7, "Sầm"),
        (6, "Mông"),
        (5, "Lương"),
    ],
    ..TAY
};

const THAI: Custom = Custom {
    families: &[
        (30, "Lò"),
        (14, "Cầm"),
        (12, "Quàng"),
        (10, "Lường"),
        (9, "Cà"),
        (8, "Tòng"),
        (7, "Vi"),
        (6, "Hà"),
        (4, "Ngân"),
    ],
    middles_female: &[(95, "Thị"), (5, "Thu")],
    middles_male: &[(92, "Văn"), (8, "Minh")],
    given_female: &["Ón", "Pánh", "Hiêng", "Lả", "Inh", "Bó", "Thoa", "Yên", "Ương", "Xiên", "Phóng", "Én"],
    given_male: &["Ín", "Pâng", "Hặc", "Thoan", "Ủn", "Xôm", "Inh", "Pọm", "Chướng", "Hịa"],
    kinh_given: 0.45,
};

const MUONG: Custom = Custom {
    families: &[(45, "Bùi"), (16, "Quách"), (13, "Đinh"), (8, "Bạch"), (7, "Hà"), (6, "Trương"), (5, "Phạm")],
    middles_female: &[(82, "Thị"), (10, "Thu"), (8, "Hồng")],
    middles_male: &[(78, "Văn"), (12, "Công"), (10, "Đình")],
    given_female: &["Ỉn", "Nhẩn", "Dệu", "Tiển", "Bướm", "Nhiển"],
    given_male: &["Ểnh", "Dộng", "Nhởm", "Tiềm", "Ìm"],
    kinh_given: 0.85,
};

const HMONG: Custom = Custom {
    families: &[
        (22, "Giàng"),
        (18, "Vàng"),
        (13, "Sùng"),
        (12, "Thào"),
        (9, "Lý"),
        (8, "Mùa"),
        (6, "Hạng"),
        (5, "Má"),
        (4, "Tráng"),
        (3, "Cư"),
    ],
    middles_female: &[(92, "Thị"), (8, "")],
    middles_male: &[(82, "A"), (14, "Seo"), (4, "")],
    given_female: &["Mỷ", "Sua", "Dính", "Máy", "Ly", "Say", "Chư", "Dở", "Xua", "Pà", "Mo", "Ca", "Chá", "Sáo", "Vừ"],
    given_male: &["Páo", "Chống", "Dơ", "Lử", "Sình", "Tủa", "Phử", "Dềnh", "Chu", "Của", "Lềnh", "Sàng", "Vảng"],
    kinh_given: 0.04,
};

const DAO: Custom = Custom {
    families: &[
        (24, "Bàn"),
        (20, "Đặng"),
        (18, "Triệu"),
        (12, "Lý"),
        (9, "Phùng"),
        (8, "Chảo"),
        (6, "Tẩn"),
        (3, "Phàn"),
    ],
    middles_female: &[(70, "Thị"), (16, "Mùi"), (14, "")],
    middles_male: &[(40, "Văn"), (18, "Tài"), (14, "Kim"), (14, "Láo"), (8, "Phú"), (6, "Dào")],
    given_female: &["Mẩy", "Pham", "Chạn", "Coi", "Ghển", "Nhất", "Khé", "Liều", "Phảy", "Chiêu"],
    given_male: &["Tả", "Vạn", "Chiêu", "Tòng", "Phin", "Sếnh", "Lẩy", "Kinh", "Sử", "Ú"],
    kinh_given: 0.35,
};

const KHMER: Custom = Custom {
    families: &[(30, "Thạch"), (18, "Sơn"), (18, "Danh"), (12, "Kim"), (9, "Lâm"), (7, "Châu"), (6, "Kiên")],
    middles_female: &[(70, "Thị"), (30, "")],
    middles_male: &[(70, ""), (20, "Minh"), (10, "Văn")],
    given_female: &["Sa Rinh", "Pha Ly", "Sà Khum", "Chanh Thi", "Sô Phia", "Sa Vy", "Na Ry", "Chanh Ny", "Rây Na"],
    given_male: &["Sa Rây", "Chanh Đa", "Sô Phi", "Sa Vươn", "Phi Rum", "Ra Đi", "Cha Na", "Bu Thi", "Sóc Kha"],
    kinh_given: 0.2,
};

const BRU: Custom = Custom {
    families: &[(1, "Hồ")],
    middles_female: &[(85, "Thị"), (15, "")],
    middles_male: &[(85, "Văn"), (15, "")],
    given_female: &["Lề", "Pơn", "Ven", "Mưn", "Hoan", "Đe", "Xê", "Căn", "Pỉ", "Thiếp"],
    given_male: &["Xôn", "Thoan", "Khiên", "Chơn", "Pờ", "Hơm", "Tăng", "Lim", "Xức", "Ngơi"],
    kinh_given: 0.4,
};

/// A whole name by the custom of `people`.
pub(super) fn name(rng: &mut StdRng, people: Ethnicity, naming: Naming) -> String {
    let custom = match people {
        Ethnicity::Kinh => return kinh::name(rng, naming),
        Ethnicity::Tay => TAY,
        Ethnicity::Nung => NUNG,
        Ethnicity::Thai => THAI,
        Ethnicity::Muong => MUONG,
        Ethnicity::Hmong => HMONG,
        Ethnicity::Dao => DAO,
        Ethnicity::Khmer => KHMER,
        Ethnicity::BruVanKieu => BRU,
    };
    let (middles, own) = if naming.female {
        (custom.middles_female, custom.given_female)
    } else {
        (custom.middles_male, custom.given_male)
    };
    let given = if chance(rng, custom.kinh_given) {
        kinh::given(rng, naming.female, naming.birth_year)
    } else {
        pick(rng, own)
    };
    if chance(rng, 0.03) {
        return given.to_owned();
    }
    let family = weighted(rng, custom.families);
    let middle = weighted(rng, middles);
    join(&[family, middle, given])
}
