//! What workers plan in the demo: risk and findings of assessments, care plans in versions, and
//! tasks that are done, dropped, overdue or still ahead. Drawn from the person's id, which the seed gives.

use chrono::{NaiveDate, TimeDelta};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use super::dice::{chance, weighted};
use super::load::at;
use super::story::Story;
use crate::app::App;
use crate::assessments::model::{AssessedNeed, Assessment, EligibilityReason, NeedReason, RiskLevel};
use crate::audit::TrailAction;
use crate::care_plans::model::{CarePlan, Goal, Step};
use crate::cases::CaseStatus;
use crate::cases::model::Case;
use crate::clock::Random;
use crate::consents::model::GivenBy;
use crate::db::types::{AccountId, GoalId, Instant, OrganisationId, StepId, TaskId};
use crate::error::AppError;
use crate::persons::ClientCategory;
use crate::services::ServiceType;
use crate::tasks::TaskStatus;
use crate::tasks::model::{OwnerKind, Task, TaskKind};
use crate::tasks::status::CancelReason;
use crate::vault::{DataKey, FieldName, seal};

/// What is planned for one person, and what the tasks leave in the trail.
#[derive(Debug, Default)]
pub(super) struct Work {
    pub(super) plans: Vec<CarePlan>,
    pub(super) goals: Vec<Goal>,
    pub(super) steps: Vec<Step>,
    pub(super) tasks: Vec<Task>,
    pub(super) entries: Vec<Entry>,
}

/// An entry in the trail of a task.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) task: TaskId,
    pub(super) action: TrailAction,
    pub(super) fields: &'static [&'static str],
    pub(super) at: Instant,
}

/// What is to be reached by a service, and steps towards it.
fn goal_of(service: ServiceType) -> (&'static str, &'static [&'static str]) {
    match service {
        ServiceType::EssentialNeeds => {
            ("Có nơi ở và bữa ăn ổn định", &["Tìm phòng trọ an toàn", "Mua đồ dùng cá nhân", "Gặp chủ nhà trọ"])
        }
        ServiceType::Medical => {
            ("Được khám và chữa bệnh", &["Đặt lịch khám", "Đi cùng đến khám", "Mua thẻ bảo hiểm y tế"])
        }
        ServiceType::LegalAid | ServiceType::Interpreting => {
            ("Có giấy tờ và được tư vấn pháp luật", &["Làm lại giấy tờ tùy thân", "Gặp trợ giúp viên pháp lý"])
        }
        ServiceType::Travel => ("Trở về nhà an toàn", &["Mua vé xe", "Báo cho người nhà theo cách đã hẹn"]),
        ServiceType::Psychological => {
            ("Ngủ được và bớt lo âu", &["Hẹn buổi tham vấn đầu tiên", "Tập bài thở mỗi tối", "Xem lại sau bốn buổi"])
        }
        ServiceType::GeneralEducation => ("Đi học trở lại", &["Gặp nhà trường", "Chuẩn bị sách vở"]),
        ServiceType::VocationalTraining => {
            ("Có nghề và việc làm", &["Chọn nghề phù hợp", "Nộp đơn học nghề", "Thăm lớp học"])
        }
        ServiceType::InitialAllowance => ("Có tiền trang trải ban đầu", &["Nộp đơn đề nghị trợ cấp", "Nhận trợ cấp"]),
        ServiceType::Loan => ("Có vốn làm ăn", &["Lập kế hoạch làm ăn", "Gặp tổ tiết kiệm và vay vốn"]),
        ServiceType::SocialSupport => {
            ("Có người thân và bạn bè nâng đỡ", &["Gặp người thân được tin cậy", "Tham gia sinh hoạt nhóm"])
        }
    }
}

const RISK_LOW: (RiskLevel, &str) = (RiskLevel::Low, "Hiện không bị đe dọa; có người thân giúp đỡ.");
const RISKS: &[(RiskLevel, &str)] = &[
    RISK_LOW,
    (RiskLevel::Medium, "Còn liên lạc với người từng gây hại; cần hẹn cách báo tin an toàn."),
    (RiskLevel::High, "Bị đe dọa qua điện thoại; chưa nên về nơi ở cũ."),
    (RiskLevel::ImmediateDanger, "Có người đang tìm; cần chỗ ở tạm lánh ngay."),
];

const FIRST_FREE: (TaskKind, &str) = (TaskKind::Contact, "Gọi điện hỏi thăm theo giờ đã hẹn");
const FREE: &[(TaskKind, &str)] = &[
    FIRST_FREE,
    (TaskKind::Visit, "Thăm nơi ở"),
    (TaskKind::Appointment, "Gặp tại trung tâm"),
    (TaskKind::Papers, "Xin bản sao giấy khai sinh"),
    (TaskKind::ReferralFollowUp, "Hỏi nơi nhận về tiến độ"),
];

/// Plans for one person.
pub(super) struct Planner<'a> {
    app: &'a App,
    ids: &'a Random,
    key: &'a DataKey,
    story: &'a Story,
    case: &'a Case,
    worker: AccountId,
    /// Last day of the case, or today.
    until: NaiveDate,
    rng: StdRng,
    work: Work,
    /// Titles of the plan's tasks.
    stated: Vec<Stated>,
    /// When each task will have been done, if ever.
    ends: Vec<Option<NaiveDate>>,
}

