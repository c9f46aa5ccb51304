//! What is stored in bulk is what the rules would have stored one by one.

use std::collections::BTreeSet;

use diesel::prelude::*;
use hoanhap::assessments::model::{AssessedNeed, Assessment, SupportRefusal};
use hoanhap::attachments::model::Attachment;
use hoanhap::audit::{NewChains, Subject, SubjectKind};
use hoanhap::care_plans::model::{CarePlan, Goal, Step};
use hoanhap::cases::model::{Case, CaseEvent};
use hoanhap::clock::Random;
use hoanhap::consents::model::Consent;
use hoanhap::db::bulk::BulkRow;
use hoanhap::db::types::{AccountId, Instant, PersonId};
use hoanhap::db::{DbConnection, schema};
use hoanhap::deliveries::model::Delivery;
use hoanhap::entitlements::model::{CaseCircumstance, Override};
use hoanhap::follow_ups::model::FollowUp;
use hoanhap::guardians::model::Guardian;
use hoanhap::loans::model::{Loan, LoanEvent, LoanPapers};
use hoanhap::notes::model::{Note, NoteVersion};
use hoanhap::persons::model::Person;
use hoanhap::programmes::closing::model::{ReportingPeriod, ReportingStep};
use hoanhap::programmes::registers::Register;
use hoanhap::programmes::registers::model::{Participant, RegisterEntry};
use hoanhap::programmes::reported::model::ReportedValue;
use hoanhap::referrals::model::{Referral, ReferralEvent};
use hoanhap::stays::model::{Extension, Stay};
use hoanhap::tasks::model::Task;
use hoanhap::training::model::{
    Attendance, Course, CourseDay, Enrolment, EnrolmentEvent, JobCheckUp, JobOutcome, TrainingAid,
};
use hoanhap::transfers::model::Transfer;
use serde_json::json;

use crate::support::casework::person_body;
use crate::support::files::png;
use crate::support::plans::{plan_body, step};
use crate::support::training::graduate;
use crate::support::world::COMMUNE;
use crate::support::{TestApp, World, both_dbs};

const PERSONS: usize = 500;

/// Persons with and without each field, and the whole casework for every tenth.
fn work(app: &TestApp) {
    let world = World::build(app);
    programme(app, &world);
    let random = Random::seeded(2026);
    for number in 0..PERSONS {
        let mut body = person_body(&format!("Người thứ {number}"));
        let fields = body.as_object_mut().expect("a form");
        for field in ["aliases", "nationality", "ethnicity", "phone", "national_id", "address", "safe_contact"] {
            if random.bytes::<1>()[0].is_multiple_of(2) {
                fields.remove(field);
            }
        }
        match random.bytes::<1>()[0] % 3 {
            0 => fields["birth"] = json!({"precision": "year", "year": 1990}),
            1 => fields["birth"] = json!({"precision": "unknown"}),
            _ => {}
        }
        let person = app.post("/persons", &body).by(&world.worker).send().expect(201).id();
        if number % 10 == 0 {
            let case = app.case(&world.worker, person, "person_selling_sex", app.days_ago(3));
            app.consent(&world.worker, person, world.lender, app.days_ago(2));
            app.assess(&world.worker, case, &["loan", "medical"], app.days_ago(1));
            let steps = [step("Tìm phòng trọ", None, app.today()), step("Làm giấy tờ", None, app.today())];
            app.put_plan(&world.worker, case, None, &plan_body(app.today(), app.today(), &steps)).send().expect(200);
            app.task(&world.worker, case, app.today());
            let refusal = json!({"service_type": "medical", "refused_on": app.today()});
            app.post(&format!("/cases/{case}/refusals"), &refusal).by(&world.worker).send().expect(201);
            let referral = app.referral(&world.worker, case, "loan", world.lender);
            app.step(&world.banker, referral, "accept").expect(200);
            app.step(&world.banker, referral, "start").expect(200);
            app.entitlement_records(&world.manager, case);
            // The product has a youngest age, which an unknown birth does not show.
            if body["birth"]["precision"] == "unknown" {
                app.deliver(&world.banker, referral, "loan", app.today());
            } else {
                app.disbursed_loan(&world.worker, &world.banker, referral, app.today());
            }
            let note = app.note(&world.worker, case, "notes", "Đã gặp", app.today());
            app.patch(&format!("/notes/{note}"), &json!({"text": "Đã gặp hai lần"}))
                .by(&world.worker)
                .version(1)
                .send()
                .expect(200);
            app.attach(&world.worker, case, "Giấy tờ", &png()).send().expect(201);
            app.move_case(&world.worker, case, "screened", app.today()).expect(200);
        }
    }
    going_on(app, &world);
}

