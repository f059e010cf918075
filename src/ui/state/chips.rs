//! Both sides. Active filter values one by one, each with the filter that is left without it.

use crate::domain::filter::format_seconds;
use crate::domain::filter::typed::bound_words;
use crate::domain::{Choice, Filter, Range, Window};
use crate::ui::kit::format::count;
use std::fmt::Display;

#[derive(Debug, Clone, PartialEq)]
pub struct ActiveValue {
    /// `status: failed`, `agent: not noisy`.
    pub text: String,
    pub without: Filter,
}

/// In the order of the URL. The page's own defaults are no values.
pub fn active_values(filter: &Filter) -> Vec<ActiveValue> {
    let mut out = Vec::new();
    choice(&mut out, filter, "status", |f| &mut f.status);
    choice(&mut out, filter, "agent", |f| &mut f.agent);
    choice(&mut out, filter, "trigger", |f| &mut f.trigger);
    choice(&mut out, filter, "tool", |f| &mut f.tool);
    choice(&mut out, filter, "model", |f| &mut f.model);
    choice(&mut out, filter, "label", |f| &mut f.label);
    let mut one = |text: Option<String>, clear: fn(&mut Filter)| {
        if let Some(text) = text {
            let mut without = filter.clone();
            clear(&mut without);
            out.push(ActiveValue { text, without });
        }
    };
    one(filter.search.as_ref().map(|q| format!("text: {q}")), |f| f.search = None);
    one((filter.window != Window::DAY).then(|| window_words(filter.window)), |f| f.window = Window::DAY);
    one((!filter.include_unfinished).then(|| "started in this time only".to_owned()), |f| f.include_unfinished = true);
    let [duration, cost, tokens] = bound_words(filter);
    one(duration.map(|w| format!("duration {w}")), |f| f.duration_ms = Range::default());
    one(cost.map(|w| format!("cost {w}")), |f| f.cost = Range::default());
    one(tokens.map(|w| format!("tokens {w}")), |f| f.tokens = Range::default());
    one(filter.has_interaction.map(|b| format!("interactions: {}", yes(b))), |f| f.has_interaction = None);
    one(filter.has_error.map(|b| format!("errors: {}", yes(b))), |f| f.has_error = None);
    one(filter.root_only.then(|| "root runs only".to_owned()), |f| f.root_only = false);
    choice(&mut out, filter, "thread", |f| &mut f.thread);
    choice(&mut out, filter, "flow", |f| &mut f.flow);
    choice(&mut out, filter, "parent", |f| &mut f.parent);
    choice(&mut out, filter, "retry of", |f| &mut f.retry_of);
    choice(&mut out, filter, "failure", |f| &mut f.error_group);
    let mut moment = |seq: Option<i64>, word: &str, clear: fn(&mut Filter)| {
        if let Some(seq) = seq {
            let mut without = filter.clone();
            clear(&mut without);
            out.push(ActiveValue { text: format!("{word} event {}", count(seq)), without });
        }
    };
    moment(filter.changed.min, "changed after", |f| f.changed.min = None);
    moment(filter.changed.max, "changed by", |f| f.changed.max = None);
    moment(filter.as_of, "as of", |f| f.as_of = None);
    out
}

const fn yes(b: bool) -> &'static str {
    if b { "yes" } else { "no" }
}

fn choice<T: Display + Clone + PartialEq>(
    out: &mut Vec<ActiveValue>,
    filter: &Filter,
    name: &str,
    field: fn(&mut Filter) -> &mut Choice<T>,
) {
    let values = field(&mut filter.clone()).clone();
    for value in &values.include {
        let mut without = filter.clone();
        field(&mut without).include.retain(|v| v != value);
        out.push(ActiveValue { text: format!("{name}: {value}"), without });
    }
    for value in &values.exclude {
        let mut without = filter.clone();
        field(&mut without).exclude.retain(|v| v != value);
        out.push(ActiveValue { text: format!("{name}: not {value}"), without });
    }
}

/// `last 24 h`, `all time`, `2026-01-01 00:00 UTC – now`.
pub fn window_words(window: Window) -> String {
    match window {
        Window::All => "all time".to_owned(),
        Window::Last(s) => {
            let short = format_seconds(s);
            let (number, unit) = short.split_at(short.len() - 1);
            format!("last {number} {unit}")
        }
        Window::Range { from, to } => {
            let word = |t: Option<crate::domain::Timestamp>, open: &str| {
                t.map_or_else(|| open.to_owned(), |t| crate::ui::kit::format::utc(t).replace(":00 UTC", " UTC"))
            };
            format!("{} – {}", word(from, "the start"), word(to, "now"))
        }
    }
}

/// The choice with `value` switched on or off; switching on takes it out of the excluded ones.
pub fn toggled<T: PartialEq + Ord>(mut choice: Choice<T>, value: T, on: bool) -> Choice<T> {
    choice.exclude.retain(|v| *v != value);
    choice.include.retain(|v| *v != value);
    if on {
        choice.include.push(value);
        choice.include.sort();
    }
    choice
}

/// The choice with everything but `value` switched on or off; the other way round, as `toggled`.
pub fn negated<T: PartialEq + Ord>(mut choice: Choice<T>, value: T, on: bool) -> Choice<T> {
    choice.exclude.retain(|v| *v != value);
    choice.include.retain(|v| *v != value);
    if on {
        choice.exclude.push(value);
        choice.exclude.sort();
    }
    choice
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::state::query::PageQuery;

    #[test]
    fn lesson_14_every_active_value_is_visible_and_can_be_removed() {
        let query =
            "status=running,failed&agent=!noisy&label=env:prod&q=tax&last=7d&min_cost=0.5&errors=true&root=true";
        let mut filter = PageQuery::parse(query).filter;
        let texts: Vec<_> = active_values(&filter).into_iter().map(|v| v.text).collect();
        assert_eq!(
            texts,
            [
                "status: running",
                "status: failed",
                "agent: not noisy",
                "label: env:prod",
                "text: tax",
                "last 7 d",
                "cost ≥ 0.5 USD",
                "errors: yes",
                "root runs only"
            ]
        );
        while let Some(value) = active_values(&filter).into_iter().next() {
            filter = value.without;
        }
        assert_eq!(filter, Filter::page_default());
    }

    #[test]
    fn a_value_is_either_wanted_or_not() {
        let wanted = toggled(Choice::default(), 1, true);
        let unwanted = negated(wanted, 1, true);
        assert_eq!(unwanted, Choice { include: vec![], exclude: vec![1] });
        assert_eq!(toggled(unwanted.clone(), 1, true), Choice::only(1));
        assert_eq!(negated(unwanted, 1, false), Choice::default());
    }

    #[test]
    fn a_window_is_told_in_words() {
        assert_eq!(window_words(Window::DAY), "last 24 h");
        assert_eq!(window_words(Window::All), "all time");
        let from = crate::domain::Timestamp::parse("2026-01-01T00:00:00Z");
        assert_eq!(window_words(Window::Range { from, to: None }), "2026-01-01 00:00 UTC – now");
    }
}
