//! Browser. One WebSocket: text out, batches of text in.

use super::{SocketEvent, spawn};
use futures::channel::mpsc::{UnboundedSender, unbounded};
use futures::future::{Either, poll_fn, select};
use futures::{SinkExt, StreamExt, select_biased, stream};
use gloo_net::websocket::{Message, State, WebSocketError, futures::WebSocket};
use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;

/// Messages handled in one go, and the pause after them: what comes meanwhile becomes one change of the page. The first
/// after a silence is not held up.
const BATCH: usize = 1_024;
const PAUSE_MS: Range<f64> = 16.0..200.0;
/// The pause is so many times as long as the page took to change, so that on a slow machine too a storm of messages
/// leaves most of the time to the reader.
const PAUSE_SHARE: f64 = 3.0;

/// The sending half; dropping every clone closes the socket.
#[derive(Debug, Clone)]
pub struct Socket {
    out: UnboundedSender<String>,
}

impl Socket {
    /// Connects to a path of this host. `on` hears of everything, and last of `Closed`.
    pub fn open(path: &str, on: impl Fn(SocketEvent) + 'static) -> Self {
        let (out, outgoing) = unbounded::<String>();
        let mut outgoing = outgoing.fuse();
        let url = super::origin().replacen("http", "ws", 1) + path;
        spawn(async move {
            let Ok(socket) = WebSocket::open(&url) else {
                on(SocketEvent::Closed);
                return;
            };
            let socket = Rc::new(RefCell::new(socket));
            let reading = socket.clone();
            let read = stream::poll_fn(move |cx| reading.borrow_mut().poll_next_unpin(cx));
            let mut read = read.ready_chunks(BATCH).fuse();
            let ready = poll_fn(|cx| socket.borrow_mut().poll_ready_unpin(cx));
            let mut open = match select(Box::pin(read.next()), ready).await {
                Either::Left((first, _)) => tell(first.unwrap_or_default(), &on),
                Either::Right((ready, _)) => ready.is_ok(),
            };
            while open {
                select_biased! {
                    batch = read.next() => {
                        let begun = js_sys::Date::now();
                        open = tell(batch.unwrap_or_default(), &on);
                        // What follows the signals has run when a timer's turn comes. Those of a hidden page come late.
                        if super::page_visible() {
                            super::sleep(0).await;
                        }
                        super::sleep(pause_after(js_sys::Date::now() - begun)).await;
                    }
                    text = outgoing.next() => match text {
                        Some(text) => open = put(&socket, text),
                        None => break,
                    },
                }
            }
            on(SocketEvent::Closed);
        });
        Self { out }
    }

    pub fn send(&self, text: String) {
        // A closed socket has said so already; what was to be sent is sent after the next start.
        drop(self.out.unbounded_send(text));
    }

    pub fn close(&self) {
        self.out.close_channel();
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn pause_after(spent_ms: f64) -> u32 {
    (spent_ms * PAUSE_SHARE).clamp(PAUSE_MS.start, PAUSE_MS.end) as u32
}

/// `false`: the socket is gone. Writing to one that closes would complain on the console.
fn put(socket: &RefCell<WebSocket>, text: String) -> bool {
    let mut socket = socket.borrow_mut();
    matches!(socket.state(), State::Open) && socket.start_send_unpin(Message::Text(text)).is_ok()
}

/// Passes the texts of a batch on; `false`: the socket is gone. Nothing arrives only at its end.
fn tell(batch: Vec<Result<Message, WebSocketError>>, on: &impl Fn(SocketEvent)) -> bool {
    let open = !batch.is_empty() && batch.iter().all(Result::is_ok);
    let texts: Vec<String> = batch
        .into_iter()
        .filter_map(|m| match m {
            Ok(Message::Text(text)) => Some(text),
            _ => None,
        })
        .collect();
    if !texts.is_empty() {
        on(SocketEvent::Messages(texts));
    }
    open
}
