//! Where people live and how they may be reached.

use rand::rngs::StdRng;

use super::{Region, number_between};
use crate::demo::dice::{pick, weighted};

const HAMLETS_NORTH: &[&str] = &["Đông", "Đoài", "Thượng", "Hạ", "Trung", "Nội", "Ngoài", "Đình", "Chùa", "Bến"];
const HAMLETS_MOUNTAIN: &[&str] = &[
    "Nà Lạn",
    "Nậm Khoang",
    "Pác Lũng",
    "Huổi Lót",
    "Lùng Sán",
    "Nà Hin",
    "Tả Chải",
    "Khe Mạ",
    "Phìn Hồ",
    "Bản Cuông",
];
const HAMLETS_SOUTH: &[&str] =
    &["Tân Lợi", "Bình Thuận Đông", "Phú An", "Mỹ Hòa", "Tân Thạnh", "Long Bình", "Vĩnh Lộc"];

/// Notes that presuppose a telephone of one's own or a shared one.
pub(super) const PHONE_NOTES: &[&str] = &[
    "Chỉ nhắn tin, không gọi điện.",
    "Gọi sau 20 giờ; nếu người khác nghe máy thì nói gọi nhầm số.",
    "Điện thoại dùng chung với gia đình: không để lại lời nhắn.",
    "Chỉ gọi giờ nghỉ trưa, từ 11 giờ 30 đến 13 giờ.",
    "Khi gọi, tự giới thiệu là người của lớp học nghề.",
    "Số điện thoại hay thay đổi; hỏi lại mỗi lần gặp.",
    "Gọi lúc nào cũng được.",
    "Nhắn tin không ghi tên cơ quan; chờ gọi lại.",
];

/// Notes that hold without a telephone too.
pub(super) const OTHER_NOTES: &[&str] = &[
    "Không gửi thư hay giấy tờ về nhà.",
    "Chỉ gặp tại trung tâm, không đến nhà.",
    "Liên lạc qua chị gái; đã được người được hỗ trợ đồng ý.",
    "Gặp ở trạm y tế, sáng thứ Ba hằng tuần.",
    "Không liên lạc vào cuối tuần.",
    "Không nói với người ở cùng nhà trọ.",
    "Hẹn trước ở lần gặp trước; không tự ý đến tìm.",
];

/// House, lane or hamlet, as people of `region` would put it.
pub(super) fn address(rng: &mut StdRng, region: Region) -> String {
    match region {
        Region::RedRiver => northern(rng),
        Region::NorthernMountains => mountain(rng),
        Region::NorthCentral => match weighted(rng, &[(3, 1), (1, 2)]) {
            1 => northern(rng),
            _ => mountain(rng),
        },
        Region::CentralCoast => match weighted(rng, &[(3, 1), (1, 2)]) {
            1 => format!("Xóm {}, thôn {}", number_between(rng, 1, 9), pick(rng, HAMLETS_NORTH)),
            _ => format!("Kiệt {}, tổ dân phố {}", number_between(rng, 2, 90), number_between(rng, 1, 12)),
        },
        Region::South => southern(rng),
    }
}

fn northern(rng: &mut StdRng) -> String {
    let (house, lane) = (number_between(rng, 1, 180), number_between(rng, 2, 250));
    match weighted(rng, &[(30, 1), (20, 2), (20, 3), (15, 4), (15, 5)]) {
        1 => format!("Số nhà {house}, ngõ {lane}"),
        2 => format!("Tổ dân phố số {}", number_between(rng, 1, 24)),
        3 => format!("Xóm {}, thôn {}", number_between(rng, 1, 12), pick(rng, HAMLETS_NORTH)),
        4 => format!("Thôn {}", pick(rng, HAMLETS_NORTH)),
        _ => format!("Phòng trọ số {}, ngõ {lane}", number_between(rng, 1, 20)),
    }
}

fn mountain(rng: &mut StdRng) -> String {
    let place = pick(rng, HAMLETS_MOUNTAIN);
    match weighted(rng, &[(50, 1), (30, 2), (20, 3)]) {
        1 => format!("Thôn {place}"),
        2 => format!("Thôn {place}, nhóm hộ số {}", number_between(rng, 1, 6)),
        _ => format!("Tổ {}", number_between(rng, 1, 20)),
    }
}

fn southern(rng: &mut StdRng) -> String {
    let (house, alley) = (number_between(rng, 1, 300), number_between(rng, 5, 600));
    match weighted(rng, &[(30, 1), (25, 2), (20, 3), (25, 4)]) {
        1 => format!("Số nhà {house}, hẻm {alley}"),
        2 => format!("Ấp {}, tổ {}", number_between(rng, 1, 12), number_between(rng, 1, 20)),
        3 => format!("Ấp {}", pick(rng, HAMLETS_SOUTH)),
        _ => {
            format!("Phòng {}, dãy trọ hẻm {alley}, khu phố {}", number_between(rng, 1, 30), number_between(rng, 1, 9))
        }
    }
}
