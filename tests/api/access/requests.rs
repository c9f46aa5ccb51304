//! The request that a line of the matrix stands for.

use serde_json::{Value, json};
use uuid::Uuid;

use super::records::{Asker, File, new_person};
use crate::support::client::{Call, PASSWORD, Reply};
use crate::support::world::COMMUNE;
use crate::support::{TestApp, User, World};

/// What requests need besides the asker's own records.
#[derive(Debug)]
pub struct Shared<'a> {
    pub app: &'a TestApp,
    pub world: &'a World,
    pub spare: User,
}

impl Shared<'_> {
    /// Asks.
    pub fn ask(&self, asker: &Asker, operation: &str, relation: &str) -> Reply {
        let (method, template) = operation.split_once(' ').expect("a method and a path");
        let path = self.path(asker, template, relation);
        let mut call = self.app.call(method, &path);
        if let Some(body) = self.body(asker, operation, relation) {
            call = call.json(&body);
        }
        if needs_version(operation) {
            call = call.version(4711);
        }
        self.named(call, asker, operation).send()
    }

    fn named<'c>(&self, call: Call<'c>, asker: &Asker, operation: &str) -> Call<'c> {
        match &asker.user {
            None => call,
            // Logging out ends the session, so it gets one of its own.
            Some(user) if operation.ends_with("/auth/logout") && asker.files.contains_key("own") => {
                let own = User::new(user.id, &user.username);
                let closed = ["invited", "suspended", "revoked"].contains(&asker.column.as_str());
                call.by(if closed { user } else { &own })
            }
            Some(user) => call.by(user),
        }
    }

    fn path(&self, asker: &Asker, template: &str, relation: &str) -> String {
        let path = template.strip_prefix("/api/v1").unwrap_or(template);
        let file = self.file(asker, relation);
        let id = match path.split('/').nth(1).unwrap_or_default() {
            "persons" => file.person,
            "cases" => file.case,
            "referrals" => file.referral,
            "deliveries" => file.delivery,
            "transfers" => file.transfer,
            "organisations" if relation == "any" => self.world.clinic,
            "users" if relation == "any" => self.spare.id,
            _ => file.case,
        };
        let known = relation != "none";
        let grant = if template.contains("{grant}") && known { self.fresh_grant() } else { file.case };
        let path = path
            .replace("{id}", &id.to_string())
            .replace("{consent}", &file.consent.to_string())
            .replace("{guardian}", &file.guardian.to_string())
            .replace("{grant}", &grant.to_string())
            .replace("{kind}", "case")
            .replace("{number}", if known { "1" } else { "4711" })
            .replace("{indicator}", "808-10");
        let code = if path.starts_with("/programmes") { "vn-808-2021-2025" } else { COMMUNE };
        let path = path.replace("{code}", if known { code } else { "G99-X00000" });
        format!("{path}{}", self.query(asker, template, relation, file))
    }

    fn query(&self, asker: &Asker, template: &str, relation: &str, file: File) -> String {
        match template {
            "/api/v1/audit/views" => format!("?account_id={}", self.spare.id),
            "/api/v1/deliveries" => format!("?case_id={}", file.case),
            path if path.ends_with("/figure") => {
                let centre = if relation == "foreign" { self.world.other_centre } else { asker.organisation };
                format!("?year=2025&organisation_id={centre}")
            }
            _ => String::new(),
        }
    }

    fn file(&self, asker: &Asker, relation: &str) -> File {
        let id = || self.app.state().random.uuid();
        let nothing = File {
            person: id(),
            consent: id(),
            case: id(),
            referral: id(),
            delivery: id(),
            transfer: id(),
            guardian: id(),
        };
        match relation {
            "none" => nothing,
            "any" => asker.files["assigned"],
            relation => asker.files[relation],
        }
    }

    fn fresh_grant(&self) -> Uuid {
        self.app.grant(&self.spare, hoanhap::grants::Role::ProgrammeOfficer, None, Some("VN"))
    }

    fn body(&self, asker: &Asker, operation: &str, relation: &str) -> Option<Value> {
        let (file, today) = (self.file(asker, relation), self.app.today());
        let (method, path) = operation.split_once(" /api/v1").unwrap_or((operation, ""));
        let body = match (method, path) {
            ("GET" | "DELETE", _) | ("POST", "/auth/logout") => return None,
            (_, path) if path.starts_with("/auth/") => self.auth_body(path),
            ("POST", "/users") => json!({"username": format!("moi.{}", self.app.new_key()), "display_name": "Mới"}),
            (_, "/users/{id}/state") => json!({"state": "suspended"}),
            (_, "/users/{id}/roles") => json!({"role": "return_officer", "admin_unit_code": "VN"}),
            ("POST", "/organisations") => json!({
                "kind": "shelter", "name": "Mái ấm", "admin_unit_code": COMMUNE, "valid_from": "2025-08-01",
            }),
            ("PATCH", "/organisations/{id}") => json!({"name": "Tên khác"}),
            ("POST", "/persons") => new_person(),
            ("PATCH", "/persons/{id}") => json!({"sex": "other"}),
            ("POST", "/persons/{id}/consents") => json!({
                "purpose": "support", "given_by": "self", "given_on": today, "proof": "recording",
            }),
            ("POST", "/cases") => self.case_body(asker, relation, file),
            ("PATCH", "/cases/{id}") => json!({"summary": "Khác"}),
            (_, "/cases/{id}/status") if relation.ends_with("_verifying") => {
                json!({"to": "confirmed", "occurred_on": today})
            }
            (_, "/cases/{id}/status") => json!({"to": "screened", "occurred_on": today}),
            (_, "/cases/{id}/assignment") => json!({"account_id": asker.user.as_ref().map(|user| user.id)}),
            (_, "/cases/{id}/assessments") => json!({
                "assessed_on": today, "needs": [{"service_type": "medical", "in_need": false, "eligible": true}],
            }),
            (_, "/cases/{id}/transfers") => {
                json!({"to_organisation_id": self.world.shelter, "ground": "consent"})
            }
            (_, "/transfers/{id}/decline") => json!({"reason": "other"}),
            (_, "/cases/{id}/follow-ups") => json!({"months": 3, "done_on": today, "finding": "stable"}),
            (_, "/cases/{id}/refusals") => json!({"service_type": "travel", "refused_on": today}),
            ("POST", "/deliveries") => delivery_body(relation, file, today),
            (_, "/deliveries/{id}/void") => json!({"reason": "mistake"}),
            ("POST", "/referrals") => json!({
                "case_id": file.case, "service_type": "loan", "to_organisation_id": self.world.lender,
            }),
            (_, "/referrals/{id}/stop") => json!({"reason": "other"}),
            (_, "/persons/{id}/guardians") => json!({"relation": "mother", "name": "Mẹ", "from_on": today}),
            (_, "/persons/{id}/guardians/{guardian}/end") => json!({"until_on": today, "reason": "died"}),
            (_, "/referrals/{id}/decline") => json!({"reason": "other"}),
            (_, "/referrals/{id}/complete") => json!({"outcome": "achieved"}),
            _ => json!({}),
        };
        Some(body)
    }

    fn case_body(&self, asker: &Asker, relation: &str, file: File) -> Value {
        let person = if relation == "own" { asker.to_open } else { file.person };
        json!({"person_id": person, "unit_code": COMMUNE, "category": "at_risk", "received_on": self.app.today()})
    }

    fn auth_body(&self, path: &str) -> Value {
        let name = &self.spare.username;
        match path {
            "/auth/login" => json!({"username": name, "password": PASSWORD}),
            "/auth/refresh" => {
                let pair = self.app.login(name, PASSWORD).expect(200);
                json!({"refresh_token": pair.text_at("/refresh_token")})
            }
            "/auth/setup" => json!({"code": "AAAA", "username": "quantri2", "password": PASSWORD}),
            _ => json!({"username": name, "invitation": "không có", "password": PASSWORD}),
        }
    }
}

fn delivery_body(relation: &str, file: File, today: chrono::NaiveDate) -> Value {
    if relation.starts_with("addressed") {
        return json!({
            "referral_id": file.referral, "service_type": "loan", "delivered_on": today, "form": "in_kind",
        });
    }
    json!({"case_id": file.case, "service_type": "social_support", "delivered_on": today, "form": "in_kind"})
}

fn needs_version(operation: &str) -> bool {
    let steps = ["/send", "/cancel", "/accept", "/decline", "/start", "/complete", "/stop"];
    let changes = ["/state", "/status", "/assignment", "/withdraw", "/void", "/end", "/review"];
    operation.starts_with("PATCH") || steps.iter().chain(&changes).any(|end| operation.ends_with(end))
}
