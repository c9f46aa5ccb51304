//! The six steps of case management (guidelines for case management, 2017), computed from what
//! is on record. Nobody sets them, so they cannot contradict the record.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use super::status::CaseStatus;
use crate::db::schema::cases;
use crate::db::types::text_enum;

text_enum! {
    /// A step of case management.
    ManagementStep {
        /// Làm quen và tạo lập quan hệ.
        Engagement = "engagement",
        /// Đánh giá.
        Assessment = "assessment",
        /// Lập kế hoạch.
        ActionPlanning = "action_planning",
        /// Thực hiện.
        Implementation = "implementation",
        /// Theo dõi.
        FollowUp = "follow_up",
        /// Kết thúc.
        Closure = "closure",
    }
}

/// What is on record of a case, as far as its step depends on it. The days of its history are kept with the
/// case by the database (decision 30).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = cases)]
pub struct Facts {
    /// Status.
    pub status: CaseStatus,
    /// Day of reception.
    pub received_on: NaiveDate,
    /// Day on which it first left `received`.
    pub screened_on: Option<NaiveDate>,
    /// Day of the first assessment.
    pub assessed_on: Option<NaiveDate>,
    /// Day on which the first version of the care plan was agreed.
    pub planned_on: Option<NaiveDate>,
    /// Day on which support first began.
    pub supported_on: Option<NaiveDate>,
    /// Whether a step of the care plan is still to be done.
    pub steps_open: bool,
    /// Last day on which a step of the care plan was done.
    pub step_done_on: Option<NaiveDate>,
    /// Day on which it was last opened again.
    pub reopened_on: Option<NaiveDate>,
    /// Day of closure.
    pub closed_on: Option<NaiveDate>,
}

/// The step a case is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Progress {
    /// The step.
    pub step: ManagementStep,
    /// Since when.
    pub since: NaiveDate,
}

