//! Both sides. The wait for the first span: what has come is asked for while the page is open.

use crate::browser;
use crate::domain::{Arrivals, ExecutionSummary, Timestamp};
use crate::server_fns::read_arrivals;
use crate::ui::kit::{follow, format, view_of};
use crate::ui::parts::StatusMark;
use crate::ui::paths;
use leptos::prelude::*;

const PAUSE_MS: u32 = 2_000;

#[component]
pub fn Waiting(since: Timestamp) -> impl IntoView {
    let arrived = RwSignal::new(Arrivals { traces: 0, run: None });
    let lost = RwSignal::new(None::<String>);
    follow(move || {
        browser::spawn(async move {
            loop {
                let answer = read_arrivals(since).await;
                // `None`: the page was left.
                let there = match answer {
                    Ok(found) => {
                        lost.try_set(None);
                        arrived.try_maybe_update(|known| {
                            let changed = *known != found;
                            *known = found;
                            (changed, ())
                        })
                    }
                    Err(e) => lost.try_update(|text| *text = Some(e.to_string())),
                };
                if there.is_none() {
                    return;
                }
                browser::sleep(PAUSE_MS).await;
            }
        });
    });
    view! {
        <section class="connect-wait" role="status">
            {view_of(move || {
                let known = arrived.get();
                match (known.run, known.traces) {
                    (Some(run), _) => here(&run),
                    (None, 0) => view! {
                        <p class="connect-pulse"><i aria-hidden="true"></i>"Waiting for your first span"</p>
                        <p class="muted">"Run your agent; what it sends shows up here by itself."</p>
                    }
                    .into_any(),
                    (None, traces) => view! {
                        <p class="connect-pulse"><i aria-hidden="true"></i>{format!("{} came, and no run yet", format::plural(traces, "trace", "traces"))}</p>
                        <p class="muted">"There was no span of an agent or of a model's call in what was sent so far."</p>
                    }
                    .into_any(),
                }
            })}
            {view_of(move || lost.get().map(|text| view! { <p class="muted">{format!("Can't be asked at the moment: {text}")}</p> }))}
        </section>
    }
}

fn here(run: &ExecutionSummary) -> AnyView {
    let status = run.status;
    let name = run.agent_display_name.clone();
    let href = paths::execution(run.id.as_str());
    view! {
        <p class="connect-here"><StatusMark status=Signal::stored(status)/>" "<a class="btn primary" href=href>{format!("Open the run of {name}")}</a></p>
        <p class="muted">"It has arrived. Further runs are in the list of executions."</p>
    }
    .into_any()
}
