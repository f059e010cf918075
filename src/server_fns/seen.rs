//! Both sides. Failures in groups, what happened while the reader was away, and what a link to a moment leaves out.

use super::text::Json;
use crate::domain::{Beside, Error, FailureGroups, Since};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;

/// Failures under a page's query string.
#[server(prefix = "/fn", endpoint = "failure_groups", input = GetUrl, output = Json)]
pub async fn list_failures(query: String) -> Result<FailureGroups, Error> {
    let caller = crate::app::caller().await?;
    crate::app::failures::for_page(&caller, &query).await
}

#[server(prefix = "/fn", endpoint = "beside", input = GetUrl, output = Json)]
pub async fn load_beside(query: String) -> Result<Beside, Error> {
    let caller = crate::app::caller().await?;
    crate::app::marks::beside(&caller, &query).await
}

/// The reader is at the page. Answers what happened while they were away.
#[server(prefix = "/fn", endpoint = "here", output = Json)]
pub async fn note_here() -> Result<Since, Error> {
    let caller = crate::app::caller().await?;
    crate::app::marks::here(&caller).await
}

/// The reader has seen everything.
#[server(prefix = "/fn", endpoint = "seen", output = Json)]
pub async fn mark_seen() -> Result<Since, Error> {
    let caller = crate::app::caller().await?;
    crate::app::marks::seen(&caller, None).await
}
