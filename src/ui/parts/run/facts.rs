//! Both sides. The numbers of a run, each with its name.

use super::state::RunState;
use crate::domain::{ExecutionDetail, Timestamp, ToldInSpans};
use crate::ui::kit::{format, view_of};
use crate::ui::parts::{Elapsed, RelativeTime, Unknown, exact};
use crate::ui::paths;
use crate::ui::state::clock::use_clock;
use leptos::prelude::*;

#[component]
pub fn Facts(run: RunState) -> impl IntoView {
    let of = move |read: fn(&ExecutionDetail) -> Option<String>| Memo::new(move |_| run.detail.with(read));
    let started = Memo::new(move |_| run.detail.with(|d| d.summary.started_at));
    let ended = Memo::new(move |_| run.detail.with(|d| d.summary.completed_at));
    let stop = Memo::new(move |_| run.detail.with(stop_words));
    let thread = Memo::new(move |_| run.detail.with(|d| d.summary.thread_id.clone()));
    let inferred = Memo::new(move |_| run.detail.with(end_is_inferred));
    let cost_name = move || if run.unfinished() { "Cost so far" } else { "Cost" };
    view! {
        <dl class="facts">
            <div><dt>"Started"</dt><dd><Moment at=started/></dd></div>
            <div><dt>"Ended"</dt><dd><Moment at=ended/>
                {view_of(move || inferred.get().then(|| view! { <small class="inferred">"inferred: no end was received"</small> }))}</dd></div>
            <div><dt>"Duration"</dt><dd><Duration run/></dd></div>
            <div><dt>"Queued for"</dt><dd><Unknown value=of(|d| d.summary.queue_ms.map(format::duration))/></dd></div>
            <div><dt>"Tokens"</dt><dd><Unknown value=of(|d| d.summary.total_tokens.map(format::short_count))/>
                <small>{of(tokens)}</small></dd></div>
            <div><dt>{view_of(cost_name)}</dt><dd><Unknown value=of(|d| d.summary.cost.map(format::money))/>
                <small>{of(no_price)}</small></dd></div>
            <div><dt>"Model"</dt><dd><Unknown value=of(|d| d.summary.model.clone())/></dd></div>
            <div><dt>"Context"</dt><dd><Context run/></dd></div>
            <div><dt>"Trigger"</dt><dd><Unknown value=of(|d| Some(d.summary.triggered_by.to_string()))/></dd></div>
            <div><dt>"Started by"</dt><dd><Unknown value=of(|d| d.started_by.clone())/></dd></div>
            <div><dt>"Attempt"</dt><dd>{view_of(move || run.detail.with(|d| d.summary.attempt))}</dd></div>
            {view_of(move || thread.get().map(|id| view! {
                <div><dt>"Thread"</dt><dd><a href=paths::thread(&id)>{id.clone()}</a></dd></div>
            }))}
            {view_of(move || stop.get().map(|(who, at)| view! {
                <div><dt>"Stop asked"</dt><dd>{who}" "{at.map(|at| view! { <RelativeTime at=at/> })}</dd></div>
            }))}
        </dl>
    }
}

/// What is known of them: input, output, and of these what was cached and what was reasoning.
fn tokens(detail: &ExecutionDetail) -> Option<String> {
    let s = &detail.summary;
    let parts = [
        ("input", s.input_tokens),
        ("output", s.output_tokens),
        ("cached", detail.cached_tokens),
        ("reasoning", detail.reasoning_tokens),
    ];
    let known = parts.into_iter().filter_map(|(name, n)| Some(format!("{} {name}", format::short_count(n?))));
    let text = known.collect::<Vec<_>>().join(" · ");
    (!text.is_empty()).then_some(text)
}

fn end_is_inferred(detail: &ExecutionDetail) -> bool {
    ToldInSpans::of(detail.metadata.as_ref()).is_some_and(|told| told.end_inferred())
}

/// Why there is no cost of a run whose tokens are known: spans carry none, and no price says what they come to.
fn no_price(detail: &ExecutionDetail) -> Option<String> {
    let s = &detail.summary;
    let told = ToldInSpans::of(detail.metadata.as_ref()).filter(|_| s.cost.is_none() && s.total_tokens.is_some())?;
    Some(match told.unpriced.as_slice() {
        [] => "no price: the model is not known".to_owned(),
        [one] => format!("no price for {one}"),
        [one, others @ ..] => {
            format!("no price for {one} and {}", format::plural(others.len() as i64, "other", "others"))
        }
    })
}

fn stop_words(detail: &ExecutionDetail) -> Option<(String, Option<Timestamp>)> {
    let s = &detail.summary;
    let asked = s.cancel_requested || s.cancel_requested_at.is_some();
    asked.then(|| {
        (s.cancel_requested_by.as_ref().map(|who| format!("by {who}")).unwrap_or_default(), s.cancel_requested_at)
    })
}

/// The exact time in the viewer's zone (UTC until that is known), and how long ago it was.
#[component]
fn Moment(at: Memo<Option<Timestamp>>) -> impl IntoView {
    let clock = use_clock();
    view_of(move || match at.get() {
        None => view! { <span class="unknown" title="not known">{format::UNKNOWN}</span> }.into_any(),
        Some(at) => {
            let local = move || exact(at, clock.hydrated()).split(" · ").next().map(str::to_owned);
            view! { <span class="moment">{view_of(local)}</span>" "<small><RelativeTime at=at/></small> }.into_any()
        }
    })
}

#[component]
fn Duration(run: RunState) -> impl IntoView {
    let known = Memo::new(move |_| run.detail.with(|d| (d.summary.duration_ms, d.summary.started_at)));
    view_of(move || match known.get() {
        (Some(ms), _) => view! { <span>{format::duration(ms)}</span> }.into_any(),
        (None, Some(since)) if run.unfinished() => view! { <Elapsed since=since/> }.into_any(),
        _ => view! { <span class="unknown" title="not known">{format::UNKNOWN}</span> }.into_any(),
    })
}

#[component]
fn Context(run: RunState) -> impl IntoView {
    let known = Memo::new(move |_| run.detail.with(|d| (d.context_used, d.context_max)));
    view_of(move || match known.get() {
        (Some(used), Some(max)) => {
            let share = used as f64 / max.max(1) as f64;
            let words = format!("{} of {}", format::short_count(used), format::short_count(max));
            let percent = format::percent((share * 100.0).round() / 100.0);
            view! {
                <span>{words}</span>
                <meter aria-label="Context in use" min="0" max=max value=used.min(max) high=max * 8 / 10>{percent.clone()}</meter>
                <small>{percent}" used"</small>
            }
            .into_any()
        }
        (Some(used), None) => view! { <span>{format::short_count(used)}</span> }.into_any(),
        (None, Some(max)) => {
            view! { <span>{format!("{} of {}", format::UNKNOWN, format::short_count(max))}</span> }.into_any()
        }
        (None, None) => view! { <span class="unknown" title="not known">{format::UNKNOWN}</span> }.into_any(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::parts::run::change::tests::detail;

    #[test]
    fn tokens_are_told_by_kind_and_unknown_ones_left_out() {
        let mut run = detail(1);
        assert_eq!(tokens(&run), None);
        run.summary.input_tokens = Some(12_480);
        run.summary.output_tokens = Some(0);
        run.reasoning_tokens = Some(300);
        assert_eq!(tokens(&run).as_deref(), Some("12.5K input · 0 output · 300 reasoning"));
    }
}
