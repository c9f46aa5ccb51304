//! The organisations and accounts of the demo.

use chrono::NaiveDate;
use diesel::prelude::*;
use secrecy::SecretString;

use super::DemoAccount;
use super::groups::Groups;
use super::names::Region;
use super::programme::Officers;
use crate::accounts::model::{Account, AccountGrant, new_account};
use crate::accounts::rules as account_rules;
use crate::admin_units::Level;
use crate::app::App;
use crate::audit::{Subject, SubjectKind, TrailAction, record};
use crate::clock::Random;
use crate::db::DbConnection;
use crate::db::schema::{account_grants, organisations};
use crate::db::types::{AccountId, GrantId, Instant, OrganisationId};
use crate::error::AppError;
use crate::grants::Role;
use crate::organisations::OrganisationKind;
use crate::organisations::model::Organisation;
use crate::services::ServiceType;

/// A province that takes part: its weight among 100 people, how well its centre works, and how many workers it has.
struct Province {
    code: &'static str,
    short: &'static str,
    region: Region,
    weight: u32,
    strength: f64,
    workers: usize,
}

const PROVINCES: [Province; 6] = [
    Province { code: "G34-P01", short: "Hà Nội", region: Region::RedRiver, weight: 25, strength: 1.1, workers: 5 },
    Province {
        code: "G34-P79",
        short: "TP. Hồ Chí Minh",
        region: Region::South,
        weight: 30,
        strength: 1.0,
        workers: 6,
    },
    Province {
        code: "G34-P38",
        short: "Thanh Hóa",
        region: Region::NorthCentral,
        weight: 15,
        strength: 0.9,
        workers: 3,
    },
    Province { code: "G34-P37", short: "Ninh Bình", region: Region::RedRiver, weight: 12, strength: 1.2, workers: 3 },
    Province {
        code: "G34-P15",
        short: "Lào Cai",
        region: Region::NorthernMountains,
        weight: 10,
        strength: 0.85,
        workers: 2,
    },
    Province {
        code: "G34-P44",
        short: "Quảng Trị",
        region: Region::CentralCoast,
        weight: 8,
        strength: 0.95,
        workers: 2,
    },
];

const PARTNERS: [(OrganisationKind, &str); 6] = [
    (OrganisationKind::VocationalSchool, "Trường Trung cấp nghề minh họa"),
    (OrganisationKind::Lender, "Phòng giao dịch vốn vay minh họa"),
    (OrganisationKind::HealthFacility, "Trung tâm Y tế minh họa"),
    (OrganisationKind::LegalAidCentre, "Trung tâm Trợ giúp pháp lý minh họa"),
    (OrganisationKind::VictimSupportFacility, "Nhà tạm lánh minh họa"),
    (OrganisationKind::SocialOrganisation, "Hội hỗ trợ cộng đồng minh họa"),
];

/// Which accounts of a centre are shown with their passwords.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shown {
    /// One account a role, with those of a commune and of peers.
    Everybody,
    /// The manager and a worker, so that a case can be handed over from centre to centre.
    Receivers,
    /// None.
    Nobody,
}

impl Shown {
    /// Of the centre at this place in the list.
    fn of(position: usize) -> Self {
        match position {
            0 => Self::Everybody,
            1 => Self::Receivers,
            _ => Self::Nobody,
        }
    }
}

/// A centre with its people, partners and communes.
#[derive(Debug, Clone)]
pub(super) struct Centre {
    pub(super) id: OrganisationId,
    pub(super) region: Region,
    pub(super) weight: u32,
    pub(super) strength: f64,
    pub(super) manager: AccountId,
    /// A commune office that hands people over to the centre, and its officer.
    pub(super) office: Option<(OrganisationId, AccountId)>,
    pub(super) workers: Vec<AccountId>,
    pub(super) partners: Vec<(OrganisationKind, OrganisationId, AccountId)>,
    /// Communes of today.
    pub(super) communes: Vec<String>,
    /// Communes that lay in the same area until 30/06/2025.
    pub(super) old_communes: Vec<String>,
}

impl Centre {
    /// The communes of a day.
    pub(super) fn communes_on(&self, day: NaiveDate) -> &[String] {
        let last_old_day = NaiveDate::from_ymd_opt(2025, 6, 30).unwrap_or_default();
        if day <= last_old_day { &self.old_communes } else { &self.communes }
    }

    /// A partner that gives this service, and its account.
    pub(super) fn partner(&self, app: &App, service: ServiceType) -> Option<(OrganisationId, AccountId)> {
        let gives = |kind: OrganisationKind| app.services.is_given_by(service, kind);
        self.partners.iter().find(|(kind, ..)| gives(*kind)).map(|(_, id, account)| (*id, *account))
    }
}

