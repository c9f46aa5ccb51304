//! From an open period to a published one, and its revisions.

use hoanhap::grants::Role;
use hoanhap::programmes::registers::Register;
use serde_json::{Value, json};

use super::Officer;
use crate::support::client::Reply;
use crate::support::registers::csv_of;
use crate::support::{TestApp, both_dbs};

const PLAN: &str = "vn-808-2021-2025";

pub(super) fn step(officer: &Officer<'_>, unit: &str, period: &str, body: &Value) -> Reply {
    let path = format!("/reporting-periods/{unit}/civil/{period}");
    let version = officer.app.get(&path).by(&officer.user).send().expect(200).version();
    officer.app.put(&path, body).by(&officer.user).version(version).send()
}

both_dbs! {
    fn a_commune_submits_the_province_checks_closes_and_publishes(app: &TestApp) {
        let (commune, province) = (Officer::of(app, "G63-C23535"), Officer::of(app, "G63-P62"));
        let to = |status: &str| json!({"status": status});
        step(&commune, "G63-C23535", "2022", &json!({"status": "submitted", "nothing_to_report": true})).expect(200);
        step(&commune, "G63-C23535", "2022", &to("checked")).expect(403);
        app.put("/reporting-periods/G63-P62/civil/2022", &to("closed")).by(&commune.user).send().expect(404);
        step(&province, "G63-C23535", "2022", &to("open")).expect(422);
        step(&province, "G63-C23535", "2022", &json!({"status": "open", "reason": "Thiếu quý IV"})).expect(200);
        step(&commune, "G63-C23535", "2022", &to("submitted")).expect(200);
        step(&province, "G63-C23535", "2022", &to("checked")).expect(200);
        step(&province, "G63-C23535", "2022", &to("closed")).expect(403);
        step(&province, "G63-P62", "2022", &to("published")).expect_problem(409, "illegal_transition");
        step(&Officer::of(app, "G34-P01"), "G34-P01", "2099", &to("closed")).expect_problem(409, "period_not_over");
        let of_two = app.account("canbo.haixa", Role::ProgrammeOfficer, None, Some("G63-C23537"));
        app.grant(&of_two, Role::ProgrammeOfficer, None, Some("G63-C23538"));
        let path = "/reporting-periods/G63-C23537/civil/2022";
        app.put(path, &to("submitted")).by(&of_two).send().expect(200);
        app.put(path, &to("checked")).by(&of_two).version(1).send().expect(403);
        let closed = step(&province, "G63-P62", "2022", &to("closed")).expect(200);
        assert_eq!(closed.json()["revision"], json!(1));
        let missing = app.get("/reporting-periods?unit=G63-P62&calendar=civil&period=2022&missing=true&limit=5").by(&province.user).send().expect(200).json();
        assert_eq!((&missing["reported"], missing["units"].as_array().map(Vec::len)), (&json!(2), Some(5)));
        assert!(missing["next_cursor"].is_string());
        let stale = app.put("/reporting-periods/G63-P62/civil/2022", &to("published")).by(&province.user).version(7).send();
        stale.expect(412);
    }

    fn a_closed_period_changes_only_with_a_reason_and_the_change_is_told(app: &TestApp) {
        let officer = Officer::of(app, "G63-P62");
        officer.reached("G63-C23535", "2022-03-01", "upper_secondary_students", 40);
        officer.report("students", "G63-P62", "2022", 100);
        let to = |status: &str| json!({"status": status});
        step(&officer, "G63-P62", "2022", &to("closed")).expect(200);
        step(&officer, "G63-P62", "2022", &to("published")).expect(200);
        let late = json!({"unit_code": "G63-C23535", "held_on": "2022-06-01", "form": "meeting",
            "audience": "vocational_students", "first_time_this_year": 5});
        app.recording(&officer.user, Register::CommunicationActivities, &late).send().expect_problem(409, "period_closed");
        let published = officer.figure(PLAN, "808-03c", "G63-P62", "2022")["published"].clone();
        assert_eq!((&published["revision"], &published["numerator"], &published["changed"]), (&json!(1), &json!(40), &json!(null)));

        step(&officer, "G63-P62", "2022", &json!({"status": "reopened", "reason": "Xã gửi bổ sung"})).expect(200);
        app.clock.advance(chrono::TimeDelta::seconds(60));
        app.recording(&officer.user, Register::CommunicationActivities, &late).send().expect(201);
        let changed = officer.figure(PLAN, "808-03c", "G63-P62", "2022")["published"]["changed"].clone();
        assert_eq!((&changed["numerator"], &changed["denominator"], &changed["why"]), (&json!(5), &json!(0), &json!(["entries"])));
        step(&officer, "G63-P62", "2022", &to("closed")).expect(200);
        step(&officer, "G63-P62", "2022", &to("published")).expect(200);
        let history = app.get(&format!("/programmes/{PLAN}/published?unit=G63-P62&period=2022")).by(&officer.user).send().expect(200).json();
        let of: Vec<(Value, Value, Value)> = history["items"].as_array().expect("items").iter()
            .filter(|item| item["indicator"] == json!("808-03c"))
            .map(|item| (item["revision"].clone(), item["figure"]["numerator"].clone(), item["reason"].clone())).collect();
        assert_eq!(of, [(json!(1), json!(40), json!(null)), (json!(2), json!(45), json!("Xã gửi bổ sung"))]);
    }

    fn who_reported_nothing_is_nought_and_who_did_not_report_is_no_data(app: &TestApp) {
        let officer = Officer::of(app, "G63-P62");
        officer.establishment("G63-C23535", "2020-01-01", None, 10);
        officer.expect(PLAN, "808-08a", "G63-P62", "2022", &json!({"status": "no_data", "reason": "nothing_reported"}));
        step(&officer, "G63-C23535", "2022", &json!({"status": "submitted", "nothing_to_report": true})).expect(200);
        officer.expect(PLAN, "808-08a", "G63-P62", "2022", &json!({"numerator": 0, "denominator": 1, "percent": 0.0, "status": "behind"}));
    }

    fn a_commune_with_entries_does_not_say_that_it_has_nothing_and_says_nothing_once_the_province_closed(app: &TestApp) {
        let (officer, nothing) = (Officer::of(app, "G63-P62"), json!({"status": "submitted", "nothing_to_report": true}));
        officer.activity("G63-C23535", "2022-03-01");
        officer.report("students", "G63-C23537", "2022", 4);
        for unit in ["G63-C23535", "G63-C23537"] {
            let refused = step(&officer, unit, "2022", &nothing).expect_problem(422, "invalid").json();
            assert_eq!(refused["errors"][0]["field"], json!("nothing_to_report"));
            step(&officer, unit, "2022", &json!({"status": "submitted"})).expect(200);
        }
        step(&officer, "G63-C23535", "2022-05", &nothing).expect(200);
        step(&officer, "G63-P62", "2022", &json!({"status": "closed"})).expect(200);
        for period in ["2022", "2022-05"] {
            step(&officer, "G63-C23538", period, &nothing).expect_problem(409, "period_closed");
        }
        step(&officer, "G63-C23535", "2022", &json!({"status": "checked"})).expect_problem(409, "period_closed");
        step(&officer, "G63-P62", "2022", &json!({"status": "reopened", "reason": "Xã gửi chậm"})).expect(200);
        step(&officer, "G63-C23538", "2022", &nothing).expect(200);
    }

    fn a_province_that_closes_before_anybody_reported_has_said_nothing(app: &TestApp) {
        let officer = Officer::of(app, "G63-P62");
        officer.establishment("G63-C23535", "2020-01-01", None, 10);
        step(&officer, "G63-P62", "2022", &json!({"status": "closed"})).expect(200);
        officer.expect(PLAN, "808-08a", "G63-P62", "2022", &json!({"status": "no_data", "reason": "nothing_reported"}));
    }

    fn what_was_trained_or_inspected_before_a_closed_period_would_count_in_it_and_is_refused(app: &TestApp) {
        let officer = Officer::of(app, "G63-P62");
        let open = officer.establishment("G63-C23535", "2020-01-01", None, 10);
        officer.staff("G63-C23535", "CB-1", "commune", true);
        step(&officer, "G63-P62", "2022-09", &json!({"status": "closed"})).expect(200);
        let inspection = json!({"establishment_id": open, "inspected_on": "2022-07-05", "result": "no_violation"});
        app.recording(&officer.user, Register::Inspections, &inspection).send().expect_problem(409, "period_closed");
        let training = json!({"unit_code": "G63-C23535", "held_on": "2022-07-05", "topic": "prevention", "participants": ["CB-1"]});
        app.recording(&officer.user, Register::StaffTrainings, &training).send().expect_problem(409, "period_closed");
        officer.inspected(open, "2022-10-05", "no_violation");
        officer.trained("G63-C23535", "2022-10-05", "prevention", &["CB-1"]);
    }

    fn a_new_list_counts_from_its_first_day_on_and_leaves_the_closed_years_before_it(app: &TestApp) {
        let officer = Officer::of(app, "G63-P62");
        let commune = "G63-C23535";
        let of_staff = json!({"counted_on": "2021-03-01", "level": "commune", "agency": "health", "staff": 10, "direct_staff": 4});
        officer.entry(Register::StaffCounts, commune, of_staff);
        officer.entry(Register::StaffTrainings, commune, json!({"held_on": "2021-06-01", "topic": "prevention", "level": "commune", "attendances": 8, "first_time": 6}));
        let of_kinds = json!({"counted_on": "2021-03-01", "type": "karaoke", "establishments": 5, "workers": 50});
        officer.entry(Register::EstablishmentCounts, commune, of_kinds);
        let trained = |year: &str| {
            let figure = officer.figure(PLAN, "808-11b", "G63-P62", year);
            (figure["numerator"].clone(), figure["denominator"].clone())
        };
        let operating = |year: &str| officer.figure(PLAN, "808-08a", "G63-P62", year)["denominator"].clone();
        assert_eq!((trained("2021"), operating("2021")), ((json!(6), json!(10)), json!(5)));
        step(&officer, "G63-P62", "2021", &json!({"status": "closed"})).expect(200);

        let listed = |from: &str| json!({"unit_code": commune, "staff_number": "CB-1", "level": "commune", "agency": "health", "from": from, "direct": true});
        app.recording(&officer.user, Register::Staff, &listed("2021-12-31")).send().expect_problem(409, "period_closed");
        app.recording(&officer.user, Register::Staff, &listed("2022-02-01")).send().expect(201);
        let opened = json!({"unit_code": commune, "name": "Sao Mai", "type": "karaoke", "opened_on": "2020-05-01", "closed_on": "2020-06-01"});
        app.recording(&officer.user, Register::Establishments, &opened).send().expect_problem(409, "period_closed");
        for _ in 0..7 {
            officer.establishment(commune, "2022-02-01", None, 10);
        }
        assert_eq!((trained("2021"), operating("2021")), ((json!(6), json!(10)), json!(5)), "as it was closed");
        assert_eq!((trained("2022"), operating("2022")), ((json!(0), json!(1)), json!(7)), "five of them are those that were counted");
        assert_eq!(app.wrong_sums(), [].into());
    }

    fn nobody_is_listed_earlier_in_the_year_of_a_closed_list_and_nobody_learns_who_stands_in_it(app: &TestApp) {
        let officer = Officer::of(app, "G63-P62");
        let activity = |unit: &str, day: &str, who: &[&str]| {
            let body = json!({"unit_code": unit, "held_on": day, "form": "meeting", "audience": "vocational_students", "participants": who});
            app.recording(&officer.user, Register::CommunicationActivities, &body)
        };
        let counted = activity("G63-C23535", "2022-03-10", &["A", "B"]).send().expect(201).id();
        let earlier = activity("G63-C23535", "2022-02-10", &["C"]).send().expect(201).id();
        step(&officer, "G63-P62", "2022-03", &json!({"status": "closed"})).expect(200);
        for who in ["B", "C"] {
            activity("G63-C23535", "2022-02-10", &[who]).send().expect_problem(409, "period_closed");
            activity("G63-C23535", "2021-12-20", &[who]).send().expect_problem(409, "period_closed");
        }
        activity("G63-C23535", "2021-11-20", &["B"]).send().expect(201);
        activity("G63-C23537", "2022-02-10", &["B"]).send().expect(201);
        activity("G63-C23535", "2022-04-10", &["A"]).send().expect(201);
        for who in ["A", "C"] {
            let change = json!({"participants": [who]});
            app.change_entry(&officer.user, Register::CommunicationActivities, earlier, &change).expect_problem(409, "period_closed");
        }
        let refused = app.change_entry(&officer.user, Register::CommunicationActivities, counted, &json!({"participants": ["A", "B"]}));
        let title = refused.expect_problem(409, "period_closed").json()["title"].as_str().map(str::to_owned);
        assert!(title.is_some_and(|title| title.contains("01/03/2022 – 31/03/2022")), "it names the period");
        app.void_entry(&officer.user, Register::CommunicationActivities, counted).expect_problem(409, "period_closed");
        let line = |day: &str, who: &str| json!({"unit_code": "G63-C23535", "held_on": day, "form": "meeting", "audience": "vocational_students", "participants": [who]});
        let file = csv_of(&[line("2022-01-05", "C"), line("2022-01-05", "B"), line("2022-05-05", "B")]);
        let (_, refused) = app.bring(&officer.user, "registers/communication_activities", &file, true);
        let faults: Vec<&Value> = refused["faults"].as_array().expect("faults").iter().map(|fault| &fault["line"]).collect();
        assert_eq!(faults, [&json!(2), &json!(3)], "{refused:#}");
    }

    fn a_province_sends_no_report_once_the_country_has_closed(app: &TestApp) {
        let (province, country) = (Officer::of(app, "G63-P62"), Officer::of_country(app));
        step(&country, "VN", "2022", &json!({"status": "closed"})).expect(200);
        step(&province, "G63-P62", "2022", &json!({"status": "submitted"})).expect_problem(409, "period_closed");
        step(&province, "G63-P62", "2022", &json!({"status": "closed"})).expect(200);
        step(&country, "VN", "2022", &json!({"status": "reopened", "reason": "Thiếu báo cáo"})).expect(200);
    }

    fn what_is_told_of_other_days_makes_no_nought_of_a_closed_part_of_the_year(app: &TestApp) {
        let officer = Officer::of(app, "G63-P38");
        let commune = "G63-C14755";
        officer.report("establishments", commune, "2024-H1", 50);
        officer.report("establishment_workers", commune, "2024-H1", 500);
        officer.report("persons_reached", commune, "2024-H1", 33);
        officer.report("regular_communes", "G63-P38", "2024-H1", 77);
        step(&officer, "G63-P38", "2024-H1", &json!({"status": "closed"})).expect(200);
        let figures = || {
            let all = officer.figures(PLAN, "unit=G63-P38&period=2024-H1&breakdown=commune,class").to_string();
            let of = |code: &str| officer.figure(PLAN, code, "G63-P38", "2024-H1");
            (all, of("808-01")["numerator"].clone(), of("808-08b")["denominator"].clone())
        };
        let before = figures();
        assert_eq!((&before.1, &before.2), (&json!(77), &json!(50)));
        officer.activity(commune, "2024-09-01");
        officer.establishment(commune, "2024-09-01", None, 3);
        officer.staff_since(commune, "CB-9", "2024-10-01");
        officer.entry(Register::TipOffs, commune, json!({"received_on": "2024-10-01", "type": "reflection"}));
        assert_eq!(figures(), before);
        let model = json!({"unit_code": "G63-P38", "name": "Mô hình", "content": "prevention", "from": "2023-01-01", "to": "2023-06-30"});
        app.recording(&officer.user, Register::PilotModels, &model).send().expect_problem(409, "period_closed");
    }

    fn a_class_that_nobody_told_a_number_of_is_none_though_units_reported(app: &TestApp) {
        let officer = Officer::of(app, "G63-P38");
        step(&officer, "G63-C14755", "2024-H1", &json!({"status": "submitted", "nothing_to_report": true})).expect(200);
        step(&officer, "G63-P38", "2024-H1", &json!({"status": "closed"})).expect(200);
        let figures = || officer.figures(PLAN, "unit=G63-P38&period=2024-H1&breakdown=class,month").to_string();
        let before = figures();
        officer.entry(Register::TipOffs, "G63-C14758", json!({"received_on": "2024-09-05", "type": "complaint"}));
        officer.activity("G63-C14758", "2024-09-05");
        officer.establishment("G63-C14758", "2024-09-01", None, 3);
        assert_eq!(figures(), before);
        assert_eq!(app.wrong_sums(), [].into());
        assert_eq!(figures(), before, "counted");
    }

    fn none_of_a_part_where_the_whole_is_told_is_nought_and_behind(app: &TestApp) {
        let officer = Officer::of(app, "G63-P38");
        officer.entry(Register::TipOffs, "G63-C14755", json!({"received_on": "2023-05-05", "type": "complaint"}));
        officer.report("tip_offs_handled", "G63-P38", "2023-05", 80);
        let none = json!({"numerator": 0, "denominator": 1, "percent": 0.0, "status": "behind"});
        for period in ["2023", "2023-Q2", "2023-05"] {
            officer.expect(PLAN, "808-06", "G63-P38", period, &none);
        }
        let ended = json!({"document": "1/KH", "programme": "own_plan", "adopted_on": "2021-01-01", "carried_out_from": "2021-02-01", "to": "2022-06-30"});
        officer.entry(Register::LocalPlans, "G63-P38", ended);
        officer.expect(PLAN, "808-04", "G63-P38", "2023", &json!({"numerator": 0, "denominator": 1, "percent": 0.0}));
    }

    fn a_report_without_entries_gives_way_to_what_another_body_tells(app: &TestApp) {
        let officer = Officer::of(app, "G63-P38");
        officer.report("regular_communes", "G63-P38", "2023", 77);
        officer.report("provinces_with_plan", "G63-P38", "2023", 1);
        let told = || (officer.figure(PLAN, "808-01", "G63-P38", "2023")["numerator"].clone(), officer.figure(PLAN, "808-04", "G63-P38", "2023")["numerator"].clone());
        assert_eq!(told(), (json!(77), json!(1)));
        step(&officer, "G63-C14755", "2023", &json!({"status": "submitted", "nothing_to_report": true})).expect(200);
        step(&officer, "G63-P38", "2023", &json!({"status": "submitted"})).expect(200);
        assert_eq!(told(), (json!(77), json!(1)));
        step(&officer, "G63-P38", "2023", &json!({"status": "closed"})).expect(200);
        step(&officer, "G63-P38", "2023-Q1", &json!({"status": "submitted"})).expect_problem(409, "period_closed");
    }

    fn what_a_closed_year_is_compared_with_is_closed_with_it(app: &TestApp) {
        let officer = Officer::of(app, "G63-P35");
        officer.report("crimes_handled", "G63-P35", "2024", 10);
        officer.healthy("G63-C13285", "drug_and_prostitution_free", "2019-01-01", None);
        for year in ["2019", "2024"] {
            step(&officer, "G63-P35", year, &json!({"status": "closed"})).expect(200);
        }
        let crimes = |period: &str, value: i64| {
            let body = json!({"element": "crimes_handled", "class": "", "unit_code": "G63-P35", "calendar": "civil", "period": period,
                "value": value, "source_agency": "Công an tỉnh", "source_document": "12/BC", "source_on": "2022-01-05", "expected_revision": 0});
            app.post("/reported-values", &body).by(&officer.user).send()
        };
        crimes("2023", 8).expect_problem(409, "period_closed");
        crimes("2022", 8).expect(201);
        officer.report("establishments", "G63-P35", "2023", 8);
        let healthy = |to: &str| {
            let body = json!({"unit_code": "G63-C13285", "decision": "1/QĐ", "recognition": "drug_and_prostitution_free", "recognised_on": "2017-03-01", "to": to});
            app.recording(&officer.user, Register::HealthyCommunes, &body).send()
        };
        healthy("2018-03-01").expect_problem(409, "period_closed");
        healthy("2017-12-01").expect_problem(409, "period_closed");
        let units = json!({"element": "units_commune", "class": "", "unit_code": "G63-P38", "calendar": "civil", "period": "2023",
            "value": 9, "source_agency": "Sở", "source_document": "1", "source_on": "2022-01-05", "expected_revision": 0});
        let other = Officer::of(app, "G63-P38");
        step(&other, "G63-P38", "2023-H1", &json!({"status": "closed"})).expect(200);
        let of = |period: &str| crate::support::registers::with(units.clone(), &json!({"period": period}));
        for period in ["2023", "2023-Q4", "2023-02"] {
            app.post("/reported-values", &of(period)).by(&other.user).send().expect_problem(409, "period_closed");
        }
        app.post("/reported-values", &of("2022")).by(&other.user).send().expect(201);
        step(&officer, "G63-P35", "2016-2020", &json!({"status": "closed"})).expect(200);
        crimes("2013", 8).expect_problem(409, "period_closed");
        crimes("2011-2015", 8).expect_problem(409, "period_closed");
        crimes("2010", 8).expect(201);
        step(&officer, "G63-D349", "2022", &json!({"status": "closed"})).expect(403);
    }

    fn what_moves_no_number_of_a_closed_period_is_not_refused(app: &TestApp) {
        let officer = Officer::of(app, "G63-P25");
        let plan = json!({"document": "1/KH", "programme": "own_plan", "adopted_on": "2024-03-01"});
        let plan = officer.entry(Register::LocalPlans, "G63-P25", plan);
        let open = officer.establishment("G63-P25", "2020-01-01", None, 3);
        officer.staff("G63-P25", "CB-1", "province", true);
        let training = json!({"held_on": "2024-03-01", "topic": "prevention", "participants": ["CB-1"]});
        let training = officer.entry(Register::StaffTrainings, "G63-P25", training);
        step(&officer, "G63-P25", "2024", &json!({"status": "closed"})).expect(200);
        for (register, id, change) in [
            (Register::LocalPlans, plan, json!({"carried_out_from": "2025-03-01"})),
            (Register::Establishments, open, json!({"name": "Cơ sở khác", "closed_on": "2025-06-01"})),
            (Register::StaffTrainings, training, json!({"attendances": 4})),
        ] {
            app.change_entry(&officer.user, register, id, &change).expect(200);
        }
        app.change_entry(&officer.user, Register::LocalPlans, plan, &json!({"carried_out_from": "2024-03-01"})).expect_problem(409, "period_closed");
        assert_eq!(app.wrong_sums(), [].into());
    }

    fn steps_of_a_tip_off_go_on_after_its_period_closed_and_the_published_figure_tells_so(app: &TestApp) {
        let officer = Officer::of(app, "G63-P38");
        let received = json!({"received_on": "2024-12-01", "type": "denunciation", "verified_on": "2024-12-05", "classified_on": "2024-12-10"});
        let entry = officer.entry(Register::TipOffs, "G63-C14755", received);
        step(&officer, "G63-P38", "2024", &json!({"status": "closed"})).expect(200);
        step(&officer, "G63-P38", "2024", &json!({"status": "published"})).expect(200);
        officer.expect(PLAN, "808-06", "G63-P38", "2024", &json!({"numerator": 0, "denominator": 1, "status": "behind"}));
        let change = |body: &Value| app.change_entry(&officer.user, Register::TipOffs, entry, body);
        for closed in [
            json!({"handled_on": "2024-12-30"}),
            json!({"handled_on": "2025-01-20", "classified_on": "2024-12-11"}),
            json!({"handled_on": "2025-01-20", "classified_on": null}),
            json!({"handled_on": "2025-01-20", "type": "complaint"}),
        ] {
            change(&closed).expect_problem(409, "period_closed");
        }
        app.clock.advance(chrono::TimeDelta::seconds(60));
        // 50 days after the reception, in a year that is open: all four steps are done in time, 1 of 1.
        change(&json!({"handled_on": "2025-01-20"})).expect(200);
        let figure = officer.figure(PLAN, "808-06", "G63-P38", "2024");
        assert_eq!((&figure["numerator"], &figure["denominator"]), (&json!(1), &json!(1)));
        let published = &figure["published"];
        assert_eq!((&published["numerator"], &published["changed"]["numerator"], &published["changed"]["why"]), (&json!(0), &json!(1), &json!(["entries"])));
        change(&json!({"handled_on": null})).expect(200);
        step(&officer, "G63-P38", "2025-H1", &json!({"status": "closed"})).expect(200);
        change(&json!({"handled_on": "2025-01-20"})).expect_problem(409, "period_closed");
        assert_eq!(app.wrong_sums(), [].into());
    }

    fn a_list_is_not_made_to_go_on_beside_what_was_counted_in_a_closed_month(app: &TestApp) {
        let officer = Officer::of_country(app);
        let (old, new) = ("G63-C00808", "G34-C00808");
        let listed = json!({"staff_number": "CB-1", "level": "commune", "agency": "health", "from": "2024-01-01", "to": "2025-06-30", "direct": true});
        let entry = officer.entry(Register::Staff, old, listed);
        let count = json!({"counted_on": "2025-07-05", "level": "commune", "agency": "health", "staff": 7, "direct_staff": 7});
        officer.entry(Register::StaffCounts, new, count);
        step(&officer, "G34-P08", "2025-09", &json!({"status": "closed"})).expect(200);
        let staff = || officer.figure(PLAN, "808-11b", "G34-P08", "2025-09")["denominator"].clone();
        assert_eq!(staff(), json!(7), "{:#}", officer.figure(PLAN, "808-11b", "G34-P08", "2025-09"));
        // It would stand until the end of July, and the count of July would then count no more, in September either.
        app.change_entry(&officer.user, Register::Staff, entry, &json!({"to": "2025-07-31"})).expect_problem(409, "period_closed");
        assert_eq!(staff(), json!(7));
    }

    fn whoever_closes_reads_how_many_have_not_reported(app: &TestApp) {
        let officer = Officer::of(app, "G63-P62");
        step(&officer, "G63-C23535", "2022", &json!({"status": "submitted", "nothing_to_report": true})).expect(200);
        let closed = step(&officer, "G63-P62", "2022", &json!({"status": "closed"})).expect(200).json();
        let expected = closed["below"]["expected"].as_u64().expect("communes");
        assert!(expected > 50, "{expected}");
        assert_eq!(closed["below"], json!({"expected": expected, "not_reported": expected - 1, "not_checked": 1}));
        let month = step(&officer, "G63-P62", "2022-05", &json!({"status": "closed"})).expect(200).json();
        assert!(month["below"].is_null(), "no plan asks for months");
        let commune = app.get("/reporting-periods/G63-C23535/civil/2022").by(&officer.user).send().expect(200).json();
        assert!(commune["below"].is_null());
    }

    fn a_late_report_of_silence_does_not_make_a_level_of_the_closed_year_after_it(app: &TestApp) {
        // The plan of Hà Nam holds the number of its healthy communes against that of the year before.
        let officer = Officer::of(app, "G63-P35");
        let nothing = json!({"status": "submitted", "nothing_to_report": true});
        step(&officer, "G63-C13291", "2017", &nothing).expect(200);
        step(&officer, "G63-P35", "2018", &json!({"status": "closed"})).expect(200);
        step(&officer, "G63-C13285", "2017", &nothing).expect_problem(409, "period_closed");
        let back = json!({"status": "open", "reason": "Xem lại"});
        step(&officer, "G63-C13291", "2017", &back).expect_problem(409, "period_closed");
        step(&officer, "G63-C13285", "2016", &nothing).expect(200);
        // Elsewhere nothing of registers is compared: what is late may still be told.
        let other = Officer::of(app, "G63-P62");
        step(&other, "G63-P62", "2023", &json!({"status": "closed"})).expect(200);
        step(&other, "G63-C23535", "2022", &nothing).expect(200);
    }

    fn whoever_said_that_there_was_nothing_and_recorded_since_reports_anew(app: &TestApp) {
        let (officer, commune) = (Officer::of(app, "G63-P62"), "G63-C23535");
        let submitted = |nothing: bool| json!({"status": "submitted", "nothing_to_report": nothing});
        let refused = step(&officer, commune, "2022", &json!({"status": "checked", "nothing_to_report": true})).expect_problem(422, "invalid");
        assert_eq!(refused.json()["errors"][0]["field"], json!("nothing_to_report"));
        step(&officer, commune, "2022", &submitted(true)).expect(200);
        officer.activity(commune, "2022-05-03");
        let refused = step(&officer, commune, "2022", &json!({"status": "checked"})).expect_problem(422, "invalid");
        assert_eq!(refused.json()["errors"][0]["field"], json!("status"));
        step(&officer, commune, "2022", &json!({"status": "open", "reason": "Đã ghi thêm"})).expect(200);
        step(&officer, commune, "2022", &submitted(false)).expect(200);
        step(&officer, commune, "2022", &json!({"status": "checked"})).expect(200);
        // A province that is opened again has not said so any more, and closes with what was recorded since.
        let (province, reopened) = ("G63-P62", json!({"status": "reopened", "reason": "Ghi muộn"}));
        step(&officer, province, "2021", &submitted(true)).expect(200);
        step(&officer, province, "2021", &json!({"status": "closed"})).expect(200);
        let opened = step(&officer, province, "2021", &reopened).expect(200).json();
        assert_eq!(opened["nothing_to_report"], json!(false));
        step(&officer, province, "2021", &json!({"status": "checked"})).expect_problem(409, "illegal_transition");
        officer.activity(province, "2021-05-03");
        step(&officer, province, "2021", &json!({"status": "closed"})).expect(200);
        // Nobody above closes meanwhile, for then nobody could return it.
        let country = Officer::of_country(app);
        step(&officer, province, "2023-Q1", &submitted(true)).expect(200);
        officer.report("crimes_handled", province, "2023-Q1", 3);
        for (by, unit, period) in [(&officer, province, "2023-Q1"), (&country, "VN", "2023-H1")] {
            let refused = step(by, unit, period, &json!({"status": "closed"})).expect_problem(422, "invalid");
            assert_eq!(refused.json()["errors"][0]["field"], json!("status"));
        }
        step(&officer, province, "2023-Q1", &json!({"status": "open", "reason": "Sửa"})).expect(200);
        step(&officer, province, "2023-Q1", &submitted(false)).expect(200);
        step(&officer, commune, "2022-Q3", &submitted(true)).expect(200);
        officer.report("crimes_handled", commune, "2022-08", 2);
        step(&officer, province, "2022-Q3", &json!({"status": "closed"})).expect_problem(422, "invalid");
        step(&officer, commune, "2023-02", &submitted(true)).expect(200);
        officer.activity(commune, "2023-02-03");
        step(&officer, province, "2023-Q1", &json!({"status": "closed"})).expect_problem(422, "invalid");
        step(&officer, commune, "2023-02", &json!({"status": "open", "reason": "Đã ghi thêm"})).expect(200);
        step(&officer, province, "2023-Q1", &json!({"status": "closed"})).expect(200);
    }

    fn a_province_with_nothing_to_report_has_none_of_what_it_is_asked_itself(app: &TestApp) {
        let (officer, province) = (Officer::of(app, "G63-P62"), "G63-P62");
        let nothing = json!({"status": "submitted", "nothing_to_report": true});
        for indicator in ["808-02", "808-04"] {
            officer.expect(PLAN, indicator, province, "2023", &json!({"numerator": null, "reason": "nothing_reported"}));
        }
        step(&officer, province, "2023", &nothing).expect(200);
        officer.expect(PLAN, "808-02", province, "2023", &json!({"numerator": 0, "denominator": 12, "status": "behind"}));
        officer.expect(PLAN, "808-04", province, "2023", &json!({"numerator": 0, "denominator": 1, "status": "on_course"}));
        // It has said nothing of what its communes are asked.
        officer.expect(PLAN, "808-01", province, "2023", &json!({"numerator": null, "reason": "nothing_reported"}));
    }

    fn a_report_of_a_year_covers_its_parts(app: &TestApp) {
        let (officer, commune) = (Officer::of(app, "G63-P62"), "G63-C23535");
        step(&officer, commune, "2022", &json!({"status": "submitted", "nothing_to_report": true})).expect(200);
        for period in ["2022", "2022-H2", "2022-Q4", "2022-10"] {
            officer.expect(PLAN, "808-01", commune, period, &json!({"numerator": 0, "denominator": 1}));
        }
        officer.expect(PLAN, "808-01", commune, "2023-Q4", &json!({"numerator": null}));
    }

    fn five_years_begin_as_plans_do_and_units_are_those_of_the_period(app: &TestApp) {
        let officer = Officer::of(app, "G34-P01");
        for period in ["2018-2022", "2025-2029"] {
            app.get(&format!("/reporting-periods/G34-P01/civil/{period}")).by(&officer.user).send().expect(404);
            let refused = app.get(&format!("/programmes/{PLAN}/indicators?period={period}")).by(&officer.user).send().expect_problem(422, "invalid");
            assert_eq!(refused.json()["errors"][0]["field"], json!("period"));
        }
        let of = |query: &str| app.get(&format!("/reporting-periods?calendar=civil&{query}")).by(&officer.user).send();
        of("unit=G34-P01&period=2025-Q3").expect(200);
        for (query, field) in [("unit=G34-P01&period=2024", "unit"), ("unit=G34-P01&period=2025-Q3&cursor=zz", "cursor")] {
            assert_eq!(of(query).expect_problem(422, "invalid").json()["errors"][0]["field"], json!(field));
        }
        let published = |period: &str| app.get(&format!("/programmes/{PLAN}/published?period={period}")).by(&officer.user).send();
        published("2025").expect(200);
        assert_eq!(published("2024").expect_problem(422, "invalid").json()["errors"][0]["field"], json!("unit"));
    }

    fn counts_and_a_list_that_begins_after_them_are_not_added_up(app: &TestApp) {
        let officer = Officer::of_country(app);
        let counted = |unit: &str, kind: &str, count: i64| {
            officer.entry(Register::EstablishmentCounts, unit, json!({"counted_on": "2021-03-01", "type": kind, "establishments": count, "workers": 0}));
        };
        let listed = |unit: &str, kind: &str, from: &str, count: usize| {
            for number in 0..count {
                officer.entry(Register::Establishments, unit, json!({"name": format!("Cơ sở {number}"), "type": kind, "opened_on": from}));
            }
        };
        let operating = |unit: &str| officer.figure(PLAN, "808-08a", unit, "2022")["denominator"].clone();
        let (first, second, third) = ("G63-C23535", "G63-C23537", "G63-C23538");
        counted(first, "karaoke", 10);
        counted(first, "massage", 5);
        listed(first, "karaoke", "2022-05-10", 10);
        listed(first, "massage", "2022-05-11", 5);
        counted(second, "karaoke", 10);
        listed(second, "karaoke", "2022-05-10", 8);
        listed(second, "karaoke", "2022-05-11", 2);
        counted(third, "karaoke", 10);
        listed(third, "karaoke", "2022-01-01", 8);
        assert_eq!((operating(first), operating(second), operating(third)), (json!(15), json!(10), json!(8)));
    }

    fn what_is_told_of_the_civil_year_is_not_closed_with_the_other(app: &TestApp) {
        let officer = Officer::of_country(app);
        let close = |calendar: &str| {
            let path = format!("/reporting-periods/G63-P38/{calendar}/2024");
            let version = app.get(&path).by(&officer.user).send().expect(200).version();
            app.put(&path, &json!({"status": "closed"})).by(&officer.user).version(version).send().expect(200);
        };
        close("closing");
        officer.report("crimes_handled", "G63-P38", "2024", 7);
        close("civil");
        let late = json!({"element": "crimes_handled", "class": "", "unit_code": "G63-P38", "calendar": "civil", "period": "2024-Q1", "value": 2,
            "source_agency": "Sở", "source_document": "2", "source_on": "2024-04-05", "expected_revision": 0});
        app.post("/reported-values", &late).by(&officer.user).send().expect(409);
    }
}
