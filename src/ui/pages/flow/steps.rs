//! Both sides. The steps in the editor: their fields, their order, more of them and fewer.

use super::asked::{ask_id, asked};
use super::field::{ChoiceField, Shape, TextField, choice_field, text_field, tick_field};
use super::people::{expiries, policy_about, policy_word};
use crate::browser;
use crate::domain::{Me, Policy, Role};
use crate::ui::kit::{Button, Look, view_of};
use crate::ui::state::flow_draft::{Draft, Field, Kind, Place, Problems, StepDraft};
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

pub fn place_id(key: u32, place: Place) -> String {
    match place {
        Place::Field(field) => field_id(key, field),
        Place::Asked(ask, part) => ask_id(key, ask, part),
    }
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
            {add(Kind::Prompt)} {add(Kind::Approval)} {add(Kind::Question)} {admin.then(|| add(Kind::Command))} {add(Kind::Webhook)}
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
    let value = Signal::derive(move || form.draft.with(|d| d.text(key, field)));
    let wrong = Signal::derive(move || form.problems.with(|p| p.at(key, Place::Field(field))));
    let set = Callback::new(move |text: String| form.draft.update(|d| d.set(key, field, text)));
    let id = field_id(key, field);
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
        (Kind::Question, Field::Message) => {
            ("Message", "What people need to know to answer; Markdown. May stay empty.", Shape::Text(3))
        }
        (_, Field::Message) => ("Message", "In plain words what they allow; Markdown. May stay empty.", Shape::Text(3)),
        (Kind::Question, Field::Approvers) => (
            "Who may answer",
            "E-mails, role:admin or role:user. Empty: whoever started the run, the agent's owner and those who operate it.",
            Shape::Text(2),
        ),
        (_, Field::Approvers) => (
            "Approvers",
            "E-mails, one a line. role:admin and role:user stand for everybody of that role.",
            Shape::Text(2),
        ),
        (_, Field::Fields) => return asked(form, key),
        (_, Field::Policy) => {
            let policy = move || value.with(|text| text.parse().unwrap_or(Policy::Any));
            return choice_field(ChoiceField {
                id,
                name: "Who has to approve",
                options: Policy::ALL.map(|p| (p.to_string(), policy_word(p).to_owned())).to_vec(),
                hint: Signal::derive(move || policy_about(policy()).to_owned()),
                value: Signal::derive(move || policy().to_string()),
                wrong,
                on_choose: set,
            });
        }
        (_, Field::ExpiresInS) => {
            return choice_field(ChoiceField {
                id,
                name: "Expires",
                options: expiries(&value.get_untracked()),
                hint: Signal::stored("When the time is over and nobody decided, the run fails.".to_owned()),
                value,
                wrong,
                on_choose: set,
            });
        }
        (_, Field::AllowRequester) => {
            let on = Signal::derive(move || value.with(|text| !text.is_empty()));
            let change = Callback::new(move |on| set.run(if on { "on".to_owned() } else { String::new() }));
            return tick_field(id, "Whoever started the run may decide too", on, change);
        }
    };
    text_field(TextField { id, name, hint, shape, value, wrong, on_input: set })
}
