//! Both sides. A field with its name, a word on it, and what is wrong with it.

use crate::ui::kit::{act, attr_of, view_of};
use crate::ui::state::clock::use_clock;
use leptos::ev::Event;
use leptos::prelude::*;

/// How a field looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    Line,
    /// One line, letters of one width.
    Code,
    /// Several lines, at first so many.
    Text(u8),
    CodeText(u8),
}

pub struct TextField {
    pub id: String,
    pub name: &'static str,
    pub hint: &'static str,
    pub shape: Shape,
    pub value: Signal<String>,
    pub wrong: Signal<Option<String>>,
    pub on_input: Callback<String>,
}

/// Can be written in once the page is taken over: what was typed before would be lost.
pub fn text_field(field: TextField) -> AnyView {
    let TextField { id, name, hint, shape, value, wrong, on_input } = field;
    let clock = use_clock();
    let first = value.get_untracked();
    let wrong = Memo::new(move |_| wrong.get());
    let about = format!("{id}-about");
    let described = {
        let about = about.clone();
        move || (!hint.is_empty() || wrong.with(Option::is_some)).then(|| about.clone())
    };
    let invalid = move || wrong.with(Option::is_some).then_some("true");
    let before = move || !clock.hydrated();
    let input = act(move |e: Event| on_input.run(event_target_value(&e)));
    let class = if matches!(shape, Shape::Code | Shape::CodeText(_)) { "code" } else { "" };
    let control = match shape {
        Shape::Line | Shape::Code => view! {
            <input type="text" id=id.clone() class=class value=first prop:value=attr_of(move || value.get()) readonly=attr_of(before)
                autocomplete="off" dir="auto" aria-invalid=attr_of(invalid) aria-describedby=attr_of(described) on:input=input/>
        }
        .into_any(),
        Shape::Text(rows) | Shape::CodeText(rows) => view! {
            <textarea id=id.clone() class=class rows=rows.to_string() prop:value=attr_of(move || value.get()) readonly=attr_of(before)
                dir="auto" aria-invalid=attr_of(invalid) aria-describedby=attr_of(described) on:input=input>{first}</textarea>
        }
        .into_any(),
    };
    view! {
        <div class="field">
            <label for=id>{name}</label>
            {control}
            <p class="field-about" id=about>
                {view_of(move || match wrong.get() {
                    Some(text) => view! { <span class="problem">{text}</span> }.into_any(),
                    None => (!hint.is_empty()).then_some(hint).into_any(),
                })}
            </p>
        </div>
    }
    .into_any()
}

pub struct ChoiceField {
    pub id: String,
    pub name: &'static str,
    /// (value, word)
    pub options: Vec<(String, String)>,
    /// What the chosen one means.
    pub hint: Signal<String>,
    pub value: Signal<String>,
    pub wrong: Signal<Option<String>>,
    pub on_choose: Callback<String>,
}

/// One of a few values.
pub fn choice_field(field: ChoiceField) -> AnyView {
    let ChoiceField { id, name, options, hint, value, wrong, on_choose } = field;
    let clock = use_clock();
    let wrong = Memo::new(move |_| wrong.get());
    let about = format!("{id}-about");
    let options: Vec<_> = options
        .into_iter()
        .map(|(option, word)| {
            let of = option.clone();
            view! { <option value=option selected=attr_of(move || value.with(|now| *now == of))>{word}</option> }
        })
        .collect();
    let invalid = move || wrong.with(Option::is_some).then_some("true");
    let said = move || match wrong.get() {
        Some(text) => view! { <span class="problem">{text}</span> }.into_any(),
        None => hint.get().into_any(),
    };
    view! {
        <div class="field">
            <label for=id.clone()>{name}</label>
            <select id=id disabled=attr_of(move || !clock.hydrated()) aria-invalid=attr_of(invalid) aria-describedby=about.clone()
                on:change=act(move |e: Event| on_choose.run(event_target_value(&e)))>{options}</select>
            <p class="field-about" id=about>{view_of(said)}</p>
        </div>
    }
    .into_any()
}

/// On or off.
pub fn tick_field(id: String, name: &'static str, value: Signal<bool>, on_change: Callback<bool>) -> AnyView {
    let clock = use_clock();
    let first = value.get_untracked();
    view! {
        <label class="choice">
            <input type="checkbox" id=id checked=first prop:checked=attr_of(move || value.get()) disabled=attr_of(move || !clock.hydrated())
                on:change=act(move |e: Event| on_change.run(event_target_checked(&e)))/>
            <span>{name}</span>
        </label>
    }
    .into_any()
}
