//! Reports of periods: an earlier year closed, published and published again, a year of which some communes are still
//! to report, and official returns, the last of which waits for its second signature.

use std::collections::BTreeSet;

use chrono::{Datelike as _, NaiveDate, TimeDelta};
use rand::RngExt as _;
use rand::rngs::StdRng;
use uuid::Uuid;

use super::{Kept, Scribe, day, decided, store, within};
use crate::accounts::Actor;
use crate::admin_units::{Level, shares};
use crate::audit::{Subject, SubjectKind, TrailAction};
use crate::db::types::{AccountId, Instant, LoginSessionId, OfficialReturnId, ReportingPeriodId};
use crate::db::{DbConnection, Size};
use crate::demo::dice::chance;
use crate::error::AppError;
use crate::grants::{HeldRole, Role};
use crate::programmes::closing::completeness::silent;
use crate::programmes::closing::model::{PeriodStatus, ReportingPeriod, ReportingStep};
use crate::programmes::closing::publishing::publish;
use crate::programmes::figures::Desk;
use crate::programmes::periods::{Calendar, ReportPeriod};
use crate::programmes::registers::Register;
use crate::programmes::returns::{self, ClosingDesk, SigningDesk, compute, countersign, sign};

const LATE: &str = "Xã gửi bổ sung sau khi khóa kỳ";
const RECIPIENT: &str = "ministry_of_health";

/// Returns that are made at the most.
const RETURNS: usize = 4;

/// A step of a report: to which status, on which day.
type Taken = (PeriodStatus, NaiveDate);

