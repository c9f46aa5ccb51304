//! Answers worked out by hand or given by the method.

use super::*;

fn shown_totals(values: &[u32], ranks: &[u32]) -> Vec<u32> {
    let (geography, star) = (flat(ranks), Star::new("all"));
    let values: Vec<Vec<u32>> = values.iter().map(|value| vec![*value]).collect();
    let counts = counted(&geography, &star, &[Node::ALL], &values);
    let shown = protect(Table { geography: &geography, star: &star, counts: &counts, levels: 9 }, &Thresholds::LEAST);
    let parts = geography.parts(Place::ROOT).filter(|part| shown.is_shown(Node::ALL, *part));
    parts.map(|part| counts.value(Node::ALL, part)).collect()
}

#[test]
fn the_methods_known_answers() {
    assert_eq!(shown_totals(&[40, 25, 12, 6, 3], &[5, 4, 3, 2, 1]), [40, 25]);
    assert_eq!(shown_totals(&[40, 25, 12, 6, 3], &[1, 2, 3, 4, 5]), [25, 12]);
    assert_eq!(shown_totals(&[30, 29, 10, 10, 10], &[5, 4, 3, 2, 1]), [30]);
}

#[test]
fn nothing_is_shown_of_fewer_than_17_or_where_one_unit_holds_nearly_all() {
    assert_eq!(shown_totals(&[8, 8], &[1, 2]), [0_u32; 0]);
    assert_eq!(shown_totals(&[40, 2], &[1, 2]), [0_u32; 0]);
    assert_eq!(shown_totals(&[11, 11, 11], &[1, 2, 3]), [11, 11, 11]);
}

/// Two provinces with communes; the clients by sex.
#[test]
fn an_attribute_is_shown_for_all_or_for_none_of_what_the_unit_above_shows() {
    let listed = |code: &str, within: Option<&str>, rank| Listed {
        code: code.to_owned(),
        within: within.map(ToOwned::to_owned),
        rank,
    };
    let mut units = vec![listed("VN", None, 0), listed("a", Some("VN"), 2), listed("b", Some("VN"), 1)];
    for number in 0..4 {
        units.push(listed(&format!("a{number}"), Some("a"), 4 - number));
        units.push(listed(&format!("b{number}"), Some("b"), 4 - number));
    }
    let geography = Geography::new(units).expect("a tree");
    let mut star = Star::new("all");
    let sexes = star.split(Node::ALL, &["female", "male"]).expect("a tree");
    // a: many of both; b: many women, twelve men.
    let lowest = [[20, 20], [20, 11], [5, 12], [20, 3], [20, 1], [20, 2], [11, 1], [0, 8]].map(Vec::from);
    let counts = counted(&geography, &star, &sexes, &lowest);
    let shown = protect(Table { geography: &geography, star: &star, counts: &counts, levels: 9 }, &Thresholds::LEAST);
    let of = |code: &str| {
        let place = geography.find(code).expect("a unit");
        [Node::ALL, sexes[0], sexes[1]].map(|node| shown.is_shown(node, place))
    };
    assert_eq!(of("VN"), [true, true, true]);
    // Twelve men are too few, and a province alone may not stay hidden beside one other.
    assert_eq!((of("a"), of("b")), ([true, false, false], [true, false, false]));
    // b3 has eight: hidden, and with it the lowest by rank until three are hidden that hold 17 together.
    assert_eq!(["b0", "b1", "b2", "b3"].map(|code| of(code)[0]), [true, false, false, false]);
    assert_eq!(["a0", "a1", "a2", "a3"].map(|code| of(code)[0]), [true, true, true, true]);
}

#[test]
fn what_is_declared_last_is_hidden_first_at_the_root() {
    let geography = flat(&[1, 2, 3]);
    let mut star = Star::new("all");
    let kinds = star.split(Node::ALL, &["first", "second", "third", "fourth"]).expect("a tree");
    let counts = counted(&geography, &star, &kinds, &[vec![20, 20, 4, 20], vec![20, 20, 4, 20], vec![20, 20, 4, 20]]);
    let shown = protect(Table { geography: &geography, star: &star, counts: &counts, levels: 9 }, &Thresholds::LEAST);
    assert_eq!(
        kinds.iter().map(|kind| shown.is_shown(*kind, Place::ROOT)).collect::<Vec<_>>(),
        [true, false, false, false]
    );
}

#[test]
fn thresholds_are_raised_and_never_lowered() {
    let least = Thresholds::LEAST;
    assert!(least.are_enough());
    assert!(Thresholds { lowest: 15, above: 21, ..least }.are_enough());
    assert!(!Thresholds { lowest: 15, ..least }.are_enough(), "17 is not 15 and twice 3");
    assert!(!Thresholds { lowest: 10, ..least }.are_enough());
    assert!(!Thresholds { hidden_units: 2, ..least }.are_enough());
    assert!(!Thresholds { left_without_largest: 2, ..least }.are_enough());
}

#[test]
fn what_lies_below_the_levels_that_are_shown_counts_as_parts_alone() {
    let listed = |code: &str, within: Option<&str>| Listed {
        code: code.to_owned(),
        within: within.map(ToOwned::to_owned),
        rank: 0,
    };
    let units = [("VN", None), ("a", Some("VN")), ("b", Some("VN")), ("c", Some("VN")), ("d", Some("VN"))];
    let communes =
        ["a", "b", "c", "d"].map(|province| [(format!("{province}1"), province), (format!("{province}2"), province)]);
    let communes = communes.as_flattened().iter().map(|(code, within)| listed(code, Some(within)));
    let geography = Geography::new(units.iter().map(|(code, within)| listed(code, *within)).chain(communes).collect());
    let (geography, star) = (geography.expect("a tree"), Star::new("all"));
    // Nearly all of b are in one commune, so three of the four hide each other.
    let lowest = [20, 20, 38, 2, 20, 20, 20, 20].map(|many| vec![many]);
    let counts = counted(&geography, &star, &[Node::ALL], &lowest);
    let of = |levels: usize| {
        let shown = protect(Table { geography: &geography, star: &star, counts: &counts, levels }, &Thresholds::LEAST);
        geography
            .places()
            .filter(|place| shown.is_shown(Node::ALL, *place))
            .map(|place| geography.code(place))
            .collect::<Vec<_>>()
    };
    assert_eq!(of(1), ["VN"]);
    assert_eq!(of(2), ["VN", "d"]);
    assert_eq!(of(3), ["VN", "d", "d1", "d2"]);
}
