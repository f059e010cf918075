//! Both sides. The time the pages show: the server's, so that a wrong clock on the viewer's machine shows nothing wrong.

use crate::browser;
use crate::domain::Timestamp;
use crate::ui::kit::follow;
use leptos::prelude::*;

/// In context on every page. During render it stands at the moment of the server's answer on both sides;
/// it starts to tick once the page is hydrated.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    now: RwSignal<Timestamp>,
    /// Server's clock minus the browser's, milliseconds.
    offset: StoredValue<Option<i64>>,
    hydrated: RwSignal<bool>,
}

impl Clock {
    pub fn new() -> Self {
        Self {
            now: RwSignal::new(Timestamp::from_millis(0)),
            offset: StoredValue::new(None),
            hydrated: RwSignal::new(false),
        }
    }

    pub fn now(self) -> Timestamp {
        self.now.get()
    }

    pub fn now_untracked(self) -> Timestamp {
        self.now.get_untracked()
    }

    /// `false` during the server's render and the browser's first: what depends on the viewer's machine waits for it.
    pub fn hydrated(self) -> bool {
        self.hydrated.get()
    }

    /// Sets the time the server rendered with; the first call counts.
    pub fn start_at(self, now_ms: i64) {
        if self.now.get_untracked().millis() == 0 {
            self.now.set(Timestamp::from_millis(now_ms));
        }
    }

    /// The server said what time it is just now.
    pub fn correct(self, now_ms: i64) {
        self.offset.set_value(Some(now_ms - browser::clock_ms()));
    }

    fn tick(self) {
        let started = self.now.get_untracked().millis();
        if started == 0 {
            return;
        }
        let offset = self.offset.get_value().unwrap_or_else(|| {
            let offset = started - browser::clock_ms();
            self.offset.set_value(Some(offset));
            offset
        });
        self.now.set(Timestamp::from_millis(browser::clock_ms() + offset));
    }

    /// Ticks every second from hydration on.
    pub fn run(self) {
        follow(move || {
            browser::spawn(async move {
                // After the parts that wait for the server's data have been taken over too.
                browser::sleep(0).await;
                browser::know_locale();
                self.hydrated.set(true);
                browser::mark_page("data-hydrated", "");
                loop {
                    self.tick();
                    browser::sleep(1_000).await;
                }
            });
        });
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::new()
    }
}

pub fn use_clock() -> Clock {
    expect_context()
}
