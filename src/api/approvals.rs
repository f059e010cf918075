//! Server. Approvals and questions.

use super::extract::{Auth, JsonBody, Pairs};
use super::problem::{ApiError, Problem};
use crate::app::interactions;
use crate::domain::{
    Answers, Approval, ApprovalDetail, InteractionStatus, NewInteraction, NewStandingRule, Response, ResponseResult,
    ResponseToMany, StandingRule,
};
use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
pub struct ApprovalsAnswer {
    pub approvals: Vec<Approval>,
    pub next_cursor: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct RulesAnswer {
    pub rules: Vec<StandingRule>,
    pub next_cursor: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct ResultsAnswer {
    pub results: Vec<ResponseResult>,
}

/// What somebody answers to a question: by the fields' names, a text, one option, or a list of options.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswersBody {
    #[schema(value_type = Object)]
    pub answers: Answers,
}

/// Ask people, for a run that you do yourself. The run is `waiting` until they have decided; asking for the same again
/// answers what was asked. What came of it is in `GET /api/interactions/{id}`, the run's stream, its heartbeat's answer and
/// the socket.
#[utoipa::path(post, path = "/api/executions/{id}/interactions", tag = "approvals", params(("id" = String, Path)),
    request_body = NewInteraction,
    responses((status = 201, body = Approval), (status = 200, body = Approval, description = "it waits already"),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "the run has ended, is to stop, or Runboard does it"),
        (status = 422, body = Problem, description = "among others: nobody is left who could decide")))]
pub async fn create_interaction(
    Auth(caller): Auth,
    Path(id): Path<String>,
    JsonBody(new): JsonBody<NewInteraction>,
) -> Result<(StatusCode, Json<Approval>), ApiError> {
    let (approval, news) = interactions::ask(&caller, &id, new).await?;
    Ok((if news { StatusCode::CREATED } else { StatusCode::OK }, Json(approval)))
}

/// An approval or question, as it stands.
#[utoipa::path(get, path = "/api/interactions/{id}", tag = "approvals", params(("id" = String, Path)),
    responses((status = 200, body = Approval), (status = 404, body = Problem)))]
pub async fn get_interaction(Auth(caller): Auth, Path(id): Path<String>) -> Result<Json<Approval>, ApiError> {
    Ok(Json(interactions::find(&caller, &id).await?))
}

/// Take back what a run has asked: it goes on without an answer.
#[utoipa::path(delete, path = "/api/interactions/{id}", tag = "approvals", params(("id" = String, Path)),
    responses((status = 200, body = Approval), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "it is decided, or a step of a flow asks")))]
pub async fn withdraw_interaction(Auth(caller): Auth, Path(id): Path<String>) -> Result<Json<Approval>, ApiError> {
    Ok(Json(interactions::withdraw(&caller, &id).await?))
}

/// Answer a question: the first answer counts.
#[utoipa::path(post, path = "/api/interactions/{id}/answer", tag = "approvals", params(("id" = String, Path)),
    request_body = AnswersBody,
    responses((status = 200, body = Approval), (status = 403, body = Problem, description = "you are not asked"),
        (status = 404, body = Problem), (status = 409, body = Problem, description = "it is over: who answered, and when"),
        (status = 422, body = Problem)))]
pub async fn answer_interaction(
    Auth(caller): Auth,
    Path(id): Path<String>,
    JsonBody(body): JsonBody<AnswersBody>,
) -> Result<Json<Approval>, ApiError> {
    Ok(Json(interactions::answer(&caller, &id, body.answers).await?))
}

/// Approvals and questions of agents you may see and those you are asked, newest first; with `waiting_for=me` what waits
/// for you, longest first.
#[utoipa::path(get, path = "/api/approvals", tag = "approvals",
    params(("status" = Option<InteractionStatus>, Query), ("waiting_for" = Option<String>, Query, description = "me"),
        ("cursor" = Option<String>, Query), ("limit" = Option<i64>, Query, description = "1–200, default 50")),
    responses((status = 200, body = ApprovalsAnswer), (status = 422, body = Problem)))]
pub async fn list_approvals(Auth(caller): Auth, mut pairs: Pairs) -> Result<Json<ApprovalsAnswer>, ApiError> {
    let status: Option<InteractionStatus> =
        pairs.take("status", "pending, approved, rejected, answered, timeout or cancelled")?;
    let waiting_for: Option<String> = pairs.take("waiting_for", "me")?;
    let cursor = pairs.take("cursor", "text")?;
    let limit = pairs.take("limit", "a whole number")?.unwrap_or(50);
    pairs.finish()?;
    if waiting_for.as_deref().is_some_and(|who| who != "me") {
        return Err(crate::domain::Error::invalid("waiting_for", "must be me").into());
    }
    let page = interactions::list(&caller, status, waiting_for.is_some(), cursor, limit).await?;
    Ok(Json(ApprovalsAnswer { approvals: page.approvals, next_cursor: page.next_cursor }))
}

