//! Both sides. The last used filters, on this machine: a bare `/executions` brings them back, as visible chips.

use crate::browser;
use crate::domain::Filter;
use crate::ui::state::query::PageQuery;
use crate::ui::state::url::PageUrl;
use leptos::prelude::*;

const KEY: &str = "runboard.executions";

/// The URL wins; clearing the filters clears the memory too.
pub fn keep(url: PageUrl) {
    Effect::new(move |before: Option<()>| {
        let bare = url.bare.get();
        let filter = url.query.with(|q| q.filter.lasting().page_query());
        if before.is_none() && bare {
            let last = browser::stored(KEY).map(|text| PageQuery::parse(&text)).filter(|q| q.errors.is_empty());
            if let Some(last) = last.filter(|q| q.filter != Filter::page_default()) {
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
