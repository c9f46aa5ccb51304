//! A person's data goes on only while the person agrees.

use std::collections::BTreeSet;

use chrono::{NaiveDate, TimeDelta};
use diesel::prelude::*;
use hoanhap::clock::Random;
use hoanhap::consents::holding::holds_on;
use hoanhap::consents::model::Consent;
use hoanhap::db::schema::consents;
use hoanhap::db::types::ConsentId;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{TestApp, World, both_dbs};

fn ready_case(app: &TestApp, world: &World) -> (Uuid, Uuid) {
    let person = app.person(&world.worker, "Bùi Thị Ngọc");
    let case = app.case(&world.worker, person, "person_selling_sex", app.days_ago(10));
    app.assess(&world.worker, case, &["vocational_training", "loan"], app.days_ago(8));
    (person, case)
}

fn withdraw(app: &TestApp, world: &World, person: Uuid, consent: Uuid) {
    let path = format!("/persons/{person}/consents/{consent}/withdraw");
    app.post(&path, &json!({})).by(&world.worker).version(1).send().expect(200);
}

fn status_of(app: &TestApp, world: &World, referral: Uuid) -> Value {
    app.get(&format!("/referrals/{referral}")).by(&world.worker).send().expect(200).json()["status"].clone()
}

/// A consent for every way in which its days lie around `today`.
fn around(consent: &Consent, today: NaiveDate, random: &Random) -> Vec<Consent> {
    let days = [-1, 0, 1].map(|offset| today + TimeDelta::days(offset));
    let or_none = || std::iter::once(None).chain(days.map(Some));
    let mut all = Vec::new();
    for given_on in days {
        for holds_from in or_none() {
            for expires_on in or_none() {
                for withdrawn_on in or_none() {
                    let id = ConsentId(random.uuid());
                    all.push(Consent { id, given_on, holds_from, expires_on, withdrawn_on, ..consent.clone() });
                }
            }
        }
    }
    all
}

