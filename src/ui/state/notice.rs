//! Both sides. A word on what was just done, that stays while the page under it changes.

use crate::browser;
use leptos::prelude::*;

/// How long it is shown.
const SHOWN_MS: u32 = 10_000;

/// In context on every page.
#[derive(Clone, Copy)]
pub struct Notice {
    pub text: RwSignal<Option<String>>,
    number: StoredValue<u32>,
}

impl Notice {
    pub fn provide() {
        provide_context(Self { text: RwSignal::new(None), number: StoredValue::new(0) });
    }

    pub fn tell(self, text: String) {
        let number = self.number.get_value() + 1;
        self.number.set_value(number);
        self.text.set(Some(text));
        browser::spawn(async move {
            browser::sleep(SHOWN_MS).await;
            if self.number.try_get_value() == Some(number) {
                self.text.set(None);
            }
        });
    }
}

pub fn use_notice() -> Notice {
    expect_context()
}
