//! Both sides. Light, dark, or as the system says.

use crate::browser;
use crate::ui::kit::follow;
use leptos::prelude::*;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Theme {
    #[default]
    System,
    Light,
    Dark,
}

const KEY: &str = "runboard.theme";

/// Runs before the first paint, so that no page flashes in the wrong theme.
pub const BEFORE_PAINT: &str = "try{var t=localStorage.getItem('runboard.theme');\
    if(t==='light'||t==='dark')document.documentElement.dataset.theme=t}catch(e){}";

impl Theme {
    pub const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    pub const fn word(self) -> &'static str {
        match self {
            Self::System => "System",
            Self::Light => "Light",
            Self::Dark => "Dark",
        }
    }

    /// What was chosen on this machine.
    pub fn chosen() -> Self {
        match browser::stored(KEY).as_deref() {
            Some("light") => Self::Light,
            Some("dark") => Self::Dark,
            _ => Self::System,
        }
    }

    pub fn choose(self) {
        match self {
            Self::System => {
                browser::forget(KEY);
                browser::unmark_page("data-theme");
            }
            Self::Light | Self::Dark => {
                let value = self.word().to_ascii_lowercase();
                browser::store(KEY, &value);
                browser::mark_page("data-theme", &value);
            }
        }
    }
}

/// The choice as a signal: `System` until hydrated, because only the browser knows.
pub fn theme_signal() -> RwSignal<Theme> {
    let theme = RwSignal::new(Theme::System);
    follow(move || theme.set(Theme::chosen()));
    theme
}
