//! Extractors that refuse what the API description does not allow, with a problem
//! document that names the field and never repeats what was sent.

use actix_web::dev::Payload;
use actix_web::http::header::{CONTENT_TYPE, IF_MATCH};
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};
use chrono::{Datelike as _, NaiveDate};
use futures_util::StreamExt;
use serde::de::DeserializeOwned;
use std::fmt::Display;
use std::future::{Future, Ready, ready};
use std::pin::Pin;
use std::time::Duration;
use utoipa::ToSchema;
use validator::{Validate, ValidationErrors, ValidationErrorsKind};

use super::expected;
use super::missing::missing_fields;
use crate::error::{AppError, FieldError, Form, PlainForm, Rule};
use crate::text::is_hidden;

/// Bytes a JSON body may have.
pub const BODY_LIMIT: usize = 256 * 1024;
/// A body that has not arrived by then is given up.
const BODY_DEADLINE: Duration = Duration::from_secs(30);

/// A request body that checks itself.
pub trait Checked {
    /// Fields that break rules.
    fn broken_rules(&self) -> Vec<FieldError>;
}

impl<T: Validate> Checked for T {
    fn broken_rules(&self) -> Vec<FieldError> {
        match self.validate() {
            Ok(()) => Vec::new(),
            Err(errors) => field_errors("", &errors),
        }
    }
}

/// A JSON body of the described form whose fields keep their rules, and its bytes.
#[derive(Debug)]
pub struct Valid<T> {
    /// The body.
    pub body: T,
    /// The bytes as sent, which an idempotency key is bound to.
    pub bytes: web::Bytes,
}

impl<T: DeserializeOwned + Validate + ToSchema + 'static> FromRequest for Valid<T> {
    type Error = AppError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, AppError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let is_json = request.content_type().eq_ignore_ascii_case("application/json");
        let declared = request.headers().contains_key(CONTENT_TYPE);
        let mut payload = payload.take();
        Box::pin(async move {
            let bytes = read_body(&mut payload, BODY_LIMIT, BODY_DEADLINE).await?;
            if !is_json && (declared || !bytes.is_empty()) {
                return Err(AppError::UnsupportedMediaType);
            }
            // A request without fields may be sent without a body.
            let text: &[u8] = if bytes.is_empty() { b"{}" } else { &bytes };
            parse_json(text).map(|body| Self { body, bytes })
        })
    }
}

/// Reads one JSON object of the described form whose fields keep their rules.
///
/// # Errors
/// [`AppError::Malformed`] or [`AppError::Invalid`], naming the field.
pub fn parse_json<T: DeserializeOwned + Validate + ToSchema>(text: &[u8]) -> Result<T, AppError> {
    let mut json = serde_json::Deserializer::from_slice(text);
    let body: T = serde_path_to_error::deserialize(&mut json).map_err(|e| refused::<T, _>(&e, text))?;
    json.end().map_err(|_| malformed_field("body", PlainForm::Object))?;
    match body.broken_rules() {
        broken if broken.is_empty() => Ok(body),
        broken => Err(AppError::Invalid(broken)),
    }
}

/// Reads a whole body of so many bytes at the most, that arrives within `deadline`.
///
/// # Errors
/// When it is larger, breaks off, or is late.
pub async fn read_body(payload: &mut Payload, limit: usize, deadline: Duration) -> Result<web::Bytes, AppError> {
    let late = Form::BodyWithin { seconds: deadline.as_secs() };
    let read = tokio::time::timeout(deadline, read_up_to(payload, limit));
    read.await.map_err(|_| malformed_field("body", late))?
}

async fn read_up_to(payload: &mut Payload, limit: usize) -> Result<web::Bytes, AppError> {
    let mut bytes = web::BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| malformed_field("body", PlainForm::WholeBody))?;
        if bytes.len() + chunk.len() > limit {
            return Err(AppError::TooLarge { limit });
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes.freeze())
}

