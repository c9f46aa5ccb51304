//! Reminders of reports: of whom, from which day on, and when they end.

use hoanhap::admin_units::Level;
use hoanhap::grants::Role;
use hoanhap::settings;
use serde_json::{Value, json};

use crate::support::client::PASSWORD;
use crate::support::world::{COMMUNE, PROVINCE};
use crate::support::{TestApp, User, both_dbs};

/// Days from the start of the test to the 1st of January 2026.
const TO_NEW_YEAR: i64 = 78;

fn officer(app: &TestApp, unit: &str) -> User {
    let name = format!("ct.{}", unit.to_lowercase());
    app.account(&name, Role::ProgrammeOfficer, None, Some(unit))
}

/// What somebody is reminded of in a calendar: kind, day, unit, and how many of how many units it is about.
fn reminders(app: &TestApp, user: &User, calendar: &str) -> Vec<Value> {
    let all = app.all_items(user, "/reminders", 50);
    assert_eq!(app.all_items(user, "/reminders", 1), all, "page by page");
    assert!(all.iter().all(|one| one["case_id"].is_null() && one["account_id"].is_null()), "{all:#?}");
    let of_calendar = all.iter().filter(|one| one["report"]["calendar"] == calendar);
    let told = |one: &Value| {
        let report = &one["report"];
        json!([one["kind"], one["due_on"], report["unit_code"], report["period"], report["units"], report["of_units"]])
    };
    of_calendar.map(told).collect()
}

/// Takes a step with the report of a unit as it stands.
#[track_caller]
fn step(app: &TestApp, by: &User, (unit, calendar, period): (&str, &str, &str), body: &Value) {
    let path = format!("/reporting-periods/{unit}/{calendar}/{period}");
    let version = app.get(&path).by(by).send().expect(200).version();
    app.put(&path, body).by(by).version(version).send().expect(200);
}

fn to(status: &str) -> Value {
    json!({"status": status})
}

fn communes(app: &TestApp, province: &str, day: &str) -> Vec<String> {
    let units = &app.state().units;
    let found = units.units_on(Level::Commune, province, day.parse().expect("a day"));
    found.iter().map(|unit| unit.code.clone()).collect()
}

/// As if the program had come on an earlier day.
fn installed_on(app: &TestApp, day: &'static str) {
    let set = app.state().db.write_now(move |conn| settings::set(conn, settings::INSTALLED_ON, day));
    set.expect("set");
}

