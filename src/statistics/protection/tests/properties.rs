//! What holds for every table.

use proptest::prelude::*;

use super::*;

/// Mostly small counts, a few large ones, many zeros.
fn count() -> impl Strategy<Value = u64> {
    prop_oneof![Just(0), 0..12_u64, 0..40_u64, 0..400_u64]
}

fn any_target() -> impl Strategy<Value = Option<Target>> {
    (0..=100_u8).prop_map(Target::at_least)
}

/// Units with ranks of their own, in any order.
fn any_table() -> impl Strategy<Value = Table> {
    let units = prop::collection::vec((count(), count(), any::<bool>()), 0..14);
    let units = units.prop_flat_map(|units| {
        let ranks: Vec<u32> = (0..).take(units.len()).collect();
        (Just(units), Just(ranks).prop_shuffle())
    });
    units.prop_map(|(units, ranks)| {
        let counts: Vec<_> = units.iter().map(|&(served, rest, _)| (served, rest)).collect();
        let mut table = ranked_table(&counts, &ranks);
        for (unit, (served, not_served, in_one_part)) in table.units.iter_mut().zip(units) {
            if in_one_part {
                unit.parts = vec![PartCount { served, not_served: not_served / 2 }];
            }
        }
        table
    })
}

fn interim(table: &Table, target: Option<Target>) -> ProtectedTable {
    protect(table, target, &Thresholds::LEAST)
}

/// A shown number is the true one and large enough.
fn check_row(row: ProtectedRow, served: u64, not_served: u64) -> Result<(), TestCaseError> {
    let least = u64::from(Thresholds::LEAST.above);
    if let Some(denominator) = row.shown.denominator() {
        prop_assert_eq!(denominator, served + not_served);
        prop_assert!(denominator >= least);
    }
    if let Some(split) = row.shown.split() {
        prop_assert_eq!((split.numerator, split.complement), (served, not_served));
        prop_assert!(served >= least && not_served >= least);
        prop_assert!(split.whole_percent().is_some());
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn shown_numbers_are_true_and_large_enough(table in any_table(), target in any_target()) {
        let protected = interim(&table, target);
        let total = sum_of(&table.units);
        check_row(protected.total, total.numerator, total.complement)?;
        for (shown, unit) in protected.units.iter().zip(&table.units) {
            prop_assert_eq!(&shown.unit, &unit.unit);
            check_row(shown.row, unit.served, unit.not_served)?;
            let (shown, total) = (shown.row.shown, protected.total.shown);
            prop_assert!(shown.denominator().is_none() || total.denominator().is_some());
            prop_assert!(shown.split().is_none() || total.split().is_some());
        }
    }

    #[test]
    fn shown_and_hidden_add_up_to_the_total(table in any_table()) {
        let protected = interim(&table, None);
        let shown = protected.units.iter().filter_map(|unit| unit.row.shown.denominator());
        let hidden = protected.hidden.map(|group| group.denominator);
        if let Some(total) = protected.total.shown.denominator() {
            prop_assert_eq!(shown.chain(hidden).sum::<u64>(), total);
        }
        let shown = protected.units.iter().filter_map(|unit| unit.row.shown.split());
        let unsplit = protected.unsplit.map(|group| group.split);
        if let Some(total) = protected.total.shown.split() {
            let split = shown.chain(unsplit).fold((0, 0), |sums, split| {
                (sums.0 + split.numerator, sums.1 + split.complement)
            });
            prop_assert_eq!(split, (total.numerator, total.complement));
        }
    }

    #[test]
    fn hidden_units_protect_each_other(table in any_table()) {
        let protected = interim(&table, None);
        let needed = Thresholds::LEAST.hidden_units.min(table.units.len());
        if let Some(group) = protected.hidden {
            prop_assert!(group.units >= needed);
            prop_assert!(group.denominator >= u64::from(Thresholds::LEAST.above));
        }
        let Some(UnsplitGroup { units, split }) = protected.unsplit else {
            return Ok(());
        };
        prop_assert!(units >= needed);
        prop_assert!(split.numerator.min(split.complement) >= u64::from(Thresholds::LEAST.above));
        for unit in &protected.units {
            if let Shown::Denominator(persons) = unit.row.shown {
                let most = persons.min(split.numerator);
                let least = persons.saturating_sub(split.complement);
                prop_assert!(most - least >= u64::from(Thresholds::LEAST.lowest));
            }
        }
    }

    #[test]
    fn a_status_without_a_numerator_is_the_totals_only(
        table in any_table(),
        target in any_target(),
    ) {
        let protected = interim(&table, target);
        let of_everybody = target.is_some_and(Target::wants_everybody)
            && protected.total.status == Some(TargetStatus::Met);
        for unit in &protected.units {
            let derived = unit.row.shown.split().zip(target);
            let derived = derived.map(|(split, target)| target.status(split));
            let expected = match unit.row.shown {
                Shown::Denominator(_) if of_everybody => Some(TargetStatus::Met),
                _ => derived,
            };
            prop_assert_eq!(unit.row.status, expected);
        }
    }

    #[test]
    fn the_order_of_the_units_changes_nothing(
        (table, shuffled) in any_table().prop_flat_map(|table| {
            let shuffled = Just(table.units.clone()).prop_shuffle();
            (Just(table), shuffled.prop_map(|units| Table { units }))
        }),
        target in any_target(),
    ) {
        prop_assert_eq!(interim(&table, target), interim(&shuffled, target));
    }

    #[test]
    fn other_codes_with_the_same_ranks_show_the_same(
        (table, codes) in any_table().prop_flat_map(|table| {
            let codes: Vec<_> = table.units.iter().map(|unit| unit.unit.clone()).collect();
            (Just(table), Just(codes).prop_shuffle())
        }),
    ) {
        let mut renamed = table.clone();
        for (unit, code) in renamed.units.iter_mut().zip(&codes) {
            unit.unit.clone_from(code);
        }
        let before = interim(&table, None);
        let mut after = interim(&renamed, None);
        let old_code = |new: &str| {
            let place = codes.iter().position(|code| code == new);
            table.units[place.expect("one of the codes")].unit.clone()
        };
        for unit in &mut after.units {
            unit.unit = old_code(&unit.unit);
        }
        after.units.sort_by(|left, right| left.unit.cmp(&right.unit));
        prop_assert_eq!(before, after);
    }
}
