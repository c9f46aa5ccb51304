//! `/auth`, `/me` and `/users`.

use actix_web::web::{Data, Json};
use actix_web::{HttpRequest, HttpResponse, delete, get, post};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::login::{self, TokenPair};
use super::model::{AccountState, FIRST_ADMINISTRATOR, new_account};
use super::rules::{self, AccountWithGrants, GrantWish};
use super::{Caller, Public, passwords};
use crate::app::{App, Target};
use crate::db::types::{AccountId, GrantId, Instant, OrganisationId};
use crate::error::{AppError, Problem, Rule};
use crate::grants::Role;
use crate::http::extract::plain_text;
use crate::http::{Created, Cursor, IdempotencyKey, IfMatch, Page, Path, Query, Valid, Versioned, listing};

/// Registers the routes.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(log_in)
        .service(refresh)
        .service(log_out)
        .service(set_up)
        .service(accept_invitation)
        .service(me)
        .service(list_users)
        .service(invite_user)
        .service(read_user)
        .service(set_user_state)
        .service(grant_role)
        .service(revoke_role);
}

/// A password in a request; never shown in logs.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, format = Password)]
pub(crate) struct Password(pub(crate) SecretString);

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct Login {
    /// Login name.
    #[validate(length(min = 1, max = 100), custom(function = plain_text))]
    username: String,
    /// Password.
    password: Password,
}

/// Log in.
#[utoipa::path(tag = "auth", request_body = Login, security(()), responses(
    (status = 200, body = TokenPair),
    (status = 401, body = Problem, content_type = "application/problem+json", description = "The same reply whatever was wrong"),
    (status = 429, body = Problem, content_type = "application/problem+json"),
    (status = 503, body = Problem, content_type = "application/problem+json")))]
#[post("/auth/login")]
async fn log_in(
    _: Public,
    app: Data<App>,
    request: HttpRequest,
    form: Valid<Login>,
) -> Result<Json<TokenPair>, AppError> {
    let peer = peer(&app, &request);
    login::login(&app, &form.body.username, form.body.password.0, &peer).await.map(Json)
}

/// The address of the client: the connection's, or behind a proxy the last one that the
/// proxy wrote. What a client writes there itself stands further left.
pub(crate) fn peer(app: &App, request: &HttpRequest) -> String {
    let forwarded = request.headers().get_all("x-forwarded-for").last().and_then(|value| value.to_str().ok());
    match forwarded.and_then(|list| list.rsplit(',').next()) {
        Some(address) if app.behind_proxy => address.trim().to_owned(),
        _ => request.peer_addr().map(|address| address.ip().to_string()).unwrap_or_default(),
    }
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct Refresh {
    /// The refresh token of the last login or refresh.
    #[validate(length(min = 1, max = 200))]
    refresh_token: String,
}

/// Exchange a refresh token. A lost reply may be asked for again within 10 seconds.
#[utoipa::path(tag = "auth", request_body = Refresh, security(()), responses(
    (status = 200, body = TokenPair),
    (status = 401, body = Problem, content_type = "application/problem+json")))]
#[post("/auth/refresh")]
async fn refresh(_: Public, app: Data<App>, form: Valid<Refresh>) -> Result<Json<TokenPair>, AppError> {
    login::refresh(&app, &form.body.refresh_token).await.map(Json)
}

/// End this session.
#[utoipa::path(tag = "auth", responses((status = 204)))]
#[post("/auth/logout")]
async fn log_out(caller: Caller, app: Data<App>) -> Result<HttpResponse, AppError> {
    login::logout(&app, caller).await?;
    Ok(HttpResponse::NoContent().finish())
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct SetUp {
    /// Code that the server printed on its console.
    code: Password,
    /// Login name of the first administrator.
    #[validate(length(min = 3, max = 100), custom(function = plain_text))]
    username: String,
    /// Password, at least 15 characters.
    password: Password,
}

/// Make the first administrator with the console's code.
#[utoipa::path(tag = "auth", request_body = SetUp, security(()), responses(
    (status = 200, body = TokenPair),
    (status = 401, body = Problem, content_type = "application/problem+json"),
    (status = 409, body = Problem, content_type = "application/problem+json")))]
#[post("/auth/setup")]
async fn set_up(
    _: Public,
    app: Data<App>,
    request: HttpRequest,
    form: Valid<SetUp>,
) -> Result<Json<TokenPair>, AppError> {
    let SetUp { code, username, password } = form.body;
    let now = app.clock.now();
    if !app.setup.is_right(&code.0, now) {
        return Err(AppError::LoginRefused);
    }
    check_password(&password.0, &username)?;
    let hash = app.passwords.hash(password.0).await?;
    let id = AccountId(app.random.uuid());
    let account = new_account(id, &username, FIRST_ADMINISTRATOR, Some(hash), now);
    let (trail, grant) = (app.trail.clone(), GrantId(app.random.uuid()));
    app.db.write(move |conn| rules::create_first_administrator(conn, &trail, &account, grant)).await?;
    app.setup.spend();
    login::open_session(&app, id, &peer(&app, &request)).await.map(Json)
}

