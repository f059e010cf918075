//! Both sides. All keys in one dialog.

use crate::browser;
use crate::ui::kit::{Button, Look, act, follow, view_of};
use leptos::ev::Event;
use leptos::html;
use leptos::prelude::*;

type Lines = &'static [(&'static [&'static str], &'static str)];

const EVERYWHERE: Lines = &[
    (&["Ctrl K", "⌘ K"], "Command palette"),
    (&["g e"], "Go to executions"),
    (&["g d"], "Go to the dashboard"),
    (&["g a"], "Go to agents"),
    (&["g f"], "Go to flows"),
    (&["g p"], "Go to approvals"),
    (&["?"], "This list"),
    (&["Esc"], "Close"),
];

const LIST: Lines = &[
    (&["/"], "Search and typed filters"),
    (&["j", "]"], "Next run"),
    (&["k", "["], "Previous run"),
    (&["Enter"], "Open the run"),
    (&["x"], "Select the run"),
    (&["n"], "Walk what happened since you left"),
    (&["s"], "Stop the run"),
    (&["r"], "Refresh"),
    (&["l"], "Pause and resume news"),
    (&["b"], "Hide and show the filters"),
];

const REQUEST: Lines =
    &[(&["a"], "To Approve; Enter presses it"), (&["r"], "To Reject; Enter presses it"), (&["c"], "To the comment")];

const TYPED: Lines = &[
    (&["status:failed,running"], "Either of them"),
    (&["agent:!noisy"], "All but this agent"),
    (&["duration:>5m"], "Longer than five minutes"),
    (&["label:env:prod last:7d"], "Several at once"),
    (&["\"status:failed\""], "In quotes: as text"),
];

#[component]
pub fn HelpDialog(open: RwSignal<bool>) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    follow(move || {
        if open.get() {
            browser::open_dialog(dialog);
        }
    });
    let part = |title: &'static str, lines: Lines| {
        let lines = lines.iter().map(|(keys, what)| {
            let keys = keys.iter().map(|k| view! { <kbd>{*k}</kbd> }).collect::<Vec<_>>();
            view! { <div class="key-line"><dt>{keys}</dt><dd>{*what}</dd></div> }
        });
        view! { <section><h3>{title}</h3><dl>{lines.collect::<Vec<_>>()}</dl></section> }
    };
    // Made when it is opened: no page needs it before.
    let content = move || {
        open.get().then(|| {
            view! {
                <header>
                    <h2 id="keys-title">"Keyboard"</h2>
                    <Button small=true look=Look::Quiet icon="close" label="Close" on_press=move |_| browser::close_dialog(dialog)>""</Button>
                </header>
                <div class="keys-parts">
                    {part("Everywhere", EVERYWHERE)}
                    {part("In the list", LIST)}
                    {part("On a request", REQUEST)}
                    {part("In the search field", TYPED)}
                </div>
                <p class="muted">"Keys do nothing while you type."</p>
            }
        })
    };
    view! {
        <dialog node_ref=dialog class="keys" aria-label="Keyboard" on:close=act(move |_: Event| open.set(false))>{view_of(content)}</dialog>
    }
}
