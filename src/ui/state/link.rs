//! Both sides. How the tab is connected, as a pure machine: time, chance and the network come in as arguments.

/// What the reader is told, on every page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connection {
    /// The first try since the page was loaded.
    Connecting,
    Live,
    Reconnecting,
    /// No socket for a while: the pages ask the server every 10 seconds.
    Polling,
    /// The machine has no network, since then (browser's clock, milliseconds).
    Offline(i64),
    SignedOut,
}

impl Connection {
    /// The value of `data-connection`. Nothing is called live before the server has answered.
    pub const fn attribute(self) -> &'static str {
        match self {
            Self::Connecting | Self::Reconnecting => "reconnecting",
            Self::Live => "live",
            Self::Polling => "polling",
            Self::Offline(_) => "offline",
            Self::SignedOut => "signed-out",
        }
    }
}

/// What the owner of the socket has to do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    Connect,
    /// Give the socket up: it is dead without saying so.
    Drop,
    Ping,
    /// Ask the server the plain way.
    Poll,
}

const PING_EVERY: i64 = 25_000;
const PONG_WITHIN: i64 = 10_000;
const POLL_AFTER: i64 = 10_000;
const POLL_EVERY: i64 = 10_000;
/// Longer between two ticks: the machine slept.
const SLEPT: i64 = 30_000;
const FIRST_RETRY: i64 = 500;
const LAST_RETRY: i64 = 15_000;

#[derive(Debug, Clone)]
pub struct Link {
    state: Connection,
    /// A socket exists, whether it has answered or not.
    up: bool,
    attempt: u32,
    next_try: i64,
    down_since: i64,
    heard_at: i64,
    pinged_at: Option<i64>,
    polled_at: i64,
    ticked_at: i64,
}

impl Link {
    pub const fn new(now: i64) -> Self {
        Self {
            state: Connection::Connecting,
            up: false,
            attempt: 0,
            next_try: now,
            down_since: now,
            heard_at: now,
            pinged_at: None,
            polled_at: now,
            ticked_at: now,
        }
    }

    pub const fn state(&self) -> Connection {
        self.state
    }

    /// The server said something: the socket lives.
    pub fn heard(&mut self, now: i64) {
        self.heard_at = now;
        self.pinged_at = None;
        self.attempt = 0;
        if self.state != Connection::SignedOut {
            self.state = Connection::Live;
        }
    }

    /// The socket closed. `chance` in 0–1 spreads the retries of many tabs.
    #[allow(clippy::cast_possible_truncation)]
    pub fn lost(&mut self, now: i64, chance: f64) {
        self.up = false;
        self.pinged_at = None;
        if self.state == Connection::Live {
            self.down_since = now;
            self.polled_at = now;
            self.state = Connection::Reconnecting;
        }
        let delay = (FIRST_RETRY << self.attempt.min(6)).min(LAST_RETRY);
        self.attempt += 1;
        self.next_try = now + delay / 2 + (delay as f64 / 2.0 * chance) as i64;
    }

    pub fn signed_out(&mut self) {
        self.state = Connection::SignedOut;
    }

    /// The network is back or the reader is: no waiting for the next retry.
    pub fn hurry(&mut self, now: i64) -> Vec<Order> {
        self.next_try = now;
        self.attempt = 0;
        if self.up && now - self.heard_at > SLEPT { vec![Order::Drop] } else { Vec::new() }
    }

    /// Called about twice a second. A hidden tab's timers are slowed down, which is no sleep.
    pub fn tick(&mut self, now: i64, online: bool, visible: bool) -> Vec<Order> {
        let slept = visible && now - self.ticked_at > SLEPT;
        self.ticked_at = now;
        if self.state == Connection::SignedOut {
            return Vec::new();
        }
        if !online {
            if !matches!(self.state, Connection::Offline(_)) {
                self.state = Connection::Offline(now);
            }
            return if std::mem::take(&mut self.up) { vec![Order::Drop] } else { Vec::new() };
        }
        if matches!(self.state, Connection::Offline(_)) {
            self.state = Connection::Reconnecting;
            self.down_since = now;
            self.next_try = now;
            self.attempt = 0;
        }
        if self.up {
            return self.watch(now, slept);
        }
        let mut orders = Vec::new();
        if now >= self.next_try {
            self.up = true;
            self.pinged_at = Some(now);
            orders.push(Order::Connect);
        }
        orders.extend(self.poll(now));
        orders
    }

