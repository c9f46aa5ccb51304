//! The evaluator: known cases, and what holds whatever the facts are.

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::cases::CaseStatus;
use crate::cases::status::CloseReason;
use crate::db::types::Instant;
use crate::entitlements::catalogue::Group;
use crate::entitlements::facts::{CaseFacts, Ground, ProgrammeMark, Span};
use crate::entitlements::model::Circumstance;
use crate::persons::ClientCategory;
use crate::persons::model::{Birth, BirthPrecision};
use crate::services::Services;

fn catalogue() -> Catalogue {
    Catalogue::shipped(&Services::shipped().unwrap()).unwrap()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn case_id(number: u128) -> CaseId {
    CaseId(Uuid::from_u128(number))
}

fn at(day: NaiveDate) -> Instant {
    Instant(day.and_time(chrono::NaiveTime::MIN).and_utc())
}

fn case(number: u128, received: &str, identified: Option<&str>, closed: Option<(&str, CloseReason)>) -> CaseFacts {
    CaseFacts {
        id: case_id(number),
        category: ClientCategory::PossibleVictim,
        received_on: day(received),
        closed_on: closed.map(|(on, _)| day(on)),
        close_reason: closed.map(|(_, reason)| reason),
        created_at: at(day(received)),
        continues: None,
        trafficked_again: false,
        identified_on: identified.map(day),
        steps: identified.map(|on| (day(on), CaseStatus::Confirmed)).into_iter().collect(),
        circumstances: Vec::new(),
    }
}

fn facts(cases: Vec<CaseFacts>) -> Facts {
    Facts {
        today: day("2026-11-24"),
        birth: Birth { precision: BirthPrecision::Exact, date: Some(day("1996-03-08")), year: None },
        nationality: Some("VN".into()),
        cases,
        uses: Vec::new(),
        stays: Vec::new(),
        marks: Vec::new(),
    }
}

fn given(case: u128, service: ServiceType, on: NaiveDate, key: u128) -> Use {
    Use { case: case_id(case), service, day: on, key: Uuid::from_u128(key), recorded_at: at(on) }
}

fn of<'a>(catalogue: &'a Catalogue, facts: &Facts, case: u128, on: &str, service: ServiceType) -> Entitlement<'a> {
    let all = evaluate(catalogue, facts, case_id(case), day(on));
    all.into_iter().find(|one| one.regime.service == service).unwrap()
}

#[test]
fn a_day_in_a_stay_and_a_delivery_on_it_are_one_day() {
    let catalogue = catalogue();
    let mut known = facts(vec![case(1, "2025-08-01", Some("2025-08-05"), None)]);
    known.stays.push(Span { case: case_id(1), from: day("2025-08-10"), to: Some(day("2025-08-19")), extended: 0 });
    for (key, on) in [(1, "2025-08-12"), (2, "2025-08-12"), (3, "2025-08-25")] {
        known.uses.push(given(1, ServiceType::EssentialNeeds, day(on), key));
    }
    let found = of(&catalogue, &known, 1, "2025-09-01", ServiceType::EssentialNeeds);
    assert_eq!((found.used, found.left), (11, Some(109)));
}

#[test]
fn a_new_episode_begins_only_after_the_old_one_was_closed_for_good() {
    let overlapping = facts(vec![
        case(1, "2023-01-01", Some("2023-01-10"), Some(("2024-01-01", CloseReason::Reintegrated))),
        case(2, "2023-12-01", Some("2023-12-10"), None),
    ]);
    assert_eq!(overlapping.episode(case_id(2)).len(), 2);
    for (reason, alone) in [
        (CloseReason::Reintegrated, true),
        (CloseReason::NotWantedNow, true),
        (CloseReason::Transferred, false),
        (CloseReason::Moved, false),
    ] {
        let known = facts(vec![
            case(1, "2023-01-01", Some("2023-01-10"), Some(("2023-06-01", reason))),
            case(2, "2024-12-01", Some("2024-12-10"), None),
        ]);
        assert_eq!(known.episode(case_id(2)) == [case_id(2)], alone, "{reason}");
        assert_eq!(known.episode(case_id(1)) == [case_id(1)], alone, "{reason}");
    }
}

