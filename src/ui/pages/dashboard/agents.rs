//! Both sides. The agents of the dashboard: a line each, which opens to the agent's last runs.

use super::agent_runs::{MOST_OPEN, Opened, follow, runs_of};
use crate::domain::{AgentCounts, AgentStanding, BudgetLevel};
use crate::ui::kit::format::{count, money, percent};
use crate::ui::kit::{Button, EmptyState, ErrorNote, Icon, view_of};
use crate::ui::parts::runs::ListActions;
use crate::ui::parts::{RelativeTime, StatusMark, Unknown};
use crate::ui::paths;
use crate::ui::state::fleet::Fleet;
use leptos::prelude::*;

pub fn table(fleet: Fleet, open: Memo<Vec<String>>, opened: Opened, actions: ListActions) -> AnyView {
    let opened = RwSignal::new(opened);
    follow(open, opened);
    let names = Memo::new(move |_| fleet.names());
    view! {
        <div class="section-head">
            <h2>"Agents"</h2>
            <a class="link" href=paths::AGENTS>"All agents"</a>
        </div>
        <section class="list fleet" aria-label="Agents">
            {move || fleet.failed.get().map(|e| {
                let retry = Callback::new(move |()| fleet.reload());
                view! { <ErrorNote message=e.to_string() on_retry=retry/> }
            })}
            <div class="fleet-head" aria-hidden="true">
                <span></span><span>"Agent"</span><span>"Now"</span><span>"Last run"</span><span>"Next run"</span>
                <span class="num">"Runs, 24 h"</span><span class="num">"Success"</span><span class="num">"Cost"</span>
            </div>
            <ul>
                <For each=move || names.get() key=String::clone let:name>
                    {line(name, fleet, open, opened, actions)}
                </For>
            </ul>
            <Show when=move || fleet.is_empty()>
                <EmptyState title="No agents yet">
                    <p>"An agent appears here with the first run that is recorded under its name."</p>
                </EmptyState>
            </Show>
            <Show when=move || fleet.has_more()>
                <p class="list-end"><Button small=true on_press=move |_| fleet.show_more()>"More agents"</Button></p>
            </Show>
        </section>
    }
    .into_any()
}

fn line(
    name: String,
    fleet: Fleet,
    open: Memo<Vec<String>>,
    opened: RwSignal<Opened>,
    actions: ListActions,
) -> AnyView {
    let standing = {
        let name = name.clone();
        // A line that has just been taken out keeps its last state until its element is gone.
        Memo::new(move |last: Option<&Option<AgentStanding>>| fleet.standing(&name).or_else(|| last.cloned().flatten()))
    };
    let Some(first) = standing.get_untracked() else { return ().into_any() };
    let counts = Memo::new(move |_| standing.with(|s| s.as_ref().map(|s| s.counts).unwrap_or_default()));
    let name = StoredValue::new(name);
    let is_open = Memo::new(move |_| open.with(|all| name.with_value(|n| all.contains(n))));
    let toggle = move || open.with(|all| name.with_value(|n| paths::dashboard_with(&turned(all, n))));
    let panel = format!("runs-of-{}", first.name);
    let controls = panel.clone();
    let display = first.display_name;
    let label = format!("Last runs of {display}");
    view! {
        <li class="agent" class:open=move || is_open.get()>
            <div class="agent-line">
                <a
                    class="agent-toggle"
                    href=toggle
                    prop:replace=true
                    data-noscroll=""
                    aria-expanded=move || is_open.get().to_string()
                    aria-controls=move || is_open.get().then(|| controls.clone())
                    aria-label=label
                ><Icon name="down"/></a>
                <a class="agent-name ell" dir="auto" href=name.with_value(|n| paths::agent(n))>{display}</a>
                <span class="agent-now">{move || budget(standing)}{move || now(counts.get(), &name.get_value())}</span>
                <span class="agent-last ell">{move || last_run(standing)}</span>
                <span class="agent-next">{view_of(move || next_run(standing))}</span>
                <span class="num" data-name="Runs, 24 h">
                    <a class="by" href=name.with_value(|n| paths::runs_with("agent", n))>{move || count(counts.get().runs)}</a>
                </span>
                <span class="num" data-name="Success"><Unknown value=Signal::derive(move || counts.get().success_rate.map(percent))/></span>
                <span class="num" data-name="Cost"><Unknown value=Signal::derive(move || spent(counts.get()))/></span>
            </div>
            <Show when=move || is_open.get()>
                <div class="agent-runs" id=panel.clone()>{runs_of(name.get_value(), opened, actions)}</div>
            </Show>
        </li>
    }
    .into_any()
}