/// A child's guardian, a case followed up, and one that goes on at another centre.
fn going_on(app: &TestApp, world: &World) {
    let worker = &world.worker;
    let mut body = person_body("Người nhỏ tuổi");
    body["birth"] = json!({"precision": "exact", "date": "2012-05-01"});
    let child = app.post("/persons", &body).by(worker).send().expect(201).id();
    let guardian = json!({"relation": "mother", "name": "Mẹ", "phone": "090", "from_on": app.days_ago(9)});
    app.post(&format!("/persons/{child}/guardians"), &guardian).by(worker).send().expect(201);
    let case = app.case(worker, child, "at_risk", app.days_ago(3));
    let closing = json!({"to": "closed", "occurred_on": app.today(), "reason": "moved"});
    app.post(&format!("/cases/{case}/status"), &closing).by(worker).version(1).send().expect(200);
    app.pass_days(92);
    let follow_up = json!({"months": 3, "done_on": app.today(), "finding": "stable", "note": "Ổn"});
    app.post(&format!("/cases/{case}/follow-ups"), &follow_up).by(worker).send().expect(201);
    let mover = app.person(worker, "Người chuyển nơi ở");
    let case = app.case(worker, mover, "at_risk", app.days_ago(3));
    let consent = json!({
        "purpose": "transfer", "recipient_organisation_id": world.other_centre, "given_by": "self",
        "given_on": app.today(), "proof": "recording",
    });
    app.post(&format!("/persons/{mover}/consents"), &consent).by(worker).send().expect(201);
    let offer = json!({"to_organisation_id": world.other_centre, "ground": "consent", "summary": "Tóm tắt"});
    let transfer = app.post(&format!("/cases/{case}/transfers"), &offer).by(worker).send().expect(201).id();
    app.post(&format!("/transfers/{transfer}/accept"), &json!({}))
        .by(&world.other_manager)
        .version(1)
        .send()
        .expect(200);
    learn(app, world);
}

/// One more person, from a course to a job that lasts.
fn learn(app: &TestApp, world: &World) {
    let course = app.course(&world.teacher, app.days_ago(1));
    let learner = graduate(app, world, "Người học nghề", course);
    app.aid(&world.worker, learner.enrolment, app.today()).expect(201);
    let job = format!("/enrolments/{}/job", learner.enrolment);
    let work = json!({"kind": "employed", "in_trade": true, "started_on": app.today()});
    app.put(&job, &work).by(&world.worker).version(0).send().expect(200);
    app.pass_days(93);
    let found = json!({"checked_on": app.today(), "finding": "in_work"});
    app.put(&format!("{job}/check-ups/3"), &found).by(&world.worker).version(0).send().expect(200);
}

/// What an officer keeps of a programme.
fn programme(app: &TestApp, world: &World) {
    let officer = &world.programme_officer;
    let activity = json!({"unit_code": COMMUNE, "held_on": app.days_ago(3), "form": "club", "audience": "residents",
        "attendances": 2, "participants": ["A-1", "A-2"]});
    app.entry(officer, Register::CommunicationActivities, &activity);
    let tip_off = json!({"unit_code": COMMUNE, "received_on": app.days_ago(9), "type": "complaint", "verified_on": app.days_ago(5)});
    app.entry(officer, Register::TipOffs, &tip_off);
    let mut value = json!({"element": "crimes_handled", "class": "", "unit_code": "G34-P01", "calendar": "civil",
        "period": "2025-08", "value": 4, "source_agency": "Công an", "source_document": "1/BC",
        "source_on": app.days_ago(1), "expected_revision": 0});
    app.post("/reported-values", &value).by(officer).send().expect(201);
    (value["expected_revision"], value["value"], value["reason"]) = (json!(1), json!(5), json!("Đối chiếu"));
    app.post("/reported-values", &value).by(officer).send().expect(201);
    let report = format!("/reporting-periods/{COMMUNE}/civil/2025-Q3");
    let submitted = json!({"status": "submitted", "nothing_to_report": true});
    app.put(&report, &submitted).by(officer).send().expect(200);
    let returned = json!({"status": "open", "reason": "Thiếu"});
    app.put(&report, &returned).by(officer).version(1).send().expect(200);
}

