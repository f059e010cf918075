//! Both sides. The five numbers over a list; each filters it.

use super::ListActions;
use crate::domain::{Choice, Filter, Stats, Status, Window};
use crate::ui::kit::format::{self, UNKNOWN, count, money, percent, plural};
use crate::ui::state::chips::window_words;
use crate::ui::state::numbers::Numbers;
use crate::ui::state::query::PageQuery;
use leptos::prelude::*;

#[component]
pub fn Cards(numbers: Numbers, query: Memo<PageQuery>, actions: ListActions) -> impl IntoView {
    let stat = move |f: fn(&Stats) -> String| move || numbers.stats.with(|s| s.as_ref().map_or(UNKNOWN.to_owned(), f));
    let href = move |status: &'static [Status]| {
        move || {
            let filter = with_status(&query.with(|q| q.filter.clone()), status);
            actions.address(&query.with(|q| q.with_filter(filter)))
        }
    };
    let on = move |status: &'static [Status]| {
        move || query.with(|q| !status.is_empty() && q.filter.status.include == status)
    };
    let window = move || {
        let words = query.with(|q| window_words(q.filter.window));
        let rate = numbers.stats.with(|s| s.as_ref().and_then(|s| per_hour(s, query.with(|q| q.filter.window))));
        rate.map_or(words.clone(), |r| format!("{words} · {r}"))
    };
    let bad = move || numbers.stats.with(|s| s.as_ref().is_some_and(|s| s.failed > 0));
    view! {
        <section class="cards" aria-label="Statistics">
            <Card href=href(&[]) on=on(&[]) name="Total" note=window>{stat(|s| count(s.total_executions))}</Card>
            <Card href=href(&[Status::Success]) on=on(&[Status::Success]) name="Success" note=stat(finished)>
                {stat(|s| s.success_rate.map_or(UNKNOWN.to_owned(), percent))}
            </Card>
            <Card href=href(&[Status::Failed]) on=on(&[Status::Failed]) name="Failed" note=stat(cancelled)>
                <span class:s-failed=bad>{stat(|s| count(s.failed))}</span>
            </Card>
            <Card href=href(&Status::UNFINISHED) on=on(&Status::UNFINISHED) name="Active" note=stat(active)>
                {stat(|s| count(s.running + s.queued + s.waiting + s.paused))}
            </Card>
            <Card href=href(&[]) on=|| false name="Cost" note=stat(spent)>{stat(cost)}</Card>
        </section>
    }
}

#[component]
fn Card(
    href: impl Fn() -> String + Send + Sync + 'static,
    on: impl Fn() -> bool + Send + Sync + 'static,
    name: &'static str,
    note: impl Fn() -> String + Send + Sync + 'static,
    children: Children,
) -> impl IntoView {
    view! {
        <a class="card" class:on=on href=href prop:replace=true data-noscroll="">
            <span class="card-name">{name}</span>
            <span class="card-value">{children()}</span>
            <span class="card-note ell">{note}</span>
        </a>
    }
}

fn with_status(filter: &Filter, status: &[Status]) -> Filter {
    Filter { status: Choice { include: status.to_vec(), exclude: Vec::new() }, ..filter.clone() }
}

#[allow(clippy::cast_possible_truncation)]
fn per_hour(stats: &Stats, window: Window) -> Option<String> {
    match window {
        Window::Last(s) if s >= 3_600 => {
            let rate = stats.total_executions as f64 * 3_600.0 / s as f64;
            (rate >= 1.0).then(|| format!("{} per hour", count(rate.round() as i64)))
        }
        _ => None,
    }
}

fn finished(s: &Stats) -> String {
    let terminal = s.successful + s.failed + s.cancelled;
    if terminal == 0 {
        "none finished yet".to_owned()
    } else {
        format!("{} of {} finished", count(s.successful), count(terminal))
    }
}

fn cancelled(s: &Stats) -> String {
    if s.cancelled == 0 { "none cancelled".to_owned() } else { format!("{} cancelled besides", count(s.cancelled)) }
}

fn active(s: &Stats) -> String {
    let parts = [(s.running, "running"), (s.waiting, "waiting"), (s.queued, "queued"), (s.paused, "paused")];
    let words: Vec<_> = parts.iter().filter(|(n, _)| *n > 0).map(|(n, w)| format!("{} {w}", count(*n))).collect();
    if words.is_empty() { "nothing under way".to_owned() } else { words.join(" · ") }
}

/// When no run has a known cost, the sum of them is unknown, not 0.
fn cost(s: &Stats) -> String {
    let ended = s.successful + s.failed + s.cancelled;
    let nothing_known = s.total_cost <= 0.0 && s.unpriced == ended;
    if nothing_known { "—".to_owned() } else { money(s.total_cost) }
}

fn spent(s: &Stats) -> String {
    let tokens = format!("{} tokens", format::short_count(s.total_tokens));
    if s.unpriced == 0 { tokens } else { format!("{tokens} · {} unpriced", plural(s.unpriced, "run", "runs")) }
}
