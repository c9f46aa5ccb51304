//! Loans, from the application to the last repayment.

mod certificates;
pub(super) mod ledger;
mod lender;
mod life;

use chrono::NaiveDate;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{TestApp, World};

const NAME: &str = "Đặng Thị Thu Hà";

/// A person, a case and a referral that the lender serves.
struct Scene {
    person: Uuid,
    case: Uuid,
    referral: Uuid,
}

impl Scene {
    fn build(app: &TestApp, world: &World) -> Self {
        let person = app.person(&world.worker, NAME);
        let case = app.old_case(&world.worker, person, "person_selling_sex", app.days_ago(700));
        let on = app.days_ago(650);
        let referral = app.served_referral((&world.worker, &world.banker), (person, case, world.lender), on);
        Self { person, case, referral }
    }

    /// In 2020, in a province of the pilot.
    fn of_2020(app: &TestApp, world: &World) -> Self {
        let person = app.person(&world.worker, NAME);
        let case = app.old_case(&world.worker, person, "person_selling_sex", day("2020-03-02"));
        let on = day("2020-04-01");
        let referral = app.served_referral((&world.worker, &world.banker), (person, case, world.lender), on);
        Self { person, case, referral }
    }

    /// An application of 2020 for the product that needs a certificate.
    fn certified(&self, dong: i64) -> Value {
        json!({
            "referral_id": self.referral, "product": "livelihood", "borrower": "individual",
            "amount_dong": dong, "term_months": 36, "plan": "equal_principal", "frequency": "quarterly",
            "purpose": "trade", "plan_text": "Bán rau ở chợ", "savings_group": "Tổ vay vốn số 7",
            "certificate": {
                "issuer": "group_leader", "issued_on": "2020-04-20", "disclosure_read_on": "2020-04-15",
            },
            "applied_on": "2020-05-04",
        })
    }
}

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

/// Agrees that the certificate goes to the lender.
fn agree_to_certificate(app: &TestApp, world: &World, person: Uuid, on: NaiveDate) -> Uuid {
    let body = json!({
        "purpose": "loan_certificate", "recipient_organisation_id": world.lender, "given_by": "self",
        "given_on": on, "proof": "written_signature",
    });
    app.post(&format!("/persons/{person}/consents"), &body).by(&world.worker).send().expect(201).id()
}

fn withdraw_consent(app: &TestApp, world: &World, person: Uuid, consent: Uuid) {
    let path = format!("/persons/{person}/consents/{consent}/withdraw");
    app.post(&path, &json!({})).by(&world.worker).version(1).send().expect(200);
}

fn kinds(app: &TestApp, world: &World, loan: Uuid) -> Vec<String> {
    let events = app.all_items(&world.worker, &format!("/loans/{loan}/events"), 3);
    events.iter().map(|event| event["kind"].as_str().expect("a kind").to_owned()).collect()
}

fn event_of(app: &TestApp, world: &World, loan: Uuid, kind: &str) -> Uuid {
    let events = app.all_items(&world.banker, &format!("/loans/{loan}/events"), 50);
    let found = events.iter().rev().find(|event| event["kind"] == kind).expect("such an event");
    found["id"].as_str().expect("an id").parse().expect("an id")
}
