//! The three indicators of persons from cases: told to the centre whose cases they are, and to others by releases alone.

use serde_json::{Value, json};
use uuid::Uuid;

use super::Officer;
use crate::support::{TestApp, World, both_dbs};

/// A commune of Thanh Hóa of 2022.
const COMMUNE: &str = "G63-C14755";

fn case(app: &TestApp, world: &World, name: &str, category: &str) -> Uuid {
    let person = app.person(&world.worker, name);
    let body = json!({"person_id": person, "unit_code": COMMUNE, "category": category, "received_on": "2022-03-01"});
    app.post("/cases", &body).by(&world.worker).send().expect(201).id()
}

fn told(app: &TestApp, world: &World, plan: &str, indicator: &str) -> [Value; 5] {
    let figure = app.figure(&world.manager, plan, indicator, 2022);
    ["numerator", "denominator", "percent", "at_least_percent", "met"].map(|field| figure[field].clone())
}

both_dbs! {
    fn figures_of_persons_are_told_to_their_centre_and_left_to_the_statistics_for_all_others(app: &TestApp) {
        let (world, officer) = (World::build(app), Officer::of_country(app));
        let day = |text: &str| text.parse().expect("a day");
        // Three are in need and eligible, two of them used support; a fourth was never assessed: 2 of 3 = 66.6 %.
        for (name, used) in [("Vũ Thị Một", true), ("Vũ Thị Hai", true), ("Vũ Thị Ba", false)] {
            let case = case(app, &world, name, "person_selling_sex");
            app.assess(&world.worker, case, &["social_support", "loan"], day("2022-03-02"));
            if used {
                app.give(&world.worker, case, "social_support", day("2022-04-01"));
            }
        }
        case(app, &world, "Vũ Thị Bốn", "person_selling_sex");
        let of = |percent: i64, met: bool| [json!(2), json!(3), json!(66.6), json!(percent), json!(met)];
        assert_eq!(told(app, &world, "vn-808-2021-2025", "808-10"), of(60, true));
        assert_eq!(told(app, &world, "thanh-hoa-2022", "TH-08"), of(70, false));
        // Two were identified as victims, one of whom received both regimes due; a third is not identified: 1 of 2.
        for (name, regimes) in [("Lò Thị Một", &["essential_needs", "medical"][..]), ("Lò Thị Hai", &["medical"])] {
            let case = case(app, &world, name, "possible_victim");
            for (step, on) in [("screened", "2022-03-02"), ("under_verification", "2022-03-03"), ("confirmed", "2022-03-04")] {
                app.move_case(&world.worker, case, step, day(on)).expect(200);
            }
            app.assess(&world.worker, case, &["essential_needs", "medical"], day("2022-03-05"));
            for regime in regimes {
                app.give(&world.worker, case, regime, day("2022-04-01"));
            }
        }
        case(app, &world, "Lò Thị Ba", "possible_victim");
        assert_eq!(told(app, &world, "mb-2021-2025", "MB-01"), [json!(1), json!(2), json!(50.0), json!(100), json!(false)]);
        for (plan, indicator, unit) in
            [("vn-808-2021-2025", "808-10", "VN"), ("thanh-hoa-2022", "TH-08", "G63-P38"), ("mb-2021-2025", "MB-01", "VN")]
        {
            let none = json!({"numerator": null, "denominator": null, "status": "not_applicable", "reason": "statistics_only"});
            officer.expect(plan, indicator, unit, "2022", &none);
        }
    }
}
