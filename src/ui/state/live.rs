//! Both sides. The live signal: one WebSocket for the tab, shared by everything on the page.

use super::acks::Acks;
use super::clock::Clock;
use super::link::{Connection, Link, Order};
use super::session::SessionResource;
use crate::browser::{self, Socket, SocketEvent};
use crate::domain::{ClientFrame, Error, FrameType, ServerFrame};
use crate::server_fns::load_session;
use crate::ui::kit::follow;
use leptos::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The pace of what follows the flow without hearing each event.
const EVERY_MS: u32 = 5_000;
/// Changes come together as often as a page can well show them.
const SOCKET: &str = "/ws?gather_ms=33";

type Handler = Arc<dyn Fn(&[ServerFrame]) + Send + Sync>;

struct Subscription {
    filter: BTreeMap<String, serde_json::Value>,
    /// The last sequence number seen: where a new socket goes on.
    since: Option<i64>,
    handler: Handler,
}

/// In context on every page.
#[derive(Clone, Copy)]
pub struct Live {
    clock: Clock,
    connection: RwSignal<Connection>,
    polls: RwSignal<u32>,
    events: RwSignal<u64>,
    newest: StoredValue<i64>,
    running: RwSignal<Option<i64>>,
    paused: RwSignal<bool>,
    topics: StoredValue<BTreeMap<String, Subscription>>,
    acks: StoredValue<Acks>,
    socket: StoredValue<Option<(u32, Socket)>>,
    sockets: StoredValue<u32>,
    link: StoredValue<Link>,
}

