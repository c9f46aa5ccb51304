//! Rows and chains of classes, of the form that the rules store.

use chrono::{Datelike as _, NaiveDate, TimeDelta};
use rand::RngExt as _;
use rand::rngs::StdRng;

use super::chances::{draw_finding, draw_group, draw_job, draw_mark, draw_stop_reason};
use super::classes::{Class, Learner, Standing, plus};
use crate::app::App;
use crate::audit::{NewChains, Subject, SubjectKind, TrailAction};
use crate::clock::Random;
use crate::db::DbConnection;
use crate::db::bulk::BulkRow as _;
use crate::db::types::{AccountId, CourseId, DeliveryId, EnrolmentEventId, EnrolmentId, Instant, TrainingAidId};
use crate::deliveries::model::{Delivery, DeliveryForm};
use crate::demo::dice::chance;
use crate::demo::load::at;
use crate::error::AppError;
use crate::services::ServiceType;
use crate::training::EnrolmentStatus;
use crate::training::model::{
    Attendance, AttendanceMark, Course, CourseDay, CourseLevel, Enrolment, EnrolmentEvent, JobCheckUp, JobOutcome,
    TrainingAid,
};
use crate::training::rules::jobs::{CHECK_UPS, due_on, next_due};
use crate::training::status::StopReason;
use crate::training::tariff::AidFacts;
use crate::vault::{DataKey, seal};

/// What is stored together.
pub(super) struct Rows {
    courses: Vec<Course>,
    enrolments: Vec<Enrolment>,
    events: Vec<EnrolmentEvent>,
    days: Vec<CourseDay>,
    attendances: Vec<Attendance>,
    payments: Vec<Delivery>,
    aids: Vec<TrainingAid>,
    jobs: Vec<JobOutcome>,
    check_ups: Vec<JobCheckUp>,
    trail: NewChains,
}

impl Rows {
    /// Stores everything in one transaction.
    pub(super) fn store(&self, conn: &mut DbConnection) -> diesel::QueryResult<()> {
        Course::insert_all(conn, &self.courses)?;
        Enrolment::insert_all(conn, &self.enrolments)?;
        EnrolmentEvent::insert_all(conn, &self.events)?;
        CourseDay::insert_all(conn, &self.days)?;
        Attendance::insert_all(conn, &self.attendances)?;
        Delivery::insert_all(conn, &self.payments)?;
        TrainingAid::insert_all(conn, &self.aids)?;
        JobOutcome::insert_all(conn, &self.jobs)?;
        JobCheckUp::insert_all(conn, &self.check_ups)?;
        self.trail.store(conn)
    }
}

/// Writes classes down.
pub(super) struct Ledger<'a> {
    app: &'a App,
    ids: &'a Random,
    today: NaiveDate,
    rows: Rows,
}

impl<'a> Ledger<'a> {
    pub(super) fn new(app: &'a App, ids: &'a Random) -> Self {
        let rows = Rows {
            courses: Vec::new(),
            enrolments: Vec::new(),
            events: Vec::new(),
            days: Vec::new(),
            attendances: Vec::new(),
            payments: Vec::new(),
            aids: Vec::new(),
            jobs: Vec::new(),
            check_ups: Vec::new(),
            trail: NewChains::new(app.trail.clone()),
        };
        Self { app, ids, today: app.clock.today(), rows }
    }

    pub(super) fn finish(self) -> Rows {
        self.rows
    }

    /// One class with all that came of it; `keys` are those of its learners, in their order.
    pub(super) fn class(
        &mut self,
        rng: &mut StdRng,
        class: &Class,
        (trade, unit_code): (String, String),
        keys: &[DataKey],
    ) -> Result<(), AppError> {
        let days = class.days(self.today);
        let first_asked = class.seats.iter().map(|seat| seat.answered_on).min();
        let known_by = class.starts_on.min(self.today).min(first_asked.unwrap_or(self.today));
        let offered = at(known_by, 0).plus(-TimeDelta::days(30));
        let short = (class.ends_on - class.starts_on).num_days() < 92;
        let seats = i64::try_from(class.seats.len()).unwrap_or(i64::MAX);
        let course = Course {
            id: CourseId(self.ids.uuid()),
            organisation_id: class.school,
            trade,
            level: if short { CourseLevel::UnderThreeMonths } else { CourseLevel::Primary },
            starts_on: class.starts_on,
            ends_on: class.ends_on,
            venue: "Xưởng thực hành minh họa".to_owned(),
            unit_code,
            places: seats + rng.random_range(2..=10),
            fee_dong: 100_000 * rng.random_range(12..=45_i64),
            withdrawn_at: None,
            created_by: class.teacher,
            created_at: offered,
            updated_at: offered,
            version: 1,
        };
        let subject = Subject::new(SubjectKind::Course, course.id.0);
        self.rows.trail.record(subject, Some(class.teacher), TrailAction::Create, &["course"], offered);
        let first = self.rows.attendances.len();
        for (learner, key) in class.seats.iter().zip(keys) {
            self.learner(rng, &course, learner, &days, key)?;
        }
        for day in days {
            let held = self.rows.attendances.iter().skip(first).any(|row| row.day == day);
            if held {
                let (recorded_by, recorded_at) = (class.teacher, at(day, 200));
                self.rows.days.push(CourseDay { course_id: course.id, day, recorded_by, recorded_at, version: 1 });
                let (by, action) = (Some(class.teacher), TrailAction::Attendance);
                self.rows.trail.record(subject, by, action, &["attendance"], recorded_at);
            }
        }
        self.rows.courses.push(course);
        Ok(())
    }

