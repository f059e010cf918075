//! Server. What a person was told, and what became of it.

use super::settings;
use crate::app::{Caller, cursor};
use crate::domain::{Delivery, DeliveryPage, Error, NotifyPage, Result};
use crate::store::deliveries as rows;

const PAGE: i64 = 50;

/// Newest first, and where to go on.
pub async fn list(caller: &Caller, from: Option<String>, limit: Option<i64>) -> Result<DeliveryPage> {
    // They name agents that a token may not be for.
    caller.unlimited()?;
    let limit = limit.unwrap_or(PAGE);
    if !(1..=200).contains(&limit) {
        return Err(Error::invalid("limit", "must be from 1 to 200"));
    }
    let before = match from {
        None => i64::MAX,
        Some(text) => cursor::decode_pair(&text, "deliveries")?.0,
    };
    let mut found = rows::log(&mut caller.app.store.read(), caller.user_key, before, limit + 1).await?;
    let more = found.len() as i64 > limit;
    found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let next_cursor = found.last().filter(|_| more).map(|r| cursor::encode_pair("deliveries", (r.key, 0)));
    Ok(DeliveryPage { deliveries: found.into_iter().map(Delivery::from).collect(), next_cursor })
}

/// All that the page of it shows at first.
pub async fn page(caller: &Caller) -> Result<NotifyPage> {
    Ok(NotifyPage { settings: settings::get(caller).await?, log: list(caller, None, Some(20)).await? })
}
