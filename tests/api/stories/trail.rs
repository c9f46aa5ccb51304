//! Whoever has the database and not the key cannot change the trail unseen.

use hoanhap::audit::{Finding, verify};
use hoanhap::clock::Random;
use serde_json::json;

use crate::support::{Engine, TestApp, World, both_dbs};

const TABLES: [&str; 4] = ["audit_entries", "audit_heads", "audit_checkpoints", "audit_checkpoint_heads"];

fn findings(app: &TestApp) -> Vec<Finding> {
    let state = app.state();
    verify(&state.db, &state.vault, &state.trail).expect("the trail can be read")
}

/// Work that leaves chains of several entries, all of them in a checkpoint.
fn work(app: &TestApp) -> World {
    let world = World::build(app);
    for name in ["Tạ Thị Một", "Tạ Thị Hai"] {
        let person = app.person(&world.worker, name);
        app.patch(&format!("/persons/{person}"), &json!({"sex": "other"}))
            .by(&world.worker)
            .version(1)
            .send()
            .expect(200);
        let case = app.case(&world.worker, person, "person_selling_sex", app.days_ago(3));
        app.consent(&world.worker, person, world.lender, app.days_ago(2));
        app.assess(&world.worker, case, &["loan"], app.days_ago(1));
        app.move_case(&world.worker, case, "screened", app.today()).expect(200);
        let referral = app.referral(&world.worker, case, "loan", world.lender);
        app.step(&world.banker, referral, "accept").expect(200);
        app.step(&world.banker, referral, "start").expect(200);
        app.deliver(&world.banker, referral, "loan", app.today());
        app.keep_house();
    }
    world
}

/// A random row of a table, and random values, as SQL of this engine.
struct Tamper<'a> {
    app: &'a TestApp,
    random: Random,
}

impl Tamper<'_> {
    fn below(&self, limit: i64) -> i64 {
        i64::from(u32::from_le_bytes(self.random.bytes())) % limit
    }

    fn blob(&self) -> String {
        let hex: String = self.random.bytes::<32>().iter().map(|byte| format!("{byte:02x}")).collect();
        match self.app.engine {
            Engine::Postgres => format!("'\\x{hex}'"),
            Engine::Sqlite => format!("x'{hex}'"),
        }
    }

    fn row(&self, table: &str) -> String {
        let key = match table {
            "audit_entries" => "subject_kind, subject_id, seq",
            "audit_heads" => "subject_kind, subject_id",
            "audit_checkpoints" => "number",
            _ => "checkpoint_number, subject_kind, subject_id",
        };
        let row = self.below(self.app.number(&format!("select count(*) as n from {table}")));
        format!("({key}) = (select {key} from {table} order by {key} limit 1 offset {row})")
    }

    /// A chain with at least this many entries.
    fn chain(&self, least: i64) -> String {
        let rows = self.app.number(&format!("select count(*) as n from audit_heads where seq >= {least}"));
        let row = self.below(rows);
        format!(
            "(subject_kind, subject_id) = (select subject_kind, subject_id from audit_heads
             where seq >= {least} order by subject_kind, subject_id limit 1 offset {row})"
        )
    }

    /// What somebody might do, as SQL.
    fn deed(&self) -> String {
        let (entry, head) = (self.row("audit_entries"), self.row("audit_heads"));
        let (id, blob, chain) = (self.app.sql_id(self.random.uuid()), self.blob(), self.chain(2));
        let listed = self.row("audit_checkpoint_heads");
        match self.below(19) {
            0 => format!("update audit_entries set action = action || 'd' where {entry}"),
            1 => format!("update audit_entries set fields = fields || ',name' where {entry}"),
            2 => format!("update audit_entries set account_id = {id} where {entry}"),
            3 => format!("update audit_entries set at = '2001-02-03 04:05:06' where {entry}"),
            4 => format!("update audit_entries set mac = {blob} where {entry}"),
            5 => format!("update audit_entries set seq = seq + 100 where {entry}"),
            6 => format!("update audit_entries set subject_id = {id} where {entry}"),
            7 => format!("delete from audit_entries where {entry}"),
            8 => format!("delete from audit_entries where {chain} and seq = (select max(e.seq) from audit_entries e
                          where e.subject_kind = audit_entries.subject_kind and e.subject_id = audit_entries.subject_id)"),
            9 => format!("update audit_entries set seq = -1 where {chain} and seq = 1;
                          update audit_entries set seq = 1 where seq = 2 and (subject_kind, subject_id) in
                          (select subject_kind, subject_id from audit_entries where seq = -1);
                          update audit_entries set seq = 2 where seq = -1"),
            10 => format!("delete from audit_heads where {head}"),
            11 => format!("update audit_heads set seal = {blob} where {head}"),
            12 => format!("update audit_heads set mac = {blob} where {head}"),
            13 => format!("update audit_heads set seq = seq - 1 where {head}"),
            14 => self.cut(&chain),
            15 => self.vanish(),
            16 => format!("delete from audit_checkpoint_heads where {listed}"),
            17 => format!("update audit_checkpoint_heads set mac = {blob} where {listed}"),
            _ => self.checkpoint_deed(&blob),
        }
    }

    /// Cuts a chain to its first entry and sets the head accordingly, as far as that goes without the key.
    fn cut(&self, chain: &str) -> String {
        format!(
            "update audit_heads set seq = -7 where {chain};
             delete from audit_entries where seq > 1 and (subject_kind, subject_id) in
             (select subject_kind, subject_id from audit_heads where seq = -7);
             update audit_heads set mac = (select e.mac from audit_entries e where e.subject_kind = audit_heads.subject_kind
             and e.subject_id = audit_heads.subject_id), seq = 1 where seq = -7"
        )
    }

    /// Makes a chain vanish whole.
    fn vanish(&self) -> String {
        let chain = self.chain(1);
        format!("delete from audit_entries where {chain}; delete from audit_heads where {chain}")
    }

    fn checkpoint_deed(&self, blob: &str) -> String {
        let row = self.row("audit_checkpoints");
        match self.below(3) {
            0 => format!("update audit_checkpoints set mac = {blob} where {row}"),
            1 => format!("update audit_checkpoints set at = '2001-02-03 04:05:06' where {row}"),
            _ => "delete from audit_checkpoint_heads where checkpoint_number = (select max(number) from audit_checkpoints);
                  delete from audit_checkpoints where number = (select max(number) from audit_checkpoints)"
                .to_owned(),
        }
    }
}

