//! Reading one operation: from its text to what is to be done, or to why that cannot be.

use std::collections::BTreeMap;

use chrono::Datelike as _;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use super::operation::{
    Asked, CodeAsSeen, ContactAsSeen, Deed, FieldChange, Hand, Keys, Operation, OperationKind, People, RecordRef,
    SessionAsSeen, TallySteps, Unread, object,
};
use crate::db::types::OrganisationId;
use crate::error::{AppError, FieldError, PlainForm, Rule};
use crate::http::extract::{parse_json, plain_name};
use crate::outreach::clients::{client_handle, keyed_code};
use crate::outreach::codes::ContactCode;
use crate::outreach::sessions::fields::{ContactFields, KeptContact, SessionFields};
use crate::outreach::sessions::views::TallyView;
use crate::vault::ServerKey;

/// Reads one operation.
///
/// # Errors
/// Why it cannot be read, by field.
pub fn read(position: usize, raw: &RawValue, hand: Hand, keys: Keys<'_>) -> Result<Asked, Unread> {
    let unread = |id, errors| Unread { position, id, errors };
    let operation: Operation = parse_json(raw.get().as_bytes()).map_err(|error| unread(None, fields_of(error)))?;
    let id = operation.id;
    // What no calendar of ours holds would not read back.
    if !(1900..=2200).contains(&operation.at.0.year()) {
        return Err(unread(Some(id), vec![FieldError::new("at", Rule::Format(PlainForm::DayOnRecord.into()))]));
    }
    let read = deed(&operation, hand, keys).map_err(|errors| unread(Some(id), errors))?;
    let (record, may_come, deed) = read;
    let body_mac = operation_mac(keys.server, raw);
    Ok(Asked { position, id, told_at: operation.at, body_mac, record, may_come, deed })
}

/// The same operation has the same MAC, in whatever order its fields are sent.
fn operation_mac(server: &ServerKey, raw: &RawValue) -> Vec<u8> {
    let value: Value = serde_json::from_str(raw.get()).unwrap_or_default();
    let mac = server.mac("outreach operation", &[value.to_string().as_bytes()]);
    mac.into_iter().take(16).collect()
}

fn deed(operation: &Operation, hand: Hand, keys: Keys<'_>) -> Result<(Uuid, bool, Deed), Vec<FieldError>> {
    let made = hand.record_of(keys.server, operation.id);
    let body = operation.body.get();
    match operation.kind {
        OperationKind::SessionCreate => {
            no(operation.record, "record").and(no(operation.session, "session"))?;
            Ok((made, false, Deed::CreateSession(fields::<SessionFields>(body)?.tidied())))
        }
        OperationKind::ContactCreate => {
            no(operation.record, "record")?;
            let (session, may_come) = hand.resolve(keys.server, required(operation.session, "session")?);
            let contact = keyed(fields::<ContactFields<ContactCode>>(body)?, keys)?.tidied();
            Ok((made, may_come, Deed::CreateContact(session, contact)))
        }
        OperationKind::TallyAdd => {
            no(operation.record, "record")?;
            let (session, may_come) = hand.resolve(keys.server, required(operation.session, "session")?);
            Ok((session, may_come, Deed::Tally(fields::<TallySteps>(body)?.counts)))
        }
        OperationKind::StockMove => {
            no(operation.record, "record").and(no(operation.session, "session"))?;
            Ok((made, false, Deed::Stock(fields(body)?)))
        }
        OperationKind::ReferralSend => {
            no(operation.session, "session")?;
            let (contact, may_come) = hand.resolve(keys.server, required(operation.record, "record")?);
            Ok((made, may_come, Deed::Refer(contact, fields(body)?)))
        }
        kind => {
            no(operation.session, "session")?;
            let (record, may_come) = hand.resolve(keys.server, required(operation.record, "record")?);
            Ok((record, may_come, of_record(kind, body, hand, keys)?))
        }
    }
}

fn of_record(kind: OperationKind, body: &str, hand: Hand, keys: Keys<'_>) -> Result<Deed, Vec<FieldError>> {
    let form = || vec![FieldError::new("body", Rule::Format(PlainForm::FieldChange.into()))];
    let changes = || -> Result<BTreeMap<String, FieldChange>, Vec<FieldError>> {
        let told: BTreeMap<String, Value> = serde_json::from_str(body).map_err(|_| form())?;
        if told.is_empty() {
            return Err(form());
        }
        let change = |(field, change): (String, Value)| {
            let named = format!("body.{}", plain_name(&field));
            let wrong = |_| vec![FieldError::new(named, Rule::Format(PlainForm::FieldChange.into()))];
            serde_json::from_value(change).map_err(wrong).map(|change| (field, change))
        };
        told.into_iter().map(change).collect()
    };
    Ok(match kind {
        OperationKind::ReferralCancel => Deed::CancelReferral,
        OperationKind::SessionChange => Deed::ChangeSession(changes()?),
        OperationKind::ContactChange => {
            let mut changes = changes()?;
            if let Some(change) = changes.get_mut("code") {
                change.from = code_as_seen(&change.from, keys)?;
                change.to = new_code(&change.to, keys)?;
            }
            Deed::ChangeContact(changes)
        }
        OperationKind::SessionRemove => {
            let seen: SessionAsSeen = fields(body)?;
            let people = people(seen.contacts, seen.tallies, hand, keys)?;
            Deed::RemoveSession(object(&seen.session.tidied()), people)
        }
        _ => Deed::RemoveContact(contact_as_seen(serde_json::from_str(body).map_err(|_| form())?, keys)?),
    })
}

