//! Both sides. What to type for one framework.

use crate::browser;
use crate::domain::Framework;
use crate::server_fns::make_connect_token;
use crate::ui::kit::{Button, Command, ErrorNote, Look, view_of};
use crate::ui::state::clock::use_clock;
use leptos::prelude::*;

#[component]
pub fn Lines(framework: Framework, token: RwSignal<Option<String>>) -> impl IntoView {
    let clock = use_clock();
    // The address that the reader has typed is not known to the server.
    let url = move || if clock.hydrated() { browser::origin() } else { "http://localhost:8080".to_owned() };
    let busy = RwSignal::new(false);
    let problem = RwSignal::new(None::<String>);
    let name = StoredValue::new(framework.name.clone());
    let make = move |_| {
        busy.set(true);
        browser::spawn(async move {
            match make_connect_token(name.get_value()).await {
                Ok(made) => {
                    problem.try_set(None);
                    token.try_set(Some(made));
                }
                Err(e) => drop(problem.try_set(Some(e.to_string()))),
            }
            busy.try_set(false);
        });
    };
    let of_token = move || {
        match token.get() {
        Some(_) => view! {
            <p class="connect-token" role="status">"The token is in the lines below. It is shown this once: copy them before you leave."</p>
        }
        .into_any(),
        None => view! {
            <p class="connect-token needs-js">
                <Button look=Look::Primary disabled=busy on_press=make>"Make a token"</Button>
                <span class="muted">"It may record and change your runs, and is put into the lines below."</span>
            </p>
            <noscript><p class="muted">"Without JavaScript: runboard token create --user you@example.com --scope write"</p></noscript>
        }
        .into_any(),
    }
    };
    let Framework { name: title, about, parts, note, .. } = framework;
    let parts: Vec<_> = parts
        .into_iter()
        .map(|part| {
            let title = part.title.clone();
            // What takes no token stays as it is when one is made.
            let takes = part.takes_token();
            let text = Memo::new(move |_| part.filled(&url(), takes.then(|| token.get()).flatten().as_deref()));
            view_of(move || view! { <Command title=title.clone() text=text.get()/> })
        })
        .collect();
    view! {
        <section class="connect-framework">
            <h2>{title}</h2>
            <p class="muted">{about}</p>
            {view_of(of_token)}
            {view_of(move || problem.get().map(|message| view! { <ErrorNote message/> }))}
            {parts}
            {note.map(|text| view! { <p class="connect-note">{text}</p> })}
        </section>
    }
}
