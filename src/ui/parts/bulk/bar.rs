//! Both sides. The bar at the bottom: what is selected, what can be done with it, and the job that is going on.

use crate::domain::{BulkAction, Reason};
use crate::ui::kit::{Button, Icon, Look, view_of};
use crate::ui::state::bulk::{Bulk, job_words};
use crate::ui::state::picks::Picks;
use crate::ui::state::selection::Selection;
use leptos::prelude::*;

pub fn bar(bulk: Bulk, can_retry: bool) -> AnyView {
    let selected = Memo::new(move |_| !bulk.picks.selection.with(Selection::is_empty));
    let job = Memo::new(move |_| bulk.job.with(Option::is_some));
    view! {
        <div class="bulk-bar" role="region" aria-label="Selected runs">
            {view_of(move || job.get().then(|| going(bulk)))}
            {view_of(move || selected.get().then(|| chosen(bulk, can_retry)))}
        </div>
    }
    .into_any()
}

fn chosen(bulk: Bulk, can_retry: bool) -> AnyView {
    let picks = bulk.picks;
    view! {
        <div class="bulk-row">
            <strong class="bulk-count">{view_of(move || picks.words())}</strong>
            {view_of(move || more(picks))}
            <span class="grow"></span>
            <Button look=Look::Danger icon="stop" on_press=move |_| bulk.ask(BulkAction::Terminate)>"Stop…"</Button>
            {retry(bulk, can_retry)}
            <Button look=Look::Quiet on_press=move |_| bulk.show_recent()>"Recent…"</Button>
            <Button look=Look::Quiet on_press=move |_| bulk.clear()>"Clear"</Button>
        </div>
    }
    .into_any()
}

fn more(picks: Picks) -> Option<AnyView> {
    let words = picks.more()?;
    Some(view! { <Button look=Look::Quiet on_press=move |_| picks.set_everything()>{words}</Button> }.into_any())
}

/// Where nothing can be retried the button says why, and can still be reached to hear it.
fn retry(bulk: Bulk, can_retry: bool) -> AnyView {
    let why = Reason::NotStartedHere.as_str();
    let press = move |_| {
        if can_retry {
            bulk.ask(BulkAction::Retry);
        } else {
            bulk.picks.runs().said.set(why.to_owned());
        }
    };
    view! {
        <button type="button" class="btn" aria-disabled=(!can_retry).then_some("true") title=(!can_retry).then_some(why)
            aria-describedby=(!can_retry).then_some("bulk-retry-why") on:click=press>"Retry…"</button>
        {(!can_retry).then(|| view! { <span id="bulk-retry-why" class="visually-hidden">{why}</span> })}
    }
    .into_any()
}

fn going(bulk: Bulk) -> AnyView {
    let words = move || bulk.job.with(|j| j.as_ref().map(job_words));
    let ended = move || bulk.job.with(|j| j.as_ref().is_some_and(crate::domain::BulkJob::ended));
    view! {
        <div class="bulk-row">
            <span class="bulk-count">{words}</span>
            {view_of(move || bulk.lost.get().then(|| view! { <span class="muted">"how far it is can’t be had"</span> }))}
            <span class="grow"></span>
            <Button on_press=move |_| bulk.show_job()>"Details"</Button>
            {view_of(move || ended().then(|| view! {
                <Button look=Look::Quiet label="Dismiss" on_press=move |_| bulk.dismiss()><Icon name="close"/></Button>
            }))}
        </div>
    }
    .into_any()
}
