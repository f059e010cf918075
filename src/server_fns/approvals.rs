//! Both sides. Approvals and questions: what waits for whom, and deciding.

use super::text::Json;
use crate::domain::{
    Answers, Approval, ApprovalPage, ApprovalRecord, ApprovalsPage, ApprovalsPart, Error, NewStandingRule, Response,
    ResponseResult, ResponseToMany, StandingRule,
};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;

/// What waits for the caller, for others, what was decided, and the standing rules.
#[server(prefix = "/fn", endpoint = "approvals", input = GetUrl, output = Json)]
pub async fn load_approvals() -> Result<ApprovalsPage, Error> {
    let caller = crate::app::caller().await?;
    crate::app::interactions::page(&caller).await
}

/// Further ones of one part.
#[server(prefix = "/fn", endpoint = "more_approvals", input = GetUrl, output = Json)]
pub async fn list_approvals(part: ApprovalsPart, cursor: Option<String>) -> Result<ApprovalPage, Error> {
    let caller = crate::app::caller().await?;
    crate::app::interactions::part(&caller, part, cursor).await
}

#[server(prefix = "/fn", endpoint = "approval", input = GetUrl, output = Json)]
pub async fn load_approval(id: String) -> Result<ApprovalRecord, Error> {
    let caller = crate::app::caller().await?;
    crate::app::reading::approval(&caller, &id).await
}

/// How many wait for the caller.
#[server(prefix = "/fn", endpoint = "waiting_for_me", input = GetUrl, output = Json)]
pub async fn count_waiting_for_me() -> Result<i64, Error> {
    let caller = crate::app::caller().await?;
    crate::app::interactions::waiting_for(&caller).await
}

#[server(prefix = "/fn", endpoint = "respond", input = Json, output = Json)]
pub async fn respond(id: String, response: Response) -> Result<Approval, Error> {
    let caller = crate::app::caller().await?;
    crate::app::interactions::respond(&caller, &id, response).await
}

/// The same answer to several equal requests.
#[server(prefix = "/fn", endpoint = "respond_many", input = Json, output = Json)]
pub async fn respond_to_many(response: ResponseToMany) -> Result<Vec<ResponseResult>, Error> {
    let caller = crate::app::caller().await?;
    crate::app::interactions::respond_to_many(&caller, response).await
}

#[server(prefix = "/fn", endpoint = "answer", input = Json, output = Json)]
pub async fn answer_question(id: String, answers: Answers) -> Result<Approval, Error> {
    let caller = crate::app::caller().await?;
    crate::app::interactions::answer(&caller, &id, answers).await
}

/// Takes somebody off the list of those who decide.
#[server(prefix = "/fn", endpoint = "remove_approver", output = Json)]
pub async fn remove_approver(id: String, email: String) -> Result<Approval, Error> {
    let caller = crate::app::caller().await?;
    crate::app::interactions::remove_approver(&caller, &id, &email).await
}

#[server(prefix = "/fn", endpoint = "make_rule", input = Json, output = Json)]
pub async fn make_standing_rule(rule: NewStandingRule) -> Result<StandingRule, Error> {
    let caller = crate::app::caller().await?;
    crate::app::interactions::make_rule(&caller, rule).await
}

#[server(prefix = "/fn", endpoint = "revoke_rule", output = Json)]
pub async fn revoke_standing_rule(id: String) -> Result<(), Error> {
    let caller = crate::app::caller().await?;
    crate::app::interactions::revoke_rule(&caller, &id).await
}
