//! What the leaders of the demo's groups recorded: sessions, people met, stock, referrals, and one thing that two phones
//! said differently. It goes through the rules of the sync, as from a phone.

use chrono::{Datelike as _, NaiveDate, TimeDelta};
use rand::RngExt as _;
use rand::rngs::StdRng;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use uuid::Uuid;

use super::cast::Led;
use super::dice::{chance, pick, weighted};
use super::load::at;
use crate::accounts::Actor;
use crate::app::App;
use crate::clock::Random;
use crate::db::types::{
    AccountId, CodeLinkId, ContactReferralId, DeviceId, Instant, LoginSessionId, OperationId, OrganisationId,
};
use crate::db::{DbConnection, Size};
use crate::error::AppError;
use crate::grants::{HeldRole, Role};
use crate::outreach::referrals::rules::{self as referrals, Answer};
use crate::outreach::sync::operation::{Hand, Keys};
use crate::outreach::sync::{Setting, apply_part, read_all};

/// Days over which the group recorded.
const DAYS: i64 = 300;
/// People the group meets again and again.
const REGULARS: u8 = 45;
/// The first four letters of given names.
const NAMES: [&str; 12] = ["Hoa", "Lan", "Mai", "Hươn", "Linh", "Tran", "Ngọc", "Thủy", "Yến", "Dung", "Nga", "Phươ"];

/// What was recorded on one evening.
struct Evening {
    at: Instant,
    operations: Vec<Box<RawValue>>,
    /// The referral that is among them, and whether the person was served.
    referral: Option<(Uuid, bool)>,
}

/// A phone of the group.
struct Phone<'a> {
    ids: &'a Random,
    led: &'a Led,
}

/// Makes what the group recorded until yesterday, and stores it.
pub(super) fn make(app: &App, ids: &Random, rng: &mut StdRng, led: &Led) -> Result<(), AppError> {
    let today = app.clock.today();
    let phone = Phone { ids, led };
    let mut evenings = Vec::new();
    let mut day = today - TimeDelta::days(DAYS);
    let mut month = None;
    while day < today {
        let stocked = month.replace(day.format("%Y-%m").to_string());
        evenings.push(phone.evening(rng, day, stocked != month, day + TimeDelta::days(9) >= today)?);
        day += TimeDelta::days(rng.random_range(5..=8));
    }
    let device = DeviceId(ids.uuid());
    let (app, led) = (app.clone(), led.clone());
    let link = CodeLinkId(ids.uuid());
    let key = app.vault.group_key_now(led.group, app.clock.now())?;
    app.clone().db.write_sized_now(Size::Large, move |conn| {
        let hand = Hand { account: led.leader, device, group: led.group };
        let setting = Setting { hand, author: led.leader, clock_ahead_seconds: 0, key: key.clone() };
        for evening in &evenings {
            store(conn, &app, &led, &setting, evening, link)?;
        }
        Ok(())
    })
}

fn store(
    conn: &mut DbConnection,
    app: &App,
    led: &Led,
    setting: &Setting,
    evening: &Evening,
    link: CodeLinkId,
) -> Result<(), AppError> {
    let keys = Keys { server: &app.ring.server, programme: &app.ring.programme, today: evening.at.civil_date() };
    let (asked, unread) = read_all(&evening.operations, setting.hand, keys);
    let leader = actor(led.leader, Role::PeerLeader, led.group, evening.at);
    let applied = apply_part(conn, &leader, app, setting, &asked)?;
    if let Some(refused) = unread.iter().chain(&applied).find(|outcome| !outcome.errors.is_empty()) {
        return Err(AppError::internal(format!("an operation of the demo is refused: {:?}", refused.errors)));
    }
    let Some((operation, served)) = evening.referral else { return Ok(()) };
    let id = ContactReferralId(setting.hand.record_of(keys.server, OperationId(operation)));
    let day = evening.at.civil_date() + TimeDelta::days(2);
    let service = actor(led.manager, Role::CentreManager, led.centre, at(day, 0));
    referrals::answer(conn, &service, &app.trail, (id, 1), Answer::Arrived(day, None), link)?;
    if served {
        referrals::answer(conn, &service, &app.trail, (id, 2), Answer::Served(day), link)?;
    }
    Ok(())
}

fn actor(account: AccountId, role: Role, organisation: OrganisationId, now: Instant) -> Actor {
    let roles = vec![HeldRole { role, organisation: Some(organisation), admin_unit: None }];
    Actor { account, session: LoginSessionId(Uuid::nil()), roles, now }
}

/// What an operation is about: what another one of the same phone made.
enum About {
    Nothing,
    Session(Uuid),
    Record(Uuid),
}