fn check_password(password: &SecretString, username: &str) -> Result<(), AppError> {
    if passwords::check_strength(password, username) {
        return Ok(());
    }
    Err(AppError::field("password", Rule::WeakPassword))
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct AcceptInvitation {
    /// Login name.
    #[validate(length(min = 1, max = 100), custom(function = plain_text))]
    username: String,
    /// Secret that the administrator handed over.
    #[validate(length(min = 1, max = 200))]
    invitation: String,
    /// The holder's own password, at least 15 characters.
    password: Password,
}

/// Open an invited account with a password of one's own.
#[utoipa::path(tag = "auth", request_body = AcceptInvitation, security(()), responses(
    (status = 200, body = TokenPair),
    (status = 401, body = Problem, content_type = "application/problem+json"),
    (status = 422, body = Problem, content_type = "application/problem+json")))]
#[post("/auth/accept-invitation")]
async fn accept_invitation(
    _: Public,
    app: Data<App>,
    request: HttpRequest,
    form: Valid<AcceptInvitation>,
) -> Result<Json<TokenPair>, AppError> {
    let AcceptInvitation { username, invitation, password } = form.body;
    check_password(&password.0, &username)?;
    rules::accept_invitation(&app, &username, &invitation, password.0, &peer(&app, &request)).await.map(Json)
}

/// One role of an account.
#[derive(Debug, Serialize, ToSchema)]
pub struct GrantView {
    /// Id, for taking it back.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<GrantId>,
    /// Role.
    role: Role,
    /// Organisation it is bound to.
    organisation_id: Option<OrganisationId>,
    /// Administrative unit it is bound to.
    admin_unit_code: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
struct Me {
    account_id: AccountId,
    roles: Vec<GrantView>,
}

/// Who am I, and what may I do?
#[utoipa::path(tag = "auth", responses((status = 200, body = Me)))]
#[get("/me")]
async fn me(caller: Caller, app: Data<App>) -> Result<Json<Me>, AppError> {
    app.read(caller, |_, actor| {
        let role = |held: &crate::grants::HeldRole| GrantView {
            id: None,
            role: held.role,
            organisation_id: held.organisation,
            admin_unit_code: held.admin_unit.clone(),
        };
        Ok(Json(Me { account_id: actor.account, roles: actor.roles.iter().map(role).collect() }))
    })
    .await
}

/// An account as administrators see it.
#[derive(Debug, Serialize, ToSchema)]
pub struct UserView {
    /// Id.
    id: AccountId,
    /// Login name.
    username: String,
    /// Name that colleagues read.
    display_name: String,
    /// State.
    state: AccountState,
    /// Live grants.
    roles: Vec<GrantView>,
    /// When it was made.
    created_at: Instant,
}

impl From<AccountWithGrants> for UserView {
    fn from(AccountWithGrants { account, grants }: AccountWithGrants) -> Self {
        let roles = grants
            .into_iter()
            .map(|grant| GrantView {
                id: Some(grant.id),
                role: grant.role,
                organisation_id: grant.organisation_id,
                admin_unit_code: grant.admin_unit_code,
            })
            .collect();
        Self {
            id: account.id,
            username: account.username,
            display_name: account.display_name,
            state: account.state,
            roles,
            created_at: account.created_at,
        }
    }
}

fn versioned(user: AccountWithGrants) -> Versioned<UserView> {
    Versioned { version: user.account.version, record: user.into() }
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

/// List accounts.
#[utoipa::path(tag = "users", params(Paging), responses((status = 200, body = Page<UserView>)))]
#[get("/users")]
async fn list_users(caller: Caller, app: Data<App>, query: Query<Paging>) -> Result<Json<Page<UserView>>, AppError> {
    let limit = listing::limit(query.0.limit)?;
    let after = listing::cursor(query.0.cursor.as_deref())?.map(|cursor| AccountId(cursor.id));
    let rows = app.read(caller, move |conn, actor| rules::list(conn, actor, after, limit)).await?;
    let end = |user: &AccountWithGrants| Cursor { key: String::new(), id: user.account.id.0 };
    Page::of(rows, limit, end, |user| Ok(user.into())).map(Json)
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewUser {
    /// Login name, 3 to 100 characters; kept in lower case.
    #[validate(length(min = 3, max = 100), custom(function = plain_text))]
    username: String,
    /// Name that colleagues read.
    #[validate(length(min = 1, max = 200), custom(function = plain_text))]
    display_name: String,
}

#[derive(Debug, Serialize, ToSchema)]
struct Invited {
    #[serde(flatten)]
    user: UserView,
    /// Hand this to the holder by a safe way; it is good for 72 hours; none once it was used.
    invitation: Option<String>,
}

/// Make an account for somebody, who then sets a password with the invitation.
#[utoipa::path(tag = "users", request_body = NewUser, params(("Idempotency-Key" = String, Header)), responses(
    (status = 201, body = Invited),
    (status = 409, body = Problem, content_type = "application/problem+json")))]
