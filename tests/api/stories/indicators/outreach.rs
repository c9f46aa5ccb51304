//! What outreach gives to figures: how much, by province and year, and never where people are met.

use serde_json::{Value, json};

use super::{Officer, import};
use crate::support::phones::{Group, new_session};
use crate::support::{TestApp, both_dbs};

const PLAN: &str = r#"
code = "outreach-2025"
title_vi = "Kế hoạch tiếp cận"
title_en = "Outreach plan"
document = "Kế hoạch"
scope_unit = "VN"
level = "country"
first_year = 2024
last_year = 2026
calendar = "civil"
reported_by = "province"
grace_days = 30

[[indicators]]
code = "OR-01"
kind = "count"
name_vi = "Buổi tiếp cận"
name_en = "Outreach sessions"
source_text = "Số buổi tiếp cận"
definition_vi = "Số buổi tiếp cận trong năm."
definition_en = "Sessions held in the year."
breakdowns = ["province"]
feeds = ["outreach"]
measured.numerator = { element = "outreach_sessions" }
[[indicators.targets]]
operator = "none"

[[indicators]]
code = "OR-02"
kind = "count"
name_vi = "Điểm can thiệp"
name_en = "Points of intervention"
source_text = "Số điểm can thiệp"
definition_vi = "Số điểm can thiệp đang hoạt động vào ngày cuối kỳ."
definition_en = "Points that run on the last day."
breakdowns = ["province"]
feeds = ["outreach"]
measured.numerator = { element = "outreach_points" }
[[indicators.targets]]
operator = "none"
"#;

both_dbs! {
    fn sessions_and_points_are_told_by_province_and_year_and_by_nothing_smaller(app: &TestApp) {
        let group = Group::of(app);
        app.point(&group.world);
        let phone = group.phone();
        let sessions = [new_session(), new_session(), new_session()];
        phone.sync(app, &sessions);
        import(app, PLAN);
        let officer = Officer::of_country(app);
        let number = |indicator: &str, unit: &str, question: &str| {
            let all = officer.figures("outreach-2025", &format!("indicator={indicator}&unit={unit}&{question}"));
            all["indicators"][0]["figures"].as_array().expect("figures").iter().map(|figure| figure["number"].clone()).collect::<Vec<Value>>()
        };
        assert_eq!(number("OR-01", "VN", "period=2025"), [json!(3)]);
        assert_eq!(number("OR-01", "G34-P01", "period=2025"), [json!(3)]);
        assert_eq!(number("OR-01", "G34-P44", "period=2025"), [Value::Null]);
        assert_eq!(number("OR-01", "VN", "period=2024"), [Value::Null]);
        let provinces = number("OR-01", "VN", "period=2025&breakdown=province");
        assert_eq!((provinces.len(), provinces.iter().filter(|number| !number.is_null()).count()), (35, 2));
        assert_eq!(number("OR-02", "VN", "period=2025"), [json!(1)]);
        for question in ["period=2025-10", "period=2025-Q4", "period=2025-H2"] {
            assert_eq!(number("OR-01", "VN", question), [Value::Null], "{question}");
        }
        assert!(number("OR-01", "VN", "period=2025&breakdown=month").iter().all(Value::is_null));
        let communes = number("OR-01", "G34-P01", "period=2025&breakdown=commune");
        assert!(communes.len() > 100 && communes[0] == json!(3) && communes.iter().skip(1).all(Value::is_null));
    }
}
