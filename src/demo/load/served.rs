//! Referrals with their steps, and what was given.

use chrono::TimeDelta;

use super::{Scribe, at, word};
use crate::cases::model::Case;
use crate::consents::model::Consent;
use crate::db::types::{AccountId, DeliveryId, ReferralEventId, ReferralId};
use crate::deliveries::model::Delivery;
use crate::demo::story;
use crate::error::AppError;
use crate::referrals::model::{Referral, ReferralEvent};
use crate::referrals::{self, ReferralStatus};

impl Scribe<'_> {
    pub(super) fn referrals(
        &self,
        case: &Case,
        worker: AccountId,
        consents: &[Consent],
    ) -> Result<Vec<(Referral, Vec<ReferralEvent>)>, AppError> {
        let make = |told: &story::Referral| {
            let service_type = word(told.service_type)?;
            let (to, partner) = self
                .centre
                .partner(self.app, service_type)
                .ok_or_else(|| AppError::internal("no partner of the demo gives a service"))?;
            let consent = consents.iter().find(|consent| consent.recipient_organisation_id == Some(to));
            let id = ReferralId(self.ids.uuid());
            let steps = self.steps(id, told, worker, partner);
            let status = steps.last().map_or(ReferralStatus::Draft, |step| step.to_status);
            let referral = Referral {
                id,
                case_id: case.id,
                person_id: self.person,
                service_type,
                from_organisation_id: case.organisation_id,
                to_organisation_id: to,
                status,
                consent_id: consent.map(|consent| consent.id),
                answer_due_on: Some(told.answer_due_on),
                sent_at: Some(at(told.sent_on, 61)),
                answered_at: told.answered_on.filter(|_| told.answer != "expired").map(|day| at(day, 90)),
                decline_reason: told.decline_reason.map(word).transpose()?,
                outcome: (status == ReferralStatus::Completed).then_some(referrals::status::Outcome::Achieved),
                sealed_message: None,
                created_by: worker,
                created_at: at(told.sent_on, 60),
                updated_at: steps.last().map_or_else(|| at(told.sent_on, 61), |step| step.recorded_at),
                version: i32::try_from(steps.len()).unwrap_or(1),
                start_due_on: told
                    .answered_on
                    .filter(|_| told.answer == "accepted")
                    .map(|day| day + TimeDelta::days(i64::from(self.app.services.start_days(service_type)))),
                stop_reason: (status == ReferralStatus::Stopped)
                    .then_some(referrals::status::ReferralStopReason::Other),
                emergency_reason: None,
                consent_due_on: None,
                reviewed_by: None,
                reviewed_at: None,
            };
            Ok((referral, steps))
        };
        self.story.referrals.iter().map(make).collect()
    }

    fn steps(
        &self,
        referral_id: ReferralId,
        told: &story::Referral,
        worker: AccountId,
        partner: AccountId,
    ) -> Vec<ReferralEvent> {
        use ReferralStatus::{Accepted, Completed, Declined, Draft, Expired, InService, Sent, Stopped};
        let mut path = vec![(Draft, Some(worker), at(told.sent_on, 60)), (Sent, Some(worker), at(told.sent_on, 61))];
        let answered = told.answered_on.map(|day| at(day, 90));
        match (told.answer, answered) {
            ("accepted", Some(moment)) => path.push((Accepted, Some(partner), moment)),
            ("declined", Some(moment)) => path.push((Declined, Some(partner), moment)),
            ("expired", Some(moment)) => path.push((Expired, None, moment)),
            _ => {}
        }
        if let Some(day) = told.started_on {
            path.push((InService, Some(partner), at(day, 100)));
        }
        if let Some(day) = told.completed_on {
            let to = if told.outcome == Some("completed") { Completed } else { Stopped };
            path.push((to, Some(partner), at(day, 400)));
        }
        let mut from = None;
        path.into_iter()
            .map(|(to_status, recorded_by, recorded_at)| ReferralEvent {
                id: ReferralEventId(self.ids.uuid()),
                referral_id,
                from_status: from.replace(to_status),
                to_status,
                reason: None,
                recorded_by,
                recorded_at,
            })
            .collect()
    }

    pub(super) fn deliveries(
        &self,
        case: &Case,
        worker: AccountId,
        referrals: &[(Referral, Vec<ReferralEvent>)],
    ) -> Result<Vec<Delivery>, AppError> {
        let make = |told: &story::Delivery| {
            let referral = told.referral.and_then(|position| referrals.get(position)).map(|(referral, _)| referral);
            let service_type = word(told.service_type)?;
            let partner = self.centre.partner(self.app, service_type).map(|(_, account)| account);
            Ok(Delivery {
                id: DeliveryId(self.ids.uuid()),
                case_id: case.id,
                person_id: self.person,
                referral_id: referral.map(|referral| referral.id),
                organisation_id: referral.map_or(case.organisation_id, |referral| referral.to_organisation_id),
                centre_id: case.organisation_id,
                service_type,
                delivered_on: told.delivered_on,
                form: word(told.form)?,
                amount_dong: told.amount_dong,
                recorded_by: referral.and(partner).unwrap_or(worker),
                voided_at: None,
                void_reason: None,
                created_at: at(told.delivered_on, 200),
                version: 1,
            })
        };
        self.story.deliveries.iter().map(make).collect()
    }
}
