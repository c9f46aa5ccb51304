//! Every hidden number keeps its width, against everything that was shown of a country.

use proptest::prelude::*;

use super::*;
use crate::statistics::geography::Geography;
use crate::statistics::hiding::tests::properties::{World, world};
use crate::statistics::hiding::{Thresholds, protect};

fn of_world(world: &World) -> (System, OfTable, Shown) {
    let shown = protect(world.table(), &Thresholds::LEAST);
    let mut system = System::default();
    let of = system.add_table(world.table(), &shown);
    (system, of, shown)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 96, ..ProptestConfig::default() })]

    /// Property 4, all trees together.
    #[test]
    fn every_hidden_number_keeps_its_width(world in world()) {
        let (system, ..) = of_world(&world);
        let narrow = system.narrower_than(f64::from(Thresholds::LEAST.lowest), system.hidden()).expect("solved");
        prop_assert_eq!(narrow, vec![]);
    }

    /// Property 5: who works in one unit of the lowest level knows its numbers, and no others that are small.
    #[test]
    fn who_knows_one_unit_solves_no_other(world in world(), who in any::<prop::sample::Index>()) {
        let (mut system, of, _) = of_world(&world);
        let lowest: Vec<Place> =
            world.geography.places().filter(|place| world.geography.is_lowest(*place)).collect();
        let known = lowest[who.index(lowest.len())];
        for node in world.star.nodes() {
            if system.shown(of.quantity(node, known)).is_none() {
                system.tell(of.quantity(node, known), world.counts.value(node, known));
            }
        }
        // What lies above through single parts is the same unit, and what nobody shares is told by what was told.
        let told: Vec<Place> = std::iter::successors(Some(known), |place| {
            world.geography.within(*place).filter(|above| world.geography.parts(*above).len() == 1)
        }).collect();
        let others: Vec<Quantity> = world.star.nodes().flat_map(|node| {
            let others = world.geography.places().filter(|place| !told.contains(place));
            others.map(move |place| of.quantity(node, place)).collect::<Vec<_>>()
        }).collect();
        let least = f64::from(Thresholds::LEAST.left_without_largest);
        let mut narrow = system.narrower_than(least, others).expect("solved");
        narrow.retain(|(_, range)| range.low < f64::from(Thresholds::LEAST.lowest));
        prop_assert_eq!(narrow, vec![]);
    }

    #[test]
    fn narrowing_never_claims_more_than_the_exact_range(world in world()) {
        let (system, ..) = of_world(&world);
        let ranges = system.propagated();
        for (quantity, exact) in system.narrower_than(f64::INFINITY, system.hidden()).expect("solved") {
            let fast = ranges[quantity.0];
            prop_assert!(fast.low <= exact.low + 1e-6 && fast.high >= exact.high - 1e-6, "{fast:?} {exact:?}");
        }
    }
}

#[test]
fn every_number_of_a_geography_has_its_own_place_in_the_system() {
    let listed = |code: &str, within: Option<&str>| crate::statistics::geography::Listed {
        code: code.to_owned(),
        within: within.map(ToOwned::to_owned),
        rank: 0,
    };
    let geography = Geography::new(vec![listed("VN", None), listed("a", Some("VN"))]).expect("a tree");
    let mut star = crate::statistics::star::Star::new("all");
    let parts = star.split(Node::ALL, &["x", "y"]).expect("a tree");
    let of = OfTable { first: 10, places: geography.size() };
    let all = [Node::ALL, parts[0], parts[1]];
    let numbers: Vec<Quantity> =
        all.iter().flat_map(|node| geography.places().map(|place| of.quantity(*node, place))).collect();
    assert_eq!(numbers, (10..16).map(Quantity).collect::<Vec<_>>());
}
