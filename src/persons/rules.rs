//! Registering, reading and changing persons.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::model::{Birth, BirthPrecision, CategorySet, ClientCategory, Ethnicity, Person, SealedColumn, Sex};
use crate::accounts::Actor;
use crate::admin_units::AdminUnits;
use crate::audit::{Subject, SubjectKind, TrailAction, TrailKey, check_version, record};
use crate::clock::Random;
use crate::db::DbConnection;
use crate::db::schema::persons;
use crate::db::types::{Instant, OrganisationId, PersonId};
use crate::error::{AppError, DayOf, FieldError, FitsWith, Rule};
use crate::grants::predicates::persons_within;
use crate::grants::{Action, Scope};
use crate::text::tidy;
use crate::vault::{DataKey, seal, version_of};

/// What is registered about a person, in the open.
#[derive(Debug, Clone)]
pub struct PersonDetails {
    /// Name; none only for an anonymous person.
    pub name: Option<String>,
    /// Other names.
    pub aliases: Vec<String>,
    /// Sex.
    pub sex: Sex,
    /// Birth as known.
    pub birth: Birth,
    /// ISO 3166 code.
    pub nationality: Option<String>,
    /// Ethnic group.
    pub ethnicity: Option<Ethnicity>,
    /// Unit of residence.
    pub residence_unit_code: Option<String>,
    /// Telephone number.
    pub phone: Option<String>,
    /// Number of the identity card; never required.
    pub national_id: Option<String>,
    /// Address below the commune.
    pub address: Option<String>,
    /// How the person may be contacted safely.
    pub safe_contact: Option<String>,
    /// Categories.
    pub categories: Vec<ClientCategory>,
    /// Whether the person gives no name.
    pub anonymous: bool,
}

impl PersonDetails {
    /// Fields that break rules on `today`.
    pub fn broken_rules(&self, units: &AdminUnits, today: NaiveDate) -> Vec<FieldError> {
        let mut broken = birth_rules(&self.birth, today);
        match (&self.name, self.anonymous) {
            (None, false) => broken.push(FieldError::new("name", Rule::Required)),
            (Some(_), true) => broken.push(FieldError::new("name", Rule::MustFit(FitsWith::Anonymous))),
            _ => {}
        }
        let unit = self.residence_unit_code.as_deref();
        if unit.is_some_and(|code| !units.is_valid_on(code, today)) {
            broken.push(FieldError::new("residence_unit_code", Rule::UnitNotValidOn));
        }
        broken
    }
}

fn birth_rules(birth: &Birth, today: NaiveDate) -> Vec<FieldError> {
    let mut broken = Vec::new();
    let expected = match birth.precision {
        BirthPrecision::Exact => (true, false),
        BirthPrecision::Year => (false, true),
        BirthPrecision::Unknown => (false, false),
    };
    for (field, there, wanted) in
        [("birth.date", birth.date.is_some(), expected.0), ("birth.year", birth.year.is_some(), expected.1)]
    {
        match (there, wanted) {
            (false, true) => broken.push(FieldError::new(field, Rule::Required)),
            (true, false) => broken.push(FieldError::new(field, Rule::MustFit(FitsWith::BirthPrecision))),
            _ => {}
        }
    }
    if birth.earliest().is_some_and(|born| born > today) || (birth.year.is_some() && birth.earliest().is_none()) {
        let field = if birth.date.is_some() { "birth.date" } else { "birth.year" };
        broken.push(FieldError::new(field, Rule::NotInFuture));
    }
    let oldest = NaiveDate::from_ymd_opt(1900, 1, 1).unwrap_or_default();
    if birth.earliest().is_some_and(|born| born < oldest) || birth.year.is_some_and(|year| year < 1900) {
        let field = if birth.date.is_some() { "birth.date" } else { "birth.year" };
        broken.push(FieldError::new(field, Rule::NotBefore(DayOf::Year1900)));
    }
    broken
}

