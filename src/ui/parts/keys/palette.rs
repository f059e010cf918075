//! Both sides. The command palette: places, agents, views, filters, runs and what can be done with the open run.

use crate::browser;
use crate::domain::filter::typed::text_form;
use crate::domain::{Error, Me, Role};
use crate::server_fns::{get_run, list_agents, list_executions, list_views};
use crate::ui::kit::{Icon, Listbox, OptionLine, OptionList, act, attr_of, follow, view_of};
use crate::ui::parts::nav::places;
use crate::ui::parts::runs::copy_link;
use crate::ui::parts::{StopRequest, use_stop};
use crate::ui::paths;
use crate::ui::state::live::{Live, use_live};
use crate::ui::state::palette::{Act, Entry, Known, entries};
use crate::ui::state::query::PageQuery;
use crate::ui::state::turn::Turn;
use leptos::ev::{Event, KeyboardEvent};
use leptos::html;
use leptos::prelude::*;
use leptos_router::hooks::{use_location, use_navigate};
use std::future::Future;

const PAUSE_MS: u32 = 250;

#[derive(Clone, Copy)]
struct State {
    live: Live,
    stop: StopRequest,
    text: RwSignal<String>,
    known: RwSignal<Known>,
    found: StoredValue<Vec<Entry>>,
    list: Listbox,
    turn: StoredValue<Turn>,
    problem: RwSignal<Option<String>>,
}

impl State {
    /// Shows what fits the text; the first is what Enter does.
    fn show(self) {
        let found = self.known.with_untracked(|known| self.text.with_untracked(|text| entries(text, known)));
        let line = |e: &Entry| OptionLine { tag: e.tag.to_owned(), label: e.label.clone(), note: e.note.clone() };
        self.list.set(found.iter().map(line).collect(), Some(0));
        self.found.set_value(found);
    }

    /// Something to offer comes later.
    fn load<T: 'static>(
        self,
        ask: impl Future<Output = Result<T, Error>> + 'static,
        put: impl FnOnce(&mut Known, T) + 'static,
    ) {
        browser::spawn(async move {
            match ask.await {
                Ok(value) => {
                    self.known.update(|known| put(known, value));
                    self.show();
                }
                Err(e) => {
                    self.live.note_error(&e);
                    self.problem.set(Some(e.to_string()));
                }
            }
        });
    }

    /// Opened: what is known now, and what the server knows.
    fn begin(self, me: &Me, path: &str, search: &str) {
        let on_list = path == paths::EXECUTIONS;
        let query = if on_list { PageQuery::parse(search) } else { PageQuery::default() };
        let run = if on_list { query.run.clone() } else { run_of(path) };
        let fleet = me.role != Role::Client;
        self.text.set(String::new());
        self.problem.set(None);
        let mut pages = places(me.role);
        if fleet {
            pages.push(("Failures".to_owned(), paths::FAILURES.to_owned()));
        }
        self.known.set(Known { pages, query: query.with_run(None), fleet, ..Known::default() });
        self.show();
        self.load(list_agents(), |known, agents| known.agents = agents);
        if fleet {
            self.load(list_views(), |known, page| known.views = page.views);
        }
        if let Some(id) = run {
            self.load(get_run(id), |known, run| known.open = Some(run.detail.summary));
        }
    }

    fn typed(self, text: String) {
        self.text.set(text);
        self.known.update(|known| known.runs.clear());
        self.show();
        let Some(mine) = self.turn.try_update_value(Turn::ask) else { return };
        let newest = move || self.turn.try_with_value(|t| t.is_newest(mine)) == Some(true);
        browser::spawn(async move {
            browser::sleep(PAUSE_MS).await;
            let text = self.text.try_get_untracked().unwrap_or_default();
            if !newest() || text.trim().is_empty() || !self.known.with_untracked(|k| k.fleet) {
                return;
            }
            let query = PageQuery::parse("last=all").with_typed(&text_form(text.trim())).list();
            match list_executions(query, None, None).await {
                Ok(page) if newest() => {
                    self.known.update(|known| known.runs = page.executions);
                    self.show();
                }
                Ok(_) => {}
                Err(e) => self.live.note_error(&e),
            }
        });
    }
}

