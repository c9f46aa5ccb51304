//! Nights in a facility, and what a manager let exceed a limit. Drawn from a source of its own, so that the
//! rest of the stories stays what it was.

use chrono::{Months, NaiveDate};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::Story;
use super::calendar::plus;
use crate::demo::dice::{chance, weighted};

/// A stay at a facility.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stay {
    /// First day.
    pub in_on: NaiveDate,
    /// Last day; none while it goes on.
    pub out_on: Option<NaiveDate>,
    /// Day on which the person is expected to leave.
    pub expected_out_on: NaiveDate,
    /// Label of room or bed.
    pub room: String,
    /// Position in [`Story::referrals`]; none at the centre itself.
    pub referral: Option<usize>,
    /// Days added, on which day, by whom.
    pub extension: Option<(u16, NaiveDate, &'static str)>,
}

/// A manager's decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Override {
    /// Service type.
    pub service_type: &'static str,
    /// `applied_in_time`, `no_safe_place`, `to_be_completed` …
    pub reason: &'static str,
    /// Day of the decision.
    pub decided_on: NaiveDate,
    /// Last day.
    pub valid_until: NaiveDate,
    /// Day on which it was taken back.
    pub revoked_on: Option<NaiveDate>,
}

/// Days of essential needs by the law of the day (see `config/entitlements.toml`).
fn limit_of(story: &Story) -> u64 {
    let law_of = story.case.identified_on.unwrap_or(story.case.received_on);
    let since = NaiveDate::from_ymd_opt(2025, 7, 1).unwrap_or_default();
    if law_of < since { 60 } else { 120 }
}

/// Tells stays and overrides of a story that is finished otherwise.
pub(super) fn tell(story: &mut Story, today: NaiveDate) {
    let rng = &mut StdRng::seed_from_u64(u64::from(story.number).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 6);
    story.stays = stays(rng, story, today);
    story.overrides = overrides(rng, story, today);
}

fn stays(rng: &mut StdRng, story: &Story, today: NaiveDate) -> Vec<Stay> {
    let essential = |position: &usize| {
        story
            .referrals
            .get(*position)
            .is_some_and(|sent| sent.service_type == "essential_needs" && sent.started_on.is_some())
    };
    if let Some(position) = (0..story.referrals.len()).find(essential) {
        let sent = story.referrals.get(position);
        let days = sent.and_then(|sent| sent.started_on).map(|from| (from, sent.and_then(|sent| sent.completed_on)));
        return days.map(|(from, to)| stay(rng, story, (from, to), Some(position), today)).into_iter().collect();
    }
    let own = story.deliveries.iter().filter(|given| given.service_type == "essential_needs");
    let Some(from) = own.map(|given| given.delivered_on).min() else { return Vec::new() };
    if !chance(rng, 0.7) {
        return Vec::new();
    }
    let (fewest, most) = weighted(rng, &[(50, (8_u64, 45_u64)), (28, (46, 112)), (22, (114, 190))]);
    let planned = plus(from, rng.random_range(fewest..=most));
    let ends = story.case.events.iter().find(|change| matches!(change.to, "suspended" | "out_of_contact" | "closed"));
    let end = ends.map_or(planned, |change| planned.min(change.on)).max(from);
    vec![stay(rng, story, (from, Some(end).filter(|end| *end <= today)), None, today)]
}

