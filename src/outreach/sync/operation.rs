//! One thing that was done on a phone, as it is sent.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use crate::db::types::{AccountId, DeviceId, Instant, OperationId, OrganisationId, text_enum};
use crate::error::FieldError;
use crate::outreach::codes::ContactCode;
use crate::outreach::referrals::model::ContactReferralFields;
use crate::outreach::reports::stock::StockMoveFields;
use crate::outreach::sessions::fields::{ContactFields, KeptContact, SessionFields};
use crate::outreach::sessions::model::{AgeBand, Seen};
use crate::outreach::sessions::views::TallyView;
use crate::persons::model::Sex;
use crate::vault::ServerKey;

text_enum! {
    /// What was done.
    OperationKind {
        /// A session was recorded. Body: the session.
        SessionCreate = "session_create",
        /// Fields of a session were changed. Body: for each field, `from` as the phone saw it and `to`.
        SessionChange = "session_change",
        /// A session was taken away. Body: `session` as the phone saw it, with its `contacts` and `tallies`.
        SessionRemove = "session_remove",
        /// Somebody met was recorded, in `session`. Body: the contact.
        ContactCreate = "contact_create",
        /// Fields of a contact were changed. Body: for each field, `from` as the phone saw it and `to`.
        ContactChange = "contact_change",
        /// A contact was taken away. Body: the contact as the phone saw it; its code may be told by its handle.
        ContactRemove = "contact_remove",
        /// People met in a group were counted, in `session`. Body: `counts`, the steps of counters.
        TallyAdd = "tally_add",
        /// Somebody met who agrees was referred to a service. `record` is the contact. Body: the referral.
        ReferralSend = "referral_send",
        /// A referral that the service has not answered was taken back. `record` is the referral. Body: empty.
        ReferralCancel = "referral_cancel",
        /// Stock came in or went out otherwise than in a session. Body: the move.
        StockMove = "stock_move",
    }
}

/// A session or contact: by its id, or by the operation of this same device that made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RecordRef {
    /// Its id.
    Id(Uuid),
    /// The operation that made it.
    Operation(OperationId),
}

/// One thing that was done on a phone.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Operation {
    /// A number that this device gave to nothing else (UUID, made at random).
    pub id: OperationId,
    /// When, by the clock of the phone.
    pub at: Instant,
    /// What.
    pub kind: OperationKind,
    /// What is changed or taken away.
    #[serde(default)]
    pub record: Option<RecordRef>,
    /// The session of a new contact or of a count.
    #[serde(default)]
    pub session: Option<RecordRef>,
    /// What the kind says.
    #[schema(value_type = OperationBody)]
    pub body: Box<RawValue>,
}

/// The body of an operation, by its kind.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "it describes bodies, which are read by their kind")]
enum OperationBody {
    /// Of `session_create`.
    Session(SessionFields),
    /// Of `contact_create`.
    Contact(ContactFields<ContactCode>),
    /// Of `contact_remove`.
    ContactAsSeen(ContactFields<CodeAsSeen>),
    /// Of `session_change` and `contact_change`, by field; empty of `referral_cancel`.
    Changes(BTreeMap<String, FieldChange>),
    /// Of `session_remove`.
    SessionAsSeen(SessionAsSeen),
    /// Of `tally_add`.
    Tally(TallySteps),
    /// Of `referral_send`.
    Referral(ContactReferralFields),
    /// Of `stock_move`.
    Stock(StockMoveFields),
}

/// The code of a contact as a phone saw it: by its handle, which is read as `client`, or as it was typed in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum CodeAsSeen {
    /// By its handle.
    Handle(String),
    /// As it was typed in.
    Code(ContactCode),
}

/// A field as the phone saw it, and what it becomes.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FieldChange {
    /// As the phone saw it.
    pub from: Value,
    /// What it becomes.
    pub to: Value,
}

/// A step of one counter of a group contact.
#[derive(Debug, Clone, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TallyStep {
    /// Sex.
    pub sex: Sex,
    /// Age.
    pub age_band: AgeBand,
    /// Met before in the year or not.
    pub seen: Seen,
    /// So many more; below nought takes back.
    #[validate(range(min = -1000, max = 1000))]
    pub add: i32,
}

/// Steps of counters.
#[derive(Debug, Clone, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TallySteps {
    /// One for each kind of person.
    #[validate(length(min = 1, max = 100), nested)]
    pub counts: Vec<TallyStep>,
}

/// A session as the phone saw it that takes it away.
#[derive(Debug, Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SessionAsSeen {
    /// Its fields.
    #[validate(nested)]
    pub session: SessionFields,
    /// Contacts it holds.
    #[validate(length(max = 5000))]
    pub contacts: Vec<ContactAsSeen>,
    /// Its counters as they were shown; one that is left out showed nobody.
    #[validate(length(max = 100))]
    pub tallies: Vec<TallyView>,
}

