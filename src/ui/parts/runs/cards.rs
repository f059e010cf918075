//! Both sides. The five numbers over a list; each leads to the runs it counts.

use super::ListActions;
use crate::domain::{Choice, Filter, Stats, Status, Window};
use crate::ui::kit::format::{self, UNKNOWN, count, money, percent};
use crate::ui::kit::{attr_of, view_of};
use crate::ui::state::chips::window_words;
use crate::ui::state::numbers::Numbers;
use crate::ui::state::query::PageQuery;
use leptos::prelude::*;

/// A part of the line below a card's number; a number among them names the runs it counts.
struct Note {
    text: String,
    status: Option<&'static [Status]>,
}

fn plain(text: String) -> Vec<Note> {
    vec![Note { text, status: None }]
}

#[component]
pub fn Cards(numbers: Numbers, query: Memo<PageQuery>, actions: ListActions) -> impl IntoView {
    let cards: [Card; 5] = [
        Card { name: "Total", status: Some(&[]), value: |s| count(s.total_executions), notes: |_, _| Vec::new() },
        Card {
            name: "Success",
            status: Some(&[Status::Success]),
            value: |s| s.success_rate.map_or(UNKNOWN.to_owned(), percent),
            notes: |s, _| plain(finished(s)),
        },
        Card {
            name: "Failed",
            status: Some(&[Status::Failed]),
            value: |s| count(s.failed),
            notes: |s, _| cancelled(s),
        },
        Card {
            name: "Active",
            status: Some(&Status::UNFINISHED),
            value: |s| count(s.running + s.queued + s.waiting + s.paused),
            notes: |s, _| active(s),
        },
        Card { name: "Cost", status: None, value: cost, notes: |s, window| plain(spent(s, window)) },
    ];
    let cards = cards.map(|card| one(card, numbers, query, actions));
    view! {
        <section class="cards" aria-label="Statistics" class:stale=attr_of(move || numbers.stale.get())>{cards.into_iter().collect_view()}</section>
    }
}

struct Card {
    name: &'static str,
    /// The runs it counts; `None`: it counts no runs.
    status: Option<&'static [Status]>,
    value: fn(&Stats) -> String,
    notes: fn(&Stats, Window) -> Vec<Note>,
}

fn one(card: Card, numbers: Numbers, query: Memo<PageQuery>, actions: ListActions) -> AnyView {
    let address = move |status: &'static [Status]| {
        let filter = query.with(|q| with_status(&q.filter, status));
        actions.address(&query.with(|q| q.with_filter(filter)))
    };
    let window = move || query.with(|q| q.filter.window);
    let on = move || {
        card.status.is_some_and(|status| !status.is_empty() && query.with(|q| q.filter.status.include == status))
    };
    let value = move || numbers.stats(card.value).unwrap_or(UNKNOWN.to_owned());
    let bad = move || card.name == "Failed" && numbers.stats(|s| s.failed > 0) == Some(true);
    let notes = move || {
        let mut notes = numbers.stats(|s| (card.notes)(s, window())).unwrap_or_default();
        if card.name == "Total" {
            let rate = numbers.stats(|s| per_hour(s, window())).flatten();
            notes.extend([Some(window_words(window())), rate].into_iter().flatten().flat_map(plain));
        }
        let mut out: Vec<AnyView> = Vec::new();
        for note in notes {
            if !out.is_empty() {
                out.push(" · ".into_any());
            }
            out.push(match note.status {
                Some(status) => {
                    view! { <a href=address(status) prop:replace=true data-noscroll="">{note.text}</a> }.into_any()
                }
                None => note.text.into_any(),
            });
        }
        out
    };
    let name = match card.status {
        Some(status) => {
            view! { <a class="card-name" href=attr_of(move || address(status)) prop:replace=true data-noscroll="">{card.name}</a> }
                .into_any()
        }
        None => view! { <span class="card-name">{card.name}</span> }.into_any(),
    };
    view! {
        <div class="card" class:on=attr_of(on)>
            {name}
            <span class="card-value" class:s-failed=attr_of(bad)>{view_of(value)}</span>
            <span class="card-note ell">{notes}</span>
        </div>
    }
    .into_any()
}

fn with_status(filter: &Filter, status: &[Status]) -> Filter {
    if status.is_empty() {
        return filter.clone();
    }
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

fn cancelled(s: &Stats) -> Vec<Note> {
    if s.cancelled == 0 {
        return plain("none cancelled".to_owned());
    }
    vec![Note { text: format!("{} cancelled", count(s.cancelled)), status: Some(&[Status::Cancelled]) }]
}

fn active(s: &Stats) -> Vec<Note> {
    let parts: [(i64, &str, &'static [Status]); 4] = [
        (s.running, "running", &[Status::Running]),
        (s.waiting, "waiting", &[Status::Waiting]),
        (s.queued, "queued", &[Status::Queued]),
        (s.paused, "paused", &[Status::Paused]),
    ];
    let there = parts.into_iter().filter(|(n, ..)| *n > 0);
    let notes: Vec<_> =
        there.map(|(n, word, status)| Note { text: format!("{} {word}", count(n)), status: Some(status) }).collect();
    if notes.is_empty() { plain("nothing in progress".to_owned()) } else { notes }
}

/// When no run has a known cost, the sum of them is unknown, not 0.
fn cost(s: &Stats) -> String {
    let ended = s.successful + s.failed + s.cancelled;
    let nothing_known = s.total_cost <= 0.0 && s.unpriced == ended;
    if nothing_known { UNKNOWN.to_owned() } else { money(s.total_cost) }
}

fn spent(s: &Stats, window: Window) -> String {
    let rate = match window {
        Window::Last(seconds) if seconds > 3_600 && s.total_cost >= 0.01 => {
            Some(format!("{}/h", money(s.total_cost * 3_600.0 / seconds as f64)))
        }
        _ => None,
    };
    // No sum is known where no run told its tokens.
    let tokens = (s.total_tokens > 0).then(|| format!("{} tokens", format::short_count(s.total_tokens)));
    let unpriced = (s.unpriced > 0).then(|| format!("{} unpriced", count(s.unpriced)));
    [rate, tokens, unpriced].into_iter().flatten().collect::<Vec<_>>().join(" · ")
}
