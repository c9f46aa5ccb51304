//! Records in every relation to every asker.

use std::collections::BTreeMap;

use diesel::RunQueryDsl as _;
use hoanhap::accounts::AccountState;
use hoanhap::db::schema::{guardians, imports};
use hoanhap::db::types::{AccountId, GuardianId, ImportId, OrganisationId, PersonId};
use hoanhap::grants::Role;
use hoanhap::guardians::model::{Guardian, Relation};
use hoanhap::imports::ImportKind;
use hoanhap::imports::model::Import;
use hoanhap::vault::seal;
use serde_json::json;
use uuid::Uuid;

use super::training;
use crate::support::plans::plan_body;
use crate::support::world::PROVINCE;
use crate::support::{TestApp, User, World, files};

/// A case with its person and what hangs on it.
#[derive(Debug, Clone, Copy)]
pub struct File {
    pub person: Uuid,
    pub consent: Uuid,
    pub case: Uuid,
    pub referral: Uuid,
    pub delivery: Uuid,
    pub transfer: Uuid,
    pub guardian: Uuid,
    pub stay: Uuid,
    pub exception: Uuid,
    pub task: Uuid,
    pub training: Training,
    pub loan: Uuid,
    pub note: Uuid,
    pub counselling: Uuid,
    pub colleagues_counselling: Uuid,
    pub attachment: Uuid,
    pub import: Uuid,
}

/// So many that no search finds more than it may show.
pub const GIVEN_NAMES: [&str; 4] = ["Mai", "Lan", "Cúc", "Trúc"];

/// What hangs on a case by its referrals to training.
#[derive(Debug, Clone, Copy)]
pub struct Training {
    /// A referral that was accepted and waits for a place.
    pub referral: Uuid,
    /// The course of the enrolment.
    pub course: Uuid,
    /// A course of the same school with places left.
    pub open_course: Uuid,
    pub enrolment: Uuid,
}

/// One who asks, and the records around them.
#[derive(Debug)]
pub struct Asker {
    /// Column of the matrix.
    pub column: String,
    /// None sends no token.
    pub user: Option<User>,
    /// Organisation that counts as theirs.
    pub organisation: Uuid,
    /// By relation.
    pub files: BTreeMap<&'static str, File>,
    /// A person of their own to open a case for.
    pub to_open: Uuid,
}

/// Everybody who asks, with all they ask for.
pub fn askers(app: &TestApp, world: &World) -> Vec<Asker> {
    let mut askers: Vec<Asker> = Role::ALL.iter().map(|role| asker(app, world, *role, role.as_str())).collect();
    for state in [AccountState::Invited, AccountState::Suspended, AccountState::Revoked] {
        let asker = asker(app, world, Role::CentreManager, state.as_str());
        let user = asker.user.as_ref().expect("an account");
        app.token(user);
        app.force_state(user, state);
        askers.push(asker);
    }
    let mut nobody = asker(app, world, Role::CentreManager, "nobody");
    nobody.user = None;
    askers.push(nobody);
    askers
}

pub fn asker(app: &TestApp, world: &World, role: Role, column: &str) -> Asker {
    let organisation = match role {
        Role::CommuneOfficer => world.office,
        Role::PeerLeader => world.group,
        Role::Partner => world.school,
        _ => world.centre,
    };
    let bound = role.needs_organisation().then_some(organisation);
    let unit = match role {
        // Of a province: an officer of the whole country reads no return.
        Role::ReturnOfficer => Some(PROVINCE),
        role => role.needs_admin_unit().then_some("VN"),
    };
    let user = app.account(&format!("hoi.{column}"), role, bound, unit);
    let to_open = unheld_person(app, world, &user, organisation);
    let files = files(app, world, &user, organisation);
    Asker { column: column.to_owned(), user: Some(user), organisation, files, to_open }
}

