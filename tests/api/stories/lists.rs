//! Lists page without gap or repeat.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::{TestApp, World, both_dbs};

fn ids(items: &[Value]) -> Vec<String> {
    items.iter().map(|item| item["id"].as_str().expect("an id").to_owned()).collect()
}

both_dbs! {
    fn pages_neither_skip_nor_repeat_while_rows_are_added(app: &TestApp) {
        let world = World::build(app);
        let open = |days: i64| {
            let person = app.person(&world.worker, "Lý Thị Nguyệt");
            app.case(&world.worker, person, "at_risk", app.days_ago(days)).to_string()
        };
        let before: BTreeSet<String> = (0..23).map(|number| open(number % 4 + 1)).collect();
        let mut seen = Vec::new();
        let mut path = "/cases?limit=5".to_owned();
        loop {
            let page = app.get(&path).by(&world.worker).send().expect(200).json();
            seen.extend(ids(page["items"].as_array().expect("items")));
            // One that belongs before what was read, one that belongs after.
            open(0);
            open(9);
            match page["next_cursor"].as_str() {
                Some(next) if seen.len() < 60 => path = format!("/cases?limit=5&cursor={next}"),
                _ => break,
            }
        }
        let distinct: BTreeSet<String> = seen.iter().cloned().collect();
        assert_eq!(distinct.len(), seen.len(), "a row was repeated");
        assert!(before.is_subset(&distinct), "a row was skipped");
    }

    fn every_list_gives_the_same_rows_whatever_the_size_of_a_page(app: &TestApp) {
        let world = World::build(app);
        for number in 0..7 {
            let person = app.person(&world.worker, &format!("Lý Thị Nguyệt {number}"));
            let case = app.case(&world.worker, person, "at_risk", app.days_ago(3));
            app.assess(&world.worker, case, &["loan"], app.today());
            app.draft(&world.worker, case, "loan", world.lender);
        }
        for path in ["/cases", "/persons", "/referrals", "/organisations"] {
            let whole = ids(&app.all_items(&world.worker, path, 200));
            for limit in [1, 3, 7] {
                assert_eq!(ids(&app.all_items(&world.worker, path, limit)), whole, "{path} by {limit}");
            }
        }
        let users = ids(&app.all_items(&world.administrator, "/users", 200));
        assert_eq!(ids(&app.all_items(&world.administrator, "/users", 5)), users);
    }

    fn filters_narrow_a_list_and_widen_nothing(app: &TestApp) {
        let world = World::build(app);
        let person = app.person(&world.worker, "Lý Thị Nguyệt");
        let mine = app.case(&world.worker, person, "at_risk", app.days_ago(1));
        let theirs_person = app.person(&world.other_worker, "Lý Thị Hằng");
        app.case(&world.other_worker, theirs_person, "at_risk", app.days_ago(1));
        let list = |query: &str| ids(&app.all_items(&world.worker, &format!("/cases{query}"), 50));
        assert_eq!(list("?status=received&unit_code=G34-C00004"), [mine.to_string()]);
        assert_eq!(list("?status=closed"), Vec::<String>::new());
        for foreign in [
            format!("?organisation_id={}", world.other_centre),
            format!("?assigned_to={}", world.other_worker.id),
            format!("?person_id={theirs_person}"),
        ] {
            assert_eq!(list(&foreign), Vec::<String>::new(), "{foreign}");
        }
    }

    fn units_are_found_by_name_without_accents_and_show_their_parents(app: &TestApp) {
        let world = World::build(app);
        let found = app.get("/admin-units?name=ba%20dinh&on=2025-10-01").by(&world.worker).send().expect(200).json();
        let unit = found["items"].as_array().expect("items").iter().find(|unit| unit["code"] == "G34-C00004");
        let unit = unit.unwrap_or_else(|| panic!("{found}"));
        assert_eq!(unit["name_vi"], "Phường Ba Đình");
        assert!(unit["parents"].to_string().contains("Hà Nội"), "{unit}");
        assert_eq!(app.get("/admin-units?parent=G99").by(&world.worker).send().expect(422).json()["errors"][0]["field"], json!("parent"));
    }
}