/// A group with a leader whose account is shown.
#[derive(Debug, Clone)]
pub(super) struct Led {
    pub(super) group: OrganisationId,
    pub(super) leader: AccountId,
    pub(super) centre: OrganisationId,
    pub(super) manager: AccountId,
    /// Where it works.
    pub(super) communes: Vec<String>,
    /// Where it worked until 30/06/2025.
    pub(super) old_communes: Vec<String>,
}

/// Everybody who acts in the demo.
pub(super) struct Cast {
    pub(super) centres: Vec<Centre>,
    pub(super) led: Vec<Led>,
    /// Officers of the first centre's province.
    pub(super) officers: Officers,
    pub(super) accounts: Vec<DemoAccount>,
}

/// Whether a cast was made before.
pub(super) fn is_there(conn: &mut DbConnection) -> Result<bool, AppError> {
    Ok(diesel::select(diesel::dsl::exists(organisations::table.select(organisations::id))).get_result(conn)?)
}

struct Maker<'a> {
    app: &'a App,
    /// Ids come from the seed; secrets never do.
    ids: &'a Random,
    since: Instant,
    locked: String,
    accounts: Vec<DemoAccount>,
    rows: Vec<(Account, AccountGrant)>,
    organisations: Vec<Organisation>,
    groups: Groups,
    led: Vec<Led>,
}

/// Makes organisations and accounts and stores them.
pub(super) fn make(app: &App, ids: &Random, since: Instant) -> Result<Cast, AppError> {
    let locked = app.passwords.hash_now(&SecretString::from(app.random.uuid().to_string()))?;
    let mut maker = Maker {
        app,
        ids,
        since,
        locked,
        accounts: Vec::new(),
        rows: Vec::new(),
        organisations: Vec::new(),
        groups: Groups::default(),
        led: Vec::new(),
    };
    let mut centres = Vec::new();
    for (position, province) in PROVINCES.iter().enumerate() {
        centres.push(maker.centre(province, Shown::of(position))?);
    }
    let officers = maker.country(&centres)?;
    let Maker { accounts, rows, organisations, groups, led, .. } = maker;
    let trail = app.trail.clone();
    app.db.write_now(move |conn| {
        store(conn, &trail, &rows, &organisations, since)?;
        groups.store(conn, &trail, since)
    })?;
    Ok(Cast { centres, led, officers, accounts })
}

fn store(
    conn: &mut DbConnection,
    trail: &crate::audit::TrailKey,
    rows: &[(Account, AccountGrant)],
    organisations: &[Organisation],
    since: Instant,
) -> Result<(), AppError> {
    for organisation in organisations {
        diesel::insert_into(organisations::table).values(organisation).execute(conn)?;
        let subject = Subject::new(SubjectKind::Organisation, organisation.id.0);
        record(conn, trail, subject, None, TrailAction::Create, &["organisation"], since)?;
    }
    for (account, grant) in rows {
        account_rules::insert_account(conn, account)?;
        diesel::insert_into(account_grants::table).values(grant).execute(conn)?;
        let subject = Subject::new(SubjectKind::Account, account.id.0);
        record(conn, trail, subject, None, TrailAction::Create, &["username"], since)?;
        record(conn, trail, subject, None, TrailAction::RoleGrant, &[grant.role.as_str()], since)?;
    }
    Ok(())
}

