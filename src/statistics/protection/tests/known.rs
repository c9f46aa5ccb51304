//! Answers worked out by hand or given by the method.

use super::*;

const MET: Option<TargetStatus> = Some(TargetStatus::Met);
const NOT_MET: Option<TargetStatus> = Some(TargetStatus::NotMet);

fn shown_totals(counts: &[u64], ranks: &[u32], thresholds: &Thresholds) -> Vec<u64> {
    let counts: Vec<_> = counts.iter().map(|&count| (count, 0)).collect();
    let protected = protect(&ranked_table(&counts, ranks), None, thresholds);
    denominators(&protected).into_iter().flatten().collect()
}

fn interim(counts: &[(u64, u64)], percent: u8) -> ProtectedTable {
    let target = Target::at_least(percent).expect("between 1 and 100");
    protect(&table(counts), Some(target), &Thresholds::LEAST)
}

fn statuses(protected: &ProtectedTable) -> Vec<Option<TargetStatus>> {
    let units = protected.units.iter();
    units.map(|unit| unit.row.status).collect()
}

#[test]
fn a_unit_needs_seventeen_persons_and_three_hidden_units() {
    let shown = |counts: &[u64]| {
        let ranks = [6, 5, 4, 3, 2, 1];
        shown_totals(counts, &ranks, &Thresholds::LEAST)
    };
    assert_eq!(shown(&[17, 17, 17]), [17, 17, 17]);
    assert_eq!(shown(&[40, 17, 16, 3, 1]), [40, 17]);
    assert_eq!(shown(&[40, 30, 20, 18, 16]), [40, 30]);
    // Whoever works in the unit of 20 would know how many the other two hold.
    assert_eq!(shown(&[40, 30, 20, 0, 2]), [40]);
    assert_eq!(shown(&[40, 30, 20, 0, 3]), [40, 30]);
    // All three are below 17, so a sum of 48 would tell each.
    assert_eq!(shown(&[40, 30, 16, 16, 16]), [40]);
}

#[test]
fn a_total_below_the_threshold_or_of_one_large_unit_shows_nothing() {
    for counts in [&[(8, 8)][..], &[(6, 2), (4, 4)], &[(40, 0), (1, 1)], &[]] {
        let protected = interim(counts, 60);
        assert_eq!(protected.total.shown, Shown::Hidden);
        assert_eq!(protected.total.status, None);
        assert_eq!(protected.hidden, None);
        assert_eq!(protected.unsplit, None);
        assert!(denominators(&protected).iter().all(Option::is_none));
    }
}

#[test]
fn a_unit_is_hidden_when_one_part_holds_nearly_all_of_it() {
    let mut table = table(&[(20, 20), (20, 20), (20, 20), (20, 20)]);
    assert_eq!(protect(&table, None, &Thresholds::LEAST).hidden, None);
    table.units[3].parts = vec![PartCount { served: 19, not_served: 19 }];
    let protected = protect(&table, None, &Thresholds::LEAST);
    assert_eq!(denominators(&protected), [None, None, Some(40), None]);
}

#[test]
fn a_numerator_needs_its_complement() {
    let counts = [(30, 30), (40, 20), (25, 25), (50, 16), (60, 70)];
    let protected = interim(&counts, 60);
    let known = [Some(60), Some(60), Some(50), Some(66), Some(130)];
    assert_eq!(denominators(&protected), known);
    let known = [None, None, Some(25), None, Some(60)];
    assert_eq!(numerators(&protected), known);

    let together = UnsplitGroup { units: 3, split: Split { numerator: 120, complement: 66 } };
    assert_eq!(protected.unsplit, Some(together));
    assert_eq!(statuses(&protected), [None, None, NOT_MET, None, NOT_MET]);
    assert_eq!(protected.total.status, NOT_MET);
}

#[test]
fn a_percent_is_rounded_down_so_that_a_target_just_missed_never_reads_as_met() {
    let percent = |numerator, complement| Split { numerator, complement }.whole_percent();
    assert_eq!(percent(20, 40), Some(33));
    assert_eq!(percent(40, 20), Some(66));
    assert_eq!(percent(599, 401), Some(59));
    assert_eq!(percent(0, 0), None);
}

#[test]
fn a_status_needs_28_persons_at_60_percent_and_37_at_70() {
    for (percent, fewest) in [(60, 28), (70, 37), (50, 23), (40, 28), (90, 110), (100, 17)] {
        let target = Target::at_least(percent).expect("between 1 and 100");
        let hides = |persons| target.hides_numerator(persons, &Thresholds::LEAST);
        assert!(!hides(fewest - 1), "{percent} % of {}", fewest - 1);
        assert!((fewest..fewest + 300).all(hides), "{percent} % from {fewest}");
    }
    assert_eq!(Target::at_least(0), None);
    assert_eq!(Target::at_least(101), None);
}

#[test]
fn only_the_total_has_a_status_without_its_numerator() {
    let few_left_out = interim(&[(38, 2), (37, 3), (39, 1)], 60);
    assert_eq!(few_left_out.total.shown, Shown::Denominator(120));
    assert_eq!(few_left_out.total.status, MET);
    assert_eq!(statuses(&few_left_out), [None, None, None]);

    let few_served = interim(&[(2, 38), (3, 37), (1, 39)], 60);
    assert_eq!(few_served.total.status, NOT_MET);

    let too_few_persons = interim(&[(9, 0), (9, 0), (9, 0)], 60);
    assert_eq!(too_few_persons.total.shown, Shown::Denominator(27));
    assert_eq!(too_few_persons.total.status, None);
}

#[test]
fn a_target_of_everybody_may_say_that_nobody_was_left_out() {
    let all = interim(&[(20, 0), (30, 0), (2, 0), (8, 0), (9, 0)], 100);
    assert_eq!(all.total.status, MET);
    assert_eq!(statuses(&all), [MET, MET, None, None, None]);

    let one_left_out = interim(&[(20, 0), (30, 1), (2, 0), (8, 0), (9, 0)], 100);
    assert_eq!(one_left_out.total.status, NOT_MET);
    assert_eq!(statuses(&one_left_out), [None; 5]);
}
