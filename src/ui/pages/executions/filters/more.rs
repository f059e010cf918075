//! Both sides. The filters that are needed less often: form controls with the address's own parameter names.

use crate::domain::filter::Dialect;
use crate::domain::filter::typed::{milliseconds, span_text};
use crate::domain::{FieldError, Filter};
use crate::ui::kit::{act, attr_of, view_of};
use crate::ui::state::query::PageQuery;
use crate::ui::state::url::PageUrl;
use leptos::ev::Event;
use leptos::prelude::*;

/// What the controls here write themselves.
pub const OWN: [&str; 13] = [
    "tool",
    "model",
    "label",
    "thread",
    "min_duration",
    "max_duration",
    "min_cost",
    "max_cost",
    "min_tokens",
    "max_tokens",
    "interactions",
    "errors",
    "root",
];

pub fn name(url: PageUrl) -> Signal<String> {
    let active = Memo::new(move |_| {
        url.query.with(|q| q.filter.page_pairs().iter().filter(|(name, _)| OWN.contains(name)).count())
    });
    Signal::derive(move || match active.get() {
        0 => "More".to_owned(),
        n => format!("More · {n}"),
    })
}

pub fn panel(url: PageUrl) -> AnyView {
    let problem = RwSignal::new(None::<String>);
    let set = Callback::new(move |(name, value): (&'static str, String)| problem.set(set_param(url, name, &value)));
    let form = Form { url, set };
    view! {
            <div class="more">
                {form.text("tool", "Tool", "github.*")}
                {form.text("model", "Model", "gpt-5")}
                {form.text("label", "Label", "env:prod")}
                {form.text("thread", "Thread", "")}
                {form.range("Duration", ("min_duration", "from", "30s"), ("max_duration", "to", "5m"))}
                {form.range("Cost, USD", ("min_cost", "from", "0.1"), ("max_cost", "to", "2"))}
                {form.range("Tokens", ("min_tokens", "from", "1000"), ("max_tokens", "to", "50000"))}
                {form.choice("interactions", "Interaction", [("", "Any"), ("true", "Has one"), ("false", "Has none")])}
                {form.choice("errors", "Error", [("", "Any"), ("true", "Has one"), ("false", "Has none")])}
                {form.root()}
                {view_of(move || problem.get().map(|text| view! { <p class="problem" role="alert">{text}</p> }))}
            </div>
    }
    .into_any()
}

#[derive(Clone, Copy)]
struct Form {
    url: PageUrl,
    set: Callback<(&'static str, String)>,
}

impl Form {
    fn value(self, name: &'static str) -> Memo<String> {
        Memo::new(move |_| self.url.query.with(|q| value_of(q, name)))
    }

    fn input(self, name: &'static str, label: Option<String>, hint: &'static str) -> AnyView {
        let (value, set) = (self.value(name), self.set);
        view! {
            <input type="text" name=name value=value.get_untracked() prop:value=value placeholder=hint aria-label=label
                autocomplete="off" spellcheck="false" on:change=act(move |e: Event| set.run((name, event_target_value(&e))))/>
        }
        .into_any()
    }

    fn text(self, name: &'static str, label: &'static str, hint: &'static str) -> AnyView {
        view! { <label><span>{label}</span>{self.input(name, None, hint)}</label> }.into_any()
    }

    fn range(
        self,
        label: &'static str,
        low: (&'static str, &'static str, &'static str),
        high: (&'static str, &'static str, &'static str),
    ) -> AnyView {
        let end = |(name, word, hint): (&'static str, &str, _)| self.input(name, Some(format!("{label} {word}")), hint);
        view! {
            <div class="more-range" role="group" aria-label=label>
                <span aria-hidden="true">{label}</span>
                {end(low)}
                <span aria-hidden="true">"–"</span>
                {end(high)}
            </div>
        }
        .into_any()
    }

    fn choice(self, name: &'static str, label: &'static str, options: [(&'static str, &'static str); 3]) -> AnyView {
        let (value, set) = (self.value(name), self.set);
        let options = options.map(|(v, word)| {
            view! { <option value=v selected=attr_of(move || value.with(|now| now == v))>{word}</option> }
        });
        view! {
            <label>
                <span>{label}</span>
                <select name=name aria-label=label prop:value=value on:change=act(move |e: Event| set.run((name, event_target_value(&e))))>
                    {options.into_iter().collect_view()}
                </select>
            </label>
        }
        .into_any()
    }

    fn root(self) -> AnyView {
        let (url, set) = (self.url, self.set);
        let on = move || url.query.with(|q| q.filter.root_only);
        let change =
            move |e| set.run(("root", if event_target_checked(&e) { "true".to_owned() } else { String::new() }));
        view! {
            <label class="more-root">
                <input type="checkbox" name="root" value="true" checked=attr_of(on) prop:checked=attr_of(on) on:change=change/>
                "Only runs without a parent"
            </label>
        }
        .into_any()
    }
}

/// As the address has it; spans with their unit.
fn value_of(query: &PageQuery, name: &str) -> String {
    let pairs = query.filter.page_pairs();
    let value = pairs.into_iter().find(|(n, _)| *n == name).map(|(_, v)| v).unwrap_or_default();
    match milliseconds(&value) {
        Some(ms) if name.ends_with("duration") => span_text(ms),
        _ => value,
    }
}

/// Sets one parameter of the address. Answers what is wrong with the value, and changes nothing then.
fn set_param(url: PageUrl, name: &'static str, value: &str) -> Option<String> {
    let now = url.query.get_untracked();
    match with_param(&now.filter, name, value) {
        Ok(filter) => {
            if filter != now.filter {
                url.replace(&now.with_filter(filter));
            }
            None
        }
        Err(e) => Some(crate::domain::error::readable(&e.message)),
    }
}

fn with_param(filter: &Filter, name: &'static str, value: &str) -> Result<Filter, FieldError> {
    let mut pairs = filter.page_pairs();
    pairs.retain(|(n, _)| *n != name);
    let value = value.trim();
    if !value.is_empty() {
        pairs.push((name, value.to_owned()));
    }
    let (filter, errors) = Filter::page_default().parse(pairs.iter().map(|(n, v)| (*n, v.as_str())), Dialect::Page);
    errors.into_iter().next().map_or(Ok(filter), Err)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_control_sets_its_own_parameter_only() {
        let base = PageQuery::parse("status=failed&q=%22ab:c%22&min_duration=5m").filter;
        let set = |name, value| with_param(&base, name, value).map(|f| f.page_query()).map_err(|e| e.message);
        assert_eq!(
            set("tool", "github.*,!x"),
            Ok("status=failed&tool=github.*,!x&q=%22ab:c%22&min_duration=300000".to_owned())
        );
        assert_eq!(set("min_duration", " "), Ok("status=failed&q=%22ab:c%22".to_owned()));
        assert_eq!(set("min_cost", "x"), Err("`x` is not an amount of USD".to_owned()));
        assert_eq!(value_of(&PageQuery::parse("min_duration=90000"), "min_duration"), "90s");
    }
}
