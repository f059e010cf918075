//! Both sides. The reader's webhook: where it is, what it is sent, and the secret its messages are signed with.

use super::ToldSettings;
use crate::domain::{NewWebhook, SavedNotifySettings, WebhookFormat, WebhookSettings, WebhookStanding};
use crate::server_fns::{renew_told_secret, set_notifications, test_told_webhook};
use crate::ui::kit::{Button, Command, Field, Fields, Input, Look, act, view_of};
use crate::ui::pages::agent_settings::asking::{Asking, unheard};
use crate::ui::pages::agent_settings::section::section;
use leptos::ev::SubmitEvent;
use leptos::prelude::*;

const FORMATS: [(&str, &str); 2] = [("json", "JSON, for programs"), ("slack", "Slack")];
const URL: &str = "webhook.url";
const FORMAT: &str = "webhook.format";

#[derive(Clone, Copy)]
struct Hook {
    told: ToldSettings,
    fields: Fields,
    asking: Asking,
    /// Shown until the page is left.
    secret: RwSignal<Option<String>>,
}

impl Hook {
    fn saved(self, saved: SavedNotifySettings, said: &'static str) {
        if let Some(secret) = saved.secret {
            self.secret.set(Some(secret));
        }
        self.told.0.set(saved.settings);
        self.asking.say(said);
    }

    /// An empty address keeps the one there is.
    fn save(self) {
        let url = Some(self.fields.peek(URL)).filter(|url| !url.trim().is_empty());
        let format = self.fields.peek(FORMAT).parse().unwrap_or(WebhookFormat::Json);
        let new = self.told.with_webhook(Some(Some(NewWebhook { url, format })));
        self.asking.of(self.fields, Box::pin(set_notifications(new)), move |saved| {
            self.fields.replace(blank(format));
            self.saved(saved, "Saved");
        });
    }

    fn take_away(self) {
        let ask = Box::pin(set_notifications(self.told.with_webhook(Some(None))));
        self.asking.alone(ask, move |saved| {
            self.secret.set(None);
            self.saved(saved, "It is taken away");
        });
    }

    fn test(self) {
        self.asking.alone(Box::pin(test_told_webhook()), move |trial| {
            if trial.ok {
                self.asking.say(format!("Sent: {}", trial.detail));
            } else {
                self.asking.refuse(format!("Not sent: {}", trial.detail));
            }
        });
    }

    fn renew(self) {
        self.asking.alone(Box::pin(renew_told_secret()), move |secret| {
            self.secret.set(Some(secret));
            self.asking.say("The old secret holds no more");
        });
    }
}

fn blank(format: WebhookFormat) -> std::collections::BTreeMap<String, String> {
    [(URL, ""), (FORMAT, format.as_str())].map(|(name, text)| (name.to_owned(), text.to_owned())).into()
}

pub fn form(told: ToldSettings) -> AnyView {
    let (format, problem) = told
        .0
        .with_untracked(|s| (s.webhook.as_ref().map_or(WebhookFormat::Json, |w| w.format), s.webhook_problem.clone()));
    let fields = Fields::new("webhook", blank(format));
    let hook = Hook { told, fields, asking: Asking::for_form(fields), secret: RwSignal::new(None) };
    let there = Memo::new(move |_| told.0.with(|s| s.webhook.clone()));
    let can = problem.is_none();
    let submit = act(move |e: SubmitEvent| {
        e.prevent_default();
        hook.save();
    });
    let none = problem.map(|problem| view! { <p class="note">{format!("No webhook can be set: {problem}.")}</p> });
    let address = move || {
        let (label, hint) = if there.with(Option::is_some) {
            ("New address", "Leave it empty to keep the one there is.")
        } else {
            ("Address", "Where messages are sent to, as https://…. It is stored sealed and never shown again.")
        };
        fields.field(Field { name: URL, label, hint, input: Input::Code, optional: false })
    };
    let inputs = can.then(|| {
        view! {
            <form id="webhook" class="settings" on:submit=submit>
                <fieldset disabled=unheard()>
                    {view_of(address)}
                    {fields.choice(FORMAT, "Format", &FORMATS)}
                </fieldset>
                <div class="row-of-fields">{hook.asking.submit("Save webhook")}</div>
            </form>
        }
    });
    let secret = move || {
        hook.secret.get().map(|secret| {
            view! {
                <div role="status">
                    <p>"Messages are signed with this secret. It is shown this once: keep it where your receiver finds it."</p>
                    <Command title="Signing secret" text=secret/>
                </div>
            }
        })
    };
    let body = view! {
        {none}
        {view_of(move || there.get().map(|webhook| standing(hook, &webhook)))}
        {view_of(secret)}
        {inputs}
        {hook.asking.words()}
    };
    section("told-webhook", "Webhook", "A signed request for each message, to an address of yours.", body)
}

/// The one there is.
fn standing(hook: Hook, webhook: &WebhookSettings) -> AnyView {
    let (class, word) = match webhook.standing {
        WebhookStanding::On => ("s-success", "on"),
        WebhookStanding::Off => ("s-failed", "switched off"),
        WebhookStanding::EnterAgain => ("s-failed", "to be entered again"),
    };
    let busy = hook.asking.busy;
    let opens = webhook.standing != WebhookStanding::EnterAgain;
    let note = webhook.note.clone().map(|note| view! { <p class="problem">{note}</p> });
    let more = opens.then(|| {
        view! {
            <Button disabled=busy on_press=move |_| hook.test()>"Send a test"</Button>
            <Button disabled=busy on_press=move |_| hook.renew()>"New secret"</Button>
        }
    });
    let again = (webhook.standing == WebhookStanding::Off).then(
        || view! { <Button look=Look::Primary disabled=busy on_press=move |_| hook.save()>"Switch on again"</Button> },
    );
    view! {
        <p class="told-address">
            <strong>{webhook.address.clone()}</strong>" "<span class=format!("status {class}")>{word}</span>
        </p>
        {note}
        <div class="row-of-fields">
            {again} {more}
            <Button disabled=busy on_press=move |_| hook.take_away()>"Take away"</Button>
        </div>
    }
    .into_any()
}
