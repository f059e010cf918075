//! Both sides. What a question asks for, in the editor.

use super::field::{ChoiceField, Shape, TextField, choice_field, text_field, tick_field};
use super::people::kind_word;
use super::steps::Form;
use crate::browser;
use crate::domain::FieldKind;
use crate::domain::interaction::MOST_FIELDS;
use crate::ui::kit::{Button, Look, view_of};
use crate::ui::state::flow_draft::{Ask, Field, Place};
use leptos::prelude::*;

const KINDS: [FieldKind; 3] = [FieldKind::Text, FieldKind::Choice, FieldKind::Multi];

pub fn ask_id(key: u32, ask: u32, part: Ask) -> String {
    format!("step-{key}-ask-{ask}-{}", part.name())
}

pub fn asked(form: Form, key: u32) -> AnyView {
    let keys = Memo::new(move |_| {
        form.draft.with(|d| d.place(key).map(|at| d.steps[at].asked.iter().map(|a| a.key).collect::<Vec<_>>()))
    });
    let keys = move || keys.get().unwrap_or_default();
    let full = Signal::derive(move || keys().len() >= MOST_FIELDS);
    let wrong = Memo::new(move |_| form.problems.with(|p| p.at(key, Place::Field(Field::Fields))));
    let add = move |_| {
        let added = form.draft.try_update(|d| d.place(key).map(|at| d.steps[at].ask())).flatten();
        if let Some(ask) = added {
            form.said.set("One more field".to_owned());
            browser::focus_later(format!("#{}", ask_id(key, ask, Ask::Label)));
        }
    };
    let id = format!("step-{key}-fields");
    view! {
        <fieldset class="ask-fields" id=id tabindex="-1">
            <legend>"What it asks for"</legend>
            <ol>
                <For each=keys key=|ask| *ask let:ask>{one(form, key, ask, Signal::derive(keys))}</For>
            </ol>
            {view_of(move || wrong.get().map(|text| view! { <p class="problem">{text}</p> }))}
            <Button small=true disabled=full on_press=add>"Add field"</Button>
        </fieldset>
    }
    .into_any()
}

fn one(form: Form, key: u32, ask: u32, keys: Signal<Vec<u32>>) -> AnyView {
    let value = move |part: Ask| Signal::derive(move || form.draft.with(|d| d.asked(key, ask, part)));
    let wrong = move |part: Ask| Signal::derive(move || form.problems.with(|p| p.at(key, Place::Asked(ask, part))));
    let set = move |part: Ask| {
        Callback::new(move |text: String| form.draft.update(|d| d.change_asked(key, ask, |a| a.set(part, text))))
    };
    let text = move |part: Ask, name: &'static str, hint: &'static str, shape: Shape| {
        let (value, wrong, on_input) = (value(part), wrong(part), set(part));
        text_field(TextField { id: ask_id(key, ask, part), name, hint, shape, value, wrong, on_input })
    };
    let kind = value(Ask::Kind);
    let has_options = Memo::new(move |_| kind.with(|kind| kind != FieldKind::Text.as_str()));
    let optional = Signal::derive(move || {
        form.draft.with(|d| d.place(key).and_then(|at| d.steps[at].asked(ask)).is_some_and(|a| a.optional))
    });
    let set_optional =
        Callback::new(move |on: bool| form.draft.update(|d| d.change_asked(key, ask, |a| a.optional = on)));
    let number = Memo::new(move |_| keys.with(|keys| keys.iter().position(|k| *k == ask).unwrap_or_default() + 1));
    let alone = Signal::derive(move || keys.with(Vec::len) <= 1);
    let remove = move |_| {
        form.draft.update(|d| {
            if let Some(at) = d.place(key) {
                d.steps[at].stop_asking(ask);
            }
        });
        form.said.set("The field is removed".to_owned());
        browser::focus_later(format!("#step-{key}-fields"));
    };
    let kinds = choice_field(ChoiceField {
        id: ask_id(key, ask, Ask::Kind),
        name: "Answer",
        options: KINDS.map(|kind| (kind.to_string(), kind_word(kind).to_owned())).to_vec(),
        hint: Signal::stored(String::new()),
        value: kind,
        wrong: wrong(Ask::Kind),
        on_choose: set(Ask::Kind),
    });
    view! {
        <li class="ask">
            <div class="ask-row">
                {text(Ask::Label, "Question", "", Shape::Line)}
                {kinds}
                <Button small=true look=Look::Quiet icon="close" label=Signal::derive(move || format!("Remove field {}", number.get())) disabled=alone on_press=remove>""</Button>
            </div>
            {view_of(move || has_options.get().then(|| text(Ask::Options, "Options", "One a line.", Shape::Text(3))))}
            <div class="ask-row">
                {text(Ask::Name, "Name", "What the next steps know the answer by; empty: made from the question.", Shape::Code)}
                {tick_field(format!("step-{key}-ask-{ask}-optional"), "May stay empty", optional, set_optional)}
            </div>
        </li>
    }
    .into_any()
}
