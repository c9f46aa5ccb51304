//! The rules of counting, told one by one.

use proptest::prelude::*;

use super::*;

const NEED: ServiceType = ServiceType::VocationalTraining;
const OTHER: ServiceType = ServiceType::Loan;

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

fn year() -> Period {
    Period::of_year(2025, day("2026-06-01")).expect("a year")
}

fn person(number: u128) -> PersonId {
    PersonId(uuid::Uuid::from_u128(number))
}

fn case(number: u128) -> CaseId {
    CaseId(uuid::Uuid::from_u128(number))
}

fn found(who: u128, service: ServiceType, on: &str, due: bool) -> Due {
    Due { person: person(who), case: case(who), service, unit: "G34-P01".into(), on: day(on), due }
}

fn facts(clients: &[u128]) -> Facts {
    let client = |who: &u128| Client { person: person(*who), case: case(*who), unit: "G34-P01".to_owned() };
    Facts { clients: clients.iter().map(client).collect(), ..Facts::default() }
}

fn refusal(who: u128, service: Option<ServiceType>) -> Refusal {
    Refusal { person: person(who), case: case(who), service, on: day("2025-04-01") }
}

fn standings(measure: Measure, facts: &Facts) -> Vec<Standing> {
    outcomes(measure, year(), facts).into_iter().map(|outcome| outcome.standing).collect()
}

#[test]
fn whoever_is_in_need_and_eligible_and_used_the_service_is_served() {
    let mut facts = facts(&[1, 2, 3, 4]);
    facts.assessed = vec![
        found(1, NEED, "2025-03-01", true),
        found(2, NEED, "2025-03-01", true),
        found(3, NEED, "2025-03-01", false),
    ];
    facts.used = [(person(1), case(1), NEED), (person(2), case(2), OTHER), (person(3), case(3), NEED)].into();
    let expected = [Standing::Served, Standing::NotServed, Standing::NotInNeed, Standing::NotAssessed];
    assert_eq!(standings(Measure::SupportUsed, &facts), expected);
    let outcomes = outcomes(Measure::SupportUsed, year(), &facts);
    let figure = Figure::of(&outcomes);
    assert_eq!((figure.numerator, figure.denominator, figure.clients, figure.assessed), (1, 2, 4, 3));
}

#[test]
fn a_need_that_was_met_and_found_gone_later_in_the_year_stays_counted() {
    let mut facts = facts(&[1]);
    facts.assessed = vec![found(1, NEED, "2025-02-01", true), found(1, NEED, "2025-11-01", false)];
    facts.used = [(person(1), case(1), NEED)].into();
    assert_eq!(standings(Measure::SupportUsed, &facts), [Standing::Served]);
}

#[test]
fn a_need_found_last_year_is_carried_over_unless_it_had_gone_before_the_year_began() {
    let mut facts = facts(&[1, 2]);
    facts.assessed = vec![
        found(1, NEED, "2024-05-01", true),
        found(2, NEED, "2024-05-01", true),
        found(2, NEED, "2024-12-01", false),
    ];
    assert_eq!(standings(Measure::SupportUsed, &facts), [Standing::NotServed, Standing::NotInNeed]);
}

#[test]
fn a_person_with_two_cases_counts_once_in_the_unit_of_the_first_assessment_of_the_year() {
    let mut facts = facts(&[1, 1]);
    facts.clients[1].case = case(9);
    facts.assessed = vec![
        Due { unit: "G34-P38".into(), ..found(1, NEED, "2024-02-01", true) },
        Due { unit: "G34-P79".into(), case: case(9), ..found(1, NEED, "2025-02-01", true) },
        Due { unit: "G34-P44".into(), ..found(1, OTHER, "2025-05-01", true) },
    ];
    let outcomes = outcomes(Measure::SupportUsed, year(), &facts);
    assert_eq!(outcomes.len(), 1);
    assert_eq!(outcomes[0].unit, "G34-P79");
}

#[test]
fn a_victim_is_served_only_when_every_regime_due_was_received() {
    let mut facts = facts(&[1, 2]);
    facts.assessed = vec![
        found(1, NEED, "2025-03-01", true),
        found(1, OTHER, "2025-03-01", true),
        found(2, NEED, "2025-03-01", true),
        found(2, OTHER, "2025-03-01", true),
    ];
    facts.used = [(person(1), case(1), NEED), (person(1), case(1), OTHER), (person(2), case(2), NEED)].into();
    assert_eq!(standings(Measure::RegimesReceived, &facts), [Standing::Served, Standing::NotServed]);
}

