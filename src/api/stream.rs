//! Server. Live: the WebSocket and the stream of one execution.

use super::extract::{Auth, Context, Pairs};
use super::problem::{ApiError, Problem};
use crate::app::executions;
use crate::domain::Error;
use crate::live::{Hub, follow, serve_socket};
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::sse::{KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use std::ops::RangeInclusive;
use std::time::Duration;

/// Bytes of a frame a client may send.
const FRAME: usize = 64 << 10;

/// For how long changes may be gathered, milliseconds.
const GATHER_MS: RangeInclusive<u64> = 1..=1_000;

/// Open a WebSocket; frames are described in docs/API.md.
#[utoipa::path(get, path = "/ws", tag = "live",
    params(("gather_ms" = Option<u64>, Query, minimum = 1, maximum = 1_000,
        description = "changes of so many milliseconds come together: several messages in one text frame, a line each, of each run only its newest state; default: a text frame for each message")),
    responses((status = 101), (status = 401, body = Problem), (status = 403, body = Problem), (status = 422, body = Problem)))]
pub async fn open_socket(
    Auth(caller): Auth,
    Context(context): Context,
    State(hub): State<Hub>,
    headers: HeaderMap,
    mut pairs: Pairs,
    upgrade: Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
) -> Result<Response, ApiError> {
    crate::server::origin::check(&headers, &context.app.config)?;
    let gather: Option<u64> = pairs.take("gather_ms", "a whole number")?;
    pairs.finish()?;
    if gather.is_some_and(|ms| !GATHER_MS.contains(&ms)) {
        return Err(Error::invalid("gather_ms", "must be from 1 to 1000").into());
    }
    let gather = gather.map(Duration::from_millis);
    let upgrade = upgrade.map_err(|e| Error::invalid("Upgrade", e.to_string()))?;
    let serve = move |socket| serve_socket(socket, caller, hub, gather);
    Ok(upgrade.max_message_size(FRAME).on_upgrade(serve).into_response())
}

/// Follow a run as server-sent events: `status`, `log`, `tool_call`, `step`, `end`.
#[utoipa::path(get, path = "/api/executions/{id}/stream", tag = "live",
    params(("id" = String, Path),
        ("after" = Option<i64>, Query, description = "start after this log line; default 0: from the first"),
        ("Last-Event-ID" = Option<i64>, Header, description = "number of the last log line received")),
    responses((status = 200, content_type = "text/event-stream"), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub async fn stream_execution(
    Auth(caller): Auth,
    Path(id): Path<String>,
    headers: HeaderMap,
    mut pairs: Pairs,
    State(hub): State<Hub>,
) -> Result<Response, ApiError> {
    let start: Option<i64> = pairs.take("after", "a whole number")?;
    pairs.finish()?;
    // A browser can't send the header the first time, and sends it with the same address when it reconnects.
    let after = match headers.get("last-event-id") {
        None => start.unwrap_or(0),
        Some(v) => v
            .to_str()
            .ok()
            .and_then(|s| s.parse().ok())
            .ok_or_else(|| Error::invalid("Last-Event-ID", "is not a line number"))?,
    };
    executions::find(&caller, &id).await?;
    Ok(Sse::new(follow(caller, &hub, id, after)).keep_alive(KeepAlive::default()).into_response())
}
