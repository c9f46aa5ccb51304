//! `/persons`.

use actix_web::web::{Data, Json};
use actix_web::{get, patch, post};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::model::{Birth, ClientCategory, Ethnicity, PersonView, Sex};
use super::rules::{self, PersonDetails, Registration};
use crate::accounts::Caller;
use crate::app::{App, Target};
use crate::audit::{Seen, SubjectKind, log_reply};
use crate::db::types::{OrganisationId, PersonId};
use crate::error::{AppError, Problem};
use crate::grants::Action;
use crate::http::extract::{plain_text, present};
use crate::http::{Created, Cursor, IdempotencyKey, IfMatch, Page, Path, Query, Valid, Versioned, listing};
use crate::stays;
use crate::text::{is_hidden, tidy};

/// Registers the routes.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(list_persons).service(create_person).service(read_person).service(update_person);
    config.service(super::search::routes::search_persons);
    super::same::routes::configure(config);
}

#[derive(Debug, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Paging {
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Rows, 1 to 200; 50 when absent.
    limit: Option<i64>,
}

/// List the persons you may see.
#[utoipa::path(tag = "persons", params(Paging), responses((status = 200, body = Page<PersonView>)))]
#[get("/persons")]
async fn list_persons(
    caller: Caller,
    app: Data<App>,
    query: Query<Paging>,
) -> Result<Json<Page<PersonView>>, AppError> {
    let limit = listing::limit(query.0.limit)?;
    let after = listing::cursor(query.0.cursor.as_deref())?.map(|cursor| PersonId(cursor.id));
    let vault = app.vault.clone();
    let page = app
        .view(caller, move |conn, actor| {
            let rows = rules::list(conn, actor, after, limit)?;
            let keys = vault.keys(&rows.iter().map(|row| row.id).collect::<Vec<_>>())?;
            let end = |(row, _): &(super::model::Person, _)| Cursor { key: String::new(), id: row.id.0 };
            let rows = rows.into_iter().zip(keys).collect();
            let page = Page::of(rows, limit, end, |(row, key)| row.view(&key))?;
            let seen = Seen::list(SubjectKind::Person, page.items.iter().map(|person| person.id.0));
            Ok((page, seen))
        })
        .await?;
    Ok(Json(page))
}

/// A person to be registered, as a form; an import fills one for each line.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPerson {
    /// Organisation that registers; needed only when you work for several.
    pub organisation_id: Option<OrganisationId>,
    /// Whether the person gives no name.
    #[serde(default)]
    pub anonymous: bool,
    /// Name as the person gives it; required unless anonymous.
    #[validate(length(min = 1, max = 200), custom(function = plain_text))]
    pub name: Option<String>,
    /// Other names.
    #[serde(default)]
    #[validate(length(max = 10), custom(function = plain_lines))]
    pub aliases: Vec<String>,
    /// Sex.
    pub sex: Sex,
    /// Birth as known.
    pub birth: Birth,
    /// ISO 3166 code, such as VN.
    #[validate(custom(function = country_code))]
    pub nationality: Option<String>,
    /// Ethnic group.
    pub ethnicity: Option<Ethnicity>,
    /// Unit of residence, valid today.
    #[validate(length(max = 20))]
    pub residence_unit_code: Option<String>,
    /// Telephone number.
    #[validate(length(min = 1, max = 40), custom(function = plain_text))]
    pub phone: Option<String>,
    /// Number of the identity card; never required.
    #[validate(length(min = 1, max = 40), custom(function = plain_text))]
    pub national_id: Option<String>,
    /// Address below the commune.
    #[validate(length(min = 1, max = 500), custom(function = plain_text))]
    pub address: Option<String>,
    /// How the person may be contacted safely.
    #[validate(length(min = 1, max = 500), custom(function = plain_text))]
    pub safe_contact: Option<String>,
    /// Categories.
    #[serde(default)]
    #[validate(length(max = 5))]
    pub categories: Vec<ClientCategory>,
}

