//! Who counts of those who take part in several activities, and that nothing old is read.

use std::sync::Arc;

use hoanhap::programmes::elements::Element;
use hoanhap::programmes::periods::{HALVES, HalfMonth};
use hoanhap::programmes::registers::Register;
use hoanhap::programmes::sums::{self, Area, Asked, Counter, Fresh, Measures, Series};
use serde_json::{Value, json};

use crate::support::registers::{entry_body, with};
use crate::support::{TestApp, World, both_dbs};

/// Three units of one province.
const UNITS: [&str; 3] = ["G34-C00004", "G34-C00008", "G34-P01"];

/// The whole of the total class of a series of an element in a year's rows.
fn total(app: &TestApp, series: &str, unit: &str) -> i64 {
    app.wrong_sums();
    let rows: Vec<Vec<u8>> = {
        use diesel::prelude::*;
        use hoanhap::db::schema::register_sums as kept;
        let (series, unit) = (series.to_owned(), unit.to_owned());
        app.state()
            .db
            .read_now(move |conn| {
                let rows = kept::table
                    .filter(kept::series.eq(&series))
                    .filter(kept::unit_code.eq(&unit))
                    .filter(kept::class.eq(""))
                    .select(kept::halves)
                    .load(conn)?;
                Ok(rows)
            })
            .expect("sums are read")
    };
    let halves = |row: &Vec<u8>| sums::YearSum::halves_of(row).expect("24 numbers");
    rows.iter().map(|row| halves(row).0.iter().sum::<i64>()).sum()
}

/// A series of persons reached that a plan asks for, and an audience and form it counts.
fn reached_series(app: &TestApp) -> (String, Value) {
    let counter = app.state().counter();
    let of_persons = |series: &&Series| series.element == Element::PersonsReached;
    let series = counter.series.iter().find(of_persons).expect("a plan asks for it");
    let audience = series.groups.first().map_or("high_risk", String::as_str);
    let form = series.kinds.first().map_or("face_to_face", String::as_str);
    (series.code(), json!({"audience": audience, "form": form}))
}

/// Two activities, the first of which was counted; and a series that they stand in.
fn activities_of(app: &TestApp) -> (Counter, Series) {
    let (world, register) = (World::build(app), Register::CommunicationActivities);
    app.entry(&world.programme_officer, register, &entry_body(register));
    assert_eq!(app.wrong_sums(), [].into());
    app.entry(&world.programme_officer, register, &entry_body(register));
    let counter = app.state().counter();
    let all = |series: &&Series| series.element == Element::CommunicationActivities && series.kinds.is_empty();
    let series = counter.series.iter().find(all).expect("a plan asks for it").clone();
    (counter, series)
}

/// Asserts that a series reads as it is when nothing is kept.
#[track_caller]
fn assert_read_anew(app: &TestApp, counter: &Counter, series: &Series) {
    let read = || {
        let year = (HalfMonth(2025 * HALVES), HalfMonth(2026 * HALVES - 1));
        let asked = Asked { series, spans: &[year], before: false, by_class: false };
        let (area, fresh) = ((&Area::Country, app.today()), Fresh::default());
        app.state().db.read_now(|conn| sums::numbers(conn, counter, area, &fresh, asked)).expect("sums are read")
    };
    let kept = read();
    app.sql("delete from register_series");
    assert_eq!(kept, read());
    assert!(!kept.is_empty());
}

both_dbs! {
    fn whoever_takes_part_twice_in_a_unit_counts_once_a_year_and_no_unit_tells_of_another(app: &TestApp) {
        let world = World::build(app);
        let (officer, register) = (&world.programme_officer, Register::CommunicationActivities);
        let (series, words) = reached_series(app);
        let activity = |unit: &str, on: &str, who: &[&str]| {
            let body = with(json!({"unit_code": unit, "held_on": on, "participants": who}), &words);
            app.entry(officer, register, &with(entry_body(register), &body))
        };
        let totals = || (total(app, &series, UNITS[0]), total(app, &series, UNITS[1]));
        let later = activity(UNITS[0], "2025-09-10", &["A", "B"]);
        assert_eq!(totals(), (2, 0));
        let elsewhere = activity(UNITS[1], "2025-08-10", &["b", "C"]);
        assert_eq!(totals(), (2, 2), "B counts in both: neither learns that B was in the other");
        let again = activity(UNITS[0], "2025-08-20", &["a", "D"]);
        assert_eq!(totals(), (3, 2), "A came there before");
        app.change_entry(officer, register, again, &json!({"participants": ["A", "B", "D"]})).expect(200);
        assert_eq!(totals(), (3, 2));
        app.change_entry(officer, register, elsewhere, &json!({"unit_code": UNITS[0]})).expect(200);
        assert_eq!(totals(), (4, 0), "C is new there");
        app.void_entry(officer, register, later).expect(200);
        assert_eq!(totals(), (4, 0));
        app.void_entry(officer, register, again).expect(200);
        assert_eq!(totals(), (2, 0));
    }

    fn what_was_not_asked_for_meanwhile_is_not_read_as_it_was(app: &TestApp) {
        let (counter, series) = activities_of(app);
        // A node whose plans ask for nothing counts what is due.
        let asks_for_nothing = Counter { series: Arc::default(), ..counter.clone() };
        sums::settle(&app.state().db, &asks_for_nothing, app.clock.now()).expect("sums are counted");
        assert_read_anew(app, &counter, &series);
    }

    fn what_was_counted_by_other_days_is_not_read(app: &TestApp) {
        let (counter, series) = activities_of(app);
        sums::settle(&app.state().db, &counter, app.clock.now()).expect("sums are counted");
        let measures = Measures { closing_day: 5, ..counter.measures };
        let otherwise = Counter { measures, ..counter };
        assert_read_anew(app, &otherwise, &series);
        sums::settle(&app.state().db, &otherwise, app.clock.now()).expect("sums are counted");
        assert_eq!(sums::compare(&app.state().db, &otherwise).expect("compared"), [].into());
        assert_read_anew(app, &otherwise, &series);
    }
}
