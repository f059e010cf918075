//! Both sides. The views of a run and their addresses.

use super::state::RunState;
use crate::domain::ExecutionDetail;
use crate::ui::kit::{attr_of, format, view_of};
use crate::ui::paths;
use leptos::prelude::*;
use leptos_router::hooks::use_location;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tab {
    #[default]
    Overview,
    Steps,
    Tools,
    Trace,
    Log,
    Json,
}

impl Tab {
    pub const ALL: [Self; 6] = [Self::Overview, Self::Steps, Self::Tools, Self::Trace, Self::Log, Self::Json];

    /// As it stands in the URL. An unknown word is the overview.
    pub fn parse(word: &str) -> Self {
        Self::ALL.into_iter().find(|tab| tab.as_str() == word).unwrap_or_default()
    }

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Overview => "overview",
            Self::Steps => "steps",
            Self::Tools => "tools",
            Self::Trace => "trace",
            Self::Log => "log",
            Self::Json => "json",
        }
    }

    /// The name, with a number where there is one to tell.
    fn name(self, run: &ExecutionDetail, steps: i64, spans: i64) -> String {
        let s = &run.summary;
        match self {
            Self::Overview => "Overview".to_owned(),
            // As many as were announced, or recorded if that is more.
            Self::Steps => match s.steps_total.unwrap_or(0).max(steps) {
                0 => "Steps".to_owned(),
                all => format!("Steps · {}", format::count(all)),
            },
            Self::Tools if s.tool_call_count > 0 => format!("Tool calls · {}", format::count(s.tool_call_count)),
            Self::Tools => "Tool calls".to_owned(),
            Self::Trace => format!("Trace · {}", format::count(spans)),
            Self::Log => "Log".to_owned(),
            Self::Json => "JSON".to_owned(),
        }
    }

    /// `query` (with or without `?`) with this tab; the overview is the default and left out.
    fn query(self, query: &str) -> String {
        let others = query.trim_start_matches('?').split('&').filter(|p| !p.is_empty() && !p.starts_with("tab="));
        let own = (self != Self::Overview).then(|| format!("tab={}", self.as_str()));
        others.map(str::to_owned).chain(own).collect::<Vec<_>>().join("&")
    }
}

/// Links, so that every view has an address. Changing the view is no step of the browser's history.
#[component]
pub fn Tabs(run: RunState, tab: Signal<Tab>) -> impl IntoView {
    let location = use_location();
    let links = Tab::ALL.map(|this| {
        let (path, search) = (location.pathname, location.search);
        view! {
            <a
                href=attr_of(move || paths::with_query(&path.get(), &this.query(&search.get())))
                aria-current=attr_of(move || (tab.get() == this).then_some("page"))
                // Only runs that were told of in spans have a trace.
                hidden=attr_of(move || this == Tab::Trace && run.extras.with(|e| e.spans == 0))
                prop:replace=true
                data-noscroll=""
            >
                {view_of(move || run.detail.with(|d| run.extras.with(|e| this.name(d, e.steps, e.spans))))}
            </a>
        }
    });
    view! { <nav class="run-tabs" aria-label="Views of this run">{links}</nav> }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_tab_is_the_overview() {
        assert_eq!(Tab::parse("tools"), Tab::Tools);
        assert_eq!(Tab::parse("nonsense"), Tab::Overview);
    }

    #[test]
    fn all_steps_are_counted_however_they_stand() {
        let mut run = crate::ui::parts::run::change::tests::detail(1);
        assert_eq!(Tab::Steps.name(&run, 0, 0), "Steps");
        assert_eq!(Tab::Steps.name(&run, 1_200, 0), "Steps · 1,200");
        run.summary.steps_total = Some(5);
        assert_eq!(Tab::Steps.name(&run, 2, 0), "Steps · 5");
    }

    #[test]
    fn a_tab_keeps_the_rest_of_the_address() {
        assert_eq!(Tab::Log.query("?status=failed&run=1&tab=json"), "status=failed&run=1&tab=log");
        assert_eq!(Tab::Overview.query("run=1&tab=json"), "run=1");
        assert_eq!(Tab::Steps.query(""), "tab=steps");
    }
}