/// Two capital letters (ISO 3166).
fn country_code(code: &str) -> Result<(), validator::ValidationError> {
    if code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Ok(());
    }
    Err(validator::ValidationError::new("country"))
}

/// Aliases are kept one a line, so none may hold a line break.
fn plain_lines(aliases: &[String]) -> Result<(), validator::ValidationError> {
    if aliases.iter().any(|alias| alias.chars().any(is_hidden) || alias.trim().is_empty() || alias.len() > 400) {
        return Err(validator::ValidationError::new("control_character"));
    }
    Ok(())
}

impl From<NewPerson> for PersonDetails {
    fn from(form: NewPerson) -> Self {
        Self {
            name: form.name.as_deref().map(tidy).filter(|name| !name.is_empty()),
            aliases: form.aliases,
            sex: form.sex,
            birth: form.birth,
            nationality: form.nationality,
            ethnicity: form.ethnicity,
            residence_unit_code: form.residence_unit_code,
            phone: form.phone,
            national_id: form.national_id,
            address: form.address,
            safe_contact: form.safe_contact,
            categories: form.categories,
            anonymous: form.anonymous,
        }
    }
}

/// Register a person.
#[utoipa::path(tag = "persons", request_body = NewPerson, params(("Idempotency-Key" = String, Header)), responses(
    (status = 201, body = PersonView),
    (status = 422, body = Problem, content_type = "application/problem+json")))]
#[post("/persons")]
async fn create_person(
    caller: Caller,
    app: Data<App>,
    key: IdempotencyKey,
    form: Valid<NewPerson>,
) -> Result<Created<PersonView>, AppError> {
    let bound = key.bind(&app.ring.server, &form.bytes);
    let asked = form.body.organisation_id;
    let details = PersonDetails::from(form.body);
    let now = app.clock.now();
    let broken = details.broken_rules(&app.units, now.civil_date());
    if !broken.is_empty() {
        return Err(AppError::Invalid(broken));
    }
    // Refused before a key is made, so that nobody without the right fills the key store.
    let organisation =
        app.read(caller, move |_, actor| actor.scope(Action::PersonCreate)?.own_organisation(asked)).await?;
    let id = PersonId(app.random.uuid());
    let data_key = app.vault.create_key(id, now).await?;
    let registration = Registration { id, by: caller.account, organisation, at: now };
    let row = rules::sealed_row(&app.random, &data_key, registration, &details)?;
    let (trail, vault) = (app.trail.clone(), app.vault.clone());
    let write = move |conn: &mut _, actor: &_| {
        let row = rules::create(conn, actor, &trail, &row, Some(organisation))?;
        Ok((row.view(&data_key)?, row.version))
    };
    let (person, version) = app
        .write_once(caller, bound, Target::record(SubjectKind::Person, id.0), write, move |conn, actor, first| {
            let row = rules::read(conn, actor, PersonId(first))?;
            Ok((row.view(&vault.key(row.id)?)?, row.version))
        })
        .await?;
    Ok(Created { location: format!("/persons/{}", person.id), version: Some(version), record: person })
}

/// Read a person. The view is logged.
#[utoipa::path(tag = "persons", params(("id" = PersonId, Path)), responses((status = 200, body = PersonView)))]
#[get("/persons/{id}")]
async fn read_person(caller: Caller, app: Data<App>, id: Path<PersonId>) -> Result<Versioned<PersonView>, AppError> {
    let vault = app.vault.clone();
    app.view(caller, move |conn, actor| {
        let row = rules::read(conn, actor, id.0)?;
        let mut record = row.view(&vault.key(row.id)?)?;
        record.same_as = Some(super::same::rules::same_as(conn, actor, id.0)?);
        let reply = Versioned { version: row.version, record };
        Ok((reply, Seen::record(SubjectKind::Person, id.0.0)))
    })
    .await
}

