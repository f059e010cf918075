//! Both sides. What this run is and how it stands, with the actions on it.

use super::state::{Place, RunState};
use crate::browser;
use crate::domain::{ExecutionDetail, FlowOfRun, InteractionStatus, Me, Role, Status};
use crate::ui::kit::{Button, Icon, Look, act, format, view_of};
use crate::ui::parts::{Elapsed, StatusMark, pause_button, pause_note, retry_item, use_start, use_stop};
use crate::ui::paths;
use crate::ui::state::flow_runs::Pause;
use leptos::ev::Event;
use leptos::prelude::*;

#[component]
pub fn RunHeader(run: RunState, place: Place) -> impl IntoView {
    let title = Memo::new(move |_| run.detail.with(title));
    let heading = match place {
        Place::Drawer => view! { <h2 id="run-title" tabindex="-1">{view_of(move || title.get())}</h2> }.into_any(),
        Place::Page => view! { <h1 id="run-title">{view_of(move || title.get())}</h1> }.into_any(),
    };
    let agent = run.detail.with_untracked(|d| (d.summary.agent_name.clone(), d.summary.agent_display_name.clone()));
    let short = run.detail.with_untracked(|d| d.summary.id.short());
    let flow = run.detail.with_untracked(|d| d.flow.as_ref().map(flow_link));
    let pause = Memo::new(move |_| run.detail.with(|d| Pause::of(&d.summary, d.flow.as_ref())));
    view! {
        <header class="run-head">
            <div class="run-state">
                <StatusMark status=run.status/>
                <Took run/>
                <span class="run-note">{view_of(move || run.detail.with(note))}</span>
                {pause_note(pause)}
            </div>
            {heading}
            <p class="run-by">
                <a href=paths::agent(&agent.0)>{agent.1}</a>
                {flow}
                <span>{view_of(move || run.detail.with(started_by))}</span>
                <code title=run.id()>{short}</code>
            </p>
            <Actions run place pause/>
        </header>
    }
}

/// The flow it does, as that is now; the role `client` has no page for it.
fn flow_link(flow: &FlowOfRun) -> AnyView {
    let words = format!("{}, version {}", flow.name, flow.version);
    let page = use_context::<Me>().is_some_and(|me| me.role != Role::Client);
    if page {
        view! { <a class="run-flow" dir="auto" href=paths::flow(&flow.id)>{words}</a> }.into_any()
    } else {
        view! { <span dir="auto">{words}</span> }.into_any()
    }
}

/// The first line of the message; the whole of it is in the overview.
pub fn title(detail: &ExecutionDetail) -> String {
    let s = &detail.summary;
    match s.message.lines().map(str::trim).find(|line| !line.is_empty()) {
        Some(line) => match super::json::cut(line, 200) {
            (short, 0) => short.to_owned(),
            (short, _) => format!("{short}…"),
        },
        None => format!("Run {}", s.id.short()),
    }
}

fn started_by(detail: &ExecutionDetail) -> String {
    let trigger = detail.summary.triggered_by;
    detail.started_by.as_ref().map_or_else(|| trigger.to_string(), |who| format!("{trigger} by {who}"))
}

/// What an unfinished run is about.
fn note(detail: &ExecutionDetail) -> Option<String> {
    let s = &detail.summary;
    if s.status.is_terminal() {
        return None;
    }
    if s.cancel_requested {
        let by = s.cancel_requested_by.as_ref().map(|who| format!(", asked by {who}")).unwrap_or_default();
        return Some(format!("Stopping{by}"));
    }
    // What it asks stands right below, with whom it waits for.
    let asks = detail.interactions.iter().any(|ask| ask.status == InteractionStatus::Pending);
    if let (Status::Waiting, Some(who), false) = (s.status, &s.waiting_on, asks) {
        return Some(format!("Waiting for {who}"));
    }
    s.steps_total.map(|total| format!("step {} of {total}", (s.steps_done + 1).min(total)))
}

#[component]
fn Took(run: RunState) -> impl IntoView {
    let times = Memo::new(move |_| run.detail.with(|d| (d.summary.started_at, d.summary.duration_ms)));
    view_of(move || match times.get() {
        (_, Some(ms)) => view! { <span>{format::duration(ms)}</span> }.into_any(),
        (Some(since), None) if run.unfinished() => view! { <Elapsed since=since/> }.into_any(),
        _ => ().into_any(),
    })
}

#[component]
fn Actions(run: RunState, place: Place, pause: Memo<Pause>) -> impl IntoView {
    let (stop, start) = (use_stop(), use_start());
    let agent = run.detail.with_untracked(|d| d.summary.agent_name.clone());
    let summary = move || run.detail.with_untracked(|d| d.summary.clone());
    let stoppable = Memo::new(move |_| run.unfinished() && !run.detail.with(|d| d.summary.cancel_requested));
    // The role `client` has no page for runs of several agents.
    let compare = use_context::<Me>().is_some_and(|me| me.role != Role::Client);
    let link = move || browser::origin() + &paths::execution(&run.id());
    view! {
        <div class="run-actions">
            <span class="pause">{pause_button(run.id(), "this run".to_owned(), pause, Callback::new(move |()| run.read_soon()))}</span>
            <Show when=move || stoppable.get()>
                <Button small=true look=Look::Danger icon="stop"
                    on_press=move |_| stop.ask(summary())>"Stop"</Button>
            </Show>
            {(place == Place::Drawer).then(|| view! {
                <a class="btn quiet small" href=paths::execution(&run.id()) aria-label="Full page" title="Full page">
                    <Icon name="open"/>
                </a>
            })}
            <details class="menu end kebab" on:toggle=act(move |_: Event| start.learn())>
                <summary class="btn quiet small" aria-label="More actions"><Icon name="more"/></summary>
                <div class="menu-panel actions">
                    {copy_item("Copy link", link)}
                    {copy_item("Copy id", move || run.id())}
                    {retry_item(agent, move || !run.unfinished(), summary)}
                    {compare.then(|| view! { <a href=paths::compare(&run.id(), None)>"Compare with…"</a> })}
                    <a rel="external" href=paths::api_execution(&run.id())>"Record from the API"</a>
                </div>
            </details>
        </div>
    }
}

/// Puts a text on the clipboard and says so in its own place.
fn copy_item(name: &'static str, text: impl Fn() -> String + 'static) -> AnyView {
    let copied = RwSignal::new(None::<bool>);
    let copy = move |_| browser::copy_text(text(), move |ok| copied.set(Some(ok)));
    let word = move || match copied.get() {
        None => name,
        Some(true) => "Copied",
        Some(false) => "Not allowed here",
    };
    view! { <button type="button" class="needs-js" on:click=copy>{view_of(word)}</button> }.into_any()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::parts::run::change::tests::detail;

    #[test]
    fn a_title_that_is_cut_says_so() {
        let mut run = detail(1);
        run.summary.message = format!("\n  {}\nmore", "x".repeat(300));
        assert_eq!(title(&run), format!("{}…", "x".repeat(200)));
        run.summary.message = " short \nmore".to_owned();
        assert_eq!(title(&run), "short");
        run.summary.message = String::new();
        assert!(title(&run).starts_with("Run 0199a3f2"));
    }
}
