//! Both sides. The jobs of late, of which each can be looked up.

use crate::domain::BulkJob;
use crate::ui::kit::{Button, ErrorNote, act, view_of};
use crate::ui::parts::RelativeTime;
use crate::ui::state::bulk::{Bulk, job_words};
use leptos::ev::MouseEvent;
use leptos::prelude::*;

pub fn view(bulk: Bulk, close: Callback<()>) -> AnyView {
    let list = move || {
        bulk.recent.with(|r| match r {
            None => view! { <p class="muted" role="status">"Loading"</p> }.into_any(),
            Some(Ok(jobs)) if jobs.is_empty() => view! { <p class="muted">"None in the last 30 days"</p> }.into_any(),
            Some(Ok(jobs)) => {
                let jobs: Vec<AnyView> = jobs.iter().map(|job| entry(bulk, job)).collect();
                view! { <ul class="bulk-jobs">{jobs}</ul> }.into_any()
            }
            Some(Err(e)) => {
                let again = Callback::new(move |()| bulk.show_recent());
                view! { <ErrorNote message=e.to_string() on_retry=again/> }.into_any()
            }
        })
    };
    view! {
        <h2 id="bulk-title" tabindex="-1">"Recent bulk actions"</h2>
        <div class="bulk-body">{view_of(list)}</div>
        <div class="dialog-actions">
            <Button on_press=move |_| close.run(())>"Close"</Button>
        </div>
    }
    .into_any()
}

fn entry(bulk: Bulk, job: &BulkJob) -> AnyView {
    let (at, by, words) = (job.created_at, job.created_by.clone(), job_words(job));
    let job = job.clone();
    view! {
        <li>
            <button type="button" class="btn quiet" on:click=act(move |_: MouseEvent| bulk.look_up(job.clone()))>
                <span class="ell">{words}</span>
                <span class="muted ell">{by}</span>
                <span class="muted"><RelativeTime at=Signal::stored(at)/></span>
            </button>
        </li>
    }
    .into_any()
}
