//! The same facts on the map of their time and on that of today.

use hoanhap::admin_units::Level;
use serde_json::json;

use super::Officer;
use crate::support::{TestApp, both_dbs};

const PLAN: &str = "vn-808-2021-2025";

both_dbs! {
    fn facts_of_three_provinces_are_one_on_the_map_of_today(app: &TestApp) {
        let officer = Officer::of_country(app);
        // Hà Nam, Nam Định and Ninh Bình are Ninh Bình (G34-P37) since 01/07/2025.
        for (province, persons) in [("G63-P35", 3), ("G63-P36", 4), ("G63-P37", 5)] {
            officer.reached(province, "2022-03-01", "upper_secondary_students", persons);
            officer.report("students", province, "2022", 10);
        }
        officer.expect(PLAN, "808-03c", "G63-P35", "2022", &json!({"numerator": 3, "denominator": 10}));
        let today = officer.figures(PLAN, "indicator=808-03c&unit=G34-P37&period=2022&map=today");
        let figure = &today["indicators"][0]["figures"][0];
        assert_eq!((&figure["numerator"], &figure["denominator"]), (&json!(12), &json!(30)));
        assert_eq!(today["map_of"], json!(app.today().to_string()));
        // The country is the same on both.
        for map in ["period", "today"] {
            let country = officer.figures(PLAN, &format!("indicator=808-03c&period=2022&map={map}"));
            assert_eq!(country["indicators"][0]["figures"][0]["numerator"], json!(12));
        }
    }

    fn what_happened_in_a_split_commune_is_left_at_the_province_and_told(app: &TestApp) {
        let officer = Officer::of_country(app);
        let units = app.state().units.clone();
        let last = "2025-06-30".parse().expect("a day");
        let split = units.units_on(Level::Commune, "VN", last).into_iter()
            .find(|unit| units.successors(&unit.code).len() == 2 && unit.valid_from.is_none()).expect("a split commune");
        officer.reached(&split.code, "2024-03-01", "upper_secondary_students", 7);
        let province = units.province_on(&split.code, app.today()).expect("a province").code.clone();
        let all = officer.figures(PLAN, &format!("indicator=808-03c&unit={province}&period=2024&map=today&breakdown=commune"));
        let indicator = &all["indicators"][0];
        assert_eq!(indicator["figures"][0]["numerator"], json!(7));
        let below = indicator["figures"].as_array().expect("figures").iter().skip(1);
        assert_eq!(below.filter(|figure| figure["numerator"].is_i64()).count(), 0, "no commune of today is given it");
        let note = &indicator["unit_notes"][0];
        assert_eq!((&note["unit_code"], &note["left_at"], &note["why"]), (&json!(split.code), &json!(province), &json!("split")));

        // Declared shares of 600 and 400 thousandths: 4 and 3 (4.2 and 2.8; what is left goes to the larger remainder).
        let shares: Vec<_> = units.successors(&split.code).iter().zip([600, 400])
            .map(|(step, share)| json!({"successor_code": step.successor, "thousandths": share})).collect();
        let administrator = app.account("quantri.hai", hoanhap::grants::Role::Administrator, None, None);
        app.put(&format!("/admin-units/{}/shares", split.code), &json!({"basis": "population", "shares": shares}))
            .by(&administrator).version(0).send().expect(200);
        let all = officer.figures(PLAN, &format!("indicator=808-03c&unit={province}&period=2024&map=today&breakdown=commune"));
        let indicator = &all["indicators"][0];
        let of = |code: &str| {
            let figures = indicator["figures"].as_array().expect("figures");
            figures.iter().find(|figure| figure["unit_code"] == json!(code)).map(|figure| figure["numerator"].clone())
        };
        let parts: Vec<_> = units.successors(&split.code).iter().map(|step| of(&step.successor)).collect();
        assert_eq!(parts, [Some(json!(4)), Some(json!(3))]);
        assert_eq!((&indicator["unit_notes"][0]["left_at"], indicator["figures"][0]["numerator"].clone()), (&json!(null), json!(7)));
    }
}
