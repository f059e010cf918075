//! Both sides. How the reader is told of what concerns them, and what they were told.

use super::text::Json;
use crate::domain::{DeliveryPage, Error, NewNotifySettings, NotifyPage, SavedNotifySettings, Trial};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;

#[server(prefix = "/fn", endpoint = "notifications", input = GetUrl, output = Json)]
pub async fn load_notifications() -> Result<NotifyPage, Error> {
    let caller = crate::app::caller().await?;
    crate::app::notify::page(&caller).await
}

#[server(prefix = "/fn", endpoint = "deliveries", input = GetUrl, output = Json)]
pub async fn list_told(cursor: Option<String>) -> Result<DeliveryPage, Error> {
    let caller = crate::app::caller().await?;
    crate::app::notify::list(&caller, cursor, None).await
}

#[server(prefix = "/fn", endpoint = "set_notifications", input = Json, output = Json)]
pub async fn set_notifications(new: NewNotifySettings) -> Result<SavedNotifySettings, Error> {
    let caller = crate::app::caller().await?;
    crate::app::notify::save(&caller, new).await
}

#[server(prefix = "/fn", endpoint = "test_told_webhook", output = Json)]
pub async fn test_told_webhook() -> Result<Trial, Error> {
    let caller = crate::app::caller().await?;
    crate::app::notify::test_webhook(&caller).await
}

#[server(prefix = "/fn", endpoint = "test_told_mail", output = Json)]
pub async fn test_told_mail() -> Result<Trial, Error> {
    let caller = crate::app::caller().await?;
    crate::app::notify::test_mail(&caller).await
}

/// Answers the new secret.
#[server(prefix = "/fn", endpoint = "renew_webhook_secret", output = Json)]
pub async fn renew_told_secret() -> Result<String, Error> {
    let caller = crate::app::caller().await?;
    crate::app::notify::renew_secret(&caller).await
}
