//! What people need and what they are entitled to.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use rand::rngs::StdRng;

use super::calendar::age;
use super::course::Course;
use super::profile::{Kind, Profile};
use super::service::Service;
use super::{AssessedNeed, Assessment};
use crate::demo::dice::chance;

/// What the person needs, and since when it is known that it is also due.
#[derive(Debug, Clone, Default)]
pub(super) struct Wants {
    needed: BTreeSet<Service>,
    /// Needed and due, with the day of the assessment that said so.
    pub due: Vec<(Service, NaiveDate)>,
}

impl Wants {
    pub(super) fn draw(rng: &mut StdRng, profile: &Profile, received_on: NaiveDate) -> Self {
        let minor = age(profile.born, received_on) < 18;
        let mut needed = BTreeSet::new();
        for service in looked_at(profile) {
            let share = match service {
                Service::GeneralEducation if minor => 0.7,
                Service::Loan if minor => 0.0,
                _ => service.need_share(profile.kind).max(if profile.also_selling { 0.1 } else { 0.0 }),
            };
            if chance(rng, share) {
                needed.insert(service);
            }
        }
        Self { needed, due: Vec::new() }
    }
}

fn looked_at(profile: &Profile) -> Vec<Service> {
    let mut services = Service::looked_at(profile.kind).to_vec();
    if profile.also_selling || (profile.kind == Kind::Trafficking && !profile.seeks_verification) {
        services.push(Service::SocialSupport);
    }
    services
}

/// Whether `profile` is entitled to `service` on `day`; a victim's regimes depend on being identified.
fn is_eligible(profile: &Profile, service: Service, identified: bool, day: NaiveDate) -> bool {
    let years = age(profile.born, day);
    let victim = profile.kind == Kind::Trafficking;
    let regimes_of_identified = !victim || (identified && !profile.is_foreign());
    match service {
        Service::EssentialNeeds
        | Service::Medical
        | Service::Psychological
        | Service::LegalAid
        | Service::SocialSupport => true,
        Service::Travel => !profile.is_foreign(),
        Service::GeneralEducation => regimes_of_identified && years < 18,
        Service::VocationalTraining => {
            regimes_of_identified && years >= 15 && !profile.trained_before && !profile.anonymous
        }
        Service::InitialAllowance => regimes_of_identified && profile.poor,
        Service::Loan if victim => regimes_of_identified && profile.poor && years >= 18,
        Service::Loan => profile.settled && !profile.anonymous && years >= 18,
    }
}

impl Course<'_> {
    /// An assessment on `day` of all that concerns such a person.
    pub(super) fn assess(&mut self, day: NaiveDate) {
        let identified = self.story.case.identified_on.is_some_and(|since| since <= day);
        let mut needs = Vec::new();
        for service in looked_at(&self.profile) {
            let in_need = self.wants.needed.contains(&service);
            let eligible = is_eligible(&self.profile, service, identified, day);
            needs.push(AssessedNeed { service_type: service.code(), in_need, eligible });
            if in_need && eligible && !self.wants.due.iter().any(|(known, _)| *known == service) {
                self.wants.due.push((service, day));
            }
        }
        self.story.assessments.push(Assessment { assessed_on: day, needs });
    }

    /// A second look on `day`, which may find a need that was not told at first.
    pub(super) fn reassess(&mut self, day: NaiveDate) {
        for service in looked_at(&self.profile) {
            if chance(self.rng, 0.12) && service != Service::GeneralEducation {
                self.wants.needed.insert(service);
            }
        }
        self.assess(day);
    }
}
