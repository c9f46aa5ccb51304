//! Whatever shows a record is in the log of views, also the reply to a change.

use serde_json::json;

use crate::support::{TestApp, World, both_dbs};

both_dbs! {
    fn every_reply_that_shows_a_record_leaves_one_view(app: &TestApp) {
        let world = World::build(app);
        let worker = &world.worker;
        let person = app.person(worker, "Đinh Thị Xem");
        let case = app.case(worker, person, "person_selling_sex", app.days_ago(3));
        let consent = app.consent(worker, person, world.lender, app.days_ago(2));
        app.assess(worker, case, &["loan"], app.days_ago(1));
        let referral = app.referral(worker, case, "loan", world.lender);
        let given = app.give(worker, case, "social_support", app.today());
        let views = || app.number("select count(*) as n from view_log");
        let one_more = |what: &str, reply: &dyn Fn() -> u16| {
            let before = views();
            assert_eq!(reply(), 200, "{what}");
            assert_eq!(views(), before + 1, "{what}");
        };
        let get = |path: String| app.get(&path).by(worker).send().status;
        one_more("a case", &|| get(format!("/cases/{case}")));
        one_more("its events", &|| get(format!("/cases/{case}/events")));
        one_more("its assessments", &|| get(format!("/cases/{case}/assessments")));
        one_more("its refusals", &|| get(format!("/cases/{case}/refusals")));
        one_more("cases", &|| get("/cases".to_owned()));
        one_more("a person", &|| get(format!("/persons/{person}")));
        one_more("persons", &|| get("/persons".to_owned()));
        one_more("consents", &|| get(format!("/persons/{person}/consents")));
        one_more("a referral", &|| get(format!("/referrals/{referral}")));
        one_more("referrals", &|| get("/referrals".to_owned()));
        one_more("a delivery", &|| get(format!("/deliveries/{given}")));
        one_more("deliveries", &|| get(format!("/deliveries?case_id={case}")));
        one_more("a changed person", &|| {
            app.patch(&format!("/persons/{person}"), &json!({"sex": "other"})).by(worker).version(1).send().status
        });
        one_more("a changed case", &|| {
            app.patch(&format!("/cases/{case}"), &json!({"summary": "Đã gặp"})).by(worker).version(1).send().status
        });
        one_more("a moved case", &|| {
            let body = json!({"to": "screened", "occurred_on": app.today()});
            app.post(&format!("/cases/{case}/status"), &body).by(worker).version(2).send().status
        });
        one_more("an assigned case", &|| {
            let body = json!({"account_id": null});
            app.put(&format!("/cases/{case}/assignment"), &body).by(&world.manager).version(3).send().status
        });
        one_more("an accepted referral", &|| {
            app.post(&format!("/referrals/{referral}/accept"), &json!({})).by(&world.banker).version(2).send().status
        });
        one_more("a void delivery", &|| {
            let body = json!({"reason": "duplicate"});
            app.post(&format!("/deliveries/{given}/void"), &body).by(&world.manager).version(1).send().status
        });
        one_more("a withdrawn consent", &|| {
            let path = format!("/persons/{person}/consents/{consent}/withdraw");
            app.post(&path, &json!({})).by(&world.manager).version(1).send().status
        });
    }

    fn a_reply_that_refuses_leaves_no_view(app: &TestApp) {
        let world = World::build(app);
        let person = app.person(&world.worker, "Đinh Thị Kín");
        let before = app.number("select count(*) as n from view_log");
        app.get(&format!("/persons/{person}")).by(&world.other_worker).send().expect(404);
        let change = json!({"sex": "other"});
        app.patch(&format!("/persons/{person}"), &change).by(&world.worker).version(9).send().expect(412);
        assert_eq!(app.number("select count(*) as n from view_log"), before);
    }
}