fn contact_as_seen(mut seen: Map<String, Value>, keys: Keys<'_>) -> Result<Map<String, Value>, Vec<FieldError>> {
    let code = code_as_seen(seen.get("code").unwrap_or(&Value::Null), keys)?;
    seen.insert("code".into(), code);
    let text = Value::Object(seen).to_string();
    Ok(object(&fields::<KeptContact>(&text)?.tidied()))
}

fn people(
    contacts: Vec<ContactAsSeen>,
    tallies: Vec<TallyView>,
    hand: Hand,
    keys: Keys<'_>,
) -> Result<People, Vec<FieldError>> {
    let mut people = People::default();
    for (place, ContactAsSeen { record, contact }) in contacts.into_iter().enumerate() {
        let named = |error: FieldError| {
            let field = error.field.strip_prefix("body.").unwrap_or(&error.field);
            FieldError::new(format!("body.contacts[{place}].contact.{field}"), error.rule)
        };
        let seen =
            contact_as_seen(contact, keys).map_err(|errors| errors.into_iter().map(named).collect::<Vec<_>>())?;
        people.contacts.insert(hand.resolve(keys.server, record).0, seen);
    }
    let shown = tallies.into_iter().filter(|tally| tally.count > 0);
    people.counted = shown.map(|tally| ((tally.sex, tally.age_band, tally.seen), tally.count)).collect();
    Ok(people)
}

/// How a handle stands where a keyed code would: no keyed code begins so.
const HANDLE: &str = "handle:";
/// Characters a handle has at the most.
const HANDLE_LENGTH: usize = 64;

/// Whether a code as a phone saw it is the one that is kept.
pub fn is_code(programme: &ServerKey, group: OrganisationId, kept: &Value, seen: &Value) -> bool {
    match (kept.as_str(), seen.as_str().and_then(|seen| seen.strip_prefix(HANDLE))) {
        (Some(kept), Some(handle)) => client_handle(programme, group, kept) == handle,
        _ => kept == seen,
    }
}

fn code_as_seen(value: &Value, keys: Keys<'_>) -> Result<Value, Vec<FieldError>> {
    match serde_json::from_value(value.clone()) {
        Ok(None) => Ok(Value::Null),
        Ok(Some(CodeAsSeen::Handle(handle))) if handle.len() <= HANDLE_LENGTH => Ok(format!("{HANDLE}{handle}").into()),
        Ok(Some(CodeAsSeen::Code(code))) => {
            keyed_code(&code, keys.programme, keys.today).map(Value::from).map_err(|e| below("code", e))
        }
        Ok(Some(CodeAsSeen::Handle(_))) | Err(_) => Err(vec![not_a_code()]),
    }
}

fn new_code(value: &Value, keys: Keys<'_>) -> Result<Value, Vec<FieldError>> {
    let code: Option<ContactCode> = serde_json::from_value(value.clone()).map_err(|_| vec![not_a_code()])?;
    let keyed = code
        .map(|code| keyed_code(&code, keys.programme, keys.today))
        .transpose()
        .map_err(|errors| below("code", errors))?;
    Ok(keyed.into())
}

fn not_a_code() -> FieldError {
    FieldError::new("body.code", Rule::Format(PlainForm::ContactCode.into()))
}

fn keyed(told: ContactFields<ContactCode>, keys: Keys<'_>) -> Result<KeptContact, Vec<FieldError>> {
    let code = told.code.as_ref().map(|code| keyed_code(code, keys.programme, keys.today)).transpose();
    let code = code.map_err(|errors| below("code", errors))?;
    let ContactFields { worker, category, sex, age_band, seen, topics, needs, violence, trafficking, child, .. } = told;
    let ContactFields { referral, follow_up_agreed, note, .. } = told;
    Ok(ContactFields {
        worker,
        code,
        category,
        sex,
        age_band,
        seen,
        topics,
        needs,
        violence,
        trafficking,
        child,
        referral,
        follow_up_agreed,
        note,
    })
}

fn below(field: &str, errors: Vec<FieldError>) -> Vec<FieldError> {
    let named = |error: FieldError| FieldError::new(format!("body.{field}.{}", error.field), error.rule);
    errors.into_iter().map(named).collect()
}

fn no(given: Option<RecordRef>, field: &'static str) -> Result<(), Vec<FieldError>> {
    if given.is_some() { Err(vec![FieldError::new(field, Rule::Unknown)]) } else { Ok(()) }
}

fn required(given: Option<RecordRef>, field: &'static str) -> Result<RecordRef, Vec<FieldError>> {
    given.ok_or_else(|| vec![FieldError::new(field, Rule::Required)])
}

fn fields<T: DeserializeOwned + Validate + ToSchema>(body: &str) -> Result<T, Vec<FieldError>> {
    let named = |error: FieldError| match error.field.as_str() {
        "body" => error,
        "code" => not_a_code(),
        field => FieldError::new(format!("body.{field}"), error.rule.clone()),
    };
    parse_json(body.as_bytes()).map_err(|error| fields_of(error).into_iter().map(named).collect())
}

/// The broken rules of what could not be read.
pub(super) fn fields_of(error: AppError) -> Vec<FieldError> {
    match error {
        AppError::Malformed(fields) | AppError::Invalid(fields) => fields,
        _ => vec![FieldError::new("body", Rule::Format(PlainForm::Described.into()))],
    }
}
