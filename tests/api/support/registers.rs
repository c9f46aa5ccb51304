//! Entries of registers.

use std::collections::BTreeSet;

use hoanhap::programmes::registers::Register;
use hoanhap::programmes::sums::{self, Difference};
use serde_json::{Value, json};
use uuid::Uuid;

use super::client::{Call, Reply};
use super::world::COMMUNE;
use super::{TestApp, User};

/// A whole body of each register but the inspections, with every field of it.
pub fn entry_body(register: Register) -> Value {
    let mut body = match register {
        Register::CommunicationActivities => json!({
            "held_on": "2025-09-10", "form": "face_to_face", "audience": "high_risk", "place": "Nhà văn hóa phường",
            "attendances": 40, "first_time_this_year": 25, "participants": ["M-001", "M-002"],
        }),
        Register::PressItems => json!({
            "published_on": "2025-09-11", "level": "provincial", "format": "article", "outlet": "Báo tỉnh",
        }),
        Register::Staff => json!({
            "staff_number": "CB-07", "level": "commune", "agency": "health", "from": "2025-08-01", "to": "2027-12-31",
            "direct": true,
        }),
        Register::StaffCounts => json!({
            "counted_on": "2025-09-30", "level": "commune", "agency": "police", "staff": 12, "direct_staff": 5,
        }),
        Register::StaffTrainings => json!({
            "held_on": "2025-09-12", "topic": "prevention", "level": "commune", "attendances": 30, "first_time": 20,
        }),
        Register::Establishments => json!({
            "name": "Karaoke Sao Mai", "type": "karaoke", "opened_on": "2025-08-05", "closed_on": "2026-01-31",
            "workers": 7,
        }),
        Register::EstablishmentCounts => json!({
            "counted_on": "2025-09-30", "type": "massage", "establishments": 4, "workers": 31,
        }),
        Register::Inspections => json!({"inspected_on": "2025-09-20", "result": "violation"}),
        Register::TipOffs => json!({
            "received_on": "2025-09-01", "type": "reflection", "verified_on": "2025-09-05",
            "classified_on": "2025-09-06", "handled_on": "2025-10-02",
        }),
        Register::NeedSurveys => json!({
            "from": "2025-09-01", "to": "2025-09-15", "audience": "high_risk", "surveyed": 80, "in_need": 35,
        }),
        Register::LocalPlans => json!({
            "document": "12/KH-UBND", "programme": "own_plan", "adopted_on": "2025-08-15",
            "carried_out_from": "2025-09-01", "to": "2030-12-31",
        }),
        Register::PilotModels => json!({
            "name": "Mô hình hỗ trợ", "content": "harm_reduction", "from": "2025-08-20", "to": "2026-08-20",
        }),
        Register::HealthyCommunes => json!({
            "decision": "45/QĐ-UBND", "recognition": "prostitution_free", "recognised_on": "2025-09-02",
            "to": "2027-09-02",
        }),
    };
    if register != Register::Inspections {
        body["unit_code"] = json!(COMMUNE);
    }
    body
}

/// What makes a second entry of the usual one, where a register has each of them once.
pub fn another(register: Register) -> Value {
    match register {
        Register::Staff => json!({"staff_number": "CB-08"}),
        Register::Establishments | Register::PilotModels => json!({"name": "Nơi khác"}),
        _ => json!({}),
    }
}

/// A body with some fields set otherwise; `null` leaves one out.
pub fn with(mut body: Value, fields: &Value) -> Value {
    for (name, value) in fields.as_object().expect("fields") {
        let object = body.as_object_mut().expect("an object");
        if value.is_null() {
            object.remove(name);
        } else {
            object.insert(name.clone(), value.clone());
        }
    }
    body
}

