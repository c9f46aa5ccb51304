//! Entitlements and stays as their users record them.

use chrono::NaiveDate;
use serde_json::{Value, json};
use uuid::Uuid;

use super::client::{Client, Reply, User};
use super::world::{COMMUNE, OLD_COMMUNE};

impl Client {
    /// Opens a case received on this day, in a unit that existed then.
    #[track_caller]
    pub fn case_then(&self, user: &User, person: Uuid, category: &str, received: NaiveDate) -> Uuid {
        let old = received.to_string().as_str() <= "2025-06-30";
        let unit = if old { OLD_COMMUNE } else { COMMUNE };
        let body = json!({"person_id": person, "unit_code": unit, "category": category, "received_on": received});
        self.post("/cases", &body).by(user).send().expect(201).id()
    }

    /// Opens a case that was received on this day, and confirms the person as a victim on that one.
    #[track_caller]
    pub fn victims_case(&self, user: &User, person: Uuid, received: NaiveDate, identified: NaiveDate) -> Uuid {
        let case = self.case_then(user, person, "possible_victim", received);
        self.move_case(user, case, "screened", received).expect(200);
        self.move_case(user, case, "under_verification", received).expect(200);
        self.move_case(user, case, "confirmed", identified).expect(200);
        self.move_case(user, case, "receiving_support", identified).expect(200);
        case
    }

    /// What the case gives, as it stands.
    #[track_caller]
    pub fn entitlements(&self, user: &User, case: Uuid) -> Value {
        self.get(&format!("/cases/{case}/entitlements")).by(user).send().expect(200).json()
    }

    /// What the case gives of one service.
    #[track_caller]
    pub fn entitlement(&self, user: &User, case: Uuid, service: &str) -> Value {
        let all = self.entitlements(user, case);
        let items = all["items"].as_array().expect("items").clone();
        items.into_iter().find(|item| item["service_type"] == service).expect("a regime")
    }

    /// Tries to record support that the centre gave itself.
    pub fn try_give(&self, user: &User, case: Uuid, service: &str, on: NaiveDate) -> Reply {
        let body = json!({"case_id": case, "service_type": service, "delivered_on": on, "form": "in_kind"});
        self.post("/deliveries", &body).by(user).send()
    }

    /// Tries to record a stay at the centre itself.
    pub fn try_stay(&self, user: &User, case: Uuid, from: NaiveDate, to: Option<NaiveDate>) -> Reply {
        self.post("/stays", &json!({"case_id": case, "in_on": from, "out_on": to})).by(user).send()
    }

    /// Takes a step with the stay as it stands.
    #[track_caller]
    pub fn stay_step(&self, user: &User, stay: Uuid, step: &str, body: &Value) -> Reply {
        let version = self.get(&format!("/stays/{stay}")).by(user).send().expect(200).version();
        self.post(&format!("/stays/{stay}/{step}"), body).by(user).version(version).send()
    }

    /// A manager lets support exceed its limit.
    pub fn try_override(&self, user: &User, case: Uuid, service: &str, until: NaiveDate) -> Reply {
        let body = json!({
            "service_type": service, "reason": "no_safe_place", "valid_until": until, "note": "Đã trao đổi với Sở",
        });
        self.post(&format!("/cases/{case}/entitlement-overrides"), &body).by(user).send()
    }

    /// An extended stay that goes on, a circumstance and an override.
    #[track_caller]
    pub fn entitlement_records(&self, manager: &User, case: Uuid) {
        let case_row = self.get(&format!("/cases/{case}")).by(manager).send().expect(200).json();
        let day: NaiveDate = case_row["received_on"].as_str().and_then(|day| day.parse().ok()).expect("a day");
        let stay = self.try_stay(manager, case, day, None).expect(201).id();
        let body = json!({"days": 9, "granted_by": "health_department", "granted_on": day, "reason": "proceedings"});
        self.stay_step(manager, stay, "extensions", &body).expect(200);
        let body = json!({"circumstance": "at_home", "since_on": day});
        self.post(&format!("/cases/{case}/circumstances"), &body).by(manager).send().expect(201);
        self.try_override(manager, case, "travel", day + chrono::TimeDelta::days(60)).expect(201);
    }
}
