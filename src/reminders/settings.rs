//! When reminders come: dated configuration in `config/reminders.toml`.

use chrono::NaiveDate;
use serde::Deserialize;

use crate::assessments::model::RiskLevel;

/// What is valid since one day.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Since {
    /// First day on which it is valid.
    pub valid_from: NaiveDate,
    /// What it rests on.
    pub basis: String,
    /// Days before its last day on which a task shows.
    pub task_ahead: u16,
    /// Days before the review of a care plan.
    pub plan_review_ahead: u16,
    /// Days before the next assessment.
    pub assessment_review_ahead: u16,
    /// Days before the last day for a partner's answer.
    pub referral_answer_ahead: u16,
    /// Days before a deadline of the law, and before the last day for an answer to a transfer.
    pub deadline_ahead: u16,
    /// Days before a follow-up of a closed case.
    pub follow_up_ahead: u16,
    /// Days after its day during which a follow-up that was not done still shows.
    pub follow_up_kept: u16,
    /// Days before a check-up of whether work lasts.
    pub check_up_ahead: u16,
    /// Days before the last day of a consent.
    pub consent_ahead: u16,
    /// Days before the last day of a stay that the law gives.
    pub stay_ahead: u16,
    /// Days before an instalment of a loan.
    pub instalment_ahead: u16,
    /// Days before the last day for a report, for closing a period and for filing a return.
    pub report_ahead: u16,
    /// Days after that day during which a report that was not given still shows.
    pub report_kept: u16,
    /// Days without contact.
    pub no_contact: NoContactDays,
}

/// Days without contact after which a case is pointed out, by the risk last found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoContactDays {
    /// Never asked.
    pub unknown: u16,
    /// Low risk.
    pub low: u16,
    /// Medium risk.
    pub medium: u16,
    /// High risk.
    pub high: u16,
    /// Immediate danger.
    pub immediate_danger: u16,
}

impl NoContactDays {
    /// Fewest days allowed at any risk.
    pub fn least(&self) -> u16 {
        [self.unknown, self.low, self.medium, self.high, self.immediate_danger].into_iter().fold(u16::MAX, u16::min)
    }

    /// Days allowed at this risk.
    pub fn at(&self, risk: Option<RiskLevel>) -> u16 {
        match risk {
            None => self.unknown,
            Some(RiskLevel::Low) => self.low,
            Some(RiskLevel::Medium) => self.medium,
            Some(RiskLevel::High) => self.high,
            Some(RiskLevel::ImmediateDanger) => self.immediate_danger,
        }
    }
}

/// All that is configured, each valid until the next.
#[derive(Debug, Clone)]
pub struct ReminderDays(Vec<Since>);

/// `config/reminders.toml` cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ReminderDaysError {
    /// It is not of the described form.
    #[error("config/reminders.toml: {0}")]
    Form(#[from] toml::de::Error),
    /// Nothing is configured, or the first days are not in order.
    #[error("config/reminders.toml: there must be a table, and each must begin later than the one before")]
    Order,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    since: Vec<Since>,
}

impl ReminderDays {
    /// Reads the configuration shipped with the program.
    ///
    /// # Errors
    /// When it is not of the described form or out of order.
    pub fn shipped() -> Result<Self, ReminderDaysError> {
        Self::parse(include_str!("../../config/reminders.toml"))
    }

    fn parse(text: &str) -> Result<Self, ReminderDaysError> {
        let File { since } = toml::from_str(text)?;
        let in_order = since.iter().zip(since.iter().skip(1)).all(|(one, next)| one.valid_from < next.valid_from);
        if since.is_empty() || !in_order { Err(ReminderDaysError::Order) } else { Ok(Self(since)) }
    }

    /// What is valid on `day`; none before the first.
    pub fn on(&self, day: NaiveDate) -> Option<&Since> {
        self.0.iter().rev().find(|since| since.valid_from <= day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(from: &str, ahead: u16) -> String {
        format!(
            "[[since]]\nvalid_from = \"{from}\"\nbasis = \"x\"\ntask_ahead = {ahead}\nplan_review_ahead = 1\n\
             assessment_review_ahead = 1\nreferral_answer_ahead = 1\ndeadline_ahead = 1\n\
             follow_up_ahead = 1\nfollow_up_kept = 1\ncheck_up_ahead = 1\nconsent_ahead = 1\nstay_ahead = 1\n\
             instalment_ahead = 1\nreport_ahead = 1\nreport_kept = 1\n[since.no_contact]\nunknown = 9\nlow = 8\n\
             medium = 7\nhigh = 6\nimmediate_danger = 5\n"
        )
    }

    #[test]
    fn the_table_valid_on_the_day_counts() {
        let days = ReminderDays::parse(&(table("2025-01-01", 3) + &table("2026-01-01", 4))).unwrap();
        let on = |day: &str| days.on(day.parse().unwrap()).map(|since| since.task_ahead);
        assert_eq!([on("2024-12-31"), on("2025-12-31"), on("2026-01-01")], [None, Some(3), Some(4)]);
        assert_eq!(days.0[0].no_contact.at(Some(RiskLevel::ImmediateDanger)), 5);
    }

    #[test]
    fn tables_out_of_order_or_none_at_all_are_refused() {
        assert!(ReminderDays::parse(&(table("2026-01-01", 3) + &table("2025-01-01", 4))).is_err());
        assert!(ReminderDays::parse("since = []").is_err());
        assert!(ReminderDays::shipped().is_ok());
    }
}
