//! Persons and their cases: opened, closed, reopened, handed over, and what is told of that.

use chrono::{NaiveDate, TimeDelta};
use diesel::prelude::*;
use hoanhap::cases::CaseStatus;
use hoanhap::cases::model::{Case, CaseEvent, CaseEventKind};
use hoanhap::db::DbConnection;
use hoanhap::db::bulk::BulkRow as _;
use hoanhap::db::schema::{case_events, cases, persons};
use hoanhap::db::types::{CaseEventId, CaseId, PersonId};
use hoanhap::persons::ClientCategory;
use hoanhap::persons::model::{BirthPrecision, CategorySet, Person, Sex};

use super::{History, Theme};

impl History {
    pub(super) fn register(&mut self, conn: &mut DbConnection) -> QueryResult<()> {
        let now = self.now();
        let mut categories = CategorySet::default();
        categories.insert(self.category());
        let row = Person {
            id: PersonId(self.random.uuid()),
            registered_by: self.account(),
            organisation_id: self.centre(),
            sex: Sex::Female,
            birth_precision: BirthPrecision::Unknown,
            birth_date: None,
            birth_year: None,
            nationality: None,
            ethnicity: None,
            residence_unit_code: None,
            anonymous: true,
            categories,
            sealed_name: None,
            sealed_aliases: None,
            sealed_phone: None,
            sealed_national_id: None,
            sealed_address: None,
            sealed_safe_contact: None,
            created_at: now,
            updated_at: now,
            version: 1,
        };
        Person::insert_all(conn, &[row])
    }

    pub(super) fn case_of(&mut self, person_id: PersonId, received_on: NaiveDate) -> Case {
        let now = self.now();
        let identified = if matches!(self.theme, Theme::Refusals) { 90 } else { 30 };
        Case {
            id: CaseId(self.random.uuid()),
            person_id,
            organisation_id: self.centre(),
            unit_code: self.unit(),
            category: ClientCategory::AtRisk,
            status: CaseStatus::Received,
            received_on,
            identified_on: self.chance(identified).then(|| self.day()),
            closed_on: None,
            close_reason: None,
            assigned_to: None,
            opened_by: self.account(),
            sealed_summary: None,
            created_at: now,
            updated_at: now,
            version: 1,
            status_since: received_on,
            trafficked_again: false,
            handed_to_case_id: None,
            continues_case_id: None,
            first_received_on: None,
            planned_before: false,
            last_contact_on: received_on,
        }
    }

    pub(super) fn event(
        &mut self,
        case_id: CaseId,
        kind: CaseEventKind,
        to: Option<CaseStatus>,
        on: NaiveDate,
    ) -> CaseEvent {
        CaseEvent {
            id: CaseEventId(self.random.uuid()),
            case_id,
            kind,
            from_status: None,
            to_status: to,
            occurred_on: on,
            reason: None,
            sealed_note: None,
            recorded_by: self.account(),
            recorded_at: self.now(),
        }
    }

    pub(super) fn open(&mut self, conn: &mut DbConnection) -> QueryResult<()> {
        let person = any!(self, conn, persons);
        let day = if self.chance(30) { self.long_ago() - TimeDelta::days(500) } else { self.day() };
        let case = self.case_of(person, day);
        let event = self.event(case.id, CaseEventKind::Opened, Some(CaseStatus::Received), day);
        Case::insert_all(conn, &[case])?;
        CaseEvent::insert_all(conn, &[event])
    }

    pub(super) fn end(&mut self, conn: &mut DbConnection, case: CaseId) -> QueryResult<()> {
        let day = self.day();
        diesel::update(cases::table.find(case)).set(cases::closed_on.eq(day)).execute(conn)?;
        let event = self.event(case, CaseEventKind::StatusChanged, Some(CaseStatus::Closed), day);
        CaseEvent::insert_all(conn, &[event])
    }

