//! Both sides. Letting a run of a flow pause between its steps, and go on.

use crate::browser;
use crate::server_fns::{pause_execution, resume_execution};
use crate::ui::kit::{Button, view_of};
use crate::ui::state::flow_runs::Pause;
use crate::ui::state::live::use_live;
use leptos::prelude::*;

/// One button that says what can be done now, so that it keeps the focus when that changes. `done` hears that the
/// server has taken it in; what it did comes as an event.
pub fn pause_button(id: String, name: String, pause: Memo<Pause>, done: Callback<()>) -> AnyView {
    let live = use_live();
    let busy = RwSignal::new(false);
    let problem = RwSignal::new(None::<String>);
    let shown = Memo::new(move |_| pause.get() != Pause::No);
    let press = Callback::new(move |_| {
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        problem.set(None);
        let (id, resume) = (id.clone(), pause.get_untracked() != Pause::Possible);
        browser::spawn(async move {
            let answer = if resume { resume_execution(id).await } else { pause_execution(id).await };
            // The run may have left the page meanwhile.
            if busy.try_set(false).is_some() {
                return;
            }
            match answer {
                Ok(_) => done.run(()),
                Err(e) => {
                    live.note_error(&e);
                    problem.set(Some(e.to_string()));
                }
            }
        });
    });
    let word = move || match pause.get() {
        Pause::Asked => "Don't pause",
        Pause::Paused => "Resume",
        Pause::Possible | Pause::No => "Pause",
    };
    let label = Signal::derive(move || format!("{} {name}", word()));
    view! {
        {view_of(move || problem.get().map(|text| view! { <span class="problem" role="alert">{text}</span> }))}
        {view_of(move || shown.get().then(|| view! { <Button small=true label=label on_press=press>{view_of(word)}</Button> }))}
    }
    .into_any()
}

/// What stands beside the status while a pause is asked for.
pub fn pause_note(pause: Memo<Pause>) -> AnyView {
    view_of(move || {
        (pause.get() == Pause::Asked).then(|| view! { <span class="run-note">"Pauses after this step"</span> })
    })
    .into_any()
}
