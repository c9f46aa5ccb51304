//! The attacker on whole countries: it finds nothing in what the method shows, and breaks what others do.

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use super::*;
use crate::statistics::counts::Counts;
use crate::statistics::geography::{Geography, Listed};
use crate::statistics::hiding::{Thresholds, protect};
use crate::statistics::star::Star;

/// 4 provinces of 4 districts of 4 communes, 1,200 clients, three trees.
struct Country {
    geography: Geography,
    star: Star,
    quarters: Vec<Node>,
    counts: Counts,
    /// Commune, leaves.
    persons: Vec<(String, Vec<Node>)>,
}

impl Country {
    fn table(&self) -> Table<'_> {
        Table { geography: &self.geography, star: &self.star, counts: &self.counts, levels: 9 }
    }
}

/// The units, each commune in a district that a rule says.
fn units(district_of: impl Fn(usize) -> usize) -> Geography {
    let listed = |code: String, within: Option<String>, rank: usize| Listed {
        code,
        within,
        rank: u32::try_from(rank).expect("few"),
    };
    let mut all = vec![listed("VN".to_owned(), None, 0)];
    all.extend((0..4).map(|p| listed(format!("p{p}"), Some("VN".to_owned()), (p * 5 + 3) % 4)));
    all.extend((0..16).map(|d| listed(format!("d{d:02}"), Some(format!("p{}", d / 4)), (d * 7 + 2) % 16)));
    all.extend((0..64).map(|c| listed(format!("c{c:02}"), Some(format!("d{:02}", district_of(c))), (c * 13 + 5) % 64)));
    Geography::new(all).expect("a tree")
}

fn country(seed: u64) -> Country {
    let geography = units(|commune| commune / 4);
    let mut star = Star::new("all");
    let halves = star.split(Node::ALL, &["h1", "h2"]).expect("a tree");
    let quarters =
        [star.split(halves[0], &["q1", "q2"]).expect("a tree"), star.split(halves[1], &["q3", "q4"]).expect("a tree")]
            .concat();
    let kinds = star.split(Node::ALL, &["at_risk", "leaving", "trafficked"]).expect("a tree");
    let served = star.split(Node::ALL, &["yes", "no"]).expect("a tree");
    let mut random = StdRng::seed_from_u64(seed);
    let mut persons = Vec::new();
    for _ in 0..1_200 {
        // Few communes have many, many have few.
        let commune = (random.random_range(0.0_f64..1.0).powi(3) * 64.0).floor();
        let commune = (0..64).find(|number| f64::from(*number) >= commune).unwrap_or(63);
        let kind = kinds[[0, 0, 0, 0, 0, 1, 1, 1, 1, 2][random.random_range(0..10_usize)]];
        let leaves = vec![quarters[random.random_range(0..4_usize)], kind, served[random.random_range(0..2_usize)]];
        persons.push((format!("c{:02}", (commune * 29 + 11) % 64), leaves));
    }
    let counts = count(&geography, &star, &persons);
    Country { geography, star, quarters, counts, persons }
}

fn count(geography: &Geography, star: &Star, persons: &[(String, Vec<Node>)]) -> Counts {
    let mut counts = Counts::new(geography, star);
    for (commune, leaves) in persons {
        counts.add(star, geography.find(commune).expect("a commune"), leaves, 1);
    }
    counts.sum_up(geography);
    counts
}

/// The hidden numbers below 11.
fn small(country: &Country, system: &System, of: OfTable) -> Vec<Quantity> {
    let cells = country.star.nodes().flat_map(|node| country.geography.places().map(move |place| (node, place)));
    cells
        .filter(|(node, place)| country.counts.value(*node, *place) < 11)
        .map(|(node, place)| of.quantity(node, place))
        .filter(|quantity| system.shown(*quantity).is_none())
        .collect()
}

/// Whether any of them can be narrowed below 11 by narrowing alone, which never claims too much.
fn is_broken(country: &Country, system: &System, of: OfTable) -> bool {
    let ranges = system.propagated();
    small(country, system, of).into_iter().any(|Quantity(number)| ranges[number].width() < 11.0)
}

#[test]
fn the_attacker_narrows_nothing_of_a_country_that_the_method_protected() {
    for seed in 0..3 {
        let country = country(seed);
        let shown = protect(country.table(), &Thresholds::LEAST);
        let mut system = System::default();
        let of = system.add_table(country.table(), &shown);
        assert!(small(&country, &system, of).len() > 500);
        let all = system.narrower_than(11.0, system.hidden()).expect("solved");
        assert_eq!(all, [], "seed {seed}");
    }
}