    pub(super) fn close(&mut self, conn: &mut DbConnection) -> QueryResult<()> {
        let case = any!(self, conn, cases);
        self.end(conn, case)
    }

    pub(super) fn reopen(&mut self, conn: &mut DbConnection) -> QueryResult<()> {
        let case = any!(self, conn, cases);
        diesel::update(cases::table.find(case)).set(cases::closed_on.eq(None::<NaiveDate>)).execute(conn)?;
        let (closed, reopened) = (self.day(), self.day());
        let mut events = vec![self.event(case, CaseEventKind::Reopened, Some(CaseStatus::ReceivingSupport), reopened)];
        if self.chance(50) {
            events.insert(0, self.event(case, CaseEventKind::StatusChanged, Some(CaseStatus::Closed), closed));
        }
        CaseEvent::insert_all(conn, &events)
    }

    /// What is told of a case, or told otherwise, while its own row stays as it is: that it was closed long ago, or
    /// opened again of late.
    pub(super) fn tell_events(&mut self, conn: &mut DbConnection) -> QueryResult<()> {
        if self.chance(40) {
            return self.tell_otherwise(conn);
        }
        let case = any!(self, conn, cases);
        let (closed, reopened) = (self.long_ago(), self.today - TimeDelta::days(self.below(40)));
        let closed = self.event(case, CaseEventKind::StatusChanged, Some(CaseStatus::Closed), closed);
        let reopened = self.event(case, CaseEventKind::Reopened, Some(CaseStatus::ReceivingSupport), reopened);
        let events = match self.below(3) {
            0 => vec![closed],
            1 => vec![reopened],
            _ => vec![closed, reopened],
        };
        CaseEvent::insert_all(conn, &events)
    }

    /// One of those that decide whether a case slept through a year: of its closing and reopening.
    pub(super) fn telling_event(&mut self, conn: &mut DbConnection) -> QueryResult<Option<CaseEventId>> {
        let telling = case_events::kind.eq(CaseEventKind::Reopened).or(case_events::to_status.eq(CaseStatus::Closed));
        let ids: Vec<CaseEventId> =
            case_events::table.filter(telling).order(case_events::id).select(case_events::id).load(conn)?;
        Ok(self.pick_of(&ids))
    }

    pub(super) fn forget_event(&mut self, conn: &mut DbConnection) -> QueryResult<()> {
        let Some(id) = self.telling_event(conn)? else { return Ok(()) };
        diesel::delete(case_events::table.find(id)).execute(conn).map(drop)
    }

    pub(super) fn tell_otherwise(&mut self, conn: &mut DbConnection) -> QueryResult<()> {
        let Some(id) = self.telling_event(conn)? else { return Ok(()) };
        let row = case_events::table.find(id);
        match self.below(4) {
            0 => diesel::update(row).set(case_events::occurred_on.eq(self.day())).execute(conn),
            1 => diesel::update(row).set(case_events::occurred_on.eq(self.long_ago())).execute(conn),
            2 => diesel::update(row).set(case_events::to_status.eq(CaseStatus::Closed)).execute(conn),
            _ => {
                let case = any!(self, conn, cases);
                diesel::update(row).set(case_events::case_id.eq(case)).execute(conn)
            }
        }
        .map(drop)
    }

    pub(super) fn hand_over(&mut self, conn: &mut DbConnection) -> QueryResult<()> {
        let case = any!(self, conn, cases);
        let person = cases::table.find(case).select(cases::person_id).first(conn)?;
        self.end(conn, case)?;
        let day = self.day();
        let next = self.case_of(person, day);
        Case::insert_all(conn, &[next])
    }

    pub(super) fn identify(&mut self, conn: &mut DbConnection) -> QueryResult<()> {
        let case = cases::table.find(any!(self, conn, cases));
        let day = self.chance(80).then(|| self.day());
        diesel::update(case).set(cases::identified_on.eq(day)).execute(conn).map(drop)
    }
}
