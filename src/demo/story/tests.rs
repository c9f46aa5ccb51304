use std::collections::BTreeSet;

use chrono::{Datelike, Weekday};
use rand::SeedableRng;

use super::*;
use crate::demo::dice::pick;

const STATUS_STEPS: &[(&str, &str)] = &[
    ("received", "screened"),
    ("screened", "under_verification"),
    ("screened", "receiving_support"),
    ("under_verification", "confirmed"),
    ("under_verification", "not_confirmed"),
    ("confirmed", "receiving_support"),
    ("not_confirmed", "receiving_support"),
    ("receiving_support", "suspended"),
    ("receiving_support", "out_of_contact"),
    ("receiving_support", "closed"),
    ("suspended", "closed"),
    ("out_of_contact", "closed"),
];
const CLOSE_REASONS: &[&str] = &["reintegrated", "not_wanted_now", "transferred", "moved", "died", "other"];
const DECLINE_REASONS: &[&str] = &["no_places", "not_eligible", "unreachable", "other"];
const REGIONS: &[Region] =
    &[Region::RedRiver, Region::NorthernMountains, Region::NorthCentral, Region::CentralCoast, Region::South];
const ONCE_ONLY: &[&str] = &["initial_allowance", "loan"];

fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 22).unwrap_or_default()
}

fn stories(seed: u64, count: u32, strength: f64) -> Vec<Story> {
    let mut rng = StdRng::seed_from_u64(seed);
    (1..=count)
        .map(|number| {
            let region = pick(&mut rng, REGIONS);
            story_in(&mut rng, number, today(), strength, region)
        })
        .collect()
}

fn ratio(part: usize, whole: usize) -> f64 {
    f64::from(u32::try_from(part).unwrap_or(0)) / f64::from(u32::try_from(whole.max(1)).unwrap_or(1))
}

fn has(story: &Story, category: &str) -> bool {
    story.person.categories.contains(&category)
}

/// Service types needed and due at or before `day`.
fn due_by(story: &Story, day: NaiveDate) -> BTreeSet<&'static str> {
    let until = story.assessments.iter().filter(|assessment| assessment.assessed_on <= day);
    until.flat_map(|done| &done.needs).filter(|need| need.in_need && need.eligible).map(|n| n.service_type).collect()
}

fn given_on(story: &Story, purpose: &str) -> Option<NaiveDate> {
    story.consents.iter().find(|consent| consent.purpose == purpose).map(|consent| consent.given_on)
}

fn all_dates(story: &Story) -> Vec<NaiveDate> {
    let mut dates: Vec<NaiveDate> = story.case.events.iter().map(|change| change.on).collect();
    dates.extend(story.consents.iter().map(|consent| consent.given_on));
    dates.extend(story.assessments.iter().map(|assessment| assessment.assessed_on));
    dates.extend(story.deliveries.iter().map(|delivery| delivery.delivered_on));
    dates.extend(story.refusals.iter().map(|refusal| refusal.refused_on));
    for sent in &story.referrals {
        dates.extend([Some(sent.sent_on), sent.answered_on, sent.started_on, sent.completed_on].into_iter().flatten());
    }
    dates.extend([story.case.closed_on, story.case.identified_on].into_iter().flatten());
    dates
}

fn check_person(story: &Story) {
    let person = &story.person;
    let born_latest = match person.birth_precision {
        "exact" => person.birth_date,
        "year" => person.birth_year.and_then(|year| NaiveDate::from_ymd_opt(year, 12, 31)),
        _ => None,
    };
    assert_eq!(person.birth_date.is_some(), person.birth_precision == "exact");
    assert_eq!(person.birth_year.is_some(), person.birth_precision == "year");
    if let Some(born) = born_latest {
        let slack = u32::from(person.birth_precision == "year");
        assert!(story.case.received_on.years_since(born).unwrap_or(0) + slack >= 12, "{person:?}");
    }
    assert_eq!(person.anonymous, person.name.is_none());
    assert!(!person.anonymous || person.national_id.is_none());
    assert!(person.national_id.iter().all(|id| id.starts_with("000") && id.len() == 12));
    assert!(person.phone.iter().all(|phone| phone.starts_with("0000 ")));
    let unique: Vec<_> = person.categories.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
    assert_eq!(unique, person.categories);
    assert!(person.categories.contains(&story.case.category));
    assert_eq!(has(story, "identified_victim"), story.case.identified_on.is_some());
    assert!(!(has(story, "identified_victim") && has(story, "possible_victim")));
    assert!(!(person.anonymous && has(story, "identified_victim")));
}

