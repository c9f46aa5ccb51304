//! The course of a case up to the plan of support: received, screened, verified.

use chrono::NaiveDate;
use rand::rngs::StdRng;

use super::calendar::{age, later_until};
use super::needs::Wants;
use super::profile::{Kind, Profile};
use super::{Case, Consent, StatusChange, Story};
use crate::demo::dice::chance;

/// How long the person stays with the centre.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// Help goes on until it is done, at the earliest on that day.
    Stays(NaiveDate),
    /// On that day support stops for a while or the person can no longer be reached.
    Breaks(NaiveDate, &'static str),
    /// On that day the person wants no more support.
    Refuses(NaiveDate),
}

/// A story being played.
pub(super) struct Course<'a> {
    pub rng: &'a mut StdRng,
    pub today: NaiveDate,
    pub strength: f64,
    pub profile: Profile,
    pub story: Story,
    pub wants: Wants,
    pub fate: Option<Fate>,
}

impl<'a> Course<'a> {
    /// The day the person was received.
    pub(super) fn begin(
        rng: &'a mut StdRng,
        number: u32,
        today: NaiveDate,
        strength: f64,
        profile: Profile,
        received_on: NaiveDate,
    ) -> Self {
        let person = profile.write_down(rng, number);
        let wants = Wants::draw(rng, &profile, received_on);
        let case = Case {
            category: "",
            status: "received",
            received_on,
            identified_on: None,
            closed_on: None,
            close_reason: None,
            events: vec![StatusChange { from: None, to: "received", on: received_on }],
        };
        let story = Story {
            number,
            region: profile.region,
            person,
            case,
            consents: Vec::new(),
            assessments: Vec::new(),
            referrals: Vec::new(),
            deliveries: Vec::new(),
            refusals: Vec::new(),
            stays: Vec::new(),
            overrides: Vec::new(),
        };
        Self { rng, today, strength, profile, story, wants, fate: None }
    }

    /// Moves the case to `status` on `day`.
    pub(super) fn advance(&mut self, status: &'static str, day: NaiveDate) {
        self.story.case.events.push(StatusChange { from: Some(self.story.case.status), to: status, on: day });
        self.story.case.status = status;
    }

    /// Day of the last change of status.
    pub(super) fn last_change(&self) -> NaiveDate {
        self.story.case.events.last().map_or(self.story.case.received_on, |change| change.on)
    }

    /// Records a consent for `purpose`, given by a guardian for a minor.
    pub(super) fn consent(&mut self, purpose: &'static str, day: NaiveDate) {
        let given_by = if age(self.profile.born, day) >= 18 {
            "self"
        } else if chance(self.rng, 0.8) {
            "guardian"
        } else {
            "legal_representative"
        };
        self.story.consents.push(Consent { purpose, given_on: day, given_by });
    }

    /// Screening and consent to support; false if that is still to come.
    pub(super) fn screen(&mut self) -> bool {
        let Some(day) = later_until(self.rng, self.story.case.received_on, 0..=5, self.today) else {
            return false;
        };
        self.advance("screened", day);
        self.consent("support", day);
        true
    }

    /// Verification as a victim, for those who agree to it, and the assessment on either side of it.
    pub(super) fn verify(&mut self) {
        let screened_on = self.last_change();
        let Some(assessed_on) = later_until(self.rng, screened_on, 0..=4, self.today) else {
            return;
        };
        self.assess(assessed_on);
        if !self.profile.seeks_verification {
            return;
        }
        let Some(begun_on) = later_until(self.rng, screened_on, 0..=3, self.today) else {
            return;
        };
        self.advance("under_verification", begun_on);
        let Some(decided_on) = later_until(self.rng, begun_on.max(assessed_on), 3..=50, self.today) else {
            return;
        };
        if !chance(self.rng, 0.79) {
            self.advance("not_confirmed", decided_on);
            return;
        }
        self.advance("confirmed", decided_on);
        self.story.case.identified_on = Some(decided_on);
        // Only now are the regimes due that the law keeps for identified victims.
        if let Some(day) = later_until(self.rng, decided_on, 0..=7, self.today) {
            self.assess(day);
        }
    }

    /// The finished story, with the client categories that follow from the course of the case.
    pub(super) fn finish(mut self) -> Story {
        let main = match self.profile.kind {
            Kind::SellingSex => "person_selling_sex",
            Kind::Establishment => "establishment_worker",
            Kind::AtRisk => "at_risk",
            Kind::Trafficking if self.story.case.identified_on.is_some() => "identified_victim",
            Kind::Trafficking => "possible_victim",
        };
        let mut categories = vec![main];
        if self.profile.also_selling {
            categories.push("person_selling_sex");
        }
        match self.profile.kind {
            Kind::SellingSex if chance(self.rng, 0.24) => categories.push("establishment_worker"),
            Kind::SellingSex | Kind::Establishment if chance(self.rng, 0.08) => categories.push("at_risk"),
            _ => {}
        }
        categories.sort_unstable();
        self.story.case.category = main;
        self.story.person.categories = categories;
        self.story
    }
}