struct Stated {
    task: usize,
    title: &'static str,
}

impl<'a> Planner<'a> {
    pub(super) fn new(
        app: &'a App,
        ids: &'a Random,
        key: &'a DataKey,
        story: &'a Story,
        case: &'a Case,
        worker: AccountId,
    ) -> Self {
        let rng = StdRng::seed_from_u64(case.person_id.0.as_u64_pair().0);
        let until = case.closed_on.unwrap_or_else(|| app.clock.today());
        Self {
            app,
            ids,
            key,
            story,
            case,
            worker,
            until,
            rng,
            work: Work::default(),
            stated: Vec::new(),
            ends: Vec::new(),
        }
    }

    fn seal(&self, place: FieldName, text: &str) -> Result<Vec<u8>, AppError> {
        Ok(seal(&self.app.random, self.key, self.case.person_id, place, 1, text)?)
    }

    fn days(&mut self, fewest: i64, most: i64) -> TimeDelta {
        TimeDelta::days(self.rng.random_range(fewest..=most))
    }

    /// Gives assessments their risk, findings, next review and reasons.
    pub(super) fn complete(&mut self, assessments: &mut [(Assessment, Vec<AssessedNeed>)]) -> Result<(), AppError> {
        let mut risk = weighted(&mut self.rng, &[(30, 0_usize), (40, 1), (25, 2), (5, 3)]);
        for (assessment, needs) in assessments {
            let (level, findings) = RISKS.get(risk).copied().unwrap_or(RISK_LOW);
            assessment.risk = Some(level);
            assessment.sealed_findings = Some(self.seal(Assessment::findings_place(assessment.id), findings)?);
            assessment.next_review_on = Some(assessment.assessed_on + self.days(90, 180));
            // Help lowers it, as a rule.
            risk = risk.saturating_sub(1);
            for need in needs {
                self.give_reasons(need);
            }
        }
        Ok(())
    }

    fn give_reasons(&mut self, need: &mut AssessedNeed) {
        let victim = matches!(self.case.category, ClientCategory::IdentifiedVictim | ClientCategory::PossibleVictim);
        let trained = need.service_type == ServiceType::VocationalTraining && chance(&mut self.rng, 0.4);
        need.reason = Some(match (need.eligible, victim) {
            (true, true) => EligibilityReason::Statutory,
            (true, false) => EligibilityReason::Programme,
            (false, _) if trained => EligibilityReason::UsedBefore,
            (false, _) => EligibilityReason::ConditionsNotMet,
        });
        let how = self.rng.random_range(0..10);
        need.need_reason = need.in_need.then_some(match how {
            0..=5 => NeedReason::Asked,
            6 | 7 => NeedReason::Observed,
            8 => NeedReason::ProfessionalFinding,
            _ => NeedReason::ReportedByReferrer,
        });
    }

