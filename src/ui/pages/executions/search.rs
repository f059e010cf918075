//! Both sides. The search field: text and typed filters, after a pause in typing or at once on Enter. What is
//! recognised moves into the filter, what is wrong stays and says so.

use crate::browser;
use crate::domain::filter::typed::{Kind, parse};
use crate::ui::kit::{Icon, Listbox, OptionLine, OptionList, act, attr_of, follow, view_of};
use crate::ui::state::complete::{Suggestion, suggestions};
use crate::ui::state::query::pasted_id;
use crate::ui::state::turn::Turn;
use crate::ui::state::url::PageUrl;
use leptos::ev::{Event, FocusEvent, KeyboardEvent};
use leptos::html;
use leptos::prelude::*;

const PAUSE_MS: u32 = 250;

/// The field's text, and how it gets into the address.
#[derive(Clone, Copy)]
struct Field {
    url: PageUrl,
    text: RwSignal<String>,
    /// What of the text the address has: Back, Forward and a removed chip change it, one's own typing does not.
    sent: StoredValue<String>,
    turn: StoredValue<Turn>,
}

impl Field {
    /// Takes the text over. A filter at the end is still being typed, unless `all` is meant.
    fn commit(self, all: bool) {
        self.turn.update_value(|t| {
            t.ask();
        });
        let typed = self.text.get_untracked();
        let now = self.url.query.get_untracked();
        if let Some(id) = pasted_id(&typed) {
            self.set(String::new());
            let filter = crate::domain::Filter { search: None, ..now.filter.clone() };
            self.url.push(&now.with_filter(filter).with_run(Some(id.to_string())));
            return;
        }
        let tokens = parse(&typed);
        let open = tokens.last().filter(|t| !all && t.at.end == typed.len() && !matches!(t.kind, Kind::Text(_)));
        let (done, open) = typed.split_at(open.map_or(typed.len(), |t| t.at.start));
        let next = now.with_typed(done);
        let left = next.field_text();
        self.sent.set_value(left.clone());
        if parse(done).iter().any(|t| matches!(t.kind, Kind::Term(_))) {
            let space = if left.is_empty() || (all && open.is_empty()) { "" } else { " " };
            self.text.set(format!("{left}{space}{open}"));
        }
        if next.view() != now.view() {
            self.url.replace(&next);
        }
    }

    fn set(self, text: String) {
        self.sent.set_value(text.clone());
        self.text.set(text);
    }

    fn commit_later(self) {
        let mine = self.turn.try_update_value(Turn::ask);
        browser::spawn(async move {
            browser::sleep(PAUSE_MS).await;
            if self.turn.try_get_value() == mine {
                self.commit(false);
            }
        });
    }
}

/// `agents`: name and display name, for completion.
#[component]
pub fn Search(url: PageUrl, agents: Vec<(String, String)>) -> impl IntoView {
    let in_url = Memo::new(move |_| url.query.with(crate::ui::state::query::PageQuery::field_text));
    let first = in_url.get_untracked();
    let field = Field {
        url,
        text: RwSignal::new(first.clone()),
        sent: StoredValue::new(first.clone()),
        turn: StoredValue::new(Turn::default()),
    };
    follow(move || {
        let wanted = in_url.get();
        if field.sent.get_value() != wanted {
            field.set(wanted);
        }
    });
    let input = NodeRef::<html::Input>::new();
    let options = Listbox::new("search-options");
    let found = StoredValue::new(Vec::<Suggestion>::new());
    let look = move |text: &str| {
        let all = suggestions(text, &agents);
        let line = |s: &Suggestion| OptionLine { tag: String::new(), label: s.label.clone(), note: s.note.clone() };
        options.set(all.iter().map(line).collect(), None);
        found.set_value(all);
    };
    let look = Callback::new(move |text: String| look(&text));
    let accept = move |index: usize| {
        let Some(chosen) = found.with_value(|all| all.get(index).cloned()) else { return };
        options.close();
        field.text.set(chosen.text.clone());
        if chosen.done {
            field.commit(true);
        } else {
            look.run(chosen.text);
        }
    };
    let typed = move |value: String| {
        if value.trim().is_empty() || !browser::caret_at_end(input) {
            options.close();
        } else {
            look.run(value.clone());
        }
        field.text.set(value);
        field.commit_later();
    };
    let key = move |e: KeyboardEvent| {
        match (e.key().as_str(), options.active()) {
            ("Enter" | "Tab", Some(index)) => accept(index),
            ("Enter", None) => {
                options.close();
                field.commit(true);
            }
            ("ArrowDown", _) if !options.is_open() => look.run(field.text.get_untracked()),
            ("ArrowDown", _) => options.step(1),
            ("ArrowUp", _) if options.is_open() => options.step(-1),
            ("Escape", _) if options.is_open() => options.close(),
            _ => return,
        }
        // Enter would send the plain form, Esc would empty the field and close the drawer.
        e.prevent_default();
    };
    let problems = Memo::new(move |_| {
        url.query.with(|q| q.typed_errors().map(|e| e.message.clone()).collect::<Vec<_>>().join(" · "))
    });
    let wrong = move || !problems.with(String::is_empty);
    view! {
        <div class="search-place">
            <label class="search">
                <Icon name="search"/>
                <span class="visually-hidden">"Search"</span>
                <input type="search" name="q" node_ref=input value=first prop:value=field.text placeholder="Search message, response, error"
                    role="combobox" aria-autocomplete="list" aria-haspopup="listbox" aria-controls=options.id()
                    aria-expanded=attr_of(move || options.is_open().to_string())
                    aria-activedescendant=attr_of(move || options.active_id())
                    aria-invalid=attr_of(move || wrong().then_some("true"))
                    aria-describedby=attr_of(move || wrong().then_some("search-problem"))
                    autocomplete="off" spellcheck="false"
                    on:input=act(move |e: Event| typed(event_target_value(&e))) on:keydown=key on:blur=act(move |_: FocusEvent| options.close())/>
                <kbd class="desktop-only" aria-hidden="true">"/"</kbd>
            </label>
            <OptionList list=options label="Suggestions" on_choose=accept/>
            {view_of(move || wrong().then(|| view! {
                <p id="search-problem" class="problem" role="alert" aria-live="polite">{view_of(move || problems.get())}</p>
            }))}
        </div>
    }
}