fn stay(
    rng: &mut StdRng,
    story: &Story,
    (in_on, out_on): (NaiveDate, Option<NaiveDate>),
    referral: Option<usize>,
    today: NaiveDate,
) -> Stay {
    let limit = limit_of(story);
    // Days outside the stay count too; there are few of them.
    let outside = story.deliveries.iter().filter(|given| given.service_type == "essential_needs").count();
    let last = out_on.unwrap_or(today);
    let nights = u64::try_from((last - in_on).num_days()).unwrap_or(0) + 1 + u64::try_from(outside).unwrap_or(0);
    let decided_on = plus(in_on, limit.saturating_sub(12));
    let extension = (nights > limit).then(|| {
        let days = (nights - limit).div_ceil(30).max(1) * 30;
        let by = weighted(rng, &[(7, "facility_director"), (3, "health_department")]);
        (u16::try_from(days).unwrap_or(30), decided_on.min(last), by)
    });
    let house = weighted(rng, &[(1, 'A'), (1, 'B'), (1, 'C')]);
    // A bed is one person's; a room is shared.
    let room = if story.number < 10_000 && chance(rng, 0.5) {
        format!("{house}{}-1", story.number)
    } else {
        format!("{house}{}", 101 + story.number % 40)
    };
    let expected_out_on = out_on.unwrap_or_else(|| plus(in_on, limit - 1));
    Stay { in_on, out_on, expected_out_on, room, referral, extension }
}

fn overrides(rng: &mut StdRng, story: &Story, today: NaiveDate) -> Vec<Override> {
    let Some(identified_on) = story.case.identified_on else { return Vec::new() };
    let last = story.case.closed_on.unwrap_or(today);
    let mut told = Vec::new();
    // An allowance paid out later than twelve months after identification needs the manager's word.
    let late = identified_on.checked_add_months(Months::new(12)).and_then(|end| {
        story.deliveries.iter().find(|given| given.service_type == "initial_allowance" && given.delivered_on > end)
    });
    if let Some(given) = late {
        told.push(Override {
            service_type: "initial_allowance",
            reason: "applied_in_time",
            decided_on: given.delivered_on,
            valid_until: plus(given.delivered_on, 30),
            revoked_on: None,
        });
    }
    let decided_on = plus(identified_on, rng.random_range(10..=200));
    if chance(rng, 0.04) && decided_on < last {
        let (service_type, reason) = weighted(
            rng,
            &[
                (4, ("essential_needs", "no_safe_place")),
                (3, ("vocational_training", "to_be_completed")),
                (2, ("initial_allowance", "applied_in_time")),
                (1, ("general_education", "authority_decision")),
            ],
        );
        let revoked_on = chance(rng, 0.2).then(|| plus(decided_on, 14)).filter(|day| *day <= last);
        let valid_until = plus(decided_on, rng.random_range(30..=150));
        told.push(Override { service_type, reason, decided_on, valid_until, revoked_on });
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::names::Region;
    use crate::demo::story::story_in;

    #[test]
    fn stays_lie_within_the_case_and_every_kind_of_them_is_told() {
        let today = NaiveDate::from_ymd_opt(2026, 11, 22).unwrap_or_default();
        let mut rng = StdRng::seed_from_u64(31);
        let (mut ended, mut running, mut extended, mut referred, mut overridden, mut revoked) = (0, 0, 0, 0, 0, 0);
        for number in 0..8_000 {
            let story = story_in(&mut rng, number, today, 1.0, Region::South);
            for stay in &story.stays {
                let last = stay.out_on.unwrap_or(today);
                assert!(story.case.received_on <= stay.in_on && stay.in_on <= last && last <= today, "{story:?}");
                assert!(
                    story.case.closed_on.is_none_or(|closed| stay.out_on.is_some_and(|out| out <= closed)),
                    "{story:?}"
                );
                assert!(crate::stays::model::is_label(&stay.room), "{}", stay.room);
                if let Some((days, on, _)) = stay.extension {
                    assert!(days > 0 && stay.in_on <= on && on <= last, "{story:?}");
                    extended += 1;
                }
                referred += usize::from(stay.referral.is_some());
                ended += usize::from(stay.out_on.is_some());
                running += usize::from(stay.out_on.is_none());
            }
            for decided in &story.overrides {
                assert!(decided.decided_on <= today && decided.decided_on < decided.valid_until);
                overridden += 1;
                revoked += usize::from(decided.revoked_on.is_some());
            }
        }
        let all = [ended, running, extended, referred, overridden, revoked];
        assert!(all.iter().all(|count| *count > 3), "{all:?}");
    }
}