    /// Plans and tasks, as they stand today.
    pub(super) fn work(
        mut self,
        assessments: &[(Assessment, Vec<AssessedNeed>)],
        partner: Option<OrganisationId>,
    ) -> Result<Work, AppError> {
        let begun = self.story.case.events.iter().find(|change| change.to == "receiving_support");
        let services = services_due(assessments);
        if let Some(begun) = begun.map(|change| change.on)
            && chance(&mut self.rng, 0.85)
            && !services.is_empty()
        {
            let first = begun + self.days(0, 6);
            let second = first + self.days(60, 120);
            let until = self.until;
            for day in [first, second].into_iter().filter(|day| *day <= until) {
                self.version(&services, day, partner)?;
            }
        }
        if self.case.assigned_to.is_some() {
            self.free_tasks()?;
        }
        self.finish(self.until);
        if self.case.status == CaseStatus::Closed {
            for position in 0..self.work.tasks.len() {
                self.cancel(position, CancelReason::CaseClosed, self.case.updated_at);
            }
        }
        Ok(self.work)
    }

    /// One version: it keeps what is open, drops some of that, and adds steps.
    fn version(
        &mut self,
        services: &[ServiceType],
        agreed_on: NaiveDate,
        partner: Option<OrganisationId>,
    ) -> Result<(), AppError> {
        let (case, number) = (self.case.id, i32::try_from(self.work.plans.len()).unwrap_or(0) + 1);
        let agreed_with = match self.story.consents.first().map(|consent| consent.given_by) {
            Some("guardian") => GivenBy::Guardian,
            Some("legal_representative") => GivenBy::LegalRepresentative,
            _ => GivenBy::OneSelf,
        };
        let review_on = agreed_on + self.days(75, 150);
        // The commune's chair approves what is agreed on for a child.
        let approved_on = match agreed_with {
            GivenBy::Guardian => Some(agreed_on + self.days(0, 4)).filter(|day| *day <= self.until),
            GivenBy::OneSelf | GivenBy::LegalRepresentative => None,
        };
        self.work.plans.push(CarePlan {
            case_id: case,
            number,
            person_id: self.case.person_id,
            organisation_id: self.case.organisation_id,
            agreed_with,
            agreed_on,
            review_on,
            saved_by: self.worker,
            saved_at: at(agreed_on, 120),
            approved_on,
        });
        self.finish(agreed_on);
        for (position, service) in (0..).zip(services.iter().take(3)) {
            let (text, titles) = goal_of(*service);
            let id = GoalId(self.ids.uuid());
            let sealed_text = self.seal(Goal::text_place(id), text)?;
            let service_type = Some(*service);
            self.work.goals.push(Goal { id, case_id: case, plan_number: number, position, service_type, sealed_text });
            for title in titles {
                self.step(id, number, title, agreed_on, partner)?;
            }
        }
        Ok(())
    }

    /// A step of the version: one that is kept, one that is new, or none.
    fn step(
        &mut self,
        goal_id: GoalId,
        plan_number: i32,
        title: &'static str,
        on: NaiveDate,
        partner: Option<OrganisationId>,
    ) -> Result<(), AppError> {
        let saved_at = at(on, 120);
        let id = StepId(self.ids.uuid());
        let known = self.stated.iter().find(|stated| stated.title == title).map(|stated| stated.task);
        let position = match known {
            Some(position) => {
                if !self.is_open(position) {
                    return Ok(());
                }
                if chance(&mut self.rng, 0.15) {
                    self.cancel(position, CancelReason::PlanChanged, saved_at);
                    return Ok(());
                }
                if let Some(task) = self.work.tasks.get_mut(position) {
                    task.step_id = Some(id);
                }
                self.change(position, TrailAction::Update, &["care_plan"], saved_at);
                position
            }
            None if chance(&mut self.rng, if plan_number == 1 { 0.8 } else { 0.3 }) => {
                let due_on = on + self.days(7, 75);
                let position = self.task(TaskKind::PlanStep, due_on, saved_at);
                let owner = weighted(&mut self.rng, &[(7, 0), (2, 1), (1, 2)]);
                if let Some(task) = self.work.tasks.get_mut(position) {
                    task.step_id = Some(id);
                    match (owner, partner) {
                        (1, _) => (task.owner_kind, task.owner_id) = (OwnerKind::Person, None),
                        (2, Some(_)) => {
                            (task.owner_kind, task.owner_id, task.partner_id) = (OwnerKind::Partner, None, partner);
                        }
                        _ => {}
                    }
                }
                self.stated.push(Stated { task: position, title });
                position
            }
            None => return Ok(()),
        };
        let sealed_title = self.seal(Step::title_place(id), title)?;
        let stated = self.work.steps.iter().filter(|step| step.plan_number == plan_number).count();
        let Some(task) = self.work.tasks.get(position) else { return Ok(()) };
        self.work.steps.push(Step {
            id,
            case_id: self.case.id,
            plan_number,
            goal_id,
            position: i32::try_from(stated).unwrap_or(i32::MAX),
            task_id: task.id,
            owner_kind: task.owner_kind,
            owner_id: task.owner_id,
            partner_id: task.partner_id,
            due_on: task.due_on,
            sealed_title,
        });
        Ok(())
    }

