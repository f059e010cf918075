//! Both sides. Saved views.

use super::text::Json;
use crate::domain::Error;
use crate::domain::view::{NewView, View, ViewPage, ViewPatch};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;

/// The viewer's own views and the shared ones: the first 200.
#[server(prefix = "/fn", endpoint = "views", input = GetUrl, output = Json)]
pub async fn list_views() -> Result<ViewPage, Error> {
    let caller = crate::app::caller().await?;
    crate::app::views::list(&caller, None, None).await
}

#[server(prefix = "/fn", endpoint = "save_view", input = Json, output = Json)]
pub async fn save_view(new: NewView) -> Result<View, Error> {
    let caller = crate::app::caller().await?;
    crate::app::views::create(&caller, new).await
}

#[server(prefix = "/fn", endpoint = "change_view", input = Json, output = Json)]
pub async fn change_view(id: String, patch: ViewPatch) -> Result<View, Error> {
    let caller = crate::app::caller().await?;
    crate::app::views::patch(&caller, &id, patch).await
}

#[server(prefix = "/fn", endpoint = "delete_view", output = Json)]
pub async fn delete_view(id: String) -> Result<(), Error> {
    let caller = crate::app::caller().await?;
    crate::app::views::delete(&caller, &id).await
}
