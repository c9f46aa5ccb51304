//! `/outreach/devices` and `/outreach/parcels`.

use actix_web::web::{Data, Json, block};
use actix_web::{HttpResponse, get, post, put};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::accepting;
use super::model::{Device, Parcel, ParcelView};
use super::opening::{Told, bytes_of, text_of};
use super::rules::{self, Arrival, Arrived};
use crate::accounts::{Caller, Public};
use crate::app::App;
use crate::db::types::{AccountId, DeviceId, OrganisationId, OutreachParcelId};
use crate::error::{AppError, Conflict, PlainForm, Problem, Rule};
use crate::grants::Action;
use crate::http::{Cursor, IfMatch, Page, Path, Query, Valid, Versioned, listing};
use crate::vault::{DeviceKey, ParcelKeys, ServerKey};

/// Registers the routes.
pub(in crate::outreach) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(register_device)
        .service(hand_in)
        .service(list_parcels)
        .service(accept_parcel)
        .service(refuse_parcel);
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct DeviceForm {
    /// Group whose work the phone holds.
    group_id: OrganisationId,
}

/// What a phone seals and tags its parcels with.
#[derive(Serialize, ToSchema)]
struct DeviceKeys {
    /// Tags parcels (HMAC-SHA-256), in base64: given to this phone alone.
    device_key: String,
    /// The server's key that parcels are sealed to, an uncompressed point of P-256 in base64.
    public_key: String,
    /// Tells that key from others.
    key_id: String,
}

/// Register a phone for the work of a group you lead, as often as you like. What it seals from then on can be handed in
/// even when your access has ended.
#[utoipa::path(tag = "outreach", request_body = DeviceForm, params(("id" = DeviceId, Path)), responses((status = 200, body = DeviceKeys)))]
#[put("/outreach/devices/{id}")]
async fn register_device(
    caller: Caller,
    app: Data<App>,
    id: Path<DeviceId>,
    form: Valid<DeviceForm>,
) -> Result<Json<DeviceKeys>, AppError> {
    let device = Device {
        device_id: id.0,
        account_id: caller.account,
        group_id: form.body.group_id,
        registered_at: app.clock.now(),
    };
    let trail = app.trail.clone();
    app.write(caller, move |conn, actor| {
        actor.scope(Action::OutreachWrite)?;
        rules::register(conn, actor, &trail, &device)
    })
    .await?;
    let ring = app.ring.clone();
    let keys = block(move || {
        let (own, parcels) = (DeviceKey::new(&ring.server, device.sender()), ParcelKeys::new(&ring.server));
        DeviceKeys {
            device_key: text_of(own.bytes()),
            public_key: text_of(&parcels.public_key()),
            key_id: parcels.key_id().to_owned(),
        }
    });
    Ok(Json(keys.await?))
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct ParcelForm {
    /// The phone, as it was registered.
    device_id: DeviceId,
    /// The leader who registered it.
    account_id: AccountId,
    /// The group it was registered for.
    group_id: OrganisationId,
    /// `key_id` of the key it was sealed to.
    #[validate(length(max = 64))]
    key_id: String,
    /// HMAC-SHA-256 over the bytes of the parcel under `device_key`, in base64.
    #[validate(length(max = 64))]
    tag: String,
    /// The sealed parcel, in base64: a JSON array of operations.
    #[validate(length(max = 196_608))]
    parcel: String,
}

/// What is answered to a parcel that is kept.
#[derive(Debug, Serialize, ToSchema)]
struct Acknowledged {
    /// Always true: the parcel is kept here, and the phone may forget it.
    acknowledged: bool,
}

/// Hand in a sealed parcel without a login, when access has ended or the PIN is forgotten. It waits until a manager of
/// the supporting centre accepts it. It may be handed in again at any time. Whatever is wrong with it, the refusal is
/// the same, and the phone keeps it.
#[utoipa::path(tag = "outreach", request_body = ParcelForm, security(()), responses(
    (status = 202, body = Acknowledged),
    (status = 409, body = Problem, content_type = "application/problem+json")))]
#[post("/outreach/parcels")]
async fn hand_in(_: Public, app: Data<App>, form: Valid<ParcelForm>) -> Result<HttpResponse, AppError> {
    let ring = app.ring.clone();
    let sent = block(move || Sent::verified(&ring.server, form.body)).await??;
    let (device, digest) = (sent.device, sent.digest.clone());
    let arrival = app.db.read(move |conn| rules::arrival(conn, &device, &digest)).await?;
    if arrival == Arrival::New {
        let (state, id, now) = (app.clone(), OutreachParcelId(app.random.uuid()), app.clock.now());
        let arrived = block(move || sent.open(&state.ring.server, id)).await??;
        let trail = app.trail.clone();
        app.db.write(move |conn| rules::take_in(conn, &trail, &arrived, now)).await?;
    }
    Ok(HttpResponse::Accepted().json(Acknowledged { acknowledged: true }))
}

