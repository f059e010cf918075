//! Both sides. What started a run, to filter by.

use super::negate::not;
use super::option::FacetOption;
use crate::domain::{Choice, Trigger};
use crate::ui::state::chips::toggled;
use crate::ui::state::numbers::Numbers;
use crate::ui::state::url::PageUrl;
use leptos::prelude::*;

pub fn panel(url: PageUrl, numbers: Numbers) -> AnyView {
    let options = Trigger::ALL.map(|t| {
        let option = FacetOption {
            name: "trigger",
            value: t.as_str().to_owned(),
            word: t.as_str().to_owned(),
            checked: Signal::derive(move || url.query.with(|q| q.filter.trigger.include.contains(&t))),
            set: Callback::new(move |on| url.set_filter(|f| f.trigger = toggled(f.trigger.clone(), t, on))),
            only: Callback::new(move |()| url.set_filter(|f| f.trigger = Choice::only(t))),
            not: not(url, "trigger", t, t.to_string(), |f| &mut f.trigger),
            runs: Signal::derive(move || numbers.facet(|f| &f.trigger, t.as_str())),
        };
        option.view(t.as_str().into_any())
    });
    options.into_iter().collect_view().into_any()
}