#[post("/users")]
async fn invite_user(
    caller: Caller,
    app: Data<App>,
    key: IdempotencyKey,
    form: Valid<NewUser>,
) -> Result<Created<Invited>, AppError> {
    let bound = key.bind(&app.ring.server, &form.bytes);
    let id = AccountId(app.random.uuid());
    let account = new_account(id, &form.body.username, &form.body.display_name, None, app.clock.now());
    let secret = rules::invitation_secret(&app.ring.server, id);
    let secret_mac = app.ring.server.mac("invitation", &[account.username.as_bytes(), secret.as_bytes()]);
    let trail = app.trail.clone();
    let created = account.clone();
    let user = app
        .write_once(
            caller,
            bound,
            Target::record(crate::audit::SubjectKind::Account, id.0),
            move |conn, actor| {
                rules::invite(conn, actor, &trail, &account, &secret_mac)?;
                Ok(AccountWithGrants { account: created.clone(), grants: Vec::new() })
            },
            |conn, actor, first| rules::read(conn, actor, AccountId(first)),
        )
        .await?;
    let version = Some(user.account.version);
    let location = format!("/users/{}", user.account.id);
    // A lost reply may be asked for again, as long as the invitation is open.
    let open = user.account.state == AccountState::Invited;
    let invitation = open.then(|| rules::invitation_secret(&app.ring.server, user.account.id));
    let record = Invited { user: user.into(), invitation };
    Ok(Created { location, record, version })
}

/// Read an account.
#[utoipa::path(tag = "users", params(("id" = AccountId, Path)), responses((status = 200, body = UserView)))]
#[get("/users/{id}")]
async fn read_user(caller: Caller, app: Data<App>, id: Path<AccountId>) -> Result<Versioned<UserView>, AppError> {
    app.read(caller, move |conn, actor| rules::read(conn, actor, id.0)).await.map(versioned)
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewState {
    /// `active`, `suspended` or `revoked`.
    state: AccountState,
}

/// Suspend, reopen or close an account. Its sessions end at once.
#[utoipa::path(tag = "users", request_body = NewState, params(("id" = AccountId, Path), ("If-Match" = String, Header)), responses(
    (status = 200, body = UserView),
    (status = 409, body = Problem, content_type = "application/problem+json")))]
#[post("/users/{id}/state")]
async fn set_user_state(
    caller: Caller,
    app: Data<App>,
    id: Path<AccountId>,
    version: IfMatch,
    form: Valid<NewState>,
) -> Result<Versioned<UserView>, AppError> {
    let (trail, state) = (app.trail.clone(), form.body.state);
    app.write(caller, move |conn, actor| rules::set_state(conn, actor, &trail, id.0, version.0, state))
        .await
        .map(versioned)
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewGrant {
    /// Role.
    role: Role,
    /// Organisation, for roles that work in one.
    organisation_id: Option<OrganisationId>,
    /// Administrative unit, for roles that answer for one.
    #[validate(length(max = 20))]
    admin_unit_code: Option<String>,
}

/// Grant a role.
#[utoipa::path(tag = "users", request_body = NewGrant, params(("id" = AccountId, Path), ("Idempotency-Key" = String, Header)), responses(
    (status = 200, body = UserView),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 422, body = Problem, content_type = "application/problem+json")))]
#[post("/users/{id}/roles")]
async fn grant_role(
    caller: Caller,
    app: Data<App>,
    id: Path<AccountId>,
    key: IdempotencyKey,
    form: Valid<NewGrant>,
) -> Result<Versioned<UserView>, AppError> {
    let bound = key.bind(&app.ring.server, &form.bytes);
    let NewGrant { role, organisation_id, admin_unit_code } = form.body;
    let wish = GrantWish { role, organisation: organisation_id, admin_unit: admin_unit_code };
    let (trail, units, grant) = (app.trail.clone(), app.units.clone(), GrantId(app.random.uuid()));
    let write = move |conn: &mut _, actor: &_| rules::grant(conn, actor, &units, &trail, id.0, grant, &wish);
    let user = app
        .write_once(
            caller,
            bound,
            Target::record(crate::audit::SubjectKind::Account, id.0.0),
            write,
            |conn, actor, first| rules::read(conn, actor, AccountId(first)),
        )
        .await?;
    Ok(versioned(user))
}

/// Take a role back.
#[utoipa::path(tag = "users", params(("id" = AccountId, Path), ("grant" = GrantId, Path)), responses(
    (status = 200, body = UserView),
    (status = 409, body = Problem, content_type = "application/problem+json")))]
#[delete("/users/{id}/roles/{grant}")]
async fn revoke_role(
    caller: Caller,
    app: Data<App>,
    path: Path<(AccountId, GrantId)>,
) -> Result<Versioned<UserView>, AppError> {
    let trail = app.trail.clone();
    let (id, grant) = path.0;
    app.write(caller, move |conn, actor| rules::revoke(conn, actor, &trail, id, grant)).await.map(versioned)
}