    fn learner(
        &mut self,
        rng: &mut StdRng,
        course: &Course,
        learner: &Learner,
        days: &[NaiveDate],
        key: &DataKey,
    ) -> Result<(), AppError> {
        if chance(rng, 0.05) {
            self.given_back(course, learner);
        }
        let (enrolled_on, minutes) = match learner.since() {
            Some(since) => (since, 100),
            None => (learner.answered_on, 110),
        };
        let mut enrolment = self.enrolment(course, learner, enrolled_on, at(enrolled_on, minutes));
        let Some(since) = learner.since() else {
            self.rows.enrolments.push(enrolment);
            return Ok(());
        };
        (enrolment.served_on, enrolment.delivery_id) = (Some(since), learner.delivery);
        self.turn(&mut enrolment, learner.teacher, EnrolmentStatus::Attending, at(since, 200), None);
        let last = match learner.standing {
            Standing::Finished(_, on) | Standing::Stopped(_, on) => on,
            _ => self.today,
        };
        let study_days = self.attend(rng, &enrolment, learner, days.iter().filter(|day| (since..=last).contains(day)));
        match learner.standing {
            Standing::Stopped(_, on) => {
                let reason = draw_stop_reason(rng);
                self.turn(&mut enrolment, learner.teacher, EnrolmentStatus::Stopped, at(on, 400), Some(reason));
            }
            Standing::Finished(_, on) => {
                if chance(rng, 0.85) {
                    let number = format!("SC-{:05}/{}", rng.random_range(1..=99_999_u32), on.year());
                    let place = Enrolment::certificate_place(enrolment.id);
                    let sealed = seal(&self.app.random, key, learner.person, place, 1, &number)?;
                    enrolment.certificate_issued_on = Some(on);
                    enrolment.sealed_certificate_number = Some(sealed);
                }
                self.turn(&mut enrolment, learner.teacher, EnrolmentStatus::Completed, at(on, 400), None);
                self.aid(rng, course, &enrolment, learner, (on, study_days));
                self.job(rng, &enrolment, learner, on);
            }
            Standing::Waits | Standing::Learns(_) => {}
        }
        self.rows.enrolments.push(enrolment);
        Ok(())
    }

    fn enrolment(&mut self, course: &Course, learner: &Learner, enrolled_on: NaiveDate, now: Instant) -> Enrolment {
        let enrolment = Enrolment {
            id: EnrolmentId(self.ids.uuid()),
            course_id: course.id,
            referral_id: learner.referral,
            case_id: learner.case,
            person_id: learner.person,
            organisation_id: course.organisation_id,
            status: EnrolmentStatus::Enrolled,
            enrolled_on,
            ended_on: None,
            stop_reason: None,
            certificate_issued_on: None,
            sealed_certificate_number: None,
            served_on: None,
            delivery_id: None,
            created_by: learner.teacher,
            created_at: now,
            updated_at: now,
            version: 1,
        };
        self.event(&enrolment, None, learner.teacher, now);
        self.note(enrolment.id, learner.teacher, TrailAction::Create, "enrolment", now);
        enrolment
    }

    /// A place that was given back on the day of the answer, before the one that was kept.
    fn given_back(&mut self, course: &Course, learner: &Learner) {
        let day = learner.answered_on;
        let mut enrolment = self.enrolment(course, learner, day, at(day, 95));
        self.turn(&mut enrolment, learner.teacher, EnrolmentStatus::Cancelled, at(day, 98), None);
        self.rows.enrolments.push(enrolment);
    }

    fn turn(
        &mut self,
        enrolment: &mut Enrolment,
        by: AccountId,
        to: EnrolmentStatus,
        now: Instant,
        reason: Option<StopReason>,
    ) {
        let from = enrolment.status;
        enrolment.status = to;
        enrolment.stop_reason = reason;
        if !EnrolmentStatus::OPEN.contains(&to) {
            enrolment.ended_on = Some(now.civil_date());
        }
        enrolment.updated_at = now;
        enrolment.version += 1;
        self.event(enrolment, Some(from), by, now);
        self.note(enrolment.id, by, TrailAction::Transition, "status", now);
    }

    fn event(&mut self, enrolment: &Enrolment, from: Option<EnrolmentStatus>, by: AccountId, now: Instant) {
        self.rows.events.push(EnrolmentEvent {
            id: EnrolmentEventId(self.ids.uuid()),
            enrolment_id: enrolment.id,
            from_status: from,
            to_status: enrolment.status,
            occurred_on: now.civil_date(),
            reason: enrolment.stop_reason,
            recorded_by: Some(by),
            recorded_at: now,
        });
    }

