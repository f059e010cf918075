//! Both sides. The page's address as state: read as a memo, changed by going elsewhere.

use super::query::PageQuery;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate};

#[derive(Clone, Copy)]
pub struct PageUrl {
    pub query: Memo<PageQuery>,
    /// Is the query string empty, as after a click on a plain link?
    pub bare: Memo<bool>,
    search: StoredValue<String>,
    go: StoredValue<Go>,
}

type Go = std::sync::Arc<dyn Fn(&PageQuery, bool) + Send + Sync>;

impl PageUrl {
    /// The list at `path`. While the router is already on its way elsewhere the query stays as it was.
    pub fn new(path: String) -> Self {
        let location = use_location();
        let navigate = use_navigate();
        let (here, search) = (location.pathname, location.search);
        let own = path.clone();
        let query = Memo::new(move |last: Option<&PageQuery>| match last {
            Some(last) if here.get() != own => last.clone(),
            _ => PageQuery::parse(&search.get()),
        });
        let first = search.get_untracked();
        let bare = Memo::new(move |_| search.with(|s| s.trim_start_matches('?').is_empty()));
        let go = move |query: &PageQuery, replace: bool| {
            let address = crate::ui::paths::with_query(&path, &query.address());
            navigate(&address, NavigateOptions { replace, scroll: false, resolve: false, ..Default::default() });
        };
        Self { query, bare, search: StoredValue::new(first), go: StoredValue::new(std::sync::Arc::new(go)) }
    }

    /// The query string the page was opened with, as it was written.
    pub fn search_untracked(self) -> String {
        self.search.get_value()
    }

    /// A changed filter or order: replaces the entry in the history.
    pub fn replace(self, query: &PageQuery) {
        self.go.with_value(|go| go(query, true));
    }

    /// A step the reader wants to come back from, like opening a run.
    pub fn push(self, query: &PageQuery) {
        self.go.with_value(|go| go(query, false));
    }

    pub fn set_filter(self, change: impl FnOnce(&mut crate::domain::Filter)) {
        let now = self.query.get_untracked();
        let mut filter = now.filter.clone();
        change(&mut filter);
        self.replace(&now.with_filter(filter));
    }
}
