//! The request that a line of the matrix stands for.

use serde_json::{Value, json};
use uuid::Uuid;

use super::figures;
use super::official_returns::{self, Returns};
use super::outreach::{self, Outreach};
use super::records::{Asker, File, new_person};
use super::registers::{self, Registers};
use super::training;
use crate::support::client::{Call, PASSWORD, Reply};
use crate::support::imports::{csv, people};
use crate::support::loans::loan_body;
use crate::support::phones::said;
use crate::support::plans::plan_body;
use crate::support::world::COMMUNE;
use crate::support::{TestApp, User, World, files};

/// What requests need besides the asker's own records.
#[derive(Debug)]
pub struct Shared<'a> {
    pub app: &'a TestApp,
    pub world: &'a World,
    pub spare: User,
    pub outreach: Outreach,
    pub returns: Returns,
    pub registers: Registers,
}

impl Shared<'_> {
    /// Asks.
    pub fn ask(&self, asker: &Asker, operation: &str, relation: &str) -> Reply {
        let (method, template) = operation.split_once(' ').expect("a method and a path");
        let path = self.path(asker, (method, template), relation);
        let mut call = self.app.call(method, &path);
        if method == "POST" && template.ends_with("/attachments") {
            call = files::parts(call, &json!({"kind": "other", "title": "Giấy tờ"}), &files::png());
        } else if operation == "POST /api/v1/imports" {
            call = call.bytes(&csv(&people(1)), "application/octet-stream");
        } else if method == "POST"
            && registers::is_of_it(template.trim_start_matches("/api/v1"))
            && (template.ends_with("/imports") || template.ends_with("/exchange"))
        {
            call = call.bytes(&registers::file(), "application/octet-stream");
        } else if let Some(body) = self.body(asker, operation, relation) {
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

    fn path(&self, asker: &Asker, (method, template): (&str, &str), relation: &str) -> String {
        let path = template.strip_prefix("/api/v1").unwrap_or(template);
        if figures::is_of_it(path) {
            return figures::path(path, relation);
        }
        if official_returns::is_of_it(path) {
            return official_returns::path(&self.returns, path, relation);
        }
        let file = self.file(asker, relation);
        let id = match path.split('/').nth(1).unwrap_or_default() {
            "persons" => file.person,
            "cases" => file.case,
            "referrals" => file.referral,
            "deliveries" => file.delivery,
            "transfers" => file.transfer,
            "stays" => file.stay,
            "tasks" => file.task,
            "courses" => file.training.course,
            "enrolments" => file.training.enrolment,
            "loans" => file.loan,
            "notes" => file.note,
            "counselling-notes" => file.counselling,
            "attachments" => file.attachment,
            "imports" => file.import,
            _ if registers::is_of_it(path) && relation != "none" => registers::id(path, self.registers),
            _ if outreach::is_of_it(path) && relation != "none" => {
                outreach::id(path, self.outreach, asker.organisation, relation)
            }
            "organisations" if relation == "any" => self.world.clinic,
            "users" if relation == "any" => self.spare.id,
            _ => file.case,
        };
        let known = relation != "none";
        let grant = if template.contains("{grant}") && known { self.fresh_grant() } else { file.case };
        let path = path
            .replace("{id}", &id.to_string())
            .replace("{register}", registers::REGISTER.as_str())
            .replace("{consent}", &file.consent.to_string())
            .replace("{guardian}", &file.guardian.to_string())
            .replace("{event}", &file.case.to_string())
            .replace("{other}", &asker.to_open.to_string())
            .replace("{grant}", &grant.to_string())
            .replace("{override}", &file.exception.to_string())
            .replace("{kind}", if template.contains("/imports/") { "persons" } else { "case" })
            .replace("{day}", &self.app.today().to_string())
            .replace("{months}", "3")
            .replace("{number}", if known { "1" } else { "4711" })
            .replace("{link}", &file.case.to_string())
            .replace("{indicator}", "808-10");
        let code = if path.starts_with("/programmes") { "vn-808-2021-2025" } else { COMMUNE };
        if path.starts_with("/loan-products") {
            return path.replace("{code}", if known { "livelihood" } else { "job_creation" });
        }
        let path = path.replace("{code}", if known { code } else { "G99-X00000" });
        format!("{path}{}", self.query(asker, (method, template), relation, file))
    }

    fn query(&self, asker: &Asker, (method, template): (&str, &str), relation: &str, file: File) -> String {
        match template {
            "/api/v1/audit/views" => format!("?account_id={}", self.spare.id),
            "/api/v1/deliveries" => format!("?case_id={}", file.case),
            path if path.ends_with("/figure") => {
                let centre = if relation == "foreign" { self.world.other_centre } else { asker.organisation };
                format!("?year=2025&organisation_id={centre}")
            }
            "/api/v1/imports" if method == "POST" => "?kind=persons&dry_run=true".to_owned(),
            "/api/v1/tasks" => format!("?case_id={}", file.case),
            "/api/v1/reminders" if relation != "any" => {
                format!("?of=centre&organisation_id={}", self.centre(asker, relation))
            }
            "/api/v1/overviews/centre-workload" => format!("?organisation_id={}", self.centre(asker, relation)),
            path => {
                let path = path.strip_prefix("/api/v1").unwrap_or(path);
                outreach::query((method, path), self.outreach, relation)
            }
        }
    }

    /// The asker's centre, or the other one.
    fn centre(&self, asker: &Asker, relation: &str) -> Uuid {
        if relation == "foreign" { self.world.other_centre } else { asker.organisation }
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
            stay: id(),
            exception: id(),
            task: id(),
            loan: id(),
            note: id(),
            counselling: id(),
            colleagues_counselling: id(),
            attachment: id(),
            import: id(),
            training: training::nothing(self.app),
        };
        match relation {
            "none" => nothing,
            "any" | "group" => asker.files["assigned"],
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
            ("POST", "/persons/{id}/contact-codes") => json!({"code": said(28)}),
            ("POST", "/users") => json!({"username": format!("moi.{}", self.app.new_key()), "display_name": "Mới"}),
            (_, "/users/{id}/state") => json!({"state": "suspended"}),
            (_, "/users/{id}/roles") => json!({"role": "return_officer", "admin_unit_code": "VN"}),
            ("POST", "/organisations") => json!({
                "kind": "shelter", "name": "Mái ấm", "admin_unit_code": COMMUNE, "valid_from": "2025-08-01",
            }),
            ("PATCH", "/organisations/{id}") => json!({"name": "Tên khác"}),
            ("PUT", "/admin-units/{code}/shares") => json!({
                "basis": "area", "shares": [{"successor_code": COMMUNE, "thousandths": 1000}],
            }),
            ("POST", "/persons/search") => json!({"name": "ban mai"}),
            ("POST", "/persons") => new_person(),
            ("POST", "/persons/{id}/same") => json!({"other_id": asker.to_open, "verdict": "same"}),
            (_, "/persons/{id}/same/{other}/split") => json!({"reason": "mistake"}),
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
            ("PUT", "/cases/{id}/care-plan") => plan_body(today, today, &[]),
            ("POST", "/cases/{id}/tasks") => json!({"title": "Gọi điện", "kind": "contact", "due_on": today}),
            ("PATCH", "/tasks/{id}") => json!({"kind": "visit"}),
            (_, "/tasks/{id}/complete") => json!({"done_on": today}),
            (_, "/tasks/{id}/cancel") => json!({"reason": "mistake"}),
            ("POST", "/cases/{id}/notes" | "/cases/{id}/counselling-notes") => {
                json!({"kind": "call", "occurred_on": today, "text": "Đã gọi"})
            }
            ("PATCH", "/notes/{id}" | "/counselling-notes/{id}") => json!({"text": "Đã gọi lại"}),
            (_, path) if path.ends_with("/mistaken") => json!({"reason": "duplicate"}),
            (_, "/attachments/{id}/void") => json!({"reason": "duplicate"}),
            ("POST", "/deliveries") => delivery_body(relation, file, today),
            (_, "/cases/{id}/circumstances") => json!({"circumstance": "at_home", "since_on": today}),
            (_, "/cases/{id}/entitlement-overrides") => json!({
                "service_type": "travel", "reason": "risk_to_life", "valid_until": today,
            }),
            ("POST", "/stays") if relation.starts_with("addressed") => {
                json!({"referral_id": file.referral, "in_on": today})
            }
            ("POST", "/stays") => json!({"case_id": file.case, "in_on": today}),
            ("PATCH", "/stays/{id}") => json!({"room": "A1"}),
            (_, "/stays/{id}/leave") => json!({"out_on": today}),
            (_, "/stays/{id}/extensions") => json!({
                "days": 3, "granted_by": "health_department", "granted_on": today, "reason": "health",
            }),
            (_, "/stays/{id}/void") => json!({"reason": "mistake"}),
            (_, "/deliveries/{id}/void") => json!({"reason": "mistake"}),
            ("POST", "/loans") => loan_body(file.referral, today),
            (_, path) if path.starts_with("/loans/{id}/") => loan_step_body(path, today),
            ("POST", "/referrals") => json!({
                "case_id": file.case, "service_type": "loan", "to_organisation_id": self.world.lender,
            }),
            (_, "/referrals/{id}/stop") => json!({"reason": "other"}),
            (_, "/persons/{id}/guardians") => json!({"relation": "mother", "name": "Mẹ", "from_on": today}),
            (_, "/persons/{id}/guardians/{guardian}/end") => json!({"until_on": today, "reason": "died"}),
            operation if registers::is_of_it(path) => registers::body(operation),
            operation if outreach::is_of_it(path) => outreach::body(self.app, self.world, operation),
            (_, path) if figures::is_of_it(path) => figures::body(),
            (_, path) if official_returns::is_of_it(path) => official_returns::body(path),
            (_, path) if training::is_of_it(path) => training::body(path, file, today),
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

fn loan_step_body(path: &str, today: chrono::NaiveDate) -> Value {
    match path.rsplit('/').next() {
        Some("withdraw") => json!({"reason": "not_wanted"}),
        Some("approve") => json!({"decided_on": today, "amount_dong": 1_000_000, "term_months": 6}),
        Some("refuse") => json!({"decided_on": today, "reason": "no_funds"}),
        Some("disbursements") => json!({"disbursed_on": today, "amount_dong": 1_000}),
        Some("repayments") => json!({"repaid_on": today, "amount_dong": 1_000}),
        Some("restructurings") => json!({
            "restructured_on": today, "term_months": 12, "plan": "at_term", "frequency": "monthly",
        }),
        Some("write-off") => json!({"written_off_on": today, "reason": "died"}),
        _ => json!({}),
    }
}

fn needs_version(operation: &str) -> bool {
    let steps = ["/send", "/cancel", "/accept", "/decline", "/start", "/complete", "/stop", "/reopen"];
    let changes = [
        "/state",
        "/status",
        "/assignment",
        "/withdraw",
        "/void",
        "/end",
        "/review",
        "/leave",
        "/extensions",
        "/revoke",
        "/care-plan",
        "/shares",
        "/mistaken",
        "/undo",
        "/same",
        "/split",
        "/appraise",
        "/approve",
        "/refuse",
        "/disbursements",
        "/restructurings",
        "/write-off",
        "/reverse",
        "/sign",
        "/countersign",
    ];
    operation.starts_with("PATCH")
        || training::needs_version(operation)
        || outreach::needs_version(operation)
        || steps.iter().chain(&changes).any(|end| operation.ends_with(end))
}
