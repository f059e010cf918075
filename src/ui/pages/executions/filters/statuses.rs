//! Both sides. The states to filter by.

use super::negate::not;
use super::option::FacetOption;
use crate::domain::{Choice, Status};
use crate::ui::kit::Icon;
use crate::ui::parts::{status_class, status_word};
use crate::ui::state::chips::toggled;
use crate::ui::state::numbers::Numbers;
use crate::ui::state::url::PageUrl;
use leptos::prelude::*;

pub fn panel(url: PageUrl, numbers: Numbers) -> AnyView {
    let options = Status::ALL.map(|s| {
        let option = FacetOption {
            name: "status",
            value: s.as_str().to_owned(),
            word: status_word(s).to_owned(),
            checked: Signal::derive(move || url.query.with(|q| q.filter.status.include.contains(&s))),
            set: Callback::new(move |on| url.set_filter(|f| f.status = toggled(f.status.clone(), s, on))),
            only: Callback::new(move |()| url.set_filter(|f| f.status = Choice::only(s))),
            not: not(url, "status", s, status_word(s).to_owned(), |f| &mut f.status),
            runs: Signal::derive(move || numbers.facet(|f| &f.status, s.as_str())),
        };
        option.view(view! { <span class=status_class(s)><Icon name=s.as_str()/></span>{status_word(s)} }.into_any())
    });
    options.into_iter().collect_view().into_any()
}
