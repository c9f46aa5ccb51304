//! What holds for every table.

use proptest::prelude::*;

use super::*;

/// A country of provinces of communes, a star of two trees of which one is deeper, and counts: sparse, skewed, many
/// noughts.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) geography: Geography,
    pub(crate) star: Star,
    pub(crate) counts: Counts,
}

impl World {
    pub(crate) fn table(&self) -> Table<'_> {
        Table { geography: &self.geography, star: &self.star, counts: &self.counts, levels: 9 }
    }
}

fn star() -> (Star, [Vec<Node>; 2]) {
    let mut star = Star::new("all");
    let halves = star.split(Node::ALL, &["h1", "h2"]).expect("a tree");
    let mut quarters = star.split(halves[0], &["q1", "q2"]).expect("a tree");
    quarters.extend(star.split(halves[1], &["q3", "q4"]).expect("a tree"));
    let kinds = star.split(Node::ALL, &["x", "y", "z"]).expect("a tree");
    (star, [quarters, kinds])
}

fn count() -> impl Strategy<Value = u32> {
    prop_oneof![3 => Just(0), 3 => 0..6_u32, 2 => 0..20_u32, 1 => 0..150_u32]
}

/// Persons of one commune: how many have each pair of leaves.
type Persons = Vec<(usize, usize, u32)>;

prop_compose! {
    fn communes()(communes in prop::collection::vec(
        prop::collection::vec((0..4_usize, 0..3_usize, count()), 0..6), 1..6,
    )) -> Vec<Persons> { communes }
}

prop_compose! {
    pub(crate) fn world()(
        provinces in prop::collection::vec(communes(), 1..6), order in any::<u64>(),
    ) -> World { build(&provinces, order, |province, commune| (format!("{province}"), format!("{province}-{commune}"))) }
}

/// The rank of a unit comes from its place and a number that stands for whatever is public.
fn rank(order: u64, province: usize, commune: usize) -> u32 {
    let place = u64::try_from(province * 31 + commune * 7 + 1).expect("small");
    u32::try_from(order.wrapping_mul(place | 1) >> 40).expect("24 bits")
}

fn build(provinces: &[Vec<Persons>], order: u64, name: impl Fn(usize, usize) -> (String, String)) -> World {
    let (star, [quarters, kinds]) = star();
    let mut listed = vec![Listed { code: "VN".to_owned(), within: None, rank: 0 }];
    for (province, communes) in provinces.iter().enumerate() {
        let own = name(province, 0).0;
        listed.push(Listed { code: own.clone(), within: Some("VN".to_owned()), rank: rank(order, province, 99) });
        listed.extend((0..communes.len()).map(|commune| Listed {
            code: name(province, commune).1,
            within: Some(own.clone()),
            rank: rank(order, province, commune),
        }));
    }
    let geography = Geography::new(listed).expect("a tree");
    let mut counts = Counts::new(&geography, &star);
    for (province, communes) in provinces.iter().enumerate() {
        for (commune, persons) in communes.iter().enumerate() {
            let place = geography.find(&name(province, commune).1).expect("a commune");
            for (quarter, kind, many) in persons {
                counts.add(&star, place, &[quarters[*quarter], kinds[*kind]], *many);
            }
        }
    }
    counts.sum_up(&geography);
    World { geography, star, counts }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Property 1 of the method.
    #[test]
    fn what_is_shown_of_a_unit_is_shown_of_the_unit_and_of_the_node_above(world in world()) {
        let shown = protect(world.table(), &Thresholds::LEAST);
        for node in world.star.nodes() {
            for place in world.geography.places().filter(|place| shown.is_shown(node, *place)) {
                prop_assert!(world.geography.within(place).is_none_or(|above| shown.is_shown(node, above)));
                prop_assert!(world.star.above(node).is_none_or(|above| shown.is_shown(above, place)));
            }
        }
    }

    /// Properties 2 and 3: every number that is shown, or follows, is large enough also without its largest part, and what
    /// is hidden together is at least three.
    #[test]
    fn what_is_shown_or_follows_is_large_enough(world in world()) {
        let World { geography, star, counts } = &world;
        let least = Thresholds::LEAST;
        let shown = protect(world.table(), &least);
        for place in geography.places() {
            let wanted = if geography.is_lowest(place) { least.lowest } else { least.above };
            for node in star.nodes().filter(|node| shown.is_shown(*node, place)) {
                let parts: Vec<u32> = geography.parts(place).map(|part| counts.value(node, part)).collect();
                let largest = if parts.len() > 1 { parts.iter().copied().max().unwrap_or_default() } else { 0 };
                prop_assert!(counts.value(node, place) >= wanted);
                prop_assert!(counts.value(node, place) - largest >= least.left_without_largest);
                let hidden: Vec<u32> = geography
                    .parts(place)
                    .filter(|part| !shown.is_shown(node, *part))
                    .map(|part| counts.value(node, part))
                    .collect();
                let of_shown: u32 = geography
                    .parts(place)
                    .filter(|part| shown.is_shown(node, *part))
                    .map(|part| counts.value(node, part))
                    .sum();
                let sum: u32 = hidden.iter().sum();
                prop_assert!(geography.is_lowest(place) || of_shown + sum == counts.value(node, place));
                if of_shown > 0 && !hidden.is_empty() {
                    prop_assert!(sum >= least.above && hidden.len() >= least.hidden_units.min(parts.len()));
                    prop_assert!(sum - hidden.iter().max().expect("some") >= least.left_without_largest);
                }
            }
            for split in star.splits().iter().filter(|split| shown.is_shown(split.of, place)) {
                let hidden: Vec<u32> = split
                    .parts
                    .iter()
                    .filter(|part| !shown.is_shown(**part, place))
                    .map(|part| counts.value(*part, place))
                    .collect();
                if !hidden.is_empty() && hidden.len() < split.parts.len() {
                    prop_assert!(hidden.iter().sum::<u32>() >= wanted);
                    prop_assert!(hidden.len() >= 2);
                }
            }
        }
    }

    /// Property 6: names decide nothing, and neither does the order in which units come.
    #[test]
    fn renaming_units_with_their_ranks_renames_the_output(
        provinces in prop::collection::vec(communes(), 1..6), order in any::<u64>(),
    ) {
        // Ranks that differ, for names settle ties.
        let plain = build(&provinces, order | 1, |province, commune| (format!("{province}"), format!("{province}-{commune}")));
        let other = build(&provinces, order | 1, |province, commune| (format!("{}", 9 - province), format!("{}-{}", 9 - province, 9 - commune)));
        let ranks = |world: &World| {
            let mut ranks: Vec<u32> = world.geography.places().map(|place| world.geography.rank(place)).collect();
            ranks.sort_unstable();
            ranks.windows(2).all(|pair| pair[0] != pair[1])
        };
        prop_assume!(ranks(&plain));
        let (one, two) = (protect(plain.table(), &Thresholds::LEAST), protect(other.table(), &Thresholds::LEAST));
        for (province, communes) in provinces.iter().enumerate() {
            for commune in 0..communes.len() {
                let place = plain.geography.find(&format!("{province}-{commune}")).expect("a commune");
                let renamed = other.geography.find(&format!("{}-{}", 9 - province, 9 - commune)).expect("a commune");
                for node in plain.star.nodes() {
                    prop_assert_eq!(one.is_shown(node, place), two.is_shown(node, renamed));
                }
            }
        }
    }
}
