//! Reported values: entered, revised, taken back, brought in files and undone, beside a small model of what stands.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use hoanhap::db::schema::reported_values;
use hoanhap::programmes::reported::model::ReportedValue;
use serde_json::{Value, json};
use uuid::Uuid;

use super::Story;
use crate::support::registers::{reported_body, with};

/// Element, unit and period.
type Key = (&'static str, &'static str, &'static str);

/// Number of a revision, whether it is current, and its value.
type Revision = (i32, bool, Option<i64>);

/// What was reported: every revision of every value, and which files brought which.
#[derive(Debug, Default)]
pub struct Reports {
    revisions: BTreeMap<Key, Vec<Option<i64>>>,
    files: Vec<(Uuid, BTreeMap<Key, usize>)>,
}

impl Reports {
    fn of(&self, key: Key) -> &[Option<i64>] {
        self.revisions.get(&key).map_or(&[], Vec::as_slice)
    }
}

impl Story<'_> {
    fn key(&self) -> Key {
        let element = self.pick(&["students", "regular_communes"]);
        let (unit, period) = self.pick(&[
            ("G34-P01", "2025-Q3"),
            ("G34-P01", "2025-08"),
            ("G34-C00004", "2025-08"),
            ("G63-P01", "2024"),
        ]);
        (element, unit, period)
    }

    /// The next revision as a body, and its value.
    fn revision(&self, key: Key) -> (Value, Option<i64>) {
        let (element, unit, period) = key;
        let known = self.reports.of(key);
        let taken_back = known.last().is_some_and(Option::is_some) && self.chance(20);
        let value = (!taken_back).then(|| i64::try_from(self.below(500)).expect("a number"));
        let mut body = with(
            reported_body(),
            &json!({
                "element": element, "unit_code": unit, "period": period, "expected_revision": known.len(),
                "reason": if known.is_empty() { "" } else { "Đếm lại" },
            }),
        );
        body["value"] = json!(value);
        (body, value)
    }

    pub(super) fn report(&mut self) {
        let key = self.key();
        let (mut body, value) = self.revision(key);
        let known = self.reports.of(key).len();
        if known > 0 && self.chance(10) {
            // Somebody revised it meanwhile.
            body["expected_revision"] = json!(known - 1);
            self.app.post("/reported-values", &body).by(&self.world.programme_officer).send().expect(412);
            self.note("report", false);
            return;
        }
        self.app.post("/reported-values", &body).by(&self.world.programme_officer).send().expect(201);
        self.reports.revisions.entry(key).or_default().push(value);
        self.note("report", true);
    }

    pub(super) fn bring_reports(&mut self) {
        let keys: BTreeSet<Key> = (0..=self.below(3)).map(|_| self.key()).collect();
        self.number += 1;
        let document = format!("{}/BC", self.number);
        let rows: Vec<(Key, Value, Option<i64>)> = keys
            .into_iter()
            .map(|key| {
                let (body, value) = self.revision(key);
                (key, with(body, &json!({"source_document": document})), value)
            })
            .collect();
        let bodies: Vec<Value> = rows.iter().map(|(_, body, _)| body.clone()).collect();
        let (id, ended) = self.brought("reported-values", &bodies);
        assert_eq!(ended["state"], "done", "{ended}");
        let mut brought = BTreeMap::new();
        for (key, _, value) in rows {
            let revisions = self.reports.revisions.entry(key).or_default();
            revisions.push(value);
            brought.insert(key, revisions.len());
        }
        self.note("bring reports", true);
        self.reports.files.push((id, brought));
    }

    /// What the file said is taken back, unless any of it was revised since: the value before comes again.
    pub(super) fn undo_reports(&mut self) {
        if self.reports.files.is_empty() {
            return;
        }
        let (id, brought) = self.pick(&self.reports.files);
        let reply = self.app.undo_register_import(&self.world.programme_officer, id);
        let stands = brought.iter().all(|(key, revision)| self.reports.of(*key).len() == *revision);
        assert_eq!(reply.status, if stands { 200 } else { 409 }, "{}", reply.text());
        self.note("undo reports", stands);
        for (key, revision) in brought.into_iter().filter(|_| stands) {
            let revisions = self.reports.revisions.entry(key).or_default();
            let before = revision.checked_sub(2).and_then(|place| revisions[place]);
            revisions.push(before);
        }
    }

    /// Asserts that every revision is kept as it was told, that the newest alone is current, and that readers see it.
    #[track_caller]
    pub fn assert_reports(&self, told: &str) {
        let read = self.app.state().db.read_now(|conn| {
            let rows = reported_values::table.order(reported_values::revision).select(ReportedValue::as_select());
            Ok(rows.load::<ReportedValue>(conn)?)
        });
        let mut kept: BTreeMap<(String, String, String), Vec<Revision>> = BTreeMap::new();
        for row in read.expect("values are read") {
            let own = kept.entry((row.element, row.unit_code, row.period)).or_default();
            own.push((row.revision, row.is_current, row.value));
        }
        let mut expected: BTreeMap<(String, String, String), Vec<Revision>> = BTreeMap::new();
        for ((element, unit, period), values) in &self.reports.revisions {
            let last = values.len();
            let rows =
                (1..).zip(values).map(|(number, value)| (i32::try_from(number).expect("few"), number == last, *value));
            expected.insert(((*element).to_owned(), (*unit).to_owned(), (*period).to_owned()), rows.collect());
        }
        assert_eq!(kept, expected, "{told}");
        for ((element, unit, period), values) in &self.reports.revisions {
            let path = format!("/reported-values?element={element}&unit={unit}&period={period}");
            let seen: Vec<Value> = self.app.all_items(&self.world.programme_officer, &path, 20);
            let seen: Vec<&Value> =
                seen.iter().filter(|row| row["unit_code"] == *unit).map(|row| &row["value"]).collect();
            assert_eq!(seen, [&json!(values.last().expect("a revision"))], "{told}, {element} of {unit} in {period}");
        }
    }
}