#[test]
fn whoever_is_trafficked_again_begins_a_new_episode_and_a_handed_over_case_goes_on_with_the_old_one() {
    let handed_over = case(1, "2023-01-01", Some("2023-01-10"), Some(("2023-06-01", CloseReason::Transferred)));
    let taken_over = |closed| CaseFacts { continues: Some(case_id(1)), ..case(2, "2023-06-01", None, closed) };
    let again = |from| CaseFacts { trafficked_again: true, ..case(3, from, Some(from), None) };
    let known = facts(vec![handed_over.clone(), taken_over(None), again("2024-03-01")]);
    assert_eq!(known.episode(case_id(2)), [case_id(1), case_id(2)]);
    assert_eq!(known.episode(case_id(3)), [case_id(3)], "although the old case is still open");
    let over = Some(("2024-01-01", CloseReason::Reintegrated));
    let later = case(3, "2024-03-01", Some("2024-03-05"), None);
    let known = facts(vec![handed_over.clone(), taken_over(over), later]);
    assert_eq!(known.episode(case_id(3)), [case_id(3)], "its end is that of the case that went on with it");
    let mut moved_again = CaseFacts { continues: Some(case_id(3)), ..again("2024-05-01") };
    moved_again.id = case_id(4);
    let known = facts(vec![handed_over, taken_over(over), again("2024-03-01"), moved_again]);
    assert_eq!(known.episode(case_id(4)), [case_id(3), case_id(4)]);
}

#[test]
fn the_law_of_an_episode_is_that_of_its_first_identification() {
    let catalogue = catalogue();
    let known =
        facts(vec![case(1, "2025-05-01", Some("2025-06-30"), None), case(2, "2025-06-15", Some("2025-07-20"), None)]);
    for number in [1, 2] {
        let standing = known.standing(&catalogue, case_id(number), day("2025-09-01")).unwrap();
        assert_eq!(standing.law_of, day("2025-06-30"));
    }
    // Before anybody was identified the law is that of the reception.
    let before = known.standing(&catalogue, case_id(1), day("2025-06-29")).unwrap();
    assert_eq!((before.ground, before.law_of), (Ground::BeingIdentified, day("2025-05-01")));
}

#[test]
fn a_verdict_counts_from_its_day_and_a_later_one_takes_its_place() {
    let catalogue = catalogue();
    let mut twice = case(1, "2025-08-01", None, None);
    twice.steps = vec![(day("2025-08-10"), CaseStatus::NotConfirmed), (day("2025-09-10"), CaseStatus::Confirmed)];
    let known = facts(vec![twice]);
    let standing = |on| known.standing(&catalogue, case_id(1), day(on));
    assert_eq!(standing("2025-07-31"), Err(Absence::NotYetReceived));
    assert_eq!(standing("2025-08-09").unwrap().group, Group::BeingIdentifiedAtHome);
    assert_eq!(standing("2025-08-10"), Err(Absence::NotConfirmed));
    assert_eq!(standing("2025-09-10").unwrap().identified_on, Some(day("2025-09-10")));
}

#[test]
fn somebody_of_any_category_is_being_identified_until_there_is_a_verdict_and_has_no_list_after_a_negative_one() {
    let catalogue = catalogue();
    let mut other = case(1, "2025-08-01", None, None);
    other.category = ClientCategory::PersonSellingSex;
    assert!(!other.is_victims());
    other.steps = vec![(day("2025-08-10"), CaseStatus::UnderVerification)];
    assert!(other.is_victims());
    let standing = facts(vec![other.clone()]).standing(&catalogue, case_id(1), day("2025-08-10")).unwrap();
    assert_eq!(standing.group, Group::BeingIdentifiedAtHome);
    other.steps.push((day("2025-09-10"), CaseStatus::NotConfirmed));
    assert!(!other.is_victims(), "what a programme gives such a person is not measured by this law");
}

#[test]
fn somebody_verified_again_is_being_identified_again_and_a_victim_stays_one_meanwhile() {
    let catalogue = catalogue();
    let again = |first| {
        let mut twice = case(1, "2025-08-01", None, None);
        twice.steps = vec![(day("2025-08-10"), first), (day("2025-09-10"), CaseStatus::UnderVerification)];
        facts(vec![twice]).standing(&catalogue, case_id(1), day("2025-09-11")).unwrap().ground
    };
    assert_eq!(again(CaseStatus::NotConfirmed), Ground::BeingIdentified);
    assert_eq!(again(CaseStatus::Confirmed), Ground::Identified);
}