#[test]
fn it_breaks_numbers_hidden_below_five() {
    let country = country(1);
    let mut shown = Shown::nothing(&country.geography, &country.star);
    for node in country.star.nodes() {
        for place in country.geography.places() {
            let value = country.counts.value(node, place);
            shown.set(node, place, value == 0 || value >= 5);
        }
    }
    let mut system = System::default();
    let of = system.add_table(country.table(), &shown);
    let small = small(&country, &system, of);
    let narrow = system.narrower_than(11.0, small.iter().copied()).expect("solved");
    let pinned = narrow.iter().filter(|(_, range)| range.width() < 0.5).count();
    assert!(pinned * 2 >= small.len() && narrow.len() > pinned, "{pinned}, {} of {}", narrow.len(), small.len());
}

#[test]
fn it_breaks_two_geographies_that_are_each_safe_alone() {
    let any = (0..6).any(|seed| {
        let one = country(seed);
        let geography = units(|commune| (commune + 2) / 4 % 16);
        let counts = count(&geography, &one.star, &one.persons);
        let other = Table { geography: &geography, star: &one.star, counts: &counts, levels: 9 };
        let mut system = System::default();
        let of_one = system.add_table(one.table(), &protect(one.table(), &Thresholds::LEAST));
        let of_other = system.add_table(other, &protect(other, &Thresholds::LEAST));
        // The same persons of the same communes, and of the country.
        for node in one.star.nodes() {
            for place in one.geography.places().filter(|place| one.geography.is_lowest(*place)) {
                let same = geography.find(one.geography.code(place)).expect("the same communes");
                system.whole_is_sum(of_one.quantity(node, place), [of_other.quantity(node, same)]);
            }
        }
        is_broken(&one, &system, of_one)
    });
    assert!(any);
}

/// Eight provinces alone, of which few have many clients.
fn provinces(seed: u64) -> Country {
    let listed =
        |code: String, within: Option<&str>, rank| Listed { code, within: within.map(ToOwned::to_owned), rank };
    let own = (0..8).map(|province| listed(format!("p{province}"), Some("VN"), province));
    let geography =
        Geography::new([listed("VN".to_owned(), None, 0)].into_iter().chain(own).collect()).expect("a tree");
    let all = country(seed);
    let province = |commune: &str| {
        let number: usize = commune.trim_start_matches('c').parse().expect("a number");
        format!("p{}", number % 8)
    };
    let some = all.persons.iter().take(400);
    let persons: Vec<(String, Vec<Node>)> = some.map(|(commune, leaves)| (province(commune), leaves.clone())).collect();
    Country { counts: count(&geography, &all.star, &persons), geography, persons, ..all }
}

#[test]
fn it_breaks_quarters_that_are_protected_each_for_itself() {
    let any = (0..12).any(|seed| {
        let country = provinces(seed);
        let mut system = System::default();
        let year = system.add_table(country.table(), &protect(country.table(), &Thresholds::LEAST));
        let quarters: Vec<OfTable> = country
            .quarters
            .iter()
            .map(|quarter| {
                let own = country.persons.iter().filter(|(_, leaves)| leaves.contains(quarter)).cloned();
                let counts = count(&country.geography, &country.star, &own.collect::<Vec<_>>());
                let own = Table { counts: &counts, ..country.table() };
                system.add_table(own, &protect(own, &Thresholds::LEAST))
            })
            .collect();
        for place in country.geography.places() {
            for (node, quarter) in country.quarters.iter().zip(&quarters) {
                system.whole_is_sum(year.quantity(*node, place), [quarter.quantity(Node::ALL, place)]);
            }
        }
        let small = small(&country, &system, year);
        !system.narrower_than(11.0, small).expect("solved").is_empty()
    });
    assert!(any);
}

#[test]
fn it_finds_a_late_client_in_a_release_that_was_made_again() {
    let before = country(2);
    let mut persons = before.persons.clone();
    persons.push(("c17".to_owned(), persons[0].1.clone()));
    let after = Country { counts: count(&before.geography, &before.star, &persons), persons, ..country(2) };
    let shown = [&before, &after].map(|country| protect(country.table(), &Thresholds::LEAST));
    let told = before.star.nodes().flat_map(|node| before.geography.places().map(move |place| (node, place)));
    let differ = told.filter(|(node, place)| {
        shown.iter().all(|shown| shown.is_shown(*node, *place))
            && after.counts.value(*node, *place) == before.counts.value(*node, *place) + 1
    });
    assert!(differ.count() > 4, "the client's province, category and quarter are told");
}
