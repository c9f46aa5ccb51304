//! Support: the plan, what the centre gives itself, and what people do not want.

use chrono::NaiveDate;
use rand::RngExt;
use rand::rngs::StdRng;

use super::calendar::{later, later_until};
use super::course::{Course, Fate};
use super::service::Service;
use super::{Delivery, Refusal};
use crate::demo::dice::{chance, weighted};

impl Course<'_> {
    /// Everything from the first day of support to the last service.
    pub(super) fn support(&mut self) {
        let Some(assessed_on) = self.story.assessments.last().map(|assessment| assessment.assessed_on) else {
            return;
        };
        if self.story.case.status == "under_verification" {
            self.help_at_once();
            return;
        }
        // Weak centres let some of those they screened wait; some who were not confirmed go home.
        let waits = match self.story.case.status {
            "screened" => chance(self.rng, 0.04 / self.strength),
            "not_confirmed" => chance(self.rng, 0.25),
            _ => false,
        };
        let ready = self.last_change().max(assessed_on);
        let Some(day) = later_until(self.rng, ready, 0..=12, self.today).filter(|_| !waits) else {
            return;
        };
        self.advance("receiving_support", day);
        let fate = self.draw_fate(day);
        self.fate = Some(fate);
        let until = self.served_until(fate);
        if chance(self.rng, 0.2)
            && let Some(again) = later_until(self.rng, day, 100..=220, until)
        {
            self.reassess(again);
        }
        if chance(self.rng, 0.9)
            && let Some(given_on) = later_until(self.rng, day, 0..=7, until)
        {
            self.consent("referral", given_on);
        }
        let engaged = chance(self.rng, 0.82 * self.strength.sqrt());
        for (service, since) in self.wants.due.clone() {
            self.meet(service, since, engaged, fate);
        }
    }

    fn draw_fate(&mut self, begun_on: NaiveDate) -> Fate {
        let refuses = if self.story.case.identified_on.is_some() { 0.075 } else { 0.02 };
        if chance(self.rng, refuses) {
            return Fate::Refuses(later(self.rng, begun_on, 2..=40));
        }
        if chance(self.rng, 0.17 / self.strength) {
            let how = weighted(self.rng, &[(6, "out_of_contact"), (4, "suspended")]);
            return Fate::Breaks(later(self.rng, begun_on, 30..=330), how);
        }
        Fate::Stays(later(self.rng, begun_on, 90..=620))
    }

    /// Last day on which anything new is begun.
    pub(super) fn served_until(&self, fate: Fate) -> NaiveDate {
        match fate {
            Fate::Stays(day) | Fate::Breaks(day, _) | Fate::Refuses(day) => day.min(self.today),
        }
    }

    /// Food and a bed do not wait for the outcome of a verification.
    fn help_at_once(&mut self) {
        let urgent = self.wants.due.iter().find(|(service, _)| *service == Service::EssentialNeeds).copied();
        if let Some((service, since)) = urgent {
            self.give(service, since, self.today);
        }
    }

    /// One need: refused, met by the centre, passed to a partner, or left unmet.
    fn meet(&mut self, service: Service, since: NaiveDate, engaged: bool, fate: Fate) {
        let until = self.served_until(fate);
        let begun_on = self.last_change();
        // Whoever is without food or a bed gets both before the plan is made.
        let from = if service == Service::EssentialNeeds { since } else { since.max(begun_on) };
        if chance(self.rng, service.refusal_share())
            && let Some(refused_on) = later_until(self.rng, from, 0..=30, until)
        {
            self.story.refusals.push(Refusal { service_type: Some(service.code()), refused_on });
            return;
        }
        if chance(self.rng, service.own_share()) {
            if engaged && chance(self.rng, 0.68 * self.strength) {
                self.give(service, from, until);
            }
        } else if chance(self.rng, if engaged { 0.88 * self.strength } else { 0.35 }) {
            self.refer(service, from, engaged, fate);
        }
    }

    /// The centre gives `service` itself, once or several times.
    fn give(&mut self, service: Service, from: NaiveDate, until: NaiveDate) {
        let (first, most, between) = service.own_rhythm();
        let times = self.rng.random_range(1..=most);
        let mut next = later_until(self.rng, from, first, until);
        for _ in 0..times {
            let Some(day) = next else { break };
            self.deliver(service, day, None);
            next = later_until(self.rng, day, between.clone(), until);
        }
    }

    /// Records support given on `day`.
    pub(super) fn deliver(&mut self, service: Service, day: NaiveDate, referral: Option<usize>) {
        let amount_dong = draw_amount(self.rng, service);
        self.story.deliveries.push(Delivery {
            service_type: service.code(),
            delivered_on: day,
            form: if amount_dong.is_some() { "money" } else { "in_kind" },
            amount_dong,
            referral,
        });
    }

    /// What a partner gives between the first day and `until`.
    pub(super) fn deliver_by_partner(
        &mut self,
        service: Service,
        started_on: NaiveDate,
        until: NaiveDate,
        referral: usize,
    ) {
        let (most, between) = service.partner_rhythm();
        let times = self.rng.random_range(1..=most);
        let mut day = started_on;
        for _ in 0..times {
            self.deliver(service, day, Some(referral));
            let Some(next) = later_until(self.rng, day, between.clone(), until) else {
                break;
            };
            day = next;
        }
    }
}

/// Share paid in money, and the amount in steps of so many đồng.
fn draw_amount(rng: &mut StdRng, service: Service) -> Option<i64> {
    let (share, step, fewest, most) = match service {
        Service::EssentialNeeds => (0.3, 50_000, 6, 30),
        Service::Travel => (0.85, 10_000, 5, 95),
        Service::Medical => (0.2, 10_000, 15, 220),
        Service::SocialSupport => (0.25, 50_000, 4, 20),
        Service::InitialAllowance => (1.0, 500_000, 2, 3),
        Service::Loan => (1.0, 5_000_000, 2, 10),
        Service::GeneralEducation => (0.3, 50_000, 6, 24),
        Service::Psychological | Service::LegalAid | Service::VocationalTraining => (0.0, 1, 1, 1),
    };
    chance(rng, share).then(|| step * rng.random_range(fewest..=most))
}
