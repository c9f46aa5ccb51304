//! What a figure says of itself, and who may ask.

use serde_json::{Value, json};

use hoanhap::grants::Role;

use super::Officer;
use crate::support::{TestApp, World, both_dbs};

const PLAN: &str = "vn-808-2021-2025";

both_dbs! {
    fn bad_questions_are_told_what_is_allowed(app: &TestApp) {
        let officer = Officer::of_country(app);
        for (question, status, field) in [
            ("period=2025-13", 422, "period"), ("unit=G63-P99", 422, "unit"), ("map=gestern", 422, "map"),
            ("breakdown=village", 422, "breakdown"), ("breakdown=province,commune", 422, "breakdown"),
            ("indicator=808-99", 422, "indicator"), ("unit=G34-P01&period=2022", 422, "unit"), ("year=2022", 400, "year"),
        ] {
            let reply = app.get(&format!("/programmes/{PLAN}/indicators?{question}")).by(&officer.user).send().expect(status);
            assert_eq!(reply.json()["errors"][0]["field"], json!(field), "{question}");
        }
        app.get("/programmes/nothing/indicators").by(&officer.user).send().expect(404);
    }

    fn an_officer_reads_figures_of_the_own_area_and_nobody_else_reads_any(app: &TestApp) {
        let world = World::build(app);
        let officer = Officer::of(app, "G63-P44");
        let ask = |user, unit: &str| app.get(&format!("/programmes/{PLAN}/indicators?unit={unit}&period=2022")).by(user).send();
        // Quảng Bình is Quảng Trị now: both old provinces lie in the own area, others do not.
        for (unit, status) in [("G63-P44", 200), ("G63-P45", 200), ("G63-P46", 403), ("VN", 403)] {
            ask(&officer.user, unit).expect(status);
        }
        let supervisor = app.account("giamsat.hai", Role::Supervisor, None, Some("G63-P44"));
        ask(&supervisor, "G63-P44").expect(200);
        for user in [&world.manager, &world.worker, &world.peer_leader, &world.teacher, &world.return_officer, &world.auditor] {
            ask(user, "G63-P44").expect(403);
        }
    }

    fn a_supervisor_reads_numbers_of_persons_by_province_and_year_alone(app: &TestApp) {
        let officer = Officer::of(app, "G63-P62");
        officer.reached("G63-C23535", "2022-03-01", "upper_secondary_students", 1);
        officer.establishment("G63-C23535", "2020-01-01", None, 10);
        officer.report("students", "G63-P62", "2022", 100);
        let supervisor = Officer { app, user: app.account("giamsat.hai", Role::Supervisor, None, Some("G63-P62")) };
        let figures = |who: &Officer<'_>, question: &str| {
            let all = who.figures(PLAN, &format!("period=2022&{question}"))["indicators"][0]["figures"].clone();
            let told = |figure: &Value| (figure["unit_code"].clone(), figure["numerator"].clone(), figure["reason"].clone());
            all.as_array().expect("figures").iter().map(told).collect::<Vec<_>>()
        };
        let (commune, keepers) = (json!("G63-C23535"), json!("keepers_only"));
        let of_students = "indicator=808-03c&unit=G63-P62&breakdown";
        for (breakdown, told) in [("commune", 1), ("month", 0), ("class", 1)] {
            let (own, others) = (figures(&officer, &format!("{of_students}={breakdown}")), figures(&supervisor, &format!("{of_students}={breakdown}")));
            assert_eq!(own.iter().filter(|(unit, numerator, _)| *unit != json!("G63-P62") && *numerator == json!(1)).count(), usize::from(breakdown == "commune"));
            let one = (json!("G63-P62"), json!(1), json!(null));
            assert_eq!(others.iter().filter(|figure| figure.1 != json!(null)).count(), told, "{breakdown}: {others:?}");
            assert_eq!(others.contains(&one), told == 1, "{breakdown}");
            assert!(others.iter().skip(told).all(|(_, numerator, reason)| numerator.is_null() && *reason == keepers), "{breakdown}");
        }
        // A new commune that lies across two old provinces: on the old map it is told by difference.
        let national = Officer::of_country(app);
        national.reached("G34-C10804", "2025-08-01", "upper_secondary_students", 7);
        let asked = |who: &Officer<'_>, map: &str| {
            let all = who.figures(PLAN, &format!("period=2025&indicator=808-03c&unit=VN&breakdown=province&map={map}"))["indicators"][0].clone();
            let told = all["figures"].as_array().expect("figures").iter().filter(|figure| figure["numerator"] == json!(7)).count();
            (told, all["unit_notes_total"].clone())
        };
        assert_eq!(asked(&national, "2025-06-30"), (1, json!(1)), "the country, not its provinces");
        let by_commune = figures(&supervisor, "indicator=808-08a&unit=G63-P62&breakdown=commune");
        assert!(by_commune.iter().any(|(unit, _, reason)| *unit == commune && *reason != keepers), "inspections are no persons");
        app.clock.advance(chrono::TimeDelta::days(120));
        let country = Officer { app, user: app.account("giamsat.vn", Role::Supervisor, None, Some("VN")) };
        assert_eq!(asked(&country, "2025-06-30"), (0, json!(0)));
        assert_eq!(asked(&country, "period"), (2, json!(0)), "the country and the province of its time");
    }

    fn the_report_comes_as_json_table_workbook_and_page(app: &TestApp) {
        let officer = Officer::of_country(app);
        for (format, media, start) in [
            ("json", "application/json", &b"{"[..]), ("csv", "text/csv; charset=utf-8", "\u{feff}".as_bytes()),
            ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", b"PK"),
            ("html", "text/html; charset=utf-8", b"<!doctype html>"),
        ] {
            let path = format!("/programmes/{PLAN}/report?format={format}&period=2022&breakdown=province");
            let reply = app.get(&path).by(&officer.user).send().expect(200);
            assert_eq!(reply.header("content-type"), Some(media));
            assert!(reply.body.starts_with(start), "{format}");
        }
    }

    fn months_classes_and_units_break_a_figure_down(app: &TestApp) {
        let officer = Officer::of_country(app);
        officer.reached("G63-C23535", "2022-03-01", "upper_secondary_students", 40);
        officer.reached("G63-C23535", "2022-05-01", "vocational_students", 31);
        officer.report("students", "G63-P62", "2022", 100);
        let figures = |question: &str| officer.figures(PLAN, &format!("indicator=808-03c&period=2022&{question}"))["indicators"][0]["figures"]
            .as_array().expect("figures").clone();
        let by_class = figures("unit=G63-P62&breakdown=class");
        let of = |class: &str| by_class.iter().find(|figure| figure["class"] == json!(class)).map(|figure| figure["numerator"].clone());
        assert_eq!((of("upper_secondary_students"), of("vocational_students")), (Some(json!(40)), Some(json!(31))));
        let months = figures("unit=G63-P62&breakdown=month");
        let numerators: Vec<i64> = months.iter().map(|figure| figure["numerator"].as_i64().unwrap_or(0)).collect();
        assert_eq!(numerators, [0, 0, 40, 0, 31, 0, 0, 0, 0, 0, 0, 0]);
        let provinces = figures("unit=VN&breakdown=province");
        assert_eq!(provinces.len(), 64);
        let sum: i64 = provinces.iter().skip(1).filter_map(|figure| figure["numerator"].as_i64()).sum();
        assert_eq!((json!(sum), provinces[0]["numerator"].clone()), (json!(71), json!(71)));
    }

    fn an_establishment_that_closed_on_the_eve_of_a_year_did_not_operate_in_it(app: &TestApp) {
        let officer = Officer::of_country(app);
        // One closed on 31/12/2021, one on the day after; a third goes on and is inspected.
        officer.establishment("G63-C23535", "2020-01-01", Some("2021-12-31"), 1);
        officer.establishment("G63-C23535", "2020-01-01", Some("2022-01-01"), 1);
        let open = officer.establishment("G63-C23535", "2020-01-01", None, 1);
        officer.inspected(open, "2022-05-05", "no_violation");
        let wanted = json!({"numerator": 1, "denominator": 2});
        officer.expect(PLAN, "808-08a", "G63-P62", "2022", &wanted);
        assert_eq!(app.wrong_sums(), [].into());
        officer.expect(PLAN, "808-08a", "G63-P62", "2022", &wanted);
        officer.expect(PLAN, "808-08a", "G63-P62", "2021", &json!({"denominator": 3}));
        officer.expect(PLAN, "808-08a", "G63-P62", "2022-01", &json!({"denominator": 2}));
        officer.expect(PLAN, "808-08a", "G63-P62", "2022-02", &json!({"denominator": 1}));
    }

    fn what_was_reported_for_the_whole_is_not_replaced_by_one_of_its_parts(app: &TestApp) {
        let officer = Officer::of_country(app);
        officer.report("crimes_handled", "VN", "2021", 4000);
        officer.report("crimes_handled", "VN", "2022", 5000);
        officer.report("crimes_handled", "G63-C23535", "2022", 3);
        officer.expect(PLAN, "808-07", "VN", "2022", &json!({"numerator": 5000, "denominator": 4000}));
        officer.expect(PLAN, "808-07", "G63-P62", "2022", &json!({"numerator": 3}));
    }
}
