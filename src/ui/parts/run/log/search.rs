//! Both sides. Search in the whole log: the server finds the lines, the view jumps to them.

use super::book::LogBook;
use super::hits::Hits;
use super::reader::Reader;
use crate::browser;
use crate::domain::find::Needle;
use crate::server_fns::search_log;
use crate::ui::kit::{Button, Look, act, follow, view_of};
use crate::ui::state::turn::Turn;
use leptos::ev::{Event, KeyboardEvent};
use leptos::prelude::*;

/// Pause in typing after which the search begins.
const PAUSE_MS: u32 = 300;
/// New lines are searched at most this often.
const AGAIN_MS: u32 = 1_000;

#[derive(Clone, Copy)]
pub struct Finder {
    reader: Reader,
    typed: RwSignal<String>,
    /// What is searched for now.
    pub needle: RwSignal<Option<Needle>>,
    hits: RwSignal<Hits>,
    turn: StoredValue<Turn>,
}

impl Finder {
    pub fn new(reader: Reader) -> Self {
        let finder = Self {
            reader,
            typed: RwSignal::new(String::new()),
            needle: RwSignal::new(None),
            hits: RwSignal::new(Hits::default()),
            turn: StoredValue::new(Turn::default()),
        };
        // Lines that came after the search are searched too.
        follow(move || {
            let total = reader.book.with(LogBook::total);
            let (through, idle) = finder.hits.with_untracked(|h| (h.through, !h.busy && h.has_room()));
            if idle && total > through && finder.needle.with_untracked(Option::is_some) {
                finder.hits.update(|h| h.busy = true);
                finder.read(AGAIN_MS);
            }
        });
        finder
    }

    /// The number of the line that is looked at.
    pub fn current(self) -> Option<i64> {
        self.hits.with(Hits::line)
    }

    /// Starts anew with what is typed.
    fn start(self) {
        self.turn.update_value(|t| {
            t.ask();
        });
        let needle = Needle::new(self.typed.with_untracked(|t| t.trim().to_owned()).as_str());
        self.hits.set(if needle.is_some() { Hits::searching() } else { Hits::default() });
        let search = needle.is_some();
        self.needle.set(needle);
        if search {
            self.read(0);
        }
    }

    fn type_in(self, text: String) {
        self.typed.set(text);
        let mine = self.turn.try_update_value(Turn::ask);
        browser::spawn(async move {
            browser::sleep(PAUSE_MS).await;
            if self.turn.try_get_value() == mine {
                self.start();
            }
        });
    }

    /// Reads stretch by stretch until the end of the log, or until something else is searched for.
    fn read(self, pause: u32) {
        let (id, wanted) = (self.reader.run.id(), self.typed.with_untracked(|t| t.trim().to_owned()));
        let mine = self.turn.get_value();
        browser::spawn(async move {
            if pause > 0 {
                browser::sleep(pause).await;
            }
            loop {
                let Some(through) = self.hits.try_with_untracked(|h| h.through) else { return };
                let found = search_log(id.clone(), wanted.clone(), through).await;
                if self.turn.try_get_value() != Some(mine) {
                    return;
                }
                match found {
                    Ok(found) => {
                        let first = self.hits.with_untracked(|h| h.line().is_none());
                        let more = self.hits.try_update(|h| h.add(found)) == Some(true);
                        if first {
                            self.jump();
                        }
                        if !more {
                            return;
                        }
                    }
                    Err(e) => {
                        self.hits.update(|h| h.busy = false);
                        self.reader.problem.set(Some(e.to_string()));
                        return;
                    }
                }
            }
        });
    }

    fn jump(self) {
        if let Some(line) = self.hits.with_untracked(Hits::line) {
            self.reader.go_to(line);
        }
    }

    fn walk(self, back: bool) {
        self.hits.update(|h| h.walk(back));
        self.jump();
    }

    fn key(self, e: &KeyboardEvent) {
        match e.key().as_str() {
            "Enter" => {
                let typed = Needle::new(self.typed.with_untracked(|t| t.trim().to_owned()).as_str());
                if self.needle.with_untracked(|now| *now == typed) { self.walk(e.shift_key()) } else { self.start() }
            }
            // What is typed goes first; the next Esc closes the drawer.
            "Escape" if self.typed.with_untracked(|t| !t.is_empty()) => {
                self.typed.set(String::new());
                self.start();
            }
            _ => return,
        }
        e.prevent_default();
    }
}

#[component]
pub fn LogSearch(finder: Finder) -> impl IntoView {
    let active = move || finder.needle.with(Option::is_some);
    let nowhere = Signal::derive(move || finder.current().is_none());
    let words = Memo::new(move |_| finder.hits.with(Hits::words));
    view! {
        <span class="log-search needs-js">
            <input type="text" role="searchbox" aria-label="Search the log" placeholder="Search the log" maxlength="200"
                autocomplete="off" spellcheck="false" enterkeyhint="search" prop:value=finder.typed
                on:input=act(move |e: Event| finder.type_in(event_target_value(&e))) on:keydown=act(move |e: KeyboardEvent| finder.key(&e))/>
            <span class="log-found" role="status">{view_of(move || active().then(|| words.get()))}</span>
            <Button small=true look=Look::Quiet icon="up" label="Previous match" disabled=nowhere on_press=move |_| finder.walk(true)>""</Button>
            <Button small=true look=Look::Quiet icon="down" label="Next match" disabled=nowhere on_press=move |_| finder.walk(false)>""</Button>
        </span>
    }
}
