//! The baseline of the three intervention models: facts, not targets.

use serde_json::json;

use super::Officer;
use crate::support::{TestApp, both_dbs};

both_dbs! {
    fn the_baseline_of_the_models_is_told_and_never_judged(app: &TestApp) {
        let officer = Officer::of_country(app);
        // 113 points; 9, 17 and 12 localities, which may overlap; 4,463 members of groups, who are no users of services.
        for (code, number) in [("MO-01", 113), ("MO-02", 9), ("MO-03", 17), ("MO-04", 12), ("MO-05", 4463)] {
            officer.expect("models-2016-2020", code, "VN", "2016-2020", &json!({
                "number": number, "status": "not_applicable", "numerator_parts": {"register": 0, "reported": number},
            }));
        }
        // The group of Hoàng Mai: told of a district, and of everything above it.
        for unit in ["G63-D008", "G63-P01", "VN"] {
            officer.expect("models-2016-2020", "MO-06", unit, "2020", &json!({"number": 10, "status": "not_applicable"}));
        }
    }
}
