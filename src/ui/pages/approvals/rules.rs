//! Both sides. Standing rules: what is approved without asking, in whose name, until when; and revoking them.

use crate::domain::StandingRule;
use crate::ui::kit::{Button, Look, format};
use crate::ui::parts::{AskedAbout, RelativeTime, Sure, sure_dialog};
use crate::ui::state::approval::in_a_line;
use crate::ui::state::approvals::Approvals;
use crate::ui::state::notice::use_notice;
use leptos::prelude::*;

pub fn section(state: Approvals) -> AnyView {
    let rules = Memo::new(move |_| state.list.with(|list| list.rules.clone()));
    let notice = use_notice();
    let asking: AskedAbout = RwSignal::new(None);
    let words = Sure {
        id: "revoke-rule-title",
        title: |title| format!("Revoke the rule for “{title}”?"),
        body: "From now on people are asked again. What it has approved stays approved.",
        confirm: "Revoke",
    };
    let told =
        move |title: &str, ()| notice.tell(format!("The rule for “{title}” is revoked. People are asked again."));
    view! {
        <div class="section-head">
            <h2>"Standing rules"</h2>
            <span class="rules-about">"Approved without asking, until they end or are revoked."</span>
        </div>
        <section class="list asks" aria-label="Standing rules">
            <ul>
                <For each=move || rules.get() key=|rule| (rule.id.clone(), rule.uses) let:rule>{line(rule, asking)}</For>
            </ul>
        </section>
        {sure_dialog(asking, words, move |id| state.revoke(id), told)}
    }
    .into_any()
}

fn line(rule: StandingRule, asking: AskedAbout) -> AnyView {
    let StandingRule { id, title, message, made_by, expires_at, uses, last_used_at, revoked_by, .. } = rule;
    let uses = match uses {
        0 => "not used yet".to_owned(),
        n => format!("used {}", format::plural(n, "time", "times")),
    };
    let label = format!("Revoke: {title}");
    let what = (id, title.clone());
    let ask = move |_| asking.set(Some(what.clone()));
    view! {
        <li class="ask-line">
            <div class="ask-what">
                <span class="ask-title" dir="auto">{title}</span>
                {(!message.is_empty()).then(|| view! { <p class="ask-message clamp" dir="auto">{in_a_line(&message)}</p> })}
                <p class="ask-facts">
                    <bdi>{rule.agent_display_name}</bdi>
                    <span>{format!("for {made_by}")}</span>
                    <span>{uses}{last_used_at.map(|at| view! { ", " <RelativeTime at=at/> })}</span>
                    {match rule.revoked_at {
                        Some(at) => {
                            let by = revoked_by.map_or_else(|| "revoked ".to_owned(), |who| format!("revoked by {who} "));
                            view! { <span>{by} <RelativeTime at=at/></span> }.into_any()
                        }
                        None => view! { <span>"ends " <RelativeTime at=expires_at/></span> }.into_any(),
                    }}
                    <code title=rule.parameters_hash.clone()>{rule.parameters_hash.chars().take(8).collect::<String>()}</code>
                </p>
            </div>
            <div class="ask-actions">
                {rule.can_revoke.then(|| view! { <Button look=Look::Plain label=label on_press=ask>"Revoke"</Button> })}
            </div>
        </li>
    }
    .into_any()
}
