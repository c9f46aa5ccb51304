//! A supervisor reads what is released of closed years, and nobody in particular.

use hoanhap::boot::housekeeping;
use hoanhap::statistics::verify_releases;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{TestApp, World, both_dbs};

const PLAN: &str = "vn-808-2021-2025";

/// A person with need and eligibility found, and helped.
fn helped(app: &TestApp, world: &World, name: &str, on: chrono::NaiveDate) -> (Uuid, Uuid) {
    let person = app.person(&world.worker, name);
    let case = app.case(&world.worker, person, "person_selling_sex", on);
    app.assess(&world.worker, case, &["social_support"], on);
    app.give(&world.worker, case, "social_support", on);
    (person, case)
}

fn release_of(app: &TestApp, world: &World, year: i32) -> Value {
    let list = app.get("/statistics/releases").by(&world.supervisor).send().expect(200).json();
    let line = list["items"]
        .as_array()
        .expect("items")
        .iter()
        .find(|line| line["year"] == year && line["indicator"] == "808-10")
        .unwrap_or_else(|| panic!("no release of {year}: {list}"));
    let path = format!("/statistics/releases/{}", line["number"]);
    app.get(&path).by(&world.supervisor).send().expect(200).json()
}

/// Everything a supervisor can read.
fn all_a_supervisor_reads(app: &TestApp, world: &World) -> String {
    let mut read = String::new();
    for path in ["/me", "/programmes", "/statistics/releases", "/admin-units?parent=G34-P01"] {
        read += &app.get(path).by(&world.supervisor).send().expect(200).text();
    }
    for number in 1..=12 {
        read += &app.get(&format!("/statistics/releases/{number}")).by(&world.supervisor).send().text();
    }
    read += &app.get(&format!("/programmes/{PLAN}")).by(&world.supervisor).send().expect(200).text();
    let figure = format!("/programmes/{PLAN}/indicators/808-10/figure?year=2025");
    read + &app.get(&figure).by(&world.supervisor).send().expect(403).text()
}

/// A commune of today in this province.
fn commune_of(app: &TestApp, province: &str) -> String {
    let units = &app.state().units;
    let within = |unit: &&hoanhap::admin_units::AdminUnit| {
        unit.level == hoanhap::admin_units::Level::Commune
            && unit.province.as_deref() == Some(province)
            && unit.is_valid_on(app.today())
    };
    units.all().iter().find(within).expect("a province has communes").code.clone()
}

/// Persons of several provinces, enough that something is shown; every other one was helped.
fn many(app: &TestApp, world: &World) {
    let (worker, today) = (&world.worker, app.today());
    for (province, persons) in [("G34-P01", 36), ("G34-P04", 36), ("G34-P08", 12), ("G34-P11", 12), ("G34-P12", 12)] {
        let commune = commune_of(app, province);
        for number in 0..persons {
            let person = app.person(worker, &format!("Vũ Thị Bông Bưởi {number}"));
            let body = json!({
                "person_id": person, "unit_code": commune, "category": "person_selling_sex", "received_on": today,
            });
            let case = app.post("/cases", &body).by(worker).send().expect(201).id();
            app.assess(worker, case, &["social_support"], today);
            if number % 2 == 0 {
                app.give(worker, case, "social_support", today);
            }
        }
    }
}