impl Scribe<'_> {
    /// Keeps the report of a unit with the steps it took, as the rule that takes them does.
    fn report(
        &self,
        kept: &mut Kept,
        unit: &str,
        (calendar, period): (Calendar, ReportPeriod),
        taken: &[Taken],
    ) -> ReportingPeriod {
        let (first_day, last_day) = period.days(calendar, self.app.closing_day);
        let (by, id) = (self.officers.officer, ReportingPeriodId(self.ids.uuid()));
        let mut row = ReportingPeriod {
            id,
            unit_code: unit.to_owned(),
            province_code: self.province_of(unit),
            calendar,
            period: period.to_string(),
            first_day,
            last_day,
            status: PeriodStatus::Open,
            revision: 0,
            nothing_to_report: false,
            reason: String::new(),
            changed_by: by,
            changed_at: decided(last_day),
            version: 0,
        };
        for (status, day) in taken {
            row.version += 1;
            row.status = *status;
            row.revision += i32::from(*status == PeriodStatus::Closed);
            row.reason = if *status == PeriodStatus::Reopened { LATE.to_owned() } else { String::new() };
            row.changed_at = decided(self.past(*day));
            kept.steps.push(ReportingStep {
                period_id: id,
                seq: row.version,
                status: row.status,
                revision: row.revision,
                reason: row.reason.clone(),
                taken_by: by,
                taken_at: row.changed_at,
            });
            let subject = Subject::new(SubjectKind::ReportingPeriod, id.0);
            kept.trail.record(subject, Some(by), TrailAction::Transition, &[status.as_str()], row.changed_at);
        }
        row
    }

    /// Of the first year every commune reported; of the second some did.
    pub(super) fn communes_report(&self, rng: &mut StdRng, kept: &mut Kept, quiet: &BTreeSet<String>) {
        for (year, reported) in self.years.into_iter().zip([1.0, 0.7]) {
            let (civil, last_day) = ((Calendar::Civil, ReportPeriod::of_year(year)), day(year, 12, 31));
            let communes = self.app.units.units_on(Level::Commune, &self.province_on(last_day), last_day);
            // The first has an account of its own in the demo, whose report is still to be given.
            let own = self.centre.communes.first();
            for unit in communes.into_iter().filter(|unit| Some(&unit.code) != own) {
                if !chance(rng, reported) {
                    continue;
                }
                let submitted = within(rng, day(year + 1, 1, 3), 25);
                let mut taken = vec![(PeriodStatus::Submitted, submitted)];
                if chance(rng, reported) {
                    taken.push((PeriodStatus::Checked, submitted + TimeDelta::days(rng.random_range(1..=9))));
                }
                let row = self.report(kept, &unit.code, civil, &taken);
                kept.periods.push(ReportingPeriod { nothing_to_report: quiet.contains(&unit.code), ..row });
            }
        }
    }

    /// Closes and publishes the first year; opens it again for what a commune sent late, and publishes it once more.
    pub(super) fn publish(&self, rng: &mut StdRng) -> Result<(), AppError> {
        use PeriodStatus::{Closed, Published, Reopened};
        let [year, next] = self.years;
        let taken = [
            (Closed, day(next, 2, 12)),
            (Published, day(next, 2, 17)),
            (Reopened, day(next, 3, 5)),
            (Closed, day(next, 3, 9)),
            (Published, day(next, 3, 12)),
        ];
        let (civil, province) = ((Calendar::Civil, ReportPeriod::of_year(year)), self.province_on(day(year, 12, 31)));
        let mut late = Kept::new(self.app.trail.clone());
        let row = self.report(&mut late, &province, civil, &taken);
        late.periods.push(row.clone());
        self.publish_revision(ReportingPeriod { revision: 1, ..row.clone() }, decided(day(next, 2, 17)), "")?;
        for unit in self.centre.communes_on(day(year, 11, 1)).iter().take(6) {
            let mut entry = self.entry(Register::CommunicationActivities, unit, within(rng, day(year, 11, 1), 25));
            (entry.kind, entry.facet) = ("meeting".to_owned(), "upper_secondary_students".to_owned());
            (entry.number, entry.second_number) = (Some(180), Some(140));
            entry.created_at = decided(day(next, 3, 6));
            entry.updated_at = entry.created_at;
            self.keep(&mut late, entry, []);
        }
        store(self.app, late)?;
        self.publish_revision(row, decided(day(next, 3, 12)), LATE)
    }

    fn publish_revision(&self, row: ReportingPeriod, at: Instant, reason: &'static str) -> Result<(), AppError> {
        let (app, actor) = (self.app.clone(), actor(self.officers.officer, Role::ProgrammeOfficer, &row.unit_code, at));
        self.app.db.write_sized_now(Size::Large, move |conn| {
            let (counter, shares, plans) = (app.counter(), shares(conn)?, app.plans.now());
            let period = row.period.parse().map_err(|_| AppError::internal("a period of no form"))?;
            let silent = silent(conn, &app.units, row.calendar, period)?;
            let desk = Desk::of(&app, &counter, &shares, &silent);
            publish(conn, &actor, desk, &plans, &row, reason)
        })
    }

    /// Closes the last periods of official returns since the map of today; all are filed but the last, which is signed
    /// once.
    pub(super) fn file(&self) -> Result<(), AppError> {
        let anchored = returns::anchored(&self.app.vault)?;
        let periods = self.periods_of_returns();
        for (place, period) in periods.iter().enumerate() {
            let is_last = place + 1 == periods.len();
            let mut kept = Kept::new(self.app.trail.clone());
            let calendar = self.app.returns.calendar;
            let (_, last_day) = period.days(calendar, self.app.closing_day);
            let closed_on = last_day + TimeDelta::days(9);
            let taken = [(PeriodStatus::Closed, closed_on)];
            let row = self.report(&mut kept, &self.officers.province, (calendar, *period), &taken);
            kept.periods.push(row.clone());
            let id = OfficialReturnId(self.ids.uuid());
            let signers: &[AccountId] =
                if is_last { self.officers.signers.split_at(1).0 } else { &self.officers.signers };
            let (app, signers, anchored) = (self.app.clone(), signers.to_vec(), anchored.clone());
            self.app.db.write_sized_now(Size::Large, move |conn| {
                kept.store(conn)?;
                let by = actor(row.changed_by, Role::ProgrammeOfficer, &row.unit_code, row.changed_at);
                let plans = app.plans.now();
                let desk = ClosingDesk {
                    units: &app.units,
                    services: &app.services,
                    catalogue: &app.returns,
                    plans: &plans,
                    key: &app.ring.server,
                    trail: &app.trail,
                };
                compute(conn, &by, desk, id, (&row, ""), anchored.as_ref())?;
                signed(conn, desk, (id, &row), &signers)
            })?;
        }
        Ok(())
    }

    fn periods_of_returns(&self) -> Vec<ReportPeriod> {
        let (returns, today) = (&self.app.returns, self.app.clock.today());
        let map_of_today = day(2025, 7, 1);
        let years = map_of_today.year()..=today.year();
        let all = years.flat_map(|year| {
            returns.period_kinds.iter().flat_map(move |kind| ReportPeriod::of_year(year).parts(*kind))
        });
        let ends = |period: &ReportPeriod| period.days(returns.calendar, self.app.closing_day).1;
        let is_over = |period: &ReportPeriod| (map_of_today..today - TimeDelta::days(30)).contains(&ends(period));
        let mut periods: Vec<ReportPeriod> = all.filter(is_over).collect();
        periods.sort_by_key(ends);
        periods.split_off(periods.len().saturating_sub(RETURNS))
    }
}

/// Signs a return, by each signer some days after the one before.
fn signed(
    conn: &mut DbConnection,
    desk: ClosingDesk<'_>,
    (id, row): (OfficialReturnId, &ReportingPeriod),
    signers: &[AccountId],
) -> Result<(), AppError> {
    let ClosingDesk { units, catalogue, key, trail, .. } = desk;
    let desk = SigningDesk { units, catalogue, key, trail };
    for (version, signer) in (1_i32..).zip(signers) {
        let at = row.changed_at.plus(TimeDelta::days(3 * i64::from(version)));
        let by = actor(*signer, Role::ReturnOfficer, &row.unit_code, at);
        match version {
            1 => sign(conn, &by, desk, (id, version), RECIPIENT)?,
            _ => countersign(conn, &by, desk, (id, version))?,
        };
    }
    Ok(())
}

fn actor(account: AccountId, role: Role, unit: &str, now: Instant) -> Actor {
    let roles = vec![HeldRole { role, organisation: None, admin_unit: Some(unit.to_owned()) }];
    Actor { account, session: LoginSessionId(Uuid::nil()), roles, now }
}