    fn note(&mut self, id: EnrolmentId, by: AccountId, action: TrailAction, field: &str, now: Instant) {
        self.rows.trail.record(Subject::new(SubjectKind::Enrolment, id.0), Some(by), action, &[field], now);
    }

    /// Marks of these days, the first of them present; returns the days of study.
    fn attend<'d>(
        &mut self,
        rng: &mut StdRng,
        enrolment: &Enrolment,
        learner: &Learner,
        days: impl Iterator<Item = &'d NaiveDate>,
    ) -> i64 {
        let mut study_days = 0;
        for day in days {
            let mark = if study_days == 0 { AttendanceMark::Present } else { draw_mark(rng) };
            study_days += i64::from(mark == AttendanceMark::Present);
            self.rows.attendances.push(Attendance {
                enrolment_id: enrolment.id,
                day: *day,
                mark,
                recorded_by: learner.teacher,
                recorded_at: at(*day, 200),
            });
        }
        study_days
    }

    /// Aid of the tariff, for most of those who finished.
    fn aid(
        &mut self,
        rng: &mut StdRng,
        course: &Course,
        enrolment: &Enrolment,
        learner: &Learner,
        (paid_on, study_days): (NaiveDate, i64),
    ) {
        let tariff = self.app.training.tariff_on(course.starts_on).filter(|_| chance(rng, 0.6));
        let Some(tariff) = tariff else { return };
        let facts = AidFacts {
            group: draw_group(rng),
            fee_dong: course.fee_dong,
            study_days,
            distance_km: rng.random_range(1..=40),
            difficult_area: chance(rng, 0.15),
        };
        let (amount, now) = (tariff.amount(&facts), at(paid_on, 410));
        let payment = Delivery {
            id: DeliveryId(self.ids.uuid()),
            case_id: learner.case,
            person_id: learner.person,
            referral_id: None,
            organisation_id: learner.centre,
            centre_id: learner.centre,
            service_type: ServiceType::VocationalTraining,
            delivered_on: paid_on,
            form: DeliveryForm::Money,
            amount_dong: Some(amount.total()),
            recorded_by: learner.worker,
            voided_at: None,
            void_reason: None,
            created_at: now,
            version: 1,
        };
        let (subject, by) = (Subject::new(SubjectKind::Delivery, payment.id.0), Some(learner.worker));
        self.rows.trail.record(subject, by, TrailAction::Create, &["delivery"], now);
        self.rows.aids.push(TrainingAid {
            id: TrainingAidId(self.ids.uuid()),
            enrolment_id: enrolment.id,
            case_id: learner.case,
            person_id: learner.person,
            delivery_id: payment.id,
            aid_group: facts.group,
            paid_on,
            study_days,
            fee_dong: amount.fee_dong,
            meals_dong: amount.meals_dong,
            travel_dong: amount.travel_dong,
            granted_by: learner.worker,
            created_at: now,
            voided_at: None,
        });
        self.rows.payments.push(payment);
        self.note(enrolment.id, learner.worker, TrailAction::TrainingAid, "training_aid", now);
    }

    /// Work that was found in the weeks after, and whether it lasts.
    fn job(&mut self, rng: &mut StdRng, enrolment: &Enrolment, learner: &Learner, completed_on: NaiveDate) {
        let asked_on = plus(completed_on, rng.random_range(20..=75));
        if asked_on > self.today || !chance(rng, 0.85) {
            return;
        }
        let kind = draw_job(rng);
        let started_on = kind.is_work().then(|| plus(completed_on, rng.random_range(1..=20)));
        self.note(enrolment.id, learner.worker, TrailAction::JobOutcome, "job", at(asked_on, 60));
        let done = started_on.map(|start| self.check_ups(rng, enrolment, learner, start)).unwrap_or_default();
        self.rows.jobs.push(JobOutcome {
            enrolment_id: enrolment.id,
            case_id: learner.case,
            kind,
            in_trade: kind.is_work().then(|| chance(rng, 0.7)),
            started_on,
            next_due_on: next_due(started_on, &done),
            recorded_by: learner.worker,
            recorded_at: at(asked_on, 60),
            version: 1,
        });
    }

    /// Check-ups that were done; some are forgotten and stay due.
    fn check_ups(
        &mut self,
        rng: &mut StdRng,
        enrolment: &Enrolment,
        learner: &Learner,
        started_on: NaiveDate,
    ) -> Vec<i32> {
        let mut done = Vec::new();
        for months in CHECK_UPS {
            let checked_on = plus(due_on(started_on, months), rng.random_range(0..=12));
            if checked_on > self.today || !chance(rng, 0.85) {
                break;
            }
            done.push(months);
            self.rows.check_ups.push(JobCheckUp {
                enrolment_id: enrolment.id,
                months,
                checked_on,
                finding: draw_finding(rng),
                recorded_by: learner.worker,
                recorded_at: at(checked_on, 70),
                version: 1,
            });
            self.note(enrolment.id, learner.worker, TrailAction::JobOutcome, "check_up", at(checked_on, 70));
        }
        done
    }
}
