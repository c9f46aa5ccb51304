//! One made-up person's history with a support centre, played forward day by day until today.
//!
//! Nothing is drawn that has not happened yet: every step adds days to the step before it, and a step that would
//! fall after today is left out. So a recent case is unfinished for the same reason a real one is.

mod calendar;
mod conclusion;
mod course;
pub(super) mod loans;
mod needs;
pub mod notes;
mod partners;
mod profile;
mod service;
mod stays;
mod support;

use chrono::NaiveDate;
use rand::rngs::StdRng;

use self::course::Course;
use self::profile::{Kind, Profile};
pub use self::stays::{Override, Stay};
use super::names::Region;

/// A person and all that is on record about the help given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Story {
    /// Number of the person within the demo data.
    pub number: u32,
    /// Part of the country the person comes from, for choosing a commune.
    pub region: Region,
    /// Who the person is.
    pub person: Person,
    /// The case, with every change of status.
    pub case: Case,
    /// Consents, one for each purpose.
    pub consents: Vec<Consent>,
    /// Assessments in order of date.
    pub assessments: Vec<Assessment>,
    /// Referrals to partners; those of one service are in order of date.
    pub referrals: Vec<Referral>,
    /// Support given; that of one service is in order of date.
    pub deliveries: Vec<Delivery>,
    /// Support the person did not want.
    pub refusals: Vec<Refusal>,
    /// Stays at a facility.
    pub stays: Vec<Stay>,
    /// What a manager let exceed a limit.
    pub overrides: Vec<Override>,
}

/// Who the person is, as far as it is on record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// `female`, `male`, `other` or `unknown`.
    pub sex: &'static str,
    /// `exact`, `year` or `unknown`.
    pub birth_precision: &'static str,
    /// Date of birth; present when the precision is `exact`.
    pub birth_date: Option<NaiveDate>,
    /// Year of birth; present when the precision is `year`.
    pub birth_year: Option<i32>,
    /// ISO 3166 code of two letters, if known.
    pub nationality: Option<&'static str>,
    /// Code of the people of Vietnam the person belongs to, if known.
    pub ethnicity: Option<&'static str>,
    /// Whether the person chose to be helped without giving a name.
    pub anonymous: bool,
    /// Whole name in one piece; absent when anonymous.
    pub name: Option<String>,
    /// Other names the person goes by.
    pub aliases: Vec<String>,
    /// Made-up telephone number (prefix `0000`).
    pub phone: Option<String>,
    /// Made-up national id (twelve digits beginning `000`); often absent.
    pub national_id: Option<String>,
    /// House, lane or hamlet below the commune.
    pub address: Option<String>,
    /// How to reach the person without harm.
    pub safe_contact: Option<String>,
    /// Client categories, sorted, each once: `at_risk`, `establishment_worker`, `identified_victim`,
    /// `person_selling_sex`, `possible_victim`.
    pub categories: Vec<&'static str>,
}

/// The case, from the day the person was received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// The client category the case was opened or confirmed for.
    pub category: &'static str,
    /// Status today: where the last event leads.
    pub status: &'static str,
    /// Day the person was received.
    pub received_on: NaiveDate,
    /// Day the person was confirmed as a victim.
    pub identified_on: Option<NaiveDate>,
    /// Day the case was closed.
    pub closed_on: Option<NaiveDate>,
    /// `reintegrated`, `not_wanted_now`, `transferred`, `moved`, `died` or `other`; present when closed.
    pub close_reason: Option<&'static str>,
    /// Changes of status in order; the first leads to `received`.
    pub events: Vec<StatusChange>,
}

/// One change of a case's status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusChange {
    /// Status before; none for the first.
    pub from: Option<&'static str>,
    /// Status after.
    pub to: &'static str,
    /// Day of the change.
    pub on: NaiveDate,
}

/// A consent for one purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Consent {
    /// `support` or `referral`.
    pub purpose: &'static str,
    /// Day it was given.
    pub given_on: NaiveDate,
    /// `self`, `guardian` or `legal_representative`.
    pub given_by: &'static str,
}

/// An assessment of needs and of what the person is entitled to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assessment {
    /// Day of the assessment.
    pub assessed_on: NaiveDate,
    /// One line for each service type looked at.
    pub needs: Vec<AssessedNeed>,
}

/// One line of an assessment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AssessedNeed {
    /// Service type.
    pub service_type: &'static str,
    /// Whether the person needs it.
    pub in_need: bool,
    /// Whether the person is entitled to it on that day.
    pub eligible: bool,
}

/// A referral to a partner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Referral {
    /// Service type.
    pub service_type: &'static str,
    /// Day it was sent.
    pub sent_on: NaiveDate,
    /// Last day for an answer.
    pub answer_due_on: NaiveDate,
    /// `open`, `accepted`, `declined` or `expired`.
    pub answer: &'static str,
    /// Day of the answer; for `expired` the day after the deadline.
    pub answered_on: Option<NaiveDate>,
    /// `no_places`, `not_eligible`, `unreachable` or `other`; present when declined.
    pub decline_reason: Option<&'static str>,
    /// Day the service began; only after `accepted`.
    pub started_on: Option<NaiveDate>,
    /// Day the service ended.
    pub completed_on: Option<NaiveDate>,
    /// `completed` or `stopped`; present when ended.
    pub outcome: Option<&'static str>,
}

impl Referral {
    /// Whether something is still expected of the partner.
    pub fn is_pending(&self) -> bool {
        self.answer == "open" || (self.answer == "accepted" && self.completed_on.is_none())
    }
}

/// Support given on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delivery {
    /// Service type.
    pub service_type: &'static str,
    /// Day it was given.
    pub delivered_on: NaiveDate,
    /// `in_kind` or `money`.
    pub form: &'static str,
    /// Whole đồng; present when money.
    pub amount_dong: Option<i64>,
    /// Position in [`Story::referrals`] of the referral it came from; none when the centre gave it itself.
    pub referral: Option<usize>,
}

/// Support the person did not want.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// Service type; none when all support was refused.
    pub service_type: Option<&'static str>,
    /// Day of the refusal.
    pub refused_on: NaiveDate,
}

/// The story of person `number`, as it stands on `today`, from the given part of the country.
///
/// `centre_strength` says how well the centre works: 1.0 is ordinary, 0.7 weak, 1.3 strong.
pub fn story_in(rng: &mut StdRng, number: u32, today: NaiveDate, centre_strength: f64, region: Region) -> Story {
    let kind = Kind::draw(rng);
    let mut told = play(rng, number, today, centre_strength, (kind, region));
    stays::tell(&mut told, today);
    told
}

fn play(
    rng: &mut StdRng,
    number: u32,
    today: NaiveDate,
    centre_strength: f64,
    (kind, region): (Kind, Region),
) -> Story {
    let received_on = calendar::intake_day(rng, today);
    let profile = Profile::draw(rng, kind, region, received_on);
    let strength = if centre_strength.is_finite() { centre_strength.clamp(0.3, 1.7) } else { 1.0 };
    let mut course = Course::begin(rng, number, today, strength, profile, received_on);
    if course.screen() {
        course.verify();
        course.support();
        course.conclude();
    }
    course.finish()
}

#[cfg(test)]
mod tests;
