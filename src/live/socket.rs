//! Server. One WebSocket: subscriptions in, changes out. A reader that falls behind gets the newest
//! state of each execution from the database instead of a queue that grows.

use super::hub::{Change, Hub};
use super::subscription::Subscription;
use crate::app::Caller;
use crate::domain::{ClientFrame, Error, FrameType, Result, ServerFrame};
use crate::telemetry::{Figures, Held};
use axum::extract::ws::{CloseFrame, Message, WebSocket};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, sleep_until};

/// Subscriptions a socket may hold.
const TOPICS: usize = 32;
/// How often a silent socket's session is looked at, and the peer asked whether it is there.
const CHECK: Duration = Duration::from_secs(5);
/// Checks without a word from the peer before the socket is given up.
const SILENT_CHECKS: u32 = 20;
const SIGNED_OUT: u16 = 4_401;
/// Messages of one text frame.
const LINES: usize = 500;

/// Talks until either side is done. `gather`: changes of so long a time come as lines of one text frame, of each run
/// only its newest. Each frame costs a browser much more than a line.
pub async fn serve_socket(mut socket: WebSocket, mut caller: Caller, hub: Hub, gather: Option<Duration>) {
    let _open = Held::one(&hub.figures().sockets);
    if let Err(End::SignedOut) = talk(&mut socket, &mut caller, &hub, gather).await {
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
    // Counted first: whoever has it can see that it was.
    figures.frames_sent.inc();
    Ok(socket.send(Message::text(text)).await?)
}

/// What a socket holds between two things that happen.
struct Talk<'a> {
    socket: &'a mut WebSocket,
    caller: &'a mut Caller,
    figures: &'a Figures,
    gather: Option<Duration>,
    subscriptions: Vec<Subscription>,
    /// Changes that were not told yet, and when they will be.
    untold: Vec<Arc<Vec<Change>>>,
    due: Instant,
    /// The newest event that was told.
    position: i64,
}

async fn talk(socket: &mut WebSocket, caller: &mut Caller, hub: &Hub, gather: Option<Duration>) -> Result<(), End> {
    let figures = hub.figures();
    let (subscriptions, untold) = (Vec::new(), Vec::new());
    let mut talk = Talk { socket, caller, figures, gather, subscriptions, untold, due: Instant::now(), position: 0 };
    let mut changes = hub.listen();
    let mut check = tokio::time::interval(CHECK);
    let mut silent = 0;
    let closed = hub.closed();
    tokio::pin!(closed);
    loop {
        tokio::select! {
            () = &mut closed => return Err(End::Gone),
            frame = talk.socket.recv() => {
                silent = 0;
                match frame {
                    None | Some(Err(_) | Ok(Message::Close(_))) => return Err(End::Gone),
                    Some(Ok(Message::Text(text))) => talk.answer(&text).await?,
                    Some(Ok(Message::Binary(_))) => {
                        send(talk.socket, figures, &wrong("send text frames with JSON")).await?;
                    }
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                }
            }
            batch = changes.recv() => match batch {
                Ok(batch) => {
                    talk.untold.push(batch);
                    // The first after a silence is not held up.
                    if Instant::now() >= talk.due {
                        talk.tell().await?;
                    }
                }
                Err(RecvError::Lagged(batches)) => {
                    figures.batches_skipped.inc_by(batches);
                    changes = hub.listen();
                    talk.catch_up().await?;
                }
                Err(RecvError::Closed) => return Err(End::Gone),
            },
            () = sleep_until(talk.due), if !talk.untold.is_empty() => talk.tell().await?,
            _ = check.tick() => {
                refresh(talk.caller).await?;
                silent += 1;
                if silent > SILENT_CHECKS {
                    return Err(End::Gone);
                }
                if silent % 4 == 0 {
                    talk.socket.send(Message::Ping(Vec::new().into())).await?;
                }
            }
        }
    }
}

impl Talk<'_> {
    async fn answer(&mut self, text: &str) -> Result<(), End> {
        // An answer comes after what happened before it.
        self.tell().await?;
        refresh(self.caller).await?;
        for answer in handle(text, self.caller, &mut self.subscriptions).await {
            self.position = self.position.max(answer.seq.unwrap_or(0));
            send(self.socket, self.figures, &answer).await?;
        }
        Ok(())
    }

    /// Tells all that is untold. What the caller may see is looked up now, not when it happened.
    async fn tell(&mut self) -> Result<(), End> {
        let batches = std::mem::take(&mut self.untold);
        let Some(last) = batches.iter().filter_map(|batch| batch.last()).map(|change| change.seq).max() else {
            return Ok(());
        };
        if !self.subscriptions.is_empty() {
            refresh(self.caller).await?;
        }
        for subscription in &mut self.subscriptions {
            let gathered = self.gather.is_some();
            let texts = subscription.texts(self.caller, &batches, gathered).await.map_err(|e| lost(&e))?;
            for lines in texts.chunks(if gathered { LINES } else { 1 }) {
                self.figures.frames_sent.inc_by(lines.len() as u64);
                self.socket.send(Message::text(lines.join("\n"))).await?;
            }
        }
        self.position = self.position.max(last);
        self.due = Instant::now() + self.gather.unwrap_or_default();
        Ok(())
    }

    /// What was missed, from the database.
    async fn catch_up(&mut self) -> Result<(), End> {
        self.untold.clear();
        refresh(self.caller).await?;
        for subscription in &mut self.subscriptions {
            for frame in subscription.replay(self.caller, Some(self.position)).await.map_err(|e| lost(&e))? {
                send(self.socket, self.figures, &frame).await?;
            }
        }
        Ok(())
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