impl Maker<'_> {
    fn centre(&mut self, province: &Province, shown: Shown) -> Result<Centre, AppError> {
        let slug = crate::text::fold(province.short).replace(". ", "").replace(' ', "");
        let name = format!("Trung tâm Công tác xã hội {} (minh họa)", province.short);
        let id = self.organisation(OrganisationKind::SocialWorkCentre, name, province.code);
        let (everybody, staff) = (shown == Shown::Everybody, shown != Shown::Nobody);
        let manager = self.account(Role::CentreManager, &format!("quanly.{slug}"), Some(id), None, staff)?;
        let mut workers = Vec::new();
        for number in 1..=province.workers {
            let username = format!("nhanvien{number}.{slug}");
            workers.push(self.account(Role::SocialWorker, &username, Some(id), None, staff && number == 1)?);
        }
        let mut of_commune = None;
        if everybody {
            self.account(Role::Counsellor, &format!("thamvan.{slug}"), Some(id), None, true)?;
            let office = self.organisation(
                OrganisationKind::CommuneOffice,
                format!("Ủy ban nhân dân phường minh họa, {}", province.short),
                province.code,
            );
            let officer = self.account(Role::CommuneOfficer, &format!("canboxa.{slug}"), Some(office), None, true)?;
            of_commune = Some((office, officer));
        }
        let mut partners = Vec::new();
        for (kind, name) in PARTNERS {
            let partner = self.organisation(kind, format!("{name}, {}", province.short), province.code);
            let username = format!("{kind}.{slug}").replace('_', "-");
            let account = self.account(Role::Partner, &username, Some(partner), None, everybody)?;
            partners.push((kind, partner, account));
        }
        let (communes, old_communes) = self.communes(province.code);
        let centre = Centre {
            id,
            region: province.region,
            weight: province.weight,
            strength: province.strength,
            manager,
            office: of_commune,
            workers,
            partners,
            communes,
            old_communes,
        };
        self.peers(province, &centre, everybody.then_some(&slug))?;
        Ok(centre)
    }

    /// The groups that a centre supports; the first has a leader whose account is shown, when there is a name for it.
    fn peers(&mut self, province: &Province, centre: &Centre, slug: Option<&String>) -> Result<(), AppError> {
        for (position, (_, name, ..)) in super::groups::KINDS.iter().enumerate() {
            let name = format!("{name}, {}", province.short);
            let group = self.organisation(OrganisationKind::PeerGroup, name, province.code);
            if let Some(slug) = slug.filter(|_| position == 0) {
                let leader = self.account(Role::PeerLeader, &format!("dongdang.{slug}"), Some(group), None, true)?;
                let (communes, old_communes) = (centre.communes.clone(), centre.old_communes.clone());
                let (centre, manager) = (centre.id, centre.manager);
                self.led.push(Led { group, leader, centre, manager, communes, old_communes });
            }
            self.groups.add(self.ids, self.since, self.app.clock.today(), centre, group, position);
        }
        Ok(())
    }

    fn country(&mut self, centres: &[Centre]) -> Result<Officers, AppError> {
        let province = "G34-P01";
        let commune = centres.first().and_then(|centre| centre.communes.first()).map_or(province, String::as_str);
        self.account(Role::Administrator, "quantri", None, None, true)?;
        let officer = self.account(Role::ProgrammeOfficer, "chuongtrinh", None, Some(province), true)?;
        let first = self.account(Role::ReturnOfficer, "baocao", None, Some(province), true)?;
        self.account(Role::Supervisor, "giamsat", None, Some("VN"), true)?;
        self.account(Role::Auditor, "kiemtoan", None, None, true)?;
        self.account(Role::ProgrammeOfficer, "chuongtrinh.phuong", None, Some(commune), true)?;
        let second = self.account(Role::ReturnOfficer, "baocao2", None, Some(province), true)?;
        Ok(Officers { province: province.to_owned(), officer, signers: [first, second] })
    }

    fn organisation(&mut self, kind: OrganisationKind, name: String, unit: &str) -> OrganisationId {
        let id = OrganisationId(self.ids.uuid());
        self.organisations.push(Organisation {
            id,
            kind,
            name,
            admin_unit_code: unit.to_owned(),
            valid_from: NaiveDate::from_ymd_opt(2016, 1, 1).unwrap_or_default(),
            valid_to: None,
            created_at: self.since,
            version: 1,
        });
        id
    }

    /// An account with one role. Those that are shown get a password in accounts.json;
    /// nobody knows the others'.
    fn account(
        &mut self,
        role: Role,
        username: &str,
        organisation_id: Option<OrganisationId>,
        admin_unit: Option<&str>,
        shown: bool,
    ) -> Result<AccountId, AppError> {
        let id = AccountId(self.ids.uuid());
        let hash = if shown {
            let password = self.app.random.uuid().simple().to_string();
            let hash = self.app.passwords.hash_now(&SecretString::from(password.clone()))?;
            self.accounts.push(DemoAccount { role: role.as_str(), username: username.to_owned(), password });
            hash
        } else {
            self.locked.clone()
        };
        let account = new_account(id, username, &format!("{username} (minh họa)"), Some(hash), self.since);
        let grant = AccountGrant {
            id: GrantId(self.ids.uuid()),
            account_id: id,
            role,
            organisation_id,
            admin_unit_code: admin_unit.map(str::to_owned),
            granted_at: self.since,
            revoked_at: None,
        };
        self.rows.push((account, grant));
        Ok(id)
    }

    fn communes(&self, province: &str) -> (Vec<String>, Vec<String>) {
        let units = &self.app.units;
        let today = self.app.clock.today();
        let last_old_day = NaiveDate::from_ymd_opt(2025, 6, 30).unwrap_or_default();
        let within = |unit: &crate::admin_units::AdminUnit| {
            unit.level == Level::Commune
                && units.province_on(&unit.code, today).is_some_and(|found| found.code == province)
        };
        // Only communes that stood through the whole old time, so that any day of it will do.
        let (mut new, mut old) = (Vec::new(), Vec::new());
        for unit in units.all().iter().filter(|unit| within(unit)) {
            if unit.valid_from.is_none() && unit.is_valid_on(last_old_day) {
                old.push(unit.code.clone());
            } else if unit.is_valid_on(today) && unit.valid_from == NaiveDate::from_ymd_opt(2025, 7, 1) {
                new.push(unit.code.clone());
            }
        }
        (new, old)
    }
}
