//! Both sides. Of what the reader is told, and by which ways.

use super::ToldSettings;
use crate::domain::{NewNotifySettings, NotifySettings, Told};
use crate::server_fns::{set_notifications, test_told_mail};
use crate::ui::kit::{Button, Fields, act, view_of};
use crate::ui::pages::agent_settings::asking::{Asking, unheard};
use crate::ui::pages::agent_settings::section::section;
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use std::collections::BTreeMap;

/// (mail, webhook, what it is, more about it)
const KINDS: [(&str, &str, &str, &str); 3] = [
    (
        "waiting.mail",
        "waiting.webhook",
        "Something waits for me",
        "An approval or a question, and a reminder before it expires.",
    ),
    ("failed.mail", "failed.webhook", "A run failed", "Of agents you own. Many at once come as one message."),
    ("budget.mail", "budget.webhook", "A budget is used up", "Of agents you own: at 80 %, and when all is spent."),
];

fn texts(s: &NotifySettings) -> BTreeMap<String, String> {
    let told = [s.waiting, s.failed, s.budget];
    let on = |on: bool| if on { "on".to_owned() } else { String::new() };
    let pairs = KINDS.iter().zip(told).flat_map(|((mail, webhook, ..), told)| {
        [((*mail).to_owned(), on(told.mail)), ((*webhook).to_owned(), on(told.webhook))]
    });
    pairs.collect()
}

pub fn form(told: ToldSettings) -> AnyView {
    let fields = Fields::new("told", told.0.with_untracked(texts));
    let asking = Asking::for_form(fields);
    let submit = act(move |e: SubmitEvent| {
        e.prevent_default();
        let of = |(mail, webhook, ..): (&str, &str, &str, &str)| Told {
            mail: !fields.peek(mail).is_empty(),
            webhook: !fields.peek(webhook).is_empty(),
        };
        let [waiting, failed, budget] = KINDS.map(of);
        let (sent, new) = (fields.all(), NewNotifySettings { waiting, failed, budget, webhook: None });
        asking.of(fields, Box::pin(set_notifications(new)), move |saved| {
            fields.saved(&sent, texts(&saved.settings));
            told.0.set(saved.settings);
            asking.say("Saved");
        });
    });
    let kinds: Vec<_> = KINDS
        .into_iter()
        .map(|(mail, webhook, name, more)| {
            view! {
                <fieldset class="field">
                    <legend>{name}</legend>
                    <div class="ticks">{fields.tick(mail, "By mail")} {fields.tick(webhook, "By webhook")}</div>
                    <p class="hint">{more}</p>
                </fieldset>
            }
        })
        .collect();
    let no_webhook = move || {
        told.0
            .with(|s| s.webhook.is_none())
            .then(|| view! { <p class="hint">"Nothing comes by webhook until one is set below."</p> })
    };
    let body = view! {
        <form id="told" class="settings" on:submit=submit>
            <fieldset disabled=unheard()>
                {kinds}
                {view_of(no_webhook)}
            </fieldset>
            <p class="only-plain muted">"How you are told is changed with JavaScript, or through the API."</p>
            <div class="row-of-fields">{asking.submit("Save")}</div>
            {asking.words()}
        </form>
        {mail(told)}
    };
    section("told-of", "Tell me", "Each message leads straight to the decision, or to the run.", body)
}

/// Where mail goes, and whether it arrives.
fn mail(told: ToldSettings) -> AnyView {
    let (address, problem) = told.0.with_untracked(|s| (s.mail.clone(), s.mail_problem.clone()));
    if let Some(problem) = problem {
        return view! { <p class="note">{format!("Mail would go to {address}, but {problem}.")}</p> }.into_any();
    }
    let asking = Asking::new();
    let test = move |_| {
        asking.alone(Box::pin(test_told_mail()), move |trial| {
            if trial.ok {
                asking.say(format!("Sent: {}", trial.detail));
            } else {
                asking.refuse(format!("Not sent: {}", trial.detail));
            }
        });
    };
    view! {
        <div class="row-of-fields">
            <span class="muted">{format!("Mail goes to {address}.")}</span>
            <Button disabled=asking.busy on_press=test>"Send a test mail"</Button>
        </div>
        {asking.words()}
    }
    .into_any()
}
