//! `/outreach/sync`.

use std::time::Duration;

use actix_web::web::{Data, Json, Payload, block};
use actix_web::{HttpRequest, post};
use tokio::sync::SemaphorePermit;
use utoipa_actix_web::service_config::ServiceConfig;

use super::batch::{SyncRequest, apply_all, read_all};
use super::body::{receive, unpack};
use super::changes::since;
use super::operation::{Hand, Keys};
use super::reply::{Outcome, PhoneClock, SyncReply};
use super::storing::Setting;
use crate::accounts::Caller;
use crate::app::App;
use crate::audit::{Seen, SubjectKind};
use crate::db::types::OrganisationId;
use crate::error::{AppError, FieldError, Language, Problem, Rule};
use crate::grants::Action;
use crate::http::extract::parse_json;
use crate::http::listing;
use crate::outreach::conflicts::rules as conflicts;
use crate::outreach::groups::rules::find_for;
use crate::outreach::parcels::opening::open_all;
use crate::vault::ParcelSender;

/// How long a batch waits for its turn.
const TURN_DEADLINE: Duration = Duration::from_secs(30);
const BUSY: AppError = AppError::Busy { retry_after_seconds: 10 };
/// Changes of a reply when the phone names no limit.
const CHANGES: u16 = 500;

/// Registers the routes.
pub(in crate::outreach) fn configure(config: &mut ServiceConfig<'_>) {
    config.service(sync);
}

/// Hand in what was done on a phone, and hear what changed since. Any batch may be sent again, whole or in parts, in
/// any order: each operation is done once. `Content-Encoding: gzip` is understood.
#[utoipa::path(tag = "outreach", request_body = SyncRequest, responses(
    (status = 200, body = SyncReply),
    (status = 413, body = Problem, content_type = "application/problem+json"),
    (status = 503, body = Problem, content_type = "application/problem+json")))]
#[post("/outreach/sync")]
async fn sync(
    request: HttpRequest,
    caller: Caller,
    app: Data<App>,
    payload: Payload,
) -> Result<Json<SyncReply>, AppError> {
    // Refused before anything is taken in.
    app.read(caller, |_, actor| actor.scope(Action::OutreachWrite)).await?;
    // Whoever sends slowly keeps nobody else's batch waiting.
    let arriving = app.arrivals.begin(caller.account).ok_or(BUSY)?;
    let (packing, bytes) = receive(&request, &mut payload.into_inner()).await?;
    drop(arriving);
    let _turn = turn(&app).await?;
    let batch: SyncRequest = block(move || unpack(packing, bytes).and_then(|text| parse_json(&text))).await??;
    let (group, now) = (batch.group_id, app.clock.now());
    app.read(caller, move |conn, actor| find_for(conn, actor, Action::OutreachWrite, group)).await?;
    let cursor = listing::cursor(batch.cursor.as_deref()).map_err(|_| no_cursor())?;
    let clock = PhoneClock::told(batch.device_time, now);
    let hand = Hand { account: caller.account, device: batch.device_id, group };
    let key = group_key(&app, group).await?;
    let setting = Setting { hand, author: caller.account, clock_ahead_seconds: clock.ahead_seconds, key: key.clone() };
    let (ring, mut operations, sealed) = (app.ring.clone(), batch.operations, batch.parcels);
    let (asked, mut outcomes, parcels) = block(move || {
        let from = ParcelSender { device: hand.device.0, account: hand.account };
        let parcels = open_all(&ring.server, from, &mut operations, &sealed)?;
        let keys = Keys { server: &ring.server, programme: &ring.programme, today: now.civil_date() };
        let (asked, unread) = read_all(&operations, hand, keys);
        Ok::<_, AppError>((asked, unread, parcels))
    })
    .await??;
    outcomes.extend(apply_all(&app, caller, setting, asked).await?);
    outcomes.sort_by_key(|outcome| outcome.position);
    let limit = usize::from(batch.limit.unwrap_or(CHANGES));
    let state = app.clone();
    let (changes, open_conflicts) = app
        .view(caller, move |conn, actor| {
            let changes = since(conn, actor, &state, (group, &key), cursor.as_ref(), limit)?;
            let open = conflicts::open_number(conn, group)?;
            let shown = changes.sessions.iter().any(|s| !s.removed) || changes.contacts.iter().any(|c| !c.removed);
            let seen = Seen::list(SubjectKind::PeerGroup, shown.then_some(group.0).into_iter());
            Ok(((changes, open), seen))
        })
        .await?;
    let language = Language::of(request.headers().get("accept-language").and_then(|value| value.to_str().ok()));
    Ok(Json(SyncReply {
        results: outcomes.into_iter().map(|outcome: Outcome| outcome.said(language)).collect(),
        parcels,
        sessions: changes.sessions,
        contacts: changes.contacts,
        cursor: changes.cursor,
        anew: changes.anew,
        more: changes.more,
        open_conflicts,
        reduced_until: changes.reduced_until,
        clock,
    }))
}

fn no_cursor() -> AppError {
    AppError::Malformed(vec![FieldError::new("cursor", Rule::Cursor)])
}

/// The key under which the group's notes are sealed.
pub(in crate::outreach) async fn group_key(
    app: &App,
    group: OrganisationId,
) -> Result<crate::vault::DataKey, AppError> {
    let (vault, now) = (app.vault.clone(), app.clock.now());
    block(move || vault.group_key_now(group, now)).await?
}

async fn turn(app: &App) -> Result<SemaphorePermit<'_>, AppError> {
    match tokio::time::timeout(TURN_DEADLINE, app.syncs.acquire()).await {
        Ok(Ok(turn)) => Ok(turn),
        _ => Err(BUSY),
    }
}
