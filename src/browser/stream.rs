//! Browser. One server-sent event stream. The browser itself reconnects, and resumes after the last event.

use super::{StreamEvent, spawn};
use futures::channel::mpsc::{UnboundedSender, unbounded};
use futures::{StreamExt, select, stream};
use gloo_net::eventsource::futures::EventSource;

/// Dropping every clone closes the stream.
#[derive(Debug, Clone)]
pub struct EventStream {
    /// Carries nothing: it ends when the stream is to end.
    held: UnboundedSender<()>,
}

impl EventStream {
    /// Listens to the named events of a path of this host. `on` hears of nothing after `Refused` or `close`.
    pub fn open(path: &str, names: &[&'static str], on: impl Fn(StreamEvent) + 'static) -> Self {
        let (held, ended) = unbounded::<()>();
        let mut ended = ended.fuse();
        let names = names.to_vec();
        let url = path.to_owned();
        spawn(async move {
            let Ok(mut source) = EventSource::new(&url) else { return on(StreamEvent::Refused) };
            let streams: Vec<_> = names
                .into_iter()
                .filter_map(|name| Some(source.subscribe(name).ok()?.map(move |event| (name, event))))
                .collect();
            let mut events = stream::select_all(streams);
            loop {
                select! {
                    _ = ended.next() => return,
                    event = events.next() => match event {
                        Some((name, Ok((_, message)))) => {
                            if let Some(data) = message.data().as_string() {
                                on(StreamEvent::Message { name, data });
                            }
                        }
                        Some((_, Err(_))) | None => return on(StreamEvent::Refused),
                    },
                }
            }
        });
        Self { held }
    }

    pub fn close(&self) {
        self.held.close_channel();
    }
}
