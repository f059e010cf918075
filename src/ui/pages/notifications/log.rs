//! Both sides. What the reader was told in the last 30 days, and what became of it.

use crate::domain::{Channel, Delivery, DeliveryPage, DeliveryState};
use crate::server_fns::list_told;
use crate::ui::kit::{Button, format, view_of};
use crate::ui::pages::agent_settings::asking::Asking;
use crate::ui::pages::agent_settings::section::section;
use crate::ui::parts::RelativeTime;
use leptos::prelude::*;

pub fn section_of(page: DeliveryPage) -> AnyView {
    let list = RwSignal::new(page.deliveries);
    let next = RwSignal::new(page.next_cursor);
    let asking = Asking::new();
    let none = move || list.with(Vec::is_empty).then(|| view! { <p class="muted">"Nothing yet."</p> });
    let load = move |_| {
        let cursor = next.get_untracked();
        asking.alone(Box::pin(list_told(cursor)), move |page| {
            list.update(|list| list.extend(page.deliveries));
            next.set(page.next_cursor);
        });
    };
    let more = move || {
        let load = load;
        next.with(Option::is_some)
            .then(|| view! { <div class="row-of-fields"><Button disabled=asking.busy on_press=load>"Load more"</Button></div> })
    };
    let body = view! {
        {view_of(none)}
        <ul class="lines told-log">
            <For each=move || list.get() key=|d| d.id.clone() let:d>{line(d)}</For>
        </ul>
        {view_of(more)}
        {asking.words()}
    };
    section("told-log", "What you were told", "The last 30 days.", body)
}

fn line(d: Delivery) -> AnyView {
    let by = match d.channel {
        Channel::Mail => "mail",
        Channel::Webhook => "webhook",
    };
    let (class, word) = match d.state {
        DeliveryState::Sent => ("s-success", "sent"),
        DeliveryState::Waiting => ("s-waiting", "waits"),
        DeliveryState::GivenUp => ("s-failed", "given up"),
    };
    let attempts = (d.attempts > 1 || (d.attempts > 0 && d.state != DeliveryState::Sent))
        .then(|| format!(", {}", format::plural(d.attempts, "attempt", "attempts")));
    let next = d.next_at.filter(|_| d.attempts > 0).map(|at| view! { ", again "<RelativeTime at/> });
    let error = d.error.filter(|_| d.state != DeliveryState::Sent);
    let error = error.map(|error| view! { <p class="problem">{error}</p> });
    view! {
        <li class="line" data-delivery=d.id>
            <div class="told-line">
                <a href=d.link>{d.title}</a>
                <p class="muted">
                    {format!("by {by}, ")} <RelativeTime at=d.created_at/> ": "
                    <span class=format!("status {class}")>{word}</span> {attempts} {next}
                </p>
                {error}
            </div>
        </li>
    }
    .into_any()
}
