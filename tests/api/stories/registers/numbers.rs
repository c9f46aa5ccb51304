//! What is kept of registers is what a recount of all entries gives, whatever was done to them.

use hoanhap::db::Engine;
use hoanhap::programmes::elements::Element;
use hoanhap::programmes::registers::Register;
use hoanhap::programmes::sums;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::registers::{entry_body, with};
use crate::support::{Options, TestApp, World};
use crate::support::{User, both_dbs};

/// Three units of one province.
const UNITS: [&str; 3] = ["G34-C00004", "G34-C00008", "G34-P01"];

#[derive(Debug, Clone)]
enum Deed {
    Activity { unit: usize, month: u32, audience: usize, who: Vec<u8> },
    Staff { unit: usize, month: u32, until: Option<u32> },
    Training { unit: usize, month: u32, staff: Vec<usize> },
    Establishment { unit: usize, month: u32 },
    Inspection { of: usize, month: u32 },
    Recognition { unit: usize, month: u32 },
    Move { which: usize, unit: usize },
    Redate { which: usize, month: u32 },
    Relist { which: usize, who: Vec<u8> },
    Void { which: usize },
    Settle,
}

fn any_deed() -> impl Strategy<Value = Deed> {
    let (unit, month) = (0..UNITS.len(), 7_u32..=10);
    let who = prop::collection::btree_set(0_u8..6, 0..4).prop_map(|set| set.into_iter().collect::<Vec<_>>());
    let staff = prop::collection::btree_set(0_usize..5, 0..3).prop_map(|set| set.into_iter().collect::<Vec<_>>());
    prop_oneof![
        4 => (unit.clone(), month.clone(), 0_usize..3, who.clone())
            .prop_map(|(unit, month, audience, who)| Deed::Activity { unit, month, audience, who }),
        2 => (unit.clone(), month.clone(), prop::option::of(8_u32..=12))
            .prop_map(|(unit, month, until)| Deed::Staff { unit, month, until }),
        2 => (unit.clone(), month.clone(), staff).prop_map(|(unit, month, staff)| Deed::Training { unit, month, staff }),
        2 => (unit.clone(), month.clone()).prop_map(|(unit, month)| Deed::Establishment { unit, month }),
        2 => (0_usize..9, month.clone()).prop_map(|(of, month)| Deed::Inspection { of, month }),
        1 => (unit.clone(), month.clone()).prop_map(|(unit, month)| Deed::Recognition { unit, month }),
        3 => (0_usize..30, unit).prop_map(|(which, unit)| Deed::Move { which, unit }),
        3 => (0_usize..30, month).prop_map(|(which, month)| Deed::Redate { which, month }),
        2 => (0_usize..30, who).prop_map(|(which, who)| Deed::Relist { which, who }),
        3 => (0_usize..30).prop_map(|which| Deed::Void { which }),
        1 => Just(Deed::Settle),
    ]
}

fn day(month: u32) -> String {
    format!("2025-{month:02}-12")
}

/// What was recorded so far, in the order it was.
struct Book<'a> {
    app: &'a TestApp,
    user: &'a User,
    made: Vec<(Register, Uuid)>,
}

impl Book<'_> {
    /// Records; what is refused by a rule leaves nothing.
    fn record(&mut self, register: Register, body: &Value) {
        let reply = self.app.recording(self.user, register, body).send();
        match reply.status {
            201 => self.made.push((register, reply.id())),
            status => assert_eq!(status, 422, "{}", reply.text()),
        }
    }

    fn nth(&self, register: Register, number: usize) -> Option<Uuid> {
        let of_register: Vec<Uuid> = self.made.iter().filter(|(of, _)| *of == register).map(|(_, id)| *id).collect();
        (!of_register.is_empty()).then(|| of_register[number % of_register.len()])
    }

    fn change(&self, which: usize, change: impl Fn(Register) -> Option<Value>) {
        let Some((register, id)) = self.made.get(which % self.made.len().max(1)) else { return };
        let Some(change) = change(*register) else { return };
        let reply = self.app.change_entry(self.user, *register, *id, &change);
        assert!([200, 409, 422].contains(&reply.status), "{}", reply.text());
    }

    fn act(&mut self, deed: &Deed) {
        let numbers = |who: &[u8]| who.iter().map(|number| format!("N{number}")).collect::<Vec<_>>();
        match deed {
            Deed::Activity { unit, month, audience, who } => {
                let audience = ["high_risk", "migrants", "residents"][*audience];
                let body = json!({
                    "held_on": day(*month), "unit_code": UNITS[*unit], "audience": audience, "participants": numbers(who),
                });
                self.record(
                    Register::CommunicationActivities,
                    &with(entry_body(Register::CommunicationActivities), &body),
                );
            }
            Deed::Staff { unit, month, until } => {
                let number = format!("S{}", self.made.len());
                let mut body =
                    json!({"staff_number": number, "unit_code": UNITS[*unit], "from": day(*month), "to": null});
                if let Some(until) = until {
                    body["to"] = json!(day(*until));
                }
                self.record(Register::Staff, &with(entry_body(Register::Staff), &body));
            }
            Deed::Training { unit, month, staff } => {
                let list: Vec<Uuid> = staff.iter().filter_map(|number| self.nth(Register::Staff, *number)).collect();
                let body = json!({"held_on": day(*month), "unit_code": UNITS[*unit], "participants": list});
                self.record(Register::StaffTrainings, &with(entry_body(Register::StaffTrainings), &body));
            }
            Deed::Establishment { unit, month } => {
                let body = json!({"opened_on": day(*month), "unit_code": UNITS[*unit], "closed_on": null});
                self.record(Register::Establishments, &with(entry_body(Register::Establishments), &body));
            }
            Deed::Inspection { of, month } => {
                let Some(of) = self.nth(Register::Establishments, *of) else { return };
                let body = json!({"establishment_id": of, "inspected_on": day(*month)});
                self.record(Register::Inspections, &with(entry_body(Register::Inspections), &body));
            }
            Deed::Recognition { unit, month } => {
                let body = json!({"recognised_on": day(*month), "unit_code": UNITS[*unit]});
                self.record(Register::HealthyCommunes, &with(entry_body(Register::HealthyCommunes), &body));
            }
            Deed::Move { which, unit } => self.change(*which, |register| {
                (register != Register::Inspections).then(|| json!({"unit_code": UNITS[*unit]}))
            }),
            Deed::Redate { which, month } => self.change(*which, |register| {
                let field = self
                    .app
                    .state()
                    .registers
                    .field(register, hoanhap::programmes::registers::catalogue::Column::Day)?;
                Some(json!({&field.name: day(*month)}))
            }),
            Deed::Relist { which, who } => self.change(*which, |register| {
                (register == Register::CommunicationActivities).then(|| json!({"participants": numbers(who)}))
            }),
            Deed::Void { which } => {
                let Some((register, id)) = self.made.get(*which % self.made.len().max(1)) else { return };
                let reply = self.app.void_entry(self.user, *register, *id);
                assert!([200, 409].contains(&reply.status), "{}", reply.text());
            }
            Deed::Settle => assert_eq!(self.app.wrong_sums(), [].into()),
        }
    }
}

