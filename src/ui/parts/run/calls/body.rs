//! Both sides. What went into a call and came out. Long values are read when it is opened.

use crate::browser;
use crate::domain::{ListedCall, Me, Role, ToolCall};
use crate::server_fns::get_tool_call;
use crate::ui::kit::{ErrorNote, follow, format, view_of};
use crate::ui::parts::run::heading::heading;
use crate::ui::parts::run::json::{JsonTree, cut, pretty};
use crate::ui::parts::run::state::RunState;
use crate::ui::paths;
use leptos::prelude::*;
use serde_json::Value;

/// Characters of a value in the server's HTML, for readers without JavaScript.
const PREVIEW: usize = 2_000;

#[component]
pub fn CallBody(run: RunState, call: RwSignal<ListedCall>) -> impl IntoView {
    let whole = RwSignal::new(None::<ToolCall>);
    let problem = RwSignal::new(None::<String>);
    let read = move || {
        let call_id = call.with_untracked(|c| c.call.call_id.clone());
        browser::spawn(async move {
            match get_tool_call(run.id(), call_id).await {
                Ok(found) => {
                    problem.try_set(None);
                    whole.try_set(Some(found));
                }
                Err(e) => drop(problem.try_set(Some(e.to_string()))),
            }
        });
    };
    let is_long = Memo::new(move |_| call.with(|c| c.left_out > 0));
    // Again whenever the call changed.
    follow(move || {
        call.track();
        if is_long.get() {
            read();
        }
    });
    let waiting = move || is_long.get() && whole.with(Option::is_none) && problem.with(Option::is_none);
    view! {
        <Show when=waiting><p class="muted" role="status">"Loading"</p></Show>
        {view_of(move || problem.get().map(|message| view! { <ErrorNote message on_retry=move |()| read()/> }))}
        {view_of(move || with(call, whole, |c| c.error.clone()).map(|text| view! {
            {heading("Error".to_owned())}<pre class="call-error">{text}</pre>
        }))}
        {part("Arguments", call, whole, |c| c.arguments.clone())}
        {part("Result", call, whole, |c| c.result.clone())}
        {call.with_untracked(foot)}
    }
}

/// A value of the call: as listed, or as read in full.
fn with<T>(call: RwSignal<ListedCall>, whole: RwSignal<Option<ToolCall>>, of: fn(&ToolCall) -> T) -> T {
    whole.with(|whole| match whole {
        Some(whole) => of(whole),
        None => call.with(|c| of(&c.call)),
    })
}

fn part(
    name: &'static str,
    call: RwSignal<ListedCall>,
    whole: RwSignal<Option<ToolCall>>,
    of: fn(&ToolCall) -> Option<Value>,
) -> impl IntoView {
    // A value that stays the same stays open.
    let value = Memo::new(move |_| with(call, whole, of));
    view_of(move || value.get().map(|value| view! { {heading(name.to_owned())}<JsonTree value/> }))
}

/// Its id, and where else the tool was called; that list is not for the role `client`.
fn foot(listed: &ListedCall) -> AnyView {
    let call = &listed.call;
    let fleet = use_context::<Me>().is_some_and(|me| me.role != Role::Client);
    let name = call.name.clone();
    let others =
        fleet.then(|| view! { <a class="link" href=paths::tool(&name)>{format!("All runs that called {name}")}</a> });
    view! { <p class="call-id">{others}<code>{call.call_id.clone()}</code></p> }.into_any()
}

/// The call as text, for readers without JavaScript.
pub fn preview(listed: &ListedCall, run: &str) -> AnyView {
    let call = &listed.call;
    let part = |name: &str, text: String| {
        let (short, left) = cut(&text, PREVIEW);
        let text = if left > 0 { format!("{short}…") } else { text };
        view! { {heading(name.to_owned())}<pre>{text}</pre> }
    };
    let parts: Vec<_> = [
        call.error.clone().map(|text| part("Error", text)),
        call.arguments.as_ref().map(|value| part("Arguments", pretty(value))),
        call.result.as_ref().map(|value| part("Result", pretty(value))),
    ]
    .into_iter()
    .flatten()
    .collect();
    let left_out = (listed.left_out > 0).then(|| {
        let size = format!("{} bytes are left out here. ", format::count(listed.left_out));
        view! { <p>{size}<a rel="external" href=paths::api_tool_calls(run)>"All from the API"</a></p> }
    });
    view! { {parts}{left_out}{foot(listed)} }.into_any()
}