both_dbs! {
    fn a_commune_is_reminded_of_its_report_until_it_said_something_or_the_province_closed(app: &TestApp) {
        installed_on(app, "2025-10-15");
        let all = communes(app, PROVINCE, "2025-12-31");
        let silent = officer(app, all.iter().find(|code| *code != COMMUNE).expect("another commune"));
        let (commune, province) = (officer(app, COMMUNE), officer(app, PROVINCE));
        let civil = |user: &User| reminders(app, user, "civil");
        let report = || json!(["report_due", "2026-01-30", COMMUNE, "2025", null, null]);
        app.pass_days(TO_NEW_YEAR + 14);
        assert_eq!((civil(&commune), civil(&province)), (vec![], vec![]), "sixteen days before it is too early");
        app.pass_days(1);
        assert_eq!(civil(&commune), [report()]);
        let told = app.all_items(&commune, "/reminders", 50)[0].clone();
        assert_eq!((&told["overdue"], &told["about"]), (&json!(false), &json!("reporting_period")));
        let name = app.state().units.get(COMMUNE).expect("a unit");
        let text = |vi: &str, en: &str| json!({"vi": format!("{}: {vi}", name.name_vi), "en": format!("{}: {en}", name.name_en)});
        assert_eq!(told["report"]["text"], text("gửi báo cáo năm 2025; hạn 30/01/2026.", "report for 2025 to be submitted; due by 30/01/2026."));
        app.pass_days(15);
        let late = app.all_items(&commune, "/reminders", 50)[0].clone();
        assert_eq!((&late["overdue"], &late["id"]), (&json!(true), &told["id"]));
        assert_eq!(late["report"]["text"], text("gửi báo cáo năm 2025; đã quá hạn ngày 30/01/2026.", "report for 2025 to be submitted; was due on 30/01/2026."));

        let own = (COMMUNE, "civil", "2025");
        step(app, &commune, own, &json!({"status": "submitted", "nothing_to_report": true}));
        assert_eq!(civil(&commune), Vec::<Value>::new(), "who has nothing to report has said so");
        step(app, &province, own, &json!({"status": "open", "reason": "Thiếu quý IV"}));
        assert_eq!(civil(&commune), [report()]);
        step(app, &commune, own, &to("submitted"));
        step(app, &province, own, &to("checked"));
        assert_eq!((civil(&commune), civil(&silent).len()), (vec![], 1));
        step(app, &province, (PROVINCE, "civil", "2025"), &to("closed"));
        assert_eq!(civil(&silent), Vec::<Value>::new(), "nothing it could say would count any more");
        step(app, &province, (PROVINCE, "civil", "2025"), &json!({"status": "reopened", "reason": "Xã gửi bổ sung"}));
        assert_eq!((civil(&commune), civil(&silent).len()), (vec![], 1));
    }

    fn a_province_is_told_how_many_are_missing_and_what_is_to_be_checked_closed_and_published(app: &TestApp) {
        installed_on(app, "2025-10-15");
        let (commune, province, other) = (officer(app, COMMUNE), officer(app, PROVINCE), officer(app, "G34-P04"));
        let country = officer(app, "VN");
        let all = communes(app, PROVINCE, "2025-12-31").len();
        app.pass_days(TO_NEW_YEAR + 30);
        let missing = |missing: usize| json!(["reports_missing", "2026-01-30", PROVINCE, "2025", missing, all]);
        let of_period = |kind: &str| json!([kind, "2026-02-14", PROVINCE, "2025", null, null]);
        let civil = |user: &User| reminders(app, user, "civil");
        let close = of_period("period_close_due");
        assert_eq!(civil(&province), [missing(all), close.clone()]);
        let elsewhere = civil(&other);
        assert!(!elsewhere.is_empty() && elsewhere.iter().all(|one| one[2] == "G34-P04"), "{elsewhere:?}");
        assert_eq!(civil(&country), [
            json!(["period_close_due", "2026-02-14", "VN", "2025", null, null]),
            json!(["closings_missing", "2026-02-14", "VN", "2025", 34, 34]),
        ]);
        step(app, &commune, (COMMUNE, "civil", "2025"), &to("submitted"));
        let unchecked = json!(["reports_unchecked", "2026-02-14", PROVINCE, "2025", 1, all]);
        assert_eq!(civil(&province), [missing(all - 1), unchecked, close.clone()]);
        step(app, &province, (COMMUNE, "civil", "2025"), &to("checked"));
        assert_eq!(civil(&province), [missing(all - 1), close.clone()]);
        let own = (PROVINCE, "civil", "2025");
        step(app, &province, own, &to("closed"));
        assert_eq!(civil(&province), [of_period("period_publish_due")]);
        assert_eq!(civil(&country)[1][4], json!(33));
        step(app, &province, own, &to("published"));
        assert_eq!(civil(&province), Vec::<Value>::new());
        step(app, &province, own, &json!({"status": "reopened", "reason": "Xã gửi bổ sung"}));
        assert_eq!(civil(&province), [missing(all - 1), close]);
        assert_eq!(civil(&other), elsewhere, "what another province does is not told");
        assert_eq!(app.number("select count(*) as n from view_log where subject_kind = 'reporting_period'"), 0);
        app.pass_days(380);
        assert_eq!(civil(&province), Vec::<Value>::new(), "a year after its day nobody is asked any more");
    }

    fn what_was_over_before_the_program_came_is_asked_of_nobody(app: &TestApp) {
        installed_on(app, "2025-10-15");
        let province = officer(app, PROVINCE);
        assert_eq!(app.all_items(&province, "/reminders", 50), Vec::<Value>::new());
        installed_on(app, "2025-06-14");
        assert_eq!(reminders(app, &province, "closing").len(), 1, "the half year that ended on that day");
        assert_eq!(reminders(app, &province, "civil"), Vec::<Value>::new());
    }

    fn units_abolished_on_2025_07_01_are_answered_for_by_the_province_they_went_into(app: &TestApp) {
        installed_on(app, "2024-12-20");
        let (province, now) = (officer(app, "G34-P37"), communes(app, "G34-P37", "2025-10-15"));
        let before = communes(app, "G63-P35", "2024-12-31");
        let (commune, gone) = (officer(app, &now[0]), officer(app, &before[0]));
        assert_eq!(app.all_items(&commune, "/reminders", 50), Vec::<Value>::new(), "it was not there in 2024");
        assert_eq!(reminders(app, &gone, "civil"), [json!(["report_due", "2025-01-30", before[0], "2024", null, null])]);
        let of = |unit: &str| {
            let all = reminders(app, &province, "civil");
            all.into_iter().filter(|one| one[2] == unit).collect::<Vec<_>>()
        };
        let missing = |missing: usize| json!(["reports_missing", "2025-01-30", "G63-P35", "2024", missing, before.len()]);
        let close = json!(["period_close_due", "2025-02-14", "G63-P35", "2024", null, null]);
        assert_eq!(of("G63-P35"), [missing(before.len()), close.clone()]);
        assert_eq!((of("G63-P36").len(), of("G63-P37").len(), of("G34-P37").len()), (2, 2, 0));
        step(app, &province, (&before[0], "civil", "2024"), &json!({"status": "submitted", "nothing_to_report": true}));
        let unchecked = json!(["reports_unchecked", "2025-02-14", "G63-P35", "2024", 1, before.len()]);
        assert_eq!(of("G63-P35"), [missing(before.len() - 1), unchecked, close]);
        assert_eq!(reminders(app, &gone, "civil"), Vec::<Value>::new());
        step(app, &province, ("G63-P35", "civil", "2024"), &to("closed"));
        assert_eq!(of("G63-P35"), [json!(["period_publish_due", "2025-02-14", "G63-P35", "2024", null, null])]);
        assert_eq!(of("G63-P36").len(), 2, "each old province is closed by itself");
    }

    fn return_officers_are_reminded_until_the_return_is_filed(app: &TestApp) {
        installed_on(app, "2025-10-15");
        let signs = |name: &str, unit| app.account(name, Role::ReturnOfficer, None, Some(unit));
        let (first, second) = (signs("baocao.mot", PROVINCE), signs("baocao.hai", PROVINCE));
        let (country, elsewhere) = (signs("baocao.vn", "VN"), signs("baocao.khac", "G34-P04"));
        let closes = officer(app, PROVINCE);
        app.pass_days(TO_NEW_YEAR - 3);
        assert_eq!(app.all_items(&first, "/reminders", 50), Vec::<Value>::new());
        app.pass_days(1);
        let of_year = |user: &User| {
            let all = reminders(app, user, "closing");
            all.into_iter().filter(|one| one[3] == "2025").collect::<Vec<_>>()
        };
        let own = |kind: &str| [json!([kind, "2026-01-13", PROVINCE, "2025", null, null])];
        assert_eq!(of_year(&first), own("return_awaited"));
        let of_country = |missing: usize| [json!(["returns_missing", "2026-01-13", "VN", "2025", missing, 34])];
        assert_eq!(of_year(&country), of_country(34));
        assert_eq!(of_year(&closes), [json!(["period_close_due", "2025-12-29", PROVINCE, "2025", null, null])]);
        let year = (PROVINCE, "closing", "2025");
        step(app, &closes, year, &to("closed"));
        assert_eq!(of_year(&closes), Vec::<Value>::new(), "a return has no figures to publish");
        assert_eq!(of_year(&first), own("first_signature_due"));
        let newest = || app.all_items(&first, "/official-returns", 1)[0]["id"].as_str().expect("an id").to_owned();
        let path = |step: &str| format!("/official-returns/{}/{step}", newest());
        let recipient = json!({"password": PASSWORD, "recipient": "ministry_of_health"});
        app.post(&path("sign"), &recipient).by(&first).version(1).send().expect(200);
        assert_eq!(of_year(&second), own("second_signature_due"));
        app.post(&path("countersign"), &json!({"password": PASSWORD})).by(&second).version(2).send().expect(200);
        assert_eq!((of_year(&first), of_year(&country)), (vec![], of_country(33).to_vec()));
        step(app, &closes, year, &json!({"status": "reopened", "reason": "Ghi bổ sung"}));
        assert_eq!(of_year(&first), Vec::<Value>::new(), "what was filed stands until the period is closed again");
        step(app, &closes, year, &to("closed"));
        assert_eq!(of_year(&first), own("first_signature_due"));
        let other = of_year(&elsewhere);
        assert_eq!(other, [json!(["return_awaited", "2026-01-13", "G34-P04", "2025", null, null])]);
    }
}
