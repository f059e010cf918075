//! Both sides. The last used filters, on this machine: a bare `/executions` brings them back, as visible chips; without
//! any, it opens the viewer's default view.

use crate::browser;
use crate::domain::Filter;
use crate::ui::state::query::PageQuery;
use crate::ui::state::url::PageUrl;
use leptos::prelude::*;

const KEY: &str = "runboard.executions";

/// The URL wins; clearing the filters clears the memory too. `default`: the query of the default view.
pub fn keep(url: PageUrl, default: Option<String>) {
    Effect::new(move |before: Option<()>| {
        let bare = url.bare.get();
        let filter = url.query.with(|q| q.filter.lasting().page_query());
        if before.is_none() && bare {
            let last = browser::stored(KEY).map(|text| PageQuery::parse(&text)).filter(|q| q.errors.is_empty());
            let last = last.filter(|q| q.filter != Filter::page_default());
            // What is gone from a view since is shown as an error, so that is taken as it is.
            let default = || default.as_deref().map(PageQuery::parse);
            if let Some(last) = last.or_else(default).filter(|q| *q != PageQuery::default()) {
                url.replace(&last);
            }
            return;
        }
        if filter.is_empty() {
            browser::forget(KEY);
        } else {
            browser::store(KEY, &filter);
        }
    });
}
