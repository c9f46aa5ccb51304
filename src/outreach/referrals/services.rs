//! To whom a group may refer somebody met.

use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use crate::accounts::Actor;
use crate::app::App;
use crate::db::DbConnection;
use crate::db::schema::organisations;
use crate::db::types::OrganisationId;
use crate::error::AppError;
use crate::grants::Action;
use crate::organisations::OrganisationKind;
use crate::organisations::model::Organisation;
use crate::organisations::rules::find;
use crate::outreach::groups::rules::reached;
use crate::services::ServiceType;

/// Where people stay who are in danger: nobody but a centre sends anybody there, and no phone holds a list of them.
const KEPT_BACK: [OrganisationKind; 2] = [OrganisationKind::Shelter, OrganisationKind::VictimSupportFacility];

/// An organisation to which a group may refer.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ServiceOffer {
    /// Organisation.
    pub organisation_id: OrganisationId,
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: OrganisationKind,
    /// What it gives.
    pub services: Vec<ServiceType>,
}

/// What organisations of this kind give.
fn given_by(app: &App, kind: OrganisationKind) -> Vec<ServiceType> {
    let given = |service: &ServiceType| app.services.is_given_by(*service, kind);
    ServiceType::ALL.iter().copied().filter(given).collect()
}

/// Reads a page of the organisations in the province of a group that are open and give a service, ordered by id, one
/// more than `limit`; no places of refuge.
///
/// # Errors
/// [`AppError::NotFound`]; [`AppError::Forbidden`].
pub fn list(
    conn: &mut DbConnection,
    actor: &Actor,
    app: &App,
    group: OrganisationId,
    after: Option<OrganisationId>,
    limit: i64,
) -> Result<Vec<Organisation>, AppError> {
    reached(conn, actor, Action::OutreachRead, group)?;
    let seat = find(conn, group)?.ok_or(AppError::NotFound)?.admin_unit_code;
    let today = actor.now.civil_date();
    let province = app.units.province_on(&seat, today).map_or(seat.as_str(), |unit| unit.code.as_str());
    let within = app.units.all().iter().map(|unit| unit.code.as_str());
    let units: Vec<&str> = within.filter(|code| app.units.is_within(code, province)).collect();
    let gives = |kind: &&OrganisationKind| !KEPT_BACK.contains(kind) && !given_by(app, **kind).is_empty();
    let kinds: Vec<OrganisationKind> = OrganisationKind::ALL.iter().filter(gives).copied().collect();
    let mut query = organisations::table
        .filter(organisations::admin_unit_code.eq_any(units))
        .filter(organisations::kind.eq_any(kinds))
        .filter(organisations::valid_from.le(today))
        .filter(organisations::valid_to.is_null().or(organisations::valid_to.ge(today)))
        .order(organisations::id)
        .limit(limit + 1)
        .select(Organisation::as_select())
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(organisations::id.gt(after));
    }
    Ok(query.load(conn)?)
}

/// What is read of an organisation.
pub fn view(app: &App, row: Organisation) -> ServiceOffer {
    let services = given_by(app, row.kind);
    ServiceOffer { organisation_id: row.id, name: row.name, kind: row.kind, services }
}
