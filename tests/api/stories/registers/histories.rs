//! What registers come to is what a recount of all entries says, whatever officers do: random histories over HTTP. After
//! them, and on the way while units are due, readers see what is recounted, and so is what is kept.
//!
//! `HOANHAP_REGISTERS_RUNS=2000` tells more of them, `HOANHAP_REGISTERS_SEED` names the first; and
//! `HOANHAP_REGISTERS_WITHOUT=<deed>` forgets which units such a deed marked (`<deed>-elsewhere`: those it does not name,
//! `<deed>-before`: the one it left), whereupon the test must fail.

mod recount;
mod story;

use std::time::Instant;

use hoanhap::programmes::sums;

use self::recount::{assert_read, assert_settled};
use self::story::{Story, Told};
use crate::support::{TestApp, World, both_dbs};

fn number(name: &str, usual: u64) -> u64 {
    std::env::var(name).map_or(usual, |value| value.parse().expect("a number"))
}

/// Takes away what a history left behind, and what was kept of it, in memory too.
fn sweep(app: &TestApp) {
    for table in [
        "register_participants",
        "register_entries",
        "register_imports",
        "reported_values",
        "unit_shares",
        "unit_share_heads",
        "register_sums",
        "sums_due",
    ] {
        app.sql(&format!("delete from {table}"));
    }
    app.sql("update sums_versions set version = version + 1, rebuilt = version + 1");
}

fn tell(app: &TestApp, world: &World, seed: u64, all: &mut Told) {
    let mut story = Story::new(app, world, seed);
    if story.chance(10) {
        app.sql("delete from register_series");
    } else {
        sums::settle(&app.state().db, &app.state().counter(), app.clock.now()).expect("sums are counted");
    }
    for step in 0..story.length() {
        let (settled, looked) = story.pace();
        if settled {
            sums::settle(&app.state().db, &app.state().counter(), app.clock.now()).expect("sums are counted");
        }
        story.step();
        if looked {
            assert_read(app, story.narrowed(), &format!("seed {seed}, step {step}"));
        }
    }
    let told = format!("seed {seed}");
    assert_read(app, None, &format!("{told}, pending"));
    story.assert_reports(&told);
    let figures = story.figures();
    assert_settled(app, &told);
    assert_eq!(story.figures(), figures, "{told}, settled");
    if story.chance(20) {
        assert_read(app, None, &format!("{told}, settled"));
        sums::rebuild(&app.state().db, &app.state().counter(), app.clock.now()).expect("rebuilt");
        assert_eq!(story.figures(), figures, "{told}, rebuilt");
    }
    story.assert_shares_divide(&told);
    story.add_to(all);
    sweep(app);
}

both_dbs! {
    fn sums_are_what_a_recount_says_whatever_happens(app: &TestApp) {
        let world = World::build(app);
        let (first, runs) = (number("HOANHAP_REGISTERS_SEED", 1), number("HOANHAP_REGISTERS_RUNS", 12));
        let (begun, mut all) = (Instant::now(), Told::new());
        for seed in first..first + runs {
            tell(app, &world, seed, &mut all);
        }
        let seconds = begun.elapsed().as_secs();
        println!("{:?}: {runs} histories from seed {first} in {seconds} s, all as recounted: {all:?}", app.engine);
    }
}
