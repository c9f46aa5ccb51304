//! Old contacts are reduced to numbers: first told, then done, and nothing that is counted changes by it.

use chrono::NaiveDate;
use hoanhap::outreach::reduction::{self, Reduction};
use serde_json::{Value, json};

use crate::support::phones::{Phone, change, contact, new_contact, new_session, operation, said};
use crate::support::{TestApp, World, both_dbs};

fn totals(app: &TestApp, world: &World, from: &str, to: &str) -> Value {
    let path = format!("/outreach/totals?group_id={}&from={from}&to={to}", world.group);
    app.get(&path).by(&world.peer_leader).send().expect(200).json()
}

both_dbs! {
    fn contacts_older_than_is_kept_become_numbers_and_only_after_a_dry_run_was_asked_for(app: &TestApp) {
        let world = World::build(app);
        app.peer_group(&world, world.group, world.centre);
        let phone = Phone::new(&world.peer_leader, world.group);
        let made = new_session();
        let mut coded = contact();
        (coded["code"], coded["note"], coded["violence"]) = (said(4), json!("ghi chú"), json!("yes"));
        let met = new_contact(&made, &coded);
        let mut referral = operation("referral_send", &json!({"to_organisation_id": world.clinic, "service_type": "medical", "agreed_on": "2025-10-14"}));
        referral["record"] = json!({"operation": met["id"]});
        let batch = [made.clone(), met, new_contact(&made, &contact()), referral];
        let records = phone.done(app, &batch);
        phone.sync(app, &[change("session_change", &records[0], "venue", &json!("home"), &json!("online"))]);
        let before: NaiveDate = "2025-11-01".parse().expect("a day");
        let state = app.state();
        assert_eq!(reduction::dry_run(&state.db, "2025-10-14".parse().expect("a day")).expect("told"), Reduction::default(), "what is kept is not told of");
        let told = reduction::dry_run(&state.db, before).expect("told");
        assert_eq!(told, Reduction { contacts: 2, removed_contacts: 0, session_notes: 0, conflicts: 1 });
        assert_eq!(app.number("select count(*) as n from outreach_contacts"), 2, "a dry run changes nothing");
        let counted = totals(app, &world, "2025-10-01", "2025-10-31");
        assert_eq!(reduction::apply(&state.db, &state.trail, before, state.clock.now()).expect("reduced"), told);
        assert_eq!(reduction::apply(&state.db, &state.trail, before, state.clock.now()).expect("reduced"), Reduction::default());
        for table in ["outreach_contacts", "outreach_conflicts"] {
            assert_eq!(app.number(&format!("select count(*) as n from {table}")), 0, "{table}");
        }
        assert_eq!(app.number("select count(*) as n from outreach_referrals where contact_id is null and code_mac is not null"), 1);
        assert!(phone.sync(app, &batch).iter().all(|result| result["status"] == "already_applied"), "whatever comes again is known");
        let after = totals(app, &world, "2025-10-01", "2025-10-31");
        for same in ["sessions", "contacts", "contacts_without_code", "violence_told", "contacts_by_sex", "supplies"] {
            assert_eq!(counted[same], after[same], "{same}");
        }
        assert_eq!((&after["contacts_reduced"], &after["persons_with_code"]), (&json!(2), &json!(0)));
        assert_eq!(totals(app, &world, "2025-10-02", "2025-10-31")["contacts"], 0, "numbers are of whole months");
        let entries = app.all_items(&world.auditor, &format!("/audit/trail/outreach_session/{}", records[0].as_str().expect("an id")), 1);
        assert!(entries.iter().any(|entry| entry["action"] == "reduce"), "{entries:?}");
    }

    fn contacts_are_kept_until_the_figures_of_their_year_are_closed(app: &TestApp) {
        assert_eq!(reduction::kept_from(app.today(), 24).to_string(), "2023-10-01");
        assert_eq!(reduction::kept_from(app.today(), 1), reduction::kept_from(app.today(), reduction::FEWEST_MONTHS));
    }
}
