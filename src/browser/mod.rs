//! Both sides. The only door to the browser: the same names on both sides. On the server most of them do
//! nothing, because effects and event handlers never run there; `respond_*` do nothing in the browser.

#[cfg(feature = "hydrate")]
mod attention;
#[cfg(feature = "hydrate")]
mod history;
mod late;
#[cfg(feature = "hydrate")]
mod locale;
#[cfg(not(feature = "hydrate"))]
mod server;
#[cfg(feature = "hydrate")]
mod socket;
#[cfg(feature = "hydrate")]
mod stream;
#[cfg(feature = "hydrate")]
mod web;

#[cfg(feature = "hydrate")]
pub use attention::{ask_to_notify, chime, may_notify, notify};
#[cfg(feature = "hydrate")]
pub use history::{history_back, referrer};
pub use late::{Late, NotLoaded};
#[cfg(feature = "hydrate")]
pub use locale::{from_local_input, in_utc, know_locale, local_time, number, show_utc, time_zone, to_local_input};
#[cfg(not(feature = "hydrate"))]
pub use server::*;
#[cfg(feature = "hydrate")]
pub use socket::Socket;
#[cfg(feature = "hydrate")]
pub use stream::EventStream;
#[cfg(feature = "hydrate")]
pub use web::*;

/// What a socket tells its owner. Messages come in batches: everything that had arrived. That it stands
/// is known from its first message, never assumed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SocketEvent {
    Messages(Vec<String>),
    Closed,
}

/// Whether the browser shows desktop notifications of this site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// This browser has none, or not without TLS.
    Missing,
    NotAsked,
    Granted,
    Denied,
}

/// What a server-sent event stream tells its owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StreamEvent {
    Message {
        name: &'static str,
        data: String,
    },
    /// The server said no, so the browser does not try again; nothing follows.
    Refused,
}

/// How far an element is scrolled, and its visible and whole height, in px.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scroll {
    pub top: f64,
    pub height: f64,
    pub content: f64,
}

/// How to write a number in the viewer's locale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberStyle {
    /// With so many digits after the point.
    Decimal(u8),
    /// 12.5K
    Short,
    /// US dollars with so many digits after the point.
    Usd(u8),
}

/// How to write a moment in the viewer's locale and time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LocalStyle {
    /// 12:03
    Minute,
    /// 12:03:41
    Second,
    /// 12:03:41, where many stand under each other: without "UTC", whatever the zone
    Bare,
    /// 21 Nov
    Day,
    /// 21 Nov, 12:03
    DayMinute,
    /// 21 Nov 2026, 12:03:41
    Full,
}

/// A name for a request that is to take effect once, however often it is sent.
pub fn request_key() -> String {
    format!("{:x}-{:x}", clock_ms(), random().to_bits())
}
