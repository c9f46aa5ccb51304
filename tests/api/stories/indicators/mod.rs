//! Figures of the five source plans: one row an indicator, worked by hand.

mod closing;
mod decision_808;
mod exchanged;
mod explained;
mod ha_nam;
mod models;
mod on_maps;
mod outreach;
mod real_units;
mod thanh_hoa;
mod told;

use hoanhap::grants::Role;
use hoanhap::programmes::registers::Register;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{TestApp, User};

/// Somebody who records for the whole country.
pub struct Officer<'a> {
    pub app: &'a TestApp,
    pub user: User,
}

impl<'a> Officer<'a> {
    pub fn of_country(app: &'a TestApp) -> Self {
        Self::of(app, "VN")
    }

    pub fn of(app: &'a TestApp, unit: &str) -> Self {
        let name = format!("canbo.{}", unit.to_lowercase());
        Self { app, user: app.account(&name, Role::ProgrammeOfficer, None, Some(unit)) }
    }

    #[track_caller]
    pub fn entry(&self, register: Register, unit: &str, mut body: Value) -> Uuid {
        body["unit_code"] = json!(unit);
        self.app.entry(&self.user, register, &body)
    }

    #[track_caller]
    pub fn activity(&self, unit: &str, day: &str) {
        let body = json!({"held_on": day, "form": "meeting", "audience": "residents"});
        self.entry(Register::CommunicationActivities, unit, body);
    }

    /// Communication in every quarter of a year.
    #[track_caller]
    pub fn regular(&self, unit: &str, year: i32) {
        for month in ["02", "05", "08", "11"] {
            self.activity(unit, &format!("{year}-{month}-03"));
        }
    }

    #[track_caller]
    pub fn reached(&self, unit: &str, day: &str, audience: &str, persons: u32) {
        let body =
            json!({"held_on": day, "form": "face_to_face", "audience": audience, "first_time_this_year": persons});
        self.entry(Register::CommunicationActivities, unit, body);
    }

    #[track_caller]
    pub fn press(&self, unit: &str, level: &str, months: &[u32], year: i32) {
        for month in months {
            let body = json!({"published_on": format!("{year}-{month:02}-20"), "level": level, "outlet": "Báo"});
            self.entry(Register::PressItems, unit, body);
        }
    }

    #[track_caller]
    pub fn establishment(&self, unit: &str, opened: &str, closed: Option<&str>, workers: u32) -> Uuid {
        let body =
            json!({"name": "Cơ sở", "type": "karaoke", "opened_on": opened, "closed_on": closed, "workers": workers});
        self.entry(Register::Establishments, unit, body)
    }

    #[track_caller]
    pub fn inspected(&self, establishment: Uuid, day: &str, result: &str) {
        let body = json!({"establishment_id": establishment, "inspected_on": day, "result": result});
        self.app.entry(&self.user, Register::Inspections, &body);
    }

    #[track_caller]
    pub fn staff(&self, unit: &str, number: &str, level: &str, direct: bool) {
        let body =
            json!({"staff_number": number, "level": level, "agency": "health", "from": "2016-01-01", "direct": direct});
        self.entry(Register::Staff, unit, body);
    }

    #[track_caller]
    pub fn staff_since(&self, unit: &str, number: &str, from: &str) {
        let body =
            json!({"staff_number": number, "level": "commune", "agency": "health", "from": from, "direct": true});
        self.entry(Register::Staff, unit, body);
    }

    #[track_caller]
    pub fn trained(&self, unit: &str, day: &str, topic: &str, staff: &[&str]) {
        self.entry(Register::StaffTrainings, unit, json!({"held_on": day, "topic": topic, "participants": staff}));
    }

    #[track_caller]
    pub fn plan(&self, unit: &str, programme: &str, adopted: &str, carried_out: Option<&str>) {
        let body =
            json!({"document": "1/KH", "programme": programme, "adopted_on": adopted, "carried_out_from": carried_out});
        self.entry(Register::LocalPlans, unit, body);
    }

    #[track_caller]
    pub fn model(&self, unit: &str, content: &str, from: &str, to: Option<&str>) {
        self.entry(Register::PilotModels, unit, json!({"name": "Mô hình", "content": content, "from": from, "to": to}));
    }

    #[track_caller]
    pub fn healthy(&self, unit: &str, recognition: &str, from: &str, to: Option<&str>) {
        let body = json!({"decision": "1/QĐ", "recognition": recognition, "recognised_on": from, "to": to});
        self.entry(Register::HealthyCommunes, unit, body);
    }

    #[track_caller]
    pub fn report(&self, element: &str, unit: &str, period: &str, value: i64) {
        self.report_class(element, "", unit, period, value);
    }

    #[track_caller]
    pub fn report_class(&self, element: &str, class: &str, unit: &str, period: &str, value: i64) {
        let body = json!({
            "element": element, "class": class, "unit_code": unit, "calendar": "civil", "period": period, "value": value,
            "source_agency": "Công an tỉnh", "source_document": "12/BC", "source_on": "2022-01-05", "expected_revision": 0,
        });
        self.app.post("/reported-values", &body).by(&self.user).send().expect(201);
    }

    /// The reply to a question about the figures of a plan.
    #[track_caller]
    pub fn figures(&self, plan: &str, question: &str) -> Value {
        self.app.get(&format!("/programmes/{plan}/indicators?{question}")).by(&self.user).send().expect(200).json()
    }

    /// The figure of the unit itself.
    #[track_caller]
    pub fn figure(&self, plan: &str, indicator: &str, unit: &str, period: &str) -> Value {
        let all = self.figures(plan, &format!("indicator={indicator}&unit={unit}&period={period}"));
        all["indicators"][0]["figures"][0].clone()
    }

    /// Asks for the figure of the unit itself, and compares what is expected of it.
    #[track_caller]
    pub fn expect(&self, plan: &str, indicator: &str, unit: &str, period: &str, expected: &Value) {
        let figure = self.figure(plan, indicator, unit, period);
        for (name, value) in expected.as_object().expect("fields") {
            assert_eq!(&figure[name], value, "{name} of {indicator} in {unit}, {period}: {figure:#}");
        }
    }
}