/// A parcel whose tag is that of its device.
#[derive(Debug)]
struct Sent {
    device: Device,
    digest: Vec<u8>,
    parcel: Vec<u8>,
    key_id: String,
}

fn refused() -> AppError {
    AppError::Conflict(Conflict::ParcelRefused)
}

impl Sent {
    /// Looks at the tag, and at nothing else. Wrong tags are not counted: one in 2²⁵⁶ is right, and a count by device
    /// would let a stranger shut out a phone.
    fn verified(server: &ServerKey, form: ParcelForm) -> Result<Self, AppError> {
        let no_base64 = |field| AppError::field(field, Rule::Format(PlainForm::Described.into()));
        let tag = bytes_of(&form.tag).ok_or_else(|| no_base64("tag"))?;
        let parcel = bytes_of(&form.parcel).ok_or_else(|| no_base64("parcel"))?;
        let device = Device {
            device_id: form.device_id,
            account_id: form.account_id,
            group_id: form.group_id,
            registered_at: crate::db::types::Instant(chrono::DateTime::UNIX_EPOCH),
        };
        if !DeviceKey::new(server, device.sender()).verify_tag(&parcel, &tag) {
            return Err(refused());
        }
        Ok(Self { device, digest: Sha256::digest(&parcel).to_vec(), parcel, key_id: form.key_id })
    }

    fn open(self, server: &ServerKey, id: OutreachParcelId) -> Result<Arrived, AppError> {
        let keys = ParcelKeys::new(server);
        if self.key_id != keys.key_id() {
            return Err(refused());
        }
        let content = keys.open(self.device.sender(), &self.parcel).map_err(|_| refused())?;
        let told = Told::of(&content);
        Ok(Arrived { id, device: self.device, digest: self.digest, parcel: self.parcel, told })
    }
}

#[derive(Debug, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ParcelFilter {
    /// Group.
    group_id: OrganisationId,
    /// `true`: only those in which something waits.
    #[serde(default)]
    open: bool,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Rows, 1 to 200; 50 when absent.
    limit: Option<i64>,
}

/// List the parcels of a group that came without a login, the oldest first, by numbers alone.
#[utoipa::path(tag = "outreach", params(ParcelFilter), responses((status = 200, body = Page<ParcelView>)))]
#[get("/outreach/parcels")]
async fn list_parcels(
    caller: Caller,
    app: Data<App>,
    query: Query<ParcelFilter>,
) -> Result<Json<Page<ParcelView>>, AppError> {
    let limit = listing::limit(query.0.limit)?;
    let after = listing::cursor(query.0.cursor.as_deref())?;
    let after = after.map(|cursor| Ok::<_, AppError>((cursor.instant()?, OutreachParcelId(cursor.id)))).transpose()?;
    let asked = (query.0.group_id, query.0.open);
    let rows = app.read(caller, move |conn, actor| rules::list(conn, actor, asked, after, limit)).await?;
    let end = |row: &Parcel| Cursor::after_instant(row.received_at, row.id.0);
    Page::of(rows, limit, end, |row| Ok(row.into())).map(Json)
}

fn versioned(row: Parcel) -> Versioned<ParcelView> {
    Versioned { version: row.version, record: row.into() }
}

/// Accept a parcel: its operations are done in the name of the leader and phone that made them, each once. As long as
/// something of it waits or was refused, it may be accepted again; so may one that was refused.
#[utoipa::path(tag = "outreach", params(("id" = OutreachParcelId, Path), ("If-Match" = String, Header)), responses(
    (status = 200, body = ParcelView),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 412, body = Problem, content_type = "application/problem+json")))]
#[post("/outreach/parcels/{id}/accept")]
async fn accept_parcel(
    caller: Caller,
    app: Data<App>,
    id: Path<OutreachParcelId>,
    version: IfMatch,
) -> Result<Versioned<ParcelView>, AppError> {
    accepting::accept(&app, caller, (id.0, version.0)).await.map(versioned)
}

/// Refuse a parcel. It is kept, sealed, and may be accepted later.
#[utoipa::path(tag = "outreach", params(("id" = OutreachParcelId, Path), ("If-Match" = String, Header)), responses(
    (status = 200, body = ParcelView),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 412, body = Problem, content_type = "application/problem+json")))]
#[post("/outreach/parcels/{id}/refuse")]
async fn refuse_parcel(
    caller: Caller,
    app: Data<App>,
    id: Path<OutreachParcelId>,
    version: IfMatch,
) -> Result<Versioned<ParcelView>, AppError> {
    let trail = app.trail.clone();
    app.write(caller, move |conn, actor| rules::refuse(conn, actor, &trail, (id.0, version.0))).await.map(versioned)
}