impl Facts {
    /// The step these facts put the case in, and since when: assessment begins with the screening,
    /// planning once an assessment is there, implementation with the plan or the support,
    /// whichever came first, follow-up when every step of the plan is done or dropped.
    pub fn progress(&self) -> Progress {
        use ManagementStep as Step;
        let at = |step, since: Option<NaiveDate>| {
            let since = since.unwrap_or(self.received_on).max(self.received_on);
            Progress { step, since: since.max(self.reopened_on.unwrap_or(since)) }
        };
        if self.status == CaseStatus::Closed {
            return at(Step::Closure, self.closed_on);
        }
        let begun = match (self.planned_on, self.supported_on) {
            (Some(planned), Some(supported)) => Some(planned.min(supported)),
            (planned, supported) => planned.or(supported),
        };
        if begun.is_some() || self.status == CaseStatus::ReceivingSupport {
            // What was done before the case was opened again does not end what begins then.
            let done = self.step_done_on.filter(|day| self.reopened_on.is_none_or(|again| *day >= again));
            return match done {
                Some(done) if !self.steps_open && self.planned_on.is_some() => {
                    at(Step::FollowUp, begun.max(Some(done)))
                }
                _ => at(Step::Implementation, begun),
            };
        }
        if self.assessed_on.is_some() {
            return at(Step::ActionPlanning, self.assessed_on);
        }
        if self.status == CaseStatus::Received {
            at(Step::Engagement, None)
        } else {
            at(Step::Assessment, self.screened_on)
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use proptest::prelude::*;

    use super::*;

    fn day(number: i64) -> NaiveDate {
        NaiveDate::from_ymd_opt(2025, 1, 1).unwrap() + TimeDelta::days(number)
    }

    fn received() -> Facts {
        Facts {
            status: CaseStatus::Received,
            received_on: day(0),
            screened_on: None,
            assessed_on: None,
            planned_on: None,
            supported_on: None,
            steps_open: false,
            step_done_on: None,
            reopened_on: None,
            closed_on: None,
        }
    }

    #[test]
    fn a_case_goes_through_the_six_steps_in_their_order() {
        use ManagementStep::{ActionPlanning, Assessment, Closure, Engagement, FollowUp, Implementation};
        let mut facts = received();
        let mut seen = vec![facts.progress()];
        facts = Facts { status: CaseStatus::Screened, screened_on: Some(day(2)), ..facts };
        seen.push(facts.progress());
        facts.assessed_on = Some(day(4));
        seen.push(facts.progress());
        facts = Facts { planned_on: Some(day(6)), steps_open: true, ..facts };
        seen.push(facts.progress());
        facts = Facts { status: CaseStatus::ReceivingSupport, supported_on: Some(day(7)), ..facts };
        seen.push(facts.progress());
        facts = Facts { steps_open: false, step_done_on: Some(day(90)), ..facts };
        seen.push(facts.progress());
        facts = Facts { status: CaseStatus::Closed, closed_on: Some(day(120)), ..facts };
        seen.push(facts.progress());
        let told: Vec<(ManagementStep, NaiveDate)> = seen.into_iter().map(|at| (at.step, at.since)).collect();
        assert_eq!(
            told,
            [
                (Engagement, day(0)),
                (Assessment, day(2)),
                (ActionPlanning, day(4)),
                (Implementation, day(6)),
                (Implementation, day(6)),
                (FollowUp, day(90)),
                (Closure, day(120)),
            ]
        );
    }

    #[test]
    fn a_case_opened_again_is_implemented_again_since_that_day() {
        let closed = Facts { planned_on: Some(day(5)), step_done_on: Some(day(50)), ..received() };
        let again = Facts { status: CaseStatus::ReceivingSupport, reopened_on: Some(day(200)), ..closed };
        assert_eq!(again.progress(), Progress { step: ManagementStep::Implementation, since: day(200) });
    }

    fn days() -> impl Strategy<Value = Option<NaiveDate>> {
        proptest::option::of((0..900_i64).prop_map(day))
    }

    prop_compose! {
        fn any_facts()(
            status in proptest::sample::select(CaseStatus::ALL),
            (screened_on, assessed_on, planned_on, supported_on) in (days(), days(), days(), days()),
            (step_done_on, reopened_on, closed_on) in (days(), days(), days()),
            steps_open: bool,
        ) -> Facts {
            Facts {
                status, received_on: day(0), screened_on, assessed_on, planned_on, supported_on,
                steps_open, step_done_on, reopened_on, closed_on,
            }
        }
    }

    proptest! {
        #[test]
        fn whatever_is_on_record_closure_means_closed_and_no_step_began_before_the_reception(facts in any_facts()) {
            let at = facts.progress();
            prop_assert_eq!(at.step == ManagementStep::Closure, facts.status == CaseStatus::Closed);
            prop_assert!(at.since >= facts.received_on);
            prop_assert!(facts.status != CaseStatus::ReceivingSupport || at.step >= ManagementStep::Implementation);
        }

        #[test]
        fn one_more_fact_never_leads_back_to_an_earlier_step(facts in any_facts(), on in 0..900_i64) {
            let before = facts.progress().step;
            let with = |change: fn(&mut Facts, NaiveDate)| {
                let mut more = facts;
                change(&mut more, day(on));
                more.progress().step
            };
            prop_assert!(with(|facts, on| facts.assessed_on = facts.assessed_on.or(Some(on))) >= before);
            prop_assert!(with(|facts, on| facts.planned_on = facts.planned_on.or(Some(on))) >= before);
            prop_assert!(with(|facts, on| facts.supported_on = facts.supported_on.or(Some(on))) >= before);
            prop_assert!(with(|facts, _| facts.steps_open = false) >= before);
        }

        #[test]
        fn a_step_follows_from_every_legal_transition(
            facts in any_facts(), way in proptest::sample::select(super::super::status::TRANSITIONS)
        ) {
            let (from, to, _) = way;
            // Who is supported has been supported since some day.
            let since = (from == CaseStatus::ReceivingSupport).then_some(facts.received_on);
            let facts = Facts { supported_on: facts.supported_on.or(since), ..facts };
            let before = Facts { status: from, ..facts }.progress().step;
            let after = Facts { status: to, ..facts }.progress().step;
            let leaves_closure = from == CaseStatus::Closed;
            prop_assert!(leaves_closure || after >= before, "{from} {before} to {to} {after}");
        }
    }
}
