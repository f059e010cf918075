//! Both sides. The search field: after a pause in typing, or at once on Enter.

use crate::browser;
use crate::ui::kit::Icon;
use crate::ui::state::query::pasted_id;
use crate::ui::state::turn::Turn;
use crate::ui::state::url::PageUrl;
use leptos::ev::KeyboardEvent;
use leptos::prelude::*;

const PAUSE_MS: u32 = 250;

#[component]
pub fn Search(url: PageUrl) -> impl IntoView {
    let in_url = Memo::new(move |_| url.query.with(|q| q.filter.search.clone().unwrap_or_default()));
    let text = RwSignal::new(in_url.get_untracked());
    let turn = StoredValue::new(Turn::default());
    // Back, Forward and a removed chip change the field; one's own typing has it already.
    Effect::new(move || {
        let wanted = in_url.get();
        if text.with_untracked(|t| t.trim() != wanted) {
            text.set(wanted);
        }
    });
    let apply = move || {
        let typed = text.get_untracked();
        let typed = typed.trim();
        if let Some(id) = pasted_id(typed) {
            text.set(String::new());
            let now = url.query.get_untracked();
            let mut filter = now.filter.clone();
            filter.search = None;
            url.push(&now.with_filter(filter).with_run(Some(id.to_string())));
        } else if in_url.get_untracked() != typed {
            url.set_filter(|f| f.search = (!typed.is_empty()).then(|| typed.to_owned()));
        }
    };
    let typed = move |value: String| {
        text.set(value);
        let mine = turn.try_update_value(Turn::ask);
        browser::spawn(async move {
            browser::sleep(PAUSE_MS).await;
            if turn.try_get_value() == mine {
                apply();
            }
        });
    };
    let enter = move |e: KeyboardEvent| {
        if e.key() == "Enter" {
            turn.update_value(|t| {
                t.ask();
            });
            apply();
        }
    };
    view! {
        <label class="search">
            <Icon name="search"/>
            <span class="visually-hidden">"Search"</span>
            <input type="search" name="q" value=in_url.get_untracked() prop:value=text placeholder="Search message, response, error"
                autocomplete="off" spellcheck="false" on:input=move |e| typed(event_target_value(&e)) on:keydown=enter/>
            <kbd class="desktop-only" aria-hidden="true">"/"</kbd>
        </label>
    }
}
