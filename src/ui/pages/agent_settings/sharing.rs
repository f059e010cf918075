//! Both sides. Who else sees or operates the agent.

use super::asking::{Asking, unheard};
use super::section::section as setting;
use crate::domain::AgentShare;
use crate::server_fns::{list_agent_shares, share_agent, unshare_agent};
use crate::ui::kit::{Button, Field, Fields, Input, act, attr_of, view_of};
use leptos::ev::{Event, SubmitEvent};
use leptos::prelude::*;

const WORDS: [(&str, &str); 2] = [("view", "View"), ("operate", "Operate")];

#[derive(Clone, Copy)]
struct Sharing {
    agent: StoredValue<String>,
    list: RwSignal<Vec<AgentShare>>,
    asking: Asking,
}

impl Sharing {
    /// Shares, or changes how.
    fn share(self, fields: Option<Fields>, share: AgentShare) {
        let agent = self.agent.get_value();
        let said = format!("Shared with {}", share.email.trim());
        let ask = Box::pin(async move {
            share_agent(agent.clone(), share).await?;
            list_agent_shares(agent).await
        });
        let then = move |list| {
            self.list.set(list);
            self.asking.say(said);
            if let Some(fields) = fields {
                fields.replace(blank());
            }
        };
        match fields {
            Some(fields) => self.asking.of(fields, ask, then),
            None => self.asking.alone(ask, then),
        }
    }

    fn unshare(self, email: String) {
        let agent = self.agent.get_value();
        let said = format!("{email} has no part in it any more");
        let ask = Box::pin(async move {
            unshare_agent(agent.clone(), email).await?;
            list_agent_shares(agent).await
        });
        self.asking.alone(ask, move |list| {
            self.list.set(list);
            self.asking.say(said);
        });
    }
}

fn blank() -> std::collections::BTreeMap<String, String> {
    [("email", ""), ("access", "view")].map(|(name, text)| (name.to_owned(), text.to_owned())).into()
}

pub fn section(name: String, shares: Vec<AgentShare>) -> AnyView {
    let s = Sharing { agent: StoredValue::new(name), list: RwSignal::new(shares), asking: Asking::new() };
    let fields = Fields::new("share", blank());
    let submit = act(move |e: SubmitEvent| {
        e.prevent_default();
        s.share(Some(fields), AgentShare { email: fields.peek("email"), access: fields.peek("access") });
    });
    let none = move || s.list.with(Vec::is_empty).then(|| view! { <p class="muted">"Shared with nobody."</p> });
    let body = view! {
        {view_of(none)}
        <ul class="lines">
            <For each=move || s.list.get() key=|share| share.email.clone() let:share>{line(s, share.email)}</For>
        </ul>
        <form id="share" class="settings" on:submit=submit>
            <fieldset class="fields-in-row one-line" disabled=unheard()>
                {fields.field(Field { name: "email", label: "E-mail", hint: "", input: Input::Line, optional: false })}
                {fields.choice("access", "May", &WORDS)}
                <button type="submit" class="btn needs-js" disabled=attr_of(move || s.asking.busy.get())>"Share"</button>
            </fieldset>
            {s.asking.words()}
        </form>
    };
    let hint = "Who views sees its runs. Who operates also starts, stops and retries them, and reads how it runs.";
    setting("sharing", "Sharing", hint, body)
}

fn line(s: Sharing, email: String) -> AnyView {
    let access = {
        let email = email.clone();
        Memo::new(move |_| {
            s.list.with(|l| l.iter().find(|x| x.email == email).map(|x| x.access.clone())).unwrap_or_default()
        })
    };
    let options = WORDS.map(|(value, word)| {
        view! { <option value=value selected=attr_of(move || access.with(|a| a == value))>{word}</option> }
    });
    // It shows what is so, also when a change was refused or came during another.
    let stored = move || {
        s.asking.busy.track();
        access.get()
    };
    let (whom, who) = (email.clone(), email.clone());
    view! {
        <li class="line">
            <span class="line-name ell" title=email.clone()>{email.clone()}</span>
            <select aria-label=format!("What {email} may do") disabled=unheard() prop:value=attr_of(stored)
                on:change=act(move |e: Event| s.share(None, AgentShare { email: whom.clone(), access: event_target_value(&e) }))>
                {options.into_iter().collect_view()}
            </select>
            <Button label=format!("Remove {email}") disabled=s.asking.busy on_press=move |_| s.unshare(who.clone())>"Remove"</Button>
        </li>
    }
    .into_any()
}
