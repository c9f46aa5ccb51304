//! Until when something is to be done in a case. Deadlines are computed from the case and
//! from dated configuration (`config/deadlines.toml`); none is stored.

use chrono::{Days, Months, NaiveDate};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::status::{CaseStatus, CloseReason};
use crate::db::types::text_enum;
use crate::persons::ClientCategory;
use crate::working_calendar::WorkingCalendar;

text_enum! {
    /// What is to be done.
    DeadlineKind {
        /// The commune hands the person over to a centre.
        HandOver = "hand_over",
        /// A transfer is answered.
        TransferAnswer = "transfer_answer",
        /// The initial verification of a possible victim: the case is screened.
        Screening = "screening",
        /// Whether the person is a victim is decided.
        Identification = "identification",
        /// A child has a support plan.
        MinorsPlan = "minors_plan",
        /// The centre that took a child's case over looks at the plan of the one before.
        PlanTakenOver = "plan_taken_over",
        /// Somebody tries to reach the person again, or looks at the suspension again.
        Contact = "contact",
        /// Follow-up 3 months after closing.
        FollowUp3 = "follow_up_3",
        /// Follow-up 6 months after closing.
        FollowUp6 = "follow_up_6",
        /// Follow-up 12 months after closing.
        FollowUp12 = "follow_up_12",
    }
}

impl DeadlineKind {
    /// The follow-up so many months after closing.
    pub fn follow_up(months: i32) -> Option<Self> {
        match months {
            3 => Some(Self::FollowUp3),
            6 => Some(Self::FollowUp6),
            12 => Some(Self::FollowUp12),
            _ => None,
        }
    }
}

/// Months after closing at which a person is followed up.
pub const FOLLOW_UP_MONTHS: [i32; 3] = [3, 6, 12];

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Unit {
    Days,
    WorkingDays,
    Months,
}

/// One configured deadline.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct DeadlineRule {
    what: DeadlineKind,
    from: NaiveDate,
    to: Option<NaiveDate>,
    count: u16,
    counted_in: Unit,
    basis_vi: String,
    basis_en: String,
    confirmed: bool,
}

/// The configured deadlines and the calendar they are counted in.
#[derive(Debug, Clone)]
pub struct Deadlines {
    rules: Vec<DeadlineRule>,
    calendar: WorkingCalendar,
}

/// `config/deadlines.toml` is not what it must be.
#[derive(Debug, thiserror::Error)]
pub enum DeadlinesError {
    /// It is not of the described form.
    #[error("config/deadlines.toml: {0}")]
    Form(#[from] toml::de::Error),
    /// Nothing is said about a deadline.
    #[error("config/deadlines.toml says nothing about {0}")]
    Missing(DeadlineKind),
    /// Two rules of one kind hold on the same day.
    #[error("config/deadlines.toml has two rules for {0} on one day")]
    Overlap(DeadlineKind),
}

/// Something that is to be done, and until when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Deadline {
    /// What.
    pub what: DeadlineKind,
    /// Last day.
    pub due_on: NaiveDate,
    /// Whether that day has passed.
    pub overdue: bool,
    /// Legal or other basis, in Vietnamese.
    pub basis_vi: String,
    /// The same in English.
    pub basis_en: String,
    /// Whether the number of days was confirmed from the legal text.
    pub confirmed: bool,
}

/// Whether there is a support plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Planning {
    /// None yet.
    None,
    /// The centre that handed the case over had one.
    TakenOver,
    /// In this case.
    Own,
}

impl Planning {
    /// In this case, or at least before.
    pub fn of(own: bool, before: bool) -> Self {
        match (own, before) {
            (true, _) => Self::Own,
            (false, true) => Self::TakenOver,
            (false, false) => Self::None,
        }
    }
}