fn files(app: &TestApp, world: &World, user: &User, organisation: Uuid) -> BTreeMap<&'static str, File> {
    let held = |assigned: Option<&User>| file(app, world, organisation, assigned, None);
    let assigned = held(Some(user));
    let written = app.sql_id(user.id);
    let own_note = |id: Uuid| app.sql(&format!("update notes set author_id = {written} where id = {}", app.sql_id(id)));
    own_note(assigned.note);
    own_note(assigned.counselling);
    let sent = || file(app, world, world.other_centre, Some(&world.other_worker), Some(organisation));
    let foreign = file(app, world, world.other_centre, Some(&world.other_worker), None);
    let own = File { person: unheld_person(app, world, user, organisation), ..foreign };
    let colleagues = File { person: unheld_person(app, world, &world.second_worker, organisation), ..foreign };
    let handed_over = file(app, world, world.other_centre, Some(&world.other_worker), None);
    register_as(app, handed_over.person, user, organisation);
    let intake = held(None);
    app.sql(&format!("update cases set opened_by = {} where id = {}", app.sql_id(user.id), app.sql_id(intake.case)));
    let draft = sent();
    set_status(app, draft, "draft");
    let over = sent();
    set_status(app, over, "cancelled");
    let verifying = |assigned: Option<&User>| {
        let file = file(app, world, organisation, assigned, None);
        app.sql(&format!("update cases set status = 'under_verification' where id = {}", app.sql_id(file.case)));
        file
    };
    let given = file(app, world, organisation, Some(&world.second_worker), None);
    let (owner, task) = (app.sql_id(user.id), app.sql_id(given.task));
    app.sql(&format!("update tasks set owner_id = {owner} where id = {task}"));
    app.sql(&format!("update loans set status = 'withdrawn' where id = {}", app.sql_id(over.loan)));
    BTreeMap::from([
        ("own", consented(app, own, user)),
        ("colleagues", consented(app, colleagues, user)),
        ("handed_over", handed_over),
        ("assigned", assigned),
        ("assigned_not_author", File { counselling: assigned.colleagues_counselling, ..assigned }),
        ("waiting", held(None)),
        ("intake", intake),
        ("others", held(Some(&world.second_worker))),
        ("assigned_verifying", verifying(Some(user))),
        ("others_verifying", verifying(Some(&world.second_worker))),
        ("given", given),
        ("foreign", foreign),
        ("addressed", sent()),
        ("addressed_draft", draft),
        ("addressed_over", over),
    ])
}

