//! One list of what all sources say is due.

use chrono::{NaiveDate, TimeDelta};

use super::model::{Mark, Reminder, ReminderKind};
use super::settings::{ReminderDays, Since};
use super::sources::{ASKED_OF_CENTRE, ASKED_OF_PARTNER, CASEWORK, FILING, INTAKE, REPORTING, Source};
use crate::accounts::Actor;
use crate::audit::SubjectKind;
use crate::cases::deadlines::Deadlines;
use crate::db::DbConnection;
use crate::db::types::{AccountId, CaseId, OrganisationId};
use crate::error::AppError;
use crate::grants::{Action, Scope};
use crate::programmes::closing::duties::{Duty, DutyBooks, duties};
use crate::settings;

/// Whose reminders are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// The reader's: own tasks, cases assigned to the reader, own intakes, what is asked of a partner, and reports
    /// of the reader's units.
    Mine,
    /// All of the centre; of the only one when none is named.
    Centre(Option<OrganisationId>),
}

/// What reminders are computed with.
#[derive(Debug, Clone, Copy)]
pub struct Settings<'a> {
    /// How long ahead each kind shows.
    pub days: &'a ReminderDays,
    /// Deadlines of the law.
    pub deadlines: &'a Deadlines,
    /// Which reports are to be given.
    pub reporting: DutyBooks<'a>,
}

/// Through which cases a source looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Through {
    Worker(AccountId),
    Organisation(OrganisationId),
}

/// What a source is asked.
#[derive(Debug)]
pub(super) struct Ask<'a> {
    pub(super) through: Through,
    /// What is within reach.
    pub(super) scope: Scope,
    /// Referrals within reach.
    pub(super) referrals: Option<Scope>,
    pub(super) today: NaiveDate,
    pub(super) days: &'a Since,
    pub(super) deadlines: &'a Deadlines,
    pub(super) reporting: DutyBooks<'a>,
    /// Reports that are to be given of periods that are over.
    pub(super) duties: &'a [Duty],
    after: Option<Mark>,
    /// Rows a source reads at the most.
    pub(super) limit: i64,
}

/// Where a source reads on: after this day, or on it after this id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Start {
    pub(super) day: NaiveDate,
    pub(super) id: Option<uuid::Uuid>,
}

/// Where reminders of `kind` go on after `mark`.
fn start_after(mark: Mark, kind: ReminderKind) -> Start {
    match kind.cmp(&mark.kind) {
        std::cmp::Ordering::Less => Start { day: mark.due_on, id: None },
        std::cmp::Ordering::Equal => Start { day: mark.due_on, id: Some(mark.id) },
        std::cmp::Ordering::Greater => Start { day: mark.due_on - TimeDelta::days(1), id: None },
    }
}

impl Ask<'_> {
    /// Where the page before ended, for reminders of `kind`.
    pub(super) fn start(&self, kind: ReminderKind) -> Start {
        match self.after {
            Some(mark) => start_after(mark, kind),
            // Before every day a record can hold, and within what both engines can compare.
            None => Start { day: NaiveDate::from_ymd_opt(1800, 1, 1).unwrap_or_default(), id: None },
        }
    }

    /// The last day that shows, so many days ahead.
    pub(super) fn until(&self, ahead: u16) -> NaiveDate {
        self.today + TimeDelta::days(i64::from(ahead))
    }

    pub(super) fn reminder(
        &self,
        kind: ReminderKind,
        due_on: NaiveDate,
        (about, id): (SubjectKind, uuid::Uuid),
        case_id: impl Into<Option<CaseId>>,
        account_id: Option<AccountId>,
    ) -> Reminder {
        let case_id = case_id.into();
        Reminder { due_on, kind, overdue: due_on < self.today, about, id, case_id, account_id, report: None }
    }
}

/// Reads a page of reminders, first due first, one more than `limit`.
///
/// # Errors
/// [`AppError::Forbidden`] without the right.
pub fn list(
    conn: &mut DbConnection,
    actor: &Actor,
    settings: Settings<'_>,
    whose: Whose,
    after: Option<Mark>,
    limit: i64,
) -> Result<Vec<Reminder>, AppError> {
    let groups = groups(actor, whose)?;
    let through = match whose {
        Whose::Mine => Through::Worker(actor.account),
        Whose::Centre(asked) => Through::Organisation(actor.scope(Action::WorkloadRead)?.own_organisation(asked)?),
    };
    let today = actor.now.civil_date();
    let Some(days) = settings.days.on(today) else { return Ok(Vec::new()) };
    let limit = limit + 1;
    let reporting = settings.reporting;
    let of_places = groups.iter().any(|(_, scope)| !scope.admin_units.is_empty());
    let duties = if of_places { duties_since_installation(conn, reporting, today)? } else { Vec::new() };
    let mut all = Vec::new();
    for (sources, scope) in groups {
        let referrals = actor.scope(Action::ReferralRead).ok();
        let (deadlines, duties) = (settings.deadlines, &*duties);
        let ask = Ask { through, scope, referrals, today, days, deadlines, reporting, duties, after, limit };
        for source in sources {
            all.extend(source(conn, &ask)?);
        }
    }
    all.sort_by_key(Reminder::mark);
    all.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(all)
}

/// Nobody is asked for reports of periods that were over before the program came: they were given on paper.
fn duties_since_installation(
    conn: &mut DbConnection,
    reporting: DutyBooks<'_>,
    today: NaiveDate,
) -> Result<Vec<Duty>, AppError> {
    let installed_on = settings::get(conn, settings::INSTALLED_ON)?.and_then(|day| day.parse().ok());
    Ok(duties(reporting, installed_on.unwrap_or(today), today))
}

type Group = (&'static [Source], Scope);

/// The sources that speak to the actor, each with what is within reach.
fn groups(actor: &Actor, whose: Whose) -> Result<Vec<Group>, AppError> {
    let of = |sources, action| actor.scope(action).ok().map(|scope| (sources, scope));
    let groups: Vec<Group> = match whose {
        Whose::Mine => {
            let intake = of(INTAKE, Action::CaseRead).filter(|(_, scope)| scope.intake.iter().next().is_some());
            let asked = of(ASKED_OF_PARTNER, Action::ReferralAnswer);
            let reports =
                of(REPORTING, Action::ReportingStep).into_iter().chain(of(FILING, Action::OfficialReturnSign));
            of(CASEWORK, Action::PlanRead).into_iter().chain(intake).chain(asked).chain(reports).collect()
        }
        Whose::Centre(_) => {
            of(CASEWORK, Action::PlanRead).into_iter().chain(of(ASKED_OF_CENTRE, Action::TransferAnswer)).collect()
        }
    };
    if groups.is_empty() { Err(AppError::Forbidden) } else { Ok(groups) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn mark() -> impl Strategy<Value = Mark> {
        let kinds = proptest::sample::select(ReminderKind::ALL);
        (0..6_i64, kinds, 0..4_u128).prop_map(|(days, kind, id)| Mark {
            due_on: NaiveDate::from_ymd_opt(2025, 1, 1).unwrap() + TimeDelta::days(days),
            kind,
            id: uuid::Uuid::from_u128(id),
        })
    }

    fn reads_on(start: Start, mark: Mark) -> bool {
        mark.due_on > start.day || (start.id.is_some_and(|id| mark.due_on == start.day && mark.id > id))
    }

    proptest! {
        #[test]
        fn every_source_reads_on_exactly_where_the_page_before_ended(last in mark(), other in mark()) {
            prop_assert_eq!(reads_on(start_after(last, other.kind), other), other > last);
        }
    }
}