#[test]
fn a_refused_regime_is_not_due_and_whoever_refused_all_stands_beside_both_numbers() {
    let mut facts = facts(&[1, 2, 3]);
    facts.assessed = vec![
        found(1, NEED, "2025-03-01", true),
        found(1, OTHER, "2025-03-01", true),
        found(2, NEED, "2025-03-01", true),
        found(3, NEED, "2025-03-01", true),
        found(3, OTHER, "2025-03-01", true),
    ];
    facts.used = [(person(1), case(1), NEED)].into();
    facts.refused = vec![refusal(1, Some(OTHER)), refusal(2, None), refusal(3, Some(OTHER))];
    let expected = [Standing::Served, Standing::Refused, Standing::NotServed];
    assert_eq!(standings(Measure::RegimesReceived, &facts), expected);
    let figure = Figure::of(&outcomes(Measure::RegimesReceived, year(), &facts));
    assert_eq!((figure.numerator, figure.denominator, figure.refused), (1, 2, 1));
}

#[test]
fn a_victim_whose_regimes_were_never_assessed_has_not_been_served() {
    let mut facts = facts(&[1, 2]);
    facts.refused = vec![refusal(2, None)];
    assert_eq!(standings(Measure::RegimesReceived, &facts), [Standing::NotServed, Standing::Refused]);
}

#[test]
fn what_was_given_or_refused_for_an_earlier_trafficking_does_not_answer_for_a_new_one() {
    let mut facts = facts(&[1, 2]);
    facts.assessed = vec![found(1, NEED, "2025-03-01", true), found(2, NEED, "2025-03-01", true)];
    facts.used = [(person(1), case(77), NEED)].into();
    facts.refused = vec![Refusal { case: case(78), ..refusal(2, None) }];
    assert_eq!(standings(Measure::RegimesReceived, &facts), [Standing::NotServed, Standing::NotServed]);
}

#[test]
fn a_regime_found_due_after_it_was_refused_is_due_again() {
    let mut facts = facts(&[1]);
    facts.assessed = vec![found(1, NEED, "2025-03-01", true), found(1, NEED, "2025-06-01", true)];
    facts.refused = vec![refusal(1, None)];
    assert_eq!(standings(Measure::RegimesReceived, &facts), [Standing::NotServed]);
}

#[test]
fn a_year_that_runs_is_cut_off_today_and_a_year_to_come_has_no_figure() {
    let today = day("2025-08-15");
    assert_eq!(Period::of_year(2025, today).map(|period| period.end), Some(today));
    assert_eq!(Period::of_year(2026, today), None);
}

prop_compose! {
    fn any_finding()(who in 0_u128..6, service in 0_usize..3, month in 1_u32..=24, due: bool) -> Due {
        let service = ServiceType::ALL[service];
        let on = NaiveDate::from_ymd_opt(2024 + i32::from(month > 12), (month - 1) % 12 + 1, 10).expect("a date");
        Due { on, ..found(who, service, "2025-01-01", due) }
    }
}

prop_compose! {
    fn any_facts()(
        clients in prop::collection::vec(0_u128..6, 0..8),
        mut assessed in prop::collection::vec(any_finding(), 0..20),
        used in prop::collection::btree_set((0_u128..6, 0_usize..3), 0..8),
        refused in prop::collection::btree_set((0_u128..6, prop::option::of(0_usize..3)), 0..4),
    ) -> Facts {
        assessed.sort_by_key(|finding| finding.on);
        let mut all = facts(&clients);
        all.assessed = assessed;
        all.used = used.into_iter().map(|(who, service)| (person(who), case(who), ServiceType::ALL[service])).collect();
        all.refused = refused.into_iter()
            .map(|(who, service)| refusal(who, service.map(|service| ServiceType::ALL[service]))).collect();
        all
    }
}

proptest! {
    #[test]
    fn every_client_stands_in_exactly_one_place_and_units_add_up(facts in any_facts()) {
        for measure in Measure::ALL {
            let outcomes = outcomes(*measure, year(), &facts);
            let distinct: BTreeSet<PersonId> = facts.clients.iter().map(|client| client.person).collect();
            prop_assert_eq!(outcomes.len(), distinct.len());
            let figure = Figure::of(&outcomes);
            prop_assert!(figure.numerator <= figure.denominator);
            prop_assert!(figure.denominator + figure.refused <= figure.clients);
            let units: BTreeSet<&str> = outcomes.iter().map(|outcome| outcome.unit.as_str()).collect();
            let by_unit: u64 = units
                .iter()
                .map(|unit| Figure::of(outcomes.iter().filter(|outcome| outcome.unit == *unit)).denominator)
                .sum();
            prop_assert_eq!(by_unit, figure.denominator);
        }
    }

    #[test]
    fn one_more_delivery_never_lowers_a_numerator_and_moves_it_by_one_at_the_most(
        facts in any_facts(), who in 0_u128..6, service in 0_usize..3,
    ) {
        for measure in Measure::ALL {
            let before = Figure::of(&outcomes(*measure, year(), &facts));
            let mut more = facts.clone();
            more.used.insert((person(who), case(who), ServiceType::ALL[service]));
            let after = Figure::of(&outcomes(*measure, year(), &more));
            prop_assert!(after.numerator == before.numerator || after.numerator == before.numerator + 1);
        }
    }
}
