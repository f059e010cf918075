//! Both sides. One action on many runs.

use super::text::Json;
use crate::domain::{BulkAction, BulkJob, BulkPreview, BulkProgress, BulkTarget, Error};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;

/// What would happen; changes nothing.
#[server(prefix = "/fn", endpoint = "preview_bulk", input = Json, output = Json)]
pub async fn preview_bulk(action: BulkAction, target: BulkTarget) -> Result<BulkPreview, Error> {
    let caller = crate::app::caller().await?;
    crate::app::bulk::preview(&caller, action, target.try_into()?).await
}

/// Lets it happen. The same `request_key` again answers the job that was made for it.
#[server(prefix = "/fn", endpoint = "start_bulk", input = Json, output = Json)]
pub async fn start_bulk(request_key: String, action: BulkAction, target: BulkTarget) -> Result<BulkJob, Error> {
    let caller = crate::app::caller().await?;
    Ok(crate::app::bulk::start(&caller, action, target.try_into()?, Some(request_key)).await?.0)
}

/// How far it is, and a page of what became of the runs.
#[server(prefix = "/fn", endpoint = "bulk", input = GetUrl, output = Json)]
pub async fn load_bulk(id: String, cursor: Option<String>) -> Result<BulkProgress, Error> {
    let caller = crate::app::caller().await?;
    crate::app::bulk::progress(&caller, &id, cursor).await
}

#[server(prefix = "/fn", endpoint = "abort_bulk", output = Json)]
pub async fn abort_bulk(id: String) -> Result<BulkJob, Error> {
    let caller = crate::app::caller().await?;
    crate::app::bulk::abort(&caller, &id).await
}

/// The newest bulk actions the viewer may see.
#[server(prefix = "/fn", endpoint = "recent_bulk", input = GetUrl, output = Json)]
pub async fn recent_bulk() -> Result<Vec<BulkJob>, Error> {
    let caller = crate::app::caller().await?;
    crate::app::bulk::recent(&caller).await
}
