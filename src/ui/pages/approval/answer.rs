//! Both sides. Answering a question: its fields, and what was answered.

use super::open::Open;
use super::sending::Sending;
use crate::domain::{Answers, FieldKind, InteractionStatus, QuestionField};
use crate::server_fns::answer_question;
use crate::ui::kit::{act, attr_of, view_of};
use crate::ui::state::approval::why_not;
use crate::ui::state::clock::use_clock;
use leptos::ev::{Event, SubmitEvent};
use leptos::prelude::*;
use serde_json::Value;

/// More options than this are in a list that opens.
const FEW: usize = 8;

pub fn answer(open: Open, sending: Sending) -> AnyView {
    let clock = use_clock();
    let answers = RwSignal::new(Answers::new());
    let fields = open.detail.with_untracked(|d| d.approval.fields.clone());
    let why_not = open.memo(why_not);
    let send = move || {
        let given = answers.get_untracked();
        sending.send("You answered", answer_question(open.id.get_value(), given), || async { None });
    };
    let shown = fields.clone();
    let form = move || {
        let fields: Vec<_> = (0..).zip(fields.clone()).map(|(i, f)| field(i, f, answers, sending)).collect();
        open.can_decide.get().then(|| view! {
            <form class="answer-form" novalidate on:submit=act(move |e: SubmitEvent| { e.prevent_default(); send(); })>
                // Until the page listens: what is written then would be lost.
                <fieldset class="decide" disabled=attr_of(move || !clock.hydrated())>{fields}</fieldset>
                <div class="decide-bar needs-js">
                    <button type="submit" class="btn primary" disabled=attr_of(move || sending.busy.get())>"Send answer"</button>
                </div>
                <noscript><p class="note">"To answer, this page needs JavaScript."</p></noscript>
            </form>
        })
    };
    let plain =
        move || (open.status.get() != InteractionStatus::Pending || !open.can_decide.get()).then(|| said(&shown, open));
    view! {
        {view_of(plain)}
        {view_of(move || sending.problem.get().map(|text| view! { <p class="note bad" role="alert" dir="auto">{text}</p> }))}
        {view_of(move || homeless(sending, open).map(|text| view! { <p class="note bad" role="alert" dir="auto">{text}</p> }))}
        {view_of(move || why_not.get().map(|text| view! { <p class="note">{text}</p> }))}
        {view_of(form)}
    }
    .into_any()
}

/// What was asked for, with the answers there are.
fn said(fields: &[QuestionField], open: Open) -> AnyView {
    let answers = open.detail.with(|d| d.approval.answers.clone()).unwrap_or_default();
    let line = |field: &QuestionField| {
        let text = answers.get(&field.name).map(words).filter(|text| !text.is_empty());
        let text = match text {
            Some(text) => view! { <span dir="auto">{text}</span> }.into_any(),
            None => view! { <span class="faint">"no answer"</span> }.into_any(),
        };
        view! { <div><dt dir="auto">{field.label.clone()}</dt><dd>{text}</dd></div> }
    };
    view! { <dl class="answers">{fields.iter().map(line).collect::<Vec<_>>()}</dl> }.into_any()
}

