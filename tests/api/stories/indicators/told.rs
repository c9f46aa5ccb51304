//! What counts as told, of which units and when.

use hoanhap::grants::Role;
use hoanhap::programmes::plans;
use hoanhap::programmes::registers::Register;
use serde_json::{Value, json};

use super::{Officer, import};
use crate::support::{TestApp, both_dbs};

const PLAN: &str = "vn-808-2021-2025";
const HA_NAM: &str = "ha-nam-2016-2020";
/// Two communes of Cao Bằng, and the one that both went into.
const OLD: [&str; 2] = ["G63-C00808", "G63-C00811"];
const NEW: &str = "G34-C00808";

fn counted(officer: &Officer<'_>, unit: &str, day: &str, establishments: i64, workers: i64) {
    let body = json!({"counted_on": day, "type": "karaoke", "establishments": establishments, "workers": workers});
    officer.entry(Register::EstablishmentCounts, unit, body);
}

fn staff_counted(officer: &Officer<'_>, unit: &str, day: &str, staff: i64) {
    let body =
        json!({"counted_on": day, "level": "commune", "agency": "health", "staff": staff, "direct_staff": staff});
    officer.entry(Register::StaffCounts, unit, body);
}

both_dbs! {
    fn what_stands_goes_on_standing_when_one_kind_takes_the_place_of_another(app: &TestApp) {
        let officer = Officer::of_country(app);
        // One model ends and another begins in one half of a month: in all there is one, then and ever since.
        officer.model("G63-D608", "prevention", "2021-03-01", Some("2022-07-03"));
        officer.model("G63-D608", "harm_reduction", "2022-07-04", None);
        for year in ["2021", "2022", "2023", "2024"] {
            officer.expect(PLAN, "808-09", "VN", year, &json!({"numerator": 1}));
        }
        let (karaoke, massage) = (|day: &str| json!({"name": "A", "type": "karaoke", "opened_on": "2019-01-01", "closed_on": day}),
            |day: &str| json!({"name": "B", "type": "massage", "opened_on": day}));
        officer.entry(Register::Establishments, "G63-C23535", karaoke("2023-05-10"));
        officer.entry(Register::Establishments, "G63-C23535", massage("2023-05-03"));
        officer.expect(PLAN, "808-08a", "G34-P51", "2025", &json!({"denominator": 1}));
        assert_eq!(app.wrong_sums(), [].into());
        officer.expect(PLAN, "808-08a", "G34-P51", "2025", &json!({"denominator": 1}));
        officer.expect(PLAN, "808-09", "VN", "2024", &json!({"numerator": 1}));
    }

    fn a_list_in_which_nobody_stands_any_more_leaves_the_new_unit_its_counts(app: &TestApp) {
        let officer = Officer::of_country(app);
        let listed = |to: &str, number: &str| json!({"staff_number": number, "level": "commune", "agency": "health", "from": "2024-01-01", "to": to, "direct": true});
        officer.entry(Register::Staff, OLD[0], listed("2025-06-30", "CB-1"));
        staff_counted(&officer, OLD[1], "2024-03-01", 3);
        staff_counted(&officer, NEW, "2025-07-05", 7);
        // 7 in the new commune, which takes the place of the 3 that one of the old ones had; the list has ended.
        let staff = || officer.figure(PLAN, "808-11b", NEW, "2025")["denominator"].clone();
        assert_eq!(staff(), json!(7));
        // Somebody whose list goes on keeps it going: what the new one counts would be told twice.
        officer.entry(Register::Staff, OLD[0], listed("2025-09-30", "CB-2"));
        assert_eq!(officer.figure(PLAN, "808-11b", NEW, "2025-08")["denominator"], json!(4));
        assert_eq!(app.wrong_sums(), [].into());
        assert_eq!(officer.figure(PLAN, "808-11b", NEW, "2025-08")["denominator"], json!(4));
        // Once nobody stands in it any more, counts count again: 8, which takes the place of the 3.
        staff_counted(&officer, NEW, "2025-10-02", 8);
        assert_eq!(staff(), json!(8));
        assert_eq!(app.wrong_sums(), [].into());
    }

    fn a_reduction_is_told_from_the_baseline_on_and_judged_by_its_range(app: &TestApp) {
        let officer = Officer::of_country(app);
        let text = include_str!("../../../../config/programmes/ha-nam-2016-2020.toml");
        let (before, after) = text.split_once("code = \"HN-06\"").expect("the indicator");
        let after = after.replacen("measured.numerator = { element = \"establishments_disguised\" }",
            "measured.numerator = { element = \"establishments_disguised\" }\nmeasured.baseline_year = 2016", 1);
        import(app, &format!("{before}code = \"HN-06\"{after}"));
        let element = "establishments_disguised";
        for (year, number) in [("2016", 50), ("2017", 21), ("2018", 20), ("2019", 10), ("2020", 9)] {
            officer.report(element, "G63-P35", year, number);
        }
        // Of 50: 21 is 58 % less, 20 is 60 %, 10 is 80 %, 9 is 82 %: above the top, which is no failure.
        for (year, percent, beyond) in [("2017", 58.0, false), ("2018", 60.0, false), ("2019", 80.0, false), ("2020", 82.0, true)] {
            let figure = officer.figure(HA_NAM, "HN-06", "G63-P35", year);
            assert_eq!((&figure["percent"], &figure["denominator"], &figure["target"]["beyond"]), (&json!(percent), &json!(50), &json!(beyond)), "{figure:#}");
        }
        officer.expect(HA_NAM, "HN-06", "G63-P35", "2017", &json!({"numerator": 21, "status": "on_course"}));
        officer.expect(HA_NAM, "HN-06", "G63-P35", "2018", &json!({"status": "met"}));
        officer.expect(HA_NAM, "HN-06", "G63-P35", "2020", &json!({"status": "met"}));
        officer.expect(HA_NAM, "HN-06", "G63-P35", "2016-2020", &json!({"status": "not_applicable", "reason": "not_additive"}));
    }

    fn a_nought_that_a_register_tells_is_told(app: &TestApp) {
        let officer = Officer::of(app, "G63-P62");
        counted(&officer, "G63-C23535", "2022-03-01", 0, 0);
        officer.expect(PLAN, "808-08b", "G63-P62", "2022", &json!({"denominator": 0, "reason": "denominator_nought"}));
        officer.expect(PLAN, "808-08b", "G63-P62", "2021", &json!({"denominator": null, "reason": "denominator_missing"}));
        officer.reached("G63-C23535", "2022-03-01", "upper_secondary_students", 0);
        officer.report("students", "G63-P62", "2022", 100);
        officer.expect(PLAN, "808-03c", "G63-P62", "2022", &json!({"numerator": 0, "percent": 0.0, "reason": null}));
        // What another body tells does not take its place.
        officer.report("persons_reached", "G63-P62", "2022", 5);
        officer.expect(PLAN, "808-03c", "G63-P62", "2022", &json!({"numerator": 0}));
        let survey = json!({"from": "2022-05-01", "to": "2022-05-02", "audience": "high_risk", "surveyed": 100, "in_need": 0});
        officer.entry(Register::NeedSurveys, "G63-C23535", survey);
        assert_eq!(app.wrong_sums(), [].into());
    }

    fn what_a_new_unit_counts_takes_the_place_of_what_was_counted_in_the_old_ones(app: &TestApp) {
        let officer = Officer::of_country(app);
        let (standing, operating) = ("808-08b", "808-08a");
        counted(&officer, OLD[0], "2024-03-01", 10, 30);
        counted(&officer, OLD[1], "2024-03-01", 5, 12);
        staff_counted(&officer, OLD[0], "2024-03-01", 4);
        staff_counted(&officer, OLD[1], "2024-03-01", 3);
        let told = |indicator: &str, unit: &str, year: &str| officer.figure(PLAN, indicator, unit, year)["denominator"].clone();
        assert_eq!((told(standing, "G34-P08", "2025"), told(operating, "G34-P08", "2025")), (json!(15), json!(15)), "nobody counted since");
        counted(&officer, NEW, "2025-09-01", 16, 40);
        staff_counted(&officer, NEW, "2025-09-15", 6);
        for settled in [false, true] {
            if settled {
                assert_eq!(app.wrong_sums(), [].into());
            }
            for unit in ["G34-P08", NEW, "VN"] {
                assert_eq!(told(operating, unit, "2025"), json!(16), "fifteen, and one that opened: {unit}");
                assert_eq!(told("808-11b", unit, "2025"), json!(6), "{unit}");
            }
            assert_eq!((told(standing, "G63-P02", "2024"), told(standing, "G34-P08", "2025")), (json!(15), json!(16)));
        }
        // A list of staff goes on for the old units too: people are appointed anew.
        officer.staff_since(NEW, "T1", "2025-10-01");
        assert_eq!(told("808-11b", "G34-P08", "2025"), json!(1));
        // The list of an old unit goes on, and what is counted in the new one does not count beside it.
        officer.establishment(OLD[0], "2020-01-01", None, 7);
        assert_eq!(told(operating, "G34-P08", "2025"), json!(6), "one of the list, five counted in the other");
        assert_eq!(app.wrong_sums(), [].into());
    }

    fn a_unit_that_was_split_hands_over_once_all_it_was_divided_into_have_counted(app: &TestApp) {
        let officer = Officer::of_country(app);
        let operating = |unit: &str| officer.figure(PLAN, "808-08a", unit, "2025")["denominator"].clone();
        counted(&officer, "G63-C00688", "2024-03-01", 10, 0);
        counted(&officer, "G34-C00691", "2025-08-01", 6, 0);
        counted(&officer, "G34-C00694", "2025-09-01", 4, 0);
        assert_eq!((operating("G34-P08"), operating("VN")), (json!(10), json!(10)), "none opened: they were told apart");
        assert_eq!(app.wrong_sums(), [].into());
        assert_eq!((operating("G34-P08"), operating("G34-C00691")), (json!(10), json!(6)));
    }

    fn five_years_are_a_share_of_the_units_of_their_end(app: &TestApp) {
        let officer = Officer::of(app, "G63-P35");
        officer.report("communes_recognised_free", "G63-P35", "2020", 104);
        officer.expect(HA_NAM, "HN-07c", "G63-P35", "2016-2020", &json!({"numerator": 104, "denominator": 109, "percent": 95.4, "status": "met"}));
    }

    fn who_is_listed_at_a_training_is_not_told_in_numbers_as_well(app: &TestApp) {
        let officer = Officer::of(app, "G63-P62");
        officer.staff_since("G63-C23535", "W1", "2021-01-01");
        let training = json!({"held_on": "2022-03-01", "topic": "prevention", "participants": ["W1"], "first_time": 1});
        officer.entry(Register::StaffTrainings, "G63-C23537", training);
        officer.expect(PLAN, "808-11b", "G63-P62", "2022", &json!({"numerator": 1, "denominator": 1, "percent": 100.0}));
        assert_eq!(app.wrong_sums(), [].into());
    }

    fn reports_of_this_year_say_nothing_of_the_year_before(app: &TestApp) {
        let officer = Officer::of(app, "G63-C13285");
        let path = |year: i32| format!("/reporting-periods/G63-C13285/civil/{year}");
        officer.healthy("G63-C13285", "prostitution_free", "2018-03-01", None);
        app.put(&path(2018), &json!({"status": "submitted"})).by(&officer.user).send().expect(200);
        let unknown = json!({"numerator": 1, "status": "no_data", "reason": "previous_missing"});
        officer.expect(HA_NAM, "HN-07a", "G63-C13285", "2018", &unknown);
        app.put(&path(2017), &json!({"status": "submitted", "nothing_to_report": true})).by(&officer.user).send().expect(200);
        officer.expect(HA_NAM, "HN-07a", "G63-C13285", "2018", &json!({"numerator": 1, "denominator": 0, "status": "met"}));
    }

    fn a_supervisor_reads_of_persons_neither_parts_nor_running_years_nor_what_was_published_of_months(app: &TestApp) {
        let officer = Officer::of(app, "G63-P62");
        officer.reached("G63-C23535", "2022-03-01", "upper_secondary_students", 3);
        officer.report("students", "G63-P62", "2022", 100);
        officer.report("students", "G63-P62", "2022-03", 100);
        for period in ["2022-03", "2022"] {
            for status in ["closed", "published"] {
                let path = format!("/reporting-periods/G63-P62/civil/{period}");
                let version = app.get(&path).by(&officer.user).send().expect(200).version();
                app.put(&path, &json!({"status": status})).by(&officer.user).version(version).send().expect(200);
            }
        }
        let supervisor = Officer { app, user: app.account("giamsat.hai", Role::Supervisor, None, Some("G63-P62")) };
        let month = supervisor.figure(PLAN, "808-03c", "G63-P62", "2022-03");
        assert_eq!((&month["reason"], &month["published"], &month["coverage"]), (&json!("keepers_only"), &json!(null), &json!(null)));
        let year = supervisor.figure(PLAN, "808-03c", "G63-P62", "2022");
        assert_eq!((&year["numerator"], &year["numerator_parts"], &year["coverage"]), (&json!(3), &json!(null), &json!(null)));
        let published = |period: &str, who: &Officer<'_>| {
            let path = format!("/programmes/{PLAN}/published?unit=G63-P62&period={period}");
            let rows = app.get(&path).by(&who.user).send().expect(200).json()["items"].clone();
            let own = rows.as_array().expect("figures").iter().filter(|row| row["indicator"] == json!("808-03c"));
            own.map(|row| (row["figure"]["numerator"].clone(), row["figure"]["coverage"].clone())).collect::<Vec<(Value, Value)>>()
        };
        assert_eq!(published("2022-03", &supervisor), []);
        assert_eq!(published("2022", &supervisor), [(json!(3), json!(null))]);
        assert_eq!(published("2022-03", &officer).len(), 1);
        // Entries of the running year would be read day by day.
        let running = Officer::of(app, "G34-P08");
        running.reached(NEW, "2025-08-01", "upper_secondary_students", 2);
        let reader = Officer { app, user: app.account("giamsat.ba", Role::Supervisor, None, Some("G34-P08")) };
        assert_eq!(reader.figure(PLAN, "808-03c", "G34-P08", "2025")["reason"], json!("keepers_only"));
        assert_eq!(running.figure(PLAN, "808-03c", "G34-P08", "2025")["numerator"], json!(2));
    }

    fn elements_that_tell_of_few_are_reported_by_province_and_year(app: &TestApp) {
        let officer = Officer::of_country(app);
        for (unit, period, field) in [("G63-C23535", "2019", "unit_code"), ("G63-P62", "2019-03", "period")] {
            let body = json!({
                "element": "intervention_points", "class": "", "unit_code": unit, "calendar": "civil", "period": period, "value": 2,
                "source_agency": "Sở", "source_document": "1/BC", "source_on": "2022-01-05", "expected_revision": 0,
            });
            let refused = app.post("/reported-values", &body).by(&officer.user).send().expect(422);
            assert_eq!(refused.json()["errors"][0]["field"], json!(field));
        }
    }

    fn a_page_may_be_shown_with_its_style_and_a_reply_has_a_bound(app: &TestApp) {
        let officer = Officer::of_country(app);
        let page = app.get(&format!("/programmes/{PLAN}/report?format=html&period=2022")).by(&officer.user).send().expect(200);
        let policy = page.header("content-security-policy").map(str::to_owned);
        assert!(policy.is_some_and(|policy| policy.contains("style-src 'sha256-")), "its style is allowed");
        let all = format!("/programmes/{PLAN}/report?format=csv&period=2022&breakdown=commune,month");
        let refused = app.get(&all).by(&officer.user).send().expect(422);
        assert_eq!(refused.json()["errors"][0]["field"], json!("breakdown"));
    }

    fn of_two_counts_of_one_day_the_one_recorded_last_holds(app: &TestApp) {
        let officer = Officer::of_country(app);
        for number in 1..=6 {
            app.clock.advance(chrono::TimeDelta::seconds(1));
            counted(&officer, "G63-C23535", "2024-01-01", number, 0);
            officer.expect(PLAN, "808-08a", "G63-C23535", "2024", &json!({"denominator": number}));
        }
        assert_eq!(app.wrong_sums(), [].into());
        officer.expect(PLAN, "808-08a", "G63-C23535", "2024", &json!({"denominator": 6}));
    }

    fn an_inspection_that_finds_nothing_tells_that_there_was_none(app: &TestApp) {
        let officer = Officer::of_country(app);
        let text = include_str!("../../../../config/programmes/ha-nam-2016-2020.toml");
        let (before, after) = text.split_once("code = \"HN-06\"").expect("the indicator");
        let after = after.replacen("measured.numerator = { element = \"establishments_disguised\" }",
            "measured.numerator = { element = \"establishments_disguised\" }\nmeasured.baseline_year = 2016", 1);
        import(app, &format!("{before}code = \"HN-06\"{after}"));
        let place = officer.establishment("G63-C13291", "2015-01-01", None, 3);
        officer.inspected(place, "2016-03-01", "disguised_prostitution");
        officer.expect(HA_NAM, "HN-06", "G63-P35", "2018", &json!({"reason": "nothing_reported"}));
        officer.inspected(place, "2018-03-01", "no_violation");
        officer.expect(HA_NAM, "HN-06", "G63-P35", "2018", &json!({"numerator": 0, "denominator": 1, "percent": 100.0}));
        // Inspected again in the same year it is no other one: in the second half none was inspected for the first time.
        officer.inspected(place, "2018-09-01", "no_violation");
        officer.expect(HA_NAM, "HN-06", "G63-P35", "2018-H2", &json!({"numerator": 0}));
        assert_eq!(app.wrong_sums(), [].into());
    }

    fn more_than_there_is_is_no_share(app: &TestApp) {
        let officer = Officer::of_country(app);
        officer.reached("G63-C23535", "2022-03-01", "upper_secondary_students", 40);
        officer.report("students", "G63-C23535", "2022", 30);
        officer.expect(PLAN, "808-03c", "G63-C23535", "2022",
            &json!({"numerator": 40, "denominator": 30, "status": "no_data", "reason": "more_than_all"}));
    }

    fn a_month_need_not_have_what_is_wanted_of_the_year(app: &TestApp) {
        let officer = Officer::of_country(app);
        let inspected = officer.establishment("G63-C23535", "2020-01-01", None, 3);
        for _ in 0..9 {
            officer.establishment("G63-C23535", "2020-01-01", None, 3);
        }
        officer.inspected(inspected, "2022-12-05", "no_violation");
        // 1 of 10: in the year that is behind 20 %, of a month nothing is wanted, and who has it all has met it.
        let one = |period: &str| officer.figure(PLAN, "808-08a", "G63-C23535", period)["status"].clone();
        assert_eq!((one("2022"), one("2022-12"), one("2022-Q4")), (json!("behind"), json!("not_applicable"), json!("not_applicable")));
        // Something in each quarter, by the end of 2025: until then nothing is missed.
        officer.activity("G63-C23538", "2022-02-03");
        let regular = |period: &str| officer.figure(PLAN, "808-01", "G63-C23538", period)["status"].clone();
        let (half, quarter, month) = (regular("2022-H1"), regular("2022-Q1"), regular("2022-02"));
        assert_eq!((half, quarter, month), (json!("on_course"), json!("met"), json!("met")));
    }

    fn a_plan_is_that_of_the_unit_that_made_it(app: &TestApp) {
        let officer = Officer::of_country(app);
        officer.plan("G63-C13699", "own_plan", "2022-01-05", Some("2022-02-01"));
        let numerator = || officer.figure(PLAN, "808-04", "G63-P36", "2022")["numerator"].clone();
        assert_eq!(numerator(), Value::Null);
        officer.plan("G63-P36", "own_plan", "2022-01-05", Some("2022-02-01"));
        assert_eq!(numerator(), json!(1));
    }

    fn what_is_told_of_a_whole_province_is_of_its_communes_of_those_kinds(app: &TestApp) {
        let officer = Officer::of_country(app);
        officer.report_class("healthy_communes_new", "drug_and_prostitution_free", "G63-P35", "2018", 12);
        officer.report_class("units_commune", "commune+ward", "G63-P35", "2018", 110);
        officer.expect(HA_NAM, "HN-07b", "G63-P35", "2018", &json!({"numerator": 12, "denominator": 110, "percent": 10.9}));
    }

    fn figures_are_those_of_the_own_unit_where_the_plan_is_for_more(app: &TestApp) {
        let officer = Officer::of(app, "G34-P01");
        let all = officer.figures(PLAN, "indicator=808-01&period=2025-07");
        assert_eq!(all["unit_code"], json!("G34-P01"));
        app.get(&format!("/programmes/{PLAN}/indicators?unit=VN")).by(&officer.user).send().expect(403);
        app.get("/programmes/thanh-hoa-2022/indicators").by(&officer.user).send().expect(403);
    }

    fn reports_of_other_classes_do_not_crowd_out_those_of_an_indicator(app: &TestApp) {
        let officer = Officer::of_country(app);
        officer.report_class("tip_offs_received", "complaint+crime_report+denunciation", "G63-P96", "2022", 5);
        let units = app.state().units.clone();
        let day = "2022-06-30".parse().expect("a day");
        for unit in units.units_on(hoanhap::admin_units::Level::Commune, "G63-P01", day).iter().take(102) {
            officer.report_class("tip_offs_received", "complaint", &unit.code, "2022", 1);
        }
        let all = officer.figures(PLAN, "indicator=808-06&unit=VN&period=2022");
        let reports = all["indicators"][0]["reports"].as_array().expect("reports");
        assert_eq!(reports.iter().map(|told| told["unit_code"].clone()).collect::<Vec<_>>(), [json!("G63-P96")]);
    }

    fn what_a_figure_is_compared_with_is_told_with_its_source(app: &TestApp) {
        let officer = Officer::of_country(app);
        officer.report("crimes_handled", "G63-P38", "2022", 12);
        officer.report("crimes_handled", "G63-P38", "2023", 15);
        let all = officer.figures(PLAN, "indicator=808-07&unit=G63-P38&period=2023");
        let periods: Vec<&Value> = all["indicators"][0]["reports"].as_array().expect("reports").iter().map(|told| &told["period"]).collect();
        assert_eq!(periods, ["2022", "2023"]);
    }

    fn a_version_stored_by_an_earlier_program_is_read_without_what_never_told_a_figure(app: &TestApp) {
        let shipped = include_str!("../../../../config/programmes/vn-808-2021-2025.toml");
        let (before, after) = shipped.split_once("code = \"808-07\"").expect("the indicator");
        let older = format!("{before}code = \"808-07\"{}", after.replacen("breakdowns = [", "breakdowns = [\"class\", ", 1));
        let state = app.state();
        let books = plans::Books { units: &state.units, registers: &state.registers };
        assert!(plans::PlanFile::read(&older, books).is_err(), "a new file with it is refused");
        app.sql(&format!(
            "insert into plan_versions (code, version, content, origin, stored_at)
             select code, 2, '{}', 'imported', stored_at from plan_versions where code = '{PLAN}'", older.replace('\'', "''")));
        plans::refresh(&state.db, &state.plans, books, false).expect("plans are read");
        let plan = state.plans.now().versioned(PLAN).expect("the plan").clone();
        let indicator = plan.plan.indicator("808-07").expect("the indicator");
        assert_eq!((plan.version, indicator.breakdowns.iter().any(|way| way.as_str() == "class")), (2, false));
    }
}