/// Who registers, where and when.
#[derive(Debug, Clone, Copy)]
pub struct Registration {
    /// Id of the person.
    pub id: PersonId,
    /// Registering account.
    pub by: crate::db::types::AccountId,
    /// Registering organisation.
    pub organisation: OrganisationId,
    /// Moment.
    pub at: Instant,
}

/// The row of a new person, sealed.
///
/// # Errors
/// When sealing fails.
pub fn sealed_row(
    random: &Random,
    key: &DataKey,
    registration: Registration,
    details: &PersonDetails,
) -> Result<Person, AppError> {
    let mut row = Person {
        id: registration.id,
        registered_by: registration.by,
        organisation_id: registration.organisation,
        sex: details.sex,
        birth_precision: details.birth.precision,
        birth_date: details.birth.date,
        birth_year: details.birth.year,
        nationality: details.nationality.clone(),
        ethnicity: details.ethnicity,
        residence_unit_code: details.residence_unit_code.clone(),
        anonymous: details.anonymous,
        categories: details.categories.iter().copied().collect(),
        sealed_name: None,
        sealed_aliases: None,
        sealed_phone: None,
        sealed_national_id: None,
        sealed_address: None,
        sealed_safe_contact: None,
        created_at: registration.at,
        updated_at: registration.at,
        version: 1,
    };
    seal_fields(random, key, &mut row, details)?;
    Ok(row)
}

/// Name of a field, its column, what is stored, and what it shall say.
type SealedField<'a> = (&'static str, SealedColumn, &'a mut Option<Vec<u8>>, Option<&'a String>);

/// Seals what `details` says into `row`; a field that says the same as before keeps its seal.
fn seal_fields(
    random: &Random,
    key: &DataKey,
    row: &mut Person,
    details: &PersonDetails,
) -> Result<Vec<&'static str>, AppError> {
    let aliases = (!details.aliases.is_empty()).then(|| details.aliases.join("\n"));
    let id = row.id;
    let fields: [SealedField<'_>; 6] = [
        ("name", SealedColumn::Name, &mut row.sealed_name, details.name.as_ref()),
        ("aliases", SealedColumn::Aliases, &mut row.sealed_aliases, aliases.as_ref()),
        ("phone", SealedColumn::Phone, &mut row.sealed_phone, details.phone.as_ref()),
        ("national_id", SealedColumn::NationalId, &mut row.sealed_national_id, details.national_id.as_ref()),
        ("address", SealedColumn::Address, &mut row.sealed_address, details.address.as_ref()),
        ("safe_contact", SealedColumn::SafeContact, &mut row.sealed_safe_contact, details.safe_contact.as_ref()),
    ];
    let mut changed = Vec::new();
    for (name, column, stored, text) in fields {
        let before = super::model::open_column(key, id, column, stored.as_deref())?;
        let text = text.map(|text| tidy(text)).filter(|text| !text.is_empty());
        if before == text {
            continue;
        }
        changed.push(name);
        let version = version_of(stored.as_deref()) + 1;
        *stored = match text {
            Some(text) => Some(seal(random, key, id, column.place(id), version, &text)?),
            None => None,
        };
    }
    Ok(changed)
}

/// Registers a person.
///
/// # Errors
/// [`AppError::Forbidden`] without the right in that organisation.
pub fn create(
    conn: &mut DbConnection,
    actor: &Actor,
    trail: &TrailKey,
    row: &Person,
    asked: Option<OrganisationId>,
) -> Result<Person, AppError> {
    let organisation = actor.scope(Action::PersonCreate)?.own_organisation(asked)?;
    let row = Person { organisation_id: organisation, ..row.clone() };
    diesel::insert_into(persons::table).values(&row).execute(conn)?;
    let subject = Subject::new(SubjectKind::Person, row.id.0);
    record(conn, trail, subject, Some(actor.account), TrailAction::Create, &["person"], actor.now)?;
    Ok(row)
}

