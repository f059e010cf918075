//! Server. Signing in and out, tokens, users.

use super::extract::{Auth, Context, JsonBody, Pairs};
use super::problem::{ApiError, Problem};
use crate::app::session;
use crate::app::tokens::{self, TokenRequest, TokenRow};
use crate::app::users::{self, UserRow};
use crate::domain::{Error, Me, Role, Scope, Timestamp};
use axum::Json;
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Login {
    pub email: String,
    pub password: String,
}

/// Sign in with a password; sets the session cookie.
#[utoipa::path(post, path = "/api/login", tag = "people", request_body = Login,
    responses((status = 204), (status = 401, body = Problem), (status = 422, body = Problem), (status = 429, body = Problem)))]
pub async fn login(
    Context(context): Context,
    JsonBody(login): JsonBody<Login>,
) -> Result<(StatusCode, [(header::HeaderName, String); 1]), ApiError> {
    let secret = context.app.sign_in(&context.address, &login.email, login.password).await?;
    let cookie = session::cookie(&secret, context.app.config.session_days, context.secure);
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]))
}

/// End the session.
#[utoipa::path(post, path = "/api/logout", tag = "people", responses((status = 204)))]
pub async fn logout(
    Context(context): Context,
    headers: HeaderMap,
) -> Result<(StatusCode, [(header::HeaderName, String); 1]), ApiError> {
    if let Some(secret) = crate::server::authenticate::session_secret(&headers) {
        context.app.sign_out(secret).await?;
    }
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, session::cookie("", 0, context.secure))]))
}

/// Who is asking.
#[utoipa::path(get, path = "/api/me", tag = "people", responses((status = 200, body = Me), (status = 401, body = Problem)))]
pub async fn me(Auth(caller): Auth) -> Json<Me> {
    Json(caller.me())
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    #[serde(default)]
    pub name: String,
    /// `read`, `write` (default) or `admin`.
    pub scope: Option<Scope>,
    /// Limits the token to these agents.
    pub agents: Option<Vec<String>>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Timestamp>,
}

#[derive(Serialize, ToSchema)]
pub struct CreatedToken {
    pub id: String,
    /// Shown this once.
    pub token: String,
}

/// Make a token for yourself.
#[utoipa::path(post, path = "/api/tokens", tag = "people", request_body = NewToken,
    responses((status = 201, body = CreatedToken), (status = 403, body = Problem), (status = 422, body = Problem)))]
pub async fn create_token(
    Auth(caller): Auth,
    JsonBody(new): JsonBody<NewToken>,
) -> Result<(StatusCode, Json<CreatedToken>), ApiError> {
    let request = TokenRequest { name: new.name, scope: new.scope, agents: new.agents, expires_at: new.expires_at };
    let (id, token) = tokens::create(&caller, request).await?;
    Ok((StatusCode::CREATED, Json(CreatedToken { id, token })))
}

#[derive(Serialize, ToSchema)]
pub struct Token {
    pub id: String,
    pub name: String,
    pub scope: Scope,
    pub agents: Option<Vec<String>>,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_used_at: Option<Timestamp>,
}

impl TryFrom<TokenRow> for Token {
    type Error = Error;
    fn try_from(r: TokenRow) -> Result<Self, Error> {
        let agents = r.agents.as_deref().map(serde_json::from_str).transpose();
        Ok(Self {
            id: r.id,
            name: r.name,
            scope: r.scope,
            agents: agents.map_err(|e| Error::Internal(format!("agents of a token: {e}")))?,
            created_at: Timestamp::from_micros(r.created_at),
            expires_at: r.expires_at.map(Timestamp::from_micros),
            last_used_at: r.last_used_at.map(Timestamp::from_micros),
        })
    }
}

#[derive(Serialize, ToSchema)]
pub struct TokensAnswer {
    pub tokens: Vec<Token>,
    pub next_cursor: Option<i64>,
}

/// Your tokens, newest first; never the secrets.
#[utoipa::path(get, path = "/api/tokens", tag = "people", params(("cursor" = Option<i64>, Query)),
    responses((status = 200, body = TokensAnswer), (status = 401, body = Problem)))]
pub async fn list_tokens(Auth(caller): Auth, mut pairs: Pairs) -> Result<Json<TokensAnswer>, ApiError> {
    let before = pairs.take("cursor", "a whole number")?;
    pairs.finish()?;
    let (rows, next_cursor) = tokens::list(&caller, before, 200).await?;
    let tokens = rows.into_iter().map(Token::try_from).collect::<Result<_, _>>()?;
    Ok(Json(TokensAnswer { tokens, next_cursor }))
}

/// Take a token back.
#[utoipa::path(delete, path = "/api/tokens/{id}", tag = "people", params(("id" = String, Path)),
    responses((status = 204), (status = 404, body = Problem)))]
pub async fn delete_token(Auth(caller): Auth, Path(id): Path<String>) -> Result<StatusCode, ApiError> {
    tokens::revoke(&caller, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Serialize, ToSchema)]
pub struct User {
    pub email: String,
    pub display_name: String,
    pub role: Role,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

impl From<UserRow> for User {
    fn from(r: UserRow) -> Self {
        let created_at = Timestamp::from_micros(r.created_at);
        Self { email: r.email, display_name: r.display_name, role: r.role, created_at }
    }
}

#[derive(Serialize, ToSchema)]
pub struct UsersAnswer {
    pub users: Vec<User>,
    pub next_cursor: Option<String>,
}

/// Everybody, by e-mail; for admins.
#[utoipa::path(get, path = "/api/users", tag = "people", params(("cursor" = Option<String>, Query)),
    responses((status = 200, body = UsersAnswer), (status = 403, body = Problem)))]
pub async fn list_users(Auth(caller): Auth, mut pairs: Pairs) -> Result<Json<UsersAnswer>, ApiError> {
    let after = pairs.take::<String>("cursor", "text")?;
    pairs.finish()?;
    let (rows, next_cursor) = users::list(&caller, after.as_deref().unwrap_or(""), 200).await?;
    Ok(Json(UsersAnswer { users: rows.into_iter().map(User::from).collect(), next_cursor }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUser {
    pub email: String,
    #[serde(default)]
    pub display_name: String,
    pub role: Role,
    /// At least 10 characters; without one the user has tokens only.
    pub password: Option<String>,
}

/// Somebody leaves; for admins. Their name stays on what they did; their sessions, tokens and shares end, and approvals
/// that wait for them are counted without them.
#[utoipa::path(delete, path = "/api/users/{email}", tag = "people", params(("email" = String, Path)),
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "yourself")))]
pub async fn delete_user(Auth(caller): Auth, Path(email): Path<String>) -> Result<StatusCode, ApiError> {
    users::remove(&caller, &email).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Add a person; for admins.
#[utoipa::path(post, path = "/api/users", tag = "people", request_body = NewUser,
    responses((status = 201, body = User), (status = 403, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn create_user(
    Auth(caller): Auth,
    JsonBody(new): JsonBody<NewUser>,
) -> Result<(StatusCode, Json<User>), ApiError> {
    let row = users::create(&caller, &new.email, &new.display_name, new.role, new.password).await?;
    Ok((StatusCode::CREATED, Json(User::from(row))))
}