impl Phone<'_> {
    /// `fresh`: stock came in that day. `open`: what was asked of others has not been answered yet.
    fn evening(&self, rng: &mut StdRng, day: NaiveDate, fresh: bool, open: bool) -> Result<Evening, AppError> {
        let (mut told, mut referral) = (Vec::new(), None);
        for (commodity, quantity) in if fresh { [("condom", 300), ("leaflet", 60)].as_slice() } else { &[] } {
            let stock = json!({"commodity": commodity, "kind": "received", "quantity": quantity, "moved_on": day});
            told.push(self.operation(day, "stock_move", &About::Nothing, &stock).1);
        }
        let (session, made) = self.operation(day, "session_create", &About::Nothing, &self.session(rng, day));
        told.push(made);
        for _ in 0..rng.random_range(3..=7) {
            let agrees = chance(rng, 0.12);
            let fields = contact(rng, day, agrees);
            let (contact, met) = self.operation(day, "contact_create", &About::Session(session), &fields);
            told.push(met);
            if agrees && (open || referral.is_none()) {
                let asked = json!({"to_organisation_id": self.led.centre, "service_type": "psychological",
                    "agreed_on": day, "message": "Sẽ đến vào buổi sáng, cầm theo thẻ của nhóm."});
                let (sent, asked) = self.operation(day, "referral_send", &About::Record(contact), &asked);
                told.push(asked);
                referral = (!open).then(|| (sent, chance(rng, 0.7)));
            }
        }
        if chance(rng, 0.3) {
            let add = rng.random_range(5..=20);
            let counts = json!({"counts": [{"sex": "female", "age_band": "18_24", "seen": "unknown", "add": add}]});
            told.push(self.operation(day, "tally_add", &About::Session(session), &counts).1);
        }
        if open {
            // Another phone of the group had seen another place, and says a third.
            let said = json!({"venue": {"from": "home", "to": "group_meeting"}});
            told.push(self.operation(day, "session_change", &About::Record(session), &said).1);
        }
        let operations: Result<Vec<_>, _> = told.iter().map(|told| RawValue::from_string(told.to_string())).collect();
        let operations = operations.map_err(|error| AppError::internal(error.to_string()))?;
        // Nine in the evening.
        Ok(Evening { at: at(day, 12 * 60), operations, referral })
    }

    fn operation(&self, day: NaiveDate, kind: &str, about: &About, body: &Value) -> (Uuid, Value) {
        let id = self.ids.uuid();
        let (session, record) = match about {
            About::Nothing => (None, None),
            About::Session(made) => (Some(json!({"operation": made})), None),
            About::Record(made) => (None, Some(json!({"operation": made}))),
        };
        let at = at(day, 11 * 60);
        (id, json!({"id": id, "at": at, "kind": kind, "session": session, "record": record, "body": body}))
    }

    fn session(&self, rng: &mut StdRng, day: NaiveDate) -> Value {
        let communes = if day <= NaiveDate::from_ymd_opt(2025, 6, 30).unwrap_or_default() {
            &self.led.old_communes
        } else {
            &self.led.communes
        };
        json!({
            "held_on": day,
            "unit_code": communes.first(),
            "venue": weighted(rng, &[(4, "street"), (3, "establishment"), (1, "online")]),
            "workers": if chance(rng, 0.5) { vec![1, 2] } else { vec![1] },
            "topics": if chance(rng, 0.5) { vec!["hiv", "sexual_health"] } else { vec!["gender_violence", "services_nearby"] },
            "supplies": {"condom": rng.random_range(20..=90), "leaflet": rng.random_range(3..=12)},
            "note": chance(rng, 0.2).then_some("Trời mưa, ít người; lần sau mang thêm tờ rơi."),
        })
    }
}

/// Somebody met: six in ten say something from which a code is made, and are met again.
fn contact(rng: &mut StdRng, day: NaiveDate, agrees: bool) -> Value {
    let regular = rng.random_range(0..REGULARS);
    let name = |number: u8| NAMES.get(usize::from(number) % NAMES.len()).copied().unwrap_or_default();
    let code = json!({"said": {"own_letters": name(regular), "mother_letters": name(regular / 5), "day": 1 + regular % 28,
        "month": 1 + regular % 12, "year": 1980 + i32::from(regular) % 25, "place": 1 + regular % 4}});
    json!({
        "worker": rng.random_range(1..=2),
        "code": chance(rng, 0.6).then_some(code),
        "category": weighted(rng, &[(6, Some("person_selling_sex")), (2, Some("establishment_worker")), (2, None)]),
        "sex": weighted(rng, &[(8, "female"), (1, "male"), (1, "other")]),
        "age_band": pick(rng, &["18_24", "25_34", "25_34", "35_49"]),
        "seen": if day.month() < 3 || chance(rng, 0.3) { "new" } else { "repeat" },
        "topics": ["hiv"],
        "needs": if agrees { vec!["psychological"] } else { Vec::new() },
        "violence": weighted(rng, &[(5, "no"), (3, "not_asked"), (1, "yes")]),
        "referral": if agrees { "accepted" } else { weighted(rng, &[(3, "not_offered"), (1, "declined")]) },
        "follow_up_agreed": agrees,
    })
}