/// The person of this id within a scope.
///
/// # Errors
/// [`AppError::NotFound`] when there is none, or none the scope reaches.
pub fn find(conn: &mut DbConnection, scope: &Scope, id: PersonId) -> Result<Person, AppError> {
    Ok(persons::table
        .filter(persons::id.eq(id))
        .filter(persons_within(scope))
        .select(Person::as_select())
        .first(conn)?)
}

/// Reads one person.
///
/// # Errors
/// [`AppError::NotFound`]; [`AppError::Forbidden`] without the right.
pub fn read(conn: &mut DbConnection, actor: &Actor, id: PersonId) -> Result<Person, AppError> {
    find(conn, &actor.scope(Action::PersonRead)?, id)
}

/// Reads a page of persons ordered by id, one more than `limit`.
///
/// # Errors
/// [`AppError::Forbidden`] without the right.
pub fn list(
    conn: &mut DbConnection,
    actor: &Actor,
    after: Option<PersonId>,
    limit: i64,
) -> Result<Vec<Person>, AppError> {
    let scope = actor.scope(Action::PersonRead)?;
    let after = after.unwrap_or(PersonId(uuid::Uuid::nil()));
    Ok(persons::table
        .filter(persons::id.gt(after))
        .filter(persons_within(&scope))
        .order(persons::id)
        .select(Person::as_select())
        .limit(limit + 1)
        .load(conn)?)
}

/// Changes a person: `change` turns the details that stand into those that shall; `ends_consents` when it is known
/// that a corrected birth ends consents.
///
/// # Errors
/// [`AppError::VersionStale`] with the names of fields changed since; [`Conflict::EndsConsents`]; field errors;
/// [`AppError::NotFound`].
#[expect(clippy::too_many_arguments, reason = "each is a different thing the rule needs")]
pub fn update(
    conn: &mut DbConnection,
    actor: &Actor,
    units: &AdminUnits,
    random: &Random,
    key: &DataKey,
    trail: &TrailKey,
    id: PersonId,
    expected: i32,
    change: impl Fn(&mut PersonDetails),
    ends_consents: bool,
) -> Result<Person, AppError> {
    let mut row = find(conn, &actor.scope(Action::PersonRead)?, id)?;
    if !is_within(conn, &actor.scope(Action::PersonUpdate)?, id)? {
        return Err(AppError::Forbidden);
    }
    let subject = Subject::new(SubjectKind::Person, id.0);
    check_version(conn, subject, row.version, expected)?;
    let before = row.clone();
    let mut details = details_of(&row, key)?;
    change(&mut details);
    let mut broken = details.broken_rules(units, actor.now.civil_date());
    if details.residence_unit_code == before.residence_unit_code {
        // Units change their names and borders; whoever corrects a telephone number need not know to which.
        broken.retain(|fault| fault.field != "residence_unit_code");
    }
    if !broken.is_empty() {
        return Err(AppError::Invalid(broken));
    }
    let mut fields = seal_fields(random, key, &mut row, &details)?;
    fields.extend(set_plain_fields(&mut row, &before, &details));
    row.version += 1;
    row.updated_at = actor.now;
    diesel::update(persons::table.find(id)).set(&row).execute(conn)?;
    record(conn, trail, subject, Some(actor.account), TrailAction::Update, &fields, actor.now)?;
    if fields.contains(&"birth") {
        crate::consents::rules::fit_to_birth(conn, actor, trail, id, &row.birth(), ends_consents)?;
    }
    Ok(row)
}

fn details_of(row: &Person, key: &DataKey) -> Result<PersonDetails, AppError> {
    let view = row.view(key)?;
    Ok(PersonDetails {
        name: view.name,
        aliases: view.aliases,
        sex: view.sex,
        birth: view.birth,
        nationality: view.nationality,
        ethnicity: view.ethnicity,
        residence_unit_code: view.residence_unit_code,
        phone: view.phone,
        national_id: view.national_id,
        address: view.address,
        safe_contact: view.safe_contact,
        categories: view.categories,
        anonymous: view.anonymous,
    })
}

