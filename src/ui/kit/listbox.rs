//! Both sides. The list of a combobox: a field keeps the focus, this shows what can be chosen.

use super::{act, attr_of, view_of};
use crate::browser;
use leptos::ev::MouseEvent;
use leptos::prelude::*;

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OptionLine {
    /// What kind of thing it is; empty where all are of one kind.
    pub tag: String,
    pub label: String,
    pub note: String,
}

/// What it shows and which line is active. `id` is the list's element.
#[derive(Clone, Copy)]
pub struct Listbox {
    id: &'static str,
    lines: RwSignal<Vec<OptionLine>>,
    active: RwSignal<Option<usize>>,
}

impl Listbox {
    pub fn new(id: &'static str) -> Self {
        Self { id, lines: RwSignal::new(Vec::new()), active: RwSignal::new(None) }
    }

    pub const fn id(self) -> &'static str {
        self.id
    }

    pub fn is_open(self) -> bool {
        self.lines.with(|l| !l.is_empty())
    }

    pub fn active(self) -> Option<usize> {
        self.active.get()
    }

    /// The element of the active line, for `aria-activedescendant`.
    pub fn active_id(self) -> Option<String> {
        self.active.get().map(|i| self.line_id(i))
    }

    fn line_id(self, index: usize) -> String {
        format!("{}-{index}", self.id)
    }

    pub fn set(self, lines: Vec<OptionLine>, active: Option<usize>) {
        self.active.set(active.filter(|i| *i < lines.len()));
        self.lines.set(lines);
    }

    pub fn close(self) {
        if self.lines.with_untracked(|l| !l.is_empty()) {
            self.set(Vec::new(), None);
        }
    }

    /// Round and round, with "none" between the last and the first.
    pub fn step(self, by: i64) {
        let len = self.lines.with_untracked(|l| i64::try_from(l.len()).unwrap_or(0));
        let now = self.active.get_untracked().and_then(|i| i64::try_from(i).ok()).unwrap_or(len);
        let next = (now + by).rem_euclid(len + 1);
        let next = usize::try_from(next).ok().filter(|_| next < len);
        self.active.set(next);
        if let Some(index) = next {
            browser::show(&self.line_id(index));
        }
    }
}

#[component]
pub fn OptionList(list: Listbox, label: &'static str, #[prop(into)] on_choose: Callback<usize>) -> impl IntoView {
    let line = move |(index, line): (usize, OptionLine)| {
        let selected = move || (list.active.get() == Some(index)).to_string();
        view! {
            <li role="option" id=list.line_id(index) aria-selected=attr_of(selected) on:click=act(move |_: MouseEvent| on_choose.run(index))>
                {(!line.tag.is_empty()).then(|| view! { <span class="option-tag">{line.tag}</span> })}
                <span class="ell">{line.label}</span>
                <span class="option-note ell">{line.note}</span>
            </li>
        }
    };
    view! {
        // A press on a line must not take the focus out of the field.
        <ul id=list.id class="options" role="listbox" aria-label=label hidden=attr_of(move || !list.is_open()) on:mousedown=act(|e: MouseEvent| e.prevent_default())>
            {view_of(move || list.lines.get().into_iter().enumerate().map(line).collect::<Vec<_>>())}
        </ul>
    }
}
