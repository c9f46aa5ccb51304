//! A small province: two centres, partners, and an account of every role.

use diesel::prelude::*;
use hoanhap::accounts::model::{AccountGrant, AccountState, new_account};
use hoanhap::accounts::rules::insert_account;
use hoanhap::db::schema::{account_grants, accounts, organisations};
use hoanhap::db::types::{AccountId, GrantId, OrganisationId};
use hoanhap::grants::Role;
use hoanhap::organisations::OrganisationKind;
use hoanhap::organisations::model::Organisation;
use secrecy::SecretString;
use uuid::Uuid;

use super::client::PASSWORD;
use super::{TestApp, User};

/// Province of the world.
pub const PROVINCE: &str = "G34-P01";
/// A commune of today.
pub const COMMUNE: &str = "G34-C00004";
/// A commune that ended on 30/06/2025.
pub const OLD_COMMUNE: &str = "G63-C00001";

/// Organisations and accounts.
#[derive(Debug)]
pub struct World {
    pub centre: Uuid,
    pub other_centre: Uuid,
    pub school: Uuid,
    pub lender: Uuid,
    pub shelter: Uuid,
    pub clinic: Uuid,
    pub office: Uuid,
    pub group: Uuid,
    pub administrator: User,
    pub manager: User,
    pub worker: User,
    pub second_worker: User,
    pub counsellor: User,
    pub other_manager: User,
    pub other_worker: User,
    pub commune_officer: User,
    pub peer_leader: User,
    pub teacher: User,
    pub banker: User,
    pub shelter_keeper: User,
    pub programme_officer: User,
    pub return_officer: User,
    pub supervisor: User,
    pub auditor: User,
}

impl World {
    /// Makes it.
    pub fn build(app: &TestApp) -> Self {
        use OrganisationKind as Kind;
        let centre = app.organisation(Kind::SocialWorkCentre, "Trung tâm Công tác xã hội một");
        let other_centre = app.organisation(Kind::SocialWorkCentre, "Trung tâm Công tác xã hội hai");
        let school = app.organisation(Kind::VocationalSchool, "Trường Trung cấp nghề");
        let lender = app.organisation(Kind::Lender, "Phòng giao dịch vốn vay");
        let shelter = app.organisation(Kind::VictimSupportFacility, "Nhà tạm lánh");
        let clinic = app.organisation(Kind::HealthFacility, "Trung tâm Y tế");
        let office = app.organisation(Kind::CommuneOffice, "Ủy ban nhân dân phường");
        let group = app.organisation(Kind::PeerGroup, "Nhóm đồng đẳng");
        let within = |name: &str, role, organisation| app.account(name, role, Some(organisation), None);
        let over = |name: &str, role, unit: Option<&str>| app.account(name, role, None, unit);
        Self {
            administrator: over("quantri", Role::Administrator, None),
            manager: within("quanly", Role::CentreManager, centre),
            worker: within("nhanvien", Role::SocialWorker, centre),
            second_worker: within("nhanvien2", Role::SocialWorker, centre),
            counsellor: within("thamvan", Role::Counsellor, centre),
            other_manager: within("quanly.hai", Role::CentreManager, other_centre),
            other_worker: within("nhanvien.hai", Role::SocialWorker, other_centre),
            commune_officer: within("canboxa", Role::CommuneOfficer, office),
            peer_leader: within("dongdang", Role::PeerLeader, group),
            teacher: within("giaovien", Role::Partner, school),
            banker: within("tindung", Role::Partner, lender),
            shelter_keeper: within("nhatamlanh", Role::Partner, shelter),
            programme_officer: over("chuongtrinh", Role::ProgrammeOfficer, Some(PROVINCE)),
            return_officer: over("baocao", Role::ReturnOfficer, Some(PROVINCE)),
            supervisor: over("giamsat", Role::Supervisor, Some("VN")),
            auditor: over("kiemtoan", Role::Auditor, None),
            centre,
            other_centre,
            school,
            lender,
            shelter,
            clinic,
            office,
            group,
        }
    }
}

impl TestApp {
    /// An organisation that has worked for long.
    pub fn organisation(&self, kind: OrganisationKind, name: &str) -> Uuid {
        let id = Uuid::from_bytes(self.state().random.bytes());
        let row = Organisation {
            id: OrganisationId(id),
            kind,
            name: name.to_owned(),
            admin_unit_code: PROVINCE.to_owned(),
            valid_from: "2015-01-01".parse().expect("a day"),
            valid_to: None,
            created_at: self.clock.now(),
            version: 1,
        };
        let write = move |conn: &mut _| Ok(diesel::insert_into(organisations::table).values(&row).execute(conn)?);
        self.state().db.write_now(write).expect("an organisation is made");
        id
    }

    /// An active account with one role.
    pub fn account(&self, username: &str, role: Role, organisation: Option<Uuid>, unit: Option<&str>) -> User {
        let user = self.account_without_role(username);
        self.grant(&user, role, organisation, unit);
        user
    }

    /// An active account that may do nothing yet.
    pub fn account_without_role(&self, username: &str) -> User {
        let hash = self.state().passwords.hash_now(&SecretString::from(PASSWORD)).expect("a hash");
        let id = self.state().random.uuid();
        let row = new_account(AccountId(id), username, username, Some(hash), self.clock.now());
        self.state().db.write_now(move |conn| insert_account(conn, &row)).expect("an account is made");
        User::new(id, username)
    }

    /// One more role of an account; returns the grant's id.
    pub fn grant(&self, user: &User, role: Role, organisation: Option<Uuid>, unit: Option<&str>) -> Uuid {
        let id = self.state().random.uuid();
        let row = AccountGrant {
            id: GrantId(id),
            account_id: AccountId(user.id),
            role,
            organisation_id: organisation.map(OrganisationId),
            admin_unit_code: unit.map(str::to_owned),
            granted_at: self.clock.now(),
            revoked_at: None,
        };
        let write = move |conn: &mut _| Ok(diesel::insert_into(account_grants::table).values(&row).execute(conn)?);
        self.state().db.write_now(write).expect("a role is granted");
        id
    }

    /// Puts an account into a state behind the program's back; its sessions stay as they are.
    pub fn force_state(&self, user: &User, state: AccountState) {
        let id = AccountId(user.id);
        let write = move |conn: &mut _| {
            Ok(diesel::update(accounts::table.find(id)).set(accounts::state.eq(state)).execute(conn)?)
        };
        self.state().db.write_now(write).expect("a state is set");
    }
}