    /// A socket stands, or is being made: is it alive?
    fn watch(&mut self, now: i64, slept: bool) -> Vec<Order> {
        if slept || self.pinged_at.is_some_and(|at| now - at > PONG_WITHIN) {
            return vec![Order::Drop];
        }
        if self.pinged_at.is_none() && now - self.heard_at >= PING_EVERY {
            self.pinged_at = Some(now);
            return vec![Order::Ping];
        }
        if self.state == Connection::Live { Vec::new() } else { self.poll(now).into_iter().collect() }
    }

    fn poll(&mut self, now: i64) -> Option<Order> {
        if now - self.down_since < POLL_AFTER {
            return None;
        }
        let first = self.state != Connection::Polling;
        self.state = Connection::Polling;
        if first || now - self.polled_at >= POLL_EVERY {
            self.polled_at = now;
            return Some(Order::Poll);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(link: &mut Link, from: i64, to: i64) -> Vec<(i64, Order)> {
        let mut out = Vec::new();
        let mut t = from;
        while t <= to {
            out.extend(link.tick(t, true, true).into_iter().map(|o| (t, o)));
            t += 500;
        }
        out
    }

    #[test]
    fn lesson_7_nothing_is_live_before_the_server_has_answered() {
        let mut link = Link::new(0);
        assert_eq!(link.tick(0, true, true), [Order::Connect]);
        assert_eq!(link.state().attribute(), "reconnecting");
        link.heard(100);
        assert_eq!(link.state(), Connection::Live);
    }

    #[test]
    fn without_a_socket_for_ten_seconds_the_pages_poll() {
        let mut link = Link::new(0);
        link.heard(0);
        link.lost(1_000, 1.0);
        assert_eq!(link.state(), Connection::Reconnecting);
        let mut polls = Vec::new();
        for t in (1_000..40_000).step_by(500) {
            for order in link.tick(t, true, true) {
                match order {
                    Order::Connect => link.lost(t, 1.0),
                    Order::Poll => polls.push(t),
                    Order::Drop | Order::Ping => {}
                }
            }
        }
        assert_eq!(link.state(), Connection::Polling);
        assert_eq!(polls, [11_000, 21_000, 31_000]);
    }

    #[test]
    fn retries_back_off_to_fifteen_seconds() {
        let mut link = Link::new(0);
        let mut at = 0;
        let mut gaps = Vec::new();
        for _ in 0..8 {
            link.lost(at, 1.0);
            gaps.push(link.next_try - at);
            at = link.next_try;
        }
        assert_eq!(gaps, [500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000]);
    }

    #[test]
    fn a_silent_socket_is_pinged_and_then_given_up() {
        let mut link = Link::new(0);
        link.tick(0, true, true);
        link.heard(0);
        let orders = run(&mut link, 500, 36_000);
        assert_eq!(orders[0], (25_000, Order::Ping));
        assert_eq!(orders[1], (35_500, Order::Drop));
    }

    #[test]
    fn lesson_15_a_wake_from_sleep_reconnects_at_once_but_a_hidden_tab_does_not() {
        let mut link = Link::new(0);
        link.tick(0, true, true);
        link.heard(0);
        assert_eq!(link.clone().tick(60_000, true, true), [Order::Drop]);
        assert_eq!(link.tick(60_000, true, false), [Order::Ping]);
    }

    #[test]
    fn offline_is_said_with_its_start_and_ends_at_once() {
        let mut link = Link::new(0);
        link.tick(0, true, true);
        link.heard(0);
        assert_eq!(link.tick(5_000, false, true), [Order::Drop]);
        link.lost(5_010, 0.5);
        link.tick(5_500, false, true);
        assert_eq!(link.state(), Connection::Offline(5_000));
        assert_eq!(link.tick(6_000, true, true), [Order::Connect]);
        assert_eq!(link.state(), Connection::Reconnecting);
    }

    #[test]
    fn a_signed_out_tab_stays_quiet() {
        let mut link = Link::new(0);
        link.signed_out();
        assert!(run(&mut link, 0, 60_000).is_empty());
        assert_eq!(link.state().attribute(), "signed-out");
    }
}
