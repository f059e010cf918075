//! Both sides. How many runs at once, how long, tried how often, how dear.

use super::form::AgentFields;
use crate::domain::AgentKind;
use crate::ui::kit::{Field, Input, view_of};
use leptos::prelude::*;

pub fn limits(fields: AgentFields) -> AnyView {
    let here = Memo::new(move |_| fields.kind() != Some(AgentKind::External));
    let short = move |name, label, hint, optional| {
        fields.texts.field(Field { name, label, hint, input: Input::Short, optional })
    };
    // An external agent's own process decides how many runs there are, and whether it tries again.
    let at_once =
        move || here.get().then(|| short("max_concurrency", "Runs at once", "1 to 1000; others wait.", false));
    let timeout_hint = "Such as 90s, 5m or 1h. Without one: an hour, or none for external agents.";
    view! {
        <div class="fields-in-row">
            {view_of(at_once)}
            {short("timeout_s", "Timeout of a run", timeout_hint, true)}
        </div>
        {view_of(move || here.get().then(|| retries(fields)))}
        <div class="fields-in-row">
            {short("budget.usd_per_day", "Budget per day, USD", "By UTC days. A warning at 80 %, no new runs once it is spent.", true)}
            {short("budget.usd_per_month", "Budget per month, USD", "By UTC months.", true)}
        </div>
    }
    .into_any()
}

fn retries(fields: AgentFields) -> AnyView {
    let texts = fields.texts;
    let on = Memo::new(move |_| !texts.get("retry").is_empty());
    let short = move |name, label, hint| texts.field(Field { name, label, hint, input: Input::Short, optional: false });
    let policy = move || {
        on.get().then(|| {
            view! {
                <div class="fields-under">
                    <div class="fields-in-row">
                        {short("retry.attempts", "Runs in all", "2 to 10, the first included.")}
                        {short("retry.backoff_s", "Pause before the second", "Such as 10s; twice as long each time after.")}
                    </div>
                    {texts.ticks("retry.on", "After these errors", &[
                        ("timeout", "Took too long"),
                        ("rate_limited", "Rate limited (429)"),
                        ("unavailable", "Unreachable or 5xx"),
                        ("exit", "Exit code of a command"),
                    ])}
                </div>
            }
        })
    };
    view! {
        <div class="field">
            {texts.tick("retry", "Start failed runs again by itself")}
            {view_of(policy)}
        </div>
    }
    .into_any()
}
