//! Versions of plans in the database: all nodes follow the newest, and what was published names the one it was made with.

use diesel::prelude::*;

use super::{Books, Plan, PlanFile, PlanShelf, Plans, PlansError, SHIPPED, VersionedPlan};
use crate::app::App;
use crate::audit::{Subject, SubjectKind, TrailAction, record};
use crate::db::schema::plan_versions;
use crate::db::types::{Instant, text_enum};
use crate::db::{Database, DbConnection};
use crate::error::AppError;

text_enum! {
    /// Where a version of a plan came from.
    Origin {
        /// With the program.
        Shipped = "shipped",
        /// Imported here.
        Imported = "imported",
    }
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = plan_versions)]
struct Stored {
    code: String,
    version: i32,
    content: String,
    origin: Origin,
    stored_at: Instant,
}

fn newest(conn: &mut DbConnection, code: &str) -> Result<Option<Stored>, AppError> {
    let query = plan_versions::table.filter(plan_versions::code.eq(code)).order(plan_versions::version.desc());
    Ok(query.select(Stored::as_select()).first(conn).optional()?)
}

/// Stores the plans that come with this program where they are new, or changed since the last version that came with
/// one. A version imported here stays the newest.
///
/// # Errors
/// The engine's own.
pub fn store_shipped(db: &Database, demo: bool, now: Instant) -> Result<(), AppError> {
    db.write_now(move |conn| {
        for (name, text) in SHIPPED {
            let code = name.trim_end_matches(".toml");
            let last = newest(conn, code)?;
            let stands = last.as_ref().is_some_and(|last| last.origin == Origin::Imported || last.content == text);
            let made_up = text.contains("\nmade_up = true");
            if stands || made_up && !demo {
                continue;
            }
            let version = last.map_or(1, |last| last.version + 1);
            let row =
                Stored { code: code.into(), version, content: text.into(), origin: Origin::Shipped, stored_at: now };
            diesel::insert_into(plan_versions::table).values(&row).execute(conn)?;
        }
        Ok(())
    })
}

/// Reads the newest version of every plan, where this node does not know it yet.
///
/// # Errors
/// When a version cannot be used by this program.
pub fn refresh(db: &Database, shelf: &PlanShelf, books: Books<'_>, demo: bool) -> Result<bool, RefreshError> {
    let rows: Vec<(String, i32)> = db.read_now(|conn| {
        let versions = plan_versions::table.order((plan_versions::code, plan_versions::version));
        Ok(versions.select((plan_versions::code, plan_versions::version)).load(conn)?)
    })?;
    let mut newest: std::collections::BTreeMap<String, i32> = std::collections::BTreeMap::new();
    newest.extend(rows);
    let known = shelf.now();
    let is_known =
        |(code, version): (&String, &i32)| known.versioned(code).is_some_and(|plan| plan.version == *version);
    if newest.iter().all(is_known) {
        return Ok(false);
    }
    let mut plans = Plans::default();
    for (code, version) in newest {
        let content: String = db.read_now(|conn| {
            Ok(plan_versions::table.find((&code, version)).select(plan_versions::content).first(conn)?)
        })?;
        let file = PlanFile::read_stored(&content, books)
            .map_err(|faults| PlansError::Faults { file: format!("plan {code}, version {version}"), faults })?;
        plans.take(VersionedPlan { plan: file.plan, version }, demo);
    }
    plans.check_releases()?;
    shelf.replace(plans);
    Ok(true)
}

/// A plan as it was in a version; none where there is no such version, or this program cannot read it any more.
///
/// # Errors
/// The engine's own.
pub fn of_version(conn: &mut DbConnection, code: &str, version: i32) -> Result<Option<Plan>, AppError> {
    let content = plan_versions::table.find((code, version)).select(plan_versions::content);
    let content: Option<String> = content.first(conn).optional()?;
    Ok(content.and_then(|content| toml::from_str(&content).ok()))
}

/// Why the plans could not be read anew.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// The database.
    #[error(transparent)]
    App(#[from] AppError),
    /// A plan.
    #[error(transparent)]
    Plans(#[from] PlansError),
}

/// A version of a plan, as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable)]
pub struct StoredVersion {
    /// Number, from 1.
    pub version: i32,
    /// Where it came from.
    pub origin: Origin,
    /// Since when it is stored.
    pub stored_at: Instant,
}

/// The versions of a plan, the first one first; none of a code nobody knows.
///
/// # Errors
/// The engine's own.
pub fn versions(db: &Database, code: &str) -> Result<Vec<StoredVersion>, AppError> {
    db.read_now(|conn| {
        let of_plan = plan_versions::table.filter(plan_versions::code.eq(code)).order(plan_versions::version);
        Ok(of_plan.select((plan_versions::version, plan_versions::origin, plan_versions::stored_at)).load(conn)?)
    })
}

/// Stores a plan as the newest version of its code; returns code and version. A file that is the newest version
/// already makes none.
///
/// # Errors
/// Faults of the file; a made-up plan outside a demo; two plans that would release the same.
pub fn import(app: &App, demo: bool, text: &str) -> Result<(String, i32), RefreshError> {
    let books = Books { units: &app.units, registers: &app.registers };
    let file = PlanFile::read(text, books).map_err(|faults| PlansError::Faults { file: "the plan".into(), faults })?;
    let code = file.plan.code.clone();
    if file.plan.made_up && !demo {
        return Err(PlansError::MadeUp(code).into());
    }
    let mut plans = Plans::clone(&app.plans.now());
    plans.take(VersionedPlan { plan: file.plan, version: 0 }, demo);
    plans.check_releases()?;
    let (text, trail, now) = (text.to_owned(), app.trail.clone(), app.clock.now());
    let stored = code.clone();
    let version = app.db.write_now(move |conn| {
        let last = newest(conn, &stored)?;
        if let Some(last) = last.as_ref().filter(|last| last.content == text) {
            return Ok(last.version);
        }
        let version = last.map_or(1, |last| last.version + 1);
        let row =
            Stored { code: stored.clone(), version, content: text.clone(), origin: Origin::Imported, stored_at: now };
        diesel::insert_into(plan_versions::table).values(&row).execute(conn)?;
        let action = if version == 1 { TrailAction::Create } else { TrailAction::Update };
        record(conn, &trail, subject(&stored), None, action, &["content"], now)?;
        Ok(version)
    })?;
    Ok((code, version))
}

/// A plan in the trail: plans have codes, subjects ids.
fn subject(code: &str) -> Subject {
    use sha2::Digest as _;
    let digest = sha2::Sha256::digest(format!("programme plan {code}"));
    let bytes = digest.first_chunk::<16>().copied().unwrap_or_default();
    Subject::new(SubjectKind::ProgrammePlan, uuid::Uuid::from_bytes(bytes))
}
