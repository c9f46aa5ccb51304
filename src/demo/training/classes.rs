//! Who learns with whom, and when: no row, no chance.

use std::collections::BTreeMap;

use chrono::{Datelike as _, Days, NaiveDate, Weekday};

use crate::db::types::{AccountId, CaseId, DeliveryId, OrganisationId, PersonId, ReferralId};
use crate::deliveries::model::DeliveryForm;
use crate::demo::batch::Records;
use crate::referrals::ReferralStatus;
use crate::referrals::model::{Referral, ReferralEvent};
use crate::services::ServiceType;

/// Learners of one class at the most.
const SEATS: usize = 20;

/// How far somebody has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Accepted; the course is to come.
    Waits,
    /// Learns since that day.
    Learns(NaiveDate),
    /// Learned from the first day to the last.
    Finished(NaiveDate, NaiveDate),
    /// Learned from the first day until that one.
    Stopped(NaiveDate, NaiveDate),
}

/// Somebody whose referral to training a school accepted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Learner {
    pub(super) person: PersonId,
    pub(super) case: CaseId,
    pub(super) referral: ReferralId,
    pub(super) centre: OrganisationId,
    pub(super) school: OrganisationId,
    pub(super) teacher: AccountId,
    pub(super) worker: AccountId,
    pub(super) answered_on: NaiveDate,
    pub(super) standing: Standing,
    /// The support recorded on the first day.
    pub(super) delivery: Option<DeliveryId>,
}

impl Learner {
    /// First day of study.
    pub(super) fn since(&self) -> Option<NaiveDate> {
        match self.standing {
            Standing::Waits => None,
            Standing::Learns(since) | Standing::Finished(since, _) | Standing::Stopped(since, _) => Some(since),
        }
    }
}

/// Those referrals of one person that a school accepted.
pub(super) fn learners_of(records: &Records) -> impl Iterator<Item = Learner> {
    let to_training =
        |(referral, _): &&(Referral, Vec<ReferralEvent>)| referral.service_type == ServiceType::VocationalTraining;
    records.referrals.iter().filter(to_training).filter_map(|(referral, events)| learner(records, referral, events))
}

fn learner(records: &Records, referral: &Referral, events: &[ReferralEvent]) -> Option<Learner> {
    let step = |to| events.iter().find(|event| event.to_status == to);
    let on = |to| step(to).map(|event| event.recorded_at.civil_date());
    let accepted = step(ReferralStatus::Accepted)?;
    let since = on(ReferralStatus::InService);
    let standing = match (referral.status, since) {
        (ReferralStatus::Accepted, _) => Standing::Waits,
        (ReferralStatus::InService, Some(since)) => Standing::Learns(since),
        (ReferralStatus::Completed, Some(since)) => Standing::Finished(since, on(ReferralStatus::Completed)?),
        (ReferralStatus::Stopped, Some(since)) => Standing::Stopped(since, on(ReferralStatus::Stopped)?),
        _ => return None,
    };
    let first = records.deliveries.iter().find(|delivery| {
        let same_day = Some(delivery.delivered_on) == since;
        delivery.referral_id == Some(referral.id) && delivery.form == DeliveryForm::InKind && same_day
    });
    Some(Learner {
        person: referral.person_id,
        case: referral.case_id,
        referral: referral.id,
        centre: referral.from_organisation_id,
        school: referral.to_organisation_id,
        teacher: accepted.recorded_by?,
        worker: referral.created_by,
        answered_on: accepted.recorded_at.civil_date(),
        standing,
        delivery: first.map(|delivery| delivery.id),
    })
}

/// A course with those who learn in it.
#[derive(Debug, Clone)]
pub(super) struct Class {
    pub(super) school: OrganisationId,
    pub(super) teacher: AccountId,
    pub(super) starts_on: NaiveDate,
    pub(super) ends_on: NaiveDate,
    pub(super) seats: Vec<Learner>,
}

impl Class {
    /// A course that nobody has joined yet.
    pub(super) fn to_come(school: OrganisationId, teacher: AccountId, today: NaiveDate) -> Self {
        let starts_on = monday_after(plus(today, 24));
        Self { school, teacher, starts_on, ends_on: plus(starts_on, 74), seats: Vec::new() }
    }

