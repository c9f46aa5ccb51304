//! Referrals: sent, answered or forgotten, begun, ended.

use chrono::NaiveDate;

use super::Referral;
use super::calendar::{later, later_until, plus};
use super::course::{Course, Fate};
use super::service::{PartnerHabits, Service};
use crate::demo::dice::{chance, weighted};

impl Course<'_> {
    /// Sends `service` to a partner, and to another one if the first has no place or does not answer.
    pub(super) fn refer(&mut self, service: Service, from: NaiveDate, engaged: bool, fate: Fate) {
        let habits = service.partner();
        let until = self.served_until(fate);
        let Some(consented_on) = self.consented_on("referral") else {
            return;
        };
        let mut next = later_until(self.rng, from.max(consented_on), habits.send_after.clone(), until);
        for attempt in 0..3 {
            let Some(sent_on) = next else { return };
            let sent = self.send(service, &habits, sent_on, engaged, fate);
            let retries = attempt < 2 && chance(self.rng, 0.42 * self.strength);
            next = match (sent.answer, sent.decline_reason, sent.answered_on) {
                ("expired", _, Some(back_on)) | ("declined", Some("no_places" | "other"), Some(back_on)) if retries => {
                    later_until(self.rng, back_on, 2..=28, until)
                }
                _ => None,
            };
        }
    }

    fn consented_on(&self, purpose: &str) -> Option<NaiveDate> {
        self.story.consents.iter().find(|consent| consent.purpose == purpose).map(|consent| consent.given_on)
    }

    /// One referral with all that came of it.
    fn send(
        &mut self,
        service: Service,
        habits: &PartnerHabits,
        sent_on: NaiveDate,
        engaged: bool,
        fate: Fate,
    ) -> Referral {
        let mut referral = Referral {
            service_type: service.code(),
            sent_on,
            answer_due_on: plus(sent_on, habits.answer_within),
            answer: "open",
            answered_on: None,
            decline_reason: None,
            started_on: None,
            completed_on: None,
            outcome: None,
        };
        self.answer(&mut referral, habits, engaged);
        if referral.answer == "accepted" {
            self.serve(service, &mut referral, habits, fate);
        }
        self.story.referrals.push(referral);
        referral
    }

    /// The partner's answer, if there is one yet.
    fn answer(&mut self, referral: &mut Referral, habits: &PartnerHabits, engaged: bool) {
        if chance(self.rng, 0.09 / self.strength) {
            let expired_on = plus(referral.answer_due_on, 1);
            if expired_on <= self.today {
                referral.answer = "expired";
                referral.answered_on = Some(expired_on);
            }
            return;
        }
        let answered_on = later(self.rng, referral.sent_on, 0..=habits.answer_within).min(referral.answer_due_on);
        if answered_on > self.today {
            return;
        }
        referral.answered_on = Some(answered_on);
        if engaged && chance(self.rng, habits.accepts) {
            referral.answer = "accepted";
            return;
        }
        referral.answer = "declined";
        let (places, reach) = if engaged { (45, 12) } else { (15, 60) };
        let reasons = [(places, "no_places"), (25, "not_eligible"), (reach, "unreachable"), (12, "other")];
        referral.decline_reason = Some(weighted(self.rng, &reasons));
    }

    /// The service behind an accepted referral, as far as it has come.
    fn serve(&mut self, service: Service, referral: &mut Referral, habits: &PartnerHabits, fate: Fate) {
        let Some(answered_on) = referral.answered_on else {
            return;
        };
        // A person who stays with the centre finishes what was begun; a break ends it on the day.
        let broken_on = match fate {
            Fate::Stays(_) => None,
            Fate::Breaks(day, _) | Fate::Refuses(day) => Some(day).filter(|day| *day <= self.today),
        };
        let started_on = later(self.rng, answered_on, habits.start_after.clone());
        if broken_on.is_some_and(|day| started_on >= day) {
            referral.answer = "declined";
            referral.decline_reason = Some("unreachable");
            return;
        }
        if started_on > self.today {
            return;
        }
        referral.started_on = Some(started_on);
        let full_end = later(self.rng, started_on, habits.lasts.clone());
        let stops = chance(self.rng, habits.stops);
        let end = if stops { later(self.rng, started_on, 3..=*habits.lasts.start().max(&4)) } else { full_end };
        let end = broken_on.map_or(end, |day| end.min(day));
        let finished = !stops && end == full_end;
        if end <= self.today {
            referral.completed_on = Some(end);
            referral.outcome = Some(if finished { "completed" } else { "stopped" });
        }
        let position = self.story.referrals.len();
        let served_until = end.min(self.today);
        if service != Service::Loan {
            self.deliver_by_partner(service, started_on, served_until, position);
        }
        if finished && end <= self.today && service == Service::Loan {
            self.deliver(service, end, Some(position));
        }
    }
}