/// A case that is moved to `organisation` and its worker after it was made: the asker
/// may be one who could never have made it.
fn file(app: &TestApp, world: &World, organisation: Uuid, assigned: Option<&User>, to: Option<Uuid>) -> File {
    let maker = &world.other_worker;
    let recipient = world.lender;
    let number = usize::try_from(app.number("select count(*) as n from persons")).expect("a number");
    let person = app.person(maker, &format!("Trần Thị Ban {}", GIVEN_NAMES[number % GIVEN_NAMES.len()]));
    let case = app.case(maker, person, "person_selling_sex", app.days_ago(5));
    let consent = app.consent(maker, person, recipient, app.days_ago(5));
    app.assess(maker, case, &["loan"], app.days_ago(4));
    let referral = app.referral(maker, case, "loan", recipient);
    app.step(&world.banker, referral, "accept").expect(200);
    app.step(&world.banker, referral, "start").expect(200);
    let delivery = if to.is_some() {
        app.deliver(&world.banker, referral, "loan", app.today())
    } else {
        app.give(maker, case, "social_support", app.today())
    };
    let plan = plan_body(app.today(), app.days_ago(-9), &[]);
    app.put_plan(maker, case, None, &plan).send().expect(200);
    let task = app.task(maker, case, app.today());
    // No loan is asked for beside money recorded by hand; for what is looked at here both may stand.
    let by_hand = |voided: &str| {
        app.sql(&format!("update deliveries set voided_at = {voided} where id = {}", app.sql_id(delivery)))
    };
    by_hand("created_at");
    let loan = app.disbursed_loan(maker, &world.banker, referral, app.today());
    by_hand("null");
    let note = app.note(maker, case, "notes", "Đã gọi điện", app.today());
    let counselling = app.note(maker, case, "counselling-notes", "Buổi tham vấn", app.today());
    let colleagues_counselling = app.note(maker, case, "counselling-notes", "Buổi tham vấn khác", app.today());
    let attachment = app.attach(maker, case, "Giấy tờ", &files::png()).send().expect(201).id();
    let id = |id: Uuid| app.sql_id(id);
    let worker = assigned.map_or_else(|| "null".to_owned(), |user| id(user.id));
    let home = id(organisation);
    app.sql(&format!("update cases set organisation_id = {home}, assigned_to = {worker} where id = {}", id(case)));
    app.sql(&format!("update referrals set from_organisation_id = {home} where id = {}", id(referral)));
    app.sql(&format!("update loans set centre_id = {home} where id = {}", id(loan)));
    app.sql(&format!("update notes set organisation_id = {home} where case_id = {}", id(case)));
    app.sql(&format!("update assessments set organisation_id = {home} where case_id = {}", id(case)));
    // Reached through the case alone.
    app.sql(&format!("update tasks set organisation_id = {home}, owner_id = null where case_id = {}", id(case)));
    if let Some(to) = to {
        app.sql(&format!("update referrals set to_organisation_id = {} where id = {}", id(to), id(referral)));
        app.sql(&format!("update consents set recipient_organisation_id = {} where id = {}", id(to), id(consent)));
        app.sql(&format!("update deliveries set organisation_id = {} where referral_id = {}", id(to), id(referral)));
        app.sql(&format!("update loans set lender_id = {} where id = {}", id(to), id(loan)));
    }
    let transfer = offered(app, person, case, organisation, to.unwrap_or(world.shelter), maker);
    let guardian = guardian_of(app, person, maker);
    let (stay, exception) = entitled(app, case, to.map(|to| (to, referral)));
    let training = training::hang_on(app, referral, to.unwrap_or(recipient));
    let import = imported(app, organisation, maker);
    File {
        person,
        consent,
        case,
        referral,
        delivery,
        transfer,
        guardian,
        stay,
        exception,
        task,
        training,
        loan,
        note,
        counselling,
        colleagues_counselling,
        attachment,
        import,
    }
}

/// An import of which nothing is left but that it was.
fn imported(app: &TestApp, organisation: Uuid, by: &User) -> Uuid {
    let id = ImportId(app.state().random.uuid());
    let row = Import {
        id,
        organisation_id: OrganisationId(organisation),
        kind: ImportKind::Persons,
        run_by: AccountId(by.id),
        created_at: app.clock.now(),
        file_mac: id.0.as_bytes().to_vec(),
        rows_read: 1,
        rows_skipped: 0,
        persons_made: 1,
        cases_made: 0,
        loans_made: 0,
        undone_at: None,
        undone_by: None,
        version: 1,
    };
    let write = move |conn: &mut _| Ok(diesel::insert_into(imports::table).values(&row).execute(conn)?);
    app.state().db.write_now(write).expect("an import is recorded");
    id.0
}

/// A guardian of a person, behind the program's back.
fn guardian_of(app: &TestApp, person: Uuid, by: &User) -> Uuid {
    let (state, person, id) = (app.state(), PersonId(person), GuardianId(app.state().random.uuid()));
    let key = state.vault.key(person).expect("a key");
    let name = seal(&state.random, &key, person, Guardian::name_place(id), 1, "Trần Thị Mẹ").expect("a sealed name");
    let row = Guardian {
        id,
        person_id: person,
        relation: Relation::Mother,
        sealed_name: name,
        sealed_phone: None,
        from_on: app.days_ago(90),
        until_on: None,
        end_reason: None,
        recorded_by: AccountId(by.id),
        created_at: app.clock.now(),
        version: 1,
    };
    let write = move |conn: &mut _| Ok(diesel::insert_into(guardians::table).values(&row).execute(conn)?);
    state.db.write_now(write).expect("a guardian is recorded");
    id.0
}

