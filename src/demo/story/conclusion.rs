//! How cases end.

use chrono::NaiveDate;

use super::calendar::later_until;
use super::course::{Course, Fate};
use super::{Refusal, Story};
use crate::demo::dice::{chance, weighted};

const AFTER_SUPPORT: &[(u32, &str)] =
    &[(700, "reintegrated"), (80, "transferred"), (100, "moved"), (75, "not_wanted_now"), (38, "other"), (7, "died")];
/// Nobody is called reintegrated for whom nothing was done.
const AFTER_NOTHING: &[(u32, &str)] =
    &[(40, "not_wanted_now"), (32, "moved"), (12, "transferred"), (15, "other"), (1, "died")];
const AFTER_SILENCE: &[(u32, &str)] = &[(50, "moved"), (25, "not_wanted_now"), (22, "other"), (3, "died")];
const AFTER_PAUSE: &[(u32, &str)] = &[(45, "not_wanted_now"), (25, "moved"), (20, "transferred"), (10, "other")];

impl Course<'_> {
    /// Breaks, refusals and closing, as far as they have happened.
    pub(super) fn conclude(&mut self) {
        match self.fate {
            Some(Fate::Refuses(day)) if day <= self.today => {
                self.story.refusals.push(Refusal { service_type: None, refused_on: day });
                self.close(day, 0, 14, &[(1, "not_wanted_now")]);
            }
            Some(Fate::Breaks(day, how)) if day <= self.today => {
                self.advance(how, day);
                let reasons = if how == "suspended" { AFTER_PAUSE } else { AFTER_SILENCE };
                if chance(self.rng, 0.7) {
                    self.close(day, 45, 150, reasons);
                }
            }
            Some(Fate::Stays(day)) if day <= self.today => {
                let helped = self.wants.due.is_empty() || !self.story.deliveries.is_empty();
                self.close(day, 0, 20, if helped { AFTER_SUPPORT } else { AFTER_NOTHING });
            }
            _ => {}
        }
    }

    /// Closes the case so many days after `from`, unless a partner still has it in hand.
    fn close(&mut self, from: NaiveDate, soonest: u64, latest: u64, reasons: &[(u32, &'static str)]) {
        if self.story.referrals.iter().any(super::Referral::is_pending) {
            return;
        }
        let from = last_day(&self.story).max(from);
        if let Some(day) = later_until(self.rng, from, soonest..=latest, self.today) {
            self.advance("closed", day);
            self.story.case.closed_on = Some(day);
            self.story.case.close_reason = Some(weighted(self.rng, reasons));
        }
    }
}

/// The latest day anything in the story happened.
fn last_day(story: &Story) -> NaiveDate {
    let referrals =
        story.referrals.iter().flat_map(|sent| [Some(sent.sent_on), sent.answered_on, sent.completed_on]).flatten();
    let others = story.deliveries.iter().map(|given| given.delivered_on);
    let refusals = story.refusals.iter().map(|refusal| refusal.refused_on);
    let assessments = story.assessments.iter().map(|assessment| assessment.assessed_on);
    let changes = story.case.events.iter().map(|change| change.on);
    referrals
        .chain(others)
        .chain(refusals)
        .chain(assessments)
        .chain(changes)
        .fold(story.case.received_on, NaiveDate::max)
}
