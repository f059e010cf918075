//! Both sides. What a flow is called, whose it is, which version, and what can be done with it.

use super::trail;
use crate::domain::Flow;
use crate::ui::kit::{Button, Look, view_of};
use crate::ui::pages::flows::delete_dialog;
use crate::ui::parts::{AskedAbout, PageHead, RelativeTime, Starting, use_start};
use crate::ui::paths;
use leptos::prelude::*;
use leptos_router::hooks::use_navigate;

/// `unsaved`: a run would do the flow as it is saved, not as it stands in the form.
pub fn head(flow: Signal<Flow>, unsaved: Signal<bool>) -> AnyView {
    let (start, navigate) = (use_start(), use_navigate());
    let deleting = AskedAbout::new(None);
    let gone = Callback::new(move |()| navigate(paths::FLOWS, leptos_router::NavigateOptions::default()));
    let (can_run, can_edit, agent) =
        flow.with_untracked(|f| (f.can_run, f.can_edit, (paths::agent(&f.agent_name), f.agent_display_name.clone())));
    let runs = flow.with_untracked(|f| paths::flow_runs(&f.id));
    let run = move |_| flow.with_untracked(|f| start.ask(Starting::Flow { id: f.id.clone(), name: f.name.clone() }));
    let delete = move |_| flow.with_untracked(|f| deleting.set(Some((f.id.clone(), f.name.clone()))));
    let changed = Memo::new(move |_| flow.with(|f| (f.version, f.updated_at, f.updated_by.clone())));
    view! {
        <PageHead title=Signal::derive(move || flow.with(|f| f.name.clone())) trail=trail()>
            {can_edit.then(|| view! { <Button look=Look::Quiet on_press=delete>"Delete"</Button> })}
            {can_run.then(|| view! { <Button disabled=unsaved on_press=run>"Run"</Button> })}
        </PageHead>
        <p class="about muted">
            "For " <a class="link" dir="auto" href=agent.0>{agent.1}</a>
            {view_of(move || {
                let (version, at, who) = changed.get();
                view! { {format!(" · version {version} · changed ")} <RelativeTime at=at/> {format!(" by {who} · ")} }
            })}
            <a class="link" href=runs>"Its runs"</a>
        </p>
        {delete_dialog(deleting, gone)}
    }
    .into_any()
}