fn whatever_was_done(engine: Engine) {
    let mut runner = TestRunner::new(Config { cases: 6, failure_persistence: None, ..Config::default() });
    let told = runner.run(&prop::collection::vec(any_deed(), 20..45), |deeds| {
        let Some(app) = TestApp::start(engine, Options::default()) else { return Ok(()) };
        let world = World::build(&app);
        let mut book = Book { app: &app, user: &world.programme_officer, made: Vec::new() };
        for deed in &deeds {
            book.act(deed);
        }
        prop_assert_eq!(app.wrong_sums(), [].into());
        Ok(())
    });
    told.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn sums_are_those_of_a_recount_whatever_was_done_sqlite() {
    whatever_was_done(Engine::Sqlite);
}

#[test]
fn sums_are_those_of_a_recount_whatever_was_done_postgres() {
    whatever_was_done(Engine::Postgres);
}

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
    rows.iter().map(|row| halves(row).iter().sum::<i64>()).sum()
}

/// A series of persons reached that a plan asks for, and an audience and form it counts.
fn reached_series(app: &TestApp) -> (String, Value) {
    let counter = app.state().counter();
    let of_persons = |series: &&sums::Series| series.element == Element::PersonsReached;
    let series = counter.series.iter().find(of_persons).expect("a plan asks for it");
    let audience = series.groups.first().map_or("high_risk", String::as_str);
    let form = series.kinds.first().map_or("face_to_face", String::as_str);
    (series.code(), json!({"audience": audience, "form": form}))
}

both_dbs! {
    fn whoever_takes_part_twice_counts_once_a_year_at_the_first_activity(app: &TestApp) {
        let world = World::build(app);
        let (officer, register) = (&world.programme_officer, Register::CommunicationActivities);
        let (series, words) = reached_series(app);
        let activity = |unit: &str, on: &str, who: &[&str]| {
            let body = with(json!({"unit_code": unit, "held_on": on, "participants": who}), &words);
            app.entry(officer, register, &with(entry_body(register), &body))
        };
        let later = activity(UNITS[0], "2025-09-10", &["A", "B"]);
        assert_eq!(total(app, &series, UNITS[0]), 2);
        let earlier = activity(UNITS[1], "2025-08-10", &["b", "C"]);
        assert_eq!((total(app, &series, UNITS[0]), total(app, &series, UNITS[1])), (1, 2), "B came there first");
        app.change_entry(officer, register, earlier, &json!({"held_on": "2025-09-20"})).expect(200);
        assert_eq!((total(app, &series, UNITS[0]), total(app, &series, UNITS[1])), (2, 1));
        app.change_entry(officer, register, later, &json!({"participants": ["A"]})).expect(200);
        assert_eq!((total(app, &series, UNITS[0]), total(app, &series, UNITS[1])), (1, 2));
        app.change_entry(officer, register, later, &json!({"participants": ["A", "B", "C"]})).expect(200);
        assert_eq!((total(app, &series, UNITS[0]), total(app, &series, UNITS[1])), (3, 0));
        app.void_entry(officer, register, later).expect(200);
        assert_eq!((total(app, &series, UNITS[0]), total(app, &series, UNITS[1])), (0, 2));
    }
}