impl Live {
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            connection: RwSignal::new(Connection::Connecting),
            polls: RwSignal::new(0),
            events: RwSignal::new(0),
            newest: StoredValue::new(0),
            running: RwSignal::new(None),
            paused: RwSignal::new(false),
            topics: StoredValue::new(BTreeMap::new()),
            acks: StoredValue::new(Acks::default()),
            socket: StoredValue::new(None),
            sockets: StoredValue::new(0),
            link: StoredValue::new(Link::new(0)),
        }
    }

    pub fn connection(self) -> Connection {
        self.connection.get()
    }

    pub fn is_live_untracked(self) -> bool {
        self.connection.get_untracked() == Connection::Live
    }

    /// Changes every 10 seconds while there is no socket: time to ask the server.
    pub fn polls(self) -> u32 {
        self.polls.get()
    }

    /// Grows with every event of any topic, for numbers that follow at their own pace.
    pub fn events_untracked(self) -> u64 {
        self.events.get_untracked()
    }

    /// The newest event heard of.
    pub fn newest_untracked(self) -> i64 {
        self.newest.get_value()
    }

    /// Asks again every five seconds while what is shown is behind, never more often however many events come. Ends by
    /// itself when the page is left: `behind` has no answer then.
    pub fn keep_up(self, behind: impl Fn() -> Option<bool> + 'static, reload: impl Fn() + 'static) {
        browser::spawn(async move {
            loop {
                browser::sleep(EVERY_MS).await;
                match behind() {
                    Some(true) if browser::page_visible() => reload(),
                    Some(_) => {}
                    None => return,
                }
            }
        });
    }

    /// Unfinished runs, once it is known better than from the server's HTML.
    pub fn running(self) -> Option<i64> {
        self.running.get()
    }

    /// The reader wants nothing to change for now. The connection goes on, and says so.
    pub fn paused(self) -> bool {
        self.paused.get()
    }

    pub fn is_paused_untracked(self) -> bool {
        self.paused.get_untracked()
    }

    pub fn set_paused(self, paused: bool) {
        if self.paused.try_get_untracked() != Some(paused) {
            self.paused.set(paused);
        }
    }

    /// Listens to a topic until `unsubscribe`; a second call for the same topic replaces the first.
    /// `filter` are API parameters. `handler` also hears of `resync`.
    pub fn subscribe(
        self,
        topic: &str,
        filter: BTreeMap<String, serde_json::Value>,
        since: Option<i64>,
        handler: impl Fn(&[ServerFrame]) + Send + Sync + 'static,
    ) {
        let subscription = Subscription { filter, since, handler: Arc::new(handler) };
        let frame = subscription.frame(topic);
        self.topics.update_value(|t| drop(t.insert(topic.to_owned(), subscription)));
        self.order(topic, &frame);
    }

    pub fn unsubscribe(self, topic: &str) {
        if self.topics.try_update_value(|t| t.remove(topic)).flatten().is_some() {
            self.order(topic, &ClientFrame::Unsubscribe { topic: topic.to_owned() });
        }
    }

    /// An answer of the server said that the session is over.
    pub fn note_error(self, error: &Error) {
        if *error == Error::Unauthenticated {
            self.link.update_value(Link::signed_out);
            self.show();
        }
    }

    /// Without a socket nothing is ordered: the next one begins with all topics there are then.
    fn order(self, topic: &str, frame: &ClientFrame) {
        if self.socket.with_value(Option::is_some) {
            self.acks.update_value(|acks| acks.ordered(topic));
            self.send(frame);
        }
    }

    fn send(self, frame: &ClientFrame) {
        self.socket.with_value(|s| {
            if let (Some((_, socket)), Ok(text)) = (s, serde_json::to_string(frame)) {
                socket.send(text);
            }
        });
    }

    fn show(self) {
        let now = self.link.with_value(Link::state);
        if self.connection.get_untracked() != now {
            self.connection.set(now);
        }
    }

    /// Starts with hydration, for whoever is signed in.
    pub fn run(self, session: SessionResource) {
        follow(move || browser::mark_page("data-connection", self.connection.get().attribute()));
        Effect::new(move |started: Option<bool>| {
            let signed_in = session.with(|s| matches!(s, Some(Ok(s)) if s.me.is_some()));
            if signed_in && started != Some(true) {
                self.start();
            }
            signed_in || started == Some(true)
        });
    }

    fn start(self) {
        self.link.set_value(Link::new(browser::clock_ms()));
        for event in ["online", "offline", "visibilitychange", "focus"] {
            browser::on_window(event, move || {
                if browser::page_visible() && browser::online() {
                    self.obey(Link::hurry);
                }
                self.tick();
            });
        }
        browser::spawn(async move {
            loop {
                self.tick();
                browser::sleep(500).await;
            }
        });
        browser::spawn(self.keep_badge());
    }

    fn tick(self) {
        self.obey(|link, now| link.tick(now, browser::online(), browser::page_visible()));
    }

    fn obey(self, ask: impl FnOnce(&mut Link, i64) -> Vec<Order>) {
        let now = browser::clock_ms();
        let orders = self.link.try_update_value(|link| ask(link, now));
        for order in orders.into_iter().flatten() {
            match order {
                Order::Connect => self.connect(),
                Order::Drop => self.drop_socket(),
                Order::Ping => self.send(&ClientFrame::Ping),
                Order::Poll => self.polls.update(|n| *n += 1),
            }
        }
        self.show();
    }

    fn connect(self) {
        let number = self.sockets.get_value() + 1;
        self.sockets.set_value(number);
        let socket = Socket::open(SOCKET, move |event| {
            // A socket that was given up may still speak; it is not listened to.
            if self.socket.with_value(|s| s.as_ref().map(|(n, _)| *n)) == Some(number) {
                self.heard(event);
            }
        });
        self.socket.set_value(Some((number, socket)));
        self.acks.update_value(Acks::restart);
        self.send(&ClientFrame::Ping);
        let frames: Vec<_> =
            self.topics.with_value(|t| t.iter().map(|(topic, s)| (topic.clone(), s.frame(topic))).collect());
        for (topic, frame) in frames {
            self.order(&topic, &frame);
        }
    }

    fn drop_socket(self) {
        if let Some((_, socket)) = self.socket.try_update_value(Option::take).flatten() {
            socket.close();
        }
        self.link.update_value(|link| {
            link.lost(browser::clock_ms(), 0.0);
            link.hurry(browser::clock_ms());
        });
    }

    fn heard(self, event: SocketEvent) {
        let now = browser::clock_ms();
        match event {
            SocketEvent::Closed => {
                self.socket.set_value(None);
                self.link.update_value(|link| link.lost(now, browser::random()));
            }
            SocketEvent::Messages(texts) => {
                self.link.update_value(|link| link.heard(now));
                // A frame of a newer server that this page can't read is left out; a reload brings the new page.
                let frames: Vec<ServerFrame> =
                    texts.iter().flat_map(|t| t.lines()).filter_map(|line| serde_json::from_str(line).ok()).collect();
                self.dispatch(frames);
            }
        }
        self.show();
    }

    fn dispatch(self, frames: Vec<ServerFrame>) {
        let mut by_topic: BTreeMap<String, Vec<ServerFrame>> = BTreeMap::new();
        let mut events = 0;
        for frame in frames {
            if let Some(ms) = frame.now_ms {
                self.clock.correct(ms);
            }
            if self.acks.try_update_value(|acks| acks.current(&frame)) == Some(false) {
                continue;
            }
            events += u64::from(frame.execution.is_some());
            if let (true, Some(seq)) = (frame.execution.is_some(), frame.seq) {
                self.newest.update_value(|n| *n = (*n).max(seq));
            }
            match (frame.frame, frame.topic.clone()) {
                (FrameType::SignedOut, _) => self.link.update_value(Link::signed_out),
                (FrameType::Pong | FrameType::Error | FrameType::Unsubscribed, _) => {}
                (_, Some(topic)) => by_topic.entry(topic).or_default().push(frame),
                // A resync that names no topic is meant for all of them.
                (_, None) => self.topics.with_value(|t| {
                    for topic in t.keys() {
                        by_topic.entry(topic.clone()).or_default().push(frame.clone());
                    }
                }),
            }
        }
        for (topic, frames) in by_topic {
            let handler = self.topics.try_update_value(|t| {
                let subscription = t.get_mut(&topic)?;
                subscription.advance(&frames);
                Some(subscription.handler.clone())
            });
            if let Some(handler) = handler.flatten() {
                handler(&frames);
            }
        }
        if events > 0 {
            self.events.update(|n| *n += events);
        }
    }

    /// The number beside "Executions": at most every 5 seconds, and only when something happened.
    async fn keep_badge(self) {
        let mut seen = 0;
        loop {
            browser::sleep(EVERY_MS).await;
            let events = self.events_untracked();
            if events == seen || !browser::page_visible() {
                continue;
            }
            seen = events;
            match load_session().await {
                Ok(session) if session.me.is_some() => {
                    self.clock.correct(session.now_ms);
                    self.running.set(Some(session.running));
                }
                Ok(_) => self.note_error(&Error::Unauthenticated),
                Err(e) => self.note_error(&e),
            }
        }
    }
}

impl Subscription {
    fn frame(&self, topic: &str) -> ClientFrame {
        ClientFrame::Subscribe {
            topic: topic.to_owned(),
            filter: self.filter.clone(),
            since: self.since,
            legacy: false,
        }
    }

    fn advance(&mut self, frames: &[ServerFrame]) {
        for frame in frames {
            let told = frame.execution.is_some() || frame.approval.is_some();
            let news = told || frame.frame == FrameType::Resync || self.since.is_none();
            if let (true, Some(seq)) = (news, frame.seq) {
                self.since = Some(self.since.map_or(seq, |s| s.max(seq)));
            }
        }
    }
}

pub fn use_live() -> Live {
    expect_context()
}
