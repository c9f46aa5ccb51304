//! Figures of the five source plans: one row an indicator, worked by hand.

mod apart;
mod cases;
mod closing;
mod decision_808;
mod exchanged;
mod explained;
mod five_years;
mod ha_nam;
mod merged;
mod models;
mod on_maps;
mod outreach;
mod published;
mod real_units;
mod thanh_hoa;
mod told;

use hoanhap::grants::Role;
use hoanhap::programmes::plans;
use hoanhap::programmes::registers::Register;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{TestApp, User};

/// Imports a version of a plan, which this server knows at once.
#[track_caller]
pub fn import(app: &TestApp, plan: &str) {
    let state = app.state();
    plans::import(state, false, plan).expect("a plan");
    let books = plans::Books { units: &state.units, registers: &state.registers };
    plans::refresh(&state.db, &state.plans, books, false).expect("plans are read");
}

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
        let name = format!("Cơ sở {}", self.app.state().random.uuid());
        let body =
            json!({"name": name, "type": "karaoke", "opened_on": opened, "closed_on": closed, "workers": workers});
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
        let name = format!("Mô hình {}", self.app.state().random.uuid());
        self.entry(Register::PilotModels, unit, json!({"name": name, "content": content, "from": from, "to": to}));
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

    /// Tip-offs of all types, and how many of them were handled.
    #[track_caller]
    pub fn tip_offs(&self, unit: &str, period: &str, (received, handled): (i64, i64)) {
        let types = "complaint+crime_report+denunciation";
        self.report_class("tip_offs_received", types, unit, period, received);
        self.report_class("tip_offs_handled", types, unit, period, handled);
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

    /// Asks for the figure of the unit itself, and compares what is expected of it; what every figure has to explain of
    /// itself is looked at as well.
    #[track_caller]
    pub fn expect(&self, plan: &str, indicator: &str, unit: &str, period: &str, expected: &Value) {
        let all = self.figures(plan, &format!("indicator={indicator}&unit={unit}&period={period}"));
        let figure = &all["indicators"][0]["figures"][0];
        for (name, value) in expected.as_object().expect("fields") {
            assert_eq!(&figure[name], value, "{name} of {indicator} in {unit}, {period}: {figure:#}");
        }
        self.explains(plan, &all);
    }

    /// The version of its definition, up to when it counts, where its numbers come from, of how many units, what is wanted
    /// of it, and why there is none.
    #[track_caller]
    fn explains(&self, plan: &str, all: &Value) {
        let known = self.app.state().plans.now().versioned(plan).expect("a plan").version;
        assert_eq!((&all["definition_version"], &all["map_of"].is_string()), (&json!(known), &true));
        let indicator = &all["indicators"][0];
        assert!(indicator["source_text"].is_string() && indicator["definition_vi"].is_string());
        let figure = &indicator["figures"][0];
        let (today, last) = (json!(self.app.clock.today()), &figure["last_day"]);
        let ended = last.as_str() <= today.as_str();
        assert_eq!(&figure["as_of"], if ended { last } else { &today }, "{figure:#}");
        let is_told = !figure["percent"].is_null() || !figure["number"].is_null();
        assert_eq!(figure["reason"].is_null(), is_told, "{figure:#}");
        let is_judged = ["met", "on_course", "behind"].contains(&figure["status"].as_str().expect("a status"));
        assert!(!is_judged || is_told && !figure["target"].is_null(), "{figure:#}");
        for name in ["numerator", "denominator"] {
            let parts = &figure[format!("{name}_parts")];
            let sum = parts["register"]
                .as_i64()
                .zip(parts["reported"].as_i64())
                .map(|(register, reported)| register + reported);
            assert!(sum.is_none() || figure[name] == json!(sum), "{name} in parts: {figure:#}");
        }
        if !figure["numerator"].is_null() {
            assert!(figure["numerator_parts"].is_object(), "{figure:#}");
            // A unit below those that report has none that report.
            let reports =
                indicator["figures"][0]["unit_code"].as_str().is_some_and(|unit| unit == "VN" || unit.contains("-P"));
            let (units, of) = (figure["coverage"]["units"].as_u64(), figure["coverage"]["of"].as_u64());
            assert!(units.is_some() || !reports, "{figure:#}");
            assert!(units <= of, "{figure:#}");
        }
    }
}
