use super::*;
use crate::statistics::geography::Listed;

mod enumeration;
mod known;
pub(crate) mod properties;

/// A country of units on one level, of these ranks.
fn flat(ranks: &[u32]) -> Geography {
    let country = Listed { code: "VN".to_owned(), within: None, rank: 0 };
    let unit = |(number, rank): (usize, &u32)| Listed {
        code: format!("{number:03}"),
        within: Some("VN".to_owned()),
        rank: *rank,
    };
    Geography::new([country].into_iter().chain(ranks.iter().enumerate().map(unit)).collect()).expect("a tree")
}

/// Counts of the units of the lowest level: for each unit, how many of each leaf of the only tree.
fn counted(geography: &Geography, star: &Star, leaves: &[Node], lowest: &[Vec<u32>]) -> Counts {
    let mut counts = Counts::new(geography, star);
    let places = geography.places().filter(|place| geography.is_lowest(*place));
    for (place, values) in places.zip(lowest) {
        for (leaf, many) in leaves.iter().zip(values) {
            counts.add(star, place, &[*leaf], *many);
        }
    }
    counts.sum_up(geography);
    counts
}
