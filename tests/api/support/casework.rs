//! Records made as their users make them: through the API.

use chrono::NaiveDate;
use serde_json::{Value, json};
use uuid::Uuid;

use super::client::{Client, Reply, User};
use super::world::COMMUNE;

/// A person with every field filled.
pub fn person_body(name: &str) -> Value {
    json!({
        "name": name,
        "aliases": ["Bé Ba"],
        "sex": "female",
        "birth": {"precision": "exact", "date": "1996-03-08"},
        "nationality": "VN",
        "ethnicity": "kinh",
        "residence_unit_code": COMMUNE,
        "phone": "0912 345 678",
        "national_id": "001196012345",
        "address": "Số 5 ngõ 7",
        "safe_contact": "Chỉ nhắn tin buổi sáng",
        "categories": ["person_selling_sex"],
    })
}

impl Client {
    /// Registers a person of this name.
    #[track_caller]
    pub fn person(&self, user: &User, name: &str) -> Uuid {
        self.post("/persons", &person_body(name)).by(user).send().expect(201).id()
    }

    /// Opens a case received on this day.
    #[track_caller]
    pub fn case(&self, user: &User, person: Uuid, category: &str, received_on: NaiveDate) -> Uuid {
        let body = json!({
            "person_id": person, "unit_code": COMMUNE, "category": category, "received_on": received_on,
        });
        self.post("/cases", &body).by(user).send().expect(201).id()
    }

    /// Records a consent to pass data to this recipient.
    #[track_caller]
    pub fn consent(&self, user: &User, person: Uuid, recipient: Uuid, given_on: NaiveDate) -> Uuid {
        let body = json!({
            "purpose": "referral", "recipient_organisation_id": recipient, "given_by": "self",
            "given_on": given_on, "proof": "written_signature",
        });
        self.post(&format!("/persons/{person}/consents"), &body).by(user).send().expect(201).id()
    }

    /// Records a mother, and what she agrees to for her child.
    #[track_caller]
    pub fn guardians_consent(&self, user: &User, child: Uuid, recipient: Uuid, given_on: NaiveDate) -> Uuid {
        let mother = json!({"relation": "mother", "name": "Canh Thị Mẹ", "from_on": given_on});
        let mother = self.post(&format!("/persons/{child}/guardians"), &mother).by(user).send().expect(201).id();
        let body = json!({
            "purpose": "referral", "recipient_organisation_id": recipient, "given_by": "guardian",
            "guardian_id": mother, "given_on": given_on, "proof": "written_signature",
        });
        self.post(&format!("/persons/{child}/consents"), &body).by(user).send().expect(201).id()
    }

    /// Finds these services needed and the person eligible.
    #[track_caller]
    pub fn assess(&self, user: &User, case: Uuid, services: &[&str], on: NaiveDate) -> Uuid {
        let need = |service: &&str| json!({"service_type": service, "in_need": true, "eligible": true});
        let needs: Vec<Value> = services.iter().map(need).collect();
        let body = json!({"assessed_on": on, "needs": needs});
        self.post(&format!("/cases/{case}/assessments"), &body).by(user).send().expect(201).id()
    }

    /// Writes a referral.
    #[track_caller]
    pub fn draft(&self, user: &User, case: Uuid, service: &str, to: Uuid) -> Uuid {
        let body = json!({
            "case_id": case, "service_type": service, "to_organisation_id": to,
            "message": "Xin liên hệ trước khi đến",
        });
        self.post("/referrals", &body).by(user).send().expect(201).id()
    }

    /// Writes and sends a referral.
    #[track_caller]
    pub fn referral(&self, user: &User, case: Uuid, service: &str, to: Uuid) -> Uuid {
        let id = self.draft(user, case, service, to);
        self.step(user, id, "send").expect(200);
        id
    }

    /// Takes a step with the referral as it stands.
    #[track_caller]
    pub fn step(&self, user: &User, referral: Uuid, step: &str) -> Reply {
        let version = self.get(&format!("/referrals/{referral}")).by(user).send().expect(200).version();
        let body = match step {
            "decline" => json!({"reason": "no_places"}),
            "complete" => json!({"outcome": "achieved"}),
            "stop" => json!({"reason": "not_wanted_now"}),
            _ => json!({}),
        };
        self.post(&format!("/referrals/{referral}/{step}"), &body).by(user).version(version).send()
    }

    /// Records support given for a referral in service.
    #[track_caller]
    pub fn deliver(&self, user: &User, referral: Uuid, service: &str, on: NaiveDate) -> Uuid {
        let body = json!({
            "referral_id": referral, "service_type": service, "delivered_on": on, "form": "in_kind",
        });
        self.post("/deliveries", &body).by(user).send().expect(201).id()
    }

    /// Records support that the centre gave itself.
    #[track_caller]
    pub fn give(&self, user: &User, case: Uuid, service: &str, on: NaiveDate) -> Uuid {
        let body = json!({"case_id": case, "service_type": service, "delivered_on": on, "form": "in_kind"});
        self.post("/deliveries", &body).by(user).send().expect(201).id()
    }

    /// Moves the case, as it stands, to another status.
    #[track_caller]
    pub fn move_case(&self, user: &User, case: Uuid, to: &str, on: NaiveDate) -> Reply {
        let version = self.get(&format!("/cases/{case}")).by(user).send().expect(200).version();
        let reason = (to == "closed").then_some("reintegrated");
        let body = json!({"to": to, "occurred_on": on, "reason": reason});
        self.post(&format!("/cases/{case}/status"), &body).by(user).version(version).send()
    }

    /// A centre's exact figure.
    #[track_caller]
    pub fn figure(&self, user: &User, plan: &str, indicator: &str, year: i32) -> Value {
        let path = format!("/programmes/{plan}/indicators/{indicator}/figure?year={year}");
        self.get(&path).by(user).send().expect(200).json()
    }

    /// Every item of a list, page by page.
    #[track_caller]
    pub fn all_items(&self, user: &User, path: &str, limit: usize) -> Vec<Value> {
        let mut items = Vec::new();
        let mut cursor = String::new();
        loop {
            let join = if path.contains('?') { '&' } else { '?' };
            let page = self.get(&format!("{path}{join}limit={limit}{cursor}")).by(user).send().expect(200).json();
            items.extend(page["items"].as_array().expect("items").iter().cloned());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return items,
            }
        }
    }
}