#[derive(Debug, Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct PersonChange {
    /// New name; `null` only together with `anonymous`.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    #[validate(length(min = 1, max = 200), custom(function = plain_text))]
    name: Option<Option<String>>,
    /// All other names.
    #[validate(length(max = 10), custom(function = plain_lines))]
    aliases: Option<Vec<String>>,
    /// Sex.
    sex: Option<Sex>,
    /// Birth as known.
    birth: Option<Birth>,
    /// Yes, the corrected birth ends consents that hold today, and the help that rests on them.
    #[serde(default)]
    ends_consents: bool,
    /// ISO 3166 code.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    #[validate(custom(function = country_code))]
    nationality: Option<Option<String>>,
    /// Ethnic group.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Ethnicity>)]
    ethnicity: Option<Option<Ethnicity>>,
    /// Unit of residence, valid today.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    #[validate(length(max = 20))]
    residence_unit_code: Option<Option<String>>,
    /// Telephone number.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    #[validate(length(min = 1, max = 40), custom(function = plain_text))]
    phone: Option<Option<String>>,
    /// Number of the identity card.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    #[validate(length(min = 1, max = 40), custom(function = plain_text))]
    national_id: Option<Option<String>>,
    /// Address below the commune.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    #[validate(length(min = 1, max = 500), custom(function = plain_text))]
    address: Option<Option<String>>,
    /// How the person may be contacted safely.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    #[validate(length(min = 1, max = 500), custom(function = plain_text))]
    safe_contact: Option<Option<String>>,
    /// All categories.
    #[validate(length(max = 5))]
    categories: Option<Vec<ClientCategory>>,
    /// Whether the person gives no name.
    anonymous: Option<bool>,
}

impl PersonChange {
    fn apply(&self, details: &mut PersonDetails) {
        fn set<T: Clone>(target: &mut T, change: Option<&T>) {
            if let Some(value) = change {
                target.clone_from(value);
            }
        }
        let name = self.name.as_ref().map(|name| name.as_deref().map(tidy).filter(|name| !name.is_empty()));
        set(&mut details.name, name.as_ref());
        set(&mut details.aliases, self.aliases.as_ref());
        set(&mut details.sex, self.sex.as_ref());
        set(&mut details.birth, self.birth.as_ref());
        set(&mut details.nationality, self.nationality.as_ref());
        set(&mut details.ethnicity, self.ethnicity.as_ref());
        set(&mut details.residence_unit_code, self.residence_unit_code.as_ref());
        set(&mut details.phone, self.phone.as_ref());
        set(&mut details.national_id, self.national_id.as_ref());
        set(&mut details.address, self.address.as_ref());
        set(&mut details.safe_contact, self.safe_contact.as_ref());
        set(&mut details.categories, self.categories.as_ref());
        set(&mut details.anonymous, self.anonymous.as_ref());
    }
}

/// Change a person. Absent fields stay, `null` empties.
#[utoipa::path(tag = "persons", request_body = PersonChange, params(("id" = PersonId, Path), ("If-Match" = String, Header)), responses(
    (status = 200, body = PersonView),
    (status = 412, body = Problem, content_type = "application/problem+json"),
    (status = 428, body = Problem, content_type = "application/problem+json")))]
#[patch("/persons/{id}")]
async fn update_person(
    caller: Caller,
    app: Data<App>,
    id: Path<PersonId>,
    version: IfMatch,
    form: Valid<PersonChange>,
) -> Result<Versioned<PersonView>, AppError> {
    let state = app.clone();
    let reply = app
        .write(caller, move |conn, actor| {
            rules::find(conn, &actor.scope(Action::PersonRead)?, id.0)?;
            let key = state.vault.key(id.0)?;
            let change = |details: &mut PersonDetails| form.body.apply(details);
            let (units, random, trail) = (&state.units, &state.random, &state.trail);
            let ends = form.body.ends_consents;
            let row = rules::update(conn, actor, units, random, &key, trail, id.0, version.0, change, ends)?;
            // Nationality and age decide what a stay is entitled to.
            stays::rules::refresh(conn, &state.entitlements, id.0, actor.now)?;
            log_reply(conn, actor, SubjectKind::Person, id.0.0)?;
            Ok(Versioned { version: row.version, record: row.view(&key)? })
        })
        .await?;
    Ok(reply)
}
