//! Both sides. The steps in the editor: their fields, their order, more of them and fewer.

use super::field::{Shape, TextField, text_field};
use crate::browser;
use crate::domain::{Me, Role};
use crate::ui::kit::{Button, Look, view_of};
use crate::ui::state::flow_draft::{Draft, Field, Kind, Problems, StepDraft};
use leptos::prelude::*;

/// What the form holds.
#[derive(Clone, Copy)]
pub struct Form {
    pub draft: RwSignal<Draft>,
    pub problems: RwSignal<Problems>,
    /// What was done, for those who do not see it.
    pub said: RwSignal<String>,
    /// The step that was removed last, and where it was.
    pub removed: RwSignal<Option<(usize, StepDraft)>>,
}

pub fn field_id(key: u32, field: Field) -> String {
    format!("step-{key}-{}", field.name())
}

pub fn steps(form: Form) -> AnyView {
    let keys = Memo::new(move |_| form.draft.with(|d| d.steps.iter().map(|s| (s.key, s.kind)).collect::<Vec<_>>()));
    let admin = use_context::<Me>().is_some_and(|me| me.role == Role::Admin);
    let add = move |kind: Kind| {
        let label = format!("Add {}", kind.word().to_lowercase());
        let press = move |_| {
            let key = form.draft.try_update(|d| d.add(kind)).unwrap_or_default();
            form.removed.set(None);
            form.said.set(format!("{} added at the end", kind.word()));
            browser::focus_later(format!("#{}", field_id(key, Field::Title)));
        };
        view! { <Button on_press=press>{label}</Button> }
    };
    let undo = move |_| {
        let Some((at, step)) = form.removed.get_untracked() else { return };
        let key = step.key;
        form.draft.update(|d| d.put_back(at, step));
        form.removed.set(None);
        form.said.set(format!("Step {} is back", at + 1));
        browser::focus_later(format!("#{}", field_id(key, Field::Title)));
    };
    let gone = Memo::new(move |_| {
        form.removed.with(|r| r.as_ref().map(|(at, step)| (*at, step.text(Field::Title).to_owned())))
    });
    view! {
        <h2 id="steps-title">"Steps"</h2>
        <ol class="edit-steps" aria-labelledby="steps-title">
            <For each=move || keys.get() key=|(key, _)| *key let:step>{one(form, step.0, step.1)}</For>
        </ol>
        {view_of(move || gone.get().map(|(at, title)| {
            let what = if title.is_empty() { format!("Step {} is removed.", at + 1) } else { format!("Step {}, {title}, is removed.", at + 1) };
            view! { <p class="note removed"><span dir="auto">{what}</span> <Button small=true on_press=undo>"Undo"</Button></p> }
        }))}
        <div class="row-of add-steps">
            {add(Kind::Prompt)} {admin.then(|| add(Kind::Command))} {add(Kind::Webhook)}
        </div>
    }
    .into_any()
}

fn one(form: Form, key: u32, kind: Kind) -> AnyView {
    let place = Memo::new(move |last: Option<&usize>| {
        form.draft.with(|d| d.place(key)).or_else(|| last.copied()).unwrap_or_default()
    });
    let last = Memo::new(move |_| form.draft.with(|d| d.steps.len()) <= place.get() + 1);
    let alone = Memo::new(move |_| form.draft.with(|d| d.steps.len()) <= 1);
    let name = move |verb: &'static str| Signal::derive(move || format!("{verb} step {}", place.get() + 1));
    let shift = move |by: isize| {
        let Some(to) = form.draft.try_update(|d| d.shift(key, by)).flatten() else { return };
        form.said.set(format!("Now step {}", to + 1));
        // What is moved loses the focus; at either end the button that brought it there can't be pressed any more.
        let at_end = form.draft.with_untracked(|d| if by < 0 { to == 0 } else { to + 1 == d.steps.len() });
        let up = (by < 0) != at_end;
        browser::focus_later(format!("#step-{key} .edit-moves > :nth-child({})", if up { 1 } else { 2 }));
    };
    let remove = move |_| {
        let Some((at, step)) = form.draft.try_update(|d| d.remove(key)).flatten() else { return };
        form.said.set(format!("Step {} removed", at + 1));
        form.removed.set(Some((at, step)));
        browser::focus_later(".removed .btn".to_owned());
    };
    let fields: Vec<_> =
        [Field::Title].iter().chain(kind.fields()).map(|field| field_of(form, key, kind, *field)).collect();
    view! {
        <li class="edit-step" id=format!("step-{key}")>
            <div class="edit-head">
                <span class="step-number">{view_of(move || place.get() + 1)}</span>
                <h3>{kind.word()}</h3>
                <span class="edit-moves">
                    <Button small=true look=Look::Quiet icon="up" label=name("Move up") disabled=Signal::derive(move || place.get() == 0) on_press=move |_| shift(-1)>""</Button>
                    <Button small=true look=Look::Quiet icon="down" label=name("Move down") disabled=last on_press=move |_| shift(1)>""</Button>
                    <Button small=true look=Look::Quiet icon="close" label=name("Remove") disabled=alone on_press=remove>""</Button>
                </span>
            </div>
            {fields}
        </li>
    }
    .into_any()
}

fn field_of(form: Form, key: u32, kind: Kind, field: Field) -> AnyView {
    let (name, hint, shape) = match (kind, field) {
        (_, Field::Title) => ("Title", "", Shape::Line),
        (_, Field::Prompt) => ("Prompt", "Sent to the agent, with what the steps before it answered.", Shape::Text(5)),
        (_, Field::Argv) => (
            "Command",
            "One word a line, the program first. It reads what the step before it answered. No shell: a word with a line break in it stands in quotes.",
            Shape::CodeText(3),
        ),
        (_, Field::Cwd) => ("Folder", "Where it runs; may stay empty.", Shape::Code),
        (_, Field::Env) => {
            ("Environment", "Names of the server's variables it is given, separated by spaces.", Shape::Code)
        }
        (_, Field::Url) => ("Address", "Is sent what the step before it answered, and answers at once.", Shape::Code),
        (_, Field::SecretEnv) => (
            "Secret",
            "Name of the server's variable with the secret that requests are signed with; may stay empty.",
            Shape::Code,
        ),
    };
    text_field(TextField {
        id: field_id(key, field),
        name,
        hint,
        shape,
        value: Signal::derive(move || form.draft.with(|d| d.text(key, field))),
        wrong: Signal::derive(move || form.problems.with(|p| p.step(key, field))),
        on_input: Callback::new(move |text| form.draft.update(|d| d.set(key, field, text))),
    })
}
