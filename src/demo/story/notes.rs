//! What workers wrote down on the way: drawn from a history that stands already, so that it changes nothing of it.

use chrono::NaiveDate;
use rand::SeedableRng as _;
use rand::rngs::StdRng;

use super::Story;
use super::service::Service;
use crate::demo::dice::{chance, pick};

/// A note.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Note {
    /// `contact`, `home_visit`, `meeting`, `call`, `observation` or `other`.
    pub kind: &'static str,
    /// Whether it is a counselling note.
    pub counselling: bool,
    /// Day it tells of.
    pub on: NaiveDate,
    /// Text, as it was written first.
    pub text: &'static str,
    /// Text after it was corrected.
    pub corrected: Option<&'static str>,
    /// Why it was entered by mistake.
    pub mistaken: Option<&'static str>,
}

/// Kind of a note and what it may say.
type Sayings = (&'static str, &'static [&'static str]);

const RECEIVED: Sayings = (
    "meeting",
    &[
        "Tiếp nhận tại trung tâm, đã giải thích quyền được giữ kín thông tin và quyền từ chối.",
        "Gặp lần đầu. Người được hỗ trợ mệt, hẹn nói chuyện tiếp vào buổi sáng hôm sau.",
        "Đã thống nhất cách liên lạc an toàn: chỉ nhắn tin, không gọi buổi tối.",
    ],
);
const SCREENED: Sayings = (
    "meeting",
    &[
        "Đã sàng lọc cùng người được hỗ trợ, ghi nhu cầu theo thứ tự chị ấy muốn.",
        "Sàng lọc xong; giấy tờ còn thiếu, sẽ nhờ xã xác nhận.",
        "Trao đổi về các dịch vụ có thể nhận, người được hỗ trợ muốn suy nghĩ thêm về học nghề.",
    ],
);
const SUPPORTED: Sayings = (
    "home_visit",
    &[
        "Thăm nhà theo hẹn, chỗ ở ổn định, con nhỏ đã đi học lại.",
        "Đến nhà lúc vắng người khác như đã hẹn. Kế hoạch hỗ trợ được nhất trí.",
        "Thăm nhà: gia đình đón tiếp tốt, cần thêm chăn màn và sách vở.",
    ],
);
const LOST: Sayings = (
    "call",
    &[
        "Gọi ba lần trong tuần, chưa liên lạc được.",
        "Nhắn tin theo cách đã hẹn, chưa có hồi âm; sẽ thử lại sau hai tuần.",
    ],
);
const CLOSED: Sayings = (
    "meeting",
    &[
        "Gặp kết thúc: người được hỗ trợ biết có thể quay lại bất cứ lúc nào.",
        "Cùng xem lại những gì đã làm được; hẹn gọi hỏi thăm sau ba tháng.",
    ],
);
const OTHERWISE: Sayings =
    ("contact", &["Trao đổi ngắn, đã báo các bước tiếp theo.", "Nhận thêm giấy tờ, đã trả lại bản gốc."]);
const GIVEN: Sayings = (
    "contact",
    &["Đã trao hỗ trợ và giải thích nội dung.", "Người được hỗ trợ đã nhận, ký xác nhận, không có ý kiến gì thêm."],
);
const REFUSED: Sayings =
    ("call", &["Chưa muốn nhận hỗ trợ này lúc này; đã nói rõ việc đó không ảnh hưởng các hỗ trợ khác."]);
const COUNSELLED: Sayings = (
    "meeting",
    &[
        "Buổi tham vấn: ngủ tốt hơn, còn giật mình ban đêm. Tập thở cùng nhau.",
        "Buổi tham vấn: nói về gia đình, muốn viết thư cho mẹ. Hẹn tuần sau.",
        "Buổi tham vấn: giữ nhịp cũ, chưa muốn nói về chuyện cũ, tôn trọng.",
    ],
);

/// The notes of a story in the order of what they tell of; the same from the same seed.
pub fn notes_of(seed: u64, story: &Story) -> Vec<Note> {
    let rng = &mut StdRng::seed_from_u64(seed ^ 0x6e6f_7465_0000_0000 ^ u64::from(story.number));
    let mut notes = Vec::new();
    for event in &story.case.events {
        let sayings = match event.to {
            "received" => RECEIVED,
            "screened" => SCREENED,
            "receiving_support" => SUPPORTED,
            "out_of_contact" => LOST,
            "closed" => CLOSED,
            _ => OTHERWISE,
        };
        notes.extend(chance(rng, 0.5).then(|| write(rng, sayings, event.on)));
    }
    for delivery in story.deliveries.iter().filter(|delivery| delivery.referral.is_none()) {
        if delivery.service_type == Service::Psychological.code() {
            notes.push(Note { counselling: true, ..write(rng, COUNSELLED, delivery.delivered_on) });
        } else if chance(rng, 0.2) {
            notes.push(write(rng, GIVEN, delivery.delivered_on));
        }
    }
    notes.extend(story.refusals.iter().map(|refusal| write(rng, REFUSED, refusal.refused_on)));
    notes.sort_by_key(|note| note.on);
    notes
}

fn write(rng: &mut StdRng, (kind, texts): Sayings, on: NaiveDate) -> Note {
    let corrected = chance(rng, 0.08).then(|| pick(rng, texts));
    let mistaken = chance(rng, 0.02).then_some("duplicate");
    Note { kind, counselling: false, on, text: pick(rng, texts), corrected, mistaken }
}