both_dbs! {
    fn the_released_figure_of_a_closed_year_stays_when_the_exact_figure_moves(app: &TestApp) {
        let world = World::build(app);
        many(app, &world);
        app.pass_days(140);
        app.keep_house();
        let exact = app.figure(&world.manager, PLAN, "808-10", 2025);
        assert_eq!((exact["numerator"].as_u64(), exact["denominator"].as_u64()), (Some(54), Some(108)));
        let released = release_of(app, &world, 2025);
        assert_eq!(released["table"]["total"]["denominator"], 108, "{released}");
        let asked = app.get(&format!("/programmes/{PLAN}/indicators?indicator=808-10&period=2025")).by(&world.supervisor).send();
        let left = asked.expect(200).json()["indicators"][0].clone();
        assert_eq!((&left["figures"][0]["reason"], &left["released_as"]), (&json!("statistics_only"), &released["number"]));
        // What is found out late about the closed year.
        helped(app, &world, "Vũ Thị Bông Bưởi muộn", "2025-12-30".parse().expect("a day"));
        app.keep_house();
        let exact = app.figure(&world.manager, PLAN, "808-10", 2025);
        assert_eq!((exact["numerator"].as_u64(), exact["denominator"].as_u64()), (Some(55), Some(109)));
        assert_eq!(release_of(app, &world, 2025), released);
    }

    fn a_year_is_not_released_before_it_is_closed(app: &TestApp) {
        let world = World::build(app);
        app.keep_house();
        let list = app.get("/statistics/releases").by(&world.supervisor).send().expect(200).json();
        let years: Vec<i64> = list["items"].as_array().expect("items").iter().filter_map(|line| line["year"].as_i64()).collect();
        assert!(years.contains(&2024) && !years.contains(&2025), "{years:?}");
    }

    fn a_small_group_is_not_shown_to_a_supervisor(app: &TestApp) {
        let world = World::build(app);
        for number in 0..16 {
            helped(app, &world, &format!("Hồ Thị Sim {number}"), app.today());
        }
        app.pass_days(140);
        app.keep_house();
        let table = release_of(app, &world, 2025)["table"].clone();
        assert_eq!(table["total"]["denominator"], Value::Null, "{table}");
        assert!(table["units"].as_array().expect("units").iter().all(|unit| unit["denominator"].is_null()), "{table}");
    }

    fn nothing_a_supervisor_gets_names_a_person_or_a_case(app: &TestApp) {
        let world = World::build(app);
        let mut traces = vec!["Bông Bưởi".to_owned(), "0912 345 678".to_owned(), "001196012345".to_owned()];
        for number in 0..18 {
            let (person, case) = helped(app, &world, &format!("Vũ Thị Bông Bưởi {number}"), app.today());
            traces.extend([person.to_string(), case.to_string()]);
        }
        app.pass_days(140);
        app.keep_house();
        let read = all_a_supervisor_reads(app, &world);
        for trace in traces {
            assert!(!read.contains(&trace), "a supervisor reads {trace}");
        }
    }

    fn a_release_that_is_altered_dropped_or_set_back_is_found(app: &TestApp) {
        World::build(app);
        app.keep_house();
        let findings = || {
            let state = app.state();
            verify_releases(&state.db, &state.vault, &state.ring.server).expect("the releases can be read")
        };
        assert_eq!(findings(), []);
        let last = app.number("select max(number) as n from statistical_releases");
        assert!(last > 3);
        app.sql("create table copies as select * from statistical_releases");
        for deed in [
            "update statistical_releases set content = replace(content, '2021', '2022') where number = 2",
            "update statistical_releases set year = 1999 where number = 1",
            "update statistical_releases set released_at = '2001-02-03 04:05:06' where number = 3",
            "delete from statistical_releases where number = 2",
            "delete from statistical_releases where number = (select max(number) from copies)",
            "delete from statistical_releases",
        ] {
            app.sql(deed);
            assert_ne!(findings(), [], "{deed}");
            let left = app.number("select count(*) as n from statistical_releases");
            if deed.ends_with("from copies)") || deed.ends_with("statistical_releases") {
                assert!(housekeeping(app.state()).is_err(), "{deed}");
            }
            assert_eq!(app.number("select count(*) as n from statistical_releases"), left, "nothing is frozen twice");
            app.sql("delete from statistical_releases; insert into statistical_releases select * from copies");
            assert_eq!(findings(), [], "restored after: {deed}");
        }
    }
}
