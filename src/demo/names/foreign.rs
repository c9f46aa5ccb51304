//! Names of people from abroad, as papers or an interpreter give them.

use rand::rngs::StdRng;

use super::join;
use crate::demo::dice::pick;

/// Whole name of a national of `nationality`, in the order used there.
pub(super) fn name(rng: &mut StdRng, nationality: &str, female: bool) -> String {
    let families: &[&str] = match nationality {
        "LA" => &["Phommachanh", "Sengdara", "Inthavong", "Keomany", "Vongsa"],
        "KH" => &["Sok", "Chea", "Keo", "Chan", "Heng"],
        "CN" => &["Li", "Wang", "Zhang", "Huang", "Wei"],
        "PH" => &["Santos", "Reyes", "Cruz", "Bautista"],
        _ => &[],
    };
    let given: &[&str] = match (nationality, female) {
        ("LA", true) => &["Latsamy", "Bouavanh", "Khamla", "Noy", "Dalavone"],
        ("LA", false) => &["Bounmy", "Somchay", "Khamphet", "Sisouk"],
        ("KH", true) => &["Sreymom", "Sophea", "Channary", "Sreypov"],
        ("KH", false) => &["Vuthy", "Sophal", "Rithy", "Dara"],
        ("CN", true) => &["Xiaoyan", "Mei", "Lan", "Fang"],
        ("CN", false) => &["Jun", "Hao", "Qiang"],
        ("PH", true) => &["Maricel", "Jenny", "Rowena"],
        ("PH", false) => &["Jomar", "Arnel", "Rico"],
        (_, true) => &["Thin Thin Aye", "Khin Mar Wai", "Ei Phyu Sin", "Nan Hnin"],
        (_, false) => &["Aung Ko Lin", "Zaw Min Tun", "Kyaw Htet"],
    };
    let family = pick(rng, families);
    let given = pick(rng, given);
    if matches!(nationality, "LA" | "PH") { join(&[given, family]) } else { join(&[family, given]) }
}
