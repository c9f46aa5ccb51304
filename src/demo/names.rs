//! Made-up names and contact details of people who do not exist.
//!
//! Family names follow their frequency in Vietnam, given names the fashion of the decade of birth, and the
//! peoples of the mountains and the south their own customs. Telephone numbers begin with `0000` and national
//! ids with `000`, so that neither can reach or denote anybody.

mod foreign;
mod kinh;
mod minorities;
mod places;

use rand::RngExt;
use rand::rngs::StdRng;

use super::dice::{chance, pick, weighted};

/// A part of the country: it decides which peoples live there and how they name people and places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Region {
    /// Red River delta (of the demo provinces Hà Nội and Ninh Bình).
    #[default]
    RedRiver,
    /// Northern mountains (Lào Cai).
    NorthernMountains,
    /// Northern part of the centre (Thanh Hóa).
    NorthCentral,
    /// Coast of the centre (Quảng Trị).
    CentralCoast,
    /// South (TP. Hồ Chí Minh).
    South,
}

/// One of the peoples of Vietnam that the made-up persons belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Ethnicity {
    /// Kinh.
    #[default]
    Kinh,
    /// Tày.
    Tay,
    /// Nùng.
    Nung,
    /// Thái.
    Thai,
    /// Mường.
    Muong,
    /// Mông (H'Mông).
    Hmong,
    /// Dao.
    Dao,
    /// Khmer.
    Khmer,
    /// Bru - Vân Kiều.
    BruVanKieu,
}

impl Ethnicity {
    /// The word stored for it.
    pub fn code(self) -> &'static str {
        match self {
            Self::Kinh => "kinh",
            Self::Tay => "tay",
            Self::Nung => "nung",
            Self::Thai => "thai",
            Self::Muong => "muong",
            Self::Hmong => "hmong",
            Self::Dao => "dao",
            Self::Khmer => "khmer",
            Self::BruVanKieu => "bru_van_kieu",
        }
    }

    /// A people of `region`, about as often as its share of the population there.
    pub fn draw(rng: &mut StdRng, region: Region) -> Self {
        let shares: &[(u32, Self)] = match region {
            Region::RedRiver => &[(95, Self::Kinh), (3, Self::Muong), (1, Self::Tay), (1, Self::Thai)],
            Region::NorthernMountains => &[
                (38, Self::Kinh),
                (24, Self::Hmong),
                (15, Self::Tay),
                (12, Self::Dao),
                (6, Self::Thai),
                (5, Self::Nung),
            ],
            Region::NorthCentral => &[(80, Self::Kinh), (11, Self::Muong), (7, Self::Thai), (2, Self::Hmong)],
            Region::CentralCoast => &[(88, Self::Kinh), (12, Self::BruVanKieu)],
            Region::South => &[(94, Self::Kinh), (6, Self::Khmer)],
        };
        weighted(rng, shares)
    }
}

/// What a name depends on besides the people it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Naming {
    /// Whether the name was given to a girl.
    pub female: bool,
    /// Year of birth, also when the record itself does not know it.
    pub birth_year: i32,
    /// Where the person comes from.
    pub region: Region,
}

/// A whole name as it would be written down; now and then only part of one is known.
pub fn full_name(rng: &mut StdRng, ethnicity: Ethnicity, naming: Naming) -> String {
    match ethnicity {
        Ethnicity::Kinh => kinh::name(rng, naming),
        minority => minorities::name(rng, minority, naming),
    }
}

/// A name of a national of `nationality` (ISO 3166 code), as a Vietnamese officer would write it.
pub fn foreign_name(rng: &mut StdRng, nationality: &str, female: bool) -> String {
    foreign::name(rng, nationality, female)
}

/// What the person is called by friends.
pub fn alias(rng: &mut StdRng, female: bool) -> String {
    let own = if female { kinh::NICKNAMES_FEMALE } else { kinh::NICKNAMES_MALE };
    let list = if chance(rng, 0.5) { kinh::NICKNAMES } else { own };
    pick(rng, list).to_owned()
}

/// A telephone number nobody has: no network uses the prefix `0000`.
pub fn phone(number: u32) -> String {
    // The factor has no common divisor with a million: neighbours get unlike numbers, and none comes twice.
    let tail = u64::from(number) * 618_033 % 1_000_000;
    format!("0000 {:03} {:03}", tail / 1000, tail % 1000)
}

/// Twelve digits in the form of a national id; no province has the code `000`.
pub fn national_id(number: u32, female: bool, birth_year: i32) -> String {
    let century = match (birth_year >= 2000, female) {
        (false, false) => 0,
        (false, true) => 1,
        (true, false) => 2,
        (true, true) => 3,
    };
    format!("000{century}{:02}{:06}", birth_year.rem_euclid(100), number % 1_000_000)
}

/// House, lane or hamlet; never a street, since streets bear the names of people who lived.
pub fn address(rng: &mut StdRng, region: Region) -> String {
    places::address(rng, region)
}

/// How the person may be reached without harm.
pub fn safe_contact(rng: &mut StdRng, has_phone: bool) -> String {
    let list = if has_phone && chance(rng, 0.75) { places::PHONE_NOTES } else { places::OTHER_NOTES };
    pick(rng, list).to_owned()
}

fn number_between(rng: &mut StdRng, lowest: u32, highest: u32) -> u32 {
    rng.random_range(lowest..=highest.max(lowest))
}

fn join(parts: &[&str]) -> String {
    let present: Vec<&str> = parts.iter().copied().filter(|part| !part.is_empty()).collect();
    present.join(" ")
}

#[cfg(test)]
mod tests;