fn set_plain_fields(row: &mut Person, before: &Person, details: &PersonDetails) -> Vec<&'static str> {
    row.sex = details.sex;
    row.birth_precision = details.birth.precision;
    row.birth_date = details.birth.date;
    row.birth_year = details.birth.year;
    row.nationality.clone_from(&details.nationality);
    row.ethnicity = details.ethnicity;
    row.residence_unit_code.clone_from(&details.residence_unit_code);
    row.anonymous = details.anonymous;
    row.categories = details.categories.iter().copied().collect();
    let birth = |p: &Person| (p.birth_precision, p.birth_date, p.birth_year);
    [
        ("sex", row.sex != before.sex),
        ("birth", birth(row) != birth(before)),
        ("nationality", row.nationality != before.nationality),
        ("ethnicity", row.ethnicity != before.ethnicity),
        ("residence_unit_code", row.residence_unit_code != before.residence_unit_code),
        ("anonymous", row.anonymous != before.anonymous),
        ("categories", row.categories != before.categories),
    ]
    .into_iter()
    .filter_map(|(name, changed)| changed.then_some(name))
    .collect()
}

/// The categories of a person the scope reaches; none when it reaches no such person.
///
/// # Errors
/// The engine's own.
pub fn categories_within(
    conn: &mut DbConnection,
    scope: &Scope,
    id: PersonId,
) -> Result<Option<CategorySet>, AppError> {
    let reached = persons::table.filter(persons::id.eq(id)).filter(persons_within(scope));
    Ok(reached.select(CategorySet::as_select()).first(conn).optional()?)
}

/// Birth of a person, for rules of other features that hold the person already.
///
/// # Errors
/// [`AppError::NotFound`] when there is no such person.
pub fn birth_of(conn: &mut DbConnection, id: PersonId) -> Result<Birth, AppError> {
    let columns = (persons::birth_precision, persons::birth_date, persons::birth_year);
    let (precision, date, year) = persons::table.find(id).select(columns).first(conn)?;
    Ok(Birth { precision, date, year })
}

/// Adds a category to a person who has `had` until now; an edit like any other.
///
/// # Errors
/// The engine's own.
pub fn add_category(
    conn: &mut DbConnection,
    actor: &Actor,
    trail: &TrailKey,
    id: PersonId,
    mut had: CategorySet,
    category: ClientCategory,
) -> Result<(), AppError> {
    let before = had;
    had.insert(category);
    if had == before {
        return Ok(());
    }
    diesel::update(persons::table.find(id))
        .set((had, persons::version.eq(persons::version + 1), persons::updated_at.eq(actor.now)))
        .execute(conn)?;
    let subject = Subject::new(SubjectKind::Person, id.0);
    record(conn, trail, subject, Some(actor.account), TrailAction::Update, &["categories"], actor.now)
}

/// Removes persons on whom nothing was built; their data keys are the caller's to destroy.
///
/// # Errors
/// The engine's own, when a row still refers to one of them.
pub fn remove_unused(conn: &mut DbConnection, ids: &[PersonId]) -> Result<(), AppError> {
    for some in ids.chunks(500) {
        diesel::delete(persons::table.filter(persons::id.eq_any(some))).execute(conn)?;
    }
    Ok(())
}

/// Those of these persons whom a scope reaches, in the order of ids.
///
/// # Errors
/// The engine's own.
pub fn those_within(conn: &mut DbConnection, scope: &Scope, ids: &[PersonId]) -> Result<Vec<Person>, AppError> {
    let reached = persons::table.filter(persons::id.eq_any(ids)).filter(persons_within(scope));
    Ok(reached.order(persons::id).select(Person::as_select()).load(conn)?)
}

/// Whether the scope reaches a person of this id.
///
/// # Errors
/// The engine's own.
pub fn is_within(conn: &mut DbConnection, scope: &Scope, id: PersonId) -> Result<bool, AppError> {
    let reached = persons::table.filter(persons::id.eq(id)).filter(persons_within(scope));
    Ok(diesel::select(diesel::dsl::exists(reached)).get_result(conn)?)
}