    fn of(seats: Vec<Learner>, today: NaiveDate) -> Option<Self> {
        let first = *seats.first()?;
        let first_day = seats.iter().filter_map(Learner::since).min();
        let starts_on = match first_day {
            // They joined in the course of its first months.
            Some(day) => day.with_day(1).unwrap_or(day),
            None => monday_after(plus(today, 7)),
        };
        let last = |learner: &Learner| match learner.standing {
            Standing::Waits => None,
            Standing::Learns(_) => Some(plus(today, 12)),
            Standing::Finished(_, day) | Standing::Stopped(_, day) => Some(day),
        };
        let ends_on = seats.iter().filter_map(last).fold(plus(starts_on, 74), NaiveDate::max);
        Some(Self { school: first.school, teacher: first.teacher, starts_on, ends_on, seats })
    }

    /// Mondays, Wednesdays and Fridays of the course until `today`, and the first days of its learners.
    pub(super) fn days(&self, today: NaiveDate) -> Vec<NaiveDate> {
        let held = |day: &NaiveDate| matches!(day.weekday(), Weekday::Mon | Weekday::Wed | Weekday::Fri);
        let until = self.ends_on.min(today);
        let mut days: Vec<NaiveDate> =
            self.starts_on.iter_days().take_while(|day| *day <= until).filter(held).collect();
        days.extend(self.seats.iter().filter_map(Learner::since));
        days.sort_unstable();
        days.dedup();
        days
    }
}

/// A school and the quarter in which somebody began; none for those who wait.
type Cohort = (OrganisationId, Option<(i32, u32)>);

/// Puts learners of one school who began in the same quarter into classes.
pub(super) fn group(learners: Vec<Learner>, today: NaiveDate) -> Vec<Class> {
    let mut by_quarter: BTreeMap<Cohort, Vec<Learner>> = BTreeMap::new();
    for learner in learners {
        let quarter = learner.since().map(|day| (day.year(), day.month0() / 3));
        by_quarter.entry((learner.school, quarter)).or_default().push(learner);
    }
    let classes = by_quarter.into_values().flat_map(|seats| {
        let classes: Vec<Option<Class>> = seats.chunks(SEATS).map(|some| Class::of(some.to_vec(), today)).collect();
        classes.into_iter().flatten()
    });
    classes.collect()
}

pub(super) fn plus(day: NaiveDate, days: u64) -> NaiveDate {
    day.checked_add_days(Days::new(days)).unwrap_or(day)
}

fn monday_after(day: NaiveDate) -> NaiveDate {
    day.iter_days().find(|day| day.weekday() == Weekday::Mon).unwrap_or(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    fn learner(number: u128, standing: Standing) -> Learner {
        let id = uuid::Uuid::from_u128;
        Learner {
            person: PersonId(id(number)),
            case: CaseId(id(number)),
            referral: ReferralId(id(number)),
            centre: OrganisationId(id(1)),
            school: OrganisationId(id(2 + number % 2)),
            teacher: AccountId(id(1)),
            worker: AccountId(id(2)),
            answered_on: day("2026-01-01"),
            standing,
            delivery: None,
        }
    }

    #[test]
    fn everybody_gets_one_seat_in_a_class_that_lasts_as_long_as_they_learn() {
        let today = day("2026-11-20");
        let learners: Vec<Learner> = (0..180_u64)
            .map(|n| {
                let since = plus(day("2026-01-05"), n);
                let standing = match n % 4 {
                    0 => Standing::Waits,
                    1 => Standing::Learns(plus(since, 100)),
                    2 => Standing::Finished(since, plus(since, 90)),
                    _ => Standing::Stopped(since, plus(since, 9)),
                };
                learner(u128::from(n), standing)
            })
            .collect();
        let classes = group(learners, today);
        assert_eq!(classes.iter().map(|class| class.seats.len()).sum::<usize>(), 180);
        for class in &classes {
            assert!(class.seats.len() <= SEATS && class.starts_on < class.ends_on);
            assert!((class.ends_on - class.starts_on).num_days() < 366, "{class:?}");
            for seat in &class.seats {
                assert_eq!(seat.school, class.school);
                let fits = match seat.standing {
                    Standing::Waits => class.starts_on > today,
                    Standing::Learns(since) => class.starts_on <= since && today < class.ends_on,
                    Standing::Finished(since, on) | Standing::Stopped(since, on) => {
                        class.starts_on <= since && on <= class.ends_on
                    }
                };
                assert!(fits, "{class:?}");
                assert!(seat.since().is_none_or(|since| class.days(today).contains(&since)));
            }
            assert!(class.days(today).iter().all(|day| *day <= today && *day >= class.starts_on));
        }
    }
}