fn keep_copies(app: &TestApp) {
    for table in TABLES {
        app.sql(&format!("create table copy_of_{table} as select * from {table}"));
    }
}

fn restore(app: &TestApp) {
    let empty: String = TABLES.iter().rev().map(|table| format!("delete from {table};")).collect();
    let fill: String =
        TABLES.iter().map(|table| format!("insert into {table} select * from copy_of_{table};")).collect();
    app.sql(&(empty + &fill));
}

both_dbs! {
    fn an_honest_trail_shows_nothing(app: &TestApp) {
        work(app);
        assert_eq!(findings(app), []);
    }

    fn every_edit_deletion_reorder_and_truncation_is_found(app: &TestApp) {
        let deeds: usize = std::env::var("HOANHAP_TEST_TRAIL_EDITS").ok().map_or(200, |text| text.parse().expect("a number"));
        work(app);
        keep_copies(app);
        let tamper = Tamper { app, random: Random::seeded(2026) };
        let mut unseen = Vec::new();
        for _ in 0..deeds {
            let deed = tamper.deed();
            app.sql(&deed);
            if findings(app).is_empty() {
                unseen.push(deed);
            }
            restore(app);
        }
        assert!(unseen.is_empty(), "{} of {deeds} were not found:\n{}", unseen.len(), unseen.join("\n"));
        assert_eq!(findings(app), [], "restored");
    }

    fn a_chain_set_back_to_an_older_state_with_its_genuine_seal_is_found(app: &TestApp) {
        let world = work(app);
        keep_copies(app);
        let person = app.all_items(&world.worker, "/persons", 50)[0]["id"].as_str().expect("an id").to_owned();
        app.patch(&format!("/persons/{person}"), &json!({"sex": "male"})).by(&world.worker).version(2).send().expect(200);
        app.keep_house();
        assert_eq!(findings(app), []);
        let set_back = "delete from audit_entries; insert into audit_entries select * from copy_of_audit_entries;
            delete from audit_heads; insert into audit_heads select * from copy_of_audit_heads";
        app.sql(set_back);
        assert!(!findings(app).is_empty());
    }

    fn a_head_marked_as_checkpointed_that_no_checkpoint_lists_is_found(app: &TestApp) {
        let world = work(app);
        let person = app.all_items(&world.worker, "/persons", 50)[0]["id"].as_str().expect("an id").to_owned();
        app.patch(&format!("/persons/{person}"), &json!({"sex": "male"})).by(&world.worker).version(2).send().expect(200);
        // It would never enter a checkpoint, and could be set back later.
        match app.engine {
            Engine::Postgres => app.sql("update audit_heads set checkpointed = true"),
            Engine::Sqlite => app.sql("update audit_heads set checkpointed = 1"),
        }
        app.keep_house();
        assert!(!findings(app).is_empty());
    }

    fn a_checkpoint_that_tells_another_number_of_heads_is_found(app: &TestApp) {
        work(app);
        app.sql("update audit_checkpoints set heads = heads + 1 where number = 1");
        assert!(!findings(app).is_empty());
    }

    fn cutting_the_last_checkpoint_with_all_it_saw_is_found_by_the_key_store(app: &TestApp) {
        work(app);
        app.sql("delete from audit_checkpoint_heads; delete from audit_checkpoints; delete from audit_entries; delete from audit_heads");
        let found = findings(app);
        assert!(matches!(found[..], [Finding::CheckpointsCut { .. }]), "{found:?}");
    }
}