fn words(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(all) => all.iter().map(words).collect::<Vec<_>>().join(", "),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// Is the error about this field, however deep in it?
fn is_of(path: &str, name: &str) -> bool {
    path.strip_prefix("answers.").unwrap_or(path).split('[').next() == Some(name)
}

/// What is wrong with no field in particular.
fn homeless(sending: Sending, open: Open) -> Option<String> {
    let wrong = sending.wrong.get();
    let fields = open.detail.with_untracked(|d| d.approval.fields.clone());
    let found = wrong.into_iter().find(|(path, _)| !fields.iter().any(|f| is_of(path, &f.name)));
    found.map(|(path, message)| format!("{path}: {message}"))
}

fn field(number: usize, field: QuestionField, answers: RwSignal<Answers>, sending: Sending) -> AnyView {
    let QuestionField { name, label, kind, options, optional } = field;
    let id = format!("answer-{number}");
    let about = format!("{id}-about");
    let wrong = {
        let name = name.clone();
        Memo::new(move |_| {
            let found = sending.wrong.with(|all| all.iter().find(|(path, _)| is_of(path, &name)).cloned());
            found.map(|(_, message)| crate::ui::state::approval::sentence(&message))
        })
    };
    let invalid = move || wrong.with(Option::is_some).then_some("true");
    let name = StoredValue::new(name);
    let put = move |value: Option<Value>| {
        let name = name.get_value();
        answers.update(|all| {
            match value {
                Some(value) => all.insert(name, value),
                None => all.remove(&name),
            };
        });
    };
    let put_text = move |e: Event| {
        let text = event_target_value(&e);
        put((!text.is_empty()).then_some(Value::String(text)));
    };
    let optional = optional.then(|| view! { <span class="faint">" optional"</span> });
    let under = view! {
        <p class="field-about" id=about.clone()>
            {view_of(move || wrong.get().map(|text| view! { <span class="problem">{text}</span> }))}
        </p>
    };
    let group = matches!(kind, FieldKind::Multi) || (kind == FieldKind::Choice && options.len() <= FEW);
    if group {
        let multi = kind == FieldKind::Multi;
        let options: Vec<_> = options.into_iter().map(|option| choice(name, option, multi, &id, answers)).collect();
        return view! {
            <fieldset class="field" aria-invalid=attr_of(invalid) aria-describedby=about tabindex="-1">
                <legend dir="auto">{label}{optional}</legend>
                {options}
                {under}
            </fieldset>
        }
        .into_any();
    }
    let control = match kind {
        FieldKind::Text => view! {
            <textarea id=id.clone() rows="2" dir="auto" aria-invalid=attr_of(invalid) aria-describedby=about on:input=act(put_text)></textarea>
        }
        .into_any(),
        FieldKind::Choice | FieldKind::Multi => {
            let options: Vec<_> =
                options.into_iter().map(|o| view! { <option value=o.clone()>{o.clone()}</option> }).collect();
            view! {
                <select id=id.clone() aria-invalid=attr_of(invalid) aria-describedby=about on:change=act(put_text)>
                    <option value="">"Choose"</option>
                    {options}
                </select>
            }
            .into_any()
        }
    };
    view! { <div class="field"><label for=id dir="auto">{label}{optional}</label>{control}{under}</div> }.into_any()
}

/// One option, alone or among others.
fn choice(name: StoredValue<String>, option: String, multi: bool, group: &str, answers: RwSignal<Answers>) -> AnyView {
    let value = option.clone();
    let change = move |e: Event| {
        let (name, on) = (name.get_value(), event_target_checked(&e));
        let value = Value::String(value.clone());
        answers.update(|all| {
            if !multi {
                all.insert(name, value);
                return;
            }
            let mut chosen = all.remove(&name).and_then(|v| v.as_array().cloned()).unwrap_or_default();
            chosen.retain(|v| *v != value);
            if on {
                chosen.push(value);
            }
            if !chosen.is_empty() {
                all.insert(name, Value::Array(chosen));
            }
        });
    };
    view! {
        <label class="choice">
            <input type=if multi { "checkbox" } else { "radio" } name=group.to_owned() on:change=act(change)/>
            <span dir="auto">{option}</span>
        </label>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_finds_its_field() {
        assert!(is_of("answers.colour", "colour") && is_of("colour[2]", "colour") && is_of("colour", "colour"));
        assert!(!is_of("answers.colours", "colour"));
    }

    #[test]
    fn answers_are_read_as_text() {
        assert_eq!(words(&serde_json::json!(["a", "b"])), "a, b");
        assert_eq!(words(&serde_json::json!("x")), "x");
    }
}