/// An open offer of a case.
fn offered(app: &TestApp, person: Uuid, case: Uuid, from: Uuid, to: Uuid, by: &User) -> Uuid {
    let transfer = app.state().random.uuid();
    let [id, case, person, from, to, by] = [transfer, case, person, from, to, by.id].map(|id| app.sql_id(id));
    app.sql(&format!(
        "insert into transfers (id, case_id, person_id, from_organisation_id, to_organisation_id, ground, status,
             answer_due_on, offered_by, created_at, version)
         values ({id}, {case}, {person}, {from}, {to}, 'consent', 'offered', '2030-01-01', {by},
             '2025-10-15 03:00:00.000000', 1)"
    ));
    transfer
}

/// A stay that is over and an override; at a partner by referral, else at the centre itself.
fn entitled(app: &TestApp, case: Uuid, at: Option<(Uuid, Uuid)>) -> (Uuid, Uuid) {
    let (stay, exception) = (app.state().random.uuid(), app.state().random.uuid());
    let (facility, referral) = match at {
        Some((facility, referral)) => (app.sql_id(facility), app.sql_id(referral)),
        None => ("organisation_id".to_owned(), "null".to_owned()),
    };
    let (case, stay_id, exception_id) = (app.sql_id(case), app.sql_id(stay), app.sql_id(exception));
    app.sql(&format!(
        "insert into stays (id, case_id, person_id, referral_id, organisation_id, centre_id, in_on, out_on,
         recorded_by, created_at, updated_at, version)
         select {stay_id}, id, person_id, {referral}, {facility}, organisation_id, received_on, received_on,
         opened_by, created_at, created_at, 1 from cases where id = {case};
         insert into entitlement_overrides (id, case_id, person_id, service_type, reason, valid_until, recorded_by, created_at, version)
         select {exception_id}, id, person_id, 'travel', 'risk_to_life', received_on, opened_by, created_at, 1
         from cases where id = {case}"
    ));
    (stay, exception)
}

fn unheld_person(app: &TestApp, world: &World, user: &User, organisation: Uuid) -> Uuid {
    let person = app.person(&world.other_worker, "Lê Thị Cỏ May");
    register_as(app, person, user, organisation);
    person
}

fn register_as(app: &TestApp, person: Uuid, user: &User, organisation: Uuid) {
    let (person, user, organisation) = (app.sql_id(person), app.sql_id(user.id), app.sql_id(organisation));
    app.sql(&format!(
        "update persons set registered_by = {user}, organisation_id = {organisation} where id = {person}"
    ));
}

/// Gives a person without case a consent of their own.
fn consented(app: &TestApp, file: File, by: &User) -> File {
    let consent = app.state().random.uuid();
    app.sql(&format!(
        "insert into consents (id, person_id, purpose, given_by, given_on, proof, recorded_by, created_at, version)
         select {}, {}, purpose, given_by, given_on, proof, recorded_by, created_at, version
         from consents where id = {}",
        app.sql_id(consent),
        app.sql_id(file.person),
        app.sql_id(file.consent),
    ));
    let guardian = guardian_of(app, file.person, by);
    File { consent, guardian, ..file }
}

fn set_status(app: &TestApp, file: File, status: &str) {
    if status == "cancelled" {
        app.sql(&format!("update transfers set status = 'withdrawn' where id = {}", app.sql_id(file.transfer)));
    }
    app.sql(&format!("update referrals set status = '{status}' where case_id = {}", app.sql_id(file.case)));
}

/// Makes an account and a release that any administrator or supervisor may read.
pub fn spare_records(app: &TestApp) -> (User, Uuid) {
    let user = app.account_without_role("du.phong");
    app.keep_house();
    let grant = app.grant(&user, Role::ProgrammeOfficer, None, Some("G34-P01"));
    (user, grant)
}

/// A body that nobody's rights depend on.
pub fn new_person() -> serde_json::Value {
    json!({"name": "Phạm Thị Mới", "sex": "female", "birth": {"precision": "year", "year": 1999}})
}
