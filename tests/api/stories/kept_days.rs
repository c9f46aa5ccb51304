//! The days that the database keeps with a case are those of its history, whatever is added, changed or goes.
//! After every other story of the API the same is asked (`support::server::run`).

use std::sync::{Arc, Mutex};

use chrono::NaiveDate;
use diesel::prelude::*;
use hoanhap::assessments::model::{Assessment, RiskLevel};
use hoanhap::care_plans::model::CarePlan;
use hoanhap::cases::CaseStatus;
use hoanhap::cases::model::{Case, CaseEvent, CaseEventKind};
use hoanhap::clock::Random;
use hoanhap::consents::model::GivenBy;
use hoanhap::db::DbConnection;
use hoanhap::db::bulk::BulkRow as _;
use hoanhap::db::schema::{assessments, care_plans, case_events, cases, deliveries, tasks};
use hoanhap::db::types::{AssessmentId, CaseEventId, DeliveryId, Instant, TaskId};
use hoanhap::deliveries::model::{Delivery, DeliveryForm};
use hoanhap::services::ServiceType;
use hoanhap::tasks::TaskStatus;
use hoanhap::tasks::model::{OwnerKind, Task, TaskKind};

use crate::support::plans::{plan_body, step};
use crate::support::{TestApp, World, both_dbs};

/// Makes rows of one case at random.
struct Chance {
    random: Random,
    case: Case,
    step: Option<hoanhap::db::types::StepId>,
    number: i32,
}

impl Chance {
    fn of(&self, many: u8) -> u8 {
        self.random.bytes::<1>()[0] % many
    }

    fn pick<T: Copy>(&self, from: &[T]) -> T {
        from[usize::from(self.of(u8::try_from(from.len()).expect("few")))]
    }

    fn day(&self) -> NaiveDate {
        self.case.received_on + chrono::TimeDelta::days(i64::from(self.of(40)))
    }

    fn event(&self) -> CaseEvent {
        let status = |chance: u8| (chance > 0).then(|| self.pick(CaseStatus::ALL));
        CaseEvent {
            id: CaseEventId(self.random.uuid()),
            case_id: self.case.id,
            kind: self.pick(CaseEventKind::ALL),
            from_status: status(self.of(3)),
            to_status: status(self.of(3)),
            occurred_on: self.day(),
            reason: None,
            sealed_note: None,
            recorded_by: self.case.opened_by,
            recorded_at: self.case.created_at,
        }
    }

    fn assessment(&self) -> Assessment {
        Assessment {
            id: AssessmentId(self.random.uuid()),
            case_id: self.case.id,
            person_id: self.case.person_id,
            organisation_id: self.case.organisation_id,
            unit_code: self.case.unit_code.clone(),
            assessed_on: self.day(),
            assessed_by: self.case.opened_by,
            risk: (self.of(4) > 0).then(|| self.pick(RiskLevel::ALL)),
            sealed_findings: None,
            next_review_on: None,
            created_at: self.case.created_at,
        }
    }

    fn plan(&mut self) -> CarePlan {
        self.number += 1;
        CarePlan {
            case_id: self.case.id,
            number: self.number,
            person_id: self.case.person_id,
            organisation_id: self.case.organisation_id,
            agreed_with: GivenBy::OneSelf,
            agreed_on: self.day(),
            review_on: self.day(),
            saved_by: self.case.opened_by,
            saved_at: self.case.created_at,
            approved_on: None,
        }
    }

    fn task(&self) -> Task {
        let status = self.pick(TaskStatus::ALL);
        Task {
            id: TaskId(self.random.uuid()),
            case_id: self.case.id,
            person_id: self.case.person_id,
            organisation_id: self.case.organisation_id,
            kind: self.pick(TaskKind::ALL),
            owner_kind: OwnerKind::Worker,
            owner_id: None,
            partner_id: None,
            due_on: self.day(),
            status,
            done_on: (status == TaskStatus::Done).then(|| self.day()),
            cancel_reason: None,
            step_id: self.step.filter(|_| self.of(2) > 0),
            sealed_title: None,
            created_by: self.case.opened_by,
            created_at: self.case.created_at,
            updated_at: self.case.created_at,
            version: 1,
        }
    }

    fn delivery(&self) -> Delivery {
        Delivery {
            id: DeliveryId(self.random.uuid()),
            case_id: self.case.id,
            person_id: self.case.person_id,
            referral_id: None,
            organisation_id: self.case.organisation_id,
            centre_id: self.case.organisation_id,
            service_type: ServiceType::Medical,
            delivered_on: self.day(),
            form: DeliveryForm::InKind,
            amount_dong: None,
            recorded_by: self.case.opened_by,
            voided_at: self.voided(),
            void_reason: None,
            created_at: self.case.created_at,
            version: 1,
        }
    }