both_dbs! {
    fn a_statement_and_a_row_agree_on_whether_a_consent_holds(app: &TestApp) {
        let world = World::build(app);
        let person = app.person(&world.worker, "Bùi Thị Ngọc");
        app.consent(&world.worker, person, world.school, app.days_ago(1));
        let today = app.today();
        let (random, all) = (Random::seeded(7), consents::table.select(Consent::as_select()));
        let written = app.state().db.write_now(move |conn| {
            let first = all.first(conn)?;
            let rows = around(&first, today, &random);
            for row in &rows {
                diesel::insert_into(consents::table).values(row).execute(conn)?;
            }
            Ok(rows.len())
        });
        assert_eq!(written.expect("consents are recorded"), 3 * 4 * 4 * 4);
        let (rows, found): (Vec<Consent>, BTreeSet<Uuid>) = app.state().db.read_now(|conn| {
            let found: Vec<ConsentId> = consents::table.filter(holds_on(today)).select(consents::id).load(conn)?;
            Ok((all.load(conn)?, found.into_iter().map(|id| id.0).collect()))
        }).expect("consents are read");
        let live: BTreeSet<Uuid> = rows.iter().filter(|row| row.is_live_on(today)).map(|row| row.id.0).collect();
        assert_eq!(found, live);
        // Given by today, or holding from a day by then; no last day, or one from today on; and not withdrawn. And the first.
        assert_eq!(live.len(), (2 + 3 * 2) * 3 + 1);
    }

    fn a_referral_is_sent_only_with_a_live_consent_that_names_the_recipient(app: &TestApp) {
        let world = World::build(app);
        let (person, case) = ready_case(app, &world);
        let referral = app.draft(&world.worker, case, "vocational_training", world.school);
        app.step(&world.worker, referral, "send").expect_problem(409, "consent_missing");
        app.consent(&world.worker, person, world.lender, app.days_ago(1));
        app.step(&world.worker, referral, "send").expect_problem(409, "consent_missing");
        let consent = app.consent(&world.worker, person, world.school, app.days_ago(1));
        withdraw(app, &world, person, consent);
        app.step(&world.worker, referral, "send").expect_problem(409, "consent_missing");
        app.consent(&world.worker, person, world.school, app.days_ago(1));
        app.step(&world.worker, referral, "send").expect(200);
    }

    fn withdrawing_a_consent_closes_the_referrals_that_rest_on_it_at_once(app: &TestApp) {
        let world = World::build(app);
        let (person, case) = ready_case(app, &world);
        let consent = app.consent(&world.worker, person, world.school, app.days_ago(1));
        app.consent(&world.worker, person, world.lender, app.days_ago(1));
        let training = app.referral(&world.worker, case, "vocational_training", world.school);
        let loan = app.referral(&world.worker, case, "loan", world.lender);
        app.step(&world.teacher, training, "accept").expect(200);
        app.step(&world.teacher, training, "start").expect(200);
        withdraw(app, &world, person, consent);
        assert_eq!(status_of(app, &world, training), "cancelled");
        assert_eq!(status_of(app, &world, loan), "sent", "another consent, another referral");
        app.get(&format!("/referrals/{training}")).by(&world.teacher).send().expect_problem(404, "not_found");
        let path = format!("/persons/{person}/consents/{consent}/withdraw");
        app.post(&path, &json!({})).by(&world.worker).version(2).send().expect_problem(409, "already_withdrawn");
    }

    fn what_was_given_before_a_withdrawal_stays_counted(app: &TestApp) {
        let world = World::build(app);
        let (person, case) = ready_case(app, &world);
        let consent = app.consent(&world.worker, person, world.school, app.days_ago(1));
        let training = app.referral(&world.worker, case, "vocational_training", world.school);
        app.step(&world.teacher, training, "accept").expect(200);
        app.step(&world.teacher, training, "start").expect(200);
        app.deliver(&world.teacher, training, "vocational_training", app.today());
        withdraw(app, &world, person, consent);
        let figure = app.figure(&world.manager, "vn-808-2021-2025", "808-10", 2025);
        assert_eq!(figure["numerator"], 1);
    }

    fn an_expired_consent_closes_the_referral_when_the_day_has_passed(app: &TestApp) {
        let world = World::build(app);
        let (person, case) = ready_case(app, &world);
        let body = json!({
            "purpose": "referral", "recipient_organisation_id": world.school, "given_by": "self",
            "given_on": app.today(), "expires_on": app.days_ago(-2), "proof": "recording",
        });
        app.post(&format!("/persons/{person}/consents"), &body).by(&world.worker).send().expect(201);
        let training = app.referral(&world.worker, case, "vocational_training", world.school);
        app.pass_days(2);
        app.keep_house();
        assert_eq!(status_of(app, &world, training), "sent", "the last day still holds");
        app.pass_days(1);
        app.step(&world.teacher, training, "accept").expect_problem(409, "consent_missing");
        app.keep_house();
        assert_eq!(status_of(app, &world, training), "cancelled");
    }

    fn an_accepted_referral_whose_consent_ran_out_shows_the_person_no_longer(app: &TestApp) {
        let world = World::build(app);
        let (person, case) = ready_case(app, &world);
        let body = json!({
            "purpose": "referral", "recipient_organisation_id": world.school, "given_by": "self",
            "given_on": app.today(), "expires_on": app.days_ago(-1), "proof": "recording",
        });
        app.post(&format!("/persons/{person}/consents"), &body).by(&world.worker).send().expect(201);
        let training = app.referral(&world.worker, case, "vocational_training", world.school);
        app.step(&world.teacher, training, "accept").expect(200);
        app.pass_days(2);
        // No housekeeping yet: expiry counts at once all the same.
        let reply = app.get(&format!("/referrals/{training}")).by(&world.teacher).send();
        assert!(!reply.text().contains("Bùi Thị Ngọc"), "shown on a consent that has run out: {}", reply.text());
    }
}