/// The records of a database, a list a table, in an order that keeps references whole.
macro_rules! records {
    ($($table:ident: $row:ty),+ $(,)?) => {
        #[derive(Debug)]
        struct Records {
            $($table: Vec<$row>,)+
        }

        impl Records {
            fn read(conn: &mut DbConnection) -> QueryResult<Self> {
                Ok(Self { $($table: schema::$table::table.select(<$row>::as_select()).load(conn)?,)+ })
            }

            fn forget(conn: &mut DbConnection) -> QueryResult<()> {
                for table in [$(stringify!($table)),+].iter().rev() {
                    diesel::sql_query(format!("delete from {table}")).execute(conn)?;
                }
                Ok(())
            }

            fn store_in_bulk(&self, conn: &mut DbConnection) -> QueryResult<()> {
                $(<$row>::insert_all(conn, &self.$table)?;)+
                Ok(())
            }

            /// Every row as text, in no order.
            fn rows(&self) -> BTreeSet<String> {
                let mut rows = BTreeSet::new();
                $(
                    assert!(!self.$table.is_empty(), "nothing in {}", stringify!($table));
                    rows.extend(self.$table.iter().map(|row| format!("{row:?}")));
                )+
                rows
            }
        }
    };
}

records! {
    persons: Person,
    cases: Case,
    case_events: CaseEvent,
    guardians: Guardian,
    consents: Consent,
    transfers: Transfer,
    follow_ups: FollowUp,
    assessments: Assessment,
    assessed_needs: AssessedNeed,
    support_refusals: SupportRefusal,
    referrals: Referral,
    referral_events: ReferralEvent,
    deliveries: Delivery,
    entitlement_overrides: Override,
    case_circumstances: CaseCircumstance,
    stays: Stay,
    stay_extensions: Extension,
    care_plans: CarePlan,
    care_plan_goals: Goal,
    care_plan_steps: Step,
    tasks: Task,
    courses: Course,
    enrolments: Enrolment,
    enrolment_events: EnrolmentEvent,
    course_days: CourseDay,
    attendances: Attendance,
    training_aids: TrainingAid,
    job_outcomes: JobOutcome,
    job_check_ups: JobCheckUp,
    loans: Loan,
    loan_papers: LoanPapers,
    loan_events: LoanEvent,
    notes: Note,
    note_versions: NoteVersion,
    attachments: Attachment,
    register_entries: RegisterEntry,
    register_participants: Participant,
    reported_values: ReportedValue,
    reporting_periods: ReportingPeriod,
    reporting_steps: ReportingStep,
}

type EntryRow = (SubjectKind, PersonId, i64, Instant, Option<AccountId>, String, String, Vec<u8>);
type HeadRow = (SubjectKind, PersonId, i64, Vec<u8>, Vec<u8>, bool);

/// Entries in the order of their chains, and heads.
fn chains(conn: &mut DbConnection) -> QueryResult<(Vec<EntryRow>, Vec<HeadRow>)> {
    let entries = schema::audit_entries::table
        .order((schema::audit_entries::subject_kind, schema::audit_entries::subject_id, schema::audit_entries::seq))
        .load(conn)?;
    let heads = schema::audit_heads::table
        .order((schema::audit_heads::subject_kind, schema::audit_heads::subject_id))
        .load(conn)?;
    Ok((entries, heads))
}

both_dbs! {
    fn what_is_stored_in_bulk_equals_what_the_api_stored(app: &TestApp) {
        work(app);
        let trail = app.state().trail.clone();
        let compared = app.state().db.write_now(move |conn| {
            let (records, (entries, heads)) = (Records::read(conn)?, chains(conn)?);
            let mut again = NewChains::new(trail.clone());
            for (kind, id, _, at, account, action, fields, _) in &entries {
                let subject = Subject::new(*kind, id.0);
                let fields: Vec<&str> = fields.split(',').collect();
                again.record(subject, *account, action.parse().expect("an action"), &fields, *at);
            }
            diesel::sql_query("delete from audit_entries").execute(conn)?;
            diesel::sql_query("delete from audit_heads").execute(conn)?;
            Records::forget(conn)?;
            records.store_in_bulk(conn)?;
            again.store(conn)?;
            Ok(((records, entries, heads), (Records::read(conn)?, chains(conn)?)))
        });
        let ((records, entries, heads), (stored, (new_entries, new_heads))) = compared.expect("written");
        assert_eq!(records.persons.len(), PERSONS + 3);
        assert_eq!(records.rows(), stored.rows());
        assert_eq!(entries, new_entries);
        assert_eq!(heads, new_heads);
    }
}