fn check_case(story: &Story) {
    let case = &story.case;
    let first = case.events.first().map(|change| (change.from, change.to, change.on));
    assert_eq!(first, Some((None, "received", case.received_on)));
    for (before, after) in case.events.iter().zip(case.events.iter().skip(1)) {
        assert_eq!(after.from, Some(before.to));
        assert!(before.on <= after.on, "{case:?}");
        assert!(STATUS_STEPS.contains(&(before.to, after.to)), "{case:?}");
    }
    assert_eq!(case.events.last().map(|change| change.to), Some(case.status));
    assert_eq!(case.closed_on.is_some(), case.status == "closed");
    assert_eq!(case.close_reason.is_some(), case.status == "closed");
    assert!(case.close_reason.iter().all(|reason| CLOSE_REASONS.contains(reason)));
    let day_of = |status| case.events.iter().find(|change| change.to == status).map(|change| change.on);
    assert_eq!(case.identified_on, day_of("confirmed"));
    assert_eq!(case.closed_on, day_of("closed"));
    for day in all_dates(story) {
        assert!(day >= case.received_on && day <= today(), "{story:?}");
        assert!(case.closed_on.is_none_or(|closed| day <= closed), "{story:?}");
    }
    if case.close_reason == Some("reintegrated") {
        assert!(!story.deliveries.is_empty() || due_by(story, today()).is_empty(), "{story:?}");
    }
    if case.status == "closed" {
        assert!(!story.referrals.iter().any(Referral::is_pending));
    }
}

fn check_referral(story: &Story, sent: &Referral) {
    assert!(given_on(story, "referral").is_some_and(|given| given <= sent.sent_on), "{story:?}");
    assert!(due_by(story, sent.sent_on).contains(sent.service_type), "{story:?}");
    assert!(sent.answer_due_on > sent.sent_on);
    match sent.answer {
        "open" => assert!(sent.answered_on.is_none() && sent.answer_due_on >= today(), "{sent:?}"),
        "expired" => assert!(sent.answered_on.is_some_and(|day| day > sent.answer_due_on)),
        "accepted" | "declined" => {
            assert!(sent.answered_on.is_some_and(|day| day >= sent.sent_on && day <= sent.answer_due_on));
        }
        other => assert_eq!(other, "an answer"),
    }
    assert_eq!(sent.decline_reason.is_some(), sent.answer == "declined");
    assert!(sent.decline_reason.iter().all(|reason| DECLINE_REASONS.contains(reason)));
    assert!(sent.started_on.is_none() || (sent.answer == "accepted" && sent.started_on >= sent.answered_on));
    assert!(sent.completed_on.is_none() || (sent.started_on.is_some() && sent.completed_on >= sent.started_on));
    assert_eq!(sent.completed_on.is_some(), sent.outcome.is_some());
    assert!(sent.outcome.iter().all(|outcome| ["completed", "stopped"].contains(outcome)));
}

fn check_support(story: &Story) {
    let screened = story.case.events.iter().find(|change| change.to == "screened").map(|change| change.on);
    assert_eq!(given_on(story, "support"), screened);
    story.referrals.iter().for_each(|sent| check_referral(story, sent));
    for given in &story.deliveries {
        assert!(given_on(story, "support").is_some_and(|day| day <= given.delivered_on));
        assert!(due_by(story, given.delivered_on).contains(given.service_type), "{story:?}");
        assert_eq!(given.form == "money", given.amount_dong.is_some_and(|amount| amount > 0));
        assert!(given.form == "money" || given.form == "in_kind" && given.amount_dong.is_none());
        if let Some(sent) = given.referral.map(|position| story.referrals.get(position)) {
            let fits = sent.is_some_and(|sent| {
                sent.service_type == given.service_type
                    && sent.started_on.is_some_and(|day| day <= given.delivered_on)
                    && sent.completed_on.is_none_or(|day| given.delivered_on <= day)
            });
            assert!(fits, "{story:?}");
        }
        for refusal in &story.refusals {
            match refusal.service_type {
                Some(service) => assert_ne!(service, given.service_type, "{story:?}"),
                None => assert!(given.delivered_on <= refusal.refused_on),
            }
        }
    }
    for (position, sent) in story.referrals.iter().enumerate() {
        let served = story.deliveries.iter().any(|given| given.referral == Some(position));
        assert!(served || sent.outcome != Some("completed"), "{story:?}");
    }
    for service in ONCE_ONLY {
        assert!(story.deliveries.iter().filter(|given| given.service_type == *service).count() <= 1);
    }
}

/// Persons with a need that is due, and those of them with a delivery.
fn reached<'a>(stories: impl Iterator<Item = &'a Story>) -> (usize, usize) {
    let due: Vec<&Story> = stories.filter(|story| !due_by(story, today()).is_empty()).collect();
    (due.len(), due.iter().filter(|story| !story.deliveries.is_empty()).count())
}

#[test]
fn five_thousand_stories_keep_the_order_of_things() {
    for strength in [0.6, 1.0, 1.4] {
        for story in stories(11, 5_000, strength) {
            check_person(&story);
            check_case(&story);
            check_support(&story);
        }
    }
}