/// What the request as a whole lacks.
pub(crate) fn malformed_field(field: &str, expected: impl Into<Form>) -> AppError {
    AppError::Malformed(vec![FieldError::new(field, Rule::Format(expected.into()))])
}

/// What the reader of a body refused; where a field is missing, every one that is.
fn refused<T: ToSchema, E: Display>(error: &serde_path_to_error::Error<E>, text: &[u8]) -> AppError {
    let first = fault_of(error);
    let missing = if first.rule == Rule::Required { missing_fields::<T>(text) } else { Vec::new() };
    let others = missing.into_iter().filter(|field| *field != first.field);
    let others: Vec<FieldError> = others.map(|field| FieldError::new(field, Rule::Required)).collect();
    AppError::Malformed(std::iter::once(first).chain(others).collect())
}

fn fault_of<E: Display>(error: &serde_path_to_error::Error<E>) -> FieldError {
    let message = error.inner().to_string();
    let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(text, _)| text);
    let path = error.path().to_string();
    let path =
        if path == "." { "body".to_owned() } else { path.split('.').map(plain_name).collect::<Vec<_>>().join(".") };
    if let Some(name) = message.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`')) {
        let field = if path == "body" { name.to_owned() } else { format!("{path}.{name}") };
        return FieldError::new(field, Rule::Required);
    }
    if message.starts_with("unknown field") {
        return FieldError::new(path, Rule::Unknown);
    }
    FieldError::new(path, Rule::Format(expected::form_of(message)))
}

/// A field's name as it may be repeated: a client may have put somebody's name where a field's belongs.
pub(crate) fn plain_name(name: &str) -> &str {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '[' | ']' | '-');
    let digits = name.chars().take_while(|c| *c != '[').filter(char::is_ascii_digit).count();
    if name.len() <= 40 && digits <= 3 && name.chars().all(plain) { name } else { "?" }
}

fn field_errors(prefix: &str, errors: &ValidationErrors) -> Vec<FieldError> {
    let mut found = Vec::new();
    for (name, kind) in errors.errors() {
        let path = if prefix.is_empty() { name.to_string() } else { format!("{prefix}.{name}") };
        match kind {
            ValidationErrorsKind::Struct(inner) => found.extend(field_errors(&path, inner)),
            ValidationErrorsKind::List(items) => {
                for (index, inner) in items {
                    found.extend(field_errors(&format!("{path}[{index}]"), inner));
                }
            }
            ValidationErrorsKind::Field(errors) => {
                found.extend(errors.iter().map(|error| FieldError::new(path.clone(), rule_of(error))));
            }
        }
    }
    found.sort_by(|a, b| a.field.cmp(&b.field));
    found
}

fn rule_of(error: &validator::ValidationError) -> Rule {
    let bound =
        |name: &str, default: i64| error.params.get(name).and_then(serde_json::Value::as_i64).unwrap_or(default);
    match error.code.as_ref() {
        "length" => {
            let min = u64::try_from(bound("min", 0)).unwrap_or(0);
            let max = u64::try_from(bound("max", i64::from(u32::MAX))).unwrap_or(u64::MAX);
            let is_list = error.params.get("value").is_some_and(serde_json::Value::is_array);
            if is_list { Rule::Items { min, max } } else { Rule::Length { min, max } }
        }
        "range" => Rule::Range { min: bound("min", i64::MIN), max: bound("max", i64::MAX) },
        "control_character" => Rule::ControlCharacter,
        "required" => Rule::Required,
        "country" => Rule::Format(PlainForm::Country.into()),
        _ => Rule::Format(PlainForm::Described.into()),
    }
}

/// Text that people typed: no control characters but line breaks and tabs.
///
/// # Errors
/// `control_character` when there is one.
pub fn plain_text(text: &str) -> Result<(), validator::ValidationError> {
    if text.chars().any(|c| is_hidden(c) && !matches!(c, '\n' | '\r' | '\t')) {
        return Err(validator::ValidationError::new("control_character"));
    }
    Ok(())
}

/// Parameters of the query string; unknown ones are refused.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned + Validate> FromRequest for Query<T> {
    type Error = AppError;
    type Future = Ready<Result<Self, AppError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(parse_query(request.query_string()).map(Self))
    }
}

fn parse_query<T: DeserializeOwned + Validate>(query: &str) -> Result<T, AppError> {
    let typed_control = |text: &str| text.chars().any(is_hidden);
    if let Some((name, _)) = form_urlencoded::parse(query.as_bytes()).find(|(_, value)| typed_control(value)) {
        return Err(AppError::Invalid(vec![FieldError::new(plain_name(&name), Rule::ControlCharacter)]));
    }
    let pairs = serde_urlencoded::Deserializer::new(form_urlencoded::parse(query.as_bytes()));
    let parsed: T = serde_path_to_error::deserialize(pairs).map_err(|e| AppError::Malformed(vec![fault_of(&e)]))?;
    match parsed.broken_rules() {
        broken if broken.is_empty() => Ok(parsed),
        broken => Err(AppError::Invalid(broken)),
    }
}

/// Ids in the path. One that cannot be an id is answered like one that does not exist.
#[derive(Debug)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Path<T> {
    type Error = AppError;
    type Future = Ready<Result<Self, AppError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let parsed = web::Path::<T>::from_request(request, payload).into_inner();
        ready(parsed.map(|path| Self(path.into_inner())).map_err(|_| AppError::NotFound))
    }
}

/// The version of the record the client read, from `If-Match`.
#[derive(Debug, Clone, Copy)]
pub struct IfMatch(pub i32);

impl FromRequest for IfMatch {
    type Error = AppError;
    type Future = Ready<Result<Self, AppError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(match request.headers().get(IF_MATCH).map(|value| value.to_str()) {
            None => Err(AppError::VersionRequired),
            Some(Ok(text)) => parse_etag(text).map(Self),
            Some(Err(_)) => parse_etag("").map(Self),
        })
    }
}

/// The version of a record that may not be there yet: none makes the first.
#[derive(Debug, Clone, Copy)]
pub struct IfMatchOrFirst(pub Option<i32>);

impl FromRequest for IfMatchOrFirst {
    type Error = AppError;
    type Future = Ready<Result<Self, AppError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        if !request.headers().contains_key(IF_MATCH) {
            return ready(Ok(Self(None)));
        }
        ready(IfMatch::from_request(request, payload).into_inner().map(|version| Self(Some(version.0))))
    }
}

fn parse_etag(text: &str) -> Result<i32, AppError> {
    text.trim()
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .and_then(|digits| digits.parse().ok())
        .ok_or_else(|| malformed_field("If-Match", PlainForm::ETag))
}

/// Tells an absent field (`None`) from one that is `null` (`Some(None)`).
///
/// # Errors
/// When the value has the wrong form.
pub fn present<'de, T: serde::Deserialize<'de>, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    serde::Deserialize::deserialize(deserializer).map(Some)
}

/// A civil date between 1900 and 2200: what a record can hold. Years beyond would sort
/// wrongly as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CivilDate(pub NaiveDate);

impl<'de> serde::Deserialize<'de> for CivilDate {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let date: NaiveDate = serde::Deserialize::deserialize(deserializer)?;
        if (1900..=2200).contains(&date.year()) {
            return Ok(Self(date));
        }
        Err(serde::de::Error::custom("date out of range, expected a date between 1900-01-01 and 2200-12-31"))
    }
}

/// Reads a [`CivilDate`].
///
/// # Errors
/// When it is none, or lies outside 1900 to 2200.
pub fn civil_date<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<NaiveDate, D::Error> {
    <CivilDate as serde::Deserialize>::deserialize(deserializer).map(|date| date.0)
}

/// Reads an optional [`CivilDate`].
///
/// # Errors
/// As [`civil_date`].
pub fn optional_date<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<NaiveDate>, D::Error> {
    <Option<CivilDate> as serde::Deserialize>::deserialize(deserializer).map(|date| date.map(|date| date.0))
}