#[test]
fn an_accompanying_minor_who_turns_eighteen_has_no_standing_of_that_kind_any_more() {
    let catalogue = catalogue();
    let mut with = case(1, "2025-08-01", None, None);
    with.category = ClientCategory::AtRisk;
    with.circumstances.push((day("2025-08-01"), Circumstance::AccompaniesVictim));
    let mut known = facts(vec![with]);
    known.birth.date = Some(day("2008-01-15"));
    let standing = |on| known.standing(&catalogue, case_id(1), day(on));
    assert_eq!(standing("2026-01-14").unwrap().group, Group::AccompanyingMinor);
    assert_eq!(standing("2026-01-15"), Err(Absence::NoVictimStatus));
}

#[test]
fn what_a_programme_gives_is_neither_refused_nor_counted() {
    let catalogue = catalogue();
    let mut known = facts(vec![case(1, "2025-08-01", Some("2025-08-05"), None)]);
    let (service, since) = (ServiceType::VocationalTraining, day("2025-09-01"));
    known.uses.push(given(1, service, day("2025-09-05"), 1));
    assert_eq!(excess(&catalogue, &known, &given(1, service, day("2025-09-06"), 2)), Some(Excess::OnceOnly));
    known.marks.push(ProgrammeMark { case: case_id(1), service, since, by_programme: true });
    assert_eq!(excess(&catalogue, &known, &given(1, service, day("2025-09-06"), 2)), None);
    assert_eq!(of(&catalogue, &known, 1, "2025-10-01", service).used, 0);
}

#[test]
fn care_is_not_refused_when_the_year_of_health_insurance_is_over() {
    let catalogue = catalogue();
    let known = facts(vec![case(1, "2025-08-01", Some("2025-08-05"), None)]);
    assert_eq!(of(&catalogue, &known, 1, "2026-11-01", ServiceType::Medical).until, Some(day("2026-08-05")));
    assert_eq!(excess(&catalogue, &known, &given(1, ServiceType::Medical, day("2026-11-01"), 1)), None);
}

const SERVICES: [ServiceType; 6] = [
    ServiceType::EssentialNeeds,
    ServiceType::Medical,
    ServiceType::GeneralEducation,
    ServiceType::VocationalTraining,
    ServiceType::InitialAllowance,
    ServiceType::Travel,
];

prop_compose! {
    fn some_case()(number in 1..4_u128, received in 0..900_i64, takes in proptest::option::of(0..60_i64), closed in proptest::option::of(1..400_i64), verdict in any::<bool>(), transferred in any::<bool>()) -> CaseFacts {
        let begin = day("2023-11-01");
        let received_on = begin + TimeDelta::days(received);
        let decided = takes.map(|days| received_on + TimeDelta::days(days));
        let outcome = if verdict { CaseStatus::Confirmed } else { CaseStatus::NotConfirmed };
        CaseFacts {
            id: case_id(number),
            category: ClientCategory::PossibleVictim,
            received_on,
            closed_on: closed.map(|days| received_on + TimeDelta::days(days)),
            close_reason: closed.map(|_| if transferred { CloseReason::Transferred } else { CloseReason::Reintegrated }),
            created_at: at(received_on),
            continues: None,
            trafficked_again: false,
            identified_on: decided.filter(|_| verdict),
            steps: decided.map(|on| (on, outcome)).into_iter().collect(),
            circumstances: Vec::new(),
        }
    }
}

prop_compose! {
    fn some_use()(case in 1..4_u128, service in proptest::sample::select(SERVICES.to_vec()), on in 0..1100_i64, key in 1..30_u128) -> Use {
        given(case, service, day("2023-11-01") + TimeDelta::days(on), key)
    }
}

prop_compose! {
    fn some_stay()(case in 1..4_u128, from in 0..1000_i64, days in proptest::option::of(0..200_i64), extended in 0..60_u32) -> Span {
        let from = day("2023-11-01") + TimeDelta::days(from);
        Span { case: case_id(case), from, to: days.map(|days| from + TimeDelta::days(days)), extended }
    }
}

prop_compose! {
    fn some_facts()(mut cases in proptest::collection::vec(some_case(), 1..4), uses in proptest::collection::vec(some_use(), 0..40), stays in proptest::collection::vec(some_stay(), 0..5), foreign in any::<bool>()) -> Facts {
        cases.sort_by_key(|case| case.id);
        cases.dedup_by_key(|case| case.id);
        let mut known = facts(cases);
        known.uses = uses;
        known.stays = stays;
        if foreign {
            known.nationality = Some("LA".into());
        }
        known
    }
}