#[test]
fn equal_seeds_tell_equal_stories() {
    assert_eq!(stories(7, 400, 1.0), stories(7, 400, 1.0));
    assert_ne!(stories(7, 400, 1.0), stories(8, 400, 1.0));
}

#[test]
fn odd_inputs_do_no_harm() {
    let mut rng = StdRng::seed_from_u64(1);
    for (number, strength) in [(0, f64::NAN), (u32::MAX, f64::INFINITY), (1, -3.0), (2, 0.0)] {
        for _ in 0..50 {
            let leap_day = NaiveDate::from_ymd_opt(2028, 2, 29).unwrap_or_default();
            let told = story_in(&mut rng, number, leap_day, strength, Region::NorthernMountains);
            assert_eq!((told.number, told.region), (number, Region::NorthernMountains));
            assert!(all_dates(&told).iter().all(|day| *day <= leap_day));
        }
    }
}

#[test]
fn categories_and_persons_have_believable_shares() {
    let all = stories(21, 10_000, 1.0);
    let share = |holds: &dyn Fn(&Story) -> bool| ratio(all.iter().filter(|story| holds(story)).count(), all.len());
    let within = |what: &str, low: f64, high: f64, value: f64| {
        assert!((low..=high).contains(&value), "{what}: {value}");
    };
    within("selling sex", 0.42, 0.48, share(&|s| has(s, "person_selling_sex")));
    within("identified", 0.17, 0.23, share(&|s| has(s, "identified_victim")));
    within("possible", 0.07, 0.13, share(&|s| has(s, "possible_victim")));
    within("women", 0.75, 0.85, share(&|s| s.person.sex == "female"));
    within("men", 0.11, 0.19, share(&|s| s.person.sex == "male"));
    within("other sex", 0.02, 0.06, share(&|s| s.person.sex == "other"));
    within("anonymous", 0.05, 0.12, share(&|s| s.person.anonymous));
    within("no national id", 0.45, 0.70, share(&|s| s.person.national_id.is_none()));
    within("exact birth", 0.65, 0.82, share(&|s| s.person.birth_precision == "exact"));
    within("unknown birth", 0.03, 0.12, share(&|s| s.person.birth_precision == "unknown"));
    within("minors", 0.03, 0.08, share(&|s| s.consents.first().is_some_and(|c| c.given_by != "self")));
    within("foreign", 0.005, 0.03, share(&|s| s.person.nationality.is_some_and(|code| code != "VN")));
    within("closed", 0.35, 0.70, share(&|s| s.case.status == "closed"));
    let weekend = |s: &Story| matches!(s.case.received_on.weekday(), Weekday::Sat | Weekday::Sun);
    within("received at weekends", 0.05, 0.15, share(&weekend));
    let kinh: Vec<_> = all.iter().filter(|s| s.person.ethnicity == Some("kinh") && s.person.name.is_some()).collect();
    let nguyen = |s: &&&Story| s.person.name.as_ref().is_some_and(|name| name.starts_with("Nguyễn "));
    within("Nguyễn", 0.34, 0.41, ratio(kinh.iter().filter(nguyen).count(), kinh.len()));
}

#[test]
fn support_reaches_a_believable_share() {
    let all = stories(22, 10_000, 1.0);
    let within = |what: &str, low: f64, high: f64, (whole, part): (usize, usize)| {
        assert!((low..=high).contains(&ratio(part, whole)), "{what}: {}", ratio(part, whole));
    };
    within("all", 0.58, 0.70, reached(all.iter()));
    within("selling sex", 0.55, 0.68, reached(all.iter().filter(|s| has(s, "person_selling_sex"))));
    let identified: Vec<_> = all.iter().filter(|s| has(s, "identified_victim")).collect();
    within("identified", 0.65, 0.85, reached(identified.iter().copied()));
    let refused = identified.iter().filter(|s| !s.refusals.is_empty()).count();
    within("refusals of identified victims", 0.09, 0.15, (identified.len(), refused));
    let statuses: BTreeSet<&str> = all.iter().map(|s| s.case.status).collect();
    assert_eq!(statuses.len(), 9, "{statuses:?}");
    let reasons: BTreeSet<&str> = all.iter().filter_map(|s| s.case.close_reason).collect();
    assert_eq!(reasons.len(), CLOSE_REASONS.len());
    let answers: BTreeSet<&str> = all.iter().flat_map(|s| &s.referrals).map(|sent| sent.answer).collect();
    assert_eq!(answers.len(), 4);
}

#[test]
fn stronger_centres_reach_more() {
    let share = |strength| {
        let (whole, part) = reached(stories(23, 4_000, strength).iter());
        ratio(part, whole)
    };
    let (weak, ordinary, strong) = (share(0.7), share(1.0), share(1.3));
    assert!(weak + 0.05 < ordinary && ordinary + 0.05 < strong, "{weak} {ordinary} {strong}");
}