    /// Calls, visits and papers besides the plan.
    fn free_tasks(&mut self) -> Result<(), AppError> {
        let open = self.case.status != CaseStatus::Closed;
        for _ in 0..self.rng.random_range(0..=2_u8) {
            let span = (self.until - self.case.received_on).num_days().clamp(0, 40);
            let made_on = self.until - self.days(0, span);
            let (kind, title) = FREE.get(self.rng.random_range(0..FREE.len())).copied().unwrap_or(FIRST_FREE);
            let due_on = made_on + self.days(2, 24);
            // A task of a closed case was made while it was open.
            if !open && made_on >= self.until {
                continue;
            }
            let position = self.task(kind, due_on, at(made_on, 150));
            let Some(id) = self.work.tasks.get(position).map(|task| task.id) else { continue };
            let sealed_title = self.seal(Task::title_place(id), title)?;
            if let Some(task) = self.work.tasks.get_mut(position) {
                task.sealed_title = Some(sealed_title);
            }
        }
        Ok(())
    }

    /// A new open task of the worker; its fate is drawn with it.
    fn task(&mut self, kind: TaskKind, due_on: NaiveDate, made_at: Instant) -> usize {
        let id = TaskId(self.ids.uuid());
        let done_on = due_on - self.days(-6, 9);
        let done_on = done_on.max(made_at.civil_date() + TimeDelta::days(1));
        self.ends.push(chance(&mut self.rng, 0.82).then_some(done_on));
        self.work.tasks.push(Task {
            id,
            case_id: self.case.id,
            person_id: self.case.person_id,
            organisation_id: self.case.organisation_id,
            kind,
            owner_kind: OwnerKind::Worker,
            owner_id: self.case.assigned_to,
            partner_id: None,
            due_on,
            status: TaskStatus::Open,
            done_on: None,
            cancel_reason: None,
            step_id: None,
            sealed_title: None,
            created_by: self.worker,
            created_at: made_at,
            updated_at: made_at,
            version: 1,
        });
        self.work.entries.push(Entry { task: id, action: TrailAction::Create, fields: &["task"], at: made_at });
        self.work.tasks.len() - 1
    }

    fn is_open(&self, position: usize) -> bool {
        self.work.tasks.get(position).is_some_and(|task| task.status == TaskStatus::Open)
    }

    /// Completes what was done before `day`.
    fn finish(&mut self, day: NaiveDate) {
        for position in 0..self.work.tasks.len() {
            let done = self.ends.get(position).copied().flatten().filter(|done| *done < day);
            let Some(done_on) = done.filter(|_| self.is_open(position)) else { continue };
            if let Some(task) = self.work.tasks.get_mut(position) {
                (task.status, task.done_on) = (TaskStatus::Done, Some(done_on));
            }
            self.change(position, TrailAction::Transition, &["status"], at(done_on, 300));
        }
    }

    fn cancel(&mut self, position: usize, reason: CancelReason, when: Instant) {
        if !self.is_open(position) {
            return;
        }
        if let Some(task) = self.work.tasks.get_mut(position) {
            (task.status, task.cancel_reason) = (TaskStatus::Cancelled, Some(reason));
        }
        self.change(position, TrailAction::Transition, &["status"], when);
    }

    fn change(&mut self, position: usize, action: TrailAction, fields: &'static [&'static str], when: Instant) {
        let Some(task) = self.work.tasks.get_mut(position) else { return };
        task.version += 1;
        task.updated_at = when;
        self.work.entries.push(Entry { task: task.id, action, fields, at: when });
    }
}

/// Services that the last assessment finds needed and due.
fn services_due(assessments: &[(Assessment, Vec<AssessedNeed>)]) -> Vec<ServiceType> {
    let last = assessments.last().map(|(_, needs)| needs.as_slice()).unwrap_or_default();
    last.iter().filter(|need| need.in_need && need.eligible).map(|need| need.service_type).collect()
}