impl TestApp {
    /// The request that records an entry.
    pub fn recording(&self, user: &User, register: Register, body: &Value) -> Call<'_> {
        self.post(&format!("/registers/{register}/entries"), body).by(user)
    }

    /// Records an entry.
    #[track_caller]
    pub fn entry(&self, user: &User, register: Register, body: &Value) -> Uuid {
        self.recording(user, register, body).send().expect(201).id()
    }

    /// Records the usual entry of a register; an inspection together with its establishment.
    #[track_caller]
    pub fn usual_entry(&self, user: &User, register: Register) -> Uuid {
        let mut body = entry_body(register);
        if register == Register::Inspections {
            let about = self.entry(user, Register::Establishments, &entry_body(Register::Establishments));
            body["establishment_id"] = json!(about);
        }
        self.entry(user, register, &body)
    }

    /// Reads an entry.
    pub fn read_entry(&self, user: &User, register: Register, id: Uuid) -> Reply {
        self.get(&format!("/registers/{register}/entries/{id}")).by(user).send()
    }

    /// Changes an entry, as it stands.
    #[track_caller]
    pub fn change_entry(&self, user: &User, register: Register, id: Uuid, change: &Value) -> Reply {
        let version = self.read_entry(user, register, id).expect(200).version();
        self.patch(&format!("/registers/{register}/entries/{id}"), change).by(user).version(version).send()
    }

    /// Declares an entry void, as it stands.
    #[track_caller]
    pub fn void_entry(&self, user: &User, register: Register, id: Uuid) -> Reply {
        let version = self.read_entry(user, register, id).expect(200).version();
        self.post(&format!("/registers/{register}/entries/{id}/void"), &json!({})).by(user).version(version).send()
    }

    /// Units whose kept sums are not what a recount gives, once all that is due was counted.
    pub fn wrong_sums(&self) -> BTreeSet<Difference> {
        let (state, now) = (self.state(), self.clock.now());
        sums::settle(&state.db, &state.counter(), now).expect("sums are counted");
        sums::compare(&state.db, &state.counter()).expect("sums are compared")
    }
}

/// The body of a reported value: the first revision of an element that a plan declares.
pub fn reported_body() -> Value {
    json!({
        "element": "regular_communes", "unit_code": "G34-P01", "calendar": "civil", "period": "2025-Q3", "value": 12,
        "source_agency": "Sở Văn hóa", "source_document": "15/BC-SVH", "source_on": "2025-10-01",
        "expected_revision": 0,
    })
}

/// A value as the cell of a file.
fn cell(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(flag) => if *flag { "có" } else { "không" }.to_owned(),
        Value::Array(items) => items.iter().map(cell).collect::<Vec<_>>().join(";"),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// The columns and lines of a file that holds these bodies.
pub fn table_of(bodies: &[Value]) -> (Vec<String>, Vec<Vec<String>>) {
    let columns: Vec<String> = bodies[0].as_object().expect("fields").keys().cloned().collect();
    let line = |body: &Value| columns.iter().map(|column| cell(&body[column])).collect();
    let lines = bodies.iter().map(line).collect();
    (columns, lines)
}

/// A CSV file of these bodies.
pub fn csv_of(bodies: &[Value]) -> Vec<u8> {
    let (columns, lines) = table_of(bodies);
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    super::imports::table_csv(&columns, &lines)
}

/// A workbook of these bodies.
pub fn xlsx_of(bodies: &[Value]) -> Vec<u8> {
    let (columns, lines) = table_of(bodies);
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    super::imports::table_xlsx(&columns, &lines)
}

impl TestApp {
    /// The request that brings a file in; `place` is `registers/…` or `reported-values`.
    pub fn bringing(&self, user: &User, place: &str, file: &[u8], apply: bool) -> Call<'_> {
        self.call("POST", &format!("/{place}/imports?apply={apply}")).bytes(file, "application/octet-stream").by(user)
    }

    /// Brings a file in and waits until the work on it ended.
    #[track_caller]
    pub fn bring(&self, user: &User, place: &str, file: &[u8], apply: bool) -> (Uuid, Value) {
        let id = self.bringing(user, place, file, apply).send().expect(202).id();
        (id, self.import_ended(user, id))
    }

    /// An import, once the work on it ended.
    #[track_caller]
    pub fn import_ended(&self, user: &User, id: Uuid) -> Value {
        for _ in 0..6_000 {
            let import = self.get(&format!("/registers/imports/{id}")).by(user).send().expect(200).json();
            if import["state"] != "checking" && import["state"] != "storing" {
                return import;
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        panic!("an import does not end");
    }

    /// Undoes an import, as it stands.
    #[track_caller]
    pub fn undo_register_import(&self, user: &User, id: Uuid) -> Reply {
        let version = self.get(&format!("/registers/imports/{id}")).by(user).send().expect(200).version();
        self.post(&format!("/registers/imports/{id}/undo"), &json!({})).by(user).version(version).send()
    }
}