/// An approval with what it takes to decide it.
#[utoipa::path(get, path = "/api/approvals/{id}", tag = "approvals", params(("id" = String, Path)),
    responses((status = 200, body = ApprovalDetail), (status = 404, body = Problem)))]
pub async fn get_approval(Auth(caller): Auth, Path(id): Path<String>) -> Result<Json<ApprovalDetail>, ApiError> {
    Ok(Json(interactions::get(&caller, &id).await?))
}

/// Approve or reject.
#[utoipa::path(post, path = "/api/approvals/{id}/respond", tag = "approvals", params(("id" = String, Path)),
    request_body = Response,
    responses((status = 200, body = Approval), (status = 403, body = Problem, description = "you are not asked, or started the run"),
        (status = 404, body = Problem),
        (status = 409, body = Problem, description = "you have decided, it is over (by whom and when), or the parameters are others"),
        (status = 422, body = Problem)))]
pub async fn respond(
    Auth(caller): Auth,
    Path(id): Path<String>,
    JsonBody(response): JsonBody<Response>,
) -> Result<Json<Approval>, ApiError> {
    Ok(Json(interactions::respond(&caller, &id, response).await?))
}

/// Approve or reject several that ask for the same (title, text and parameters); each is judged alone.
#[utoipa::path(post, path = "/api/approvals/respond", tag = "approvals", request_body = ResponseToMany,
    responses((status = 200, body = ResultsAnswer), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub async fn respond_to_many(
    Auth(caller): Auth,
    JsonBody(response): JsonBody<ResponseToMany>,
) -> Result<Json<ResultsAnswer>, ApiError> {
    Ok(Json(ResultsAnswer { results: interactions::respond_to_many(&caller, response).await? }))
}

/// Take somebody off the list of those who decide, for admins: the others are counted again.
#[utoipa::path(delete, path = "/api/approvals/{id}/approvers/{email}", tag = "approvals",
    params(("id" = String, Path), ("email" = String, Path)),
    responses((status = 200, body = Approval), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "it is over")))]
pub async fn remove_approver(
    Auth(caller): Auth,
    Path((id, email)): Path<(String, String)>,
) -> Result<Json<Approval>, ApiError> {
    Ok(Json(interactions::remove_approver(&caller, &id, &email).await?))
}

/// Your standing rules and those of agents you own, newest first, with how often each was used.
#[utoipa::path(get, path = "/api/approvals/rules", tag = "approvals",
    params(("cursor" = Option<String>, Query), ("limit" = Option<i64>, Query, description = "1–200, default 50")),
    responses((status = 200, body = RulesAnswer), (status = 422, body = Problem)))]
pub async fn list_rules(Auth(caller): Auth, mut pairs: Pairs) -> Result<Json<RulesAnswer>, ApiError> {
    let cursor = pairs.take("cursor", "text")?;
    let limit = pairs.take("limit", "a whole number")?.unwrap_or(50);
    pairs.finish()?;
    let (rules, next_cursor) = interactions::list_rules(&caller, cursor, limit).await?;
    Ok(Json(RulesAnswer { rules, next_cursor }))
}

/// From an approval that you gave: approve the same (agent, title, text and parameters) without being asked, for some days.
#[utoipa::path(post, path = "/api/approvals/rules", tag = "approvals", request_body = NewStandingRule,
    responses((status = 201, body = StandingRule), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "you did not approve it, or have such a rule"),
        (status = 422, body = Problem)))]
pub async fn create_rule(
    Auth(caller): Auth,
    JsonBody(new): JsonBody<NewStandingRule>,
) -> Result<(StatusCode, Json<StandingRule>), ApiError> {
    Ok((StatusCode::CREATED, Json(interactions::make_rule(&caller, new).await?)))
}

/// End a standing rule: its maker, the agent's owner, and admins. It stays in the list.
#[utoipa::path(delete, path = "/api/approvals/rules/{id}", tag = "approvals", params(("id" = String, Path)),
    responses((status = 204), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub async fn revoke_rule(Auth(caller): Auth, Path(id): Path<String>) -> Result<StatusCode, ApiError> {
    interactions::revoke_rule(&caller, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