/// A contact of a session that is taken away.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ContactAsSeen {
    /// The contact.
    pub record: RecordRef,
    /// Its fields, under the names under which they are told; its code may be told by its handle.
    #[schema(value_type = ContactFields<CodeAsSeen>)]
    pub contact: Map<String, Value>,
}

/// Who was met in a session, as the phone saw it: what came or changed unseen is not taken away with the rest.
#[derive(Debug, Clone, Default)]
pub struct People {
    /// Fields of contacts.
    pub contacts: BTreeMap<Uuid, Map<String, Value>>,
    /// Persons by counter, where there are any.
    pub counted: BTreeMap<(Sex, AgeBand, Seen), i32>,
}

/// Who did it, on which device, in which group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hand {
    /// Account.
    pub account: AccountId,
    /// Device.
    pub device: DeviceId,
    /// Group.
    pub group: OrganisationId,
}

/// Keys that operations are read with.
#[derive(Debug, Clone, Copy)]
pub struct Keys<'a> {
    /// Of the server.
    pub server: &'a ServerKey,
    /// Of the programme: it keys contact codes.
    pub programme: &'a ServerKey,
    /// Today: nobody is born later.
    pub today: NaiveDate,
}

/// An operation that could be read.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Place in the batch.
    pub position: usize,
    /// Its number.
    pub id: OperationId,
    /// When, by the phone's clock.
    pub told_at: Instant,
    /// By what another operation under the same number is noticed.
    pub body_mac: Vec<u8>,
    /// The record it makes, changes or takes away.
    pub record: Uuid,
    /// Whether what it is about was made by an operation that may still be under way.
    pub may_come: bool,
    /// What.
    pub deed: Deed,
}

/// What is to be done.
#[derive(Debug, Clone)]
pub enum Deed {
    /// Record a session.
    CreateSession(SessionFields),
    /// Record a contact in a session.
    CreateContact(Uuid, KeptContact),
    /// Change fields of a session.
    ChangeSession(BTreeMap<String, FieldChange>),
    /// Change fields of a contact.
    ChangeContact(BTreeMap<String, FieldChange>),
    /// Take a session away that looks like this and holds these.
    RemoveSession(Map<String, Value>, People),
    /// Take a contact away that looks like this.
    RemoveContact(Map<String, Value>),
    /// Count people in a session.
    Tally(Vec<TallyStep>),
    /// Move stock.
    Stock(StockMoveFields),
    /// Refer a contact to a service.
    Refer(Uuid, ContactReferralFields),
    /// Take a referral back.
    CancelReferral,
}

impl Deed {
    /// What has to be there first comes first: sessions, then contacts, then what is done to them.
    pub fn rank(&self) -> u8 {
        match self {
            Self::CreateSession(_) => 0,
            Self::CreateContact(..) => 1,
            Self::CancelReferral => 3,
            _ => 2,
        }
    }

    /// The field of the operation that names what it is about.
    pub fn named_by(&self) -> &'static str {
        if matches!(self, Self::CreateContact(..) | Self::Tally(_)) { "session" } else { "record" }
    }
}

/// An operation that is refused, and why.
#[derive(Debug)]
pub struct Unread {
    /// Place in the batch.
    pub position: usize,
    /// Its number, where that could be read.
    pub id: Option<OperationId>,
    /// Why.
    pub errors: Vec<FieldError>,
}

impl Hand {
    /// The id of the record that an operation of this hand makes: the same however often it comes, and on any node.
    pub fn record_of(&self, server: &ServerKey, operation: OperationId) -> Uuid {
        self.derived(server, "outreach record", operation, &[])
    }

    /// A further id that belongs to an operation.
    pub fn derived(&self, server: &ServerKey, purpose: &str, operation: OperationId, part: &[u8]) -> Uuid {
        let of = [self.account.0.as_bytes().as_slice(), self.device.0.as_bytes(), operation.0.as_bytes(), part];
        let mac = server.mac(purpose, &of);
        let mut bytes = [0; 16];
        bytes.iter_mut().zip(mac).for_each(|(byte, made)| *byte = made);
        uuid::Builder::from_random_bytes(bytes).into_uuid()
    }

    /// The record that is named, and whether the operation that makes it may still be under way.
    pub fn resolve(&self, server: &ServerKey, of: RecordRef) -> (Uuid, bool) {
        match of {
            RecordRef::Id(id) => (id, false),
            RecordRef::Operation(operation) => (self.record_of(server, operation), true),
        }
    }
}

/// Fields as a JSON object, in which they are compared one by one.
pub fn object<T: Serialize>(fields: &T) -> Map<String, Value> {
    match serde_json::to_value(fields) {
        Ok(Value::Object(map)) => map,
        _ => Map::new(),
    }
}