/// The run of `/executions/{id}` and `/agents/{name}/executions/{id}`.
fn run_of(path: &str) -> Option<String> {
    path.split_once("/executions/").map(|(_, id)| id.to_owned()).filter(|id| !id.is_empty())
}

#[component]
pub fn Palette(open: RwSignal<bool>, help: RwSignal<bool>, me: RwSignal<Option<Me>>) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    let (location, navigate) = (use_location(), use_navigate());
    let state = State {
        live: use_live(),
        stop: use_stop(),
        text: RwSignal::new(String::new()),
        known: RwSignal::new(Known::default()),
        found: StoredValue::new(Vec::new()),
        list: Listbox::new("palette-options"),
        turn: StoredValue::new(Turn::default()),
        problem: RwSignal::new(None),
    };
    follow(move || {
        if let (true, Some(me)) = (open.get(), me.get_untracked()) {
            state.begin(&me, &location.pathname.get_untracked(), &location.search.get_untracked());
            browser::open_dialog(dialog);
            browser::focus(".palette input");
        }
    });
    let choose = Callback::new(move |index: usize| {
        let Some(entry) = state.found.with_value(|all| all.get(index).cloned()) else { return };
        browser::close_dialog(dialog);
        let run = state.known.with_untracked(|k| k.open.clone());
        match (entry.act, run) {
            (Act::Go(path), _) => navigate(&path, leptos_router::NavigateOptions::default()),
            (Act::Keys, _) => help.set(true),
            (Act::Stop, Some(run)) => state.stop.ask(run),
            (Act::CopyLink, Some(run)) => copy_link(run.id.as_str()),
            (Act::Stop | Act::CopyLink, None) => {}
        }
    });
    let key = move |e: KeyboardEvent| {
        match e.key().as_str() {
            "Enter" => {
                if let Some(index) = state.list.active() {
                    choose.run(index);
                }
            }
            "ArrowDown" => state.list.step(1),
            "ArrowUp" => state.list.step(-1),
            // Tab would leave the field for nothing: the list is walked with the arrows.
            "Tab" => state.list.step(if e.shift_key() { -1 } else { 1 }),
            _ => return,
        }
        e.prevent_default();
    };
    let none = move || !state.list.is_open();
    view! {
        <dialog node_ref=dialog class="palette" aria-label="Command palette" on:close=act(move |_: Event| open.set(false))>
            <label class="search">
                <Icon name="search"/>
                <span class="visually-hidden">"Command"</span>
                <input type="text" placeholder="Go to, filter, find a run" autocomplete="off" spellcheck="false"
                    role="combobox" aria-autocomplete="list" aria-haspopup="listbox" aria-controls=state.list.id()
                    aria-expanded=attr_of(move || state.list.is_open().to_string())
                    aria-activedescendant=attr_of(move || state.list.active_id())
                    prop:value=state.text on:input=act(move |e: Event| state.typed(event_target_value(&e))) on:keydown=key/>
            </label>
            <OptionList list=state.list label="Commands" on_choose=choose/>
            <Show when=none><p class="menu-note" role="status">"Nothing fits"</p></Show>
            {view_of(move || state.problem.get().map(|text| view! { <p class="problem" role="alert">{text}</p> }))}
        </dialog>
    }
}

#[cfg(test)]
mod tests {
    use super::run_of;

    #[test]
    fn the_open_run_is_in_the_path() {
        assert_eq!(run_of("/executions/x").as_deref(), Some("x"));
        assert_eq!(run_of("/agents/a/executions/x").as_deref(), Some("x"));
        assert_eq!(run_of("/executions"), None);
        assert_eq!(run_of("/executions/"), None);
    }
}