    fn voided(&self) -> Option<Instant> {
        (self.of(3) == 0).then_some(self.case.created_at)
    }

    fn happen(&mut self, conn: &mut DbConnection) -> QueryResult<()> {
        match self.of(5) {
            0 => self.add(conn),
            1 => self.change_task(conn),
            2 => self.change_delivery(conn),
            3 => self.remove(conn),
            _ => self.add(conn),
        }
    }

    /// Some at once, as an import or the demo adds them.
    fn add(&mut self, conn: &mut DbConnection) -> QueryResult<()> {
        let many = 1 + self.of(3);
        match self.of(5) {
            0 => CaseEvent::insert_all(conn, &(0..many).map(|_| self.event()).collect::<Vec<_>>()),
            1 => Assessment::insert_all(conn, &(0..many).map(|_| self.assessment()).collect::<Vec<_>>()),
            2 => CarePlan::insert_all(conn, &(0..many).map(|_| self.plan()).collect::<Vec<_>>()),
            3 => Task::insert_all(conn, &(0..many).map(|_| self.task()).collect::<Vec<_>>()),
            _ => Delivery::insert_all(conn, &(0..many).map(|_| self.delivery()).collect::<Vec<_>>()),
        }
    }

    fn change_task(&self, conn: &mut DbConnection) -> QueryResult<()> {
        let ids: Vec<TaskId> = tasks::table.order(tasks::id).select(tasks::id).load(conn)?;
        if ids.is_empty() {
            return Ok(());
        }
        let told = self.task();
        diesel::update(tasks::table.find(self.pick(&ids)))
            .set((
                tasks::kind.eq(told.kind),
                tasks::status.eq(told.status),
                tasks::done_on.eq(told.done_on),
                tasks::step_id.eq(told.step_id),
            ))
            .execute(conn)
            .map(drop)
    }

    fn change_delivery(&self, conn: &mut DbConnection) -> QueryResult<()> {
        let ids: Vec<DeliveryId> = deliveries::table.order(deliveries::id).select(deliveries::id).load(conn)?;
        if ids.is_empty() {
            return Ok(());
        }
        let row = deliveries::table.find(self.pick(&ids));
        diesel::update(row)
            .set((deliveries::delivered_on.eq(self.day()), deliveries::voided_at.eq(self.voided())))
            .execute(conn)
            .map(drop)
    }

    /// All of a kind on one day; no rule does so, and the days hold nevertheless.
    fn remove(&self, conn: &mut DbConnection) -> QueryResult<()> {
        let day = self.day();
        match self.of(5) {
            0 => diesel::delete(case_events::table.filter(case_events::occurred_on.eq(day))).execute(conn),
            1 => diesel::delete(assessments::table.filter(assessments::assessed_on.eq(day))).execute(conn),
            2 => {
                diesel::delete(care_plans::table.filter(care_plans::agreed_on.eq(day)).filter(care_plans::number.gt(1)))
                    .execute(conn)
            }
            3 => diesel::delete(tasks::table.filter(tasks::due_on.eq(day))).execute(conn),
            _ => diesel::delete(deliveries::table.filter(deliveries::delivered_on.eq(day))).execute(conn),
        }
        .map(drop)
    }
}

both_dbs! {
    fn kept_days_follow_whatever_is_added_changed_or_goes(app: &TestApp) {
        let world = World::build(app);
        let person = app.person(&world.worker, "Lò Thị Mẩy");
        let case = app.case(&world.worker, person, "at_risk", app.days_ago(50));
        let steps = [step("Tìm phòng trọ", None, app.today())];
        app.put_plan(&world.worker, case, None, &plan_body(app.days_ago(9), app.today(), &steps)).send().expect(200);
        let (case, step) = app.state().db.read_now(|conn| {
            let case: Case = cases::table.select(Case::as_select()).first(conn)?;
            let step = tasks::table.select(tasks::step_id).first(conn)?;
            Ok((case, step))
        }).expect("they are there");
        let chance = Arc::new(Mutex::new(Chance { random: Random::seeded(2026), case, step, number: 1 }));
        for round in 0..300 {
            let chance = chance.clone();
            let happens = move |conn: &mut DbConnection| Ok(chance.lock().expect("not poisoned").happen(conn)?);
            app.state().db.write_now(happens).expect("written");
            assert_eq!(app.wrongly_kept_days(), Vec::<&str>::new(), "round {round}");
        }
    }
}