/// The open ones after a press: the last few, so that an address stays short.
fn turned(open: &[String], name: &str) -> Vec<String> {
    if open.iter().any(|n| n == name) {
        return open.iter().filter(|n| *n != name).cloned().collect();
    }
    let mut all = open.to_vec();
    all.push(name.to_owned());
    all.split_off(all.len().saturating_sub(MOST_OPEN))
}

/// Said once there is reason to.
fn budget(standing: Memo<Option<AgentStanding>>) -> AnyView {
    let Some(spending) = standing.with(|s| s.as_ref().and_then(|s| s.budget.clone())) else { return ().into_any() };
    let (class, text) = match spending.level {
        BudgetLevel::Spent => ("s-failed", "budget spent".to_owned()),
        BudgetLevel::Fine | BudgetLevel::Warn => ("s-waiting", format!("budget {}", percent(spending.share()))),
    };
    let title = format!("{} of {} spent", money(spending.spent_usd), money(spending.limit_usd));
    view! { <span class=class title=title>{text}</span> }.into_any()
}

/// What it does now; each number leads to its runs.
fn now(c: AgentCounts, name: &str) -> AnyView {
    let of = |n: i64, status: &'static str, class: &'static str| {
        let href = paths::unfinished_of(name, status);
        (n > 0).then(|| view! { <a class=format!("by {class}") href=href>{format!("{n} {status}")}</a> " " })
    };
    if c.waiting + c.running + c.queued + c.paused == 0 {
        return view! { <span class="faint">"idle"</span> }.into_any();
    }
    [
        of(c.waiting, "waiting", "s-waiting"),
        of(c.running, "running", "s-running"),
        of(c.queued, "queued", ""),
        of(c.paused, "paused", ""),
    ]
    .into_any()
}

fn last_run(standing: Memo<Option<AgentStanding>>) -> AnyView {
    let last = standing
        .with(|s| s.as_ref().and_then(|s| s.last_run.as_ref().map(|r| (r.id.clone(), r.status, r.effective_start()))));
    match last {
        Some((id, status, at)) => view! {
            <StatusMark status=status/> " "
            <a class="by muted" href=paths::execution(id.as_str())><RelativeTime at=at/></a>
        }
        .into_any(),
        None => view! { <span class="faint">"no run yet"</span> }.into_any(),
    }
}

fn next_run(standing: Memo<Option<AgentStanding>>) -> AnyView {
    match standing.with(|s| s.as_ref().and_then(|s| s.next_run)) {
        Some(at) => view! { <RelativeTime at=at/> }.into_any(),
        None => view! { <span class="faint">"—"</span> }.into_any(),
    }
}

/// Nothing is known of the cost of runs that have none.
fn spent(c: AgentCounts) -> Option<String> {
    (c.priced > 0).then(|| money(c.cost))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_press_opens_and_closes_and_few_stay_open() {
        let mut open = Vec::new();
        for n in ["a", "b", "c"] {
            open = turned(&open, n);
        }
        assert_eq!(turned(&open, "b"), ["a", "c"]);
        for n in 0..10 {
            open = turned(&open, &format!("x{n}"));
        }
        assert_eq!(open.len(), MOST_OPEN);
        assert_eq!(open.last().map(String::as_str), Some("x9"));
    }
}