/// What the deadlines of a case depend on.
#[derive(Debug, Clone, Copy)]
pub struct DeadlineFacts<'a> {
    /// Category the case concerns.
    pub category: ClientCategory,
    /// Status.
    pub status: CaseStatus,
    /// Day of the last change of status.
    pub status_since: NaiveDate,
    /// Day of reception.
    pub received_on: NaiveDate,
    /// Day on which the first centre received the person; a transfer gives the law's time no new beginning.
    pub begun_on: NaiveDate,
    /// Whether a commune office holds the case.
    pub at_commune: bool,
    /// Whether the person was under 18 on the day of the first reception.
    pub minor: bool,
    /// Whether there is a support plan.
    pub plan: Planning,
    /// Why the case was closed.
    pub close_reason: Option<CloseReason>,
    /// Months of the follow-ups that were done since the closing.
    pub followed_up: &'a [i32],
}

impl Deadlines {
    /// Reads the deadlines shipped with the program.
    ///
    /// # Errors
    /// When a kind is missing, or two rules of a kind hold on one day.
    pub fn shipped(calendar: WorkingCalendar) -> Result<Self, DeadlinesError> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct File {
            rule: Vec<DeadlineRule>,
        }
        let File { rule: rules } = toml::from_str(include_str!("../../config/deadlines.toml"))?;
        for what in DeadlineKind::ALL.iter().copied() {
            let mut of_kind: Vec<&DeadlineRule> = rules.iter().filter(|rule| rule.what == what).collect();
            of_kind.sort_by_key(|rule| rule.from);
            if of_kind.is_empty() {
                return Err(DeadlinesError::Missing(what));
            }
            let follows = |pair: &[&DeadlineRule]| match pair {
                [first, second] => first.to.is_some_and(|last| last < second.from),
                _ => true,
            };
            if !of_kind.windows(2).all(follows) {
                return Err(DeadlinesError::Overlap(what));
            }
        }
        Ok(Self { rules, calendar })
    }

    /// The deadline whose time began on `start`, seen from `today`; none when no rule held on that day.
    pub fn one(&self, what: DeadlineKind, start: NaiveDate, today: NaiveDate) -> Option<Deadline> {
        let holds =
            |rule: &&DeadlineRule| rule.what == what && rule.from <= start && rule.to.is_none_or(|last| start <= last);
        let rule = self.rules.iter().find(holds)?;
        let due_on = match rule.counted_in {
            Unit::Days => start.checked_add_days(Days::new(u64::from(rule.count))),
            Unit::WorkingDays => Some(self.calendar.working_days_after(start, rule.count)),
            Unit::Months => start.checked_add_months(Months::new(u32::from(rule.count))),
        }?;
        Some(Deadline {
            what,
            due_on,
            overdue: due_on < today,
            basis_vi: rule.basis_vi.clone(),
            basis_en: rule.basis_en.clone(),
            confirmed: rule.confirmed,
        })
    }

    /// What is still to be done in a case, soonest first.
    pub fn open(&self, facts: DeadlineFacts<'_>, today: NaiveDate) -> Vec<Deadline> {
        let mut open: Vec<Deadline> =
            facts.running().into_iter().filter_map(|(what, start)| self.one(what, start, today)).collect();
        open.sort_by_key(|deadline| (deadline.due_on, deadline.what));
        open
    }
}

