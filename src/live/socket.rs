//! Server. One WebSocket: subscriptions in, changes out. A reader that falls behind gets the newest
//! state of each execution from the database instead of a queue that grows.

use super::hub::Hub;
use super::subscription::Subscription;
use crate::app::Caller;
use crate::domain::{ClientFrame, Error, FrameType, Result, ServerFrame};
use crate::telemetry::{Figures, Held};
use axum::extract::ws::{CloseFrame, Message, WebSocket};
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;

/// Subscriptions a socket may hold.
const TOPICS: usize = 32;
/// How often a silent socket's session is looked at, and the peer asked whether it is there.
const CHECK: Duration = Duration::from_secs(5);
/// Checks without a word from the peer before the socket is given up.
const SILENT_CHECKS: u32 = 20;
const SIGNED_OUT: u16 = 4_401;

/// Talks until either side is done.
pub async fn serve_socket(mut socket: WebSocket, mut caller: Caller, hub: Hub) {
    let _open = Held::one(&hub.figures().sockets);
    if let Err(End::SignedOut) = talk(&mut socket, &mut caller, &hub).await {
        let frame = ServerFrame {
            detail: Some("the session or token has ended".to_owned()),
            ..ServerFrame::plain(FrameType::SignedOut)
        };
        // The peer may be gone already.
        drop(send(&mut socket, hub.figures(), &frame).await);
        let close = CloseFrame { code: SIGNED_OUT, reason: "signed out".into() };
        drop(socket.send(Message::Close(Some(close))).await);
    }
}

enum End {
    Gone,
    SignedOut,
}

impl From<axum::Error> for End {
    fn from(_: axum::Error) -> Self {
        Self::Gone
    }
}

async fn send(socket: &mut WebSocket, figures: &Figures, frame: &ServerFrame) -> Result<(), End> {
    let text = serde_json::to_string(frame).map_err(|_| End::Gone)?;
    send_text(socket, figures, text).await
}

async fn send_text(socket: &mut WebSocket, figures: &Figures, text: String) -> Result<(), End> {
    // Counted first: whoever has it can see that it was.
    figures.frames_sent.inc();
    Ok(socket.send(Message::text(text)).await?)
}

async fn talk(socket: &mut WebSocket, caller: &mut Caller, hub: &Hub) -> Result<(), End> {
    let figures = hub.figures();
    let mut changes = hub.listen();
    let mut subscriptions: Vec<Subscription> = Vec::new();
    let mut position: i64 = 0;
    let mut check = tokio::time::interval(CHECK);
    let mut silent = 0;
    let closed = hub.closed();
    tokio::pin!(closed);
    loop {
        tokio::select! {
            () = &mut closed => return Err(End::Gone),
            frame = socket.recv() => {
                silent = 0;
                match frame {
                    None | Some(Err(_) | Ok(Message::Close(_))) => return Err(End::Gone),
                    Some(Ok(Message::Text(text))) => {
                        refresh(caller).await?;
                        for answer in handle(&text, caller, &mut subscriptions).await {
                            position = position.max(answer.seq.unwrap_or(0));
                            send(socket, figures, &answer).await?;
                        }
                    }
                    Some(Ok(Message::Binary(_))) => {
                        send(socket, figures, &wrong("send text frames with JSON")).await?;
                    }
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                }
            }
            batch = changes.recv() => match batch {
                Ok(batch) => {
                    if !subscriptions.is_empty() {
                        refresh(caller).await?;
                    }
                    for subscription in &mut subscriptions {
                        for text in subscription.texts(caller, &batch).await.map_err(|e| lost(&e))? {
                            send_text(socket, figures, text).await?;
                        }
                    }
                    position = batch.last().map_or(position, |c| c.seq.max(position));
                }
                Err(RecvError::Lagged(batches)) => {
                    figures.batches_skipped.inc_by(batches);
                    changes = hub.listen();
                    refresh(caller).await?;
                    for subscription in &mut subscriptions {
                        for frame in subscription.replay(caller, Some(position)).await.map_err(|e| lost(&e))? {
                            send(socket, figures, &frame).await?;
                        }
                    }
                }
                Err(RecvError::Closed) => return Err(End::Gone),
            },
            _ = check.tick() => {
                refresh(caller).await?;
                silent += 1;
                if silent > SILENT_CHECKS {
                    return Err(End::Gone);
                }
                if silent % 4 == 0 {
                    socket.send(Message::Ping(Vec::new().into())).await?;
                }
            }
        }
    }
}

/// A socket that can't read the database is closed: its client comes back and resumes.
fn lost(e: &Error) -> End {
    tracing::warn!(error = %e, "a socket could not be served");
    End::Gone
}

/// What the caller may see is looked up again before anything is sent.
async fn refresh(caller: &mut Caller) -> Result<(), End> {
    match caller.refreshed().await {
        Ok(Some(now)) => {
            *caller = now;
            Ok(())
        }
        Ok(None) => Err(End::SignedOut),
        Err(e) => Err(lost(&e)),
    }
}

fn wrong(detail: impl Into<String>) -> ServerFrame {
    ServerFrame { detail: Some(detail.into()), ..ServerFrame::plain(FrameType::Error) }
}

async fn handle(text: &str, caller: &Caller, subscriptions: &mut Vec<Subscription>) -> Vec<ServerFrame> {
    let frame: ClientFrame = match serde_json::from_str(text) {
        Ok(frame) => frame,
        Err(e) => return vec![wrong(format!("this frame can't be read: {e}"))],
    };
    match frame {
        ClientFrame::Ping => {
            vec![ServerFrame { now_ms: Some(caller.now().millis()), ..ServerFrame::plain(FrameType::Pong) }]
        }
        ClientFrame::Unsubscribe { topic } => {
            subscriptions.retain(|s| s.topic.to_string() != topic);
            vec![ServerFrame { topic: Some(topic), ..ServerFrame::plain(FrameType::Unsubscribed) }]
        }
        ClientFrame::Subscribe { topic, filter, since, legacy } => {
            match Subscription::open(caller, &topic, &filter, since, legacy).await {
                Ok((subscription, frames)) => {
                    // The same topic again replaces its filter.
                    subscriptions.retain(|s| s.topic != subscription.topic);
                    if subscriptions.len() >= TOPICS {
                        let full = wrong(format!("a socket holds at most {TOPICS} subscriptions"));
                        return vec![ServerFrame { topic: Some(topic), ..full }];
                    }
                    subscriptions.push(subscription);
                    frames
                }
                Err(e) => vec![ServerFrame { topic: Some(topic), ..wrong(e.to_string()) }],
            }
        }
    }
}
