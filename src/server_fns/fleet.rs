//! Both sides. What the dashboard shows beside the cards.

use super::text::Json;
use crate::domain::{Error, ExecutionPage, Fleet};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;

/// The first `limit` agents by name, each with its newest run and its last 24 hours in numbers.
#[server(prefix = "/fn", endpoint = "fleet", input = GetUrl, output = Json)]
pub async fn load_fleet(limit: i64) -> Result<Fleet, Error> {
    let caller = crate::app::caller().await?;
    crate::app::numbers::fleet(&caller, limit).await
}

/// The unfinished runs that matter most, newest first.
#[server(prefix = "/fn", endpoint = "under_way", input = GetUrl, output = Json)]
pub async fn load_under_way() -> Result<ExecutionPage, Error> {
    let caller = crate::app::caller().await?;
    crate::app::numbers::under_way(&caller).await
}
