//! Both sides. The set-up page for programs that speak OpenTelemetry.

use super::text::Json;
use crate::domain::{Arrivals, ConnectPage, Error, Timestamp};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;

#[server(prefix = "/fn", endpoint = "connect", input = GetUrl, output = Json)]
pub async fn load_connect() -> Result<ConnectPage, Error> {
    let caller = crate::app::caller().await?;
    crate::app::connect::page(&caller)
}

/// Answers the token, this once.
#[server(prefix = "/fn", endpoint = "connect_token", input = Json, output = Json)]
pub async fn make_connect_token(name: String) -> Result<String, Error> {
    let caller = crate::app::caller().await?;
    crate::app::connect::token(&caller, name).await
}

#[server(prefix = "/fn", endpoint = "arrivals", input = GetUrl, output = Json)]
pub async fn read_arrivals(since: Timestamp) -> Result<Arrivals, Error> {
    let caller = crate::app::caller().await?;
    crate::app::connect::arrivals(&caller, since).await
}