impl DeadlineFacts<'_> {
    /// What is to be done, with the day on which its time began.
    fn running(&self) -> Vec<(DeadlineKind, NaiveDate)> {
        let mut running = Vec::new();
        if self.status == CaseStatus::Closed {
            if self.close_reason.is_some_and(CloseReason::is_followed_up) {
                let left = FOLLOW_UP_MONTHS.into_iter().filter(|months| !self.followed_up.contains(months));
                running.extend(left.filter_map(DeadlineKind::follow_up).map(|what| (what, self.status_since)));
            }
            return running;
        }
        if self.at_commune {
            running.push((DeadlineKind::HandOver, self.received_on));
        }
        let is_victim = matches!(self.category, ClientCategory::PossibleVictim | ClientCategory::IdentifiedVictim);
        match self.status {
            CaseStatus::Received if is_victim => running.push((DeadlineKind::Screening, self.begun_on)),
            CaseStatus::UnderVerification => running.push((DeadlineKind::Identification, self.status_since)),
            CaseStatus::Suspended | CaseStatus::OutOfContact => {
                running.push((DeadlineKind::Contact, self.status_since));
            }
            _ => {}
        }
        match self.plan {
            Planning::None if self.minor => running.push((DeadlineKind::MinorsPlan, self.begun_on)),
            Planning::TakenOver if self.minor => running.push((DeadlineKind::PlanTakenOver, self.received_on)),
            _ => {}
        }
        running
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    fn deadlines() -> Deadlines {
        Deadlines::shipped(WorkingCalendar::shipped().expect("a calendar")).expect("deadlines")
    }

    fn received(on: &str) -> DeadlineFacts<'static> {
        DeadlineFacts {
            category: ClientCategory::PossibleVictim,
            status: CaseStatus::Received,
            status_since: day(on),
            received_on: day(on),
            begun_on: day(on),
            at_commune: false,
            minor: false,
            plan: Planning::None,
            close_reason: None,
            followed_up: &[],
        }
    }

    fn due(facts: DeadlineFacts<'_>) -> Vec<(DeadlineKind, String)> {
        let open = deadlines().open(facts, day("2025-10-15"));
        open.into_iter().map(|deadline| (deadline.what, deadline.due_on.to_string())).collect()
    }

    #[test]
    fn screening_follows_the_law_of_the_day_of_reception_not_of_today() {
        assert_eq!(due(received("2025-06-27")), [(DeadlineKind::Screening, "2025-07-02".into())], "3 working days");
        assert_eq!(due(received("2025-07-04")), [(DeadlineKind::Screening, "2025-07-07".into())], "3 days");
    }

    #[test]
    fn a_child_needs_a_plan_within_five_working_days_until_there_is_one() {
        let child = DeadlineFacts { minor: true, status: CaseStatus::Screened, ..received("2025-10-15") };
        assert_eq!(due(child), [(DeadlineKind::MinorsPlan, "2025-10-22".into())]);
        assert_eq!(due(DeadlineFacts { plan: Planning::Own, ..child }), []);
    }

    #[test]
    fn a_transfer_gives_the_time_of_the_law_no_new_beginning() {
        let moved = DeadlineFacts { begun_on: day("2025-10-01"), minor: true, ..received("2025-10-07") };
        let (screening, plan) = (DeadlineKind::Screening, DeadlineKind::MinorsPlan);
        assert_eq!(due(moved), [(screening, "2025-10-04".into()), (plan, "2025-10-08".into())]);
        let planned = DeadlineFacts { status: CaseStatus::Screened, plan: Planning::TakenOver, ..moved };
        assert_eq!(due(planned), [(DeadlineKind::PlanTakenOver, "2025-10-14".into())], "the law was met before");
        assert_eq!(due(DeadlineFacts { plan: Planning::Own, ..planned }), []);
    }

    #[test]
    fn follow_ups_are_due_three_six_and_twelve_months_after_closing_until_each_is_done() {
        let closed = DeadlineFacts {
            status: CaseStatus::Closed,
            status_since: day("2025-08-31"),
            close_reason: Some(CloseReason::Reintegrated),
            ..received("2025-01-06")
        };
        let all = [
            (DeadlineKind::FollowUp3, "2025-11-30".to_owned()),
            (DeadlineKind::FollowUp6, "2026-02-28".to_owned()),
            (DeadlineKind::FollowUp12, "2026-08-31".to_owned()),
        ];
        assert_eq!(due(closed), all);
        assert_eq!(due(DeadlineFacts { followed_up: &[3], ..closed }), all[1..]);
        for reason in [CloseReason::Died, CloseReason::Transferred] {
            assert_eq!(due(DeadlineFacts { close_reason: Some(reason), ..closed }), []);
        }
    }

    #[test]
    fn a_deadline_is_overdue_the_day_after_its_last_day() {
        let one = |today| deadlines().one(DeadlineKind::Screening, day("2025-10-01"), day(today)).expect("a deadline");
        assert!(!one("2025-10-04").overdue);
        assert!(one("2025-10-05").overdue);
    }
}
