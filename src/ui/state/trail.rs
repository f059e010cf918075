//! Both sides. Where the reader came from, for pages that send them back when they are done.

use crate::browser;
use crate::ui::kit::follow;
use crate::ui::paths;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate};

/// How the reader came to the address that is shown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
enum Arrived {
    /// The page was loaded with it.
    #[default]
    Loaded,
    /// By a link on a page of ours: one step back leads there.
    Followed,
    /// By the browser's Back or Forward, from this address.
    Walked(String),
}

/// In context on every page.
#[derive(Clone, Copy)]
pub struct Trail {
    here: StoredValue<String>,
    arrived: StoredValue<Arrived>,
    walking: StoredValue<bool>,
}

impl Trail {
    pub fn provide() {
        provide_context(Self {
            here: StoredValue::new(String::new()),
            arrived: StoredValue::new(Arrived::Loaded),
            walking: StoredValue::new(false),
        });
    }

    /// Below the router, from hydration on.
    pub fn follow(self) {
        let location = use_location();
        follow(move || browser::on_window("popstate", move || self.walking.set_value(true)));
        follow(move || {
            let search = location.search.get();
            let now = paths::with_query(&location.pathname.get(), search.trim_start_matches('?'));
            let before = self.here.get_value();
            self.here.set_value(now.clone());
            let walked = self.walking.try_update_value(std::mem::take) == Some(true);
            // Of the same page something else is shown: where the reader came from is the same.
            if before.is_empty() || path_of(&before) == path_of(&now) {
                return;
            }
            self.arrived.set_value(if walked { Arrived::Walked(before) } else { Arrived::Followed });
        });
    }
}

fn path_of(address: &str) -> &str {
    address.split('?').next().unwrap_or(address)
}

/// What takes the reader back to where they came from, or to `otherwise` if that was no page of ours.
pub fn use_way_back(otherwise: &'static str) -> Callback<()> {
    let trail: Trail = expect_context();
    let navigate = use_navigate();
    Callback::new(move |()| {
        let to = match trail.arrived.get_value() {
            Arrived::Followed => return browser::history_back(),
            Arrived::Walked(before) => before,
            Arrived::Loaded => from_page(browser::referrer().as_deref(), otherwise),
        };
        navigate(&to, NavigateOptions { replace: true, ..NavigateOptions::default() });
    })
}

/// `referrer`: the address on this site that linked here, without the host.
fn from_page(referrer: Option<&str>, otherwise: &str) -> String {
    let page = |address: &str| {
        let path = path_of(address);
        address.starts_with('/') && path != paths::LOGIN && path != paths::SETUP && !path.starts_with("/api/")
    };
    referrer.filter(|address| page(address)).unwrap_or(otherwise).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn back_leads_to_pages_of_ours_only() {
        let back = |from| from_page(from, paths::APPROVALS);
        assert_eq!(back(None), "/approvals");
        assert_eq!(back(Some("/executions?status=waiting")), "/executions?status=waiting");
        for other in ["/login?next=%2Fapprovals%2Fx", "/setup", "/api/docs", "https://elsewhere.example/"] {
            assert_eq!(back(Some(other)), "/approvals", "{other}");
        }
    }
}