fn some_day() -> impl Strategy<Value = NaiveDate> {
    (0..1100_i64).prop_map(|on| day("2023-11-01") + TimeDelta::days(on))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn used_and_left_make_the_limit_and_what_is_over(known in some_facts(), on in some_day()) {
        let catalogue = catalogue();
        for case in &known.cases {
            for one in evaluate(&catalogue, &known, case.id, on) {
                if let (Some(limit), Some(left)) = (one.limit, one.left) {
                    prop_assert_eq!(u64::from(one.used) + u64::from(left), u64::from(limit) + u64::from(one.over));
                    prop_assert!(left == 0 || one.over == 0);
                }
                prop_assert_eq!(one.entitled, one.reason == Reason::Statutory);
            }
        }
    }

    #[test]
    fn more_support_or_another_stay_never_leaves_more(known in some_facts(), more in some_use(), stay in some_stay(), on in some_day()) {
        let catalogue = catalogue();
        let mut after = known.clone();
        after.uses.push(more);
        after.stays.push(Span { extended: 0, ..stay });
        for case in &known.cases {
            let before = evaluate(&catalogue, &known, case.id, on);
            for (before, after) in before.iter().zip(evaluate(&catalogue, &after, case.id, on)) {
                prop_assert!(after.used >= before.used);
                prop_assert!(after.left <= before.left);
            }
        }
    }

    #[test]
    fn what_is_not_refused_keeps_within_the_limit(mut known in some_facts(), more in proptest::collection::vec(some_use(), 1..60)) {
        // Only what was asked for is on record, and no stay that goes beyond on its own.
        let catalogue = catalogue();
        known.uses.clear();
        known.stays.clear();
        for new in more {
            // One referral is of one service.
            let new = Use { key: Uuid::from_u128(new.key.as_u128() * 100 + u128::from(SERVICES.iter().position(|s| *s == new.service).map_or(0, |n| u8::try_from(n).unwrap()))), ..new };
            if known.case(new.case).is_some() && excess(&catalogue, &known, &new).is_none() {
                known.uses.push(new);
            }
        }
        let end = day("2027-01-01");
        for case in &known.cases {
            for one in evaluate(&catalogue, &known, case.id, end) {
                let status_may_have_changed = one.regime.never_refused_for_status || one.unit == Unit::SchoolYears;
                prop_assert!(one.over == 0 || status_may_have_changed, "{:?}", one);
            }
        }
    }

    #[test]
    fn an_extension_gives_exactly_its_days(mut known in some_facts(), on in some_day(), days in 1..90_u32) {
        let catalogue = catalogue();
        let before: Vec<Option<u32>> = known.cases.iter().map(|case| limit(&catalogue, &known, case.id, on)).collect();
        let Some(stay) = known.stays.first_mut() else { return Ok(()) };
        stay.extended += days;
        let of = stay.case;
        for (case, before) in known.cases.iter().zip(before) {
            let (after, episode) = (limit(&catalogue, &known, case.id, on), known.episode(case.id));
            let gains = if episode.contains(&of) { days } else { 0 };
            prop_assert_eq!(after, before.map(|limit| limit + gains));
        }
    }

    #[test]
    fn a_stay_is_refused_exactly_when_its_days_go_beyond_what_is_left(known in some_facts(), from in 0..60_i64, days in 0..200_i64) {
        let catalogue = catalogue();
        let Some(case) = known.cases.first().map(|case| (case.id, case.received_on)) else { return Ok(()) };
        let mut known = known;
        known.uses.clear();
        known.stays.clear();
        let from = case.1 + TimeDelta::days(from);
        let to = from + TimeDelta::days(days);
        if let Some(limit) = limit(&catalogue, &known, case.0, to)
            && known.standing(&catalogue, case.0, to).is_ok()
        {
            let refused = excess_of_stay(&catalogue, &known, case.0, from, to).is_some();
            prop_assert_eq!(refused, days + 1 > i64::from(limit));
        }
    }
}

fn limit(catalogue: &Catalogue, known: &Facts, case: CaseId, on: NaiveDate) -> Option<u32> {
    let all = evaluate(catalogue, known, case, on);
    all.into_iter().find(|one| one.regime.service == ServiceType::EssentialNeeds).and_then(|one| one.limit)
}
